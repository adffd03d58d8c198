"""The certified truth: value and derivative of the exact function at the exact point, proved.

First by two-sided power series of balls, with rising precision until every
number is known to a relative 2^-113. Where a series does not exist (a kink, a
tie, a switch, a zero under a root) one-sided expansions decide between a
derivative, two one-sided ones, a vertical tangent and a jump: it is the
derivative of the function, whatever its formula. It shares no derivative rule
with any method under test: the knowledge is FLINT's series arithmetic.
"""

from __future__ import annotations

import copyreg
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache, partial
from typing import Any, Literal, TypeVar

from flint import arb

from diffcli.algebras.germs import AT_ZERO, ZERO, Germ, Germs, Short, Unknown
from diffcli.algebras.germs import variable as germ_variable
from diffcli.algebras.reals import Real, real
from diffcli.algebras.series import SERIES, Singular, Undefined, Unresolved, working
from diffcli.algebras.series import variable as series_variable
from diffcli.evaluate import evaluate, evaluate_again, evaluate_all
from diffcli.program import Program

PRECISIONS = (160, 320, 640, 1280, 2560, 5120, 10240, 20480)
"""Bits tried, until a ball is tight; (1 - cos x)/x^2 at 1e-300 needs some 2,000."""

RELATIVE_BITS = 113
"""A number is certified when its radius is below 2^-113 of it: some 34 digits."""

FORMAL = 640
"""A ball still around zero at this precision is tried in exact arithmetic."""

DIGITS = 33
LIMITS = (4, 8, 16, 32)
"""Orders to which one-sided expansions are carried."""

Status = Literal["certified", "not-differentiable", "undefined", "undecided", "unavailable"]
Ball = Any
OneSided = Any
"""A ball, or the float infinity of a vertical tangent, or None where there is none."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Truth:
    """Balls for value and derivative entries, or why there are none.

    `derivative[i]` is None where the entry does not exist; then `left[i]` and
    `right[i]` are the one-sided derivatives (an infinity where vertical, None where none).
    """

    status: Status
    bits: int
    value: Ball | None = None
    derivative: tuple[Ball | None, ...] | None = None
    left: tuple[OneSided, ...] | None = None
    right: tuple[OneSided, ...] | None = None
    reason: str | None = None


NOWHERE = "nowhere"
"""Stands for a side on which the function has no values."""


def _pickled(ball: Ball) -> tuple[Any, ...]:
    """Balls travel between processes as midpoint and radius, exactly."""
    if not ball.is_finite():
        return arb, (float(ball),)
    parts = [tuple(map(int, part.man_exp())) for part in (ball.mid(), ball.rad())]
    return _unpickled, (*parts[0], *parts[1])


def _unpickled(mantissa: int, exponent: int, radius_mantissa: int, radius_exponent: int) -> Ball:
    return arb((mantissa, exponent), (radius_mantissa, radius_exponent))


copyreg.pickle(arb, _pickled)


class Undecided(Exception):
    """No precision or order tried could tell; the text says what."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One partial derivative: `derivative`, or None with what there is from each side."""

    derivative: Ball | None
    left: OneSided
    right: OneSided
    bits: int
    reason: str | None = None


def certify(program: Program, wrt: Sequence[int], point: Sequence[float]) -> Truth:
    """Prove the value of `program` at `point` and its partial derivatives in the inputs `wrt`."""
    try:
        at = cache(partial(_constants, program, point))
        value, bits = _value(program, point, at)
        entries = [_entry(program, point, i, at) for i in wrt]
    except Undefined as undefined:
        return Truth("undefined", PRECISIONS[0], reason=str(undefined))
    except Undecided as undecided:
        return Truth("undecided", PRECISIONS[-1], reason=str(undecided))
    bits = max([bits, *(entry.bits for entry in entries)])
    derivative = tuple(entry.derivative for entry in entries)
    if None not in derivative:
        edge = next((entry.reason for entry in entries if entry.reason), None)
        return Truth("certified", bits, value, derivative, reason=edge)
    left, right = (tuple(getattr(entry, side) for entry in entries) for side in ("left", "right"))
    reason = next((entry.reason for entry in entries if entry.derivative is None), None)
    return Truth("not-differentiable", bits, value, derivative, left, right, reason)


