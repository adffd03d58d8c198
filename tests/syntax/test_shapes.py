"""Vectors and matrices: every operator and function against NumPy, and every shape that does not fit.

Values are held against NumPy's own, over a table of shapes; programs stay scalar, with an input for each entry.
"""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable, Sequence
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from diffcli.core.evaluate import evaluate
from diffcli.core.primitives import CODE, FUNCTIONS, VECTOR_FUNCTIONS
from diffcli.core.program import Cost, count, validate
from diffcli.numbers.float64 import FLOAT64
from diffcli.problem.case import understood
from diffcli.problem.point import constant, flat, read_point, shape_of, tuples, written
from diffcli.problem.understanding import make_case
from diffcli.runtime.errors import DiffError
from diffcli.syntax import elaborate, render
from diffcli.syntax.shapes import Mismatch, Tensor, each, nested, pick, places, stack, subscript, transpose
from diffcli.syntax.spellings import FUNCTION_NAMES

Array = Any
Shape = tuple[int, ...]


def array(shape: Shape, seed: str, low: float = -2.0, high: float = 2.0) -> Array:
    """Numbers at random in a range, the same ones every time."""
    rng = random.Random(f"{seed} {shape}")
    return np.array([rng.uniform(low, high) for _ in range(math.prod(shape))]).reshape(shape)


def at(values: dict[str, Array]) -> dict[str, Any]:
    """A point of arrays."""
    return {name: tuples(value.tolist()) for name, value in values.items()}


def computed(text: str, values: dict[str, Array]) -> Array:
    """The result of an expression, as an array."""
    case = make_case(text, at(values))
    validate(case.expression.program)
    found = evaluate(case.expression.program, case.problem.point, FLOAT64)
    return np.array(found).reshape(case.expression.shape)


def same(found: Array, expected: Array) -> bool:
    expected = np.asarray(expected, dtype=float)
    return found.shape == expected.shape and bool(np.allclose(found, expected, rtol=1e-13, atol=1e-15, equal_nan=True))


# --- elementwise operations, broadcast
PAIRS: tuple[tuple[Shape, Shape], ...] = (
    ((), ()), ((3,), ()), ((), (3,)), ((3,), (3,)), ((1,), (3,)), ((3,), (1,)), ((1,), (1,)), ((1,), ()),
    ((2, 3), ()), ((), (2, 3)), ((2, 3), (3,)), ((3,), (2, 3)), ((2, 3), (2, 3)), ((2, 1), (3,)), ((3,), (2, 1)),
    ((2, 1), (1, 3)), ((1, 3), (2, 1)), ((2, 3), (1, 3)), ((2, 3), (2, 1)), ((2, 3), (1, 1)), ((2, 3), (1,)),
    ((2, 2, 3), (3,)), ((2, 2, 3), (2, 1)), ((2, 1, 3), (2, 1)), ((1, 2, 1), (3, 1, 2)), ((2, 2, 2), (2, 2, 2)),
)  # fmt: skip
"""Shapes that fit each other, axes of length 1 and missing axes among them."""

