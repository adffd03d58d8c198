"""How far a float is from a proved value: absolute, relative, ulps, bits; and verdicts.

    ulp(r, t) = |r - t| / spacing of float64 at t,      bits lost = log2(1 + ulp)

This room knows balls and floats, and no method.
"""

from __future__ import annotations

import math
import struct
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from flint import arb

from diffcli.runtime.messages import Message

MOST_BITS = 64.0
"""Bits lost are at most this many: nothing is left."""

PRECISIONS = (160, 320, 640, 1280, 2560, 5120, 10240, 20480)
"""Bits tried, until a ball is tight; (1 - cos x)/x^2 at 1e-300 needs some 2,000."""
RELATIVE_BITS = 113
"""A number is certified when its radius is below 2^-113 of it: some 34 digits."""

_NORMAL = sys.float_info.min
DOUBLE = 53
_SINGLE_SMALLEST = -149
"""The exponent of float32's smallest subnormal."""

Ball = Any
OneSided = Any
"""A ball, or the float infinity of a vertical tangent, or None where there is none."""

Verdict = Literal[
    "ok", "kink", "inaccurate", "nonfinite", "domain", "disagree", "no-truth", "unsupported", "timeout", "failed"
]


class Error(NamedTuple):
    """Distances of a float from the truth; `rel` is infinite where the truth is 0 and the float is not.

    `scale` is the size of the terms that cancel to a truth of exactly 0: `ulp` then counts their spacing.
    """

    absolute: float
    relative: float
    ulp: float
    scale: float | None = None


class Undecided(Exception):
    """No precision or order tried could tell; the text says what."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One partial derivative: `derivative`, or None with what there is from each side.

    `slopes` are the limits of the derivative from the left and from the right, where the function jumps.
    """

    derivative: Ball | None
    left: OneSided
    right: OneSided
    bits: int
    reason: Message | None = None
    slopes: tuple[OneSided, OneSided] | None = None


def tight(value: Ball) -> bool:
    """Whether a ball is narrow enough to be called known."""
    return bool(value.is_zero() or value.is_finite() and value.rel_accuracy_bits() >= RELATIVE_BITS)


def nearest(ball: Any) -> float:
    """The float64 nearest to the midpoint (FLINT rounds correctly); beyond the range an infinity."""
    return float(ball)


def spacing(value: float, digits: int = 53) -> float:
    """The distance of neighbouring numbers of float64, or of float32 (24 digits), at `value`.

    >>> spacing(1.0) == 2.0**-52, spacing(1.0, 24) == 2.0**-23
    (True, True)
    """
    if digits == DOUBLE:
        return math.ulp(value)
    if not math.isfinite(value):
        return value
    exponent = math.frexp(value)[1] - digits if value else _SINGLE_SMALLEST
    return math.ldexp(1.0, max(exponent, _SINGLE_SMALLEST))


def rounded(value: float, digits: int = 53) -> float:
    """The nearest number of float64, or of float32; beyond its range an infinity."""
    if digits == DOUBLE or not math.isfinite(value):
        return value
    try:
        return float(struct.unpack("f", struct.pack("f", value))[0])
    except OverflowError:
        return math.copysign(math.inf, value)


def shortest(value: float, digits: int = 53) -> float:
    """The decimal that is written for a number of float64, or of float32: with the fewest digits that give it back.

    >>> shortest(0.10000000149011612, 24)
    0.1
    """
    if digits == DOUBLE:
        return value
    decimals = (float(f"{value:.{figures}g}") for figures in range(1, 10))
    return next((decimal for decimal in decimals if rounded(decimal, digits) == value), value)


def error(result: float, truth: Any, digits: int = 53, scale: float | None = None) -> Error:
    """The distance of a float from a ball whose radius is negligible, in ulps of its number system.

    A truth beyond the range of its floats is met by the infinity of its sign. At a truth of exactly 0 an ulp is
    the spacing at `scale`, where there is one.
    """
    target = rounded(nearest(truth), digits)
    if math.isinf(target):
        return Error(0.0, 0.0, 0.0) if result == target else Error(math.inf, math.inf, math.inf)
    if not math.isfinite(result):
        return Error(math.inf, math.inf, math.inf)
    difference = abs(arb(result) - truth)
    distance = nearest(difference)
    at_zero = 0.0 if distance == 0 else math.inf
    relative = at_zero if truth.is_zero() else nearest(difference / abs(truth))
    scale = scale if truth.is_zero() else None
    ulp = spacing(scale or target, digits)
    ulps = distance / ulp  # by a power of two: exact among normal floats
    if not (_NORMAL <= distance < math.inf and ulps >= _NORMAL):
        ulps = nearest(difference / arb(ulp))
    return Error(distance, relative, ulps, scale)


def bits_lost(ulp: float) -> float:
    """log2(1 + ulp), at most 64.

    >>> bits_lost(0.0), bits_lost(float("inf"))
    (0.0, 64.0)
    """
    return min(MOST_BITS, math.log2(1 + ulp)) if math.isfinite(ulp) else MOST_BITS


def certified_verdict(entries: Sequence[tuple[float, Error, Any]], tolerance: float, digits: int = 53) -> Verdict:
    """The verdict on finite truths, for each entry a result, its error and the truth."""
    for result, _, truth in entries:
        if not math.isfinite(result) and result != rounded(nearest(truth), digits):
            return "nonfinite"
    return "ok" if all(error.ulp <= tolerance for _, error, _ in entries) else "inaccurate"


def between(
    result: float, left: Any, right: Any, tolerance: float, digits: int = 53, scale: float | None = None
) -> bool:
    """Whether a float lies between two one-sided derivatives (floats of either infinity included).

    The ends may be missed by `tolerance` ulps, an end of exactly 0 by those at `scale`; a missing side bounds nothing.
    """
    if math.isnan(result):
        return False
    ends = [(end if isinstance(end, float) else nearest(end), end) for end in (left, right) if end is not None]
    if not ends:
        return False
    (low, least), (high, most) = (choose(ends, key=lambda pair: pair[0]) for choose in (min, max))
    return low - _slack(least, tolerance, digits, scale) <= result <= high + _slack(most, tolerance, digits, scale)


def _slack(end: Any, tolerance: float, digits: int, scale: float | None) -> float:
    if isinstance(end, float):
        return 0.0
    size = scale if scale and is_zero(end) else nearest(end)
    return tolerance * spacing(size, digits) if math.isfinite(size) else 0.0


def meets(result: float, left: Any, right: Any, tolerance: float, digits: int = 53, scale: float | None = None) -> bool:
    """Whether a float is one of two limits of a derivative: within `tolerance` ulps, or the same infinity."""
    ends = [end for end in (left, right) if end is not None]
    return any(
        result == end if isinstance(end, float) else error(result, end, digits, scale).ulp <= tolerance for end in ends
    )


def is_zero(end: OneSided) -> bool:
    """Whether a limit is proved to be exactly 0."""
    return end is not None and not isinstance(end, float) and bool(end.is_zero())


def agree(rows: Sequence[Sequence[float]], tolerance: float, digits: int = 53) -> bool:
    """Whether the results of several methods are the same up to the tolerance, entry by entry."""
    for entries in zip(*rows, strict=True):
        first = entries[0]
        for other in entries[1:]:
            if other == first or math.isnan(other) and math.isnan(first):
                continue
            if not (math.isfinite(first) and math.isfinite(other)):
                return False
            if abs(other - first) > tolerance * spacing(max(abs(first), abs(other)), digits):
                return False
    return True
