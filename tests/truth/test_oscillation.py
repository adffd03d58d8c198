"""Oscillation that is squeezed, or that something steeper dominates; irrational powers, and powers of logarithms.

Random values that oscillate at 0 are multiplied and added; what is certified is held against difference quotients with
200 digits at many steps, which refute a limit that is wrong.
"""

from __future__ import annotations

import math
import random

import mpmath
import pytest
from oracle import HighPrecision, NoValue

from diffcli.core.derivative_kinds import Wanted
from diffcli.core.evaluate import evaluate
from diffcli.core.program import Program
from diffcli.problem.understanding import make_case
from diffcli.syntax import elaborate
from diffcli.truth.certify import Truth, certify, digits


def truth_of(text: str) -> Truth:
    return certify(elaborate(text, {"x": ()}).program, [0], [0.0])


EXISTS: tuple[tuple[str, float], ...] = (
    ("x^2*abs(sin(1/x))", 0),
    ("x^2*sign(sin(1/x))", 0),
    ("x^2*floor(1/x)", 1),
    ("x^2*ceil(1/x)", 1),
    ("x^2*trunc(1/x)", 1),
    ("x^2*round(1/x)", 1),
    ("x^3*mod(1/x, 1)", 0),
    ("x^2*mod(floor(1/x), 2)", 0),
    ("x^2*exp(sin(1/x))", 0),
    ("x^2/(2 + cos(1/x))", 0),
    ("x + x*sin(1/x)/log(abs(x))", 1),
    ("x/log(abs(x))", 0),
    ("x/log(abs(x))^2", 0),
    ("max(x^2, x^2*sin(1/x))", 0),
    ("x^2*(sin(1/x) > 0 and cos(1/x) > 0)", 0),
    ("where(sin(1/x) > 0, x^2, -x^2)", 0),
    ("where(sin(1/x) > 0, x + x^2, where(cos(1/x) > 0, x, x - x^3))", 1),
    ("abs(x)^pi", 0),
    ("abs(x)^sqrt(2) + x", 1),
    ("(1 + abs(x)^tau)^e - 1 + 2*x", 2),
    ("abs(x)^pi - abs(x)^(2*pi/2) + 3*x", 3),
    ("abs(x)^sqrt(2)/log(abs(x))", 0),
)


@pytest.mark.parametrize(("text", "slope"), EXISTS)
def test_what_is_squeezed_has_a_derivative(text: str, slope: float) -> None:
    truth = truth_of(f"where(x == 0, 0, {text})")
    assert truth.status == "certified"
    assert truth.derivative
    assert truth.derivative[0] == slope


MISSING: tuple[tuple[str, float | None, float | None], ...] = (
    ("x*log(abs(x)) + x*sin(1/x)", -math.inf, -math.inf),
    ("cbrt(x)*(2 + sin(1/x))", math.inf, math.inf),
    ("sqrt(abs(x))*(sin(1/x) - 3)^3", math.inf, -math.inf),
    ("1/log(abs(x))", math.inf, -math.inf),
    ("sqrt(abs(x))/log(abs(x))", math.inf, -math.inf),
    ("abs(x)^(1/sqrt(2))", -math.inf, math.inf),
    ("x*abs(sin(1/x))", None, None),
    ("x*sin(1/x)^2", None, None),
    ("x/(2 + cos(1/x))", None, None),
    ("x*mod(1/x, 1)", None, None),
    ("x*sqrt(2 + sin(1/x))", None, None),
    ("x*log(abs(x))*sin(1/x)", None, None),
)


@pytest.mark.parametrize(("text", "left", "right"), MISSING)
def test_what_dominates_decides_the_sides(text: str, left: float | None, right: float | None) -> None:
    truth = truth_of(f"where(x == 0, 0, {text})")
    assert truth.status == "not-differentiable"
    assert (truth.left, truth.right) == ((left,), (right,))
    assert truth.reason is not None
    assert ("oscillates" in truth.reason) == (left is None)


@pytest.mark.parametrize(
    "text",
    ["x*log(abs(x))*(2 + sin(1/x))", "sqrt(abs(x))*(1 + sin(1/x))", "x*sign(sin(1/x))", "where(sin(1/x) > 0, x, -x)"],
)
def test_where_only_bounds_are_known_nothing_is_called_a_limit(text: str) -> None:
    assert truth_of(f"where(x == 0, 0, {text})").status == "undecided"


@pytest.mark.parametrize(
    "text",
    [
        "x*cos(2*pi*floor(1/x))",
        "x*sin(pi*trunc(1/x))",
        "x*cos(2*pi*(1/x - mod(1/x, 1)))",
        "x*cos(2*pi*exp2(floor(1/x)))",
        "x*cos(2*pi*floor(exp(1/x)))",
    ],
)
def test_what_grows_in_jumps_need_not_take_every_value(text: str) -> None:
    """The cosine is 1 here, or the sine 0: calling the quotient without a limit would be false."""
    assert truth_of(f"where(x == 0, 0, {text})").status == "undecided"


