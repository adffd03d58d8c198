"""Threads, workers and forks: what the process shares is never left changed, and no answer depends on another."""

import contextlib
import io
import multiprocessing
import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from diffcli import compare
from diffcli.runtime.limits import Apart, deep_recursion
from diffcli.tracing.printing import printing_to

# where other tests have imported JAX, it warns of every fork
pytestmark = pytest.mark.filterwarnings(r"ignore:os\.fork\(\) was called:RuntimeWarning")

LESSON = str(Path(__file__).parent.parent.parent / "samples" / "lessons" / "control_flow.py")


def talking(x, n=2):
    sys.stdout.write("talking\n")
    y = x
    for _ in range(n - 1):
        y = y * x
    return y if x > 0 else -y


@pytest.fixture
def hasty():
    """Threads take turns at every moment."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-4)
    yield
    sys.setswitchinterval(before)


def both(k):
    """An expression and a Python function, at a point of this thread's own."""
    x = 1.0 + k
    text = compare(f"x*sin(y) + exp(x/{k + 1})", {"x": x, "y": 0.5}, methods="forward, reverse")
    traced = compare(talking, {"x": x}, methods="forward")
    return text.truth.status, text.good, traced.truth.status, traced.measurements[0].derivative == (2 * x,)


@pytest.mark.usefixtures("hasty")
def test_eight_threads_find_what_one_finds(capsys):
    pytest.importorskip("numpy")
    before = sys.stdout
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(both, [k % 8 for k in range(48)]))
    assert set(found) == {("certified", True, "certified", True)}
    assert sys.stdout is before
    assert capsys.readouterr().out == ""


def test_threads_with_jax_imported():
    pytest.importorskip("jax")
    code = (
        "import sys, jax, threading\nsys.setswitchinterval(1e-4)\nfrom diffcli import compare\nfound = []\n"
        f"def work():\n  for k in range(4): "
        f"found.append(compare('{LESSON}:f', {{'a': 1.0 + k}}, methods='forward').good)\n"
        "out = sys.stdout\nthreads = [threading.Thread(target=work) for _ in range(8)]\n"
        "[t.start() for t in threads], [t.join() for t in threads]\nprint(len(found), all(found), sys.stdout is out)\n"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=True)
    assert run.stdout.split() == ["32", "True", "True"], run.stderr


def test_printing_goes_elsewhere_for_its_own_thread_only():
    before, away, shown = sys.stdout, io.StringIO(), io.StringIO()
    begun, printed = threading.Event(), threading.Event()

    def other():
        begun.wait()
        sys.stdout.write("from the other\n")
        printed.set()

    with contextlib.redirect_stdout(shown):
        thread = threading.Thread(target=other)
        thread.start()
        with printing_to(away):
            sys.stdout.write("from here\n")
            begun.set()
            printed.wait()
        thread.join()
    assert (away.getvalue(), shown.getvalue()) == ("from here\n", "from the other\n")
    assert sys.stdout is before


def test_printing_that_ends_crosswise_restores_the_stream():
    before = sys.stdout
    one, other = printing_to(io.StringIO()), printing_to(io.StringIO())
    opened, closed = threading.Event(), threading.Event()

    def thread():
        with other:
            opened.set()
            closed.wait()

    running = threading.Thread(target=thread)
    with one:
        running.start()
        opened.wait()
    closed.set()
    running.join()
    assert sys.stdout is before


def test_the_recursion_limit_is_put_back_by_the_last():
    before = sys.getrecursionlimit()
    one, other = deep_recursion(), deep_recursion()
    one.__enter__()
    other.__enter__()
    one.__exit__()
    assert sys.getrecursionlimit() > before
    other.__exit__()
    assert sys.getrecursionlimit() == before


# --- processes
def in_a_worker(k):
    found = compare("x^2*y", {"x": float(k), "y": 1.0}, claims={"x": "2*x*y"})
    return found.good, [m.verdict for m in found.measurements]


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_a_daemonic_worker_compares(method):
    with multiprocessing.get_context(method).Pool(2) as pool:
        found = pool.map_async(in_a_worker, range(1, 5)).get(120)
    assert found == [(True, ["ok"] * 4)] * 4


def test_a_daemonic_worker_keeps_its_time_limit():
    with multiprocessing.get_context("fork").Pool(1) as pool:
        assert pool.apply_async(endless_apart).get(60) == "Expired"


def endless_apart():
    try:
        Apart(endless).result(0.2)
    except BaseException as error:  # noqa: BLE001 - whatever it is
        return type(error).__name__


def endless():
    while True:
        pass


def test_a_fork_after_use_goes_on():
    assert in_a_worker(2)[0]
    process = multiprocessing.get_context("fork").Process(target=in_a_worker, args=(3,))
    process.start()
    process.join(60)
    assert process.exitcode == 0


def test_nothing_is_left_running_where_a_result_is_not_asked_for():
    task = Apart(endless)
    number = task.process.pid
    os.kill(number, 0)
    del task
    with pytest.raises(ProcessLookupError):
        os.kill(number, 0)
