"""What a method is given and what it gives: programs in, programs out.

A method turns the problem into programs that compute values and derivatives. How
they are evaluated, counted and judged is the same for every method.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from diffcli.core.derivative_kinds import GRADIENT, Wanted
from diffcli.core.primitives import Rules
from diffcli.core.program import Cost, Program
from diffcli.numbers import Dtype, floats, numbers
from diffcli.runtime.messages import Message, message, parts

LARGEST = 2_000_000
"""Equations of the largest program that is nested once more; each nesting is about three times the one before."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Differentiate `program` with respect to the inputs numbered in `wrt`, at `point` (one number per input)."""

    program: Program
    wrt: tuple[int, ...]
    point: Sequence[float]
    wanted: Wanted = GRADIENT
    step: float | None = None
    """The step of differences, where one is asked for."""
    rules: Rules = "textbook"
    """The column of the table that dual numbers, tapes and Taylor series read."""
    dtype: Dtype = "float64"
    """The numbers that methods compute with."""

    @property
    def algebra(self) -> Any:
        return floats(self.dtype)

    @property
    def start(self) -> Sequence[Any]:
        """The point, in the numbers that methods compute with."""
        return numbers(self.dtype, self.point)

    @property
    def asked(self) -> tuple[object, ...]:
        """All that is asked of the program, but for the point."""
        return self.wrt, self.wanted, self.step, self.rules, self.dtype

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the derivative: outputs first, then inputs."""
        m, n = len(self.program.outputs), len(self.wrt)
        if self.wanted.kind == "implicit" and m > 1:
            return m, n
        return {"gradient": (n,), "jacobian": (m, n), "jvp": (m,), "hessian": (n, n), "derivative": (1,)}.get(
            self.wanted.kind, (n,)
        )


class Steps(NamedTuple):
    """What differences did: the step really `taken` per variable, and how often f was evaluated for them.

    `value` says whether f at the point itself was evaluated besides, and `only` whether for its value alone;
    `estimates` are a method's own, of the error of each entry; `fixed` steps are the same at every point.
    """

    taken: tuple[float, ...]
    evaluations: int
    value: bool = False
    only: bool = False
    estimates: tuple[float, ...] = ()
    fixed: bool = False

    @property
    def total(self) -> int:
        """All evaluations of f."""
        return self.evaluations + self.value

    @property
    def said(self) -> Message | None:
        """A message like other reasons; nothing where no step was taken."""
        if not self.taken:
            return None
        apart = self.value and self.only
        times = self.evaluations if apart else self.total
        if apart:
            count = message(
                "f evaluated once, and once for its value",
                "f evaluated {count:,} times, and once for its value",
                count=times,
            )
        else:
            count = message("f evaluated once", "f evaluated {count:,} times", count=times)
        said = [self._sizes, count]
        if 0.0 in self.taken:
            said.append(message("a step is lost: x + h is x"))
        if self.estimates:
            said.append(message("own estimate of the error {estimate}", estimate=f"{max(self.estimates):.1e}"))
        return parts(said)

    @property
    def _sizes(self) -> Message:
        sizes = dict.fromkeys(f"{step:.3g}" for step in self.taken)
        if len(sizes) <= _SHOWN:
            return message("h = {steps}", steps=", ".join(sizes))
        return message("h from {low} to {high}", low=f"{min(self.taken):.3g}", high=f"{max(self.taken):.3g}")


_SHOWN = 3
"""Steps that are listed one by one."""


class Answer(NamedTuple):
    """Numbers that a method computed by itself, row by row, in `seconds`; what it executed is not known.

    `remark` is what a reader should know of them.
    """

    values: tuple[float, ...]
    derivative: tuple[float, ...]
    seconds: float
    remark: Message | None = None


class Derivation(NamedTuple):
    """The programs that compute a derivative, and what is known of them.

    The first outputs of the first sweep are the values. `entries` says for every
    entry of the derivative, row by row, which output of which sweep it is;
    left out, they are all outputs behind the values, sweep by sweep. `formulas`
    are the derivatives as text, one per entry, and `written` what these formulas
    cost as they stand, without sharing; both only where a method has formulas.
    `tape` is the number of operations that were remembered on a tape, `steps` what differences did.
    `answer` is what a method without programs of ours found.
    """

    sweeps: tuple[Program, ...]
    formulas: tuple[str, ...] | None = None
    written: Cost | None = None
    entries: tuple[tuple[int, int], ...] | None = None
    tape: int | None = None
    steps: Steps | None = None
    answer: Answer | None = None

    @property
    def anywhere(self) -> bool:
        """Whether it holds at every point: no condition was decided, no step chosen, no number computed."""
        moves = self.steps is not None and not self.steps.fixed
        return self.answer is None and not moves and not any(sweep.guards for sweep in self.sweeps)

    def gathered(self, results: Sequence[Sequence[Any]], m: int) -> tuple[Any, ...]:
        """The derivative, row by row, from the outputs of every sweep, of which `m` are values."""
        if self.entries is None:
            return tuple(entry for result in results for entry in result[m:])
        return tuple(results[sweep][output] for sweep, output in self.entries)

    def place(self, entry: int, m: int) -> tuple[int, int]:
        """Which output of which sweep an entry of the derivative is, of `m` values."""
        if self.entries is not None:
            return self.entries[entry]
        for sweep, program in enumerate(self.sweeps):
            if entry < len(program.outputs) - m:
                return sweep, m + entry
            entry -= len(program.outputs) - m
        raise IndexError(f"no sweep has entry {entry}")
