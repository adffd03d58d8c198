"""The checks bite: every planted wrong rule, and every method that lies, is found out.

For each primitive and argument a rule is made wrong in several ways, one at a time; the oracle that
`test_primitives` trusts must turn red for every one of them. And the poison test: with every rule replaced by one
that raises, the truth and the symbolic method say what they said, so neither reads a rule.
"""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest
from numpy.polynomial import Polynomial
from oracle import OPERATIONS, ROWS, Trial, conventions_hold, forget_rules, rule_agrees, trials
from scenarios import SCENARIOS, kind, outcome

from diffcli.ad import rules
from diffcli.comparison.compare import compare
from diffcli.comparison.result import Settings
from diffcli.core.derivative_kinds import KINDS, Kind
from diffcli.core.evaluate import evaluate
from diffcli.core.primitives import PRIMITIVES, Primitive
from diffcli.core.program import Builder
from diffcli.methods import METHODS, forward, reverse, symbolic
from diffcli.methods import derive as registry
from diffcli.numbers.float64 import FLOAT64
from diffcli.problem.derivation import Derivation, Problem
from diffcli.problem.understanding import make_case
from diffcli.runtime.errors import Unsupported
from diffcli.truth.certify import Truth, certify


@pytest.fixture(autouse=True)
def _no_rule_is_remembered() -> Iterator[None]:
    forget_rules()
    yield
    forget_rules()


Plant = Callable[[str, str], None]


@pytest.fixture
def plant(monkeypatch: pytest.MonkeyPatch) -> Plant:
    """Put another rule in the place of a primitive's own."""

    def replaced(name: str, rule: str) -> None:
        rows = tuple(row._replace(rule=rule) if row.name == name else row for row in PRIMITIVES)
        monkeypatch.setattr(rules, "PRIMITIVES", rows)
        monkeypatch.setattr(registry, "_known", registry._Known())
        forget_rules()

    return replaced


# --- wrong rules
def scaled(rule: str, tangent: str) -> str:
    return re.sub(rf"\b{tangent}\b", f"({tangent}*1.0000001)", rule)


def flipped(rule: str, tangent: str) -> str:
    return re.sub(rf"\b{tangent}\b", f"(-{tangent})", rule)


def dropped(rule: str, tangent: str) -> str:
    return re.sub(rf"\b{tangent}\b", f"(0*{tangent})", rule)


def added(rule: str, tangent: str) -> str:
    return f"({rule}) + {tangent}"


FAULTS = (scaled, flipped, dropped, added)
WRONG = [
    pytest.param(trial, argument, fault(trial.row.rule, f"d{param}"), id=f"{trial}-d{param}-{fault.__name__}")
    for trial in trials(OPERATIONS)
    for argument, param in enumerate(trial.row.params[: trial.row.arity])
    for fault in FAULTS
    if fault is added or f"d{param}" in trial.row.rule and str(trial) != "powc(0)"  # x**0 hides a factor
]

BY_CONVENTION = {"heaviside"}
"""The term in its second argument counts at one point alone: there the convention must turn red."""


def is_found(trial: Trial, argument: int) -> bool:
    """Whether some oracle that `test_primitives` trusts turns red."""
    red = not rule_agrees(trial.row.name, argument, 12, trial.parameter, "both")
    return red or trial.row.name in BY_CONVENTION and not conventions_hold(trial.row.name)


@pytest.mark.parametrize(("trial", "argument", "rule"), WRONG)
def test_a_wrong_rule_is_found(plant: Plant, trial: Trial, argument: int, rule: str) -> None:
    assert not is_found(trial, argument)
    plant(trial.row.name, rule)
    assert is_found(trial, argument)


def test_every_argument_of_every_primitive_was_planted() -> None:
    planted = {(case.values[0].row.name, case.values[1]) for case in WRONG}
    assert planted == {(row.name, argument) for row in OPERATIONS for argument in range(row.arity)}


