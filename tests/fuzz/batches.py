"""Case files with bad rows among good ones: every row comes back once, in order, with its id as given.

Most files are read and computed in this process, row by row as workers do; a share goes through the command, to a
stream that says it is a terminal: nothing of a row's text may command it.
"""

from __future__ import annotations

import csv
import io
import json
import tempfile
from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

from diffcli.batch import reading
from diffcli.batch.expanding import expand
from diffcli.batch.rows import Row
from diffcli.batch.worker import compare_rows
from diffcli.cli.streams import source
from diffcli.comparison.result import Settings
from diffcli.reports.comparison import REPORTS
from diffcli.reports.writing import Writing
from fuzz import Area, Case, expect
from fuzz.commands import EXITS, raw, run
from fuzz.grammar import KINKS, Writer

GOOD = (
    ("x*sin(y)", {"x": "1.5", "y": "0.5"}),
    ("abs(x)", {"x": "0"}),
    ("2*dot(v, v)", {"v": "[1, 2]"}),
    ("θ^2", {"θ": "2"}),
    ("log(x)", {"x": "-1"}),
)
BAD = (
    ("x*(", {"x": "1"}), ("x +* 2", {"x": "1"}), ("foo(x)", {"x": "1"}), ("x*y", {"x": "1"}), ("x", {"x": "abc"}),
    ("x", {"x": "1/0"}), ("", {"x": "1"}), ("x\x1b[31m", {"x": "1"}), ("x ? 1", {"x": "1"}), ("v[7]", {"v": "[1, 2]"}),
)  # fmt: skip
ODD = (
    "\x1b[2J",
    "\u202e",
    "\u2066",
    "\x07",
    "\x9b",
    "\u200b",
    "é",
    "变",
    "<b>",
    "&",
    "|",
    '"',
    "'",
    ",",
    ";",
    "$",
    "\\",
    "_",
    "%",
    "=1+1",
    "\t",
)
"""What stands in ids: marks that command a terminal, and those that formats must escape."""
BROKEN = (
    '{"expr": "x"',
    "[1, 2]",
    '{"at": {"x": 1}}',
    "nonsense",
    '{"expr": 3}',
    '{"expr": "x", "at": 5}',
    '{"expr": "x", "id": "\\ud800"}',
    "null",
)


def draw(rng: Random) -> Case:
    ending = rng.choice(("jsonl", "csv", "txt"))
    rows = [_row(rng, number, ending) for number in range(rng.choice((0, 1, 2, 3, 5, 8)))]
    return {
        "ending": ending,
        "rows": rows,
        "format": rng.choice(tuple(REPORTS)),
        "methods": ["forward", "reverse"][: rng.randint(1, 2)],
        "command": rng.random() < 0.01,
        "last": rng.choice(("\n", "", "\r\n" if ending == "csv" else "\n\n")),
    }


def _row(rng: Random, number: int, ending: str) -> dict[str, Any]:
    if ending == "jsonl" and rng.random() < 0.1:
        return {"line": rng.choice(BROKEN)}
    if ending == "txt" and rng.random() < 0.1:
        return {"line": rng.choice(("", "# a comment", "   ", "\t# x | x=1"))}
    expression, at = _random(rng) if rng.random() < 0.3 else rng.choice(GOOD if rng.random() < 0.6 else BAD)
    row: dict[str, Any] = {"expr": expression, "at": at}
    if ending != "txt" and rng.random() < 0.7:
        odd = "".join(rng.choice(ODD) for _ in range(rng.choice((0, 0, 1, 2))))
        row["id"] = f"r{number}{odd}."
    if ending == "csv" and rng.random() < 0.05:
        row["more"] = True
    return row


def _random(rng: Random) -> tuple[str, dict[str, str]]:
    writer = Writer(rng)
    text = writer.scalar(2)
    return text, {name: writer.value(name, KINKS) for name in sorted(writer.read)}


# --- files
def content(case: Case) -> str:
    """The file's text."""
    lines = {"jsonl": _jsonl, "csv": _csv, "txt": _txt}[case["ending"]](case["rows"])
    return "\n".join(lines) + (case["last"] if lines else "")


def _jsonl(rows: list[dict[str, Any]]) -> list[str]:
    return [row["line"] if "line" in row else json.dumps(row, ensure_ascii=len(row["expr"]) % 2 > 0) for row in rows]


