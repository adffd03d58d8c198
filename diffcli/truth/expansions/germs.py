"""One-sided expansions: what a function does at x + s as s falls to 0.

A germ is a finite sum of terms c s^a L^k, with L = log(1/s), exponents a that are rationals or
exact reals, rational k, and what is known of the rest:

    f(x + s) = sum c s^a L^k + rest,   rest = O(s^order) up to powers of L

Coefficients are exact reals (`reals`), so that ties and equal limits are proved,
not guessed. A germ without s is a value
at the point itself. At a kink, a tie, a switch or a zero under a root the sign
of the leading term decides: sqrt(s^4) = s^2. Taylor coefficients at regular
points come from `series`; no derivative rule of ours is read.

`switched` is set when a side takes another way than the point itself (a
condition, a jump), so that the limit may differ from the value.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cache
from math import factorial
from typing import Any

from flint import arb, arb_series, ctx, fmpq, fmpq_series

from diffcli.core.primitives import CODE, PRIMITIVES
from diffcli.core.program import Constant
from diffcli.runtime.messages import Message, message
from diffcli.truth.exact.forms import is_infinite, of_key
from diffcli.truth.exact.reals import Real, exponential, logarithm, named, of, real, whole
from diffcli.truth.series import (
    NAMED_BALLS,
    SERIES,
    Singular,
    Undefined,
    Unresolved,
    outside,
    shown,
    working,
)

INF = Fraction(10**9)
"""An exponent beyond all powers: the order of a rest that is flat, or not there."""

MOST_TERMS = 200
MOST_FACTORIAL = 64


Key = tuple[Any, Any]
"""The power of s, a Fraction or an `Exponent`, and that of L, whole or a Fraction."""


class Exponent:
    """A power of s that is no rational: an exact real, ordered by proof."""

    __slots__ = ("value",)

    def __init__(self, value: Real) -> None:
        self.value = value

    @staticmethod
    def of(value: Real) -> Fraction | Exponent:
        q = value.rational
        return Exponent(value) if q is None else Fraction(int(q.p), int(q.q))

    def _compared(self, other: Any) -> int:
        side = (self.value - _exact(other)).sign()
        if not side and self != other:
            raise Unknown(message("powers of s that are equal by an identity"))
        return side

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Exponent) and self.value.key == other.value.key

    def __hash__(self) -> int:
        return hash(self.value.key)

    def __lt__(self, other: Any) -> bool:
        return self._compared(other) < 0

    def __le__(self, other: Any) -> bool:
        return self._compared(other) <= 0

    def __gt__(self, other: Any) -> bool:
        return self._compared(other) > 0

    def __ge__(self, other: Any) -> bool:
        return self._compared(other) >= 0

    def __add__(self, other: Any) -> Any:
        return Exponent.of(self.value + _exact(other))

    __radd__ = __add__

    def __mul__(self, other: Any) -> Any:
        return Exponent.of(self.value * _exact(other))

    __rmul__ = __mul__

    def __neg__(self) -> Exponent:
        return Exponent(-self.value)

    def __sub__(self, other: Any) -> Any:
        return self + -other


def _exact(exponent: Any) -> Real:
    return exponent.value if isinstance(exponent, Exponent) else real(Fraction(exponent))


def _below(exponent: Any) -> Fraction:
    """A positive rational, not above a positive exponent."""
    if not isinstance(exponent, Exponent):
        return Fraction(exponent)
    lower = exponent.value.ball.lower().fmpq()
    if lower <= 0:
        raise Unresolved
    return Fraction(int(lower.p), int(lower.q))


_TIE = message("{name} has a tie here", name="max")


class Short(Exception):
    """The expansion is cut too early to tell: more terms are needed."""


class Unknown(Exception):
    """No expansion of this kind is known here; the text says of what."""


class Oscillates(Unknown):
    """The sign of a value is not the same for all small s."""


@dataclass(frozen=True, slots=True)
class Germ:
    """Terms by (exponent, power of L), and what is known of the rest.

    `order`: the rest is O(s^order); `exact`: there is no rest. `within`: the rest
    divided by s^order stays, in the limit, within this ball; there are no powers of L in it
    then, and terms s^order L^k with k > 0 stand before it. `wobble`: what it comes close to again
    and again is an interval of more than one number, so that it oscillates without a limit.
    `flat`: the sign of a rest smaller than all powers (0: unknown). `huge`: the germ
    grows beyond all powers, with this sign, and nothing else is known of it.
    """

    terms: dict[Key, Real] = field(default_factory=dict)
    order: Fraction = INF
    exact: bool = True
    wobble: bool = False
    flat: int = 0
    huge: int = 0
    within: Any = None

    @property
    def is_constant(self) -> bool:
        """Whether s does not occur at all."""
        return self.exact and all(key == AT_ZERO for key in self.terms)

    @property
    def constant(self) -> Real:
        return self.terms.get(AT_ZERO, ZERO)


AT_ZERO = (Fraction(0), 0)
_LOG = (Fraction(0), 1)
ZERO, ONE, TWO, HALF = (real(Fraction(q)) for q in ("0", "1", "2", "1/2"))


def number(value: Real) -> Germ:
    return Germ({} if value.is_zero() else {AT_ZERO: value})


def variable(at: Real, slope: Real) -> Germ:
    """at + slope s."""
    terms = {} if slope.is_zero() else {(Fraction(1), 0): slope}
    return Germ(terms | number(at).terms)


def _dominance(key: Key) -> Key:
    return key[0], -key[1]


MOST_WORK = 100_000
"""Products of terms of forms after which functions are no longer written out."""


class Germs:
    """The algebra of germs, cut at s^`limit`.

    Coefficients of Taylor series are named after their functions. `written_out`, functions are
    instead written by simpler ones, by addition theorems: then more cancels, but forms grow.
    `torn` is set when something jumps again and again, as close to s = 0 as one likes; `unsteady`
    when it was, or when something oscillated, in what was evaluated last.
    """

    def __init__(self, limit: int, written_out: bool = False) -> None:
        self.limit = Fraction(limit)
        self.written_out = written_out
        self.work = 0
        self.switched = False
        self.torn = self.unsteady = False
        self.ways: tuple[bool, ...] = ()
        self.taken: list[bool] = []
        self.reason: Message | None = None
        by_name = self._table()
        by_name |= {name: self._or_bounded(name, by_name[name]) for name in _CONTINUOUS}
        self.functions: Sequence[Callable[..., Germ] | None] = [by_name.get(row.name) for row in PRIMITIVES]

    def constant(self, value: Constant) -> Germ:
        if isinstance(value, str) or value in (float("inf"), float("-inf")) or value != value:
            return number(_named_constant(value))
        return number(real(Fraction(value)))

    def decide(self, condition: Germ) -> bool:
        """Whether a condition holds; one that changes again and again is decided as `ways` says, or as true."""
        try:
            return self.sign(condition) != 0
        except Oscillates:
            self.torn = True
            self.taken.append(self.ways[len(self.taken)] if len(self.taken) < len(self.ways) else True)
            return self.taken[-1]

    # --- ring
    def make(
        self,
        terms: dict[Key, Real],
        order: Fraction,
        exact: bool,
        wobble: bool = False,
        flat: int = 0,
        within: Any = None,
    ) -> Germ:
        """Drop zeros and whatever lies in or beyond the rest, or beyond the limit."""
        kept: dict[Key, Real] = {}
        for key in sorted(terms, key=_dominance):
            value = terms[key]
            if value.is_zero():
                continue
            if within is not None and key[0] == order:
                if key[1] > 0 or key[1] == 0 and within.is_zero():
                    kept[key] = value
                elif key[1] == 0:
                    within = within + value.ball
                continue
            if key[0] >= self.limit or key[0] >= order or len(kept) >= MOST_TERMS:
                cut = min(order, key[0])
                return Germ(kept, cut, False, wobble and cut == order, 0, within=within if cut == order else None)
            kept[key] = value
        return Germ(kept, order, exact, wobble, flat, within=within)

    def note(self, reason: Message) -> None:
        """What was met on the way, for the reader."""
        self.reason = self.reason or reason

    def forget(self) -> None:
        """Begin anew: nothing noted, no other way taken than the point's."""
        self.reason, self.switched = None, False

    def add(self, a: Germ, b: Germ) -> Germ:
        if a.huge or b.huge:
            if a.huge and b.huge and a.huge != b.huge:
                raise Unknown(message("the difference of two values that grow beyond all powers"))
            return Germ(exact=False, huge=a.huge or b.huge)
        terms = dict(a.terms)
        for key, value in b.terms.items():
            terms[key] = terms[key] + value if key in terms else value
        order = min(a.order, b.order)
        exact = a.exact and b.exact
        wobble = a.wobble and a.order < b.order or b.wobble and b.order < a.order
        flat = a.flat if b.exact else b.flat if a.exact else a.flat if a.flat == b.flat else 0
        return self.make(terms, order, exact, wobble, flat, self._within_sum(a, b))

    @staticmethod
    def _within_sum(a: Germ, b: Germ) -> Any:
        """Where the rest of a + b stays, by its order: that of the lower one, or the sum."""
        if a.order != b.order:
            return a.within if a.order < b.order else b.within
        return None if a.within is None or b.within is None else a.within + b.within

    def neg(self, a: Germ) -> Germ:
        terms = {key: -value for key, value in a.terms.items()}
        return Germ(terms, a.order, a.exact, a.wobble, -a.flat, -a.huge, None if a.within is None else -a.within)

    def sub(self, a: Germ, b: Germ) -> Germ:
        return self.add(a, self.neg(b))

    def mul(self, a: Germ, b: Germ) -> Germ:
        if self._is_nothing(a) or self._is_nothing(b):
            return number(a.constant * b.constant)
        if a.huge or b.huge:
            other = b if a.huge else a
            if other.wobble or not other.huge and not other.terms:
                raise Unknown(message("a product of something flat and something that grows beyond all powers"))
            return Germ(exact=False, huge=self.sign(a) * self.sign(b))
        low_a, low_b = self._low(a), self._low(b)
        order = INF
        if not a.exact:
            order = min(order, a.order + low_b if a.order < INF else INF)
        if not b.exact:
            order = min(order, b.order + low_a if b.order < INF else INF)
        exact = a.exact and b.exact
        wobble = (
            a.wobble
            and self._keeps(b, a.within)
            and a.order + low_b == order
            and (b.exact or b.order + low_a > order)
            or b.wobble
            and self._keeps(a, b.within)
            and b.order + low_a == order
            and (a.exact or a.order + low_b > order)
        )
        flat = 0
        if not a.terms and a.flat and (b.terms or b.flat):
            flat = a.flat * self.sign(b)
        elif not b.terms and b.flat and a.terms:
            flat = b.flat * self.sign(a)
        terms: dict[Key, Real] = {}
        bound = min(order, self.limit)
        for (ea, ka), ca in a.terms.items():
            for (eb, kb), cb in b.terms.items():
                key = (ea + eb, ka + kb)
                if key[0] >= bound and not key[0] < order:
                    continue
                self._spend(len(ca.terms) * len(cb.terms))
                product = ca * cb
                terms[key] = terms[key] + product if key in terms else product
        return self.make(terms, order, exact, wobble, flat, self._within_product(a, b, order))

    @staticmethod
    def _keeps(a: Germ, within: Any) -> bool:
        """Whether what stays within a ball oscillates without a limit still, times a: as a number, or through 0."""
        logs = min(a.terms, key=_dominance)[1] if a.terms else -1
        return logs == 0 or logs > 0 and (within is None or straddles(within))

    def _within_product(self, a: Germ, b: Germ, order: Fraction) -> Any:
        """Where the rest of a b stays: A times the rest of b, B times that of a, and the product of the rests."""
        if exactly(a) and exactly(b):
            return None
        low_a, coefficient_a = self._lowest(a)
        low_b, coefficient_b = self._lowest(b)
        rest_a, rest_b = ((INF, None) if exactly(one) else (one.order, one.within) for one in (a, b))
        total = arb(0)
        products = ((low_a, coefficient_a), rest_b), ((low_b, coefficient_b), rest_a), (rest_a, rest_b)
        for (one, factor), (other, more) in products:
            if INF in (one, other) or one + other > order:
                continue
            if factor is None or more is None:
                return None
            total += factor * more
        return total

    @staticmethod
    def _lowest(a: Germ) -> tuple[Any, Any]:
        """The lowest exponent of a term, and its coefficient; None for that where a power of L grows there."""
        low = min((key[0] for key in a.terms), default=INF)
        if any(key[0] == low and key[1] > 0 for key in a.terms):
            return low, None
        return low, a.terms[low, 0].ball if (low, 0) in a.terms else arb(0)

    def _spend(self, products: int) -> None:
        self.work += products
        if self.written_out and self.work > MOST_WORK:
            raise Unresolved

    @staticmethod
    def _is_nothing(a: Germ) -> bool:
        return a.exact and not a.terms and not a.huge

    def _low(self, a: Germ) -> Fraction:
        """The least exponent that may occur."""
        first = min((key[0] for key in a.terms), default=INF)
        return min(first, a.order)

    def leading(self, a: Germ) -> tuple[Key, Real]:
        """The dominant term, with a coefficient proved not to be zero."""
        if not a.terms:
            raise Short
        key = min(a.terms, key=_dominance)
        if key[0] >= a.order and a.within is None:
            raise Short
        a.terms[key].sign()
        return key, a.terms[key]

    def sign(self, a: Germ) -> int:
        """The sign of the germ for all small s > 0."""
        if a.huge:
            return a.huge
        if self._is_nothing(a):
            return 0
        if not a.terms and a.order >= INF and a.flat:
            return a.flat
        if not a.terms and a.within is not None and (a.within > 0 or a.within < 0):
            return 1 if a.within > 0 else -1
        if not a.terms and (a.wobble or a.within is not None and not a.within.is_zero()):
            raise Oscillates(message("a condition on a value that oscillates through zero"))
        (_, _), coefficient = self.leading(a)
        return coefficient.sign()

    def tends_to(self, a: Germ) -> Real | None:
        """The limit as s falls to 0; None if it is infinite."""
        if a.huge:
            return None
        if any(key[0] < 0 or key[0] == 0 and key[1] > 0 for key in a.terms):
            return None
        if a.order <= 0 and not a.exact and not (a.order == 0 and a.within is not None and a.within.is_zero()):
            if a.wobble or a.within is not None:
                raise Unknown(message("a value that oscillates without a limit"))
            raise Short
        return a.constant

    def without(self, a: Germ, constant: Real) -> Germ:
        return self.sub(a, number(constant))

    def scale(self, a: Germ, factor: Real) -> Germ:
        return self.mul(a, number(factor))

    # --- functions of coefficients
    def taylor(self, code: int, at: Real, count: int) -> Sequence[Real]:
        return taylor_at(code, at, count)

    def exponential(self, at: Real) -> Real:
        return exponential(at)

    def logarithm(self, at: Real) -> Real:
        return logarithm(at)

    # --- composition
    def compose(self, taylor: Callable[[int], Sequence[Real]], h: Germ) -> Germ:
        """sum taylor[k] h^k for a germ h that falls to 0."""
        if self._is_nothing(h):
            return number(taylor(1)[0])
        if not h.terms and h.order >= INF:  # a flat step: all that is known is the value and the sign
            value, slope = taylor(2)
            flat = h.flat * slope.sign() if h.flat else 0
            return Germ(number(value).terms, INF, False, False, flat)
        low = self._low(h)
        if any(key[0] == 0 for key in h.terms):
            raise Unknown(message("a power of a logarithm"))
        if low <= 0:
            raise Short
        count = min(int(self.limit / _below(low)) + 1, 64)
        coefficients = taylor(count)
        result = number(coefficients[-1])
        for coefficient in reversed(coefficients[:-1]):
            result = self.add(number(coefficient), self.mul(result, h))
        rest = low * count
        if h.wobble and not h.terms and not coefficients[1].is_zero():
            coefficients[1].sign()
            within = None if h.within is None else h.within * coefficients[1].ball
            return Germ(number(coefficients[0]).terms, h.order, False, True, within=within)
        if rest <= result.order:
            return self.make(result.terms, rest, False)
        return Germ(result.terms, result.order, False, result.wobble, 0, within=result.within)

    def analytic(self, code: int, a: Germ) -> Germ:
        """A function that is analytic at the limit of `a`, by its Taylor series there."""
        at = self.tends_to(a)
        if at is None:
            raise Unknown(message("{name} at infinity", name=PRIMITIVES[code].name))
        if a.is_constant:
            return number(self.taylor(code, at, 1)[0])
        return self.compose(lambda count: self.taylor(code, at, count), self.without(a, at))

    def _or_bounded(self, name: str, function: Callable[..., Germ]) -> Callable[..., Germ]:
        """A function that is asked for its values on an interval, where its argument is known to stay in that."""

        def either(a: Germ) -> Germ:
            if not a.terms and a.within is not None and a.order == 0:
                return self._bounded(CODE[name], a)
            return function(a)

        return either

    @staticmethod
    def _bounded(code: int, a: Germ) -> Germ:
        """A function that is continuous where its argument stays: it stays within its values there.

        A monotonic one takes an interval to that between the values at its ends.
        """
        function = SERIES.functions[code]
        assert function is not None
        ends = a.within, a.within.lower(), a.within.upper()
        with working(ctx.prec, 1):
            try:
                within, low, high = (function(arb_series([end]))[0] for end in ends)
            except (Undefined, Singular, Unresolved):
                raise Unknown(message("a value that oscillates without a limit")) from None
        if not within.is_finite():
            raise Unknown(message("a value that oscillates without a limit"))
        if PRIMITIVES[code].name in _MONOTONIC:
            return Germ({}, Fraction(0), False, a.wobble, within=low.union(high))
        return Germ({}, Fraction(0), False, within=within)

    def power(self, a: Germ, exponent: Fraction) -> Germ:
        """a^exponent by the leading term: c^p s^(p e) (1 + h)^p."""
        if exponent == 0:
            return number(ONE)
        if not a.terms and a.within is not None and (exponent.denominator == 1 and exponent > 0 or self.keeps_sign(a)):
            return self._power_of_rest(a, exponent)
        if exponent.denominator == 1 and 0 < exponent <= 16 and not a.huge:
            result = a
            for _ in range(int(exponent) - 1):
                result = self.mul(result, a)
            return result
        if a.huge or not a.terms and a.flat and a.order >= INF:
            positive = self.sign(a) > 0 or exponent.numerator % 2 == 0
            grows = bool(a.huge) == (exponent > 0)
            direction = 1 if positive else -1
            return Germ(exact=False, huge=direction) if grows else Germ({}, INF, False, False, direction)
        key, c = self.leading(a)
        rest = self.mul(a, Germ({(-key[0], -key[1]): c.inverse()}))
        h = self._minus_leading(rest)
        if any(key[0] == 0 for key in h.terms) or h.order <= 0 and not h.exact:
            raise Unknown(message("a power of a logarithm"))
        body = self.compose(lambda count: binomials(exponent, count), h)
        lead = Germ({(key[0] * exponent, key[1] * exponent): c.power(exponent)})
        return self.mul(lead, body)

    @staticmethod
    def keeps_sign(a: Germ) -> bool:
        """Whether a rest stays away from 0."""
        return a.within is not None and not a.within.contains(0)

    @staticmethod
    def _power_of_rest(a: Germ, exponent: Fraction) -> Germ:
        """The power is monotonic on each side of 0: an interval goes to an interval."""
        within = a.within if exponent.numerator % 2 and a.within.contains(0) else abs(a.within).nonnegative_part()
        p = fmpq(exponent.numerator, exponent.denominator)
        low, high = (-(abs(end) ** p) if end < 0 else end**p for end in (within.lower(), within.upper()))
        power = low.union(high)
        odd = exponent.numerator % 2 and a.within < 0
        return Germ({}, a.order * exponent, False, a.wobble, within=-power if odd else power)

    def _minus_leading(self, a: Germ) -> Germ:
        terms = {key: value for key, value in a.terms.items() if key != AT_ZERO}
        return Germ(terms, a.order, a.exact, a.wobble, a.flat, within=a.within)

    def log(self, name: str, a: Germ) -> Germ:
        """log(c s^e (1 + h)) = log c - e L + log(1 + h)."""
        if a.huge or not a.terms and a.flat:
            raise Unknown(message("a logarithm of something beyond all powers"))
        if self._is_nothing(a) or self.sign(a) < 0:
            value = a.constant if a.is_constant or key_is_constant(a) else ZERO
            raise outside(name, (value - ONE if name == "log1p" else value).ball, name == "xlogy")
        if not a.terms and a.within is not None:
            raise Unknown(message("a value that oscillates without a limit"))
        (exponent, logs), c = self.leading(a)
        if logs:
            raise Unknown(message("a logarithm of a logarithm"))
        rest = self.mul(a, Germ({(-exponent, 0): c.inverse()}))
        h = self._minus_leading(rest)
        result = self.compose(log1p_coefficients, h)
        head = Germ({(Fraction(0), 1): -_exact(exponent)} if exponent != 0 else {})
        return self.add(self.add(head, number(self.logarithm(c))), result)

    def log_by(self, name: str, a: Germ, base: int) -> Germ:
        """The logarithm to a base: of its powers it is whole."""
        natural, unit = self.log(name, a), logarithm(whole(base))
        terms = {key: value.over(unit) for key, value in natural.terms.items()}
        return replace(natural, terms=terms, within=None if natural.within is None else natural.within / unit.ball)

    def exp(self, a: Germ) -> Germ:
        """Bounded arguments by Taylor; k L makes a power of s; larger ones are huge or flat."""
        if a.huge:
            return Germ(exact=False, huge=1) if a.huge > 0 else Germ({}, INF, False, False, 1)
        growing = {key: value for key, value in a.terms.items() if key[0] < 0 or key[0] == 0 and key[1] > 0}
        if not growing:
            at = self.tends_to(a)
            if at is None:
                raise Short
            return self.scale(self.compose(exp_coefficients, self.without(a, at)), self.exponential(at))
        key = min(growing, key=_dominance)
        if key == _LOG:
            terms = {key: value for key, value in a.terms.items() if key != _LOG}
            rest = Germ(terms, a.order, a.exact, a.wobble, a.flat, within=a.within)
            return self.mul(Germ({(Exponent.of(-growing[key]), 0): ONE}), self.exp(rest))
        if key[0] >= a.order and a.within is None:
            raise Short
        return Germ(exact=False, huge=1) if growing[key].sign() > 0 else Germ({}, INF, False, False, 1)

    # --- functions with edges
    def sqrt(self, a: Germ) -> Germ:
        return self.root("sqrt", a, Fraction(1, 2))

    def root(self, name: str, a: Germ, exponent: Fraction) -> Germ:
        if self._is_nothing(a):
            return Germ()
        if not a.terms and a.order >= INF and a.flat > 0:
            return a
        if self.sign(a) < 0:
            raise outside(name, a.constant.ball)
        if a.constant.is_zero():
            self.note(message("{name} has an edge at {place}", name=name, place=0))
        return self.power(a, exponent)

    def cbrt(self, a: Germ) -> Germ:
        if self._is_nothing(a):
            return Germ()
        if a.constant.is_zero():
            self.note(message("cbrt has a vertical tangent at 0"))
        third = Fraction(1, 3)
        return self.power(a, third) if self.sign(a) > 0 else self.neg(self.power(self.neg(a), third))

    def div(self, a: Germ, b: Germ) -> Germ:
        if self._is_nothing(b):
            raise Undefined(message("division by zero"))
        return self.mul(a, self.power(b, Fraction(-1)))

    def pow(self, a: Germ, b: Germ) -> Germ:
        if b.is_constant:
            exponent = b.constant.rational
            if exponent is not None:
                return self.rational_power(a, Fraction(int(exponent.p), int(exponent.q)))
        if self._is_nothing(a):
            direction = self.sign(b)
            at = self.tends_to(b)
            if direction > 0:
                if at is not None and at.is_zero():
                    self.switched = True
                    self.note(message("0**y jumps at y = 0"))
                return Germ()
            raise Undefined(message("0 to the negative power {exponent}", exponent=shown(b.constant.ball)))
        if self.sign(a) < 0:
            at = self.tends_to(b)
            if b.is_constant:
                if b.constant.ball.contains_integer():
                    raise Unresolved
                raise Undefined(message("a negative base {base} to a broken power", base=shown(a.constant.ball)))
            if at is not None:
                self.sign(self.without(b, at))  # too short to tell whether it moves at all, as x/x does not
            raise Undefined(message("a negative base has powers at integers only"))
        if a.constant.is_zero():
            self.note(message("a power of 0"))
        return self.exp(self.mul(b, self.log("log", a)))

    def powc(self, a: Germ, exponent: Constant) -> Germ:
        return self.rational_power(a, Fraction(exponent))

    def rational_power(self, a: Germ, exponent: Fraction) -> Germ:
        if exponent == 0:
            return number(ONE)
        if self._is_nothing(a):
            if exponent < 0:
                raise Undefined(message("0 to the negative power {exponent}", exponent=exponent))
            return Germ()
        if exponent.denominator == 1:
            return self.power(a, exponent)
        if self.sign(a) < 0:
            raise Undefined(
                message(
                    "a negative base {base} to the broken power {exponent}",
                    base=shown(a.constant.ball),
                    exponent=float(exponent),
                )
            )
        if a.constant.is_zero():
            self.note(message("a broken power has an edge at 0"))
        return self.power(a, exponent)

    def relation(self, holds: tuple[int, ...]) -> Callable[[Germ, Germ], Germ]:
        def compare(a: Germ, b: Germ) -> Germ:
            difference = self.sub(a, b)
            try:
                side = self.sign(difference)
            except Oscillates:
                self.switched = self.torn = True
                return self._between(ZERO, ONE)
            bounded = not difference.terms and difference.within is not None and difference.order <= 0
            limit = None if difference.huge or bounded else self.tends_to(difference)
            if side and limit is not None and limit.is_zero() and (side in holds) != (0 in holds):
                self.switched = True
                self.note(message("a condition switches here"))
            return number(whole(int(side in holds)))

        return compare

    def abs(self, a: Germ) -> Germ:
        if not a.terms and a.within is not None and a.within.contains(0):
            return Germ({}, a.order, False, a.wobble, within=abs(a.within).nonnegative_part())
        return self.max(a, self.neg(a), message("{name} has a kink at 0", name="abs"))

    def max(self, a: Germ, b: Germ, kink: Message = _TIE) -> Germ:
        difference = self.sub(a, b)
        try:
            side = self.sign(difference)
        except Oscillates:
            if difference.within is None:
                raise
            return self._larger(a, b, difference)
        except Short:
            if difference.terms or difference.order < self.limit:
                raise
            # equal as far as the expansion goes: so far both say the same
            return Germ(a.terms, min(a.order, difference.order), False)
        limit = None if difference.huge else self.tends_to(difference)
        if limit is not None and limit.is_zero():
            self.note(kink)
        return a if side >= 0 else b

    def negation(self, a: Germ) -> Germ:
        try:
            return number(whole(int(not self.sign(a))))
        except Oscillates:
            self.torn = True
            return self._between(ZERO, ONE)

    def _larger(self, a: Germ, b: Germ, difference: Germ) -> Germ:
        """The larger of two whose difference is nothing but a rest: (a + b + |a - b|)/2."""
        size = abs(difference.within)  # of what comes close to an interval again and again, the size does too
        apart = Germ({}, difference.order, False, difference.wobble, within=size.nonnegative_part())
        return self.scale(self.add(self.add(a, b), apart), HALF)

    def min(self, a: Germ, b: Germ) -> Germ:
        return self.neg(self.max(self.neg(a), self.neg(b), message("{name} has a tie here", name="min")))

    def relu(self, a: Germ) -> Germ:
        return self.max(a, Germ(), message("{name} has a kink at 0", name="relu"))

    def sign_of(self, a: Germ) -> Germ:
        return self.jump(a, whole, message("{name} jumps at 0", name="sign"))

    def jump(self, a: Germ, value: Callable[[int], Real], reason: Message) -> Germ:
        try:
            side = self.sign(a)
        except Oscillates:
            self.switched = self.torn = True
            return self._between(value(-1), value(1))
        limit = self.tends_to(a) if a.terms or a.within is None or a.order > 0 else None
        if side and limit is not None and limit.is_zero():
            self.switched = True
            self.note(reason)
        return number(value(side))

    @staticmethod
    def _between(low: Real, high: Real) -> Germ:
        """A value of which nothing is known but that it stays between two."""
        return Germ({}, Fraction(0), False, within=low.ball.union(high.ball))

    def heaviside(self, a: Germ, b: Germ) -> Germ:
        side = self.sign(a)
        return (
            b
            if not side
            else self.jump(a, lambda side: whole(int(side > 0)), message("{name} jumps at 0", name="heaviside"))
        )

    def whole(self, name: str, a: Germ, toward: Callable[[fmpq], Any]) -> Germ:
        """floor, ceil and trunc: at an integer the side decides; at infinity it oscillates below the value."""
        if a.huge:
            self.torn = True
            return a
        at = self.tends_to(a)
        if at is None:
            return self._far(a, toward)
        if is_infinite(at.ball):
            raise Unknown(message("{name} at infinity", name=name))
        exact = at.rational
        if exact is None:
            if at.ball.contains_integer():
                raise Unresolved
            exact = (at.ball.floor() + arb(0.5)).fmpq()  # between the same integers
        if exact.q != 1:
            return number(real(toward(exact)))
        side = self.sign(self.without(a, at))
        result = toward(exact + fmpq(side, 2))
        if result != toward(exact):
            self.switched = True
            self.note(message("{name} jumps here", name=name))
        return number(real(result))

    def _far(self, a: Germ, toward: Callable[[fmpq], Any]) -> Germ:
        """What grows takes every fractional part again and again."""
        self.switched = self.torn = True
        half = fmpq(self.sign(a), 2)
        above = toward(half) > half
        continuous = exactly(a) or a.order > 0  # but for jumps that fall to 0
        fraction = Germ({}, Fraction(0), False, continuous, within=arb(0).union(arb(1 if above else -1)))
        return self.add(a, fraction)

    def round(self, a: Germ) -> Germ:
        at = self.tends_to(a)
        if at is not None and at.rational is not None and at.rational.q == 2:
            return self._round_half(a)
        return self.whole("round", self.add(a, number(HALF)), floor_of)  # nothing else is on an edge

    def _round_half(self, a: Germ) -> Germ:
        exact = a.constant.rational
        assert exact is not None
        side = self.sign(self.without(a, a.constant))
        result = half_even(exact + fmpq(side, 4))
        if result != half_even(exact):
            self.switched = True
            self.note(message("{name} jumps here", name="round"))
        return number(real(result))

    def mod(self, a: Germ, b: Germ) -> Germ:
        return self._left(a, b, self.remainder(a, b), "mod", floor_of)

    def fmod(self, a: Germ, b: Germ) -> Germ:
        return self._left(a, b, self.remainder(a, b), "fmod", truncate)

    def _left(self, a: Germ, b: Germ, quotient: Germ, name: str, toward: Callable[[fmpq], Any]) -> Germ:
        """a - b [a/b]; where the quotient grows, b times its fractional part."""
        whole = self.whole(name, quotient, toward)
        if not quotient.huge and self.tends_to(quotient) is None:
            return self.mul(b, self.sub(quotient, whole))
        return self.sub(a, self.mul(b, whole))

    def remainder(self, a: Germ, b: Germ) -> Germ:
        if self._is_nothing(b):
            raise Undefined(message("remainder of a division by zero"))
        return self.div(a, b)

    def hypot(self, a: Germ, b: Germ) -> Germ:
        squares = self.add(self.mul(a, a), self.mul(b, b))
        if squares.constant.is_zero():
            self.note(message("hypot is a cone at (0, 0)"))
        return self.sqrt(squares)

    def arcsine(self, a: Germ) -> Germ:
        if self._at_edge("asin", a):
            quarter = number(PI() * HALF)
            return self.sub(quarter, self.arccosine(a))
        return self._arcsine_inside(a)

    def _arcsine_inside(self, a: Germ) -> Germ:
        """asin(p + h) = asin(p) + asin((p + h) sqrt(1 - p^2) - p sqrt(1 - (p + h)^2))."""

        def cosine(b: Germ) -> Germ:
            return self.power(self.sub(number(ONE), self.mul(b, b)), Fraction(1, 2))

        def step(p: Germ) -> Germ:
            return self.sub(self.mul(a, cosine(p)), self.mul(p, cosine(a)))

        return self._from_zero("asin", a, step)

    def _from_zero(self, name: str, a: Germ, step: Callable[[Germ], Germ]) -> Germ:
        """f(p + h) = f(p) + f(step): the series at 0 is rational, and so all coefficients but the value are exact."""
        at = self.tends_to(a)
        if at is None or not self.without(a, at).terms or self._is_plain(a):
            return self.analytic(CODE[name], a)
        rise = self.compose(lambda count: taylor_at(CODE[name], ZERO, count), step(number(at)))
        return self.add(number(self.taylor(CODE[name], at, 1)[0]), rise)

    def arccosine(self, a: Germ) -> Germ:
        """pi/2 - asin(u); near 1: acos(u) = 2 asin(sqrt((1 - u)/2)); near -1: pi - acos(-u)."""
        if not self._at_edge("acos", a):
            if self._is_plain(a):
                return self.analytic(CODE["acos"], a)
            return self.sub(number(PI() * HALF), self._arcsine_inside(a))
        if a.constant.sign() < 0:
            return self.sub(number(PI()), self.arccosine(self.neg(a)))
        half = self.scale(self.sub(number(ONE), a), HALF)
        return self.scale(self.analytic(CODE["asin"], self.power_or_zero(half, Fraction(1, 2))), TWO)

    def power_or_zero(self, a: Germ, exponent: Fraction) -> Germ:
        return Germ() if self._is_nothing(a) else self.power(a, exponent)

    def _at_edge(self, name: str, a: Germ) -> bool:
        """Whether the argument falls to -1 or 1; beyond them there is no value."""
        at = self.tends_to(a)
        if at is None:
            raise outside(name, arb.pos_inf())
        inside = self.sub(number(ONE), self.mul(a, a))
        if not self._is_nothing(inside) and self.sign(inside) < 0:
            raise outside(name, at.ball)
        edge = (ONE - at * at).sign() == 0
        if edge:
            self.note(message("{name} has an edge at {place}", name=name, place=at.sign()))
        return edge

    def arccosh(self, a: Germ) -> Germ:
        """log(u + sqrt(u^2 - 1)); at the edge: acosh(u) = 2 asinh(sqrt((u - 1)/2))."""
        half = self.scale(self.sub(a, number(ONE)), HALF)
        if not self._is_nothing(half) and self.sign(half) < 0:
            raise outside("acosh", a.constant.ball)
        if half.constant.is_zero():
            self.note(message("{name} has an edge at {place}", name="acosh", place=1))
        elif not self._is_nothing(half) and not self._is_plain(a):
            root = self.power(self.sub(self.mul(a, a), number(ONE)), Fraction(1, 2))
            return self.log("log", self.add(a, root))
        return self.scale(self.arcsinh(self.power_or_zero(half, Fraction(1, 2))), TWO)

    def arcsinh(self, a: Germ) -> Germ:
        """log(u + sqrt(u^2 + 1)), where u is not 0."""
        if self._is_plain(a):
            return self.analytic(CODE["asinh"], a)
        if self.sign(a) < 0:
            return self.neg(self.arcsinh(self.neg(a)))
        root = self.sqrt(self.add(self.mul(a, a), number(ONE)))
        return self.log("log", self.add(a, root))

    def arctanh(self, a: Germ) -> Germ:
        one = number(ONE)
        inside = self.sub(one, self.mul(a, a))
        if self._is_nothing(inside) or self.sign(inside) < 0:
            raise outside("atanh", a.constant.ball)
        if not inside.constant.is_zero() and self._is_plain(a):
            return self.analytic(CODE["atanh"], a)
        quotient = self.div(self.add(one, a), self.sub(one, a))
        return self.scale(self.log("log", quotient), HALF)

    def _is_plain(self, a: Germ) -> bool:
        """Whether the Taylor series at the limit is taken; at 0 it is rational."""
        at = None if a.huge else self.tends_to(a)
        return at is not None and (not self.written_out or at.sign() == 0)

    def atan(self, a: Germ) -> Germ:
        """atan(p + h) = atan(p) + atan(h/(1 + p (p + h)))."""

        def step(p: Germ) -> Germ:
            return self.div(self.sub(a, p), self.add(number(ONE), self.mul(p, a)))

        if not a.huge and self.tends_to(a) is not None:
            return self._from_zero("atan", a, step)
        side = self.sign(a)  # atan(u) = +-pi/2 - atan(1/u)
        return self.sub(number(whole(side) * PI() * HALF), self.atan(self.power(a, Fraction(-1))))

    def atan2(self, a: Germ, b: Germ) -> Germ:
        if self._is_nothing(a) and self._is_nothing(b):
            raise Undefined(message("atan2 has no value at (0, 0)"))
        right = 0 if self._is_nothing(b) else self.sign(b)
        up = 0 if self._is_nothing(a) else self.sign(a)
        if right > 0:
            return self.atan(self.div(a, b))
        if right < 0:
            limit = self.tends_to(a)
            if up < 0 and limit is not None and limit.is_zero():
                self.switched = True
                self.note(message("atan2 jumps across the negative axis"))
            turn = -PI() if up < 0 else PI()
            return self.add(number(turn), self.atan(self.div(a, b)))
        return number(whole(up) * PI() * HALF)

    def oscillating(self, name: str, a: Germ) -> Germ:
        """sin and cos: at infinity they take every value of [-1, 1] again and again, if what grows is continuous."""
        if not a.huge and self.tends_to(a) is not None:
            return self.analytic(CODE[name], a)
        self.sign(a)
        return Germ({}, Fraction(0), False, not self.torn, within=arb(0, 1))

    def sincos(self, a: Germ) -> tuple[Germ, Germ]:
        return self.oscillating("sin", a), self.oscillating("cos", a)

    def tan(self, a: Germ) -> Germ:
        sine, cosine = self.sincos(a)
        if sine.wobble:
            raise Unknown(message("{name} at infinity", name="tan"))
        return self.div(sine, cosine)

    def cot(self, a: Germ) -> Germ:
        sine, cosine = self.sincos(a)
        if sine.wobble:
            raise Unknown(message("{name} at infinity", name="cot"))
        return self.div(cosine, sine)

    def over(self, name: str) -> Callable[[Germ], Germ]:
        return lambda a: self.div(number(ONE), self.oscillating(name, a))

    def hyperbolic(self, minus: int) -> Callable[[Germ], Germ]:
        """(e^a + minus e^-a)/2."""

        def function(a: Germ) -> Germ:
            if not a.huge and self.tends_to(a) is not None:
                return self.analytic(CODE["cosh" if minus > 0 else "sinh"], a)
            both = self.add(self.exp(a), self.scale(self.exp(self.neg(a)), whole(minus)))
            return self.scale(both, HALF) if not both.huge else both

        return function

    def tanh(self, a: Germ) -> Germ:
        """(1 - e)/(1 + e) with e = exp(-2|u|), where u is not 0."""
        if self._is_plain(a):
            return self.analytic(CODE["tanh"], a)
        side = self.sign(a)
        e = self.exp(self.scale(a, whole(-2 * side)) if not a.huge else Germ(exact=False, huge=-1))
        one = number(ONE)
        quotient = self.div(self.sub(one, e), self.add(one, e))
        return quotient if side > 0 else self.neg(quotient)

    def sigmoid(self, a: Germ) -> Germ:
        """Written out, 1/(1 + e^-a), but on the side where e is small."""
        if self._is_plain(a):
            return self.analytic(CODE["sigmoid"], a)
        one = number(ONE)
        if self.sign(a) > 0:
            return self.div(one, self.add(one, self.exp(self.neg(a))))
        e = self.exp(a)
        return self.div(e, self.add(one, e))

    def softplus(self, a: Germ) -> Germ:
        if self._is_plain(a):
            return self.analytic(CODE["softplus"], a)
        e = self.exp(a if self.sign(a) < 0 else self.neg(a))
        tail = self.log("log1p", self.add(number(ONE), e))
        return tail if self.sign(a) < 0 else self.add(a, tail)

    def logaddexp(self, a: Germ, b: Germ) -> Germ:
        return self.add(b, self.softplus(self.sub(a, b)))

    def xlogy(self, a: Germ, b: Germ) -> Germ:
        if self._is_nothing(a) and self._is_nothing(b):
            return Germ()
        return self.mul(a, self.log("xlogy", b))

    def error(self, a: Germ) -> Germ:
        if not a.huge and self.tends_to(a) is not None:
            return self.analytic(CODE["erf"], a)
        side = self.sign(a)
        return Germ({AT_ZERO: whole(side)}, INF, False, False, -side)

    def complementary(self, a: Germ) -> Germ:
        return self.sub(number(ONE), self.error(a))

    def gamma(self, a: Germ) -> Germ:
        return self.div(number(ONE), self._over_gamma("gamma", a))

    def lgamma(self, a: Germ) -> Germ:
        at = self.tends_to(a)
        if at is not None and at.sign() > 0:
            return self.analytic(CODE["lgamma"], a)
        return self.neg(self.log("lgamma", self.abs(self._over_gamma("lgamma", a))))

    def _over_gamma(self, name: str, a: Germ) -> Germ:
        at = self.tends_to(a)
        if at is None:
            raise Unknown(message("{name} at infinity", name=name))
        exact = at.rational
        if a.is_constant and exact is not None and exact.q == 1 and exact <= 0:
            raise Undefined(message("{name} has a pole at {place}", name=name, place=exact))
        return self.compose(lambda count: over_gamma_at(at, count), self.without(a, at))

    def polygamma(self, a: Germ, order: Constant, name: str = "polygamma") -> Germ:
        at = self.tends_to(a)
        if at is None:
            raise Unknown(message("{name} at infinity", name=name))
        exact = at.rational
        if exact is not None and exact.q == 1 and exact <= 0:
            if a.is_constant:
                raise Undefined(message("{name} has a pole at {place}", name=name, place=exact))
            raise Unknown(message("{name} at a pole", name=name))
        return self.compose(lambda count: taylor_of_polygamma(order, at, count), self.without(a, at))

    def hyp0f1(self, a: Germ, parameter: Constant) -> Germ:
        at = self.tends_to(a)
        if at is None:
            raise Unknown(message("{name} at infinity", name="hyp0f1"))
        function = SERIES.functions[CODE["hyp0f1"]]
        assert function is not None

        def taylor(count: int) -> list[Real]:
            exact = Fraction(parameter)
            if at.is_zero():
                return _hypergeometric(fmpq(exact.numerator, exact.denominator), count)
            return _taylor_of(f"hyp0f1 {exact}", lambda t: function(t, parameter), at, count)

        return number(taylor(1)[0]) if a.is_constant else self.compose(taylor, self.without(a, at))

    def _table(self) -> dict[str, Callable[..., Germ]]:
        one = number(ONE)
        return {
            "add": self.add,
            "sub": self.sub,
            "neg": self.neg,
            "mul": self.mul,
            "div": self.div,
            "fma": lambda a, b, c: self.add(self.mul(a, b), c),
            "pow": self.pow,
            "powc": self.powc,
            "lt": self.relation((-1,)),
            "le": self.relation((-1, 0)),
            "gt": self.relation((1,)),
            "ge": self.relation((0, 1)),
            "eq": self.relation((0,)),
            "ne": self.relation((-1, 1)),
            "not": self.negation,
            "exp": self.exp,
            "expm1": lambda a: self.sub(self.exp(a), one),
            "exp2": lambda a: self.exp(self.scale(a, logarithm(TWO))),
            "log": lambda a: self.log("log", a),
            "log2": lambda a: self.log_by("log2", a, 2),
            "log10": lambda a: self.log_by("log10", a, 10),
            "log1p": lambda a: self.log("log1p", self.add(one, a)),
            "logaddexp": self.logaddexp,
            "xlogy": self.xlogy,
            "sqrt": self.sqrt,
            "cbrt": self.cbrt,
            "hypot": self.hypot,
            "sin": lambda a: self.oscillating("sin", a),
            "cos": lambda a: self.oscillating("cos", a),
            "tan": self.tan,
            "sec": self.over("cos"),
            "csc": self.over("sin"),
            "cot": self.cot,
            "asin": self.arcsine,
            "acos": self.arccosine,
            "atan": self.atan,
            "atan2": self.atan2,
            "sinh": self.hyperbolic(-1),
            "cosh": self.hyperbolic(1),
            "tanh": self.tanh,
            "asinh": self.arcsinh,
            "acosh": self.arccosh,
            "atanh": self.arctanh,
            "abs": self.abs,
            "sign": self.sign_of,
            "floor": lambda a: self.whole("floor", a, floor_of),
            "ceil": lambda a: self.whole("ceil", a, ceil_of),
            "trunc": lambda a: self.whole("trunc", a, truncate),
            "round": self.round,
            "min": self.min,
            "max": self.max,
            "mod": self.mod,
            "fmod": self.fmod,
            "heaviside": self.heaviside,
            "relu": self.relu,
            "erf": self.error,
            "erfc": self.complementary,
            "gamma": self.gamma,
            "lgamma": self.lgamma,
            "digamma": lambda a: self.polygamma(a, 0.0, "digamma"),
            "polygamma": self.polygamma,
            "hyp0f1": self.hyp0f1,
            "sigmoid": self.sigmoid,
            "softplus": self.softplus,
            "detach": self.detach,
        }

    def detach(self, a: Germ) -> Germ:
        limit = self.tends_to(a)
        if limit is None:
            raise Unknown(message("{name} at infinity", name="detach"))
        return number(limit)


