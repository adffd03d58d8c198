"""What the commands do: streams in, results out, exit codes. All work is done elsewhere."""

from __future__ import annotations

import difflib
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from diffcli.errors import DiffError

if TYPE_CHECKING:
    from diffcli.batch.rows import Result
    from diffcli.compare import Settings

FORMATS = ("table", "json", "jsonl")


@dataclass(frozen=True)
class Request:
    """The options that both commands share, as they were typed."""

    wrt: str | None
    methods: str
    format: str
    output: Path | None
    timeout: float
    tolerance: float
    share: bool
    exit_zero: bool

    def settings(self, apart: bool) -> Settings:
        from diffcli.compare import Settings

        if not self.timeout > 0:
            raise DiffError(f"--timeout {self.timeout:g}: a time limit is above 0", kind="option")
        if not self.tolerance >= 0:
            raise DiffError(f"--tolerance {self.tolerance:g}: a tolerance is 0 or more", kind="option")
        return Settings(_methods(self.methods), self.timeout, self.tolerance, self.share, apart)

    def variables(self) -> tuple[str, ...] | None:
        return None if self.wrt is None else tuple(name.strip() for name in self.wrt.split(",") if name.strip())

    def check_format(self) -> None:
        if self.format not in FORMATS:
            raise DiffError(f"unknown format '{self.format}'", hint=_nearest(self.format, FORMATS), kind="option")


def _methods(text: str) -> tuple[str, ...]:
    from diffcli.methods import METHODS

    if text.strip() == "all":
        return tuple(METHODS)
    names = tuple(name.strip() for name in text.split(",") if name.strip())
    for name in names:
        if name not in METHODS:
            raise DiffError(f"unknown method '{name}'", hint=_nearest(name, METHODS), kind="option")
    if not names:
        raise DiffError("no method is named", hint=f"the methods are: {', '.join(METHODS)}", kind="option")
    return tuple(dict.fromkeys(names))


def _nearest(name: str, known: Iterable[str]) -> str:
    names = list(known)
    near = difflib.get_close_matches(name, names, 1)
    return f"did you mean '{near[0]}'?" if near else f"write one of: {', '.join(names)}"


def run_expression(text: str, at: list[str], request: Request) -> int:
    """One comparison, printed; the exit code says whether every verdict is good."""
    from diffcli.syntax import elaborate

    request.check_format()
    if not at:  # an error in the expression is found without any mathematics library
        elaborate(text)
    from diffcli.case import make_case, read_point

    point: dict[str, float] = {}
    for part in at:
        for name, value in read_point(part).items():
            if name in point:
                raise DiffError(f"'{name}' is given twice", part, None, "give each variable one value", "point")
            point[name] = value
    case = make_case(text, point, request.variables())
    unused = [name for name in point if name not in case.at]
    if unused:
        print(f"note: the expression has no variable {', '.join(unused)}", file=sys.stderr)
    from diffcli.compare import compare

    comparison = compare(case, request.settings(apart=True))
    with _destination(request.output) as stream:
        _write_one(comparison, request.format, stream)
    return 0 if comparison.good or request.exit_zero else 1


def run_batch(file: str, request: Request) -> int:
    """Every row of a file; results are written as they come, the summary at the end."""
    request.check_format()
    from diffcli.batch.reading import reader_for
    from diffcli.batch.running import run
    from diffcli.batch.summary import Summary

    read = reader_for(file)
    settings = request.settings(apart=False)
    summary = Summary()
    begun = time.monotonic()
    with ExitStack() as stack:
        lines = stack.enter_context(_source(file))
        stream = stack.enter_context(_destination(request.output))
        results = _counted(run(read(lines), settings, request.variables()), summary)
        try:
            _write_all(results, request.format, stream)
        except UnicodeDecodeError as error:
            where = f"the text of '{file}' is not UTF-8 (byte {error.object[error.start]:#04x})"
            raise DiffError(where, hint="save it as UTF-8", kind="file") from None
        _write_summary(summary, time.monotonic() - begun, request, stream)
    good = not summary.bad and not summary.failures
    return 0 if good or request.exit_zero else 1


def _counted(results: Iterable[Result], summary: Any) -> Iterator[Result]:
    for result in results:
        summary.add(result)
        yield result


class _Borrowed:
    """A stream that is not ours to close."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream

    def __enter__(self) -> TextIO:
        return self.stream

    def __exit__(self, *exception: object) -> None:
        self.stream.flush()


def _source(file: str) -> Any:
    if file == "-":
        return _Borrowed(sys.stdin) if not sys.stdin.isatty() else _Borrowed(_prompted())
    try:
        return Path(file).open(encoding="utf-8-sig", newline="" if file.lower().endswith(".csv") else None)
    except OSError as error:
        raise DiffError(f"'{file}' cannot be read: {error.strerror}", kind="file") from None


def _prompted() -> TextIO:
    print("reading rows from the terminal: EXPR | x=1, y=2   (end with Ctrl-D)", file=sys.stderr)
    return sys.stdin


def _destination(output: Path | None) -> Any:
    if output is None or str(output) == "-":
        return _Borrowed(sys.stdout)
    try:
        return output.open("w", encoding="utf-8")
    except OSError as error:
        raise DiffError(f"'{output}' cannot be written: {error.strerror}", kind="file") from None


# --- output
def _write_one(result: Result, format: str, stream: TextIO) -> None:
    if format == "table" and stream.isatty():
        from diffcli.reports.table import show

        show(result, _console(stream))
        return
    from diffcli.reports import REPORTS

    report = REPORTS[format].report(single=True)
    stream.write(report.begin() + report.add(result) + report.end())


def _write_all(results: Iterable[Result], format: str, stream: TextIO) -> None:
    if format == "table" and stream.isatty():
        from diffcli.reports.table import show_line

        console = _console(stream)
        for result in results:
            show_line(result, console)
        return
    from diffcli.reports import REPORTS

    report = REPORTS[format].report(single=False)
    stream.write(report.begin())
    for result in results:
        stream.write(report.add(result))
        stream.flush()
    stream.write(report.end())


def _write_summary(summary: Any, seconds: float, request: Request, stream: TextIO) -> None:
    """With the table, as its end; with data formats, beside them on stderr."""
    from diffcli.reports.table import show_summary

    target = stream if request.format == "table" else sys.stderr
    show_summary(summary, seconds, _console(target), request.exit_zero)


def _console(stream: TextIO) -> Any:
    from rich.console import Console

    from diffcli.reports.table import WIDEST

    terminal = stream.isatty()
    return Console(file=stream, highlight=False, width=None if terminal else WIDEST, legacy_windows=False)
