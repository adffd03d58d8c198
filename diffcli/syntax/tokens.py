"""Text -> tokens with spans. Text is data: nothing in it is ever executed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from typing import NamedTuple

from diffcli.errors import DiffError


class Token(NamedTuple):
    """`kind` is "number", "name", "operator", "newline" or "end"."""

    kind: str
    text: str
    start: int

    @property
    def span(self) -> tuple[int, int]:
        return self.start, self.start + max(1, len(self.text))


_token = partial(tuple.__new__, Token)

_TOKEN = re.compile(
    r"""
    (?:[^\S\n]+|\#[^\n]*|\r)*+  # blanks and comments
  (?:
    (?P<number>(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:[eE][+-]?\d+)?)
  | (?P<name>[^\W\d]\w*)
  | (?P<operator>\*\*|<=|>=|==|!=|[-+*/@^<>=()\[\],;])
  | (?P<newline>\n)
  | (?P<end>\Z)
  | (?P<other>.)
  )
    """,
    re.VERBOSE,
)

_HINTS = {
    **dict.fromkeys("×·⋅∙•＊∗", "write * for a product"),
    **dict.fromkeys("÷／∕⁄", "write / for a quotient"),
    **dict.fromkeys("−－–—", "write - (the hyphen) for minus"),
    "＋": "write a plain +",
    "√": "write sqrt(x) for a square root",
    "∛": "write cbrt(x) for a cube root",
    "²": "write x^2 for a square, and sin(x)^2 for that of a function",
    "³": "write x^3 for a cube, and sin(x)^3 for that of a function",
    **dict.fromkeys("⁰¹⁴⁵⁶⁷⁸⁹⁺⁻ⁿ", "write ^ before an exponent: x^4, x^(-1)"),
    **dict.fromkeys("₀₁₂₃₄₅₆₇₈₉", "write indices of names on the line: x1, x_1"),
    **dict.fromkeys("½⅓⅔¼¾", "write a fraction with /: 1/2"),
    "＾": "write ^ or ** for a power",
    "∞": "write inf for infinity",
    "∂": "write the formula alone, without ∂ and d",
    **dict.fromkeys("{}", "write ( and ) instead of braces"),
    "\\": "LaTeX is not read: write sqrt(x), sin(x), (a)/(b)",
    "$": "LaTeX is not read: write the formula without $",
    "≤": "write <=",
    "≥": "write >=",
    "≠": "write !=",
    "&": "write 'and' between conditions",
    "!": "write 'not' before a condition; factorials are gamma(n + 1)",
    "%": "write mod(a, b) for a remainder, 5/100 for 5 per cent",
    ".": "names have no attributes here; a decimal point stands in a number",
    "|": "write abs(x) for an absolute value; a batch row has one bar before its point",
    "｜": "write abs(x) for an absolute value",
    **dict.fromkeys("（）", "write ( and )"),
    **dict.fromkeys("【】［］", "write [ and ]"),
    **dict.fromkeys("，、", "write a plain comma"),
    "；": "write a plain semicolon",
    "＝": "write a plain =",
    '"': "text in quotes has no meaning in an expression",
    **dict.fromkeys("'’′", "write the formula alone: neither quotes nor the prime of a derivative have a meaning here"),
}


def tokenize(source: str) -> Iterator[Token]:
    """The tokens of `source`, ended by one of kind "end".

    >>> [token.text for token in tokenize("2*x^-.5  # note")]
    ['2', '*', 'x', '^', '-', '.5', '']
    """
    for match in _TOKEN.finditer(source):
        kind = match.lastgroup or ""
        text, start = match[kind], match.start(kind)
        if kind == "name":
            if not text.isidentifier():  # \w knows superscripts and fractions, names do not
                good = next(i for i, char in enumerate(text) if not f"{'_' * (i > 0)}{char}".isidentifier())
                span = start + good, start + good + 1
                raise DiffError(f"unexpected character {text[good]!r}", source, span, _HINTS.get(text[good]))
        elif kind == "other":
            raise DiffError(f"unexpected character {text!r}", source, (start, start + 1), _HINTS.get(text))
        yield _token((kind, text, start))
        if kind == "end":
            return
