"""Many points on a screen: plain text, made without a library, which would take as long to import as a million points
take to compute."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from math import isfinite
from typing import TYPE_CHECKING

from diffcli.locale.language import tr
from diffcli.reports.points.findings import costs, entry_names, errors, heading, histogram, paths, sentences, ulps_apart
from diffcli.runtime.errors import width as columns_of
from diffcli.studies.study import Cell, Column, Table
from diffcli.syntax.rendering import literal

if TYPE_CHECKING:
    from diffcli.points.result import Found, Statistics, Worst

SHOWN = 5
"""Worst points on the screen."""

PATHS = 10
"""Paths that are listed, those with most points; data formats have all."""


def screen(found: Found, width: int | None) -> str:
    """Everything as text; lines of words are broken at `width`, where there is one."""
    parts = [
        "\n".join(_wrap(line, width) for line in heading(found)),
        _align(_without(costs(found), tr("seconds"))),
    ]
    ways = paths(found)
    if any(len(answer.paths) > 1 for answer in found.answers):
        listed = [row for row in ways.rows if isinstance(row[1], int) and row[1] <= PATHS]
        title = tr("{title}; of each method the {count} with most points", title=ways.title, count=PATHS)
        shown = Table(ways.columns, tuple(listed), title if len(listed) < len(ways.rows) else ways.title)
        parts.append(_align(_without(shown, tr("first point"))))
    if found.statistics is not None:
        parts += [_align(errors(found.statistics)), _align(histogram(found.statistics))]
        parts += [*_worst_points(found, found.statistics)]
    parts.append("\n".join(_wrap(sentence, width) for sentence in sentences(found)))
    return "\n\n".join(parts) + "\n"


def _without(table: Table, name: str) -> Table:
    """The screen does without a column that follows from others, or is long."""
    kept = [i for i, column in enumerate(table.columns) if column.name != name]
    rows = tuple(tuple(row[i] for i in kept) for row in table.rows)
    return Table(tuple(table.columns[i] for i in kept), rows, table.title)


def _wrap(line: str, width: int | None) -> str:
    return textwrap.fill(line, width, break_long_words=False, break_on_hyphens=False) if width else line


def _align(table: Table) -> str:
    """Numbers to the right, words to the left, two blanks between columns."""
    cells = [[_cell(value, column) for value, column in zip(row, table.columns, strict=True)] for row in table.rows]
    texts = [[column.name for column in table.columns], *cells]
    widths = [max(map(columns_of, column)) for column in zip(*texts, strict=True)]
    left = [any(isinstance(row[i], str) for row in table.rows) for i in range(len(widths))]
    rule = "─" * (sum(widths) + 2 * len(widths) - 2)
    lines = []
    for row in texts:
        aligned = zip(row, widths, left, strict=True)
        lines.append("  ".join(_fill(text, size, words) for text, size, words in aligned))
    head = [table.title] if table.title else []
    return "\n".join(line.rstrip() for line in [*head, lines[0], rule, *lines[1:], rule])


def _fill(text: str, size: int, left: bool) -> str:
    blanks = " " * (size - columns_of(text))
    return text + blanks if left else blanks + text


def _cell(value: Cell, column: Column) -> str:
    if value is None:
        return "–"
    if isinstance(value, str):
        return value
    if isinstance(value, int):
        return f"{value:,}"
    if column.figures is None:
        return f"{value:,.6g}"
    return f"{value:,.0f}" if 99.95 <= abs(value) < 1e6 else f"{value:.{column.figures}g}"


def _worst_points(found: Found, statistics: Statistics) -> Iterator[str]:
    """The worst points, each once, with what every method has there that counts it among its worst."""
    names = list(found.case.at)
    together: dict[int, list[tuple[str, Worst]]] = {}
    for rank in range(max(len(spread.points) for spread in statistics.spreads)):
        for spread in statistics.spreads:
            for row in spread.points[rank : rank + 1]:
                together.setdefault(row.point, []).append((spread.method, row))
    if not together:
        return
    labels, lines = entry_names(found), [tr("Worst points")]
    for point, rows in list(together.items())[:SHOWN]:
        lines.append(f'  --at "{found.points.written(point, names)}"')
        entries: dict[int | None, dict[str, list[str]]] = {}
        for method, row in rows:
            entries.setdefault(row.entry, {}).setdefault(_describe(row), []).append(method)
        truths = {row.entry: row.truth for _, row in rows}
        for entry, said in entries.items():
            truth = truths[entry]
            if entry is not None and truth is not None:
                lines.append(tr("    {entry} is {truth}", entry=labels[entry], truth=literal(truth)))
            lines += [f"      {', '.join(methods)}: {words}" for words, methods in said.items()]
    yield "\n".join(lines)


def _describe(worst: Worst) -> str:
    """`1.0626, 12.5 bits lost`."""
    if worst.ulp is None or worst.bits is None or worst.computed is None:
        return tr("not between the one-sided derivatives" if worst.verdict == "inaccurate" else worst.verdict)
    if not isfinite(worst.computed):
        return literal(worst.computed)
    from diffcli.reports.figures import is_total_loss

    lost = tr("all bits") if is_total_loss(worst.bits) else tr("{bits} bits", bits=f"{worst.bits:.1f}")
    return tr("{value}, {bits} lost ({ulps})", value=literal(worst.computed), bits=lost, ulps=ulps_apart(worst.ulp))