BINARY: dict[str, Callable[[Array, Array], Array]] = {
    "a + b": lambda a, b: a + b,
    "a - b": lambda a, b: a - b,
    "a*b": lambda a, b: a * b,
    "a/b": lambda a, b: a / b,
    "a**2 + b**3": lambda a, b: a**2 + b**3,
    "abs(a)**b": lambda a, b: np.abs(a) ** b,
    "a < b": lambda a, b: a < b,
    "a >= b": lambda a, b: a >= b,
    "-1 < a < b": lambda a, b: (a > -1) & (a < b),
    "a == b": lambda a, b: a == b,
    "a != b": lambda a, b: a != b,
    "a > 0 and b > 0": lambda a, b: (a > 0) & (b > 0),
    "a > 0 or b > 0": lambda a, b: (a > 0) | (b > 0),
    "not a > b": lambda a, b: ~(a > b),
    "-a + b": lambda a, b: -a + b,
    "max(a, b)": np.maximum,
    "min(a, b)": np.minimum,
    "max(a, b, 0.5)": lambda a, b: np.maximum(np.maximum(a, b), 0.5),
    "atan2(a, b)": np.arctan2,
    "hypot(a, b)": np.hypot,
    "mod(a, b)": np.mod,
    "fmod(a, b)": np.fmod,
    "logaddexp(a, b)": np.logaddexp,
    "heaviside(a, b)": np.heaviside,
    "where(a > 0, a, b)": lambda a, b: np.where(a > 0, a, b),
    "where(a > b, 1, 0)": lambda a, b: np.where(a > b, 1.0, 0.0),
    "a if 1 < 2 else b": lambda a, b: np.broadcast_arrays(a, b)[0],
    "fma(a, b, a)": lambda a, b: a * b + a,
    "clip(a, -b*b, b*b)": lambda a, b: np.clip(a, -b * b, b * b),
    "leaky_relu(a, b)": lambda a, b: np.where(a > 0, a, a * b),
    "pow(abs(a), b)": lambda a, b: np.power(np.abs(a), b),
    "detach(a)*b": lambda a, b: a * b,
}


@pytest.mark.parametrize("text", BINARY)
def test_operations_are_elementwise_and_broadcast_as_in_numpy(text: str) -> None:
    for one, other in PAIRS:
        values = {"a": array(one, "a"), "b": array(other, "b")}
        expected = BINARY[text](values["a"], values["b"])
        assert same(computed(text, values), expected), (one, other)


UNARY: dict[str, Callable[[Array], Array]] = {
    "exp": np.exp, "expm1": np.expm1, "exp2": np.exp2, "sqrt": np.sqrt, "cbrt": np.cbrt, "square": np.square,
    "log": np.log, "log2": np.log2, "log10": np.log10, "log1p": np.log1p, "reciprocal": np.reciprocal,
    "sin": np.sin, "cos": np.cos, "tan": np.tan, "asin": np.arcsin, "acos": np.arccos, "atan": np.arctan,
    "sinh": np.sinh, "cosh": np.cosh, "tanh": np.tanh, "asinh": np.arcsinh, "acosh": lambda a: np.arccosh(a + 1),
    "atanh": np.arctanh, "abs": np.abs, "sign": np.sign, "floor": np.floor, "ceil": np.ceil, "round": np.round,
    "trunc": np.trunc, "sinc": np.sinc, "sigmoid": lambda a: 1 / (1 + np.exp(-a)),
    "softplus": lambda a: np.log1p(np.exp(a)), "relu": lambda a: np.maximum(a, 0), "detach": lambda a: a,
}  # fmt: skip


@pytest.mark.parametrize("name", UNARY)
@pytest.mark.parametrize("shape", [(), (1,), (4,), (2, 3), (2, 2, 2)], ids=str)
def test_functions_of_one_variable_are_elementwise(name: str, shape: Shape) -> None:
    values = {"a": array(shape, name, 0.05, 0.95)}
    text = "acosh(a + 1)" if name == "acosh" else f"{name}(a)"
    assert same(computed(text, values), UNARY[name](values["a"]))


# --- functions of vectors
NORM = np.linalg.norm


def log_sum_exp(a: Array) -> Array:
    return np.log(np.sum(np.exp(a)))


OF_ONE: dict[str, Callable[[Array], Array]] = {
    "sum": np.sum,
    "prod": np.prod,
    "mean": np.mean,
    "max": np.max,
    "min": np.min,
    "norm": lambda a: np.sqrt(np.sum(a * a)),
    "transpose": np.transpose,
    "logsumexp": log_sum_exp,
    "softmax": lambda a: np.exp(a) / np.sum(np.exp(a)),
}


