"""How classrooms and other books write what this language spells otherwise: words for hints, never a second reading."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable
from typing import NamedTuple

from diffcli.core.primitives import DEFINITIONS, FUNCTIONS, PARAMETRIC_FUNCTIONS, VECTOR_FUNCTIONS
from diffcli.runtime.messages import message

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
    "sgn": "sign", "signum": "sign", "squareroot": "sqrt", "square_root": "sqrt", "cuberoot": "cbrt",
    "sine": "sin", "sinus": "sin", "cosine": "cos", "cosinus": "cos", "tangent": "tan", "tangens": "tan",
    "cotangent": "cot", "secant": "sec", "cosecant": "csc", "arcsine": "arcsin", "arccosine": "arccos",
    "arctangent": "arctan", "logarithm": "log", "exponential": "exp", "absolute": "abs", "ceiling": "ceil",
    "avg": "mean", "average": "mean", "power": "pow", "norm2": "norm",
    "inner": "dot", "product": "prod", "total": "sum", "swish": "silu", "clamp": "clip", "step": "heaviside",
}
"""Other books' names of functions that are here."""

FORMULAS = {
    "sech": "1/cosh{}", "csch": "1/sinh{}", "cosech": "1/sinh{}",
    "coth": "1/tanh{}", "ctgh": "1/tanh{}", "cth": "1/tanh{}",
    "arcsec": "arccos(1/{})", "asec": "arccos(1/{})", "arccsc": "arcsin(1/{})", "acsc": "arcsin(1/{})",
    **dict.fromkeys(("arccot", "acot", "arcctg", "arccotg"), "(pi/2 - arctan{})"),
    "sind": "sin({}*pi/180)", "cosd": "cos({}*pi/180)", "tand": "tan({}*pi/180)",
    **dict.fromkeys(("deg2rad", "radians", "rad"), "({}*pi/180)"),
    **dict.fromkeys(("rad2deg", "degrees", "deg"), "({}*180/pi)"),
    "exp10": "10^{}", "frac": "mod({}, 1)", "cube": "{}^3", "versin": "(1 - cos{})", "haversin": "((1 - cos{})/2)",
    **dict.fromkeys(("factorial", "fact"), "gamma({} + 1)"), "mish": "({0}*tanh(softplus{0}))",
    **dict.fromkeys(("logsigmoid", "log_sigmoid"), "log(sigmoid{})"), "softsign": "({0}/(1 + abs{0}))",
    "relu6": "clip({}, 0, 6)", "hardtanh": "clip({}, -1, 1)", "saturate": "clip({}, 0, 1)",
}
"""Functions that are not here, by those that are; an argument in its parentheses fills the place."""

_OF_MATRICES = "det inv solve trace eig eigh eigvals svd cholesky qr lstsq pinv slogdet"
_OF_ARRAYS = "cumsum cumprod std var median sort cross"
_CHOICES = "piecewise ifelse iif cond cases select switch"
_COMPLEX = "re im real imag conj conjugate arg angle cis"
ELSEWHERE = {
    **{
        name: message("in a Python file there is {name}", name=f"{module}.{name}")
        for module, names in (("np.linalg", _OF_MATRICES), ("np", _OF_ARRAYS))
        for name in names.split()
    },
    **dict.fromkeys(_CHOICES.split(), message("write where(condition, a, b) for a choice")),
    **dict.fromkeys(_COMPLEX.split(), message("complex numbers are not read: write the real and imaginary part apart")),
    **dict.fromkeys(
        ("rand", "random", "randn", "normal", "uniform"),
        message("a formula has no random numbers: write a variable, and give it a value"),
    ),
    **dict.fromkeys(("argmax", "argmin", "len", "size"), message("a place or a count has no derivative")),
    **dict.fromkeys(
        ("interp", "interpolate", "spline"), message("write the pieces with where, or use np.interp in a Python file")
    ),
}
"""What is near in sense to functions that are not here, or where they are."""

INVERSES = {
    "sin": "arcsin", "cos": "arccos", "tan": "arctan", "sinh": "arcsinh", "cosh": "arccosh", "tanh": "arctanh",
    "exp": "log", "log": "exp", "ln": "exp",
}
# fmt: on

GREEK = {"Γ": "gamma", "σ": "sigmoid", "ψ": "digamma", "ζ": "zeta", "Φ": "ndtr"}
"""Letters that are functions before parentheses, and variables elsewhere."""

LETTERS = frozenset(("gamma", "beta", "zeta"))
"""Functions that are letters, too: without parentheses they are variables."""


class Application(NamedTuple):
    """What is written before the argument of a function, and behind it."""

    opening: str
    closing: str = ")"


def application(name: str, names: Collection[str], called: bool) -> Application | None:
    """How the function `name` is applied, in any spelling; None for a variable.

    `names` have a value; where the argument stands in parentheses, it is `called`.

    >>> application("Sin", (), True), application("log_3", (), False), application("σ", ("σ",), True)
    (Application(opening='sin(', closing=')'), Application(opening='(log(', closing=')/log(3))'), None)
    """
    if name in names and not (called and name in FUNCTION_NAMES):
        return None
    known = _known(name, called)
    if known is None and (based := _BASED.fullmatch(name)):
        base = based["base"]
        return Application("(log(", f")/log({base}))") if base.isdecimal() or base in names else None
    return None if known is None or known in LETTERS and not called else Application(f"{known}(")


def _known(name: str, called: bool) -> str | None:
    """Our name of a function."""
    if name in FUNCTION_NAMES:
        return name
    lower = name.lower()
    known = GREEK.get(name, "") if called else ""
    return next((own for own in (known, lower, OTHER_NAMES.get(lower, "")) if own in FUNCTION_NAMES), None)


_BASED = re.compile(r"(?:log|Log|LOG)_(?P<base>\w+)")
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
