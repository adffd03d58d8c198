"""Streams of any encoding, closed ones, files that are read, shared or removed; no text of a user is a command."""

import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from diffcli.cli.main import main
from diffcli.cli.streams import destination
from diffcli.locale.language import set_language
from diffcli.runtime.errors import DiffError, place, visible
from diffcli.runtime.streams import take_utf8, writes_chinese

CURVE = ("x*sin(θ)", "--at", "x=1, θ=0.5")
ONE = ("x^3", "--at", "x=2")
COMMANDS = [
    CURVE,
    *((*CURVE, "-f", name) for name in ("json", "jsonl", "csv", "markdown", "latex", "html")),
    (*CURVE, "-m", "forward,reverse", "--order", "2"),
    (*ONE, "--claim", "x: 3*x", "--tape"),
    ("abs(θ)", "--at", "θ=0"),
    ("x*sin(θ", "--at", "x=1"),
    ("θ", "--at", "θ=变"),
    ("x^2", "--at", "x=0:1:5", "--sample", "3"),
    ("batch", "{rows}"),
    *(("batch", "{rows}", "-f", name) for name in ("jsonl", "csv", "markdown", "html")),
    ("sweep", *ONE, "--steps", "9"),
    ("profile", "x^2", "--over", "x=0:1", "--points", "5"),
    ("hunt", "x^2", "--over", "x=1:2", "--points", "5"),
    ("taylor", *ONE, "--order", "2"),
    ("newton", "x^2 - 2", "--from", "x=1"),
    ("trace", *CURVE),
    ("rules", "tanh", "--points", "5"),
    ("descend", "x^2", "--from", "x=1", "--steps", "3"),
    ("steps", "x*sin(x)"),
    *(("steps", "x*sin(x)", "-f", name) for name in ("json", "latex", "mathml")),
    *(("graph", *CURVE, "-f", name) for name in ("text", "mermaid", "dot", "svg", "json")),
    ("methods",),
    ("lesson",),
    ("--help",),
    ("sweep", "--help"),
    ("--version",),
]
"""One of each kind and format."""
DATA = {"json", "jsonl", "csv", "markdown", "latex", "html", "mathml", "mermaid", "dot", "svg"}


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    yield
    set_language("en")


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


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("rows") / "rows.txt"
    file.write_text("x*θ | x=1, θ=2\nabs(x) | x=0\nx*( | x=1\n", encoding="utf-8")
    return file


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("encoding", ["utf-8", "gbk", "cp1252", "cp437", "ascii"])
@pytest.mark.parametrize("words", [COMMANDS[k] for k in (0, 1, 3, 5, 9, 10, 11, 14, 24, 28, 31)], ids=" ".join)
def test_a_stream_of_any_encoding_is_written_without_a_traceback(
    words: tuple[str, ...], encoding: str, language: str, rows: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = ("--lang", language, *(word.format(rows=rows) if word == "{rows}" else word for word in words))
    code, out, err = run(asked, encoding, monkeypatch)
    assert code == run(asked, "utf-8", monkeypatch)[0]
    assert "Traceback" not in err.decode(encoding)
    data = "-f" in words and words[words.index("-f") + 1] in DATA
    text = out.decode("utf-8" if data else encoding)
    chinese = any("\u4e00" <= char <= "\u9fff" for char in text + err.decode(encoding))
    if not data and encoding in ("cp1252", "cp437", "ascii") and words[0] != "θ":
        assert not chinese
    if data and "θ" in words[0]:
        assert "θ" in text or "&theta;" in text or "\\theta" in text


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
    here = {**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)}
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
