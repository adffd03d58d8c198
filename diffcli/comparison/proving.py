"""The truth of a case, proved within the time limit, in this process or in one of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from diffcli.comparison.result import Settings
from diffcli.core.derivative_kinds import Wanted
from diffcli.core.program import Program
from diffcli.problem.case import Case
from diffcli.problem.derivation import Problem
from diffcli.runtime.limits import Apart, Died, Expired, Here, separable
from diffcli.runtime.messages import message
from diffcli.truth.certify import Truth, certify

LONG_SERIES = 500
"""The highest order of which FLINT makes a power series at once; what is longer cannot be interrupted for seconds."""


def prove(problem: Problem, settings: Settings) -> Truth:
    """The certified truth, or why there is none within the time."""
    return result_of(start_proof(problem, settings), settings)


def start_proof(problem: Problem, settings: Settings) -> Apart[Truth] | Here[Truth]:
    """The proof, in a process of its own where that costs nothing, or where single steps of it may take long.

    No call of FLINT can be interrupted; a series of very many terms is one.
    """
    asked = _prover(problem), problem.program, problem.wrt, problem.point, problem.wanted
    may_hang = problem.wanted.order > LONG_SERIES
    if settings.apart and (may_hang or separable()):
        return Apart(*asked)
    return Here(*asked, fatal=settings.fatal and may_hang)


def _prover(problem: Problem) -> Callable[[Program, Sequence[int], Sequence[float], Wanted], Truth]:
    if problem.wanted.kind == "implicit":
        from diffcli.truth.implicit import certify_implicit

        return certify_implicit
    return certify


def result_of(proving: Apart[Truth] | Here[Truth], settings: Settings) -> Truth:
    try:
        return proving.result(settings.timeout)
    except Expired:
        return Truth("unavailable", 0, reason=message("not proved within {seconds} s", seconds=f"{settings.timeout:g}"))
    except (MemoryError, Died):
        return Truth("unavailable", 0, reason=message("the proof needs more memory than there is"))


def doubt(truth: Truth, case: Case) -> Truth:
    """The truth of a Python function whose path is not proved to be the function: it is that of the path alone."""
    doubt = case.doubt
    if doubt is None or truth.derivative is None:
        return truth
    places = tuple(range(len(truth.derivative)))
    values = truth.values if doubt.valued else None
    return Truth("undecided", truth.bits, values, reason=doubt.reason, undecided=places, path=truth.derivative)
