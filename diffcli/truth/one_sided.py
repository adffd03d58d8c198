"""The truth where no two-sided series exists: values by exact arithmetic, derivatives from each side.

At a kink, a tie, a switch, an edge or a zero under a root, one-sided expansions
(`algebra`) say what (f(x + s) - f(x))/s tends to from the right and from the left;
where coefficients cancel formally, a zero is proved that no ball can tell.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from fractions import Fraction
from typing import Any, TypeVar

from diffcli.core.evaluate import evaluate, evaluate_all
from diffcli.core.passes import held
from diffcli.core.primitives import CODE
from diffcli.core.program import Program
from diffcli.runtime.messages import Message, message
from diffcli.truth.accuracy import PRECISIONS, Ball, Entry, OneSided, Undecided, tight
from diffcli.truth.exact.forms import is_infinite
from diffcli.truth.exact.reals import Real, real, whole
from diffcli.truth.expansions.expansion import (
    AT_ZERO,
    ZERO,
    Exponent,
    OneSidedExpansion,
    Short,
    Unknown,
    straddles,
    variable,
)
from diffcli.truth.expansions.functions import Expansions
from diffcli.truth.series import FORMAL, SERIES, Singular, Undefined, Unresolved, shown, working

DETACH = CODE["detach"]

LIMITS = (4, 8, 16, 32)
"""Orders to which one-sided expansions are carried."""
FEW, MORE = LIMITS[:2], LIMITS[2:3]
"""Orders that are tried before other ways are, and behind them where every coefficient is an expansion itself."""

Line = Mapping[int, float]
"""A direction: the slope of every input that moves."""
Combination = Sequence[tuple[Line, int]]
"""Derivatives along lines, each with a whole weight."""

T = TypeVar("T")


class Oscillating(Unknown):
    """Something oscillates on the way: its expansion says nothing of higher derivatives."""


EDGE = message("the point is an edge of the domain: the derivative is the one-sided one")
NOWHERE = "nowhere"
"""Stands for a side on which the function has no values."""


def retrying(compute: Callable[[Expansions], T], what: str, limits: Sequence[int] = LIMITS) -> tuple[T, int]:
    """`compute` with more terms when an expansion is too short, more bits when a ball is too wide.

    At `FORMAL` bits it is tried once with functions written out, which may show that a ball around zero is zero.
    """
    limit, level = 0, 0
    while True:
        with working(PRECISIONS[level], 2):
            try:
                return compute(Expansions(limits[limit])), PRECISIONS[level]
            except Short:
                limit += 1
            except Unresolved:
                if PRECISIONS[level] == FORMAL:
                    with suppress(Short, Unresolved, Unknown, Singular):
                        return compute(Expansions(limits[limit], written_out=True)), FORMAL
                level += 1
            except Oscillating:
                raise
            except Unknown as unknown:
                raise Undecided(message("no expansion is known: {reason}", reason=unknown)) from None
            except Singular as singular:
                raise Undecided(str(singular)) from None
        if limit >= len(limits) or level >= len(PRECISIONS):
            raise Undecided(message("{what} is too close to a switch, or to zero, to be told", what=what))


def value_at(program: Program, point: Sequence[float], limits: Sequence[int] = LIMITS) -> tuple[Ball, int]:
    def compute(algebra: Expansions) -> Ball:
        (expansion,) = evaluate(program, [algebra.constant(x) for x in point], algebra)
        value = expansion.constant.ball
        if is_infinite(value):
            raise Undefined(message("the value is not finite"))
        return _narrow(expansion.constant)

    return retrying(compute, message("the value at the point"), limits)


def values_at(program: Program, point: Sequence[float], singular: Singular) -> list[Any]:
    """The value of every equation as a constant series, where some lie on kinks or ties; at the bits now working.

    Only what a line moves needs a neighbourhood. What cannot be told is `singular`.
    """
    algebra = Expansions(LIMITS[0])
    try:
        values = evaluate_all(program, [algebra.constant(x) for x in point], algebra)
        return [
            SERIES.constant(value.constant.ball) if isinstance(value, OneSidedExpansion) else value for value in values
        ]
    except (Short, Unknown, Singular):
        raise singular from None


def one_sided_entry(
    program: Program, point: Sequence[float], line: Line, order: int, reason: Message, limits: Sequence[int] = LIMITS
) -> Entry:
    """The derivative of this order along `line`, or what there is from each side."""

    def compute(algebra: Expansions) -> tuple[Ball | None, OneSided, OneSided, Message | None, Any]:
        before = evaluate_all(program, [algebra.constant(x) for x in point], algebra)
        algebra.forget()
        sides_of, turned = [], False
        for direction in (-1, 1):
            sides_of.append(slopes_from(program, point, line, direction, before, order, algebra))
            turned |= algebra.switched
        left, right = sides_of
        both, edge = same_slopes(left, right), None
        if NOWHERE in (left, right):
            both = left if right is NOWHERE else right
            edge = EDGE
        sides = side_ball(_last(left)), side_ball(_last(right))
        if isinstance(_last(both), Real):
            return side_ball(_last(both)), *sides, edge, None
        said = algebra.reason or reason
        found = _jump(program, point, line, order, before, algebra) if turned else None
        if found is not None:
            return None, *sides, *found
        lower = _differing(left, right)
        said = (
            said
            if lower in (None, order)
            else message("{reason}: there is no derivative of order {order}", reason=said, order=lower)
        )
        return None, *sides, said, None

    (derivative, left, right, said, slopes), bits = retrying(compute, message("the derivative at this point"), limits)
    return Entry(derivative, left, right, bits, said, slopes)


def _jump(
    program: Program, point: Sequence[float], line: Line, order: int, before: Sequence[Any], algebra: Expansions
) -> tuple[Message, tuple[OneSided, OneSided]] | None:
    """From what to what the function jumps, and what its derivative of this order tends to on each side.

    None where it does not jump, or oscillates on a side. Where something oscillates on the way, 1/x + sin(1/x^3), the
    derivative need not do what the function does: nothing is said of its limit.
    """
    value = before[program.outputs[0]].constant
    limits: list[Any] = []
    slopes: list[OneSided] = []
    for direction in (-1, 1):
        expansion = _expansion(program, point, line, direction, before, order, algebra)
        if algebra.taken:
            return None
        if expansion is NOWHERE:
            limits.append(NOWHERE)
            slopes.append(None)
            continue
        try:
            limit = algebra.tends_to(expansion)
        except Unknown:
            return None
        limits.append(math.inf * algebra.sign(expansion) if limit is None else limit)
        slope = None if algebra.unsteady else _tending(expansion, order)
        slopes.append(side_ball(slope if slope is None or direction > 0 or order % 2 == 0 else -slope))
    if all(limit is NOWHERE or _equal(limit, value) for limit in limits):
        return None
    return _jumping(limits[0], value, limits[1]), (slopes[0], slopes[1])


def _equal(one: Any, other: Any) -> bool:
    """Whether two limits are the same, either of them a real or an infinity."""
    if isinstance(one, float) or isinstance(other, float):
        return isinstance(one, float) and isinstance(other, float) and one == other
    return bool((one - other).sign() == 0)


def _jumping(left: Any, value: Any, right: Any) -> Message:
    """A jump in words, by the limits from both sides and the value between them."""
    left, right = (value if limit is NOWHERE else limit for limit in (left, right))
    here, before, behind = (_short(limit) for limit in (value, left, right))
    if _equal(left, right):
        return message("the function jumps here, to {here} and back to {behind}", here=here, behind=behind)
    if before == behind:
        return message("the function jumps here, by {step}", step=_short(right - left))
    if _equal(left, value) or _equal(value, right):
        return message("the function jumps here, from {before} to {behind}", before=before, behind=behind)
    return message(
        "the function jumps here, from {before} to {behind}, and is {here} at the point",
        before=before,
        behind=behind,
        here=here,
    )


def _short(limit: Any) -> str:
    """A limit as a short number."""
    return ("∞" if limit > 0 else "-∞") if isinstance(limit, float) else shown(_narrow(limit))


def _tending(expansion: OneSidedExpansion, order: int) -> Any:
    """What the derivative of this order tends to as s falls to 0, where the expansion may be differentiated."""
    if expansion.huge:
        return math.inf * expansion.huge * (-1) ** order
    steep = [key for key in expansion.terms if key[1] or _is_broken(key[0]) or key[0] < 0]
    steep = [key for key in steep if key[0] < order or key[0] == order and key[1] > 0]
    if steep:
        key = min(steep, key=lambda key: (key[0], -key[1]))
        falling = key[1] < 0 and not _is_broken(key[0])  # 1/log(1/s) rises where log(1/s) falls
        return math.inf * expansion.terms[key].sign() * _turn(key[0], order) * (-1 if falling else 1)
    if not expansion.exact and expansion.order <= order:
        raise Short
    return expansion.terms.get((Fraction(order), 0), ZERO) * whole(math.factorial(order))


def _is_broken(exponent: Any) -> bool:
    return isinstance(exponent, Exponent) or exponent.denominator > 1


def _turn(exponent: Any, order: int) -> int:
    """The sign of the derivative of this order of s^exponent, or of s^exponent log(1/s) where the power alone has 0."""
    factors = [exponent - k for k in range(order)]
    turns = order - int(exponent) if 0 in factors else sum(factor < 0 for factor in factors)
    return -1 if turns % 2 else 1


def _differing(left: Any, right: Any) -> int | None:
    """The lowest order in which the two sides differ."""
    if NOWHERE in (left, right):
        return None
    return next((k for k in range(1, len(left) + 1) if same_slopes(left[:k], right[:k]) is None), None)


def _last(slopes: Any) -> Any:
    return slopes[-1] if isinstance(slopes, list) else slopes


def side_ball(side: Any) -> OneSided:
    """A side as a ball, narrow at the precision now working."""
    return _narrow(side) if isinstance(side, Real) else None if side is NOWHERE else side


def _narrow(value: Real) -> Ball:
    """The ball of a real, if it is narrow at the precision now working, or proved to be zero."""
    if tight(value.ball):
        return value.ball
    if value.is_zero():
        return ZERO.ball
    raise Unresolved


def same_slopes(left: Any, right: Any) -> Any:
    """The slopes, if both sides have them and all orders are proved equal; None if proved different."""
    if NOWHERE in (left, right):
        return None
    for one, other in zip(left, right, strict=True):
        if not isinstance(one, Real) or not isinstance(other, Real) or (one - other).sign():
            return None
    return right


def slopes_from(
    program: Program,
    point: Sequence[float],
    line: Line,
    direction: int,
    before: Sequence[Any],
    order: int,
    algebra: Expansions,
) -> Any:
    """The one-sided derivatives of orders 1 to `order`, or NOWHERE.

    `before` has the values at the point. Each slope is a coefficient, an infinity, or None where there is none;
    behind one that is no coefficient only an infinity or None can follow.
    """
    found: list[Any] = []
    algebra.ways = ()
    while algebra.ways or not found:
        expansion = _expansion(program, point, line, direction, before, order, algebra)
        found.append(
            expansion
            if expansion is NOWHERE
            else _slopes(expansion, before[program.outputs[0]].constant, order, algebra)
        )
        algebra.ways = _next_way(algebra.taken, len(found))
    slopes = found[0] if len(found) == 1 else _agreeing(found, order)
    if slopes is NOWHERE:
        return NOWHERE
    return [slope if slope is None or direction > 0 or k % 2 == 0 else -slope for k, slope in enumerate(slopes, 1)]


def _slopes(expansion: OneSidedExpansion, before: Any, order: int, algebra: Expansions) -> list[Any]:
    """The derivatives of orders 1 to `order` at 0+."""
    slopes = [first_slope(expansion, before, algebra)]
    for k in range(2, order + 1):
        slopes.append(higher_slope(expansion, k, algebra) if isinstance(slopes[-1], Real) else None)
    return slopes


def _expansion(
    program: Program,
    point: Sequence[float],
    line: Line,
    direction: int,
    before: Sequence[Any],
    order: int,
    algebra: Expansions,
) -> Any:
    """What the program does on one side, for derivatives up to `order`, or NOWHERE.

    `algebra.switched` then says whether it takes another way there than at the point.
    """
    inputs = [algebra.constant(x) for x in point]
    for i, slope in line.items():
        inputs[i] = variable(real(Fraction(point[i])), real(direction * Fraction(slope)))
    # a detached value is the one at the point, even where it jumps; what the point does not take has limits only
    copies = [k for k, code in enumerate(program.ops) if code == DETACH and isinstance(before[k], OneSidedExpansion)]
    cut = held(program, copies)[0] if copies else program
    algebra.switched, algebra.taken = False, []
    try:
        values = evaluate_all(cut, [*inputs, *(before[k] for k in copies)], algebra)
    except Undefined:
        return NOWHERE
    algebra.unsteady = _is_unsteady(values, algebra)
    if order > 1 and algebra.unsteady:
        raise Oscillating  # x**3*sin(1/x) is o(x**2), and has no second derivative
    return values[cut.outputs[0]]


def _is_unsteady(values: Sequence[Any], algebra: Expansions) -> bool:
    """Whether something oscillates on the way, or jumps again and again: no expansion may be differentiated then."""
    return algebra.torn or any(
        isinstance(value, OneSidedExpansion) and (value.wobble or value.within is not None) for value in values
    )


MOST_WAYS = 16


def _next_way(taken: Sequence[bool], tried: int) -> tuple[bool, ...]:
    """Conditions that change again and again are decided in every way, one after the other."""
    kept = list(taken)
    while kept and not kept[-1]:
        kept.pop()
    if kept and tried >= MOST_WAYS:
        raise Unknown(message("a condition on a value that oscillates through zero"))
    return (*kept[:-1], False) if kept else ()


def _agreeing(found: Sequence[Any], order: int) -> Any:
    """The slope that is the same whichever way conditions are decided: every s takes one of these ways."""
    slopes = [way[0] for way in found if way is not NOWHERE]
    if order > 1 or len(slopes) < len(found) or not all(isinstance(slope, Real) for slope in slopes):
        raise Unknown(message("a condition on a value that oscillates through zero"))
    if any((slope - slopes[0]).sign() for slope in slopes[1:]):
        raise Unknown(message("a condition on a value that oscillates through zero"))
    return found[0]


def higher_slope(expansion: OneSidedExpansion, order: int, algebra: Expansions) -> Any:
    """The derivative of this order at 0+, those below it being finite."""
    broken = {
        key: value
        for key, value in expansion.terms.items()
        if order - 1 < key[0] < order or key[0] == order and key[1] > 0 or key[0] == order - 1 and key[1] < 0
    }
    if broken:
        key = min(broken, key=lambda key: (key[0], -key[1]))
        return math.inf * broken[key].sign()
    if not expansion.exact and expansion.order <= order:
        if expansion.wobble:
            algebra.reason = message("the difference quotient oscillates without a limit")
            return None
        raise Short
    return expansion.terms.get((Fraction(order), 0), ZERO) * whole(math.factorial(order))


def first_slope(expansion: OneSidedExpansion, before: Any, algebra: Expansions) -> Any:
    """The limit of (f(x + s) - f(x))/s."""
    if expansion.huge:
        return math.inf * expansion.huge
    if not algebra.switched:  # the way is continuous: the limit is the value
        terms = {key: value for key, value in expansion.terms.items() if key != AT_ZERO}
        step = OneSidedExpansion(
            terms, expansion.order, expansion.exact, expansion.wobble, expansion.flat, within=expansion.within
        )
    else:
        step = algebra.without(expansion, before)
    steep = {key: value for key, value in step.terms.items() if key[0] < 1 or key[0] == 1 and key[1] > 0}
    if steep:
        key = min(steep, key=lambda key: (key[0], -key[1]))
        if key[0] < step.order or step.within is not None:
            return math.inf * steep[key].sign()
    if not step.exact and step.order <= 1:
        return _slope_of_rest(step, algebra)
    return step.terms.get((Fraction(1), 0), ZERO)


def _slope_of_rest(step: OneSidedExpansion, algebra: Expansions) -> Any:
    """The limit of step/s, where the rest is what counts: it is away from 0, on both sides of it, or small."""
    if step.within is None and not step.wobble:
        raise Short
    if step.within is not None:
        if step.order == 1 and step.within.is_zero():
            return step.terms.get((Fraction(1), 0), ZERO)
        if step.order < 1 and (step.within > 0 or step.within < 0):
            return math.inf if step.within > 0 else -math.inf
        if step.order < 1 and not straddles(step.within):
            raise Unknown(message("a value that oscillates without a limit"))
    if not step.wobble:
        raise Unknown(message("a value that oscillates without a limit"))
    algebra.reason = message("the difference quotient oscillates without a limit")
    return None


def is_formally_zero(program: Program, point: Sequence[float], combination: Combination, order: int) -> bool:
    """Whether a sum of derivatives along lines cancels in exact arithmetic: a ball around zero cannot tell."""
    limit = LIMITS[0] if order < LIMITS[0] else order + 1
    return any(_cancels(program, point, combination, order, Expansions(limit, written)) for written in (False, True))


def _cancels(
    program: Program, point: Sequence[float], combination: Combination, order: int, algebra: Expansions
) -> bool:
    total = ZERO
    try:
        before = evaluate_all(program, [algebra.constant(x) for x in point], algebra)
        for line, weight in combination:
            slope = _last(slopes_from(program, point, line, 1, before, order, algebra))
            if not isinstance(slope, Real):
                return False
            total = total + slope * whole(weight)
    except (Short, Unknown, Unresolved, Singular, Undefined):
        return False
    return total.is_zero()
