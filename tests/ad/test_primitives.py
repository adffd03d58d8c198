"""Every row of the table of primitives, in every argument: against FLINT's power series, against SymPy, and in float64.

Two authors stand against each rule text: a series of balls at seeded points inside the domain, and SymPy's `diff`
of the primitive lifted to SymPy.
"""

from __future__ import annotations

import itertools
import math
import operator
from typing import Any

import pytest
import sympy
from oracle import (
    CLEAR,
    CONVENTIONS,
    LITERALS,
    OPERATIONS,
    ROWS,
    Trial,
    agree,
    by_rule,
    domains,
    interval,
    is_clear,
    points,
    rule_agrees,
    same_bits,
    single,
    trials,
)

from diffcli.ad import rules
from diffcli.ad.rules import ONE, ZERO, Linear
from diffcli.core.evaluate import evaluate
from diffcli.core.primitives import (
    ALL,
    ARITY,
    BOOLEAN,
    CODE,
    COMPARISONS,
    DEFINITIONS,
    FUNCTIONS,
    NAMED_CONSTANTS,
    PRIMITIVES,
    VECTOR_FUNCTIONS,
    Primitive,
)
from diffcli.core.program import WEIGHTS
from diffcli.numbers.float64 import FLOAT64
from diffcli.numbers.sympy import symbols
from diffcli.syntax import elaborate
from diffcli.truth import series
from diffcli.truth.accuracy import error, nearest
from diffcli.truth.certify import certify
from diffcli.truth.expansions.functions import Expansions
from diffcli.truth.series import SERIES

TRIALS = list(trials())
ARGUMENTS = [
    pytest.param(trial, argument, id=f"{trial}-d{trial.row.params[argument]}")
    for trial in TRIALS
    for argument in range(trial.row.arity)
]


# --- the rules
@pytest.mark.parametrize(("trial", "argument"), ARGUMENTS)
def test_the_rule_in_balls_holds_the_coefficient_of_the_power_series(trial: Trial, argument: int) -> None:
    assert rule_agrees(trial.row.name, argument, 12, trial.parameter, "both")


@pytest.mark.parametrize(("name", "point", "expected"), CONVENTIONS, ids=lambda value: str(value).replace(" ", ""))
def test_the_rule_gives_its_convention_at_special_points(
    name: str, point: tuple[float, ...], expected: tuple[float, ...]
) -> None:
    assert by_rule(name, point) == expected


@pytest.mark.parametrize("name", ["pow", "heaviside", "xlogy"])
def test_where_the_derivative_exists_at_a_special_point_the_convention_is_that(name: str) -> None:
    for other, point, expected in CONVENTIONS:
        if other == name:
            truth = certify(single(Trial(ROWS[name])), range(len(point)), point)
            assert truth.derivative is not None
            for ball, number in zip(truth.derivative, expected, strict=True):
                assert ball is None or error(number, ball).ulp <= 1, (name, point)


@pytest.mark.parametrize(
    ("exponent", "x", "slope"),
    [
        (0.0, 0.0, 0.0), (0.0, -2.0, 0.0), (1.0, 0.0, 1.0), (1.0, -2.0, 1.0), (2.0, 0.0, 0.0), (2.0, -3.0, -6.0),
        (3.0, 0.0, 0.0), (3.0, -2.0, 12.0), (-1.0, -2.0, -0.25), (-1.0, 2.0, -0.25), (-2.0, 2.0, -0.25),
        (0.5, 4.0, 0.25), (0.5, 0.0, math.inf), (1.5, 0.0, 0.0), (1.5, 4.0, 3.0),
    ],
)  # fmt: skip
def test_a_power_with_a_literal_exponent_has_its_slope(exponent: float, x: float, slope: float) -> None:
    linear = Linear(FLOAT64)
    y = FLOAT64.functions[CODE["powc"]](x, exponent)
    found = linear.push(CODE["powc"], (x,), y, (ONE,), exponent)
    assert linear.settle(found) == slope


