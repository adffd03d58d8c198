"""JSON Lines: one comparison a line, written as soon as it is known."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from diffcli.batch.rows import Result
from diffcli.reports.json import line


def render(results: Iterable[Result]) -> Iterator[str]:
    for result in results:
        yield line(result) + "\n"
