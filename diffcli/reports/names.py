"""How derivatives are written: `∂f/∂x`, `∂²f/∂x∂y`, `d³f/dx³`, `Df·v`, `∂(w·f)/∂x`."""

from __future__ import annotations

from itertools import groupby

from diffcli.comparison.result import Comparison, Entry

_RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


def names(comparison: Comparison) -> list[tuple[str, str]]:
    """For each entry of the derivative what stands above the bar and below it; below may be nothing."""
    d = "∂" if len(comparison.case.expression.variables) > 1 or comparison.case.expression.shape else "d"
    if any(shape for shape in comparison.case.expression.shapes.values()):
        d = "∂"
    return [_name(comparison.case.wanted.kind, entry, d) for entry in comparison.entries]


def labels(comparison: Comparison) -> list[str]:
    """One line for each entry: `∂f/∂x`."""
    return [f"{above}/{below}" if below else above for above, below in names(comparison)]


def _name(kind: str, entry: Entry, d: str) -> tuple[str, str]:
    output, variables = entry
    if kind == "jvp":
        return f"D{output}·v", ""
    if kind == "vjp":
        return "∂(w·f)", f"∂{variables[0]}"
    if kind == "hvp":
        return "∂(∇f·v)", f"∂{variables[0]}"
    order = len(variables)
    power = str(order).translate(_RAISED) if order > 1 else ""
    below = [(name, len(list(group))) for name, group in groupby(variables)]
    return f"{d}{power}{output}", "".join(
        f"{d}{name}{str(times).translate(_RAISED) if times > 1 else ''}" for name, times in below
    )
