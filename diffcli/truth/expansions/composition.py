"""Functions of one-sided expansions by their Taylor series, powers, exponentials and logarithms."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction

from flint import arb_series, ctx, fmpq

from diffcli.core.primitives import CODE, PRIMITIVES
from diffcli.core.program import Constant
from diffcli.runtime.messages import message
from diffcli.truth.exact.reals import Real, exponential, logarithm, whole
from diffcli.truth.expansions.algebra import Algebra
from diffcli.truth.expansions.coefficients import (
    binomials,
    exp_coefficients,
    log1p_coefficients,
    taylor_at,
)
from diffcli.truth.expansions.expansion import (
    AT_ZERO,
    INF,
    LOG,
    ONE,
    ZERO,
    Exponent,
    OneSidedExpansion,
    Short,
    Unknown,
    below,
    dominance,
    exact_exponent,
    key_is_constant,
    number,
)
from diffcli.truth.series import (
    SERIES,
    Singular,
    Undefined,
    Unresolved,
    outside,
    shown,
    working,
)

_MONOTONIC = (
    "exp", "expm1", "exp2", "log", "log2", "log10", "log1p", "sqrt", "cbrt", "asin", "acos", "atan", "sinh", "tanh",
    "asinh", "acosh", "atanh", "erf", "erfc", "sigmoid", "softplus",
)  # fmt: skip

CONTINUOUS = (*_MONOTONIC, "sin", "cos", "tan", "sec", "csc", "cot", "cosh", "gamma", "lgamma", "digamma")
"""Functions of one argument that are continuous where power series have a value."""


class Composition(Algebra):
    """The algebra with functions: f(a + h) = sum f^(k)(a)/k! h^k, where h falls to 0.

    Powers and logarithms take the leading term out first: (c s^e (1 + h))^p = c^p s^(e p) (1 + h)^p.
    """

    def taylor(self, code: int, at: Real, count: int) -> Sequence[Real]:
        return taylor_at(code, at, count)

    def exponential(self, at: Real) -> Real:
        return exponential(at)

    def logarithm(self, at: Real) -> Real:
        return logarithm(at)

    def compose(self, taylor: Callable[[int], Sequence[Real]], h: OneSidedExpansion) -> OneSidedExpansion:
        """sum taylor[k] h^k for an expansion h that falls to 0."""
        if self._is_nothing(h):
            return number(taylor(1)[0])
        if not h.terms and h.order >= INF:  # a flat step: all that is known is the value and the sign
            value, slope = taylor(2)
            flat = h.flat * slope.sign() if h.flat else 0
            return OneSidedExpansion(number(value).terms, INF, False, False, flat)
        low = self._low(h)
        if any(key[0] == 0 for key in h.terms):
            raise Unknown(message("a power of a logarithm"))
        if low <= 0:
            raise Short
        count = min(int(self.limit / below(low)) + 1, 64)
        coefficients = taylor(count)
        result = number(coefficients[-1])
        for coefficient in reversed(coefficients[:-1]):
            result = self.add(number(coefficient), self.mul(result, h))
        rest = low * count
        if h.wobble and not h.terms and not coefficients[1].is_zero():
            coefficients[1].sign()
            within = None if h.within is None else h.within * coefficients[1].ball
            return OneSidedExpansion(number(coefficients[0]).terms, h.order, False, True, within=within)
        if rest <= result.order:
            return self.make(result.terms, rest, False)
        return OneSidedExpansion(result.terms, result.order, False, result.wobble, 0, within=result.within)

    def analytic(self, code: int, a: OneSidedExpansion) -> OneSidedExpansion:
        """A function that is analytic at the limit of `a`, by its Taylor series there."""
        at = self.tends_to(a)
        if at is None:
            raise Unknown(message("{name} at infinity", name=PRIMITIVES[code].name))
        if a.is_constant:
            return number(self.taylor(code, at, 1)[0])
        return self.compose(lambda count: self.taylor(code, at, count), self.without(a, at))

    def _or_bounded(self, name: str, function: Callable[..., OneSidedExpansion]) -> Callable[..., OneSidedExpansion]:
        """A function that is asked for its values on an interval, where its argument is known to stay in that."""

        def either(a: OneSidedExpansion) -> OneSidedExpansion:
            if not a.terms and a.within is not None and a.order == 0:
                return self._bounded(CODE[name], a)
            return function(a)

        return either

    @staticmethod
    def _bounded(code: int, a: OneSidedExpansion) -> OneSidedExpansion:
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
            return OneSidedExpansion({}, Fraction(0), False, a.wobble, within=low.union(high))
        return OneSidedExpansion({}, Fraction(0), False, within=within)

    def power(self, a: OneSidedExpansion, exponent: Fraction) -> OneSidedExpansion:
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
            if grows:
                return OneSidedExpansion(exact=False, huge=direction)
            return OneSidedExpansion({}, INF, False, False, direction)
        key, c = self.leading(a)
        rest = self.mul(a, OneSidedExpansion({(-key[0], -key[1]): c.inverse()}))
        h = self._minus_leading(rest)
        if any(key[0] == 0 for key in h.terms) or h.order <= 0 and not h.exact:
            raise Unknown(message("a power of a logarithm"))
        body = self.compose(lambda count: binomials(exponent, count), h)
        lead = OneSidedExpansion({(key[0] * exponent, key[1] * exponent): c.power(exponent)})
        return self.mul(lead, body)

    @staticmethod
    def keeps_sign(a: OneSidedExpansion) -> bool:
        """Whether a rest stays away from 0."""
        return a.within is not None and not a.within.contains(0)

    @staticmethod
    def _power_of_rest(a: OneSidedExpansion, exponent: Fraction) -> OneSidedExpansion:
        """The power is monotonic on each side of 0: an interval goes to an interval."""
        within = a.within if exponent.numerator % 2 and a.within.contains(0) else abs(a.within).nonnegative_part()
        p = fmpq(exponent.numerator, exponent.denominator)
        low, high = (-(abs(end) ** p) if end < 0 else end**p for end in (within.lower(), within.upper()))
        power = low.union(high)
        odd = exponent.numerator % 2 and a.within < 0
        return OneSidedExpansion({}, a.order * exponent, False, a.wobble, within=-power if odd else power)

    def _minus_leading(self, a: OneSidedExpansion) -> OneSidedExpansion:
        terms = {key: value for key, value in a.terms.items() if key != AT_ZERO}
        return OneSidedExpansion(terms, a.order, a.exact, a.wobble, a.flat, within=a.within)

    def log(self, name: str, a: OneSidedExpansion) -> OneSidedExpansion:
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
        rest = self.mul(a, OneSidedExpansion({(-exponent, 0): c.inverse()}))
        h = self._minus_leading(rest)
        result = self.compose(log1p_coefficients, h)
        head = OneSidedExpansion({(Fraction(0), 1): -exact_exponent(exponent)} if exponent != 0 else {})
        return self.add(self.add(head, number(self.logarithm(c))), result)

    def log_by(self, name: str, a: OneSidedExpansion, base: int) -> OneSidedExpansion:
        """The logarithm to a base: of its powers it is whole."""
        natural, unit = self.log(name, a), logarithm(whole(base))
        terms = {key: value.over(unit) for key, value in natural.terms.items()}
        return replace(natural, terms=terms, within=None if natural.within is None else natural.within / unit.ball)

    def exp(self, a: OneSidedExpansion) -> OneSidedExpansion:
        """Bounded arguments by Taylor; k L makes a power of s; larger ones are huge or flat."""
        if a.huge:
            return OneSidedExpansion(exact=False, huge=1) if a.huge > 0 else OneSidedExpansion({}, INF, False, False, 1)
        growing = {key: value for key, value in a.terms.items() if key[0] < 0 or key[0] == 0 and key[1] > 0}
        if not growing:
            at = self.tends_to(a)
            if at is None:
                raise Short
            return self.scale(self.compose(exp_coefficients, self.without(a, at)), self.exponential(at))
        key = min(growing, key=dominance)
        if key == LOG:
            terms = {key: value for key, value in a.terms.items() if key != LOG}
            rest = OneSidedExpansion(terms, a.order, a.exact, a.wobble, a.flat, within=a.within)
            return self.mul(OneSidedExpansion({(Exponent.of(-growing[key]), 0): ONE}), self.exp(rest))
        if key[0] >= a.order and a.within is None:
            raise Short
        if growing[key].sign() > 0:
            return OneSidedExpansion(exact=False, huge=1)
        return OneSidedExpansion({}, INF, False, False, 1)

    # --- powers and roots

    def sqrt(self, a: OneSidedExpansion) -> OneSidedExpansion:
        return self.root("sqrt", a, Fraction(1, 2))

    def root(self, name: str, a: OneSidedExpansion, exponent: Fraction) -> OneSidedExpansion:
        if self._is_nothing(a):
            return OneSidedExpansion()
        if not a.terms and a.order >= INF and a.flat > 0:
            return a
        if self.sign(a) < 0:
            raise outside(name, a.constant.ball)
        if a.constant.is_zero():
            self.note(message("{name} has an edge at {place}", name=name, place=0))
        return self.power(a, exponent)

    def cbrt(self, a: OneSidedExpansion) -> OneSidedExpansion:
        if self._is_nothing(a):
            return OneSidedExpansion()
        if a.constant.is_zero():
            self.note(message("cbrt has a vertical tangent at 0"))
        third = Fraction(1, 3)
        return self.power(a, third) if self.sign(a) > 0 else self.neg(self.power(self.neg(a), third))

    def div(self, a: OneSidedExpansion, b: OneSidedExpansion) -> OneSidedExpansion:
        if self._is_nothing(b):
            raise Undefined(message("division by zero"))
        return self.mul(a, self.power(b, Fraction(-1)))

    def pow(self, a: OneSidedExpansion, b: OneSidedExpansion) -> OneSidedExpansion:
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
                return OneSidedExpansion()
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

    def powc(self, a: OneSidedExpansion, exponent: Constant) -> OneSidedExpansion:
        return self.rational_power(a, Fraction(exponent))

    def rational_power(self, a: OneSidedExpansion, exponent: Fraction) -> OneSidedExpansion:
        if exponent == 0:
            return number(ONE)
        if self._is_nothing(a):
            if exponent < 0:
                raise Undefined(message("0 to the negative power {exponent}", exponent=exponent))
            return OneSidedExpansion()
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

    def power_or_zero(self, a: OneSidedExpansion, exponent: Fraction) -> OneSidedExpansion:
        return OneSidedExpansion() if self._is_nothing(a) else self.power(a, exponent)
