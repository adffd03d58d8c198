"""Reverse mode: one forward sweep that writes the tape, one backward sweep over it."""

from __future__ import annotations

from diffcli.algebras.float64 import FLOAT64
from diffcli.derivation import Derivation, Problem
from diffcli.linearize import ONE
from diffcli.reverse import vjp


def differentiate(problem: Problem) -> Derivation:
    """One sweep for all variables, seeded with 1 at the result (Griewank & Walther 2008, ch. 3.2)."""
    return Derivation((vjp(problem.program, problem.point, problem.wrt, [ONE], FLOAT64),))
