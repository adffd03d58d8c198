"""Gradient descent step by step: batch, stochastic, with momentum, and Newton's, with the gradients of every method.

Whether it arrives, falls or diverges is said with the rate that would do for a quadratic of the
curvature at the start: below 2/L, where L is the largest eigenvalue of the Hessian.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from diffcli.comparison.execution import executed
from diffcli.locale.language import begun, listed, tr, translate_message
from diffcli.points.generation import evaluator
from diffcli.problem.case import understood
from diffcli.problem.point import Number, equations, pasted
from diffcli.runtime.errors import DiffError, Unsupported, width
from diffcli.runtime.limits import Died, Expired, Here
from diffcli.runtime.messages import message
from diffcli.studies.descents import (
    Objective,
    Parameters,
    Plan,
    Samples,
    Slopes,
    Step,
    Walk,
    curved_by,
    plan,
    risen_from,
    verdict,
    walk,
)
from diffcli.studies.landscape import Finding
from diffcli.studies.reused import absent, ready
from diffcli.studies.study import Axis, Cell, Column, Contour, Curve, Plot, Study, Table
from diffcli.syntax.rendering import literal
from diffcli.truth.accuracy import bits_lost, error, nearest

MODEL = "yhat"
"""The name that a loss has for what the model predicts."""

_METHODS = ("reverse", "forward", "symbolic")
"""The first leads: reverse mode has a whole gradient in one sweep."""


@dataclass(frozen=True, slots=True)
class Request:
    """How to go down: the ways, the first of which is shown in full, and when to stop.

    `passes` through all samples count instead of `updates` where they are given. Among
    other ways Newton's keeps its own rate, 1.
    """

    ways: tuple[str, ...] = ("batch",)
    rate: float | None = None
    updates: int | None = None
    passes: int | None = None
    batch: int = 8
    momentum: float = 0.9
    until: float = 1e-9
    seed: int = 0
    methods: tuple[str, ...] = _METHODS
    timeout: float = 10.0
    whole: bool = False

    def length(self, plan: Plan, size: int) -> int:
        """Updates of one way."""
        if self.updates is None and (size > 1 or self.passes is not None):
            return (self.passes or _PASSES) * -(-size // plan.batch)
        return self.updates if self.updates is not None else _UPDATES


_UPDATES, _PASSES = 50, 50
"""How long a descent is that says nothing of it, without samples and with them."""


def on_samples(
    model: str, loss: str, samples: Samples, start: Mapping[str, Number], held: Mapping[str, Number]
) -> Objective:
    """The loss of a model's predictions, `yhat`, on samples whose columns are vectors."""
    for name in start:
        if name in samples.columns:
            raise DiffError(
                message("the parameter '{name}' is a column of {source} as well", name=name, source=samples.source),
                hint=message("give one of them another name"),
                kind="option",
            )
        if name in held:
            raise DiffError(
                message("the parameter '{name}' is held by --at as well", name=name),
                hint=message("leave it out of --at"),
                kind="option",
            )
    before, _, last = model.replace("\n", ";").rpartition(";")
    text = "; ".join(part.strip() for part in (before, f"{MODEL} = {last.strip()}", loss) if part.strip())
    return Objective(text, start, held, samples)


def descend(objective: Objective, request: Request) -> Study:
    """Walk down by every way asked for; the first method's gradients lead, the others' are measured beside them."""
    _checked(objective, request)
    usable, failed = ready(objective.case(objective.size), request.methods, request.timeout)
    slopes = {name: Slopes(objective, name, request.timeout) for name in usable}
    lead = next(iter(slopes.values()))
    walks = []
    for name in dict.fromkeys(request.ways):
        rate = None if name == "newton" and len(set(request.ways)) > 1 else request.rate
        chosen = plan(name, rate, objective.size, request.batch, request.momentum)
        walks.append(_walked(lead, chosen, request, objective.size))
    finding = Finding(objective, slopes, failed, tuple(walks), request.timeout, request.whole)
    return Study(
        "descend",
        _heading(finding),
        tuple(_tables(finding)),
        tuple(_plots(finding)),
        tuple(_sentences(finding)),
        _facts(finding),
    )


