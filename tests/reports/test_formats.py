"""CSV, Markdown and LaTeX as their readers take them: read back, parsed, compiled."""

import csv
import json
import math
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from io import StringIO
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from markdown_it import MarkdownIt

from diffcli.batch.rows import Failure, Result
from diffcli.comparison.compare import compare
from diffcli.comparison.result import Comparison, Measurement, Settings
from diffcli.core.derivative_kinds import Wanted
from diffcli.problem.asked import Asked
from diffcli.problem.understanding import make_case
from diffcli.reports.comparison import REPORTS, format_of
from diffcli.reports.comparison.csv import COLUMNS, text_cell
from diffcli.reports.comparison.json import as_object
from diffcli.reports.rows import BATCH, COSTS, HEADINGS
from diffcli.syntax.rendering import literal
from diffcli.truth.certify import digits

HOSTILE = "\\frac{1}{2} `x` a\\|b |c| ``d`` 5% $x$ a_b & ~ #1 ^2 <i>*e*</i> \"q\" 'r' [s](t) --"
POINTS: dict[str, tuple[str, dict[str, float]]] = {
    "plain": ("x_1*sin(y)", {"x_1": 1.5, "y": 0.1}),
    "signed": ("-x**2*y", {"x": -1.5e-8, "y": -0.1}),
    "unicode": ("ñ*μ_1 + ж*𝛼 - ℏ*变量/ế", {"ñ": 1, "μ_1": 2e-9, "ж": 3, "𝛼": 4, "ℏ": 5, "变量": 6, "ế": 7}),
    "kink": ("abs(x)*y", {"x": 0, "y": 2}),
    "vertical": ("sqrt(x)", {"x": 0}),
    "nan": ("abs(x)*y + sqrt(x*x)", {"x": 0, "y": 2}),
    "infinite": ("-exp(x)*y", {"x": 800, "y": 3}),
    "undefined": ("log(x)", {"x": -1}),
    "constant": ("3", {}),
    "statements": ("a = x*y  # 5 %\na + sin(a)", {"x": 0.3, "y": 2}),
    "many": ("a*b*c*d*e1*g*abs(h)", {"a": 1, "b": 2, "c": 3, "d": 4, "e1": 5, "g": 0.1, "h": 0}),
    "long": (" + ".join(f"sin({k}*{'x' * 60})" for k in range(1, 200)), {"x" * 60: 0.1}),
}  # fmt: skip
FORMATS = ("csv", "markdown", "latex")
COST_HEADINGS = [HEADINGS[key] for key in COSTS]


def found(name: str, line: int | None = None) -> Comparison:
    source, at = POINTS[name]
    case = make_case(source, {key: float(value) for key, value in at.items()}, id=f"={name}", line=line)
    methods = ("symbolic", "forward", "reverse") if name in ("plain", "kink") else ("forward", "reverse")
    return compare(case, Settings(methods))


@pytest.fixture(scope="module")
def results() -> dict[str, Result]:
    """Every point, a method that gave up, and rows that could not be read."""
    all_found: dict[str, Result] = {name: found(name, line) for line, name in enumerate(POINTS, 1)}
    plain = all_found["plain"]
    assert isinstance(plain, Comparison)
    gave_up = Measurement("symbolic", "timeout", "no answer within 10 s")
    all_found["timeout"] = replace(plain, measurements=(gave_up, *plain.measurements[1:]))
    all_found["hostile"] = Failure(98, None, HOSTILE, "syntax", f"unexpected: {HOSTILE}")
    all_found["formula"] = Failure(99, "@1", "=1+1", "syntax", "-: an operand is missing")
    all_found["wide"] = Failure(97, None, "*" * 300 + "x" * 300, "syntax", f"write {'x' * 300}*{'变' * 300}")
    return all_found


NAMES = [*POINTS, "timeout", "hostile", "formula", "wide"]


def single(format: str, result: Result) -> str:
    report = REPORTS[format].report(single=True)
    return report.begin() + report.add(result) + report.end()


def batch(format: str, results: dict[str, Result]) -> str:
    report, between = REPORTS[format].report(single=False), REPORTS[format].between
    return report.begin() + between.join(map(report.add, results.values())) + report.end()


@pytest.mark.parametrize("format", REPORTS)
def test_the_text_of_a_row_depends_on_nothing_before_it(format: str, results: dict[str, Result]) -> None:
    """So that rows can be written where they are computed."""
    report = REPORTS[format].report(single=False)
    once = [report.add(result) for result in results.values()]
    assert once == [report.add(result) for result in results.values()]


