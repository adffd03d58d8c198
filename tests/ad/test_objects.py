"""Dual numbers and tapes in the hand: what they compute is what the methods find, bit for bit; misuse is said."""

from __future__ import annotations

import copy
import itertools
import math
import operator
import pickle
import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import diffcli
from diffcli import Dual, Tape, Variable, functions
from diffcli.core.primitives import FUNCTIONS, PRIMITIVES
from diffcli.runtime.errors import DiffError

HAND: Any = functions
POINTS = (-3.5, -1.0, -0.75, -0.0, 0.0, 0.3, 0.75, 1.0, 2.5, 30.0)
PAIRS = [(0.75, 2.5), (2.5, 0.75), (-0.75, 2.0), (1.0, 1.0), (0.0, 2.0), (-2.0, 3.0), (0.0, 0.0), (30.0, -0.5)]


def bits(number: float) -> str:
    return "nan" if math.isnan(number) else float(number).hex()


def by_dual(function: Callable[..., Any], *point: float) -> tuple[Any, list[Any]]:
    """The value and the gradient, a sweep per argument."""
    sweeps = [function(*(Dual(x, 1.0) if i == k else Dual(x) for i, x in enumerate(point))) for k in range(len(point))]
    return sweeps[0].primal, [sweep.tangent for sweep in sweeps]


def by_tape(function: Callable[..., Any], *point: float) -> tuple[Any, list[Any]]:
    tape = Tape()
    variables = [tape.variable(x) for x in point]
    result = function(*variables)
    result.backward()
    return result.value, [variable.grad for variable in variables]


def agree(function: Callable[..., Any], text: str, *point: float) -> None:
    """A function in the hand, and its text by the methods, have equal bits."""
    names = "xyz"[: len(point)]
    at = dict(zip(names, point, strict=True))
    for way, method in ((by_dual, "forward"), (by_tape, "reverse")):
        value, slopes = way(function, *point)
        (row,) = diffcli.compare(text, at, list(names), [method], memory=False).measurements
        assert row.values is not None
        assert row.derivative is not None
        assert bits(value) == bits(row.values[0])
        assert list(map(bits, slopes)) == list(map(bits, row.derivative)), (text, at, method)


# --- every function and operator, against the methods
@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_function_is_what_the_methods_find(name: str) -> None:
    arity = PRIMITIVES[FUNCTIONS[name]].arity
    points: Any = {1: [(x,) for x in POINTS], 2: PAIRS, 3: [(0.75, 2.5, -0.5)]}[arity]
    text = f"{name}({', '.join('xyz'[:arity])})"
    for point in points:
        agree(getattr(functions, name), text, *point)


def test_functions_are_those_of_the_table() -> None:
    assert set(functions.__all__) == set(FUNCTIONS)
    assert functions.__all__ == list(FUNCTIONS)


OPERATORS: list[tuple[Callable[..., Any], str]] = [
    (operator.add, "x + y"), (operator.sub, "x - y"), (operator.mul, "x*y"), (operator.truediv, "x/y"),
    (operator.pow, "x**y"), (operator.mod, "mod(x, y)"),
]  # fmt: skip


@pytest.mark.parametrize(("apply", "text"), OPERATORS, ids=lambda part: part if isinstance(part, str) else "")
def test_operators_of_two_values(apply: Callable[..., Any], text: str) -> None:
    for point in PAIRS:
        if text != "x**y":
            agree(apply, text, *point)
    agree(operator.pow, "x**y", 0.75, 2.5)
    agree(operator.pow, "x**y", 0.0, 2.0)


@pytest.mark.parametrize(("apply", "text"), OPERATORS, ids=lambda part: part if isinstance(part, str) else "")
@pytest.mark.parametrize("number", [2.0, 0.5, 3])
def test_operators_with_numbers_on_either_side(apply: Callable[..., Any], text: str, number: float) -> None:
    for x in (0.75, 2.5):
        agree(lambda value: apply(value, number), text.replace("y", repr(number)), x)
        agree(lambda value: apply(number, value), text.replace("x", repr(number)).replace("y", "x"), x)


