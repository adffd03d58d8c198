"""Where programs switch, and points worth trying beside it.

Two programs that agree at ordinary points may differ beyond a kink, a jump, an edge of a domain, or in a narrow window
between two of them. What they switch at is known: the argument of `abs`, the difference of the sides of a comparison,
what stands under a root, a divisor. Its zeros along lines are sought in float64, from a grid over all scales that knows
the literals; a zero found is in the next grid, since what switches may stand in what switches. Nothing is proved here:
what is found are points at which a proof is worth trying.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import combinations, pairwise
from math import inf, isfinite, isnan, nextafter
from typing import Any

from diffcli.core.evaluate import evaluate
from diffcli.core.passes import prune
from diffcli.core.primitives import CODE
from diffcli.core.program import Builder, Program
from diffcli.numbers.float64 import FLOAT64

_Zeros = Callable[..., list[int]]


def _minus(builder: Builder, a: int, b: int) -> list[int]:
    return [builder.apply("sub", a, b)]


def _around(*numbers: float) -> _Zeros:
    def zeros(builder: Builder, a: int, *_: int) -> list[int]:
        return [a if not number else builder.apply("sub", a, builder.constant(number)) for number in numbers]

    return zeros


_AT: dict[str, _Zeros] = {
    **dict.fromkeys(
        ("abs", "sign", "relu", "heaviside", "sqrt", "cbrt", "log", "log2", "log10", "pow", "powc"), _around(0.0)
    ),
    **dict.fromkeys(("lt", "le", "gt", "ge", "eq", "ne", "min", "max"), _minus),
    **dict.fromkeys(("floor", "ceil", "trunc"), _around(-1.0, 0.0, 1.0)),
    "round": _around(-0.5, 0.5),
    **dict.fromkeys(("asin", "acos", "atanh"), _around(-1.0, 1.0)),
    "acosh": _around(1.0), "log1p": _around(-1.0), "gamma": _around(0.0), "lgamma": _around(0.0),
    "div": lambda builder, a, b: [b], "xlogy": lambda builder, a, b: [b],
    **dict.fromkeys(("mod", "fmod", "hypot", "atan2"), lambda builder, a, b: [a, b]),
}  # fmt: skip
"""By primitive, what is zero where it switches, or where its domain ends."""

_BY_CODE = {CODE[name]: zeros for name, zeros in _AT.items()}


def switching(program: Program) -> Program:
    """What the program switches at: it does so, at most, where an output of this one is zero or has no value."""
    builder = Builder(program.inputs)
    builder.adopt(program)
    found: dict[int, None] = {}
    for k, code in enumerate(program.ops):
        zeros = _BY_CODE.get(code)
        if zeros is not None:
            found |= dict.fromkeys(zeros(builder, *program.arguments(k)))
    return prune(builder.program(list(found)))


def literals(program: Program) -> set[float]:
    """The literals of a program, and what two of them come to: they have the scales at which something happens."""
    alone = sorted({float(c) for c in program.constants if not isinstance(c, str) and isfinite(float(c))})[:_LITERALS]
    found = {*alone, *(-x for x in alone)}
    for a, b in combinations(alone, 2):
        found |= {a + b, a - b, b - a, a * b, *([a / b] if b else []), *([b / a] if a else [])}
    return {x for x in found if isfinite(x)}


_LITERALS = 12
_DECADES = tuple(m * 10.0**k for k in (-9, -6, -4, -3, -2, -1, 0, 1, 2, 3, 4, 6, 9, 12) for m in (1, 2, 5))
GRID = tuple(sorted({0.0, *_DECADES, *(-x for x in _DECADES)}))
_ROUNDS, _MOST_CUTS, _LOWER = 3, 24, 0.9


def cuts(quantities: Callable[[float], Sequence[float]], numbers: Iterable[float]) -> list[float]:
    """Zeros of the quantities, and ends of where they have a value, along a line."""
    grid, found = sorted({*GRID, *numbers}), dict[float, None]()
    known = {x: quantities(x) for x in grid}
    for _ in range(_ROUNDS):
        new = [x for x in _zeros(quantities, grid, known) if x not in found][:_MOST_CUTS]
        found |= dict.fromkeys(new)
        beside = {y for x in new for y in (x, nextafter(x, -inf), nextafter(x, inf)) if y not in known}
        if not beside:
            break
        known |= {x: quantities(x) for x in beside}
        grid = sorted(known)
    return sorted(found)


def _zeros(
    quantities: Callable[[float], Sequence[float]], grid: Sequence[float], known: dict[float, Sequence[float]]
) -> list[float]:
    found: dict[float, None] = {}
    for k in range(len(known[grid[0]])):

        def value(x: float, k: int = k) -> float:
            return quantities(x)[k]

        column = [known[x][k] for x in grid]
        found |= dict.fromkeys(x for x, y in zip(grid, column, strict=True) if y == 0)
        for (a, fa), (b, fb) in pairwise(zip(grid, column, strict=True)):
            if _side(fa) != _side(fb) and fa != 0 != fb and nextafter(a, inf) < b:
                found |= dict.fromkeys(_bisected(value, a, b))
        for a, b, c in zip(range(len(grid)), range(1, len(grid)), range(2, len(grid)), strict=False):
            if column[a] * column[b] > 0 and abs(column[b]) < _LOWER * min(abs(column[a]), abs(column[c])) < inf:
                found |= dict.fromkeys(_lowest(value, grid[a], grid[b], grid[c]))
    return list(found)


def _side(value: float) -> int:
    return 2 if isnan(value) else 1 if value > 0 else -1


def _bisected(value: Callable[[float], float], a: float, b: float) -> list[float]:
    """Two numbers side by side where a value changes its side, or the one where it is zero."""
    side = _side(value(a))
    for _ in range(100):
        middle = a + (b - a) / 2
        if not a < middle < b:
            break
        there = value(middle)
        if there == 0:
            return [middle]
        if _side(there) == side:
            a = middle
        else:
            b = middle
    return [a, b]


def _lowest(value: Callable[[float], float], a: float, middle: float, b: float) -> list[float]:
    """Where a quantity that keeps its sign at three points comes to zero between them, if it does: by thirds."""
    least = abs(value(middle))
    if not least:
        return []
    side, highest = _side(value(middle)), least
    left, right = a, b
    for _ in range(60):
        one, other = left + (right - left) / 3, right - (right - left) / 3
        f, g = value(one), value(other)
        for x, y in ((one, f), (other, g)):
            if y == 0:
                return [x]
            if _side(y) not in (side, 2):
                return [*_bisected(value, a, x), *_bisected(value, x, b)]
        if not one < other or isnan(f) or isnan(g):
            break
        left, right = (left, other) if abs(f) < abs(g) else (one, right)
    bottom = left + (right - left) / 2
    return [bottom, float(f"{bottom:.9g}")] if abs(value(bottom)) < 1e-9 * highest else []


def beside(found: Sequence[float]) -> list[float]:
    """Numbers on each side of every cut, near and not so near, and between and beyond them."""
    numbers: dict[float, None] = {}
    numbers |= dict.fromkeys(a + (b - a) / 2 for a, b in pairwise(found))
    if found:
        numbers |= dict.fromkeys([2 * found[0] - 1 if found[0] < 0 else -1.0 - found[0] / 2, 2 * abs(found[-1]) + 1])
    for x in found:
        width = abs(x) / 64 or 1 / 64
        numbers |= dict.fromkeys((x, x - width, x + width, nextafter(x, -inf), nextafter(x, inf)))
    return list(numbers)


def along(programs: Sequence[Program], point: dict[str, float], name: str) -> Callable[[float], list[float]]:
    """All outputs of the programs as functions of one input, the others as they are at `point`."""

    def quantities(x: float) -> list[float]:
        there = {**point, name: x}
        return [y for program in programs for y in _outputs(program, [there[n] for n in program.inputs])]

    return quantities


def _outputs(program: Program, inputs: Sequence[Any]) -> list[float]:
    try:
        return [float(y) for y in evaluate(program, inputs, FLOAT64)]
    except (ArithmeticError, ValueError):
        return [float("nan")] * len(program.outputs)
