"""Taylor polynomials in tables, plots and sentences: coefficients, sums, remainders, and how far the series reaches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from math import factorial, inf, isfinite, nan
from typing import Any

from diffcli.locale.language import tr
from diffcli.problem.case import headline
from diffcli.problem.point import pasted
from diffcli.studies.study import Axis, Column, Curve, Plot, Study, Table
from diffcli.studies.taylor import Curves, Expansion, Remainder, Taylor
from diffcli.syntax.rendering import literal
from diffcli.truth.accuracy import bits_lost, error, nearest
from diffcli.truth.certify import digits


def tell(found: Taylor) -> Study:
    expansion = found.expansion
    return Study(
        "taylor",
        _heading(expansion),
        (_orders(found), _remainders(expansion.order, found.remainders), *_reach(found)),
        _plots(expansion, found.curves) if found.curves else (),
        tuple(_sentences(found)),
        _facts(found),
    )


def _place(expansion: Expansion) -> str:
    return f"{expansion.name} = {literal(expansion.x0)}"


def _heading(expansion: Expansion) -> tuple[str, ...]:
    case = expansion.case
    others = pasted({name: value for name, value in case.at.items() if name != expansion.name})
    template = _OF_ORDER_WITH if others else "Its Taylor polynomial of order {order} about {place}:"
    return (
        headline(case),
        tr(template, order=expansion.order, place=_place(expansion), others=others),
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
def _orders(found: Taylor) -> Table:
    """Coefficients, proved ones, and what the partial sums come to at the place shown."""
    expansion, x = found.expansion, found.shown
    columns = (
        Column("k"), Column(tr("coefficient"), 6), Column(tr("proved")), Column(tr("bits lost"), 2),
        Column(tr("sum at {point}", point=f"{expansion.name}={literal(x)}"), 10), Column(tr("f - sum"), 3),
    )  # fmt: skip
    rows = []
    for k, (rest, computed) in enumerate(zip(found.rests, expansion.computed, strict=True)):
        ball = expansion.exact[k]
        rows.append(
            (k, computed + 0.0, _exact(ball, k), bits_lost(error(computed, ball).ulp), expansion.sum(x, k), rest)
        )
    return Table(columns, tuple(rows), tr("Order by order: the coefficients c_k, and the sums of their terms"))


def _exact(ball: Any, k: int) -> str:
    fraction = as_fraction(ball, k)
    return "0" if ball.is_zero() else literal(nearest(ball)) if fraction is None else str(fraction)


def _remainders(n: int, found: Sequence[Remainder]) -> Table:
    columns = (
        Column(tr("distance")), Column("f", 8), Column(tr("sum to order {order}", order=n), 8),
        Column(tr("f - sum"), 4), Column(tr("proved"), 4), Column(tr("sampled"), 4),
    )  # fmt: skip
    rows = tuple((one.distance, one.value, one.sum, one.rest, one.bound, one.sampled) for one in found)
    title = tr("The remainder, beside Lagrange's bound {bound}: proved, and from samples", bound=_lagrange(n))
    return Table(columns, rows, title)


def _lagrange(n: int) -> str:
    return "max |f'| |d|" if not n else f"max |f^({n + 1})| |d|^{n + 1}/{n + 1}!"


def _reach(found: Taylor) -> list[Table]:
    """What ratio test and root test say of the radius, order by order."""
    rows = [row for row in found.tests if row[1] is not None]
    columns = Column("k"), Column(tr("ratio test"), 6), Column(tr("root test"), 6)
    title = tr("How far the series reaches: |c_j/c_k|^(1/(k-j)) with the c_j before, and |c_k|^(-1/k)")
    return [Table(columns, tuple(rows), title)] if rows else []


# --- in words
def _sentences(found: Taylor) -> Iterator[str]:
    expansion = found.expansion
    yield from _accuracy(expansion)
    if expansion.detached:
        yield tr(_HELD, place=_place(expansion))
        return
    yield from _bounded(found)
    yield from _convergence(found)


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


def _bounded(found: Taylor) -> list[str]:
    held = [one for one in found.remainders if one.bound is not None and one.rest is not None]
    said = []
    if held:
        near = min(held, key=lambda one: abs(one.distance))
        rest, bound = f"{abs(near.rest or 0.0):.4g}", f"{near.bound:.4g}"
        said.append(tr(_BOUNDED, distance=literal(near.distance), rest=rest, bound=bound))
    open_ = [literal(one.distance) for one in found.remainders if one.bound is None]
    if open_:
        said.append(tr(_OPEN, distances=tr(", ").join(open_)))
    growing = [one for one in held if one.rest and abs(one.rest) > abs(one.value - found.constant)]
    if growing:
        far, constant = literal(min(abs(one.distance) for one in growing)), f"f({literal(found.expansion.x0)})"
        template = "At d = {distance} order {order} is further from f than the constant {constant} is."
        said.append(tr(template, distance=far, order=found.expansion.order, constant=constant))
    return said


_BOUNDED = (
    "At d = {distance} the remainder is {rest}, and cannot exceed {bound}: balls around all of the interval prove it."
)
_OPEN = (
    "At d = {distances} no bound is proved: the interval meets a place where f has no series, "
    "or balls are too wide. What samples give is no proof."
)


def _convergence(found: Taylor) -> list[str]:
    """What the coefficients hint at; a finite number of them proves nothing."""
    expansion, exact, radius = found.expansion, found.expansion.exact, found.radius
    last = max((k for k, ball in enumerate(exact) if not ball.is_zero()), default=-1)
    if last <= 0 or last <= len(exact) // 2:
        rest = any(one.rest for one in found.remainders) and last <= expansion.order
        template = (_FOLLOWS if expansion.analytic else _SMOOTH) if rest else _POLYNOMIAL
        return [tr(template, first=last + 1, order=len(exact) - 1)]
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


def _plots(expansion: Expansion, drawn: Curves) -> tuple[Plot, ...]:
    finite = sorted(y for y in drawn.f if isfinite(y))
    low, high = finite[len(finite) // 20], finite[-1 - len(finite) // 20]
    margin = 0.6 * (high - low) or 1.0

    def kept(values: Sequence[float]) -> list[float]:
        return [y if low - margin <= y <= high + margin else nan for y in values]

    curves = [Curve("f", drawn.places, kept(drawn.f))]
    curves += [Curve(tr("order {order}", order=n), drawn.places, kept(y)) for n, y in drawn.sums.items()]
    title = tr("f and its Taylor polynomials about {place}", place=_place(expansion))
    return Plot(title, Axis(expansion.name), Axis("f"), tuple(curves)), _errors(drawn)


def _errors(drawn: Curves) -> Plot:
    """Remainders over the distance, which are lines on two logarithmic axes."""
    sizes = {n: [abs(rest) if (rest := row[n]) is not None else nan for row in drawn.rests] for n in drawn.orders}
    curves = tuple(Curve(tr("order {order}", order=n), drawn.distances, size) for n, size in sizes.items())
    title = tr("The remainder over the distance: as steep as the first power left out")
    return Plot(title, Axis(tr("distance"), logarithmic=True), Axis(tr("|f - sum|"), logarithmic=True), curves)


def _facts(found: Taylor) -> dict[str, object]:
    expansion = found.expansion
    return {
        "expr": expansion.case.expression.source,
        "at": dict(expansion.case.at),
        "polynomial": polynomial(expansion),
        "coefficients": list(expansion.computed),
        "certified": [digits(ball) for ball in expansion.exact[: expansion.order + 1]],
        "radius_hint": found.radius,
        "remainders": [
            {"distance": one.distance, "remainder": one.rest, "bound_proved": one.bound, "bound_sampled": one.sampled}
            for one in found.remainders
        ],
    }
