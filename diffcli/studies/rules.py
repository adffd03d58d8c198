"""The table of derivative rules, both columns, and the worst error of each by itself, in float64.

A rule is applied to a primitive alone: the arguments are exact, the result `y` is libm's, and what comes out is
measured against the derivative proved there. So an error here is the rule's own, or that of the functions it calls.
The points cover the domain: even in log |x| over all of float64 and once more where functions bend, closing in on
both ends of the domain and on 1, and at numbers where functions leave float64's range.

A function that others define has a text in each column, too. It is differentiated as dual numbers do; where its
derivative passes through 0, no program keeps ulps, and only what half an ulp of the arguments does not explain is lost.
Right next to the lowest point of `gelu`, at -0.7518, more is: its derivative is a difference of two numbers near 0.23,
and erfc, right to an ulp, already moves it more than half an ulp of the argument does; the points here lie farther off.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import partial
from math import inf, isfinite, nextafter, pi, ulp
from random import Random
from typing import Any, NamedTuple

from diffcli.ad.definitions import stabilized, stable_text
from diffcli.ad.forward import Dual, Duals
from diffcli.ad.rules import ONE, ZERO, Linear, rule_text
from diffcli.core.evaluate import evaluate
from diffcli.core.primitives import ALL, CODE, DEFINITIONS, OF_VECTORS, PRIMITIVES, RULES, Primitive, Rules
from diffcli.core.program import Builder, Constant, Program
from diffcli.numbers.float64 import FLOAT64
from diffcli.runtime.errors import DiffError
from diffcli.runtime.messages import message
from diffcli.studies.study import Progress, silent
from diffcli.syntax import elaborate
from diffcli.truth.accuracy import error
from diffcli.truth.certify import certify

FEW = 4.0
"""Ulps that a stable rule stays below."""

POINTS, FEWEST, MOST = 500, 10, 1_000_000
"""Points a primitive: usually, at least, at most."""

LITERALS: dict[str, tuple[Constant, ...]] = {
    "powc": (2.0, 3.0, 10.0, -1.0, -2.0, 0.5, -0.5, 1 / 3, 0.1, -2.5, 100.5),
    "polygamma": (1.0, 2.0),
    "hyp0f1": (0.5, 1.5, 2.5),
}
"""The literals with which parametric rows are tried."""

NOTED = (
    0.5, 1.5, 2.5, 3.0, 5.5, 10.0, 20.0, 26.5, 27.2, 36.5, 40.0, 170.5, 171.6, 308.3, 372.0, 700.5, 709.5, 709.9, 710.4,
    744.5, 1023.5, 1024.4, pi / 2, pi, 2 * pi, 355.0, 1e8, 1e22, 1e154, 1.4e154, 1e161, 1e300, 4.6e307, 1e308, 1.7e308,
    1e-8, 1e-16, 1e-154, 1e-160, 1e-300, 3e-308, 4e-309, 1e-310, 1e-320, 5e-324,
)  # fmt: skip
"""Magnitudes at which functions bend, or results leave float64's range, or lose bits below its normal numbers."""

BENDS = -3.0, 3.0
WHOLE = -323.3, 308.2
"""Powers of ten between which points are even in log |x|: where functions bend, and all of float64."""


# --- points
def ends(domain: str) -> tuple[float, float]:
    """The ends of an interval as the table writes it."""
    low, high = domain[1:-1].split(",")
    return float(low), float(high)


