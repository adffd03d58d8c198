"""Programs as code: compiled Python for one point, NumPy in blocks for very many; and which way is fastest when.

Four ways give the outputs of a program at a table of points:

    interpreted   `evaluate`, point by point
    generated     compiled Python, point by point (`scalars`)
    arrays        `evaluate` over NumPy arrays, all points at once
    blocks        compiled NumPy code, block by block (`blocks`)

The first two have the same bits, and so have the last two; between the pairs NumPy's
functions differ from libm's by a few ulps (`numbers/arrays`). This room knows what
each way costs; nothing of derivatives. It imports NumPy only for the ways that use it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal

from diffcli.core.evaluate import evaluate
from diffcli.core.program import Program
from diffcli.numbers.float64 import FLOAT64
from diffcli.points.generation.scalars import generate

Way = Literal["interpreted", "generated", "arrays", "blocks"]
Table = Callable[[Sequence[Any]], list[Any]]
"""From one column per input to one column per output."""

# What one equation costs, in units of interpreting it at one point (some 75 ns), as measured with programs
# of 30 to 2000 equations at 1 to 100,000 points:
#                  to compile    to begin    at a point
#     interpreted                            1
#     generated    100                       0.1
#     arrays                     5           0.003 in cache, 0.03 beyond
#     blocks       130           5           0.003
# The numbers below are where the sums are equal.
FEW = 4
"""Points up to which NumPy's calls cost more than they save, when the table is computed once."""
FEW_OFTEN = 45
"""The same for compiled code that is called again and again."""
COMPILING = 110
"""Points from which compiling pays if it has to be point by point."""
MANY = 100_000
"""Points from which whole arrays leave the cache so often that blocks pay, whatever the program."""
MANY_VALUES, SOME = 24_000_000, 16_384
"""The same for large programs, of which all values at all points are kept: in values, and then in points."""


def fastest(program: Program, points: int, often: bool = False) -> Way:
    """The way that takes the shortest time for `points` points, compilation included unless it is done `often`."""
    if program.branches:
        return "generated" if often or points > COMPILING else "interpreted"
    if often:
        return "generated" if points <= FEW_OFTEN else "blocks"
    if points <= FEW:
        return "interpreted"
    large = points >= SOME and points * len(program) >= MANY_VALUES
    return "blocks" if large or points >= MANY else "arrays"


def evaluator(
    program: Program, points: int, often: bool = False, dtype: str = "float64", way: Way | None = None
) -> Table:
    """`program` at a table of points, by the fastest way, or by `way` where the bits must be those of one pair.

    Columns are sequences of floats; a result is a list, or an array where NumPy made it.
    float32 exists in arrays only.
    """
    chosen = way or fastest(program, points, often)
    if dtype == "float64" and chosen == "interpreted":
        return _by_points(lambda point: evaluate(program, point, FLOAT64), program, points)
    if dtype == "float64" and chosen == "generated":
        return _by_points(generate(program), program, points)
    if way in ("interpreted", "generated"):
        raise ValueError(f"single points are computed in float64, not in {dtype}")
    return _by_arrays(program, dtype, chosen)


def _by_points(function: Callable[[Sequence[float]], list[float]], program: Program, points: int) -> Table:
    def table(columns: Sequence[Any]) -> list[Any]:
        rows = zip(*(map(float, column) for column in columns), strict=True) if columns else [()] * points
        results = list(map(function, rows))
        return [[result[i] for result in results] for i in range(len(program.outputs))]

    return table


def _by_arrays(program: Program, dtype: str, way: Way) -> Table:
    from diffcli.numbers.arrays import Arrays
    from diffcli.points.generation.blocks import Blocks, whole

    return Blocks(program, Arrays(dtype)) if way == "blocks" else whole(program, Arrays(dtype))
