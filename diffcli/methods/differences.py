"""Difference quotients: the derivative from values of f alone, each a row of one table.

    D(h) = (f(x + r h) - f(x + l h))/((x + r h) - (x + l h))

What is divided by is the step really taken: x + h is rounded first, and subtracting x
is exact (Press et al., "Numerical Recipes", 3rd ed. 2007, ch. 5.7). Higher orders come
from D(h), D(2h), D(4h), … by Richardson's extrapolation to h = 0 (L. F. Richardson 1911),
arranged as Neville's; the last correction is its own error estimate.

Every point of evaluation takes its own branch. What `detach` copies stays as it is at x.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache, partial
from itertools import pairwise
from typing import Any, NamedTuple

from diffcli.core.evaluate import Algebra, evaluate
from diffcli.core.primitives import CODE, INPUT
from diffcli.core.program import Program, Recording
from diffcli.numbers import DIGITS
from diffcli.problem.derivation import Derivation, Problem, Steps

_ADD, _SUB, _MUL, _DIV, _DETACH = (CODE[name] for name in ("add", "sub", "mul", "div", "detach"))


@dataclass(frozen=True, slots=True)
class Stencil:
    """A quotient over x + left h and x + right h, on `levels` steps h, 2h, 4h, …; `written` as in textbooks."""

    left: int
    right: int
    levels: int
    written: str
    source: str

    @property
    def symmetric(self) -> bool:
        return self.left == -self.right

    @property
    def order(self) -> int:
        """The power of h that the error falls with: a symmetric quotient has even powers only."""
        return 2 * self.levels if self.symmetric else self.levels

    @property
    def evaluations(self) -> int:
        """Evaluations of f a variable, without that at x itself."""
        return self.levels * (2 if self.symmetric else 1)

    def step(self, scale: float, unit: float = 2**-52) -> float:
        """eps^(1/(order + 1)) max(1, |x|), which balances truncation and round-off where all else is near 1.

        (Gill, Murray, Wright, "Practical Optimization", 1981, ch. 8.6; Numerical Recipes, eq. 5.7.8.)
        """
        return float(unit ** (1 / (self.order + 1)) * max(1.0, abs(scale)))


# fmt: off
STENCILS: dict[str, Stencil] = {
    "forward-difference":  Stencil( 0, 1, 1, "(f(x+h) - f(x))/h", "Newton; Nocedal & Wright 2006, eq. 8.1"),
    "backward-difference": Stencil(-1, 0, 1, "(f(x) - f(x-h))/h", "Newton; Nocedal & Wright 2006, ch. 8.1"),
    "central-difference":  Stencil(-1, 1, 1, "(f(x+h) - f(x-h))/2h", "Abramowitz & Stegun (A & S) 25.3.4"),
    "five-point":          Stencil(-1, 1, 2, "(f(x-2h) - 8f(x-h) + 8f(x+h) - f(x+2h))/12h", "A & S 25.3.6"),
    "richardson":          Stencil(-1, 1, 3, "(64 D(h) - 20 D(2h) + D(4h))/45", "Richardson 1911; Ridders 1982"),
}
# fmt: on


class Quotient(NamedTuple):
    """One derivative of every output: the slopes, the step really used, and the last corrections (none without)."""

    slopes: list[Any]
    step: Any
    corrections: list[Any]


Moved = Callable[[float], tuple[Any, list[Any]]]
"""Where a multiple of the direction leads: the coordinate there, and f's outputs."""


def quotient(
    stencil: Stencil, step: float, moved: Moved, here: tuple[Any, list[Any]], algebra: Algebra[Any]
) -> Quotient:
    """The stencil in any algebra: over a recording it writes the program, over numbers it is the number."""
    functions = algebra.functions
    column: list[list[Any]] = []
    widths: list[Any] = []
    for level in range(stencil.levels):
        ends = [here if not side else moved(side * step * 2.0**level) for side in (stencil.left, stencil.right)]
        (low, below), (high, above) = ends
        widths.append(functions[_SUB](high, low))
        rises = [functions[_SUB](top, bottom) for top, bottom in zip(above, below, strict=True)]
        column.append([functions[_DIV](rise, widths[-1]) for rise in rises])
    corrections: list[Any] = []
    for k in range(1, stencil.levels):
        divisor = algebra.constant(float(4**k - 1))
        refined = []
        for fine, coarse in pairwise(column):
            gaps = [functions[_SUB](a, b) for a, b in zip(fine, coarse, strict=True)]
            changes = [functions[_DIV](gap, divisor) for gap in gaps]
            refined.append([functions[_ADD](a, change) for a, change in zip(fine, changes, strict=True)])
            corrections = changes if fine is column[0] else corrections
        column = refined
    return Quotient(column[0], widths[0], corrections)


