"""Many points: the same as single points one by one; every path and every wrong file is met."""

import csv
import json
import math
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import pytest

from diffcli.batch.expanding import expand
from diffcli.batch.rows import Row
from diffcli.cli.main import main
from diffcli.comparison.compare import compare
from diffcli.comparison.result import Settings as Single
from diffcli.methods import METHODS, usual
from diffcli.points import paths, reading
from diffcli.points.compiled import table_of
from diffcli.points.generation import tangents
from diffcli.points.reading import Points, of_file, of_ranges
from diffcli.points.result import Found, Settings
from diffcli.points.run import differences, run, understood
from diffcli.points.statistics import BINS, quantile, sample
from diffcli.problem.asked import Asked
from diffcli.problem.case import Case
from diffcli.problem.understanding import make_case
from diffcli.reports.points import findings as points_report
from diffcli.runtime.errors import DiffError

# Exact operations only: NumPy's bits are libm's.
EXACT = [
    ("where(x > y, x*y, x + 3*y)*x", ["x=-1:1:9", "y=-1:1:5"]),
    ("x*y if x < 0 else x/y if y > 0.5 else abs(y)*x", ["x=-1:1:9", "y=-1:1:5"]),
    ("max(x, y)*min(x, 2*y)", ["x=-1:1:9", "y=-1:1:5"]),
    ("abs(x - y) + relu(x)*y", ["x=-1:1:9", "y=-1:1:5"]),
    ("where(max(x, y) > 0, max(x, y*y), x)*sqrt(abs(x*y))", ["x=-1:1:9", "y=-1:1:5"]),
    ("clip(x, 0, 1)*y", ["x=-1:2:13", "y=-1:1:3"]),
    ("heaviside(x)*y + x**3", ["x=-1:1:5", "y=0:1:3"]),
]
INEXACT = [
    ("x**y", ["x=0:2:5", "y=-1:2:7"]),
    ("x**y*max(x, y)", ["x=0:2:5", "y=0:2:5"]),
    ("log(x)*exp(y) + sin(x*y)", ["x=-1:2:7", "y=-1:1:5"]),
    ("softmax([x, y, 0.5])[0]", ["x=-1:1:5", "y=-1:1:5"]),
]


FIRST = Asked()


def found(text: str, ranges: list[str], *methods: str, asked: Asked = FIRST, wrt: Any = None, **settings: Any) -> Found:
    points = of_ranges(ranges, settings.pop("fixed", {}))
    case = understood(text, points, wrt, asked)
    return run(case, points, Settings(methods or usual(case.wanted.kind), **settings))


def singles(many: Found, methods: tuple[str, ...], **given: Any) -> list[Any]:
    """A comparison at every point."""
    settings = Single(methods, **given)
    kept = many.case
    made = [Case(kept.expression, many.points.at(k), kept.wrt, wanted=kept.wanted) for k in range(len(many.points))]
    return [compare(case, settings) for case in made]


def same(many: float, single: float, ulps: float) -> bool:
    if math.isfinite(many) and math.isfinite(single):
        return abs(many - single) <= ulps * math.ulp(max(abs(many), abs(single), 1.0))
    return many == single or many != many and single != single


def compared(many: Found, methods: tuple[str, ...], ulps: float) -> None:
    one_by_one = singles(many, methods)
    for i, answer in enumerate(many.answers):
        assert sum(path.points for path in answer.paths) == len(many.points)
        for k, comparison in enumerate(one_by_one):
            single = comparison.measurements[i]
            rows = zip([*answer.values, *answer.derivative], [*single.values, *single.derivative], strict=True)
            for column, number in rows:
                assert same(float(column[k]), number, ulps), (answer.method, many.points.at(k))
        for path in answer.paths:
            assert path.cost == one_by_one[path.first].measurements[i].cost
            assert path.own == one_by_one[path.first].cost


@pytest.mark.parametrize(("text", "ranges"), EXACT, ids=[text for text, _ in EXACT])
def test_every_point_is_that_of_a_single_run(text: str, ranges: list[str]) -> None:
    methods = ("symbolic", "forward", "reverse")
    compared(found(text, ranges, *methods, sample=0), methods, 0.0)


