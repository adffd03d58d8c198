"""Postfix nodes -> Program: what names mean, which functions there are, what is shared.

The expression becomes exactly the operations typed, in their order; only a name
that was bound is shared. Vectors and matrices are taken apart here (`shapes`),
so that programs stay scalar.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cache, partial, reduce
from math import inf, isfinite
from typing import cast

from diffcli.core.passes import pruned
from diffcli.core.primitives import (
    ARITY,
    BOOLEAN,
    CODE,
    CONST,
    DEFINITIONS,
    FUNCTIONS,
    INPUT,
    NAMED_CONSTANTS,
    OF_VECTORS,
    PARAMETRIC_FUNCTIONS,
    PRIMITIVES,
    SELECT,
    VECTOR_FUNCTIONS,
)
from diffcli.core.program import Builder, Call, Constant, Program
from diffcli.runtime.errors import DiffError, brief
from diffcli.runtime.messages import OR, Message, listing, message, message_of
from diffcli.syntax import shapes
from diffcli.syntax.mending import explained
from diffcli.syntax.parsing import Node, nodes_of, span
from diffcli.syntax.reading import read
from diffcli.syntax.shapes import Mismatch, Shape, Tensor, Value
from diffcli.syntax.spellings import FUNCTION_NAMES
from diffcli.syntax.translation import Translation

_SPELLINGS: dict[str, Constant] = {
    spelling: name for name, spellings in NAMED_CONSTANTS.items() for spelling in spellings
}
_ADD, _SUB, _MUL, _DIV, _NEG, _POW, _NE, _NOT = (
    CODE[name] for name in ("add", "sub", "mul", "div", "neg", "pow", "ne", "not")
)
_ARITHMETIC = {"+": _ADD, "-": _SUB, "*": _MUL, "/": _DIV}
_COMPARE = {"<": CODE["lt"], "<=": CODE["le"], ">": CODE["gt"], ">=": CODE["ge"], "==": CODE["eq"], "!=": _NE}
_FOLD: dict[int, Callable[[Fraction, Fraction], Fraction]] = {
    _ADD: Fraction.__add__,
    _SUB: Fraction.__sub__,
    _MUL: Fraction.__mul__,
}


@dataclass(frozen=True)
class Expression:
    """A text that was understood: its program, and what a reader should be told of it.

    `shapes` has the free variables in order of appearance; each entry of a
    vector is an input of the program of its own, `v[0]`. `shape` is the shape of
    the result, whose entries are the program's outputs. Where a Python function was
    `traced`, the text is its name. `reading` is the text in plain syntax, where it was typed otherwise.
    """

    source: str
    program: Program
    shapes: dict[str, Shape]
    shape: Shape = ()
    bindings: dict[str, int] = field(default_factory=dict)
    notes: tuple[Message, ...] = ()
    scalar: bool = True
    traced: bool = False
    reading: Translation | None = None

    @property
    def plain(self) -> str:
        """The text in plain syntax."""
        return self.source if self.reading is None else self.reading.text

    @property
    def name(self) -> str:
        """What the text calls the function: y in `y = x^2`."""
        return self.reading and self.reading.name or "f"

    def span(self, span: tuple[int, int] | None) -> tuple[int, int] | None:
        """Where a part of the plain text was typed."""
        return span if span is None or self.reading is None else self.reading.span(span)

    @property
    def variables(self) -> tuple[str, ...]:
        """Free variables in order of appearance."""
        return tuple(self.shapes)


class Elaborator:
    """Interprets postfix nodes by writing equations; its stack holds equation numbers, and tensors of them.

    A literal whose minus or power comes next is there as the float it is.
    """

    def __init__(
        self, source: str, given: Mapping[str, Shape], constants: Mapping[str, Constant] | None = None
    ) -> None:
        """`given` has the shapes of the names in the point.

        `constants`, where given, are the names of a rule: then exact arithmetic on literals is folded.
        """
        self.source = self.typed = source
        self.given = given
        self.constants = _SPELLINGS if constants is None else constants
        self.fold = constants is not None
        self.names: dict[str, int] = {}  # entries of free variables -> input numbers
        self.shapes: dict[str, Shape] = {}  # free variables
        self.scalar = True
        self.builder = Builder(())
        self.scope: dict[str, Value] = {}
        self.stack: list[Value] = []
        self.boolean: set[int] = set()
        self.notes: list[Message] = []
        self.constants_read: set[str] = set()
        self.calls: list[Call] = []

    def fail(self, said: Message, node: Node, hint: Message | None = None, kind: str = "syntax") -> DiffError:
        return DiffError(said, self.source, span(self.source, node), hint, kind)

    # --- equations
    def emit(self, code: int, *arguments: int) -> int:
        if self.fold and code in _FOLD:
            left, right = (self.exact(argument) for argument in arguments)
            if code == _MUL and 0 in (left, right):
                return self.zero()
            if left is not None and right is not None:
                return self.builder.constant(_FOLD[code](left, right))
        result = self.builder.emit(code, *arguments)
        if code in BOOLEAN:
            self.boolean.add(result)
        return result

    def exact(self, equation: int) -> Fraction | None:
        """The value of a literal equation."""
        value = self.payload(equation)
        return Fraction(value) if isinstance(value, Fraction) or isinstance(value, float) and isfinite(value) else None

    def payload(self, equation: int) -> Constant | None:
        builder = self.builder
        return builder.constants[builder.a[equation]] if builder.ops[equation] == CONST else None

    def power(self, base: int, exponent: int) -> int:
        """A power; a literal exponent makes it the parametric primitive."""
        literal = self.payload(exponent)
        if literal is None or isinstance(literal, str) or not isfinite(literal):
            return self.emit(_POW, base, exponent)
        return self.powered(literal, base)

    def powered(self, literal: Constant, base: int) -> int:
        if self.fold and literal == 1:
            return base
        return self.builder.parametric("powc", base, literal)

    def condition(self, equation: int) -> int:
        """A number as a condition: whether it is not zero."""
        if self.is_condition(equation):
            return equation
        return self.emit(_NE, equation, self.builder.constant(0.0))

    def select(self, condition: int, yes: int, no: int) -> int:
        result = self.builder.emit(SELECT, self.condition(condition), yes, no)
        if self.is_condition(yes) and self.is_condition(no):
            self.boolean.add(result)
        return result

    def is_condition(self, equation: int) -> bool:
        """Whether its value can only be 0 or 1."""
        return equation in self.boolean or repr(self.payload(equation)) in ("0.0", "1.0")

    def both(self, left: int, right: int) -> int:
        """`left and right`, by choice: the right side is evaluated only if the left holds."""
        return self.as_condition(self.builder.emit(SELECT, self.condition(left), self.condition(right), self.zero()))

    def either(self, left: int, right: int) -> int:
        one = self.builder.constant(1.0)
        return self.as_condition(self.builder.emit(SELECT, self.condition(left), one, self.condition(right)))

    def as_condition(self, equation: int) -> int:
        self.boolean.add(equation)
        return equation

    def zero(self) -> int:
        return self.builder.constant(0.0)

    # --- shapes
    def each(self, node: Node, operation: Callable[..., int], *values: Value) -> Value:
        """`operation` entry by entry, with NumPy's broadcasting."""
        for value in values:
            if isinstance(value, Tensor):
                return self.shaped(node, partial(shapes.each, operation), *values)
        return operation(*values)

    def shaped(self, node: Node, function: Callable[..., Value], *values: Value) -> Value:
        """A function of shapes; what does not fit is an error at the node."""
        try:
            return function(*values)
        except Mismatch as mismatch:
            said = node[1] or {"vector": "[…]"}.get(node[0], "")
            fault = message_of(mismatch)
            told = message("{name}: {message}", name=said, message=fault) if said else fault
            raise self.fail(told, node, kind="shape") from None

    # --- nodes
    def run(self, nodes: list[Node]) -> list[Value]:
        """Interpret statements; what is left is the value of the last one."""
        if nodes[-1][0] == "bind":
            raise self.nothing_wanted(nodes)
        stack, scope, literal = self.stack, self.scope, self.literal
        push, pop = stack.append, stack.pop
        emit = self.emit if self.fold else self.builder.emit
        for position, node in enumerate(nodes):
            kind, value = node[0], node[1]
            if kind == "binary":
                right, left, code = pop(), pop(), _ARITHMETIC.get(value)
                if code is not None and type(left) is int and type(right) is int:
                    push(emit(code, left, right))
                else:
                    push(self.binary(node, left, right))
            elif kind == "name":
                known = scope.get(value)
                push(self.name(node) if known is None else known)
            elif kind == "number":
                push(literal(self.number(node), nodes, position))
            elif kind == "unary":
                operand = pop()
                if type(operand) is float:
                    push(literal(-operand, nodes, position))
                else:
                    push(self.unary(node, operand))
            elif kind == "call" and (value, node[2]) in _ELEMENTARY and type(stack[-1]) is int:
                push(emit(_ELEMENTARY[value, 1], pop()))
            elif kind == "bind":
                self.bind(node)
            elif kind != "result":
                push(_NODES[kind](self, node, self.take(node[2])))
            elif position + 1 < len(nodes):
                raise self.fail(
                    message("the value of this statement is not used"), node, message("bind it to a name: a = …")
                )
        return self.take(1)

    def nothing_wanted(self, nodes: list[Node]) -> DiffError:
        """The error of statements that end in a binding."""
        name = brief(nodes[-1][1])
        hint = message("end with what is wanted: …; {name}", name=name)
        mended: tuple[str, ...] = ()
        if sum(kind == "bind" for kind, *_ in nodes) == 1:  # an equation, most likely
            hint = message("write only what stands behind the =, or end with what is wanted: …; {name}", name=name)
            before, _, right = self.source.partition("=")
            mended = (right.strip(),) if before.strip() == nodes[-1][1] else ()
        return replace(self.fail(message("the last statement is no expression"), nodes[-1], hint), mended=mended)

    def take(self, count: int) -> list[Value]:
        taken = self.stack[len(self.stack) - count :]
        del self.stack[len(self.stack) - count :]
        return taken

    def number(self, node: Node) -> float:
        try:
            number = float(node[1])
        except ValueError:
            hint = message("digits may be grouped by single underscores")
            raise self.fail(message("'{text}' is no number", text=brief(node[1])), node, hint) from None
        if number == inf:
            hint = message("float64 ends at 1.8e308; for infinity itself write inf")
            raise self.fail(message("'{text}' is beyond float64", text=brief(node[1])), node, hint)
        return number

    def literal(self, number: float, nodes: list[Node], position: int) -> float | int:
        """The equation that loads the literal of a node; the number itself where a minus or a power takes it over."""
        kind, value, *_ = nodes[position + 1]
        if kind == "unary" and value == "-" and nodes[position][0] == "number":
            return number
        if kind == "binary" and value == "**" and isfinite(number):
            return number
        return self.builder.constant(number)

    def name(self, node: Node) -> Value:
        name = node[1]
        constant = self.constants.get(name)
        if constant is not None and name not in self.given:
            self.constants_read.add(name)
            return self.builder.constant(float("inf") if constant == "inf" else constant)
        if constant is not None:
            self.notes.append(message("{name} is the variable of the point here, not the constant", name=name))
        shape = self.given.get(name, ())
        self.shapes[name] = shape
        if not shape:
            self.scope[name] = entry = self.entry(name)
            return entry
        entries = [self.entry(name + shapes.subscript(place)) for place in shapes.places(shape)]
        self.scalar = False
        self.scope[name] = value = shapes.tensor(shape, entries)
        return value

    def entry(self, name: str) -> int:
        return self.builder.input(self.names.setdefault(name, len(self.names)))

    def unary(self, node: Node, operand: Value) -> Value:
        return self.each(node, self.negation if node[1] == "not" else self.minus, operand)

    def negation(self, operand: int) -> int:
        return self.emit(_NOT, self.condition(operand))

    def minus(self, operand: int) -> int:
        value = self.payload(operand) if self.fold else None
        if isinstance(value, Fraction):
            return self.builder.constant(-value)
        return self.emit(_NEG, operand)

    def binary(self, node: Node, left: Value, right: Value) -> Value:
        operator = node[1]
        if operator == "@":
            return self.matmul(node, left, right)
        if operator == "**":
            if isinstance(left, Tensor) and len({*left.shape}) == 1 < len(left.shape) and not isinstance(right, Tensor):
                self.of_matrix(node)
            if type(right) is float:
                return self.each(node, partial(self.powered, right), left)
            return self.each(node, self.power, left, right)
        if operator == "and":
            return self.each(node, self.both, left, right)
        if operator == "or":
            return self.each(node, self.either, left, right)
        return self.each(node, partial(self.emit, _ARITHMETIC[operator]), left, right)

    def of_matrix(self, node: Node) -> None:
        """A power of a matrix is read as the inverse, or as a product of matrices, by half of all readers."""
        text = self.source[slice(*span(self.source, node))]
        if self.source is self.typed and len(text) <= 30:  # not within the text of a definition
            template = "{name} is taken entry by entry here; the matrix product is {product}"
            self.notes.append(message(template, name=text, product="A @ B"))

    def compare(self, node: Node, operands: list[Value]) -> Value:
        operators = node[1].split()
        links = [
            self.each(renamed(node, operator), partial(self.emit, _COMPARE[operator]), left, right)
            for operator, left, right in zip(operators, operands, operands[1:], strict=False)
        ]
        result = links[-1]
        for link in reversed(links[:-1]):
            result = self.each(renamed(node, "and"), self.both, link, result)
        return result

    def if_else(self, node: Node, operands: list[Value]) -> Value:
        yes, condition, no = operands
        if isinstance(condition, Tensor):
            hint = message("write where(condition, a, b) to choose entry by entry")
            raise self.fail(message("the condition of if is a vector, not one number"), node, hint, "shape")
        return self.each(renamed(node, "if"), self.select, condition, yes, no)

    # --- vectors and matrices
    def vector(self, node: Node, entries: list[Value]) -> Value:
        self.scalar = False
        return self.shaped(node, lambda *values: shapes.stack(values), *entries)

    def index(self, node: Node, operands: list[Value]) -> Value:
        value, *indices = operands
        numbers = [self.whole(index) for index in indices]
        if None in numbers:
            function, bracket, inside = self.source[slice(*span(self.source, node))].partition("[")
            called = bracket and function.strip() in FUNCTION_NAMES
            hint = (
                message("write {what}", what=f"{function.strip()}({inside[:-1]})")
                if called
                else message("write v[0], or M[1, 0]")
            )
            raise self.fail(message("an index is a whole number, as it stands"), node, hint, "shape")
        if not isinstance(value, Tensor) and self.builder.ops[value] == INPUT:
            name = list(self.names)[self.builder.a[value]]
            if name in self.shapes and name not in self.given:
                raise self.fail(
                    message("the variable {name} has no value", name=name),
                    node,
                    message('add --at "{point}"', point=f"{name}=[1, 2, 3]"),
                    "missing",
                )
        return self.shaped(node, partial(shapes.pick, index=cast("list[int]", numbers)), value)

    def whole(self, value: Value) -> int | None:
        """The value of a literal whole number."""
        literal = None if isinstance(value, Tensor) else self.exact(value)
        return None if literal is None or literal.denominator != 1 else int(literal)

    def matmul(self, node: Node, left: Value, right: Value) -> Value:
        if isinstance(left, Tensor) and isinstance(right, Tensor) or node[1] != "dot":
            return self.shaped(
                node, partial(shapes.matmul, partial(self.emit, _MUL), partial(self.emit, _ADD)), left, right
            )
        return self.each(node, partial(self.emit, _MUL), left, right)

    def reduced(self, node: Node, value: Value) -> Value:
        """`sum`, `prod`, `max` and `min` of all entries."""
        code = {"sum": _ADD, "prod": _MUL}.get(node[1]) or FUNCTIONS[node[1]]
        return shapes.fold(partial(self.emit, code), value)

    def mean(self, node: Node, value: Value) -> Value:
        del node
        total = shapes.fold(partial(self.emit, _ADD), value)
        return self.emit(_DIV, total, self.builder.constant(float(len(shapes.entries_of(value)))))

    def transpose(self, node: Node, value: Value) -> Value:
        del node
        return shapes.transpose(value)

    def outer(self, node: Node, left: Value, right: Value) -> Value:
        return self.shaped(node, partial(shapes.outer, partial(self.emit, _MUL)), left, right)

    def bind(self, node: Node) -> None:
        (value,) = self.take(1)
        name = node[1]
        if name in self.scope or name in self.constants_read:
            early = name not in self.scope or name in self.shapes
            template = "'{name}' is read before it is bound" if early else "'{name}' is bound twice"
            hint = message("each name is bound once, before it is used")
            raise self.fail(message(template, name=brief(name)), node, hint)
        if name in _SPELLINGS or name in self.given:
            constant = "{name} is what the expression binds it to, not the constant"
            given = "{name} is what the expression binds it to, not the value in the point"
            self.notes.append(message(constant if name in _SPELLINGS else given, name=name))
        self.scope[name] = value

    def call(self, node: Node, arguments: list[Value]) -> Value:
        _, name, operands, *_ = node
        if name == "where":
            self.expect(node, 3)
            return self.each(node, self.select, *arguments)
        if name in VECTOR_FUNCTIONS:
            function, arity = _VECTOR[name]
            self.expect(node, arity)
            return function(self, node, *arguments)
        arities = {parameters.count(",") + 1: (parameters, text) for parameters, text in DEFINITIONS.get(name, ())}
        if operands in arities:
            return self.defined(node, *arities[operands], arguments)
        if name in PARAMETRIC_FUNCTIONS:
            self.expect(node, 2)
            return self.parametric(node, *arguments)
        if name not in FUNCTIONS:
            self.expect(node, *arities)
        code = FUNCTIONS[name]
        operation = partial(self.emit, code)
        if PRIMITIVES[code].name in ("min", "max"):
            if operands == 1:
                return self.reduced(node, arguments[0])
            if operands > 2:
                return reduce(partial(self.each, node, operation), arguments)
        self.expect(node, ARITY[code], *arities)
        return self.each(node, operation, *arguments)

    def parametric(self, node: Node, order: Value, argument: Value) -> Value:
        literal = None if isinstance(order, Tensor) else self.exact(order)
        if node[1] == "polygamma" and (literal is None or literal.denominator != 1 or literal < 0):
            said = message("the first argument of {name} is a whole number", name=node[1])
            raise self.fail(said, node, message("write {what}", what="polygamma(1, x)"))
        if literal is None or literal <= 0 and node[1] == "hyp0f1":
            said = message("the first argument of {name} is a number above 0", name=node[1])
            raise self.fail(said, node, message("write {what}", what=f"{node[1]}(1.5, x)"))
        parameter: Constant = float(literal) if node[1] == "hyp0f1" and float(literal) == literal else literal
        return self.each(node, lambda entry: self.builder.parametric(node[1], entry, parameter), argument)

    def expect(self, node: Node, *counts: int) -> None:
        _, name, operands, *_ = node
        if operands not in counts:
            *fewer, most = sorted(counts)
            if fewer:
                template = "{name} takes {counts} arguments, not {given}"
                said = message(template, name=name, counts=listing([*fewer, most], OR), given=operands)
            else:
                one, more = "{name} takes {count} argument, not {given}", "{name} takes {count} arguments, not {given}"
                said = message(one, more, name=name, count=most, given=operands)
            of_base = name in ("log", "ln") and operands == 2
            hint = message("write log(x)/log(b) for the logarithm to the base b") if of_base else None
            raise self.fail(said, node, hint)

    def defined(self, node: Node, parameters: str, text: str, arguments: Sequence[Value]) -> Value:
        """Expand a function that the language defines by others."""
        outer = self.scope, self.source, self.given
        self.scope = dict(zip(parameters.split(", "), arguments, strict=True))
        self.source, self.given = text, {}
        try:
            (result,) = self.run(_definition(text))
        except DiffError as error:  # of shapes: said of the call, not of what it stands for
            inner = error.message.values
            said = inner["message"] if isinstance(inner, Mapping) and "message" in inner else error.message
            told = message("{name}: {message}", name=node[1], message=said)
            raise DiffError(told, outer[1], span(outer[1], node), error.hint, error.kind) from None
        finally:
            self.scope, self.source, self.given = outer
        self.called(node[1], arguments, result)
        return result

    def called(self, name: str, arguments: Sequence[Value], result: Value) -> None:
        """Note which equations a function is that is defined by others: of a vector one call, or one an entry."""
        if name in OF_VECTORS:
            self.calls.append(Call(name, shapes.entries_of(arguments[0]), shapes.entries_of(result)))
            return
        shapes.each(lambda *entries: self.calls.append(Call(name, entries[:-1], entries[-1:])), *arguments, result)