@pytest.mark.parametrize("name", OF_ONE)
@pytest.mark.parametrize("shape", [(), (1,), (2,), (5,), (1, 1), (1, 4), (4, 1), (2, 3), (3, 2), (2, 3, 2)], ids=str)
def test_a_function_of_one_vector_or_matrix_is_numpys(name: str, shape: Shape) -> None:
    values = {"a": array(shape, name)}
    assert same(computed(f"{name}(a)", values), OF_ONE[name](values["a"]))


def test_aliases_of_reductions_reduce() -> None:
    values = {"a": array((4,), "aliases")}
    for name in ("maximum", "fmax", "minimum", "fmin"):
        expected = np.max(values["a"]) if "max" in name else np.min(values["a"])
        assert same(computed(f"{name}(a)", values), expected)


PRODUCTS: tuple[tuple[Shape, Shape], ...] = (
    ((3,), (3,)), ((1,), (1,)), ((2, 3), (3,)), ((2,), (2, 3)), ((2, 3), (3, 4)), ((1, 3), (3, 1)), ((3, 1), (1, 3)),
    ((1, 1), (1, 1)), ((1, 1), (1,)), ((4, 2), (2, 1)), ((5,), (5, 1)), ((1,), (1, 4)),
)  # fmt: skip


@pytest.mark.parametrize(("one", "other"), PRODUCTS, ids=str)
@pytest.mark.parametrize("text", ["a @ b", "matmul(a, b)", "dot(a, b)"])
def test_the_matrix_product_is_numpys(text: str, one: Shape, other: Shape) -> None:
    values = {"a": array(one, "a"), "b": array(other, "b")}
    assert same(computed(text, values), values["a"] @ values["b"])


@pytest.mark.parametrize(("one", "other"), [((), ()), ((3,), ()), ((), (3,)), ((2, 3), ()), ((), (1, 2))], ids=str)
def test_the_dot_product_with_a_number_is_a_multiple(one: Shape, other: Shape) -> None:
    values = {"a": array(one, "a"), "b": array(other, "b")}
    assert same(computed("dot(a, b)", values), np.dot(values["a"], values["b"]))


@pytest.mark.parametrize(("one", "other"), [((2,), (3,)), ((1,), (1,)), ((), (3,)), ((3,), ()), ((), ())], ids=str)
def test_the_outer_product_is_numpys(one: Shape, other: Shape) -> None:
    values = {"a": array(one, "a"), "b": array(other, "b")}
    assert same(computed("outer(a, b)", values), np.outer(values["a"], values["b"]))


def test_products_bind_as_in_python() -> None:
    values = {"a": array((2, 2), "a"), "b": array((2, 2), "b"), "x": array((2,), "x")}
    a, b, x = values.values()
    assert same(computed("a @ b @ x", values), a @ b @ x)
    assert same(computed("-a @ x", values), -a @ x)
    assert same(computed("a @ b**2 + a*b", values), a @ b**2 + a * b)
    assert same(computed("2*a @ x/3", values), 2 * a @ x / 3)
    assert same(computed("transpose(a @ b) - transpose(b) @ transpose(a)", values), np.zeros((2, 2)))


def test_every_function_of_vectors_is_tried() -> None:
    others = {"dot", "matmul", "outer"}
    assert set(VECTOR_FUNCTIONS) <= set(OF_ONE) | others <= FUNCTION_NAMES


