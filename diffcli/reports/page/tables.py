"""The tables of one comparison on a page: verdicts by sign and word, digits that are wrong underlined."""

from __future__ import annotations

from diffcli.locale.language import tr
from diffcli.reports.cells import Contents, Number
from diffcli.reports.figures import DASH
from diffcli.reports.page.document import Cell, row, table, text
from diffcli.reports.rows import RIGHT, Row, columns, one_line, verdict_name
from diffcli.reports.rows import SIGNS as CLASSES

SIGNS = {
    "ok": "✓", "right": "✓", "kink": "∧", "no-truth": "?", "undecided": "?", "missing": "–", "unsupported": "–",
    "domain": "∅", "error": "!", "timeout": "…", "failed": "!", "disagree": "≠", "nonfinite": "∞", "inaccurate": "✗",
    "wrong": "✗",
}  # fmt: skip
"""Verdicts from the best to the worst, each with its sign."""

RANKS = {name: rank for rank, name in enumerate(SIGNS)} | {"nonfinite": len(SIGNS) - 2}
"""What is not finite and what is inaccurate are both wrong: the error tells them apart."""

LISTED = 12
"""Entries of a derivative where a page has room for few; the JSON has all."""
_WIDEST = 4
"""Beyond this many entries each is a row, not a column."""
_LONGEST = 2000
"""Longer text is folded."""
_JUDGED = ("verdict", "bits", "error")
_WORDS = {"add": "additions and subtractions", "neg": "negations", "mul": "products", "div": "divisions",
          "pow": "powers", "func": "calls of functions"}  # fmt: skip


def verdict(name: str, more: str = "") -> str:
    """A verdict by its sign and its word.

    >>> verdict("ok")
    '<span class="verdict v-ok"><b aria-hidden="true">✓</b>ok</span>'
    """
    word = f'<span class="verdict v-{name}"><b aria-hidden="true">{SIGNS[name]}</b>{text(verdict_name(name))}</span>'
    return tr("{names}: {sentence}", names=word, sentence=text(more)) if more else word


def digits_marked(number: Number) -> str:
    """A number whose wrong digits are marked.

    >>> digits_marked(Number("1.23", "45"))
    '1.23<span class="off">45</span>'
    """
    wrong = f'<span class="off">{text(number.wrong)}</span>' if number.wrong else ""
    return f"{text(number.right)}{wrong}{text(number.exponent)}"


def code(source: str) -> str:
    """Typed text; what is very long is folded."""
    shown = one_line(source)
    if len(shown) <= _LONGEST:
        return f"<code>{text(shown)}</code>"
    return f"<details><summary><code>{text(shown[:160])} …</code></summary><code>{text(shown)}</code></details>"


def derivative_table(contents: Contents, caption: str = "", most: int | None = None) -> str:
    """Every method's verdict, loss, error and derivative, and the truth below; a row per entry where they are many."""
    if contents.comparison.size <= _WIDEST:
        return _together(contents, caption)
    judged = table(_judged_names(), [row(text(one.method), _verdict_cells(one)) for one in contents.rows], caption)
    return f"{judged}\n{_by_entry(contents, most)}"


def _judged_names() -> list[Cell]:
    return [(column.heading, "right" if column.right else "") for column in columns(("method", *_JUDGED))]


def _verdict_cells(row: Row) -> list[Cell]:
    cells: list[Cell] = [
        (text(cell), "right" if key in RIGHT else "") for key, cell in zip(_JUDGED, row.cells(_JUDGED), strict=True)
    ]
    return [(verdict(row.word), ""), *cells[1:]]


def _digits(inner: str) -> Cell:
    return f'<span class="digits">{inner}</span>', ""


def _derivatives(contents: Contents) -> list[list[Cell]]:
    """For each method the derivative's entries, wrong digits marked."""
    return [
        [(DASH, "")] * contents.comparison.size if entries is None else [_digits(digits_marked(one)) for one in entries]
        for entries in contents.entries
    ]


def _together(contents: Contents, caption: str) -> str:
    names = [*_judged_names(), *[(text(label), "") for label in contents.labels]]
    rows = [
        row(text(one.method), [*_verdict_cells(one), *entries])
        for one, entries in zip(contents.rows, _derivatives(contents), strict=True)
    ]
    foot = []
    for proof in contents.proofs:
        cells = [(text(proof.standing), ""), *[("", "")] * (len(_JUDGED) - 1)]
        foot.append(row(text(proof.name), [*cells, *[_digits(text(entry.text)) for entry in proof.entries]]))
    return table(names, rows, caption, foot)


def _by_entry(contents: Contents, most: int | None) -> str:
    proved = [[_digits(text(entry.text)) for entry in proof.entries] for proof in contents.proofs]
    names: list[Cell] = [(tr("entry"), ""), *[(text(who), "") for who in contents.authors]]
    labels = contents.labels[:most]
    rows = [row(text(label), line) for label, *line in zip(labels, *_derivatives(contents), *proved, strict=False)]
    left = contents.comparison.size - len(rows)
    if not left:
        return table(names, rows)
    more = tr("and {count} more entries, which the JSON has", count=f"{left:,}")
    return f'{table(names, rows)}<p class="soft">{more}</p>'


def operations_table(contents: Contents, caption: str = "") -> str:
    """Operations by class, executed by the function alone and by every method; the tape where it was measured."""
    ends = ("ratio", *(("tape", "peak") if contents.remembers else ()))
    names: list[Cell] = [(column.heading, "") for column in columns(("method",))]
    names += [(f'<abbr title="{tr(_WORDS[name])}">{_sign(sign)}</abbr>', "right") for name, sign in CLASSES]
    names += [(column.heading, "right") for column in columns(("operations", *ends))]
    own = row(contents.own.method, _spent(contents.own, ("ratio",)) + [("", "")] * (len(ends) - 1))
    return table(names, [own, *[row(text(one.method), _spent(one, ends)) for one in contents.rows]], caption)


def _sign(sign: str) -> str:
    return "−" if sign == "-" else sign


def _spent(row: Row, ends: tuple[str, ...]) -> list[Cell]:
    cost = row.operations
    counts = [DASH] * (len(CLASSES) + 1)
    if cost is not None:
        counts = [*[f"{number:,}" if number else "·" for number in cost.classes], cost.total]
    return [(cell, "right") for cell in (*counts, *row.cells(ends))]
