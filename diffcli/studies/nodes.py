"""What happens at every node: numbers of forward and of reverse mode, each beside its own truth.

The numbers are those of `Duals` and `Taping` over float64, on the path taken at
the point. A spot is one number of the trace; its formula says how it is made
from other spots, so that one can ask where in it digits are lost. Nodes are
named as in Griewank & Walther (2008): inputs v₁₋ₙ … v₀, then operations v₁, v₂, …,
level by level, and adjoints are listed as Baydin et al. (2018, table 3) do.
"""

from __future__ import annotations

import heapq
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from diffcli.ad.forward import Dual, Duals
from diffcli.ad.reverse import Taped, Taping
from diffcli.ad.rules import ONE, ZERO, Linear, Unit
from diffcli.core.evaluate import evaluate, evaluate_all
from diffcli.core.passes import prune
from diffcli.core.primitives import CONST, INPUT, PARAMETRIC, PRIMITIVES
from diffcli.core.program import Constant, Program, Recording
from diffcli.locale.language import tr
from diffcli.numbers.float64 import FLOAT64
from diffcli.runtime.limits import Expired, deadline
from diffcli.runtime.messages import Message, message
from diffcli.syntax.rendering import render
from diffcli.truth.accuracy import Ball, bits_lost, error
from diffcli.truth.certify import certify
from diffcli.truth.proofs import Known, alone, carried, every, sensitivities

MOST_PROVED = 400
"""Beyond this many operations the adjoints of inner nodes are not proved: the work grows with the square."""
MOST_ALONE, PATIENCE = 200, 5.0
"""How many equations at a kink are proved one by one, and for how many seconds."""

_LOWERED = str.maketrans("-0123456789", "₋₀₁₂₃₄₅₆₇₈₉")


# --- the path taken
@dataclass(frozen=True)
class Path:
    """The operations executed at a point, without branches; `values` and `names` are by equation.

    `function` is what took this path: where that switches at the point, the path has a derivative and it has none.
    """

    function: Program
    program: Program
    point: tuple[float, ...]
    values: tuple[float, ...]
    names: Mapping[int, str]
    nodes: tuple[int, ...]

    @property
    def operations(self) -> int:
        return sum(code not in (CONST, INPUT) for code in self.program.ops)


def path_at(program: Program, point: Sequence[float]) -> Path:
    """What is executed at `point`."""
    recording = Recording(program.inputs, point, FLOAT64)
    inputs = [recording.input(i) for i in range(len(program.inputs))]
    path = recording.program(evaluate(program, inputs, recording))
    nodes = _by_level(path)
    first = 1 - len(path.inputs)
    names = {k: "v" + str(first + place).translate(_LOWERED) for place, k in enumerate(nodes)}
    return Path(program, path, tuple(point), tuple(recording.values), names, tuple(nodes))


def _by_level(program: Program) -> list[int]:
    """Inputs, then operations: those that read only inputs first, as the published tables have them."""
    level: list[int] = []
    for k in range(len(program)):
        level.append(1 + max((level[argument] for argument in program.arguments(k)), default=-1))
    inputs = [k for k, code in enumerate(program.ops) if code == INPUT]
    operations = [k for k, code in enumerate(program.ops) if code not in (CONST, INPUT)]
    return inputs + sorted(operations, key=lambda k: level[k])


def prove(path: Path, slopes: Mapping[int, float]) -> list[Known]:
    """The truth of every equation of a path along a line."""
    known = every(path.program, path.point, slopes)
    # what is undefined stays so: only kinks, switches and zeros have more to say
    missing = [k for k, one in enumerate(known) if one.reason and "outside" not in one.reason][:MOST_ALONE]
    try:
        with deadline(PATIENCE):
            for k in missing:
                known[k] = alone(path.program, k, path.point, slopes)
    except Expired:
        pass
    return known


