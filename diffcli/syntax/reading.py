"""In which order a text is read: plain syntax first, then the notation it is marked as, then as people write.

What is legal in plain syntax never comes further than the first, at the parser's own speed. Otherwise the text is
translated into plain syntax, and the same parser reads that; faults are shown where they were typed.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TypeVar

from diffcli.runtime.errors import DiffError
from diffcli.syntax.notations import NOTATIONS, marked
from diffcli.syntax.translation import Translation
from diffcli.syntax.writing import written

T = TypeVar("T")


def read(
    source: str, understand: Callable[[str], T], names: Collection[str] = (), notation: str | None = None
) -> tuple[T, Translation | None]:
    """What `understand` makes of a text, and the translation that it was made of, where it is not the text itself.

    `names` have a value, or are asked for. `notation` is one of `NOTATIONS`, or "plain" for a text whose marks
    tell nothing.

    Raises DiffError where nothing reads it, or two readings are left.
    """
    known = NOTATIONS.get(notation or "")
    if known is None:
        try:
            return understand(source), None
        except DiffError as error:
            fault = error
        known = marked(source) if notation is None else None
    translation = written(source, names) if known is None else _of_notation(known.translate(source), source, names)
    if translation is None:
        raise fault
    try:
        return understand(translation.text), translation
    except DiffError as error:
        raise translation.fault(error, source) from None


def _of_notation(translation: Translation, source: str, names: Collection[str]) -> Translation:
    """A translation whose products, too, are written."""
    try:
        following = written(translation.text, names)
    except DiffError as error:
        raise translation.fault(error, source) from None
    return translation if following is None else translation.then(following)
