"""Descents: the lecture's numbers, its updates written out by hand, and what is said of rates."""

from __future__ import annotations

import json
import math
from pathlib import Path
from random import Random
from typing import Any

import pytest

from diffcli.cli.main import main
from diffcli.problem.point import read_point
from diffcli.reports.studies import written
from diffcli.runtime.errors import DiffError
from diffcli.studies.descend import Request, descend, on_samples
from diffcli.studies.descents import Objective, Step, Walk, batches, plan, read_samples, risen_from
from diffcli.studies.study import Study
from diffcli.studies.symmetric import eigenvalues, solve

POINTS = Path(__file__).parent.parent.parent / "samples" / "data" / "points.csv"
LECTURE = "sum((yhat - y)^2)/(2*m)"


def down(source: str, start: str, at: str = "", **options: Any) -> Study:
    return descend(Objective(source, read_point(start), read_point(at)), Request(**options))


def line(**options: Any) -> Study:
    objective = on_samples("w*x + b", LECTURE, read_samples(POINTS), read_point("w=0, b=0"), {})
    return descend(objective, Request(**options))


def path(study: Study, way: str = "batch") -> list[list[float]]:
    walks: Any = study.facts["walks"]
    return [step["parameters"] for step in walks[way]["steps"]]


def end(study: Study, way: str = "batch") -> str:
    walks: Any = study.facts["walks"]
    return str(walks[way]["end"])


def samples() -> list[tuple[float, float]]:
    columns = read_samples(POINTS).columns
    return list(zip(columns["x"], columns["y"], strict=True))


# --- the lecture's numbers
@pytest.mark.parametrize(
    ("rate", "expected", "verdict"),
    [(0.2, 0.060466176, "falling"), (0.05, 3.486784401, "falling"), (1.1, 61.9173642240, "diverges")],
)
def test_the_parabola_of_the_lecture(rate: float, expected: float, verdict: str) -> None:
    study = down("x^2", "x=10", rate=rate, updates=10)
    assert len(path(study)) == 11
    assert path(study)[-1][0] == pytest.approx(expected, rel=1e-9)
    assert end(study) == verdict


def test_the_last_bit_of_the_lecture() -> None:
    x = 10.0
    for _ in range(10):
        x -= 0.2 * (2 * x)
    assert path(down("x^2", "x=10", rate=0.2, updates=10))[-1] == [x]
    assert x == pytest.approx(0.06046617600000001, rel=1e-14, abs=0)


def test_divergence_is_said_with_the_rate_that_would_do() -> None:
    said = " ".join(down("x^2", "x=10", rate=1.1, updates=10).sentences)
    assert "Diverges: from step 0 on the loss only rises" in said
    assert "1.44 times more each step" in said
    assert "L = 2" in said
    assert "2/L = 1" in said
    assert "1.1, is above 1" in said


@pytest.mark.parametrize(("rate", "verdict"), [(0.099, "falling"), (0.101, "diverges")])
def test_two_over_L_is_the_edge_for_a_quadratic(rate: float, verdict: str) -> None:
    study = down("x^2/2 + 10*y^2", "x=1, y=1", rate=rate, updates=400)
    assert study.facts["curvatures"] == [1.0, 20.0]
    assert end(study) == verdict


