"""Ratios over time: python benchmarks/history.py [TEXT …] shows the measurements whose case has these texts.

Every line of record.jsonl is a run. A ratio is ours / theirs in that run, and less is better.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

RECORD = Path(__file__).parent / "record.jsonl"


def series(runs: list[dict[str, Any]]) -> dict[tuple[str, ...], list[float | None]]:
    """By benchmark, case, ours and peer: the ratio in each run, by processor time where there is one."""
    found: dict[tuple[str, ...], list[float | None]] = {}
    for number, run in enumerate(runs):
        for *key, wall, cpu in run["ratios"]:
            found.setdefault(tuple(key), [None] * len(runs))[number] = cpu or wall
    return found


def main(texts: list[str]) -> None:
    runs = [json.loads(line) for line in RECORD.read_text(encoding="utf-8").splitlines()]
    for number, run in enumerate(runs, 1):
        print(f"{number}: {run['date']} {run['commit']}  Python {run['python']}, {run['processor']}")
    for key, ratios in series(runs).items():
        name = "  ".join(key)
        if all(text in name for text in texts):
            shown = "  ".join("     -" if ratio is None else f"{ratio:6.3g}" for ratio in ratios)
            print(f"{shown}   {name}")


if __name__ == "__main__":
    main(sys.argv[1:])
