"""What is shown of a comparison, built once for every format that people read: numbers, rows, notes.

Formats say how a cell, a row, a rule and a note look, and compute nothing. Texts are in
the language that is spoken when they are first asked for. JSON and CSV are the data itself
and have no cells.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from math import floor, inf, isfinite, log10
from typing import Literal, NamedTuple

from diffcli.comparison.result import Comparison, Measurement
from diffcli.locale.language import join, tr, translate_message
from diffcli.problem.case import understood
from diffcli.problem.point import equations, tuples, written
from diffcli.reports.figures import DASH, count, exact_digits, operations, ratio, shorten, side
from diffcli.reports.names import Name, names
from diffcli.reports.rows import Row, operations_of, rows
from diffcli.reports.sentences import closing, sides
from diffcli.syntax.rendering import literal
from diffcli.syntax.shapes import nested
from diffcli.truth.accuracy import Error, shortest

LONGEST_FORMULA = 1000
"""A longer derivative of SymPy's is in the JSON only."""
FIGURES = 18
"""Certified figures of a proved number in short."""
_RIGHT_ENOUGH = 15
"""Figures of a float64 that are always right: an error behind them is rounding."""


class Number(NamedTuple):
    """An entry of a derivative as it is written: figures that are right, those that are wrong, and a power of ten."""

    right: str
    wrong: str = ""
    exponent: str = ""

    @property
    def text(self) -> str:
        return self.right + self.wrong + self.exponent


class Exact(NamedTuple):
    """A proved entry with all its digits, and in short."""

    text: str
    short: str


@dataclass(frozen=True, slots=True)
class Proof:
    """The row of the truth, or of what there is from one side; `standing` is its verdict, of the first alone.

    A cell is empty where a side has nothing to say of an entry.
    """

    name: str
    entries: tuple[Exact, ...]
    standing: str = ""


class Note(NamedTuple):
    """A line beside the tables: what it is about and what it says, in the order of the methods."""

    kind: Literal["step", "remark", "claim", "formula", "swell", "memory"]
    name: Name
    text: str


@dataclass(frozen=True)
class Contents:
    """What is shown of a comparison; each part is built when it is first asked for, and once."""

    comparison: Comparison

    @cached_property
    def parts(self) -> tuple[str, str, str]:
        """What is bound before f, f with its arguments, and its formula: `a = x*y`, `f(x, y)`, `a + 1`."""
        case = self.comparison.case
        if case.wanted.kind == "implicit":
            return "", f"{self.f}({', '.join(case.wrt)})", understood(case)
        variables = ", ".join(case.expression.variables)
        bindings, _, formula = understood(case).rpartition("; ")
        return bindings, f"f({variables})" if variables else "f", formula

    @property
    def f(self) -> str:
        """What the function is called: of equations as the unknowns are."""
        case = self.comparison.case
        return ", ".join(case.outputs) if case.wanted.kind == "implicit" else "f"

    @property
    def sign(self) -> str:
        """What stands between the function and its formula, or the equation that it solves."""
        return ": " if self.comparison.case.wanted.kind == "implicit" else " = "

    @cached_property
    def function(self) -> str:
        """The function as it was understood: `a = x*y; f(x, y) = a + 1`."""
        bindings, f, formula = self.parts
        return f"{bindings}; {f}{self.sign}{formula}" if bindings else f"{f}{self.sign}{formula}"

    @cached_property
    def point(self) -> str:
        return equations(self.comparison.case.at)

    @cached_property
    def value(self) -> str:
        """The function's value as it is typed, also that of a vector."""
        values = [shortest(value, self.comparison.digits) for value in self.comparison.values]
        return written(tuples(nested(self.comparison.case.expression.shape, values)))

    @cached_property
    def operations(self) -> str:
        """What the function alone costs, in words."""
        return operations(self.comparison.cost.total)

    @cached_property
    def own(self) -> Row:
        """The row of the function alone."""
        cost = self.comparison.cost
        return Row(tr("f alone"), "", "", operations=operations_of(cost), ratio=ratio(cost.total, cost.total))

    @cached_property
    def names(self) -> tuple[Name, ...]:
        """Of each entry of the derivative."""
        return tuple(names(self.comparison.case))

    @cached_property
    def labels(self) -> list[str]:
        return [name.label for name in self.names]

    @cached_property
    def rows(self) -> tuple[Row, ...]:
        """One for each method, in the order of the measurements."""
        return rows(self.comparison)

    @cached_property
    def entries(self) -> tuple[tuple[Number, ...] | None, ...]:
        """The derivative of each row; None where a method has none."""
        return tuple(_numbers(measurement, self.comparison) for measurement in self.comparison.measurements)

    @property
    def texts(self) -> list[list[str]]:
        """The same as texts, with dashes for what a method has not."""
        size = self.comparison.size
        return [[DASH] * size if line is None else [entry.text for entry in line] for line in self.entries]

    @cached_property
    def proofs(self) -> tuple[Proof, ...]:
        """The proved derivative, and what there is from both sides of entries that do not exist."""
        return tuple(_proofs(self.comparison))

    @property
    def authors(self) -> list[str]:
        """Whose numbers stand in a table of the derivative: those of the methods, then what is proved."""
        return [*[row.method for row in self.rows], *[proof.name for proof in self.proofs]]

    @property
    def standing(self) -> str:
        """The verdict on the truth itself."""
        return self.proofs[0].standing

    @property
    def remembers(self) -> bool:
        """Whether it was measured what methods remember."""
        return any(measurement.memory for measurement in self.comparison.measurements)

    @cached_property
    def cautions(self) -> list[str]:
        """What a reader should know of the expression, and of how it was computed."""
        return [translate_message(note) for note in self.comparison.notes]

    @cached_property
    def notes(self) -> tuple[Note, ...]:
        return tuple(
            note for measurement in self.comparison.measurements for note in _notes(measurement, self.comparison, self)
        )

    def notes_of(self, *kinds: str) -> list[Note]:
        return [note for note in self.notes if note.kind in kinds]

    @property
    def notes_beside_formulas(self) -> list[Note]:
        """How large SymPy's formulas are, then what methods say of themselves."""
        return [*self.notes_of("swell"), *self.notes_of("step", "remark", "claim", "memory")]

    @cached_property
    def closing(self) -> str:
        """The sentences that say what it all comes to."""
        return join(closing(self.comparison))


