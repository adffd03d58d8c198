"""Pages as browsers take them: well-formed, inert, readable, and sorted by what a reader clicks."""

import json
import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from html import escape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from diffcli.batch.rows import Failure, Result
from diffcli.cli.main import main
from diffcli.comparison.compare import compare
from diffcli.comparison.result import Comparison, Measurement, Settings
from diffcli.problem.asked import Asked
from diffcli.problem.understanding import make_case, traced_case
from diffcli.reports import cells
from diffcli.reports.comparison import REPORTS, format_of
from diffcli.reports.comparison.html import table_html
from diffcli.reports.comparison.json import as_object
from diffcli.reports.page.document import asset
from diffcli.reports.page.formulas import DEEPEST, MOST, formula, fraction, statements
from diffcli.reports.page.plots import svg
from diffcli.reports.page.report import Findings, page, study_html
from diffcli.reports.page.tables import RANKS, SIGNS, digits_marked
from diffcli.studies.study import Axis, Column, Curve, Plot, Study, Table

HOSTILE = "</code></td><script>document.title='broken'</script><img src=x onerror=alert(1)> \" ' & \x00 ${1} <!--"
VOID = {"meta", "br", "input", "img", "link", "hr"}
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--enable-logging=stderr", "--v=0", "--virtual-time-budget=4000",
)  # fmt: skip


# --- results
def compared(source: str, at: dict[str, Any], line: int | None = None, **asked: Any) -> Comparison:
    methods = asked.pop("methods", ("forward", "reverse"))
    case = make_case(source, at, id=asked.pop("id", None), line=line, asked=Asked(**asked))
    return compare(case, Settings(methods, memory=True))


@pytest.fixture(scope="module")
def results() -> dict[str, Result]:
    plain = compared("x_1*sin(y)", {"x_1": 1.5, "y": 0.1}, 1, methods=("symbolic", "forward", "reverse"))
    gave_up = Measurement("symbolic", "timeout", HOSTILE)
    return {
        "plain": plain,
        "wrong": compared("(1 - cos(x))/x^2", {"x": 1e-8}, 2),
        "kink": compared("abs(x)*y", {"x": 0.0, "y": 2.0}, 3),
        "vertical": compared("sqrt(x)", {"x": 0.0}, 4),
        "infinite": compared("exp(x)/exp(x)", {"x": 800.0}, 5),
        "undefined": compared("log(x)", {"x": -1.0}, 6),
        "constant": compared("3", {}, 7),
        "statements": compared("a = x*y # 5 <b>\na < 1 and 2", {"x": 0.3, "y": 2.0}, 8),
        "vector": compared("[[x, y], [1, v[0]]] @ v", {"x": 1.0, "y": 2.0, "v": (3.0, 4.0)}, 9),
        "many": compared("sum(v*v)", {"v": tuple(range(1, 31))}, 10),
        "product": compared("x*y", {"x": 3.0, "y": 4.0}, 11, jvp="1,2"),
        "hessian": compared("x*y", {"x": 3.0, "y": 4.0}, 12, order=2, methods=()),
        "claim": compared("x*y", {"x": 3.0, "y": 4.0}, 13, claims=("x: 2*y",)),
        "long": compared(" + ".join(["x*x"] * 3000), {"x": 0.1}, 14),
        "hostile": replace(plain, case=replace(plain.case, id=HOSTILE, line=15), measurements=(gave_up,)),
        "failure": Failure(16, HOSTILE, HOSTILE, "syntax", HOSTILE, None, HOSTILE),
    }


NAMES = (
    "plain", "wrong", "kink", "vertical", "infinite", "undefined", "constant", "statements", "vector", "many",
    "product", "hessian", "claim", "long", "hostile", "failure",
)  # fmt: skip


def single(result: Result) -> str:
    report = REPORTS["html"].report(single=True)
    return report.begin() + report.add(result) + report.end()


def batch(results: list[Result]) -> str:
    report = REPORTS["html"].report(single=False)
    return report.begin() + "".join(map(report.add, results)) + report.end()


