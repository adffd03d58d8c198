"""Postfix nodes -> Program: what names mean, which functions there are, what is shared.

The expression becomes exactly the operations typed, in their order; only a name
that was bound is shared. Shapes are decided here, so that programs stay scalar.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache
from math import isfinite

from diffcli.errors import DiffError, brief
from diffcli.passes import pruned
from diffcli.primitives import (
    ARITY,
    BOOLEAN,
    CODE,
    CONST,
    DEFINITIONS,
    FUNCTIONS,
    NAMED_CONSTANTS,
    PARAMETRIC_FUNCTIONS,
    PRIMITIVES,
    SELECT,
    VECTOR_FUNCTIONS,
)
from diffcli.program import Builder, Constant, Program
from diffcli.syntax.parsing import Node, parse

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
    """A text that was understood: its program, and what a reader should be told of it."""

    source: str
    program: Program
    bindings: dict[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def variables(self) -> tuple[str, ...]:
        """Free variables in order of appearance."""
        return self.program.inputs


class Elaborator:
    """Interprets postfix nodes by writing equations; its stack holds equation numbers."""

    def __init__(self, source: str, given: Set[str], constants: Mapping[str, Constant] | None = None) -> None:
        """`constants`, where given, are the names of a rule: then exact arithmetic on literals is folded."""
        self.source = source
        self.given = given
        self.constants = _SPELLINGS if constants is None else constants
        self.fold = constants is not None
        self.names: dict[str, int] = {}  # free variables -> input numbers
        self.builder = Builder(())
        self.scope: dict[str, int] = {}
        self.stack: list[int] = []
        self.boolean: set[int] = set()
        self.notes: list[str] = []
        self.constants_read: set[str] = set()
        self.literal: int | None = None  # the equation of a literal that was just read

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

    # --- nodes
    def run(self, nodes: list[Node]) -> list[int]:
        """Interpret statements; what is left is the value of the last one."""
        last = nodes[-1]
        if last.kind == "bind":
            hint = f"end with what is wanted: …; {brief(last.value)}"
            raise self.fail("the last statement is no expression", last, hint)
        kinds: dict[str, Callable[[Node], int]] = {
            "number": self.number,
            "name": self.name,
            "unary": self.unary,
            "binary": self.binary,
            "compare": self.compare,
            "ifelse": self.if_else,
            "call": self.call,
            "vector": self.vector,
            "index": self.vector,
        }
        for node in nodes:
            if node.kind == "bind":
                self.bind(node)
            elif node.kind != "result":
                result = kinds[node.kind](node)
                self.literal = result if node.kind == "number" else None
                self.stack.append(result)
            elif node is not last:
                raise self.fail("the value of this statement is not used", node, "bind it to a name: a = …")
        return self.take(1)

    def take(self, count: int) -> list[int]:
        taken = self.stack[len(self.stack) - count :]
        del self.stack[len(self.stack) - count :]
        return taken

    def number(self, node: Node) -> int:
        text = node.value
        try:
            return self.builder.constant(float(text))
        except ValueError:
            raise self.fail(
                f"'{brief(text)}' is no number", node, "digits may be grouped by single underscores"
            ) from None

    def name(self, node: Node) -> int:
        name = node.value
        if name in self.scope:
            return self.scope[name]
        constant = self.constants.get(name)
        if constant is not None and name not in self.given:
            self.constants_read.add(name)
            return self.builder.constant(float("inf") if constant == "inf" else constant)
        if constant is not None:
            self.notes.append(f"{name} is the variable of the point here, not the constant")
        equation = self.builder.input(self.names.setdefault(name, len(self.names)))
        self.scope[name] = equation
        return equation

    def unary(self, node: Node) -> int:
        (operand,) = self.take(1)
        if node.value == "not":
            return self.emit("not", self.condition(operand))
        value = self.payload(operand)
        if operand == self.literal and isinstance(value, float) or self.fold and isinstance(value, Fraction):
            return self.builder.constant(-value)  # a negative literal
        return self.emit("neg", operand)

    def binary(self, node: Node) -> int:
        left, right = self.take(2)
        if node.value == "**":
            return self.power(left, right)
        if node.value == "and":
            return self.both(left, right)
        if node.value == "or":
            return self.either(left, right)
        if node.value == "@":
            return self.vector(node)
        return self.emit(_BINARY[node.value], left, right)

    def compare(self, node: Node) -> int:
        operands = self.take(node.operands)
        operators = node.value.split()
        links = [
            self.emit(_COMPARE[operator], left, right)
            for operator, left, right in zip(operators, operands, operands[1:], strict=False)
        ]
        result = links[-1]
        for link in reversed(links[:-1]):
            result = self.both(link, result)
        return result

    def if_else(self, _: Node) -> int:
        yes, condition, no = self.take(3)
        return self.select(condition, yes, no)

    def vector(self, node: Node) -> int:
        """Reserved: the syntax is understood, shapes are not yet."""
        raise self.fail(
            "vectors and matrices are not understood yet", node, "write the entries as scalars: x1, x2", "unsupported"
        )

    def bind(self, node: Node) -> None:
        (value,) = self.take(1)
        name = node.value
        if name in self.scope or name in self.constants_read:
            bound = "is read before it is bound" if name not in self.scope or name in self.names else "is bound twice"
            raise self.fail(f"'{brief(name)}' {bound}", node, "each name is bound once, before it is used")
        if name in _SPELLINGS or name in self.given:
            other = "the constant" if name in _SPELLINGS else "the value in the point"
            self.notes.append(f"{name} is what the expression binds it to, not {other}")
        self.scope[name] = value

    def call(self, node: Node) -> int:
        name, arguments = node.value, self.take(node.operands)
        if name == "where":
            self.expect(node, 3)
            return self.select(*arguments)
        if name in VECTOR_FUNCTIONS:
            return self.vector(node)
        arities = {parameters.count(",") + 1: (parameters, text) for parameters, text in DEFINITIONS.get(name, ())}
        if node.operands in arities:
            return self.defined(*arities[node.operands], arguments)
        if name in PARAMETRIC_FUNCTIONS:
            self.expect(node, 2)
            return self.parametric(node, *arguments)
        if name not in FUNCTIONS:
            self.expect(node, *arities)
        code = FUNCTIONS[name]
        if PRIMITIVES[code].name in ("min", "max") and node.operands > 2:
            result = arguments[0]
            for argument in arguments[1:]:
                result = self.builder.emit(code, result, argument)
            return result
        self.expect(node, ARITY[code], *arities)
        return self.emit(PRIMITIVES[code].name, *arguments)

    def parametric(self, node: Node, order: int, argument: int) -> int:
        literal = self.exact(order)
        if literal is None or literal.denominator != 1 or literal < 0:
            raise self.fail(f"the first argument of {node.value} is a whole number", node, f"write {node.value}(1, x)")
        return self.builder.parametric(node.value, argument, literal)

    def expect(self, node: Node, *counts: int) -> None:
        if node.operands not in counts:
            wanted = " or ".join(map(str, sorted(counts)))
            plural = "argument" if counts == (1,) else "arguments"
            raise self.fail(f"{node.value} takes {wanted} {plural}, not {node.operands}", node)

    def defined(self, parameters: str, text: str, arguments: list[int]) -> int:
        """Expand a function that the language defines by others."""
        outer = self.scope, self.source, self.given
        self.scope = dict(zip(parameters.split(", "), arguments, strict=True))
        self.source, self.given = text, frozenset()
        (result,) = self.run(_definition(text))
        self.scope, self.source, self.given = outer
        return result


@cache
def _definition(text: str) -> list[Node]:
    return parse(text)


def elaborate(source: str, given: Set[str] = frozenset()) -> Expression:
    """What `source` means: its last statement, with the bindings it uses.

    `given` are the names that the point gives values to: they win over constants.

    >>> elaborate("b = x*y; b + b").program.inputs
    ('x', 'y')
    """
    elaborator = Elaborator(source, given)
    (result,) = elaborator.run(parse(source))
    builder = elaborator.builder
    builder.inputs = tuple(elaborator.names)
    program, place = pruned(builder.program([result]))
    bindings = {
        name: place[equation]
        for name, equation in elaborator.scope.items()
        if name not in elaborator.names and place[equation] >= 0
    }
    return Expression(source, program, bindings, tuple(elaborator.notes))
