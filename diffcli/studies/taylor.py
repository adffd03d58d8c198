"""A function and its Taylor polynomials: coefficients, partial sums, remainders, the radius of convergence.

    f(x0 + d) = sum_(k<=n) c_k d^k + R_n,   c_k = f^(k)(x0)/k!,   |R_n| <= max |f^(n+1)|/(n+1)! |d|^(n+1)

(Lagrange 1797.) Coefficients come from Taylor arithmetic in float64, and are measured
against proved ones; the maximum is over the whole interval, by balls that hold it.
Where f has detached copies, the coefficients are of f with these held at x0, and bound nothing of f itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import inf, isfinite
from typing import Any

from diffcli.ad.taylor import taylor as program_of
from diffcli.core.evaluate import evaluate
from diffcli.numbers.float64 import FLOAT64
from diffcli.problem.case import Case
from diffcli.problem.derivation import Problem
from diffcli.problem.point import Number
from diffcli.problem.understanding import make_case
from diffcli.runtime.errors import DiffError
from diffcli.runtime.limits import Expired, Here
from diffcli.runtime.messages import message
from diffcli.truth.accuracy import nearest
from diffcli.truth.proofs import analytic, coefficients, detached, lagrange, remainders

MOST = 60
"""The highest order."""

DISTANCES = (0.1, 0.5, 1.0, 2.0)
AHEAD = 40
"""Coefficients that the radius is read from, where they are proved."""


@dataclass(frozen=True, slots=True)
class Remainder:
    """f and its polynomial at a distance; what Lagrange's remainder is at most, proved, and by proved samples alone.

    The distance is the one asked for; all else is at the float next to it.
    """

    distance: float
    value: float
    sum: float
    rest: float | None
    bound: float | None
    sampled: float | None


@dataclass(frozen=True, slots=True)
class Expansion:
    """A function of one variable about a point, to an order; `exact` are proved coefficients, of higher orders too."""

    case: Case
    problem: Problem
    order: int
    computed: tuple[float, ...]
    exact: Sequence[Any]

    @property
    def variable(self) -> int:
        return self.problem.wrt[0]

    @property
    def name(self) -> str:
        return self.case.wrt[0]

    @property
    def detached(self) -> bool:
        """Whether the polynomial is of f with its detached copies held, and not of f."""
        return detached(self.problem.program, self.variable)

    @property
    def analytic(self) -> bool:
        """Whether f is proved to be analytic at the point."""
        return analytic(self.problem.program, self.variable, self.problem.point)

    @property
    def x0(self) -> float:
        return self.problem.point[self.variable]

    def moved(self, x: float) -> list[float]:
        point = [*self.problem.point]
        point[self.variable] = x
        return point

    def f(self, x: float) -> float:
        return float(evaluate(self.problem.program, self.moved(x), FLOAT64)[0])

    def sum(self, x: float, order: int) -> float:
        """The polynomial of this order at `x`, by Horner's rule in float64."""
        total = 0.0
        for coefficient in reversed(self.computed[: order + 1]):
            total = total * (x - self.x0) + coefficient
        return total

    def rests(self, x: float) -> list[float | None]:
        """f(x) less the exact partial sum of every order."""
        known = self.exact[: self.order + 1]
        found = remainders(self.problem.program, self.variable, self.problem.point, known, x)
        return [None] * (self.order + 1) if found is None else [nearest(rest) for rest in found]


@dataclass(frozen=True, slots=True)
class Curves:
    """What is drawn, of the polynomials of some `orders`: f and the sums on both sides of the point, and the
    remainders of all orders at `distances`.
    """

    orders: Sequence[int]
    places: Sequence[float]
    f: Sequence[float]
    sums: Mapping[int, Sequence[float]]
    distances: Sequence[float]
    rests: Sequence[Sequence[float | None]]


