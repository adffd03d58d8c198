"""A case of equations: the function y of x that solves them near the point is what is differentiated."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from diffcli.core.derivative_kinds import Wanted
from diffcli.problem.case import Case
from diffcli.problem.point import Number, flat, pasted, written
from diffcli.runtime.errors import DiffError
from diffcli.runtime.messages import Message, listing, message
from diffcli.syntax import Expression
from diffcli.syntax.equations import zero_form
from diffcli.syntax.translation import Translation


def implicit_case(
    source: str,
    at: Mapping[str, Number],
    wrt: Sequence[str] | None,
    unknowns: Sequence[str],
    understand: Callable[[str], Expression],
) -> Case:
    """The case whose point solves the equations: the unknowns in `at` are where the search begins.

    `understand` reads an expression whose variables all have values.

    Raises:
        DiffError: where the equations cannot be read, or no solution is near.
    """
    _check_unknowns(at, unknowns)
    form = zero_form(source, unknowns, at)
    expression = replace(_read(source, form, understand), source=source)
    for name in unknowns:
        if name not in expression.variables:
            hint = message("its variables are: {names}", names=", ".join(expression.variables))
            raise DiffError(message("the equation has no unknown '{name}'", name=name), hint=hint, kind="variable")
    chosen = tuple(wrt) if wrt is not None else tuple(name for name in expression.variables if name not in unknowns)
    numbers = {name: k for k, name in enumerate(expression.program.inputs)}
    wanted = Wanted("implicit", unknowns=tuple(numbers[name] for name in unknowns))
    typed = {name: at[name] for name in expression.shapes}
    return _solved(Case(expression, typed, chosen, wanted=wanted), unknowns)


def _check_unknowns(at: Mapping[str, Number], unknowns: Sequence[str]) -> None:
    for name in unknowns:
        if name not in at:
            point = ", ".join([*([pasted(at)] if at else []), f"{name}=…"])
            hint = message('add a value near the solution: --at "{point}"', point=point)
            raise DiffError(
                message("the unknown {name} has no value to start from", name=name), hint=hint, kind="missing"
            )
        if isinstance(at[name], tuple):
            hint = message("write its entries as unknowns of their own: --implicit a,b")
            raise DiffError(message("the unknown {name} is a vector", name=name), hint=hint, kind="shape")


def _read(source: str, form: Translation, understand: Callable[[str], Expression]) -> Expression:
    """The two sides as one expression; a fault stands where it was typed."""
    try:
        return understand(form.text)
    except DiffError as error:
        raise replace(form.fault(error, source), mended=()) from None


def _solved(case: Case, unknowns: Sequence[str]) -> Case:
    """The case at the solution near its point; a note says where that is another one."""
    from diffcli.truth.implicit import root

    point = [x for name in case.expression.shapes for x in flat(case.at[name])]
    values = root(case.expression.program, case.wanted.unknowns, point)
    if values is None:
        raise _no_solution(case, unknowns)
    solution = dict(zip(unknowns, values, strict=True))
    moved = [name for name in unknowns if solution[name] != case.at[name]]
    if not moved:
        return case
    notes = (*case.expression.notes, *(_moved(name, case.at[name], solution[name]) for name in moved))
    return replace(case, at={**case.at, **solution}, expression=replace(case.expression, notes=notes))


def _moved(name: str, start: Number, end: Number) -> Message:
    return message(
        "the solution near {name} = {start} is {name} = {end}", name=name, start=written(start), end=written(end)
    )


def _no_solution(case: Case, unknowns: Sequence[str]) -> DiffError:
    starts = listing(f"{name} = {written(case.at[name])}" for name in unknowns)
    others = listing(f"{name} = {written(value)}" for name, value in case.at.items() if name not in unknowns)
    said = (
        message("no solution was found near {starts} for {others}", starts=starts, others=others)
        if len(case.at) > len(unknowns)
        else message("no solution was found near {starts}", starts=starts)
    )
    return DiffError(
        said, hint=message("give a value nearer to one, or another point where there is one"), kind="point"
    )