# --- literals and indices
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[x, y]", [2.0, 3.0]),
        ("[x]", [2.0]),
        ("[[x, y], [1, 2]]", [[2.0, 3.0], [1.0, 2.0]]),
        ("[[x], [y]]", [[2.0], [3.0]]),
        ("[[x, y]]", [[2.0, 3.0]]),
        ("[[[x]]]", [[[2.0]]]),
        ("[x*y, x + y, -x]", [6.0, 5.0, -2.0]),
        ("v = [x, y]; [v, 2*v]", [[2.0, 3.0], [4.0, 6.0]]),
        ("[x, y] + 1", [3.0, 4.0]),
        ("[x, y]*[[1], [10]]", [[2.0, 3.0], [20.0, 30.0]]),
        ("v = [x, y]; v[0]*v[1]", 6.0),
        ("[x, y][1]", 3.0),
        ("[x, y][-2]", 2.0),
        ("sin([x, y])[0]", math.sin(2)),
        ("[[x, y], [1, 2]][0]", [2.0, 3.0]),
        ("[[x, y], [1, 2]][-1][0]", 1.0),
        ("[[x, y], [1, 2]][0, 1]", 3.0),
        ("2**[x, y]", [4.0, 8.0]),
        ("[[x, y], [1, 2]] @ [1, -1]", [-1.0, -1.0]),
    ],
)
def test_a_literal_of_vectors(text: str, expected: Any) -> None:
    assert same(computed(text, {"x": np.array(2.0), "y": np.array(3.0)}), expected)


@pytest.mark.parametrize("shape", [(4,), (2, 3), (3, 2, 2)], ids=str)
def test_every_index_picks_what_numpy_picks(shape: Shape) -> None:
    value = array(shape, "picked")
    for depth in range(1, len(shape) + 1):
        for index in product(*(range(-size, size) for size in shape[:depth])):
            listed = "".join(f"[{i}]" for i in index)
            assert same(computed(f"a[{', '.join(map(str, index))}]", {"a": value}), value[index])
            assert same(computed(f"a{listed}", {"a": value}), value[index])


def test_inputs_are_entries_in_order_and_only_variables_that_are_read() -> None:
    shapes = {"x": (2,), "M": (2, 2), "z": (), "unused": (3,)}
    expression = elaborate("M[1, 0]*z + sum(x)", shapes)
    assert expression.shapes == {"M": (2, 2), "z": (), "x": (2,)}
    assert expression.variables == ("M", "z", "x")
    assert expression.program.inputs == ("M[0, 0]", "M[0, 1]", "M[1, 0]", "M[1, 1]", "z", "x[0]", "x[1]")
    assert expression.shape == ()
    assert not expression.scalar


def test_entries_are_differentiated_in_order() -> None:
    case = make_case("z*sum(M)*x[1]", {"x": (1.0, 2.0), "M": ((3.0, 4.0), (5.0, 6.0)), "z": 7.0}, ["x", "z"])
    assert case.entries == ("x[0]", "x[1]", "z")
    assert [case.problem.point[i] for i in case.problem.wrt] == [1.0, 2.0, 7.0]
    assert case.problem.point == [7.0, 3.0, 4.0, 5.0, 6.0, 1.0, 2.0]


def test_a_vector_that_is_given_and_not_read_can_be_asked_for() -> None:
    case = make_case("x*x", {"x": 2.0, "v": (1.0, 2.0)}, ["v", "x"])
    assert case.entries == ("v[0]", "v[1]", "x")
    assert case.problem.point == [2.0, 1.0, 2.0]
    assert case.problem.wrt == (1, 2, 0)


@pytest.mark.parametrize(
    ("text", "shapes", "names"),
    [
        ("x", {}, ("f",)),
        ("[x, x]", {}, ("f[0]", "f[1]")),
        ("outer([x, 1], [x, 2])", {}, ("f[0, 0]", "f[0, 1]", "f[1, 0]", "f[1, 1]")),
    ],
)
def test_outputs_have_names(text: str, shapes: dict[str, Any], names: tuple[str, ...]) -> None:
    assert make_case(text, {"x": 1.0, **shapes}).outputs == names


