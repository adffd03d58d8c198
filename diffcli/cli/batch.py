"""The command `batch`: every row of a file; results are written as they come, the summary at the end."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from io import TextIOBase
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TextIO

from typer import Argument

from diffcli.cli.options import Batch, Computation, Derivative, Results
from diffcli.cli.outputs import Output, console_for, open_outputs
from diffcli.cli.request import Request, check_batch, report_format
from diffcli.cli.streams import aside, check_apart, language_of, source
from diffcli.locale.language import language, speaking, tr
from diffcli.runtime.errors import DiffError
from diffcli.runtime.messages import message

if TYPE_CHECKING:
    from diffcli.batch.pool import Pool
    from diffcli.batch.rows import Failure, Finish, Result, Row
    from diffcli.batch.summary import Summary
    from diffcli.comparison.result import Settings
    from diffcli.reports.writing import Written


def batch(
    file: Annotated[str, Argument(metavar="FILE", help="Cases in .txt, .jsonl, .csv or .xlsx; - is standard input.")],
    rows: Batch,
    derivative: Derivative,
    computation: Computation,
    results: Results,
) -> int:
    """Compare the methods on every row of a file, row by row, in its order.

    .txt: a row is EXPR | x=1, y=2 and # begins a comment.

    .jsonl: a row is an object with expr, at, and optionally wrt, id and claim.

    .csv, .xlsx: a column expr, optionally id, wrt and claim; other columns are variables, or text that comes back.

    What a row says of wrt and claim goes before --wrt and --claim. A row that fails is reported in its place, and
    the rest go on.
    """
    name = report_format(results.format, results.output)
    return run_batch(file, Request(derivative, computation, results, name), rows)


def run_batch(file: str, request: Request, batch: Batch) -> int:
    """Every row of a file; results are written as they come, the summary at the end."""
    request.check_format()
    request.check_files()
    check_batch(batch)
    settings = request.settings(fatal=True)
    check_apart(file, (request.results.output, *request.export))
    _check_tape(request)
    from diffcli.batch.expanding import expand
    from diffcli.batch.reading import TableRows, legible, reader_for
    from diffcli.batch.running import run
    from diffcli.batch.summary import Summary

    read = reader_for(file)
    summary = Summary()
    begun = time.monotonic()
    with ExitStack() as stack:
        text = source(file, batch.encoding)
        stack.enter_context(text)
        lines = _Lines(text, Path(file).stat().st_size if isinstance(text, TextIOBase) and file != "-" else None)
        found = read(lines)
        columns = found.columns if isinstance(found, TableRows) else ()
        rows = expand(legible(found, text.encoding))
        if batch.resume:
            _resume(request, rows, summary, settings)
        wrt = request.variables()
        finish = _finish(request, columns)
        if text.seekable():
            rows = chain(list(islice(rows, 1)), rows)  # before an output is opened: what is no table must not empty it
        pool = _pool(settings, wrt, batch, finish)  # before an output is opened: a wrong address must not empty it
        stack.callback(pool.stop)
        outputs = open_outputs(request, stack, single=False, append=batch.resume, columns=columns)
        target = outputs[0].stream if request.format == "table" and request.results.output is None else sys.stderr
        try:
            progress = _Progress(summary, lines, outputs[0].stream)
            results = run(rows, pool, settings, wrt, finish)
            written = _written_here(results, outputs) if request.on_screen else results
            _run(written, batch.fail_fast, outputs, progress, summary)
        except KeyboardInterrupt:
            for output in outputs:
                output.end()
            resumable = request.results.output is not None and request.format == "jsonl"
            template = "interrupted after {rows} rows, which are written; {how}"
            with aside() as beside:
                how = tr("go on with --resume" if resumable else _TO_GO_ON)
                print("\n" + tr(template, rows=summary.rows, how=how), file=beside)
            return 130
        for output in outputs:
            output.end()
        from diffcli.reports.comparison.lines import show_summary

        with speaking(language_of(target)):
            show_summary(summary, time.monotonic() - begun, console_for(target), request.results.exit_zero)
    return 0 if summary.good or request.results.exit_zero else 1


_TO_GO_ON = "with --format jsonl --output FILE it could go on by --resume"


def _check_tape(request: Request) -> None:
    """A batch as a table has no place for what is remembered."""
    if request.results.tape and not {name for name, _ in request.formats()} & {"json", "jsonl", "csv"}:
        hint = message("add --format jsonl or csv, or --export FILE.csv")
        raise DiffError(
            message("--tape is not shown by a batch as {format}", format=request.format), hint=hint, kind="option"
        )


def _finish(request: Request, columns: tuple[str, ...]) -> Finish:
    """What workers make of results: text, but for a screen, which is as wide as it is here."""
    if request.on_screen:
        from diffcli.batch.rows import as_it_is

        return as_it_is
    from diffcli.reports.writing import Writing

    return Writing(tuple(name for name, _ in request.formats()), language(), columns)


def _written_here(results: Iterator[Result], outputs: list[Output]) -> Iterator[Written]:
    from diffcli.batch.summary import facts
    from diffcli.reports.writing import Written

    for result in results:
        yield Written(tuple(output.report.add(result) for output in outputs), facts(result))


def _run(
    rows: Iterator[Written], fail_fast: bool, outputs: list[Output], progress: _Progress, summary: Summary
) -> None:
    with progress:
        for row in rows:
            for output, text in zip(outputs, row.texts, strict=True):
                output.write(text)
            summary.add(row.facts)
            progress.update()
            if fail_fast and not summary.good:
                return


def _pool(settings: Settings, wrt: tuple[str, ...] | None, batch: Batch, finish: Finish) -> Pool:
    """Where the rows are computed."""
    from diffcli.batch.pool import PER_CORE, Workers, cores
    from diffcli.runtime.limits import limitable

    if batch.cluster is not None:
        from diffcli.batch.cluster import Cluster

        return Cluster(batch.cluster, settings, wrt, batch.memory << 20, finish)
    workers = Workers(batch.jobs or cores(), settings, wrt, batch.memory << 20, finish)
    if workers.size < batch.jobs:
        _note(tr("--jobs {jobs}: {most} at most, {each} a core", jobs=batch.jobs, most=workers.size, each=PER_CORE))
    if not limitable():
        _note(tr("--memory: this system does not tell how much a process has, and nothing limits it"))
    return workers


def _note(said: str) -> None:
    print(tr("note: {note}", note=said), file=sys.stderr)


def _resume(request: Request, rows: Iterator[Row | Failure], summary: Summary, settings: Settings) -> None:
    """Keep what the output already holds, and pass over its rows."""
    if request.results.output in (None, Path("-")) or request.format != "jsonl":
        hint = message("add --format jsonl --output results.jsonl")
        raise DiffError(message("--resume goes with --format jsonl and --output FILE"), hint=hint, kind="option")
    if request.export:
        hint = message("leave out --export; it can be made from the whole output")
        raise DiffError(message("--resume cannot go on with what --export writes"), hint=hint, kind="option")
    from diffcli.batch.resuming import repair, skip_kept

    if request.results.output.exists():
        repair(request.results.output)
        skip_kept(request.results.output, rows, summary.add_kept, settings)


class _Lines:
    """The lines of a file, and a guess how many there are, from the part that was read."""

    def __init__(self, stream: Iterable[Any], size: int | None) -> None:
        self.stream, self.size = stream, size
        self.lines = self.characters = 0

    def __iter__(self) -> Iterator[Any]:
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
            with aside() as stream:
                print(f"\r\x1b[K{self.line(now)}", end="", file=stream, flush=True)

    def line(self, now: float) -> str:
        """`1,200 rows  650/s  about 12 s left  3 not ok  1 not read`."""
        summary = self.summary
        rate = (summary.rows - summary.kept) / max(now - self.begun, 1e-9)
        total = self.lines.total
        left = (
            tr("  about {seconds} s left", seconds=f"{max(total - summary.rows, 0) / rate:.0f}")
            if total and rate
            else ""
        )
        template = "{rows} rows  {rate}/s{left}  {bad} not ok  {failures} not read"
        rows, pace = f"{summary.rows:,}", f"{rate:.0f}"
        return tr(template, rows=rows, rate=pace, left=left, bad=summary.bad, failures=summary.failures)
