"""Markdown, as GitHub renders it: one comparison as a page, a batch as one table. Numbers are never cut.

What a written page shows of a result, before any markup, is here too: LaTeX has
the same cells. In a table a bar is escaped even inside a code span.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from diffcli.batch.rows import Failure, Result
from diffcli.case import tuples, understood, written
from diffcli.comparison import Comparison, Measurement
from diffcli.language import joined, say, translated
from diffcli.program import Cost
from diffcli.reports.names import labels, names
from diffcli.reports.sentences import closing, counted, lost, proved, ulps
from diffcli.syntax.rendering import literal
from diffcli.syntax.shapes import nested

COSTS = ("error", "lost", "operations", "× f", "verdict")
BATCH = ("line", "expression", "method", "verdict", "error", "lost", "operations", "message")
LONGEST_FORMULA = 1000
"""A longer derivative of SymPy's is in the JSON only."""

_WIDEST = 6
"""Beyond this many variables each is a row, not a column."""

_SIGNS = (("add", "+"), ("neg", "-"), ("mul", "×"), ("div", "÷"), ("pow", "^"), ("func", "ƒ"))
_RIGHT = {"line", "error", "lost", "× f"}
_MARKS = re.compile(r"([\\`*_|<>\[\]&~$])")

Row = Sequence[str]


# --- what is shown, before any markup
def headings(comparison: Comparison) -> tuple[str, str]:
    """The function as it was understood, and the point: `f(x) = x**2` and `x = 3`."""
    case = comparison.case
    names = case.expression.variables
    point = ", ".join(f"{name} = {written(value)}" for name, value in case.at.items())
    name = f"f({', '.join(names)})" if names else "f"
    before, semicolon, result = understood(case).rpartition("; ")
    return f"{before}{semicolon}{name} = {result}", point


def value(comparison: Comparison) -> str:
    """The function's value as it is typed, also that of a vector."""
    return written(tuples(nested(comparison.case.expression.shape, comparison.values)))


def derivatives(measurement: Measurement, number: int) -> list[str]:
    """One number per entry; dashes where a method did not answer."""
    found = measurement.derivative
    return ["–"] * number if found is None else [literal(entry) for entry in found]


def truths(comparison: Comparison) -> list[tuple[str, list[str]]]:
    """The proved derivative with all its digits; at a kink the two sides as well."""
    truth = comparison.truth
    if truth.derivative is None:
        return [(say("truth"), ["–"] * len(comparison.entries))]
    rows = [(say("truth"), [proved(entry) for entry in truth.derivative])]
    for where, ends in (("from left", truth.left), ("from right", truth.right)):
        if ends is not None:
            pairs = zip(truth.derivative, ends, strict=True)
            rows.append((say(where), ["" if entry is not None else proved(end) for entry, end in pairs]))
    return rows


def standing(comparison: Comparison) -> str:
    """What the truth's row has for a verdict."""
    return say("proved" if comparison.truth.derivative is not None else comparison.truth.status)


def costs(comparison: Comparison, measurement: Measurement) -> list[str]:
    """The cells of `COSTS`."""
    own, cost = comparison.cost.total, measurement.cost
    ratio = "–" if cost is None or not own else f"{cost.total / own:.1f}"
    return [ulps(measurement.max_ulp), lost(measurement.bits), _operations(cost), ratio, say(measurement.verdict)]


def _operations(cost: Cost | None) -> str:
    """`10 (4+ 1- 1× 1÷ 3ƒ)`: additions, negations, products, quotients, powers, functions."""
    if cost is None:
        return "–"
    classes = " ".join(f"{getattr(cost, name)}{sign}" for name, sign in _SIGNS if getattr(cost, name))
    return f"{cost.total:,} ({classes})" if classes else f"{cost.total:,}"


def formulas(comparison: Comparison) -> list[tuple[tuple[str, str], str]]:
    """SymPy's derivatives: the name, above and below the bar, and the formula."""
    return [
        (name, formula)
        for measurement in comparison.measurements
        if measurement.formulas is not None
        for name, formula in zip(names(comparison), measurement.formulas, strict=True)
        if len(formula) <= LONGEST_FORMULA
    ]


def swell(comparison: Comparison) -> list[str]:
    """How large SymPy's formulas are, where they repeat themselves."""
    template = "SymPy's formulas as written: {size}; {executed} executed, sharing what is equal."
    return [
        say(template, size=counted(written.total, "operation"), executed=f"{cost.total:,}")
        for written, cost in ((m.written, m.cost) for m in comparison.measurements)
        if written and cost and written.total > cost.total and comparison.entries
    ]


def batch_rows(result: Result) -> list[list[str]]:
    """The cells of `BATCH`: a row per method, or one for a row that could not be read."""
    if isinstance(result, Failure):
        message = translated(result.message)
        return [[_line(result.line), one_line(result.expression), "", translated("error"), "–", "–", "–", message]]
    place = [_line(result.case.line), one_line(result.case.expression.source)]
    found = []
    for measurement in result.measurements:
        error, bits, operations, _, verdict = costs(result, measurement)
        found.append([*place, measurement.method, verdict, error, bits, operations, translated(measurement.message)])
    return found


