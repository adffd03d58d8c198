"""Every kind of derivative by every method that can find it, against three routes that share nothing with them.

Numerical differentiation with 90 digits (mpmath), formulas by hand, and identities that tie one kind to
another: <w, J v> = <J^T w, v>, rows and columns of one Jacobian, a Hessian and its transpose, H v and H. What the
truth certifies is held against mpmath on every case of the collection: a wrong certified number is the worst fault.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import mpmath
import pytest
from acceptance import load
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from oracle import (
    ALL_NAMES,
    CORE,
    SMOOTH,
    Drawn,
    HighPrecision,
    NoValue,
    cornered,
    in_balls,
    random_program,
    random_programs,
)

from diffcli.comparison.compare import compare
from diffcli.comparison.result import Comparison, Entry, Settings
from diffcli.core.derivative_kinds import KINDS, SECOND_ORDER, Kind, Wanted
from diffcli.core.linear_combinations import only
from diffcli.core.program import Cost, Program, count
from diffcli.methods import METHODS, forward, reverse, usual
from diffcli.problem.case import Case
from diffcli.problem.derivation import Problem
from diffcli.problem.understanding import make_case
from diffcli.syntax import elaborate
from diffcli.truth.certify import Truth, certify, digits

HIGH = HighPrecision()
SECOND_WAYS = ("forward-over-forward", "forward-over-reverse", "reverse-over-forward", "reverse", "forward")
INF = math.inf


def asked(
    text: str, at: dict[str, Any], kind: Kind, vector: Sequence[float] = (), order: int = 1, wrt: Any = None
) -> Case:
    return replace(make_case(text, at, wrt), wanted=Wanted(kind, tuple(map(float, vector)), order))


EXACT = ("symbolic", "forward", "reverse", *SECOND_WAYS[:3], "taylor")
"""Methods that are exact but for rounding."""


def able(kind: Kind) -> tuple[str, ...]:
    """All exact methods that can find this kind."""
    return tuple(name for name in EXACT if kind in METHODS[name].kinds)


def by_all(case: Case) -> Comparison:
    return compare(case, Settings(able(case.wanted.kind)))


def found(name: str, problem: Problem) -> list[Any]:
    """The entries of the derivative by a method, in balls."""
    derivation = METHODS[name].load()(problem)
    m = len(problem.program.outputs)
    results = [in_balls(sweep, problem.point) for sweep in derivation.sweeps]
    if derivation.entries is None:
        return [entry for result in results for entry in result[m:]]
    return [results[sweep][output] for sweep, output in derivation.entries]


def proved(problem: Problem) -> Truth:
    return certify(problem.program, problem.wrt, problem.point, problem.wanted)


def number(ball: Any) -> Any:
    return mpmath.mpf(digits(ball))


def expected(problem: Problem) -> list[Any]:
    """The derivative by numerical differentiation, at mpmath's working precision."""
    program, point, wrt, wanted = problem.program, problem.point, problem.wrt, problem.wanted
    outputs = range(len(program.outputs))

    def partial(output: int, *variables: int) -> Any:
        orders = [variables.count(i) for i in range(len(program.inputs))]
        return HIGH.derivative(program, point, orders, output)

    jacobian = (
        [[partial(j, i) for i in wrt] for j in outputs] if wanted.kind not in (*SECOND_ORDER, "derivative") else []
    )
    if wanted.kind in ("gradient", "jacobian"):
        return [entry for row in jacobian for entry in row]
    if wanted.kind == "jvp":
        return [mpmath.fdot(row, wanted.vector) for row in jacobian]
    if wanted.kind == "vjp":
        return [mpmath.fdot(column, wanted.vector) for column in zip(*jacobian, strict=True)]
    if wanted.kind == "derivative":
        return [partial(0, *wrt * wanted.order)]
    hessian = [[partial(0, *sorted((i, k))) for k in wrt] for i in wrt]
    if wanted.kind == "hvp":
        return [mpmath.fdot(row, wanted.vector) for row in hessian]
    return [entry for row in hessian for entry in row]


def near(value: Any, other: Any, scale: Any = 1) -> bool:
    return bool(abs(value - other) <= abs(other) * mpmath.mpf(10) ** -25 + scale * mpmath.mpf(10) ** -40)


# --- every kind by every method against numerical differentiation
V2, V3 = {"x": (0.5, -1.25)}, {"x": (0.5, 1.25, -0.75)}
MATRIX = {"M": ((1.5, 0.25), (-0.5, 2.0)), "x": (0.75, -1.5)}
FUNCTIONS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("x*sin(y) + exp(x*y)", {"x": 1.5, "y": 0.5}),
    ("100*(y - x**2)**2 + (1 - x)**2", {"x": -1.2, "y": 1.0}),
    ("sum(exp(x)*sin(x))", V3),
    ("dot(x, x)**2/norm(x)", V3),
    ("prod(x) + mean(x**2)", V3),
    ("logsumexp(x)", V3),
    ("dot(x, M @ x)", MATRIX),
    ("tanh(M @ x)[0]*sum(M)", MATRIX),
    ("max(x)*min(x) + sum(max(x, 0)**3)", V3),
    ("where(x[0] > 0, x[0]**3*x[1], x[1])", V2),
    ("gamma(x)*lgamma(y) + digamma(x*y)", {"x": 2.5, "y": 1.5}),
    ("atan2(x, y)*hypot(x, y) + x**y", {"x": 1.25, "y": 2.5}),
    ("gelu(x) + silu(y)*softplus(x*y) + erf(x - y)", {"x": 0.5, "y": -0.25}),
    ("cbrt(x)*log1p(y) + asin(x)*acosh(2 + y) + sinh(x*y)", {"x": 0.5, "y": 0.75}),
    ("x", {"x": 2.0, "y": 1.0}),
    ("3", {"x": 2.0}),
)
VECTORS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("[x*y, sin(x), y**3, 7]", {"x": 1.5, "y": 0.5}),
    ("x*sum(x)", V3),
    ("softmax(x)", V3),
    ("M @ x", MATRIX),
    ("transpose(M) @ M", MATRIX),
    ("outer(x, tanh(x))", V2),
    ("[norm(x), prod(x), logsumexp(x)]", V3),
    ("[x]", {"x": 2.0}),
    ("where(x > 0, x**2, -x)", V3),
    ("a = x[0]*x[1]; [a, a, exp(a)]", V2),
)


def kinds_of(case: Case) -> list[Wanted]:
    """Everything that can be asked of a function, with vectors that are no units."""
    n, m = len(case.entries), len(case.outputs)
    v, w = [tuple(0.5 * (-1) ** i * (i + 1) for i in range(k)) for k in (n, m)]
    wanted = [Wanted("jacobian"), Wanted("jvp", v), Wanted("vjp", w)]
    if not case.expression.shape:
        wanted += [Wanted("gradient"), Wanted("hessian", (), 2), Wanted("hvp", v, 2)]
    return wanted + [Wanted("derivative", (), order) for order in (1, 2, 3, 5) if n == m == 1]


ASKED = [
    pytest.param(text, at, wanted, id=f"{text} {wanted.kind}{wanted.order}")
    for text, at in (*FUNCTIONS, *VECTORS)
    for wanted in kinds_of(make_case(text, at, list(at)))
]


