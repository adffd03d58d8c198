"""The main job: one case, every method, measured against one proved truth.

This room knows what is compared and how it is judged; not how cases are read,
and not how results are shown.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from diffcli.core.derivative_kinds import Kind
from diffcli.core.evaluate import evaluate, follow
from diffcli.core.passes import share
from diffcli.core.primitives import Rules
from diffcli.core.program import Cost, Program, count, loads_first, peak
from diffcli.methods import METHODS, usual
from diffcli.methods.derive import derived, refusal
from diffcli.numbers import DIGITS, Dtype, floats, numbers
from diffcli.problem.case import Asked, Case, rounded, written
from diffcli.problem.derivation import Answer, Derivation, Problem, Steps
from diffcli.runtime.errors import DiffError
from diffcli.runtime.limits import Apart, Died, Expired, Here, separable
from diffcli.runtime.messages import message, parts
from diffcli.truth.accuracy import (
    Error,
    Verdict,
    agree,
    between,
    bits_lost,
    certified_verdict,
    error,
    is_zero,
    meets,
    nearest,
)
from diffcli.truth.certify import Truth, certify

if TYPE_CHECKING:
    from diffcli.comparison.rounding import Executed
    from diffcli.problem.claims import Examination, Standing, Trial
    from diffcli.tracing.nesting import Around


@dataclass(frozen=True, slots=True)
class Settings:
    """What is asked of a comparison.

    `methods` are by name; none means the usual ones for the kind of derivative.
    `timeout` is seconds per method and expression; `tolerance` the ulps up to
    which a result is called right; `share` computes equal subexpressions of
    what was typed once; `memory` measures what each method must remember;
    `apart` gives methods that may hang a process of their own; `fatal` lets them
    end this one when they cannot be interrupted (a worker, which is replaced).
    `step` is that of differences; none means each method's own. `asked` is the
    derivative that the rows of a batch are asked for. `dtype` are the numbers that
    methods compute with; the point is rounded to them. `rules` is the column of
    the table of primitives that dual numbers, tapes and Taylor series read.
    """

    methods: tuple[str, ...] = ()
    timeout: float = 10.0
    tolerance: float = 1024.0
    share: bool = False
    memory: bool = False
    apart: bool = False
    fatal: bool = False
    step: float | None = None
    dtype: Dtype = "float64"
    asked: Asked = field(default_factory=Asked)
    rules: Rules = "textbook"

    def methods_for(self, kind: Kind) -> tuple[str, ...]:
        return self.methods or usual(kind)


GOOD = ("ok", "kink", "right")
"""The words by which a row counts as good."""


@dataclass(frozen=True, slots=True)
class Memory:
    """What a method remembers: operations on its tape (None without one), values alive at its peak."""

    tape: int | None
    peak: int


@dataclass(frozen=True, slots=True)
class Measurement:
    """One method's row: what it found, how far that is from the truth, what it executed.

    `derivative` has all entries row by row, and `errors` one for each, None where
    the truth has none; `values` are f's. `seconds` is one evaluation in float64,
    `setup_seconds` the derivation before it.
    """

    method: str
    verdict: Verdict
    message: str | None = None
    values: tuple[float, ...] | None = None
    derivative: tuple[float, ...] | None = None
    errors: tuple[Error | None, ...] | None = None
    cost: Cost | None = None
    seconds: float | None = None
    setup_seconds: float | None = None
    formulas: tuple[str, ...] | None = None
    written: Cost | None = None
    memory: Memory | None = None
    claim: Examination | None = None
    steps: Steps | None = None
    remark: str = ""

    @property
    def word(self) -> Verdict | Standing:
        """How the row is judged, in a word: of a claim what it is, of a method its verdict."""
        return self.verdict if self.claim is None else self.claim.standing

    @property
    def good(self) -> bool:
        return self.word in GOOD

    @property
    def max_ulp(self) -> float | None:
        """The worst error of all entries, in ulps; None where there is no certified truth."""
        if not self.errors or None in self.errors:
            return 0.0 if self.errors == () else None
        return max([error.ulp for error in self.errors if error is not None])

    @property
    def bits(self) -> float | None:
        """Bits lost in the worst entry, of those of its numbers; at most 64."""
        worst = self.max_ulp
        return None if worst is None else bits_lost(worst)


class Entry(NamedTuple):
    """One number of a derivative: which output, differentiated by which variables."""

    output: str
    variables: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """A case, its truth, and a measurement per method. Nothing is computed after this point.

    `values` are the function's float64 values, `cost` what the function alone
    executed, `shape` the derivative's: outputs first, then variables; `digits` are
    the bits of the numbers that the methods computed with.
    """

    case: Case
    values: tuple[float, ...]
    cost: Cost
    truth: Truth
    measurements: tuple[Measurement, ...]
    tolerance: float
    shape: tuple[int, ...]
    digits: int = 53
    rules: Rules = "textbook"

    @property
    def entries(self) -> tuple[Entry, ...]:
        """What each entry of the derivative is: an output, and the variables it is differentiated by."""
        case, wanted = self.case, self.case.wanted
        variables, f = case.entries, case.outputs
        if wanted.kind == "jvp":
            return tuple(Entry(output, ()) for output in f)
        if wanted.kind == "hessian":
            return tuple(Entry("f", (x, y)) for x in variables for y in variables)
        if wanted.kind == "derivative":
            return (Entry("f", variables * wanted.order),)
        if wanted.kind == "jacobian":
            return tuple(Entry(output, (x,)) for output in f for x in variables)
        return tuple(Entry("f", (x,)) for x in variables)

    @property
    def size(self) -> int:
        """The number of entries, which may be far more than could be named one by one."""
        return math.prod(self.shape)

    @property
    def known(self) -> bool:
        """Whether there is a number for any entry, by a method or proved."""
        return self.truth.derivative is not None or any(row.derivative is not None for row in self.measurements)

    @property
    def notes(self) -> list[str]:
        """What a reader should know of the expression, and of how it was computed where that is not usual."""
        notes = list(self.case.expression.notes)
        if self.digits == DIGITS["float32"]:
            notes.append(message("computed in float32"))
        if self.case.wanted.unit:
            notes.append(message("the direction is scaled to length 1"))
        if self.rules != "textbook":
            notes.append(message("by the stable rules"))
        return notes

    @property
    def good(self) -> bool:
        """Whether every verdict is `ok` or `kink`, and every claim right."""
        return all(measurement.good for measurement in self.measurements)


@dataclass(frozen=True, slots=True)
class Outcome:
    """A method that answered: its derivation and the numbers, not judged yet; or why it did not."""

    method: str
    failure: tuple[Verdict, str] | None = None
    derivation: Derivation | None = None
    values: tuple[float, ...] = ()
    derivative: tuple[float, ...] = ()
    cost: Cost | None = None
    seconds: float = 0.0
    setup_seconds: float = 0.0
    memory: Memory | None = None


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


def compare(case: Case, settings: Settings = Settings()) -> Comparison:
    """Differentiate `case` by every method asked for, and judge each against the truth."""
    return compare_all([case], settings)[0]


def compare_all(cases: Sequence[Case], settings: Settings) -> list[Comparison]:
    """`compare` for several cases, one stage after the other: a processor has the code of a stage at hand
    for all of them, which saves a sixth of the time of small cases (by measurement)."""
    works = [_begun(case, settings) for case in cases]
    _evaluated(works, settings)
    for work in works:
        work.truth = _doubted(_told(work.proof, settings), work.case)
    for turn in range(max((len(work.tasks) for work in works), default=0)):
        for work in works:
            if turn < len(work.tasks):
                work.outcomes.append(_outcome(*work.tasks[turn], settings))
    return [_compared(work, settings) for work in works]


def _begun(case: Case, settings: Settings) -> _Work:
    """The case as it is asked, with a task for every method: those apart are at work from here on."""
    if settings.dtype != "float64":
        case = rounded(case, settings.dtype)
    asked = case.problem
    program = loads_first(share(asked.program) if settings.share else asked.program)  # for all methods at once
    problem = Problem(program, asked.wrt, asked.point, asked.wanted, settings.step, settings.rules, settings.dtype)
    methods = settings.methods_for(problem.wanted.kind)
    tasks = [(name, _start(name, problem, settings)) for name in methods]
    return _Work(case, problem, _proving(problem, settings), tasks)


def _compared(work: _Work, settings: Settings) -> Comparison:
    case, truth, outcomes = work.case, work.truth, work.outcomes
    assert truth is not None
    if case.claims:
        outcomes.append(_claimed(case, settings))
    rows = judged(outcomes, work.problem, truth, settings)
    if case.claims:
        rows = (*rows[:-1], _examined(rows[-1], case, truth, settings))
    elif case.unanswered:
        rows = (*rows, _missing())
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
    outcome = _outcome(method, Here(_found, method, problem, False), Settings((method,)))
    if outcome.failure is not None:
        raise DiffError(message("{name}: {message}", name=method, message=outcome.failure[1]), kind=outcome.failure[0])
    return _written(outcome, problem, case.around) if case.around else outcome.derivative


def _written(outcome: Outcome, problem: Problem, around: Around) -> Sequence[Any]:
    """The derivative as numbers of the run around it, by the programs of the method."""
    from diffcli.tracing.nesting import recorded

    derivation = outcome.derivation
    assert derivation
    results = recorded(derivation.sweeps, problem.point, around)
    return derivation.gathered(results, len(problem.program.outputs))


def _evaluated(works: Sequence[_Work], settings: Settings) -> None:
    """The functions' own values, all of them within the time limit of one, or a second: nothing is shown without."""
    limit = max(settings.timeout, 1.0)

    def evaluate_all() -> None:
        for work in works:
            work.values, work.cost = executed(work.problem.program, work.problem.point, settings.dtype)

    try:
        Here(evaluate_all).result(limit)
    except Expired:
        late = message("the function has no value within {seconds} s", seconds=f"{limit:g}")
        raise DiffError(late, hint=message("--timeout gives it longer"), kind="timeout") from None


