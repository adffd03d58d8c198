"""What all readers of notations write with: pieces of our language, each with where it was typed; and their faults."""

from __future__ import annotations

from diffcli.runtime.errors import DiffError
from diffcli.runtime.messages import Message, message
from diffcli.syntax.translation import Translation, joined


class Output:
    """A text in our language under construction."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.pieces: list[tuple[str, int, int]] = []

    def write(self, text: str, start: int, end: int | None = None) -> None:
        """A piece, and where what it stands for was typed; what was not typed is written at a place."""
        if text:
            self.pieces.append((text, start, start if end is None else end))

    def finish(self) -> Translation:
        return joined(self.pieces, len(self.source))


def refuse(source: str, start: int, end: int, said: Message, hint: Message) -> DiffError:
    """The error for what a notation has and we do not read: what, where, and what to type instead."""
    return DiffError(said, source, (start, max(end, start + 1)), hint, "notation")


def unclosed(source: str, start: int, end: int, opening: str, closing: str) -> DiffError:
    said = message("{opening} is never closed", opening=opening)
    return refuse(source, start, end, said, message("add {closing}", closing=closing))


def ambiguous(source: str, start: int, end: int, one: str, other: str) -> DiffError:
    """The error that shows two readings, each to be typed."""
    hint = message("write {one}, or {other}", one=one, other=other)
    return DiffError(message("this is read in two ways"), source, (start, end), hint, "ambiguous")
