"""Forward mode: dual numbers, and the Jacobian-vector product they compute.

    f(x + eps dx) = f(x) + eps f'(x) dx        (Clifford 1873; Griewank & Walther 2008, ch. 3)

`Duals(base)` is written once: over float64 it is the class a student holds in
the hand; over a recording it writes the derivative program that is counted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from diffcli.evaluate import Algebra, evaluate
from diffcli.linearize import ZERO, Linear, Unit
from diffcli.primitives import ARITY, PARAMETRIC
from diffcli.program import Constant, Functions, Program, Recording


class Dual(NamedTuple):
    """A value and its derivative along one direction; the tangent may be a structural unit."""

    primal: Any
    tangent: Any


class Duals:
    """The algebra of dual numbers over a base algebra."""

    def __init__(self, base: Algebra[Any]) -> None:
        self.base = base
        self.linear = Linear(base)
        self.functions = Functions(self._function)

    def constant(self, value: Constant) -> Dual:
        return Dual(self.base.constant(value), ZERO)

    def decide(self, condition: Dual) -> bool:
        return self.base.decide(condition.primal)

    def _function(self, code: int) -> Callable[..., Dual] | None:
        function, push = self.base.functions[code], self.linear.push
        if function is None or not ARITY[code]:
            return None
        apply: Callable[..., Any] = function

        def unary(a: Dual) -> Dual:
            p, dp = a
            y = apply(p)
            return Dual(y, ZERO if dp is ZERO else push(code, (p,), y, (dp,)))

        def binary(a: Dual, b: Dual) -> Dual:
            (p, dp), (q, dq) = a, b
            y = apply(p, q)
            return Dual(y, ZERO if dp is ZERO and dq is ZERO else push(code, (p, q), y, (dp, dq)))

        def lifted(*arguments: Dual) -> Dual:
            primals, tangents = zip(*arguments, strict=True)
            y = apply(*primals)
            active = any(tangent is not ZERO for tangent in tangents)
            return Dual(y, push(code, primals, y, tangents) if active else ZERO)

        def parametric(argument: Dual, parameter: Constant) -> Dual:
            y = apply(argument.primal, parameter)
            if argument.tangent is ZERO:
                return Dual(y, ZERO)
            return Dual(y, push(code, (argument.primal,), y, (argument.tangent,), parameter))

        return parametric if PARAMETRIC[code] else (unary, binary, lifted)[ARITY[code] - 1]


def jvps(
    program: Program, point: Sequence[Any], directions: Iterable[Sequence[Any]], base: Algebra[Any]
) -> Iterator[Program]:
    """For each direction, the program of one forward sweep on the path taken at `point`.

    `point` and a direction hold one entry per input; a seed is a number of `base`
    or a `Unit`. Outputs: the m values, then their m tangents.
    """
    recording = Recording(program.inputs, point, base)
    duals = Duals(recording)
    for seeds in directions:
        recording.clear()
        inputs = [
            Dual(recording.input(i), seed if isinstance(seed, Unit) else recording.constant(seed))
            for i, seed in enumerate(seeds)
        ]
        outputs = evaluate(program, inputs, duals)
        tangents = [duals.linear.settle(output.tangent) for output in outputs]
        yield recording.program([output.primal for output in outputs] + tangents)


def jvp(program: Program, point: Sequence[Any], seeds: Sequence[Any], base: Algebra[Any]) -> Program:
    """The program of one forward sweep, as `jvps` has it."""
    return next(jvps(program, point, [seeds], base))
