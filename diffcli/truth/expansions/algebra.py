"""Sums, products and signs of one-sided expansions; functions of them are next door.

It knows which term decides, how far an expansion is known, and no function by its name.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from flint import arb

from diffcli.core.program import Constant
from diffcli.runtime.messages import Message, message
from diffcli.truth.exact.reals import Real, real
from diffcli.truth.expansions.coefficients import (
    named_constant,
)
from diffcli.truth.expansions.expansion import (
    INF,
    Key,
    OneSidedExpansion,
    Oscillates,
    Short,
    Unknown,
    dominance,
    exactly,
    number,
    straddles,
)
from diffcli.truth.series import (
    Unresolved,
)

MOST_TERMS = 200


MOST_WORK = 100_000
"""Products of terms of forms after which functions are no longer written out."""


class Algebra:
    """One-sided expansions, cut at s^`limit`: an ordered ring, as far as they are known.

    `written_out`, functions are written by simpler ones, by addition theorems, instead of naming their
    coefficients: then more cancels, but forms grow.
    `switched` is set when a side takes another way than the point itself (a condition, a jump), so that the
    limit may differ from the value. `torn` is set when something jumps again and again, as close to s = 0 as
    one likes; `unsteady` when it was, or when something oscillated, in what was evaluated last.
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

    def constant(self, value: Constant) -> OneSidedExpansion:
        if isinstance(value, str) or value in (float("inf"), float("-inf")) or value != value:
            return number(named_constant(value))
        return number(real(Fraction(value)))

    def decide(self, condition: OneSidedExpansion) -> bool:
        """Whether a condition holds; one that changes again and again is decided as `ways` says, or as true."""
        try:
            return self.sign(condition) != 0
        except Oscillates:
            self.torn = True
            self.taken.append(self.ways[len(self.taken)] if len(self.taken) < len(self.ways) else True)
            return self.taken[-1]

    def make(
        self,
        terms: dict[Key, Real],
        order: Fraction,
        exact: bool,
        wobble: bool = False,
        flat: int = 0,
        within: Any = None,
    ) -> OneSidedExpansion:
        """Drop zeros and whatever lies in or beyond the rest, or beyond the limit."""
        kept: dict[Key, Real] = {}
        for key in sorted(terms, key=dominance):
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
                if cut != order:
                    return OneSidedExpansion(kept, cut, False)
                return OneSidedExpansion(kept, cut, False, wobble, 0, within=within)
            kept[key] = value
        return OneSidedExpansion(kept, order, exact, wobble, flat, within=within)

    def note(self, reason: Message) -> None:
        """What was met on the way, for the reader."""
        self.reason = self.reason or reason

    def forget(self) -> None:
        """Begin anew: nothing noted, no other way taken than the point's."""
        self.reason, self.switched = None, False

    def add(self, a: OneSidedExpansion, b: OneSidedExpansion) -> OneSidedExpansion:
        if a.huge or b.huge:
            if a.huge and b.huge and a.huge != b.huge:
                raise Unknown(message("the difference of two values that grow beyond all powers"))
            return OneSidedExpansion(exact=False, huge=a.huge or b.huge)
        terms = dict(a.terms)
        for key, value in b.terms.items():
            terms[key] = terms[key] + value if key in terms else value
        order = min(a.order, b.order)
        exact = a.exact and b.exact
        wobble = a.wobble and a.order < b.order or b.wobble and b.order < a.order
        flat = a.flat if b.exact else b.flat if a.exact else a.flat if a.flat == b.flat else 0
        return self.make(terms, order, exact, wobble, flat, self._within_sum(a, b))

    @staticmethod
    def _within_sum(a: OneSidedExpansion, b: OneSidedExpansion) -> Any:
        """Where the rest of a + b stays, by its order: that of the lower one, or the sum."""
        if a.order != b.order:
            return a.within if a.order < b.order else b.within
        return None if a.within is None or b.within is None else a.within + b.within

    def neg(self, a: OneSidedExpansion) -> OneSidedExpansion:
        terms = {key: -value for key, value in a.terms.items()}
        within = None if a.within is None else -a.within
        return OneSidedExpansion(terms, a.order, a.exact, a.wobble, -a.flat, -a.huge, within)

    def sub(self, a: OneSidedExpansion, b: OneSidedExpansion) -> OneSidedExpansion:
        return self.add(a, self.neg(b))

    def mul(self, a: OneSidedExpansion, b: OneSidedExpansion) -> OneSidedExpansion:
        if self._is_nothing(a) or self._is_nothing(b):
            return number(a.constant * b.constant)
        if a.huge or b.huge:
            other = b if a.huge else a
            if other.wobble or not other.huge and not other.terms:
                raise Unknown(message("a product of something flat and something that grows beyond all powers"))
            return OneSidedExpansion(exact=False, huge=self.sign(a) * self.sign(b))
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
    def _keeps(a: OneSidedExpansion, within: Any) -> bool:
        """Whether what stays within a ball oscillates without a limit still, times a: as a number, or through 0."""
        logs = min(a.terms, key=dominance)[1] if a.terms else -1
        return logs == 0 or logs > 0 and (within is None or straddles(within))

    def _within_product(self, a: OneSidedExpansion, b: OneSidedExpansion, order: Fraction) -> Any:
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
    def _lowest(a: OneSidedExpansion) -> tuple[Any, Any]:
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
    def _is_nothing(a: OneSidedExpansion) -> bool:
        return a.exact and not a.terms and not a.huge

    def _low(self, a: OneSidedExpansion) -> Fraction:
        """The least exponent that may occur."""
        first = min((key[0] for key in a.terms), default=INF)
        return min(first, a.order)

    def leading(self, a: OneSidedExpansion) -> tuple[Key, Real]:
        """The dominant term, with a coefficient proved not to be zero."""
        if not a.terms:
            raise Short
        key = min(a.terms, key=dominance)
        if key[0] >= a.order and a.within is None:
            raise Short
        a.terms[key].sign()
        return key, a.terms[key]

    def sign(self, a: OneSidedExpansion) -> int:
        """The sign of the expansion for all small s > 0."""
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

    def tends_to(self, a: OneSidedExpansion) -> Real | None:
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

    def without(self, a: OneSidedExpansion, constant: Real) -> OneSidedExpansion:
        return self.sub(a, number(constant))

    def scale(self, a: OneSidedExpansion, factor: Real) -> OneSidedExpansion:
        return self.mul(a, number(factor))
