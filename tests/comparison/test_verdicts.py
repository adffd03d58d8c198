"""Verdicts are fair: zeros by what cancels, jumps all alike, entries one by one."""

import json
import math
import random
from dataclasses import replace

import pytest

from diffcli.comparison.compare import compare
from diffcli.comparison.judging import judge
from diffcli.comparison.proving import prove
from diffcli.comparison.result import Outcome, Settings
from diffcli.comparison.rounding import FARTHEST, Executed
from diffcli.locale.language import speaking
from diffcli.methods.derive import derived
from diffcli.points.reading import of_ranges
from diffcli.points.result import Settings as Points
from diffcli.points.run import run, understood
from diffcli.problem.asked import Asked
from diffcli.problem.derivation import Derivation
from diffcli.problem.understanding import make_case
from diffcli.reports.cells import Contents
from diffcli.reports.comparison import csv, html, latex, markdown, table
from diffcli.reports.comparison.json import as_object
from diffcli.reports.sentences import closing
from diffcli.truth.accuracy import spacing
from diffcli.truth.certify import Truth

FIRST = ("symbolic", "forward", "reverse", "complex-step")
SETTINGS = Settings(FIRST)


def compared(text, at, methods=FIRST, **more):
    return compare(make_case(text, at, asked=Asked(**more)), Settings(methods))


def by_name(comparison):
    return {row.method: row for row in comparison.measurements}


# --- zeros
ZEROS = (
    ("sum(softmax(z))", {"z": (1.0, 2.0, 3.0)}),
    ("exp(30)*(sin(x)^2 + cos(x)^2)", {"x": 0.7}),
    ("exp(20)*(cosh(x)^2 - sinh(x)^2)", {"x": 1.25}),
    ("cos(pi*x)", {"x": 1.0}),
    ("x*sin(pi)", {"x": 2.0}),
    ("log(exp(x)/3) - x", {"x": 0.3}),
    ("(x + y)^2 - x^2 - 2*x*y - y^2", {"x": 0.1, "y": 0.7}),
    ("tan(x)*cos(x) - sin(x)", {"x": 1.1}),
)


@pytest.mark.parametrize(("text", "at"), ZEROS)
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_a_zero_is_right_up_to_the_rounding_of_what_cancels(text, at, dtype):
    comparison = compare(make_case(text, at), Settings(("symbolic", "forward", "reverse"), dtype=dtype))
    if comparison.truth.status != "certified":
        pytest.skip("another point in float32")
    assert {row.verdict for row in comparison.measurements} == {"ok"}, comparison.measurements
    for row in comparison.measurements:
        for found, truth, error in zip(row.derivative, comparison.truth.derivative, row.errors, strict=True):
            assert (error.scale is not None) == bool(found and truth.is_zero())
            if error.scale is not None:
                assert error.ulp == pytest.approx(abs(found) / spacing(error.scale, comparison.digits))


@pytest.mark.parametrize(("text", "at"), ZEROS)
def test_a_residue_that_rounding_does_not_explain_is_no_zero(text, at):
    """A number planted in the place of the rounded one, by the tolerance within and beyond."""
    problem = make_case(text, at).problem
    truth = prove(problem, SETTINGS)
    for row in compare(make_case(text, at), SETTINGS).measurements:
        derivation = derived(row.method, problem)[0]
        for place in range(len(row.derivative)):

            def verdict(planted, row=row, place=place, derivation=derivation):
                numbers = [0.0] * len(row.derivative)
                numbers[place] = planted
                return judge([Outcome(row.method, None, derivation, (), tuple(numbers))], problem, truth, SETTINGS)[0]

            scale = verdict(1e-300).errors[place].scale
            if scale is None:  # SymPy finds 0 itself
                assert verdict(1e-300).verdict == "inaccurate"
                continue
            assert verdict(1000 * math.ulp(scale)).verdict == "ok"
            found = verdict(-1100 * math.ulp(scale))
            assert found.verdict == "inaccurate"
            assert "bits lost" in found.message


