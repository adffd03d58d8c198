"""Taylor arithmetic: the n-th derivative from the n-th coefficient, n! c_n, in O(n^2) operations a primitive."""

from __future__ import annotations

from math import factorial

from diffcli.ad.taylor import taylor
from diffcli.core.linear_combinations import combined, only
from diffcli.problem.derivation import Derivation, Problem
from diffcli.runtime.errors import Unsupported
from diffcli.runtime.messages import message

HIGHEST = 170
"""171! is larger than any float64."""


def differentiate(problem: Problem) -> Derivation:
    order = problem.wanted.order
    if order > HIGHEST:
        raise Unsupported(message("{order}! is beyond float64: the highest order is {most}", order=order, most=HIGHEST))
    coefficients = taylor(problem.program, problem.start, problem.wrt[0], order, problem.algebra, problem.rules)
    scaled = combined(coefficients, [[(float(factorial(order)), order)]])
    return Derivation((only(scaled, [0, order + 1]),))
