"""Systems of linear equations, solved by equations of a program: Gaussian elimination whose path is decided on values.

Linear algebra on programs, nothing of derivatives. What is structurally 0 is not computed with.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from diffcli.core.evaluate import Algebra
from diffcli.core.primitives import CODE, CONST
from diffcli.core.program import Builder

_SUB, _NEG, _MUL, _DIV = (CODE[name] for name in ("sub", "neg", "mul", "div"))


@dataclass(frozen=True, slots=True)
class Term:
    """A number of the system: its equation, None where it is structurally 0, and its value at the point."""

    equation: int | None
    value: Any


def term(builder: Builder, equation: int, value: Any) -> Term:
    """The term of an equation; one that is the constant 0 is structurally 0."""
    if builder.ops[equation] == CONST and builder.constants[builder.a[equation]] == 0:
        return Term(None, value)
    return Term(equation, value)


def solve(
    builder: Builder, algebra: Algebra[Any], matrix: Sequence[Sequence[Term]], right: Sequence[Sequence[Term]]
) -> list[list[int]]:
    """The equations of X in A X = -B, for A of m rows and columns and B of m rows.

    Partial pivoting: in each column the row with the largest entry, by the values at the point (Golub & Van Loan,
    Matrix Computations, 4th ed., section 3.4); a tie takes the upper row. Costs m^3/3 products for A, and m^2 for
    each column of B, as for dense systems; a system of one equation costs a negation and a division per column.
    """
    elimination = _Elimination(builder, algebra)
    rows = [[*row, *rest] for row, rest in zip(matrix, right, strict=True)]
    size = len(rows)
    for column in range(size):
        pivot = max(range(column, size), key=lambda k: _magnitude(rows[k][column]))
        rows[column], rows[pivot] = rows[pivot], rows[column]
        for k in range(column + 1, size):
            rows[k] = elimination.cleared(rows[k], rows[column], column)
    solutions = [elimination.solved(rows, column) for column in range(size, len(rows[0]))]
    zero = [
        builder.constant(0.0) if one.equation is None else one.equation for solution in solutions for one in solution
    ]
    return [zero[row::size] for row in range(size)]


def _magnitude(one: Term) -> float:
    """Entries that are not numbers are never chosen where there is one that is."""
    size = abs(float(one.value)) if one.equation is not None else 0.0
    return size if size == size else -1.0


class _Elimination:
    """Terms made of terms: an equation is written, and its value computed."""

    def __init__(self, builder: Builder, algebra: Algebra[Any]) -> None:
        self.builder, self.algebra = builder, algebra

    def apply(self, code: int, *terms: Term) -> Term:
        function: Any = self.algebra.functions[code]
        equations = [one.equation for one in terms if one.equation is not None]
        return Term(self.builder.emit(code, *equations), function(*(one.value for one in terms)))

    def less(self, a: Term, factor: Term, b: Term) -> Term:
        """a - factor b."""
        if factor.equation is None or b.equation is None:
            return a
        product = self.apply(_MUL, factor, b)
        return self.apply(_NEG, product) if a.equation is None else self.apply(_SUB, a, product)

    def cleared(self, row: Sequence[Term], pivot: Sequence[Term], column: int) -> list[Term]:
        """A row less the multiple of the pivot's row that makes its entry 0."""
        if row[column].equation is None:
            return list(row)
        factor = self.apply(_DIV, row[column], pivot[column])
        zero = Term(None, self.algebra.constant(0.0))
        rest = [self.less(a, factor, b) for a, b in zip(row[column + 1 :], pivot[column + 1 :], strict=True)]
        return [*row[:column], zero, *rest]

    def solved(self, rows: Sequence[Sequence[Term]], column: int) -> list[Term]:
        """One column of -X, from the last unknown to the first, then its sign."""
        size = len(rows)
        solution: list[Term] = [Term(None, self.algebra.constant(0.0))] * size
        for k in reversed(range(size)):
            known = rows[k][column]
            known = known if known.equation is None else self.apply(_NEG, known)
            for j in range(k + 1, size):
                known = self.less(known, rows[k][j], solution[j])
            solution[k] = known if known.equation is None else self.quotient(known, rows[k][k])
        return solution

    def quotient(self, numerator: Term, pivot: Term) -> Term:
        if pivot.equation is None:
            zero = Term(self.builder.constant(0.0), self.algebra.constant(0.0))
            return self.apply(_DIV, numerator, zero)
        return self.apply(_DIV, numerator, pivot)