_VECTOR: dict[str, tuple[Callable[..., Value], int]] = {
    "dot": (Elaborator.matmul, 2),
    "matmul": (Elaborator.matmul, 2),
    "outer": (Elaborator.outer, 2),
    "sum": (Elaborator.reduced, 1),
    "prod": (Elaborator.reduced, 1),
    "mean": (Elaborator.mean, 1),
    "transpose": (Elaborator.transpose, 1),
}
"""How functions of vectors are taken apart, and how many arguments they have."""


_NODES: dict[str, Callable[[Elaborator, Node, list[Value]], Value]] = {
    "call": Elaborator.call,
    "compare": Elaborator.compare,
    "ifelse": Elaborator.if_else,
    "vector": Elaborator.vector,
    "index": Elaborator.index,
}
"""What becomes of nodes with operands that are no arithmetic."""


_ELEMENTARY = {
    (name, 1): code
    for name, code in FUNCTIONS.items()
    if ARITY[code] == 1 and code not in BOOLEAN and name not in DEFINITIONS and name not in VECTOR_FUNCTIONS
}
"""The code of a function of one number, by its name and operands."""


def renamed(node: Node, value: str) -> Node:
    """A node by the word that is said of it in a message."""
    kind, _, operands, first, last = node
    return kind, value, operands, first, last


