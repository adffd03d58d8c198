"""Newton's method with the derivative of every method: x_(k+1) = x_k - f(x_k)/f'(x_k).

Digits are counted against the root, where interval Newton proves one (Moore 1966). What does
not end at a root is said: a horizontal tangent, a cycle, a flight, a leap out of the domain.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import pairwise

from diffcli.comparison.execution import executed
from diffcli.methods import usual
from diffcli.problem.case import Case
from diffcli.problem.derivation import Problem
from diffcli.problem.point import Number
from diffcli.problem.understanding import make_case, where_missing
from diffcli.runtime.errors import DiffError
from diffcli.runtime.limits import Expired, Here
from diffcli.runtime.messages import message
from diffcli.studies.reused import Reused, ready
from diffcli.truth.accuracy import error
from diffcli.truth.certify import certify
from diffcli.truth.proofs import Root, detached, root, rootless

SECANT = "secants"
NEIGHBOURS = 4
"""A step of at most this many ulps is round-off: the iteration has arrived."""

LONGEST_CYCLE = 12


@dataclass(frozen=True, slots=True)
class Step:
    """Where an iteration is, f there, and the slope it goes on with."""

    x: float
    f: float
    slope: float


@dataclass(frozen=True, slots=True)
class Walk:
    """One iteration, and how it ended: at a `root`, `flat`, in a `cycle`, having `left`, or after all `steps`."""

    method: str
    steps: tuple[Step, ...]
    end: str
    cycle: int = 0

    @property
    def path(self) -> tuple[float, ...]:
        return tuple(step.x for step in self.steps)

    @property
    def last(self) -> float:
        return self.steps[-1].x


@dataclass(frozen=True, slots=True)
class NewtonRun:
    """All iterations, and what is proved of where they went.

    `slopes` are those of every method at the iterates of the first; they do not see through `detach`, and
    `detached` says whether f has any. `exact` is a float at which f is exactly 0; `rootless` a distance from where the
    first iteration ended within which f has no root: these are of f itself. `outside` has why f has no value where
    a walk left its domain, by x; `curve` are pairs (x, f(x)) over the stretch of the first walk.
    """

    case: Case
    walks: tuple[Walk, ...]
    slopes: Mapping[str, Sequence[float]]
    failed: Mapping[str, str]
    root: Root | None
    exact: float | None
    rootless: float | None
    detached: bool
    outside: Mapping[float, str | None]
    curve: Sequence[tuple[float, float]]

    @property
    def name(self) -> str:
        return self.case.wrt[0]

    def distances(self, walk: Walk) -> list[tuple[float, float]]:
        """How far every step is from the root, absolute and relative; from the last one where none is proved."""
        found = [self._distance(x, walk.last) for x in walk.path]
        near = found[-1][0] <= 1e-3 * max(1.0, abs(walk.last))
        return found if walk.end in ("root", "steps") and self.target(walk) is not None and near else []

    def target(self, walk: Walk) -> float | None:
        """The root as a float, if there is one to measure against."""
        if self.exact is not None:
            return self.exact
        if self.root is not None:
            return float(self.root.value)
        return walk.last if walk.end == "root" else None

    def _distance(self, x: float, last: float) -> tuple[float, float]:
        if self.exact is None and self.root is not None and not self.root.value.contains(0):
            found = error(x, self.root.value)
            return found.absolute, found.relative
        target = self.exact if self.exact is not None else 0.0 if self.root is not None else last
        away = abs(x - target)
        return away, away / abs(target) if target else away


def newton(
    source: str,
    start: Mapping[str, Number],
    at: Mapping[str, Number],
    steps: int = 20,
    methods: Sequence[str] = usual("gradient"),
    timeout: float = 10.0,
) -> NewtonRun:
    """Newton's iteration on `source` = 0 with the slopes of every method, and the secants' beside it."""
    if steps < 1:
        raise DiffError(
            message("--steps {count}: one step is the least", count=steps),
            hint=message("write --steps 20"),
            kind="option",
        )
    case = _one_variable(source, start, at)
    usable, failed = ready(case, methods, timeout)
    walks = [_walk(name, case, steps, _tangents(case, method)) for name, method in usable.items()]
    slopes = {
        name: [method.answer(_at(case, x)).derivative[0] for x in walks[0].path] for name, method in usable.items()
    }
    if len(walks[0].steps) > 1:
        walks.append(_walk(SECANT, case, steps, _secants(walks[0].steps[1].x)))
    proved = _proved(case, walks, timeout)
    held = detached(case.problem.program, case.problem.wrt[0])
    return NewtonRun(case, tuple(walks), slopes, failed, *proved, held, _outside(case, walks), _curve(case, walks[0]))


def _one_variable(source: str, start: Mapping[str, Number], at: Mapping[str, Number]) -> Case:
    if len(start) != 1:
        hint = message("write --from x=1, and the other variables behind --at")
        raise DiffError(message("Newton's method here moves one variable"), hint=hint, kind="option")
    (name,) = start
    if name in at:
        raise DiffError(
            message("'{name}' is held and moves", name=name), hint=message("leave it out of --at"), kind="option"
        )
    try:
        case = make_case(source, {**at, **start})
    except DiffError as error:
        raise where_missing(error, message("the one that moves stands in --from, the others in --at")) from None
    if name not in case.at:
        raise DiffError(
            message("the equation has no variable '{name}'", name=name),
            hint=message("its variables are: {names}", names=", ".join(case.at)),
            kind="variable",
        )
    case = replace(case, wrt=(name,))
    if case.expression.shape or isinstance(case.at[name], tuple):
        hint = message("choose one entry of a vector: v = …; v[0]")
        raise DiffError(message("Newton's method here is for one equation in one number"), hint=hint, kind="shape")
    return case


def _at(case: Case, x: float) -> Problem:
    return case.problem_at({**case.at, case.wrt[0]: x})


# --- iterations
Slope = Callable[[float, float], tuple[float, float]]
"""At x, where the program itself finds a value: f, and the slope to go on with."""


def _tangents(case: Case, method: Reused) -> Slope:
    def slope(x: float, value: float) -> tuple[float, float]:
        found = method.answer(_at(case, x))
        return (found.values or (value,))[0], found.derivative[0]

    return slope


def _secants(second: float) -> Slope:
    """The slope of the chord from the point before; the first step is the tangents' own."""
    before: list[tuple[float, float]] = []

    def slope(x: float, value: float) -> tuple[float, float]:
        if not before:
            found = value / (x - second) if x != second else math.nan
        else:
            (old, there) = before[-1]
            found = (value - there) / (x - old) if x != old else math.nan
        before.append((x, value))
        return value, found

    return slope


