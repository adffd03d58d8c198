"""Newton's method: the iterates of the books, orders measured, roots proved, and every other end said in words."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from diffcli.cli.main import main
from diffcli.problem.understanding import make_case
from diffcli.reports.tell.newton import tell
from diffcli.runtime.errors import DiffError
from diffcli.studies.newton import Step, _ended, correct, newton, order
from diffcli.studies.study import Study
from diffcli.truth.certify import digits
from diffcli.truth.proofs import root

SQRT2 = "1.4142135623730950488016887242097"


def told(source: str, *arguments: object, **options: object) -> Study:
    return tell(newton(source, *arguments, **options))  # type: ignore[arg-type]


def said(source: str, start: float, **options: object) -> str:
    study = told(source, {"x": start}, {}, **options)
    return "\n".join(study.sentences)


def test_the_square_root_of_two() -> None:
    study = told("x^2 - 2", {"x": 1.0}, {})
    for method in ("symbolic", "forward", "reverse"):
        path = study.facts["iterations"][method]["x"]
        assert path[:3] == [1.0, 1.5, 17 / 12]
        assert path[-1] == pytest.approx(math.sqrt(2), abs=3e-16)
        assert study.facts["iterations"][method]["order"] == pytest.approx(2, abs=0.05)
    assert study.facts["root"]["value"] == SQRT2
    assert study.facts["root"]["only_within"] > 0.5
    assert "walk the same path" in study.sentences[0]
    assert any(sentence.startswith("Every step doubles the correct digits") for sentence in study.sentences)


@pytest.mark.parametrize(
    ("source", "start", "words"),
    [
        ("x^3 - 2*x + 2", 0.0, "cycle of 2: 0, 1, 0, …"),
        ("cbrt(x)", 0.1, "Diverges: every step goes to the other side, 2 times as far"),
        ("1/x", 1.0, "Diverges: every step goes 2 times as far"),
        ("x*exp(-x)", 2.0, "runs on, by about 1.04 a step"),
        ("cos(x)", 0.0, "f'(0) = 0, the tangent is horizontal"),
        ("x^2", 1.0, "every step leaves 0.5 of the distance, as at a root of multiplicity 2"),
        ("(x - 1)^3", 2.0, "leaves 0.667 of the distance, as at a root of multiplicity 3"),
        ("log(x)", 5.0, "leaves the domain"),
        ("x^2 + 1", 0.5, "wanders"),
        ("sin(x)", 3.0, "Every step triples the correct digits"),
        ("x - 7", 3.0, "Arrived after 1 step at x = 7."),
        ("abs(x) - 1", 0.5, "x = 1 is a root, and the only one"),
        ("x^2", 0.0, "f(0) is exactly 0. Whether it is the only root near is not proved"),
    ],
)
def test_every_end_is_said_in_words(source: str, start: float, words: str) -> None:
    assert words in said(source, start)


@pytest.mark.parametrize(("source", "start"), [("log(x)", -1.0), ("log(x)", 0.0), ("1/x", 0.0), ("sqrt(x) + 1", -4.0)])
def test_a_start_without_a_value_is_outside_the_domain_and_nothing_is_drawn(source: str, start: float) -> None:
    study = told(source, {"x": start}, {}, methods=("forward",))
    assert study.plots == ()
    assert study.facts["root"] is None
    assert "leaves the domain" in "\n".join(study.sentences)


def test_a_cycle_is_one_to_the_round_off_of_its_largest_number() -> None:
    def ended(*path: float) -> tuple[str, int]:
        return _ended([Step(x, 1.0, -2.0) for x in path])

    assert ended(1.0, 1e-17, 1.0, -2e-17) == ("cycle", 2)
    assert ended(1.0, 3.0, 1e-17, 1.0, 3.0, -2e-17) == ("cycle", 3)
    assert ended(1.0, 1e-10, 1.0, -2e-10, 1.5) == ("", 0)
    assert ended(2.0, 2.0 + 2.0**-50) == ("root", 0)
    assert _ended([Step(1.0, 0.0, 0.0)]) == ("root", 0)
    assert _ended([Step(1.0, 1.0, 0.0)]) == ("flat", 0)
    assert _ended([Step(1.0, math.nan, 1.0)]) == _ended([Step(1.0, 1.0, math.nan)]) == ("left", 0)


def test_a_root_that_is_not_proved_is_not_called_proved() -> None:
    """A double root has no interval on which f' keeps its sign."""
    study = told("(x - 1/3)^2", {"x": 1.0}, {}, steps=100)
    assert study.facts["root"] is None
    assert not any("Proved by interval Newton" in sentence for sentence in study.sentences)


