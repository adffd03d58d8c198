"""What is known of programs without their numbers: memory, which outputs are taken, which inputs meet.

Tables worked out by hand, and random programs against slow and obvious definitions.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracle import ALL_NAMES, Drawn, in_balls, random_program, random_programs, same_bits

from diffcli.ad.forward import jvps
from diffcli.ad.rules import ONE
from diffcli.comparison.compare import compare
from diffcli.comparison.result import Memory, Settings
from diffcli.core.derivative_kinds import Kind, Wanted
from diffcli.core.evaluate import evaluate, evaluate_again, evaluate_all
from diffcli.core.linear_combinations import combined, only
from diffcli.core.passes import prune, pruned, share
from diffcli.core.primitives import CODE
from diffcli.core.program import Builder, Cost, Program, count, in_order, loads_first, peak, validate
from diffcli.core.sparsity import meetings
from diffcli.methods import METHODS, forward, reverse
from diffcli.numbers import Dtype
from diffcli.numbers.float64 import FLOAT64
from diffcli.problem.derivation import Problem
from diffcli.problem.understanding import make_case
from diffcli.runtime.errors import Unsupported
from diffcli.syntax import elaborate
from diffcli.truth.certify import certify

NAMES = (*ALL_NAMES, "select")


def program_of(text: str, **shapes: tuple[int, ...]) -> Program:
    return elaborate(text, shapes).program


# --- memory
@pytest.mark.parametrize(
    ("text", "alive"),
    [
        ("x", 1),  # the input, which is the output
        ("7", 0),  # a constant is part of the program
        ("-x", 2),  # the input and the result, at the moment it is computed
        ("sin(cos(exp(x)))", 2),  # each is freed when the next is known
        ("x + y", 3),
        ("x + 1", 2),
        ("x*x", 2),
        ("sin(x) + x", 3),  # x is kept
        ("a = sin(x); b = cos(x); a + b", 3),  # x, a, b; then a, b and the sum
        ("a = sin(x); b = cos(a); c = exp(a); b*c", 3),
        ("a = sin(x); b = cos(x); c = exp(x); a + b + c", 4),
        ("[x, x, x]", 1),
        ("[sin(x), cos(x), exp(x)]", 4),  # outputs live to the end
        ("[sin(x), sin(y)]", 3),  # x is freed before y is read
        ("x + y + z + w", 3),  # an input is read when it is first needed
    ],
)
def test_the_peak_of_a_program_drawn_by_hand(text: str, alive: int) -> None:
    assert peak(program_of(text)) == alive


def slow_peak(program: Program) -> int:
    """After each equation, what is already computed and still to be read, or an output; and itself."""
    most = 0
    for k in range(len(program)):
        later = {argument for j in range(k, len(program)) for argument in program.arguments(j)}
        alive = {j for j in range(k + 1) if program.ops[j] != 0 and (j in later or j in program.outputs or j == k)}
        most = max(most, len(alive))
    return most


@given(random_programs((*NAMES, "polygamma"), outputs=(1, 3), size=(1, 20), tame=False))
def test_the_peak_is_that_of_the_definition(drawn: Drawn) -> None:
    assert peak(drawn.program) == slow_peak(drawn.program)


@given(random_programs(NAMES, outputs=(1, 3), size=(1, 20), tame=False))
def test_what_is_executed_behind_others_is_kept_and_counted_there(drawn: Drawn) -> None:
    """The tangents of a sweep are numbered behind all primals, and executed each with its own."""
    ones = [ONE] * len(drawn.point)
    (sweep,) = jvps(drawn.program, drawn.point, [ones], FLOAT64)
    for outputs in (sweep.outputs, sweep.outputs[:1], sweep.outputs[-1:]):
        part = replace(sweep, outputs=outputs)
        assert peak(part) == peak(in_order(part)) == slow_peak(in_order(part))
        kept, place = pruned(part)
        assert peak(kept) == peak(prune(in_order(part)))
        values, again = (evaluate_all(program, drawn.point, FLOAT64) for program in (part, kept))
        assert all(went < 0 or same_bits(values[k], again[went]) for k, went in enumerate(place))
        assert {went for went in place if went >= 0} == set(range(len(kept)))


@pytest.mark.parametrize("n", [1, 2, 10, 1000])
def test_a_chain_has_a_constant_peak_forward_and_a_linear_tape(n: int) -> None:
    """sin(sin(...)): forward keeps a value and its tangent; reverse remembers every one."""
    case = make_case("sin(" * n + "x" + ")" * n, {"x": 0.5})
    assert peak(case.problem.program) == 2
    (ahead,) = forward.differentiate(case.problem).sweeps
    assert peak(ahead) <= 5
    back = reverse.differentiate(case.problem)
    assert back.tape == n
    assert n <= peak(*back.sweeps) <= n + 4


@pytest.mark.parametrize(
    ("text", "wrt", "tape"),
    [
        ("x*sin(y)", ["x", "y"], 2),
        ("x*sin(y)", ["x"], 1),  # what does not depend on x is not remembered
        ("x*sin(y)", ["y"], 2),
        ("x*sin(y)", [], 0),
        ("exp(y)*exp(y)", ["x"], 0),
        ("log(x) + x*y - sin(y)", ["x", "y"], 5),
        ("x + 1", ["x"], 1),
        ("x", ["x"], 0),
        ("where(x > 0, exp(x)*x, sin(sin(sin(x))))", ["x"], 3),  # the path taken, and the condition that was met
        ("a = exp(x); [a, a*y, a*a]", ["x", "y"], 3),  # one tape for all outputs
    ],
)
def test_the_length_of_the_tape(text: str, wrt: list[str], tape: int) -> None:
    case = make_case(text, {"x": 2.0, "y": 3.0}, wrt)
    kind: Kind = "jacobian" if case.expression.shape else "gradient"
    assert reverse.differentiate(replace(case.problem, wanted=Wanted(kind))).tape == tape
    assert forward.differentiate(replace(case.problem, wanted=Wanted(kind))).tape is None


@pytest.mark.parametrize("method", ["forward-over-reverse", "reverse-over-forward", "reverse", "forward-over-forward"])
def test_the_tapes_of_second_order(method: str) -> None:
    """Forward over reverse keeps the tape of the function; reverse over forward that of the duals, and is longer."""
    case = make_case("exp(x*y)*sin(x)", {"x": 0.5, "y": 2.0})
    first = reverse.differentiate(case.problem).tape
    tape = METHODS[method].load()(replace(case.problem, wanted=Wanted("hessian", (), 2))).tape
    assert first == 4
    if method == "forward-over-forward":
        assert tape is None
    else:
        assert tape is not None
        assert tape == first if method == "forward-over-reverse" else tape > first


def test_the_tape_of_a_double_backward_is_that_of_the_gradient_and_its_weights() -> None:
    case = make_case("exp(x*y)*sin(x)", {"x": 0.5, "y": 2.0})
    kinds = (Wanted("hessian", (), 2), Wanted("hvp", (1.0, 1.0), 2), Wanted("hvp", (2.0, 3.0), 2))
    whole, summed, weighed = (reverse.differentiate(replace(case.problem, wanted=kind)).tape or 0 for kind in kinds)
    assert whole > (reverse.differentiate(case.problem).tape or 0)
    assert summed == whole + 1  # an addition
    assert weighed == whole + 3  # and two products


def test_of_several_tapes_the_longest_is_told() -> None:
    """Along y the slope of sin(x)*x + y is 1, and its tape that of the function alone."""
    problem = replace(make_case("sin(x)*x + y", {"x": 0.5, "y": 2.0}).problem, wanted=Wanted("hessian", (), 2))
    tapes = [
        METHODS["reverse-over-forward"].load()(replace(problem, wrt=wrt)).tape for wrt in ((0, 1), (1, 0), (0,), (1,))
    ]
    assert tapes[0] == tapes[1] == tapes[2]
    assert tapes[2] is not None
    assert tapes[3] is not None
    assert tapes[2] > tapes[3]


def test_memory_is_measured_where_it_is_asked_for() -> None:
    case = make_case("sin(x)*x", {"x": 0.5})
    plain = compare(case, Settings(("forward", "reverse")))
    assert [measurement.memory for measurement in plain.measurements] == [None, None]
    asked = compare(case, Settings(("forward", "reverse", "symbolic"), memory=True))
    ahead, back, symbolic = (measurement.memory for measurement in asked.measurements)
    assert isinstance(ahead, Memory)
    assert isinstance(back, Memory)
    assert isinstance(symbolic, Memory)
    assert (ahead.tape, back.tape, symbolic.tape) == (None, 2, None)
    sweeps = forward.differentiate(case.problem).sweeps
    assert ahead.peak == max(map(peak, sweeps))
    case = make_case("sin(x)*exp(y)", {"x": 0.5, "y": 2.0})
    (row,) = compare(case, Settings(("forward",), memory=True)).measurements
    assert isinstance(row.memory, Memory)
    one, other = map(peak, forward.differentiate(case.problem).sweeps)
    assert row.memory.peak == max(one, other) < one + other  # one sweep after the other


# --- in which order equations are executed
@pytest.fixture
def checked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every program is validated when it is made, whichever pass makes it."""
    make = Program.__init__

    def made(program: Program, *arguments: Any, **named: Any) -> None:
        make(program, *arguments, **named)
        validate(program)

    monkeypatch.setattr(Program, "__init__", made)


