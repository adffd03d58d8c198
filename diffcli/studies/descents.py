"""Descents on a loss: the samples it is of, the ways to go down, and the walks they make.

A loss of samples is one expression over vectors; of a batch it is the same over shorter ones.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from diffcli.comparison.execution import executed
from diffcli.core.program import Cost
from diffcli.problem.asked import Asked
from diffcli.problem.case import Case
from diffcli.problem.derivation import Answer, Problem
from diffcli.problem.point import Number, flat, shape_of, tuples
from diffcli.problem.understanding import make_case, where_missing
from diffcli.runtime.errors import DiffError, unreadable
from diffcli.runtime.messages import message
from diffcli.studies.reused import Reused
from diffcli.studies.symmetric import solve
from diffcli.syntax import elaborate
from diffcli.syntax.shapes import nested

Batch = tuple[int, ...]
"""Numbers of samples, from 0."""

Parameters = tuple[float, ...]

COUNT = "m"
"""The name of the number of samples, unless a column or a parameter has it."""


# --- what is descended on
@dataclass(frozen=True, slots=True)
class Samples:
    """Columns of numbers by name, all of one length, and where they are from."""

    columns: Mapping[str, tuple[float, ...]]
    source: str

    def __len__(self) -> int:
        return len(next(iter(self.columns.values()), ()))


def read_samples(file: Path) -> Samples:
    """The columns of a CSV whose cells are all numbers; lines that begin with # are passed over."""
    try:
        lines = [line for line in file.read_text(encoding="utf-8-sig").splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError) as error:
        fault = error if isinstance(error, OSError) else OSError(message("it is no UTF-8 text"))
        raise unreadable(file, fault) from None
    cells = list(csv.reader(line for line in lines if not line.lstrip().startswith("#")))
    header, rows = cells[0] if cells else [], cells[1:]
    if not rows:
        hint = message("the first line names the columns, then a sample a line")
        raise DiffError(message("'{file}' holds no samples", file=file), hint=hint, kind="file")
    for number, row in enumerate(rows, 1):
        if len(row) != len(header):
            raise DiffError(
                message(
                    "'{file}': sample {number} has {count} cells instead of {wanted}",
                    file=file,
                    number=number,
                    count=len(row),
                    wanted=len(header),
                ),
                hint=message("give every sample a cell for each column"),
                kind="file",
            )
    columns = {}
    for name, column in zip(header, zip(*rows, strict=True), strict=True):
        numbers = [_number(cell) for cell in column]
        if name.strip().isidentifier() and all(map(math.isfinite, numbers)):
            columns[name.strip()] = tuple(numbers)
    if not columns:
        raise DiffError(
            message("'{file}' has no column of finite numbers under a name", file=file),
            hint=message("name the columns in the first line: x,y"),
            kind="file",
        )
    return Samples(columns, file.name)


def _number(cell: str) -> float:
    try:
        return float(cell)
    except ValueError:
        return math.nan


@dataclass(frozen=True)
class Objective:
    """A loss as text, the parameters at their start, what is held, and the samples, if it is of any."""

    source: str
    start: Mapping[str, Number]
    held: Mapping[str, Number]
    samples: Samples | None = None
    _cases: dict[tuple[int, int], Case] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """How many samples there are; 1 where the loss is of none."""
        return len(self.samples) if self.samples is not None else 1

    @property
    def everything(self) -> Batch:
        return tuple(range(self.size))

    @property
    def names(self) -> tuple[str, ...]:
        """The parameters, entry by entry."""
        return self.case(self.size).entries

    @property
    def unread(self) -> list[str]:
        """Parameters that the loss does not read."""
        at = {**self.held, **self._data(self.everything), **self.start}
        read = elaborate(self.source, {name: shape_of(value) for name, value in at.items()}).variables
        return [name for name in self.start if name not in read]

    @property
    def begin(self) -> Parameters:
        return tuple(x for value in self.start.values() for x in flat(value))

    def case(self, size: int, order: int = 1) -> Case:
        """The loss of a batch of `size` samples."""
        found = self._cases.get((size, order))
        if found is None:
            at = {**self.held, **self._data(tuple(range(size))), **self.start}
            try:
                found = make_case(self.source, at, list(self.start), asked=Asked(order=order))
            except DiffError as error:
                raise where_missing(error, message("a parameter stands in --from, what is held in --at")) from None
            if found.expression.shape:
                shape = found.expression.shape
                hint = message("take the mean, or the sum: mean((yhat - y)^2)")
                raise DiffError(
                    message("a loss is one number; this one has the shape {shape}", shape=shape),
                    self.source,
                    None,
                    hint,
                    "shape",
                )
            self._cases[size, order] = found
        return found

    def problem(self, parameters: Parameters, batch: Batch, order: int = 1) -> Problem:
        """The loss of a batch at `parameters`, with its gradient or Hessian wanted."""
        at = {**self.held, **self._data(batch), **self._named(parameters)}
        return self.case(len(batch), order).problem_at(at)

    def loss(self, parameters: Parameters) -> float:
        """The loss of all samples."""
        problem = self.problem(parameters, self.everything)
        return executed(problem.program, problem.point)[0][0]

    def _data(self, batch: Batch) -> dict[str, Number]:
        if self.samples is None:
            return {}
        columns = {name: tuple(column[i] for i in batch) for name, column in self.samples.columns.items()}
        return {COUNT: float(len(batch)), **columns}

    def _named(self, parameters: Parameters) -> dict[str, Number]:
        found: dict[str, Number] = {}
        begun = 0
        for name, value in self.start.items():
            length = len(list(flat(value)))
            found[name] = tuples(nested(shape_of(value), parameters[begun : begun + length]))
            begun += length
        return found