def cancelling(seed):
    """Terms that cancel to a constant, in a random order, at a random point."""
    seeded = random.Random(seed)
    terms = []
    for _ in range(seeded.randint(1, 4)):
        term = seeded.choice(["sin({a}*x)*y", "exp(x/{a})", "x^{k}*y", "sqrt(x + {a})", "atan(x*y)", "log(x)/{a}"])
        term = term.format(a=round(seeded.uniform(0.5, 9), 3), k=seeded.randint(2, 5))
        terms += [f"+ {term}", f"- ({term})*1"]
    seeded.shuffle(terms)
    return f"{seeded.randint(1, 9)} " + " ".join(terms), {"x": seeded.uniform(0.5, 4), "y": seeded.uniform(-3, 3)}


@pytest.mark.parametrize("seed", range(40))
def test_random_sums_that_cancel_are_explained_by_rounding(seed):
    text, at = cancelling(seed)
    comparison = compared(text, at, ("forward", "reverse", "complex-step"))
    if comparison.truth.status != "certified":
        return
    largest = max(1.0, *map(abs, at.values()), abs(comparison.values[0]))
    for row in comparison.measurements:
        assert row.verdict == "ok", (text, at, row)
        assert all(error.scale is None or error.scale <= FARTHEST * largest for error in row.errors)


@pytest.mark.parametrize(("text", "scale"), [
    ("(x - y)*7 + 1e-9*(x + y)", 21.0), ("x*y", 0.0), ("x + 0*y", 3.0), ("detach(x - y)*x", 9.0), ("sin(x)*y", 0.0),
    ("log(x*y)/(x - y)", 3*math.log(7.5)/0.25), ("sin(pi*y)", 2.5*math.pi*math.cos(2.5*math.pi)),
    ("fma(x, y, -7)*y", 18.75), ("sqrt(x - 3) + y", 2.5),
])  # fmt: skip
def test_a_scale_is_the_largest_term_times_its_factor(text, scale):
    """The last has an infinite factor, which explains nothing."""
    problem = make_case(text, {"x": 3.0, "y": 2.5}).problem
    assert Executed(problem.program, problem.point).scale(0) == pytest.approx(abs(scale))


def test_a_scale_is_never_beyond_all_terms():
    """Factors that are themselves noise explain nothing."""
    row = by_name(compared("1e200*(sin(x)^2 + cos(x)^2) - 1e200", {"x": 0.7}, ("forward",)))["forward"]
    assert all(error.scale is None or error.scale <= FARTHEST for error in row.errors)


def test_a_peer_is_judged_by_the_program_of_forward_mode():
    case = make_case("cos(pi*x)", {"x": 1.0})
    truth = prove(case.problem, SETTINGS)
    for name in ("jax", "claim"):
        (row,) = judge([Outcome(name, None, Derivation(()), (), (-3.8e-16,))], case.problem, truth, SETTINGS)
        (own,) = compare(case, Settings(("forward",))).measurements
        assert row.verdict == "ok"
        assert row.errors[0].scale == own.errors[0].scale


@pytest.mark.parametrize(("text", "span"), [("exp(30)*(sin(x)^2 + cos(x)^2)", "x=0:6:40"), ("cos(pi*x)", "x=0:5:6")])
def test_many_points_are_judged_by_the_same_rule(text, span):
    points = of_ranges([span], {})
    found = run(understood(text, points, None, Asked()), points, Points(("forward", "reverse")))
    assert found.statistics.good
    assert {verdict for spread in found.statistics.spreads for verdict in spread.verdicts} == {"ok"}


