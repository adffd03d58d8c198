"""LaTeX, as in textbooks and papers: `\\frac{x^2}{\\sqrt{1 + x}} \\sin^2 x`.

Commands become functions, fractions, roots, powers and cases of our language, where they stand; letters side by side
are parted by blanks, and what is left unwritten (products, functions without parentheses) is read by `syntax/writing`.
A stack holds what is open: nothing recurses, and every token is looked at once.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from diffcli.runtime.messages import Message, message
from diffcli.syntax.notations.output import Output, ambiguous, refuse, unclosed
from diffcli.syntax.notations.tex_commands import (
    BRACKETS,
    DELIMITERS,
    FUNCTIONS,
    IGNORED,
    LETTERS,
    OTHERWISE,
    REFUSED,
    SIGNS,
    STYLES,
    nearest,
)
from diffcli.syntax.spellings import FUNCTION_NAMES
from diffcli.syntax.translation import Translation

_TOKEN = re.compile(
    r"(?P<blank>(?:\s|%[^\n]*)+)|(?P<command>\\(?:[A-Za-z]+\*?|.))|(?P<number>\d+(?:\.\d*)?|\.\d+)"
    r"|(?P<letter>[^\W\d_])|(?P<sign>.)",
    re.DOTALL,
)
_D = r"(?:d|\\mathrm\s*\{\s*d\s*\}|\\partial(?![A-Za-z])|∂)"
_NAME = r"(?:\\[A-Za-z]+|[A-Za-z])(?:_(?:\w|\{\w+\}))?"
_POWER = r"(?:\^\s*(?:\{\s*(?P<%s>\d+)\s*\}|(?P<%s_>\d)))?"
_BY = re.compile(
    rf"\\[dt]?frac\s*\{{\s*{_D}\s*{_POWER % ('order', 'order')}\s*\}}"
    rf"\s*\{{\s*{_D}\s*(?P<by>{_NAME})\s*{_POWER % ('same', 'same')}\s*\}}"
)
"""The sign of a derivative, `\\frac{d}{dx}`."""
_WORD = re.compile(r"\s*\{([^{}\\]*)\}")
_WRAPPERS = (("$$", "$$"), ("$", "$"), ("\\[", "\\]"), ("\\(", "\\)"))
_ENVIRONMENTS = ("matrix", "pmatrix", "bmatrix", "Bmatrix", "vmatrix", "array")
_PLAIN_ENVIRONMENTS = (
    "equation",
    "equation*",
    "align",
    "align*",
    "aligned",
    "displaymath",
    "math",
    "gather",
    "gather*",
)


@dataclass(frozen=True, slots=True)
class Token:
    """`kind` is "blank", "command", "number", "letter" or "sign"."""

    kind: str
    text: str
    start: int
    end: int


@dataclass(slots=True)
class Frame:
    """What is open: `kind` names it, `closing` ends it in what is typed and `ending` in ours.

    A `single` one is the argument of a command, and ends with its first operand. `rows` of cases and matrices.
    """

    kind: str
    start: int
    closing: str = ""
    ending: str = ""
    single: bool = False
    rows: bool = False
    condition: bool = False
    final: bool = False


def translate(text: str) -> Translation:
    """A formula in LaTeX as one in our own language.

    Raises DiffError for what is not a formula there, or is read in two ways.
    """
    return Reader(text).read()


class Reader:
    """Takes the tokens from left to right; `operand` says whether one has just ended."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.output = Output(source)
        begin, end = _unwrap(source)
        self.tokens = [Token(m.lastgroup or "", m.group(), *m.span()) for m in _TOKEN.finditer(source, begin, end)]
        self.k = 0
        self.end = end
        self.stack: list[Frame] = []
        self.operand = False
        self.sizes = _sizes(self.tokens)

    def read(self) -> Translation:
        while self.k < len(self.tokens):
            token = self.tokens[self.k]
            self.k += 1
            _KINDS[token.kind](self, token)
        if self.stack:
            raise self.never_closed(self.stack[-1])
        return self.output.finish()

    # --- tokens
    def peek(self) -> Token:
        """The next token that is not a blank; at the end one without text."""
        k = self.k
        while k < len(self.tokens) and self.tokens[k].kind == "blank":
            k += 1
        return self.tokens[k] if k < len(self.tokens) else Token("end", "", self.end, self.end)

    def skip_to(self, token: Token) -> None:
        """Go on behind a token that was looked at."""
        while self.k < len(self.tokens) and self.tokens[self.k].start <= token.start:
            self.k += 1

    def skip_characters(self, end: int) -> None:
        while self.k < len(self.tokens) and self.tokens[self.k].start < end:
            self.k += 1

    def blank(self, token: Token) -> None:
        self.output.write(" ", token.start, token.end)

    def number(self, token: Token) -> None:
        if self.stack and self.stack[-1].single and len(token.text) > 1:
            token = self.first_digit(token)
        if self.operand and self.output.pieces[-1][0] == "!":
            self.output.write("*", token.start)
            self.operand = False
        self.atom(token.text, token.start, token.end)

    def first_digit(self, token: Token) -> Token:
        """TeX takes one digit as an argument without braces."""
        frame = self.stack[-1]
        if frame.kind == "exponent":
            one, other = f"^{{{token.text}}}", f"^{{{token.text[0]}}} {token.text[1:]}"
            raise ambiguous(self.source, token.start, token.end, one, other)
        self.k -= 1
        self.tokens[self.k] = Token("number", token.text[1:], token.start + 1, token.end)
        return Token("number", token.text[0], token.start, token.start + 1)

    def letter(self, token: Token) -> None:
        self.name(token.text, token)

    def name(self, text: str, token: Token) -> None:
        """A variable, with its subscript."""
        end = token.end
        if self.peek().text == "_":
            text, end = self.subscript(text)
        self.atom(text, token.start, end)

    def subscript(self, name: str) -> tuple[str, int]:
        sign = self.peek()
        self.skip_to(sign)
        token = self.peek()
        if token.text != "{":
            self.skip_to(token)
            return f"{name}_{self.plain_word(token)}", token.end
        close = self.source.find("}", token.end)
        inner = self.source[token.end : close] if close >= 0 else ""
        word = re.sub(r"\\(?:text|mathrm|rm|textrm|mathit)\s*\{?|[\s,{}]|\\([A-Za-z]+)", r"\1", inner)
        while close >= 0 and self.source[token.end : close].count("{") > self.source[token.end : close].count("}"):
            close = self.source.find("}", close + 1)
        if close < 0:
            raise unclosed(self.source, token.start, token.end, "{", "}")
        if not re.fullmatch(r"\w+", word):
            hint = message("write a name of letters and digits: {name}", name=f"{name}_{{1}}")
            raise refuse(self.source, token.start, close + 1, message("this subscript is not a name"), hint)
        self.skip_characters(close + 1)
        return f"{name}_{word}", close + 1

    def plain_word(self, token: Token) -> str:
        word = token.text.lstrip("\\")
        if token.kind in ("letter", "number") or token.kind == "command" and word in LETTERS:
            if len(word) > 1 and token.kind == "number":
                self.k -= 1
                self.tokens[self.k] = Token("number", word[1:], token.start + 1, token.end)
                word = word[0]
            return word
        hint = message("write a name of letters and digits: {name}", name="x_{1}")
        raise refuse(self.source, token.start, token.end, message("this subscript is not a name"), hint)

    def sign(self, token: Token) -> None:
        if token.text in _SPECIAL:
            _SPECIAL[token.text](self, token)
        elif token.text in SIGNS:
            self.relation(SIGNS[token.text], token)
        else:
            self.output.write(token.text, token.start, token.end)
            self.operand = self.operand and token.text in "!°"
            if self.operand:
                self.finish_operand()

    def relation(self, text: str, token: Token) -> None:
        """A relation stands in a condition of cases."""
        if text in ("<", "<=", ">", ">=", "!=") and not any(frame.condition for frame in self.stack):
            hint = message("write a formula, or the condition of a case")
            raise refuse(self.source, token.start, token.end, message("an inequality is not a formula"), hint)
        self.output.write(text, token.start, token.end)
        self.operand = False

    # --- operands
    def start_operand(self, start: int) -> None:
        """Letters and numbers side by side are parted."""
        if self.operand and not self.output.pieces[-1][0].isspace():
            self.output.write(" ", start)

    def atom(self, text: str, start: int, end: int) -> None:
        self.start_operand(start)
        self.output.write(text, start, end)
        self.finish_operand()

    def finish_operand(self) -> None:
        """An operand has ended, and with it what takes just one."""
        self.operand = True
        while self.stack and self.stack[-1].single:
            kind = self.stack[-1].kind
            self.close(self.tokens[self.k - 1].end)
            if kind == "numerator":  # its denominator is next
                return

    def close(self, end: int) -> None:
        """The frame on top ends."""
        frame = self.stack.pop()
        self.output.write(frame.ending, max(end - 1, frame.start), end)
        self.operand = True
        if frame.kind == "numerator":
            self.argument("denominator", frame.start, ")", "\\frac")

    def argument(self, kind: str, start: int, ending: str, command: str) -> None:
        """The argument that comes next, in braces or without: one token then."""
        token = self.peek()
        self.operand = False
        if not token.text or token.text in ("}", "&", "\\\\"):
            if command == "\\frac":
                said, hint = message("\\frac takes two arguments"), message("write {text}", text="\\frac{a}{b}")
            else:
                said = message("{command} has no argument", command=command)
                hint = message("write {text}", text=f"{command}{{x}}")
            raise refuse(self.source, start, min(start + len(command), len(self.source)), said, hint)
        if token.text == "{":
            self.skip_to(token)
            if kind != "root" and not self.simple():
                self.output.write("(", token.start, token.end)
                ending = ")" + ending
            self.stack.append(Frame(kind, token.start, "}", ending))
        else:
            self.stack.append(Frame(kind, start, "", ending, single=True))

    def simple(self) -> bool:
        """Whether what is in braces is one letter or number."""
        ahead = self.tokens[self.k : self.k + 2]
        return len(ahead) == 2 and ahead[0].kind in ("letter", "number") and ahead[1].text == "}"

    def brace(self, token: Token) -> None:
        self.output.write("(", token.start, token.end)
        self.stack.append(Frame("group", token.start, "}", ")"))
        self.operand = False

    def bracket(self, token: Token) -> None:
        """( and [, which both group."""
        self.output.write("(", token.start, token.end)
        self.stack.append(Frame("group", token.start, BRACKETS[token.text], ")"))
        self.operand = False

    def closing(self, token: Token) -> None:
        if not self.stack or self.stack[-1].closing not in (token.text, "any"):
            if self.stack and self.stack[-1].closing:
                raise self.never_closed(self.stack[-1])
            hint = message("take it away, or open one before it")
            raise refuse(self.source, token.start, token.end, message("{sign} closes nothing", sign=token.text), hint)
        kind = self.stack[-1].kind
        self.close(token.end)
        if kind != "numerator":
            self.finish_operand()

    def never_closed(self, frame: Frame) -> Exception:
        opening = self.source[frame.start : frame.start + 1]
        if frame.kind == "left":
            opening, closing = "\\left", "\\right"
        elif frame.kind in ("cases", "matrix"):
            opening, closing = "\\begin", "\\end"
        else:
            closing = frame.closing or "{…}"
        return unclosed(self.source, frame.start, frame.start + len(opening), opening, closing)

    def raised(self, token: Token) -> None:
        """A power; a degree sign."""
        following = self.peek()
        word = _WORD_IN_BRACES.match(self.source, token.end)
        if following.text in ("\\circ", "\\degree") or word:
            if word:
                self.skip_characters(word.end())
            else:
                self.skip_to(following)
            self.output.write("°", token.start, token.end)
            self.finish_operand()
            return
        if following.text in ("\\prime", "'"):
            raise self.prime(token)
        if following.text == "-":
            self.output.write("^", token.start, token.end)
            self.operand = False
            return
        self.output.write("^", token.start, token.end)
        self.argument("exponent", token.start, "", "^")
        frame = self.stack[-1]
        plain = _EXPONENT.match(self.source, token.end)
        if plain and not frame.ending and not self.begins_operand(plain.end()):
            return
        if not frame.ending:
            self.output.write("(", token.start, token.end)
            frame.ending = ")"

    def begins_operand(self, place: int) -> bool:
        """Whether what is typed at a place is a factor: then an exponent before it must end visibly."""
        found = _NEXT.match(self.source, place)
        if not found or not found[1]:
            return False
        name = found[1].lstrip("\\")
        return not found[1].startswith("\\") or name not in SIGNS and name not in ("right", "end", "\\", "rvert", "}")

    def prime(self, token: Token) -> Exception:
        hint = message("write the function itself, and --order for higher derivatives")
        return refuse(
            self.source,
            token.start,
            token.end,
            message("a prime is a derivative of a function that is not given"),
            hint,
        )

    def lowered(self, token: Token) -> None:
        hint = message("write it right behind the name: {name}", name="x_{1}^2")
        raise refuse(self.source, token.start, token.end, message("this subscript belongs to no name"), hint)

    def ampersand(self, token: Token) -> None:
        frame = self.stack[-1] if self.stack else None
        if frame is None or frame.kind not in ("cases", "matrix"):
            if frame is None:  # an equation aligned
                return
            hint = message("take it away")
            raise refuse(self.source, token.start, token.end, message("& stands in tables"), hint)
        if frame.kind == "matrix":
            self.output.write(", ", token.start, token.end)
        else:
            self.condition(frame, token)
        self.operand = False

    def condition(self, frame: Frame, token: Token) -> None:
        """Behind & the condition of a case; words around it are left out."""
        following = self.peek()
        if following.text in ("\\text", "\\mbox", "\\textrm", "\\mathrm"):
            word = _WORD.match(self.source, following.end)
            if word:
                self.skip_characters(word.end())
                if word[1].strip().strip(".,").lower() in OTHERWISE:
                    frame.final = True
                    return
        self.output.write(") if (", token.start, token.end)
        frame.condition = True

    def row(self, token: Token) -> None:
        """\\\\ ends a row."""
        frame = self.stack[-1] if self.stack else None
        following = self.peek().text
        if frame is None or frame.kind not in ("cases", "matrix") or following == "\\end":
            return
        if frame.kind == "matrix":
            self.output.write("], [" if frame.rows else ", ", token.start, token.end)
        elif not frame.condition:
            hint = message("write its condition: x & x > 0 \\\\")
            raise refuse(self.source, token.start, token.end, message("a case before the last has no condition"), hint)
        else:
            self.output.write(") else (", token.start, token.end)
            frame.condition = False
        self.operand = False

    def comma(self, token: Token) -> None:
        """A comma at the end of a case says nothing."""
        inside = self.stack and self.stack[-1].kind == "cases"
        if inside and self.peek().text in ("&", "\\\\", "\\end"):
            return
        self.output.write(",", token.start, token.end)
        self.operand = False

    # --- commands
    def command(self, token: Token) -> None:
        name = token.text[1:].rstrip("*")
        if name in _COMMANDS:
            _COMMANDS[name](self, token)
        elif name in LETTERS:
            self.name(LETTERS[name], token)
        elif name in FUNCTIONS:
            self.function(FUNCTIONS[name], token)
        elif name in SIGNS:
            self.relation(SIGNS[name], token)
        elif name in DELIMITERS:
            self.delimiter(DELIMITERS[name], token)
        elif name in STYLES:
            self.style(token)
        elif name in IGNORED:
            self.output.write(" " if not name.isalpha() or name.startswith("q") else "", token.start, token.end)
        elif name in REFUSED:
            raise refuse(self.source, token.start, token.end, *REFUSED[name])
        else:
            hint = nearest(name)
            raise refuse(self.source, token.start, token.end, message("unknown command {name}", name=token.text), hint)

    def function(self, name: str, token: Token) -> None:
        """A function, with its power or its base before the argument."""
        self.start_operand(token.start)
        if name == "log" and self.peek().text == "_":
            name, _ = self.subscript("log")
        self.output.write(name, token.start, token.end)
        self.operand = False
        sign = self.peek()
        if sign.text == "^":
            self.skip_to(sign)
            self.power_of_function(sign)
        following = self.tokens[self.k] if self.k < len(self.tokens) else None
        if following and following.kind != "blank" and following.text not in ("(", "{", "[", "\\left"):
            self.output.write(" ", token.end)

    def power_of_function(self, sign: Token) -> None:
        found = _POWER_TYPED.match(self.source, sign.end)
        if not found:
            hint = message("write {text}", text="(\\sin x)^{n}")
            raise refuse(self.source, sign.start, sign.end, message("the power of a function is a whole number"), hint)
        self.output.write(f"^{(found[1] or found[2]).replace(' ', '')}", sign.start, found.end())
        self.skip_characters(found.end())

    def fraction(self, token: Token) -> None:
        found = _BY.match(self.source, token.start)
        if found:
            self.derivative(found, token)
            return
        last = self.output.pieces[-1][0] if self.output.pieces else ""
        mixed = _MIXED.match(self.source, token.end) if self.operand and last.replace(".", "").isdigit() else None
        if mixed:
            fraction = f"\\frac{mixed.group()}"
            one, other = f"{last} + {fraction}", f"{last} \\cdot {fraction}"
            raise ambiguous(self.source, token.start, token.end, one, other)
        self.start_operand(token.start)
        self.output.write("(", token.start, token.end)
        self.argument("numerator", token.start, "/", "\\frac")

    def derivative(self, found: re.Match[str], token: Token) -> None:
        """`\\frac{d}{dx}` as d/dx, which is read around the whole."""
        order, same = (found[name] or found[f"{name}_"] or "1" for name in ("order", "same"))
        by = re.sub(r"[\\{}]", "", found["by"])
        power, below = (f"^{number}" if number != "1" else "" for number in (order, same))
        self.start_operand(token.start)
        self.output.write(f"d{power}/d{by}{below} ", token.start, found.end())
        self.skip_characters(found.end())
        self.operand = False

    def root(self, token: Token) -> None:
        self.start_operand(token.start)
        index = _INDEX.match(self.source, token.end)
        degree = index[1].strip() if index else "2"
        if index:
            self.skip_characters(index.end())
        opening, ending = _ROOTS.get(degree, ("((", f")^(1/{degree}))"))
        if not re.fullmatch(r"[1-9]\d*|[A-Za-z]", degree):
            hint = message("write a power: {text}", text="(x)^{1/n}")
            raise refuse(self.source, token.start, token.end, message("the index of this root is not a number"), hint)
        self.output.write(opening, token.start, token.end)
        self.argument("root", token.start, ending, "\\sqrt")

    def left(self, token: Token) -> None:
        """\\left with its delimiter."""
        sign = self.peek()
        self.skip_to(sign)
        opening = _LEFT.get(sign.text)
        if opening is None:
            hint = message("write {text}", text="\\left( … \\right)")
            raise refuse(self.source, token.start, sign.end, message("{sign} opens nothing", sign=sign.text), hint)
        if opening.isalpha():
            self.start_operand(token.start)
        self.output.write(f"{opening}(" if opening.isalpha() else "(", token.start, sign.end)
        self.stack.append(Frame("left", token.start, "\\right", ")"))
        self.operand = False

    def right(self, token: Token) -> None:
        sign = self.peek()
        self.skip_to(sign)
        if not self.stack or self.stack[-1].kind != "left":
            if self.stack:
                raise self.never_closed(self.stack[-1])
            hint = message("open it with {command}", command="\\left")
            raise refuse(self.source, token.start, sign.end, message("{sign} closes nothing", sign="\\right"), hint)
        self.close(sign.end)
        self.finish_operand()

    def delimiter(self, text: str, token: Token) -> None:
        """`\\lvert x \\rvert`, `\\lfloor x \\rfloor`."""
        if text == ")":
            self.closing(Token("sign", token.text, token.start, token.end))
            return
        self.start_operand(token.start)
        self.output.write(text, token.start, token.end)
        self.stack.append(Frame("group", token.start, _PARTNERS[token.text], ")"))
        self.operand = False

    def style(self, token: Token) -> None:
        """`\\mathrm{d}`, `\\operatorname{erf}`, `\\text{max}`: a word as a name."""
        word = _WORD.match(self.source, token.end)
        name = word[1].strip() if word else ""
        if not word or not re.fullmatch(r"[^\W\d]\w*", name):
            if word and not name:
                self.skip_characters(word.end())
                return
            hint = message("leave out words; a name has letters and digits")
            raise refuse(
                self.source,
                token.start,
                token.end,
                message("{command} is not a formula here", command=token.text),
                hint,
            )
        self.skip_characters(word.end())
        whole = Token("command", token.text, token.start, word.end())
        function = FUNCTIONS.get(name, name)
        if function in FUNCTION_NAMES and self.peek().text in ("(", "\\left", "^", "{"):
            self.function(function, whole)
        else:
            self.name(name, whole)

    def big(self, token: Token) -> None:
        """\\big and its like say how large the next bracket is."""

    def begin(self, token: Token) -> None:
        word = _WORD.match(self.source, token.end)
        name = word[1].strip() if word else ""
        if word:
            self.skip_characters(word.end())
        if name in _PLAIN_ENVIRONMENTS:
            return
        size = self.sizes.get(token.start, (1, 1))
        self.start_operand(token.start)
        if name in ("cases", "dcases", "rcases"):
            self.output.write("((", token.start, token.end)
            self.stack.append(Frame("cases", token.start, "\\end"))
        elif name in _ENVIRONMENTS and name != "vmatrix":
            if name == "array" and (columns := _WORD.match(self.source, word.end() if word else token.end)):
                self.skip_characters(columns.end())
            both = size[0] > 1 and size[1] > 1
            self.output.write("[[" if both else "[", token.start, token.end)
            self.stack.append(Frame("matrix", token.start, "\\end", "]]" if both else "]", rows=both))
        else:
            hint = message("cases and matrices are read")
            raise refuse(
                self.source, token.start, token.end, message("{name} is not read", name=f"\\begin{{{name}}}"), hint
            )
        self.operand = False

    def finish(self, token: Token) -> None:
        """\\end of an environment."""
        word = _WORD.match(self.source, token.end)
        if word:
            self.skip_characters(word.end())
        if word and word[1].strip() in _PLAIN_ENVIRONMENTS:
            return
        if not self.stack or self.stack[-1].closing != "\\end":
            if self.stack:
                raise self.never_closed(self.stack[-1])
            hint = message("open it with {command}", command="\\begin")
            raise refuse(self.source, token.start, token.end, message("{sign} closes nothing", sign="\\end"), hint)
        frame = self.stack[-1]
        if frame.kind == "cases":
            # where no condition holds there is no value
            frame.ending = ") else (0/0))" if frame.condition else "))"
        self.close(token.end)
        self.finish_operand()


