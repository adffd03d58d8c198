"""Taylor arithmetic: the rules of the table read in power series, against FLINT's series and the numbers of the books.

Every primitive in every argument, up to order 6, in balls; compositions; what is constant, detached or chosen.
And what it costs: n orders take a number of operations that grows like n^2, counted.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle import ALL_NAMES, SMOOTH, Drawn, Trial, in_balls, points, random_programs, single, trials

from diffcli.ad.forward import jvp
from diffcli.ad.rules import ONE
from diffcli.ad.taylor import taylor
from diffcli.core.derivative_kinds import Wanted
from diffcli.core.evaluate import evaluate
from diffcli.core.primitives import BOOLEAN, CODE
from diffcli.core.program import Program, count, validate
from diffcli.numbers.float64 import FLOAT64
from diffcli.problem.understanding import make_case
from diffcli.syntax import elaborate
from diffcli.truth import series
from diffcli.truth.certify import certify
from diffcli.truth.series import SERIES

ORDER = 6
TRIALS = [
    trial for trial in trials() if trial.row.name not in ("select", "not") and CODE[trial.row.name] not in BOOLEAN
]
ARGUMENTS = [
    pytest.param(trial, argument, id=f"{trial}-{argument}") for trial in TRIALS for argument in range(trial.row.arity)
]


def coefficients(text: str, x: float, order: int, **others: float) -> list[float]:
    """c_0, …, c_order in float64."""
    program = elaborate(text, dict.fromkeys(["x", *others], ())).program
    point = [{"x": x, **others}[name] for name in program.inputs]
    written = taylor(program, point, program.inputs.index("x"), order, FLOAT64)
    validate(written)
    return evaluate(written, point, FLOAT64)


def by_series(program: Program, point: Sequence[float], variable: int, order: int) -> list[Any]:
    """The coefficients by FLINT's power series, which know no rule."""
    with series.working(300, order + 1):
        inputs = [SERIES.constant(x) for x in point]
        inputs[variable] = series.variable(inputs[variable][0])
        (found,) = evaluate(program, inputs, SERIES)
        return [found[k] for k in range(order + 1)]


def agrees(program: Program, point: Sequence[float], variable: int, order: int) -> bool:
    written = taylor(program, point, variable, order, FLOAT64)
    validate(written)
    ours = in_balls(written, point)
    return len(ours) == order + 1 and all(map(overlaps, ours, by_series(program, point, variable, order)))


def overlaps(one: Any, other: Any) -> bool:
    return bool(one.overlaps(other) and one.is_finite() and other.is_finite())


# --- every primitive
@pytest.mark.parametrize(("trial", "argument"), ARGUMENTS)
def test_every_primitive_has_the_coefficients_of_its_power_series(trial: Trial, argument: int) -> None:
    for point in points(trial.row.name, 4, trial.parameter):
        for order in (1, 2, 3, ORDER):
            assert agrees(single(trial), point, argument, order), (point, order)


@pytest.mark.parametrize(("trial", "argument"), ARGUMENTS)
def test_every_primitive_has_the_certified_derivatives(trial: Trial, argument: int) -> None:
    """n! c_n, orders 1 to 6, against the truth as it is asked for by the command line."""
    (point,) = points(trial.row.name, 1, trial.parameter)
    program = single(trial)
    ours = in_balls(taylor(program, point, argument, ORDER, FLOAT64), point)
    for order in range(1, ORDER + 1):
        truth = certify(program, [argument], point, Wanted("derivative", (), order))
        assert truth.status == "certified", truth.reason
        assert truth.derivative is not None
        assert (ours[order] * math.factorial(order)).overlaps(truth.derivative[0])


@pytest.mark.parametrize("outer", [trial for trial in TRIALS if trial.row.name in SMOOTH], ids=str)
def test_every_primitive_serves_inside_a_composition(outer: Trial) -> None:
    """op(a + t - t^2/4, b - t/2), which moves all arguments at once and has no term that is 1."""
    (point,) = points(outer.row.name, 1, outer.parameter)
    moved = ["({0!r} + t - t*t/4)", "({1!r} - t/2)", "({2!r} + t/8)"][: outer.row.arity]
    texts = {
        "add": "{0} + {1}", "sub": "{0} - {1}", "mul": "{0}*{1}", "div": "{0}/{1}", "neg": "-{0}", "pow": "{0}**{1}",
        "powc": f"{{0}}**{outer.parameter!r}", "polygamma": f"polygamma({outer.parameter!r}, {{0}})",
    }  # fmt: skip
    parts = [form.format(*point) for form in moved]
    text = texts.get(outer.row.name, f"{outer.row.name}({', '.join(parts)})").format(*parts)
    program = elaborate(text, {"t": ()}).program
    assert agrees(program, [0.0], 0, 5), text


# --- compositions
FEWER = settings(max_examples=100)


