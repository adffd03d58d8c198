"""Batches left alone: order, limits, lost workers, going on after kill -9, reading, memory."""

import gc
import io
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pebble.pool.process
import pytest

from diffcli.batch.expanding import expand
from diffcli.batch.pool import PER_CORE, Lost, Workers, cores
from diffcli.batch.reading import legible, read_csv, read_jsonl, read_txt, reader_for
from diffcli.batch.resuming import repair, skip_kept
from diffcli.batch.rows import Failure, Result, Row, as_it_is
from diffcli.batch.running import _Pace, run
from diffcli.batch.summary import Summary, facts
from diffcli.batch.worker import compare_row, compare_rows, compare_together
from diffcli.cli.streams import source
from diffcli.comparison.result import Comparison, Settings
from diffcli.core.program import loads_first
from diffcli.methods import derive as registry
from diffcli.problem.asked import Asked
from diffcli.reports.comparison.json import as_object
from diffcli.reports.writing import Writing
from diffcli.runtime.errors import DiffError
from diffcli.runtime.limits import Died
from diffcli.syntax import elaborate
from diffcli.tables.encodings import encoding_of
from diffcli.truth.certify import certify

FAST = Settings(("forward", "reverse"))
PYTHON = [sys.executable, "-m", "diffcli", "batch"]


def row(number: int, text: str = "x*sin(y)", at: str = "x=1, y=2") -> Row:
    return Row(number, text, at)


def without_times(result: dict[str, Any]) -> dict[str, Any]:
    for method in result.get("methods", []):
        method["seconds"] = method["setup_seconds"] = None
    return result


def lines(path: Path) -> list[dict[str, Any]]:
    return [without_times(json.loads(line)) for line in path.read_text().splitlines()]


@pytest.fixture
def workers() -> Iterator[Workers]:
    pool = Workers(2, FAST, None, 1 << 30)
    yield pool
    pool.stop()


def run_here(rows: list[Any], settings: Settings) -> Iterator[Result]:
    """The reference: row by row, in this process."""
    for row in rows:
        yield row if isinstance(row, Failure) else compare_row(row, settings, None)


def objects(results: Iterator[Result]) -> list[dict[str, Any]]:
    return [without_times(as_object(result)) for result in results]


