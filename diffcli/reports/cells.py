"""What a page shows of a result, cell by cell, before any markup: every format that is read has the same."""

from __future__ import annotations

import re
from collections.abc import Callable

from diffcli.batch.rows import Failure, Result
from diffcli.comparison.result import Comparison, Measurement
from diffcli.core.program import Cost
from diffcli.locale.language import tr, translate_message
from diffcli.problem.case import headline
from diffcli.problem.point import equations, tuples, written
from diffcli.reports.names import names
from diffcli.reports.sentences import lost, operations, proved, sides, ulps
from diffcli.syntax.rendering import literal
from diffcli.syntax.shapes import nested
from diffcli.truth.accuracy import shortest

COSTS = ("error", "lost", "operations", "× f", "verdict")
BATCH = ("line", "expression", "method", "verdict", "error", "lost", "operations", "message")
LONGEST_FORMULA = 1000
"""A longer derivative of SymPy's is in the JSON only."""

_SIGNS = (("add", "+"), ("neg", "-"), ("mul", "×"), ("div", "÷"), ("pow", "^"), ("func", "ƒ"))


def headings(comparison: Comparison) -> tuple[str, str]:
    """The function as it was understood, and the point: `f(x) = x**2` and `x = 3`."""
    return headline(comparison.case), equations(comparison.case.at)


def value(comparison: Comparison) -> str:
    """The function's value as it is typed, also that of a vector."""
    values = [shortest(value, comparison.digits) for value in comparison.values]
    return written(tuples(nested(comparison.case.expression.shape, values)))


def derivative(comparison: Comparison, value: float) -> str:
    """An entry of a derivative that a method found, as it is written in its number system."""
    return literal(shortest(value, comparison.digits))


def derivatives(comparison: Comparison, measurement: Measurement) -> list[str]:
    """One number per entry; dashes where a method did not answer."""
    found = measurement.derivative
    if found is None:
        return ["–"] * comparison.size
    return [derivative(comparison, entry) for entry in found]


def truths(
    comparison: Comparison, exact: Callable[[object], str] = proved, short: Callable[[object], str] = proved
) -> list[tuple[str, list[str]]]:
    """The proved derivative, and what there is from both sides of entries that do not exist.

    `exact` writes the one, `short` the other; with all their digits, where nothing else is said.
    """
    truth = comparison.truth
    if truth.derivative is None:
        return [(tr("truth"), ["–"] * comparison.size)]
    unknown = dict.fromkeys(truth.undecided, tr("undecided"))
    rows = [(tr("truth"), [unknown.get(k) or exact(entry) for k, entry in enumerate(truth.derivative)])]
    ends = sides(truth)
    for where, end in ((tr("from left"), 0), (tr("from right"), 1)):
        if ends:
            cells = [short(ends[k][end]) if k in ends else "" for k in range(len(truth.derivative))]
            rows.append((where, cells))
    return rows


def standing(comparison: Comparison) -> str:
    """What the truth's row has for a verdict: what is proved only in part is not called proved."""
    truth = comparison.truth
    if truth.derivative is None or len(truth.undecided) == len(truth.derivative) > 0:
        return tr(truth.status)
    return tr("proved in part" if truth.undecided else "proved")


def costs(comparison: Comparison, measurement: Measurement) -> list[str]:
    """The cells of `COSTS`."""
    return [
        ulps(measurement.max_ulp),
        lost(measurement.bits, comparison.digits),
        _operations(measurement.cost),
        ratio(comparison, measurement),
        tr(measurement.word),
    ]


def ratio(comparison: Comparison, measurement: Measurement) -> str:
    """How many times the operations of f alone."""
    own, cost = comparison.cost.total, measurement.cost
    return "–" if cost is None or not own else f"{cost.total / own:.1f}"


def by_class(cost: Cost) -> str:
    """`4+ 1- 1× 1÷ 3ƒ`: additions, negations, products, quotients, powers, functions."""
    return " ".join(f"{getattr(cost, name)}{sign}" for name, sign in _SIGNS if getattr(cost, name))


def _operations(cost: Cost | None) -> str:
    """`10 (4+ 1- 1× 1÷ 3ƒ)`."""
    if cost is None:
        return "–"
    return f"{cost.total:,} ({by_class(cost)})" if cost.total else "0"


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
        tr(template, size=operations(written.total), executed=f"{cost.total:,}")
        for written, cost in ((m.written, m.cost) for m in comparison.measurements)
        if written and cost and written.total > cost.total and comparison.size
    ]


def remarks(comparison: Comparison) -> list[str]:
    """A line for every step of differences, remark and claim, and for what is remembered, where it was measured."""
    lines = []
    for measurement in comparison.measurements:
        if measurement.steps is not None:
            lines.append(f"{measurement.method}: {translate_message(measurement.steps.said)}")
        if measurement.remark:
            lines.append(f"{measurement.method}: {translate_message(measurement.remark)}")
        if measurement.claim is not None and measurement.claim.formulas:
            pairs = zip(comparison.case.wrt, measurement.claim.formulas, strict=True)
            lines += [f"{name}: {formula}{tr('   (claimed)')}" for name, formula in pairs]
        if measurement.memory is not None:
            tape = "–" if measurement.memory.tape is None else f"{measurement.memory.tape:,}"
            template = "{method}: {tape} operations on the tape, {peak} values at the peak"
            lines.append(tr(template, method=measurement.method, tape=tape, peak=f"{measurement.memory.peak:,}"))
    return lines


def batch_rows(result: Result) -> list[list[str]]:
    """The cells of `BATCH`: a row per method, or one for a row that could not be read."""
    if isinstance(result, Failure):
        message = translate_message(result.message)
        return [
            [
                _line(result.line),
                one_line(result.expression),
                "",
                tr("error", context="verdict"),
                "–",
                "–",
                "–",
                message,
            ]
        ]
    place = [_line(result.case.line), one_line(result.case.expression.source)]
    found = []
    for measurement in result.measurements:
        error, bits, operations, _, verdict = costs(result, measurement)
        found.append(
            [*place, measurement.method, verdict, error, bits, operations, translate_message(measurement.message)]
        )
    return found


def _line(number: int | None) -> str:
    return "" if number is None else str(number)


def one_line(text: str) -> str:
    """Statements on lines of their own, joined.

    >>> one_line("a = x*y\\na + sin(a)")
    'a = x*y; a + sin(a)'
    """
    return re.sub(r"\s*[\r\n]\s*", "; ", text.strip())
