"""Generated code against the interpreter, bit for bit: on one point and on arrays, at special values, at any size."""

from __future__ import annotations

import itertools
import math
import random
import re
from collections.abc import Iterator, Sequence
from typing import Any

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracle import (
    ALL_NAMES,
    CORE,
    SPECIAL,
    Drawn,
    Trial,
    points,
    random_program,
    random_programs,
    same_bits,
    single,
    trials,
)

from diffcli.ad.forward import jvp
from diffcli.ad.reverse import vjp
from diffcli.ad.rules import ONE, ZERO
from diffcli.core.evaluate import evaluate
from diffcli.core.passes import prune, share
from diffcli.core.primitives import CODE
from diffcli.core.program import Builder, Program
from diffcli.numbers.arrays import Arrays
from diffcli.numbers.float64 import FLOAT64
from diffcli.points import generation
from diffcli.points.generation import evaluator, fastest, scalars, tangents
from diffcli.points.generation.blocks import BLOCK_BYTES, Blocks, _portions
from diffcli.points.generation.scalars import generate, straight_source
from diffcli.points.generation.tangents import by_tangents
from diffcli.syntax import elaborate

ALGEBRAS = {"float64": Arrays("float64"), "float32": Arrays("float32")}
WILD = (*ALL_NAMES, "lt", "ge", "eq", "not", "polygamma")
BRANCHING = (*WILD, "select", "select", "select")
QUICK = tuple(name for name in WILD if name not in ("digamma", "polygamma"))
"""Without what goes through mpmath point by point."""


def same(found: Sequence[float], expected: Sequence[float]) -> bool:
    return len(found) == len(expected) and all(map(same_bits, found, expected))


def same_columns(found: Sequence[Any], expected: Sequence[Any]) -> bool:
    """The bits of NumPy's numbers; an expected scalar is meant at every point."""
    for got, wanted in zip(found, expected, strict=True):
        wide = np.broadcast_to(wanted, got.shape)
        equal = (got == wide) & (np.signbit(got) == np.signbit(wide)) | np.isnan(got) & np.isnan(wide)
        if got.dtype != np.asarray(wanted).dtype or not equal.all():
            return False
    return True


def special_points(drawn: Drawn, count: int = 5) -> Iterator[list[float]]:
    rng = random.Random(str(drawn.point))
    yield list(drawn.point)
    for _ in range(count):
        yield [rng.choice(SPECIAL) for _ in drawn.point]


# --- one point
@given(random_programs(WILD, outputs=(1, 3), size=(1, 30), tame=False))
def test_generated_code_has_the_bits_of_the_interpreter(drawn: Drawn) -> None:
    function = generate(drawn.program)
    for point in special_points(drawn):
        assert same(function(point), evaluate(drawn.program, point, FLOAT64))


@given(random_programs(BRANCHING, outputs=(1, 3), size=(1, 40), tame=False))
def test_generated_code_with_branches_has_the_bits_of_the_interpreter(drawn: Drawn) -> None:
    for program in (drawn.program, share(drawn.program)):
        function = generate(program)
        for point in special_points(drawn):
            assert same(function(point), evaluate(program, point, FLOAT64))


@given(random_programs(BRANCHING, outputs=(1, 2), tame=False))
def test_derivative_programs_are_generated_bit_for_bit(drawn: Drawn) -> None:
    program, point = drawn.program, list(drawn.point)
    forward = jvp(program, point, [ONE, *[ZERO] * (len(point) - 1)], FLOAT64)
    reverse = vjp(program, point, range(len(point)), [ONE] * len(program.outputs), FLOAT64)
    for written in (forward, reverse):
        assert same(generate(written)(point), evaluate(written, point, FLOAT64))


