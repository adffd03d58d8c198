"""A function and its Taylor polynomials: coefficients, partial sums, remainders, the radius of convergence.

    f(x0 + d) = sum_(k<=n) c_k d^k + R_n,   c_k = f^(k)(x0)/k!,   |R_n| <= max |f^(n+1)|/(n+1)! |d|^(n+1)

(Lagrange 1797.) Coefficients come from Taylor arithmetic in float64, and are measured
against proved ones; the maximum is over the whole interval, by balls that hold it.
Where f has detached copies, the coefficients are of f with these held at x0, and bound nothing of f itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from math import factorial, inf, isfinite, nan
from typing import Any

from diffcli.ad.taylor import taylor as program_of
from diffcli.core.evaluate import evaluate
from diffcli.locale.language import tr
from diffcli.numbers.float64 import FLOAT64
from diffcli.problem.case import Case, headline
from diffcli.problem.derivation import Problem
from diffcli.problem.point import Number, pasted
from diffcli.problem.understanding import make_case
from diffcli.runtime.errors import DiffError
from diffcli.runtime.limits import Expired, Here
from diffcli.runtime.messages import message
from diffcli.studies.study import Axis, Column, Curve, Plot, Study, Table
from diffcli.syntax.rendering import literal
from diffcli.truth.accuracy import bits_lost, error, nearest
from diffcli.truth.certify import digits
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


def taylor(
    source: str,
    at: Mapping[str, Number],
    wrt: str | None = None,
    order: int = 8,
    distances: Sequence[float] = DISTANCES,
    timeout: float = 10.0,
) -> Study:
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
    return Study(
        "taylor",
        _heading(expansion),
        (_orders(expansion, shown), _remainders(expansion, found), *_reach(expansion)),
        _plots(expansion, distances),
        tuple(_sentences(expansion, found)),
        _facts(expansion, found),
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


def _heading(expansion: Expansion) -> tuple[str, ...]:
    case = expansion.case
    others = pasted({name: value for name, value in case.at.items() if name != expansion.name})
    place = f"{expansion.name} = {literal(expansion.x0)}"
    template = _OF_ORDER_WITH if others else "Its Taylor polynomial of order {order} about {place}:"
    return (
        headline(case),
        tr(template, order=expansion.order, place=place, others=others),
        polynomial(expansion),
    )


_OF_ORDER_WITH = "Its Taylor polynomial of order {order} about {place}, with {others}:"


# --- the polynomial as text
LARGEST_DENOMINATOR = 10**6


def polynomial(expansion: Expansion) -> str:
    """`x - x^3/6 + x^5/120`: coefficients as fractions where they are fractions to 33 digits."""
    step = expansion.name if not expansion.x0 else f"({expansion.name} - {literal(expansion.x0)})".replace("- -", "+ ")
    text = ""
    for k, ball in enumerate(expansion.exact[: expansion.order + 1]):
        if ball.is_zero():
            continue
        minus, term = bool(ball < 0), _term(ball, k, step)
        text += (" - " if minus else " + ") + term if text else f"-{term}" if minus else term
    return text or "0"


def _term(ball: Any, k: int, step: str) -> str:
    """One term of the polynomial, without its sign."""
    power = "" if not k else step if k == 1 else f"{step}^{k}"
    fraction = as_fraction(ball, k)
    if fraction is None:
        return f"{abs(nearest(ball)):.6g}" + (f"*{power}" if power else "")
    above = abs(fraction.numerator)
    over = power if above == 1 and power else f"{above}*{power}" if power else str(above)
    return over if fraction.denominator == 1 else f"{over}/{fraction.denominator}"


def as_fraction(ball: Any, k: int) -> Fraction | None:
    """The simple fraction that a coefficient is to 33 digits, or its derivative k! times as large."""
    if not ball.is_finite():
        return None
    value = Fraction(digits(ball))
    for scale in (1, factorial(k)):
        near = (value * scale).limit_denominator(LARGEST_DENOMINATOR)
        if near and abs(near / scale - value) <= abs(value) / 10**31 and abs(near.numerator) < 10**12:
            return near / scale
    return None


# --- tables
def _orders(expansion: Expansion, x: float) -> Table:
    """Coefficients, proved ones, and what the partial sums come to at `x`."""
    columns = (
        Column("k"), Column(tr("coefficient"), 6), Column(tr("proved")), Column(tr("bits lost"), 2),
        Column(tr("sum at {point}", point=f"{expansion.name}={literal(x)}"), 10), Column(tr("f - sum"), 3),
    )  # fmt: skip
    rows = []
    for k, (rest, computed) in enumerate(zip(expansion.rests(x), expansion.computed, strict=True)):
        ball = expansion.exact[k]
        rows.append(
            (k, computed + 0.0, _exact(ball, k), bits_lost(error(computed, ball).ulp), expansion.sum(x, k), rest)
        )
    return Table(columns, tuple(rows), tr("Order by order: the coefficients c_k, and the sums of their terms"))


def _exact(ball: Any, k: int) -> str:
    fraction = as_fraction(ball, k)
    return "0" if ball.is_zero() else literal(nearest(ball)) if fraction is None else str(fraction)


def _remainders(expansion: Expansion, found: Sequence[Remainder]) -> Table:
    n = expansion.order
    columns = (
        Column(tr("distance")), Column("f", 8), Column(tr("sum to order {order}", order=n), 8),
        Column(tr("f - sum"), 4), Column(tr("proved"), 4), Column(tr("sampled"), 4),
    )  # fmt: skip
    rows = tuple((one.distance, one.value, one.sum, one.rest, one.bound, one.sampled) for one in found)
    title = tr("The remainder, beside Lagrange's bound {bound}: proved, and from samples", bound=_lagrange(n))
    return Table(columns, rows, title)


def _lagrange(n: int) -> str:
    return "max |f'| |d|" if not n else f"max |f^({n + 1})| |d|^{n + 1}/{n + 1}!"


def _reach(expansion: Expansion) -> list[Table]:
    """What ratio test and root test say of the radius, order by order."""
    rows = [row for row in _tests(expansion.exact[: expansion.order + 1]) if row[1] is not None]
    columns = Column("k"), Column(tr("ratio test"), 6), Column(tr("root test"), 6)
    title = tr("How far the series reaches: |c_j/c_k|^(1/(k-j)) with the c_j before, and |c_k|^(-1/k)")
    return [Table(columns, tuple(rows), title)] if rows else []


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


# --- in words
def _sentences(expansion: Expansion, found: Sequence[Remainder]) -> Iterator[str]:
    yield from _accuracy(expansion)
    if expansion.detached:
        yield tr(_HELD, place=f"{expansion.name} = {literal(expansion.x0)}")
        return
    yield from _bounded(expansion, found)
    yield from _convergence(expansion, found)


_HELD = (
    "The polynomial is of f with what is detached held at its value at {place}, not of f itself: "
    "f - sum is not its remainder, and no bound is claimed."
)


def _accuracy(expansion: Expansion) -> list[str]:
    lost = [bits_lost(error(x, ball).ulp) for x, ball in zip(expansion.computed, expansion.exact, strict=False)]
    worst = max(range(len(lost)), key=lost.__getitem__)
    if expansion.exact[worst].is_zero() and lost[worst]:
        return [tr(_ALL_OF_NOTHING, order=worst, found=f"{expansion.computed[worst]:.2g}")]
    if lost[worst] <= 1:
        return [tr("Taylor arithmetic finds every coefficient to the last digit, in one sweep.")]
    much = tr("all bits") if lost[worst] >= 52.5 else tr("{bits} of 53 bits", bits=f"{lost[worst]:.1f}")
    return [tr("Taylor arithmetic loses {much} at most, at order {order}.", much=much, order=worst)]


_ALL_OF_NOTHING = (
    "The coefficient of order {order} is exactly 0, where Taylor arithmetic finds {found}: "
    "no bit is right, and little is wrong."
)


def _bounded(expansion: Expansion, found: Sequence[Remainder]) -> list[str]:
    held = [one for one in found if one.bound is not None and one.rest is not None]
    said = []
    if held:
        near = min(held, key=lambda one: abs(one.distance))
        rest, bound = f"{abs(near.rest or 0.0):.4g}", f"{near.bound:.4g}"
        said.append(tr(_BOUNDED, distance=literal(near.distance), rest=rest, bound=bound))
    open_ = [literal(one.distance) for one in found if one.bound is None]
    if open_:
        said.append(tr(_OPEN, distances=tr(", ").join(open_)))
    growing = [one for one in held if one.rest and abs(one.rest) > abs(one.value - expansion.f(expansion.x0))]
    if growing:
        far, constant = literal(min(abs(one.distance) for one in growing)), f"f({literal(expansion.x0)})"
        template = "At d = {distance} order {order} is further from f than the constant {constant} is."
        said.append(tr(template, distance=far, order=expansion.order, constant=constant))
    return said


_BOUNDED = (
    "At d = {distance} the remainder is {rest}, and cannot exceed {bound}: balls around all of the interval prove it."
)
_OPEN = (
    "At d = {distances} no bound is proved: the interval meets a place where f has no series, "
    "or balls are too wide. What samples give is no proof."
)


def _convergence(expansion: Expansion, found: Sequence[Remainder]) -> list[str]:
    """What the coefficients hint at; a finite number of them proves nothing."""
    exact, last = expansion.exact, max((k for k, ball in enumerate(expansion.exact) if not ball.is_zero()), default=-1)
    if last <= 0 or last <= len(exact) // 2:
        rest = any(one.rest for one in found) and last <= expansion.order
        template = (_FOLLOWS if expansion.analytic else _SMOOTH) if rest else _POLYNOMIAL
        return [tr(template, first=last + 1, order=len(exact) - 1)]
    radius = radius_hint(exact)
    if radius is None:
        return [tr("Radius of convergence: {count} coefficients give no clear hint.", count=len(exact))]
    if radius == inf:
        return [tr(_INFINITE, count=len(exact))]
    away = f"|{expansion.name}{_less(expansion.x0)}|"
    return [tr(_FINITE, radius=f"{radius:.4g}", count=len(exact), away=away)]


_FOLLOWS = (
    "The coefficients of the orders {first} to {order} are 0, and yet f - sum is not 0: terms of higher order follow."
)
_SMOOTH = (
    "The coefficients of the orders {first} to {order} are 0, and yet f - sum is not 0: "
    "terms of higher order follow, or f is smooth here, but not analytic."
)
_POLYNOMIAL = (
    "Radius of convergence: infinite, as for a polynomial, if no terms follow: "
    "the coefficients of the orders {first} to {order} are 0."
)
_INFINITE = "Radius of convergence: infinite, as {count} coefficients hint: the tests grow without end."
_FINITE = (
    "Radius of convergence: about {radius}, as {count} coefficients hint: "
    "if so, the series is good for {away} < {radius} only, whatever its order."
)


def _less(x0: float) -> str:
    return "" if not x0 else f" - {literal(x0)}" if x0 > 0 else f" + {literal(-x0)}"


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


# --- for plots and programs
CURVE = 161
"""Points of a curve."""


def _plots(expansion: Expansion, distances: Sequence[float]) -> tuple[Plot, ...]:
    width = max(map(abs, distances))
    places = [expansion.x0 + width * (2 * i / (CURVE - 1) - 1) for i in range(CURVE)]
    f = [expansion.f(x) for x in places]
    finite = sorted(y for y in f if isfinite(y))
    if not finite:
        return ()
    low, high = finite[len(finite) // 20], finite[-1 - len(finite) // 20]
    margin = 0.6 * (high - low) or 1.0

    def kept(values: Sequence[float]) -> list[float]:
        return [y if low - margin <= y <= high + margin else nan for y in values]

    sums = {order: [expansion.sum(x, order) for x in places] for order in _chosen(expansion)}
    curves = [Curve("f", places, kept(f))]
    curves += [Curve(tr("order {order}", order=n), places, kept(y)) for n, y in sums.items()]
    place = f"{expansion.name} = {literal(expansion.x0)}"
    title = tr("f and its Taylor polynomials about {place}", place=place)
    return Plot(title, Axis(expansion.name), Axis("f"), tuple(curves)), _errors(expansion, width)


def _errors(expansion: Expansion, width: float) -> Plot:
    """Remainders over the distance, which are lines on two logarithmic axes."""
    distances = [width * 10 ** (-3 * i / 24) for i in range(25)]
    rests = [expansion.rests(expansion.x0 + d) for d in distances]
    sizes = {
        order: [abs(rest) if (rest := row[order]) is not None else nan for row in rests] for order in _chosen(expansion)
    }
    curves = tuple(Curve(tr("order {order}", order=n), distances, size) for n, size in sizes.items())
    title = tr("The remainder over the distance: as steep as the first power left out")
    return Plot(title, Axis(tr("distance"), logarithmic=True), Axis(tr("|f - sum|"), logarithmic=True), curves)


def _chosen(expansion: Expansion) -> list[int]:
    """The orders that are drawn: 1, 2, 4, …, and the last, each with a term of its own."""
    own = [k for k in range(1, expansion.order + 1) if not expansion.exact[k].is_zero()]
    wanted = [next((k for k in own if k >= power), None) for power in (1, 2, 4, 8, 16, 32)]
    found = [k for k in wanted if k is not None]
    return sorted({*found, *own[-1:]})[:5] or [0]


def _facts(expansion: Expansion, found: Sequence[Remainder]) -> dict[str, object]:
    exact = expansion.exact
    return {
        "expr": expansion.case.expression.source,
        "at": dict(expansion.case.at),
        "polynomial": polynomial(expansion),
        "coefficients": list(expansion.computed),
        "certified": [digits(ball) for ball in exact[: expansion.order + 1]],
        "radius_hint": radius_hint(exact),
        "remainders": [
            {"distance": one.distance, "remainder": one.rest, "bound_proved": one.bound, "bound_sampled": one.sampled}
            for one in found
        ],
    }
