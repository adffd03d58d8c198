"""Claimed derivatives: what is right is shown right, what is wrong is caught, each with a counter-example."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from flint import arb
from rich.console import Console

from diffcli.batch.rows import Failure
from diffcli.cli.main import main
from diffcli.comparison.compare import compare
from diffcli.comparison.result import Comparison, Measurement, Settings
from diffcli.locale.language import speaking, tr, translate_message
from diffcli.problem.asked import Asked
from diffcli.problem.case import Case
from diffcli.problem.claim_texts import claims_in
from diffcli.problem.claims import question, shown_equal, tried
from diffcli.problem.point import Number, tuples
from diffcli.problem.understanding import make_case, traced_case
from diffcli.reports.comparison.lines import show_line
from diffcli.runtime.errors import DiffError
from diffcli.truth.certify import certify

LOSS = "(x*w - y)^2"
POINT = {"x": 1.0, "y": 2.0, "w": 1.0}
SETTINGS = Settings(("reverse",))


def judged(expression: str, at: dict[str, Number], *claims: str) -> tuple[Comparison, Measurement]:
    comparison = compare(make_case(expression, at, asked=Asked(claims=claims)), SETTINGS)
    return comparison, comparison.measurements[-1]


RIGHT = {
    "by hand": (LOSS, POINT, "w: 2*x*(x*w - y)"),
    "written otherwise": ("sin(x)^2", {"x": 0.7}, "x: sin(2*x)"),
    "identity": ("log(x*y)", {"x": 2.0, "y": 3.0}, "x: 1/x"),
    "vector": ("2*dot(x, x)", {"x": (0.0, 1.0, 2.0)}, "x: 4*x"),
    "entries": ("2*dot(x, x)", {"x": (1.0, 2.0)}, "x: [4*x[0], 4*x[1]]"),
    "Jacobian": ("[x^2, x*y]", {"x": 2.0, "y": 3.0}, "x: [2*x, y]"),
    "Jacobian by a vector": ("[x[0]*x[1], 3*x[1]]", {"x": (2.0, 5.0)}, "x: [[x[1], x[0]], [0, 3]]"),
    "statements": ("exp(x)^2", {"x": 0.5}, "x: e2 = exp(2*x); 2*e2"),
    "choice": ("max(x, 0)", {"x": 2.0}, "x: where(x > 0, 1, 0)"),
}


@pytest.mark.parametrize("name", RIGHT)
def test_what_is_right_is_ok(name: str) -> None:
    expression, at, claim = RIGHT[name]
    _, row = judged(expression, at, claim)
    assert row.method == "claim"
    assert row.verdict == "ok"
    assert row.claim is not None
    assert row.claim.counterexample is None
    assert row.claim.equal is not False


@pytest.mark.parametrize(
    "name", ["by hand", "written otherwise", "vector", "entries", "Jacobian", "Jacobian by a vector"]
)
def test_sympy_shows_formulas_equal(name: str) -> None:
    expression, at, claim = RIGHT[name]
    _, row = judged(expression, at, claim)
    assert row.claim is not None
    assert row.claim.equal is True


def test_a_claim_is_equal_where_every_entry_is() -> None:
    """The first formula is SymPy's; the second is right at this point alone."""
    case = make_case("x^2 + y^2", {"x": 1.0, "y": 1.0}, asked=Asked(claims=("x: 2*x", "y: 2*y*y")))
    assert not shown_equal(question(case))
    right = make_case("x^2 + y^2", {"x": 1.0, "y": 1.0}, asked=Asked(claims=("x: 2*x", "y: y + y")))
    assert shown_equal(question(right))


UNSEEN = ["x == pi", "x == 1/3", "x^2 == 2", "sin(x) == 0.5", "not x != y^3 + sin(y)"]


@pytest.mark.parametrize("condition", UNSEEN)
def test_another_formula_at_places_that_no_float_meets_is_not_called_right(condition: str) -> None:
    _, row = judged("x^2*y/2", {"x": 1.0, "y": 2.0}, f"x: where({condition}, 7, x*y)")
    assert row.word == "undecided"


@pytest.mark.parametrize(("condition", "other"), [("x == 0", "y*0"), ("x == 0.1", "0.1*y"), ("x == y", "x^2")])
def test_a_place_that_is_tried_hinders_no_proof(condition: str, other: str) -> None:
    _, row = judged("x^2*y/2", {"x": 1.0, "y": 2.0}, f"x: where({condition}, {other}, x*y)")
    assert row.word == "right"