def questions(rng: random.Random, inputs: int, outputs: int) -> list[Wanted]:
    """Every kind that can be asked of a program of this shape."""
    vector = [rng.choice((0.0, 1.0, -1.0, 2.0)) for _ in range(max(inputs, outputs))]
    asked = [Wanted("jacobian"), Wanted("jvp", tuple(vector[:inputs])), Wanted("vjp", tuple(vector[:outputs]))]
    if outputs == 1:
        asked += [Wanted("gradient"), Wanted("hessian", (), 2), Wanted("hvp", tuple(vector[:inputs]), 2)]
    if outputs == 1 and inputs == 1:
        asked += [Wanted("derivative", (), order) for order in (3, 5)]
    return asked


def derived(problem: Problem) -> Iterator[Program]:
    """The programs of every method that has this derivative, but for libraries."""
    for method in METHODS.values():
        if method.needs is None and not method.apart and problem.wanted.kind in method.kinds:
            with suppress(Unsupported):
                yield from method.load()(problem).sweeps


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("seed", range(60))
@pytest.mark.usefixtures("checked")
def test_operands_are_executed_before_their_use_in_whatever_is_made_of_a_branching_program(
    seed: int, dtype: Dtype
) -> None:
    """Sweeps, tapes, sweeps of sweeps, chosen outputs, shared and pruned: on the path that a point takes."""
    rng = random.Random(seed)
    names, inputs, outputs = (*ALL_NAMES, *["select"] * 20), rng.randint(1, 3), rng.randint(1, 3)
    drawn = random_program(rng, names, inputs, 9, outputs, most_constant=0.3)
    program = loads_first(share(drawn.program) if rng.random() < 0.5 else drawn.program)
    for wanted in questions(rng, len(program.inputs), len(program.outputs)):
        problem = Problem(program, tuple(range(len(program.inputs))), drawn.point, wanted, dtype=dtype)
        for sweep in derived(problem):
            plain = evaluate(sweep, problem.start, problem.algebra)
            for again in (in_order(sweep), prune(sweep), share(sweep), loads_first(sweep)):
                found = evaluate(again, problem.start, problem.algebra)
                assert list(map(repr, found)) == list(map(repr, plain))


