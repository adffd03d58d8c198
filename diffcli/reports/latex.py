r"""LaTeX: a document that `pdflatex FILE.tex` takes as it stands. Numbers are never cut.

Every character is written in ASCII commands, so that no font or input encoding
can fail: Greek letters and signs as mathematics, Latin letters by their accents,
anything else by its number, `U+0436`. Where Chinese is spoken, Chinese characters
stand as they are, and the document is for XeLaTeX or LuaLaTeX with ctex. Code is broken behind operators. A batch
is one long table on landscape pages, where expressions too long for a page are
shown by their beginning and end.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence

from diffcli.batch.rows import Failure, Result
from diffcli.comparison.result import Comparison
from diffcli.locale.language import join, language, tr, translate_message
from diffcli.reports.cells import (
    BATCH,
    COSTS,
    batch_rows,
    costs,
    derivatives,
    formulas,
    headings,
    remarks,
    standing,
    swell,
    truths,
    value,
)
from diffcli.reports.names import names
from diffcli.reports.sentences import closing, operations

LONGEST_CELL = 600
"""A cell does not break across pages: longer code in it is shown by its beginning and end."""

_LONGEST_WORD = 24
"""Longer names are broken: a float64 is shorter."""

_NUMBERED = "\u0400"
"""From here on letters are written by their numbers, and broken behind each."""

_TOKEN = re.compile(
    rf"\d[\d.]*e[+-]?\d+|(?:(?![{_NUMBERED}-\U0010ffff])[\w.]){{1,{_LONGEST_WORD}}}|\*{{2,{_LONGEST_WORD}}}|[<>=!]=|.",
    re.DOTALL,
)
_WORD = re.compile(rf"(?:(?![{_NUMBERED}-\U0010ffff])\S){{{_LONGEST_WORD}}}(?=\S)|.", re.DOTALL)
_BEHIND = frozenset("+-*/(),;=")
_MINUS = re.compile(r"(?<![\w)\]-])-(?=[\d.∞])|(?<=\d)-(?=[ )])")
_BREAK = r"\allowbreak{}"

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
_RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹"
_SIGNS |= {sign: f"^{{{digit}}}" for digit, sign in enumerate(_RAISED)}
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


def escaped(text: str) -> str:
    r"""Text that means itself; the sign of a number is a minus.

    >>> escaped("5 % of -2")
    '5 \\% of $-$2'
    """
    pieces = _MINUS.split(unicodedata.normalize("NFC", text))
    return "$-$".join(re.sub("-(?=-)", "-{}", "".join(map(_spelled, _WORD.findall(piece)))) for piece in pieces)


def _spelled(word: str) -> str:
    return "".join(map(character, word)) + _BREAK * (len(word) == _LONGEST_WORD or _numbered(word))


def _numbered(token: str) -> bool:
    return token >= _NUMBERED and not _stands(token[0])


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
        if token in _BEHIND or _numbered(token) or len(token) == _LONGEST_WORD:
            pieces.append(_BREAK)
        if line > _LONGEST_LINE:
            pieces.append("%\n")
            line = 0
    return "".join(pieces).removesuffix(_BREAK)


def number(text: str) -> str:
    r"""A number as mathematics, every digit of it; words are left as they are.

    >>> number("-1.5e-08"), number("inf"), number("none")
    ('$-1.5\\times10^{-8}$', '$\\infty$', 'none')
    """
    if text in ("inf", "Infinity", "-inf", "-Infinity"):
        return f"${'-' * (text[0] == '-')}\\infty$"
    found = re.fullmatch(r"(-?[\d.]+)(?:e([+-]?\d+))?", text)
    if found is None:
        return escaped(text)
    mantissa, exponent = found.groups()
    if exponent is None:
        return f"${mantissa}$"
    sign, figures = "-" * exponent.startswith("-"), exponent.lstrip("+-0") or "0"  # it may be too long for an int
    return f"${mantissa}\\times10^{{{sign}{figures}}}$"


# --- the document
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

_PREAMBLE = r"""\documentclass[10pt,a4paper]{article}
%s\usepackage{textcomp}
\usepackage{amsmath}
\usepackage{array}
\usepackage{booktabs}
\usepackage{longtable}
\usepackage[%s]{geometry}
\setlength{\parindent}{0pt}
\setlength{\parskip}{\medskipamount}
\setlength{\LTleft}{0pt}
\setlength{\LTright}{\fill}
\newcolumntype{P}[1]{>{\raggedright\arraybackslash}p{#1}}
\begin{document}
\raggedright
"""
_PAGES = {True: "margin=2.5cm", False: "landscape,margin=1.5cm"}
_END = "\\end{document}\n"
_BATCH_COLUMNS = "@{}rP{6.6cm}llrrP{3.6cm}P{5.2cm}@{}"


def _row(cells: Sequence[str]) -> str:
    return f"{' & '.join(cells)} \\\\\n"


def _open(columns: str, header: Sequence[str]) -> str:
    """A long table up to its first row; the header is repeated on every page."""
    head = _row([escaped(name) for name in header])
    return f"\\begin{{longtable}}{{{columns}}}\n\\toprule\n{head}\\midrule\n\\endhead\n\\bottomrule\n\\endfoot\n"


_CLOSE = "\\end{longtable}\n"


class Report:
    """A document of one comparison: two tables between sentences; or of a batch, one table that grows."""

    def __init__(self, single: bool) -> None:
        self.single = single

    def begin(self) -> str:
        preamble = _PREAMBLE % (LETTERS[language()], _PAGES[self.single])
        return preamble if self.single else f"{preamble}\\footnotesize\n{_open(_BATCH_COLUMNS, list(map(tr, BATCH)))}"

    def add(self, result: Result) -> str:
        if not self.single:
            return _batch(result)
        if isinstance(result, Failure):
            return f"{code(result.expression)}\n\n{tr('error: ')}{escaped(translate_message(result.message))}\n"
        sentences = [escaped(sentence) for sentence in (*swell(result), *remarks(result), join(closing(result)))]
        parts = [_heading(result), _values(result), _costs(result), _formulas(result), *sentences]
        return "\n".join(part.rstrip("\n") + "\n" for part in parts if part)

    def end(self) -> str:
        return _END if self.single else _CLOSE + _END


def _heading(comparison: Comparison) -> str:
    function, point = headings(comparison)
    at = "\n\n" + tr("at {source}", source=code(point)) if point else ""
    notes = "".join(f"\n\n{escaped(tr('Note: {note}', note=translate_message(note)))}" for note in comparison.notes)
    said = f"$f$ = {number(value(comparison))}, {operations(comparison.cost.total)}"
    return f"{code(function)}{at}\n\n{said}{notes}\n"


def _name(name: tuple[str, str]) -> str:
    """`∂f/∂x`, its letters in italics."""
    text = "/".join(filter(None, name))
    marks = rf"([∂/]|[{_RAISED}]+)" if "∂" in text else rf"(^d|/d|[{_RAISED}]+)"
    pieces = re.split(marks, text)
    for k, piece in enumerate(pieces):
        pieces[k] = escaped(piece) + _BREAK * ("/" in piece) if k % 2 else f"\\textit{{{broken(piece)}}}" * bool(piece)
    return "".join(pieces)


def _values(comparison: Comparison) -> str:
    """A block per variable: every method's value, the truth beneath. So any number of digits and variables fits."""
    entries_of = names(comparison)
    if not entries_of:
        return ""
    found = [(m.method, derivatives(comparison, m)) for m in comparison.measurements]
    (truth, proved), *sides = truths(comparison)
    blocks = []
    for i, name in enumerate(entries_of):
        lines = [(who, entries[i]) for who, entries in [*found, (truth, proved), *sides] if entries[i]]
        rows = [[_name(name), *_valued(lines[0])], *[["", *_valued(line)] for line in lines[1:]]]
        blocks.append("".join(_row(row) for row in rows))
    widest = max(sum(6 if char >= _NUMBERED else 1 for char in below) for _, below in entries_of)
    columns = "@{}lll@{}" if widest <= _LONGEST_WORD else "@{}P{5cm}ll@{}"
    return _open(columns, ("", tr("method"), tr("value"))) + "\\addlinespace\n".join(blocks) + _CLOSE


def _valued(line: tuple[str, str]) -> tuple[str, str]:
    who, value = line
    return escaped(who), number(value)


def _costs(comparison: Comparison) -> str:
    rows = [[escaped(cell) for cell in (m.method, *costs(comparison, m))] for m in comparison.measurements]
    last = [tr("truth"), "", "", "", "", escaped(standing(comparison))]
    head = _open("@{}lrrlrl@{}", (tr("method"), *map(tr, COSTS)))
    return f"{head}{''.join(_row(row) for row in rows)}\\midrule\n{_row(last)}{_CLOSE}"


def _formulas(comparison: Comparison) -> str:
    """SymPy's derivatives, a paragraph each."""
    lines = [f"{_name(name)} = {code(formula)}" for name, formula in formulas(comparison)]
    return "\n\n".join([tr("SymPy's formulas:"), *lines]) + "\n" if lines else ""


def _batch(result: Result) -> str:
    """The rows of one result; line and expression stand in the first."""
    return "".join(_row(cells) for cells in _batch_cells(result)) + "\\addlinespace\n"


def _batch_cells(result: Result) -> Iterator[list[str]]:
    place = True
    for line, expression, method, verdict, *others in batch_rows(result):
        first = [line, code(_clipped(expression))] if place else ["", ""]
        yield [*first, escaped(method), escaped(verdict), *[escaped(_clipped(cell)) for cell in others]]
        place = False


def _clipped(text: str) -> str:
    half = LONGEST_CELL // 2
    return text if len(text) <= LONGEST_CELL else f"{text[:half]} … {text[-half:]}"
