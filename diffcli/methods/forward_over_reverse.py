"""Forward over reverse: the gradient's program, swept by dual numbers: a column of H, or H v, each sweep."""

from __future__ import annotations

from diffcli.ad.forward import jvps
from diffcli.core.linear_combinations import only
from diffcli.methods.forward import basis, direction
from diffcli.methods.reverse import gradient
from diffcli.problem.derivation import Derivation, Problem


def differentiate(problem: Problem) -> Derivation:
    """n sweeps for the Hessian, one for H v (Griewank & Walther 2008, ch. 5.3)."""
    n = len(problem.wrt)
    found = gradient(problem)
    seeds = basis(problem) if problem.wanted.kind == "hessian" else [direction(problem)]
    outputs = [0, *range(2 + n, 2 + 2 * n)]
    sweeps = tuple(
        only(sweep, outputs) for sweep in jvps(found.program, problem.start, seeds, problem.algebra, problem.rules)
    )
    return Derivation(sweeps, entries=tuple((i, 1 + j) for j in range(n) for i in range(len(sweeps))), tape=found.tape)
