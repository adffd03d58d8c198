"""Reverse mode: the tape, and the vector-Jacobian product it computes.

    xbar += (dy/dx)^T ybar, equation by equation, last to first
    (Linnainmaa 1970; Griewank & Walther 2008, ch. 3.2)

`Taping(base)` is written once: over float64 it is the tape a student can read.
`vjps` writes the same sweep into a recording; a path that is recorded is its own
tape, and what is written behind it is the derivative program that is counted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from diffcli.ad.rules import ZERO, Linear, Unit
from diffcli.core.evaluate import Algebra, follow
from diffcli.core.primitives import ARITY, PARAMETRIC, Rules
from diffcli.core.program import Constant, Functions, Program


class Taped(NamedTuple):
    """A value, and its place on the tape; None for what does not depend on the inputs asked for."""

    primal: Any
    place: int | None


class Entry(NamedTuple):
    """One operation on the tape: what was done to what, and what came out. Inputs have no code.

    `mask` has a bit for every argument that has a place.
    """

    code: int | None
    arguments: tuple[Any, ...]
    places: tuple[int | None, ...]
    mask: int
    result: Any
    parameter: Constant | None


class Taping:
    """The algebra of values that remember how they were made."""

    def __init__(self, base: Algebra[Any], rules: Rules = "textbook") -> None:
        self.base = base
        self.linear = Linear(base, rules)
        self.tape: list[Entry] = []
        self.functions = Functions(self._function)

    def variable(self, value: Any) -> Taped:
        """An input whose derivative is asked for."""
        self.tape.append(Entry(None, (), (), 0, value, None))
        return Taped(value, len(self.tape) - 1)

    def constant(self, value: Constant) -> Taped:
        return Taped(self.base.constant(value), None)

    def decide(self, condition: Taped) -> bool:
        return self.base.decide(condition.primal)

    def backward(self, outputs: Sequence[Taped], cotangents: Sequence[Any]) -> list[Any]:
        """The adjoint of every tape entry, for the given adjoints of the outputs.

        The tape is left as it was: running it twice gives the same.
        """
        linear = self.linear
        pull, accumulate = linear.pull, linear.accumulate
        adjoints: list[Any] = [ZERO] * len(self.tape)
        for output, cotangent in zip(outputs, cotangents, strict=True):
            if output.place is not None:
                adjoints[output.place] = linear.plus(adjoints[output.place], cotangent)
        for k in range(len(self.tape) - 1, -1, -1):
            adjoint = adjoints[k]
            code, arguments, places, mask, result, parameter = self.tape[k]
            if adjoint is ZERO or code is None:
                continue
            for i, minus, amount in pull(code, arguments, result, mask, adjoint, parameter):
                place = places[i]
                assert place is not None
                adjoints[place] = accumulate(adjoints[place], minus, amount)
        return adjoints

    def _enter(
        self, code: int, primals: tuple[Any, ...], places: tuple[int | None, ...], y: Any, parameter: Constant | None
    ) -> int | None:
        """Put an operation on the tape; its place, or None where it depends on no variable."""
        mask = 0
        for i, place in enumerate(places):
            if place is not None:
                mask |= 1 << i
        if not mask:
            return None
        self.tape.append(Entry(code, primals, places, mask, y, parameter))
        return len(self.tape) - 1

    def _function(self, code: int) -> Callable[..., Taped] | None:
        function, enter = self.base.functions[code], self._enter
        if function is None or not ARITY[code]:
            return None
        apply: Callable[..., Any] = function

        def lifted(*operands: Taped) -> Taped:
            primals, places = zip(*operands, strict=True)
            y = apply(*primals)
            return Taped(y, enter(code, primals, places, y, None))

        def parametric(operand: Taped, parameter: Constant) -> Taped:
            y = apply(operand.primal, parameter)
            return Taped(y, enter(code, (operand.primal,), (operand.place,), y, parameter))

        return parametric if PARAMETRIC[code] else lifted


class Pullback(NamedTuple):
    """The program of one forward sweep and a backward sweep per cotangent; `tape` operations were remembered.

    Its outputs are the m values, then for each cotangent one adjoint per variable.
    """

    program: Program
    tape: int


def vjps(
    program: Program,
    point: Sequence[Any],
    wrt: Sequence[int],
    cotangents: Iterable[Sequence[Any]],
    base: Algebra[Any],
    rules: Rules = "textbook",
) -> Pullback:
    """Vector-Jacobian products on the path taken at `point`, all from one tape.

    `wrt` are the inputs asked for; a cotangent has one number of `base` or
    `Unit` per output. What `program` was itself recorded under stays a guard.
    """
    recording, path = follow(program, point, base)
    linear = Linear(recording, rules)
    variables = [recording.input(i) for i in wrt]
    moved = _moved(path, variables)
    found: list[Any] = []
    for cotangent in cotangents:
        adjoints: list[Any] = [ZERO] * max(len(path), *variables, 0)
        for output, seed in zip(path.outputs, cotangent, strict=True):
            if moved[output]:
                settled = seed if isinstance(seed, Unit) else recording.constant(seed)
                adjoints[output] = linear.plus(adjoints[output], settled)
        _swept(path, moved, adjoints, linear)
        found += [linear.settle(adjoints[variable]) for variable in variables]
    written = recording.program([*path.outputs, *found])
    return Pullback(written, sum(moved) - len(set(variables)))


def _moved(path: Program, variables: Sequence[int]) -> bytearray:
    """For each equation of a path, whether it depends on one of `variables`."""
    moved = bytearray(len(path))
    for variable in variables:
        moved[variable] = 1
    for k, (code, a, b, c) in enumerate(zip(path.ops, path.a, path.b, path.c, strict=True)):
        arity = ARITY[code]
        if arity and (moved[a] or arity > 1 and moved[b] or arity > 2 and moved[c]):
            moved[k] = 1
    return moved


def _swept(path: Program, moved: bytearray, adjoints: list[Any], linear: Linear) -> None:
    """The backward sweep over a path, written behind it: adjoints by equation, from those of the outputs."""
    pulled, apply, accumulate = linear.pulled, linear.apply, linear.accumulate
    ops, left, right = path.ops, path.a, path.b
    for k in range(len(path) - 1, -1, -1):
        adjoint = adjoints[k]
        if adjoint is ZERO:
            continue
        code, literal = ops[k], None
        arity = ARITY[code]
        if arity == 2:
            arguments: tuple[int, ...] = left[k], right[k]
            mask = moved[arguments[0]] | moved[arguments[1]] << 1
        elif arity == 1:
            arguments, mask = (left[k],), 1
            if PARAMETRIC[code]:
                literal = path.constants[right[k]]
        elif arity:
            arguments = path.arguments(k)
            mask = sum(moved[argument] << i for i, argument in enumerate(arguments))
        else:
            continue
        values = [-1, *arguments, k, adjoint]
        for steps, i, minus, amount in pulled(code, arguments, k, mask, adjoint, literal):
            if steps:
                apply(steps, values)
            place = arguments[i]
            adjoints[place] = accumulate(adjoints[place], minus, amount if type(amount) is Unit else values[amount])


def vjp(
    program: Program,
    point: Sequence[Any],
    wrt: Sequence[int],
    cotangents: Sequence[Any],
    base: Algebra[Any],
    rules: Rules = "textbook",
) -> Program:
    """The program of one forward and one backward sweep, as `vjps` has it."""
    return vjps(program, point, wrt, [cotangents], base, rules).program
