"""The Wolfram Language: `Sin[x]^2 + Log[2, x]`, `D[x^2, x]`, `If[x > 0, x, -x]`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from diffcli.runtime.errors import DiffError
from diffcli.runtime.messages import message
from diffcli.syntax.notations.calls import Call, Rope, Templates, entries, joined_by, logarithm, text_of
from diffcli.syntax.notations.infix import InfixReader
from diffcli.syntax.notations.output import refuse
from diffcli.syntax.translation import Question, Translation


def translate(text: str) -> Translation:
    """An expression of the Wolfram Language as one in our own.

    Products without a sign have the precedence of `*` there. Raises DiffError for what is not a formula.
    """
    reader = Reader(text)
    translation = reader.read()
    return replace(translation, question=reader.question) if reader.question else translation


def _piecewise(arguments: Sequence[Rope], start: int) -> Rope:
    """`Piecewise[{{value, condition}, …}, default]`: the default is 0."""
    rope: Rope = [("(", start, start)]
    for pair in entries(arguments[0]) or [[]]:
        parts = entries(pair)
        if parts is None or len(parts) != 2:
            hint = message("write {text}", text="Piecewise[{{x, x > 0}, {-x, x <= 0}}]")
            raise DiffError(message("pieces are pairs of a value and its condition"), hint=hint, kind="notation")
        opening, middle, ending = ((text, start, start) for text in ("(", ") if (", ") else "))
        rope += [opening, parts[0], middle, parts[1], ending]
    default = arguments[1] if len(arguments) > 1 else [("0", start, start)]
    return [*rope, ("(", start, start), default, ("))", start, start)]


TEMPLATES: Templates = {
    **{
        name: name.lower()
        for name in [
            "Sin",
            "Cos",
            "Tan",
            "Sec",
            "Csc",
            "Cot",
            "Sinh",
            "Cosh",
            "Tanh",
            "Exp",
            "Sqrt",
            "Abs",
            "Sign",
            "Floor",
            "Round",
            "Max",
            "Min",
            "Mod",
            "Gamma",
            "Erf",
            "Erfc",
            "Norm",
            "Dot",
            "Mean",
            "Transpose",
            "Log2",
            "Log10",
            "Outer",
        ]
    },
    **{f"Arc{name}": f"a{name.lower()}" for name in ["Sin", "Cos", "Sinh", "Cosh", "Tanh"]},
    "ArcTan": {1: "atan", 2: "atan2({1}, {0})"},
    "ArcCot": "atan(1/({0}))",
    "ArcSec": "acos(1/({0}))",
    "ArcCsc": "asin(1/({0}))",
    "Sech": "(1/cosh({0}))",
    "Csch": "(1/sinh({0}))",
    "Coth": "(1/tanh({0}))",
    "Log": {1: "log", 2: logarithm(1, 0)},
    "CubeRoot": "cbrt",
    "Ceiling": "ceil",
    "IntegerPart": "trunc",
    "Surd": {2: "nthroot"},
    "If": {3: "where"},
    "Piecewise": {1: _piecewise, 2: _piecewise},
    "Power": {2: "(({0})^({1}))"},
    "Subtract": {2: "(({0}) - ({1}))"},
    "Divide": {2: "(({0})/({1}))"},
    "Minus": "(-({0}))",
    "Plus": joined_by(" + ", wrapped=True),
    "Times": joined_by("*", wrapped=True),
    "LogGamma": "lgamma",
    "PolyGamma": {1: "digamma"},
    "Total": "sum",
    "UnitStep": "heaviside({0}, 1)",
    "HeavisideTheta": "heaviside({0}, 0.5)",
    "Ramp": "relu",
    "LogisticSigmoid": "sigmoid",
    "Sinc": "sinc(({0})/pi)",
    "Clip": {1: "clip({0}, -1, 1)"},
    "Hypot": "hypot",
    "And": joined_by(" and ", wrapped=True),
    "Or": joined_by(" or ", wrapped=True),
    "Not": "(not ({0}))",
    "Less": joined_by(" < ", wrapped=True),
    "Greater": joined_by(" > ", wrapped=True),
    "LessEqual": joined_by(" <= ", wrapped=True),
    "GreaterEqual": joined_by(" >= ", wrapped=True),
    "Factorial": "gamma(({0}) + 1)",
    "Rescale": None,
}
_EQUATION = message("an equation is not a formula"), message("write its side, or a = b with --implicit")
_COMPLEX = message("complex numbers are not read"), message("write the real and the imaginary part")
_REFUSED = {
    "I": _COMPLEX,
    "==": _EQUATION,
    "/.": (message("a replacement is not read"), message('give the values by --at: --at "x=2, y=3"')),
    "->": (message("a rule is not a formula"), message('give the values by --at: --at "x=2, y=3"')),
    ":>": (message("a rule is not a formula"), message('give the values by --at: --at "x=2, y=3"')),
    "&": (message("a pure function is not read"), message("write it in a variable")),
    "#": (message("a pure function is not read"), message("write it in a variable")),
    ":=": (message("a definition is not a formula"), message("write its right side")),
    "//": (message("the postfix form is not read"), message("write f[x]")),
    "@": (message("the prefix form is not read"), message("write f[x]")),
}
_OF_CALLS = {
    **dict.fromkeys(
        ("Integrate", "NIntegrate"),
        (message("an integral is not a formula here"), message("differentiate what is under it")),
    ),
    **dict.fromkeys(
        ("Limit", "NLimit"),
        (message("a limit is not a formula here"), message("give a point: one-sided derivatives are shown at kinks")),
    ),
    **dict.fromkeys(("Solve", "NSolve", "FindRoot", "Reduce", "DSolve"), _EQUATION),
    **dict.fromkeys(
        ("Sum", "Product", "NSum"),
        (
            message("a sum with an index is not read"),
            message("write its terms, as in x + x^2 + x^3, or a Python function with a loop"),
        ),
    ),
    **dict.fromkeys(
        ("Simplify", "FullSimplify", "Expand", "Factor", "Series", "Plot"),
        (message("this is a command, not a formula"), message("write the formula alone")),
    ),
}


class Reader(InfixReader):
    tokens = re.compile(
        r"(?P<blank>\s+)|(?P<number>(?:\d+\.?\d*|\.\d+)(?:\*\^[-+]?\d+)?)"
        r"|(?P<name>\\\[[A-Za-z]+\]|[^\W\d_][^\W_]*)|(?P<sign>==|!=|<=|>=|&&|\|\||/\.|//|->|:>|:=|.)",
        re.DOTALL,
    )
    called = "["
    brackets = {"[": "]", "(": ")", "{": "}"}  # noqa: RUF012 - declared as a ClassVar above
    templates = TEMPLATES
    operators = {"&&": " and ", "||": " or ", "≤": "<=", "≥": ">=", "≠": "!="}  # noqa: RUF012
    refused = _REFUSED

    def __init__(self, source: str) -> None:
        super().__init__(source)
        self.question: Question | None = None

    def beside(self, start: int) -> None:
        """A product."""
        if self.top.operand:
            rope = self.top.rope
            while rope and isinstance(rope[-1], tuple) and rope[-1][0].isspace():
                rope.pop()
            rope.append(("*", start, start))
            self.top.operand = False

    def number(self, text: str, start: int, end: int) -> None:
        super().number(text.replace("*^", "e"), start, end)

    def variable(self, text: str) -> str:
        if text.startswith("\\["):
            text = text[2:-1].lower()
        return {
            "Pi": "pi",
            "E": "e",
            "Infinity": "inf",
            "Degree": "(pi/180)",
            "True": "(0 < 1)",
            "False": "(1 < 0)",
        }.get(text, text)

    def open_call(self, name: str, start: int, end: int) -> None:
        if name in _OF_CALLS:
            raise refuse(self.source, start, end, *_OF_CALLS[name])
        super().open_call(name, start, end)

    def applied(self, call: Call, end: int) -> Rope:
        if call.name == "D":
            return self.derivative(call, end)
        return super().applied(call, end)

    def derivative(self, call: Call, end: int) -> Rope:
        """`D[f, x]` around the whole: a question."""
        alone = len(self.stack) == 1 and not self.top.rope and not self.following()
        by = re.fullmatch(r"\[?\s*(\w+)\s*(?:,\s*(\d+)\s*\])?", text_of(call.arguments[-1]))
        if not alone or len(call.arguments) != 2 or not by:
            hint = message("write {text} around the whole", text="D[f, x]")
            raise refuse(self.source, call.start, end, message("this derivative is not read"), hint)
        self.question = Question(by[1], int(by[2] or 1))
        return call.arguments[0]

    def unknown(self, call: Call, count: int, end: int) -> DiffError:
        if call.name[0].islower():
            hint = message("write {text} for a product", text=f"{call.name}*(…)")
            return refuse(
                self.source, call.start, call.end - 1, message("unknown function {name}", name=call.name), hint
            )
        return super().unknown(call, count, end)
