"""The study commands: their options, and how their results are written. A study itself is in `studies/`."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

from typer import Argument, Option

from diffcli.cli.options import (
    At,
    Computation,
    Derivative,
    Drawn,
    Expression,
    Log,
    Methods,
    Output,
    ProofTimeout,
    Results,
    WholeTimeout,
    Written,
    Wrt,
)
from diffcli.cli.request import Request, check_timeout, variables
from diffcli.cli.streams import aside, check_writable, format_for, put
from diffcli.locale.language import language, speaking, tr, translate_message
from diffcli.runtime.errors import DiffError
from diffcli.runtime.messages import Message, message

if TYPE_CHECKING:
    from diffcli.problem.case import Case
    from diffcli.problem.point import Number
    from diffcli.studies.study import Study

T = TypeVar("T")

WHOLE = 60.0
"""Seconds that a command may take which computes one thing as a whole."""

FORMATS = {".txt": "table", ".json": "json", ".csv": "csv"}
"""By the endings of files."""


def write(study: Callable[[], T], tell: Callable[[T], Study], results: Written, limit: float | None = None) -> int:
    """Run a study, as a whole within `limit`, and write what it tells; a picture where one is asked for."""
    format = _format(results.format, results.output)  # noqa: A001 - the word of the command line
    output, plot = _checked(results.output), results.plot if isinstance(results, Drawn) else None
    if plot is not None:
        from diffcli.reports.pictures import check

        check(plot)
        _checked(plot)
    with speaking(_language(format)):
        found = study() if limit is None else _finished(limit, study)
        from diffcli.reports.studies import show, written

        told = tell(found)
        text = None if _on_screen(format, output) else written(told, format, plot is None)

    if text is None:
        from diffcli.reports.screen import Screen

        show(told, Screen(), plots=plot is None)
    else:
        put(text, output, format != "table")
    if plot is not None:
        told_by_itself = tell is _as_told
        _save(partial(tell, found), plot, (lambda: tell(study())) if told_by_itself else None)
    return 0


def _format(asked: str | None, output: Path | None) -> str:
    chosen = format_for(asked, output, FORMATS, "table")
    _one_of("unknown format '{name}'", chosen, tuple(FORMATS.values()))
    return chosen


def _checked(output: Path | None) -> Path | None:
    """A file that can be written; None for standard output, which `-` is too."""
    check_writable(output)
    return None if str(output) == "-" else output


def _save(tell: Callable[[], Study], plot: Path, again: Callable[[], Study] | None) -> None:
    """A picture of what a study tells; in English, if need be from the study run `again`, where no font has Chinese."""
    from diffcli.reports.pictures import letters, save

    readable = letters(language())
    with speaking(language() if readable else "en"):
        save((tell if readable or again is None else again)().plots, plot)


def _as_told(study: Study) -> Study:
    """For studies that tell themselves what they find."""
    return study


def _language(format: str) -> str:
    """What programs read is English."""
    return language() if format in ("table", "text") else "en"


def _on_screen(format: str, output: Path | None) -> bool:
    return output is None and format == "table" and sys.stdout.isatty()


# --- the error over the step
def sweep_steps(
    text: Expression,
    results: Drawn,
    at: At = None,
    wrt: Wrt = None,
    methods: Annotated[
        str | None,
        Option("--methods", "-m", metavar="NAMES", help="Comma list of methods with a step. Default: all."),
    ] = None,
    steps: Annotated[int, Option("--steps", metavar="N", help="Steps, even in log h.")] = 129,
    largest: Annotated[float, Option("--largest", metavar="H", help="The largest step.")] = 1.0,
    smallest: Annotated[float, Option("--smallest", metavar="H", help="The smallest step.")] = 1e-16,
    numbers: Annotated[
        str, Option("--dtype", metavar="float64|float32", help="What is computed with: float64 or float32.")
    ] = "float64",
    timeout: ProofTimeout = 10.0,
) -> int:
    """The error of difference quotients over the step: truncation against round-off.

    For each method the order measured and in theory, the best step found and
    predicted, and where round-off takes over; dual numbers, which have no step,
    as a level line. JSON and CSV hold every step.
    """
    from diffcli.reports.tell.sweep import tell
    from diffcli.studies.sweep import Sweep, sweep

    _, limit, variables = _asked(None, wrt, timeout)
    every = methods is None or methods.strip() == "all"
    names = (
        ()
        if every
        else _names("--methods", methods or "", message("write -m central-difference, or leave it out for all"))
    )
    point = _held(text, at, limit, variables)
    whole = _format(results.format, results.output) != "table"

    def make() -> Sweep:
        with _Counting() as told:
            return sweep(text, point, variables, names, steps, largest, smallest, numbers, limit, told)

    return write(make, partial(tell, whole=whole), results)


# --- where digits are lost
def measure_profile(
    text: Expression,
    results: Drawn,
    over: Annotated[str, Option("--over", metavar="x=LO:HI", help="The variable that moves, and its range.")],
    at: At = None,
    log: Annotated[
        bool | None,
        Option(
            "--log/--even",
            help="Points even in log x, or in x"
            " [log x where the ends have one sign and lie 10,000 times apart or more, else x].",
            show_default=False,
        ),
    ] = None,
    points: Annotated[int, Option("--points", metavar="N", help="Points of the grid.")] = 200,
    wrt: Wrt = None,
    methods: Methods = None,
    timeout: ProofTimeout = 10.0,
) -> int:
    """Bits lost by each method over a range of one variable, and the worst points.

    Every point is measured against the derivative proved there. Worse points
    than the grid's are searched for, and can be pasted behind --at.
    """
    from diffcli.studies.profile import profile

    chosen, limit, variables = _asked(methods, wrt, timeout)
    point = _held(text, at, limit, variables)

    def make() -> Study:
        with _Counting() as told:
            return profile(text, over, point, variables, chosen, log, points, limit, told)

    return write(make, _as_told, results)


def hunt_losses(
    text: Expression,
    results: Written,
    over: Annotated[str, Option("--over", metavar="RANGES", help='The box: "x=LO:HI, y=LO:HI".')],
    at: At = None,
    log: Log = False,
    evaluations: Annotated[int, Option("--evaluations", metavar="N", help="The most points tried.")] = 2000,
    seed: Annotated[int, Option("--seed", metavar="S", help="The same seed finds the same points.")] = 0,
    wrt: Wrt = None,
    methods: Methods = None,
    timeout: ProofTimeout = 10.0,
) -> int:
    """Find the points of a box where each method loses most.

    Seeded points, even in x and in log x, some with two variables nearly
    equal; then ever closer looks around the worst.
    """
    from diffcli.studies.hunt import hunt

    chosen, limit, variables = _asked(methods, wrt, timeout)
    point = _held(text, at, limit, variables)

    def make() -> Study:
        with _Counting() as told:
            return hunt(text, over, point, variables, chosen, log, evaluations, seed, limit, told)

    return write(make, _as_told, results)


def _asked(
    methods: str | None, wrt: str | None, timeout: float
) -> tuple[tuple[str, ...], float, tuple[str, ...] | None]:
    """The options that all comparisons share, checked as they are there."""
    request = Request(Derivative(wrt=wrt), Computation(methods=methods, timeout=timeout))
    return request.settings().methods, timeout, request.variables()


def _limit(seconds: float) -> float:
    """A time limit, checked, for commands that have no other option of comparisons."""
    check_timeout(seconds)
    return seconds


def _finished(limit: float, make: Callable[[], T]) -> T:
    """What is computed as a whole within the time limit."""
    from diffcli.cli.typed import within

    return within(limit, make, whole=True)


def _point(at: list[str] | None, limit: float, text: str | None = None) -> Mapping[str, Number]:
    from diffcli.cli.typed import point_of, within

    return within(limit, point_of, at, text)


def _held(text: str, at: list[str] | None, limit: float, named: Sequence[str] | None = None) -> Mapping[str, Number]:
    """The point for an expression; what it gives beyond the variables is said."""
    from diffcli.cli.typed import note_unused, within
    from diffcli.problem.point import shape_of
    from diffcli.syntax import elaborate

    point = _point(at, limit, text)
    try:
        read = within(limit, elaborate, text, {name: shape_of(value) for name, value in point.items()}).variables
    except DiffError as error:
        if error.kind == "timeout":
            raise
        return point  # the study says so
    note_unused(point, (*read, *(named or ())))
    return point


def _names(option: str, text: str, hint: Message) -> tuple[str, ...]:
    """A list of names, of which there is one."""
    names = tuple(name.strip() for name in text.split(",") if name.strip())
    if not names:
        raise DiffError(message("{option} names nothing", option=option), hint=hint, kind="option")
    return names


class _Counting:
    """Points done, on a terminal's stderr ten times a second; nothing elsewhere."""

    def __init__(self) -> None:
        self.live, self.shown = sys.stderr.isatty(), 0.0

    def __enter__(self) -> Callable[[int, int], None]:
        return self._told

    def __exit__(self, *exception: object) -> None:
        if self.live:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)

    def _told(self, done: int, total: int) -> None:
        now = time.monotonic()
        if self.live and now - self.shown >= 0.1:
            self.shown = now
            template = "{done} of {total} points" if done <= total else "{done} points, searching for the worst"
            with aside() as stream:
                line = tr(template, done=f"{done:,}", total=f"{total:,}")
                print(f"\r\x1b[K{line}", end="", file=stream, flush=True)


