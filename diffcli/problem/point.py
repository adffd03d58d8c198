"""Points: values by name, read from text in our own language (`x=1, v=[1, pi/4]`) or from numbers, and written back."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from diffcli.core.evaluate import evaluate
from diffcli.core.primitives import NAMED_CONSTANTS
from diffcli.numbers.float64 import FLOAT64
from diffcli.runtime.errors import DiffError
from diffcli.runtime.messages import message
from diffcli.syntax import elaborate
from diffcli.syntax.mending import LONGEST
from diffcli.syntax.parsing import parse
from diffcli.syntax.rendering import literal
from diffcli.syntax.shapes import MOST_AXES, Shape, nested
from diffcli.syntax.spellings import FUNCTION_NAMES
from diffcli.syntax.tokens import spans

if TYPE_CHECKING:
    pass


Number = float | tuple[Any, ...]
"""A value in a point: a float64, or tuples of them, row by row."""


def flat(value: Number) -> Iterator[float]:
    """All numbers of a value, row by row."""
    if isinstance(value, tuple):
        for part in value:
            yield from flat(part)
    else:
        yield value


def shape_of(value: Number) -> Shape:
    return (len(value), *shape_of(value[0])) if isinstance(value, tuple) else ()


def tuples(value: Any) -> Number:
    """Lists of numbers as a value of a point."""
    return tuple(map(tuples, value)) if isinstance(value, list) else value


def read_point(text: str) -> dict[str, Number]:
    """`x=1.5, v=[1, pi/4]` -> {"x": 1.5, "v": (1.0, 0.785...)}; values are constant expressions."""
    point: dict[str, Number] = {}
    if not text.strip():
        return point
    hint = message('write a point as "x=1.5, y=pi/4"')
    try:
        nodes = parse(text, ",;\n")
    except DiffError as error:
        raise _with_unit(text) or replace(error, hint=error.hint or hint) from None
    stand = spans(text)
    for kind, name, _, first, last in nodes:
        where = stand[first][0], stand[last][1]
        if kind == "result":
            raise DiffError(message("a value in the point has no name"), text, where, hint, "point")
        if kind != "bind":
            continue
        if name in point:
            raise DiffError(
                message("'{name}' is given twice", name=name),
                text,
                where,
                message("give each variable one value"),
                "point",
            )
        begin = stand[first + 1][1]  # behind the sign
        try:
            point[name] = constant(text[begin : where[1]])
        except DiffError as error:
            shifted = (error.span[0] + begin, error.span[1] + begin) if error.span else where
            raise DiffError(error.message, text, shifted, error.hint, "point") from None
    return point


_NAMED = r"(?:^|[,;\n])\s*[^\W\d]\w*\s*=\s*"
_UNIT = r"(?P<number>-?[\d.]+(?:[eE][-+]?\d+)?)\s*(?P<unit>(?:[^\W\d]|°|µ)[^,;=\n()+*]*)"
_NOT_UNITS = {spelling for spellings in NAMED_CONSTANTS.values() for spelling in spellings}


def _with_unit(text: str, named: str = _NAMED) -> DiffError | None:
    """The error for numbers in units, `x=98.1 km`: a constant behind a number is a product left unwritten."""
    mended, first = text, None
    for found in reversed(list(re.finditer(named + _UNIT, text))) if len(text) <= LONGEST else ():
        number, unit = found["number"], found["unit"].strip()
        if unit in _NOT_UNITS or unit in FUNCTION_NAMES or set(unit) & set("[] ") and "/" not in unit:
            continue
        plain = f"{number}*pi/180" if unit in ("°", "deg", "degrees") else number
        mended = f"{mended[: found.start('number')]}{plain}{mended[found.end('unit') :]}"
        first = found.start("unit"), found.start("unit") + len(unit)
    hint = message("write {what}", what=mended)
    return DiffError(message("units are not read"), text, first, hint, "point", (mended,)) if first else None


def constant(text: str) -> Number:
    """The value of an expression without variables.

    >>> constant("pi/4"), constant("[1, 2**3]")
    (0.7853981633974483, (1.0, 8.0))
    """
    expression = elaborate(text)
    if expression.variables:
        name = expression.variables[0]
        start = text.index(name)
        raise DiffError(
            message("'{name}' has no value here", name=name),
            text,
            (start, start + len(name)),
            message("values are numbers, like 1.5 or pi/4"),
            "point",
        )
    values = [float(value) for value in evaluate(expression.program, [], FLOAT64)]
    for value in values:
        if not math.isfinite(value):
            hint = message("values are numbers, like 1.5 or pi/4")
            raise DiffError(
                message("the value is {value}: a point has finite numbers", value=value),
                text,
                (0, len(text)),
                hint,
                "point",
            )
    return tuples(nested(expression.shape, values))


def scalar(text: str) -> float:
    """The value of an expression that is one number."""
    value = constant(text)
    if isinstance(value, tuple):
        hint = message("values are numbers, like 1.5 or pi/4")
        raise DiffError(message("one number is needed, not a vector"), text, (0, len(text)), hint, "point")
    return value


def number_at(name: str, value: Any, depth: int = 0) -> Number:
    """A value of a point that was given as a number, as text, or as a list of these."""
    if isinstance(value, str):
        try:
            return constant(value)
        except DiffError as error:
            raise _with_unit(value, "^") or error from None
    if isinstance(value, list | tuple):
        if depth == MOST_AXES:
            fault, hint = (
                message("the value of '{name}' has too many brackets", name=name),
                message("at most {most} are within one another", most=MOST_AXES),
            )
            raise DiffError(fault, hint=hint, kind="point")
        rows = tuple(number_at(name, part, depth + 1) for part in value)
        if not rows or len({shape_of(row) for row in rows}) > 1:
            raise DiffError(
                message("the value of '{name}' has rows of different lengths, or none", name=name),
                hint=message("rows are of one length: [[1, 2], [3, 4]]"),
                kind="point",
            )
        return rows
    try:
        number = float(value)
    except (OverflowError, TypeError):
        number = math.inf
    if not math.isfinite(number):
        raise DiffError(
            message("the value of '{name}' is no finite float64", name=name),
            hint=message("a point has finite numbers"),
            kind="point",
        )
    return number


def written(value: Number) -> str:
    """A value of a point, as it is typed.

    >>> written((1.0, 0.5))
    '[1, 0.5]'
    """
    if isinstance(value, tuple):
        return f"[{', '.join(map(written, value))}]"
    return literal(value)


def equations(at: Mapping[str, Number]) -> str:
    """A point as it is read: `x = 1, v = [2, 3]`."""
    return ", ".join(f"{name} = {written(value)}" for name, value in at.items())


def pasted(at: Mapping[str, Number]) -> str:
    """A point as it stands behind --at: `x=1, v=[2, 3]`."""
    return ", ".join(f"{name}={written(value)}" for name, value in at.items())
