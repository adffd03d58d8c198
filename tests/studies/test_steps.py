"""The steps are the table's rules, every one of them proved, and their last line is the derivative."""

import json
import re
import shutil
import subprocess
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from diffcli.ad.rules import rule_program
from diffcli.cli.main import main
from diffcli.core.evaluate import evaluate
from diffcli.core.primitives import CODE, DEFINITIONS, FUNCTIONS, PRIMITIVES
from diffcli.core.program import Program
from diffcli.numbers.float64 import FLOAT64
from diffcli.problem.point import flat, shape_of
from diffcli.reports.mathml import NAMESPACE
from diffcli.reports.steps import told
from diffcli.reports.typesetting import LATEX, typeset
from diffcli.runtime.errors import DiffError
from diffcli.studies.formulas import FORMS, read
from diffcli.studies.steps import Lesson, Steps, steps
from diffcli.syntax import elaborate
from diffcli.truth.certify import certify

CASES = [json.loads(line) for line in (Path(__file__).parent.parent / "cases" / "dev.jsonl").read_text().splitlines()]
RUBI = [case for case in CASES if "rubi" in case["tags"]]

# One expression for each function of the language, with points inside its domain.
CALLS = {
    **{name: f"{name}(x)" for name in FUNCTIONS if PRIMITIVES[FUNCTIONS[name]].arity == 1},
    **{name: f"{name}(x, y)" for name in FUNCTIONS if PRIMITIVES[FUNCTIONS[name]].arity == 2},
    "fma": "fma(x, y, x)",
    "polygamma": "polygamma(2, x)",
    "where": "where(x < y, x**2, y)",
    **{name: f"{name}(x)" for name in ("square", "reciprocal", "leaky_relu", "gelu", "silu", "sinc")},
    "clip": "clip(x, 0, y)",
    "norm": "norm([x, y])",
    "logsumexp": "logsumexp([x, y])",
    "softmax": "softmax([x, y])[0]",
    "dot": "dot([x, 2], [y, x])",
    "prod": "prod([x, y, x])",
    "mean": "mean([x, y])",
}
POINTS = {"acosh": {"x": 1.5, "y": 2.5}}


def lessons(source: str, **at: object) -> tuple[Lesson, ...]:
    return steps(source, at).lessons  # type: ignore[arg-type]


def verdicts(lesson: Lesson) -> set[str]:
    return {step.check.verdict for block in lesson.blocks for step in block.steps} | {lesson.check.verdict}


def holds(found: Steps) -> bool:
    """Whether the formula, read again from its text, has the certified derivative as its proved value."""
    shapes = {name: shape_of(value) for name, value in found.at.items()}
    problem = found.case.problem_at(found.at)
    for lesson in found.lessons:
        again = elaborate(lesson.formula, shapes)
        value = certify(again.program, (), [x for name in again.shapes for x in flat(found.at[name])])
        truth = certify(problem.program, (problem.program.inputs.index(lesson.variable),), problem.point)
        assert value.values, lesson.formula
        assert truth.derivative, lesson.formula
        if not value.values[0].overlaps(truth.derivative[0]):
            return False
    return True


# --- where the rules come from
@pytest.mark.parametrize(("name", "varying"), FORMS, ids="-".join)
def test_a_rule_as_it_is_taught_is_the_rule_of_the_table(name: str, varying: str) -> None:
    taught, table = read(FORMS[name, varying]), rule_program(CODE[name])
    for a, b, da, db in [(1.5, 2.5, 0.7, -0.3), (0.25, -3.0, 1.0, 2.0), (7.0, 0.5, -1.25, 0.5)]:
        y = FLOAT64.functions[CODE[name]](a, b)
        numbers = {"a": a, "b": b, "y": y, "da": da * ("a" in varying), "db": db * ("b" in varying)}
        values = [evaluate(rule, [numbers[read] for read in rule.inputs], FLOAT64)[0] for rule in (taught, table)]
        assert values[0] == pytest.approx(values[1], rel=1e-13, abs=0)


