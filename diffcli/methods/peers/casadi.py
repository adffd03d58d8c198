"""CasADi: scalar expression graphs, differentiated and evaluated in its virtual machine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import casadi

from diffcli.core.derivative_kinds import Kind
from diffcli.methods.peers import OPERATORS, Defined, Peer, answer, ask, function, kind, start
from diffcli.problem.derivation import Derivation, Problem

_NAMES = (
    "exp", "log", "log10", "log1p", "expm1", "sqrt", "sin", "cos", "tan", "asin", "acos", "atan", "atan2", "sinh",
    "cosh", "tanh", "asinh", "acosh", "atanh", "sign", "floor", "ceil", "fmod", "erf", "hypot",
)  # fmt: skip
_COMPARED = {
    "lt": lambda a, b: a < b, "le": lambda a, b: a <= b, "gt": lambda a, b: a > b, "ge": lambda a, b: a >= b,
    "eq": lambda a, b: a == b, "ne": lambda a, b: a != b,
}  # fmt: skip
_FUNCTIONS: dict[str, Any] = (
    {name: getattr(casadi, name) for name in _NAMES}
    | OPERATORS
    | _COMPARED
    | {
        "abs": casadi.fabs,
        "min": casadi.fmin,
        "max": casadi.fmax,
        "select": casadi.if_else,
        "not": casadi.logic_not,
    }
)


_DEFINED: Defined = {
    "square": None,
    "reciprocal": None,
    "pow": casadi.power,
    "clip": None,
    "heaviside": None,
    "leaky_relu": None,
    "gelu": None,
    "silu": None,
    "sinc": lambda a: casadi.if_else(a == 0, 1, casadi.sin(casadi.pi * a) / (casadi.pi * a)),  # as its users write it
    "norm": casadi.norm_2,
    "logsumexp": casadi.logsumexp,
    "softmax": None,
}


def _vector(entries: Sequence[Any]) -> Any:
    return casadi.vertcat(*entries)


def differentiate(problem: Problem) -> Derivation:
    x = casadi.SX.sym("x", len(problem.wrt))
    v = casadi.DM(list(problem.wanted.direction))

    def detached(a: Any) -> Any:
        """CasADi knows no copy that no derivative passes: a number is one."""
        return casadi.Function("a", [x], [casadi.SX(a)])(start(problem))

    peer = Peer("casadi", _FUNCTIONS | {"detach": detached}, _DEFINED, casadi.SX, _vector)
    f = casadi.vertcat(*function(problem, peer)([x[i] for i in range(len(problem.wrt))]))
    ways: dict[Kind, Any] = {
        "gradient": lambda: casadi.jacobian(f, x),
        "jacobian": lambda: casadi.jacobian(f, x),
        "jvp": lambda: casadi.jtimes(f, x, v),
        "vjp": lambda: casadi.jtimes(f, x, v, True),
        "hessian": lambda: casadi.hessian(f, x)[0],
        "hvp": lambda: casadi.jtimes(casadi.gradient(f, x), x, v),
    }
    compiled = casadi.Function("f", [x], [f, ways[kind(problem)]()])
    (values, derivative), seconds = ask(lambda: compiled(start(problem)))
    return answer(problem, peer, values.full(), derivative.full(), seconds)