# --- how many workers
@pytest.fixture
def begun(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Processes of workers that have begun."""
    found: list[int] = []
    manager = pebble.pool.process.WorkerManager
    new_worker = manager.new_worker

    def counted(self: Any) -> None:
        new_worker(self)
        found.append(1)

    monkeypatch.setattr(manager, "new_worker", counted)
    return found


@pytest.mark.parametrize("rows", [0, 1, 3])
def test_no_more_workers_begin_than_rows_have_come(begun: list[int], rows: int) -> None:
    pool = Workers(1000, FAST, None, 1 << 30)
    try:
        assert len(list(run([row(k) for k in range(rows)], pool, FAST))) == rows
    finally:
        pool.stop()
    assert len(begun) <= rows


def test_as_many_workers_begin_as_are_asked_for_where_rows_are_many(begun: list[int]) -> None:
    pool = Workers(3, FAST, None, 1 << 30)
    try:
        pending = [pool.submit([row(k, PRODUCT)]) for k in range(40)]
        while len(begun) < 3:
            time.sleep(0.05)
        assert [len(one.result()) for one in pending] == [1] * 40
    finally:
        pool.stop()
    assert len(begun) == 3


def test_any_number_of_workers_is_as_many_as_the_cores_can_serve() -> None:
    """Rows through a pipe, whose number nobody knows."""
    rows = "".join(f"x^{k} | x=3\n" for k in range(2, 7))
    command = [*PYTHON, "-", "--jobs", "1000", "-f", "jsonl", "-m", "forward"]
    ended = subprocess.run(command, input=rows, capture_output=True, text=True, timeout=120, check=False)
    assert (ended.returncode, len(ended.stdout.splitlines())) == (0, 5)
    most = PER_CORE * cores()
    assert ended.stderr.startswith(f"note: --jobs 1000: {most} at most, {PER_CORE} a core\n")


# --- order and limits
def test_results_of_workers_come_in_order_and_equal_those_of_one_process(workers: Workers) -> None:
    rows = [row(i, f"x*sin(y)/{i}") if i % 7 else row(i, "1/2x") for i in range(1, 200)]
    assert objects(run(rows, workers, FAST)) == objects(run_here(rows, FAST))


def test_rows_that_workers_write_are_those_written_here() -> None:
    rows: list[Row | Failure] = [row(1), Failure(2, None, "?", "format", "no JSON"), row(3, "1/2x")]
    writing = Writing(("csv", "markdown"))
    pool = Workers(1, FAST, None, 1 << 30, writing)
    try:
        found = list(run(rows, pool, FAST, None, writing))
    finally:
        pool.stop()
    expected = [writing(result) for result in run_here(rows, FAST)]
    assert [written.facts for written in found] == [written.facts for written in expected]
    assert [written.texts[1] for written in found] == [written.texts[1] for written in expected]
    assert [len(written.texts) for written in found] == [2, 2, 2]


def test_chunks_grow_while_rows_are_quick_and_shrink_when_they_are_slow(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    monkeypatch.setattr("diffcli.batch.running.time.monotonic", lambda: clock[0])
    pace, sizes = _Pace(2), []
    for seconds in [0.0001] * 10 + [1.0] * 60:
        clock[0] += seconds * pace.size
        pace.count(pace.size)
        sizes.append(pace.size)
    assert sizes[:8] == [1, 2, 4, 8, 16, 32, 64, 64]
    assert sizes[-1] == 1


def test_failures_of_reading_keep_their_place(workers: Workers) -> None:
    rows: list[Row | Failure] = [row(1), Failure(2, None, "?", "format", "no JSON"), row(3)]
    assert [result["line"] for result in objects(run(rows, workers, FAST))] == [1, 2, 3]


def test_the_first_result_appears_while_rows_are_still_being_read(workers: Workers) -> None:
    asked = []

    def slow() -> Iterator[Row]:
        yield row(1)
        while not asked:
            time.sleep(0.01)
        yield row(2)

    results = run(slow(), workers, FAST)
    assert isinstance(next(results), Comparison)
    asked.append(True)
    assert isinstance(next(results), Comparison)


def test_a_fault_of_the_reader_is_raised_after_what_was_read(workers: Workers) -> None:
    def broken() -> Iterator[Row]:
        yield row(1)
        raise ValueError("half a file")

    results = run(broken(), workers, FAST)
    assert isinstance(next(results), Comparison)
    with pytest.raises(ValueError, match="half a file"):
        next(results)


@pytest.mark.parametrize("fault", [BrokenPipeError, BrokenProcessPool])
def test_a_pool_that_cannot_begin_is_begun_anew(
    workers: Workers, fault: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    faults = [fault(), fault()]  # what Python's processes of its own were killed by, just then
    make = pebble.pool.process.channels

    def channels(context: Any) -> Any:
        if faults:
            raise faults.pop()
        return make(context)

    monkeypatch.setattr(pebble.pool.process, "channels", channels)
    rows = [row(i, f"x*sin(y)/{i}") for i in range(1, 5)]
    assert objects(run(rows, workers, FAST)) == objects(run_here(rows, FAST))
    assert not faults


PRODUCT = "*".join(f"(x+{i})" for i in range(1, 1500))


def test_a_monster_times_out_for_one_method_and_one_row() -> None:
    settings = Settings(timeout=4.0, fatal=True)  # SymPy needs minutes, all else less than one second
    pool = Workers(2, settings, None, 1 << 30)
    try:
        list(run([row(i) for i in range(1, 9)], pool, settings))  # libraries are imported, however long that takes
        found = objects(run([row(1), row(2, PRODUCT, "x=0.5"), row(3)], pool, settings))
    finally:
        pool.stop()
    verdicts = [[method["verdict"] for method in result["methods"]] for result in found]
    assert verdicts == [["ok"] * 3, ["timeout", "ok", "ok"], ["ok"] * 3]


STUCK = """
from diffcli.runtime.limits import Here
Here(lambda: pow(9, 9**9), fatal=True).result(0.2)  # one instruction: no handler of Python's gets a turn
"""


def test_what_cannot_be_interrupted_ends_its_process() -> None:
    assert subprocess.run([sys.executable, "-c", STUCK], check=False, timeout=60).returncode == 1


class _Fragile:
    """A pool that loses rows: all chunks, or always the row numbered `cursed`."""

    size = 1

    def __init__(self, cursed: int) -> None:
        self.cursed = cursed
        self.asked: list[list[int]] = []

    def submit(self, rows: list[Row]) -> Any:
        self.asked.append([row.line for row in rows])
        return _Answer(rows, len(rows) > 1 or rows[0].line == self.cursed)

    def mend(self) -> None:
        pass

    def stop(self) -> None:
        pass


class _Answer:
    def __init__(self, rows: list[Row], lost: bool) -> None:
        self.rows, self.lost = rows, lost

    def result(self) -> list[Result]:
        if self.lost:
            raise Lost
        return list(run_here(self.rows, FAST))

    def done(self) -> bool:
        return True

    def when_done(self, call: Any) -> None:
        call()


def test_rows_of_a_lost_worker_are_done_one_by_one_and_the_cursed_one_apart() -> None:
    rows = [row(i, f"x*y+{i}") for i in range(1, 40)]
    pool = _Fragile(cursed=5)
    assert objects(run(rows, pool, FAST)) == objects(run_here(rows, FAST))
    assert any(len(chunk) > 1 for chunk in pool.asked)


def test_a_row_that_was_alone_is_not_asked_of_the_pool_again() -> None:
    alone = _Fragile(cursed=5)
    assert objects(run([row(5)], alone, FAST)) == objects(run_here([row(5)], FAST))
    assert alone.asked == [[5]]


@pytest.mark.parametrize("deaths", [0, 1, 2])
def test_a_process_may_be_killed_from_outside_once(deaths: int, monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[int] = []

    def alone(row: Row, settings: Settings, wrt: Any, limit: float) -> Result:
        assert settings.apart
        assert limit > settings.timeout
        tried.append(row.line)
        if len(tried) <= deaths:
            raise Died
        return compare_row(row, replace(settings, apart=False), wrt)

    monkeypatch.setattr("diffcli.batch.running._alone", alone)
    (found,) = run([row(5)], _Fragile(cursed=5), FAST)
    assert tried == [5] * min(deaths + 1, 2)
    if deaths < 2:
        assert isinstance(found, Comparison)
    else:
        assert isinstance(found, Failure)
        assert (found.line, found.kind) == (5, "lost")


def children(pid: int) -> list[int]:
    table = subprocess.run(["ps", "-eo", "pid,ppid,args"], check=True, capture_output=True, text=True).stdout
    split = [line.split(None, 2) for line in table.splitlines()[1:]]
    return [int(child) for child, parent, words in split if int(parent) == pid and "resource_tracker" not in words]


@pytest.mark.skipif(not Path("/proc").exists(), reason="needs ps and fork servers")
@pytest.mark.parametrize("victim", ["worker", "server"])
def test_killed_workers_cost_nothing(tmp_path: Path, victim: str) -> None:
    cases, output = tmp_path / "cases.txt", tmp_path / "out.jsonl"
    cases.write_text("".join(f"x*sin(y)+{i} | x={i}, y=2\n" for i in range(3000)))
    with subprocess.Popen(
        [*PYTHON, str(cases), "-f", "jsonl", "-o", str(output), "-m", "forward,reverse", "-j", "2"],
        stderr=subprocess.DEVNULL,
    ) as running:
        killed = 0
        while running.poll() is None and killed < 3:
            time.sleep(0.2)
            servers = children(running.pid)
            targets = servers if victim == "server" else [child for server in servers for child in children(server)]
            for target in targets[:1]:
                with suppress(ProcessLookupError):  # it ended between
                    os.kill(target, signal.SIGKILL)
                    killed += 1
        assert running.wait() == 0
    assert killed
    found = lines(output)
    assert [result["line"] for result in found] == list(range(1, 3001))
    assert {result["status"] for result in found} == {"ok"}


# --- going on
def test_a_run_that_was_killed_again_and_again_ends_with_the_same_rows(tmp_path: Path) -> None:
    cases, whole, broken = tmp_path / "cases.txt", tmp_path / "whole.jsonl", tmp_path / "broken.jsonl"
    cases.write_text("".join(f"x*sin(y)+exp(-x/{i + 1}) | x={i}, y=2\n" if i % 9 else "1/2x\n" for i in range(2000)))
    command = [*PYTHON, str(cases), "-f", "jsonl", "-m", "forward,reverse", "-o"]
    subprocess.run([*command, str(whole)], check=False, stderr=subprocess.DEVNULL)
    size = whole.stat().st_size
    for part in range(1, 5):
        with subprocess.Popen([*command, str(broken), "--resume"], stderr=subprocess.DEVNULL) as running:
            while running.poll() is None and not (broken.exists() and broken.stat().st_size > part * size / 8):
                time.sleep(0.002)
            running.kill()
        assert size / 8 < broken.stat().st_size < size
    done = subprocess.run([*command, str(broken), "--resume"], check=False, capture_output=True, text=True)
    assert lines(broken) == lines(whole)
    assert "2,000 expressions" in done.stderr


@pytest.mark.parametrize(
    ("written", "whole"),
    [(b"", b""), (b"{}\n", b"{}\n"), (b'{}\n{"a"', b"{}\n"), (b'{"a', b""), (b"{}\n" + b"x" * 200_000, b"{}\n")],
)
def test_a_half_written_line_is_cut_off(tmp_path: Path, written: bytes, whole: bytes) -> None:
    path = tmp_path / "out.jsonl"
    path.write_bytes(written)
    repair(path)
    assert path.read_bytes() == whole


def test_another_batchs_output_is_not_gone_on_with(tmp_path: Path) -> None:
    cases, output = tmp_path / "cases.txt", tmp_path / "out.jsonl"
    cases.write_text("x | x=1\n")
    output.write_text('{"line": 1, "id": null, "expression": "y"}\n')
    done = subprocess.run(
        [*PYTHON, str(cases), "-f", "jsonl", "-o", str(output), "--resume"], check=False, capture_output=True, text=True
    )
    assert done.returncode == 2
    assert "is no result of this batch's row 1" in done.stderr
    assert "y" in output.read_text()


def kept(row: Row, **changed: Any) -> str:
    """A line of an earlier run's output, for a row that failed then."""
    content = {"line": row.line, "id": row.id, "expression": row.expression, "status": "error"}
    return json.dumps(content | changed) + "\n"


def test_going_on_keeps_the_rows_that_are_there_and_leaves_the_others(tmp_path: Path) -> None:
    output, found = tmp_path / "out.jsonl", list[Any]()
    rows = [Row(k, f"x + {k}", "x=1", id=f"a#{k}") for k in (1, 2, 3)]
    output.write_text(kept(rows[0]) + kept(rows[1]))
    left = iter(rows)
    skip_kept(output, left, found.append, FAST)
    assert [content["line"] for content in found] == [1, 2]
    assert list(left) == rows[2:]


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (2, kept(Row(1, "x", "", id="a")) + kept(Row(2, "y", "", id="b"), id="c")),
        (2, kept(Row(1, "x", "", id="a")) + kept(Row(2, "y", "", id="b"), line=3)),
        (2, kept(Row(1, "x", "", id="a")) + kept(Row(2, "y", "", id="b"), expression="z")),
        (3, kept(Row(1, "x", "", id="a")) + kept(Row(2, "y", "", id="b")) + kept(Row(3, "z", ""))),  # more than asked
        (1, "[]\n"),
        (1, "{}\n"),
        (1, "no JSON\n"),
        (1, '{"line": 1, "id": "a", "expression": "x"}\n'),
        (1, '{"line": 1, "id": "a", "expression": "x", "status": "ok"}\n'),
    ],
)
def test_what_is_no_beginning_of_this_batch_is_refused(tmp_path: Path, number: int, text: str) -> None:
    output = tmp_path / "out.jsonl"
    output.write_text(text)
    rows: list[Row | Failure] = [Row(1, "x", "", id="a"), Row(2, "y", "", id="b")]
    with pytest.raises(DiffError, match=f"line {number} of .* is no result of this batch's row {number}"):
        skip_kept(output, iter(rows), [].append, FAST)