def test_no_other_rule_is_written_again() -> None:
    assert {name for name, _ in FORMS} == {"div", "pow"}


@pytest.mark.parametrize("name", sorted(CALLS))
def test_every_function_is_derived_and_every_step_is_proved(name: str) -> None:
    found = steps(CALLS[name], POINTS.get(name, {}))
    for lesson in found.lessons:
        assert verdicts(lesson) == {"agrees"}
    assert holds(found)


def test_no_function_of_the_language_is_left_out() -> None:
    assert {*FUNCTIONS, *DEFINITIONS} - {"pow", "heaviside"} <= {*CALLS}


@pytest.mark.parametrize("case", RUBI, ids=lambda case: case["id"])
def test_integrals_of_textbooks_are_differentiated_back(case: dict) -> None:
    found = steps(case["expr"], case["at"], case["wrt"])
    for lesson in found.lessons:
        assert verdicts(lesson) == {"agrees"}
        assert lesson.check.truth == pytest.approx(float(case["gradient"][lesson.variable]), rel=1e-14, abs=0)
    assert holds(found)


# --- the rules by name
@pytest.mark.parametrize(
    ("source", "titles", "formula"),
    [
        ("x**2 + sin(x)", ["sum rule", "power rule", "sine"], "2*x + cos(x)"),
        ("x - exp(x)", ["difference rule", "exponential function"], "1 - exp(x)"),
        ("3*x", ["constant factor"], "3"),
        ("x*sin(x)", ["product rule", "sine"], "sin(x) + x*cos(x)"),
        ("sin(x)/x", ["quotient rule", "sine"], "(x*cos(x) - sin(x))/x**2"),
        ("1/x", ["reciprocal rule"], "-1/x**2"),
        ("x/4", ["constant divisor"], "1/4"),
        ("sin(x**2)", ["chain rule, sine", "power rule"], "2*x*cos(x**2)"),
        ("2**x", ["exponential rule"], "2**x*log(2)"),
        ("e**x", ["exponential rule"], "e**x"),
        ("x**x", ["general power, by logarithmic differentiation"], "x**x*(log(x) + 1)"),
        ("x**(3/2)", ["power rule"], "3*x**(1/2)/2"),
        ("(2 + 3*x)**5", ["chain rule, power rule", "sum rule", "constant factor"], "15*(2 + 3*x)**4"),
        ("-cos(x)", ["constant factor −1", "cosine"], "sin(x)"),
        ("abs(x)", ["absolute value"], "sign(x)"),
        ("where(x > 1, x**2, 2*x - 1)", ["piece by piece", "power rule", "difference rule", "constant factor"],
         "where(x > 1, 2*x, 2)"),
        ("x*detach(x)", ["product rule", "detach: held constant"], "detach(x)"),
        ("0.1*x**2", ["constant factor", "power rule"], "0.2*x"),
        ("0.3*x*x", ["product rule", "constant factor"], "0.6*x"),
        ("5", [], "0"),
        ("x", [], "1"),
    ],
)  # fmt: skip
def test_rules_are_named_and_formulas_tidied(source: str, titles: list[str], formula: str) -> None:
    found = steps(source, {"x": 1.25}, ["x"])
    (lesson,) = found.lessons
    assert [step.title for block in lesson.blocks for step in block.steps] == titles
    assert lesson.formula == formula
    assert holds(found)


def test_a_step_shows_the_rule_what_it_is_applied_to_and_the_result_so_far() -> None:
    (lesson,) = lessons("x*sin(x**2)", x=0.5)
    step = lesson.blocks[0].steps[1]
    assert [side.text for side in step.statement] == ["sin(u)", "cos(u)*u'"]
    assert (step.applied.text, step.result.text) == ("sin(x**2)", "cos(x**2)*d/dx[x**2]")
    assert step.so_far is not None
    assert step.so_far.text == "sin(x**2) + x*cos(x**2)*d/dx[x**2]"


