"""Derivatives that someone claims: are they right here, and are they right everywhere?

A claim is evaluated like a method. Beyond that it is examined:

- *wrong* is proved by a point: there the balls of claim and truth are apart, or the claim has no value, there and all
  around, and the derivative has one. Tried are points at all scales, and those beside which function or claim switch
  (`switches`).
- *right* is proved by formulas: SymPy's derivative is the claim, on every piece where nothing switches (`pieces`).

Where neither is proved the claim is undecided, however many points agree. Of a Python function every path that is
found is asked; whether there are others is told by the conditions of those found.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from fractions import Fraction
from math import isfinite
from random import Random
from time import monotonic
from typing import TYPE_CHECKING, Any, Literal

from diffcli.core.passes import held_at, prune
from diffcli.core.primitives import CODE, CONST, INPUT
from diffcli.core.program import Program
from diffcli.problem.case import Case, Claim
from diffcli.problem.derivation import Derivation
from diffcli.problem.point import Number, flat, shape_of, tuples, written
from diffcli.runtime.limits import Expired, deadline
from diffcli.runtime.messages import Message, message
from diffcli.syntax.rendering import literal
from diffcli.syntax.shapes import nested, places, subscript
from diffcli.truth.accuracy import nearest
from diffcli.truth.certify import Truth, certify, digits

if TYPE_CHECKING:
    from diffcli.tracing.running import Elsewhere

Standing = Literal["right", "wrong", "inaccurate", "missing", "undecided"]
"""What a claim is; `inaccurate` is the right formula, whose floats lose too much at this point."""

MOST_POINTS = 160
"""Points at which a claim is tried, at most, besides the one that was asked about."""
_ORDINARY, _FAR, _LINES, _PATHS, _CONDITIONS, _AROUND = 32, 24, 12, 24, 40, 4
_WORK = 150_000
"""Equations that may be evaluated in float64 to find where something switches."""


@dataclass(frozen=True, slots=True)
class Counterexample:
    """A point where an entry is claimed to be one ball, or has no value as claimed (None), and is another."""

    at: dict[str, Number]
    entry: int
    claimed: Any
    truth: Any


@dataclass(frozen=True, slots=True)
class Path:
    """A straight way through a function: its program, the conditions it hangs on, what it took for plain numbers."""

    program: Program
    wrt: tuple[int, ...]
    conditions: Program
    signs: tuple[int, ...]
    held: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Trial:
    """What came of trying points: a counter-example, or how many had none, and the paths that were met.

    `gap` is a single point without a value as claimed, where there is a derivative: y/(2*sqrt(x*y)) has none at y = 0.
    `decimals`: as float64 numbers the literals refute the claim in their last digits; as the decimals that they are
    written as, they do not.
    """

    counterexample: Counterexample | None = None
    points: int = 0
    paths: tuple[Path, ...] = ()
    decimals: bool = False
    gap: dict[str, Number] | None = None

    @property
    def qualified(self) -> bool:
        """Whether a claim can be right but for something: then it does not equal the derivative everywhere."""
        return self.decimals or self.gap is not None or any(path.held for path in self.paths)


@dataclass(frozen=True, slots=True)
class Examination:
    """`equal`: shown by SymPy without a reservation (True), refuted by a counter-example (False), or neither (None)."""

    formulas: tuple[str, ...]
    standing: Standing
    equal: bool | None = None
    counterexample: Counterexample | None = None


MISSING = Examination((), "missing")


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


# --- a counter-example
def tried(case: Case, truth: Truth) -> Trial:
    """Points tried one after the other, the one asked about first, until one refutes the claim."""
    found = _tried(case, truth)
    if found.counterexample is None or not _last_digits(found.counterexample):
        return found
    decimal = in_decimals(case)
    if decimal is None:
        return found
    again = _tried(decimal, None)
    return replace(again, decimals=True) if again.counterexample is None else found


def tried_by_name(case: Case, truth: Truth, seconds: float) -> Trial:
    """`tried`, for so long, for a Python function that is loaded here by the text that names it: `lesson.py:f`."""
    from diffcli.tracing.loading import load

    with deadline(seconds):
        return tried(replace(case, function=load(case.expression.source)), truth)


def _tried(case: Case, truth: Truth | None) -> Trial:
    asked = _Asked(case)
    points = 0
    gap: dict[str, Number] | None = None
    with suppress(Expired):  # so far there was none
        for at in asked.points():
            if points > MOST_POINTS or asked.endless > _ENDLESS:
                break
            here = asked.at(at) or (case if at is case.at else None)
            if here is None:
                continue
            if truth is None or at is not case.at:
                problem = here.problem
                truth = certify(problem.program, problem.wrt, problem.point, problem.wanted)
            found = _apart(here, truth)
            if found is not None and found.claimed is None and not _all_around(asked, found):
                gap, found = gap or found.at, None
            if found is not None and (case.function is None or asked.explains(here, found)):
                return Trial(found, points)
            points += 1
    return Trial(None, max(points - 1, 0), tuple(asked.paths.values()), gap=gap)


def _all_around(asked: _Asked, gap: Counterexample) -> bool:
    """Whether a claim has no value beside a point either; a formula may divide by what is zero at single points."""
    random, point = Random(1), named_numbers(gap.at)
    for _ in range(_AROUND):
        moved = {
            name: x if name.partition("[")[0] in asked.held else x + (abs(x) or 1.0) * random.uniform(-1, 1) * 2.0**-12
            for name, x in point.items()
        }
        here = asked.at(with_numbers(gap.at, moved))
        if here is None:
            continue
        problem = here.problem
        found = _apart(here, certify(problem.program, problem.wrt, problem.point, problem.wanted))
        if found is None or found.claimed is not None:
            return False
    return True


def refutation(case: Case, wrong: Counterexample) -> Message:
    """Where a claim is wrong, what it gives there, and what is right."""
    point = ", ".join(f"{n}={written(v)}" for n, v in wrong.at.items())
    entries = [(output, name) for output in case.outputs for name in case.entries]
    output, name = entries[wrong.entry]
    of = f"∂{output}/∂{name} = " if len(entries) > 1 else ""
    exact = literal(nearest(wrong.truth))
    if wrong.claimed is None:
        if wrong.at == case.at:
            return message("here it has no value, where the derivative is {truth}", truth=of + exact)
        return message("at {point} it has no value, where the derivative is {truth}", point=point, truth=of + exact)
    claimed = literal(nearest(wrong.claimed))
    if claimed == exact:
        claimed, exact = digits(wrong.claimed), digits(wrong.truth)
    if wrong.at == case.at:
        return message("here it gives {claimed}, the truth is {truth}", claimed=of + claimed, truth=exact)
    template = "at {point} it gives {claimed}, the truth is {truth}"
    return message(template, point=point, claimed=of + claimed, truth=exact)


def _apart(case: Case, truth: Truth) -> Counterexample | None:
    """The first entry whose balls do not overlap, or that has no value as claimed."""
    if truth.derivative is None:
        return None
    values = [_certified(claim, case.at) for claim in case.claims]
    for k, (sweep, output) in enumerate(derivation(case).entries or ()):
        exact, found = truth.derivative[k], values[sweep].values
        if exact is None:
            continue
        if found is not None:
            if not found[output].overlaps(exact):
                return Counterexample(case.at, k, found[output], exact)
        elif values[sweep].status == "undefined" and truth.reason is None and exact.is_finite():
            alone = _certified(case.claims[sweep], case.at, output)
            if alone.status == "undefined":
                return Counterexample(case.at, k, None, exact)
            if alone.values is not None and not alone.values[0].overlaps(exact):
                return Counterexample(case.at, k, alone.values[0], exact)
    return None


def _certified(claim: Claim, at: Mapping[str, Number], output: int | None = None) -> Truth:
    program = claim.expression.program
    if output is not None:
        program = prune(replace(program, outputs=(program.outputs[output],)))
    return certify(program, (), claim.point(at))


def _last_digits(wrong: Counterexample, bits: int = 44) -> bool:
    """Whether the two differ by so little that rounded literals may be why."""
    if wrong.claimed is None or not wrong.claimed.is_finite() or not wrong.truth.is_finite():
        return False
    return bool(abs(wrong.claimed - wrong.truth) < abs(wrong.truth) * 2.0**-bits)


def in_decimals(case: Case) -> Case | None:
    """The same with literals as the decimals that they are written as; None where that is the same."""
    if case.function is not None:
        return None
    program = _decimal(case.expression.program)
    claims = [replace(claim.expression, program=_decimal(claim.expression.program)) for claim in case.claims]
    decimal = replace(
        case, expression=replace(case.expression, program=program),
        claims=tuple(Claim(claim.variable, new) for claim, new in zip(case.claims, claims, strict=True)),
    )  # fmt: skip
    return None if decimal == case else decimal


def _decimal(program: Program) -> Program:
    constants = [
        exact if isinstance(c, float) and c == c and abs(c) < float("inf") and (exact := Fraction(repr(c))) != c else c
        for c in program.constants
    ]
    return replace(program, constants=tuple(constants))


# --- the function at other points
class _Asked:
    """A case that is asked at other points; a Python function is run anew at each, and its paths are noted."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.paths: dict[Any, Path] = {}
        self.fresh: list[tuple[dict[str, Number], Path]] = []
        self.held: tuple[str, ...] = ()
        self.work = self.endless = 0

    def at(self, at: dict[str, Number]) -> Case | None:
        """The case at another point; None where the function does not go there for certain."""
        if self.case.function is None:
            return replace(self.case, at=at)
        found = self._run(at)
        if found is None or found.expression.shape != self.case.expression.shape:
            return None
        here = replace(self.case, at=at, expression=found.expression)
        self._note(here, Path(
            found.expression.program, here.problem.wrt, found.conditions, found.signs,
            tuple((name, float(at[name])) for name in found.held),  # type: ignore[arg-type]
        ))  # fmt: skip
        return here

    def _run(self, at: dict[str, Number]) -> Elsewhere | None:
        """The function elsewhere; it may have no end there."""
        from diffcli.tracing.running import elsewhere

        assert self.case.function is not None
        begun = monotonic()
        with deadline(_LONGEST_RUN):
            found = elsewhere(self.case.function, at, self.case.wrt)
        self.endless += monotonic() - begun > _LONGEST_RUN
        return found

    def _note(self, here: Case, path: Path) -> None:
        key = path.program, path.conditions, path.signs, path.held
        self.held = tuple(name for name, _ in path.held)
        if key not in self.paths:
            self.paths[key] = path
            if len(self.paths) <= _PATHS:
                self.fresh.append((here.at, path))

    def points(self) -> Iterator[dict[str, Number]]:
        """The point asked about, ordinary ones, and those beside which something switches."""
        yield self.case.at
        ordinary = list(_points(self.case, self.held))
        yield from ordinary
        bases = [self.case.at, *ordinary[3:5]] if len(self.case.entries) + len(self.case.at) > 2 else [self.case.at]
        if self.case.function is None:
            for base in bases:
                yield from self._beside(base, [self.case.expression.program])
            return
        for base in bases[1:]:
            yield from self._beside(base, [])
        while self.fresh:
            base, path = self.fresh.pop(0)
            yield from self._beside(base, [path.program], [path.conditions])

    def _beside(
        self, base: dict[str, Number], programs: list[Program], conditions: Iterable[Program] = ()
    ) -> Iterator[dict[str, Number]]:
        """Points along the lines through `base`, one for each variable, beside which something switches."""
        from diffcli.problem.switches import GRID, along, beside, cuts, literals, switching

        programs = [*programs, *(claim.expression.program for claim in self.case.claims)]
        sources = [found for found in map(switching, programs) if found.outputs] + [c for c in conditions if c.outputs]
        numbers = {x for program in (*programs, *conditions) for x in literals(program)}
        point = named_numbers(base)
        lines = [name for name in point if name.partition("[")[0] not in self.held]
        for name in lines[:_LINES]:
            asked = [program for program in sources if name in program.inputs]
            size = sum(map(len, asked)) * (len(GRID) + len(numbers) + len(point)) * 8
            if not asked or self.work + size > _WORK:
                continue
            self.work += size
            for x in beside(cuts(along(asked, point, name), [*numbers, *point.values()])):
                if abs(x) < _LARGEST:
                    yield with_numbers(base, {**point, name: x})

    def explains(self, here: Case, wrong: Counterexample) -> bool:
        """Whether the derivative of the path is how the function moves: that of a bisection's path is not.

        A Python function is an approximation where it stops at a tolerance: what differs by less than its numbers
        show refutes nothing.
        """
        if _last_digits(wrong, 36):
            return False
        name = here.entries[wrong.entry % len(here.entries)]
        output = wrong.entry // len(here.entries)
        point = named_numbers(here.at)
        step = max(abs(point[name]), 2.0**-20) * 2.0**-20
        values = [self._value({**point, name: point[name] + h}, output) for h in (-step, step)]
        if None in values:
            return False
        low, high = (value for value in values if value is not None)
        quotient, exact = (high - low) / (2 * step), float(nearest(wrong.truth))
        noise = (abs(low) + abs(high)) * 2.0**-50 / step
        return abs(quotient - exact) <= 1e-3 * max(abs(quotient), abs(exact)) + noise

    def _value(self, point: dict[str, float], output: int) -> float | None:
        from diffcli.core.evaluate import evaluate
        from diffcli.numbers.float64 import FLOAT64

        found = self._run(with_numbers(self.case.at, point))
        if found is None:
            return None
        program = found.expression.program
        return float(evaluate(program, [point[name] for name in program.inputs], FLOAT64)[output])


