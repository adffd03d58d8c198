"""Postfix nodes -> Program: what names mean, which functions there are, what is shared.

The expression becomes exactly the operations typed, in their order; only a name
that was bound is shared. Vectors and matrices are taken apart here (`shapes`),
so that programs stay scalar.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache, partial, reduce
from math import isfinite
from typing import cast

from diffcli.errors import DiffError, brief
from diffcli.passes import pruned
from diffcli.primitives import (
    ARITY,
    BOOLEAN,
    CODE,
    CONST,
    DEFINITIONS,
    FUNCTIONS,
    INPUT,
    NAMED_CONSTANTS,
    PARAMETRIC_FUNCTIONS,
    PRIMITIVES,
    SELECT,
    VECTOR_FUNCTIONS,
)
from diffcli.program import Builder, Constant, Program
from diffcli.syntax import shapes
from diffcli.syntax.parsing import Node, parse
from diffcli.syntax.shapes import Mismatch, Shape, Tensor, Value
from diffcli.syntax.spellings import FUNCTION_NAMES

_SPELLINGS: dict[str, Constant] = {
    spelling: name for name, spellings in NAMED_CONSTANTS.items() for spelling in spellings
}
_BINARY = {"+": "add", "-": "sub", "*": "mul", "/": "div"}
_COMPARE = {"<": "lt", "<=": "le", ">": "gt", ">=": "ge", "==": "eq", "!=": "ne"}
_FOLD: dict[str, Callable[[Fraction, Fraction], Fraction]] = {
    "add": Fraction.__add__,
    "sub": Fraction.__sub__,
    "mul": Fraction.__mul__,
}


@dataclass(frozen=True)
class Expression:
    """A text that was understood: its program, and what a reader should be told of it.

    `shapes` has the free variables in order of appearance; each entry of a
    vector is an input of the program of its own, `v[0]`. `shape` is the shape of
    the result, whose entries are the program's outputs. Where a Python function was
    `traced`, the text is its name.
    """

    source: str
    program: Program
    shapes: dict[str, Shape]
    shape: Shape = ()
    bindings: dict[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    scalar: bool = True
    traced: bool = False

    @property
    def variables(self) -> tuple[str, ...]:
        """Free variables in order of appearance."""
        return tuple(self.shapes)


class Elaborator:
    """Interprets postfix nodes by writing equations; its stack holds equation numbers, and tensors of them."""

    def __init__(
        self, source: str, given: Mapping[str, Shape], constants: Mapping[str, Constant] | None = None
    ) -> None:
        """`given` has the shapes of the names in the point.

        `constants`, where given, are the names of a rule: then exact arithmetic on literals is folded.
        """
        self.source = source
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
        self.notes: list[str] = []
        self.constants_read: set[str] = set()
        self.literal: int | None = None  # the equation of a literal that was just read
        self.written: int | None = None  # the same, if it was written for it and nothing else reads it
        self.fresh: int | None = None  # what was so before this node
        self.constants_before = 0  # how many there were before the literal

    def fail(self, message: str, node: Node, hint: str | None = None, kind: str = "syntax") -> DiffError:
        return DiffError(message, self.source, node.span, hint, kind)

    # --- equations
    def emit(self, name: str, *arguments: int) -> int:
        if self.fold and name in _FOLD:
            left, right = (self.exact(argument) for argument in arguments)
            if name == "mul" and 0 in (left, right):
                return self.zero()
            if left is not None and right is not None:
                return self.builder.constant(_FOLD[name](left, right))
        result = self.builder.apply(name, *arguments)
        if CODE[name] in BOOLEAN:
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
            return self.emit("pow", base, exponent)
        if self.fold and literal == 1:
            return base
        return self.builder.parametric("powc", base, literal)

    def powered(self, base: int, exponent: int) -> int:
        """A power whose exponent is a literal that was written last: its equation is not needed."""
        literal = self.payload(exponent)
        if not isinstance(literal, float) or not isfinite(literal):
            return self.power(base, exponent)
        self.builder.retract(self.constants_before)
        return base if self.fold and literal == 1 else self.builder.parametric("powc", base, literal)

    def condition(self, equation: int) -> int:
        """A number as a condition: whether it is not zero."""
        if self.is_condition(equation):
            return equation
        return self.emit("ne", equation, self.builder.constant(0.0))

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
            said = node.value or {"vector": "[…]"}.get(node.kind, "")
            raise self.fail(f"{said}: {mismatch}" if said else str(mismatch), node, kind="shape") from None

    # --- nodes
    def run(self, nodes: list[Node]) -> list[Value]:
        """Interpret statements; what is left is the value of the last one."""
        last = nodes[-1]
        if last.kind == "bind":
            hint = f"end with what is wanted: …; {brief(last.value)}"
            if sum(node.kind == "bind" for node in nodes) == 1:  # an equation, most likely
                hint = f"write only what stands behind the =, or end with what is wanted: …; {brief(last.value)}"
            raise self.fail("the last statement is no expression", last, hint)
        kinds: dict[str, Callable[[Node], Value]] = {
            "number": self.number,
            "name": self.name,
            "unary": self.unary,
            "binary": self.binary,
            "compare": self.compare,
            "ifelse": self.if_else,
            "call": self.call,
            "vector": self.vector,
            "index": self.index,
        }
        for node in nodes:
            if node.kind == "bind":
                self.bind(node)
            elif node.kind != "result":
                self.fresh, self.written = self.written, None
                result = kinds[node.kind](node)
                self.literal = cast(int, result) if node.kind == "number" else None
                self.stack.append(result)
            elif node is not last:
                raise self.fail("the value of this statement is not used", node, "bind it to a name: a = …")
        return self.take(1)

    def take(self, count: int) -> list[Value]:
        taken = self.stack[len(self.stack) - count :]
        del self.stack[len(self.stack) - count :]
        return taken

    def number(self, node: Node) -> int:
        text = node.value
        try:
            return self.load(float(text))
        except ValueError:
            raise self.fail(
                f"'{brief(text)}' is no number", node, "digits may be grouped by single underscores"
            ) from None

    def load(self, literal: Constant) -> int:
        """The equation of a literal."""
        builder = self.builder
        number, self.constants_before = len(builder.ops), len(builder.constants)
        equation = builder.constant(literal)
        self.written = equation if equation == number else None
        return equation

    def name(self, node: Node) -> Value:
        name = node.value
        if name in self.scope:
            return self.scope[name]
        constant = self.constants.get(name)
        if constant is not None and name not in self.given:
            self.constants_read.add(name)
            return self.builder.constant(float("inf") if constant == "inf" else constant)
        if constant is not None:
            self.notes.append(f"{name} is the variable of the point here, not the constant")
        shape = self.given.get(name, ())
        self.shapes[name] = shape
        entries = [self.entry(name + shapes.subscript(place)) for place in shapes.places(shape)]
        self.scalar = self.scalar and not shape
        self.scope[name] = value = shapes.tensor(shape, entries)
        return value

    def entry(self, name: str) -> int:
        return self.builder.input(self.names.setdefault(name, len(self.names)))

    def unary(self, node: Node) -> Value:
        (operand,) = self.take(1)
        if node.value == "not":
            return self.each(node, self.negation, operand)
        return self.each(node, self.minus, operand)

    def negation(self, operand: int) -> int:
        return self.emit("not", self.condition(operand))

    def minus(self, operand: int) -> int:
        value = self.payload(operand)
        if operand == self.literal and isinstance(value, float) or self.fold and isinstance(value, Fraction):
            if operand == self.fresh:
                self.builder.retract(self.constants_before)
            return self.load(-value)  # a negative literal
        return self.emit("neg", operand)

    def binary(self, node: Node) -> Value:
        left, right = self.take(2)
        if node.value == "@":
            return self.matmul(node, left, right)
        if node.value == "**":
            if right == self.fresh and type(left) is int:
                return self.powered(left, cast(int, right))
            return self.each(node, self.power, left, right)
        if node.value == "and":
            return self.each(node, self.both, left, right)
        if node.value == "or":
            return self.each(node, self.either, left, right)
        name = _BINARY[node.value]
        if type(left) is int and type(right) is int:
            return self.emit(name, left, right)
        return self.each(node, partial(self.emit, name), left, right)

    def compare(self, node: Node) -> Value:
        operands = self.take(node.operands)
        operators = node.value.split()
        links = [
            self.each(node._replace(value=operator), partial(self.emit, _COMPARE[operator]), left, right)
            for operator, left, right in zip(operators, operands, operands[1:], strict=False)
        ]
        result = links[-1]
        for link in reversed(links[:-1]):
            result = self.each(node._replace(value="and"), self.both, link, result)
        return result

    def if_else(self, node: Node) -> Value:
        yes, condition, no = self.take(3)
        if isinstance(condition, Tensor):
            hint = "write where(condition, a, b) to choose entry by entry"
            raise self.fail("the condition of if is a vector, not one number", node, hint, "shape")
        return self.each(node._replace(value="if"), self.select, condition, yes, no)

    # --- vectors and matrices
    def vector(self, node: Node) -> Value:
        self.scalar = False
        return self.shaped(node, lambda *values: shapes.stack(values), *self.take(node.operands))

    def index(self, node: Node) -> Value:
        value, *indices = self.take(node.operands)
        numbers = [self.whole(index) for index in indices]
        if None in numbers:
            function, bracket, inside = self.source[slice(*node.span)].partition("[")
            called = bracket and function.strip() in FUNCTION_NAMES
            hint = f"write {function.strip()}({inside[:-1]})" if called else "write v[0], or M[1, 0]"
            raise self.fail("an index is a whole number, as it stands", node, hint, "shape")
        if not isinstance(value, Tensor) and self.builder.ops[value] == INPUT:
            name = list(self.names)[self.builder.a[value]]
            if name in self.shapes and name not in self.given:
                raise self.fail(f"the variable {name} has no value", node, f'add --at "{name}=[1, 2, 3]"', "missing")
        return self.shaped(node, partial(shapes.pick, index=cast("list[int]", numbers)), value)

    def whole(self, value: Value) -> int | None:
        """The value of a literal whole number."""
        literal = None if isinstance(value, Tensor) else self.exact(value)
        return None if literal is None or literal.denominator != 1 else int(literal)

    def matmul(self, node: Node, left: Value, right: Value) -> Value:
        if isinstance(left, Tensor) and isinstance(right, Tensor) or node.value != "dot":
            return self.shaped(
                node, partial(shapes.matmul, partial(self.emit, "mul"), partial(self.emit, "add")), left, right
            )
        return self.each(node, partial(self.emit, "mul"), left, right)

    def reduced(self, node: Node, value: Value) -> Value:
        """`sum`, `prod`, `max` and `min` of all entries."""
        name = {"sum": "add", "prod": "mul"}.get(node.value) or PRIMITIVES[FUNCTIONS[node.value]].name
        return shapes.fold(partial(self.emit, name), value)

    def mean(self, node: Node, value: Value) -> Value:
        del node
        total = shapes.fold(partial(self.emit, "add"), value)
        return self.emit("div", total, self.builder.constant(float(len(shapes.entries_of(value)))))

    def transpose(self, node: Node, value: Value) -> Value:
        del node
        return shapes.transpose(value)

    def outer(self, node: Node, left: Value, right: Value) -> Value:
        return self.shaped(node, partial(shapes.outer, partial(self.emit, "mul")), left, right)

    def bind(self, node: Node) -> None:
        (value,) = self.take(1)
        name = node.value
        if name in self.scope or name in self.constants_read:
            bound = "is read before it is bound" if name not in self.scope or name in self.shapes else "is bound twice"
            raise self.fail(f"'{brief(name)}' {bound}", node, "each name is bound once, before it is used")
        if name in _SPELLINGS or name in self.given:
            other = "the constant" if name in _SPELLINGS else "the value in the point"
            self.notes.append(f"{name} is what the expression binds it to, not {other}")
        self.scope[name] = value

    def call(self, node: Node) -> Value:
        name, arguments = node.value, self.take(node.operands)
        if name == "where":
            self.expect(node, 3)
            return self.each(node, self.select, *arguments)
        if name in VECTOR_FUNCTIONS:
            function, arity = _VECTOR[name]
            self.expect(node, arity)
            return function(self, node, *arguments)
        arities = {parameters.count(",") + 1: (parameters, text) for parameters, text in DEFINITIONS.get(name, ())}
        if node.operands in arities:
            return self.defined(node, *arities[node.operands], arguments)
        if name in PARAMETRIC_FUNCTIONS:
            self.expect(node, 2)
            return self.parametric(node, *arguments)
        if name not in FUNCTIONS:
            self.expect(node, *arities)
        code = FUNCTIONS[name]
        operation = partial(self.emit, PRIMITIVES[code].name)
        if PRIMITIVES[code].name in ("min", "max"):
            if node.operands == 1:
                return self.reduced(node, arguments[0])
            if node.operands > 2:
                return reduce(partial(self.each, node, operation), arguments)
        self.expect(node, ARITY[code], *arities)
        return self.each(node, operation, *arguments)

    def parametric(self, node: Node, order: Value, argument: Value) -> Value:
        number = self.whole(order)
        if number is None or number < 0:
            raise self.fail(f"the first argument of {node.value} is a whole number", node, f"write {node.value}(1, x)")
        literal = Fraction(number)
        return self.each(node, lambda entry: self.builder.parametric(node.value, entry, literal), argument)

    def expect(self, node: Node, *counts: int) -> None:
        if node.operands not in counts:
            wanted = " or ".join(map(str, sorted(counts)))
            plural = "argument" if counts == (1,) else "arguments"
            of_base = node.value in ("log", "ln") and node.operands == 2
            hint = "write log(x)/log(b) for the logarithm to the base b" if of_base else None
            raise self.fail(f"{node.value} takes {wanted} {plural}, not {node.operands}", node, hint)

    def defined(self, node: Node, parameters: str, text: str, arguments: Sequence[Value]) -> Value:
        """Expand a function that the language defines by others."""
        outer = self.scope, self.source, self.given
        self.scope = dict(zip(parameters.split(", "), arguments, strict=True))
        self.source, self.given = text, {}
        try:
            (result,) = self.run(_definition(text))
        except DiffError as error:  # of shapes: said of the call, not of what it stands for
            said = error.message.rpartition(": ")[2]
            raise DiffError(f"{node.value}: {said}", outer[1], node.span, error.hint, error.kind) from None
        finally:
            self.scope, self.source, self.given = outer
        return result


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


@cache
def _definition(text: str) -> list[Node]:
    return parse(text)


def elaborate(source: str, given: Mapping[str, Shape] | None = None) -> Expression:
    """What `source` means: its last statement, with the bindings it uses.

    `given` are the shapes of the names that the point gives values to; they win over constants.

    >>> elaborate("b = x*y; b + b").program.inputs
    ('x', 'y')
    >>> elaborate("2*dot(x, x)", {"x": (3,)}).program.inputs
    ('x[0]', 'x[1]', 'x[2]')
    """
    elaborator = Elaborator(source, given or {})
    (result,) = elaborator.run(parse(source))
    builder = elaborator.builder
    builder.inputs = tuple(elaborator.names)
    program, place = pruned(builder.program(shapes.entries_of(result)))
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
