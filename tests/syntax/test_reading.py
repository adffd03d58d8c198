"""Texts as people write them: read in their one reading, or refused; faults stand where they were typed."""

import json
import math
from pathlib import Path
from typing import Any

import pytest

from diffcli import gradient
from diffcli.problem.point import read_point
from diffcli.problem.understanding import make_case
from diffcli.runtime.errors import DiffError
from diffcli.syntax import elaborate, parse
from diffcli.syntax.translation import Question, Translation
from diffcli.syntax.writing import written

CASES = Path(__file__).parent.parent / "cases"
NAMES = dict.fromkeys("xyzabcnrt", ())

READ = {
    "characters": [
        ("２＊ｘ＋１", "2*x+1"),
        ("x²", "x^2"),
        ("x⁻¹", "x^(-1)"),
        ("x¹⁰ + eⁿ", "x^10 + e^n"),
        ("x²ⁿ", "x^(2*n)"),
        ("ｓｉｎ（𝑥）÷2", "sin(x)/2"),
        ("x − y ≤ ½", "x - y <= (1/2)"),
        ("x₁*x_{2}", "x_1*x_2"),
        ("e^{-x^2}", "e^(-x^2)"),
    ],
    "products": [
        ("2x", "2*x"),
        ("3x^2", "3*x^2"),
        ("2pi", "2*pi"),
        ("2(x+1)", "2*(x+1)"),
        ("(x+1)(x-1)", "(x+1)*(x-1)"),
        ("(x+1)y", "(x+1)*y"),
        ("x y", "x*y"),
        ("x sin(x)", "x*sin(x)"),
        ("2sin(x)cos(x)", "2*sin(x)*cos(x)"),
        ("x(x+1)", "x*(x+1)"),
        ("2x/3", "2*x/3"),
        ("x²y", "x^2*y"),
        ("x^2 y", "x^2*y"),
        ("e^(-x)x", "e^(-x)*x"),
        ("½x", "(1/2)*x"),
        ("πr²", "π*r^2"),
        ("2πr", "2*π*r"),
        ("u = 2; u(x+1)", "u = 2; u*(x+1)"),
        ("2x if x>0 else -x", "2*x if x>0 else -x"),
        ("x and 2y", "x and 2*y"),
    ],
    "applications": [
        ("sin x", "sin(x)"),
        ("sin 2x", "sin(2*x)"),
        ("sin x^2", "sin(x^2)"),
        ("sin x cos x", "sin(x)*cos(x)"),
        ("ln x + 1", "ln(x) + 1"),
        ("sqrt 2", "sqrt(2)"),
        ("sin cos x", "sin(cos(x))"),
        ("ln x/ln 2", "ln(x)/ln(2)"),
        ("sin^2 x", "sin(x)^2"),
        ("sin²(x)", "sin(x)^2"),
        ("tan³ 2x", "tan(2*x)^3"),
        ("sin^-2 x", "sin(x)^(-2)"),
        ("log_2(x)", "log2(x)"),
        ("log₁₀ x", "log10(x)"),
        ("log_3 x", "(log(x)/log(3))"),
        ("Sin x", "sin(x)"),
        ("EXP(x)", "exp(x)"),
        ("ReLU(x)", "relu(x)"),
        ("tg x + ch(y)", "tan(x) + cosh(y)"),
        ("σ(x)Γ(y)", "sigmoid(x)*gamma(y)"),
        ("ln|x|", "ln(abs(x))"),
        ("if(x>0,x,-x)", "where(x>0,x,-x)"),
        ("e^sin x", "e^sin(x)"),
        ("1/sin x", "1/sin(x)"),
    ],
    "signs": [
        ("√x", "sqrt(x)"),
        ("√(x+1)y", "sqrt(x+1)*y"),
        ("√x+1", "sqrt(x)+1"),
        ("3√x", "3*sqrt(x)"),
        ("∛x", "cbrt(x)"),
        ("|x|", "abs(x)"),
        ("||x|-1|", "abs(abs(x)-1)"),
        ("|x||y|", "abs(x)*abs(y)"),
        ("2|x|+3|y|", "2*abs(x)+3*abs(y)"),
        ("e^|x|", "e^abs(x)"),
        ("n!/2", "gamma(n + 1)/2"),
        ("3!x", "gamma(3 + 1)*x"),
        ("30°", "(30*pi/180)"),
        ("⌈x⌉ + ⌊y/2⌋", "ceil(x) + floor(y/2)"),
    ],
}