_LARGEST = 1e200
_LONGEST_RUN, _ENDLESS = 0.25, 4
"""Seconds that a Python function may run at another point; beyond as many runs without an end no more are begun."""


def named_numbers(at: Mapping[str, Number]) -> dict[str, float]:
    """All numbers of a point by their own names, `v[0]`."""
    return {
        name + subscript(place): number
        for name, value in at.items()
        for place, number in zip(places(shape_of(value)), flat(value), strict=True)
    }


def with_numbers(at: Mapping[str, Number], numbers: Mapping[str, float]) -> dict[str, Number]:
    """A point of the same shapes with these numbers."""
    moved: dict[str, Number] = {}
    for name, value in at.items():
        shape = shape_of(value)
        moved[name] = tuples(nested(shape, [numbers[name + subscript(place)] for place in places(shape)]))
    return moved


def _points(case: Case, held: tuple[str, ...]) -> Iterator[dict[str, Number]]:
    """Small numbers first, then seeded ones: positive, then of either sign, then near the point; then far away."""
    random = Random(0)
    for k in range(_ORDINARY + _FAR):
        number = iter(range(1, 1 << 30))

        def drawn(x: float, k: int = k, number: Iterator[int] = number) -> float:
            if k < 2:
                return float(next(number) + k)
            if k >= _ORDINARY:
                return random.choice((-1, 1)) * random.choice((1.0, 1.5, 3.7)) * 10.0 ** random.choice(_SCALES)
            step = random.randint(1, 32) / 8
            return step if k % 3 == 0 else random.choice((-1, 1)) * step if k % 3 == 1 else x + step / 16

        def whole(x: float, k: int = k) -> float:
            return x if k % 2 else float(random.randint(1, 5))

        yield {name: _mapped(whole if name in held else drawn, value) for name, value in case.at.items()}


