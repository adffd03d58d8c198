"""Points, random programs and oracles that the tests share; it holds no test of its own.

Points lie inside a primitive's domain, as its row states it, and clear of its kinks and poles, as CLEAR
states them. Programs are random DAGs: tame ones have every value inside its domain at a point that is drawn
with them, so that balls stay narrow; wild ones may do anything. The oracle of a rule is FLINT's power-series
arithmetic, which reads no rule.
"""

from __future__ import annotations

import math
import operator
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, NamedTuple

import mpmath
from hypothesis import strategies as st

from diffcli.ad import rules
from diffcli.ad.forward import Dual, Duals
from diffcli.ad.reverse import Taping
from diffcli.ad.rules import ONE, ZERO, Linear
from diffcli.core.evaluate import evaluate
from diffcli.core.primitives import ALL, ARITY, CODE, PARAMETRIC, PRIMITIVES, Primitive
from diffcli.core.program import Builder, Constant, Program
from diffcli.numbers.float64 import FLOAT64
from diffcli.truth import series
from diffcli.truth.series import SERIES

ROWS: dict[str, Primitive] = {row.name: row for row in PRIMITIVES}
OPERATIONS = [row for row in PRIMITIVES if row.arity]
"""Every row that has an argument: all but `const` and `input`."""

LITERALS: dict[str, tuple[Constant, ...]] = {
    "powc": (0.0, 1.0, 2.0, 3.0, -1.0, -2.0, 0.5, -0.5, 1 / 3, 2.5),
    "polygamma": (0.0, 1.0, 2.0, 3.0),
    "hyp0f1": (0.5, 1.5, 2.5, 3.0),
}
"""The literals with which parametric rows are tried."""

CORE = ("add", "sub", "mul", "div", "neg", "powc", "exp", "log", "sqrt", "sin", "cos", "tan", "tanh", "atan")
"""The core set of the cost bounds."""

SMOOTH = (
    *CORE, "fma", "pow", "expm1", "exp2", "log2", "log10", "log1p", "logaddexp", "xlogy", "cbrt", "hypot",
    "sec", "csc", "cot", "asin", "acos", "atan2", "sinh", "cosh", "asinh", "acosh", "atanh",
    "erf", "erfc", "gamma", "lgamma", "digamma", "sigmoid", "softplus",
)  # fmt: skip
KINKED = ("abs", "sign", "floor", "ceil", "round", "trunc", "min", "max", "mod", "fmod", "heaviside", "relu", "detach")
ALL_NAMES = (*SMOOTH, *KINKED)


# --- points
@dataclass(frozen=True)
class Interval:
    """An interval of the table: ends, and whether they belong to it."""

    low: float
    high: float
    closed_low: bool
    closed_high: bool

    def __contains__(self, x: float) -> bool:
        above = x >= self.low if self.closed_low else x > self.low
        below = x <= self.high if self.closed_high else x < self.high
        return above and below

    def sample(self, rng: random.Random) -> float:
        """A point inside, of any size between 1/1000 and some 10, near an end as often as far from it."""
        distance = 10 ** rng.uniform(-3, 1)
        if math.isinf(self.low) and math.isinf(self.high):
            return rng.choice((-1, 1)) * distance
        if math.isinf(self.high):
            return self.low + distance
        part = 10 ** rng.uniform(-3, math.log10(0.5)) * (self.high - self.low)
        return self.low + part if rng.random() < 0.5 else self.high - part


def interval(text: str) -> Interval:
    """The interval that a domain text means.

    >>> interval("(0, inf)")
    Interval(low=0.0, high=inf, closed_low=False, closed_high=False)
    """
    low, high = text[1:-1].split(",")
    assert text[0] + text[-1] in ("[]", "[)", "(]", "()"), text
    return Interval(float(low), float(high), text[0] == "[", text[-1] == "]")


def domains(row: Primitive) -> tuple[Interval, ...]:
    """One interval per argument: those of the row, or the whole line."""
    return tuple(map(interval, row.domain or (ALL,) * row.arity))


AWAY = 0.05
"""How far points stay from kinks, ties, jumps and poles."""


def _far_from_whole(x: float) -> bool:
    return abs(x - round(x)) > AWAY


def _apart(a: float, b: float) -> bool:
    return abs(a - b) > AWAY


def _no_pole(a: float) -> bool:
    return a > AWAY or _far_from_whole(a)


