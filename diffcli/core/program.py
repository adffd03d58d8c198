"""Programs: flat lists of equations, each naming a primitive and its arguments.

A program is a Wengert list, `v_k = op_k(v_i, v_j)`, in single assignment: an
equation reads only equations before it. It is held in columns (one byte and
three integers an equation), so that a million equations are ordinary. This room
knows how programs are written, counted and checked; nothing of derivatives.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import partial
from itertools import compress
from operator import eq
from typing import Any, NamedTuple

from diffcli.core.primitives import ARITY, CODE, CONST, INPUT, PARAMETRIC, PRIMITIVES, SELECT

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


class Call(NamedTuple):
    """A function that the language defines by others: the equations that are its arguments, and its results.

    A result that nothing reads is -1.
    """

    name: str
    arguments: tuple[int, ...]
    results: tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Program:
    """A straight list of equations, held by columns.

    `ops[k]` is the primitive of equation k; `a`, `b`, `c` are its arguments:
    equation numbers, or for `const` an index into `constants`, for `input` an
    index into `inputs`; a parametric primitive has its literal's index in the
    column after its last value. `guards` are the conditions that were decided
    when the program was recorded: it is valid where they come out the same.
    `behind` has, for as many equations at the end, the one right behind which each
    is executed; all others are in the order of their numbers. `calls` say which
    equations stand for a function by its name: no part of what is computed.
    """

    inputs: tuple[str, ...]
    constants: tuple[Constant, ...]
    ops: bytes
    a: array[int]
    b: array[int]
    c: array[int]
    outputs: tuple[int, ...]
    guards: tuple[int, ...] = ()
    behind: tuple[int, ...] = ()
    calls: tuple[Call, ...] = ()

    def __len__(self) -> int:
        return len(self.ops)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Program) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash((self.ops, self.outputs))

    def _key(self) -> tuple[Any, ...]:
        columns = (self.a, self.b, self.c)
        return (self.inputs, self.constants, self.ops, *columns, self.outputs, self.guards, self.behind)

    def __str__(self) -> str:
        """The list of equations, and the numbers of the outputs: `v2 = mul(v0, v1)`."""
        lines = []
        for k, code in enumerate(self.ops):
            if code in (CONST, INPUT):
                lines.append(f"v{k} = {(self.constants if code == CONST else self.inputs)[self.a[k]]}")
                continue
            operands = [f"v{argument}" for argument in self.arguments(k)]
            if PARAMETRIC[code]:
                operands.append(str(self.parameter(k)))
            lines.append(f"v{k} = {PRIMITIVES[code].name}({', '.join(operands)})")
        return "\n".join([*lines, "return " + ", ".join(f"v{output}" for output in self.outputs)])

    @property
    def wires(self) -> tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]:
        """What is said of the equations: outputs, guards, and behind which the last ones are executed."""
        return self.outputs, self.guards, self.behind

    @property
    def branches(self) -> bool:
        """Whether the program holds a choice that is made at the point."""
        return SELECT in self.ops

    @property
    def arranged(self) -> bool:
        """Whether all inputs are loaded first, in their order, then the constants."""
        inputs, loads = len(self.inputs), self.ops.translate(LOADS)
        front = inputs + self.ops.count(CONST)
        return (
            loads.count(1) == loads.count(1, 0, front) == front
            and self.ops.count(INPUT, 0, inputs) == inputs
            and all(map(eq, self.a[:inputs], range(inputs)))
        )

    def arguments(self, k: int) -> tuple[int, ...]:
        """The equations that equation `k` reads."""
        return (self.a[k], self.b[k], self.c[k])[: ARITY[self.ops[k]]]

    def parameter(self, k: int) -> Constant:
        """The literal of a parametric equation."""
        return self.constants[(self.a, self.b, self.c)[ARITY[self.ops[k]]][k]]


LOADS = bytes(code in (CONST, INPUT) for code in range(256))
"""By code, 1 for what loads an input or a constant: programs are sifted by `ops.translate`."""

READS = tuple(bytes(arity > column for arity in ARITY).ljust(256, b"\0") for column in range(3))
"""For each column of arguments, by code, 1 where it holds an equation that is read."""

_KINDS = (*COST_CLASSES, "fma", "free")
_KIND = bytes(_KINDS.index(row.cost) for row in PRIMITIVES).ljust(256, b"\xff")


def count(*programs: Program) -> Cost:
    """What executing every equation of `programs` once costs."""
    executed = b"".join([program.ops for program in programs]).translate(_KIND)
    add, neg, mul, div, pow_, func, fma = [executed.count(kind) for kind in range(len(COST_CLASSES) + 1)]
    return Cost(add + fma, neg, mul + fma, div, pow_, func)


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


def loads_first(program: Program) -> Program:
    """The same equations with all inputs loaded first, read or not, then the constants."""
    program = in_order(program)
    if program.arranged:
        return program
    loaded = dict(zip(*_loads(program, INPUT), strict=True))
    unread = [i for i in range(len(program.inputs)) if i not in loaded]
    if unread:
        loaded |= zip(unread, range(len(program), len(program) + len(unread)), strict=True)
        none = array("i", (-1,)) * len(unread)
        a, b, c = program.a + array("i", unread), program.b + none, program.c + none
        ops = program.ops + bytes((INPUT,)) * len(unread)
        program = replace(program, ops=ops, a=a, b=b, c=c)
    inputs = [loaded[i] for i in range(len(program.inputs))]
    rest = compress(range(len(program)), program.ops.translate(_NO_LOADS))
    return _renumbered(program, [*inputs, *_loads(program, CONST)[1], *rest])[0]


def in_order(program: Program) -> Program:
    """The same equations, numbered as they are executed."""
    return ordered(program)[0]


def ordered(program: Program) -> tuple[Program, Sequence[int]]:
    """`in_order`, and where each equation went."""
    if not program.behind:
        return program, range(len(program))
    places = [*range(len(program) - len(program.behind)), *program.behind]
    return _renumbered(program, sorted(range(len(program)), key=places.__getitem__))


def _loads(program: Program, code: int) -> tuple[list[int], list[int]]:
    """What is loaded by equations of `code`, and their numbers."""
    numbers = [k for k in compress(range(len(program)), program.ops.translate(LOADS)) if program.ops[k] == code]
    return [program.a[k] for k in numbers], numbers


def _renumbered(program: Program, order: Sequence[int]) -> tuple[Program, list[int]]:
    """The equations in another order, in which each is still behind what it reads; and where each went."""
    went = [0] * len(order)
    for number, k in enumerate(order):
        went[k] = number
    ops = bytes([program.ops[k] for k in order])
    a, b, c = (
        array(
            "i", [went[column[k]] if read else column[k] for k, read in zip(order, ops.translate(reads), strict=True)]
        )
        for column, reads in zip((program.a, program.b, program.c), READS, strict=True)
    )
    outputs, guards = (tuple([went[k] for k in these]) for these in (program.outputs, program.guards))
    calls = moved(program.calls, went)
    return Program(program.inputs, program.constants, ops, a, b, c, outputs, guards, (), calls), went


def moved(calls: Sequence[Call], place: Sequence[int]) -> tuple[Call, ...]:
    """Calls by the new numbers of their equations, -1 where one was dropped; without those that nothing reads."""
    found = []
    for name, arguments, results in calls:
        arguments = tuple([place[k] for k in arguments])
        results = tuple([place[k] if k >= 0 else -1 for k in results])
        if min(arguments) >= 0 and max(results) >= 0:
            found.append(Call(name, arguments, results))
    return tuple(found)


_NO_LOADS = bytes(not load for load in LOADS)


def peak(program: Program) -> int:
    """How many values are alive at once when every equation is executed in order and freed after its last reader.

    Constants are part of the program, not of its memory; outputs live to the end.
    """
    program = in_order(program)
    last = array("i", range(len(program)))
    for k in range(len(program)):
        for argument in program.arguments(k):
            last[argument] = k
    for output in program.outputs:
        last[output] = len(program)
    alive = most = 0
    dying = [0] * (len(program) + 1)
    for k, code in enumerate(program.ops):
        if code != CONST:
            dying[last[k]] += 1
            alive += 1
        most = max(most, alive)
        alive -= dying[k]
    return most


def validate(program: Program) -> None:
    """Raise `ValueError` unless every equation reads only what stands, and is executed, before it.

    And unless each input and constant is loaded by one equation, for what reads it may be moved to any other's place.
    """
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
    for code, name in ((INPUT, "input"), (CONST, "constant")):
        loaded = _loads(program, code)[0]
        if len(set(loaded)) < len(loaded):
            raise ValueError(f"an {name} is loaded twice: {loaded}")
    _validate_order(program)


def _validate_order(program: Program) -> None:
    """Raise `ValueError` unless every equation is executed behind what it reads, in the order of `behind`."""
    if not all(0 <= k < len(program) - len(program.behind) for k in program.behind):
        raise ValueError(f"executed behind what is no equation in its own order: {program.behind}")
    went = ordered(program)[1]
    for k in range(len(program)):
        for argument in program.arguments(k):
            if went[argument] >= went[k]:
                raise ValueError(f"equation {k} reads {argument}, which is executed later")


@dataclass(slots=True)
class Builder:
    """Writes a program, equation by equation. Its values are equation numbers.

    It is the free algebra: led through a computation, it leaves the list of
    what was computed. Each input and constant is read by one equation. Columns
    are as those of a program, but that `c` has only the equations with a third
    argument, by number.
    """

    inputs: tuple[str, ...]
    constants: list[Constant] = field(default_factory=list)
    ops: bytearray = field(default_factory=bytearray)
    a: list[int] = field(default_factory=list)
    b: list[int] = field(default_factory=list)
    c: dict[int, int] = field(default_factory=dict)
    _known: dict[Any, int] = field(default_factory=dict)
    _slots: dict[Any, int] = field(default_factory=dict)

    def emit(self, code: int, a: int = -1, b: int = -1, c: int = -1) -> int:
        """Append one equation; its number is its value."""
        number = len(self.ops)
        self.ops.append(code)
        self.a.append(a)
        self.b.append(b)
        if c >= 0:
            self.c[number] = c
        return number

    def slot(self, value: Constant) -> int:
        """The index of a constant in the table of constants."""
        key = constant_key(value)
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

    def adopt(self, program: Program) -> None:
        """Begin with the equations of `program`, which has the same inputs; they are executed in their order."""
        self.constants[:], self.ops[:] = program.constants, program.ops
        self.a[:], self.b[:], self.c = program.a, program.b, _third(program)
        self._slots = {constant_key(constant): k for k, constant in enumerate(program.constants)}
        loads = compress(range(len(program)), program.ops.translate(LOADS))
        self._known = {(program.ops[k], program.a[k]): k for k in loads}

    def append(self, program: Program) -> list[int]:
        """Write the equations of a program with the same inputs behind those that are there, as they are executed.

        For each of them, in that order, its number here; inputs and constants are loaded once for all.
        """
        program = in_order(program)
        numbers: list[int] = []
        for k, code in enumerate(program.ops):
            if code == CONST:
                number = self.constant(program.constants[program.a[k]])
            elif code == INPUT:
                number = self.input(program.a[k])
            else:
                arguments = [numbers[argument] for argument in program.arguments(k)]
                if PARAMETRIC[code]:
                    arguments.append(self.slot(program.parameter(k)))
                number = self.emit(code, *arguments)
            numbers.append(number)
        return numbers

    def program(
        self,
        outputs: Sequence[int],
        guards: Sequence[int] = (),
        behind: Sequence[int] = (),
        calls: Sequence[Call] = (),
    ) -> Program:
        third = array("i", (-1,)) * len(self.ops)
        for k, argument in self.c.items():
            third[k] = argument
        columns = array("i", self.a), array("i", self.b), third
        wires = tuple(outputs), tuple(guards), tuple(behind)
        return Program(self.inputs, tuple(self.constants), bytes(self.ops), *columns, *wires, tuple(calls))

    def rewind(self, equations: int, constants: int) -> None:
        """Go back to the first equations and constants."""
        for k in compress(range(equations, len(self.ops)), self.ops[equations:].translate(LOADS)):
            del self._known[self.ops[k], self.a[k]]
        for constant in self.constants[constants:]:
            del self._slots[constant_key(constant)]
        del self.ops[equations:], self.a[equations:], self.b[equations:], self.constants[constants:]
        while self.c and next(reversed(self.c)) >= equations:
            self.c.popitem()


def _third(program: Program) -> dict[int, int]:
    """The third arguments, by equation."""
    return {k: program.c[k] for k in compress(range(len(program)), program.ops.translate(READS[2]))}


def constant_key(value: Constant) -> Any:
    """What tells constants apart: 0.0 and -0.0 differ, 0.5 and 1/2 do, nan is itself."""
    if isinstance(value, float):
        return value or repr(value)
    return value if isinstance(value, str) else value.as_integer_ratio()


class Functions(dict[int, Any]):
    """An algebra's functions by code, each made when it is first asked for."""

    def __init__(self, make: Callable[[int], Callable[..., Any] | None]) -> None:
        super().__init__()
        self.make = make

    def __missing__(self, code: int) -> Callable[..., Any] | None:
        made = self[code] = self.make(code)
        return made


