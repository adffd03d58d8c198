"""A batch as a list to sort and search: its rows in the order of the file, written as they come.

The list is a plain table; `rows.js` sorts it, the worst first, and counts what it tallies from the rows.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from math import isfinite

from diffcli.batch.rows import Failure, Result
from diffcli.comparison.result import Comparison, Measurement
from diffcli.locale.language import tr, translate_message
from diffcli.reports.cells import Contents
from diffcli.reports.page.document import asset, ending, opening, text
from diffcli.reports.page.tables import LISTED, RANKS, SIGNS, derivative_table, verdict
from diffcli.reports.rows import Column, columns, extremes, one_line, verdict_name

KEYS = ("line", "expression", "verdict", "bits", "error", "operations")
"""Of its columns: what the script sorts by."""
_SCRIPT = ("any ({count})", "1 row shown", "{count} rows shown", "{count} of {all} rows shown",
           "{shown} (of {total})")  # fmt: skip
"""What the script says."""

EARLY = 'document.documentElement.className = "sorting";'
"""The script before the rows: a browser need not lay out those that will be put in another order."""


def _columns() -> list[tuple[str, Column]]:
    *cells, fewest = KEYS
    return [*zip(cells, columns(cells), strict=True), (fewest, Column(tr("fewest operations"), right=True))]


def _class(column: Column) -> str:
    return "right" if column.right else "left"


def _label(key: str, column: Column) -> str:
    """The name that a narrow screen shows beside a cell; a verdict needs none."""
    return "" if key == "verdict" else f' data-name="{column.heading}"'


def begin() -> str:
    """The page up to its first row."""
    title, tallies = tr("Derivatives compared"), tr("Verdicts by method")
    heads = "".join(
        f'<th scope="col" data-key="{key}" class="{_class(column)}">{column.heading}</th>' for key, column in _columns()
    )
    words = {name: verdict_name(name) for name in SIGNS} | dict(zip(_SCRIPT, map(tr, _SCRIPT), strict=True))
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


def end() -> str:
    """What stands behind the last row."""
    more = (
        '</table>\n</div>\n<div id="further" class="buttons" hidden>'
        f'<button type="button" id="some">{tr("Show 1,000 more")}</button>'
        f'<button type="button" id="all">{tr("Show all")}</button></div>\n'
    )
    return more + ending(script=asset("rows.js"))


def item(result: Result) -> str:
    """One row of a batch, and what it opens to."""
    return _failure_item(result) if isinstance(result, Failure) else _comparison_item(result)


def _comparison_item(comparison: Comparison) -> str:
    case, measurements = comparison.case, comparison.measurements
    worst, contents = extremes(comparison), Contents(comparison)
    data = {
        "line": case.line, "rank": max((RANKS[m.word] for m in measurements), default=0),
        "bits": None if worst.bits is None else round(worst.bits, 3),
        "ulp": None if worst.ulp is None else _javascript(worst.ulp),
        "operations": worst.operations, "verdicts": " ".join(f"{m.method}={m.word}" for m in measurements),
    }  # fmt: skip
    at = tr(" at {point}", point=contents.point).strip() if contents.point else ""
    below = " · ".join(part for part in (case.id or "", at) if part)
    cells = [_verdicts(measurements), text(worst.lost_bits), text(worst.error), worst.fewest]
    details = f"<p>{text(contents.closing)}</p>{derivative_table(contents, most=LISTED)}"
    return _body(data, case.line, case.expression.source, below, cells, details)


def _failure_item(failure: Failure) -> str:
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
    (_, place), _, *others = _columns()
    named = "".join(
        f'<td{_label(key, column)} class="{_class(column)}">{cell}</td>'
        for (key, column), cell in zip(others, cells, strict=True)
    )
    number = "" if line is None else str(line)
    first = f'<tr><td class="right" data-name="{place.heading}">{number}</td><th scope="row">{head}</th>{named}</tr>'
    more = f'<tr class="more"><td colspan="{len(KEYS)}">{_whole(source)}<div class="box">{details}</div></td></tr>'
    return f"<tbody{marks}>{first}\n{more}</tbody>\n"


_SHOWN = 240


def _short(source: str) -> str:
    shown = one_line(source)
    return f"<code>{text(shown if len(shown) <= _SHOWN else shown[:_SHOWN] + ' …')}</code>"


def _whole(source: str) -> str:
    """What a row had no room for."""
    return "" if len(one_line(source)) <= _SHOWN else f"<p><code>{text(one_line(source))}</code></p>"