def test_what_has_a_name_is_differentiated_first_and_used_by_name() -> None:
    found = steps("u = x**2 + y; u*exp(u)", {"x": 0.5, "y": 1.0}, ["x"])
    (lesson,) = found.lessons
    assert [block.name for block in lesson.blocks] == ["u", "f"]
    assert lesson.formula == "u = x**2 + y; du = 2*x; du*exp(u) + u*exp(u)*du"
    assert holds(found)


def test_names_that_are_taken_are_left_alone() -> None:
    found = steps("u = x**2; du = 3*x; f = u*du; t1 = f + dx; sin(t1)*t1", {"x": 0.5, "dx": 2.0}, ["x"])
    assert verdicts(found.lessons[0]) == {"agrees"}
    assert holds(found)


def test_a_variable_keeps_its_name_where_parts_are_given_names() -> None:
    found = steps("+".join(["x*x"] * 100) + " + t1*t3", {"x": 0.5, "t1": 2.0, "t3": 3.0}, ["x", "t1"])
    for lesson in found.lessons:
        names = [block.name for block in lesson.blocks]
        assert len(names) > 2
        assert len(set(names)) == len(names)
        assert not {"t1", "t3"} & set(names)
        assert verdicts(lesson) == {"agrees"}
    assert [lesson.check.truth for lesson in found.lessons] == [100.0, 3.0]


def test_entries_of_vectors_are_variables() -> None:
    found = steps("v[0]*sin(v[1]) + dot(v, v)", {"v": (1.0, 2.0)}, ["v[1]"])
    (lesson,) = found.lessons
    assert (lesson.variable, lesson.sign) == ("v[1]", "∂/∂v[1]")
    assert holds(found)
    assert len(steps("v[0]*sin(v[1])", {"v": (1.0, 2.0)}).lessons) == 2


def test_a_vector_is_no_function_to_differentiate_by_hand() -> None:
    with pytest.raises(DiffError, match="shape"):
        steps("[x, x**2]", {"x": 1.0})


# --- what is said where a derivative is missing
def test_a_kink_is_said() -> None:
    (lesson,) = lessons("abs(x)", x=0.0)
    assert lesson.check.verdict == "no derivative"
    assert lesson.check.value == 0
    assert "no derivative here" in told(steps("abs(x)", {"x": 0.0}), "text")


def test_a_formula_that_differs_from_the_function_is_found_out() -> None:
    (lesson,) = lessons("where(x == 0, 0, x)", x=0.0)
    assert (lesson.check.verdict, lesson.check.value, lesson.check.truth) == ("differs", 0.0, 1.0)
    assert "✗ the formula is 0, the truth 1" in told(steps("where(x == 0, 0, x)", {"x": 0.0}), "text")


def test_a_wrong_rule_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """The truth knows no rule: what is planted in the teaching layer shows."""
    from diffcli.studies import formulas

    monkeypatch.setitem(formulas.FORMS, ("div", "ab"), "(da*b + a*db)/b**2")
    formulas.rule_of.cache_clear()
    try:
        (lesson,) = lessons("sin(x)/x", x=0.5)
    finally:
        formulas.rule_of.cache_clear()
    assert lesson.check.verdict == "differs"


def test_a_point_is_chosen_where_the_derivative_is_regular() -> None:
    found = steps("log(x - 3) + sqrt(y)", {})
    assert found.chosen
    assert found.at["x"] > 3
    assert holds(found)
    assert steps("x*y", {"y": 2.0}, ["x"]).at["y"] == 2.0


# --- size
@pytest.mark.parametrize("source", ["sin(" * 600 + "x" + ")" * 600, "+".join(["x*x"] * 600), "*".join(["x"] * 300)])
def test_long_expressions_are_cut_to_named_parts(source: str) -> None:
    found = steps(source, {"x": 0.5})
    text = told(found, "text", 80)
    assert max(map(len, text.splitlines())) <= 80
    assert all(len(step.result.text) < 5000 for block in found.lessons[0].blocks for step in block.steps)