def executed(program: Program, point: Sequence[float], dtype: Dtype = "float64") -> tuple[tuple[float, ...], Cost]:
    """The outputs in numbers of `dtype`, and what executing the path taken costs."""
    path = _path(program, point, dtype)
    return tuple(_values(path, point, dtype)), count(path)


def _path(program: Program, point: Sequence[float], dtype: Dtype) -> Program:
    """The branches taken at the point, and nothing of the others."""
    return follow(program, numbers(dtype, point), floats(dtype))[1] if program.branches else program


def _values(program: Program, point: Sequence[float], dtype: Dtype) -> list[float]:
    return _all_values([program], point, dtype)[0]


def _all_values(programs: Sequence[Program], point: Sequence[float], dtype: Dtype) -> list[list[float]]:
    """The outputs of each program, one after the other."""
    algebra, start = floats(dtype), numbers(dtype, point)
    found = [evaluate(program, start, algebra) for program in programs]
    return found if dtype == "float64" else [list(map(float, values)) for values in found]


def _start(name: str, problem: Problem, settings: Settings) -> _Task:
    may_hang = METHODS[name].apart or problem.wanted.order > LONG_SERIES
    if settings.apart and may_hang:
        return Apart(_found, name, problem, settings.memory)
    return Here(_found, name, problem, settings.memory, fatal=settings.fatal and may_hang)


