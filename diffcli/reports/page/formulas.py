"""Typed text as MathML: what was typed stands as it was typed, in the notation of mathematics.

It goes from the text, not from a program: so vectors, conditions and names that
were bound are shown, and a formula is never larger than what was typed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from html import escape
from typing import NamedTuple

from diffcli.core.primitives import CODE, NAMED_CONSTANTS
from diffcli.locale.language import tr
from diffcli.reports.mathml import NAMESPACE, MathML
from diffcli.reports.typesetting import ATOM, CHOICE, PRODUCT, RELATION, Box, Typeset, named
from diffcli.runtime.errors import DiffError
from diffcli.syntax.parsing import Node, parse

MOST, DEEPEST = 400, 120
"""Nodes of a text, and elements inside one another, beyond which it is shown as it was typed only."""

_SPELLED = {spelling: name for name, spellings in NAMED_CONSTANTS.items() for spelling in spellings}
_RELATIONS = {"<": "<", "<=": "≤", ">": ">", ">=": "≥", "==": "=", "!=": "≠"}
_OPERATORS = {"+": "add", "-": "sub", "/": "div", "**": "pow"}
_LOOSER = {"or": 2, "and": 3}
_JOINING = {"or": " or ", "and": " and "}
_TAGS = re.compile(r"<(/?)(\w+)[^>]*>")
_INVISIBLE = f"<mo>{chr(0x2062)}</mo>"


class _Inline(MathML):
    """Brackets grow with fractions and tables only: what a browser stretches it also sets apart."""

    def fenced(self, inner: str, left: str = "(", right: str = ")") -> str:
        grows = "" if re.search("<m(frac|table)", inner) else ' stretchy="false"'
        return f"<mrow><mo{grows}>{left}</mo>{inner}<mo{grows}>{right}</mo></mrow>"

    def cases(self, yes: str, condition: str, no: str) -> str:
        lines = ((yes, f"<mrow>{_words(tr('if '))}{condition}</mrow>"), (no, _words(tr("otherwise"))))
        rows = "".join(f"<mtr><mtd>{value}</mtd><mtd>{word}</mtd></mtr>" for value, word in lines)
        return f'<mrow><mo>{{</mo><mtable class="cases">{rows}</mtable></mrow>'


def _words(text: str) -> str:
    """Words in a formula, with the blanks that mathematics would drop."""
    return f"<mtext>{text.replace(' ', chr(0xA0))}</mtext>"


MATHML = _Inline()


class Statement(NamedTuple):
    """One statement: the name it binds (the result binds none), and its formula."""

    name: str
    text: str


def statements(source: str) -> list[Statement] | None:
    """The statements of a text as MathML; None where it cannot be read, or is too large to be looked at."""
    try:
        nodes = parse(source)
    except DiffError:
        return None
    if len(nodes) > MOST:
        return None
    found = _Reader({value for kind, value, *_ in nodes if kind == "bind"}).read(nodes)
    return found if all(_depth(statement.text) <= DEEPEST for statement in found) else None


def formula(source: str, left: str = "") -> str | None:
    """A formula of one statement, on a line of its own, behind what it is equal to."""
    found = statements(source)
    return None if found is None or len(found) != 1 else math(left + found[0].text, block=True)


def named_formula(name: str) -> str:
    """A name as mathematics."""
    return named(name, MATHML)


def applied(name: str, arguments: Sequence[str]) -> str:
    """`f(x, y)`."""
    inside = "<mo>,</mo>".join(map(named_formula, arguments))
    f = named_formula(name)
    return MATHML.row([f, MATHML.fenced(f"<mrow>{inside}</mrow>")]) if arguments else f


def fraction(above: str, below: str) -> str:
    """The name of a derivative and an equals sign, as they stand before its formula."""
    bar = [_differential(part) for part in (above, below) if part]
    return f"{MATHML.fraction(*bar) if len(bar) == 2 else bar[0]}<mo>=</mo>"


_RAISED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")
_DIFFERENTIAL = r"([∂d])([⁰¹²³⁴-⁹]*)([^∂⁰¹²³⁴-⁹]+)([⁰¹²³⁴-⁹]*)"


def _differential(part: str) -> str:
    """`∂²f` or `∂x1∂y` with its names as mathematics; what is more than names stays as it is written."""
    if "(" in part or not re.fullmatch(f"(?:{_DIFFERENTIAL})+", part):
        return f'<mi mathvariant="normal">{escape(part)}</mi>'
    pieces = []
    for sign, order, name, times in re.findall(_DIFFERENTIAL, part):
        pieces += [_power(f'<mi mathvariant="normal">{sign}</mi>', order), _power(named(name, MATHML), times)]
    return MATHML.row(pieces)


def _power(base: str, raised: str) -> str:
    return MATHML.power(base, f"<mn>{raised.translate(_RAISED)}</mn>") if raised else base


def math(inner: str, block: bool = False) -> str:
    display = ' display="block"' if block else ""
    return f'<math xmlns="{NAMESPACE}"{display}><mrow>{inner}</mrow></math>'


def _depth(text: str) -> int:
    """Elements inside one another: a browser's patience with these has an end."""
    depth = deepest = 0
    for closing, _ in _TAGS.findall(text):
        depth += -1 if closing else 1
        deepest = max(deepest, depth)
    return deepest


