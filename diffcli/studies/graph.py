"""The computational graph at a point: what is computed from what, with numbers, local slopes, and bits lost.

The graph is that of the path taken. Every number stands beside the bits it has
lost against its own truth, every edge has the partial derivative of what reads
by what is read. A graph too large to be seen is folded: operations that only one
other reads are drawn into their reader, the smallest groups first.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from diffcli.ad.rules import ONE, ZERO, Linear
from diffcli.core.primitives import CONST, INPUT, PARAMETRIC, PRIMITIVES
from diffcli.locale.language import tr
from diffcli.numbers.float64 import FLOAT64
from diffcli.problem.case import Case, headline
from diffcli.problem.point import equations
from diffcli.runtime.errors import DiffError
from diffcli.runtime.messages import message
from diffcli.studies.nodes import (
    MOST_PROVED,
    Path,
    backward,
    derivatives,
    forward_values,
    lost,
    number,
    path_at,
    prove,
)
from diffcli.syntax.rendering import literal
from diffcli.truth.accuracy import Ball
from diffcli.truth.proofs import Known, sensitivities

Show = Literal["values", "tangents", "adjoints"]
SHOWS: tuple[Show, ...] = ("values", "tangents", "adjoints")
Kind = Literal["input", "constant", "operation", "output", "folded"]

MOST = 60
"""Nodes that can be seen at once."""
MOST_JUDGED = 3000
"""Operations up to which every value is proved."""


@dataclass(frozen=True, slots=True)
class Node:
    """One node: `value` is what it computes, `shown` its tangent or adjoint; `lost` belongs to the number shown."""

    kind: Kind
    name: str
    label: str
    value: float | None
    shown: float | None = None
    lost: float | None = None
    operations: int = 1


@dataclass(frozen=True, slots=True)
class Edge:
    """What `target` reads of `source`, as its argument number `place`, and the slope there."""

    source: int
    target: int
    place: int
    partial: float | None


@dataclass(frozen=True)
class Graph:
    """Nodes in the order of computation; `symbol` is how the number shown is written, as in `v'` or `v̄`."""

    heading: tuple[str, ...]
    show: Show
    along: str | None
    symbol: str
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    found: tuple[str, ...] = ()
    folded_from: int = 0

    @property
    def sentences(self) -> tuple[str, ...]:
        """What is to be said below the drawing."""
        if not self.folded_from:
            return self.found
        return (*self.found, tr(_FOLDED, count=f"{self.folded_from:,}", left=len(self.nodes)))


_FOLDED = "{count} nodes are folded into {left}; --all shows them all, best with -o graph.svg."


def graph(case: Case, show: Show = "values", most: int | None = MOST) -> Graph:
    """The graph of a case; more than `most` nodes are folded (None: never)."""
    problem = case.problem
    path = path_at(problem.program, problem.point)
    along, numbers, truths = _numbers(case, path, show)
    nodes, edges, places = _all(case, path, show, numbers, truths)
    worst = max((k for k in places if nodes[places[k]].lost is not None), default=None,
                key=lambda k: nodes[places[k]].lost or 0.0)  # fmt: skip
    sentences = _sentences(path, nodes, None if worst is None else places[worst], show)
    symbol = {"values": "", "tangents": "v'", "adjoints": "v\u0304"}[show]
    made = Graph(_heading(case, show, along), show, along, symbol, tuple(nodes), tuple(edges), tuple(sentences))
    return made if most is None else folded(made, most)


def folded(graph: Graph, most: int) -> Graph:
    """The graph with at most `most` nodes; it says what was done."""
    if len(graph.nodes) <= most:
        return graph
    nodes, edges = _folded(graph.nodes, graph.edges, most)
    count = graph.folded_from or len(graph.nodes)
    return replace(graph, nodes=tuple(nodes), edges=tuple(edges), folded_from=count)


# --- numbers
def _numbers(case: Case, path: Path, show: Show) -> tuple[str | None, dict[int, float], dict[int, Ball | None]]:
    """What is shown of each equation beside its value, and the truth of it."""
    variables = dict(zip(case.entries, case.problem.wrt, strict=True))
    judged = path.operations <= MOST_JUDGED
    if show == "values":
        known = prove(path, {}) if judged else []
        return None, dict(enumerate(path.values)), {k: one.value for k, one in enumerate(known)}
    if show == "tangents":
        if len(variables) != 1:
            hint = message("name it with --wrt: {names}", names=", ".join(variables))
            raise DiffError(message("tangents are those along one variable"), hint=hint, kind="option")
        ((name, i),) = variables.items()
        duals = forward_values(path, i)
        known = prove(path, {i: 1.0}) if judged else []
        numbers = {k: number(dual.tangent) for k, dual in enumerate(duals)}
        return name, numbers, {k: one.slope for k, one in enumerate(known)}
    if len(case.outputs) != 1:
        raise DiffError(
            message("adjoints are those of one output"),
            hint=message("choose an entry, as in v = …; v[0]"),
            kind="option",
        )
    (output,) = path.program.outputs
    sweep = backward(path, list(variables.values()), output)
    numbers = {k: number(sweep.adjoints.get(k, ZERO)) for k in path.nodes}
    asked = [k for k in path.nodes if k in sweep.adjoints]
    slopes: dict[int, Known] = (
        sensitivities(path.program, path.point, output, asked) if path.operations <= MOST_PROVED else {}
    )
    if judged:
        place = {path.program.a[k]: k for k in path.nodes if path.program.ops[k] == INPUT}
        proved = zip(variables.values(), derivatives(path, list(variables.values()), 0), strict=True)
        slopes |= {place[i]: one for i, one in proved if i in place}
    return case.outputs[0], numbers, {k: one.slope for k, one in slopes.items()}


def _partials(path: Path, k: int) -> list[float]:
    """The slope of an equation in each of its arguments, by the rules of the table."""
    program, linear = path.program, Linear(FLOAT64)
    code, arguments = program.ops[k], program.arguments(k)
    parameter = program.parameter(k) if PARAMETRIC[code] else None
    values = [path.values[a] for a in arguments]
    found = []
    for i in range(len(arguments)):
        seeds: list[Any] = [ZERO] * len(arguments)
        seeds[i] = ONE
        try:
            found.append(number(linear.push(code, values, path.values[k], seeds, parameter)))
        except (ArithmeticError, ValueError):
            found.append(float("nan"))
    return found


# --- the whole graph
def _all(
    case: Case, path: Path, show: Show, numbers: Mapping[int, float], truths: Mapping[int, Ball | None]
) -> tuple[list[Node], list[Edge], dict[int, int]]:
    """Every equation a node; a constant is one for each of its readers, and stands beside it."""
    program = path.program
    outputs: dict[int, list[str]] = {}
    for name, k in zip(case.outputs, program.outputs, strict=True):
        outputs.setdefault(k, []).append(name)
    nodes: list[Node] = []
    edges: list[Edge] = []
    places: dict[int, int] = {}
    for k in [*path.nodes, *(k for k in outputs if program.ops[k] == CONST)]:
        value = path.values[k]
        shown = None if show == "values" else numbers.get(k)
        judged = numbers.get(k, value)
        loss = lost(judged, truths.get(k)) if program.ops[k] != CONST else None
        name = path.names.get(k, "")
        if program.ops[k] == INPUT:
            node = Node("input", name, program.inputs[program.a[k]], value, shown, loss)
        else:
            node = Node("operation", name, _label(path, k), value, shown, loss)
        if k in outputs:
            said = f"{', '.join(outputs[k])} = "
            node = Node("output", name, said + node.label, value, shown, loss)
        partials = _partials(path, k)
        for i, argument in enumerate(program.arguments(k)):
            if program.ops[argument] == CONST:
                nodes.append(
                    Node("constant", "", literal(program.constants[program.a[argument]]), path.values[argument])
                )
                edges.append(Edge(len(nodes) - 1, -1 - k, i, partials[i]))
            else:
                edges.append(Edge(places[argument], -1 - k, i, partials[i]))
        places[k] = len(nodes)
        nodes.append(node)
        for e in range(len(edges) - len(partials), len(edges)):
            edges[e] = Edge(edges[e].source, places[k], edges[e].place, edges[e].partial)
    return nodes, edges, places


_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_SIGNS = {"add": "+", "sub": "−", "mul": "×", "div": "÷", "neg": "−( )", "pow": "x^y"}


def _label(path: Path, k: int) -> str:
    row = PRIMITIVES[path.program.ops[k]]
    if row.parametric:
        parameter = literal(path.program.parameter(k))
        if row.name != "powc":
            return f"{row.name}({parameter}, )"
        return f"( ){parameter.translate(_RAISED)}" if parameter.lstrip("-").isdigit() else f"( )^{parameter}"
    return _SIGNS.get(row.name) or (row.symbol if row.symbol and row.arity == 2 else row.name)


def _sentences(path: Path, nodes: Sequence[Node], worst: int | None, show: Show) -> list[str]:
    del path
    if worst is None:
        return []
    loss = nodes[worst].lost or 0.0
    if loss < 1:
        return [tr(_NOTHING_LOST[show])]
    name = nodes[worst].label if nodes[worst].kind == "input" else nodes[worst].name
    return [tr(_MOST_LOST[show], name=name, bits=_bits(loss))]


_NOTHING_LOST = {
    "values": "No value has lost more than one bit against its own truth.",
    "tangents": "No tangent has lost more than one bit against its own truth.",
    "adjoints": "No adjoint has lost more than one bit against its own truth.",
}
_MOST_LOST = {
    "values": "The value of {name} has lost most: {bits}.",
    "tangents": "The tangent of {name} has lost most: {bits}.",
    "adjoints": "The adjoint of {name} has lost most: {bits}.",
}


def _bits(loss: float) -> str:
    if loss >= 52.5:
        return tr("all bits")
    return tr("{bits} bits", bits=f"{loss:.0f}" if loss >= 9.95 else f"{loss:.1f}")


def bits(loss: float) -> str:
    """Bits lost in words: `2.1 bits lost`."""
    return tr("{bits} lost", bits=_bits(loss))


def grade(node: Node) -> int:
    """0 where hardly a bit is lost, to 3 where a third of the digits is gone; -1 where nothing is known."""
    if node.lost is None:
        return 0 if node.kind in ("constant", "folded") else -1
    return 0 if node.lost < 1 else 1 if node.lost < 4 else 2 if node.lost < 10 else 3


_LONGEST = 300
"""Characters of a formula above a drawing; a longer one is shown by its beginning and end."""


def _heading(case: Case, show: Show, along: str | None) -> tuple[str, ...]:
    text = headline(case)
    if len(text) > _LONGEST:
        begun, ended = text[: _LONGEST // 2], text[-_LONGEST // 2 :]
        text = f"{begun.rpartition(' ')[0] or begun} … {ended.partition(' ')[2] or ended}"
    at = equations(case.at)
    lines = [text, *([tr(" at {point}", point=at).strip()] if at else [])]
    if show == "tangents":
        lines.append(tr("{symbol} are tangents along {along}", symbol="v'", along=along))
    elif show == "adjoints":
        lines.append(tr("{symbol} are adjoints of {along}", symbol="v\u0304", along=along))
    return tuple(lines)


# --- folding
def _folded(nodes: Sequence[Node], edges: Sequence[Edge], most: int) -> tuple[list[Node], list[Edge]]:
    """At most `most` nodes: what one group alone reads is drawn into it, smallest first; then what is next in order."""
    group = list(range(len(nodes)))
    readers: list[set[int]] = [set() for _ in nodes]
    sources: list[set[int]] = [set() for _ in nodes]
    for edge in edges:
        readers[edge.source].add(edge.target)
        sources[edge.target].add(edge.source)
    size = [0 if node.kind == "constant" else node.operations for node in nodes]
    fixed = _kept(nodes, most)
    left = len(nodes)
    heap = [(size[k], k) for k in range(len(nodes)) if k not in fixed]
    heapq.heapify(heap)
    while left > most and heap:
        count, k = heapq.heappop(heap)
        if group[k] != k or count != size[k] or len(readers[k]) != 1:
            continue
        (reader,) = readers[k]
        if reader in fixed and nodes[k].kind != "constant":
            continue
        _join(k, reader, group, readers, sources, size)
        left -= 1
        if reader not in fixed:
            heapq.heappush(heap, (size[reader], reader))
        for source in sources[reader]:
            if source not in fixed:
                heapq.heappush(heap, (size[source], source))
    if left > most:
        left = _banded(group, nodes, fixed, size, most)
    return _regrouped(nodes, edges, group, size)


def _kept(nodes: Sequence[Node], most: int) -> set[int]:
    """Outputs, inputs as far as there is room, and the nodes that lose most."""
    outputs = [k for k, node in enumerate(nodes) if node.kind == "output"][: most // 6]
    inputs = [k for k, node in enumerate(nodes) if node.kind == "input"][: most // 4]
    losing = sorted((k for k, node in enumerate(nodes) if (node.lost or 0) >= 4), key=lambda k: -(nodes[k].lost or 0))
    return {*outputs, *inputs, *losing[: most // 8]}


def _join(
    k: int, reader: int, group: list[int], readers: list[set[int]], sources: list[set[int]], size: list[int]
) -> None:
    group[k] = reader
    size[reader] += size[k]
    sources[reader] |= sources[k]
    sources[reader] -= {k, reader}
    for source in sources[k]:
        readers[source].discard(k)
        readers[source].add(reader)


def _root(group: list[int], k: int) -> int:
    while group[k] != k:
        group[k] = group[group[k]]
        k = group[k]
    return k


def _banded(group: list[int], nodes: Sequence[Node], fixed: set[int], size: list[int], most: int) -> int:
    """Neighbours in the order of computation are joined: a graph of such bands has no cycle."""
    del fixed, size
    roots = sorted({_root(group, k) for k in range(len(nodes))})
    ends = max(most - 2, 1)
    step = -(-len(roots) // ends)
    for start in range(0, len(roots), step):
        for k in roots[start : start + step - 1]:
            group[k] = roots[min(start + step, len(roots)) - 1]
    return -(-len(roots) // step)


def _regrouped(
    nodes: Sequence[Node], edges: Sequence[Edge], group: list[int], size: Sequence[int]
) -> tuple[list[Node], list[Edge]]:
    del size
    roots = [_root(group, k) for k in range(len(nodes))]
    counts: dict[int, int] = {}
    for k, root in enumerate(roots):
        counts[root] = counts.get(root, 0) + (nodes[k].kind not in ("constant", "input")) * nodes[k].operations
    place: dict[int, int] = {}
    found: list[Node] = []
    members = Counter(roots)
    for root in sorted(counts):
        node = nodes[root]
        place[root] = len(found)
        if counts[root] > 1 or members[root] > 1 and node.kind == "input":
            label = f"… {tr('{count} operations', count=f'{counts[root]:,}')}"
            label = f"{node.label.partition('=')[0]}= {label}" if node.kind == "output" else label
            kind: Kind = "output" if node.kind == "output" else "folded"
            node = Node(kind, node.name, label, node.value, node.shown, node.lost, counts[root])
        found.append(node)
    kept: dict[tuple[int, int, int], Edge] = {}
    for edge in edges:
        one, other = place[roots[edge.source]], place[roots[edge.target]]
        if one == other:
            continue
        alone = found[other].operations == 1 and roots[edge.target] == edge.target
        key = (one, other, edge.place if alone else 0)
        kept.setdefault(key, Edge(one, other, key[2], edge.partial if alone else None))
    return found, list(kept.values())