def test_the_cube_root_as_a_power_is_the_float_nearest_to_a_third() -> None:
    """x**(1/3) is typed with a division, so the exponent is a value; as a literal it is that float, not 1/3."""
    program = elaborate("x**(1/3)").program
    assert CODE["pow"] in program.ops
    assert rule_agrees("powc", 0, parameter=1 / 3)


@pytest.mark.parametrize("trial", TRIALS, ids=str)
def test_a_rule_is_zero_by_structure_where_no_tangent_is_given(trial: Trial) -> None:
    linear = Linear(FLOAT64)
    (point,) = points(trial.row.name, 1, trial.parameter)
    assert linear.push(CODE[trial.row.name], point, math.nan, [ZERO] * len(point), trial.parameter) is ZERO


# --- the rules against SymPy
STEPS = {"sign", "floor", "ceil", "round", "trunc", "heaviside", "mod", "fmod", "min", "max", "abs", "relu", "atan2"}
"""Their derivative in SymPy is written with steps: compared as numbers, at points away from the jumps."""


def lifted(trial: Trial) -> Any:
    (expression,) = symbols.lift(single(trial))
    return expression


def rule_in_sympy(trial: Trial, argument: int) -> Any:
    """The rule text, read and lifted by the ordinary way, with the lifted primitive in place of y."""
    program = rules.rule_program(CODE[trial.row.name], trial.parameter)
    tangents = {f"d{name}": int(i == argument) for i, name in enumerate(trial.row.params[: trial.row.arity])}
    (expression,) = symbols.lift(program)
    symbol = {name: sympy.Symbol(name, real=True) for name in (*tangents, "y")}
    expression = expression.subs({symbol[name]: value for name, value in tangents.items()})
    return expression.subs(symbol["y"], lifted(trial))


def number_at(expression: Any, point: tuple[float, ...]) -> Any:
    """The value at a point as a ball, by way of a program: SymPy's own numbers prove nothing."""
    program = symbols.lower([expression], tuple("abc"[: len(point)]))
    with series.working(300, 1):
        return evaluate(program, [SERIES.constant(x) for x in point], SERIES)[0][0]


def test_the_table_of_sympy_has_every_primitive() -> None:
    missing = [row.name for row in OPERATIONS if symbols.SYMBOLS.functions[CODE[row.name]] is None]
    assert missing == []


@pytest.mark.parametrize(
    ("trial", "argument"), [case for case in ARGUMENTS if case.values[0].row.name not in ("select", "not")]
)
def test_the_rule_is_the_derivative_that_sympy_finds(trial: Trial, argument: int) -> None:
    expression = lifted(trial)
    if CODE[trial.row.name] in BOOLEAN:
        assert rule_in_sympy(trial, argument) == 0  # constant between its jumps
        return
    expected = symbols.derivative(expression, "abc"[argument])
    ours = rule_in_sympy(trial, argument)
    if trial.row.name not in STEPS and sympy.simplify(expected - ours) == 0:
        return
    for point in points(trial.row.name, 8, trial.parameter):
        assert agree(number_at(ours, point), number_at(expected, point)), (ours, expected, point)


# --- values
ULPS = 4.0
LOOSER: dict[str, tuple[float, str]] = {
    "gamma": (12.0, "CPython's own Lanczos sum: its tests allow 10 ulps and more"),
    "lgamma": (256.0, "CPython's own: the error is absolute, and there are zeros at 1, 2 and left of 0"),
    "logaddexp": (64.0, "the value passes through 0, where max(a, b) and the logarithm cancel"),
}
"""Primitives that may be further off, and why."""


@pytest.mark.parametrize("trial", TRIALS, ids=str)
def test_the_float_is_within_a_few_ulps_of_the_ball(trial: Trial) -> None:
    program, worst = single(trial), 0.0
    allowed = LOOSER.get(trial.row.name, (ULPS, ""))[0]
    for point in points(trial.row.name, 40, trial.parameter):
        (result,) = evaluate(program, point, FLOAT64)
        with series.working(200, 1):
            ball = evaluate(program, [SERIES.constant(x) for x in point], SERIES)[0][0]
            worst = max(worst, error(result, ball).ulp)
    assert worst <= allowed


