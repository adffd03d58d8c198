"""Arrays of points against one point at a time: the same special values, the same bits or a few ulps, one dtype."""

from __future__ import annotations

import itertools
import math
import random
import warnings
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from oracle import OPERATIONS, SPECIAL, Trial, is_clear, points, random_program, same_bits, trials

from diffcli.ad.forward import jvp
from diffcli.ad.rules import ONE
from diffcli.core.evaluate import evaluate
from diffcli.core.primitives import CODE, PRIMITIVES
from diffcli.numbers.arrays import POINT_BY_POINT, RELATIONS, STEPS, Arrays, silence
from diffcli.numbers.float64 import FLOAT64, NAMED
from diffcli.syntax import elaborate

DOUBLE, SINGLE = Arrays("float64"), Arrays("float32")

CORRECTLY_ROUNDED = frozenset(
    ("add", "sub", "neg", "mul", "div", "fma", "not", "sqrt", "abs", "sign", "floor", "ceil", "round", "trunc",
     "min", "max", "mod", "fmod", "heaviside", "relu", "detach", *RELATIONS, *POINT_BY_POINT)
)  # fmt: skip
"""One result is right, or both sides call the same function: bit for bit."""

ULPS = 4
"""For the rest: NumPy's vector functions are made to 4 ulps (in float64 the worst seen here is 3, cbrt, and
2 where a function is joined of two, as cot or softplus; in float32 it is 3, log)."""

TRIALS = [trial for trial in trials() if trial.row.name != "select"]


def arguments_of(trial: Trial, dtype: Any = np.float64) -> list[tuple[float, ...]]:
    """Special values in every argument, numbers of all sizes, and points where the function is smooth."""
    arity, rng = trial.row.arity, random.Random(str(trial))
    slow = trial.row.name in ("digamma", "polygamma")
    specials = list(itertools.product(SPECIAL, repeat=arity)) if arity < 3 else []
    specials += [tuple(rng.choice(SPECIAL) for _ in range(arity)) for _ in range(400 if arity == 3 else 0)]
    sizes = [
        tuple(rng.choice((-1, 1)) * 10 ** rng.uniform(-8, 3) for _ in range(arity)) for _ in range(20 if slow else 500)
    ]
    smooth = points(trial.row.name, 20 if slow else 200, None if trial.parameter is None else float(trial.parameter))
    with np.errstate(over="ignore"):
        return [tuple(float(dtype(x)) for x in point) for point in [*specials, *sizes, *smooth]]


def at_each(trial: Trial, rows: Sequence[tuple[float, ...]]) -> list[float]:
    function = FLOAT64.functions[CODE[trial.row.name]]
    assert function is not None
    literal = () if trial.parameter is None else (trial.parameter,)
    return [float(function(*row, *literal)) for row in rows]


def at_once(trial: Trial, rows: Sequence[tuple[float, ...]], algebra: Arrays) -> Any:
    function = algebra.functions[CODE[trial.row.name]]
    assert function is not None
    literal = () if trial.parameter is None else (trial.parameter,)
    return function(*(algebra.array(column) for column in zip(*rows, strict=True)), *literal)


def ulps(found: float, expected: float, dtype: Any) -> float:
    """The distance in units of the last place of the expected value; special values are themselves or far away."""
    if same_bits(found, expected):
        return 0.0
    if not (math.isfinite(found) and math.isfinite(expected)) or found == expected:
        return math.inf
    return abs(found - expected) / float(np.spacing(dtype(abs(expected))))


@pytest.mark.parametrize("trial", TRIALS, ids=str)
def test_all_points_at_once_are_the_points_one_by_one(trial: Trial) -> None:
    rows = arguments_of(trial)
    allowed = 0 if trial.row.name in CORRECTLY_ROUNDED else ULPS
    for row, found, expected in zip(rows, at_once(trial, rows, DOUBLE).tolist(), at_each(trial, rows), strict=True):
        assert ulps(found, expected, np.float64) <= allowed, (row, found, expected)


