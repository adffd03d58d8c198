"""Every answer against the truth, entry by entry; against the others where nothing is proved."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from diffcli.comparison.execution import path_taken
from diffcli.comparison.result import Measurement, Outcome, Settings
from diffcli.methods import METHODS
from diffcli.methods.derive import derived
from diffcli.numbers import DIGITS
from diffcli.problem.derivation import Derivation, Problem
from diffcli.runtime.limits import Expired, Here
from diffcli.runtime.messages import Message, message, parts
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
from diffcli.truth.certify import Truth

if TYPE_CHECKING:
    from diffcli.comparison.rounding import Executed


def judge(outcomes: Sequence[Outcome], problem: Problem, truth: Truth, settings: Settings) -> tuple[Measurement, ...]:
    """Every outcome against the truth, entry by entry, or against the others where there is none."""
    judging = _Judge(problem, truth, settings, outcomes)
    return tuple([judging.measurement(outcome) for outcome in outcomes])


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
        self.together: tuple[Verdict, Message | None] = "no-truth", truth.reason
        if not agree(answers, self.tolerance, self.digits):
            self.together = "disagree", message("the methods differ, and no truth is proved")

    def measurement(self, outcome: Outcome) -> Measurement:
        if outcome.failure is not None or outcome.derivation is None:
            verdict, said = outcome.failure or ("failed", message("no answer"))
            return Measurement(outcome.method, verdict, said)
        errors = self._errors(outcome) if self.truth.derivative is not None else None
        verdict, reason = self._verdict(outcome, errors)
        steps, answer = outcome.derivation.steps, outcome.derivation.answer
        remark = answer.remark if answer else None
        remarks = [part for part in (reason, steps and steps.said, remark) if part]
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

    def _verdict(self, outcome: Outcome, errors: Sequence[Error | None] | None) -> tuple[Verdict, Message | None]:
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

    def _without(self, outcome: Outcome) -> tuple[Verdict, Message | None]:
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

    def _misses(self, outcome: Outcome, place: int) -> tuple[Verdict, Message] | None:
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
            path = path_taken(program, problem.point, problem.dtype)
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
