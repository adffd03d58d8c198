"""Streams of any encoding, closed ones, files that are read, shared or removed; no text of a user is a command."""

import codecs
import errno
import io
import json
import os
import re
import subprocess
import sys
from itertools import product
from pathlib import Path
from typing import get_type_hints

import pytest

from diffcli.cli.application import COMMANDS, flat
from diffcli.cli.main import main
from diffcli.cli.options import Results, Written
from diffcli.cli.request import POINT_FORMATS
from diffcli.cli.streams import destination
from diffcli.cli.studies import FORMATS
from diffcli.reports import graph, steps
from diffcli.reports.comparison import REPORTS
from diffcli.runtime.errors import DiffError, place, visible
from diffcli.runtime.limits import Here
from diffcli.runtime.streams import take_utf8, writes_chinese

CURVE = ("x*sin(θ)", "--at", "x=1, θ=0.5")
ONE = ("x^3", "--at", "x=2")
LINES: dict[str, tuple[str, ...]] = {
    "expr":    CURVE,
    "batch":   ("batch", "{rows}", "-j", "1"),
    "report":  ("report", "θ^2", "--at", "θ=1"),
    "methods": ("methods",),
    "steps":   ("steps", "x*sin(θ)"),
    "trace":   ("trace", *CURVE),
    "graph":   ("graph", *CURVE),
    "rules":   ("rules", "tanh", "--points", "10"),
    "swell":   ("swell", "--up-to", "2"),
    "profile": ("profile", "θ^2", "--over", "θ=0:1", "--points", "3"),
    "hunt":    ("hunt", "θ^2", "--over", "θ=1:2", "--evaluations", "10"),
    "sweep":   ("sweep", "θ^3", "--at", "θ=2", "--steps", "9"),
    "taylor":  ("taylor", "θ^3", "--at", "θ=2", "--order", "2"),
    "newton":  ("newton", "θ^2 - 2", "--from", "θ=1"),
    "descend": ("descend", "θ^2", "--from", "θ=1", "--steps", "3"),
    "lesson":  ("lesson",),
}  # fmt: skip
"""Every command, asked for something small."""
OWN_FORMATS = {"steps": steps.FORMATS, "graph": graph.FORMATS}
"""What a command declares for itself alone."""
REFUSED: list[tuple[str, ...]] = [("x*sin(θ", "--at", "x=1"), ("θ", "--at", "θ=变")]
FURTHER: list[tuple[str, ...]] = [
    *(("x*sin(θ)", "--at", "x=0:1:5, θ=2", "--sample", "3", "-f", name) for name in POINT_FORMATS.values()),
    (*CURVE, "-m", "forward,reverse", "--order", "2"),
    (*ONE, "--claim", "x: 3*x", "--tape"),
    ("abs(θ)", "--at", "θ=0"),
    *REFUSED,
    ("lesson", "A1"),
    ("--help",),
    ("sweep", "--help"),
    ("--version",),
]
"""Screens that a format is not asked of."""
CHINESE, OTHERS = ("gbk",), ("cp1252", "cp437", "latin-1", "ascii")
FULL = bool(os.environ.get("STREAMS"))
"""Whether every encoding is tried with every line, as `make streams` does, and not one or two of them."""


def declared(name: str) -> tuple[str, ...]:
    """The formats that a command says it has."""
    call = COMMANDS[name].call
    groups = [kind for kind in get_type_hints(call).values() if isinstance(kind, type)]
    if Results in groups:
        return tuple(REPORTS)
    if any(issubclass(kind, Written) for kind in groups):
        return tuple(FORMATS.values())
    return OWN_FORMATS[name] if "format" in {one.name for one in flat(call).parameters} else ()


TABLE = [
    *((*LINES[name], *asked) for name in COMMANDS for asked in [("-f", one) for one in declared(name)] or [()]),
    *FURTHER,
]


def is_data(words: tuple[str, ...]) -> bool:
    return words[0] == "report" or ("-f" in words and words[words.index("-f") + 1] not in ("table", "text"))


def run(words: tuple[str, ...], encoding: str, monkeypatch: pytest.MonkeyPatch) -> tuple[int, bytes, bytes]:
    """The command on streams of an encoding, strict as Python opens them."""
    out, err = io.BytesIO(), io.BytesIO()
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", io.TextIOWrapper(out, encoding=encoding))
        patch.setattr(sys, "stderr", io.TextIOWrapper(err, encoding=encoding))
        code = main(words)
        sys.stdout.flush()
        sys.stderr.flush()
        return code, out.getvalue(), err.getvalue()


