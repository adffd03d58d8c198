"""Where rows are computed: in worker processes here, or on a cluster (`cluster`).

A pool takes rows by `submit`, which gives a future of finished results. A future
that ends in `Lost` means that the worker is gone: killed, out of memory, or
stuck beyond its hard limit. The pool replaces it; what to do about the rows is
for the caller to decide.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from concurrent.futures import BrokenExecutor, CancelledError
from typing import Any, Protocol

from diffcli.batch.rows import Finish, Row, as_it_is
from diffcli.batch.worker import Wrt, compare_rows, prepare
from diffcli.comparison.result import Settings
from diffcli.methods import METHODS
from diffcli.runtime.errors import DiffError
from diffcli.runtime.limits import held_back, starting
from diffcli.runtime.messages import message

GRACE = 5.0
"""Seconds beyond the limits of all its methods after which a worker counts as stuck."""


START = 60.0
"""Seconds that workers may take to import their libraries before a first answer."""
ATTEMPTS = 5
"""Times that a broken pool is begun anew before giving up."""


SYMPY_CACHE = "20000"
"""Entries of each of SymPy's caches (its default is 1,000): by measurement a tenth of a batch, for 35 MiB a worker."""


PER_CORE = 8
"""Worker processes a core at most: more only share its time, and every one takes memory."""


class Lost(Exception):
    """The worker that had these rows is gone."""


class Pending(Protocol):
    """Results that are on their way."""

    def result(self) -> list[Any]: ...

    def done(self) -> bool: ...

    def when_done(self, call: Callable[[], None]) -> None: ...


class Pool(Protocol):
    """Somewhere to compute; `size` rows are worked on at once."""

    size: int

    def submit(self, rows: Sequence[Row]) -> Pending: ...

    def mend(self) -> None:
        """Called when nothing has come for a while: what is broken is begun anew, its rows are `Lost`."""

    def stop(self) -> None: ...


class _PebblePending:
    """A pebble future; `abandoned` when its pool is gone and it may never end."""

    def __init__(self, future: Any) -> None:
        self.future = future
        self.abandoned = False

    def result(self) -> list[Any]:
        from pebble import ProcessExpired

        if self.abandoned and not self.future.done():
            raise Lost
        try:
            return self.future.result()  # type: ignore[no-any-return]
        except (ProcessExpired, BrokenExecutor, TimeoutError, MemoryError, CancelledError) as error:
            raise Lost from error

    def done(self) -> bool:
        return self.abandoned or bool(self.future.done())

    def when_done(self, call: Callable[[], None]) -> None:
        self.future.add_done_callback(lambda _: call())


class Workers:
    """Warm worker processes on this machine, replaced when they die (by pebble).

    They are forked from a server that has imported the libraries once and runs
    no threads, so that forking is safe and a replacement is ready at once. They begin as
    rows come: never more than there were tasks at once, and not beyond `size`.
    """

    def __init__(self, size: int, settings: Settings, wrt: Wrt, memory: int, finish: Finish = as_it_is) -> None:
        self.size = min(size, PER_CORE * cores())
        self.settings, self.wrt, self.memory, self.finish = settings, wrt, memory, finish
        self.pool = self._begun()
        self.pending: list[_PebblePending] = []
        self.begun, self.answered = time.monotonic(), False

    def _begun(self) -> Any:
        from pebble import ProcessPool

        os.environ.setdefault("SYMPY_CACHE_SIZE", SYMPY_CACHE)  # read by SymPy when the server imports it
        context = starting(fork=False)
        if context.get_start_method() == "forkserver":
            modules = [METHODS[name].module for name in self.settings.methods]
            context.set_forkserver_preload(["diffcli.batch.server", "diffcli.batch.worker", "pebble", *modules])
            _begin_server()
        arguments = [self.settings.methods, self.memory]
        return ProcessPool(max_workers=1, context=context, initializer=prepare, initargs=arguments)

    def submit(self, rows: Sequence[Row]) -> Pending:
        limit = len(rows) * (len(self.settings.methods) + 1) * self.settings.timeout + GRACE
        arguments = [list(rows), self.settings, self.wrt, self.finish]
        for _ in range(ATTEMPTS):
            self.pending = [pending for pending in self.pending if not pending.done()]
            try:
                self._grow()
                found = _PebblePending(self.pool.schedule(compare_rows, args=arguments, timeout=limit))
                found.when_done(self._answer)
            except (RuntimeError, OSError):  # the server of workers was killed, or what keeps account of its locks
                time.sleep(0.2)
                self._begin_anew()
            else:
                self.pending.append(found)
                return found
        raise DiffError(message("no worker process can be started"), kind="worker")

    def _grow(self) -> None:
        """Let there be a worker for one task more: pebble begins those that lack, and has no public word for it."""
        manager = self.pool._pool_manager.worker_manager
        manager.workers_number = max(manager.workers_number, min(self.size, len(self.pending) + 1))

    def mend(self) -> None:
        """Begin anew where the pool is broken, or where a worker died with a task in its hands before saying so."""
        waiting = [pending for pending in self.pending if not pending.done()]
        awake = self.answered or time.monotonic() - self.begun > START
        stalled = awake and waiting and not any(pending.future.running() for pending in waiting)
        if stalled or not self.pool.active:
            self._begin_anew()

    def _begin_anew(self) -> None:
        self.stop()
        for pending in self.pending:
            pending.abandoned = True
        self.pool, self.pending = self._begun(), []
        self.begun, self.answered = time.monotonic(), False

    def _answer(self) -> None:
        self.answered = True

    def stop(self) -> None:
        self.pool.stop()
        self.pool.join()


def _begin_server() -> None:
    """Begin the server that forks workers with Ctrl-C held back for good, as it is in all that it forks.

    Until they could ignore it themselves it would end them with a traceback each, in the midst of an import.
    """
    from multiprocessing import forkserver, resource_tracker

    resource_tracker.ensure_running()  # beginning it opens the signal's way again
    with held_back():
        forkserver.ensure_running()


def cores() -> int:
    """The processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
