"""A sweep in tables, plots and sentences: orders, best steps, and where the analysis fails."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import inf, log10
from typing import Any

from diffcli.locale.language import join, listed, tr, translate_message
from diffcli.problem.case import headline
from diffcli.problem.point import equations, flat
from diffcli.studies.quotients import COMPLEX
from diffcli.studies.study import Axis, Cell, Column, Curve, Plot, Study, Table
from diffcli.studies.sweep import FEWEST, ErrorCurve, Sweep
from diffcli.syntax.rendering import literal
from diffcli.truth.certify import digits

AUTOMATIC = "dual numbers"


def tell(run: Sweep, whole: bool = True) -> Study:
    """`whole` keeps all steps in a table, and not the powers of ten alone."""
    steps = (_grid_table if whole else _decades)(run.curves)
    tables = (_orders(run), steps) if run.proved else (steps,)
    sentences = (*(_sentences if run.proved else _unproved)(run), *_refusals(run.refused))
    return Study("sweep", _heading(run), tables, _plots(run) if run.proved else (), sentences, _facts(run))


def _primed(order: int) -> str:
    return "f" + "'" * order if order <= 3 else f"f^({order})"


# --- tables
def _orders(run: Sweep) -> Table:
    heads = (
        Column(tr("method")), Column(tr("order")), Column(tr("measured"), 3), Column(tr("best h"), 2),
        Column(tr("its error"), 2), Column("h*", 2), Column(tr("error*"), 2), Column(tr("round-off below"), 2),
    )  # fmt: skip
    rows = tuple(_order(one) for one in run.curves)
    level = (tr(AUTOMATIC), None, None, None, run.automatic_error, None, None, None)
    title = tr("error C h^p + N/h: order p, and the step h* that should be best, (N/(p C))^(1/(p+1))")
    return Table(heads, (*rows, level), title)


def _order(one: ErrorCurve) -> tuple[Cell, ...]:
    step, error = (one.best.step, one.best.error) if one.best else (None, None)
    return one.name, one.theory.order, one.order, step, error, one.theory.best, one.theory.error, one.below


def _decades(curves: Sequence[ErrorCurve]) -> Table:
    """A quotient, as it is taught, and all errors, at powers of ten."""
    if not curves:
        return Table((Column("h"),), ())
    first = curves[0]
    errors = any(sample.error is not None for sample in first.samples)
    chosen = _nearest_decades([sample.step for sample in first.samples])
    values = curves[:1] if errors else curves
    heads = (
        Column("h", 2),
        *(Column(tr("{name} quotient", name=_short(one.name)) if errors else _short(one.name), 12) for one in values),
        *(Column(_short(one.name), 2) for one in curves if errors),
    )
    rows = tuple(
        (
            first.samples[k].step,
            *(one.samples[k].value for one in values),
            *(one.samples[k].error for one in curves if errors),
        )
        for k in chosen
    )
    return Table(heads, rows, tr("quotients and errors" if errors else "quotients"))


def _nearest_decades(steps: Sequence[float]) -> list[int]:
    places = [log10(step) for step in steps]
    decades = range(round(places[0]), round(places[-1]) - 1, -1)
    return list(dict.fromkeys(min(range(len(places)), key=lambda k: abs(places[k] - decade)) for decade in decades))


def _grid_table(curves: Sequence[ErrorCurve]) -> Table:
    heads = tuple(map(Column, (tr("method"), "h", tr("step taken"), tr("value"), tr("error"))))
    rows = tuple(
        (one.name, sample.step, sample.taken, sample.value, sample.error) for one in curves for sample in one.samples
    )
    return Table(heads, rows, tr("all steps"))


def _short(name: str) -> str:
    return name.removesuffix("-difference").removesuffix("-step")


# --- plots
def _plots(run: Sweep) -> tuple[Plot, ...]:
    curves = [
        Curve(
            one.name,
            [sample.step for sample in one.samples],
            [inf if sample.error is None else sample.error for sample in one.samples],
        )
        for one in run.curves
    ]
    if not curves:
        return ()
    off = run.automatic_error
    if off is not None:
        ends = [curves[0].x[0], curves[0].x[-1]]
        name = tr(AUTOMATIC if off else "dual numbers (exact; drawn at one rounding)")
        curves.append(Curve(name, ends, [off or run.floor] * 2))
    title = tr("error of df/d{variable} over the step, {numbers}", variable=run.variable, numbers=run.numbers)
    return (Plot(title, Axis(tr("step h"), True), Axis(tr("absolute error"), True), tuple(curves)),)


# --- in words
def _heading(run: Sweep) -> tuple[str, ...]:
    case = run.case
    lines = [f"{headline(case)}{tr('   at  {point}', point=equations(case.at))}"]
    if [x for value in case.at.values() for x in flat(value)] != list(run.point.values()):
        template = "in {numbers}: {variable} = {x}, and proved there"
        lines.append(tr(template, numbers=run.numbers, variable=run.variable, x=literal(run.x)))
    exact = run.truth.derivative
    if exact and exact[0] is not None:
        lines.append(f"df/d{run.variable} = {digits(exact[0])[:22]}   {tr('proved')}")
    return tuple(lines)


def _sentences(run: Sweep) -> list[str]:
    said = [_falling(run.curves), _turning(run), *_failing(run.curves), _complex(run), _lost(run)]
    return [sentence for sentence in said if sentence]


def _falling(curves: Sequence[ErrorCurve]) -> str:
    template = "{order} for {name} (theory: {theory})"
    told = [
        tr(template, order=f"{one.order:.2f}", name=one.name, theory=one.theory.order)
        for one in curves
        if one.order is not None and one.order >= _FLAT
    ]
    return tr("As h falls the error falls, like h to the power {orders}.", orders=listed(told)) if told else ""


_FLAT = 0.05
"""An order below this is no fall: the error stays what it is."""


def _turning(run: Sweep) -> str:
    turned = [one for one in run.curves if one.below is not None and one.best is not None and one.name != COMPLEX]
    if not turned:
        return ""
    below = listed([tr("{number} for {name}", number=_number(one.below), name=one.name) for one in turned])
    said = tr("Then round-off takes over, and the error grows like 1/h: below h = {below}.", below=below)
    differences = (one for one in run.curves if one.name != COMPLEX)
    best, name = min((one.best.error or 0.0, one.name) for one in differences if one.best)
    if not best:
        return join([said, tr("Where an error is 0, roundings happen to cancel.")])
    off = _number(run.automatic_error)
    return join([said, tr(_NEAREST, best=_number(best), name=name, off=off)])


_NEAREST = "No difference comes nearer than {best} ({name}); dual numbers miss by {off}, without a step."


def _failing(curves: Sequence[ErrorCurve]) -> list[str]:
    """Where the analysis does not hold, and why."""
    without = [one for one in curves if one.theory.missing]
    said: list[str] = []
    if without:
        template = _FAILS if len(without) == 1 else _FAIL
        names = listed(list(dict.fromkeys(_primed(one.theory.order + 1) for one in without)))
        told = listed([_measured(one) for one in without])
        said.append(tr(template, names=names, reason=translate_message(without[0].theory.missing), orders=told))
    exact = [one for one in curves if one.theory.truncation == 0 and one.order is None]
    if exact:
        gone = list(dict.fromkeys(_primed(one.theory.order + 1) for one in exact))
        template = _GONE if len(gone) == 1 else _ALL_GONE
        said.append(tr(template, methods=listed([one.name for one in exact]), names=listed(gone)))
    said += [
        tr(_FASTER, name=one.name, order=f"{one.order:.2f}", slope=_primed(one.theory.order + 1))
        for one in curves
        if one.theory.truncation == 0 and one.order is not None and one.order > one.theory.order
    ]
    short = [one.name for one in curves if one.falls_short and not one.theory.missing]
    if short:
        said.append(tr(_SHORT, methods=listed(short)))
    few = [one.name for one in curves if one.order is None and one.theory.truncation and not one.theory.missing]
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


def _measured(one: ErrorCurve) -> str:
    if one.order is None:
        return tr("{name} ({theory} in theory, none measured)", name=one.name, theory=one.theory.order)
    template = "{name} ({theory} in theory, {order} measured)"
    return tr(template, name=one.name, theory=one.theory.order, order=f"{one.order:.2f}")


def _complex(run: Sweep) -> str:
    for one in run.curves:
        good = [sample.step for sample in one.samples if sample.error is not None and sample.error <= 8 * run.floor]
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


def _from_below(one: ErrorCurve, good: Sequence[float]) -> float:
    """The largest step from which on every smaller one is good."""
    reached = one.samples[-1].step
    for sample in reversed(one.samples):
        if sample.step not in good:
            break
        reached = sample.step
    return reached


def _lost(run: Sweep) -> str:
    half = run.lost_below
    if not half:
        return tr("At {name} = 0 no step is lost: {name} + h is never {name}.", name=run.variable)
    template = "Below h = {half}, half a spacing, {name} + h is {name}, and no quotient is left."
    return tr(template, half=_number(half), name=run.variable)


def _unproved(run: Sweep) -> list[str]:
    truth = run.truth
    if truth.status != "not-differentiable" or truth.left is None or truth.right is None:
        template = "No derivative is proved here ({reason}): errors and orders have no meaning."
        return [tr(template, reason=translate_message(truth.reason))]
    (left,), (right,) = truth.left, truth.right
    sides = [_one_sided(side) for side in (left, right)]
    said = tr(_NO_DERIVATIVE, reason=translate_message(truth.reason), left=sides[0], right=sides[1])
    ends = [tr("{value} by {name}", value=_value(one), name=one.name) for one in run.curves if one.samples]
    template = "At the smallest step the quotients are {ends}; dual numbers choose {chosen}."
    tends = tr(template, ends=listed(ends), chosen=literal(run.automatic))
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


def _value(one: ErrorCurve) -> str:
    return f"{one.samples[-1].value:.6g}"


def _refusals(refused: Mapping[str, Any]) -> list[str]:
    return [tr("{name}: {reason}.", name=name, reason=translate_message(reason)) for name, reason in refused.items()]


def _number(value: float | None) -> str:
    return "0" if not value else f"{value:.1e}"


# --- for programs
def _facts(run: Sweep) -> dict[str, Any]:
    truth = run.truth
    return {
        "expression": run.case.expression.source,
        "variable": run.variable,
        "at": dict(run.point),
        "numbers": run.numbers,
        "unit": run.unit,
        "lost_below": run.lost_below,
        "truth": {
            "status": truth.status,
            "derivative": None if not truth.derivative or truth.derivative[0] is None else digits(truth.derivative[0]),
            "reason": truth.reason,
        },
        "automatic": {"value": run.automatic, "error": run.automatic_error},
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
            for one in run.curves
        ],
    }
