"""The error of difference quotients over the step: truncation, C h^p, against round-off, N/h.

    E(h) = C h^p + N/h        is least at        h* = (N/(p C))^(1/(p + 1))

with C = c |f^(p+1)(x)|, where c belongs to the stencil, and N = w u |f(x)|: each value of f is taken
to be wrong by one rounding u, and the quotient's weights add up to w (Gill, Murray, Wright,
"Practical Optimization", 1981, ch. 8.6; Baydin et al. 2018, fig. 3). Every f^(k)(x) is proved, and so is
the f'(x) that all errors are measured against. What is measured knows nothing of this theory.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import combinations
from math import factorial, inf, isfinite, log10
from statistics import median
from typing import Any

from diffcli.locale.language import join, listed, tr, translate_message
from diffcli.methods.differences import STENCILS, Stencil, weights
from diffcli.problem.case import Case, headline
from diffcli.problem.point import Number, equations, flat
from diffcli.problem.understanding import make_case
from diffcli.runtime.errors import DiffError, Unsupported
from diffcli.runtime.limits import Expired, Here
from diffcli.runtime.messages import message
from diffcli.studies.quotients import COMPLEX, NUMBERS, Sample, Scene
from diffcli.studies.study import Axis, Cell, Column, Curve, Plot, Progress, Study, Table, silent
from diffcli.syntax.rendering import literal
from diffcli.truth.certify import digits

METHODS = (*STENCILS, COMPLEX)
AUTOMATIC = "dual numbers"
MOST_STEPS = 100_000

CLEAR, WINDOW, FEWEST = 30.0, 1.25, 4
"""An order is measured where the error is this many times what round-off may do, over the decades of h
next to that, and on this many steps or more."""


# --- what is measured
@dataclass(frozen=True, slots=True)
class Theory:
    """What E(h) = C h^p + N/h has of one method; `missing` says why there is no C."""

    order: int
    truncation: float | None
    noise: float
    best: float | None = None
    error: float | None = None
    missing: str | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """A method's curve and what it says: the order, the best step, and from where on round-off rules."""

    name: str
    samples: tuple[Sample, ...]
    theory: Theory
    order: float | None = None
    best: Sample | None = None
    below: float | None = None


def sweep(
    source: str,
    at: Mapping[str, Number],
    wrt: Sequence[str] | None = None,
    methods: Sequence[str] = (),
    steps: int = 129,
    largest: float = 1.0,
    smallest: float = 1e-16,
    numbers: str = "float64",
    timeout: float = 10.0,
    whole: bool = True,
    progress: Progress = silent,
) -> Study:
    """The error of every method at `steps` steps, even in log h; `whole` keeps them all in a table."""
    names = _named(methods)
    grid = _grid(steps, largest, smallest)
    if numbers not in NUMBERS:
        raise DiffError(
            message("unknown numbers '{name}'", name=numbers),
            hint=message("write one of: {names}", names=", ".join(NUMBERS)),
            kind="option",
        )
    chosen = NUMBERS[numbers]()
    scene = Scene(_case(source, at, wrt), chosen, timeout)
    with chosen.quiet():
        curves = _curves(scene, names, grid, progress)
        refused = {name: samples for name, samples in curves.items() if isinstance(samples, str)}
        found = [_found(scene, name, samples) for name, samples in curves.items() if not isinstance(samples, str)]
        automatic = scene.automatic
    proved = scene.truth.status == "certified"
    tables = ([_orders(found, scene, automatic)] if proved else []) + [_grid_table(found) if whole else _decades(found)]
    said = (*(_sentences if proved else _unproved)(found, scene, automatic), *_refusals(refused))
    plots = _plots(found, scene, automatic) if proved else ()
    return Study("sweep", _heading(scene), tuple(tables), plots, said, _facts(found, scene, automatic))


