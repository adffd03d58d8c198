"""Methods asked at many points of one case: what is recorded once serves as long as its conditions come out the same.

SymPy derives once; its program serves all points.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from diffcli.core.evaluate import evaluate, evaluate_all
from diffcli.core.program import Program
from diffcli.locale.language import tr, translate_message
from diffcli.methods import METHODS
from diffcli.methods.derive import derive, refusal
from diffcli.numbers.float64 import FLOAT64
from diffcli.problem.case import Case
from diffcli.problem.derivation import Derivation, Problem
from diffcli.runtime.errors import DiffError
from diffcli.runtime.limits import Apart, Expired, Here
from diffcli.runtime.messages import Message, message, parts


class Answered(NamedTuple):
    """The values of f and the entries of its derivative."""

    values: tuple[float, ...]
    derivative: tuple[float, ...]


@dataclass(slots=True)
class Reused:
    """One method's derivative as programs, each recorded once for every way the conditions come out."""

    name: str
    timeout: float
    known: list[tuple[Derivation, list[list[bool]]]] = field(default_factory=list)

    def answer(self, problem: Problem) -> Answered:
        """The values of f and all entries of the derivative, row by row, at the point of `problem`."""
        for found, path in self.known:
            results = _along(found, path, problem.point)
            if results is not None:
                return _answered(found, results, len(problem.program.outputs))
        derived = self.derive(problem)
        if derived.answer is not None:
            return Answered(derived.answer.values, derived.answer.derivative)
        results = [evaluate(sweep, problem.point, FLOAT64) for sweep in derived.sweeps]
        return _answered(derived, results, len(problem.program.outputs))

    def derive(self, problem: Problem) -> Derivation:
        """What the method makes of `problem`; programs are kept, where they are not for this point alone."""
        task = (Apart if METHODS[self.name].apart else Here)(derive, self.name, problem)
        found = task.result(self.timeout)
        if found.answer is None and (found.steps is None or found.steps.fixed):
            self.known.append((found, [_conditions(sweep, problem.point)[1] for sweep in found.sweeps]))
        return found


def _answered(found: Derivation, results: Sequence[Sequence[float]], m: int) -> Answered:
    """Values and derivative from the outputs of every sweep; `m` outputs of a sweep are values."""
    return Answered(tuple(results[0][:m]) if results else (), found.gathered(results, m))


def _conditions(program: Program, point: Sequence[float]) -> tuple[list[Any], list[bool]]:
    """Every value, and how the guards come out."""
    if not program.guards:
        return [], []
    values = evaluate_all(program, point, FLOAT64)
    return values, [FLOAT64.decide(values[guard]) for guard in program.guards]


def _along(found: Derivation, path: Sequence[list[bool]], point: Sequence[float]) -> list[list[float]] | None:
    """The outputs at another point, if the conditions come out as on this path."""
    results = []
    for sweep, expected in zip(found.sweeps, path, strict=True):
        values, decided = _conditions(sweep, point)
        if decided != expected:
            return None
        results.append([values[k] for k in sweep.outputs] if values else evaluate(sweep, point, FLOAT64))
    return results


def ready(case: Case, methods: Sequence[str], timeout: float) -> tuple[dict[str, Reused], dict[str, Message]]:
    """The methods that derive at the case's point within the time, and why the others do not."""
    usable, failed = {}, {}
    for name in methods:
        method = Reused(name, timeout)
        try:
            method.derive(case.problem)
            usable[name] = method
        except (Expired, Exception) as fault:  # noqa: BLE001 - raised again where it is our own
            _, failed[name] = refusal(name, fault, timeout)
    if not usable:
        hint = message("name others with --methods, or give --timeout more seconds")
        raise DiffError(
            message("no method answers: {message}", message=parts(failed.values())), hint=hint, kind="option"
        )
    return usable, failed


def absent(failed: Mapping[str, str]) -> list[str]:
    """The methods that do not answer, and why."""
    return [tr("{name} takes no part: {why}.", name=name, why=translate_message(why)) for name, why in failed.items()]
