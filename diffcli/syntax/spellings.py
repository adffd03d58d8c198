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
    "sgn": "sign", "signum": "sign", "root": "sqrt", "squareroot": "sqrt", "square_root": "sqrt", "cuberoot": "cbrt",
    "sine": "sin", "sinus": "sin", "cosine": "cos", "cosinus": "cos", "tangent": "tan", "tangens": "tan",
    "cotangent": "cot", "secant": "sec", "cosecant": "csc", "arcsine": "arcsin", "arccosine": "arccos",
    "arctangent": "arctan", "logarithm": "log", "exponential": "exp", "absolute": "abs", "ceiling": "ceil",
    "avg": "mean", "average": "mean", "power": "pow", "norm2": "norm",
    "inner": "dot", "product": "prod", "total": "sum",
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


_BARE = re.compile(r"(?:\d[\d_.]*\s*\*?\s*)?[^\W\d]\w*(?:\s*(?:\^|\*\*)\s*\w+)?|\d[\d_.]*")
_ENDS = re.compile(r"\s*(?:[-+),;\n\]<>=]|\Z|(?P<next>[^\W\d]\w*)\s*(?=[\w(]))")


def bare_argument(source: str, start: int) -> int | None:
    """Where the argument ends of a function without parentheses; None where careful people differ.

    >>> [bare_argument(text, 4) for text in ("sin 2x + 1", "sin x/2", "sin x y", "sin x cos(x)")]
    [6, None, None, 5]
    """
    run = _BARE.match(source, start)
    if not run or any(part in FUNCTION_NAMES for part in re.findall(r"[^\W\d]\w*", run[0])):
        return None
    after = _ENDS.match(source, run.end())
    return run.end() if after and (after["next"] is None or after["next"] in FUNCTION_NAMES) else None


def two_arguments(source: str, start: int, function: str) -> tuple[str, str] | None:
    """Both readings of `sin x/2` and `sin x y`, where what follows the function is one name or number and another.

    >>> two_arguments("sin x/2", 4, "sin")
    ('sin(x)/2', 'sin(x/2)')
    """
    parts = _TWO.match(source, start)
    if not parts or parts["b"] in FUNCTION_NAMES:
        return None
    sign = parts["sign"].strip() or "*"
    return f"{function}({parts['a']}){sign}{parts['b']}", f"{function}({parts['a']}{sign}{parts['b']})"


_TWO = re.compile(r"(?P<a>\w+)(?P<sign>\s*[*/]\s*|\s+)(?P<b>\w+)")


def nearest(name: str, names: Iterable[str]) -> str | None:
    """The name that this one is a slip of: a letter too many, missing, wrong or changed with the next.

    Short names with a wrong letter are other words (`det` is not `dot`, `zeta` is not `beta`): there letters may
    be doubled, dropped or changed about only.

    >>> [nearest(name, FUNCTION_NAMES) for name in ("sinn", "heavyside", "tnah", "sqrrt", "det", "inv", "zeta")]
    ['sin', 'heaviside', 'tanh', 'sqrt', None, None, None]
    """
    return next((known for known in sorted(names) if len(name) > 2 and len(known) > 2 and _slip(name, known)), None)


def _slip(name: str, known: str) -> bool:
    """Whether one slip of the fingers makes `name` of `known`; the first letter is right."""
    k = next((k for k, (a, b) in enumerate(zip(name, known, strict=False)) if a != b), min(len(name), len(known)))
    if not k:
        return False
    if len(name) == len(known):
        changed = name[k : k + 2] == known[k : k + 2][::-1] and name[k + 2 :] == known[k + 2 :]
        return changed or len(known) > 4 and name[k + 1 :] == known[k + 1 :]
    longer, shorter = (name, known) if len(name) > len(known) else (known, name)
    return len(longer) == len(shorter) + 1 and longer[k + 1 :] == shorter[k:] and len(longer) > 3


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