@dataclass(frozen=True, slots=True)
class Taylor:
    """An expansion, and how good it is: order by order at the place `shown`, and at order n over distances.

    `constant` is f at the point, by which the order 0 is compared. `tests` are an order with the ratio test and the
    root test of the radius, and `radius` is what the coefficients hint at. Nothing is drawn where f has no value.
    """

    expansion: Expansion
    shown: float
    rests: Sequence[float | None]
    remainders: tuple[Remainder, ...]
    constant: float
    tests: Sequence[tuple[int, float | None, float | None]]
    radius: float | None
    curves: Curves | None


def taylor(
    source: str,
    at: Mapping[str, Number],
    wrt: str | None = None,
    order: int = 8,
    distances: Sequence[float] = DISTANCES,
    timeout: float = 10.0,
) -> Taylor:
    """The expansion of an expression about a point, in one variable."""
    if not 0 <= order <= MOST:
        raise DiffError(
            message("--order {order}: an order is from 0 to {most}", order=order, most=MOST),
            hint=message("write --order 8"),
            kind="option",
        )
    if not distances or 0 in distances:
        raise DiffError(
            message("a distance is a number other than 0"), hint=message("write --distances 0.1,0.5,1"), kind="option"
        )
    try:
        expansion = Here(_expanded, source, at, wrt, order).result(timeout)
        found = [Here(_remainder, expansion, distance).result(timeout) for distance in distances]
    except Expired:
        raise DiffError(
            message("not done within {seconds} s", seconds=f"{timeout:g}"),
            hint=message("ask a lower --order"),
            kind="timeout",
        ) from None
    shown = expansion.x0 + distances[min(1, len(distances) - 1)]
    return Taylor(
        expansion,
        shown,
        expansion.rests(shown),
        tuple(found),
        expansion.f(expansion.x0),
        _tests(expansion.exact[: order + 1]),
        radius_hint(expansion.exact),
        _curves(expansion, max(map(abs, distances))),
    )


def _expanded(source: str, at: Mapping[str, Number], wrt: str | None, order: int) -> Expansion:
    case = _one_variable(source, at, wrt)
    problem = case.problem
    arguments = problem.program, problem.wrt[0], problem.point
    exact = coefficients(*arguments, order)
    if len(exact) <= order:
        hint = message("a Taylor series is of a function that is smooth at the point")
        said = message("no derivative of order {order} of f is proved here", order=len(exact))
        raise DiffError(said if exact else message("no value of f is proved here"), hint=hint, kind="point")
    program = program_of(problem.program, problem.point, problem.wrt[0], order, FLOAT64)
    computed = tuple(float(value) for value in evaluate(program, problem.point, FLOAT64))
    return Expansion(case, problem, order, computed, coefficients(*arguments, max(order, AHEAD)))


def _remainder(expansion: Expansion, distance: float) -> Remainder:
    n, problem, x = expansion.order, expansion.problem, expansion.x0 + distance
    bound = lagrange(problem.program, expansion.variable, problem.point, x, n)
    sampled = None if expansion.detached else _sampled(expansion, x)
    rest = expansion.rests(x)[-1]
    return Remainder(distance, expansion.f(x), expansion.sum(x, n), rest, bound, sampled)


def _sampled(expansion: Expansion, x: float) -> float | None:
    """Lagrange's remainder by the largest |f^(n+1)|/(n+1)! of some proved values, which is no bound."""
    sizes, away = [], x - expansion.x0
    for i in range(SAMPLES):
        point = expansion.moved(expansion.x0 + away * i / (SAMPLES - 1))
        known = coefficients(expansion.problem.program, expansion.variable, point, expansion.order + 1)
        if len(known) < expansion.order + 2:
            return None
        sizes.append(abs(nearest(known[-1])))
    return max(sizes) * abs(away) ** (expansion.order + 1)


SAMPLES = 17


def _one_variable(source: str, at: Mapping[str, Number], wrt: str | None) -> Case:
    case = make_case(source, at, None if wrt is None else [wrt])
    if case.expression.shape:
        raise DiffError(
            message("a Taylor series here is of a scalar"), hint=message("choose one entry: v = …; v[0]"), kind="shape"
        )
    if len(case.entries) != 1:
        hint = message("name one with --wrt; its variables are: {names}", names=", ".join(case.entries))
        raise DiffError(message("a Taylor series here is in one variable"), hint=hint, kind="option")
    return case