AMBIGUOUS = [
    ("1/2x", "1/2*x", "1/(2*x)"),
    ("a/b c", "a/b*c", "a/(b*c)"),
    ("2/3(x+1)", "2/3*(x+1)", "2/(3*(x+1))"),
    ("x^2y", "x^2*y", "x^(2*y)"),
    ("e^2x", "e^2*x", "e^(2*x)"),
    ("e^-2x", "e^-2*x", "e^(-2*x)"),
    ("sin x/2", "sin(x)/2", "sin(x/2)"),
    ("sin x y", "sin(x)*y", "sin(x*y)"),
    ("sin x(x+1)", "sin(x)*(x+1)", "sin(x*(x+1))"),
    ("sin^-1 x", "arcsin(x)", "(1/sin(x))"),
    ("sin x!", "gamma(sin(x) + 1)", "sin(gamma(x + 1))"),
    ("√2x", "sqrt(2)*x", "sqrt(2*x)"),
    ("√x²", "sqrt(x)^2", "sqrt(x^2)"),
    ("|a|b|c|", "abs(a)*b*abs(c)", "abs(a*abs(b)*c)"),
    ("5e-2x", "5e-2*x", "5*e - 2*x"),
    ("5%x", "5/100*x", "mod(5, x)"),
    ("x ± 1", "x + 1", "x - 1"),
    ("x 2", "x*2", "x^2"),
    ("1 000*x", "1*000*x", "1000*x"),
    ("ln sin x cos x", "ln(sin(x))*cos(x)", "ln(sin(x*cos(x)))"),
    ("1/2x + 1/3y", "1/2*x + 1/3*y", "1/(2*x) + 1/(3*y)"),
]


@pytest.mark.parametrize(("text", "plain"), [row for rows in READ.values() for row in rows])
def test_what_has_one_reading_is_read_so(text: str, plain: str) -> None:
    """The plain text is read as it stands, and is the same function."""
    expression = elaborate(text, NAMES)
    assert (expression.source, expression.plain, expression.notes[0]) == (text, plain, f"read as {plain}")
    again = elaborate(plain, NAMES)
    assert again.reading is None
    assert again.program == expression.program


@pytest.mark.parametrize(("text", "one", "other"), AMBIGUOUS)
def test_what_has_two_readings_is_refused_with_both(text: str, one: str, other: str) -> None:
    with pytest.raises(DiffError) as caught:
        elaborate(text, NAMES)
    assert (caught.value.message, caught.value.hint) == ("this is read in two ways", f"write {one}, or {other}")
    assert caught.value.kind == "ambiguous"
    for reading in (one, other):
        assert elaborate(reading, NAMES).reading is None


@pytest.mark.parametrize(
    "text",
    ["xy", "sinx", "xsin(x)", "f(x)", "x!!", "1,5*x", "x^2=4", "y' = 2x", "x for x in y", "0x10", "x||y", "{x, y}"],
)
def test_what_is_no_formula_is_refused(text: str) -> None:
    with pytest.raises(DiffError):
        make_case(text, {"x": 1.0})


@pytest.mark.parametrize(
    ("text", "plain", "name", "question"),
    [
        ("w = x^2", "x^2", "w", None),
        ("f(x) = x(x+1)", "x*(x+1)", "f", None),
        ("F(u, v) = u v", "u*v", "F", None),
        ("d/dx x^2", "x^2", None, Question("x")),
        ("d/dt (t^2 + a)", "t^2 + a", None, Question("t")),
        ("d(x^2)/dx", "x^2", None, Question("x")),
        ("∂/∂x (x*y)", "x*y", None, Question("x")),
        ("d²/dx² sin x", "sin(x)", None, Question("x", 2)),
        ('"x^2"', "x^2", None, None),
    ],
)
def test_what_stands_around_a_formula(text: str, plain: str, name: str | None, question: Question | None) -> None:
    reading = elaborate(text).reading
    assert reading is not None
    assert (reading.text, reading.name, reading.question) == (plain, name, question)


