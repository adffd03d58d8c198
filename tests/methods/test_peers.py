"""Other libraries that differentiate, as methods: what each has, what it gives at kinks, and that all agree elsewhere.

A library that is not installed skips its tests. What is recorded of it as a habit is a fact of the versions named.
"""

from __future__ import annotations

import importlib.util
import itertools
import json
import math
import subprocess
import sys
import warnings
from functools import cache
from pathlib import Path
from random import Random
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from consumers import NOT_IN_PEERS
from test_tracing import CASES, FUNCTIONS, source

import diffcli
from diffcli.comparison.compare import compare
from diffcli.comparison.result import Measurement, Settings
from diffcli.core.primitives import COMPARISONS, PRIMITIVES
from diffcli.methods import METHODS
from diffcli.problem.understanding import traced_case
from diffcli.studies.methods import installed

PEERS = tuple(name for name, method in METHODS.items() if method.needs)
PATIENT = 300.0
"""Seconds that a library may take to begin with, on a machine that does other things."""
FEW = 16.0
"""Ulps that separate two careful orders of the same operations."""


def adapter(peer: str) -> Any:
    """The peer's room; the test is skipped where its library is missing."""
    needs = METHODS[peer].needs
    assert needs
    pytest.importorskip(needs)
    return importlib.import_module(METHODS[peer].module)


def by(peer: str, text: str, at: str = "", **options: Any) -> Measurement:
    adapter(peer)
    return diffcli.compare(text, at, methods=[peer], timeout=PATIENT, **options).measurements[0]


# --- every primitive
POINT = {"x": 0.7, "y": 1.3, "z": -0.4}
ELSEWHERE = {"acosh": 2.5}
WRITTEN = {
    "select": "where(x < y, x*x, y)", "not": "where(not x < y, x*x, y)", "add": "x + y", "sub": "x - y", "neg": "-x",
    "mul": "x*y", "div": "x/y", "pow": "x**y", "powc": "x**2.5", "polygamma": "polygamma(1, x)",
    "hyp0f1": "hyp0f1(1.5, x)",
}  # fmt: skip
"""Primitives that are not called by their name."""

COMPOSED = {
    "jax": ("sec", "csc", "cot"),
    "torch": ("sec", "csc", "cot", "cbrt", "heaviside", "gamma"),
    "autograd": ("sec", "csc", "cot", "xlogy", "cbrt", "fmod", "heaviside", "relu", "softplus"),
    "casadi": (
        "sec", "csc", "cot", "exp2", "log2", "logaddexp", "xlogy", "cbrt", "trunc", "mod", "heaviside", "relu",
        "sigmoid", "softplus", "erfc",
    ),
}  # fmt: skip
LOSSY = {("torch", "digamma", 1), ("torch", "gamma", 2), ("torch", "lgamma", 2)}
"""Derivatives by order in which a library keeps fewer digits: torch's trigamma has 32 bits."""


def called(name: str) -> str:
    row = next(row for row in PRIMITIVES if row.name == name)
    if PRIMITIVES.index(row) in COMPARISONS:
        return f"where(x {row.symbol} y, x*x, 3*y)"
    return WRITTEN.get(name) or f"{name}({', '.join('xyz'[: row.arity])})"


def at(name: str) -> dict[str, float]:
    text = called(name)
    names = [v for v in POINT if v in diffcli.parse(text).variables]
    return {v: ELSEWHERE.get(name, POINT[v]) if v == "x" else POINT[v] for v in names}


def _peer(room: Any, peer: str) -> Any:
    if peer == "casadi":
        return room.Peer(peer, room._FUNCTIONS | {"detach": None}, room._DEFINED, room.casadi.SX, room._vector)
    return room._PEER


PRIMITIVE = [row.name for row in PRIMITIVES if row.name not in ("const", "input")]


@pytest.mark.parametrize("peer", PEERS)
def test_every_primitive_is_native_or_composed_or_missing(peer: str) -> None:
    room = adapter(peer)
    algebra = _peer(room, peer)
    found = {name: algebra.has(name) for name in PRIMITIVE}
    assert {name for name in PRIMITIVE if found[name] == "missing"} == set(NOT_IN_PEERS[peer])
    assert {name for name in PRIMITIVE if found[name] == "composed"} == set(COMPOSED[peer])


