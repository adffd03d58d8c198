"""Sines and cosines by two tangents, for those builds of NumPy whose sine and cosine are not vectorised.

    t = tan(|a|/2),    sin |a| = 2t/(1 + t^2),    cos a = sin |a| / tan |a|

In some builds float64 sin and cos take eight times as long as tan; five operations and a
tangent are then cheaper than either, and both together cost a quarter. The results are
others: within ULPS of the true values, where NumPy is within 1. So this is for very many
points, where a measurement in this process says that it pays, and whoever shows the results
says so; never for float32, which has its own vector functions, and no room for TINY.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import cache

import numpy as np

from diffcli.core.passes import share
from diffcli.core.primitives import CODE, CONST, INPUT, PARAMETRIC
from diffcli.core.program import Builder, Program

ULPS = 4.0
"""Bound on the error in float64, in ulps: a tangent within 1, four roundings, a division."""

TINY = 1e-300
"""Added above and below, it makes the quotient 1 where both are 0, and changes nothing where they are not."""

SIN, COS = CODE["sin"], CODE["cos"]


def concerned(program: Program, alike: Sequence[bool]) -> set[int]:
    """The sines and cosines of what is not the same at every point, as the inputs marked in `alike` are."""
    moving = bytearray(len(program))
    for k, code in enumerate(program.ops):
        moving[k] = not alike[program.a[k]] if code == INPUT else any(moving[i] for i in program.arguments(k))
    return {k for k, code in enumerate(program.ops) if code in (SIN, COS) and moving[k]}


def by_tangents(program: Program, alike: Sequence[bool] | None = None) -> Program:
    """The program with these sines and cosines replaced; equal operations are then computed once."""
    chosen = concerned(program, alike or [False] * len(program.inputs))
    builder = Builder(program.inputs)
    place: list[int] = []
    for k, code in enumerate(program.ops):
        columns = [place[argument] for argument in program.arguments(k)]
        if code == CONST:
            place.append(builder.constant(program.constants[program.a[k]]))
        elif code == INPUT:
            place.append(builder.input(program.a[k]))
        elif code == SIN and k in chosen:
            place.append(_sine(builder, columns[0]))
        elif code == COS and k in chosen:
            place.append(_cosine(builder, columns[0]))
        else:
            if PARAMETRIC[code]:
                columns.append(builder.slot(program.parameter(k)))
            place.append(builder.emit(code, *columns))
    outputs, guards = ([place[k] for k in found] for found in (program.outputs, program.guards))
    return share(builder.program(outputs, guards))


def _positive_sine(builder: Builder, size: int) -> int:
    """sin of an absolute value."""
    t = builder.apply("tan", builder.apply("mul", size, builder.constant(0.5)))
    return builder.apply(
        "div", builder.apply("add", t, t), builder.apply("add", builder.apply("mul", t, t), builder.constant(1.0))
    )


def _sine(builder: Builder, a: int) -> int:
    return builder.apply("mul", builder.apply("sign", a), _positive_sine(builder, builder.apply("abs", a)))


def _cosine(builder: Builder, a: int) -> int:
    size, tiny = builder.apply("abs", a), builder.constant(TINY)
    above = builder.apply("add", _positive_sine(builder, size), tiny)
    return builder.apply("div", above, builder.apply("add", builder.apply("tan", size), tiny))


@cache
def pays(times: float = 3.0) -> bool:
    """Whether NumPy's sine takes `times` as long as its tangent here; measured once, in less than a millisecond."""
    points = np.linspace(-3.0, 3.0, 2048)
    return _shortest(np.sin, points) > times * _shortest(np.tan, points)


def _shortest(function: Callable[..., object], points: object) -> float:
    """Seconds of the fastest of a few calls: what disturbs a measurement only makes it longer."""
    found = []
    for _ in range(5):
        begun = time.perf_counter()
        function(points)
        found.append(time.perf_counter() - begun)
    return min(found)
