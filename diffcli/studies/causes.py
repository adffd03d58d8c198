"""Why one operation spoils a number: what cancels or is magnified, what leaves the domain or the range of float64."""

from __future__ import annotations

import math
import sys

from diffcli.core.primitives import PRIMITIVES
from diffcli.locale.language import tr, translate_message
from diffcli.studies.nodes import Part, Spot, parts
from diffcli.truth.accuracy import Ball, nearest

LARGEST_FLOAT, SMALLEST_NORMAL = sys.float_info.max, sys.float_info.min


def why_lost(part: Part) -> str:
    """Why one operation loses bits that its operands still have."""
    for value, exact in zip(part.operands, part.exacts, strict=True):
        if math.isinf(value):
            return tr("what it reads is beyond the largest float64, {number}", number=f"{LARGEST_FLOAT:.1e}")
        if underflowed(value, exact):
            return tr("what it reads is below the smallest normal float64, {number}", number=f"{SMALLEST_NORMAL:.1e}")
    if part.name in ("add", "sub") and abs(part.value) <= max(map(abs, part.operands)) / 2:
        if part.value == 0:
            return tr(_NOTHING_LEFT[part.name])
        bits = math.log2(max(map(abs, part.operands)) / abs(part.value))
        return tr(_CANCEL[part.name], bits=f"{bits:.0f}")
    if part.before < 0.05:
        return tr("{name} itself is not computed to the last digit here", name=part.name)
    template = "{name} magnifies an error of what it reads, about {times} times"
    return tr(template, name=part.name, times=f"{2**part.step:,.0f}")


_NOTHING_LEFT = {
    "add": "two nearly opposite numbers are added, and nothing is left",
    "sub": "two nearly equal numbers are subtracted, and nothing is left",
}
_CANCEL = {
    "add": "two nearly opposite numbers are added, and their first {bits} bits cancel",
    "sub": "two nearly equal numbers are subtracted, and their first {bits} bits cancel",
}


def underflowed(value: float, exact: Ball | None) -> bool:
    """Whether a number is too small for float64, and not merely cancelled."""
    known = exact is not None and not exact.is_zero()
    return known and abs(value) < SMALLEST_NORMAL and abs(nearest(exact)) < SMALLEST_NORMAL


def why_not_finite(spot: Spot, primal: bool) -> str:
    """Why NaN or infinity begins in a number; only a `primal` leaves a domain."""
    if primal and spot.reason and all(math.isfinite(read.value) for read in spot.reads):
        return tr("it leaves the domain ({reason})", reason=translate_message(spot.reason))
    broken = sorted(
        (read for read in spot.reads if not math.isfinite(read.value)), key=lambda read: math.isinf(read.value)
    )
    asked = math.isnan if math.isnan(spot.value) else math.isinf
    part = next((part for part in parts(spot) if asked(part.value)), None)
    if part is None:
        return tr("it is not finite")
    reads = tr("it reads {name}", name=broken[0].name) if broken else ""
    if broken and any(operand != operand for operand in part.operands):
        return reads
    return _indefinite(part) or reads or _out_of_range(part)


def _indefinite(part: Part) -> str:
    """The forms that IEEE arithmetic answers with NaN or infinity."""
    a, b = (*part.operands, 1.0, 1.0)[:2]
    if part.name == "div" and b == 0:
        return tr("0/0 is NaN" if a == 0 else "a division by zero")
    if part.name == "div" and math.isinf(a) and math.isinf(b):
        return tr("inf/inf is NaN")
    if part.name == "mul" and math.isnan(part.value):
        return tr("0*inf is NaN")
    if part.name in ("add", "sub") and math.isnan(part.value):
        return tr("inf - inf is NaN")
    if part.name in ("pow", "powc") and a == 0:
        return tr("a negative power of 0")
    return ""


def _out_of_range(part: Part) -> str:
    if part.exact is not None and math.isinf(part.value):
        return tr("the number is beyond the largest float64, {number}", number=f"{LARGEST_FLOAT:.1e}")
    domain = PRIMITIVES[part.code].except_at
    template = "{made} is not finite, which has no value at {places}" if domain else "{made} is not finite"
    return tr(template, made=part.filled, places=domain and tr(domain))
