"""Rows computed on a Dask cluster: the pool for when one machine is too small.

Dask carries the rows to its workers, and carries them again when a worker is
lost. It runs tasks in threads, where nothing that hangs can be stopped: so each
Dask worker process keeps the same worker processes as a batch on one machine,
with the same limits, for as long as rows come.
"""

from __future__ import annotations

import logging
import multiprocessing
import multiprocessing.util
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError
from contextlib import contextmanager, suppress
from typing import Any
from urllib.parse import urlsplit

from diffcli.batch.pool import Lost, Workers
from diffcli.batch.rows import Finish, Row, as_it_is
from diffcli.batch.running import PATIENCE
from diffcli.batch.worker import Wrt
from diffcli.comparison.result import Settings
from diffcli.runtime.errors import DiffError
from diffcli.runtime.messages import message
from diffcli.runtime.version import __version__

WAIT = 5.0
"""Seconds in which the scheduler must answer, and have a worker."""
IDLE = 60.0
"""Seconds without rows after which a Dask worker lets its worker processes go."""

_INSTALL = message(
    "on every machine of the cluster: {command}", command=f'pip install "diff-compare[cluster]=={__version__}"'
)


class _DaskPending:
    def __init__(self, future: Any, address: str) -> None:
        self.future, self.address = future, address

    def result(self) -> list[Any]:
        from asyncio import CancelledError as Abandoned

        from distributed import KilledWorker

        try:
            return self.future.result()  # type: ignore[no-any-return]
        except (Lost, DiffError):
            raise
        except KilledWorker as error:
            raise Lost from error
        except (CancelledError, Abandoned):
            raise _gone(self.address) from None
        except Exception as error:
            if self.future.status != "error":  # not of the task: its result could not be fetched
                raise _gone(self.address) from None
            said = message("a machine of the cluster fails: {error}", error=f"{type(error).__name__}: {error}")
            raise DiffError(said, hint=_INSTALL, kind="cluster") from error

    def done(self) -> bool:
        return bool(self.future.done())

    def when_done(self, call: Callable[[], None]) -> None:
        self.future.add_done_callback(lambda _: call())


class Cluster:
    """The workers that a Dask scheduler has when the batch begins; those that join later help."""

    def __init__(self, address: str, settings: Settings, wrt: Wrt, memory: int, finish: Finish = as_it_is) -> None:
        try:
            from distributed import Client
        except ImportError:
            hint = message('try: pip install "diff-compare[cluster]"')
            raise DiffError(message("--cluster needs the library distributed"), hint=hint, kind="option") from None
        for name in ("distributed", "distributed.client"):  # what went wrong is said by us
            logging.getLogger(name).setLevel(logging.CRITICAL)
        _check(address)
        self.address, self.arguments = address, (settings, wrt, memory, finish)
        try:
            connect: Any = Client
            self.client = connect(address, timeout=WAIT, set_as_default=False, name="diff-compare")
        except OSError:
            said = message("no Dask scheduler answers at {address}", address=address)
            hint = message("start one by: dask scheduler; and on every machine: dask worker {address}", address=address)
            raise DiffError(said, hint=hint, kind="cluster") from None
        try:
            self.size = self._threads()
        except OSError:
            self.stop()
            raise _gone(address) from None
        except BaseException:
            self.stop()
            raise

    def _threads(self) -> int:
        """The rows that the cluster can work on at once, when all its workers are fit for it."""
        try:
            self.client.wait_for_workers(1, timeout=WAIT)
        except TimeoutError:
            said = message("the scheduler at {address} has no workers", address=self.address)
            raise DiffError(
                said,
                hint=message("start on every machine: dask worker {address}", address=self.address),
                kind="cluster",
            ) from None
        for place, version in self._versions():
            if version != __version__:
                found = version if isinstance(version, str) else message("none that can be loaded")
                template = "{place} needs diff-compare {version}; it has {found}"
                said = message(template, place=place, version=__version__, found=found)
                raise DiffError(said, hint=_INSTALL, kind="cluster")
        return int(max(1, sum(self.client.nthreads().values())))

    def _versions(self) -> Iterator[tuple[str, Any]]:
        """What every machine has of this package: the version, or an error."""
        try:
            yield message("the scheduler"), self.client.run_on_scheduler(_version)
        except Exception as error:  # noqa: BLE001 - whatever comes of another installation
            yield message("the scheduler"), error
        for worker, version in self.client.run(_version, on_error="return").items():
            yield message("the worker at {address}", address=worker), version

    def submit(self, rows: Sequence[Row]) -> _DaskPending:
        try:
            future = self.client.submit(_compute, list(rows), *self.arguments, pure=False)
        except Exception as error:
            raise _gone(self.address) from error
        return _DaskPending(future, self.address)

    def mend(self) -> None:
        """Dask looks after its workers itself."""

    def stop(self) -> None:
        """What is pending is cancelled with the connection; what is being computed ends by its limits."""
        with suppress(TimeoutError, OSError):
            self.client.close(timeout=1)


