"""The graph is the computation: numbers are right, lines lead where they should, every format can be read."""

import json
import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from diffcli.cli.main import main
from diffcli.problem.case import Case
from diffcli.problem.point import read_point
from diffcli.problem.understanding import make_case
from diffcli.reports.graph import drawn
from diffcli.reports.graph.characters import _Drawing
from diffcli.runtime.errors import DiffError
from diffcli.studies.graph import SHOWS, Graph, Show, folded, grade, graph
from diffcli.studies.layout import Item, place

SVG = "{http://www.w3.org/2000/svg}"
LARGE = "sum(softmax(x*y))/norm(x) + logsumexp(sin(x)*cos(y)) + prod(x)"
LARGE_AT = "x=[1,2,3,4,5,6,7,8], y=2"
SMALL = [
    ("x*sin(y) + 2*x**3", "x=1.5, y=2"),
    ("(1 - cos(x))/x**2 + log(1 + x)*y", "x=1e-6, y=2"),
    ("u = x**2 + y; u*exp(-u)", "x=1.5, y=2"),
    ("softmax(x)[0] + logsumexp(x*y)", "x=[1,2,3], y=2"),
    ("where(x > 1, x**2, y) + x*x", "x=2, y=1"),
    ("x", "x=2"),
    ("5 + 0*x", "x=2"),
    ("polygamma(2, x) + x**y", "x=2, y=3"),
]


def case(source: str, at: str, wrt: list[str] | None = None) -> Case:
    return make_case(source, read_point(at), wrt)


def made(source: str, at: str, show: Show = "values") -> Graph:
    return graph(case(source, at, [next(iter(read_point(at)))] if show == "tangents" and "[" not in at else None), show)


# --- numbers
def test_nodes_have_their_values_and_edges_their_slopes() -> None:
    found = made("x*y + sin(x)", "x=2, y=3")
    by_label = {node.label: (k, node) for k, node in enumerate(found.nodes)}
    assert by_label["×"][1].value == 6
    slopes = {(found.nodes[edge.source].label, found.nodes[edge.target].label): edge.partial for edge in found.edges}
    assert slopes["x", "×"] == 3
    assert slopes["y", "×"] == 2
    assert slopes["x", "sin"] == pytest.approx(-0.4161468365471424)
    assert slopes["×", "f = +"] == 1


def test_adjoints_are_the_derivatives_at_the_inputs() -> None:
    found = made("x*y + sin(x)", "x=2, y=3", "adjoints")
    shown = {node.label: node.shown for node in found.nodes if node.kind == "input"}
    assert shown == {"x": pytest.approx(3 - 0.4161468365471424), "y": 2}


def test_tangents_end_in_the_derivative() -> None:
    found = graph(case("x*y + sin(x)", "x=2, y=3", ["y"]), "tangents")
    (output,) = [node for node in found.nodes if node.kind == "output"]
    assert output.shown == 2
    assert found.along == "y"


def test_tangents_are_along_one_variable() -> None:
    with pytest.raises(DiffError, match="one variable"):
        graph(case("x*y", "x=2, y=3"), "tangents")


def test_adjoints_are_of_one_output() -> None:
    with pytest.raises(DiffError, match="one output"):
        graph(case("[x, x*y]", "x=2, y=3"), "adjoints")


def test_bits_lost_belong_to_the_number_shown() -> None:
    values, adjoints = (made("(1 - cos(x))/x**2", "x=1e-6", show) for show in ("values", "adjoints"))
    assert max(node.lost or 0 for node in values.nodes) > 30
    (x,) = [node for node in adjoints.nodes if node.kind == "input"]
    assert grade(x) == 3
    (x,) = [node for node in values.nodes if node.kind == "input"]
    assert grade(x) == 0