def _nonzero(a: float) -> bool:
    return abs(a) > AWAY


CLEAR: dict[str, Callable[..., bool]] = {
    "div": lambda _, b: _nonzero(b),
    "pow": lambda a, b: a > 0 and abs(b * math.log(a)) < 50,
    "lt": _apart,
    "le": _apart,
    "gt": _apart,
    "ge": _apart,
    "eq": _apart,
    "ne": _apart,
    "exp": lambda a: abs(a) < 50,
    "sqrt": lambda a: a > 0,
    "cbrt": lambda a: a != 0,
    "hypot": lambda a, b: a != 0 or b != 0,
    "tan": lambda a: _nonzero(math.cos(a)),
    "sec": lambda a: _nonzero(math.cos(a)),
    "csc": lambda a: _nonzero(math.sin(a)),
    "cot": lambda a: _nonzero(math.sin(a)),
    "asin": lambda a: abs(a) < 1,
    "acos": lambda a: abs(a) < 1,
    "acosh": lambda a: a > 1,
    "atan2": lambda a, b: b > AWAY or _nonzero(a),
    "abs": _nonzero,
    "sign": _nonzero,
    "relu": _nonzero,
    "heaviside": lambda a, _: _nonzero(a),
    "floor": _far_from_whole,
    "ceil": _far_from_whole,
    "trunc": _far_from_whole,
    "round": lambda a: _far_from_whole(a + 0.5),
    "min": _apart,
    "max": _apart,
    "mod": lambda a, b: _nonzero(b) and _far_from_whole(a / b),
    "fmod": lambda a, b: _nonzero(b) and _far_from_whole(a / b),
    "gamma": _no_pole,
    "lgamma": _no_pole,
    "digamma": _no_pole,
    "polygamma": _no_pole,
}
"""Where a primitive is smooth, inside its domain."""


def powc_is_clear(a: float, exponent: float) -> bool:
    """A power with a literal exponent is smooth left of 0 too, if that is whole."""
    return (a > 0 or float(exponent).is_integer()) and (_nonzero(a) or exponent > 1 and a > 0)


def is_clear(name: str, arguments: Sequence[float], parameter: float | None = None) -> bool:
    """Whether a primitive is defined and smooth around the arguments."""
    if name == "powc":
        assert parameter is not None
        return powc_is_clear(arguments[0], parameter)
    inside = all(x in domain for x, domain in zip(arguments, domains(ROWS[name]), strict=True))
    return inside and CLEAR.get(name, lambda *_: True)(*arguments)


def points(name: str, count: int, parameter: float | None = None) -> list[tuple[float, ...]]:
    """`count` points at which the primitive is smooth, the same ones every time."""
    rng = random.Random(f"{name} {parameter}")
    row, found = ROWS[name], []
    whole_line = name == "powc" and parameter is not None and float(parameter).is_integer()
    intervals = (interval(ALL),) if whole_line else domains(row)
    for _ in range(10_000):
        point = tuple(domain.sample(rng) for domain in intervals)
        if is_clear(name, point, parameter):
            found.append(point)
        if len(found) == count:
            return found
    raise AssertionError(f"no points of {name}")


SPECIAL = (
    0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 1.5, -1.5, 2.5, -2.5, 2.0, -2.0, 3.0, -3.0, 0.3, -0.3, 1e-5, -1e-5,
    1e-300, -1e-300, 5e-324, -5e-324, 1e300, -1e300, 1e22, 709.5, 710.5, -745.0, 171.5, 172.5, -170.5,
    math.pi, -math.pi, math.pi / 2, math.inf, -math.inf, math.nan,
)  # fmt: skip
"""Numbers at which functions have special values, or a float system ends."""


class Trial(NamedTuple):
    """One primitive, with its literal if it is parametric."""

    row: Primitive
    parameter: Constant | None = None

    def __str__(self) -> str:
        return self.row.name if self.parameter is None else f"{self.row.name}({float(self.parameter):.3g})"


def trials(rows: Sequence[Primitive] = OPERATIONS) -> Iterator[Trial]:
    """Every row, the parametric ones once per literal."""
    for row in rows:
        if row.parametric:
            yield from (Trial(row, literal) for literal in LITERALS[row.name])
        else:
            yield Trial(row)