WRONG = {
    "sign": (LOSS, POINT, "w: -2*x*(x*w - y)"),
    "missing factor": (LOSS, POINT, "w: 2*(x*w - y)"),
    "right at one point only": ("x^3", {"x": 1.0}, "x: 3*x"),
    "chain rule forgotten": ("sin(2*x)", {"x": 0.3}, "x: cos(2*x)"),
    "one entry of a vector": ("2*dot(x, x)", {"x": (1.0, 2.0)}, "x: [4*x[0], 4*x[0] + 4]"),
    "one entry of a Jacobian": ("[x^2, x*y]", {"x": 2.0, "y": 3.0}, "x: [2*x, x + 1]"),
    "a Jacobian turned over": ("[x[0]*x[1], 3*x[1]]", {"x": (2.0, 5.0)}, "x: [[x[1], 0], [x[0], 3]]"),
    "wrong by one part in 1e20": ("x^2", {"x": 3.0}, "x: 2*x + 1e-20"),
    "wrong far from here": ("x^2", {"x": 1.0}, "x: where(x < 4, 2*x, 0)"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_caught_with_a_counterexample(name: str) -> None:
    expression, at, claim = WRONG[name]
    comparison, row = judged(expression, at, claim)
    assert row.verdict == "inaccurate"
    assert not comparison.good
    assert row.claim is not None
    assert row.claim.equal is False
    found = row.claim.counterexample
    assert found is not None
    # the counter-example by itself: truth and claim computed anew at its point, apart in balls
    case = comparison.case
    problem = case.problem_at(found.at)
    truth = certify(problem.program, problem.wrt, problem.point, problem.wanted)
    assert truth.derivative is not None
    exact = truth.derivative[found.entry]
    assert isinstance(exact, arb)
    assert exact.overlaps(found.truth)
    assert not found.claimed.overlaps(exact)


def test_right_here_and_wrong_elsewhere_is_said() -> None:
    _, row = judged("x^3", {"x": 1.0}, "x: 3*x")
    assert row.max_ulp == 0
    assert row.message is not None
    assert row.message.startswith("right at this point, but at x=2")


def test_nothing_is_right_at_a_kink() -> None:
    """There is no derivative of |x| at 0: a claim of 0 is no right answer there."""
    _, row = judged("abs(x)", {"x": 0.0}, "x: 0*x")
    assert row.message == "between the sides at this point, but at x=1 it gives 0, the truth is 1"


@pytest.mark.parametrize(
    "answer", ["2*x", "y' = 2*x", "f'(x) = 2*x", "dy/dx = 2*x", "df/dx = 2*x", "f_x = 2*x", "∂f/∂x = 2*x", "x：2*x"]
)
def test_an_answer_with_one_reading_is_read(answer: str) -> None:
    case = make_case("x^2", {"x": 1.0}, asked=Asked(claims=(answer,)))
    assert [(claim.variable, claim.expression.source) for claim in case.claims] == [("x", "2*x")]


@pytest.mark.parametrize(("answer", "variable"), [("∂f/∂y = x", "y"), ("f_x = y", "x"), ("df/dy = x", "y")])
def test_a_variable_is_named_by_a_derivative_sign_as_well(answer: str, variable: str) -> None:
    case = make_case("x*y", {"x": 1.0, "y": 2.0}, asked=Asked(claims=(answer,)))
    assert case.wrt == (variable,)


@pytest.mark.parametrize("answer", ["x：（1＋x）＊2", "（1+x）*2", "dy/dx＝（1+x）*２"])
def test_full_width_marks_in_an_answer_are_read(answer: str) -> None:
    case = make_case("(1 + x)^2", {"x": 1.0}, asked=Asked(claims=(answer,)))
    assert [(claim.variable, claim.expression.source) for claim in case.claims] == [("x", "(1+x)*2")]


def test_an_answer_without_its_variable_is_shown_with_it() -> None:
    with pytest.raises(DiffError) as raised:
        make_case("x^2", {"x": 1.0}, asked=Asked(claims=("x = 2*x",)))
    assert raised.value.hint == 'write "x: 2*x"'
    with speaking("zh"):
        assert translate_message(raised.value.hint) == '请写 "x: 2*x"'


def test_a_row_says_in_which_text_the_fault_is() -> None:
    with pytest.raises(DiffError) as raised:
        make_case("x^2", {"x": 1.0}, asked=Asked(claims=("x: 1/2x",)))
    failure = Failure.of(raised.value, 3, "Ada", "x^2")
    assert failure.message == "in '1/2x': this is read in two ways"
    assert failure.span is None


def test_a_point_where_nothing_exists_refutes_nothing() -> None:
    case = make_case("abs(x)", {"x": 0.0}, asked=Asked(claims=("x: sign(x)",)))
    problem = case.problem
    assert tried(case, certify(problem.program, problem.wrt, problem.point)).counterexample is None
    _, row = judged("abs(x)", {"x": 0.0}, "x: sign(x)")
    assert row.verdict == "kink"


def test_only_what_is_claimed_is_asked_for() -> None:
    comparison, _ = judged(LOSS, POINT, "w: 2*x*(x*w - y)")
    assert comparison.case.wrt == ("w",)
    case: Case = make_case(LOSS, POINT, asked=Asked(claims=("x: 2*w*(x*w - y)", "w: 2*x*(x*w - y)")))
    assert case.wrt == ("x", "w")


def test_claims_are_told_apart() -> None:
    assert claims_in("x: a = 2*x; a; y: 3") == ("x: a = 2*x; a", "y: 3")


@pytest.mark.parametrize(
    ("claims", "wrt", "said"),
    [
        (("2*x",), None, "names its variable"),
        (("x: 2*x", "x: y"), None, "'x' is claimed twice"),
        (("x: y",), ("x", "y"), "there is no claim for y"),
        (("x: z",), None, "the variable z has no value"),
        (("z: 1",), ("x",), "which is not asked for"),
        (("x: [1, 2]",), None, "has the shape (2,), the derivative ()"),
    ],
)
def test_claims_that_cannot_be_understood(claims: tuple[str, ...], wrt: tuple[str, ...] | None, said: str) -> None:
    with pytest.raises(DiffError) as caught:
        make_case("x*y", {"x": 3.0, "y": 1.0}, wrt, asked=Asked(claims=claims))
    assert said in str(caught.value)


ROWS = {
    "homework.jsonl": '{"expr": "x^2", "at": {"x": 3}, "claim": {"x": "2*x"}}\n'
    '{"expr": "x^2", "at": {"x": 1}, "claim": "x: 2"}\n'
    '{"expr": "x^2", "at": {"x": 1}, "claim": 5}\n',
    "homework.csv": "expr,x,claim\nx^2,3,x: 2*x\nx^2,1,x: 2\nx^2,1,x: z\n",
}


@pytest.mark.parametrize("name", ROWS)
def test_a_file_of_homework_is_marked(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / name
    file.write_text(ROWS[name])
    code = main(["batch", str(file), "-m", "reverse", "-f", "jsonl", "--jobs", "1"])
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert code == 1
    assert [row["status"] for row in rows] == ["ok", "ok", "error"]
    right, wrong = (row["methods"][-1] for row in rows[:2])
    assert (right["method"], right["verdict"], right["counterexample"]) == ("claim", "ok", None)
    assert (right["claim"], right["equal"]) == ("right", True)
    assert (wrong["verdict"], wrong["claim"], wrong["equal"]) == ("inaccurate", "wrong", False)
    assert wrong["counterexample"]["at"]["x"] != 1.0


@pytest.mark.parametrize("width", [60, 80, 200])
def test_a_batch_tells_a_wrong_claim_whole_on_every_terminal(width: int) -> None:
    case = make_case("x^3 - 3*x", {"x": 1.0}, asked=Asked(claims=("x: 3*x - 3",)), line=4, id="Zhao")
    console = Console(width=width, force_terminal=True, color_system=None, file=StringIO())
    show_line(compare(case, Settings(("reverse",))), console)
    shown = console.file.getvalue().splitlines()  # type: ignore[attr-defined]
    assert max(map(len, shown)) <= width
    assert "right at this point, but at x=2 it gives 3, the truth is 9" in " ".join(" ".join(shown).split())
    assert (len(shown) == 1) == (width == 200)


# --- a corpus of claims, and wrong ones planted
TESTS = Path(__file__).parent.parent
CORPUS = [json.loads(line) for line in (TESTS / "cases" / "claims.jsonl").read_text().splitlines()]
PYTHON = TESTS / "python_functions"


def word_of(row: dict[str, Any], claim: str) -> str:
    at = {name: tuples(value) if isinstance(value, list) else float(value) for name, value in row["at"].items()}
    asked = Asked(claims=claims_in(claim))
    if "function" in row:
        case = traced_case(f"{PYTHON}/{row['function']}", at, asked=asked)
    else:
        case = make_case(row["expr"], at, asked=asked)
    return compare(case, SETTINGS).measurements[-1].word


def test_no_claim_of_the_corpus_is_misjudged_and_few_are_undecided() -> None:
    """Of 247 claims, 1 is undecided: the largest of three, by comparisons of which each follows from two others."""
    found = [(word_of(row, row["claim"]), row) for row in CORPUS]
    assert [row for word, row in found if word not in (row["answer"], "undecided")] == []
    assert sum(word == "undecided" for word, _ in found) <= len(found) // 20


PLANTED = (
    "(x - {x})^3", "max(0, x - 77)", "max(0, -x - 77)", "(abs(x - 5.5) < 1e-4)", "sin(x - {x})^2*(x > {x} + 2)",
    "(x < -300)", "1e-30*x", "floor(x/500)", "(x == 2.5)", "(sqrt(x + 40)^2 - x - 40)",
    "(abs(x + 12.25) - abs(x + 12.25)*sign(x + 20))",
)  # fmt: skip
"""What vanishes at the point asked about or in a region, or has no value in one."""
SMOOTH = {
    "x^3": "3*x^2", "sin(x)*exp(-x)": "(cos(x) - sin(x))*exp(-x)", "atan(x)": "1/(1 + x^2)", "x*abs(x)": "2*abs(x)",
    "log(x^2 + 1)": "2*x/(x^2 + 1)", "tanh(x)": "1 - tanh(x)^2", "1.1*x^2": "2.2*x",
}  # fmt: skip


@pytest.mark.parametrize("planted", PLANTED)
def test_a_planted_error_is_never_right(planted: str) -> None:
    for expression, right in SMOOTH.items():
        row = {"expr": expression, "at": {"x": 1.5}}
        assert word_of(row, f"x: {right} + {planted.format(x=1.5)}") != "right", expression


def test_a_python_function_is_run_anew_where_a_claim_is_tried() -> None:
    """`n` is a plain number in the run that is shown; the claim that knows only that number is wrong."""
    row = {"function": "claimed.py:power", "at": {"x": 1.5, "n": 3}}
    assert word_of(row, "x: n*x^(n-1)") == "right"
    assert word_of(row, "x: 3*x^2") == "wrong"


def test_a_claim_needs_a_value_where_the_derivative_has_one() -> None:
    _, row = judged("x^2", {"x": 1.0}, "x: 2*x + sqrt(x)^2 - x")
    assert row.word == "wrong"
    assert row.message is not None
    assert "it has no value, where the derivative is" in row.message


def test_a_single_point_without_a_value_is_said() -> None:
    _, row = judged("x^y", {"x": 1.0, "y": 2.0}, "y: x^y*log(x)")
    assert row.word == "right"
    assert row.message is not None
    assert row.message.startswith("equal to SymPy's derivative as a formula, but without a value at x=0")


def test_decimals_are_meant_as_they_are_written() -> None:
    """3*0.1 is not 0.3 in float64; 0.30000000000000001 is another decimal, and the same float."""
    _, row = judged("0.1*x^3", {"x": 1.0}, "0.3*x^2")
    assert row.word == "right"
    assert row.message == "equal to SymPy's derivative as a formula, with decimals as they are written"


def test_an_unproved_claim_is_undecided_and_not_good() -> None:
    comparison, row = judged("sum(cos(x + [1, 2]))", {"x": 1.0}, "-sin(x + 1) - sin(x + 2) + 0*lgamma(x^2 + 3)")
    assert row.word in ("right", "undecided")
    assert comparison.good == (row.word == "right")


def test_right_but_inaccurate_here() -> None:
    comparison, row = judged("x^2", {"x": 1e-9}, "x: (1 + 2*x) - 1")
    assert (row.word, row.claim and row.claim.equal, comparison.good) == ("inaccurate", True, False)


@pytest.mark.parametrize(("name", "text"), [
    ("a.csv", "expr,x,claim\nx^2,3,\nx^2,3,2*x\n"),
    ("a.jsonl", '{"expr": "x^2", "at": {"x": 3}, "claim": ""}\n{"expr": "x^2", "at": {"x": 3}, "claim": "2*x"}\n'),
])  # fmt: skip
def test_an_empty_claim_is_missing(name: str, text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / name
    file.write_text(text)
    assert main(["batch", str(file), "-m", "reverse", "-f", "jsonl", "--jobs", "1"]) == 1
    rows = [json.loads(line)["methods"][-1] for line in capsys.readouterr().out.splitlines()]
    assert [(row["method"], row["claim"]) for row in rows] == [("claim", "missing"), ("claim", "right")]


@pytest.mark.parametrize("format", ["table", "csv", "markdown", "html", "latex"])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_format_has_the_words(
    format: str, language: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "a.csv"
    file.write_text("expr,x,claim\nx^2,3,\nx^2,3,x\nx^2,3,2*x\n")
    main(["batch", str(file), "-m", "reverse", "-f", format, "--jobs", "1", "--lang", language])
    out = capsys.readouterr().out
    with speaking("en" if format == "csv" else language):  # type: ignore[arg-type]
        assert all(tr(word) in out for word in ("missing", "wrong", "right"))
