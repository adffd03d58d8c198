"""Forward mode: dual numbers, and the Jacobian-vector product they compute.

    f(x + eps dx) = f(x) + eps f'(x) dx        (Clifford 1873; Griewank & Walther 2008, ch. 3)

`Duals(base)` is written once: over float64 it is the class a student holds in
the hand; over a recording it writes a derivative program. `jvps` writes the same
equations for many directions: the primal once for all, tangents behind it, each with
the equation behind which dual numbers compute it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from diffcli.ad.rules import ZERO, Linear, Unit
from diffcli.core.evaluate import Algebra, follow
from diffcli.core.primitives import ARITY, PARAMETRIC, Rules
from diffcli.core.program import Constant, Functions, Program


class Dual(NamedTuple):
    """A value and its derivative along one direction; the tangent may be a structural unit."""

    primal: Any
    tangent: Any


class Duals:
    """The algebra of dual numbers over a base algebra."""

    def __init__(self, base: Algebra[Any], rules: Rules = "textbook") -> None:
        self.base = base
        self.linear = Linear(base, rules)
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
    program: Program,
    point: Sequence[Any],
    directions: Iterable[Sequence[Any]],
    base: Algebra[Any],
    rules: Rules = "textbook",
) -> Iterator[Program]:
    """For each direction, the program of one forward sweep on the path taken at `point`.

    `point` and a direction hold one entry per input; a seed is a number of `base`
    or a `Unit`. Outputs: the m values, then their m tangents. What `program` was
    itself recorded under stays a guard.
    """
    recording, path = follow(program, point, base)
    linear = Linear(recording, rules)
    reached, written = _reached(path), recording.builder.ops
    for direction in directions:
        recording.rewind(path)
        start = min([k for k, seed in zip(reached, direction, strict=True) if seed is not ZERO], default=len(path))
        tangents: list[Any] = [ZERO] * len(path)
        for i, seed in enumerate(direction):
            tangents[i] = seed if type(seed) is Unit else recording.constant(seed)
        behind = [len(direction) - 1] * (len(written) - len(path))
        _swept(path, start, tangents, linear, written, behind)
        outputs = [*path.outputs, *[linear.settle(tangents[output]) for output in path.outputs]]
        behind += [len(path) - 1] * (len(written) - len(path) - len(behind))
        yield recording.program(outputs, behind)


def _reached(path: Program) -> list[int]:
    """The first equation that reads each input, which are loaded first; its tangent reaches none before."""
    inputs = len(path.inputs)
    reached = [len(path)] * inputs
    for k in range(len(path) - 1, inputs - 1, -1):
        for argument in path.arguments(k):
            if argument < inputs:
                reached[argument] = k
    return reached


def _swept(
    path: Program, start: int, tangents: list[Any], linear: Linear, written: bytearray, behind: list[int]
) -> None:
    """Write the tangents of a path behind it, from equation `start`: by equation, and which each one is behind."""
    push, before = linear.push, len(written)
    columns = path.ops[start:], path.a[start:], path.b[start:]
    for k, (code, a, b) in enumerate(zip(*columns, strict=True), start):
        arity = ARITY[code]
        if arity == 2:
            p, q = tangents[a], tangents[b]
            if p is ZERO and q is ZERO:
                continue
            tangents[k] = push(code, (a, b), k, (p, q))
        elif arity == 1:
            p = tangents[a]
            if p is ZERO:
                continue
            tangents[k] = push(code, (a,), k, (p,), path.constants[b] if PARAMETRIC[code] else None)
        elif arity:
            arguments = path.arguments(k)
            tangents[k] = push(code, arguments, k, [tangents[argument] for argument in arguments])
        if len(written) > before:
            behind += [k] * (len(written) - before)
            before = len(written)


def jvp(
    program: Program, point: Sequence[Any], seeds: Sequence[Any], base: Algebra[Any], rules: Rules = "textbook"
) -> Program:
    """The program of one forward sweep, as `jvps` has it."""
    return next(jvps(program, point, [seeds], base, rules))
