"""One question at many points: the bits that each method loses, against the truth proved at every point."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from math import log, log10
from random import Random
from statistics import median
from typing import Any

from diffcli.locale.language import listed, tr
from diffcli.problem.case import Case
from diffcli.problem.derivation import Problem
from diffcli.problem.point import Number, pasted
from diffcli.problem.understanding import make_case, where_missing
from diffcli.runtime.errors import DiffError, Unsupported
from diffcli.runtime.limits import Died, Expired, Here
from diffcli.runtime.messages import message
from diffcli.studies.ranges import Range
from diffcli.studies.reused import absent, ready
from diffcli.studies.study import Cell, Column, Table
from diffcli.syntax.rendering import literal
from diffcli.truth.accuracy import bits_lost, error, nearest
from diffcli.truth.certify import Truth, certify

Point = tuple[float, ...]
"""One number for each variable that moves."""


@dataclass(frozen=True, slots=True)
class Loss:
    """The worst entry of one method's derivative at a point: bits lost, its place, and both numbers."""

    bits: float
    entry: int
    computed: float
    truth: float


@dataclass(frozen=True, slots=True)
class Sample:
    """A point, and what each method loses there; `losses` is empty where no derivative is proved."""

    point: Point
    status: str
    losses: Mapping[str, Loss]


def moving_case(source: str, ranges: Sequence[Range], at: Mapping[str, Number], wrt: Sequence[str] | None) -> Case:
    """The expression at the lower end of its ranges."""
    for spread in ranges:
        if spread.name in at:
            raise DiffError(
                message("'{name}' is held and moves", name=spread.name),
                hint=message("leave it out of --at"),
                kind="option",
            )
    try:
        case = make_case(source, {**at, **{spread.name: spread.low for spread in ranges}}, wrt)
    except DiffError as error:
        raise where_missing(error, message("what moves stands in --over, the others in --at")) from None
    for spread in ranges:
        if spread.name not in case.expression.variables:
            known = ", ".join(case.expression.variables)
            raise DiffError(
                message("the expression has no variable '{name}'", name=spread.name),
                hint=message("its variables are: {names}", names=known),
                kind="option",
            )
    return case


class Losses:
    """What each method loses at a point; every point is examined once."""

    def __init__(self, case: Case, ranges: Sequence[Range], methods: Sequence[str], timeout: float) -> None:
        self.case, self.ranges, self.timeout = case, ranges, timeout
        self.methods, self.failed = ready(case, methods, timeout)
        self.samples: dict[Point, Sample] = {}
        self.told: Callable[[], None] = lambda: None

    def at(self, point: Point) -> dict[str, Number]:
        moving = {spread.name: x for spread, x in zip(self.ranges, point, strict=True)}
        return {**self.case.at, **moving}

    def __call__(self, point: Point) -> Sample:
        found = self.samples.get(point)
        if found is None:
            found = self.samples[point] = self._examined(point)
            self.told()
        return found

    def _examined(self, point: Point) -> Sample:
        problem = self.case.problem_at(self.at(point))
        truth = _truth(problem, self.timeout)
        if truth.status != "certified" or truth.derivative is None:
            return Sample(point, truth.status, {})
        targets = truth.derivative
        losses = {}
        for name, method in self.methods.items():
            with suppress(Expired, Died, Unsupported, ArithmeticError):
                losses[name] = _loss(method.answer(problem).derivative, targets)
        return Sample(point, truth.status, losses)

    def lost(self, name: str, point: Point) -> float:
        """Bits lost by one method; less than none where no derivative is proved."""
        loss = self(point).losses.get(name)
        return -1.0 if loss is None else loss.bits

    def rank(self, name: str, point: Point) -> tuple[float, float, int]:
        """What makes a point the worse one: bits lost; then ordinary magnitudes; then fewer digits."""
        strange = max(abs(log10(abs(x))) if x else 0.0 for x in point)
        return round(self.lost(name, point), 1), -strange, -sum(map(len, map(repr, point)))


def _truth(problem: Problem, timeout: float) -> Truth:
    try:
        return Here(certify, problem.program, problem.wrt, problem.point, problem.wanted).result(timeout)
    except (Expired, MemoryError):
        return Truth("unavailable", 0)


