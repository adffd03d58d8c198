"""Newton's method with the derivative of every method: x_(k+1) = x_k - f(x_k)/f'(x_k).

Digits are counted against the root, where interval Newton proves one (Moore 1966). What does
not end at a root is said: a horizontal tangent, a cycle, a flight, a leap out of the domain.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import pairwise

from diffcli.comparison.execution import executed
from diffcli.locale.language import begun, listed, tr, translate_message
from diffcli.methods import usual
from diffcli.problem.case import Case, headline
from diffcli.problem.derivation import Problem
from diffcli.problem.point import Number, equations, pasted
from diffcli.problem.understanding import make_case, where_missing
from diffcli.runtime.errors import DiffError
from diffcli.runtime.limits import Expired, Here
from diffcli.runtime.messages import message
from diffcli.studies.reused import Reused, absent, ready
from diffcli.studies.study import Axis, Cell, Column, Curve, Plot, Study, Table
from diffcli.syntax.rendering import literal
from diffcli.truth.accuracy import error, tight
from diffcli.truth.certify import certify, digits
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
class Finding:
    """All iterations, and what is proved of where they went.

    `exact` is a float at which f is exactly 0; `rootless` a distance from where the first iteration ended within which
    f has no root. These are of f itself; the slopes are those of methods, which do not see through `detach`.
    """

    case: Case
    walks: tuple[Walk, ...]
    slopes: Mapping[str, Sequence[float]]
    failed: Mapping[str, str]
    root: Root | None
    exact: float | None
    rootless: float | None

    @property
    def name(self) -> str:
        return self.case.wrt[0]

    def at(self, x: float) -> Problem:
        return _at(self.case, x)

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
) -> Study:
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
    finding = Finding(case, tuple(walks), slopes, failed, *_proved(case, walks, timeout))
    return Study(
        "newton",
        _heading(finding),
        (_iterates(finding), _methods(finding)),
        _plots(finding),
        tuple(_sentences(finding)),
        _facts(finding),
    )


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


def _order(finding: Finding, walk: Walk) -> float | None:
    distances = [away for away, _ in finding.distances(walk)]
    target = finding.target(walk)
    return order(distances, 8 * math.ulp(target or 1e-300)) if distances else None


def _remaining(finding: Finding, walk: Walk) -> float | None:
    """The part of the distance that the last steps leave, where it is steady; between positions, else."""
    ways = [away for away, _ in finding.distances(walk)] or [abs(b - a) for a, b in pairwise(walk.path)]
    ways = [way for way in ways if way > 0][-4:]
    factors = [b / a for a, b in pairwise(ways)]
    return factors[-1] if len(factors) == 3 and max(factors) < 1.05 * min(factors) else None


# --- tables
def _heading(finding: Finding) -> tuple[str, ...]:
    case = finding.case
    others = pasted({name: value for name, value in case.at.items() if name != finding.name})
    start = equations({finding.name: case.at[finding.name]})
    start = tr("{start}, with {others}", start=start, others=others) if others else start
    return (
        headline(case),
        tr("Newton's method for f = 0 from {start}: x − f(x)/f'(x), again and again", start=start),
    )


def _iterates(finding: Finding) -> Table:
    """The first method's iterates, and every method's slope there; one column where they are the same to the eye."""
    walk, name = finding.walks[0], finding.name
    columns = [Column("k"), Column(name), Column(f"f({name})", 4)]
    apart = [_apart([slopes[k] for slopes in finding.slopes.values()]) for k in range(len(walk.steps))]
    named = max(apart) > _VISIBLE
    heads = [f"f' {method}" for method in finding.slopes] if named else [f"f'({name})"]
    columns += [Column(head, 6) for head in heads]
    if not named and max(apart) > 0:
        columns.append(Column(tr("apart, ulp"), 3))
    measured = [correct(relative) for _, relative in finding.distances(walk)]
    if measured:
        columns += [Column(tr("digits"), 3), Column(tr("gained"), 2)]
    rows: list[tuple[Cell, ...]] = []
    for k, step in enumerate(walk.steps):
        slopes = [column[k] + 0.0 for column in finding.slopes.values()]
        row: list[Cell] = [k, step.x, step.f, *(slopes if named else slopes[:1])]
        if not named and max(apart) > 0:
            row.append(apart[k])
        if measured:
            row += [measured[k], measured[k] - measured[k - 1] if k else None]
        rows.append(tuple(row))
    title = tr("Iterates of {method}", method=walk.method) if named else tr("Iterates")
    return Table(tuple(columns), tuple(rows), title)


_VISIBLE = 2.0**30
"""Slopes further apart than this many ulps are shown by method."""


def _apart(slopes: Sequence[float]) -> float:
    """How far the slopes of the methods are apart, in ulps; infinite where only some are numbers."""
    known = [slope for slope in slopes if not math.isnan(slope)]
    if not known or max(known) == min(known):
        return 0.0 if len(known) in (0, len(slopes)) else math.inf
    if len(known) < len(slopes) or not all(map(math.isfinite, known)):
        return math.inf
    return (max(known) - min(known)) / math.ulp(max(known, key=abs))


_ENDS = {"root": "arrived", "flat": "horizontal tangent", "left": "left the domain", "steps": "not arrived"}


def _methods(finding: Finding) -> Table:
    rows = []
    for walk in finding.walks:
        measured = finding.distances(walk)
        figures = correct(measured[-1][1]) if measured else None
        end = tr("cycle of {length}", length=walk.cycle) if walk.end == "cycle" else tr(_ENDS[walk.end])
        name = tr(SECANT) if walk.method == SECANT else walk.method
        rows.append((name, len(walk.steps) - 1, end, walk.last, figures, _order(finding, walk)))
    columns = (
        Column(tr("method")), Column(tr("steps")), Column(tr("end")),
        Column(tr("last {name}", name=finding.name)), Column(tr("digits"), 3), Column(tr("order"), 3),
    )  # fmt: skip
    return Table(columns, tuple(rows), tr("By the derivative of each method; secants need none"))


# --- in words
def _sentences(finding: Finding) -> Iterator[str]:
    own = [walk for walk in finding.walks if walk.method != SECANT]
    yield from _paths(own)
    said: dict[str, list[str]] = {}
    for walk in own:
        said.setdefault(_ending(finding, walk), []).append(walk.method)
    for sentence, names in said.items():
        yield sentence if len(said) == 1 else tr("{names}: {sentence}", names=listed(names), sentence=sentence)
    yield from _speed(finding, own[0])
    yield from _proof(finding)
    yield from absent(finding.failed)


def _paths(own: Sequence[Walk]) -> Iterator[str]:
    """Whether the methods go the same way."""
    first, *others = own
    parted: dict[tuple[int, str], list[str]] = {}
    for other in others:
        k = next((k for k, (a, b) in enumerate(zip(first.path, other.path, strict=False)) if a != b), None)
        if k is not None:
            parted.setdefault((k, _ulps(first, other, k)), []).append(other.method)
    for (k, ulps), names in parted.items():
        template = "{who} part from {first} at step {step}, by {ulps}."
        if len(names) == 1:
            template = "{who} parts from {first} at step {step}, by {ulps}."
        yield begun(tr(template, who=listed(names), first=first.method, step=k, ulps=ulps))
    if others and not parted and len(first.path) > 1:
        yield begun(tr("{who} walk the same path, bit by bit.", who=listed([walk.method for walk in own])))


def _ulps(one: Walk, other: Walk, k: int) -> str:
    away = abs(one.path[k] - other.path[k]) / math.ulp(one.path[k])
    return f"{away:,.0f} ulp" if away < 1e6 else f"{away:.1e} ulp"


def _ending(finding: Finding, walk: Walk) -> str:
    name, k, x = finding.name, len(walk.steps) - 1, literal(walk.last)
    if walk.end == "root":
        template = (
            "Arrived after {steps} step at {name} = {x}." if k == 1 else "Arrived after {steps} steps at {name} = {x}."
        )
        return tr(template, steps=k, name=name, x=x)
    if walk.end == "cycle":
        turn = ", ".join(literal(step.x) for step in walk.steps[-1 - walk.cycle :])
        template = "No root is found: {name} goes round in a cycle of {length}: {turn}, …"
        return tr(template, name=name, length=walk.cycle, turn=turn)
    if walk.end == "left":
        return _left(finding, walk)
    flight = _flight(finding, walk)
    if flight:
        return flight
    if walk.end == "flat":
        return tr(_FLAT, step=k + 1, x=x)
    if _remaining(finding, walk) is not None or finding.root is not None or finding.exact is not None:
        one = "Not arrived after {steps} step, at {name} = {x}: still on its way."
        many = "Not arrived after {steps} steps, at {name} = {x}: still on its way."
        return tr(one if k == 1 else many, steps=k, name=name, x=x)
    template = "Neither arrived nor gone after {steps} steps: {name} wanders, and is at {x}."
    return tr(template, steps=k, name=name, x=x)


_FLAT = "Step {step} cannot be made: f'({x}) = 0, the tangent is horizontal and never meets the axis."


def _flight(finding: Finding, walk: Walk) -> str:
    """What is said of steps that do not shrink and lead away; nothing where they do."""
    steps = [b - a for a, b in pairwise(walk.path)][-6:]
    ways = list(map(abs, steps))
    if len(ways) > 2 and all(1.2 * a < b for a, b in pairwise(ways)):
        template = "Diverges: every step goes {factor} times as far as the one before."
        if steps[-1] * steps[-2] < 0:
            template = "Diverges: every step goes to the other side, {factor} times as far as the one before."
        return tr(template, factor=f"{ways[-1] / ways[-2]:.3g}")
    onward = len(ways) == 6 and (min(steps) > 0 or max(steps) < 0)
    if onward and all(_SLOW * a < b for a, b in pairwise(ways)):
        template = "Diverges: {name} runs on, by about {step} a step, and is at {x}."
        return tr(template, name=finding.name, step=f"{steps[-1]:.3g}", x=literal(walk.last))
    return ""


_SLOW = 0.95
"""Steps that shrink less than this do not lead to a root."""


def _left(finding: Finding, walk: Walk) -> str:
    x, step = literal(walk.last), walk.steps[-1]
    if math.isfinite(step.f):
        template = "Step {step} cannot be made: at {x} the slope is {slope}."
        return tr(template, step=len(walk.steps), x=x, slope=literal(step.slope))
    problem = finding.at(walk.last)
    reason = certify(problem.program, (), problem.point).reason if math.isfinite(walk.last) else None
    template = "Step {step} leaves the domain: f({x}) is {value}."
    if reason:
        template = "Step {step} leaves the domain: f({x}) is {value} ({reason})."
    return tr(template, step=len(walk.steps) - 1, x=x, value=literal(step.f), reason=translate_message(reason))


LINEAR, QUADRATIC = 1.15, 1.7


def _speed(finding: Finding, walk: Walk) -> Iterator[str]:
    found = _order(finding, walk)
    if found is not None and found > QUADRATIC:
        yield tr(_FASTER.get(round(found), _FAST), order=f"{found:.3g}")
    part = _remaining(finding, walk)
    if part is not None and 0.05 < part < _SLOW and (found is None or found < LINEAR):
        several = 1 / (1 - part)
        template = "The order is 1: every step leaves {part} of the distance."
        if abs(several - round(several)) < 0.1 < several - 1:
            template = (
                "The order is 1: every step leaves {part} of the distance, as at a root of multiplicity {several}."
            )
        yield tr(template, part=f"{part:.3g}", several=f"{several:.0f}")
    secant = next((one for one in finding.walks if one.method == SECANT), None)
    if secant is None or secant.end != "root" or len(secant.steps) < 3:
        return
    speed = _order(finding, secant)
    count, order = len(secant.steps) - 1, None if speed is None else f"{speed:.3g}"
    yield tr(_SECANTS[walk.end == "root", speed is not None], steps=count, order=order)


_FAST = "Every step multiplies the correct digits, nearly: the order measured is {order}."
_FASTER = {
    2: "Every step doubles the correct digits, nearly: the order measured is {order}.",
    3: "Every step triples the correct digits, nearly: the order measured is {order}.",
}
_SECANTS = {
    (True, True): "The secants take {steps} steps, of order {order}, and no derivative.",
    (True, False): "The secants take {steps} steps, and no derivative.",
    (False, True): "The secants arrive: they take {steps} steps, of order {order}, and no derivative.",
    (False, False): "The secants arrive: they take {steps} steps, and no derivative.",
}
"""By whether tangents arrive, and whether the secants' order is measured."""


