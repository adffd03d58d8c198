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
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import Any, Literal

from flint import arb

from diffcli.accuracy import PRECISIONS, Ball, Entry, OneSided, Undecided, tight
from diffcli.algebras.series import SERIES, Singular, Undefined, Unresolved, working
from diffcli.algebras.series import variable as series_variable
from diffcli.evaluate import evaluate_again, evaluate_all
from diffcli.program import Program

FORMAL = 640
"""A ball still around zero at this precision is tried in exact arithmetic."""

DIGITS = 33
Status = Literal["certified", "not-differentiable", "undefined", "undecided", "unavailable"]


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


def _pickled(ball: Ball) -> tuple[Any, ...]:
    """Balls travel between processes as midpoint and radius, exactly."""
    if not ball.is_finite():
        return arb, (float(ball),)
    parts = [tuple(map(int, part.man_exp())) for part in (ball.mid(), ball.rad())]
    return _unpickled, (*parts[0], *parts[1])


def _unpickled(mantissa: int, exponent: int, radius_mantissa: int, radius_exponent: int) -> Ball:
    return arb((mantissa, exponent), (radius_mantissa, radius_exponent))


copyreg.pickle(arb, _pickled)


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
    from diffcli.sides import value_at

    return value_at(program, point)


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
    from diffcli.sides import one_sided_entry

    return one_sided_entry(program, point, i, reason)


def _is_formally_zero(program: Program, point: Sequence[float], i: int) -> bool:
    from diffcli.sides import is_formally_zero

    return is_formally_zero(program, point, i)


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