@pytest.fixture
def one_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """What may be stopped from without is computed here, too: to start a process takes longer than the rest."""
    for room in ("comparison.compare", "points.run", "studies.reused", "studies.swell"):
        monkeypatch.setattr(f"diffcli.{room}.Apart", Here)


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("rows") / "rows.txt"
    file.write_text("x*θ | x=1, θ=2\nabs(x) | x=0\nx*( | x=1\n", encoding="utf-8")
    return file


@pytest.mark.usefixtures("one_process")
@pytest.mark.parametrize("number", range(len(TABLE)), ids=lambda number: " ".join(TABLE[number]))
def test_a_stream_of_any_encoding_is_written_without_a_traceback(
    number: int, rows: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = tuple(str(rows) if word == "{rows}" else word for word in TABLE[number])
    code = run(words, "utf-8", monkeypatch)[0]
    assert (code == 2) == (words in REFUSED)
    turn = (("zh", CHINESE[0]), ("zh", OTHERS[number % 4]), ("en", OTHERS[(number + 2) % 4]))
    every = product(("en", "zh"), ("utf-8", *CHINESE, *OTHERS))
    for language, encoding in every if FULL else turn:
        found, out, err = run(("--lang", language, *words), encoding, monkeypatch)
        assert found == code, (language, encoding)
        beside = err.decode(encoding)
        assert "Traceback" not in beside
        assert "a fault of diff-compare" not in beside
        text = out.decode("utf-8" if is_data(words) else encoding)
        assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text + beside)
        if words == ("--version",) or is_data(words):
            continue  # no sentence; what UTF-8 keeps
        seen = text + beside.replace("变", "")
        assert bool(re.search("[\u4e00-\u9fff]", seen)) == (language == "zh" and encoding in ("utf-8", *CHINESE))


def test_the_encodings_of_windows_in_china_are_one() -> None:
    assert codecs.lookup("cp936").name == codecs.lookup("gbk").name