@pytest.mark.parametrize("bad", ["log(x) | x=-1", "1/2x | x=1"])
def test_fail_fast_stops_after_the_first_bad_row(tmp_path: Path, bad: str) -> None:
    cases, output = tmp_path / "cases.txt", tmp_path / "out.jsonl"
    cases.write_text(f"x | x=1\n{bad}\n" + "x | x=1\n" * 500)
    command = [*PYTHON, str(cases), "-f", "jsonl", "-o", str(output), "-m", "reverse", "--fail-fast"]
    assert subprocess.run(command, check=False, stderr=subprocess.DEVNULL).returncode == 1
    assert [result["line"] for result in lines(output)] == [1, 2]


@pytest.mark.skipif(os.name == "nt", reason="no SIGINT to send")
def test_ctrl_c_says_what_is_done_and_how_to_go_on(tmp_path: Path) -> None:
    cases, output = tmp_path / "cases.txt", tmp_path / "out.jsonl"
    cases.write_text("x*sin(x) | x=1\n" * 20_000)
    with subprocess.Popen(
        [*PYTHON, str(cases), "-f", "jsonl", "-o", str(output), "-m", "forward,reverse"],
        stderr=subprocess.PIPE, text=True, start_new_session=True,
    ) as running:  # fmt: skip
        while not output.exists() or output.stat().st_size < 10_000:
            time.sleep(0.05)
        os.killpg(running.pid, signal.SIGINT)  # a terminal sends it to the whole group
        _, said = running.communicate()
    assert running.returncode == 130
    assert "Traceback" not in said
    written = len(lines(output))
    assert re.findall(r"interrupted after (\d+) rows", said) in ([str(written)], [str(written - 1)])
    assert "--resume" in said


