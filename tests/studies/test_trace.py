"""The trace shows what the methods do: the published tables, the methods' own bits, and the node where digits die."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from diffcli.ad.reverse import Taped, Taping
from diffcli.batch.reading import reader_for
from diffcli.batch.rows import Row
from diffcli.cli.main import main
from diffcli.core.evaluate import evaluate
from diffcli.methods import METHODS
from diffcli.numbers.float64 import FLOAT64
from diffcli.problem.case import Case
from diffcli.problem.point import read_point
from diffcli.problem.understanding import make_case
from diffcli.reports.studies import written
from diffcli.studies.nodes import (
    Primal,
    Spot,
    adjoint_spots,
    backward,
    forward_values,
    number,
    path_at,
    prove,
    tangents,
)
from diffcli.studies.study import Study
from diffcli.studies.trace import _window, trace

SAMPLES = Path(__file__).parent.parent.parent / "samples"
PUBLISHED = "ln(x1) + x1*x2 - sin(x2)"


def study(source: str, at: str = "", **options: object) -> Study:
    return trace(make_case(source, read_point(at)), **options)  # type: ignore[arg-type]


def rows(study: Study, title: str) -> list[tuple[object, ...]]:
    (table,) = [table for table in study.tables if (table.title or "").startswith(title)]
    return list(table.rows)


def numbers(study: Study, title: str, digits: int = 3) -> list[tuple[str, float]]:
    return [(str(row[0]), round(float(str(row[3])), digits)) for row in rows(study, title)]


def text(study: Study) -> str:
    return " ".join(study.sentences)


# --- the tables of Baydin, Pearlmutter, Radul & Siskind (2018), JMLR 18, at (2, 5)
def test_forward_is_table_2() -> None:
    found = study(PUBLISHED, "x1=2, x2=5")
    assert numbers(found, "Primal") == [
        ("v₋₁", 2), ("v₀", 5), ("v₁", 0.693), ("v₂", 10), ("v₃", -0.959), ("v₄", 10.693), ("v₅", 11.652), ("f", 11.652),
    ]  # fmt: skip
    assert numbers(found, "Forward: tangents along x1") == [
        ("v₋₁'", 1), ("v₀'", 0), ("v₁'", 0.5), ("v₂'", 5), ("v₃'", 0), ("v₄'", 5.5), ("v₅'", 5.5), ("∂f/∂x1", 5.5),
    ]  # fmt: skip
    assert [row[1:3] for row in rows(found, "Primal")[2:7]] == [
        ("log(v₋₁)", "log(2)"), ("v₋₁*v₀", "2*5"), ("sin(v₀)", "sin(5)"),
        ("v₁ + v₂", "0.693147 + 10"), ("v₄ - v₃", "10.6931 - (-0.958924)"),
    ]  # fmt: skip
    assert rows(found, "Forward: tangents along x1")[2][1:3] == ("v₋₁'/v₋₁", "1/2")


def test_reverse_is_table_3_in_its_order() -> None:
    found = study(PUBLISHED, "x1=2, x2=5")
    v = "v\u0304"
    assert numbers(found, "Reverse") == [
        (v + "₅", 1), (v + "₄", 1), (v + "₃", -1), (v + "₁", 1), (v + "₂", 1), (v + "₀", -0.284), (v + "₋₁", 5),
        (v + "₀", 1.716), (v + "₋₁", 5.5), ("∂f/∂x1", 5.5), ("∂f/∂x2", 1.716),
    ]  # fmt: skip
    last = rows(found, "Reverse")[8]
    assert last[1:3] == (f"{v}₋₁ + {v}₁/v₋₁", "5 + 1/2")


# --- what is shown is what is done
def cases() -> list[Case]:
    found = []
    for file in sorted(SAMPLES.glob("*.txt")):
        with file.open(encoding="utf-8", newline="") as lines:
            for row in reader_for(file.name)(lines):
                assert isinstance(row, Row)
                at = read_point(row.at) if isinstance(row.at, str) else row.at
                found.append(make_case(row.expression, at, row.wrt, id=f"{file.name}:{row.line}"))
    return found


CASES = cases()


def same(one: float, other: float) -> bool:
    return one.hex() == other.hex()


def all_same(found: list[float], expected: list[float]) -> bool:
    return len(found) == len(expected) and all(map(same, found, expected))


def by_method(case: Case, method: str) -> list[float]:
    derivation = METHODS[method].load()(case.problem)
    m = len(case.outputs)
    values = [evaluate(sweep, list(case.problem.point), FLOAT64) for sweep in derivation.sweeps]
    if derivation.entries is not None:
        return [values[sweep][output] for sweep, output in derivation.entries]
    return [value for sweep in values for value in sweep[m:]]


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case.id))
def test_every_sample_is_traced_bit_for_bit(case: Case) -> None:
    problem = case.problem
    path = path_at(problem.program, problem.point)
    (output,) = path.program.outputs
    ahead = [number(forward_values(path, i)[output].tangent) for i in problem.wrt]
    sweep = backward(path, problem.wrt, output)
    places = {path.program.a[k]: k for k in path.nodes[: len(path.program.inputs)]}
    back = [number(sweep.adjoints[places[i]]) for i in problem.wrt]
    assert all_same(ahead, by_method(case, "forward"))
    assert all_same(back, by_method(case, "reverse"))
    found = trace(case)
    assert all_same([float(str(row[3])) for row in found.tables[0].rows[:-1]], [path.values[k] for k in path.nodes])
    assert all(written(found, name) for name in ("table", "json", "csv"))


def spots(case: Case) -> list[Spot]:
    problem = case.problem
    path = path_at(problem.program, problem.point)
    known = prove(path, {problem.wrt[0]: 1.0}) if problem.wrt else prove(path, {})
    primal = Primal(path, known)
    found = [*primal.spots]
    if problem.wrt:
        found += tangents(primal, problem.wrt[0], known)
        output = path.program.outputs[0]
        found += adjoint_spots(primal, backward(path, problem.wrt, output), problem.wrt, output, {})
    return found


@pytest.mark.parametrize("case", CASES[::3], ids=lambda case: str(case.id))
def test_every_formula_makes_the_number_beside_it(case: Case) -> None:
    """Also every sum of the backward sweep, in the order in which it is listed."""
    for spot in spots(case):
        if spot.formula is not None:
            (made,) = evaluate(spot.formula, [read.value for read in spot.reads], FLOAT64)
            assert same(made, spot.value), (spot.name, spot.recipe, made, spot.value)


def test_adjoints_are_those_of_the_tape() -> None:
    case = make_case("x*x*y + sin(x*y)/x", {"x": 1.25, "y": -0.5})
    path = path_at(case.problem.program, case.problem.point)
    taping = Taping(FLOAT64)
    inputs = [taping.variable(x) for x in path.point]
    values: list[Taped] = evaluate(path.program, inputs, taping)
    adjoints = taping.backward(values, [1.0])
    found = backward(path, (0, 1), path.program.outputs[0])
    assert [number(found.adjoints[k]) for k in path.nodes[:2]] == [number(one) for one in adjoints[:2]]


# --- where digits die
def test_the_subtraction_is_named() -> None:
    found = study("(1-cos(x))/x^2", "x=1e-8")
    assert "The digits die in v₃ = 1 - v₁ = 1 - 1: two nearly equal numbers are subtracted" in text(found)
    (marked,) = found.tables[0].marked
    assert found.tables[0].rows[marked][0] == "v₃"
    assert found.tables[0].rows[marked][-1] == "digits die here"


def test_the_rule_of_sigmoid_is_looked_into() -> None:
    found = study("sigmoid(x)", "x=37.43")
    assert "Forward's digits die in v₁' = v₀'*(v₁*(1 - v₁))" in text(found)
    assert ", at 1 - v₁: two nearly equal numbers are subtracted" in text(found)


def test_the_quotient_rule_keeps_the_digits_of_sigmoid_written_out() -> None:
    """1/(1 + exp(-x)) has no 1 - s in its rule; s*(1 - s) has, and there the value dies."""
    assert "Every node is right to the last digit" in text(study("1/(1+exp(-x))", "x=37.43"))
    found = study("s = 1/(1+exp(-x)); s*(1-s)", "x=37.43")
    assert "The digits die in v₅ = 1 - v₄ = 1 - 1" in text(found)


def test_a_sum_of_adjoints_can_cancel() -> None:
    assert "Reverse's digits die in v̄₀ = v̄₀ + " in text(study("2*(sin(x/2)/x)^2", "x=1e-8"))


def test_what_reads_a_bad_number_is_not_blamed_for_what_it_had_lost() -> None:
    """(1 + x) - 1 loses 31.5 bits of good numbers; what is left of them then cancels, in a larger step."""
    found = study("((1 + x) - 1) - (x + x**3)", "x=6.2e-11", mode="forward")
    lost = {str(row[0]): float(str(row[4])) for row in rows(found, "Primal")}
    assert lost["v₃"] == pytest.approx(31.5, abs=0.1)
    assert lost["v₅"] == 64
    assert found.sentences[0].startswith("The digits die in v₃ = v₁ - 1 = 1 - 1: ")


# --- NaN and infinity
def test_the_square_root_and_the_strong_zero_are_named() -> None:
    found = text(study("sqrt(x^2+y^2)", "x=0, y=0"))
    assert (
        "In forward mode NaN begins in v₄' = v₃'/(2*v₄) = 0/(2*0) (the tangent of v₄ = sqrt(v₃)): 0/0 is NaN." in found
    )
    assert "v₂' is 0 by structure: such a 0 is never multiplied, so it never meets an infinity." in found
    assert "infinity begins in v̄₃ = v̄₄/(2*v₄) = 1/(2*0) (through v₄ = sqrt(v₃)): a division by zero" in found
    assert "0*inf is NaN" in found


@pytest.mark.parametrize(
    ("source", "at", "said"),
    [
        ("log(x-2)*y", "x=1, y=2", "NaN begins in v₂ = log(v₁) = log(-1): it leaves the domain"),
        ("1/x", "x=0", "Infinity begins in v₁ = 1/v₀ = 1/0: it leaves the domain (division by zero)"),
        ("exp(x)/exp(x)", "x=800", "Infinity begins in v₁ = exp(v₀) = exp(800): the number is beyond the largest"),
        ("exp(x)/exp(x)", "x=800", "NaN follows in v₃ = v₁/v₂ = inf/inf: inf/inf is NaN"),
        ("exp(x) - exp(x)", "x=800", "inf - inf is NaN"),
        ("sqrt(x^2+y^2)", "x=1e-200, y=1e-200", "Underflow begins in v₁ = v₋₁**2 = 1e-200**2"),
    ],
)  # fmt: skip
def test_what_is_not_finite_is_traced_to_its_beginning(source: str, at: str, said: str) -> None:
    assert said in text(study(source, at))


# --- kinks, branches, vectors, modes
def test_a_kink_has_no_truth_and_says_why() -> None:
    found = study("abs(x)", "x=0")
    assert rows(found, "Forward")[1][4] is None
    assert "v₁' has no truth, shown as –: abs has a kink at 0." in text(found)
    assert "v₁" in written(found, "table")


def test_the_path_taken_is_traced() -> None:
    found = study("where(x > 0, sqrt(x), -x)", "x=4")
    assert "path taken: v₁ = v₀ > 0 is true" in found.heading
    assert [row[1] for row in rows(found, "Primal")] == ["x", "v₀ > 0", "sqrt(v₀)", "v₂"]


def test_a_path_that_rounding_chose_is_told() -> None:
    found = study("where((1 + x) - 1 > 0, x, -x)", "x=1e-20")
    assert "is false here only by rounding" in text(found)
    found = study("where((1 + x) - 1 <= 0, x, -x)", "x=1e-20")
    assert "is true here only by rounding" in text(found)
    assert "by rounding" not in text(study("where((1 + x) - 1 > 0, x, -x)", "x=1e-10"))


def test_vectors_are_traced_entry_by_entry() -> None:
    found = study("dot(v, v)*sin(v[0])", "v=[1, 2, 3]")
    assert [row[1] for row in rows(found, "Primal")[:3]] == ["v[0]", "v[1]", "v[2]"]
    assert len(found.tables) == 3
    assert len(trace(make_case("dot(v, v)", {"v": (1.0, 2.0, 3.0)}), named=True).tables) == 5


def test_outputs_have_a_backward_sweep_each() -> None:
    found = study("[x*y, abs(x-1)]", "x=1, y=2")
    assert [table.title for table in found.tables[3:]] == [
        "Reverse: adjoints of f[0], as they are added up",
        "Reverse: adjoints of f[1], as they are added up",
    ]


@pytest.mark.parametrize(
    ("source", "truth"),
    [
        ("where(x >= 0, x, -x)", None),
        ("where(x == 0, 1, x)*2", None),
        ("where(x > 0, x, 2*x)", None),
        ("where(x == 0, 0, x)", 1.0),
        ("where(x >= 0, x, x + x^2)", 1.0),
        ("where(x > 0, x^2, 0)", 0.0),
    ],
)
@pytest.mark.parametrize("mode", ["both", "forward", "reverse"])
def test_derivatives_are_held_against_the_function_and_not_against_its_path(
    source: str, truth: float | None, mode: str
) -> None:
    """On the path taken each of these is a polynomial, whose derivative is another, or has no right to be one."""
    found = study(source, "x=0", mode=mode)
    (answer,) = found.facts["derivatives"]
    assert answer["truth"] == truth
    assert (answer["reason"] is None) == (truth is not None)
    for table in found.tables[1:]:
        for row in table.rows:
            if row[0] == "df/dx":
                assert (row[4] is None) == (truth is None)
    assert "A condition switches at this point" in text(found)


@pytest.mark.parametrize("source", ["3", "pi", "where(1 > 0, 2, 3)"])
def test_constants_have_a_trace(source: str) -> None:
    assert written(study(source), "table")


def test_a_variable_that_is_not_read_has_the_derivative_zero() -> None:
    case = make_case("x*x", {"x": 2.0, "z": 1.0}, ["x", "z"])
    (_, by_z) = trace(case).facts["derivatives"]
    assert (by_z["forward"], by_z["reverse"]) == (0.0, 0.0)


def test_what_is_detached_passes_nothing() -> None:
    assert [row[1] for row in rows(study("x*detach(x)", "x=2"), "Forward")][1] == "0 by structure"


def test_the_first_disagreement_is_named() -> None:
    found = study("(x - sin(x))/x**3", "x=4e-6")
    (answer,) = found.facts["derivatives"]  # type: ignore[attr-defined]
    ahead, back = answer["forward"], answer["reverse"]
    assert ahead != back
    ulps = abs(ahead - back) / math.ulp(max(abs(ahead), abs(back)))
    assert f"Forward and reverse first differ in df/dx: {ahead!r} and {back!r}, {ulps:,.0f} ulp apart." in text(found)
    case = make_case("(x - sin(x))/x**3", {"x": 4e-6})
    assert math.ulp(ahead) != math.ulp(back)
    assert (ahead, back) == (by_method(case, "forward")[0], by_method(case, "reverse")[0])
    assert "Forward and reverse give the same bits." in text(study(PUBLISHED, "x1=2, x2=5"))


@pytest.mark.parametrize(("mode", "tables"), [("forward", 2), ("reverse", 2), ("both", 3)])
def test_a_mode_alone(mode: str, tables: int) -> None:
    found = study("x*sin(x)", "x=1", mode=mode)
    assert len(found.tables) == tables
    assert ("same bits" in text(found)) == (mode == "both")


# --- long programs
def chain(length: int) -> str:
    steps = [f"t{k} = sin(t{k - 1}) + 0.5*x" for k in range(1, length)]
    return "; ".join(["t0 = x", *steps, f"t{length - 1} - 0.5*x"])


def test_a_long_program_shows_what_matters_and_says_what_is_left_out() -> None:
    case = make_case(chain(400), {"x": 0.25})
    screen, everything = trace(case, most=60), trace(case)
    for short, whole in zip(screen.tables, everything.tables, strict=True):
        assert len(short.rows) <= 30
        assert len(whole.rows) > 1000
        assert f"of {len(whole.rows):,} rows" in (short.title or "")
        gaps = [str(row[1]) for row in short.rows if row[0] == "⋮"]
        left_out = sum(int(gap.split()[0].replace(",", "")) for gap in gaps)
        assert left_out + len(short.rows) - len(gaps) == len(whole.rows)
    assert "not proved beyond 400 operations" in text(screen)


def test_what_is_marked_is_shown_before_beginnings_and_ends() -> None:
    kept = _window(1000, [500, 800], 16)
    assert len(kept) == 16
    assert {498, 499, 500, 501, 502, 798, 799, 800, 801, 802, 0, 999} <= set(kept)
    assert {500, 800} <= set(_window(1000, [500, 800], 2))
    assert _window(16, [3], 16) == list(range(16))


# --- the command
def test_the_command_writes_every_format(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["trace", PUBLISHED, "--at", "x1=2, x2=5", "--wrt", "x1", "--format", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["study"] == "trace"
    assert [found["derivatives"][0][key] for key in ("forward", "reverse", "truth")] == [5.5, 5.5, 5.5]
    assert main(["trace", PUBLISHED, "--at", "x1=2, x2=5", "--mode", "reverse", "--format", "csv"]) == 0
    assert "1.7163378145367738" in capsys.readouterr().out
    assert main(["trace", PUBLISHED, "--at", "x1=2, x2=5", "--mode", "sideways"]) == 2
    assert "write one of: forward, reverse, both" in capsys.readouterr().err


def test_numbers_are_never_cut(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["trace", "4*pi*(m/(2*pi*k*T))**1.5*v**2*exp(-m*v**2/(2*k*T))", "--at", "m=1,k=1,T=2,v=3"]) == 0
    assert "…" not in capsys.readouterr().out
