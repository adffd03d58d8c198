"""Text laid out in columns, in both languages: a Chinese character takes two, and lines break between any two."""

from __future__ import annotations

import re

from diffcli.runtime.errors import width

_WIDE = "\\u2e80-\\uffef"
"""Chinese characters and marks, for a pattern."""
_ATOM = re.compile(rf"(\s*)(`[^`]*`|[{_WIDE}]|[^\s`{_WIDE}]+)")
_OPENING = "（《「“‘(["
_CLOSING = "，。；：！？、）》」”’)].,;:!?…"
_SPACED = "，。；：！？、）"
"""Chinese marks bring their own space with them."""
_BREAK = re.compile(rf"(?<=[{_WIDE}])[ \t]*\n[ \t]*(?=[{_WIDE}])")


def wrapped(text: str, columns: int, first: str = "", further: str = "") -> list[str]:
    """Paragraphs as lines of at most so many columns; a Chinese character may begin a line, its comma may not.

    Lines begin with `first`, and where a paragraph goes on with `further`.

    >>> wrapped("one two three", 8)
    ['one two', 'three']
    >>> wrapped("导数是切线的斜率。", 16)
    ['导数是切线的斜', '率。']
    """
    lines = []
    for paragraph in re.split(r"\n\s*\n", text.strip()):
        lines += [*_filled(_pieces(_BREAK.sub("", paragraph)), columns, first, further), ""]
    return lines[:-1]


def _pieces(paragraph: str) -> list[tuple[bool, str]]:
    """What may not be broken, and whether a space stands before it."""
    pieces: list[tuple[bool, str]] = []
    for space, atom in _ATOM.findall(paragraph):
        if pieces and not space and _joined(pieces[-1][1], atom):
            spaced, before = pieces.pop()
            pieces.append((spaced, before + atom))
        else:
            pieces.append((bool(space) and not (pieces and pieces[-1][1][-1] in _SPACED), atom))
    return pieces


def _joined(before: str, atom: str) -> bool:
    narrow = not _wide(before[-1]) and not _wide(atom[0])
    return narrow or before[-1] in _OPENING or atom[0] in _CLOSING


def _wide(character: str) -> bool:
    return "\u2e80" <= character <= "\uffef"


def _filled(pieces: list[tuple[bool, str]], columns: int, first: str, further: str) -> list[str]:
    lines, empty = [first], True
    for spaced, piece in pieces:
        longer = lines[-1] + " " * (spaced and not empty) + piece
        if not empty and width(longer) > columns:
            lines.append(further + piece)
        else:
            lines[-1] = longer
        empty = False
    return lines
