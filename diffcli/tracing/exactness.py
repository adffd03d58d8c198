"""Whether the conditions that chose the path come out the same all around the point, in exact arithmetic.

One pass of balls over the recording, no derivative. The path is proved where every comparison has its sides apart,
as the floats had them, and neither side jumps at the point: then both are continuous there, and a whole
neighbourhood goes the same way.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Literal

from diffcli.core.passes import prune
from diffcli.core.primitives import ARITY, CODE, COMPARISONS, CONST, INPUT, PARAMETRIC, SELECT

if TYPE_CHECKING:
    from diffcli.core.program import Program
    from diffcli.tracing.values import Comparison, Trace

Doubt = Literal["edge", "rounding", "unknown"]

BITS = (512, 4096)
"""Binary digits of the balls; a loop that doubles its errors may turn some 400 times, and 4,000 where that is asked."""

_HOLDS = {
    "lt": lambda sign: sign < 0, "le": lambda sign: sign <= 0, "gt": lambda sign: sign > 0,
    "ge": lambda sign: sign >= 0, "eq": lambda sign: sign == 0, "ne": lambda sign: sign != 0,
}  # fmt: skip

_CONSTANT = frozenset(CODE[name] for name in ("floor", "ceil", "trunc", "round", "sign", "not")) | COMPARISONS
"""What is constant between its jumps."""

_JUMPS: dict[int, Callable[..., bool]] = {
    **{CODE[name]: lambda a: a.contains_integer() for name in ("floor", "ceil", "trunc")},
    CODE["round"]: lambda a: (a - 0.5).contains_integer(),
    **{CODE[name]: lambda a, *_: a.contains(0) for name in ("sign", "heaviside", "pow")},
    **{CODE[name]: lambda a, b: (a / b).contains_integer() or b.contains(0) for name in ("mod", "fmod")},
    CODE["atan2"]: lambda a, b: a.contains(0) and not b > 0,
    **{code: lambda a, b: (a - b).contains(0) for code in COMPARISONS},
}
"""What is not continuous everywhere, and whether it may jump for arguments in these balls."""


def unsure(trace: Trace) -> dict[int, Doubt]:
    """The comparisons that were decided and are not proved to come out the same all around, by their equation."""
    decided = {decision.wire for decision in trace.decisions}
    decided |= {wire for edge in decided for wire in trace.edges.get(edge, ())}
    asked = {wire: comparison for wire, comparison in trace.comparisons.items() if wire in decided}
    found: dict[int, Doubt | None] = {}
    for bits in BITS:
        left = {wire: comparison for wire, comparison in asked.items() if found.get(wire, "unknown") == "unknown"}
        found |= _doubts(trace, left, bits)
    equal: dict[int, Doubt | None] = {
        wire: "edge" for wire, doubt in found.items() if doubt == "unknown" and wire in trace.edges
    }
    return {wire: doubt for wire, doubt in (found | equal).items() if doubt}


def _doubts(trace: Trace, asked: dict[int, Comparison], bits: int) -> dict[int, Doubt | None]:
    if not asked:
        return {}
    from diffcli.truth.series import working

    sides = [wire for comparison in asked.values() for wire in (comparison.left, comparison.right)]
    program = prune(trace.recording.builder.program(sides))
    with working(bits, 1):
        values, moves, jumps = balls(program, trace.recording.point)
        pairs = zip(program.outputs[::2], program.outputs[1::2], strict=True)
        found: dict[int, Doubt | None] = {}
        for (wire, comparison), (left, right) in zip(asked.items(), pairs, strict=True):
            one, other = values[left], values[right]
            apart = None if one is None or other is None else one - other
            if jumps[left] or jumps[right]:
                found[wire] = "edge"
            elif not (moves[left] or moves[right]):  # whole numbers, as in floor(x) % 2 == 0
                found[wire] = None
            elif apart is None or apart.contains(0):
                found[wire] = "unknown"
            else:
                same = _HOLDS[comparison.name](1 if apart > 0 else -1) == bool(trace.number(wire))
                found[wire] = None if same else "rounding"
    return found


def balls(program: Program, point: Sequence[float]) -> tuple[list[Any], list[bool], list[bool]]:
    """Of every equation its ball, if it has one; whether a small step moves it; and whether it may make it jump."""
    from diffcli.truth.series import SERIES, Singular, Undefined, Unresolved

    values: list[Any] = []
    moves: list[bool] = []
    jumps: list[bool] = []
    for k, code in enumerate(program.ops):
        places = program.arguments(k) if ARITY[code] else ()
        arguments = [values[place] for place in places]
        moved = any(moves[place] for place in places)
        moves.append(code == INPUT or moved and code not in _CONSTANT)
        jump = moved and code in _JUMPS and (None in arguments or _JUMPS[code](*arguments))
        jumps.append(jump or any(jumps[place] for place in places))
        try:
            values.append(_ball(program, k, code, arguments, point, SERIES))
        except (Singular, Undefined, Unresolved):
            at_kink = _AT_KINKS.get(code)
            values.append(at_kink(*arguments) if at_kink else None)
    return values, moves, jumps


_AT_KINKS: dict[int, Callable[..., Any]] = {
    CODE["abs"]: abs,
    CODE["min"]: lambda a, b: a.min(b),
    CODE["max"]: lambda a, b: a.max(b),
    CODE["relu"]: lambda a: a.max(0),
}
"""What has a value where it has no series."""


def _ball(program: Program, k: int, code: int, arguments: list[Any], point: Sequence[float], series: Any) -> Any:
    if code == CONST:
        return series.constant(program.constants[program.a[k]])[0]
    if code == INPUT:
        return series.constant(point[program.a[k]])[0]
    if code == SELECT:
        condition, yes, no = arguments
        if condition is not None and not (condition.contains(0) and condition.contains(1)):
            return no if condition.contains(0) else yes
        return None if yes is None or no is None else yes.union(no)
    if None in arguments:
        return None
    given = [series.constant(0.0) + argument for argument in arguments]
    if PARAMETRIC[code]:
        given.append(program.parameter(k))
    return series.functions[code](*given)[0]
