"""Transcripts: `$ command` and the screen that follows, in README and in golden files.

A transcript is checked by running its commands; `UPDATE_TRANSCRIPTS=1` in the
environment rewrites the expected screens instead.
"""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
UPDATE = bool(os.environ.get("UPDATE_TRANSCRIPTS"))
_BLOCK = re.compile(r"```console\n(.*?)```", re.DOTALL)
_TIMES = re.compile(r"(in|用时) [\d.]+ s \(\d+/s\)")


def run(command: str) -> str:
    """What the command prints when it is piped, errors included."""
    words = shlex.split(command)
    assert words[0] == "diff-compare"
    environment = {k: v for k, v in os.environ.items() if k not in ("COLUMNS", "FORCE_COLOR")} | {"PYTHONUTF8": "1"}
    done = subprocess.run(
        [sys.executable, "-m", "diffcli", *words[1:]],
        check=False, capture_output=True, text=True, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    return done.stdout + done.stderr


def without_times(text: str) -> str:
    return _TIMES.sub(r"\1 … s", text)


def commands(block: str) -> list[tuple[str, str]]:
    """(command, expected output) of a block."""
    parts = re.split(r"^\$ (.*)\n", block, flags=re.MULTILINE)
    return list(zip(parts[1::2], parts[2::2], strict=True))


def replay(path: Path) -> list[tuple[str, str, str]]:
    """(command, expected, found) for every command in the console blocks of a file."""
    text = path.read_text()
    found: list[tuple[str, str, str]] = []

    def again(match: re.Match[str]) -> str:
        screens = ""
        for command, expected in commands(match.group(1)):
            output = run(command)
            found.append((command, expected, output))
            screens += f"$ {command}\n{output}"
        return f"```console\n{screens}```"

    rewritten = _BLOCK.sub(again, text)
    if UPDATE:
        path.write_text(rewritten)
        return [(command, output, output) for command, _, output in found]
    return found
