"""Straight-line Python for one point at a time: the bits of `evaluate(program, point, FLOAT64)`, some ten times faster.

A program becomes source text, is compiled once, and is called with a list of floats.
Two things make it fast. A value that is read once is written where it is read; and the
functions are those of the `math` module, which raise where float64 has an infinity or
NaN: nothing is tested for on the way. A point at which something raises is interpreted
instead. Programs with branches use functions that never raise, and `if` statements, so
that a branch not taken costs nothing and cannot disturb the other.

The text holds operators, numbers and names made here, never a word of the user's.
This room knows Python's limits; nothing of derivatives, and nothing of NumPy.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from diffcli.core.evaluate import evaluate
from diffcli.core.passes import prune
from diffcli.core.primitives import CODE, CONST, INPUT, PARAMETRIC, PRIMITIVES, SELECT
from diffcli.core.program import Program
from diffcli.numbers.float64 import FLOAT64

Scalar = Callable[[Sequence[float]], list[float]]

DEEPEST = 25
"""Expressions nested in one another; CPython's parser ends near 90."""
LARGEST = 200
"""Operations in one expression."""
LONGEST = 10_000
"""Equations in one function: much longer ones take twice as long to compile, shorter ones hand on more values."""
MOST_NESTED = 40
"""Choices within choices; Python's tokenizer ends at 100 indentations."""

OPERATORS: dict[str, str] = {
    "add": "({a} + {b})",
    "sub": "({a} - {b})",
    "neg": "(-{a})",
    "mul": "({a} * {b})",
    "lt": "(1.0 if {a} < {b} else 0.0)",
    "le": "(1.0 if {a} <= {b} else 0.0)",
    "gt": "(1.0 if {a} > {b} else 0.0)",
    "ge": "(1.0 if {a} >= {b} else 0.0)",
    "eq": "(1.0 if {a} == {b} else 0.0)",
    "ne": "(1.0 if {a} != {b} else 0.0)",
    "not": "(0.0 if {a} else 1.0)",
    "abs": "abs({a})",
    "sign": "(1.0 if {a} > 0.0 else -1.0 if {a} < 0.0 else {a})",
    "min": "({a} if {a} < {b} or {a} != {a} else {b})",
    "max": "({a} if {a} > {b} or {a} != {a} else {b})",
    "relu": "({a} if {a} > 0.0 or {a} != {a} else 0.0)",
    "detach": "{a}",
}
"""Operations as Python has them, at every point."""

SAME_NAME = (
    "exp", "expm1", "log", "log2", "log10", "log1p", "sqrt", "sin", "cos", "tan", "asin", "acos",
    "sinh", "cosh", "acosh", "atanh", "fmod", "pow",
)  # fmt: skip
RAISING: dict[str, str] = {
    "div": "({a} / {b})",
    "mod": "({a} % {b})",
    "powc": "math_pow({a}, {c})",
    "exp2": "math_pow(2.0, {a})",
    "sec": "(1.0 / math_cos({a}))",
    "csc": "(1.0 / math_sin({a}))",
    "cot": "(1.0 / math_tan({a}))",
    **{name: f"math_{name}({', '.join(f'{{{p}}}' for p in PRIMITIVES[CODE[name]].params)})" for name in SAME_NAME},
}
"""Operations that have float64's result, or raise ArithmeticError or ValueError where that is special."""


def _called(name: str) -> str:
    """Anything else: float64's own function, which never raises."""
    return f"{name}_({', '.join(f'{{{p}}}' for p in PRIMITIVES[CODE[name]].params)})"


NEVER_RAISING = {row.name: OPERATORS.get(row.name, _called(row.name)) for row in PRIMITIVES}
STRAIGHT = NEVER_RAISING | RAISING
NAMES: dict[str, Any] = (
    {"inf": math.inf, "nan": math.nan, "abs": abs, "ArithmeticError": ArithmeticError, "ValueError": ValueError}
    | {f"math_{name}": getattr(math, name) for name in SAME_NAME}
    | {f"{row.name}_": FLOAT64.functions[code] for code, row in enumerate(PRIMITIVES)}
)


def generate(program: Program) -> Scalar:
    """`evaluate(program, point, FLOAT64)` as a function of the point, a list of floats."""
    whole = prune(replace(program, guards=()))
    if whole.branches:
        return _choosing(whole)
    return _compiled(straight_source(whole), whole)


def _compiled(parts: Sequence[str], program: Program) -> Scalar:
    """Part by part: what the compiler needs grows faster than a text, and its memory is free again between them."""
    scope = {"__builtins__": {}, **NAMES, "interpreted": lambda x: evaluate(program, x, FLOAT64)}
    for part in parts:
        exec(compile(part, "<generated>", "exec"), scope)  # noqa: S102 - the text is ours, to the last word
    made: Scalar = scope["run"]
    return made


