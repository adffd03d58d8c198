"""Expression swell: the table of Baydin et al. (2018), exact sizes, and time limits that hold."""

from __future__ import annotations

import json
import time
from fractions import Fraction
from itertools import zip_longest
from math import prod
from typing import Any

import pytest
import sympy

from diffcli.cli.main import main
from diffcli.core.evaluate import evaluate
from diffcli.core.program import count, count_written
from diffcli.methods import METHODS
from diffcli.numbers.float64 import FLOAT64
from diffcli.problem.understanding import make_case
from diffcli.reports.studies import written
from diffcli.reports.tell.swell import tell
from diffcli.runtime.errors import DiffError
from diffcli.studies.study import Study
from diffcli.studies.swell import FAMILIES, TABLE_1, growth, swell, template

X = sympy.Symbol("x", real=True)


def formula(text: str) -> Any:
    return sympy.sympify(text.replace("^", "**"), locals={"x": X}, rational=True)


def told(*arguments: Any, **options: Any) -> Study:
    return tell(swell(*arguments, **options))


def sizes(study: Study) -> list[dict[str, Any]]:
    found: Any = study.facts["sizes"]
    return list(found)


def logistic(n: int) -> Any:
    value = X
    for _ in range(n - 1):
        value = 4 * value * (1 - value)
    return value


# --- Table 1
@pytest.mark.parametrize("n", [1, 2, 3, 4])
def test_table_1_is_the_logistic_map(n: int) -> None:
    function, derivative, simplified = map(formula, TABLE_1[n - 1])
    assert sympy.expand(function - logistic(n)) == 0
    assert sympy.expand(derivative - logistic(n).diff(X)) == 0
    assert sympy.expand(simplified - derivative) == 0


class Polynomial:
    """Whole coefficients, from the constant upwards: arithmetic that knows no SymPy."""

    def __init__(self, *coefficients: int) -> None:
        self.coefficients = list(coefficients)
        while self.coefficients and not self.coefficients[-1]:
            self.coefficients.pop()

    def __add__(self, other: Polynomial | int) -> Polynomial:
        pairs = zip_longest(self.coefficients, _polynomial(other).coefficients, fillvalue=0)
        return Polynomial(*(a + b for a, b in pairs))

    def __mul__(self, other: Polynomial | int) -> Polynomial:
        found = [0] * (len(self.coefficients) + len(_polynomial(other).coefficients))
        for i, a in enumerate(self.coefficients):
            for k, b in enumerate(_polynomial(other).coefficients):
                found[i + k] += a * b
        return Polynomial(*found)

    def __sub__(self, other: Polynomial | int) -> Polynomial:
        return self + _polynomial(other) * -1

    def __rsub__(self, other: int) -> Polynomial:
        return self * -1 + other

    def __pow__(self, times: int) -> Polynomial:
        return prod([self] * times, start=Polynomial(1))

    __radd__, __rmul__ = __add__, __mul__

    def slope(self) -> Polynomial:
        return Polynomial(*(k * a for k, a in enumerate(self.coefficients) if k))


def _polynomial(value: Polynomial | int) -> Polynomial:
    return value if isinstance(value, Polynomial) else Polynomial(value)


@pytest.mark.parametrize("n", [1, 2, 3, 4])
def test_table_1_holds_in_whole_numbers(n: int) -> None:
    """As sums of powers of x: l_n by its recurrence, its slope term by term, and what is printed of both."""
    value = x = Polynomial(0, 1)
    for _ in range(n - 1):
        value = 4 * value * (1 - value)
    texts = [text.replace("^", "**") for text in TABLE_1[n - 1]]
    printed = [_polynomial(eval(text, {"x": x})).coefficients for text in texts]  # noqa: S307 - our own table
    assert printed == [value.coefficients, value.slope().coefficients, value.slope().coefficients]
    assert len(value.coefficients) == 2 ** (n - 1) + 1