SPECIAL = (0.0, -0.0, 1.0, -1.0, 0.5, 1e-320, 1e308, -1e308, math.inf, -math.inf, math.nan)


@pytest.mark.parametrize("trial", TRIALS, ids=str)
def test_no_argument_makes_a_float_function_raise(trial: Trial) -> None:
    program = single(trial)
    for point in itertools.product(SPECIAL, repeat=trial.row.arity):
        (value,) = evaluate(program, point, FLOAT64)
        assert isinstance(value, float)


HIDES_NAN: dict[str, str] = {
    "lt": "comparisons are 0 or 1", "le": "comparisons are 0 or 1", "gt": "comparisons are 0 or 1",
    "ge": "comparisons are 0 or 1", "eq": "comparisons are 0 or 1", "ne": "comparisons are 0 or 1",
    "not": "a condition is 0 or 1", "select": "the branch not taken does not count",
    "heaviside": "only at 0 does the second argument count",
}  # fmt: skip


@pytest.mark.parametrize("trial", [trial for trial in TRIALS if trial.row.name not in HIDES_NAN], ids=str)
def test_a_nan_is_passed_on(trial: Trial) -> None:
    for place in range(trial.row.arity):
        point = [math.nan if i == place else 0.5 for i in range(trial.row.arity)]
        (value,) = evaluate(single(trial), point, FLOAT64)
        assert math.isnan(value) or trial.parameter == 0 and trial.row.name == "powc"


# name, arguments, value: what IEEE 754 and C say at the corners
CORNERS: tuple[tuple[str, tuple[float, ...], float], ...] = (
    ("div", (1.0, 0.0), math.inf),
    ("div", (1.0, -0.0), -math.inf),
    ("div", (-1.0, 0.0), -math.inf),
    ("div", (0.0, 0.0), math.nan),
    ("log", (0.0,), -math.inf),
    ("log", (-1.0,), math.nan),
    ("log1p", (-1.0,), -math.inf),
    ("log1p", (-2.0,), math.nan),
    ("exp", (1000.0,), math.inf),
    ("exp", (-1000.0,), 0.0),
    ("exp2", (1024.0,), math.inf),
    ("expm1", (1000.0,), math.inf),
    ("sqrt", (-1.0,), math.nan),
    ("sqrt", (-0.0,), -0.0),
    ("cbrt", (-8.0,), -2.0),
    ("sinh", (-1000.0,), -math.inf),
    ("cosh", (-1000.0,), math.inf),
    ("asin", (2.0,), math.nan),
    ("acosh", (0.5,), math.nan),
    ("atanh", (1.0,), math.inf),
    ("atanh", (-1.0,), -math.inf),
    ("atanh", (2.0,), math.nan),
    ("pow", (0.0, 0.0), 1.0),
    ("pow", (0.0, -1.0), math.inf),
    ("pow", (-0.0, -1.0), -math.inf),
    ("pow", (0.0, -2.0), math.inf),
    ("pow", (-8.0, 1 / 3), math.nan),
    ("pow", (-10.0, 400.0), math.inf),
    ("pow", (-10.0, 401.0), -math.inf),
    ("sin", (math.inf,), math.nan),
    ("sigmoid", (-1000.0,), 0.0),
    ("sigmoid", (1000.0,), 1.0),
    ("softplus", (-1000.0,), 0.0),
    ("softplus", (1000.0,), 1000.0),
    ("logaddexp", (1000.0, 1000.0), 1000.6931471805599),
    ("logaddexp", (-math.inf, -math.inf), -math.inf),
    ("logaddexp", (math.inf, 0.0), math.inf),
    ("xlogy", (0.0, 0.0), 0.0),
    ("xlogy", (0.0, math.inf), 0.0),
    ("gamma", (0.0,), math.nan),
    ("gamma", (-3.0,), math.nan),
    ("gamma", (172.0,), math.inf),
    ("lgamma", (-1.0,), math.nan),
    ("digamma", (-1.0,), math.nan),
    ("mod", (-1.0, 3.0), 2.0),
    ("mod", (1.0, -3.0), -2.0),
    ("mod", (1.0, 0.0), math.nan),
    ("fmod", (-1.0, 3.0), -1.0),
    ("fmod", (1.0, -3.0), 1.0),
    ("fmod", (1.0, 0.0), math.nan),
    ("round", (0.5,), 0.0),
    ("round", (1.5,), 2.0),
    ("round", (2.5,), 2.0),
    ("round", (-0.75,), -1.0),
    ("trunc", (-1.5,), -1.0),
    ("floor", (-1.5,), -2.0),
    ("ceil", (-1.5,), -1.0),
    ("floor", (1e300,), 1e300),
    ("ceil", (-math.inf,), -math.inf),
    ("heaviside", (0.0, 0.25), 0.25),
    ("heaviside", (-1e-300, 0.25), 0.0),
    ("sign", (-3.0,), -1.0),
    ("relu", (-3.0,), 0.0),
    ("min", (1.0, 2.0), 1.0),
    ("max", (1.0, 2.0), 2.0),
    ("hypot", (3 * 2.0**600, 4 * 2.0**600), 5 * 2.0**600),
    ("atan2", (0.0, -1.0), math.pi),
    ("fma", (1 + 2.0**-30, 1 - 2.0**-30, -1.0), -(2.0**-60)),
    ("fma", (1e308, 10.0, 0.0), math.inf),
    ("not", (0.0,), 1.0),
    ("not", (2.0,), 0.0),
    ("detach", (2.0,), 2.0),
)