def _named(methods: Sequence[str]) -> tuple[str, ...]:
    for name in methods:
        if name not in METHODS:
            raise DiffError(
                message("'{name}' has no step", name=name),
                hint=message("methods with one: {names}", names=", ".join(METHODS)),
                kind="option",
            )
    return tuple(dict.fromkeys(methods)) or METHODS


def _grid(steps: int, largest: float, smallest: float) -> list[float]:
    """From the largest to the smallest, even in log h, powers of ten as they are written."""
    if not 2 <= steps <= MOST_STEPS:
        raise DiffError(
            message("--steps {count}: a sweep has 2 to {most} steps", count=steps, most=f"{MOST_STEPS:,}"),
            hint=message("write --steps 129"),
            kind="option",
        )
    if not 0 < smallest < largest < inf:
        hint = message("the smallest step is above 0 and below the largest")
        raise DiffError(
            message("no steps from {largest} down to {smallest}", largest=f"{largest:g}", smallest=f"{smallest:g}"),
            hint=hint,
            kind="option",
        )
    high, low = log10(largest), log10(smallest)
    return [10.0 ** round(high + (low - high) * k / (steps - 1), 12) for k in range(steps)]


def _case(source: str, at: Mapping[str, Number], wrt: Sequence[str] | None) -> Case:
    case = make_case(source, at, wrt)
    if case.expression.shape:
        raise DiffError(
            message("a sweep is of one number; the result is a vector"),
            hint=message("choose one entry: v[0]"),
            kind="shape",
        )
    if len(case.entries) != 1:
        hint = (
            message("name one with --wrt; its variables are: {names}", names=", ".join(case.entries))
            if case.entries
            else None
        )
        raise DiffError(
            message("a sweep is by one variable, not {count}", count=len(case.entries)), hint=hint, kind="option"
        )
    return case


def _curves(
    scene: Scene, names: Sequence[str], grid: Sequence[float], progress: Progress
) -> dict[str, tuple[Sample, ...] | str]:
    """The samples of each method, or why there are none."""
    curves: dict[str, tuple[Sample, ...] | str] = {}
    for k, name in enumerate(names):
        told = partial(_told_from, progress, k * len(grid), len(names) * len(grid))
        try:
            curves[name] = Here(_samples, scene, name, grid, told).result(scene.timeout)
        except Unsupported as unsupported:
            curves[name] = str(unsupported)
        except Expired:
            curves[name] = message("no answer within {seconds} s", seconds=f"{scene.timeout:g}")
    return curves


def _samples(scene: Scene, name: str, grid: Sequence[float], told: Callable[[int], None]) -> tuple[Sample, ...]:
    samples = []
    for step in grid:
        samples.append(scene.sample(name, step))
        told(len(samples))
    return tuple(samples)


def _told_from(progress: Progress, before: int, total: int, done: int) -> None:
    progress(before + done, total)


# --- in theory
def _theory(scene: Scene, name: str) -> Theory:
    stencil = STENCILS.get(name)
    order = stencil.order if stencil else 2
    value = scene.truth.value
    size = abs(float(value)) if value is not None else 0.0
    noise = _spread(stencil) * scene.numbers.unit * size if stencil else 0.0
    proof = scene.proved(order + 1)
    exact = proof.derivative[0] if proof.status == "certified" and proof.derivative else None
    if exact is None:
        return Theory(order, None, noise, missing=proof.reason or proof.status)
    truncation = _constant(stencil) * abs(float(exact))
    if not truncation or not isfinite(truncation):
        return Theory(order, truncation, noise)
    if stencil is None:
        return Theory(order, truncation, noise, (scene.floor / truncation) ** (1 / order) or None, scene.floor)
    best = (noise / (order * truncation)) ** (1 / (order + 1))
    return Theory(order, truncation, noise, best or None, truncation * best**order + noise / best if best else None)


def _spread(stencil: Stencil) -> float:
    """w: by how much the quotient multiplies errors of f, over h."""
    between = stencil.right - stencil.left
    return float(sum(2 * abs(weight) / (between * 2**k) for k, weight in enumerate(weights(stencil))))


