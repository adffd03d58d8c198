"""Time and memory limits hold: for what loops, for what hangs in one long instruction, for what eats memory or dies.

No test measures a speed: a limit that does not hold is a test that never ends.
"""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

import pytest

from diffcli.cli.main import main
from diffcli.comparison.compare import compare
from diffcli.comparison.result import Settings
from diffcli.problem.understanding import make_case
from diffcli.runtime.errors import DiffError, Unsupported
from diffcli.runtime.limits import RECURSION, Apart, Died, Expired, Here, alarms, deadline, deep_recursion
from diffcli.runtime.memory import MEMORY, charge, resident

SHORT, LONG = 0.2, 60.0

needs_signals = pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no timer signals on this system")
needs_limits = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="memory is limited on Linux")


# --- what is run; at module level, so that a process of its own can find it
def add(a: int, b: int) -> int:
    return a + b


def loop() -> NoReturn:
    while True:
        pass


def loop_and_swallow(times: int) -> NoReturn:
    """Like a library with a bare `except`."""
    for _ in range(times):
        with suppress(BaseException):
            loop()
    loop()


def hang_in_one_instruction() -> int:
    """A loop in C that never looks for a signal."""
    return sum(itertools.repeat(0))


def compute_a_giant() -> int:
    """An integer of a billion bits."""
    nine = int("9")
    return (nine ** (nine**nine)).bit_length()


def recurse(depth: int) -> int:
    return 1 + recurse(depth - 1) if depth else 0


def fail(exception: Exception) -> NoReturn:
    raise exception


def be_killed(number: int) -> NoReturn:
    os.kill(os.getpid(), number)
    loop()


def leave() -> NoReturn:
    os._exit(0)


def ask_for_memory(size: int) -> int:
    return len(bytearray(size))


def collect_memory() -> NoReturn:
    blocks = []
    while True:
        blocks.append(bytes(1 << 26))


def an_answer_that_cannot_be_sent() -> Callable[[], int]:
    return lambda: 1


def a_long_answer() -> bytes:
    return b"x" * (1 << 22)


class Peculiar(Exception):
    """An exception that is sent, and cannot be made again from what it says."""

    def __init__(self, what: str, why: str) -> None:
        super().__init__(f"{what}: {why}")


# --- a deadline in this process
@needs_signals
def test_a_deadline_ends_a_loop() -> None:
    with pytest.raises(Expired), deadline(SHORT):
        loop()


@needs_signals
@pytest.mark.parametrize("times", [1, 2])
def test_a_deadline_holds_even_if_it_is_swallowed(times: int) -> None:
    with pytest.raises(Expired), deadline(SHORT):
        loop_and_swallow(times)


class Finalized:
    """Its finalizer takes a while, in which a deadline may pass: Python swallows what is raised there."""

    def __init__(self, error: type[Exception] | None = None) -> None:
        self.error = error

    def __del__(self) -> None:
        if self.error:
            raise self.error
        loop()


def finalize_and_loop() -> NoReturn:
    Finalized(KeyError)
    Finalized()
    loop()


@needs_signals
def test_a_deadline_swallowed_by_a_finalizer_holds_and_is_not_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    reported: list[object] = []
    monkeypatch.setattr(sys, "unraisablehook", lambda swallowed: reported.append(swallowed.exc_type))
    before = sys.unraisablehook
    with pytest.raises(Expired), deadline(SHORT):
        finalize_and_loop()
    assert reported == [KeyError]
    assert sys.unraisablehook is before


def test_no_library_takes_the_end_of_time_for_an_error() -> None:
    assert not issubclass(Expired, Exception)


@needs_signals
def test_a_deadline_that_is_met_leaves_nothing_behind() -> None:
    before = signal.getsignal(signal.SIGALRM)
    with deadline(LONG):
        assert signal.getitimer(signal.ITIMER_REAL)[0] > 0
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)
    assert signal.getsignal(signal.SIGALRM) is before