@pytest.mark.parametrize(("name", "arguments", "expected"), CORNERS, ids=lambda value: str(value).replace(" ", ""))
def test_a_float_function_has_its_corner_value(name: str, arguments: tuple[float, ...], expected: float) -> None:
    (value,) = evaluate(single(Trial(ROWS[name])), arguments, FLOAT64)
    assert same_bits(value, expected)


@pytest.mark.parametrize("name", sorted(PRIMITIVES[code].name for code in COMPARISONS))
def test_comparisons_are_the_numbers_0_and_1(name: str) -> None:
    relation = getattr(operator, name)
    for a, b in itertools.product((-1.0, 0.0, -0.0, 1.0, math.inf, math.nan), repeat=2):
        assert evaluate(single(Trial(ROWS[name])), (a, b), FLOAT64) == [float(relation(a, b))]


@pytest.mark.parametrize("name", sorted(NAMED_CONSTANTS))
def test_a_named_constant_is_the_float_nearest_to_its_ball(name: str) -> None:
    with series.working(200, 1):
        ball = series.real(name)
    assert FLOAT64.constant(name) == nearest(ball)
    if name != "inf":
        assert float(symbols.constant(name)) == FLOAT64.constant(name)


# --- the table itself
def test_names_and_aliases_are_unique() -> None:
    names = [name for row in PRIMITIVES for name in (row.name, *row.aliases)]
    assert len(set(names)) == len(names)
    defined = set(DEFINITIONS) - {"heaviside", "pow"}  # these two are primitives as well, of another arity or form
    assert not defined & set(names)
    assert not set(VECTOR_FUNCTIONS) & {*names, *DEFINITIONS}


@pytest.mark.parametrize(
    ("alias", "name"), [(alias, row.name) for row in PRIMITIVES for alias in row.aliases if row.name in FUNCTIONS]
)
def test_an_alias_writes_the_same_program(alias: str, name: str) -> None:
    arguments = ", ".join("xyz"[: ROWS[name].arity])
    assert FUNCTIONS[alias] == CODE[name]
    assert elaborate(f"{alias}({arguments})").program == elaborate(f"{name}({arguments})").program


def test_every_alias_can_be_called() -> None:
    assert {alias for row in PRIMITIVES for alias in row.aliases} <= set(FUNCTIONS)


