"""The manual cannot rot: the commands of README, the lessons and the golden screens are run and compared."""

from pathlib import Path

import pytest
from transcripts import ROOT, replay, without_times

FILES = [
    ROOT / "README.md",
    *sorted((ROOT / "samples" / "lessons").glob("*.md")),
    *sorted((Path(__file__).parent / "golden").glob("*.md")),
]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_commands_print_what_is_written(path: Path) -> None:
    screens = replay(path)
    assert screens
    for command, expected, found in screens:
        assert "Traceback" not in found, command
        assert without_times(found) == without_times(expected), command
