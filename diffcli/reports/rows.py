"""Rows of a comparison's tables, and of a batch's: what a method comes to, in texts; a column is declared once."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from diffcli.batch.rows import Failure, Result
from diffcli.comparison.result import CLAIM, Comparison, Measurement
from diffcli.core.program import Cost
from diffcli.locale.language import tr, translate_message
from diffcli.reports.figures import DASH, count, loss, loss_in_bits, ratio, ulps

SIGNS = (("add", "+"), ("neg", "-"), ("mul", "×"), ("div", "÷"), ("pow", "^"), ("func", "ƒ"))
"""Classes of operations, each with its sign."""


class Column(NamedTuple):
    """How a column of rows is headed, and whether it stands at the right."""

    heading: str
    right: bool = False


HEADINGS = {
    "line": "line", "expression": "expression", "method": "method", "verdict": "verdict", "error": "error",
    "lost": "lost", "bits": "bits lost", "operations": "operations", "ratio": "× f", "tape": "tape", "peak": "peak",
    "message": "message",
}  # fmt: skip
"""Of columns, by the field of `Row`; the first two are of batches."""
RIGHT = frozenset({"line", "error", "lost", "bits", "ratio", "tape", "peak"})
COSTS = ("error", "lost", "operations", "ratio", "verdict")
BATCH = ("line", "expression", "method", "verdict", "error", "lost", "operations", "message")


def columns(keys: Iterable[str]) -> list[Column]:
    """The columns of these keys, headed in the language that is spoken."""
    return [Column(tr(HEADINGS[key]), key in RIGHT) for key in keys]


class Operations(NamedTuple):
    """How many operations, what they are made of (`4+ 1- 1×`), and how many of each class in `SIGNS`."""

    total: str
    kinds: str
    classes: tuple[int, ...]

    def __str__(self) -> str:
        return f"{self.total} ({self.kinds})" if self.kinds else self.total


@dataclass(frozen=True, slots=True)
class Row:
    """What a method comes to, beside its derivative. `word` is the verdict by which signs and colours go.

    `bits` are the bits lost under a heading that names them; `tape` and `peak` are dashes where nobody measured them.
    """

    method: str
    word: str
    verdict: str
    error: str = DASH
    lost: str = DASH
    bits: str = DASH
    operations: Operations | None = None
    ratio: str = DASH
    tape: str = DASH
    peak: str = DASH
    message: str = ""

    def cells(self, keys: Iterable[str]) -> list[str]:
        """Its texts, by keys of `HEADINGS`."""
        values = (getattr(self, key) for key in keys)
        return [DASH if value is None else str(value) for value in values]


def rows(comparison: Comparison) -> tuple[Row, ...]:
    """A row for each method, in the order of the measurements."""
    return tuple(_row(measurement, comparison) for measurement in comparison.measurements)


def _row(measurement: Measurement, comparison: Comparison) -> Row:
    cost, memory = measurement.cost, measurement.memory
    return Row(
        method=measurement.method,
        word=measurement.word,
        verdict=tr(measurement.word),
        error=ulps(measurement.max_ulp),
        lost=loss(measurement.bits, comparison.digits),
        bits=loss_in_bits(measurement.bits, comparison.digits),
        operations=None if cost is None else operations_of(cost),
        ratio=ratio(None if cost is None else cost.total, comparison.cost.total),
        tape=count(None if memory is None else memory.tape),
        peak=count(None if memory is None else memory.peak),
        message=translate_message(measurement.message),
    )


def operations_of(cost: Cost) -> Operations:
    """`10 (4+ 1- 1× 1÷ 3ƒ)`: additions, negations, products, quotients, powers, functions."""
    classes = tuple([getattr(cost, name) for name, _ in SIGNS])
    kinds = " ".join(f"{number}{sign}" for number, (_, sign) in zip(classes, SIGNS, strict=True) if number)
    return Operations(count(cost.total), kinds, classes)


# --- batches
class Extremes(NamedTuple):
    """What a list says of all methods together: the worst of them, and the fewest operations; None where none has any.

    `error`, `lost` and `fewest` are the cells; `lost_bits` is one under a heading that names bits.
    """

    bits: float | None
    ulp: float | None
    operations: int | None
    error: str
    lost: str
    lost_bits: str
    fewest: str


def extremes(comparison: Comparison) -> Extremes:
    measurements, digits = comparison.measurements, comparison.digits
    bits = max((m.bits for m in measurements if m.bits is not None), default=None)
    ulp = max((m.max_ulp for m in measurements if m.max_ulp is not None), default=None)
    cost = min((m.cost.total for m in measurements if m.cost is not None and m.method != CLAIM), default=None)
    return Extremes(bits, ulp, cost, ulps(ulp), loss(bits, digits), loss_in_bits(bits, digits), count(cost))


class BatchRow(NamedTuple):
    """A row of a batch's table: where it stands in the file, the expression on one line, and a method's row."""

    line: str
    expression: str
    row: Row

    def others(self) -> list[str]:
        """The cells behind line and expression."""
        return self.row.cells(BATCH[2:])


def batch_rows(result: Result) -> list[BatchRow]:
    """A row per method, or one for what could not be read."""
    if isinstance(result, Failure):
        failed = Row("", "error", verdict_name("error"), message=translate_message(result.message))
        return [BatchRow(_line(result.line), one_line(result.expression), failed)]
    line, expression = _line(result.case.line), one_line(result.case.expression.source)
    return [BatchRow(line, expression, row) for row in rows(result)]


def _line(place: int | None) -> str:
    return "" if place is None else str(place)


def verdict_name(word: str) -> str:
    """A verdict in the language spoken; that of a row which could not be read as well."""
    return tr("error", context="verdict") if word == "error" else tr(word)


def one_line(text: str) -> str:
    """Statements on lines of their own, joined.

    >>> one_line("a = x*y\\na + sin(a)")
    'a = x*y; a + sin(a)'
    """
    return re.sub(r"\s*[\r\n]\s*", "; ", text.strip())