@pytest.mark.parametrize("row", PRIMITIVES, ids=lambda row: row.name)
def test_a_row_is_complete(row: Primitive) -> None:
    assert row.rule
    assert row.params == "abc"[: row.arity] + "c" * row.parametric
    assert ARITY[CODE[row.name]] == row.arity
    assert not row.domain or len(row.domain) == row.arity
    for domain in domains(row):
        assert domain.low < domain.high
    if row.symbol:
        assert row.precedence
    assert sum(WEIGHTS[CODE[row.name]]) == {"free": 0, "fma": 2}.get(row.cost, 1)


@pytest.mark.parametrize("algebra", [FLOAT64, SERIES, Expansions(4), symbols.SYMBOLS], ids=lambda a: type(a).__name__)
def test_every_number_system_has_every_operation(algebra: Any) -> None:
    """A choice is decided, not computed, except by SymPy."""
    missing = [row.name for row in OPERATIONS if algebra.functions[CODE[row.name]] is None]
    assert missing in ([], ["select"])


# name, where it has no derivative, in which argument
KINKS: tuple[tuple[str, tuple[float, ...], int], ...] = (
    ("abs", (0.0,), 0),
    ("sign", (0.0,), 0),
    ("floor", (1.0,), 0),
    ("ceil", (-2.0,), 0),
    ("round", (0.5,), 0),
    ("trunc", (1.0,), 0),
    ("min", (2.0, 2.0), 0),
    ("max", (2.0, 2.0), 1),
    ("mod", (3.0, 1.5), 0),
    ("fmod", (3.0, 1.5), 0),
    ("heaviside", (0.0, 0.25), 0),
    ("relu", (0.0,), 0),
    ("sqrt", (0.0,), 0),
    ("cbrt", (0.0,), 0),
    ("hypot", (0.0, 0.0), 0),
    ("asin", (1.0,), 0),
    ("acos", (-1.0,), 0),
    ("acosh", (1.0,), 0),
    ("atan2", (0.0, -1.0), 0),
    ("pow", (0.0, 0.0), 1),
    ("xlogy", (0.0, 0.0), 0),
)


@pytest.mark.parametrize(("name", "point", "argument"), KINKS, ids=lambda value: str(value).replace(" ", ""))
def test_a_kink_is_stated_in_its_row(name: str, point: tuple[float, ...], argument: int) -> None:
    assert ROWS[name].kink
    assert certify(single(Trial(ROWS[name])), [argument], point).status == "not-differentiable"


def test_only_what_has_a_kink_states_one() -> None:
    stated = {row.name for row in PRIMITIVES if row.kink}
    assert stated == {name for name, _, _ in KINKS} | {"powc"}  # powc states the convention x**0 = 1


# name, literal, where it has no value though each argument is inside its interval
HOLES: tuple[tuple[str, float | None, tuple[float, ...]], ...] = (
    ("div", None, (1.0, 0.0)),
    ("div", None, (0.0, 0.0)),
    ("mod", None, (1.0, 0.0)),
    ("fmod", None, (1.0, 0.0)),
    ("atan2", None, (0.0, 0.0)),
    ("csc", None, (0.0,)),
    ("cot", None, (0.0,)),
    ("gamma", None, (-1.0,)),
    ("lgamma", None, (0.0,)),
    ("digamma", None, (-2.0,)),
    ("polygamma", 1.0, (0.0,)),
    ("pow", None, (0.0, -1.0)),
    ("powc", -1.0, (0.0,)),
)


@pytest.mark.parametrize(("name", "literal", "point"), HOLES, ids=lambda value: str(value).replace(" ", ""))
def test_a_hole_in_a_domain_is_stated_in_its_row(name: str, literal: float | None, point: tuple[float, ...]) -> None:
    assert ROWS[name].except_at
    assert certify(single(Trial(ROWS[name], literal)), [0], point).status == "undefined"
    (value,) = evaluate(single(Trial(ROWS[name], literal)), point, FLOAT64)
    assert not math.isfinite(value) or name == "atan2"  # C's atan2(0, 0) is 0


def test_only_what_has_a_hole_states_one() -> None:
    unreachable = {"tan", "sec"}  # no float64 is an odd multiple of pi/2
    assert {row.name for row in PRIMITIVES if row.except_at} == {name for name, _, _ in HOLES} | unreachable


