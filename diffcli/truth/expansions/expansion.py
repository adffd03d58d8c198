"""One-sided expansions: what a function does at x + s as s falls to 0.

An expansion is a finite sum of terms c s^a L^k, with L = log(1/s), exponents a that are rationals or
exact reals, rational k, and what is known of the rest:

    f(x + s) = sum c s^a L^k + rest,   rest = O(s^order) up to powers of L

Coefficients are exact reals (`reals`), so that ties and equal limits are proved, not guessed. An expansion
without s is a value at the point itself. What is computed with them is said by `algebra`, `composition`,
`edges` and `functions`, each built on the one before; no derivative rule of ours is read.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from diffcli.runtime.messages import message
from diffcli.truth.exact.reals import Real, real
from diffcli.truth.series import (
    Unresolved,
)

INF = Fraction(10**9)
"""An exponent beyond all powers: the order of a rest that is flat, or not there."""


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
        side = (self.value - exact_exponent(other)).sign()
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
        return Exponent.of(self.value + exact_exponent(other))

    __radd__ = __add__

    def __mul__(self, other: Any) -> Any:
        return Exponent.of(self.value * exact_exponent(other))

    __rmul__ = __mul__

    def __neg__(self) -> Exponent:
        return Exponent(-self.value)

    def __sub__(self, other: Any) -> Any:
        return self + -other


def exact_exponent(exponent: Any) -> Real:
    return exponent.value if isinstance(exponent, Exponent) else real(Fraction(exponent))


def below(exponent: Any) -> Fraction:
    """A positive rational, not above a positive exponent."""
    if not isinstance(exponent, Exponent):
        return Fraction(exponent)
    lower = exponent.value.ball.lower().fmpq()
    if lower <= 0:
        raise Unresolved
    return Fraction(int(lower.p), int(lower.q))


class Short(Exception):
    """The expansion is cut too early to tell: more terms are needed."""


class Unknown(Exception):
    """No expansion of this kind is known here; the text says of what."""


class Oscillates(Unknown):
    """The sign of a value is not the same for all small s."""


@dataclass(frozen=True, slots=True)
class OneSidedExpansion:
    """Terms by (exponent, power of L), and what is known of the rest.

    `order`: the rest is O(s^order); `exact`: there is no rest. `within`: the rest
    divided by s^order stays, in the limit, within this ball; there are no powers of L in it
    then, and terms s^order L^k with k > 0 stand before it. `wobble`: what it comes close to again
    and again is an interval of more than one number, so that it oscillates without a limit.
    `flat`: the sign of a rest smaller than all powers (0: unknown). `huge`: the expansion
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


LOG = (Fraction(0), 1)


ZERO, ONE, TWO, HALF = (real(Fraction(q)) for q in ("0", "1", "2", "1/2"))


def number(value: Real) -> OneSidedExpansion:
    return OneSidedExpansion({} if value.is_zero() else {AT_ZERO: value})


def variable(at: Real, slope: Real) -> OneSidedExpansion:
    """at + slope s."""
    terms = {} if slope.is_zero() else {(Fraction(1), 0): slope}
    return OneSidedExpansion(terms | number(at).terms)


def dominance(key: Key) -> Key:
    return key[0], -key[1]


def straddles(within: Any) -> bool:
    """Whether a ball has 0 well inside: numbers close to both of its ends have different signs."""
    margin = within.rad() * 1e-6
    return bool(within.lower() < -margin and within.upper() > margin)


def exactly(a: OneSidedExpansion) -> bool:
    """Whether there is no rest, or one beyond all powers."""
    return a.exact or a.order >= INF


def key_is_constant(a: OneSidedExpansion) -> bool:
    return min(a.terms, key=dominance, default=AT_ZERO) == AT_ZERO