def derivatives(path: Path, wrt: Sequence[int], place: int) -> list[Known]:
    """What is proved of the function itself, not of its path: derivatives of the output at `place`, by inputs `wrt`."""
    program = prune(replace(path.function, outputs=(path.function.outputs[place],)))
    try:
        with deadline(PATIENCE):
            truth = certify(program, wrt, path.point)
    except Expired:
        return [Known(None, None, message("not proved within {seconds} s", seconds=f"{PATIENCE:g}"))] * len(wrt)
    found = truth.derivative or (None,) * len(wrt)
    return [Known(truth.value, slope, truth.reason if slope is None else None) for slope in found]


# --- spots
@dataclass(frozen=True)
class Quantity:
    """A number that formulas read, by name; `exact` is what it should be."""

    name: str
    value: float
    exact: Ball | None


@dataclass(frozen=True)
class Spot:
    """One number of a trace: how it is made (`formula` of the quantities it `reads`, or in words), and its truth.

    `structural` is a zero that is never computed; `complete` is false for a sum to which more is added;
    `reader` is the operation from which an adjoint comes.
    """

    name: str
    value: float
    truth: Ball | None
    reason: Message | None = None
    formula: Program | None = None
    reads: tuple[Quantity, ...] = ()
    words: str = ""
    structural: bool = False
    complete: bool = True
    node: int = -1
    reader: int = -1

    @property
    def recipe(self) -> str:
        """How it is made, by the names of other spots."""
        return self.words if self.formula is None else render(self.formula)

    @property
    def filled(self) -> str:
        """The same with the numbers in their places."""
        if self.formula is None:
            return ""
        return filled(self.formula, [read.value for read in self.reads])

    @property
    def lost(self) -> float | None:
        """Bits lost against the truth of this very number."""
        return lost(self.value, self.truth)

    @property
    def before(self) -> float | None:
        """The bits that what is read had lost already; None where that is not known."""
        losses = [lost(read.value, read.exact) for read in self.reads]
        known = [loss for loss in losses if loss is not None]
        return max(known, default=0.0) if len(known) == len(losses) else None

    @property
    def quantity(self) -> Quantity:
        return Quantity(self.name, self.value, self.truth)


def filled(formula: Program, numbers: Sequence[float]) -> str:
    """A formula with numbers in the places of its names, to six digits; in brackets where they have a sign."""
    texts = [f"{number:.6g}" for number in numbers]
    text = render(replace(formula, inputs=tuple(f"({text})" if text.startswith("-") else text for text in texts)))
    return _TWICE.sub(r"(\1)", _ALONE.sub(r"\1", text))


_TWICE, _ALONE = re.compile(r"\(\((-[^()]*)\)\)"), re.compile(r"^\((-[^()]*)\)$")
"""Brackets around a negative number that its place makes superfluous."""


def lost(value: float, truth: Ball | None) -> float | None:
    return None if truth is None else bits_lost(error(value, truth).ulp)


def number(value: Any) -> float:
    return float(value.value) if isinstance(value, Unit) else float(value)


def _formula(
    reads: Sequence[Quantity], compute: Callable[[Recording, Linear, dict[str, int]], int]
) -> tuple[Program, tuple[Quantity, ...]]:
    """What `compute` writes on wires of the given names, with the quantities that it really reads."""
    unique = {read.name: read for read in reads}
    recording = Recording(list(unique), [read.value for read in unique.values()], FLOAT64)
    wires = {name: recording.input(i) for i, name in enumerate(unique)}
    written = prune(recording.builder.program([compute(recording, Linear(recording), wires)]))
    used = sorted({written.a[k] for k, code in enumerate(written.ops) if code == INPUT})
    columns = written.a[:]
    for k, code in enumerate(written.ops):
        if code == INPUT:
            columns[k] = used.index(written.a[k])
    names = list(unique)
    narrowed = replace(written, a=columns, inputs=tuple(names[i] for i in used))
    return narrowed, tuple(unique[names[i]] for i in used)


