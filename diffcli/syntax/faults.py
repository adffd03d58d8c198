"""Text that cannot be read: what is wrong, where, and what its writer may have meant.

Asked only once reading has halted; what is good never comes here.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from diffcli.runtime.errors import DiffError, brief
from diffcli.runtime.messages import Message, message
from diffcli.syntax.spellings import ELSEWHERE, FORMULAS, FUNCTION_NAMES, nearest, run_together, usual
from diffcli.syntax.tokens import spans, tokenize, unexpected

Pending = tuple[int, str, str, int, int]
"""(precedence, kind, value, operands, first): an operator or an opened bracket whose end has not been seen."""

CLOSING = {"(": ")", "call": ")", "[": "]", "index": "]"}
"""What closes each kind of bracket."""

_IS_CALL = re.compile(r"[^\S\n]*\(")
_IS_BINDING = re.compile(r"[^\S\n]*=(?!=)")
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
            hint = message("write {number} for a number, or {vector} for a vector", number=number, vector=vector)
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
        """Two operands side by side that are no product: words of another language, a number in its form."""
        if unknown := unexpected(self.token, self.source, self.start):
            return unknown
        if self.token in ("not", ";", "="):
            return self._no_place()
        left, right = self.source[self.starts[-1] : self.end], self.token
        shown = left if len(left) <= 30 else "…" + left[-29:]
        hint = message("write * between them, if a product is meant: words and other forms of numbers are not read")
        said = message("there is no operator between {left} and {right}", left=shown, right=brief(right))
        return self.fail(said, hint=hint)

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
        if _IS_BINDING.match(self.source, end):
            return self.fail(unknown, hint=message("names are bound to formulas, not to functions: a = x^2; a + 1"))
        if known in ELSEWHERE:
            return self.fail(unknown, hint=ELSEWHERE[known])
        product = run_together(name)
        if near := (product and name[1:]) or nearest(known, FUNCTION_NAMES):
            hint = message("write {formula} for a product", formula=f"{product}{rest}") if product and plain else None
            repaired = self.typed(product or near, self.start, stop)
            said = message("unknown function '{name}': did you mean '{near}'?", name=brief(name), near=product or near)
            return self.fail(said, hint=hint, mended=repaired)
        if len(name) > LONGEST_VARIABLE:
            return self.fail(
                unknown, hint=message("this language does not have it; its functions are listed by --help")
            )
        hint = message("write {formula} for a product", formula=f"{name}*{rest}") if plain else _NEITHER
        divided = bool(self.pending) and self.pending[-1][1] == "binary" and self.pending[-1][2] == "/"
        mended = self.typed(f"{name}*", self.start, opening) if plain and not divided else None
        return self.fail(unknown, hint=hint, mended=mended)


LONGEST_VARIABLE = 2
"""Letters of a name that may be a variable before parentheses, as in `x(x + 1)`; longer ones are functions."""

_NEITHER = message("write * for a product; the functions are listed by --help")
