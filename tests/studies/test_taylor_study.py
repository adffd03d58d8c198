"""Taylor's expansion as a lesson: coefficients, remainders inside Lagrange's proved bound, radii that are known."""

from __future__ import annotations

import json
import math
from itertools import pairwise
from pathlib import Path

import pytest

from diffcli.cli.main import main
from diffcli.problem.understanding import make_case
from diffcli.reports.tell.taylor import tell
from diffcli.runtime.errors import DiffError
from diffcli.studies.study import Study
from diffcli.studies.taylor import radius_hint, taylor
from diffcli.truth.proofs import coefficients, largest, remainders

MACLAURIN = [
    ("exp(x)", "1 + x + x^2/2 + x^3/6 + x^4/24 + x^5/120", math.inf),
    ("sin(x)", "x - x^3/6 + x^5/120", math.inf),
    ("cos(x)", "1 - x^2/2 + x^4/24", math.inf),
    ("log(1 + x)", "x - x^2/2 + x^3/3 - x^4/4 + x^5/5", 1.0),
    ("1/(1 - x)", "1 + x + x^2 + x^3 + x^4 + x^5", 1.0),
    ("atan(x)", "x - x^3/3 + x^5/5", 1.0),
    ("tan(x)", "x + x^3/3 + 2*x^5/15", math.pi / 2),
    ("sqrt(1 + x)", "1 + x/2 - x^2/8 + x^3/16 - 5*x^4/128 + 7*x^5/256", 1.0),
    ("1/(1 + 25*x^2)", "1 - 25*x^2 + 625*x^4", 0.2),
    ("1/(1 - x + x^2)", "1 + x - x^3 - x^4", 1.0),
    ("exp(x)/(3 - x)", None, 3.0),
    ("exp(x)*cos(x)", "1 + x - x^3/3 - x^4/6 - x^5/30", math.inf),
    ("exp(x^2)", "1 + x^2 + x^4/2", math.inf),
]


def told(source: str, *arguments: object, **options: object) -> Study:
    return tell(taylor(source, *arguments, **options))  # type: ignore[arg-type]


@pytest.mark.parametrize(("source", "polynomial", "radius"), MACLAURIN, ids=[row[0] for row in MACLAURIN])
def test_maclaurin_series_are_those_of_the_books(source: str, polynomial: str | None, radius: float) -> None:
    study = told(source, {"x": 0.0}, order=5)
    if polynomial is not None:
        assert study.heading[-1] == study.facts["polynomial"] == polynomial
    assert study.facts["radius_hint"] == pytest.approx(radius, rel=1e-6)
    assert any(sentence.startswith("Radius of convergence") for sentence in study.sentences)


def test_how_far_a_series_reaches_is_told_by_both_tests() -> None:
    """sin: c_1 = 1 and c_3 = -1/6, two orders apart."""
    (table,) = [table for table in told("sin(x)", {"x": 0.0}, order=3).tables if "ratio test" in str(table.columns)]
    (row,) = table.rows
    assert row == (3, pytest.approx(6**0.5, rel=1e-12), pytest.approx(6 ** (1 / 3), rel=1e-12))


def test_a_polynomial_is_weighed_against_the_constant_and_not_against_zero() -> None:
    """At d = 2 order 8 of log(1 + x) is off by more than log(3), which is little beside 100."""
    said = "At d = 2 order 8 is further from f than the constant f(0) is."
    assert said in told("100 + log(1 + x)", {"x": 0.0}).sentences
    assert said not in told("100 + exp(x)", {"x": 0.0}).sentences


def test_what_gives_no_clear_hint_is_not_given_one() -> None:
    """Entire functions whose coefficients fall slowly must not be given a radius."""
    for source in ("exp(exp(x))", "exp(sin(x))"):
        assert told(source, {"x": 0.0}).facts["radius_hint"] is None
    problem = make_case("x^2", {"x": 1.0}).problem
    assert radius_hint(coefficients(problem.program, 0, problem.point, 20)) is None


def test_polynomials_are_their_own_series() -> None:
    study = told("x^5 - x", {"x": 2.0}, order=6)
    assert study.heading[-1].startswith("30 + 79*(x - 2) + 80*(x - 2)^2 + 40*(x - 2)^3")
    assert all(row["remainder"] == 0 for row in study.facts["remainders"])
    assert any("as for a polynomial" in sentence for sentence in study.sentences)


def test_a_smooth_function_need_not_be_its_series() -> None:
    study = told("where(x == 0, 0, exp(-1/x^2))", {"x": 0.0})
    assert study.heading[-1] == "0"
    assert any("not analytic" in sentence for sentence in study.sentences)


