"""The manual cannot rot: README's commands and the golden screens are run and compared."""

from pathlib import Path

import pytest
from transcripts import ROOT, replay, without_times

FILES = [ROOT / "README.md", *sorted((Path(__file__).parent / "golden").glob("*.md"))]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_commands_print_what_is_written(path: Path) -> None:
    screens = replay(path)
    assert screens
    for command, expected, found in screens:
        assert without_times(found) == without_times(expected), command
