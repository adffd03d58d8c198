"""Costs counted by hand: every operation executed, by class, against the counts of the programs.

The convention: additions and subtractions, negations, products, quotients, powers and function calls are counted
each time they are executed. Constants, reads, copies, comparisons and choices are free; so is a product with a
tangent or adjoint that is structurally 0 or 1, and the first write of an adjoint, which a minus sign makes a negation.
Forward mode computes the function again in every sweep; reverse mode once.
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence

import pytest
from oracle import CORE, random_program

from diffcli.ad.forward import jvp
from diffcli.ad.reverse import vjp
from diffcli.ad.rules import ONE, ZERO
from diffcli.comparison.compare import compare
from diffcli.comparison.execution import executed
from diffcli.comparison.result import Settings
from diffcli.core.evaluate import evaluate
from diffcli.core.passes import share
from diffcli.core.primitives import ARITY, CODE
from diffcli.core.program import COST_CLASSES, WEIGHTS, Builder, Cost, Program, count, count_written
from diffcli.methods import forward, reverse
from diffcli.numbers.float64 import FLOAT64
from diffcli.problem.derivation import Problem
from diffcli.problem.understanding import make_case
from diffcli.syntax import elaborate


def cost(text: str) -> Cost:
    """`2 add, func` as a cost.

    >>> cost("2 add, func").total
    3
    """
    counts = {match[2]: int(match[1] or 1) for match in re.finditer(r"(\d*)\s*([a-z]+)", text)}
    assert set(counts) <= set(COST_CLASSES), text
    return Cost(**counts)


def counted(problem: Problem) -> tuple[Cost, Cost, Cost]:
    """The costs of the function, of all forward sweeps, and of reverse mode."""
    function = executed(problem.program, problem.point)[1]
    ahead = sum((count(sweep) for sweep in forward.differentiate(problem).sweeps), Cost())
    (back,) = (count(sweep) for sweep in reverse.differentiate(problem).sweeps)
    return function, ahead, back


# expression, point, the function, forward mode with all its sweeps, reverse mode
HAND: tuple[tuple[str, dict[str, float], str, str, str], ...] = (
    # --- the example of the literature: d/dx1 adds 1/x1 to x2; d/dx2 takes cos(x2) from x1
    ("log(x1) + x1*x2 - sin(x2)", {"x1": 2, "x2": 5},
     "2 add, mul, 2 func", "6 add, 2 mul, div, 5 func", "4 add, neg, mul, div, 3 func"),
    # --- one operation
    ("x + y", {"x": 3, "y": 2}, "add", "2 add", "add"),
    ("x - y", {"x": 3, "y": 2}, "add", "2 add", "add"),
    ("-x", {"x": 3}, "neg", "neg", "neg"),
    ("x*y", {"x": 3, "y": 2}, "mul", "2 mul", "mul"),
    # d/dx is 1/y; d/dy is -(x/y)/y, x/y being known; reverse: 1/y, times x/y, and the sign
    ("x/y", {"x": 3, "y": 2}, "div", "4 div, neg", "2 div, mul, neg"),
    ("3*x", {"x": 3}, "mul", "mul", "mul"),
    ("x*3", {"x": 3}, "mul", "mul", "mul"),
    ("x/3", {"x": 3}, "div", "2 div", "2 div"),
    ("3/x", {"x": 3}, "div", "2 div, neg", "2 div, mul, neg"),
    ("x + 1", {"x": 3}, "add", "add", "add"),
    ("1 - x", {"x": 3}, "add", "add", "add"),
    ("x + x", {"x": 3}, "add", "2 add", "2 add"),
    ("x - x", {"x": 3}, "add", "2 add", "2 add"),
    ("x*x", {"x": 3}, "mul", "mul, add", "mul, add"),
    ("fma(x, y, z)", {"x": 1, "y": 2, "z": 3}, "add, mul", "3 add, 3 mul", "add, mul"),
    ("fma(x, x, x)", {"x": 2}, "add, mul", "3 add, mul", "3 add, mul"),
    # --- powers: 2*x, 3*x**2, 0.5*x**-0.5, nothing for x**0
    ("x**2", {"x": 3}, "pow", "pow, mul", "pow, mul"),
    ("x**3", {"x": 3}, "pow", "2 pow, mul", "2 pow, mul"),
    ("x**-1", {"x": 3}, "pow", "2 pow, mul", "2 pow, mul"),
    ("x**0.5", {"x": 3}, "pow", "2 pow, mul", "2 pow, mul"),
    ("x**0", {"x": 3}, "pow", "pow", "pow"),
    # y*x**(y - 1) and x**y*log(x), the last as xlogy
    ("x**y", {"x": 2, "y": 3}, "pow", "3 pow, add, mul, func", "2 pow, add, mul, func"),
    ("2**x", {"x": 3}, "pow", "pow, func", "pow, func"),
    # --- functions of one variable, by their rules
    ("exp(x)", {"x": 1}, "func", "func", "func"),
    ("expm1(x)", {"x": 1}, "func", "func, add", "func, add"),
    ("log(x)", {"x": 2}, "func", "func, div", "func, div"),
    ("log2(x)", {"x": 2}, "func", "func, mul, div", "func, mul, div"),
    ("log1p(x)", {"x": 2}, "func", "func, add, div", "func, add, div"),
    ("sqrt(x)", {"x": 4}, "func", "func, mul, div", "func, mul, div"),
    ("cbrt(x)", {"x": 8}, "func", "func, 2 mul, div", "func, 2 mul, div"),
    ("sin(x)", {"x": 1}, "func", "2 func", "2 func"),
    ("cos(x)", {"x": 1}, "func", "2 func, neg", "2 func, neg"),
    ("tan(x)", {"x": 1}, "func", "func, add, mul", "func, add, mul"),
    ("asin(x)", {"x": 0.5}, "func", "2 func, add, mul, div", "2 func, add, mul, div"),
    ("atan(x)", {"x": 1}, "func", "func, add, mul, div", "func, add, mul, div"),
    ("sinh(x)", {"x": 1}, "func", "2 func", "2 func"),
    ("tanh(x)", {"x": 1}, "func", "func, add, mul", "func, add, mul"),
    ("sigmoid(x)", {"x": 1}, "func", "func, add, mul", "func, add, mul"),
    ("softplus(x)", {"x": 1}, "func", "2 func", "2 func"),
    ("erf(x)", {"x": 1}, "func", "2 func, 2 mul, neg", "2 func, 2 mul, neg"),
    ("gamma(x)", {"x": 3}, "func", "2 func, mul", "2 func, mul"),
    ("abs(x)", {"x": -3}, "func", "2 func", "2 func"),
    ("relu(x)", {"x": 3}, "func", "func", "func"),
    ("relu(x)", {"x": -3}, "func", "func", "func"),
    ("floor(x) + x", {"x": 2.5}, "func, add", "func, add", "func, add"),
    ("detach(x)*x", {"x": 3}, "mul", "mul", "mul"),
    # --- functions of two variables
    ("max(x, y)", {"x": 3, "y": 2}, "func", "2 func", "func"),
    ("max(x, y)", {"x": 2, "y": 2}, "func", "2 func, 2 div", "func, div"),  # a tie: 1/2 each
    ("min(x, y)", {"x": 3, "y": 2}, "func", "2 func", "func"),
    ("hypot(x, y)", {"x": 3, "y": 4}, "func", "2 func, 2 div", "func, div, 2 mul"),
    ("logaddexp(x, y)", {"x": 3, "y": 4}, "func", "4 func, 2 add", "3 func, 2 add"),
    # --- branches, conditions, constants, bindings
    ("where(x > 0, x**2, -x)", {"x": 2}, "pow", "pow, mul", "pow, mul"),
    ("where(x > 0, x**2, -x)", {"x": -2}, "neg", "neg", "neg"),
    ("x if x > y else y", {"x": 2, "y": 1}, "", "", ""),
    ("where(x*x > 1, x, exp(x))", {"x": 2}, "mul", "mul, add", "mul"),  # forward cannot know that it is a condition
    ("(x > 0)*x", {"x": 2}, "mul", "mul", "mul"),
    ("x + 2*pi", {"x": 2}, "add, mul", "add, mul", "add, mul"),
    ("a = exp(x); x*x", {"x": 2}, "mul", "mul, add", "mul, add"),  # what is bound and not used is not computed
    ("a = sin(x); a*a", {"x": 2}, "func, mul", "2 func, 3 mul, add", "2 func, 2 mul, add"),
    ("sin(x)*sin(x)", {"x": 2}, "2 func, mul", "4 func, 3 mul, add", "4 func, 3 mul, add"),
    # --- put together
    ("x*y*z", {"x": 1, "y": 2, "z": 3}, "2 mul", "8 mul", "4 mul"),
    ("-(x*y)", {"x": 1, "y": 2}, "mul, neg", "2 mul, 4 neg", "mul, 3 neg"),
    ("x - y*z", {"x": 1, "y": 2, "z": 3}, "add, mul", "3 add, 3 mul, 2 neg", "add, mul, 2 neg"),
    ("x*sin(y)", {"x": 1.5, "y": 0.5}, "mul, func", "3 mul, 3 func", "2 mul, 2 func"),
    ("exp(x*y)", {"x": 1, "y": 2}, "mul, func", "4 mul, 2 func", "3 mul, func"),
    ("x**2 + y**2", {"x": 3, "y": 4}, "add, 2 pow", "2 add, 4 pow, 2 mul", "add, 2 pow, 2 mul"),
    ("sqrt(x**2 + y**2)", {"x": 3, "y": 4},
     "add, 2 pow, func", "2 add, 4 pow, 2 func, 4 mul, 2 div", "add, 2 pow, func, 5 mul, div"),
    ("1/(1 + exp(-x))", {"x": 1},
     "neg, func, add, div", "3 neg, func, add, 2 div, mul", "3 neg, func, add, 2 div, 2 mul"),
    ("sin(cos(x))", {"x": 1}, "2 func", "4 func, neg, mul", "4 func, neg, mul"),
    ("log(x)/x", {"x": 2}, "func, div", "func, 3 div, add", "func, 3 div, mul, neg, add"),
)  # fmt: skip


@pytest.mark.parametrize(("text", "point", "function", "ahead", "back"), HAND, ids=str)
def test_the_count_by_hand_is_the_count(
    text: str, point: dict[str, float], function: str, ahead: str, back: str
) -> None:
    assert counted(make_case(text, point).problem) == (cost(function), cost(ahead), cost(back))


def test_the_example_of_the_literature_costs_5_14_and_10() -> None:
    comparison = compare(make_case("log(x1) + x1*x2 - sin(x2)", {"x1": 2, "x2": 5}), Settings(("forward", "reverse")))
    ahead, back = (measurement.cost for measurement in comparison.measurements)
    assert ahead is not None
    assert back is not None
    assert (comparison.cost.total, ahead.total, back.total) == (5, 14, 10)


@pytest.mark.parametrize(
    ("text", "wrt", "ahead", "back"),
    [
        ("log(x) + exp(y)", ["x"], "2 func, add, div", "2 func, add, div"),
        ("log(x) + exp(y)", ["y"], "2 func, add", "2 func, add"),
        ("log(x) + exp(y)", [], "", "2 func, add"),
        ("2*pi", ["x"], "mul", "mul"),
        ("exp(sin(y))*x", ["x"], "2 func, mul", "2 func, mul"),
    ],
)
def test_nothing_is_propagated_for_what_is_not_asked_for(text: str, wrt: list[str], ahead: str, back: str) -> None:
    problem = make_case(text, {"x": 2.0, "y": 3.0}, wrt).problem
    assert counted(problem)[1:] == (cost(ahead), cost(back))


# expression, the function, forward and reverse, where equal subexpressions are computed once
SHARED: tuple[tuple[str, str, str, str], ...] = (
    ("sin(x)*sin(x)", "func, mul", "2 func, 3 mul, add", "2 func, 2 mul, add"),
    ("x*x + x*x", "mul, add", "mul, 3 add", "3 mul, 3 add"),
    ("(x + 1)*(x + 1)", "add, mul", "2 add, mul", "2 add, mul"),
    ("x*2 + 2*x", "2 mul, add", "2 mul, 2 add", "2 mul, 2 add"),  # not the same operations
    ("exp(x)/(1 + exp(x))", "func, add, div", "func, 2 add, 2 div, mul", "func, 2 add, 2 div, 2 mul, neg"),
)


@pytest.mark.parametrize(("text", "function", "ahead", "back"), SHARED)
def test_what_is_shared_is_computed_once(text: str, function: str, ahead: str, back: str) -> None:
    problem = make_case(text, {"x": 2.0}).problem
    problem = Problem(share(problem.program), problem.wrt, problem.point)
    assert counted(problem) == (cost(function), cost(ahead), cost(back))


@pytest.mark.parametrize("n", [2, 3, 4, 5, 10, 50])
def test_a_product_of_n_variables_is_linear_in_reverse_and_quadratic_forward(n: int) -> None:
    names = [f"x{i}" for i in range(n)]
    problem = make_case("*".join(names), dict.fromkeys(names, 1.5)).problem
    # forward: x0 and x1 pass n - 2 products, x2 passes n - 3, ..., the last none; reverse: two per inner product
    ahead = n * (n - 1) + (n - 2) + (n - 2) * (n - 1) // 2
    assert counted(problem) == (Cost(mul=n - 1), Cost(mul=ahead), Cost(mul=3 * n - 5))


@pytest.mark.parametrize("n", [1, 2, 3, 10, 50])
def test_a_sum_of_n_variables_costs_nothing_but_itself(n: int) -> None:
    names = [f"x{i}" for i in range(n)]
    problem = make_case(" + ".join(names), dict.fromkeys(names, 1.5)).problem
    assert counted(problem) == (Cost(add=n - 1), Cost(add=n * (n - 1)), Cost(add=n - 1))


@pytest.mark.parametrize("n", [1, 2, 3, 10])
def test_a_tower_of_sines_doubles_its_calls_and_multiplies_their_cosines(n: int) -> None:
    problem = make_case("sin(" * n + "x" + ")" * n, {"x": 0.5}).problem
    both = Cost(func=2 * n, mul=n - 1)
    assert counted(problem) == (Cost(func=n), both, both)


# --- the bounds
FORWARD_BOUND, REVERSE_BOUND = 4, 5


def ratios(program: Program, point: Sequence[float]) -> tuple[list[int], int, int]:
    """The costs of the forward sweeps and of reverse mode, and of the function."""
    n = len(point)
    sweeps = [count(jvp(program, point, [ONE if i == k else ZERO for i in range(n)], FLOAT64)).total for k in range(n)]
    return sweeps, count(vjp(program, point, range(n), [ONE], FLOAT64)).total, count(program).total


@pytest.mark.parametrize("seed", range(8))
def test_a_direction_costs_at_most_4_times_and_reverse_at_most_5_times_the_function(seed: int) -> None:
    rng = random.Random(seed)
    for _ in range(400):
        drawn = random_program(rng, CORE, rng.randint(1, 4), rng.randint(1, 25))
        sweeps, back, function = ratios(drawn.program, drawn.point)
        assert max(sweeps) <= FORWARD_BOUND * function
        assert back <= REVERSE_BOUND * function


@pytest.mark.parametrize("seed", range(4))
def test_the_bounds_hold_for_any_direction_and_any_weight(seed: int) -> None:
    """Numbers as seeds are multiplied, where structural ones are not."""
    rng = random.Random(seed)
    for _ in range(200):
        drawn = random_program(rng, CORE, rng.randint(1, 4), rng.randint(1, 25))
        program, point = drawn.program, drawn.point
        function = count(program).total
        seeds = [rng.uniform(-2, 2) for _ in point]
        assert count(jvp(program, point, seeds, FLOAT64)).total <= FORWARD_BOUND * function
        assert count(vjp(program, point, range(len(point)), [1.5], FLOAT64)).total <= REVERSE_BOUND * function


@pytest.mark.parametrize("name", CORE)
def test_the_bounds_hold_for_every_core_operation_alone_inside_a_chain(name: str) -> None:
    """sin(op(sin x, sin y)): what is not saved at the ends of a program."""
    builder = Builder(("x", "y"))
    ends = [builder.apply("sin", builder.input(i)) for i in range(ARITY[CODE[name]])]
    wire = builder.parametric(name, ends[0], 2.5) if name == "powc" else builder.apply(name, *ends)
    program, point = builder.program([builder.apply("sin", wire)]), [0.5, 0.75]
    sines = ARITY[CODE[name]] + 1
    own = count(program).total - sines
    sweeps, back, _ = ratios(program, point)
    # a sine in a chain: itself, a cosine, a product; the two ends are read and written once
    assert max(sweeps) - 3 * sines <= FORWARD_BOUND * own
    assert back - 3 * sines <= REVERSE_BOUND * own


# --- the written size
def tree(program: Program, k: int) -> Cost:
    """The size of the formula of equation k, walking the tree."""
    own = Cost(*WEIGHTS[program.ops[k]])
    return sum((tree(program, argument) for argument in program.arguments(k)), own)


@pytest.mark.parametrize("seed", range(50))
def test_the_written_size_is_that_of_the_tree(seed: int) -> None:
    program = random_program(random.Random(seed), (*CORE, "fma", "min", "select"), 2, 12, 2).program
    expected = tree(program, program.outputs[0]) + tree(program, program.outputs[1])
    assert count_written(program, program.outputs) == expected


LOGISTIC = "; ".join(f"x{k + 1} = r*x{k}*(1 - x{k})" for k in range(60)) + "; x60"


def test_the_written_size_of_the_logistic_map_is_exact() -> None:
    """Each step writes the one before twice: s(k + 1) = 2 s(k) + (2 mul, add), so s(60) = (2^60 - 1)(2 mul, add)."""
    program = elaborate(LOGISTIC).program
    assert count(program) == Cost(mul=120, add=60)
    assert count_written(program, program.outputs) == Cost(mul=2 * (2**60 - 1), add=2**60 - 1)


def test_the_written_size_of_a_huge_formula_is_exact() -> None:
    builder = Builder(("x",))
    wire = builder.input(0)
    for _ in range(3000):
        wire = builder.apply("add", wire, wire)
    assert count_written(builder.program([wire]), [wire]) == Cost(add=2**3000 - 1)


def test_the_written_size_of_several_outputs_is_their_sum() -> None:
    builder = Builder(("x",))
    x = builder.input(0)
    square = builder.apply("mul", x, x)
    both = builder.apply("add", square, square)
    assert count_written(builder.program([both]), [both, square, square]) == Cost(add=1, mul=4)
    assert count_written(builder.program([both]), []) == Cost()


# --- costs as numbers
def test_costs_add_up_by_class() -> None:
    left, right = Cost(1, 2, 3, 4, 5, 6), Cost(10, 20, 30, 40, 50, 60)
    assert left + right == Cost(11, 22, 33, 44, 55, 66)
    assert left.total == 21
    assert left.as_dict() == {"add": 1, "neg": 2, "mul": 3, "div": 4, "pow": 5, "func": 6, "total": 21}


def test_only_the_path_taken_is_counted() -> None:
    program = elaborate("where(x > 0, exp(x), x*x*x*x)").program
    assert executed(program, [1.0]) == (tuple(evaluate(program, [1.0], FLOAT64)), Cost(func=1))
    assert executed(program, [-1.0]) == ((1.0,), Cost(mul=3))


def test_share_shares_what_was_typed_and_nothing_that_a_method_makes_of_it() -> None:
    case = make_case("sin(x)*sin(x) + exp(y)*exp(y)", {"x": 0.5, "y": 0.25})
    typed = compare(case, Settings(("forward", "reverse")))
    once = compare(case, Settings(("forward", "reverse"), share=True))
    problem = Problem(share(case.problem.program), case.problem.wrt, case.problem.point)
    assert (typed.cost.total, once.cost.total) == (7, 5)
    expected = [count(*method.differentiate(problem).sweeps) for method in (forward, reverse)]
    assert [measurement.cost for measurement in once.measurements] == expected
    assert [m.derivative for m in once.measurements] == [m.derivative for m in typed.measurements]