def _checked(objective: Objective, request: Request) -> None:
    if not objective.start:
        raise DiffError(message("a descent needs a start"), hint=message("write --from x=10"), kind="option")
    lengths = {"--steps": request.updates, "--epochs": request.passes, "--batch-size": request.batch}
    for option, value in lengths.items():
        if value is not None and value < 1:
            raise DiffError(
                message("{option} {value}: one is the least", option=option, value=value),
                hint=message("write {option} 10", option=option),
                kind="option",
            )
    if request.rate is not None and not (math.isfinite(request.rate) and request.rate > 0):
        raise DiffError(
            message("--rate {rate}: a rate is above 0", rate=f"{request.rate:g}"),
            hint=message("write the length of a step: --rate 0.1"),
            kind="option",
        )
    if not 0 <= request.momentum < 1:
        raise DiffError(
            message("--momentum {value}: it is from 0 up to, not including, 1", value=f"{request.momentum:g}"),
            hint=message("write what is kept of a step: --momentum 0.9"),
            kind="option",
        )
    for name in objective.start:
        if name in objective.held:
            raise DiffError(
                message("'{name}' is held and moves", name=name), hint=message("leave it out of --at"), kind="option"
            )
    if objective.unread:
        raise DiffError(
            message("the loss has no parameter '{name}'", name=objective.unread[0]),
            hint=message("leave it out of --from"),
            kind="option",
        )


def _walked(slopes: Slopes, chosen: Plan, request: Request, size: int) -> Walk:
    try:
        length = request.length(chosen, size)
        return Here(walk, slopes, chosen, length, request.until, request.seed).result(request.timeout)
    except Expired:
        raise DiffError(
            message("{name}: no answer within {seconds} s", name=slopes.method, seconds=f"{request.timeout:g}"),
            hint=message("--timeout gives it longer"),
            kind="option",
        ) from None
    except (Unsupported, Died) as fault:
        raise DiffError(
            message(
                "{name} ends on the way: {reason}", name=slopes.method, reason=str(fault) or message("its process died")
            ),
            hint=message("lead with another method: -m forward"),
            kind="option",
        ) from None


# --- tables
def _heading(finding: Finding) -> tuple[str, ...]:
    objective = finding.objective
    case, samples = objective.case(objective.size), objective.samples
    start = equations(objective.start)
    beside = pasted({name: value for name, value in case.at.items() if name in objective.held})
    means = "=" if samples is None else ":"
    lines = [f"f({', '.join(objective.start)}){' ' if samples is None else ''}{means} {understood(case)}"]
    if samples is not None:
        used = ", ".join(name for name in samples.columns if name in case.at)
        lines.append(tr(_SAMPLES, count=f"{len(samples):,}", names=used, source=samples.source))
    lines.append(tr("from {start}; held: {beside}" if beside else "from {start}", start=start, beside=beside))
    widest = max(width(_way(one.plan)) for one in finding.walks)
    for one in finding.walks:
        blanks = " " * (widest - width(_way(one.plan)))
        lines.append(f"{_way(one.plan)}:{blanks} {_update(one.plan, objective.size)}")
    return tuple(lines)


_SAMPLES = "{count} samples of {names} from {source}"

_WAYS = {
    "batch": "batch", "stochastic": "stochastic", "mini-batch": "mini-batch", "momentum": "momentum",
    "newton": "newton",
}  # fmt: skip


def _way(plan: Plan) -> str:
    """The name of a way on a screen."""
    return tr(_WAYS[plan.way])


def _update(plan: Plan, size: int) -> str:
    """The formula of an update, and what g is of."""
    if plan.batch == size:
        return plan.said
    template = "{update}, g of 1 sample" if plan.batch == 1 else "{update}, g of {count} samples"
    return tr(template, update=plan.said, count=plan.batch)


