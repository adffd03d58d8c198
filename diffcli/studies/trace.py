"""The evaluation trace: every node's primal, tangent and adjoint, and the node where digits die.

The layout is that of Baydin et al. (2018, JMLR 18), tables 2 and 3. Each number
stands beside the bits it has lost against its own truth, so that a step in which
they are lost shows, and so does the first NaN or infinity.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from diffcli.ad.rules import ZERO
from diffcli.core.primitives import CONST, INPUT
from diffcli.locale.language import begun, join, listed, tr, translate_message
from diffcli.problem.case import Case, headline
from diffcli.problem.point import equations
from diffcli.studies.causes import SMALLEST_NORMAL, underflowed, why_lost, why_not_finite
from diffcli.studies.nodes import (
    MOST_PROVED,
    Path,
    Primal,
    Spot,
    adjoint_spots,
    backward,
    derivatives,
    forward_values,
    lost,
    number,
    parts,
    path_at,
    prove,
    tangents,
)
from diffcli.studies.study import Cell, Column, Study, Table
from diffcli.syntax.rendering import literal
from diffcli.truth.accuracy import nearest
from diffcli.truth.proofs import Known

Mode = Literal["forward", "reverse", "both"]
MODES: tuple[Mode, ...] = ("forward", "reverse", "both")

FEW = 2
"""Up to this many variables, or outputs, each has a table of its own unless some are named; else the first."""
LEAST, HOPELESS = 4.0, 10.0
"""Bits lost in one step that are worth a sentence; and that are more than a result is allowed (1024 ulps)."""
SHORTEST = 16


@dataclass(frozen=True)
class Stage:
    """One table of the trace: its spots, and what the names at the left mean at its end."""

    kind: Literal["primal", "tangent", "adjoint"]
    title: str
    spots: tuple[Spot, ...]
    results: tuple[Spot, ...]


@dataclass(frozen=True)
class Answer:
    """One derivative: by forward, by reverse, and as it is proved."""

    output: str
    variable: str
    name: str
    forward: float | None
    reverse: float | None
    known: Known


@dataclass(frozen=True)
class Scope:
    """What is traced: all variables and outputs asked for, by name, as inputs and equations of the path.

    `along` are the variables, and `back` the outputs, that have a table of their own.
    """

    case: Case
    path: Path
    variables: Mapping[str, int]
    along: Mapping[str, int]
    outputs: Mapping[str, int]
    back: Mapping[str, int]

    @property
    def places(self) -> dict[int, int]:
        """The equation of each input that is read."""
        program = self.path.program
        return {program.a[k]: k for k in self.path.nodes if program.ops[k] == INPUT}

    def slope(self, output: str, variable: str) -> str:
        """The name of a derivative."""
        shapes = self.case.expression.shapes
        d = "d" if len(shapes) == 1 and not any(shapes.values()) and output == "f" else "∂"
        return f"{d}{output}/{d}{variable}"


def trace(case: Case, mode: Mode = "both", named: bool = False, most: int | None = None) -> Study:
    """Follow the first derivatives of a case through every node.

    `named`: the variables were chosen, so each has a table. `most`: rows in all
    tables together, as a screen has room for; None for all.
    """
    scope = _scope(case, named)
    path = scope.path
    known = {name: prove(path, {i: 1.0}) for name, i in scope.along.items()}
    primal = Primal(path, next(iter(known.values())) if known else prove(path, {}))
    proved = {
        name: derivatives(path, list(scope.variables.values()), place)
        for place, name in enumerate(scope.outputs)
        if name in scope.back
    }
    stages = [_values(scope, primal, proved)]
    if mode != "reverse":
        stages += [_forward(scope, primal, name, known[name], proved) for name in scope.along]
    if mode != "forward":
        swept = [_reverse(scope, primal, name, proved[name]) for name in scope.back]
        stages += [stage for stage in swept if stage.spots]
    answers = _answers(scope, mode, proved)
    rows = None if most is None else max(SHORTEST, most // len(stages))
    return Study(
        "trace",
        _heading(scope, stages[0], answers, primal),
        tuple(_table(stage, rows) for stage in stages),
        sentences=tuple(_sentences(primal, stages, answers, mode)),
        facts=_facts(case, mode, answers),
    )


def _scope(case: Case, named: bool) -> Scope:
    problem = case.problem
    path = path_at(problem.program, problem.point)
    variables = dict(zip(case.entries, problem.wrt, strict=True))
    outputs = dict(zip(case.outputs, path.program.outputs, strict=True))
    along = dict(list(variables.items())[: None if named or len(variables) <= FEW else 1])
    return Scope(
        case, path, variables, along, outputs, dict(list(outputs.items())[: FEW if len(outputs) <= FEW else 1])
    )


# --- the stages
def _values(scope: Scope, primal: Primal, proved: Mapping[str, Sequence[Known]]) -> Stage:
    results = []
    for name, k in scope.outputs.items():
        value = scope.path.values[k]
        spot = primal.by_node[k] if k in primal.by_node else Spot("", value, primal.known[k].value)
        own = _own(scope, primal, name, k, proved)
        truth, reason = own.value, None if own.value is not None else own.reason
        row = replace(_named(name, spot), truth=truth, reason=reason)
        results.append(row if spot.name else replace(row, words=literal(value)))
    return Stage("primal", tr("Primal trace"), tuple(primal.spots), tuple(results))


def _own(scope: Scope, primal: Primal, name: str, k: int, proved: Mapping[str, Sequence[Known]]) -> Known:
    """What is proved of the value of an output: of the function itself, where it has conditions that chose the path."""
    if not scope.path.function.branches:
        return primal.known[k]
    return next(iter(proved.get(name, ())), Known(None, None))


def _named(name: str, spot: Spot) -> Spot:
    """The row that says which node a result is."""
    return replace(spot, name=name, words=spot.name, formula=None, reads=(), structural=False)


def _forward(
    scope: Scope, primal: Primal, variable: str, known: Sequence[Known], proved: Mapping[str, Sequence[Known]]
) -> Stage:
    i = scope.variables[variable]
    spots = tangents(primal, i, known)
    by_node = {spot.node: spot for spot in spots}
    place = list(scope.variables).index(variable)
    results = []
    for name, k in scope.outputs.items():
        if k not in by_node:
            continue
        row = _named(scope.slope(name, variable), by_node[k])
        if scope.path.function.branches:
            own = proved[name][place] if name in proved else Known(None, None)
            row = replace(row, truth=own.slope, reason=own.reason)
        results.append(row)
    return Stage("tangent", tr("Forward: tangents along {name}", name=variable), tuple(spots), tuple(results))


def _reverse(scope: Scope, primal: Primal, name: str, proved: Sequence[Known]) -> Stage:
    places, wrt, output = scope.places, list(scope.variables.values()), scope.outputs[name]
    whole = not scope.path.function.branches  # the path is the function
    known = {places[i]: one for i, one in zip(wrt, proved, strict=True) if i in places and whole}
    spots = adjoint_spots(primal, backward(scope.path, wrt, output), wrt, output, known)
    final = {spot.node: spot for spot in spots}
    results = [
        replace(_named(scope.slope(name, variable), final[places[i]]), truth=own.slope, reason=own.reason)
        for (variable, i), own in zip(scope.variables.items(), proved, strict=True)
        if i in places
    ]
    title = tr("Reverse: adjoints of {name}, as they are added up", name=name)
    return Stage("adjoint", title, tuple(spots), tuple(results))


def _answers(scope: Scope, mode: Mode, proved: Mapping[str, list[Known]]) -> list[Answer]:
    places, wrt = scope.places, list(scope.variables.values())
    ahead: dict[tuple[int, int], float] = {}
    for i in wrt if mode != "reverse" else ():
        duals = forward_values(scope.path, i)
        ahead |= {(i, k): number(duals[k].tangent) for k in scope.back.values()}
    answers = []
    for output, k in scope.back.items():
        sweep = backward(scope.path, wrt, k) if mode != "forward" else None
        for (variable, i), known in zip(scope.variables.items(), proved[output], strict=True):
            back = None if sweep is None else number(sweep.adjoints.get(places.get(i, -1), ZERO))
            answers.append(Answer(output, variable, scope.slope(output, variable), ahead.get((i, k)), back, known))
    return answers


# --- as tables
def _table(stage: Stage, most: int | None) -> Table:
    spots = [*stage.spots, *stage.results]
    notes = _notes(stage)
    made = tr("operation" if stage.kind == "primal" else "rule")
    columns = [Column(tr("node")), Column(made), Column(tr("with numbers"))]
    columns += [Column(tr("value"), 6), Column(tr("bits lost"), 2)]
    rows: list[tuple[Cell, ...]] = []
    for i, spot in enumerate(spots):
        loss = spot.lost if spot.complete else None
        row: tuple[Cell, ...] = (spot.name, spot.recipe, spot.filled, spot.value, loss)
        rows.append((*row, notes.get(i, "")) if notes else row)
    if notes:
        columns.append(Column(tr("note")))
    marked = sorted(_marks(stage))
    kept = list(range(len(rows))) if most is None else _window(len(rows), marked, most)
    shown, places = _with_gaps(rows, kept)
    cut = len(rows) - len(kept)
    title = stage.title
    if cut:
        title = tr("{title} ({shown} of {rows} rows)", title=title, shown=len(kept), rows=f"{len(rows):,}")
    return Table(tuple(columns), tuple(shown), title, frozenset(places[i] for i in marked if i in places))


def _window(length: int, marked: Sequence[int], most: int) -> list[int]:
    """The rows worth seeing: those around what is marked, then the beginning and the end, in turn."""
    if length <= most:
        return list(range(length))
    kept: set[int] = set()
    around = [i for i in marked[:2] for i in range(max(i - most // 8, 0), min(i + most // 8 + 1, length))]
    ends = [i for pair in zip(range(length), reversed(range(length)), strict=True) for i in pair]
    for i in (*marked[:2], *around, *ends):
        if len(kept) >= most:
            break
        kept.add(i)
    return sorted(kept)


def _with_gaps(rows: Sequence[tuple[Cell, ...]], kept: Sequence[int]) -> tuple[list[tuple[Cell, ...]], dict[int, int]]:
    """The rows kept, with a row for every gap; and where each row now stands."""
    shown: list[tuple[Cell, ...]] = []
    places: dict[int, int] = {}
    following = 0
    for i in (*kept, len(rows)):
        if i > following:
            left_out = tr("{count} rows left out", count=f"{i - following:,}")
            shown.append(("⋮", left_out, "", None, None, *("",) * (len(rows[0]) - 5)))
        if i < len(rows):
            places[i] = len(shown)
            shown.append(rows[i])
        following = i + 1
    return shown, places


def _marks(stage: Stage) -> dict[int, str]:
    """The rows a reader should see first, and why: where digits die, where what is not finite begins."""
    marks = {}
    culprit = _culprit(stage)
    for spot, word in (
        (culprit, tr("digits die here" if culprit and (culprit.lost or 0) >= HOPELESS else "bits are lost here")),
        (_first(stage, math.isinf), tr("first infinity")),
        (_first(stage, math.isnan), tr("first NaN")),
    ):
        if spot is not None:
            marks[next(i for i, other in enumerate(stage.spots) if other is spot)] = word
    return marks


def _notes(stage: Stage) -> dict[int, str]:
    """Words beside rows: marks, and where a truth is missing."""
    notes = _marks(stage)
    for i, spot in enumerate(stage.spots):
        if spot.complete and spot.truth is None and spot.reason and not spot.structural and i not in notes:
            notes[i] = tr("no truth")
    return notes


# --- above the tables
def _heading(scope: Scope, values: Stage, answers: Sequence[Answer], primal: Primal) -> tuple[str, ...]:
    case, path = scope.case, scope.path
    point = equations(case.at)
    lines = [_clipped(headline(case)) + (tr("   at  {point}", point=_clipped(point)) if point else "")]
    for result in values.results[:4]:
        told = _judged(result.value, Known(result.truth, None, result.reason))
        lines.append(f"{result.name} = {literal(result.value)}{told}")
    lines += [f"{answer.name} = {_both(answer)}" for answer in answers[:4]]
    if len(answers) > 4:
        lines.append(tr("… and {count} more derivatives", count=f"{len(answers) - 4:,}"))
    if path.program.guards:
        decided = [_decided(primal, k) for k in path.program.guards]
        told = tr("; ").join(decided[:6]) + ("; …" if len(decided) > 6 else "")
        lines.append(tr("path taken: {told}", told=told))
    return tuple(lines)


def _clipped(text: str) -> str:
    return text if len(text) <= 400 else f"{text[:150]} … {text[-150:]}"


def _both(answer: Answer) -> str:
    ahead, back, slope = answer.forward, answer.reverse, replace(answer.known, value=answer.known.slope)
    if ahead is None or back is None or same(ahead, back):
        value = ahead if ahead is not None else back
        assert value is not None
        return f"{literal(value)}{_judged(value, slope)}"
    by_forward = tr("{value} by forward{judged}", value=literal(ahead), judged=_judged(ahead, slope))
    by_reverse = tr("{value} by reverse{judged}", value=literal(back), judged=_judged(back, slope))
    return tr("{first}, {second}", first=by_forward, second=by_reverse)


def _judged(value: float, known: Known) -> str:
    """`   2.1 bits lost: the truth is 5.5`."""
    bits = lost(value, known.value)
    if bits is None:
        return tr("   no truth: {reason}", reason=translate_message(known.reason)) if known.reason else ""
    if bits < LEAST:
        return ""
    return tr("   {bits} lost: the truth is {truth}", bits=_bits(bits), truth=literal(nearest(known.value)))


def _bits(bits: float) -> str:
    if bits >= 52.5:
        return tr("all bits")
    return tr("{bits} of 53 bits", bits=f"{bits:.0f}" if bits >= 9.95 else f"{bits:.1f}")


def _said(primal: Primal, k: int) -> str:
    """A condition by its node and what it is: `v₁ = v₀ > 0`."""
    spot = primal.by_node.get(k)
    return f"{spot.name} = {spot.recipe}" if spot else literal(primal.path.values[k])


def _decided(primal: Primal, k: int) -> str:
    return tr("{said} is true" if primal.path.values[k] else "{said} is false", said=_said(primal, k))


def same(one: float, other: float) -> bool:
    """Whether two numbers are the same bits; all NaN are one."""
    return one.hex() == other.hex()


# --- in words
def _sentences(primal: Primal, stages: Sequence[Stage], answers: Sequence[Answer], mode: Mode) -> list[str]:
    return [
        *_not_finite(primal, stages),
        *_underflow(stages),
        *_deaths(stages),
        *_guards(primal),
        *_switches(primal),
        *_agreement(answers, mode),
        *_unproved(primal.path, stages),
    ]


_DIE = {
    "primal": "The digits die in {made}: {why}.",
    "tangent": "Forward's digits die in {made}: {why}.",
    "adjoint": "Reverse's digits die in {made}: {why}.",
}
_LOST = {
    "primal": "Most bits are lost in {made}: {why}.",
    "tangent": "Most of forward's bits are lost in {made}: {why}.",
    "adjoint": "Most of reverse's bits are lost in {made}: {why}.",
}


def _culprit(stage: Stage) -> Spot | None:
    """The spot that loses most in one step although what it reads is good."""
    worst, most = None, 0.0
    for spot in stage.spots:
        loss, before = spot.lost, spot.before
        if spot.formula is None or loss is None or before is None or not math.isfinite(spot.value):
            continue
        if loss >= LEAST and loss - before > max(most, before + 3):
            worst, most = spot, loss - before
    return worst


def _deaths(stages: Sequence[Stage]) -> list[str]:
    """Where digits die, stage by stage."""
    said = []
    for stage in stages:
        spot = _culprit(stage)
        if spot is None:
            continue
        part = max(parts(spot), key=lambda part: part.step)
        template = (_DIE if (spot.lost or 0) >= HOPELESS else _LOST)[stage.kind]
        made = _made(spot)
        if part.recipe != spot.recipe:
            made = tr("{made}, at {recipe}", made=made, recipe=part.recipe)
        before, after = _few(spot.before or 0.0), _bits(spot.lost or 0.0)
        reads = tr("What it reads has lost {before}; it has lost {after}.", before=before, after=after)
        said.append(join([tr(template, made=made, why=why_lost(part)), reads]))
    if not said:
        said += _fine(stages)
    return said


def _made(spot: Spot) -> str:
    return f"{spot.name} = {spot.recipe} = {spot.filled}"


def _few(bits: float) -> str:
    return tr("no bit") if bits < 0.05 else tr("{bits} bits at most", bits=f"{bits:.1f}")


def _fine(stages: Sequence[Stage]) -> list[str]:
    """What to say where nothing goes wrong, or only slowly."""
    spots = [spot for stage in stages for spot in stage.spots if spot.complete]
    losses = [(loss, spot.name) for spot in spots if (loss := spot.lost) is not None]
    if not losses or not all(math.isfinite(spot.value) for spot in spots):
        return []
    worst, name = max(losses)
    if worst <= 1:
        template = _NONE_LOST if worst < 0.05 else _ONE_LOST
        return [tr(template, bits=f"{math.ceil(10 * worst) / 10:g}")]
    template = "No digits die: {name} has lost most, {bits}." if worst < LEAST else _BIT_BY_BIT
    return [tr(template, name=name, bits=_bits(worst))]


_NONE_LOST = "Every node is right to the last digit: no number here has lost a bit."
_ONE_LOST = "Every node is right to the last digit: no number here has lost more than {bits} bits."
_BIT_BY_BIT = "No single step loses many bits: they are lost bit by bit, most in {name}, {bits}."


def _underflow(stages: Sequence[Stage]) -> list[str]:
    """Where a number falls below the range, which no count of ulps shows."""
    for spot in stages[0].spots:
        if spot.formula is not None and underflowed(spot.value, spot.truth):
            template = "Underflow begins in {made}: the number is below the smallest normal float64, {number}."
            return [tr(template, made=_made(spot), number=f"{SMALLEST_NORMAL:.1e}")]
    return []


def _first(stage: Stage, asked: Callable[[float], bool]) -> Spot | None:
    return next((spot for spot in stage.spots if asked(spot.value)), None)


def _not_finite(primal: Primal, stages: Sequence[Stage]) -> list[str]:
    """Where infinity and NaN begin, and why; and what does not meet them."""
    said: list[str] = []
    kept: list[str] = []
    for stage in stages:
        infinite, nan = _first(stage, math.isinf), _first(stage, math.isnan)
        first = [spot for spot in stage.spots if spot is infinite or spot is nan]
        said += [_beginning(primal, stage, spot, spot is not first[0]) for spot in first]
        passed_on = first and any(math.isnan(read.value) for read in first[0].reads)
        if stage.kind == "tangent" and first and not passed_on and not kept:
            kept = _strong_zero(primal, stage, first)
    return [*dict.fromkeys(said), *kept]


_BEGINS = {
    "primal": "{what} begins in {made}: {cause}.",
    "tangent": "In forward mode {what} begins in {made}: {cause}.",
    "adjoint": "In reverse mode {what} begins in {made}: {cause}.",
}
_FOLLOWS = {
    "primal": "{what} follows in {made}: {cause}.",
    "tangent": "In forward mode {what} follows in {made}: {cause}.",
    "adjoint": "In reverse mode {what} follows in {made}: {cause}.",
}
_OF = {
    "primal": "{made}",
    "tangent": "{made} (the tangent of {name} = {recipe})",
    "adjoint": "{made} (through {name} = {recipe})",
}


def _beginning(primal: Primal, stage: Stage, spot: Spot, again: bool) -> str:
    what = "NaN" if math.isnan(spot.value) else tr("infinity")
    by = primal.by_node.get(spot.reader if stage.kind == "adjoint" else spot.node)
    made = _made(spot)
    if by:
        made = tr(_OF[stage.kind], made=made, name=by.name, recipe=by.recipe)
    template = (_FOLLOWS if again else _BEGINS)[stage.kind]
    return begun(tr(template, what=what, made=made, cause=why_not_finite(spot, stage.kind == "primal")))


def _strong_zero(primal: Primal, stage: Stage, spots: Sequence[Spot]) -> list[str]:
    """What structure keeps away from the infinity."""
    zeros = [spot for spot in stage.spots if spot.structural]
    if not zeros:
        return []
    zero = next((spot for spot in zeros if primal.path.program.ops[spot.node] not in (CONST, INPUT)), zeros[0])
    computed = [read.name for spot in spots for read in spot.reads if read.value == 0 and read.name.endswith("'")]
    template = "{name} is 0 by structure: such a 0 is never multiplied, so it never meets an infinity."
    said = [tr(template, name=zero.name)]
    if computed:
        said.append(tr("The 0 of {name} was computed, and does.", name=computed[0]))
    return [join(said)]


def _guards(primal: Primal) -> list[str]:
    """Conditions that exact arithmetic decides otherwise: then another function was differentiated."""
    path = primal.path
    for k in path.program.guards:
        exact = primal.known[k].value
        if exact is not None and (nearest(exact) != 0) != bool(path.values[k]):
            template = "The path is not that of exact arithmetic: {said} here only by rounding."
            return [tr(template, said=_decided(primal, k))]
    return []


def _switches(primal: Primal) -> list[str]:
    """Conditions that switch at the point: on the path taken f is another function."""
    known = [primal.known[k] for k in primal.path.program.guards]
    if not any(one.value is not None and one.slope is None for one in known):
        return []
    template = (
        "A condition switches at this point: nodes are measured on the path taken, derivatives of f against f itself."
    )
    return [tr(template)]


def _agreement(answers: Sequence[Answer], mode: Mode) -> list[str]:
    if mode != "both" or not answers:
        return []
    for answer in answers:
        ahead, back = answer.forward, answer.reverse
        if ahead is not None and back is not None and not same(ahead, back):
            apart = abs(ahead - back) / math.ulp(max(abs(ahead), abs(back))) if math.isfinite(ahead - back) else 0
            both = listed([repr(ahead), repr(back)])
            template = "Forward and reverse first differ in {name}: {both}."
            if apart:
                template = "Forward and reverse first differ in {name}: {both}, {ulps} ulp apart."
            return [tr(template, name=answer.name, both=both, ulps=f"{apart:,.0f}")]
    return [tr("Forward and reverse give the same bits.")]


def _unproved(path: Path, stages: Sequence[Stage]) -> list[str]:
    said: dict[str, str] = {}
    for stage in stages:
        for spot in (*stage.spots, *stage.results):
            if spot.complete and spot.truth is None and spot.reason and stage.kind != "primal" and not spot.structural:
                template = "{name} has no truth, shown as –: {reason}."
                told = tr(template, name=spot.name, reason=translate_message(spot.reason))
                said.setdefault(spot.reason, told)
    found = list(said.values())[:3]
    if any(stage.kind == "adjoint" for stage in stages) and path.operations > MOST_PROVED:
        template = "Adjoints of inner nodes are not proved beyond {most} operations."
        found.append(tr(template, most=MOST_PROVED))
    return found


# --- for programs
def _facts(case: Case, mode: Mode, answers: Sequence[Answer]) -> dict[str, object]:
    return {
        "function": case.expression.source,
        "at": dict(case.at),
        "mode": mode,
        "derivatives": [
            {
                "output": answer.output,
                "variable": answer.variable,
                "forward": answer.forward,
                "reverse": answer.reverse,
                "truth": None if answer.known.slope is None else nearest(answer.known.slope),
                "reason": answer.known.reason,
            }
            for answer in answers
        ],
    }
