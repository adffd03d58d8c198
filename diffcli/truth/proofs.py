"""What studies ask the truth beyond one derivative: every equation, whole intervals, roots.

The same balls and series as in `truth`, on the same fence: no rule of ours is
read here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_CEILING, Context
from itertools import pairwise
from math import factorial, inf, isfinite, isinf, nextafter, ulp
from typing import Any

from flint import arb, ctx

from diffcli.core.evaluate import dependences, evaluate_again, evaluate_all
from diffcli.core.passes import prune
from diffcli.core.primitives import CODE, INPUT
from diffcli.core.program import Functions, Program
from diffcli.runtime.messages import Message, message, message_of
from diffcli.truth.accuracy import PRECISIONS, Ball, Undecided, nearest, tight
from diffcli.truth.certify import Line, Scene, derivatives_along, line_along, proved_values, told
from diffcli.truth.series import FORMAL, SERIES, Singular, Undefined, Unresolved, working
from diffcli.truth.series import variable as series_variable

DETACH = CODE["detach"]


# --- every equation of a straight program
@dataclass(frozen=True, slots=True)
class Known:
    """What is proved of one equation: its value, a slope, and where there is none, why."""

    value: Ball | None
    slope: Ball | None
    reason: Message | None = None


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
_UNTOLD = message("too close to a switch, or to zero, to be told")


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
            return Known(None, None, message_of(fault) if str(fault) else _UNTOLD)
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
        return Known(value, None, message_of(fault))
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


# --- Taylor's coefficients and remainders
def coefficients(program: Program, variable: int, point: Sequence[float], order: int) -> list[Ball]:
    """The Taylor coefficients f^(k)/k! of the first output in one variable, as far as they are proved.

    They are those of `certify`: detached copies are held at their values at the point (see `detached`).
    """
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


# --- whole intervals: bounds, and roots
class _Itself:
    """Series of the function itself: a detached copy has the value of what it copies, and moves with it.

    Only derivatives do not see through `detach`; roots, bounds and values are the function's.
    """

    functions = Functions(lambda code: (lambda copied: copied) if code == DETACH else SERIES.functions[code])
    constant = staticmethod(SERIES.constant)
    decide = staticmethod(SERIES.decide)


_ITSELF = _Itself()


def _over(program: Program, variable: int, point: Sequence[float], interval: Ball) -> Sequence[Ball] | None:
    """Balls that hold f(s), f'(s), f''(s)/2, … for every s of `interval`; None where none are found.

    Theorem (inclusion, Moore 1966, ch. 3; Taylor arithmetic, ch. 11): an operation on balls holds the operation on
    every choice of their numbers. Each operation here has a series at every point of the balls it is given, and
    every condition comes out the same on all of them: otherwise it raises. So f is analytic on all of `interval`.

    A program that holds on one path alone, as that of a Python function, is not known to be the function elsewhere.
    """
    if program.guards:
        return None
    inputs = [SERIES.constant(x) for x in point]
    inputs[variable] = series_variable(interval)
    try:
        series = evaluate_all(program, inputs, _ITSELF)[program.outputs[0]]
    except (Undefined, Singular, Unresolved):
        return None
    found = [series[k] for k in range(ctx.cap)]
    return found if all(ball.is_finite() for ball in found) else None


def analytic(program: Program, variable: int, point: Sequence[float]) -> bool:
    """Whether f is proved to be analytic in one variable at a point, as a composition of what is (see `_over`)."""
    with working(PRECISIONS[0], 2):
        return _over(program, variable, point, arb(point[variable])) is not None


def detached(program: Program, variable: int) -> bool:
    """Whether a detached copy depends on the variable: then `coefficients` need not be the function's own."""
    if DETACH not in program.ops:
        return False
    copies = zip(program.ops, dependences(program), strict=True)
    return any(code == DETACH and inputs >> variable & 1 for code, inputs in copies)


_PIECES = (1, 2, 4, 8, 16, 32, 64, 128)
_SETTLED = 0.97


def lagrange(program: Program, variable: int, point: Sequence[float], x: float, order: int) -> float | None:
    """What |f(x) - sum_(k<=n) f^(k)(x0)/k! (x - x0)^k|, n the `order`, does not exceed; None where nothing is found.

    Theorem (Lagrange 1797): if f^(n+1) exists between x0 and x, closed, the remainder is f^(n+1)(s)/(n+1)!
    (x - x0)^(n+1) for some s between. The sum has the function's own coefficients only where nothing is detached.
    The distance is the exact one of the two floats, and every rounding is upwards.
    """
    if detached(program, variable):
        return None
    most = largest(program, variable, point, (point[variable], x), order + 1)
    if most is None:
        return None
    with working(PRECISIONS[0], 1):
        return above(most * abs(arb(x) - arb(point[variable])) ** (order + 1))