def test_rates_are_those_of_a_quadratic_with_the_curvatures_of_the_start() -> None:
    """L = 20 and 1: below 2/20; best at 2/21, where 19/21 is left; with momentum m below 2(1 + m)/20."""
    said = " ".join(down("x^2/2 + 10*y^2", "x=1, y=1", rate=0.05, updates=5).sentences)
    assert "L = 20: a quadratic like that falls at rates below 2/L = 0.1." in said
    assert "is 1, 20 times less: the best steady rate is 0.09524, and every step then leaves 0.905 of" in said
    options: dict[str, Any] = {"ways": ("momentum",), "momentum": 0.5, "updates": 400}
    assert end(down("x^2/2 + 10*y^2", "x=1, y=1", rate=0.149, **options), "momentum") == "falling"
    beyond = down("x^2/2 + 10*y^2", "x=1, y=1", rate=0.151, **options)
    assert end(beyond, "momentum") == "diverges"
    assert "0.151, is above 0.15." in " ".join(beyond.sentences)


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        ("x^2 + 3*y^2", "the curvature from 2 to 6, as at a minimum"),
        ("-x^2 - y^2", "every curvature is below 0, as at a maximum"),
        ("x^2 - y^2", "the curvatures have both signs, as at a saddle"),
        ("x^2 + 0*y", "a curvature is 0"),
    ],
)
def test_what_is_arrived_at_is_told_by_the_curvatures(source: str, kind: str) -> None:
    assert kind in down(source, "x=0, y=0").sentences[0]


def test_a_rate_of_two_over_L_goes_back_and_forth() -> None:
    assert end(down("x^2", "x=10", rate=1.0, updates=10)) == "hovers"


# --- ways down, against updates by hand
def test_batch_descent_is_the_update_of_the_lecture() -> None:
    rows, alpha = samples(), 0.1
    w = b = 0.0
    for parameters in path(line(rate=alpha, updates=40)):
        assert parameters == pytest.approx([w, b], rel=1e-11, abs=1e-13)
        slopes = [
            sum((w * x + b - y) * factor for x, y in rows for factor in [f(x)]) for f in (lambda x: x, lambda _: 1)
        ]
        w, b = w - alpha / len(rows) * slopes[0], b - alpha / len(rows) * slopes[1]


def test_stochastic_descent_takes_one_sample_at_a_time_in_seeded_order() -> None:
    rows, alpha = samples(), 0.05
    study = line(ways=("stochastic",), rate=alpha, passes=2, seed=7)
    random, order = Random(7), list(range(len(rows)))
    expected = []
    for _ in range(2):
        order = list(range(len(rows)))
        random.shuffle(order)
        expected += order
    walks: Any = study.facts["walks"]
    steps = walks["stochastic"]["steps"]
    assert [step["samples"] for step in steps[:-1]] == [[i] for i in expected]
    w = b = 0.0
    for step in steps[:-1]:
        assert step["parameters"] == pytest.approx([w, b], rel=1e-11, abs=1e-13)
        x, y = rows[step["samples"][0]]
        wrong = w * x + b - y
        w, b = w - alpha * wrong * x, b - alpha * wrong
    assert steps[-1]["parameters"] == pytest.approx([w, b], rel=1e-11)


def test_the_same_seed_goes_the_same_way() -> None:
    options: dict[str, Any] = {"ways": ("stochastic",), "passes": 2}
    assert path(line(seed=1, **options), "stochastic") == path(line(seed=1, **options), "stochastic")
    assert path(line(seed=1, **options), "stochastic") != path(line(seed=2, **options), "stochastic")


def test_mini_batches_read_every_sample_once_a_pass() -> None:
    walks: Any = line(ways=("mini-batch",), batch=7, passes=3).facts["walks"]
    steps = walks["mini-batch"]["steps"]
    assert len(steps) == 3 * 5 + 1
    assert [len(step["samples"]) for step in steps[:5]] == [7, 7, 7, 7, 2]
    assert sorted(i for step in steps[5:10] for i in step["samples"]) == list(range(30))


def test_a_batch_of_all_samples_is_read_in_their_order() -> None:
    drawn = batches(plan("batch", None, 5, 8, 0.9), 5, seed=3)
    assert [next(drawn), next(drawn)] == [(0, 1, 2, 3, 4)] * 2


def test_momentum_remembers_its_steps() -> None:
    x, v = 1.0, 0.0
    for (found,) in path(down("x^2", "x=1", ways=("momentum",), rate=0.1, momentum=0.5, updates=20), "momentum"):
        assert found == pytest.approx(x, rel=1e-12, abs=0)
        v = 0.5 * v - 0.1 * 2 * x
        x += v


