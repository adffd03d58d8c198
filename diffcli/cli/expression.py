"""The command `expr`: one comparison of an expression or a Python function, or many points of one."""

from __future__ import annotations

from contextlib import ExitStack, nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from diffcli.cli.many import run_points
from diffcli.cli.options import At, Computation, Derivative, Expression, Many, Results
from diffcli.cli.outputs import open_outputs
from diffcli.cli.request import Request, at_many, report_format
from diffcli.cli.typed import note_unused, point_of, within
from diffcli.runtime.errors import DiffError
from diffcli.runtime.messages import message

if TYPE_CHECKING:
    from diffcli.problem.asked import Asked
    from diffcli.problem.case import Case
    from diffcli.problem.point import Number


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
    from diffcli.problem.point import assigned

    at = [assigned(part) for part in at or ()]
    name = report_format(results.format, results.output, at_many(many, at))
    return run_expression(text, at, Request(derivative, computation, results, name), many)


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
        within(request.computation.timeout, elaborate, text, None, (), request.asked.notation)
    from diffcli.runtime.limits import limited_memory
    from diffcli.runtime.memory import MEMORY

    with nullcontext() if function or request.peers else limited_memory(MEMORY):
        return _compared(text, at, request, bool(function))


def _compared(text: str, at: list[str], request: Request, function: bool) -> int:
    """The comparison of an expression or a function, written where it was asked for."""
    from diffcli.problem.understanding import make_case

    point = within(request.computation.timeout, point_of, at, None if function else text)
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
        for output in open_outputs(request, stack, single=True):
            output.add(comparison)
            output.end()
    return 0 if comparison.good or request.results.exit_zero else 1


def _traced(text: str, point: dict[str, Number], request: Request) -> Case:
    """A Python function, run once; its own time is limited like a method's.

    In a process of its own, where it may do anything. For claims it is run at other points as well, in another.
    """
    from diffcli.runtime.limits import STUCK, Apart, Died, Expired, separable

    request.settings()  # a wrong option is said before the user's code is run
    asked = text, point, request.variables(), request.asked, request.computation.timeout
    if not separable():
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