def _loss(computed: Sequence[float], targets: Sequence[Any]) -> Loss:
    worst = Loss(-1.0, 0, 0.0, 0.0)
    for k, (result, target) in enumerate(zip(computed, targets, strict=True)):
        bits = bits_lost(error(result, target).ulp)
        if bits > worst.bits:
            worst = Loss(bits, k, result, nearest(target))
    return Loss(0.0, 0, 0.0, 0.0) if worst.bits < 0 else worst


# --- the search
FINEST = 2.0**-54
"""The smallest step of a search, as a part of the range."""

_OFFSETS = (1.0, 0.75, 0.5, 0.25, 0.125)
_CLOSER = 3.0
"""How much closer each look is than the one before."""


def zoom(losses: Losses, name: str, start: Point, step: float, budget: int) -> Point:
    """The worst point seen in looking ever closer, each time at the surroundings of what was worst just before.

    Round-off is noisy: a climb would stop at the first peak, of which there is one at every number.
    """
    seen, centre, last = [start], start, len(losses.samples) + budget
    random = Random(0)
    while step > FINEST and len(losses.samples) < last:
        room = last - len(losses.samples)
        tried = [point for point in _around(losses.ranges, centre, step, random) if point != centre][:room]
        seen += tried
        centre = max(tried, key=lambda point: losses.rank(name, point), default=centre)
        step /= _CLOSER
    return _shortened(losses, name, max(seen, key=lambda point: losses.rank(name, point)), last)


def _around(ranges: Sequence[Range], centre: Point, step: float, random: Random) -> list[Point]:
    """Points beside `centre` along every axis, and for several axes across them."""
    found = [
        _replaced(centre, i, spread.moved(centre[i], sign * offset * step))
        for i, spread in enumerate(ranges)
        for offset in _OFFSETS
        for sign in (1, -1)
    ]
    for _ in range(2 * len(ranges) if len(ranges) > 1 else 0):
        found += [tuple(spread.moved(x, random.uniform(-step, step)) for spread, x in zip(ranges, centre, strict=True))]
    return found


def _replaced(point: Point, i: int, x: float) -> Point:
    return (*point[:i], x, *point[i + 1 :])


def _shortened(losses: Losses, name: str, point: Point, last: int) -> Point:
    """The same point in fewer digits, where as much is lost there."""
    enough = losses.lost(name, point) - 0.05
    for i, x in enumerate(point):
        for figures in range(1, len(repr(x))):
            shorter = _replaced(point, i, losses.ranges[i].within(float(f"{x:.{figures}g}")))
            if len(repr(shorter[i])) >= len(repr(x)) or len(losses.samples) >= last:
                break
            if losses.lost(name, shorter) >= enough:
                point = shorter
                break
    return point


def apart(losses: Losses, name: str, points: Sequence[Point], count: int) -> list[Point]:
    """The worst of `points` that are not beside one another, the worst first."""
    chosen: list[Point] = []
    for point in sorted(set(points), key=lambda point: losses.rank(name, point), reverse=True):
        if len(chosen) == count:
            break
        if losses.lost(name, point) > 0 and not any(_beside(losses.ranges, point, other) for other in chosen):
            chosen.append(point)
    return chosen


def _beside(ranges: Sequence[Range], one: Point, other: Point) -> bool:
    return all(
        abs(_place(spread, x) - _place(spread, y)) < 0.04 for spread, x, y in zip(ranges, one, other, strict=True)
    )


def _place(spread: Range, x: float) -> float:
    """Where a number lies on its range's scale; either sign of a logarithmic one is a range of its own."""
    if not spread.logarithmic or not x:
        return x / spread.span
    return log(abs(x)) / spread.span + (_OTHER_SIDE if x < 0 else 0.0)


_OTHER_SIDE = 1e6


# --- what is shown
LISTED = 3
"""Worst points that are listed, for each method."""

OVER = 10.0, 20.0
"""Bits lost that are counted: as many as a verdict allows, and far more."""


def by_method(losses: Losses, points: Sequence[Point], worst: Mapping[str, Sequence[Point]]) -> Table:
    """A row a method: the worst found, and what is lost at `points`."""
    over = [tr("> {bits} bits, %", bits=f"{bits:.0f}") for bits in OVER]
    columns = (tr("method"), tr("worst"), tr("median"), *over, tr("points"))
    rows = [_summary(losses, name, points, worst[name]) for name in losses.methods]
    shown = tuple(Column(column, 3) for column in columns)
    return Table(shown, tuple(rows), tr("Bits lost, of 53"))


