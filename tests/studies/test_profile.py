"""Profiles and hunts: the worst points are found without being told where, each proved, and can be pasted."""

from __future__ import annotations

import json
import math
import time
from io import StringIO
from itertools import pairwise
from pathlib import Path
from random import Random
from typing import Any

import pytest

from diffcli.cli.main import main
from diffcli.comparison.compare import compare
from diffcli.comparison.result import Settings
from diffcli.problem.point import read_point
from diffcli.problem.understanding import make_case
from diffcli.runtime.errors import DiffError
from diffcli.studies.hunt import _drawn, hunt
from diffcli.studies.losses import Losses, _beside, moving_case
from diffcli.studies.profile import _region, profile
from diffcli.studies.ranges import Range, read_ranges, short
from diffcli.studies.reused import ready

SAMPLES = Path(__file__).parent.parent.parent / "samples"
METHODS = ("symbolic", "forward", "reverse")

# Expressions of the samples with ranges that nobody would call strange.
FOUND = [
    ("(1 - cos(x))/x^2", "x=-10:10", False),
    ("2*(sin(x/2)/x)^2", "x=1e-10:1e3", True),
    ("(x - sin(x))/x**3", "x=-10:10", False),
    ("(exp(x) - 1)/x", "x=-10:10", False),
    ("expm1(x)/x", "x=-1:1", True),
    ("acosh(x)", "x=1:10", False),
    ("asin(x)", "x=-1:1", False),
    ("tanh(x)", "x=-100:100", False),
    ("sigmoid(x)", "x=-100:100", False),
    ("log(x + sqrt(x**2 + 1))", "x=-1e6:1e6", False),
    ("sin(pi*(2*t - 1))/(pi*(2*t - 1))", "t=0:1", False),
    ("log(1 + exp(x))", "x=-1000:1000", False),
    ("exp(-x)/(1 + exp(-x))**2", "x=-1000:1000", False),
    ("log(cosh(x))", "x=-1000:1000", False),
    ("1/tanh(x) - 1/x", "x=1e-10:1e3", True),
    ("gamma(x + 0.5)/gamma(x)", "x=1:1000", False),
]


def worst(study: Any) -> list[tuple[str, dict[str, float], float]]:
    """Every point listed: method, place, bits lost."""
    return [(method, place["at"], place["bits"]) for method, places in study.facts["worst"].items() for place in places]


def certified(source: str, at: dict[str, float], method: str) -> float:
    """Bits lost at a point, by the main command's own way."""
    (measurement,) = compare(make_case(source, at), Settings(methods=(method,))).measurements
    assert measurement.bits is not None
    return measurement.bits


def test_the_expressions_are_those_of_the_samples() -> None:
    rows = {line.split("|")[0].strip() for file in SAMPLES.glob("*.txt") for line in file.read_text().splitlines()}
    assert len(FOUND) >= 10
    assert {source for source, _, _ in FOUND} <= rows


@pytest.mark.parametrize(("source", "over", "logarithmic"), FOUND, ids=[row[0] for row in FOUND])
def test_the_worst_points_are_found_without_being_told(source: str, over: str, logarithmic: bool) -> None:
    study = profile(source, over, {}, logarithmic=logarithmic)
    method, at, bits = max(worst(study), key=lambda row: row[2])
    assert bits > 20
    assert certified(source, at, method) == bits