def _constant(stencil: Stencil | None) -> float:
    """c: what multiplies h^p f^(p+1), once h, 2h, 4h, … are extrapolated: (1·4·16·…)/(p + 1)!."""
    if stencil is None:
        return 1 / 6
    return 2.0 ** (stencil.levels * (stencil.levels - 1)) / factorial(stencil.order + 1)


def _primed(order: int) -> str:
    return "f" + "'" * order if order <= 3 else f"f^({order})"


# --- as measured
def _found(scene: Scene, name: str, samples: tuple[Sample, ...]) -> Found:
    theory = _theory(scene, name)
    known = [sample for sample in samples if sample.error is not None and sample.taken]
    if not known:
        return Found(name, samples, theory)
    best = min(known, key=lambda sample: (sample.error, -sample.step))
    noise = _noise(known, best, theory) if name != COMPLEX else 0.0
    window = _window(known, noise, scene.floor)
    if len(window) < FEWEST:
        return Found(name, samples, theory, best=best)
    order, line = _fitted(window)
    found = Found(name, samples, theory, order, best)
    return found if _falls_short(found) else replace(found, below=_departure(known, window[-1].step, line))


def _noise(known: Sequence[Sample], best: Sample, theory: Theory) -> float:
    """N as the small steps show it, where that is more than one rounding."""
    small = [sample.error * sample.taken for sample in known if sample.error and sample.step < best.step / 10]
    return max(theory.noise, median(small) if small else 0.0)


def _window(known: Sequence[Sample], noise: float, floor: float) -> list[Sample]:
    """The smallest steps whose error is truncation beyond doubt, in falling order: there h^p is nearest."""
    clear: list[Sample] = []
    doubtful = 0
    for sample in known:
        if sample.error and sample.error > CLEAR * max(noise / sample.taken, floor):
            clear.append(sample)
            doubtful = 0
        else:
            doubtful += 1
            if doubtful > 1 and clear:
                break
    return [sample for sample in clear if sample.step <= clear[-1].step * 10**WINDOW]


def _fitted(window: Sequence[Sample]) -> tuple[float, Callable[[float], float]]:
    """Theil and Sen's line through log error over log h: the median slope, which no stray point moves."""
    points = [(log10(sample.step), log10(sample.error or 1.0)) for sample in window]
    slope = median((b - d) / (a - c) for (a, b), (c, d) in combinations(points, 2))
    level = median(b - slope * a for a, b in points)
    return slope, lambda step: float(10 ** (slope * log10(step) + level))


def _departure(known: Sequence[Sample], lowest: float, line: Callable[[float], float]) -> float | None:
    """The largest step below which the error is above twice the line: there round-off has taken over."""
    beneath = [sample for sample in known if sample.step < lowest]
    off = [(sample.error or 0.0) > 2 * line(sample.step) for sample in beneath]
    for k in range(len(off) - 1):
        if off[k] and off[k + 1]:
            return beneath[k].step
    return None


# --- tables
def _orders(found: Sequence[Found], scene: Scene, automatic: float) -> Table:
    heads = (
        Column(tr("method")), Column(tr("order")), Column(tr("measured"), 3), Column(tr("best h"), 2),
        Column(tr("its error"), 2), Column("h*", 2), Column(tr("error*"), 2), Column(tr("round-off below"), 2),
    )  # fmt: skip
    rows = tuple(_order(one) for one in found)
    level = (tr(AUTOMATIC), None, None, None, scene.error(automatic), None, None, None)
    title = tr("error C h^p + N/h: order p, and the step h* that should be best, (N/(p C))^(1/(p+1))")
    return Table(heads, (*rows, level), title)


def _order(one: Found) -> tuple[Cell, ...]:
    step, error = (one.best.step, one.best.error) if one.best else (None, None)
    return one.name, one.theory.order, one.order, step, error, one.theory.best, one.theory.error, one.below


