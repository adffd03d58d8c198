"""How far every method is from the truth, at all points or at a seeded sample of them.

A point is judged as a single comparison judges it. Where only a sample is judged, points
that a sample would miss are looked at besides: where the methods differ most, the first of
every path, the first that are not finite. They can be the worst, and are not counted in
quantiles and shares, which would no longer be those of the points.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ceil
from random import Random
from statistics import median
from typing import Any

import numpy as np

from diffcli.comparison.judging import judge
from diffcli.comparison.proving import prove

# judging is one thing for one point and for many, and is written in the room of comparisons
from diffcli.comparison.result import Measurement, Outcome
from diffcli.comparison.result import Settings as Single
from diffcli.points.paths import Columns, point_of
from diffcli.points.result import GOOD, Answer, Gaps, Settings, Spread, Statistics, Told, Worst
from diffcli.problem.derivation import Derivation, Problem
from diffcli.truth.accuracy import bits_lost, nearest

BINS = (("0", 1.0), ("1-2", 3.0), ("3-5", 6.0), ("6-10", 11.0), ("11-20", 21.0), ("21-52", 52.5), ("all", 65.0))
"""Bits lost, each below its number; half an ulp of rounding is 0.6 bits, and is none."""

WORST = 5
"""Points listed for a method."""

MOST_APART, FIRST_STRANGE, FIRST_OF_PATHS = 20, 3, 30
"""Points that are looked at besides a sample: where methods differ, are not finite, and of rare paths."""

JUST_ROUNDED = 0, 1.0


@dataclass(frozen=True, slots=True)
class _Judged:
    """A point: what its truth is, and each method's verdict and error."""

    point: int
    status: str
    verdicts: tuple[str, ...]
    ulps: tuple[float | None, ...]


def sample_errors(
    problem: Problem, columns: Columns, answers: Sequence[Answer], gaps: Gaps | None, settings: Settings, told: Told
) -> Statistics:
    """The truth at a sample of the points, and at those picked besides."""
    total = len(answers[0].values[0])
    drawn = sample(total, settings.sample, settings.seed)
    picked = [] if len(drawn) == total else sorted(_picked(answers, gaps).difference(drawn))
    judging = _Judging(problem, columns, answers, Single((), settings.timeout, settings.tolerance))
    found = []
    for done, k in enumerate([*drawn, *picked], 1):
        found.append(judging.at(k))
        told(done, len(drawn) + len(picked))
    status = Counter(point.status for point in found[: len(drawn)])
    spreads = tuple(_spread(i, judging, found, len(drawn)) for i in range(len(answers)))
    good = all(verdict in GOOD for point in found for verdict in point.verdicts)
    return Statistics(len(drawn), len(picked), dict(status.most_common()), spreads, good)


def sample(total: int, size: int, seed: int) -> Sequence[int]:
    """`size` different points, the same for the same seed; all of them, if there are no more."""
    return range(total) if total <= size else sorted(Random(seed).sample(range(total), size))


def _picked(answers: Sequence[Answer], gaps: Gaps | None) -> set[int]:
    found: set[int] = set()
    if gaps is not None:
        known = np.where(np.isinf(gaps.ulps), 0.0, gaps.ulps)
        largest = np.argpartition(known, -MOST_APART)[-MOST_APART:] if len(known) > MOST_APART else range(len(known))
        found.update(k for k in map(int, largest) if known[k] > 0)
        found.update(map(int, np.flatnonzero(np.isinf(gaps.ulps))[:FIRST_STRANGE]))
    for answer in answers:
        if len(answer.paths) > 1:
            found.update(path.first for path in answer.paths[-FIRST_OF_PATHS:])
        if answer.strange:
            strange = ~np.isfinite(answer.derivative).all(0)
            found.update(map(int, np.flatnonzero(strange)[:FIRST_STRANGE]))
    return found


@dataclass(slots=True)
class _Judging:
    """What every method has at a point, against the truth there."""

    problem: Problem
    columns: Columns
    answers: Sequence[Answer]
    single: Single

    def measured(self, k: int) -> tuple[str, tuple[Measurement, ...], Any]:
        problem = replace(self.problem, point=point_of(self.columns, k))
        truth = prove(problem, self.single)
        outcomes = [
            Outcome(answer.method, None, Derivation(()), (), tuple(float(column[k]) for column in answer.derivative))
            for answer in self.answers
        ]
        return truth.status, judge(outcomes, problem, truth, self.single), truth

    def at(self, k: int) -> _Judged:
        status, rows, _ = self.measured(k)
        return _Judged(k, status, tuple(row.verdict for row in rows), tuple(row.max_ulp for row in rows))

    def shown(self, k: int, method: int) -> Worst:
        _, rows, truth = self.measured(k)
        row = rows[method]
        known = [(error.ulp, i) for i, error in enumerate(row.errors or ()) if error is not None]
        if not known or row.max_ulp is None or row.derivative is None:
            return Worst(k, row.verdict, row.max_ulp)
        _, entry = max(known, key=lambda pair: (pair[0], -pair[1]))
        return Worst(k, row.verdict, row.max_ulp, entry, row.derivative[entry], nearest(truth.derivative[entry]))


def _spread(i: int, judging: _Judging, found: Sequence[_Judged], drawn: int) -> Spread:
    ulps = sorted(ulp for point in found[:drawn] if (ulp := point.ulps[i]) is not None)
    every = [ulp for point in found if (ulp := point.ulps[i]) is not None]
    histogram = [0] * len(BINS)
    for ulp in ulps:
        bits = bits_lost(ulp)
        histogram[next(k for k, (_, below) in enumerate(BINS) if bits < below)] += 1
    ranked = sorted((point for point in found if _rank(point, i) > JUST_ROUNDED), key=lambda point: _rank(point, i))
    return Spread(
        judging.answers[i].method, len(ulps), max(every, default=None), median(ulps) if ulps else None,
        quantile(ulps, 0.9), quantile(ulps, 0.99), tuple(histogram),
        dict(Counter(point.verdicts[i] for point in found[:drawn]).most_common()),
        tuple(judging.shown(point.point, i) for point in ranked[: -WORST - 1 : -1]),
    )  # fmt: skip


def _rank(point: _Judged, i: int) -> tuple[int, float]:
    """Bad verdicts come first, and large errors before what has no derivative; without a truth nobody is at fault."""
    bad = point.verdicts[i] not in (*GOOD, "domain", "no-truth")
    ulp = point.ulps[i]
    return int(bad), -1.0 if ulp is None else ulp


def quantile(rising: Sequence[float], part: float) -> float | None:
    """The smallest number that `part` of them do not exceed.

    >>> quantile([1.0, 2.0, 3.0, 4.0], 0.5)
    2.0
    """
    return rising[ceil(part * len(rising)) - 1] if rising else None