@pytest.mark.parametrize(("text", "ranges"), INEXACT, ids=[text for text, _ in INEXACT])
def test_functions_differ_from_single_runs_by_ulps(text: str, ranges: list[str]) -> None:
    methods = ("symbolic", "forward", "reverse")
    compared(found(text, ranges, *methods, sample=0), methods, 8.0)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("x + y", 1),
        ("where(x > y, x, y*y)", 2),
        ("max(x, y)", 3),  # more, less, and the tie
        ("abs(x)*y", 1),  # a rule without cases
        ("relu(x)*max(x, y)", 6),  # of 2 times 3 each is met
        ("where(x > 0, where(y > 0, x*y, x), y)", 3),
    ],
)
def test_points_are_grouped_by_their_path(text: str, number: int) -> None:
    many = found(text, ["x=-1:1:5", "y=-1:1:5"], "forward", "reverse", sample=0)
    assert [len(answer.paths) for answer in many.answers] == [number, number]


def test_a_power_at_zero_has_paths_of_its_own() -> None:
    """At base 0 the rule has cases for the exponents 0, up to 1, and above: 0, 1 and 2 are one point each."""
    many = found("x**y", ["x=0:2:3", "y=0:2:3"], "reverse", sample=0)
    assert sorted(path.points for path in many.answers[0].paths) == [1, 1, 1, 6]
    assert np.isfinite(many.answers[0].derivative[0]).all()


@pytest.mark.parametrize(
    ("asked", "text"),
    [
        (Asked(order=2), "max(x, y)*x*y + where(x > 0, x**3, y**2)"),
        (Asked(hvp="1,2"), "max(x, y)*x*y"),
        (Asked(jvp="1,2"), "[max(x, y), x*y]"),
        (Asked(vjp="1,2"), "[max(x, y), relu(x)]"),
        (Asked(), "[max(x, y), where(x > 0, x*y, y)]"),
    ],
    ids=str,
)
def test_guards_of_inner_programs_hold_for_what_is_nested(asked: Asked, text: str) -> None:
    many = found(text, ["x=-1:1:5", "y=-1:1:5"], asked=asked, sample=0)
    assert not many.failures
    compared(many, many.settings.methods, 0.0)


def test_orders_above_two_follow_their_paths() -> None:
    many = found("max(x, 1)**3*x", ["x=0:2:9"], asked=Asked(order=3), sample=0)
    compared(many, many.settings.methods, 8.0)


def test_a_point_that_libm_and_numpy_send_different_ways_is_computed_once() -> None:
    many = found("where(sin(x)**2 + cos(x)**2 == 1, x, 2*x)", ["x=0:10:5000"], "forward", "reverse", sample=0)
    for answer in many.answers:
        assert sum(path.points for path in answer.paths) == 5000
        assert len(answer.paths) == 2
        assert set(answer.derivative[0].tolist()) == {1.0, 2.0}