def single(trial: Trial) -> Program:
    """The program of one operation on its inputs."""
    code = CODE[trial.row.name]
    builder = Builder(tuple("abc"[: trial.row.arity]))
    inputs = [builder.input(i) for i in range(trial.row.arity)]
    if trial.parameter is not None:
        inputs.append(builder.slot(trial.parameter))
    return builder.program([builder.emit(code, *inputs)])


# --- the oracle of a rule
BITS = 200
NARROW = 120
"""Bits to which both balls must be known."""


def narrow(ball: Any) -> bool:
    return bool(ball.is_zero() or ball.is_finite() and ball.rel_accuracy_bits() >= NARROW)


def agree(ball: Any, other: Any) -> bool:
    """Whether two balls are narrow and may hold the same number; an exact zero is met by an exact zero alone."""
    if not narrow(ball) or not narrow(other):
        return False
    return bool(ball.is_zero() and other.is_zero() or not (ball.is_zero() or other.is_zero()) and ball.overlaps(other))


def by_series(program: Program, point: Sequence[float], argument: int) -> Any:
    """The derivative in one argument: the second coefficient of a power series of balls."""
    with series.working(BITS, 2):
        inputs = [SERIES.constant(x) for x in point]
        inputs[argument] = series.variable(inputs[argument][0])
        return evaluate(program, inputs, SERIES)[0][1]


def pushed(trial: Trial, point: Sequence[float], argument: int) -> Any:
    """The derivative by the rule, forward: a dual number of balls, seeded with 1 in one argument and 0 in others."""
    with series.working(BITS, 1):
        duals = [Dual(SERIES.constant(x), ONE if i == argument else ZERO) for i, x in enumerate(point)]
        tangent = evaluate(single(trial), duals, Duals(SERIES))[0].tangent
        return Linear(SERIES).settle(tangent)[0]


def pulled(trial: Trial, point: Sequence[float], argument: int) -> Any:
    """The derivative by the rule, backward: an adjoint of 1 on a tape of balls, all arguments active."""
    with series.working(BITS, 1):
        taping = Taping(SERIES)
        outputs = evaluate(single(trial), [taping.variable(SERIES.constant(x)) for x in point], taping)
        return taping.linear.settle(taping.backward(outputs, [ONE])[argument])[0]


def choice_agrees(argument: int) -> bool:
    """The rule of `select`, which is always decided and never computed: the tangent of the branch taken passes."""
    linear, code = Linear(FLOAT64), CODE["select"]
    for condition in (0.0, 1.0):
        operands = condition, 3.0, 4.0
        expected = float(argument == (1 if condition else 2))
        forward = linear.push(code, operands, None, [ONE if i == argument else ZERO for i in range(3)])
        adjoint: Any = ZERO
        for i, minus, amount in linear.pull(code, operands, None, 0b111, ONE):
            adjoint = linear.accumulate(adjoint, minus, amount) if i == argument else adjoint
        if linear.settle(forward) != expected or linear.settle(adjoint) != expected:
            return False
    return True


def rule_agrees(
    name: str, argument: int, count: int = 8, parameter: Constant | None = None, directions: str = "forward"
) -> bool:
    """Whether the rule of a primitive in one argument, in balls, holds the derivative of its power series."""
    if name == "select":
        return choice_agrees(argument)
    trial = Trial(ROWS[name], parameter)
    sides = {"forward": (pushed,), "backward": (pulled,), "both": (pushed, pulled)}[directions]
    for point in points(name, count, None if parameter is None else float(parameter)):
        expected = by_series(single(trial), point, argument)
        if not all(agree(side(trial, point, argument), expected) for side in sides):
            return False
    return True


# --- balls at one point
class Balls:
    """Values in balls, of no neighbourhood: series of length 1, where an exact tie decides a comparison."""

    constant, decide = staticmethod(SERIES.constant), staticmethod(SERIES.decide)

    def __init__(self) -> None:
        relations = {"lt": (-1,), "le": (-1, 0), "gt": (1,), "ge": (0, 1), "eq": (0,), "ne": (-1, 1)}
        self.functions = list(SERIES.functions)
        for name, holds in relations.items():
            self.functions[CODE[name]] = self._relation(holds)

    @staticmethod
    def _relation(holds: tuple[int, ...]) -> Callable[[Any, Any], Any]:
        def relation(a: Any, b: Any) -> Any:
            difference = a[0] - b[0]
            side = 0 if difference.is_zero() else series.side(difference, "")
            return SERIES.constant(float(side in holds))

        return relation