def test_endings_ask_for_formats() -> None:
    assert [format_of(f"a.{ending}") for ending in ("csv", "md", "TEX")] == list(FORMATS)


# --- CSV
def read_back(text: str) -> list[dict[str, str]]:
    reader = csv.DictReader(StringIO(text, newline=""), strict=True)
    lines = list(reader)
    assert tuple(reader.fieldnames or ()) == COLUMNS
    assert all(None not in line and None not in line.values() for line in lines)
    return lines


def same(cell: str, value: Any) -> bool:
    """Whether a cell is a value of the JSON, bit for bit."""
    if value is None or isinstance(value, str):
        return cell == (value or "")
    return float(cell) == value and math.copysign(1, float(cell)) == math.copysign(1, value)


def expected(result: Result) -> Iterator[dict[str, Any]]:
    """Rows from the JSON text, written once more here."""
    row = json.loads(json.dumps(as_object(result)))
    if row["status"] == "error":
        yield {"line": row["line"], "status": "error", "message": row["error"]["message"], "method": None}
        return
    for m in row["methods"]:
        common = {"line": row["line"], "status": "ok", "truth_status": row["truth"]["status"], "f": row["value"]}
        common |= {"f_operations": row["cost"]["total"]}
        common |= {key: m[key] for key in ("method", "verdict", "value", "max_ulp", "bits", "seconds", "message")}
        common |= {"operations": m["cost"] and m["cost"]["total"], "mul": m["cost"] and m["cost"]["mul"]}
        if not m["derivative"]:
            yield common | {"variable": None, "derivative": None, "truth": None}
        for i, derivative in enumerate(m["derivative"] or []):
            entry = {key: (row["truth"][key] or {i: None})[i] for key in ("left", "right")}
            truth = (row["truth"]["derivative"] or {i: None})[i]
            entry = dict.fromkeys(entry) if truth is not None else entry
            error = (m["errors"] or {i: None})[i] or {}
            entry |= {"abs_error": error.get("abs"), "rel_error": error.get("rel"), "ulp": error.get("ulp")}
            yield common | entry | {"variable": row["wrt"][i], "derivative": derivative, "truth": truth}


@pytest.mark.parametrize("name", NAMES)
def test_csv_has_the_numbers_of_the_json(name: str, results: dict[str, Result]) -> None:
    result = results[name]
    lines = read_back(single("csv", result))
    wanted = list(expected(result))
    assert len(lines) == len(wanted)
    for line, row in zip(lines, wanted, strict=True):
        for key, value in row.items():
            cell = line[key].removeprefix("\t") if key == "message" else line[key]
            assert same(cell, value), (key, line[key], value)


def test_csv_has_the_entries_that_are_proved_beside_one_that_is_undecided() -> None:
    """Where every entry that is known exists, there are no sides."""
    case = make_case("where(x == 0, 0, x^2*sin(1/x)) + y", {"x": 0.0, "y": 1.0}, asked=Asked(order=2))
    lines = read_back(single("csv", compare(case, Settings(("forward-over-reverse",)))))
    assert len(lines) == 4
    assert {line["truth"] for line in lines} == {"", "0"}


def test_csv_of_a_batch_is_its_rows_under_one_header(results: dict[str, Result]) -> None:
    text = batch("csv", results)
    assert text.count("truth_status") == 1
    assert read_back(text) == [line for result in results.values() for line in read_back(single("csv", result))]
    assert text.count("\r\n") == len(read_back(text)) + 1


def test_csv_writes_the_point_as_it_can_be_read(results: dict[str, Result]) -> None:
    assert {line["at"] for line in read_back(single("csv", results["signed"]))} == {"x=-1.5e-08; y=-0.1"}


