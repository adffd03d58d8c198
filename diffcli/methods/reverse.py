"""Reverse mode: one forward sweep that writes the tape, and a backward sweep over it per cotangent.

Higher orders run the tape's own program through a tape again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from diffcli.ad.reverse import Pullback, vjps
from diffcli.ad.rules import ONE, ZERO, unit
from diffcli.core.derivative_kinds import Kind
from diffcli.core.linear_combinations import Combination, combined, only
from diffcli.core.program import Program
from diffcli.problem.derivation import LARGEST, Derivation, Problem
from diffcli.runtime.errors import Unsupported
from diffcli.runtime.messages import message


def differentiate(problem: Problem) -> Derivation:
    return _WAYS[problem.wanted.kind](problem)


def selected(number: int, output: int) -> list[Any]:
    """The cotangent that is 1 in one of `number` outputs."""
    return [ONE if k == output else ZERO for k in range(number)]


def back(problem: Problem, program: Program, cotangents: Sequence[Sequence[Any]]) -> Pullback:
    """A tape of `program`, and one backward sweep over it per cotangent."""
    return vjps(program, problem.start, problem.wrt, cotangents, problem.algebra, problem.rules)


def _rows(problem: Problem) -> Derivation:
    """One forward sweep, and a backward sweep per output: row j of J (Griewank & Walther 2008, ch. 3.2)."""
    m = len(problem.program.outputs)
    found = back(problem, problem.program, [selected(m, j) for j in range(m)])
    return Derivation((found.program,), tape=found.tape)


def _weighted(problem: Problem) -> Derivation:
    """J^T w in one sweep for all variables, without forming J."""
    found = back(problem, problem.program, [[unit(weight) for weight in problem.wanted.vector]])
    return Derivation((found.program,), tape=found.tape)


def _contracted(problem: Problem) -> Derivation:
    """J v by rows: a backward sweep per output, each row times v."""
    m, n = len(problem.program.outputs), len(problem.wrt)
    found = back(problem, problem.program, [selected(m, j) for j in range(m)])
    rows: list[Combination] = [
        list(zip(problem.wanted.direction, range(m + j * n, m + (j + 1) * n), strict=True)) for j in range(m)
    ]
    outputs = [*range(m), *range(m + m * n, 2 * m + m * n)]
    return Derivation((only(combined(found.program, rows), outputs),), tape=found.tape)


def gradient(problem: Problem) -> Pullback:
    """The program of f and its gradient."""
    return back(problem, problem.program, [[ONE]])


def _hessian(problem: Problem) -> Derivation:
    """The gradient's program on a tape, a backward sweep for each of its entries."""
    n = len(problem.wrt)
    found = back(problem, gradient(problem).program, [selected(1 + n, 1 + i) for i in range(n)])
    outputs = [0, *range(1 + n, 1 + n + n * n)]
    return Derivation((only(found.program, outputs),), tape=found.tape)


def _hvp(problem: Problem) -> Derivation:
    """The gradient of g·v, where g is the gradient (double backward)."""
    n = len(problem.wrt)
    weighted = combined(gradient(problem).program, [list(zip(problem.wanted.vector, range(1, 1 + n), strict=True))])
    found = back(problem, only(weighted, [0, 1 + n]), [[ZERO, ONE]])
    return Derivation((only(found.program, [0, *range(2, 2 + n)]),), tape=found.tape)


def _repeated(problem: Problem) -> Derivation:
    """The n-th derivative by a tape of a tape of a tape."""
    program, tape, order = problem.program, 0, problem.wanted.order
    for k in range(order):
        m = len(program.outputs)
        program, tape = back(problem, program, [selected(m, m - 1)])
        program = only(program, [0, m])
        if len(program) > LARGEST and k + 1 < order:
            raise Unsupported(
                message(
                    "{count} tapes over one another have {size} operations: ask taylor",
                    count=k + 1,
                    size=f"{len(program):,}",
                )
            )
    return Derivation((program,), tape=tape)


_WAYS: dict[Kind, Callable[[Problem], Derivation]] = {
    "gradient": _rows,
    "jacobian": _rows,
    "jvp": _contracted,
    "vjp": _weighted,
    "hessian": _hessian,
    "hvp": _hvp,
    "derivative": _repeated,
}