def _unwrap(source: str) -> tuple[int, int]:
    """Where the formula stands between signs that it is one: `$…$`."""
    begin, end = len(source) - len(source.lstrip()), len(source.rstrip())
    for opening, closing in _WRAPPERS:
        inside = end - begin >= len(opening) + len(closing)
        if inside and source.startswith(opening, begin) and source.endswith(closing, begin, end):
            return begin + len(opening), end - len(closing)
    return begin, end


def _sizes(tokens: list[Token]) -> dict[int, tuple[int, int]]:
    """For each \\begin the columns and rows of its table, of those that are not within another."""
    sizes: dict[int, tuple[int, int]] = {}
    open_: list[list[int]] = []
    for k, token in enumerate(tokens):
        if token.text == "\\begin":
            open_.append([token.start, 0, 0, 0])
        elif open_ and token.text == "&":
            open_[-1][1] += 1
            open_[-1][2] = max(open_[-1][1:3])
        elif open_ and token.text == "\\\\":
            last = next((later.text for later in tokens[k + 1 : k + 4] if later.kind != "blank"), "")
            open_[-1][3] += last != "\\end"
            open_[-1][1] = 0
        elif open_ and token.text == "\\end":
            start, _, columns, rows = open_.pop()
            sizes[start] = columns + 1, rows + 1
    return sizes


