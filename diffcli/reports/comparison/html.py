"""HTML: one comparison as a page to read, a batch as a list to sort and search. Numbers are never cut.

A page fetches nothing. The answer stands first, in words; digits that are wrong
are underlined. A batch is a plain table in the order of its rows, which a small
script sorts, the worst first; what it tallies it counts from the rows.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from math import floor, inf, isfinite, log10

from diffcli.batch.rows import Failure, Result
from diffcli.comparison.result import CLAIM, Comparison, Measurement
from diffcli.core.program import Cost
from diffcli.locale.language import join, tr, translate_message
from diffcli.numbers import DIGITS
from diffcli.reports.cells import derivative, formulas, headings, one_line, standing, swell, truths, value
from diffcli.reports.names import labels
from diffcli.reports.page.document import Cell, asset, box, ending, opening, row, table, text
from diffcli.reports.page.formulas import applied, formula, fraction, math, named_formula, statements
from diffcli.reports.sentences import closing, rounded, ulps
from diffcli.syntax.rendering import literal
from diffcli.truth.accuracy import Error
from diffcli.truth.certify import digits

SIGNS = {
    "ok": "✓", "right": "✓", "kink": "∧", "no-truth": "?", "undecided": "?", "missing": "–", "unsupported": "–",
    "domain": "∅", "error": "!", "timeout": "…", "failed": "!", "disagree": "≠", "nonfinite": "∞", "inaccurate": "✗",
    "wrong": "✗",
}  # fmt: skip
"""Verdicts from the best to the worst, each with its sign."""

RANKS = {name: rank for rank, name in enumerate(SIGNS)} | {"nonfinite": len(SIGNS) - 2}
"""What is not finite and what is inaccurate are both wrong: the error tells them apart."""

_WIDEST = 4
"""Beyond this many entries each is a row, not a column."""
_LISTED = 12
"""Entries of a derivative that a row of a batch opens to; the JSON has all."""
_LONGEST = 2000
"""Longer text is folded."""
_CLASSES = (("add", "+"), ("neg", "−"), ("mul", "×"), ("div", "÷"), ("pow", "^"), ("func", "ƒ"))
_WORDS = {"add": "additions and subtractions", "neg": "negations", "mul": "products", "div": "divisions",
          "pow": "powers", "func": "calls of functions"}  # fmt: skip
_RIGHT_ENOUGH = 15
"""Figures of a float64 that are always right: an error behind them is rounding."""


# --- small parts
def verdict(name: str, more: str = "") -> str:
    """A verdict by its sign and its word.

    >>> verdict("ok")
    '<span class="verdict v-ok"><b aria-hidden="true">✓</b>ok</span>'
    """
    word = f'<span class="verdict v-{name}"><b aria-hidden="true">{SIGNS[name]}</b>{text(said(name))}</span>'
    return tr("{names}: {sentence}", names=word, sentence=text(more)) if more else word


def said(verdict: str) -> str:
    """A verdict as a word; that of a row which could not be read as well."""
    return tr("error", context="verdict") if verdict == "error" else tr(verdict)


def digits_marked(written: str, relative: float | None) -> str:
    """A number whose wrong digits are marked, as far as its relative error reaches.

    >>> digits_marked("1.2345", 2e-3)
    '1.23<span class="off">45</span>'
    """
    if relative is None or relative < 10.0**-_RIGHT_ENOUGH:
        return text(written)
    if not relative < 1:
        return f'<span class="off">{text(written)}</span>'
    mantissa, mark, exponent = written.partition("e")
    number = abs(Decimal(written))
    leading = float(number.scaleb(-number.adjusted()))
    right = max(0, floor(1 - log10(2 * relative * leading)))  # within half a unit of their last place
    figures = [place for place, char in enumerate(mantissa) if char.isdigit() and mantissa[: place + 1].strip("-0.")]
    if len(figures) <= right:
        return text(written)
    place = figures[right]
    return f'{text(mantissa[:place])}<span class="off">{text(mantissa[place:])}</span>{text(mark + exponent)}'


def _digits(inner: str) -> Cell:
    return f'<span class="digits">{inner}</span>', ""


def code(source: str) -> str:
    """Typed text; what is very long is folded."""
    shown = one_line(source)
    if len(shown) <= _LONGEST:
        return f"<code>{text(shown)}</code>"
    return f"<details><summary><code>{text(shown[:160])} …</code></summary><code>{text(shown)}</code></details>"


# --- the tables of one comparison
def derivative_table(comparison: Comparison, caption: str = "", most: int | None = None) -> str:
    """Every method's verdict, loss, error and derivative, and the truth below; a row per entry where they are many."""
    if comparison.size <= _WIDEST:
        return _together(comparison, caption)
    judged = table(
        _judged_names(), [row(_head(m.method), _judged(m, comparison.digits)) for m in comparison.measurements], caption
    )
    return f"{judged}\n{_by_entry(comparison, most)}"


