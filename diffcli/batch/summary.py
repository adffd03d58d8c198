"""What a finished batch comes to: verdicts by method, the worst rows, the cheapest method.

Results are added one by one and not kept: memory does not grow with the rows.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from statistics import median
from typing import NamedTuple

from diffcli.batch.rows import Failure, Result
from diffcli.compare import Comparison

WORST = 10
"""Rows listed as the worst."""


class Worst(NamedTuple):
    """A row where digits were lost: `bits` by the worst of `methods`."""

    ulp: float
    bits: float
    methods: tuple[str, ...]
    line: int | None
    id: str | None
    expression: str
    at: dict[str, float]


@dataclass
class Summary:
    """Tallies over the results added so far."""

    rows: int = 0
    failures: int = 0
    bad: int = 0
    verdicts: dict[str, Counter[str]] = field(default_factory=dict)
    ratios: dict[str, Counter[float]] = field(default_factory=dict)
    worst_ulp: dict[str, float] = field(default_factory=dict)
    fewest: Counter[str] = field(default_factory=Counter)
    compared: int = 0
    worst: list[Worst] = field(default_factory=list)
    first_failures: list[Failure] = field(default_factory=list)

    def add(self, result: Result) -> None:
        self.rows += 1
        if isinstance(result, Failure):
            self.failures += 1
            if len(self.first_failures) < WORST:
                self.first_failures.append(result)
            return
        self.bad += not result.good
        self._add_methods(result)
        self._add_worst(result)

    def _add_methods(self, result: Comparison) -> None:
        costs = {}
        for measurement in result.measurements:
            name = measurement.method
            self.verdicts.setdefault(name, Counter())[measurement.verdict] += 1
            if measurement.max_ulp is not None:
                self.worst_ulp[name] = max(self.worst_ulp.get(name, 0.0), measurement.max_ulp)
            if measurement.cost is not None:
                costs[name] = measurement.cost.total
                if result.cost.total:
                    ratio = round(measurement.cost.total / result.cost.total, 2)
                    self.ratios.setdefault(name, Counter())[ratio] += 1
        if len(costs) > 1:
            self.compared += 1
            least = min(costs.values())
            self.fewest.update(name for name, cost in costs.items() if cost == least)

    def _add_worst(self, result: Comparison) -> None:
        known = [(m.max_ulp, m.bits, m.method) for m in result.measurements if m.max_ulp and m.bits is not None]
        if not known:
            return
        ulp, bits, _ = max(known)
        if ulp <= 1:
            return
        methods = tuple(method for other, _, method in known if other == ulp)
        row = Worst(
            ulp, bits or 0.0, methods, result.case.line, result.case.id, result.case.expression.source, result.case.at
        )
        self.worst.append(row)
        self.worst.sort(key=lambda worst: -worst.ulp)
        del self.worst[WORST:]

    def median_ratio(self, method: str) -> float | None:
        """The median over all rows of operations against the function's own."""
        found = self.ratios.get(method)
        return median(found.elements()) if found else None