@pytest.mark.parametrize(("text", "at", "wanted"), ASKED)
def test_all_methods_and_the_truth_agree_with_numerical_differentiation(
    text: str, at: dict[str, Any], wanted: Wanted
) -> None:
    case = replace(make_case(text, at, list(at)), wanted=wanted)
    comparison = by_all(case)
    truth = comparison.truth
    assert truth.status == "certified", truth.reason
    assert truth.derivative is not None
    assert truth.values is not None
    assert len(truth.derivative) == math.prod(comparison.shape) == len(comparison.entries)
    with mpmath.workdps(90):
        for ball, reference in zip(truth.derivative, expected(case.problem), strict=True):
            assert near(number(ball), reference)
    assert {measurement.method for measurement in comparison.measurements} >= {*usual(wanted.kind)}
    for measurement in comparison.measurements:
        assert measurement.verdict == "ok", (measurement.method, measurement.message)
        assert measurement.values is not None
        assert len(measurement.values) == len(truth.values)
        assert all(
            math.isclose(a, float(b.mid()), rel_tol=1e-13)
            for a, b in zip(measurement.values, truth.values, strict=True)
        )


ORDERS: tuple[tuple[str, float], ...] = (
    ("exp(sin(x))", 0.75),
    ("x**3*log(x)", 1.5),
    ("tanh(x)/(1 + x**2)", 0.5),
    ("1/(1 + exp(-x))", -0.25),
    ("sqrt(x)*cos(x)", 2.0),
    ("x**x", 1.25),
    ("abs(x)**3*sign(x)", -1.5),
    ("where(x > 0, x**4, -x)", 0.5),
    ("max(x**3, x)", 2.0),
    ("x**2.5", 1.5),
    ("asin(x) + atanh(x)", 0.25),
    ("gamma(x)", 2.5),
    ("x**7 - 3*x**2", 1.0),
)


@pytest.mark.parametrize("order", [1, 2, 3, 4, 6])
@pytest.mark.parametrize(("text", "x"), ORDERS)
def test_derivatives_of_higher_order_agree(text: str, x: float, order: int) -> None:
    case = asked(text, {"x": x}, "derivative", (), order)
    methods = able("derivative") if order < 4 else ("forward", "taylor")
    comparison = compare(case, Settings(methods))
    assert comparison.truth.status == "certified"
    assert comparison.truth.derivative is not None
    with mpmath.workdps(90):
        assert near(number(comparison.truth.derivative[0]), expected(case.problem)[0])
    for measurement in comparison.measurements:
        assert measurement.verdict == "ok", (measurement.method, measurement.message, measurement.max_ulp)


