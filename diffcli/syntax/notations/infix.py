"""Formulas with operators between operands and calls of functions, as other programs have them: what they share.

A notation says what its tokens, brackets and functions are; calls become ours by templates. A stack holds what is open.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import ClassVar

from diffcli.runtime.errors import DiffError
from diffcli.runtime.messages import Message, message
from diffcli.syntax.notations.calls import Call, Rope, Templates, between, chosen, fill, finish
from diffcli.syntax.notations.output import refuse, unclosed
from diffcli.syntax.translation import Translation


class InfixReader:
    """Takes the tokens of a text from left to right.

    A subclass has `tokens`, a pattern with the groups blank, number, name and sign; `called`, the bracket that calls a
    function, and `brackets`, what closes each; `templates` of its functions; `operators`, its signs as ours.
    """

    tokens: ClassVar[re.Pattern[str]]
    called: ClassVar[str] = "("
    brackets: ClassVar[Mapping[str, str]] = {"(": ")"}
    ours: ClassVar[Mapping[str, tuple[str, str]]] = {"(": ("(", ")"), "[": ("[", "]"), "{": ("[", "]")}
    separators: ClassVar[frozenset[str]] = frozenset(",")
    templates: ClassVar[Templates] = {}
    operators: ClassVar[Mapping[str, str]] = {}
    refused: ClassVar[Mapping[str, tuple[Message, Message]]] = {}

    def __init__(self, source: str, begin: int = 0, end: int | None = None) -> None:
        self.source = source
        self.matches = list(self.tokens.finditer(source, begin, len(source) if end is None else end))
        self.k = 0
        self.stack = [Call("", begin, begin, "")]

    def read(self) -> Translation:
        while self.k < len(self.matches):
            match = self.matches[self.k]
            self.k += 1
            getattr(self, match.lastgroup or "sign")(match.group(), *match.span())
        if len(self.stack) > 1:
            call = self.stack[-1]
            raise unclosed(self.source, call.start, call.end, self.source[call.start : call.end], call.closing)
        return finish(self.top.rope, self.source)

    @property
    def top(self) -> Call:
        return self.stack[-1]

    def write(self, text: str, start: int, end: int, operand: bool) -> None:
        self.top.rope.append((text, start, end))
        self.top.operand = operand

    def following(self) -> str:
        """The next token that is not a blank."""
        rest = self.matches[self.k : self.k + 2]
        return next((match.group() for match in rest if match.lastgroup != "blank"), "")

    def beside(self, start: int) -> None:
        """An operand begins; where another one has just ended, the notation says what that means."""

    # --- tokens
    def blank(self, text: str, start: int, end: int) -> None:
        del text
        self.top.rope.append((" ", start, end))

    def number(self, text: str, start: int, end: int) -> None:
        self.beside(start)
        self.write(text, start, end, True)

    def name(self, text: str, start: int, end: int) -> None:
        if text in self.refused:
            raise refuse(self.source, start, end, *self.refused[text])
        if self.following() == self.called:
            self.open_call(text, start, end)
            return
        self.beside(start)
        self.write(self.variable(text), start, end, True)

    def variable(self, text: str) -> str:
        """A name as ours."""
        return text

    def open_call(self, name: str, start: int, end: int) -> None:
        self.beside(start)
        while self.matches[self.k].lastgroup == "blank":
            self.k += 1
        end = self.matches[self.k].end()
        self.k += 1
        self.stack.append(Call(name, start, end, self.brackets[self.called]))

    def sign(self, text: str, start: int, end: int) -> None:
        if text in self.refused:
            raise refuse(self.source, start, end, *self.refused[text])
        if text in self.brackets:
            self.beside(start)
            self.stack.append(Call(text, start, end, self.brackets[text]))
        elif text in self.brackets.values():
            self.close(text, start, end)
        elif text in self.separators:
            self.separate(start, end)
        else:
            self.write(self.operators.get(text, text), start, end, text == "!")

    def separate(self, start: int, end: int) -> None:
        if len(self.stack) == 1:
            self.write(",", start, end, False)
        else:
            self.top.arguments.append([])
            self.top.operand = False

    def close(self, text: str, start: int, end: int) -> None:
        call = self.top
        if len(self.stack) == 1 or call.closing != text:
            if len(self.stack) > 1:
                raise unclosed(self.source, call.start, call.end, self.source[call.start : call.end], call.closing)
            hint = message("take it away, or open one before it")
            raise refuse(self.source, start, end, message("{sign} closes nothing", sign=text), hint)
        self.stack.pop()
        rope = self.bracket(call, end) if call.name in self.brackets else self.applied(call, end)
        self.top.rope.append(rope)
        self.top.operand = True

    def bracket(self, call: Call, end: int) -> Rope:
        opening, closing = self.ours[call.name]
        return [(opening, call.start, call.end), between(call.arguments, ", ", call.start), (closing, end - 1, end)]

    def applied(self, call: Call, end: int) -> Rope:
        """A call as a formula of ours."""
        arguments = call.arguments if any(call.arguments) or len(call.arguments) > 1 else []
        template = chosen(self.templates, call.name, len(arguments))
        if template is None:
            raise self.unknown(call, len(arguments), end)
        if callable(template):
            try:
                return template(arguments, call.start)
            except DiffError as error:
                raise replace(error, source=self.source, span=(call.start, end)) from None
        places = [int(place) for place in re.findall(r"\{(\d)\}", template)]
        if places and max(places) + 1 != len(arguments):
            raise self.miscounted(call, len(arguments), end)
        return fill(template, arguments, call.start, call.end)

    def unknown(self, call: Call, count: int, end: int) -> DiffError:
        if call.name in self.templates:
            return self.miscounted(call, count, end)
        hint = message("write it by functions that there are, or as a Python function")
        return refuse(self.source, call.start, call.end - 1, message("unknown function {name}", name=call.name), hint)

    def miscounted(self, call: Call, count: int, end: int) -> DiffError:
        said = message("{name} does not take {count} arguments", name=call.name, count=count)
        return refuse(self.source, call.start, end, said, message("write it in plain syntax"))