@FEWER
@given(random_programs((*ALL_NAMES, "select"), inputs=(1, 3), size=(1, 8)), st.integers(1, 5))
def test_random_programs_have_the_coefficients_of_their_power_series(drawn: Drawn, order: int) -> None:
    for variable in range(len(drawn.point)):
        assert agrees(drawn.program, drawn.point, variable, order)


@pytest.mark.parametrize(
    ("text", "x"),
    [
        ("asin(1 - x)", 1 / 1024),  # a term that is -1 meets itself
        ("(1 - x)*(2 - x)", 0.5),
        ("(1 - x)**3", 0.5),
        ("(-x)*(-x)*(-x)", 0.5),
        ("x/(1 - x)", 0.25),
        ("(3 - x)/(1 - x)", 0.25),
        ("sqrt(1 - x)", 0.25),
        ("tan(sin(cos(x)))", 0.5),
        ("exp(exp(exp(x)))", -0.5),
        ("x**x**x", 1.25),
        ("log(x)/log(2*x)", 3.0),
        ("a = sin(x); a*a*a + a/(1 + a)", 0.75),
        ("erf(gamma(x)) + lgamma(x)*digamma(x)", 2.25),
        ("hypot(x, 1 - x) + atan2(1 - x, x)", 0.75),
        ("max(x, 1 - x)*min(x, x**2)", 0.75),
        ("where(x > 0, x**3*sin(x), 1/x)", 0.75),
        ("x*abs(x)*sign(x)*floor(3*x)", -1.3),
        ("logaddexp(x, -x) + xlogy(x, x) + softplus(-x)", 0.5),
        ("fma(x, x, 1/x)", 0.5),
        ("polygamma(2, x)*cbrt(x)", 1.5),
        ("mod(x, 0.7)*fmod(x, 0.9)", 2.5),
        ("gelu(x)*silu(x)*sinc(x)", 0.5),
    ],
)
def test_compositions(text: str, x: float) -> None:
    program = elaborate(text, {"x": ()}).program
    assert all(agrees(program, [x], 0, order) for order in range(1, 9))


# --- the numbers of the books
@pytest.mark.parametrize(
    ("text", "x", "expected"),
    [
        ("x**3", 0.0, [0, 0, 0, 1, 0, 0, 0]),
        ("x**3", 2.0, [8, 12, 6, 1, 0, 0]),
        ("x*x*x", 0.0, [0, 0, 0, 1, 0]),
        ("x**0", 0.0, [1, 0, 0, 0]),
        ("x**1", 0.0, [0, 1, 0, 0]),
        ("x**2", 0.0, [0, 0, 1, 0]),
        ("x**-1", 2.0, [0.5, -0.25, 0.125, -0.0625]),
        ("x", 5.0, [5, 1, 0, 0]),
        ("7 + 0*x", 5.0, [7, 0, 0, 0]),
        ("-x", 5.0, [-5, -1, 0, 0]),
        ("1 - x", 5.0, [-4, -1, 0, 0]),
        ("x - x", 5.0, [0, 0, 0, 0]),
        ("exp(x)", 0.0, [1, 1, 1 / 2, 1 / 6, 1 / 24, 1 / 120]),
        ("1/(1 - x)", 0.0, [1] * 12),
        ("log(1 + x)", 0.0, [0, 1, -1 / 2, 1 / 3, -1 / 4]),
        ("sin(x)", 0.0, [0, 1, 0, -1 / 6, 0, 1 / 120]),
        ("cos(x)", 0.0, [1, 0, -1 / 2, 0, 1 / 24, 0]),
        ("tan(x)", 0.0, [0, 1, 0, 1 / 3, 0, 2 / 15, 0, 17 / 315]),
        ("sqrt(1 + x)", 0.0, [1, 1 / 2, -1 / 8, 1 / 16, -5 / 128]),
        ("exp(sin(x))", 0.0, [1, 1, 1 / 2, 0, -1 / 8, -1 / 15, -1 / 240]),
        ("detach(x)*x", 3.0, [9, 3, 0, 0]),
        ("detach(x*x)*x**2", 3.0, [81, 54, 9, 0]),
        ("exp(detach(x))", 0.0, [1, 0, 0]),
        ("where(x > 0, x**2, -x)", 3.0, [9, 6, 1, 0]),
        ("where(x > 0, x**2, -x)", -3.0, [3, -1, 0, 0]),
        ("abs(x)", -3.0, [3, -1, 0, 0]),
        ("relu(x)**2", -3.0, [0, 0, 0, 0]),
        ("floor(x)*x", 2.5, [5, 2, 0, 0]),
        ("(x > 1)*x**2", 3.0, [9, 6, 1, 0]),
        ("sign(x)", -2.0, [-1, 0, 0]),
    ],
)
def test_coefficients_of_the_books(text: str, x: float, expected: list[float]) -> None:
    found = coefficients(text, x, len(expected) - 1)
    assert all(math.isclose(a, b, rel_tol=1e-14, abs_tol=1e-16) for a, b in zip(found, expected, strict=True)), found


