"""What stands in the nodes and on the lines of a graph, in every format."""

from __future__ import annotations

from diffcli.studies.graph import Edge, Graph, Node, bits


def short(value: float) -> str:
    """Six digits."""
    return f"{value:.6g}".replace("e-0", "e-").replace("e+0", "e")


def slope(edge: Edge) -> str:
    """The number on an edge, to four digits."""
    return "" if edge.partial is None else f"{edge.partial:.4g}".replace("e-0", "e-").replace("e+0", "e")


def lines_of(graph: Graph, node: Node) -> list[str]:
    """What stands in a node."""
    if node.kind == "constant":
        return [node.label]
    if node.kind == "input" or not node.name:
        first = node.label if node.value is None else f"{node.label} = {short(node.value)}"
    else:
        first = f"{node.name}  {node.label}"
    lines = [first]
    if node.kind != "input" and node.name and node.value is not None:
        lines.append(short(node.value))
    if node.shown is not None:
        lines.append(f"{graph.symbol} = {short(node.shown)}")
    if node.lost is not None and node.lost >= 1:
        lines.append(bits(node.lost))
    return lines
