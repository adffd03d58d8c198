"""Time limits that hold: a deadline within this process, and a process of its own.

A deadline interrupts Python code between two instructions: by a signal in the main
thread of systems that have timers, and by a thread that raises it there elsewhere.
What hangs inside one long instruction (a giant integer), or eats memory, is only
stopped from outside: `Apart` runs a function in a child process and kills it.

Memory is limited by the system where it can (`resource`), and elsewhere by a thread that looks at it.
"""

from __future__ import annotations

import atexit
import faulthandler
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path
from types import FrameType
from typing import Any, Generic, TypeVar

from diffcli.runtime.memory import MEMORY, taken

T = TypeVar("T")

RECURSION = 6000
"""Python frames allowed to SymPy, whose algorithms recurse over the expression."""


LONGEST = 1e6
"""Seconds that a limit may have: the system's timers end beyond, and a longer one is cut to it."""

STUCK = 0.5
"""Seconds after its deadline at which code that cannot be interrupted is stuck."""


class ForkedLock:
    """A lock of the process that may be taken again by who has it; a forked child, which starts without the threads
    that may have held it, has a new one."""

    def __init__(self) -> None:
        self.renew()
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self.renew)

    def renew(self) -> None:
        self.lock = threading.RLock()

    def __enter__(self) -> None:
        self.lock.acquire()

    def __exit__(self, *exception: object) -> None:
        self.lock.release()


shared = ForkedLock()
"""Held while something is changed that the whole process shares."""


class Expired(BaseException):
    """The time is up. Not an `Exception`, so that no library swallows it."""


class Died(Exception):
    """The child ended without an answer."""


class alarms:  # noqa: N801 - it is called as a function
    """SIGALRM raises `Expired` in the block, if it is not so already; a deadline needs it, many need it only once.

    Python swallows what is raised in a finalizer and reports it; that report is left out. Holds in the main
    thread of systems with SIGALRM.
    """

    held = False

    def __enter__(self) -> bool:
        """Whether they are held in this thread."""
        main = threading.current_thread() is threading.main_thread()
        self.ours = main and hasattr(signal, "setitimer") and not alarms.held
        if self.ours:
            alarms.held = True
            self.before = signal.signal(signal.SIGALRM, _expire)
            self.report, sys.unraisablehook = sys.unraisablehook, self._reported
        return main and alarms.held

    def __exit__(self, *exception: object) -> None:
        if self.ours:
            signal.signal(signal.SIGALRM, self.before)
            sys.unraisablehook = self.report
            alarms.held = False

    def _reported(self, swallowed: sys.UnraisableHookArgs) -> None:
        if swallowed.exc_type is not Expired:
            self.report(swallowed)


class deadline:  # noqa: N801 - it is called as a function
    """Raise `Expired` in the block after `seconds`; repeated, should it be swallowed.

    `fatal`: what cannot be interrupted ends the process soon after, from a thread
    that needs no Python; for the main thread of workers, which are replaced. Of two, one in the other, the one
    that ends first ends the inner block, and the outer one still holds after it.
    """

    def __init__(self, seconds: float, fatal: bool = False) -> None:
        self.seconds, self.fatal = min(seconds, LONGEST), fatal
        self.alarms = alarms()
        self.interruption: _Interruption | None = None
        self.outer = self.begun = 0.0

    def __enter__(self) -> None:
        self.fatal = self.fatal and threading.current_thread() is threading.main_thread()
        alarmed = self.alarms.__enter__()
        try:
            if self.fatal:
                faulthandler.dump_traceback_later(self.seconds + STUCK, exit=True, file=_nowhere())
            if alarmed:
                self.begun = time.monotonic()
                self.outer, _ = signal.setitimer(signal.ITIMER_REAL, max(self.seconds, 1e-6), AGAIN)
                if 0 < self.outer < self.seconds:
                    signal.setitimer(signal.ITIMER_REAL, self.outer, AGAIN)
            else:
                self.interruption = _Interruption(self.seconds)
                self.interruption.start()
        except Expired:  # it came at once
            self.__exit__()
            raise

    def __exit__(self, *exception: object) -> None:
        if self.interruption is None:
            signal.setitimer(signal.ITIMER_REAL, 0)
            if self.outer:
                left = self.outer - (time.monotonic() - self.begun)
                signal.setitimer(signal.ITIMER_REAL, max(left, 1e-6), AGAIN)
        else:
            self.interruption.stop()
        if self.fatal:
            faulthandler.cancel_dump_traceback_later()
        self.alarms.__exit__()


