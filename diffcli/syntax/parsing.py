"""Tokens -> postfix: operator precedence with an explicit stack.

The tree of an expression is held as the list of its nodes in postorder, each
with its span. Nothing recurses: ten thousand parentheses are ordinary input.
Precedences, loosest first: if-else, or, and, not, comparisons (which chain),
+ and -, * / @, unary minus, power (right-associative).
"""

from __future__ import annotations

import difflib
import re
from functools import partial
from typing import NamedTuple

from diffcli.errors import DiffError, brief
from diffcli.syntax.spellings import FORMULAS, FUNCTION_NAMES, INVERSES, OTHER_NAMES, argument, run_together, usual
from diffcli.syntax.tokens import Token, tokenize

DEEPEST = 100_000
"""Open parentheses and pending operators beyond this many are refused."""

KEYWORDS = frozenset(("if", "else", "and", "or", "not"))

_BINARY = {"or": 2, "and": 3, "+": 6, "-": 6, "*": 7, "/": 7, "@": 7, "**": 9, "^": 9}
_COMPARISON = {"<": 5, "<=": 5, ">": 5, ">=": 5, "==": 5, "!=": 5}
_UNARY = {"-": 8, "+": 8, "not": 4}
_IF_ELSE = 1
_CLOSING = {"(": ")", "call": ")", "[": "]", "index": "]"}

_IS_CALL = re.compile(r"[^\S\n]*\(")
_RUN = re.compile(r"[\w.]+")
_DIGITS = re.compile(r"\d+")
_DIGITS_BEFORE = re.compile(r"\d+\Z")
_PLAIN = re.compile(r"[\w\s+\-*/^().]*\Z")
_IS_BINDING = re.compile(r"[^\S\n]*=(?!=)")


class Node(NamedTuple):
    """One node in postorder.

    `kind`: "number", "name", "unary", "binary", "compare", "ifelse", "call",
    "vector", "index", and for a finished statement "bind" or "result". `value` is the text of the operator or name (for
    "compare" the operators of the chain, separated by blanks); `count` the number of operands.
    """

    kind: str
    value: str
    operands: int
    start: int
    end: int

    @property
    def span(self) -> tuple[int, int]:
        return self.start, self.end


_node = partial(tuple.__new__, Node)


class _Pending:
    """An operator or an opened bracket whose end has not been seen."""

    __slots__ = ("count", "kind", "precedence", "start", "value")

    def __init__(self, kind: str, value: str, precedence: int, start: int, count: int) -> None:
        self.kind, self.value, self.precedence = kind, value, precedence
        self.start, self.count = start, count


