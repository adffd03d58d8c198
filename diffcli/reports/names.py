"""How derivatives are written: `∂f/∂x`, `∂²f/∂x∂y`, `d³f/dx³`, `Df·v`, `∂(w·f)/∂x`."""

from __future__ import annotations

from itertools import groupby
from typing import NamedTuple

from diffcli.comparison.result import Entry, entries_of
from diffcli.problem.case import Case

_RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


class Name(NamedTuple):
    """What stands above the bar of a derivative and below it; below may be nothing."""

    above: str
    below: str = ""

    @property
    def label(self) -> str:
        """On one line: `∂f/∂x`."""
        return f"{self.above}/{self.below}" if self.below else self.above


def names(case: Case) -> list[Name]:
    """The name of each entry of the derivative that a case asks for."""
    d = "∂" if len(case.expression.variables) > 1 or case.expression.shape else "d"
    if any(shape for shape in case.expression.shapes.values()):
        d = "∂"
    if case.wanted.kind == "implicit":
        d = "∂" if len(case.entries) > 1 else "d"
    return [_name(case.wanted.kind, entry, d) for entry in entries_of(case)]


def labels(case: Case) -> list[str]:
    """The same on one line each: `∂f/∂x`."""
    return [name.label for name in names(case)]


def _name(kind: str, entry: Entry, d: str) -> Name:
    output, variables = entry
    if kind == "jvp":
        return Name(f"D{output}·v")
    if kind == "vjp":
        return Name("∂(w·f)", f"∂{variables[0]}")
    if kind == "hvp":
        return Name("∂(∇f·v)", f"∂{variables[0]}")
    order = len(variables)
    power = str(order).translate(_RAISED) if order > 1 else ""
    below = [(name, len(list(group))) for name, group in groupby(variables)]
    return Name(
        f"{d}{power}{output}",
        "".join(f"{d}{name}{str(times).translate(_RAISED) if times > 1 else ''}" for name, times in below),
    )
