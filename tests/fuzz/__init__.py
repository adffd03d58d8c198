"""A fuzzer of our own: texts, comparisons, case files and command lines, drawn at random and held against oracles.

An area draws a case (plain data, so that it can be kept as a text file) from a generator of random numbers, and checks
it: `check` returns what was met, as counts, and raises `Found` where an oracle says no. A case that fails is made
smaller (`shrinking`), and kept in `corpus/`, which `tests/test_fuzz.py` tries again on every run. The generators draw
from `random.Random`, or from Hypothesis, whose `randoms()` looks the same.

`make fuzz FUZZ="--seconds 600 --seed 7 --only texts,comparisons"` runs a campaign.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from importlib import import_module
from random import Random
from typing import Any, NamedTuple

Case = Any
"""JSON data: what a corpus file holds."""


class Found(Exception):
    """An oracle says no: its name, and what it saw."""

    def __init__(self, oracle: str, seen: object) -> None:
        super().__init__(f"{oracle}: {seen}")
        self.oracle = oracle


class Area(NamedTuple):
    """What is fuzzed: how a case is drawn and checked, and the share of a campaign's time that it gets."""

    draw: Callable[[Random], Case]
    check: Callable[[Case], Counter[str]]
    share: float


AREAS = ("texts", "comparisons", "batches", "commands")


def area(name: str) -> Area:
    found = import_module(f"fuzz.{name}").AREA
    assert isinstance(found, Area)
    return found


def expect(holds: object, oracle: str, seen: object = "") -> None:
    if not holds:
        raise Found(oracle, seen)


def guarded(check: Callable[[Case], Counter[str]], case: Case) -> Counter[str]:
    """`check`, in which any other exception is a finding, too: nothing but `DiffError` may come out."""
    try:
        return check(case)
    except Found:
        raise
    except Exception as error:
        raise Found(f"crash {type(error).__name__}", f"{error}") from error
