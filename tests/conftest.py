"""How properties are tried: the same examples on every run; others with `pytest --hypothesis-profile exploring`."""

from collections.abc import Iterator

import pytest
from extraction import compile_translations
from hypothesis import settings

from diffcli.locale.language import set_language

settings.register_profile("every-time", derandomize=True, deadline=None, database=None, max_examples=250)
settings.register_profile("exploring", deadline=None, print_blob=True, max_examples=1000)
settings.load_profile("every-time")

compile_translations()


@pytest.fixture(autouse=True)
def _in_english() -> Iterator[None]:
    """A command run with --lang leaves its language behind, in the process that it would end."""
    yield
    set_language("en")
