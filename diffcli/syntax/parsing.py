"""Tokens -> postfix: operator precedence with an explicit stack.

The tree of an expression is held as the list of its nodes in postorder, each
with the tokens it is made of. Nothing recurses: ten thousand parentheses are
ordinary input. Precedences, loosest first: if-else, or, and, not, comparisons
(which chain), + and -, * / @, unary minus, power (right-associative). What to say
of text that cannot be read is known by `faults`.

The method is operator-precedence parsing with one stack of pending operators (R. W. Floyd,
"Syntactic analysis and operator precedence", J. ACM 10, 1963; E. W. Dijkstra's shunting yard):
operands go straight to the output, an operator waits until one that binds less tightly comes.
"""

from __future__ import annotations

from collections.abc import Callable

from diffcli.runtime.errors import DiffError
from diffcli.syntax.faults import CLOSING, Halt, Pending
from diffcli.syntax.mending import explained
from diffcli.syntax.spellings import FUNCTION_NAMES
from diffcli.syntax.tokens import is_name, is_number, spans, tokenize

DEEPEST = 100_000
"""Open parentheses and pending operators beyond this many are refused."""

Node = tuple[str, str, int, int, int]
"""(kind, value, operands, first, last): one node in postorder.

`kind` is "number", "name", "unary", "binary", "compare", "ifelse", "call", "vector",
"index", and for a finished statement "bind" or "result". `value` is the text of the
operator or name (for "compare" the operators of the chain, separated by blanks),
`operands` how many nodes it takes, `first` and `last` the numbers of its tokens.
"""

_GROUND: Pending = (-1, "", "", 0, -1)
_OPENED, _IF_ELSE, _COMPARE = 0, 1, 5

# How an operator between operands is pushed: what binds tighter than the first number is finished before.
_BINARY = {
    "or": (1, 2, "or"), "and": (2, 3, "and"), "+": (5, 6, "+"), "-": (5, 6, "-"), "*": (6, 7, "*"), "/": (6, 7, "/"),
    "@": (6, 7, "@"), "**": (9, 9, "**"), "^": (9, 9, "**"),
}  # fmt: skip
_COMPARISONS = ("<", "<=", ">", ">=", "==", "!=")
_UNARY = {"-": 8, "+": 8, "not": 4}

Readers = dict[str, Callable[["Parser", int, str], "Readers"]]
"""Who reads a token, by its text."""


def parse(source: str, separators: str = ";\n") -> list[Node]:
    """The nodes of all statements of `source`, in postorder.

    `separators` are what ends a statement outside brackets; with a comma among
    them, `x=1, y=2` is two bindings.

    Raises DiffError with the place of the fault, what to type instead, and where the whole text
    has one reading, that.

    >>> [value for _, value, *_ in parse("-x^2")]
    ['x', '2', '**', '-', '']
    """
    try:
        return nodes_of(source, separators)
    except DiffError as error:
        raise explained(error, lambda text: nodes_of(text, separators)) from None


def nodes_of(source: str, separators: str = ";\n") -> list[Node]:
    """As `parse`; where reading halts, the error knows its own place alone."""
    return Parser(source, separators).read()


