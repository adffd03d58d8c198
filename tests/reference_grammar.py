"""All readings of a short text: a second grammar, ambiguous on purpose, against which the tool's reading is held.

The tool reads in one pass and says no where a text has two readings. Here nothing is decided: every way in which
careful people read a text is enumerated, by splitting it at every place (a chart parser, as in J. Earley, "An efficient
context-free parsing algorithm", CACM 13, 1970, that keeps every derivation). The two share no code.

A reading is its value in the field of the integers modulo 2^61 - 1, where x, y and the functions have arbitrary values:
two trees that the laws of rings make equal are one reading, and two that differ have different values but for 2^-61.

A reading is `doubtful` where it needs a habit that people do not share (`sin -x`, `x^2 sin(x)`): the tool may read it
so, or refuse it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from typing import NamedTuple

PRIME = 2**61 - 1
FUNCTIONS = ("sin", "ln")
NAMES = {"x": 1_234_567_891_234_567, "y": 987_654_321_987_654_321}
_WORDS = {*NAMES, *FUNCTIONS}


class Reading(NamedTuple):
    """A value that stands for one reading."""

    value: int
    doubtful: bool


Readings = frozenset[Reading]
NONE: Readings = frozenset()


def apply(name: str, *values: int) -> int:
    """A function of which nothing is known, but that equal arguments give equal values."""
    state = sum(map(ord, name))
    for value in values:
        state = (state * 6_364_136_223_846_793_005 + value * value % PRIME * value + 1_442_695_040_888_963_407) % PRIME
        state = state * state * state % PRIME
    return state


def add(a: int, b: int) -> int:
    return (a + b) % PRIME


def subtract(a: int, b: int) -> int:
    return (a - b) % PRIME


def multiply(a: int, b: int) -> int:
    return a * b % PRIME


def divide(a: int, b: int) -> int:
    return a * pow(b, -1, PRIME) % PRIME if b else apply("/", a)


def power(a: int, b: int) -> int:
    return apply("^", a, b)


def factorial(a: int) -> int:
    return apply("!", a)


def apply_operator(sign: str, left: int, right: int) -> int:
    """What an operator of plain syntax makes of two values."""
    return power(left, right) if sign in ("**", "^") else _BINARY[sign](left, right)


_BINARY = {"+": add, "-": subtract, "*": multiply, "/": divide}


def readings(tokens: Sequence[str], as_written: bool = True) -> Readings:
    """All readings of these tokens; of plain syntax alone where not `as_written`."""
    return _Chart(tuple(tokens), as_written).sum(0, len(tokens))


def verdict(tokens: Sequence[str]) -> tuple[frozenset[int], bool]:
    """The values that the tool may read, and whether it may refuse.

    What plain syntax reads is read so, whatever else people may think of.
    """
    plain = readings(tokens, as_written=False)
    if plain:
        return frozenset(value for value, _ in plain), False
    every = readings(tokens)
    firm = {value for value, doubtful in every if not doubtful}
    if len(firm) > 1:
        return frozenset(), True
    return frozenset(firm or (value for value, _ in every)), len({value for value, _ in every}) != 1 or not firm


def join(readings: Readings, doubtful: bool = True) -> Readings:
    return frozenset(Reading(value, True) for value, _ in readings) if doubtful else readings


class _Chart:
    """The readings of every stretch of a text, each found once."""

    def __init__(self, tokens: tuple[str, ...], as_written: bool) -> None:
        self.tokens = tokens
        self.as_written = as_written
        self.depth = self._depths()
        for rule in ("sum", "product", "run", "factor", "power", "exponent", "postfix", "atom", "application"):
            setattr(self, rule, cache(getattr(self, rule)))

    def _depths(self) -> list[int]:
        """How many parentheses are open before each token; bars are left to the atoms."""
        depth, depths = 0, []
        for token in self.tokens:
            depth -= token == ")"
            depths.append(depth)
            depth += token == "("
        return depths

    def splits(self, start: int, end: int, signs: str) -> Iterator[int]:
        """Where one of these signs stands, outside of parentheses."""
        if start < end:
            outside = self.depth[start]
            for k in range(start + 1, end):
                if self.tokens[k] in signs and self.depth[k] == outside:
                    yield k

    def seams(self, start: int, end: int) -> Iterator[int]:
        """Where two factors may stand side by side."""
        if start < end and self.as_written:
            outside = self.depth[start]
            yield from (
                k
                for k in range(start + 1, end)
                if self.depth[k] == outside and self.tokens[k] != ")" and not self.applied_to_number(start, k)
            )

    def applied_to_number(self, start: int, k: int) -> bool:
        """Whether a function and a bare number stand before k: `sin 2x` is never sin(2)*x."""
        if not self.tokens[k - 1].isdigit():
            return False
        squared = k - 4 >= start and self.tokens[k - 3] == "^" and self.tokens[k - 4] in FUNCTIONS
        return squared or k - 2 >= start and self.tokens[k - 2] in FUNCTIONS

    def combine(self, sign: str, left: Readings, right: Readings, doubtful: bool = False) -> Readings:
        return frozenset(
            Reading(_BINARY[sign](a.value, b.value), a.doubtful or b.doubtful or doubtful) for a in left for b in right
        )

    def sum(self, start: int, end: int) -> Readings:
        every = self.signed(start, end)
        for k in self.splits(start, end, "+-"):
            left = self.sum(start, k)
            if left:
                every |= self.combine(self.tokens[k], left, self.signed(k + 1, end))
        return every

    def signed(self, start: int, end: int) -> Readings:
        """A product behind any number of signs."""
        positive = True
        while start < end and self.tokens[start] in "+-":
            positive ^= self.tokens[start] == "-"
            start += 1
        every = self.product(start, end)
        return every if positive else frozenset(Reading(-value % PRIME, doubtful) for value, doubtful in every)

    def signed_factor(self, start: int, end: int) -> Readings:
        """What stands behind * or /, where a sign is a part of the factor."""
        positive = True
        while start < end and self.tokens[start] in "+-":
            positive ^= self.tokens[start] == "-"
            start += 1
        every = self.factor(start, end)
        return every if positive else frozenset(Reading(-value % PRIME, doubtful) for value, doubtful in every)

    def signed_run(self, start: int, end: int) -> Readings:
        positive = True
        while start < end and self.tokens[start] in "+-":
            positive ^= self.tokens[start] == "-"
            start += 1
        every = self.run(start, end)
        return every if positive else frozenset(Reading(-value % PRIME, doubtful) for value, doubtful in every)

    def product(self, start: int, end: int) -> Readings:
        """Factors from left to right; behind a division, factors side by side may be its divisor together."""
        every = self.factor(start, end)
        for k in self.splits(start, end, "*/"):
            left = self.product(start, k)
            if left:
                every |= self.combine(self.tokens[k], left, self.signed_factor(k + 1, end))
                if self.tokens[k] == "/":
                    every |= self.combine("/", left, self.signed_run(k + 1, end))
        for k in self.seams(start, end):
            left = self.product(start, k)
            if left:
                every |= self.combine("*", left, self.factor(k, end), self.doubtful_seam(k))
        return every

    def doubtful_seam(self, k: int) -> bool:
        """A number behind what it multiplies (`x 2`, `(x)2`), or two numbers."""
        return self.tokens[k].isdigit()

    def run(self, start: int, end: int) -> Readings:
        """Two or more factors side by side."""
        every = NONE
        for k in self.seams(start, end):
            left = self.factor(start, k) | self.run(start, k)
            if left:
                every |= self.combine("*", left, self.factor(k, end), self.doubtful_seam(k))
        return every

    def factor(self, start: int, end: int) -> Readings:
        return self.power(start, end) | (self.application(start, end) if self.as_written else NONE)

    def power(self, start: int, end: int) -> Readings:
        """A power takes all that stands behind the sign, as powers nest to the right."""
        every = self.postfix(start, end)
        for k in self.splits(start, end, "^"):
            base = self.postfix(start, k)
            if base:
                every |= frozenset(
                    Reading(power(a.value, b.value), a.doubtful or b.doubtful)
                    for a in base
                    for b in self.exponent(k + 1, end)
                )
        if self.as_written and self.tokens[end - 1 : end] == ("!",) and any(self.splits(start, end, "^")):
            # the factorial of a power, or a power to a factorial: nobody writes either without parentheses
            whole = frozenset(Reading(factorial(value), True) for value, _ in self.power(start, end - 1))
            every = join(every) | whole
        return every

    def exponent(self, start: int, end: int) -> Readings:
        """An exponent, or without parentheses all factors that stand side by side there."""
        positive = True
        first = start
        while start < end and self.tokens[start] in "+-":
            positive ^= self.tokens[start] == "-"
            start += 1
        every = self.power(start, end)
        if self.as_written:
            every |= join(self.application(start, end))
            if start < end and self.tokens[start] not in "(|":
                every |= self.side_by_side(start, end)
            else:
                every |= (
                    join(self.run(start, end)) if self.tokens[start : start + 1] == ("|",) or first != start else NONE
                )
        return every if positive else frozenset(Reading(-value % PRIME, doubtful) for value, doubtful in every)

    def side_by_side(self, start: int, end: int) -> Readings:
        """Factors in an exponent: behind a blank, or with a function, a new factor begins, most will say."""
        applied = any(token in FUNCTIONS for token in self.tokens[start + 1 : end])
        parted = self.tokens[start] in NAMES and self.tokens[start + 1 : start + 2] != ()
        blank = parted and (self.tokens[start + 1] in NAMES or self.tokens[start + 1].isdigit())
        return join(self.run(start, end), applied or blank)

    def postfix(self, start: int, end: int) -> Readings:
        every = self.atom(start, end)
        if self.as_written and end - start > 1 and self.tokens[end - 1] == "!" and self.tokens[end - 2] != "!":
            raised = self.atom(start, end - 1) | self.application(start, end - 1)
            every |= frozenset(Reading(factorial(value), doubtful) for value, doubtful in raised)
        return every

    def atom(self, start: int, end: int) -> Readings:
        tokens = self.tokens[start:end]
        if len(tokens) == 1:
            if tokens[0] in NAMES:
                return frozenset({Reading(NAMES[tokens[0]], False)})
            return frozenset({Reading(int(tokens[0]), False)}) if tokens[0].isdigit() else NONE
        if len(tokens) > 2:
            if tokens[0] == "(" and tokens[-1] == ")":
                return self.sum(start + 1, end - 1)
            if tokens[0] in FUNCTIONS and tokens[1] == "(" and tokens[-1] == ")":
                return self.called(tokens[0], self.sum(start + 2, end - 1))
            if self.as_written and tokens[0] == "|" and tokens[-1] == "|":
                return self.called("abs", self.sum(start + 1, end - 1))
        return NONE

    def called(self, name: str, arguments: Readings, doubtful: bool = False) -> Readings:
        return frozenset(Reading(apply(name, value), unsure or doubtful) for value, unsure in arguments)

    def application(self, start: int, end: int) -> Readings:
        """A function before its argument, or its square (`sin^2 x`)."""
        if end - start < 2 or self.tokens[start] not in FUNCTIONS:
            return NONE
        name, rest = self.tokens[start], start + 1
        if self.tokens[rest] != "^":
            return self.called(name, self.argument(rest, end))
        raised = self.tokens[rest + 1 : rest + 2]
        if (
            raised == ("-",)
            and self.tokens[rest + 2 : rest + 3][0:1]
            and self.tokens[rest + 2] in NAMES
            and end - rest > 3
        ):
            exponent = -NAMES[self.tokens[rest + 2]] % PRIME
            return self.raised(name, exponent, self.power_of(rest + 1, end))
        if raised == ("-",):
            return self.inverse(name, rest + 2, end)
        if end - rest < 3:
            return NONE
        if raised[0] in NAMES:  # `sin^n x`
            return join(
                frozenset(Reading(power(apply(name, v), NAMES[raised[0]]), d) for v, d in self.power_of(rest, end))
            )
        if not raised[0].isdigit():
            return NONE
        arguments = self.power_of(rest, end)
        return frozenset(Reading(power(apply(name, value), int(raised[0])), doubtful) for value, doubtful in arguments)

    def raised(self, name: str, exponent: int, arguments: Readings) -> Readings:
        """`sin^n x`: a power that is a letter."""
        return join(frozenset(Reading(power(apply(name, value), exponent), unsure) for value, unsure in arguments))

    def power_of(self, rest: int, end: int) -> Readings:
        """What a function with a power is applied to: the power takes the two tokens from `rest` on."""
        arguments = self.argument(rest + 2, end)
        return arguments | self.atom(rest + 2, end) if self.tokens[rest + 2] == "(" else arguments

    def inverse(self, name: str, start: int, end: int) -> Readings:
        """`sin^-1 x`: the inverse function, or the reciprocal."""
        if end - start < 2 or not self.tokens[start].isdigit():
            return NONE
        arguments = self.argument(start + 1, end) | self.atom(start + 1, end)
        return frozenset(
            reading
            for value, doubtful in arguments
            for reading in (
                Reading(apply(f"arc{name}", value), doubtful),
                Reading(power(apply(name, value), -1 % PRIME), doubtful),
            )
        )

    def argument(self, start: int, end: int) -> Readings:
        """What a function without parentheses is applied to, the short way and the long way.

        The short way is a power, a number times a power, or a function of its own; the long way takes the
        whole product that follows, but no further function.
        """
        if start >= end or self.tokens[start] == "(":
            return NONE
        if self.tokens[start] in "+-":
            return join(self.signed(start, end)) if self.tokens[start + 1 : start + 2] else NONE
        tokens = self.tokens[start:end]
        every = join(self.power(start, end), tokens[0] == "|") | join(self.application(start, end))
        if "!" in tokens[-1:] and self.power(start, end):
            every |= self.power(start, end)
        if self.as_written and end - start > 1:
            # more than one factor: the long way, where a number before a name is no choice
            shortest = tokens[0].isdigit()
            if not any(token in FUNCTIONS for token in tokens):
                every |= join(self.product(start, end), any(token == "*" for token in tokens) and not shortest)
            elif any(sign in tokens for sign in "/*^"):
                every |= join(self.product(start, end))
        return every


def text(tokens: Sequence[str]) -> str:
    """The tokens as typed, with a blank only where two of them would be one otherwise."""
    typed = ""
    for last, token in zip(("", *tokens), tokens, strict=False):
        word = last in _WORDS or last.isdigit()
        typed += " " * (word and (token in _WORDS and not last.isdigit() or token.isdigit())) + token
    return typed
