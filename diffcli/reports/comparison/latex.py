r"""LaTeX: a document that `pdflatex FILE.tex` takes as it stands. Numbers are never cut.

A batch is one long table on landscape pages, where expressions too long for a
page are shown by their beginning and end.
"""

from __future__ import annotations

import re
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
from diffcli.reports.latex import BREAK, LETTERS, LONGEST_WORD, NUMBERED, RAISED, broken, code, escaped, number
from diffcli.reports.names import names
from diffcli.reports.sentences import closing, operations

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
    marks = rf"([∂/]|[{RAISED}]+)" if "∂" in text else rf"(^d|/d|[{RAISED}]+)"
    pieces = re.split(marks, text)
    for k, piece in enumerate(pieces):
        pieces[k] = escaped(piece) + BREAK * ("/" in piece) if k % 2 else f"\\textit{{{broken(piece)}}}" * bool(piece)
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
    widest = max(sum(6 if char >= NUMBERED else 1 for char in below) for _, below in entries_of)
    columns = "@{}lll@{}" if widest <= LONGEST_WORD else "@{}P{5cm}ll@{}"
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
