"""What a finished batch comes to: verdicts by method, the worst rows, the cheapest method.

Results are added one by one and not kept: memory does not grow with the rows.
Rows of an earlier run, read back from its output, are added the same way.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from statistics import median
from typing import Any, NamedTuple

from diffcli.batch.rows import Failure, Result
from diffcli.comparison.result import CLAIM, GOOD
from diffcli.numbers import DIGITS

WORST = 10
"""Rows listed as the worst."""


class Found(NamedTuple):
    """What a summary wants to know of one method's row."""

    method: str
    verdict: str
    ulp: float | None
    bits: float | None
    operations: int | None


class Facts(NamedTuple):
    """What a summary wants to know of a row: what each method found and what the function cost, or what is wrong."""

    line: int | None
    id: str | None
    expression: str
    at: dict[str, Any]
    own: int
    found: tuple[Found, ...]
    failure: str | None = None
    hint: str | None = None
    digits: int = 53


def facts(result: Result) -> Facts:
    if isinstance(result, Failure):
        return Facts(result.line, result.id, result.expression, {}, 0, (), result.message, result.hint)
    case = result.case
    found = tuple(
        Found(m.method, m.word, m.max_ulp, m.bits, m.cost.total if m.cost else None) for m in result.measurements
    )
    return Facts(case.line, case.id, case.expression.source, case.at, result.cost.total, found, digits=result.digits)


class Worst(NamedTuple):
    """A row where digits were lost, by the worst of its methods; of equals the earlier is the worse."""

    ulp: float
    order: int
    bits: float
    line: int | None
    id: str | None
    expression: str
    at: dict[str, Any]
    digits: int = 53


@dataclass
class Summary:
    """Tallies over the rows added so far."""

    rows: int = 0
    kept: int = 0
    failures: int = 0
    bad: int = 0
    compared: int = 0
    verdicts: dict[str, Counter[str]] = field(default_factory=dict)
    ratios: dict[str, Counter[float]] = field(default_factory=dict)
    worst_ulp: dict[str, float] = field(default_factory=dict)
    fewest: Counter[str] = field(default_factory=Counter)
    first_failures: list[tuple[int | None, str, str | None]] = field(default_factory=list)
    _worst: list[Worst] = field(default_factory=list)

    def add(self, row: Facts) -> None:
        """Count a row."""
        if row.failure is not None:
            self._add_failure(row.line, row.failure, row.hint)
        else:
            self._add_row(row.found, row.own, (row.line, row.id, row.expression, row.at, row.digits))

    def add_kept(self, row: dict[str, Any]) -> None:
        """Count a row of an earlier run, as its JSON has it."""
        self.kept += 1
        if row["status"] != "ok":
            self._add_failure(row["line"], row["error"]["message"], row["error"].get("hint"))
            return
        found = [
            Found(
                m["method"],
                m.get("claim", m["verdict"]),
                _number(m["max_ulp"]),
                m["bits"],
                m["cost"] and m["cost"]["total"],
            )
            for m in row["methods"]
        ]
        digits = DIGITS[row.get("dtype", "float64")]
        self._add_row(found, row["cost"]["total"], (row["line"], row["id"], row["expression"], row["at"], digits))

    @property
    def good(self) -> bool:
        return not self.bad and not self.failures

    @property
    def worst(self) -> list[Worst]:
        """The worst rows, the worst first."""
        return sorted(self._worst, reverse=True)

    def median_ratio(self, method: str) -> float | None:
        """The median over all rows of operations against the function's own."""
        found = self.ratios.get(method)
        return median(found.elements()) if found else None

    def _add_failure(self, line: int | None, message: str, hint: str | None) -> None:
        self.rows += 1
        self.failures += 1
        if len(self.first_failures) < WORST:
            self.first_failures.append((line, message, hint))

    def _add_row(self, found: Iterable[Found], own: int, place: tuple[Any, ...]) -> None:
        self.rows += 1
        verdicts, costs, worst = set(), {}, Found("", "", None, None, None)
        for row in found:
            verdicts.add(row.verdict)
            self.verdicts.setdefault(row.method, Counter())[row.verdict] += 1
            if row.ulp is not None:
                self.worst_ulp[row.method] = max(self.worst_ulp.get(row.method, 0.0), row.ulp)
                worst = max(worst, row, key=lambda row: -1.0 if row.ulp is None else row.ulp)
            if row.operations is not None and row.method != CLAIM:
                costs[row.method] = row.operations
                if own:
                    self.ratios.setdefault(row.method, Counter())[round(row.operations / own, 2)] += 1
        self.bad += not verdicts <= {*GOOD}
        if len(costs) > 1:
            self.compared += 1
            least = min(costs.values())
            self.fewest.update(name for name, cost in costs.items() if cost == least)
        if worst.ulp is not None and worst.ulp > 1:
            heapq.heappush(self._worst, Worst(worst.ulp, -self.rows, worst.bits or 0.0, *place))
            if len(self._worst) > WORST:
                heapq.heappop(self._worst)


def _number(value: float | str | None) -> float | None:
    return None if value is None else float(value)
