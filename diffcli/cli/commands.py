"""What the commands do: streams in, results out, exit codes. All work is done elsewhere."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass, replace
from io import TextIOBase
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TextIO, TypeVar

from typer import Argument

from diffcli.cli.options import At, Batch, Computation, Derivative, Expression, Many, Results
from diffcli.cli.request import POINT_FORMATS, Request, at_many, check_batch, report_format
from diffcli.cli.streams import aside, check_apart, destination, language_of, remark, source
from diffcli.locale.language import language, speaking, tr
from diffcli.runtime.errors import DiffError
from diffcli.runtime.messages import message

if TYPE_CHECKING:
    from diffcli.batch.pool import Pool
    from diffcli.batch.rows import Failure, Finish, Result, Row
    from diffcli.batch.summary import Summary
    from diffcli.comparison.result import Settings
    from diffcli.problem.asked import Asked
    from diffcli.problem.case import Case
    from diffcli.problem.point import Number
    from diffcli.reports import Report
    from diffcli.reports.screen import Screen
    from diffcli.reports.writing import Written


T = TypeVar("T")


def expression(
    text: Expression, derivative: Derivative, computation: Computation, results: Results, many: Many, at: At = None
) -> int:
    """Compare the methods on one expression at one point. The word expr may be left out.

    The error is measured against the value proved by ball arithmetic, in ulps and in bits lost of 53.

    Operations are those really executed: + additions and subtractions,
    - negations, × products, ÷ quotients, ^ powers, ƒ calls of elementary
    functions. Constants, copies, comparisons and what is structurally 0, 1
    or -1 are free.

    Many points: --points FILE, or ranges as first:last:count, --at "x=0:1:1e6, y=2"; several make a product. Errors
    are then shown as statistics. --output FILE.npy, .npz or .csv takes the results of all points.
    """
    name = report_format(results.format, results.output, at_many(many, at or ()))
    return run_expression(text, at or [], Request(derivative, computation, results, name), many)


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


def run_expression(text: str, at: list[str], request: Request, many: Many) -> int:
    """One comparison, printed; the exit code says whether every verdict is good."""
    if at_many(many, at):
        return run_points(text, at, request, many)
    from diffcli.syntax import elaborate
    from diffcli.tracing.naming import named

    request.check_format()
    request.check_files()
    function = named(text)
    if text.strip().endswith(".py"):
        raise DiffError(
            message("a file is no function"),
            text,
            (0, len(text)),
            message("name one: {name}", name=f"{text.strip()}:f"),
            "python",
        )
    request.check_limits()
    if not at and not function:  # an error in the expression is found without any mathematics library
        within(request.computation.timeout, elaborate, text)
    from diffcli.runtime.limits import limited_memory
    from diffcli.runtime.memory import MEMORY

    with nullcontext() if function or request.peers else limited_memory(MEMORY):
        return _compared(text, at, request, bool(function))


def _compared(text: str, at: list[str], request: Request, function: bool) -> int:
    """The comparison of an expression or a function, written where it was asked for."""
    from diffcli.problem.understanding import make_case

    point = within(request.computation.timeout, point_of, at)
    if function:
        case = _traced(text, point, request)
    else:
        case = within(
            request.computation.timeout, make_case, text, point, request.variables(), None, None, request.asked
        )
    note_unused(point, case.at)
    from diffcli.comparison.compare import compare

    comparison = compare(case, request.settings(apart=True, memory=request.format in ("json", "html")))
    with ExitStack() as stack:
        for output in _outputs(request, stack, single=True):
            output.add(comparison)
            output.end()
    return 0 if comparison.good or request.results.exit_zero else 1


def within(seconds: float, read: Callable[..., T], *arguments: Any, whole: bool = False) -> T:
    """What was typed, understood within the time limit: an expression in vectors may be of any size.

    `whole`: all that a command does, and not the reading alone.
    """
    from diffcli.runtime.limits import Expired, Here

    try:
        return Here(read, *arguments).result(seconds)
    except Expired:
        limit = f"{seconds:g}"
        said = message("the expression was not read within {seconds} s", seconds=limit)
        if whole:
            said = message("not finished within {seconds} s", seconds=limit)
        raise DiffError(said, hint=message("--timeout gives it longer"), kind="timeout") from None


def _traced(text: str, point: dict[str, Number], request: Request) -> Case:
    """A Python function, run once; its own time is limited like a method's.

    In a process of its own, where it may do anything; but for claims it is run at other points as well, here.
    """
    from diffcli.runtime.limits import STUCK, Apart, Died, Expired, separable

    request.settings()  # a wrong option is said before the user's code is run
    asked = text, point, request.variables(), request.asked, request.computation.timeout
    if request.asked.claims or not separable():
        return _run_here(*asked)
    try:
        limit = request.computation.timeout + 2 * STUCK
        return Apart(_without_function, *asked, memory=None, alive=True).result(limit)
    except Expired:
        raise _late(text, request.computation.timeout) from None
    except Died:
        said = message("the process that ran {name} ended without an answer", name=text.strip())
        raise DiffError(said, hint=message("run it in Python alone, to see why it ends there"), kind="python") from None


def _run_here(text: str, point: dict[str, Number], wrt: tuple[str, ...] | None, asked: Asked, seconds: float) -> Case:
    from diffcli.problem.understanding import traced_case
    from diffcli.runtime.limits import Expired, Here

    try:
        return Here(traced_case, text, point, wrt, asked).result(seconds)
    except Expired:
        raise _late(text, seconds) from None


def _without_function(*asked: Any) -> Case:
    """The case as it may be sent to another process: functions cannot."""
    return replace(_run_here(*asked), function=None)


def _late(text: str, seconds: float) -> DiffError:
    said = message("{name} was not imported and run within {seconds} s", name=text.strip(), seconds=f"{seconds:g}")
    return DiffError(said, hint=message("--timeout gives it longer"), kind="python")


def note_unused(point: Iterable[str], used: Container[str]) -> None:
    """Say on stderr what is given and not in the expression: it may be a slip of the pen."""
    names = ", ".join(name for name in point if name not in used)
    if names:
        with aside() as stream:
            print(tr("note: {note}", note=tr("the expression has no variable {names}", names=names)), file=stream)


def point_of(at: list[str] | None) -> dict[str, Number]:
    """All `--at` options together."""
    from diffcli.problem.point import read_point

    point: dict[str, Number] = {}
    for part in at or []:
        for name, value in read_point(part).items():
            if name in point:
                raise DiffError(
                    message("'{name}' is given twice", name=name),
                    part,
                    None,
                    message("give each variable one value"),
                    "point",
                )
            point[name] = value
    return point


def run_points(text: str, at: list[str], request: Request, many: Many) -> int:
    """Every method over a table of points, and the truth at a sample of them."""
    from diffcli.syntax import parse
    from diffcli.tracing.naming import named

    if named(text):
        hint = message("write it as an expression, or give one point")
        raise DiffError(message("a Python function is not for many points"), text, (0, len(text)), hint, "python")
    request.check_limits()
    within(
        request.computation.timeout, parse, text
    )  # an error in the expression is found before anything is imported or read
    _check_points(request, many)
    methods = request.checked()
    from diffcli.points.reading import of_file, of_ranges, split
    from diffcli.points.result import SAMPLE, Settings
    from diffcli.points.run import run, understood
    from diffcli.points.writing import RESULTS, save
    from diffcli.reports.points import entry_names, written_as

    entries = [entry for part in at for entry in split(part)]
    fixed = within(request.computation.timeout, point_of, [entry for entry in entries if ":" not in entry])
    ranges = [entry.strip() for entry in entries if ":" in entry]
    if many.points is not None and ranges:
        raise DiffError(
            message("points are from a file or from ranges, not from both"),
            hint=message("leave out one"),
            kind="option",
        )
    wrt = request.variables()
    if many.points is None:
        points = of_ranges(ranges, fixed)
    else:
        points = of_file(str(many.points), text, fixed, wrt or (), many.encoding)
    if points.note is not None:
        remark(points.note)
    case = within(request.computation.timeout, understood, text, points, wrt, request.asked)
    note_unused(points.fixed, case.at)
    sample = SAMPLE if many.sample is None else many.sample
    how = request.computation
    settings = Settings(
        methods, how.timeout, request.results.tolerance, how.share, sample, many.seed or 0, many.compiled, how.step,
        request.column(), many.fast_trig,
    )  # fmt: skip
    progress = _Judging()
    found = run(case, points, settings, progress.told)
    progress.end()
    output = request.results.output
    results = output if output and output.suffix.lower() in RESULTS else None
    if results is not None:
        save(results, found, entry_names(found), request.results.bom)
    reports = [(request.format, None if results else output)]
    reports += [(POINT_FORMATS[file.suffix.lower()], file) for file in request.export]
    for format, file in reports:  # noqa: A001 - the word of the command line
        with destination(file, data=format != "table") as stream, speaking(language_of(stream)):
            width = shutil.get_terminal_size().columns if stream.isatty() else None
            stream.write(_mark(request, format) + written_as(found, format, width))
    return 0 if found.good or request.results.exit_zero else 1


def _check_points(request: Request, many: Many) -> None:
    """What is not for many points is refused, and nothing is passed over."""
    request.check_files()
    if request.format not in POINT_FORMATS.values():
        hint = message("write one of: {names}", names=", ".join(POINT_FORMATS.values()))
        raise DiffError(
            message("many points are not written as '{name}'", name=request.format), hint=hint, kind="option"
        )
    for file in request.export:
        if file.suffix.lower() not in POINT_FORMATS:
            hint = message("an export of many points ends in {endings}", endings=", ".join(POINT_FORMATS))
            raise DiffError(message("'{file}' names no format", file=file), hint=hint, kind="option")
    single = {
        "--claim": request.asked.claims,
        "--tape": request.results.tape,
        "--dtype": request.computation.dtype != "float64",
    }
    for name, asked in single.items():
        if asked:
            raise DiffError(
                message("{name} is for single points", name=name), hint=message("give one point by --at"), kind="option"
            )
    if many.compiled is not None and many.fast_trig:
        raise DiffError(
            message("--fast-trig is for NumPy's functions"), hint=message("leave out --compiled"), kind="option"
        )
    if many.sample is not None and many.sample < 0:
        hint = message("write how many are judged: --sample 2000; 0 judges none")
        raise DiffError(
            message("--sample {count}: a number of points is 0 or more", count=many.sample), hint=hint, kind="option"
        )
    if many.seed is not None and many.sample == 0:
        raise DiffError(
            message("--seed draws a sample, and --sample 0 has none"),
            hint=message("leave out one of them"),
            kind="option",
        )


class _Judging:
    """On a terminal's stderr, how many points are judged; ten times a second."""

    def __init__(self) -> None:
        self.begun = self.shown = time.monotonic()
        self.live = sys.stderr.isatty()

    def told(self, done: int, of: int) -> None:
        now = time.monotonic()
        if self.live and now - self.shown >= 0.1:
            self.shown = now
            left = (now - self.begun) / done * (of - done)
            template = "{done} of {total} points judged  about {left} s left"
            with aside() as stream:
                line = tr(template, done=f"{done:,}", total=f"{of:,}", left=f"{left:.0f}")
                print(f"\r\x1b[K{line}", end="", file=stream, flush=True)

    def end(self) -> None:
        if self.live:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)


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
        outputs = _outputs(request, stack, single=False, append=batch.resume, columns=columns)
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
        from diffcli.reports.table import show_summary

        with speaking(language_of(target)):
            show_summary(summary, time.monotonic() - begun, _console(target), request.results.exit_zero)
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


# --- outputs
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


def _outputs(
    request: Request, stack: ExitStack, single: bool, append: bool = False, columns: Sequence[str] = ()
) -> list[Output]:
    """Where results go: the output asked for, then a file for every --export."""
    from diffcli.reports import REPORTS

    outputs = []
    for number, (name, file) in enumerate(request.formats()):
        stream = stack.enter_context(destination(file, append, data=name != "table"))
        screen = request.on_screen and not number
        report: Report = _Screen(stream, single) if screen else REPORTS[name].report(single, columns)
        if not (append and stream.tell()):
            stream.write(_mark(request, name) + report.begin())
        outputs.append(Output(report, stream, REPORTS[name].between))
    return outputs


def _mark(request: Request, name: str) -> str:
    """What a file of this format begins with, where it is asked for."""
    return "\ufeff" if request.results.bom and name == "csv" else ""


def _console(stream: TextIO) -> Screen:
    from diffcli.reports.screen import Screen
    from diffcli.reports.table import WIDEST

    return Screen(file=stream, width=None if stream.isatty() else WIDEST)


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