@pytest.mark.parametrize("trial", TRIALS, ids=str)
def test_float32_is_float64_rounded_within_a_few_ulps(trial: Trial) -> None:
    if trial.parameter is not None:  # rounded, as every constant is
        trial = Trial(trial.row, float(np.float32(float(trial.parameter))))
    rows = arguments_of(Trial(trial.row, None if trial.parameter is None else 2.0), np.float32)
    allowed = 0 if trial.row.name in CORRECTLY_ROUNDED - {"mod", "fma"} else ULPS
    with np.errstate(over="ignore"):
        expected = np.array(at_each(trial, rows)).astype(np.float32).tolist()
    for row, found, value in zip(rows, at_once(trial, rows, SINGLE).tolist(), expected, strict=True):
        if trial.row.name == "logaddexp" and math.isfinite(value):  # a sum: it cancels where the result is near 0
            scale = max(abs(value), *(abs(x) for x in row if math.isfinite(x)))
            assert abs(found - value) <= ULPS * np.spacing(np.float32(scale)), (row, found, value)
        else:
            assert ulps(found, value, np.float32) <= allowed, (row, found, value)


# name, arguments, result: where IEEE, C or this project's conventions leave no choice
VALUES: tuple[tuple[str, tuple[float, ...], float], ...] = (
    ("div", (1.0, 0.0), math.inf),
    ("div", (1.0, -0.0), -math.inf),
    ("div", (0.0, 0.0), math.nan),
    ("pow", (0.0, 0.0), 1.0),
    ("pow", (math.nan, 0.0), 1.0),
    ("pow", (0.0, -1.0), math.inf),
    ("pow", (-0.0, -1.0), -math.inf),
    ("pow", (-0.0, 0.5), 0.0),
    ("pow", (-math.inf, 0.5), math.inf),
    ("pow", (-8.0, 1 / 3), math.nan),
    ("pow", (-2.0, 3.0), -8.0),
    ("log", (0.0,), -math.inf),
    ("log", (-1.0,), math.nan),
    ("log1p", (-1.0,), -math.inf),
    ("exp", (1e5,), math.inf),
    ("sinh", (-1e5,), -math.inf),
    ("atanh", (-1.0,), -math.inf),
    ("xlogy", (0.0, 0.0), 0.0),
    ("xlogy", (0.0, -1.0), 0.0),
    ("xlogy", (0.0, math.nan), math.nan),
    ("sign", (-0.0,), -0.0),
    ("sign", (math.nan,), math.nan),
    ("round", (0.5,), 0.0),
    ("round", (-0.5,), -0.0),
    ("round", (2.5,), 2.0),
    ("ceil", (-0.5,), -0.0),
    ("min", (math.nan, 1.0), math.nan),
    ("min", (1.0, math.nan), math.nan),
    ("min", (0.0, -0.0), -0.0),
    ("min", (-0.0, 0.0), 0.0),
    ("max", (0.0, -0.0), -0.0),
    ("max", (-0.0, 0.0), 0.0),
    ("mod", (5.0, -3.0), -1.0),
    ("mod", (-3.0, 3.0), 0.0),
    ("mod", (1.0, 0.0), math.nan),
    ("fmod", (-5.0, 3.0), -2.0),
    ("fmod", (1.0, 0.0), math.nan),
    ("heaviside", (0.0, 0.25), 0.25),
    ("heaviside", (math.nan, 0.25), math.nan),
    ("relu", (-0.0,), 0.0),
    ("relu", (math.nan,), math.nan),
    ("not", (math.nan,), 0.0),
    ("eq", (math.nan, math.nan), 0.0),
    ("ne", (math.nan, math.nan), 1.0),
    ("gamma", (-1.0,), math.nan),
    ("gamma", (0.0,), math.nan),
    ("lgamma", (-math.inf,), math.nan),
    ("digamma", (-2.0,), math.nan),
    ("sigmoid", (-1e5,), 0.0),
    ("softplus", (1e5,), 1e5),
    ("logaddexp", (-math.inf, -math.inf), -math.inf),
    ("hypot", (math.inf, math.nan), math.inf),
    ("csc", (-0.0,), -math.inf),
    ("fma", (math.inf, 0.0, 1.0), math.nan),
)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_a_power_of_two_is_a_square_to_the_last_bit(dtype: str) -> None:
    algebra = Arrays(dtype)
    chance = np.random.default_rng(2)
    drawn = chance.uniform(-1, 1, 10_000) * 2.0 ** chance.integers(-600, 600, 10_000)
    values = algebra.array([*drawn, 0.0, -0.0, math.inf, -math.inf, math.nan])
    function = algebra.functions[CODE["powc"]]
    with silence():
        assert np.array_equal(function(values, 2.0), np.power(values, algebra.constant(2.0)), equal_nan=True)