# --- read as a tree
class Reader(HTMLParser):
    """Checks that every element is closed where it must be, and keeps what is in it."""

    def __init__(self, markup: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: Counter[str] = Counter()
        self.attributes: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(markup)
        self.close()
        assert not self.open, self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(set(names)) == len(names), (tag, names)
        self.tags[tag] += tag != "title" or "svg" not in self.open
        self.attributes.append((tag, dict(attrs)))
        if tag in ("tr", "thead", "tbody", "tfoot"):
            assert "table" in self.open
        if tag == "p":
            assert "p" not in self.open
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert "svg" in self.open, tag
        self.tags[tag] += 1
        self.attributes.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if not {"script", "style"} & set(self.open):
            self.words.append(data)

    @property
    def text(self) -> str:
        return "".join(self.words)


def checked(markup: str, scripts: int) -> Reader:
    """A whole page: well-formed, one language, addresses that exist once, nothing fetched, no script but ours."""
    assert markup.startswith("<!DOCTYPE html>\n")
    read = Reader(markup)
    assert read.tags["html"] == read.tags["body"] == read.tags["main"] == read.tags["h1"] == read.tags["title"] == 1
    assert read.tags["script"] == scripts
    assert not {"img", "link", "iframe", "object", "embed", "base", "form"} & set(read.tags)
    addresses = [found["id"] for _, found in read.attributes if "id" in found]
    assert len(set(addresses)) == len(addresses)
    for tag, found in read.attributes:
        assert not [name for name in found if name.startswith("on") or name == "src"], (tag, found)
        assert tag != "html" or found["lang"] == "en"
        assert tag != "th" or found["scope"] in ("row", "col")
        for name in ("aria-labelledby", "for"):
            assert name not in found or found[name] in addresses
        if "href" in found:
            assert found["href"] is not None
            assert found["href"][1:] in addresses
    assert not re.search(r"https?://(?!www\.w3\.org/)", markup)
    assert "\x00" not in markup
    return read


@pytest.mark.parametrize("name", NAMES)
def test_a_page_is_well_formed_and_fetches_nothing(results: dict[str, Result], name: str) -> None:
    read = checked(single(results[name]), scripts=0)
    assert "None" not in read.text


def test_every_result_is_tried(results: dict[str, Result]) -> None:
    assert tuple(results) == NAMES


def test_a_batch_is_well_formed_and_inert(results: dict[str, Result]) -> None:
    markup = batch(list(results.values()))
    read = checked(markup, scripts=2)
    assert HOSTILE.replace("\x00", r"\x00") in read.text
    assert read.tags["details"] >= len(results)


def test_rows_depend_on_nothing_but_their_result(results: dict[str, Result]) -> None:
    """They are written where they are computed."""
    used, fresh = (REPORTS["html"].report(single=False) for _ in range(2))
    for result in results.values():
        used.add(result)
    assert [used.add(one) for one in results.values()] == [fresh.add(one) for one in reversed(results.values())][::-1]


def test_the_ending_asks_for_the_format() -> None:
    assert format_of("x.html") == "html"


# --- what is shown
@pytest.mark.parametrize("name", [name for name in NAMES if name not in ("failure", "long")])
def test_every_number_is_there_with_all_its_digits(results: dict[str, Result], name: str) -> None:
    found = as_object(results[name])
    shown = Reader(single(results[name])).text

    def leaves(value: Any) -> Iterator[Any]:
        for part in value if isinstance(value, list) else [value]:
            if isinstance(part, list):
                yield from leaves(part)
            elif part is not None:
                yield part

    for side in ("derivative", "left", "right"):
        for text in leaves(found["truth"][side]):
            assert str(text).replace("Infinity", "∞") in shown
    for method in found["methods"]:
        assert method.get("claim", method["verdict"]) in shown
        for number in leaves(method["derivative"]):
            if isinstance(number, float) and number != int(number):
                assert repr(number) in shown


def marked(text: str, relative: float | None) -> str:
    return digits_marked(cells.number(text, relative))


def test_wrong_digits_are_marked_and_right_ones_are_not() -> None:
    assert marked("0.4794255386042031", 3e-16) == "0.4794255386042031"
    assert marked("-1.2345e+100", 4e-4) == '-1.234<span class="off">5</span>e+100'
    assert marked("0.0012345", 2e-3) == '0.00123<span class="off">45</span>'
    for relative in (1.0, 3e40, float("inf"), float("nan")):
        assert marked("12", relative) == '<span class="off">12</span>'
    assert marked("12", None) == "12"
    assert marked("5e-324", 0.4) == '<span class="off">5</span>e-324'
    assert marked("1e-320", 1e-4) == "1e-320"


def test_verdicts_are_words_with_signs(results: dict[str, Result]) -> None:
    assert len(SIGNS) == len(RANKS)
    shown = Reader(single(results["kink"])).text
    assert "∧kink" in shown
    assert "There is no derivative here" in shown


def test_operations_stand_by_class(results: dict[str, Result]) -> None:
    shown = Reader(single(results["plain"]))
    assert "f alone" in shown.text
    assert "tape" in shown.text
    assert shown.tags["abbr"] == 6


def test_notes_and_claims_are_told(results: dict[str, Result]) -> None:
    noted = compared("e*pi", {"e": 2.0})
    assert noted.case.expression.notes
    assert noted.case.expression.notes[0] in Reader(single(noted)).text
    assert "The claim is wrong" in Reader(single(results["claim"])).text


def test_a_fragment_for_notebooks(results: dict[str, Result]) -> None:
    for result in results.values():
        if isinstance(result, Comparison):
            fragment = table_html(result)
            read = Reader(fragment)
            assert fragment.startswith('<div class="diff-compare">')
            assert not {"script", "html", "h1"} & set(read.tags)
            assert all(line.startswith(".diff-compare") for line in _rules(fragment))


def _rules(fragment: str) -> list[str]:
    style = re.search(r"<style>(.*?)</style>", fragment, re.DOTALL)
    assert style
    return style[1].strip().splitlines()


# --- formulas
@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("2*x", "<mrow><mn>2</mn><mo>\u2062</mo><mi>x</mi></mrow>"),
        ("2*3", "<mrow><mn>2</mn><mo>⋅</mo><mn>3</mn></mrow>"),
        ("x*y", "<mrow><mi>x</mi><mo>⋅</mo><mi>y</mi></mrow>"),
        ("x*(-y)", "<mrow><mi>x</mi><mo>⋅</mo>(<mrow><mo>−</mo><mi>y</mi></mrow>)</mrow>"),
        ("x - (y - 1)", "<mrow><mi>x</mi><mo>−</mo>(<mrow><mi>y</mi><mo>−</mo><mn>1</mn></mrow>)</mrow>"),
        ("(x - y) - 1", "<mrow><mrow><mi>x</mi><mo>−</mo><mi>y</mi></mrow><mo>−</mo><mn>1</mn></mrow>"),
        ("1e-3", "<mrow><mn>1</mn><mo>×</mo><msup><mn>10</mn><mrow><mo>−</mo><mn>3</mn></mrow></msup></mrow>"),
        ("pi", "<mi>π</mi>"),
        ("x <= 1", "<mrow><mi>x</mi><mo>≤</mo><mn>1</mn></mrow>"),
    ],
)  # fmt: skip
def test_formulas_are_those_typed(source: str, expected: str) -> None:
    (found,) = statements(source) or ()
    short = re.sub(r'<mrow><mo stretchy="false">\(</mo>(.*?)<mo stretchy="false">\)</mo></mrow>', r"(\1)", found.text)
    assert short == expected


