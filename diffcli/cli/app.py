"""The commands and their options. Nothing heavy is imported before a command runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from diffcli import __version__
from diffcli.methods import METHODS
from diffcli.primitives import DEFINITIONS, FUNCTIONS, PARAMETRIC_FUNCTIONS

_EPILOG = f"""Functions: {" ".join(sorted({*FUNCTIONS, *DEFINITIONS, *PARAMETRIC_FUNCTIONS, "where"}))}.

Exit codes: 0 every verdict is ok or kink, 1 some verdict is not, 2 the request cannot be understood."""

_HELP = """Differentiate an expression by SymPy, by dual numbers and by a reverse tape, and compare the results with the
proved value: errors, bits lost, operations executed.

[bold]Examples[/bold]

diff-compare "log(x1) + x1*x2 - sin(x2)" --at "x1=2, x2=5"

diff-compare "(1 - cos(x))/x^2" --at x=1e-8

diff-compare batch samples/physics.txt

diff-compare batch - --format jsonl < cases.txt
"""

app = typer.Typer(
    add_completion=True,
    help=_HELP,
    epilog=_EPILOG,
    rich_markup_mode="rich",
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
) -> None:
    del version


_METHODS = f"Comma list of methods, or all: {', '.join(METHODS)}."

Wrt = Annotated[str | None, typer.Option("--wrt", "-w", help="Variables to differentiate by: x,y. Default: all.")]
MethodList = Annotated[str, typer.Option("--methods", "-m", help=_METHODS)]
Format = Annotated[
    str,
    typer.Option("--format", "-f", envvar="DIFF_COMPARE_FORMAT", help="table, json, jsonl, csv, markdown or latex."),
]
Output = Annotated[Path | None, typer.Option("--output", "-o", help="Write to FILE instead of standard output.")]
Timeout = Annotated[float, typer.Option("--timeout", help="Seconds per method and expression.")]
Tolerance = Annotated[
    float, typer.Option("--tolerance", help="Ulps up to which a result is ok: 1024 is 10 of the 53 bits.")
]
Share = Annotated[bool, typer.Option("--share", help="Compute equal subexpressions of what was typed only once.")]
ExitZero = Annotated[bool, typer.Option("--exit-zero", help="Exit with 0 whatever the verdicts are.")]
Export = Annotated[
    list[Path] | None,
    typer.Option("--export", help="Write FILE as well, in the format of its ending. May be repeated."),
]
DEFAULT_METHODS = "symbolic,forward,reverse"


@app.command("expr")
def expression(
    text: Annotated[str, typer.Argument(metavar="EXPR", help='The expression, for example "x*sin(y)".')],
    at: Annotated[list[str] | None, typer.Option("--at", help='The point: "x=1.5, y=pi/4". May be repeated.')] = None,
    wrt: Wrt = None,
    methods: MethodList = DEFAULT_METHODS,
    format: Format = "table",
    output: Output = None,
    timeout: Timeout = 10.0,
    tolerance: Tolerance = 1024.0,
    share: Share = False,
    exit_zero: ExitZero = False,
    export: Export = None,
) -> int:
    """Compare the methods on one expression at one point. The word expr may be left out.

    The error is measured against the value proved by ball arithmetic, in ulps and in bits lost of 53.

    Operations are those really executed: + additions and subtractions,
    - negations, × products, ÷ quotients, ^ powers, ƒ calls of elementary
    functions. Constants, copies, comparisons and what is structurally 0, 1
    or -1 are free.
    """
    from diffcli.cli.commands import Request, run_expression

    request = Request(wrt, methods, format, output, timeout, tolerance, share, exit_zero, tuple(export or ()))
    return run_expression(text, at or [], request)


@app.command()
def batch(
    file: Annotated[str, typer.Argument(metavar="FILE", help="Cases in .txt, .jsonl or .csv; - is standard input.")],
    jobs: Annotated[
        int, typer.Option("--jobs", "-j", min=0, help="Worker processes. Default: one per core.", show_default=False)
    ] = 0,
    memory: Annotated[int, typer.Option("--memory", min=64, help="MiB that a worker may use.")] = 2048,
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
    wrt: Wrt = None,
    methods: MethodList = DEFAULT_METHODS,
    format: Format = "table",
    output: Output = None,
    timeout: Timeout = 10.0,
    tolerance: Tolerance = 1024.0,
    share: Share = False,
    exit_zero: ExitZero = False,
    export: Export = None,
) -> int:
    """Compare the methods on every row of a file, row by row, in its order.

    .txt: a row is EXPR | x=1, y=2 and # begins a comment.

    .jsonl: a row is an object with expr, at, and optionally wrt and id.

    .csv: a column expr, optionally id and wrt; every other column is a variable.

    A row that fails is reported in its place, and the rest go on.
    """
    from diffcli.cli.commands import BatchRequest, Request, run_batch

    request = Request(wrt, methods, format, output, timeout, tolerance, share, exit_zero, tuple(export or ()))
    return run_batch(file, request, BatchRequest(jobs, memory, resume, fail_fast, cluster))


def command() -> Any:
    """The application as a command object."""
    from typer.main import get_command

    return get_command(app)