def _judged_names() -> list[Cell]:
    return [(tr("method"), ""), (tr("verdict"), ""), (tr("bits lost"), "right"), (tr("error"), "right")]


def _head(name: str) -> str:
    return text(name)


def _judged(measurement: Measurement, digits: int) -> list[Cell]:
    return [
        (verdict(measurement.word), ""),
        (text(_lost(measurement.bits, digits)), "right"),
        (text(ulps(measurement.max_ulp)), "right"),
    ]


def _lost(bits: float | None, digits: int) -> str:
    """Bits under a heading that names them."""
    if bits is None:
        return "–"
    return tr("all") if bits >= digits - 0.5 else rounded(bits)


def _together(comparison: Comparison, caption: str) -> str:
    names = [*_judged_names(), *[(text(label), "") for label in labels(comparison)]]
    rows = [
        row(_head(m.method), [*_judged(m, comparison.digits), *_found(comparison, m)]) for m in comparison.measurements
    ]
    foot = []
    for k, (who, entries) in enumerate(truths(comparison)):
        cells = [(text(standing(comparison)) if not k else "", ""), ("", ""), ("", "")]
        foot.append(row(text(who), [*cells, *[_digits(text(entry)) for entry in entries]]))
    return table(names, rows, caption, foot)


def _found(comparison: Comparison, measurement: Measurement) -> list[Cell]:
    """The derivative's entries, wrong digits marked."""
    found = measurement.derivative
    if found is None:
        return [("–", "") for _ in range(comparison.size)]
    errors = measurement.errors or (None,) * len(found)
    relative = [
        None if error is None else _off(error, comparison.tolerance) if isfinite(entry) else inf
        for entry, error in zip(found, errors, strict=True)
    ]
    return [
        _digits(digits_marked(derivative(comparison, entry), off)) for entry, off in zip(found, relative, strict=True)
    ]


def _off(error: Error, tolerance: float) -> float | None:
    """How far an entry is from the truth, relatively; what rounding explains beside 0 is no wrong digit."""
    return None if error.scale is not None and error.ulp <= tolerance else error.relative


def _by_entry(comparison: Comparison, most: int | None) -> str:
    exact = truths(comparison)
    found = [_found(comparison, m) for m in comparison.measurements]
    names = [(tr("entry"), ""), *[(_head(m.method), "") for m in comparison.measurements]]
    names += [(text(who), "") for who, _ in exact]
    cells = [*found, *[[_digits(text(entry)) for entry in entries] for _, entries in exact]]
    rows = [row(text(label), line) for label, *line in zip(labels(comparison)[:most], *cells, strict=False)]
    left = comparison.size - len(rows)
    if not left:
        return table(names, rows)
    more = tr("and {count} more entries, which the JSON has", count=f"{left:,}")
    return f'{table(names, rows)}<p class="soft">{more}</p>'


