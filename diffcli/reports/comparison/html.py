"""HTML: one comparison as a page to read, a batch as a list to sort and search. Numbers are never cut.

A page fetches nothing. The answer stands first, in words; digits that are wrong
are underlined. A batch is a plain table in the order of its rows, which a small
script sorts, the worst first; what it tallies it counts from the rows.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from diffcli.batch.rows import Failure, Result
from diffcli.comparison.result import Comparison
from diffcli.locale.language import join, tr, translate_message
from diffcli.numbers import DIGITS
from diffcli.reports.cells import Contents, prose
from diffcli.reports.page import listing
from diffcli.reports.page.document import asset, box, ending, opening, text
from diffcli.reports.page.formulas import applied, formula, fraction, math, named_formula, statements
from diffcli.reports.page.tables import LISTED, code, derivative_table, operations_table, verdict
from diffcli.reports.rows import one_line
from diffcli.syntax.rendering import literal
from diffcli.truth.certify import digits


# --- one comparison as a page
def heading(contents: Contents) -> str:
    """The formula, as mathematics and as it was typed, the point, the answer, and what is known of the value."""
    (_, f, _), point = contents.parts, contents.point
    lines = _lines(contents)
    # a long formula is no heading: it is read below
    title = f'<h1 class="formula">{lines}</h1>' if lines else f"<h1>{text(f)}</h1>"
    typed = [_source_line(contents)]
    if point:
        typed.append(tr("at {source}", source=code(point)))
    lines_typed = [f'<p class="typed">{line}</p>' for line in typed]
    answer = f'<p class="lead">{text(contents.closing)}</p>'
    return "\n".join([title, *lines_typed, answer, _facts(contents)])


def _source_line(contents: Contents) -> str:
    expression = contents.comparison.case.expression
    source = code(expression.source)
    return tr("the Python function {source}" if expression.traced else "typed {source}", source=source)


def _lines(contents: Contents) -> str:
    """Statement under statement; a Python function is called by its name, where it has one."""
    expression = contents.comparison.case.expression
    f = applied("f", expression.variables)
    if contents.comparison.case.wanted.kind == "implicit":
        return ""
    if expression.traced:
        name = re.split("[:.]", expression.source)[-1]
        return math(f"{f}<mo>=</mo>{applied(name, expression.variables)}", block=True) if name.isidentifier() else ""
    found = statements(expression.plain)
    if found is None:
        return ""
    return "".join(math(f"{named_formula(name) if name else f}<mo>=</mo>{inner}", block=True) for name, inner in found)


def _facts(contents: Contents) -> str:
    comparison = contents.comparison
    truth, wanted = comparison.truth, comparison.case.wanted
    facts = []
    if wanted.vector:
        facts.append(("w" if wanted.kind == "vjp" else "v", _vector(wanted.vector)))
    numbers = next(name for name, figures in DIGITS.items() if figures == comparison.digits)
    facts.append(
        (tr("{f} in {numbers}", f=contents.f, numbers=numbers), f'<span class="digits">{text(contents.value)}</span>')
    )
    if truth.values:
        exact = [digits(entry) for entry in truth.values]
        shown = exact[0] if not comparison.case.expression.shape else f"[{', '.join(exact)}]"
        facts.append((tr("{f}, proved", f=contents.f), f'<span class="digits">{text(shown)}</span>'))
    standing = tr(truth.status)
    if truth.derivative is not None:
        standing = tr("{status}, at {bits} bits", status=standing, bits=f"{truth.bits:,}")
    if truth.reason:
        standing = tr("{names}: {sentence}", names=standing, sentence=translate_message(truth.reason))
    facts.append((tr("truth"), text(standing)))
    inside = "\n".join(f"<dt>{name}</dt><dd>{found}</dd>" for name, found in facts)
    return f'<dl class="facts">\n{inside}\n</dl>'


def _vector(entries: Sequence[float]) -> str:
    return f"<code>[{text(', '.join(map(literal, entries)))}]</code>"


def derivatives(contents: Contents) -> str:
    """The section on numbers: the table, what its signs mean, and what methods have to say."""
    shown = derivative_table(contents)
    marked = _small(tr("Digits underlined are wrong.")) if 'class="off"' in shown else ""
    messages: dict[str, list[str]] = {}
    for row in contents.rows:
        if row.message:
            messages.setdefault(row.message, []).append(row.method)
    remarks = "".join(
        f"<li>{text(tr('{names}: {sentence}', names=tr(', ').join(who), sentence=what))}</li>"
        for what, who in messages.items()
    )
    listed = f'<ul class="notes">{remarks}</ul>' if remarks else ""
    return "\n".join(part for part in (box(shown, tr("Derivatives by method"), sticky=True), marked, listed) if part)


def _small(sentence: str) -> str:
    return f'<p class="soft"><small>{text(sentence)}</small></p>'


def operations(contents: Contents) -> str:
    """The section on costs."""
    notes = [tr("Executed for value and derivative together; constants, copies and comparisons are free.")]
    if contents.remembers:
        notes.append(tr("Tape: operations remembered for the way back. Peak: values alive at the same time."))
    return f"{box(operations_table(contents), tr('Operations by method'), sticky=True)}\n{_small(join(notes))}"


def symbolic(contents: Contents) -> str:
    """SymPy's formulas and how large they are; claimed ones."""
    items = [
        _formula(note.name.label, note.text, fraction(note.name.above, note.name.below))
        for note in contents.notes_of("formula")
    ]
    items += [
        _formula(tr("claimed for {name}", name=note.name.label), note.text) for note in contents.notes_of("claim")
    ]
    size = "".join(f'<p class="soft">{text(prose(note))}</p>' for note in contents.notes_of("swell"))
    return "\n".join([*items, size]) if items or size else ""