@pytest.mark.parametrize("exponent", [3, 4])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_a_power_that_is_multiplied_out_is_within_two_ulps(dtype: str, exponent: int) -> None:
    algebra = Arrays(dtype)
    chance = np.random.default_rng(3)
    largest = {"float64": 240, "float32": 30}[dtype]
    values = algebra.array(chance.uniform(-1, 1, 2_000) * 2.0 ** chance.integers(-largest, largest, 2_000))
    function = algebra.functions[CODE["powc"]]
    assert function is not None
    found = function(values, float(exponent))
    assert found.dtype == values.dtype
    for x, y in zip(values, found, strict=True):
        exact = Fraction(float(x)) ** exponent
        assert abs(Fraction(float(y)) - exact) <= 2 * Fraction(float(np.spacing(abs(y))))
    edges = algebra.array([0.0, -0.0, math.inf, -math.inf, math.nan, 1e-200, -1e-200, 1e200, -1e200])
    with silence():
        expected = np.power(edges, algebra.constant(float(exponent)))
    assert np.array_equal(function(edges, float(exponent)), expected, equal_nan=True)
    assert np.array_equal(np.signbit(function(edges[:4], float(exponent))), np.signbit(expected[:4]))


@pytest.mark.parametrize("algebra", [DOUBLE, SINGLE], ids=["float64", "float32"])
@pytest.mark.parametrize(("name", "arguments", "value"), VALUES, ids=str)
def test_a_special_value_is_the_same_as_number_and_in_arrays(
    name: str, arguments: tuple[float, ...], value: float, algebra: Arrays
) -> None:
    function = algebra.functions[CODE[name]]
    assert function is not None
    alone = function(*map(algebra.array, arguments))
    among = function(*(algebra.array([1.5, x, 0.5]) for x in arguments))
    assert same_bits(float(alone), value)
    assert same_bits(float(among[1]), value)


@pytest.mark.parametrize("algebra", [DOUBLE, SINGLE], ids=["float64", "float32"])
@pytest.mark.parametrize("trial", TRIALS, ids=str)
def test_every_operation_keeps_the_dtype(trial: Trial, algebra: Arrays) -> None:
    rows = points(trial.row.name, 3, None if trial.parameter is None else float(trial.parameter))
    function = algebra.functions[CODE[trial.row.name]]
    assert function is not None
    literal = () if trial.parameter is None else (trial.parameter,)
    for arguments in (tuple(map(algebra.array, zip(*rows, strict=True))), tuple(map(algebra.array, rows[0]))):
        result = function(*arguments, *literal)
        assert result.dtype == algebra.dtype
        assert np.shape(result) == np.shape(arguments[0])


def test_every_operation_is_there_and_each_table_names_rows() -> None:
    missing = [row.name for row in OPERATIONS if DOUBLE.functions[CODE[row.name]] is None]
    assert missing == ["select"]
    assert set(STEPS) | set(POINT_BY_POINT) <= {row.name for row in PRIMITIVES}


@pytest.mark.parametrize("name", NAMED)
def test_a_named_constant_is_rounded_once(name: str) -> None:
    assert DOUBLE.constant(name) == FLOAT64.constant(name)
    assert SINGLE.constant(name) == np.float32(FLOAT64.constant(name))
    assert SINGLE.constant(name).dtype == np.float32


