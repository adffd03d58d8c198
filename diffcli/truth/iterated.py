"""Derivatives of derivatives where no two-sided series exists: entries of Hessians, and orders that oscillate.

By definition, as a derivative of a derivative:

    entry of u and v  =  lim (g(t) - g(0))/t,    g(t) = lim (f(x + s u + t v) - f(x + t v))/s

first s falls to 0, for each t by itself, then t does. `families` has both: f as an expansion in s whose
coefficients move with t. It does not matter whether f has a Taylor polynomial of two variables: the entries
of u and v, and of v and u, may differ (Peano), and one may exist without the other.

Where g has no value on one side of t = 0, because f has none, the one-sided limit is taken, as at any edge of a
domain; where f has values and g has none, the entry does not exist.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

from diffcli.core.evaluate import evaluate_all
from diffcli.core.passes import held
from diffcli.core.primitives import CODE
from diffcli.core.program import Program
from diffcli.runtime.messages import Message, message
from diffcli.truth.accuracy import Ball, Entry, OneSided
from diffcli.truth.exact.reals import Real, real
from diffcli.truth.expansions.expansion import OneSidedExpansion
from diffcli.truth.expansions.families import Families, expansion_of
from diffcli.truth.expansions.functions import Expansions
from diffcli.truth.one_sided import (
    EDGE,
    LIMITS,
    NOWHERE,
    Line,
    Oscillating,
    first_slope,
    higher_slope,
    one_sided_entry,
    retrying,
    same_slopes,
    side_ball,
    slopes_from,
)
from diffcli.truth.series import Undefined

DETACH = CODE["detach"]


def entry_along(
    program: Program, point: Sequence[float], line: Line, order: int, reason: Message, limits: Sequence[int] = LIMITS
) -> Entry:
    """The derivative of this order along `line`, or what there is from each side."""
    try:
        return one_sided_entry(program, point, line, order, reason, limits)
    except Oscillating:

        def turning(beside: _Beside, turn: int) -> Any:
            slopes = slopes_from(program, point, line, turn, beside.before, 1, beside.algebra)
            if slopes is NOWHERE:
                return NOWHERE
            found = slopes[0]
            for k in range(1, order):
                found = beside.rise(turn, k, found) if isinstance(found, Real) else None
            return found

        return _entry(program, point, line, line, turning, reason, limits)


def mixed_entry(program: Program, point: Sequence[float], one: Line, other: Line, limits: Sequence[int]) -> Entry:
    """The derivative along `other` of the derivative along `one`."""

    def turning(beside: _Beside, turn: int) -> Any:
        start = beside.start
        return beside.rise(turn, 1, start) if isinstance(start, Real) else None

    return _entry(program, point, one, other, turning, message("the first derivative has none here"), limits)


def _entry(
    program: Program,
    point: Sequence[float],
    one: Line,
    other: Line,
    turning: Callable[[_Beside, int], Any],
    reason: Message,
    limits: Sequence[int],
) -> Entry:
    """What `turning` finds from each side, put together."""

    def compute(algebra: Expansions) -> tuple[Ball | None, OneSided, OneSided, Message | None]:
        beside = _Beside(program, point, one, other, algebra)
        left, right = (turning(beside, turn) for turn in (-1, 1))
        both, edge = _joined(left, right), EDGE if NOWHERE in (left, right) else None
        sides = side_ball(left), side_ball(right)
        if isinstance(both, Real):
            return side_ball(both), *sides, edge
        return None, *sides, beside.families.reason or algebra.reason or reason

    (derivative, left, right, said), bits = retrying(compute, message("a derivative of a derivative"), limits)
    return Entry(derivative, left, right, bits, said)


def _joined(left: Any, right: Any) -> Any:
    """What both sides say: the same, or the only one there is; else None."""
    if NOWHERE in (left, right):
        return left if right is NOWHERE else right
    both = same_slopes([left], [right])
    return both[0] if both else None


class _Beside:
    """A program on the lines x + s u beside the point, each through x + t v."""

    def __init__(self, program: Program, point: Sequence[float], one: Line, other: Line, algebra: Expansions) -> None:
        self.program, self.point, self.one, self.other, self.algebra = program, point, one, other, algebra
        self.before = evaluate_all(program, [algebra.constant(x) for x in point], algebra)
        algebra.forget()
        # a detached value is the one at the point
        copies = [
            k for k, code in enumerate(program.ops) if code == DETACH and isinstance(self.before[k], OneSidedExpansion)
        ]
        self.cut = held(program, copies)[0] if copies else program
        self.kept = [self.before[k] for k in copies]
        self.families = Families(algebra, int(algebra.limit) // 2 + 1)

    @property
    def start(self) -> Any:
        """The derivative along `one` at the point itself."""
        sides = []
        for turn in (-1, 1):
            slopes = slopes_from(self.program, self.point, self.one, turn, self.before, 1, self.algebra)
            sides.append(slopes if slopes is NOWHERE else slopes[0])
        return _joined(*sides)

    def rise(self, turn: int, order: int, start: Real) -> Any:
        """The slope at t = 0, on one side, of the derivative of this order along `one`, which is `start` there."""
        found = self.derivative(turn, order)
        if not isinstance(found, Real):
            return found if found is NOWHERE else None
        self.algebra.switched = True
        slope = first_slope(expansion_of(found), start, self.algebra)
        return slope if slope is None or turn > 0 else -slope

    def derivative(self, turn: int, order: int) -> Any:
        """The derivative of this order along `one` at x + t v, for t on one side: a number that moves, or none."""
        try:
            value = self._value(turn)
        except Undefined:
            return NOWHERE
        self.families.forget()
        right = self._slopes(turn, 1, order, value)
        if not self.families.sided:
            return None if right is NOWHERE else _last_real(right)
        left = self._slopes(turn, -1, order, value)
        if NOWHERE in (left, right):
            both = left if right is NOWHERE else right
            return None if both is NOWHERE else _last_real(both)
        both = same_slopes(left, right)
        return None if both is None else _last_real(both)

    def _value(self, turn: int) -> Real:
        """The value at x + t v."""
        return self._expansion(turn, 0).constant

    def _expansion(self, turn: int, side: int) -> OneSidedExpansion:
        """What the program does on one side of the line, or on it (0)."""
        inputs = []
        for i, x in enumerate(self.point):
            t, s = (real(way * Fraction(line.get(i, 0.0))) for way, line in ((turn, self.other), (side, self.one)))
            inputs.append(self.families.point(x, t, s))
        self.families.switched = False
        found: OneSidedExpansion = evaluate_all(self.cut, [*inputs, *self.kept], self.families)[self.cut.outputs[0]]
        return found

    def _slopes(self, turn: int, side: int, order: int, value: Real) -> Any:
        """The derivatives of orders 1 to `order` on one side of the line, or NOWHERE."""
        families = self.families
        try:
            expansion = self._expansion(turn, side)
        except Undefined:
            return NOWHERE
        slopes = [first_slope(expansion, value, families)]
        for k in range(2, order + 1):
            slopes.append(higher_slope(expansion, k, families) if isinstance(slopes[-1], Real) else None)
        return [slope if slope is None or side > 0 or k % 2 == 0 else -slope for k, slope in enumerate(slopes, 1)]


def _last_real(slopes: list[Any]) -> Real | None:
    found = slopes[-1]
    return found if isinstance(found, Real) else None
