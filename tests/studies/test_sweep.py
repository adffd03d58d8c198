"""The error over the step: what is measured is what theory says, where theory holds; and where not, it is said."""

import csv
import io
import json
import math
import time
from pathlib import Path
from typing import Any

import pytest

from diffcli.cli.main import main
from diffcli.methods.differences import STENCILS
from diffcli.problem.point import read_point
from diffcli.reports.studies import as_object, written
from diffcli.reports.tell.sweep import _from_below, tell
from diffcli.runtime.errors import DiffError
from diffcli.studies.study import Study
from diffcli.studies.sweep import METHODS, ErrorCurve, Sample, Theory, _departure, sweep

BAYDIN = "64*x*(1 - x)*(1 - 2*x)^2*(1 - 8*x + 8*x^2)^2"
"""The logistic map iterated three times, f' = 9.0660864 at 0.2 (Baydin et al. 2018, fig. 3)."""


def swept(source: str, at: str, *methods: str, whole: bool = True, **options: Any) -> Study:
    return tell(sweep(source, read_point(at), methods=methods, **options), whole)


def facts(study: Study) -> dict[str, dict[str, Any]]:
    """What was found, by method."""
    found: list[dict[str, Any]] = study.facts["methods"]
    return {method["method"]: method for method in found}


def errors(study: Study, name: str) -> dict[float, float]:
    """Step -> error, of the table of all steps."""
    return {row[1]: row[4] for row in study.tables[-1].rows if row[0] == name}  # type: ignore[misc]


@pytest.fixture(scope="module")
def baydin() -> Study:
    return swept(BAYDIN, "x=0.2")


# --- the published figure
@pytest.mark.parametrize(
    ("method", "step", "error"),
    [("forward-difference", 1e-3, 3.3e-2), ("forward-difference", 1e-8, 3.4e-7), ("central-difference", 1e-4, 6.6e-6)],
)
def test_errors_are_those_of_the_figure(baydin: Study, method: str, step: float, error: float) -> None:
    assert errors(baydin, method)[step] == pytest.approx(error, rel=0.02)


def test_round_off_is_as_large_as_theory_allows(baydin: Study) -> None:
    """At h = 1e-7 central differences are noise: 5.5e-11 or any other number up to some N/h = 3.2e-10."""
    noise = facts(baydin)["central-difference"]["noise"]
    assert 1e-7 * errors(baydin, "central-difference")[1e-7] < 4 * noise


@pytest.mark.parametrize(("method", "best"), [("forward-difference", 1.4e-9), ("central-difference", 2.9e-7)])
def test_the_best_step_is_predicted_and_found_nearby(baydin: Study, method: str, best: float) -> None:
    found = facts(baydin)[method]
    assert found["predicted"]["h"] == pytest.approx(best, rel=0.02)
    assert best / 4 < found["best"]["h"] < best * 4
    assert found["best"]["error"] < found["predicted"]["error"]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(("source", "at"), [(BAYDIN, "x=0.2"), ("exp(sin(x))", "x=1"), ("log(x)", "x=0.01")])
def test_orders_are_measured(method: str, source: str, at: str) -> None:
    found = facts(swept(source, at, method))[method]
    order = STENCILS[method].order if method in STENCILS else 2
    assert found["order"] == order
    assert found["measured"] == pytest.approx(order, abs=0.02 * order + 0.02)


@pytest.mark.parametrize("method", STENCILS)
def test_round_off_takes_over_near_the_predicted_step(baydin: Study, method: str) -> None:
    found = facts(baydin)[method]
    assert found["predicted"]["h"] / 8 < found["round_off_below"] < found["predicted"]["h"] * 8


def test_dual_numbers_and_the_complex_step_have_no_round_off_in_h(baydin: Study) -> None:
    assert baydin.facts["automatic"]["error"] < 4e-15
    small = [error for step, error in errors(baydin, "complex-step").items() if step < 1e-10]
    assert max(small) < 1e-14


def test_truncation_is_the_leading_term(baydin: Study) -> None:
    """E = C h^p, C from derivatives that are proved, where h is neither large nor small."""
    for method, step in (("forward-difference", 1e-6), ("central-difference", 1e-4), ("five-point", 1e-3)):
        found = facts(baydin)[method]
        assert errors(baydin, method)[step] == pytest.approx(found["truncation"] * step ** found["order"], rel=0.01)
    found = facts(swept("exp(x)", "x=0.5", "richardson"))["richardson"]
    exact = 4 / 315 * math.exp(0.5)  # 64/7! f^(7)
    assert found["truncation"] == pytest.approx(exact)