AGAIN = 0.1
"""Seconds after which `Expired` is raised again where it was swallowed."""


class _Interruption(threading.Thread):
    """Raises `Expired` in the thread that made it, which no alarm reaches: that of a server, or any on Windows."""

    kind: type[BaseException] = Expired

    def __init__(self, seconds: float) -> None:
        super().__init__(daemon=True)
        self.seconds, self.where = seconds, threading.get_ident()
        self.stopped = threading.Event()
        self.raised = False

    def run(self) -> None:
        wait = self.seconds
        while not self.stopped.wait(wait):
            self._raise()
            wait = AGAIN

    def _raise(self) -> None:
        if not _imports(sys._current_frames().get(self.where)):
            self.raised = True
            _raise_in(self.where, self.kind)

    def stop(self) -> None:
        """Nothing is raised any more, not even what was raised and has not arrived: it is waited for.

        To take it back would leave Python signalled for ever, and functions that are watched by `sys.settrace` in
        other threads would never begin.
        """
        while True:
            with suppress(self.kind):  # it arrives here
                self.stopped.set()
                self.join()
                if not self.raised:
                    return
                self.raised = False
                _raise_in(self.where, self.kind)
                while True:
                    pass


def _raise_in(thread: int, kind: type[BaseException]) -> None:
    """Let a thread raise an exception of this kind before its next instruction."""
    import ctypes

    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), ctypes.py_object(kind))


def _expire(number: int, frame: FrameType | None) -> None:
    del number
    if not _imports(frame):
        raise Expired


def _imports(frame: FrameType | None) -> bool:
    """Whether a library is being imported for us: interrupted, it stays half made for the rest of the process.

    The limit holds as soon as that is done, since it is tried again. What a user's own file imports is not spared.
    """
    while frame is not None:
        if frame.f_code.co_name == "_find_and_load" and "importlib._bootstrap" in frame.f_code.co_filename:
            asking = frame.f_back.f_globals.get("__name__", "") if frame.f_back else ""
            if any(name.partition(".")[0] == "diffcli" for name in (asking, frame.f_locals.get("name", ""))):
                return True
        frame = frame.f_back
    return False


class deep_recursion:  # noqa: N801 - it is called as a function
    """Python's recursion limit raised for a library that recurses.

    The limit is one for all threads: the first block raises it, the last one that ends puts it back.
    """

    blocks, before = 0, 0

    def __enter__(self) -> None:
        with shared:
            if not deep_recursion.blocks:
                deep_recursion.before = sys.getrecursionlimit()
                sys.setrecursionlimit(max(deep_recursion.before, RECURSION))
            deep_recursion.blocks += 1

    def __exit__(self, *exception: object) -> None:
        with shared:
            deep_recursion.blocks -= 1
            if not deep_recursion.blocks:
                sys.setrecursionlimit(deep_recursion.before)


class Here(Generic[T]):
    """A computation in this process, done when its result is asked for; `fatal` as for `deadline`."""

    def __init__(self, function: Callable[..., T], *arguments: Any, fatal: bool = False) -> None:
        self.function, self.arguments, self.fatal = function, arguments, fatal

    def result(self, seconds: float) -> T:
        with deadline(seconds, self.fatal), deep_recursion():
            return self.function(*self.arguments)