@pytest.mark.parametrize(
    ("above", "below", "expected"),
    [
        ("∂f", "∂x1", "∂f / ∂x_1 ="),
        ("d⁸f", "dx⁸", "d^8f / dx^8 ="),
        ("∂²f[0]", "∂x∂speed", "∂^2f_0 / ∂x∂speed ="),
        ("∂(w·f)", "∂delta", "∂(w·f) / ∂δ ="),
        ("Df·v", "", "Df·v ="),
    ],
)
def test_names_of_derivatives_are_mathematics(above: str, below: str, expected: str) -> None:
    def told(element: Any) -> str:
        parts = [told(child) for child in element]
        joint = {"mfrac": " / ", "msub": "_", "msup": "^"}.get(element.tag, "")
        return joint.join(parts) if parts else f" {element.text}" if element.tag == "mo" else element.text or ""

    assert told(ElementTree.fromstring(f"<mrow>{fraction(above, below)}</mrow>")) == expected


def test_single_precision_is_named() -> None:
    shown = single(compare(make_case("exp(x)/3", {"x": 1.0}), Settings(("forward",), dtype="float32")))
    assert "f in float32" in shown
    assert ">0.906094<" in shown
    assert "f in float64" not in shown


def test_formulas_are_well_formed(results: dict[str, Result]) -> None:
    sources = [result.case.expression.source for result in results.values() if isinstance(result, Comparison)]
    sources += ["atan2(x, y) + log2(x) + polygamma(1, x)", "a if b and not c else d", "max(v) @ [1, [2, 3]]"]
    for source in sources:
        for statement in statements(source) or ():
            Reader(f"<math>{statement.text}</math>")