def _txt(rows: list[dict[str, Any]]) -> list[str]:
    return [
        row["line"]
        if "line" in row
        else f"{row['expr'] or '()'} | " + ", ".join(f"{k}={v}" for k, v in row["at"].items())
        for row in rows
    ]


def _csv(rows: list[dict[str, Any]]) -> list[str]:
    names = sorted({name for row in rows for name in row["at"]})
    lines = [["id", "expr", *names]]
    lines += [
        [row.get("id", ""), row["expr"], *(row["at"].get(name, "") for name in names), *(["5"] * row.get("more", 0))]
        for row in rows
    ]
    return [_written(cells) for cells in lines]


def _written(cells: list[str]) -> str:
    stream = io.StringIO()
    csv.writer(stream, lineterminator="").writerow(cells)
    return stream.getvalue()


def expected(case: Case) -> list[dict[str, Any]]:
    """The rows that must come back."""
    if case["ending"] == "txt":
        return [row for row in case["rows"] if row.get("line", "x").partition("#")[0].strip()]
    return list(case["rows"])


# --- oracles
def check(case: Case) -> Counter[str]:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / f"rows.{case['ending']}"
        file.write_text(content(case), encoding="utf-8", newline="")
        if case["command"]:
            return _by_command(file, case)
        return _here(file, case)


def _here(file: Path, case: Case) -> Counter[str]:
    settings = Settings(tuple(case["methods"]), 2.0)
    with source(str(file)) as stream:
        rows = list(expand(reading.legible(reading.reader_for(str(file))(stream), "utf-8")))
    finish = Writing(("jsonl", case["format"]))
    written = [compare_rows([row], settings, None, finish)[0] if isinstance(row, Row) else finish(row) for row in rows]
    _check_rows([json.loads(row.texts[0]) for row in written], case)
    _check_format("".join(row.texts[1] for row in written), case)
    return Counter({"files": 1, "rows": len(rows), f"ending {case['ending']}": 1, f"format {case['format']}": 1})


def _check_rows(found: list[dict[str, Any]], case: Case) -> None:
    wanted = expected(case)
    expect(len(found) == len(wanted), "every row comes back once", (len(found), len(wanted)))
    lines = [row["line"] for row in found]
    expect(lines == sorted(set(lines)), "rows come back in order", lines)
    for row, given in zip(found, wanted, strict=True):
        expect(row["id"] == given.get("id"), "an id comes back as given", (row["id"], given.get("id")))
        if "expr" in given and (given["expr"] or case["ending"] != "txt"):
            expect(row["expression"] == given["expr"], "an expression comes back as given", (row["expression"], given))
        error = row["error"]
        expect((row["status"] == "error") == (error is not None), "an error is an error", row)
        if error:
            expect(error["message"] and error["kind"] != "internal", "an error is not a fault of ours", row)
            expect(
                "line" in given or "more" in given or (given["expr"], given["at"]) not in GOOD,
                "a good row is computed",
                row,
            )
            if error["span"]:
                start, stop = error["span"]
                expect(0 <= start < stop <= len(row["expression"]) + 1, "a span lies in its text", row)
        elif "expr" in given:
            expect((given["expr"], given["at"]) not in BAD, "a bad row is an error", row)


def _check_format(text: str, case: Case) -> None:
    """That formats which are read by programs can be read, and have their rows."""
    wanted = expected(case)
    if case["format"] == "csv":
        rows = list(csv.reader(io.StringIO(text)))
        expect(len({len(row) for row in rows}) <= 1, "rows of CSV have the same cells")
        expect(len(rows) >= len(wanted), "every row is in CSV", (len(rows), len(wanted)))
    if case["format"] in ("table", "markdown", "latex", "html"):
        expect(not raw(text), "nothing raw is written", repr(raw(text)))


def _by_command(file: Path, case: Case) -> Counter[str]:
    words = ["batch", str(file), "--format", case["format"], "--methods", ",".join(case["methods"]), "--jobs", "1"]
    code, out, err = run(words, terminal=True)
    expect(code in EXITS, "the exit code is the contract's", (code, err))
    expect(not raw(out), "a terminal gets nothing raw", repr(raw(out)))
    if case["format"] == "jsonl":
        _check_rows([json.loads(text) for text in out.split("\n") if text], case)
    return Counter({"files": 1, "by the command": 1, f"format {case['format']}": 1})


AREA = Area(draw, check, 1.0)