@pytest.mark.parametrize("methods", [("reverse",), ("forward",), ("symbolic",)])
def test_newton_finds_the_least_squares_in_one_step(methods: tuple[str, ...]) -> None:
    study = line(ways=("newton",), methods=methods)
    rows = samples()
    n, sx, sy = len(rows), sum(x for x, _ in rows), sum(y for _, y in rows)
    sxx, sxy = sum(x * x for x, _ in rows), sum(x * y for x, y in rows)
    slope = (n * sxy - sx * sy) / (n * sxx - sx * sx)
    assert path(study, "newton")[1] == pytest.approx([slope, (sy - slope * sx) / n], rel=1e-11)
    assert end(study, "newton") == "arrived"
    minimum: Any = study.facts["minimum"]
    assert minimum["at"] == pytest.approx([slope, (sy - slope * sx) / n], rel=1e-11)


def test_newton_may_lead_to_a_saddle_and_it_is_said() -> None:
    said = " ".join(down("x^2 - y^2", "x=1, y=0", ways=("newton",)).sentences)
    assert "a saddle" in said


def test_a_singular_hessian_stops_newton() -> None:
    study = down("x + y", "x=1, y=1", ways=("newton",))
    assert end(study, "newton") == "flat"
    assert "cannot be made" in study.sentences[0]


# --- methods
def test_every_method_costs_what_it_costs_and_goes_along() -> None:
    study = line(methods=("reverse", "forward", "symbolic"), updates=10)
    walks: Any = study.facts["walks"]
    costs = {name: cost["total"] for name, cost in walks["batch"]["operations_per_update"].items()}
    assert costs["reverse"] < costs["symbolic"] < costs["forward"]
    table = next(table for table in study.tables if table.title and table.title.startswith("Operations"))
    assert [row[:2] for row in table.rows] == list(costs.items())
    assert all(isinstance(row[-1], float) and row[-1] < 1000 for row in table.rows)


@pytest.mark.parametrize("lead", ["forward", "symbolic", "central-difference", "complex-step"])
def test_any_method_may_lead(lead: str) -> None:
    found = path(down("exp(x) - 2*x + y^2", "x=0, y=1", methods=(lead,), updates=100))[-1]
    assert found == pytest.approx([math.log(2), 0], abs=1e-6)


def test_a_branch_is_taken_anew_at_every_step() -> None:
    found = path(down("x^2 if x > 1 else abs(x)", "x=3", rate=0.25, updates=5))
    assert [x for (x,) in found][:4] == [3, 1.5, 0.75, 0.5]


# --- what is said and shown
def test_the_gradient_at_the_end_is_proved() -> None:
    study = down("x^2", "x=10", rate=0.2, updates=10)
    truth: Any = study.facts["truth"]
    assert truth["status"] == "certified"
    assert truth["gradient"] == [2 * path(study)[-1][0]]
    assert any(sentence.startswith("Proved: the gradient at the end") for sentence in study.sentences)


@pytest.mark.parametrize(
    ("source", "start", "rate", "words"),
    [
        ("x^4", "x=10", 0.1, "is no finite number"),
        ("log(x)", "x=1", 0.5, "Leaves the domain"),
        ("x^2", "x=1", 0.5, "a minimum"),
        ("abs(x)", "x=1", 0.25, "abs has a kink at 0"),
    ],
)
def test_ends_are_said(source: str, start: str, rate: float, words: str) -> None:
    assert words in " ".join(down(source, start, rate=rate).sentences)


def test_screens_leave_rows_out_and_data_formats_do_not() -> None:
    screen, data = down("x^2", "x=1", updates=90, rate=0.01), down("x^2", "x=1", updates=90, rate=0.01, whole=True)
    assert len(screen.tables[0].rows) == 25
    assert "25 of 91 rows" in str(screen.tables[0].title)
    assert len(data.tables[0].rows) == 91


