"""What a batch is made of: rows that were read, and the results that take their place."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from diffcli.comparison.result import Comparison
from diffcli.problem.point import Number
from diffcli.runtime.errors import DiffError, brief
from diffcli.runtime.messages import Message, message


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a case file, read but not understood: `at` is text or numbers by name.

    `carried` is what stands in columns that the expression does not name: it comes back with the result.
    """

    line: int
    expression: str
    at: Mapping[str, Number | str] | str
    wrt: tuple[str, ...] | None = None
    id: str | None = None
    claims: tuple[str, ...] = ()
    carried: Mapping[str, str] = field(default_factory=dict)

    def failed(self, error: DiffError) -> Failure:
        """What stands in its place: with its id, and all that it carried."""
        return replace(Failure.of(error, self.line, self.id, self.expression), carried=self.carried)


@dataclass(frozen=True, slots=True)
class Failure:
    """A row that could not be understood: what is wrong, where, and what to try."""

    line: int | None
    id: str | None
    expression: str
    kind: str
    message: Message
    span: tuple[int, int] | None = None
    hint: Message | None = None
    carried: Mapping[str, str] = field(default_factory=dict)

    @staticmethod
    def of(error: DiffError, line: int | None, id: str | None, expression: str) -> Failure:
        span, said = error.span if error.source == expression else None, error.message
        if error.source and error.source.strip() and error.source != expression:  # a claim, or a value of the point
            said = message("in '{source}': {message}", source=brief(" ".join(error.source.split())), message=said)
        return Failure(line, id, expression, error.kind, said, span, error.hint)


Result = Comparison | Failure

Finish = Callable[[Result], Any]
"""What is made of a result where it was computed, so that only that need travel."""


def as_it_is(result: Result) -> Result:
    return result
