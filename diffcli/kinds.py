"""The kinds of derivative that calculus speaks of, by name."""

from __future__ import annotations

from typing import Literal

Kind = Literal["gradient", "jacobian", "jvp", "vjp", "hessian", "hvp", "derivative"]
"""For f from R^n to R^m, J its Jacobian, H the Hessian of a scalar f:

gradient J^T (m = 1); jacobian J; jvp J v; vjp J^T w; hessian H; hvp H v; derivative f^(k) (n = m = 1)."""

FIRST_ORDER: tuple[Kind, ...] = ("gradient", "jacobian", "jvp", "vjp")
SECOND_ORDER: tuple[Kind, ...] = ("hessian", "hvp")
KINDS: tuple[Kind, ...] = (*FIRST_ORDER, *SECOND_ORDER, "derivative")