# --- lessons of one variable
def expand_taylor(
    text: Expression,
    results: Drawn,
    at: At = None,
    order: Annotated[int, Option("--order", metavar="N", help="The highest power.")] = 8,
    wrt: Annotated[
        str | None, Option("--wrt", "-w", metavar="NAMES", help="The variable, where there are several.")
    ] = None,
    distances: Annotated[
        str, Option("--distances", metavar="D,…", help="Where the remainder is shown; sums at the second.")
    ] = "0.1,0.5,1,2",
    timeout: ProofTimeout = 10.0,
) -> int:
    """Taylor's expansion: coefficients, partial sums, Lagrange's remainder, radius.

    Coefficients are found by Taylor arithmetic in float64, and measured against
    proved ones. The radius of convergence is a hint, not a proof.
    """
    from diffcli.problem.point import constant, flat
    from diffcli.reports.tell.taylor import tell
    from diffcli.studies.taylor import taylor

    _, limit, variables = _asked(None, wrt, timeout)
    if variables is not None and len(variables) > 1:
        raise DiffError(
            message("a Taylor series here is in one variable"), hint=message("name one with --wrt"), kind="option"
        )
    one = None if variables is None else variables[0]
    far = list(flat(constant(f"[{distances}]"))) if distances.strip() else []
    point = _held(text, at, limit, variables)
    return write(lambda: taylor(text, point, one, order, far, limit), tell, results)


