"""A computational graph for other programs: Mermaid, Graphviz, JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from diffcli.reports.comparison.json import SCHEMA, number
from diffcli.reports.graph.labels import lines_of, slope
from diffcli.studies.graph import Graph, Node, grade

# --- Mermaid
_SHAPES = {"input": '(["{}"])', "constant": '(("{}"))', "operation": '["{}"]', "output": '[["{}"]]',
           "folded": '{{{{"{}"}}}}'}  # fmt: skip
_CLASSES = (
    "classDef g0 fill:#e8eef5,stroke:#5b7083,color:#16202a",
    "classDef g1 fill:#fff0b8,stroke:#8a6d00,color:#2b2200",
    "classDef g2 fill:#ffd2a1,stroke:#a35200,color:#331a00",
    "classDef g3 fill:#ffb0a6,stroke:#a8200d,color:#360802",
    "classDef gx fill:#f4f4f4,stroke:#777,color:#222,stroke-dasharray:4 3",
)


def mermaid(graph: Graph) -> Iterator[str]:
    yield "flowchart TD"
    yield from (f"    %% {line}" for line in graph.heading)
    for k, node in enumerate(graph.nodes):
        text = "<br/>".join(_mermaid_text(line) for line in lines_of(graph, node))
        yield f"    n{k}{_SHAPES[node.kind].format(text)}:::{_class(node)}"
    for edge in graph.edges:
        text = slope(edge)
        label = f'|"{text}"|' if text else ""
        yield f"    n{edge.source} -->{label} n{edge.target}"
    yield from (f"    {line}" for line in _CLASSES)


def _mermaid_text(line: str) -> str:
    return "".join(f"#{ord(char)};" if char in '"<>&#;`{}[]()|^*_' else char for char in line)


def _class(node: Node) -> str:
    return "gx" if grade(node) < 0 else f"g{grade(node)}"


# --- Graphviz
_DOT = {"input": "shape=box, style=\"rounded,filled\"", "constant": "shape=ellipse, style=filled",
        "operation": "shape=box, style=filled", "output": "shape=box, peripheries=2, style=filled",
        "folded": "shape=hexagon, style=\"filled,dashed\""}  # fmt: skip
_FILLS = {-1: "#f4f4f4", 0: "#e8eef5", 1: "#fff0b8", 2: "#ffd2a1", 3: "#ffb0a6"}


def dot(graph: Graph) -> Iterator[str]:
    yield "digraph f {"
    yield f"    label={_quoted(chr(10).join(graph.heading))}; labelloc=t;"
    yield '    node [fontname="sans-serif", fontsize=11, color="#5b7083", fontcolor="#16202a"];'
    yield '    edge [fontname="sans-serif", fontsize=10, color="#5b7083", fontcolor="#5b7083"];'
    for k, node in enumerate(graph.nodes):
        text = _quoted("\n".join(lines_of(graph, node)))
        yield f'    n{k} [label={text}, {_DOT[node.kind]}, fillcolor="{_FILLS[grade(node)]}"];'
    for edge in graph.edges:
        text = slope(edge)
        label = f" [label={_quoted(' ' + text)}]" if text else ""
        yield f"    n{edge.source} -> n{edge.target}{label};"
    yield "}"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


# --- JSON
def as_object(graph: Graph) -> dict[str, Any]:
    def plain(value: float | None) -> Any:
        return None if value is None else number(value)

    return {
        "schema": SCHEMA,
        "study": "graph",
        "heading": list(graph.heading),
        "show": graph.show,
        "along": graph.along,
        "nodes": [
            {
                "id": k, "kind": node.kind, "name": node.name, "label": node.label, "value": plain(node.value),
                "shown": plain(node.shown), "bits_lost": plain(node.lost), "operations": node.operations,
            }
            for k, node in enumerate(graph.nodes)
        ],
        "edges": [
            {"source": edge.source, "target": edge.target, "argument": edge.place, "partial": plain(edge.partial)}
            for edge in graph.edges
        ],
        "sentences": list(graph.sentences),
    }  # fmt: skip