Step = tuple[int, Any, int]
"""An equation to be applied: (code, first value, second value), values by number.

Numbers count the operands from 1 and go on with what each step makes; 0 is no
value, in lists of values -1. A load has a constant in the place of its first value.
"""

LITERAL = -1
"""The code of a step that loads the literal of a parametric primitive; `CONST` loads a constant."""


class Stepping:
    """The algebra that writes steps: its values are their numbers."""

    def __init__(self, operands: int) -> None:
        self.steps: list[Step] = []
        self.values = operands
        self.functions = Functions(self._function)

    def taken(self) -> tuple[Step, ...]:
        """The steps that were written since they were last taken."""
        taken = tuple(self.steps)
        self.steps.clear()
        return taken

    def constant(self, value: Constant) -> int:
        return self._step(CONST, value)

    def decide(self, condition: int) -> bool:
        raise ValueError(f"steps have no branches, and cannot decide {condition}")

    def _step(self, code: int, first: Any, second: int = 0) -> int:
        self.steps.append((code, first, second))
        self.values += 1
        return self.values

    def _function(self, code: int) -> Callable[..., int] | None:
        if not ARITY[code] or code == SELECT:
            return None
        if PARAMETRIC[code]:
            return lambda a, parameter: self._step(code, a, self._step(LITERAL, parameter))
        return partial(self._step, code)