def proved(problem: Problem, settings: Settings) -> Truth:
    """The certified truth, or why there is none within the time."""
    return _told(_proving(problem, settings), settings)


def _proving(problem: Problem, settings: Settings) -> Apart[Truth] | Here[Truth]:
    """The proof, in a process of its own where that costs nothing, or where single steps of it may take long.

    No call of FLINT can be interrupted; a series of very many terms is one.
    """
    asked = certify, problem.program, problem.wrt, problem.point, problem.wanted
    may_hang = problem.wanted.order > LONG_SERIES
    if settings.apart and (may_hang or separable()):
        return Apart(*asked)
    return Here(*asked, fatal=settings.fatal and may_hang)


LONG_SERIES = 500
"""The highest order of which FLINT makes a power series at once; what is longer cannot be interrupted for seconds."""


def _told(proving: Apart[Truth] | Here[Truth], settings: Settings) -> Truth:
    try:
        return proving.result(settings.timeout)
    except Expired:
        return Truth("unavailable", 0, reason=message("not proved within {seconds} s", seconds=f"{settings.timeout:g}"))
    except (MemoryError, Died):
        return Truth("unavailable", 0, reason=message("the proof needs more memory than there is"))


def _doubted(truth: Truth, case: Case) -> Truth:
    """The truth of a Python function whose path is not proved to be the function: it is that of the path alone."""
    doubt = case.doubt
    if doubt is None or truth.derivative is None:
        return truth
    places = tuple(range(len(truth.derivative)))
    values = truth.values if doubt.valued else None
    return Truth("undecided", truth.bits, values, reason=doubt.reason, undecided=places, path=truth.derivative)


