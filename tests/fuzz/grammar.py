"""Random expressions of the language, by the tables: every function that is called by name is in reach."""

from __future__ import annotations

import re
from random import Random

from diffcli.core.primitives import (
    ARITY,
    DEFINITIONS,
    FUNCTIONS,
    OF_VECTORS,
    PARAMETRIC_FUNCTIONS,
)

SCALARS = ("x", "y", "z", "θ", "x_1", "lambda")
VECTOR, MATRIX = "v", "M"
VALUES = {
    VECTOR: ("[1, 2, 3]", "[0.5, -1.25, 2]", "[1e-3, 1e3, 1]"),
    MATRIX: ("[[1, 2], [3, 4]]", "[[0.5, 0], [0, 2]]"),
}
NUMBERS = ("0", "1", "2", "3", "0.5", "1e-3", "2.5", "10", ".25", "1_000", "7", "pi", "e", "tau")
EXPONENTS = ("2", "3", "-1", "0.5", "-2", "1.5", "0", "4", "-0.5")
COMPARISONS = ("<", "<=", ">", ">=", "==", "!=")

CALLS = [
    *((name, ARITY[code]) for name, code in FUNCTIONS.items()),
    *(
        (name, text.count(",") + 1)
        for name, texts in DEFINITIONS.items()
        if name not in OF_VECTORS
        for text, _ in texts
    ),
]
"""Functions of scalars, and how many arguments they take."""

ORDINARY, KINKS = "ordinary", "kinks"
_EDGES = ("0", "1", "-1", "0.5", "2", "-2", "3", "pi", "-0.5", "1.5", "10")
_ENDS = ("1e300", "-1e300", "1e-300", "5e-324", "-1e-8", "1e22", "709.5", "-745", "171.5", "1e-16", "1e154", "-1e100")


