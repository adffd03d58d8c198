"""The Python that README shows is run, as a reader would run it."""

import doctest
import re
from pathlib import Path

import pytest

README = Path(__file__).parent.parent / "README.md"
BLOCKS = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)


@pytest.mark.parametrize("number", range(len(BLOCKS)))
def test_the_examples_print_what_is_written(number: int) -> None:
    examples = doctest.DocTestParser().get_doctest(BLOCKS[number], {}, f"README block {number}", str(README), 0)
    assert examples.examples
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
    assert runner.run(examples).failed == 0


def test_there_is_python_to_run() -> None:
    assert BLOCKS
