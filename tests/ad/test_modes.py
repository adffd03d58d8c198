"""Forward and reverse mode on random programs: one algebra, two ways to use it, one derivative.

Dual numbers over floats equal the evaluated JVP program bit for bit, and the tape the VJP program; in balls both
hold the certified truth, and each other by the pairing identity <w, J v> = <J^T w, v>. Nested, they give the second
coefficient of the power series. Nothing recurses.
"""

from __future__ import annotations

import math
import random
from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from oracle import (
    ALL_NAMES,
    BALLS,
    CORE,
    KINKED,
    SMOOTH,
    Drawn,
    in_balls,
    random_program,
    random_programs,
    same_bits,
)

from diffcli.ad.forward import Dual, Duals, jvp, jvps
from diffcli.ad.reverse import Taped, Taping, vjp
from diffcli.ad.rules import MINUS_ONE, ONE, ZERO, Linear
from diffcli.core.evaluate import evaluate, follow
from diffcli.core.passes import prune, pruned, share
from diffcli.core.primitives import CODE, COMPARISONS
from diffcli.core.program import Builder, Program, Recording, count, count_written, in_order, validate
from diffcli.numbers.float64 import FLOAT64
from diffcli.truth import series
from diffcli.truth.certify import certify
from diffcli.truth.series import SERIES, Unresolved

NAMES = (*ALL_NAMES, "select", "select")
WILD = (*NAMES, "lt", "ge", "eq", "not", "polygamma")

Values = Sequence[Any]


# --- the two ways to use a mode
def by_duals(program: Program, point: Values, seeds: Values, base: Any = FLOAT64) -> tuple[list[Any], list[Any]]:
    """Values and tangents by dual numbers over the base algebra."""
    duals = Duals(base)
    outputs = evaluate(program, list(map(Dual, point, seeds)), duals)
    return [output.primal for output in outputs], [duals.linear.settle(output.tangent) for output in outputs]


def by_tape(
    program: Program, point: Values, wrt: Sequence[int], cotangents: Values, base: Any = FLOAT64
) -> tuple[list[Any], list[Any]]:
    """Values and adjoints by a tape over the base algebra."""
    taping = Taping(base)
    inputs = [taping.variable(x) if i in wrt else Taped(x, None) for i, x in enumerate(point)]
    outputs = evaluate(program, inputs, taping)
    adjoints = taping.backward(outputs, cotangents)
    places = [inputs[i].place for i in wrt]
    gradient = [taping.linear.settle(adjoints[place]) for place in places if place is not None]
    return [output.primal for output in outputs], gradient


def same(found: Sequence[float], expected: Sequence[float]) -> bool:
    return len(found) == len(expected) and all(map(same_bits, found, expected))


def unit(i: int, n: int) -> list[Any]:
    return [ONE if k == i else ZERO for k in range(n)]


SEEDS = st.sampled_from([ZERO, ONE, MINUS_ONE, 2.0, -0.5, 1.0, 0.0])


# --- bit for bit
@given(random_programs(WILD, outputs=(1, 3), size=(1, 20), tame=False), st.data())
def test_duals_over_floats_equal_the_jvp_program_bit_for_bit(drawn: Drawn, data: st.DataObject) -> None:
    program, point = drawn.program, drawn.point
    seeds = [data.draw(SEEDS) for _ in point]
    written = jvp(program, point, seeds, FLOAT64)
    validate(written)
    values, tangents = by_duals(program, point, seeds)
    assert same(evaluate(written, point, FLOAT64), values + tangents)


@given(random_programs(WILD, outputs=(1, 3), size=(1, 20), tame=False), st.data())
def test_the_tape_over_floats_equals_the_vjp_program_bit_for_bit(drawn: Drawn, data: st.DataObject) -> None:
    program, point = drawn.program, drawn.point
    wrt = [i for i in range(len(point)) if data.draw(st.booleans())]
    cotangents = [data.draw(SEEDS) for _ in program.outputs]
    written = vjp(program, point, wrt, cotangents, FLOAT64)
    validate(written)
    values, adjoints = by_tape(program, point, wrt, cotangents)
    assert same(evaluate(written, point, FLOAT64), values + adjoints)