def solve_newton(
    text: Expression,
    results: Drawn,
    start: Annotated[list[str], Option("--from", metavar="x=VALUE", help="The variable, and where it begins.")],
    at: At = None,
    steps: Annotated[int, Option("--steps", metavar="N", help="The most steps.")] = 20,
    methods: Methods = None,
    timeout: ProofTimeout = 10.0,
) -> int:
    """Newton's method on EXPR = 0 with the derivative of every method, step by step.

    The root is proved by interval Newton where it can be. A horizontal tangent,
    a cycle, a flight and a leap out of the domain are said in words.
    """
    from diffcli.reports.tell.newton import tell
    from diffcli.studies.newton import newton

    chosen, limit, _ = _asked(methods, None, timeout)
    begun, held = _point(start, limit, text), _held(text, at, limit)
    return write(lambda: newton(text, begun, held, steps, chosen, limit), tell, results)


def descend_gradient(
    results: Drawn,
    text: Annotated[str | None, Argument(metavar="[EXPR]", help="What is made small, unless --data is given.")] = None,
    start: Annotated[
        list[str] | None, Option("--from", metavar="x=VALUE,…", help="The parameters, and where they begin.")
    ] = None,
    at: At = None,
    data: Annotated[Path | None, Option("--data", metavar="CSV", help="Samples: each column is a vector.")] = None,
    model: Annotated[
        str | None, Option("--model", metavar="FORMULA", help='What is predicted, yhat: "w*x + b".')
    ] = None,
    loss: Annotated[
        str | None,
        Option(
            "--loss", metavar="FORMULA", help="The loss of yhat on the samples, whose number is m [mean((yhat - y)^2)]."
        ),
    ] = None,
    way: Annotated[
        str,
        Option(
            "--way",
            metavar="NAMES",
            help="batch, stochastic, mini-batch, momentum, newton; or several: batch,stochastic.",
        ),
    ] = "batch",
    rate: Annotated[float | None, Option("--rate", metavar="R", help="The length of a step [0.1; newton: 1].")] = None,
    steps: Annotated[int | None, Option("--steps", metavar="N", help="Updates [50 without samples].")] = None,
    epochs: Annotated[int | None, Option("--epochs", metavar="N", help="Passes through the samples [50].")] = None,
    batch: Annotated[int | None, Option("--batch-size", metavar="K", help="Samples of a mini-batch [8].")] = None,
    momentum: Annotated[
        float | None, Option("--momentum", metavar="M", help="What momentum keeps of the step before [0.9].")
    ] = None,
    until: Annotated[float, Option("--until", metavar="LENGTH", help="Stop where the gradient is not longer.")] = 1e-9,
    seed: Annotated[
        int | None, Option("--seed", metavar="S", help="The same seed draws samples in the same order [0].")
    ] = None,
    methods: Methods = None,
    timeout: ProofTimeout = 10.0,
) -> int:
    """Gradient descent on an expression, or on the loss of a model on samples, step by step.

    The first of --methods leads; what the others' gradients cost and how far
    they are apart stands beside. Said in words: whether it arrives, falls or
    diverges, which rate would do for a quadratic, and the proved gradient at
    the end. JSON and CSV hold every step.
    """
    from diffcli.cli.typed import note_unused, within
    from diffcli.studies.descend import Request, descend, on_samples
    from diffcli.studies.descents import Objective, read_samples

    chosen, limit, _ = _asked(methods or "reverse,forward,symbolic", None, timeout)
    if (text is None) == (data is None):
        raise DiffError(
            message("a descent needs an expression, or samples"),
            hint=message("write EXPR, or --data FILE"),
            kind="option",
        )
    if data is not None and model is None:
        raise DiffError(message("samples need a model"), hint=message('add --model "w*x + b"'), kind="option")
    ways = _names("--way", way, message("write --way batch, or several: batch,stochastic"))
    for option, value, needed, there in (
        ("--model", model, "--data", data is not None),
        ("--loss", loss, "--data", data is not None),
        ("--epochs", epochs, "--data", data is not None),
        ("--momentum", momentum, "--way momentum", "momentum" in ways),
        ("--batch-size", batch, "--way mini-batch", "mini-batch" in ways),
        ("--seed", seed, message("--way stochastic, or mini-batch"), not {"stochastic", "mini-batch"}.isdisjoint(ways)),
    ):
        if value is not None and not there:
            raise DiffError(
                message("{option} goes with {needed}", option=option, needed=needed),
                hint=message("leave it out, or add {needed}", needed=needed),
                kind="option",
            )
    if steps is not None and epochs is not None:
        raise DiffError(
            message("--steps and --epochs both say how long"), hint=message("leave out one of them"), kind="option"
        )
    if not 0 <= until < float("inf"):
        hint = message("write the length of a gradient: --until 1e-9; 0 never stops")
        raise DiffError(
            message("--until {length}: a length is 0 or more", length=f"{until:g}"), hint=hint, kind="option"
        )
    begun, held = _point(start, limit, text), _point(at, limit, text)
    objective = Objective(text or "", begun, held)
    if data is not None:
        objective = within(limit, on_samples, model or "", loss or LOSS, read_samples(data), begun, held)
    read = within(limit, objective.case, objective.size) if begun else None
    if held and read:
        note_unused(held, read.at)
    whole = _format(results.format, results.output) != "table"
    request = Request(
        ways, rate, steps, epochs, 8 if batch is None else batch, 0.9 if momentum is None else momentum,
        until, seed or 0, chosen, limit, whole,
    )  # fmt: skip
    return write(lambda: descend(objective, request), _as_told, results)


