"""Equations as people write them, `x^2 + y^2 = 25`, as the expressions that are 0 where they hold.

Only the signs between two sides are read here; the sides themselves are read as any expression is.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from diffcli.runtime.errors import DiffError
from diffcli.runtime.messages import message
from diffcli.syntax.translation import Translation

_MARKS = re.compile(r"#[^\n]*|[<>!:=]?=+|[;\n()\[\]{}]")
_NAME = re.compile(r"[^\W\d]\w*\Z")
_CLOSES = {")": "(", "]": "[", "}": "{"}


def zero_form(source: str, unknowns: Collection[str], valued: Collection[str]) -> Translation:
    """Equations, parted by `;` or lines, as one expression: the left side less the right side, or a vector of these.

    `a = x*y` binds a name where that is neither one of the `unknowns` nor `valued` by the point. An expression
    without a sign is one that is to be 0.
    """
    form, sides = _Form(source), []
    for first, last, signs in _statements(source):
        if not source[first:last].strip():
            continue
        if len(signs) > 1:
            raise DiffError(
                message("an equation has one sign of equality"),
                source,
                signs[1],
                message("write a = b; b = c"),
                "equation",
            )
        name = source[first : signs[0][0]].strip() if signs else ""
        if signs and _NAME.match(name) and name not in unknowns and name not in valued:
            form.copy(first, last)
            form.write("; ", last)
            continue
        sides.append((first, signs[0] if signs else None, last))
    if len(sides) != len(unknowns):
        raise _wrong_number(source, len(sides), unknowns)
    form.write("[" if len(sides) > 1 else "", 0)
    for number, (first, sign, last) in enumerate(sides):
        form.write(", " if number else "", first)
        form.difference(first, sign, last)
    form.write("]" if len(sides) > 1 else "", len(source))
    return form.finish()


class _Form:
    """A text under construction, with the place of each of its characters in what was typed."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.pieces: list[str] = []
        self.starts: list[int] = []

    def write(self, text: str, place: int) -> None:
        self.pieces.append(text)
        self.starts += [place] * len(text)

    def copy(self, first: int, last: int) -> None:
        """A stretch of what was typed, without the blanks around it."""
        stretch = self.source[first:last]
        first, last = last - len(stretch.lstrip()), first + len(stretch.rstrip())
        self.pieces.append(self.source[first:last])
        self.starts += range(first, last)

    def difference(self, first: int, sign: tuple[int, int] | None, last: int) -> None:
        """(left) - (right); the left side alone where the right side is 0."""
        if sign is None:
            self.copy(first, last)
        elif self.source[sign[1] : last].strip() == "0":
            self.copy(first, sign[0])
        else:
            self.write("(", first)
            self.copy(first, sign[0])
            self.write(") - (", sign[0])
            self.copy(sign[1], last)
            self.write(")", last)

    def finish(self) -> Translation:
        return Translation("".join(self.pieces), [*self.starts, len(self.source)])


def _statements(source: str) -> Iterator[tuple[int, int, list[tuple[int, int]]]]:
    """For each statement where it begins and ends, and the signs of equality outside of brackets."""
    first = 0
    signs: list[tuple[int, int]] = []
    opened: list[str] = []
    for found in _MARKS.finditer(source):
        mark = found.group()
        if mark in "([{":
            opened.append(mark)
        elif mark in _CLOSES:
            if opened and opened[-1] == _CLOSES[mark]:
                opened.pop()
        elif opened:
            continue
        elif mark[0] == "#" or mark in ";\n":
            yield first, found.start(), signs
            first, signs = found.end(), []
        elif mark in ("=", "=="):
            signs.append(found.span())
    yield first, len(source), signs


def _wrong_number(source: str, equations: int, unknowns: Collection[str]) -> DiffError:
    said = message(
        "as many equations as unknowns are needed, not {equations} for {unknowns}",
        equations=equations,
        unknowns=len(unknowns),
    )
    hint = message("name as many unknowns as there are equations, as in --implicit {names}", names=",".join(unknowns))
    return DiffError(said, source, (0, len(source)), hint, "equation")