def _number(value: float) -> str:
    text = repr(value) if math.isfinite(value) else "nan" if value != value else "inf" if value > 0 else "-inf"
    return f"({text})" if text.startswith("-") else text


# --- what is written where
class _Plan:
    """Which values are written where they are read, and which get a name: those are `statements`."""

    def __init__(self, program: Program, templates: dict[str, str], place: Callable[[int], Any]) -> None:
        """Values are moved only between equations of equal `place`."""
        self.program, self.place = program, place
        self.templates = [templates[row.name] for row in PRIMITIVES]
        self.repeats = [{i for i, p in enumerate("abc") if text.count(f"{{{p}}}") > 1} for text in self.templates]
        self.readers: list[int] = [0] * len(program)
        self.reader: list[tuple[int, int]] = [(-1, -1)] * len(program)
        self._count()
        self.inlined = bytearray(len(program))
        self.leaves: list[tuple[int, ...]] = []
        self.statements: list[int] = []
        self._decide()

    def _count(self) -> None:
        for k in range(len(self.program)):
            for i, argument in enumerate(self.program.arguments(k)):
                self.readers[argument] += 1
                self.reader[argument] = k, i
        for output in self.program.outputs:
            self.readers[output] += 2

    def _decide(self) -> None:
        """`leaves` are the named values that an equation's text reads."""
        depth, size = [0] * len(self.program), [1] * len(self.program)
        for k, code in enumerate(self.program.ops):
            inner = [argument for argument in self.program.arguments(k) if self.inlined[argument]]
            named = [argument for argument in self.program.arguments(k) if not self.inlined[argument]]
            self.leaves.append(tuple(j for j in named if self.program.ops[j] != CONST) + tuple(
                leaf for argument in inner for leaf in self.leaves[argument]
            ))  # fmt: skip
            depth[k] = 1 + max((depth[argument] for argument in inner), default=0)
            size[k] += sum(size[argument] for argument in inner)
            small = depth[k] < DEEPEST and size[k] < LARGEST
            if small and code not in (CONST, SELECT) and self.readers[k] == 1 and self._moves(k):
                self.inlined[k] = 1
            elif code != CONST:
                self.statements.append(k)

    def _moves(self, k: int) -> bool:
        reader, position = self.reader[k]
        code = self.program.ops[reader]
        if code == SELECT:
            return True  # it is written where the choice is made, or taken
        return position not in self.repeats[code] and self.place(k) == self.place(reader)

    def text(self, k: int, read: Callable[[int], str]) -> str:
        """Equation `k`, its arguments as `read` names them."""
        program, code = self.program, self.program.ops[k]
        if code == CONST:
            return _number(FLOAT64.constant(program.constants[program.a[k]]))
        if code == INPUT:
            return f"x[{program.a[k]}]"
        operands = [read(argument) for argument in program.arguments(k)]
        if PARAMETRIC[code]:
            operands.append(_number(float(program.parameter(k))))
        return self.templates[code].format(**dict(zip(PRIMITIVES[code].params, operands, strict=True)))


# --- straight-line programs
@dataclass(slots=True)
class _Pool:
    """Names of local variables, used again when their values are dead: CPython's first 256 are faster than the rest."""

    free: list[str]
    made: int = 0

    def take(self) -> str:
        if self.free:
            return self.free.pop()
        self.made += 1
        return f"v{self.made - 1}"


def straight_source(program: Program) -> list[str]:
    """One function, or where it would be too long, several that share a list `s` of what they hand on."""
    parts = list(_Straight(program).bodies())
    rescued = "    except (ArithmeticError, ValueError):\n        return interpreted(x)"
    if len(parts) == 1:
        body = "\n        ".join(parts[0])
        return [f"def run(x):\n    try:\n        {body}\n{rescued}"]
    functions = [f"def part{i}(x, s):\n    " + "\n    ".join(lines) for i, lines in enumerate(parts)]
    calls = "\n        ".join(f"part{i}(x, s)" for i in range(len(parts) - 1))
    head = f"def run(x):\n    s = [0.0] * {len(program)}\n    try:\n        "
    return [*functions, f"{head}{calls}\n        return part{len(parts) - 1}(x, s)\n{rescued}"]