BRANCHES = (
    "where(x <= 3, x, log(x) + 1)",
    "log(x)+1 if x > 2 else x",
    "asinh(x) + sinc(sin(x))",
    "[x/y, where(x > 0, 1, x)]",
    "[where(y > 1, x*y - 1, 2), exp(x)/2 - y, where(x > 1, x**3 - 2, 1/x)]",
)


@pytest.mark.parametrize("text", BRANCHES)
@pytest.mark.usefixtures("checked")
def test_constants_of_a_branch_stand_before_all_that_is_written_for_it(text: str) -> None:
    """They are read again by tangents, which are executed among the equations of the path."""
    program = elaborate(text).program
    point = [5.3, 2.0][: len(program.inputs)]
    rng = random.Random(1)
    for wanted in questions(rng, len(program.inputs), len(program.outputs)):
        problem = Problem(program, tuple(range(len(program.inputs))), point, wanted)
        for method in (forward, reverse):
            for sweep in method.differentiate(problem).sweeps:
                assert evaluate(prune(sweep), point, FLOAT64) == evaluate(sweep, point, FLOAT64)


def test_an_operand_that_is_executed_later_is_found() -> None:
    builder = Builder(("x",))
    x = builder.input(0)
    late, y = builder.constant(2.0), builder.apply("exp", x)
    tangent = builder.apply("mul", late, x)
    for place, right in ((y, True), (late, True), (x, False)):
        program = builder.program([y, tangent], behind=[place])
        if right:
            validate(program)
        else:
            with pytest.raises(ValueError, match="executed later"):
                validate(program)
    with pytest.raises(ValueError, match="its own order"):
        validate(builder.program([y], behind=[tangent]))
    builder.emit(CODE["const"], 0)
    with pytest.raises(ValueError, match="loaded twice"):
        validate(builder.program([y]))


