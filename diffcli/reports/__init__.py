"""Formats, one a file: `render(results)` yields text; how results were made is not known here.

The table is rendered by Rich and knows the terminal's width; its module is
imported only where a table is shown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from importlib import import_module
from typing import Any, cast

from diffcli.batch.rows import Result

Render = Callable[[Iterable[Result]], Iterator[str]]

REPORTS: dict[str, str] = {
    "table": "diffcli.reports.table",
    "json": "diffcli.reports.json",
    "jsonl": "diffcli.reports.jsonl",
}


def load(name: str) -> Any:
    return import_module(REPORTS[name])


def renderer(name: str) -> Render:
    return cast(Render, load(name).render)