@pytest.mark.skipif(os.name == "nt", reason="no SIGINT to send")
@pytest.mark.parametrize("seconds", [0.4, 0.8, 1.2, 1.6])
def test_ctrl_c_while_workers_start_is_no_traceback(seconds: float, tmp_path: Path) -> None:
    """Whenever it comes after our own handlers stand; a run that is done by then is done."""
    cases = tmp_path / "cases.txt"
    cases.write_text("".join(f"x*sin(x)/{k} | x=1\n" for k in range(1, 201)))
    with subprocess.Popen(
        [*PYTHON, str(cases), "-f", "jsonl", "-m", "forward,symbolic"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
    ) as running:  # fmt: skip
        time.sleep(seconds)
        with suppress(ProcessLookupError):
            os.killpg(running.pid, signal.SIGINT)
        rows, said = running.communicate(timeout=60)
    assert "Traceback" not in said
    assert (running.returncode, len(rows.splitlines())) == (0, 200) or running.returncode == 130
    assert all(json.loads(row)["status"] == "ok" for row in rows.splitlines())


# --- reading
def test_fifty_good_and_fifty_hostile_rows_give_fifty_results_and_fifty_errors(tmp_path: Path) -> None:
    hostile = [
        "__import__('os').system('true')", "x.__class__", "(lambda: 1)()", "'a'*9", "1/2x", "sinn(x)", "x +", "((x)",
        "x)", "x = 3", "[x", "a; b", "import os", "x ?? y", "\u202ex", "x" * 5000 + "(", "(" * 200_000, "x if",
        "1..", "x,,y",
    ]  # fmt: skip
    texts = [f"x**2 + {i} | x={i}" if i % 2 else f"{hostile[i // 2 % len(hostile)]} | x=1" for i in range(100)]
    cases = tmp_path / "cases.txt"
    cases.write_text("\n".join(texts) + "\n")
    done = subprocess.run(
        [*PYTHON, str(cases), "-f", "jsonl", "-m", "reverse"], check=False, capture_output=True, text=True
    )
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 1
    assert [result["line"] for result in found] == list(range(1, 101))
    assert [result["status"] for result in found] == ["error", "ok"] * 50
    assert all(result["error"]["message"] for result in found[::2])


def points(text: str | dict[str, Any]) -> list[Any]:
    return [
        expanded.at if isinstance(expanded, Row) else expanded.message
        for expanded in expand([Row(1, "x", text, id="a")])
    ]


def test_ranges_become_rows() -> None:
    assert points("x=0:1:5, y=2") == [{"x": x, "y": "2"} for x in (0.0, 0.25, 0.5, 0.75, 1.0)]
    assert points({"x": "0:pi:2", "y": "1:2:2"}) == [
        {"x": x, "y": y} for x in (0.0, 3.141592653589793) for y in (1.0, 2.0)
    ]
    assert [at["x"] for at in points("x=-0.7:0.1:3")][::2] == [-0.7, 0.1]  # -0.7 + (0.1 + 0.7) is another number
    assert points("x=max(1, 2)") == ["x=max(1, 2)"]
    assert points("x=max(1, 2), y=0:1:2") == [{"x": "max(1, 2)", "y": 0.0}, {"x": "max(1, 2)", "y": 1.0}]
    assert [expanded.id for expanded in expand([Row(1, "x", "x=0:1:3", id="a")])] == ["a#1", "a#2", "a#3"]


RANGED = Settings(("symbolic", "forward", "reverse", "complex-step", "central-difference"))


@pytest.mark.parametrize(
    ("text", "derived"),
    [("exp(-x*x)*sin(3*x)", {"symbolic": 1, "forward": 1, "reverse": 1, "complex-step": 1, "central-difference": 5}),
     ("max(x*x, 0.25)", {"symbolic": 1, "forward": 5, "reverse": 5, "complex-step": 5, "central-difference": 5})],
)  # fmt: skip
def test_what_holds_at_every_point_is_derived_once_for_a_range(
    monkeypatch: pytest.MonkeyPatch, text: str, derived: dict[str, int]
) -> None:
    rows = list(expand([Row(1, text, "x=-1:1:5")]))
    alone = []
    for row in rows:
        monkeypatch.setattr(registry, "_known", registry._Known())
        alone += objects(run_here([row], RANGED))
    calls: dict[str, int] = {}

    def counted(name: str, problem: Any) -> Any:
        calls[name] = calls.get(name, 0) + 1
        return derive(name, problem)

    derive = registry.derive
    monkeypatch.setattr(registry, "_known", registry._Known())
    monkeypatch.setattr(registry, "derive", counted)
    assert objects(run_here(rows, RANGED)) == alone
    assert calls == derived


def test_half_a_character_is_an_error_of_its_row_alone(tmp_path: Path) -> None:
    """JSON allows one half of a pair of surrogates alone, and no encoding does."""
    lines = [
        r'{"expr": "x", "at": {"x": 1}, "id": "\ud800"}',
        r'{"expr": "x+\udC00", "at": {"x": 1}}',
        r'{"expr": "x*x", "at": {"x": 1}, "id": "\ud83d\ude00"}',
    ]
    first, second, third = read_jsonl(lines)
    for number, found in enumerate((first, second), 1):
        assert isinstance(found, Failure)
        assert (found.line, found.kind, found.message) == (number, "format", "an escape stands for half a character")
    assert isinstance(third, Row)
    assert third.id == "\N{GRINNING FACE}"
    file = tmp_path / "rows.jsonl"
    file.write_text("\n".join(lines))
    for format in ("jsonl", "csv", "table"):  # noqa: A001 - the word of the command line
        command = [*PYTHON, str(file), "-f", format, "-m", "forward"]
        done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)
        assert done.returncode == 1
        assert "Traceback" not in done.stderr
        assert "\N{GRINNING FACE}" in done.stdout