UNARY: list[tuple[Callable[..., Any], str]] = [
    (operator.neg, "-x"), (operator.pos, "x"), (abs, "abs(x)"), (math.floor, "floor(x)"), (math.ceil, "ceil(x)"),
    (math.trunc, "trunc(x)"), (round, "round(x)"), (lambda x: x**2, "x**2"), (lambda x: x**-3, "x**-3"),
    (lambda x: x**0, "x**0"),
]  # fmt: skip


@pytest.mark.parametrize(("apply", "text"), UNARY, ids=lambda part: part if isinstance(part, str) else "")
def test_operators_of_one_value(apply: Callable[..., Any], text: str) -> None:
    for x in (-1.25, 0.75, 2.5):
        agree(apply, text, x)


FORMULAS: list[tuple[Callable[..., Any], str]] = [
    (lambda x, y: HAND.log(x) + x * y - HAND.sin(y), "log(x) + x*y - sin(y)"),
    (lambda x, y: (1 - x) ** 2 + 100 * (y - x**2) ** 2, "(1 - x)**2 + 100*(y - x**2)**2"),
    (lambda x, y: HAND.exp(-x * x / 2) / (1 + y * y), "exp(-x*x/2)/(1 + y*y)"),
    (lambda x, y: HAND.max(x, y) * HAND.min(x, 2 * y) - HAND.relu(x - y), "max(x, y)*min(x, 2*y) - relu(x - y)"),
    (lambda x, y: HAND.hypot(x, y) * HAND.atan2(y, x) / HAND.cosh(x), "hypot(x, y)*atan2(y, x)/cosh(x)"),
    (lambda x, y: HAND.tanh(3 * x - y) + HAND.detach(x) * y, "tanh(3*x - y) + detach(x)*y"),
    (lambda x, y: HAND.sigmoid(y) * HAND.erf(x), "sigmoid(y)*erf(x)"),
    (lambda x, y: x * x if x > y else y * HAND.sqrt(x), "where(x > y, x*x, y*sqrt(x))"),
    (lambda x, y: HAND.sqrt(x * x) + y, "sqrt(x*x) + y"),
]  # fmt: skip


@pytest.mark.parametrize(("function", "text"), FORMULAS, ids=lambda part: part if isinstance(part, str) else "")
def test_formulas_are_what_the_methods_find(function: Callable[..., Any], text: str) -> None:
    seeded = random.Random(text)
    for _ in range(20):
        agree(function, text, seeded.uniform(0.1, 3), seeded.uniform(-3, 3))
    agree(function, text, 1.0, 1.0)


def test_a_tangent_of_zero_that_was_computed_is_a_number() -> None:
    """0/0, as the methods have it; a constant is flat by structure and never meets an infinity."""
    x = Dual(0.0, 1.0)
    assert math.isnan(functions.sqrt(x * x).tangent)
    assert functions.sqrt(Dual(0.0)).tangent == 0.0
    assert (functions.log(Dual(0.0)) + Dual(1.0, 1.0)).tangent == 1.0


def test_numbers_stay_numbers() -> None:
    assert functions.exp(0.0) == 1.0
    assert type(functions.sin(1)) is float
    assert math.isnan(functions.log(-1.0))


# --- comparisons, control flow and the plain number
def test_comparisons_look_at_the_primal() -> None:
    x, y = Dual(2.0, 1.0), Tape().variable(2.0)
    for value in (x, y):
        assert (value < 3, value <= 2.0, value > 1, value >= 2.0) == (True,) * 4
        assert (value < 2, value <= 1.0, value > 2, value >= 2.5) == (False,) * 4
        assert value == 2.0
        assert value != 3
        assert value != "2"
        assert bool(value)
        assert not value * 0
    assert max([Dual(1.0, 5.0), Dual(3.0, 7.0)]).tangent == 7.0
    with pytest.raises(TypeError, match="unhashable"):
        hash(x)


@pytest.mark.parametrize("convert", [float, math.sin, math.sqrt])
@pytest.mark.parametrize("value", [Dual(2.0, 1.0), Tape().variable(2.0)])
def test_a_derivative_is_not_lost_in_silence(convert: Callable[[Any], float], value: Any) -> None:
    with pytest.raises(DiffError, match=r"float\(\) would lose its derivative") as caught:
        convert(value)
    assert "diffcli.functions" in (caught.value.hint or "")


