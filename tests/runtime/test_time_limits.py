"""Every command keeps its time limit: whole processes, on inputs that would take for ever."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from random import Random

import pytest

from diffcli.cli.application import COMMANDS

LIMIT = 1.0
MARGIN = 2.0
"""Seconds after its limit within which a command has ended."""

OUTER = "x*sum(outer(v, v))"
ENTRIES = "v=[" + ",".join(["1"] * 6000) + "]"
LONG = "+".join(f"sin(x*{k})*exp(x + {k})" for k in range(1, 2001))

ENDLESS = {
    "expr": ("expr", OUTER, "--at", f"{ENTRIES}, x=1"),
    "points": ("expr", OUTER, "--at", f"{ENTRIES}, x=0:1:5"),
    "sweep": ("sweep", OUTER, "--at", f"{ENTRIES}, x=1", "--wrt", "x"),
    "profile": ("profile", OUTER, "--at", ENTRIES, "--over", "x=0:1"),
    "hunt": ("hunt", OUTER, "--at", ENTRIES, "--over", "x=0:1"),
    "taylor": ("taylor", OUTER, "--at", f"{ENTRIES}, x=1", "--wrt", "x"),
    "newton": ("newton", OUTER, "--at", ENTRIES, "--from", "x=1"),
    "descend": ("descend", OUTER, "--at", ENTRIES, "--from", "x=1"),
    "descend, its steps": ("descend", "x^2", "--from", "x=1", "--rate", "1e-9", "--until", "0", "--steps", "99999999",
                           "-m", "reverse"),
    "swell": ("swell", "--expr", "l*sum(outer(v, v))", "--at", ENTRIES),
    "trace": ("trace", OUTER, "--at", f"{ENTRIES}, x=1"),
    "trace, its proofs": ("trace", LONG, "--at", "x=0.5"),
    "steps": ("steps", OUTER, "--at", f"{ENTRIES}, x=1"),
    "steps, its rules": ("steps", LONG, "--at", "x=0.5"),
    "graph": ("graph", OUTER, "--at", f"{ENTRIES}, x=1"),
    "graph, its picture": ("graph", LONG, "--at", "x=0.5", "--all", "-f", "svg"),
    "report": ("report", OUTER, "--at", f"{ENTRIES}, x=1"),
    "rules": ("rules", "--points", "1000000"),
    "an order": ("expr", "x**2.5", "--at", "x=1", "--order", "100000", "-m", "forward"),
}  # fmt: skip
FINITE = {"batch", "lesson", "methods"}
"""Commands that read nothing that could be long: files of rows, which have a test of their own, and what is ours."""


def test_every_command_is_here() -> None:
    assert {words[0] for words in ENDLESS.values()} | FINITE == set(COMMANDS)


def run(*words: str, limit: float = LIMIT) -> tuple[subprocess.CompletedProcess[str], float]:
    """What a command says, and how long it takes."""
    command = [sys.executable, "-m", "diffcli", *words, "--timeout", f"{limit}"]
    begun = time.monotonic()
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    return ended, time.monotonic() - begun


def most(*usual: str) -> float:
    """Seconds that a limited command may take here and now, where the same with an ordinary input takes its time."""
    return LIMIT + MARGIN + 2 * run(*usual, limit=60)[1]


@pytest.mark.parametrize("name", ENDLESS)
def test_a_command_ends_within_its_limit(name: str) -> None:
    ended, seconds = run(*ENDLESS[name])
    assert seconds < LIMIT + MARGIN or seconds < most("trace", "x", "--at", "x=1")
    if name == "an order":
        assert (ended.returncode, ended.stderr) == (1, "")
        assert "no answer within 1 s" in ended.stdout
        return
    message, *_, hint = ended.stderr.splitlines()
    assert (ended.returncode, ended.stdout) == (2, "")
    assert message.startswith("error: ")
    assert message.endswith("within 1 s")
    assert hint == "  --timeout gives it longer"


def test_a_row_ends_within_its_limit_and_the_rest_go_on(tmp_path: Path) -> None:
    rows = tmp_path / "rows.txt"
    rows.write_text(f"x | x=1\n{OUTER} | {ENTRIES}, x=1\nx^2 | x=3\n", encoding="utf-8")
    ended, seconds = run("batch", str(rows), "-m", "forward", "-j", "1")
    rows.write_text("x | x=1\n", encoding="utf-8")
    assert seconds < LIMIT + MARGIN or seconds < most("batch", str(rows), "-m", "forward", "-j", "1")
    assert ended.returncode == 1
    assert "line 2  error: not read within 1 s" in ended.stdout
    assert "x^2" in ended.stdout


# --- where the system has no timer signals, no fork, no `resource` and no /proc
BARE = '''
"""A system like Windows, as far as Python shows it, which tells how much memory a process has where TELLS is set.

