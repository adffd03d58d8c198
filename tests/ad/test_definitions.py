"""Functions that the language defines by others: they keep their names, and have texts that lose no digits.

A program's calls say which equations stand for which function. By the stable rules such a function is computed by its
stable text; the truth and SymPy see the definition, and so does every method by the textbook's rules.
"""

from __future__ import annotations

import math
from typing import Any

import pytest

import diffcli
from diffcli.ad.definitions import stabilized
from diffcli.core.evaluate import evaluate
from diffcli.core.passes import prune, share
from diffcli.core.primitives import DEFINITIONS, OF_VECTORS, STABLE
from diffcli.core.program import loads_first
from diffcli.numbers.float64 import FLOAT64
from diffcli.problem.understanding import make_case
from diffcli.syntax import elaborate
from diffcli.truth.certify import certify

RULED = ("forward", "reverse")

# --- reports of other people, by the functions' names
REPORTS: tuple[tuple[str, dict[str, float]], ...] = (
    ("expm1(x)", {"x": -40.0}),
    ("silu(x)", {"x": -709.0}),
    ("sqrt(x)", {"x": 5e-324}),
    ("sigmoid(x)", {"x": 40.0}),
    ("sigmoid(x)", {"x": 37.42994775023705}),
    ("tanh(x)", {"x": 20.0}),
    ("tanh(x)", {"x": -19.061547465398498}),
    ("exp2(x)", {"x": 1024.0000000000002}),
    ("softplus(x) - x*y", {"x": -40.0, "y": 0.0}),
    ("x - logsumexp([x, y])", {"x": 37.42994775023705, "y": 0.0}),
    ("softmax([x, y])[0]", {"x": 37.42994775023705, "y": 0.0}),
    ("softmax([x, y])[0]", {"x": 40.0, "y": 0.0}),
    ("softmax([x, y, z])[1]", {"x": 0.0, "y": 40.0, "z": -3.0}),
    ("gelu(x)", {"x": -3.7}),
    ("gelu(x)", {"x": -9.0}),
    ("gelu(x)", {"x": -37.0}),
    ("asin(x)", {"x": 0.9999999999}),
    ("sinc(2*t-1)", {"t": 0.49999999999999994}),
    ("sinc(x)", {"x": 1e-9}),
    ("sinc(x)", {"x": 1e8 + 0.25}),
    ("norm([x, y])", {"x": 1e-200, "y": 1e-200}),
    ("norm([x, y, z])", {"x": 1e200, "y": 3e200, "z": -1e200}),
    ("norm([x])", {"x": -1e-200}),
)


@pytest.mark.parametrize(("text", "at"), REPORTS, ids=str)
def test_by_the_stable_rules_a_function_keeps_its_digits(text: str, at: dict[str, float]) -> None:
    comparison = diffcli.compare(text, at, wrt=next(iter(at)), methods=RULED, rules="stable")
    assert comparison.truth.status == "certified"
    for found in comparison.measurements:
        assert found.verdict == "ok"
        assert found.max_ulp is not None
        assert found.max_ulp <= 8, found


# --- the mechanism
TEXTS = {
    "gelu": ("gelu(x)", {"x": 0.7}),
    "silu": ("silu(x)", {"x": 710.5}),
    "logsumexp": ("logsumexp([x, y, 0.5])", {"x": 0.7, "y": 2.0}),
    "sinc": ("sinc(x)*y", {"x": 0.7, "y": 2.0}),
    "norm": ("norm([x, y, 3])", {"x": 0.7, "y": 2.0}),
    "softmax": ("softmax([x, y, 0.5])", {"x": 0.7, "y": 2.0}),
    "log_softmax": ("y - logsumexp([x, y, 0.5])", {"x": 0.7, "y": 2.0}),
}


def test_every_stable_text_is_of_a_definition() -> None:
    assert set(STABLE) - {"log_softmax"} <= set(DEFINITIONS)
    assert set(OF_VECTORS) <= set(DEFINITIONS)
    assert set(TEXTS) == set(STABLE)


