"""FPCore 2.0 (fpbench.org): `(FPCore (x y) :name "…" :pre (< 0 x 1) (+ x y))`.

Expressions in prefix form become our infix; `let` becomes statements before the result, with new names where one is
bound again. A stack holds the lists that are open: nothing recurses.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import Any

from diffcli.runtime.messages import message
from diffcli.syntax.notations.calls import Rope, Templates, between, chosen, fill, finish
from diffcli.syntax.notations.output import refuse, unclosed
from diffcli.syntax.spellings import FUNCTION_NAMES
from diffcli.syntax.translation import Translation

_TOKEN = re.compile(r'\s+|;[^\n]*|(?P<token>[()\[\]]|"(?:[^"\\]|\\.)*"|[^\s()\[\];"]+)')
_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?\Z")
_RATIONAL = re.compile(r"([-+]?\d+)/(\d+)\Z")
_HEX = re.compile(r"[-+]?0[xX][\da-fA-F.]+(?:[pP][-+]?\d+)?\Z")

CONSTANTS = {
    "PI": "pi",
    "E": "e",
    "INFINITY": "inf",
    "LN2": "log(2)",
    "LN10": "log(10)",
    "LOG2E": "(1/log(2))",
    "LOG10E": "(1/log(10))",
    "PI_2": "(pi/2)",
    "PI_4": "(pi/4)",
    "M_1_PI": "(1/pi)",
    "M_2_PI": "(2/pi)",
    "M_2_SQRTPI": "(2/sqrt(pi))",
    "SQRT2": "sqrt(2)",
    "SQRT1_2": "sqrt(1/2)",
    "TRUE": "(0 < 1)",
    "FALSE": "(1 < 0)",
}
FUNCTIONS: Templates = {
    **{
        name: name
        for name in [
            "sqrt",
            "cbrt",
            "exp",
            "exp2",
            "expm1",
            "log",
            "log2",
            "log10",
            "log1p",
            "pow",
            "sin",
            "cos",
            "tan",
            "asin",
            "acos",
            "atan",
            "atan2",
            "sinh",
            "cosh",
            "tanh",
            "asinh",
            "acosh",
            "atanh",
            "hypot",
            "erf",
            "erfc",
            "lgamma",
            "floor",
            "ceil",
            "round",
            "trunc",
            "fmod",
            "fma",
        ]
    },
    "fabs": "abs",
    "tgamma": "gamma",
    "fmax": "max",
    "fmin": "min",
    "nearbyint": "round",
    "fdim": "max({0} - {1}, 0)",
    "neg": "(-{0})",
    "sqr": "({0}**2)",
    "cast": "{0}",
    "-": {1: "(-{0})", 2: "({0} - {1})"},
    "/": {1: "(1/{0})", 2: "({0} / {1})"},
    "not": "(not {0})",
}
_JOINED = {
    "+": " + ",
    "*": " * ",
    "and": " and ",
    "or": " or ",
    "<": " < ",
    ">": " > ",
    "<=": " <= ",
    ">=": " >= ",
    "==": " == ",
    "!=": " != ",
    "-": " - ",
}
_CONDITIONS = frozenset(("<", ">", "<=", ">=", "==", "!=", "and", "or", "not", "TRUE", "FALSE"))


@dataclass(slots=True)
class List:
    """A list that is open: its operation, and the arguments so far.

    `scope` has our names for those bound here; `bindings` of a let wait for its body.
    """

    start: int
    head: str | None = None
    head_end: int = 0
    arguments: list[Rope] = field(default_factory=list)
    kind: str = "call"
    scope: dict[str, str] = field(default_factory=dict)
    name: str = ""
    condition: bool = False


def translate(text: str) -> Translation:
    """The expression of an FPCore as one in our own language.

    Raises DiffError for what is not an FPCore, or not an expression of numbers.
    """
    return Reader(text).read()


@dataclass(slots=True)
class Core:
    """What an FPCore says besides its expression: the arguments in order, and its properties as they were typed."""

    arguments: tuple[str, ...] = ()
    properties: dict[str, str] = field(default_factory=dict)


class Reader:
    """Takes the tokens from left to right."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.tokens = [(m["token"], *m.span("token")) for m in _TOKEN.finditer(source) if m["token"]]
        self.k = 0
        self.core = Core()
        self.statements: list[Rope] = []
        self.taken: set[str] = set()
        self.stack: list[List] = []
        self.result: Rope | None = None
        self.result_is_condition = False

    def read(self) -> Translation:
        self.header()
        while self.k < len(self.tokens):
            token, start, end = self.tokens[self.k]
            self.k += 1
            if token in "([":
                self.open(start)
            elif token in ")]":
                if not self.stack:
                    break
                self.close(end)
            else:
                self.atom(token, start, end)
        if self.stack or self.k >= len(self.tokens) and self.tokens[-1][0] not in ")]":
            start = self.stack[0].start if self.stack else 0
            raise unclosed(self.source, start, start + 1, "(", ")")
        if self.result is None or self.tokens[-1][0] not in ")]" or self.depth() > 0:
            raise unclosed(self.source, 0, 1, "(", ")")
        if self.result_is_condition:
            hint = message("write a number: {text}", text="(if … 1 0)")
            raise refuse(self.source, 0, len(self.source), message("a condition is not a formula"), hint)
        rope: Rope = []
        for statement in self.statements:
            rope += [statement, ("; ", 0, 0)]
        return replace(finish([*rope, self.result], self.source), arguments=self.core.arguments)

    def depth(self) -> int:
        return sum((token in "([") - (token in ")]") for token, _, _ in self.tokens)

    # --- (FPCore name? (arguments) properties…
    def header(self) -> None:
        words = [token for token, _, _ in self.tokens[:2]]
        if words != ["(", "FPCore"]:
            hint = message("write {text}", text="(FPCore (x) (sin x))")
            raise refuse(self.source, 0, 1, message("this is not an FPCore"), hint)
        self.k = 2
        if self.k < len(self.tokens) and self.tokens[self.k][0] not in "([":
            self.core.properties["id"] = self.tokens[self.k][0]
            self.k += 1
        self.core.arguments = tuple(self.parameters())
        self.taken |= set(self.core.arguments)
        while self.k < len(self.tokens) and self.tokens[self.k][0].startswith(":"):
            name = self.tokens[self.k][0][1:]
            self.k += 1
            self.core.properties[name] = self.skip()

    def parameters(self) -> list[str]:
        found: list[str] = []
        depth = 0
        while self.k < len(self.tokens):
            token, start, end = self.tokens[self.k]
            self.k += 1
            depth += (token in "([") - (token in ")]")
            if not depth:
                break
            if token in "([":
                continue
            if token == "!" or token.startswith(":"):
                self.k += token != "!"
            elif re.fullmatch(r"[^\W\d]\w*", token):
                found.append(token)
            elif token not in ")]":
                hint = message("write names of letters, digits and _")
                raise refuse(self.source, start, end, message("{name} is not a name here", name=token), hint)
        return found

    def skip(self) -> str:
        """A value of a property, as it was typed."""
        if self.k >= len(self.tokens):
            return ""
        depth, first = 0, self.tokens[self.k][1]
        while self.k < len(self.tokens):
            token, _, end = self.tokens[self.k]
            self.k += 1
            depth += (token in "([") - (token in ")]")
            if depth <= 0:
                return self.source[first:end]
        return self.source[first:]

    # --- expressions
    def open(self, start: int) -> None:
        parent = self.stack[-1] if self.stack else None
        if parent and parent.kind == "bindings":
            self.stack.append(List(start, kind="binding", head=""))
        elif parent and parent.head in ("let", "let*") and parent.kind == "call" and not parent.name:
            parent.name = "bound"
            self.stack.append(List(start, kind="bindings", head=""))
        else:
            self.stack.append(List(start))

    def atom(self, token: str, start: int, end: int) -> None:
        top = self.stack[-1] if self.stack else None
        if top is not None and top.head is None:
            self.head(top, token, start, end)
        elif top is not None and top.kind == "binding" and not top.name:
            top.name = token
        elif top is not None and top.head == "!" and token.startswith(":"):
            self.skip()
        else:
            self.give([self.value(token, start, end)], token in _CONDITIONS)

    def head(self, top: List, token: str, start: int, end: int) -> None:
        known = token in FUNCTIONS or token in _JOINED or token in ("if", "let", "let*", "!", "while", "while*")
        if token in ("while", "while*", "for", "for*", "tensor", "tensor*", "array"):
            hint = message("write it as a Python function, whose loops are followed")
            raise refuse(self.source, start, end, message("{name} is not read", name=token), hint)
        if not known:
            hint = message("write it by the operations that there are")
            if token in FUNCTION_NAMES:
                hint = message("FPCore has no {name}: write the formula in plain syntax", name=token)
            raise refuse(self.source, start, end, message("unknown operation {name}", name=token), hint)
        top.head, top.head_end = token, end

    def value(self, token: str, start: int, end: int) -> tuple[str, int, int]:
        for frame in reversed(self.stack):
            if frame.kind != "bindings" and token in frame.scope:
                return frame.scope[token], start, end
        if token in self.core.arguments:
            return token, start, end
        if _NUMBER.match(token):
            return (f"({token})" if token[0] in "-+" else token), start, end
        rational = _RATIONAL.match(token)
        if rational:
            return f"({rational[1]}/{rational[2]})", start, end
        if _HEX.match(token):
            return repr(float.fromhex(token)), start, end
        if token in CONSTANTS:
            return CONSTANTS[token], start, end
        hint = message(
            "add it to the arguments: {text}", text=f"(FPCore ({' '.join((*self.core.arguments, token))}) …)"
        )
        raise refuse(self.source, start, end, message("{name} has no value", name=token), hint)

    def close(self, end: int) -> None:
        frame = self.stack.pop()
        if frame.kind == "bindings":
            self.bind(frame)
        elif frame.kind == "binding":
            self.bound(frame, end)
        elif frame.head is None:
            hint = message("write an operation first: {text}", text="(+ x 1)")
            raise refuse(self.source, frame.start, end, message("an empty list"), hint)
        else:
            self.give(
                self.applied(frame, end),
                frame.head in _CONDITIONS or frame.head in ("let", "let*", "!", "if") and frame.condition,
            )

    def give(self, rope: Rope, condition: bool) -> None:
        """An argument of the list around it, or the result."""
        if self.stack:
            top = self.stack[-1]
            top.arguments.append(rope)
            top.condition = condition
        elif self.result is None:
            self.result, self.result_is_condition = rope, condition

    def bound(self, frame: List, end: int) -> None:
        """One binding of a let: its value becomes a statement."""
        if not frame.name or len(frame.arguments) != 1:
            hint = message("write {text}", text="(let ((y (* x x))) …)")
            raise refuse(self.source, frame.start, end, message("a binding is a name and its value"), hint)
        name = self.fresh(frame.name)
        self.statements.append([(f"{name} = ", frame.start, frame.start + 1), frame.arguments[0]])
        bindings = self.stack[-1]
        bindings.scope[frame.name] = name
        if self.stack[-2].head == "let*":
            self.stack[-2].scope[frame.name] = name

    def bind(self, frame: List) -> None:
        """All bindings of a let hold in its body; those of `let` not before."""
        self.stack[-1].scope |= frame.scope
        frame.scope = {}

    def fresh(self, name: str) -> str:
        """A name that nothing has yet."""
        base = re.sub(r"\W", "_", name)
        base = base if base[:1].isalpha() and base not in FUNCTION_NAMES and base not in _WORDS else f"{base}_"
        found, number = base, 1
        while found in self.taken:
            number += 1
            found = f"{base}_{number}"
        self.taken.add(found)
        return found

    def applied(self, frame: List, end: int) -> Rope:
        head, arguments = frame.head or "", frame.arguments
        start, stop = frame.start, frame.head_end
        count = len(arguments)
        if head in ("let", "let*", "!", "cast") and count == 1:
            return arguments[0]
        if head == "if" and count == 3:
            return fill("where({0}, {1}, {2})", arguments, start, stop)
        template: Any = chosen(FUNCTIONS, head, count)
        wanted = _ARITY.get(head)
        if template is not None and (wanted is None or count == wanted):
            return fill(template, arguments, start, stop)
        if head in _JOINED and count > 1:
            return [("(", start, start + 1), between(arguments, _JOINED[head], start), (")", end - 1, end)]
        hint = message("see the FPCore standard, {address}", address="fpbench.org")
        said = message("{name} does not take {count} arguments", name=head, count=count)
        raise refuse(self.source, start, end, said, hint)


_WORDS = frozenset(("if", "else", "and", "or", "not", "pi", "e", "tau", "inf", "π"))
_ARITY = {
    **{name: 1 for name in FUNCTIONS if isinstance(FUNCTIONS[name], str)},
    **dict.fromkeys(("pow", "atan2", "hypot", "fmod", "fmax", "fmin", "fdim"), 2),
    "fma": 3,
    "cast": 1,
}