@pytest.mark.parametrize(
    ("text", "order", "value"),
    [
        ("1/(1 - x)", 20, math.factorial(20)),
        ("exp(sin(x))", 10, -2951),
        ("exp(x)", 30, 1),
        ("x**5", 5, 120),
        ("x**5", 6, 0),
        ("x**5", 9, 0),
        ("log(1 + x)", 12, -math.factorial(11)),
        ("sin(x)", 17, 1),
        ("sin(x)", 18, 0),
        ("atan(x)", 9, math.factorial(8)),
        ("exp(-x**2)", 8, math.factorial(8) // 24),
        ("tan(x)", 7, 272),
        ("1/cosh(x)", 10, -50521),
        ("x*exp(x)", 12, 12),
    ],
)
def test_derivatives_of_high_order_at_0_are_the_numbers_of_the_books(text: str, order: int, value: int) -> None:
    """Factorials, Bell, tangent, Euler and Hermite numbers."""
    case = asked(text, {"x": 0.0}, "derivative", (), order)
    comparison = compare(case, Settings(("taylor",) if order > 6 else ("forward", "reverse", "taylor")))
    assert comparison.truth.status == "certified"
    assert comparison.truth.derivative is not None
    assert comparison.truth.derivative[0].contains(value)
    for measurement in comparison.measurements:
        assert measurement.verdict == "ok", (measurement.method, measurement.derivative)


# --- the truth on the whole collection: never wrong
COLLECTION = [
    case
    for file in ("dev.jsonl", "lessons.jsonl")
    for case in load(Path(__file__).parent.parent / "cases" / file)
    if len(case["expr"]) < 1000 and "detach" not in case["expr"] and "stop_gradient" not in case["expr"]
]


def digits_needed(recorded: dict[str, Any]) -> int:
    """At points of size 1e-200 numerical differentiation needs more digits than elsewhere."""
    tiny = any(0 < abs(x) < 1e-20 for x in recorded["at"].values()) or "1e-200" in recorded["expr"]
    return 900 if tiny else 90


@pytest.mark.parametrize("recorded", COLLECTION, ids=lambda case: case["id"])
def test_no_certified_derivative_of_second_or_third_order_is_wrong(recorded: dict[str, Any]) -> None:
    wrt = recorded.get("wrt") or list(recorded.get("gradient") or recorded["at"])
    case = make_case(recorded["expr"], recorded["at"], wrt[:4])
    for problem in (
        replace(case.problem, wanted=Wanted("hessian", (), 2)),
        replace(case.problem, wrt=case.problem.wrt[:1], wanted=Wanted("derivative", (), 3)),
    ):
        truth = proved(problem)
        if truth.status != "certified":
            continue
        assert truth.derivative is not None
        with mpmath.workdps(digits_needed(recorded)):
            try:
                reference = expected(problem)
            except NoValue:  # the steps leave the domain
                assert truth.reason is not None
                continue
            scale = 1 + abs(number(truth.value))
            for ball, other in zip(truth.derivative, reference, strict=True):
                assert near(number(ball), other, scale)


def test_the_collection_is_mostly_certified() -> None:
    """What is skipped above is little."""
    statuses = [
        proved(replace(make_case(case["expr"], case["at"]).problem, wanted=Wanted("hessian", (), 2))).status
        for case in COLLECTION[::7]
    ]
    assert len(COLLECTION) > 800
    assert statuses.count("certified") > 0.9 * len(statuses)


# --- random programs: in balls
NAMES = (*ALL_NAMES, "select")
FEWER = settings(max_examples=60)


def vectors(data: st.DataObject, n: int) -> tuple[float, ...]:
    sixteenths = st.integers(-48, 48).map(lambda k: k / 16)
    return tuple(data.draw(st.lists(sixteenths, min_size=n, max_size=n)))


def overlapping(one: Sequence[Any], other: Sequence[Any]) -> bool:
    """Balls around everything, and around nothing, overlap with any."""
    return all(a.overlaps(b) and known(a) and known(b) for a, b in zip(one, other, strict=True))


def known(ball: Any) -> bool:
    return bool(ball.is_finite() and ball.rad() < 2.0**-30 * (1 + abs(ball.mid())))


@FEWER
@given(random_programs(NAMES, outputs=(1, 3), size=(2, 14)), st.data())
def test_rows_columns_and_contractions_of_one_jacobian(drawn: Drawn, data: st.DataObject) -> None:
    """J by columns is J by rows; J v and J^T w are theirs; <w, J v> = <J^T w, v>; all in the balls of the truth."""
    n, m = len(drawn.point), len(drawn.program.outputs)
    problem = Problem(drawn.program, tuple(range(n)), drawn.point, Wanted("jacobian"))
    v, w = vectors(data, n), vectors(data, m)
    columns, rows = found("forward", problem), found("reverse", problem)
    assert overlapping(columns, rows)
    along, back = replace(problem, wanted=Wanted("jvp", v)), replace(problem, wanted=Wanted("vjp", w))
    product = [sum(rows[j * n + i] * v[i] for i in range(n)) for j in range(m)]
    weighted = [sum(rows[j * n + i] * w[j] for j in range(m)) for i in range(n)]
    for name in ("forward", "reverse"):
        assert overlapping(found(name, along), product)
        assert overlapping(found(name, back), weighted)
    pairing = sum(a * b for a, b in zip(found("forward", along), w, strict=True))
    other = sum(a * b for a, b in zip(found("reverse", back), v, strict=True))
    assert pairing == other == 0 or pairing.overlaps(other)
    for asked_for, ours in ((problem, rows), (along, product), (back, weighted)):
        truth = proved(asked_for)
        if truth.status == "certified":
            assert truth.derivative is not None
            assert overlapping(truth.derivative, ours)


@FEWER
@given(random_programs((*NAMES, *SMOOTH), inputs=(1, 3), size=(1, 9)), st.data())
def test_one_hessian_by_all_ways_is_symmetric(drawn: Drawn, data: st.DataObject) -> None:
    """Five ways, H = H^T, and H v three ways; all in the balls of the truth."""
    n = len(drawn.point)
    problem = Problem(drawn.program, tuple(range(n)), drawn.point, Wanted("hessian", (), 2))
    v = vectors(data, n)
    first, *others = (found(name, problem) for name in SECOND_WAYS)
    assert all(overlapping(first, other) for other in others)
    assert overlapping(first, [first[k * n + i] for i in range(n) for k in range(n)])
    product = [sum(first[i * n + k] * v[k] for k in range(n)) for i in range(n)]
    along = replace(problem, wanted=Wanted("hvp", v, 2))
    for name in SECOND_WAYS:
        assert overlapping(found(name, along), product)
    for asked_for, ours in ((problem, first), (along, product)):
        truth = proved(asked_for)
        if truth.status == "certified":
            assert truth.derivative is not None
            assert overlapping(truth.derivative, ours)


@FEWER
@given(random_programs((*NAMES, *SMOOTH), inputs=(1, 1), size=(1, 6)), st.integers(1, 4))
def test_one_derivative_of_higher_order_by_all_ways(drawn: Drawn, order: int) -> None:
    problem = Problem(drawn.program, (0,), drawn.point, Wanted("derivative", (), order))
    ways = ("forward", "taylor", "reverse") if order < 4 else ("forward", "taylor")
    first, *others = (found(name, problem) for name in ways)
    assert all(overlapping(first, other) for other in others)
    truth = proved(problem)
    if truth.status == "certified":
        assert truth.derivative is not None
        assert overlapping(truth.derivative, first)


@FEWER
@given(random_programs(SMOOTH, inputs=(1, 3), size=(1, 6)), st.data())
def test_symbolic_and_reverse_agree_in_every_kind(drawn: Drawn, data: st.DataObject) -> None:
    n = len(drawn.point)
    kinds = [Wanted("hessian", (), 2), Wanted("hvp", vectors(data, n), 2), Wanted("jvp", vectors(data, n))]
    for wanted in [*kinds, Wanted("vjp", (1.5,))]:
        problem = Problem(drawn.program, tuple(range(n)), drawn.point, wanted)
        ours = found("reverse", problem)
        assume(all(ball.is_finite() for ball in ours))
        for a, b in zip(found("symbolic", problem), ours, strict=True):
            # a float literal of SymPy's is exact, so both balls hold the same number
            assert a.overlaps(b)


def test_the_truth_is_certified_for_nearly_every_program_and_kind() -> None:
    statuses: list[str] = []
    for seed in range(150):
        drawn = random_program(random.Random(seed), NAMES, 1 + seed % 3, 8)
        problem = Problem(drawn.program, tuple(range(len(drawn.point))), drawn.point, Wanted("hessian", (), 2))
        statuses.append(proved(problem).status)
    assert set(statuses) <= {"certified", "undecided"}
    assert statuses.count("undecided") <= 6


# --- what exists and what does not, entry by entry
def shown(side: Any) -> Any:
    return side if side is None or isinstance(side, float) else float(side.mid())


# expression, point, kind, vector, order, certified entries (None: none), left, right where not all exist
KINKS: tuple[tuple[str, dict[str, Any], Kind, tuple[float, ...], list[Any], list[Any], list[Any]], ...] = (
    ("relu(x)", {"x": (0.0, 2.0)}, "jacobian", (), [None, 0, 0, 1], [0, 0, 0, 1], [1, 0, 0, 1]),
    ("[abs(x), x*x, sqrt(x)]", {"x": 0.0}, "jacobian", (), [None, 0, None], [-1, 0, None], [1, 0, INF]),
    ("max(x)", {"x": (2.0, 1.0, 2.0)}, "gradient", (), [None, 0, None], [0, 0, 0], [1, 0, 1]),
    ("min(x)", {"x": (2.0, 1.0, 1.0)}, "gradient", (), [0, None, None], [0, 1, 1], [0, 0, 0]),
    ("sum(abs(x))", {"x": (0.0, 3.0, -3.0)}, "gradient", (), [None, 1, -1], [-1, 1, -1], [1, 1, -1]),
    ("norm(x)", {"x": (0.0, 0.0)}, "gradient", (), [None, None], [-1, -1], [1, 1]),
    ("abs(x)*y", {"x": 0.0, "y": 2.0}, "gradient", (), [None, 0], [-2, 0], [2, 0]),
    ("sum(relu(x))", {"x": (0.0, 1.0)}, "jvp", (1.0, 2.0), [None], [2], [3]),
    ("[x, abs(x)]", {"x": 0.0}, "jvp", (2.0,), [2, None], [2, -2], [2, 2]),
    ("[abs(x), x*x]", {"x": 0.0}, "vjp", (2.0, 1.0), [None], [-2], [2]),
    ("abs(x) + y**2", {"x": 0.0, "y": 1.0}, "hessian", (), [None, None, 0, 2], [0, None, 0, 2], [0, None, 0, 2]),
    ("x*abs(x) + y**3", {"x": 0.0, "y": 1.0}, "hessian", (), [None, 0, 0, 6], [-2, 0, 0, 6], [2, 0, 0, 6]),
)


@pytest.mark.parametrize(("text", "at", "kind", "vector", "entries", "left", "right"), KINKS)
def test_each_entry_exists_or_has_two_sides(
    text: str, at: dict[str, Any], kind: Kind, vector: Any, entries: list[Any], left: list[Any], right: list[Any]
) -> None:
    case = asked(text, at, kind, vector, 2 if kind in SECOND_ORDER else 1)
    comparison = by_all(case)
    truth = comparison.truth
    assert truth.status == "not-differentiable"
    assert truth.derivative is not None
    assert truth.left is not None
    assert truth.right is not None
    assert [shown(entry) for entry in truth.derivative] == entries
    assert [shown(side) for side in truth.left] == left
    assert [shown(side) for side in truth.right] == right
    for measurement in comparison.measurements:
        assert measurement.errors is not None
        assert [error is None for error in measurement.errors] == [entry is None for entry in entries]
        assert measurement.max_ulp is measurement.bits is None
        if measurement.method != "symbolic":
            inside = not {INF, None} & {*right}  # what has no sides bounds no number
            assert measurement.verdict == "kink" or not inside or "norm" in text, measurement.method


def test_along_a_unit_both_sides_are_per_length_too() -> None:
    """Along (3, 4), of length 5: 9 + 16 to the right, 9 - 16 to the left."""
    case = make_case("3*x + abs(4*y)", {"x": 1.0, "y": 0.0})
    truth = proved(replace(case.problem, wanted=Wanted("jvp", (3.0, 4.0), unit=True)))
    assert truth.derivative == (None,)
    assert truth.left is not None
    assert truth.right is not None
    assert (truth.left[0].str(20, radius=False), truth.right[0]) == ("-1.4000000000000000000", 5)
    smooth = proved(replace(case.problem, point=[1.0, 2.0], wanted=Wanted("jvp", (3.0, 4.0), unit=True)))
    assert smooth.derivative is not None
    assert smooth.derivative[0] == 5


# An entry of the whole that exists where others do not: the same kind of answer, certified
WHOLE: tuple[tuple[str, dict[str, Any], Kind, tuple[float, ...], list[float]], ...] = (
    ("[abs(x), x*x]", {"x": 0.0}, "vjp", (0.0, 1.0), [0]),
    ("[abs(x), -abs(x)]", {"x": 0.0}, "vjp", (1.0, 1.0), [0]),
    ("abs(x - y)", {"x": 1.0, "y": 1.0}, "jvp", (1.0, 1.0), [0]),
    ("[max(x, y), x]", {"x": 1.0, "y": 1.0}, "jvp", (1.0, 1.0), [1, 1]),
    ("max(x, y) + min(x, y)", {"x": 1.0, "y": 1.0}, "gradient", (), [1, 1]),
    ("softmax(x)", {"x": (1.0, 1.0)}, "jacobian", (), [0.25, -0.25, -0.25, 0.25]),
    ("logsumexp(x)", {"x": (3.0, 3.0, 3.0, 3.0)}, "gradient", (), [0.25] * 4),
    ("norm(x)**2", {"x": (0.0, 0.0)}, "gradient", (), [0, 0]),
    ("abs(x)**3*y", {"x": 0.0, "y": 2.0}, "gradient", (), [0, 0]),
    ("sum(abs(x)**3)", {"x": (0.0, 1.0)}, "hessian", (), [0, 0, 0, 6]),
    ("x*y + sin(z)", {"x": 1.0, "y": 2.0, "z": 0.0}, "hessian", (), [0, 1, 0, 1, 0, 0, 0, 0, 0]),
    ("(x + y)*(x - y)", {"x": 0.3, "y": 0.7}, "hessian", (), [2, 0, 0, -2]),
    ("detach(x)*y + x*x", {"x": 1.0, "y": 2.0}, "hessian", (), [2, 0, 0, 0]),
    ("where(x > 0, x*y, y**2)", {"x": 1.0, "y": 2.0}, "hessian", (), [0, 1, 1, 0]),
    ("floor(x)*y + x", {"x": 2.5, "y": 2.0}, "hessian", (), [0, 0, 0, 0]),
    ("x**2*y + 3", {"x": 2.0, "y": 5.0}, "hvp", (1.0, 1.0), [14, 4]),
    ("sum(x)", {"x": (1.0, 2.0)}, "hessian", (), [0, 0, 0, 0]),
    ("logsumexp(x)", {"x": (0.0, 0.0)}, "hessian", (), [0.25, -0.25, -0.25, 0.25]),  # the tie is detached
    ("logsumexp(x)", {"x": (0.0, 0.0)}, "hvp", (2.0, 0.0), [0.5, -0.5]),
    ("detach(abs(x))*y + x*y", {"x": 0.0, "y": 2.0}, "hessian", (), [0, 1, 1, 0]),
    ("abs(x)*x + y*y", {"x": 0.0, "y": 1.0}, "hvp", (0.0, 1.0), [0, 2]),
    ("abs(x*y)", {"x": 0.0, "y": 0.0}, "hvp", (1.0, 1.0), [1, 1]),  # on that line f_x is y
)


@pytest.mark.parametrize(("text", "at", "kind", "vector", "entries"), WHOLE)
def test_what_exists_is_certified(text: str, at: dict[str, Any], kind: Kind, vector: Any, entries: list[float]) -> None:
    truth = proved(asked(text, at, kind, vector, 2 if kind in SECOND_ORDER else 1).problem)
    assert truth.status == "certified", truth.reason
    assert truth.derivative is not None
    assert all(ball.contains(number) for ball, number in zip(truth.derivative, entries, strict=True))
    assert [ball.is_zero() for ball in truth.derivative] == [number == 0 for number in entries]


@pytest.mark.parametrize(
    ("text", "z", "mixed"),
    [
        ("abs(z) + x*y", 0.0, 1),
        ("relu(z)*x*y", 0.0, 0),
        ("where(z == 0, x, 1)*y", 0.0, 1),
        ("sqrt(z)*x*y", 0.0, 0),
        ("floor(z)*x*y", 2.0, 2),
        ("max(z, 0)*x + max(z, 1)*x*y", 0.0, 1),
        ("min(z, inf)*x*y + sign(z)", 0.0, 0),
    ],
)
def test_a_kink_in_what_stands_still_is_none(text: str, z: float, mixed: float) -> None:
    """z lies on a kink, an edge or a switch, and is not differentiated by."""
    problem = make_case(text, {"x": 0.3, "y": 1.0, "z": z}, ["x", "y"]).problem
    truth = proved(replace(problem, wanted=Wanted("hessian", (), 2)))
    assert truth.status == "certified", truth.reason
    assert truth.derivative is not None
    assert [float(ball.mid()) for ball in truth.derivative if ball is not None] == [0, mixed, mixed, 0]


# expression, order, and at 0: the derivative, or both sides
HIGHER: tuple[tuple[str, int, float | None, float | None, float | None], ...] = (
    ("abs(x)**3", 1, 0, None, None),
    ("abs(x)**3", 2, 0, None, None),
    ("abs(x)**3", 3, None, -6, 6),
    ("abs(x)**3", 4, None, 0, 0),
    ("abs(x**5)", 4, 0, None, None),
    ("abs(x**5)", 5, None, -120, 120),
    ("where(x > 0, x**3, 0)", 2, 0, None, None),
    ("where(x > 0, x**3, 0)", 3, None, 0, 6),
    ("relu(x)**4", 3, 0, None, None),
    ("relu(x)**4", 4, None, 0, 24),
    ("x*abs(x)", 1, 0, None, None),
    ("x*abs(x)", 2, None, -2, 2),
    ("x*abs(x)", 3, None, 0, 0),
    ("abs(x)", 2, None, 0, 0),
    ("sqrt(x**4)", 2, 2, None, None),
    ("sqrt(x**4)", 3, 0, None, None),
    ("sqrt(x**6)", 2, 0, None, None),
    ("sqrt(x**6)", 3, None, -6, 6),
    ("sqrt(x)", 1, None, None, INF),
    ("sqrt(x)", 2, None, None, None),
    ("x**2.5", 2, 0, None, None),
    ("x**2.5", 3, None, None, INF),
    ("-x**2.5", 3, None, None, -INF),
    ("cbrt(x)**4", 1, 0, None, None),
    ("cbrt(x)**4", 2, None, INF, INF),
    ("cbrt(x**5)", 2, None, -INF, INF),
    ("cbrt(x)**6", 2, 2, None, None),
    ("max(x, 0)**2 + min(x, 0)**2", 2, 2, None, None),
    ("max(x, 0)**2 - min(x, 0)**2", 2, None, -2, 2),
    ("where(x == 0, 1, sin(x)/x)", 2, -1 / 3, None, None),
    ("where(x == 0, 1, sin(x)/x)", 10, -1 / 11, None, None),
    ("where(x == 0, 0.5, (1 - cos(x))/x**2)", 2, -1 / 12, None, None),
    ("where(x == 0, 0, exp(-1/x**2))", 2, 0, None, None),
    ("where(x == 0, 0, exp(-1/x**2))", 7, 0, None, None),
    ("where(x > 0, exp(-1/x), 0)", 3, 0, None, None),
    ("where(x == 0, 0, x**2*log(abs(x)))", 2, None, -INF, -INF),
    ("where(x == 0, 0, x**3*log(abs(x)))", 2, 0, None, None),
    ("where(x == 0, 0, x**3*log(abs(x)))", 3, None, -INF, -INF),
    ("where(x == 0, 0, x**2*erf(1/x))", 2, None, -2, 2),
    ("acos(1 - x**4)", 2, 8**0.5, None, None),
    ("hypot(x**3, x**4)", 2, 0, None, None),
    ("hypot(x**3, x**4)", 3, None, -6, 6),
    ("sign(x**3)", 2, None, None, None),
    ("floor(x)", 2, None, None, 0),
    ("where(x**3 > 0, 1, 0)", 2, None, 0, None),
    ("floor(x**4)", 3, 0, None, None),
    ("(x**4)**0.25", 2, None, 0, 0),
)


@pytest.mark.parametrize(("text", "order", "derivative", "left", "right"), HIGHER)
def test_derivatives_of_higher_order_at_corners(
    text: str, order: int, derivative: float | None, left: float | None, right: float | None
) -> None:
    truth = proved(asked(text, {"x": 0.0}, "derivative", (), order).problem)
    assert truth.derivative is not None, truth.reason
    assert truth.status == ("not-differentiable" if derivative is None else "certified")
    if derivative is not None:
        assert shown(truth.derivative[0]) == derivative
        return
    assert truth.left is not None
    assert truth.right is not None
    assert (shown(truth.left[0]), shown(truth.right[0])) == (left, right)


def test_where_a_lower_order_is_missing_the_reason_names_it() -> None:
    """abs(x)**3 has two derivatives at 0: of the fourth the third is missing."""
    third, fourth = (proved(asked("abs(x)**3", {"x": 0.0}, "derivative", (), order).problem).reason for order in (3, 4))
    assert third is not None
    assert fourth == f"{third}: there is no derivative of order 3"


def second_quotients(program: Program, x: float, direction: int) -> list[Any]:
    """(f(x + 2h) - 2 f(x + h) + f(x))/h^2 for three steps to one side, with 600 digits."""
    found = []
    with mpmath.workdps(600):
        before = HIGH.value(program, mpmath.mpf(x))
        for step in (-60, -80, -100):
            h = direction * mpmath.mpf(2) ** step
            found.append((HIGH.value(program, x + 2 * h) - 2 * HIGH.value(program, x + h) + before) / h**2)
    return found


@pytest.mark.parametrize("seed", range(40))
def test_second_derivatives_at_corners_agree_with_difference_quotients(seed: int) -> None:
    """Twenty random expressions a seed, full of kinks and edges; what three quotients do not show is left out."""
    rng, compared = random.Random(f"second {seed}"), 0
    for _ in range(20):
        text, x = cornered(rng, rng.randint(2, 4)), rng.choice((0.0, 1.0))
        program = elaborate(text, {"x": ()}).program
        if not program.inputs or certify(program, [0], [x]).status != "certified":
            continue
        truth = certify(program, [0], [x], Wanted("derivative", (), 2))
        if truth.derivative is None:
            continue
        sides = [truth.left, truth.right] if truth.left and truth.right else [truth.derivative] * 2
        for direction, side in zip((-1, 1), sides, strict=True):
            try:
                _, second, third = second_quotients(program, x, direction)
            except (NoValue, OverflowError, TypeError):  # beside its domain
                continue
            clear = abs(second - third) <= mpmath.mpf(10) ** -6 * max(1, abs(third))
            if side[0] is None or not clear:
                continue
            assert not isinstance(side[0], float), (text, x, direction)
            assert abs(number(side[0]) - third) <= mpmath.mpf(10) ** -5 * max(1, abs(third)), (text, x, direction)
            compared += 1
    assert compared >= 6


OSCILLATING = (
    # x**k*sin(1/x) has its m-th derivative at 0 only where k > 2*m - 1, though it is o(x**(k - 1))
    ("where(x == 0, 0, x**3*sin(1/x))", 2),
    ("where(x == 0, 0, x**5*sin(1/x))", 3),
    ("where(x == 0, 0, x**3*sin(1/x))", 3),
    ("where(x == 0, 0, exp(-1/x**2)*sin(exp(1/x**2)))", 2),
    ("exp(x) + where(x == 0, 0, x**9*sin(1/x**8))", 2),
    ("where(x == 0, 0, x**3*sinc(1/x)*cos(1/x))", 3),
)


@pytest.mark.parametrize(("text", "order"), OSCILLATING)
def test_no_higher_derivative_is_certified_where_it_oscillates_away(text: str, order: int) -> None:
    assert proved(asked(text, {"x": 0.0}, "derivative", (), order).problem).status in (
        "undecided",
        "not-differentiable",
    )
    assert proved(asked(text, {"x": 0.0}, "derivative", (), 1).problem).status == "certified"


# The entries are derivatives of derivatives (None: none)
ITERATED: tuple[tuple[str, dict[str, Any], list[Any]], ...] = (
    ("where(x > 0, y, 0)", {"x": 0.0, "y": 0.0}, [0, None, None, 0]),
    ("where(x == 0, 0, y)", {"x": 0.0, "y": 0.0}, [0, None, None, 0]),
    ("abs(x)*y", {"x": 0.0, "y": 1.0}, [None, None, None, 0]),
    ("abs(x)*y", {"x": 0.0, "y": 0.0}, [0, None, None, 0]),
    ("abs(x*y)", {"x": 0.0, "y": 0.0}, [0, None, None, 0]),
    ("abs(x*y*(x - y))", {"x": 0.0, "y": 0.0}, [0, None, None, 0]),
    ("where(x*y*(x - y) == 0, 0, 1/(x*y*(x - y)))", {"x": 0.0, "y": 0.0}, [0, None, None, 0]),
    ("hypot(x, y)", {"x": 0.0, "y": 0.0}, [None] * 4),
    ("max(x, y)", {"x": 1.0, "y": 1.0}, [None] * 4),
    ("relu(x*y)", {"x": 0.0, "y": 0.0}, [0, None, None, 0]),
    ("sign(x)*y", {"x": 0.0, "y": 0.0}, [0, None, None, 0]),
    ("floor(x)*y", {"x": 1.0, "y": 0.0}, [0, None, None, 0]),
    ("norm(x)", {"x": (0.0, 0.0)}, [None] * 4),
    ("where(x**2 + y**2 == 0, 0, x*y*(x**2 - y**2)/(x**2 + y**2))", {"x": 0.0, "y": 0.0}, [0, -1, 1, 0]),  # Peano's
    ("where(x**2 + y**2 == 0, 0, x**3*y/(x**2 + y**2))", {"x": 0.0, "y": 0.0}, [0, 0, 1, 0]),
    ("abs(x) + y**2", {"x": 0.0, "y": 1.0}, [None, None, 0, 2]),
    ("sqrt(x)*y", {"x": 0.0, "y": 1.0}, [None, None, None, 0]),
    ("x**1.5*y", {"x": 0.0, "y": 1.0}, [None, 0, 0, 0]),
    ("where(y == 0, 0, y**3*sin(1/y))*x", {"x": 0.0, "y": 0.0}, [0, 0, 0, 0]),
    ("where(y == 0, 0, y**3*sin(1/y))*x", {"x": 1.0, "y": 0.0}, [None, 0, 0, 0]),  # y comes first
    ("x*where(y == 0, 0, y*sin(1/y))", {"x": 0.0, "y": 0.0}, [0, None, None, 0]),
    ("norm(x)**2 + norm(x)**3", {"x": (0.0, 0.0)}, [2, 0, 0, 2]),
    ("detach(x)*abs(y)*y + detach(x)*x*y", {"x": 2.0, "y": 0.0}, [0, 2, 2, None]),
    ("max(x, y)*exp(x) - max(x, y)*exp(y)", {"x": 0.5, "y": 0.5}, [None] * 4),
    (
        "abs(tanh(x + y)*x**3) + atan(x*y) + sigmoid(y)*x",
        {"x": 0.0, "y": 0.5},
        [0, 1.2350037122015945, 1.2350037122015945, 0],
    ),
)


@pytest.mark.parametrize(("text", "at", "entries"), ITERATED)
def test_an_entry_of_a_hessian_is_a_derivative_of_a_derivative(
    text: str, at: dict[str, Any], entries: list[Any]
) -> None:
    truth = proved(replace(make_case(text, at).problem, wanted=Wanted("hessian", (), 2)))
    assert truth.status == ("not-differentiable" if None in entries else "certified"), truth.reason
    assert truth.derivative is not None
    assert [shown(entry) for entry in truth.derivative] == entries


IDENTITIES: tuple[tuple[str, dict[str, Any]], ...] = (
    ("sin(x*y)**2 + cos(x*y)**2", {"x": 0.3, "y": 0.7}),
    ("log(exp(x*y)) - x*y", {"x": 0.3, "y": 0.7}),
    ("sigmoid(x*y) + sigmoid(-x*y)", {"x": 0.3, "y": 0.7}),
    ("(x + y)**2 - x**2 - 2*x*y - y**2", {"x": 0.3, "y": 0.7}),
    ("softplus(x*y) - softplus(-x*y) - x*y", {"x": 0.3, "y": 0.7}),
    ("sum(softmax(x))", {"x": (1.0, 2.0, 3.0)}),
    ("tanh(x*y) - (1 - 2/(exp(2*x*y) + 1))", {"x": 0.3, "y": 0.7}),
)


@pytest.mark.parametrize(("text", "at"), IDENTITIES)
def test_an_identity_is_zero_or_undecided_in_every_kind(text: str, at: dict[str, Any]) -> None:
    case = make_case(text, at)
    n = len(case.entries)
    for wanted in (
        Wanted("gradient"), Wanted("jvp", (1.5,) * n), Wanted("vjp", (2.5,)),
        Wanted("hessian", (), 2), Wanted("hvp", (0.5,) * n, 2),
    ):  # fmt: skip
        truth = proved(replace(case.problem, wanted=wanted))
        assert truth.status in ("certified", "undecided")
        assert all(ball.is_zero() for ball in truth.derivative or () if ball is not None)


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("log(x)", {"x": -1.0}),
        ("[x, 1/x]", {"x": 0.0}),
        ("sqrt(x) + y", {"x": -1.0, "y": 0.0}),
        ("x/norm(x)", {"x": (0.0, 0.0)}),
    ],
)
def test_where_a_function_is_undefined_every_kind_is(text: str, at: dict[str, Any]) -> None:
    case = make_case(text, at)
    for wanted in kinds_of(case):
        comparison = by_all(replace(case, wanted=wanted))
        assert comparison.truth.status == "undefined"
        assert {measurement.verdict for measurement in comparison.measurements} <= {"domain", "failed", "unsupported"}