def test_detach_stops_a_derivative() -> None:
    x = Dual(3.0, 1.0)
    assert (x.detach() * x).tangent == 3.0
    tape = Tape()
    v = tape.variable([1.0, 2.0])
    (v.detach() @ v).backward()
    assert v.grad == [1.0, 2.0]


def test_a_dual_shows_itself() -> None:
    assert repr(Dual(3, 1)) == "Dual(3.0, 1.0)"
    assert repr(Dual(3)) == "Dual(3.0, 0.0)"


# --- the tape
def test_gradients_add_up_until_they_are_forgotten() -> None:
    tape = Tape()
    x = tape.variable([0, 1, 2, 3], "x")
    (2 * (x @ x)).backward()
    assert x.grad == [0.0, 4.0, 8.0, 12.0]
    x.sum().backward()
    assert x.grad == [1.0, 5.0, 9.0, 13.0]
    tape.zero_grad()
    assert x.grad is None
    x.sum().backward()
    assert x.grad == [1.0] * 4
    x.zero_grad()
    assert x.grad is None


def test_backward_fills_every_variable_of_the_tape() -> None:
    tape = Tape()
    x, y = tape.variable(2.0), tape.variable(3.0)
    (x * x).backward()
    assert (x.grad, y.grad) == (4.0, 0.0)


def test_a_tape_is_used_up_unless_it_is_kept() -> None:
    tape = Tape()
    x = tape.variable(3.0)
    y = x * x
    y.backward(retain=True)
    y.backward()
    assert x.grad == 12.0
    with pytest.raises(DiffError, match="its tape is used up") as caught:
        y.backward()
    assert "retain=True" in (caught.value.hint or "")
    with pytest.raises(DiffError, match="its tape is used up"):
        (2 * y).backward()
    (x * x).backward()
    assert x.grad == 18.0


def test_what_is_used_up_stays_so() -> None:
    x = Tape().variable(3.0)
    square, cube = x * x, x * x * x
    square.backward()
    cube.backward()
    with pytest.raises(DiffError, match="its tape is used up"):
        square.backward()
    assert x.grad == 6.0 + 27.0


def test_a_mean_is_of_all_entries() -> None:
    matrix = Tape().variable([[1.0, 2.0, 3.0], [4.0, 5.0, 9.0]])
    matrix.mean().backward()
    assert matrix.mean().value == 4.0
    assert matrix.grad == [[1 / 6] * 3] * 2


def test_slices_are_pythons() -> None:
    v = Tape().variable([1.0, 2.0, 4.0, 8.0, 16.0])
    slices = (slice(1, 3), slice(None, None, 2), slice(None, None, -1), slice(-2, None))
    for part in slices:
        assert v[part].value == v.value[part]
    v[::2].sum().backward()
    assert v.grad == [1.0, 0.0, 1.0, 0.0, 1.0]


def test_columns_blocks_and_turned_matrices_are_numpys() -> None:
    rows = [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]
    tape, array = Tape(), np.array(rows)
    m = tape.variable(rows, "m")
    for index in ((slice(None), 0), (slice(None), slice(1, 3)), (1, slice(None, None, -1)), (slice(1), -1), (0, 2)):
        assert m[index].value == array[index].tolist()
    assert m.T.value == array.T.tolist()
    assert m.T[0].value == m[:, 0].value
    (m.T @ m)[:, 1].sum().backward()
    assert m.grad == [[2.0, 6.0 + 2.0, 2.0], [5.0, 15.0 + 5.0, 5.0]]


def test_numpys_sum_and_mean_are_of_all_entries() -> None:
    m = Tape().variable([[1.0, 2.0], [3.0, 6.0]])
    assert (np.sum(m).value, np.mean(m).value) == (12.0, 3.0)  # type: ignore[call-overload]
    for ask in (lambda: np.sum(m, axis=0), lambda: m.mean(axis=1)):
        with pytest.raises(DiffError, match="that of all entries, without axis="):
            ask()


def test_a_variable_by_itself_is_never_used_up() -> None:
    x = Tape().variable(3.0)
    x.backward()
    x.backward()
    assert x.grad == 2.0


