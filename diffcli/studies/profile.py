"""Bits lost over a range of one variable: where each method is good, where it is not, and the worst points.

The grid shows the whole; ever closer looks around its worst points find worse ones
between. Every number is measured against the truth proved there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from statistics import median

from diffcli.locale.language import begun, listed, tr
from diffcli.methods import usual
from diffcli.problem.case import headline
from diffcli.problem.point import Number
from diffcli.runtime.errors import DiffError
from diffcli.runtime.messages import message
from diffcli.studies.losses import (
    LISTED,
    OVER,
    Losses,
    Point,
    apart,
    by_method,
    failures,
    held,
    moving_case,
    percent,
    proved,
    unproved,
    worst_of_all,
    worst_points,
    zoom,
)
from diffcli.studies.ranges import Range, read_ranges
from diffcli.studies.study import Axis, Curve, Plot, Progress, Study, silent
from diffcli.syntax.rendering import literal

STARTS = 4
"""Grid points that are searched around, for each method."""

BUDGET = 400
"""Points that one search may try."""

MOST = 1_000_000
"""Points of a grid."""


def profile(
    source: str,
    over: str,
    at: Mapping[str, Number],
    wrt: Sequence[str] | None = None,
    methods: Sequence[str] = usual("gradient"),
    logarithmic: bool | None = None,
    points: int = 200,
    timeout: float = 10.0,
    progress: Progress = silent,
) -> Study:
    """What `methods` lose on `points` points of one variable's range, and the worst points found.

    Where nobody says which steps, those of a range that spans decades are logarithmic.
    """
    ranges = read_ranges(over, bool(logarithmic), "--over")
    if len(ranges) != 1:
        raise DiffError(message("a profile is over one variable"), hint=message("hunt searches several"), kind="option")
    if not 2 <= points <= MOST:
        said = message("--points {points}: a profile has 2 to {most} points", points=points, most=f"{MOST:,}")
        raise DiffError(said, hint=message("write --points 200"), kind="option")
    (spread,) = ranges
    chosen = logarithmic is None and spread.spans_decades
    if chosen:
        ranges = (spread,) = (replace(spread, logarithmic=True),)
    losses = Losses(moving_case(source, ranges, at, wrt), ranges, methods, timeout)
    grid = [(x,) for x in spread.grid(points)]
    losses.told = lambda: progress(len(losses.samples), len(grid))
    for point in grid:
        losses(point)
    found = [point for name in losses.methods for point in _searched(losses, name, grid)]
    worst = {name: apart(losses, name, found, LISTED) for name in losses.methods}
    return Study(
        "profile",
        _heading(losses, spread, grid, chosen),
        (by_method(losses, grid, worst), *worst_points(losses, worst)),
        _plots(losses, spread, grid),
        (*_sentences(losses, spread, grid, worst), *unproved(losses, grid), *failures(losses)),
        _facts(losses, grid, worst),
    )


def _searched(losses: Losses, name: str, grid: Sequence[Point]) -> list[Point]:
    """What is found around the worst of the grid, its ends, zero, and where nothing is proved."""
    (spread,) = losses.ranges
    bare = [point for point in grid if not losses(point).losses]
    special = [grid[0], grid[-1], *bare[:1], *bare[-1:], *([(0.0,)] if spread.low < 0 < spread.high else [])]
    starts = dict.fromkeys([*apart(losses, name, grid, STARTS), *special])
    return [zoom(losses, name, start, 1.5 / len(grid), BUDGET) for start in starts]


def _heading(losses: Losses, spread: Range, grid: Sequence[Point], chosen: bool) -> tuple[str, ...]:
    case = losses.case
    beside = held(case, losses.ranges)
    scale = tr("logarithmic" if spread.logarithmic else "even")
    if chosen:
        scale = tr("logarithmic (even steps: --even)")
    if len(spread.parts) == 2:
        (_, below), (above, _) = spread.parts
        scale = tr(_EITHER_SIDE, below=literal(below), above=literal(above))
    template = "{range}, {points} points, {scale}{beside}; derivative by {names}"
    names = ", ".join(case.wrt)
    return (
        headline(case),
        tr(template, range=spread.text, points=f"{len(grid):,}", scale=scale, beside=beside, names=names),
    )


_EITHER_SIDE = "logarithmic on either side of zero, down to {below} and {above}"


# --- in words
def _sentences(losses: Losses, spread: Range, grid: Sequence[Point], worst: Mapping[str, Sequence[Point]]) -> list[str]:
    said: dict[tuple[str, ...], list[str]] = {}
    for name in losses.methods:
        said.setdefault(_behaviour(losses, name, spread, grid), []).append(name)
    sentences = [begun(_lose(names, *found)) for found, names in said.items() if found]
    return sentences + worst_of_all(losses, worst)


def _behaviour(losses: Losses, name: str, spread: Range, grid: Sequence[Point]) -> tuple[str, ...]:
    """Where a method loses much: bits, part of the points and region; or the most and the median."""
    lost = proved(losses, name, grid)
    if not lost:
        return ()
    for bits in reversed(OVER):
        bad = [point[0] for point in grid if losses.lost(name, point) > bits]
        if bad:
            part = percent(lost, bits)
            where = "" if part == 100 else _region(spread, bad, [x for (x,) in grid])
            return f"{bits:.0f}", tr("all") if part == 100 else f"{part:.2g} %", where
    return f"{max(lost):.1f}", f"{median(lost):.1f}"


def _lose(names: Sequence[str], bits: str, part: str, where: str | None = None) -> str:
    one, who = len(names) == 1, listed(names)
    if where is None:
        template = _LITTLE_OF_ONE if one else _LITTLE
        return tr(template, who=who, bits=bits, median=part)
    if not where:
        template = "{who} loses more than {bits} bits at {part} of the points." if one else _EVERYWHERE
        return tr(template, who=who, bits=bits, part=part)
    return tr(_SOMEWHERE_OF_ONE if one else _SOMEWHERE, who=who, bits=bits, part=part, where=where)


_LITTLE_OF_ONE = "{who} loses {bits} bits at most on these points, {median} in the median."
_LITTLE = "{who} lose {bits} bits at most on these points, {median} in the median."
_EVERYWHERE = "{who} lose more than {bits} bits at {part} of the points."
_SOMEWHERE_OF_ONE = "{who} loses more than {bits} bits at {part} of the points, all of them with {where}."
_SOMEWHERE = "{who} lose more than {bits} bits at {part} of the points, all of them with {where}."


GAP = 0.05
"""Stretches of a grid closer than this part of it are told as one."""


def _region(spread: Range, bad: Sequence[float], grid: Sequence[float]) -> str:
    """The stretches that hold all of `bad`: an interval around zero by magnitude, others by their ends."""
    name = spread.name
    places = {x: k for k, x in enumerate(grid)}
    stretches: list[list[float]] = []
    for x in bad:
        near = stretches and places[x] - places[stretches[-1][-1]] <= max(2, GAP * len(grid))
        stretches[-1].append(x) if near else stretches.append([x])
    if len(stretches) > 3:
        stretches = [list(bad)]
    elif len(stretches) == 1 and bad[0] < 0 < bad[-1]:
        return f"|{name}| ≤ {literal(max(map(abs, bad)))}"
    return listed([_interval(name, stretch, grid) for stretch in stretches], "{first} or {last}")


def _interval(name: str, stretch: Sequence[float], grid: Sequence[float]) -> str:
    low, high = stretch[0], stretch[-1]
    if low == high:
        return f"{name} = {literal(low)}"
    if low == grid[0]:
        return f"{name} ≤ {literal(high)}"
    if high == grid[-1]:
        return f"{name} ≥ {literal(low)}"
    return f"{literal(low)} ≤ {name} ≤ {literal(high)}"


# --- for plots and programs
def _plots(losses: Losses, spread: Range, grid: Sequence[Point]) -> tuple[Plot, ...]:
    variable = spread.name
    if not spread.logarithmic:
        return (_plot(losses, grid, Axis(variable), 1),)
    plots = []
    for low, high in spread.parts:
        label = Axis(variable if low > 0 else f"−{variable}", logarithmic=True)
        plots.append(_plot(losses, [point for point in grid if low <= point[0] <= high], label, 1 if low > 0 else -1))
    return tuple(plots)


def _plot(losses: Losses, points: Sequence[Point], axis: Axis, sign: int) -> Plot:
    curves = []
    for name in losses.methods:
        kept = [point[0] for point in points if losses.lost(name, point) >= 0]
        curves.append(Curve(name, [sign * x for x in kept], [losses.lost(name, (x,)) for x in kept]))
    title = tr("Bits lost over {variable}", variable=axis.label)
    return Plot(title, axis, Axis(tr("bits lost, of 53")), tuple(curves))


def _facts(losses: Losses, grid: Sequence[Point], worst: Mapping[str, Sequence[Point]]) -> dict[str, object]:
    (spread,) = losses.ranges
    profiles = [
        {"at": point[0], "status": losses(point).status}
        | {name: loss.bits for name, loss in losses(point).losses.items()}
        for point in grid
    ]
    found = {
        name: [{"at": losses.at(point), "bits": losses.lost(name, point)} for point in points]
        for name, points in worst.items()
    }
    return {"expr": losses.case.expression.source, "variable": spread.name, "points": profiles, "worst": found}
