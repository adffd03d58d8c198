"""What studies ask the truth beyond one derivative: every equation, whole intervals, roots.

The same balls and series as in `truth`, on the same fence: no rule of ours is
read here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from math import factorial, ulp
from typing import Any

from flint import arb

from diffcli.accuracy import PRECISIONS, Ball, Undecided, nearest, tight
from diffcli.algebras.series import FORMAL, SERIES, Singular, Undefined, Unresolved, working
from diffcli.algebras.series import variable as series_variable
from diffcli.evaluate import evaluate_again, evaluate_all
from diffcli.passes import prune
from diffcli.primitives import CODE, INPUT
from diffcli.program import Functions, Program
from diffcli.truth import Line, Scene, derivatives_along, line_along, proved_values, told

DETACH = CODE["detach"]


# --- every equation of a straight program
@dataclass(frozen=True, slots=True)
class Known:
    """What is proved of one equation: its value, a slope, and where there is none, why."""

    value: Ball | None
    slope: Ball | None
    reason: str | None = None


def _forgiving(code: int) -> Callable[..., Any] | None:
    """A function of series that hands on what went wrong, so that other equations are still known."""
    function = SERIES.functions[code]
    if function is None:
        return None
    apply: Callable[..., Any] = function

    def total(*arguments: Any) -> Any:
        for argument in arguments:
            if isinstance(argument, Exception):
                return argument
        try:
            return apply(*arguments)
        except (Undefined, Unresolved, Singular) as fault:
            return fault

    return total


class _Forgiving:
    functions = Functions(_forgiving)
    constant = staticmethod(SERIES.constant)
    decide = staticmethod(SERIES.decide)


_FORGIVING = _Forgiving()
_UNTOLD = "too close to a switch, or to zero, to be told"


def every(program: Program, point: Sequence[float], slopes: Mapping[int, float]) -> list[Known]:
    """What series prove of every equation of a program without branches, along a line.

    What they do not prove has a reason; `alone` may know more of it.
    """
    found: list[Known] = [Known(None, None)] * len(program)
    open_ = set(range(len(program)))
    for bits in PRECISIONS[: PRECISIONS.index(FORMAL) + 1]:
        with working(bits, 2):
            inputs = [SERIES.constant(x) for x in point]
            for i, slope in slopes.items():
                inputs[i] = series_variable(arb(point[i]), arb(slope))
            values = evaluate_all(program, inputs, _FORGIVING)
            for k in sorted(open_):
                found[k] = _known(values[k], values[k])
                if found[k].reason != _UNTOLD:
                    open_.remove(k)
        if not open_:
            break
    return found


def _known(value: Any, series: Any) -> Known:
    """A value, and the slope of a series through it, as far as both are narrow."""
    for fault in (value, series):
        if isinstance(fault, Exception):
            return Known(None, None, str(fault) or _UNTOLD)
    ball, slope = value[0], series[1]
    if tight(ball) and tight(slope):
        return Known(ball, slope)
    return Known(ball if tight(ball) else None, slope if tight(slope) else None, _UNTOLD)


def alone(program: Program, equation: int, point: Sequence[float], slopes: Mapping[int, float]) -> Known:
    """What is proved of one equation by every means there is, as `certify` has them."""
    scene = Scene(prune(replace(program, outputs=(equation,), guards=())), point)
    value: Ball | None = None
    try:
        ((value, _),) = proved_values(scene)
        entry = told(*derivatives_along(scene, line_along(slopes)))
    except (Undefined, Undecided) as fault:
        return Known(value, None, str(fault))
    return Known(value, entry.derivative, None if entry.derivative is not None else entry.reason)


def sensitivities(program: Program, point: Sequence[float], output: int, equations: Sequence[int]) -> dict[int, Known]:
    """For each of `equations`, the slope of equation `output` when it alone is moved, at exact values.

    The equation is cut off from what made it and becomes a variable; the program has no branches.
    """
    found: dict[int, Known] = {}
    for bits in PRECISIONS[: PRECISIONS.index(FORMAL) + 1]:
        with working(bits, 2):
            values = evaluate_all(program, [SERIES.constant(x) for x in point], _FORGIVING)
            for k in equations:
                if k not in found or found[k].reason == _UNTOLD:
                    found[k] = _moved(program, values, output, k)
        if all(known.reason != _UNTOLD for known in found.values()):
            break
    return found


def _moved(program: Program, values: Sequence[Any], output: int, k: int) -> Known:
    if k == output:
        return Known(None, arb(1))
    if isinstance(values[k], Exception):
        return _known(values[k], values[k])
    fresh = len(program.inputs)
    columns = program.a[:]
    columns[k] = fresh
    ops = program.ops[:k] + bytes([INPUT]) + program.ops[k + 1 :]
    cut = replace(program, ops=ops, a=columns, outputs=(output,))
    (moved,) = evaluate_again(cut, values, {fresh: series_variable(values[k][0])}, _FORGIVING)
    return _known(values[k], moved)


def carried(program: Program, balls: Sequence[Ball | None]) -> list[Ball | None]:
    """Every equation of a program without branches at exact numbers; None where there is none to read."""
    with working(FORMAL, 1):
        unknown = Unresolved()
        inputs = [unknown if ball is None else SERIES.constant(ball) for ball in balls]
        values = evaluate_all(program, inputs, _FORGIVING)
    return [None if isinstance(value, Exception) or not value[0].is_finite() else value[0] for value in values]


# --- whole intervals: Taylor's remainder, and roots
def coefficients(program: Program, variable: int, point: Sequence[float], order: int) -> list[Ball]:
    """The Taylor coefficients f^(k)/k! of the first output in one variable, as far as they are proved."""
    scene, line = Scene(program, point), ((variable, 1.0),)
    found: dict[int, Ball] = {}
    for bits in PRECISIONS[: PRECISIONS.index(FORMAL) + 1]:
        with working(bits, order + 1):
            try:
                series = scene.along(line, bits, order + 1)[0]
            except Unresolved:
                continue
            except (Singular, Undefined):
                break
            found |= {k: series[k] for k in range(order + 1) if k not in found and tight(series[k])}
        if len(found) == order + 1:
            break
    return _completed(scene, line, order, found)


def _completed(scene: Scene, line: Line, order: int, found: Mapping[int, Ball]) -> list[Ball]:
    """What series left open, one by one by every means there is, up to the first that is not proved."""
    known: list[Ball] = []
    for k in range(order + 1):
        if k in found:
            known.append(found[k])
            continue
        try:
            value = told(*derivatives_along(scene, line, k)).derivative if k else proved_values(scene)[0][0]
        except (Undefined, Undecided):
            break
        if value is None:
            break
        with working(FORMAL, 2):
            known.append(value / factorial(k))
    return known


def remainders(
    program: Program, variable: int, point: Sequence[float], known: Sequence[Ball], x: float
) -> list[Ball] | None:
    """f(x) less the sum of the first 1, 2, … terms, whose coefficients are `known`; None where f(x) is not."""
    scene, there = Scene(program, point), [*point]
    there[variable] = x
    found: list[Ball] | None = None
    for bits in PRECISIONS[: PRECISIONS.index(FORMAL) + 1]:
        with working(bits, len(known)):
            try:
                rest = evaluate_all(program, [SERIES.constant(y) for y in there], SERIES)[program.outputs[0]][0]
            except (Undefined, Singular):
                return None
            except Unresolved:
                continue
            try:
                series = scene.along(((variable, 1.0),), bits, len(known))[0]
            except (Undefined, Singular, Unresolved):
                series = known
            found, power = [], arb(1)
            for k in range(len(known)):
                rest -= series[k] * power
                power *= arb(x) - arb(point[variable])
                found.append(rest)
        if all(map(tight, found)):
            break
    return found


_PIECES = (1, 2, 4, 8, 16, 32, 64, 128)
_SETTLED = 0.97


def largest(program: Program, variable: int, point: Sequence[float], ends: tuple[float, float], k: int) -> Ball | None:
    """A number that |f^(k)(s)/k!| nowhere exceeds for s between `ends`, proved; None where none is found.

    Balls that hold whole pieces of the interval go through the series; more pieces, until that gains little.
    """
    low, high = min(ends), max(ends)
    best: Ball | None = None
    for pieces in _PIECES:
        with working(PRECISIONS[0], k + 1):
            cuts = [arb(low) + (arb(high) - arb(low)) * i / pieces for i in range(pieces + 1)]
            parts = [_everywhere(program, variable, point, a.union(b), k) for a, b in pairwise(cuts)]
            known = [part.abs_upper() for part in parts if part is not None]
            if len(known) < pieces:
                continue
            bound = max(known)
            settled = best is not None and not bound < best * _SETTLED
            best = bound if best is None or bound < best else best
        if settled:
            break
    return best


def _everywhere(program: Program, variable: int, point: Sequence[float], interval: Ball, k: int) -> Ball | None:
    """A ball that holds f^(k)(s)/k! for every s of `interval`."""
    inputs = [SERIES.constant(x) for x in point]
    inputs[variable] = series_variable(interval)
    try:
        value = evaluate_all(program, inputs, SERIES)[program.outputs[0]][k]
    except (Undefined, Singular, Unresolved):
        return None
    return value if value.is_finite() else None


@dataclass(frozen=True, slots=True)
class Root:
    """A proved zero of f, and a distance within which it is the only one."""

    value: Ball
    alone: float


def root(program: Program, variable: int, point: Sequence[float], near: float) -> Root | None:
    """The zero near `near`, if a step of interval Newton proves one: m - f(m)/f'(X) inside X (Moore 1966)."""
    with working(2 * PRECISIONS[0], 2):
        value, slope = (_everywhere(program, variable, point, arb(near), k) for k in (0, 1))
        if value is None or slope is None or slope.contains(0):
            return None
        least = max(nearest(abs(value / slope)), ulp(near))
        radius, best = _WIDEST * max(1.0, abs(near)), None
        while radius >= least and best is None:
            interval = arb(near, radius)
            stepped = _newton(program, variable, point, arb(near), interval)
            if stepped is not None and interval.contains_interior(stepped):
                best = stepped, radius
            radius /= 2
        if best is None:
            return None
        found, alone = best
        for _ in range(_REFINED):
            stepped = _newton(program, variable, point, found.mid(), found)
            if stepped is None or tight(found):
                break
            found = found.intersection(stepped)
        left = nearest(alone - abs(found - arb(near)).abs_upper())
        return Root(found, _LESS * left)


_WIDEST, _REFINED, _LESS = 1024.0, 12, 0.99


def _newton(program: Program, variable: int, point: Sequence[float], middle: Ball, interval: Ball) -> Ball | None:
    """Where the zeros of `interval` are, if it has any."""
    value, slope = _everywhere(program, variable, point, middle, 0), _everywhere(program, variable, point, interval, 1)
    if value is None or slope is None or slope.contains(0):
        return None
    return middle - value / slope
