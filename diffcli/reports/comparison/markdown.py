"""Markdown, as GitHub renders it: one comparison as a page, a batch as one table. Numbers are never cut.

In a table a bar is escaped even inside a code span.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from diffcli.batch.rows import Failure, Result
from diffcli.locale.language import tr, translate_message
from diffcli.reports.cells import Contents, prose
from diffcli.reports.rows import BATCH, COSTS, BatchRow, Column, batch_rows, columns, one_line
from diffcli.runtime.errors import visible

_WIDEST = 6
"""Beyond this many variables each is a row, not a column."""

_MARKS = re.compile(r"([\\`*_|<>\[\]&~$])")

Row = Sequence[str]


def escape(text: str) -> str:
    r"""Text that means itself.

    >>> escape("a_1*b | `c`")
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


def _head(heads: Sequence[Column]) -> str:
    return _row([escape(head.heading) for head in heads]) + _row(["---:" if head.right else "---" for head in heads])


def _table(heads: Sequence[Column], lines: Sequence[Row]) -> str:
    return _head(heads) + "".join(_row([escape(cell) for cell in line]) for line in lines)


class Report:
    """A page of headings, tables and sentences; of a batch a table that grows by a row per method."""

    def __init__(self, single: bool) -> None:
        self.single = single

    def begin(self) -> str:
        return "" if self.single else _head(columns(BATCH))

    def add(self, result: Result) -> str:
        if not self.single:
            return "".join(map(_batch_row, batch_rows(result)))
        if isinstance(result, Failure):
            return f"## {code(result.expression)}\n\n{tr('error: ')}{escape(translate_message(result.message))}\n"
        return _page(Contents(result))

    def end(self) -> str:
        return ""


def _batch_row(row: BatchRow) -> str:
    return _row([row.line, code(row.expression, in_table=True), *map(escape, row.others())])


def _page(contents: Contents) -> str:
    notes = [escape(prose(note)) for note in contents.notes_beside_formulas]
    parts = [_heading(contents), *_tables(contents), _formulas(contents), *notes, escape(contents.closing)]
    return "\n\n".join(part.strip("\n") for part in parts if part) + "\n"


def _heading(contents: Contents) -> str:
    at = tr(" at {point}", point=code(contents.point)) if contents.point else ""
    notes = "".join(f"\n\n{escape(tr('Note: {note}', note=caution))}" for caution in contents.cautions)
    return f"## {code(contents.function)}{at}\n\n{contents.f} = {contents.value}, {contents.operations}{notes}"


def _tables(contents: Contents) -> list[str]:
    """A column per variable; where they are many a row per variable, and the costs apart."""
    method, *costs = columns(("method", *COSTS))
    labels = [Column(label) for label in contents.labels]
    derivatives = [*contents.texts, *[[entry.text for entry in proof.entries] for proof in contents.proofs]]
    spent = [[row.method, *row.cells(COSTS)] for row in contents.rows]
    if len(labels) <= _WIDEST:
        ends = [[proof.name, "", "", "", "", proof.standing] for proof in contents.proofs]
        lines = [[who, *entries, *cells] for (who, *cells), entries in zip([*spent, *ends], derivatives, strict=True)]
        return [_table([method, *labels, *costs], lines)]
    names = [Column(name) for name in ("", *contents.authors)]
    entries = list(zip(contents.labels, *derivatives, strict=True))
    return [_table(names, entries), _table([method, *costs], spent)]


def _formulas(contents: Contents) -> str:
    lines = [f"- {escape(note.name.label)} = {code(note.text)}" for note in contents.notes_of("formula")]
    return "\n".join([tr("SymPy's formulas:"), "", *lines]) if lines else ""
