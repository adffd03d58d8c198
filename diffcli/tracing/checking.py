"""Whether the run that was traced is the function: it is run again, plainly, on floats and arrays of floats.

A second run at the same point must give the same value; at points moved by 2^-20 the value must go where the program of
the path goes, but for rounding; and where rounding decided a branch, the other side must agree. What fails is said as
a doubt, and nothing is then called proved. This room knows functions, programs and float64, and no derivative.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from contextvars import ContextVar
from dataclasses import replace
from math import isfinite
from typing import Any, NamedTuple

import numpy as np

from diffcli.core.evaluate import evaluate
from diffcli.core.passes import prune
from diffcli.core.program import Program
from diffcli.numbers.float64 import FLOAT64
from diffcli.runtime.errors import DiffError
from diffcli.runtime.messages import Message, message
from diffcli.syntax.shapes import Shape
from diffcli.tracing.exactness import balls
from diffcli.tracing.loading import raised
from diffcli.tracing.printing import printing_to
from diffcli.tracing.values import running

STEP = 2.0**-20
GROUPS = 8
"""Entries of the point that are moved one by one; of more than that, several are moved together."""

Values = list[float]
Run = Callable[[Sequence[float]], tuple[Shape, Values]]
"""The function at a point, given as a list of all numbers: the shape of its result, and that row by row."""

checking: ContextVar[bool] = ContextVar("checking", default=False)


class Doubt(NamedTuple):
    """Why the derivative of the path is not proved to be that of the function; `valued`: its value is."""

    reason: Message
    valued: bool = False


def plainly(call: Callable[[], Any]) -> Any:
    """A call outside of every run; what it prints was printed already."""
    tokens = running.set(None), checking.set(True)
    try:
        with printing_to(io.StringIO()), np.errstate(all="ignore"):
            return call()
    finally:
        running.reset(tokens[0])
        checking.reset(tokens[1])


def repeated(run: Run, point: Sequence[float], program: Program, shape: Shape, name: str) -> Doubt | None:
    """Two plain runs at the point itself."""
    traced = [float(x) for x in evaluate(program, point, FLOAT64)]
    try:
        (plain_shape, first), (_, second) = run(point), run(point)
    except DiffError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever the user's code raises
        if not all(map(isfinite, traced)):  # Python raises where floats have an infinity or nan
            return None
        return Doubt(message("a plain run of {name} ends with {error}", name=name, error=raised(error)))
    if plain_shape != shape:
        said = message(
            "{name} gives the shape {one} when it is run plainly, and {other} when it is traced",
            name=name,
            one=plain_shape,
            other=shape,
        )
        hint = message("a function in it cannot be traced as it is used there: write it by np.sum, @ and np.exp")
        raise DiffError(said, hint=hint, kind="python")
    for one, other in zip(first, second, strict=True):
        if not _near(one, other):
            return Doubt(
                message(
                    "a second run of {name} at the same point gives another value: {value}, then {other}",
                    name=name,
                    value=repr(one),
                    other=repr(other),
                )
            )
    for one, other in _differences(program, point, first, traced):
        return Doubt(
            message(
                "a plain run of {name} gives {value}, the run that was traced {other}",
                name=name,
                value=repr(one),
                other=repr(other),
            )
        )
    return None


def unexplained(run: Run, point: Sequence[float], moved: Sequence[int], program: Program, name: str) -> Doubt | None:
    """Plain runs at points nearby: does the value move as the path's program does?"""
    for group in (moved[k::GROUPS] for k in range(min(GROUPS, len(moved)))):
        sides = []
        for sign in (-1, 1):
            there = list(point)
            for i in group:
                there[i] += sign * STEP * (abs(point[i]) or 1.0)
            try:
                sides.append((there, run(there)[1], [float(x) for x in evaluate(program, there, FLOAT64)]))
            except DiffError:
                raise
            except Exception:  # noqa: BLE001 - it has no value there
                continue
        if not all(_explained(program, side, _motions(sides)) for side in sides):
            shown = ", ".join(program.inputs[i] for i in group[:3]) + (", …" if len(group) > 3 else "")
            return Doubt(
                message("the path's derivative does not explain how {name} moves with {names}", name=name, names=shown),
                valued=True,
            )
    return None


Side = tuple[Sequence[float], Values, Values]
"""A point nearby, what the function gives there, and what the path's program does."""


def _motions(sides: Sequence[Side]) -> Values:
    """How far each output goes from one side to the other."""
    if len(sides) < 2:
        return [0.0] * len(sides[0][1]) if sides else []
    (_, *left), (_, *right) = sides
    far = zip(
        *[[abs(b - a) for a, b in zip(*pair, strict=True)] for pair in zip(left, right, strict=True)], strict=True
    )
    return [max(pair) for pair in far]


def _explained(program: Program, side: Side, motions: Values) -> bool:
    there, plain, traced = side
    if len(plain) != len(traced):
        return False
    near = all(abs(a - b) <= motion * 2.0**-10 for a, b, motion in zip(plain, traced, motions, strict=True))
    return near or not list(_differences(program, there, plain, traced))


def agree(one: Program, other: Program, point: Sequence[float], moved: Sequence[int]) -> bool:
    """Whether two paths give the same, but for rounding, at the point and on both sides of it."""
    for sign in (-1, 0, 1):
        there = [x + sign * STEP * (abs(x) or 1.0) if i in moved else x for i, x in enumerate(point)]
        pair = evaluate(one, there, FLOAT64), evaluate(other, there, FLOAT64)
        if len(pair[0]) != len(pair[1]) or not all(map(_near, *pair)):
            return False
    return True


def _near(one: float, other: float) -> bool:
    return one == other or one != one and other != other or abs(one - other) <= 2.0**-40 * max(abs(one), abs(other))


def _differences(
    program: Program, point: Sequence[float], plain: Values, traced: Values
) -> Iterator[tuple[float, float]]:
    """Where values differ by more than rounding can: balls of few digits enclose whatever floats come to."""
    if all(map(_near, plain, traced)):
        return
    for k, (one, other) in enumerate(zip(plain, traced, strict=True)):
        if not _near(one, other) and not _by_rounding(program, k, point, one):
            yield one, other


DIGITS = 44
"""Binary digits of these balls: NumPy's functions and sums may lose a few that Python's keep."""


def _by_rounding(program: Program, output: int, point: Sequence[float], value: float) -> bool:
    from diffcli.truth.series import working

    alone = prune(replace(program, outputs=(program.outputs[output],), guards=()))
    with working(DIGITS, 1):
        ball = balls(alone, point)[0][alone.outputs[0]]
        return ball is None or not ball.is_finite() or bool(ball.contains(value))