# --- jumps: expression, point, what the function does, the limits of the derivative, verdicts of the three methods
STEPS = (
    ("floor(x)", 2, "from 1 to 2", "0", "0", "kink"),
    ("ceil(x)", 2, "from 2 to 3", "0", "0", "kink"),
    ("round(x)", 0.5, "from 0 to 1", "0", "0", "kink"),
    ("trunc(x)", 1, "from 0 to 1", "0", "0", "kink"),
    ("sign(x)", 0, "from -1 to 1, and is 0 at the point", "0", "0", "kink"),
    ("heaviside(x)", 0, "from 0 to 1, and is 0.5 at the point", "0", "0", "kink"),
    ("(x > 1)*3", 1, "from 0 to 3", "0", "0", "kink"),
    ("(x >= 1) + x", 1, "from 1 to 2", "1", "1", "kink"),
    ("(x == 1)*3", 1, "to 3 and back to 0", "0", "0", "kink"),
    ("(x != 1)*3", 1, "to 0 and back to 3", "0", "0", "kink"),
    ("mod(x, 2)", 2, "from 2 to 0", "1", "1", "kink"),
    ("fmod(x, 2)", 4, "from 2 to 0", "1", "1", "kink"),
    ("where(x == 1, 3, x)", 1, "to 3 and back to 1", "1", "1", "inaccurate"),
    ("where(T > 1200, T + 5, 0)", 1200, "from 0 to 1205", "0", "1", "kink"),
    ("x if x >= 0 else x - 1", 0, "from -1 to 0", "1", "1", "kink"),
    ("floor(x)*x^2", 2, "from 4 to 8", "4", "8", "kink"),
)


@pytest.mark.parametrize(("text", "at", "said", "left", "right", "verdict"), STEPS)
def test_a_jump_is_judged_by_the_limits_of_the_derivative(text, at, said, left, right, verdict):
    name = "T" if "T" in text else "x"
    comparison = compared(text, {name: float(at)}, ("symbolic", "forward", "reverse"))
    found = as_object(comparison)
    assert found["truth"]["status"] == "not-differentiable"
    assert found["truth"]["reason"] == f"the function jumps here, {said}"
    assert found["truth"]["slopes"] == {"left": [left], "right": [right]}
    assert [row.verdict for row in comparison.measurements] == [verdict] * 3
    sentences = " ".join(closing(comparison))
    assert f"the function jumps here, {said}" in sentences
    assert "between" not in sentences
    for text in (table, markdown, latex, html):
        assert "jumps here" in text.Report(single=True).add(comparison)


@pytest.mark.parametrize("planted", [float(k) / 3 for k in range(-4, 5) if k] + [math.inf, -math.inf, math.nan, 1e300])
@pytest.mark.parametrize("text", ["floor(x)", "sign(x)", "where(x == 0, 3, 0)", "heaviside(x)"])
def test_no_other_number_passes_at_a_jump(text, planted):
    """Any number lies between the infinite quotients on both sides."""
    case = make_case(text, {"x": 0.0})
    truth = prove(case.problem, SETTINGS)
    (row,) = judge([Outcome("forward", None, Derivation(()), (), (planted,))], case.problem, truth, SETTINGS)
    assert row.verdict == "inaccurate"
    assert "the function jumps here" in row.message


def test_differences_over_a_jump_are_inaccurate():
    rows = by_name(compared("sign(x)", {"x": 0.0}, ("forward-difference", "central-difference", "five-point")))
    assert {row.verdict for row in rows.values()} == {"inaccurate"}


@pytest.mark.parametrize(("text", "more"), [
    ("[floor(x), x*y, abs(y)]", {}), ("floor(x)*y", {"jvp": "1, 0"}), ("[floor(x), y]", {"vjp": "1, 1"}),
])  # fmt: skip
def test_entries_jump_one_by_one(text, more):
    methods = ("forward", "reverse")
    comparison = compared(text, {"x": 1.0, "y": 0.0 if "abs" in text else 2.0}, methods, **more)
    assert comparison.truth.jumps == (0,)
    assert {row.verdict for row in comparison.measurements} == {"kink"}


def test_a_kink_and_a_jump_are_both_told():
    comparison = compared("abs(x) + floor(y)", {"x": 0.0, "y": 1.0}, ("forward",))
    assert comparison.truth.jumps == (1,)
    assert comparison.truth.reason == "abs has a kink at 0; the function jumps here, from 0 to 1"
    with speaking("zh"):
        said = " ".join(closing(comparison))
    assert "尖点" in said
    assert "跳到" in said
    truth = comparison.truth
    for numbers, verdict in (((0.5, 0.0), "kink"), ((0.5, 0.5), "inaccurate"), ((1.5, 0.0), "inaccurate")):
        outcome = Outcome("forward", None, Derivation(()), (), numbers)
        (row,) = judge([outcome], comparison.case.problem, truth, SETTINGS)
        assert row.verdict == verdict


