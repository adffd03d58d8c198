"""Numbers that Python computed before they met a variable: they enter a program rounded, as the floats they are.

What stands in the source is a literal, and its nearest float64 is meant; `0.1 + 0.2` is computed, and its rounding is
not part of what balls prove. This room knows syntax trees and constants.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterable, Iterator
from functools import lru_cache
from math import isfinite
from pathlib import Path
from types import CodeType
from typing import Any

from diffcli.core.primitives import CONST, PARAMETRIC
from diffcli.core.program import Program
from diffcli.runtime.messages import Message, message
from diffcli.tracing.path import syntax

SHORT = 2**32
"""Numbers of fewer binary digits than this has are what they look like: 0.75, whole numbers, sums of these."""
EXACT = 2**53
"""Whole numbers up to here are computed without rounding."""
SHOWN = 2
OURS = str(Path(__file__).parent.parent)


def computed(program: Program, function: Any, file: str, called: Iterable[str]) -> Message | None:
    """A note on the constants of a program that stand neither in a function's file, nor in one that was called."""
    places = {program.a[k] if code == CONST else program.b[k] for k, code in enumerate(program.ops) if _reads(code)}
    constants = [program.constants[k] for k in sorted(places)]
    long = [number for number in constants if isinstance(number, float) and _long(number)]
    if not long:
        return None
    known = set(_literals(function, file, {*called} - {file}))
    found = [repr(number) for number in long if abs(number) not in known]
    if not found:
        return None
    shown, more = ", ".join(found[:SHOWN]), len(found) - SHOWN
    if more <= 0:
        return message("constants computed by Python enter as the floats they are: {numbers}", numbers=shown)
    template = "constants computed by Python enter as the floats they are: {numbers} and {count} more"
    return message(template, numbers=shown, count=more)


def _reads(code: int) -> bool:
    return code == CONST or PARAMETRIC[code]


def _long(number: float) -> bool:
    """Whether a float has so many digits that it may have been rounded."""
    if not isfinite(number) or number.is_integer() and abs(number) < EXACT:
        return False
    numerator, _ = number.as_integer_ratio()
    return bool(numerator) and abs(numerator) // (numerator & -numerator) >= SHORT


def _literals(function: Any, file: str, called: set[str]) -> Iterator[float]:
    """The numbers that stand in the files, in modules beside the function's, and in code that has no text."""
    folder = str(Path(file).parent) if Path(file).is_file() else None
    modules = [getattr(module, "__file__", None) or "" for module in list(sys.modules.values())]
    beside = {module for module in modules if module.endswith(".py") and str(Path(module).parent) == folder}
    for place in {file} | {known for known in called | beside if not known.startswith(OURS)}:
        yield from _in_file(place)
    waiting = [getattr(function, "__code__", None)]
    while waiting:
        code = waiting.pop()
        if isinstance(code, CodeType) and not Path(code.co_filename).is_file():
            for constant in code.co_consts:
                yield from _number(constant)
                waiting.append(constant)


@lru_cache(maxsize=256)
def _in_file(file: str) -> frozenset[float]:
    tree = syntax(file)
    nodes = ast.walk(tree) if tree else ()
    return frozenset(number for node in nodes if isinstance(node, ast.Constant) for number in _number(node.value))


def _number(value: Any) -> Iterator[float]:
    if isinstance(value, tuple):
        for part in value:
            yield from _number(part)
    elif isinstance(value, int | float) and abs(value) < 1e308:
        yield abs(float(value))
