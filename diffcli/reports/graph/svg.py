"""A computational graph as SVG, drawn here: no program is needed, and it is read on light and on dark ground.

Shapes say what a node is, a colour and a number how many bits are lost; the
colour only repeats the number. Text is text, so that it scales and is found.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from textwrap import wrap
from typing import cast

from diffcli.locale.language import TAGS, language, tr
from diffcli.locale.wrapping import wrapped
from diffcli.reports.graph.labels import lines_of, slope
from diffcli.runtime.errors import width as columns_of
from diffcli.studies.graph import Edge, Graph, Kind, Node, grade
from diffcli.studies.layout import Item, Placed, place
from diffcli.syntax.rendering import literal

WIDEST, _NARROWEST, _HEADED = 1100.0, 320.0, 560.0
"""Of a drawing: as wide as it gets, the least, and the least beneath a long formula."""
_CHAR, _LINE, _PAD, _GAP, _RISE = 7.6, 17.0, 12.0, 26.0, 56.0
_MARGIN = 24.0

_STYLE = """
.drawn text { font: 13px ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; fill: #16202a; }
.drawn .ground { fill: #ffffff; }
.drawn .title { font-weight: 600; }
.drawn .name { font-weight: 600; }
.drawn .slope { font-size: 11px; fill: #3c5063; }
.drawn .edge { fill: none; stroke: #7b8fa1; stroke-width: 1.4; }
.drawn .tip { fill: #7b8fa1; }
.drawn .node { stroke-width: 1.5; }
.drawn .g0 { fill: #e8eef5; stroke: #5b7083; }
.drawn .g1 { fill: #fff0b8; stroke: #8a6d00; }
.drawn .g2 { fill: #ffd2a1; stroke: #a35200; }
.drawn .g3 { fill: #ffb0a6; stroke: #a8200d; }
.drawn .gx { fill: #f6f6f6; stroke: #8a8a8a; stroke-dasharray: 4 3; }
.drawn .inner { fill: none; stroke-width: 1; }
@media (prefers-color-scheme: dark) {
  .drawn text { fill: #e6edf3; }
  .drawn .ground { fill: #0d1117; }
  .drawn .slope { fill: #a9bccd; }
  .drawn .edge { stroke: #6b8094; }
  .drawn .tip { fill: #6b8094; }
  .drawn .g0 { fill: #1d2a37; stroke: #7f97ab; }
  .drawn .g1 { fill: #4a3d0c; stroke: #d9b64a; }
  .drawn .g2 { fill: #5c3512; stroke: #f0a050; }
  .drawn .g3 { fill: #6d1f18; stroke: #ff8a7a; }
  .drawn .gx { fill: #20242a; stroke: #8b949e; }
}
"""
_KINDS: tuple[Kind, ...] = ("input", "constant", "operation", "folded", "output")
_GRADES = ("g0", "g1", "g2", "g3", "gx")
_LOST = ("under 1 bit lost", "1 to 4", "4 to 10", "more", "not known")


def svg(graph: Graph) -> str:
    """The whole picture."""
    return "".join(_Picture(graph).pieces())


class _Picture:
    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.texts = [lines_of(graph, node) for node in graph.nodes]
        self.entering: list[list[Edge]] = [[] for _ in graph.nodes]
        self.targets: list[list[int]] = [[] for _ in graph.nodes]
        for edge in graph.edges:
            self.entering[edge.target].append(edge)
            self.targets[edge.source].append(edge.target)
        for found in self.entering:
            found.sort(key=lambda edge: (edge.place, edge.source))
        self.widths = [self._width(k) for k in range(len(graph.nodes))]
        self.heights = [_LINE * len(lines) + _PAD for lines in self.texts]
        constants = frozenset(k for k, node in enumerate(graph.nodes) if node.kind == "constant" and self.targets[k])
        ends = [(edge.source, edge.target) for edge in graph.edges]
        self.placed: Placed = place(self.widths, ends, constants, WIDEST, _GAP, 10.0)
        self.right = max((x + self._room(item) / 2 for (_, item), x in self.placed.centre.items()), default=0.0)
        longest = max(columns_of(line) * _CHAR for line in graph.heading)
        self.wide = max(self.right, _NARROWEST, min(longest, _HEADED))
        columns = int(self.wide / _CHAR)
        self.heading = [part for line in graph.heading for part in wrap(line, columns, subsequent_indent="    ")]
        self.notes = [part for line in graph.sentences for part in wrapped(line, columns)]
        self.shift = _MARGIN + (self.wide - self.right) / 2
        self.top: list[float] = []
        y = _MARGIN + _LINE * (len(self.heading) + 1)
        self.high = [max([self.heights[item.node] for item in layer if not item.passing], default=0.0)
                     for layer in self.placed.layers]  # fmt: skip
        for high in self.high:
            self.top.append(y)
            y += high + _RISE
        self.bottom = y - _RISE

    def _width(self, k: int) -> float:
        text = max(map(columns_of, self.texts[k]), default=1) * _CHAR + 2 * _PAD
        slopes = sum(len(slope(edge)) * 6.6 + 16 for edge in self.entering[k])
        return max(text, slopes, 40.0)

    def pieces(self) -> Iterator[str]:
        legend, below = self._legend(self.bottom + _LINE * (len(self.notes) + 3))
        width, height = self.wide + 2 * _MARGIN, below + _MARGIN
        yield (
            f'<svg xmlns="http://www.w3.org/2000/svg" class="drawn" role="img" lang="{TAGS[language()]}" '
            f'viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}" height="{height:.0f}">\n'
            f"<title>{escape(self.graph.heading[0])}</title>\n"
            f"<desc>{escape(' '.join([*self.graph.heading[1:], *self.graph.sentences]))}</desc>\n"
            f"<style>{_STYLE}</style>\n"
            '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
            '<path class="tip" d="M0 0.5 L8 4 L0 7.5 z"/></marker></defs>\n'
            f'<rect class="ground" width="{width:.0f}" height="{height:.0f}"/>\n'
        )
        for i, line in enumerate(self.heading):
            yield _text(_MARGIN, _MARGIN + _LINE * i + 6, line, "title" if not i else "", "start")
        for edge in self.graph.edges:
            yield self._edge(edge)
        for edge in self.graph.edges:
            yield self._slope(edge)
        for i, layer in enumerate(self.placed.layers):
            for item in layer:
                if not item.passing:
                    yield self._node(i, item)
        y = self.bottom + 2 * _LINE
        for line in self.notes:
            yield _text(_MARGIN, y, line, "", "start")
            y += _LINE
        yield from legend
        yield "</svg>\n"

    # --- places
    def _room(self, item: Item) -> float:
        return 10.0 if item.passing else self.widths[item.node]

    def _x(self, layer: int, item: Item) -> float:
        return self.placed.centre[layer, item] + self.shift

    def _port(self, edge: Edge) -> tuple[float, float]:
        """Where an edge ends: arguments enter from left to right."""
        level, found = self.placed.level[edge.target], self.entering[edge.target]
        wide = self.widths[edge.target]
        x = self._x(level, Item(edge.target)) - wide / 2
        return x + wide * (found.index(edge) + 0.5) / len(found), self._above(edge.target)

    def _above(self, k: int) -> float:
        """The upper edge of a node; constants stand low, beside what reads them."""
        level = self.placed.level[k]
        low = self.graph.nodes[k].kind == "constant"
        return self.top[level] + (self.high[level] - self.heights[k] if low else 0.0)

    # --- pieces
    def _edge(self, edge: Edge) -> str:
        start, end = self.placed.level[edge.source], self.placed.level[edge.target]
        x, y = self._x(start, Item(edge.source)), self._above(edge.source) + self.heights[edge.source]
        path = [f"M{x:.1f} {y:.1f}"]
        if y < self.top[start] + self.high[start]:
            y = self.top[start] + self.high[start]
            path.append(f"L{x:.1f} {y:.1f}")
        for layer in range(start + 1, end):
            to = self._x(layer, Item(edge.source, True))
            path.append(_curve(x, y, to, self.top[layer]))
            x, y = to, self.top[layer] + self.high[layer]
            path.append(f"L{x:.1f} {y:.1f}")
        to, height = self._port(edge)
        path.append(_curve(x, y, to, height))
        return f'<path class="edge" marker-end="url(#tip)" d="{" ".join(path)}"/>\n'

    def _slope(self, edge: Edge) -> str:
        text = slope(edge)
        x, y = self._port(edge)
        if not text:
            return ""
        wide = len(text) * 6.6 + 4
        ground = f'<rect class="ground" x="{x - wide / 2:.1f}" y="{y - 26:.1f}" width="{wide:.1f}" height="14"/>'
        return ground + _text(x, y - 15, text, "slope", "middle")

    def _node(self, layer: int, item: Item) -> str:
        k = item.node
        node, lines = self.graph.nodes[k], self.texts[k]
        x, y, wide, high = self._x(layer, item), self._above(k), self.widths[k], self.heights[k]
        shape = _shape(node, x - wide / 2, y, wide, high, _grade(node))
        texts = "".join(
            _text(x, y + _PAD / 2 + _LINE * (r + 0.76), line, "name" if not r else "", "middle")
            for r, line in enumerate(lines)
        )
        return f"<g><title>{escape(_in_full(self.graph, node))}</title>{shape}{texts}</g>\n"

    def _legend(self, y: float) -> tuple[list[str], float]:
        """What shapes and colours mean, of those that there are, and where it ends: in as many lines as it needs."""
        kinds, grades = {node.kind for node in self.graph.nodes}, {_grade(node) for node in self.graph.nodes}
        shapes = [
            (30.0, _kind, kind, word) for kind, word in zip(_KINDS, map(tr, _KINDS), strict=True) if kind in kinds
        ]
        colours = [
            (16.0, _swatch, grey, word)
            for grey, word in zip(_GRADES, map(tr, _LOST), strict=True)
            if grey in grades or grey != "gx"
        ]
        pieces = []
        for entries in (shapes, colours):
            x = _MARGIN
            for wide, sample, name, word in entries:
                room = wide + 7 + columns_of(word) * _CHAR
                if x > _MARGIN and x + room > _MARGIN + self.wide:
                    x, y = _MARGIN, y + 1.4 * _LINE
                pieces += [sample(name, x, y - 12), _text(x + wide + 7, y, word, "", "start")]
                x += room + 17
            y += 1.6 * _LINE
        return pieces, y - 1.6 * _LINE


def _kind(kind: str, x: float, y: float) -> str:
    return _shape(Node(cast(Kind, kind), "", "", None), x, y, 30, 16, "g0")


def _swatch(grey: str, x: float, y: float) -> str:
    return f'<rect class="node {grey}" x="{x:.0f}" y="{y:.0f}" width="16" height="16" rx="3"/>'


def _grade(node: Node) -> str:
    return "gx" if grade(node) < 0 else f"g{grade(node)}"


def _curve(x: float, y: float, to: float, height: float) -> str:
    middle = (y + height) / 2
    return f"C{x:.1f} {middle:.1f} {to:.1f} {middle:.1f} {to:.1f} {height:.1f}"


def _text(x: float, y: float, text: str, kind: str, anchor: str) -> str:
    named = f' class="{kind}"' if kind else ""
    return f'<text x="{x:.1f}" y="{y:.1f}"{named} text-anchor="{anchor}" xml:space="preserve">{escape(text)}</text>\n'


def _shape(node: Node, x: float, y: float, wide: float, high: float, kind: str) -> str:
    """Inputs are round at their ends, constants ellipses, outputs framed twice, folded ones cut at their corners."""
    named = f'class="node {kind}"'
    box = f'x="{x:.1f}" y="{y:.1f}" width="{wide:.1f}" height="{high:.1f}"'
    if node.kind == "input":
        return f'<rect {named} {box} rx="{min(high / 2, 20):.1f}"/>'
    if node.kind == "constant":
        middle, radii = f'cx="{x + wide / 2:.1f}" cy="{y + high / 2:.1f}"', f'rx="{wide / 2:.1f}" ry="{high / 2:.1f}"'
        return f"<ellipse {named} {middle} {radii}/>"
    if node.kind == "folded":
        cut = 9.0 if wide > 40 else 5.0
        corners = ((cut, 0), (wide - cut, 0), (wide, cut), (wide, high - cut), (wide - cut, high), (cut, high),
                   (0, high - cut), (0, cut))  # fmt: skip
        return f'<polygon {named} points="{" ".join(f"{x + a:.1f},{y + b:.1f}" for a, b in corners)}"/>'
    if node.kind == "output":
        inner = f'x="{x + 3:.1f}" y="{y + 3:.1f}" width="{wide - 6:.1f}" height="{high - 6:.1f}"'
        return f'<rect {named} {box} rx="4"/><rect class="node inner {kind}" {inner} rx="2" style="fill:none"/>'
    return f'<rect {named} {box} rx="4"/>'


def _in_full(graph: Graph, node: Node) -> str:
    """All digits, for who points at a node."""
    said = [f"{node.name} {node.label}".strip()]
    if node.value is not None:
        said.append(tr("value {value}", value=literal(node.value)))
    if node.shown is not None:
        said.append(f"{graph.symbol} {literal(node.shown)}")
    if node.lost is not None:
        said.append(tr("{bits} lost", bits=tr("{bits} bits", bits=f"{node.lost:.2g}")))
    return tr(", ").join(said)