def test_a_vector_needs_weights() -> None:
    tape = Tape()
    x = tape.variable([2.0, 3.0])
    y = x * x
    with pytest.raises(DiffError, match=r"no scalar: its shape is \(2,\)") as caught:
        y.backward()
    assert caught.value.hint == "write backward([1, 1]), or take its sum first"
    with pytest.raises(DiffError, match=r"the weights have the shape \(3,\), the output \(2,\)"):
        y.backward([1, 2, 3])
    y.backward(np.array([1.0, 10.0]))
    assert x.grad == [4.0, 60.0]


def test_weights_are_those_of_a_vjp() -> None:
    tape = Tape()
    x, y = tape.variable(3.0), tape.variable(2.0)
    results = [x * x, x * y]
    for result, weight in zip(results, (1.0, 10.0), strict=True):
        result.backward(weight)
    assert [x.grad, y.grad] == diffcli.vjp("[x^2, x*y]", {"x": 3.0, "y": 2.0}, [1, 10])


def test_a_weight_of_zero_meets_no_infinity() -> None:
    x = Tape().variable([0.0, 4.0])
    functions.sqrt(x).backward([0, 1])
    assert x.grad == [0.0, 0.25]


def test_vectors_and_matrices() -> None:
    tape = Tape()
    w = tape.variable([[1.0, 2.0], [3.0, 4.0]], "w")
    x = tape.variable(np.array([0.5, -1.0]), "x")
    loss = functions.tanh(w @ x).sum() + (x * x).mean() + x.norm() + w[1, 0] * x[-1] + (x[1:] * 2).sum()
    loss.backward()
    text = "sum(tanh(w @ x)) + mean(x*x) + norm(x) + w[1, 0]*x[1] + x[1]*2"
    wanted = diffcli.gradient(text, {"w": [[1.0, 2.0], [3.0, 4.0]], "x": [0.5, -1.0]})
    assert [*itertools.chain(*w.grad), *x.grad] == pytest.approx(wanted, rel=1e-15, abs=0)
    assert (w.shape, x.shape, loss.shape) == ((2, 2), (2,), ())
    assert w.value == [[1.0, 2.0], [3.0, 4.0]]
    assert [entry.value for entry in x] == [0.5, -1.0]
    assert len(w) == 2


def test_numbers_lists_and_arrays_join_in() -> None:
    tape = Tape()
    v = tape.variable([1.0, 2.0])
    ones: Any = [1, 1]
    for made in (v + ones, ones + v, np.array([1, 1]) + v, v + np.array([1, 1]), v + 1, np.float64(1) + v):
        assert isinstance(made, Variable)
        assert made.value == [2.0, 3.0]
    assert ([[1, 2], [3, 4]] @ v).value == (np.array([[1, 2], [3, 4]]) @ v).value == [5.0, 11.0]
    assert (2**v).value == [2.0, 4.0]


def test_a_tape_is_printed_as_a_table() -> None:
    tape = Tape()
    x1, x2 = tape.variable(2.0, "x1"), tape.variable(5.0, "x2")
    f = functions.log(x1) + x1 * x2 - functions.sin(x2) ** 2
    before = str(tape)
    f.backward()
    cells = [line.split("  ") for line in str(tape).splitlines()]
    assert [[cell.strip() for cell in row if cell.strip()] for row in cells] == [
        ["operation", "value", "adjoint"],
        ["0", "x1", "2.0", "5.5"],
        ["1", "x2", "5.0", repr(x2.grad)],
        ["2", "log(x1)", repr(math.log(2)), "1.0"],
        ["3", "x1 * x2", "10.0", "1.0"],
        ["4", "#2 + #3", repr(math.log(2) + 10), "1.0"],
        ["5", "sin(x2)", repr(math.sin(5)), repr(-2 * math.sin(5))],
        ["6", "#5**2", repr(math.sin(5) ** 2), "-1.0"],
        ["7", "#4 - #6", repr(f.value), "1.0"],
    ]
    assert len({len(line) - len(line.split()[-1]) for line in str(tape).splitlines()}) == 1
    assert tape._repr_html_() == f"<pre>{tape}</pre>"
    assert "adjoint" in before
    assert "5.5" not in before
    assert repr(tape) == "Tape(variables: 2, operations: 6)"
    assert len(tape) == 6
    assert repr(x1) == "Variable(2.0)"


# --- NumPy's functions
UFUNCS = [name for name in functions.__all__ if isinstance(getattr(np, name, None), np.ufunc)]


