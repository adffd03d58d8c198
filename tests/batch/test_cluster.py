"""A cluster on the loopback, as it is started from a command line: the same results, and none lost with a worker."""

import importlib.util
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.skipif(importlib.util.find_spec("distributed") is None, reason="distributed is not installed")

EXPRESSIONS = [
    "sin(x*y) + exp(-x^2/{})",
    "log(x^2 + {})*y",
    "abs(x) + y*{}",
    "(1 - cos(x/1e8))*{}",
    "1/2x + {}",
    "sinn(x)",
]


@dataclass
class Dask:
    """A scheduler and its workers, each the leader of a process group: a machine that can be lost."""

    folder: Path
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def file(self) -> Path:
        return self.folder / "scheduler.json"

    @property
    def address(self) -> str:
        return str(json.loads(self.file.read_text())["address"])

    def start(self, *arguments: str) -> None:
        command = [sys.executable, "-m", "dask", *arguments, "--scheduler-file", str(self.file)]
        command += ["--host", "127.0.0.1", "--no-dashboard"]
        with (self.folder / f"{len(self.processes)}.log").open("wb") as log:
            self.processes.append(
                subprocess.Popen(command, cwd=self.folder, stdout=log, stderr=log, start_new_session=True)
            )

    def kill(self, number: int) -> None:
        os.killpg(self.processes[number].pid, signal.SIGKILL)


@contextmanager
def dask(folder: Path, workers: int = 2) -> Iterator[Dask]:
    running = Dask(folder)
    try:
        running.start("scheduler", "--port", "0")
        for _ in range(workers):
            running.start("worker", "--nworkers", "1", "--nthreads", "1", "--local-directory", str(folder))
        ready = time.monotonic() + 120
        while any(
            b"Registered to" not in log.read_bytes() for log in map(folder.joinpath, ["1.log", "2.log"][:workers])
        ):
            assert time.monotonic() < ready
            time.sleep(0.05)
        yield running
    finally:
        for number, process in enumerate(running.processes):
            if process.poll() is None:
                running.kill(number)
            process.wait()


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dask]:
    with dask(tmp_path_factory.mktemp("dask")) as running:
        yield running


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("rows") / "rows.txt"
    texts = [EXPRESSIONS[i % len(EXPRESSIONS)].format(i + 1) for i in range(300)]
    path.write_text("".join(f"{text} | x={i % 7 + 0.5}, y={i % 5 + 0.25}\n" for i, text in enumerate(texts)))
    return path


@pytest.fixture(scope="module")
def undisturbed(file: Path) -> list[dict[str, Any]]:
    found = results(batch(file).stdout)
    assert len(found) == 300
    return found


def command(file: Path, *arguments: str) -> list[str]:
    return [sys.executable, "-m", "diffcli", "batch", str(file), "--format", "jsonl", *arguments]


def batch(file: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command(file, *arguments), check=False, capture_output=True, text=True, timeout=300)


def results(text: str) -> list[dict[str, Any]]:
    found = [json.loads(line) for line in text.splitlines()]
    for result in found:
        for method in result.get("methods", []):
            method["seconds"] = method["setup_seconds"] = None
    return found


def test_a_cluster_finds_what_one_machine_finds(shared: Dask, file: Path) -> None:
    here = batch(file, "-m", "forward,reverse")
    there = batch(file, "-m", "forward,reverse", "--cluster", shared.address)
    assert there.returncode == here.returncode == 1, there.stderr
    assert len(results(there.stdout)) == 300
    assert results(there.stdout) == results(here.stdout)
    assert "distributed" not in there.stderr


def test_limits_hold_on_a_cluster(shared: Dask, tmp_path: Path) -> None:
    product = "*".join(f"sin(x + {i})" for i in range(400))
    file = tmp_path / "rows.txt"
    file.write_text(f"x^2 | x=1\n{product} | x=0.5\nx^3 | x=1\n")
    found = results(batch(file, "--timeout", "5", "--cluster", shared.address).stdout)
    verdicts = [[method["verdict"] for method in result["methods"]] for result in found]
    assert verdicts == [["ok"] * 3, ["timeout", "ok", "ok"], ["ok"] * 3]


@contextmanager
def in_the_middle(file: Path, output: Path, address: str) -> Iterator["subprocess.Popen[str]"]:
    """A run that has written some of its rows."""
    arguments = command(file, "--output", str(output), "--cluster", address)
    with subprocess.Popen(arguments, stderr=subprocess.PIPE, text=True) as run:
        while not (output.exists() and output.read_text().count("\n") > 20):
            assert run.poll() is None
            time.sleep(0.01)
        yield run


@pytest.mark.parametrize("lost", ["worker process", "machine"])
def test_a_worker_lost_in_the_middle_loses_no_row(
    lost: str, file: Path, tmp_path: Path, undisturbed: list[dict[str, Any]]
) -> None:
    import psutil

    output = tmp_path / "results.jsonl"
    with dask(tmp_path) as running, in_the_middle(file, output, running.address) as run:
        if lost == "machine":
            running.kill(1)
        else:
            nanny = psutil.Process(running.processes[1].pid)
            (worker,) = [child for child in nanny.children() if child.children()]
            worker.kill()
        assert run.poll() is None
        _, errors = run.communicate(timeout=300)
    assert run.returncode == 1, errors
    assert results(output.read_text()) == undisturbed


def test_a_scheduler_lost_in_the_middle_is_an_error_that_can_be_resumed(
    file: Path, tmp_path: Path, undisturbed: list[dict[str, Any]]
) -> None:
    output = tmp_path / "results.jsonl"
    with dask(tmp_path, workers=1) as running, in_the_middle(file, output, running.address) as run:
        running.kill(0)
        _, errors = run.communicate(timeout=300)
        assert errors.startswith(f"error: the connection to the cluster at {running.address} is lost\n")
    assert run.returncode == 2
    assert "Traceback" not in errors
    resumed = batch(file, "--output", str(output), "--resume")
    assert resumed.returncode == 1, resumed.stderr
    assert results(output.read_text()) == undisturbed


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("tcp://127.0.0.1:1", "error: no Dask scheduler answers at tcp://127.0.0.1:1\n"),
        ("127.0.0.1", "error: --cluster 127.0.0.1: this is not the address of a scheduler\n"),
    ],
)
def test_a_scheduler_that_is_not_there_is_an_error(address: str, message: str, file: Path) -> None:
    begun = time.monotonic()
    run = batch(file, "--cluster", address)
    assert run.returncode == 2
    assert run.stderr.startswith(message)
    assert "Traceback" not in run.stderr
    assert time.monotonic() - begun < 60


def test_a_scheduler_without_workers_is_an_error(file: Path, tmp_path: Path) -> None:
    with dask(tmp_path, workers=0) as running:
        while not running.file.exists():
            time.sleep(0.05)
        run = batch(file, "--cluster", running.address)
    assert run.returncode == 2
    assert run.stderr.startswith(f"error: the scheduler at {running.address} has no workers\n")