# --- what it costs: exactly the operations typed
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("dot(x, y)", Cost(mul=3, add=2)),
        ("sum(x)", Cost(add=2)),
        ("prod(x)", Cost(mul=2)),
        ("mean(x)", Cost(add=2, div=1)),
        ("max(x)", Cost(func=2)),
        ("norm(x)", Cost(mul=3, add=2, func=1)),
        ("outer(x, y)", Cost(mul=9)),
        ("outer(x, y) @ x", Cost(mul=18, add=6)),
        ("transpose(outer(x, y))", Cost(mul=9)),
        ("x + 1", Cost(add=3)),
        ("x[0]*y[1]", Cost(mul=1)),
        ("[x, y][0]", Cost()),
        ("x*[[1], [2]]", Cost(mul=6)),
        ("s = sum(x); s*x", Cost(add=2, mul=3)),
        ("softmax(x)", Cost(func=5, add=5, div=3)),
        ("logsumexp(x)", Cost(func=6, add=6)),
    ],
)
def test_costs_are_those_of_the_scalars(text: str, expected: Cost) -> None:
    assert count(elaborate(text, {"x": (3,), "y": (3,)}).program) == expected


def test_what_is_typed_is_what_is_computed_in_that_order() -> None:
    program = elaborate("sum(x)", {"x": (4,)}).program
    assert render(program) == "x[0] + x[1] + x[2] + x[3]"
    program = elaborate("dot(x, y)", {"x": (2,), "y": (2,)}).program
    assert render(program) == "x[0]*y[0] + x[1]*y[1]"


def test_the_largest_entry_is_taken_out_before_exponentials() -> None:
    big = {"x": np.array([1000.0, 1000.0])}
    assert same(computed("logsumexp(x)", big), 1000 + math.log(2))
    assert same(computed("softmax(x)", big), [0.5, 0.5])
    assert same(computed("logsumexp(-x)", big), -1000 + math.log(2))