def line(domain: str, count: int) -> list[float]:
    """Numbers inside an interval: the noted ones, those next to its ends and to 1, and `count` even in log |x|."""
    low, high = ends(domain)
    close = [end + sign * 2.0**-k for end in {-1.0, 1.0, low, high} for k in range(1, 54) for sign in (-1, 1)]
    close += [nextafter(end, far) for end in (low, high) for far in (-inf, inf)]
    positive = [*NOTED, *_even(*BENDS, max(count // 3, 1)), *_even(*WHOLE, max(count // 6, 1))]
    numbers = {sign * x for x in positive for sign in (-1, 1)} | {x for x in close if isfinite(x)}
    return sorted(x for x in numbers if low < x < high)


def _even(low: float, high: float, count: int) -> list[float]:
    """Numbers even in log x, which are no round ones."""
    return [float(10 ** (low + (high - low) * (k + 0.5) / count)) for k in range(count)]


def points(row: Primitive, literal: Constant | None, count: int) -> Iterator[tuple[float, ...]]:
    """`count` points of a primitive's domain, the same ones every time."""
    random = Random(f"{row.name} {literal}")
    whole = row.name == "powc" and literal is not None and float(literal).is_integer()
    domains = (ALL,) * row.arity if whole or not row.domain else row.domain
    lines = [line(domain, count) for domain in domains]
    if len(lines) == 1:
        (numbers,) = lines
        yield from ((x,) for x in (numbers if len(numbers) <= count else sorted(random.sample(numbers, count))))
        return
    bends = [[x for x in numbers if 1e-3 < abs(x) < 1e3] for numbers in lines]
    for k in range(count):
        point = [random.choice(numbers) for numbers in (bends if k % 2 else lines)]
        if k % 4 < 2:
            point[1 - k % 2] = _related(point[k % 2], k % 2, domains[1 - k % 2], random) or point[1 - k % 2]
        yield tuple(point)


def _related(x: float, multiple: int, domain: str, random: Random) -> float | None:
    """A number close to x or -x, or next to a small multiple of it; None where that is outside."""
    factor = random.randint(1, 9) if multiple else 1 + random.choice((-1, 1)) * 2.0 ** -random.randint(1, 60)
    near = random.choice((-1, 1)) * x * factor
    near = random.choice((near, nextafter(near, inf), nextafter(near, -inf)))
    low, high = ends(domain)
    return near if low < near < high else None


# --- what a rule loses
class Worst(NamedTuple):
    """The largest error found, in ulps, and where; how many points had a derivative that is proved."""

    ulp: float
    at: tuple[float, ...]
    literal: Constant | None
    points: int


def single(row: Primitive, literal: Constant | None) -> Program:
    """The program of one operation on its inputs."""
    builder = Builder(tuple("abc"[: row.arity]))
    inputs = [builder.input(i) for i in range(row.arity)]
    if literal is not None:
        inputs.append(builder.slot(literal))
    return builder.program([builder.emit(CODE[row.name], *inputs)])


def by_rule(
    row: Primitive, literal: Constant | None, point: Sequence[float], argument: int, rules: Rules = "textbook"
) -> float:
    """The derivative in one argument, by a rule of the table in float64."""
    code, linear = CODE[row.name], Linear(FLOAT64, rules)
    function = FLOAT64.functions[code]
    assert function is not None
    y = function(*point) if literal is None else function(*point, literal)
    tangents = [ONE if i == argument else ZERO for i in range(len(point))]
    return float(linear.settle(linear.push(code, point, y, tangents, literal)))


def worst(row: Primitive, argument: int, count: int = POINTS) -> dict[Rules, Worst]:
    """What each column loses in one argument of a primitive, over all points and literals."""
    found: dict[Rules, Worst] = {rules: Worst(-1.0, (), None, 0) for rules in RULES}
    code = CODE[row.name]
    columns = RULES if rule_text(code, "stable") != rule_text(code) else RULES[:1]
    for parameter in LITERALS.get(row.name, (None,)):
        program = single(row, parameter)
        for point in points(row, parameter, count):
            truth = certify(program, (argument,), point)
            if truth.status != "certified" or not truth.derivative:
                continue
            for rules in columns:
                lost = error(by_rule(row, parameter, point, argument, rules), truth.derivative[0]).ulp
                known = found[rules]
                found[rules] = known._replace(points=known.points + 1)
                if lost > known.ulp:
                    found[rules] = Worst(lost, point, parameter, known.points + 1)
    return {rules: found[rules if rules in columns else columns[0]] for rules in RULES}


# --- functions defined by others
class Function(NamedTuple):
    """A function of numbers `a`, `b`, … as it is written, with its text in each column."""

    row: Primitive
    written: str
    text: str
    second: str | None

    def program(self, rules: Rules) -> Program:
        program = elaborate(self.written, dict.fromkeys(self.row.params, ())).program
        return stabilized(program) if rules == "stable" else program


def functions() -> list[Function]:
    """Every definition, of vectors with two entries; and x - logsumexp([x, y]), which has a text but no name."""
    found = []
    for name, texts in DEFINITIONS.items():
        for parameters, text in texts:
            params = "ab" if name in OF_VECTORS else parameters.replace(", ", "")
            arguments = ", ".join(params)
            written = f"{name}([{arguments}])" if name in OF_VECTORS else f"{name}({arguments})"
            stable = stable_text(name, len(params))
            found.append(Function(Primitive(name, params, ""), written + "[0]" * (name == "softmax"), text, stable))
    formula = "a - logsumexp([a, b])"
    return [*found, Function(Primitive("log_softmax", "ab", ""), formula, formula, stable_text("log_softmax", 2))]


def worst_of(function: Function, argument: int, count: int = POINTS) -> dict[Rules, Worst]:
    """What each column loses in one argument of a function, over all points."""
    found: dict[Rules, Worst] = {rules: Worst(-1.0, (), None, 0) for rules in RULES}
    programs = {rules: function.program(rules) for rules in RULES}
    for point in points(function.row, None, count):
        truth = certify(programs["textbook"], (argument,), point)
        if truth.status != "certified" or not truth.derivative:
            continue
        for rules, program in programs.items():
            seeded = [Dual(x, ONE if i == argument else ZERO) for i, x in enumerate(point)]
            algebra = Duals(FLOAT64, rules)
            number = algebra.linear.settle(evaluate(program, seeded, algebra)[0].tangent)
            lost = error(number, truth.derivative[0]).ulp
            if lost > FEW:
                lost = max(lost - explained(programs["textbook"], argument, point, truth.derivative[0]), 0.0)
            known = found[rules]
            found[rules] = known._replace(points=known.points + 1)
            if lost > known.ulp:
                found[rules] = Worst(lost, point, None, known.points + 1)
    return found


def explained(program: Program, argument: int, point: Sequence[float], derivative: Any) -> float:
    """By how many ulps the derivative moves when each argument does by half an ulp."""
    moves = 0.0
    for i, x in enumerate(point):
        near = [nextafter(x, inf) if i == j else other for j, other in enumerate(point)]
        moved = certify(program, (argument,), near).derivative
        if moved and moved[0] is not None:
            moves += abs(float(moved[0] - derivative)) / 2
    return moves / ulp(float(derivative))


# --- the study
def measured(row: Primitive) -> bool:
    """Whether a rule computes anything: what is free has no derivative, or passes a tangent on."""
    return row.arity > 0 and row.cost != "free"


class Losses(NamedTuple):
    """What each column loses in one argument of a primitive, or of a function that others define."""

    row: Primitive
    argument: int
    worst: Mapping[Rules, Worst]


class Texts(NamedTuple):
    """How the rule of a primitive is written, and the stable one where it is an `other`."""

    row: Primitive
    textbook: str
    other: str | None


def texts(row: Primitive) -> Texts:
    textbook, stable = (rule_text(CODE[row.name], column) for column in RULES)
    return Texts(row, textbook, stable if stable != textbook else None)


@dataclass(frozen=True, slots=True)
class RuleErrors:
    """Which rules were asked for, and which definitions; what each loses on `points` points an argument."""

    points: int
    losses: tuple[Losses, ...]
    texts: tuple[Texts, ...]
    defined: tuple[Function, ...]

    def above(self, column: Rules) -> list[str]:
        """Those that lose more than a few ulps."""
        return list(dict.fromkeys(lost.row.name for lost in self.losses if lost.worst[column].ulp > FEW))


def rules(names: Sequence[str] = (), count: int = POINTS, progress: Progress = silent) -> RuleErrors:
    """The rules of `names`, or of all primitives, and what each loses on `count` points an argument."""
    if not FEWEST <= count <= MOST:
        raise DiffError(
            message(
                "--points {count}: a primitive has {least} to {most} points",
                count=count,
                least=FEWEST,
                most=f"{MOST:,}",
            ),
            hint=message("write --points 500"),
            kind="option",
        )
    rows, defined = _named(names)
    asked: list[tuple[Primitive, int, Callable[[int], dict[Rules, Worst]]]] = [
        *((row, i, partial(worst, row, i)) for row in rows if measured(row) for i in range(row.arity)),
        *((function.row, i, partial(worst_of, function, i)) for function in defined for i in range(function.row.arity)),
    ]
    found: list[Losses] = []
    for row, argument, lost in asked:
        found.append(Losses(row, argument, lost(count)))
        progress(count * len(found), count * len(asked))
    return RuleErrors(count, tuple(found), tuple(map(texts, rows)), tuple(defined))


def _named(names: Sequence[str]) -> tuple[list[Primitive], list[Function]]:
    if not names:
        return [row for row in PRIMITIVES if row.arity], functions()
    known = {name: row for row in PRIMITIVES if row.arity for name in (row.name, *row.aliases)}
    defined = [function for function in functions() if function.row.name in names]
    everything = {*known, *(function.row.name for function in functions())}
    for name in names:
        if name not in everything:
            near = get_close_matches(name, everything, 1)
            hint = message("did you mean '{name}'?", name=near[0]) if near else message("leave out the name to see all")
            raise DiffError(message("no primitive is called '{name}'", name=name), hint=hint, kind="option")
    return list(dict.fromkeys(known[name] for name in names if name in known)), defined
