"""Programs executed at a point, in the numbers that are compared, and what that costs."""

from __future__ import annotations

import time
from collections.abc import Sequence

from diffcli.comparison.result import Memory, Outcome
from diffcli.core.evaluate import evaluate, follow
from diffcli.core.program import Cost, Program, count, peak
from diffcli.methods.derive import derived
from diffcli.numbers import Dtype, floats, numbers
from diffcli.problem.derivation import Answer, Derivation, Problem


def executed(program: Program, point: Sequence[float], dtype: Dtype = "float64") -> tuple[tuple[float, ...], Cost]:
    """The outputs in numbers of `dtype`, and what executing the path taken costs."""
    path = path_taken(program, point, dtype)
    return tuple(outputs(path, point, dtype)), count(path)


def path_taken(program: Program, point: Sequence[float], dtype: Dtype) -> Program:
    """The branches taken at the point, and nothing of the others."""
    return follow(program, numbers(dtype, point), floats(dtype))[1] if program.branches else program


def outputs(program: Program, point: Sequence[float], dtype: Dtype) -> list[float]:
    return _outputs_of_all([program], point, dtype)[0]


def _outputs_of_all(programs: Sequence[Program], point: Sequence[float], dtype: Dtype) -> list[list[float]]:
    """The outputs of each program, one after the other."""
    algebra, start = floats(dtype), numbers(dtype, point)
    found = [evaluate(program, start, algebra) for program in programs]
    return found if dtype == "float64" else [list(map(float, values)) for values in found]


def run_method(name: str, problem: Problem, memory: bool) -> Outcome:
    """A method's derivation and its numbers."""
    derivation, setup_seconds = derived(name, problem)
    if derivation.answer is not None:
        return _by_peer(name, derivation, derivation.answer, setup_seconds)
    return _by_programs(name, derivation, problem, setup_seconds, memory)


def _by_peer(name: str, derivation: Derivation, answer: Answer, setup_seconds: float) -> Outcome:
    """What a peer found; its operations cannot be counted."""
    apart = setup_seconds - answer.seconds
    return Outcome(name, None, derivation, answer.values, answer.derivative, None, answer.seconds, apart)


def _by_programs(name: str, derivation: Derivation, problem: Problem, setup_seconds: float, memory: bool) -> Outcome:
    """Evaluate a method's programs, and count what they execute."""
    point, dtype = problem.point, problem.dtype
    straight = [path_taken(sweep, point, dtype) for sweep in derivation.sweeps]
    begun = time.perf_counter()
    results = _outputs_of_all(straight, point, dtype)
    seconds = time.perf_counter() - begun
    m = len(problem.program.outputs)
    values = tuple(results[0][:m]) if results else executed(problem.program, point, dtype)[0]
    derivative = derivation.gathered(results, m)
    remembered = Memory(derivation.tape, max(map(peak, straight), default=0)) if memory else None
    return Outcome(name, None, derivation, values, derivative, count(*straight), seconds, setup_seconds, remembered)
