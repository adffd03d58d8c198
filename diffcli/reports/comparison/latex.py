r"""LaTeX: a document that `pdflatex FILE.tex` takes as it stands. Numbers are never cut.

A batch is one long table on landscape pages, where expressions too long for a
page are shown by their beginning and end.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from diffcli.batch.rows import Failure, Result
from diffcli.locale.language import language, tr, translate_message
from diffcli.reports.cells import Contents, prose
from diffcli.reports.latex import BREAK, LETTERS, LONGEST_WORD, NUMBERED, RAISED, broken, code, escape_tex, number
from diffcli.reports.names import Name
from diffcli.reports.rows import BATCH, COSTS, batch_rows, columns

LONGEST_CELL = 600
"""A cell does not break across pages: longer code in it is shown by its beginning and end."""

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


def _open(places: str, header: Sequence[str]) -> str:
    """A long table up to its first row; the header is repeated on every page."""
    head = _row([escape_tex(name) for name in header])
    return f"\\begin{{longtable}}{{{places}}}\n\\toprule\n{head}\\midrule\n\\endhead\n\\bottomrule\n\\endfoot\n"


_CLOSE = "\\end{longtable}\n"


class Report:
    """A document of one comparison: two tables between sentences; or of a batch, one table that grows."""

    def __init__(self, single: bool) -> None:
        self.single = single

    def begin(self) -> str:
        preamble = _PREAMBLE % (LETTERS[language()], _PAGES[self.single])
        return (
            preamble
            if self.single
            else f"{preamble}\\footnotesize\n{_open(_BATCH_COLUMNS, [column.heading for column in columns(BATCH)])}"
        )

    def add(self, result: Result) -> str:
        if not self.single:
            return _batch(result)
        if isinstance(result, Failure):
            return f"{code(result.expression)}\n\n{tr('error: ')}{escape_tex(translate_message(result.message))}\n"
        return _document(Contents(result))

    def end(self) -> str:
        return _END if self.single else _CLOSE + _END


def _document(contents: Contents) -> str:
    sentences = [escape_tex(sentence) for sentence in (*map(prose, contents.notes_beside_formulas), contents.closing)]
    parts = [_heading(contents), _values(contents), _costs(contents), _formulas(contents), *sentences]
    return "\n".join(part.rstrip("\n") + "\n" for part in parts if part)


def _heading(contents: Contents) -> str:
    at = "\n\n" + tr("at {source}", source=code(contents.point)) if contents.point else ""
    notes = "".join(f"\n\n{escape_tex(tr('Note: {note}', note=caution))}" for caution in contents.cautions)
    value = f"{_function(contents.f)} = {number(contents.value)}, {contents.operations}"
    return f"{code(contents.function)}{at}\n\n{value}{notes}\n"


def _function(name: str) -> str:
    return "$f$" if name == "f" else f"\\textit{{{escape_tex(name)}}}"


def _name(name: Name) -> str:
    """`∂f/∂x`, its letters in italics."""
    text = name.label
    marks = rf"([∂/]|[{RAISED}]+)" if "∂" in text else rf"(^d|/d|[{RAISED}]+)"
    pieces = re.split(marks, text)
    for k, piece in enumerate(pieces):
        pieces[k] = (
            escape_tex(piece) + BREAK * ("/" in piece) if k % 2 else f"\\textit{{{broken(piece)}}}" * bool(piece)
        )
    return "".join(pieces)


def _values(contents: Contents) -> str:
    """A block per variable: every method's value, the truth beneath. So any number of digits and variables fits."""
    if not contents.names:
        return ""
    entries = [*contents.texts, *[[entry.text for entry in proof.entries] for proof in contents.proofs]]
    blocks = []
    for name, cells in zip(contents.names, zip(*entries, strict=True), strict=True):
        lines = [[escape_tex(who), number(cell)] for who, cell in zip(contents.authors, cells, strict=True) if cell]
        heads = [_name(name), *[""] * (len(lines) - 1)]
        blocks.append("".join(_row([head, *line]) for head, line in zip(heads, lines, strict=True)))
    widest = max(sum(6 if char >= NUMBERED else 1 for char in name.below) for name in contents.names)
    places = "@{}lll@{}" if widest <= LONGEST_WORD else "@{}P{5cm}ll@{}"
    return _open(places, ("", tr("method"), tr("value"))) + "\\addlinespace\n".join(blocks) + _CLOSE


def _costs(contents: Contents) -> str:
    shown = columns(("method", *COSTS))
    rows = [_row([escape_tex(cell) for cell in (row.method, *row.cells(COSTS))]) for row in contents.rows]
    last = [contents.authors[len(rows)], "", "", "", "", escape_tex(contents.standing)]
    places = "".join("r" if column.right else "l" for column in shown)
    head = _open(f"@{{}}{places}@{{}}", [column.heading for column in shown])
    return f"{head}{''.join(rows)}\\midrule\n{_row(last)}{_CLOSE}"


def _formulas(contents: Contents) -> str:
    """SymPy's derivatives, a paragraph each."""
    lines = [f"{_name(note.name)} = {code(note.text)}" for note in contents.notes_of("formula")]
    return "\n\n".join([tr("SymPy's formulas:"), *lines]) + "\n" if lines else ""


def _batch(result: Result) -> str:
    """The rows of one result; line and expression stand in the first."""
    return "".join(_row(cells) for cells in _batch_cells(result)) + "\\addlinespace\n"


def _batch_cells(result: Result) -> Iterator[list[str]]:
    place = True
    for row in batch_rows(result):
        first = [row.line, code(_clip(row.expression))] if place else ["", ""]
        yield [*first, *[escape_tex(_clip(cell)) for cell in row.others()]]
        place = False


def _clip(text: str) -> str:
    half = LONGEST_CELL // 2
    return text if len(text) <= LONGEST_CELL else f"{text[:half]} … {text[-half:]}"
