"""Programs: flat lists of equations, each naming a primitive and its arguments.

A program is a Wengert list, `v_k = op_k(v_i, v_j)`, in single assignment: an
equation reads only equations before it. It is held in columns (one byte and
three integers an equation), so that a million equations are ordinary. This room
knows how programs are written, counted and checked; nothing of derivatives.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, NamedTuple

from diffcli.primitives import ARITY, CODE, CONST, INPUT, PARAMETRIC, PRIMITIVES, SELECT

Constant = float | Fraction | str
"""A literal (its nearest float64), an exact rational derived from literals, or a named real."""

COST_CLASSES = ("add", "neg", "mul", "div", "pow", "func")


class Cost(NamedTuple):
    """Scalar operations executed, by class; additions and subtractions are both `add`."""

    add: int = 0
    neg: int = 0
    mul: int = 0
    div: int = 0
    pow: int = 0
    func: int = 0

    @property
    def total(self) -> int:
        return sum(self)

    def __add__(self, other: tuple[int, ...]) -> Cost:  # type: ignore[override]
        return Cost(*map(int.__add__, self, other))

    def as_dict(self) -> dict[str, int]:
        return self._asdict() | {"total": self.total}


def _weights() -> tuple[tuple[int, ...], ...]:
    """Per primitive, what one execution adds to each cost class (a fused multiply-add is both)."""
    classes = {name: tuple(int(name == other) for other in COST_CLASSES) for name in COST_CLASSES}
    classes |= {"free": (0,) * 6, "fma": (1, 0, 1, 0, 0, 0)}
    return tuple(classes[row.cost] for row in PRIMITIVES)


WEIGHTS = _weights()


@dataclass(frozen=True, slots=True, eq=False)
class Program:
    """A straight list of equations, held by columns.

    `ops[k]` is the primitive of equation k; `a`, `b`, `c` are its arguments:
    equation numbers, or for `const` an index into `constants`, for `input` an
    index into `inputs`; a parametric primitive has its literal's index in the
    column after its last value. `guards` are the conditions that were decided
    when the program was recorded: it is valid where they come out the same.
    """

    inputs: tuple[str, ...]
    constants: tuple[Constant, ...]
    ops: bytes
    a: array[int]
    b: array[int]
    c: array[int]
    outputs: tuple[int, ...]
    guards: tuple[int, ...] = ()

    def __len__(self) -> int:
        return len(self.ops)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Program) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash((self.ops, self.outputs))

    def _key(self) -> tuple[Any, ...]:
        columns = (self.a, self.b, self.c)
        return (self.inputs, self.constants, self.ops, *columns, self.outputs, self.guards)

    @property
    def branches(self) -> bool:
        """Whether the program holds a choice that is made at the point."""
        return SELECT in self.ops

    def arguments(self, k: int) -> tuple[int, ...]:
        """The equations that equation `k` reads."""
        return (self.a[k], self.b[k], self.c[k])[: ARITY[self.ops[k]]]

    def parameter(self, k: int) -> Constant:
        """The literal of a parametric equation."""
        return self.constants[(self.a, self.b, self.c)[ARITY[self.ops[k]]][k]]


def count(*programs: Program) -> Cost:
    """What executing every equation of `programs` once costs."""
    executed = Counter(b"".join(program.ops for program in programs))
    weighted = [(times, WEIGHTS[code]) for code, times in executed.items()]
    return Cost(*(sum(times * weights[i] for times, weights in weighted) for i in range(len(COST_CLASSES))))


def count_written(program: Program, outputs: Sequence[int]) -> Cost:
    """What `outputs` would cost without any sharing: the size of the formulas as written.

    Exact, however large: sizes are added up over the shared list, the tree is never walked.
    """
    sizes: list[tuple[int, ...]] = []
    for k, code in enumerate(program.ops):
        size = WEIGHTS[code]
        for argument in program.arguments(k):
            size = tuple(map(int.__add__, size, sizes[argument]))
        sizes.append(size)
    totals = (0,) * len(COST_CLASSES)
    for output in outputs:
        totals = tuple(map(int.__add__, totals, sizes[output]))
    return Cost(*totals)


def validate(program: Program) -> None:
    """Raise `ValueError` unless every equation reads only what stands before it."""
    for k, code in enumerate(program.ops):
        if code >= len(PRIMITIVES):
            raise ValueError(f"equation {k}: no primitive has the code {code}")
        for argument in program.arguments(k):
            if not 0 <= argument < k:
                raise ValueError(f"equation {k}: {PRIMITIVES[code].name} reads {argument}")
        if code == CONST and not 0 <= program.a[k] < len(program.constants):
            raise ValueError(f"equation {k}: no constant {program.a[k]}")
        if code == INPUT and not 0 <= program.a[k] < len(program.inputs):
            raise ValueError(f"equation {k}: no input {program.a[k]}")
    for output in (*program.outputs, *program.guards):
        if not 0 <= output < len(program):
            raise ValueError(f"output {output} is no equation")


@dataclass(slots=True)
class Builder:
    """Writes a program, equation by equation. Its values are equation numbers.

    It is the free algebra: led through a computation, it leaves the list of
    what was computed. Each input and constant is read by one equation.
    """

    inputs: tuple[str, ...]
    constants: list[Constant] = field(default_factory=list)
    ops: bytearray = field(default_factory=bytearray)
    a: array[int] = field(default_factory=lambda: array("i"))
    b: array[int] = field(default_factory=lambda: array("i"))
    c: array[int] = field(default_factory=lambda: array("i"))
    _known: dict[Any, int] = field(default_factory=dict)
    _slots: dict[Any, int] = field(default_factory=dict)

    def emit(self, code: int, a: int = -1, b: int = -1, c: int = -1) -> int:
        """Append one equation; its number is its value."""
        self.ops.append(code)
        self.a.append(a)
        self.b.append(b)
        self.c.append(c)
        return len(self.ops) - 1

    def slot(self, value: Constant) -> int:
        """The index of a constant in the table of constants."""
        key = value.hex() if isinstance(value, float) else value  # 0.0 and -0.0 differ, nan is itself
        found = self._slots.get(key)
        if found is None:
            found = self._slots[key] = len(self.constants)
            self.constants.append(value)
        return found

    def constant(self, value: Constant) -> int:
        return self._once(CONST, self.slot(value))

    def input(self, index: int) -> int:
        return self._once(INPUT, index)

    def _once(self, code: int, a: int) -> int:
        found = self._known.get((code, a))
        if found is None:
            found = self._known[code, a] = self.emit(code, a)
        return found

    def apply(self, name: str, *arguments: int) -> int:
        """Append an equation by the primitive's name."""
        return self.emit(CODE[name], *arguments)

    def parametric(self, name: str, argument: int, parameter: Constant) -> int:
        return self.emit(CODE[name], argument, self.slot(parameter))

    def program(self, outputs: Sequence[int], guards: Sequence[int] = ()) -> Program:
        columns = self.a[:], self.b[:], self.c[:]
        return Program(self.inputs, tuple(self.constants), bytes(self.ops), *columns, tuple(outputs), tuple(guards))

    def clear(self) -> None:
        """Begin anew, with the same inputs."""
        for part in (self.constants, self.ops, self._known, self._slots):
            part.clear()
        for column in (self.a, self.b, self.c):
            del column[:]


