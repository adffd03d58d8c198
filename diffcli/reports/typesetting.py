"""Programs as mathematics: an algebra whose values are typeset text, and the notation LaTeX.

`Typeset(notation)` decides what stands where (fractions, powers, roots, cases,
brackets where they are needed); a notation knows how each of these is written.
Values grow as the formula does, so formulas are cut to a page before they come here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import NamedTuple, Protocol

from diffcli.core.evaluate import evaluate
from diffcli.core.primitives import ARITY, INPUT, PARAMETRIC, PRIMITIVES
from diffcli.core.program import Constant, Functions, Program
from diffcli.locale.language import tr
from diffcli.reports.latex import character
from diffcli.syntax.rendering import literal

ATOM, POWER, MINUS, PRODUCT, SUM, RELATION, CHOICE = 10, 9, 8, 7, 6, 5, 1

_LETTERS = (
    "alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa", "lambda", "mu", "nu", "xi",
    "pi", "rho", "sigma", "tau", "upsilon", "phi", "chi", "psi", "omega", "Gamma", "Delta", "Theta", "Lambda", "Xi",
    "Pi", "Sigma", "Upsilon", "Phi", "Psi", "Omega",
)  # fmt: skip
GREEK = dict(zip(_LETTERS, "αβγδεζηθικλμνξπρστυφχψωΓΔΘΛΞΠΣΥΦΨΩ", strict=True))
"""Letters by their names."""

_PARTS = re.compile(r"([^\W\d_]+)_?(\w*)((?:\[[\d, ]+\])?)('*)\Z")
_RELATIONS = {"lt": "<", "le": "≤", "gt": ">", "ge": "≥", "eq": "=", "ne": "≠"}
_UPRIGHT = {"exp2": "exp₂", "asin": "arcsin", "acos": "arccos", "atan": "arctan", "atan2": "arctan2", "gamma": "Γ",
            "asinh": "arsinh", "acosh": "arcosh", "atanh": "artanh", "digamma": "ψ", "log": "ln"}  # fmt: skip
_CONSTANTS = {"pi": "π", "tau": "τ", "e": "e", "inf": "∞"}


class Box(NamedTuple):
    """Typeset text, how tightly it holds together, and whether it begins with a minus sign."""

    text: str
    precedence: int
    signed: bool = False


class Notation(Protocol):
    """How the parts of a formula are written; all values are text."""

    def number(self, digits: str) -> str: ...
    def name(self, letters: str, subscript: str, primes: int) -> str: ...
    def sign(self, sign: str) -> str: ...
    def row(self, parts: Sequence[str]) -> str: ...
    def fenced(self, inner: str, left: str = "(", right: str = ")") -> str: ...
    def fraction(self, over: str, under: str) -> str: ...
    def power(self, base: str, exponent: str) -> str: ...
    def subscript(self, base: str, index: str) -> str: ...
    def root(self, inner: str, degree: str | None = None) -> str: ...
    def call(self, name: str, arguments: Sequence[str]) -> str: ...
    def cases(self, yes: str, condition: str, no: str) -> str: ...
    def derivative(self, sign: str, name: str, inner: str) -> str: ...


def typeset(program: Program, notation: Notation, pending: Mapping[str, Program] | None = None) -> str:
    """The first output; inputs in `pending` are derivatives of programs, still to be found."""
    return Typeset(notation, pending or {}).text(program)


class Typeset:
    """The algebra of typeset formulas."""

    def __init__(self, notation: Notation, pending: Mapping[str, Program]) -> None:
        self.notation, self.pending = notation, pending
        self.functions = Functions(self._function)

    def text(self, program: Program) -> str:
        used = {program.a[k] for k, code in enumerate(program.ops) if code == INPUT}
        inputs = [self.input(name) if i in used else None for i, name in enumerate(program.inputs)]
        (box,) = evaluate(program, inputs, self)
        return str(box.text)

    def decide(self, condition: Box) -> bool:
        del condition
        raise TypeError("formulas keep both branches")

    def input(self, name: str) -> Box:
        inner = self.pending.get(name)
        if inner is None:
            return Box(named(name, self.notation), ATOM)
        sign, _, variable = name.partition("[")[0].partition("/")
        boxed = Typeset(self.notation, self.pending).text(inner)
        return Box(self.notation.derivative(sign, variable.removeprefix(sign), boxed), ATOM)

    def constant(self, value: Constant) -> Box:
        notation = self.notation
        if isinstance(value, Fraction) and value.denominator != 1:
            over = notation.fraction(
                notation.number(str(abs(value.numerator))), notation.number(str(value.denominator))
            )
            return self._signed(over, value < 0, PRODUCT)
        if isinstance(value, str):
            return self._named(value)
        text = literal(value)
        if "inf" in text or "nan" in text:
            return self._signed(notation.sign("∞") if "inf" in text else notation.number("NaN"), text[0] == "-", ATOM)
        digits, _, exponent = text.removeprefix("-").partition("e")
        number = notation.number(digits)
        if exponent:
            ten = notation.power(notation.number("10"), self._integer(int(exponent)))
            number = notation.row([number, notation.sign("×"), ten])
        return self._signed(number, text[0] == "-", PRODUCT if exponent else ATOM)

    def _named(self, name: str) -> Box:
        notation = self.notation
        if name in _CONSTANTS:
            return Box(notation.name(_CONSTANTS[name], "", 0), ATOM)
        if name == "two_by_sqrt_pi":
            root = notation.root(notation.name("π", "", 0))
            return Box(notation.fraction(notation.number("2"), root), PRODUCT)
        return Box(notation.call("ln", [notation.number(name.removeprefix("ln"))]), ATOM)

    def _integer(self, value: int) -> str:
        number = self.notation.number(str(abs(value)))
        return self.notation.row([self.notation.sign("-"), number]) if value < 0 else number

    def _signed(self, text: str, negative: bool, precedence: int) -> Box:
        if not negative:
            return Box(text, precedence)
        return Box(self.notation.row([self.notation.sign("-"), text]), MINUS, True)

    # --- operations
    def _function(self, code: int) -> Callable[..., Box] | None:
        name = PRIMITIVES[code].name
        made: dict[str, Callable[..., Box]] = {
            "add": lambda a, b: self._infix("+", SUM, a, b), "sub": lambda a, b: self._infix("-", SUM, a, b),
            "neg": self._minus, "mul": self._times, "div": self._fraction, "pow": self._power,
            "powc": lambda a, c: self._power(a, self.constant(c)), "select": self._choice,
            "not": lambda a: Box(self.notation.call("not", [a.text]), ATOM),
            "sqrt": lambda a: Box(self.notation.root(a.text), ATOM),
            "cbrt": lambda a: Box(self.notation.root(a.text, self.notation.number("3")), ATOM),
            "exp": lambda a: Box(self.notation.power(self.notation.name("e", "", 0), a.text), POWER),
            "abs": lambda a: Box(self.notation.fenced(a.text, "|", "|"), ATOM),
            "floor": lambda a: Box(self.notation.fenced(a.text, "⌊", "⌋"), ATOM),
            "ceil": lambda a: Box(self.notation.fenced(a.text, "⌈", "⌉"), ATOM),
            "log2": lambda a: self._based("2", a), "log10": lambda a: self._based("10", a),
            "polygamma": self._polygamma,
            "hyp0f1": lambda a, c: Box(self.notation.call("hyp0f1", [self.notation.number(literal(c)), a.text]), ATOM),
        }  # fmt: skip
        if name in made:
            return made[name]
        if name in _RELATIONS:
            return lambda a, b: self._infix(_RELATIONS[name], RELATION, a, b)
        if not ARITY[code] or PARAMETRIC[code]:
            return None
        spelled = _UPRIGHT.get(name, name)
        return lambda *arguments: Box(self.notation.call(spelled, [box.text for box in arguments]), ATOM)

    def _at(self, box: Box, precedence: int, right: bool = False) -> str:
        free = box.precedence >= precedence and not (right and box.signed)
        return box.text if free else self.notation.fenced(box.text)

    def _infix(self, sign: str, precedence: int, a: Box, b: Box) -> Box:
        left, right = self._at(a, precedence), self._at(b, precedence + 1, right=True)
        return Box(self.notation.row([left, self.notation.sign(sign), right]), precedence, a.signed)

    def _minus(self, a: Box) -> Box:
        return Box(self.notation.row([self.notation.sign("-"), self._at(a, PRODUCT, right=True)]), PRODUCT, True)

    def _times(self, a: Box, b: Box) -> Box:
        left, right = self._at(a, PRODUCT), self._at(b, PRODUCT, right=True)
        return Box(self.notation.row([left, self.notation.sign("·"), right]), PRODUCT, a.signed)

    def _fraction(self, a: Box, b: Box) -> Box:
        return Box(self.notation.fraction(a.text, b.text), PRODUCT)

    def _power(self, a: Box, b: Box) -> Box:
        return Box(self.notation.power(self._at(a, ATOM), b.text), POWER)

    def _based(self, base: str, a: Box) -> Box:
        head = self.notation.subscript(self.notation.call("log", []), self.notation.number(base))
        return Box(self.notation.row([head, self.notation.fenced(a.text)]), ATOM)

    def _polygamma(self, a: Box, order: Constant) -> Box:
        head = self.notation.power(
            self.notation.name("ψ", "", 0), self.notation.fenced(self.notation.number(literal(order)))
        )
        return Box(self.notation.row([head, self.notation.fenced(a.text)]), ATOM)

    def _choice(self, condition: Box, yes: Box, no: Box) -> Box:
        return Box(self.notation.cases(yes.text, condition.text, no.text), CHOICE)


def named(name: str, notation: Notation) -> str:
    """A name as mathematics: `x_1` and `v[0]` have subscripts, `alpha` is a letter, `u'` has a prime.

    >>> named("alpha_1", LATEX), named("v[0]", LATEX), named("speed", LATEX), named("u'", LATEX)
    ('\\\\alpha_{1}', 'v_{0}', '\\\\mathit{speed}', "u'")
    """
    found = _PARTS.match(name)
    if not found:
        return notation.name(name, "", 0)
    letters, below, index, primes = found.groups()
    below = ",".join(part for part in (below, index.strip("[]").replace(" ", "")) if part)
    return notation.name(GREEK.get(letters, letters), below, len(primes))


_SIGNS = {"≤": r"\le", "≥": r"\ge", "≠": r"\ne", "·": r"\,", "×": r"\times", "∞": r"\infty", "∂": r"\partial",
          "′": r"\prime"}  # fmt: skip
_FENCES = {"⌊": r"\lfloor", "⌋": r"\rfloor", "⌈": r"\lceil", "⌉": r"\rceil"}
_COMMANDS = frozenset(("sin", "cos", "tan", "sec", "csc", "cot", "arcsin", "arccos", "arctan", "sinh", "cosh", "tanh",
                       "ln", "log", "min", "max"))  # fmt: skip


class Latex:
    """Formulas for LaTeX with amsmath."""

    def number(self, digits: str) -> str:
        return digits

    def name(self, letters: str, subscript: str, primes: int) -> str:
        spelled = "".join(map(_letter, letters))
        if len(letters) > 1:
            spelled = f"\\mathit{{{spelled}}}"
        below = f"_{{{''.join(map(_letter, subscript))}}}" if subscript else ""
        return f"{spelled}{below}{chr(39) * primes}"

    def sign(self, sign: str) -> str:
        return _SIGNS.get(sign, sign)

    def row(self, parts: Sequence[str]) -> str:
        return " ".join(parts)

    def fenced(self, inner: str, left: str = "(", right: str = ")") -> str:
        return f"\\left{_FENCES.get(left, left)} {inner} \\right{_FENCES.get(right, right)}"

    def fraction(self, over: str, under: str) -> str:
        return f"\\frac{{{over}}}{{{under}}}"

    def power(self, base: str, exponent: str) -> str:
        braced = base if re.fullmatch(r"\w|\\[a-z]+|[\d.]+", base) else f"{{{base}}}"
        return f"{braced}^{{{exponent}}}"

    def subscript(self, base: str, index: str) -> str:
        return f"{base}_{{{index}}}"

    def root(self, inner: str, degree: str | None = None) -> str:
        return f"\\sqrt[{degree}]{{{inner}}}" if degree else f"\\sqrt{{{inner}}}"

    def call(self, name: str, arguments: Sequence[str]) -> str:
        spelled = {"Γ": r"\Gamma", "ψ": r"\psi", "exp₂": r"\exp_2"}.get(name)
        spelled = spelled or (f"\\{name}" if name in _COMMANDS else f"\\operatorname{{{name}}}")
        return f"{spelled}{self.fenced(', '.join(arguments))}" if arguments else spelled

    def cases(self, yes: str, condition: str, no: str) -> str:
        where, otherwise = f"\\text{{{tr('if ')}}} {condition}", f"\\text{{{tr('otherwise')}}}"
        return f"\\begin{{cases}} {yes} & {where} \\\\ {no} & {otherwise} \\end{{cases}}"

    def derivative(self, sign: str, name: str, inner: str) -> str:
        d = {"∂": r"\partial"}.get(sign, sign)
        return f"\\frac{{{d}}}{{{d} {named(name, self)}}}\\left[ {inner} \\right]"


def _letter(char: str) -> str:
    found = character(char)
    return (
        re.sub(r"\\ensuremath\{(.*)\}", r"\1", found)
        if found.startswith(r"\ensuremath")
        else (found if char.isascii() else f"\\text{{{found}}}")
    )


LATEX = Latex()