def operations_table(comparison: Comparison, caption: str = "") -> str:
    """Operations by class, executed by the function alone and by every method; the tape where it was measured."""
    own = comparison.cost
    memory = any(m.memory for m in comparison.measurements)
    names: list[Cell] = [(tr("method"), "")]
    names += [(f'<abbr title="{tr(_WORDS[name])}">{sign}</abbr>', "right") for name, sign in _CLASSES]
    names += [(tr("operations"), "right"), (tr("× f"), "right")]
    names += [(tr("tape"), "right"), (tr("peak"), "right")] if memory else []
    blank: list[Cell] = [("", "")] * (2 * memory)
    rows = [row(tr("f alone"), [*_costs(own, own.total), *blank])]
    for measurement in comparison.measurements:
        remembered = measurement.memory
        ends: list[Cell] = []
        if memory:
            tape = "–" if remembered is None or remembered.tape is None else f"{remembered.tape:,}"
            ends = [(tape, "right"), ("–" if remembered is None else f"{remembered.peak:,}", "right")]
        rows.append(row(_head(measurement.method), [*_costs(measurement.cost, own.total), *ends]))
    return table(names, rows, caption)


def _costs(cost: Cost | None, own: int) -> list[Cell]:
    if cost is None:
        return [("–", "right")] * (len(_CLASSES) + 2)
    classes = [getattr(cost, name) for name, _ in _CLASSES]
    ratio = f"{cost.total / own:.1f}" if own else "–"
    shown = [*[f"{number:,}" if number else "·" for number in classes], f"{cost.total:,}", ratio]
    return [(one, "right") for one in shown]


# --- one comparison as a page
def heading(comparison: Comparison) -> str:
    """The formula, as mathematics and as it was typed, the point, the answer, and what is known of the value."""
    names = comparison.case.expression.variables
    point = headings(comparison)[1]
    lines = _lines(comparison)
    # a long formula is no heading: it is read below
    title = f'<h1 class="formula">{lines}</h1>' if lines else f"<h1>f({text(', '.join(names))})</h1>"
    typed = [_typed(comparison)]
    if point:
        typed.append(tr("at {source}", source=code(point)))
    lines_typed = [f'<p class="typed">{line}</p>' for line in typed]
    answer = f'<p class="lead">{text(join(closing(comparison)))}</p>'
    return "\n".join([title, *lines_typed, answer, _facts(comparison)])


def _typed(comparison: Comparison) -> str:
    source = code(comparison.case.expression.source)
    return tr("the Python function {source}" if comparison.case.expression.traced else "typed {source}", source=source)


def _lines(comparison: Comparison) -> str:
    """Statement under statement; a Python function is called by its name, where it has one."""
    expression = comparison.case.expression
    f = applied("f", expression.variables)
    if expression.traced:
        name = re.split("[:.]", expression.source)[-1]
        return math(f"{f}<mo>=</mo>{applied(name, expression.variables)}", block=True) if name.isidentifier() else ""
    found = statements(expression.source)
    if found is None:
        return ""
    return "".join(math(f"{named_formula(name) if name else f}<mo>=</mo>{inner}", block=True) for name, inner in found)


def _facts(comparison: Comparison) -> str:
    truth, wanted = comparison.truth, comparison.case.wanted
    facts = []
    if wanted.vector:
        facts.append(("w" if wanted.kind == "vjp" else "v", _vector(wanted.vector)))
    numbers = next(name for name, figures in DIGITS.items() if figures == comparison.digits)
    facts.append((tr("f in {numbers}", numbers=numbers), f'<span class="digits">{text(value(comparison))}</span>'))
    if truth.values:
        exact = [digits(entry) for entry in truth.values]
        shown = exact[0] if not comparison.case.expression.shape else f"[{', '.join(exact)}]"
        facts.append((tr("f, proved"), f'<span class="digits">{text(shown)}</span>'))
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


