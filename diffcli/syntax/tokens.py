"""Text -> the texts of its tokens. Text is data: nothing in it is ever executed.

A token is known by its number; where it stands is found out only where something
is said of it, which is a mistake, as a rule.
"""

from __future__ import annotations

import re

from diffcli.runtime.errors import DiffError
from diffcli.runtime.messages import message

_TOKEN = re.compile(
    r"""
    [^\S\n]*+ (?:\#[^\n]*+)?  # blanks and a comment
    (
      [^\W\d]\w*                                              # a name
    | [-+/@^()\[\],;] | \*\*? | [<>=!]= | [<>=]                # an operator
    | (?: \d[\d_]*\.?[\d_]* | \.\d[\d_]* ) (?:[eE][+-]?\d+)?  # a number
    | \n | . | \Z
    )
    """,
    re.VERBOSE,
)

_OPERATORS = frozenset((*"-+*/@^<>=()[],;\n", "**", "<=", ">=", "==", "!=", ""))

_HINTS = {
    **dict.fromkeys("×·⋅∙•＊∗", message("write * for a product")),
    **dict.fromkeys("÷／∕⁄", message("write / for a quotient")),
    **dict.fromkeys("−－–—", message("write - (the hyphen) for minus")),
    "＋": message("write a plain +"),
    "√": message("write sqrt(x) for a square root"),
    "∛": message("write cbrt(x) for a cube root"),
    "²": message("write x^2 for a square, and sin(x)^2 for that of a function"),
    "³": message("write x^3 for a cube, and sin(x)^3 for that of a function"),
    **dict.fromkeys("⁰¹⁴⁵⁶⁷⁸⁹⁺⁻ⁿ", message("write ^ before an exponent: x^4, x^(-1)")),
    **dict.fromkeys("₀₁₂₃₄₅₆₇₈₉", message("write indices of names on the line: x1, x_1")),
    **dict.fromkeys("½⅓⅔¼¾", message("write a fraction with /: 1/2")),
    "＾": message("write ^ or ** for a power"),
    "∂": message("write the formula alone, without ∂ and d"),
    **dict.fromkeys("{}", message("write ( and ) instead of braces")),
    "\\": message("LaTeX is not read: write sqrt(x), sin(x), (a)/(b)"),
    "$": message("LaTeX is not read: write the formula without $"),
    "≤": message("write {what}", what="<="),
    "≥": message("write {what}", what=">="),
    "≠": message("write {what}", what="!="),
    "&": message("write 'and' between conditions"),
    "!": message("write 'not' before a condition; factorials are gamma(n + 1)"),
    "%": message("write mod(a, b) for a remainder, 5/100 for 5 per cent"),
    ".": message("names have no attributes here; a decimal point stands in a number"),
    "|": message("write abs(x) for an absolute value; a batch row has one bar before its point"),
    "｜": message("write abs(x) for an absolute value"),
    **dict.fromkeys("（）", message("write ( and )")),
    **dict.fromkeys("【】［］", message("write [ and ]")),
    **dict.fromkeys("，、", message("write a plain comma")),
    "；": message("write a plain semicolon"),
    "＝": message("write a plain ="),
    '"': message("text in quotes has no meaning in an expression"),
    **dict.fromkeys(
        "'’′", message("write the formula alone: neither quotes nor the prime of a derivative have a meaning here")
    ),
}


_PLAIN = {
    **dict.fromkeys("×·⋅∙•＊∗", "*"), **dict.fromkeys("÷／∕⁄", "/"), **dict.fromkeys("−－–—", "-"), "＋": "+",
    "²": "^2", "³": "^3", "＾": "^", "≤": " <= ", "≥": " >= ", "≠": " != ", "｜": "|", "（": "(", "）": ")",
    "【": "[", "】": "]", "［": "[", "］": "]", "，": ",", "、": ",", "；": ";", "＝": "=", "{": "(", "}": ")",
}  # fmt: skip
"""Characters with one reading, as they are typed here."""


LONGEST = 10_000_000
"""Characters of an expression or a point: its tokens are found in one step, which cannot be interrupted."""


def tokenize(source: str) -> list[str]:
    """The tokens of `source`, in their order, ended by an empty one.

    >>> tokenize("2*x^-.5  # note")
    ['2', '*', 'x', '^', '-', '.5', '']
    """
    if len(source) > LONGEST:
        hint = message("split it into several, or write it as a Python function")
        raise DiffError(
            message(
                "the text has {count} characters; at most {most} are read",
                count=f"{len(source):,}",
                most=f"{LONGEST:,}",
            ),
            hint=hint,
        )
    found = _TOKEN.findall(source)
    if found[-2:] == ["", ""]:  # the end is met once more behind trailing blanks
        found.pop()
    return found


def spans(source: str) -> list[tuple[int, int]]:
    """Where each token stands: from its first character to behind its last; the end has one of its own."""
    return [(start, max(end, start + 1)) for start, end in (match.span(1) for match in _TOKEN.finditer(source))]


def is_name(token: str) -> bool:
    """Whether a token is a name; ∞ is one of those of a constant, and no variable can have it."""
    return token.isidentifier() or token == "∞"


def is_number(token: str) -> bool:
    """Whether a token is written like a number."""
    return token[0].isdecimal() or token[0] == "." and len(token) > 1


def unexpected(token: str, source: str, start: int) -> DiffError | None:
    """The error where a token is no part of the language: a character, or a name that holds one (`x²`)."""
    if is_name(token) or token in _OPERATORS or is_number(token):
        return None
    good = next(i for i, char in enumerate(token) if not f"{'_' * (i > 0)}{char}".isidentifier())
    at = start + good
    plain = _PLAIN.get(token[good])
    mended = () if plain is None else (f"{source[:at]}{plain}{source[at + 1 :]}",)
    return DiffError(
        message("unexpected character {character}", character=repr(token[good])),
        source,
        (at, at + 1),
        _HINTS.get(token[good]),
        mended=mended,
    )
