"""The main job: one case, every method, measured against one proved truth.

Several cases are taken stage by stage. This room knows what is compared and how it is judged; not how cases are
read, and not how results are shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from diffcli.comparison.claims import evaluate_claim, examine_claim, missing_claim
from diffcli.comparison.execution import executed, run_method
from diffcli.comparison.judging import judge
from diffcli.comparison.proving import LONG_SERIES, doubt, result_of, start_proof
from diffcli.comparison.result import Comparison, Outcome, Settings
from diffcli.core.passes import share
from diffcli.core.program import Cost, loads_first
from diffcli.methods import METHODS
from diffcli.methods.derive import refusal
from diffcli.numbers import DIGITS
from diffcli.problem.case import Case, rounded
from diffcli.problem.derivation import Problem
from diffcli.runtime.errors import DiffError
from diffcli.runtime.limits import Apart, Expired, Here
from diffcli.runtime.messages import message
from diffcli.truth.certify import Truth

if TYPE_CHECKING:
    from diffcli.tracing.nesting import Around


_Task = Apart[Outcome] | Here[Outcome]


@dataclass(slots=True)
class _Work:
    """A case under comparison, and what is known of it so far."""

    case: Case
    problem: Problem
    proof: Apart[Truth] | Here[Truth]
    tasks: list[tuple[str, _Task]]
    values: tuple[float, ...] = ()
    cost: Cost = field(default_factory=Cost)
    truth: Truth | None = None
    outcomes: list[Outcome] = field(default_factory=list)


def compare(case: Case, settings: Settings) -> Comparison:
    """Differentiate `case` by every method asked for, and judge each against the truth."""
    return compare_all([case], settings)[0]


def compare_all(cases: Sequence[Case], settings: Settings) -> list[Comparison]:
    """`compare` for several cases, one stage after the other: a processor has the code of a stage at hand
    for all of them, which saves a sixth of the time of small cases (by measurement)."""
    works = [_begin(case, settings) for case in cases]
    _evaluate_functions(works, settings)
    for work in works:
        work.truth = doubt(result_of(work.proof, settings), work.case)
    for turn in range(max((len(work.tasks) for work in works), default=0)):
        for work in works:
            if turn < len(work.tasks):
                work.outcomes.append(_outcome(*work.tasks[turn], settings))
    return [_finish(work, settings) for work in works]


def _begin(case: Case, settings: Settings) -> _Work:
    """The case as it is asked, with a task for every method: those apart are at work from here on."""
    if settings.dtype != "float64":
        case = rounded(case, settings.dtype)
    asked = case.problem
    program = loads_first(share(asked.program) if settings.share else asked.program)  # for all methods at once
    problem = Problem(program, asked.wrt, asked.point, asked.wanted, settings.step, settings.rules, settings.dtype)
    methods = settings.methods_for(problem.wanted.kind)
    tasks = [(name, _start_method(name, problem, settings)) for name in methods]
    return _Work(case, problem, start_proof(problem, settings), tasks)


def _finish(work: _Work, settings: Settings) -> Comparison:
    case, truth, outcomes = work.case, work.truth, work.outcomes
    assert truth is not None
    if case.claims:
        outcomes.append(evaluate_claim(case, settings))
    rows = judge(outcomes, work.problem, truth, settings)
    if case.claims:
        rows = (*rows[:-1], examine_claim(rows[-1], case, truth, settings))
    elif case.unanswered:
        rows = (*rows, missing_claim())
    return Comparison(
        case, work.values, work.cost, truth, rows, settings.tolerance, work.problem.shape,
        DIGITS[settings.dtype], settings.rules,
    )  # fmt: skip


def answer(case: Case, method: str) -> Sequence[Any]:
    """The derivative that one method finds, row by row, with nothing proved; `DiffError` where it finds none.

    Inside a function that is being traced it consists of that function's numbers.
    """
    problem = case.problem
    if case.around and METHODS[method].needs:
        hint = message("use a method of our own, such as forward or reverse")
        raise DiffError(
            message("{method} gives plain floats: they cannot be differentiated again", method=method), hint=hint
        )
    outcome = _outcome(method, Here(run_method, method, problem, False), Settings((method,)))
    if outcome.failure is not None:
        raise DiffError(message("{name}: {message}", name=method, message=outcome.failure[1]), kind=outcome.failure[0])
    return _recorded(outcome, problem, case.around) if case.around else outcome.derivative


def _recorded(outcome: Outcome, problem: Problem, around: Around) -> Sequence[Any]:
    """The derivative as numbers of the run around it, by the programs of the method."""
    from diffcli.tracing.nesting import recorded

    derivation = outcome.derivation
    assert derivation
    results = recorded(derivation.sweeps, problem.point, around)
    return derivation.gathered(results, len(problem.program.outputs))


def _evaluate_functions(works: Sequence[_Work], settings: Settings) -> None:
    """The functions' own values, all of them within the time limit of one, or a second: nothing is shown without."""
    limit = max(settings.timeout, 1.0)

    def evaluate_all() -> None:
        for work in works:
            work.values, work.cost = executed(work.problem.program, work.problem.point, settings.dtype)
            if work.problem.wanted.kind == "implicit":  # the function is y
                work.values = tuple([work.problem.point[i] for i in work.problem.wanted.unknowns])

    try:
        Here(evaluate_all).result(limit)
    except Expired:
        late = message("the function has no value within {seconds} s", seconds=f"{limit:g}")
        raise DiffError(late, hint=message("--timeout gives it longer"), kind="timeout") from None


def _start_method(name: str, problem: Problem, settings: Settings) -> _Task:
    may_hang = METHODS[name].apart or problem.wanted.order > LONG_SERIES
    if settings.apart and may_hang:
        return Apart(run_method, name, problem, settings.memory)
    return Here(run_method, name, problem, settings.memory, fatal=settings.fatal and may_hang)


def _outcome(name: str, task: _Task, settings: Settings) -> Outcome:
    try:
        return task.result(settings.timeout)
    except (Expired, Exception) as error:  # noqa: BLE001 - raised again where it is our own
        return Outcome(name, refusal(name, error, settings.timeout))