@needs_signals
def test_a_deadline_that_has_passed_leaves_nothing_behind() -> None:
    before = signal.getsignal(signal.SIGALRM)
    with pytest.raises(Expired), deadline(SHORT):
        loop()
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)
    assert signal.getsignal(signal.SIGALRM) is before


@needs_signals
@needs_signals
def test_many_deadlines_hold_their_alarms_once(monkeypatch: pytest.MonkeyPatch) -> None:
    before, install, calls = signal.getsignal(signal.SIGALRM), signal.signal, []
    monkeypatch.setattr(signal, "signal", lambda *arguments: calls.append(arguments) or install(*arguments))
    with alarms():
        for _ in range(3):
            with deadline(LONG):
                pass
            with pytest.raises(Expired), deadline(SHORT):
                loop()
    assert len(calls) == 2
    assert signal.getsignal(signal.SIGALRM) is before
    with pytest.raises(Expired), deadline(SHORT):
        loop()
    assert signal.getsignal(signal.SIGALRM) is before


@needs_signals
def test_a_deadline_in_another_thread_leaves_that_of_the_main_one_alone() -> None:
    def elsewhere() -> None:
        with deadline(LONG):
            pass

    def begin_and_loop() -> None:
        other = threading.Thread(target=elsewhere)
        other.start()
        other.join()
        loop()

    with pytest.raises(Expired), deadline(SHORT):
        begin_and_loop()


def test_an_error_in_the_block_passes_through_a_deadline() -> None:
    with pytest.raises(ZeroDivisionError), deadline(LONG):
        fail(ZeroDivisionError())
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


@needs_signals
@pytest.mark.parametrize("seconds", [0.0, -1.0, 1e-9])
def test_no_time_at_all_is_a_deadline_too(seconds: float) -> None:
    with pytest.raises(Expired), deadline(seconds):
        loop()


def elsewhere(function: Callable[[], Any]) -> Any:
    """What a function answers, or raises, in another thread, where no signal is delivered."""
    answers: list[Any] = []

    def answered() -> None:
        try:
            answers.append(function())
        except BaseException as error:  # noqa: BLE001 - it is the answer
            answers.append(error)

    thread = threading.Thread(target=answered)
    thread.start()
    thread.join()
    return answers[0]


def test_outside_the_main_thread_a_deadline_holds_too() -> None:
    assert elsewhere(lambda: Here(add, 1, 2).result(LONG)) == 3
    for times in (0, 1, 2):
        assert isinstance(elsewhere(lambda times=times: Here(loop_and_swallow, times).result(SHORT)), Expired)


def test_of_deadlines_within_one_another_each_holds_outside_the_main_thread() -> None:
    def within() -> str:
        with suppress(Expired), deadline(SHORT):
            with suppress(Expired), deadline(SHORT / 4):
                loop()
            with deadline(LONG):
                loop()
        with deadline(LONG):
            return "and nothing is left behind" if sum(range(2_000_000)) else ""

    assert elsewhere(within) == "and nothing is left behind"


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """A system without timer signals, `fork`, /proc and `resource`."""
    monkeypatch.delattr(signal, "setitimer", raising=False)
    monkeypatch.delattr(signal, "SIGALRM", raising=False)
    monkeypatch.delattr(os, "fork", raising=False)
    monkeypatch.setitem(sys.modules, "resource", None)
    read, iterdir = Path.read_text, Path.iterdir

    def there(path: Path) -> Path:
        if str(path).startswith("/proc"):
            raise FileNotFoundError(path)
        return path

    monkeypatch.setattr(Path, "read_text", lambda path, *more: read(there(path), *more))
    monkeypatch.setattr(Path, "iterdir", lambda path: iterdir(there(path)))


@pytest.mark.usefixtures("bare")
def test_limits_hold_where_there_are_no_signals_and_no_fork() -> None:
    with pytest.raises(Expired):
        Here(loop_and_swallow, 1).result(SHORT)
    assert Here(add, 1, 2).result(LONG) == 3
    task = Apart(add, 1, 2)
    assert task.process._start_method == "spawn"  # type: ignore[attr-defined]
    assert task.result(LONG) == 3
    with pytest.raises(Expired):
        Apart(hang_in_one_instruction).result(SHORT)


