"""Mathematics as people write it -> plain syntax: products, applications, powers and bars that are left unwritten.

One pass over the tokens with a stack of what is open. A rule reads what careful people read in one way; where two
readings are left, the text is written out by either, and the error shows both. What a function is worth is not known
here: the plain text goes to the same parser as any other.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from keyword import iskeyword

from diffcli.core.primitives import NAMED_CONSTANTS
from diffcli.runtime.errors import DiffError
from diffcli.runtime.messages import message
from diffcli.syntax.bars import roles
from diffcli.syntax.lettering import FRACTIONS, RELATIONS, ROOTS, Lexeme, lexemes
from diffcli.syntax.spellings import FUNCTION_NAMES, INVERSES, Application, application
from diffcli.syntax.statements import Frame, framed
from diffcli.syntax.translation import Piece, Translation, joined

_CONSTANTS = frozenset(spelling for spellings in NAMED_CONSTANTS.values() for spelling in spellings)
_OURS = frozenset(("lambda", "and", "or", "not", "if", "else"))
_PROSE = frozenset(("lim", "limit", "integral", "derivative", "of", "at"))
"""Words that are no variables where they stand beside a factor, unless they have a value."""
_WORDS = frozenset(("and", "or", "not", "if", "else"))
_PAIRS = {"(": ("(", ")"), "{": ("(", ")"), "[": ("[", "]"), "⌈": ("ceil(", ")"), "⌊": ("floor(", ")")}
_CLOSING = {")": "(", "}": "{", "]": "[", "⌉": "⌈", "⌋": "⌊"}
_UNMARKED = ("function", "root", "group")
_SIGNED = re.compile(r"(?P<number>[\d_.]+)(?P<e>[eE])(?P<sign>[-+])(?P<digits>\d+)")


class TwoReadings(Exception):
    """Where a choice was met that none was made for."""

    def __init__(self, start: int, end: int) -> None:
        super().__init__(start, end)
        self.span = start, end


@dataclass(slots=True, eq=False)
class Open:
    """What is open: a bracket, or without one a function, a root, a group that a reading needs.

    `closing` ends it, `place` is the piece that it begins with. Of the term at its end are known by their pieces:
    where its last factor begins (`operand`), and that which this is the exponent of (`base`), where its product
    without signs begins (`run`), and an exponent whose end is not marked (`exponent`). `divided`: the product is
    what is divided by; `caret`: an exponent is awaited; `spaced`: with blanks around its sign; `raised`: the last
    factor has a superscript; `number`: the operand is one number; `rooted`: it is √ with its parentheses; `wide`: a
    root or a function that goes on beyond its first factor, and the parentheses of √.
    """

    kind: str
    closing: str = ""
    place: int = 0
    operand: int | None = None
    base: int | None = None
    run: int | None = None
    exponent: int | None = None
    divided: bool = False
    caret: bool = False
    spaced: bool = False
    raised: bool = False
    number: bool = False
    rooted: bool = False
    wide: bool = False

    def renew(self, divided: bool = False) -> None:
        """A new product begins."""
        self.operand = self.base = self.run = self.exponent = None
        self.divided, self.caret = divided, False
        self.raised = self.number = self.rooted = False

    def finish(self, operand: int) -> None:
        """A factor ends, which began with this piece."""
        self.operand, self.caret = operand, False
        self.raised = self.number = self.rooted = False


def written(source: str, names: Collection[str] = (), formula: bool = True) -> Translation | None:
    """The text in plain syntax, every product written; None where that is the text itself.

    `names` have a value or are asked for: `x(x + 1)` is a product of these. What stands around a `formula` (`y = …`,
    `d/dx …`) is taken off; in a point it stays.

    Raises DiffError where two readings are left, with both.

    >>> written("2x sin² x").text
    '2*x*sin(x)^2'
    >>> written("2*x") is None
    True
    """
    tokens = lexemes(source, names)
    frame = framed(source, tokens, names) if formula else Frame(tokens)
    try:
        pieces = Writer(source, frame, names).pieces()
    except TwoReadings as two:
        raise _both(source, frame, names, two) from None
    text = joined(pieces, len(source))
    if text.text == source and frame.name is None and frame.question is None:
        return None
    return Translation(text.text, text.starts, frame.name, frame.question)


def _both(source: str, frame: Frame, names: Collection[str], two: TwoReadings) -> DiffError:
    """The error that shows the whole text by either reading."""
    texts = ["".join(piece[0] for piece in Writer(source, frame, names, choice).pieces()) for choice in (0, 1)]
    one, other = _shown(*(text.strip() for text in texts))
    hint = message("write {one}, or {other}", one=one, other=other)
    return DiffError(message("this is read in two ways"), source, two.span, hint, "ambiguous")


LONGEST = 70
"""Characters of a reading that is shown as a whole."""


def _shown(one: str, other: str) -> tuple[str, str]:
    """Two readings, or of long ones what is around the place where they part."""
    if max(len(one), len(other)) <= LONGEST or one == other:
        return one, other
    first = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    start = max(0, first - 20)
    parts = [f"{'…' * (start > 0)}{text[start : start + LONGEST]}" for text in (one, other)]
    return parts[0] + "…" * (start + LONGEST < len(one)), parts[1] + "…" * (start + LONGEST < len(other))


class Writer:
    """Writes the tokens of a text out; `choice` is the reading taken wherever there are two, None to stop there."""

    def __init__(self, source: str, frame: Frame, names: Collection[str], choice: int | None = None) -> None:
        self.source, self.choice, self.skipped = source, choice, frame.skipped
        self.names = {*names, *frame.bound}
        self.tokens = frame.tokens
        self.out: list[Piece] = []
        self.before: dict[int, list[str]] = {}
        self.open = [Open("")]
        self.k = self.end = 0
        self.gap = ""
        self.bars = roles(self.tokens, self.awaits, lambda place: self.choose(self.tokens[place]))

    def pieces(self) -> list[Piece]:
        """The pieces of the plain text, each with where it was typed."""
        while self.k < len(self.tokens):
            if self.k in self.skipped:
                self.k += 1
                self.end = self.tokens[min(self.k, len(self.tokens) - 1)].start
                continue
            token = self.take()
            if token.kind == "sign":
                _SIGNS.get(token.text, Writer.ending)(self, token)
            else:
                _KINDS[token.kind](self, token)
        pieces: list[Piece] = []
        for k, piece in enumerate(self.out):
            pieces += [(text, piece[1], piece[1]) for text in reversed(self.before.get(k, ()))]
            pieces.append(piece)
        return pieces

    # --- tokens and pieces
    def take(self) -> Lexeme:
        """The next token; what stands between it and the last one waits to be written."""
        token = self.tokens[self.k]
        self.gap = self.source[self.end : token.start]
        self.end = token.end
        self.k += 1
        return token

    @property
    def next(self) -> Lexeme:
        place = self.k
        while place in self.skipped:
            place += 1
        return self.tokens[min(place, len(self.tokens) - 1)]

    @property
    def top(self) -> Open:
        return self.open[-1]

    def flush(self) -> int:
        """Write the blanks that stand before a token; the piece that is next."""
        for k, char in enumerate(self.gap):
            at = self.end - len(self.gap) + k
            self.out.append((char, at, at))
        self.gap = ""
        return len(self.out)

    def emit(self, text: str, token: Lexeme) -> None:
        self.flush()
        self.out.append((text, token.start, token.end))

    def insert(self, text: str, at: int) -> None:
        """A piece that was not typed; the blanks in its place are dropped."""
        self.gap = ""
        self.out.append((text, at, at))

    def wrap(self, place: int, opening: str) -> None:
        self.before.setdefault(place, []).append(opening)

    def choose(self, token: Lexeme) -> int:
        """Which of two readings is taken."""
        if self.choice is None:
            raise TwoReadings(token.start, token.end)
        return self.choice

    # --- operands
    def begin(self, token: Lexeme, kind: str) -> int:
        """An operand begins, behind another one the factor of a product; the piece that it begins with."""
        if self.top.operand is not None and not self.prose(token):
            self.multiply(token, kind)
        place, top = self.flush(), self.top
        if top.run is None:
            top.run = place
        if top.caret and top.exponent is None:
            top.exponent = place
        return place

    def prose(self, token: Lexeme) -> bool:
        """Whether a word is one of a programming language, or a number in its form: `x for x in y`, `0x10`."""
        before = self.tokens[max(0, self.k - 2)]
        hexadecimal = before.text == "0" and not token.blank and token.text[0] in "xXbBoO"
        words = [one.text for one in (before, token) if one.text not in self.names]
        return hexadecimal or any(word in _PROSE or iskeyword(word) and word not in _OURS for word in words)

    def multiply(self, token: Lexeme, kind: str) -> None:
        """Write the product of what ends here and what begins."""
        while self.top.kind in ("function", "root") and not self.top.wide:
            if self.inside(token, kind):
                return self.insert("*", token.start)
            self.close()
        top = self.top
        if kind in ("number", "fraction"):
            return self.number_behind(top, kind, token)
        marked = token.blank and not top.spaced
        if top.exponent is not None and not marked and self.choose(token):
            return self.group(top.exponent, token)
        if top.divided and self.choose(token):
            return self.group(top.run or 0, token)
        top.divided, top.exponent, top.base = False, None, None
        return self.insert("*", token.start)

    def inside(self, token: Lexeme, kind: str) -> bool:
        """Whether a factor belongs to the argument of the function without parentheses that stands before it."""
        top = self.top
        if top.kind == "function" and top.number and not token.blank and kind in ("name", "root", "bar"):
            return True
        nested = self.open[-2].kind in ("function", "root")
        if kind == "function" and not top.number and not nested:
            return False
        top.wide = bool(self.choose(token))
        return top.wide

    def number_behind(self, top: Open, kind: str, token: Lexeme) -> None:
        """`x 2`, `2 3`, `2½`: a product, or a power, a number, a sum that lost its sign."""
        if not self.choose(token):
            return self.insert("*", token.start)
        if kind == "fraction":
            return self.insert("+", token.start)
        return self.insert("" if top.number else "^", token.start)

    def group(self, place: int, token: Lexeme) -> None:
        """Put what begins with a piece, and the factor that comes, into parentheses."""
        self.wrap(place, "(")
        self.open.append(Open("group", ")", place, operand=place, run=place))
        self.insert("*", token.start)

    def close(self) -> None:
        """End a function, a root or a group without a bracket."""
        closed = self.open.pop()
        at = self.out[-1][2] if self.out else 0
        self.out.append((closed.closing, at, at))
        self.top.finish(closed.place)

    def close_all(self) -> None:
        while self.top.kind in _UNMARKED:
            self.close()

    def number(self, token: Lexeme) -> None:
        place = self.begin(token, "number")
        signed = _SIGNED.fullmatch(token.text)
        following = self.next
        behind = following.kind == "name" and not following.blank and following.text not in _WORDS
        if signed and behind and self.choose(following):
            self.emit(f"{signed['number']}*{signed['e']} {signed['sign']} {signed['digits']}", token)
            return self.top.finish(place)
        self.emit(token.text, token)
        self.top.finish(place)
        self.top.number = place == self.top.run or self.top.kind not in ("function", "root")
        return None

    def fraction(self, token: Lexeme) -> None:
        place = self.begin(token, "fraction")
        self.emit(f"({FRACTIONS[token.text]})", token)
        self.top.finish(place)

    def name(self, token: Lexeme) -> None:
        called = self.next.kind == "sign" and self.next.text in ("(", "{")
        if token.text == "if" and called and self.top.operand is None:
            return self.call(token, Application("where("))
        if token.text in _WORDS:
            return self.ending(token)
        applied = application(token.text, self.names, called) or application(token.text, self.names, True)
        power = self.power_of_function(token) if applied and token.text not in self.names else None
        if applied and power:
            return self.raised_function(token, applied, power)
        function = application(token.text, self.names, called)
        if called and (function or token.text not in self.names and token.text not in _CONSTANTS):
            return self.call(token, function or Application(f"{token.text}("))
        if function and self.argument_follows(self.k):
            return self.apply(token, function)
        place = self.begin(token, "name")
        self.emit(token.text, token)
        self.top.finish(place)
        return None

    def awaits(self, place: int) -> bool:
        """Whether a token is a function that awaits an argument without parentheses."""
        token = self.tokens[place]
        return token.kind == "name" and application(token.text, self.names, False) is not None

    def argument_follows(self, place: int) -> bool:
        """Whether an operand begins at a token."""
        token = self.tokens[place]
        if token.kind != "sign":
            return token.kind != "raised" and token.text not in _WORDS
        return token.text in ROOTS or token.text in FRACTIONS or self.bars.get(place, False)

    def call(self, token: Lexeme, function: Application) -> None:
        """A function before its parentheses."""
        place = self.begin(token, "function")
        self.emit(function.opening[:-1], token)
        self.emit("(", self.take())
        self.open.append(Open("(", function.closing, place))

    def apply(self, token: Lexeme, function: Application) -> None:
        """A function without parentheses."""
        place = self.begin(token, "function")
        self.emit(function.opening[:-1], token)
        self.out.append(("(", token.end, token.end))
        self.skip_blanks()
        self.open.append(Open("function", function.closing, place))

    def skip_blanks(self) -> None:
        """What is between a function and its argument is not written."""
        self.end = self.next.start

    def power_of_function(self, token: Lexeme) -> str | None:
        """The exponent between a function and its argument, which is then taken; None where there is none."""
        place, sign, text = self.k, "", self.tokens[self.k].text
        if self.tokens[place].kind == "raised":
            text, place = self.tokens[place].text, place + 1
        elif text in ("^", "**"):
            braces = self.tokens[place + 1].text == "{"
            place += 1 + braces
            if self.tokens[place].text == "-":
                sign, place = "-", place + 1
            text = self.tokens[place].text
            letter = self.tokens[place].kind == "name" and token.text.lower() != "exp"
            if self.tokens[place].kind != "number" and not letter:
                return None
            place += 1 + braces
        else:
            return None
        behind = self.tokens[place]
        if not (behind.text in ("(", "{") and behind.kind == "sign" or self.argument_follows(place)):
            return None
        self.end, self.k = self.tokens[place - 1].end, place
        return f"{sign}{text}"

    def raised_function(self, token: Lexeme, function: Application, power: str) -> None:
        """`sin^2 x` is sin(x)^2; `sin^-1 x` is read in two ways."""
        opening, closing = function
        if power == "-1":
            inverse = INVERSES.get(opening[:-1])
            if inverse and not self.choose(token):
                opening = f"{inverse}("
            else:
                opening, closing = f"(1/{opening}", f"{closing})"
        else:
            closing = f"{closing}^{power if power.isalnum() else f'({power})'}"
        applied = Application(opening, closing)
        if self.next.kind == "sign" and self.next.text in ("(", "{"):
            return self.call(token, applied)
        return self.apply(token, applied)

    # --- brackets
    def bracket(self, token: Lexeme) -> None:
        top = self.top
        if token.text == "[" and top.operand is not None:  # an index
            operand = top.operand
            self.emit("[", token)
            return self.open.append(Open("[", "]", operand))
        place = self.begin(token, "bracket")
        opening, closing = _PAIRS[token.text]
        self.emit(opening, token)
        return self.open.append(Open(token.text, closing, place))

    def closing(self, token: Lexeme) -> None:
        self.close_all()
        top = self.top
        if _CLOSING[token.text] != {"{": "{"}.get(top.kind, top.kind) and not (top.kind == "(" and token.text in ")}"):
            return self.emit({"}": ")"}.get(token.text, token.text), token)
        self.emit(top.closing, token)
        self.open.pop()
        outer = self.top
        exponent = outer.exponent
        if outer.caret and exponent == top.place and top.closing == ")" and self.out[exponent][0] == "(":
            outer.exponent = None  # its end is marked
        rooted = top.wide
        outer.finish(top.place)
        outer.rooted = rooted
        return None

    def bar(self, token: Lexeme) -> None:
        opens = self.bars.get(self.k - 1)
        if opens:
            place = self.begin(token, "bar")
            self.emit("abs(", token)
            return self.open.append(Open("|", ")", place))
        if opens is None:
            return self.ending(token)
        self.close_all()
        self.emit(")", token)
        place = self.open.pop().place if self.top.kind == "|" else 0
        return self.top.finish(place)

    def root(self, token: Lexeme, function: str | None = None) -> None:
        function = ROOTS[token.text] if function is None else function
        applied = Application(f"{function}(") if function else Application("((", ")^(1/4))")
        if self.next.text in ("(", "{"):
            self.call(token, applied)
            self.top.wide = True
            return None
        if self.argument_follows(self.k):
            place = self.begin(token, "root")
            self.emit(applied.opening, token)
            self.skip_blanks()
            return self.open.append(Open("root", applied.closing, place))
        return self.ending(token)

    # --- behind an operand
    def raised(self, token: Lexeme) -> None:
        """A superscript."""
        if self.next.text == "√" and self.top.operand is None and token.text in ("2", "3", "4"):
            self.take()
            return self.root(token, {"2": "sqrt", "3": "cbrt", "4": ""}[token.text])
        power = f"^{token.text}" if token.text.isalnum() else f"^({token.text})"
        top = self.top
        if top.operand is None:
            return self.ending(token._replace(text=self.source[token.start : token.end]))
        if top.kind == "root" and not top.wide:
            if not self.choose(token):
                self.close()
        elif top.rooted and self.choose(token):
            self.out[-1:-1] = [(power, token.start, token.end)]
            return None
        elif top.exponent is not None and self.choose(token) and top.base is not None:
            self.wrap(top.base, "(")
            power = f"){power}"
        self.gap = ""
        self.emit(power, token)
        self.top.number = self.top.rooted = False
        self.top.raised = True
        return None

    def caret(self, token: Lexeme) -> None:
        top = self.top
        if top.operand is None:
            return self.emit(token.text, token)
        if top.kind == "root" and not top.wide:
            if self.choose(token):
                top.wide = True
            else:
                self.close()
        elif top.rooted and self.choose(token):
            last = self.out.pop()
            self.emit(token.text, token)
            self.out.append(last)
            return None
        elif top.raised and not self.choose(token):
            self.wrap(top.operand, "(")
            self.emit(")", token)
        top = self.top
        top.base = top.operand if top.exponent is None else top.base
        top.operand = top.exponent = None
        top.caret, top.spaced = True, token.blank or self.next.blank
        return self.emit("^" if token.text == "↑" else token.text, token)

    def factorial(self, token: Lexeme) -> None:
        if self.top.operand is None:
            return self.ending(token)
        if self.next.text == "!":
            raise self.double_factorial(token)
        while self.top.kind in ("function", "root") and not self.top.wide:
            if self.choose(token):
                self.top.wide = True
            else:
                self.close()
        top = self.top
        place = top.operand or 0
        if top.exponent is not None and top.base is not None and self.choose(token):
            place = top.base
        opening, closing = ("factorial(", ")") if "factorial" in FUNCTION_NAMES else ("gamma(", " + 1)")
        self.wrap(place, opening)
        self.gap = ""
        return self.emit(closing, token)

    def double_factorial(self, token: Lexeme) -> DiffError:
        said = message("'!!' is a double factorial, or the factorial of a factorial")
        hint = message("write gamma(gamma(n + 1) + 1) for the factorial of n!, or a product for the double factorial")
        return DiffError(said, self.source, (token.start, token.end + 1), hint)

    def degree(self, token: Lexeme) -> None:
        top = self.top
        if top.operand is None:
            return self.ending(token)
        self.wrap(top.operand, "(")
        self.gap = ""
        self.emit("*pi/180)", token)
        top.number = False
        return None

    # --- operators
    def additive(self, token: Lexeme) -> None:
        top = self.top
        if top.operand is not None:
            return self.ending(token)
        place = self.flush()
        if top.run is None:
            top.run = place
        if top.caret and top.exponent is None:
            top.exponent = place
        return self.emit(token.text, token)

    def multiplicative(self, token: Lexeme) -> None:
        while self.top.kind in _UNMARKED and self.top.operand is not None:
            top = self.top
            nested = len(self.open) > 1 and self.open[-2].kind == "function"
            if top.kind == "function" and not (self.function_follows() and not nested) and self.choose(token):
                top.wide = True
                break
            self.close()
        self.emit(token.text, token)
        self.top.renew(divided=token.text in "/@")

    def function_follows(self) -> bool:
        """Whether a function is next, with parentheses or without."""
        following, behind = self.next, self.tokens[min(self.k + 1, len(self.tokens) - 1)]
        if following.kind != "name" or following.text in _WORDS:
            return False
        return application(following.text, self.names, behind.text in ("(", "{")) is not None

    def ending(self, token: Lexeme) -> None:
        """A sign that ends every term."""
        self.close_all()
        self.emit(RELATIONS.get(token.text, token.text), token)
        self.top.renew()

    def percent(self, token: Lexeme) -> None:
        """`5%x` is five per cent of x, or a remainder; `x%` is plain."""
        self.close_all()
        operand = self.top.operand
        if operand is None:
            return self.ending(token)
        if not self.argument_follows(self.k) and self.next.text not in ("(", "-"):
            left = "".join(piece[0] for piece in self.out[operand:])
            said, hint = message("'%' is not a sign of this language"), message("write {what}", what=f"{left}/100")
            raise DiffError(said, self.source, (token.start, token.end), hint)
        per_cent = not self.choose(token)
        self.gap = ""
        self.skip_blanks()
        if per_cent:
            self.emit("/100*", token)
            return self.top.renew()
        self.wrap(operand, "mod(")
        self.emit(", ", token)
        self.open.append(Open("root", ")", operand, wide=True))
        return None

    def either(self, token: Lexeme) -> None:
        """`x ± 1` are two formulas."""
        sign = "-" if self.choose(token) else "+"
        self.additive(token._replace(text=sign))


_KINDS: dict[str, Callable[[Writer, Lexeme], None]] = {
    "name": Writer.name, "number": Writer.number, "raised": Writer.raised,
}  # fmt: skip
_SIGNS: dict[str, Callable[[Writer, Lexeme], None]] = {
    **dict.fromkeys("([{⌈⌊", Writer.bracket), **dict.fromkeys(_CLOSING, Writer.closing),
    **dict.fromkeys(ROOTS, Writer.root), **dict.fromkeys(FRACTIONS, Writer.fraction),
    **dict.fromkeys("+-", Writer.additive), **dict.fromkeys("*/@", Writer.multiplicative),
    **dict.fromkeys(("^", "**"), Writer.caret), "|": Writer.bar, "!": Writer.factorial, "°": Writer.degree,
    "%": Writer.percent, "±": Writer.either,
}  # fmt: skip
"""Who reads a sign; all others end every term."""