def derivatives(comparison: Comparison) -> str:
    """The section on numbers: the table, what its signs mean, and what methods have to say."""
    shown = derivative_table(comparison)
    marked = _small(tr("Digits underlined are wrong.")) if 'class="off"' in shown else ""
    messages: dict[str, list[str]] = {}
    for measurement in comparison.measurements:
        if measurement.message:
            messages.setdefault(measurement.message, []).append(measurement.method)
    remarks = "".join(
        f"<li>{text(tr('{names}: {sentence}', names=tr(', ').join(who), sentence=translate_message(what)))}</li>"
        for what, who in messages.items()
    )
    listed = f'<ul class="notes">{remarks}</ul>' if remarks else ""
    return "\n".join(part for part in (box(shown, tr("Derivatives by method"), sticky=True), marked, listed) if part)


def _small(sentence: str) -> str:
    return f'<p class="soft"><small>{text(sentence)}</small></p>'


def operations(comparison: Comparison) -> str:
    """The section on costs."""
    notes = [tr("Executed for value and derivative together; constants, copies and comparisons are free.")]
    if any(m.memory for m in comparison.measurements):
        notes.append(tr("Tape: operations remembered for the way back. Peak: values alive at the same time."))
    return f"{box(operations_table(comparison), tr('Operations by method'), sticky=True)}\n{_small(join(notes))}"


def symbolic(comparison: Comparison) -> str:
    """SymPy's formulas and how large they are; claimed ones."""
    items = [_formula("/".join(filter(None, name)), found, fraction(*name)) for name, found in formulas(comparison)]
    for measurement in comparison.measurements:
        if measurement.claim is not None and measurement.claim.formulas:
            pairs = zip(comparison.case.wrt, measurement.claim.formulas, strict=True)
            items += [_formula(tr("claimed for {name}", name=name), found) for name, found in pairs]
    size = "".join(f'<p class="soft">{text(line)}</p>' for line in swell(comparison))
    return "\n".join([*items, size]) if items or size else ""


def _formula(name: str, found: str, left: str = "") -> str:
    shown = formula(found, left)
    drawn = f'<div class="formula">{shown}</div>' if shown else ""
    return f'<div>{drawn}<p class="typed">{text(name)} = {code(found)}</p></div>'


def notes(comparison: Comparison) -> str:
    items = "".join(f"<li>{text(translate_message(note))}</li>" for note in comparison.notes)
    return f'<ul class="notes">{items}</ul>' if items else ""


def sections(comparison: Comparison) -> Iterator[tuple[str, str, str]]:
    """What a page says of a comparison: the address, the title and the body of each section."""
    yield "derivatives", tr("Derivatives"), derivatives(comparison)
    yield "operations", tr("Operations"), operations(comparison)
    yield "formulas", tr("SymPy’s formulas" if formulas(comparison) else "Formulas"), symbolic(comparison)
    yield "notes", tr("Notes"), notes(comparison)


def section(address: str, title: str, body: str) -> str:
    return f'<section aria-labelledby="{address}">\n<h2 id="{address}">{title}</h2>\n{body}\n</section>' if body else ""


def title_of(result: Result) -> str:
    source = result.expression if isinstance(result, Failure) else result.case.expression.source
    shown = one_line(source)
    return shown if len(shown) <= 80 else f"{shown[:79]}…"


def eyebrow() -> str:
    """What kind of page it is, above its title."""
    return f'<p class="eyebrow">{tr("Derivatives compared")}</p>'


def _single(comparison: Comparison) -> str:
    parts = [eyebrow(), heading(comparison)]
    parts += [section(*one) for one in sections(comparison)]
    return opening(title_of(comparison)) + "\n".join(part for part in parts if part) + "\n" + ending()


def _broken(failure: Failure) -> str:
    hint = f"<p>{text(translate_message(failure.hint))}</p>" if failure.hint else ""
    told = f'<h1>{verdict("error")}</h1>\n<p class="lead">{text(translate_message(failure.message))}</p>\n{hint}'
    return f"{opening(title_of(failure))}{told}<p>{code(failure.expression)}</p>\n{ending()}"