@pytest.mark.usefixtures("bare")
def test_a_function_that_never_ends_is_ended_where_there_are_no_signals(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "endless.py").write_text("def f(x):\n    while x == x:\n        pass\n    return x\n")
    begun = time.monotonic()
    assert main([f"{tmp_path}/endless.py:f", "--at", "x=1", "--timeout", "0.5"]) == 2
    assert time.monotonic() - begun < 20  # it would never end
    assert "--timeout gives it longer" in capsys.readouterr().err


def test_recursion_is_deeper_only_inside() -> None:
    before = sys.getrecursionlimit()
    with deep_recursion():
        assert sys.getrecursionlimit() >= RECURSION
        assert recurse(RECURSION - 1000) == RECURSION - 1000
    assert sys.getrecursionlimit() == before
    with pytest.raises(ZeroDivisionError), deep_recursion():
        fail(ZeroDivisionError())
    assert sys.getrecursionlimit() == before


# --- here and apart: the same answers
RUNNERS = [Here, Apart]


@pytest.mark.parametrize("runner", RUNNERS, ids=lambda runner: runner.__name__)
def test_a_computation_returns_its_answer(runner: Any) -> None:
    assert runner(add, 1, 2).result(LONG) == 3


@pytest.mark.parametrize(
    "exception",
    [
        ZeroDivisionError("0/0"),
        Unsupported("not this"),
        MemoryError(),
        RecursionError(),
        KeyError("k"),
        OverflowError(1),
    ],
    ids=lambda exception: type(exception).__name__,
)
@pytest.mark.parametrize("runner", RUNNERS, ids=lambda runner: runner.__name__)
def test_a_computation_raises_what_its_function_raised(runner: Any, exception: Exception) -> None:
    with pytest.raises(type(exception)) as caught:
        runner(fail, exception).result(LONG)
    assert caught.value.args == exception.args


def test_an_error_for_the_user_comes_back_whole() -> None:
    error = DiffError("no such thing", "x + yy", (4, 6), "write y", "name")
    with pytest.raises(DiffError) as caught:
        Apart(fail, error).result(LONG)
    assert vars(caught.value) == vars(error)


@needs_signals
@pytest.mark.parametrize("runner", RUNNERS, ids=lambda runner: runner.__name__)
def test_a_computation_that_loops_expires(runner: Any) -> None:
    with pytest.raises(Expired):
        runner(loop).result(SHORT)


@pytest.mark.parametrize("runner", RUNNERS, ids=lambda runner: runner.__name__)
def test_a_computation_that_recurses_without_end_is_an_error(runner: Any) -> None:
    with pytest.raises(RecursionError):
        runner(recurse, -1).result(LONG)


@pytest.mark.parametrize("runner", RUNNERS, ids=lambda runner: runner.__name__)
def test_a_computation_may_recurse_deeper_than_python_does(runner: Any) -> None:
    depth = RECURSION - 1000
    assert runner(recurse, depth).result(LONG) == depth


# --- a process of its own
@pytest.mark.parametrize("function", [hang_in_one_instruction, compute_a_giant])
def test_what_hangs_in_one_long_instruction_is_killed(function: Callable[[], int]) -> None:
    task: Apart[int] = Apart(function)
    with pytest.raises(Expired):
        task.result(SHORT)
    assert not task.process.is_alive()


def test_what_swallows_everything_is_killed() -> None:
    task: Apart[int] = Apart(loop_and_swallow, 10**9)
    with pytest.raises(Expired):
        task.result(SHORT)
    assert not task.process.is_alive()


def test_a_computation_apart_begins_at_once_and_its_time_runs_from_there() -> None:
    task: Apart[int] = Apart(loop)
    task.begun -= LONG  # as if it had been started long ago
    with pytest.raises(Expired):
        task.result(LONG)
    answered: Apart[int] = Apart(add, 1, 2)
    answered.connection.poll(LONG)
    answered.begun -= 2 * LONG  # its time is up, and the answer is there
    assert answered.result(LONG) == 3


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM] if hasattr(signal, "SIGKILL") else [])
def test_a_process_that_is_killed_died(number: int) -> None:
    with pytest.raises(Died):
        Apart(be_killed, number).result(LONG)


