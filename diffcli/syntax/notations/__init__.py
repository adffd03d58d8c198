"""Other programs' notations, a file each: `translate(text) -> Translation` into our own language.

A translation may be as people write (`2 sin x`): what is left unwritten is read by `syntax/writing`, for all of them.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from importlib import import_module
from typing import NamedTuple, cast

from diffcli.syntax.translation import Translation


class Notation(NamedTuple):
    """`mark` is what tells it: something that plain syntax does not have; `module` is where `translate` stands."""

    mark: re.Pattern[str]
    module: str

    def translate(self, text: str) -> Translation:
        """The text in our own language; DiffError for what is not in it, with the place."""
        translate = cast("Callable[[str], Translation]", import_module(self.module).translate)
        return translate(text)


NOTATIONS: dict[str, Notation] = {}
"""By the names that `--notation` takes, in the order in which their marks are looked for."""


def marked(source: str) -> Notation | None:
    """The notation whose mark a text has."""
    return next((notation for notation in NOTATIONS.values() if notation.mark.search(source)), None)
