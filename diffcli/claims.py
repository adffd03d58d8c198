"""Derivatives that someone claims: are they right here, and are they right everywhere?

A claim is evaluated like a method. Beyond that it is examined: proved wrong by a
point where the balls of claim and truth are apart, or shown equal to SymPy's
derivative as a formula. Balls, not tolerances, say that a formula is wrong.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Any

from diffcli.accuracy import nearest
from diffcli.case import Case, Claim, Number, written
from diffcli.derivation import Derivation
from diffcli.syntax.rendering import literal
from diffcli.truth import Truth, certify, digits

POINTS = 32
"""Points at which a claim is tried, besides the one that was asked about."""


@dataclass(frozen=True, slots=True)
class Counterexample:
    """A point where an entry is claimed to be one ball, and is another."""

    at: dict[str, Number]
    entry: int
    claimed: Any
    truth: Any


@dataclass(frozen=True, slots=True)
class Examination:
    """`equal`: shown by SymPy (True), refuted by a counter-example (False), or neither (None)."""

    formulas: tuple[str, ...]
    equal: bool | None = None
    counterexample: Counterexample | None = None


def derivation(case: Case) -> Derivation:
    """The claimed formulas as programs, one a variable, over all names of the point."""
    places: dict[tuple[int, int], tuple[int, int]] = {}
    column = 0
    for sweep, claim in enumerate(case.claims):
        size = len(claim.expression.program.outputs) // len(case.outputs)
        for k in range(len(claim.expression.program.outputs)):
            places[k // size, column + k % size] = sweep, k
        column += size
    entries = tuple(places[place] for place in sorted(places))
    return Derivation(tuple(claim.expression.program for claim in case.claims), entries=entries)


def formulas(case: Case) -> tuple[str, ...]:
    return tuple(claim.expression.source.strip() for claim in case.claims)


def refute(case: Case, truth: Truth) -> Counterexample | None:
    """A point where the claim is proved wrong: the one asked about, or another that is tried."""
    found = _apart(case, case.at, truth)
    for at in _points(case):
        if found is not None:
            break
        problem = case.problem_at(at)
        found = _apart(case, at, certify(problem.program, problem.wrt, problem.point, problem.wanted))
    return found


def refutation(case: Case, wrong: Counterexample) -> str:
    """Where a claim is wrong, what it gives there, and what is right."""
    claimed, exact = (literal(nearest(ball)) for ball in (wrong.claimed, wrong.truth))
    if claimed == exact:
        claimed, exact = digits(wrong.claimed), digits(wrong.truth)
    where = "here" if wrong.at == case.at else f"at {', '.join(f'{n}={written(v)}' for n, v in wrong.at.items())}"
    entries = [(output, name) for output in case.outputs for name in case.entries]
    output, name = entries[wrong.entry]
    of = f"∂{output}/∂{name} = " if len(entries) > 1 else ""
    return f"{where} it gives {of}{claimed}, the truth is {exact}"


def _apart(case: Case, at: dict[str, Number], truth: Truth) -> Counterexample | None:
    """The first entry whose balls do not overlap."""
    if truth.derivative is None:
        return None
    values = [_certified(claim, at) for claim in case.claims]
    for k, (sweep, output) in enumerate(derivation(case).entries or ()):
        exact, found = truth.derivative[k], values[sweep]
        if exact is not None and found is not None and not found[output].overlaps(exact):
            return Counterexample(at, k, found[output], exact)
    return None


def _certified(claim: Claim, at: dict[str, Number]) -> tuple[Any, ...] | None:
    return certify(claim.expression.program, (), claim.point(at)).values


def _points(case: Case) -> Iterator[dict[str, Number]]:
    """Small numbers first, then seeded ones: positive, then of either sign, then near the point."""
    random = Random(0)
    for k in range(POINTS):
        number = iter(range(1, 1 << 30))

        def drawn(x: float, k: int = k, number: Iterator[int] = number) -> float:
            if k < 2:
                return float(next(number) + k)
            step = random.randint(1, 32) / 8
            return step if k % 3 == 0 else random.choice((-1, 1)) * step if k % 3 == 1 else x + step / 16

        yield {name: _mapped(drawn, value) for name, value in case.at.items()}


def _mapped(function: Any, value: Number) -> Number:
    return tuple(_mapped(function, part) for part in value) if isinstance(value, tuple) else function(value)


def shown_equal(case: Case) -> bool:
    """Whether SymPy shows every claimed formula equal to its own derivative."""
    from diffcli.algebras.symbols import derivative, lift, vanishes

    problem = case.problem
    names = problem.program.inputs
    exact = [derivative(value, names[i]) for value in lift(problem.program) for i in problem.wrt]
    claimed = [lift(claim.expression.program) for claim in case.claims]
    pairs = zip(exact, derivation(case).entries or (), strict=True)
    return all(vanishes(value - claimed[sweep][output]) for value, (sweep, output) in pairs)