def straddles(within: Any) -> bool:
    """Whether a ball has 0 well inside: numbers close to both of its ends have different signs."""
    margin = within.rad() * 1e-6
    return bool(within.lower() < -margin and within.upper() > margin)


def exactly(a: Germ) -> bool:
    """Whether there is no rest, or one beyond all powers."""
    return a.exact or a.order >= INF


def key_is_constant(a: Germ) -> bool:
    return min(a.terms, key=_dominance, default=AT_ZERO) == AT_ZERO


def floor_of(value: fmpq) -> int:
    return int(value.floor())


def ceil_of(value: fmpq) -> int:
    return int(value.ceil())


def truncate(value: fmpq) -> int:
    return int(value.floor() if value >= 0 else value.ceil())


def half_even(value: fmpq) -> int:
    below = int((value + fmpq(1, 2)).floor())
    tied = value + fmpq(1, 2) == below
    return below - 1 if tied and below % 2 else below


_MONOTONIC = (
    "exp", "expm1", "exp2", "log", "log2", "log10", "log1p", "sqrt", "cbrt", "asin", "acos", "atan", "sinh", "tanh",
    "asinh", "acosh", "atanh", "erf", "erfc", "sigmoid", "softplus",
)  # fmt: skip
_CONTINUOUS = (*_MONOTONIC, "sin", "cos", "tan", "sec", "csc", "cot", "cosh", "gamma", "lgamma", "digamma")
"""Functions of one argument that are continuous where power series have a value."""