def _decades(found: Sequence[Found]) -> Table:
    """A quotient, as it is taught, and all errors, at powers of ten."""
    if not found:
        return Table((Column("h"),), ())
    first = found[0]
    errors = any(sample.error is not None for sample in first.samples)
    chosen = _nearest_decades([sample.step for sample in first.samples])
    values = found[:1] if errors else found
    heads = (
        Column("h", 2),
        *(Column(tr("{name} quotient", name=_short(one.name)) if errors else _short(one.name), 12) for one in values),
        *(Column(_short(one.name), 2) for one in found if errors),
    )
    rows = tuple(
        (
            first.samples[k].step,
            *(one.samples[k].value for one in values),
            *(one.samples[k].error for one in found if errors),
        )
        for k in chosen
    )
    return Table(heads, rows, tr("quotients and errors" if errors else "quotients"))


def _nearest_decades(steps: Sequence[float]) -> list[int]:
    places = [log10(step) for step in steps]
    decades = range(round(places[0]), round(places[-1]) - 1, -1)
    return list(dict.fromkeys(min(range(len(places)), key=lambda k: abs(places[k] - decade)) for decade in decades))


def _grid_table(found: Sequence[Found]) -> Table:
    heads = tuple(map(Column, (tr("method"), "h", tr("step taken"), tr("value"), tr("error"))))
    rows = tuple(
        (one.name, sample.step, sample.taken, sample.value, sample.error) for one in found for sample in one.samples
    )
    return Table(heads, rows, tr("all steps"))


def _short(name: str) -> str:
    return name.removesuffix("-difference").removesuffix("-step")


# --- plots
def _plots(found: Sequence[Found], scene: Scene, automatic: float) -> tuple[Plot, ...]:
    curves = [
        Curve(
            one.name,
            [sample.step for sample in one.samples],
            [inf if sample.error is None else sample.error for sample in one.samples],
        )
        for one in found
    ]
    if not curves:
        return ()
    off = scene.error(automatic)
    if off is not None:
        ends = [curves[0].x[0], curves[0].x[-1]]
        name = tr(AUTOMATIC if off else "dual numbers (exact; drawn at one rounding)")
        curves.append(Curve(name, ends, [off or scene.floor] * 2))
    (variable,) = scene.case.entries
    title = tr("error of df/d{variable} over the step, {numbers}", variable=variable, numbers=scene.numbers.name)
    return (Plot(title, Axis(tr("step h"), True), Axis(tr("absolute error"), True), tuple(curves)),)


# --- in words
def _heading(scene: Scene) -> tuple[str, ...]:
    case = scene.case
    lines = [f"{headline(case)}{tr('   at  {point}', point=equations(case.at))}"]
    if [x for value in case.at.values() for x in flat(value)] != scene.point:
        template = "in {numbers}: {variable} = {x}, and proved there"
        lines.append(tr(template, numbers=scene.numbers.name, variable=case.entries[0], x=literal(scene.x)))
    exact = scene.truth.derivative
    if exact and exact[0] is not None:
        lines.append(f"df/d{case.entries[0]} = {digits(exact[0])[:22]}   {tr('proved')}")
    return tuple(lines)


def _sentences(found: Sequence[Found], scene: Scene, automatic: float) -> list[str]:
    said = [_falling(found), _turning(found, scene, automatic), *_failing(found), _complex(found, scene), _lost(scene)]
    return [sentence for sentence in said if sentence]


def _falling(found: Sequence[Found]) -> str:
    template = "{order} for {name} (theory: {theory})"
    told = [
        tr(template, order=f"{one.order:.2f}", name=one.name, theory=one.theory.order)
        for one in found
        if one.order is not None and one.order >= _FLAT
    ]
    return tr("As h falls the error falls, like h to the power {orders}.", orders=listed(told)) if told else ""


_FLAT = 0.05
"""An order below this is no fall: the error stays what it is."""