@pytest.mark.parametrize("name", PRIMITIVE)
@pytest.mark.parametrize("peer", PEERS)
def test_every_primitive_has_its_first_and_second_derivatives(peer: str, name: str) -> None:
    adapter(peer)
    for order in (1, 2):
        found = diffcli.compare(called(name), at(name), methods=[peer], order=order, timeout=PATIENT).measurements[0]
        if name in NOT_IN_PEERS[peer]:
            assert (found.verdict, found.message) == ("unsupported", f"{peer} has no {name}")
        elif (peer, name, order) in LOSSY:
            assert found.verdict == "inaccurate"
        else:
            assert found.verdict == "ok", found
            assert found.max_ulp is not None
            assert found.max_ulp <= FEW


def test_every_way_of_writing_a_function_out_is_used() -> None:
    from diffcli.methods.peers import COMPOSED as FORMULAS

    assert set(FORMULAS) == set(itertools.chain(*COMPOSED.values()))


# --- functions that the language defines by others
DEFINED: dict[str, tuple[str, ...]] = {
    "square": ("square(x)",), "reciprocal": ("reciprocal(x)",), "pow": ("pow(x, y)",), "clip": ("clip(x, z, y)",),
    "heaviside": ("heaviside(x)*y",), "leaky_relu": ("leaky_relu(-x)", "leaky_relu(-x, y)"), "gelu": ("gelu(x)",),
    "silu": ("silu(x)",), "sinc": ("sinc(x)",), "norm": ("norm([x, y, z])",), "logsumexp": ("logsumexp([x, y, z])",),
    "softmax": ("softmax([x, y, z])[1]",),
}  # fmt: skip
OURS = {
    "jax": set[str](),
    "torch": {"heaviside"},
    "autograd": {"clip", "heaviside", "leaky_relu", "gelu", "silu", "softmax"},
    "casadi": {"square", "reciprocal", "clip", "heaviside", "leaky_relu", "gelu", "silu", "softmax"},
}
"""Functions that a library has none of: it differentiates our formula."""


@pytest.mark.parametrize("peer", PEERS)
def test_the_table_of_defined_functions_is_full(peer: str) -> None:
    from diffcli.core.primitives import DEFINITIONS

    assert set(DEFINED) == set(DEFINITIONS)
    table = adapter(peer)._DEFINED
    assert set(table) == set(DEFINITIONS)
    assert {name for name, own in table.items() if own is None} == OURS[peer]


@pytest.mark.parametrize("text", list(itertools.chain(*DEFINED.values())))
@pytest.mark.parametrize("peer", PEERS)
def test_a_defined_function_is_the_librarys_own(peer: str, text: str) -> None:
    """Value, first and second derivatives are those of our definition, and what is ours is said to be."""
    adapter(peer)
    point = {name: POINT[name] for name in diffcli.parse(text).variables}
    for order in (1, 2):
        comparison = diffcli.compare(text, point, methods=[peer], order=order, timeout=PATIENT)
        (found,) = comparison.measurements
        assert found.verdict == "ok", found
        assert found.values == pytest.approx(comparison.values, rel=1e-14)
        ours = text.partition("(")[0] in OURS[peer]
        assert found.message == (f"{text.partition('(')[0]}: our formula, in numbers of {peer}" if ours else None)


@pytest.mark.parametrize("text", ["gelu(x)", "1 + gelu([x, y])[0]"])
def test_a_peer_answers_for_its_own_function(text: str) -> None:
    """jax.grad(jax.nn.gelu)(-9.0) is right to a few bits; 46 are lost by our formula in its numbers."""
    found = by("jax", text, "x=-9, y=1" if "y" in text else "x=-9")
    assert found.verdict == "ok"
    assert found.message is None


