"""Mathematics as people write it -> plain syntax, every character with where it was typed."""

from __future__ import annotations

from collections.abc import Collection

from diffcli.syntax.lettering import FRACTIONS, RELATIONS, Lexeme, lexemes, subscripted
from diffcli.syntax.translation import Translation, joined


def written(source: str, names: Collection[str] = ()) -> Translation | None:
    """The text in plain syntax; None where that is the text itself. `names` have a value or are asked for.

    >>> written("x₁²≤½", ["x_1"]).text
    'x_1^2<=(1/2)'
    >>> written("2*x") is None
    True
    """
    pieces, end = list[tuple[str, int]](), 0
    for token in lexemes(source):
        pieces += [(char, end + k) for k, char in enumerate(source[end : token.start])]  # blanks and comments
        pieces.append((_plain(token, names), token.start))
        end = token.end
    translation = joined(pieces, len(source))
    return None if translation.text == source else translation


def _plain(token: Lexeme, names: Collection[str]) -> str:
    if token.kind == "name":
        return subscripted(token.text, names)
    if token.kind == "raised":
        return f"^{token.text}" if token.text.isalnum() else f"^({token.text})"
    fraction = FRACTIONS.get(token.text)
    return f"({fraction})" if fraction else RELATIONS.get(token.text, token.text)