# --- outputs chosen and combined
def test_only_some_outputs_are_made() -> None:
    program = program_of("a = exp(x); [a, sin(y), a*a]")
    part = only(program, [2])
    validate(part)
    assert evaluate(part, [0.5, 1.0], FLOAT64) == [evaluate(program, [0.5, 1.0], FLOAT64)[2]]
    assert count(part) == Cost(func=1, mul=1)
    assert part.inputs == program.inputs
    assert only(program, [2, 0, 0]).outputs[1:] == (only(program, [2, 0, 0]).outputs[1],) * 2
    assert evaluate(only(program, [1, 0]), [0.0, 0.0], FLOAT64) == [0.0, 1.0]
    assert len(only(program, [])) == 0


@pytest.mark.parametrize(
    ("weights", "cost", "value"),
    [
        ([], "", 0.0),
        ([(0.0, 0), (0.0, 1)], "", 0.0),
        ([(1.0, 1)], "", 3.0),
        ([(-1.0, 1)], "neg", -3.0),
        ([(2.0, 1)], "mul", 6.0),
        ([(1.0, 0), (1.0, 1)], "add", 5.0),
        ([(1.0, 0), (-1.0, 1)], "add", -1.0),
        ([(-1.0, 0), (1.0, 1)], "neg add", 1.0),
        ([(2.0, 0), (0.0, 1), (-0.5, 2)], "mul mul add", -1.0),
        ([(1.0, 0), (1.0, 0)], "add", 4.0),
        ([(-1.0, 0), (-1.0, 1), (-1.0, 2)], "neg add add", -15.0),
    ],
)
def test_a_combination_costs_what_its_weights_need(
    weights: Sequence[tuple[float, int]], cost: str, value: float
) -> None:
    program = program_of("[x, y, x*5]")
    again = combined(program, [weights])
    validate(again)
    assert again.outputs[: len(program.outputs)] == program.outputs
    assert evaluate(again, [2.0, 3.0], FLOAT64) == [2.0, 3.0, 10.0, value]
    words = cost.split()
    assert count(again) == count(program) + Cost(add=words.count("add"), mul=words.count("mul"), neg=words.count("neg"))


def test_several_combinations_follow_one_another() -> None:
    program = program_of("[x, y]")
    again = combined(program, [[(2.0, 0)], [(3.0, 1), (1.0, 0)], []])
    assert evaluate(again, [1.0, 10.0], FLOAT64) == [1.0, 10.0, 2.0, 31.0, 0.0]
    assert len(program) == 2  # the first is as it was


@given(random_programs(NAMES, outputs=(1, 3)), st.data())
def test_a_combination_is_the_weighted_sum(drawn: Drawn, data: st.DataObject) -> None:
    program, m = drawn.program, len(drawn.program.outputs)
    weights = data.draw(st.lists(st.integers(-16, 16).map(lambda k: k / 8), min_size=m, max_size=m))
    before = in_balls(program, drawn.point)
    *values, total = in_balls(combined(program, [list(zip(weights, range(m), strict=True))]), drawn.point)
    assert all(a.overlaps(b) for a, b in zip(values, before, strict=True))
    expected = sum((w * value for w, value in zip(weights, before, strict=True)), 0 * before[0])
    assert total.overlaps(expected)


def test_a_program_keeps_its_guards() -> None:
    case = make_case("where(x > 0, x*x, x)", {"x": 2.0})
    (sweep,) = forward.differentiate(case.problem).sweeps
    assert sweep.guards
    for again in (combined(sweep, [[(2.0, 0)]]), only(sweep, [1]), prune(sweep), share(sweep)):
        validate(again)
        assert len(again.guards) == len(sweep.guards)