def _proof(finding: Finding) -> Iterator[str]:
    name, proved = finding.name, finding.root
    if proved is not None:
        value = _digits(proved) if finding.exact is None else literal(finding.exact)
        template = "Proved by interval Newton: {name} = {value} is a root, and the only one within {alone} of it."
        yield tr(template, name=name, value=value, alone=f"{proved.alone:.3g}")
    elif finding.exact is not None:
        yield tr(_EXACT, x=literal(finding.exact))
    elif finding.rootless is not None:
        last = next(walk.last for walk in finding.walks if walk.end in ("root", "steps"))
        template = "Proved by the mean value theorem: f has no root within {within} of {name} = {x}."
        yield tr(template, within=f"{finding.rootless:.3g}", name=name, x=literal(last))
    elif any(walk.end == "root" for walk in finding.walks):
        yield tr("Not proved to be a root: interval Newton finds none there; f' may vanish, or f is not smooth.")
    if detached(finding.case.problem.program, finding.case.problem.wrt[0]):
        yield tr(_DETACHED)


_EXACT = "Proved: f({x}) is exactly 0. Whether it is the only root near is not proved: f' may vanish there."
_DETACHED = "The slopes hold what is detached; what is proved of roots is of f itself, where detach(u) is u."


def _digits(proved: Root) -> str:
    """The root as far as it is known."""
    found: str = digits(proved.value) if tight(proved.value) else proved.value.str(15)
    return found