# name, a rule that is right wherever the derivative exists, and wrong at the convention's point
BREACHES: tuple[tuple[str, str], ...] = (
    ("abs", "where(a >= 0, da, -da)"),
    ("relu", "where(a >= 0, da, 0)"),
    ("min", "where(a < b, da, db)"),
    ("max", "where(a >= b, da, db)"),
    ("heaviside", "0"),
    ("pow", "b*a**(b - 1)*da + xlogy(y, a)*db"),
    ("pow", "where(b == 0, 0, b*a**(b - 1)*da) + y*log(a)*db"),
)


@pytest.mark.parametrize(("name", "rule"), BREACHES)
def test_a_breach_of_a_convention_is_found(plant: Plant, name: str, rule: str) -> None:
    assert conventions_hold(name)
    plant(name, rule)
    assert all(rule_agrees(name, argument) for argument in range(ROWS[name].arity)), "this fault is only at the kink"
    assert not conventions_hold(name)


# --- wrong methods
@dataclass(frozen=True)
class Liar:
    """A method that is given as a function; it stands in the table like any other."""

    differentiate: Callable[[Problem], Derivation]
    summary: str = "for this test"
    kinds: tuple[Kind, ...] = KINDS
    usual: tuple[Kind, ...] = ()
    apart: bool = False
    generic: bool = False
    needs: str | None = None
    reads: str | None = "rules"
    available: bool = True

    def load(self) -> Callable[[Problem], Derivation]:
        return self.differentiate


def answering(entry: Callable[[float], float]) -> Callable[[Problem], Derivation]:
    """A method that gives the right value, and `entry` of the right derivative."""

    def differentiate(problem: Problem) -> Derivation:
        numbers = [evaluate(sweep, problem.point, FLOAT64)[1] for sweep in forward.differentiate(problem).sweeps]
        value = evaluate(problem.program, problem.point, FLOAT64)[0]
        builder = Builder(problem.program.inputs)
        outputs = [builder.constant(number) for number in (value, *map(entry, numbers))]
        return Derivation((builder.program(outputs),))

    return differentiate


def raising(exception: Exception) -> Callable[[Problem], Derivation]:
    def differentiate(_: Problem) -> Derivation:
        raise exception

    return differentiate


def sleeping(problem: Problem) -> Derivation:
    while True:
        problem = replace(problem)