def test_a_fault_of_ours_costs_its_row_and_none_of_those_that_travel_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = "x*sin(x*y)"

    def failing(program: Any, *asked: Any) -> Any:
        if program == loads_first(elaborate(wrong).program):
            raise KeyError("a mistake")
        return certify(program, *asked)

    monkeypatch.setattr("diffcli.comparison.proving.certify", failing)
    rows = [row(1), row(2, wrong), row(3, "x +"), row(4, "x + y")]
    first, fault, unread, last = compare_rows(rows, FAST, None, as_it_is)
    assert isinstance(fault, Failure)
    assert (fault.line, fault.kind) == (2, "internal")
    assert "KeyError: 'a mistake'" in fault.message
    assert isinstance(unread, Failure)
    assert unread.kind == "syntax"
    assert [found.case.line for found in (first, last)] == [1, 4]


def test_rows_leave_nothing_that_only_the_garbage_collector_finds() -> None:
    """What a row needed is freed with it; cycles would be held until a collection, with their balls and programs."""
    texts = "x*sin(y)", "x^y/exp(x)", "max(x, y)*abs(x - 2)"
    rows = [Row(number, text, "x=1.5, y=0.5") for number, text in enumerate(texts, 1)]
    list(run_here(rows, FAST))  # rules are read once, libraries imported
    gc.collect()
    gc.disable()
    try:
        for _ in range(3):
            list(run_here(rows, FAST))
        assert gc.collect() == 0
    finally:
        gc.enable()


