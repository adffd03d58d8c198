"""What is asked of a command, checked: what cannot be meant is refused, and nothing is passed over."""

from __future__ import annotations

import difflib
import os
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from diffcli.cli.options import Batch, Computation, Derivative, Many, Results
from diffcli.cli.streams import check_writable, format_for
from diffcli.runtime.errors import DiffError
from diffcli.runtime.messages import Message, message

if TYPE_CHECKING:
    from diffcli.comparison.result import Settings
    from diffcli.core.derivative_kinds import Kind
    from diffcli.core.primitives import Rules
    from diffcli.numbers import Dtype
    from diffcli.problem.asked import Asked


@dataclass(frozen=True)
class Request:
    """What a comparison or a batch of them is asked, as it was typed, and the format of its results."""

    derivative: Derivative = field(default_factory=Derivative)
    computation: Computation = field(default_factory=Computation)
    results: Results = field(default_factory=Results)
    format: str = "table"

    @cached_property
    def asked(self) -> Asked:
        from diffcli.problem.asked import Asked
        from diffcli.problem.claim_texts import all_claims

        kind = self.derivative
        return Asked(
            kind.order, kind.jvp, kind.vjp, kind.hvp, kind.unit, all_claims(kind.claim or ()), unknowns(kind.implicit),
            notation(kind.notation),
        )  # fmt: skip

    @property
    def export(self) -> tuple[Path, ...]:
        return tuple(self.results.export or ())

    def settings(self, apart: bool = False, fatal: bool = False, memory: bool = False) -> Settings:
        from diffcli.comparison.result import Settings

        methods = self.checked()
        how = self.computation
        return Settings(
            methods, how.timeout, self.results.tolerance, how.share, self.results.tape or memory, apart, fatal,
            step=how.step, dtype=self.numbers(), asked=self.asked, rules=self.column(),
        )  # fmt: skip

    def checked(self) -> tuple[str, ...]:
        """The methods by name; what is wrong without a look at any expression is said, and nothing is passed over."""
        self.check_limits()
        self.asked.check()
        methods = _methods(self.computation.methods, self.asked.kind)
        self._check_read(methods)
        return methods

    def _check_read(self, methods: tuple[str, ...]) -> None:
        """What no method here would take notice of is refused."""
        from diffcli.methods import METHODS

        found = [METHODS[name] for name in methods]
        if self.computation.step is not None and not any(method.reads == "step" for method in found):
            hint = message("name one of them: -m central-difference")
            raise DiffError(message("--step is for difference methods, and none is compared"), hint=hint, kind="option")
        if self.column() != "textbook" and not any(method.reads == "rules" for method in found):
            hint = message("name one that does: -m forward")
            raise DiffError(
                message("--rules {rules}: no method here reads the rules", rules=self.computation.rules),
                hint=hint,
                kind="option",
            )
        if self.results.tape and all(method.needs for method in found) and not self.asked.claims:
            hint = message("compare another beside it: -m reverse")
            raise DiffError(message("--tape: what other libraries remember is not seen"), hint=hint, kind="option")

    def numbers(self) -> Dtype:
        """What methods compute with."""
        from diffcli.numbers import DIGITS

        asked = self.computation.dtype
        for dtype in DIGITS:
            if dtype == asked:
                return dtype
        raise DiffError(message("unknown numbers '{name}'", name=asked), hint=_nearest(asked, DIGITS), kind="option")

    @property
    def peers(self) -> bool:
        """Whether other libraries are compared, which reserve far more memory than they use."""
        from diffcli.methods import METHODS

        return any(METHODS[name].needs for name in _methods(self.computation.methods, self.asked.kind))

    def column(self) -> Rules:
        """Which rules are read."""
        from diffcli.core.primitives import RULES

        asked = self.computation.rules
        for rules in RULES:
            if rules == asked:
                return rules
        raise DiffError(message("unknown rules '{name}'", name=asked), hint=_nearest(asked, RULES), kind="option")

    def check_limits(self) -> None:
        check_timeout(self.computation.timeout)
        if not self.results.tolerance >= 0:
            hint = message("write the ulps up to which a result is ok: --tolerance 1024")
            raise DiffError(
                message("--tolerance {ulps}: a tolerance is 0 or more", ulps=f"{self.results.tolerance:g}"),
                hint=hint,
                kind="option",
            )
        if self.computation.step is not None and not 0 < self.computation.step < float("inf"):
            hint = message("write --step 1e-6")
            raise DiffError(
                message("--step {step}: a step is a number above 0", step=f"{self.computation.step:g}"),
                hint=hint,
                kind="option",
            )

    def variables(self) -> tuple[str, ...] | None:
        return variables(self.derivative.wrt)

    def check_format(self) -> None:
        from diffcli.reports.comparison import REPORTS

        if self.format not in REPORTS:
            raise DiffError(
                message("unknown format '{name}'", name=self.format), hint=_nearest(self.format, REPORTS), kind="option"
            )

    def check_files(self) -> None:
        """What cannot be written, or would be written over, is said before any work is done."""
        self._check_mark()
        files = [file for file in (self.results.output, *self.export) if file is not None and str(file) != "-"]
        for file in files:
            check_writable(file)
            if files.count(file) > 1:
                hint = message("give --output and each --export a file of its own")
                raise DiffError(message("'{file}' would be written twice", file=file), hint=hint, kind="option")

    def _check_mark(self) -> None:
        """A byte order mark is for CSV."""
        files = (self.results.output, *self.export)
        if self.results.bom and self.format != "csv" and not any(file and file.suffix == ".csv" for file in files):
            hint = message("add --format csv, or --export FILE.csv")
            raise DiffError(message("--bom is for CSV, and none is written"), hint=hint, kind="option")

    def formats(self) -> list[tuple[str, Path | None]]:
        """Formats and the files they go to: the output asked for, then every --export."""
        from diffcli.reports.comparison import REPORTS, format_of

        formats = [(self.format, self.results.output)]
        for file in self.export:
            format = format_of(file.name)  # noqa: A001 - the word of the command line
            if format is None:
                endings = ", ".join(known.ending for known in REPORTS.values())
                raise DiffError(
                    message("'{file}' names no format", file=file),
                    hint=message("an export ends in {endings}", endings=endings),
                    kind="option",
                )
            formats.append((format, file))
        return formats

    @property
    def on_screen(self) -> bool:
        """Whether the output is the table on a terminal, as wide as it is."""
        return self.format == "table" and self.results.output in (None, Path("-")) and sys.stdout.isatty()