# --- what does not fit
ERRORS: tuple[tuple[str, str, str], ...] = (
    # expression, what of it is marked, message
    ("1 + dot(u, v)", "dot(u, v)", "dot: lengths 3 and 4 differ"),
    ("matmul(u, v)*2", "matmul(u, v)", "matmul: lengths 3 and 4 differ"),
    ("2*(u @ v)", "u @ v", "@: lengths 3 and 4 differ"),
    ("u + v", "u + v", "+: lengths 3 and 4 differ"),
    ("1 - (u - v)", "u - v", "-: lengths 3 and 4 differ"),
    ("u*v", "u*v", "*: lengths 3 and 4 differ"),
    ("u/v", "u/v", "/: lengths 3 and 4 differ"),
    ("u**v", "u**v", "**: lengths 3 and 4 differ"),
    ("u < v", "u < v", "<: lengths 3 and 4 differ"),
    ("0 < u < v", "0 < u < v", "<: lengths 3 and 4 differ"),
    ("u < 0 < v", "u < 0 < v", "and: lengths 3 and 4 differ"),
    ("u > 0 and v > 0", "u > 0 and v > 0", "and: lengths 3 and 4 differ"),
    ("u > 0 or v > 0", "u > 0 or v > 0", "or: lengths 3 and 4 differ"),
    ("u if 1 < 2 else v", "u if 1 < 2 else v", "if: lengths 3 and 4 differ"),
    ("where(u > 0, v, 0)", "where(u > 0, v, 0)", "where: lengths 3 and 4 differ"),
    ("where(u > 0, v, [1, 2])", "where(u > 0, v, [1, 2])", "where: lengths 3, 4 and 2 differ"),
    ("max(u, v)", "max(u, v)", "max: lengths 3 and 4 differ"),
    ("max(u, 2, v)", "max(u, 2, v)", "max: lengths 3 and 4 differ"),
    ("atan2(u, v)", "atan2(u, v)", "atan2: lengths 3 and 4 differ"),
    ("fma(u, v, [1, 2])", "fma(u, v, [1, 2])", "fma: lengths 3, 4 and 2 differ"),
    ("pow(u, v)", "pow(u, v)", "pow: lengths 3 and 4 differ"),
    ("clip(u, v, 1)", "clip(u, v, 1)", "clip: lengths 3 and 4 differ"),
    ("M + u + N", "M + u + N", "+: shapes (2, 3) and (3, 2) do not fit"),
    ("M*v", "M*v", "*: shapes (2, 3) and (4,) do not fit"),
    ("where(M > 0, N, 0)", "where(M > 0, N, 0)", "where: shapes (2, 3) and (3, 2) do not fit"),
    ("1 + M @ v", "M @ v", "@: shapes (2, 3) and (4,) do not fit: 3 columns meet 4 rows"),
    ("M @ M", "M @ M", "@: shapes (2, 3) and (2, 3) do not fit: 3 columns meet 2 rows"),
    ("u @ M", "u @ M", "@: shapes (3,) and (2, 3) do not fit: 3 columns meet 2 rows"),
    ("dot(M, v)", "dot(M, v)", "dot: shapes (2, 3) and (4,) do not fit: 3 columns meet 4 rows"),
    ("u @ 2", "u @ 2", "@: vectors or matrices are needed, not a vector of length 3 and a number"),
    ("x @ M", "x @ M", "@: vectors or matrices are needed, not a number and a matrix of shape (2, 3)"),
    ("matmul(x, x)", "matmul(x, x)", "matmul: vectors or matrices are needed, not a number and a number"),
    ("outer(M, u)", "outer(M, u)", "outer: two vectors are needed, not shapes (2, 3) and (3,)"),
    ("1 + [x, [x, x]][0]", "[x, [x, x]]", "[…]: a number and a vector of length 2 do not make one matrix"),
    ("[[x, x], [x]]", "[[x, x], [x]]", "[…]: a vector of length 2 and a vector of length 1 do not make one matrix"),
    ("[u, M]", "[u, M]", "[…]: a vector of length 3 and a matrix of shape (2, 3) do not make one matrix"),
    ("u[3]", "u[3]", "a vector of length 3 has no entry [3]"),
    ("2*u[-4] + 1", "u[-4]", "a vector of length 3 has no entry [-4]"),
    ("M[2, 0]", "M[2, 0]", "a matrix of shape (2, 3) has no entry [2, 0]"),
    ("M[0, 3]", "M[0, 3]", "a matrix of shape (2, 3) has no entry [0, 3]"),
    ("M[0][3]", "M[0][3]", "a vector of length 3 has no entry [3]"),
    ("u[0, 0]", "u[0, 0]", "a vector of length 3 has no entry [0, 0]"),
    ("u[0][0]", "u[0][0]", "a number has no entry [0]"),
    ("x[0]", "x[0]", "a number has no entry [0]"),
    ("(u @ u)[0]", "(u @ u)[0]", "a number has no entry [0]"),
    ("u[x]", "u[x]", "an index is a whole number, as it stands"),
    ("u[0.5]", "u[0.5]", "an index is a whole number, as it stands"),
    ("u[u]", "u[u]", "an index is a whole number, as it stands"),
    ("u[1 + 1]", "u[1 + 1]", "an index is a whole number, as it stands"),
    ("x if u else 2", "x if u else 2", "the condition of if is a vector, not one number"),
    ("x if M > 0 else 2", "x if M > 0 else 2", "the condition of if is a vector, not one number"),
)
SHAPES: dict[str, Shape] = {"x": (), "u": (3,), "v": (4,), "M": (2, 3), "N": (3, 2)}


@pytest.mark.parametrize(("text", "marked", "message"), ERRORS, ids=[text for text, _, _ in ERRORS])
def test_what_does_not_fit_is_said_with_both_shapes_and_the_place(text: str, marked: str, message: str) -> None:
    with pytest.raises(DiffError) as caught:
        elaborate(text, SHAPES)
    error = caught.value
    assert error.message == message
    assert error.kind == "shape"
    assert error.span is not None
    assert text[slice(*error.span)] == marked


@pytest.mark.parametrize("name", ["sum", "prod", "mean", "norm", "transpose", "logsumexp", "softmax", "dot", "outer"])
def test_the_number_of_arguments_is_said(name: str) -> None:
    needed = "2 arguments" if name in ("dot", "outer") else "1 argument"
    with pytest.raises(DiffError) as caught:
        elaborate(f"1 + {name}(x, x, x)")
    assert caught.value.message == f"{name} takes {needed}, not 3"
    assert caught.value.span == (4, 4 + len(f"{name}(x, x, x)"))