_EXPONENT = re.compile(r"\s*(?:\{\s*(?:\d+|[A-Za-z])\s*\}|\d(?!\d)|[A-Za-z])")
_NEXT = re.compile(r"(?:\s|\\[,;: !])*(\\(?:[A-Za-z]+|.)|[\w(\[{|.])?")
_WORD_IN_BRACES = re.compile(r"\s*\{\s*\\(?:circ|degree)\s*\}")
_POWER_TYPED = re.compile(r"\s*(?:\{\s*(-?\s*(?:\d+|[a-z]))\s*\}|(-?\d|[a-z]))")
_MIXED = re.compile(r"\s*(?:\{\s*\d+\s*\}\s*\{\s*\d+\s*\}|\d\d)")
_INDEX = re.compile(r"\s*\[([^\[\]]*)\]")
_ROOTS = {"2": ("sqrt(", ")"), "3": ("cbrt(", ")")}
_LEFT = {
    "(": "(",
    "[": "(",
    "\\{": "(",
    "\\lbrace": "(",
    "|": "abs",
    "\\vert": "abs",
    "\\lvert": "abs",
    "\\lfloor": "floor",
    "\\lceil": "ceil",
    "\\langle": None,
    ".": None,
}
_PARTNERS = {
    "\\lvert": "\\rvert",
    "\\lfloor": "\\rfloor",
    "\\lceil": "\\rceil",
    "\\{": "\\}",
    "\\lbrace": "\\rbrace",
    "\\lparen": "\\rparen",
}

