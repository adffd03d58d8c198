"""The commands of LaTeX: letters, functions, signs of ours, those that say how a formula looks, and those refused."""

from __future__ import annotations

import difflib

from diffcli.runtime.messages import Message, message

_GREEK = [
    "alpha",
    "beta",
    "gamma",
    "delta",
    "epsilon",
    "zeta",
    "eta",
    "theta",
    "iota",
    "kappa",
    "lambda",
    "mu",
    "nu",
    "xi",
    "omicron",
    "pi",
    "rho",
    "sigma",
    "tau",
    "upsilon",
    "phi",
    "chi",
    "psi",
    "omega",
    "Delta",
    "Theta",
    "Lambda",
    "Xi",
    "Pi",
    "Sigma",
    "Upsilon",
    "Phi",
    "Psi",
    "Omega",
]
LETTERS: dict[str, str] = {
    **{name: name for name in _GREEK},
    "varepsilon": "epsilon",
    "vartheta": "theta",
    "varphi": "phi",
    "varrho": "rho",
    "varsigma": "sigma",
    "varkappa": "kappa",
    "ell": "ell",
    "hbar": "hbar",
    "infty": "inf",
}
"""Names of variables and constants. Two forms of a letter are one name."""

FUNCTIONS: dict[str, str] = {
    **{
        name: name
        for name in [
            "sin",
            "cos",
            "tan",
            "cot",
            "sec",
            "csc",
            "sinh",
            "cosh",
            "tanh",
            "coth",
            "exp",
            "log",
            "ln",
            "arcsin",
            "arccos",
            "arctan",
            "max",
            "min",
            "det",
            "sech",
            "csch",
            "erf",
            "erfc",
            "arcsinh",
            "arccosh",
            "arctanh",
            "arsinh",
            "arcosh",
            "artanh",
            "asin",
            "acos",
            "atan",
            "sqrt",
        ]
    },
    "lg": "log10",
    "lb": "log2",
    "tg": "tan",
    "ctg": "cot",
    "cotg": "cot",
    "cosec": "csc",
    "arctg": "atan",
    "sh": "sinh",
    "ch": "cosh",
    "th": "tanh",
    "sgn": "sign",
    "sign": "sign",
    "arsinh": "asinh",
    "arcosh": "acosh",
    "artanh": "atanh",
    "Gamma": "gamma",
    "abs": "abs",
    "floor": "floor",
    "ceil": "ceil",
    "relu": "relu",
    "ReLU": "relu",
    "softplus": "softplus",
    "sigmoid": "sigmoid",
    "sinc": "sinc",
    "erfc": "erfc",
    "round": "round",
}
"""Functions, by the names that commands and \\operatorname have; those that we lack are refused by the parser."""

SIGNS: dict[str, str] = {
    "cdot": "*",
    "times": "*",
    "ast": "*",
    "bullet": "*",
    "div": "/",
    "le": "<=",
    "leq": "<=",
    "leqslant": "<=",
    "ge": ">=",
    "geq": ">=",
    "geqslant": ">=",
    "ne": "!=",
    "neq": "!=",
    "lt": "<",
    "gt": ">",
    "<": "<",
    ">": ">",
    "land": " and ",
    "wedge": " and ",
    "lor": " or ",
    "vee": " or ",
    "lnot": " not ",
    "≤": "<=",
    "≥": ">=",
    "≠": "!=",
    "colon": ":",
    "mid": "|",
    "vert": "|",
    "equiv": "=",
}
"""Operators and relations, with and without a backslash."""

DELIMITERS: dict[str, str] = {
    "lvert": "abs(",
    "rvert": ")",
    "lfloor": "floor(",
    "rfloor": ")",
    "lceil": "ceil(",
    "rceil": ")",
    "{": "(",
    "}": ")",
    "lbrace": "(",
    "rbrace": ")",
    "lparen": "(",
    "rparen": ")",
}
"""Brackets that are commands, and what opens or closes them here."""

BRACKETS = {"(": ")", "[": "]"}

STYLES = frozenset(
    (
        "mathrm",
        "operatorname",
        "text",
        "textrm",
        "mathit",
        "mathbf",
        "boldsymbol",
        "mathsf",
        "mathtt",
        "vec",
        "mbox",
        "bm",
        "mathcal",
        "mathfrak",
        "textit",
    )
)
"""Commands whose argument is a name."""

IGNORED = frozenset(
    (
        ",",
        ";",
        ":",
        "!",
        " ",
        "quad",
        "qquad",
        "displaystyle",
        "textstyle",
        "scriptstyle",
        "limits",
        "nolimits",
        "nonumber",
        "rm",
        "it",
        "bf",
        "thinspace",
        "enspace",
        "medspace",
        "thickspace",
        "phantom",
        "/",
        "notag",
        "hline",
        "middle",
    )
)
"""Commands that say how a formula looks: a blank, or nothing."""

