"""Rows in, results out, in order; a row that fails is reported and the rest go on."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

from diffcli.batch.rows import Failure, Result, Row
from diffcli.case import Case, constant, make_case, read_point
from diffcli.compare import Settings, compare
from diffcli.errors import DiffError


def run(rows: Iterable[Row | Failure], settings: Settings, wrt: tuple[str, ...] | None = None) -> Iterator[Result]:
    """Compare row by row; `wrt` serves rows that name no variables of their own."""
    for row in rows:
        yield row if isinstance(row, Failure) else _result(row, settings, wrt)


def _result(row: Row, settings: Settings, wrt: tuple[str, ...] | None) -> Result:
    try:
        case = _understood(row, wrt)
    except DiffError as error:
        return Failure.of(error, row.line, row.id, row.expression)
    return compare(case, settings)


def _understood(row: Row, wrt: tuple[str, ...] | None) -> Case:
    if isinstance(row.at, str):
        at = read_point(row.at)
    else:
        at = {name: _number(name, value) for name, value in row.at.items()}
    return make_case(row.expression, at, row.wrt or wrt, row.id, row.line)


def _number(name: str, value: float | str) -> float:
    if isinstance(value, str):
        return constant(value)
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise DiffError(f"the value of '{name}' is no finite float64", hint="a point has finite numbers", kind="point")
    return number