class Primal:
    """The values of a path, node by node."""

    def __init__(self, path: Path, known: Sequence[Known]) -> None:
        self.path, self.known = path, known
        self.spots = [self._spot(k) for k in path.nodes]
        self.by_node = {spot.node: spot for spot in self.spots}

    def wire(self, k: int, recording: Recording, wires: Mapping[str, int]) -> int:
        """An equation in a formula: constants stand for themselves."""
        program = self.path.program
        if program.ops[k] == CONST:
            return recording.constant(program.constants[program.a[k]])
        return wires[self.path.names[k]]

    def reads(self, *equations: int) -> list[Quantity]:
        return [self.quantity(k) for k in equations if self.path.program.ops[k] != CONST]

    def quantity(self, k: int) -> Quantity:
        return Quantity(self.path.names[k], self.path.values[k], self.known[k].value)

    def parameter(self, k: int) -> Constant | None:
        return self.path.program.parameter(k) if PARAMETRIC[self.path.program.ops[k]] else None

    def _spot(self, k: int) -> Spot:
        path, known = self.path, self.known[k]
        program, value = path.program, path.values[k]
        reason = known.reason if known.value is None else None
        code, arguments = program.ops[k], program.arguments(k)
        if code == INPUT:
            return Spot(path.names[k], value, known.value, reason, words=program.inputs[program.a[k]], node=k)

        def compute(recording: Recording, linear: Linear, wires: dict[str, int]) -> int:
            del linear
            operands: list[Any] = [self.wire(argument, recording, wires) for argument in arguments]
            if PARAMETRIC[code]:
                operands.append(program.parameter(k))
            result: int = recording.functions[code](*operands)
            return result

        formula, reads = _formula(self.reads(*arguments), compute)
        return Spot(path.names[k], value, known.value, reason, formula, reads, node=k)


# --- forward
def forward_values(path: Path, variable: int) -> list[Dual]:
    """The duals of every equation, with the seed in one input."""
    inputs = [Dual(x, ONE if i == variable else ZERO) for i, x in enumerate(path.point)]
    values: list[Dual] = evaluate_all(path.program, inputs, Duals(FLOAT64))
    return values


def tangents(primal: Primal, variable: int, known: Sequence[Known]) -> list[Spot]:
    """The tangent of every node along one input."""
    path = primal.path
    duals = forward_values(path, variable)
    quantities = {k: Quantity(_dashed(path.names[k]), number(duals[k].tangent), known[k].slope) for k in path.nodes}
    return [_tangent(primal, k, duals, quantities, known[k]) for k in path.nodes]


def _dashed(name: str) -> str:
    return f"{name}'"


def _tangent(primal: Primal, k: int, duals: Sequence[Dual], quantities: Mapping[int, Quantity], known: Known) -> Spot:
    path = primal.path
    code, arguments, quantity = path.program.ops[k], path.program.arguments(k), quantities[k]
    reason = known.reason if known.slope is None else None
    if duals[k].tangent is ZERO:
        return Spot(quantity.name, 0.0, quantity.exact, reason, words=tr("0 by structure"), structural=True, node=k)
    if code == INPUT:
        return Spot(quantity.name, quantity.value, quantity.exact, reason, words=tr("1, the seed"), node=k)

    def compute(recording: Recording, linear: Linear, wires: dict[str, int]) -> int:
        operands = [primal.wire(argument, recording, wires) for argument in arguments]
        moved = [ZERO if duals[a].tangent is ZERO else wires[quantities[a].name] for a in arguments]
        result = linear.push(code, operands, wires[path.names[k]], moved, primal.parameter(k))
        settled: int = linear.settle(result)
        return settled

    active = [quantities[argument] for argument in arguments if duals[argument].tangent is not ZERO]
    formula, reads = _formula([*active, *primal.reads(*arguments, k)], compute)
    return Spot(quantity.name, quantity.value, quantity.exact, reason, formula, reads, node=k)


# --- reverse
@dataclass(frozen=True)
class Contribution:
    """What one operation (`reader`) added to the adjoint of what it reads; `total` is the sum so far."""

    reader: int
    place: int
    target: int
    total: Any


