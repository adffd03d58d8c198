"""Functions with kinks, jumps and ties: the sign of an expansion decides which way they go."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

from flint import arb, fmpq

from diffcli.runtime.messages import Message, message
from diffcli.truth.exact.forms import is_infinite
from diffcli.truth.exact.reals import Real, real, whole
from diffcli.truth.expansions.composition import Composition
from diffcli.truth.expansions.expansion import (
    HALF,
    ONE,
    ZERO,
    OneSidedExpansion,
    Oscillates,
    Short,
    Unknown,
    exactly,
    number,
)
from diffcli.truth.series import (
    Undefined,
    Unresolved,
)

_TIE = message("{name} has a tie here", name="max")


class Edges(Composition):
    """The algebra with conditions, the larger of two, jumps, and what is left of a division.

    At a kink, a tie, a switch or a zero under a root the sign of the leading term decides: sqrt(s^4) = s^2.
    """

    def compare(self, a: OneSidedExpansion, b: OneSidedExpansion, holds: tuple[int, ...]) -> OneSidedExpansion:
        """Whether the sign of a - b is one of these."""
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

    def abs(self, a: OneSidedExpansion) -> OneSidedExpansion:
        if not a.terms and a.within is not None and a.within.contains(0):
            return OneSidedExpansion({}, a.order, False, a.wobble, within=abs(a.within).nonnegative_part())
        return self.max(a, self.neg(a), message("{name} has a kink at 0", name="abs"))

    def max(self, a: OneSidedExpansion, b: OneSidedExpansion, kink: Message = _TIE) -> OneSidedExpansion:
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
            return OneSidedExpansion(a.terms, min(a.order, difference.order), False)
        limit = None if difference.huge else self.tends_to(difference)
        if limit is not None and limit.is_zero():
            self.note(kink)
        return a if side >= 0 else b

    def negation(self, a: OneSidedExpansion) -> OneSidedExpansion:
        try:
            return number(whole(int(not self.sign(a))))
        except Oscillates:
            self.torn = True
            return self._between(ZERO, ONE)

    def _larger(self, a: OneSidedExpansion, b: OneSidedExpansion, difference: OneSidedExpansion) -> OneSidedExpansion:
        """The larger of two whose difference is nothing but a rest: (a + b + |a - b|)/2."""
        size = abs(difference.within)  # of what comes close to an interval again and again, the size does too
        apart = OneSidedExpansion({}, difference.order, False, difference.wobble, within=size.nonnegative_part())
        return self.scale(self.add(self.add(a, b), apart), HALF)

    def min(self, a: OneSidedExpansion, b: OneSidedExpansion) -> OneSidedExpansion:
        return self.neg(self.max(self.neg(a), self.neg(b), message("{name} has a tie here", name="min")))

    def relu(self, a: OneSidedExpansion) -> OneSidedExpansion:
        return self.max(a, OneSidedExpansion(), message("{name} has a kink at 0", name="relu"))

    def sign_of(self, a: OneSidedExpansion) -> OneSidedExpansion:
        return self.jump(a, whole, message("{name} jumps at 0", name="sign"))

    def jump(self, a: OneSidedExpansion, value: Callable[[int], Real], reason: Message) -> OneSidedExpansion:
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
    def _between(low: Real, high: Real) -> OneSidedExpansion:
        """A value of which nothing is known but that it stays between two."""
        return OneSidedExpansion({}, Fraction(0), False, within=low.ball.union(high.ball))

    def heaviside(self, a: OneSidedExpansion, b: OneSidedExpansion) -> OneSidedExpansion:
        side = self.sign(a)
        return (
            b
            if not side
            else self.jump(a, lambda side: whole(int(side > 0)), message("{name} jumps at 0", name="heaviside"))
        )

    def whole(self, name: str, a: OneSidedExpansion, toward: Callable[[fmpq], Any]) -> OneSidedExpansion:
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

    def _far(self, a: OneSidedExpansion, toward: Callable[[fmpq], Any]) -> OneSidedExpansion:
        """What grows takes every fractional part again and again."""
        self.switched = self.torn = True
        half = fmpq(self.sign(a), 2)
        above = toward(half) > half
        continuous = exactly(a) or a.order > 0  # but for jumps that fall to 0
        fraction = OneSidedExpansion({}, Fraction(0), False, continuous, within=arb(0).union(arb(1 if above else -1)))
        return self.add(a, fraction)

    def round(self, a: OneSidedExpansion) -> OneSidedExpansion:
        at = self.tends_to(a)
        if at is not None and at.rational is not None and at.rational.q == 2:
            return self._round_half(a)
        return self.whole("round", self.add(a, number(HALF)), floor_of)  # nothing else is on an edge

    def _round_half(self, a: OneSidedExpansion) -> OneSidedExpansion:
        exact = a.constant.rational
        assert exact is not None
        side = self.sign(self.without(a, a.constant))
        result = half_even(exact + fmpq(side, 4))
        if result != half_even(exact):
            self.switched = True
            self.note(message("{name} jumps here", name="round"))
        return number(real(result))

    def mod(self, a: OneSidedExpansion, b: OneSidedExpansion) -> OneSidedExpansion:
        return self._left(a, b, self.remainder(a, b), "mod", floor_of)

    def fmod(self, a: OneSidedExpansion, b: OneSidedExpansion) -> OneSidedExpansion:
        return self._left(a, b, self.remainder(a, b), "fmod", truncate)

    def _left(
        self,
        a: OneSidedExpansion,
        b: OneSidedExpansion,
        quotient: OneSidedExpansion,
        name: str,
        toward: Callable[[fmpq], Any],
    ) -> OneSidedExpansion:
        """a - b [a/b]; where the quotient grows, b times its fractional part."""
        whole = self.whole(name, quotient, toward)
        if not quotient.huge and self.tends_to(quotient) is None:
            return self.mul(b, self.sub(quotient, whole))
        return self.sub(a, self.mul(b, whole))

    def remainder(self, a: OneSidedExpansion, b: OneSidedExpansion) -> OneSidedExpansion:
        if self._is_nothing(b):
            raise Undefined(message("remainder of a division by zero"))
        return self.div(a, b)

    def detach(self, a: OneSidedExpansion) -> OneSidedExpansion:
        limit = self.tends_to(a)
        if limit is None:
            raise Unknown(message("{name} at infinity", name="detach"))
        return number(limit)


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