def _found(name: str, problem: Problem, memory: bool) -> Outcome:
    """A method's derivation and its numbers."""
    derivation, setup_seconds = derived(name, problem)
    if derivation.answer is not None:
        return _answered(name, derivation, derivation.answer, setup_seconds)
    return _measured(name, derivation, problem, setup_seconds, memory)


def _outcome(name: str, task: _Task, settings: Settings) -> Outcome:
    try:
        return task.result(settings.timeout)
    except (Expired, Exception) as error:  # noqa: BLE001 - raised again where it is our own
        return Outcome(name, refusal(name, error, settings.timeout))


def _answered(name: str, derivation: Derivation, answer: Answer, setup_seconds: float) -> Outcome:
    """What a peer found; its operations cannot be counted."""
    apart = setup_seconds - answer.seconds
    return Outcome(name, None, derivation, answer.values, answer.derivative, None, answer.seconds, apart)


def _measured(name: str, derivation: Derivation, problem: Problem, setup_seconds: float, memory: bool) -> Outcome:
    """Evaluate a method's programs, and count what they execute."""
    point, dtype = problem.point, problem.dtype
    straight = [_path(sweep, point, dtype) for sweep in derivation.sweeps]
    begun = time.perf_counter()
    results = _all_values(straight, point, dtype)
    seconds = time.perf_counter() - begun
    m = len(problem.program.outputs)
    values = tuple(results[0][:m]) if results else executed(problem.program, point, dtype)[0]
    derivative = derivation.gathered(results, m)
    remembered = Memory(derivation.tape, max(map(peak, straight), default=0)) if memory else None
    return Outcome(name, None, derivation, values, derivative, count(*straight), seconds, setup_seconds, remembered)


# --- claimed derivatives
CLAIM = "claim"


def _claimed(case: Case, settings: Settings) -> Outcome:
    """The claimed formulas, evaluated and counted like a method's."""
    from diffcli.problem.claims import derivation

    found, results, paths = derivation(case), [], []
    for claim, program in zip(case.claims, found.sweeps, strict=True):
        point = claim.point(case.at)
        straight = _path(share(program) if settings.share else program, point, settings.dtype)
        paths.append(straight)
        results.append(_values(straight, point, settings.dtype))
    derivative = found.gathered(results, 0)
    memory = Memory(None, max(map(peak, paths), default=0)) if settings.memory else None
    return Outcome(CLAIM, None, found, (), derivative, count(*paths), memory=memory)


def _examined(row: Measurement, case: Case, truth: Truth, settings: Settings) -> Measurement:
    """What is known of the claim beyond this point; wrong anywhere is not ok."""
    from diffcli.problem.claims import Examination, Trial, formulas, refutation, tried

    try:
        trial = Here(tried, case, truth).result(settings.timeout)
    except (Expired, MemoryError):
        trial = Trial()
    wrong = trial.counterexample
    if wrong is None:
        equal = _shown_equal(case, trial, settings) or None
        standing = _standing(row, equal)
        found = Examination(formulas(case), standing, None if trial.qualified else equal)
        return replace(row, values=None, claim=found, message=_unrefuted(row, standing, equal, trial))
    right_here = row.verdict in ("ok", "kink")
    said = refutation(case, wrong)
    if right_here and wrong.at != case.at:
        said = (
            message("right at this point, but {message}", message=said)
            if row.verdict == "ok"
            else message("between the sides at this point, but {message}", message=said)
        )
    found = Examination(formulas(case), "wrong", False, wrong)
    return replace(row, values=None, claim=found, verdict="inaccurate" if right_here else row.verdict, message=said)


def _missing() -> Measurement:
    """The row of a claim that was not handed in."""
    from diffcli.problem.claims import MISSING

    return Measurement(CLAIM, "failed", message("nothing was handed in"), claim=MISSING)


def _standing(row: Measurement, equal: bool | None) -> Standing:
    """Of a claim that nothing refutes."""
    if row.verdict in ("inaccurate", "nonfinite"):
        return "inaccurate"
    return "right" if equal else "undecided"


