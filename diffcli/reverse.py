"""Reverse mode: the tape, and the vector-Jacobian product it computes.

    xbar += (dy/dx)^T ybar, equation by equation, last to first
    (Linnainmaa 1970; Griewank & Walther 2008, ch. 3.2)

`Taping(base)` is written once: over float64 it is the tape a student can read;
over a recording its backward sweep writes the derivative program that is counted.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from diffcli.evaluate import Algebra, evaluate
from diffcli.linearize import ZERO, Linear, Unit
from diffcli.primitives import ARITY, PARAMETRIC
from diffcli.program import Constant, Functions, Program, Recording


class Taped(NamedTuple):
    """A value, and its place on the tape; None for what does not depend on the inputs asked for."""

    primal: Any
    place: int | None


class Entry(NamedTuple):
    """One operation on the tape: what was done to what, and what came out. Inputs have no code."""

    code: int | None
    arguments: tuple[Any, ...]
    places: tuple[int | None, ...]
    result: Any
    parameter: Constant | None


class Taping:
    """The algebra of values that remember how they were made."""

    def __init__(self, base: Algebra[Any]) -> None:
        self.base = base
        self.linear = Linear(base)
        self.tape: list[Entry] = []
        self.functions = Functions(self._function)

    def variable(self, value: Any) -> Taped:
        """An input whose derivative is asked for."""
        self.tape.append(Entry(None, (), (), value, None))
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
        adjoints: list[Any] = [ZERO] * len(self.tape)
        for output, cotangent in zip(outputs, cotangents, strict=True):
            if output.place is not None:
                adjoints[output.place] = linear.plus(adjoints[output.place], cotangent)
        for k in range(len(self.tape) - 1, -1, -1):
            code, arguments, places, result, parameter = self.tape[k]
            if code is None or adjoints[k] is ZERO:
                continue
            mask = sum(1 << i for i, place in enumerate(places) if place is not None)
            for i, minus, amount in linear.pull(code, arguments, result, mask, adjoints[k], parameter):
                place = places[i]
                assert place is not None
                adjoints[place] = linear.accumulate(adjoints[place], minus, amount)
        return adjoints

    def _function(self, code: int) -> Callable[..., Taped] | None:
        function, tape = self.base.functions[code], self.tape
        if function is None or not ARITY[code]:
            return None
        apply: Callable[..., Any] = function

        def record(operands: tuple[Taped, ...], y: Any, parameter: Constant | None) -> Taped:
            for operand in operands:
                if operand.place is not None:
                    primals = tuple(operand.primal for operand in operands)
                    places = tuple(operand.place for operand in operands)
                    tape.append(Entry(code, primals, places, y, parameter))
                    return Taped(y, len(tape) - 1)
            return Taped(y, None)

        def lifted(*operands: Taped) -> Taped:
            return record(operands, apply(*[operand.primal for operand in operands]), None)

        def parametric(operand: Taped, parameter: Constant) -> Taped:
            return record((operand,), apply(operand.primal, parameter), parameter)

        return parametric if PARAMETRIC[code] else lifted


def vjp(
    program: Program, point: Sequence[Any], wrt: Sequence[int], cotangents: Sequence[Any], base: Algebra[Any]
) -> Program:
    """The program of one forward and one backward sweep on the path taken at `point`.

    `wrt` are the inputs asked for, `cotangents` one number of `base` or `Unit`
    per output. Outputs: the m values, then one adjoint per entry of `wrt`.
    """
    recording = Recording(program.inputs, point, base)
    taping = Taping(recording)
    inputs = []
    for i in range(len(program.inputs)):
        value = recording.input(i)
        inputs.append(taping.variable(value) if i in wrt else Taped(value, None))
    outputs = evaluate(program, inputs, taping)
    seeds = [seed if isinstance(seed, Unit) else recording.constant(seed) for seed in cotangents]
    adjoints = taping.backward(outputs, seeds)
    places = [inputs[i].place for i in wrt]
    gradient = [taping.linear.settle(adjoints[place]) for place in places if place is not None]
    return recording.program([output.primal for output in outputs] + gradient)