class _Reader:
    """Postfix nodes, read with a stack of boxes."""

    def __init__(self, bound: set[str]) -> None:
        self.bound = bound
        self.typeset = Typeset(MATHML, {})

    def read(self, nodes: list[Node]) -> list[Statement]:
        found: list[Statement] = []
        stack: list[Box] = []
        vectors: list[list[str] | None] = []
        for kind, value, number, *_ in nodes:
            first = len(stack) - number
            operands, parts = stack[first:], vectors[first:]
            del stack[first:], vectors[first:]
            if kind in ("bind", "result"):
                found.append(Statement(value, operands[0].text))
                continue
            stack.append(_vector(operands, parts) if kind == "vector" else self._box(kind, value, operands))
            vectors.append([box.text for box in operands] if kind == "vector" else None)
        return found

    def _box(self, kind: str, value: str, operands: list[Box]) -> Box:
        make: dict[str, Callable[[], Box]] = {
            "number": lambda: self._number(value),
            "name": lambda: self._name(value),
            "unary": lambda: self._unary(value, operands[0]),
            "binary": lambda: self._binary(value, *operands),
            "compare": lambda: _compared(value.split(), operands),
            "ifelse": lambda: self._cases(operands[0], operands[1], operands[2]),
            "call": lambda: self._call(value, operands),
            "index": lambda: _indexed(operands),
        }
        return make[kind]()

    def _number(self, text: str) -> Box:
        """The digits that were typed, with the power of ten raised."""
        digits, _, exponent = text.replace("_", "").lower().partition("e")
        if not exponent:
            return Box(MATHML.number(digits), ATOM)
        raised = MATHML.number(exponent.lstrip("+-"))
        raised = MATHML.row([MATHML.sign("-"), raised]) if exponent[0] == "-" else raised
        ten = MATHML.power(MATHML.number("10"), raised)
        return Box(MATHML.row([MATHML.number(digits), MATHML.sign("×"), ten]), PRODUCT)

    def _name(self, name: str) -> Box:
        if name in _SPELLED and name not in self.bound:
            return self.typeset.constant(_SPELLED[name])
        return Box(named(name, MATHML), ATOM)

    def _unary(self, sign: str, operand: Box) -> Box:
        if sign == "not":
            return Box(f"<mrow>{_words(tr('not '))}{_at(operand, RELATION)}</mrow>", 4)
        return self._applied("neg", operand)

    def _binary(self, sign: str, left: Box, right: Box) -> Box:
        if sign in _OPERATORS:
            return self._applied(_OPERATORS[sign], left, right)
        if sign in _LOOSER:
            precedence = _LOOSER[sign]
            parts = [_at(left, precedence), _words(tr(_JOINING[sign])), _at(right, precedence + 1)]
            return Box(MATHML.row(parts), precedence)
        factors = _at(left, PRODUCT), MATHML.fenced(right.text) if right.signed else _at(right, PRODUCT)
        return Box(MATHML.row([factors[0], _times(*factors), factors[1]]), PRODUCT, left.signed)

    def _applied(self, name: str, *operands: Box) -> Box:
        made: Box = self.typeset.functions[CODE[name]](*operands)
        return made

    def _call(self, name: str, operands: list[Box]) -> Box:
        if name == "where":
            return self._cases(operands[1], operands[0], operands[2])
        known = {"ln": "log", "arcsin": "asin", "arccos": "acos", "arctan": "atan", "fabs": "abs"}.get(name, name)
        made = self.typeset.functions[CODE[known]] if known in CODE else None
        if made is not None and known not in ("max", "min", "mod"):
            try:
                box: Box = made(*operands)
            except TypeError:
                return Box(MATHML.call(name, [box.text for box in operands]), ATOM)
            return box
        return Box(MATHML.call(name, [box.text for box in operands]), ATOM)

    def _cases(self, yes: Box, condition: Box, no: Box) -> Box:
        return Box(MATHML.cases(yes.text, condition.text, no.text), CHOICE)


def _at(box: Box, precedence: int) -> str:
    return box.text if box.precedence >= precedence else MATHML.fenced(box.text)


def _times(left: str, right: str) -> str:
    """No sign between a number and what is not one: `2 x`; a dot elsewhere, where letters might run together."""
    number = re.fullmatch(r"<mn>[^<]*</mn>", left)
    return _INVISIBLE if number and not re.match(r"(<m(row|sup|frac)>)*<mn>", right) else "<mo>⋅</mo>"


def _compared(signs: list[str], operands: list[Box]) -> Box:
    parts = [_at(operands[0], RELATION + 1)]
    for sign, operand in zip(signs, operands[1:], strict=True):
        parts += [MATHML.sign(_RELATIONS[sign]), _at(operand, RELATION + 1)]
    return Box(MATHML.row(parts), RELATION)


def _indexed(operands: list[Box]) -> Box:
    index = "<mo>,</mo>".join(box.text for box in operands[1:])
    return Box(MATHML.subscript(_at(operands[0], ATOM), f"<mrow>{index}</mrow>"), ATOM)


def _vector(operands: list[Box], parts: list[list[str] | None]) -> Box:
    """Entries in brackets; rows of equal length below one another."""
    rows = [part for part in parts if part is not None]
    if len(rows) == len(parts) and len({len(row) for row in rows}) == 1:
        cells = ["".join(f"<mtd>{entry}</mtd>" for entry in row) for row in rows]
        inside = f"<mtable>{''.join(f'<mtr>{row}</mtr>' for row in cells)}</mtable>"
    else:
        inside = f"<mrow>{'<mo>,</mo>'.join(box.text for box in operands)}</mrow>"
    return Box(MATHML.fenced(inside, "[", "]"), ATOM)