@pytest.mark.parametrize("name", UFUNCS)
def test_functions_of_numpy_take_variables(name: str) -> None:
    arity = getattr(np, name).nin
    point = [0.75, 2.5][:arity] if name not in ("acosh", "arccosh") else [2.5]
    one = [Tape().variable(point) for _ in range(2)]
    by_numpy = getattr(np, name)(*(one[0][i] for i in range(arity)))
    by_hand = getattr(functions, name)(*(one[1][i] for i in range(arity)))
    by_numpy.backward()
    by_hand.backward()
    assert by_numpy.value == by_hand.value
    assert one[0].grad == one[1].grad


def test_functions_of_numpy_take_duals_and_arrays_of_them() -> None:
    x = Dual(0.75, 1.0)
    for name in ("sin", "exp", "log", "sqrt", "tanh", "arctan", "cbrt", "log1p", "floor", "rint", "fabs", "square"):
        found = getattr(np, name)(x)
        (entry,) = getattr(np, name)(np.array([x]))
        assert isinstance(found, Dual)
        assert repr(found) == repr(entry)
    assert repr(np.hypot(x, 2.0)) == repr(functions.hypot(x, 2.0))
    assert repr(np.arctan2(x, 2.0)) == repr(functions.atan2(x, 2.0))
    assert repr(np.array([1.0, 2.0]) * x) == repr(x * np.array([1.0, 2.0]))
    assert repr(
        np.array([[1.0, 2.0], [3.0, 4.0]]) @ np.array([x, x])
    ) == "array([Dual(2.25, 3.0), Dual(5.25, 7.0)])".replace("])", "], dtype=object)")
    assert repr(np.float64(2) * x) == repr(x * np.float64(2)) == "Dual(1.5, 2.0)"
    assert repr(x ** np.int64(2)) == repr(x**2)


def test_what_numpy_has_and_the_table_has_not_is_refused() -> None:
    v = Tape().variable([1.0, 2.0])
    for ask in (lambda: np.floor_divide(v, 2), lambda: np.add.reduce(v), lambda: np.isnan(v)):
        with pytest.raises(TypeError):
            ask()
    assert np.float64(1) < v[1]


# --- misuse
def test_misuse_is_said() -> None:
    tape = Tape()
    v, x = tape.variable([1.0, 2.0]), Dual(3.0, 1.0)
    other = Tape().variable([1.0, 2.0])
    cases: list[tuple[Callable[[], Any], str]] = [
        (lambda: v + other, "two tapes"),
        (lambda: v @ other, "two tapes"),
        (lambda: functions.hypot(v, other), "two tapes"),
        (lambda: x * v, "a Dual and a Variable do not mix"),
        (lambda: v * x, "a Dual and a Variable do not mix"),
        (lambda: x + "1", "'1' is no number"),
        (lambda: Dual("3"), "'3' is no number"),
        (lambda: Dual(v), "a Dual and a Variable do not mix"),
        (lambda: int(x), "more than a number"),
        (lambda: complex(x), "more than a number"),
        (lambda: round(x, 2), "to digits"),
        (lambda: tape.variable("x"), "'x' is no number"),  # type: ignore[arg-type]
        (lambda: tape.variable([]), "an empty vector"),
        (lambda: tape.variable([[1.0], [1.0, 2.0]]), "do not make one matrix"),
        (lambda: v @ [1, 2, 3], "lengths 2 and 3 differ"),
        (lambda: v * [1, 2, 3], "lengths 2 and 3 differ"),
        (lambda: v[5], r"no entry \[5\]"),
        (lambda: v[0][0], "a number has no entry"),
        (lambda: bool(v), "the truth of a vector is not one"),
        (lambda: v < 1, "the truth of a vector is not one"),
        (lambda: functions.sin(1, 2), "sin takes 1 argument, not 2"),
        (lambda: functions.hypot(x), "hypot takes 2 arguments, not 1"),
        (lambda: functions.sin("x"), "'x' is no number"),
    ]
    for ask, said in cases:
        with pytest.raises(DiffError, match=said):
            ask()
    with pytest.raises(TypeError, match="a number has no length"):
        len(v[0])


# --- derivatives inside derivatives
def slope(function: Callable[[Any], Any], at: Any) -> Any:
    return function(Dual(at, 1.0)).tangent