class Writer:
    """Writes expressions in some variables; `read` says which of them were used."""

    def __init__(self, rng: Random) -> None:
        self.rng = rng
        self.names = list(SCALARS[: rng.randint(1, 3)])
        self.read: set[str] = set()

    def name(self, name: str) -> str:
        self.read.add(name)
        return name

    def leaf(self) -> str:
        chance = self.rng.random()
        if chance < 0.7:
            return self.name(self.rng.choice(self.names))
        if chance < 0.75:
            return f"{self.name(VECTOR)}[{self.rng.randint(0, 2)}]"
        if chance < 0.78:
            return f"{self.name(MATRIX)}[{self.rng.randint(0, 1)}, {self.rng.randint(0, 1)}]"
        return self.rng.choice(NUMBERS)

    def scalar(self, depth: int) -> str:
        rng = self.rng
        if depth <= 0 or rng.random() < 0.1:
            return self.leaf()
        return rng.choices(
            (self.operation, self.call, self.power, self.chosen, self.reduced, self.negated, self.parametric),
            (36, 36, 9, 7, 6, 4, 2),
        )[0](depth - 1)

    def operation(self, depth: int) -> str:
        return f"({self.scalar(depth)} {self.rng.choice('++--**/')} {self.scalar(depth)})"

    def call(self, depth: int) -> str:
        name, arity = self.rng.choice(CALLS)
        return f"{name}({', '.join(self.scalar(depth) for _ in range(arity))})"

    def parametric(self, depth: int) -> str:
        name = self.rng.choice(PARAMETRIC_FUNCTIONS)
        literals = ("0", "1", "2") if name == "polygamma" else ("0.5", "1.5", "3")
        return f"{name}({self.rng.choice(literals)}, {self.scalar(depth)})"

    def power(self, depth: int) -> str:
        symbol = self.rng.choice(("^", "**"))
        exponent = self.rng.choice(EXPONENTS) if self.rng.random() < 0.8 else self.scalar(depth - 1)
        return f"({self.scalar(depth)}){symbol}({exponent})"

    def negated(self, depth: int) -> str:
        return f"(-{self.scalar(depth)})"

    def condition(self, depth: int) -> str:
        rng = self.rng
        simple = f"{self.scalar(depth - 1)} {rng.choice(COMPARISONS)} {self.scalar(depth - 1)}"
        chance = rng.random()
        if depth > 0 and chance < 0.15:
            return f"({simple}) {rng.choice(('and', 'or'))} ({self.condition(depth - 1)})"
        return f"not {simple}" if chance < 0.2 else simple

    def chosen(self, depth: int) -> str:
        yes, no, condition = self.scalar(depth), self.scalar(depth), self.condition(depth)
        return f"where({condition}, {yes}, {no})" if self.rng.random() < 0.6 else f"({yes} if {condition} else {no})"

    def vector(self, depth: int) -> str:
        rng, chance = self.rng, self.rng.random()
        if depth <= 0 or chance < 0.3:
            return self.name(VECTOR)
        if chance < 0.5:
            return f"[{self.scalar(depth - 1)}, {self.scalar(depth - 1)}, {self.scalar(depth - 1)}]"
        if chance < 0.7:
            name = rng.choice([name for name, arity in CALLS if arity == 1])
            return f"{name}({self.vector(depth - 1)})"
        if chance < 0.8:
            return f"softmax({self.vector(depth - 1)})"
        return f"({self.vector(depth - 1)} {rng.choice('+-*')} {self.scalar(depth - 1)})"

    def matrix(self) -> str:
        m = self.name(MATRIX)
        return self.rng.choice((m, f"transpose({m})", f"({m} @ {m})", f"outer({m}[0], {m}[1])", f"matmul({m}, {m})"))

    def reduced(self, depth: int) -> str:
        rng = self.rng
        forms = ("sum", "mean", "prod", "norm", "logsumexp", "max", "min", "dot", "softmax", "matrix", "@")
        form = rng.choice(forms)
        if form == "matrix":
            return f"{rng.choice(('sum', 'mean', 'prod', 'max'))}({self.matrix()})"
        if form == "softmax":
            return f"softmax({self.vector(depth)})[{rng.randint(0, 2)}]"
        if form in ("dot", "@"):
            a, b = self.vector(depth), self.vector(depth)
            return f"dot({a}, {b})" if form == "dot" else f"({a} @ {b})"
        return f"{form}({self.vector(depth)})"

    def program(self, depth: int) -> str:
        """A scalar, or a vector of outputs, behind definitions now and then."""
        statements = []
        for number in range(self.rng.choice((0, 0, 0, 1, 2))):
            statements.append(f"t_{number} = {self.scalar(depth - 1)}")
            self.names.append(f"t_{number}")
        last = self.scalar(depth)
        if statements and self.rng.random() < 0.7:
            last = f"{self.names[-1]}*{last}"
        if self.rng.random() < 0.08:
            last = f"[{last}, {self.scalar(depth - 1)}]"
        return self.rng.choice(("; ", "\n")).join([*statements, last])

    def point(self, kind: str) -> str:
        """Values for the variables that were read, as text."""
        return ", ".join(f"{name}={self.value(name, kind)}" for name in sorted(self.read) if not name.startswith("t_"))

    def value(self, name: str, kind: str) -> str:
        rng = self.rng
        if kind == ORDINARY:
            numbers = [f"{rng.choice((-1, 1, 1)) * 10 ** rng.uniform(-1, 0.6):.6g}" for _ in range(4)]
            a, b, c, d = numbers
            return f"[{a}, {b}, {c}]" if name == VECTOR else f"[[{a}, {b}], [{c}, {d}]]" if name == MATRIX else a
        if name in VALUES:
            return rng.choice(VALUES[name])
        return rng.choice(_EDGES if rng.random() < 0.7 else _ENDS)


_TOKEN = re.compile(r"[^\W\d]\w*|(?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|\*\*|[<>=!]=|\S")


def tokens(text: str) -> list[str]:
    """A text taken apart: names, numbers, operators; by another hand than the language's own."""
    return _TOKEN.findall(text)
