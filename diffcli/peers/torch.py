"""PyTorch, eager, in float64."""

from __future__ import annotations

from typing import Any

import torch

from diffcli.derivation import Derivation, Problem
from diffcli.kinds import Kind
from diffcli.peers import OPERATORS, Peer, answer, ask, function, kind, numpy_like, quietly, start


def _number(value: Any) -> torch.Tensor:
    return value if isinstance(value, torch.Tensor) else torch.tensor(float(value), dtype=torch.float64)


def _taking(call: Any) -> Any:
    """A function that takes tensors alone, for operands that may be numbers."""
    return lambda *operands: call(*map(_number, operands))


def _where(condition: Any, yes: Any, no: Any) -> torch.Tensor:
    return torch.where(_number(condition) != 0, _number(yes), _number(no))


_NAMED = numpy_like(
    torch,
    asin=torch.asin, acos=torch.acos, atan=torch.atan, atan2=torch.atan2, asinh=torch.asinh, acosh=torch.acosh,
    atanh=torch.atanh, min=torch.minimum, max=torch.maximum, mod=torch.remainder,
    softplus=torch.nn.functional.softplus, detach=lambda a: a.detach(),
)  # fmt: skip
_WITHOUT_DERIVATIVE = ("heaviside",)
_PEER = Peer(
    "torch",
    {
        name: call if name in OPERATORS else _taking(call)
        for name, call in _NAMED.items()
        if name not in _WITHOUT_DERIVATIVE
    }
    | {"select": _where, "polygamma": lambda a, n: torch.polygamma(int(n), _number(a))},
)


def differentiate(problem: Problem) -> Derivation:
    entries = function(problem, _PEER)

    def vector(x: torch.Tensor) -> torch.Tensor:
        return torch.stack([_number(y) + 0.0 for y in entries(x)])

    def scalar(x: torch.Tensor) -> torch.Tensor:
        return vector(x)[0]

    x = torch.tensor(start(problem), dtype=torch.float64, requires_grad=True)
    v = torch.tensor(problem.wanted.direction, dtype=torch.float64)
    of = torch.autograd.functional

    def gradient() -> torch.Tensor:
        y = scalar(x)
        return torch.autograd.grad(y, x)[0] if y.requires_grad else torch.zeros_like(x)

    ways: dict[Kind, Any] = {
        "gradient": gradient,
        "jacobian": lambda: of.jacobian(vector, x),
        "jvp": lambda: of.jvp(vector, x, v)[1],
        "vjp": lambda: of.vjp(vector, x, v)[1],
        "hessian": lambda: of.hessian(scalar, x),
        "hvp": lambda: of.hvp(scalar, x, v)[1],
    }
    with quietly():
        derivative, seconds = ask(ways[kind(problem)])
        return answer(vector(x).detach(), derivative.detach(), seconds)