def _walk(name: str, case: Case, most: int, slope: Slope) -> Walk:
    start = case.at[case.wrt[0]]
    assert isinstance(start, float)
    x, steps = start, list[Step]()
    for _ in range(most + 1):
        problem = _at(case, x)
        steps.append(Step(x, *slope(x, executed(problem.program, problem.point)[0][0])))
        end, cycle = _ended(steps)
        if end:
            return Walk(name, tuple(steps), end, cycle)
        x -= steps[-1].f / steps[-1].slope
    return Walk(name, tuple(steps), "steps")


def _ended(steps: Sequence[Step]) -> tuple[str, int]:
    """Whether the iteration is over, and the length of its cycle."""
    x, f, slope = steps[-1].x, steps[-1].f, steps[-1].slope
    if f == 0:
        return "root", 0
    if not math.isfinite(f):
        return "left", 0
    if len(steps) > 1 and abs(x - steps[-2].x) <= NEIGHBOURS * math.ulp(x):
        return "root", 0
    for length in range(2, min(LONGEST_CYCLE, len(steps) - 1) + 1):
        period = [step.x for step in steps[-1 - length :]]
        if abs(x - period[0]) <= NEIGHBOURS * math.ulp(max(map(abs, period))):
            return "cycle", length
    if slope == 0:
        return "flat", 0
    return ("", 0) if math.isfinite(slope) and math.isfinite(x - f / slope) else ("left", 0)


def _proved(case: Case, walks: Sequence[Walk], timeout: float) -> tuple[Root | None, float | None, float | None]:
    """The root, if interval Newton encloses one; the float at which f is exactly 0; how far around there is no root."""
    ended = [_at(case, walk.last) for walk in walks if walk.end in ("root", "steps")]
    for problem in ended:
        last = problem.point[problem.wrt[0]]
        try:
            truth = Here(certify, problem.program, (), problem.point).result(timeout)
            exact = last if truth.value is not None and truth.value.is_zero() else None
            found = Here(root, problem.program, problem.wrt[0], problem.point, last).result(timeout)
        except Expired:
            continue
        if found is not None or exact is not None:
            return found, exact, None
    with suppress(Expired):
        for problem in ended[:1]:
            last = problem.point[problem.wrt[0]]
            return None, None, Here(rootless, problem.program, problem.wrt[0], problem.point, last).result(timeout)
    return None, None, None


def _outside(case: Case, walks: Sequence[Walk]) -> dict[float, str | None]:
    """Why f has no value where walks left its domain."""
    ends = {walk.last for walk in walks if walk.end == "left" and not math.isfinite(walk.steps[-1].f)}
    problems = {x: _at(case, x) for x in ends if math.isfinite(x)}
    return {x: certify(problem.program, (), problem.point).reason for x, problem in problems.items()}


CURVE = 161
_FAR = 30
"""Iterates beyond this many first steps are not drawn."""


def near(walk: Walk) -> list[Step]:
    """The iterates that a picture has room for."""
    first = [abs(b - a) for a, b in pairwise(walk.path[:2])]
    far = _FAR * first[0] if first else math.inf
    return [step for step in walk.steps if abs(step.x - walk.path[0]) <= far and math.isfinite(step.f)]


def _curve(case: Case, walk: Walk) -> list[tuple[float, float]]:
    """f around the iterates that are drawn; nothing where f has no value where it begins."""
    path = [step.x for step in near(walk)]
    if not path:
        return []
    low, high = min(path), max(path)
    margin = 0.1 * (high - low) or 1.0
    places = [low - margin + (high - low + 2 * margin) * i / (CURVE - 1) for i in range(CURVE)]
    problems = [_at(case, x) for x in places]
    return [(x, executed(found.program, found.point)[0][0]) for x, found in zip(places, problems, strict=True)]


# --- numbers
FULL = 53 * math.log10(2)
"""Decimal digits of a float64."""


def correct(relative: float) -> float:
    """Correct decimal digits, from a relative distance.

    >>> correct(0.001), correct(2.0)
    (3.0, 0.0)
    """
    return FULL if relative == 0 else min(FULL, max(0.0, -math.log10(relative)))


def order(distances: Sequence[float], noise: float) -> float | None:
    """The order of convergence, log(e_(k+1)/e_k)/log(e_k/e_(k-1)), from the last three distances above round-off."""
    clear = [distance for distance in distances if distance > noise]
    if len(clear) < 3 or not clear[-1] < clear[-2] < clear[-3]:
        return None
    return math.log(clear[-1] / clear[-2]) / math.log(clear[-2] / clear[-3])
