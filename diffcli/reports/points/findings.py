"""What was found at many points, in tables and sentences: the screen shows them, JSON and CSV are made of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from diffcli.locale.language import begun, speaking, tr, translate_message
from diffcli.problem.case import headline
from diffcli.problem.point import equations, written
from diffcli.studies.study import Cell, Column, Study, Table

if TYPE_CHECKING:
    from diffcli.points.result import Answer, Found, Spread, Statistics

LONGEST = 400
"""Characters of an expression that are shown."""


# --- the tables
@speaking("en")
def study(found: Found) -> Study:
    """What was found as tables and sentences; JSON and CSV are made of it."""
    tables = [costs(found), paths(found)]
    if found.statistics is not None:
        tables += [errors(found.statistics), histogram(found.statistics), worst(found, found.statistics)]
    return Study("points", tuple(heading(found)), tuple(tables), (), tuple(sentences(found)), _facts(found))


def heading(found: Found) -> Iterator[str]:
    case = found.case
    text = headline(case)
    yield text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
    fixed = equations({name: value for name, value in found.points.fixed.items() if name in case.at})
    yield f"{_points(len(found.points))}: {translate_message(found.points.source)}{f'; {fixed}' if fixed else ''}"
    wanted = case.wanted
    if wanted.kind != "gradient":
        template = "asked for: {kind}"
        if wanted.unit:
            template = "asked for: {kind}, with the vector {vector}, scaled to length 1"
        elif wanted.vector:
            template = "asked for: {kind}, with the vector {vector}"
        elif wanted.kind == "derivative":
            template = "asked for: {kind} of order {order}"
        yield tr(template, kind=tr(wanted.kind), vector=written(wanted.vector), order=wanted.order)
    if found.settings.rules != "textbook":
        yield tr("note: {note}", note=tr("by the stable rules"))


def costs(found: Found) -> Table:
    """A row a method: time, operations on the paths taken, and what is not finite."""
    names = ("method", "ns/point", "seconds", "setup s", "operations", "× f", "paths", "not finite")
    figures = (None, 3, 3, 3, None, 3, None, None)
    rows: list[tuple[Cell, ...]] = [_cost(answer, len(found.points)) for answer in found.answers]
    rows += [(failure.method, *(None for _ in names[1:])) for failure in found.failures]
    return Table(tuple(map(Column, map(tr, names), figures)), tuple(rows), tr("All points"))


def _cost(answer: Answer, number: int) -> tuple[Cell, ...]:
    """Operations of the only path, or a mean over the points."""
    total = sum(path.points * path.cost.total for path in answer.paths)
    own = sum(path.points * path.own.total for path in answer.paths)
    operations: Cell = answer.paths[0].cost.total if len(answer.paths) == 1 else round(total / number, 2)
    ratio = total / own if own else None
    times = answer.seconds / number * 1e9, answer.seconds, answer.setup_seconds
    return answer.method, *times, operations, ratio, len(answer.paths), answer.strange


def paths(found: Found) -> Table:
    columns = ("method", "path", "points", "operations", "f alone", "first point")
    names = list(found.case.at)
    rows = tuple(
        (answer.method, k, path.points, path.cost.total, path.own.total, found.points.written(path.first, names))
        for answer in found.answers
        for k, path in enumerate(answer.paths, 1)
    )
    return Table(tuple(map(Column, map(tr, columns))), rows, tr("Paths: operations a point"))


def errors(statistics: Statistics) -> Table:
    columns = ("method", "median", "90 %", "99 %", "worst", "bits", "not ok, %", "proved")
    figures = [None if name == "proved" else 3 for name in columns]
    title = tr("Error in ulps of the worst entry at a point; bits lost at the worst point")
    return Table(tuple(map(Column, map(tr, columns), figures)), tuple(map(_errors, statistics.spreads)), title)


def _errors(spread: Spread) -> tuple[Cell, ...]:
    spreads = spread.median, spread.of90, spread.of99, spread.worst
    return spread.method, *spreads, spread.bits, 100 * spread.bad, spread.proved


def histogram(statistics: Statistics) -> Table:
    from diffcli.points.statistics import BINS

    columns = (Column(tr("method")), *(Column(tr(name), 3) for name, _ in BINS))
    rows = tuple(
        (spread.method, *(100 * count / spread.proved if count else 0 for count in spread.histogram))
        for spread in statistics.spreads
        if spread.proved
    )
    return Table(columns, rows, tr("Bits lost of 53: % of the points"))


def worst(found: Found, statistics: Statistics) -> Table:
    columns = ("method", "verdict", "ulp", "bits", "at", "of", "computed", "truth")
    names, labels = list(found.case.at), entry_names(found)
    rows = tuple(
        (
            spread.method, point.verdict, point.ulp, point.bits, found.points.written(point.point, names),
            None if point.entry is None else labels[point.entry], point.computed, point.truth,
        )
        for spread in statistics.spreads
        for point in spread.points
    )  # fmt: skip
    return Table(tuple(map(Column, map(tr, columns))), rows, tr("Worst points, each to be pasted behind --at"))


def entry_names(found: Found) -> list[str]:
    """`∂f/∂x`, as a single comparison has it."""
    from diffcli.reports.names import labels

    return labels(found.case)


# --- in words
def sentences(found: Found) -> Iterator[str]:
    yield from _differences(found)
    if found.statistics is not None:
        yield from _accuracy(found, found.statistics)
    for failure in found.failures:
        message = translate_message(failure.message)
        told = tr("{who}: {verdict}: {message}.", who=failure.method, verdict=tr(failure.verdict), message=message)
        yield begun(told)
    if len(found.answers) > 1:
        quickest, *_, slowest = sorted(found.answers, key=lambda answer: answer.seconds)
        times = [answer.seconds / len(found.points) * 1e9 for answer in (quickest, slowest)]
        template = "{quickest} took {least} ns a point, {slowest} {most}."
        least, most = (f"{time:.3g}" for time in times)
        yield begun(tr(template, quickest=quickest.method, least=least, slowest=slowest.method, most=most))
    template = "Computed in {system}; single points use libm, and may differ by a few ulps."
    yield tr(template, system=found.float_system)
    if found.by_tangents:
        from diffcli.points.generation.tangents import ULPS

        yield tr(_ASKED_FOR if found.settings.fast_trig else _FASTER, count=f"{ULPS:g}")


_ASKED_FOR = "Sines and cosines are computed by tangents, within {count} ulps, as --fast-trig asks."
_FASTER = (
    "Sines and cosines are computed by tangents, within {count} ulps, since NumPy's own are slow here: "
    "--no-fast-trig takes these."
)


def _differences(found: Found) -> Iterator[str]:
    gaps, names = found.gaps, list(found.case.at)
    if gaps is None:
        return
    every = _points(len(found.points))
    if gaps.most:
        where = found.points.written(gaps.at, names)
        template = "Over all {points} the methods differ by at most {ulps}, at {where}."
        yield tr(template, points=every, ulps=ulps_apart(gaps.most), where=where)
    elif not gaps.mixed:
        yield tr("The methods agree bit for bit at all {points}.", points=every)
    if gaps.mixed:
        first = found.points.written(gaps.first, names)
        template = "At {points} some methods are finite and others not: first at {first}."
        yield tr(template, points=_points(gaps.mixed), first=first)


def _accuracy(found: Found, statistics: Statistics) -> Iterator[str]:
    if statistics.sampled < len(found.points):
        template = "Judged are {points}, drawn with seed {seed}."
        yield tr(template, points=_points(statistics.sampled), seed=found.settings.seed)
    if statistics.picked:
        yield tr(_ONE_MORE if statistics.picked == 1 else _MORE, count=statistics.picked)
    bad = [spread for spread in statistics.spreads if spread.bad]
    if not bad and statistics.good:
        yield tr("Every method is right, up to the tolerance, at every point that was judged.")
    elif not bad:
        yield tr("Every method is right at the points drawn, and not at all of those looked at besides.")
    if bad:
        shares = [tr("{method} at {share}", method=spread.method, share=_percent(spread.bad)) for spread in bad]
        yield tr("Not ok, of the points judged: {shares}.", shares=tr(", ").join(shares))
    unproved = {word: number for word, number in statistics.status.items() if word != "certified"}
    if unproved:
        said = [
            tr("{word} at {count}", word=tr(_STATUS.get(word, word)), count=f"{number:,}")
            for word, number in unproved.items()
        ]
        template = "The truth of the {sampled}: {said}; proved at the rest."
        yield tr(template, sampled=f"{statistics.sampled:,}", said=tr(", ").join(said))


_ONE_MORE = (
    "1 more is looked at, where the methods differ most, are not finite, or take a rare path: "
    "not counted in shares and quantiles."
)
_MORE = (
    "{count} more are looked at, where the methods differ most, are not finite, or take a rare path: "
    "not counted in shares and quantiles."
)


_STATUS = {"not-differentiable": "no derivative", "undefined": "f undefined", "unavailable": "not found in time"}


def _facts(found: Found) -> dict[str, Any]:
    case, statistics = found.case, found.statistics
    return {
        "expression": case.expression.source,
        "kind": case.wanted.kind,
        "vector": list(case.wanted.vector),
        "unit": case.wanted.unit,
        "order": case.wanted.order,
        "rules": found.settings.rules,
        "step": found.settings.step,
        "wrt": list(case.wrt),
        "points": len(found.points),
        "source": found.points.source,
        "fixed": {name: written(value) for name, value in found.points.fixed.items() if name in case.at},
        "float_system": found.float_system,
        "fast_trig": found.by_tangents,
        "share": found.settings.share,
        "sampled": statistics.sampled if statistics else 0,
        "picked": statistics.picked if statistics else 0,
        "seed": found.settings.seed,
        "truth": dict(statistics.status) if statistics else {},
        "verdicts": {spread.method: dict(spread.verdicts) for spread in statistics.spreads} if statistics else {},
        "failures": [{"method": f.method, "verdict": f.verdict, "message": f.message} for f in found.failures],
        "differences": _gap_facts(found),
        "seconds": found.seconds,
    }


def _gap_facts(found: Found) -> dict[str, Any] | None:
    gaps, names = found.gaps, list(found.case.at)
    if gaps is None:
        return None
    at = found.points.written(gaps.at, names) if gaps.most else None
    first = found.points.written(gaps.first, names) if gaps.mixed else None
    return {"most_ulp": gaps.most, "at": at, "finite_in_some": gaps.mixed, "first": first}


def _points(number: int) -> str:
    return tr("{count:,} point", "{count:,} points", count=number)


def _percent(share: float) -> str:
    return f"{100 * share:.3g} %"


def ulps_apart(gap: float) -> str:
    """How far two numbers are apart, to three figures."""
    return f"{gap:.3g} ulp" if gap < 1e6 else f"{gap:.1e} ulp"
