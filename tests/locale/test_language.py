"""The language is chosen, screens and pages are whole in it; what programs read stays English."""

import json
import os
import re
import shutil
import subprocess
import sys
from html import unescape
from pathlib import Path
from typing import get_args

import pytest

from diffcli.cli.main import main
from diffcli.core.primitives import DEFINITIONS, FUNCTIONS, PARAMETRIC_FUNCTIONS, VECTOR_FUNCTIONS
from diffcli.locale.language import language, preferred, set_language, speaking, tr
from diffcli.methods import METHODS
from diffcli.runtime.errors import width
from diffcli.truth.accuracy import Verdict


# --- the language is chosen
def test_the_environment_chooses(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DIFF_COMPARE_LANG", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    assert preferred() == "en"
    monkeypatch.setenv("LANG", "zh_CN.UTF-8")
    assert preferred() == "zh"
    assert preferred(by_locale=False) == "en"
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    assert preferred() == "en"
    monkeypatch.setenv("DIFF_COMPARE_LANG", "zh")
    assert preferred(by_locale=False) == "zh"


def screen(capsys: pytest.CaptureFixture[str], *arguments: str, code: int | None = None) -> str:
    found = main(arguments)
    assert code is None or found == code
    told = capsys.readouterr()
    return told.out + told.err


@pytest.mark.parametrize(
    "arguments",
    [
        ["--lang", "zh", "x^2", "--at", "x=3"],
        ["x^2", "--at", "x=3", "--lang=zh"],
        ["--lang=zh", "expr", "x^2", "--at", "x=3"],
        ["taylor", "--lang", "zh", "x^2", "--at", "x=3"],
    ],
    ids=" ".join,
)
def test_the_option_stands_anywhere(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    shown = screen(capsys, *arguments, code=0)
    assert "真值" in shown or "泰勒" in shown
    assert "truth" in screen(capsys, "x^2", "--at", "x=3", code=0)  # it holds for one command


def test_what_is_behind_two_dashes_is_no_option(capsys: pytest.CaptureFixture[str]) -> None:
    assert "error" in screen(capsys, "--", "--lang", code=2)


def test_an_unknown_language_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    assert screen(capsys, "x", "--lang", "fr", code=2) == "error: unknown language 'fr'\n  write one of: en, zh\n"


def test_speaking_is_for_a_while() -> None:
    set_language("zh")
    with speaking("en"):
        assert tr("truth") == "truth"
    assert (tr("truth"), language()) == ("真值", "zh")


def run(*arguments: str, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "diffcli", *arguments],
        check=False, capture_output=True, text=True, encoding="utf-8", stdin=subprocess.DEVNULL,
        env=os.environ | {"PYTHONUTF8": "1"} | environment,
    )  # fmt: skip
    return done.stdout


def test_a_pipe_is_english_unless_chinese_is_asked_for() -> None:
    english = run("abs(x)", "--at", "x=0", "-m", "forward,reverse", LANG="zh_CN.UTF-8", LC_ALL="zh_CN.UTF-8")
    assert "truth" in english
    assert "真值" in run("abs(x)", "--at", "x=0", "-m", "forward,reverse", DIFF_COMPARE_LANG="zh")


# --- what programs read
COMMANDS = [
    ["abs(x)*y", "--at", "x=0, y=1"],
    ["log(x)", "--at", "x=-1"],
    ["sweep", "abs(x)", "--at", "x=0", "--steps", "9"],
    ["profile", "(1 - cos(x))/x^2", "--over", "x=1e-6:1", "--points", "5"],
    ["trace", "(1 - cos(x))/x^2", "--at", "x=1e-5"],
    ["taylor", "log(1 + x)", "--at", "x=0"],
    ["newton", "x^2 - 2", "--from", "x=1"],
]


@pytest.mark.parametrize("arguments", COMMANDS, ids=" ".join)
@pytest.mark.parametrize("format", ["json", "csv"])
def test_data_formats_are_english(arguments: list[str], format: str, capsys: pytest.CaptureFixture[str]) -> None:
    english = screen(capsys, *arguments, "--format", format)
    chinese = screen(capsys, *arguments, "--format", format, "--lang", "zh")
    timeless = [re.sub(r'"(\w*seconds)": [\d.e-]+|(?<=,)[\d.]+e-\d+(?=,)', "", text) for text in (english, chinese)]
    assert not re.search("[\u4e00-\u9fff]", chinese)
    if format == "json" or arguments[0] in ("sweep", "profile", "trace", "taylor", "newton"):
        assert timeless[0] == timeless[1]


GRAPHS_FOR_PROGRAMS = [["graph", "(1 - cos(x))/x^2", "--at", "x=1e-5"], ["steps", "abs(x)*y", "--at", "x=0, y=1"]]


@pytest.mark.parametrize("arguments", GRAPHS_FOR_PROGRAMS, ids=" ".join)
def test_drawings_and_steps_for_programs_are_english(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    told = [screen(capsys, *arguments, "--format", "json", "--lang", language) for language in ("en", "zh")]
    assert told[0] == told[1]


def test_workers_speak_the_language(tmp_path: Path) -> None:
    rows = tmp_path / "rows.txt"
    rows.write_text("x^2 | x=3\nabs(x) | x=0\n1/2x | x=1\n", encoding="utf-8")
    file = tmp_path / "found.jsonl"
    shown = run("batch", str(rows), "--jobs", "2", "--lang", "zh", "--export", str(file))
    assert [line.split()[1] for line in shown.splitlines()[:3]] == ["准确", "尖点", "错误"]
    verdicts = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    assert [row["status"] for row in verdicts] == ["ok", "ok", "error"]
    assert not re.search("[\u4e00-\u9fff]", file.read_text(encoding="utf-8"))


# --- screens are Chinese
NAMES = {
    *METHODS, *FUNCTIONS, *DEFINITIONS, *PARAMETRIC_FUNCTIONS, *VECTOR_FUNCTIONS, "where", "claim", "diff-compare",
    "forward", "backward", "central", "complex", "reverse", "both", "sign", "Abs", "DiracDelta", "else",
    "SymPy", "NumPy", "Python", "PyTorch", "CasADi", "HIPS", "Baydin", "Speelpenning", "float64",
    "expr", "EXPR", "FILE", "steps", "install", "sympy", "lesson", "json", "jsonl", "csv", "xlsx", "markdown",
    "latex", "html",
    "table",
    "text", "mermaid", "values", "tangents", "adjoints", "python", "flint",
}  # fmt: skip

POINTS = """\
abs(x) | x=0; sqrt(x) | x=0; sqrt(x) | x=-1; log(x) | x=0; log(x) | x=-2; log1p(x) | x=-1; asin(x) | x=1; asin(x) | x=2
acos(x) | x=-1; acosh(x) | x=1; acosh(x) | x=0; atanh(x) | x=1; tan(x) | x=1.5707963267948966; 1/x | x=0; x/x | x=0
cbrt(x) | x=0; x**0.5 | x=0; x**y | x=0, y=0; x**y | x=-1, y=0.5; x**-1 | x=0; x**1.5 | x=0; (-x)**0.3 | x=2
0**x | x=0; max(x, y) | x=1, y=1; min(x, y) | x=2, y=2; relu(x) | x=0; sign(x) | x=0; heaviside(x, 1) | x=0
floor(x) | x=2; ceil(x) | x=3; round(x) | x=0.5; trunc(x) | x=2; mod(x, y) | x=4, y=2; mod(x, y) | x=1, y=0
hypot(x, y) | x=0, y=0; atan2(y, x) | x=0, y=0; atan2(y, x) | x=-1, y=0; gamma(x) | x=0; lgamma(x) | x=-1
digamma(x) | x=-2; xlogy(x, y) | x=0, y=0; x if x > 0 else -x | x=0; where(x < 1, x, x**2) | x=1; x*sin(1/x) | x=0
x**2*sin(1/x) | x=0; abs(sin(x)) | x=0; sqrt(x**2) | x=0; sqrt(x**2 + y**2) | x=0, y=0; exp(x) | x=1000
exp(exp(x)) | x=10; log(abs(x)) | x=0; abs(x)*abs(y) | x=0, y=0; abs(x)**3 | x=0; (1 - cos(x))/x**2 | x=1e-8
(x - y)/(x + y) | x=1, y=1.0000000000000002; exp(x) - 1 | x=1e-17; x**100 | x=1e-300; e | e=3; [x, abs(x)] | x=0
softmax([x, y]) | x=1, y=2; max(x, y, z) | x=1, y=1, z=1; logsumexp([x, y]) | x=0, y=0; x + 0*log(y) | x=1, y=0"""
POINTS = [tuple(part.split(" | ")) for line in POINTS.splitlines() for part in line.split("; ")]


def english_in(shown: str, arguments: list[str]) -> set[str]:
    """Words of four letters and more that are no names and were not typed."""
    typed = set(re.findall(r"[A-Za-z]+", " ".join(arguments)))
    shown = re.sub(r"--[a-z-]+", "", shown)
    words = {word for word in re.findall(r"[A-Za-z]{4,}", shown) if set(word) - set("xo")}  # marks of plots
    pieces = {piece for name in NAMES for piece in re.findall(r"[A-Za-z]+", name)}
    return words - typed - pieces


@pytest.mark.parametrize(("source", "point"), POINTS, ids=lambda text: text.replace(" ", ""))
def test_screens_of_hard_points_are_chinese(source: str, point: str, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = [source, "--at", point, "-m", "forward,reverse,central-difference,complex-step", "--lang", "zh"]
    assert not english_in(screen(capsys, *arguments), arguments)


ORDERS = [
    ["abs(x)*x", "--at", "x=0", "--order", "2"],
    ["x**3", "--at", "x=1", "--order", "3", "-m", "taylor,forward,symbolic"],
    ["x*y", "--at", "x=1, y=2", "--order", "2"],
    ["x*y", "--at", "x=1, y=2", "--jvp", "1,2"],
    ["[x*y, x]", "--at", "x=1, y=2", "--vjp", "1,2"],
    ["x**2*y", "--at", "x=2, y=3", "--claim", "x: 2*x + y"],
    ["x**2*y", "--at", "x=2, y=2", "--claim", "x: 2*x*y + x - y"],
    ["abs(x)", "--at", "x=1", "--claim", "x: 1"],
    ["x**2", "--at", "x=1", "--tape"],
    ["x**2", "--at", "x=1", "--order", "200", "-m", "taylor,forward"],
    ["x**2", "--at", "x=1", "--order", "2", "-m", "complex-step,forward"],
]
STUDIES = [
    ["sweep", "sin(x)", "--at", "x=1"],
    ["sweep", "abs(x)", "--at", "x=0"],
    ["sweep", "x**2", "--at", "x=0"],
    ["sweep", "abs(x)*x", "--at", "x=0"],
    ["sweep", "sin(x)", "--at", "x=1", "--dtype", "float32"],
    ["profile", "(1 - cos(x))/x^2", "--over", "x=-1:1", "--log", "--points", "12"],
    ["profile", "log(x) + y", "--over", "x=-1:2", "--at", "y=1", "--points", "12"],
    ["hunt", "(x - y)/(x + y)", "--over", "x=0:1, y=0:1", "--evaluations", "60"],
    ["hunt", "x + y", "--over", "x=1:2, y=1:2", "--evaluations", "30"],
    ["taylor", "log(1 + x)", "--at", "x=0"],
    ["taylor", "exp(x)", "--at", "x=1", "--distances", "0.5,3"],
    ["taylor", "x^2*y", "--at", "x=1, y=2", "--wrt", "x"],
    ["taylor", "1/(1 + x)", "--at", "x=0", "--distances", "-2"],
    ["newton", "x^2 - 2", "--from", "x=1"],
    ["newton", "x^3 - 2*x + 2", "--from", "x=0"],
    ["newton", "atan(x)", "--from", "x=3"],
    ["newton", "x^2 + 1", "--from", "x=1"],
    ["newton", "(x - 1)^2", "--from", "x=2"],
    ["newton", "sqrt(x) - 3 + log(x)", "--from", "x=0.001"],
    ["newton", "exp(x)", "--from", "x=0"],
    ["newton", "x^2 - y", "--from", "x=1", "--at", "y=3"],
    ["newton", "log(x) - 3", "--from", "x=1000"],
    ["trace", "(1 - cos(x))/x^2", "--at", "x=1e-5"],
    ["trace", "x*y + sin(x)", "--at", "x=1, y=2"],
    ["trace", "sqrt(x)*y", "--at", "x=0, y=1"],
    ["trace", "x/x + exp(y)", "--at", "x=0, y=1000"],
    ["trace", "log(x)", "--at", "x=-1"],
    ["trace", "abs(x) if x > 0 else x^2", "--at", "x=1"],
    ["trace", "x^200*y", "--at", "x=1e-2, y=1e300"],
    ["trace", "0*x + sqrt(y)", "--at", "x=1, y=0"],
    ["trace", "prod([x,x,x,x])*exp(x)", "--at", "x=2", "--mode", "forward"],
    ["swell", "--up-to", "5"],
    ["swell", "--family", "product", "--up-to", "6"],
    ["swell", "--expr", "r*l*(1 - l)", "--at", "r=3.5", "--up-to", "4"],
    ["descend", "x^2", "--from", "x=10"],
    ["descend", "x^2", "--from", "x=10", "--rate", "1.1", "--steps", "10"],
    ["descend", "x^2 + 10*y^2", "--from", "x=1, y=1", "--rate", "0.05", "--way", "batch,momentum,newton"],
    ["descend", "log(x)", "--from", "x=1", "--rate", "0.7"],
    ["rules", "mod", "abs", "pow", "tan", "--points", "20"],
    ["methods"],
    ["steps", "x*sin(x)^2 + exp(2*x) - log(x)/x", "--at", "x=2"],
    ["steps", "abs(x)*y", "--at", "x=0, y=1"],
    ["steps", "u = x^2; u*sqrt(u + 1)"],
    ["graph", "(1 - cos(x))/x^2", "--at", "x=1e-5"],
    ["graph", "(1 - cos(x))/x^2", "--at", "x=1e-5", "--show", "tangents"],
    ["graph", "(1 - cos(x))/x^2", "--at", "x=1e-5", "--show", "adjoints"],
    ["graph", "+".join(f"sin({k}*x)" for k in range(30)), "--at", "x=1"],
]


@pytest.mark.parametrize("arguments", [*ORDERS, *STUDIES], ids=" ".join)
def test_screens_of_commands_are_chinese(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert not english_in(screen(capsys, *arguments, "--lang", "zh"), arguments)


ERRORS = [
    [""],
    ["2x"],
    ["x +"],
    ["* x"],
    ["x + * y"],
    ["(x"],
    ["[x"],
    ["x)"],
    ["(x]"],
    ["x, y"],
    ["(x, y)"],
    ["[]"],
    ["x = y = 1; x"],
    ["x; y"],
    ["foo(x)"],
    ["sine(x)"],
    ["sin(x, y)"],
    ["atan2(x)"],
    ["where(x, y)"],
    ["x if y"],
    ["x else y"],
    ["a = 1; a = 2; a"],
    ["a + (a = 2)"],
    ["x ? y"],
    ["x & y"],
    ["x!"],
    ["x % y"],
    ["x.y"],
    ["|x|"],
    ["x，y"],
    ["'x'"],
    ["x not y"],
    ["1__0"],
    ["x ** * 2"],
    ["polygamma(x, y)"],
    ["x[0]", "--at", "x=1"],
    ["x[0.5]", "--at", "x=[1,2]"],
    ["x[5]", "--at", "x=[1,2]"],
    ["x + y", "--at", "x=[1,2], y=[1,2,3]"],
    ["dot(x, y)", "--at", "x=[1,2], y=[1,2,3]"],
    ["x @ y", "--at", "x=[[1,2]], y=[[1,2]]"],
    ["x @ 2", "--at", "x=[1,2]"],
    ["[x, [x, x]]", "--at", "x=1"],
    ["outer(x, y)", "--at", "x=[[1,2]], y=[1]"],
    ["x if x > 0 else 1", "--at", "x=[1,2]"],
    ["x"],
    ["x*y"],
    ["x", "--at", "x=1, x=2"],
    ["x", "--at", "1,5"],
    ["x", "--at", "x=y"],
    ["x", "--at", "x=1/0"],
    ["x", "--at", "x=1", "--at", "x=2"],
    ["x", "--at", "x=1", "--wrt", "z"],
    ["x", "--at", "x=1", "--wrt", "x,x"],
    ["x", "--at", "x=1", "--order", "0"],
    ["x*y", "--at", "x=1,y=1", "--order", "3"],
    ["x", "--at", "x=1", "--unit"],
    ["[x,x]", "--at", "x=1", "--order", "2"],
    ["x", "--at", "x=1", "--jvp", "1,2"],
    ["x", "--at", "x=1", "--jvp", "0", "--unit"],
    ["x", "--at", "x=1", "--jvp", "1", "--hvp", "1"],
    ["x", "--at", "x=1", "--claim", "x = 2"],
    ["x", "--at", "x=1", "--claim", "y: 2"],
    ["x", "--at", "x=1", "--claim", "x: z"],
    ["x", "--at", "x=1", "--claim", "x: [1,2]"],
    ["x", "--at", "x=1", "-m", "magic"],
    ["x", "--at", "x=1", "-m", "forwards"],
    ["x", "--at", "x=1", "-m", ","],
    ["x", "--at", "x=1", "-f", "yaml"],
    ["x", "--at", "x=1", "--timeout", "0"],
    ["x", "--at", "x=1", "--step", "-1"],
    ["x", "--at", "x=1", "--tolerance", "-1"],
    ["x", "--at", "x=1", "--magic"],
    ["x", "--at"],
    ["x", "--order", "two"],
    ["batch"],
    ["batch", "nothing.txt"],
    ["batch", "samples"],
    ["x", "--at", "x=1", "-o", "/nowhere/at.all"],
    ["x", "--at", "x=1", "--export", "x.doc"],
    ["lesson.py"],
    ["nothing.py:f"],
    ["sweep", "x*y", "--at", "x=1,y=1"],
    ["sweep", "x", "--at", "x=1", "--steps", "1"],
    ["sweep", "x", "--at", "x=1", "-m", "forward"],
    ["profile", "x", "--over", "x"],
    ["profile", "x", "--over", "x=2:1"],
    ["profile", "x", "--over", "x=1:2", "--at", "x=1"],
    ["hunt", "x", "--over", "x=0:1", "--evaluations", "3"],
    ["taylor", "abs(x)", "--at", "x=0"],
    ["taylor", "log(x)", "--at", "x=-1"],
    ["taylor", "x", "--at", "x=1", "--order", "99"],
    ["newton", "x", "--from", "y=1", "--at", "x=2"],
    ["newton", "[x, x]", "--from", "x=1"],
    ["trace", "x", "--at", "x=1", "--mode", "up"],
    ["swell", "--up-to", "1"],
    ["swell", "--expr", "3"],
    ["descend"],
    ["descend", "x", "--from", "y=1"],
    ["descend", "x", "--from", "x=1", "--rate", "-1"],
    ["descend", "x", "--from", "x=1", "--steps", "0"],
    ["rules", "sine"],
    ["rules", "--points", "1"],
    ["graph", "x*y", "--at", "x=1, y=2", "--show", "tangents"],
    ["graph", "[x, x]", "--at", "x=1", "--show", "adjoints"],
    ["graph", "x", "--at", "x=1", "--show", "all"],
    ["graph", "x", "--at", "x=1", "-f", "pdf"],
    ["report", "x"],
]


@pytest.mark.parametrize("arguments", ERRORS, ids=" ".join)
def test_errors_are_chinese(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    shown = screen(capsys, *arguments, "--lang", "zh", code=2)
    assert shown.startswith("错误：")
    assert not english_in(shown, arguments)


# --- pages, pictures and documents are Chinese
PAGES = [
    ["report", "(1 - cos(x))/x^2", "--at", "x=1e-5"],
    ["report", "abs(x)*y if y > 1 and not x > 3 else x", "--at", "x=0, y=2"],
    ["report", "log(x)", "--at", "x=-1"],
    ["report", "[x*y, x]", "--at", "x=1, y=2"],
    ["(1 - cos(x))/x^2", "--at", "x=1e-5", "-f", "html", "--tape"],
    ["x*y", "--at", "x=1, y=2", "-f", "html", "--claim", "x: y + 1"],
    ["dot(v, v)", "--at", "v=[1,2,3,4,5]", "-f", "html"],
    ["batch", "ROWS", "-f", "html"],
    ["graph", "(1 - cos(x))/x^2", "--at", "x=1e-5", "--show", "adjoints", "-f", "svg"],
    ["graph", "x*y + 1", "--at", "x=1, y=2", "--show", "adjoints", "-f", "mermaid"],
    ["graph", "(1 - cos(x))/x^2", "--at", "x=1e-5", "-f", "dot"],
    ["steps", "abs(x)*y if y > 1 else x", "--at", "x=0, y=2", "-f", "mathml"],
    ["abs(x)*y", "--at", "x=0, y=2", "-f", "latex"],
    ["(x*y)^2", "--at", "x=1, y=2", "-f", "latex"],
    ["batch", "ROWS", "-f", "latex"],
    ["batch", "ROWS", "-f", "markdown"],
    ["steps", "abs(x)*y if y > 1 else x", "--at", "x=0, y=2", "-f", "latex"],
]
ROWS = "x^2 | x=3\nabs(x) | x=0\n1/2x | x=1\nlog(x) | x=-1\n(1 - cos(x))/x^2 | x=1e-9\n"


def read_by_people(text: str) -> str:
    """Of a page, a picture, a document or a drawing: what is seen or read aloud, but no code."""
    if text.startswith("digraph"):
        return " ".join(re.findall('label="([^"]*)"', text))
    text = re.sub("^flowchart TD|    classDef.*", "", text)
    if text.startswith("\\documentclass"):
        text = re.sub(r"(?s)^.*\\begin{document}|\\texttt{.*?}(?=\n| &)|\\(begin|end){\w+}({.*@{}})?", " ", text)
        return re.sub(r"\\[a-z]+", " ", text)
    marks = "aria-label|title|placeholder|data-name|data-copied|data-selected"
    said = re.findall(f'(?:{marks})="([^"]*)"', text)
    words = re.findall('data-words="([^"]*)"', text)
    told = [re.sub(r"{\w+}", "", word) for table in words for word in json.loads(unescape(table)).values()]
    text = re.sub(r"(?s)<(style|script|code|pre|math)\b.*?</\1>|`[^`]*`|<[^>]*>", " ", text)
    return unescape(" ".join([text, *said, *told]))


@pytest.mark.parametrize("arguments", PAGES, ids=" ".join)
def test_pages_are_chinese(arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = tmp_path / "rows.txt"
    rows.write_text(ROWS, encoding="utf-8")
    typed = [str(rows) if word == "ROWS" else word for word in arguments]
    main([*typed, "--lang", "zh"])
    page = capsys.readouterr().out
    assert re.search("[\u4e00-\u9fff]", page)
    assert not english_in(read_by_people(page), [*arguments, ROWS])
    if page.startswith("<!DOCTYPE") or "<svg" in page[:200]:
        assert 'lang="zh-Hans"' in page


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not installed")
@pytest.mark.parametrize("arguments", [one for one in PAGES if "latex" in one], ids=" ".join)
def test_chinese_documents_are_sound(arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With a letter for each Chinese character, and an empty ctex: few machines have the fonts."""
    rows = tmp_path / "rows.txt"
    rows.write_text(ROWS, encoding="utf-8")
    main([*(str(rows) if word == "ROWS" else word for word in arguments), "--lang", "zh"])
    document = capsys.readouterr().out
    assert "{ctex}" in document
    (tmp_path / "ctex.sty").write_text("\\DeclareOption*{}\\ProcessOptions\\relax\n")
    (tmp_path / "a.tex").write_text(re.sub("[\u2e80-\uffef]", "x", document), encoding="ascii")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "a.tex"]
    done = subprocess.run(command, cwd=tmp_path, check=False, capture_output=True, text=True, errors="replace")
    assert done.returncode == 0, done.stdout[-2000:]


# --- columns
@pytest.mark.parametrize("source", ["x*y", "abs(x) + y", "log(x)*y"])
def test_columns_stand_below_one_another(source: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Chinese takes two columns a character: every verdict begins where its heading does."""
    shown = screen(capsys, source, "--at", "x=0, y=3", "-m", "forward,reverse", "--lang", "zh")
    lines = shown.splitlines()
    begin = next(i for i, line in enumerate(lines) if line.startswith("方法"))
    place = width(lines[begin].partition("结论")[0])
    words = [say_zh(word) for word in get_args(Verdict)]
    for line in lines[begin + 2 : begin + 4]:
        (verdict,) = [word for word in words if line.endswith(word) and not line.endswith(f"不{word}")][:1]
        assert width(line) - width(verdict) == place


def say_zh(text: str) -> str:
    with speaking("zh"):
        return tr(text)
