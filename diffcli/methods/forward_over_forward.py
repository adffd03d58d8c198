"""Forward over forward: duals of duals, a sweep for each pair of variables."""

from __future__ import annotations

from diffcli.methods import forward
from diffcli.problem.derivation import Derivation, Problem


def differentiate(problem: Problem) -> Derivation:
    return forward.hessian(problem) if problem.wanted.kind == "hessian" else forward.hvp(problem)