def check_timeout(seconds: float) -> None:
    from diffcli.runtime.limits import LONGEST

    if not 0 < seconds <= LONGEST:
        hint = message("write the seconds a method may take: --timeout 10")
        said = message(
            "--timeout {seconds}: a time limit is above 0 and at most {most} s",
            seconds=f"{seconds:g}",
            most=f"{LONGEST:,.0f}",
        )
        raise DiffError(said, hint=hint, kind="option")


def notation(name: str | None) -> str | None:
    """The notation that --notation names; None where marks tell it."""
    from diffcli.syntax.notations import NOTATIONS

    if name is None or name == "plain" or name in NOTATIONS:
        return name
    hint = _nearest(name, (*NOTATIONS, "plain"))
    raise DiffError(message("unknown notation '{name}'", name=name), hint=hint, kind="option")


def unknowns(implicit: str | None) -> tuple[str, ...]:
    """The names that --implicit asks for, each once."""
    if implicit is None:
        return ()
    names = tuple(dict.fromkeys(name.strip() for name in implicit.split(",") if name.strip()))
    if not names:
        hint = message("write the unknown that the equation is solved for: --implicit y")
        raise DiffError(message("--implicit names no unknown"), hint=hint, kind="option")
    return names


def variables(wrt: str | None) -> tuple[str, ...] | None:
    """The names that --wrt asks for; None where it is not given."""
    if wrt is None:
        return None
    names = tuple(name.strip() for name in wrt.split(",") if name.strip())
    if not names:
        raise DiffError(
            message("--wrt names no variable"), hint=message("write --wrt x,y, or leave it out for all"), kind="option"
        )
    return names


