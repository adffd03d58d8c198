"""The commands and their options. Nothing heavy is imported before a command runs."""

from __future__ import annotations

from copy import copy
from pathlib import Path
from typing import Annotated, Any

import typer

from diffcli.cli.values import plainly
from diffcli.core.primitives import DEFINITIONS, FUNCTIONS, PARAMETRIC_FUNCTIONS, VECTOR_FUNCTIONS
from diffcli.methods import METHODS
from diffcli.runtime.version import __version__

_FUNCTIONS = {*FUNCTIONS, *DEFINITIONS, *PARAMETRIC_FUNCTIONS, *VECTOR_FUNCTIONS, "where"}

_EPILOG = f"""Functions: {" ".join(sorted(_FUNCTIONS))}.

Exit codes: 0 every verdict is ok or kink, 1 some verdict is not, 2 the request cannot be understood."""

_HELP = """Differentiate an expression by SymPy, by dual numbers and by a reverse tape, and compare the results with the
proved value: errors, bits lost, operations executed.

Examples:

  diff-compare "log(x1) + x1*x2 - sin(x2)" --at "x1=2, x2=5"
  diff-compare "(1 - cos(x))/x^2" --at x=1e-8
  diff-compare "2*dot(x, x)" --at "x=[0, 1, 2, 3]"
  diff-compare "(x*w - y)^2" --at "x=1, w=1, y=2" --claim "w: 2*x*(x*w - y)"
  diff-compare batch samples/physics.txt
  diff-compare batch - --format jsonl < cases.txt
"""

