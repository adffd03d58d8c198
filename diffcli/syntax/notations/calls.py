"""Calls of another language as formulas of ours: a template per function, filled with the arguments as written.

`"atan2({1}, {0})"` has the arguments in another order. Arguments are ropes, lists of pieces within lists, so that a
deep nest of calls is written in time linear in its length.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from diffcli.syntax.translation import Piece, Translation, joined

Rope = list[Any]
"""Pieces, and ropes of them."""
Template = str | Callable[[Sequence[Rope], int], Rope] | None
Templates = Mapping[str, Mapping[int, Template] | Template]
"""By function, and where it matters by the number of arguments; a text alone serves any number. None: refused.
What is no text makes the formula of the arguments and of where the function was typed."""

_PLACE = re.compile(r"\{(\d)\}")


def flat(rope: Rope) -> list[Piece]:
    """The pieces of a rope in their order; nothing recurses."""
    pieces: list[Piece] = []
    waiting: list[Any] = [rope]
    while waiting:
        item = waiting.pop()
        if isinstance(item, list):
            waiting.extend(reversed(item))
        else:
            pieces.append(item)
    return pieces


def text_of(rope: Rope) -> str:
    """The text of a rope, without blanks around it."""
    return "".join(piece[0] for piece in flat(rope)).strip()


def _one_word(rope: Rope) -> str:
    """The text of a rope that is a single piece among blanks; that of another is empty."""
    words = [piece for piece in rope if isinstance(piece, list) or not piece[0].isspace()]
    return words[0][0] if len(words) == 1 and isinstance(words[0], tuple) else ""


def entries(rope: Rope) -> list[Rope] | None:
    """The arguments of a bracket that is all there is of a rope; None where it is something else."""
    words = [piece for piece in rope if isinstance(piece, list) or not piece[0].isspace()]
    if len(words) != 1 or not isinstance(words[0], list) or len(words[0]) != 3:
        return None
    inner = words[0][1]
    return inner[::2] if isinstance(inner, list) else None


def finish(rope: Rope, source: str) -> Translation:
    return joined(flat(rope), len(source))


def fill(template: str, arguments: Sequence[Rope], start: int, end: int) -> Rope:
    """A template with its arguments; what it writes itself stands where the function was typed.

    Where it names none, it is a function that takes them all.
    """
    if not _PLACE.search(template):
        return [(f"{template}(", start, end), *between(arguments, ", ", start), (")", start, end)]
    rope: Rope = []
    for k, part in enumerate(_PLACE.split(template)):
        if k % 2:
            rope.append(arguments[int(part)])
        elif part:
            rope.append((part, start, end))
    return rope


def between(arguments: Sequence[Rope], sign: str, start: int) -> Rope:
    """Arguments with a sign between them, which stands where the function was typed."""
    rope: Rope = []
    for k, argument in enumerate(arguments):
        rope += [(sign, start, start), argument] if k else [argument]
    return rope


def chosen(templates: Templates, name: str, count: int) -> Template:
    """The template of a function with so many arguments; None where there is none."""
    found = templates.get(name)
    if isinstance(found, Mapping):
        return found.get(count)
    return found


@dataclass(slots=True)
class Call:
    """A call or a bracket that is open: its name, where it was typed, and the arguments so far."""

    name: str
    start: int
    end: int
    closing: str
    arguments: list[Rope] = field(default_factory=lambda: [[]])
    operand: bool = False

    @property
    def rope(self) -> Rope:
        return self.arguments[-1]


# --- formulas that a text does not suffice for
def joined_by(sign: str, wrapped: bool = False) -> Callable[[Sequence[Rope], int], Rope]:
    """`Plus[a, b, c]`: all arguments with a sign between them, in parentheses of their own where they are `wrapped`."""

    def join(arguments: Sequence[Rope], start: int) -> Rope:
        parts = [[("(", start, start), one, (")", start, start)] if wrapped else one for one in arguments]
        return [("(", start, start), between(parts, sign, start), (")", start, start)]

    return join


def logarithm(of: int, base: int) -> Callable[[Sequence[Rope], int], Rope]:
    """The logarithm to a base, by the places of both arguments."""

    def write(arguments: Sequence[Rope], start: int) -> Rope:
        known = {"2": "log2(", "10": "log10("}.get(_one_word(arguments[base]))
        if known:
            return [(known, start, start), arguments[of], (")", start, start)]
        opening, middle, ending = ((text, start, start) for text in ("(log(", ")/log(", "))"))
        return [opening, arguments[of], middle, arguments[base], ending]

    return write