def _tables(finding: Finding) -> Iterator[Table]:
    yield _steps_table(finding)
    if len(finding.walks) > 1:
        yield _ways_table(finding)
    yield _methods_table(finding)
    if finding.truth.derivative is not None:
        yield _truth_table(finding)


ROWS, _WIDEST = 25, 4
"""Rows of a screen, and parameters."""


def _steps_table(finding: Finding) -> Table:
    """The first walk; on a screen the beginning, the end, and every so many between."""
    steps, whole = finding.first.steps, finding.whole
    names = finding.names if whole else finding.names[:_WIDEST]
    kept = steps if whole else [steps[i] for i in _kept(len(steps))]
    above = finding.bottom is not None and finding.bottom.loss != 0
    columns = [Column("k"), Column(tr("loss"), 8), *([Column(tr("above minimum"), 3)] if above else [])]
    columns += [*(Column(name, 8) for name in names), Column(tr("|gradient|"), 4)]
    rows: list[tuple[Cell, ...]] = []
    for step in kept:
        beside = (finding.above(step.loss),) if above else ()
        rows.append((step.k, step.loss, *beside, *step.parameters[: len(names)], step.steepness))
    title = tr("Steps of {way}", way=_way(finding.first.plan))
    if len(names) < len(finding.names):
        title += tr(", {shown} of {count} parameters", shown=len(names), count=len(finding.names))
    if len(kept) < len(steps):
        title += tr(" ({shown} of {count} rows; json and csv have all)", shown=len(kept), count=f"{len(steps):,}")
    return Table(tuple(columns), tuple(rows), title)


