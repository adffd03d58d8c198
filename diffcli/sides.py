"""The truth where no two-sided series exists: values by exact arithmetic, derivatives from each side.

At a kink, a tie, a switch, an edge or a zero under a root, one-sided expansions
(`germs`) say what (f(x + s) - f(x))/s tends to from the right and from the left;
where coefficients cancel formally, a zero is proved that no ball can tell.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from fractions import Fraction
from typing import Any, TypeVar

from diffcli.accuracy import PRECISIONS, Ball, Entry, OneSided, Undecided, tight
from diffcli.algebras.forms import is_infinite
from diffcli.algebras.germs import AT_ZERO, ZERO, Germ, Germs, Short, Unknown, variable
from diffcli.algebras.reals import Real, real, whole
from diffcli.algebras.series import FORMAL, SERIES, Singular, Undefined, Unresolved, working
from diffcli.evaluate import evaluate, evaluate_all
from diffcli.passes import held
from diffcli.primitives import CODE
from diffcli.program import Program

DETACH = CODE["detach"]

LIMITS = (4, 8, 16, 32)
"""Orders to which one-sided expansions are carried."""
FEW = LIMITS[:2]
"""Orders that are tried before other ways are."""

Line = Mapping[int, float]
"""A direction: the slope of every input that moves."""
Combination = Sequence[tuple[Line, int]]
"""Derivatives along lines, each with a whole weight."""

T = TypeVar("T")

NOWHERE = "nowhere"
"""Stands for a side on which the function has no values."""


def _retrying(compute: Callable[[Germs], T], what: str, limits: Sequence[int] = LIMITS) -> tuple[T, int]:
    """`compute` with more terms when an expansion is too short, more bits when a ball is too wide.

    At `FORMAL` bits it is tried once with functions written out, which may show that a ball around zero is zero.
    """
    limit, level = 0, 0
    while True:
        with working(PRECISIONS[level], 2):
            try:
                return compute(Germs(limits[limit])), PRECISIONS[level]
            except Short:
                limit += 1
            except Unresolved:
                if PRECISIONS[level] == FORMAL:
                    with suppress(Short, Unresolved, Unknown, Singular):
                        return compute(Germs(limits[limit], written_out=True)), FORMAL
                level += 1
            except Unknown as unknown:
                raise Undecided(f"no expansion is known: {unknown}") from None
            except Singular as singular:
                raise Undecided(str(singular)) from None
        if limit >= len(limits) or level >= len(PRECISIONS):
            raise Undecided(f"{what} is too close to a switch, or to zero, to be told")


def value_at(program: Program, point: Sequence[float], limits: Sequence[int] = LIMITS) -> tuple[Ball, int]:
    def compute(germs: Germs) -> Ball:
        (germ,) = evaluate(program, [germs.constant(x) for x in point], germs)
        value = germ.constant.ball
        if is_infinite(value):
            raise Undefined("the value is not finite")
        return _narrow(germ.constant)

    return _retrying(compute, "the value at the point", limits)


def values_at(program: Program, point: Sequence[float], singular: Singular) -> list[Any]:
    """The value of every equation as a constant series, where some lie on kinks or ties; at the bits now working.

    Only what a line moves needs a neighbourhood. What cannot be told is `singular`.
    """
    germs = Germs(LIMITS[0])
    try:
        values = evaluate_all(program, [germs.constant(x) for x in point], germs)
        return [SERIES.constant(value.constant.ball) if isinstance(value, Germ) else value for value in values]
    except (Short, Unknown, Singular):
        raise singular from None


def one_sided_entry(
    program: Program, point: Sequence[float], line: Line, order: int, reason: str, limits: Sequence[int] = LIMITS
) -> Entry:
    """The derivative of this order along `line`, or what there is from each side."""

    def compute(germs: Germs) -> tuple[Ball | None, OneSided, OneSided, str | None]:
        before = evaluate_all(program, [germs.constant(x) for x in point], germs)
        germs.forget()
        left, right = (_slopes_from(program, point, line, direction, before, order, germs) for direction in (-1, 1))
        both, edge = _same(left, right), None
        if NOWHERE in (left, right):
            both = left if right is NOWHERE else right
            edge = "the point is an edge of the domain: the derivative is the one-sided one"
        sides = _ball(_last(left)), _ball(_last(right))
        if isinstance(_last(both), Real):
            return _ball(_last(both)), *sides, edge
        said = germs.reason or reason
        lower = _differing(left, right)
        return None, *sides, said if lower in (None, order) else f"{said}: there is no derivative of order {lower}"

    (derivative, left, right, said), bits = _retrying(compute, "the derivative at this point", limits)
    return Entry(derivative, left, right, bits, said)


def _differing(left: Any, right: Any) -> int | None:
    """The lowest order in which the two sides differ."""
    if NOWHERE in (left, right):
        return None
    return next((k for k in range(1, len(left) + 1) if _same(left[:k], right[:k]) is None), None)


def _last(slopes: Any) -> Any:
    return slopes[-1] if isinstance(slopes, list) else slopes


def _ball(side: Any) -> OneSided:
    """A side as a ball, narrow at the precision now working."""
    return _narrow(side) if isinstance(side, Real) else None if side is NOWHERE else side


def _narrow(value: Real) -> Ball:
    """The ball of a real, if it is narrow at the precision now working, or proved to be zero."""
    if tight(value.ball):
        return value.ball
    if value.is_zero():
        return ZERO.ball
    raise Unresolved


def _same(left: Any, right: Any) -> Any:
    """The slopes, if both sides have them and all orders are proved equal; None if proved different."""
    if NOWHERE in (left, right):
        return None
    for one, other in zip(left, right, strict=True):
        if not isinstance(one, Real) or not isinstance(other, Real) or (one - other).sign():
            return None
    return right


def _slopes_from(
    program: Program,
    point: Sequence[float],
    line: Line,
    direction: int,
    before: Sequence[Any],
    order: int,
    germs: Germs,
) -> Any:
    """The one-sided derivatives of orders 1 to `order`, or NOWHERE.

    `before` has the values at the point. Each slope is a coefficient, an infinity, or None where there is none;
    behind one that is no coefficient only an infinity or None can follow.
    """
    inputs = [germs.constant(x) for x in point]
    for i, slope in line.items():
        inputs[i] = variable(real(Fraction(point[i])), real(direction * Fraction(slope)))
    # a detached value is the one at the point, even where it jumps; what the point does not take has limits only
    copies = [k for k, code in enumerate(program.ops) if code == DETACH and isinstance(before[k], Germ)]
    cut = held(program, copies)[0] if copies else program
    germs.switched = False
    try:
        values = evaluate_all(cut, [*inputs, *(before[k] for k in copies)], germs)
    except Undefined:
        return NOWHERE
    if order > 1 and any(isinstance(value, Germ) and value.wobble for value in values):
        raise Unknown("higher derivatives of what oscillates")  # x**3*sin(1/x) is o(x**2), and has no second one
    germ = values[cut.outputs[0]]
    slopes = [_slope(germ, before[program.outputs[0]].constant, germs)]
    for k in range(2, order + 1):
        slopes.append(_higher(germ, k, germs) if isinstance(slopes[-1], Real) else None)
    return [slope if slope is None or direction > 0 or k % 2 == 0 else -slope for k, slope in enumerate(slopes, 1)]


def _higher(germ: Germ, order: int, germs: Germs) -> Any:
    """The derivative of this order at 0+, those below it being finite."""
    broken = {
        key: value for key, value in germ.terms.items() if order - 1 < key[0] < order or key[0] == order and key[1]
    }
    if broken:
        key = min(broken, key=lambda key: (key[0], -key[1]))
        return math.inf * broken[key].sign()
    if not germ.exact and germ.order <= order:
        if germ.wobble:
            germs.reason = "the difference quotient oscillates without a limit"
            return None
        raise Short
    return germ.terms.get((Fraction(order), 0), ZERO) * whole(math.factorial(order))


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


def is_formally_zero(program: Program, point: Sequence[float], combination: Combination, order: int) -> bool:
    """Whether a sum of derivatives along lines cancels in exact arithmetic: a ball around zero cannot tell."""
    limit = LIMITS[0] if order < LIMITS[0] else order + 1
    return any(_cancels(program, point, combination, order, Germs(limit, written)) for written in (False, True))


def _cancels(program: Program, point: Sequence[float], combination: Combination, order: int, germs: Germs) -> bool:
    total = ZERO
    try:
        before = evaluate_all(program, [germs.constant(x) for x in point], germs)
        for line, weight in combination:
            slope = _last(_slopes_from(program, point, line, 1, before, order, germs))
            if not isinstance(slope, Real):
                return False
            total = total + slope * whole(weight)
    except (Short, Unknown, Unresolved, Singular, Undefined):
        return False
    return total.is_zero()
