"""The symbolic method: SymPy's derivative, evaluated with equal subexpressions computed once.

The rules are SymPy's own; what is ours is only how the formula is read. It is
never simplified.
"""

from __future__ import annotations

from typing import Any

from diffcli.algebras.symbols import derivative, lift, lower, text
from diffcli.derivation import Derivation, Problem
from diffcli.program import Program, count_written

LONGEST_FORMULA = 20_000
"""Operations of the largest formula that is written out."""


def differentiate(problem: Problem) -> Derivation:
    """One sweep: values and derivatives together, as SymPy's formulas stand."""
    names = problem.program.inputs
    values = lift(problem.program)
    entries = [derivative(value, names[i]) for value in values for i in problem.wrt]
    program = lower([*values, *entries], names)
    outputs = program.outputs[len(values) :]
    written = count_written(program, outputs)
    if written.total <= LONGEST_FORMULA:
        formulas = tuple(map(text, entries))
    else:
        formulas = tuple(_formula(entry, program, output) for entry, output in zip(entries, outputs, strict=True))
    return Derivation((program,), formulas, written)


def _formula(entry: Any, program: Program, output: int) -> str:
    """The formula as text, or its size where nobody would read it."""
    size = count_written(program, [output]).total
    return text(entry) if size <= LONGEST_FORMULA else f"… ({size} operations)"
