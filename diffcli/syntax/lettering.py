"""Characters and tokens of mathematics as people write it: superscripts, fractions, full-width forms.

Knows what each character is, never what a formula means.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import NamedTuple
from unicodedata import decomposition, normalize

# fmt: off
ONE_FOR_ONE = {
    **dict.fromkeys("×·⋅∙•＊∗", "*"), **dict.fromkeys("÷／∕⁄", "/"), **dict.fromkeys("−－–—‐‑", "-"),
    **dict.fromkeys("＾↑", "^"), **dict.fromkeys("｜∣", "|"), **dict.fromkeys("【［", "["),
    **dict.fromkeys("】］", "]"),
    "、": ",", "º": "°", "˚": "°", "⩽": "≤", "≦": "≤", "⩾": "≥", "≧": "≥", "ϵ": "ε",
}
"""Characters for which there is a plain one, or another that is read."""
# fmt: on

RELATIONS = {"≤": "<=", "≥": ">=", "≠": "!="}
ROOTS = {"√": "sqrt", "∛": "cbrt", "∜": ""}
FRACTIONS = {
    char: normalize("NFKC", char).replace("⁄", "/") for char in "½⅓⅔¼¾⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞⅐⅑⅒"
}  # fmt: skip
RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁽⁾ⁿⁱʰʲʳʷˣʸˡˢᵃᵇᶜᵈᵉᶠᵍᵏᵐᵒᵖᵗᵘᵛᶻᵝᵞᵟᶿ"
LOWERED = "₀₁₂₃₄₅₆₇₈₉ₐₑₒₓₕₖₗₘₙₚₛₜᵢⱼᵣᵤᵥ"

_APART = re.escape(RAISED + LOWERED + "".join(FRACTIONS))
_LEXEME = re.compile(
    rf"""
    (?P<blank> [^\S\n]*+ (?:\#[^\n]*+)? )
    (?:
      (?P<name> [^\W\d{_APART}] [^\W{_APART}]* (?: (?<=_)\{{[^\W{_APART}]+\}} | [{LOWERED}]+ )? )
    | (?P<number> (?: \d[\d_]*\.?[\d_]* | \.\d[\d_]* ) (?:[eE][+-]?\d+)? )
    | (?P<raised> [{RAISED}]+ )
    | (?P<sign> \*\* | [<>=!]= | \n | . | \Z )
    )
    """,
    re.VERBOSE,
)
_PAIR = re.compile(r"(?<=[\d)])(?=[^\W\d(])")


class Lexeme(NamedTuple):
    """`kind` is "name", "number", "raised" or "sign"; `blank` says whether blanks stand before it."""

    kind: str
    text: str
    start: int
    end: int
    blank: bool


def lexemes(source: str, names: Collection[str] = ()) -> list[Lexeme]:
    """The tokens of a text as it is written, the last of them empty. `names` have a value.

    >>> [token.text for token in lexemes("２x²+½")], [token.text for token in lexemes("πr", ["r"])]
    (['2', 'x', '2', '+', '½', ''], ['π', 'r', ''])
    """
    found = list[Lexeme]()
    for match in _LEXEME.finditer(plainer(source)):
        kind = match.lastgroup or "sign"
        text, start, end = match[kind], match.start(kind), match.end(kind)
        blank = bool(match["blank"])
        if kind == "name":
            text = source[start:end] if source[start:end] in names else subscripted(text, names)
            if text[0] == "π" and text not in names and text[1:] in names:
                found.append(Lexeme("name", "π", start, start + 1, blank))
                text, start, blank = text[1:], start + 1, False
        elif kind == "raised":
            text = _PAIR.sub("*", normalize("NFKC", text).replace("−", "-"))
        found.append(Lexeme(kind, text, start, end, blank))
    while len(found) > 1 and not found[-2].text:
        found.pop()
    return found


_UNUSUAL = re.compile(rf"[{RAISED}{LOWERED}]|π\w")


def unusual(source: str) -> bool:
    """Whether a text has characters for which others are read, in names too: `ｘ`, `eˣ`, `πr`."""
    return not source.isascii() and (plainer(source) != source or bool(_UNUSUAL.search(source)))


def plainer(source: str) -> str:
    """The text with plain characters where one stands for one: its length stays.

    >>> plainer("ｓｉｎ（𝑥） ÷ x²")
    'sin(x) / x²'
    """
    if source.isascii():
        return source
    return source.translate({ord(char): _plainer(char) for char in set(source) if not char.isascii()})


def _plainer(char: str) -> str:
    if char in ONE_FOR_ONE:
        return ONE_FOR_ONE[char]
    if char in RAISED or char in LOWERED or decomposition(char).startswith(("<super>", "<sub>", "<fraction>")):
        return char
    normal = normalize("NFKC", char)
    return normal if len(normal) == 1 else char


def subscripted(name: str, names: Collection[str]) -> str:
    """The name that `x₁` or `x_{1}` is: of those in play, or with a low line.

    >>> subscripted("x₁", ["x1"]), subscripted("x₁", []), subscripted("x_{12}", [])
    ('x1', 'x_1', 'x_12')
    """
    if name.endswith("}"):
        return name.replace("{", "").replace("}", "")
    bare = name.rstrip(LOWERED)
    if bare == name:
        return name
    below = normalize("NFKC", name[len(bare) :])
    together = bare + below
    return together if together in names and f"{bare}_{below}" not in names else f"{bare}_{below}"