# --- constants are the library's numbers, and conditions are 0 and 1
ENDS = [
    ("(-0.5)**-0.5*x", "x=1"),
    ("0**-1 + x", "x=1"),
    ("1/0 + x", "x=1"),
    ("log(0)*x", "x=1"),
    ("1e308*10*x", "x=1"),
    ("10**400*x", "x=1"),
    ("(1/0 - 1/0)*x", "x=1"),
    ("sqrt(-1) + x", "x=1"),
    ("mod(1, 0) + x", "x=1"),
    ("-(y < x)*z", "x=1, y=2, z=3"),
    ("(x < y) + (1 < 2)*x - (not x > y)", "x=1, y=2"),
    ("(x < y)/(x <= y)*x", "x=1, y=2"),
    ("(x < y)**2*x", "x=1, y=2"),
    ("-(1 < 2)*x", "x=1"),
    ("sin(x < y)*x", "x=1, y=2"),
    ("min(x < y, 1)*x + abs(x > y)", "x=1, y=2"),
]


@pytest.mark.parametrize(("text", "point"), ENDS, ids=str)
@pytest.mark.parametrize("peer", PEERS)
def test_no_arithmetic_of_pythons_own_is_met(peer: str, text: str, point: str) -> None:
    adapter(peer)
    found = by(peer, text, point)
    assert found.verdict in ("ok", "domain"), found


ATOMS = ("x", "y", "0", "1", "-0.5", "2", "0.5", "1e300", "(x < y)", "(1 < 2)", "(y != 0)", "(not x > 1)")
PAIRS = ("{} + {}", "{} - {}", "{}*{}", "{}/{}", "{}**{}", "max({}, {})", "where({}, {}, 1)", "atan2({}, {})")
ALONE = ("-{}", "exp({})", "log({})", "sqrt({})", "abs({})", "floor({})")


@pytest.mark.parametrize("peer", PEERS)
def test_random_constants_and_conditions_fail_in_no_peer(peer: str) -> None:
    """Python's own 1/0, (-0.5)**0.5 and -True would raise inside a library: verdicts tell of derivatives alone."""
    adapter(peer)
    random = Random(peer)
    for _ in range(12 if peer == "jax" else 60):
        parts = [random.choice(ATOMS) for _ in range(4)]
        while len(parts) > 1:
            pair = random.choice(PAIRS).format(f"({parts.pop()})", f"({parts.pop()})")
            parts.insert(0, random.choice(ALONE).format(f"({pair})") if random.random() < 0.4 else pair)
        found = diffcli.compare(
            f"x + 0*y + {parts[0]}", "x=1.25, y=-0.75", methods=[peer], timeout=PATIENT
        ).measurements[0]
        assert found.verdict != "failed", (parts[0], found)


# --- expressions at regular points
REGULAR = [
    ("log(x1) + x1*x2 - sin(x2)", "x1=2, x2=5"),
    ("x*sin(y)", "x=1.5, y=0.5"),
    ("(x*w - y)^2", "x=1, w=1.5, y=2"),
    ("2*dot(x, x)", "x=[0, 1, 2, 3]"),
    ("exp(-x^2/2)/sqrt(2*pi)", "x=0.7"),
    ("1/(1 + exp(-x))", "x=-1.25"),
    ("tanh(w*x + b)", "w=0.5, x=-1.5, b=0.25"),
    ("sigmoid(x)*(1 - sigmoid(x))", "x=0.3"),
    ("softplus(x) - relu(x)", "x=1.5"),
    ("x^y + y^x", "x=1.5, y=2.25"),
    ("x^7 - 3*x^4 + x - 1", "x=-1.2"),
    ("sqrt(x^2 + y^2 + z^2)", "x=1, y=-2, z=3"),
    ("norm(v)", "v=[3, 4, 12]"),
    ("atan2(y, x)*hypot(x, y)", "x=-1.5, y=0.5"),
    ("log(log(log(x)))", "x=30"),
    ("exp(sin(cos(x)))", "x=0.9"),
    ("sin(x)/x", "x=0.25"),
    ("sinc(x)", "x=0.3"),
    ("(1 - x)^2 + 100*(y - x^2)^2", "x=-1.2, y=1"),
    ("abs(x) + abs(y)*x", "x=-1.5, y=2"),
    ("max(x, y)*min(x, z)", "x=1, y=2, z=0.5"),
    ("where(x > 0, x*log(x), x^2)", "x=0.5"),
    ("where(x > 0, x*exp(x), x^2)", "x=-0.5"),
    ("x*log(x) if x > 0 and x < 1 else x", "x=0.25"),
    ("clip(x, -1, 1)*x", "x=0.25"),
    ("leaky_relu(x)", "x=-3"),
    ("gelu(x)", "x=0.75"),
    ("silu(x)", "x=-0.75"),
    ("logsumexp(v)", "v=[1, 2, -0.5]"),
    ("dot(softmax(v), [1, 2, 3])", "v=[1, 2, -0.5]"),
    ("-log(softmax(v)[1])", "v=[1, 2, -0.5]"),
    ("erf(x/sqrt(2))", "x=0.6"),
    ("asin(x) + acos(y) + atan(z)", "x=0.5, y=-0.25, z=3"),
    ("sinh(x)*cosh(y) - asinh(x*y)", "x=0.5, y=1.25"),
    ("acosh(x) + atanh(y)", "x=1.75, y=-0.5"),
    ("log1p(x) + expm1(y) + log2(x) + log10(y) + exp2(x)", "x=0.5, y=0.25"),
    ("mod(x, y)*floor(x) + ceil(y)*x", "x=7.25, y=2.5"),
    ("x @ A @ x", "A=[[2, 1], [0.5, 3]], x=[1, -2]"),
    ("mean((X @ w - t)^2)", "X=[[1, 2], [3, 4], [5, 6]], w=[0.5, -0.25], t=[1, 0, 2]"),
    ("a = x*y; b = sin(a) + a; b*b/a", "x=1.25, y=0.75"),
    ("detach(x)*x + y", "x=3, y=2"),
    ("1/x + 1/x^2 + 1/x^3", "x=0.3"),
]