def _formula(name: str, found: str, left: str = "") -> str:
    shown = formula(found, left)
    drawn = f'<div class="formula">{shown}</div>' if shown else ""
    return f'<div>{drawn}<p class="typed">{text(name)} = {code(found)}</p></div>'


def notes(contents: Contents) -> str:
    items = "".join(f"<li>{text(caution)}</li>" for caution in contents.cautions)
    return f'<ul class="notes">{items}</ul>' if items else ""


def sections(contents: Contents) -> Iterator[tuple[str, str, str]]:
    """What a page says of a comparison: the address, the title and the body of each section."""
    yield "derivatives", tr("Derivatives"), derivatives(contents)
    yield "operations", tr("Operations"), operations(contents)
    yield "formulas", tr("SymPy’s formulas" if contents.notes_of("formula") else "Formulas"), symbolic(contents)
    yield "notes", tr("Notes"), notes(contents)


def section(address: str, title: str, body: str) -> str:
    return f'<section aria-labelledby="{address}">\n<h2 id="{address}">{title}</h2>\n{body}\n</section>' if body else ""


def title_of(result: Result) -> str:
    source = result.expression if isinstance(result, Failure) else result.case.expression.source
    shown = one_line(source)
    return shown if len(shown) <= 80 else f"{shown[:79]}…"


def eyebrow() -> str:
    """What kind of page it is, above its title."""
    return f'<p class="eyebrow">{tr("Derivatives compared")}</p>'


def _single(contents: Contents) -> str:
    parts = [eyebrow(), heading(contents)]
    parts += [section(*one) for one in sections(contents)]
    return opening(title_of(contents.comparison)) + "\n".join(part for part in parts if part) + "\n" + ending()


def _broken(failure: Failure) -> str:
    hint = f"<p>{text(translate_message(failure.hint))}</p>" if failure.hint else ""
    told = f'<h1>{verdict("error")}</h1>\n<p class="lead">{text(translate_message(failure.message))}</p>\n{hint}'
    return f"{opening(title_of(failure))}{told}<p>{code(failure.expression)}</p>\n{ending()}"


# --- in a notebook
def table_html(comparison: Comparison) -> str:
    """A fragment for a notebook: formula, point, table and closing sentences, in the notebook's own colours."""
    contents = Contents(comparison)
    lines, style = _lines(contents), asset("notebook.css")
    if comparison.case.expression.traced:
        lines += f"<p>{_source_line(contents)}</p>"
    at = f"<p>{tr('at {source}', source=code(contents.point))}</p>" if contents.point else ""
    return (
        f'<div class="diff-compare"><style>{style}</style>{lines or f"<p>{code(contents.function)}</p>"}{at}'
        f'<div class="scroll">{derivative_table(contents, most=LISTED)}</div>'
        f'<div class="scroll">{operations_table(contents)}</div>'
        f"<p>{text(contents.closing)}</p></div>"
    )


class Report:
    """A page of one comparison; of a batch a page whose rows are written as they come."""

    def __init__(self, single: bool) -> None:
        self.single = single

    def begin(self) -> str:
        return "" if self.single else listing.begin()

    def add(self, result: Result) -> str:
        if not self.single:
            return listing.item(result)
        return _broken(result) if isinstance(result, Failure) else _single(Contents(result))

    def end(self) -> str:
        return "" if self.single else listing.end()
