"""Reverse over forward: the derivative along a direction, put on a tape: a row of H, or H v, each."""

from __future__ import annotations

from diffcli.ad.rules import ONE, ZERO
from diffcli.core.linear_combinations import only
from diffcli.methods.forward import along, basis, direction
from diffcli.methods.reverse import back
from diffcli.problem.derivation import Derivation, Problem


def differentiate(problem: Problem) -> Derivation:
    """The gradient of each slope: n tapes for the Hessian, one for H v (Griewank & Walther 2008, ch. 5.3)."""
    n = len(problem.wrt)
    seeds = basis(problem) if problem.wanted.kind == "hessian" else [direction(problem)]
    found = [back(problem, along(problem, problem.program, seed), [[ZERO, ONE]]) for seed in seeds]
    sweeps = tuple(only(program, [0, *range(2, 2 + n)]) for program, _ in found)
    return Derivation(sweeps, tape=max((tape for _, tape in found), default=0))
