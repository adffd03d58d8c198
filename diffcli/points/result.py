"""What is asked of all points, and what is found there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from diffcli.core.primitives import Rules
from diffcli.core.program import Cost
from diffcli.points.reading import Column, Points
from diffcli.problem.case import Case
from diffcli.runtime.messages import Message

SAMPLE = 2_000
"""Points that are judged against the truth when no number is named."""

GOOD = ("ok", "kink")

Told = Callable[[int, int], None]
"""Told how many points are judged, of how many."""


class Path(NamedTuple):
    """A way through the expression: how many points take it, the first of them, what the method and f cost on it."""

    points: int
    first: int
    cost: Cost
    own: Cost


class Answer(NamedTuple):
    """One method's results: `values` has a column per output, `derivative` one per entry, row by row.

    `seconds` are for all points, finding their paths included; `setup_seconds` for deriving and compiling.
    `strange` counts the points with an entry that is not finite; `by_tangents`: so are its sines and cosines.
    """

    method: str
    values: tuple[Column, ...]
    derivative: tuple[Column, ...]
    paths: tuple[Path, ...]
    seconds: float
    setup_seconds: float
    strange: int = 0
    formulas: tuple[str, ...] | None = None
    by_tangents: bool = False


class Failure(NamedTuple):
    """A method without an answer: the verdict's word, and why."""

    method: str
    verdict: str
    message: Message


class Gaps(NamedTuple):
    """At every point the largest difference between two methods in any entry, in ulps of the larger number.

    `most` is the largest that is finite, at the point `at`; at `mixed` points, of which `first` is one,
    some methods are finite and others are not.
    """

    ulps: Column
    most: float
    at: int
    mixed: int
    first: int


class Settings(NamedTuple):
    """`sample` points are judged against the truth, drawn with `seed`; `compiled` names a backend, or none.

    `fast_trig` asks for sines and cosines by tangents, or forbids them; None takes them where they pay.
    """

    methods: tuple[str, ...]
    timeout: float = 10.0
    tolerance: float = 1024.0
    share: bool = False
    sample: int = SAMPLE
    seed: int = 0
    compiled: str | None = None
    step: float | None = None
    rules: Rules = "textbook"
    fast_trig: bool | None = None


def _bits(ulp: float) -> float:
    from diffcli.truth.accuracy import bits_lost

    return bits_lost(ulp)


@dataclass(frozen=True, slots=True)
class Worst:
    """A point where a method does badly: the entry, what was computed there, and the truth if there is one."""

    point: int
    verdict: str
    ulp: float | None
    entry: int | None = None
    computed: float | None = None
    truth: float | None = None

    @property
    def bits(self) -> float | None:
        return None if self.ulp is None else _bits(self.ulp)


@dataclass(frozen=True, slots=True)
class Spread:
    """One method's errors in ulps, of the worst entry of a point, over the `proved` points of the sample.

    `histogram` has a count for each of BINS; `verdicts` are of all points of the sample. `worst`
    is over all points that were looked at.
    """

    method: str
    proved: int
    worst: float | None
    median: float | None
    of90: float | None
    of99: float | None
    histogram: tuple[int, ...]
    verdicts: Mapping[str, int]
    points: tuple[Worst, ...]

    @property
    def bits(self) -> float | None:
        """Bits lost at the worst point that is proved."""
        return None if self.worst is None else _bits(self.worst)

    @property
    def bad(self) -> float:
        """The share of points that are neither ok nor at a kink."""
        total = sum(self.verdicts.values())
        return 1 - sum(self.verdicts.get(word, 0) for word in GOOD) / total if total else 0.0


@dataclass(frozen=True, slots=True)
class Statistics:
    """`sampled` points were drawn, all where there are no more, and `picked` were looked at besides.

    `status` counts what the truth is at the sampled points.
    """

    sampled: int
    picked: int
    status: Mapping[str, int]
    spreads: tuple[Spread, ...]
    good: bool


@dataclass(frozen=True)
class Found:
    """What was found at all points.

    `gaps` are the differences between the methods, None where there is only one.
    """

    case: Case
    points: Points
    settings: Settings
    shape: tuple[int, ...]
    answers: tuple[Answer, ...]
    failures: tuple[Failure, ...]
    gaps: Gaps | None
    statistics: Statistics | None
    seconds: float = 0.0

    @property
    def float_system(self) -> str:
        """Whose functions the numbers were computed with."""
        compiled = self.settings.compiled
        return f"{compiled} float64" if compiled else f"NumPy {np.__version__} float64"

    @property
    def by_tangents(self) -> bool:
        return any(answer.by_tangents for answer in self.answers)

    @property
    def good(self) -> bool:
        judged = self.statistics is None or self.statistics.good
        return judged and not self.failures