class Apart(Generic[T]):
    """A computation in a child process, begun at once.

    `result` raises what the function raised, `Expired` when `seconds` have
    passed since the start, `Died` when the child was killed or crashed. A process that
    may have no children (a worker of `multiprocessing.Pool`) computes it itself, as `Here` does. `memory` are
    bytes that the child may have beyond its birth; None for no limit. `alive` lets the child end like any Python
    process: a user's threads go on and its handlers are called, while this process lives and the time lasts.
    """

    def __init__(
        self, function: Callable[..., T], *arguments: Any, memory: int | None = MEMORY, alive: bool = False
    ) -> None:
        self.here = Here(function, *arguments)
        self.memory, self.alive = memory, alive
        self.begun = time.monotonic()
        self.process: Any = None
        self.connection: Any = None
        if not _childless():
            with suppress(OSError, EOFError):  # no more processes are allowed
                self._begin(function, arguments)

    def _begin(self, function: Callable[..., T], arguments: tuple[Any, ...]) -> None:
        context = starting(fork=_threads() == 1)
        connection, theirs = context.Pipe(duplex=False)
        process = context.Process(target=_answer, args=(theirs, function, arguments, self.memory, self.alive))
        with shared, _script_left_out(), held_back():
            try:
                process.start()
            except (OSError, EOFError):  # the server that forks was killed: it is begun anew
                process.start()
            atexit.register(process.kill)  # before the interpreter waits for its children
        theirs.close()
        self.process, self.connection = process, connection

    def result(self, seconds: float) -> T:
        if self.process is None:
            return self.here.result(seconds)
        try:
            if not self.connection.poll(max(0.0, self.begun + min(seconds, LONGEST) - time.monotonic())):
                raise Expired
            outcome: tuple[bool, Any] = self.connection.recv()
        except Exception:  # noqa: BLE001 - it ended, or sent what cannot be made again
            self.end()
            raise Died from None
        except Expired:
            self.end()
            raise
        succeeded, answer = outcome
        if not (succeeded and self.alive):
            self.end()
        else:
            self._let_go(seconds)
        if succeeded:
            return answer  # type: ignore[no-any-return]
        raise answer

    def _let_go(self, seconds: float) -> None:
        """The child goes on by itself; it is waited for when this process ends, as long as it might have taken."""
        process, until = self.process, self.begun + min(seconds, LONGEST)
        atexit.unregister(process.kill)
        self.connection.close()

        def wait() -> None:
            process.join(max(0.0, until - time.monotonic()))
            process.kill()

        atexit.register(wait)

    def end(self) -> None:
        """Leave no process behind, whatever it is at."""
        if self.process is not None and not self.connection.closed:
            atexit.unregister(self.process.kill)
            self.process.kill()
            self.process.join()
            self.connection.close()

    def __del__(self) -> None:
        """A computation whose result is not asked for any more, because something else has failed."""
        with suppress(Exception):
            self.end()


def _childless() -> bool:
    """Whether this process may have no children: multiprocessing forbids them to its daemons."""
    running = sys.modules.get("multiprocessing.process")
    return running is not None and running.current_process().daemon


def starting(fork: bool) -> Any:
    """The quickest safe way of this system to start a process; `fork`: this one may be copied as it is."""
    from multiprocessing import get_all_start_methods, get_context

    known = get_all_start_methods() if hasattr(os, "fork") else ["spawn"]
    ways = ["fork", "forkserver"] if fork else ["forkserver"]
    return get_context(next((way for way in ways if way in known), "spawn"))


def separable() -> bool:
    """Whether all that might hang should have a process of its own.

    A copy of this process costs milliseconds, and where the system has no copies, nothing else stops a long
    instruction. With threads, which may hold locks, a process is made from nothing: for what is known to hang.
    """
    return _threads() == 1 or not hasattr(os, "fork")


class held_back:  # noqa: N801 - it is called as a function
    """In the block Ctrl-C waits, so that nothing is begun that nobody ends; in what is begun there, for good."""

    def __enter__(self) -> None:
        self.before = None
        if hasattr(signal, "pthread_sigmask"):
            self.before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})

    def __exit__(self, *exception: object) -> None:
        if self.before is not None:
            signal.pthread_sigmask(signal.SIG_SETMASK, self.before)