# --- named constants and Taylor coefficients
def PI() -> Real:  # noqa: N802 - the constant, at the precision now working
    return named("pi", arb.pi())


def _named_constant(value: Constant) -> Real:
    if value == "e":
        return exponential(ONE)
    if value == "tau":
        return TWO * PI()
    return named(value, NAMED_BALLS[value]() if isinstance(value, str) else arb(float(value)))


def _rational_series(function: Callable[[Any], Any], start: int, count: int) -> list[Real]:
    with working(ctx.prec, max(count, 2)):
        series = function(fmpq_series([start, 1]))
        return [real(series[k]) for k in range(count)]


def _hypergeometric(c: fmpq, count: int) -> list[Real]:
    """Coefficients of hyp0f1(c, t): 1/((c)_k k!)."""
    coefficients = [fmpq(1)]
    for k in range(count - 1):
        coefficients.append(coefficients[-1] / ((c + k) * (k + 1)))
    return [real(coefficient) for coefficient in coefficients]


def exp_coefficients(count: int) -> list[Real]:
    return _rational_series(fmpq_series.exp, 0, count)


def log1p_coefficients(count: int) -> list[Real]:
    return _rational_series(fmpq_series.log, 1, count)


@cache
def binomials(exponent: Fraction, count: int) -> list[Real]:
    """Coefficients of (1 + h)^exponent."""
    p = fmpq(exponent.numerator, exponent.denominator)
    coefficients = [fmpq(1)]
    for k in range(1, count):
        coefficients.append(coefficients[-1] * (p - (k - 1)) / k)
    return [real(coefficient) for coefficient in coefficients]


