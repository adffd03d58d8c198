"""All the benchmarks there are, against whatever peers are installed: python benchmarks/run.py."""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from measuring import ONE_THREAD, PEERS, Plan, Row, failure, installed

os.environ.update(ONE_THREAD)  # before NumPy and its like are imported

import batch
import gradient
import points
import scaling
import startup
import swelling

BENCHMARKS: dict[str, Callable[[Plan], Iterator[Row]]] = {
    "startup": startup.rows,
    "batch": batch.rows,
    "scaling": scaling.rows,
    "swelling": swelling.rows,
    "points": points.rows,
    "gradient": gradient.rows,
}
"""Processes first, while this one is small."""

PACKAGES = ("diff-compare", "numpy", "sympy", "python-flint", "typer", "rich")


# --- what it was measured on
def machine() -> dict[str, object]:
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "usable_cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "system": f"{platform.system()} {platform.machine()}",
        "load": os.getloadavg() if hasattr(os, "getloadavg") else None,
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown")


def versions() -> dict[str, str]:
    found = {"python": f"{platform.python_implementation()} {platform.python_version()}"}
    for name in (*PACKAGES, *PEERS):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


# --- the table
COLUMNS = ("case", "ours", "peer", "ours", "theirs", "ratio", "cpu", "goal", "")
RIGHT = range(3, 8)
_SCALES = {
    "s": ((1.0, "s"), (1e-3, "ms"), (1e-6, "us"), (1e-9, "ns")),
    "B": ((1e9, "GB"), (1e6, "MB"), (1e3, "kB"), (1.0, "B")),
}


def amount(value: float | None, unit: str) -> str:
    if value is None:
        return "-"
    if unit not in _SCALES:
        return f"{value:,.0f}"
    scale, name = next(((s, n) for s, n in _SCALES[unit] if abs(value) >= s), _SCALES[unit][-1])
    return f"{value / scale:.3g} {name}"


def ratio(value: float | None) -> str:
    """Small ratios as what they are one part of."""
    if value is None:
        return "-"
    return f"{value:.2f}" if value >= 0.1 else f"1/{1 / value:,.0f}" if value else "0"


def cells(row: Row) -> tuple[str, ...]:
    verdict = {True: "met", False: "MISSED", None: ""}[row.met]
    return (
        row.case, row.ours, row.peer, amount(row.amount, row.unit), amount(row.against, row.unit),
        ratio(row.ratio), ratio(row.cpu_ratio), "" if row.goal is None else f"<= {ratio(row.goal)}",
        f"{verdict}  {row.note}".strip(),
    )  # fmt: skip


def show(rows: list[Row]) -> None:
    """A case is named once, above its rows."""
    table = [cells(row)[1:] for row in rows]
    widths = [max(map(len, column)) for column in zip(COLUMNS[1:], *table, strict=True)]

    def line(texts: tuple[str, ...]) -> str:
        placed = (
            text.rjust(width) if i + 1 in RIGHT else text.ljust(width)
            for i, (text, width) in enumerate(zip(texts, widths, strict=True))
        )
        return f"  {'  '.join(placed).rstrip()}"

    print(line(COLUMNS[1:]))
    case = None
    for row, texts in zip(rows, table, strict=True):
        if row.case != case:
            case = row.case
            print(case)
        print(line(texts))
    print(flush=True)


def asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", choices=BENCHMARKS, metavar="NAME", help=", ".join(BENCHMARKS))
    parser.add_argument("--rounds", type=int, metavar="N", help="rounds of every measurement")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write what was measured to FILE")
    parser.add_argument("--record", action="store_true", help=f"add the ratios to {RECORD.name}; history.py shows them")
    parser.add_argument("--quick", action="store_true", help="small and once: does it run? Its figures say nothing")
    return parser.parse_args()


def collected(rows: Iterator[Row], judging: bool) -> tuple[list[Row], str]:
    """What a benchmark found, and why it ended early, if it did: the others are still of use."""
    found: list[Row] = []
    try:
        for row in rows:
            if not found or row.case != found[-1].case:
                print(f"  {row.case}", file=sys.stderr, flush=True)
            found.append(row if judging else replace(row, goal=None))
    except Exception as error:  # noqa: BLE001 - whatever it is, it is told
        return found, failure(error)
    return found, ""


def main() -> int:
    options = asked()
    plan = Plan(options.rounds, options.quick)
    absent = [peer for peer in PEERS if not installed(peer)]
    found = {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine(),
        "versions": versions(),
        "absent": absent,
        "rounds": options.rounds,
        "quick": options.quick,
    }
    print(f"{found['machine']['processor']}, {found['machine']['usable_cores']} cores")  # type: ignore[index]
    print(", ".join(f"{name} {number}" for name, number in versions().items()))
    print(f"not installed: {', '.join(absent) or 'none'}")
    print("ratio: ours / theirs, the median of rounds; cpu: the same of processor time. Less is better.\n", flush=True)
    results: dict[str, list[Row]] = {}
    failed: list[str] = []
    for name in options.only or BENCHMARKS:
        print(f"{name}: {sys.modules[BENCHMARKS[name].__module__].__doc__.splitlines()[0]}", flush=True)
        begun = time.perf_counter()
        results[name], broken = collected(BENCHMARKS[name](plan), judging=not plan.quick)
        failed += [f"{name}: {broken}"] if broken else []
        show(results[name])
        print(f"{name}: {time.perf_counter() - begun:.0f} s\n", file=sys.stderr, flush=True)
    judged = [row for rows in results.values() for row in rows if row.goal is not None]
    missed = [(name, row) for name, rows in results.items() for row in rows if row.met is False]
    if judged:
        print(f"goals: {len(judged) - len(missed)} of {len(judged)} met")
    for name, row in missed:
        print(f"  missed: {name}, {row.case}: {row.ours} / {row.peer} is {ratio(row.ratio)}, goal <= {ratio(row.goal)}")
    print("".join(f"failed: {line}\n" for line in failed), end="")
    if options.json:
        found["failed"] = failed
        found["results"] = [
            {"benchmark": name, **asdict(row), "met": row.met} for name, rows in results.items() for row in rows
        ]
        options.json.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    if options.record:
        record(results)
    return 1 if failed else 0


RECORD = Path(__file__).parent / "record.jsonl"
"""A line for every measurement that was kept: when, of which commit, on what, and every ratio."""


def record(results: dict[str, list[Row]]) -> None:
    """Add the ratios to the record. A ratio is to a named peer in the same run: another machine's can be compared."""
    line = {
        "date": datetime.now(UTC).date().isoformat(),
        "commit": _commit(),
        "processor": _processor(),
        "python": platform.python_version(),
        "ratios": [
            [
                name,
                row.case,
                row.ours,
                row.peer,
                float(f"{row.ratio:.3g}"),
                row.cpu_ratio and float(f"{row.cpu_ratio:.3g}"),
            ]
            for name, rows in results.items()
            for row in rows
            if row.ratio is not None
        ],
    }
    with RECORD.open("a", encoding="utf-8") as file:
        file.write(json.dumps(line, ensure_ascii=False) + "\n")


def _commit() -> str:
    """Of what is measured; with a + where files differ from it."""
    try:
        return subprocess.run(
            ["git", "describe", "--always", "--dirty=+"], cwd=RECORD.parent, check=True, capture_output=True, text=True
        ).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""


if __name__ == "__main__":
    sys.exit(main())