@pytest.mark.parametrize("source", ["exp(x)", "sin(x)", "log(1 + x)", "atan(x)", "1/(1 - x)", "gamma(x + 1)", "tan(x)"])
@pytest.mark.parametrize("order", [0, 1, 4, 9])
def test_remainders_stay_inside_the_proved_bound(source: str, order: int) -> None:
    study = told(source, {"x": 0.0}, order=order, distances=(0.01, 0.1, 0.5, -0.4))
    for row in study.facts["remainders"]:
        assert row["bound_proved"] is not None
        assert abs(row["remainder"]) <= row["bound_proved"]
        assert row["bound_sampled"] <= row["bound_proved"] * (1 + 1e-9)


def test_no_bound_is_proved_across_a_pole() -> None:
    study = told("1/(1 - x)", {"x": 0.0}, distances=(0.5, 2.0))
    near, far = study.facts["remainders"]
    assert near["bound_proved"] >= near["remainder"]
    assert far["bound_proved"] is None
    assert far["bound_sampled"] is None
    assert any("no bound is proved" in sentence for sentence in study.sentences)


def test_the_largest_value_over_an_interval_is_no_smaller_than_inside() -> None:
    """sin on [0, 3] is largest at pi/2, which no sample hits."""
    problem = make_case("sin(x)", {"x": 0.0}).problem
    bound = largest(problem.program, 0, problem.point, (3.0, 0.0), 0)
    assert bound is not None
    assert 1 <= float(bound) < 1.05


def test_remainders_are_exact_far_below_round_off() -> None:
    problem = make_case("exp(x)", {"x": 0.0}).problem
    known = coefficients(problem.program, 0, problem.point, 20)
    rests = remainders(problem.program, 0, problem.point, known, 1e-3)
    assert rests is not None
    assert float(rests[20]) == pytest.approx(1e-63 / math.factorial(21), rel=1e-3, abs=0)


def test_partial_sums_come_nearer() -> None:
    study = told("exp(x)", {"x": 0.0}, order=10)
    errors = [abs(float(row[-1])) for row in study.tables[0].rows]  # type: ignore[arg-type]
    assert all(after < before for before, after in pairwise(errors))
    assert [row[2] for row in study.tables[0].rows][:4] == ["1", "1", "1/2", "1/6"]


def test_one_variable_moves_and_others_are_held() -> None:
    study = told("exp(k*x)", {"x": 0.0, "k": 2.0}, wrt="x", order=3)
    assert study.heading[-1] == "1 + 2*x + 2*x^2 + 4*x^3/3"
    assert "with k=2" in study.heading[1]
    with pytest.raises(DiffError, match="in one variable"):
        told("exp(k*x)", {"x": 0.0, "k": 2.0})


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["sqrt(x)", "--at", "x=0"], "no derivative of order 1"),
        (["log(x)", "--at", "x=0"], "no value"),
        (["abs(x)", "--at", "x=0"], "no derivative"),
        (["exp(x)"], "no value"),
        (["exp(x)", "--at", "x=0", "--order", "61"], "order"),
        (["exp(x)", "--at", "x=0", "--order", "-1"], "order"),
        (["exp(x)", "--at", "x=0", "--distances", "0"], "distance"),
        (["[x, x]", "--at", "x=0"], "scalar"),
    ],
)
def test_what_has_no_series_is_an_error(arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["taylor", *arguments]) == 2
    captured = capsys.readouterr()
    assert message in captured.err
    assert "Traceback" not in captured.err


def test_the_command_reads_like_a_lesson(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    picture = tmp_path / "taylor.svg"
    request = ["taylor", "log(1+x)", "--at", "x=0"]
    assert main([*request, "--plot", str(picture)]) == 0
    screen = capsys.readouterr().out
    assert "x - x^2/2 + x^3/3 - x^4/4 + x^5/5 - x^6/6 + x^7/7 - x^8/8" in screen
    assert "Radius of convergence: about 1" in screen
    assert "At d = 2 order 8 is further from f than the constant f(0) is." in screen
    assert picture.read_text().lstrip().startswith("<?xml")
    assert max(map(len, screen.splitlines()[:15])) <= 100
    assert main([*request, "--format", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["certified"][3] == "0." + "3" * 33
    assert len(found["coefficients"]) == 9


def test_a_radius_from_coefficients_is_no_more_than_a_hint(capsys: pytest.CaptureFixture[str]) -> None:
    """exp(-1/x^2) about 1 has the radius 1, and its first 41 coefficients hint at another."""
    assert main(["taylor", "exp(-1/x^2)", "--at", "x=1"]) == 0
    assert "hint: if so, the series is good for" in capsys.readouterr().out
