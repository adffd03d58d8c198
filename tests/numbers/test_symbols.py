"""SymPy expressions as a number system: what is lifted, how it is lowered, what it must never compute.

Lifting and lowering keep values; the lowered derivative is the one of the other methods at regular points; the
operations are those of the formula as SymPy prints it. `tests/ad/test_primitives.py` holds SymPy against each rule.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest
import sympy
from hypothesis import given
from oracle import ALL_NAMES, Drawn, Trial, points, random_programs, single, trials

from diffcli.ad.reverse import vjp
from diffcli.ad.rules import ONE
from diffcli.core.evaluate import evaluate
from diffcli.core.primitives import CODE, CONST, INPUT, PRIMITIVES
from diffcli.core.program import Program, count, count_written, validate
from diffcli.methods import symbolic
from diffcli.numbers.float64 import FLOAT64
from diffcli.numbers.sympy import symbols
from diffcli.numbers.sympy.symbols import SYMBOLS, derivative, lift, lower
from diffcli.problem.derivation import Derivation, Problem
from diffcli.runtime.errors import Unsupported
from diffcli.syntax import elaborate, render

# `select` wants a condition, which a number at random is not; comparisons have no derivative.
TRIALS = [trial for trial in trials() if trial.row.name not in ("select", "not")]


def x_and_y(text: str, **at: float) -> tuple[Program, tuple[float, ...]]:
    program = elaborate(text, dict.fromkeys(at, ())).program
    return program, tuple(at[name] for name in program.inputs)


def differentiate(text: str, **at: float) -> Derivation:
    program, point = x_and_y(text, **at)
    return symbolic.differentiate(Problem(program, tuple(range(len(point))), point))


def value_and_gradient(text: str, **at: float) -> list[float]:
    (sweep,) = differentiate(text, **at).sweeps
    return evaluate(sweep, x_and_y(text, **at)[1], FLOAT64)


def by_reverse(program: Program, point: tuple[float, ...]) -> list[float]:
    return evaluate(vjp(program, point, range(len(point)), [ONE], FLOAT64), point, FLOAT64)


def written_back(text: str) -> str:
    """An expression, lifted, lowered, and rendered in our own language."""
    program = elaborate(text).program
    return render(lower(lift(program), program.inputs))


def near(found: float, expected: float, relative: float, scale: float = 0.0) -> bool:
    return abs(found - expected) <= relative * max(abs(expected), scale)


# --- every primitive, both ways
@pytest.mark.parametrize("trial", TRIALS, ids=str)
def test_lifted_and_lowered_a_primitive_keeps_its_values(trial: Trial) -> None:
    program = single(trial)
    back = lower(lift(program), program.inputs)
    validate(back)
    for point in points(trial.row.name, 8, trial.parameter):
        (expected,) = evaluate(program, point, FLOAT64)
        (found,) = evaluate(back, point, FLOAT64)
        assert near(found, expected, 1e-12, scale=1e-3), (point, found, expected)


@pytest.mark.parametrize("trial", TRIALS, ids=str)
def test_the_derivative_of_a_primitive_is_that_of_reverse_mode(trial: Trial) -> None:
    program = single(trial)
    wrt = tuple(range(len(program.inputs)))
    (sweep,) = symbolic.differentiate(Problem(program, wrt, (0.0,) * len(wrt))).sweeps
    validate(sweep)
    for point in points(trial.row.name, 8, trial.parameter):
        for found, expected in zip(evaluate(sweep, point, FLOAT64), by_reverse(program, point), strict=True):
            assert near(found, expected, 1e-10, scale=1e-2), (point, found, expected)


@given(random_programs(names=(*ALL_NAMES, "select"), size=(1, 10)))
def test_texts_are_what_sympy_writes(drawn: Drawn) -> None:
    try:
        (value,) = lift(drawn.program)
        found = [value, *(derivative(value, name) for name in drawn.program.inputs)]
    except Unsupported:
        return
    assert symbols.texts(found) == tuple(sympy.sstr(expression, full_prec=False) for expression in found)


@given(random_programs(names=(*ALL_NAMES, "select"), size=(1, 10)))
def test_random_programs_agree_with_reverse_mode(drawn: Drawn) -> None:
    program, point = drawn.program, drawn.point
    (sweep,) = symbolic.differentiate(Problem(program, tuple(range(len(point))), point)).sweeps
    validate(sweep)
    expected = by_reverse(program, point)
    found = evaluate(sweep, point, FLOAT64)
    scale = 1e-6 * abs(expected[0]) + 1e-9
    assert all(near(a, b, 1e-7, scale) for a, b in zip(found, expected, strict=True)), render(program)


# --- lifting
@pytest.mark.parametrize(
    ("literal", "shown"),
    [("2", "2"), ("1e3", "1000"), ("0.5", "1/2"), ("0.375", "3/8"), ("0.1", "0.1"), ("1e22", "1.0e+22"),
     ("9007199254740992", "9.00719925474099e+15"), ("-0.0", "0"), ("pi", "pi"), ("tau", "2*pi"), ("e", "E"),
     ("inf", "oo")],
)  # fmt: skip
def test_literals_are_shown_as_typed(literal: str, shown: str) -> None:
    assert symbols.texts(lift(elaborate(literal).program)) == (shown,)


def test_a_float_literal_keeps_its_53_bits() -> None:
    (value,) = lift(elaborate("0.1").program)
    assert value._mpf_ == sympy.Float(0.1)._mpf_
    assert float(value) == 0.1


@pytest.mark.parametrize(
    "name", ["lambda", "N", "S", "E", "I", "O", "Q", "C", "beta", "gamma", "zeta", "re", "θ", "_", "exp"]
)
def test_a_name_is_a_symbol_and_nothing_else(name: str) -> None:
    found = differentiate(f"3*{name}**2 + e", **{name: 2.0})
    assert found.formulas == (f"6*{name}",)
    assert evaluate(found.sweeps[0], [2.0], FLOAT64) == [12 + math.e, 12.0]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x + y - (x - z)", sympy.Add),
        ("x*y/(x/z)", sympy.Mul),
    ],
)
def test_a_chain_is_one_sum_or_product(text: str, expected: Any) -> None:
    y, z = (sympy.Symbol(name, real=True) for name in "yz")
    (found,) = lift(elaborate(text).program)
    assert found == expected(y, z)


def test_a_long_sum_is_built_once(monkeypatch: pytest.MonkeyPatch) -> None:
    built: list[int] = []
    kind = symbols.Chain.settle

    def settle(self: Any) -> Any:
        built.append(self.value is None)
        return kind(self)

    monkeypatch.setattr(symbols.Chain, "settle", settle)
    (found,) = lift(elaborate(" + ".join(["x", *(f"x{k}" for k in range(2000))])).program)
    assert len(found.args) == 2001
    assert sum(built) == 1


def test_nothing_recurses_over_a_chain() -> None:
    text = "-(" * 3000 + "x" + " + y)" * 3000  # y is added and subtracted in turn
    assert lift(elaborate(text).program) == [sympy.Symbol("x", real=True)]


def test_a_chain_that_is_read_twice_is_walked_once() -> None:
    doubled = "; ".join(["t0 = x + y", *(f"t{k} = t{k - 1} + t{k - 1}" for k in range(1, 60)), "t59"])
    x, y = sympy.Symbol("x", real=True), sympy.Symbol("y", real=True)
    assert lift(elaborate(doubled).program) == [2**59 * x + 2**59 * y]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("where(x < 1, x, y)", "Piecewise((x, x < 1), (y, True))"),
        ("where(2*x <= 1, x, y)", "Piecewise((x, 2*x <= 1), (y, True))"),
        ("where(x < 1, x, where(x < 2, y, 3))", "Piecewise((x, x < 1), (y, x < 2), (3, True))"),
        ("where(x < 1 and y > 0, x, y)", "Piecewise((x, (y > 0) & (x < 1)), (y, True))"),
        ("where(x < 1 or not y > 0, x, y)", "Piecewise((x, (x < 1) | ~(y > 0)), (y, True))"),
        ("where(x, 1, y)", "Piecewise((1, Ne(x, 0)), (y, True))"),
        ("where(1 < 2, x, y)", "x"),
        ("(x > 0)*y", "y*Piecewise((1, x > 0), (0, True))"),
        ("where(x > 0, 1, 0) + y", "y + Piecewise((1, x > 0), (0, True))"),
        ("0 < x < 1", "Piecewise((1, (0 < x) & (x < 1)), (0, True))"),
    ],
)
def test_conditions_stand_as_typed(text: str, shown: str) -> None:
    (found,) = lift(elaborate(text).program)
    assert symbols.texts([found]) == (shown,)


def test_a_loop_unrolled_into_choices_is_not_unfolded() -> None:
    rounds = "; ".join(f"b{k} = where(abs(b{k - 1}) < 1000, 2*b{k - 1}, b{k - 1})" for k in range(1, 11))
    found = differentiate(f"b0 = 2*a; {rounds}; where(b10 > 0, b10, 100*b10)", a=2.421875)
    assert evaluate(found.sweeps[0], [2.421875], FLOAT64) == [1240.0, 512.0]


def test_the_algebra_decides_what_is_a_literal() -> None:
    assert SYMBOLS.decide(SYMBOLS.constant(1.0)) is True
    assert SYMBOLS.decide(SYMBOLS.constant(0.0)) is False
    assert SYMBOLS.decide(sympy.true) is True


# --- monsters
@pytest.mark.parametrize(
    "text",
    ["9**9**9**9*x", "x**(9**9**9)", "gamma(10**9)*x", "gamma(1e9 + 0.5)*x", "gamma(-1e9 - 0.5)*x", "2**1e9*x",
     "2**-1e9*x", "(y*where(x > 0, 9, 8))**1e9", "(1/3)**1e9*x", "exp2(1e9)*x", "(3*x)**1e9", "(sqrt(2)*x)**1e9",
     "where(x > 0, 9, 8)**1e9",
     "(1 + sqrt(-1))**1e9*x", "3**(x + 1e9)*3**(-x)", "floor(exp(1e9))*x", "exp(exp(exp(exp(9.5))))*x",
     "exp(exp(exp(exp(pi))))*x", "sinh(cosh(sinh(cosh(5))))*x", "where(1 < 2, 9, 8)**1e9*x"],
)  # fmt: skip
def test_no_monstrous_number_is_computed(text: str) -> None:
    with pytest.raises(Unsupported, match="SymPy would compute a number of more than 10000 digits"):
        differentiate(text, x=1.5, y=2.5)


@pytest.mark.parametrize(
    ("text", "slope"),
    [("gamma(200)/gamma(198)*x", 39402.0), ("10**400/10**399*x", 10.0), ("digamma(10**9)*x", 20.723265836446412),
     ("exp(-1e6)*x", 0.0), ("2**1000*x", 2.0**1000), ("log1p(1e-20)*x", 1e-20), ("10**400*x", math.inf),
     ("lgamma(-2.5)*x", math.lgamma(-2.5)), ("lgamma(10**9)*x", math.lgamma(1e9)),
     ("cbrt(-8.5)*x", math.cbrt(-8.5)), ("round(2.5)*x", 2.0),
     ("max(detach(0), trunc(-2.5))*x", 0.0),
     ("atan2(-log(2), cot(log(2)))*x", math.atan2(-math.log(2), 1 / math.tan(math.log(2))))],
)  # fmt: skip
def test_large_and_small_constants_are_right(text: str, slope: float) -> None:
    _, found = value_and_gradient(text, x=1.5)
    assert found == pytest.approx(slope, rel=1e-14, abs=0)


def test_what_is_no_real_number_is_refused_or_nan() -> None:
    with pytest.raises(
        Unsupported, match="SymPy refuses to differentiate this expression: Function defined only for Real"
    ):
        differentiate("max(sqrt(-1), x)", x=1.5)
    assert all(map(math.isnan, value_and_gradient("log(-2)*x", x=1.5)))
    assert all(map(math.isnan, value_and_gradient("lgamma(-2)*x", x=1.5)))


# --- lowering: the operations of the formula as SymPy prints it
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x - y", "x - y"),
        ("-x - y", "-x - y"),
        ("1 - x", "1 - x"),
        ("-1 + x", "x - 1"),
        ("-x - 1", "-1 - x"),
        ("x - 2*y", "x - 2*y"),
        ("-x*y", "-(x*y)"),
        ("-2*x", "-2*x"),
        ("x/2", "x/2"),
        ("3*x/2", "3*x/2"),
        ("-3*x/2", "-3*x/2"),
        ("x/(2*y)", "x/(2*y)"),
        ("x/y/z", "x/(y*z)"),
        ("1/x", "1/x"),
        ("-1/x", "-1/x"),
        ("3/x**2", "3/x**2"),
        ("x**-2", "x**-2"),
        ("x**0.5", "sqrt(x)"),
        ("x**-0.5", "1/sqrt(x)"),
        ("y*x**-0.5", "y/sqrt(x)"),
        ("x**1.5", "x**(3/2)"),
        ("x**0.1", "x**0.1"),
        ("x**y", "x**y"),
        ("z/x**y", "z/x**y"),
        ("e**x", "exp(x)"),
        ("z*exp(-x)", "z*exp(-x)"),
        ("x + 1/3", "x + (1/3)"),
        ("x - 0.1", "x - 0.1"),
        ("x*x*x", "x**3"),
        ("max(x, y, z)", "max(z, max(x, y))"),
    ],
)
def test_formulas_are_lowered_as_they_are_printed(text: str, expected: str) -> None:
    assert written_back(text) == expected


def test_equal_subexpressions_are_computed_once() -> None:
    found = differentiate("exp(x*y)*sin(x*y) + exp(x*y)", x=0.5, y=2.0)
    (sweep,) = found.sweeps
    operations = [
        (code, *sweep.arguments(k)) for k, code in enumerate(sweep.ops) if code not in (CONST, INPUT, CODE["powc"])
    ]
    assert len(set(operations)) == len(operations)
    assert [PRIMITIVES[code].name for code, *_ in operations].count("exp") == 1


def test_the_size_as_written_counts_the_derivatives_alone() -> None:
    found = differentiate("x*sin(y)", x=1.5, y=0.5)
    assert found.formulas == ("sin(y)", "x*cos(y)")
    assert found.written is not None
    assert (found.written.func, found.written.mul, found.written.total) == (2, 1, 3)
    assert count(found.sweeps[0]).as_dict() == {
        "add": 0, "neg": 0, "mul": 2, "div": 0, "pow": 0, "func": 2, "total": 4,
    }  # fmt: skip


def test_what_does_not_depend_on_a_variable_has_the_derivative_zero() -> None:
    program, point = x_and_y("x**2", x=3.0)
    wider = replace(program, inputs=("x", "y"))
    found = symbolic.differentiate(Problem(wider, (1, 0), (*point, 1.0)))
    assert found.formulas == ("0", "2*x")
    assert evaluate(found.sweeps[0], [3.0, 1.0], FLOAT64) == [9.0, 0.0, 6.0]


def test_several_outputs_have_their_values_first_and_then_the_jacobian() -> None:
    program, point = x_and_y("x*y + sin(x)", x=3.0, y=2.0)
    both = replace(program, outputs=(*program.outputs, program.a[program.outputs[0]]))
    (sweep,) = symbolic.differentiate(Problem(both, (0, 1), point)).sweeps
    assert evaluate(sweep, point, FLOAT64) == [6 + math.sin(3), 6.0, 2 + math.cos(3), 3.0, 2.0, 3.0]


def test_a_huge_formula_is_not_written_out() -> None:
    nested = "; ".join(["t0 = x", *(f"t{k} = 4*t{k - 1}*(1 - t{k - 1})" for k in range(1, 11)), "t10"])
    found = differentiate(nested, x=0.3)
    assert found.written is not None
    assert found.written.total > symbolic.LONGEST_FORMULA
    assert found.formulas == (f"… ({found.written.total} operations)",)
    program, point = x_and_y(nested, x=0.3)
    assert evaluate(found.sweeps[0], point, FLOAT64) == pytest.approx(by_reverse(program, point), rel=1e-9)


def test_what_has_no_primitive_is_unsupported() -> None:
    x = sympy.Symbol("x", real=True)
    with pytest.raises(Unsupported, match="SymPy's derivative holds fresnels, which has no primitive here"):
        lower([sympy.fresnels(x)], ("x",))
    with pytest.raises(Unsupported, match="the derivative of fresnels"):
        lower([sympy.Derivative(sympy.fresnels(x), x)], ("x",))
    with pytest.raises(Unsupported, match="polygamma of the order x"):
        lower([sympy.polygamma(x, x)], ("x",))


@pytest.mark.parametrize(
    ("expression", "expected"),
    [(sympy.nan, math.nan), (sympy.zoo, math.inf), (sympy.oo, math.inf), (-sympy.oo, -math.inf), (sympy.I, math.nan),
     (sympy.EulerGamma, 0.5772156649015329), (sympy.pi, math.pi), (sympy.E, math.e), (sympy.Rational(1, 3), 1 / 3),
     (sympy.Integer(10) ** 400, math.inf), (-(sympy.Integer(10) ** 400), -math.inf), (sympy.Float("1e-400"), 0.0)],
)  # fmt: skip
def test_constants_are_lowered_to_their_nearest_float(expression: Any, expected: float) -> None:
    (found,) = evaluate(lower([expression], ()), [], FLOAT64)
    assert found == expected or math.isnan(found) and math.isnan(expected)


# --- kinks, steps and branches
@pytest.mark.parametrize(
    ("text", "at", "gradient"),
    [
        ("max(x, y)", {"x": 1.0, "y": 1.0}, [0.5, 0.5]),
        ("min(x, y)", {"x": 1.0, "y": 1.0}, [0.5, 0.5]),
        ("relu(x)", {"x": 0.0}, [0.5]),
        ("abs(x)", {"x": 0.0}, [0.0]),
        ("abs(log(x))", {"x": 0.5}, [-2.0]),
        ("x*abs(x)", {"x": -3.0}, [6.0]),
        ("sign(x)*x", {"x": 0.0}, [0.0]),
        ("sign(log(x))*x", {"x": 2.0}, [1.0]),
        ("heaviside(x)*x", {"x": 0.0}, [0.5]),
        ("heaviside(x, y)", {"x": 0.0, "y": 0.25}, [0.0, 1.0]),
        ("floor(x)*y + x", {"x": 2.5, "y": 3.0}, [1.0, 2.0]),
        ("mod(x, y)", {"x": 5.5, "y": 2.0}, [1.0, -2.0]),
        ("fmod(x, y)", {"x": -5.5, "y": 2.0}, [1.0, 2.0]),
        ("round(x)*x + ceil(x)*x + trunc(x)*x", {"x": 2.4}, [7.0]),
        ("detach(x*x)*x", {"x": 3.0}, [9.0]),
        ("cbrt(x)", {"x": -8.0}, [1 / 12]),
        ("lgamma(x)", {"x": -2.5}, [1.1031566406452432]),
        ("where(x < 1, x, sqrt(x))", {"x": 0.0}, [1.0]),
        ("where(x < 1, x, sqrt(x))", {"x": 4.0}, [0.25]),
        ("where(x == 0, 1, sin(x)/x)", {"x": 0.0}, [0.0]),
        ("where(x > 0 and log(x) > 1, x**2, -x)", {"x": -1.0}, [-1.0]),
        ("(x > 0)*x", {"x": 2.0}, [1.0]),
        ("x if x > y else y", {"x": 2.0, "y": 3.0}, [0.0, 1.0]),
        ("where(abs(where(x > 0, x, y)) < 5, x*y, 0)", {"x": 2.0, "y": 3.0}, [3.0, 2.0]),
    ],
)
def test_kinks_steps_and_branches(text: str, at: dict[str, float], gradient: list[float]) -> None:
    assert value_and_gradient(text, **at)[1:] == pytest.approx(gradient, rel=1e-14, abs=0)


def test_a_step_vanishes_with_all_its_factors() -> None:
    """2*x*DiracDelta(x)*log(x) is 0, though log(x) is NaN here; nothing of it is computed."""
    x = sympy.Symbol("x", real=True)
    program = lower([2 * x * sympy.DiracDelta(x) * sympy.log(x) + sympy.cos(x)], ("x",))
    assert evaluate(program, [-1.0], FLOAT64) == [math.cos(-1.0)]
    assert CODE["log"] not in program.ops
    open_derivative = sympy.Subs(sympy.Derivative(sympy.floor(x), x), x, sympy.log(x))
    assert evaluate(lower([open_derivative], ("x",)), [-1.0], FLOAT64) == [0.0]
    assert evaluate(lower([sympy.Add(open_derivative, sympy.DiracDelta(x))], ("x",)), [-1.0], FLOAT64) == [0.0]


def test_a_choice_without_a_last_branch_is_nan_there() -> None:
    x = sympy.Symbol("x", real=True)
    program = lower([sympy.Piecewise((x, x > 0))], ("x",))
    assert evaluate(program, [2.0], FLOAT64) == [2.0]
    assert math.isnan(evaluate(program, [-2.0], FLOAT64)[0])


def test_the_formulas_of_steps_are_closed() -> None:
    assert differentiate("x*floor(x/y)", x=5.0, y=2.0).formulas == ("floor(x/y)", "0")


def test_derivatives_come_as_they_are() -> None:
    """sin(x)**2 + cos(x)**2 is 1, but nothing is simplified."""
    (found,) = lift(elaborate("(sin(x)**2 + cos(x)**2)*x").program)
    assert derivative(found, "x").has(sympy.sin)


def test_the_written_size_is_that_of_the_lowered_formula() -> None:
    found = differentiate("3*x/(2*y**2)", x=1.0, y=2.0)
    (sweep,) = found.sweeps
    assert found.written == count_written(sweep, sweep.outputs[1:])
    assert found.formulas == ("3/(2*y**2)", "-3*x/y**3")
