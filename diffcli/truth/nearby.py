"""What holds all around a point: equations that are constant there, or equal to others, by identities.

The inputs that move are named reals, each with a small ball around its number. Exact arithmetic on these names
(`reals`) proves what is true of every point in the box at once: a comparison by balls holds for all of it, and a form
that vanishes by identities of functions is zero on all of it. So sin(x)^2 + cos(x)^2 is the constant 1, floor(x/x)
is, and exp(log(x)) is x. No expansion is cut short, and no derivative is known.

Sums with 1 that lose what is small beside it are written by the functions that keep it: log(1 + u) as log1p(u).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

from flint import arb, fmpq

from diffcli.core.evaluate import dependences
from diffcli.core.passes import prune
from diffcli.core.primitives import ARITY, CODE, CONST, INPUT, PARAMETRIC, PRIMITIVES, SELECT
from diffcli.core.program import READS, Builder, Program
from diffcli.truth.exact.reals import Real, named, real
from diffcli.truth.expansions.expansion import OneSidedExpansion, Short, Unknown, number
from diffcli.truth.expansions.functions import Expansions
from diffcli.truth.series import FORMAL, Singular, Undefined, Unresolved, working

DETACH = CODE["detach"]

_NOT_TOLD = (Undefined, Unresolved, Singular, Short, Unknown)


def simplified(program: Program, point: Sequence[float], moving: Iterable[int]) -> Program | None:
    """The program with what is constant around the point, when the inputs `moving` move, as constants.

    What equals an equation before it is read from there. None where nothing of that is proved.
    """
    moved = sum(1 << i for i in moving)
    free = [bool(inputs & moved) for inputs in dependences(program)]
    with working(FORMAL, 2):
        forms = _forms(program, point, moved)
        constants = {k: q for k, form in enumerate(forms) if free[k] and form and (q := _rational(form)) is not None}
        same = _equal(program, forms, [k for k in range(len(program)) if free[k] and k not in constants])
    found = prune(_rewritten(program, constants, same)) if constants or same else program
    kept = _keeping_digits(found)
    return None if kept is program else kept


def _forms(program: Program, point: Sequence[float], moved: int) -> list[Real | None]:
    """The value of each equation as a function on the whole box, where it is one."""
    algebra = Expansions(4, written_out=True)
    forms: list[Real | None] = []
    for k in range(len(program)):
        try:
            forms.append(_form(program, k, point, moved, forms, algebra))
        except _NOT_TOLD:
            forms.append(None)
    return forms


def _form(
    program: Program, k: int, point: Sequence[float], moved: int, forms: Sequence[Real | None], algebra: Expansions
) -> Real | None:
    code = program.ops[k]
    if code == CONST:
        return algebra.constant(program.constants[program.a[k]]).constant
    if code == INPUT:
        i = program.a[k]
        return named(("input", i), _around(point[i])) if moved >> i & 1 else real(Fraction(point[i]))
    operands = [forms[argument] for argument in program.arguments(k)]
    if code == SELECT:
        return None if operands[0] is None else operands[1 if operands[0].sign() else 2]
    if code == DETACH or None in operands:
        return None
    parameters = [program.parameter(k)] if PARAMETRIC[code] else []
    function = algebra.functions[code]
    assert function is not None
    value: OneSidedExpansion = function(*(number(operand) for operand in operands if operand is not None), *parameters)
    return value.constant if value.is_constant else None


def _around(x: float) -> Any:
    """A small box: x and all that is within 2^-`FORMAL` of it."""
    radius = arb(2) ** -FORMAL * (abs(arb(x)) if x else 1)
    return arb(x, radius)


def _rational(form: Real) -> Any:
    """The whole number, or the rational, that a form is on the whole box."""
    if form.rational is not None:
        return form.rational
    ball = form.ball
    if not ball.is_finite() or not ball.rad() < 0.25:
        return None
    nearest = (ball + arb(0.5)).floor().unique_fmpz()
    if nearest is None or not ball.contains(nearest):
        return None
    return fmpq(nearest) if (form - real(fmpq(nearest))).is_zero() else None


def _equal(program: Program, forms: Sequence[Real | None], free: Iterable[int]) -> dict[int, int]:
    """By equation, the first one that is the same form."""
    first: dict[Any, int] = {}
    same: dict[int, int] = {}
    for k in free:
        form = forms[k]
        if form is not None and (earlier := first.setdefault(form.key, k)) != k and ARITY[program.ops[k]]:
            same[k] = earlier
    return same


def _rewritten(program: Program, constants: dict[int, Any], same: dict[int, int]) -> Program:
    """Constants in the place of equations, and earlier equations in the place of those that read them."""
    ops, values = bytearray(program.ops), list(program.constants)
    columns = [column[:] for column in (program.a, program.b, program.c)]
    for column, reads in zip(columns, READS, strict=True):
        for k, code in enumerate(program.ops):
            if reads[code]:
                column[k] = same.get(column[k], column[k])
    for k, q in constants.items():
        ops[k], columns[0][k] = CONST, len(values)
        values.append(Fraction(int(q.p), int(q.q)))
    outputs, guards = (tuple(same.get(k, k) for k in these) for these in (program.outputs, program.guards))
    a, b, c = columns
    return replace(program, constants=tuple(values), ops=bytes(ops), a=a, b=b, c=c, outputs=outputs, guards=guards)


# --- sums with 1
def _keeping_digits(program: Program) -> Program:
    """The program with other functions for sums with 1 of what may be tiny, or close to -1; itself without such."""
    builder, place, changed = Builder(program.inputs), list[int](), False
    for k, code in enumerate(program.ops):
        written = _written(program, k, place, builder)
        changed |= written is not None
        if written is None:
            columns = [place[argument] for argument in program.arguments(k)]
            if PARAMETRIC[code]:
                columns.append(builder.slot(program.parameter(k)))
            if code == CONST:
                written = builder.constant(program.constants[program.a[k]])
            elif code == INPUT:
                written = builder.input(program.a[k])
            else:
                written = builder.emit(code, *columns)
        place.append(written)
    outputs, guards = ([place[k] for k in these] for these in (program.outputs, program.guards))
    return prune(builder.program(outputs, guards)) if changed else program


def _written(program: Program, k: int, place: Sequence[int], builder: Builder) -> int | None:
    """An equation that is a sum with 1, or the logarithm of one, by a function of what is added."""
    name = PRIMITIVES[program.ops[k]].name
    if name == "log":
        inner = program.a[k]
        other = _beside_one(program, inner) if PRIMITIVES[program.ops[inner]].name == "add" else None
        return None if other is None else builder.apply("log1p", place[other])
    if name not in ("add", "sub"):
        return None
    if name == "sub" and _is_one(program, program.b[k]):
        inner = program.a[k]
        return builder.apply("expm1", place[program.a[inner]]) if program.ops[inner] == CODE["exp"] else None
    other = _beside_one(program, k) if name == "add" or _is_one(program, program.a[k]) else None
    if other is None:
        return None
    function, argument = PRIMITIVES[program.ops[other]].name, program.a[other]
    if function == "erf":
        return builder.apply("erfc", builder.apply("neg", place[argument]) if name == "add" else place[argument])
    if function == "sigmoid" and name == "sub":
        return builder.apply("sigmoid", builder.apply("neg", place[argument]))
    if function == "tanh":  # 1 + tanh(u) = 2 sigmoid(2 u)
        twice = builder.apply("mul", builder.constant(Fraction(2 if name == "add" else -2)), place[argument])
        return builder.apply("mul", builder.constant(Fraction(2)), builder.apply("sigmoid", twice))
    return None


def _beside_one(program: Program, k: int) -> int | None:
    """What stands beside 1 in a sum or difference."""
    a, b = program.a[k], program.b[k]
    return b if _is_one(program, a) else a if _is_one(program, b) else None


def _is_one(program: Program, k: int) -> bool:
    return program.ops[k] == CONST and program.constants[program.a[k]] == 1
