"""`evaluate(program, inputs, algebra)`: one interpreter for every number system.

An algebra is a number system that can interpret a program. It has a function
per primitive (a list, by code), reads constants, and decides conditions. Where
it has a function for `select`, both branches are evaluated and it joins them
(SymPy's Piecewise); where it has none, it decides, and only the branch taken is
ever computed. This room does not know what the numbers are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Protocol, TypeVar

from diffcli.core.primitives import ARITY, CONST, INPUT, PARAMETRIC, SELECT
from diffcli.core.program import LITERAL, Call, Constant, Program, Recording, Step, in_order

Value = TypeVar("Value")
FunctionTable = Sequence[Any] | Mapping[int, Any]
"""By code, the function of each primitive; None where the algebra has none."""


class Algebra(Protocol[Value]):
    """A number system: `functions[code](*arguments)`; a literal parameter comes last."""

    @property
    def functions(self) -> FunctionTable: ...

    def constant(self, value: Constant) -> Value: ...

    def decide(self, condition: Value) -> bool: ...


def evaluate(program: Program, inputs: Sequence[Any], algebra: Algebra[Any]) -> list[Any]:
    """The outputs of `program` at `inputs` (one value per `program.inputs`).

    Branches are lazy: an equation that only a branch not taken needs is never
    evaluated. Time and memory are linear in the equations; nothing recurses.
    """
    values = evaluate_all(program, inputs, algebra)
    return [values[output] for output in program.outputs]


def evaluate_all(program: Program, inputs: Sequence[Any], algebra: Algebra[Any]) -> list[Any]:
    """The value of every equation; what only a branch not taken needs is not a value."""
    if program.branches and algebra.functions[SELECT] is None:
        return _on_demand(program, inputs, algebra)
    return _in_order(program, inputs, algebra)


def dependences(program: Program) -> list[int]:
    """For each equation the inputs on which it depends, as the bits of an integer."""
    found: list[int] = []
    for code, a, b, c in zip(program.ops, program.a, program.b, program.c, strict=True):
        arity = ARITY[code]
        if arity == 2:
            found.append(found[a] | found[b])
        elif arity == 1:
            found.append(found[a])
        elif arity:
            found.append(found[a] | found[b] | found[c])
        else:
            found.append(1 << a if code == INPUT else 0)
    return found


def evaluate_again(
    program: Program,
    values: Sequence[Any],
    changed: Mapping[int, Any],
    algebra: Algebra[Any],
    depends: Sequence[int] | None = None,
) -> list[Any]:
    """The outputs when some inputs have the values `changed`, all else as it was for `values`.

    Only what depends on these inputs is computed, by the `dependences`, if they are known; the path taken must
    be the same.
    """
    functions, values, constants = algebra.functions, list(values), program.constants
    ops, left, right, third = program.ops, program.a, program.b, program.c
    moved = sum(1 << i for i in changed)
    for k in [k for k, inputs in enumerate(depends or dependences(program)) if inputs & moved]:
        if values[k] is _MISSING:
            continue
        code = ops[k]
        arity = ARITY[code]
        if arity == 2:
            values[k] = functions[code](values[left[k]], values[right[k]])
        elif arity == 1:
            parameter = (constants[right[k]],) if PARAMETRIC[code] else ()
            values[k] = functions[code](values[left[k]], *parameter)
        elif code == INPUT:
            values[k] = changed[left[k]]
        elif code == SELECT:
            values[k] = values[right[k] if algebra.decide(values[left[k]]) else third[k]]
        else:
            values[k] = functions[code](values[left[k]], values[right[k]], values[third[k]])
    return [values[output] for output in program.outputs]


def _in_order(program: Program, inputs: Sequence[Any], algebra: Algebra[Any]) -> list[Any]:
    functions, constants = algebra.functions, program.constants
    values: list[Any] = []
    push = values.append
    for code, a, b in zip(program.ops, program.a, program.b, strict=True):
        arity = ARITY[code]
        if arity == 2:
            push(functions[code](values[a], values[b]))
        elif arity == 1:
            push(functions[code](values[a], constants[b]) if PARAMETRIC[code] else functions[code](values[a]))
        elif code == CONST:
            push(algebra.constant(constants[a]))
        elif code == INPUT:
            push(inputs[a])
        else:
            push(functions[code](values[a], values[b], values[program.c[len(values)]]))
    return values


Called = Callable[..., Sequence[Any]]
"""A function for a call: its results from its arguments."""


def evaluate_calls(
    program: Program, inputs: Sequence[Any], algebra: Algebra[Any], called: Callable[[Call], Called | None]
) -> list[Any]:
    """`evaluate` in an algebra that joins branches, where a call is what `called` has for it, if anything.

    Of the equations that stand for such a call only those are evaluated that something else reads.
    """
    program = in_order(program)
    own: dict[int, tuple[Call, Called]] = {}
    for call in program.calls:
        function = called(call)
        if function is not None and max(call.arguments) < min(result for result in call.results if result >= 0):
            own |= {result: (call, function) for result in call.results if result >= 0}
    needed = _needed(program, own)
    functions = algebra.functions
    values: list[Any] = [_MISSING] * len(program)
    for k, code in enumerate(program.ops):
        if not needed[k] or values[k] is not _MISSING:
            continue
        if k in own:
            call, function = own[k]
            results = function(*[values[argument] for argument in call.arguments])
            for result, value in zip(call.results, results, strict=True):
                if result >= 0:
                    values[result] = value
        elif code == CONST:
            values[k] = algebra.constant(program.constants[program.a[k]])
        elif code == INPUT:
            values[k] = inputs[program.a[k]]
        else:
            parameter = (program.parameter(k),) if PARAMETRIC[code] else ()
            values[k] = functions[code](*[values[argument] for argument in program.arguments(k)], *parameter)
    return [values[output] for output in program.outputs]


def _needed(program: Program, own: Mapping[int, tuple[Call, Called]]) -> bytearray:
    """For each equation, whether an output needs it, where the results in `own` come from the arguments of calls."""
    needed = bytearray(len(program))
    for output in program.outputs:
        needed[output] = 1
    for k in range(len(program) - 1, -1, -1):
        if needed[k]:
            for argument in own[k][0].arguments if k in own else program.arguments(k):
                needed[argument] = 1
    return needed


def follow(program: Program, point: Sequence[Any], base: Algebra[Any]) -> tuple[Recording, Program]:
    """The path that `program` takes at `point`, its inputs and constants first; and a recording that begins with it.

    What is written behind the path may be executed anywhere within it, and reads its constants there: so these
    stand in front. What `program` was itself recorded under stays a guard.
    """
    recording = Recording(program.inputs, point, base)
    if not program.branches:
        return recording, recording.copy(program)
    deciding = Recording(program.inputs, point, base)
    values = evaluate_all(program, [deciding.input(i) for i in range(len(program.inputs))], deciding)
    deciding.guards += [values[guard] for guard in program.guards]
    return recording, recording.copy(deciding.program([values[output] for output in program.outputs]))


def applying(algebra: Algebra[Any]) -> Callable[[Iterable[Step], list[Any]], None]:
    """How `algebra` adds to a list of values what steps make of them."""
    if isinstance(algebra, Recording):
        return algebra.apply
    functions, constant = algebra.functions, algebra.constant

    def apply(steps: Iterable[Step], values: list[Any]) -> None:
        for code, i, j in steps:
            if code <= CONST:
                values.append(i if code == LITERAL else constant(i))
            else:
                values.append(functions[code](values[i], values[j]) if j else functions[code](values[i]))

    return apply


_MISSING = object()


def _on_demand(program: Program, inputs: Sequence[Any], algebra: Algebra[Any]) -> list[Any]:
    """Outputs first, then what they need: a depth-first walk with its own stack."""
    functions = algebra.functions
    ops, left, right, third = program.ops, program.a, program.b, program.c
    values: list[Any] = [_MISSING] * len(program)
    chosen: dict[int, int] = {}
    stack = list(reversed(program.outputs))
    while stack:
        k = stack[-1]
        if values[k] is not _MISSING:
            stack.pop()
            continue
        code = ops[k]
        if code == SELECT:
            if values[left[k]] is _MISSING:
                stack.append(left[k])
                continue
            if k not in chosen:
                chosen[k] = right[k] if algebra.decide(values[left[k]]) else third[k]
            if values[chosen[k]] is _MISSING:
                stack.append(chosen[k])
                continue
            values[k] = values[chosen[k]]
        elif code == CONST:
            values[k] = algebra.constant(program.constants[left[k]])
        elif code == INPUT:
            values[k] = inputs[left[k]]
        else:
            arguments = program.arguments(k)
            waiting = [argument for argument in reversed(arguments) if values[argument] is _MISSING]
            if waiting:
                stack += waiting
                continue
            operands = [values[argument] for argument in arguments]
            if PARAMETRIC[code]:
                operands.append(program.parameter(k))
            values[k] = functions[code](*operands)
        stack.pop()
    return values