def _summary(losses: Losses, name: str, points: Sequence[Point], worst: Sequence[Point]) -> tuple[Cell, ...]:
    lost = proved(losses, name, points)
    if not lost:
        return name, None, None, *(None for _ in OVER), 0
    most = max([*lost, *(losses.lost(name, point) for point in worst)])
    return name, most, median(lost), *(percent(lost, bits) for bits in OVER), len(lost)


def proved(losses: Losses, name: str, points: Sequence[Point]) -> list[float]:
    """Bits lost at the points that have a proved derivative."""
    found = [losses.lost(name, point) for point in points]
    return [bits for bits in found if bits >= 0]


def percent(lost: Sequence[float], over: float) -> float:
    return 100 * sum(bits > over for bits in lost) / len(lost)


def worst_points(losses: Losses, worst: Mapping[str, Sequence[Point]]) -> tuple[Table, ...]:
    """The worst points of every method, ready to paste behind --at; methods with the same numbers share a row."""
    several = len(losses.case.outputs) * len(losses.case.entries) > 1
    merged: dict[tuple[Cell, ...], list[str]] = {}
    for name, points in worst.items():
        for point in points:
            loss = losses(point).losses[name]
            label = (entry_name(losses.case, loss.entry),) if several else ()
            row = (loss.bits, _at_text(losses, point), *label, repr(loss.computed), loss.truth)
            merged.setdefault(row, []).append(name)
    columns = (Column(tr("bits"), 3), Column(tr("at")), *((Column(tr("of")),) if several else ()))
    shown = (Column(tr("method")), *columns, Column(tr("computed"), 6), Column(tr("truth"), 6))
    rows = [(", ".join(names), *row[:-2], float(str(row[-2])), row[-1]) for row, names in merged.items()]
    return (Table(shown, tuple(rows), tr("Worst points, each to be pasted behind --at")),) if rows else ()


def worst_of_all(losses: Losses, worst: Mapping[str, Sequence[Point]]) -> list[str]:
    """The worst point of any method, and what shows it there; nothing where no bit is lost."""
    candidates = [(losses.rank(name, point), name, point) for name, points in worst.items() for point in points]
    if not candidates:
        return []
    _, name, point = max(candidates)
    loss = losses(point).losses[name]
    names = [other for other, found in losses(point).losses.items() if repr(found) == repr(loss)]
    much = tr("all bits") if loss.bits >= 52.5 else tr("{bits} of 53 bits", bits=f"{loss.bits:.1f}")
    told = tr(
        _WORST if len(names) > 1 else _WORST_OF_ONE,
        who=listed(names), much=much, place=_at_text(losses, point), computed=literal(loss.computed),
        truth=literal(loss.truth), point=pasted(losses.at(point)),
    )  # fmt: skip
    return [told]


_WORST_OF_ONE = (
    "Worst: {who} loses {much} at {place}, where it finds {computed} "
    'and the truth is {truth}; see it with --at "{point}".'
)
_WORST = (
    "Worst: {who} lose {much} at {place}, where they find {computed} "
    'and the truth is {truth}; see it with --at "{point}".'
)


def _at_text(losses: Losses, point: Point) -> str:
    """The point, as far as it moves."""
    return pasted(dict(zip((spread.name for spread in losses.ranges), point, strict=True)))


def entry_name(case: Case, entry: int) -> str:
    """`∂f/∂x`, by the number of the entry."""
    variables = case.entries
    return f"∂{case.outputs[entry // len(variables)]}/∂{variables[entry % len(variables)]}"


def unproved(losses: Losses, points: Sequence[Point]) -> list[str]:
    """How many points have no proved derivative, and why."""
    counts: dict[str, int] = {}
    for point in points:
        status = losses(point).status
        counts[status] = counts.get(status, 0) + (status != "certified")
    said = [
        tr("{word} at {count}", word=tr(_WORDS.get(status, status)), count=f"{count:,}")
        for status, count in counts.items()
        if count
    ]
    return [tr("Not counted: f is {said} of the points.", said=tr(", ").join(said))] if said else []


_WORDS = {"undefined": "without a value", "unavailable": "not proved in time", "undecided": "not decided"}
_WORDS["not-differentiable"] = "without a derivative"


def failures(losses: Losses) -> list[str]:
    return absent(losses.failed)


def held(case: Case, ranges: Sequence[Range]) -> str:
    """`; y=2`: the variables that do not move."""
    moving = {spread.name for spread in ranges}
    still = pasted({name: value for name, value in case.at.items() if name not in moving})
    return f"; {still}" if still else ""
