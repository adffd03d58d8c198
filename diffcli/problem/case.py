"""A case: a function, a point, and the derivative asked for. Nothing here differentiates."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from diffcli.core.derivative_kinds import GRADIENT, Wanted
from diffcli.numbers import Dtype, numbers
from diffcli.problem.derivation import Problem
from diffcli.problem.point import Number, flat
from diffcli.runtime.errors import DiffError
from diffcli.runtime.messages import message
from diffcli.syntax import Expression, render
from diffcli.syntax.shapes import places, subscript
from diffcli.tracing.naming import named

if TYPE_CHECKING:
    from diffcli.tracing.checking import Doubt
    from diffcli.tracing.loading import Loaded
    from diffcli.tracing.nesting import Around
    from diffcli.tracing.path import Step


class Claim(NamedTuple):
    """A formula said to be the derivative by `variable`: outputs first, then the variable's entries, row by row."""

    variable: str
    expression: Expression

    def point(self, at: Mapping[str, Number]) -> list[float]:
        """The numbers its program is evaluated at."""
        return [x for name in self.expression.shapes for x in flat(at[name])]


@dataclass(frozen=True)
class Case:
    """What is compared: `at` holds a value for every variable, `wrt` the variables asked for.

    `id` and `line` say where a batch has it from. `path` is what a Python function did on the way; `function` is
    that function where it may be asked again, at other points. `unanswered`: a claim was asked for, and not handed in.
    `carried` is what else stood in its row, and comes back with it.
    `around` has the numbers of a function that is being traced, where the derivative is asked for inside of it;
    `doubt` says why that path is not proved to be the function.
    """

    expression: Expression
    at: dict[str, Number]
    wrt: tuple[str, ...]
    id: str | None = None
    line: int | None = None
    wanted: Wanted = GRADIENT
    claims: tuple[Claim, ...] = ()
    path: tuple[Step, ...] = ()
    unanswered: bool = False
    function: Loaded | None = field(default=None, compare=False, repr=False)
    carried: Mapping[str, str] = field(default_factory=dict, compare=False)
    around: Around | None = None
    doubt: Doubt | None = None

    @property
    def is_named_function(self) -> bool:
        """Whether this is a Python function that its text names, `lesson.py:f`: another process can load it."""
        return self.expression.traced and named(self.expression.source) is not None

    @property
    def problem(self) -> Problem:
        return self.problem_at(self.at)

    def problem_at(self, at: Mapping[str, Number]) -> Problem:
        """The same question at another point."""
        program, shapes = self.expression.program, self.expression.shapes
        inputs = {name: i for i, name in enumerate(program.inputs)}
        if any(shapes.values()):
            point, wrt = [x for name in shapes for x in flat(at[name])], self.entries
        else:  # numbers alone
            point, wrt = cast("list[float]", [at[name] for name in shapes]), self.wrt
        return Problem(program, tuple([inputs[name] for name in wrt]), point, self.wanted)

    @property
    def entries(self) -> tuple[str, ...]:
        """The scalars that are differentiated by, in order: a vector counts with all its entries."""
        shapes = self.expression.shapes
        return tuple(name + subscript(place) for name in self.wrt for place in places(shapes[name]))

    @property
    def outputs(self) -> tuple[str, ...]:
        """The scalars that are differentiated: `f`, or `f[0]`, `f[1]`, …; of equations the unknowns."""
        if self.wanted.kind == "implicit":
            return tuple(self.expression.program.inputs[i] for i in self.wanted.unknowns)
        return tuple("f" + subscript(place) for place in places(self.expression.shape))


def headline(case: Case) -> str:
    """`f(x, y) = x*y`, as it was understood, with what is bound before it: `a = x*y; f(x, y) = a + 1`."""
    if case.wanted.kind == "implicit":
        return f"{', '.join(case.outputs)}({', '.join(case.wrt)}): {understood(case)}"
    names = ", ".join(case.expression.variables)
    before, semicolon, result = understood(case).rpartition("; ")
    name = case.expression.name
    return f"{before}{semicolon}{f'{name}({names})' if names else name} = {result}"


def understood(case: Case) -> str:
    """The expression as it was understood; one of vectors as it was typed, since its program is scalar,
    and equations, since theirs has one side."""
    expression = case.expression
    if expression.scalar and case.wanted.kind != "implicit":
        return render(expression.program, expression.bindings)
    lines = (line.split("#", 1)[0].strip() for line in expression.plain.splitlines())
    return "; ".join(line.rstrip("; ") for line in lines if line)


def rounded(case: Case, dtype: Dtype) -> Case:
    """The same question at the nearest point of another number system; what is moved by that is noted.

    `DiffError` where a number that was given is beyond the largest one there: it would be an infinity.
    """
    _check_range(case, dtype)
    at = {name: _rounded(value, dtype) for name, value in case.at.items()}
    if at == case.at:
        return case
    note = message("the point is rounded to {dtype}", dtype=dtype)
    return replace(case, at=at, expression=replace(case.expression, notes=(*case.expression.notes, note)))


def _check_range(case: Case, dtype: Dtype) -> None:
    """The numbers of the point, of the vector and of all formulas have a nearest finite one."""
    programs = [case.expression.program, *(claim.expression.program for claim in case.claims)]
    literals = [c for program in programs for c in program.constants if not isinstance(c, str)]
    given: dict[str, Sequence[Any]] = {
        message("the value of '{name}'", name=name): list(flat(value)) for name, value in case.at.items()
    }
    for what, values in {
        **given,
        message("the vector"): case.wanted.vector,
        message("the expression"): literals,
    }.items():
        for value in values:
            if abs(value) >= _BEYOND[dtype]:
                said = message("{what} has {value}, beyond {dtype}", what=what, value=f"{float(value):g}", dtype=dtype)
                hint = message("its largest number is 3.4e38: write smaller ones, or leave out --dtype")
                raise DiffError(said, hint=hint, kind="point")


_BEYOND = {"float64": math.inf, "float32": 2.0**128 - 2.0**103}
"""From here on a number is rounded to infinity."""


def _rounded(value: Number, dtype: Dtype) -> Number:
    if isinstance(value, tuple):
        return tuple(_rounded(part, dtype) for part in value)
    return float(numbers(dtype, [value])[0])