@pytest.mark.parametrize(
    ("source", "over", "logarithmic"),
    [
        ("(-b + sqrt(b*b - 4*a*c))/(2*a)", "a=1e-10:1e3, b=1e-3:1e10, c=1e-10:1e3", True),
        ("log(exp(x) + exp(y))", "x=-1000:1000, y=-1000:1000", False),
        ("exp(x)/(exp(x) + exp(y))", "x=-1000:1000, y=-1000:1000", False),
        ("sqrt(x1**2 + x2**2 - 2*x1*x2*cos(θ1 - θ2))", "x1=0.1:10, x2=0.1:10, θ1=0:3, θ2=0:3", False),
        ("(x + 2*y - 7)**2 + (2*x + y - 5)**2", "x=-10:10, y=-10:10", False),
    ],
)
def test_a_hunt_finds_points_of_several_variables(source: str, over: str, logarithmic: bool) -> None:
    study = hunt(source, over, {}, logarithmic=logarithmic)
    assert study.facts["evaluations"] <= 2000
    method, at, bits = max(worst(study), key=lambda row: row[2])
    assert bits > 20
    assert certified(source, at, method) == bits


def test_a_hunt_is_reproducible_and_bounded() -> None:
    asked = ("sqrt(x**2 + y**2) - x", "x=1:1e8, y=-1:1", {})
    one, same, other = (hunt(*asked, evaluations=300, seed=seed) for seed in (5, 5, 6))
    assert one == same
    assert one.facts["worst"] != other.facts["worst"]
    assert all(study.facts["evaluations"] <= 300 for study in (one, other))


def test_some_points_of_a_hunt_have_two_variables_nearly_equal() -> None:
    """There differences cancel; of points drawn one by one some three in a thousand would be so close."""
    ranges = read_ranges("x=1:2, y=1:2", False, "--over")
    points = _drawn(Losses(moving_case("x*y", ranges, {}, None), ranges, ("reverse",), 10.0), Random(0), 200)
    assert len(points) == 200
    assert sum(0 < abs(x - y) < 1e-3 for x, y in points) > 10


def test_a_profile_is_deterministic_and_every_point_can_be_pasted() -> None:
    study, again = (profile("(1 - cos(x))/x^2", "x=-10:10", {}, points=60) for _ in range(2))
    assert study == again
    texts = [row[2] for row in study.tables[1].rows]
    assert texts
    for text, (_, at, _) in zip(
        dict.fromkeys(texts), {at["x"]: (m, at, b) for m, at, b in worst(study)}.values(), strict=True
    ):
        assert read_point(str(text)) == at


def test_other_variables_are_held_and_methods_chosen() -> None:
    study = profile("(exp(k*x) - 1)/x", "x=1e-10:1", {"k": 2.0}, ["x"], ("forward",), logarithmic=True, points=20)
    assert {row[0] for row in study.tables[0].rows} == {"forward"}
    assert all(place["at"]["k"] == 2 for place in study.facts["worst"]["forward"])
    assert "k=2" in study.heading[1]
    assert '--at "k=2, x=' in study.sentences[1]


def test_summaries_are_those_of_the_grid() -> None:
    study = profile("(1 - cos(x))/x^2", "x=1e-8:1", {}, methods=("forward",), logarithmic=True, points=50)
    lost = sorted(point["forward"] for point in study.facts["points"])
    method, most, median, over10, over20, points = study.tables[0].rows[0]
    assert (method, points) == ("forward", 50)
    assert median == (lost[24] + lost[25]) / 2
    assert over10 == 100 * sum(bits > 10 for bits in lost) / 50
    assert over20 == 100 * sum(bits > 20 for bits in lost) / 50
    assert most >= lost[-1]


def test_points_without_a_proved_derivative_are_said_and_not_counted() -> None:
    study = profile("abs(x)*log(x + 1)", "x=-2:2", {}, points=41)
    assert "Not counted: f is without a value at 11 of the points." in study.sentences
    statuses = [point["status"] for point in study.facts["points"]]
    assert (statuses.count("undefined"), statuses.count("certified")) == (11, 30)
    assert [row[-1] for row in study.tables[0].rows] == [30, 30, 30]


def test_a_thousand_points_take_seconds() -> None:
    begun = time.monotonic()
    study = profile("(1 - cos(x))/x^2", "x=-10:10", {}, points=1000)
    assert time.monotonic() - begun < 10
    assert study.tables[0].rows[0][-1] == 1000