def test_a_question_asks_by_its_variable() -> None:
    assert make_case("d/dx (x^2*y)", {"x": 1.0, "y": 2.0}).wrt == ("x",)
    assert make_case("d²/dx² x^3", {"x": 1.0}).wanted.order == 2
    with pytest.raises(DiffError, match="--wrt for others"):
        make_case("d/dx (x^2*y)", {"x": 1.0, "y": 2.0}, ["y"])


def test_an_equation_is_refused_with_both_ways_out() -> None:
    with pytest.raises(DiffError) as caught:
        elaborate("x^2 + y^2 = 25")
    assert (caught.value.kind, caught.value.span) == ("equation", (10, 11))
    assert "--implicit y" in str(caught.value.hint)
    assert caught.value.mended == ("x^2 + y^2 - 25",)


def test_the_subscript_of_a_name_is_that_of_a_name_in_play() -> None:
    assert elaborate("x₁", {"x1": ()}).plain == "x1"
    assert elaborate("x₁", {"x1": (), "x_1": ()}).plain == "x_1"
    assert elaborate("𝛼*2", {"𝛼": ()}).reading is None


def test_a_fault_stands_where_it_was_typed() -> None:
    with pytest.raises(DiffError) as caught:
        elaborate("2x⁻² + sinn(x)")
    assert (caught.value.source, caught.value.span) == ("2x⁻² + sinn(x)", (7, 11))


def test_translations_follow_one_another() -> None:
    first = Translation("x^2", [3, 4, 5, 6])
    assert first.then(Translation("x**2", [0, 1, 1, 2, 3])) == Translation("x**2", [3, 4, 4, 5, 6])
    assert first.span((1, 3)) == (4, 6)


POINTS = [
    ("x＝1", {"x": 1.0}),
    ("x=1，y=2", {"x": 1.0, "y": 2.0}),
    ("x=1；y=2", {"x": 1.0, "y": 2.0}),
    ("x:1", {"x": 1.0}),
    ("x=2π", {"x": 2 * math.pi}),
    ("x = ½", {"x": 0.5}),
    ("x=√4", {"x": 2.0}),
    ("x=−２", {"x": -2.0}),
    ("ｘ=180°", {"x": math.pi}),
]


@pytest.mark.parametrize(("text", "point"), POINTS)
def test_points_are_read_as_kindly(text: str, point: dict[str, float]) -> None:
    assert read_point(text) == point


@pytest.mark.parametrize("text", ["x=1,5", "1,2"])
def test_a_decimal_comma_in_a_point_is_refused_with_both_readings(text: str) -> None:
    with pytest.raises(DiffError) as caught:
        read_point(text, lambda: "x")
    assert ", or x=" in str(caught.value.hint)


# --- a corpus
def _rows(file: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (CASES / file).read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize("row", _rows("notations.jsonl"), ids=lambda row: f"{row['text']} at {row.get('at')}")
def test_the_corpus_is_read_or_refused_as_stated(row: dict[str, Any]) -> None:
    try:
        case = make_case(row["text"], read_point(row.get("at") or "", lambda: "x"))
    except DiffError:
        assert row.get("refuse") or row.get("may_refuse")
        return
    assert not row.get("refuse")
    if row.get("value") is None or isinstance(row["value"], list):
        return
    wanted = [float(row["gradient"][name]) for name in case.wrt if row["gradient"].get(name) is not None]
    if wanted:
        assert gradient(row["text"], case.at) == pytest.approx(wanted, rel=1e-12)


def test_what_is_plain_is_never_written_otherwise() -> None:
    """Every legal text of the corpora is its own translation."""
    for row in _rows("dev.jsonl"):
        assert written(row["expr"], row["at"]) is None, row["expr"]
        assert elaborate(row["expr"], dict.fromkeys(row["at"], ())).reading is None or not row["expr"].isascii()


@pytest.mark.parametrize(
    "text",
    [
        " + ".join(["2x y"] * 20_000),
        "sin x" + " cos x" * 20_000,
        "|x| + " * 20_000 + "1",
        "√" * 20_000 + "x",
        "(" * 9_000 + "2x" + ")" * 9_000,
        "sin " * 9_000 + "x",
        "x!" + " + x!" * 20_000,
    ],
    ids=lambda text: text[:9],
)
def test_long_texts_are_read_without_recursion(text: str) -> None:
    translation = written(text, ["x", "y"])
    assert translation is not None
    assert parse(translation.text)
    assert list(translation.starts) == sorted(translation.starts)