@pytest.fixture
def judge(monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    def judged(differentiate: Callable[[Problem], Derivation], text: str, **point: float) -> str:
        monkeypatch.setitem(METHODS, "liar", Liar(differentiate))  # type: ignore[arg-type]
        case = make_case(text, point)
        return compare(case, Settings(methods=("liar",), timeout=0.5)).measurements[0].verdict

    return judged


def chebyshev(problem: Problem) -> Derivation:
    """The derivative of a polynomial through values at Chebyshev's points around x: plausible, and wrong for copies.

    It moves what is detached as well, as whatever asks for values elsewhere does that forgets of copies.
    """
    nodes, found = [0.05 * math.cos(math.pi * (k + 0.5) / 9) for k in range(9)], []
    for i in problem.wrt:
        moved = [[x + step * (i == k) for k, x in enumerate(problem.point)] for step in nodes]
        values = [evaluate(problem.program, point, FLOAT64) for point in moved]
        columns = [Polynomial.fit(nodes, column, 8).deriv()(0.0) for column in zip(*values, strict=True)]
        found.append([float(slope) for slope in columns])
    builder = Builder(problem.program.inputs)
    rows = [*evaluate(problem.program, problem.point, FLOAT64), *(x for row in zip(*found, strict=True) for x in row)]
    return Derivation((builder.program([builder.constant(x) for x in rows]),))


def test_a_method_that_moves_detached_copies_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is right in all other scenarios of smooth first derivatives."""
    liar = Liar(chebyshev, kinds=("gradient", "jacobian"), reads="step")
    monkeypatch.setitem(METHODS, "liar", liar)  # type: ignore[arg-type]
    smooth = [name for name, one in SCENARIOS.items() if kind(one) in liar.kinds and one.between is None]
    wrong = [name for name in smooth if outcome("liar", SCENARIOS[name]) == "wrong"]
    assert wrong == [name for name in smooth if "detach" in SCENARIOS[name].text]


LIES: tuple[tuple[str, Callable[[float], float], str], ...] = (
    ("the truth", lambda d: d, "ok"),
    ("zero", lambda d: 0.0 * d, "inaccurate"),
    ("the opposite", lambda d: -d, "inaccurate"),
    ("twice as much", lambda d: 2 * d, "inaccurate"),
    ("a little more", lambda d: d * (1 + 1e-12), "inaccurate"),
    ("one ulp more", lambda d: math.nextafter(d, math.inf), "ok"),
    ("no number", lambda d: math.nan * d, "nonfinite"),
    ("infinity", lambda d: math.inf * d, "nonfinite"),
)
SOMEWHERE: tuple[tuple[str, dict[str, float]], ...] = (
    ("x*sin(x)", {"x": 1.5}),
    ("log(x) + x*y - sin(y)", {"x": 2.0, "y": 5.0}),
    ("where(x > 0, x**3, 0)", {"x": 1.0}),
    ("exp(x)", {"x": -700.0}),
)


@pytest.mark.parametrize(("text", "point"), SOMEWHERE)
@pytest.mark.parametrize(
    ("lie", "verdict"), [(lie, verdict) for _, lie, verdict in LIES], ids=[name for name, _, _ in LIES]
)
def test_a_method_that_lies_is_not_ok(
    judge: Callable[..., str], lie: Callable[[float], float], verdict: str, text: str, point: dict[str, float]
) -> None:
    assert judge(answering(lie), text, **point) == verdict


# expression, point, what is answered, verdict: at a kink everything between the one-sided derivatives is right
AT_KINKS: tuple[tuple[str, float, float, str], ...] = (
    ("abs(x)", 0.0, 0.0, "kink"),
    ("abs(x)", 0.0, 1.0, "kink"),
    ("abs(x)", 0.0, -1.0, "kink"),
    ("abs(x)", 0.0, 1.5, "inaccurate"),
    ("abs(x)", 0.0, math.nan, "nonfinite"),
    ("sqrt(x)", 0.0, math.inf, "kink"),
    ("sqrt(x)", 0.0, -1.0, "inaccurate"),
    ("cbrt(x)", 0.0, math.inf, "kink"),
    ("cbrt(x)", 0.0, 1e308, "inaccurate"),
    ("log(x)", -1.0, 0.0, "domain"),
    ("log(x)", -1.0, math.nan, "domain"),
)


@pytest.mark.parametrize(("text", "x", "answer", "verdict"), AT_KINKS)
def test_at_a_kink_the_one_sided_derivatives_bound_what_is_right(
    judge: Callable[..., str], text: str, x: float, answer: float, verdict: str
) -> None:
    assert judge(answering(lambda _: answer), text, x=x) == verdict


@pytest.mark.parametrize(
    ("lie", "verdict"),
    [
        (lambda d: d, "kink"),
        (lambda d: 2 * d, "inaccurate"),
        (lambda d: d or 1.5, "inaccurate"),
        (lambda d: math.nan if d else d, "nonfinite"),
        (lambda d: d or math.nan, "nonfinite"),
    ],
)
def test_a_kink_in_one_entry_excuses_no_other(
    judge: Callable[..., str], lie: Callable[[float], float], verdict: str
) -> None:
    """abs(x) + y at x = 0: between -1 and 1 by x, and 1 by y; the derivative found is (0, 1)."""
    assert judge(answering(lie), "abs(x) + y", x=0.0, y=1.0) == verdict


FAILURES: tuple[tuple[Exception, str], ...] = (
    (Unsupported("not this one"), "unsupported"),
    (RecursionError(), "failed"),
    (MemoryError(), "failed"),
    (ZeroDivisionError("0/0"), "failed"),
    (OverflowError("too large"), "failed"),
)


@pytest.mark.parametrize(("exception", "verdict"), FAILURES, ids=lambda value: type(value).__name__)
def test_a_method_that_fails_is_not_ok(judge: Callable[..., str], exception: Exception, verdict: str) -> None:
    assert judge(raising(exception), "x*x", x=1.0) == verdict


def test_a_method_without_an_end_is_not_ok(judge: Callable[..., str]) -> None:
    assert judge(sleeping, "x*x", x=1.0) == "timeout"


# --- where nothing is proved
UNPROVED = "where(erf(x + exp(-1e5*x)) > erf(x), 2, 3)"
"""At 0.5 the sides differ after 72,000 bits, beyond all precision that is tried; forward mode finds 0."""


def against_forward(monkeypatch: pytest.MonkeyPatch, other: Callable[[Problem], Derivation], **options: Any) -> Any:
    monkeypatch.setitem(METHODS, "liar", Liar(other))  # type: ignore[arg-type]
    found = compare(make_case(UNPROVED, {"x": 0.5}), Settings(("forward", "liar"), **options))
    assert found.truth.status == "undecided"
    assert not found.good
    assert [(row.errors, row.max_ulp, row.bits) for row in found.measurements] == [(None, None, None)] * 2
    return found


@pytest.mark.parametrize("answer", [0.0, -0.0, 1e-321])
def test_methods_that_agree_where_nothing_is_proved_have_no_truth(
    monkeypatch: pytest.MonkeyPatch, answer: float
) -> None:
    found = against_forward(monkeypatch, answering(lambda _: answer))
    assert [(row.verdict, row.message) for row in found.measurements] == [("no-truth", found.truth.reason)] * 2
    assert "told" in found.truth.reason


@pytest.mark.parametrize("answer", [1.0, 1e-300, math.nan, math.inf])
def test_methods_that_differ_where_nothing_is_proved_disagree(monkeypatch: pytest.MonkeyPatch, answer: float) -> None:
    found = against_forward(monkeypatch, answering(lambda _: answer))
    said = "the methods differ, and no truth is proved"
    assert [(row.verdict, row.message) for row in found.measurements] == [("disagree", said)] * 2


def test_the_tolerance_is_in_ulps_of_the_numbers_that_are_computed_with(monkeypatch: pytest.MonkeyPatch) -> None:
    """2^-149 and 2^-1074 are the smallest numbers of float32 and of float64."""
    for dtype, smallest in (("float32", 2.0**-149), ("float64", 2.0**-1074)):
        for times, verdict in ((3, "no-truth"), (5, "disagree")):
            lie = answering(lambda _, x=times * smallest: x)  # type: ignore[misc]
            found = against_forward(monkeypatch, lie, dtype=dtype, tolerance=4.0)
            assert found.measurements[0].derivative == (0.0,)
            assert {row.verdict for row in found.measurements} == {verdict}


def test_a_method_that_fails_differs_from_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(METHODS, "liar", Liar(raising(ZeroDivisionError("0/0"))))  # type: ignore[arg-type]
    found = compare(make_case(UNPROVED, {"x": 0.5}), Settings(("forward", "liar")))
    assert [row.verdict for row in found.measurements] == ["no-truth", "failed"]


# Expressions over which SymPy stumbles, and what the others are: its own mistake is judged, and touches nobody else.
STUMBLES: tuple[tuple[str, float, str], ...] = (
    ("sec(pi - cosh(x))", 0.0, "ok"),
    ("x + acosh(cos(sinh(digamma(0))))", 0.5, "domain"),
    ("asin(gamma(digamma(0)) - x)", 0.5, "domain"),
    ("where(mod(0, 0) != asin(pi), x, 2*x)", 0.5, "domain"),
    ("gamma(sinh(atan2(polygamma(2, 7), polygamma(3, 0)) - log1p(x)))", 1.5, "domain"),
)


@pytest.mark.parametrize(("text", "x", "verdict"), STUMBLES)
def test_what_a_library_cannot_do_is_its_own_failure(text: str, x: float, verdict: str) -> None:
    ahead, back, symbols = compare(make_case(text, {"x": x}), Settings(("forward", "reverse", "symbolic"))).measurements
    assert ahead.verdict == back.verdict == verdict
    assert symbols.verdict in (verdict, "failed", "unsupported")


# --- the poison test
class Poison(Exception):
    """A rule was read."""


class Poisoned:
    """A row of the table whose rule must not be touched."""

    def __init__(self, row: Primitive) -> None:
        self._row = row

    def __getattr__(self, name: str) -> Any:
        return getattr(self._row, name)

    @property
    def rule(self) -> str:
        raise Poison(self._row.name)


@pytest.fixture
def poison(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Poison every table of rules that any module holds."""

    def everywhere() -> None:
        rows = tuple(map(Poisoned, PRIMITIVES))
        holders = [module for name, module in sys.modules.items() if name.partition(".")[0] == "diffcli"]
        holders = [module for module in holders if hasattr(module, "PRIMITIVES")]
        assert rules in holders
        for module in holders:
            monkeypatch.setattr(module, "PRIMITIVES", rows)
        forget_rules()

    return everywhere


EXPRESSIONS: tuple[tuple[str, dict[str, float]], ...] = (
    ("log(x) + x*y - sin(y)", {"x": 2.0, "y": 5.0}),
    ("exp(-x**2/2)/sqrt(2*pi)", {"x": 1.0}),
    ("x**y", {"x": 2.0, "y": 3.0}),
    ("tan(x) + atan2(x, y) + hypot(x, y)", {"x": 0.5, "y": -2.0}),
    ("asin(x)*acos(x)*acosh(2 + x)*atanh(x)", {"x": 0.25}),
    ("sinh(x)*cosh(x)*tanh(x)*asinh(x)", {"x": 0.25}),
    ("erf(x) + gamma(x) + lgamma(x) + digamma(x)", {"x": 1.5}),
    ("softplus(x) + sigmoid(x) + relu(x) + logaddexp(x, 1)", {"x": -1.5}),
    ("expm1(x) + log1p(x) + exp2(x) + log2(x) + log10(x) + cbrt(x)", {"x": 3.5}),
    ("where(x > 1, x**3, sqrt(-x))", {"x": 1.5}),
    ("min(x, y) + max(x, y) + mod(x, y) + fmod(x, y)", {"x": 7.5, "y": 2.0}),
    ("floor(x) + ceil(x) + round(x) + trunc(x) + sign(x)", {"x": 2.25}),
    ("abs(x)", {"x": 0.0}),
    ("abs(x)**3", {"x": 0.0}),
    ("max(x, 0) + min(x, 0)", {"x": 0.0}),
    ("sqrt(x)", {"x": 0.0}),
    ("log(x)", {"x": -1.0}),
    ("x + (x**2*sin(1/x) if x != 0 else 0)", {"x": 0.0}),
    ("(1 - cos(x))/x**2", {"x": 1e-8}),
)


def as_data(truth: Truth) -> Any:
    """Everything in a truth; balls to their last bit, since equal balls are not known to be equal numbers."""

    def ball(value: Any) -> Any:
        if value is None or isinstance(value, float):
            return value
        return tuple(str(part.man_exp()) if part.is_finite() else str(part) for part in (value.mid(), value.rad()))

    sides = [None if side is None else tuple(map(ball, side)) for side in (truth.derivative, truth.left, truth.right)]
    values = tuple(map(ball, truth.values or ()))
    return truth.status, truth.bits, values, sides, truth.reason


@pytest.mark.parametrize(("text", "point"), EXPRESSIONS)
def test_truth_and_symbolic_do_not_touch_a_rule(poison: Callable[[], None], text: str, point: dict[str, float]) -> None:
    problem = make_case(text, point).problem
    truth = certify(problem.program, problem.wrt, problem.point)
    symbols = symbolic.differentiate(problem)
    forward.differentiate(problem)
    reverse.differentiate(problem)
    poison()
    assert as_data(certify(problem.program, problem.wrt, problem.point)) == as_data(truth)
    assert symbolic.differentiate(problem) == symbols
    for method in (forward, reverse):
        with pytest.raises(Poison):
            method.differentiate(problem)