def test_there_are_forty_expressions() -> None:
    assert len({text for text, _ in REGULAR}) >= 40


@pytest.mark.parametrize(("text", "point"), REGULAR)
@pytest.mark.parametrize("peer", PEERS)
def test_at_regular_points_a_peer_is_right(peer: str, text: str, point: str) -> None:
    adapter(peer)
    for order, method in ((1, "reverse"), (2, "forward-over-reverse")):
        own, found = diffcli.compare(text, point, methods=[method, peer], order=order, timeout=PATIENT).measurements
        assert found.verdict == "ok", found
        assert found.max_ulp is not None
        assert own.max_ulp is not None
        assert found.max_ulp <= max(2 * FEW, 4 * own.max_ulp)


# --- kinds of derivative and shapes of results
SHAPES: list[tuple[str, str, dict[str, Any]]] = [
    ("[x*y, sin(x), y/x, 3]", "x=2, y=1", {}),
    ("A @ x", "A=[[1, 2], [3, 4]], x=[5, 6]", {"wrt": "x"}),
    ("[x*y, sin(x)]", "x=2, y=1", {"jvp": [1, 2]}),
    ("x*y", "x=2, y=1", {"jvp": [3, 4], "unit": True}),
    ("[x*y, sin(x)]", "x=2, y=1", {"vjp": [1, 2]}),
    ("x^3*y*sin(x)", "x=2, y=1", {"order": 2}),
    ("x^3*y*sin(x)", "x=2, y=1", {"hvp": [1, 2]}),
    ("2*3", "", {}),
    ("2*3", "", {"order": 2}),
    ("[2*3, 1]", "", {}),
    ("1 + 0*x", "x=2", {}),
    ("y", "x=2, y=1", {"wrt": "x"}),
    ("y", "x=2, y=1", {"wrt": "x", "order": 2}),
    ("y", "x=2, y=1", {"wrt": "x", "hvp": [1]}),
    ("y", "x=2, y=1", {"wrt": "x", "jvp": [1]}),
    ("[y, x]", "x=2, y=1", {"wrt": "x", "vjp": [1, 2]}),
    ("[y, y]", "x=2, y=1", {"wrt": "x", "vjp": [1, 2]}),
    ("x + y", "x=2, y=1", {"order": 2}),
    ("x*x", "x=2", {"wrt": []}),
    ("relu(-2)*x + sqrt(2)*x + erf(0.5)*x + max(2, 3)*x + sigmoid(1)*x", "x=1", {}),
    ("where(1 < 2, x, x*x)", "x=3", {}),
    ("where(1 < x < 4 or x == 7, x*x, x)", "x=3", {}),
    ("detach(x)*x*y", "x=3, y=2", {"order": 2}),
]