A variable named hang makes SymPy stick in one instruction, one named eat makes it collect memory.
"""
import builtins, importlib.abc, importlib.machinery, io, os, signal, sys

for name in ("setitimer", "getitimer", "SIGALRM", "alarm", "pthread_sigmask"):
    delattr(signal, name)
for name in ("fork", "forkpty", "sched_getaffinity"):
    delattr(os, name)
sys.modules["resource"] = None


def without(function):
    def there(path, *more, **named):
        if isinstance(path, (str, os.PathLike)) and os.fspath(path).startswith("/proc"):
            raise FileNotFoundError(path)
        return function(path, *more, **named)
    return there


builtins.open = io.open = without(io.open)
os.listdir, os.scandir = without(os.listdir), without(os.scandir)


class Planted(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    inners = {}

    def find_spec(self, name, path, target=None):
        if name not in PLANTED:
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path)
        self.inners[name], spec.loader = spec.loader, self
        return spec

    def create_module(self, spec):
        return None

    def exec_module(self, module):
        self.inners[module.__name__].exec_module(module)
        PLANTED[module.__name__](module)


def symbolic(module):
    differentiate = module.differentiate
    def hanging(problem):
        if "hang" in problem.program.inputs:
            import itertools
            sum(itertools.repeat(0))
        if "eat" in problem.program.inputs:
            eaten = [b"x" * (1 << 20) for _ in range(4000)]
        return differentiate(problem)
    module.differentiate = hanging


def memory(module):
    """Pages that Linux keeps for this process, read as nothing else can on this system."""
    def taken():
        file = os.open("/proc/self/statm", os.O_RDONLY)
        try:
            return int(os.read(file, 100).split()[1]) * 4096
        finally:
            os.close(file)
    module.MEMORY = 200 << 20
    if os.environ.get("TELLS"):
        module.taken = taken


PLANTED = {"diffcli.methods.symbolic": symbolic, "diffcli.runtime.memory": memory}
sys.meta_path.insert(0, Planted())
'''


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory with functions and rows that hang; the processes begun from here on are on such a system."""
    system = tmp_path / "system"
    system.mkdir()
    (system / "sitecustomize.py").write_text(BARE, encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(system))
    (tmp_path / "endless.py").write_text(
        "def loop(x):\n    while x == x:\n        pass\n    return x\n\n"
        "def stick(x):\n    import itertools\n    return x + sum(itertools.repeat(0))\n",
        encoding="utf-8",
    )
    (tmp_path / "rows.txt").write_text("x^2 | x=3\nx*hang | x=1, hang=2\nx^3 | x=3\n", encoding="utf-8")
    return tmp_path


def bounded(*words: str, limit: float, ordinary: tuple[str, ...]) -> subprocess.CompletedProcess[str]:
    """A command that ends within its limit, here and now."""
    ended, seconds = run(*words, limit=limit)
    assert seconds < limit + MARGIN or seconds < limit + MARGIN + 2 * run(*ordinary, limit=60)[1]
    return ended


