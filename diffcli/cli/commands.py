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
    from rich.console import Console

    from diffcli.batch.pool import Pool
    from diffcli.batch.rows import Failure, Finish, Result, Row
    from diffcli.batch.summary import Summary
    from diffcli.compare import Settings
    from diffcli.reports import Report
    from diffcli.reports.writing import Written


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
    export: tuple[Path, ...] = ()

    def settings(self, apart: bool = False, fatal: bool = False) -> Settings:
        from diffcli.compare import Settings

        if not self.timeout > 0:
            raise DiffError(f"--timeout {self.timeout:g}: a time limit is above 0", kind="option")
        if not self.tolerance >= 0:
            raise DiffError(f"--tolerance {self.tolerance:g}: a tolerance is 0 or more", kind="option")
        return Settings(_methods(self.methods), self.timeout, self.tolerance, self.share, apart, fatal)

    def variables(self) -> tuple[str, ...] | None:
        return None if self.wrt is None else tuple(name.strip() for name in self.wrt.split(",") if name.strip())

    def check_format(self) -> None:
        from diffcli.reports import REPORTS

        if self.format not in REPORTS:
            raise DiffError(f"unknown format '{self.format}'", hint=_nearest(self.format, REPORTS), kind="option")

    def formats(self) -> list[tuple[str, Path | None]]:
        """Formats and the files they go to: the output asked for, then every --export."""
        from diffcli.reports import REPORTS, format_of

        formats = [(self.format, self.output)]
        for file in self.export:
            format = format_of(file.name)  # noqa: A001 - the word of the command line
            if format is None:
                endings = ", ".join(known.ending for known in REPORTS.values())
                raise DiffError(f"'{file}' names no format", hint=f"an export ends in {endings}", kind="option")
            formats.append((format, file))
        return formats

    @property
    def on_screen(self) -> bool:
        """Whether the output is the table on a terminal, as wide as it is."""
        return self.format == "table" and self.output in (None, Path("-")) and sys.stdout.isatty()


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


@dataclass(frozen=True)
class BatchRequest:
    """What only a batch is asked: workers, their memory in MiB, going on, stopping early, a cluster's address."""

    jobs: int
    memory: int
    resume: bool
    fail_fast: bool
    cluster: str | None = None


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

    with ExitStack() as stack:
        outputs = _outputs(request, stack, single=True)
        try:
            comparison = compare(case, request.settings(apart=True))
        except KeyboardInterrupt:
            print("interrupted", file=sys.stderr)
            return 130
        for output in outputs:
            output.add(comparison)
            output.end()
    return 0 if comparison.good or request.exit_zero else 1


def run_batch(file: str, request: Request, asked: BatchRequest) -> int:
    """Every row of a file; results are written as they come, the summary at the end."""
    request.check_format()
    settings = request.settings(fatal=True)
    from diffcli.batch.expanding import expand
    from diffcli.batch.reading import reader_for
    from diffcli.batch.running import run
    from diffcli.batch.summary import Summary

    read = reader_for(file)
    summary = Summary()
    begun = time.monotonic()
    with ExitStack() as stack:
        source = stack.enter_context(_source(file))
        lines = _Lines(source, None if file == "-" else Path(file).stat().st_size)
        rows = expand(read(lines))
        if asked.resume:
            _resume(request, rows, summary)
        wrt = request.variables()
        finish = _finish(request)
        pool = _pool(settings, wrt, asked, finish)  # before an output is opened: a wrong address must not empty it
        stack.callback(pool.stop)
        outputs = _outputs(request, stack, single=False, append=asked.resume)
        target = outputs[0].stream if request.format == "table" and request.output is None else sys.stderr
        try:
            progress = _Progress(summary, lines, outputs[0].stream)
            results = run(rows, pool, settings, wrt, finish)
            written = _written_here(results, outputs) if request.on_screen else results
            _run(written, asked.fail_fast, outputs, progress, summary)
        except KeyboardInterrupt:
            for output in outputs:
                output.end()
            resumable = request.output is not None and request.format == "jsonl"
            how = "go on with --resume" if resumable else "with --format jsonl --output FILE it could go on by --resume"
            print(f"\ninterrupted after {summary.rows} rows, which are written; {how}", file=sys.stderr)
            return 130
        for output in outputs:
            output.end()
        from diffcli.reports.table import show_summary

        show_summary(summary, time.monotonic() - begun, _console(target), request.exit_zero)
    return 0 if summary.good or request.exit_zero else 1


def _finish(request: Request) -> Finish:
    """What workers make of results: text, but for a screen, which is as wide as it is here."""
    if request.on_screen:
        from diffcli.batch.rows import as_it_is

        return as_it_is
    from diffcli.reports.writing import Writing

    return Writing(tuple(name for name, _ in request.formats()))


def _written_here(results: Iterator[Result], outputs: list[Output]) -> Iterator[Written]:
    from diffcli.batch.summary import facts
    from diffcli.reports.writing import Written

    for result in results:
        yield Written(tuple(output.report.add(result) for output in outputs), facts(result))