_RATIONAL_AT_ZERO: dict[str, Callable[[Any], Any]] = {
    "sin": fmpq_series.sin,
    "cos": fmpq_series.cos,
    "asin": fmpq_series.asin,
    "atan": fmpq_series.atan,
    "sinh": fmpq_series.sinh,
    "cosh": fmpq_series.cosh,
    "tanh": fmpq_series.tanh,
    "asinh": fmpq_series.asinh,
    "atanh": fmpq_series.atanh,
    "sigmoid": lambda t: 1 / (1 + (-t).exp()),
    "softplus": lambda t: ((1 + t.exp()) / 2).log(),
}


_ODD = ("asin", "atan", "erf")
"""What is -f(-x) where x is negative."""

_ARCS = {
    ("atan", fmpq(1)): fmpq(1, 4),
    ("asin", fmpq(1, 2)): fmpq(1, 6),
    ("acos", fmpq(0)): fmpq(1, 2),
    ("acos", fmpq(1, 2)): fmpq(1, 3),
    ("acos", fmpq(-1, 2)): fmpq(2, 3),
}
"""Arcs of rationals that are known multiples of pi."""


def taylor_at(code: int, at: Real, count: int) -> list[Real]:
    """Taylor coefficients of a primitive where it is analytic."""
    name = PRIMITIVES[code].name
    if at.is_zero() and name in _RATIONAL_AT_ZERO:
        first, *rest = _rational_series(_RATIONAL_AT_ZERO[name], 0, count)
        return [first + logarithm(TWO) if name == "softplus" else first, *rest]
    if name in ("sin", "cos"):
        return _circular(name, at, count)
    if name in ("sinh", "cosh"):
        return _hyperbolic(name, at, count)
    if name in _ODD and at.ball < 0:
        return [c if k % 2 else -c for k, c in enumerate(taylor_at(code, -at, count))]
    function = SERIES.functions[code]
    assert function is not None
    first, *rest = _taylor_of(name, function, at, count)
    turns = _ARCS.get((name, at.rational)) if at.rational is not None else None
    if turns is not None:
        first = PI() * real(turns)
    elif name in ("asin", "atan"):
        first = _arc_of_angle(name, at) or first
    return [first, *rest]


