"""The stable column of the table: the same derivatives, and no more than a few ulps lost anywhere.

Its rules are held by the same oracle as the textbook's: in balls against FLINT's power series, here also at points on
every branch of a rule; and a wrong rule is planted at every single place where a tangent stands.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from oracle import (
    CONVENTIONS,
    ROWS,
    Trial,
    agree,
    by_series,
    conventions_hold,
    forget_rules,
    pulled,
    pushed,
    rule_agrees,
    same_bits,
    single,
    trials,
)
from test_architecture import FILES, module_name
from test_checks_bite import EXPRESSIONS, Poison, Poisoned, as_data

from diffcli.ad import rules as reader
from diffcli.ad.forward import Dual, Duals, jvp
from diffcli.ad.reverse import vjp
from diffcli.ad.rules import ONE, rule_text
from diffcli.cli.main import main
from diffcli.comparison.compare import compare
from diffcli.comparison.result import Settings
from diffcli.core.derivative_kinds import Wanted
from diffcli.core.evaluate import evaluate
from diffcli.core.primitives import CODE, PRIMITIVES, RULES, Primitive, Rules
from diffcli.methods import METHODS, forward, reverse, symbolic
from diffcli.numbers.float64 import FLOAT64
from diffcli.problem.understanding import make_case
from diffcli.studies.rules import Function, by_rule, explained, functions, measured, worst, worst_of
from diffcli.truth.accuracy import bits_lost, error
from diffcli.truth.certify import certify

STABLE = [row for row in PRIMITIVES if row.stable]
MEASURED = [row for row in PRIMITIVES if measured(row)]
BOTH_COLUMNS = pytest.mark.parametrize("rules", RULES)
Plant = Callable[[str, str], None]


@pytest.fixture(autouse=True)
def _no_rule_is_remembered() -> Iterator[None]:
    forget_rules()
    yield
    forget_rules()


@pytest.fixture
def plant(monkeypatch: pytest.MonkeyPatch) -> Plant:
    """Put a rule into both columns of a primitive, so that the oracle of the first judges it."""

    def replaced(name: str, rule: str) -> None:
        rows = tuple(row._replace(rule=rule, stable=rule) if row.name == name else row for row in PRIMITIVES)
        monkeypatch.setattr(reader, "PRIMITIVES", rows)
        forget_rules()

    return replaced


# --- the rules in balls
# name, literal, point: one for each branch of a stable rule that the oracle's own points do not reach
BRANCHES: tuple[tuple[str, float | None, tuple[float, ...]], ...] = (
    ("div", None, (3e-300, 7.0)),
    ("pow", None, (1e-160, 1.5)),
    ("pow", None, (7e200, 1.25)),
    ("pow", None, (7e200, -1.25)),
    ("powc", 0.25, (3e-200,)),
    ("powc", -0.25, (3e200,)),
    ("powc", 9.5, (3e-40,)),
    ("powc", 10.0, (-3e-40,)),
    ("powc", -9.5, (3e40,)),
    ("gamma", None, (-177.25,)),
    ("exp2", None, (1023.75,)),
    ("logaddexp", None, (900.0, 3.0)),
    ("logaddexp", None, (3.0, 900.0)),
    ("hypot", None, (3e-300, 5e-301)),
    ("hypot", None, (1.75e308, -1.5e308)),
    ("atan", None, (0.75,)),
    ("atan", None, (-3e160,)),
    ("atan2", None, (3e-200, -5e-201)),
    ("atan2", None, (-3e200, 5e199)),
    ("erf", None, (29.5,)),
    ("erfc", None, (-29.5,)),
)


def holds(trial: Trial, argument: int) -> bool:
    """Whether the rule now in the table holds the derivative, on every branch and both ways."""
    if not rule_agrees(trial.row.name, argument, 12, trial.parameter, "both"):
        return False
    places = [point for name, literal, point in BRANCHES if (name, literal) == (trial.row.name, trial.parameter)]
    return all(
        agree(side(trial, point, argument), by_series(single(trial), point, argument))
        for point in places
        for side in (pushed, pulled)
    )


TRIALS = [*trials(STABLE), *(Trial(ROWS["powc"], literal) for name, literal, _ in BRANCHES if name == "powc")]
ARGUMENTS = [
    pytest.param(trial, argument, id=f"{trial}-d{trial.row.params[argument]}")
    for trial in TRIALS
    for argument in range(trial.row.arity)
]


@pytest.mark.parametrize(("trial", "argument"), ARGUMENTS)
def test_a_stable_rule_in_balls_is_the_derivative(plant: Plant, trial: Trial, argument: int) -> None:
    assert trial.row.stable
    plant(trial.row.name, trial.row.stable)
    assert holds(trial, argument)


def places(row: Primitive) -> Iterator[tuple[int, str]]:
    """The stable rule with a little more at one place where a tangent stands, and which argument that is."""
    assert row.stable
    for argument, param in enumerate(row.params[: row.arity]):
        for found in re.finditer(rf"\bd{param}\b", row.stable):
            wrong = f"(d{param}*1.0000001)"
            yield argument, row.stable[: found.start()] + wrong + row.stable[found.end() :]


HIDDEN = {
    "cbrt": 1,  # at 0, where the tangent is vertical, anything times infinity is the same
    "pow": 1,  # at a = 0 and left of it, where balls of a whole power have no neighbourhood
}
"""Tangents that stand where there is no derivative to compare with; the conventions and floats below do that."""


@pytest.mark.parametrize("row", STABLE, ids=lambda row: row.name)
def test_a_stable_rule_wrong_at_any_place_is_found(plant: Plant, row: Primitive) -> None:
    unfound = 0
    for argument, rule in places(row):
        plant(row.name, rule)
        unfound += all(holds(trial, argument) for trial in TRIALS if trial.row.name == row.name)
    assert unfound == HIDDEN.get(row.name, 0)


@pytest.mark.parametrize("row", STABLE, ids=lambda row: row.name)
def test_a_term_too_many_is_found(plant: Plant, row: Primitive) -> None:
    assert row.stable
    bindings, semicolon, tangent = row.stable.rpartition(";")
    for argument, param in enumerate(row.params[: row.arity]):
        plant(row.name, f"{bindings}{semicolon} ({tangent}) + d{param}")
        assert not all(holds(trial, argument) for trial in TRIALS if trial.row.name == row.name)


# --- conventions
@pytest.mark.parametrize("row", STABLE, ids=lambda row: row.name)
def test_a_stable_rule_keeps_the_conventions(plant: Plant, row: Primitive) -> None:
    assert row.stable
    plant(row.name, row.stable)
    assert conventions_hold(row.name)


# name, literal, point: kinks, edges and holes; what the textbook's rule gives there the stable one gives too
EDGES: tuple[tuple[str, float | None, tuple[float, ...]], ...] = (
    *((name, None, point) for name, point, _ in CONVENTIONS),
    *(("powc", c, (0.0,)) for c in (0.0, 0.25, 0.5, 1.0, 1.5, 2.0, 3.0)),
    *(("powc", c, (-2.0,)) for c in (0.0, 1.0, 2.0, 3.0, -1.0)),
    *(("pow", None, point) for point in ((-2.0, 2.0), (-2.0, 3.0), (-2.0, 0.0), (2.0, 0.0), (0.0, 3.0))),
    *((name, None, (x,)) for name in ("asin", "acos") for x in (-1.0, 1.0, 2.0)),
    ("acosh", None, (1.0,)), ("acosh", None, (0.5,)), ("atanh", None, (2.0,)),
    ("cbrt", None, (0.0,)), ("hypot", None, (0.0, 0.0)), ("hypot", None, (0.0, 2.0)),
    ("atan2", None, (0.0, 0.0)), ("atan2", None, (0.0, -1.0)), ("atan2", None, (0.0, 1.0)),
    ("div", None, (0.0, 2.0)), ("div", None, (0.0, -2.0)), ("div", None, (1.0, 0.0)), ("div", None, (0.0, 0.0)),
    ("mod", None, (4.5, 1.5)), ("fmod", None, (-4.5, 1.5)),
    *((name, None, (x,)) for name in ("tanh", "sigmoid", "expm1", "exp2", "erf", "erfc", "atan", "asinh")
      for x in (0.0, math.inf, -math.inf, math.nan)),
)  # fmt: skip


@pytest.mark.parametrize(("name", "literal", "point"), EDGES, ids=lambda value: str(value).replace(" ", ""))
def test_at_kinks_and_edges_both_columns_say_the_same(
    name: str, literal: float | None, point: tuple[float, ...]
) -> None:
    for argument in range(len(point)):
        textbook, stable = (by_rule(ROWS[name], literal, point, argument, rules) for rules in RULES)
        assert textbook == stable or math.isnan(textbook) and math.isnan(stable)


SMOOTH_AT_0 = (
    "expm1(x)", "exp2(x)", "asin(x)", "acos(x)", "atan(x)", "tanh(x)", "asinh(x)", "atanh(x)", "erf(x)", "erfc(x)",
    "sigmoid(x)", "logaddexp(x, 1)", "hypot(x, 1)", "atan2(x, 1)", "(x + 1)/(x + 2)", "(2 + x)**1.5",
    "(2 + x)**(x + 1)",
    "cbrt(x + 1)", "acosh(x + 2)", "log10(x + 1)", "mod(x + 1.25, 1)*x",
)  # fmt: skip


@pytest.mark.parametrize("text", SMOOTH_AT_0)
@pytest.mark.parametrize("x", [0.0, 0.25])
def test_a_stable_rule_can_be_differentiated_again(text: str, x: float) -> None:
    """No rule brings a kink with it, such as that of abs at 0: up to the fourth order."""
    for order in (2, 3, 4):
        case = replace(make_case(text, {"x": x}), wanted=Wanted("derivative", order=order))
        found = compare(case, Settings(("forward", "reverse", "taylor"), rules="stable"))
        assert [row.verdict for row in found.measurements] == ["ok"] * 3, (order, found)


# --- accuracy
FEW, POINTS = 4.0, 1500


@pytest.mark.parametrize(
    ("row", "argument"),
    [pytest.param(row, i, id=f"{row.name}-d{row.params[i]}") for row in MEASURED for i in range(row.arity)],
)
def test_a_stable_rule_loses_a_few_ulps_at_most(row: Primitive, argument: int) -> None:
    found = worst(row, argument, POINTS)["stable"]
    assert found.points > POINTS / 4
    assert found.ulp < FEW, found


@pytest.mark.parametrize("x", [0.25, 1.4375, 2.53, 6.4, 30.3, 171.5, -0.95, -4.29, -9.16, -100.5])
def test_gamma_and_its_derivative_keep_their_digits(x: float) -> None:
    truth = certify(single(Trial(ROWS["gamma"])), [0], (x,))
    assert truth.derivative is not None
    assert truth.values is not None
    assert error(FLOAT64.functions[CODE["gamma"]](x), truth.values[0]).ulp < 0.51  # type: ignore[misc]
    assert error(by_rule(ROWS["gamma"], None, (x,), 0, "stable"), truth.derivative[0]).ulp < FEW


@pytest.mark.parametrize("c", [-300.0, -100.5, -10.0, -7.1, 7.25, 10.0, 20.0, 301.0])
def test_a_power_keeps_its_digits_where_it_leaves_the_normal_numbers(c: float) -> None:
    for k in range(60):
        x = 2.0 ** (-1080 / c) * (0.9 + k / 300)
        truth = certify(single(Trial(ROWS["powc"], c)), [0], (x,))
        assert truth.derivative is not None
        assert error(by_rule(ROWS["powc"], c, (x,), 0, "stable"), truth.derivative[0]).ulp < FEW, x


@pytest.mark.parametrize("k", range(120, 190, 3))
def test_gamma_keeps_its_digits_next_to_its_poles(k: int) -> None:
    for x in (math.nextafter(-k, 0), math.nextafter(-k, -math.inf), -k + 2.0**-30, -k - 0.5):
        truth = certify(single(Trial(ROWS["gamma"])), [0], (x,))
        assert truth.derivative is not None
        assert error(by_rule(ROWS["gamma"], None, (x,), 0, "stable"), truth.derivative[0]).ulp < FEW, x


# name, literal, point, argument; bits of 53 that the textbook's rule loses there (64: nothing is left)
LOSSES: tuple[tuple[str, float | None, tuple[float, ...], int, float], ...] = (
    ("tanh", None, (10.0,), 0, 25.7),
    ("tanh", None, (20.0,), 0, 52.3),
    ("asin", None, (1 - 2.0**-27,), 0, 23.0),
    ("asin", None, (0.9999999999,), 0, 16.9),
    ("acos", None, (1 - 2.0**-27,), 0, 23.0),
    ("atanh", None, (1 - 2.0**-27,), 0, 24.0),
    ("expm1", None, (-40.0,), 0, 52.3),
    ("expm1", None, (-20.0,), 0, 27.0),
    ("sigmoid", None, (40.0,), 0, 52.3),
    ("erf", None, (25.650209056800456,), 0, 8.6),
    ("erfc", None, (25.650209056800456,), 0, 8.6),
    ("acosh", None, (1.0000000000009095,), 0, 10.5),
    ("acosh", None, (1e200,), 0, 52.8),
    ("asinh", None, (1e200,), 0, 52.8),
    ("logaddexp", None, (1e154, 1e154), 0, 52.0),
    ("logaddexp", None, (-540.3768121267667, 90.06280202112777), 0, 8.5),
    ("hypot", None, (1.7e308, 1.7e308), 0, 52.5),
    ("atan2", None, (1e-200, 1e-200), 0, 64.0),
    ("exp2", None, (1024.4,), 0, 64.0),
    ("log10", None, (1e308,), 0, 49.6),
    ("atan", None, (-1.4e154,), 0, 49.9),
    ("powc", 1 / 3, (1e-310,), 0, 8.4),
    ("gamma", None, (-183.00000000000003,), 0, 41.9),
    ("pow", None, (1.5222991328804358e27, -11.748975549395302), 1, 4.6),
    ("div", None, (1e-320, 0.020417379446695295), 1, 3.7),
    ("fmod", None, (-0.30513797144578014, -0.10171265714859339), 1, 51.0),
    ("cbrt", None, (-1.5488166189124812,), 0, 3.0),
)


@pytest.mark.parametrize(("name", "literal", "point", "argument", "bits"), LOSSES, ids=str)
def test_the_textbook_loses_what_the_stable_rule_keeps(
    name: str, literal: float | None, point: tuple[float, ...], argument: int, bits: float
) -> None:
    row = ROWS[name]
    truth = certify(single(Trial(row, literal)), [argument], point)
    assert truth.derivative is not None
    textbook, stable = (
        error(by_rule(row, literal, point, argument, rules), truth.derivative[0]).ulp for rules in RULES
    )
    assert bits_lost(textbook) == pytest.approx(bits, abs=0.6)
    assert stable < FEW


def test_every_stable_rule_repairs_something() -> None:
    mended = {"mod"} | {name for name, *_ in LOSSES}  # for mod see the remainders
    assert {row.name for row in STABLE} == mended


@pytest.mark.parametrize(("name", "a", "b"), [("mod", -5e-313, 1e284), ("fmod", 2.9999999999999996, 1.0)])
def test_the_quotient_of_a_remainder_is_whole_and_right(name: str, a: float, b: float) -> None:
    truth = certify(single(Trial(ROWS[name])), [1], (a, b))
    assert truth.derivative is not None
    assert by_rule(ROWS[name], None, (a, b), 1, "stable") == float(truth.derivative[0])


# --- the choice of a column
COMPOSED = "tanh(x) + asin(x/10.5)*sigmoid(3*x) + x**0.1/hypot(x, 1)"


@BOTH_COLUMNS
@pytest.mark.parametrize("kind", ["gradient", "jvp", "vjp", "hessian", "hvp", "derivative"])
def test_every_way_reads_the_column_it_is_given(monkeypatch: pytest.MonkeyPatch, rules: Rules, kind: Any) -> None:
    """With the other column poisoned, each says the same; with its own, none says anything."""
    vector = (1.5,) if kind in ("jvp", "vjp", "hvp") else ()
    wanted = Wanted(kind, vector, 3 if kind == "derivative" else 1)
    problem = replace(make_case(COMPOSED, {"x": 10.25}).problem, wanted=wanted, rules=rules)
    names = [name for name, method in METHODS.items() if kind in method.kinds and name in _OURS]
    found = {name: METHODS[name].load()(problem) for name in names}
    poison(monkeypatch, [other for other in RULES if other != rules])
    for name in names:
        assert METHODS[name].load()(problem) == found[name]
    poison(monkeypatch, [rules])
    for name in names:
        with pytest.raises(Poison):
            METHODS[name].load()(problem)


_OURS = ("forward", "reverse", "forward-over-forward", "forward-over-reverse", "reverse-over-forward", "taylor")


class Bad:
    """A row of the table, of which some columns must not be touched."""

    def __init__(self, row: Primitive, columns: list[Rules]) -> None:
        self._row, self._columns = row, columns

    def __getattr__(self, name: str) -> Any:
        # a row without a stable rule is read in the textbook's column by both
        column = {"rule": "textbook", "stable": "stable"}.get(name)
        if column in self._columns and self._row.stable:
            raise Poison(self._row.name)
        return getattr(self._row, name)


def poison(monkeypatch: pytest.MonkeyPatch, columns: list[Rules]) -> None:
    monkeypatch.setattr(reader, "PRIMITIVES", tuple(Bad(row, columns) for row in PRIMITIVES))
    forget_rules()


def test_a_row_without_a_stable_rule_has_the_textbooks() -> None:
    for code, row in enumerate(PRIMITIVES):
        assert rule_text(code) == row.rule
        assert rule_text(code, "stable") == (row.stable or row.rule)
        assert row.stable != row.rule


def test_programs_without_a_choice_are_the_textbooks() -> None:
    program = make_case(COMPOSED, {"x": 10.25}).expression.program
    plain = jvp(program, [10.25], [ONE], FLOAT64), vjp(program, [10.25], [0], [ONE], FLOAT64)
    chosen = [
        (jvp(program, [10.25], [ONE], FLOAT64, rules), vjp(program, [10.25], [0], [ONE], FLOAT64, rules))
        for rules in RULES
    ]
    assert plain == chosen[0]
    assert plain[0] != chosen[1][0]
    assert plain[1] != chosen[1][1]


@pytest.mark.parametrize("row", [row for row in PRIMITIVES if row.arity], ids=lambda row: row.name)
def test_where_a_column_is_the_textbooks_so_are_the_bits(row: Primitive) -> None:
    for trial in trials([row]):
        if row.stable or row.name == "select":
            continue
        point = (0.625, 1.75, -2.5)[: row.arity]
        for argument in range(row.arity):
            one, other = (by_rule(row, trial.parameter, point, argument, rules) for rules in RULES)  # type: ignore[arg-type]
            assert same_bits(one, other)


# --- the poison test
@pytest.mark.parametrize(("text", "point"), EXPRESSIONS)
def test_truth_and_symbolic_do_not_touch_a_stable_rule(
    monkeypatch: pytest.MonkeyPatch, text: str, point: dict[str, float]
) -> None:
    problem = replace(make_case(text, point).problem, rules="stable")
    truth, symbols = certify(problem.program, problem.wrt, problem.point), symbolic.differentiate(problem)

    class BothPoisoned(Poisoned):
        @property
        def stable(self) -> str:
            raise Poison(self._row.name)

    rows = tuple(map(BothPoisoned, PRIMITIVES))
    monkeypatch.setattr(reader, "PRIMITIVES", rows)
    forget_rules()
    assert as_data(certify(problem.program, problem.wrt, problem.point)) == as_data(truth)
    assert symbolic.differentiate(problem) == symbols
    for method in (forward, reverse):
        with pytest.raises(Poison):
            method.differentiate(problem)


def test_stable_rules_have_one_reader() -> None:
    """Elsewhere the word is only the name of a column."""
    assert {module_name(path) for path in FILES if re.search(r"\.stable\b", path.read_text())} == {"ad.rules"}


# --- shown
# the rows of samples/nasty.txt where the columns differ: ulps lost by the textbook's
NASTY: tuple[tuple[str, float, float], ...] = (
    ("acosh(x)", 1.0000000000009095, 1.4e3),
    ("asin(x)", 0.9999999999, 1.2e5),
    ("tanh(x)", 20.0, 5.5e15),
    ("sigmoid(x)", 40.0, 5.5e15),
    ("tanh(x)", 10.0, 5.5e7),
)


@pytest.mark.parametrize(("text", "x", "ulps"), NASTY)
def test_a_comparison_with_stable_rules_is_ok_where_the_textbooks_is_not(text: str, x: float, ulps: float) -> None:
    for rules, verdict in (("textbook", "inaccurate"), ("stable", "ok")):
        found = compare(make_case(text, {"x": x}), Settings(("forward", "reverse"), rules=rules))  # type: ignore[arg-type]
        assert found.rules == rules
        for row in found.measurements:
            assert row.verdict == verdict
            assert row.max_ulp == pytest.approx(ulps, rel=0.1) if rules == "textbook" else row.max_ulp < FEW


def test_what_a_formula_loses_no_rule_mends() -> None:
    case = make_case("(1 - cos(x))/x^2", {"x": 1e-8})
    assert [row.verdict for row in compare(case, Settings(("forward",), rules="stable")).measurements] == ["inaccurate"]


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = main(arguments)
    out, err = capsys.readouterr()
    return code, out, err


def test_json_names_the_rules_where_they_are_not_the_textbooks(capsys: pytest.CaptureFixture[str]) -> None:
    options = "tanh(x)", "--at", "x=10", "-m", "forward,reverse", "-f", "json"
    code, out, _ = run(capsys, *options, "--rules", "stable")
    assert code == 0
    assert json.loads(out)["rules"] == "stable"
    code, plain, _ = run(capsys, *options)
    assert code == 1
    assert "rules" not in json.loads(plain)


def test_a_batch_reads_the_column_too(capsys: pytest.CaptureFixture[str], tmp_path: Any) -> None:
    file = tmp_path / "cases.txt"
    file.write_text("tanh(x) | x=20\nasin(x) | x=0.9999999999\n")
    options = "batch", str(file), "-m", "forward,reverse", "-f", "jsonl", "-j", "1"
    assert run(capsys, *options)[0] == 1
    code, out, _ = run(capsys, *options, "--rules", "stable")
    assert code == 0
    assert [json.loads(line)["rules"] for line in out.splitlines()] == ["stable"] * 2


def test_unknown_rules_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = run(capsys, "x", "--at", "x=1", "--rules", "stble")
    assert code == 2
    assert "unknown rules 'stble'" in err
    assert "did you mean 'stable'?" in err


def test_the_table_of_rules_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "rules", "tanh", "arcsin", "cbrt", "--points", "200")
    assert code == 0
    for said in ("(1 - y*y)*da", "da/sqrt((1 - a)*(1 + a))", "vertical tangent at 0", "stable: below 4."):
        assert said in out


@pytest.mark.parametrize("format", ["json", "csv"])
def test_the_table_of_rules_is_data(capsys: pytest.CaptureFixture[str], format: str) -> None:
    code, out, _ = run(capsys, "rules", "mod", "abs", "--points", "20", "--format", format)
    assert code == 0
    if format == "csv":
        assert out.splitlines()[0] == "primitive,by,textbook,at,stable,at,points"
        return
    errors, texts = json.loads(out)["tables"]
    assert [row[:2] for row in errors["rows"]] == [["mod", "a"], ["mod", "b"], ["abs", "a"]]
    assert texts["rows"][0][:3] == ["mod", "da - floor(a/b)*db", "da - round(a/b - y/b)*db"]
    assert texts["rows"][1][2] is None


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("rules", "tnah"), "did you mean 'tanh'?"),
        (("rules", "--points", "2"), "--points 2"),
        (("rules", "--format", "xml"), "unknown format 'xml'"),
    ],
)
def test_what_cannot_be_shown_is_refused(
    capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], said: str
) -> None:
    code, _, err = run(capsys, *arguments)
    assert code == 2
    assert said in err


def test_every_primitive_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    code, out, _ = run(capsys, "rules", "--points", "10", "--format", "json")
    assert code == 0
    errors, texts, defined = json.loads(out)["tables"]
    assert {row[0] for row in texts["rows"]} == {row.name for row in PRIMITIVES if row.arity}
    assert {row[0] for row in defined["rows"]} == {function.written for function in functions()}
    assert {row[0] for row in errors["rows"]} == {row.name for row in (*MEASURED, *(f.row for f in functions()))}


@BOTH_COLUMNS
def test_points_and_values_are_untouched_by_the_column(rules: Rules) -> None:
    program = make_case(COMPOSED, {"x": 0.25}).expression.program
    value, _ = evaluate(jvp(program, [0.25], [ONE], FLOAT64, rules), [0.25], FLOAT64)
    assert same_bits(value, evaluate(program, [0.25], FLOAT64)[0])


# --- functions defined by others
@pytest.mark.parametrize(
    ("function", "argument"),
    [pytest.param(f, i, id=f"{f.written}-d{f.row.params[i]}") for f in functions() for i in range(f.row.arity)],
)
def test_a_stable_definition_loses_a_few_ulps_at_most(function: Function, argument: int) -> None:
    found = worst_of(function, argument, 150)["stable"]
    assert found.points > 50
    assert found.ulp < FEW, found


def test_silu_keeps_its_digits_around_its_lowest_point() -> None:
    (silu,) = (function for function in functions() if function.row.name == "silu")
    program = silu.program("textbook")
    for k in range(120):
        x = -1.2784645427610737 + (-1) ** k * 10.0 ** (-15 + k / 8)
        truth = certify(program, [0], (x,))
        assert truth.derivative is not None
        algebra = Duals(FLOAT64, "stable")
        tangent = evaluate(silu.program("stable"), [Dual(x, ONE)], algebra)[0].tangent
        lost = error(algebra.linear.settle(tangent), truth.derivative[0]).ulp
        assert lost < FEW or lost - explained(program, 0, (x,), truth.derivative[0]) < FEW, x
