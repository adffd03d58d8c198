"""Tokens -> postfix: operator precedence with an explicit stack.

The tree of an expression is held as the list of its nodes in postorder, each
with the tokens it is made of. Nothing recurses: ten thousand parentheses are
ordinary input. Precedences, loosest first: if-else, or, and, not, comparisons
(which chain), + and -, * / @, unary minus, power (right-associative). What to say
of text that cannot be read is known by `faults`.
"""

from __future__ import annotations

from diffcli.runtime.errors import DiffError
from diffcli.syntax.faults import CLOSING, Halt, Pending
from diffcli.syntax.mending import explained
from diffcli.syntax.spellings import FUNCTION_NAMES
from diffcli.syntax.tokens import is_number, spans, tokenize

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
_OPENED, _IF_ELSE, _COMPARE, _POWER = 0, 1, 5, 9

# How an operator between operands is pushed: what binds tighter than the first number is finished before.
_BINARY = {
    "or": (1, 2, "or"), "and": (2, 3, "and"), "+": (5, 6, "+"), "-": (5, 6, "-"), "*": (6, 7, "*"), "/": (6, 7, "/"),
    "@": (6, 7, "@"), "**": (9, 9, "**"), "^": (9, 9, "**"),
}  # fmt: skip
_COMPARISONS = frozenset(("<", "<=", ">", ">=", "==", "!="))
_UNARY = {"-": 8, "+": 8, "not": 4}
_NAMED = {"[": "vector"}

# What may stand where an operand is awaited; names and numbers join them as they are met.
_AWAITED = {
    **dict.fromkeys(_UNARY, "unary"), **dict.fromkeys("([", "open"), **dict.fromkeys(")]", "close"),
    **dict.fromkeys(("", "\n", ";", ","), "end"), **dict.fromkeys(("if", "else", "and", "or"), "other"),
}  # fmt: skip


def parse(source: str, separators: str = ";\n") -> list[Node]:
    """The nodes of all statements of `source`, in postorder.

    `separators` are what ends a statement outside brackets; with a comma among
    them, `x=1, y=2` is two bindings.

    >>> [value for _, value, *_ in parse("-x^2")]
    ['x', '2', '**', '-', '']
    """
    try:
        return nodes_of(source, separators)
    except DiffError as error:
        raise explained(error, lambda text: nodes_of(text, separators)) from None