@cache
def weights(stencil: Stencil) -> tuple[Fraction, ...]:
    """How much D(h), D(2h), D(4h), … weigh.

    >>> weights(STENCILS["five-point"])
    (Fraction(4, 3), Fraction(-1, 3))
    """
    column = [[Fraction(int(i == k)) for i in range(stencil.levels)] for k in range(stencil.levels)]
    for k in range(1, stencil.levels):
        column = [
            [a + (a - b) / (4**k - 1) for a, b in zip(fine, coarse, strict=True)] for fine, coarse in pairwise(column)
        ]
    return tuple(column[0])


class Function:
    """A program as a function in an algebra: outputs for inputs; what `detach` copies stays as at the start."""

    def __init__(self, program: Program, start: Sequence[Any], algebra: Algebra[Any]) -> None:
        copies = tuple(k for k, code in enumerate(program.ops) if code == _DETACH)
        self.start, self.algebra, self.outputs = list(start), algebra, len(program.outputs)
        found = evaluate(replace(program, outputs=(*program.outputs, *copies)), start, algebra)
        self.values, self.held = found[: self.outputs], found[self.outputs :]
        self.program = _holding(program, copies) if copies else program

    def __call__(self, inputs: Sequence[Any]) -> list[Any]:
        return evaluate(self.program, [*inputs, *self.held], self.algebra)

    def along_axis(self, i: int, offset: float) -> tuple[Any, list[Any]]:
        """Input `i` moved by `offset`: where it is then, and the outputs."""
        x, functions = self.start[i], self.algebra.functions
        size = self.algebra.constant(abs(offset))
        end = functions[_SUB if offset < 0 else _ADD](x, size)
        return end, self([*self.start[:i], end, *self.start[i + 1 :]])

    def along(self, direction: Sequence[float], offset: float) -> tuple[Any, list[Any]]:
        """All inputs moved along a direction, `offset` times."""
        add, constant = self.algebra.functions[_ADD], self.algebra.constant
        ends = [
            add(x, constant(offset * slope)) if slope else x for x, slope in zip(self.start, direction, strict=True)
        ]
        return constant(offset), self(ends)


def _holding(program: Program, copies: Sequence[int]) -> Program:
    """`program` with the copies as further inputs."""
    ops, column = bytearray(program.ops), program.a[:]
    for n, k in enumerate(copies):
        ops[k], column[k] = INPUT, len(program.inputs) + n
    inputs = (*program.inputs, *(f"copy {n}" for n in range(len(copies))))
    return replace(program, inputs=inputs, ops=bytes(ops), a=column)


# --- the methods
def _differentiate(name: str, problem: Problem) -> Derivation:
    """f at x once, then every quotient: all in one program."""
    stencil = STENCILS[name]
    recording = Recording(problem.program.inputs, problem.start, problem.algebra)
    inputs = [recording.input(i) for i in range(len(problem.program.inputs))]
    function = Function(problem.program, inputs, recording)
    found = [
        quotient(stencil, step, moved, (start, function.values), recording)
        for step, start, moved in _lines(stencil, problem, function)
    ]
    outputs = range(len(function.values))
    program = recording.program([*function.values, *(column.slopes[j] for j in outputs for column in found)])
    numbers = recording.values
    taken = tuple(float(numbers[column.step]) / (stencil.right - stencil.left) for column in found)
    estimates = tuple(
        abs(float(numbers[column.corrections[j]])) for j in outputs for column in found if column.corrections
    )
    evaluations = stencil.evaluations * len(found)
    return Derivation(
        (program,), steps=Steps(taken, evaluations, True, stencil.symmetric, estimates, problem.step is not None)
    )


def _lines(stencil: Stencil, problem: Problem, function: Function) -> list[tuple[float, Any, Moved]]:
    """Per variable, or for the direction of a jvp: the step, the coordinate at the start, and how to move."""
    point, unit = problem.point, 2.0 ** (1 - DIGITS[problem.dtype])
    if problem.wanted.kind != "jvp":
        return [
            (problem.step or stencil.step(point[i], unit), function.start[i], partial(function.along_axis, i))
            for i in problem.wrt
        ]
    direction = [0.0] * len(point)
    for i, slope in zip(problem.wrt, problem.wanted.vector, strict=True):
        direction[i] = slope
    longest = max(map(abs, direction), default=0.0) or 1.0
    scale = max((abs(x) for x, slope in zip(point, direction, strict=True) if slope), default=1.0)
    # a power of two: its products with the direction are exact
    step = problem.step or 2.0 ** round(math.log2(stencil.step(scale, unit) / longest))
    return [(step, function.algebra.constant(0.0), partial(function.along, direction))]


forward_difference, backward_difference, central_difference, five_point, richardson = (
    partial(_differentiate, name) for name in STENCILS
)