def test_round_off_is_weighed_as_the_textbooks_formulas_weigh_f() -> None:
    """The sum of the sizes of all weights, h apart: 2 of 1/h, 2 of 1/2h, (1 + 8 + 8 + 1)/12h, (256 + 40 + 1)/180h."""
    weights = {"forward-difference": 2, "backward-difference": 2, "central-difference": 1, "five-point": 18 / 12}
    found = facts(swept("exp(x)", "x=0"))
    for method, weight in {**weights, "richardson": 297 / 180}.items():
        assert found[method]["noise"] == pytest.approx(weight * 2.0**-53, rel=1e-14, abs=0)


def test_a_stray_point_is_no_departure_from_the_line() -> None:
    """Two errors in turn above twice the line are; steps fall, and the line is E = h."""
    steps, errors = [1.0, 0.5, 0.25, 0.125, 0.0625, 0.03125], [1.0, 0.5, 5.0, 0.125, 5.0, 5.0]
    known = [Sample(step, step, 0.0, error) for step, error in zip(steps, errors, strict=True)]
    assert _departure(known, 0.5, lambda h: h) == 0.0625
    assert _departure(known[:-1], 0.5, lambda h: h) is None


def test_the_plot_has_all_curves_and_the_level(baydin: Study) -> None:
    (plot,) = baydin.plots
    assert [curve.name for curve in plot.curves] == [*METHODS, "dual numbers"]
    assert plot.x.logarithmic
    assert plot.y.logarithmic
    assert "step h" in written(swept(BAYDIN, "x=0.2", whole=False), "table")


# --- the lesson
def test_the_quotients_of_the_square_tend_to_6() -> None:
    study = swept("x^2", "x=3", "forward-difference", whole=False, smallest=1e-6, steps=7)
    quotients = [row[1] for row in study.tables[-1].rows]
    assert quotients == pytest.approx([7, 6.1, 6.01, 6.001, 6.0001, 6.00001, 6.000001], abs=1e-9)
    assert facts(study)["forward-difference"]["truncation"] == 1.0


def test_what_has_no_truncation_is_said() -> None:
    study = swept("x^2", "x=3")
    assert facts(study)["central-difference"]["measured"] is None
    assert any("only round-off is left" in sentence for sentence in study.sentences)


def test_a_term_that_vanishes_is_said() -> None:
    study = swept("sin(x)", "x=0", "forward-difference")
    assert facts(study)["forward-difference"]["measured"] == pytest.approx(2, abs=0.01)
    assert any("since f'' is 0 here" in sentence for sentence in study.sentences)


def test_steps_that_are_lost_are_said() -> None:
    study = swept("x^2", "x=3", "forward-difference")
    assert study.facts["lost_below"] == math.ulp(3.0) / 2
    assert study.tables[-1].rows[-1][2] == 0.0  # 1e-16 is less than half a spacing
    assert any("x + h is x" in sentence for sentence in study.sentences)


# --- where the analysis fails
def test_at_a_kink_there_is_no_error_and_no_order() -> None:
    study = swept("abs(x)", "x=0")
    assert not study.plots
    said = " ".join(study.sentences)
    assert "from the left -1, from the right 1" in said
    assert "no order" in said
    assert {row[0]: row[3] for row in study.tables[-1].rows} == {
        "forward-difference": 1, "backward-difference": -1, "central-difference": 0, "five-point": 0,
        "richardson": 0, "complex-step": 0,
    }  # fmt: skip


def test_without_a_second_derivative_central_differences_lose_their_order() -> None:
    study = swept("x*abs(x)", "x=0")
    for name in STENCILS:
        found = facts(study)[name]
        assert found["measured"] == pytest.approx(1, abs=0.01)
        assert found["truncation"] is None
        assert "kink" in found["missing"]
    assert any("The analysis expands f around the point, and fails" in sentence for sentence in study.sentences)


def test_a_kink_beside_the_point_is_noticed() -> None:
    study = swept("max(x, 1)**3", "x=1.0000001", "central-difference")
    assert any("is not reached" in sentence for sentence in study.sentences)


def test_the_nearest_of_all_differences_is_named_and_what_stays_flat_does_not_fall() -> None:
    """Central differences have 0/0 at h = x: no line of theirs is measured, and yet they come nearest."""
    study = swept("(1 - cos(x))/x^2", "x=1e-5")
    said = " ".join(study.sentences)
    found = [(error, name) for name in STENCILS for error in errors(study, name).values() if error is not None]
    assert f"({min(found)[1]})" in said.partition("No difference comes nearer than ")[2]
    assert "complex-step" not in said.partition(".")[0]