def test_csv_names_the_output_and_the_variables_of_every_entry() -> None:
    def entries(source: str, wanted: Wanted) -> list[tuple[str, str, str]]:
        case = replace(make_case(source, {"x": 2.0, "y": 3.0}), wanted=wanted)
        lines = read_back(single("csv", compare(case, Settings(("reverse",)))))
        return [(line["output"], line["variable"], line["derivative"]) for line in lines]

    assert entries("[x*x, x*y]", Wanted("jacobian")) == [
        ("f[0]", "x", "4.0"), ("f[0]", "y", "0.0"), ("f[1]", "x", "3.0"), ("f[1]", "y", "2.0"),
    ]  # fmt: skip
    assert entries("[x*x, x*y]", Wanted("jvp", (1.0, 10.0))) == [("f[0]", "", "4.0"), ("f[1]", "", "23.0")]
    assert entries("[x*x, x*y]", Wanted("vjp", (1.0, 10.0))) == [("f", "x", "34.0"), ("f", "y", "20.0")]
    assert entries("x*x*y", Wanted("hessian", (), 2)) == [
        ("f", "x,x", "6.0"), ("f", "x,y", "4.0"), ("f", "y,x", "4.0"), ("f", "y,y", "0.0"),
    ]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_csv_text_is_text_in_a_spreadsheet_and_nothing_is_lost(name: str, results: dict[str, Result]) -> None:
    result = results[name]
    source = result.expression if isinstance(result, Failure) else result.case.expression.source
    for line in read_back(single("csv", result)):
        assert not line["expression"].startswith(("=", "+", "-", "@"))
        assert not line["message"].startswith(("=", "+", "-", "@"))
        assert not line["id"].startswith(("=", "+", "-", "@"))
        assert line["expression"].removeprefix("\t") == source
        if isinstance(result, Comparison):  # even with its tab it means the same
            assert make_case(line["expression"], result.case.at).expression.program == result.case.expression.program


@pytest.mark.parametrize("text", ["-x", "\t-x", "\t\tx", "=", "x", "", "'-x", "-5", "＝x", "\r=x", "@a", "+1e5", "+x"])
def test_csv_text_cells_are_told_apart(text: str) -> None:
    cell = text_cell(text)
    assert cell is not None
    assert cell.removeprefix("\t") == text


# --- Markdown
def tables(text: str) -> list[list[list[str]]]:
    """Tables -> rows -> cells as they are shown."""
    found_tables: list[list[list[str]]] = []
    tokens = MarkdownIt("commonmark").enable("table").enable("strikethrough").parse(text)
    for before, token in pairwise(tokens):
        if before.type == "table_open":
            found_tables.append([])
        if before.type == "tr_open":
            found_tables[-1].append([])
        if before.type in ("td_open", "th_open"):
            assert not {child.type for child in token.children or []} & {
                "em_open",
                "strong_open",
                "link_open",
                "s_open",
            }
            found_tables[-1][-1].append(shown(token))
    # the parser itself fills up rows that are short and drops cells that are too many: count them in the text too
    for line in text.splitlines():
        if line.startswith("| "):
            assert len(re.findall(r"(?<!\\)(?:\\\\)*\|", line)) - 1 in {len(table[0]) for table in found_tables}
    return found_tables


def shown(token: Any) -> str:
    html = re.sub(r"&#(\d+);", lambda entity: chr(int(entity[1])), token.content) if "<code>" in token.content else None
    return html.removeprefix("<code>").removesuffix("</code>") if html else "".join(c.content for c in token.children)


def flat(source: str) -> str:
    return re.sub(r"\s*\n\s*", "; ", source)


def test_markdown_of_a_batch_is_one_table(results: dict[str, Result]) -> None:
    (table,) = tables(batch("markdown", results))
    assert table[0] == [HEADINGS[key] for key in BATCH]
    assert {len(row) for row in table} == {len(BATCH)}
    wanted = []
    for result in results.values():
        if isinstance(result, Failure):
            wanted.append([str(result.line), result.expression, "", "error", result.message])
        else:
            source = flat(result.case.expression.source)
            wanted += [
                [str(result.case.line), source, m.method, m.verdict, m.message or ""] for m in result.measurements
            ]
    assert [[*row[:4], row[-1]] for row in table[1:]] == wanted


@pytest.mark.parametrize("name", [*POINTS, "timeout"])
def test_markdown_of_one_comparison_has_every_number(name: str, results: dict[str, Result]) -> None:
    result = results[name]
    assert isinstance(result, Comparison)
    text = single("markdown", result)
    assert re.match(r"## `(.*; )?f", text)  # bindings stand before it
    parsed = tables(text)
    for table in parsed:
        assert len({len(row) for row in table}) == 1
    names = result.case.wrt
    if len(names) <= 6:
        (table,) = parsed
        assert table[0] == ["method", *[head(result, variable) for variable in names], *COST_HEADINGS]
        rows = {row[0]: row[1 : 1 + len(names)] for row in table[1:]}
    else:
        table, cost = parsed
        assert cost[0] == ["method", *COST_HEADINGS]
        rows = {column[0]: list(column[1:]) for column in zip(*table, strict=True)}
        assert rows.pop("") == [head(result, variable) for variable in names]
    for m in result.measurements:
        assert rows[m.method] == ["–" if m.derivative is None else literal(m.derivative[i]) for i in range(len(names))]
    if result.truth.derivative is not None:
        assert rows["truth"] == ["none" if entry is None else digits(entry) for entry in result.truth.derivative]
    assert ("from left" in rows) == (result.truth.status == "not-differentiable")


