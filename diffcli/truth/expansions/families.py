"""Iterated expansions: what f(x + s u + t v) does as s falls to 0, for every small t > 0 by itself.

An expansion in s whose coefficients are functions of t, of which an expansion in t is known:

    f(x + s u + t v) = sum c_a(t) s^a L^k + rest,    rest = O(s^order), for each t by itself

Nothing is asked of f in both variables at once, as a derivative of a derivative asks nothing: first s falls, then t.
That s is smaller than all powers of t decides every kink: |t - s| is t - s, and |s| stays a kink for all t.

A coefficient is a number that moves with t: a formal sum of products of named numbers (`forms`), some of which
move, and what it does as t falls to 0 (`algebra`). The form proves that two coefficients are the same function of t,
which no expansion of finitely many terms can; the expansion proves that they differ.

What is proved rests on this: coefficients without oscillation are functions of a Hardy field (Hardy, Orders of
Infinity, 1910; van den Dries, Macintyre, Marker, Ann. Math. 140 (1994)), so each has a sign for all small t, that of
the leading term, and an expansion that may be differentiated.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction
from functools import cache
from math import comb
from typing import Any

from flint import arb

from diffcli.core.primitives import CODE, PRIMITIVES
from diffcli.core.program import Constant
from diffcli.runtime.messages import message
from diffcli.truth.exact.forms import Atom, Terms, inverse, plus, term, times
from diffcli.truth.exact.reals import MOST_BITS, MOST_TERMS, Real, exponential, logarithm, real
from diffcli.truth.expansions.coefficients import over_gamma_at, taylor_at, taylor_of_polygamma
from diffcli.truth.expansions.expansion import AT_ZERO, ONE, OneSidedExpansion, Unknown, number
from diffcli.truth.expansions.functions import Expansions
from diffcli.truth.series import Singular, Undefined


class Mover(Atom):
    """A name for a number that moves with t."""


_T = Mover("t", arb(1))


class Moving(Real):
    """A number that moves with t; `expansion` is what it does as t falls to 0, in the algebra `algebra`."""

    __slots__ = ("algebra", "expansion")

    def __init__(self, terms: Terms, expansion: OneSidedExpansion, algebra: Expansions) -> None:
        super().__init__(terms)
        self.expansion, self.algebra = expansion, algebra

    @property
    def ball(self) -> Any:
        """No number is known of what moves: one that holds nothing, so that whoever asks decides nothing."""
        return arb.nan()

    def is_zero(self) -> bool:
        return self.expansion == OneSidedExpansion()

    def sign(self) -> int:
        """For all small t."""
        return self.algebra.sign(self.expansion)

    def __neg__(self) -> Real:
        return Moving((-Real(self.terms)).terms, self.algebra.neg(self.expansion), self.algebra)

    def __add__(self, other: Real) -> Real:
        return _made(plus(self.terms, other.terms), self.algebra.add(self.expansion, expansion_of(other)), self.algebra)

    __radd__ = __add__

    def __sub__(self, other: Real) -> Real:
        return self + -other

    def __mul__(self, other: Real) -> Real:
        return _made(
            times(self.terms, other.terms), self.algebra.mul(self.expansion, expansion_of(other)), self.algebra
        )

    __rmul__ = __mul__

    def inverse(self) -> Real:
        self.sign()
        expansion = self.algebra.power(self.expansion, Fraction(-1))
        return (
            _made(inverse(self.terms), expansion, self.algebra)
            if len(self.terms) == 1
            else self._named("inverse", expansion)
        )

    def over(self, other: Real) -> Real:
        return self * other.inverse()

    def power(self, exponent: Fraction) -> Real:
        if exponent.denominator == 1 and abs(exponent) <= 64:
            return super().power(exponent)
        return self._named("power", self.algebra.power(self.expansion, exponent), exponent)

    def _named(self, name: str, expansion: OneSidedExpansion, *more: Any) -> Real:
        return named((name, *more, self.key), expansion, self.algebra)


def expansion_of(value: Real) -> OneSidedExpansion:
    """What a number does as t falls to 0."""
    return value.expansion if isinstance(value, Moving) else number(value)


def named(name: Any, expansion: OneSidedExpansion, algebra: Expansions) -> Real:
    """The number called `name`."""
    return _made(term({Mover(name, arb(1)): 1}), expansion, algebra)


def _made(terms: Terms, expansion: OneSidedExpansion, algebra: Expansions) -> Real:
    """A number by form and expansion: no moving one, where either shows that it does not move."""
    if expansion.is_constant:
        return expansion.constant
    if expansion.exact and all(not key[1] and _is_whole(key[0]) for key in expansion.terms):  # it is its expansion
        terms = {}
        for (exponent, _), value in expansion.terms.items():
            terms = plus(terms, times(value.terms, term({_T: int(exponent)} if exponent else {})))
    if not any(isinstance(atom, Mover) for monomial in terms for atom, _ in monomial):
        return Real(terms)
    if len(terms) > MOST_TERMS or any(q.p.bit_length() + q.q.bit_length() > MOST_BITS for q in terms.values()):
        terms = term({Mover(object(), arb(1)): 1})
    return Moving(terms, expansion, algebra)


def _is_whole(exponent: Any) -> bool:
    return isinstance(exponent, Fraction) and exponent.denominator == 1


class Families(Expansions):
    """The algebra of algebra in s over numbers that move with t.

    `sided` is set when what is done depends on the side from which s falls to 0.
    """

    def __init__(self, algebra: Expansions, limit: int) -> None:
        super().__init__(limit, algebra.written_out)
        self.algebra = algebra
        self.sided = False

    def forget(self) -> None:
        super().forget()
        self.sided = False

    def point(self, at: Constant, t: Real, s: Real) -> OneSidedExpansion:
        """at + s + t, by the slopes of s and t."""
        moved = self.algebra.add(
            self.algebra.constant(at), OneSidedExpansion({} if t.is_zero() else {(Fraction(1), 0): t})
        )
        terms = {} if s.is_zero() else {(Fraction(1), 0): s}
        return OneSidedExpansion(terms | number(_made({}, moved, self.algebra) if t.terms else moved.constant).terms)

    # --- what depends on the side
    def sign(self, a: OneSidedExpansion) -> int:
        self.sided = self.sided or not self._is_nothing(a) and not _at_once(a)
        return super().sign(a)

    def power(self, a: OneSidedExpansion, exponent: Fraction) -> OneSidedExpansion:
        self.sided = self.sided or exponent.denominator != 1 and not _at_once(a)
        return super().power(a, exponent)

    def exp(self, a: OneSidedExpansion) -> OneSidedExpansion:
        self.sided = self.sided or bool(a.huge) or any(key[0] < 0 or key[1] for key in a.terms)
        if isinstance(a.terms.get((Fraction(0), 1)), Moving):
            raise Unknown(message("a power of s that moves"))
        return super().exp(a)

    # --- what oscillates as s falls to 0 has no bounds here that hold for all t
    def decide(self, condition: OneSidedExpansion) -> bool:
        return self.sign(condition) != 0

    def mul(self, a: OneSidedExpansion, b: OneSidedExpansion) -> OneSidedExpansion:
        for one, other in ((a, b), (b, a)):
            if one.wobble and other.terms:
                other.terms[min(other.terms, key=lambda key: (key[0], -key[1]))].sign()  # proved not to be zero
        return super().mul(a, b)

    def oscillating(self, name: str, a: OneSidedExpansion) -> OneSidedExpansion:
        return replace(super().oscillating(name, a), within=None)

    @staticmethod
    def _between(low: Real, high: Real) -> OneSidedExpansion:
        del low, high
        raise Unknown(message("a value that oscillates without a limit"))

    def _far(self, a: OneSidedExpansion, toward: Callable[[Any], Any]) -> OneSidedExpansion:
        del a, toward
        raise Unknown(message("a value that oscillates without a limit"))

    def whole(self, name: str, a: OneSidedExpansion, toward: Callable[[Any], Any]) -> OneSidedExpansion:
        at = self.tends_to(a)
        if isinstance(at, Moving):  # between whole numbers, but at t = 0
            whole = self.algebra.whole(name, at.expansion, toward)
            if not whole.is_constant:
                raise Unknown(message("a value that oscillates without a limit"))
            return whole
        return super().whole(name, a, toward)

    # --- functions of what moves
    def pow(self, a: OneSidedExpansion, b: OneSidedExpansion) -> OneSidedExpansion:
        if isinstance(b.constant, Moving) and not self._is_nothing(a) and self.sign(a) < 0:
            raise Undefined(message("a negative base has powers at integers only"))
        return super().pow(a, b)

    def exponential(self, at: Real) -> Real:
        if not isinstance(at, Moving):
            return exponential(at)
        return named(("exp", at.key), self.algebra.exp(at.expansion), self.algebra)

    def logarithm(self, at: Real) -> Real:
        if not isinstance(at, Moving):
            return logarithm(at)
        return named(("log", at.key), self.algebra.log("log", at.expansion), self.algebra)

    def taylor(self, code: int, at: Real, count: int) -> Sequence[Real]:
        if not isinstance(at, Moving):
            return taylor_at(code, at, count)
        name = PRIMITIVES[code].name
        if name in ("sin", "cos"):
            return self._circular(name, at, count)
        first = named((name, at.key), self.function(code)(at.expansion), self.algebra)
        return [first, *self._shifted(name, lambda limit, many: taylor_at(code, limit, many), at, count)[1:]]

    def function(self, code: int) -> Callable[..., OneSidedExpansion]:
        function = self.algebra.functions[code]
        assert function is not None
        return function

    def _circular(self, name: str, at: Moving, count: int) -> list[Real]:
        """sin(a + h) = sin(a) cos(h) + cos(a) sin(h), with the series of sin and cos at 0."""
        parts = [(part, self.function(CODE[part])(at.expansion)) for part in ("sin", "cos")]
        sine, cosine = (named((part, at.key), expansion, self.algebra) for part, expansion in parts)
        one, other = (sine, cosine) if name == "sin" else (cosine, -sine)
        even, odd = (taylor_at(CODE[part], real(0), count) for part in ("cos", "sin"))
        return [one * c + other * s for c, s in zip(even, odd, strict=True)]

    def _shifted(self, name: str, taylor: Callable[[Real, int], Sequence[Real]], at: Moving, count: int) -> list[Real]:
        """Taylor coefficients at a(t) by those at its limit: (a + h)^n by the binomial theorem."""
        limit = None if at.expansion.huge else self.algebra.tends_to(at.expansion)
        if limit is None:
            raise Unknown(message("{name} at infinity", name=name))
        step = self.algebra.without(at.expansion, limit)

        @cache
        def known(many: int) -> Sequence[Real]:
            try:
                return taylor(limit, many)
            except (Undefined, Singular):
                raise Unknown(message("{name} near a point where it has no expansion", name=name)) from None

        def coefficient(k: int) -> Real:
            def around(many: int) -> list[Real]:
                return [known(k + many)[k + m] * real(comb(k + m, m)) for m in range(many)]

            return named((name, at.key, k), self.algebra.compose(around, step), self.algebra)

        return [coefficient(k) for k in range(count)]

    def _is_plain(self, a: OneSidedExpansion) -> bool:
        """Whether a Taylor series at what `a` tends to can be had by the one at its limit: not at edges, -1 and 1."""
        at = None if a.huge else self.tends_to(a)
        if not isinstance(at, Moving):
            return super()._is_plain(a)
        limit = None if at.expansion.huge else self.algebra.tends_to(at.expansion)
        return limit is not None and (limit * limit - ONE).sign() != 0

    def _over_gamma(self, name: str, a: OneSidedExpansion) -> OneSidedExpansion:
        at = self.tends_to(a)
        if not isinstance(at, Moving):
            return super()._over_gamma(name, a)
        return self.compose(lambda count: self._shifted("rgamma", over_gamma_at, at, count), self.without(a, at))

    def polygamma(self, a: OneSidedExpansion, order: Constant, name: str = "polygamma") -> OneSidedExpansion:
        at = self.tends_to(a)
        if not isinstance(at, Moving):
            return super().polygamma(a, order, name)

        def taylor(limit: Real, count: int) -> Sequence[Real]:
            return taylor_of_polygamma(order, limit, count)

        return self.compose(lambda count: self._shifted(f"{name} {order}", taylor, at, count), self.without(a, at))


def _at_once(a: OneSidedExpansion) -> bool:
    """Whether the value at s = 0 is finite and not 0, so that nothing depends on s."""
    return not a.huge and AT_ZERO in a.terms and all(key[0] >= 0 and (key[0] or not key[1]) for key in a.terms)