@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.parametrize("factor", [1.0, -1.0, 0.25, 7.0])
def test_a_stable_text_is_the_same_function(name: str, factor: float) -> None:
    """The truth of both texts, which knows no rule: values and derivatives meet."""
    text, at = TEXTS[name]
    case = make_case(text, {key: factor * value for key, value in at.items()})
    program = loads_first(case.problem.program)
    other = stabilized(program)
    assert other != program
    plain, mended = (certify(p, case.problem.wrt, case.problem.point, case.problem.wanted) for p in (program, other))
    for found, wanted in zip((*mended.values, *mended.derivative), (*plain.values, *plain.derivative), strict=True):
        assert abs(found - wanted) <= abs(wanted) * 1e-15 + 1e-300


@pytest.mark.parametrize("name", TEXTS)
def test_the_textbook_sees_what_was_typed(name: str) -> None:
    text, at = TEXTS[name]
    with_name = diffcli.compare(text, at, methods=RULED)
    again = diffcli.compare(text, at, methods=RULED, rules="textbook")
    assert [m.derivative for m in with_name.measurements] == [m.derivative for m in again.measurements]
    formula = elaborate("where(x == 0, hyp0f1(1.5, -(pi*x)**2/4), sin(pi*x)/(pi*x))").program
    assert elaborate("sinc(x)").program == formula
    assert formula.calls == ()


def calls(text: str) -> set[tuple[str, int]]:
    return {(call.name, len(call.arguments)) for call in elaborate(text).program.calls}


def test_calls_are_noted_entry_by_entry_or_as_a_whole() -> None:
    assert calls("gelu([x, y]) + 1") == {("gelu", 1)}
    assert len(elaborate("gelu([x, y]) + 1").program.calls) == 2
    assert calls("softmax([x, y, z])[1]") == {("softmax", 3)}
    assert calls("clip([x, y], 0, 1)") == {("clip", 3)}
    assert calls("x*sin(y)") == set()


@pytest.mark.parametrize("change", [loads_first, prune, share])
def test_passes_carry_calls_along(change: Any) -> None:
    program = elaborate("a = silu(x*y); b = softmax([a, y, 2]); b[0]*gelu(a) + silu(x*y)").program
    kept = change(program)
    assert {call.name for call in kept.calls} == {"silu", "softmax", "gelu"}
    point = [0.3, -1.5]
    plain, mended = (evaluate(p, point, FLOAT64) for p in (program, stabilized(kept)))
    assert mended == pytest.approx(plain, rel=1e-14)


def test_a_call_whose_results_nobody_reads_is_dropped() -> None:
    program = elaborate("a = gelu(x); x + 1").program
    assert program.calls == ()


def test_a_formula_without_a_name_is_left_alone() -> None:
    program = elaborate("0.5*x*(1 + erf(x/sqrt(2)))").program
    assert stabilized(program) is program


