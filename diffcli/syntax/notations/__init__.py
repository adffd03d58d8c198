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


_ROOM = "diffcli.syntax.notations."
NOTATIONS: dict[str, Notation] = {
    "fpcore": Notation(re.compile(r"^\s*\(\s*FPCore\b"), f"{_ROOM}fpcore"),
    "excel": Notation(re.compile(r"^\s*=(?!=)"), f"{_ROOM}excel"),
    "wolfram": Notation(
        re.compile(
            r"(?<![\w\])}])[A-Z][a-z]+\w*\s*\[|^\s*D\[.*,\s*(?:\w+|\{\w+,\s*\d+\})\s*\]\s*$|\\\[[A-Z][A-Za-z]+\]",
            re.DOTALL,
        ),
        f"{_ROOM}wolfram",
    ),
    "tex": Notation(re.compile(r"\\\s*\S|^\s*\$.*\$\s*$", re.DOTALL), f"{_ROOM}tex"),
    "python": Notation(
        re.compile(
            r"\b(?:np|numpy|math|torch|jnp|jax|tf|scipy|special|sympy|mpmath|F|nn)\.[^\W\d]|^\s*(?:[^\W\d]\w*\s*=\s*)?lambda\s+\w"
            r"|^\s*return\b|\)\.[^\W\d]|[^\W\d]\.[^\W\d]\w*\(|\bpiecewise\(\s*\(|\.\^|//|\bfor\b|\bprint\(|__",
            re.IGNORECASE,
        ),
        f"{_ROOM}python",
    ),
    "asciimath": Notation(re.compile(r"(?!)"), f"{_ROOM}asciimath"),
}
"""By the names that `--notation` takes, in the order in which their marks are looked for."""


def marked(source: str) -> Notation | None:
    """The notation whose mark a text has."""
    return next((notation for notation in NOTATIONS.values() if notation.mark.search(source)), None)
