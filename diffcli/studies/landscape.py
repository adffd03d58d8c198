"""What is known of a loss where walks begin and end: its curvatures, a minimum nearby, the proved gradient."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from diffcli.core.program import Cost
from diffcli.runtime.errors import Unsupported
from diffcli.runtime.limits import Died, Expired, Here
from diffcli.runtime.messages import message
from diffcli.studies.descents import Objective, Parameters, Plan, Slopes, Step, Walk, verdict
from diffcli.studies.symmetric import eigenvalues, solve
from diffcli.truth.certify import Truth, certify


@dataclass(frozen=True)
class Finding:
    """All walks, and what the loss is like where they begin and end."""

    objective: Objective
    slopes: Mapping[str, Slopes]
    failed: Mapping[str, str]
    walks: tuple[Walk, ...]
    timeout: float
    whole: bool = False
    """Whether all steps are shown."""

    @property
    def first(self) -> Walk:
        return self.walks[0]

    @property
    def names(self) -> tuple[str, ...]:
        return self.objective.names

    @cached_property
    def curvatures(self) -> list[float] | None:
        """Those at the start, ascending; None where they are not known."""
        return self.curved(self.objective.begin)

    @cached_property
    def final(self) -> list[float] | None:
        """Those where the first walk ends."""
        return self.curved(self.first.last.parameters)

    def curved(self, place: Parameters) -> list[float] | None:
        """The eigenvalues of the Hessian."""
        hessian = self._hessian(place)
        if hessian is None or not all(math.isfinite(x) for row in hessian for x in row):
            return None
        return eigenvalues(hessian)

    def _hessian(self, place: Parameters) -> list[Parameters] | None:
        if len(place) > _MANY:
            return None
        try:
            return Here(self._by_duals.hessian, place, self.objective.everything).result(self.timeout)
        except (Expired, Unsupported, ArithmeticError, MemoryError):
            return None

    @cached_property
    def _by_duals(self) -> Slopes:
        return Slopes(self.objective, "reverse", self.timeout)

    @cached_property
    def bottom(self) -> Step | None:
        """A minimum near the lowest end of a walk, by Newton's method; None where it leads to none.

        Where the gradient vanishes and the Hessian is positive definite is a minimum; both are as floats have them.
        A curvature that still falls as Newton's method ends is one that vanishes: x^3 has no minimum at 0.
        """
        ends = [one.last for one in self.walks if verdict(one) not in ("diverges", "left")]
        if not ends:
            return None
        lowest = min(ends, key=lambda step: step.loss)
        place, everything = lowest.parameters, self.objective.everything
        for _ in range(_NEWTON):
            hessian = self._hessian(place)
            gradient = self._by_duals.gradient(place, everything)
            step = None if hessian is None else solve(hessian, gradient)
            if step is None or not all(map(math.isfinite, step)):
                return None
            place = tuple(map(float.__sub__, place, step))
            if math.hypot(*step) <= 1e-12 * max(1.0, math.hypot(*place)):
                break
        curvatures, loss = self.curved(place), self.objective.loss(place)
        if hessian is None or not curvatures or curvatures[0] <= max(0.0, _STEADY * eigenvalues(hessian)[0]):
            return None
        if loss > lowest.loss + _ROUNDING * abs(lowest.loss):
            return None
        return Step(0, place, loss, self._by_duals.gradient(place, everything), everything)

    def above(self, loss: float) -> float | None:
        """How far a loss is above that minimum; round-off counts as none."""
        if self.bottom is None or not math.isfinite(loss):
            return None
        return max(0.0, loss - self.bottom.loss)

    @cached_property
    def truth(self) -> Truth:
        """The proved gradient where the first walk ends."""
        problem = self.objective.problem(self.first.last.parameters, self.objective.everything)
        if not all(map(math.isfinite, self.first.last.parameters)):
            return Truth("unavailable", 0, reason=message("the end is no finite point"))
        try:
            return Here(certify, problem.program, problem.wrt, problem.point).result(self.timeout)
        except Expired:
            return Truth("unavailable", 0, reason=message("not proved within {seconds} s", seconds=f"{self.timeout:g}"))
        except MemoryError:
            return Truth("unavailable", 0, reason=message("the proof needs more memory than there is"))

    @cached_property
    def apart(self) -> dict[str, float]:
        """How far the gradients of the other methods are from the first's along its walk, in ulps of its length."""
        lead, *others = self.slopes
        kept = self.first.steps[:: max(1, len(self.first.steps) // _COMPARED)]
        found = {}
        for name in others:
            ways = [self._away(step, self.slopes[name]) for step in kept if math.isfinite(step.loss)]
            found[name] = max(ways, default=0.0)
        return {lead: 0.0, **found}

    def _away(self, step: Step, slopes: Slopes) -> float:
        gradient = slopes.gradient(step.parameters, self.objective.everything)
        length = max(map(abs, step.gradient), default=0.0)
        furthest = max((abs(a - b) for a, b in zip(gradient, step.gradient, strict=True)), default=0.0)
        return furthest / math.ulp(length) if furthest else 0.0

    def costs(self, name: str, plan: Plan) -> tuple[Cost | None, int | None]:
        """What one update executes by a method, and remembers, but for solving Newton's system."""
        slopes = self.slopes[name]
        cost, tape = slopes.cost(plan.batch)
        if not plan.newton or cost is None:
            return cost, tape
        try:
            curved, beside = slopes.cost(plan.batch, 2)
        except (Expired, Unsupported, Died):
            return None, None
        return (None if curved is None else cost + curved), max(tape or 0, beside or 0) or None


_STEADY = 0.9
"""A least curvature that falls below this part of itself in Newton's last step does not stay."""
_MANY, _NEWTON, _COMPARED, _ROUNDING = 30, 50, 50, 1e-9
"""Parameters up to which curvatures are found; Newton steps to a minimum; places compared; a loss's round-off."""