def _arc_of_angle(name: str, at: Real) -> Real | None:
    """asin(sin(u)) and atan(tan(u)): u, but for half turns."""
    if len(at.terms) != 1:
        return None
    ((monomial, q),) = at.terms.items()
    names = [atom.name if isinstance(atom.name, tuple) else () for atom, _ in monomial]
    if abs(q) != 1 or any(len(made) != 2 or made[0] not in ("sin", "cos") for made in names):
        return None
    angles = {made[1] for made in names}
    if len(angles) != 1:
        return None
    functions = sorted((made[0], power) for made, (_, power) in zip(names, monomial, strict=True))
    angle = Real(of_key(angles.pop()))
    if name == "asin" and functions == [("cos", 1)]:
        angle = PI() * HALF - angle
    elif functions != ([("sin", 1)] if name == "asin" else [("cos", -1), ("sin", 1)]):
        return None
    half_turns = ((angle.ball / arb.pi()) + arb(0.5)).floor().unique_fmpz()
    if half_turns is None:
        raise Unresolved
    angle = (angle - PI() * real(fmpq(half_turns))) * real(q)
    return -angle if name == "asin" and half_turns % 2 else angle


def _circular(name: str, at: Real, count: int) -> list[Real]:
    """sin and cos of a sum by the addition theorems; exact at whole and half multiples of pi."""
    cosine, sine = ONE, ZERO
    for part in _angles(at):
        c, s = _of_angle(part)
        cosine, sine = cosine * c - sine * s, sine * c + cosine * s
    sines, cosines = _rational_series(fmpq_series.sin, 0, count), _rational_series(fmpq_series.cos, 0, count)
    first, second = (sine, cosine) if name == "sin" else (cosine, -sine)
    return [first * c + second * s for c, s in zip(cosines, sines, strict=True)]