# --- formulas by hand
@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "implicit"])  # equations are scenarios
def test_a_detached_factor_is_a_constant_in_every_kind(kind: Kind) -> None:
    """u = detach(x*x): u*x has the gradient x*x, and no second derivative but 0."""
    vector = {"jvp": (3.0,), "vjp": (3.0,), "hvp": (3.0,)}.get(kind, ())
    case = asked("u = detach(x*x); u*x", {"x": 1.5}, kind, vector, 2 if kind in (*SECOND_ORDER, "derivative") else 1)
    value = {"gradient": 2.25, "jacobian": 2.25, "jvp": 6.75, "vjp": 6.75}.get(kind, 0.0)
    comparison = by_all(case)
    assert comparison.truth.status == "certified"
    for measurement in comparison.measurements:
        assert measurement.derivative == (value,), measurement.method
        assert measurement.verdict == "ok"


Y = "[x1**3 + 2*x2**2 + 3*x3, 3*x1 + 2*x2**2 + x3**3, 2*x1 + x2**3 + 3*x3**2]"
Y_AT = {"x1": 1.0, "x2": 2.0, "x3": 3.0}


def test_a_weighted_jacobian_is_found_without_the_jacobian() -> None:
    """w = (3, 2, 1): [17, 52, 81], by hand and by every method; by one backward sweep, counted."""
    comparison = by_all(asked(Y, Y_AT, "vjp", (3, 2, 1)))
    assert [measurement.derivative for measurement in comparison.measurements] == [(17.0, 52.0, 81.0)] * 3
    assert comparison.cost == Cost(add=6, mul=6, pow=6)
    (back,) = (m.cost for m in comparison.measurements if m.method == "reverse")
    assert back is not None
    # back: y1 and y2 take 2 products for the cube, its power and 3, 3 for the square, 1 for what is linear; y3, whose
    # weight is 1, takes 1, 2 and none; each variable adds up 3 terms
    own = [a - b for a, b in zip(back, comparison.cost, strict=True)]
    assert Cost(*own) == Cost(add=6, mul=15, pow=3)