BALLS = Balls()


def in_balls(program: Program, point: Sequence[float], bits: int = 300) -> list[Any]:
    """The outputs of a program as balls."""
    with series.working(bits, 1):
        return [value[0] for value in evaluate(program, [BALLS.constant(x) for x in point], BALLS)]


# --- conventions: what a rule says where there is no derivative, or where only one-sided expansions can tell
CONVENTIONS: tuple[tuple[str, tuple[float, ...], tuple[float, ...]], ...] = (
    ("abs", (0.0,), (0.0,)),
    ("sign", (0.0,), (0.0,)),
    ("relu", (0.0,), (0.0,)),
    ("min", (2.0, 2.0), (0.5, 0.5)),
    ("max", (2.0, 2.0), (0.5, 0.5)),
    ("heaviside", (0.0, 0.25), (0.0, 1.0)),
    ("pow", (0.0, 0.0), (0.0, -math.inf)),
    ("pow", (0.0, 1.0), (1.0, 0.0)),
    ("pow", (0.0, 2.0), (0.0, 0.0)),
    ("pow", (0.0, 0.5), (math.inf, 0.0)),
    ("xlogy", (0.0, 2.0), (math.log(2.0), 0.0)),
    ("floor", (1.0,), (0.0,)),
    ("ceil", (1.0,), (0.0,)),
    ("trunc", (1.0,), (0.0,)),
    ("round", (0.5,), (0.0,)),
    ("mod", (3.0, 1.5), (1.0, -2.0)),
    ("fmod", (-3.0, 1.5), (1.0, 2.0)),
)
"""A primitive at a special point, and what its rule gives there, in float64, in each argument."""


def by_rule(name: str, point: Sequence[float]) -> tuple[float, ...]:
    """The partial derivatives by the rule, in float64."""
    function, linear = Duals(FLOAT64).functions[CODE[name]], Linear(FLOAT64)
    assert function is not None
    return tuple(
        linear.settle(function(*(Dual(x, ONE if i == k else ZERO) for i, x in enumerate(point))).tangent)
        for k in range(len(point))
    )


def conventions_hold(name: str) -> bool:
    """Whether the rule gives what its convention states, at every special point of the primitive."""
    return all(by_rule(name, point) == expected for other, point, expected in CONVENTIONS if other == name)


def forget_rules() -> None:
    """Let the next reader read the rule texts again."""
    for reader in (
        rules.pushing, rules.pulling, rules.compiled, rules.rule_program, rules.literals,
    ):  # fmt: skip
        reader.cache_clear()


# --- random programs
@dataclass(frozen=True)
class Drawn:
    """A random program and a point for it."""

    program: Program
    point: tuple[float, ...]


TAME = (1e-4, 1e4)
"""Sizes of the values of a tame program."""
EXPONENTS = (2.0, 3.0, -1.0, -2.0, 0.5, 1.5, 1 / 3, 0.0, 1.0, -0.5)
TAME_CONSTANTS = (1.0, 2.0, 0.5, -3.0, "pi", "ln2")
WILD_CONSTANTS = (0.0, 1.0, -1.0, 2.0, 0.5, -0.0, 1e-300, 1e300, "pi", "e")