def test_an_index_of_what_has_no_value_tells_to_give_it_one() -> None:
    with pytest.raises(DiffError) as caught:
        make_case("2*v[0]", {})
    assert caught.value.kind == "missing"
    assert caught.value.message == "the variable v has no value"
    assert caught.value.span == (2, 6)
    assert caught.value.hint == 'add --at "v=[1, 2, 3]"'


@pytest.mark.parametrize("text", ["[", "[x", "[x,", "[]", "[[]]", "[x,]", "x[]", "x[0", "[x]]", "[x; y]", "@x", "x @"])
def test_a_broken_literal_is_refused_at_its_place(text: str) -> None:
    with pytest.raises(DiffError) as caught:
        elaborate(text, {"x": (2,)})
    assert caught.value.kind == "syntax"
    assert caught.value.span is not None
    assert 0 <= caught.value.span[0] <= min(caught.value.span[1], len(text))


# --- points
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("v=[1,2,3]", {"v": (1.0, 2.0, 3.0)}),
        ("v = [1, pi/4], x=2", {"v": (1.0, math.pi / 4), "x": 2.0}),
        ("M=[[1,2],[3,4]]; v=[0.5]", {"M": ((1.0, 2.0), (3.0, 4.0)), "v": (0.5,)}),
        ("v=2*[1, -1]", {"v": (2.0, -2.0)}),
        ("v=[1,2]+[3,4]", {"v": (4.0, 6.0)}),
        ("v=[[1,2],[3,4]] @ [1,1]", {"v": (3.0, 7.0)}),
        ("v=[1,2][1]", {"v": 2.0}),
    ],
)
def test_a_point_has_vectors(text: str, expected: dict[str, Any]) -> None:
    assert read_point(text) == expected


@pytest.mark.parametrize(
    "text", ["v=[1,[2,3]]", "v=[]", "v=[1,2", "v=[1,inf]", "v=[1,w]", "v=[1,2]+[1,2,3]", "v=[1/0]"]
)
def test_a_broken_point_is_refused_at_its_place(text: str) -> None:
    with pytest.raises(DiffError) as caught:
        read_point(text)
    assert caught.value.kind == ("syntax" if text in ("v=[]", "v=[1,2") else "point")
    assert caught.value.source == text


NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.recursive(
    NUMBERS, lambda inner: st.builds(lambda value, n: (value,) * n, inner, st.integers(1, 3)), max_leaves=6
)


@given(VALUES)
def test_a_value_is_read_as_it_is_written(value: Any) -> None:
    again = constant(written(value))
    assert shape_of(again) == shape_of(value)
    assert [x.hex() for x in flat(again)] == [x.hex() for x in flat(value)]


@given(st.lists(NUMBERS, min_size=1, max_size=6))
def test_a_vector_is_read_as_it_is_written(numbers: Sequence[float]) -> None:
    assert constant(written(tuple(numbers))) == tuple(numbers)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("[x, y] @ [1, 2]", "[x, y] @ [1, 2]"),
        ("v = [x, y] # both\n v[0]*v[1]", "v = [x, y]; v[0]*v[1]"),
        ("a = x*y; a + a", "a = x*y; a + a"),
        ("x  *  y", "x*y"),
    ],
)
def test_what_was_understood_is_shown(text: str, shown: str) -> None:
    case = make_case(text, {"x": 1.0, "y": 2.0})
    assert understood(case) == shown
    again = make_case(understood(case), {"x": 1.0, "y": 2.0})
    assert again.expression.program == case.expression.program