def test_recorded_programs_are_used_while_their_conditions_hold() -> None:
    source = "where(x < 1, x**2, where(x < 2, sin(x), 3*x))"
    ranges = read_ranges("x=0:3", False, "--over")
    losses = Losses(moving_case(source, ranges, {}, None), ranges, METHODS, 10.0)
    for k in range(30):
        at = 0.05 + k / 10
        sample = losses((at,))
        comparison = compare(make_case(source, {"x": at}), Settings())
        for measurement in comparison.measurements:
            assert measurement.derivative == (sample.losses[measurement.method].computed,)
    assert {name: len(method.known) for name, method in losses.methods.items()} == {
        "symbolic": 1,
        "forward": 3,
        "reverse": 3,
    }


def test_of_entries_that_lose_as_much_the_first_is_named() -> None:
    ranges = read_ranges("x=0:1", False, "--over")
    losses = Losses(moving_case("x*y + 3*x", ranges, {"y": 2.0}, ["x", "y"]), ranges, ("forward",), 10.0)
    (loss,) = losses((0.5,)).losses.values()
    assert (loss.bits, loss.entry, loss.computed, loss.truth) == (0.0, 0, 5.0, 5.0)


def test_a_method_that_cannot_takes_no_part() -> None:
    usable, failed = ready(make_case("x*y", {"x": 1.0, "y": 2.0}), ("forward", "taylor"), 5.0)
    assert list(usable) == ["forward"]
    assert "taylor" in failed
    with pytest.raises(DiffError, match="no method answers"):
        ready(make_case("x*y", {"x": 1.0, "y": 2.0}), ("taylor",), 5.0)


def test_points_that_agree_in_one_variable_only_are_not_beside_one_another() -> None:
    ranges = read_ranges("x=0:1, y=0:1", False, "--over")
    assert not _beside(ranges, (0.5, 0.1), (0.5, 0.9))
    assert _beside(ranges, (0.5, 0.1), (0.51, 0.12))
    logarithmic = read_ranges("x=-1:1", True, "--over")
    assert not _beside(logarithmic, (1e-8,), (-1e-8,))


def test_a_region_holds_all_that_is_bad() -> None:
    (spread,) = read_ranges("x=-10:10", False, "--over")
    grid = [float(x) for x in range(-10, 11)]
    assert _region(spread, [-3.0, -2.0, -1.0, 0.0, 1.0], grid) == "|x| ≤ 3"
    assert _region(spread, [-10.0, -9.0], grid) == "x ≤ -9"
    assert _region(spread, [9.0, 10.0], grid) == "x ≥ 9"
    assert _region(spread, [-10.0, 3.0, 4.0, 9.0], grid) == "x = -10, 3 ≤ x ≤ 4 or x = 9"


# --- ranges
def test_a_grid_has_its_ends_and_short_numbers() -> None:
    grid = Range("x", -1.0, 2.0).grid(31)
    assert (grid[0], grid[-1], len(grid)) == (-1.0, 2.0, 31)
    assert all(len(repr(x)) <= 6 for x in grid)
    assert all(abs(b - a - 0.1) < 0.01 for a, b in pairwise(grid))


def test_a_logarithmic_range_through_zero_has_both_signs_by_magnitude() -> None:
    grid = Range("x", -10.0, 10.0, True).grid(80)
    assert len(grid) == 80
    assert sum(x < 0 for x in grid) == 40
    assert 0 not in grid
    assert grid[0] == -10
    assert grid[-1] == 10
    steps = [math.log10(b / a) for a, b in pairwise(grid[40:])]
    assert max(steps) < 1.2 * min(steps)
    assert Range("x", 0.0, 1.0, True).grid(5)[0] == 1e-20


def test_numbers_are_shortened_within_their_step() -> None:
    assert short(0.123456789, 0.001) == 0.123
    assert short(math.pi, 0.0) == math.pi