LOSS = "mean((yhat - y)^2)"
"""The loss of a model where none is given."""


def measure_swell(
    results: Drawn,
    family: Annotated[
        str | None,
        Option("--family", metavar="NAME", help="logistic, product or nested [logistic, unless --expr is given]."),
    ] = None,
    template: Annotated[
        str | None, Option("--expr", metavar="FORMULA", help='A formula of l, applied to itself: "4*l*(1 - l)".')
    ] = None,
    up_to: Annotated[int, Option("--up-to", metavar="N", help="The largest n.")] = 10,
    at: At = None,
    timeout: ProofTimeout = 10.0,
) -> int:
    """How large SymPy's derivative becomes as a formula, against what forward and reverse execute.

    For n = 1, 2, … of a family: operations as written, exactly, with equal
    parts computed once, and of both modes; with names for the parts of f, and
    with everything substituted. The logistic map is Table 1 of Baydin et al. (2018).
    """
    from diffcli.reports.tell.swell import tell
    from diffcli.studies.swell import swell

    _, limit, _ = _asked(None, None, timeout)
    if family is not None and template is not None:
        hint = message("leave out --family, or --expr")
        raise DiffError(message("--expr is a family of its own"), hint=hint, kind="option")
    if at and template is None:
        hint = message("leave out --at: the sizes of these families are the same at every point")
        raise DiffError(message("--at gives --expr its values, and there is none"), hint=hint, kind="option")
    point, whole = _held(template or "", at, limit), _format(results.format, results.output) != "table"
    return write(lambda: swell(family or "logistic", up_to, template, point, limit, whole), tell, results)


