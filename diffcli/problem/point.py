"""Points: values by name, read from text in our own language (`x=1, v=[1, pi/4]`) or from numbers, and written back."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from diffcli.core.evaluate import evaluate
from diffcli.core.primitives import NAMED_CONSTANTS
from diffcli.numbers.float64 import FLOAT64
from diffcli.runtime.errors import DiffError
from diffcli.runtime.messages import message
from diffcli.syntax import elaborate
from diffcli.syntax.lettering import lexemes, plainer
from diffcli.syntax.mending import LONGEST, explained
from diffcli.syntax.parsing import Node, nodes_of
from diffcli.syntax.reading import read
from diffcli.syntax.rendering import literal
from diffcli.syntax.shapes import MOST_AXES, Shape, nested
from diffcli.syntax.spellings import FUNCTION_NAMES
from diffcli.syntax.tokens import spans

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


def read_point(text: str, sole: Callable[[], str | None] | None = None) -> dict[str, Number]:
    """`x=1.5, v=[1, pi/4]` -> {"x": 1.5, "v": (1.0, 0.785...)}; values are constant expressions.

    `sole` gives the name of a value that has none: that of the only variable.

    >>> read_point("x：½，y=√4"), read_point("2", lambda: "x")
    ({'x': 0.5, 'y': 2.0}, {'x': 2.0})
    """
    if not text.strip():
        return {}
    plain = assigned(text)
    try:
        try:
            return _values(plain, sole)
        except DiffError as error:
            raise explained(error, lambda mended: _values(mended, sole)) from None
    except DiffError as error:
        raise replace(error, source=text) if error.source == plain else error from None


def assigned(text: str) -> str:
    """A point in plain characters, `x=1` for `x:1`; its length stays, and ranges keep their colons.

    >>> assigned("x：1，y=0:1:5")
    'x=1,y=0:1:5'
    """
    return _COLON.sub(r"\1=", plainer(text))


_COLON = re.compile(r"((?:^|[,;\n])\s*[^\W\d]\w*\s*):(?![:=])")


def sole_variable(text: str) -> str | None:
    """The only variable of an expression; None where there are others, or none."""
    try:
        names = elaborate(text).variables
    except DiffError:  # `x(x + 1)` is read only where x is known to have a value
        read = [token.text for token in lexemes(text) if token.kind == "name"]
        names = tuple(dict.fromkeys(name for name in read if name not in FUNCTION_NAMES and name not in _NOT_UNITS))
    return names[0] if len(names) == 1 else None


def _values(text: str, sole: Callable[[], str | None] | None) -> dict[str, Number]:
    hint = message('write a point as "x=1.5, y=pi/4"')
    try:
        nodes, reading = read(text, lambda plain: nodes_of(plain, ",;\n"), formula=False)
    except DiffError as error:
        raise _with_unit(text) or replace(error, hint=error.hint or hint) from None
    if reading is None:
        return _bound(text, nodes, sole)
    try:
        return _bound(reading.text, nodes, sole)
    except DiffError as error:
        raise _with_unit(text) or reading.fault(error, text) from None


def _bound(text: str, nodes: Sequence[Node], sole: Callable[[], str | None] | None) -> dict[str, Number]:
    """The values of bindings."""
    point: dict[str, Number] = {}
    stand = spans(text)
    ends = [node for node in nodes if node[0] in ("bind", "result")]
    for kind, name, _, first, last in ends:
        where = stand[first][0], stand[last][1]
        only = sole() if kind == "result" and sole and len(ends) == 1 else None
        if kind == "result" and only is None:
            raise _nameless(text, where)
        if name in point:
            raise DiffError(
                message("'{name}' is given twice", name=name),
                text,
                where,
                message("give each variable one value"),
                "point",
            )
        begin = where[0] if only else stand[first + 1][1]  # behind the sign
        try:
            point[only or name] = constant(text[begin : where[1]])
        except DiffError as error:
            shifted = (error.span[0] + begin, error.span[1] + begin) if error.span else where
            raise DiffError(error.message, text, shifted, error.hint, "point") from None
    return point


def _nameless(text: str, where: tuple[int, int]) -> DiffError:
    """The error for a value without a name; with a comma for the decimal point it is read in two ways."""
    hint = message('write a point as "x=1.5, y=pi/4"')
    if decimal := _DECIMAL.fullmatch(text):
        name, whole, part = decimal["name"] or "x", decimal["whole"], decimal["part"]
        one, other = f"{name}={whole}.{part}", f"{name}={whole}, y={part}"
        hint = message("write {one}, or {other}", one=one, other=other)
    return DiffError(message("a value in the point has no name"), text, where, hint, "point")


_DECIMAL = re.compile(r"\s*(?:(?P<name>[^\W\d]\w*)\s*=\s*)?(?P<whole>-?\d+),(?P<part>\d+)\s*")


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