def test_a_picture_has_lines_of_equal_loss_under_the_path() -> None:
    plot = line(updates=5).plots[1]
    assert plot.contour is not None
    assert len(plot.contour.levels) > 5
    assert len(plot.contour.z) == len(plot.contour.y)
    assert plot.contour.z[0][0] == pytest.approx(
        sum((plot.contour.x[0] * x + plot.contour.y[0] - y) ** 2 for x, y in samples()) / 60
    )


def test_parameters_of_every_shape_stand_one_behind_another() -> None:
    study = down("sum(M*M) + dot(v, v) + (b - 1)^2", "v=[1, 2], b=3, M=[[4, 8], [16, 32]]", updates=1, rate=0.25)
    assert study.facts["parameters"] == ["v[0]", "v[1]", "b", "M[0, 0]", "M[0, 1]", "M[1, 0]", "M[1, 1]"]
    assert path(study)[-1] == [0.5, 1, 2, 2, 4, 8, 16]


def test_the_update_from_which_a_loss_rises_is_counted_in_updates() -> None:
    """Of long walks every so many updates are kept."""
    kept = [Step(k, (1.0,), loss, (1.0,), (0,)) for k, loss in ((0, 5.0), (3, 3.0), (6, 4.0), (9, 6.0), (10, math.inf))]
    chosen = plan("batch", 1.1, 1, 8, 0.9)
    assert risen_from(Walk(chosen, tuple(kept), "left")) == 3
    assert risen_from(Walk(chosen, tuple(kept[1:]), "left")) == 3
    assert risen_from(Walk(chosen, tuple(kept[:2]), "steps")) == 3


def test_vectors_are_parameters_too() -> None:
    study = down("dot(v, v) + a", "v=[1, 2, 3]", at="a=1", updates=3, rate=0.25)
    assert study.facts["parameters"] == ["v[0]", "v[1]", "v[2]"]
    assert path(study)[-1] == [0.125, 0.25, 0.375]


def test_the_sample_file_is_what_it_says() -> None:
    random = Random(2018)
    for x, y in samples():
        drawn = random.uniform(0, 4)
        assert x == round(drawn, 3)
        assert y == round(2 * drawn + 1 + random.gauss(0, 0.5), 3)


def test_long_walks_are_kept_in_part() -> None:
    steps = path(down("x^2", "x=1", rate=1e-5, updates=12_001))  # every third, and the last
    assert len(steps) == 4002
    assert steps[1][0] == pytest.approx((1 - 2e-5) ** 3, rel=1e-12)
    assert steps[-1][0] == pytest.approx((1 - 2e-5) ** 12_001, rel=1e-9)


# --- matrices
def test_small_matrices() -> None:
    random = Random(3)
    rows = [[random.uniform(-1, 1) for _ in range(6)] for _ in range(6)]
    symmetric = [[rows[i][j] + rows[j][i] for j in range(6)] for i in range(6)]
    found = eigenvalues(symmetric)
    assert sum(found) == pytest.approx(sum(symmetric[i][i] for i in range(6)))
    assert sum(x * x for x in found) == pytest.approx(sum(x * x for row in symmetric for x in row))
    solution = solve(symmetric, [1, 2, 3, 4, 5, 6])
    assert solution is not None
    product = [sum(a * x for a, x in zip(row, solution, strict=True)) for row in symmetric]
    assert product == pytest.approx([1, 2, 3, 4, 5, 6])
    assert solve([[1, 1], [1, 1]], [1, 1]) is None
    assert solve([[0, 1], [1, 0]], [2, 3]) == [3, 2]
    assert solve([[1e-20, 1], [1, 1]], [1, 2]) == [1, 1]  # without pivots 0 and 1