def test_another_question_is_derived_anew() -> None:
    expression = "x*y*y"
    for settings in (FAST, Settings(("forward", "reverse"), asked=Asked(order=2)), FAST):
        for names in (("x", "y"), ("y",)):
            row = Row(1, expression, "x=2, y=3", names)
            (found,) = run_here([row], settings)
            assert isinstance(found, Comparison)
            assert [measurement.verdict for measurement in found.measurements] == ["ok", "ok"]


@pytest.mark.parametrize(
    "text", ["x=0:1", "x=::", "x=0: :3", "x=0:1:0", "x=0:1:2.5", "x=0:1:2:3", "x=0:1:1e9", "x=a:1:3"]
)
def test_what_is_no_range_is_said(text: str) -> None:
    (message,) = points(text)
    assert isinstance(message, str)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_encodings_and_newlines_just_work(tmp_path: Path, encoding: str, newline: str) -> None:
    path = tmp_path / "cases.txt"
    path.write_bytes(newline.join(["# Übung", "θ*x | θ=2, x=3", ""]).encode(encoding))
    done = subprocess.run(
        [*PYTHON, str(path), "-f", "jsonl", "-m", "reverse"], check=False, capture_output=True, text=True
    )
    assert json.loads(done.stdout)["line"] == 2


HALF_READ = {
    "rows.txt": ("x^2 | x=3\n# Übung\nü*x | x=1, ü=2\nx^2 | x=4\n", [None, "format", None]),
    "rows.jsonl": (
        '{"expr": "x", "at": {"x": 1}}\n{"expr": "x", "id": "Jürg", "at": {"x": 1}}\n{"expr": "x", "at": {"x": 2}}\n',
        [None, "format", None],
    ),
    "rows.csv": ("expr,x,claim\nx,1,1\nx,2,ü\nx,ü,1\nx,3,1\n", [None, "format", "format", None]),
}


@pytest.mark.parametrize("name", HALF_READ)
def test_bytes_that_are_no_text_are_errors_of_their_rows_alone(name: str, tmp_path: Path) -> None:
    """A comment may hold anything; what a row holds is read, or its row is an error."""
    text, kinds = HALF_READ[name]
    path = tmp_path / name
    path.write_bytes(text.encode("latin-1"))
    assert [row.kind if isinstance(row, Failure) else None for row in read_file(path)] == kinds
    failures = [row for row in read_file(path) if isinstance(row, Failure)]
    assert {(row.message, row.expression.isprintable()) for row in failures} == {
        ("the row is not UTF-8 (byte 0xfc)", True)
    }
    assert not any(isinstance(row, Failure) for row in read_file(path, "latin-1"))
    done = subprocess.run([*PYTHON, str(path), "-f", "jsonl", "-m", "reverse"], check=False, capture_output=True)
    assert [json.loads(line)["status"] for line in done.stdout.splitlines()] == [
        "error" if kind else "ok" for kind in kinds
    ]


def read_file(path: Path, encoding: str | None = None) -> list[Row | Failure]:
    with source(str(path), encoding) as text:
        return list(legible(reader_for(path.name)(text), text.encoding))