def _line(number: int | None) -> str:
    return "" if number is None else str(number)


def one_line(text: str) -> str:
    """Statements on lines of their own, joined.

    >>> one_line("a = x*y\\na + sin(a)")
    'a = x*y; a + sin(a)'
    """
    return re.sub(r"\s*[\r\n]\s*", "; ", text.strip())


# --- the markup
def escaped(text: str) -> str:
    r"""Text that means itself.

    >>> escaped("a_1*b | `c`")
    'a\\_1\\*b \\| \\`c\\`'
    """
    return _MARKS.sub(r"\\\1", re.sub(r"[\r\n]+", " ", text))


def code(text: str, in_table: bool = False) -> str:
    r"""A code span: its fence is longer than any run of backticks in it.

    A bar behind a backslash has no escape that every reader of tables splits alike: HTML says it.

    >>> code("a`b"), code("a|b", in_table=True), code("a\\|b", in_table=True)
    ('``a`b``', '`a\\|b`', '<code>a&#92;&#124;b</code>')
    """
    text = one_line(text)
    if not text:
        return ""
    if in_table and "\\|" in text:
        entities = re.sub(r"[^\w\s]|_", lambda mark: f"&#{ord(mark.group())};", text)
        return f"<code>{entities}</code>"
    fence = "`" * (1 + max((len(run) for run in re.findall("`+", text)), default=0))
    blank = " " if text[0] == "`" or text[-1] == "`" else ""
    span = f"{fence}{blank}{text}{blank}{fence}"
    return span.replace("|", "\\|") if in_table else span


def _row(cells: Row) -> str:
    return f"| {' | '.join(cells)} |\n"


def _head(names: Row) -> str:
    right = {say(name) for name in _RIGHT}
    return _row([escaped(name) for name in names]) + _row(["---:" if name in right else "---" for name in names])


def _table(names: Row, lines: Sequence[Row]) -> str:
    return _head(names) + "".join(_row([escaped(cell) for cell in line]) for line in lines)


class Report:
    """A page of headings, tables and sentences; of a batch a table that grows by a row per method."""

    def __init__(self, single: bool) -> None:
        self.single = single

    def begin(self) -> str:
        return "" if self.single else _head(list(map(say, BATCH)))

    def add(self, result: Result) -> str:
        if not self.single:
            return "".join(_batch_row(cells) for cells in batch_rows(result))
        if isinstance(result, Failure):
            return f"## {code(result.expression)}\n\n{say('error: ')}{escaped(translated(result.message))}\n"
        parts = [_heading(result), *_tables(result), _formulas(result), *map(escaped, swell(result))]
        return "\n\n".join(part.strip("\n") for part in [*parts, escaped(joined(closing(result)))] if part) + "\n"

    def end(self) -> str:
        return ""


def _batch_row(cells: Row) -> str:
    line, expression, *others = cells
    return _row([line, code(expression, in_table=True), *[escaped(cell) for cell in others]])


def _heading(comparison: Comparison) -> str:
    function, point = headings(comparison)
    at = say(" at {point}", point=code(point)) if point else ""
    notes = "".join(
        f"\n\n{escaped(say('Note: {note}', note=translated(note)))}" for note in comparison.case.expression.notes
    )
    said = f"f = {value(comparison)}, {counted(comparison.cost.total, 'operation')}"
    return f"## {code(function)}{at}\n\n{said}{notes}"


def _tables(comparison: Comparison) -> list[str]:
    """A column per variable; where they are many a row per variable, and the costs apart."""
    measurements, exact = comparison.measurements, truths(comparison)
    columns = labels(comparison)
    found = [derivatives(measurement, len(columns)) for measurement in measurements]
    if len(columns) <= _WIDEST:
        lines = [[m.method, *entries, *costs(comparison, m)] for m, entries in zip(measurements, found, strict=True)]
        ends = [[who, *entries, "", "", "", "", ""] for who, entries in exact]
        ends[0][-1] = standing(comparison)
        return [_table([say("method"), *columns, *map(say, COSTS)], [*lines, *ends])]
    cells = [columns, *found, *[entries for _, entries in exact]]
    header = ["", *[m.method for m in measurements], *[who for who, _ in exact]]
    lines = [[m.method, *costs(comparison, m)] for m in measurements]
    return [_table(header, list(zip(*cells, strict=True))), _table([say("method"), *map(say, COSTS)], lines)]


def _formulas(comparison: Comparison) -> str:
    lines = [f"- {escaped('/'.join(filter(None, name)))} = {code(formula)}" for name, formula in formulas(comparison)]
    return "\n".join([say("SymPy's formulas:"), "", *lines]) if lines else ""