class Recording:
    """An algebra whose values are the equations that it writes.

    A branch is decided by the number that a condition has in the base algebra,
    so what is left is the straight-line program of the path taken. Numbers are
    computed no further than a decision needs them: most programs need none.
    """

    def __init__(self, inputs: Sequence[str], point: Sequence[Any], base: Any) -> None:
        self.builder = Builder(tuple(inputs))
        self.point = point
        self.base = base
        self.guards: list[int] = []
        self._values: list[Any] = []
        builder = self.builder
        self.functions = Functions(partial(_writing, builder, base))
        self.input, self.constant = builder.input, builder.constant
        self._append = builder.ops.append, builder.a.append, builder.b.append

    def copy(self, program: Program) -> Program:
        """Begin with a program without branches as it stands, inputs and constants first: what was written."""
        path = loads_first(program)
        self.builder.adopt(path)
        self.guards += path.guards
        return path

    def decide(self, condition: int) -> bool:
        self.guards.append(condition)
        return bool(self.base.decide(self.value(condition)))

    @property
    def values(self) -> list[Any]:
        """The numbers of all equations."""
        self.value(len(self.builder.ops) - 1)
        return self._values

    def value(self, equation: int) -> Any:
        """The number of an equation: this and all before it are evaluated, each once."""
        builder, values, functions = self.builder, self._values, self.base.functions
        for k in range(len(values), equation + 1):
            code, a = builder.ops[k], builder.a[k]
            if code == CONST:
                values.append(self.base.constant(builder.constants[a]))
            elif code == INPUT:
                values.append(self.point[a])
            elif PARAMETRIC[code]:
                values.append(functions[code](values[a], builder.constants[builder.b[k]]))
            else:
                places = (a, builder.b[k], builder.c.get(k, -1))[: ARITY[code]]
                values.append(functions[code](*[values[place] for place in places]))
        return values[equation]

    def apply(self, steps: Iterable[Step], values: list[Any]) -> None:
        """Add to `values` what `steps` make of them: equations appended as they stand, with no function called."""
        builder, (op, left, right) = self.builder, self._append
        number = len(builder.ops)
        for code, i, j in steps:
            if code > CONST:
                op(code), left(values[i]), right(values[j])
                values.append(number)
                number += 1
            else:
                values.append(builder.slot(i) if code == LITERAL else builder.constant(i))
                number = len(builder.ops)

    def program(self, outputs: Sequence[int], behind: Sequence[int] = ()) -> Program:
        return self.builder.program(outputs, self.guards, behind)

    def rewind(self, path: Program) -> None:
        """Go back to `path`, with which this recording began."""
        self.builder.rewind(len(path), len(path.constants))
        del self.guards[len(path.guards) :], self._values[len(path) :]


def _writing(builder: Builder, base: Any, code: int) -> Callable[..., int] | None:
    """The function that writes an equation of `code`; None where the base algebra has none.

    It knows the builder and not the recording, which then is freed when its last user lets it go.
    """
    arity = ARITY[code]
    if base.functions[code] is None or not arity:
        return None
    written, op, left, right = builder.ops, builder.ops.append, builder.a.append, builder.b.append

    if PARAMETRIC[code]:

        def parametric(a: int, parameter: Constant) -> int:
            op(code), left(a), right(builder.slot(parameter))
            return len(written) - 1

        return parametric
    if arity == 1:

        def unary(a: int) -> int:
            op(code), left(a), right(-1)
            return len(written) - 1

        return unary
    if arity == 2:

        def binary(a: int, b: int) -> int:
            op(code), left(a), right(b)
            return len(written) - 1

        return binary
    return partial(builder.emit, code)