@pytest.mark.parametrize("trial", [trial for trial in trials() if trial.row.name != "select"], ids=str)
def test_every_operation_is_generated_with_its_special_values(trial: Trial) -> None:
    """Once from inputs and once from constants, where Python's compiler may compute what it can."""
    program, arity = single(trial), trial.row.arity
    function = generate(program)
    rows = list(itertools.product(SPECIAL, repeat=arity)) if arity < 3 else []
    rows += points(trial.row.name, 30, None if trial.parameter is None else float(trial.parameter))
    rows += [tuple(random.Random(i).choices(SPECIAL, k=arity)) for i in range(200 if arity == 3 else 0)]
    for i, row in enumerate(rows):
        expected = evaluate(program, row, FLOAT64)
        assert same(function(list(row)), expected), row
        if i % 20 == 0:
            builder = Builder(())
            wires = [builder.constant(x) for x in row]
            literal = () if trial.parameter is None else (builder.slot(trial.parameter),)
            fixed = builder.program([builder.emit(CODE[trial.row.name], *wires, *literal)])
            assert same(generate(fixed)([]), expected), row


@pytest.mark.parametrize("longest", [1, 2, 3, 7, 20])
@pytest.mark.parametrize("seed", range(20))
def test_a_program_in_several_functions_is_the_same_program(
    seed: int, longest: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scalars, "LONGEST", longest)
    drawn = random_program(random.Random(seed), WILD, inputs=3, size=40, outputs=4, tame=seed % 2 == 0)
    function = generate(drawn.program)
    for point in special_points(drawn):
        assert same(function(point), evaluate(drawn.program, point, FLOAT64))


def text_of(program: Program) -> str:
    """The text that `generate` compiles."""
    return "\n\n".join(straight_source(prune(program)))


def test_a_value_that_is_read_once_is_written_where_it_is_read() -> None:
    (line,) = re.findall(r"v\d+ = (.*math.*)", text_of(elaborate("log(x)*y + sin(y)/x").program))
    assert line == "((math_log(v0) * v1) + (math_sin(v1) / v0))"


def test_names_are_used_again_when_their_values_are_dead() -> None:
    builder = Builder(("x",))
    wire = builder.input(0)
    for _ in range(1000):
        wire = builder.apply("mul", wire, wire)
    assert set(re.findall(r"v\d+", text_of(builder.program([wire])))) == {"v0"}


def test_no_word_of_the_user_is_in_the_text() -> None:
    builder = Builder(("__import__('os')", "return"))
    program = builder.program([builder.apply("add", builder.input(0), builder.input(1))])
    for text in (text_of(program), Blocks(program, ALGEBRAS["float64"]).source()):
        assert "import" not in text
        assert "+ return" not in text
    assert generate(program)([1.0, 2.0]) == [3.0]


def test_generated_code_is_called_at_many_points_and_forgets_none() -> None:
    function = generate(elaborate("1/x + log(x)").program)
    assert [function([x]) for x in (1.0, 0.0, 1.0, -1.0)][::2] == [[1.0], [1.0]]
    assert function([-0.0]) == [-math.inf]


def test_a_program_without_equations_is_a_function_too() -> None:
    builder = Builder(("x", "y"))
    assert generate(builder.program([]))([1.0, 2.0]) == []
    assert generate(builder.program([builder.input(1)] * 2))([1.0, 2.0]) == [2.0, 2.0]
    assert generate(Builder(()).program([]))([]) == []


# --- branches
def test_a_branch_not_taken_is_never_computed(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: float) -> float:
        raise AssertionError("computed")

    monkeypatch.setitem(scalars.NAMES, "exp_", broken)
    function = generate(elaborate("a = exp(x); (a*a if y > 0 else 1) if x > 0 else x").program)
    assert function([-1.0, 1.0]) == [-1.0]
    assert function([1.0, -1.0]) == [1.0]
    with pytest.raises(AssertionError, match="computed"):
        function([1.0, 1.0])


