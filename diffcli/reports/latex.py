r"""Text in LaTeX: every character in ASCII commands, so that no font or input encoding can fail.

Greek letters and signs are mathematics, Latin letters stand by their accents,
anything else by its number, `U+0436`. Where Chinese is spoken, Chinese characters
stand as they are, and the document is for XeLaTeX or LuaLaTeX with ctex. Code is
broken behind operators.
"""

from __future__ import annotations

import re
import unicodedata

from diffcli.locale.language import language

LONGEST_WORD = 24
"""Longer names are broken: a float64 is shorter."""

NUMBERED = "\u0400"
"""From here on letters are written by their numbers, and broken behind each."""

_TOKEN = re.compile(
    rf"\d[\d.]*e[+-]?\d+|(?:(?![{NUMBERED}-\U0010ffff])[\w.]){{1,{LONGEST_WORD}}}|\*{{2,{LONGEST_WORD}}}|[<>=!]=|.",
    re.DOTALL,
)
_WORD = re.compile(rf"(?:(?![{NUMBERED}-\U0010ffff])\S){{{LONGEST_WORD}}}(?=\S)|.", re.DOTALL)
_BEHIND = frozenset("+-*/(),;=")
_MINUS = re.compile(r"(?<![\w)\]-])-(?=[\d.∞])|(?<=\d)-(?=[ )])")
BREAK = r"\allowbreak{}"

_LONGEST_LINE = 1000
"""Of the file: TeX reads lines of limited length."""

_ASCII = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "%": r"\%", "_": r"\_",
    "^": r"\textasciicircum{}", "~": r"\textasciitilde{}", "<": r"\textless{}", ">": r"\textgreater{}",
    "|": r"\textbar{}", '"': r"\textquotedbl{}", "'": r"\textquotesingle{}", "`": r"\textasciigrave{}",
    "\t": " ", "\n": " ", "\r": " ", "\u00a0": "~",
}  # fmt: skip
_SIGNS = {
    "×": r"\times", "÷": r"\div", "∂": r"\partial", "−": "-", "∞": r"\infty", "·": r"\cdot", "±": r"\pm",
    "≤": r"\le", "≥": r"\ge", "≠": r"\ne", "≈": r"\approx", "√": r"\surd", "→": r"\to",
    "ƒ": "f", "…": r"\ldots", "∇": r"\nabla", "ℏ": r"\hbar", "ℓ": r"\ell", "°": r"^{\circ}", "∈": r"\in",
}  # fmt: skip
RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹"
_SIGNS |= {sign: f"^{{{digit}}}" for digit, sign in enumerate(RAISED)}
_LOWER = (
    "alpha beta gamma delta varepsilon zeta eta theta iota kappa lambda mu nu xi mathit{o} pi rho varsigma sigma tau "
    "upsilon varphi chi psi omega"
)
_UPPER = (
    "mathrm{A} mathrm{B} Gamma Delta mathrm{E} mathrm{Z} mathrm{H} Theta mathrm{I} mathrm{K} Lambda mathrm{M} "
    "mathrm{N} Xi mathrm{O} Pi mathrm{P} Sigma mathrm{T} Upsilon Phi mathrm{X} Psi Omega"
)
_GREEK = {
    **{letter: f"\\{name}" for letter, name in zip("αβγδεζηθικλμνξοπρςστυφχψω", _LOWER.split(), strict=True)},
    **{letter: f"\\{name}" for letter, name in zip("ΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩ", _UPPER.split(), strict=True)},
    "ϵ": r"\epsilon", "ϕ": r"\phi", "ϑ": r"\vartheta", "ϱ": r"\varrho", "ϖ": r"\varpi", "µ": r"\mu",
}  # fmt: skip
_LATIN = {
    "ß": r"\ss{}", "æ": r"\ae{}", "Æ": r"\AE{}", "œ": r"\oe{}", "Œ": r"\OE{}", "ø": r"\o{}", "Ø": r"\O{}",
    "ł": r"\l{}", "Ł": r"\L{}", "đ": r"\dj{}", "Đ": r"\DJ{}", "ð": r"\dh{}", "þ": r"\th{}", "ı": r"\i{}",
    "–": r"\textendash{}", "—": r"\textemdash{}", "‘": r"\textquoteleft{}", "’": r"\textquoteright{}",
    "“": r"\textquotedblleft{}", "”": r"\textquotedblright{}",
}  # fmt: skip
_ACCENTS = {
    "\u0300": "`", "\u0301": "'", "\u0302": "^", "\u0303": "~", "\u0304": "=", "\u0306": "u", "\u0307": ".",
    "\u0308": '"', "\u030a": "r", "\u030b": "H", "\u030c": "v", "\u0323": "d", "\u0327": "c", "\u0328": "k",
}  # fmt: skip


