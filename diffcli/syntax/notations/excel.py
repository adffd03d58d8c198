"""Formulas of spreadsheets: `=SIN(A1)^2`, `=IF(A1>0; A1; 0)`."""

from __future__ import annotations

import re
from collections.abc import Sequence

from diffcli.runtime.messages import message
from diffcli.syntax.notations.calls import Rope, Templates, joined_by, logarithm, text_of
from diffcli.syntax.notations.infix import InfixReader
from diffcli.syntax.notations.output import ambiguous, refuse
from diffcli.syntax.translation import Translation


def translate(text: str) -> Translation:
    """A formula of a spreadsheet as one in our own language. Raises DiffError for what is not a formula of numbers."""
    begin = re.match(r"\s*=?\s*", text)
    return Reader(text, begin.end() if begin else 0).read()


def _squares(arguments: Sequence[Rope], start: int) -> Rope:
    return joined_by(" + ")([[("(", start, start), one, (")^2", start, start)] for one in arguments], start)


def _average(arguments: Sequence[Rope], start: int) -> Rope:
    count = text_of(arguments[0]).count("+") + 1 if len(arguments) == 1 else len(arguments)
    return [("(", start, start), joined_by(" + ")(arguments, start), (f"/{count})", start, start)]


TEMPLATES: Templates = {
    **{
        name: name.lower()
        for name in [
            "SIN",
            "COS",
            "TAN",
            "ASIN",
            "ACOS",
            "ATAN",
            "SINH",
            "COSH",
            "TANH",
            "ASINH",
            "ACOSH",
            "ATANH",
            "EXP",
            "SQRT",
            "ABS",
            "SIGN",
            "MAX",
            "MIN",
            "MOD",
            "SEC",
            "CSC",
            "COT",
            "GAMMA",
            "TRUNC",
        ]
    },
    "LN": "log",
    "LOG10": "log10",
    "LOG": {1: "log10", 2: logarithm(0, 1)},
    "POWER": {2: "(({0})^({1}))"},
    "PI": {0: "pi"},
    "ATAN2": {2: "atan2({1}, {0})"},
    "RADIANS": "(({0})*pi/180)",
    "DEGREES": "(({0})*180/pi)",
    "IF": {3: "where"},
    "AND": joined_by(" and "),
    "OR": joined_by(" or "),
    "NOT": "(not ({0}))",
    "SUM": joined_by(" + "),
    "PRODUCT": joined_by(" * "),
    "SUMSQ": _squares,
    "AVERAGE": _average,
    "INT": "floor",
    "ROUND": {2: None},
    "ROUNDUP": None,
    "ERF": {1: "erf"},
    "ERFC": "erfc",
    "GAMMALN": "lgamma",
    "FACT": "gamma(({0}) + 1)",
    "SQRTPI": "sqrt(({0})*pi)",
    "EVEN": None,
    "COTH": "(1/tanh({0}))",
    "SECH": "(1/cosh({0}))",
    "CSCH": "(1/sinh({0}))",
    "ACOT": "atan(1/({0}))",
    "TRUE": {0: "(0 < 1)"},
    "FALSE": {0: "(1 < 0)"},
    "NORM.S.DIST": None,
}
_SHEET = message("a look-up in a sheet is not a formula"), message("write the numbers, or names with values")
_TEXT = message("text is not read"), message("write a formula of numbers")
_CELLS = re.compile(r"\$?([A-Z]{1,3})\$?(\d+)")
_MOST_CELLS = 1000


class Reader(InfixReader):
    tokens = re.compile(
        r"(?P<blank>\s+)|(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)|(?P<range>\$?[A-Za-z]{1,3}\$?\d+\s*:\s*\$?[A-Za-z]{1,3}\$?\d+)"
        r"|(?P<name>\$?[^\W\d][\w.$]*)|(?P<sign><>|<=|>=|.)",
        re.DOTALL,
    )
    separators = frozenset(",;")
    templates = TEMPLATES
    operators = {"<>": "!=", "=": "==", "%": ""}  # noqa: RUF012 - declared as a ClassVar in the base
    refused = {  # noqa: RUF012
        **dict.fromkeys(("VLOOKUP", "HLOOKUP", "XLOOKUP", "INDEX", "MATCH", "OFFSET", "INDIRECT", "LOOKUP"), _SHEET),
        **dict.fromkeys(('"', "&", "CONCATENATE", "TEXT"), _TEXT),
        "!": (message("another sheet is not read"), message("write a name, and give it a value")),
        "{": (message("arrays are not read"), message("write a vector in plain syntax")),
    }

    def name(self, text: str, start: int, end: int) -> None:
        self.raised_sign(start)
        upper = text.replace("$", "").upper() if self.following() == "(" or "$" in text else text
        super().name(upper, start, end)

    def number(self, text: str, start: int, end: int) -> None:
        """Per cent of a number is a hundredth of it; of anything else that depends on what stands before."""
        if self.following() == "%":
            while self.matches[self.k].group() != "%":
                self.k += 1
            end = self.matches[self.k].end()
            self.k += 1
            text = f"({text}/100)"
        self.raised_sign(start)
        super().number(text, start, end)

    def raised_sign(self, start: int) -> None:
        """`-A1^2`: the minus binds tighter than the power in a spreadsheet, and nowhere else."""
        rope = self.top.rope
        signs = [piece for piece in rope[-2:] if isinstance(piece, tuple) and not piece[0].isspace()]
        if not signs or signs[-1][0] != "-" or self.following() != "^":
            return
        before = [piece for piece in rope[:-1] if not (isinstance(piece, tuple) and piece[0].isspace())]
        if before and not (isinstance(before[-1], tuple) and before[-1][0] in "+-*/^<>=("):
            return
        raise ambiguous(self.source, signs[-1][1], start + 1, "(-A1)^2", "-(A1^2)")

    def range(self, text: str, start: int, end: int) -> None:
        """`A1:A3` within SUM: the sum of its cells."""
        (first, top), (last, bottom) = (_CELLS.match(part.strip().upper()).groups() for part in text.split(":"))  # type: ignore[union-attr]
        columns = [_letters(k) for k in range(_number(first), _number(last) + 1)]
        rows = range(int(top), int(bottom) + 1)
        sign = {"SUM": " + ", "AVERAGE": " + ", "PRODUCT": " * ", "MAX": ", ", "MIN": ", "}.get(self.top.name)
        if sign is None or not 0 < len(columns) * len(rows) <= _MOST_CELLS:
            hint = message("write its cells, or a vector")
            raise refuse(self.source, start, end, message("a range of cells is not read here"), hint)
        cells = [f"{column}{row}" for row in rows for column in columns]
        self.write(sign.join(cells), start, end, True)

    def sign(self, text: str, start: int, end: int) -> None:
        if text == "%":
            hint = message("write {text}", text="(…)/100")
            raise refuse(self.source, start, end, message("% after a formula is read in two ways"), hint)
        super().sign(text, start, end)


def _number(letters: str) -> int:
    number = 0
    for letter in letters:
        number = 26 * number + ord(letter) - 64
    return number


def _letters(number: int) -> str:
    letters = ""
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(65 + rest) + letters
    return letters