def _unrefuted(row: Measurement, standing: Standing, equal: bool | None, trial: Trial) -> str:
    if row.message and standing != "undecided":
        return row.message
    if not equal:
        return message("no difference at {count} points; SymPy shows no equality", count=trial.points)
    if trial.decimals:
        return message("equal to SymPy's derivative as a formula, with decimals as they are written")
    if any(path.held for path in trial.paths):
        return message(
            "equal to SymPy's derivative as a formula, for the whole numbers tried: {points}", points=_held(trial)
        )
    if trial.gap is not None:
        return message("equal to SymPy's derivative as a formula, but without a value at {point}", point=_point(trial))
    return message("equal to SymPy's derivative as a formula")


def _point(trial: Trial) -> str:
    return ", ".join(f"{name}={written(value)}" for name, value in (trial.gap or {}).items())


def _held(trial: Trial) -> str:
    """The numbers for which a function that counts by a parameter was asked: `n=1, n=2`."""
    found = dict.fromkeys(f"{name}={value:g}" for path in trial.paths for name, value in path.held)
    return ", ".join(sorted(found))


def _shown_equal(case: Case, trial: Trial, settings: Settings) -> bool:
    from diffcli.problem.claims import question, shown_equal

    asked = question(case, trial)
    task = Apart(shown_equal, asked) if settings.apart else Here(shown_equal, asked, fatal=settings.fatal)
    try:
        return task.result(settings.timeout)
    except (Expired, Exception):  # noqa: BLE001 - whatever stops SymPy, nothing is shown
        return False


# --- judging
def judged(outcomes: Sequence[Outcome], problem: Problem, truth: Truth, settings: Settings) -> tuple[Measurement, ...]:
    """Every outcome against the truth, entry by entry, or against the others where there is none."""
    judge = _Judge(problem, truth, settings, outcomes)
    return tuple([judge.measurement(outcome) for outcome in outcomes])


class _Judge:
    """One truth, and what every outcome is worth by it; methods often find the same number, which is measured once."""

    def __init__(self, problem: Problem, truth: Truth, settings: Settings, outcomes: Sequence[Outcome]) -> None:
        self.truth, self.tolerance, self.digits = truth, settings.tolerance, DIGITS[settings.dtype]
        self.exact = truth.derivative or ()
        self.scales = _Scales(problem, truth, settings)
        self.known: dict[tuple[int, float], Error] = {}
        answers = [outcome.derivative for outcome in outcomes if outcome.failure is None]
        if truth.derivative is not None:
            answers = [tuple(answer[place] for place in truth.undecided) for answer in answers]
        self.together: tuple[Verdict, str | None] = "no-truth", truth.reason
        if not agree(answers, self.tolerance, self.digits):
            self.together = "disagree", message("the methods differ, and no truth is proved")

    def measurement(self, outcome: Outcome) -> Measurement:
        if outcome.failure is not None or outcome.derivation is None:
            verdict, said = outcome.failure or ("failed", message("no answer"))
            return Measurement(outcome.method, verdict, said)
        errors = self._errors(outcome) if self.truth.derivative is not None else None
        verdict, reason = self._verdict(outcome, errors)
        steps, answer = outcome.derivation.steps, outcome.derivation.answer
        remark = answer.remark if answer else ""
        remarks = [part for part in (reason, str(steps or ""), remark) if part]
        return Measurement(
            outcome.method, verdict, parts(remarks) if remarks else None, outcome.values, outcome.derivative, errors,
            outcome.cost, outcome.seconds, outcome.setup_seconds, outcome.derivation.formulas,
            outcome.derivation.written,
            outcome.memory, steps=steps, remark=remark,
        )  # fmt: skip

    def _errors(self, outcome: Outcome) -> tuple[Error | None, ...]:
        """The distance of every entry from the truth; None where that has none."""
        pairs = zip(enumerate(outcome.derivative), self.exact, strict=True)
        return tuple([None if exact is None else self._error(outcome, place, exact) for place, exact in pairs])

    def _error(self, outcome: Outcome, place: tuple[int, float], exact: Any) -> Error:
        known = self.known.get(place)
        if known is None:
            found = error(place[1], exact, self.digits)
            if found.absolute and exact.is_zero():  # by what cancels in this method
                return error(place[1], exact, self.digits, self.scales.of(outcome, place[0]))
            known = self.known[place] = found
        return known

    def _verdict(self, outcome: Outcome, errors: Sequence[Error | None] | None) -> tuple[Verdict, str | None]:
        if self.truth.status == "undefined":
            return "domain", self.truth.reason
        if errors is None:
            return self.together
        proved = [
            (result, found, exact)
            for result, found, exact in zip(outcome.derivative, errors, self.exact, strict=True)
            if found is not None
        ]
        verdict = certified_verdict(proved, self.tolerance, self.digits)
        if verdict == "inaccurate":
            lost = bits_lost(max(found.ulp for _, found, _ in proved))
            return verdict, message("no digit is right") if lost >= self.digits else message(
                "{count} of {digits} bits lost", count=f"{lost:.0f}", digits=self.digits
            )
        if verdict == "nonfinite":
            return verdict, message("not a finite number, where the derivative is one")
        return self._without(outcome)

    def _without(self, outcome: Outcome) -> tuple[Verdict, str | None]:
        """The verdict by the entries without a proved derivative: first those that do not exist."""
        undecided = set(self.truth.undecided)
        missing = [place for place, exact in enumerate(self.exact) if exact is None and place not in undecided]
        for place in missing:
            fault = self._misses(outcome, place)
            if fault is not None:
                return fault
        if undecided:
            return self.together
        return ("kink", self.truth.reason) if missing else ("ok", None)

    def _misses(self, outcome: Outcome, place: int) -> tuple[Verdict, str] | None:
        """What is wrong with an entry that does not exist, if anything."""
        if self._fits(outcome, place):
            return None
        reason = self.truth.reason
        if place in self.truth.jumps:
            return "inaccurate", message("not what the derivative tends to on either side: {reason}", reason=reason)
        if not math.isfinite(outcome.derivative[place]):
            return "nonfinite", message("not a number between the one-sided derivatives: {reason}", reason=reason)
        return "inaccurate", message("not between the one-sided derivatives: {reason}", reason=reason)

    def _fits(self, outcome: Outcome, place: int) -> bool:
        """Whether an entry lies between the one-sided derivatives; at a jump, whether it is one of its limits."""
        truth, result = self.truth, outcome.derivative[place]
        jumps = place in truth.jumps
        left, right = [ends and ends[place] for ends in (truth.slopes if jumps else None) or (truth.left, truth.right)]
        allowed = meets if jumps else between
        if allowed(result, left, right, self.tolerance, self.digits):
            return True
        if not math.isfinite(result) or not any(map(is_zero, (left, right))):
            return False
        return allowed(result, left, right, self.tolerance, self.digits, self.scales.of(outcome, place))


