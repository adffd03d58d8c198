"""The error of difference quotients over the step: truncation, C h^p, against round-off, N/h.

    E(h) = C h^p + N/h        is least at        h* = (N/(p C))^(1/(p + 1))

with C = c |f^(p+1)(x)|, where c belongs to the stencil, and N = w u |f(x)|: each value of f is taken
to be wrong by one rounding u, and the quotient's weights add up to w (Gill, Murray, Wright,
"Practical Optimization", 1981, ch. 8.6; Baydin et al. 2018, fig. 3). Every f^(k)(x) is proved, and so is
the f'(x) that all errors are measured against. What is measured knows nothing of this theory.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import combinations
from math import factorial, inf, isfinite, log10
from statistics import median

from diffcli.methods.differences import STENCILS, Stencil, weights
from diffcli.problem.case import Case
from diffcli.problem.point import Number
from diffcli.problem.understanding import make_case
from diffcli.runtime.errors import DiffError, Unsupported
from diffcli.runtime.limits import Expired, Here
from diffcli.runtime.messages import message
from diffcli.studies.quotients import COMPLEX, NUMBERS, Sample, Scene
from diffcli.studies.study import Progress, silent
from diffcli.truth.certify import Truth

METHODS = (*STENCILS, COMPLEX)
MOST_STEPS = 100_000

CLEAR, WINDOW, FEWEST = 30.0, 1.25, 4
"""An order is measured where the error is this many times what round-off may do, over the decades of h
next to that, and on this many steps or more."""


# --- what is measured
@dataclass(frozen=True, slots=True)
class Theory:
    """What E(h) = C h^p + N/h has of one method; `missing` says why there is no C."""

    order: int
    truncation: float | None
    noise: float
    best: float | None = None
    error: float | None = None
    missing: str | None = None


@dataclass(frozen=True, slots=True)
class ErrorCurve:
    """A method's errors over the step, and what they say: the order measured, the best step, and from where on
    (`below` which step) round-off rules. `samples` are in falling order of the step; errors are absolute.
    """

    name: str
    samples: tuple[Sample, ...]
    theory: Theory
    order: float | None = None
    best: Sample | None = None
    below: float | None = None

    @property
    def falls_short(self) -> bool:
        """Whether the order measured is below that of theory."""
        return self.order is not None and self.order < self.theory.order - 0.3


@dataclass(frozen=True, slots=True)
class Sweep:
    """The errors of difference quotients of a function of one variable at a point, over the step.

    `numbers` names the number system, whose half spacing at 1 is `unit`; `point` has a number for every input of
    the program as it is there, and `x` is that of the variable; steps below `lost_below` leave it where it is.
    `truth` is of f'(x), and `floor` is one rounding of it. `automatic` is what dual numbers find, and
    `automatic_error` how far off. `refused` says why a method has no curve.
    """

    case: Case
    numbers: str
    unit: float
    point: Mapping[str, float]
    x: float
    lost_below: float
    truth: Truth
    floor: float
    automatic: float
    automatic_error: float | None
    curves: tuple[ErrorCurve, ...]
    refused: Mapping[str, str]

    @property
    def variable(self) -> str:
        return self.case.entries[0]

    @property
    def proved(self) -> bool:
        return self.truth.status == "certified"


def sweep(
    source: str,
    at: Mapping[str, Number],
    wrt: Sequence[str] | None = None,
    methods: Sequence[str] = (),
    steps: int = 129,
    largest: float = 1.0,
    smallest: float = 1e-16,
    numbers: str = "float64",
    timeout: float = 10.0,
    progress: Progress = silent,
) -> Sweep:
    """The error of every method at `steps` steps, even in log h."""
    names = _named(methods)
    grid = _grid(steps, largest, smallest)
    if numbers not in NUMBERS:
        raise DiffError(
            message("unknown numbers '{name}'", name=numbers),
            hint=message("write one of: {names}", names=", ".join(NUMBERS)),
            kind="option",
        )
    chosen = NUMBERS[numbers]()
    scene = Scene(_case(source, at, wrt), chosen, timeout)
    with chosen.quiet():
        return _swept(scene, _curves(scene, names, grid, progress))


def _swept(scene: Scene, sampled: Mapping[str, tuple[Sample, ...] | str]) -> Sweep:
    curves = [_curve(scene, name, samples) for name, samples in sampled.items() if not isinstance(samples, str)]
    return Sweep(
        scene.case,
        scene.numbers.name,
        scene.numbers.unit,
        dict(zip(scene.program.inputs, scene.point, strict=True)),
        scene.x,
        scene.numbers.spacing(scene.x) / 2,
        scene.truth,
        scene.floor,
        scene.automatic,
        scene.error(scene.automatic),
        tuple(curves),
        {name: reason for name, reason in sampled.items() if isinstance(reason, str)},
    )


def _named(methods: Sequence[str]) -> tuple[str, ...]:
    for name in methods:
        if name not in METHODS:
            raise DiffError(
                message("'{name}' has no step", name=name),
                hint=message("methods with one: {names}", names=", ".join(METHODS)),
                kind="option",
            )
    return tuple(dict.fromkeys(methods)) or METHODS


def _grid(steps: int, largest: float, smallest: float) -> list[float]:
    """From the largest to the smallest, even in log h, powers of ten as they are written."""
    if not 2 <= steps <= MOST_STEPS:
        raise DiffError(
            message("--steps {count}: a sweep has 2 to {most} steps", count=steps, most=f"{MOST_STEPS:,}"),
            hint=message("write --steps 129"),
            kind="option",
        )
    if not 0 < smallest < largest < inf:
        hint = message("the smallest step is above 0 and below the largest")
        raise DiffError(
            message("no steps from {largest} down to {smallest}", largest=f"{largest:g}", smallest=f"{smallest:g}"),
            hint=hint,
            kind="option",
        )
    high, low = log10(largest), log10(smallest)
    return [10.0 ** round(high + (low - high) * k / (steps - 1), 12) for k in range(steps)]


def _case(source: str, at: Mapping[str, Number], wrt: Sequence[str] | None) -> Case:
    case = make_case(source, at, wrt)
    if case.expression.shape:
        raise DiffError(
            message("a sweep is of one number; the result is a vector"),
            hint=message("choose one entry: v[0]"),
            kind="shape",
        )
    if len(case.entries) != 1:
        hint = (
            message("name one with --wrt; its variables are: {names}", names=", ".join(case.entries))
            if case.entries
            else None
        )
        raise DiffError(
            message("a sweep is by one variable, not {count}", count=len(case.entries)), hint=hint, kind="option"
        )
    return case


def _curves(
    scene: Scene, names: Sequence[str], grid: Sequence[float], progress: Progress
) -> dict[str, tuple[Sample, ...] | str]:
    """The samples of each method, or why there are none."""
    curves: dict[str, tuple[Sample, ...] | str] = {}
    for k, name in enumerate(names):
        told = partial(_told_from, progress, k * len(grid), len(names) * len(grid))
        try:
            curves[name] = Here(_samples, scene, name, grid, told).result(scene.timeout)
        except Unsupported as unsupported:
            curves[name] = str(unsupported)
        except Expired:
            curves[name] = message("no answer within {seconds} s", seconds=f"{scene.timeout:g}")
    return curves


def _samples(scene: Scene, name: str, grid: Sequence[float], told: Callable[[int], None]) -> tuple[Sample, ...]:
    samples = []
    for step in grid:
        samples.append(scene.sample(name, step))
        told(len(samples))
    return tuple(samples)


def _told_from(progress: Progress, before: int, total: int, done: int) -> None:
    progress(before + done, total)


# --- in theory
def _theory(scene: Scene, name: str) -> Theory:
    stencil = STENCILS.get(name)
    order = stencil.order if stencil else 2
    value = scene.truth.value
    size = abs(float(value)) if value is not None else 0.0
    noise = _spread(stencil) * scene.numbers.unit * size if stencil else 0.0
    proof = scene.proved(order + 1)
    exact = proof.derivative[0] if proof.status == "certified" and proof.derivative else None
    if exact is None:
        return Theory(order, None, noise, missing=proof.reason or proof.status)
    truncation = _constant(stencil) * abs(float(exact))
    if not truncation or not isfinite(truncation):
        return Theory(order, truncation, noise)
    if stencil is None:
        return Theory(order, truncation, noise, (scene.floor / truncation) ** (1 / order) or None, scene.floor)
    best = (noise / (order * truncation)) ** (1 / (order + 1))
    return Theory(order, truncation, noise, best or None, truncation * best**order + noise / best if best else None)


def _spread(stencil: Stencil) -> float:
    """w: by how much the quotient multiplies errors of f, over h."""
    between = stencil.right - stencil.left
    return float(sum(2 * abs(weight) / (between * 2**k) for k, weight in enumerate(weights(stencil))))


def _constant(stencil: Stencil | None) -> float:
    """c: what multiplies h^p f^(p+1), once h, 2h, 4h, … are extrapolated: (1·4·16·…)/(p + 1)!."""
    if stencil is None:
        return 1 / 6
    return 2.0 ** (stencil.levels * (stencil.levels - 1)) / factorial(stencil.order + 1)


# --- as measured
def _curve(scene: Scene, name: str, samples: tuple[Sample, ...]) -> ErrorCurve:
    theory = _theory(scene, name)
    known = [sample for sample in samples if sample.error is not None and sample.taken]
    if not known:
        return ErrorCurve(name, samples, theory)
    best = min(known, key=lambda sample: (sample.error, -sample.step))
    noise = _noise(known, best, theory) if name != COMPLEX else 0.0
    window = _window(known, noise, scene.floor)
    if len(window) < FEWEST:
        return ErrorCurve(name, samples, theory, best=best)
    order, line = _fitted(window)
    curve = ErrorCurve(name, samples, theory, order, best)
    return curve if curve.falls_short else replace(curve, below=_departure(known, window[-1].step, line))


def _noise(known: Sequence[Sample], best: Sample, theory: Theory) -> float:
    """N as the small steps show it, where that is more than one rounding."""
    small = [sample.error * sample.taken for sample in known if sample.error and sample.step < best.step / 10]
    return max(theory.noise, median(small) if small else 0.0)


def _window(known: Sequence[Sample], noise: float, floor: float) -> list[Sample]:
    """The smallest steps whose error is truncation beyond doubt, in falling order: there h^p is nearest."""
    clear: list[Sample] = []
    doubtful = 0
    for sample in known:
        if sample.error and sample.error > CLEAR * max(noise / sample.taken, floor):
            clear.append(sample)
            doubtful = 0
        else:
            doubtful += 1
            if doubtful > 1 and clear:
                break
    return [sample for sample in clear if sample.step <= clear[-1].step * 10**WINDOW]


def _fitted(window: Sequence[Sample]) -> tuple[float, Callable[[float], float]]:
    """Theil and Sen's line through log error over log h: the median slope, which no stray point moves."""
    points = [(log10(sample.step), log10(sample.error or 1.0)) for sample in window]
    slope = median((b - d) / (a - c) for (a, b), (c, d) in combinations(points, 2))
    level = median(b - slope * a for a, b in points)
    return slope, lambda step: float(10 ** (slope * log10(step) + level))


def _departure(known: Sequence[Sample], lowest: float, line: Callable[[float], float]) -> float | None:
    """The largest step below which the error is above twice the line: there round-off has taken over."""
    beneath = [sample for sample in known if sample.step < lowest]
    off = [(sample.error or 0.0) > 2 * line(sample.step) for sample in beneath]
    for k in range(len(off) - 1):
        if off[k] and off[k + 1]:
            return beneath[k].step
    return None
