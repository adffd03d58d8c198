"""Which bars of a text open an absolute value, and which close one.

A bar where an operand is awaited opens. Where an operator is awaited it may close, or open a factor: then all ways
of pairing the bars of one bracket are told from the depths that they reach, forwards and backwards, in linear time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from diffcli.syntax.lettering import FRACTIONS, Lexeme

Depths = tuple[int, int] | None
"""The least and the greatest depth that can be reached; None for none."""

_OPENS, _CLOSES = frozenset("([{⌈⌊"), frozenset(")]}⌉⌋")
_ENDS_OPERAND = frozenset(")]}⌉⌋!°") | frozenset(FRACTIONS)
_ENDS_PART = frozenset(("", "\n", ";", ",", "="))
_BEGINS_OPERAND = frozenset("([{⌈⌊|√∛∜") | frozenset(FRACTIONS)


class _Bar(NamedTuple):
    """`place` among the tokens; `after` is what stands before it: an "operand", nothing (""), or another "bar".

    One that is `signed` stands between a factor and a sign, `2|-x|`: it opens only where bars have no partners else.
    """

    place: int
    after: str
    opens: bool
    signed: bool = False


def roles(tokens: Sequence[Lexeme], applied: Callable[[int], bool], choose: Callable[[int], int]) -> dict[int, bool]:
    """For each bar that has a partner whether it opens; none of a bracket whose bars cannot be paired.

    `applied` says which tokens are functions that await an argument; `choose(place)` is asked where there are two
    ways: 0 closes as soon as that can be, 1 as late.
    """
    found: dict[int, bool] = {}
    levels: list[list[_Bar]] = [[]]
    for place, token in enumerate(tokens):
        if token.text == "|":
            after = _before(tokens, place, applied)
            following = tokens[place + 1]
            signed = following.kind == "sign" and following.text in ("+", "-") and after == "operand"
            levels[-1].append(_Bar(place, after, _may_open(following, after), signed))
        elif token.kind == "sign" and token.text in _OPENS:
            levels.append([])
        elif token.kind == "sign" and token.text in _CLOSES:
            found |= _paired(levels.pop(), choose)
            if not levels:
                levels.append([])
        elif token.kind == "sign" and token.text in _ENDS_PART and levels[-1]:
            found |= _paired(levels[-1], choose)
            levels[-1] = []
    for bars in levels:
        found |= _paired(bars, choose)
    return found


def _before(tokens: Sequence[Lexeme], place: int, applied: Callable[[int], bool]) -> str:
    before = tokens[place - 1] if place else None
    if before is None or applied(place - 1):
        return ""
    if before.text == "|":
        return "bar"
    if before.kind == "raised" and place > 1 and applied(place - 2):
        return ""
    return "operand" if before.kind != "sign" or before.text in _ENDS_OPERAND else ""


def _may_open(following: Lexeme, after: str) -> bool:
    """Whether an operand can begin behind a bar; a sign between factors is one of a sum."""
    if following.kind == "sign":
        return following.text in _BEGINS_OPERAND or following.text in ("+", "-") and after != "operand"
    return following.kind != "raised"


def _paired(bars: Sequence[_Bar], choose: Callable[[int], int]) -> dict[int, bool]:
    """The roles of the bars of one bracket; none where they cannot be paired."""
    found = _in_pairs(bars, choose)
    if found or not any(bar.signed for bar in bars):
        return found
    return _in_pairs([bar._replace(opens=bar.opens or bar.signed) for bar in bars], choose)


def _in_pairs(bars: Sequence[_Bar], choose: Callable[[int], int]) -> dict[int, bool]:
    forward, backward = _forwards(bars), _backwards(bars)
    found: dict[int, bool] = {}
    depth, opened = 0, False
    for k, bar in enumerate(bars):
        ways = [
            opens
            for opens in (False, True)
            if _allowed(bar, opens, opened) and _within(depth + (1 if opens else -1), backward[k][opens])
        ]
        if not ways:
            return {}
        both = [opens for opens in (False, True) if _meet(forward[k][opens], backward[k][opens])]
        opened = ways[min(choose(bar.place), len(ways) - 1)] if len(both) > 1 and len(ways) > 1 else ways[0]
        depth += 1 if opened else -1
        found[bar.place] = opened
    return found


def _allowed(bar: _Bar, opens: bool, before: bool) -> bool:
    """Whether a bar may open, or close, behind one that opened or closed."""
    if opens:
        return bar.opens
    return bar.after == "operand" or bar.after == "bar" and not before


def _forwards(bars: Sequence[_Bar]) -> list[tuple[Depths, Depths]]:
    """By bar the depths behind it where it closes, and where it opens."""
    found: list[tuple[Depths, Depths]] = []
    closed, opened = (0, 0), None  # type: Depths, Depths
    for bar in bars:
        any_way = _hull(closed, opened)
        before = any_way if bar.after == "operand" else closed if bar.after == "bar" else None
        closes = None if before is None or before[1] < 1 else (max(before[0] - 1, before[0] % 2 ^ 1), before[1] - 1)
        opens = None if any_way is None or not bar.opens else (any_way[0] + 1, any_way[1] + 1)
        closed, opened = closes, opens
        found.append((closed, opened))
    return found


def _backwards(bars: Sequence[_Bar]) -> list[tuple[Depths, Depths]]:
    """By bar the depths behind it from which all can be closed, where it closes, and where it opens."""
    found: list[tuple[Depths, Depths]] = []
    behind: tuple[Depths, Depths] = (0, 0), (0, 0)
    for k in range(len(bars) - 1, -1, -1):
        found.append(behind)
        bar, (closed, opened) = bars[k], behind
        closing = None if closed is None else (closed[0] + 1, closed[1] + 1)
        opening = None if opened is None or opened[1] < 1 else (max(opened[0] - 1, opened[0] % 2 ^ 1), opened[1] - 1)
        opening = opening if bar.opens else None
        behind = (
            _hull(closing if bar.after in ("operand", "bar") else None, opening),
            _hull(closing if bar.after == "operand" else None, opening),
        )
    return found[::-1]


def _hull(one: Depths, other: Depths) -> Depths:
    if one is None or other is None:
        return one or other
    return min(one[0], other[0]), max(one[1], other[1])


def _within(depth: int, depths: Depths) -> bool:
    return depths is not None and depth >= 0 and depths[0] <= depth <= depths[1]


def _meet(one: Depths, other: Depths) -> bool:
    return one is not None and other is not None and max(one[0], other[0]) <= min(one[1], other[1])