def test_what_cannot_be_drawn_is_not() -> None:
    assert formula("2x") is None
    assert formula("a = 1; a") is None
    assert statements("+".join(["x"] * MOST)) is None
    assert statements("sin(" * DEEPEST + "x" + ")" * DEEPEST) is None


# --- the sheet
def _themes() -> list[dict[str, str]]:
    blocks = re.findall(r":root \{(.*?)\}", asset("page.css"), re.DOTALL)
    found = [dict(re.findall(r"--([\w]+): (#[0-9a-f]{6})", block)) for block in blocks]
    assert len(found) == 3
    return found


def _luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.parametrize("theme", _themes(), ids=["light", "dark", "paper"])
def test_text_has_contrast(theme: dict[str, str]) -> None:
    """WCAG 2.2, 1.4.3: 4.5 to 1."""
    for ground in ("paper", "tint"):
        for name, colour in theme.items():
            if name not in ("paper", "tint", "line"):
                high, low = sorted((_luminance(colour), _luminance(theme[ground])), reverse=True)
                assert (high + 0.05) / (low + 0.05) >= (4.5 if not name.startswith("c") or ground == "paper" else 3), (
                    name
                )


# --- plots and studies
PLOT = Plot(
    "<title>", Axis("h", True), Axis("error & more", True),
    (Curve("a<b", [1e-8, 1e-4, 1], [1e-3, float("nan"), 1e-12]), Curve("dots", [0.1, 0.0], [1e-5, 1.0], joined=False)),
)  # fmt: skip


def test_plots_are_well_formed_and_leave_out_what_has_no_place() -> None:
    drawn = svg(PLOT, "p")
    read = Reader(drawn)
    assert "a<b" in read.text
    assert "error & more" in read.text
    assert "nan" not in drawn
    assert "inf" not in drawn
    assert svg(PLOT._replace(curves=(Curve("none", [0.0], [1.0]),)), "p") == ""


@pytest.mark.parametrize("values", [[1.0, 1.0], [-3.0, 7.0], [1e300, 2e300], [0.0, 5e-324], [1e308, -1e308]])
def test_plots_of_any_range(values: list[float]) -> None:
    Reader(svg(Plot("t", Axis("x"), Axis("y"), (Curve("c", values, values),)), "p"))


def test_curves_are_told_apart_without_colour() -> None:
    curves = tuple(Curve(str(k), [1.0, 2.0], [float(k + 1), 1.0]) for k in range(8))
    lines = re.findall(
        r'<path d="M[^"]*L[^"]*" stroke-width="1.6"([^/]*)/>', svg(Plot("t", Axis("x"), Axis("y"), curves), "p")
    )
    assert len(set(lines)) == 8


def test_a_study_is_shown_with_all_digits_behind_rounded_ones() -> None:
    table = Table(
        (Column("node"), Column("value", 3), Column("note")),
        (("<v>", 1 / 3, "&"), ("w", None, "")),
        "T",
        frozenset({0}),
    )
    read = Reader(study_html(Study("s", (), (table,), (PLOT,), ("so <it> is",)), "s"))
    assert ("data", {"value": "0.3333333333333333", "title": "0.3333333333333333"}) in read.attributes
    assert ("tr", {"class": "marked"}) in read.attributes
    assert "so <it> is" in read.text


