"""Difference quotients of one function at one point, over any step and in either number system, with their errors.

The derivative that errors are measured against is proved at the point as it is in these numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from functools import cached_property, partial
from math import frexp, isfinite
from typing import Any

from diffcli.ad.forward import Dual, Duals
from diffcli.ad.rules import ONE, ZERO
from diffcli.core.derivative_kinds import Wanted
from diffcli.core.evaluate import Algebra, evaluate
from diffcli.methods.complex_step import slopes_at
from diffcli.methods.differences import STENCILS, Function, Stencil, quotient
from diffcli.numbers.float64 import FLOAT64
from diffcli.problem.case import Case
from diffcli.runtime.limits import Expired, Here
from diffcli.runtime.messages import message
from diffcli.truth.accuracy import error
from diffcli.truth.certify import Truth, certify

COMPLEX = "complex-step"


@dataclass(frozen=True)
class Numbers:
    """A number system: its algebra, how a float64 becomes one of its numbers, and half its spacing at 1."""

    name: str
    algebra: Algebra[Any]
    number: Callable[[float], Any]
    unit: float
    quiet: Callable[[], Any] = nullcontext

    def spacing(self, x: float) -> float:
        """Between x and the next number away from zero."""
        return 2 * self.unit * 2.0 ** (frexp(x)[1] - 1) if x else 0.0


def _float64() -> Numbers:
    return Numbers("float64", FLOAT64, float, 2.0**-53)


def _float32() -> Numbers:
    from diffcli.numbers.arrays import Arrays, silence

    arrays = Arrays("float32", loud=True)
    return Numbers("float32", arrays, arrays.array, 2.0**-24, silence)


NUMBERS: dict[str, Callable[[], Numbers]] = {"float64": _float64, "float32": _float32}


@dataclass(frozen=True, slots=True)
class Sample:
    """One quotient: the step asked for, the step taken (0 where x + h is x), the value, and its error."""

    step: float
    taken: float
    value: float
    error: float | None


class Scene:
    """A function of one variable at a point, in one number system; all proofs are at the point as it is there."""

    def __init__(self, case: Case, numbers: Numbers, timeout: float) -> None:
        problem = case.problem
        self.case, self.numbers, self.timeout = case, numbers, timeout
        self.program, self.variable = problem.program, problem.wrt[0]
        self.start = [numbers.number(x) for x in problem.point]
        self.point = [float(x) for x in self.start]
        self.function = Function(self.program, self.start, numbers.algebra)

    @property
    def x(self) -> float:
        return self.point[self.variable]

    @cached_property
    def truth(self) -> Truth:
        return self.proved(1)

    def proved(self, order: int) -> Truth:
        """f^(order)(x)."""
        wanted = Wanted("derivative", order=order)
        try:
            return Here(certify, self.program, (self.variable,), self.point, wanted).result(self.timeout)
        except Expired:
            return Truth("unavailable", 0, reason=message("not proved within {seconds} s", seconds=f"{self.timeout:g}"))

    def sample(self, name: str, step: float) -> Sample:
        taken, value = self._complex(step) if name == COMPLEX else self._quotient(STENCILS[name], step)
        return Sample(step, taken, value, self.error(value))

    def error(self, value: float) -> float | None:
        exact = self.truth.derivative
        if not exact or exact[0] is None or not isfinite(value):
            return None
        return error(value, exact[0]).absolute

    def _quotient(self, stencil: Stencil, step: float) -> tuple[float, float]:
        here = self.start[self.variable], self.function.values
        moved = partial(self.function.along_axis, self.variable)
        found = quotient(stencil, step, moved, here, self.numbers.algebra)
        return float(found.step) / (stencil.right - stencil.left), float(found.slopes[0])

    def _complex(self, step: float) -> tuple[float, float]:
        _, (slope,) = slopes_at(self.program, self.start, {self.variable: 1.0}, step, self.numbers.algebra)
        return step, float(slope)

    @cached_property
    def automatic(self) -> float:
        """What dual numbers find, in the same arithmetic."""
        duals = Duals(self.numbers.algebra)
        inputs = [Dual(x, ONE if i == self.variable else ZERO) for i, x in enumerate(self.start)]
        (found,) = evaluate(self.program, inputs, duals)
        return float(duals.linear.settle(found.tangent))

    @cached_property
    def floor(self) -> float:
        """One rounding of f' itself."""
        exact = self.truth.derivative
        return self.numbers.unit * abs(float(exact[0])) if exact and exact[0] is not None else 0.0
