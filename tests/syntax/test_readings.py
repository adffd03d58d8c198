"""No text is read in two ways: every short text, held against a grammar that enumerates all its readings."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from itertools import product

import reference_grammar as reference

from diffcli.runtime.errors import DiffError
from diffcli.syntax import elaborate
from diffcli.syntax.parsing import nodes_of

ALPHABET = ("x", "y", "2", "sin", "(", ")", "^", "/", "-", "|", "!")
LONGEST = int(os.environ.get("READINGS", "4"))
"""Tokens of the longest texts; READINGS=6 makes a million and a half."""
SAMPLE = 6_000


def texts() -> Iterator[tuple[str, ...]]:
    """All texts of up to three tokens; of longer ones a sample with a fixed seed, or all that READINGS asks for."""
    rng = random.Random(20)
    for length in range(1, LONGEST + 1):
        every = product(ALPHABET, repeat=length)
        if length < 4 or "READINGS" in os.environ:
            yield from every
        else:
            yield from (tuple(rng.choice(ALPHABET) for _ in range(length)) for _ in range(SAMPLE))


def value(text: str) -> int | None:
    """The value of the reading that the tool takes, in the field of the reference; None where it refuses."""
    try:
        expression = elaborate(text, dict.fromkeys(reference.NAMES, ()))
    except DiffError:
        return None
    if not set(expression.variables) <= set(reference.NAMES):
        return None
    stack: list[int] = []
    for kind, token, operands, *_ in nodes_of(expression.plain):
        if kind in ("number", "name"):
            stack.append(reference.NAMES.get(token) or int(token))
        elif kind == "unary":
            stack.append(-stack.pop() % reference.PRIME)
        elif kind == "binary":
            right, left = stack.pop(), stack.pop()
            stack.append(reference.apply_operator(token, left, right))
        elif kind == "call":
            (argument,) = [stack.pop() for _ in range(operands)]
            stack.append(
                reference.factorial(reference.subtract(argument, 1))
                if token == "gamma"
                else reference.apply(token, argument)
            )
    return stack.pop()


def test_every_short_text_has_the_reading_of_the_reference_or_none() -> None:
    wrong = []
    for tokens in texts():
        allowed, may_refuse = reference.verdict(tokens)
        text = reference.text(tokens)
        found = value(text)
        if found not in allowed and not (found is None and may_refuse):
            wrong.append((text, "refused" if found is None else "read", "none" if not allowed else "one"))
    assert not wrong, (len(wrong), wrong[:40])