def show_trace(
    text: Expression,
    results: Written,
    at: At = None,
    wrt: Annotated[
        str | None,
        Option("--wrt", "-w", metavar="NAMES", help="Variables to follow: x,y. Default: all if two, else the first."),
    ] = None,
    mode: Annotated[str, Option("--mode", metavar="NAME", help="forward, reverse or both.")] = "both",
    timeout: WholeTimeout = WHOLE,
) -> int:
    """Show every node: its value, its tangent and its adjoint, and the node where digits die.

    Nodes are v1, v2, …, level by level, and inputs end with v0, as in the
    tables of Baydin et al. (2018). Each number stands beside the bits it has
    lost against its own proved value. A screen shows the rows that matter;
    json and csv have all.
    """
    from diffcli.cli.typed import within
    from diffcli.problem.understanding import make_case

    named, limit = variables(wrt), _limit(timeout)
    case = within(limit, make_case, text, _held(text, at, limit, named), named)
    from diffcli.studies.trace import MODES, trace

    if mode not in MODES:
        raise DiffError(
            message("unknown mode '{name}'", name=mode),
            hint=message("write one of: {names}", names=", ".join(MODES)),
            kind="option",
        )
    rows = _TRACED if _format(results.format, results.output) == "table" else None
    return write(lambda: trace(case, mode, named is not None, rows), _as_told, results, limit)


_TRACED = 60
"""Rows of a trace that a screen shows."""


# --- rules and graphs
def show_steps(
    text: Expression,
    at: At = None,
    wrt: Wrt = None,
    format: Annotated[
        str | None,
        Option(
            "--format", "-f", metavar="NAME", help="text, json, latex or mathml. Default: by FILE's ending, or text."
        ),
    ] = None,
    output: Output = None,
    timeout: WholeTimeout = WHOLE,
) -> int:
    """Differentiate by hand: the symbolic derivative rule by rule, every step proved at a point.

    What has a name (u = ...; ...) is differentiated first. Variables without a
    value get one where the derivative is regular. LaTeX is a document, MathML a
    page for any browser.
    """
    from diffcli.reports.steps import ENDINGS, FORMATS, told
    from diffcli.studies.steps import steps

    written = format_for(format, output, ENDINGS, "text")
    _one_of("unknown format '{name}'", written, FORMATS)
    output, chosen, limit = _checked(output), variables(wrt), _limit(timeout)
    point = _held(text, at, limit, chosen)
    shown = _finished(limit, lambda: told(steps(text, point, chosen), written, _width()))
    return _put(shown, output, written == "text")


