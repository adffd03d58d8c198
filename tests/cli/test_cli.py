"""The command line as a user meets it: exit codes, streams, options in any place, hostile text, interruption."""

import json
import os
import signal
import subprocess
import sys
import time
from inspect import Signature
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import typer
from rich.console import Console

from diffcli.cli.application import COMMANDS, flat
from diffcli.cli.application import command as command_of
from diffcli.cli.arguments import read, values
from diffcli.cli.main import main
from diffcli.comparison.compare import compare
from diffcli.comparison.result import Settings
from diffcli.problem.point import read_point
from diffcli.problem.understanding import make_case
from diffcli.reports.comparison import table
from diffcli.runtime.errors import DiffError, width
from diffcli.syntax.rendering import literal

FAST = ("-m", "forward,reverse")


def command(*arguments: str, text: str | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "diffcli", *arguments], check=False, capture_output=True, text=True, input=text or ""
    )


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["x**2", "--at", "x=3"], 0),
        (["abs(x)", "--at", "x=0"], 0),
        (["(1-cos(x))/x**2", "--at", "x=1e-8"], 1),
        (["(1-cos(x))/x**2", "--at", "x=1e-8", "--exit-zero"], 0),
        (["(1-cos(x))/x**2", "--at", "x=1e-8", "--tolerance", "1e300"], 0),
        (["log(x)", "--at", "x=-1"], 1),
        (["1/2x", "--at", "x=1"], 2),
        (["x*y", "--at", "x=1"], 2),
        (["x", "--at", "x=1", "--methods", "backward"], 2),
        (["x", "--at", "x=1", "--timeout", "-1"], 2),
        (["x", "--at", "x=1", "--timeout", "soon"], 2),
        (["x", "--at", "x=1", "--format", "xml"], 2),
        (["x", "--at", "x=1", "--output", "/nowhere/at/all"], 2),
        (["--help"], 0),
        (["-h"], 0),
        ([], 0),
        (["--version"], 0),
        (["batch"], 2),
        (["batch", "/nowhere.txt"], 2),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else str(value),
)
def test_exit_codes(arguments: list[str], code: int, capsys: pytest.CaptureFixture[str]) -> None:
    fast = FAST if code != 2 and arguments and arguments[0][0] not in "-b" else ()
    assert main([*arguments, *fast]) == code
    captured = capsys.readouterr()
    assert "Traceback" not in captured.err
    if code == 2:
        assert captured.out == ""
        assert captured.err.startswith("error: ")


@pytest.mark.parametrize(
    "arguments",
    [
        ["-x**2", "--at", "x=-1"],
        ["--at", "x=-1", "-x**2"],
        ["--at=x=-1", "-x**2"],
        ["--at", "x=-1", "--", "-x**2"],
        ["--x**2*-1", "--at", "x=1"],
        ["-(x)", "--at", "x=2"],
    ],
    ids=" ".join,
)
def test_an_expression_may_begin_with_a_minus(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["-m", "reverse", "-f", "json", *arguments]) == 0
    row = json.loads(capsys.readouterr().out)
    assert row["expression"].startswith("-")
    assert row["methods"][0]["verdict"] == "ok"


def test_points_may_be_given_in_parts(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["x*y", "--at", "x=pi/4", "--at", "y=2**3", "-f", "json", *FAST]) == 0
    assert json.loads(capsys.readouterr().out)["at"] == {"x": 0.7853981633974483, "y": 8.0}


def test_variables_may_be_chosen_and_ordered(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["x*y*z", "--at", "x=1,y=2,z=3", "--wrt", "z, x", "-f", "json", *FAST]) == 0
    row = json.loads(capsys.readouterr().out)
    assert row["wrt"] == ["z", "x"]
    assert [method["derivative"] for method in row["methods"]] == [[2.0, 6.0]] * 2


def test_a_variable_that_is_given_but_not_used_has_derivative_zero(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["x", "--at", "x=1,y=2", "--wrt", "x,y", "-f", "json", *FAST]) == 0
    row = json.loads(capsys.readouterr().out)
    assert row["truth"]["derivative"] == ["1", "0"]
    assert row["methods"][1]["derivative"] == [1.0, 0.0]