def test_where_nothing_is_proved_nothing_is_claimed() -> None:
    study = swept("log(x)", "x=-1")
    assert any("errors and orders have no meaning" in sentence for sentence in study.sentences)
    assert swept("sqrt(x)", "x=0").sentences[0].startswith("There is no derivative here")


def test_a_method_that_cannot_is_left_out() -> None:
    study = swept("erf(x)", "x=1")
    assert list(facts(study)) == list(STENCILS)
    assert any(sentence.startswith("complex-step: erf of a complex number") for sentence in study.sentences)


def test_the_complex_step_is_right_from_where_it_stays_right() -> None:
    """What is right above a step that is not does not count."""
    samples = tuple(Sample(step, step, 0.0, 0.0) for step in (1.0, 0.1, 0.01, 0.001))
    found = ErrorCurve("complex-step", samples, Theory(2, 1.0, 0.0))
    assert _from_below(found, [1.0, 0.01, 0.001]) == 0.01
    assert _from_below(found, [1.0, 0.1, 0.01, 0.001]) == 1.0


# --- other numbers
def test_float32_is_the_same_story_at_other_steps() -> None:
    study = swept(BAYDIN, "x=0.2", "forward-difference", "central-difference", numbers="float32")
    forward, central = facts(study).values()
    assert study.facts["at"] == {"x": 0.20000000298023224}
    assert study.facts["unit"] == 2.0**-24
    assert forward["predicted"]["h"] == pytest.approx(1.4e-9 * 2**14.5, rel=0.02)
    assert central["measured"] == pytest.approx(2, abs=0.05)
    assert 1 / 4 < central["best"]["h"] / central["predicted"]["h"] < 4
    assert study.facts["automatic"]["error"] > 1e-8


def test_other_variables_stay_where_they_are() -> None:
    study = tell(sweep("sin(x*y)", read_point("x=0.5, y=2"), ["y"], ["central-difference"]))
    assert facts(study)["central-difference"]["truncation"] == pytest.approx(0.5**3 * math.cos(1) / 6)


# --- formats, options, time
def test_data_formats_hold_every_step(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["sweep", "exp(x)", "--at", "x=1", "--steps", "33"]
    assert main([*arguments, "--format", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["study"] == "sweep"
    assert len(found["tables"][-1]["rows"]) == 33 * len(METHODS)
    assert main([*arguments, "--format", "csv"]) == 0
    rows = list(csv.reader(io.StringIO(capsys.readouterr().out)))
    assert len(rows) == 1 + len(METHODS) + 1 + 1 + 1 + 33 * len(METHODS)
    assert main(arguments) == 0
    assert "quotients and errors" in capsys.readouterr().out


def test_json_has_no_number_that_json_lacks() -> None:
    for study in (swept("x^2", "x=3"), swept("log(x)", "x=-1"), swept("abs(x)", "x=0")):
        json.dumps(as_object(study), allow_nan=False)


def test_the_plot_is_drawn(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    for ending in ("png", "svg"):
        file = tmp_path / f"sweep.{ending}"
        assert main(["sweep", "exp(x)", "--at", "x=1", "--plot", str(file), "-o", str(tmp_path / "text")]) == 0
        assert file.stat().st_size > 10_000


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["x*y", "--at", "x=1, y=2"], "a sweep is by one variable, not 2"),
        (["[x, x]", "--at", "x=1"], "the result is a vector"),
        (["x", "--at", "x=1", "-m", "forward"], "'forward' has no step"),
        (["x", "--at", "x=1", "--steps", "1"], "a sweep has 2 to"),
        (["x", "--at", "x=1", "--largest", "1e-9", "--smallest", "1"], "no steps from"),
        (["x", "--at", "x=1", "--dtype", "float16"], "unknown numbers 'float16'"),
    ],
)
def test_what_makes_no_sense_is_said(arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sweep", *arguments]) == 2
    assert message in capsys.readouterr().err


def test_errors_come_before_work() -> None:
    with pytest.raises(DiffError):
        swept("x", "x=1", "nothing")


def test_a_thousand_steps_take_seconds_and_tell_how_far_they_are() -> None:
    told: list[tuple[int, int]] = []
    begun = time.monotonic()
    swept(BAYDIN, "x=0.2", steps=1000, progress=lambda done, total: told.append((done, total)))
    assert time.monotonic() - begun < 30
    assert told == [(k, 6000) for k in range(1, 6001)]
