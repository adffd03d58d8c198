"""Whether the conditions that chose the path come out the same in exact arithmetic.

One pass of balls over the recording, no derivative: a comparison is an edge where both sides are equal,
decided by rounding where balls say otherwise than floats.
"""

from __future__ import annotations

from collections.abc import Callable
from math import floor, isfinite
from typing import TYPE_CHECKING, Literal

from diffcli.evaluate import evaluate
from diffcli.passes import prune
from diffcli.primitives import ARITY, CODE, COMPARISONS, INPUT

if TYPE_CHECKING:
    from diffcli.tracing.values import Trace

Doubt = Literal["edge", "rounding", "unknown"]

BITS = 512
"""Binary digits of the balls; a loop that doubles its errors may turn some 400 times."""

_HOLDS = {
    "lt": lambda sign: sign < 0, "le": lambda sign: sign <= 0, "gt": lambda sign: sign > 0,
    "ge": lambda sign: sign >= 0, "eq": lambda sign: sign == 0, "ne": lambda sign: sign != 0,
}  # fmt: skip


_STEPS: dict[int, Callable[..., bool]] = {
    **{CODE[name]: lambda a: isfinite(a) and a == floor(a) for name in ("floor", "ceil", "trunc")},
    CODE["round"]: lambda a: isfinite(a) and a - floor(a) == 0.5,
    CODE["sign"]: lambda a: a == 0,
    **{code: lambda *sides: len(set(sides)) < len(sides) for code in COMPARISONS},
    CODE["not"]: lambda _: False,
}
"""What is constant between jumps, and whether a finite argument stands at one."""


def unsure(trace: Trace) -> dict[int, Doubt]:
    """The comparisons that were decided and are not certain, by their equation."""
    decided = {decision.wire for decision in trace.decisions}
    decided |= {wire for edge in decided for wire in trace.edges.get(edge, ())}
    asked = {wire: comparison for wire, comparison in trace.comparisons.items() if wire in decided}
    signs = _signs(trace, [(comparison.left, comparison.right) for comparison in asked.values()])
    moving, jumping = _turned_by_a_step(trace)
    found: dict[int, Doubt] = {}
    for (wire, comparison), sign in zip(asked.items(), signs, strict=True):
        sides = {comparison.left, comparison.right}
        if sides & jumping:
            found[wire] = "edge"
        elif not sides & moving:  # whole numbers, as in floor(x) % 2 == 0
            continue
        elif not sign:  # both sides equal, or nothing proved
            if wire in trace.edges:
                found[wire] = "edge"
            elif sign == 0:
                found[wire] = "unknown"
        elif _HOLDS[comparison.name](sign) != bool(trace.number(wire)):
            found[wire] = "rounding"
    return found


def _turned_by_a_step(trace: Trace) -> tuple[set[int], set[int]]:
    """The equations that a small step moves, and those that it may make jump."""
    builder = trace.recording.builder
    moving: set[int] = set()
    jumping: set[int] = set()
    for k, code in enumerate(builder.ops):
        arguments = {(builder.a, builder.b, builder.c)[i][k] for i in range(ARITY[code])}
        if code == INPUT or arguments & moving and code not in _STEPS:
            moving.add(k)
        at_jump = code in _STEPS and arguments & moving and _STEPS[code](*map(trace.number, sorted(arguments)))
        if at_jump or arguments & jumping:
            jumping.add(k)
    return moving, jumping


def _signs(trace: Trace, sides: list[tuple[int, int]]) -> list[int | None]:
    """Of left - right in exact arithmetic: -1 or 1, 0 where that cannot be told from 0, None where it has no ball."""
    if not sides:
        return []
    from diffcli.algebras.series import SERIES, Singular, Undefined, Unresolved, working

    program = prune(trace.recording.builder.program([wire for pair in sides for wire in pair]))
    try:
        with working(BITS, 1):
            values = evaluate(program, [SERIES.constant(x) for x in trace.recording.point], SERIES)
            differences = [one[0] - other[0] for one, other in zip(values[::2], values[1::2], strict=True)]
            return [1 if ball > 0 else -1 if ball < 0 else 0 for ball in differences]
    except (Singular, Undefined, Unresolved):
        return [None] * len(sides)
