"""Exact reals: formal sums of products of named reals, each with a ball.

    x = sum q_m * prod atom^k,    q_m rational, k whole

An atom is a real known by how it was made (`pi`, `exp(1/2)`, `sqrt(2)`, `sin(3)`)
and by a ball. Sums that cancel formally are proved to be zero, which no ball
alone can do: the derivative of exp(-(x/s)^2/2)/s at x = s is one. Anything else
is told from zero by its ball, at the precision FLINT is now working with.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from fractions import Fraction
from typing import Any

from flint import arb, ctx, fmpq

from diffcli.truth.exact.forms import (
    Atom,
    Monomial,
    Terms,
    ball_of,
    inverse,
    key_of,
    of_key,
    plus,
    term,
    times,
    whole_root,
)
from diffcli.truth.exact.identities import vanishes
from diffcli.truth.series import FORMAL, Unresolved

MOST_BITS = 1 << 13
"""Rationals longer than this are kept as balls."""
MOST_FACTORED = 64
"""Odd whole numbers of more bits than this are not factored."""
MOST_TERMS = 64
"""Sums longer than this are kept as balls."""


class Real:
    """A formal sum; `terms` maps monomials to rationals, none of them zero."""

    __slots__ = ("_ball", "terms")

    def __init__(self, terms: Terms) -> None:
        self.terms = terms
        self._ball: tuple[int, Any] | None = None

    @property
    def rational(self) -> Any:
        """The value as an `fmpq`, where the form is one; else None."""
        if not self.terms:
            return fmpq(0)
        return self.terms.get(()) if len(self.terms) == 1 else None

    @property
    def ball(self) -> Any:
        if self._ball is None or self._ball[0] != ctx.prec:
            self._ball = ctx.prec, ball_of(self.terms)
        return self._ball[1]

    @property
    def key(self) -> Hashable:
        return key_of(self.terms)

    def is_zero(self) -> bool:
        """Whether it is proved to be zero: formally or, at `FORMAL` bits and more, by an identity."""
        return not self.terms or ctx.prec >= FORMAL and self.ball.contains(0) and vanishes(self.terms)

    def sign(self) -> int:
        """The proved sign."""
        if not self.terms:
            return 0
        if self.ball > 0:
            return 1
        if self.ball < 0:
            return -1
        if self.is_zero():
            return 0
        raise Unresolved

    def __neg__(self) -> Real:
        return Real({monomial: -q for monomial, q in self.terms.items()})

    def __add__(self, other: Real) -> Real:
        return _bounded(Real(plus(self.terms, other.terms)))

    def __sub__(self, other: Real) -> Real:
        return self + -other

    def __mul__(self, other: Real) -> Real:
        return _bounded(Real(times(self.terms, other.terms)))

    def inverse(self) -> Real:
        """1/x, for x proved not to be zero."""
        if len(self.terms) == 1:
            return Real(inverse(self.terms))
        self.sign()
        return named(("inverse", self.key), 1 / self.ball)

    def over(self, other: Real) -> Real:
        """x/y, for y proved not to be zero; a rational where one form is a multiple of the other."""
        first, *_ = other.terms
        ratio = self.terms.get(first, fmpq(0)) / other.terms[first]
        if (self - other * real(ratio)).is_zero():
            return real(ratio)
        return self * other.inverse()

    def power(self, exponent: Fraction) -> Real:
        """x^exponent; for a negative x the exponent is whole."""
        if exponent.denominator == 1 and abs(exponent) <= 64:
            base = self if exponent >= 0 else self.inverse()
            result = whole(1)
            for _ in range(abs(int(exponent))):
                result = result * base
            return result
        if self.sign() < 0:
            if exponent.denominator != 1:
                raise Unresolved
            magnitude = (-self).power(exponent)
            return magnitude if exponent.numerator % 2 == 0 else -magnitude
        exact, degree = self.rational, exponent.denominator
        if exact is not None and 1 < degree <= 8 and abs(exponent) <= 64:
            roots = [whole_root(int(part), degree) for part in (exact.p, exact.q)]
            if roots[0] is not None and roots[1] is not None:
                return real(fmpq(*roots)).power(Fraction(exponent.numerator))
            root = Atom(("root", degree, self.key), self.ball ** fmpq(1, degree), degree, exact)
            return Real(term({root: exponent.numerator}))
        p = fmpq(exponent.numerator, exponent.denominator)
        return named(("power", exponent, self.key), self.ball**p)


def _bounded(value: Real) -> Real:
    """A form that grew too long becomes an atom without a name of its own."""
    long = len(value.terms) > MOST_TERMS or any(
        q.p.bit_length() + q.q.bit_length() > MOST_BITS for q in value.terms.values()
    )
    return named(object(), value.ball) if long else value


def real(value: Any) -> Real:
    """A rational (`fmpq`, int or Fraction) as an exact real."""
    q = fmpq(value.numerator, value.denominator) if isinstance(value, Fraction) else fmpq(value)
    return Real({(): q} if q != 0 else {})


def whole(value: int) -> Real:
    return real(value)


def named(name: Hashable, ball: Any) -> Real:
    """The real called `name`; a ball that is exact is that rational."""
    if ball.is_exact() and ball.is_finite():
        mantissa, exponent = (int(part) for part in ball.man_exp())
        if abs(exponent) + mantissa.bit_length() <= MOST_BITS:
            return real(Fraction(mantissa) * Fraction(2) ** exponent)
    return Real({((Atom(name, ball), 1),): fmpq(1)})


def of(name: str, argument: Real, function: Callable[[Any], Any]) -> Real:
    """`function` of a real, named by both; odd signs of exp are kept as powers: exp(-a) = 1/exp(a)."""
    return named((name, argument.key), function(argument.ball))


def exponential(argument: Real) -> Real:
    """e^x; rational multiples of logarithms are powers: exp(3 log 2 + y) = 8 exp(y)."""
    factor, rest = whole(1), dict(argument.terms)
    for monomial, q in argument.terms.items():
        base = _base(monomial)
        if base is not None:
            del rest[monomial]
            factor = factor * base.power(Fraction(int(q.p), int(q.q)))
    left = Real(rest)
    if left.is_zero():
        return factor
    if left.ball < 0:
        return factor * of("exp", -left, arb.exp).inverse()
    return factor * of("exp", left, arb.exp)


def logarithm(argument: Real) -> Real:
    """log of a positive real: of a product the sum, of a rational over its prime factors, of exp(x) it is x."""
    if len(argument.terms) != 1:
        return of("log", argument, arb.log)
    ((monomial, q),) = argument.terms.items()
    total = whole(0)
    for atom, power in monomial:
        if not atom.ball > 0:
            return of("log", argument, arb.log)
        total = total + _logarithm_of(atom) * whole(power)
    for part, turn in ((q.p, 1), (q.q, -1)):
        odd = int(part) // (int(part) & -int(part))  # floats are that, and a power of 2
        if not 0 < odd < 1 << MOST_FACTORED:
            return of("log", argument, arb.log)
        for prime, power in part.factor():
            total = total + of("log", whole(prime), arb.log) * whole(turn * int(power))
    return total


def _logarithm_of(atom: Atom) -> Real:
    if atom.root:
        return logarithm(real(atom.radicand)) * real(fmpq(1, atom.root))
    if isinstance(atom.name, tuple) and atom.name[0] == "exp":
        return _from_key(atom.name[1])
    return of("log", Real({((atom, 1),): fmpq(1)}), arb.log)


def _base(monomial: Monomial) -> Real | None:
    """What a monomial is the logarithm of, if it is one."""
    if len(monomial) == 1 and monomial[0][1] == 1:
        name = monomial[0][0].name
        if isinstance(name, tuple) and name[0] == "log":
            return _from_key(name[1])
    return None


def _from_key(key: Any) -> Real:
    return Real(of_key(key))