@pytest.mark.parametrize("words", [(*ONE, "-f", "csv"), ("batch", "{rows}", "-j", "1", "-f", "csv"), ("x*(", *ONE[1:])])
def test_what_goes_beside_a_file_is_in_letters_that_its_stream_has(
    words: tuple[str, ...], rows: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = [str(rows) if word == "{rows}" else word for word in words]
    _, _, beside = run(("--lang", "zh", *asked, "-o", str(tmp_path / "out")), "cp437", monkeypatch)
    assert "??" not in beside.decode("cp437")


@pytest.mark.parametrize("output", [("-o", "-"), ("--output=-",), ("--export", "{folder}/a.md")])
def test_a_screen_beside_a_file_is_in_letters_that_it_has(
    output: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = [word.format(folder=tmp_path) for word in output]
    assert b"??" not in run(("--lang", "zh", *ONE, *asked), "cp437", monkeypatch)[1]


def test_the_screen_of_many_points_beside_their_results_is_in_letters_that_it_has(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ("--lang", "zh", "x^2", "--at", "x=0:1:5", "--sample", "3", "-o", str(tmp_path / "all.npz"))
    _, out, _ = run(words, "cp437", monkeypatch)
    assert b"method" in out
    assert b"??" not in out


def test_chinese_stays_in_a_file_whatever_the_stream_has(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "table.txt"
    assert run(("--lang", "zh", *ONE, "-o", str(file)), "ascii", monkeypatch)[0] == 0
    assert "方法" in file.read_text(encoding="utf-8")


def test_plain_characters_are_as_wide_as_what_they_stand_for(monkeypatch: pytest.MonkeyPatch) -> None:
    _, plain, _ = run(ONE, "ascii", monkeypatch)
    _, full, _ = run(ONE, "utf-8", monkeypatch)
    ruler = [line for line in full.decode().splitlines() if line.startswith("──")]
    dashes = [line for line in plain.decode("ascii").splitlines() if line.startswith("--")]
    assert [len(line) for line in ruler] == [len(line) for line in dashes]


def test_what_an_encoding_is_asked() -> None:
    streams = {name: io.TextIOWrapper(io.BytesIO(), encoding=name) for name in ("utf-8", "gbk", "latin-1", "cp936")}
    assert {name: writes_chinese(stream) for name, stream in streams.items()} == {
        "utf-8": True, "gbk": True, "latin-1": False, "cp936": True,
    }  # fmt: skip
    take_utf8(streams["gbk"])
    assert streams["gbk"].encoding == "utf-8"


# --- closed streams
def shell(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    words = command.replace("diff-compare", f'"{sys.executable}" -m diffcli')
    here = {**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent.parent)}
    return subprocess.run(
        ["sh", "-c", words], capture_output=True, text=True, cwd=folder, timeout=60, env=here, check=False
    )


@pytest.mark.parametrize(
    ("command", "code", "told"),
    [
        ("diff-compare x --at x=1 >&-", 2, "standard output is closed"),
        ("diff-compare x --at x=1 -o there.txt >&-", 0, ""),
        ("diff-compare x --at x=1 2>&-", 0, ""),
        ("diff-compare 'x*(' --at x=1 2>&-", 2, ""),
        ("diff-compare batch - <&-", 2, "standard input is closed"),
        ("diff-compare x --at x=1 <&- >&- 2>&-", 2, ""),
    ],
)
def test_a_closed_stream_is_said_or_not_needed(command: str, code: int, told: str, tmp_path: Path) -> None:
    found = shell(command, tmp_path)
    assert (found.returncode, "Traceback" in found.stderr) == (code, False)
    assert told in found.stderr


class Gone(io.StringIO):
    """A pipe whose reader has gone."""

    def write(self, text: str) -> int:
        del text
        raise BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE))


@pytest.mark.usefixtures("one_process")
@pytest.mark.parametrize("number", range(len(TABLE)), ids=lambda number: " ".join(TABLE[number]))
def test_no_command_breaks_where_a_stream_is_closed_or_its_reader_gone(
    number: int, rows: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = tuple(str(rows) if word == "{rows}" else word for word in TABLE[number])
    refused = words in REFUSED
    for stream in (None, Gone()) if FULL else ((None, Gone())[number % 2],):
        err = io.StringIO()
        with monkeypatch.context() as patch:
            patch.setattr(sys, "stdout", stream)
            patch.setattr(sys, "stderr", err)
            try:
                code = main(words)
            except SystemExit as end:  # Click's own, where it writes help
                code = int(end.code or 0)
        assert code == (2 if refused or stream is None else 1)
        assert "Traceback" not in err.getvalue()
        assert "a fault of diff-compare" not in err.getvalue()
        if not refused and stream is None:
            assert "standard output is closed" in err.getvalue()


# --- files
def test_rows_are_never_written_over_before_they_are_read(tmp_path: Path) -> None:
    rows = tmp_path / "in.txt"
    rows.write_text("x^2 | x=1\n")
    for command in ("batch - -o in.txt < in.txt", "batch in.txt -o in.txt", "batch - --export in.txt < in.txt"):
        found = shell(f"diff-compare {command}", tmp_path)
        assert found.returncode == 2
        assert "is read, and cannot be the output" in found.stderr
        assert rows.read_text() == "x^2 | x=1\n"


def test_a_fifo_is_read_as_a_file_is(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.txt")
    found = shell("(printf 'x^2 | x=1\\n' > a.txt &) ; diff-compare batch a.txt -f csv", tmp_path)
    assert found.returncode == 0
    assert "x^2" in found.stdout


def test_two_runs_do_not_share_an_output(tmp_path: Path) -> None:
    file = tmp_path / "out.jsonl"
    with destination(file) as stream:
        stream.write("the first run's\n")
        stream.flush()
        found = shell("echo 'y | y=1' | diff-compare batch - -f jsonl -o out.jsonl", tmp_path)
    assert found.returncode == 2
    assert "is being written by another run" in found.stderr
    assert file.read_text() == "the first run's\n"
    assert shell("diff-compare y --at y=1 -o out.jsonl", tmp_path).returncode == 0
    assert file.read_text().startswith("{")


@pytest.mark.parametrize("replaced", [False, True])
def test_an_output_that_vanishes_is_said(replaced: bool, tmp_path: Path) -> None:
    file = tmp_path / "out.jsonl"

    def write() -> None:
        with destination(file) as stream:
            stream.write("{}")
            file.unlink()
            if replaced:
                file.touch()

    with pytest.raises(DiffError, match="was removed or replaced while it was written: the results are gone"):
        write()


@pytest.mark.parametrize(
    ("name", "begins"),
    [
        ("f.json", "{"), ("f.csv", "line,"), ("f.md", "#"), ("f.html", "<!"), ("f.tex", "\\"), ("f.jsonl", "{"),
        ("f.txt", "f(x)"), ("f.out", "f(x)"),
    ],
)  # fmt: skip
def test_an_output_has_the_format_of_its_ending(name: str, begins: str, tmp_path: Path) -> None:
    assert main([*ONE, "-m", "forward", "-o", str(tmp_path / name)]) == 0
    assert (tmp_path / name).read_text(encoding="utf-8").startswith(begins)
    assert main([*ONE, "-m", "forward", "-o", str(tmp_path / name), "--format", "json"]) == 0
    assert (tmp_path / name).read_text(encoding="utf-8").startswith("{")


def test_a_study_has_the_format_of_its_files_ending(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for words, name, begins in [
        (("taylor", *ONE, "--order", "2"), "t.csv", ""),
        (("trace", *ONE), "t.json", "{"),
        (("steps", "x^2"), "s.tex", "\\"),
        (("steps", "x^2"), "s.html", "<html"),
    ]:
        assert main([*words, "-o", str(tmp_path / name)]) == 0
        assert (tmp_path / name).read_text(encoding="utf-8").startswith(begins)
    assert main(["trace", *ONE, "-o", str(tmp_path / "t.html")]) == 2
    assert "names no format of this command" in capsys.readouterr().err
    assert not (tmp_path / "t.html").exists()


# --- what users give is text
HOSTILE = "\x1b]0;owned\x07\x1b[2J\u202e\u2066\x9b31m"


def test_hidden_characters_are_shown_as_escapes() -> None:
    assert visible(HOSTILE) == "\\x1b]0;owned\\x07\\x1b[2J\\u202e\\u2066\\x9b31m"
    assert visible("a\tb\nθ变é") == "a\tb\nθ变é"
    assert visible("a\r\n", whole=False) == "a\\r\\n"
    assert visible("\ud800") == "\\ud800"


def test_no_command_reaches_a_terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "rows.jsonl"
    row = {"id": f"a{HOSTILE}\nrow", "expr": f"x # {HOSTILE}", "at": {"x": 1}}
    file.write_text(
        "".join(json.dumps(one) + "\n" for one in (row, {**row, "expr": f"x{HOSTILE}"}, {**row, "wrt": [HOSTILE]}))
    )
    hostile = [
        ("batch", str(file)),
        (f"x{HOSTILE}", "--at", "x=1"),
        (f"x # {HOSTILE}", "--at", "x=1"),
        ("x", "--at", f"x=1{HOSTILE}"),
        ("x", "--at", "x=1", "-m", f"forward{HOSTILE}"),
        ("x", "--at", "x=1", "--format", HOSTILE),
        ("x", "--at", "x=1", f"--{HOSTILE}"),
        ("batch", f"{HOSTILE}.txt"),
        ("x", "--at", "x=1", "-o", f"/nowhere/{HOSTILE}"),
        ("trace", f"x # {HOSTILE}", "--at", "x=1"),
        ("graph", f"x # {HOSTILE}", "--at", "x=1"),
    ]
    for words in hostile:
        for language in ("en", "zh"):
            _, out, err = run(("--lang", language, *words), "utf-8", monkeypatch)
            text = out.decode() + err.decode()
            assert not set("\x1b\x07\x9b\u202e\u2066") & set(text), words
    _, out, _ = run(("batch", str(file)), "utf-8", monkeypatch)
    assert len([line for line in out.decode().splitlines() if "owned" in line and line[:5].strip().isdigit()]) == 3


def test_a_message_is_one_line_and_its_caret_under_its_line() -> None:
    fault = DiffError("unknown name 'a\nb'", "a = 1\r\nx + \x1by", (11, 13), "write\x1b x")
    assert fault.report().splitlines() == [
        "error: unknown name 'a\\nb'", "  x + \\x1by", "      ^^^^^", "  write\\x1b x",
    ]  # fmt: skip
    assert place("x +\n", (4, 4)) == ["  x +", "     ^"]
    assert place("x +\r\ny", (2, 9)) == ["  x +", "    ^"]


@pytest.mark.parametrize("words", [("--help",), ()])
def test_help_for_all_is_written_in_the_encoding_of_the_stream(
    words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    code, out, _ = run(words, "ascii", monkeypatch)
    assert code == 0
    assert out.isascii()
