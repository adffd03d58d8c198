"""The one exception a user sees, and how it is shown.

An error has three parts: what is wrong in the user's words, the place with a
caret, and what to try. This room knows nothing else of the project.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from diffcli.runtime.messages import Message, message

LONGEST_LINE = 200
"""Source lines beyond this many characters are shown as a window around the fault."""


@dataclass(eq=False)
class DiffError(Exception):
    """A request that cannot be understood or carried out.

    `span` is a half-open range of character offsets into `source`; `kind` is a
    short stable word for programs ("syntax", "name", "point", ...). `mended` are the words of a
    command to type in place of `source`: the whole text, and options that it needs.
    """

    message: Message
    source: str | None = None
    span: tuple[int, int] | None = None
    hint: Message | None = None
    kind: str = "syntax"
    mended: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for line in self._below():  # a traceback of a script or a notebook shows them too
            self.add_note(line)

    def __str__(self) -> str:
        return self.message

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.message, self.source, self.span, self.hint, self.kind, self.mended)

    def report(self, before: str = "error: ", tr: Callable[[Message], str] = str) -> str:
        """The message, the source line, carets under the span, and the hint; `tr` puts it in another language."""
        return "\n".join([before + visible(tr(self.message), whole=False), *self._below(tr)])

    def _below(self, tr: Callable[[Message], str] = str) -> list[str]:
        lines = place(self.source, self.span) if self.source is not None and self.span is not None else []
        return [*lines, f"  {visible(tr(self.hint), whole=False)}"] if self.hint else lines


def unwritable(file: object, error: OSError) -> DiffError:
    hint = message("name a file in a directory that you may write to")
    return DiffError(
        message("'{file}' cannot be written: {reason}", file=file, reason=_reason(error)),
        hint=hint,
        kind="file",
    )


def unreadable(file: object, error: OSError) -> DiffError:
    hint = message("name a file that is there, and that you may read")
    return DiffError(
        message("'{file}' cannot be read: {reason}", file=file, reason=_reason(error)), hint=hint, kind="file"
    )


def _reason(error: OSError) -> Message:
    """What the system says, in English."""
    text = error.strerror or str(error)
    return next((known for known in _USUAL if known == text), Message(text))


_USUAL = (
    message("No such file or directory"),
    message("Is a directory"),
    message("Permission denied"),
    message("No space left on device"),
)


class Unsupported(Exception):
    """A method cannot treat this problem; the text says why, in the user's words. It is a verdict, not the end."""


def visible(text: str, whole: bool = True) -> str:
    """Text of a user as it may be shown: what commands a terminal is written as an escape.

    `whole` text keeps its line ends and tabs; what stands in one line has them escaped, too.

    >>> visible("\\x1b[31mred\\n"), visible("a\\nb", whole=False)
    ('\\\\x1b[31mred\\n', 'a\\\\nb')
    """
    if text.isprintable():
        return text
    kept = "\n\t" if whole else ""
    return "".join(char if char in kept or _shows(char) else _escape(char) for char in text)


def _shows(char: str) -> bool:
    """Blanks of any width show; controls, marks without width, halves of characters and what is not assigned do not."""
    return char.isprintable() or unicodedata.category(char) == "Zs"


def _escape(char: str) -> str:
    return char.encode("unicode_escape").decode()


def brief(text: str, most: int = 40) -> str:
    """A user's word for a message, cut where it would drown it."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def width(text: str) -> int:
    """Terminal columns that `text` takes.

    >>> width("θ"), width("变量")
    (1, 4)
    """
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text
    )


def place(source: str, span: tuple[int, int]) -> list[str]:
    """The line of `source` that holds the start of `span`, and the carets beneath it.

    >>> place("2x", (1, 2))
    ['  2x', '   ^']
    """
    start = min(span[0], len(source.rstrip()))
    first = source.rfind("\n", 0, start) + 1
    end_of_line = source.find("\n", start)
    last = len(source) if end_of_line < 0 else end_of_line - (source[end_of_line - 1 : end_of_line] == "\r")
    stop = max(start + 1, min(span[1], last))
    left, right, cut_left, cut_right = first, last, "", ""
    if last - first > LONGEST_LINE:
        left, right = max(first, start - LONGEST_LINE // 2), min(last, start + LONGEST_LINE // 2)
        cut_left, cut_right = "…" * (left > first), "…" * (right < last)
        stop = min(stop, max(right, start + 1))
    shown = source[left:start], source[start : min(stop, right)], source[stop:right]
    before, marked, after = (visible(part.replace("\t", " "), whole=False) for part in shown)
    carets = "^" * max(1, width(marked))
    return [f"  {cut_left}{before}{marked}{after}{cut_right}", "  " + " " * width(cut_left + before) + carets]