class _Parser:
    def __init__(self, source: str, separators: str) -> None:
        self.source = source
        self.separators = separators
        self.out: list[Node] = []
        self.stack: list[_Pending] = []
        self.starts: list[int] = []  # where each finished operand begins
        self.brackets = 0
        self.operand_next = True
        self.bound: tuple[str, int] | None = None
        self.statement = 0  # len(out) where the statement began
        self.end = 0  # end of the last token consumed
        self.awaited = ""  # a token that was looked ahead at, and is passed over

    def fail(self, message: str, span: tuple[int, int], hint: str | None = None) -> DiffError:
        return DiffError(message, self.source, span, hint)

    # --- operators
    def push(self, kind: str, value: str, precedence: int, start: int, count: int) -> None:
        if len(self.stack) >= DEEPEST:
            hint = "bind parts to names: a = ...; b = ...; a + b"
            raise self.fail(f"nested deeper than {DEEPEST}", (start, start + 1), hint)
        self.stack.append(_Pending(kind, value, precedence, start, count))

    def finish(self, kind: str, value: str, count: int, start: int) -> None:
        """`count` operands on top become one, from `start` to the last token."""
        if count:
            del self.starts[-count:]
        self.starts.append(start)
        self.out.append(_node((kind, "**" if value == "^" else value, count, start, self.end)))

    def reduce(self, precedence: int) -> None:
        """Apply the pending operators that bind tighter than `precedence`."""
        stack = self.stack
        while stack and stack[-1].precedence > precedence:
            top = stack.pop()
            if top.kind == "if":
                hint = "write: a if condition else b"
                raise self.fail("'if' without 'else'", (top.start, top.start + 2), hint)
            start = top.start if top.kind == "unary" else self.starts[-top.count]
            if top.kind != "unary" or top.value != "+":
                self.finish(top.kind, top.value, top.count, start)

    # --- one token
    def operand(self, token: Token) -> None:
        kind, text, start = token
        if kind == "number":
            self.end = start + len(text)
            self.finish("number", text, 0, start)
            self.operand_next = False
        elif kind == "name" and text not in KEYWORDS:
            self.name(token)
        elif text in _UNARY:
            self.push("unary", text, _UNARY[text], start, 1)
        elif text in ("(", "["):
            self.open(text, "", token)
        elif text in (")", "]") and self.stack and self.stack[-1].kind in ("call", "["):
            if self.stack[-1].count > 1:
                raise self.fail("an operand is missing", token.span, "remove the comma before it")
            self.stack[-1].count = 0
            self.close(token)
        else:
            raise self.missing_operand(token)

    def name(self, token: Token) -> None:
        _, text, start = token
        after = start + len(text)
        if _IS_CALL.match(self.source, after):
            if text not in FUNCTION_NAMES:
                raise self.unknown_function(token)
            self.push("call", text, 0, start, 1)
            self.brackets += 1
            self.awaited = "("
        elif (
            not self.bound
            and not self.stack
            and self.statement == len(self.out)
            and _IS_BINDING.match(self.source, after)
        ):
            self.bound = text, start
            self.awaited = "="
        else:
            self.end = after
            self.finish("name", text, 0, start)
            self.operand_next = False

    def open(self, kind: str, value: str, token: Token) -> None:
        self.brackets += 1
        self.push(kind, value, 0, token.start, 1)
        self.operand_next = True

    def operator(self, token: Token) -> None:
        _, text, start = token
        if text in _BINARY:
            precedence = _BINARY[text]
            self.reduce(precedence if precedence == 9 else precedence - 1)
            self.push("binary", text, precedence, start, 2)
        elif text in _COMPARISON:
            self.reduce(5)
            top = self.stack[-1] if self.stack else None
            if top and top.kind == "compare":
                top.value, top.count = f"{top.value} {text}", top.count + 1
            else:
                self.push("compare", text, 5, start, 2)
        elif text == "if":
            self.reduce(_IF_ELSE)
            self.push("if", "if", _IF_ELSE, start, 3)
        elif text == "else":
            self.reduce(_IF_ELSE)
            if not self.stack or self.stack[-1].kind != "if":
                raise self.fail("'else' without 'if'", token.span, "write: a if condition else b")
            self.stack[-1].kind, self.stack[-1].value = "ifelse", "else"
        elif text == ",":
            self.reduce(0)
            if not self.stack:
                raise self.fail("a comma outside parentheses", token.span, self._for_comma(start))
            if self.stack[-1].kind == "(":
                raise self.fail("a comma between parentheses", token.span, self._for_comma(start))
            self.stack[-1].count += 1
        elif text in (")", "]"):
            self.reduce(0)
            self.close(token)
            return
        elif text == "[":
            self.brackets += 1
            self.push("index", "", 0, start, 2)
        elif text in ("not", ";"):
            hint = "write 'and not' between conditions" if text == "not" else "close the parenthesis first"
            raise self.fail(f"'{text}' has no place here", token.span, hint)
        elif text == "=":
            hint = "compare with ==; bind a name once, at the start of a statement: a = x*y; a + 1"
            raise self.fail("'=' has no place here", token.span, hint)
        else:
            raise self.no_operator(token)
        self.operand_next = True

    def close(self, token: Token) -> None:
        opened = self.stack.pop() if self.stack else None
        if opened is None or _CLOSING.get(opened.kind) != token.text:
            wanted = "nothing is open" if opened is None else f"it is {_CLOSING[opened.kind]} that is open"
            hint = None if opened else f"remove it, or write {'(' if token.text == ')' else '['} before it"
            raise self.fail(f"'{token.text}' closes nothing: {wanted}", token.span, hint)
        self.brackets -= 1
        self.end = token.start + 1
        if opened.kind == "(":
            self.starts[-1] = opened.start
        elif opened.kind == "call":
            self.finish("call", opened.value, opened.count, opened.start)
        elif opened.kind == "[":
            if not opened.count:
                raise self.fail("an empty vector", (opened.start, self.end), "write [x, y]")
            self.finish("vector", "", opened.count, opened.start)
        else:
            self.finish("index", "", opened.count, self.starts[-opened.count])
        self.operand_next = False

    def separator(self, token: Token) -> None:
        """The end of a statement."""
        if self.operand_next:
            if self.stack or self.bound or token.kind == "end" and not self.out:
                raise self.missing_operand(token)
            return  # an empty statement
        self.reduce(0)
        if self.stack:
            top = self.stack[-1]
            where = (top.start, top.start + max(1, len(top.value)))
            message = "'(' is never closed" if top.kind in ("(", "call") else "'[' is never closed"
            raise self.fail(message, where, f"write the missing {_CLOSING.get(top.kind, ')')}")
        name, start = self.bound or ("", self.starts[-1])
        self.finish("bind" if self.bound else "result", name, 1, start)
        self.bound = None
        self.statement = len(self.out)
        self.operand_next = True

    # --- errors
    def missing_operand(self, token: Token) -> DiffError:
        if token.kind == "end" and not self.out and not self.stack and not self.bound:
            return self.fail("the expression is empty", (0, 1), "write for example sin(x)*y")
        at = "at the end" if token.kind in ("end", "newline") else f"before '{token.text}'"
        top = self.stack[-1] if self.stack else None
        after = f" after '{top.value.split()[-1]}'" if top and top.value and top.kind != "call" else f" {at}"
        hint = "write ** or ^ for a power" if token.text == "*" and top and top.value == "**" else None
        if token.text == "if":
            hint = "write where(c, a, b), or a if c else b"
        return self.fail(f"an operand is missing{after}", token.span, hint)

    def no_operator(self, token: Token) -> DiffError:
        """Two operands side by side: most often a product left unwritten."""
        start = self.starts[-1]
        left = self.source[start : self.end]
        power = self._power()
        base = self.source[slice(*power)] if power else ""
        if base in FUNCTION_NAMES and power:
            return self._power_of_function(power, token)
        right = self._factor(token)
        called = OTHER_NAMES.get(left, left)
        mended = f"{called}({self._argument(token)})" if called in FUNCTION_NAMES else f"{left}*{right}"
        if base and called not in FUNCTION_NAMES:  # x^2y is read in two ways
            whole = self.source[power[0] : self.end] if power else ""
            mended = f"{whole}*{right}, or {whole[: len(whole) - len(left)]}({left}*{right})"
        if token.kind == "number" and left.isdigit() and token.text.isdigit():
            mended = f"{left}{token.text} for one number, {left}*{token.text} for a product"
        hint = f"write {mended}" if len(mended) <= 60 and "\n" not in mended else "write * between them"
        shown = left if len(left) <= 30 else "…" + left[-29:]
        return self.fail(f"there is no operator between {shown} and {brief(token.text)}", token.span, hint)

    def _power(self) -> tuple[int, int] | None:
        """Where the base stands of a power whose exponent has just been read."""
        pending = [top for top in self.stack[-2:] if top.kind != "unary"]
        if not pending or pending[-1].value not in ("**", "^") or len(self.starts) < 2:
            return None
        start = self.starts[-2]
        return start, start + len(self.source[start : pending[-1].start].rstrip())

    def _power_of_function(self, place: tuple[int, int], token: Token) -> DiffError:
        """`sin^2(x)`: a power stands behind what it is taken of; and `sin^-1` means two things."""
        function = self.source[slice(*place)]
        exponent = self.source[place[1] : self.end].strip().lstrip("*^").strip()
        behind = self._argument(token)
        hint = f"write {function}({behind})^{exponent}"
        if exponent.strip("() ").replace(" ", "") == "-1":
            hint = f"write 1/{function}({behind})"
            if function in INVERSES:
                inverse = f"{INVERSES[function]}({behind})"
                hint = f"write {inverse} for the inverse function, 1/{function}({behind}) for 1 over it"
        return self.fail(f"{function} has no argument", place, hint)

    def _argument(self, token: Token) -> str:
        """What a function without parentheses is applied to, as far as that is easily seen."""
        if token.text == "(":
            return self.source[token.start + 1 : self._operand_end(token) - 1]
        run = _RUN.match(self.source, token.start)
        return argument(run[0]) if run else token.text

    def _factor(self, token: Token) -> str:
        """The operand that starts at `token`, with what its writer left out."""
        end = self._operand_end(token)
        right = self.source[token.start : end]
        if token.text in FUNCTION_NAMES and end == token.start + len(token.text):
            following = _RUN.match(self.source, len(self.source) - len(self.source[end:].lstrip(" ")))
            return f"{token.text}({argument(following[0])})" if following else right
        product = run_together(token.text) if token.kind == "name" and right != token.text else None
        return f"{product}{right[len(token.text) :]}" if product else right

    def _for_comma(self, at: int) -> str:
        """Some write a comma for the decimal point."""
        whole, decimals = _DIGITS_BEFORE.search(self.source[max(0, at - 20) : at]), _DIGITS.match(self.source, at + 1)
        if whole and decimals:
            return f"write {whole[0]}.{decimals[0]} for a number, [{whole[0]}, {decimals[0]}] for a vector"
        return "write [a, b] for a vector"

    def _operand_end(self, token: Token) -> int:
        """Where the operand that starts at `token` ends, if that is easily seen."""
        end = token.start + len(token.text)
        match = _IS_CALL.match(self.source, end) if token.kind == "name" else None
        position = token.start if token.text == "(" else match.end() - 1 if match else None
        if position is None:
            return end
        depth = 0
        for i in range(position, min(len(self.source), position + 80)):
            depth += {"(": 1, ")": -1}.get(self.source[i], 0)
            if not depth:
                return i + 1
        return end

    def unknown_function(self, token: Token) -> DiffError:
        name = token.text
        match = _IS_CALL.match(self.source, token.start + len(name))
        opening = match.end() - 1 if match else token.start
        end = self._operand_end(Token("operator", "(", opening))
        rest = self.source[opening:end]
        plain = len(name) + len(rest) < 60 and _PLAIN.match(rest)
        known = usual(name)
        if known in FORMULAS:
            formula = FORMULAS[known].format(rest if plain else "(x)")
            return self.fail(f"unknown function '{brief(name)}'", token.span, f"write {formula}")
        if near := OTHER_NAMES.get(known) or _nearest(known, 0.7):
            product = run_together(name)
            hint = f"write {product}{rest} for a product" if product and plain else None
            return self.fail(f"unknown function '{brief(name)}': did you mean '{near}'?", token.span, hint)
        hint = "write * for a product; the functions are listed by --help"
        if _IS_BINDING.match(self.source, end):
            hint = "write only what stands behind the ="
        elif plain:
            hint = f"write {name}*{rest} for a product"
        near = _nearest(known, 0.5) if len(name) > 1 else None  # one letter names a variable
        guess = f": did you mean '{near}'?" if near else ""
        return self.fail(f"unknown function '{brief(name)}'{guess}", token.span, hint)


def _nearest(name: str, likeness: float) -> str | None:
    return next(iter(difflib.get_close_matches(name[:40], sorted(FUNCTION_NAMES), 1, likeness)), None)


def parse(source: str, separators: str = ";\n") -> list[Node]:
    """The nodes of all statements of `source`, in postorder.

    `separators` are what ends a statement outside brackets; with a comma among
    them, `x=1, y=2` is two bindings.

    >>> [node.value for node in parse("-x^2")]
    ['x', '2', '**', '-', '']
    """
    parser = _Parser(source, separators)
    for token in tokenize(source):
        kind, text, _ = token
        if parser.awaited:
            parser.awaited = ""
        elif kind == "newline" and (parser.brackets or parser.stack and parser.operand_next):
            continue
        elif kind == "end" or not parser.brackets and text in separators:
            parser.separator(token)
        elif parser.operand_next:
            parser.operand(token)
        else:
            parser.operator(token)
    return parser.out