# --- the full page
def test_the_report_command(tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    assert main(["report", "(1 - cos(x))/x^2", "--at", "x=1e-4", "--exit-zero", "-o", str(file)]) == 0
    markup = file.read_text(encoding="utf-8")
    read = checked(markup, scripts=1)
    for words in ("Node by node", "Primal trace", "Reverse: adjoints", "Computational graph", "Error over the step",
                  "central-difference", "tape", "To repeat this", "SymPy 1", "python-flint", "Python 3"):  # fmt: skip
        assert words in read.text
    assert "diff-compare trace '(1 - cos(x))/x^2' --at x=0.0001" in read.text
    assert ".graph {" in markup


@pytest.mark.parametrize(
    ("source", "at"),
    [("3", []), ("[x, x*y]", ["--at", "x=1,y=2"]), ("abs(x)*y", ["--at", "x=0,y=1"]),
     ("dot(v, v)", ["--at", "v=[1,2]"]), ("log(x)", ["--at", "x=-1"]), ("+".join(["x"] * 2500), ["--at", "x=1"])],
    ids=["constant", "vector", "kink", "of a vector", "undefined", "long"],
)  # fmt: skip
def test_reports_of_every_kind(source: str, at: list[str], tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    assert main(["report", source, *at, "-m", "forward,reverse", "-o", str(file)]) in (0, 1)
    checked(file.read_text(encoding="utf-8"), scripts=1)


def test_a_page_is_the_same_for_the_same_findings(results: dict[str, Result]) -> None:
    comparison = results["plain"]
    assert isinstance(comparison, Comparison)
    findings = Findings(comparison, "No trace.", date="2026-01-02", versions={"Python": "3"}, commands={"<x>": "a <b>"})
    assert page(findings) == page(findings)
    assert "2026-01-02" in page(findings)
    checked(page(findings), scripts=1)


# --- in a browser
needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed")


def browse(file: Path, fragment: str = "", *options: str) -> str:
    """The document as a browser leaves it; whatever it complains of fails."""
    assert CHROMIUM
    profile = file.parent / f"profile-{len(list(file.parent.iterdir()))}"
    run = subprocess.run(
        [CHROMIUM, *FLAGS, f"--user-data-dir={profile}", *(options or ("--dump-dom",)), f"{file.as_uri()}{fragment}"],
        capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    complaints = [line for line in run.stderr.splitlines() if "CONSOLE" in line]
    assert not complaints, complaints
    return run.stdout


def lines_of(dom: str) -> list[int]:
    return [int(line) for line in re.findall(r'<tbody data-line="(\d+)"', dom)]


@pytest.fixture(scope="module")
def listed(results: dict[str, Result], tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("browser") / "batch.html"
    file.write_text(batch(list(results.values())), encoding="utf-8")
    return file


@needs_chromium
def test_the_worst_rows_come_first(listed: Path, results: dict[str, Result]) -> None:
    dom = browse(listed)
    found = lines_of(dom)
    wrong = {
        result.case.line for name in ("wrong", "infinite", "claim") if isinstance(result := results[name], Comparison)
    }
    assert set(found[:3]) == wrong
    assert sorted(found) == list(range(1, len(results) + 1))
    assert "<title>Derivatives compared</title>" in dom
    assert re.search(r'data-key="verdict"[^>]*aria-sort="descending"', dom)
    assert f"{len(results)} rows shown" in dom


@needs_chromium
def test_rows_are_sorted_and_filtered_by_address(listed: Path, results: dict[str, Result]) -> None:
    assert lines_of(browse(listed, "#sort=line")) == list(range(1, len(results) + 1))
    assert lines_of(browse(listed, "#sort=line&order=down"))[0] == len(results)
    found = [int(number) for number in re.findall(r' data-operations="(\d+)"', browse(listed, "#sort=operations"))]
    assert found == sorted(found, reverse=True)
    assert set(lines_of(browse(listed, "#verdict=kink"))) == {3, 4}
    assert lines_of(browse(listed, "#find=ABS(X)%20y%20=%202")) == [3]
    assert lines_of(browse(listed, "#find=nowhere")) == []


@needs_chromium
def test_the_tallies_count_every_row(listed: Path, results: dict[str, Result]) -> None:
    dom = browse(listed)
    body = re.search(r'<tbody id="tally-body">(.*?)</tbody>', dom, re.DOTALL)
    assert body
    counted = sum(map(int, re.findall(r">(\d+)</td>", body[1])))
    assert counted == sum(len(one.measurements) for one in results.values() if isinstance(one, Comparison))


@needs_chromium
def test_a_click_sorts_and_a_row_opens(listed: Path) -> None:
    """Driven by a script of the test's own, let in by its hash."""
    from base64 import b64encode
    from hashlib import sha256

    drive = (
        "document.querySelector('[data-key=line] button').click();"
        "const first = document.querySelector('#rows summary'); first.click();"
        "const more = document.querySelector('#rows .more');"
        "setTimeout(() => { document.body.dataset.seen = getComputedStyle(more).display"
        " + ' ' + document.querySelector('#rows > tbody').dataset.line"
        " + ' ' + document.querySelector('[data-key=line]').getAttribute('aria-sort')"
        " + ' ' + (document.documentElement.scrollWidth <= innerWidth); }, 100);"
    )
    hashed = f"'sha256-{b64encode(sha256(drive.encode()).digest()).decode()}'"
    markup = listed.read_text(encoding="utf-8").replace("script-src ", f"script-src {hashed} ")
    markup = markup.replace("script-src &#x27;", f"script-src {hashed} &#x27;")
    file = listed.with_name("driven.html")
    file.write_text(markup.replace("</body>", f"<script>{drive}</script></body>"), encoding="utf-8")
    seen = re.search(r'data-seen="([^"]*)"', browse(file, "", "--dump-dom", "--window-size=400,800"))
    assert seen
    assert seen[1] in ("block 1 ascending true", "table-row 1 ascending true")


@needs_chromium
def test_without_the_script_rows_stand_in_their_order(listed: Path, results: dict[str, Result]) -> None:
    file = listed.with_name("plain.html")
    file.write_text(re.sub(r"<script>.*?</script>", "", listed.read_text(encoding="utf-8"), flags=re.DOTALL), "utf-8")
    assert lines_of(browse(file)) == list(range(1, len(results) + 1))


@needs_chromium
def test_many_rows_are_shown_in_parts(tmp_path: Path, results: dict[str, Result]) -> None:
    plain = results["plain"]
    assert isinstance(plain, Comparison)
    file = tmp_path / "many.html"
    rows = [replace(plain, case=replace(plain.case, line=k)) for k in range(1, 1201)]
    file.write_text(batch(list(rows)), encoding="utf-8")
    dom = browse(file, "#sort=line&order=down")
    assert lines_of(dom) == list(range(1200, 1000, -1))
    assert "200 of 1,200 rows shown" in dom


@needs_chromium
def test_pages_open_without_complaint_and_print(tmp_path: Path, results: dict[str, Result], listed: Path) -> None:
    file = tmp_path / "one.html"
    file.write_text(single(results["hostile"]), encoding="utf-8")
    assert "broken" not in re.findall(r"<title>.*?</title>", browse(file))[0]
    assert main(["report", "sin(x)/x", "--at", "x=2", "-o", str(tmp_path / "report.html")]) == 0
    for page_file in (tmp_path / "report.html", listed):
        pdf = tmp_path / f"{page_file.stem}.pdf"
        browse(page_file, "", f"--print-to-pdf={pdf}")
        assert pdf.read_bytes().startswith(b"%PDF")


def test_the_order_of_verdicts_is_data() -> None:
    order = next(found["data-order"] for _, found in Reader(batch([])).attributes if "data-order" in found)
    assert order is not None
    assert set(json.loads(order)) == set(SIGNS)


# --- Python functions
class Owner:
    @staticmethod
    def doubled(a: float) -> float:
        return 2 * a if a < 1 else a


@pytest.mark.parametrize(
    ("function", "shown"),
    [
        ("diffcli.lessons.control:f", "<mi>f</mi>"),
        (Owner.doubled, "<mi>doubled</mi>"),
        (lambda a: a * a, ""),
    ],
    ids=["named", "at hand", "lambda"],
)
def test_a_function_is_called_by_its_name(function: Any, shown: str) -> None:
    comparison = compare(traced_case(function, {"a": 0.5}), Settings(("forward",)))
    for fragment in (table_html(comparison), single(comparison)):
        formula = re.search(r"(?s)<math.*?</math>", fragment)
        assert shown in (formula[0].partition("<mo>=</mo>")[2] if formula else "")
        assert bool(formula) == bool(shown)
        assert f"the Python function <code>{escape(comparison.case.expression.source)}</code>" in fragment
        assert "f(a) = " not in fragment or not shown
