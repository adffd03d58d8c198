"""Forward mode: one sweep of dual numbers per direction, each computing the primal again.

Higher orders are duals of duals: the sweep's own program, differentiated again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from diffcli.ad.forward import jvp, jvps
from diffcli.ad.rules import ONE, ZERO, unit
from diffcli.core.derivative_kinds import Kind
from diffcli.core.linear_combinations import combined, only
from diffcli.core.program import Program
from diffcli.problem.derivation import LARGEST, Derivation, Problem
from diffcli.runtime.errors import Unsupported
from diffcli.runtime.messages import message


def differentiate(problem: Problem) -> Derivation:
    return _WAYS[problem.wanted.kind](problem)


def basis(problem: Problem) -> list[list[Any]]:
    """The seeds of all variables, one after the other."""
    inputs = range(len(problem.program.inputs))
    return [[ONE if i == variable else ZERO for i in inputs] for variable in problem.wrt]


def direction(problem: Problem) -> list[Any]:
    """The seed along the vector that was asked for."""
    seeds: list[Any] = [ZERO] * len(problem.program.inputs)
    for i, slope in zip(problem.wrt, problem.wanted.direction, strict=True):
        seeds[i] = unit(slope)
    return seeds


def along(problem: Problem, program: Program, seeds: Sequence[Any]) -> Program:
    """The sweep of `program` along `seeds`: its outputs, then their tangents."""
    return jvp(program, problem.start, seeds, problem.algebra, problem.rules)


def _columns(problem: Problem) -> Derivation:
    """n sweeps, the i-th seeded with 1 in variable i: column i of J (Griewank & Walther 2008, ch. 3.1)."""
    sweeps = tuple(jvps(problem.program, problem.start, basis(problem), problem.algebra, problem.rules))
    m = len(problem.program.outputs)
    return Derivation(sweeps, entries=tuple((i, m + j) for j in range(m) for i in range(len(sweeps))))


def _along(problem: Problem) -> Derivation:
    """J v in one sweep, without forming J."""
    return Derivation((along(problem, problem.program, direction(problem)),))


def _weighted(problem: Problem) -> Derivation:
    """J^T w as the gradient of w·f: n sweeps."""
    m = len(problem.program.outputs)
    weighted = combined(problem.program, [list(zip(problem.wanted.vector, range(m), strict=True))])
    sweeps = jvps(weighted, problem.start, basis(problem), problem.algebra, problem.rules)
    return Derivation(tuple(only(sweep, [*range(m), 2 * m + 1]) for sweep in sweeps), entries=_in_turn(problem, m))


def _in_turn(problem: Problem, output: int) -> tuple[tuple[int, int], ...]:
    """One entry per sweep, each the same output."""
    return tuple((sweep, output) for sweep in range(len(problem.wrt)))


def hessian(problem: Problem) -> Derivation:
    """Duals of duals, a sweep for each pair i <= j: H is symmetric (Griewank & Walther 2008, ch. 5.1)."""
    n = len(problem.wrt)
    seeds = basis(problem)
    sweeps: list[Program] = []
    places: dict[tuple[int, int], tuple[int, int]] = {}
    for i in range(n):
        slope = along(problem, problem.program, seeds[i])
        for j, sweep in enumerate(jvps(slope, problem.start, seeds[i:], problem.algebra, problem.rules), i):
            places[i, j] = places[j, i] = len(sweeps), 1
            sweeps.append(only(sweep, [0, 3]))
    return Derivation(tuple(sweeps), entries=tuple(places[i, j] for i in range(n) for j in range(n)))


def hvp(problem: Problem) -> Derivation:
    """H v, entry by entry: the derivative along v, differentiated by every variable."""
    slope = along(problem, problem.program, direction(problem))
    sweeps = jvps(slope, problem.start, basis(problem), problem.algebra, problem.rules)
    return Derivation(tuple(only(sweep, [0, 3]) for sweep in sweeps), entries=_in_turn(problem, 1))


def _nested(problem: Problem) -> Derivation:
    """The n-th derivative by n-fold nesting: the work grows like 3^n."""
    (seed,) = basis(problem)
    program, order = problem.program, problem.wanted.order
    for k in range(order):
        sweep = along(problem, program, seed)
        program = only(sweep, [0, len(program.outputs) * 2 - 1])
        if len(program) > LARGEST and k + 1 < order:
            raise Unsupported(
                message(
                    "{count} times nested they have {size} operations, three times more each order: ask taylor",
                    count=k + 1,
                    size=f"{len(program):,}",
                )
            )
    return Derivation((program,))


_WAYS: dict[Kind, Callable[[Problem], Derivation]] = {
    "gradient": _columns,
    "jacobian": _columns,
    "jvp": _along,
    "vjp": _weighted,
    "hessian": hessian,
    "hvp": hvp,
    "derivative": _nested,
}