# --- for plots and programs
CURVE = 161
_FAR = 30
"""Iterates beyond this many first steps are not drawn."""


def _plots(finding: Finding) -> tuple[Plot, ...]:
    walk = finding.walks[0]
    near = _FAR * max(abs(b - a) for a, b in pairwise(walk.path[:2])) if len(walk.path) > 1 else math.inf
    path = [(step.x, step.f) for step in walk.steps if abs(step.x - walk.path[0]) <= near and math.isfinite(step.f)]
    if not path:  # f has no value where it begins
        return ()
    low, high = min(x for x, _ in path), max(x for x, _ in path)
    margin = 0.1 * (high - low) or 1.0
    places = [low - margin + (high - low + 2 * margin) * i / (CURVE - 1) for i in range(CURVE)]
    values = [executed(problem.program, problem.point)[0][0] for problem in map(finding.at, places)]
    zigzag = [point for x, y in path for point in ((x, 0.0), (x, y))]
    curves = (
        Curve("f", places, values),
        Curve(tr("tangents"), [x for x, _ in zigzag], [y for _, y in zigzag]),
        Curve("f = 0", [places[0], places[-1]], [0.0, 0.0]),
    )
    title = tr("Newton's method from {start}", start=f"{finding.name} = {literal(walk.path[0])}")
    first = Plot(title, Axis(finding.name), Axis("f"), curves)
    ways: dict[tuple[float, ...], list[str]] = {}
    for one in finding.walks:
        ways.setdefault(tuple(away for away, _ in finding.distances(one)), []).append(tr(one.method))
    lines = tuple(Curve(", ".join(names), range(len(away)), away) for away, names in ways.items() if away)
    if not lines:
        return (first,)
    return first, Plot(tr("Distance from the root"), Axis(tr("step")), Axis(tr("distance"), logarithmic=True), lines)


def _facts(finding: Finding) -> dict[str, object]:
    proved = finding.root
    return {
        "expr": finding.case.expression.source,
        "from": dict(finding.case.at),
        "iterations": {
            walk.method: {
                "end": walk.end,
                "cycle": walk.cycle or None,
                "x": list(walk.path),
                "f": [step.f for step in walk.steps],
                "slope": [step.slope for step in walk.steps],
                "order": _order(finding, walk),
            }
            for walk in finding.walks
        },
        "root": None if proved is None else {"value": _digits(proved), "only_within": proved.alone},
        "exact": finding.exact,
        "no_root_within": finding.rootless,
    }
