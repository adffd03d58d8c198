"""Text -> the texts of its tokens. Text is data: nothing in it is ever executed.

A token is known by its number; where it stands is found out only where something
is said of it, which is a mistake, as a rule.
"""

from __future__ import annotations

import re

from diffcli.runtime.errors import DiffError
from diffcli.runtime.messages import message

_TOKEN = re.compile(
    r"""
    [^\S\n]*+ (?:\#[^\n]*+)?  # blanks and a comment
    (
      [^\W\d]\w*                                              # a name
    | [-+/@^()\[\],;] | \*\*? | [<>=!]= | [<>=]                # an operator
    | (?: \d[\d_]*\.?[\d_]* | \.\d[\d_]* ) (?:[eE][+-]?\d+)?  # a number
    | \n | . | \Z
    )
    """,
    re.VERBOSE,
)

_OPERATORS = frozenset((*"-+*/@^<>=()[],;\n", "**", "<=", ">=", "==", "!=", ""))

_HINTS = {
    "√": message("write sqrt(x) for a square root"),
    "∂": message("write the formula alone, without ∂ and d"),
    "\\": message("this is LaTeX: add --notation tex, or write sqrt(x), sin(x), (a)/(b)"),
    "$": message("write the formula without $"),
    "&": message("write 'and' between conditions"),
    "!": message("write 'not' before a condition; a factorial stands behind its number: n!"),
    ".": message("names have no attributes here; a decimal point stands in a number"),
    "|": message("an absolute value has two bars: |x|, or abs(x); 'or' stands between conditions"),
    "∑": message("write the terms of a sum, or sum(v) for that of a vector"),
    "∏": message("write the factors of a product, or prod(v) for that of a vector"),
    **dict.fromkeys("→⟶", message("limits are not computed: write the formula alone, and a point")),
    **dict.fromkeys("∈∉⊂∪∩∅", message("sets are not formulas: write the formula alone")),
    **dict.fromkeys("≈≃≡∼", message("write the formula alone, without what it is near to")),
    ":": message("write where(condition, a, b) for a choice"),
    '"': message("text in quotes has no meaning in an expression"),
    **dict.fromkeys(
        "'’′", message("write the formula alone: neither quotes nor the prime of a derivative have a meaning here")
    ),
}


LONGEST = 10_000_000
"""Characters of an expression or a point: its tokens are found in one step, which cannot be interrupted."""


def tokenize(source: str) -> list[str]:
    """The tokens of `source`, in their order, ended by an empty one.

    >>> tokenize("2*x^-.5  # note")
    ['2', '*', 'x', '^', '-', '.5', '']
    """
    if len(source) > LONGEST:
        hint = message("split it into several, or write it as a Python function")
        raise DiffError(
            message(
                "the text has {count} characters; at most {most} are read",
                count=f"{len(source):,}",
                most=f"{LONGEST:,}",
            ),
            hint=hint,
        )
    found = _TOKEN.findall(source)
    if found[-2:] == ["", ""]:  # the end is met once more behind trailing blanks
        found.pop()
    return found


def spans(source: str) -> list[tuple[int, int]]:
    """Where each token stands: from its first character to behind its last; the end has one of its own."""
    return [(start, max(end, start + 1)) for start, end in (match.span(1) for match in _TOKEN.finditer(source))]


def is_name(token: str) -> bool:
    """Whether a token is a name; ∞ is one of those of a constant, and no variable can have it."""
    return token.isidentifier() or token == "∞"


def is_number(token: str) -> bool:
    """Whether a token is written like a number."""
    return token[0].isdecimal() or token[0] == "." and len(token) > 1


def unexpected(token: str, source: str, start: int) -> DiffError | None:
    """The error where a token is no part of the language: a character, or a name that holds one (`x²`)."""
    if is_name(token) or token in _OPERATORS or is_number(token):
        return None
    good = next(i for i, char in enumerate(token) if not f"{'_' * (i > 0)}{char}".isidentifier())
    at = start + good
    return DiffError(
        message("unexpected character {character}", character=repr(token[good])),
        source,
        (at, at + 1),
        _HINTS.get(token[good]),
    )