def _angles(at: Real) -> list[Real]:
    """An angle as a sum of those whose sine is known to be algebraic, and the rest."""
    parts, rest = [], ZERO
    for monomial, q in at.terms.items():
        part, once = Real({monomial: q}), Real({monomial: fmpq(1)})
        if once.key == PI().key and len(at.terms) > 1 and q.q in _NIVEN:
            parts.append(part)
        elif q.q == 1 and abs(q.p) <= MOST_ARCS and _arc(once):
            parts += [once if q > 0 else -once] * abs(int(q.p))
        else:
            rest = rest + part
    return [*parts, rest] if rest.terms or not parts else parts


def _arc(angle: Real) -> tuple[str, Real] | None:
    """What an angle is the asin or the atan of."""
    if len(angle.terms) != 1:
        return None
    ((monomial, q),) = angle.terms.items()
    if abs(q) != 1 or len(monomial) != 1 or monomial[0][1] != 1:
        return None
    name = monomial[0][0].name
    if not isinstance(name, tuple) or name[0] not in ("asin", "atan") or name[-1] != 0:
        return None
    return name[0], Real(of_key(name[1])) * real(q)


MOST_ARCS = 8
"""Multiples of an arc up to which sines and cosines are written out."""


_NIVEN = (1, 2, 3, 4, 6)
"""Denominators of the multiples of pi whose sine is a square root (Niven: its square is whole/4)."""