def test_table_1_is_reproduced_by_sympys_derivative() -> None:
    """Operations as printed, simplified, and of SymPy's derivative: equal but where SymPy adds up 4*(1 - x) - 4*x."""
    rows: Any = told(up_to=2).facts["table_1"]
    operations = [tuple(row["operations"].values()) for row in rows]
    assert operations == [(0, 0, 0), (4, 2, 2), (19, 9, 19), (57, 21, 57)]
    for row in rows:
        assert sympy.expand(formula(row["symbolic"]) - formula(row["derivative"])) == 0
    assert len(formula(rows[2]["symbolic"]).args) == 3
    assert len(formula(rows[3]["symbolic"]).args) == 4


def test_the_words_say_what_was_found() -> None:
    said = " ".join(told(up_to=8).sentences)
    assert "for n = 1, 3 and 4" in said
    assert "4 - 8*x, where 4*(1 - x) - 4*x is printed" in said
    assert "as written grows 2.61 times in the last step: exponentially" in said
    assert "Forward and reverse grow by 8 a step: linearly" in said


# --- sizes
def test_the_logistic_map_swells() -> None:
    found = sizes(told(up_to=10))
    assert [row["named"]["f"] for row in found] == [3 * k for k in range(10)]
    assert [row["substituted"]["f"] for row in found] == [3 * (2**k - 1) for k in range(10)]
    assert [row["named"]["forward"] for row in found][2:] == [8 * k - 2 for k in range(2, 10)]
    assert [row["named"]["tape"] for row in found] == [3 * k for k in range(10)]
    assert [row["symbolic"]["written"]["total"] for row in found][:6] == [0, 2, 21, 82, 264, 768]


@pytest.mark.parametrize("family", list(FAMILIES))
@pytest.mark.parametrize("n", [1, 2, 5])
def test_names_and_substitution_are_the_same_function(family: str, n: int) -> None:
    chosen = FAMILIES[family]
    at = chosen.at(n)
    one, other = (make_case(make(n), at).problem for make in (chosen.function, chosen.substituted))
    assert count_written(one.program, one.program.outputs) == count(other.program)
    slopes = []
    for problem in (one, other):
        (program,) = METHODS["reverse"].load()(problem).sweeps
        slopes.append(evaluate(program, problem.point, FLOAT64))
    assert len(slopes[0]) == 1 + len(at)
    assert slopes[0] == pytest.approx(slopes[1], rel=1e-12, abs=0)


def test_speelpenning() -> None:
    found = sizes(told("product", 8))
    assert [row["named"]["reverse"] for row in found][2:] == [3 * n - 5 for n in range(3, 9)]
    assert [row["symbolic"]["written"]["total"] for row in found][1:] == [n * (n - 2) for n in range(2, 9)]
    assert "Forward grows with the square of n." in told("product", 8).sentences