def _turning(found: Sequence[Found], scene: Scene, automatic: float) -> str:
    turned = [one for one in found if one.below is not None and one.best is not None and one.name != COMPLEX]
    if not turned:
        return ""
    below = listed([tr("{number} for {name}", number=_number(one.below), name=one.name) for one in turned])
    said = tr("Then round-off takes over, and the error grows like 1/h: below h = {below}.", below=below)
    differences = (one for one in found if one.name != COMPLEX)
    best, name = min((one.best.error or 0.0, one.name) for one in differences if one.best)
    if not best:
        return join([said, tr("Where an error is 0, roundings happen to cancel.")])
    off = _number(scene.error(automatic))
    return join([said, tr(_NEAREST, best=_number(best), name=name, off=off)])


_NEAREST = "No difference comes nearer than {best} ({name}); dual numbers miss by {off}, without a step."


def _failing(found: Sequence[Found]) -> list[str]:
    """Where the analysis does not hold, and why."""
    without = [one for one in found if one.theory.missing]
    said: list[str] = []
    if without:
        template = _FAILS if len(without) == 1 else _FAIL
        names = listed(list(dict.fromkeys(_primed(one.theory.order + 1) for one in without)))
        told = listed([_measured(one) for one in without])
        said.append(tr(template, names=names, reason=translate_message(without[0].theory.missing), orders=told))
    exact = [one for one in found if one.theory.truncation == 0 and one.order is None]
    if exact:
        gone = list(dict.fromkeys(_primed(one.theory.order + 1) for one in exact))
        template = _GONE if len(gone) == 1 else _ALL_GONE
        said.append(tr(template, methods=listed([one.name for one in exact]), names=listed(gone)))
    said += [
        tr(_FASTER, name=one.name, order=f"{one.order:.2f}", slope=_primed(one.theory.order + 1))
        for one in found
        if one.theory.truncation == 0 and one.order is not None and one.order > one.theory.order
    ]
    short = [one.name for one in found if _falls_short(one) and not one.theory.missing]
    if short:
        said.append(tr(_SHORT, methods=listed(short)))
    few = [one.name for one in found if one.order is None and one.theory.truncation and not one.theory.missing]
    if few:
        said.append(tr(_FEW, methods=listed(few), fewest=FEWEST))
    return said


_FAILS = (
    "The analysis expands f around the point, and fails: {names} is not proved to exist there ({reason}). "
    "The orders are those of {orders}."
)
_FAIL = (
    "The analysis expands f around the point, and fails: {names} are not proved to exist there ({reason}). "
    "The orders are those of {orders}."
)
_GONE = "Of {methods} only round-off is left, and the largest step is best: {names} is 0, and C with it."
_ALL_GONE = "Of {methods} only round-off is left, and the largest step is best: {names} are 0, and C with them."
_FASTER = "{name} falls like h to the power {order}, since {slope} is 0 here."
_FEW = (
    "No order is measured of {methods}: a line needs {fewest} steps whose error is truncation beyond doubt. "
    "More --steps, or a larger --smallest, may give them."
)
_SHORT = (
    "The order of {methods} is not reached: where the error is above round-off, the steps reach beyond "
    "what f does near the point, as over a kink, a switch, a pole or a period."
)


def _falls_short(one: Found) -> bool:
    return one.order is not None and one.order < one.theory.order - 0.3


def _measured(one: Found) -> str:
    if one.order is None:
        return tr("{name} ({theory} in theory, none measured)", name=one.name, theory=one.theory.order)
    template = "{name} ({theory} in theory, {order} measured)"
    return tr(template, name=one.name, theory=one.theory.order, order=f"{one.order:.2f}")


def _complex(found: Sequence[Found], scene: Scene) -> str:
    for one in found:
        good = [sample.step for sample in one.samples if sample.error is not None and sample.error <= 8 * scene.floor]
        if one.name != COMPLEX or one.samples[-1].step not in good:
            continue
        reached = _from_below(one, good)
        template = _RIGHT_EVERYWHERE if reached == one.samples[0].step else _RIGHT_FROM
        return tr(template, h=_number(reached))
    return ""


