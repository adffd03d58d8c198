"""Studies as screens, JSON and CSV. Screens round numbers; data formats keep every digit."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator
from io import StringIO
from math import isfinite, log10
from typing import Any

from rich.console import Console
from rich.table import Table as RichTable
from rich.text import Text

from diffcli.locale.language import tr
from diffcli.locale.wrapping import wrapped
from diffcli.reports.comparison.json import SCHEMA, number
from diffcli.reports.screen import plain, ruled
from diffcli.runtime.errors import width as columns
from diffcli.studies.study import Axis, Cell, Column, Plot, Study, Table
from diffcli.syntax.rendering import literal

_ESCAPES = re.compile(r"\x1b\[[\d;]*m")
_HIGH, _WIDE = 20, 100
"""Rows of a terminal plot, and the most columns."""


def show(study: Study, console: Console, plots: bool = True) -> None:
    """Print a study to the width of `console`."""
    wrap = not console.is_terminal
    for line in study.heading:
        console.print(Text(line), soft_wrap=wrap)
    for table in study.tables:
        console.print()
        if table.title:
            console.print(Text(table.title, "bold"), soft_wrap=wrap)
        console.print(_fitted(table, console))
    for plot in study.plots if plots else ():
        console.print()
        console.print(Text(drawn(plot, min(console.width, _WIDE))), soft_wrap=True)
    if study.sentences:
        console.print()
    for sentence in study.sentences:
        lines = [sentence] if wrap else wrapped(sentence, console.width)
        console.print(Text("\n".join(lines)), soft_wrap=True)


def _fitted(table: Table, console: Console) -> RichTable:
    """Columns nearer to one another where a terminal is too narrow, before anything in them is broken."""
    if console.is_terminal:
        for apart in (2, 1, 0):
            shown = _table(table, apart)
            if Console(width=_WIDEST).measure(shown).maximum <= console.width:
                return shown
    return _table(table, 2)


_WIDEST = 10_000
_NAME = 24
"""Columns of a name that stands first in its row, and is not broken: it may be copied."""


def _table(table: Table, apart: int) -> RichTable:
    shown = ruled(apart)
    for i, column in enumerate(table.columns):
        numeric = all(not isinstance(row[i], str) for row in table.rows)
        named = i == 0 and all(columns(str(row[i])) <= _NAME for row in table.rows)
        shown.add_column(
            Text(column.name), justify="right" if numeric else "left", no_wrap=numeric or named, overflow="fold"
        )
    for k, row in enumerate(table.rows):
        cells = [Text(cell(value, column)) for value, column in zip(row, table.columns, strict=True)]
        shown.add_row(*cells, style="bold" if k in table.marked else None)
    return shown


def cell(value: Cell, column: Column) -> str:
    """A cell of a screen: `figures` significant digits where the column says so."""
    if value is None:
        return "–"
    if isinstance(value, str):
        return value
    if isinstance(value, int):
        return f"{value:,}"
    if column.figures is None or not isfinite(value):
        return literal(value)
    return f"{value:.{column.figures}g}"


def drawn(plot: Plot, width: int) -> str:
    """A plot of characters, without colour."""
    import plotext

    plotext.clear_figure()
    plotext.theme("clear")
    plotext.plot_size(width, _HIGH)
    for curve, mark in zip(plot.curves, _marks(len(plot.curves)), strict=True):
        points = [
            (_scaled(x, plot.x), _scaled(y, plot.y)) for x, y in zip(curve.x, curve.y, strict=True) if _fits(x, y, plot)
        ]
        if points:
            draw = plotext.plot if curve.joined else plotext.scatter
            draw(*map(list, zip(*points, strict=True)), label=curve.name, marker=mark)
    plotext.title(plot.title)
    plotext.xlabel(_label(plot.x))
    plotext.ylabel(_label(plot.y))
    lines = [line.rstrip() for line in _ESCAPES.sub("", plotext.build()).splitlines()]
    return "\n".join(_centred(plot.title, width) if line.strip() == plot.title else _aligned(line) for line in lines)


def _centred(title: str, width: int) -> str:
    return " " * max((width - columns(title)) // 2, 0) + title


def _aligned(line: str) -> str:
    """The same in its columns: a wide character was counted as one, and blanks behind it give way.

    >>> _aligned("│ 切线      x")
    '│ 切线    x'
    """
    wide, text = 0, ""
    for piece in re.split("( {2,})", line):
        given = min(wide, len(piece) - 1) if piece.isspace() else 0
        text += piece[given:]
        wide += columns(piece) - len(piece) - given
    return text


def _marks(count: int) -> list[str]:
    return [("·", "+", "x", "o", "*", "#", "%", "@")[k % 8] for k in range(count)]


def _fits(x: float, y: float, plot: Plot) -> bool:
    return all(abs(value) < _HUGE and (value > 0 or not axis.logarithmic) for value, axis in ((x, plot.x), (y, plot.y)))


_HUGE = 1e300
"""From here on a number is not drawn: what is computed of the width of a plot would overflow."""


def _scaled(value: float, axis: Axis) -> float:
    return log10(value) if axis.logarithmic else value


def _label(axis: Axis) -> str:
    return tr("log10 of {label}", label=axis.label) if axis.logarithmic else axis.label


def as_object(study: Study) -> dict[str, Any]:
    """A study for programs."""
    return {
        "schema": SCHEMA,
        "study": study.name,
        **_plain(dict(study.facts)),
        "tables": [
            {
                "title": table.title,
                "columns": [column.name for column in table.columns],
                "rows": [_plain(list(row)) for row in table.rows],
            }
            for table in study.tables
        ],
        "sentences": list(study.sentences),
    }


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    return number(value) if isinstance(value, float) else value


def written(study: Study, format: str, plots: bool = True) -> str:
    """A study as `table`, `json` or `csv` text; a CSV holds the tables one below the other."""
    if format == "json":
        return json.dumps(as_object(study), ensure_ascii=False, allow_nan=False, indent=2) + "\n"
    if format == "csv":
        text = StringIO(newline="")
        csv.writer(text).writerows(_rows(study))
        return text.getvalue()
    return plain(lambda console: show(study, console, plots), _WIDE)


def _rows(study: Study) -> Iterator[list[Any]]:
    for k, table in enumerate(study.tables):
        if k:
            yield []
        yield [column.name for column in table.columns]
        yield from ([number(value) if isinstance(value, float) else value for value in row] for row in table.rows)
