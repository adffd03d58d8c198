"""What reaches a stream: text of any user, in the letters that the stream has.

What an encoding lacks is replaced by plain characters, as wide as the ones that they
stand for; escapes for what would command a terminal are `errors.visible`. This room
knows no mathematics.
"""

from __future__ import annotations

import codecs
import io
import os
import re
import sys
import unicodedata
from contextlib import suppress
from typing import Any, NoReturn

from diffcli.runtime.errors import DiffError
from diffcli.runtime.messages import message

_PLAIN = {
    "×": "x", "÷": "/", "−": "-", "·": ".", "∂": "d", "ƒ": "f", "√": "V", "∇": "D", "…": "~", "–": "-", "—": "-",
    "→": ">", "←": "<", "↑": "^", "↓": "v", "⟶": ">", "✓": "+", "✗": "x", "•": "*", "●": "*", "○": "o", "▸": ">",
    "‘": "'", "’": "'", "“": '"', "”": '"', "«": '"', "»": '"', "（": "(", "）": ")", "，": ",", "：": ":", "；": ";",
    "∞": "inf", "≈": "~", "≠": "!=", "≤": "<=", "≥": ">=", "±": "+-", "°": "deg", "²": "^2", "³": "^3", "½": "1/2",
}  # fmt: skip
"""Plain text for the signs of our screens; one character for one wherever a column would be shifted."""


def _plain(char: str) -> str:
    """What stands for a character that an encoding lacks.

    >>> _plain("θ"), _plain("é"), _plain("─"), _plain("微")
    ('theta', 'e', '-', '??')
    """
    if char in _PLAIN:
        return _PLAIN[char]
    code = ord(char)
    if 0x2500 <= code < 0x2580:  # lines of boxes
        name = unicodedata.name(char, "")
        return "-" if "HORIZONTAL" in name and " AND " not in name else "|" if name.endswith("VERTICAL") else "+"
    if 0x2580 <= code < 0x25A0 or 0x2800 <= code < 0x2900:  # blocks and dots of plots
        return " " if code == 0x2800 else "*"
    letters = unicodedata.normalize("NFKD", char).encode("ascii", "ignore").decode()
    if letters:
        return letters
    name = unicodedata.name(char, "")
    if name.startswith("GREEK"):
        word = name.split(" WITH ")[0].rsplit(" ", 1)[-1].lower()
        return word.capitalize() if "CAPITAL" in name else word
    return "??" if unicodedata.east_asian_width(char) in "WF" else "?"


def _replaced(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(map(_plain, error.object[error.start : error.end])), error.end


WITHOUT_LETTERS = "diffcli-plain"
"""The name of the error handler for streams that lack characters, as `open(errors=…)` takes it."""


class _Closed(io.TextIOBase):
    """Stands for a stream that was closed before we began: nothing can be written, and that is said."""

    encoding = "utf-8"

    def write(self, text: str) -> NoReturn:
        del text
        hint = message("leave out >&-, or write to a file by --output FILE")
        raise DiffError(message("standard output is closed"), hint=hint, kind="file")


def prepare() -> None:
    """Make the standard streams fit for any text; a missing one is replaced.

    A descriptor that was closed is opened to nowhere first: the next file to be opened
    would be given its number, and be written to by whoever writes to that stream.
    """
    codecs.register_error(WITHOUT_LETTERS, _replaced)
    for descriptor in (0, 1, 2):
        with suppress(OSError):
            os.fstat(descriptor)
            continue
        with suppress(OSError):
            os.open(os.devnull, os.O_RDWR)
    if sys.stdout is None:
        sys.stdout = _Closed()
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123 - for as long as the process lives
    for stream in (sys.stdout, sys.stderr):
        _reconfigure(stream, errors=WITHOUT_LETTERS)


def take_utf8(stream: Any) -> None:
    """From here on the stream is UTF-8, as data formats are on any stream."""
    if not _unicode(stream):
        _reconfigure(stream, encoding="utf-8", errors="strict")


def _reconfigure(stream: Any, **how: str) -> None:
    change = getattr(stream, "reconfigure", None)  # a stream of a notebook or of a test has none
    if change is not None:
        change(**how)


def _unicode(stream: Any) -> bool:
    return re.sub("[-_]", "", (getattr(stream, "encoding", None) or "utf8").lower()).startswith("utf")


def writes_chinese(stream: Any) -> bool:
    """Whether the stream's encoding has the characters of Chinese sentences."""
    if _unicode(stream):
        return True
    try:
        "微分真值".encode(stream.encoding)
    except (LookupError, UnicodeEncodeError):
        return False
    return True