_RIGHT_EVERYWHERE = (
    "The complex step subtracts nothing, so that no step is too small: right to the last digits at every step."
)
_RIGHT_FROM = (
    "The complex step subtracts nothing, so that no step is too small: right to the last digits from h = {h} on."
)


def _from_below(one: Found, good: Sequence[float]) -> float:
    """The largest step from which on every smaller one is good."""
    reached = one.samples[-1].step
    for sample in reversed(one.samples):
        if sample.step not in good:
            break
        reached = sample.step
    return reached


def _lost(scene: Scene) -> str:
    half = scene.numbers.spacing(scene.x) / 2
    (variable,) = scene.case.entries
    if not half:
        return tr("At {name} = 0 no step is lost: {name} + h is never {name}.", name=variable)
    template = "Below h = {half}, half a spacing, {name} + h is {name}, and no quotient is left."
    return tr(template, half=_number(half), name=variable)


def _unproved(found: Sequence[Found], scene: Scene, automatic: float) -> list[str]:
    truth = scene.truth
    if truth.status != "not-differentiable" or truth.left is None or truth.right is None:
        template = "No derivative is proved here ({reason}): errors and orders have no meaning."
        return [tr(template, reason=translate_message(truth.reason))]
    (left,), (right,) = truth.left, truth.right
    sides = [_one_sided(side) for side in (left, right)]
    said = tr(_NO_DERIVATIVE, reason=translate_message(truth.reason), left=sides[0], right=sides[1])
    ends = [tr("{value} by {name}", value=_value(one), name=one.name) for one in found if one.samples]
    template = "At the smallest step the quotients are {ends}; dual numbers choose {chosen}."
    tends = tr(template, ends=listed(ends), chosen=literal(automatic))
    if left is None or right is None or inf in (abs(_float(left)), abs(_float(right))):
        return [said, tends]
    why = "Forward quotients see the right side only, backward ones the left, central ones the mean of both."
    return [said, tends, tr(why)]


_NO_DERIVATIVE = (
    "There is no derivative here ({reason}): from the left {left}, from the right {right}. "
    "So there is no error, and no order: the analysis expands f around the point, where it has no expansion."
)


def _float(side: Any) -> float:
    return float(side)


def _one_sided(side: Any) -> str:
    return tr("none") if side is None else f"{_float(side):.12g}"


def _value(one: Found) -> str:
    return f"{one.samples[-1].value:.6g}"


def _refusals(refused: Mapping[str, Any]) -> list[str]:
    return [tr("{name}: {reason}.", name=name, reason=translate_message(reason)) for name, reason in refused.items()]


def _number(value: float | None) -> str:
    return "0" if not value else f"{value:.1e}"


# --- for programs
def _facts(found: Sequence[Found], scene: Scene, automatic: float) -> dict[str, Any]:
    truth = scene.truth
    (variable,) = scene.case.entries
    return {
        "expression": scene.case.expression.source,
        "variable": variable,
        "at": dict(zip(scene.program.inputs, scene.point, strict=True)),
        "numbers": scene.numbers.name,
        "unit": scene.numbers.unit,
        "lost_below": scene.numbers.spacing(scene.x) / 2,
        "truth": {
            "status": truth.status,
            "derivative": None if not truth.derivative or truth.derivative[0] is None else digits(truth.derivative[0]),
            "reason": truth.reason,
        },
        "automatic": {"value": automatic, "error": scene.error(automatic)},
        "methods": [
            {
                "method": one.name,
                "order": one.theory.order,
                "measured": one.order,
                "truncation": one.theory.truncation,
                "noise": one.theory.noise,
                "best": one.best and {"h": one.best.step, "error": one.best.error},
                "predicted": {"h": one.theory.best, "error": one.theory.error},
                "round_off_below": one.below,
                "missing": one.theory.missing,
            }
            for one in found
        ],
    }