@pytest.mark.parametrize("bit", [24, 60, -60])
def test_a_rational_is_rounded_once(bit: int) -> None:
    """1 + 2**-24 is halfway between two float32, and float64 cannot tell it from what is 2**-60 away."""
    value = Fraction(2**24 + 1, 2**24) + (0 if bit == 24 else Fraction(bit // abs(bit), 2**60))
    assert SINGLE.constant(value) == (np.float32(1 + 2**-23) if bit == 60 else np.float32(1))


def test_constants_beyond_float32_are_infinite() -> None:
    assert SINGLE.constant(1e300) == math.inf
    assert SINGLE.constant(Fraction(10**300)) == math.inf


def test_fma_is_rounded_once_in_float32() -> None:
    rng, fma = random.Random(1), SINGLE.functions[CODE["fma"]]
    assert fma is not None

    def short() -> float:
        return rng.choice((-1, 1)) * rng.randint(2**23, 2**24) * 2.0 ** rng.randint(-50, 4)

    rows = [(short(), short(), short() * 2.0 ** rng.randint(-30, 30)) for _ in range(2000)]
    # halfway between two float32 but for a last bit, which a float64 sum forgets
    rows += [(1 + 2.0**-12, 1 + 2.0**-12, sign * 2.0**-60) for sign in (1, -1)]
    rows += [(2.0**24 + 2, 1 + 2.0**-23, sign * 2.0**-70) for sign in (1, -1)]
    found = fma(*(SINGLE.array(column) for column in zip(*rows, strict=True)))
    for (a, b, c), result in zip(rows, found, strict=True):
        assert result == SINGLE.constant(Fraction(a) * Fraction(b) + Fraction(c)), (a, b, c)


# --- as an algebra
def test_a_path_is_decided_where_all_points_agree() -> None:
    assert DOUBLE.decide(DOUBLE.array([1.0, 2.0]))
    assert not DOUBLE.decide(DOUBLE.array([0.0, -0.0]))
    assert DOUBLE.decide(DOUBLE.array(math.nan))
    with pytest.raises(ValueError, match="different paths"):
        DOUBLE.decide(DOUBLE.array([1.0, 0.0]))


def test_branches_are_lazy_and_differing_points_are_refused() -> None:
    program = elaborate("log(x) if x > 0 else -x").program
    assert evaluate(program, [DOUBLE.array([1.0, 1.0])], DOUBLE)[0].tolist() == [0.0, 0.0]
    with pytest.raises(ValueError, match="different paths"):
        evaluate(program, [DOUBLE.array([1.0, -1.0])], DOUBLE)


@pytest.mark.parametrize("dtype", ["int64", "float16", "complex128"])
def test_other_dtypes_are_refused(dtype: str) -> None:
    with pytest.raises(ValueError, match="float64 or float32"):
        Arrays(dtype)


def test_a_loud_algebra_leaves_warnings_to_the_caller() -> None:
    program = elaborate("1/x").program
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        evaluate(program, [np.zeros(3)], Arrays("float64"))
        assert not caught
        evaluate(program, [np.zeros(3)], Arrays("float64", loud=True))
        assert caught


@pytest.mark.parametrize("seed", range(30))
def test_programs_of_exact_operations_give_the_bits_of_single_points(seed: int) -> None:
    names = tuple(sorted(CORRECTLY_ROUNDED - {"digamma", "polygamma"}))
    drawn = random_program(random.Random(seed), names, inputs=3, size=25, outputs=3, tame=False)
    rng = random.Random(seed)
    rows = [drawn.point, *([rng.choice(SPECIAL) for _ in drawn.point] for _ in range(50))]
    columns = evaluate(drawn.program, [DOUBLE.array(column) for column in zip(*rows, strict=True)], DOUBLE)
    for row, found in zip(rows, zip(*(np.broadcast_to(c, len(rows)) for c in columns), strict=True), strict=True):
        assert all(map(same_bits, map(float, found), evaluate(drawn.program, row, FLOAT64)))


def test_a_derivative_program_is_evaluated_at_all_points_of_its_path() -> None:
    program = elaborate("x*exp(-x*x/2) + max(x, 0.25)").program
    written = jvp(program, [1.0], [ONE], FLOAT64)
    xs = [0.5 + i / 64 for i in range(100)]
    values, slopes = evaluate(written, [DOUBLE.array(xs)], DOUBLE)
    for x, value, slope in zip(xs, values.tolist(), slopes.tolist(), strict=True):
        assert [value, slope] == pytest.approx(evaluate(written, [x], FLOAT64), rel=1e-15)
    assert is_clear("max", (xs[0], 0.25))
