"""Every option that several commands share, declared once: its name, its worth when left out, what help says.

A group is a class: its fields are options, its first line is their title in help. A command asks for a group by
an argument of that type.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from typer import Argument, Option

Expression = Annotated[str, Argument(metavar="EXPR", help='The expression, for example "x*sin(y)".')]
At = Annotated[list[str] | None, Option("--at", metavar="POINT", help='The point: "x=1.5, y=pi/4". May be repeated.')]
Wrt = Annotated[
    str | None, Option("--wrt", "-w", metavar="NAMES", help="Variables to differentiate by: x,y. Default: all.")
]
Methods = Annotated[
    str | None, Option("--methods", "-m", metavar="NAMES", help="Comma list of methods. Default: the usual ones.")
]
Log = Annotated[bool, Option("--log", help="Points even in log x; through zero, on either side of it.")]
Output = Annotated[
    Path | None, Option("--output", "-o", metavar="FILE", help="Write to FILE instead of standard output.")
]
ProofTimeout = Annotated[float, Option("--timeout", metavar="SECONDS", help="Seconds per method, and per proof.")]
Timeout = Annotated[float, Option("--timeout", metavar="SECONDS", help="Seconds per method and expression.")]
WholeTimeout = Annotated[float, Option("--timeout", metavar="SECONDS", help="Seconds that all of it may take.")]
Tolerance = Annotated[
    float, Option("--tolerance", metavar="ULPS", help="Ulps up to which a result is ok: 1024 is 10 of the 53 bits.")
]
Encoding = Annotated[
    str | None, Option("--encoding", metavar="NAME", help="Encoding of FILE: utf-8, gbk, … Default: by its bytes.")
]
ExitZero = Annotated[bool, Option("--exit-zero", help="Exit with 0 whatever the verdicts are.")]


@dataclass(frozen=True)
class Derivative:
    """Which derivative"""

    wrt: Wrt = None
    jvp: Annotated[str | None, Option("--jvp", metavar="V", help="Derivative along the direction V: 3,2,1.")] = None
    unit: Annotated[bool, Option("--unit", help="Scale the direction of --jvp to length 1.")] = False
    vjp: Annotated[str | None, Option("--vjp", metavar="W", help="Gradient of the outputs weighted by W.")] = None
    order: Annotated[int, Option("--order", metavar="N", help="2: the Hessian. More: the N-th derivative.")] = 1
    hvp: Annotated[str | None, Option("--hvp", metavar="V", help="The Hessian times V.")] = None
    implicit: Annotated[
        str | None,
        Option("--implicit", metavar="NAMES", help="Differentiate the y that an equation defines: x^2 + y^2 = 25."),
    ] = None
    notation: Annotated[
        str | None,
        Option(
            "--notation",
            metavar="NAME",
            help="How the expression is written: {notations}, or plain. Default: as its marks tell.",
        ),
    ] = None
    claim: Annotated[
        list[str] | None,
        Option(
            "--claim",
            metavar="CLAIM",
            help='A derivative to be checked: "x: 2*x*y". May be repeated, for other variables.',
        ),
    ] = None


@dataclass(frozen=True)
class Computation:
    """How it is computed"""

    methods: Annotated[
        str | None,
        Option(
            "--methods",
            "-m",
            metavar="NAMES",
            help="Comma list of methods, or all: {methods}. Default: the usual ones for the derivative asked for.",
        ),
    ] = None
    rules: Annotated[
        str,
        Option(
            "--rules",
            metavar="textbook|stable",
            help="Derivative rules of forward, reverse and taylor: textbook or stable.",
        ),
    ] = "textbook"
    step: Annotated[float | None, Option("--step", metavar="H", help="The step of difference methods.")] = None
    dtype: Annotated[
        str,
        Option(
            "--dtype",
            metavar="NAME",
            help="Numbers that methods compute with, float64 or float32; errors are in their ulps.",
        ),
    ] = "float64"
    share: Annotated[bool, Option("--share", help="Compute equal subexpressions of what was typed only once.")] = False
    timeout: Timeout = 10.0


@dataclass(frozen=True)
class Results:
    """What is shown, and where"""

    format: Annotated[
        str | None,
        Option(
            "--format",
            "-f",
            metavar="NAME",
            help="table, json, jsonl, csv, markdown, latex or html. Default: by FILE's ending, or table.",
        ),
    ] = None
    output: Output = None
    export: Annotated[
        list[Path] | None,
        Option("--export", metavar="FILE", help="Write FILE as well, in the format of its ending. May be repeated."),
    ] = None
    bom: Annotated[
        bool, Option("--bom", help="Begin CSV with a byte order mark, by which Excel knows letters that are not ASCII.")
    ] = False
    tape: Annotated[bool, Option("--tape", help="Show what is remembered: the tape's length, the peak of values.")] = (
        False
    )
    tolerance: Tolerance = 1024.0
    exit_zero: ExitZero = False


@dataclass(frozen=True)
class Many:
    """Many points"""

    points: Annotated[
        Path | None, Option("--points", metavar="FILE", help="Many points: .csv or .xlsx with names, .npy or .npz.")
    ] = None
    encoding: Encoding = None
    sample: Annotated[
        int | None, Option("--sample", metavar="N", help="Of many points, judge N against the truth [2000].")
    ] = None
    seed: Annotated[int | None, Option("--seed", metavar="S", help="What the sample is drawn with [0].")] = None
    compiled: Annotated[
        str | None, Option("--compiled", metavar="NAME", help="Compute many points by a compiler: heyoka (an extra).")
    ] = None
    fast_trig: Annotated[
        bool | None,
        Option(
            "--fast-trig/--no-fast-trig",
            help="Sines and cosines of many points by tangents, within 4 ulps. "
            "Default: from 100,000 points where faster.",
            show_default=False,
        ),
    ] = None


@dataclass(frozen=True)
class Batch:
    """How the rows are computed"""

    jobs: Annotated[
        int, Option("--jobs", "-j", metavar="N", help="Worker processes. Default: one per core.", show_default=False)
    ] = 0
    memory: Annotated[int, Option("--memory", metavar="MIB", help="MiB that a worker may use.")] = 2048
    cluster: Annotated[
        str | None,
        Option("--cluster", metavar="ADDRESS", help="Compute on a Dask cluster: its scheduler's tcp://HOST:PORT."),
    ] = None
    resume: Annotated[
        bool, Option("--resume", help="Keep the rows that --output already holds, and do the rest (jsonl).")
    ] = False
    fail_fast: Annotated[bool, Option("--fail-fast", help="Stop after the first row that is not ok.")] = False
    encoding: Encoding = None


@dataclass(frozen=True)
class Written:
    """What is shown, and where"""

    format: Annotated[
        str | None,
        Option("--format", "-f", metavar="NAME", help="table, json or csv. Default: by FILE's ending, or table."),
    ] = None
    output: Output = None


@dataclass(frozen=True)
class Drawn(Written):
    """What is shown, and where"""

    plot: Annotated[Path | None, Option("--plot", metavar="FILE", help="Draw the plots into FILE, a .png or .svg.")] = (
        None
    )
