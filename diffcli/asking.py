"""A method is asked for its derivation; where it gives none, why, in the same words wherever it was asked."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from diffcli.derivation import Derivation, Problem
from diffcli.errors import Unsupported
from diffcli.limits import Died, Expired
from diffcli.methods import METHODS, usual

if TYPE_CHECKING:
    from diffcli.accuracy import Verdict


def derive(name: str, problem: Problem) -> Derivation:
    """The derivation by a method; `Unsupported` where it has no such derivative, or is not installed."""
    method, kind = METHODS[name], problem.wanted.kind
    if kind not in method.kinds:
        raise Unsupported(f"{name} has no {kind}: ask {', '.join(usual(kind))}")
    if not method.available:
        raise Unsupported(f'{name} is not installed: pip install "diff-compare[{name}]"')
    if method.needs and problem.dtype != "float64":
        raise Unsupported(f"{name} is asked in float64 only")
    return method.load()(problem)


class _Derived(NamedTuple):
    """What a method derived last, how and for what: a range of points asks the same again and again."""

    function: Callable[[Problem], Derivation] | None
    problem: Problem
    derivation: Derivation
    seconds: float

    def holds(self, problem: Problem) -> bool:
        """Whether it is asked at another point, and nothing else is asked."""
        known = self.problem
        return known.program is problem.program and replace(known, point=problem.point) == problem


_last: dict[str, _Derived] = {}


def derived(name: str, problem: Problem) -> tuple[Derivation, float]:
    """The derivation, and the seconds that deriving took, without importing a library.

    Where no condition was decided on the way, what was derived at one point holds at all.
    """
    function, last = METHODS[name].load() if METHODS[name].available else None, _last.get(name)
    if last is not None and last.function is function and last.holds(problem):
        return last.derivation, last.seconds
    begun = time.perf_counter()
    derivation = derive(name, problem)
    seconds = time.perf_counter() - begun
    if derivation.anywhere and len(problem.program) <= LARGEST:
        _last[name] = _Derived(function, problem, derivation, seconds)
    return derivation, seconds


LARGEST = 10_000
"""Equations of the largest program whose derivation is kept."""


def refusal(name: str, error: BaseException, seconds: float) -> tuple[Verdict, str]:
    """The verdict on a method that ended with `error` instead of an answer; a fault of our own is raised again."""
    method = METHODS[name]
    if isinstance(error, Expired):
        return "timeout", f"no answer within {seconds:g} s"
    if isinstance(error, Unsupported):
        return "unsupported", str(error)
    if isinstance(error, RecursionError):
        return "failed", "the expression is nested too deeply for this method"
    if isinstance(error, MemoryError):
        return "failed", "this method needs more memory than there is"
    if isinstance(error, Died):
        return "failed", "the process of this method ended without an answer"
    if method.apart or method.needs or isinstance(error, ArithmeticError):  # that of a library is its verdict
        return "failed", f"{type(error).__name__}: {error}"
    raise error