@pytest.mark.parametrize(("text", "point", "options"), SHAPES, ids=str)
@pytest.mark.parametrize("peer", PEERS)
def test_every_kind_and_every_shape(peer: str, text: str, point: str, options: dict[str, Any]) -> None:
    found = by(peer, text, point, **options)
    assert found.verdict == "ok", found
    assert all(type(number) is float for number in (*(found.values or ()), *(found.derivative or ())))
    assert found.cost is None
    assert found.seconds is not None
    assert found.seconds > 0


@pytest.mark.parametrize("peer", PEERS)
def test_what_a_peer_is_not_asked_is_said(peer: str) -> None:
    third = by(peer, "x^3", "x=2", order=3)
    assert third.verdict == "unsupported"
    assert third.message == f"{peer} has no derivative: ask symbolic, forward, taylor"


# --- habits
NAN, INF = math.nan, math.inf
VERSIONS = {"jax": "0.10.2", "torch": "2.13.0", "autograd": "1.9.1", "casadi": "3.8.2"}
"""What the habits were seen with; others may have others."""

HABITS: list[tuple[str, str, str, dict[str, tuple[str, tuple[float, ...]]]]] = [
    ("abs(x)", "x=0", "not-differentiable", {
        "jax": ("kink", (1.0,)), "torch": ("kink", (0.0,)), "autograd": ("kink", (0.0,)), "casadi": ("kink", (0.0,)),
        "reverse": ("kink", (0.0,))}),
    ("sqrt(x^2)", "x=0", "not-differentiable", {
        "jax": ("nonfinite", (NAN,)), "torch": ("nonfinite", (NAN,)), "autograd": ("nonfinite", (NAN,)),
        "casadi": ("kink", (0.0,)), "reverse": ("nonfinite", (NAN,))}),
    ("max(x, y)", "x=1, y=1", "not-differentiable", {
        "jax": ("kink", (0.5, 0.5)), "torch": ("kink", (0.5, 0.5)), "autograd": ("kink", (0.5, 0.5)),
        "casadi": ("kink", (0.5, 0.5)), "reverse": ("kink", (0.5, 0.5))}),
    ("relu(x)", "x=0", "not-differentiable", {
        "jax": ("kink", (0.0,)), "torch": ("kink", (0.0,)), "autograd": ("kink", (0.5,)), "casadi": ("kink", (0.5,)),
        "reverse": ("kink", (0.0,))}),
    ("sqrt(x)", "x=0", "not-differentiable", {
        "jax": ("kink", (INF,)), "torch": ("kink", (INF,)), "autograd": ("kink", (INF,)), "casadi": ("kink", (INF,)),
        "reverse": ("kink", (INF,))}),
    ("cbrt(x)", "x=0", "not-differentiable", {
        "jax": ("kink", (INF,)), "torch": ("nonfinite", (NAN,)), "autograd": ("nonfinite", (NAN,)),
        "casadi": ("nonfinite", (NAN,)), "reverse": ("kink", (INF,))}),
    ("norm(v)", "v=[0, 0]", "not-differentiable", {
        "jax": ("nonfinite", (NAN, NAN)), "torch": ("kink", (0.0, 0.0)), "autograd": ("nonfinite", (NAN, NAN)),
        "casadi": ("nonfinite", (NAN, NAN)), "reverse": ("nonfinite", (NAN, NAN))}),
    ("hypot(x, y)", "x=0, y=0", "not-differentiable", {
        "torch": ("nonfinite", (NAN, NAN)), "autograd": ("nonfinite", (NAN, NAN)),
        "casadi": ("nonfinite", (NAN, NAN)), "reverse": ("nonfinite", (NAN, NAN))}),
    ("x^0", "x=0", "certified", {
        "jax": ("ok", (0.0,)), "torch": ("ok", (0.0,)), "autograd": ("ok", (0.0,)), "casadi": ("ok", (0.0,)),
        "reverse": ("ok", (0.0,))}),
    ("0^x", "x=2", "certified", {
        "jax": ("ok", (0.0,)), "torch": ("ok", (0.0,)), "autograd": ("ok", (0.0,)), "casadi": ("nonfinite", (NAN,)),
        "reverse": ("ok", (0.0,))}),
    ("0^x", "x=0", "not-differentiable", {
        # the function jumps from 1 to 0, and its derivative tends to 0
        "jax": ("kink", (0.0,)), "torch": ("kink", (0.0,)), "autograd": ("kink", (0.0,)),
        "casadi": ("inaccurate", (-INF,)), "reverse": ("inaccurate", (-INF,))}),
    ("x^y", "x=0, y=2", "certified", {
        "jax": ("ok", (0.0, 0.0)), "torch": ("ok", (0.0, 0.0)), "autograd": ("ok", (0.0, 0.0)),
        "casadi": ("nonfinite", (0.0, NAN)), "reverse": ("ok", (0.0, 0.0))}),
    ("where(x > 0, log(x), 0)", "x=-1", "certified", {
        "jax": ("ok", (0.0,)), "torch": ("ok", (0.0,)), "autograd": ("ok", (0.0,)), "casadi": ("ok", (0.0,)),
        "reverse": ("ok", (0.0,))}),
    ("where(x > 0, log(x), 0)", "x=0", "not-differentiable", {
        "jax": ("inaccurate", (NAN,)), "torch": ("inaccurate", (NAN,)), "autograd": ("inaccurate", (NAN,)),
        "casadi": ("kink", (0.0,)), "reverse": ("kink", (0.0,))}),
    ("where(x > 0, x*log(x), x^2)", "x=-0.5", "certified", {
        "jax": ("nonfinite", (NAN,)), "torch": ("nonfinite", (NAN,)), "autograd": ("nonfinite", (NAN,)),
        "casadi": ("ok", (-1.0,)), "reverse": ("ok", (-1.0,))}),
    ("where(x > 0, sqrt(x), 0)", "x=0", "not-differentiable", {
        "jax": ("nonfinite", (NAN,)), "torch": ("nonfinite", (NAN,)), "autograd": ("nonfinite", (NAN,)),
        "casadi": ("kink", (0.0,)), "reverse": ("kink", (0.0,))}),
    ("where(x == 0, 1, sin(x)/x)", "x=0", "certified", {
        "jax": ("nonfinite", (NAN,)), "torch": ("nonfinite", (NAN,)), "autograd": ("nonfinite", (NAN,)),
        "casadi": ("ok", (0.0,)), "reverse": ("ok", (0.0,))}),
    ("where(x < 700, exp(x), 0)", "x=800", "certified", {
        "jax": ("nonfinite", (NAN,)), "torch": ("nonfinite", (NAN,)), "autograd": ("nonfinite", (NAN,)),
        "casadi": ("ok", (0.0,)), "reverse": ("ok", (0.0,))}),
    ("log(1 + exp(x))", "x=800", "certified", {
        "jax": ("nonfinite", (NAN,)), "torch": ("nonfinite", (NAN,)), "autograd": ("nonfinite", (NAN,)),
        "casadi": ("nonfinite", (NAN,)), "reverse": ("nonfinite", (NAN,))}),
    ("softplus(x)", "x=800", "certified", {
        "jax": ("ok", (1.0,)), "torch": ("ok", (1.0,)), "autograd": ("ok", (1.0,)), "casadi": ("nonfinite", (NAN,)),
        "reverse": ("ok", (1.0,))}),
    ("tanh(x)", "x=20", "certified", {
        "jax": ("inaccurate", (0.0,)), "torch": ("inaccurate", (0.0,)), "casadi": ("inaccurate", (0.0,)),
        "autograd": ("ok", (1.6993417021166355e-17,)), "reverse": ("inaccurate", (0.0,))}),
]  # fmt: skip
"""At kinks, guards and the ends of float64: what is true, and what each library gives, with our verdict on it.

A guard does not keep a NaN out where both sides of a choice are differentiated: 0 times infinity. Only the branch
that is taken exists for our own methods; CasADi leaves out a factor that is 0."""


