"""A derivative that is asked for inside a function: its program is written into the run around it.

The inner function is a program already, with the numbers of the outer run as inputs that hold still; the methods have
made its derivative a program, too. Evaluated on the outer run's numbers it goes on where the function does, and is
differentiated like anything else: to any depth, and no perturbation is taken for another. This room knows programs
and traced numbers, and no rule.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from diffcli.core.evaluate import evaluate
from diffcli.core.primitives import ARITY, CODE, COMPARISONS, PRIMITIVES, SELECT
from diffcli.core.program import Constant, Functions, Program
from diffcli.numbers.float64 import FLOAT64
from diffcli.syntax.shapes import subscript
from diffcli.tracing.values import Scalar, Trace, innermost

NOT = CODE["not"]


@dataclass(frozen=True)
class Around:
    """What of a case is numbers of a run around it, by the names of its inputs; `conditions` are decided there, too."""

    numbers: Mapping[str, Scalar]
    conditions: Program | None = None


def taken_apart(name: str, value: Any) -> tuple[Any, dict[str, Scalar]]:
    """A value of a point as plain numbers, and the traced ones among its entries, by the names of inputs."""
    found: dict[str, Scalar] = {}

    def plain(value: Any, place: tuple[int, ...]) -> Any:
        if isinstance(value, Scalar):
            found[name + subscript(place)] = value
            return value.number
        if isinstance(value, list | tuple):
            return [plain(part, (*place, k)) for k, part in enumerate(value)]
        return value

    return plain(value, ()), found


def recorded(sweeps: Sequence[Program], point: Sequence[float], around: Around) -> list[list[Any]]:
    """The outputs of each sweep as numbers of the run around; what was decided on the way is decided there."""
    run = innermost(*around.numbers.values())
    algebra = _Written(run)

    def outputs(program: Program) -> list[Scalar]:
        pairs = zip(program.inputs, point, strict=True)
        inputs = [run.wire(around.numbers.get(name, number)) for name, number in pairs]
        return [Scalar(run, wire) for wire in evaluate(program, inputs, algebra)]

    for program in (around.conditions, *(_guards(sweep) for sweep in sweeps)):
        for condition in outputs(program) if program else ():
            run.decide(condition)
    return [outputs(sweep) for sweep in sweeps]


def _guards(sweep: Program) -> Program | None:
    return replace(sweep, outputs=sweep.guards, guards=()) if sweep.guards else None


class _Written:
    """The algebra of a run's equations, which notes comparisons as the run's own operators do."""

    def __init__(self, run: Trace) -> None:
        self.run = run
        self.functions = Functions(self._function)
        self.constant: Callable[[Constant], int] = run.recording.constant

    def decide(self, condition: int) -> bool:
        return self.run.decide(Scalar(self.run, condition))

    def _function(self, code: int) -> Callable[..., int] | None:
        if code in COMPARISONS:
            return partial(self._compared, PRIMITIVES[code].name)
        if code == NOT:
            return lambda a: self.run.negation(Scalar(self.run, a)).wire
        if code == SELECT:
            return lambda *wires: self.run.choice(*(Scalar(self.run, wire) for wire in wires)).wire
        return self.run.recording.functions[code] if ARITY[code] else None

    def _compared(self, name: str, left: int, right: int) -> int:
        if left == right:  # one number: no step tells its sides apart
            holds: Callable[[float, float], float] = FLOAT64.functions[CODE[name]]  # type: ignore[assignment]
            return self.run.recording.constant(float(holds(*[self.run.number(left)] * 2)))
        return self.run.compare(name, Scalar(self.run, left), Scalar(self.run, right)).wire
