"""How fast is a batch, against the script that a user of SymPy would write?

Whole processes on the same seeded rows, interleaved (A B A B …) so that a noisy
machine is noisy for all; what is reported are medians of ratios within a round.
The time per row is what `--rows` take beyond one row, so that it is free of
starting up: t = (T(n) - T(1)) / (n - 1).
"""

from __future__ import annotations

import argparse
import ctypes
import json
import os
import platform
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import corpus
from measuring import ENVIRONMENT, HERE, Plan, Row


@dataclass(frozen=True)
class Contender:
    """A command that treats a file of rows; `goal` is how many times as fast per row as the first it should be."""

    name: str
    command: tuple[str, ...]
    cores: int
    goal: float | None = None


def _batch(methods: str, jobs: int) -> tuple[str, ...]:
    return ("-m", "diffcli", "batch", "{file}", "-f", "jsonl", "--exit-zero", "-m", methods, "--jobs", str(jobs))


THREE = "symbolic,forward,reverse"
"""By name: `all` are other libraries as well, where they are installed."""

CONTENDERS = (
    Contender("user script: sympify, diff, lambdify", (str(HERE / "user_script.py"), "{file}"), 1),
    Contender("three methods, 2 cores", _batch(THREE, 2), 2, 2.3),
    Contender("three methods, 1 core", _batch(THREE, 1), 1, 1.4),
    Contender("forward, reverse, 1 core", _batch("forward,reverse", 1), 1, 30.0),
    Contender("autograd: the gradient alone", (str(HERE / "autograd_script.py"), "{file}"), 1),
)


@dataclass(frozen=True)
class Taken:
    """Seconds of one whole process and its children: on the clock, and on processors."""

    wall: float
    cpu: float


def measure(contender: Contender, file: Path) -> Taken:
    """Run a contender on `file`, on as many processors as it is given."""
    command = [sys.executable, *(part.format(file=file) for part in contender.command)]
    pin = _pinned(contender.cores)
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(
        command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, preexec_fn=pin,
        env=ENVIRONMENT,
    )  # fmt: skip
    wall = time.perf_counter() - begun
    with suppress(ChildProcessError):
        while True:  # what it left behind: a server that workers were forked from
            os.waitpid(-1, 0)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return Taken(wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def adopt() -> None:
    """Become the parent of what our children leave behind, so that its processor time is counted (Linux)."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(36, 1)  # PR_SET_CHILD_SUBREAPER


def _pinned(cores: int) -> Callable[[], None] | None:
    """What a new process does to stay on `cores` processors, where the system can say so."""
    if not hasattr(os, "sched_setaffinity"):
        return None
    chosen = sorted(os.sched_getaffinity(0))[-cores:]
    return lambda: os.sched_setaffinity(0, chosen)


def rounds(contenders: list[Contender], many: Path, one: Path, count: int) -> Iterator[dict[str, tuple[Taken, Taken]]]:
    """Per round and contender, what many rows take and what one row takes."""
    for number in range(count):
        print(f"round {number + 1} of {count}", file=sys.stderr, flush=True)
        yield {contender.name: (measure(contender, many), measure(contender, one)) for contender in contenders}


def report(contenders: list[Contender], measured: list[dict[str, tuple[Taken, Taken]]], rows: int) -> list[dict]:
    """Medians over the rounds; a ratio is how many times as fast as the first contender of the same round."""
    first = contenders[0].name

    def per_row(taken: tuple[Taken, Taken], clock: str) -> float:
        many, one = taken
        return (getattr(many, clock) - getattr(one, clock)) / (rows - 1)

    return [
        {
            "contender": contender.name,
            "cores": contender.cores,
            "goal": contender.goal,
            "seconds": median(turn[contender.name][0].wall for turn in measured),
            "start_seconds": median(turn[contender.name][1].wall for turn in measured),
            "ms_per_row": median(1e3 * per_row(turn[contender.name], "wall") for turn in measured),
            "cpu_ms_per_row": median(1e3 * per_row(turn[contender.name], "cpu") for turn in measured),
            "times_as_fast": median(turn[first][0].wall / turn[contender.name][0].wall for turn in measured),
            "times_as_fast_per_row": median(
                per_row(turn[first], "wall") / per_row(turn[contender.name], "wall") for turn in measured
            ),
            "times_as_fast_per_row_cpu": median(
                per_row(turn[first], "cpu") / per_row(turn[contender.name], "cpu") for turn in measured
            ),
        }
        for contender in contenders
    ]


def rows(plan: Plan) -> Iterator[Row]:
    """For the table of all benchmarks: seconds a row, ours through the user's script."""
    adopt()
    number, turns = (30, plan.turns(1)) if plan.quick else (1000, plan.turns(3))
    contenders = [one for one in CONTENDERS if "autograd" not in one.name or find_spec("autograd")]
    with TemporaryDirectory() as folder:
        many, one = Path(folder, "many.jsonl"), Path(folder, "one.jsonl")
        corpus.write(many, number)
        corpus.write(one, 1)
        for contender in contenders:
            measure(contender, one)  # bytecode and pages are cached from here on
        measured = list(rounds(contenders, many, one, turns))
    first, *lines = report(contenders, measured, number)
    for line in lines:
        yield Row(
            f"a row of {number:,}", line["contender"], first["contender"],
            line["ms_per_row"] / 1e3, first["ms_per_row"] / 1e3,
            1 / line["times_as_fast_per_row"], 1 / line["times_as_fast_per_row_cpu"],
            1 / line["goal"] if line["goal"] else None, note=f"whole process {1 / line['times_as_fast']:.2f}",
        )  # fmt: skip


COLUMNS = (
    ("process s", "seconds", ".2f"),
    ("start s", "start_seconds", ".2f"),
    ("ms/row", "ms_per_row", ".3f"),
    ("cpu ms/row", "cpu_ms_per_row", ".3f"),
    ("whole x", "times_as_fast", ".2f"),
    ("row x", "times_as_fast_per_row", ".2f"),
    ("row cpu x", "times_as_fast_per_row_cpu", ".2f"),
)


def show(lines: list[dict]) -> None:
    print(f"{'':38}" + "".join(f"{title:>12}" for title, _, _ in COLUMNS) + f"{'goal':>8}")
    for line in lines:
        cells = "".join(f"{line[key]:12{form}}" for _, key, form in COLUMNS)
        print(f"{line['contender']:38}{cells}{line['goal'] or '':>8}")
    print("x: how many times as fast as the user script in the same round (clock; row cpu: processor time)")


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write what was measured to FILE")
    asked = parser.parse_args(arguments)
    contenders = list(CONTENDERS)
    if find_spec("autograd") is None:
        contenders.pop()
        print("autograd is not installed: its line is left out")
    adopt()
    with TemporaryDirectory() as folder:
        many, one = Path(folder, "many.jsonl"), Path(folder, "one.jsonl")
        corpus.write(many, asked.rows)
        corpus.write(one, 1)
        measured = list(rounds(contenders, many, one, asked.rounds))
    lines = report(contenders, measured, asked.rows)
    show(lines)
    if asked.json:
        machine = {"python": platform.python_version(), "machine": platform.machine(), "cores": os.cpu_count()}
        found = {"benchmark": "batch", "rows": asked.rows, "rounds": asked.rounds, **machine, "results": lines}
        asked.json.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