class _Watched(Linear):
    """The rules at work on a tape, with a record of every sum."""

    def __init__(self, base: Any) -> None:
        super().__init__(base)
        self.pulls: list[list[tuple[int, Any]]] = []
        self.argument = -1

    def pull(
        self, code: int, arguments: Sequence[Any], y: Any, mask: int, adjoint: Any, parameter: Constant | None = None
    ) -> Iterator[tuple[int, bool, Any]]:
        self.pulls.append([])
        for found in super().pull(code, arguments, y, mask, adjoint, parameter):
            self.argument = found[0]
            yield found

    def accumulate(self, adjoint: Any, minus: bool, amount: Any) -> Any:
        total = super().accumulate(adjoint, minus, amount)
        self.pulls[-1].append((self.argument, total))
        return total


@dataclass(frozen=True)
class Backward:
    """The adjoints of all equations (None for what is not on the tape), and how they were added up."""

    adjoints: Mapping[int, Any]
    contributions: tuple[Contribution, ...]


def backward(path: Path, wrt: Sequence[int], output: int) -> Backward:
    """The backward sweep from one equation, as the tape does it."""
    taping = Taping(FLOAT64)
    watched = taping.linear = _Watched(FLOAT64)
    inputs = [taping.variable(x) if i in wrt else Taped(x, None) for i, x in enumerate(path.point)]
    values: list[Taped] = evaluate_all(path.program, inputs, taping)
    adjoints = taping.backward([values[output]], [ONE])
    # inputs that nothing reads have no equation, and adjoint 0
    equation = {value.place: k for k, value in enumerate(values) if value.place is not None}
    worked = [
        place
        for place in reversed(range(len(taping.tape)))
        if taping.tape[place].code is not None and adjoints[place] is not ZERO
    ]
    contributions = []
    for place, pulled in zip(worked, watched.pulls, strict=True):
        reader = equation[place]
        for position, (argument, total) in enumerate(pulled):
            contributions.append(Contribution(reader, position, path.program.arguments(reader)[argument], total))
    return Backward({k: adjoints[place] for place, k in equation.items()}, tuple(contributions))


def listed(path: Path, contributions: Sequence[Contribution]) -> list[Contribution]:
    """The contributions in the order of the published tables: the last node first.

    Only independent ones change places: the sums into each adjoint keep their order, and so their bits.
    """
    blocks: dict[int, list[Contribution]] = defaultdict(list)
    latest: dict[int, int] = {}
    waits: dict[int, set[int]] = defaultdict(set)
    for contribution in contributions:
        blocks[contribution.reader].append(contribution)
        earlier = latest.get(contribution.target, contribution.reader)
        if earlier != contribution.reader:
            waits[contribution.reader].add(earlier)
        latest[contribution.target] = contribution.reader
    for reader in blocks:  # an adjoint is used when all has been added to it
        if reader in latest:
            waits[reader].add(latest[reader])
    followers: dict[int, list[int]] = defaultdict(list)
    for reader, others in waits.items():
        for other in others:
            followers[other].append(reader)
    rank = {k: place for place, k in enumerate(path.nodes)}
    ready = [(-rank[reader], reader) for reader in blocks if not waits[reader]]
    heapq.heapify(ready)
    order: list[Contribution] = []
    while ready:
        _, reader = heapq.heappop(ready)
        arguments = path.program.arguments(reader)
        order += sorted(blocks[reader], key=lambda one: arguments.index(one.target))
        for follower in followers[reader]:
            waits[follower].discard(reader)
            if not waits[follower]:
                heapq.heappush(ready, (-rank[follower], follower))
    return order


