"""The truth where no two-sided series exists: values by exact arithmetic, derivatives from each side.

At a kink, a tie, a switch, an edge or a zero under a root, one-sided expansions
(`germs`) say what (f(x + s) - f(x))/s tends to from the right and from the left;
where coefficients cancel formally, a zero is proved that no ball can tell.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any, TypeVar

from diffcli.accuracy import PRECISIONS, Ball, Entry, OneSided, Undecided, tight
from diffcli.algebras.germs import AT_ZERO, ZERO, Germ, Germs, Short, Unknown, variable
from diffcli.algebras.reals import Real, real
from diffcli.algebras.series import Singular, Undefined, Unresolved, working
from diffcli.evaluate import evaluate
from diffcli.program import Program

LIMITS = (4, 8, 16, 32)
"""Orders to which one-sided expansions are carried."""

T = TypeVar("T")

NOWHERE = "nowhere"
"""Stands for a side on which the function has no values."""


def _retrying(compute: Callable[[Germs], T], what: str) -> tuple[T, int]:
    """`compute` with more terms when an expansion is too short, more bits when a ball is too wide."""
    limit, level = 0, 0
    while True:
        with working(PRECISIONS[level], 2):
            try:
                return compute(Germs(LIMITS[limit])), PRECISIONS[level]
            except Short:
                limit += 1
            except Unresolved:
                level += 1
            except Unknown as unknown:
                raise Undecided(f"no expansion is known: {unknown}") from None
            except Singular as singular:
                raise Undecided(str(singular)) from None
        if limit >= len(LIMITS) or level >= len(PRECISIONS):
            raise Undecided(f"{what} is too close to a switch, or to zero, to be told")


def value_at(program: Program, point: Sequence[float]) -> tuple[Ball, int]:
    def compute(germs: Germs) -> Ball:
        (germ,) = evaluate(program, [germs.constant(x) for x in point], germs)
        value = germ.constant.ball
        if not tight(value):
            raise Unresolved
        return value

    return _retrying(compute, "the value at the point")


def one_sided_entry(program: Program, point: Sequence[float], i: int, reason: str) -> Entry:
    def compute(germs: Germs) -> tuple[Ball | None, OneSided, OneSided, str | None]:
        before = evaluate(program, [germs.constant(x) for x in point], germs)[0].constant
        germs.forget()
        left, right = (_derivative_from(program, point, i, direction, before, germs) for direction in (-1, 1))
        both, edge = _same(left, right), None
        if NOWHERE in (left, right):
            both = left if right is NOWHERE else right
            edge = "the point is an edge of the domain: the derivative is the one-sided one"
        sides = _ball(left), _ball(right)
        if isinstance(both, Real):
            return _ball(both), *sides, edge
        return None, *sides, germs.reason or reason

    (derivative, left, right, said), bits = _retrying(compute, "the derivative at this point")
    return Entry(derivative, left, right, bits, said)


def _ball(side: Any) -> OneSided:
    """A side as a ball, narrow at the precision now working."""
    if isinstance(side, Real) and not tight(side.ball):
        raise Unresolved
    return side.ball if isinstance(side, Real) else None if side is NOWHERE else side


def _same(left: Any, right: Any) -> Any:
    """The derivative, if both sides have one and they are proved equal; None if proved different."""
    if not isinstance(left, Real) or not isinstance(right, Real) or (left - right).sign():
        return None
    return right


def _derivative_from(
    program: Program, point: Sequence[float], i: int, direction: int, before: Any, germs: Germs
) -> Any:
    """The one-sided derivative: a coefficient, an infinity, None where there is none, or NOWHERE."""
    inputs = [germs.constant(x) for x in point]
    inputs[i] = variable(real(Fraction(point[i])), direction)
    germs.switched = False
    try:
        (germ,) = evaluate(program, inputs, germs)
    except Undefined:
        return NOWHERE
    slope = _slope(germ, before, germs)
    return slope if slope is None or direction > 0 else -slope


def _slope(germ: Germ, before: Any, germs: Germs) -> Any:
    """The limit of (f(x + s) - f(x))/s."""
    if germ.huge:
        return math.inf * germ.huge
    if not germs.switched:  # the way is continuous: the limit is the value
        terms = {key: value for key, value in germ.terms.items() if key != AT_ZERO}
        step = Germ(terms, germ.order, germ.exact, germ.wobble, germ.flat)
    else:
        step = germs.without(germ, before)
    steep = {key: value for key, value in step.terms.items() if key[0] < 1 or key[0] == 1 and key[1] > 0}
    if steep:
        key = min(steep, key=lambda key: (key[0], -key[1]))
        if key[0] < step.order:
            return math.inf * steep[key].sign()
    if not step.exact and step.order <= 1:
        if step.wobble:
            germs.reason = "the difference quotient oscillates without a limit"
            return None
        raise Short
    return step.terms.get((Fraction(1), 0), ZERO)


def is_formally_zero(program: Program, point: Sequence[float], i: int) -> bool:
    """Whether the derivative cancels in exact arithmetic: a ball around zero cannot tell."""
    germs = Germs(LIMITS[0])
    try:
        before = evaluate(program, [germs.constant(x) for x in point], germs)[0].constant
        slope = _derivative_from(program, point, i, 1, before, germs)
    except (Short, Unknown, Unresolved, Singular, Undefined):
        return False
    return isinstance(slope, Real) and slope.is_zero()
