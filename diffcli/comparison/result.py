"""What is asked of a comparison, and what it comes to: data, made by `compare`, read by reports."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from diffcli.core.derivative_kinds import Kind
from diffcli.core.primitives import Rules
from diffcli.core.program import Cost
from diffcli.methods import usual
from diffcli.numbers import DIGITS, Dtype
from diffcli.problem.asked import Asked
from diffcli.problem.case import Case
from diffcli.problem.derivation import Derivation, Steps
from diffcli.runtime.messages import Message, message
from diffcli.truth.accuracy import Error, Verdict, bits_lost
from diffcli.truth.certify import Truth

if TYPE_CHECKING:
    from diffcli.problem.claims import Examination, Standing

CLAIM = "claim"
"""The name of the row that a claim has."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What is asked of a comparison.

    `methods` are by name; none means the usual ones for the kind of derivative.
    `timeout` is seconds per method and expression; `tolerance` the ulps up to
    which a result is called right; `share` computes equal subexpressions of
    what was typed once; `memory` measures what each method must remember;
    `apart` gives methods that may hang a process of their own; `fatal` lets them
    end this one when they cannot be interrupted (a worker, which is replaced).
    `step` is that of differences; none means each method's own. `asked` is the
    derivative that the rows of a batch are asked for. `dtype` are the numbers that
    methods compute with; the point is rounded to them. `rules` is the column of
    the table of primitives that dual numbers, tapes and Taylor series read.
    """

    methods: tuple[str, ...] = ()
    timeout: float = 10.0
    tolerance: float = 1024.0
    share: bool = False
    memory: bool = False
    apart: bool = False
    fatal: bool = False
    step: float | None = None
    dtype: Dtype = "float64"
    asked: Asked = field(default_factory=Asked)
    rules: Rules = "textbook"

    def methods_for(self, kind: Kind) -> tuple[str, ...]:
        return self.methods or usual(kind)


GOOD = ("ok", "kink", "right")
"""The words by which a row counts as good."""


@dataclass(frozen=True, slots=True)
class Memory:
    """What a method remembers: operations on its tape (None without one), values alive at its peak."""

    tape: int | None
    peak: int


@dataclass(frozen=True, slots=True)
class Measurement:
    """One method's row: what it found, how far that is from the truth, what it executed.

    `derivative` has all entries row by row, and `errors` one for each, None where
    the truth has none; `values` are f's. `seconds` is one evaluation in float64,
    `setup_seconds` the derivation before it.
    """

    method: str
    verdict: Verdict
    message: Message | None = None
    values: tuple[float, ...] | None = None
    derivative: tuple[float, ...] | None = None
    errors: tuple[Error | None, ...] | None = None
    cost: Cost | None = None
    seconds: float | None = None
    setup_seconds: float | None = None
    formulas: tuple[str, ...] | None = None
    written: Cost | None = None
    memory: Memory | None = None
    claim: Examination | None = None
    steps: Steps | None = None
    remark: Message | None = None

    @property
    def word(self) -> Verdict | Standing:
        """How the row is judged, in a word: of a claim what it is, of a method its verdict."""
        return self.verdict if self.claim is None else self.claim.standing

    @property
    def good(self) -> bool:
        return self.word in GOOD

    @property
    def max_ulp(self) -> float | None:
        """The worst error of all entries, in ulps; None where there is no certified truth."""
        if not self.errors or None in self.errors:
            return 0.0 if self.errors == () else None
        return max([error.ulp for error in self.errors if error is not None])

    @property
    def bits(self) -> float | None:
        """Bits lost in the worst entry, of those of its numbers; at most 64."""
        worst = self.max_ulp
        return None if worst is None else bits_lost(worst)


class Entry(NamedTuple):
    """One number of a derivative: which output, differentiated by which variables."""

    output: str
    variables: tuple[str, ...]


def entries_of(case: Case) -> tuple[Entry, ...]:
    """What each entry of the derivative is, row by row: an output, and the variables it is differentiated by."""
    wanted, variables, f = case.wanted, case.entries, case.outputs
    if wanted.kind == "jvp":
        return tuple(Entry(output, ()) for output in f)
    if wanted.kind == "hessian":
        return tuple(Entry("f", (x, y)) for x in variables for y in variables)
    if wanted.kind == "derivative":
        return (Entry("f", variables * wanted.order),)
    if wanted.kind in ("jacobian", "implicit"):
        return tuple(Entry(output, (x,)) for output in f for x in variables)
    return tuple(Entry("f", (x,)) for x in variables)


@dataclass(frozen=True, slots=True)
class Comparison:
    """A case, its truth, and a measurement per method. Nothing is computed after this point.

    `values` are the function's float64 values, `cost` what the function alone
    executed, `shape` the derivative's: outputs first, then variables; `digits` are
    the bits of the numbers that the methods computed with.
    """

    case: Case
    values: tuple[float, ...]
    cost: Cost
    truth: Truth
    measurements: tuple[Measurement, ...]
    tolerance: float
    shape: tuple[int, ...]
    digits: int = 53
    rules: Rules = "textbook"

    @property
    def entries(self) -> tuple[Entry, ...]:
        """What each entry of the derivative is, row by row."""
        return entries_of(self.case)

    @property
    def size(self) -> int:
        """The number of entries, which may be far more than could be named one by one."""
        return math.prod(self.shape)

    @property
    def known(self) -> bool:
        """Whether there is a number for any entry, by a method or proved."""
        return self.truth.derivative is not None or any(row.derivative is not None for row in self.measurements)

    @property
    def notes(self) -> list[Message]:
        """What a reader should know of the expression, and of how it was computed where that is not usual."""
        notes = list(self.case.expression.notes)
        if self.digits == DIGITS["float32"]:
            notes.append(message("computed in float32"))
        if self.case.wanted.unit:
            notes.append(message("the direction is scaled to length 1"))
        if self.rules != "textbook":
            notes.append(message("by the stable rules"))
        return notes

    @property
    def good(self) -> bool:
        """Whether every verdict is `ok` or `kink`, and every claim right."""
        return all(measurement.good for measurement in self.measurements)


@dataclass(frozen=True, slots=True)
class Outcome:
    """A method that answered: its derivation and the numbers, not judged yet; or why it did not."""

    method: str
    failure: tuple[Verdict, Message] | None = None
    derivation: Derivation | None = None
    values: tuple[float, ...] = ()
    derivative: tuple[float, ...] = ()
    cost: Cost | None = None
    seconds: float = 0.0
    setup_seconds: float = 0.0
    memory: Memory | None = None
