"""How classrooms and other books write what this language spells otherwise: words for hints, never a second reading."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from diffcli.core.primitives import DEFINITIONS, FUNCTIONS, PARAMETRIC_FUNCTIONS, VECTOR_FUNCTIONS

FUNCTION_NAMES = frozenset((*FUNCTIONS, *DEFINITIONS, *VECTOR_FUNCTIONS, *PARAMETRIC_FUNCTIONS, "where"))

# fmt: off
OTHER_NAMES = {
    "tg": "tan", "tng": "tan", "ctg": "cot", "cotg": "cot", "cotan": "cot", "ctan": "cot",
    "sen": "sin", "cosec": "csc", "cosc": "csc",
    "arctg": "arctan", "atg": "arctan", "arcsen": "arcsin", "asen": "arcsin",
    "sh": "sinh", "senh": "sinh", "ch": "cosh", "th": "tanh", "tgh": "tanh",
    "arsinh": "arcsinh", "arsh": "arcsinh", "arcosh": "arccosh", "arch": "arccosh",
    "artanh": "arctanh", "arth": "arctanh",
    "lg": "log10", "log_10": "log10", "lb": "log2", "ld": "log2", "log_2": "log2", "log_e": "log",
    "sgn": "sign", "signum": "sign", "root": "sqrt",
}
"""Other books' names of functions that are here."""

FORMULAS = {
    "sech": "1/cosh{}", "csch": "1/sinh{}", "cosech": "1/sinh{}",
    "coth": "1/tanh{}", "ctgh": "1/tanh{}", "cth": "1/tanh{}",
    "arcsec": "arccos(1/{})", "asec": "arccos(1/{})", "arccsc": "arcsin(1/{})", "acsc": "arcsin(1/{})",
    **dict.fromkeys(("arccot", "acot", "arcctg", "arccotg"), "(pi/2 - arctan{})"),
}
"""Functions that are not here, by those that are; an argument in its parentheses fills the place."""

INVERSES = {
    "sin": "arcsin", "cos": "arccos", "tan": "arctan", "sinh": "arcsinh", "cosh": "arccosh", "tanh": "arctanh",
    "exp": "log", "log": "exp", "ln": "exp",
}
# fmt: on

_COEFFICIENT = re.compile(r"(\d[\d_.]*)([^\W\d]\w*)")


def usual(name: str) -> str:
    """A name in half-width letters, as our functions are written."""
    return unicodedata.normalize("NFKC", name).lower()


def argument(text: str) -> str:
    """What stands behind a function without parentheses: `2x` is `2*x`.

    >>> argument("2x"), argument("x")
    ('2*x', 'x')
    """
    return _COEFFICIENT.sub(r"\1*\2", text)


def run_together(name: str) -> str | None:
    """`xsin` is `x*sin`: a function behind one letter."""
    return f"{name[0]}*{name[1:]}" if name[1:] in FUNCTION_NAMES else None


def meant(name: str, known: Iterable[str] = ()) -> str | None:
    """What a name that is no variable of the point was most likely meant to say.

    >>> meant("sinx", ["x"]), meant("sin2x", ["x"]), meant("xy", ["x", "y"]), meant("exp", ["x"]), meant("z", ["x"])
    ('sin(x)', 'sin(2*x)', 'x*y', 'exp(x)', None)
    """
    variables = sorted(known, key=len, reverse=True)
    if name in FUNCTION_NAMES:
        return f"{name}({variables[0] if len(variables) == 1 else '…'})"
    letters = "|".join(map(re.escape, variables))
    if not variables:
        return None
    for function in sorted((*FUNCTION_NAMES, *OTHER_NAMES), key=len, reverse=True):
        rest = name.removeprefix(function)
        if rest != name and re.fullmatch(rf"\d*(?:{letters})", rest):
            return f"{OTHER_NAMES.get(function, function)}({argument(rest)})"
    if re.fullmatch(rf"(?:{letters}){{2,}}", name):
        return "*".join(re.findall(letters, name))
    return None