def _run(
    rows: Iterator[Written], fail_fast: bool, outputs: list[Output], progress: _Progress, summary: Summary
) -> None:
    try:
        with progress:
            for row in rows:
                for output, text in zip(outputs, row.texts, strict=True):
                    output.write(text)
                summary.add(row.facts)
                progress.update()
                if fail_fast and not summary.good:
                    return
    except UnicodeDecodeError as error:
        message = f"the text is not UTF-8 (byte {error.object[error.start]:#04x} after row {summary.rows})"
        raise DiffError(message, hint="save the file as UTF-8", kind="file") from None


def _pool(settings: Settings, wrt: tuple[str, ...] | None, asked: BatchRequest, finish: Finish) -> Pool:
    """Where the rows are computed."""
    from diffcli.batch.pool import Workers, cores

    if asked.cluster:
        from diffcli.batch.cluster import Cluster

        return Cluster(asked.cluster, settings, wrt, asked.memory << 20, finish)
    return Workers(asked.jobs or cores(), settings, wrt, asked.memory << 20, finish)


def _resume(request: Request, rows: Iterator[Row | Failure], summary: Summary) -> None:
    """Keep what the output already holds, and pass over its rows."""
    if request.output is None or request.format != "jsonl":
        raise DiffError("--resume goes with --format jsonl and --output FILE", kind="option")
    if request.export:
        raise DiffError("--resume cannot go on with what --export writes", kind="option")
    from diffcli.batch.resuming import repair, skip_kept

    if request.output.exists():
        repair(request.output)
        skip_kept(request.output, rows, summary.add_kept)


# --- streams
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
        if sys.stdin.isatty():
            print("reading rows from the terminal: EXPR | x=1, y=2   (end with Ctrl-D)", file=sys.stderr)
        # a stream of our own: the interpreter's has a lock that a reading thread would hold
        return open(sys.stdin.fileno(), encoding="utf-8-sig", closefd=False)
    try:
        return Path(file).open(encoding=_encoding(file), newline="" if file.lower().endswith(".csv") else None)
    except OSError as error:
        raise DiffError(f"'{file}' cannot be read: {error.strerror}", kind="file") from None


def _encoding(file: str) -> str:
    """UTF-8, or UTF-16 where the file says so."""
    with Path(file).open("rb") as raw:
        return "utf-16" if raw.read(2) in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"


def _destination(output: Path | None, append: bool = False) -> Any:
    if output is None or str(output) == "-":
        return _Borrowed(sys.stdout)
    try:
        return output.open("a" if append else "w", encoding="utf-8", newline="")
    except OSError as error:
        raise DiffError(f"'{output}' cannot be written: {error.strerror}", kind="file") from None


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
        from diffcli.reports.table import show, show_line

        self.console, self.show = _console(stream), show if single else show_line

    def begin(self) -> str:
        return ""

    def add(self, result: Result) -> str:
        self.show(result, self.console)
        return ""

    def end(self) -> str:
        return ""


def _outputs(request: Request, stack: ExitStack, single: bool, append: bool = False) -> list[Output]:
    """Where results go: the output asked for, then a file for every --export."""
    from diffcli.reports import REPORTS

    outputs = []
    for number, (name, file) in enumerate(request.formats()):
        stream = stack.enter_context(_destination(file, append))
        screen = request.on_screen and not number
        report: Report = _Screen(stream, single) if screen else REPORTS[name].report(single)
        if not (append and stream.tell()):
            stream.write(report.begin())
        outputs.append(Output(report, stream, REPORTS[name].between))
    return outputs


def _console(stream: TextIO) -> Console:
    from rich.console import Console

    from diffcli.reports.table import WIDEST

    terminal = stream.isatty()
    return Console(file=stream, highlight=False, width=None if terminal else WIDEST, legacy_windows=False)


class _Lines:
    """The lines of a file, and a guess how many there are, from the part that was read."""

    def __init__(self, stream: Iterable[str], size: int | None) -> None:
        self.stream, self.size = stream, size
        self.lines = self.characters = 0

    def __iter__(self) -> Iterator[str]:
        for line in self.stream:
            self.lines += 1
            self.characters += len(line)
            yield line
        self.size = self.characters

    @property
    def total(self) -> float | None:
        return self.lines * self.size / self.characters if self.size and self.characters else None


class _Progress:
    """Rows, rate, time left and tally on a terminal's stderr, ten times a second; nothing elsewhere."""

    def __init__(self, summary: Summary, lines: _Lines, beside: TextIO) -> None:
        self.summary, self.lines = summary, lines
        self.begun = self.shown = time.monotonic()
        self.live = sys.stderr.isatty() and not beside.isatty()

    def __enter__(self) -> _Progress:
        return self

    def __exit__(self, *exception: object) -> None:
        if self.live:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)

    def update(self) -> None:
        now = time.monotonic()
        if self.live and now - self.shown >= 0.1:
            self.shown = now
            print(f"\r\x1b[K{self.line(now)}", end="", file=sys.stderr, flush=True)

    def line(self, now: float) -> str:
        """`1,200 rows  650/s  about 12 s left  3 not ok  1 not read`."""
        summary = self.summary
        rate = (summary.rows - summary.kept) / max(now - self.begun, 1e-9)
        total = self.lines.total
        left = f"  about {max(total - summary.rows, 0) / rate:.0f} s left" if total and rate else ""
        return f"{summary.rows:,} rows  {rate:.0f}/s{left}  {summary.bad} not ok  {summary.failures} not read"