Taker = Callable[[Reader, Token], None]

_KINDS: dict[str, Taker] = {
    "blank": Reader.blank,
    "number": Reader.number,
    "letter": Reader.letter,
    "sign": Reader.sign,
    "command": Reader.command,
}
_SPECIAL: dict[str, Taker] = {
    "{": Reader.brace,
    "}": Reader.closing,
    "(": Reader.bracket,
    ")": Reader.closing,
    "[": Reader.bracket,
    "]": Reader.closing,
    "^": Reader.raised,
    "_": Reader.lowered,
    "&": Reader.ampersand,
    ",": Reader.comma,
    "~": Reader.blank,
}
_COMMANDS: dict[str, Taker] = {
    **dict.fromkeys(("frac", "dfrac", "tfrac", "cfrac"), Reader.fraction),
    "sqrt": Reader.root,
    "left": Reader.left,
    "right": Reader.right,
    "begin": Reader.begin,
    "end": Reader.finish,
    "\\": Reader.row,
    "cr": Reader.row,
    **dict.fromkeys(("big", "Big", "bigg", "Bigg", "bigl", "bigr", "Bigl", "Bigr", "biggl", "biggr"), Reader.big),
}
COMMANDS = frozenset((*_COMMANDS, *LETTERS, *FUNCTIONS, *SIGNS, *DELIMITERS, *STYLES, *IGNORED, *REFUSED))
"""All commands that are known."""
_REFUSAL = tuple[Message, Message]
