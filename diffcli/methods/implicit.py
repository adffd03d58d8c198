"""The derivative of a function that equations define, by any method that differentiates their two sides.

The implicit function theorem (Krantz & Parks, The Implicit Function Theorem, 2002, ch. 3): where F(x, y) = 0, F is
continuously differentiable and F_y is regular, y is a function of x nearby, and dy/dx = -(F_y)^-1 F_x. Every method
finds F_y and F_x in its own way, by all of its sweeps; the system is solved by equations after them, counted like all
others.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from diffcli.core.derivative_kinds import Wanted
from diffcli.core.evaluate import evaluate
from diffcli.core.linear_systems import Term, solve, term
from diffcli.core.passes import prune
from diffcli.core.program import Builder, Program, count_written, in_order
from diffcli.problem.derivation import Answer, Derivation, Problem


def derive_implicit(differentiate: Callable[[Problem], Derivation], problem: Problem) -> Derivation:
    """dy/dx, row by row, by the Jacobian that a method has of F by (y, x).

    The outputs of the only sweep are y, as it was given, then the entries.
    """
    wrt = (*problem.wanted.unknowns, *problem.wrt)
    jacobian = differentiate(replace(problem, wrt=wrt, wanted=Wanted("jacobian")))
    if jacobian.answer is not None:
        return jacobian._replace(answer=_of_numbers(jacobian.answer, problem))
    m, n = len(problem.program.outputs), len(wrt)
    builder = Builder(problem.program.inputs)
    numbers = [builder.append(sweep) for sweep in jacobian.sweeps]
    ordered = [in_order(sweep) for sweep in jacobian.sweeps]
    outputs = [[went[k] for k in sweep.outputs] for went, sweep in zip(numbers, ordered, strict=True)]
    guards = [went[k] for went, sweep in zip(numbers, ordered, strict=True) for k in sweep.guards]
    program = _solved(builder, jacobian.gathered(outputs, m), n, guards, problem)
    formulas = _formulas(jacobian.formulas) if jacobian.formulas and m == 1 else None
    written = count_written(program, program.outputs[m:]) if formulas else None
    return jacobian._replace(sweeps=(program,), entries=None, formulas=formulas, written=written)


def _solved(builder: Builder, entries: Sequence[int], columns: int, guards: Sequence[int], problem: Problem) -> Program:
    """y, then dy/dx, behind the equations that are the entries of the Jacobian, row by row."""
    unknowns = problem.wanted.unknowns
    m, algebra = len(unknowns), problem.algebra
    values = evaluate(builder.program(entries), problem.start, algebra)
    terms = [term(builder, k, value) for k, value in zip(entries, values, strict=True)]
    rows = [terms[start : start + columns] for start in range(0, m * columns, columns)]
    solutions = solve(builder, algebra, [row[:m] for row in rows], [row[m:] for row in rows])
    outputs = [*map(builder.input, unknowns), *(k for row in solutions for k in row)]
    return prune(builder.program(outputs, guards))


def _of_numbers(answer: Answer, problem: Problem) -> Answer:
    """The same from a Jacobian in numbers, which are then the inputs of the program that solves."""
    m = len(problem.wanted.unknowns)
    entries = answer.derivative
    builder = Builder(tuple(f"J[{k}]" for k in range(len(entries))))
    terms = [Term(builder.input(k), value) for k, value in enumerate(entries)]
    columns = len(entries) // m
    rows = [terms[start : start + columns] for start in range(0, len(terms), columns)]
    solutions = solve(builder, problem.algebra, [row[:m] for row in rows], [row[m:] for row in rows])
    program = builder.program([k for row in solutions for k in row])
    found = tuple(map(float, evaluate(program, entries, problem.algebra)))
    return answer._replace(values=tuple(problem.point[i] for i in problem.wanted.unknowns), derivative=found)


def _formulas(partials: Sequence[str]) -> tuple[str, ...]:
    """-F_x/F_y as text, from the formulas of F_y and of every F_x; 0 where F does not depend on x."""
    below, *above = partials
    return tuple("0" if one == "0" else f"-({one})/({below})" for one in above)