# --- formats
SHOWN = (
    "u = alpha_1**2 + 1; sin(u)/u - 3*x_2**3/4 + e**(2*alpha_1)",
    "max(x, 0.5)*abs(x) + cbrt(x) + where(x > 1, x**2, 2*x - 1) + floor(x)*log2(x)",
    "x**y + polygamma(1, x) + 1e-20*hypot(x, y) + (-x)**2 + gamma(x)*atan2(x, y) + Temperatur*θ",
    "softmax([x, y])[0] + exp2(x) - -y",
)


@pytest.mark.parametrize("source", SHOWN)
def test_mathml_is_well_formed(source: str) -> None:
    page = ET.fromstring(told(steps(source, {}), "mathml"))
    formulas = page.findall(f".//{{{NAMESPACE}}}math")
    assert len(formulas) > 5
    counts = {"mfrac": 2, "msup": 2, "msub": 2, "msubsup": 3, "mroot": 2}
    for formula in formulas:
        assert {element.tag.partition("}")[0] for element in formula.iter()} == {"{" + NAMESPACE}
        for element in formula.iter():
            name = element.tag.partition("}")[2]
            assert len(element) == counts.get(name, len(element)), ET.tostring(element)


@pytest.mark.parametrize("source", SHOWN)
def test_latex_is_balanced(source: str) -> None:
    document = told(steps(source, {}), "latex")
    bare = document.replace(r"\{", "").replace(r"\}", "")
    assert bare.count("{") == bare.count("}")
    assert len(re.findall(r"\\left\W|\\left\\", document)) == len(re.findall(r"\\right\W|\\right\\", document))
    assert document.isascii()


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="no pdflatex here")
@pytest.mark.parametrize("source", SHOWN)
def test_latex_compiles(source: str, tmp_path: Path) -> None:
    (tmp_path / "steps.tex").write_text(told(steps(source, {}), "latex"))
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "steps.tex"]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, timeout=60, check=False)
    assert run.returncode == 0, run.stdout.decode(errors="replace")[-2000:]


def program(source: str) -> Program:
    return elaborate(source).program


@pytest.mark.parametrize(
    ("source", "latex"),
    [
        ("(x + 1)/2", r"\frac{x + 1}{2}"),
        ("x**2*y", r"x^{2} \, y"),
        ("(x + y)**2", r"{\left( x + y \right)}^{2}"),
        ("sqrt(x)*cbrt(y)", r"\sqrt{x} \, \sqrt[3]{y}"),
        ("alpha_1 - (x_2 - y)", r"\alpha_{1} - \left( x_{2} - y \right)"),
        ("x*(-y)", r"x \, \left( - y \right)"),
        ("-(x + y)", r"- \left( x + y \right)"),
        ("2**-x", r"2^{- x}"),
        ("asin(x) + log(x)", r"\arcsin\left( x \right) + \ln\left( x \right)"),
        ("pi*1e-20*x", r"\pi \, 1 \times 10^{- 20} \, x"),
    ],
)
def test_latex_as_it_is_printed(source: str, latex: str) -> None:
    assert typeset(program(source), LATEX) == latex


def test_json_has_every_step() -> None:
    found = json.loads(told(steps("x*sin(x)", {"x": 1.0}), "json"))
    (derivative,) = found["derivatives"]
    assert derivative["formula"] == "sin(x) + x*cos(x)"
    assert [step["rule"] for step in derivative["blocks"][0]["steps"]] == ["product rule", "sine"]
    assert derivative["check"]["verdict"] == "agrees"


def test_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["steps", "x*sin(x)", "--at", "x=1"]) == 0
    screen = capsys.readouterr().out
    assert "product rule" in screen
    assert "df/dx = sin(x) + x*cos(x)" in screen
    assert main(["steps", "x*sin(x)", "-f", "latex", "-o", str(tmp_path / "f.tex")]) == 0
    assert r"\documentclass" in (tmp_path / "f.tex").read_text()