def test_a_higher_derivative_has_its_own_limits():
    comparison = compared("where(x < 1, x^3, 5*x^2)", {"x": 1.0}, ("forward-over-forward",), order=2)
    assert as_object(comparison)["truth"]["slopes"] == {"left": [["6"]], "right": [["10"]]}
    assert [row.verdict for row in comparison.measurements] == ["kink"]


# --- entries of which nothing is proved
def partly(proved_x=3.0, found=((3.0, 4.0), (3.0, 4.0)), missing=None):
    """Two entries, the second open; `missing` has the sides of the first, where that does not exist."""
    case = make_case("3*x + 4*y", {"x": 1.0, "y": 1.0})
    full = prove(case.problem, SETTINGS)
    ball = full.derivative[0] * proved_x / 3
    truth = replace(full, status="undecided", derivative=(ball, None), undecided=(1,), reason="too hard")
    if missing is not None:
        truth = replace(truth, derivative=(None, None), left=(ball * 0, None), right=(ball, None))
    outcomes = [Outcome(f"m{k}", None, Derivation(()), (7.0,), numbers) for k, numbers in enumerate(found)]
    rows = judge(outcomes, case.problem, truth, SETTINGS)
    return replace(compare(case, Settings(("forward",))), truth=truth, measurements=rows)


@pytest.mark.parametrize(("arguments", "verdicts"), [
    ({}, ["no-truth", "no-truth"]),
    ({"found": ((3.0, 4.0), (3.0, 5.0))}, ["disagree", "disagree"]),
    ({"found": ((3.5, 4.0), (3.0, 4.0))}, ["inaccurate", "no-truth"]),
    ({"found": ((math.nan, 4.0), (3.0, 4.0))}, ["nonfinite", "no-truth"]),
    ({"missing": True}, ["no-truth", "no-truth"]),
    ({"missing": True, "found": ((9.0, 4.0), (2.0, 4.0))}, ["inaccurate", "no-truth"]),
])  # fmt: skip
def test_open_entries_leave_the_others_judged(arguments, verdicts):
    comparison = partly(**arguments)
    assert [row.verdict for row in comparison.measurements] == verdicts
    assert all(row.max_ulp is row.bits is None for row in comparison.measurements)
    found = as_object(comparison)
    assert found["truth"]["undecided"] == [[1]]
    assert [method["errors"][1] for method in found["methods"]] == [None, None]
    json.dumps(found)


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("missing", [None, True])
def test_an_open_entry_is_never_called_proved(language, missing):
    comparison = partly(missing=missing)
    with speaking(language):
        sentences = " ".join(closing(comparison))
        assert "∂f/∂y" in sentences
        words = {"en": ("proved in part", "undecided"), "zh": ("部分已证明", "未判定")}[language]
        truth, *_ = Contents(comparison).proofs
        assert truth.standing == words[0]
        assert truth.entries[1].text == truth.entries[1].short == words[1]
        for module in (table, markdown, latex, html):
            shown = module.Report(single=True).add(comparison)
            assert words[0] in shown
            assert words[1] in shown
    assert "undecided" in [row.get("truth") for row in csv.rows(comparison)]


def test_nothing_proved_at_all_is_undecided():
    comparison = partly()
    truth = replace(comparison.truth, derivative=(None, None), undecided=(0, 1))
    assert Contents(replace(comparison, truth=truth)).standing == "undecided"
    assert isinstance(truth, Truth)


# --- the bits of float32
def test_bits_are_those_of_the_numbers_in_every_format():
    comparison = compare(make_case("(1 - cos(x))/x^2", {"x": 1e-5}), Settings(("forward",), dtype="float32"))
    (row,) = comparison.measurements
    assert row.verdict == "inaccurate"
    for module in (table, markdown, latex, html):
        shown = module.Report(single=True).add(comparison)
        assert f"{row.bits:.0f} bits" not in shown
        assert "all" in shown
    assert "of 24" not in (row.message or "") or row.message.startswith("no digit")