@cache
def _definition(text: str) -> list[Node]:
    return nodes_of(text)


def elaborate(
    source: str,
    given: Mapping[str, Shape] | None = None,
    names: Collection[str] = (),
    notation: str | None = None,
) -> Expression:
    """What `source` means: its last statement, with the bindings it uses.

    `given` are the shapes of the names that the point gives values to; they win over constants. `names` are others
    in play, which are asked for. `notation` is that of the text where its marks do not tell it (`syntax/reading`).

    Raises DiffError where it cannot be read, or has two readings.

    >>> elaborate("b = x*y; b + b").program.inputs
    ('x', 'y')
    >>> elaborate("2*dot(x, x)", {"x": (3,)}).program.inputs
    ('x[0]', 'x[1]', 'x[2]')
    >>> elaborate("2x²", {"x": ()}).plain
    '2*x^2'
    """

    def understand(text: str) -> Expression:
        return as_read(text, given or {}, names, notation)

    try:
        return understand(source)
    except DiffError as error:
        raise explained(error, understand) from None


LONGEST_NOTE = 200
"""Characters of a text that is shown as it was read."""


def as_read(
    source: str, given: Mapping[str, Shape], names: Collection[str] = (), notation: str | None = None
) -> Expression:
    """As `elaborate`; where that cannot be, the error knows its own place alone."""
    expression, reading = read(source, lambda text: elaborated(text, given), {*given, *names}, notation)
    if reading is None:
        return expression
    return replace(expression, source=source, notes=(_note(reading), *expression.notes), reading=reading)


def _note(reading: Translation) -> Message:
    """How a text was read."""
    text, question = brief("; ".join(reading.text.split("\n")), LONGEST_NOTE), reading.question
    if question is None:
        return message("read as {text}", text=text)
    if question.order == 1:
        return message("read as the derivative of {text} by {name}", text=text, name=question.by)
    template = "read as the derivative of order {order} of {text} by {name}"
    return message(template, order=question.order, text=text, name=question.by)


def elaborated(source: str, given: Mapping[str, Shape]) -> Expression:
    """What a text in plain syntax means; where it means nothing, the error knows its own place alone."""
    elaborator = Elaborator(source, given)
    (result,) = elaborator.run(nodes_of(source))
    builder = elaborator.builder
    builder.inputs = tuple(elaborator.names)
    program, place = pruned(builder.program(shapes.entries_of(result), calls=elaborator.calls))
    bindings = {
        name: place[equation]
        for name, equation in elaborator.scope.items()
        if name not in elaborator.shapes and not isinstance(equation, Tensor) and place[equation] >= 0
    }
    return Expression(
        source,
        program,
        elaborator.shapes,
        shapes.shape_of(result),
        bindings,
        tuple(elaborator.notes),
        elaborator.scalar,
    )
