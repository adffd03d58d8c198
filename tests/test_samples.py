"""The samples that come with the project: every row is understood, and has a value for each of its variables."""

from __future__ import annotations

import math
from itertools import pairwise
from pathlib import Path

import pytest

from diffcli.batch.reading import reader_for
from diffcli.batch.rows import Row
from diffcli.core.evaluate import evaluate
from diffcli.numbers.float64 import FLOAT64
from diffcli.syntax import elaborate

FOLDER = Path(__file__).parent.parent / "samples"
FILES = sorted(path for path in FOLDER.iterdir() if path.suffix in (".txt", ".csv", ".jsonl"))


def rows(file: Path) -> list[Row]:
    with file.open(encoding="utf-8", newline="") as lines:
        found = list(reader_for(file.name)(lines))
    assert all(isinstance(row, Row) for row in found)
    return [row for row in found if isinstance(row, Row)]


def point(row: Row) -> dict[str, float]:
    """The values of a row; texts are constant expressions."""
    at = dict(pair.split("=") for pair in row.at.split(",")) if isinstance(row.at, str) else row.at
    return {name.strip(): evaluate(elaborate(str(text)).program, [], FLOAT64)[0] for name, text in at.items()}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_every_row_is_understood(file: Path) -> None:
    for row in rows(file):
        at = point(row)
        expression = elaborate(row.expression, dict.fromkeys(at, ()))
        assert set(expression.variables) == set(at), f"{file.name}, line {row.line}"
        assert set(row.wrt or ()) <= set(at), f"{file.name}, line {row.line}"
        assert all(map(math.isfinite, at.values()))


def test_there_is_much_to_read() -> None:
    count = {file.name: len(rows(file)) for file in FILES}
    assert count["physics.txt"] >= 40
    assert count["nasty.txt"] >= 35
    assert count["optimisation.txt"] >= 40
    assert count["lectures.txt"] >= 40


@pytest.mark.parametrize("name", ["physics.txt", "optimisation.txt", "nasty.txt", "lectures.txt"])
def test_every_row_is_explained(name: str) -> None:
    """The first row of each group stands under a comment that says what it is and where it comes from."""
    lines = (FOLDER / name).read_text(encoding="utf-8").splitlines()
    for before, line in pairwise(lines):
        if line and not line.startswith("#"):
            assert before, line