@pytest.mark.parametrize("m", [1, 2, 5, 20])
def test_the_cost_of_a_weighted_jacobian_does_not_grow_with_its_rows(m: int) -> None:
    """m outputs of one long computation: J^T w runs back through it once, J runs back m times."""
    outputs = ", ".join(f"{k}*a" for k in range(2, m + 2))
    text = f"a = {'sin(' * 20}x*y{')' * 20}; [{outputs}]"
    case = asked(text, {"x": 0.5, "y": 0.25}, "vjp", [0.5 + k for k in range(m)])
    (weighted,) = (count(sweep) for sweep in reverse.differentiate(case.problem).sweeps)
    jacobian = replace(case.problem, wanted=Wanted("jacobian"))
    (whole,) = (count(sweep) for sweep in reverse.differentiate(jacobian).sweeps)
    once = 20 + 2  # products with cosines, and with x and y
    assert weighted.mul == 1 + m + m + once
    assert whole.mul == 1 + m + m * once
    assert weighted.func == 40


def test_rosenbrocks_hessian() -> None:
    """[[1200 x^2 - 400 y + 2, -400 x], [-400 x, 200]], symmetric to the last bit by the ways that sweep pairs."""
    x, y = -1.2, 1.0
    comparison = by_all(asked("100*(y - x**2)**2 + (1 - x)**2", {"x": x, "y": y}, "hessian", (), 2, ["x", "y"]))
    exact = (1200 * x * x - 400 * y + 2, -400 * x, -400 * x, 200.0)
    for measurement in comparison.measurements:
        assert measurement.verdict == "ok"
        assert measurement.derivative is not None
        assert measurement.max_ulp is not None
        assert measurement.max_ulp <= 8
        assert all(math.isclose(a, b, rel_tol=1e-14) for a, b in zip(measurement.derivative, exact, strict=True))
        assert abs(measurement.derivative[1] - measurement.derivative[2]) <= 4 * math.ulp(480.0)


