"""JAX, without compilation, in float64 on the processor, whatever the program around it has chosen."""

from __future__ import annotations

import logging
from typing import Any

import jax
import jax.experimental
import jax.numpy as jnp

from diffcli.core.derivative_kinds import Kind
from diffcli.methods.peers import Defined, Peer, answer, as_numbers, ask, function, kind, numpy_like, quietly, start
from diffcli.problem.derivation import Derivation, Problem

logging.getLogger("jax._src.xla_bridge").setLevel(logging.ERROR)  # that there is no GPU, on every first use

_doubles = jax.enable_x64 if hasattr(jax, "enable_x64") else jax.experimental.enable_x64

_FUNCTIONS = as_numbers(
    numpy_like(
        jnp,
        erf=jax.scipy.special.erf,
        erfc=jax.scipy.special.erfc,
        gamma=jax.scipy.special.gamma,
        lgamma=jax.scipy.special.gammaln,
        digamma=jax.scipy.special.digamma,
        polygamma=lambda a, n: jax.scipy.special.polygamma(int(n), a),
        xlogy=jax.scipy.special.xlogy,
        sigmoid=jax.nn.sigmoid,
        softplus=jax.nn.softplus,
        relu=jax.nn.relu,
        detach=jax.lax.stop_gradient,
    ),
    lambda condition: jnp.asarray(condition, float),
)
_DEFINED: Defined = {
    "square": jnp.square,
    "reciprocal": jnp.reciprocal,
    "pow": jnp.power,
    "clip": jnp.clip,
    "heaviside": lambda a: jnp.heaviside(a, 0.5),
    "leaky_relu": jax.nn.leaky_relu,
    "gelu": lambda a: jax.nn.gelu(a, approximate=False),
    "silu": jax.nn.silu,
    "sinc": jnp.sinc,
    "norm": jnp.linalg.norm,
    "logsumexp": jax.nn.logsumexp,
    "softmax": jax.nn.softmax,
}
_PEER = Peer("jax", _FUNCTIONS, _DEFINED, lambda value: jnp.asarray(value, float), jnp.stack)


def differentiate(problem: Problem) -> Derivation:
    with quietly(), _doubles(True), jax.default_device(jax.devices("cpu")[0]):
        return _differentiate(problem)


def _differentiate(problem: Problem) -> Derivation:
    entries = function(problem, _PEER)

    def vector(x: jax.Array) -> jax.Array:
        return jnp.stack([jnp.asarray(y, float) for y in entries(x)])

    def scalar(x: jax.Array) -> jax.Array:
        return vector(x)[0]

    x, v = jnp.array(start(problem), float), jnp.array(problem.wanted.direction, float)
    ways: dict[Kind, Any] = {
        "gradient": lambda: jax.grad(scalar)(x),
        "jacobian": lambda: jax.jacrev(vector)(x),
        "jvp": lambda: jax.jvp(vector, (x,), (v,))[1],
        "vjp": lambda: jax.vjp(vector, x)[1](v)[0],
        "hessian": lambda: jax.hessian(scalar)(x),
        "hvp": lambda: jax.jvp(jax.grad(scalar), (x,), (v,))[1],
    }
    way = ways[kind(problem)]
    derivative, seconds = ask(lambda: jax.block_until_ready(way()))
    return answer(problem, _PEER, vector(x), derivative, seconds)
