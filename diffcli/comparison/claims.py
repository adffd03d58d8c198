"""The row of a claimed derivative: evaluated like a method's, and examined beyond the point."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from diffcli.comparison.execution import outputs, path_taken
from diffcli.comparison.result import CLAIM, Measurement, Memory, Outcome, Settings
from diffcli.core.passes import share
from diffcli.core.program import count, peak
from diffcli.problem.case import Case
from diffcli.problem.point import written
from diffcli.runtime.limits import STUCK, Apart, Died, Expired, Here
from diffcli.runtime.messages import Message, message
from diffcli.truth.certify import Truth

if TYPE_CHECKING:
    from diffcli.problem.claims import Standing, Trial


def evaluate_claim(case: Case, settings: Settings) -> Outcome:
    """The claimed formulas, evaluated and counted like a method's."""
    from diffcli.problem.claims import derivation

    found, results, paths = derivation(case), [], []
    for claim, program in zip(case.claims, found.sweeps, strict=True):
        point = claim.point(case.at)
        straight = path_taken(share(program) if settings.share else program, point, settings.dtype)
        paths.append(straight)
        results.append(outputs(straight, point, settings.dtype))
    derivative = found.gathered(results, 0)
    memory = Memory(None, max(map(peak, paths), default=0)) if settings.memory else None
    return Outcome(CLAIM, None, found, (), derivative, count(*paths), memory=memory)


def examine_claim(row: Measurement, case: Case, truth: Truth, settings: Settings) -> Measurement:
    """What is known of the claim beyond this point; wrong anywhere is not ok."""
    from diffcli.problem.claims import Examination, Trial, formulas, refutation

    try:
        trial = _trial(case, truth, settings)
    except (Expired, MemoryError, Died):
        trial = Trial()
    wrong = trial.counterexample
    if wrong is None:
        equal = _is_shown_equal(case, trial, settings) or None
        standing = _standing(row, equal)
        found = Examination(formulas(case), standing, None if trial.qualified else equal)
        return replace(row, values=None, claim=found, message=_reason(row, standing, equal, trial))
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


def _trial(case: Case, truth: Truth, settings: Settings) -> Trial:
    """The points tried; those of a Python function that is named by a text in a process that can be killed.

    Nothing else ends one long instruction of it, such as a sum over a giant range. Functions do not travel between
    processes: the child loads it again, and gives what it has when the time is up.
    """
    from diffcli.problem.claims import tried, tried_by_name

    if settings.apart and case.is_named_function:
        asked = replace(case, function=None), truth, settings.timeout
        return Apart(tried_by_name, *asked, memory=None).result(settings.timeout + STUCK)
    return Here(tried, case, truth).result(settings.timeout)


def missing_claim() -> Measurement:
    """The row of a claim that was not handed in."""
    from diffcli.problem.claims import MISSING

    return Measurement(CLAIM, "failed", message("nothing was handed in"), claim=MISSING)


def _standing(row: Measurement, equal: bool | None) -> Standing:
    """Of a claim that nothing refutes."""
    if row.verdict in ("inaccurate", "nonfinite"):
        return "inaccurate"
    return "right" if equal else "undecided"


def _reason(row: Measurement, standing: Standing, equal: bool | None, trial: Trial) -> Message:
    if row.message and standing != "undecided":
        return row.message
    if not equal:
        return message("no difference at {count} points; SymPy shows no equality", count=trial.points)
    if trial.decimals:
        return message("equal to SymPy's derivative as a formula, with decimals as they are written")
    if any(path.held for path in trial.paths):
        return message(
            "equal to SymPy's derivative as a formula, for the whole numbers tried: {points}",
            points=_whole_numbers(trial),
        )
    if trial.gap is not None:
        return message("equal to SymPy's derivative as a formula, but without a value at {point}", point=_point(trial))
    return message("equal to SymPy's derivative as a formula")


def _point(trial: Trial) -> str:
    return ", ".join(f"{name}={written(value)}" for name, value in (trial.gap or {}).items())


def _whole_numbers(trial: Trial) -> str:
    """The numbers for which a function that counts by a parameter was asked: `n=1, n=2`."""
    found = dict.fromkeys(f"{name}={value:g}" for path in trial.paths for name, value in path.held)
    return ", ".join(sorted(found))


def _is_shown_equal(case: Case, trial: Trial, settings: Settings) -> bool:
    from diffcli.problem.claims import question, shown_equal

    asked = question(case, trial)
    task = Apart(shown_equal, asked) if settings.apart else Here(shown_equal, asked, fatal=settings.fatal)
    try:
        return task.result(settings.timeout)
    except (Expired, Exception):  # noqa: BLE001 - whatever stops SymPy, nothing is shown
        return False