_SCALES = (-6, -3, -2, -1, 1, 1, 2, 2, 3, 4, 6, 9)


def _mapped(function: Callable[[float], float], value: Number) -> Number:
    return tuple(_mapped(function, part) for part in value) if isinstance(value, tuple) else function(value)


# --- a proof
@dataclass(frozen=True, slots=True)
class Question:
    """Are these programs, on each of these paths, the derivatives? With nothing in it that cannot travel."""

    paths: tuple[Path, ...]
    claimed: tuple[Program, ...]
    entries: tuple[tuple[int, int], ...]


def question(case: Case, trial: Trial = Trial()) -> Question:
    """What SymPy is asked to show of a claim, after points were tried."""
    if trial.decimals:
        case = in_decimals(case) or case
    paths = trial.paths
    if not case.expression.traced:
        problem = case.problem
        paths = (Path(problem.program, problem.wrt, replace(problem.program, outputs=()), ()),)
    found = derivation(case)
    return Question(paths, found.sweeps, found.entries or ())


def _differs_unseen(program: Program) -> bool:
    """Whether a claim may be another formula at single places that no point tried meets: where(x == pi, 7, 2*x).

    Pieces are open. That x is a number as it is written, or another variable, is tried beside the switch.
    """
    equations = (k for k, code in enumerate(program.ops) if code in _EQUATIONS)
    return any(not all(_is_met(program, operand) for operand in program.arguments(k)) for k in equations)


