"""Forward over forward: duals of duals, a sweep for each pair of variables."""

from __future__ import annotations

from diffcli.derivation import Derivation, Problem
from diffcli.methods import forward


def differentiate(problem: Problem) -> Derivation:
    return forward.hessian(problem) if problem.wanted.kind == "hessian" else forward.hvp(problem)