def test_the_first_of_a_group_is_of_it_whatever_numpy_says(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its derivative was recorded there; a NumPy that says otherwise must not send it round again."""
    decided = paths.table

    def contrary(*given: Any) -> Any:
        def otherwise(columns: Any) -> list[Any]:
            found = [np.array(column) for column in decided(*given)(columns)]
            for column in found:
                column[0] = not column[0]
            return found

        return otherwise

    monkeypatch.setattr(paths, "table", contrary)
    points = of_ranges(["x=0:1:5"], {})
    case = understood("where(x > 0.5, 3*x, 2*x)", points, None, FIRST)
    derive = METHODS["reverse"].load()
    groups = list(paths.grouped(lambda at: derive(replace(case.problem, point=at)), points.columns(case), len(points)))
    assert [group.first for group in groups] == [0, 3]
    assert [group.points.tolist() for group in groups] == [[0, 1, 2], [3, 4]]


def test_a_lone_point_comes_twice() -> None:
    """NumPy has other ways for arrays of one number."""
    one, held = paths.at_points([np.array([1.0, 2.0, 3.0]), 5.0], np.array([1]))
    assert (one.tolist(), held) == ([2.0, 2.0], 5.0)
    some, held = paths.at_points([np.array([1.0, 2.0, 3.0]), 5.0], np.array([0, 2]))
    assert (some.tolist(), held) == ([1.0, 3.0], 5.0)


def test_too_many_paths_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paths, "MOST", 4)
    with pytest.raises(DiffError, match="more than 4 paths"):
        found("relu(x)*max(x, y)", ["x=-1:1:5", "y=-1:1:5"], "reverse")


def test_blocks_and_arrays_have_the_same_bits() -> None:
    text, few, many = (
        "where(x > y, sin(x)*y, exp(y)/x)",
        ["x=0.1:1:30", "y=0:1:30"],
        ["x=0.1:1:30", "y=0:1:30", "z=0:1:400"],
    )
    small = found(text, few, "reverse", sample=0).answers[0]
    large = found(f"{text} + 0*z", many, "reverse", wrt=["x", "y"], sample=0, fast_trig=False).answers[0]
    for one, other in zip(small.derivative, large.derivative, strict=True):
        assert np.array_equal(one, other[::400])


# --- against the truth
@pytest.mark.parametrize(
    "text",
    [
        "where(x > y, x/y, max(x, y)**2) + sqrt(x)*abs(y)",  # kinks, branches, f undefined
        "(x + 1 - x)*y/(x - y)",  # cancellation and a pole
    ],
)
def test_statistics_are_those_of_single_runs(text: str) -> None:
    many = found(text, ["x=-0.5:2:25", "y=-1:1:21"], "forward", "reverse")
    one_by_one = singles(many, ("forward", "reverse"))
    statistics = many.statistics
    assert statistics is not None
    assert (statistics.sampled, statistics.picked) == (525, 0)
    assert statistics.status == Counter(comparison.truth.status for comparison in one_by_one)
    assert many.good == all(comparison.good for comparison in one_by_one)
    for i, spread in enumerate(statistics.spreads):
        rows = [comparison.measurements[i] for comparison in one_by_one]
        ulps = sorted(row.max_ulp for row in rows if row.max_ulp is not None)
        assert spread.verdicts == Counter(row.verdict for row in rows)
        assert spread.proved == len(ulps) == sum(spread.histogram)
        assert (spread.worst, spread.median) == (ulps[-1], median(ulps))
        assert (spread.of90, spread.of99) == (quantile(ulps, 0.9), quantile(ulps, 0.99))
        assert spread.bad == pytest.approx(sum(row.verdict not in ("ok", "kink") for row in rows) / len(rows))
        for worst in spread.points:
            assert (worst.verdict, worst.ulp) == (rows[worst.point].verdict, rows[worst.point].max_ulp)
        # the worst first: what is wrong before what is right, and by its error
        wrong = [row.verdict in ("inaccurate", "nonfinite") for row in rows]
        ranks = [(bad, -1.0 if row.max_ulp is None else row.max_ulp) for bad, row in zip(wrong, rows, strict=True)]
        assert [ranks[worst.point] for worst in spread.points] == sorted(ranks, reverse=True)[:5]


def test_a_quantile_is_the_smallest_number_that_so_many_do_not_exceed() -> None:
    hundred = [float(k) for k in range(1, 101)]
    assert [quantile(hundred, part) for part in (0.01, 0.5, 0.9, 0.99, 1.0)] == [1, 50, 90, 99, 100]
    assert [quantile([1.0, 2.0, 3.0], part) for part in (0.3, 0.34, 0.9)] == [1, 2, 3]
    assert quantile([], 0.9) is None


def test_bins_hold_all_bits() -> None:
    assert [below for _, below in BINS] == sorted(below for _, below in BINS)
    assert BINS[-1][1] > 64


def test_samples_are_seeded() -> None:
    assert sample(100, 200, 0) == range(100)
    assert sample(10_000, 50, 1) == sample(10_000, 50, 1) != sample(10_000, 50, 2)
    assert len(set(sample(10_000, 50, 1))) == 50


def test_where_methods_differ_most_is_looked_at_besides_the_sample() -> None:
    many = found("x*y/(x - y) + (x + y)**2", ["x=0:1:200", "y=0:1.0001:200"], "forward", "reverse", sample=10)
    assert many.gaps is not None
    assert many.statistics is not None
    assert many.statistics.sampled == 10
    assert many.statistics.picked > 10
    assert many.gaps.ulps[many.gaps.at] == many.gaps.most


def test_rare_paths_are_looked_at_besides_the_sample() -> None:
    many = found("where(x == 0.5, 2*x - 0.5, x)", ["x=0:1:20001"], "reverse", sample=10)
    assert [path.points for path in many.answers[0].paths] == [20000, 1]
    assert many.statistics is not None
    assert not many.statistics.good
    assert many.statistics.picked >= 1
    # of the sample nothing is known but what is right; the point looked at besides is the worst, and in no share
    (spread,) = many.statistics.spreads
    assert (spread.proved, spread.verdicts, spread.bad) == (10, {"ok": 10}, 0)
    assert (sum(spread.histogram), spread.median, spread.of90, spread.of99) == (10, 0, 0, 0)
    assert spread.worst == 2.0**52
    (worst,) = spread.points
    assert (worst.point, worst.verdict, worst.ulp) == (10_000, "inaccurate", 2.0**52)
    assert (worst.entry, worst.computed, worst.truth) == (0, 2.0, 1.0)


def test_the_worst_entry_of_a_point_is_the_one_that_is_shown() -> None:
    many = found("x + where(y == 0.5, 2*y - 0.5, y)", ["x=0:1:5", "y=0:1:3"], "reverse")
    assert many.statistics is not None
    (spread,) = many.statistics.spreads
    assert [(worst.entry, worst.computed, worst.truth) for worst in spread.points] == [(1, 2.0, 1.0)] * 5


def test_points_that_are_not_finite_are_looked_at_besides_the_sample() -> None:
    """sqrt(x*x) at 0 is 0/0, on the path of all points; SymPy's derivative, sign(x), is a number there."""
    for methods, strange in ((("reverse",), 0), (("symbolic", "reverse"), 1)):
        many = found("sqrt(x*x)", ["x=-1:1:20001"], *methods, sample=10)
        assert [answer.strange for answer in many.answers][strange] == 1
        assert many.statistics is not None
        spread = many.statistics.spreads[strange]
        assert (spread.points[0].point, spread.points[0].verdict) == (10_000, "nonfinite")


def test_where_only_some_methods_are_finite_is_looked_at_besides_the_sample() -> None:
    """The first points that are not finite are so for all: f has no value there."""
    many = found("sqrt(x + 0.9) + sqrt(x*x)", ["x=-1:1:20001"], "symbolic", "reverse", sample=10)
    assert many.gaps is not None
    assert (many.gaps.mixed, many.gaps.first) == (1, 10_000)
    assert many.statistics is not None
    assert [(worst.point, worst.verdict) for worst in many.statistics.spreads[1].points][:1] == [(10_000, "nonfinite")]


def test_differences_count_what_only_some_have() -> None:
    class Has:
        def __init__(self, *numbers: float) -> None:
            self.values = self.derivative = (np.array(numbers),)

    nan, inf = math.nan, math.inf
    one: Any = [Has(1.0, nan, inf, nan, inf, 0.0), Has(1.0 + 2**-51, nan, inf, 1.0, -inf, -0.0)]
    assert differences(one).tolist() == [2.0, 0.0, 0.0, inf, inf, 0.0]


def test_the_largest_finite_difference_is_told_where_others_are_infinite() -> None:
    """sqrt(x*x) is NaN in reverse at 0; elsewhere forward and reverse differ by what cancels beside 1."""
    many = found("sqrt(x*x) + (x*y/(x - y) + (x + y)**2)", ["x=-1:1:201", "y=2:3:3"], "symbolic", "reverse", sample=0)
    assert many.gaps is not None
    assert many.gaps.mixed == 3
    assert many.gaps.first == 300
    finite = np.where(np.isinf(many.gaps.ulps), -1, many.gaps.ulps)
    assert 0 < many.gaps.most == finite.max() == finite[many.gaps.at]


def test_a_point_is_strange_by_any_of_its_entries() -> None:
    many = found("[sqrt(x), y]", ["x=0:1:3", "y=0:1:2"], "reverse", sample=0)
    assert many.answers[0].strange == 2  # df[0]/dx is infinite where x is 0


def test_methods_that_do_not_answer_are_said() -> None:
    many = found("x*y", ["x=0:1:3"], "reverse", "taylor", fixed={"y": 2.0})
    assert [failure.verdict for failure in many.failures] == ["unsupported"]
    assert not many.good


STEPPING = ("forward-difference", "central-difference", "five-point", "complex-step")


@pytest.mark.parametrize("name", STEPPING)
def test_a_given_step_is_that_of_single_runs(name: str) -> None:
    many = found("x*x/(1 + x)", ["x=1:2:5"], name, sample=0, step=1e-3)
    assert not many.failures
    for k, single in enumerate(singles(many, (name,), step=1e-3)):
        assert float(many.answers[0].derivative[0][k]) == single.measurements[0].derivative[0]


def test_steps_that_depend_on_the_point_are_refused() -> None:
    many = found("x*x", ["x=1:2:5"], *STEPPING, "reverse", sample=0)
    assert [failure.method for failure in many.failures] == list(STEPPING[:-1])
    assert all("give one by --step" in failure.message for failure in many.failures)


def test_stable_rules_are_read_at_many_points() -> None:
    textbook, stable = (found("tanh(x)", ["x=1:18:8"], "reverse", rules=rules) for rules in ("textbook", "stable"))
    assert textbook.statistics.spreads[0].worst > 20
    assert stable.statistics.spreads[0].worst < 3


def test_what_is_fixed_can_be_differentiated_by() -> None:
    many = found("x*y + 1", ["x=0:1:3"], "forward", fixed={"y": 2.0}, wrt=["y"])
    assert many.answers[0].derivative[0].tolist() == [0.0, 0.5, 1.0]


# --- ranges
def test_ranges_are_those_of_batches() -> None:
    points = of_ranges(["x=-1:pi:7", "y=0:0.3:4"], {"z": 2.0})
    rows = [row.at for row in expand([Row(1, "x", "x=-1:pi:7, y=0:0.3:4")]) if isinstance(row, Row)]
    assert [points.at(k) for k in range(len(points))] == [{**row, "z": 2.0} for row in rows]  # type: ignore[dict-item]


@pytest.mark.parametrize(
    "text", ["x=0:1", "x=0:1:2.5", "x=0:1:0", "x=0:1:1e9", "0:1:3", "x=-1e308:1e308:1e308", "x=0:y:3"]
)
def test_wrong_ranges_are_shown(text: str) -> None:
    with pytest.raises(DiffError) as error:
        of_ranges([text], {})
    assert "^" in error.value.report()


def test_ranges_are_split_outside_of_brackets() -> None:
    assert reading.split("x=0:1:5, v=[1, 2]; y=max(1, 2)") == ["x=0:1:5", " v=[1, 2]", " y=max(1, 2)"]


# --- files
X = np.array([0.5, 1.0, 0.1])
Y = np.array([2.0, -3.0, 7.0])


def _structured() -> Any:
    table = np.zeros(3, [("y", "f4"), ("x", "f8"), ("note", "U3")])
    table["x"], table["y"] = X, Y
    return table


FILES: dict[str, Callable[[Path], Any]] = {
    "header.csv": lambda file: file.write_text("id,y, x\na,2,0.5\n\nb,-3,1\nc,7,0.1\n"),
    "bom.csv": lambda file: file.write_text('\ufeffx,y\r\n"0.5",2\r\n1,-3\r\n0.1,7\r\n', encoding="utf-8"),
    "constants.csv": lambda file: file.write_text("x,y\n1/2,2\nlog(e),-3\n0.1,7\n"),
    "columns.npy": lambda file: np.save(file, np.stack([X, Y], 1)),
    "fortran.npy": lambda file: np.save(file, np.asfortranarray(np.stack([X, Y], 1))),
    "fields.npy": lambda file: np.save(file, _structured()),
    "named.npz": lambda file: np.savez(file, y=Y.astype(int), x=X, other=np.zeros((9, 9))),
}


@pytest.mark.parametrize("name", FILES)
def test_files_of_every_kind_hold_the_same_points(tmp_path: Path, name: str) -> None:
    file = tmp_path / name
    FILES[name](file)
    points = of_file(str(file), "x*y", {})
    assert points.moving["x"].tolist() == X.tolist()
    assert points.moving["y"].tolist() == Y.tolist()
    assert points.written(1, ["x", "y"]) == "x=1, y=-3"


@pytest.mark.parametrize("ending", ["csv", "npz", "npy"])
def test_vectors_are_read_by_their_entries(tmp_path: Path, ending: str) -> None:
    file = tmp_path / f"v.{ending}"
    rows = np.arange(6.0).reshape(3, 2)
    if ending == "csv":
        file.write_text("v[1],v[0]\n1,0\n3,2\n5,4\n")
    elif ending == "npz":
        np.savez(file, v=rows)
    else:
        table = np.zeros(3, [("v", "f8", (2,))])
        table["v"] = rows
        np.save(file, table)
    points = of_file(str(file), "sum(v*v)", {})
    case = understood("sum(v*v)", points, None, Asked())
    answer = run(case, points, Settings(("reverse",), sample=0)).answers[0]
    assert np.array_equal(np.stack(answer.derivative, 1), 2 * rows)


WRONG: list[tuple[str, Callable[[Path], Any], str]] = [
    ("a.csv", lambda file: file.write_text("x\n1\n"), "no column 'y'"),
    ("a.csv", lambda file: file.write_text("a,b\n1,2\n"), "names no variable"),
    ("a.csv", lambda file: file.write_text(""), "is empty"),
    ("a.csv", lambda file: file.write_text("x,y\n"), "no points"),
    ("a.csv", lambda file: file.write_text("x,y\n1,2\n1,nan\n"), "line 3: a point has finite numbers"),
    ("a.csv", lambda file: file.write_text("x,y\n1,2\n1\n"), "line 3: a cell is empty"),
    ("a.csv", lambda file: file.write_text("x,y\n1,2\n1,abc\n"), "line 3: 'abc' has no value"),
    ("a.csv", lambda file: file.write_text("x,x,y\n1,2,3\n"), "two columns 'x'"),
    ("a.csv", lambda file: file.write_bytes(b"x,y\xff\n1,2\n"), "not UTF-8"),
    ("a.csv", lambda file: file.write_text("x,y[0],y[2]\n1,2,3\n"), "not all entries of 'y'"),
    ("a.csv", str, "cannot be read"),
    ("a.txt", lambda file: file.write_text("1"), "no reader"),
    ("a.npy", lambda file: np.save(file, np.zeros((3, 3))), "the shape (3, 3), and (points, 2)"),
    ("a.npy", lambda file: np.save(file, np.zeros((3, 2, 2))), "a column for each of x, y"),
    ("a.npy", lambda file: np.save(file, np.zeros((0, 2))), "no points"),
    ("a.npy", lambda file: np.save(file, np.array([[1.0, np.inf]])), "finite numbers"),
    ("a.npy", lambda file: np.save(file, np.array([[1j, 2j]])), "complex"),
    ("a.npy", lambda file: file.write_text("x,y\n1,2\n"), "no file of NumPy's"),
    ("a.npz", lambda file: np.savez(file, x=X), "no column 'y'"),
    ("a.npz", lambda file: np.savez(file, x=X, y=Y[:2]), "different lengths: x has 3, y has 2"),
    ("a.npz", lambda file: np.savez(file, x=X, y=np.array(1.0)), "y is one number"),
]


def test_a_table_for_one_vector_is_told_how(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    np.save(tmp_path / "a.npy", np.zeros((3, 4)))
    assert main(["sum(w*w)", "--points", str(tmp_path / "a.npy")]) == 2
    assert "np.savez('points.npz', w=…)" in capsys.readouterr().err


@pytest.mark.parametrize(("name", "write", "message"), WRONG, ids=[message for _, _, message in WRONG])
def test_wrong_files_are_errors_of_three_parts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, write: Callable[[Path], Any], message: str
) -> None:
    file = tmp_path / name
    write(file)
    assert main(["x*y", "--points", str(file)]) == 2
    said = capsys.readouterr().err
    assert said.startswith("error: ")
    assert message in said


def test_a_wrong_cell_is_pointed_at(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text("x,y\n1,2\n10,inf\n")
    with pytest.raises(DiffError) as error:
        of_file(str(file), "x*y", {})
    assert error.value.report().splitlines()[1:] == ["  10,inf", "     ^^^", "  leave the point out"]


# --- the command line
def test_the_screen_fits_eighty_columns(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["where(x > y, sin(x)*y, max(x, y))/x", "--at", "x=-1:1:101, y=-1:1:7"]) == 1
    shown = capsys.readouterr().out
    tables = [line for line in shown.splitlines() if "─" in line]
    assert tables
    assert max(map(len, tables)) <= 80
    for part in ("707 points", "paths", "Bits lost", "Worst points", '--at "x='):
        assert part in shown


@pytest.mark.parametrize("more", [["--order", "2"], ["--hvp", "1,2"]])
def test_long_names_of_methods_fit_as_well(capsys: pytest.CaptureFixture[str], more: list[str]) -> None:
    main(["max(x, y)*x^2*y", "--at", "x=0:1:7, y=0:1:5", *more])
    assert max(len(line) for line in capsys.readouterr().out.splitlines() if "─" in line) <= 80


def test_json_has_everything(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["x*y", "--at", "x=0:1:3", "--at", "y=2", "--format", "json"]) == 0
    content = json.loads(capsys.readouterr().out)
    assert content["study"] == "points"
    assert content["float_system"].startswith("NumPy")
    assert (content["points"], content["sampled"], content["fixed"]) == (3, 3, {"y": "2"})
    assert content["truth"] == {"certified": 3}
    assert content["differences"]["most_ulp"] == 0
    assert content["tables"][0]["columns"][:3] == ["method", "ns/point", "seconds"]


@pytest.mark.parametrize(
    ("count", "asked", "pays", "taken"),
    [
        (100_000, None, True, True),
        (100_000, None, False, False),
        (99_999, None, True, False),
        (100_000, False, True, False),
        (100_000, True, False, True),
        (3, True, False, True),
    ],
)
def test_tangents_are_taken_where_they_pay_or_are_asked_for(
    monkeypatch: pytest.MonkeyPatch, count: int, asked: bool | None, pays: bool, taken: bool
) -> None:
    monkeypatch.setattr(tangents, "pays", lambda: pays)
    text, ranges = "where(x > 0, x*sin(x), cos(x))", [f"x=-9:9:{count}"]
    many, plain = (found(text, ranges, "reverse", sample=0, fast_trig=one) for one in (asked, False))
    assert many.by_tangents is taken
    said = [sentence for sentence in points_report.sentences(many) if "by tangents, within 4 ulps" in sentence]
    assert [" as --fast-trig asks" in sentence for sentence in said] == [asked is True] * taken
    assert points_report.study(many).facts["fast_trig"] is taken
    assert [path.cost for path in many.answers[0].paths] == [path.cost for path in plain.answers[0].paths]
    (value,), (usual,) = many.answers[0].values, plain.answers[0].values
    assert np.array_equal(value, usual) is not taken
    most = 2 * (tangents.ULPS + 1) + 1  # an ulp of a sine may be two of its product
    assert (np.abs(value - usual) <= most * np.spacing(np.abs(usual))).all()


def test_tangents_are_not_spoken_of_where_there_are_none() -> None:
    many = found("x*tan(x)*sin(y)", ["x=0:1:5"], "reverse", fixed={"y": 2.0}, wrt=["x"], fast_trig=True)
    assert not many.by_tangents
    assert not any("by tangents" in sentence for sentence in points_report.sentences(many))


@pytest.mark.parametrize("ending", ["npy", "npz", "csv"])
def test_results_of_all_points_are_written(tmp_path: Path, ending: str) -> None:
    file = tmp_path / f"results.{ending}"
    assert main(["x*y", "--at", "x=0:1:3, y=2", "-m", "forward,reverse", "-o", str(file)]) == 0
    if ending == "npz":
        content = np.load(file)
        assert sorted(content.files) == ["f", "forward", "reverse", "x"]
        assert content["reverse"].tolist() == [[2.0, 0.0], [2.0, 0.5], [2.0, 1.0]]
        assert content["f"].tolist() == [0.0, 1.0, 2.0]
    elif ending == "npy":
        table = np.load(file)
        assert table.dtype.names == ("x", "f", "df/dx", "df/dy")
        assert table["df/dy"].tolist() == [0.0, 0.5, 1.0]
    else:
        rows = list(csv.reader(file.read_text(encoding="utf-8").splitlines()))
        assert rows == [
            ["x", "f", "df/dx", "df/dy"],
            ["0.0", "0.0", "2.0", "0.0"],
            ["0.5", "1.0", "2.0", "0.5"],
            ["1.0", "2.0", "2.0", "1.0"],
        ]


@pytest.mark.parametrize("ending", ["npy", "csv"])
def test_a_table_of_results_is_of_the_first_method(tmp_path: Path, ending: str) -> None:
    """0/0 in reverse mode at 0, where SymPy has sign(x)."""
    for first, slope in (("symbolic", 0.0), ("reverse", math.nan)):
        file = tmp_path / f"{first}.{ending}"
        other = {"symbolic": "reverse", "reverse": "symbolic"}[first]
        main(["sqrt(x*x)", "--at", "x=-1:1:3", "-m", f"{first},{other}", "-o", str(file), "--exit-zero"])
        if ending == "npy":
            found = np.load(file)["df/dx"].tolist()
        else:
            found = [float(row["df/dx"]) for row in csv.DictReader(file.read_text(encoding="utf-8").splitlines())]
        assert found == pytest.approx([-1.0, slope, 1.0], nan_ok=True)


def test_reports_are_exported(tmp_path: Path) -> None:
    files = [tmp_path / name for name in ("a.json", "a.csv", "a.txt")]
    options = [part for file in files for part in ("--export", str(file))]
    assert main(["x*y", "--at", "x=0:1:3, y=2", "-m", "reverse", "-o", str(tmp_path / "b.txt"), *options]) == 0
    assert json.loads(files[0].read_text(encoding="utf-8"))["points"] == 3
    assert files[1].read_text(encoding="utf-8").startswith("method,ns/point")
    assert files[2].read_text(encoding="utf-8") == (tmp_path / "b.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["x", "--at", "x=1", "--sample", "3"], "--sample is for many points"),
        (["x", "--at", "x=1", "--seed", "3"], "--seed is for many points"),
        (["x", "--at", "x=0:1:3", "--sample", "-1"], "0 or more"),
        (["x", "--at", "x=0:1:3", "--format", "latex"], "many points are not written as 'latex'"),
        (["x", "--at", "x=0:1:3", "--export", "a.md"], "names no format"),
        (["x", "--at", "x=0:1:3", "--claim", "x: 1"], "--claim is for single points"),
        (["x", "--at", "x=0:1:3", "--tape"], "--tape is for single points"),
        (["x", "--at", "x=0:1:3, x=2"], "given twice"),
        (["x", "--at", "x=0:1:3, q=0:1:3"], "no variable 'q'"),
        (["x*y", "--at", "x=0:1:3"], "the variable y has no value"),
        (["1/2x", "--at", "x=0:1:3"], "1/2x"),
        (["module:function", "--at", "x=0:1:3"], "not for many points"),
        (["x", "--at", "x=0:1:3", "--points", "a.csv"], "not from both"),
        (["x", "--at", "x=0:1:3", "--compiled", "fortran"], "unknown compiler"),
        (["x", "--at", "x=0:1:3", "--compiled", "heyoka", "--fast-trig"], "leave out --compiled"),
        (["x", "--at", "x=1", "--no-fast-trig"], "--fast-trig is for many points"),
        (["x*y", "--at", "x=0:1:3, y=1", "--timeout", "0"], "above 0"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_cannot_be_asked_is_said(capsys: pytest.CaptureFixture[str], arguments: list[str], message: str) -> None:
    assert main(arguments) == 2
    assert message in capsys.readouterr().err


def test_without_a_sample_neither_sympy_nor_flint_nor_rich_is_loaded() -> None:
    code = (
        "import sys; from diffcli.cli.main import main\n"
        "main(['x*sin(x)', '--at', 'x=0:1:1000', '-m', 'reverse', '--sample', '0'])\n"
        "print('LOADED', *[m for m in ('sympy', 'numpy', 'flint', 'rich') if m in sys.modules])"
    )
    run_ = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run_.stdout.splitlines()[-1] == "LOADED numpy"


# --- compiled
TABLE = np.arange(20.0).reshape(4, 5).copy()


def test_rows_of_a_table_are_that_table_again() -> None:
    for rows in ([*TABLE], [*TABLE[1:3]], [TABLE[2]]):
        table = table_of(rows)
        assert np.shares_memory(table, TABLE)
        assert np.array_equal(table, rows)


@pytest.mark.parametrize(
    "rows",
    [
        [],
        [2.0],
        [*TABLE[:2], 2.0],
        [2.0, *TABLE[:2]],
        [TABLE[1], TABLE[0]],
        [TABLE[0], TABLE[2]],
        [TABLE[0], TABLE[0]],
        [TABLE[0], TABLE[1].copy()],
        [TABLE[0, :3], TABLE[1, :3]],
        [TABLE[0][::-1], TABLE[1][::-1]],
        [TABLE[0].view(np.int64)],
        [TABLE[:, 0], TABLE[:, 1]],
        [*TABLE.astype(np.float32)],
        [*TABLE.T],
    ],
    ids=str,
)
def test_other_columns_are_of_no_table(rows: list[Any]) -> None:
    assert table_of(rows) is None


OPERATION_ULPS = 4.0


@pytest.mark.parametrize(
    "text",
    [
        "sin(x)*exp(y) + log(x)*tanh(x*y)",
        "where(x > y, x*y, sqrt(x))*max(x, y)",
        "x**y/atan2(x, y)",
        "abs(x)**2.5*erf(y)",
        "log2(x)*exp2(y) + log10(x*y)/cot(x)",
    ],
)
def test_compiled_code_is_within_its_bound(text: str) -> None:
    pytest.importorskip("heyoka")
    ranges = ["x=0.1:1:30", "y=0.2:0.9:30"]
    one, other = (found(text, ranges, sample=0, compiled=name) for name in (None, "heyoka"))
    for ours, theirs in zip(one.answers, other.answers, strict=True):
        most = OPERATION_ULPS * ours.paths[0].cost.total
        for left, right in zip([*ours.values, *ours.derivative], [*theirs.values, *theirs.derivative], strict=True):
            assert np.all(np.abs(left - right) <= most * np.spacing(np.maximum(np.abs(left), 1.0)))


def test_points_know_how_they_are_given() -> None:
    points = Points({"v": np.array([[1.0, 2.0], [3.0, 4.5]])}, {"x": 0.25}, "somewhere")
    assert points.written(1, ["v", "x"]) == "v=[3, 4.5], x=0.25"
    assert [
        column if isinstance(column, float) else column.tolist()
        for column in points.columns(make_case("sum(v)*x", points.at(0)))
    ] == [[1.0, 3.0], [2.0, 4.5], 0.25]