@pytest.mark.parametrize("encoding", ["gbk", "gb18030", "utf-16", "utf-8-sig", "utf-8", "big5"])
@pytest.mark.parametrize("name", ["速度", "王小明", "喆"])
def test_chinese_files_are_read_as_they_are_saved(
    encoding: str, name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is told by its bytes is read without a word of the user; what is not, with --encoding."""
    path = tmp_path / "作业.csv"
    path.write_bytes(f"expr,id,x\n学号*x,{name}一,3\n微分*x,{name}二,4\n".encode(encoding, "ignore"))
    named = "big5" if encoding == "big5" else None
    rows = read_file(path, named)
    expected = [f"{name}{number}".encode(encoding, "ignore").decode(encoding) for number in "一二"]
    assert [row.id for row in rows if isinstance(row, Row)] == expected
    assert ("GB 18030" in capsys.readouterr().err) == encoding.startswith("gb")


@pytest.mark.parametrize(
    "text", ["x | x=1 # été à Zürich\n", "é*x | é=1\nñandú | ñandú=2\n", "x # ©®\n", "2·x | x=1\n"]
)
def test_latin_1_is_not_taken_for_chinese(text: str) -> None:
    assert encoding_of(text.encode("latin-1")) == "utf-8-sig"
    assert encoding_of("学号 | 学号=1\n".encode() * 3 + text.encode("latin-1")) == "utf-8-sig"


def test_half_a_unit_of_utf_16_and_an_unknown_encoding_are_said(tmp_path: Path) -> None:
    path = tmp_path / "rows.txt"
    path.write_bytes("x | x=1\nx | x=2".encode("utf-16") + b"\0")
    assert isinstance(read_file(path)[0], Row)
    for name in ("klingon", "base64", "\0"):
        with pytest.raises(DiffError, match="no such encoding"):
            source(str(path), name)


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_text_in_a_table_is_carried_along(separator: str) -> None:
    """A column that the expression does not name may hold anything; one that it names has values, or is an error."""
    table = [
        ["expr", "name", "学号", "x", "born", "id"],
        ["x^2", "Wei", "007", "3", "10:30", "a"],
        ["x*name", "2", "", "pi/2", "see [1", "b"],
        ["x*name", "Wei", "", "3", "", "c"],
    ]
    rows = list(expand(read_csv([separator.join(line) + "\n" for line in table])))
    found = [compare_row(row, Settings(("forward",)), None) for row in rows if isinstance(row, Row)]
    told = [as_object(result) for result in found]
    assert [one["status"] for one in told] == ["ok", "ok", "error"]
    assert [one.get("carried") for one in told] == [
        {"name": "Wei", "学号": "007", "born": "10:30"},
        {"born": "see [1"},
        None,
    ]
    broken = ["expr;name;id;x\n", "x*(;Wei; 007 ;3\n", "x;Li;０１;1;2;3\n"]
    failed = [as_object(one if isinstance(one, Failure) else compare_row(one, FAST, None)) for one in read_csv(broken)]
    assert [(one["status"], one["id"], one["carried"]["name"]) for one in failed] == [
        ("error", " 007 ", "Wei"),
        ("error", "０１", "Li"),
    ]
    assert told[1]["at"] == {"x": 1.5707963267948966, "name": 2.0}


def test_what_is_given_twice_is_refused() -> None:
    with pytest.raises(DiffError, match="two columns 'x'"):
        list(read_csv(["expr,x,x\n", "x,1,2\n"]))
    twice = ['{"expr": "x", "expr": "y"}', '{"expr": "x", "at": {"x": 1, "x": 2}}', '{"expr": "x", "at": {"x": 1}}']
    rows = list(read_jsonl(twice))
    assert [getattr(row, "message", None) for row in rows] == ["'expr' is given twice", "'x' is given twice", None]


def test_readers_keep_lines_and_ids() -> None:
    assert [(r.line, r.id) for r in read_jsonl(['{"expr": "x", "id": 7}', "", '{"expr": "y"}'])] == [
        (1, "7"),
        (3, None),
    ]
    table = 'expr,id,x,wrt\n"x*max(x, 1)",a,1,x\n"x\n+1",b,,\nx,c,2,\n'.splitlines(keepends=True)
    assert [(r.line, r.id) for r in read_csv(table)] == [(2, "a"), (4, "b"), (5, "c")]
    assert [r.line for r in read_txt(["# c\n", "\n", "x | x=1 # d\n", "y\n"])] == [3, 4]


# --- what it comes to
def test_a_summary_of_results_equals_one_of_their_json() -> None:
    rows = [
        row(1),
        row(2, "(1-cos(x))/x**2", "x=1e-8"),
        row(3, "abs(x)", "x=0"),
        row(4, "1/2x"),
        row(5, "log(x)", "x=-1"),
    ]
    new, kept = Summary(), Summary()
    for result in run_here(rows, FAST):
        new.add(facts(result))
        kept.add_kept(json.loads(json.dumps(as_object(result))))
    kept.kept = 0
    assert new == kept
    assert new.verdicts["reverse"] == {"ok": 1, "inaccurate": 1, "kink": 1, "domain": 1}
    assert (new.rows, new.bad, new.failures, new.good) == (5, 2, 1, False)
    assert [worst.line for worst in new.worst] == [2]


def summed(*rows: Row) -> Summary:
    summary = Summary()
    for result in run_here(list(rows), FAST):
        summary.add(facts(result))
    return summary


def test_the_cheapest_method_is_told_of_rows_that_compare_some() -> None:
    """x*y: 1 operation for reverse mode, 2 for two sweeps; x: none for either, and both are the cheapest."""
    found = summed(row(1, "x*y"), row(2, "x"), row(3, "1/2x"))
    assert (found.compared, found.fewest) == (2, {"forward": 1, "reverse": 2})
    assert found.ratios == {"forward": {2.0: 1}, "reverse": {1.0: 1}}
    assert (found.median_ratio("forward"), found.median_ratio("symbolic")) == (2.0, None)


def test_a_claim_is_judged_and_not_weighed() -> None:
    found = summed(Row(1, "x*y", "x=1, y=2", claims=("x: y", "y: x")))
    assert found.verdicts["claim"] == {"right": 1}
    assert "claim" not in found.ratios
    assert found.fewest == {"reverse": 1}


def test_of_rows_that_are_equally_bad_the_first_are_listed_in_their_order() -> None:
    bad = [row(k, "(1-cos(x))/x**2", "x=1e-8") for k in range(1, 13)]
    assert [worst.line for worst in summed(row(0), *bad).worst] == list(range(1, 11))


def test_one_failure_or_one_bad_row_is_not_good() -> None:
    assert summed(row(1), row(2, "abs(x)", "x=0")).good
    assert not summed(row(1), row(2, "1/2x")).good
    assert not summed(row(1), row(2, "log(x)", "x=-1")).good


@pytest.mark.parametrize(
    ("text", "expression", "point"),
    [
        ("|x| | x=-1", "|x|", "x=-1"),
        ("|x|", "|x|", ""),
        ("x/|x| | x=-1", "x/|x|", "x=-1"),
        ("|x-1| + |x| | x=2, y=3", "|x-1| + |x|", "x=2, y=3"),
        ("x^2 | 3", "x^2", "3"),
        ("x^2 |", "x^2", ""),
        ("|x|｜x：1", "|x|", "x：1"),
    ],
)
def test_the_point_stands_behind_the_last_bar_that_has_one(text: str, expression: str, point: str) -> None:
    assert list(read_txt([text])) == [Row(1, expression, point)]


# --- a row is an error alone, whatever it has
def _nested(depth: int, inner: str = "1") -> str:
    return "[" * depth + inner + "]" * depth


OUTRAGEOUS: dict[str, list[str]] = {
    ".txt": [
        f"sum(v) | v={_nested(600)}",
        f"{_nested(600, 'x')} | x=1",
        f"x | x={'(' * 200_000}1{')' * 200_000}",
        f"x | x={'9' * 100_000}",
        f"{'9' * 100_000}*x | x=1",
        f"x^{'9' * 5_000} | x=1",
        "1e999*x | x=1",
        "x\0 | x=1",
        f"{'a' * 200_000} | x=1",
        "sum(outer(v, outer(v, v))) | v=[1, 2]",
        f"x | x={'[' * 5000}",
    ],
    ".jsonl": [
        "[" * 100_000,
        '{"expr": "x", "at": {"x": ' + "9" * 100_000 + "}}",
        '{"expr": "x", "at": {"x": 1' + "0" * 4_000 + "}}",
        '{"expr": "sum(v)", "at": {"v": ' + _nested(600) + "}}",
        '{"expr": "sum(v)", "at": {"v": ' + _nested(40) + "}}",
        '{"expr": "x", "at": {"x": ' + '{"a":' * 900 + "1" + "}" * 900 + "}}",
        '{"expr": "x", "id": ' + _nested(900) + ', "at": {"x": []}}',
        '{"expr": "x", "at": {"x": true, "y": null}}',
        '{"expr": "x", "at": {"x": NaN}}',
        '{"expr": "x", "at": {"x": Infinity}}',
        '{"expr": "x", "at": {"x": "\\ud800"}}',
        '{"expr": "x\\u0000", "at": {"x": 1}}',
        '{"expr": "x", "at": [1], "wrt": 3, "claim": [1]}',
        '{"expr": "", "at": {}}',
        '{"expr": "x", "at": {"": 1}}',
    ],
    ".csv": [
        f'x,"{_nested(600)}"',
        f"{'+' * 200_000},1",
        f"x,{'a' * 140_000}",
        "x\0,1",
        "x,1,2,3",
    ],
}


@pytest.mark.parametrize(("ending", "bad"), [(ending, bad) for ending, rows in OUTRAGEOUS.items() for bad in rows])
def test_a_row_with_anything_in_it_is_an_error_alone(ending: str, bad: str) -> None:
    good = {".txt": "x^2 | x=3", ".jsonl": '{"expr": "x^2", "at": {"x": 3}}', ".csv": "x^2,3"}[ending]
    lines = [good, bad, good]
    text = "\n".join(["expr,x", *lines] if ending == ".csv" else lines) + "\n"
    rows = list(expand(reader_for(f"rows{ending}")(io.StringIO(text))))
    found = [
        row if isinstance(row, Failure) else compare_row(row, Settings(("forward",), timeout=20), None) for row in rows
    ]
    assert [isinstance(one, Failure) for one in found] == [False, True, False]
    assert isinstance(found[1], Failure)
    assert found[1].kind != "internal", found[1]


def test_a_cell_may_be_as_long_as_an_expression() -> None:
    text = "expr,x\n" + "+".join(["x"] * 70_000) + ",1\n"
    (row,) = read_csv(io.StringIO(text))
    assert not isinstance(compare_row(row, Settings(("forward",)), None), Failure)  # type: ignore[arg-type]


def test_a_row_that_is_not_read_in_time_is_an_error_alone() -> None:
    rows = [Row(1, "x^2", "x=3"), Row(2, "sum(outer(v, v))", {"v": [1.0] * 6000}), Row(3, "x^2", "x=3")]
    begun = time.monotonic()
    found = compare_together(rows, Settings(("forward",), timeout=0.5), None)
    assert time.monotonic() - begun < 20
    assert [isinstance(one, Failure) for one in found] == [False, True, False]
    assert (found[1].kind, found[1].message) == ("timeout", "not read within 0.5 s")