@pytest.mark.parametrize("text", ["x^3*floor(1/x)", "x^3*mod(1/x, 1)", "x^9*sign(sin(1/x))", "1/floor(exp(1/abs(x)))"])
def test_what_jumps_again_and_again_is_given_no_second_derivative(text: str) -> None:
    """There is no first derivative at jumps as close to 0 as one likes."""
    problem = make_case(f"where(x == 0, 0, {text})", {"x": 0.0}).problem
    truth = certify(problem.program, problem.wrt, problem.point, Wanted("derivative", (), 2))
    assert truth.status == "undecided"


@pytest.mark.parametrize(
    "text", ["1/x + sin(1/x^3)", "sqrt(x) + x*sin(1/x^5)", "log(x) + sin(1/x^5)", "2 + exp(-1/x)*sin(exp(2/x))"]
)
def test_no_limit_of_a_derivative_is_told_where_something_oscillates(text: str) -> None:
    """The function rises, or tends to something; its derivative takes large values of either sign."""
    truth = truth_of(f"where(x > 0, {text}, 1)")
    assert truth.reason is not None
    assert "the function jumps here, from 1 to" in truth.reason
    assert truth.slopes == ((0,), (None,))


def wavering(rng: random.Random, depth: int) -> str:
    """A random expression whose parts oscillate at 0, most of them bounded."""
    if depth == 0 or rng.random() < 0.15:
        wild = [
            "sin(1/x)",
            "cos(1/x)",
            "sin(log(abs(x)))",
            "floor(1/x)",
            "mod(1/x, 1)",
            "sign(sin(1/x))",
            "(cos(1/x) > 0)",
        ]
        tame = ["x", "x", "x^2", "abs(x)", "cbrt(x)", "abs(x)^sqrt(2)", "log(abs(x))", "sqrt(abs(x))", "2", "-1"]
        return rng.choice(wild if rng.random() < 0.5 else tame)
    a, b = wavering(rng, depth - 1), wavering(rng, depth - 1)
    forms = (
        (40, f"({a})*({b})"),
        (24, f"({a} {rng.choice('+-')} ({b}))"),
        (6, f"({a})/(3 + ({b}))"),
        (12, f"{rng.choice(['abs', 'abs', 'sin', 'atan', 'exp', 'floor', 'tanh', 'sqrt', 'sign'])}({a})"),
        (6, f"{rng.choice(['max', 'min'])}({a}, {b})"),
        (6, f"where({rng.choice(['sin', 'cos'])}(1/x) > 0, {a}, {b})"),
        (6, f"({a})^{rng.choice(['2', '3', '(-1)'])}"),
    )
    weights, texts = zip(*forms, strict=True)
    return rng.choices(texts, weights)[0]


STEPS = [2**-80 * (0.5 + k / 97) for k in range(97)] + [2**-140 * (0.5 + k / 89) for k in range(89)]


@pytest.mark.parametrize("seed", range(8))
def test_dense_difference_quotients_refute_no_certified_slope(seed: int) -> None:
    rng, numbers, compared = random.Random(f"wavering {seed}"), HighPrecision(), 0
    for _ in range(25):
        text = f"where(x == 0, 0, {rng.choice(('x^2*', 'x*', ''))}({wavering(rng, rng.randint(1, 3))}))"
        program = elaborate(text, {"x": ()}).program
        truth = certify(program, [0], [0.0])
        if truth.status not in ("certified", "not-differentiable"):
            continue
        assert truth.derivative
        sides = (truth.left, truth.right) if truth.left and truth.right else (truth.derivative,) * 2
        for (side,), direction in zip(sides, (-1, 1), strict=True):
            quotients = slopes(program, numbers, direction)
            if quotients:
                refute(text, side, quotients)
                compared += 1
    assert compared >= 10


def slopes(program: Program, numbers: HighPrecision, direction: int) -> list[tuple[float, float]]:
    """Steps with their difference quotients, as floats."""
    found = []
    with mpmath.workdps(200):
        for step in STEPS:
            h = direction * mpmath.mpf(step)
            try:
                found.append((step, float(evaluate(program, [h], numbers)[0] / h)))
            except (NoValue, OverflowError, ZeroDivisionError):
                continue
    return found


def refute(text: str, side: object, quotients: list[tuple[float, float]]) -> None:
    """A limit is near all quotients; an infinity has the sign of all, and they grow; else they spread."""
    values = [quotient for _, quotient in quotients]
    if side is None:
        assert max(values) - min(values) > 1e-3 * max(1, min(map(abs, values))), (text, values[-3:])
        return
    if isinstance(side, float):
        assert all(value * side > 0 for value in values[-89:]), (text, side)
        return
    limit = float(digits(side))
    assert all(abs(value - limit) <= 0.1 * max(1, abs(limit)) for value in values[-89:]), (text, limit, values[-3:])
