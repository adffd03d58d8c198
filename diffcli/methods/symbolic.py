"""The symbolic method: SymPy's derivative, evaluated with equal subexpressions computed once.

The rules are SymPy's own; what is ours is only how the formula is read. It is
never simplified.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from diffcli.core.derivative_kinds import Kind, Wanted
from diffcli.core.program import Program, count_written
from diffcli.numbers.sympy.symbols import contract, derivative, lift, lower, texts
from diffcli.problem.derivation import Derivation, Problem

LONGEST_FORMULA = 20_000
"""Operations of the largest formula that is written out."""


def differentiate(problem: Problem) -> Derivation:
    """One sweep: values and derivatives together, as SymPy's formulas stand."""
    names = problem.program.inputs
    values = lift(problem.program)
    entries = _WAYS[problem.wanted.kind](values, [names[i] for i in problem.wrt], problem.wanted)
    program = lower([*values, *entries], names)
    outputs = program.outputs[len(values) :]
    written = count_written(program, outputs)
    if written.total <= LONGEST_FORMULA:
        formulas = texts(entries)
    else:
        formulas = tuple(_formula(entry, program, output) for entry, output in zip(entries, outputs, strict=True))
    return Derivation((program,), formulas, written)


def _jacobian(values: list[Any], names: list[str], wanted: Wanted) -> list[Any]:
    del wanted
    return [derivative(value, name) for value in values for name in names]


def _jvp(values: list[Any], names: list[str], wanted: Wanted) -> list[Any]:
    return [contract([derivative(value, name) for name in names], wanted.direction) for value in values]


def _vjp(values: list[Any], names: list[str], wanted: Wanted) -> list[Any]:
    return [contract([derivative(value, name) for value in values], wanted.vector) for name in names]


def _hessian(values: list[Any], names: list[str], wanted: Wanted) -> list[Any]:
    del wanted
    (value,) = values
    slopes = [derivative(value, name) for name in names]
    found = {
        (i, j): derivative(slope, name) for i, slope in enumerate(slopes) for j, name in enumerate(names) if j >= i
    }
    return [found[min(i, j), max(i, j)] for i in range(len(names)) for j in range(len(names))]


def _hvp(values: list[Any], names: list[str], wanted: Wanted) -> list[Any]:
    (slope,) = _jvp(values, names, wanted)
    return [derivative(slope, name) for name in names]


def _repeated(values: list[Any], names: list[str], wanted: Wanted) -> list[Any]:
    (found,) = values
    for _ in range(wanted.order):
        found = derivative(found, names[0])
    return [found]


_WAYS: dict[Kind, Callable[[list[Any], list[str], Wanted], list[Any]]] = {
    "gradient": _jacobian,
    "jacobian": _jacobian,
    "jvp": _jvp,
    "vjp": _vjp,
    "hessian": _hessian,
    "hvp": _hvp,
    "derivative": _repeated,
}


def _formula(entry: Any, program: Program, output: int) -> str:
    """The formula as text, or its size where nobody would read it."""
    size = count_written(program, [output]).total
    return texts([entry])[0] if size <= LONGEST_FORMULA else f"… ({size} operations)"
