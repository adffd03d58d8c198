"""A case: an expression, a point, and the variables asked for, all understood.

Points are text in our own language (`x=1, y=pi/4`) or numbers. Nothing here
differentiates.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from diffcli.algebras.float64 import FLOAT64
from diffcli.derivation import Problem
from diffcli.errors import DiffError
from diffcli.evaluate import evaluate
from diffcli.syntax import Expression, elaborate, render
from diffcli.syntax.parsing import parse


@dataclass(frozen=True)
class Case:
    """What is compared: `at` holds a float64 for every variable, `wrt` the variables asked for.

    `id` and `line` say where a batch has it from.
    """

    expression: Expression
    at: dict[str, float]
    wrt: tuple[str, ...]
    id: str | None = None
    line: int | None = None

    @property
    def problem(self) -> Problem:
        program = self.expression.program
        names = program.inputs
        return Problem(program, tuple(names.index(name) for name in self.wrt), [self.at[name] for name in names])


def read_point(text: str) -> dict[str, float]:
    """`x=1.5, y=pi/4` -> {"x": 1.5, "y": 0.785...}; values are constant expressions."""
    point: dict[str, float] = {}
    if not text.strip():
        return point
    hint = 'write a point as "x=1.5, y=pi/4"'
    start = 0
    for node in parse(text, ",;\n"):
        if node.kind == "result":
            raise DiffError("a value in the point has no name", text, node.span, hint, "point")
        if node.kind != "bind":
            continue
        if node.value in point:
            raise DiffError(f"'{node.value}' is given twice", text, node.span, None, "point")
        begin = text.index("=", max(start, node.start)) + 1
        value = text[begin : node.end]
        try:
            point[node.value] = constant(value)
        except DiffError as error:
            shifted = (error.span[0] + begin, error.span[1] + begin) if error.span else node.span
            raise DiffError(error.message, text, shifted, error.hint, "point") from None
        start = node.end
    return point


def constant(text: str) -> float:
    """The value of an expression without variables.

    >>> constant("pi/4")
    0.7853981633974483
    """
    expression = elaborate(text)
    if expression.variables:
        name = expression.variables[0]
        start = text.index(name)
        raise DiffError(
            f"'{name}' has no value here",
            text,
            (start, start + len(name)),
            "values are numbers, like 1.5 or pi/4",
            "point",
        )
    value = float(evaluate(expression.program, [], FLOAT64)[0])
    if not math.isfinite(value):
        raise DiffError(f"the value is {value}: a point has finite numbers", text, (0, len(text)), None, "point")
    return value


def number_at(name: str, value: float | str) -> float:
    """A value of a point that was given as a number or as text."""
    if isinstance(value, str):
        return constant(value)
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise DiffError(f"the value of '{name}' is no finite float64", hint="a point has finite numbers", kind="point")
    return number


def make_case(
    source: str,
    at: Mapping[str, float],
    wrt: Sequence[str] | None = None,
    id: str | None = None,
    line: int | None = None,
) -> Case:
    """Understand an expression at a point; `DiffError` where it cannot be."""
    expression = elaborate(source, frozenset(at))
    names = expression.variables
    missing = [name for name in names if name not in at]
    if missing:
        shown = missing[0]
        given = ", ".join([*(f"{name}={value:.17g}" for name, value in at.items()), *(f"{name}=…" for name in missing)])
        plural = (
            f"the variables {_listed(missing)} have no values"
            if len(missing) > 1
            else f"the variable {shown} has no value"
        )
        raise DiffError(plural, source, _occurrence(source, shown), f'add --at "{given}"', "missing")
    asked = tuple(wrt) if wrt is not None else names
    for name in asked:
        if name not in names and name not in at:
            hint = f"its variables are: {', '.join(names)}" if names else "it has no variables"
            raise DiffError(
                f"the expression has no variable '{name}' to differentiate by", None, None, hint, "variable"
            )
        if asked.count(name) > 1:
            raise DiffError(f"'{name}' is asked for twice", None, None, "name each variable once in --wrt", "variable")
    constant_in = [name for name in asked if name not in names]
    if constant_in:  # given, but not in the expression: its derivative is 0
        expression = replace(expression, program=replace(expression.program, inputs=(*names, *constant_in)))
    return Case(expression, {name: at[name] for name in expression.program.inputs}, asked, id, line)


def understood(case: Case) -> str:
    """The expression as it was understood."""
    return render(case.expression.program, case.expression.bindings)


def _listed(names: Iterable[str]) -> str:
    *first, last = names
    return f"{', '.join(first)} and {last}"


def _occurrence(source: str, name: str) -> tuple[int, int] | None:
    for node in parse(source):
        if node.kind == "name" and node.value == name:
            return node.span
    return None
