"""In which order a text is read: plain syntax first, then the notation it is marked as, then as people write.

What is legal in plain syntax never comes further than the first, at the parser's own speed. Otherwise the text is
translated into plain syntax, and the same parser reads that; faults are shown where they were typed.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TypeVar

from diffcli.runtime.errors import DiffError
from diffcli.syntax.lettering import lexemes, unusual
from diffcli.syntax.mending import explained
from diffcli.syntax.notations import NOTATIONS, marked
from diffcli.syntax.parsing import nodes_of
from diffcli.syntax.translation import Translation
from diffcli.syntax.writing import written

T = TypeVar("T")


def read(
    source: str,
    understand: Callable[[str], T],
    names: Collection[str] = (),
    notation: str | None = None,
    formula: bool = True,
) -> tuple[T, Translation | None]:
    """What `understand` makes of a text, and the translation that it was made of, where it is not the text itself.

    `names` have a value, or are asked for. `notation` is one of `NOTATIONS`, or "plain" for a text whose marks
    tell nothing. `formula`: the text is one, not a point.

    Raises DiffError where nothing reads it, or two readings are left.
    """
    known = NOTATIONS.get(notation or "")
    fault: DiffError | None = None
    if known is None and not unusual(source):
        try:
            return understand(source), None
        except DiffError as error:
            fault = error
    if known is None and notation is None and formula:
        known = marked(source)
    if known is None:
        translation = written(source, names, formula)
    else:
        translation = _of_notation(known.translate(source), source, names)
    if translation is None:
        if fault is not None:
            raise fault
        return understand(source), None
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


def check(source: str) -> None:
    """DiffError for what nobody reads, whichever names have a value."""
    names = {token.text for token in lexemes(source) if token.kind == "name"}
    try:
        read(source, nodes_of, names)
    except DiffError as error:
        raise explained(error, lambda text: read(text, nodes_of, names)) from None
