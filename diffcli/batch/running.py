"""Rows in, finished results out, in the order of the rows, however they are computed.

A thread reads ahead, so that the first results appear while the file is still
being read; a bounded window keeps memory from growing with the rows. Rows whose
worker was lost are tried again one by one, and a row that takes its worker with
it once more is done in a process of its own, its heaviest method in another:
what the others find is kept.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from queue import Empty, SimpleQueue
from typing import Any

from diffcli.batch.pool import Lost, Pending, Pool
from diffcli.batch.rows import Failure, Finish, Result, Row, as_it_is
from diffcli.batch.worker import Wrt, compare_row
from diffcli.comparison.result import Settings
from diffcli.runtime.errors import DiffError
from diffcli.runtime.limits import Apart, Died, Expired
from diffcli.runtime.messages import message

LARGEST_CHUNK = 64
"""Rows that travel together at most; chunks begin with one row and double."""
LONGEST_CHUNK = 0.05
"""Seconds that a chunk should take, at the pace of the batch so far: at the end no worker waits longer for another."""
AHEAD = 4
"""Chunks in flight per worker."""

PATIENCE = 2.0
"""Seconds without a result after which the pool is asked to look after itself."""

Read = Row | Failure


class _Reader(threading.Thread):
    """Reads rows ahead, up to a bound, and says when something has come."""

    def __init__(self, rows: Iterable[Read], bound: int, changed: threading.Event) -> None:
        super().__init__(daemon=True)
        self.rows, self.changed = rows, changed
        self.queue: SimpleQueue[Read] = SimpleQueue()
        self.room = threading.Semaphore(bound)
        self.finished = False
        self.error: BaseException | None = None

    def run(self) -> None:
        try:
            for row in self.rows:
                self.room.acquire()
                self.queue.put(row)
                self.changed.set()
        except BaseException as error:  # noqa: BLE001 - raised again where the rows are taken
            self.error = error
        self.finished = True
        self.changed.set()

    def take(self, most: int) -> list[Read]:
        """What has come, without waiting."""
        taken: list[Read] = []
        while len(taken) < most:
            try:
                taken.append(self.queue.get_nowait())
            except Empty:
                break
            self.room.release()
        return taken

    @property
    def exhausted(self) -> bool:
        return self.finished and self.queue.empty()


class _Chunk:
    """Rows that travel together, with the failures of reading in their places."""

    def __init__(self, rows: list[Read], pool: Pool, changed: threading.Event) -> None:
        self.rows = rows
        asked = [row for row in rows if isinstance(row, Row)]
        self.pending: Pending | None = pool.submit(asked) if asked else None
        if self.pending:
            self.pending.when_done(changed.set)

    @property
    def done(self) -> bool:
        return self.pending is None or self.pending.done()

    def results(self, finish: Finish) -> list[Any]:
        found = iter(self.pending.result() if self.pending else [])
        return [finish(row) if isinstance(row, Failure) else next(found) for row in self.rows]


class _Pace:
    """How many rows a chunk should have, by how fast they come from `workers`."""

    def __init__(self, workers: int) -> None:
        self.workers, self.size = workers, 1
        self.begun: float | None = None
        self.rows = 0

    def count(self, rows: int) -> None:
        """Rows are done; the first ones, for which workers had to start, only begin the count."""
        now = time.monotonic()
        if self.begun is None:
            self.begun = now
            return
        self.rows += rows
        fit = LONGEST_CHUNK * self.rows / max(now - self.begun, 1e-6) / self.workers
        self.size = max(1, min(LARGEST_CHUNK, 2 * self.size, int(fit)))


def run(
    rows: Iterable[Read], pool: Pool, settings: Settings, wrt: Wrt = None, finish: Finish = as_it_is
) -> Iterator[Any]:
    """Results of `rows`, in their order, computed and finished by `pool`; those it has not are finished here."""
    changed = threading.Event()
    reader = _Reader(rows, pool.size * AHEAD * LARGEST_CHUNK, changed)
    reader.start()
    chunks: deque[_Chunk] = deque()
    pace = _Pace(pool.size)
    while True:
        changed.clear()
        while len(chunks) < pool.size * AHEAD and (taken := reader.take(pace.size)):
            chunks.append(_Chunk(taken, pool, changed))
        if chunks and chunks[0].done:
            pace.count(len(chunks[0].rows))
            yield from _delivered(chunks.popleft(), pool, settings, wrt, finish)
        elif reader.exhausted and not chunks:
            if reader.error:
                raise reader.error
            return
        else:
            if not changed.wait(PATIENCE):
                pool.mend()


def _delivered(chunk: _Chunk, pool: Pool, settings: Settings, wrt: Wrt, finish: Finish) -> Iterator[Any]:
    try:
        yield from chunk.results(finish)
    except Lost:
        for row in chunk.rows:
            if isinstance(row, Failure):
                yield finish(row)
            else:
                yield _again(row, len(chunk.rows) > 1, pool, settings, wrt, finish)


def _awaited(pending: Pending, pool: Pool) -> list[Any]:
    changed = threading.Event()
    pending.when_done(changed.set)
    while not pending.done():
        if not changed.wait(PATIENCE):
            pool.mend()
    return pending.result()


def _again(row: Row, share: bool, pool: Pool, settings: Settings, wrt: Wrt, finish: Finish) -> Any:
    """A row whose worker was lost: alone in a worker, then in a process of its own, and that once more."""
    if share:
        with suppress(Lost):
            return _awaited(pool.submit([row]), pool)[0]
    return finish(_apart(row, settings, wrt))


def _apart(row: Row, settings: Settings, wrt: Wrt) -> Result:
    alone = replace(settings, apart=True, fatal=False)
    limit = (len(settings.methods) + 1) * settings.timeout + 1
    with suppress(Died):  # killed from outside, it may be, and not by its row
        return _alone(row, alone, wrt, limit)
    try:
        return _alone(row, alone, wrt, limit)
    except Died:
        return _lost(row)


def _alone(row: Row, settings: Settings, wrt: Wrt, limit: float) -> Result:
    try:
        return Apart(compare_row, row, settings, wrt).result(limit)
    except (Expired, MemoryError, OSError):
        return _lost(row)


def _lost(row: Row) -> Failure:
    error = DiffError(
        message("the process that computed this row was lost again and again"),
        hint=message("see --memory and --timeout"),
        kind="lost",
    )
    return row.failed(error)