@pytest.mark.parametrize("peer", [*PEERS, "reverse"])
@pytest.mark.parametrize(
    ("text", "point", "status", "habits"), HABITS, ids=lambda part: part if type(part) is str else ""
)
def test_habits_at_kinks_and_guards(
    text: str, point: str, status: str, habits: dict[str, tuple[str, tuple[float, ...]]], peer: str
) -> None:
    if peer != "reverse":
        adapter(peer)
    comparison = diffcli.compare(text, point, methods=[peer], timeout=PATIENT)
    assert comparison.truth.status == status
    (found,) = comparison.measurements
    if peer in habits:
        assert found.derivative is not None
        known = f"seen with {peer} {VERSIONS[peer]}; here is {installed(peer)}" if peer in VERSIONS else "our own"
        assert (found.verdict, pytest.approx(found.derivative, nan_ok=True)) == habits[peer], known


# --- Python functions: through the traced program, and by the library's own NumPy
@pytest.mark.parametrize(
    ("module", "name", "point", "allowed"), CASES, ids=lambda part: part if type(part) is str else ""
)
@pytest.mark.parametrize("peer", ["jax", "autograd"])
def test_a_traced_function_has_the_same_derivative_there(
    peer: str, module: str, name: str, point: dict[str, Any], allowed: int
) -> None:
    del allowed
    adapter(peer)
    own, theirs = compare(
        traced_case(source(module, name), point), Settings(("reverse", peer), timeout=PATIENT)
    ).measurements
    assert theirs.verdict == "ok", theirs
    assert apart(theirs.derivative, own.derivative) <= 8