class Parser:
    """Reads a text from left to right, one token a step; what is awaited is an operand or an operator.

    A finished operand is the last of `nodes`, and its first token the last of `firsts`; what is not
    finished waits on `pending`. Every method that takes a token gives the readers of the next one.
    """

    __slots__ = (
        "bound", "brackets", "firsts", "last", "nodes", "numbered", "operands", "pending", "separators", "source",
        "tokens",
    )  # fmt: skip

    def __init__(self, source: str, separators: str) -> None:
        self.source, self.separators = source, separators
        self.tokens = tokenize(source)
        self.numbered = enumerate(self.tokens)
        self.operands = _OPERANDS.copy()  # names and numbers join them as they are met
        self.nodes: list[Node] = []
        self.firsts: list[int] = []
        self.pending: list[Pending] = [_GROUND]
        self.bound: tuple[str, int] | None = None  # the name that the statement binds, and where it stands
        self.brackets = 0
        self.last = 0  # the last token of what is finished

    def read(self) -> list[Node]:
        """The nodes of all statements."""
        readers = self.operands
        for number, token in self.numbered:
            read = readers.get(token)
            if read is None:
                read = self.classify(number, token, readers)
            readers = read(self, number, token)
        return self.nodes

    def classify(self, number: int, token: str, readers: Readers) -> Callable[[Parser, int, str], Readers]:
        """The reader of a token that stands in no table: of a name or a number, where an operand is awaited."""
        if readers is _OPERATORS:
            raise self.halt(number).no_operator()
        if not is_name(token) and not is_number(token):
            raise self.halt(number).missing_operand()
        self.operands[token] = reader = Parser.name if is_name(token) else Parser.number
        return reader

    def halt(self, number: int) -> Halt:
        """Where reading halts: at this token."""
        empty = not self.nodes and self.bound is None and len(self.pending) == 1
        return Halt(self.source, number, self.last, self.firsts, self.pending[1:], empty)

    # --- where an operand is awaited
    def number(self, number: int, token: str) -> Readers:
        self.nodes.append(("number", token, 0, number, number))
        self.firsts.append(number)
        self.last = number
        return _OPERATORS

    def name(self, number: int, token: str) -> Readers:
        """A variable; before a parenthesis a function, and before = what the statement binds."""
        following = self.tokens[number + 1]
        if following == "(":
            return self.function(number, token)
        if following == "=" and self.bound is None and len(self.pending) == 1:
            self.bound = token, number
            next(self.numbered)
            return self.operands
        self.nodes.append(("name", token, 0, number, number))
        self.firsts.append(number)
        self.last = number
        return _OPERATORS

    def function(self, number: int, token: str) -> Readers:
        if token not in FUNCTION_NAMES:
            raise self.halt(number).unknown_function()
        next(self.numbered)
        return self.open((_OPENED, "call", token, 1, number))

    def parenthesis(self, number: int, token: str) -> Readers:
        return self.open((_OPENED, token, "", 1, number))

    def unary(self, number: int, token: str) -> Readers:
        return self.nest((_UNARY[token], "unary", token, 1, number))

    def close_empty(self, number: int, token: str) -> Readers:
        """`f()` has no operands; nothing else may be empty, or end in a comma."""
        _, kind, _, operands, first = self.pending[-1]
        if kind not in ("call", "["):
            raise self.halt(number).missing_operand()
        if operands > 1:
            raise self.halt(number).operand_behind_comma()
        if kind == "[" and token == "]":
            raise self.halt(number).empty_vector()
        if CLOSING[kind] != token:
            raise self.halt(number).closes_nothing()
        self.firsts.append(first)
        return self.finish_bracket(number, 0)

    def end_empty(self, number: int, token: str) -> Readers:
        """The end of an empty statement, if that: lines go on within brackets and behind operators."""
        if token == "\n" and (self.brackets or len(self.pending) > 1):
            return self.operands
        separates = not self.brackets and token in self.separators if token else self.nodes
        if not separates or len(self.pending) > 1 or self.bound:
            raise self.halt(number).missing_operand()
        return self.operands

    def no_operand(self, number: int, _: str) -> Readers:
        raise self.halt(number).missing_operand()

    # --- where an operator is awaited
    def binary(self, number: int, token: str) -> Readers:
        loosest, precedence, value = _BINARY[token]
        if self.pending[-1][0] > loosest:
            self.finish(loosest)
        self.pending.append((precedence, "binary", value, 2, number))
        return self.operands

    def power(self, number: int, token: str) -> Readers:
        """Powers wait for one another: they nest to the right."""
        loosest, precedence, value = _BINARY[token]
        self.finish(loosest)
        return self.nest((precedence, "binary", value, 2, number))

    def comparison(self, number: int, token: str) -> Readers:
        """A comparison, or one more link of a chain."""
        self.finish(_COMPARE)
        precedence, kind, value, operands, first = self.pending[-1]
        if kind == "compare":
            self.pending[-1] = precedence, kind, f"{value} {token}", operands + 1, first
        else:
            self.pending.append((_COMPARE, "compare", token, 2, number))
        return self.operands

    def condition(self, number: int, token: str) -> Readers:
        self.finish(_IF_ELSE)
        self.pending.append((_IF_ELSE, "if", token, 3, number))
        return self.operands

    def otherwise(self, number: int, token: str) -> Readers:
        self.finish(_IF_ELSE)
        _, kind, _, operands, first = self.pending[-1]
        if kind != "if":
            raise self.halt(number).else_without_if()
        self.pending[-1] = _IF_ELSE, "ifelse", token, operands, first
        return self.operands

    def index(self, number: int, _: str) -> Readers:
        return self.open((_OPENED, "index", "", 2, number))

    def close(self, number: int, token: str) -> Readers:
        """The end of a bracket; `(` leaves no node, for it only groups."""
        if self.pending[-1][0] > _OPENED:
            self.finish(_OPENED)
        _, kind, _, operands, first = self.pending[-1]
        if CLOSING.get(kind) != token:
            raise self.halt(number).closes_nothing()
        firsts = self.firsts
        if kind == "index":
            first = firsts[-operands]
        if operands > 1:
            del firsts[1 - operands :]
        firsts[-1] = first
        return self.finish_bracket(number, operands)

    def comma(self, number: int, token: str) -> Readers:
        """One more operand of the bracket that is open; or the end of a statement."""
        if token in self.separators and not self.brackets:
            return self.end(number, token)
        self.finish(_OPENED)
        precedence, kind, value, operands, first = self.pending[-1]
        if kind in ("", "("):
            raise self.halt(number).stray_comma()
        self.pending[-1] = precedence, kind, value, operands + 1, first
        return self.operands

    def line(self, number: int, token: str) -> Readers:
        """Lines go on within brackets."""
        return _OPERATORS if self.brackets else self.separator(number, token)

    def separator(self, number: int, token: str) -> Readers:
        if self.brackets or token not in self.separators:
            raise self.halt(number).no_operator()
        return self.end(number, token)

    def end(self, number: int, _: str) -> Readers:
        """A statement is finished, with all that it has opened."""
        self.finish(_OPENED)
        if len(self.pending) > 1:
            raise self.halt(number).never_closed()
        name, first = self.bound or ("", self.firsts[-1])
        self.nodes.append(("bind" if self.bound else "result", name, 1, first, self.last))
        self.firsts.clear()
        self.bound = None
        return self.operands

    # --- what waits, and what is finished
    def nest(self, pending: Pending) -> Readers:
        """Wait within what waits already; an operand is next."""
        if len(self.pending) > DEEPEST:
            raise self.halt(pending[-1]).too_deep(DEEPEST)
        self.pending.append(pending)
        return self.operands

    def open(self, bracket: Pending) -> Readers:
        self.nest(bracket)
        self.brackets += 1
        return self.operands

    def finish(self, loosest: int) -> None:
        """Write the nodes of the pending operators that bind tighter than `loosest`."""
        nodes, pending, firsts = self.nodes, self.pending, self.firsts
        while pending[-1][0] > loosest:
            _, kind, value, operands, first = pending.pop()
            if kind == "binary":
                firsts.pop()
            elif kind == "unary":
                if value == "+":
                    continue
                firsts[-1] = first
            elif kind == "if":
                raise self.halt(first).if_without_else()
            else:
                del firsts[1 - operands :]
            nodes.append((kind, value, operands, firsts[-1], self.last))

    def finish_bracket(self, number: int, operands: int) -> Readers:
        """Write the node of the bracket that ends here, which has so many operands."""
        _, kind, value, _, _ = self.pending.pop()
        self.brackets -= 1
        self.last = number
        if kind != "(":
            self.nodes.append(("vector" if kind == "[" else kind, value, operands, self.firsts[-1], number))
        return _OPERATORS


_OPERANDS: Readers = {
    **dict.fromkeys(_UNARY, Parser.unary),
    **dict.fromkeys("([", Parser.parenthesis),
    **dict.fromkeys(")]", Parser.close_empty),
    **dict.fromkeys(("", "\n", ";", ","), Parser.end_empty),
    **dict.fromkeys(("if", "else", "and", "or"), Parser.no_operand),
}
"""Who reads a token where an operand is awaited; names and numbers join them as they are met."""

_OPERATORS: Readers = {
    **dict.fromkeys(_BINARY, Parser.binary),
    **dict.fromkeys(("**", "^"), Parser.power),
    **dict.fromkeys(_COMPARISONS, Parser.comparison),
    **dict.fromkeys(")]", Parser.close),
    "if": Parser.condition, "else": Parser.otherwise, "[": Parser.index, ",": Parser.comma,
    "\n": Parser.line, ";": Parser.separator, "": Parser.end,
}  # fmt: skip
"""Who reads a token where an operator is awaited."""


def span(source: str, node: Node) -> tuple[int, int]:
    """Where a node stands: from its first character to behind its last."""
    stand = spans(source)
    return stand[node[3]][0], stand[node[4]][1]
