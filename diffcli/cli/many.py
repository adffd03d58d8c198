"""What `expr` does at many points: every method over a table of them, and the truth at a sample."""

from __future__ import annotations

import shutil
import sys
import time
from typing import TYPE_CHECKING

from diffcli.cli.options import Many
from diffcli.cli.outputs import byte_order_mark
from diffcli.cli.request import POINT_FORMATS, Request
from diffcli.cli.streams import aside, destination, language_of, remark
from diffcli.cli.typed import note_unused, point_of, within
from diffcli.locale.language import speaking, tr
from diffcli.runtime.errors import DiffError
from diffcli.runtime.messages import message

if TYPE_CHECKING:
    pass


def run_points(text: str, at: list[str], request: Request, many: Many) -> int:
    """Every method over a table of points, and the truth at a sample of them."""
    from diffcli.syntax.reading import check
    from diffcli.tracing.naming import named

    if named(text):
        hint = message("write it as an expression, or give one point")
        raise DiffError(message("a Python function is not for many points"), text, (0, len(text)), hint, "python")
    request.check_limits()
    within(
        request.computation.timeout, check, text
    )  # an error in the expression is found before anything is imported or read
    _check_points(request, many)
    methods = request.checked()
    from diffcli.points.reading import of_file, of_ranges, split
    from diffcli.points.result import SAMPLE, Settings
    from diffcli.points.run import run, understood
    from diffcli.points.writing import RESULTS, save
    from diffcli.reports.points import written_as
    from diffcli.reports.points.findings import entry_names

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
            stream.write(byte_order_mark(request, format) + written_as(found, format, width))
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