# --- which inputs meet
@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        ("x + y + z", ""),
        ("x - y", ""),
        ("-x", ""),
        ("2*x + 3*y", ""),
        ("x/3 + y", ""),
        ("x*y + z", "xy"),
        ("x*x", "xx"),
        ("x/y", "xx xy yy"),
        ("1/x + y", "xx"),
        ("x*y + y*z", "xy yz"),
        ("sin(x) + sin(y)", "xx yy"),
        ("sin(x + y) + z", "xx xy yy"),
        ("x*(y + z)", "xy xz"),
        ("(x + y)*(x - y)", "xx xy yy"),
        ("fma(x, y, z)", "xy"),
        ("x**2 + y**2", "xx yy"),
        ("x**y + z", "xx xy yy"),
        ("detach(x)*y", ""),
        ("detach(x*y)*z*z", "xy zz"),  # a bound: what stands in detach is looked at as well
        ("sin(detach(x))*y + x", ""),
        ("max(x, y) + z", "xx xy yy"),
        ("abs(x) + y", "xx"),
        ("where(x > 0, y, z)", "xx xy xz"),  # what decides meets what it decides between
        ("where(x > 0, y*z, 0)", "xx xy xz yz"),
        ("where(1 < 2, x*y, z)", "xy"),
        ("floor(x) + y*z", "xx yz"),
        ("(x + y)*(x + y) + z", "xx xy yy"),
        ("x*sin(y)*z", "xy xz yy yz"),
        ("3", ""),
    ],
)
def test_the_inputs_that_meet(text: str, pairs: str) -> None:
    program = elaborate(f"0*x + 0*y + 0*z + ({text})").program
    met = meetings(program)
    assert program.inputs == ("x", "y", "z")
    for i, one in enumerate("xyz"):
        for j, other in enumerate("xyz"):
            found = bool(met[i] >> j & 1)
            wanted = one + other in pairs.split() or other + one in pairs.split()
            assert found == wanted, (one, other)


@given(random_programs(NAMES, inputs=(2, 4), size=(1, 12)))
def test_where_inputs_do_not_meet_a_mixed_derivative_is_zero(drawn: Drawn) -> None:
    """And meetings are mutual."""
    n = len(drawn.point)
    met = meetings(drawn.program)
    problem = Problem(drawn.program, tuple(range(n)), drawn.point, Wanted("hessian", (), 2))
    hessian = in_balls(*reverse.differentiate(problem).sweeps, drawn.point)[1:]
    for i in range(n):
        for j in range(n):
            assert bool(met[i] >> j & 1) == bool(met[j] >> i & 1)
            if not met[i] >> j & 1:
                assert hessian[i * n + j].contains(0)


def test_a_hessian_is_sparse_where_the_function_is() -> None:
    """A sum of functions of neighbours: three bands are proved not zero, all else is exactly 0."""
    n = 12
    text = " + ".join(f"sin(x[{i}]*x[{i + 1}])" for i in range(n - 1))
    problem = make_case(text, {"x": tuple(0.5 + i / 16 for i in range(n))}).problem
    truth = certify(problem.program, problem.wrt, problem.point, Wanted("hessian", (), 2))
    assert truth.status == "certified"
    assert truth.derivative is not None
    for i in range(n):
        for j in range(n):
            assert truth.derivative[i * n + j].is_zero() == (abs(i - j) > 1)


# --- evaluation again, where some inputs moved
@given(random_programs((*NAMES, "polygamma"), inputs=(1, 4), outputs=(1, 3), size=(1, 16), tame=False), st.data())
def test_evaluating_again_is_evaluating(drawn: Drawn, data: st.DataObject) -> None:
    """With the same values for some inputs: the same path, and every output to the last bit."""
    program, point = drawn.program, list(drawn.point)
    values = evaluate_all(program, point, FLOAT64)
    moved = {i: point[i] for i in range(len(point)) if data.draw(st.booleans())}
    again = evaluate_again(program, values, moved, FLOAT64)
    assert [repr(x) for x in again] == [repr(values[output]) for output in program.outputs]


def test_evaluating_again_takes_the_new_numbers() -> None:
    program = program_of("a = x*y; [a + z, polygamma(1, x), where(x > 0, z*z, y), 5]")
    values: list[Any] = evaluate_all(program, [2.0, 3.0, 4.0], FLOAT64)
    assert evaluate_again(program, values, {2: 10.0}, FLOAT64)[0] == 16.0
    assert evaluate_again(program, values, {2: 10.0}, FLOAT64)[2] == 100.0
    assert evaluate_again(program, values, {0: 1.0, 2: 0.0}, FLOAT64) == evaluate(program, [1.0, 3.0, 0.0], FLOAT64)
    assert evaluate_again(program, values, {}, FLOAT64) == evaluate(program, [2.0, 3.0, 4.0], FLOAT64)