class Functions(dict[int, Any]):
    """An algebra's functions by code, each made when it is first asked for."""

    def __init__(self, make: Callable[[int], Callable[..., Any] | None]) -> None:
        super().__init__()
        self.make = make

    def __missing__(self, code: int) -> Callable[..., Any] | None:
        made = self[code] = self.make(code)
        return made


class Recording:
    """An algebra whose values are equations that carry a number of the base algebra.

    The numbers decide branches, so what is left is the straight-line program of
    the path taken, together with every value on it.
    """

    def __init__(self, inputs: Sequence[str], point: Sequence[Any], base: Any) -> None:
        self.builder = Builder(tuple(inputs))
        self.point = point
        self.base = base
        self.values: list[Any] = []
        self.guards: list[int] = []
        self.functions = Functions(self._function)

    def input(self, index: int) -> int:
        wire = self.builder.input(index)
        if wire == len(self.values):
            self.values.append(self.point[index])
        return wire

    def constant(self, value: Constant) -> int:
        wire = self.builder.constant(value)
        if wire == len(self.values):
            self.values.append(self.base.constant(value))
        return wire

    def decide(self, condition: int) -> bool:
        self.guards.append(condition)
        return bool(self.base.decide(self.values[condition]))

    def program(self, outputs: Sequence[int]) -> Program:
        return self.builder.program(outputs, self.guards)

    def clear(self) -> None:
        """Begin anew; the functions are kept, so that a next sweep need not make them again."""
        self.builder.clear()
        self.values.clear()
        self.guards.clear()

    def _function(self, code: int) -> Callable[..., int] | None:
        function, arity = self.base.functions[code], ARITY[code]
        if function is None:
            return None
        values = self.values
        builder = self.builder
        ops, left, right, third = (
            builder.ops.append, builder.a.append, builder.b.append, builder.c.append
        )  # fmt: skip
        push = values.append

        if PARAMETRIC[code]:

            def parametric(a: int, parameter: Constant) -> int:
                push(function(values[a], parameter))
                ops(code), left(a), right(builder.slot(parameter)), third(-1)
                return len(values) - 1

            return parametric
        if arity == 1:

            def unary(a: int) -> int:
                push(function(values[a]))
                ops(code), left(a), right(-1), third(-1)
                return len(values) - 1

            return unary
        if arity == 2:

            def binary(a: int, b: int) -> int:
                push(function(values[a], values[b]))
                ops(code), left(a), right(b), third(-1)
                return len(values) - 1

            return binary

        def ternary(a: int, b: int, c: int) -> int:
            push(function(values[a], values[b], values[c]))
            ops(code), left(a), right(b), third(c)
            return len(values) - 1

        return ternary if arity else None
