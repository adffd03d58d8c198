"""The worst points of an expression in a box of several variables, found without being told where.

Seeded points on both scales, some with two variables nearly equal, where
differences cancel; then ever closer looks around the worst.
The same seed finds the same points.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random

from diffcli.locale.language import tr
from diffcli.methods import usual
from diffcli.problem.case import headline
from diffcli.problem.point import Number
from diffcli.runtime.errors import DiffError
from diffcli.runtime.messages import message
from diffcli.studies.losses import (
    LISTED,
    Losses,
    Point,
    apart,
    by_method,
    failures,
    held,
    moving_case,
    unproved,
    worst_of_all,
    worst_points,
    zoom,
)
from diffcli.studies.ranges import Range, read_ranges, short
from diffcli.studies.study import Progress, Study, silent

SAMPLED = 0.6
"""The part of all evaluations that goes into seeded points; the rest goes into searches."""

MOST = 1_000_000
STARTS = 4
TWINS = 0.2
"""The part of the seeded points that have two variables nearly equal."""


def hunt(
    source: str,
    over: str,
    at: Mapping[str, Number],
    wrt: Sequence[str] | None = None,
    methods: Sequence[str] = usual("gradient"),
    logarithmic: bool = False,
    evaluations: int = 2000,
    seed: int = 0,
    timeout: float = 10.0,
    progress: Progress = silent,
) -> Study:
    """The points of the box where each method loses most, after at most `evaluations` points."""
    ranges = read_ranges(over, logarithmic, "--over")
    if not ranges or evaluations < 10:
        raise DiffError(
            message("a hunt needs a range and 10 evaluations or more"),
            hint=message("write --over x=-10:10 --evaluations 2000"),
            kind="option",
        )
    if evaluations > MOST:
        said = message("--evaluations {given}: a hunt tries at most {most} points", given=evaluations, most=f"{MOST:,}")
        raise DiffError(said, hint=message("write --evaluations 2000"), kind="option")
    losses = Losses(moving_case(source, ranges, at, wrt), ranges, methods, timeout)
    losses.told = lambda: progress(len(losses.samples), evaluations)
    drawn = _drawn(losses, Random(seed), int(SAMPLED * evaluations))
    worst = _searched(losses, drawn, evaluations)
    sentences = worst_of_all(losses, worst) or [tr("No point was found where a bit is lost.")]
    return Study(
        "hunt",
        _heading(losses, evaluations, seed),
        (by_method(losses, drawn, worst), *worst_points(losses, worst)),
        (),
        (*sentences, *unproved(losses, drawn), *failures(losses)),
        _facts(losses, worst, seed),
    )


def _drawn(losses: Losses, random: Random, count: int) -> list[Point]:
    """Seeded points; a range that asks for no scale is drawn from on either."""
    ranges = losses.ranges
    found = dict.fromkeys([tuple(spread.low for spread in ranges), tuple(spread.high for spread in ranges)])
    tries = 0
    while len(found) < count and tries < 4 * count:
        tries += 1
        place = [_either(spread, random).drawn(random) for spread in ranges]
        if len(ranges) > 1 and random.random() < TWINS:
            i, j = random.sample(range(len(ranges)), 2)
            place[i] = ranges[i].within(_twin(place[j], random))
        found[tuple(place)] = None
    for point in found:
        losses(point)
    return list(found)


def _either(spread: Range, random: Random) -> Range:
    if spread.logarithmic or random.random() < 0.5:
        return spread
    other = spread.other_scale()
    return other if other.sound else spread


def _twin(x: float, random: Random) -> float:
    """A number close to `x`, on either side or of the other sign."""
    near = x * (1 + random.choice((-1, 1)) * 10 ** random.uniform(-15, -1))
    return random.choice((1, 1, -1)) * short(near, abs(near - x) / 10)


def _searched(losses: Losses, drawn: Sequence[Point], evaluations: int) -> dict[str, list[Point]]:
    """The worst points of every method; what is left of the evaluations is shared among the searches."""
    searches = [(name, start) for name in losses.methods for start in apart(losses, name, drawn, STARTS)]
    found: list[Point] = []
    for k, (name, start) in enumerate(searches):
        budget = (evaluations - len(losses.samples)) // (len(searches) - k)
        found.append(zoom(losses, name, start, 0.1, budget))
    return {name: apart(losses, name, found, LISTED) for name in losses.methods}


def _heading(losses: Losses, evaluations: int, seed: int) -> tuple[str, ...]:
    case = losses.case
    beside = held(case, losses.ranges)
    spreads = tr(", ").join(spread.text for spread in losses.ranges)
    tried = f"{len(losses.samples):,}"
    template = "{tried} points tried, of {allowed} allowed; seed {seed}"
    return (
        headline(case),
        tr("{ranges}{beside}; derivative by {names}", ranges=spreads, beside=beside, names=", ".join(case.wrt)),
        tr(template, tried=tried, allowed=f"{evaluations:,}", seed=seed),
    )


def _facts(losses: Losses, worst: Mapping[str, Sequence[Point]], seed: int) -> dict[str, object]:
    found = {
        name: [{"at": losses.at(point), "bits": losses.lost(name, point)} for point in points]
        for name, points in worst.items()
    }
    tried = len(losses.samples)
    return {"expr": losses.case.expression.source, "seed": seed, "evaluations": tried, "worst": found}
