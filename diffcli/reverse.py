"""Reverse mode: the tape, and the vector-Jacobian product it computes.

    xbar += (dy/dx)^T ybar, equation by equation, last to first
    (Linnainmaa 1970; Griewank & Walther 2008, ch. 3.2)

`Taping(base)` is written once: over float64 it is the tape a student can read;
over a recording, whose path it retraces, its backward sweep writes the derivative
program that is counted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from diffcli.evaluate import Algebra, follow
from diffcli.linearize import ZERO, Linear, Unit
from diffcli.primitives import ARITY, PARAMETRIC, Rules
from diffcli.program import Constant, Functions, Program


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

    def retrace(self, path: Program, variables: Sequence[int]) -> list[int | None]:
        """Tape a path that the base, a recording, has written; the values are its equations, and not made again.

        `variables` are the inputs whose derivative is asked for. Returned is the place of every equation.
        """
        places: list[int | None] = [None] * len(path)
        for variable in variables:
            places[variable] = self.variable(variable).place
        enter = self._enter
        for k, (code, a, b, c) in enumerate(zip(path.ops, path.a, path.b, path.c, strict=True)):
            arity = ARITY[code]
            if arity == 2:
                places[k] = enter(code, (a, b), (places[a], places[b]), k, None)
            elif arity == 1:
                places[k] = enter(code, (a,), (places[a],), k, path.constants[b] if PARAMETRIC[code] else None)
            elif arity:
                places[k] = enter(code, (a, b, c), (places[a], places[b], places[c]), k, None)
        return places

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
    taping = Taping(recording, rules)
    variables = [recording.input(i) for i in wrt]
    places = taping.retrace(path, variables)
    outputs = [Taped(output, places[output]) for output in path.outputs]
    entries = [place for variable in variables if (place := places[variable]) is not None]
    found: list[Any] = []
    for cotangent in cotangents:
        seeds = [seed if isinstance(seed, Unit) else recording.constant(seed) for seed in cotangent]
        adjoints = taping.backward(outputs, seeds)
        found += [taping.linear.settle(adjoints[place]) for place in entries]
    written = recording.program([*path.outputs, *found])
    return Pullback(written, sum(entry.code is not None for entry in taping.tape))


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