@dataclass
class Slopes:
    """One method's gradients and Hessians of a loss, derived once for every size of batch."""

    objective: Objective
    method: str
    timeout: float
    _known: dict[tuple[int, int], Reused] = field(default_factory=dict)

    def gradient(self, parameters: Parameters, batch: Batch) -> Parameters:
        return self._reused(len(batch), 1).answer(self.objective.problem(parameters, batch)).derivative

    def hessian(self, parameters: Parameters, batch: Batch) -> list[Parameters]:
        entries = self._reused(len(batch), 2).answer(self.objective.problem(parameters, batch, 2)).derivative
        n = len(parameters)
        return [entries[i * n : (i + 1) * n] for i in range(n)]

    def cost(self, size: int, order: int = 1) -> tuple[Cost | None, int | None]:
        """What one gradient or Hessian of a batch executes at the start, and remembers; None for a peer."""
        batch = tuple(range(size))
        problem = self.objective.problem(self.objective.begin, batch, order)
        reused = self._reused(size, order)
        found = reused.known[0][0] if reused.known else reused.derive(problem)
        if isinstance(found, Answer):
            return None, None
        total = Cost()
        for sweep in found.sweeps:
            total += executed(sweep, problem.point)[1]
        return total, found.tape

    def _reused(self, size: int, order: int) -> Reused:
        found = self._known.get((size, order))
        if found is None:
            name = self.method if order == 1 else curved_by(self.method)
            found = self._known[size, order] = Reused(name, self.timeout)
        return found


def curved_by(method: str) -> str:
    """The method that finds Hessians beside the gradients of `method`."""
    return "symbolic" if method == "symbolic" else "forward-over-reverse"


# --- ways down
@dataclass(frozen=True, slots=True)
class Plan:
    """A way down: how long its steps are, how many samples each reads, and what it remembers of steps before."""

    way: str
    rate: float
    batch: int
    momentum: float = 0.0
    newton: bool = False

    @property
    def said(self) -> str:
        """Its update as a formula."""
        step = f"θ − {self.rate:g}·H⁻¹g" if self.newton else f"θ − {self.rate:g}·g"
        return f"v ← {self.momentum:g}·v − {self.rate:g}·g, θ ← θ + v" if self.momentum else f"θ ← {step}"


WAYS = ("batch", "stochastic", "mini-batch", "momentum", "newton")


def plan(way: str, rate: float | None, size: int, batch: int, momentum: float) -> Plan:
    """A way by its name, for `size` samples."""
    if way not in WAYS:
        raise DiffError(
            message("unknown way '{name}'", name=way),
            hint=message("write one of: {names}", names=", ".join(WAYS)),
            kind="option",
        )
    if way in ("stochastic", "mini-batch") and size == 1:
        hint = message("give it samples: --data points.csv --model …")
        raise DiffError(
            message("{way} descent chooses among samples, and there are none", way=way), hint=hint, kind="option"
        )
    length = rate if rate is not None else 1.0 if way == "newton" else 0.1
    read = {"stochastic": 1, "mini-batch": min(batch, size)}.get(way, size)
    return Plan(way, length, read, momentum if way == "momentum" else 0.0, way == "newton")


def batches(plan: Plan, size: int, seed: int) -> Iterator[Batch]:
    """The samples of every update: each pass reads all of them once, in an order drawn anew."""
    random = Random(seed)
    while True:
        order = list(range(size))
        if plan.batch < size:
            random.shuffle(order)
        yield from (tuple(order[i : i + plan.batch]) for i in range(0, size, plan.batch))


