"""A text put into plain syntax, and where each of its characters was typed.

Whoever reads another way of writing (as people write by hand, another program's notation) gives a
`Translation`; faults that are then seen in the plain text are shown where they were typed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from diffcli.runtime.errors import DiffError


@dataclass(frozen=True)
class Question:
    """What a sign around the whole asks: `d/dx (x^2)` by x, `d^2/dx^2 (…)` by x and of order 2."""

    by: str
    order: int = 1


@dataclass(frozen=True)
class Translation:
    """`text` in plain syntax, or nearer to it; `starts[i]` is where its character i was typed.

    `starts` has one entry more than `text` has characters: where the typed text ends. What was inserted
    stands where the piece stands that it belongs to. `name` is what a definition calls the function
    (`y = x^2`), `question` what a sign of a derivative around the whole asks; `arguments` are the variables that a
    notation declares, read or not.
    """

    text: str
    starts: Sequence[int]
    name: str | None = None
    question: Question | None = None
    arguments: tuple[str, ...] = ()

    def span(self, span: tuple[int, int]) -> tuple[int, int]:
        """Where a part of the plain text was typed: half-open ranges of characters, both."""
        last = len(self.starts) - 1
        start, end = (min(max(place, 0), last) for place in span)
        first = self.starts[start]
        if end <= start:
            return first, first + 1
        final = self.starts[end - 1]
        # what is typed goes on to where the next piece begins
        after = self.starts[end] if self.starts[end] > final else final + 1
        return first, max(after, first + 1)

    def then(self, following: Translation) -> Translation:
        """This translation, and one of its text behind it."""
        starts = [self.starts[place] for place in following.starts]
        name, question = following.name or self.name, following.question or self.question
        return Translation(following.text, starts, name, question, self.arguments)

    def fault(self, error: DiffError, source: str) -> DiffError:
        """An error about the plain text, shown in the text as it was typed."""
        if error.source != self.text:
            return error
        span = None if error.span is None else self.span(error.span)
        return replace(error, source=source, span=span)


Piece = tuple[str, int, int]
"""(plain text, where what it stands for was typed: start and end, equal for what was inserted)."""


def joined(pieces: Iterable[Piece], end: int) -> Translation:
    """The text of pieces; `end` is the length of the typed text.

    >>> joined([("2", 0, 1), ("*", 1, 1), ("xs", 1, 3)], 3)
    Translation(text='2*xs', starts=[0, 1, 1, 2, 3], name=None, question=None, arguments=())
    """
    texts: list[str] = []
    starts: list[int] = []
    for text, start, stop in pieces:
        texts.append(text)
        last = max(start, stop - 1)
        starts += [min(start + k, last) for k in range(len(text))]
    return Translation("".join(texts), [*starts, end])