@pytest.mark.parametrize("depth", [1, 10, 39, 40, 41, 60, 2000])
def test_choices_within_choices_end_nowhere(depth: int) -> None:
    builder = Builder(("x",))
    x = builder.input(0)
    wire = builder.constant(-1.0)
    for i in reversed(range(depth)):
        holds = builder.apply("lt", x, builder.constant(float(i)))
        value = builder.apply("mul", x, builder.constant(float(i)))
        wire = builder.apply("select", holds, value, wire)
    program = builder.program([wire])
    function = generate(program)
    for x_value in (-1.0, 0.5, 7.5, 59.5, 1e9, math.nan):
        assert same(function([x_value]), evaluate(program, [x_value], FLOAT64))


# --- size
def nesting(text: str) -> int:
    deepest = depth = 0
    for character in text:
        depth += (character == "(") - (character == ")")
        deepest = max(deepest, depth)
    return deepest


def chain(length: int) -> Program:
    builder = Builder(("x",))
    wire = builder.input(0)
    for _ in range(length):
        wire = builder.apply("sin", wire)
    return builder.program([wire])


def sum_of_products(terms: int) -> Program:
    builder = Builder(tuple(f"x{i}" for i in range(100)))
    total = builder.constant(0.0)
    for i in range(terms):
        product = builder.apply("mul", builder.input(i % 100), builder.input(i * 7 % 100))
        total = builder.apply("add", total, product)
    return builder.program([total])


def tangle(equations: int) -> Program:
    """Every value is read now and then, near and far."""
    rng, builder = random.Random(3), Builder(("x", "y"))
    wires = [builder.input(0), builder.input(1)]
    for _ in range(equations):
        name = rng.choice(("add", "sub", "mul", "sin", "tanh"))
        near = [rng.choice(wires[-20:]) for _ in range(2)]
        if rng.random() < 0.05:
            near[0] = rng.choice(wires)
        wires.append(builder.apply(name, *near[: 1 if name in ("sin", "tanh") else 2]))
    return prune(builder.program([wires[-1], *rng.choices(wires, k=5)]))


@pytest.mark.parametrize("make", [chain, sum_of_products, tangle], ids=lambda make: make.__name__)
def test_a_hundred_thousand_equations_are_generated(make: Any) -> None:
    program = make(100_000)
    point = [0.3 + 0.01 * i for i in range(len(program.inputs))]
    assert same(generate(program)(point), evaluate(program, point, FLOAT64))


@pytest.mark.parametrize("make", [chain, sum_of_products, tangle], ids=lambda make: make.__name__)
def test_the_text_grows_with_the_program_and_never_deeper(make: Any) -> None:
    shorter, longer = text_of(make(5_000)), text_of(make(40_000))
    assert len(longer) < 10 * len(shorter)  # eight times the equations, and longer numbers
    assert nesting(longer) < 2 * scalars.DEEPEST
    assert max(map(len, longer.splitlines())) < 60 * scalars.LARGEST


def test_the_gradient_of_a_long_sum_is_generated() -> None:
    program = sum_of_products(5_000)
    point = [0.3 + 0.01 * i for i in range(100)]
    gradient = vjp(program, point, range(100), [ONE], FLOAT64)
    assert same(generate(gradient)(point), evaluate(gradient, point, FLOAT64))


# --- many points
def columns_of(drawn: Drawn, rng: random.Random, algebra: Arrays, count: int) -> list[Any]:
    """A column of special values per input, or now and then one number."""
    columns = []
    for x in drawn.point:
        values = [x, *(rng.choice(SPECIAL) for _ in range(count - 1))]
        columns.append(algebra.array(values if rng.random() < 0.8 else x))
    return columns


@pytest.mark.parametrize("dtype", ALGEBRAS)
@given(random_programs(QUICK, outputs=(1, 4), size=(1, 30), tame=False), st.randoms(use_true_random=False))
def test_blocks_have_the_bits_of_whole_arrays(dtype: str, drawn: Drawn, rng: random.Random) -> None:
    algebra = ALGEBRAS[dtype]
    columns = columns_of(drawn, rng, algebra, rng.choice((1, 2, 3, 17, 40)))
    function = Blocks(drawn.program, algebra, rng.choice((None, 1, 2, 3, 5, 8, 16)))
    assert same_columns(function(columns), evaluate(drawn.program, columns, algebra))


