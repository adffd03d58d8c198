"""A computational graph as a drawing of characters: boxes in layers, and lines that can be followed."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from diffcli.locale.language import tr
from diffcli.locale.wrapping import wrapped
from diffcli.reports.graph.labels import lines_of, slope
from diffcli.runtime.errors import width as columns_of
from diffcli.studies.graph import Edge, Graph, Node, folded
from diffcli.studies.layout import Item, place, spread_out

LEGEND = "Inputs are ( ), constants ⟨ ⟩, outputs ╔ ╗. Lines run downwards; a number on a line is the local slope."


@dataclass(frozen=True)
class _Box:
    """A node as rows of characters; `ports` are where its arguments enter, from its left edge."""

    rows: tuple[str, ...]
    ports: tuple[int, ...]

    @property
    def width(self) -> int:
        return len(self.rows[0])


_FRAMES = {"input": "╭─╮│╰╯", "operation": "┌─┐│└┘", "output": "╔═╗║╚╝", "folded": "┌┄┐┊└┘"}
_NUDGE = 5
_DENSE, _FEWER = 9, (60, 45, 32, 24, 17, 12)
"""Lines side by side that cannot be followed, one in so many columns: then more is folded, to fewer nodes."""
_LINES = " ╵╷│╴┘┐┤╶└┌├─┴┬┼"
_UP, _DOWN, _LEFT, _RIGHT = 1, 2, 4, 8


def _box(graph: Graph, node: Node, entering: Sequence[str]) -> _Box:
    """`entering` are the numbers on the lines that come in, from the left."""
    lines = lines_of(graph, node)
    slots = [len(text) + 2 for text in entering]
    beside = 2 * slots[0] - 5 if len(slots) == 1 else sum(slots) - 1
    inner = max([*map(columns_of, lines), beside, 1])
    if node.kind == "constant":
        return _Box((f"⟨{lines[0]}⟩",), ())
    top, flat, right, side, bottom, corner = tuple(_FRAMES[node.kind])
    padded = [f"{side} {_centred(line, inner)} {side}" for line in lines]
    rows = (top + flat * (inner + 2) + right, *padded, bottom + flat * (inner + 2) + corner)
    if len(slots) == 1:
        return _Box(rows, ((inner + 4) // 2,))
    slack = (inner + 4 - sum(slots)) / max(len(slots), 1)
    ports, x = [], 0.0
    for slot in slots:
        ports.append(int(x + slack / 2) + 1)
        x += slot + slack
    return _Box(rows, tuple(ports))


def _centred(line: str, inner: int) -> str:
    room = inner - columns_of(line)
    return " " * (room // 2) + line + " " * (room - room // 2)


def characters(graph: Graph, width: int, fold: bool) -> Iterator[str]:
    for line in graph.heading:
        yield from textwrap.wrap(line, width, subsequent_indent="    ")
    yield ""
    drawing = _Drawing(graph, width)
    for most in _FEWER if fold else ():
        if drawing.dense <= width // _DENSE and drawing.right <= width:
            break
        drawing = _Drawing(folded(graph, most), width)
    graph = drawing.graph
    yield from drawing.lines()
    yield ""
    for sentence in (*graph.sentences, tr(LEGEND)):
        yield from wrapped(sentence, width)


class _Drawing:
    """Boxes in layers, and between them lines that meet only where they belong together."""

    def __init__(self, graph: Graph, width: int) -> None:
        self.graph, self.width = graph, width
        self.entering: list[list[Edge]] = [[] for _ in graph.nodes]
        self.targets: list[list[int]] = [[] for _ in graph.nodes]
        for edge in graph.edges:
            self.entering[edge.target].append(edge)
            self.targets[edge.source].append(edge.target)
        for found in self.entering:
            found.sort(key=lambda edge: (edge.place, edge.source))
        self.boxes = [
            _box(graph, node, [slope(edge) for edge in found])
            for node, found in zip(graph.nodes, self.entering, strict=True)
        ]
        constants = frozenset(k for k, node in enumerate(graph.nodes) if node.kind == "constant" and self.targets[k])
        ends = [(edge.source, edge.target) for edge in graph.edges]
        self.placed = place([box.width for box in self.boxes], ends, constants, width, 2, 1)
        self.left = self._lefts(width)
        self.entered: dict[int, list[int]] = {}  # the columns in which lines come in

    @property
    def dense(self) -> int:
        """The most lines that pass a layer side by side."""
        return max((sum(item.passing for item in layer) for layer in self.placed.layers), default=0)

    @property
    def right(self) -> int:
        """The columns that are needed."""
        return max((x + self._wide(item) for (_, item), x in self.left.items()), default=0)

    def _lefts(self, width: int) -> dict[tuple[int, Item], int]:
        """Whole columns."""
        found: dict[tuple[int, Item], int] = {}
        for i, layer in enumerate(self.placed.layers):
            room = [self._wide(item) for item in layer]
            wanted = [round(self.placed.centre[i, item] - own / 2) for item, own in zip(layer, room, strict=True)]
            wanted = [x + self._nudge(i, item, x, found) for item, x in zip(layer, wanted, strict=True)]
            places = spread_out([max(x, 0) for x in wanted], room, 2)
            over = max((x + own for x, own in zip(places, room, strict=True)), default=0) - width
            if over > 0:
                edge = width
                for k in range(len(places) - 1, -1, -1):
                    places[k] = max(min(places[k], edge - room[k]), 0)
                    edge = places[k] - 2
                places = spread_out(places, room, 1)
            for item, x in zip(layer, places, strict=True):
                found[i, item] = x
        return found

    def _nudge(self, i: int, item: Item, x: int, left: dict[tuple[int, Item], int]) -> int:
        """The small step aside that makes one of its lines straight, if there is one."""
        ports = zip(self.entering[item.node], self.boxes[item.node].ports, strict=False)
        ends = [(item.node, x)] if item.passing else [(edge.source, x + port) for edge, port in ports]
        steps = []
        for source, column in ends:
            above = [item for item in (Item(source), Item(source, True)) if (i - 1, item) in left]
            steps += [left[i - 1, item] + self._wide(item) // 2 - column for item in above]
        return min((step for step in steps if abs(step) <= _NUDGE), key=abs, default=0)

    def _wide(self, item: Item) -> int:
        return 1 if item.passing else self.boxes[item.node].width

    def _exit(self, layer: int, item: Item) -> int:
        """The column in which a line leaves an item."""
        return self.left[layer, item] + self._wide(item) // 2

    def lines(self) -> Iterator[str]:
        for i, layer in enumerate(self.placed.layers):
            yield from self._layer(i, layer)
            if i + 1 < len(self.placed.layers):
                yield from self._between(i)

    def _layer(self, i: int, layer: Sequence[Item]) -> Iterator[str]:
        height = max(len(self.boxes[item.node].rows) if not item.passing else 1 for item in layer)
        boxed = [self._rows(i, item, height) for item in layer]
        for r in range(height):
            line = ""
            for item, rows in zip(layer, boxed, strict=True):
                line += " " * (self.left[i, item] - columns_of(line)) + rows[r]
            yield line.rstrip()

    def _rows(self, i: int, item: Item, height: int) -> list[str]:
        if item.passing:
            return ["│"] * height
        box = self.boxes[item.node]
        rows, below = list(box.rows), height - len(box.rows)
        if self.graph.nodes[item.node].kind != "constant":
            doubled = self.graph.nodes[item.node].kind == "output"
            for column in self.entered.get(item.node, ()):
                rows[0] = _set(rows[0], column - self.left[i, item], "╧" if doubled else "┴")
            if self.targets[item.node]:
                rows[-1] = _set(rows[-1], box.width // 2, "╤" if doubled else "┬")
        if not below:
            return rows
        if self.graph.nodes[item.node].kind == "constant":  # it stands at the bottom
            return [" " * box.width] * below + rows
        line = " " * (box.width // 2) + ("│" if self.targets[item.node] else " ")
        return rows + [line.ljust(box.width)] * below

    def _between(self, i: int) -> Iterator[str]:
        nets = self._nets(i)
        tracks = _tracks(nets)
        count = max(tracks.values(), default=-1) + 1
        cells: dict[tuple[int, int], dict[int, int]] = {}

        def mark(row: int, column: int, net: int, bits_: int) -> None:
            found = cells.setdefault((row, column), {})
            found[net] = found.get(net, 0) | bits_

        labels = count
        for k, (top, bottoms, _) in enumerate(nets):
            turn = tracks.get(k, count)
            for row in range(turn):
                mark(row, top, k, _UP | _DOWN)
            if k in tracks:
                ends = sorted({top, *bottoms})
                mark(turn, top, k, _UP)
                for column in range(ends[0], ends[-1] + 1):
                    mark(turn, column, k, (column > ends[0]) * _LEFT | (column < ends[-1]) * _RIGHT)
                for column in bottoms:
                    mark(turn, column, k, _DOWN)
            for column in bottoms:
                for row in range(turn + 1 if k in tracks else turn, count + 1):
                    mark(row, column, k, _UP | _DOWN)
        texts = {column: text for _, _, found in nets for column, text in found.items() if text}
        for row in range(count + 1):
            columns = {column: _joined(found) for (r, column), found in cells.items() if r == row}
            if row == labels:
                for column, text in texts.items():
                    start = column + 1 if column + len(text) < self.width else column - len(text)
                    for shift, char in enumerate(text):
                        columns.setdefault(start + shift, char)
            line = "".join(columns.get(column, " ") for column in range(max(columns, default=-1) + 1))
            yield line.rstrip()

    def _nets(self, i: int) -> list[tuple[int, list[int], dict[int, str]]]:
        """Lines between two layers: the column they come from, those they go to, and numbers beside these."""
        sources = [(item, self._exit(i, item)) for item in self.placed.layers[i]
                   if self.placed.below(i, item, self.targets[item.node])]  # fmt: skip
        taken = {column: item.node for item, column in sources}
        used: set[int] = set()
        found: dict[int, tuple[int, list[int], dict[int, str]]] = {
            item.node: (column, [], {}) for item, column in sources
        }

        def free(column: int, node: int, room: Sequence[int]) -> int:
            for shift in room:
                if column + shift not in used and taken.get(column + shift, node) == node:
                    return column + shift
            return column

        for item in self.placed.layers[i + 1]:
            if item.passing:
                column = free(self.left[i + 1, item], item.node, (0, 1, -1))
                self.left[i + 1, item] = column
                used.add(column)
                found[item.node][1].append(column)
                continue
            for edge, port in zip(self.entering[item.node], self.boxes[item.node].ports, strict=True):
                column = free(self.left[i + 1, item] + port, edge.source, (0, 1, -1, 2, -2))
                used.add(column)
                self.entered.setdefault(item.node, []).append(column)
                found[edge.source][1].append(column)
                found[edge.source][2][column] = slope(edge)
        return list(found.values())


def _set(row: str, column: int, char: str) -> str:
    return row[:column] + char + row[column + 1 :]


def _tracks(nets: Sequence[tuple[int, list[int], dict[int, str]]]) -> dict[int, int]:
    """A row for each line that is not straight, so that no two lie on each other."""
    spans = {k: (min(top, *bottoms), max(top, *bottoms)) for k, (top, bottoms, _) in enumerate(nets)
             if any(column != top for column in bottoms)}  # fmt: skip
    rows: list[list[tuple[int, int]]] = []
    found = {}
    for k, (low, high) in sorted(spans.items(), key=lambda pair: pair[1][1] - pair[1][0]):
        free = (row for row, others in enumerate(rows) if all(high + 1 < a or b + 1 < low for a, b in others))
        row = next(free, len(rows))
        if row == len(rows):
            rows.append([])
        rows[row].append((low, high))
        found[k] = row
    return found


def _joined(found: dict[int, int]) -> str:
    """One line as it turns; where two cross, the upright one passes over the other."""
    if len(found) == 1:
        (bits_,) = found.values()
        return _LINES[bits_]
    upright = [bits_ for bits_ in found.values() if bits_ & (_UP | _DOWN)]
    return _LINES[upright[0]] if upright else "─"