NETWORK = "dot(W3, tanh(W2 @ tanh(W1 @ x + b1) + b2)) + b3"
WEIGHTS: dict[str, Any] = {
    "x": (0.5, -0.25), "W1": ((0.3, -0.8), (0.6, 0.1)), "b1": (0.1, -0.2),
    "W2": ((-0.4, 0.9), (0.7, 0.2)), "b2": (0.05, 0.15), "W3": (1.1, -0.6), "b3": 0.2, "t": 0.4,
}  # fmt: skip
TRAINED = ["W1", "b1", "W2", "b2", "W3", "b3"]


def backpropagated() -> tuple[float, ...]:
    """Every derivative of (f - t)^2 by the formulas of backpropagation, written out by hand."""
    x, w1, b1, w2, b2, w3, b3, t = (WEIGHTS[name] for name in ("x", "W1", "b1", "W2", "b2", "W3", "b3", "t"))
    h1 = [math.tanh(w1[i][0] * x[0] + w1[i][1] * x[1] + b1[i]) for i in (0, 1)]
    h2 = [math.tanh(w2[i][0] * h1[0] + w2[i][1] * h1[1] + b2[i]) for i in (0, 1)]
    delta3 = 2 * (w3[0] * h2[0] + w3[1] * h2[1] + b3 - t)
    delta2 = [delta3 * w3[i] * (1 - h2[i] ** 2) for i in (0, 1)]
    delta1 = [(w2[0][i] * delta2[0] + w2[1][i] * delta2[1]) * (1 - h1[i] ** 2) for i in (0, 1)]
    return (
        *(delta1[i] * x[k] for i in (0, 1) for k in (0, 1)), *delta1,
        *(delta2[i] * h1[k] for i in (0, 1) for k in (0, 1)), *delta2,
        *(delta3 * h2[k] for k in (0, 1)), delta3,
    )  # fmt: skip