def _numbers(measurement: Measurement, comparison: Comparison) -> tuple[Number, ...] | None:
    derivative = measurement.derivative
    if derivative is None:
        return None
    errors = measurement.errors or (None,) * len(derivative)
    return tuple(
        number(
            literal(shortest(entry, comparison.digits)),
            None if error is None else _distance(error, comparison.tolerance) if isfinite(entry) else inf,
        )
        for entry, error in zip(derivative, errors, strict=True)
    )


def _distance(error: Error, tolerance: float) -> float | None:
    """How far an entry is from the truth, relatively; what rounding explains beside 0 is no wrong digit."""
    return None if error.scale is not None and error.ulp <= tolerance else error.relative


def number(text: str, relative: float | None) -> Number:
    """A number whose wrong digits are told apart, as far as its relative error reaches.

    >>> number("1.2345", 2e-3)
    Number(right='1.23', wrong='45', exponent='')
    """
    if relative is None or relative < 10.0**-_RIGHT_ENOUGH:
        return Number(text)
    if not relative < 1:
        return Number("", text)
    mantissa, mark, exponent = text.partition("e")
    size = abs(Decimal(text))
    leading = float(size.scaleb(-size.adjusted()))
    right = max(0, floor(1 - log10(2 * relative * leading)))  # within half a unit of their last place
    figures = [place for place, char in enumerate(mantissa) if char.isdigit() and mantissa[: place + 1].strip("-0.")]
    if len(figures) <= right:
        return Number(text)
    place = figures[right]
    return Number(mantissa[:place], mantissa[place:], mark + exponent)


# --- the truth
def _proofs(comparison: Comparison) -> Iterator[Proof]:
    truth, standing = comparison.truth, _standing(comparison)
    if truth.derivative is None:
        yield Proof(tr("truth"), (Exact(DASH, DASH),) * comparison.size, standing)
        return
    undecided = dict.fromkeys(truth.undecided, Exact(tr("undecided"), tr("undecided")))
    exact = tuple(undecided.get(k) or _exact(exact_digits(entry)) for k, entry in enumerate(truth.derivative))
    yield Proof(tr("truth"), exact, standing)
    ends = sides(truth)
    for name, end in ((tr("from left"), 0), (tr("from right"), 1)) if ends else ():
        cells = [ends[k][end] if k in ends else "" for k in range(len(truth.derivative))]
        yield Proof(
            name, tuple(Exact("", "") if cell == "" else Exact(exact_digits(cell), side(cell)) for cell in cells)
        )


def _exact(text: str) -> Exact:
    return Exact(text, shorten(text, FIGURES))


def _standing(comparison: Comparison) -> str:
    """What is proved only in part is not called proved."""
    truth = comparison.truth
    if truth.derivative is None or len(truth.undecided) == len(truth.derivative) > 0:
        return tr(truth.status)
    return tr("proved in part" if truth.undecided else "proved")


# --- notes
def _notes(measurement: Measurement, comparison: Comparison, contents: Contents) -> Iterator[Note]:
    """Its steps and remarks, a claim's formulas, SymPy's, how large these are where they repeat themselves, memory."""
    method = Name(measurement.method)
    if measurement.steps is not None:
        yield Note("step", method, translate_message(measurement.steps.said))
    if measurement.remark:
        yield Note("remark", method, translate_message(measurement.remark))
    if measurement.claim is not None and measurement.claim.formulas:
        for variable, formula in zip(comparison.case.wrt, measurement.claim.formulas, strict=True):
            yield Note("claim", Name(variable), formula)
    if measurement.formulas:
        for name, formula in zip(contents.names, measurement.formulas, strict=True):
            if len(formula) <= LONGEST_FORMULA:
                yield Note("formula", name, formula)
        size, cost = measurement.written, measurement.cost
        if size and cost and size.total > cost.total:
            template = "SymPy's formulas as written: {size}; {executed} executed, sharing what is equal"
            yield Note("swell", method, tr(template, size=operations(size.total), executed=count(cost.total)))
    if measurement.memory is not None:
        tape, peak = count(measurement.memory.tape), count(measurement.memory.peak)
        yield Note(
            "memory", method, tr("{tape} operations on the tape, {peak} values at the peak", tape=tape, peak=peak)
        )


def prose(note: Note) -> str:
    """A note as a line of text."""
    if note.kind == "swell":
        return tr("{parts}.", parts=note.text)
    claimed = tr("   (claimed)") if note.kind == "claim" else ""
    return tr("{name}: ", name=note.name.label) + note.text + claimed