# --- a batch
COLUMNS: tuple[tuple[str, str], ...] = (
    ("line", "right"), ("expression", "left"), ("verdict", "left"), ("bits", "right"), ("error", "right"),
    ("operations", "right"),
)  # fmt: skip
"""Of a batch: the key to sort by, the class."""
_NAMES = ("line", "expression", "verdict", "bits lost", "error", "fewest operations")
"""Their headings."""
_SCRIPT = ("any ({count})", "1 row shown", "{count} rows shown", "{count} of {all} rows shown",
           "{shown} (of {total})")  # fmt: skip
"""What the script says."""


EARLY = 'document.documentElement.className = "sorting";'
"""The script before the rows: a browser need not lay out those that will be put in another order."""


def _list_begins() -> str:
    title, tallies = tr("Derivatives compared"), tr("Verdicts by method")
    heads = "".join(
        f'<th scope="col" data-key="{key}" class="{kind}">{name}</th>'
        for (key, kind), name in zip(COLUMNS, map(tr, _NAMES), strict=True)
    )
    words = {name: said(name) for name in SIGNS} | dict(zip(_SCRIPT, map(tr, _SCRIPT), strict=True))
    order = text(json.dumps(sorted(SIGNS, key=lambda name: -RANKS[name])))
    return (
        f"{opening(title, EARLY, asset('rows.js'), unscripted=asset('unscripted.css'))}<script>{EARLY}</script>\n"
        f'<p class="eyebrow">diff-compare</p>\n<h1>{title}</h1>\n'
        f'<div id="tallies" class="box" role="region" tabindex="0" aria-label="{tallies}" hidden><table>'
        f'<caption>{tallies}</caption><thead><tr id="tally-head"><th scope="col">{tr("method")}</th></tr></thead>'
        '<tbody id="tally-body"></tbody></table></div>\n'
        f'<div id="controls" hidden><div class="controls"><label for="find">{tr("Search")}<input id="find" '
        f'type="search" placeholder="{tr("expression, id, message")}" autocomplete="off"></label>'
        f'<label for="verdict">{tr("Verdict")}<select id="verdict"></select></label>'
        f'<label for="sorting" class="narrow">{tr("Sort by")}<select id="sorting"></select></label></div>\n'
        '<p id="status" role="status"></p></div>\n'
        f'<div class="box" role="region" tabindex="0" aria-label="{tr("Rows")}">\n'
        f'<table id="rows" data-order="{order}" data-words="{text(json.dumps(words, ensure_ascii=False))}">'
        f"<caption>{tr('An expression opens to its details.')}</caption><thead><tr>{heads}</tr></thead>\n"
    )


def _list_ends() -> str:
    more = (
        '</table>\n</div>\n<div id="further" class="buttons" hidden>'
        f'<button type="button" id="some">{tr("Show 1,000 more")}</button>'
        f'<button type="button" id="all">{tr("Show all")}</button></div>\n'
    )
    return more + ending(script=asset("rows.js"))


def _item(result: Result) -> str:
    """One row of a batch, and what it opens to."""
    return _failed(result) if isinstance(result, Failure) else _compared(result)


def _compared(comparison: Comparison) -> str:
    case, measurements = comparison.case, comparison.measurements
    errors = [m.max_ulp for m in measurements if m.max_ulp is not None]
    bits = [m.bits for m in measurements if m.bits is not None]
    costs = [m.cost.total for m in measurements if m.cost is not None and m.method != CLAIM]
    data = {
        "line": case.line, "rank": max((RANKS[m.word] for m in measurements), default=0),
        "bits": round(max(bits), 3) if bits else None, "ulp": _javascript(max(errors)) if errors else None,
        "operations": min(costs, default=None), "verdicts": " ".join(f"{m.method}={m.word}" for m in measurements),
    }  # fmt: skip
    point = headings(comparison)[1]
    at = tr(" at {point}", point=point).strip() if point else ""
    below = " · ".join(part for part in (case.id or "", at) if part)
    cells = [
        _verdicts(measurements), text(_lost(max(bits, default=None), comparison.digits)),
        text(ulps(max(errors, default=None))), f"{min(costs):,}" if costs else "–",
    ]  # fmt: skip
    details = [f"<p>{text(join(closing(comparison)))}</p>", derivative_table(comparison, most=_LISTED)]
    return _body(data, case.line, case.expression.source, below, cells, "".join(details))