def _methods(text: str | None, kind: Kind) -> tuple[str, ...]:
    from diffcli.methods import METHODS, usual

    if text is None:
        return usual(kind)
    if text.strip() == "all":
        return tuple(name for name, method in METHODS.items() if kind in method.kinds and method.available)
    names = tuple(name.strip() for name in text.split(",") if name.strip())
    for name in names:
        if name not in METHODS:
            raise DiffError(message("unknown method '{name}'", name=name), hint=_nearest(name, METHODS), kind="option")
    if not names:
        raise DiffError(
            message("no method is named"),
            hint=message("the methods are: {names}", names=", ".join(METHODS)),
            kind="option",
        )
    return tuple(dict.fromkeys(names))


def _nearest(name: str, known: Iterable[str]) -> Message:
    names = list(known)
    near = difflib.get_close_matches(name, names, 1)
    return (
        message("did you mean '{name}'?", name=near[0])
        if near
        else message("write one of: {names}", names=", ".join(names))
    )


def report_format(asked: str | None, output: Path | None, many: bool = False) -> str:
    """The format of results: as asked for, by the output's ending, by the environment, or the table."""
    from diffcli.reports.comparison import REPORTS

    endings = {known.ending: name for name, known in REPORTS.items()}
    if many:  # a .csv takes the results of all points, the report goes elsewhere
        endings = {ending: name for ending, name in POINT_FORMATS.items() if ending != ".csv"}
        output = None if output and output.suffix.lower() == ".csv" else output
    return format_for(asked, output, endings, os.environ.get("DIFF_COMPARE_FORMAT") or "table")


POINT_FORMATS = {".txt": "table", ".json": "json", ".csv": "csv"}
"""Of results at many points, by the endings of files."""


def check_batch(batch: Batch) -> None:
    """What no batch could be computed with is refused before anything is read."""
    if not 0 <= batch.jobs <= MOST_JOBS:
        hint = message("leave it out for one per core")
        raise DiffError(
            message("--jobs {jobs}: from 1 to {most} worker processes", jobs=batch.jobs, most=MOST_JOBS),
            hint=hint,
            kind="option",
        )
    if not 64 <= batch.memory <= MOST_MEMORY:
        hint = message("write the MiB that a worker may use: --memory 2048")
        raise DiffError(
            message("--memory {memory}: from 64 to {most} MiB", memory=batch.memory, most=f"{MOST_MEMORY:,}"),
            hint=hint,
            kind="option",
        )
    if batch.cluster is not None and batch.jobs:
        hint = message("leave it out: the cluster has as many workers as were started there")
        raise DiffError(message("--jobs is for workers here, --cluster computes elsewhere"), hint=hint, kind="option")


MOST_JOBS, MOST_MEMORY = 1024, 1 << 30
"""Workers of one machine, and MiB of one of them: what is more was never meant."""


def at_many(many: Many, at: Sequence[str]) -> bool:
    """Whether there are many points: a file, or a range in the point."""
    there = many.points is not None or any(":" in part for part in at)
    for name in ("sample", "seed", "compiled", "fast_trig", "encoding"):
        if getattr(many, name) is not None and not (many.points if name == "encoding" else there):
            hint = message('give them by --points FILE, or as a range: --at "x=0:1:1000"')
            raise DiffError(
                message("--{name} is for many points", name=name.replace("_", "-")), hint=hint, kind="option"
            )
    return there
