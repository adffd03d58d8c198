"""Forward mode: one sweep of dual numbers per variable, each computing the primal again."""

from __future__ import annotations

from diffcli.algebras.float64 import FLOAT64
from diffcli.derivation import Derivation, Problem
from diffcli.forward import jvp
from diffcli.linearize import ONE, ZERO


def differentiate(problem: Problem) -> Derivation:
    """n sweeps, the i-th seeded with 1 in variable i (Griewank & Walther 2008, ch. 3.1)."""
    inputs = range(len(problem.program.inputs))
    return Derivation(
        tuple(
            jvp(problem.program, problem.point, [ONE if i == variable else ZERO for i in inputs], FLOAT64)
            for variable in problem.wrt
        )
    )