def draw_graph(
    text: Expression,
    at: At = None,
    wrt: Wrt = None,
    show: Annotated[
        str, Option("--show", metavar="NAME", help="values, tangents (by one --wrt) or adjoints.")
    ] = "values",
    format: Annotated[
        str | None,
        Option("--format", "-f", metavar="NAME", help="text, mermaid, dot, svg or json. Default: by FILE's ending."),
    ] = None,
    output: Output = None,
    whole: Annotated[bool, Option("--all", help="Fold nothing, however large the graph.")] = False,
    timeout: WholeTimeout = WHOLE,
) -> int:
    """Draw the computational graph: values, local slopes on the lines, and the bits that each node has lost.

    In the terminal, as SVG (-o graph.svg), for Mermaid (.mmd) or Graphviz
    (.dot). More than 60 nodes are folded.
    """
    from diffcli.problem.understanding import make_case
    from diffcli.reports.graph import ENDINGS, FORMATS, drawn
    from diffcli.studies.graph import MOST, SHOWS, graph

    output, named = _checked(output), variables(wrt)
    ending = "text" if output is None else ENDINGS.get(output.suffix.lower())
    if format is None and ending is None:
        hint = message("a graph ends in {endings}; or write --format", endings=", ".join(ENDINGS))
        raise DiffError(message("'{file}' names no format", file=output), hint=hint, kind="option")
    chosen = format or ending or ""
    _one_of("unknown format '{name}'", chosen, FORMATS)
    _one_of("unknown --show '{name}'", show, SHOWS)
    if named is not None and show != "tangents":
        hint = message("add --show tangents, or leave out --wrt")
        raise DiffError(
            message("--wrt says along what tangents are, and {show} are shown", show=show), hint=hint, kind="option"
        )
    limit, most = _limit(timeout), None if whole else MOST
    point = _held(text, at, limit, named)

    def draw() -> str:
        return drawn(graph(make_case(text, point, named), show, most), chosen, _width(), not whole)  # type: ignore[arg-type]

    with speaking("en" if chosen == "json" else language()):
        picture = _finished(limit, draw)
    return _put(picture, output, chosen == "text")


def _one_of(unknown: str, given: str, known: tuple[str, ...]) -> None:
    if given not in known:
        raise DiffError(
            message(unknown, name=given),
            hint=message("write one of: {names}", names=", ".join(known)),
            kind="option",
        )


