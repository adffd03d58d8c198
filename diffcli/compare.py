"""The main job: one case, every method, measured against one proved truth.

This room knows what is compared and how it is judged; not how cases are read,
and not how results are shown.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from diffcli.accuracy import Error, Verdict, agree, between, bits_lost, certified_verdict, error
from diffcli.algebras.float64 import FLOAT64
from diffcli.case import Case
from diffcli.derivation import Derivation, Problem, Unsupported
from diffcli.evaluate import evaluate
from diffcli.limits import Apart, Died, Expired, Here
from diffcli.methods import METHODS
from diffcli.passes import share
from diffcli.program import Cost, Program, Recording, count
from diffcli.truth import Truth, certify

DEFAULT_METHODS = ("symbolic", "forward", "reverse")


@dataclass(frozen=True, slots=True)
class Settings:
    """What is asked of a comparison.

    `timeout` is seconds per method and expression; `tolerance` the ulps up to
    which a result is called right; `share` computes equal subexpressions of
    what was typed once; `apart` gives methods that may hang a process of their own; `fatal` lets them
    end this one when they cannot be interrupted (a worker, which is replaced).
    """

    methods: tuple[str, ...] = DEFAULT_METHODS
    timeout: float = 10.0
    tolerance: float = 1024.0
    share: bool = False
    apart: bool = False
    fatal: bool = False


@dataclass(frozen=True, slots=True)
class Measurement:
    """One method's row: what it found, how far that is from the truth, what it executed.

    `errors` has one entry per derivative entry, None where the truth has none.
    `seconds` is one evaluation in float64, `setup_seconds` the derivation before it.
    """

    method: str
    verdict: Verdict
    message: str | None = None
    value: float | None = None
    derivative: tuple[float, ...] | None = None
    errors: tuple[Error | None, ...] | None = None
    cost: Cost | None = None
    seconds: float | None = None
    setup_seconds: float | None = None
    formulas: tuple[str, ...] | None = None
    written: Cost | None = None

    @property
    def max_ulp(self) -> float | None:
        """The worst error of all entries, in ulps; None where there is no certified truth."""
        if not self.errors or any(error is None for error in self.errors):
            return 0.0 if self.errors == () else None
        return max(error.ulp for error in self.errors if error is not None)

    @property
    def bits(self) -> float | None:
        """Bits lost in the worst entry, of 53; at most 64."""
        worst = self.max_ulp
        return None if worst is None else bits_lost(worst)


@dataclass(frozen=True, slots=True)
class Comparison:
    """A case, its truth, and a measurement per method. Nothing is computed after this point.

    `value` is the function's float64 value and `cost` what the function alone executed.
    """

    case: Case
    value: float
    cost: Cost
    truth: Truth
    measurements: tuple[Measurement, ...]
    tolerance: float

    @property
    def good(self) -> bool:
        """Whether every verdict is `ok` or `kink`."""
        return all(measurement.verdict in ("ok", "kink") for measurement in self.measurements)


@dataclass(frozen=True, slots=True)
class _Outcome:
    """A method that answered: its derivation and the numbers, not judged yet; or why it did not."""

    method: str
    failure: tuple[Verdict, str] | None = None
    derivation: Derivation | None = None
    value: float = math.nan
    derivative: tuple[float, ...] = ()
    cost: Cost = field(default_factory=Cost)
    seconds: float = 0.0
    setup_seconds: float = 0.0


def compare(case: Case, settings: Settings = Settings()) -> Comparison:
    """Differentiate `case` by every method asked for, and judge each against the truth."""
    problem = case.problem
    if settings.share:
        problem = Problem(share(problem.program), problem.wrt, problem.point)
    tasks = [(name, _start(name, problem, settings)) for name in settings.methods]
    value, cost = executed(problem.program, problem.point)
    truth = _truth(problem, settings)
    outcomes = [_outcome(name, task, problem, settings) for name, task in tasks]
    return Comparison(case, value, cost, truth, _judged(outcomes, truth, settings), settings.tolerance)


def executed(program: Program, point: Sequence[float]) -> tuple[float, Cost]:
    """The first output in float64, and what executing the path taken costs."""
    if not program.branches:
        return evaluate(program, point, FLOAT64)[0], count(program)
    path, values = _path(program, point)
    return values[path.outputs[0]], count(path)


def _path(program: Program, point: Sequence[float]) -> tuple[Program, list[float]]:
    recording = Recording(program.inputs, point, FLOAT64)
    inputs = [recording.input(i) for i in range(len(program.inputs))]
    path = recording.program(evaluate(program, inputs, recording))
    return path, recording.values


_Task = Apart[tuple[Derivation, float]] | Here[tuple[Derivation, float]]


def _start(name: str, problem: Problem, settings: Settings) -> _Task:
    may_hang = METHODS[name].apart
    if settings.apart and may_hang:
        return Apart(_derive, name, problem)
    return Here(_derive, name, problem, fatal=settings.fatal and may_hang)


def _derive(name: str, problem: Problem) -> tuple[Derivation, float]:
    """The derivation, and the seconds it took without importing its library."""
    differentiate = METHODS[name].load()
    begun = time.perf_counter()
    return differentiate(problem), time.perf_counter() - begun


def _truth(problem: Problem, settings: Settings) -> Truth:
    try:
        return Here(certify, problem.program, problem.wrt, problem.point).result(settings.timeout)
    except Expired:
        return Truth("unavailable", 0, reason=f"not proved within {settings.timeout:g} s")
    except MemoryError:
        return Truth("unavailable", 0, reason="the proof needs more memory than there is")


def _outcome(name: str, task: _Task, problem: Problem, settings: Settings) -> _Outcome:
    try:
        derivation, setup_seconds = task.result(settings.timeout)
        return _measured(name, derivation, problem, setup_seconds)
    except Expired:
        return _Outcome(name, ("timeout", f"no answer within {settings.timeout:g} s"))
    except Unsupported as unsupported:
        return _Outcome(name, ("unsupported", str(unsupported)))
    except RecursionError:
        return _Outcome(name, ("failed", "the expression is nested too deeply for this method"))
    except MemoryError:
        return _Outcome(name, ("failed", "this method needs more memory than there is"))
    except Died:
        return _Outcome(name, ("failed", "the process of this method ended without an answer"))
    except Exception as error:
        if not (METHODS[name].apart or isinstance(error, ArithmeticError)):
            raise  # our own fault; that of a library is its verdict
        return _Outcome(name, ("failed", f"{type(error).__name__}: {error}"))


def _measured(name: str, derivation: Derivation, problem: Problem, setup_seconds: float) -> _Outcome:
    """Evaluate a method's programs in float64, and count what they execute."""
    straight = [_path(sweep, problem.point)[0] if sweep.branches else sweep for sweep in derivation.sweeps]
    begun = time.perf_counter()
    results = [evaluate(program, problem.point, FLOAT64) for program in straight]
    seconds = time.perf_counter() - begun
    value = results[0][0] if results else executed(problem.program, problem.point)[0]
    entries = tuple(entry for result in results for entry in result[1:])
    cost = count(*straight)
    return _Outcome(name, None, derivation, value, entries, cost, seconds, setup_seconds)


