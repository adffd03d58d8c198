"""Where results go: a report and a stream for each output asked for."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, TextIO

from diffcli.cli.request import Request
from diffcli.cli.streams import destination

if TYPE_CHECKING:
    from diffcli.batch.rows import Result
    from diffcli.reports.comparison import Report
    from diffcli.reports.screen import Screen


@dataclass
class Output:
    """A report and the stream it goes to; every row is flushed, so that nothing is lost.

    `separator` is what stands before the next row.
    """

    report: Report
    stream: TextIO
    between: str = ""
    separator: str = ""

    def add(self, result: Result) -> None:
        self.write(self.report.add(result))

    def write(self, text: str) -> None:
        self.stream.write(self.separator + text)
        self.stream.flush()
        self.separator = self.between

    def end(self) -> None:
        self.stream.write(self.report.end())
        self.stream.flush()


class _Screen:
    """The report of a terminal: the table, as wide as it is."""

    def __init__(self, stream: TextIO, single: bool) -> None:
        from diffcli.reports.comparison.lines import show_line
        from diffcli.reports.comparison.table import show

        self.console, self.show = console_for(stream), show if single else show_line

    def begin(self) -> str:
        return ""

    def add(self, result: Result) -> str:
        self.show(result, self.console)
        return ""

    def end(self) -> str:
        return ""


def open_outputs(
    request: Request, stack: ExitStack, single: bool, append: bool = False, columns: Sequence[str] = ()
) -> list[Output]:
    """Where results go: the output asked for, then a file for every --export."""
    from diffcli.reports.comparison import REPORTS

    outputs = []
    for number, (name, file) in enumerate(request.formats()):
        stream = stack.enter_context(destination(file, append, data=name != "table"))
        screen = request.on_screen and not number
        report: Report = _Screen(stream, single) if screen else REPORTS[name].report(single, columns)
        if not (append and stream.tell()):
            stream.write(byte_order_mark(request, name) + report.begin())
        outputs.append(Output(report, stream, REPORTS[name].between))
    return outputs


def byte_order_mark(request: Request, name: str) -> str:
    """What a file of this format begins with, where it is asked for."""
    return "\ufeff" if request.results.bom and name == "csv" else ""


def console_for(stream: TextIO) -> Screen:
    from diffcli.reports.comparison.table import WIDEST
    from diffcli.reports.screen import Screen

    return Screen(file=stream, width=None if stream.isatty() else WIDEST)