def tight(value: Ball) -> bool:
    """Whether a ball is narrow enough to be called known."""
    return bool(value.is_zero() or value.is_finite() and value.rel_accuracy_bits() >= RELATIVE_BITS)


# --- the regular case: two-sided series
def _constants(program: Program, point: Sequence[float], bits: int) -> list[Any]:
    """The value of every equation at the point, as series that are constant; at `bits`, now working."""
    del bits
    return evaluate_all(program, [SERIES.constant(x) for x in point], SERIES)


def _value(program: Program, point: Sequence[float], at: Callable[[int], list[Any]]) -> tuple[Ball, int]:
    for bits in PRECISIONS:
        with working(bits, 2):
            try:
                value = at(bits)[program.outputs[0]][0]
            except Unresolved:
                continue
            except Singular:
                break
            if tight(value):
                return value, bits
    return _value_at(program, point)


def _entry(program: Program, point: Sequence[float], i: int, at: Callable[[int], list[Any]]) -> Entry:
    reason = None
    for bits in PRECISIONS:
        with working(bits, 2):
            try:
                derivative = evaluate_again(program, at(bits), i, series_variable(arb(point[i])), SERIES)[0][1]
            except Unresolved:
                continue
            except Singular as singular:
                reason = str(singular)
                break
            if tight(derivative):
                return Entry(derivative, derivative, derivative, bits)
            if bits == FORMAL and _is_formally_zero(program, point, i):
                return Entry(arb(0), arb(0), arb(0), bits)
    else:
        reason = "the derivative is too close to zero, or to a switch, to be told"
    return _one_sided_entry(program, point, i, reason)


def _is_formally_zero(program: Program, point: Sequence[float], i: int) -> bool:
    """Whether the derivative cancels in exact arithmetic: a ball around zero cannot tell."""
    germs = Germs(LIMITS[0])
    try:
        before = evaluate(program, [germs.constant(x) for x in point], germs)[0].constant
        slope = _derivative_from(program, point, i, 1, before, germs)
    except (Short, Unknown, Unresolved, Singular, Undefined):
        return False
    return isinstance(slope, Real) and slope.is_zero()


# --- the singular case: a value by exact arithmetic, expansions from each side
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


def _value_at(program: Program, point: Sequence[float]) -> tuple[Ball, int]:
    def compute(germs: Germs) -> Ball:
        (germ,) = evaluate(program, [germs.constant(x) for x in point], germs)
        value = germ.constant.ball
        if not tight(value):
            raise Unresolved
        return value

    return _retrying(compute, "the value at the point")


def _one_sided_entry(program: Program, point: Sequence[float], i: int, reason: str) -> Entry:
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
    inputs[i] = germ_variable(real(Fraction(point[i])), direction)
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


def digits(value: Ball) -> str:
    """A certified ball as decimal text: 33 significant digits, fewer where that is exact.

    >>> digits(arb(5.5))
    '5.5'
    """
    if value.is_zero():
        return "0"
    if not value.is_finite():
        return "Infinity" if value > 0 else "-Infinity" if value < 0 else "NaN"
    written: str = value.mid().str(DIGITS, radius=False)
    mantissa, _, exponent_text = written.partition("e")
    prefix = "-" if mantissa[0] == "-" else ""
    before, _, after = mantissa.lstrip("-").partition(".")
    figures = (before + after).lstrip("0")
    # the decimal point stands after this many figures
    shift = len(before) + int(exponent_text or 0) - (len(before + after) - len(figures))
    text = figures.rstrip("0")
    if not -5 < shift <= 21:
        return f"{prefix}{text[0]}.{text[1:] or '0'}e{shift - 1}"
    if shift <= 0:
        return f"{prefix}0.{'0' * -shift}{text}"
    if shift >= len(text):
        return prefix + text + "0" * (shift - len(text))
    return f"{prefix}{text[:shift]}.{text[shift:]}"
