"""Formulas of Python programs: `np.exp(-x**2/2)`, `lambda x, y: x*y`, `(x**2).mean()`. Nothing of them is run."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from diffcli.runtime.errors import DiffError
from diffcli.runtime.messages import message
from diffcli.syntax.notations.calls import Call, Rope, Templates, entries, logarithm, text_of
from diffcli.syntax.notations.infix import InfixReader
from diffcli.syntax.notations.output import refuse
from diffcli.syntax.spellings import FUNCTION_NAMES
from diffcli.syntax.translation import Translation

_HEAD = re.compile(r"\s*(?:return\b|(?:[^\W\d]\w*\s*=\s*)?lambda\s+[\w\s,*=.]+:|[^\W\d]\w*\s*=(?!=))?\s*")
"""What stands before the formula: `return`, `lambda x:`, `f = lambda x:`."""
MODULES = (
    "np|numpy|math|cmath|torch|jnp|jax\\.numpy|jax\\.nn|tf\\.math|tf\\.nn|tf|F|nn\\.functional|torch\\.nn\\.functional"
    "|scipy\\.special|sp\\.special|special|sc|sympy|sp|sym|K|mpmath|mp|anp|cp"
)
"""Names under which libraries are imported by custom, as an alternative of a pattern."""

_RENAMED = {
    "fabs": "abs",
    "absolute": "abs",
    "power": "pow",
    "clamp": "clip",
    "amax": "max",
    "amin": "min",
    "maximum": "max",
    "minimum": "min",
    "reduce_sum": "sum",
    "reduce_mean": "mean",
    "Abs": "abs",
    "Max": "max",
    "Min": "min",
    "special.expit": "sigmoid",
    "matmul": "matmul",
    "mm": "matmul",
    "mv": "matmul",
    "linalg.norm": "norm",
    "real": "",
    "float64": "",
    "float32": "",
    "asarray": "",
    "array": "",
    "tensor": "",
    "swish": "silu",
    "Pow": "pow",
    "psi": "digamma",
    "gammaln": "lgamma",
    "loggamma": "lgamma",
    "divide": "/",
    "add": "+",
    "subtract": "-",
    "multiply": "*",
    "true_divide": "/",
    "sub": "-",
    "mul": "*",
    "div": "/",
}
TEMPLATES: Templates = {
    "log": {1: "log", 2: logarithm(0, 1)},
    "factorial": "gamma(({0}) + 1)",
    "negative": "(-({0}))",
    "neg": "(-({0}))",
    "deg2rad": "(({0})*pi/180)",
    "radians": "(({0})*pi/180)",
    "rad2deg": "(({0})*180/pi)",
    "degrees": "(({0})*180/pi)",
    "rsqrt": "(1/sqrt({0}))",
    "sum": "sum",
    "mean": "mean",
    "add": {2: "(({0}) + ({1}))"},
    "subtract": {2: "(({0}) - ({1}))"},
    "sub": {2: "(({0}) - ({1}))"},
    "multiply": {2: "(({0})*({1}))"},
    "mul": {2: "(({0})*({1}))"},
    "divide": {2: "(({0})/({1}))"},
    "div": {2: "(({0})/({1}))"},
    "true_divide": {2: "(({0})/({1}))"},
    "exp2": "exp2",
    "float": "({0})",
    "floor_divide": {2: "floor(({0})/({1}))"},
}
_CONSTANTS = {
    "pi": "pi",
    "e": "e",
    "inf": "inf",
    "tau": "tau",
    "E": "e",
    "oo": "inf",
    "True": "(0 < 1)",
    "False": "(1 < 0)",
}
_METHODS = frozenset(
    (
        "sum",
        "mean",
        "prod",
        "max",
        "min",
        "exp",
        "log",
        "sqrt",
        "sin",
        "cos",
        "tan",
        "tanh",
        "abs",
        "pow",
        "square",
        "dot",
        "norm",
        "clip",
        "clamp",
        "relu",
        "sigmoid",
        "softmax",
        "logsumexp",
        "transpose",
        "sinh",
        "cosh",
        "atan",
        "erf",
        "floor",
        "ceil",
        "round",
    )
)
_STATEMENT = message("a statement is not a formula"), message("write the formula alone, or a Python file")
_LOOP = message("a loop is not a formula"), message("write it in a Python file: diff-compare lesson.py:f --at …")
_NEVER = message("nothing in a formula is run"), message("write the formula alone")
_FLOOR = message("// is read in two ways here"), message("write {one}, or {other}", one="floor(x/y)", other="x/y")
_REFUSED = {
    **dict.fromkeys(
        ("print", "def", "import", "from", "assert", "del", "global", "with", "raise", "class", "while", "yield"),
        _STATEMENT,
    ),
    **dict.fromkeys(("for", "in"), _LOOP),
    **dict.fromkeys(("__import__", "eval", "exec", "open", "getattr", "globals", "compile"), _NEVER),
    "//": _FLOOR,
    "%": (message("% is read in two ways here"), message("write {one}, or {other}", one="mod(x, y)", other="x*y/100")),
}


def translate(text: str) -> Translation:
    """A formula of a Python program as one in our own language; libraries' functions by their names there.

    Raises DiffError for statements, loops, and what no formula is.
    """
    head = _HEAD.match(text)
    return Reader(text, head.end() if head else 0).read()


class Reader(InfixReader):
    tokens = re.compile(
        rf"(?P<blank>\s+|\#[^\n]*)|(?P<number>(?:\d[\d_]*\.?[\d_]*(?<!\.(?=\^))|\.\d+)(?:[eE][-+]?\d+)?)"
        rf"|(?P<name>(?:(?:{MODULES})\.)?(?:linalg\.|special\.|nn\.)?[^\W\d]\w*)|(?P<method>\.\s*[^\W\d]\w*)"
        r"|(?P<sign>\*\*|//|\.[\^*/]|[<>=!]=|.)",
        re.DOTALL,
    )
    brackets = {"(": ")", "[": "]", "{": "}"}  # noqa: RUF012 - declared as a ClassVar in the base
    templates = TEMPLATES
    operators = {".^": "^", ".*": "*", "./": "/"}  # noqa: RUF012
    refused = _REFUSED

    def name(self, text: str, start: int, end: int) -> None:
        module = re.match(rf"(?:{MODULES})\.", text)
        plain = text[module.end() :] if module else text
        if module is None and plain in ("and", "or", "not", "if", "else", "lambda"):
            self.write(f" {plain} ", start, end, False)
            return
        if self.following() == "(":
            self.attach(plain, start, end)
        elif module and plain not in _CONSTANTS:
            raise self.missing(text, start, end)
        else:
            super().name(_CONSTANTS.get(plain, plain) if module or plain in ("True", "False") else plain, start, end)

    def attach(self, plain: str, start: int, end: int) -> None:
        if plain in self.refused:
            raise refuse(self.source, start, end, *self.refused[plain])
        self.open_call(plain, start, end)

    def method(self, text: str, start: int, end: int) -> None:
        """`(x**2).sum()`: a function of what stands before it."""
        name = text[1:].strip()
        rope = self.top.rope
        if self.following() != "(" and name == "T" and rope:
            rope[-1] = [("transpose(", start, start), rope[-1], (")", start, end)]
            return
        if self.following() != "(" or name not in _METHODS or not self.top.operand:
            hint = message("write a function of it, as in {text}", text="sum(x)")
            raise refuse(self.source, start, end, message("unknown method {name}", name=name), hint)
        receiver = rope.pop()
        self.open_call(name, start, end)
        self.top.arguments = [[receiver], []]

    def applied(self, call: Call, end: int) -> Rope:
        arguments = [one for one in call.arguments if _written(one)]
        call.arguments = arguments or [[]]
        if call.name.lower() == "piecewise":
            try:
                return _piecewise(arguments, call)
            except DiffError as error:
                raise replace(error, source=self.source, span=(call.start, end)) from None
        name = _RENAMED.get(call.name, call.name)
        if call.name in TEMPLATES:
            return super().applied(call, end)
        if name == "" and len(arguments) == 1:
            return [("(", call.start, call.end), arguments[0], (")", end - 1, end)]
        if name not in FUNCTION_NAMES:
            raise self.missing(call.name, call.start, call.end - 1)
        rope: Rope = [(f"{name}(", call.start, call.end)]
        for k, argument in enumerate(arguments):
            rope += [(", " if k else "", call.start, call.start), argument]
        return [*rope, (")", end - 1, end)]

    def missing(self, name: str, start: int, end: int) -> DiffError:
        hint = message("write it by functions that there are, or in a Python file: diff-compare lesson.py:f --at …")
        return refuse(self.source, start, end, message("unknown function {name}", name=name), hint)


def _written(argument: Rope) -> bool:
    return any(not (isinstance(piece, tuple) and piece[0].isspace()) for piece in argument)


def _piecewise(arguments: Sequence[Rope], call: Call) -> Rope:
    """SymPy's `Piecewise((value, condition), …, (value, True))`: the pairs are brackets here."""
    place = call.start
    rope: Rope = [("(", place, call.end)]
    for argument in arguments:
        pair = entries(argument)
        if pair is None or len(pair) != 2:
            hint = message("write {text}", text="Piecewise((x, x > 0), (-x, True))")
            raise DiffError(message("pieces are pairs of a value and its condition"), hint=hint, kind="notation")
        if text_of(pair[1]) == _CONSTANTS["True"]:
            return [*rope, ("(", place, place), pair[0], ("))", place, place)]
        rope += [("(", place, place), pair[0], (") if (", place, place), pair[1], (") else ", place, place)]
    return [*rope, ("(0/0))", place, place)]
