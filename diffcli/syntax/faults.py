"""Text that cannot be read: what is wrong, where, and what its writer may have meant.

Asked only once reading has halted; what is good never comes here.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from diffcli.runtime.errors import DiffError, brief
from diffcli.runtime.messages import Message, message
from diffcli.syntax.spellings import (
    FORMULAS,
    FUNCTION_NAMES,
    INVERSES,
    OTHER_NAMES,
    argument,
    bare_argument,
    nearest,
    run_together,
    two_arguments,
    usual,
)
from diffcli.syntax.tokens import is_number, spans, tokenize, unexpected

Pending = tuple[int, str, str, int, int]
"""(precedence, kind, value, operands, first): an operator or an opened bracket whose end has not been seen."""

CLOSING = {"(": ")", "call": ")", "[": "]", "index": "]"}
"""What closes each kind of bracket."""

_IS_CALL = re.compile(r"[^\S\n]*\(")
_IS_BINDING = re.compile(r"[^\S\n]*=(?!=)")
_RUN = re.compile(r"[\w.]+")
_DIGITS = re.compile(r"\d+")
_DIGITS_BEFORE = re.compile(r"\d+\Z")
_PLAIN = re.compile(r"[\w\s+\-*/^().]*\Z")


class Halt:
    """Where reading halted: at a token, behind what was read, within what is still open."""

    def __init__(
        self,
        source: str,
        number: int,
        last: int,
        firsts: Sequence[int],
        pending: Sequence[Pending],
        empty: bool,
    ) -> None:
        """`last` is the last token of what is finished, `firsts` are those that operands begin with."""
        self.source, self.pending, self.empty = source, pending, empty
        self.spans = spans(source)
        self.token, self.span = tokenize(source)[number], self.spans[number]
        self.start = self.span[0]
        self.starts = [self.spans[first][0] for first in firsts]
        self.end = self.spans[last][1]

    def fail(
        self, said: Message, span: tuple[int, int] | None = None, hint: Message | None = None, mended: str | None = None
    ) -> DiffError:
        """`mended` is the whole text without this fault, where it has one reading."""
        return DiffError(said, self.source, span or self.span, hint, mended=(mended,) if mended else ())

    def typed(self, text: str, start: int, end: int) -> str:
        """The source with this text from `start` to `end`."""
        return f"{self.source[:start]}{text}{self.source[end:]}"

    # --- brackets, statements
    def too_deep(self, deepest: int) -> DiffError:
        hint = message("bind parts to names: a = ...; b = ...; a + b")
        return self.fail(message("nested deeper than {depth}", depth=deepest), (self.start, self.start + 1), hint)

    def closes_nothing(self) -> DiffError:
        if self.pending:
            template = "'{text}' closes nothing: it is {open} that is open"
            return self.fail(message(template, text=self.token, open=CLOSING[self.pending[-1][1]]))
        hint = message("remove it, or write {bracket} before it", bracket="(" if self.token == ")" else "[")
        return self.fail(message("'{text}' closes nothing: nothing is open", text=self.token), hint=hint)

    def never_closed(self) -> DiffError:
        _, kind, value, _, first = self.pending[-1]
        start = self.spans[first][0]
        said = message("'(' is never closed") if kind in ("(", "call") else message("'[' is never closed")
        return self.fail(
            said, (start, start + max(1, len(value))), message("write the missing {bracket}", bracket=CLOSING[kind])
        )

    def empty_vector(self) -> DiffError:
        return self.fail(
            message("an empty vector"),
            (self.spans[self.pending[-1][4]][0], self.span[1]),
            message("write {what}", what="[x, y]"),
        )

    def if_without_else(self) -> DiffError:
        return self.fail(message("'if' without 'else'"), hint=message("write: a if condition else b"))

    def else_without_if(self) -> DiffError:
        return self.fail(message("'else' without 'if'"), hint=message("write: a if condition else b"))

    def stray_comma(self) -> DiffError:
        """Some write a comma for the decimal point."""
        said = message("a comma between parentheses") if self.pending else message("a comma outside parentheses")
        whole = _DIGITS_BEFORE.search(self.source[max(0, self.start - 20) : self.start])
        decimals = _DIGITS.match(self.source, self.start + 1)
        hint = message("write [a, b] for a vector")
        if whole and decimals:
            number, vector = f"{whole[0]}.{decimals[0]}", f"[{whole[0]}, {decimals[0]}]"
            hint = message("write {number} for a number, {vector} for a vector", number=number, vector=vector)
        return self.fail(said, hint=hint)

    # --- operands
    def operand_behind_comma(self) -> DiffError:
        return self.fail(message("an operand is missing"), hint=message("remove the comma before it"))

    def missing_operand(self) -> DiffError:
        if unknown := unexpected(self.token, self.source, self.start):
            return unknown
        if not self.token and self.empty:
            return self.fail(message("the expression is empty"), (0, 1), message("write for example sin(x)*y"))
        before = "" if not self.pending or self.pending[-1][1] == "call" else self._typed(self.pending[-1])
        said = message("an operand is missing at the end")
        if before:
            said = message("an operand is missing after '{text}'", text=before)
        elif self.token.strip():
            said = message("an operand is missing before '{text}'", text=self.token)
        hint = message("write ** or ^ for a power") if self.token == "*" and before == "**" else None
        if self.token == "if":
            hint = message("write where(c, a, b), or a if c else b")
        return self.fail(said, hint=hint)

    def _typed(self, pending: Pending) -> str:
        """The text of a pending operator; a bracket has none."""
        _, kind, value, _, first = pending
        return self.source[slice(*self.spans[first])] if kind == "binary" else value.rpartition(" ")[2]

    # --- operators
    def no_operator(self) -> DiffError:
        """Two operands side by side: most often a product left unwritten."""
        if unknown := unexpected(self.token, self.source, self.start):
            return unknown
        if self.token in ("not", ";", "="):
            return self._no_place()
        left = self.source[self.starts[-1] : self.end]
        power = self._power()
        if self._divides() and left not in FUNCTION_NAMES:
            return self._two_readings(left)
        base = self.source[slice(*power)] if power else ""
        if base in FUNCTION_NAMES and power:
            return self._power_of_function(power)
        right = self._factor()
        called = OTHER_NAMES.get(left, left)
        mended = f"{called}({self._argument()})" if called in FUNCTION_NAMES else f"{left}*{right}"
        hint = message("write {what}", what=mended)
        readings = two_arguments(self.source, self.start, called) if called in FUNCTION_NAMES else None
        if readings and bare_argument(self.source, self.start) is None:
            hint = message("write {one}, or {other}", one=readings[0], other=readings[1])
        if base and called not in FUNCTION_NAMES:  # x^2y is read in two ways
            powered = self.source[power[0] : self.end] if power else ""
            whole_power = f"{powered[: len(powered) - len(left)]}({left}*{right})"
            hint = message("write {one}, or {other}", one=f"{powered}*{right}", other=whole_power)
        if left.isdigit() and self.token.isdigit():
            template = "write {number} for one number, {product} for a product"
            hint = message(template, number=f"{left}{self.token}", product=f"{left}*{self.token}")
        hint = hint if len(hint) <= 66 and "\n" not in hint else message("write * between them")
        whole = None if base and called not in FUNCTION_NAMES else self._whole(left, called)
        return self._nothing_between(left, hint, whole)

    def _nothing_between(self, left: str, hint: Message, mended: str | None = None) -> DiffError:
        shown = left if len(left) <= 30 else "…" + left[-29:]
        return self.fail(
            message("there is no operator between {left} and {right}", left=shown, right=brief(self.token)),
            hint=hint,
            mended=mended,
        )

    def _whole(self, left: str, called: str) -> str | None:
        """The text with the product written, or the argument in parentheses; None where there are two readings."""
        if called not in FUNCTION_NAMES:
            return None if is_number(self.token) and is_number(left) else self.typed("*", self.end, self.start)
        end = bare_argument(self.source, self.start)
        inside = argument(self.source[self.start : end].strip())
        return self.typed(f"{called}({inside})", self.starts[-1], end) if end else None

    def _divides(self) -> bool:
        """Whether something is divided by the operand at hand: `1/2x` is read in two ways."""
        return bool(self.pending) and self.pending[-1][1] == "binary" and self.pending[-1][2] == "/"

    def _two_readings(self, left: str) -> DiffError:
        """`1/2x`: of both readings, the one is typed with a product, the other with parentheses."""
        right = self._factor()
        divided = self.source[self.starts[-2] : self.end]
        above = divided[: len(divided) - len(left)]
        hint = message("write {one}, or {other}", one=f"{divided}*{right}", other=f"{above}({left}*{right})")
        return self._nothing_between(
            left, hint if len(hint) <= 80 and "\n" not in hint else message("write * between them")
        )

    def _no_place(self) -> DiffError:
        if self.token == "=":
            hint = message("compare with ==; bind a name once, at the start of a statement: a = x*y; a + 1")
            return self.fail(message("'=' has no place here"), hint=hint)
        hint = (
            message("write 'and not' between conditions")
            if self.token == "not"
            else message("close the parenthesis first")
        )
        return self.fail(message("'{text}' has no place here", text=self.token), hint=hint)

    def _power(self) -> tuple[int, int] | None:
        """Where the base stands of a power whose exponent has just been read."""
        pending = [top for top in self.pending[-2:] if top[1] != "unary"]
        if not pending or pending[-1][2] != "**" or len(self.starts) < 2:
            return None
        start = self.starts[-2]
        return start, start + len(self.source[start : self.spans[pending[-1][4]][0]].rstrip())

    def _power_of_function(self, place: tuple[int, int]) -> DiffError:
        """`sin^2(x)`: a power stands behind what it is taken of; and `sin^-1` means two things."""
        function = self.source[slice(*place)]
        exponent = self.source[place[1] : self.end].strip().lstrip("*^").strip()
        behind = self._argument()
        written = f"{function}({behind})^{exponent}"
        hint, mended = message("write {what}", what=written), None
        end = self._operand_end("(", self.start) if self.token == "(" else bare_argument(self.source, self.start)
        if end and self.token:
            mended = self.typed(written, place[0], end)
        if exponent.strip("() ").replace(" ", "") == "-1":
            reciprocal = f"1/{function}({behind})"
            hint, mended = message("write {what}", what=reciprocal), None
            if function in INVERSES:
                inverse = f"{INVERSES[function]}({behind})"
                template = "write {inverse} for the inverse function, {reciprocal} for 1 over it"
                hint = message(template, inverse=inverse, reciprocal=reciprocal)
        return self.fail(message("{function} has no argument", function=function), place, hint, mended)

    def _argument(self) -> str:
        """What a function without parentheses is applied to, as far as that is easily seen."""
        if self.token == "(":
            return self.source[self.start + 1 : self._operand_end(self.token, self.start) - 1]
        run = _RUN.match(self.source, self.start)
        return argument(run[0]) if run else self.token

    def _factor(self) -> str:
        """The operand that starts at the token, with what its writer left out."""
        token, end = self.token, self._operand_end(self.token, self.start)
        right = self.source[self.start : end]
        if token in FUNCTION_NAMES and end == self.start + len(token):
            following = _RUN.match(self.source, len(self.source) - len(self.source[end:].lstrip(" ")))
            return f"{token}({argument(following[0])})" if following else right
        product = run_together(token) if token.isidentifier() and right != token else None
        return f"{product}{right[len(token) :]}" if product else right

    def _operand_end(self, text: str, start: int) -> int:
        """Where the operand that starts with a token ends, if that is easily seen."""
        end = start + len(text)
        call = _IS_CALL.match(self.source, end) if text.isidentifier() else None
        position = start if text == "(" else call.end() - 1 if call else None
        if position is None:
            return end
        depth = 0
        for i in range(position, min(len(self.source), position + 80)):
            depth += {"(": 1, ")": -1}.get(self.source[i], 0)
            if not depth:
                return i + 1
        return end

    # --- functions
    def unknown_function(self) -> DiffError:
        name = self.token
        call = _IS_CALL.match(self.source, self.start + len(name))
        opening = call.end() - 1 if call else self.start
        end = self._operand_end("(", opening)
        rest = self.source[opening:end]
        plain = len(name) + len(rest) < 60 and _PLAIN.match(rest)
        known, stop = usual(name), self.start + len(name)
        unknown = message("unknown function '{name}'", name=brief(name))
        if known in FORMULAS:
            formula = FORMULAS[known].format(rest if plain else "(x)")
            mended = self.typed(formula, self.start, end) if plain else None
            return self.fail(unknown, hint=message("write {what}", what=formula), mended=mended)
        if binding := _IS_BINDING.match(self.source, end):
            right = None if self.source[: self.start].strip() else self.source[binding.end() :].strip()
            return self.fail(unknown, hint=message("write only what stands behind the ="), mended=right)
        product = run_together(name)
        same = known if known in FUNCTION_NAMES else None
        if near := same or OTHER_NAMES.get(known) or (product and name[1:]) or nearest(known, FUNCTION_NAMES):
            hint = message("write {formula} for a product", formula=f"{product}{rest}") if product and plain else None
            repaired = self.typed(product if product and not same else near, self.start, stop)
            said = message("unknown function '{name}': did you mean '{near}'?", name=brief(name), near=near)
            return self.fail(said, hint=hint, mended=repaired)
        if len(name) > LONGEST_VARIABLE:
            return self.fail(
                unknown, hint=message("this language does not have it; its functions are listed by --help")
            )
        hint = message("write {formula} for a product", formula=f"{name}*{rest}") if plain else _NEITHER
        whole = self.typed(f"{name}*", self.start, opening) if plain and not self._divides() else None
        return self.fail(unknown, hint=hint, mended=whole)


LONGEST_VARIABLE = 2
"""Letters of a name that may be a variable before parentheses, as in `x(x + 1)`; longer ones are functions."""

_NEITHER = message("write * for a product; the functions are listed by --help")