REFUSED = {
    "jax": {"thomas", "relu_by_mask"},
    "autograd": {"thomas", "relu_by_mask", "matrix_power_trace", "smoothed", "median_of"},
}
"""Functions that the library cannot differentiate as they stand: they write into arrays, or need what it lacks."""


def apart(found: Any, wanted: Any) -> float:
    """The largest difference of two gradients, in units of the last place of the largest entry."""
    a, b = np.ravel(found), np.ravel(wanted)
    return float(np.max(np.abs(a - b)) / np.spacing(np.max(np.abs(b)) or 1.0))


@pytest.fixture(scope="module")
def rewritten(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The modules of functions, with `np` being the NumPy of a library."""
    folder = tmp_path_factory.mktemp("rewritten")

    @cache
    def load(module: str, library: str) -> ModuleType:
        text = (FUNCTIONS / f"{module}.py").read_text().replace("import numpy as np", f"import {library}.numpy as np")
        path = Path(folder, f"{module}_by_{library}.py")
        path.write_text(text)
        spec = importlib.util.spec_from_file_location(path.stem, path)
        assert spec
        assert spec.loader
        loaded = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(loaded)
        return loaded

    return load


def jacobian_of(function: Any, given: dict[str, Any], name: str, peer: str) -> Any:
    """The derivative that a library finds by itself, of the function on its own arrays."""
    if peer == "jax":
        import jax
        import jax.numpy as jnp

        def alone(value: Any) -> Any:
            return jnp.asarray(function(**{**given, name: value}))

        with adapter("jax")._doubles(True):
            return jax.jacrev(alone)(jnp.asarray(given[name], float))
    import autograd
    import autograd.numpy as anp

    def of(value: Any) -> Any:
        found = function(**{**given, name: value})
        return anp.array(found) if isinstance(found, list) else found

    return autograd.jacobian(of)(given[name])


@pytest.mark.parametrize(
    ("module", "name", "point", "allowed"), CASES, ids=lambda part: part if type(part) is str else ""
)
@pytest.mark.parametrize("peer", ["jax", "autograd"])
def test_a_function_written_in_the_librarys_numpy_has_the_same_derivative(
    peer: str, module: str, name: str, point: dict[str, Any], allowed: int, rewritten: Any
) -> None:
    del allowed
    adapter(peer)
    case = traced_case(source(module, name), point)
    own = np.reshape(compare(case, Settings(("reverse",))).measurements[0].derivative, (-1, len(case.entries)))
    given = {
        key: np.array(value) if isinstance(value, tuple) else value if key in case.wrt else int(value)
        for key, value in point.items()
    }
    function = getattr(rewritten(module, peer), name)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if name in REFUSED[peer]:
            with pytest.raises((TypeError, AttributeError, NotImplementedError)):
                jacobian_of(function, given, case.wrt[0], peer)
            return
        theirs = [np.reshape(jacobian_of(function, given, key, peer), (len(own), -1)) for key in case.wrt]
    assert apart(np.hstack(theirs), own) <= 8


@pytest.mark.parametrize("peer", ["jax", "autograd"])
def test_forty_functions_are_compared(peer: str) -> None:
    assert len({name for _, name, _, _ in CASES} - REFUSED[peer]) >= 40


def test_scipys_rosenbrock_runs_as_it_stands() -> None:
    """SciPy comes with autograd."""
    pytest.importorskip("scipy")
    case = traced_case("scipy.optimize:rosen", {"x": (1.5, -0.5, 2.0)})
    assert compare(case, Settings(("forward", "reverse"))).good


# --- manners
@pytest.mark.parametrize("peer", PEERS)
def test_nothing_is_said_on_standard_error(peer: str) -> None:
    adapter(peer)
    line = ["log(x) + 0*y", "--at", "x=0, y=1", "-m", peer, "--exit-zero"]
    done = subprocess.run(
        [sys.executable, "-m", "diffcli", *line], capture_output=True, text=True, timeout=120, check=True
    )
    assert done.stderr == ""
    assert peer in done.stdout


@pytest.mark.parametrize("peer", PEERS)
def test_the_time_is_that_of_the_second_evaluation_and_not_of_the_import(peer: str) -> None:
    adapter(peer)
    code = (
        f"import diffcli; m = diffcli.compare('x*sin(x)', 'x=1', methods=['{peer}']).measurements[0];"
        "print(m.seconds, m.setup_seconds)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=True)
    seconds, setup_seconds = map(float, done.stdout.split())  # the import is in the second, on a busy machine, too
    assert seconds < setup_seconds / 2


@pytest.mark.parametrize("peer", PEERS)
def test_peers_are_asked_for_one_point_at_a_time(peer: str) -> None:
    adapter(peer)
    line = [sys.executable, "-m", "diffcli", "x*x", "--at", "x=1:2:5", "-m", f"{peer},reverse", "--format", "json"]
    done = subprocess.run(line, capture_output=True, text=True, timeout=120, check=False)
    found = json.loads(done.stdout)
    message = f"{peer} is asked for one point at a time"
    assert found["failures"] == [{"method": peer, "verdict": "unsupported", "message": message}]
    assert found["verdicts"] == {"reverse": {"ok": 5}}


def test_jax_is_left_as_it_was() -> None:
    jax = pytest.importorskip("jax")
    before = jax.config.jax_enable_x64
    assert by("jax", "x*sin(x)", "x=1").verdict == "ok"
    assert jax.config.jax_enable_x64 == before


def test_a_library_that_is_missing_is_named_with_its_install_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(METHODS, "jax", METHODS["jax"]._replace(needs="no_such_library"))
    (found,) = diffcli.compare("x", "x=1", methods=["jax"]).measurements
    assert (found.verdict, found.message) == ("unsupported", 'jax is not installed: pip install "diff-compare[jax]"')


# --- the list of methods
def listed(*arguments: str) -> str:
    line = [sys.executable, "-m", "diffcli", "methods", *arguments]
    return subprocess.run(line, capture_output=True, text=True, check=True).stdout


def test_the_list_of_methods_names_all() -> None:
    text = listed()
    lines = text.splitlines()
    for name, method in METHODS.items():
        (line,) = [line for line in lines if line.startswith(f"{name}  ")]
        assert method.summary.split()[0] in line
        missing = f'{name} is not installed: pip install "diff-compare[{name}]"'
        assert (missing in lines) == (not method.available)


def test_the_list_of_methods_for_programs() -> None:
    found = {row["name"]: row for row in json.loads(listed("-f", "json"))["methods"]}
    assert list(found) == list(METHODS)
    assert found["forward"]["kinds"] == list(METHODS["forward"].kinds)
    assert found["forward"]["library"] == "diff-compare"
    assert found["forward"]["version"] == diffcli.__version__
    assert found["symbolic"]["library"] == "sympy"
    for name in PEERS:
        assert found[name]["available"] == METHODS[name].available
        assert (found[name]["version"] is not None) == METHODS[name].available
        assert found[name]["install"] == f'pip install "diff-compare[{name}]"'