def test_the_json_has_every_field_of_the_contract(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["x*sin(y)", "--at", "x=1.5, y=0.5", "-f", "json"]) == 0
    row = json.loads(capsys.readouterr().out)
    assert row["schema"] == 2
    assert row["status"] == "ok"
    assert row["error"] is None
    assert row["kind"] == "gradient"
    assert row["cost"] == {"add": 0, "neg": 0, "mul": 1, "div": 0, "pow": 0, "func": 1, "total": 2}
    assert row["truth"]["status"] == "certified"
    assert row["truth"]["value"].startswith("0.719138307906304")
    assert [method["method"] for method in row["methods"]] == ["symbolic", "forward", "reverse"]
    symbolic = row["methods"][0]
    assert symbolic["formula"] == ["sin(y)", "x*cos(y)"]
    assert symbolic["written"]["total"] == 3
    assert set(symbolic) >= {
        "verdict",
        "message",
        "value",
        "derivative",
        "errors",
        "max_ulp",
        "bits",
        "cost",
        "seconds",
    }
    assert set(symbolic["errors"][0]) == {"abs", "rel", "ulp"}


def test_numbers_that_json_lacks_are_words(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sqrt(x)", "--at", "x=0", "-f", "json", *FAST]) == 0
    row = json.loads(capsys.readouterr().out)
    assert row["truth"]["left"] == [None]
    assert row["truth"]["right"] == ["Infinity"]
    assert row["methods"][0]["derivative"] == ["Infinity"]
    assert row["methods"][0]["verdict"] == "kink"


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').system('echo no')",
        "x.__class__",
        "(lambda: 1)()",
        "[c for c in ().__class__.__base__.__subclasses__()]",
        "exec('1')",
        "eval(x)",
        "open('f')",
        '"text"*1000000',
        "f'{x}'",
        "import os",
        "x; import os",
        "print(x)",
        "@x",
        "(" * 1_000_000,
        "[" * 1_000_000,
        "x" + ")" * 1_000_000,
    ],
    ids=lambda text: text[:30],
)
def test_hostile_text_is_an_error(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([text, "--at", "x=1"]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert len(captured.err) < 2000


@pytest.mark.parametrize("text", ["9**9**9**9", "9**9**9**9*x", "gamma(10**9)*x", "x**(9**9**9)", "exp(exp(exp(x)))"])
def test_monsters_get_a_verdict(text: str) -> None:
    done = command(text, "--at", "x=7", "-f", "json", "--timeout", "5")
    assert done.returncode in (0, 1)
    assert json.loads(done.stdout)["status"] == "ok"


TEXT = "# a comment\n\nx**2 | x=3\n1/2x | x=1\nsin(x)*y | x=1, y=2   # more\n3\nx*y | x=1\n"


def test_a_batch_keeps_order_and_lines_and_goes_on_after_an_error(tmp_path: Path) -> None:
    path = tmp_path / "cases.txt"
    path.write_text(TEXT)
    done = command("batch", str(path), "--format", "jsonl", *FAST)
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 1
    assert [(row["line"], row["status"]) for row in rows] == [
        (3, "ok"),
        (4, "error"),
        (5, "ok"),
        (6, "ok"),
        (7, "error"),
    ]
    assert rows[1]["error"]["span"] == [3, 4]
    assert rows[1]["error"]["message"] == "this is read in two ways"
    assert rows[4]["error"]["kind"] == "missing"
    assert "5 expressions" in done.stderr


def test_standard_input_is_a_batch_too() -> None:
    done = command("batch", "-", "-f", "jsonl", *FAST, text="x*y | x=2, y=3\n")
    assert json.loads(done.stdout)["methods"][0]["derivative"] == [3.0, 2.0]


def test_every_reader_gives_the_same_rows(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("x*y | x=2, y=3\n")
    (tmp_path / "a.jsonl").write_text('{"expr": "x*y", "at": {"x": 2, "y": "6/2"}, "note": "ignored"}\n')
    (tmp_path / "a.csv").write_text("expr,x,y,z\nx*y,2,3,\n")
    found = []
    for ending in ("txt", "jsonl", "csv"):
        row = json.loads(command("batch", str(tmp_path / f"a.{ending}"), "-f", "jsonl", *FAST).stdout)
        found.append((row["at"], [method["derivative"] for method in row["methods"]]))
    assert found[0] == found[1] == found[2]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", "x,y\n1,2\n", "the file has no column 'expr'"),
        ("a.md", "x", "no reader for"),
    ],
)
def test_unreadable_files_are_said_to_be(tmp_path: Path, name: str, content: str, message: str) -> None:
    path = tmp_path / name
    path.write_text(content)
    done = command("batch", str(path))
    assert done.returncode == 2
    assert message in done.stderr


def test_bad_json_lines_are_rows_of_their_own(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text(
        '{"expr": \n[1]\n{"expr": "x", "at": [1]}\n{"expr": "x", "at": {"x": 1e999}}\n{"expr": "x", "at": {"x": 1}}\n'
    )
    rows = [json.loads(line) for line in command("batch", str(path), "-f", "jsonl", *FAST).stdout.splitlines()]
    assert [row["status"] for row in rows] == ["error"] * 4 + ["ok"]


def test_output_goes_to_a_file(tmp_path: Path) -> None:
    path = tmp_path / "out.json"
    done = command("x", "--at", "x=1", "-f", "json", "-o", str(path), *FAST)
    assert done.stdout == ""
    assert json.loads(path.read_text())["status"] == "ok"


def test_a_reader_that_leaves_early_is_no_error() -> None:
    rows = "x*y | x=1, y=2\n" * 3000
    pipe = f"{sys.executable} -m diffcli batch - -f jsonl -m reverse | head -n 1"
    done = subprocess.run(["bash", "-c", pipe], check=False, capture_output=True, text=True, input=rows)
    assert json.loads(done.stdout)["status"] == "ok"
    assert done.stderr == ""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no disk that is always full")
@pytest.mark.parametrize(
    "arguments", [("x", "--at", "x=1"), ("batch", "-", "-f", "jsonl"), ("sweep", "x", "--at", "x=1")]
)
def test_a_full_disk_is_an_error_of_three_parts(arguments: tuple[str, ...]) -> None:
    methods = () if arguments[0] == "sweep" else FAST
    for at_once in (False, True):  # what fits a buffer fails when it is flushed
        with Path("/dev/full").open("w") as full:
            done = subprocess.run(
                [sys.executable, *(("-u",) if at_once else ()), "-m", "diffcli", *arguments, *methods],
                check=False, stdout=full, stderr=subprocess.PIPE, text=True, input="x | x=1\n" * 9,
            )  # fmt: skip
        assert done.returncode == 2
        assert done.stderr.startswith("error: the output cannot be written any further: No space left on device")
        assert "Traceback" not in done.stderr
        assert done.stderr.endswith("\n  make room, or write to another place by --output\n")


LEAVING = """
import atexit, sys
import numpy as np
class Late:
    def __del__(self):
        print("taken apart", file=sys.__stderr__)
late = Late()
late.itself = late
atexit.register(print, "handler called", file=sys.stderr)
def f(x):
    return x*x
"""


def test_a_process_ends_with_its_handlers_called_and_nothing_taken_apart(tmp_path: Path) -> None:
    path = tmp_path / "leaving.py"
    path.write_text(LEAVING)
    done = command(f"{path}:f", "--at", "x=3", "-f", "json", *FAST)
    assert done.returncode == 0
    assert json.loads(done.stdout)["value"] == 9
    assert "handler called" in done.stderr
    assert "taken apart" not in done.stderr


def test_what_watches_the_process_goes_on_after_it(tmp_path: Path) -> None:
    path = tmp_path / "threaded.py"
    waiting = "import threading, time\nthreading.Thread(target=lambda: (time.sleep(1), print('thread'))).start()\n"
    path.write_text(waiting + "def f(x):\n  return x*x\n")
    assert command(f"{path}:f", "--at", "x=3", *FAST).stdout.endswith("\nthread\n")
    counting = ["trace", "--count", "--summary", "-C", str(tmp_path), "--module"]
    for watching, said in ((["cProfile", "-m"], "function calls"), (counting, "cov%")):
        line = [sys.executable, "-m", *watching, "diffcli", "x", "--at", "x=1", *FAST]
        done = subprocess.run(line, check=False, capture_output=True, text=True)
        assert said in done.stdout


@pytest.mark.skipif(os.name == "nt", reason="no SIGINT to send")
def test_ctrl_c_ends_cleanly() -> None:
    running = subprocess.Popen(
        [sys.executable, "-m", "diffcli", "batch", "-", "-f", "jsonl", *FAST],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert running.stdin
    assert running.stdout
    running.stdin.write("x | x=1\n" * 3_000)  # fits the pipe
    running.stdin.flush()
    running.stdout.readline()
    running.send_signal(signal.SIGINT)
    _, errors = running.communicate()
    assert running.returncode == 130
    assert "Traceback" not in errors
    assert "interrupted" in errors


def test_a_slow_method_times_out_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def hang(problem: object) -> None:
        del problem
        while True:
            time.sleep(0.01)

    monkeypatch.setattr("diffcli.methods.reverse.differentiate", hang)
    case = make_case("x*y", read_point("x=1, y=2"))
    verdicts = [m.verdict for m in compare(case, Settings(("forward", "reverse"), timeout=0.2)).measurements]
    assert verdicts == ["ok", "timeout"]


SCREENS = [
    ("log(x1) + x1*x2 - sin(x2)", "x1=2, x2=5"),
    ("(1 - cos(x))/x^2", "x=1e-8"),
    ("abs(x)", "x=0"),
    ("x1*x2*x3*x4*x5*x6*x7*x8*x9*x10", ", ".join(f"x{i}={i}.1" for i in range(1, 11))),
    ("exp(x)*变量", "x=1.1, 变量=2.2"),
]


@pytest.mark.parametrize("columns", [80, 100, 140])
@pytest.mark.parametrize(("text", "point"), SCREENS)
def test_screens_fit_the_terminal_and_cut_no_number(text: str, point: str, columns: int) -> None:
    comparison = compare(make_case(text, read_point(point)), Settings(("forward", "reverse")))
    screen = StringIO()
    console = Console(
        file=screen, width=columns, color_system=None, force_terminal=True, legacy_windows=False, _environ={}
    )
    table.show(comparison, console)
    lines = screen.getvalue().splitlines()
    assert max(map(width, lines)) <= columns
    for measurement in comparison.measurements:
        for entry in measurement.derivative or ():
            number = literal(entry)
            assert any(number in line.split() for line in lines), number


def test_a_pipe_gets_no_colour_and_is_not_wrapped(capsys: pytest.CaptureFixture[str]) -> None:
    long = "+".join(f"x{i}*sin(x{i})" for i in range(12))
    assert main([long, "--at", ",".join(f"x{i}=1.{i}" for i in range(12)), *FAST]) == 0
    output = capsys.readouterr().out
    assert "\x1b" not in output
    assert max(map(len, output.splitlines())) > 150
    assert "…" not in "".join(line for line in output.splitlines() if "truth" not in line)


# --- values of options
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("order", "2"), ("order", "007"), ("order", "-2"), ("order", "2.5"), ("order", "two"), ("order", ""),
        ("order", " 2 "), ("order", "1_0"), ("order", "1" * 5000), ("timeout", "10"), ("timeout", "0.5"),
        ("timeout", "1e-3"), ("timeout", "1."), ("timeout", "inf"), ("timeout", "ten"), ("timeout", "1e400"),
        ("timeout", "1,5"), ("step", "1e5"), ("dtype", "float32"), ("methods", ""), ("methods", "all"),
        ("output", "README.md"), ("output", "no/such/file"), ("output", "-"), ("output", ""), ("text", "x"),
    ],
)  # fmt: skip
def test_values_are_those_that_typer_makes_of_them(name: str, value: str) -> None:
    """Typer converts by pydantic, which takes as long to import as a comparison takes: `arguments` does it alone."""
    inner = typers("expr")
    (parameter,) = (one for one in inner.params if one.name == name)
    try:
        expected = parameter.process_value(inner.context_class(inner), value)
    except Exception:  # noqa: BLE001 - of whichever kind Typer raises
        expected = DiffError
    words = ["--" + name, value, "x"] if name != "text" else [value]
    try:
        found = ours("expr", words)[name]
    except DiffError:
        found = DiffError
    assert found == expected


def test_what_is_left_out_is_worth_its_default() -> None:
    for name in COMMANDS:
        required = [one for one in typers(name).params if one.required]
        operands = ["x" for one in required if one.param_type_name == "argument"]
        needed = [word for one in required if one.param_type_name == "option"
                  for word in (max(one.opts, key=len), "x=1:2")]  # fmt: skip
        found = ours(name, [*needed, *operands])
        for one in typers(name).params:
            if not one.required:
                assert (found[one.name] or None) == (one.default or None), (name, one.name)


def test_lists_and_flags_are_read() -> None:
    found = ours(
        "expr", ["--at", "x=1", "--share", "--at=y=2", "-m", "forward", "--no-fast-trig", "--export", "a.csv", "x*y"]
    )
    assert found["at"] == ["x=1", "y=2"]
    assert (found["share"], found["fast_trig"]) == (True, False)
    assert (found["methods"], found["export"], found["text"]) == ("forward", [Path("a.csv")], "x*y")
    assert ours("rules", ["sin", "cos"])["names"] == ["sin", "cos"]


def typers(name: str) -> Any:
    """A command as Typer makes it, with nothing of ours."""
    run = flat(COMMANDS[name].call)

    def nothing(**given: Any) -> None: ...

    nothing.__signature__ = Signature(run.parameters)  # type: ignore[attr-defined]
    nothing.__annotations__ = {one.name: one.annotation for one in run.parameters}
    alone = typer.Typer(add_completion=False)
    alone.command(name)(nothing)
    return typer.main.get_command(alone)


def ours(name: str, words: list[str]) -> dict[str, Any]:
    """What our reading of these words gives a command."""
    parameters = command_of(name).params
    kinds = {one.name: one.annotation for one in flat(COMMANDS[name].call).parameters}
    return values(read(words, name, parameters), name, parameters, kinds)