# --- judging
def _judged(outcomes: Sequence[_Outcome], truth: Truth, settings: Settings) -> tuple[Measurement, ...]:
    answers = [outcome.derivative for outcome in outcomes if outcome.failure is None]
    together: tuple[Verdict, str | None]
    if agree(answers, settings.tolerance):
        together = "no-truth", truth.reason
    else:
        together = "disagree", "the methods differ, and no truth is proved"
    return tuple(_judge(outcome, truth, together, settings.tolerance) for outcome in outcomes)


def _judge(outcome: _Outcome, truth: Truth, together: tuple[Verdict, str | None], tolerance: float) -> Measurement:
    if outcome.failure is not None or outcome.derivation is None:
        verdict, message = outcome.failure or ("failed", "no answer")
        return Measurement(outcome.method, verdict, message)
    errors: tuple[Error | None, ...] | None = None
    if truth.derivative is not None:
        errors = tuple(
            None if exact is None else error(result, exact)
            for result, exact in zip(outcome.derivative, truth.derivative, strict=True)
        )
    verdict, reason = _verdict(outcome.derivative, errors, truth, together, tolerance)
    return Measurement(
        outcome.method, verdict, reason, outcome.value, outcome.derivative, errors, outcome.cost,
        outcome.seconds, outcome.setup_seconds, outcome.derivation.formulas, outcome.derivation.written,
    )  # fmt: skip


def _verdict(
    results: Sequence[float],
    errors: Sequence[Error | None] | None,
    truth: Truth,
    together: tuple[Verdict, str | None],
    tolerance: float,
) -> tuple[Verdict, str | None]:
    if truth.status == "undefined":
        return "domain", truth.reason
    if errors is None or truth.derivative is None:
        return together
    known = [i for i, found in enumerate(errors) if found is not None]
    found = [error for error in errors if error is not None]
    verdict = certified_verdict([results[i] for i in known], found, [truth.derivative[i] for i in known], tolerance)
    if verdict == "ok" and truth.status == "not-differentiable":
        return _at_kink(results, truth, tolerance)
    if verdict == "inaccurate":
        lost = bits_lost(max(error.ulp for error in found))
        return verdict, "no digit is right" if lost >= 53 else f"{lost:.0f} of 53 bits lost"
    if verdict == "nonfinite":
        return verdict, "not a finite number, where the derivative is one"
    return verdict, None


def _at_kink(results: Sequence[float], truth: Truth, tolerance: float) -> tuple[Verdict, str | None]:
    """The entries that do not exist: inside the interval of the one-sided derivatives, or not."""
    assert truth.derivative is not None
    assert truth.left is not None
    assert truth.right is not None
    for result, exact, left, right in zip(results, truth.derivative, truth.left, truth.right, strict=True):
        if exact is None and not between(result, left, right, tolerance):
            if not math.isfinite(result):
                return "nonfinite", f"not a number between the one-sided derivatives: {truth.reason}"
            return "inaccurate", f"not between the one-sided derivatives: {truth.reason}"
    return "kink", truth.reason
