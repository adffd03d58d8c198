"""A computational graph as a drawing of characters, SVG, JSON, Mermaid, or text for Graphviz."""

from __future__ import annotations

import json

from diffcli.reports.graph.characters import characters
from diffcli.reports.graph.texts import as_object, dot, mermaid
from diffcli.studies.graph import Graph

FORMATS = ("text", "mermaid", "dot", "svg", "json")
ENDINGS = {".svg": "svg", ".dot": "dot", ".gv": "dot", ".mmd": "mermaid", ".mermaid": "mermaid", ".json": "json",
           ".txt": "text"}  # fmt: skip


def drawn(graph: Graph, format: str, width: int = 100, fold: bool = True) -> str:
    """A graph in one of `FORMATS`; characters are at most `width` wide, and folded so that lines can be followed."""
    if format == "svg":
        from diffcli.reports.graph.svg import svg

        return svg(graph)
    if format == "json":
        return json.dumps(as_object(graph), ensure_ascii=False, allow_nan=False, indent=2) + "\n"
    lines = {
        "text": lambda: characters(graph, width, fold),
        "mermaid": lambda: mermaid(graph),
        "dot": lambda: dot(graph),
    }
    return "\n".join(lines[format]()) + "\n"