def test_other_variables_stay_where_they_are() -> None:
    assert coefficients("x**2*y + y**3", 2.0, 3, y=5.0) == [145.0, 20.0, 5.0, 0.0]
    assert coefficients("exp(y) + 0*x", 2.0, 2, y=0.0) == [1.0, 0.0, 0.0]


@pytest.mark.parametrize(
    ("text", "x"),
    [("abs(x)", 0.0), ("relu(x)", 0.0), ("max(x, 0)", 0.0), ("sqrt(x)", 0.0), ("x**0.5", 0.0), ("log(x)", -1.0)],
)
def test_at_a_corner_there_are_numbers_and_no_exception(text: str, x: float) -> None:
    """What they are is judged elsewhere; the first is the value's derivative by convention."""
    found = coefficients(text, x, 4)
    assert len(found) == 5


def test_the_first_coefficient_is_that_of_forward_mode() -> None:
    """By the same rules, in the same order: to the last bit."""
    for text in ("x*sin(x)", "exp(x)/x", "x**2.5", "tanh(x)", "atan2(x, 2)", "log(x)*sqrt(x)"):
        program = elaborate(text).program
        (_, slope) = evaluate(jvp(program, [1.5], [ONE], FLOAT64), [1.5], FLOAT64)
        assert coefficients(text, 1.5, 1)[1] == slope


# --- what it costs
def operations(text: str, order: int) -> int:
    program = elaborate(text, {"x": ()}).program
    return count(taylor(program, [0.5], 0, order, FLOAT64)).total


@pytest.mark.parametrize(
    "text", ["x*sin(x)", "exp(sin(x))", "tan(x)/x", "log(1 + x*x)", "x**2.5*cosh(x)", "erf(x)*gamma(x + 2)"]
)
def test_n_orders_take_a_number_of_operations_that_grows_like_n_squared(text: str) -> None:
    """Doubling the order takes 4 times as many, in the limit; nested duals take 3^n."""
    counts = [operations(text, order) for order in (10, 20, 40, 80)]
    ratios = [b / a for a, b in pairwise(counts)]
    assert all(ratio < 4.6 for ratio in ratios), counts
    assert ratios[-1] < 4.2
    second = [operations(text, order + 1) - operations(text, order) for order in (60, 70, 80)]
    assert second[2] - second[1] == pytest.approx(second[1] - second[0], abs=4)  # a square, to its last term


@pytest.mark.parametrize(("text", "order", "mul"), [("exp(x)", 10, 0), ("x*x", 10, 1), ("x + x", 10, 0)])
def test_products_with_terms_that_are_zero_or_one_are_not_executed(text: str, order: int, mul: int) -> None:
    """exp: k y_k = y_(k-1), for x' = 1 is no number: only the division by k is left, and no product."""
    program = elaborate(text).program
    cost = count(taylor(program, [0.5], 0, order, FLOAT64))
    assert cost.mul == mul
    assert cost.func == program.ops.count(CODE["exp"])


def test_every_function_is_called_once_whatever_the_order() -> None:
    for text, calls in (
        ("exp(x)", 1),
        ("sin(x)", 2),
        ("sin(x)*cos(x)", 4),
        ("tanh(x)", 1),
        ("log(x)", 1),
        ("sqrt(x)", 1),
    ):
        program = elaborate(text).program
        for order in (1, 3, 12):
            cost = count(taylor(program, [0.5], 0, order, FLOAT64))
            assert cost.func <= calls + (order > 1) * calls, (text, order)


def test_a_high_order_is_ordinary() -> None:
    assert math.isclose(coefficients("1/(1 - x)", 0.0, 200)[200], 1.0)
    assert math.isclose(coefficients("exp(x)", 0.0, 60)[60] * math.factorial(60), 1.0, rel_tol=1e-12)


def test_the_coefficients_of_a_long_program_are_written_without_recursion() -> None:
    text = "; ".join(["a0 = x", *(f"a{k} = sin(a{k - 1})*0.5 + x" for k in range(1, 2001)), "a2000"])
    program = elaborate(text).program
    assert agrees(program, [0.25], 0, 2)


def test_random_numbers_of_the_method_are_the_truth() -> None:
    rng = random.Random(5)
    for _ in range(20):
        text, x = rng.choice(("exp(sin(x))", "x*log(x)", "tanh(x)**2", "1/(1 + x*x)")), rng.uniform(0.2, 2)
        problem = make_case(text, {"x": x}).problem
        order = rng.randint(1, 9)
        truth = certify(problem.program, problem.wrt, problem.point, Wanted("derivative", (), order))
        assert truth.derivative is not None
        found = coefficients(text, x, order)[order] * math.factorial(order)
        scale = max(map(abs, coefficients(text, x, order)))
        assert abs(found - float(truth.derivative[0].mid())) <= 1e-10 * scale * math.factorial(order)