def largest(program: Program, variable: int, point: Sequence[float], ends: tuple[float, float], k: int) -> Ball | None:
    """A number that |f^(k)(s)/k!| nowhere exceeds for s between `ends`, proved; None where none is found.

    Balls that hold whole pieces of the interval go through the series (see `_over`), and the pieces cover it;
    more pieces, until that gains little.
    """
    low, high = min(ends), max(ends)
    best: Ball | None = None
    for pieces in _PIECES:
        with working(PRECISIONS[0], k + 1):
            cuts = [arb(low) + (arb(high) - arb(low)) * i / pieces for i in range(pieces + 1)]
            parts = [_over(program, variable, point, a.union(b)) for a, b in pairwise(cuts)]
            known = [part[k].abs_upper() for part in parts if part is not None]
            if len(known) < pieces:
                continue
            bound = max(known)
            settled = best is not None and not bound < best * _SETTLED
            best = bound if best is None or bound < best else best
        if settled:
            break
    return best


@dataclass(frozen=True, slots=True)
class Root:
    """A proved zero of f, and a distance within which it is the only one."""

    value: Ball
    alone: float


def root(program: Program, variable: int, point: Sequence[float], near: float) -> Root | None:
    """The zero near `near`, if a step of interval Newton proves one.

    Theorem (Moore 1966, ch. 7): let m be in the interval X, f differentiable on it, and 0 not in F, which holds f'(s)
    for every s of X. Every zero of f in X is in N(X) = m - f(m)/F. If N(X) is inside X, there is exactly one.
    """
    with working(2 * PRECISIONS[0], 2):
        for radius in _radii(near):
            interval = arb(near, radius)
            zeros = _newton(program, variable, point, arb(near), interval)
            if zeros is None or not interval.contains_interior(zeros):
                continue
            zero = _narrowed(program, variable, point, zeros)
            # the interval reaches this far on either side of the zero
            reach = arb(radius) - abs(zero - arb(near)).abs_upper()
            return Root(zero, below(reach)) if reach > 0 else None
    return None


def rootless(program: Program, variable: int, point: Sequence[float], near: float) -> float | None:
    """A distance from `near` within which f has no zero, if one is found.

    Theorem (mean value): let m be in X, and F hold f'(s) for every s of X; then f(s) is in f(m) + F (X - m) for all s.
    Where 0 is not in F this says that N(X) of interval Newton and X have nothing in common.
    """
    with working(2 * PRECISIONS[0], 2):
        here = _over(program, variable, point, arb(near))
        if here is None or here[0].contains(0):
            return None
        for radius in _radii(near):
            interval = arb(near, radius)
            around = _over(program, variable, point, interval)
            if around is None:
                continue
            if not (here[0] + around[1] * arb(0, radius)).contains(0) or not around[0].contains(0):
                return below(arb(radius))
    return None


_WIDEST, _NARROWED = 1024.0, 100


def _radii(near: float) -> Iterator[float]:
    """Radii of the intervals tried, the widest first; the last is of neighbouring floats."""
    radius, least = _WIDEST * max(1.0, abs(near)), ulp(near) if near else _WIDEST * 2.0**-_DEEP
    while radius >= least and isfinite(radius):
        yield radius
        radius /= 2


_DEEP = 160
"""How often an interval around 0, where floats have no spacing, is halved."""


def _newton(program: Program, variable: int, point: Sequence[float], middle: Ball, interval: Ball) -> Ball | None:
    """N(X): where the zeros of `interval` are, if it has any; None where that is not known."""
    here, around = _over(program, variable, point, middle), _over(program, variable, point, interval)
    if here is None or around is None or around[1].contains(0):
        return None
    return middle - here[0] / around[1]


def _narrowed(program: Program, variable: int, point: Sequence[float], zeros: Ball) -> Ball:
    """An interval that holds exactly one zero, narrowed: the zero is in X and in N(X), which therefore overlap.

    A float at which f is exactly 0 is the zero.
    """
    for _ in range(_NARROWED):
        exact = arb(0 if zeros.contains(0) else nearest(zeros))
        value = _over(program, variable, point, exact) if zeros.contains(exact) else None
        if value is not None and value[0].is_zero():
            return exact
        stepped = None if tight(zeros) else _newton(program, variable, point, zeros.mid(), zeros)
        if stepped is None or not stepped.rad() < zeros.rad():
            break
        zeros = zeros.intersection(stepped)
    return zeros


# --- bounds as they are shown: rounded to the side on which they stay true
def above(ball: Ball, figures: int = 4) -> float:
    """The smallest number of so many digits that is not below a ball; infinite beyond float64's range.

    >>> above(arb("0.12341"))
    0.1235
    """
    most = nearest(ball)
    while not arb(most) >= ball:
        most = nextafter(most, inf)
    return most if isinf(most) else float(Context(figures, ROUND_CEILING).create_decimal_from_float(most))


def below(ball: Ball, figures: int = 3) -> float:
    """The largest number of so many digits that is not above a ball.

    >>> below(arb("0.12379"))
    0.123
    """
    return -above(-ball, figures)