@pytest.mark.parametrize("dtype", ALGEBRAS)
@pytest.mark.parametrize("trial", [trial for trial in trials() if trial.row.name != "select"], ids=str)
def test_every_operation_works_in_blocks(trial: Trial, dtype: str) -> None:
    """With its result as an output, in a buffer, and as a number that is the same at every point."""
    algebra, program = ALGEBRAS[dtype], single(trial)
    rows = points(trial.row.name, 23, None if trial.parameter is None else float(trial.parameter))
    columns = [algebra.array(column) for column in zip(*rows, strict=True)]
    builder = Builder(program.inputs)
    wires = [builder.input(i) for i in range(trial.row.arity)]
    literal = () if trial.parameter is None else (builder.slot(trial.parameter),)
    inner = builder.emit(CODE[trial.row.name], *wires, *literal)
    nested = builder.program([builder.apply("neg", inner), builder.apply("sub", inner, wires[0])])
    for tried in (program, nested):
        for given_columns in (columns, [column[0] for column in columns], [columns[0][0], *columns[1:]]):
            found = Blocks(tried, algebra, 4)(given_columns)
            assert same_columns(found, evaluate(tried, given_columns, algebra))


@pytest.mark.parametrize("dtype", ALGEBRAS)
@pytest.mark.parametrize("seed", range(15))
def test_derivative_programs_in_blocks(seed: int, dtype: str) -> None:
    algebra = ALGEBRAS[dtype]
    drawn = random_program(random.Random(seed), CORE, inputs=3, size=30)
    gradient = vjp(drawn.program, list(drawn.point), range(3), [ONE], FLOAT64)
    near = np.random.default_rng(seed)
    columns = [algebra.array(x * near.uniform(0.99, 1.01, 20_001)) for x in drawn.point]
    assert same_columns(Blocks(gradient, algebra)(columns), evaluate(gradient, columns, algebra))


@given(st.integers(0, 200), st.integers(1, 30))
def test_blocks_cover_every_point_once_and_are_never_single(count: int, size: int) -> None:
    size = min(size, count) or 1
    covered: list[int] = []
    for starts, length in _portions(count, size):
        assert length <= size
        assert length > 1 or count == 1 or size <= 2
        for start in starts:
            covered += range(start, start + length)
    assert covered == list(range(count))


def test_buffers_are_used_again() -> None:
    text = Blocks(chain(200), ALGEBRAS["float64"]).source()
    assert set(re.findall(r"\bb\d+", text)) == {"b0"}


def test_what_is_the_same_everywhere_is_computed_once() -> None:
    program = elaborate("exp(k)*x + log(2)").program
    names = program.inputs
    once, each = Blocks(program, ALGEBRAS["float64"]).source([name == "k" for name in names]).split("def each")
    assert "f_exp" in once
    assert "f_log" in once
    assert "exp" not in each
    assert "log" not in each


def test_outputs_can_be_given_and_shapes_are_kept() -> None:
    program = elaborate("x*y + 1").program
    function = Blocks(program, ALGEBRAS["float64"])
    x = np.arange(12.0).reshape(3, 4)
    out = np.empty((3, 4))
    (result,) = function([x, 2.0], [out])
    assert result is out
    assert out.tolist() == (x * 2.0 + 1).tolist()
    assert function([x.T, x.T])[0].tolist() == (x * x + 1).T.tolist()
    assert function([2.0, 3.0])[0] == 7.0
    assert function([np.empty(0), 1.0])[0].shape == (0,)
    assert function([[1, 2], [3, 4]])[0].tolist() == [4.0, 9.0]