def test_a_process_that_leaves_without_an_answer_died() -> None:
    with pytest.raises(Died):
        Apart(leave).result(LONG)


def test_an_answer_that_cannot_be_sent_is_no_answer() -> None:
    with pytest.raises(Died):
        Apart(an_answer_that_cannot_be_sent).result(LONG)


def test_an_error_that_cannot_be_made_again_is_no_answer() -> None:
    with pytest.raises(Died):
        Apart(fail, Peculiar("something", "no reason")).result(LONG)


def test_a_long_answer_arrives() -> None:
    assert Apart(a_long_answer).result(LONG) == a_long_answer()


@needs_limits
def test_one_giant_request_for_memory_is_an_error() -> None:
    with pytest.raises((MemoryError, Died)):
        Apart(ask_for_memory, MEMORY + (1 << 30)).result(LONG)


@needs_limits
def test_memory_that_grows_without_end_is_an_error() -> None:
    with pytest.raises((MemoryError, Died)):
        Apart(collect_memory).result(LONG)


@pytest.mark.parametrize(("read", "size", "at"), [(charge, 72, 56), (resident, 48, 8)])
def test_other_systems_are_asked_in_their_own_structures(read: Callable[..., int], size: int, at: int) -> None:
    """As their headers have them on 64 bits: with a size told wrong, or a field read beside, no limit would hold."""
    import ctypes

    class System:
        refused = False

        def K32GetProcessMemoryInfo(self, process: Any, counters: Any, told: Any) -> int:
            assert (process.value, told.value) == (2**64 - 1, size)
            self.write(counters)
            return int(not self.refused)

        def mach_task_self(self) -> int:
            return 7

        def task_info(self, task: int, flavor: Any, info: Any, words: Any) -> int:
            assert (task, flavor.value, words._obj.value) == (7, 20, size // 4)
            self.write(info)
            return int(self.refused)

        def write(self, pointer: Any) -> None:
            assert ctypes.sizeof(pointer._obj) == size
            ctypes.c_uint64.from_buffer(pointer._obj, at).value = 123 << 20

    system: Any = System()
    system.GetCurrentProcess = type("Function", (), {"__call__": lambda _: -1})()
    assert read(system) == 123 << 20
    system.refused = True
    with pytest.raises(OSError):  # noqa: PT011 - no reason is given
        read(system)


@needs_limits
def test_a_modest_request_for_memory_is_granted_and_the_parent_is_not_limited() -> None:
    import resource

    before = resource.getrlimit(resource.RLIMIT_AS)
    assert Apart(ask_for_memory, 1 << 26).result(LONG) == 1 << 26
    assert resource.getrlimit(resource.RLIMIT_AS) == before


def test_many_computations_run_at_once_and_answer_in_any_order() -> None:
    tasks = [Apart(add, i, i) for i in range(6)]
    assert [task.result(LONG) for task in reversed(tasks)] == [10, 8, 6, 4, 2, 0]
    assert not any(task.process.is_alive() for task in tasks)


# --- whole programs
def run(code: str) -> subprocess.CompletedProcess[str]:
    """What a program of its own does; a program that does not end is an error."""
    command = [sys.executable, "-c", code]
    return subprocess.run(command, capture_output=True, text=True, timeout=LONG / 4, check=False)


def test_a_computation_that_nobody_waits_for_does_not_keep_the_program_alive() -> None:
    """As when something fails, or Ctrl-C comes, between the start and the question."""
    code = (
        "import time\n"
        "from diffcli.runtime.limits import Apart\n"
        "if __name__ == '__main__':\n"
        f"    task = Apart(time.sleep, {LONG / 3})\n"
        "    raise SystemExit(7)\n"
    )
    assert run(code).returncode == 7


def test_a_computation_begins_although_the_server_that_forks_was_just_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    from multiprocessing.process import BaseProcess

    faults: list[Exception] = [BrokenPipeError()]
    start = BaseProcess.start

    def fail_once(process: BaseProcess) -> None:
        if faults:
            raise faults.pop()
        start(process)

    monkeypatch.setattr(BaseProcess, "start", fail_once)
    assert Apart(add, 2, 3).result(LONG) == 5
    assert not faults


def test_a_script_does_not_run_again_in_what_it_begins(tmp_path: Path) -> None:
    """Nor with threads, which forbid to fork: NumPy's linear algebra has them as soon as it is imported."""
    script = tmp_path / "script.py"
    script.write_text(
        "import threading\n"
        "print('begins')\n"
        "idle = threading.Event()\n"
        "threading.Thread(target=idle.wait, daemon=True).start()\n"
        "from diffcli.runtime.limits import Apart\n"
        f"print(Apart(divmod, 7, 2).result({LONG}), Apart(divmod, 9, 2).result({LONG}))\n"
        "print(__spec__, __file__ == " + repr(str(script)) + ")\n"
    )
    command = [sys.executable, str(script)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=LONG / 2, check=False)
    assert (ended.stdout, ended.stderr) == ("begins\n(3, 1) (4, 1)\nNone True\n", "")


@needs_signals
def test_a_fatal_deadline_ends_the_process_where_nothing_else_can() -> None:
    code = (
        "import itertools\n"
        "from diffcli.runtime.limits import Here\n"
        f"Here(sum, itertools.repeat(0), fatal=True).result({SHORT})\n"
        "print('still here')\n"
    )
    ended = run(code)
    assert ended.returncode != 0
    assert ended.stdout == ended.stderr == ""


@needs_signals
def test_a_fatal_deadline_that_is_met_or_can_interrupt_ends_nothing() -> None:
    code = (
        "import time\n"
        "from diffcli.runtime import limits\n"
        f"assert limits.Here(lambda: 3, fatal=True).result({SHORT}) == 3\n"
        "def loop():\n"
        "    while True: pass\n"
        "try:\n"
        f"    limits.Here(loop, fatal=True).result({SHORT})\n"
        "except limits.Expired:\n"
        f"    time.sleep({SHORT} + 2*limits.STUCK)\n"
        "    print('still here')\n"
    )
    ended = run(code)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "still here\n", "")


