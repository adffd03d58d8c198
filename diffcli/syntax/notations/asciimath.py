"""AsciiMath (asciimath.org): `sin^2 x + root(3)(x)`, `x xx y`; most of it is mathematics as people write it."""

from __future__ import annotations

import re

from diffcli.runtime.messages import message
from diffcli.syntax.notations.output import Output, refuse
from diffcli.syntax.translation import Translation

_TOKEN = re.compile(
    r"(?P<blank>\s+)|(?P<number>\d+\.?\d*|\.\d+)|(?P<word>[A-Za-z]+(?:_(?:\w+|\{\w+\}|\(\w+\)))?)"
    r"|(?P<sign>-:|\*\*\*|\*\*|!=|<=|>=|\(:|:\)|\{:|:\}|\|__|__\||\|~|~\||//|.)",
    re.DOTALL,
)
_SIGNS = {
    "-:": "/",
    "//": "/",
    "**": "*",
    "(:": "(",
    ":)": ")",
    "{:": "(",
    ":}": ")",
    "|__": "floor(",
    "__|": ")",
    "|~": "ceil(",
    "~|": ")",
    "[": "(",
    "]": ")",
}
_WORDS = {
    "xx": "*",
    "times": "*",
    "cdot": "*",
    "div": "/",
    "oo": "inf",
    "varepsilon": "epsilon",
    "varphi": "phi",
    "vartheta": "theta",
    "sgn": "sign",
}
_SPOKEN = ("quad", "qquad", "text", "dx", "dy")
_INTEGRAL = message("an integral is not a formula here"), message("differentiate what is under it")
_LIMIT = message("a limit is not a formula here"), message("give a point: one-sided derivatives are shown at kinks")
_SUM = (
    message("a sum with an index is not read"),
    message("write its terms, as in x + x^2 + x^3, or a Python function with a loop"),
)
_INEQUALITY = (
    message("an inequality is not a formula"),
    message("write a formula, or where(x > 0, a, b) in plain syntax"),
)
_REFUSED = {
    **dict.fromkeys(("int", "oint"), _INTEGRAL),
    "lim": _LIMIT,
    **dict.fromkeys(("sum", "prod"), _SUM),
    **dict.fromkeys(("!=", "<=", ">=", "<", ">", "le", "ge", "ne"), _INEQUALITY),
    **dict.fromkeys(
        ("grad", "del"),
        (message("a derivative of a function that is not given is not read"), message("write the function itself")),
    ),
}


def translate(text: str) -> Translation:
    """A formula in AsciiMath as people write it. Raises DiffError for what is not one."""
    output = Output(text)
    place = 0
    closing: list[tuple[int, str]] = []
    depth = 0
    while place < len(text):
        match = _TOKEN.match(text, place)
        if match is None:
            break
        token, start, end = match.group(), *match.span()
        root = _ROOT.match(text, place) if match.lastgroup == "word" else None
        plain = token.partition("_")[0]
        if plain in _REFUSED:
            raise refuse(text, start, start + len(plain), *_REFUSED[plain])
        if root:
            end = root.end()
            opening, ending = {"2": ("sqrt(", ")"), "3": ("cbrt(", ")")}.get(root[1], ("((", f")^(1/{root[1]}))"))
            output.write(opening, start, end)
            closing.append((depth, ending))
            depth += 1
        elif token == "(":
            depth += 1
            output.write("(", start, end)
        elif token == ")":
            depth -= 1
            ending = closing.pop()[1] if closing and closing[-1][0] == depth else ")"
            output.write(ending, start, end)
        else:
            output.write(_WORDS.get(token, _SIGNS.get(token, re.sub(r"_[{(](\w+)[)}]", r"_\1", token))), start, end)
        place = end
    return output.finish()


_ROOT = re.compile(r"root\s*[({]?\s*(\d+)\s*[)}]?\s*\(")