def test_nested_sines() -> None:
    found = sizes(told("nested", 6))
    assert [row["named"]["forward"] for row in found] == [3 * n - 1 for n in range(1, 7)]
    assert [row["symbolic"]["written"]["total"] for row in found] == [n + n * (n - 1) // 2 + n - 1 for n in range(1, 7)]
    assert [row["symbolic"]["shared"]["total"] for row in found] == [3 * n - 1 for n in range(1, 7)]


def test_a_template_is_a_family() -> None:
    own, given = sizes(told(up_to=6, body="4*l*(1 - l)")), sizes(told(up_to=6))
    assert [row["named"] for row in own] == [row["named"] for row in given]
    assert [row["symbolic"]["written"] for row in own] == [row["symbolic"]["written"] for row in given]
    assert (
        template("r*l*(1 - l)", {"r": 3.5}).function(3) == "l_1 = l; l_2 = r*l_1*(1 - l_1); l_3 = r*l_2*(1 - l_2); l_3"
    )
    assert template("exp(x)*x", {}).substituted(3) == "exp((exp(x)*x))*(exp(x)*x)"


def test_the_tape_remembers_conditions_that_cost_nothing() -> None:
    found = sizes(told(up_to=4, body="where(l < 1, l*l, l)"))
    assert [row["named"]["f"] for row in found] == [0, 1, 2, 3]
    assert [row["named"]["tape"] for row in found] == [0, 2, 4, 6]


def test_the_derivative_is_weighed_against_the_cheaper_mode() -> None:
    """Of x1*...*x8: 8*6 products written out, 3*8 - 5 in reverse mode; forward takes more than either."""
    last = sizes(told("product", 8))[-1]["named"]
    assert last["forward"] > 48 > last["reverse"] == 19
    said = "At n = 8 SymPy's derivative has 48 operations as written, 2.53 times those of the cheaper mode."
    assert said in told("product", 8).sentences


@pytest.mark.parametrize("body", ["3", "[l, l]", "a = l; a*a"])
def test_what_is_no_template_is_said(body: str) -> None:
    with pytest.raises(DiffError, match="template"):
        told(body=body)


# --- growth
@pytest.mark.parametrize(
    ("size", "words"),
    [
        (lambda _: 7, "stays the same"),
        (lambda n: 8 * n - 2, "by 8 a step: linearly"),
        (lambda n: n * n + 3, "square of n"),
        (lambda n: 2**n, "2 times in the last step: exponentially"),
        (lambda n: n * 2**n, "exponentially"),
        (lambda n: n**3 + n, "about like n^"),
        (lambda n: n**4, "about like n^"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("last", [6, 10, 20])
def test_growth_is_told(size: Any, words: str, last: int) -> None:
    assert words in growth([size(n) for n in range(1, last + 1)])


# --- limits
def test_time_limits_hold_and_rows_beyond_say_so() -> None:
    begun = time.monotonic()
    study = told(up_to=40, timeout=0.5)
    assert time.monotonic() - begun < 20
    found = sizes(study)
    assert len(found) == 40
    assert found[-1]["symbolic"] == {"failed": "over 0.5 s"}
    assert found[-1]["named"]["forward"] == 8 * 39 - 2
    assert found[-1]["substituted"]["f"] == 3 * (2**39 - 1)
    assert study.tables[0].rows[-1][-1] == "over 0.5 s"
    late = next(row["n"] for row in found if "failed" in row["symbolic"])
    assert f"SymPy needs more than 0.5 s for n = {late}; it was not asked beyond." in study.sentences


def test_giant_sizes_are_exact_in_data_and_short_on_screens() -> None:
    big = told(up_to=100, timeout=0.05, whole=True)
    assert sizes(big)[-1]["substituted"]["f"] == 3 * (2**99 - 1)
    assert Fraction(str(json.loads(written(big, "json"))["sizes"][-1]["substituted"]["f"])) == 3 * (2**99 - 1)
    assert max(map(len, written(told(up_to=100, timeout=0.05), "table").splitlines())) <= 200


def test_programs_are_given_whole_formulas() -> None:
    """The formula of n = 4 is too long for a screen, and whole in CSV and JSON."""
    shown, whole = told(up_to=6), told(up_to=6, whole=True)
    assert "… (82 operations)" in str(shown.tables[2].rows)
    for text in (written(whole, "csv"), written(whole, "json")):
        assert "…" not in text
    for n, function, derivative in whole.tables[2].rows:
        assert isinstance(n, int)
        assert sympy.expand(formula(str(function)) - logistic(n)) == 0
        assert sympy.expand(formula(str(derivative)) - logistic(n).diff(X)) == 0
    assert sizes(whole)[3]["symbolic"]["derivative"] == whole.tables[2].rows[3][2]


def test_a_formula_that_is_never_written_out_is_left_out_of_data(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("diffcli.methods.symbolic.LONGEST_FORMULA", 50)
    monkeypatch.setattr("diffcli.studies.swell.Apart", Here)
    whole = told(up_to=4, whole=True)
    assert "…" not in written(whole, "csv")
    assert [row[2] is None for row in whole.tables[2].rows] == [False, False, False, True]


class Here:
    """In this process, where a limit can be moved."""

    def __init__(self, function: Any, *arguments: Any) -> None:
        self.found = function(*arguments)

    def result(self, seconds: float) -> Any:
        assert seconds > 0
        return self.found


# --- the command line
def test_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["swell", "--up-to", "4"]) == 0
    screen = capsys.readouterr().out
    assert "16*x*(1 - x)*(1 - 2*x)^2" in screen
    assert "4 - 8*x" in screen


@pytest.mark.parametrize("arguments", [["--family", "strange"], ["--up-to", "1"], ["--up-to", "1000"]])
def test_options_are_checked(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["swell", *arguments]) == 2
    assert "error" in capsys.readouterr().err.lower()