def _of_angle(at: Real) -> tuple[Real, Real]:
    """The cosine and the sine of one angle."""
    turns = (at * PI().inverse()).rational
    if turns is not None:
        cosine, sine = arb.cos_pi_fmpq(turns), arb.sin_pi_fmpq(turns)
        return _of_turns("cos", at, turns, cosine), _of_turns("sin", at, turns, sine)
    arc = _arc(at)
    if arc is not None:
        name, leg = arc
        if name == "asin":
            return (ONE - leg * leg).power(Fraction(1, 2)), leg
        cosine = (ONE + leg * leg).power(Fraction(-1, 2))
        return cosine, leg * cosine
    return of("cos", at, arb.cos), of("sin", at, arb.sin)


def _of_turns(name: str, at: Real, turns: fmpq, ball: Any) -> Real:
    """sin or cos of a multiple of pi: where it is a square root, as that."""
    if turns.q not in _NIVEN:
        return named((name, at.key), ball)
    root = real(fmpq((4 * ball * ball).unique_fmpz(), 4)).power(Fraction(1, 2))
    return -root if ball < 0 else root


def _hyperbolic(name: str, at: Real, count: int) -> list[Real]:
    """(e^a e^h + or - e^-a e^-h)/2."""
    grows, falls = exponential(at) * HALF, exponential(-at) * HALF
    turn = 1 if name == "cosh" else -1
    return [c * (grows + whole(turn * (-1) ** k) * falls) for k, c in enumerate(exp_coefficients(count))]


def over_gamma_at(at: Real, count: int) -> list[Real]:
    """1/gamma is entire; at whole numbers gamma is a factorial."""
    first, *rest = _taylor_of("rgamma", lambda t: t.rgamma(), at, count)
    exact = at.rational
    if exact is not None and exact.q == 1 and 0 < exact <= MOST_FACTORIAL:
        first = real(fmpq(1, factorial(int(exact.p) - 1)))
    return [first, *rest]


def taylor_of_polygamma(order: Constant, at: Real, count: int) -> list[Real]:
    function = SERIES.functions[CODE["polygamma"]]
    assert function is not None
    return _taylor_of(f"polygamma {order}", lambda t: function(t, order), at, count)


def _taylor_of(name: str, function: Callable[[Any], Any], at: Real, count: int) -> list[Real]:
    with working(ctx.prec, max(count, 2)):
        series = function(arb_series([at.ball, 1]))
        return [named((name, at.key, k), series[k]) for k in range(count)]
