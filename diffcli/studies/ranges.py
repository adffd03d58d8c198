"""Ranges of variables, and the points tried in them: each the shortest number near its place.

A range through zero has a logarithmic scale on both sides, by magnitude, since
what cancels near zero does so from either side. Short numbers can be pasted.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from random import Random

from diffcli.locale.language import tr
from diffcli.problem.point import scalar
from diffcli.runtime.errors import DiffError
from diffcli.runtime.messages import message
from diffcli.syntax.rendering import literal

DEPTH = 1e-20
"""The smallest magnitude of a logarithmic range that reaches zero, as a part of its end."""

DECADES = 1e4
"""How many times the other the larger end is where steps are even in magnitude without a word of the user."""

CLOSE = 0.01
"""A point is the shortest number within this part of its step."""


@dataclass(frozen=True, slots=True)
class Range:
    """The numbers from `low` to `high`; what is tried is even in x, or in log |x| on either side of zero."""

    name: str
    low: float
    high: float
    logarithmic: bool = False

    @property
    def parts(self) -> list[tuple[float, float]]:
        """The ends of each stretch on which the scale is one, in rising order."""
        if not self.logarithmic or self.low > 0 or self.high < 0:
            return [(self.low, self.high)]
        both = [(self.low, self.low * DEPTH), (self.high * DEPTH, self.high)]
        return [(low, high) for low, high in both if low < high]

    @property
    def sound(self) -> bool:
        """Whether float64 holds the scale."""
        return all(low and math.isfinite(high / low) and math.isfinite(low / high) for low, high in self.parts)

    @property
    def span(self) -> float:
        """The length of the longest stretch on its scale."""
        if not self.logarithmic:
            return self.high - self.low
        return max(abs(math.log(high / low)) for low, high in self.parts)

    def moved(self, x: float, step: float) -> float:
        """`x`, a part `step` of the span further, not beyond the ends; a logarithmic step keeps the sign."""
        if self.logarithmic and not x:
            return x
        far = x * _power(math.copysign(step * self.span, step * x)) if self.logarithmic else x + step * self.span
        return self.within(short(far, CLOSE * abs(far - x)))

    def within(self, x: float) -> float:
        return min(max(x, self.low), self.high)

    def grid(self, count: int) -> list[float]:
        """`count` points over the whole range, its ends included."""
        parts = self.parts
        shares = [count // len(parts)] * len(parts)
        shares[-1] += count - sum(shares)
        return sorted(
            {x for (low, high), share in zip(parts, shares, strict=True) for x in self._even(low, high, share)}
        )

    def _even(self, low: float, high: float, count: int) -> Iterator[float]:
        for k in range(count):
            place = k / max(count - 1, 1)
            x = low * (high / low) ** place if self.logarithmic else low + (high - low) * place
            step = abs(x * math.log(high / low) if self.logarithmic else high - low) / max(count - 1, 1)
            yield low if not k else high if k == count - 1 else self.within(short(x, CLOSE * step))

    def drawn(self, random: Random) -> float:
        """A seeded point, even on the range's scale."""
        low, high = random.choice(self.parts)
        place = random.random()
        x = low * (high / low) ** place if self.logarithmic else low + (high - low) * place
        return self.within(short(x, CLOSE * abs(x if self.logarithmic else high - low)))

    @property
    def spans_decades(self) -> bool:
        """Whether even steps would pass over nearly all magnitudes: a range of one sign, to 10,000 times."""
        near, far = sorted((abs(self.low), abs(self.high)))
        return self.low * self.high > 0 and far / near >= DECADES and replace(self, logarithmic=True).sound

    def other_scale(self) -> Range:
        return Range(self.name, self.low, self.high, not self.logarithmic)

    @property
    def text(self) -> str:
        return tr("{name} from {low} to {high}", name=self.name, low=literal(self.low), high=literal(self.high))


def _power(exponent: float) -> float:
    return math.exp(min(exponent, 700.0))


def short(x: float, within: float) -> float:
    """The number of the fewest digits that is no further than `within` from `x`.

    >>> short(0.3333333333333333, 0.01), short(1234.5, 20), short(7.0, 0)
    (0.33, 1230.0, 7.0)
    """
    for figures in range(1, 17):
        shorter = float(f"{x:.{figures}g}")
        if abs(shorter - x) <= within:
            return shorter
    return x


def read_ranges(text: str, logarithmic: bool, option: str) -> tuple[Range, ...]:
    """`x=-1:1, y=0:2*pi` as ranges.

    >>> read_ranges("x=-1:1", False, "--over")
    (Range(name='x', low=-1.0, high=1.0, logarithmic=False),)
    """
    found: dict[str, Range] = {}
    for part in _split(text):
        name, equals, ends = (piece.strip() for piece in part.partition("="))
        low, colon, high = ends.partition(":")
        if not name or not equals or not colon or not low.strip() or not high.strip() or ":" in high:
            raise DiffError(
                message("'{text}' is no range", text=part.strip()),
                hint=message("write {option} x=-10:10", option=option),
                kind="option",
            )
        if name in found:
            raise DiffError(
                message("'{name}' has two ranges", name=name), hint=message("give each variable one"), kind="option"
            )
        found[name] = Range(name, scalar(low), scalar(high), logarithmic)
        if not found[name].low < found[name].high:
            raise DiffError(
                message("the range of {name} is empty", name=name),
                hint=message("the lower end comes first"),
                kind="option",
            )
        if logarithmic and not found[name].sound:
            raise DiffError(
                message("the range of {name} is too long for a logarithmic scale", name=name),
                hint=message("leave out --log"),
                kind="option",
            )
    return tuple(found.values())


def _split(text: str) -> list[str]:
    """The parts between commas that stand in no brackets."""
    parts, depth = [""], 0
    for character in text:
        depth += (character in "([") - (character in ")]")
        if character in ",;" and not depth:
            parts.append("")
        else:
            parts[-1] += character
    return [part for part in parts if part.strip()]