# --- walks
@dataclass(frozen=True, slots=True)
class Step:
    """After `k` updates: where, the loss and gradient of all samples, and the samples that the next update reads."""

    k: int
    parameters: Parameters
    loss: float
    gradient: Parameters
    batch: Batch

    @property
    def steepness(self) -> float:
        return math.hypot(*self.gradient)


@dataclass(frozen=True, slots=True)
class Walk:
    """One descent, and how it ended: `arrived`, `stuck` where no step changes a bit, `left`, `flat`, or `steps`."""

    plan: Plan
    steps: tuple[Step, ...]
    end: str

    @property
    def last(self) -> Step:
        return self.steps[-1]

    @property
    def losses(self) -> list[float]:
        return [step.loss for step in self.steps]


KEPT, _SHORTEST, _WORK = 5000, 50, 20_000_000
"""Updates that are kept of one walk, of a longer one every second, third, …; fewer where losses are costly."""


def walk(slopes: Slopes, plan: Plan, updates: int, until: float, seed: int) -> Walk:
    """Go down from the start, at most `updates` steps, until the gradient is not longer than `until`."""
    objective = slopes.objective
    equations = len(objective.case(objective.size).expression.program)
    kept = max(_SHORTEST, min(KEPT, _WORK // max(1, equations)))
    place, every = objective.begin, -(-updates // kept)
    velocity: Parameters = (0.0,) * len(place)
    drawn, steps = batches(plan, objective.size, seed), list[Step]()
    for k in range(updates + 1):
        batch = next(drawn)
        if k % every == 0 or k == updates:
            whole = slopes.gradient(place, objective.everything)
            steps.append(Step(k, place, objective.loss(place), whole, batch))
            if not math.isfinite(steps[-1].loss) or not all(map(math.isfinite, whole)):
                return Walk(plan, tuple(steps), "left")
            if steps[-1].steepness <= until:
                return Walk(plan, tuple(steps), "arrived")
        if k == updates:
            break
        moved = _moved(slopes, plan, place, velocity, batch)
        if moved is None:
            return Walk(plan, tuple(steps), "flat")
        after = tuple(map(float.__add__, place, moved))
        if after == place and plan.batch == objective.size:
            return Walk(plan, tuple(steps), "stuck")
        place, velocity = after, moved
        if not all(map(math.isfinite, place)):
            return Walk(plan, tuple(steps), "left")
    return Walk(plan, tuple(steps), "steps")


def _moved(slopes: Slopes, plan: Plan, place: Parameters, velocity: Parameters, batch: Batch) -> Parameters | None:
    """The step from `place`; None where the Hessian is singular."""
    gradient = slopes.gradient(place, batch)
    if plan.newton:
        found = solve(slopes.hessian(place, batch), gradient)
        return None if found is None else tuple(-plan.rate * x for x in found)
    if not plan.momentum:
        return tuple(-plan.rate * x for x in gradient)
    return tuple(plan.momentum * v - plan.rate * x for v, x in zip(velocity, gradient, strict=True))


def verdict(walk: Walk) -> str:
    """What a walk came to: `arrived`, `diverges`, `left`, `flat`, `falling`, or `hovers`."""
    losses = walk.losses
    if walk.end in ("arrived", "stuck", "flat"):
        return "flat" if walk.end == "flat" else "arrived"
    known = [loss for loss in losses if math.isfinite(loss)]
    rising = len(known) > 1 and known[-1] > known[0] and known[-1] >= known[-2]
    if rising:
        return "diverges"
    if walk.end == "left" or not known:
        return "left"
    quarter = max(1, len(losses) // 4)
    late, before = losses[-quarter:], losses[:-quarter]
    if not before:
        return "hovers"
    near = losses[-2 * quarter : -quarter] or before
    if _noisy(walk):
        return "falling" if sum(late) / len(late) < _BEYOND_NOISE * sum(near) / len(near) else "hovers"
    return "falling" if min(late) < min(before) or max(late) < _CLEARLY * max(near) else "hovers"


_CLEARLY, _BEYOND_NOISE = 0.98, 0.75


def _noisy(walk: Walk) -> bool:
    """Whether its updates read different samples."""
    return len({step.batch for step in walk.steps}) > 1


def risen_from(walk: Walk) -> int:
    """The update from which the loss only rises."""
    losses = [loss for loss in walk.losses if math.isfinite(loss)]
    k = len(losses) - 1
    while k and losses[k - 1] < losses[k]:
        k -= 1
    return walk.steps[k].k