@given(random_programs(ALL_NAMES, outputs=(1, 3), tame=False))
def test_sweeps_are_what_duals_and_the_tape_write_over_a_recording_equation_by_equation(drawn: Drawn) -> None:
    """What sweeps have in common is recorded once; the programs are those of the classes, in their order."""
    point, program = drawn.point, follow(drawn.program, drawn.point, FLOAT64)[1]
    n, m = len(point), len(program.outputs)
    for i, sweep in enumerate(jvps(drawn.program, point, [unit(i, n) for i in range(n)], FLOAT64)):
        recording = Recording(program.inputs, point, FLOAT64)
        inputs = [recording.input(k) for k in range(n)]
        primals, tangents = by_duals(program, inputs, unit(i, n), recording)
        assert listed(sweep) == listed(recording.program(primals + tangents))
    recording = Recording(program.inputs, point, FLOAT64)
    inputs = [recording.input(k) for k in range(n)]
    primals, adjoints = by_tape(program, inputs, range(n), [ONE] * m, recording)
    written = vjp(drawn.program, point, range(n), [ONE] * m, FLOAT64)
    assert listed(written) == listed(recording.program(primals + adjoints))


def listed(program: Program) -> tuple[object, ...]:
    """All that a program says, as it is executed, whatever the order of its table of constants."""
    executed = in_order(program)
    return executed.inputs, str(executed), executed.guards


@given(random_programs(WILD, outputs=(1, 3), tame=False))
def test_both_modes_compute_the_values_of_the_program_itself(drawn: Drawn) -> None:
    program, point = drawn.program, drawn.point
    plain = evaluate(program, point, FLOAT64)
    m, n = len(plain), len(point)
    assert same(evaluate(jvp(program, point, [ONE] * n, FLOAT64), point, FLOAT64)[:m], plain)
    assert same(evaluate(vjp(program, point, range(n), [ONE] * m, FLOAT64), point, FLOAT64)[:m], plain)


@given(random_programs(NAMES, outputs=(1, 2)))
def test_the_program_of_a_path_can_be_evaluated_where_the_path_is_the_same(drawn: Drawn) -> None:
    """Its guards, the conditions met, come out as they were decided; nearby they do so too, being clear of ties."""
    program, point = drawn.program, drawn.point
    written = jvp(program, point, unit(0, len(point)), FLOAT64)
    assert not written.branches
    assert all(written.ops[guard] in COMPARISONS for guard in written.guards)
    nearby = [math.nextafter(x, math.inf) for x in point]
    guarded = Program(
        written.inputs, written.constants, written.ops, written.a, written.b, written.c, written.guards
    )  # fmt: skip
    if evaluate(guarded, nearby, FLOAT64) == evaluate(guarded, point, FLOAT64):
        values, tangents = by_duals(program, nearby, unit(0, len(point)))
        assert same(evaluate(written, nearby, FLOAT64), values + tangents)


@given(random_programs(WILD, outputs=(1, 3), tame=False), st.data())
def test_running_backward_twice_gives_identical_adjoints(drawn: Drawn, data: st.DataObject) -> None:
    program, point = drawn.program, drawn.point
    taping = Taping(FLOAT64)
    outputs = evaluate(program, [taping.variable(x) for x in point], taping)
    cotangents = [data.draw(SEEDS) for _ in outputs]
    tape = list(taping.tape)
    first = taping.backward(outputs, cotangents)
    second = taping.backward(outputs, cotangents)
    assert taping.tape == tape or any(math.isnan(entry.result) for entry in tape)
    assert all(a is b or not isinstance(a, float) or same_bits(a, b) for a, b in zip(first, second, strict=True))
    assert [type(adjoint) for adjoint in first] == [type(adjoint) for adjoint in second]