def _width() -> int:
    """The columns of the terminal; 100 elsewhere."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else 100


def _put(text: str, output: Path | None, highlighted: bool) -> int:
    """Text to a file or to standard output; on a terminal, what matters stands out."""
    if output is None and highlighted and sys.stdout.isatty():
        from rich.text import Text

        from diffcli.reports.screen import Screen

        shown = Text(text, end="")
        for pattern, style in _HIGHLIGHTS:
            shown.highlight_regex(pattern, style)
        Screen().print(shown, soft_wrap=True, end="")
    else:
        put(text, output, not highlighted)
    return 0


_HIGHLIGHTS = (
    (r"(?m)^ *\d+  [^:\n]+:", "bold"), ("✓", "bold green"), ("✗", "bold red"), (r"\b[1-3]\.\d bits lost", "yellow"),
    (r"\b[4-9]\.\d bits lost", "bold yellow"), (r"(\b\d\d|all) bits lost", "bold red"),
    (r"丢失 [1-3]\.\d 位", "yellow"), (r"丢失 [4-9]\.\d 位", "bold yellow"), (r"丢失( \d\d |全部)位数?", "bold red"),
)  # fmt: skip
"""What stands out on a terminal; the words say the same."""


# --- everything on one page
_LARGEST, _SWEPT = 2000, 3
"""Operations beyond which nothing is traced or drawn; variables whose steps are swept."""


def report_page(
    text: Expression,
    at: At = None,
    wrt: Wrt = None,
    methods: Methods = None,
    output: Output = None,
    timeout: ProofTimeout = 10.0,
    tolerance: Annotated[
        float, Option("--tolerance", metavar="ULPS", help="Ulps up to which a result is ok.")
    ] = 1024.0,
    exit_zero: Annotated[bool, Option("--exit-zero", help="Exit with 0 whatever the verdicts are.")] = False,
) -> int:
    """Write a page that has it all: the comparison, every node, the graph, the error over the step.

    One HTML file, which needs no network and prints. For many expressions: diff-compare batch FILE -f html -o FILE.
    """
    from datetime import datetime

    from diffcli.cli.typed import within
    from diffcli.comparison.compare import compare
    from diffcli.problem.understanding import make_case

    request = Request(
        Derivative(wrt=wrt),
        Computation(methods=methods, timeout=timeout),
        Results(output=output, tape=True, tolerance=tolerance, exit_zero=exit_zero),
        "html",
    )
    output = _checked(output)
    settings = request.settings(apart=True)
    variables = request.variables()
    case = within(timeout, make_case, text, _held(text, at, timeout, variables), variables)
    comparison = compare(case, settings)
    from diffcli.reports.graph import drawn
    from diffcli.reports.page.report import Findings, page
    from diffcli.studies.graph import graph
    from diffcli.studies.trace import trace

    small = len(case.problem.program) <= _LARGEST
    swept = case.wrt[:_SWEPT] if small and not case.expression.shape else ()
    followed = partial(_finished, timeout, partial(trace, case, named=wrt is not None, most=_TRACED))
    sweeps = [partial(_swept, text, case.at, name, timeout) for name in swept]
    graphed = ""
    if small and case.entries:
        with suppress(DiffError):
            graphed = _finished(timeout, lambda: drawn(graph(case), "svg"))
    findings = Findings(
        comparison,
        _or_why(followed) if small else _left_out(tr(_TOO_LARGE, most=f"{_LARGEST:,}")),
        graphed,
        tuple(_or_why(partial(_finished, timeout, make)) for make in sweeps),
        _commands(text, case, wrt),
        _versions(),
        f"{datetime.now().astimezone():%Y-%m-%d %H:%M}",
    )
    _put(page(findings), output, False)
    return 0 if comparison.good or exit_zero else 1


def _swept(text: str, at: Mapping[str, Number], name: str, timeout: float) -> Study:
    from diffcli.reports.tell.sweep import tell
    from diffcli.studies.sweep import sweep

    return tell(sweep(text, at, (name,), timeout=timeout), whole=False)


def _or_why(make: Callable[[], Study]) -> Study | str:
    try:
        return make()
    except DiffError as error:
        return _left_out(translate_message(error.message))


_TOO_LARGE = "over {most} operations"


def _left_out(reason: str) -> str:
    return tr("Left out: {reason}.", reason=reason)


def _commands(text: str, case: Case, wrt: str | None) -> dict[str, str]:
    """What shows each part of the page in a terminal."""
    from shlex import quote

    from diffcli.problem.point import written

    point = ", ".join(f"{name}={written(value)}" for name, value in case.at.items())
    rest = [text, *(["--at", point] if point else [])]
    chosen = [] if wrt is None else ["--wrt", wrt]
    lines = {
        tr("This page"): ["report", *rest, *chosen, "-o", "report.html"],
        tr("The comparison"): [*rest, *chosen],
        tr("Every digit, for programs"): [*rest, *chosen, "--format", "json"],
        tr("Every node"): ["trace", *rest, *chosen],
        tr("The graph"): ["graph", *rest],
    }
    if len(case.entries) == 1 and not case.expression.shape:
        lines[tr("Every step of the differences")] = ["sweep", *rest, *chosen, "--format", "csv"]
    return {title: " ".join(map(quote, ["diff-compare", *line])) for title, line in lines.items()}


def _versions() -> dict[str, str]:
    from importlib.metadata import version
    from platform import python_version

    return {"Python": python_version(), "SymPy": version("sympy"), "python-flint": version("python-flint")}


# --- the course
def give_lesson(
    asked: Annotated[str | None, Argument(metavar="[LESSON]", help="Its number or name; or a part: A.")] = None,
    every: Annotated[bool, Option("--all", help="Run all lessons.")] = False,
    wait: Annotated[bool, Option("--step", help="Wait for Enter between the steps; q leaves.")] = False,
    listed: Annotated[bool, Option("--list", help="List the lessons, as without a name.")] = False,
) -> int:
    """A course in short lessons: what derivatives are and how they are computed, with real commands run live.

    Without a name the lessons are listed; begin with diff-compare lesson A1.
    """
    from diffcli.cli.lessons import run_lessons

    return run_lessons(asked, every, wait, listed, language())


# --- the table of rules
def show_rules(
    results: Written,
    names: Annotated[list[str] | None, Argument(metavar="[NAME]…", help="Primitives. Default: all.")] = None,
    points: Annotated[int, Option("--points", metavar="N", help="Points an argument.")] = 500,
    timeout: WholeTimeout = WHOLE,
) -> int:
    """The derivative rules, textbook and stable, and the worst error of each.

    Each rule is applied to its primitive alone, over the primitive's domain, and
    measured in ulps against the derivative proved there. --rules of the other
    commands chooses a column.
    """
    from diffcli.reports.tell.rules import tell
    from diffcli.studies.rules import RuleErrors, rules

    limit = _limit(timeout)

    def make() -> RuleErrors:
        with _Counting() as told:
            return rules(names or (), points, told)

    return write(make, tell, results, limit)


# --- what there is to compare
def list_methods(results: Written) -> int:
    """List the methods: what each does, the derivatives it finds, its library, how to install what is missing."""
    from diffcli.reports.tell.methods import tell
    from diffcli.studies.methods import methods

    return write(methods, tell, results)