def test_perturbations_are_not_confused() -> None:
    assert slope(lambda x: x * slope(lambda y: x + y, 1.0), 1.0) == 1.0
    assert slope(lambda x: x * slope(lambda y: x * y, 2.0), 3.0) == 6.0
    assert slope(lambda x: slope(lambda y: x * y * y, x), 2.0) == 8.0
    assert slope(lambda x: slope(lambda y: slope(lambda z: x * y * z * z, y), x), 2.0) == 16.0
    assert slope(lambda x: slope(HAND.sin, x), 0.5) == -math.sin(0.5)


@pytest.mark.parametrize("seed", range(10))
def test_random_derivatives_in_derivatives_are_sympys(seed: int) -> None:
    sympy = pytest.importorskip("sympy")
    draw = random.Random(seed)
    a, b, c = (draw.randint(1, 4) for _ in range(3))
    x, y, z = sympy.symbols("x y z")

    def f(u: Any, v: Any, w: Any, sin: Any) -> Any:
        return sin(u * w) * v**a + u**b * w**c * v

    def ours(u: Any) -> Any:
        return u * slope(lambda v: v * slope(lambda w: f(u, v, w, HAND.sin), v), u)

    inner = sympy.diff(f(x, y, z, sympy.sin), z).subs(z, y)
    exact = sympy.diff(x * sympy.diff(y * inner, y).subs(y, x), x)
    assert slope(ours, 0.75) == pytest.approx(float(exact.subs(x, 0.75)), rel=1e-12)


def test_duals_made_side_by_side_share_their_eps() -> None:
    def made(value: float, tangent: float) -> Dual:
        return Dual(value, tangent)

    x, y = made(1.0, 3.0), made(2.0, 4.0)
    assert (x * y).tangent == 10.0
    first, *rest = [Dual(value, tangent) for value, tangent in ((1.0, 3.0), (2.0, 4.0))]
    assert (first * rest[0]).tangent == 10.0
    assert isinstance(first.tangent, float)


def test_duals_made_within_each_other_are_not_added_up() -> None:
    def made(value: float, tangent: float) -> Dual:
        return Dual(value, tangent)

    x = Dual(1.0, 3.0)
    assert made(2.0, 4.0).tangent == 4.0
    with pytest.raises(DiffError, match="mixed") as caught:
        _ = (x * made(2.0, 4.0)).tangent
    assert "one function" in str(caught.value.hint)


def test_a_dual_of_a_dual_has_second_derivatives() -> None:
    x = Dual(Dual(2.0, 1.0), 1.0)
    assert (x * x * x).tangent.tangent == 12.0
    assert float((x * x * x).primal.primal) == 8.0


# --- objects
def test_whole_division() -> None:
    x = Dual(7.5, 1.0)
    for found, plain in ((divmod(x, 2), divmod(7.5, 2)), (divmod(20, x), divmod(20, 7.5)), ((x // 2,), (7.5 // 2,))):
        assert [part.primal for part in found] == list(plain)
    assert [part.tangent for part in divmod(x, 2)] == [0.0, 1.0]
    assert divmod(Tape().variable([7.5, -7.5]), 2)[0].value == [3.0, -4.0]


def test_a_tape_travels() -> None:
    tape = Tape()
    x = tape.variable([1.0, 2.0], "x")
    y = (HAND.sin(x) * x).sum()
    for copied in (pickle.loads(pickle.dumps((tape, x, y))), copy.deepcopy((tape, x, y))):
        _, x_again, y_again = copied
        (y_again * 2).backward()
        assert x_again.grad == [2 * (math.cos(v) * v + math.sin(v)) for v in (1.0, 2.0)]
    assert repr(pickle.loads(pickle.dumps(Dual(2.0, 1.0)))) == "Dual(2.0, 1.0)"


def test_comparisons_have_a_hash_and_claims_are_formulas() -> None:
    found = diffcli.compare("x^2", {"x": 1.0}, methods="forward")
    assert len({found, found}) == 1
    with pytest.raises(DiffError, match="a claim is a formula"):
        diffcli.compare("x^2*y", {"x": 1.0, "y": 2.0}, claims={"x": lambda x, y: 2 * x * y})  # type: ignore[dict-item]