# --- in balls
@given(random_programs(NAMES))
def test_jvp_and_vjp_programs_in_balls_overlap_the_truth(drawn: Drawn) -> None:
    program, point = drawn.program, drawn.point
    n = len(point)
    truth = certify(program, range(n), point)
    assume(truth.status == "certified")  # nearly always: see below
    assert truth.derivative is not None
    value, *gradient = in_balls(vjp(program, point, range(n), [ONE], FLOAT64), point)
    assert value.overlaps(truth.value)
    for i, expected in enumerate(truth.derivative):
        value, tangent = in_balls(jvp(program, point, unit(i, n), FLOAT64), point)
        assert value.overlaps(truth.value)
        assert tangent.overlaps(expected)
        assert gradient[i].overlaps(expected)


def test_the_truth_is_undecided_for_next_to_no_program() -> None:
    """Only where numbers cancel exactly and no form of them shows it, as in atan2(t, t)."""
    statuses: Counter[str] = Counter()
    for seed in range(300):
        drawn = random_program(random.Random(seed), NAMES, 1 + seed % 3, 10)
        statuses[certify(drawn.program, range(len(drawn.point)), drawn.point).status] += 1
    assert set(statuses) <= {"certified", "undecided"}
    assert statuses["undecided"] <= 3


@given(random_programs(NAMES, outputs=(2, 3), size=(4, 14)), st.data())
def test_pairing_an_output_direction_with_an_input_direction_is_the_same_both_ways(
    drawn: Drawn, data: st.DataObject
) -> None:
    """<w, J v> = <J^T w, v>."""
    program, point = drawn.program, drawn.point
    n, m = len(point), len(program.outputs)
    sixteenths = st.integers(-48, 48).map(lambda k: k / 16)
    v = data.draw(st.lists(sixteenths, min_size=n, max_size=n))
    w = data.draw(st.lists(sixteenths, min_size=m, max_size=m))
    tangents = in_balls(jvp(program, point, v, FLOAT64), point)[m:]
    adjoints = in_balls(vjp(program, point, range(n), w, FLOAT64), point)[m:]
    with series.working(300, 1):
        left = sum(a * b for a, b in zip(w, tangents, strict=True))
        right = sum(a * b for a, b in zip(adjoints, v, strict=True))
        assert left == right == 0 or (left - right).contains(0)


# --- second derivatives
def second_by_series(program: Program, point: Sequence[float], direction: Sequence[float]) -> Any:
    """v^T H v: twice the second coefficient along the line x + t v."""
    with series.working(200, 3):
        inputs = [SERIES.constant(x) + v * series.variable(0) for x, v in zip(point, direction, strict=True)]
        return 2 * evaluate(program, inputs, SERIES)[0][2]


def duals_over_duals(program: Program, point: Sequence[float], direction: Sequence[float], base: Any) -> Any:
    """The derivative along v of the derivative along v."""
    inner, outer = Duals(base), Duals(Duals(base))
    inputs = [
        Dual(Dual(base.constant(x), base.constant(v)), Dual(base.constant(v), ZERO))
        for x, v in zip(point, direction, strict=True)
    ]
    (output,) = evaluate(program, inputs, outer)
    return inner.linear.settle(outer.linear.settle(output.tangent).tangent)


def forward_over_reverse(program: Program, point: Sequence[float], direction: Sequence[float], base: Any) -> Any:
    """v^T (H v): the tangents of the adjoints, along v."""
    duals = Duals(base)
    taping = Taping(duals)
    seeds = list(map(base.constant, direction))
    inputs = [taping.variable(Dual(base.constant(x), seed)) for x, seed in zip(point, seeds, strict=True)]
    adjoints = taping.backward(evaluate(program, inputs, taping), [ONE])
    total, linear = base.constant(0.0), Linear(base)
    for taped, seed in zip(inputs, seeds, strict=True):
        assert taped.place is not None
        product = duals.linear.settle(taping.linear.settle(adjoints[taped.place]).tangent)
        total = linear.plus(total, linear.scale(product, seed))
    return total


