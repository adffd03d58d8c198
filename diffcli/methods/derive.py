"""A method is asked for its derivation; where it gives none, why, in the same words wherever it was asked."""

from __future__ import annotations

import time
from dataclasses import replace
from itertools import compress
from typing import TYPE_CHECKING, NamedTuple

from diffcli.ad.rules import literals
from diffcli.core.primitives import PARAMETRIC, Rules
from diffcli.core.program import READS, Program, constant_key
from diffcli.methods import METHODS, usual
from diffcli.problem.derivation import Derivation, Problem
from diffcli.runtime.errors import Unsupported
from diffcli.runtime.limits import Died, Expired, shared
from diffcli.runtime.messages import Message, message, message_of

if TYPE_CHECKING:
    from diffcli.truth.accuracy import Verdict


def derive(name: str, problem: Problem) -> Derivation:
    """The derivation by a method; `Unsupported` where it has no such derivative, or is not installed."""
    method, kind = METHODS[name], problem.wanted.kind
    if kind not in method.kinds:
        raise Unsupported(
            message(
                "{name} has no {what}: ask {methods}", name=name, what=message(kind), methods=", ".join(usual(kind))
            )
        )
    if not method.available:
        raise Unsupported(
            message("{name} is not installed: {command}", name=name, command=f'pip install "diff-compare[{name}]"')
        )
    if method.needs and problem.dtype != "float64":
        raise Unsupported(message("{name} is asked in float64 only", name=name))
    problem = by_column(name, problem)
    if kind == "implicit":
        from diffcli.methods.implicit import derive_implicit

        return derive_implicit(method.load(), problem)
    return method.load()(problem)


def by_column(name: str, problem: Problem) -> Problem:
    """The problem with the functions that others define by the column of texts that the method reads."""
    if problem.rules == "textbook" or METHODS[name].reads != "rules" or not problem.program.calls:
        return problem
    from diffcli.ad.definitions import stabilized

    return replace(problem, program=stabilized(problem.program))


class _Derived(NamedTuple):
    """What a method derived, and the seconds that it took."""

    derivation: Derivation
    seconds: float
    size: int


class _Known:
    """What was derived lately, by all that it depends on; the oldest is forgotten beyond `MOST` equations."""

    def __init__(self) -> None:
        self.found: dict[object, _Derived] = {}
        self.size = 0

    def get(self, key: object) -> _Derived | None:
        with shared:
            found = self.found.pop(key, None)
            if found is not None:
                self.found[key] = found
        return found

    def add(self, key: object, derivation: Derivation, seconds: float) -> None:
        size = sum(len(sweep) + OBJECT for sweep in derivation.sweeps)
        with shared:
            before = self.found.pop(key, None)  # another thread may have been at the same
            self.found[key] = _Derived(derivation, seconds, size)
            self.size += size - (before.size if before else 0)
            while self.size > MOST:
                self.size -= self.found.pop(next(iter(self.found))).size


_known = _Known()


def derived(name: str, problem: Problem) -> tuple[Derivation, float]:
    """The derivation, and the seconds that deriving took, without importing a library.

    Where no condition was decided on the way, what was derived at one point holds at all: a range of points
    asks the same again and again. What a generic method derived holds for other literals and names as well.
    """
    problem = by_column(name, problem)
    method, program = METHODS[name], problem.program
    function = method.load() if method.available else None
    if len(program) > LARGEST:
        return _timed(name, problem)
    generic = method.generic and problem.wanted.kind in ("gradient", "jacobian")
    key = (function, *(_form(program, problem.rules) if generic else _whole(program)), *problem.asked)
    known = _known.get(key)
    if known is not None:
        return _renamed(known.derivation, program) if generic else known.derivation, known.seconds
    derivation, seconds = _timed(name, problem)
    pivots = problem.wanted.kind == "implicit" and len(program.outputs) > 1  # are chosen by values
    if derivation.anywhere and not pivots and (not generic or _open(derivation, program)):
        _known.add(key, derivation, seconds)
    return derivation, seconds


def _timed(name: str, problem: Problem) -> tuple[Derivation, float]:
    begun = time.perf_counter()
    derivation = derive(name, problem)
    return derivation, time.perf_counter() - begun


LARGEST = 10_000
"""Equations of the largest program whose derivation is kept."""
MOST = 1_000_000
"""Equations of all derivations that are kept: some 20 MB."""
OBJECT = 50
"""Equations that take as much memory as a program takes besides."""

_PARAMETERS = bytes(PARAMETRIC).ljust(256, b"\0")


def _whole(program: Program) -> tuple[object, ...]:
    """All that a program says."""
    return *_equations(program), program.inputs, *map(constant_key, program.constants)


def _form(program: Program, rules: Rules) -> tuple[object, ...]:
    """What a program says but for its names and literals.

    Parameters stay, which rules fold in, and the literals that a rule may write as well: these are one equation.
    """
    written, kept = literals(rules), _parameters(program)
    constants = [
        constant_key(constant) if slot in kept or constant in written or type(constant) is not float else None
        for slot, constant in enumerate(program.constants)
    ]
    return *_equations(program), len(program.inputs), *constants


def _parameters(program: Program) -> set[int]:
    """The slots of constants that are parameters."""
    return set(compress(program.b, program.ops.translate(_PARAMETERS)))


def _equations(program: Program) -> tuple[object, ...]:
    third = program.c.tobytes() if 1 in program.ops.translate(READS[2]) else b""
    return program.ops, program.a.tobytes(), program.b.tobytes(), third, *program.wires, *program.calls


def _open(derivation: Derivation, program: Program) -> bool:
    """Whether the literals of all sweeps are those of the program, in their places, and others behind them.

    No literal of the program may be the parameter of a rule as well: hyp0f1(0.5, x)*1.5 derives hyp0f1(1.5, x).
    """
    number, kept = len(program.constants), _parameters(program)
    return all(
        sweep.constants[:number] == program.constants
        and all(slot in kept for slot in _parameters(sweep) if slot < number)
        for sweep in derivation.sweeps
    )


def _renamed(derivation: Derivation, program: Program) -> Derivation:
    """What was derived for a program that differs in names and literals alone."""
    names, literals, number = program.inputs, program.constants, len(program.constants)
    sweeps = tuple([
        Program(names, literals + sweep.constants[number:], sweep.ops, sweep.a, sweep.b, sweep.c, *sweep.wires)
        for sweep in derivation.sweeps
    ])  # fmt: skip
    return derivation._replace(sweeps=sweeps)


def refusal(name: str, error: BaseException, seconds: float) -> tuple[Verdict, Message]:
    """The verdict on a method that ended with `error` instead of an answer; a fault of our own is raised again."""
    method = METHODS[name]
    if isinstance(error, Expired):
        return "timeout", message("no answer within {seconds} s", seconds=f"{seconds:g}")
    if isinstance(error, Unsupported):
        return "unsupported", message_of(error)
    if isinstance(error, RecursionError):
        return "failed", message("the expression is nested too deeply for this method")
    if isinstance(error, MemoryError):
        return "failed", message("this method needs more memory than there is")
    if isinstance(error, Died):
        return "failed", message("the process of this method ended without an answer")
    if method.apart or method.needs or isinstance(error, ArithmeticError):  # that of a library is its verdict
        return "failed", message("{name}: {message}", name=type(error).__name__, message=error)
    raise error