app = typer.Typer(
    add_completion=True,
    help=_HELP,
    epilog=_EPILOG,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(asked: bool) -> None:
    if asked:
        print(f"diff-compare {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
    language: Annotated[
        str | None,
        typer.Option("--lang", metavar="en|zh", help="The language of screens, before or after any command."),
    ] = None,
) -> None:
    del version, language  # --lang is read before the command is known


_METHODS = f"Comma list of methods, or all: {', '.join(METHODS)}. Default: the usual ones for the derivative asked for."

Wrt = Annotated[
    str | None, typer.Option("--wrt", "-w", metavar="NAMES", help="Variables to differentiate by: x,y. Default: all.")
]
MethodList = Annotated[str | None, typer.Option("--methods", "-m", metavar="NAMES", help=_METHODS)]
Format = Annotated[
    str | None,
    typer.Option(
        "--format",
        "-f",
        metavar="NAME",
        help="table, json, jsonl, csv, markdown, latex or html. Default: by FILE's ending, or table.",
    ),
]
Output = Annotated[
    Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write to FILE instead of standard output.")
]
Timeout = Annotated[float, typer.Option("--timeout", metavar="SECONDS", help="Seconds per method and expression.")]
Tolerance = Annotated[
    float,
    typer.Option("--tolerance", metavar="ULPS", help="Ulps up to which a result is ok: 1024 is 10 of the 53 bits."),
]
Share = Annotated[bool, typer.Option("--share", help="Compute equal subexpressions of what was typed only once.")]
Numbers = Annotated[
    str,
    typer.Option(
        "--dtype",
        metavar="NAME",
        help="Numbers that methods compute with, float64 or float32; errors are in their ulps.",
    ),
]
ExitZero = Annotated[bool, typer.Option("--exit-zero", help="Exit with 0 whatever the verdicts are.")]
Export = Annotated[
    list[Path] | None,
    typer.Option("--export", metavar="FILE", help="Write FILE as well, in the format of its ending. May be repeated."),
]
Jvp = Annotated[str | None, typer.Option("--jvp", metavar="V", help="Derivative along the direction V: 3,2,1.")]
Unit = Annotated[bool, typer.Option("--unit", help="Scale the direction of --jvp to length 1.")]
Vjp = Annotated[str | None, typer.Option("--vjp", metavar="W", help="Gradient of the outputs weighted by W.")]
Hvp = Annotated[str | None, typer.Option("--hvp", metavar="V", help="The Hessian times V.")]
Order = Annotated[int, typer.Option("--order", metavar="N", help="2: the Hessian. More: the N-th derivative.")]
Claim = Annotated[
    list[str] | None,
    typer.Option(
        "--claim", metavar="CLAIM", help='A derivative to be checked: "x: 2*x*y". May be repeated, for other variables.'
    ),
]
Step = Annotated[float | None, typer.Option("--step", metavar="H", help="The step of difference methods.")]
RuleColumn = Annotated[
    str,
    typer.Option(
        "--rules",
        metavar="textbook|stable",
        help="Derivative rules of forward, reverse and taylor: textbook or stable.",
    ),
]
Tape = Annotated[bool, typer.Option("--tape", help="Show what is remembered: the tape's length, the peak of values.")]


Points = Annotated[
    Path | None, typer.Option("--points", metavar="FILE", help="Many points: .csv with names, .npy or .npz.")
]
Sample = Annotated[
    int | None, typer.Option("--sample", metavar="N", help="Of many points, judge N against the truth [2000].")
]
Seed = Annotated[int | None, typer.Option("--seed", metavar="S", help="What the sample is drawn with [0].")]
Compiled = Annotated[
    str | None, typer.Option("--compiled", metavar="NAME", help="Compute many points by a compiler: heyoka (an extra).")
]
FastTrig = Annotated[
    bool | None,
    typer.Option(
        "--fast-trig/--no-fast-trig",
        help="Sines and cosines of many points by tangents, within 4 ulps. Default: from 100,000 points where faster.",
        show_default=False,
    ),
]


@app.command("expr")
def expression(
    text: Annotated[str, typer.Argument(metavar="EXPR", help='The expression, for example "x*sin(y)".')],
    at: Annotated[
        list[str] | None, typer.Option("--at", metavar="POINT", help='The point: "x=1.5, y=pi/4". May be repeated.')
    ] = None,
    wrt: Wrt = None,
    jvp: Jvp = None,
    unit: Unit = False,
    vjp: Vjp = None,
    order: Order = 1,
    hvp: Hvp = None,
    claim: Claim = None,
    methods: MethodList = None,
    format: Format = None,
    output: Output = None,
    timeout: Timeout = 10.0,
    tolerance: Tolerance = 1024.0,
    share: Share = False,
    tape: Tape = False,
    dtype: Numbers = "float64",
    step: Step = None,
    rules: RuleColumn = "textbook",
    exit_zero: ExitZero = False,
    export: Export = None,
    points: Points = None,
    sample: Sample = None,
    seed: Seed = None,
    compiled: Compiled = None,
    fast_trig: FastTrig = None,
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
    from diffcli.cli.commands import ManyRequest, Request, report_format, run_expression
    from diffcli.problem.case import Asked, all_claims

    asked = Asked(order, jvp, vjp, hvp, unit, all_claims(claim or ()))
    many = ManyRequest(points, sample, seed, compiled, fast_trig)
    request = Request(
        wrt,
        asked,
        methods,
        report_format(format, output, many.asked(at or [])),
        output,
        timeout,
        tolerance,
        share,
        tape,
        exit_zero,
        tuple(export or ()),
        step,
        rules,
        dtype,
    )
    return run_expression(text, at or [], request, many)


@app.command("batch")
def batch(
    file: Annotated[str, typer.Argument(metavar="FILE", help="Cases in .txt, .jsonl or .csv; - is standard input.")],
    jobs: Annotated[
        int,
        typer.Option("--jobs", "-j", metavar="N", help="Worker processes. Default: one per core.", show_default=False),
    ] = 0,
    memory: Annotated[int, typer.Option("--memory", metavar="MIB", help="MiB that a worker may use.")] = 2048,
    cluster: Annotated[
        str | None,
        typer.Option(
            "--cluster", metavar="ADDRESS", help="Compute on a Dask cluster: its scheduler's tcp://HOST:PORT."
        ),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Keep the rows that --output already holds, and do the rest (jsonl).")
    ] = False,
    fail_fast: Annotated[bool, typer.Option("--fail-fast", help="Stop after the first row that is not ok.")] = False,
    encoding: Annotated[
        str | None,
        typer.Option("--encoding", metavar="NAME", help="Encoding of FILE: utf-8, gbk, … Default: by its bytes."),
    ] = None,
    wrt: Wrt = None,
    jvp: Jvp = None,
    unit: Unit = False,
    vjp: Vjp = None,
    order: Order = 1,
    hvp: Hvp = None,
    claim: Claim = None,
    methods: MethodList = None,
    format: Format = None,
    output: Output = None,
    timeout: Timeout = 10.0,
    tolerance: Tolerance = 1024.0,
    share: Share = False,
    tape: Tape = False,
    dtype: Numbers = "float64",
    step: Step = None,
    rules: RuleColumn = "textbook",
    exit_zero: ExitZero = False,
    export: Export = None,
) -> int:
    """Compare the methods on every row of a file, row by row, in its order.

    .txt: a row is EXPR | x=1, y=2 and # begins a comment.

    .jsonl: a row is an object with expr, at, and optionally wrt, id and claim.

    .csv: a column expr, optionally id, wrt and claim; other columns are variables, or text that comes back.

    What a row says of wrt and claim goes before --wrt and --claim. A row that fails is reported in its place, and
    the rest go on.
    """
    from diffcli.cli.commands import BatchRequest, Request, report_format, run_batch
    from diffcli.problem.case import Asked, all_claims

    asked = Asked(order, jvp, vjp, hvp, unit, all_claims(claim or ()))
    request = Request(
        wrt,
        asked,
        methods,
        report_format(format, output),
        output,
        timeout,
        tolerance,
        share,
        tape,
        exit_zero,
        tuple(export or ()),
        step,
        rules,
        dtype,
    )
    return run_batch(file, request, BatchRequest(jobs, memory, resume, fail_fast, cluster, encoding))


STUDIES = (
    "sweep", "profile", "hunt", "taylor", "newton", "trace", "rules", "descend", "swell", "steps", "graph", "report",
    "lesson", "methods",
)  # fmt: skip
"""Commands that are declared in `cli/studies`, which is imported when one of them is asked for."""

NAMES = ("expr", "batch", *STUDIES)


def command(name: str | None = None) -> Any:
    """The application as a command object, with the options of the command `name` alone: all take long to build."""
    from typer.main import get_command

    built = copy(app)
    built.registered_commands = list(app.registered_commands)
    if name not in ("expr", "batch"):
        from diffcli.cli.studies import register

        register(built)
    built.registered_commands = [info if info.name == name else _listed(info) for info in built.registered_commands]
    return plainly(get_command(built))


def _listed(info: Any) -> Any:
    """A command as the list of all commands shows it: a name and a sentence."""

    def nothing() -> None: ...

    nothing.__doc__ = info.callback.__doc__
    return type(info)(name=info.name, callback=nothing, hidden=info.hidden, rich_help_panel=info.rich_help_panel)