def reverse_over_forward(program: Program, point: Sequence[float], direction: Sequence[float], base: Any) -> Any:
    """v^T (H v): the adjoints of the tangent along v."""
    taping = Taping(base)
    duals = Duals(taping)
    variables = [taping.variable(base.constant(x)) for x in point]
    inputs = [Dual(x, taping.constant(v)) for x, v in zip(variables, direction, strict=True)]
    (output,) = evaluate(program, inputs, duals)
    adjoints = taping.backward([duals.linear.settle(output.tangent)], [ONE])
    total, linear = base.constant(0.0), Linear(base)
    for taped, v in zip(variables, direction, strict=True):
        assert taped.place is not None
        product = taping.linear.settle(adjoints[taped.place])
        total = linear.plus(total, linear.scale(product, base.constant(v)))
    return total


NESTINGS = (duals_over_duals, forward_over_reverse, reverse_over_forward)
DIRECTIONS = (1.0, -0.5, 2.0, 1.5)

LOOSE = 44
"""Bits of a ball that a float64 computation stays inside: every operation rounds 9 bits more coarsely."""


@pytest.mark.parametrize("nesting", NESTINGS, ids=lambda nesting: nesting.__name__)
@given(drawn=random_programs(NAMES, size=(1, 8)))
def test_nested_modes_give_the_second_coefficient_of_the_series(drawn: Drawn, nesting: Any) -> None:
    program, point = drawn.program, drawn.point
    direction = DIRECTIONS[: len(point)]
    expected = second_by_series(program, point, direction)
    with series.working(200, 1):
        assert nesting(program, point, direction, BALLS)[0].overlaps(expected)
    number = nesting(program, point, direction, FLOAT64)
    with series.working(LOOSE, 1):
        try:
            coarse = nesting(program, point, direction, BALLS)[0]
        except Unresolved:
            return  # so coarse a ball meets a switch
        assert abs(coarse.mid() - number) <= 2 * coarse.rad() + abs(number) * 2.0**-LOOSE


@pytest.mark.parametrize(
    ("build", "x", "second"),
    [
        (lambda b, x: b.apply("mul", x, b.apply("mul", x, x)), 3.0, 18.0),
        (lambda b, x: b.apply("div", b.constant(1.0), x), 2.0, 0.25),
        (lambda b, x: b.parametric("powc", x, 4.0), 2.0, 48.0),
        (lambda b, x: b.apply("exp", x), 0.0, 1.0),
        (lambda b, x: b.apply("log", x), 0.5, -4.0),
        (lambda b, x: b.apply("abs", x), -3.0, 0.0),
        (lambda b, x: b.apply("add", x, x), 3.0, 0.0),
        (lambda b, x: b.apply("mul", b.apply("detach", x), x), 3.0, 0.0),
    ],
)
@pytest.mark.parametrize("nesting", NESTINGS, ids=lambda nesting: nesting.__name__)
def test_second_derivatives_of_simple_functions_are_exact(nesting: Any, build: Any, x: float, second: float) -> None:
    builder = Builder(("x",))
    program = builder.program([build(builder, builder.input(0))])
    assert nesting(program, [x], [1.0], FLOAT64) == second


# --- passes
@given(random_programs(WILD, outputs=(1, 3), size=(1, 24), tame=False))
def test_prune_and_share_keep_every_value_bit_for_bit(drawn: Drawn) -> None:
    program, point = drawn.program, drawn.point
    validate(program)
    expected = evaluate(program, point, FLOAT64)
    for once in (prune(program), share(program)):
        validate(once)
        assert same(evaluate(once, point, FLOAT64), expected)
    assert prune(prune(program)) == prune(program)
    assert share(share(program)) == share(program)
    assert len(share(program)) <= len(prune(program)) <= len(program)
    assert count(share(program)).total <= count(prune(program)).total


