"""Forward mode: one sweep of dual numbers per variable, each computing the primal again."""

from __future__ import annotations

from diffcli.algebras.float64 import FLOAT64
from diffcli.derivation import Derivation, Problem
from diffcli.forward import jvps
from diffcli.linearize import ONE, ZERO


def differentiate(problem: Problem) -> Derivation:
    """n sweeps, the i-th seeded with 1 in variable i (Griewank & Walther 2008, ch. 3.1)."""
    inputs = range(len(problem.program.inputs))
    directions = ([ONE if i == variable else ZERO for i in inputs] for variable in problem.wrt)
    return Derivation(tuple(jvps(problem.program, problem.point, directions, FLOAT64)))