def test_a_node_is_judged_by_what_is_shown_of_it() -> None:
    """The difference 1 - cos(x) has lost its digits; how f changes with it is 1/x^2, and known."""
    minus = [
        next(node for node in made("(1 - cos(x))/x**2", "x=1e-6", show).nodes if node.label == "−")
        for show in ("values", "adjoints")
    ]
    assert minus[1].shown == pytest.approx(1e12)
    assert [grade(node) for node in minus] == [3, 0]


def test_grades_are_by_bits() -> None:
    node = made("x*y", "x=1, y=2").nodes[0]
    losses = (0.0, 0.99, 1.0, 3.99, 4.0, 9.99, 10.0, 64.0, None)
    assert [grade(replace(node, lost=loss)) for loss in losses] == [0, 0, 1, 1, 2, 2, 3, 3, -1]


def test_every_output_is_a_node_of_its_own_shape() -> None:
    found = made("[x, x*y, 3]", "x=2, y=3")
    assert sum(node.kind == "output" for node in found.nodes) == 3


def test_only_the_path_taken_is_drawn() -> None:
    labels = {node.label for node in made("where(x > 1, sin(x), cos(x))", "x=2").nodes}
    assert "f = sin" in labels
    assert "cos" not in labels


# --- folding
@pytest.mark.parametrize("most", [60, 20, 5])
@pytest.mark.parametrize(
    ("source", "at"),
    [(LARGE, LARGE_AT), ("+".join(["sin(x)*y"] * 400), "x=1, y=2"), ("sin(" * 300 + "x" + ")" * 300, "x=1")],
)
def test_large_graphs_are_folded_without_cycles(source: str, at: str, most: int) -> None:
    whole = graph(case(source, at), most=None)
    found = folded(whole, most)
    assert len(found.nodes) <= most
    assert all(edge.source < edge.target for edge in found.edges)
    operations = sum(node.operations for node in found.nodes if node.kind in ("operation", "output", "folded"))
    assert operations == sum(node.kind in ("operation", "output") for node in whole.nodes)


def test_a_folded_graph_tells_how_large_it_was() -> None:
    whole = graph(case("+".join(["sin(x)*y"] * 400), "x=1, y=2"), most=None)
    assert (len(whole.nodes), whole.folded_from) == (2 + 800 + 399, 0)
    once = folded(whole, 20)
    assert (once.folded_from, folded(once, 5).folded_from) == (1201, 1201)
    assert once.sentences[-1].startswith(f"1,201 nodes are folded into {len(once.nodes)}; ")


def test_a_lattice_that_has_no_single_readers_is_folded_too() -> None:
    rows = [f"a{k + 1} = a{k} + b{k}; b{k + 1} = a{k} - b{k}" for k in range(60)]
    source = "; ".join(["a0 = x", "b0 = y", *rows, "a60*b60"])
    found = graph(case(source, "x=1, y=2"))
    assert len(found.nodes) <= 60
    assert all(edge.source < edge.target for edge in found.edges)


def test_the_nodes_that_lose_most_stay_visible() -> None:
    source = "+".join(["sin(x)*y"] * 200) + "+ (1 - cos(x))/x**2"
    found = graph(case(source, "x=1e-6, y=2"))
    assert any(node.label == "−" and grade(node) == 3 for node in found.nodes)


# --- the layout
@pytest.mark.parametrize("source", [LARGE, f"{LARGE} + 3*sum(x) + 2**y - 1/x[0]"], ids=["variables", "constants"])
def test_layers_are_as_wide_as_asked_and_lines_run_down(source: str) -> None:
    found = graph(case(source, LARGE_AT), most=None)
    edges = [(edge.source, edge.target) for edge in found.edges]
    late = frozenset(k for k, node in enumerate(found.nodes) if node.kind == "constant")
    placed = place([10.0] * len(found.nodes), edges, late, 200.0, 2.0, 1.0)
    assert all(placed.level[source] < placed.level[target] for source, target in edges)
    for i, layer in enumerate(placed.layers):
        places = [placed.centre[i, item] for item in layer]
        assert places == sorted(places)
        for (one, x), (other, y) in pairwise(zip(layer, places, strict=True)):
            room = sum(1.0 if item.passing else 10.0 for item in (one, other)) / 2
            assert y - x >= room + 2 - 1e-6
        ends = [(item, placed.centre[i, item]) for item in (layer[0], layer[-1])]
        (first, left), (last, right) = ends
        half = {item: 0.5 if item.passing else 5.0 for item, _ in ends}
        assert right + half[last] - (left - half[first]) <= 200 + 1e-6
    assert bool(late) == (source != LARGE)
    for k in late:
        assert placed.level[k] == min(placed.level[edge.target] for edge in found.edges if edge.source == k) - 1


