"""Cases of one area, drawn by number from a seed, checked, counted; what fails is made smaller and kept."""

from __future__ import annotations

import hashlib
import json
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import NamedTuple

from fuzz import Case, Found, area, guarded
from fuzz.shrinking import shrunk


class Failure(NamedTuple):
    number: int
    found: Found
    case: Case


ENOUGH = 3
"""Failures of one oracle that are kept: more are the same, most likely."""


@dataclass
class Campaign:
    """Case `number` of a seed is always the same, whatever was drawn before it."""

    name: str
    seed: int = 0
    start: int = 0
    done: int = 0
    met: Counter[str] = field(default_factory=Counter)
    failures: list[Failure] = field(default_factory=list)
    seconds: float = 0.0

    def run(self, seconds: float, count: int | None = None, corpus: Path | None = None) -> None:
        begun, kept = time.monotonic(), Counter[str]()
        for number in self._numbers(begun + seconds, count):
            case = self.case(number)
            try:
                self.met += guarded(area(self.name).check, case)
            except Found as found:
                kept[found.oracle] += 1
                if kept[found.oracle] <= ENOUGH:
                    self._keep(number, found, case, corpus)
                else:
                    self.failures.append(Failure(number, found, case))
            self.done += 1
        self.seconds = time.monotonic() - begun

    def case(self, number: int) -> Case:
        return area(self.name).draw(Random(f"{self.seed}/{number}"))

    def _numbers(self, end: float, count: int | None) -> Iterator[int]:
        number = self.start
        while time.monotonic() < end and (count is None or number < self.start + count):
            yield number
            number += 1

    def _keep(self, number: int, found: Found, case: Case, corpus: Path | None) -> None:
        if corpus is not None:
            case = shrunk(case, area(self.name).check, found.oracle)
            write(corpus, self.name, found, case)
        self.failures.append(Failure(number, found, case))

    def report(self) -> str:
        """Counts, and how much of the tables was met."""
        from fuzz.reach import reached

        lines = [f"{self.name}: {self.done:,} cases in {self.seconds:.0f} s (seed {self.seed}, from {self.start})"]
        lines += [f"  {line}" for line in reached(self.met)]
        oracles = Counter(failure.found.oracle for failure in self.failures)
        for oracle, count in oracles.items():
            few = [failure for failure in self.failures if failure.found.oracle == oracle][:ENOUGH]
            lines += [f"  FAILED {count} times: {oracle}", *(f"    {one.number}: {one.found}"[:900] for one in few)]
        return "\n".join(lines) + "\n"


def write(corpus: Path, name: str, found: Found, case: Case) -> Path:
    """A corpus file: one case, and which oracle said no when it was found."""
    text = json.dumps({"area": name, "oracle": found.oracle, "case": case}, indent=1, sort_keys=True)
    file = corpus / f"{name}-{hashlib.sha256(text.encode()).hexdigest()[:10]}.json"
    corpus.mkdir(exist_ok=True)
    file.write_text(text + "\n", encoding="utf-8")
    return file