PLAIN = ("x*y", "--at", "x=1, y=2")


@pytest.mark.parametrize("name", ["loop", "stick"])
def test_a_function_ends_within_its_limit_on_a_bare_system(bare: Path, name: str) -> None:
    """By itself, where it can be interrupted, or from outside: on a busy machine that may come first."""
    ended = bounded(f"{bare}/endless.py:{name}", "--at", "x=1", limit=2, ordinary=PLAIN)
    assert (ended.returncode, ended.stdout) == (2, "")
    interrupted = name == "loop" and "does not come to an end" in ended.stderr
    assert interrupted or "was not imported and run within 2 s" in ended.stderr
    assert ended.stderr.endswith("--timeout gives it longer\n")


def test_sympy_that_hangs_ends_within_its_limit_on_a_bare_system(bare: Path) -> None:
    del bare
    ended = bounded("x*hang", "--at", "x=1, hang=2", limit=3, ordinary=PLAIN)
    assert (ended.returncode, ended.stderr) == (1, "")
    assert "Symbolic: timeout: no answer within 3 s." in ended.stdout


def test_a_row_that_hangs_costs_itself_alone_on_a_bare_system(bare: Path) -> None:
    rows = str(bare / "rows.txt")
    ended, _ = run("batch", rows, "-j", "1", "-f", "jsonl", limit=3)
    assert ended.returncode == 1
    words = [[method["verdict"] for method in json.loads(line)["methods"]] for line in ended.stdout.splitlines()]
    assert words == [["ok"] * 3, ["timeout", "ok", "ok"], ["ok"] * 3]


def test_reading_ends_within_its_limit_on_a_bare_system(bare: Path) -> None:
    del bare
    ended = bounded("sum(outer(v, v))", "--at", ENTRIES, limit=3, ordinary=PLAIN)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.startswith("error: the expression was not read within 3 s")


