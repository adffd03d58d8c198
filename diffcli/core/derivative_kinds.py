"""The kinds of derivative that calculus speaks of, and which of them is wanted."""

from __future__ import annotations

import math
from typing import Literal, NamedTuple

Kind = Literal["gradient", "jacobian", "jvp", "vjp", "hessian", "hvp", "derivative", "implicit"]
"""For f from R^n to R^m, J its Jacobian, H the Hessian of a scalar f:

gradient J^T (m = 1); jacobian J; jvp J v; vjp J^T w; hessian H; hvp H v; derivative f^(k) (n = m = 1).
implicit dy/dx = -(F_y)^-1 F_x of the y(x) that solves F(x, y) = 0, F from R^(n+m) to R^m."""

FIRST_ORDER: tuple[Kind, ...] = ("gradient", "jacobian", "jvp", "vjp", "implicit")
SECOND_ORDER: tuple[Kind, ...] = ("hessian", "hvp")
KINDS: tuple[Kind, ...] = (*FIRST_ORDER, *SECOND_ORDER, "derivative")


class Wanted(NamedTuple):
    """Which derivative: `vector` is the direction of a jvp or hvp, or the cotangent of a vjp.

    `unit` asks for the derivative along vector/|vector|. `unknowns` are the inputs that equations are solved for.
    """

    kind: Kind = "gradient"
    vector: tuple[float, ...] = ()
    order: int = 1
    unit: bool = False
    unknowns: tuple[int, ...] = ()

    @property
    def direction(self) -> tuple[float, ...]:
        """The vector as methods have it: scaled and rounded where a unit is asked for."""
        length = math.hypot(*self.vector) if self.unit else 1.0
        return tuple(x / length for x in self.vector)


GRADIENT = Wanted()