class _Writer:
    """Writes a random program; knows the float64 value of every equation that may be used further."""

    def __init__(self, rng: Any, names: Sequence[str], inputs: int, tame: bool, most_constant: float) -> None:
        self.rng, self.names, self.tame = rng, names, tame
        self.most_constant = most_constant
        self.builder = Builder(tuple(f"x{i + 1}" for i in range(inputs)))
        self.point = tuple(self._coordinate() for _ in range(inputs))
        self.values: dict[int, float] = {self.builder.input(i): x for i, x in enumerate(self.point)}
        self.fresh = list(self.values)

    def _coordinate(self) -> float:
        if self.tame:
            return self.rng.choice((-1, 1)) * self.rng.randint(1, 4096) / 1024
        return self.rng.choice((0.0, -0.0, 1.0, -1.0, 0.5, 1e-200, -1e200, self.rng.randint(-4096, 4096) / 1024))

    def operand(self) -> int:
        """An equation to read: a constant, something that nobody has read, or anything."""
        chance = self.rng.random()
        if chance < self.most_constant:
            value: Constant = self.rng.choice(TAME_CONSTANTS if self.tame else WILD_CONSTANTS)
            wire = self.builder.constant(value)
            self.values[wire] = FLOAT64.constant(value)
            return wire
        if chance < 0.7 and self.fresh:
            return self.fresh.pop(self.rng.randrange(len(self.fresh)))
        return self.rng.choice(list(self.values))

    def step(self) -> None:
        """Append one operation, if its arguments suit it."""
        name = self.rng.choice(self.names)
        if name == "select":
            return self.branch()
        code = CODE[name]
        operands = [self.operand() for _ in range(ARITY[code])]
        numbers = [self.values[operand] for operand in operands]
        parameter = self.rng.choice(EXPONENTS) if name == "powc" else 1.0 if PARAMETRIC[code] else None
        if self.tame and not is_clear(name, numbers, parameter):
            self.fresh += operands
            return None
        function = FLOAT64.functions[code]
        assert function is not None
        value = function(*numbers) if parameter is None else function(*numbers, parameter)
        if self.tame and not TAME[0] < abs(value) < TAME[1] and value != 0:
            self.fresh += operands
            return None
        if parameter is None:
            wire = self.builder.emit(code, *operands)
        else:
            wire = self.builder.parametric(name, operands[0], parameter)
        self.values[wire] = value
        self.fresh.append(wire)
        return None

    def branch(self) -> None:
        """A choice by a comparison; now and then, the branch not taken has no value at all."""
        relation = self.rng.choice(("lt", "le", "gt", "ge", "eq", "ne"))
        left, right, yes, no = (self.operand() for _ in range(4))
        a, b = self.values[left], self.values[right]
        if self.tame and not _apart(a, b):
            return
        function = FLOAT64.functions[CODE[relation]]
        assert function is not None
        holds = function(a, b) != 0
        condition = self.builder.apply(relation, left, right)
        if self.rng.random() < 0.3:
            negative = self.builder.apply("sub", self.builder.constant(-1.0), self.builder.apply("mul", left, left))
            poison = self.builder.apply("log", negative)
            yes, no = (yes, poison) if holds else (poison, no)
        wire = self.builder.apply("select", condition, yes, no)
        self.values[wire] = self.values[yes if holds else no]
        self.fresh.append(wire)

    def outputs(self, count: int) -> list[int]:
        last = [wire for wire in self.values if wire >= len(self.builder.ops) // 2] or list(self.values)
        return [last[-1], *(self.rng.choice(last) for _ in range(count - 1))]


def random_program(
    rng: Any,
    names: Sequence[str],
    inputs: int = 2,
    size: int = 10,
    outputs: int = 1,
    tame: bool = True,
    most_constant: float = 0.15,
) -> Drawn:
    """A random DAG over the primitives in `names`, with shared subexpressions, constants and literal powers.

    With "select" in `names`, choices are made on comparisons. It has at most `size` operations; a tame one may
    have fewer, since an operation that does not suit its arguments is left out.
    """
    writer = _Writer(rng, names, inputs, tame, most_constant)
    for _ in range(size):
        writer.step()
    return Drawn(writer.builder.program(writer.outputs(outputs)), writer.point)


@st.composite
def random_programs(
    draw: st.DrawFn,
    names: Sequence[str] = (*ALL_NAMES, "select"),
    inputs: tuple[int, int] = (1, 4),
    size: tuple[int, int] = (1, 14),
    outputs: tuple[int, int] = (1, 1),
    tame: bool = True,
) -> Drawn:
    """The strategy of `random_program`; bounds are inclusive."""
    counts = [draw(st.integers(*bounds)) for bounds in (inputs, size, outputs)]
    rng = draw(st.randoms(use_true_random=False))
    return random_program(rng, names, *counts, tame=tame)


def same_bits(a: float, b: float) -> bool:
    """Whether two floats are the same to the last bit and the sign of zero; any NaN equals any NaN."""
    return math.isnan(a) and math.isnan(b) or a.hex() == b.hex()


# --- numbers with hundreds of digits, which prove nothing, and no rule: for difference quotients
class NoValue(Exception):
    """The function has no value there."""


class Quotients:
    """Real functions by mpmath, and the limits of difference quotients as far as three steps show them."""

    DIGITS = 600
    STEPS = (-130, -200, -270)
    """Powers of 2 of the steps: sums with 1 stay exact, and an eighth root of the smallest is still small."""

    def __init__(self) -> None:
        m = mpmath
        relations = {name: getattr(operator, name) for name in ("lt", "le", "gt", "ge", "eq", "ne")}
        functions: dict[str, Callable[..., Any]] = {
            **{name: self._relation(relation) for name, relation in relations.items()},
            **{name: getattr(m, name) for name in ("exp", "sin", "cos", "atan", "sinh", "cosh", "tanh", "asinh")},
            "erf": m.erf,
            "add": operator.add, "sub": operator.sub, "neg": operator.neg, "mul": operator.mul, "abs": abs,
            "div": self._on(lambda _, b: b != 0, operator.truediv),
            "powc": self._power, "pow": self._power,
            "expm1": lambda a: m.exp(a) - 1,
            "log1p": self._on(lambda a: a > -1, lambda a: m.log(1 + a)),
            "sqrt": self._on(lambda a: a >= 0, m.sqrt),
            "cbrt": lambda a: m.sign(a) * m.cbrt(abs(a)),
            "hypot": lambda a, b: m.sqrt(a * a + b * b),
            "asin": self._on(lambda a: abs(a) <= 1, m.asin),
            "acos": self._on(lambda a: abs(a) <= 1, m.acos),
            "acosh": self._on(lambda a: a >= 1, m.acosh),
            "sign": lambda a: m.mpf(m.sign(a)),
            "floor": m.floor, "ceil": m.ceil, "min": min, "max": max,
            "trunc": lambda a: m.floor(a) if a >= 0 else m.ceil(a),
            "relu": lambda a: max(a, m.mpf(0)),
            "mod": self._on(lambda _, b: b != 0, lambda a, b: a - b * m.floor(a / b)),
            "sigmoid": lambda a: 1 / (1 + m.exp(-a)),
            "softplus": lambda a: m.log(1 + m.exp(a)),
            "heaviside": lambda a, b: m.mpf(a > 0) if a != 0 else b,
        }  # fmt: skip
        self.functions = [functions.get(row.name) for row in PRIMITIVES]

    @staticmethod
    def constant(value: Constant) -> Any:
        return mpmath.mpf(value)

    @staticmethod
    def decide(condition: Any) -> bool:
        return bool(condition != 0)

    @staticmethod
    def _on(inside: Callable[..., bool], function: Callable[..., Any]) -> Callable[..., Any]:
        def partial(*arguments: Any) -> Any:
            if not inside(*arguments):
                raise NoValue
            return function(*arguments)

        return partial

    @staticmethod
    def _relation(relation: Callable[[Any, Any], bool]) -> Callable[[Any, Any], Any]:
        return lambda a, b: mpmath.mpf(bool(relation(a, b)))

    @staticmethod
    def _power(a: Any, exponent: Any) -> Any:
        whole = exponent == int(exponent)
        if a < 0 and not whole or a == 0 and exponent < 0:
            raise NoValue
        return a ** int(exponent) if whole else mpmath.mpf(0) if a == 0 else a ** mpmath.mpf(exponent)

    def value(self, program: Program, x: Any) -> Any:
        return evaluate(program, [x], self)[0]

    def limit(self, program: Program, x: float, direction: int) -> Any:
        """The limit of (f(x + h) - f(x))/h from one side: a number, an infinity, "none", or None: not clear."""
        quotients = []
        with mpmath.workdps(self.DIGITS):
            before = self.value(program, mpmath.mpf(x))
            for step in self.STEPS:
                h = direction * mpmath.mpf(2) ** step
                try:
                    quotients.append((self.value(program, x + h) - before) / h)
                except NoValue:
                    quotients.append(None)
            if None in quotients:
                return "none" if quotients == [None] * 3 else None
            first, second, third = quotients
            size = max(1, abs(third))
            if abs(second - third) <= min(size * mpmath.mpf(10) ** -7, abs(first - second)):
                return third
            grows = all(abs(b) > 1.2 * abs(a) and a * b > 0 for a, b in ((first, second), (second, third)))
            return (math.inf if third > 0 else -math.inf) if grows and abs(third) > 50 else None


class HighPrecision(Quotients):
    """Every function by mpmath, and derivatives of any order by differences with many digits."""

    NAMES = ("pi", "e", "inf")

    def __init__(self) -> None:
        super().__init__()
        m, on = mpmath, self._on
        log = on(lambda a: a > 0, m.log)
        more: dict[str, Callable[..., Any]] = {
            "exp2": lambda a: m.mpf(2) ** a,
            "log": log,
            "log2": lambda a: log(a) / m.log(2),
            "log10": lambda a: log(a) / m.log(10),
            "logaddexp": lambda a, b: m.log(m.exp(a) + m.exp(b)),
            "xlogy": lambda a, b: m.mpf(0) if a == 0 else a * log(b),
            **{name: getattr(m, name) for name in ("tan", "sec", "csc", "cot", "atan2", "atanh", "erfc", "gamma")},
            "lgamma": lambda a: m.log(abs(m.gamma(a))),
            "digamma": m.digamma,
            "polygamma": lambda a, order: m.polygamma(int(order), a),
            "hyp0f1": lambda a, c: m.hyp0f1(m.mpf(c.numerator) / c.denominator if isinstance(c, Fraction) else c, a),
            "fma": lambda a, b, c: a * b + c,
            "fmod": on(lambda _, b: b != 0, lambda a, b: m.sign(a) * m.fmod(abs(a), abs(b))),  # m.fmod has b's sign
            "round": m.nint,
            "not": lambda a: m.mpf(a == 0),
            "detach": lambda a: a,  # numbers cannot tell: only for what does not change with it, as in logsumexp
        }
        for name, function in more.items():
            self.functions[CODE[name]] = function

    @staticmethod
    def constant(value: Constant) -> Any:
        if isinstance(value, Fraction):
            return mpmath.mpf(value.numerator) / value.denominator
        if value == "tau":
            return 2 * mpmath.pi
        return mpmath.mpf(value) if not isinstance(value, str) else +getattr(mpmath, value)

    def derivative(self, program: Program, point: Sequence[float], orders: Sequence[int], output: int = 0) -> Any:
        """The mixed derivative of these orders in the inputs, at working precision; `NoValue` beside a domain."""
        return self.along(program, point, [(i, order) for i, order in enumerate(orders) if order], output)

    def along(self, program: Program, point: Sequence[float], moved: Sequence[tuple[int, int]], output: int = 0) -> Any:
        at = [mpmath.mpf(x) for x in point]

        def moving(*numbers: Any) -> Any:
            inputs = list(at)
            for (i, _), number in zip(moved, numbers, strict=True):
                inputs[i] = number
            return evaluate(program, inputs, self)[output]

        if not moved:
            return moving()
        start, orders = [at[i] for i, _ in moved], [order for _, order in moved]
        if len(moved) == 1:
            return mpmath.diff(moving, start[0], orders[0])
        return mpmath.diff(moving, tuple(start), tuple(orders))


_UNARY = (
    "abs", "abs", "sqrt", "sqrt", "relu", "cbrt", "sin", "sin", "cos", "exp", "log1p", "tanh", "atan", "asin", "acos",
    "softplus", "sigmoid", "erf", "asinh", "sinh", "cosh", "acosh", "floor", "ceil", "trunc", "sign", "expm1",
)  # fmt: skip


def cornered(rng: random.Random, depth: int) -> str:
    """A random expression in x that is full of kinks, edges and switches at 0 and 1."""
    if depth == 0 or rng.random() < 0.12:
        return rng.choice(["x"] * 6 + ["1", "2", "0.5", "-1", "3", "0", "(x - 1)", "(x + 1)"])
    a, b, c, d = (cornered(rng, depth - 1) for _ in range(4))
    forms = (
        (38, f"{rng.choice(_UNARY)}({a})"),
        (34, f"({a} {rng.choice('++--**/')} {b})"),
        (8, f"({a})**{rng.choice(['2', '3', '0.5', '1.5', '4', '2.5', '(-1)'])}"),
        (7, f"{rng.choice(['max', 'min', 'hypot', 'mod', 'heaviside'])}({a}, {b})"),
        (7, f"where(x {rng.choice(['>', '<', '==', '>=', '!='])} 0, {a}, {b})"),
        (6, f"where({a} {rng.choice(['>', '<', '=='])} {b}, {c}, {d})"),
    )
    weights, texts = zip(*forms, strict=True)
    return rng.choices(texts, weights)[0]