def nodes_of(source: str, separators: str = ";\n") -> list[Node]:
    """As `parse`; where reading halts, the error knows its own place alone."""
    tokens = tokenize(source)
    nodes: list[Node] = []
    firsts: list[int] = []  # the first token of each finished operand
    stack: list[Pending] = [_GROUND]
    sorts = _AWAITED.copy()
    bound: tuple[str, int] | None = None
    statement = 0  # where in `nodes` it began
    brackets = 0
    last = 0  # the last token of what is finished
    operand_next = True

    def halt(number: int) -> Halt:
        empty = not nodes and bound is None and len(stack) == 1
        return Halt(source, number, last, firsts, stack[1:], empty)

    def reduce(loosest: int) -> None:
        """Finish the pending operators that bind tighter than `loosest`."""
        while stack[-1][0] > loosest:
            _, kind, value, operands, first = stack.pop()
            if kind == "unary":
                if value == "+":
                    continue
                firsts[-1] = first
            elif kind == "if":
                raise halt(first).if_without_else()
            else:
                del firsts[1 - operands :]
            nodes.append((kind, value, operands, firsts[-1], last))

    def close(number: int, operands: int) -> None:
        """Finish the bracket that is open, which has so many operands."""
        nonlocal brackets, last
        _, kind, value, _, first = stack[-1]
        if CLOSING.get(kind) != tokens[number]:
            raise halt(number).closes_nothing()
        stack.pop()
        brackets -= 1
        last = number
        if kind == "index":
            first = firsts[-operands]
        if operands:
            del firsts[len(firsts) + 1 - operands :]
            firsts[-1] = first
        else:
            firsts.append(first)
        if kind != "(":
            nodes.append((_NAMED.get(kind, kind), value, operands, first, number))

    numbered = enumerate(tokens)
    for number, token in numbered:
        if operand_next:
            sort = sorts.get(token)
            if sort is None:
                sort = "name" if token.isidentifier() else "number" if is_number(token) else "other"
                sorts[token] = sort
            if sort == "name":
                following = tokens[number + 1]
                if following == "(":
                    if token not in FUNCTION_NAMES:
                        raise halt(number).unknown_function()
                    if len(stack) > DEEPEST:
                        raise halt(number).too_deep(DEEPEST)
                    stack.append((_OPENED, "call", token, 1, number))
                    brackets += 1
                    next(numbered)
                    continue
                if following == "=" and bound is None and len(stack) == 1 and statement == len(nodes):
                    bound = token, number
                    next(numbered)
                    continue
            if sort == "name" or sort == "number":
                nodes.append((sort, token, 0, number, number))
                firsts.append(number)
                last = number
                operand_next = False
            elif sort == "open" or sort == "unary":
                if len(stack) > DEEPEST:
                    raise halt(number).too_deep(DEEPEST)
                if sort == "unary":
                    stack.append((_UNARY[token], sort, token, 1, number))
                else:
                    stack.append((_OPENED, token, "", 1, number))
                    brackets += 1
            elif sort == "close" and stack[-1][1] in ("call", "["):
                if stack[-1][3] > 1:
                    raise halt(number).operand_behind_comma()
                if stack[-1][1] == "[" and token == "]":
                    raise halt(number).empty_vector()
                close(number, 0)
                operand_next = False
            elif token == "\n" and (brackets or len(stack) > 1):
                continue
            else:  # an empty statement, if anything
                ends = sort == "end" and not (token and (brackets or token not in separators))
                if not ends or len(stack) > 1 or bound or not (token or nodes):
                    raise halt(number).missing_operand()
                if not token:
                    break
            continue

        if token in _BINARY:
            loosest, precedence, value = _BINARY[token]
            if stack[-1][0] > loosest:
                reduce(loosest)
            if precedence == _POWER and len(stack) > DEEPEST:
                raise halt(number).too_deep(DEEPEST)
            stack.append((precedence, "binary", value, 2, number))
            operand_next = True
        elif token == ")" or token == "]":
            if stack[-1][0] > _OPENED:
                reduce(_OPENED)
            close(number, stack[-1][3])
        elif token == "\n" and brackets:
            continue
        elif not token or token in separators and not brackets:
            reduce(_OPENED)
            if len(stack) > 1:
                raise halt(number).never_closed()
            name, first = bound or ("", firsts[-1])
            nodes.append(("bind" if bound else "result", name, 1, first, last))
            firsts.clear()
            bound, statement, operand_next = None, len(nodes), True
            if not token:
                break
        else:
            operand_next = True
            if token == ",":
                reduce(_OPENED)
                precedence, kind, value, operands, first = stack[-1]
                if kind in ("", "("):
                    raise halt(number).stray_comma()
                stack[-1] = precedence, kind, value, operands + 1, first
            elif token in _COMPARISONS:
                reduce(_COMPARE)
                precedence, kind, value, operands, first = stack[-1]
                if kind == "compare":
                    stack[-1] = precedence, kind, f"{value} {token}", operands + 1, first
                else:
                    stack.append((_COMPARE, "compare", token, 2, number))
            elif token == "if":
                reduce(_IF_ELSE)
                stack.append((_IF_ELSE, "if", "if", 3, number))
            elif token == "else":
                reduce(_IF_ELSE)
                if stack[-1][1] != "if":
                    raise halt(number).else_without_if()
                stack[-1] = (_IF_ELSE, "ifelse", "else", 3, stack[-1][4])
            elif token == "[":
                if len(stack) > DEEPEST:
                    raise halt(number).too_deep(DEEPEST)
                stack.append((_OPENED, "index", "", 2, number))
                brackets += 1
            else:
                raise halt(number).no_operator()
    return nodes


def span(source: str, node: Node) -> tuple[int, int]:
    """Where a node stands: from its first character to behind its last."""
    stand = spans(source)
    return stand[node[3]][0], stand[node[4]][1]
