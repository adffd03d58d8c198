"""Every command keeps its time limit: whole processes, on inputs that would take for ever."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest
from diffcli.cli.app import NAMES

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
    assert {words[0] for words in ENDLESS.values()} | FINITE == set(NAMES)


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
