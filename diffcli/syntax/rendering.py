"""Program -> text in our own language, such that it parses back to the same program."""

from __future__ import annotations

from collections.abc import Mapping, Set
from fractions import Fraction
from math import isfinite

from diffcli.core.primitives import ARITY, CODE, CONST, INPUT, PRIMITIVES, SELECT
from diffcli.core.program import Constant, Program

_ATOM = 10
_TAKEN = {"pi": "π", "tau": "(2*π)", "e": "exp(1)", "inf": "∞"}
"""How a constant is written where a variable has taken its name."""
_UNSPELLED = {"ln2": "log(2)", "ln10": "log(10)", "two_by_sqrt_pi": "(2/sqrt(pi))"}
"""How the constants are written that have no name in the language."""

_POW, _NEG = CODE["pow"], CODE["neg"]


def literal(value: Constant) -> str:
    """A constant as it is written: the shortest text with the same float64."""
    if isinstance(value, str):
        return value
    if isinstance(value, Fraction):
        return str(value) if value.denominator == 1 else f"({value})"
    if value == int(value) if abs(value) < 1e16 else False:
        return str(int(value)) if value or str(value)[0] != "-" else "-0.0"
    return repr(value)


def render(program: Program, names: Mapping[str, int] | None = None) -> str:
    """The first output as text; equations read twice are bound to names first.

    `names` are names to use for bindings (name -> equation). Linear in the
    program: pieces are laid down left to right from an explicit stack.
    """
    bound = _bindings(program, names or {})
    taken = frozenset((*program.inputs, *bound.values()))
    statements = [f"{name} = {_text(program, equation, bound, taken)}" for equation, name in bound.items()]
    return "; ".join([*statements, _text(program, program.outputs[0], bound, taken, root=True)])


def _bindings(program: Program, names: Mapping[str, int]) -> dict[int, str]:
    """Equations that are written as bindings, in order."""
    reads = [0] * len(program)
    for k in range(len(program)):
        for argument in program.arguments(k):
            reads[argument] += 1
    given = {equation: name for name, equation in names.items()}
    taken = {*names, *program.inputs}
    bound: dict[int, str] = {}
    number = 0
    negated = {program.a[k] for k, code in enumerate(program.ops) if code == _NEG}
    for k, code in enumerate(program.ops):
        # a minus before a literal is read as part of the literal, not as an operation
        if code == INPUT or code == CONST and not (k in negated and _is_digits(program.constants[program.a[k]])):
            continue
        if k in given and k not in program.outputs:
            bound[k] = given[k]
        elif code == CONST or reads[k] > 1 or reads[k] and k in program.outputs:
            number += 1
            while f"t{number}" in taken:
                number += 1
            bound[k] = f"t{number}"
    return bound


def _is_digits(value: Constant) -> bool:
    return isinstance(value, float) and isfinite(value)


def _text(program: Program, target: int, bound: Mapping[int, str], taken: Set[str], root: bool = False) -> str:
    pieces: list[str] = []
    # what is still to be written: text, or an equation with the precedence its place asks for
    stack: list[str | tuple[int, int]] = [(target, 0)]
    while stack:
        item = stack.pop()
        if isinstance(item, str):
            pieces.append(item)
            continue
        k, needed = item
        if k in bound and (k != target or root):
            pieces.append(bound[k])
        else:
            parts, precedence = _parts(program, k, taken)
            if precedence < needed:
                parts = ["(", *parts, ")"]
            stack += reversed(parts)
    return "".join(pieces)


def _parts(program: Program, k: int, taken: Set[str]) -> tuple[list[str | tuple[int, int]], int]:
    """The pieces of equation `k` and the precedence of the whole."""
    code = program.ops[k]
    row = PRIMITIVES[code]
    if code == INPUT:
        return [program.inputs[program.a[k]]], _ATOM
    if code == CONST:
        text = literal(program.constants[program.a[k]])
        sign, name = ("-", text[1:]) if text[0] == "-" else ("", text)
        if name in taken:
            text = sign + _TAKEN.get(name, name) if name != "pi" or "π" not in taken else "acos(-1)"
        text = _UNSPELLED.get(text, text)
        return [text], 8 if text[0] == "-" else _ATOM
    arguments = program.arguments(k)
    if code == SELECT:
        condition, yes, no = arguments
        return ["where(", (condition, 0), ", ", (yes, 0), ", ", (no, 0), ")"], _ATOM
    if row.name == "powc":
        exponent = literal(program.parameter(k))
        return [(arguments[0], _ATOM), "**", exponent], 9
    if row.name == "neg":
        return ["-", (arguments[0], 8)], 8
    if row.symbol and ARITY[code] == 2:
        left, right = arguments
        p = row.precedence
        spaced = f" {row.symbol} " if p in (5, 6) else row.symbol
        if code == _POW:
            return [(left, _ATOM), spaced, (right, 8)], p
        return [(left, p + (p == 5)), spaced, (right, p + 1)], p
    if row.name == "not":
        return ["not ", (arguments[0], 5)], 4
    pieces: list[str | tuple[int, int]] = [row.name, "("]
    if row.parametric:
        pieces += [literal(program.parameter(k)), ", "]
    for i, argument in enumerate(arguments):
        pieces += [", ", (argument, 0)] if i else [(argument, 0)]
    return [*pieces, ")"], _ATOM
