"""JSON Lines: one comparison a line, written as soon as it is known."""

from __future__ import annotations

from diffcli.batch.rows import Result
from diffcli.reports.comparison.json import line


class Report:
    def __init__(self, single: bool) -> None:
        del single

    def begin(self) -> str:
        return ""

    def add(self, result: Result) -> str:
        return line(result) + "\n"

    def end(self) -> str:
        return ""
