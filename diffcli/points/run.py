"""Every method over all points: values, derivatives, what they cost, and where the methods differ.

Results are NumPy's float64: its functions differ from libm's, which single points use, by
a few ulps. Where NumPy's sine is slow, very many points have sines and cosines by tangents,
and the result says so. Each method's programs run as they are; nothing is shared between
methods.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from math import prod

import numpy as np

from diffcli.core.passes import share
from diffcli.core.program import Program, count
from diffcli.methods import METHODS
from diffcli.methods.derive import by_column, derive, refusal
from diffcli.numbers.arrays import silence
from diffcli.points.generation import MANY, tangents
from diffcli.points.paths import AT_ONCE as TOGETHER
from diffcli.points.paths import Columns, Group, Into, at_points, grouped, into, point_of, straight
from diffcli.points.reading import Column, Points
from diffcli.points.result import Answer, Failure, Found, Gaps, Path, Settings, Told
from diffcli.problem.asked import Asked
from diffcli.problem.case import Case
from diffcli.problem.derivation import Derivation, Problem
from diffcli.problem.understanding import make_case
from diffcli.runtime.errors import DiffError, Unsupported
from diffcli.runtime.limits import Apart, Expired, Here
from diffcli.runtime.messages import message

MOST_VALUES = 1_000_000_000
"""Numbers that are held: 8 GB."""

AT_ONCE = 1 << 13
"""Points of which results are compared at once, in cache."""


def understood(text: str, points: Points, wrt: Sequence[str] | None, asked: Asked) -> Case:
    """The case at the first point, which stands for all."""
    if asked.implicit:
        hint = message("give one point, or a batch: each of its rows is solved by itself")
        raise DiffError(message("--implicit is for one point"), hint=hint, kind="option")
    case = make_case(text, points.at(0), wrt, asked=asked)
    for name in points.moving:
        if name not in case.at:
            hint = message("its variables are: {names}", names=", ".join(case.expression.variables))
            raise DiffError(message("the expression has no variable '{name}'", name=name), hint=hint, kind="variable")
    if not case.entries:
        raise DiffError(message("no variable is asked for"), hint=message("name one with --wrt"), kind="option")
    return case


def _silent(done: int, of: int) -> None:
    del done, of


def run(case: Case, points: Points, settings: Settings, told: Told = _silent) -> Found:
    """Every method at every point, and the truth at a sample of them."""
    begun = time.perf_counter()
    columns, problem = points.columns(case), replace(case.problem, step=settings.step, rules=settings.rules)
    if settings.share:
        problem = replace(problem, program=share(problem.program))
    if settings.compiled is not None:
        from diffcli.points.compiled import check

        check(settings.compiled)
    numbers = len(problem.program.outputs) + prod(problem.shape)
    if len(points) * (len(columns) + numbers * len(settings.methods)) > MOST_VALUES:
        template = "{points} points with {results} results of {methods} methods are too many to hold"
        held = message(template, points=f"{len(points):,}", results=numbers, methods=len(settings.methods))
        raise DiffError(held, hint=message("name one method with -m, or give fewer points"), kind="point")
    deriving = {name: _deriving(name, problem, settings) for name in settings.methods}
    outcomes = {
        name: _answered(name, deriving[name], problem, columns, len(points), settings)
        for name in sorted(settings.methods, key=lambda name: METHODS[name].apart)  # SymPy is at work meanwhile
    }
    in_order = [outcomes[name] for name in settings.methods]
    answers = [outcome for outcome in in_order if isinstance(outcome, Answer)]
    failures = [outcome for outcome in in_order if isinstance(outcome, Failure)]
    gaps = _gaps(differences(answers)) if len(answers) > 1 else None
    statistics = None
    if settings.sample and answers:
        from diffcli.points.statistics import sample_errors

        statistics = sample_errors(problem, columns, answers, gaps, settings, told)
    return Found(
        case, points, settings, problem.shape, tuple(answers), tuple(failures), gaps, statistics,
        time.perf_counter() - begun,
    )  # fmt: skip


# --- deriving
Derive = Callable[[list[float]], Derivation]


def _deriving(name: str, problem: Problem, settings: Settings) -> Derive:
    """How a method derives at a point. What may hang (SymPy) begins at once, apart, and derives once for all paths."""
    problem = by_column(name, problem)
    if not METHODS[name].apart:
        return lambda point: _programs(name, Here(derive, name, replace(problem, point=point)).result(settings.timeout))
    known: list[Derivation] = []
    task = Apart(derive, name, problem)

    def once(point: list[float]) -> Derivation:
        del point
        if not known:
            known.append(task.result(settings.timeout))
        return known[0]

    return once


def _programs(name: str, found: Derivation) -> Derivation:
    if found.answer is not None:
        raise Unsupported(message("{name} is asked for one point at a time", name=name))
    if found.steps is not None and not found.steps.fixed:
        raise Unsupported(message("{name} chooses its step at each point anew: give one by --step", name=name))
    return found


def _answered(
    name: str, derive: Derive, problem: Problem, columns: Columns, number: int, settings: Settings
) -> Answer | Failure:
    try:
        return _computed(name, derive, problem, columns, number, settings)
    except DiffError:
        raise
    except (Expired, Exception) as error:  # noqa: BLE001 - raised again where it is our own
        return Failure(name, *refusal(name, error, settings.timeout))


# --- computing
@dataclass(slots=True)
class _Watch:
    """Seconds spent in its blocks."""

    seconds: float = 0.0

    @contextmanager
    def running(self) -> Iterator[None]:
        begun = time.perf_counter()
        try:
            yield
        finally:
            self.seconds += time.perf_counter() - begun


@dataclass(slots=True)
class _Paths:
    """Paths by their programs: a point that libm and NumPy send different ways may come to one that is known."""

    problem: Problem
    columns: Columns
    known: dict[tuple[Program, ...], Path] = field(default_factory=dict)

    def add(self, group: Group, number: int) -> None:
        sweeps = group.derivation.sweeps
        points = number if group.points is None else len(group.points)
        path = self.known.get(sweeps)
        if path is None:
            own = count(straight(self.problem.program, point_of(self.columns, group.first)))
            path = Path(0, group.first, count(*sweeps), own)
        self.known[sweeps] = path._replace(points=path.points + points)


def _computed(name: str, derive: Derive, problem: Problem, columns: Columns, number: int, settings: Settings) -> Answer:
    setup, paths, formulas, fast = _Watch(), _Paths(problem, columns), None, False
    m, n = len(problem.program.outputs), prod(problem.shape)
    begun = time.perf_counter()
    with setup.running():
        results = [*np.full((m + n, number), np.nan)]  # memory that is new is slow when first touched

    def derived(point: list[float]) -> Derivation:
        with setup.running():
            return derive(point)

    for group in grouped(derived, columns, number):
        formulas = group.derivation.formulas
        with setup.running():
            paths.add(group, number)
            if _fast_trig(group.derivation, columns, number, settings):
                fast, group = True, _by_tangents(group, columns)
        _fill(group, columns, number, results, m, setup, settings.compiled)
    seconds = time.perf_counter() - begun - setup.seconds
    values, derivative = tuple(results[:m]), tuple(results[m:])
    found = tuple(sorted(paths.known.values(), key=lambda path: -path.points))
    return Answer(name, values, derivative, found, seconds, setup.seconds, _strange(derivative), formulas, fast)


def _fast_trig(derivation: Derivation, columns: Columns, number: int, settings: Settings) -> bool:
    """Whether sines and cosines are computed by tangents, where there are any."""
    if settings.compiled is not None or settings.fast_trig is False or settings.fast_trig is None and number < MANY:
        return False
    alike = _alike(columns)
    concerned = any(tangents.concerned(sweep, alike) for sweep in derivation.sweeps)
    return concerned and (settings.fast_trig or tangents.pays())


def _by_tangents(group: Group, columns: Columns) -> Group:
    alike = _alike(columns)
    sweeps = tuple(tangents.by_tangents(sweep, alike) for sweep in group.derivation.sweeps)
    return group._replace(derivation=group.derivation._replace(sweeps=sweeps))


def _alike(columns: Columns) -> list[bool]:
    """Which columns are a number, the same at every point."""
    return [not isinstance(column, np.ndarray) for column in columns]


def _fill(
    group: Group, columns: Columns, number: int, results: Sequence[Column], m: int, setup: _Watch, compiled: str | None
) -> None:
    """Every sweep at the points of a group, its outputs where they belong among the results."""
    points = group.points
    size = number if points is None else len(points)
    for sweep, places in zip(group.derivation.sweeps, _places(group.derivation, m), strict=True):
        if not places:
            continue
        outputs = tuple(sweep.outputs[output] for output in places)
        with setup.running():
            compute = _computing(replace(sweep, outputs=outputs, guards=()), size, compiled, columns)
        targets = [results[where[0]] for where in places.values()]
        if points is None:
            compute(columns, targets)
        else:
            _scatter(compute, columns, points, targets)
        for target, where in zip(targets, places.values(), strict=True):
            for place in where[1:]:
                chosen = slice(None) if points is None else points
                results[place][chosen] = target[chosen]


def _scatter(compute: Into, columns: Columns, points: Column, targets: Sequence[Column]) -> None:
    """Some of the points, a few at a time."""
    for start in range(0, len(points), TOGETHER):
        some = points[start : start + TOGETHER]
        found = [np.empty(max(len(some), 2)) for _ in targets]
        compute(at_points(columns, some), found)
        for target, column in zip(targets, found, strict=True):
            target[some] = column[: len(some)]


def _computing(program: Program, size: int, compiled: str | None, columns: Columns) -> Into:
    """The program as a function of columns, compiled by now."""
    if compiled is None:
        compute = into(program, size)
    else:
        from diffcli.points.compiled import compiled_by

        compute = compiled_by(compiled, program)
    few = at_points(columns, np.zeros(2, int))
    compute(few, [np.empty(2) for _ in program.outputs])
    return compute


def _places(derivation: Derivation, m: int) -> list[dict[int, list[int]]]:
    """For each sweep which of its outputs are wanted, and as which of the results; values come from the first."""
    found: list[dict[int, list[int]]] = [{} for _ in derivation.sweeps]
    for j in range(m):
        found[0].setdefault(j, []).append(j)
    entries = derivation.entries
    if entries is None:
        entries = tuple(
            (i, output) for i, sweep in enumerate(derivation.sweeps) for output in range(m, len(sweep.outputs))
        )
    for k, (sweep, output) in enumerate(entries):
        found[sweep].setdefault(output, []).append(m + k)
    return found


def _strange(derivative: Sequence[Column]) -> int:
    """Points with an entry that is not finite."""
    total = 0
    for start in range(0, len(derivative[0]) if derivative else 0, AT_ONCE):
        finite = np.isfinite(derivative[0][start : start + AT_ONCE])
        for column in derivative[1:]:
            finite &= np.isfinite(column[start : start + AT_ONCE])
        total += len(finite) - int(np.count_nonzero(finite))
    return total


# --- the methods against each other
def differences(answers: Sequence[Answer]) -> Column:
    """At every point the largest difference in any entry; where only some are finite, it is infinite."""
    gaps = np.zeros(len(answers[0].values[0]))
    with silence():
        for start in range(0, len(gaps), AT_ONCE):
            part = slice(start, start + AT_ONCE)
            for entries in zip(*(answer.derivative for answer in answers), strict=True):
                gap = _gap([entry[part] for entry in entries])
                np.maximum(gaps[part], gap, out=gaps[part])
    return gaps


def _gaps(ulps: Column) -> Gaps:
    mixed = np.flatnonzero(np.isinf(ulps))
    if not len(mixed):
        at = int(np.argmax(ulps))
        return Gaps(ulps, float(ulps[at]), at, 0, 0)
    finite = np.where(np.isinf(ulps), 0.0, ulps)
    at = int(np.argmax(finite))
    return Gaps(ulps, float(finite[at]), at, len(mixed), int(mixed[0]))


def _gap(columns: Sequence[Column]) -> Column:
    """Equal numbers, infinities and NaN everywhere are no difference; what only some have is infinite."""
    low, high = columns[0], columns[0]
    for column in columns[1:]:
        low, high = np.minimum(low, column), np.maximum(high, column)
    gap = (high - low) / np.spacing(np.maximum(np.abs(low), np.abs(high)))
    if not np.isfinite(gap).all():
        nowhere = np.all([np.isnan(column) for column in columns], 0)
        gap = np.where((low == high) | nowhere, 0.0, np.where(np.isfinite(gap), gap, np.inf))
    return gap