def _check(address: str) -> None:
    try:
        parts = urlsplit(address)
        fit = parts.scheme == "tcp" and parts.hostname and parts.port
    except ValueError:
        fit = False
    if not fit:
        said = message("--cluster {address}: this is not the address of a scheduler", address=address)
        raise DiffError(said, hint=message("write it as tcp://HOST:PORT"), kind="option")


def _gone(address: str) -> DiffError:
    hint = message("with --format jsonl --output FILE it can go on by --resume")
    return DiffError(
        message("the connection to the cluster at {address} is lost", address=address), hint=hint, kind="cluster"
    )


# --- on a Dask worker
def _version() -> str:
    return __version__


def _compute(rows: list[Row], settings: Settings, wrt: Wrt, memory: int, finish: Finish) -> list[Any]:
    """The task: rows in, finished results out, by a worker process that can be stopped."""
    with _borrowed((settings, wrt, memory, finish)) as kept:
        return kept.results(rows)


_Asked = tuple[Settings, Wrt, int, Finish]


class _Kept:
    """The worker processes of a Dask worker, which its tasks share: `users` of them have rows there now."""

    def __init__(self, asked: _Asked) -> None:
        from distributed import get_worker

        self.workers = Workers(get_worker().state.nthreads, *asked)
        self.lock = threading.Lock()
        self.users = 0
        self.used = time.monotonic()
        # before multiprocessing waits, at the end of this process, for the processes it has
        self.stop = multiprocessing.util.Finalize(self, self.workers.stop, exitpriority=1)
        threading.Thread(target=self._watch, args=[asked], daemon=True).start()

    def results(self, rows: list[Row]) -> list[Any]:
        done = threading.Event()
        with self.lock:
            pending = self.workers.submit(rows)
        pending.when_done(done.set)
        while not done.wait(PATIENCE) and not pending.done():
            with self.lock:
                self.workers.mend()
        return pending.result()

    def _watch(self, asked: _Asked) -> None:
        """Let the worker processes go when nobody has used them for a while."""
        idle = False
        while not idle:
            time.sleep(IDLE / 4)
            with _lock:
                idle = not self.users and time.monotonic() - self.used >= IDLE
                if idle:
                    del _kept[asked]
        self.stop()


_kept: dict[_Asked, _Kept] = {}
_lock = threading.Lock()


@contextmanager
def _borrowed(asked: _Asked) -> Iterator[_Kept]:
    with _lock:
        if asked not in _kept:
            # a nanny makes its workers daemons, which may have no children; these end with their parent
            multiprocessing.current_process().daemon = False
            _kept[asked] = _Kept(asked)
        kept = _kept[asked]
        kept.users += 1
    try:
        yield kept
    finally:
        with _lock:
            kept.users -= 1
            kept.used = time.monotonic()