def test_a_network_of_two_hidden_layers_has_the_gradient_of_backpropagation() -> None:
    comparison = by_all(asked(f"({NETWORK} - t)**2", WEIGHTS, "gradient", wrt=TRAINED))
    assert comparison.entries[:2] == (Entry("f", ("W1[0, 0]",)), Entry("f", ("W1[0, 1]",)))
    assert len(comparison.entries) == 15
    for measurement in comparison.measurements:
        assert measurement.verdict == "ok"
        assert measurement.derivative is not None
        close = [
            math.isclose(a, b, rel_tol=1e-13) for a, b in zip(measurement.derivative, backpropagated(), strict=True)
        ]
        assert all(close), measurement.method


def test_the_hessian_of_a_network_is_symmetric_by_all_ways() -> None:
    case = asked(f"({NETWORK} - t)**2", WEIGHTS, "hessian", (), 2, TRAINED)
    comparison = compare(case, Settings(SECOND_WAYS))
    assert comparison.truth.status == "certified"
    assert comparison.shape == (15, 15)
    for measurement in comparison.measurements:
        assert measurement.verdict == "ok", measurement.method
        entries = measurement.derivative
        assert entries is not None
        for i in range(15):
            for k in range(i):
                a, b = entries[15 * i + k], entries[15 * k + i]
                assert abs(a - b) <= 64 * math.ulp(max(abs(a), abs(b))), measurement.method
        assert measurement.max_ulp is not None
        assert measurement.max_ulp <= 256


def test_hessians_times_unit_vectors_are_the_columns() -> None:
    hessian = proved(asked("prod(x) + sum(exp(x))", V3, "hessian", (), 2).problem).derivative
    assert hessian is not None
    for k in range(3):
        unit = tuple(float(i == k) for i in range(3))
        for measurement in by_all(asked("prod(x) + sum(exp(x))", V3, "hvp", unit, 2)).measurements:
            assert measurement.derivative is not None
            for i in range(3):
                assert math.isclose(measurement.derivative[i], float(hessian[3 * i + k].mid()), rel_tol=1e-14)


@pytest.mark.parametrize(("method", "by_columns"), [("forward-over-reverse", True), ("reverse-over-forward", False)])
def test_a_sweep_is_a_column_or_a_row_and_not_the_other(method: str, by_columns: bool) -> None:
    """Tangents of the gradient along e_k are column k, adjoints of the slope along e_k row k: to the last bit."""
    asymmetric = 0
    for x, y in ((0.1, 0.7), (0.3, 1.9), (1.1, 0.2), (2.7, 0.6)):
        at, text = {"x": x, "y": y}, "exp(x*y)/(x + y**3)*sin(x/y)"

        def by(kind: Kind, *vector: float, at: dict[str, float] = at, text: str = text) -> tuple[float, ...]:
            found = compare(asked(text, at, kind, vector, 2), Settings((method,))).measurements[0].derivative
            assert found is not None
            return found

        a, b, c, d = by("hessian")
        rows, columns = [(a, b), (c, d)], [(a, c), (b, d)]
        assert [by("hvp", 1, 0), by("hvp", 0, 1)] == (columns if by_columns else rows)
        asymmetric += b != c
    assert asymmetric


# --- what it costs
@pytest.mark.parametrize("n", [1, 2, 3, 5, 8])
def test_chains_of_matrices_from_the_left_and_from_the_right(n: int) -> None:
    """n matrices of 2x2 times a vector: 4(n - 1) + 2 inner products of length 2 from the left, 2n from the right."""
    at: dict[str, Any] = {f"A{i}": ((0.5, 1.5), (-0.25, 0.75)) for i in range(n)}
    names = list(at)
    left = make_case(" @ ".join([*names, "v"]), {**at, "v": (1.0, 2.0)}, ["v"])
    right = make_case(" @ (".join([*names, "v"]) + ")" * n, {**at, "v": (1.0, 2.0)}, ["v"])
    from_left, from_right = count(left.problem.program), count(right.problem.program)
    assert from_left == Cost(mul=2 * (4 * (n - 1) + 2), add=4 * (n - 1) + 2)
    assert from_right == Cost(mul=2 * 2 * n, add=2 * n)
    # forward accumulation along v is a chain from the right, reverse accumulation one from the left: as long
    direction, weights = (0.5, 0.25), (0.5, 0.25)
    ahead = replace(right.problem, wanted=Wanted("jvp", direction))
    back = replace(right.problem, wanted=Wanted("vjp", weights))
    (swept,) = (count(sweep) for sweep in forward.differentiate(ahead).sweeps)
    (pulled,) = (count(sweep) for sweep in reverse.differentiate(back).sweeps)
    assert swept == Cost(mul=2 * from_right.mul, add=2 * from_right.add)
    assert pulled == Cost(mul=2 * from_right.mul, add=2 * from_right.add)
    # the matrices' product is not differentiated where only v is asked for
    (late,) = (
        count(sweep) for sweep in reverse.differentiate(replace(left.problem, wanted=Wanted("vjp", weights))).sweeps
    )
    assert late == Cost(mul=from_left.mul + 4, add=from_left.add + 2)


