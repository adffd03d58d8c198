"""Markdown, as GitHub renders it: one comparison as a page, a batch as one table. Numbers are never cut.

In a table a bar is escaped even inside a code span.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from diffcli.batch.rows import Failure, Result
from diffcli.comparison.result import Comparison
from diffcli.locale.language import join, tr, translate_message
from diffcli.reports.cells import (
    BATCH,
    COSTS,
    batch_rows,
    costs,
    derivatives,
    formulas,
    headings,
    one_line,
    remarks,
    standing,
    swell,
    truths,
    value,
)
from diffcli.reports.names import labels
from diffcli.reports.sentences import closing, operations
from diffcli.runtime.errors import visible

_WIDEST = 6
"""Beyond this many variables each is a row, not a column."""

_RIGHT = {"line", "error", "lost", "× f"}
_MARKS = re.compile(r"([\\`*_|<>\[\]&~$])")

Row = Sequence[str]


def escaped(text: str) -> str:
    r"""Text that means itself.

    >>> escaped("a_1*b | `c`")
    'a\\_1\\*b \\| \\`c\\`'
    """
    return _MARKS.sub(r"\\\1", visible(re.sub(r"[\r\n]+", " ", text)))


def code(text: str, in_table: bool = False) -> str:
    r"""A code span: its fence is longer than any run of backticks in it.

    A bar behind a backslash has no escape that every reader of tables splits alike: HTML says it.

    >>> code("a`b"), code("a|b", in_table=True), code("a\\|b", in_table=True)
    ('``a`b``', '`a\\|b`', '<code>a&#92;&#124;b</code>')
    """
    text = visible(one_line(text))
    if not text:
        return ""
    if in_table and "\\|" in text:
        entities = re.sub(r"[^\w\s]|_", lambda mark: f"&#{ord(mark.group())};", text)
        return f"<code>{entities}</code>"
    fence = "`" * (1 + max((len(run) for run in re.findall("`+", text)), default=0))
    blank = " " if text[0] == "`" or text[-1] == "`" else ""
    span = f"{fence}{blank}{text}{blank}{fence}"
    return span.replace("|", "\\|") if in_table else span


def _row(cells: Row) -> str:
    return f"| {' | '.join(cells)} |\n"


def _head(names: Row) -> str:
    right = {tr(name) for name in _RIGHT}
    return _row([escaped(name) for name in names]) + _row(["---:" if name in right else "---" for name in names])


def _table(names: Row, lines: Sequence[Row]) -> str:
    return _head(names) + "".join(_row([escaped(cell) for cell in line]) for line in lines)


class Report:
    """A page of headings, tables and sentences; of a batch a table that grows by a row per method."""

    def __init__(self, single: bool) -> None:
        self.single = single

    def begin(self) -> str:
        return "" if self.single else _head(list(map(tr, BATCH)))

    def add(self, result: Result) -> str:
        if not self.single:
            return "".join(_batch_row(cells) for cells in batch_rows(result))
        if isinstance(result, Failure):
            return f"## {code(result.expression)}\n\n{tr('error: ')}{escaped(translate_message(result.message))}\n"
        said = [escaped(line) for line in (*swell(result), *remarks(result))]
        parts = [_heading(result), *_tables(result), _formulas(result), *said]
        return "\n\n".join(part.strip("\n") for part in [*parts, escaped(join(closing(result)))] if part) + "\n"

    def end(self) -> str:
        return ""


def _batch_row(cells: Row) -> str:
    line, expression, *others = cells
    return _row([line, code(expression, in_table=True), *[escaped(cell) for cell in others]])


def _heading(comparison: Comparison) -> str:
    function, point = headings(comparison)
    at = tr(" at {point}", point=code(point)) if point else ""
    notes = "".join(f"\n\n{escaped(tr('Note: {note}', note=translate_message(note)))}" for note in comparison.notes)
    said = f"f = {value(comparison)}, {operations(comparison.cost.total)}"
    return f"## {code(function)}{at}\n\n{said}{notes}"


def _tables(comparison: Comparison) -> list[str]:
    """A column per variable; where they are many a row per variable, and the costs apart."""
    measurements, exact = comparison.measurements, truths(comparison)
    columns = labels(comparison)
    found = [derivatives(comparison, measurement) for measurement in measurements]
    if len(columns) <= _WIDEST:
        lines = [[m.method, *entries, *costs(comparison, m)] for m, entries in zip(measurements, found, strict=True)]
        ends = [[who, *entries, "", "", "", "", ""] for who, entries in exact]
        ends[0][-1] = standing(comparison)
        return [_table([tr("method"), *columns, *map(tr, COSTS)], [*lines, *ends])]
    cells = [columns, *found, *[entries for _, entries in exact]]
    header = ["", *[m.method for m in measurements], *[who for who, _ in exact]]
    lines = [[m.method, *costs(comparison, m)] for m in measurements]
    return [_table(header, list(zip(*cells, strict=True))), _table([tr("method"), *map(tr, COSTS)], lines)]


def _formulas(comparison: Comparison) -> str:
    lines = [f"- {escaped('/'.join(filter(None, name)))} = {code(formula)}" for name, formula in formulas(comparison)]
    return "\n".join([tr("SymPy's formulas:"), "", *lines]) if lines else ""