def _failed(failure: Failure) -> str:
    data = {"line": failure.line, "rank": RANKS["error"], "verdicts": "=error"}
    hint = f"<p>{text(translate_message(failure.hint))}</p>" if failure.hint else ""
    message = translate_message(failure.message)
    below = " · ".join(part for part in (failure.id or "", message) if part)
    details = f"<p>{text(message)}</p>{hint}"
    return _body(data, failure.line, failure.expression, below, [verdict("error"), "–", "–", "–"], details)


def _javascript(number: float) -> str:
    return "Infinity" if not isfinite(number) else repr(number)


def _verdicts(measurements: Sequence[Measurement]) -> str:
    """One verdict, or each with its methods, the worst first."""
    by: dict[str, list[str]] = {}
    for measurement in measurements:
        by.setdefault(measurement.word, []).append(measurement.method)
    if len(by) == 1:
        return verdict(next(iter(by)))
    return "<br>".join(verdict(name, tr(", ").join(by[name])) for name in sorted(by, key=lambda name: -RANKS[name]))


def _body(
    data: Mapping[str, object], line: int | None, source: str, below: str, cells: Sequence[str], details: str
) -> str:
    marks = "".join(f' data-{name}="{text(found)}"' for name, found in data.items() if found is not None)
    beneath = f"<p>{text(below)}</p>" if below else ""
    head = f"<details><summary>{_short(source)}</summary></details>{beneath}"
    names = list(map(tr, _NAMES))
    named = [
        f'<td class="{kind}">{cell}</td>' if key == "verdict" else f'<td data-name="{name}" class="{kind}">{cell}</td>'
        for (key, kind), name, cell in zip(COLUMNS[2:], names[2:], cells, strict=True)
    ]
    number = "" if line is None else str(line)
    first = (
        f'<tr><td class="right" data-name="{names[0]}">{number}</td><th scope="row">{head}</th>{"".join(named)}</tr>'
    )
    more = f'<tr class="more"><td colspan="{len(COLUMNS)}">{_whole(source)}<div class="box">{details}</div></td></tr>'
    return f"<tbody{marks}>{first}\n{more}</tbody>\n"


_SHOWN = 240


def _short(source: str) -> str:
    shown = one_line(source)
    return f"<code>{text(shown if len(shown) <= _SHOWN else shown[:_SHOWN] + ' …')}</code>"


def _whole(source: str) -> str:
    """What a row had no room for."""
    return "" if len(one_line(source)) <= _SHOWN else f"<p><code>{text(one_line(source))}</code></p>"


# --- in a notebook
def table_html(comparison: Comparison) -> str:
    """A fragment for a notebook: formula, point, table and closing sentences, in the notebook's own colours."""
    function, point = headings(comparison)
    lines = _lines(comparison)
    if comparison.case.expression.traced:
        lines += f"<p>{_typed(comparison)}</p>"
    at = f"<p>{tr('at {source}', source=code(point))}</p>" if point else ""
    style = asset("notebook.css")
    return (
        f'<div class="diff-compare"><style>{style}</style>{lines or f"<p>{code(function)}</p>"}{at}'
        f'<div class="scroll">{derivative_table(comparison, most=_LISTED)}</div>'
        f'<div class="scroll">{operations_table(comparison)}</div>'
        f"<p>{text(join(closing(comparison)))}</p></div>"
    )


class Report:
    """A page of one comparison; of a batch a page whose rows are written as they come."""

    def __init__(self, single: bool) -> None:
        self.single = single

    def begin(self) -> str:
        return "" if self.single else _list_begins()

    def add(self, result: Result) -> str:
        if not self.single:
            return _item(result)
        return _broken(result) if isinstance(result, Failure) else _single(result)

    def end(self) -> str:
        return "" if self.single else _list_ends()