# --- limits in a comparison
def test_a_truth_that_takes_too_long_is_unavailable() -> None:
    text = "x" + " + sin(x)*exp(x)" * 3000
    comparison = compare(make_case(text, {"x": 0.5}), Settings(("reverse",), timeout=1e-3))
    assert comparison.truth.status == "unavailable"
    assert comparison.truth.reason is not None
    assert "0.001 s" in comparison.truth.reason
    assert comparison.measurements[0].verdict == "timeout"


@pytest.mark.parametrize("apart", [False, True])
def test_methods_answer_alike_here_and_apart(apart: bool) -> None:
    comparison = compare(make_case("x*sin(x)", {"x": 0.5}), Settings(apart=apart, timeout=LONG))
    assert [measurement.verdict for measurement in comparison.measurements] == ["ok", "ok", "ok"]


EXPIRED_WITHIN = """
import signal, sys
from diffcli.comparison.compare import compare
from diffcli.comparison.result import Settings
from diffcli.problem.understanding import make_case

class Late:  # the limit ends in the middle of an import
    def find_spec(self, name, path=None, target=None):
        if name == "sympy.functions":
            sys.meta_path.remove(self)
            signal.raise_signal(signal.SIGALRM)

sys.meta_path.insert(0, Late())
for _ in range(2):
    print(compare(make_case("x*sin(x)", {"x": 1.5}), Settings(("symbolic",), 60)).measurements[0].verdict)
"""


@pytest.mark.skipif(not hasattr(signal, "SIGALRM"), reason="there are no alarms")
def test_a_limit_that_ends_within_an_import_leaves_no_library_half_made() -> None:
    """SymPy, once half imported, failed for the rest of the process; the limit holds behind the import."""
    done = run(EXPIRED_WITHIN)
    assert done.stdout.split() == ["ok", "ok"], done.stderr