class _Straight:
    """The statements of a program without branches, function by function."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.plan = _Plan(program, STRAIGHT, self.part)
        self.parts = 1 + max(len(program) - 1, 0) // LONGEST
        self.last: dict[int, int] = {}
        self.handed: set[int] = set()
        self._live()
        self.texts: dict[int, str] = {}
        self.names: dict[int, str] = {}

    def part(self, k: int) -> int:
        return k // LONGEST

    def _live(self) -> None:
        """`last`: the statement after which a value is dead in its own part. `handed`: what other parts read."""
        for k in self.plan.statements:
            for leaf in self.plan.leaves[k]:
                self._read(leaf, k, self.part(k))
        for output in self.program.outputs:
            self._read(output, len(self.program), self.parts - 1)

    def _read(self, leaf: int, statement: int, part: int) -> None:
        if self.part(leaf) == part:
            self.last[leaf] = statement
        elif self.program.ops[leaf] != INPUT:
            self.handed.add(leaf)

    def bodies(self) -> Iterator[list[str]]:
        wanted = iter([*self.plan.statements, len(self.program)])
        statement = next(wanted)
        for part in range(self.parts):
            lines: list[str] = []
            pool = _Pool([])
            for k in range(part * LONGEST, min((part + 1) * LONGEST, len(self.program))):
                if self.plan.inlined[k]:
                    self.texts[k] = self.plan.text(k, self._reading(part))
                if k == statement:
                    lines.append(self._assignment(k, part, pool))
                    statement = next(wanted)
            if part == self.parts - 1:
                read = self._reading(part)
                lines.append(f"return [{', '.join(read(output) for output in self.program.outputs)}]")
            yield lines or ["pass"]

    def _assignment(self, k: int, part: int, pool: _Pool) -> str:
        value = self.plan.text(k, self._reading(part))
        for leaf in {leaf for leaf in self.plan.leaves[k] if self.part(leaf) == part and self.last[leaf] == k}:
            pool.free.append(self.names[leaf])
        targets = [f"s[{k}]"] if k in self.handed else []
        if k in self.last or not targets:
            self.names[k] = pool.take()
            targets.append(self.names[k])
        return " = ".join([*targets, value])

    def _reading(self, part: int) -> Callable[[int], str]:
        def read(j: int) -> str:
            if self.plan.inlined[j]:
                return self.texts.pop(j)
            if self.part(j) == part and j in self.names:
                return self.names[j]
            return self.plan.text(j, read) if self.program.ops[j] in (CONST, INPUT) else f"s[{j}]"

        return read


# --- programs with branches
def _choosing(program: Program) -> Scalar:
    """With `if` statements; a program that is too long or too deep in choices for them is interpreted."""
    regions = _regions(program) if len(program) <= LONGEST else None
    if regions is None:
        return lambda x: evaluate(program, x, FLOAT64)
    return _compiled(["\n".join(["def run(x):", *_branching(program, regions)])], program)


Region = tuple[int, ...]
"""The choices inside which a value is needed, outermost first: k for the first branch of equation k, else ~k."""


def _regions(program: Program) -> list[Region] | None:
    """For each equation the innermost region that holds every reader of it; None where choices nest too deep."""
    found: list[Region | None] = [None] * len(program)
    for output in program.outputs:
        found[output] = ()
    for k in range(len(program) - 1, -1, -1):
        region = found[k]
        assert region is not None
        if len(region) > MOST_NESTED:
            return None
        inside = [region, (*region, k), (*region, ~k)] if program.ops[k] == SELECT else [region] * 3
        for argument, place in zip(program.arguments(k), inside, strict=False):
            known = found[argument]
            found[argument] = place if known is None else _common(known, place)
    return [region or () for region in found]


def _common(left: Region, right: Region) -> Region:
    same = 0
    for i, j in zip(left, right, strict=False):
        if i != j:
            break
        same += 1
    return left[:same]


def _branching(program: Program, regions: list[Region]) -> Iterator[str]:
    """The lines of the function: a stack of statements to write, never a call within a call."""
    plan = _Plan(program, NEVER_RAISING, regions.__getitem__)
    within: dict[Region, list[int]] = {}
    for k in plan.statements:
        within.setdefault(regions[k], []).append(k)

    def read(j: int) -> str:
        return plan.text(j, read) if plan.inlined[j] or program.ops[j] == CONST else f"v{j}"

    stack: list[int | str] = list(reversed(within.get((), ())))
    while stack:
        top = stack.pop()
        if isinstance(top, str):
            yield top
            continue
        k = top
        region = regions[k]
        indent = "    " * (len(region) + 1)
        if program.ops[k] != SELECT:
            yield f"{indent}v{k} = {plan.text(k, read)}"
            continue
        condition, yes, no = program.arguments(k)
        yield f"{indent}if {read(condition)}:"
        stack.append(f"{indent}    v{k} = {read(no)}")
        stack += reversed(within.get((*region, ~k), ()))
        stack.append(f"{indent}else:")
        stack.append(f"{indent}    v{k} = {read(yes)}")
        stack += reversed(within.get((*region, k), ()))
    yield f"    return [{', '.join(map(read, program.outputs))}]"