def _kept(length: int) -> list[int]:
    """The rows of a screen."""
    if length <= ROWS:
        return list(range(length))
    end = (ROWS - 5) // 2
    gap = length - 2 * end
    return [*range(end), *(end + gap * i // 6 for i in range(1, 6)), *range(length - end, length)]


_VERDICTS = {
    "arrived": "arrived", "diverges": "diverges", "left": "left the domain",
    "flat": "singular Hessian", "falling": "still falling", "hovers": "hovers",
}  # fmt: skip


def _ways_table(finding: Finding) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for one in finding.walks:
        updates = one.last.k
        cost, _ = finding.costs(next(iter(finding.slopes)), one.plan)
        total = None if cost is None else cost.total * updates
        row = (_way(one.plan), one.plan.rate, updates, total, one.last.loss, finding.above(one.last.loss))
        rows.append((*row, tr(_VERDICTS[verdict(one)])))
    columns = (
        Column(tr("way")), Column(tr("rate")), Column(tr("updates")), Column(tr("operations")),
        Column(tr("loss"), 6), Column(tr("above minimum"), 3), Column(tr("end")),
    )  # fmt: skip
    several = finding.objective.size > 1
    return Table(columns, tuple(rows), tr("Ways down; the loss is that of all samples" if several else "Ways down"))


def _methods_table(finding: Finding) -> Table:
    """What one update costs by each method, way by way."""
    kinds: dict[tuple[int, bool], Plan] = {}
    for one in finding.walks:
        kinds.setdefault((one.plan.batch, one.plan.newton), one.plan)
    columns, shown = [Column(tr("method"))], list(kinds.values())
    rows: list[tuple[Cell, ...]] = []
    several = len(shown) > 1
    columns += [Column(_way(one) if several else tr("operations")) for one in shown]
    columns += [Column(tr("times f"), 3), Column(tr("tape")), Column(tr("apart, ulp"), 3)]
    first = finding.first.plan
    batch = tuple(range(first.batch))
    problem = finding.objective.problem(finding.objective.begin, batch)
    alone = executed(problem.program, problem.point)[1].total
    for name in finding.slopes:
        costs = [finding.costs(name, one) for one in shown]
        cost, tape = finding.costs(name, first)
        times = None if cost is None or not alone else cost.total / alone
        totals = [None if found is None else found.total for found, _ in costs]
        rows.append((name, *totals, times, tape, finding.apart[name]))
    title = "Operations of one update; how far gradients are apart on the way"
    if any(one.newton for one in shown):
        title = "Operations of one update, the Hessian with it; how far gradients are apart on the way"
    return Table(tuple(columns), tuple(rows), tr(title))


def _truth_table(finding: Finding) -> Table:
    """The gradient at the end, and what is proved of it."""
    rows: list[tuple[Cell, ...]] = []
    proved, last = finding.truth.derivative or (), finding.first.last
    for name, computed, exact in zip(finding.names, last.gradient, proved, strict=True):
        if exact is None:
            rows.append((name, computed, None, None))
        else:
            rows.append((name, computed, nearest(exact), bits_lost(error(computed, exact).ulp)))
    kept = rows if finding.whole else rows[:ROWS]
    columns = Column("∂f/∂"), Column(next(iter(finding.slopes))), Column(tr("truth")), Column(tr("bits lost"), 3)
    title = tr("The gradient at the end of {way}, and its proved value", way=_way(finding.first.plan))
    return Table(columns, tuple(kept), title)


# --- in words
def _sentences(finding: Finding) -> Iterator[str]:
    for one in finding.walks:
        said = _ending(finding, one)
        if len(finding.walks) > 1:
            small = said[0].lower() + said[1:]
            said = tr("{names}: {sentence}", names=begun(_way(one.plan)), sentence=small)
        yield said
    yield from _rates(finding)
    yield from _passes(finding)
    yield from _agreement(finding)
    yield from _proof(finding)
    yield from absent(finding.failed)


def _place(finding: Finding, step: Step) -> str:
    names = finding.names[:_WIDEST]
    shown = ", ".join(f"{name} = {x:.6g}" for name, x in zip(names, step.parameters, strict=False))
    return shown if len(names) == len(finding.names) else f"{shown}, …"


def _ending(finding: Finding, one: Walk) -> str:
    last, k = one.last, one.last.k
    times = tr("{count:,} update", "{count:,} updates", count=k)
    found = verdict(one)
    if found == "diverges":
        template = _RISES if math.isfinite(last.loss) else _RISES_BEYOND
        return tr(template, step=risen_from(one), loss=f"{last.loss:.6g}", times=times, factor=_factor(one))
    if found == "left":
        template = "Leaves the domain after {times}: the loss is {loss} at {place}."
        return tr(template, times=times, loss=f"{last.loss:g}", place=_place(finding, last))
    if found == "flat":
        template = "Step {step} cannot be made: the Hessian at {place} is singular."
        return tr(template, step=k + 1, place=_place(finding, last))
    if found == "arrived":
        manner = tr("the gradient's length is {length}", length=f"{last.steepness:.3g}")
        if one.end == "stuck":
            manner = tr("no step changes a bit")
        template = "Arrived after {times} at {place}, loss {loss}: {manner}{kind}."
        place, kind = _place(finding, last), _kind(finding, one)
        return tr(template, times=times, place=place, loss=f"{last.loss:.6g}", manner=manner, kind=kind)
    rest = finding.above(last.loss)
    beside = "" if not rest or rest == last.loss else tr(", {rest} above the minimum near it", rest=f"{rest:.3g}")
    loss = f"{last.loss:.6g}"
    if found == "falling":
        template = "Still falling after {times}: the loss is {loss}{beside}{factor}."
        return tr(template, times=times, loss=loss, beside=beside, factor=_factor(one, finding))
    template = "Hovers: after {times} the loss is {loss}{beside}, and has not fallen clearly of late."
    return tr(template, times=times, loss=loss, beside=beside)


_RISES = "Diverges: from step {step} on the loss only rises, and is {loss} after {times}{factor}."
_RISES_BEYOND = "Diverges: from step {step} on the loss only rises, and is no finite number after {times}{factor}."


def _factor(one: Walk, finding: Finding | None = None) -> str:
    """`, 1.44 times what it was each step`, where that is steady."""
    losses = [loss for loss in one.losses if math.isfinite(loss)][-5:]
    if finding is not None and finding.bottom is not None:
        losses = [finding.above(loss) or 0.0 for loss in losses]
    ratios = [b / a for a, b in pairwise(losses) if a > 0]
    if len(ratios) < 4 or min(ratios) <= 0 or max(ratios) > 1.02 * min(ratios):
        return ""
    template = ", {ratio} times more each step"
    if ratios[-1] < 1:
        above = finding is not None and finding.bottom and finding.bottom.loss
        template = "; every step leaves {ratio} of what it is above the minimum" if above else _LEAVES
    return tr(template, ratio=f"{ratios[-1]:.3g}")


_LEAVES = "; every step leaves {ratio}"


def _kind(finding: Finding, one: Walk) -> str:
    """What the curvatures are where a walk arrived, and what has such; of x^3 near 0 it is no minimum."""
    curvatures = finding.final if one is finding.first else finding.curved(one.last.parameters)
    if not curvatures:
        return ""
    low, high = curvatures[0], curvatures[-1]
    if low > 0:
        template = ", and the curvature from {low} to {high}, as at a minimum"
        if len(curvatures) == 1:
            template = ", and the curvature {low}, as at a minimum"
        return tr(template, low=f"{low:.3g}", high=f"{high:.3g}")
    if high < 0:
        return tr(", and every curvature is below 0, as at a maximum")
    return tr(", and the curvatures have both signs, as at a saddle" if low < 0 < high else ", and a curvature is 0")


def _rates(finding: Finding) -> Iterator[str]:
    """What rates would do for a quadratic with the curvature of the start."""
    curvatures = finding.curvatures
    if not curvatures or curvatures[-1] <= 0:
        if curvatures:
            yield tr("At the start no curvature is above 0: 2/L says nothing of rates there.")
        return
    low, high = curvatures[0], curvatures[-1]
    yield tr(_LARGEST_CURVATURE, most=f"{high:.6g}", rate=f"{2 / high:.4g}")
    if low > 0 and high > _UNEVEN * low:
        rate, part = f"{2 / (low + high):.4g}", f"{(high - low) / (high + low):.3g}"
        yield tr(_SMALLEST_CURVATURE, least=f"{low:.4g}", times=f"{high / low:.3g}", rate=rate, part=part)
    for one in finding.walks:
        limit = 2 * (1 + one.plan.momentum) / high
        if verdict(one) == "diverges" and not one.plan.newton:
            template = "The rate of {way}, {rate}, is below {limit}, but of single batches it may be larger."
            if one.plan.rate > limit:
                template = "The rate of {way}, {rate}, is above {limit}."
            elif one.plan.rate == limit:
                template = "The rate of {way}, {rate}, is at {limit}, but of single batches it may be larger."
            yield tr(template, way=_way(one.plan), rate=f"{one.plan.rate:g}", limit=f"{limit:.4g}")


_LARGEST_CURVATURE = (
    "The largest curvature at the start is L = {most}: a quadratic like that falls at rates below 2/L = {rate}."
)
_SMALLEST_CURVATURE = (
    "The smallest is {least}, {times} times less: the best steady rate is {rate}, "
    "and every step then leaves {part} of the distance."
)


def _passes(finding: Finding) -> Iterator[str]:
    """How often the parameters move while all samples are read once."""
    size = finding.objective.size
    often = [one for one in finding.walks if one.plan.batch < size]
    whole = next((one for one in finding.walks if one.plan.batch == size), None)
    if not often or whole is None:
        return
    once = tr("{way} moves once", way=_way(whole.plan))
    moves = [tr("{way} {count} times", way=_way(one.plan), count=f"{-(-size // one.plan.batch):,}") for one in often]
    yield tr("Reading all {count} samples once, {moves}.", count=f"{size:,}", moves=listed([once, *moves]))


def _agreement(finding: Finding) -> Iterator[str]:
    if len(finding.slopes) < 2:
        return
    most = max(finding.apart.values())
    template = "{names} give the same gradients along the way, up to {ulps} ulp of their length."
    if most == 0:
        template = "{names} give the same gradients along the way, bit by bit."
    yield tr(template, names=begun(listed(list(finding.slopes))), ulps=f"{most:,.0f}")


def _proof(finding: Finding) -> Iterator[str]:
    """What is proved of the gradient at the end: of all of it, or of nothing."""
    truth = finding.truth
    if truth.status != "certified" or truth.derivative is None:
        if truth.reason is not None:
            template = "The gradient at the end is not proved: {reason}."
            if truth.status == "not-differentiable":
                template = "At the end f has no gradient: {reason}."
            yield tr(template, reason=translate_message(truth.reason))
        return
    known = list(zip(finding.first.last.gradient, truth.derivative, strict=True))
    if known and all(math.isfinite(nearest(exact)) for _, exact in known):
        lost = max(bits_lost(error(computed, exact).ulp) for computed, exact in known)
        length = math.hypot(*(nearest(exact) for _, exact in known))
        template = "Proved: the gradient at the end has the length {length}; computing loses no bit of it."
        if lost >= _TENTH:
            template = "Proved: the gradient at the end has the length {length}; computing loses {bits} bits of it."
        yield tr(template, length=literal(length), bits=f"{lost:.1f}")


_TENTH, _UNEVEN = 0.05, 1.001
"""Bits that are written as 0.1, and curvatures that differ."""


# --- for plots and programs
GRID, _DRAWN, _LEVELS = 81, 150, 16
"""Places of a contour along each axis, marks of a path, and lines."""


def _plots(finding: Finding) -> Iterator[Plot]:
    yield _losses_plot(finding)
    if len(finding.names) <= 2:
        paths = [(one, _path(one)) for one in finding.walks]
        if all(len(path) > 1 for _, path in paths[:1]):
            yield (_section if len(finding.names) == 1 else _map)(finding, [pair for pair in paths if len(pair[1]) > 1])


def _losses_plot(finding: Finding) -> Plot:
    """The loss over updates; where ways read different numbers of samples, over passes through them."""
    size = finding.objective.size
    read = len({one.plan.batch for one in finding.walks}) > 1
    known = [loss for one in finding.walks for loss in one.losses if math.isfinite(loss)]
    positive = min(known, default=0.0) >= 0 < max(known, default=0.0)
    curves = []
    for one in finding.walks:
        part = 1 / -(-size // one.plan.batch) if read else 1.0
        drawn = _thinned(one.steps)
        curves.append(Curve(_way(one.plan), [step.k * part for step in drawn], [step.loss for step in drawn]))
    across = Axis(tr("passes through the samples" if read else "updates"))
    return Plot(tr("The loss on the way"), across, Axis(tr("loss"), logarithmic=positive), tuple(curves))


def _path(one: Walk) -> list[Parameters]:
    return [step.parameters for step in _thinned(one.steps) if all(map(math.isfinite, step.parameters))]


def _thinned(steps: Sequence[Step]) -> list[Step]:
    """Every so many, and the last: noise drawn in full would be a black band."""
    every = max(1, len(steps) // _DRAWN)
    return [step for i, step in enumerate(steps) if i % every == 0 or i == len(steps) - 1]


def _spread(values: Sequence[float], count: int) -> list[float]:
    """Places a little beyond all of `values`."""
    low, high = min(values), max(values)
    margin = 0.12 * (high - low) or 1.0
    return [low - margin + (high - low + 2 * margin) * i / (count - 1) for i in range(count)]


def _section(finding: Finding, paths: Sequence[tuple[Walk, list[Parameters]]]) -> Plot:
    """f over its one parameter, and the way on it."""
    (name,) = finding.names
    across = _spread([x for _, path in paths for (x,) in path], 161)
    curves = [Curve("f", across, [finding.objective.loss((x,)) for x in across])]
    for one, path in paths:
        curves.append(Curve(_way(one.plan), [x for (x,) in path], [finding.objective.loss(place) for place in path]))
    title = tr("The way on f from {name} = {value}", name=name, value=literal(finding.objective.begin[0]))
    return Plot(title, Axis(name), Axis("f"), tuple(curves))


def _map(finding: Finding, paths: Sequence[tuple[Walk, list[Parameters]]]) -> Plot:
    """The ways over both parameters, with lines of equal loss."""
    one, other = finding.names
    curves = [Curve(_way(walk.plan), [x for x, _ in path], [y for _, y in path]) for walk, path in paths]
    if finding.bottom is not None:
        bottom = finding.bottom.parameters
        curves.append(Curve(tr("minimum"), bottom[:1], bottom[1:], joined=False))
    places = [place for _, path in paths for place in path]
    x, y = (_spread([place[i] for place in places], GRID) for i in (0, 1))
    return Plot(tr("The way down"), Axis(one), Axis(other), tuple(curves), _contour(finding, x, y))


_LARGEST = 20_000
"""Equations of the largest loss that a contour is drawn of."""


def _contour(finding: Finding, x: Sequence[float], y: Sequence[float]) -> Contour | None:
    """Lines of equal loss, by the part of the picture that is below them, closer where it is lowest."""
    objective = finding.objective
    problem = objective.problem(objective.begin, objective.everything)
    if len(problem.program) > _LARGEST:
        return None
    points = len(x) * len(y)
    columns = [[value] * points for value in problem.point]
    columns[problem.wrt[0]], columns[problem.wrt[1]] = list(x) * len(y), [b for b in y for _ in x]
    (found,) = evaluator(problem.program, points)(columns)
    values = [float(value) for value in found]
    known = sorted(value for value in values if math.isfinite(value))
    levels = sorted({known[int(len(known) * ((i + 0.5) / _LEVELS) ** 2)] for i in range(_LEVELS)}) if known else []
    rows = [values[k : k + len(x)] for k in range(0, points, len(x))]
    return Contour(x, y, rows, levels) if len(levels) > 1 else None


def _facts(finding: Finding) -> dict[str, object]:
    objective, bottom, truth = finding.objective, finding.bottom, finding.truth
    return {
        "loss": objective.source,
        "parameters": list(finding.names),
        "from": dict(objective.start),
        "held": dict(objective.held),
        "samples": None if objective.samples is None else {"count": objective.size, "from": objective.samples.source},
        "walks": {one.plan.way: _walk_facts(finding, one) for one in finding.walks},
        "curvatures": finding.curvatures,
        "minimum": None if bottom is None else {"at": list(bottom.parameters), "loss": bottom.loss},
        "truth": {
            "status": truth.status,
            "gradient": None
            if truth.derivative is None
            else [None if exact is None else nearest(exact) for exact in truth.derivative],
        },
        "methods": {name: {"apart_ulp": finding.apart[name]} for name in finding.slopes} | dict(finding.failed),
    }


def _walk_facts(finding: Finding, one: Walk) -> dict[str, object]:
    chosen = one.plan
    costs = {name: finding.costs(name, chosen)[0] for name in finding.slopes}
    return {
        "rate": chosen.rate,
        "momentum": chosen.momentum,
        "batch_size": chosen.batch,
        "hessian_by": curved_by(next(iter(finding.slopes))) if chosen.newton else None,
        "end": verdict(one),
        "operations_per_update": {name: None if cost is None else cost.as_dict() for name, cost in costs.items()},
        "steps": [
            {"k": step.k, "loss": step.loss, "parameters": list(step.parameters), "gradient": list(step.gradient)}
            | ({"samples": list(step.batch)} if chosen.batch < finding.objective.size else {})
            for step in one.steps
        ],
    }
