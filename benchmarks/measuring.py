"""How things are measured: in interleaved rounds, on the clock and in processor time; and what a row of the report is.

A machine is noisy for all who are measured in the same round. So a ratio is taken within
a round, ours through theirs, and what is reported is the median of the rounds.
"""

from __future__ import annotations

import gc
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from itertools import repeat
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

HERE = Path(__file__).parent

PEERS = ("autograd", "casadi", "heyoka", "jax", "micrograd", "numba", "symengine", "torch")
"""Libraries that are measured where they are installed; SymPy always is."""

ONE_THREAD = {
    **{f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL", "NUMBA")},
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1",
    "JAX_ENABLE_X64": "1",
    "JAX_PLATFORMS": "cpu",
}
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"} | ONE_THREAD
"""Of processes that are measured. Installed packages have their bytecode, and so has ours after its first run."""


def installed(peer: str) -> bool:
    return find_spec(peer) is not None


@dataclass(frozen=True, slots=True)
class Plan:
    """How thorough to be: so many rounds, or what each benchmark does by itself; `quick` only shows that all runs."""

    rounds: int | None = None
    quick: bool = False

    def turns(self, usual: int) -> int:
        return self.rounds or (1 if self.quick else usual)

    @property
    def call_seconds(self) -> float:
        """What a contender's calls take in a round, at least."""
        return 0.002 if self.quick else 0.03

    @property
    def limit(self) -> float:
        """Seconds after which a process is given up."""
        return 10.0 if self.quick else 40.0


class Taken(NamedTuple):
    """Seconds on the clock, and on processors."""

    wall: float
    cpu: float


@dataclass(frozen=True, slots=True)
class Row:
    """Ours against theirs: amounts in `unit`, and their ratio, which should be at most `goal` where there is one."""

    case: str
    ours: str
    peer: str
    amount: float | None
    against: float | None
    ratio: float | None = None
    cpu_ratio: float | None = None
    goal: float | None = None
    unit: str = "s"
    note: str = ""

    @property
    def met(self) -> bool | None:
        return None if self.goal is None else self.ratio is not None and self.ratio <= self.goal


def compared(
    case: str, ours: str, peer: str, taken: Mapping[str, Sequence[Taken]], goal: float | None = None, note: str = ""
) -> Row:
    """A row from what was measured in the same rounds."""
    mine, theirs = taken[ours], taken[peer]
    wall = median(a.wall / b.wall for a, b in zip(mine, theirs, strict=True))
    cpu = median(a.cpu / b.cpu if b.cpu else 1.0 for a, b in zip(mine, theirs, strict=True))
    amounts = median(a.wall for a in mine), median(b.wall for b in theirs)
    return Row(case, ours, peer, *amounts, wall, cpu, goal, note=note)


def interleaved(measures: Mapping[str, Callable[[], Taken]], rounds: int) -> dict[str, list[Taken]]:
    """Everyone once a round."""
    found: dict[str, list[Taken]] = {name: [] for name in measures}
    for _ in range(rounds):
        for name, measure in measures.items():
            found[name].append(measure())
    return found


# --- calls in this process
class Call(NamedTuple):
    """A function and its argument; none is handed over where it is left out."""

    function: Callable[..., object]
    argument: Any = ...


def calls(contenders: Mapping[str, Call], plan: Plan, rounds: int = 9) -> dict[str, list[Taken]]:
    """Seconds a call; so many calls a round that the clock can be read."""
    measures = {}
    gc.collect()
    gc.freeze()  # whole libraries need not be searched for garbage again and again
    for name, call in contenders.items():
        once = timed(call, 1).wall
        once = min(once, timed(call, 1).wall) if once < 1 else once
        measures[name] = partial(timed, call, max(1, round(plan.call_seconds / once)))
    return interleaved(measures, plan.turns(rounds))


def timed(call: Call, number: int) -> Taken:
    function, argument = call
    gc.collect()
    gc.disable()
    cpu, begun = time.process_time(), time.perf_counter()
    if argument is ...:
        for _ in repeat(None, number):
            function()
    else:
        for _ in repeat(None, number):
            function(argument)
    wall, cpu = time.perf_counter() - begun, time.process_time() - cpu
    gc.enable()
    return Taken(wall / number, cpu / number)


class TooLongError(Exception):
    """A peer was not ready in time."""


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """End what takes longer, where Python is what runs."""

    def expire(number: int, frame: object) -> None:
        del number, frame
        raise TooLongError(f"over {seconds:g} s")

    before = signal.signal(signal.SIGALRM, expire)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@contextmanager
def pinned(cores: int | None = 1) -> Iterator[None]:
    """On so many processors, with all threads and processes begun here, where the system can say so."""
    if cores is None or not hasattr(os, "sched_setaffinity"):
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, sorted(before)[-cores:])
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def failure(error: BaseException) -> str:
    said = str(error).strip().partition("\n")[0]
    if isinstance(error, TooLongError):
        return said
    return f"{type(error).__name__}: {said}"[:70].rstrip(": ")


# --- processes
class Ran(NamedTuple):
    """A process that has ended: what it took and wrote, and why it failed, if it did."""

    taken: Taken
    output: str
    failed: str = ""


def ran(command: Sequence[str], limit: float | None = None) -> Ran:
    """Run Python on `command`; its processor time is that of its children as well, as far as it waited for them."""
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, *command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=ENVIRONMENT
    )
    timer = threading.Timer(limit or 600.0, process.kill)
    timer.start()
    output, errors = process.communicate()
    wall = time.perf_counter() - begun
    timer.cancel()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Ran(Taken(wall, cpu), output, _why(process.returncode, errors, wall >= (limit or 600.0), limit))


def _why(code: int, errors: str, late: bool, limit: float | None) -> str:
    if not code:
        return ""
    if late:
        return f"over {limit or 600:g} s"
    if code < 0:
        with suppress(ValueError):
            return signal.Signals(-code).name
    lines = [line for line in errors.splitlines() if line.strip()]
    return (lines[-1] if lines else f"exit code {code}")[:70]


def process(command: Sequence[str], cores: int | None = None) -> Callable[[], Taken]:
    """A process to be measured, which must succeed."""

    def measure() -> Taken:
        with pinned(cores):
            found = ran(command)
        if found.failed:
            raise RuntimeError(f"{' '.join(command)}: {found.failed}")
        return found.taken

    return measure
