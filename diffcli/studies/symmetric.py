"""Symmetric matrices as a descent needs them: curvatures, and Newton's step. Small ones, as lists of rows."""

from __future__ import annotations

import math
from collections.abc import Sequence

Matrix = Sequence[Sequence[float]]

_SWEEPS = 60
"""Sweeps over all pairs; convergence is quadratic, and needs fewer than ten."""


def eigenvalues(matrix: Matrix) -> list[float]:
    """All eigenvalues by Jacobi's rotations, ascending (Golub & Van Loan 2013, ch. 8.5).

    >>> eigenvalues([[2, 1], [1, 2]])
    [1.0, 3.0]
    """
    a, n = [list(map(float, row)) for row in matrix], len(matrix)
    for _ in range(_SWEEPS):
        aside = sum(abs(a[i][j]) for i in range(n) for j in range(i))
        if aside <= 1e-18 * sum(abs(a[i][i]) for i in range(n)):
            break
        for i in range(n):
            for j in range(i):
                if a[i][j]:
                    _rotate(a, i, j)
    return sorted(a[i][i] for i in range(n))


def _rotate(a: list[list[float]], i: int, j: int) -> None:
    """Turn the plane of i and j so that their entry vanishes."""
    ratio = (a[j][j] - a[i][i]) / (2 * a[i][j])
    t = math.copysign(1.0, ratio) / (abs(ratio) + math.hypot(ratio, 1.0))
    c = 1 / math.hypot(t, 1.0)
    s, moved = t * c, t * a[i][j]
    a[i][i], a[j][j] = a[i][i] - moved, a[j][j] + moved
    a[i][j] = a[j][i] = 0.0
    for k in range(len(a)):
        if k not in (i, j):
            x, y = a[k][i], a[k][j]
            a[k][i] = a[i][k] = c * x - s * y
            a[k][j] = a[j][k] = s * x + c * y


def solve(matrix: Matrix, right: Sequence[float]) -> list[float] | None:
    """The solution of a linear system by elimination with pivots; None where the matrix is singular.

    >>> solve([[2, 0], [0, 4]], [1, 1])
    [0.5, 0.25]
    """
    n = len(right)
    rows = [[*map(float, row), float(value)] for row, value in zip(matrix, right, strict=True)]
    for i in range(n):
        pivot = max(range(i, n), key=lambda k: abs(rows[k][i]))
        if not rows[pivot][i] or not math.isfinite(rows[pivot][i]):
            return None
        rows[i], rows[pivot] = rows[pivot], rows[i]
        for k in range(i + 1, n):
            factor = rows[k][i] / rows[i][i]
            rows[k] = [x - factor * y for x, y in zip(rows[k], rows[i], strict=True)]
    found = [0.0] * n
    for i in reversed(range(n)):
        found[i] = (rows[i][n] - sum(rows[i][k] * found[k] for k in range(i + 1, n))) / rows[i][i]
    return found
