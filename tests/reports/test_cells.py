"""A comparison's cells have one source: what is planted there stands in every format that people read."""

import ast
import re
from html import unescape
from pathlib import Path

import pytest

import diffcli.reports
from diffcli.batch.rows import Result
from diffcli.comparison.compare import compare
from diffcli.comparison.result import Comparison, Settings
from diffcli.locale.language import speaking
from diffcli.problem.understanding import make_case
from diffcli.reports import cells, rows
from diffcli.reports.cells import Contents, Number
from diffcli.reports.comparison import REPORTS
from diffcli.reports.comparison.html import table_html
from diffcli.reports.rows import Operations

DATA = ("json", "jsonl", "csv")
"""Formats of data, which have no cells."""
READ = tuple(name for name in REPORTS if name not in DATA)
ROOM = Path(diffcli.reports.__path__[0])

CASES = {
    "lossy": ("(1 - cos(x))/x^2", {"x": 1e-8}, Settings(("forward", "reverse"))),
    "single precision": ("(1 - cos(x))/x^2", {"x": 1e-5}, Settings(("forward",), dtype="float32")),
    "float32": ("x*sin(y)", {"x": 0.1, "y": 0.7}, Settings(("symbolic", "reverse"), dtype="float32")),
    "kink": ("abs(x)*y", {"x": 0.0, "y": 2.0}, Settings(("forward", "reverse"))),
    "undefined": ("log(x)", {"x": -1.0}, Settings(("forward",))),
    "remembered": ("x*y*exp(x)", {"x": 0.3, "y": 2.0}, Settings(("forward", "reverse"), memory=True)),
    "stepped": ("exp(x)", {"x": 1.0}, Settings(("forward-difference", "symbolic"))),
    "many": ("a*b*c*d*g*h*k*m*n", dict.fromkeys("abcdghkmn", 0.1), Settings(("forward", "reverse"))),
}


@pytest.fixture(scope="module", params=CASES)
def comparison(request: pytest.FixtureRequest) -> Comparison:
    text, at, settings = CASES[request.param]
    return compare(make_case(text, at), settings)


def shown(format: str, result: Result, single: bool = True) -> str:
    """The text of a format, without markup inside of numbers and words."""
    report = REPORTS[format].report(single=single)
    text = report.begin() + report.add(result) + report.end()
    if format == "html":
        return unescape(re.sub("<[^>]*>", "", text))
    if format == "latex":
        return plain_latex(text)
    return re.sub(r"\\\\([\\`*_|<>\[\]&~$])", r"\1", text)


def plain_latex(text: str) -> str:
    """What a reader of the document sees, as far as cells go."""
    text = re.sub(r"\\times10\^\{(-?\d+)\}", lambda power: f"e{int(power[1]):+03d}", text)
    text = text.replace(r"\ensuremath{\times}", "×").replace(r"\ensuremath{\div}", "÷").replace(r"\infty", "inf")
    text = text.replace(r"\textendash{}", "–").replace(r"\ensuremath{f}", "ƒ").replace(r"\textasciicircum{}", "^")
    return text.replace("$", "").replace(r"\allowbreak{}", "")


def plain_cells(contents: Contents) -> set[str]:
    """The cells that all formats have: verdicts, errors, numbers, how many times f, totals of operations."""
    texts = {row.verdict for row in contents.rows} | {row.error for row in contents.rows}
    texts |= {row.ratio for row in contents.rows} | {row.operations.total for row in contents.rows if row.operations}
    texts |= {row.bits for row in contents.rows} | {entry.text for line in contents.entries if line for entry in line}
    return texts | {contents.value}


@pytest.mark.parametrize("format", READ)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_format_shows_every_cell(comparison: Comparison, format: str, language: str) -> None:
    with speaking(language):
        text = shown(format, comparison)
        contents = Contents(comparison)
        wanted = plain_cells(contents)
        missing = {cell for cell in wanted if cell not in text}
        few = len(CASES["many"][1]) > comparison.size
        assert not missing
        assert contents.standing in text or not few and format in ("table", "markdown")  # proved numbers, by entry


def test_bits_are_those_of_the_numbers_that_methods_compute_with() -> None:
    text, at, settings = CASES["single precision"]
    (row,) = Contents(compare(make_case(text, at), settings)).rows
    assert (row.lost, row.bits) == ("all bits", "all")


def test_wrong_digits_are_told_apart_and_the_text_is_kept(comparison: Comparison) -> None:
    contents = Contents(comparison)
    for entries, measurement in zip(contents.entries, comparison.measurements, strict=True):
        for entry, number in zip(entries or (), measurement.derivative or (), strict=True):
            assert float(entry.text) == pytest.approx(number, rel=1e-6, abs=0)
            assert entry.text == entry.right + entry.wrong + entry.exponent
            assert not entry.wrong or measurement.bits


PLANTED = "54321"
PLANTS = {
    "error": (rows, "ulps", PLANTED),
    "lost": (rows, "loss", PLANTED),
    "bits": (rows, "loss_in_bits", PLANTED),
    "ratio": (rows, "ratio", PLANTED),
    "operations": (rows, "operations_of", Operations(PLANTED, "", (0,) * 6)),
    "verdict": (rows, "tr", PLANTED),
    "derivative": (cells, "number", Number(PLANTED)),
    "truth": (cells, "exact_digits", PLANTED),
}
"""By the cell: where it is built, by what, and what that gives instead."""
ELSEWHERE = {("lost", "html"), ("bits", "table"), ("bits", "markdown"), ("bits", "latex")}
"""Bits lost stand with their unit, or under a heading that names it."""


@pytest.mark.parametrize("format", READ)
@pytest.mark.parametrize("cell", PLANTS)
def test_what_is_planted_in_a_cell_stands_in_every_format(
    cell: str, format: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    text, at, settings = CASES["lossy"]
    comparison = compare(make_case(text, at), settings)
    assert PLANTED not in shown(format, comparison)
    module, name, value = PLANTS[cell]
    monkeypatch.setattr(module, name, lambda *_, **__: value)
    assert (PLANTED in shown(format, comparison)) is ((cell, format) not in ELSEWHERE)
    if cell in ("error", "lost", "bits"):
        batch = shown(format, comparison, single=False)
        assert (PLANTED in batch) is ((cell, format) not in ELSEWHERE | {("error", "table")})
    if format == "html" and (cell, format) not in ELSEWHERE:
        assert PLANTED in table_html(comparison)


FORMATS = sorted([*ROOM.glob("comparison/*.py"), *ROOM.glob("page/*.py")])


@pytest.mark.parametrize("path", FORMATS, ids=lambda path: f"{path.parent.name}.{path.stem}")
def test_formats_judge_no_number(path: Path) -> None:
    """They read cells; JSON, which is data, has errors as they are."""
    names = {
        alias.name if node.module == "diffcli.reports.figures" else node.module
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    judging = names & {"diffcli.truth.accuracy", "ratio", "exact_digits", "shorten", "side", "round_bits"}
    assert judging == ({"diffcli.truth.accuracy"} if path.stem == "json" else set())
