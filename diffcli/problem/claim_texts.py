"""Claims as they are typed: `x: 2*x*y`, `dy/dx = 2*x`; which variable, which formula."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from diffcli.runtime.errors import DiffError
from diffcli.runtime.messages import message
from diffcli.syntax.lettering import plainer

_NEXT_CLAIM = r"[;；]\s*(?=[^\W\d]\w*\s*[:：])"


def claims_in(text: str) -> tuple[str, ...]:
    """`x: 2*x; y: 1` -> ("x: 2*x", "y: 1"); a semicolon within a formula separates its statements."""
    return tuple(claim for claim in re.split(_NEXT_CLAIM, text.strip()) if claim)


def all_claims(texts: Iterable[str]) -> tuple[str, ...]:
    """The claims of all --claim; one at least of each."""
    found: list[str] = []
    for text in texts:
        if not text.strip():
            claimed_variable(text, ())  # nothing is no claim
        found += claims_in(text)
    return tuple(found)


def split_claim(claim: str) -> tuple[str | None, str]:
    """The variable, where it is named, and the formula: `x: 2*x` -> ("x", "2*x"), `dy/dx = 2*x` the same.

    Full-width marks are read as plain ones, one for one, so that places in a claim stay.

    >>> split_claim("x：（1＋x）＊2")
    ('x', '(1+x)*2')
    """
    claim = plainer(claim)
    name, colon, formula = claim.partition(":")
    if colon and name.strip():
        return name.strip(), formula.strip()
    other = re.match(_NAMED_OTHERWISE, claim)
    if other and not colon:
        return other["below"] or other["index"], claim[other.end() :].strip()
    return None, (formula if colon else claim).strip()


def claimed_variable(claim: str, names: Sequence[str]) -> str:
    """The variable that a claim is for: one of `names`, where it names none the only one."""
    name, formula = split_claim(claim)
    claim = plainer(claim)
    if name is None and len(names) == 1 and not re.match(_AN_EQUATION, claim):
        return names[0]
    if name is None:
        equation = re.match(_AN_EQUATION, claim)
        bare = claim[equation.end() :].strip() if equation else formula
        short = bare and len(bare) <= 40 and ":" not in bare
        hint = message('write "{name}: {formula}"', name=names[0] if names else "x", formula=bare if short else "2*x*y")
        raise DiffError(message("a claim names its variable"), claim, (0, len(claim)), hint, "claim")
    return name


_NAMED_OTHERWISE = (
    r"\s*(?:[^\W\d]\w*['’′](?:\s*\(\s*\w+\s*\))?|[d∂][^\W\d]?\w*\s*/\s*[d∂](?P<below>[^\W\d]\w*)"
    r"|f_(?P<index>[^\W\d]\w*))\s*=(?!=)"
)
"""What some write before a derivative: `y' =`, `f'(x) =`, `dy/dx =`, `f_x =`."""
_AN_EQUATION = r"\s*[^\W\d]\w*\s*=(?!=)(?!.*;)"
"""`x = 2*x`: the name of a variable before a formula, or of a function, or a statement; not one thing for certain."""