def _tests(exact: Sequence[Any]) -> list[tuple[int, float | None, float | None]]:
    sizes = [abs(nearest(ball)) for ball in exact]
    found: list[tuple[int, float | None, float | None]] = []
    for k, size in enumerate(sizes):
        before = next((j for j in range(k - 1, -1, -1) if sizes[j]), None)
        if not k or not size:
            found.append((k, None, None))
        else:
            ratio = None if before is None else (sizes[before] / size) ** (1 / (k - before))
            found.append((k, ratio, size ** (-1 / k)))
    return found


MINIMUM = 10
"""Coefficients other than 0 without which there is no hint."""

STEADY, GROWING = 1.08, 1.25
"""From the first half of the coefficients to the second the ratio test of a finite radius grows less than the one,
that of an infinite radius more than the other; between them nothing is said."""


def radius_hint(exact: Sequence[Any]) -> float | None:
    """The radius that the coefficients hint at; None where they are few, or do not settle."""
    sizes = [abs(nearest(ball)) for ball in exact]
    if sum(size > 0 for size in sizes) < MINIMUM or not all(map(isfinite, sizes)):
        return None
    regular = _extrapolated(sizes)
    if regular is not None:
        return regular
    early, late = _ratio(sizes, len(sizes) // 4, len(sizes) // 2), _ratio(sizes, len(sizes) // 2, len(sizes))
    return late if late < STEADY * early else inf if late > GROWING * early else None


def _extrapolated(sizes: Sequence[float]) -> float | None:
    """The limit of a regular ratio test (Domb and Sykes 1957); None where it is not regular.

    c_(k+1)/c_k tends to 1/R like (1 + a/k)/R, so that k r_k - (k-1) r_(k-1) is far closer to 1/R.
    """
    places = [k for k, size in enumerate(sizes) if size][2:]
    gaps = {b - a for a, b in pairwise(places)}
    if len(gaps) != 1:
        return None
    (gap,) = gaps
    ratios = [(sizes[b] / sizes[a], b / gap) for a, b in pairwise(places)]
    guesses = [n * new - (n - 1) * old for (old, _), (new, n) in pairwise(ratios)]
    later = guesses[len(guesses) // 2 :]
    if not later or min(later) <= 0 or max(later) > STEADY * min(later):
        return None
    return float(guesses[-1] ** (-1 / gap))


def _ratio(sizes: Sequence[float], first: int, last: int) -> float:
    """How much a coefficient falls a step, between the largest near either end of a stretch."""
    width = max(2, (last - first) // 3)
    start = max(range(first, first + width), key=sizes.__getitem__)
    end = max(range(last - width, last), key=sizes.__getitem__)
    if not sizes[start] or not sizes[end] or start == end:
        return inf
    return float((sizes[start] / sizes[end]) ** (1 / (end - start)))


# --- what is drawn
CURVE = 161
"""Points of a curve."""


def _curves(expansion: Expansion, width: float) -> Curves | None:
    places = [expansion.x0 + width * (2 * i / (CURVE - 1) - 1) for i in range(CURVE)]
    f = [expansion.f(x) for x in places]
    if not any(map(isfinite, f)):
        return None
    orders = _chosen(expansion)
    sums = {order: [expansion.sum(x, order) for x in places] for order in orders}
    distances = [width * 10 ** (-3 * i / 24) for i in range(25)]
    return Curves(orders, places, f, sums, distances, [expansion.rests(expansion.x0 + d) for d in distances])


def _chosen(expansion: Expansion) -> list[int]:
    """The orders that are drawn: 1, 2, 4, …, and the last, each with a term of its own."""
    own = [k for k in range(1, expansion.order + 1) if not expansion.exact[k].is_zero()]
    wanted = [next((k for k in own if k >= power), None) for power in (1, 2, 4, 8, 16, 32)]
    found = [k for k in wanted if k is not None]
    return sorted({*found, *own[-1:]})[:5] or [0]