class _Scales:
    """How large the terms are that cancel in an entry, by the program of the method that computed it.

    Looked for only where a truth is exactly 0 and a result is not.
    """

    def __init__(self, problem: Problem, truth: Truth, settings: Settings) -> None:
        self.problem, self.truth, self.settings = problem, truth, settings
        self.executed: dict[int, Executed] = {}
        self.derivations: dict[str, Derivation] = {}

    def of(self, outcome: Outcome, place: int) -> float | None:
        """None where nothing cancels, or nothing is known within the time."""
        try:
            return Here(self._scale, outcome, place).result(self.settings.timeout) or None
        except (Expired, Exception):  # noqa: BLE001 - whatever stops it, nothing is explained
            return None

    def _scale(self, outcome: Outcome, place: int) -> float:
        from diffcli.comparison.rounding import FARTHEST, Executed

        derivation, problem = self._programs(outcome), self.problem
        sweep, output = derivation.place(place, len(problem.program.outputs))
        program = derivation.sweeps[sweep]
        executed = self.executed.get(id(program))
        if executed is None:
            path = _path(program, problem.point, problem.dtype)
            executed = self.executed[id(program)] = Executed(path, problem.point)
        largest = max([1.0, *map(abs, problem.point), *[abs(nearest(value)) for value in self.truth.values or ()]])
        return min(executed.scale(output), FARTHEST * largest)

    def _programs(self, outcome: Outcome) -> Derivation:
        """The method's own, or those of forward mode."""
        own, name = outcome.derivation, outcome.method
        if own is not None and own.sweeps and own.sweeps[0].inputs == self.problem.program.inputs:
            return own
        if name not in METHODS or METHODS[name].needs:
            name = "forward"
        if name not in self.derivations:
            self.derivations[name] = derived(name, self.problem)[0]
        return self.derivations[name]