@pytest.mark.parametrize(
    ("columns", "out", "message"),
    [
        ([np.ones(3), np.ones(4)], None, "different shapes"),
        ([np.ones(3)], None, "2 inputs are needed"),
        ([np.ones(3), 1.0], [np.ones(4)], "of shape"),
        ([np.ones(3), 1.0], [np.ones(3, np.float32)], "array of float64"),
        ([np.ones(3), 1.0], [np.ones(6)[::2]], "contiguous"),
        ([np.ones(3), 1.0], [], "1 outputs, not 0"),
    ],
)
def test_unfitting_columns_are_refused(columns: Any, out: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Blocks(elaborate("x*y").program, ALGEBRAS["float64"])(columns, out)


def test_an_output_in_the_memory_of_an_input_is_refused() -> None:
    x = np.ones(10)
    with pytest.raises(ValueError, match="memory"):
        Blocks(elaborate("x*y").program, ALGEBRAS["float64"])([x, x], [x])


def test_programs_with_branches_are_refused() -> None:
    with pytest.raises(ValueError, match="different paths"):
        Blocks(elaborate("x if x > 0 else 1").program, ALGEBRAS["float64"])


def test_ten_thousand_equations_in_blocks() -> None:
    program = tangle(10_000)
    columns = [np.linspace(0.1, 0.9, 50), np.linspace(-1.0, 1.0, 50)]
    algebra = ALGEBRAS["float64"]
    assert same_columns(Blocks(program, algebra, 20)(columns), evaluate(program, columns, algebra))


# --- sines and cosines by tangents
NEAR_ZEROS = [float(k * mpmath.pi / 2) * (1 + e) for k in range(-40, 41) for e in (0, 1e-15, -1e-12)]
ANGLES = [
    *NEAR_ZEROS, *(random.Random(1).uniform(-4, 4) for _ in range(2000)),
    *(random.Random(2).uniform(-1e6, 1e6) for _ in range(500)),
    *(10 ** random.Random(i).uniform(-300, 17) for i in range(300)), 1e22, 5e-324, 1e-310,
]  # fmt: skip


@pytest.mark.parametrize("name", ["sin", "cos"])
def test_by_tangents_within_its_bound(name: str) -> None:
    program = by_tangents(elaborate(f"{name}(x)").program)
    (found,) = evaluate(program, [ALGEBRAS["float64"].array(ANGLES)], ALGEBRAS["float64"])
    with mpmath.workprec(1200):
        for x, value in zip(ANGLES, found.tolist(), strict=True):
            exact = getattr(mpmath, name)(mpmath.mpf(x))
            assert abs(exact - value) <= tangents.ULPS * float(np.spacing(abs(float(exact)))), x


@pytest.mark.parametrize(
    ("name", "x", "value"),
    [("sin", 0.0, 0.0), ("sin", -0.0, -0.0), ("cos", 0.0, 1.0), ("cos", -0.0, 1.0), ("cos", 5e-324, 1.0),
     ("cos", -1e-300, 1.0), ("sin", math.inf, math.nan), ("cos", -math.inf, math.nan), ("cos", math.nan, math.nan)],
)  # fmt: skip
def test_special_values_by_tangents(name: str, x: float, value: float) -> None:
    program = by_tangents(elaborate(f"{name}(x)").program)
    columns = [ALGEBRAS["float64"].array([x, 1.0])]
    assert same_bits(float(evaluate(program, columns, ALGEBRAS["float64"])[0][0]), value)


@given(random_programs((*QUICK, "sin", "cos", "sin", "cos"), outputs=(1, 2), tame=True))
def test_by_tangents_changes_only_sines_and_cosines(drawn: Drawn) -> None:
    changed = by_tangents(drawn.program)
    assert not tangents.concerned(changed, [False] * len(changed.inputs))
    if not {CODE["sin"], CODE["cos"]} & set(drawn.program.ops):
        assert same(evaluate(changed, drawn.point, FLOAT64), evaluate(drawn.program, drawn.point, FLOAT64))


def test_tangents_concern_sines_and_cosines_of_what_moves() -> None:
    program = elaborate("sin(x) + cos(x*y) + sin(exp(y)) + cos(2) + tan(x) + cos(y)").program
    for alike, number in (((False, False), 4), ((True, False), 3), ((False, True), 2), ((True, True), 0)):
        assert len(tangents.concerned(program, alike)) == number
        left = by_tangents(program, alike).ops
        assert sum(code in (CODE["sin"], CODE["cos"]) for code in left) == 5 - number


def test_what_pays_is_measured_once() -> None:
    tangents.pays.cache_clear()
    assert tangents.pays() is tangents.pays()
    assert tangents.pays.cache_info().misses == 1


# --- which way
@pytest.mark.parametrize(
    ("text", "points", "often", "way"),
    [
        ("x + y", 1, False, "interpreted"),
        ("x + y", 4, False, "interpreted"),
        ("x + y", 5, False, "arrays"),
        ("x + y", 99_999, False, "arrays"),
        ("x + y", 100_000, False, "blocks"),
        ("x + y", 1, True, "generated"),
        ("x + y", 1000, True, "blocks"),
        ("x if y > 0 else 1", 1000, True, "generated"),
        ("x if y > 0 else 1", 1000, False, "generated"),
        ("x if y > 0 else 1", 100, False, "interpreted"),
    ],
)
def test_the_fastest_way_depends_on_the_number_of_points(text: str, points: int, often: bool, way: str) -> None:
    assert fastest(elaborate(text).program, points, often) == way


def test_large_programs_leave_the_cache_earlier() -> None:
    assert fastest(tangle(2000), 20_000) == "blocks"
    assert fastest(tangle(2000), 10_000) == "arrays"


@pytest.mark.parametrize("way", ["interpreted", "generated", "arrays", "blocks", None])
@pytest.mark.parametrize("count", [1, 3, 200])
def test_every_way_fills_the_same_table(way: Any, count: int) -> None:
    program = elaborate("x*exp(-y) + sin(x)/y").program
    program = vjp(program, [1.0] * 2, [0, 1], [ONE], FLOAT64)
    columns = [[0.5 + 0.01 * i for i in range(count)], [1.5 - 0.005 * i for i in range(count)]]
    found = evaluator(program, count, way=way)(columns)
    expected = [evaluate(program, row, FLOAT64) for row in zip(*columns, strict=True)]
    assert [list(row) for row in zip(*found, strict=True)] == [pytest.approx(row, rel=1e-14, abs=0) for row in expected]
    if way in ("interpreted", "generated"):
        assert all(same(row, wanted) for row, wanted in zip(zip(*found, strict=True), expected, strict=True))


@pytest.mark.parametrize("way", ["interpreted", "generated", "arrays", "blocks"])
def test_a_constant_is_a_column_too(way: Any) -> None:
    program = vjp(elaborate("x + 2").program, [1.0], [0], [ONE], FLOAT64)
    assert [list(column) for column in evaluator(program, 3, way=way)([[1.0, 2.0, 3.0]])] == [[3, 4, 5], [1, 1, 1]]
    assert [list(column) for column in evaluator(program, 0, way=way)([[]])] == [[], []]


def test_float32_is_for_arrays() -> None:
    program = elaborate("x + 0.1").program
    for count in (1, 1000):
        (column,) = evaluator(program, count, dtype="float32")([[1.0] * count])
        assert column.dtype == np.float32
        assert set(column.tolist()) == {float(np.float32(1.0) + np.float32(0.1))}
    with pytest.raises(ValueError, match="computed in float64"):
        evaluator(program, 1, dtype="float32", way="generated")


def test_the_room_states_its_ways() -> None:
    assert all(way in (generation.__doc__ or "") for way in ("interpreted", "generated", "arrays", "blocks"))
    assert BLOCK_BYTES % 8 == 0