# --- second derivatives at special points
TWICE: tuple[tuple[str, dict[str, float], Any], ...] = (
    ("x**y", {"x": 2.0, "y": 0.0}, [0, 0.5, 0.5, math.log(2) ** 2]),
    ("x**y", {"x": 2.0, "y": 1.0}, [0, 1 + math.log(2), 1 + math.log(2), 2 * math.log(2) ** 2]),
    ("x**y", {"x": 3.0, "y": 2.0}, None),
    ("x**y", {"x": 0.0, "y": 2.0}, [2, 0, 0, 0]),
    ("x**y", {"x": 0.0, "y": 3.5}, [0, 0, 0, 0]),
    ("x**0", {"x": 0.0}, [0]),
    ("x**1", {"x": 0.0}, [0]),
    ("x**2", {"x": 0.0}, [2]),
    ("x**3", {"x": 0.0}, [0]),
    ("x**2.5", {"x": 0.0}, [0]),
    ("sinc(x)", {"x": 0.0}, [-math.pi**2 / 3]),
    ("sinc(x + y)", {"x": 1.0, "y": -1.0}, [-math.pi**2 / 3] * 4),
    ("xlogy(x, y)", {"x": 0.0, "y": 2.0}, [0, 0.5, 0.5, 0]),
    ("hypot(x, y)", {"x": 0.0, "y": 2.0}, [0.5, 0, 0, 0]),
    ("hypot(x, y)", {"x": -2.0, "y": 0.0}, [0, 0, 0, 0.5]),
    ("atan2(x, y)", {"x": 0.0, "y": 2.0}, [0, -0.25, -0.25, 0]),
    ("atan2(x, y)", {"x": 2.0, "y": 0.0}, [0, 0.25, 0.25, 0]),
    ("x/y", {"x": 0.0, "y": 2.0}, [0, -0.25, -0.25, 0]),
    ("cbrt(x)", {"x": 1.0}, [-2 / 9]),
    ("fma(x, y, z)", {"x": 0.0, "y": 0.0, "z": 0.0}, [0, 1, 0, 1, 0, 0, 0, 0, 0]),
    ("logaddexp(x, y)", {"x": 1.0, "y": 1.0}, [0.25, -0.25, -0.25, 0.25]),
    ("softmax([x, y])[0]", {"x": 1.0, "y": 1.0}, [0, 0, 0, 0]),
    ("softmax([x, y, z])[0]", {"x": 1.0, "y": 1.0, "z": 0.5}, None),
    ("logsumexp([x, y])", {"x": 1.0, "y": 1.0}, [0.25, -0.25, -0.25, 0.25]),
    ("x - logsumexp([x, y])", {"x": 1.0, "y": 1.0}, [-0.25, 0.25, 0.25, -0.25]),
    ("gelu(x)", {"x": 0.0}, [2 / math.sqrt(2 * math.pi)]),
    ("silu(x)", {"x": 0.0}, [0.5]),
    *((f"{name}(x)", {"x": 0.0}, None) for name in (
        "exp", "expm1", "exp2", "log1p", "sin", "cos", "tan", "sec", "asin", "acos", "atan", "sinh", "cosh", "tanh",
        "asinh", "atanh", "erf", "erfc", "sigmoid", "softplus")),
    *((f"{name}(x, y)", {"x": 2.5, "y": 1.0}, None) for name in ("mod", "fmod", "min", "max", "heaviside")),
    ("gamma(x) + lgamma(x) + digamma(x) + polygamma(2, x)", {"x": 1.0}, None),
)  # fmt: skip
"""Where a rule has cases, or a point is special, and the function is twice differentiable; what is known on paper."""

NESTINGS = ("forward-over-forward", "forward-over-reverse", "reverse-over-forward")


@pytest.mark.parametrize("rules", ["textbook", "stable"])
@pytest.mark.parametrize(("text", "at", "known"), TWICE, ids=str)
def test_second_derivatives_at_special_points(text: str, at: dict[str, float], known: Any, rules: Any) -> None:
    """A rule that is right at a point only to first order, as 0 for d(x**y)/dx at y = 0, would be found here."""
    comparison = diffcli.compare(text, at, order=2, methods=NESTINGS, rules=rules)
    if known is None:
        assert comparison.truth.status == "certified"
    for found in comparison.measurements:
        assert found.derivative is not None
        if comparison.truth.status == "certified":
            assert found.verdict == "ok", found
        if known is not None:
            assert found.derivative == pytest.approx(known, rel=1e-12, abs=1e-13), found.method


@pytest.mark.parametrize("rules", ["textbook", "stable"])
@pytest.mark.parametrize("order", range(1, 11))
def test_sinc_has_all_derivatives_at_0(order: int, rules: Any) -> None:
    """(sin(pi x)/(pi x))^(n) at 0 is (-1)^(n/2) pi^n/(n + 1) for an even n, and 0 for an odd one."""
    comparison = (
        diffcli.compare("sinc(x)", {"x": 0.0}, order=order, rules=rules)
        if order != 1
        else diffcli.compare(
            "sinc(x)", {"x": 0.0}, methods=("symbolic", "forward", "reverse", "complex-step"), rules=rules
        )
    )
    expected = 0.0 if order % 2 else (-1) ** (order // 2) * math.pi**order / (order + 1)
    for found in comparison.measurements:
        assert found.verdict == "ok", found
        assert found.derivative == pytest.approx((expected,), rel=1e-13)