@given(random_programs(WILD, outputs=(1, 3), size=(1, 24), tame=False))
def test_pruned_says_where_each_equation_went(drawn: Drawn) -> None:
    program, place = pruned(drawn.program)
    assert len(place) == len(drawn.program)
    assert [place[output] for output in drawn.program.outputs] == list(program.outputs)
    kept = [k for k in range(len(place)) if place[k] >= 0]
    assert [drawn.program.ops[k] for k in kept] == list(program.ops)


@given(random_programs(WILD, outputs=(1, 3), size=(1, 16), tame=False))
def test_sharing_does_not_change_the_size_of_the_formula(drawn: Drawn) -> None:
    once = share(drawn.program)
    assert count_written(once, once.outputs) == count_written(drawn.program, drawn.program.outputs)


@given(random_programs(NAMES, outputs=(1, 2)))
def test_sharing_does_not_change_a_derivative(drawn: Drawn) -> None:
    point, n = drawn.point, len(drawn.point)
    once = share(drawn.program)
    for i in range(n):
        ours = in_balls(jvp(once, point, unit(i, n), FLOAT64), point)
        theirs = in_balls(jvp(drawn.program, point, unit(i, n), FLOAT64), point)
        assert all(a.overlaps(b) for a, b in zip(ours, theirs, strict=True))


# --- what does not depend, and what is not taken
def test_nothing_is_propagated_for_what_does_not_depend_on_the_variables_asked_for() -> None:
    builder = Builder(("x", "y"))
    x, y = builder.input(0), builder.input(1)
    heavy = builder.apply("exp", builder.apply("sin", y))
    program = builder.program([builder.apply("add", x, heavy)])
    plain = count(program).total
    assert count(jvp(program, [1.0, 2.0], [ONE, ZERO], FLOAT64)).total == plain
    assert count(vjp(program, [1.0, 2.0], [0], [ONE], FLOAT64)).total == plain


@pytest.mark.parametrize("x", [0.0, -1.0])
def test_a_branch_that_is_not_taken_does_not_exist(x: float) -> None:
    """sqrt(x) if x > 0 else x: no NaN, no infinity, and no operation of the other branch."""
    builder = Builder(("x",))
    zero, value = builder.constant(0.0), builder.input(0)
    root = builder.apply("sqrt", value)
    program = builder.program([builder.apply("select", builder.apply("gt", value, zero), root, value)])
    for written in (jvp(program, [x], [ONE], FLOAT64), vjp(program, [x], [0], [ONE], FLOAT64)):
        assert evaluate(written, [x], FLOAT64) == [x, 1.0]
        assert CODE["sqrt"] not in written.ops
        assert count(written).total == 0


def test_a_strong_zero_never_meets_an_infinity() -> None:
    """x*c at c = inf, where only x is asked for; and 0*log(0) in a part that does not depend on x."""
    builder = Builder(("x", "c"))
    x, c = builder.input(0), builder.input(1)
    program = builder.program([builder.apply("mul", x, c)])
    assert evaluate(jvp(program, [2.0, math.inf], [ONE, ZERO], FLOAT64), [2.0, math.inf], FLOAT64) == [math.inf] * 2
    assert evaluate(vjp(program, [2.0, math.inf], [0], [ONE], FLOAT64), [2.0, math.inf], FLOAT64) == [math.inf] * 2


def test_an_output_may_be_an_input_or_a_constant() -> None:
    builder = Builder(("x", "y"))
    x, y = builder.input(0), builder.input(1)
    program = builder.program([x, builder.constant(7.0), y, x])
    assert evaluate(jvp(program, [2.0, 3.0], [ONE, ZERO], FLOAT64), [2.0, 3.0], FLOAT64) == [2, 7, 3, 2, 1, 0, 0, 1]
    written = vjp(program, [2.0, 3.0], [0, 1], [ONE, ONE, 5.0, 2.0], FLOAT64)
    assert evaluate(written, [2.0, 3.0], FLOAT64) == [2, 7, 3, 2, 3, 5]