OTHERWISE = frozenset(("otherwise", "else", "elsewhere", "sonst", "其他", "其它", "否则"))
"""Words for the last of several cases."""

_INTEGRAL = (
    message("an integral is not a formula here"),
    message("differentiate what is under it, or write the antiderivative"),
)
_SUM = (
    message("a sum with an index is not read"),
    message("write its terms, as in x + x^2 + x^3, or a Python function with a loop"),
)
_LIMIT = (message("a limit is not a formula here"), message("give a point: one-sided derivatives are shown at kinks"))
_SET = (message("a set is not a formula"), message("write the formula alone, and the point after --at"))
_GRADIENT = (
    message("a derivative of a function that is not given is not read"),
    message("write the function itself: all its derivatives are shown"),
)
_TWO_SIGNS = (message("two signs are two formulas"), message("write {one}, or {other}", one="a + b", other="a - b"))
_ACCENT = (message("an accent is not read"), message("write it into the name: {name}", name="x_{hat}"))
_ARROW = (message("an arrow is not a formula"), message("write the formula alone"))

REFUSED: dict[str, tuple[Message, Message]] = {
    **dict.fromkeys(("int", "iint", "iiint", "oint"), _INTEGRAL),
    **dict.fromkeys(("sum", "prod", "bigcup", "bigcap", "coprod"), _SUM),
    **dict.fromkeys(("lim", "limsup", "liminf", "sup", "inf"), _LIMIT),
    **dict.fromkeys(
        ("in", "notin", "subset", "subseteq", "cup", "cap", "mathbb", "forall", "exists", "emptyset"), _SET
    ),
    **dict.fromkeys(("nabla", "partial", "prime", "dot", "ddot"), _GRADIENT),
    **dict.fromkeys(("pm", "mp"), _TWO_SIGNS),
    **dict.fromkeys(
        ("hat", "bar", "tilde", "overline", "underline", "widehat", "widetilde", "acute", "check"), _ACCENT
    ),
    **dict.fromkeys(
        ("to", "rightarrow", "Rightarrow", "mapsto", "implies", "iff", "leftarrow", "longrightarrow"), _ARROW
    ),
    **dict.fromkeys(
        ("ldots", "cdots", "dots", "vdots", "ddots"),
        (message("dots stand for terms that are not written"), message("write all terms")),
    ),
    **dict.fromkeys(
        ("mod", "bmod", "pmod"),
        (message("\\mod is not read"), message("write {text}", text="\\operatorname{mod}(x, y)")),
    ),
    **dict.fromkeys(
        ("binom", "choose", "dbinom"),
        (
            message("binomials are not read"),
            message("write {text}", text="\\frac{\\Gamma(n+1)}{\\Gamma(k+1)\\Gamma(n-k+1)}"),
        ),
    ),
    **dict.fromkeys(
        ("%",), (message("% has two meanings"), message("write {one}, or {other}", one="x/100", other="mod(x, y)"))
    ),
    **dict.fromkeys(
        ("Re", "Im", "arg", "imath", "jmath"),
        (message("complex numbers are not read"), message("write the real and the imaginary part")),
    ),
    **dict.fromkeys(
        ("approx", "sim", "propto", "cong"),
        (message("this relation is not a formula"), message("write its right side")),
    ),
    **dict.fromkeys(
        ("perp", "top", "dagger"), (message("this sign is not read"), message("write {text}", text="transpose(A)"))
    ),
    **dict.fromkeys(
        ("circ",), (message("this sign is not read"), message("write a degree as {text}", text="30^\\circ"))
    ),
    **dict.fromkeys(
        ("|", "Vert", "lVert", "rVert"),
        (message("a norm is not read"), message("write {text}", text="\\operatorname{norm}(v)")),
    ),
}
"""What is not read, why, and what to write instead."""


def nearest(name: str) -> Message:
    """What an unknown command may be: a known one with a letter run into it, or one that is spelled nearly so."""
    known = [*LETTERS, *FUNCTIONS, *SIGNS, "frac", "sqrt"]
    start = max((one for one in known if name.startswith(one) and len(one) > 1), key=len, default="")
    if start:
        rest = name[len(start) :]
        other = f"\\{rest}" if rest in known else rest
        return message("write {text}", text=f"\\{start} {other}")
    close = difflib.get_close_matches(name, known, 1, 0.6)
    if close:
        return message("did you mean {text}?", text=f"\\{close[0]}")
    return message("write names of several letters as {text}", text=f"\\mathrm{{{name}}}")