@pytest.mark.parametrize(
    ("source", "near", "exact"),
    [("x^2 - 2", 1.414, SQRT2), ("cos(x) - x", 0.74, "0.73908513321516064165531208767"), ("x - 1", 1.0, "1")],
)
def test_interval_newton_proves_roots(source: str, near: float, exact: str) -> None:
    problem = make_case(source, {"x": near}).problem
    found = root(problem.program, 0, problem.point, near)
    assert found is not None
    assert digits(found.value).startswith(exact)
    assert found.alone > 0


@pytest.mark.parametrize(
    ("source", "near"), [("x^2", 0.0), ("x^2 + 1", 0.5), ("x^2 - 2", 0.0), ("cbrt(x)", 0.0), ("log(x)", -1.0)]
)
def test_interval_newton_proves_nothing_else(source: str, near: float) -> None:
    problem = make_case(source, {"x": near}).problem
    assert root(problem.program, 0, problem.point, near) is None


def test_the_neighbourhood_of_a_root_holds_no_other() -> None:
    """sin has roots pi apart."""
    problem = make_case("sin(x)", {"x": 3.0}).problem
    found = root(problem.program, 0, problem.point, 3.14159)
    assert found is not None
    assert 0.5 < found.alone < math.pi


def test_the_neighbourhood_of_a_root_is_around_the_root_and_not_where_it_was_looked_for() -> None:
    """f' vanishes at 1/2, so that no interval around 0.05 with a power of 2 for its radius is wider than 1/4."""
    problem = make_case("x^2 - x", {"x": 0.05}).problem
    found = root(problem.program, 0, problem.point, 0.05)
    assert found is not None
    assert found.value.contains(0)
    assert 0.1 < found.alone <= 0.25 - 0.05


def test_secants_are_slower_and_need_no_derivative() -> None:
    iterations = told("x^3 - 2*x + 2", {"x": -1.0}, {}).facts["iterations"]
    assert iterations["secants"]["end"] == "root"
    assert len(iterations["secants"]["x"]) > len(iterations["forward"]["x"])
    assert iterations["secants"]["order"] == pytest.approx(1.618, abs=0.15)


def test_the_order_is_measured_from_distances() -> None:
    assert order([1e-1, 1e-2, 1e-4, 1e-8], 0.0) == pytest.approx(2)
    assert order([1e-1, 5e-2, 2.5e-2], 0.0) == pytest.approx(1)
    assert order([1e-1, 1e-2], 0.0) is None
    assert order([1e-1, 1e-2, 1e-4, 1e-17], 1e-16) == pytest.approx(2)
    assert correct(1e-4) == pytest.approx(4)


@pytest.mark.parametrize("source", ["x^2 - 1e8", "(x - 1e4)^2", "x^2 - 2e8"])
def test_digits_are_counted_relative_to_the_root(source: str) -> None:
    """Of 10001 four digits are those of 10000: whether the root is exact, not proved, or irrational."""
    target = 2**0.5 * 1e4 if "2e8" in source else 1e4
    study = told(source, {"x": target + 1.0}, {}, 60, ("forward",))
    heads = [column.name for column in study.tables[0].columns]
    first = dict(zip(heads, study.tables[0].rows[0], strict=True))
    assert first["digits"] == pytest.approx(math.log10(target), abs=1e-3)


def test_methods_may_part() -> None:
    study = told("(1 - cos(x))/x^2 - 0.5", {"x": 0.001}, {})
    assert any("Forward parts from symbolic at step 1" in sentence for sentence in study.sentences)


def test_methods_and_steps_are_chosen_and_others_held() -> None:
    study = told("x^2 - k", {"x": 1.0}, {"k": 3.0}, 2, ("reverse",))
    assert list(study.facts["iterations"]) == ["reverse", "secants"]
    assert len(study.facts["iterations"]["reverse"]["x"]) == 3
    assert "with k=3" in study.heading[1]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["x*y"], "--from"),
        (["x*y", "--from", "x=1"], "y has no value"),
        (["x", "--from", "x=1", "--at", "x=2"], "held and moves"),
        (["x", "--from", "z=1"], "x has no value"),
        (["x*y", "--from", "x=1, y=2"], "moves one variable"),
        (["x", "--from", "x=1", "--steps", "0"], "one step"),
        (["[x, x]", "--from", "x=1"], "one equation"),
    ],
)
def test_requests_that_cannot_be_understood(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["newton", *arguments]) == 2
    captured = capsys.readouterr()
    assert message in captured.err
    assert "Traceback" not in captured.err


def test_the_variable_must_be_in_the_equation() -> None:
    with pytest.raises(DiffError):
        newton("x - 1", {"z": 1.0}, {"x": 2.0})


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    picture = tmp_path / "newton.png"
    assert main(["newton", "x^2-2", "--from", "x=1", "--plot", str(picture)]) == 0
    screen = capsys.readouterr().out
    for shown in ("1.5", "1.4166666666666667", "1.4142156862745099", SQRT2):
        assert shown in screen
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert main(["newton", "x^2-2", "--from", "x=1", "-f", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["iterations"]["forward"]["end"] == "root"