@pytest.mark.parametrize("width", [80, 100, 160])
@pytest.mark.parametrize("show", SHOWS)
@pytest.mark.parametrize(("source", "at"), [*SMALL, (LARGE, LARGE_AT)])
def test_drawings_fit_the_terminal(source: str, at: str, show: Show, width: int) -> None:
    if show == "tangents" and "[" in at:
        pytest.skip("more than one variable")
    text = drawn(made(source, at, show), "text", width)
    assert max(len(line.replace("\u0304", "")) for line in text.splitlines()) <= width


@pytest.mark.parametrize("width", [80, 100])
@pytest.mark.parametrize(("source", "at"), SMALL)
def test_every_line_of_a_drawing_leads_from_its_source_to_its_readers(source: str, at: str, width: int) -> None:
    """Followed character by character: from each box downwards one comes to what reads it, and nowhere else."""
    found = made(source, at)
    drawing = _Drawing(found, width)
    rows = [line.replace("\u0304", "") for line in drawing.lines()]
    reached: dict[int, list[int]] = {k: [] for k in range(len(found.nodes))}
    boxes = _boxes(rows, found, drawing)
    for k, (_, bottom, left, _) in boxes.items():
        exits = [(bottom + 1, left + drawing.boxes[k].width // 2)] if drawing.targets[k] else []
        tops = {(t, column): n for n, (t, _, a, b) in boxes.items() for column in range(a, b + 1)}
        reached[k] += [tops[end] for end in _followed(rows, exits, tops)]
    for k, targets in reached.items():
        assert sorted(targets) == sorted(drawing.targets[k]), "\n".join(rows)


def _boxes(rows: list[str], found: Graph, drawing: _Drawing) -> dict[int, tuple[int, int, int, int]]:
    """Where each node stands, from the heights of the layers."""
    boxes, row = {}, 0
    for i, layer in enumerate(drawing.placed.layers):
        height = max(len(drawing.boxes[item.node].rows) if not item.passing else 1 for item in layer)
        for item in layer:
            if not item.passing:
                box = drawing.boxes[item.node]
                low = found.nodes[item.node].kind == "constant"
                top = row + height - 1 if low else row
                left = drawing.left[i, Item(item.node)]
                boxes[item.node] = (top, top + len(box.rows) - 1, left, left + box.width - 1)
        row += height
        if i + 1 < len(drawing.placed.layers):
            row += len(list(drawing._between(i)))
    assert row == len(rows)
    return boxes


_WAYS = {
    "│": "UD", "─": "LR", "┌": "DR", "┐": "DL", "└": "UR", "┘": "UL", "├": "UDR", "┤": "UDL", "┬": "DLR", "┴": "ULR",
         "┼": "UDLR"}  # fmt: skip
_STEPS = {"U": (-1, 0, "D"), "D": (1, 0, "U"), "L": (0, -1, "R"), "R": (0, 1, "L")}


def _followed(rows: list[str], exits: list[tuple[int, int]], tops: dict[tuple[int, int], int]) -> list[tuple[int, int]]:
    """The cells of `tops` in which a line ends that begins at `exits`."""
    ends, seen = [], set()
    stack = [(row, column, "U") for row, column in exits]
    while stack:
        row, column, came = stack.pop()
        if (row, column, came) in seen:
            continue
        seen.add((row, column, came))
        if (row, column) in tops:
            ends.append((row, column))
            continue
        char = rows[row][column] if column < len(rows[row]) else " "
        across = char == "│" and came in "LR"  # another line stands over this one
        ways = "LR" if across else _WAYS.get(char, "")
        assert came in ways, (row, column, char)
        for way in ways:
            if way != came:
                down, right, opposite = _STEPS[way]
                stack.append((row + down, column + right, opposite))
    return ends


# --- formats
@pytest.mark.parametrize(("source", "at"), [*SMALL, (LARGE, LARGE_AT), ("x < y", "x=1, y=2")])
def test_svg_is_well_formed_and_complete(source: str, at: str) -> None:
    found = made(source, at, "adjoints")
    picture = ET.fromstring(drawn(found, "svg"))
    assert picture.tag == f"{SVG}svg"
    groups = picture.findall(f"{SVG}g")
    assert len(groups) == len(found.nodes)
    assert len(picture.findall(f"{SVG}path")) == len(found.edges)
    assert picture.find(f"{SVG}title") is not None
    assert "prefers-color-scheme: dark" in drawn(found, "svg")
    width, height = (float(picture.get(name, "0")) for name in ("width", "height"))
    for text in picture.iter(f"{SVG}text"):
        assert 0 <= float(text.get("x", "-1")) <= width
        assert 0 <= float(text.get("y", "-1")) <= height


def test_colour_only_repeats_what_is_written() -> None:
    found = made("(1 - cos(x))/x**2", "x=1e-6")
    picture = ET.fromstring(drawn(found, "svg"))
    for group in picture.findall(f"{SVG}g"):
        shape = next(element for element in group if "node" in (element.get("class") or ""))
        written = any("lost" in (text.text or "") for text in group.findall(f"{SVG}text"))
        assert written == (shape.get("class", "").split()[1] in ("g1", "g2", "g3"))


def test_shapes_tell_kinds_apart() -> None:
    found = made("2*x + y", "x=1, y=2")
    mermaid, dot = drawn(found, "mermaid"), drawn(found, "dot")
    assert 'n0(["x = 1"])' in mermaid
    assert '(("2"))' in mermaid
    assert "[[" in mermaid
    assert "peripheries=2" in dot
    assert "shape=ellipse" in dot
    text = drawn(found, "text")
    assert "╭" in text
    assert "⟨2⟩" in text
    assert "╔" in text


@pytest.mark.parametrize(("source", "at"), SMALL)
def test_mermaid_and_dot_have_a_line_for_every_node_and_edge(source: str, at: str) -> None:
    found = made(source, at, "adjoints")
    mermaid, dot = drawn(found, "mermaid").splitlines(), drawn(found, "dot").splitlines()
    assert sum(" -->" in line for line in mermaid) == len(found.edges)
    assert sum(":::" in line for line in mermaid) == len(found.nodes)
    assert sum(" -> " in line for line in dot) == len(found.edges)
    assert sum(bool(re.match(r"    n\d+ \[", line)) for line in dot) == len(found.nodes)
    assert all(line.count('"') % 2 == 0 for line in mermaid + [line.replace('\\"', "") for line in dot])


def test_json_has_every_number() -> None:
    found = json.loads(drawn(made("x/y", "x=1, y=3", "adjoints"), "json"))
    assert {node["label"]: node["shown"] for node in found["nodes"]}["x"] == pytest.approx(1 / 3)
    assert {edge["argument"] for edge in found["edges"]} == {0, 1}


def test_the_command_line_takes_the_format_from_the_ending(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for ending, sign in {"svg": "<svg", "dot": "digraph", "mmd": "flowchart", "json": '"schema"', "txt": "╔"}.items():
        file = tmp_path / f"graph.{ending}"
        assert main(["graph", "x*y", "--at", "x=1,y=2", "-o", str(file)]) == 0
        assert sign in file.read_text()
    assert main(["graph", "x*y", "--at", "x=1,y=2", "--show", "adjoints"]) == 0
    assert "v₁  f = ×" in capsys.readouterr().out
