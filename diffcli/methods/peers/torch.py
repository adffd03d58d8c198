"""PyTorch, eager, in float64."""

from __future__ import annotations

from typing import Any

import torch

from diffcli.core.derivative_kinds import Kind
from diffcli.methods.peers import (
    OPERATORS,
    Defined,
    Peer,
    answer,
    as_numbers,
    ask,
    function,
    kind,
    numpy_like,
    quietly,
    start,
)
from diffcli.problem.derivation import Derivation, Problem


def _number(value: Any) -> torch.Tensor:
    return value if isinstance(value, torch.Tensor) else torch.tensor(float(value), dtype=torch.float64)


def _taking(call: Any) -> Any:
    """A function that takes tensors alone, for operands that may be numbers."""
    return lambda *operands: call(*map(_number, operands))


_NAMED = numpy_like(
    torch,
    asin=torch.asin, acos=torch.acos, atan=torch.atan, atan2=torch.atan2, asinh=torch.asinh, acosh=torch.acosh,
    atanh=torch.atanh, eq=torch.eq, min=torch.minimum, max=torch.maximum, mod=torch.remainder,
    softplus=torch.nn.functional.softplus, detach=lambda a: a.detach(),
)  # fmt: skip
_WITHOUT_DERIVATIVE = ("heaviside",)
_FUNCTIONS = as_numbers(
    {
        name: call if name in OPERATORS else _taking(call)
        for name, call in _NAMED.items()
        if name not in _WITHOUT_DERIVATIVE
    }
    | {"select": torch.where, "polygamma": lambda a, n: torch.polygamma(int(n), _number(a))},
    lambda condition: condition.to(torch.float64),
)


def _leaky(a: torch.Tensor, slope: torch.Tensor | None = None) -> torch.Tensor:
    """A slope that is no number has a function of its own there."""
    if slope is None:
        return torch.nn.functional.leaky_relu(a)
    return torch.nn.functional.prelu(a.reshape(1), slope.reshape(1))[0]


_DEFINED: Defined = {
    "square": torch.square,
    "reciprocal": torch.reciprocal,
    "pow": torch.pow,
    "clip": torch.clamp,
    "heaviside": None,  # it has no derivative there
    "leaky_relu": _leaky,
    "gelu": torch.nn.functional.gelu,
    "silu": torch.nn.functional.silu,
    "sinc": torch.sinc,
    "norm": torch.linalg.vector_norm,
    "logsumexp": lambda v: torch.logsumexp(v, 0),
    "softmax": lambda v: torch.softmax(v, 0),
}
_PEER = Peer("torch", _FUNCTIONS, _DEFINED, _number, torch.stack)


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
        return answer(problem, _PEER, vector(x).detach(), derivative.detach(), seconds)