def character(char: str) -> str:
    r"""One character as pdflatex has it.

    >>> [character(char) for char in "a_ñμ∞ж"]
    ['a', '\\_', '\\~{n}', '\\ensuremath{\\mu}', '\\ensuremath{\\infty}', '\\texttt{U+0436}']
    """
    if char in _ASCII:
        return _ASCII[char]
    if _stands(char):
        return char
    if " " <= char <= "~":
        return char
    if char in _SIGNS or char in _GREEK:
        return f"\\ensuremath{{{_SIGNS.get(char) or _GREEK[char]}}}"
    if char in _LATIN:
        return _LATIN[char]
    letter, *accents = list(unicodedata.normalize("NFD", char))
    if len(accents) == 1 and accents[0] in _ACCENTS and letter.isascii() and letter.isalpha():
        return f"\\{_ACCENTS[accents[0]]}{{{letter}}}"
    return f"\\texttt{{U+{ord(char):04X}}}"


def _stands(char: str) -> bool:
    """Whether a character is Chinese, in a document that has the fonts for it."""
    return language() == "zh" and ("\u2e80" <= char <= "\u9fff" or "\uff00" <= char <= "\uffef")


def escape_tex(text: str) -> str:
    r"""Text that means itself; the sign of a number is a minus.

    >>> escape_tex("5 % of -2")
    '5 \\% of $-$2'
    """
    pieces = _MINUS.split(unicodedata.normalize("NFC", text))
    return "$-$".join(re.sub("-(?=-)", "-{}", "".join(map(_spell, _WORD.findall(piece)))) for piece in pieces)


def _spell(word: str) -> str:
    return "".join(map(character, word)) + BREAK * (len(word) == LONGEST_WORD or _is_numbered(word))


def _is_numbered(token: str) -> bool:
    return token >= NUMBERED and not _stands(token[0])


def code(text: str) -> str:
    r"""Typewriter text that may be broken behind an operator, and inside a very long word.

    >>> code("x_1*y")
    '\\texttt{x\\_1*\\allowbreak{}y}'
    """
    return f"\\texttt{{{broken(text)}}}"


def broken(text: str) -> str:
    """Characters with places to break at, in lines that TeX can read."""
    pieces, line = [], 0
    for token in _TOKEN.findall(unicodedata.normalize("NFC", text)):
        pieces.append("".join(map(character, token)))
        line += len(pieces[-1])
        if token in _BEHIND or _is_numbered(token) or len(token) == LONGEST_WORD:
            pieces.append(BREAK)
        if line > _LONGEST_LINE:
            pieces.append("%\n")
            line = 0
    return "".join(pieces).removesuffix(BREAK)


def number(text: str) -> str:
    r"""A number as mathematics, every digit of it; words are left as they are.

    >>> number("-1.5e-08"), number("inf"), number("none")
    ('$-1.5\\times10^{-8}$', '$\\infty$', 'none')
    """
    if text in ("inf", "Infinity", "-inf", "-Infinity"):
        return f"${'-' * (text[0] == '-')}\\infty$"
    found = re.fullmatch(r"(-?[\d.]+)(?:e([+-]?\d+))?", text)
    if found is None:
        return escape_tex(text)
    mantissa, exponent = found.groups()
    if exponent is None:
        return f"${mantissa}$"
    sign, figures = "-" * exponent.startswith("-"), exponent.lstrip("+-0") or "0"  # it may be too long for an int
    return f"${mantissa}\\times10^{{{sign}{figures}}}$"


LETTERS = {
    "en": r"""\usepackage[T1]{fontenc}
\usepackage[utf8]{inputenc}
\IfFileExists{lmodern.sty}{\usepackage{lmodern}}{}
""",
    "zh": r"""% 请用 xelatex 或 lualatex 编译
\usepackage[UTF8,scheme=plain]{ctex}
""",
}
"""What a preamble loads, by the language."""
