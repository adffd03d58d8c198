"""HIPS autograd: NumPy's functions with a tape. What SciPy has needs SciPy."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

import autograd
import autograd.numpy as anp
from autograd.tracer import getval

from diffcli.core.derivative_kinds import Kind
from diffcli.methods.peers import Defined, Peer, answer, as_numbers, ask, function, kind, numpy_like, quietly, start
from diffcli.problem.derivation import Derivation, Problem
from diffcli.runtime.errors import Unsupported
from diffcli.runtime.messages import message


def _special() -> dict[str, Any]:
    if not find_spec("scipy"):
        return {}
    import autograd.scipy.special as special

    return {
        "erf": special.erf,
        "erfc": special.erfc,
        "gamma": special.gamma,
        "lgamma": special.gammaln,
        "digamma": special.digamma,
        "polygamma": lambda a, n: special.polygamma(int(n), a),
        "sigmoid": special.expit,
        "logsumexp": special.logsumexp,
    }


_WITHOUT_DERIVATIVE = ("cbrt", "fmod", "heaviside")
"""NumPy's functions that autograd hands through, and cannot differentiate: they are written out."""

_SPECIAL = _special()
_DEFINED: Defined = {
    "square": anp.square,
    "reciprocal": anp.reciprocal,
    "pow": anp.power,
    "clip": None,  # its bounds are constants there
    "heaviside": None,
    "leaky_relu": None,
    "gelu": None,
    "silu": None,
    "sinc": anp.sinc,
    "norm": anp.linalg.norm,
    "logsumexp": _SPECIAL.pop("logsumexp", None),
    "softmax": None,
}
_FUNCTIONS = as_numbers(numpy_like(anp, detach=getval, **_SPECIAL), anp.float64)
_PEER = Peer(
    "autograd",
    {name: call for name, call in _FUNCTIONS.items() if name not in _WITHOUT_DERIVATIVE},
    _DEFINED,
    anp.float64,
    anp.array,
)


def differentiate(problem: Problem) -> Derivation:
    entries = function(problem, _PEER)

    def vector(x: Any) -> Any:
        return anp.array([anp.float64(1.0) * y for y in entries(x)])

    def scalar(x: Any) -> Any:
        return entries(x)[0] * 1.0

    x, v = anp.array(start(problem)), anp.array(problem.wanted.direction)
    ways: dict[Kind, Any] = {
        "gradient": lambda: autograd.grad(scalar)(x),
        "jacobian": lambda: autograd.jacobian(vector)(x),
        "jvp": lambda: anp.dot(autograd.jacobian(vector)(x), v),
        "vjp": lambda: autograd.make_vjp(vector)(x)[0](v),
        "hessian": lambda: autograd.hessian(scalar)(x),
        "hvp": lambda: autograd.hessian_vector_product(scalar)(x, v),
    }
    try:
        with quietly():
            derivative, seconds = ask(ways[kind(problem)])
            return answer(problem, _PEER, vector(x), derivative, seconds)
    except NotImplementedError as error:
        raise Unsupported(message("{name}: {message}", name="autograd", message=error)) from None
