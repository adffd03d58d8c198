"""Points grouped by the path they take: a derivative is derived once a path, and computed for all its points at once.

A program that was recorded is valid wherever its guards come out as they did. So a method
derives at the first point; the guards say, as arrays, which other points go the same way;
what is left begins anew. The conditions of rules (a tie of `max`, `x**y` at 0) are guards
like those of the expression.

Guards are decided by NumPy at all points but the first of a group, where libm decided: it
is of its group whatever NumPy says, since within an ulp of a switch both are right.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from diffcli.core.evaluate import evaluate
from diffcli.core.passes import share
from diffcli.core.program import Program, Recording
from diffcli.numbers.arrays import Arrays
from diffcli.numbers.float64 import FLOAT64
from diffcli.points.generation import fastest
from diffcli.points.generation.blocks import Blocks, whole
from diffcli.problem.derivation import Derivation
from diffcli.runtime.errors import DiffError
from diffcli.runtime.messages import message

MOST = 1_000
"""Paths that are followed."""

AT_ONCE = 1 << 15
"""Points that are picked out at once: few enough that they stay in cache, and no memory is touched anew."""

ARRAYS = Arrays("float64")

Columns = Sequence[Any]
"""An array, or a number that is the same at every point, for each input of a program."""

Indices = Any
"""Numbers of points, rising; None for all of them."""


Into = Callable[[Columns, Sequence[Any]], object]
"""From columns into arrays, one for each output."""


class Group(NamedTuple):
    """What is derived on one path, as programs without branches, and the points that take it."""

    derivation: Derivation
    first: int
    points: Indices


def grouped(derive: Callable[[list[float]], Derivation], columns: Columns, count: int) -> Iterator[Group]:
    """All points, path by path; `derive` is called at the first point of each."""
    left: Indices = None
    for _ in range(MOST):
        first = 0 if left is None else int(left[0])
        point = point_of(columns, first)
        derivation = straightened(derive(point), point)
        same = _alike(derivation.sweeps, point, columns, left, count)
        if same is None:
            yield Group(derivation, first, left)
            return
        numbers = np.flatnonzero(same)
        yield Group(derivation, first, numbers if left is None else left[numbers])
        left = np.flatnonzero(~same) if left is None else left[~same]
    raise DiffError(
        message(
            "the points take more than {most} paths through the expression: {count} of {other} are left",
            most=f"{MOST:,}",
            count=f"{len(left):,}",
            other=f"{count:,}",
        ),
        hint=message("each path is derived by itself: give fewer points, or an expression with fewer conditions"),
        kind="point",
    )


def point_of(columns: Columns, k: int) -> list[float]:
    return [float(column[k]) if isinstance(column, np.ndarray) else column for column in columns]


def at_points(columns: Columns, points: Indices) -> list[Any]:
    """The columns at some of the points; of a lone point NumPy makes special cases, so it comes twice."""
    if points is None:
        return list(columns)
    some = np.repeat(points, 2) if len(points) == 1 else points
    return [column[some] if isinstance(column, np.ndarray) else column for column in columns]


def table(program: Program, count: int) -> Callable[[Columns], list[Any]]:
    """A program without branches at so many points: compiled where that pays, with NumPy's bits in either case."""
    return Blocks(program, ARRAYS) if fastest(program, count) == "blocks" else whole(program, ARRAYS)


def into(program: Program, count: int) -> Into:
    """The same, written into arrays that are given."""
    computed = table(program, count)
    if isinstance(computed, Blocks):
        return computed

    def copied(columns: Columns, out: Sequence[Any]) -> None:
        for target, column in zip(out, computed(columns), strict=True):
            target[:] = column

    return copied


def straightened(derivation: Derivation, point: Sequence[float]) -> Derivation:
    """The sweeps on the path taken at `point`."""
    if not any(sweep.branches for sweep in derivation.sweeps):
        return derivation
    return derivation._replace(sweeps=tuple(straight(sweep, point) for sweep in derivation.sweeps))


def straight(program: Program, point: Sequence[float]) -> Program:
    """The path taken at `point`; what was decided on it are its guards."""
    if not program.branches:
        return program
    recording = Recording(program.inputs, point, FLOAT64)
    inputs = [recording.input(i) for i in range(len(program.inputs))]
    return recording.program(evaluate(program, inputs, recording))


# --- which points go the same way
def _alike(sweeps: Sequence[Program], point: Sequence[float], columns: Columns, left: Indices, count: int) -> Any:
    """For each point that is left whether it goes the way of the first; None where all do."""
    conditions = {_conditions(sweep): None for sweep in sweeps if sweep.guards}
    if not conditions:
        return None
    total = count if left is None else len(left)
    same = np.ones(total, bool)
    for program in conditions:
        expected = [FLOAT64.decide(value) for value in evaluate(program, point, FLOAT64)]
        decided = table(program, total)
        for start in range(0, total, AT_ONCE):
            part = same[start : start + AT_ONCE]
            cut = slice(start, start + AT_ONCE) if left is None else left[start : start + AT_ONCE]
            for value, holds in zip(decided(_cut(columns, cut)), expected, strict=True):
                part &= (value[: len(part)] != 0) == holds
    same[0] = True
    return None if same.all() else same


def _cut(columns: Columns, cut: Any) -> list[Any]:
    if not isinstance(cut, slice):
        return at_points(columns, cut)
    return [column[cut] if isinstance(column, np.ndarray) else column for column in columns]


def _conditions(program: Program) -> Program:
    """What decides the path, each condition once."""
    decided = share(replace(program, outputs=program.guards, guards=()))
    return replace(decided, outputs=tuple(dict.fromkeys(decided.outputs)))