def _is_met(program: Program, k: int) -> bool:
    """Whether this is a variable, or a number that is written as a float; in decimals it is what is written."""
    if program.ops[k] != CONST:
        return program.ops[k] == INPUT
    number = program.constants[program.a[k]]
    return not isinstance(number, str) and isfinite(number) and number in (float(number), Fraction(repr(float(number))))


_EQUATIONS = {CODE["eq"], CODE["ne"]}


def shown_equal(asked: Question) -> bool:
    """Whether SymPy shows every claimed formula equal to its own derivative, on every piece of every path."""
    from diffcli.numbers.sympy.pieces import covered, equal

    if any(map(_differs_unseen, asked.claimed)):
        return False
    paths = asked.paths
    if not 0 < len(paths) <= _PATHS or any(len(path.signs) > _CONDITIONS for path in paths):
        return False
    groups: dict[tuple[tuple[str, float], ...], list[Path]] = {}
    for path in paths:
        groups.setdefault(path.held, []).append(path)
    if not all(covered([(path.conditions, path.signs) for path in group]) for group in groups.values()):
        return False
    return all(
        equal(
            path.program, path.wrt, [held_at(program, dict(path.held)) for program in asked.claimed], asked.entries,
            (path.conditions, path.signs),
        )
        for path in paths
    )  # fmt: skip