# --- memory where only reading tells of it
def test_a_method_that_collects_memory_is_stopped_on_a_bare_system(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    del bare
    monkeypatch.setenv("TELLS", "1")
    ended, _ = run("x*eat", "--at", "x=1, eat=2", limit=50)
    assert (ended.returncode, ended.stderr) == (1, "")
    assert "this method needs more memory than there is" in ended.stdout


def test_a_comparison_that_collects_memory_is_stopped_on_a_bare_system(
    bare: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    del bare
    monkeypatch.setenv("TELLS", "1")
    ended, _ = run(OUTER, "--at", f"{ENTRIES}, x=1", limit=50)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.startswith("error: this needs more memory than there is\n  ask for less")


def test_a_row_that_collects_memory_costs_itself_alone_on_a_bare_system(
    bare: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TELLS", "1")
    rows = bare / "rows.txt"
    rows.write_text(f"x^2 | x=3\nx*eat | x=1, eat=2\n{OUTER} | {ENTRIES}, x=1\nx^3 | x=3\n", encoding="utf-8")
    ended, _ = run("batch", str(rows), "-j", "1", "-f", "jsonl", "--memory", "200", limit=50)
    found = [json.loads(line) for line in ended.stdout.splitlines()]
    assert [[method["verdict"] for method in row["methods"]] for row in found if row["status"] == "ok"] == [
        ["ok"] * 3, ["failed", "ok", "ok"], ["ok"] * 3,
    ]  # fmt: skip
    assert found[2]["error"]["kind"] == "memory"
    assert ended.stderr.startswith("4 expressions in ")  # and no note


def test_a_batch_on_a_system_that_tells_nothing_says_that_nothing_limits_its_memory(bare: Path) -> None:
    rows = bare / "rows.txt"
    rows.write_text("x^2 | x=3\n", encoding="utf-8")
    ended, _ = run("batch", str(rows), "-j", "1", "-f", "jsonl", limit=50)
    assert ended.returncode == 0
    assert ended.stderr.startswith("note: --memory: this system does not tell how much a process has")
    assert ended.stderr.count("note:") == 1


# --- a function that does what it likes
@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("return x + sum(__import__('itertools').repeat(0))", "was not imported and run within 1 s"),
        ("__import__('os')._exit(3)", "ended without an answer"),
    ],
)
def test_a_function_that_cannot_be_interrupted_or_ends_its_process_is_said(
    tmp_path: Path, body: str, said: str
) -> None:
    (tmp_path / "own.py").write_text(f"def f(x):\n    {body}\n", encoding="utf-8")
    ended = bounded(f"{tmp_path}/own.py:f", "--at", "x=1", limit=1, ordinary=PLAIN)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert said in ended.stderr
    assert len(ended.stderr.splitlines()) == 2


def test_a_claim_about_a_function_that_sticks_elsewhere_ends_within_its_limit(tmp_path: Path) -> None:
    """At the point asked about it is quick; at others, where the claim is tried, it is one long instruction."""
    body = "def f(x):\n    if x > 3:\n        sum(range(10**12))\n    return x*x\n"
    (tmp_path / "own.py").write_text(body, encoding="utf-8")
    ended = bounded(f"{tmp_path}/own.py:f", "--at", "x=1", "--claim", "x: 2*x", limit=1, ordinary=PLAIN)
    assert ended.stderr == ""
    assert "Whether the claim is right is not decided" in ended.stdout


# --- Ctrl-C at any moment
EARLIEST, LATEST, RUNS = 0.15, 1.6, 24
"""Seconds after the start at which it comes: not before Python itself has started."""


def alive(session: int) -> list[str]:
    """Processes of a session that have not ended."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            before, _, after = stat.read_text(encoding="utf-8").rpartition(")")
            state, _, _, owner = after.split()[:4]
            if int(owner) == session and state not in "ZX":
                found.append(f"{before}) {state}")
    return found


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="processes are looked for in /proc")
def test_ctrl_c_at_any_moment_ends_all_with_its_exit_code(tmp_path: Path) -> None:
    rows = tmp_path / "rows.txt"
    rows.write_text("".join(f"x*sin(x)/{k} | x=1\n" for k in range(1, 1001)), encoding="utf-8")
    (tmp_path / "slow.py").write_text("import time\ndef f(x):\n    time.sleep(3)\n    return x*x\n", encoding="utf-8")
    commands = [
        ("batch", str(rows), "-f", "jsonl"), ("batch", "-", "-f", "jsonl", "-j", "2"), PLAIN,
        (f"{tmp_path}/slow.py:f", "--at", "x=1"), ("x**2.5", "--at", "x=1", "--order", "100000", "-m", "forward"),
        ("profile", "x*sin(x)", "--over", "x=0:1", "-m", "forward"),
    ]  # fmt: skip
    random = Random(4)
    for k in range(RUNS):
        words, group = commands[k % len(commands)], random.random() < 0.7
        with rows.open() as lines, subprocess.Popen(
            [sys.executable, "-m", "diffcli", *words], stdin=lines, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            text=True, start_new_session=True,
        ) as running:  # fmt: skip
            time.sleep(random.uniform(EARLIEST, LATEST))
            with suppress(ProcessLookupError):  # a terminal sends it to the whole group, `kill` to the process
                (os.killpg if group else os.kill)(running.pid, signal.SIGINT)
            out, err = running.communicate(timeout=30)
        assert running.returncode in (0, 1, 130), (words, err)
        assert "Traceback" not in err
        assert running.returncode != 130 or "interrupted" in err, words
        if words[0] == "batch":  # finished rows are given, and whole
            assert all(json.loads(line)["schema"] for line in out.splitlines())
        waited = time.monotonic() + 5
        while (left := alive(running.pid)) and time.monotonic() < waited:
            time.sleep(0.05)
        assert not left, words