class _script_left_out:  # noqa: N801 - it is called as a function
    """No child begun in the block runs the script of this process, which it would to know its names.

    What children compute here is all in modules; a script without `if __name__ == "__main__"`
    would begin again in each, and each would fail to begin one of its own.
    """

    def __enter__(self) -> None:
        self.main = vars(sys.modules["__main__"])
        self.before: dict[str, Any] = {name: self.main[name] for name in ("__file__", "__spec__") if name in self.main}
        self.main.pop("__file__", None)
        self.main["__spec__"] = None

    def __exit__(self, *exception: object) -> None:
        self.main.pop("__spec__")
        self.main.update(self.before)


def _threads() -> int:
    """Threads of this process, those of libraries that Python does not know included."""
    with suppress(OSError):
        return sum(1 for _ in Path("/proc/self/task").iterdir())
    return sum(not isinstance(thread, _Watch) for thread in threading.enumerate())  # these hold no lock but Python's


@cache
def _nowhere() -> Any:
    """Where a stuck process writes its traceback: nobody could read it."""
    return Path(os.devnull).open("w")


def _answer(
    connection: Any, function: Callable[..., Any], arguments: tuple[Any, ...], memory: int | None, alive: bool
) -> None:
    """What the child does: one function, one answer."""
    if alive:
        atexit._clear()  # handlers of the parent, of which this is a copy
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's business
    if memory is not None:
        limit_memory(memory)
    try:
        with deep_recursion():
            outcome = True, function(*arguments)
    except Exception as exception:  # noqa: BLE001 - raised again in the parent
        outcome = False, exception
    try:
        connection.send(outcome)
    except Exception:  # noqa: BLE001 - whatever cannot be pickled
        connection.send((False, Died()))
    if alive:
        connection.close()
        for thread in threading.enumerate():
            if thread is not threading.current_thread() and not thread.daemon:
                thread.join()
        atexit._run_exitfuncs()  # multiprocessing does so from Python 3.13 on


class limited_memory:  # noqa: N801 - it is called as a function
    """In the block this process may have `more` bytes than it has now; beyond, MemoryError."""

    def __init__(self, more: int) -> None:
        self.more = more

    def __enter__(self) -> None:
        self.before = _limited(self.more, soft=True)
        self.watch = None if self.before else _watched(self.more, fatal=False)

    def __exit__(self, *exception: object) -> None:
        if self.before:
            import resource

            resource.setrlimit(resource.RLIMIT_AS, self.before)
        elif self.watch:
            self.watch.stop()


def limit_memory(more: int) -> None:
    """Allow this process `more` bytes than it has now; beyond, MemoryError, or its end where that is swallowed."""
    if not _limited(more):
        _watched(more, fatal=True)


def limitable() -> bool:
    """Whether this system keeps a limit of memory, or tells enough to do so."""
    return _limited(0, tried=True) is not None or taken() is not None


def _limited(more: int, soft: bool = False, tried: bool = False) -> tuple[int, int] | None:
    """Let the system keep a limit of address space; the one before, or None where it keeps none."""
    try:
        import resource

        before = resource.getrlimit(resource.RLIMIT_AS)
        most = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize() + more
        if not tried:
            resource.setrlimit(resource.RLIMIT_AS, (most, before[1] if soft else most))
    except (ImportError, ValueError, OSError):
        return None
    return before


def _watched(more: int, fatal: bool) -> _Watch | None:
    """A thread that keeps the limit, where the system tells how much there is."""
    born = taken()
    if born is None:
        return None
    watch = _Watch(born + more, fatal)
    watch.start()
    return watch


LOOKS = 0.02
"""Seconds between two looks at memory, in which a process fills some ten MiB."""


class _Watch(_Interruption):
    """Raises MemoryError in the thread that made it for as long as this process has more than `most` bytes.

    It has its turn between two instructions: what asks for all at once is only seen when it has it. `fatal`: a
    process that has as much still, half a second later, ends.
    """

    kind = MemoryError

    def __init__(self, most: int, fatal: bool) -> None:
        super().__init__(LOOKS)
        self.most, self.fatal = most, fatal

    def run(self) -> None:
        since = None
        while not self.stopped.wait(LOOKS if since is None else AGAIN):
            if (taken() or 0) <= self.most:
                since = None
                continue
            since = since or time.monotonic()
            if self.fatal and time.monotonic() - since > STUCK:
                os._exit(1)
            self._raise()