def test_the_gradient_of_a_thousand_inputs_is_one_sweep_within_5_times_the_function() -> None:
    n = 1000
    for text in ("sum(exp(x)*x)/norm(x)", "logsumexp(x)", "prod(sin(x)) + dot(x, x)", "sum(tanh(x)**3)"):
        case = make_case(text, {"x": tuple(0.5 + i / n for i in range(n))})
        derivation = reverse.differentiate(case.problem)
        assert len(derivation.sweeps) == 1
        assert count(*derivation.sweeps).total <= 5 * count(case.problem.program).total
        assert len(forward.differentiate(replace(case.problem, wrt=case.problem.wrt[:3])).sweeps) == 3


@pytest.mark.parametrize("seed", range(4))
def test_products_with_hessians_cost_a_few_gradients(seed: int) -> None:
    """Forward over reverse: at most 4 times 5 times the function, however many variables."""
    rng = random.Random(seed)
    for _ in range(60):
        drawn = random_program(rng, CORE, rng.randint(1, 4), rng.randint(1, 20))
        n, function = len(drawn.point), count(drawn.program).total
        v = tuple(rng.uniform(-2, 2) for _ in range(n))
        problem = Problem(drawn.program, tuple(range(n)), drawn.point, Wanted("hvp", v, 2))
        for name in ("forward-over-reverse", "reverse-over-forward", "reverse"):
            derivation = METHODS[name].load()(problem)
            assert len(derivation.sweeps) == 1
            assert count(*derivation.sweeps).total <= 20 * function + 2 * n


@pytest.mark.parametrize(
    ("kind", "method", "sweeps"),
    [
        ("jacobian", "forward", 3), ("jacobian", "reverse", 1), ("jvp", "forward", 1), ("jvp", "reverse", 1),
        ("vjp", "forward", 3), ("vjp", "reverse", 1), ("hessian", "forward-over-forward", 6),
        ("hessian", "forward-over-reverse", 3), ("hessian", "reverse-over-forward", 3), ("hessian", "reverse", 1),
        ("hvp", "forward-over-forward", 3), ("hvp", "forward-over-reverse", 1), ("hvp", "reverse-over-forward", 1),
    ],
)  # fmt: skip
def test_the_number_of_sweeps(kind: Kind, method: str, sweeps: int) -> None:
    """Three variables: a sweep per column, per pair, or one for all."""
    case = asked("prod(x)*sum(x)", V3, kind)
    vector = {"jvp": (1.0, 2.0, 3.0), "hvp": (1.0, 2.0, 3.0), "vjp": (2.0,)}.get(kind, ())
    problem = replace(case.problem, wanted=Wanted(kind, vector, 2 if kind in SECOND_ORDER else 1))
    assert len(METHODS[method].load()(problem).sweeps) == sweeps


def test_a_backward_sweep_is_made_for_each_output_over_one_tape() -> None:
    """m rows cost one forward sweep and m backward ones; one more row costs no more forward work."""
    problem = make_case("a = exp(x*y); [a, 2*a, 3*a]", {"x": 0.5, "y": 0.25}).problem
    three = count(*reverse.differentiate(replace(problem, wanted=Wanted("jacobian"))).sweeps)
    single = only(problem.program, [0])
    one = count(*reverse.differentiate(Problem(single, problem.wrt, problem.point, Wanted("jacobian"))).sweeps)
    assert three.func == one.func == 1


# --- shapes and names
@pytest.mark.parametrize(
    ("text", "at", "wanted", "shape", "first"),
    [
        ("x*y", {"x": 1.0, "y": 2.0}, Wanted(), (2,), Entry("f", ("x",))),
        ("[x, y, x*y]", {"x": 1.0, "y": 2.0}, Wanted("jacobian"), (3, 2), Entry("f[0]", ("x",))),
        ("M @ x", MATRIX, Wanted("jacobian"), (2, 6), Entry("f[0]", ("M[0, 0]",))),
        ("M @ x", MATRIX, Wanted("jvp", (1.0,) * 6), (2,), Entry("f[0]", ())),
        ("M @ x", MATRIX, Wanted("vjp", (1.0, 2.0)), (6,), Entry("f", ("M[0, 0]",))),
        ("dot(x, x)", V2, Wanted("hessian", (), 2), (2, 2), Entry("f", ("x[0]", "x[0]"))),
        ("dot(x, x)", V2, Wanted("hvp", (1.0, 1.0), 2), (2,), Entry("f", ("x[0]",))),
        ("exp(x)", {"x": 1.0}, Wanted("derivative", (), 3), (1,), Entry("f", ("x", "x", "x"))),
    ],
)
def test_the_shape_and_the_names_of_the_entries(
    text: str, at: dict[str, Any], wanted: Wanted, shape: tuple[int, ...], first: Entry
) -> None:
    comparison = compare(replace(make_case(text, at), wanted=wanted), Settings(("reverse",)))
    assert comparison.shape == shape
    assert comparison.entries[0] == first
    assert len(comparison.entries) == math.prod(shape)
    assert comparison.measurements[0].verdict == "ok"


def test_a_method_is_asked_only_for_what_it_can() -> None:
    for kind in KINDS:
        assert set(usual(kind)) <= set(able(kind))
    (measurement,) = compare(asked("x*y", {"x": 1.0, "y": 2.0}, "gradient"), Settings(("taylor",))).measurements
    assert measurement.verdict == "unsupported"


def test_no_variables_no_derivative() -> None:
    for kind in ("gradient", "jacobian", "vjp", "hessian", "hvp"):
        case = asked("2*pi", {}, kind, (1.0,) if kind == "vjp" else (), 2 if kind in SECOND_ORDER else 1)  # type: ignore[arg-type]
        comparison = by_all(case)
        assert comparison.truth.status == "certified"
        assert all(measurement.derivative == () for measurement in comparison.measurements)
        assert comparison.measurements
        for measurement in comparison.measurements:
            assert (measurement.verdict, measurement.errors) == ("ok", ())
            assert (measurement.max_ulp, measurement.bits) == (0.0, 0.0)


@pytest.mark.parametrize("kind", ["hessian", "hvp"])
def test_the_first_output_of_every_sweep_is_the_value(kind: Kind) -> None:
    problem = asked("x*y + sin(x)", {"x": 0.5, "y": 2.0}, kind, (1.0, 2.0) if kind == "hvp" else (), 2).problem
    (value,) = in_balls(problem.program, problem.point)
    for name in able(kind):
        for sweep in METHODS[name].load()(problem).sweeps:
            assert not sweep.branches
            assert in_balls(sweep, problem.point)[0].overlaps(value)
