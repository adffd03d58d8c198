"""Forward mode: dual numbers, and the Jacobian-vector product they compute.

    f(x + eps dx) = f(x) + eps f'(x) dx        (Clifford 1873; Griewank & Walther 2008, ch. 3)

`Duals(base)` is written once: over float64 it is the class a student holds in
the hand; over a recording it writes a derivative program. `jvps` writes the same
equations for many directions, and what all sweeps have in common only once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from diffcli.evaluate import Algebra, follow
from diffcli.linearize import ZERO, Linear, Unit
from diffcli.primitives import ARITY, CONST, PARAMETRIC, Rules
from diffcli.program import Constant, Functions, Program


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
    reached = _reached(path)
    for direction in directions:
        start = min([k for k, seed in zip(reached, direction, strict=True) if seed is not ZERO], default=len(path))
        recording.rewind(path, start)
        seeds = [seed if type(seed) is Unit else recording.constant(seed) for seed in direction]
        primals, tangents = _swept(path, start, seeds, linear)
        if path.guards:
            recording.guards[:0] = [primals[guard] for guard in path.guards]
        outputs = [primals[output] for output in path.outputs]
        yield recording.program(outputs + [linear.settle(tangents[output]) for output in path.outputs])


def _reached(path: Program) -> list[int]:
    """The first equation that each input reaches: those before it stand as they are in a sweep along that input."""
    inputs, ops = len(path.inputs), path.ops
    loads = next((k for k, code in enumerate(ops) if ARITY[code]), len(ops))
    late = ops.find(CONST, loads) % (len(ops) + 1)  # not found is the end
    reached = [late] * inputs
    for k in range(late - 1, loads - 1, -1):
        for argument in path.arguments(k):
            if argument < inputs:
                reached[argument] = k
    return reached


def _swept(path: Program, start: int, seeds: list[Any], linear: Linear) -> tuple[list[Any], list[Any]]:
    """Dual numbers, held in two lists: every equation of a path written again, and its tangent behind it.

    The first `start` equations stand written: inputs, which have the tangents `seeds`, and what none of these moves.
    """
    functions, constant, push = linear.functions, linear.base.constant, linear.push
    primals = list(range(start))
    tangents = seeds + [ZERO] * (start - len(seeds))
    for code, a, b, c in zip(path.ops[start:], path.a[start:], path.b[start:], path.c[start:], strict=True):
        arity = ARITY[code]
        tangent: Any = ZERO
        if arity == 2:
            i, j, p, q = primals[a], primals[b], tangents[a], tangents[b]
            y = functions[code](i, j)
            if p is not ZERO or q is not ZERO:
                tangent = push(code, (i, j), y, (p, q))
        elif arity == 1:
            i, p, literal = primals[a], tangents[a], path.constants[b] if PARAMETRIC[code] else None
            y = functions[code](i) if literal is None else functions[code](i, literal)
            if p is not ZERO:
                tangent = push(code, (i,), y, (p,), literal)
        elif arity:
            places = a, b, c
            operands = [primals[place] for place in places]
            y = functions[code](*operands)
            tangent = push(code, operands, y, [tangents[place] for place in places])
        else:
            y = constant(path.constants[a])
        primals.append(y)
        tangents.append(tangent)
    return primals, tangents


def jvp(
    program: Program, point: Sequence[Any], seeds: Sequence[Any], base: Algebra[Any], rules: Rules = "textbook"
) -> Program:
    """The program of one forward sweep, as `jvps` has it."""
    return next(jvps(program, point, [seeds], base, rules))