def test_expressions_of_scalars_are_not_touched() -> None:
    """No vector in it: the program and its rendering are what they were."""
    for text in ("x*sin(y)", "a = x*y; a + a", "max(x, y, 2)", "where(x > 0, x, y)", "-x**2"):
        plain, given_shapes = elaborate(text), elaborate(text, {"x": (), "y": ()})
        assert plain.program == given_shapes.program
        assert plain.scalar
        assert plain.shape == ()
        assert set(plain.shapes.values()) == {()}
        assert render(plain.program, plain.bindings) == render(given_shapes.program, given_shapes.bindings)
    vector = elaborate("[x*sin(y)][0]")
    assert vector.program == elaborate("x*sin(y)").program
    assert not vector.scalar


# --- the room itself
def test_places_and_subscripts() -> None:
    assert list(places((2, 2))) == [(0, 0), (0, 1), (1, 0), (1, 1)]
    assert list(places(())) == [()]
    assert [subscript(place) for place in ((), (0,), (1, 2))] == ["", "[0]", "[1, 2]"]


def test_nested_and_picked_and_transposed() -> None:
    tensor = Tensor((2, 3), tuple(range(6)))
    assert nested(tensor.shape, tensor.entries) == [[0, 1, 2], [3, 4, 5]]
    assert pick(tensor, [1]) == Tensor((3,), (3, 4, 5))
    assert pick(tensor, [-1, 0]) == 3
    assert transpose(tensor) == Tensor((3, 2), (0, 3, 1, 4, 2, 5))
    assert stack([Tensor((2,), (1, 2)), Tensor((2,), (3, 4))]) == Tensor((2, 2), (1, 2, 3, 4))
    with pytest.raises(Mismatch):
        stack([1, Tensor((1,), (1,))])


def test_operations_are_handed_entries_and_nothing_else() -> None:
    met: list[tuple[int, int]] = []
    found = each(lambda a, b: met.append((a, b)) or len(met), Tensor((2, 1), (1, 2)), Tensor((2,), (10, 20)))  # type: ignore[func-returns-value]
    assert met == [(1, 10), (1, 20), (2, 10), (2, 20)]
    assert found == Tensor((2, 2), (1, 2, 3, 4))


# --- size
LONG = 100_000


@pytest.mark.parametrize(
    ("text", "operations"),
    [
        ("sum(x)", LONG - 1),
        ("dot(x, x)", 2 * LONG - 1),
        ("norm(x)", 2 * LONG),
        ("max(x)", LONG - 1),
        ("mean(exp(x))", 2 * LONG),
        ("sum(where(x > 0, x, 0))", LONG - 1),
        ("x[99999]*x[-1]", 1),
    ],
)
def test_long_vectors_take_time_linear_in_their_length(text: str, operations: int) -> None:
    """Not quadratic: that would be hours. The bound is generous, for a busy machine."""
    begun = time.process_time()
    program = elaborate(text, {"x": (LONG,)}).program
    assert count(program).total == operations
    assert len(program.inputs) == LONG
    assert time.process_time() - begun < 10


def test_a_long_literal_is_read_in_linear_time() -> None:
    begun = time.process_time()
    value = constant(f"[{', '.join(['0.5'] * LONG)}]")
    assert value == (0.5,) * LONG
    assert time.process_time() - begun < 10


def test_entry_by_entry_a_long_vector_is_read_in_linear_time() -> None:
    text = " + ".join(f"x[{i}]" for i in range(20_000))
    begun = time.process_time()
    program = elaborate(text, {"x": (20_000,)}).program
    assert count(program).add == 19_999
    assert time.process_time() - begun < 10


def test_only_scalar_primitives_reach_a_program() -> None:
    text = "M = outer(x, x); v = softmax(M @ x); logsumexp(v) + norm(transpose(M)) + max(v)*mean(v)*prod(v)"
    program = elaborate(text, {"x": (3,)}).program
    scalars = {
        CODE[name] for name in ("input", "const", "add", "sub", "mul", "div", "exp", "log", "max", "sqrt", "detach")
    }
    assert set(program.ops) <= scalars
    assert "max" in FUNCTIONS
