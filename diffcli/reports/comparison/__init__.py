"""Formats of comparisons, one a file: a format says how a cell, a row and a note look, and builds none of them.

A format is a class `Report` with three methods that return text: `begin()`,
`add(result)` for every result as it comes, `end()`. What `add` returns depends
on nothing but the result: so a batch of any length is written row by row, in
several formats at once, and its rows where they are computed. A report's module
is imported when the format is asked for: the table needs Rich.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from pathlib import PurePath
from typing import TYPE_CHECKING, NamedTuple, Protocol, cast

if TYPE_CHECKING:
    from diffcli.batch.rows import Result


class Report(Protocol):
    """Text of results; `single` in the constructor says that there is one result and no batch."""

    def __init__(self, single: bool) -> None: ...

    def begin(self) -> str: ...

    def add(self, result: Result) -> str: ...

    def end(self) -> str: ...


class Format(NamedTuple):
    """`module` holds `Report`, `ending` is the ending that asks for it, `between` separates the rows of a batch."""

    module: str
    ending: str
    between: str = ""
    tabular: bool = False

    def report(self, single: bool, columns: Sequence[str] = ()) -> Report:
        """`columns` of the user's table, for a format that has these, too."""
        made = import_module(self.module).Report
        return cast(Report, made(single, columns) if self.tabular else made(single))


REPORTS: dict[str, Format] = {
    "table": Format("diffcli.reports.comparison.table", ".txt"),
    "json": Format("diffcli.reports.comparison.json", ".json", between=",\n"),
    "jsonl": Format("diffcli.reports.comparison.jsonl", ".jsonl"),
    "csv": Format("diffcli.reports.comparison.csv", ".csv", tabular=True),
    "markdown": Format("diffcli.reports.comparison.markdown", ".md"),
    "latex": Format("diffcli.reports.comparison.latex", ".tex"),
    "html": Format("diffcli.reports.comparison.html", ".html"),
}


def format_of(file: str) -> str | None:
    """The format that a file's ending asks for."""
    ending = PurePath(file).suffix.lower()
    return next((name for name, known in REPORTS.items() if known.ending == ending), None)