@pytest.mark.parametrize(
    "over", ["x", "x=1", "x=1:", "x=2:1", "x=1:1", "x=a:b", "=1:2", "x=0:1, x=1:2", "x=1:2:3"],
)  # fmt: skip
def test_what_is_no_range_is_an_error(over: str) -> None:
    with pytest.raises(DiffError):
        profile("x", over, {})


def test_ranges_are_expressions_of_our_language() -> None:
    assert read_ranges("x=-2*pi:max(1, 2)", False, "--over") == (Range("x", -2 * math.pi, 2.0),)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["profile", "x*y", "--over", "x=0:1"], "y"),
        (["profile", "x", "--over", "z=0:1"], "x has no value"),
        (["profile", "x", "--over", "z=0:1", "--at", "x=1"], "no variable 'z'"),
        (["profile", "x", "--over", "x=0:1", "--at", "x=1"], "held and moves"),
        (["profile", "x*y", "--over", "x=0:1, y=0:1"], "one variable"),
        (["profile", "x", "--over", "x=0:1", "--points", "1"], "2 to 1,000,000 points"),
        (["profile", "x", "--over", "x=0:1", "-m", "backward"], "unknown method"),
        (["profile", "x", "--over", "x=0:1", "--plot", "x.gif"], ".png"),
        (["profile", "x"], "--over"),
        (["hunt", "x", "--over", "x=0:1", "--evaluations", "3"], "10 evaluations"),
    ],
)
def test_requests_that_cannot_be_understood(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    captured = capsys.readouterr()
    assert message in captured.err
    assert "Traceback" not in captured.err


# --- commands
def test_the_formats_hold_what_the_screen_shows(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    picture = tmp_path / "bits.png"
    request = ["profile", "(exp(x) - 1)/x", "--over", "x=-1:1", "--log", "--points", "40"]
    assert main([*request, "--plot", str(picture)]) == 0
    screen = capsys.readouterr().out
    assert "lose more than 20 bits" in screen
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert main([*request, "--format", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert len(found["points"]) == 40
    assert found["worst"]["forward"][0]["bits"] > 20
    assert main([*request, "--format", "csv"]) == 0
    assert capsys.readouterr().out.startswith("method,worst,median")


def test_hunting_by_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    request = ["hunt", "sqrt(x + 1) - sqrt(x)", "--over", "x=0:1e12", "--evaluations", "300", "--seed", "3"]
    assert main(request) == 0
    once = capsys.readouterr().out
    assert main(request) == 0
    assert capsys.readouterr().out == once
    assert "seed 3" in once


def test_progress_is_for_terminals(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(StringIO):
        def isatty(self) -> bool:
            return True

    for stream, shown in ((Terminal(), True), (StringIO(), False)):
        monkeypatch.setattr("sys.stderr", stream)
        assert main(["profile", "(exp(x) - 1)/x", "--over", "x=-1:1", "--points", "400"]) == 0
        assert ("points" in stream.getvalue()) == shown


@pytest.mark.parametrize(
    ("over", "scale"),
    [("x=1e-9:1", "logarithmic"), ("x=-1:-1e-9", "logarithmic"), ("x=1:1e4", "logarithmic"),
     ("x=1:999", "even"), ("x=-1:1", "even"), ("x=0:1", "even")],
)  # fmt: skip
def test_a_range_over_decades_is_stepped_in_magnitudes(over: str, scale: str) -> None:
    study = profile("x^2", over, {}, methods=("forward",), points=20)
    assert f"20 points, {scale}" in study.heading[1]


def test_even_steps_are_given_where_they_are_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["profile", "x^2", "--over", "x=1:1e4", "--methods", "forward", "--points", "20"]
    assert main(asked) == 0
    assert "logarithmic (even steps: --even)" in capsys.readouterr().out
    assert main([*asked, "--even"]) == 0
    assert "20 points, even" in capsys.readouterr().out
    assert main([*asked, "--log"]) == 0
    assert "20 points, logarithmic;" in capsys.readouterr().out
