"""Newton's method in tables, plots and sentences: iterates, ends, speed, and what is proved of the root."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise

from diffcli.locale.language import begun, listed, tr, translate_message
from diffcli.problem.case import headline
from diffcli.problem.point import equations, pasted
from diffcli.studies.newton import SECANT, NewtonRun, Walk, correct, near, order
from diffcli.studies.reused import absent
from diffcli.studies.study import Axis, Cell, Column, Curve, Plot, Study, Table
from diffcli.syntax.rendering import literal
from diffcli.truth.accuracy import tight
from diffcli.truth.certify import digits
from diffcli.truth.proofs import Root


def tell(run: NewtonRun) -> Study:
    tables = _iterates(run), _methods(run)
    return Study("newton", _heading(run), tables, _plots(run), tuple(_sentences(run)), _facts(run))


def _order(run: NewtonRun, walk: Walk) -> float | None:
    distances = [away for away, _ in run.distances(walk)]
    target = run.target(walk)
    return order(distances, 8 * math.ulp(target or 1e-300)) if distances else None


def _remaining(run: NewtonRun, walk: Walk) -> float | None:
    """The part of the distance that the last steps leave, where it is steady; between positions, else."""
    ways = [away for away, _ in run.distances(walk)] or [abs(b - a) for a, b in pairwise(walk.path)]
    ways = [way for way in ways if way > 0][-4:]
    factors = [b / a for a, b in pairwise(ways)]
    return factors[-1] if len(factors) == 3 and max(factors) < 1.05 * min(factors) else None


# --- tables
def _heading(run: NewtonRun) -> tuple[str, ...]:
    case = run.case
    others = pasted({name: value for name, value in case.at.items() if name != run.name})
    start = equations({run.name: case.at[run.name]})
    start = tr("{start}, with {others}", start=start, others=others) if others else start
    return (
        headline(case),
        tr("Newton's method for f = 0 from {start}: x − f(x)/f'(x), again and again", start=start),
    )


def _iterates(run: NewtonRun) -> Table:
    """The first method's iterates, and every method's slope there; one column where they are the same to the eye."""
    walk, name = run.walks[0], run.name
    columns = [Column("k"), Column(name), Column(f"f({name})", 4)]
    apart = [_apart([slopes[k] for slopes in run.slopes.values()]) for k in range(len(walk.steps))]
    named = max(apart) > _VISIBLE
    heads = [f"f' {method}" for method in run.slopes] if named else [f"f'({name})"]
    columns += [Column(head, 6) for head in heads]
    if not named and max(apart) > 0:
        columns.append(Column(tr("apart, ulp"), 3))
    measured = [correct(relative) for _, relative in run.distances(walk)]
    if measured:
        columns += [Column(tr("digits"), 3), Column(tr("gained"), 2)]
    rows: list[tuple[Cell, ...]] = []
    for k, step in enumerate(walk.steps):
        slopes = [column[k] + 0.0 for column in run.slopes.values()]
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


def _methods(run: NewtonRun) -> Table:
    rows = []
    for walk in run.walks:
        measured = run.distances(walk)
        figures = correct(measured[-1][1]) if measured else None
        end = tr("cycle of {length}", length=walk.cycle) if walk.end == "cycle" else tr(_ENDS[walk.end])
        name = tr(SECANT) if walk.method == SECANT else walk.method
        rows.append((name, len(walk.steps) - 1, end, walk.last, figures, _order(run, walk)))
    columns = (
        Column(tr("method")), Column(tr("steps")), Column(tr("end")),
        Column(tr("last {name}", name=run.name)), Column(tr("digits"), 3), Column(tr("order"), 3),
    )  # fmt: skip
    return Table(columns, tuple(rows), tr("By the derivative of each method; secants need none"))


# --- in words
def _sentences(run: NewtonRun) -> Iterator[str]:
    own = [walk for walk in run.walks if walk.method != SECANT]
    yield from _paths(own)
    said: dict[str, list[str]] = {}
    for walk in own:
        said.setdefault(_ending(run, walk), []).append(walk.method)
    for sentence, names in said.items():
        yield sentence if len(said) == 1 else tr("{names}: {sentence}", names=listed(names), sentence=sentence)
    yield from _speed(run, own[0])
    yield from _proof(run)
    yield from absent(run.failed)


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


def _ending(run: NewtonRun, walk: Walk) -> str:
    name, k, x = run.name, len(walk.steps) - 1, literal(walk.last)
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
        return _left(run, walk)
    flight = _flight(run, walk)
    if flight:
        return flight
    if walk.end == "flat":
        return tr(_FLAT, step=k + 1, x=x)
    if _remaining(run, walk) is not None or run.root is not None or run.exact is not None:
        one = "Not arrived after {steps} step, at {name} = {x}: still on its way."
        many = "Not arrived after {steps} steps, at {name} = {x}: still on its way."
        return tr(one if k == 1 else many, steps=k, name=name, x=x)
    template = "Neither arrived nor gone after {steps} steps: {name} wanders, and is at {x}."
    return tr(template, steps=k, name=name, x=x)


_FLAT = "Step {step} cannot be made: f'({x}) = 0, the tangent is horizontal and never meets the axis."


def _flight(run: NewtonRun, walk: Walk) -> str:
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
        return tr(template, name=run.name, step=f"{steps[-1]:.3g}", x=literal(walk.last))
    return ""


_SLOW = 0.95
"""Steps that shrink less than this do not lead to a root."""


def _left(run: NewtonRun, walk: Walk) -> str:
    x, step = literal(walk.last), walk.steps[-1]
    if math.isfinite(step.f):
        template = "Step {step} cannot be made: at {x} the slope is {slope}."
        return tr(template, step=len(walk.steps), x=x, slope=literal(step.slope))
    reason = run.outside.get(walk.last)
    template = "Step {step} leaves the domain: f({x}) is {value}."
    if reason:
        template = "Step {step} leaves the domain: f({x}) is {value} ({reason})."
    return tr(template, step=len(walk.steps) - 1, x=x, value=literal(step.f), reason=translate_message(reason))


LINEAR, QUADRATIC = 1.15, 1.7


def _speed(run: NewtonRun, walk: Walk) -> Iterator[str]:
    found = _order(run, walk)
    if found is not None and found > QUADRATIC:
        yield tr(_FASTER.get(round(found), _FAST), order=f"{found:.3g}")
    part = _remaining(run, walk)
    if part is not None and 0.05 < part < _SLOW and (found is None or found < LINEAR):
        several = 1 / (1 - part)
        template = "The order is 1: every step leaves {part} of the distance."
        if abs(several - round(several)) < 0.1 < several - 1:
            template = (
                "The order is 1: every step leaves {part} of the distance, as at a root of multiplicity {several}."
            )
        yield tr(template, part=f"{part:.3g}", several=f"{several:.0f}")
    secant = next((one for one in run.walks if one.method == SECANT), None)
    if secant is None or secant.end != "root" or len(secant.steps) < 3:
        return
    speed = _order(run, secant)
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


def _proof(run: NewtonRun) -> Iterator[str]:
    name, proved = run.name, run.root
    if proved is not None:
        value = _digits(proved) if run.exact is None else literal(run.exact)
        template = "Proved by interval Newton: {name} = {value} is a root, and the only one within {alone} of it."
        yield tr(template, name=name, value=value, alone=f"{proved.alone:.3g}")
    elif run.exact is not None:
        yield tr(_EXACT, x=literal(run.exact))
    elif run.rootless is not None:
        last = next(walk.last for walk in run.walks if walk.end in ("root", "steps"))
        template = "Proved by the mean value theorem: f has no root within {within} of {name} = {x}."
        yield tr(template, within=f"{run.rootless:.3g}", name=name, x=literal(last))
    elif any(walk.end == "root" for walk in run.walks):
        yield tr("Not proved to be a root: interval Newton finds none there; f' may vanish, or f is not smooth.")
    if run.detached:
        yield tr(_DETACHED)


_EXACT = "Proved: f({x}) is exactly 0. Whether it is the only root near is not proved: f' may vanish there."
_DETACHED = "The slopes hold what is detached; what is proved of roots is of f itself, where detach(u) is u."


def _digits(proved: Root) -> str:
    """The root as far as it is known."""
    found: str = digits(proved.value) if tight(proved.value) else proved.value.str(15)
    return found


# --- for plots and programs
def _plots(run: NewtonRun) -> tuple[Plot, ...]:
    walk = run.walks[0]
    if not run.curve:  # f has no value where it begins
        return ()
    path = [(step.x, step.f) for step in near(walk)]
    places, values = [x for x, _ in run.curve], [y for _, y in run.curve]
    zigzag = [point for x, y in path for point in ((x, 0.0), (x, y))]
    curves = (
        Curve("f", places, values),
        Curve(tr("tangents"), [x for x, _ in zigzag], [y for _, y in zigzag]),
        Curve("f = 0", [places[0], places[-1]], [0.0, 0.0]),
    )
    title = tr("Newton's method from {start}", start=f"{run.name} = {literal(walk.path[0])}")
    first = Plot(title, Axis(run.name), Axis("f"), curves)
    ways: dict[tuple[float, ...], list[str]] = {}
    for one in run.walks:
        ways.setdefault(tuple(away for away, _ in run.distances(one)), []).append(tr(one.method))
    lines = tuple(Curve(", ".join(names), range(len(away)), away) for away, names in ways.items() if away)
    if not lines:
        return (first,)
    return first, Plot(tr("Distance from the root"), Axis(tr("step")), Axis(tr("distance"), logarithmic=True), lines)


def _facts(run: NewtonRun) -> dict[str, object]:
    proved = run.root
    return {
        "expr": run.case.expression.source,
        "from": dict(run.case.at),
        "iterations": {
            walk.method: {
                "end": walk.end,
                "cycle": walk.cycle or None,
                "x": list(walk.path),
                "f": [step.f for step in walk.steps],
                "slope": [step.slope for step in walk.steps],
                "order": _order(run, walk),
            }
            for walk in run.walks
        },
        "root": None if proved is None else {"value": _digits(proved), "only_within": proved.alone},
        "exact": run.exact,
        "no_root_within": run.rootless,
    }