# --- deep and long
DEEP = 100_000


def chain() -> Program:
    """x -> sin(x)*1.5 + x, again and again: 100,000 equations, each reading the one before."""
    builder = Builder(("x",))
    x = value = builder.input(0)
    half = builder.constant(0.5)
    for _ in range(DEEP // 4):
        value = builder.apply("mul", builder.apply("sin", builder.apply("sub", value, x)), half)
        value = builder.apply("add", value, x)
    return builder.program([value])


def chain_of_choices() -> Program:
    """Nested choices, the innermost taken: x if x < 1 else (x if x < 2 else ...)."""
    builder = Builder(("x",))
    x = builder.input(0)
    value = builder.apply("mul", x, x)
    for _ in range(DEEP // 2):
        value = builder.apply("select", builder.apply("lt", x, builder.constant(0.0)), x, value)
    return builder.program([value])


@pytest.mark.parametrize("make", [chain, chain_of_choices], ids=lambda make: make.__name__)
def test_nothing_recurses_over_a_deep_program(make: Any) -> None:
    program = make()
    assert len(program) >= DEEP
    validate(program)
    (value,) = evaluate(program, [2.0], FLOAT64)
    tangents = evaluate(jvp(program, [2.0], [ONE], FLOAT64), [2.0], FLOAT64)
    adjoints = evaluate(vjp(program, [2.0], [0], [ONE], FLOAT64), [2.0], FLOAT64)
    assert tangents[0] == adjoints[0] == value
    assert math.isclose(tangents[1], adjoints[1], rel_tol=1e-12)
    assert by_tape(program, [2.0], [0], [ONE]) == (adjoints[:1], adjoints[1:])
    assert evaluate(share(program), [2.0], FLOAT64) == evaluate(prune(program), [2.0], FLOAT64) == [value]
    assert count_written(program, program.outputs).total >= count(prune(program)).total


def test_a_deep_program_has_a_certified_truth() -> None:
    program = chain()
    truth = certify(program, [0], [2.0])
    _, tangent = evaluate(jvp(program, [2.0], [ONE], FLOAT64), [2.0], FLOAT64)
    assert truth.status == "certified"
    assert truth.derivative is not None
    assert math.isclose(float(truth.derivative[0].mid()), tangent, rel_tol=1e-12)


# --- what validate refuses
@pytest.mark.parametrize(
    ("fault", "says"),
    [
        (lambda b: b.emit(CODE["add"], 0, 5), "add reads 5"),
        (lambda b: b.emit(CODE["sin"], 1), "sin reads 1"),
        (lambda b: b.emit(CODE["sin"], -1), "sin reads -1"),
        (lambda b: b.emit(250), "no primitive has the code 250"),
        (lambda b: b.emit(CODE["const"], 3), "no constant 3"),
        (lambda b: b.emit(CODE["input"], 3), "no input 3"),
        (lambda _: 9, "output 9 is no equation"),
    ],
)
def test_a_program_that_reads_what_is_not_before_it_is_refused(fault: Any, says: str) -> None:
    builder = Builder(("x",))
    builder.input(0)
    with pytest.raises(ValueError, match=says):
        validate(builder.program([fault(builder)]))


def test_the_sets_of_names_cover_the_table() -> None:
    assert set(CORE) <= set(SMOOTH)
    others = {"const", "input", "select", "not", "polygamma", "hyp0f1", *(PRIMITIVES_OF_COMPARISON)}
    assert set(CODE) == set(SMOOTH) | set(KINKED) | others


PRIMITIVES_OF_COMPARISON = ("lt", "le", "gt", "ge", "eq", "ne")