# --- the command line
def test_the_command(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    picture = tmp_path / "way.png"
    options = ["--rate", "0.2", "--steps", "10", "-f", "json", "--plot", str(picture)]
    assert main(["descend", "x^2", "--from", "x=10", *options]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["study"] == "descend"
    assert found["tables"][0]["rows"][-1][:3] == pytest.approx([10, 0.0036561584, 0.060466176])
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_the_command_on_samples(capsys: pytest.CaptureFixture[str]) -> None:
    model = ["--data", str(POINTS), "--model", "w*x + b", "--from", "w=0, b=0"]
    assert main(["descend", *model, "--way", "batch,stochastic", "--epochs", "3"]) == 0
    screen = capsys.readouterr().out
    assert "30 samples of x, y from points.csv" in screen
    assert "batch moves once and stochastic 30 times" in screen
    assert max(map(len, screen.splitlines())) < 200


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["x^2"], "needs a start"),
        (["--from", "x=1"], "an expression, or samples"),
        (["x^2", "--from", "y=1", "--at", "x=1"], "no parameter 'y'"),
        (["x^2", "--from", "x=1", "--way", "downhill"], "unknown way"),
        (["x^2", "--from", "x=1", "--way", "stochastic"], "chooses among samples"),
        (["x^2", "--from", "x=1", "--rate", "-1"], "above 0"),
        (["x^2", "--from", "x=1", "--way", "momentum", "--momentum", "1"], "not including, 1"),
        (["x^2", "--from", "x=1", "--steps", "0"], "one is the least"),
        (["x*y", "--from", "x=1"], "no value"),
        (["[x, x]", "--from", "x=1"], "a loss is one number"),
        (["x^2", "--from", "x=1", "--model", "x"], "goes with --data"),
        (["--data", str(POINTS), "--from", "w=1"], "need a model"),
        (["--data", str(POINTS), "--model", "w*x", "--from", "w=1, x=2"], "as well"),
        (["--data", "nowhere.csv", "--model", "w*x", "--from", "w=1"], "cannot be read"),
    ],
)
def test_what_cannot_be_understood_is_said(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["descend", *arguments]) == 2
    assert message in capsys.readouterr().err


def test_samples_are_read_with_care(tmp_path: Path) -> None:
    file = tmp_path / "some.csv"
    file.write_text("# a comment\nname,x,y\nfirst,1,2\nsecond,3,4\n", encoding="utf-8")
    assert read_samples(file).columns == {"x": (1, 3), "y": (2, 4)}
    file.write_text("x,y\n1,2\n3\n", encoding="utf-8")
    with pytest.raises(DiffError, match="sample 2 has 1 cells"):
        read_samples(file)
    file.write_text("", encoding="utf-8")
    with pytest.raises(DiffError, match="no samples"):
        read_samples(file)


def test_screens_are_readable() -> None:
    text = written(line(updates=40), "table")
    assert "above minimum" in text
    assert "nan" not in text


@pytest.mark.parametrize("source", ["abs(x) + y^2", "where(x == 0, 0, x*sin(1/x)) + y^2"])
def test_nothing_is_proved_of_a_gradient_that_has_not_all_its_entries(source: str) -> None:
    """The length of what there is of it is not its length."""
    sentences = down(source, "x=0, y=1", rate=0.5, updates=3).sentences
    assert any("has no gradient" in sentence or "not proved" in sentence for sentence in sentences)
    assert not any(sentence.startswith("Proved") for sentence in sentences)


def test_a_curvature_that_vanishes_is_no_minimum() -> None:
    """x^3 falls on beyond 0; on the way there its curvature is above 0 at every float."""
    study = down("x^3", "x=1", rate=0.3, updates=300)
    assert study.facts["minimum"] is None
    assert down("x^3 - 3*x", "x=2", rate=0.01, updates=30).facts["minimum"]["at"] == [1.0]