ENDS = [
    (row.name, argument, end, end in domain)
    for row in PRIMITIVES
    if row.name != "powc"
    for argument, domain in enumerate(domains(row))
    for end in (domain.low, domain.high)
    if math.isfinite(end)
]


@pytest.mark.parametrize(("name", "argument", "end", "included"), ENDS)
def test_a_domain_ends_where_its_row_says(name: str, argument: int, end: float, included: bool) -> None:
    program, row = single(Trial(ROWS[name])), ROWS[name]
    inside = list(points(name, 1)[0])
    outward = -1 if end == domains(row)[argument].low else 1
    inside[argument] = end
    assert (certify(program, [argument], inside).status == "undefined") is not included
    inside[argument] = end + outward * 0.5
    truth = certify(program, [argument], inside)
    assert truth.status == "undefined"
    assert truth.reason is not None
    said = f"{name}: argument {end + outward * 0.5:g} is outside its domain {row.domain[argument]}"
    assert truth.reason == said or name == "pow"  # a power says more
    assert not math.isfinite(evaluate(program, inside, FLOAT64)[0])


# --- functions defined by others
DEFINED: tuple[tuple[str, float, float], ...] = (
    ("square(x)", 3.0, 9.0),
    ("reciprocal(x)", 4.0, 0.25),
    ("pow(x, 3)", 2.0, 8.0),
    ("clip(x, 0, 1)", 2.0, 1.0),
    ("clip(x, 0, 1)", -2.0, 0.0),
    ("clip(x, 0, 1)", 0.25, 0.25),
    ("heaviside(x)", 0.0, 0.5),
    ("heaviside(x)", 2.0, 1.0),
    ("leaky_relu(x)", -2.0, -0.02),
    ("leaky_relu(x, 0.5)", -2.0, -1.0),
    ("leaky_relu(x)", 2.0, 2.0),
    ("silu(x)", 0.0, 0.0),
    ("silu(x)", 1.0, 1 / (1 + math.exp(-1))),
    ("gelu(x)", 1.0, 0.5 * (1 + math.erf(1 / math.sqrt(2)))),
    ("sinc(x)", 0.0, 1.0),
    ("sinc(x)", 0.5, 2 / math.pi),
)


@pytest.mark.parametrize(("text", "x", "value"), DEFINED)
def test_a_defined_function_has_its_value(text: str, x: float, value: float) -> None:
    (found,) = evaluate(elaborate(text).program, [x], FLOAT64)
    assert math.isclose(found, value, rel_tol=1e-15)


def test_every_defined_function_is_tried() -> None:
    of_vectors = {"norm", "logsumexp", "softmax"}  # `test_shapes` holds them against NumPy
    assert {text.partition("(")[0] for text, _, _ in DEFINED} == set(DEFINITIONS) - of_vectors


# --- the oracle's own tables
def test_points_lie_inside_the_domain_and_clear_of_kinks() -> None:
    for trial in TRIALS:
        found = points(trial.row.name, 12, trial.parameter)
        assert len(set(found)) == 12
        if trial.row.name != "powc":
            assert all(x in domain for point in found for x, domain in zip(point, domains(trial.row), strict=True))
    for name, point, _ in KINKS:
        assert not is_clear(name, point), name
    for name, literal, point in HOLES:
        assert not is_clear(name, point, literal), name
    assert set(CLEAR) <= set(ROWS)
    assert set(LITERALS) == {row.name for row in PRIMITIVES if row.parametric}


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [
        ("(0, inf)", (1e-300, 1e300), (0.0, -1.0)),
        ("[-1, 1]", (-1.0, 1.0), (1.1,)),
        (ALL, (0.0, -1e300), (math.inf, math.nan)),
    ],
)
def test_an_interval_is_read_as_it_is_written(text: str, inside: tuple[float, ...], outside: tuple[float, ...]) -> None:
    assert all(x in interval(text) for x in inside)
    assert not any(x in interval(text) for x in outside)
