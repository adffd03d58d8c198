"""Ranges in points: `x=0:1:101` is 101 values, and a row with ranges is a row for each combination."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import product

from diffcli.batch.rows import Failure, Row
from diffcli.problem.point import Number, scalar
from diffcli.runtime.errors import DiffError
from diffcli.runtime.messages import message

MOST = 1_000_000
"""Points that one row may expand to."""

_ENTRY = re.compile(r"[^,;\[\]()]*(?:\([^()]*\)[^,;\[\]()]*|\[[^\[\]]*\][^,;\[\]()]*)*")


def expand(rows: Iterable[Row | Failure]) -> Iterator[Row | Failure]:
    """Every row once for each combination of its ranges; ids are numbered `id#1`, `id#2`, …"""
    for row in rows:
        if isinstance(row, Failure) or not has_range(row):
            yield row
            continue
        try:
            yield from _points(row)
        except DiffError as error:
            yield row.failed(error)


def has_range(row: Row) -> bool:
    values = [row.at] if isinstance(row.at, str) else row.at.values()
    return any(isinstance(value, str) and ":" in value for value in values)


def _points(row: Row) -> Iterator[Row]:
    named = _entries(row.at) if isinstance(row.at, str) else row.at
    axes = {name: _axis(name, value) for name, value in named.items()}
    total = 1
    for axis in axes.values():
        total *= len(axis)
    if total > MOST:
        raise DiffError(
            message("the ranges of this row make {total} points", total=f"{total:,}"),
            hint=message("at most {count} are done", count=f"{MOST:,}"),
            kind="point",
        )
    for number, values in enumerate(product(*axes.values()), 1):
        id_ = None if row.id is None else f"{row.id}#{number}"
        yield replace(row, at=dict(zip(axes, values, strict=True)), id=id_)


def _entries(text: str) -> dict[str, str]:
    """`x=0:1:5, y=2` -> {"x": "0:1:5", "y": "2"}."""
    entries = {}
    for entry in _ENTRY.findall(text):
        name, equals, value = entry.partition("=")
        if equals:
            entries[name.strip()] = value.strip()
    return entries


def _axis(name: str, value: Number | str) -> list[Number | str]:
    """The values of one variable: first:last:count, both ends included."""
    if not isinstance(value, str) or ":" not in value:
        return [value]
    parts = value.split(":")
    count = scalar(parts[2]) if len(parts) == 3 and all(map(str.strip, parts)) else 0.0
    if len(parts) != 3 or count != int(count) or count < 1:
        raise DiffError(
            message("'{text}' is no range", text=f"{name}={value}"),
            hint=message("write first:last:count, like {example}", example=f"{name}=0:1:11"),
            kind="point",
        )
    first, last, steps = scalar(parts[0]), scalar(parts[1]), int(count) - 1
    if steps > MOST:
        raise DiffError(
            message("the range of {name} has {count} values", name=name, count=f"{steps + 1:,}"),
            hint=message("at most {count} are done", count=f"{MOST:,}"),
            kind="point",
        )
    if not steps:
        return [first]
    inner: list[Number | str] = [first + (last - first) * k / steps for k in range(steps)]
    return [*inner, last]