def test_markdown_has_the_costs_and_the_sides(results: dict[str, Result]) -> None:
    """x_1*sin(y) takes 2 operations; its gradient 4, twice 3, and 4. Sides stand where there is no derivative."""
    (table,) = tables(single("markdown", results["plain"]))
    assert [[row[0], *row[5:]] for row in table[1:]] == [
        ["symbolic", "4 (2× 2ƒ)", "2.0", "ok"], ["forward", "6 (3× 3ƒ)", "3.0", "ok"],
        ["reverse", "4 (2× 2ƒ)", "2.0", "ok"], ["truth", "", "", "proved"],
    ]  # fmt: skip
    (table,) = tables(single("markdown", results["kink"]))
    assert [row[:3] for row in table[-3:]] == [["truth", "none", "0"], ["from left", "-2", ""], ["from right", "2", ""]]
    assert single("markdown", results["plain"]).count("| --- | --- | --- | ---: | ---: | --- | ---: | --- |") == 1


def head(comparison: Comparison, name: str) -> str:
    return f"∂f/∂{name}" if len(comparison.case.expression.variables) > 1 else f"df/d{name}"


def test_markdown_of_a_row_that_could_not_be_read(results: dict[str, Result]) -> None:
    text = single("markdown", results["hostile"])
    _, heading, _, _, paragraph, *_ = MarkdownIt("commonmark").parse(text)
    assert "".join(child.content for child in heading.children or []) == HOSTILE
    assert "".join(child.content for child in paragraph.children or []) == f"error: unexpected: {HOSTILE}"


# --- LaTeX
def assert_balanced(text: str) -> None:
    assert text.isascii()
    bare = re.sub(r"\\[\\{}$&#%_]|%\n|p\{#1\}", "", text)
    depth = 0
    for char in bare:
        depth += (char == "{") - (char == "}")
        assert depth >= 0
    assert depth == 0
    assert bare.count("$") % 2 == 0
    opened: list[str] = []
    for kind, name in re.findall(r"\\(begin|end)\{(\w+)\}", text):
        if kind == "begin":
            opened.append(name)
        else:
            assert opened.pop() == name
    assert opened == []
    assert "#" not in bare
    assert "%" not in bare
    assert max(map(len, text.splitlines())) < 20_000


@pytest.mark.parametrize("name", NAMES)
def test_latex_is_balanced(name: str, results: dict[str, Result]) -> None:
    assert_balanced(single("latex", results[name]))


def test_latex_of_a_batch_has_its_cells(results: dict[str, Result]) -> None:
    text = batch("latex", results)
    assert_balanced(text)
    rows = [line for line in re.sub("%\n", "", text).splitlines() if line.endswith(r" \\")]
    assert {len(re.findall(r"(?<!\\)&", row)) for row in rows} == {len(BATCH) - 1}
    assert len(rows) == 1 + sum(
        1 if isinstance(result, Failure) else len(result.measurements) for result in results.values()
    )


def test_latex_has_infinities_with_their_signs_and_both_sides(results: dict[str, Result]) -> None:
    infinite = single("latex", results["infinite"])
    assert "$-\\infty$" in infinite
    assert not re.search(r"& \$\\infty\$", infinite)
    kink = single("latex", results["kink"])
    assert re.findall(r"& (truth|from left|from right) & (\S+)", kink) == [
        ("truth", "none"), ("from left", "$-2$"), ("from right", "$2$"), ("truth", "$0$"),
    ]  # fmt: skip


def test_latex_has_every_digit(results: dict[str, Result]) -> None:
    result = results["unicode"]
    assert isinstance(result, Comparison)
    text = single("latex", result)
    for entry in result.truth.derivative or ():
        assert digits(entry).partition("e")[0] in text
    assert r"\~{n}" in text
    assert r"\ensuremath{\mu}\_1" in text
    assert "U+0436" in text


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not installed")
@pytest.mark.parametrize("name", ["batch", "unicode", "kink", "infinite", "constant", "hostile", "long"])
def test_latex_compiles(name: str, results: dict[str, Result], tmp_path: Path) -> None:
    (tmp_path / "a.tex").write_text(batch("latex", results) if name == "batch" else single("latex", results[name]))
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "a.tex"]
    done = subprocess.run(command, check=False, cwd=tmp_path, capture_output=True, timeout=90)
    log = done.stdout.decode("utf-8", "replace")
    assert done.returncode == 0, log[-2000:]
    assert "Missing character" not in log
    assert "Overfull" not in log
