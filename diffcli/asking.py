"""A method is asked for its derivation; where it gives none, why, in the same words wherever it was asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

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