def adjoint_spots(
    primal: Primal, sweep: Backward, wrt: Sequence[int], output: int, derivatives: Mapping[int, Known]
) -> list[Spot]:
    """Every sum of the backward sweep, from the output's adjoint to those of the inputs.

    `derivatives` is what is proved of the output by its inputs, which are equations here.
    """
    path = primal.path
    asked = [k for k in path.nodes if k in sweep.adjoints] if path.operations <= MOST_PROVED else []
    known = {**sensitivities(path.program, path.point, output, asked), **derivatives}
    order = listed(path, sweep.contributions)
    last = {contribution.target: i for i, contribution in enumerate(order)}
    sums: dict[int, Quantity] = {}
    spots = []
    if output in sweep.adjoints:
        proved = known.get(output, Known(None, None)).slope
        spots.append(Spot(_barred(path.names[output]), 1.0, proved, words=tr("1, the seed"), node=output))
        sums[output] = spots[0].quantity
    for i, contribution in enumerate(order):
        target = contribution.target
        spot = _sum(primal, sweep, contribution, sums)
        complete, one = last[target] == i, known.get(target)
        if complete and one is not None:
            spot = replace(spot, truth=one.slope, reason=one.reason if one.slope is None else None)
        spot = replace(spot, complete=complete)
        spots.append(spot)
        sums[target] = Quantity(spot.name, spot.value, spot.truth or _carried(spot))
    unreached = [k for k in path.nodes if path.program.ops[k] == INPUT and path.program.a[k] in wrt and k not in sums]
    return spots + [
        Spot(_barred(path.names[k]), 0.0, known[k].slope if k in known else None, words=tr("0 by structure"),
             structural=True, node=k)
        for k in unreached
    ]  # fmt: skip


def _carried(spot: Spot) -> Ball | None:
    """What a sum should be so far: no truth, since it comes from the rule itself, but good to find where digits go."""
    assert spot.formula is not None
    return carried(spot.formula, [read.exact for read in spot.reads])[spot.formula.outputs[0]]


def _barred(name: str) -> str:
    return f"v\u0304{name[1:]}"


def _sum(primal: Primal, sweep: Backward, contribution: Contribution, sums: Mapping[int, Quantity]) -> Spot:
    path, reader, target = primal.path, contribution.reader, contribution.target
    code, arguments = path.program.ops[reader], path.program.arguments(reader)
    mask = sum(1 << i for i, argument in enumerate(arguments) if argument in sweep.adjoints)
    before, above = sums.get(target), sums[reader]
    name = _barred(path.names[target])

    def compute(recording: Recording, linear: Linear, wires: dict[str, int]) -> int:
        operands = [primal.wire(argument, recording, wires) for argument in arguments]
        y = wires[path.names[reader]]
        pulled = list(linear.pull(code, operands, y, mask, wires[above.name], primal.parameter(reader)))
        _, minus, amount = pulled[contribution.place]
        so_far = ZERO if before is None else wires[before.name]
        result: int = linear.settle(linear.accumulate(so_far, minus, amount))
        return result

    quantities = [above, *primal.reads(*arguments, reader), *([before] if before else [])]
    formula, reads = _formula(quantities, compute)
    return Spot(name, number(contribution.total), None, None, formula, reads, node=target, reader=reader)


# --- inside a formula
@dataclass(frozen=True)
class Part:
    """One operation within a formula: what it does, in names and in numbers, and the bits it loses."""

    name: str
    code: int
    recipe: str
    filled: str
    operands: tuple[float, ...]
    exacts: tuple[Ball | None, ...]
    value: float
    exact: Ball | None
    before: float
    step: float


def parts(spot: Spot) -> list[Part]:
    """The operations of a spot's formula, in order."""
    formula = spot.formula
    if formula is None:
        return []
    given = [read.value for read in spot.reads]
    values = evaluate_all(formula, given, FLOAT64)
    balls = carried(formula, [read.exact for read in spot.reads])
    losses = [lost(value, ball) for value, ball in zip(values, balls, strict=True)]
    found = []
    for k, code in enumerate(formula.ops):
        if code in (CONST, INPUT):
            continue
        arguments = formula.arguments(k)
        known = [loss for argument in arguments if (loss := losses[argument]) is not None]
        before, here = max(known, default=0.0), losses[k]
        step = here - before if here is not None and len(known) == len(arguments) else 0.0
        piece = prune(replace(formula, outputs=(k,)))
        operands, exacts = tuple(values[argument] for argument in arguments), tuple(balls[a] for a in arguments)
        recipe, numbers = render(piece), filled(piece, given)
        name = PRIMITIVES[code].name
        found.append(Part(name, code, recipe, numbers, operands, exacts, values[k], balls[k], before, step))
    return found
