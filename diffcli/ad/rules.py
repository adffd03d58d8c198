"""The only reader of rule texts: tangents forward, adjoints backward, in any algebra.

A rule such as `(da - y*db)/b` is linear in the tangents. Its factors are values
(`y`, `b`); what remains is a small list of linear operations. Pushing evaluates
the list on tangents; pulling runs it backwards on an adjoint (its transpose):

    dy = L(x) dx        xbar += L(x)^T ybar

so both modes share one table of derivatives. A tangent or adjoint that is
structurally 0, 1 or -1 is a `Unit`, never a number: nothing is multiplied by it,
and a structural zero never meets an infinity. What remains for given units is
known before any number is: a rule is led once through an algebra that writes
down its steps, and these are applied in the algebra at work. This room does not
know which mode asks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from fractions import Fraction
from functools import lru_cache, partial
from typing import Any

from diffcli.core.evaluate import Algebra, applying, evaluate
from diffcli.core.passes import prune
from diffcli.core.primitives import CODE, CONST, INPUT, NAMED_CONSTANTS, PRIMITIVES, SELECT, Rules
from diffcli.core.program import Constant, Program, Step, Stepping
from diffcli.syntax.elaboration import Elaborator
from diffcli.syntax.parsing import parse

REMEMBERED = 1 << 12
"""Rules kept ready: more than the table has; literal parameters are without number."""


class Unit(Enum):
    """A tangent or adjoint known by structure: free to write, and never multiplied."""

    ZERO = 0
    ONE = 1
    MINUS_ONE = -1

    __hash__ = object.__hash__  # the enumeration's own is computed in Python


ZERO, ONE, MINUS_ONE = Unit.ZERO, Unit.ONE, Unit.MINUS_ONE


def unit(number: float) -> Unit | float:
    """0, 1 and -1 as what they are by structure; any other number as it is."""
    return _UNITS.get(number, number)


_UNITS = {float(unit.value): unit for unit in Unit}

Units = tuple[Unit | None, ...]
"""Which of several tangents are units; None for a number."""

_OPPOSITE = {ZERO: ZERO, ONE: MINUS_ONE, MINUS_ONE: ONE}
_ADD, _SUB, _NEG, _MUL, _DIV = (CODE[name] for name in ("add", "sub", "neg", "mul", "div"))


@dataclass(frozen=True, slots=True)
class LinearRule:
    """A rule on one path, for one set of active arguments.

    `factors` computes the factors from the arguments and the result, named by
    `reads` as positions in (a, b, c, y). `steps[i]` makes linear value i:
    ("leaf", argument, -1), ("add"|"sub", i, j), ("neg", i, -1), ("mul"|"div", i, factor).
    The last step is the tangent of the result; no steps means that it is zero.
    """

    factors: Program
    reads: tuple[int, ...]
    steps: tuple[tuple[str, int, int], ...]


@dataclass(frozen=True, slots=True)
class BranchingRule:
    """A rule whose path depends on a condition on the arguments: computed first, then decided."""

    condition: Program
    reads: tuple[int, ...]


class _Undecided(Exception):
    def __init__(self, condition: int) -> None:
        self.condition = condition


class Linear:
    """The rules of the table, of one column, at work in one algebra."""

    def __init__(self, base: Algebra[Any], rules: Rules = "textbook") -> None:
        self.base = base
        self.rules: Rules = rules
        self.functions = base.functions
        self.apply = applying(base)

    # --- numbers and units
    def settle(self, value: Any) -> Any:
        """A unit as a constant of the base algebra; anything else as it is."""
        return self.base.constant(float(value.value)) if type(value) is Unit else value

    def negate(self, value: Any) -> Any:
        return _OPPOSITE[value] if isinstance(value, Unit) else self.functions[_NEG](value)

    def scale(self, value: Any, factor: Any) -> Any:
        if isinstance(value, Unit):
            return factor if value is ONE else self.functions[_NEG](factor) if value is MINUS_ONE else ZERO
        return self.functions[_MUL](value, factor)

    def divide(self, value: Any, factor: Any) -> Any:
        return value if value is ZERO else self.functions[_DIV](self.settle(value), factor)

    def plus(self, left: Any, right: Any) -> Any:
        if left is ZERO or right is ZERO:
            return right if left is ZERO else left
        return self.functions[_ADD](self.settle(left), self.settle(right))

    def minus(self, left: Any, right: Any) -> Any:
        if left is ZERO or right is ZERO:
            return self.negate(right) if left is ZERO else left
        return self.functions[_SUB](self.settle(left), self.settle(right))

    def accumulate(self, adjoint: Any, minus: bool, amount: Any) -> Any:
        """`adjoint` plus or minus `amount`; the first write is free."""
        if adjoint is ZERO and not minus:
            return amount
        return self.minus(adjoint, amount) if minus else self.plus(adjoint, amount)

    # --- the two directions
    def push(
        self, code: int, arguments: Sequence[Any], y: Any, tangents: Sequence[Any], parameter: Constant | None = None
    ) -> Any:
        """The tangent of `y = op(*arguments)` along `tangents`."""
        if len(tangents) == 2:  # most often: worth a line without a loop
            p, q = tangents
            units: Units = (p if type(p) is Unit else None, q if type(q) is Unit else None)
        else:
            units = tuple([p if type(p) is Unit else None for p in tangents])
        rule: Any = pushing(code, units, parameter, self.rules)
        if type(rule) is BranchingRule:
            rule = self._decided(partial(pushing, code, units, parameter, self.rules), arguments, y)
        steps, tangent = rule
        if type(tangent) is Unit:
            return tangent
        values = [-1, *arguments, y, *tangents]
        if steps:
            self.apply(steps, values)
        return values[tangent]

    def pull(
        self, code: int, arguments: Sequence[Any], y: Any, mask: int, adjoint: Any, parameter: Constant | None = None
    ) -> Iterator[tuple[int, bool, Any]]:
        """What `adjoint` of y adds to the adjoints of the arguments in `mask`.

        Yields (argument, whether it is subtracted, amount): a minus sign travels
        along until it is met by an addition.
        """
        values = [-1, *arguments, y, adjoint]
        for steps, i, minus, amount in self.pulled(code, arguments, y, mask, adjoint, parameter):
            if steps:
                self.apply(steps, values)
            yield i, minus, amount if type(amount) is Unit else values[amount]

    def pulled(
        self, code: int, arguments: Sequence[Any], y: Any, mask: int, adjoint: Any, parameter: Constant | None
    ) -> Pulling:
        """The rule by which `pull` goes, on the path that its conditions open here."""
        unit = adjoint if type(adjoint) is Unit else None
        rule: Any = pulling(code, mask, unit, parameter, self.rules)
        if type(rule) is BranchingRule:
            rule = self._decided(partial(pulling, code, mask, unit, parameter, self.rules), arguments, y)
        return rule  # type: ignore[no-any-return]

    def _decided(self, rule_after: Callable[[tuple[bool, ...]], Any], arguments: Sequence[Any], y: Any) -> Any:
        """The rule on the path that its conditions open at these arguments."""
        choices: tuple[bool, ...] = ()
        rule = rule_after(choices)
        while isinstance(rule, BranchingRule):
            operands = (*arguments, y)
            (condition,) = evaluate(rule.condition, [operands[read] for read in rule.reads], self.base)
            choices += (self.base.decide(condition),)
            rule = rule_after(choices)
        return rule


# --- rules ready to be applied: the linear steps led through the algebra that writes steps
Pushing = tuple[tuple[Step, ...], Any]
"""A rule for tangents: steps on (arguments, y, tangents), and the number of the tangent, or a unit."""

Pulling = tuple[tuple[tuple[Step, ...], int, bool, Any], ...]
"""A rule for an adjoint: for each amount the steps, going on from those before, on (arguments, y, adjoint);
the argument it is for, whether it is subtracted, and its number, or a unit."""


@lru_cache(REMEMBERED)
def pushing(
    code: int, units: Units, parameter: Constant | None, rules: Rules = "textbook", choices: tuple[bool, ...] = ()
) -> Pushing | BranchingRule:
    """The rule of primitive `code` after `choices`, for tangents of which some are `units`."""
    mask = sum(1 << i for i, unit in enumerate(units) if unit is not ZERO)
    rule = compiled(code, mask, parameter, choices, rules)
    if isinstance(rule, BranchingRule):
        return rule
    arity = len(units)
    stepping = Stepping(2 * arity + 1)
    tangents = [arity + 2 + i if unit is None else unit for i, unit in enumerate(units)]
    tangent = _pushed(rule, Linear(stepping), _factors(rule, stepping), tangents)
    return stepping.taken(), tangent


@lru_cache(REMEMBERED)
def pulling(
    code: int,
    mask: int,
    unit: Unit | None,
    parameter: Constant | None,
    rules: Rules = "textbook",
    choices: tuple[bool, ...] = (),
) -> Pulling | BranchingRule:
    """The rule of primitive `code` after `choices`, for an adjoint that may be a `unit` and the arguments in `mask`."""
    rule = compiled(code, mask, parameter, choices, rules)
    if isinstance(rule, BranchingRule):
        return rule
    arity = PRIMITIVES[code].arity
    stepping = Stepping(arity + 2)
    adjoint = arity + 2 if unit is None else unit
    amounts = []
    for i, minus, amount in _pulled(rule, Linear(stepping), _factors(rule, stepping), adjoint):
        amounts.append((stepping.taken(), i, minus, amount))
    return tuple(amounts)


def _factors(rule: LinearRule, stepping: Stepping) -> list[int]:
    """The numbers of a rule's factors, among operands that begin with the arguments and the result."""
    return evaluate(rule.factors, [position + 1 for position in rule.reads], stepping)


def _pushed(rule: LinearRule, linear: Linear, factors: Sequence[Any], tangents: Sequence[Any]) -> Any:
    """The steps of a rule, first to last, on tangents."""
    values: list[Any] = []
    for kind, i, j in rule.steps:
        if kind == "leaf":
            values.append(tangents[i])
        elif kind == "mul":
            values.append(linear.scale(values[i], factors[j]))
        elif kind == "div":
            values.append(linear.divide(values[i], factors[j]))
        elif kind == "add":
            values.append(linear.plus(values[i], values[j]))
        elif kind == "sub":
            values.append(linear.minus(values[i], values[j]))
        else:
            values.append(linear.negate(values[i]))
    return values[-1] if values else ZERO


def _pulled(rule: LinearRule, linear: Linear, factors: Sequence[Any], adjoint: Any) -> Iterator[tuple[int, bool, Any]]:
    """The steps of a rule, last to first, on an adjoint: the transpose."""
    if not rule.steps or adjoint is ZERO:
        return
    pending: dict[int, tuple[bool, Any]] = {len(rule.steps) - 1: (False, adjoint)}
    for k in range(len(rule.steps) - 1, -1, -1):
        kind, i, j = rule.steps[k]
        minus, value = pending.pop(k)
        if kind == "leaf":
            yield i, minus, value
        elif kind == "mul":
            pending[i] = minus, linear.scale(value, factors[j])
        elif kind == "div":
            pending[i] = minus, linear.divide(value, factors[j])
        elif kind == "neg":
            pending[i] = not minus, value
        else:
            pending[i] = minus, value
            pending[j] = minus != (kind == "sub"), value


@lru_cache(REMEMBERED)
def compiled(
    code: int, mask: int, parameter: Constant | None, choices: tuple[bool, ...], rules: Rules = "textbook"
) -> LinearRule | BranchingRule:
    """The rule of primitive `code` for the active arguments in `mask`, after `choices`."""
    params = PRIMITIVES[code].params[: PRIMITIVES[code].arity]
    operands = {**{param: i for i, param in enumerate(params)}, "y": len(params)}
    reader = _LinearReader(code, mask, rule_program(code, parameter, rules), choices)
    try:
        reader.linear(reader.program.outputs[0])
    except _Undecided as undecided:
        return BranchingRule(*_reading(reader.program, [undecided.condition], operands))
    return LinearRule(*_reading(reader.program, reader.factors, operands), tuple(reader.steps))


class _LinearReader:
    """Reads the text of a rule as a linear function of the tangents: the steps that apply it, and their factors."""

    def __init__(self, code: int, mask: int, program: Program, choices: tuple[bool, ...]) -> None:
        self.code, self.mask, self.program = code, mask, program
        params = PRIMITIVES[code].params[: PRIMITIVES[code].arity]
        self.tangents = {f"d{param}": i for i, param in enumerate(params)}
        self.depends = _depends(program, self.tangents)
        self.choices = iter(choices)
        self.factors: list[int] = []
        self.steps: list[tuple[str, int, int]] = []

    def linear(self, k: int) -> int | None:
        """The step that makes equation `k`, or None for a structural zero."""
        program, op = self.program, self.program.ops[k]
        if op == INPUT:
            i = self.tangents[program.inputs[program.a[k]]]
            return self.step("leaf", i) if self.mask >> i & 1 else None
        if op == CONST and program.constants[program.a[k]] == 0:
            return None
        if op == SELECT:
            return self.linear(self.chosen(k))
        if op == _NEG:
            inner = self.linear(program.a[k])
            return None if inner is None else self.step("neg", inner)
        if op in (_MUL, _DIV):
            return self.scaled(k)
        if op not in (_ADD, _SUB):
            raise ValueError(f"the rule of {PRIMITIVES[self.code].name} is not linear in the tangents")
        left, right = program.arguments(k)
        first, second = self.linear(left), self.linear(right)
        if first is None or second is None:
            return first if second is None else second if op == _ADD else self.step("neg", second)
        return self.step("add" if op == _ADD else "sub", first, second)

    def chosen(self, k: int) -> int:
        """The branch that is taken at a choice, by the next of `choices`."""
        condition, yes, no = self.program.arguments(k)
        choice = next(self.choices, None)
        if choice is None:
            raise _Undecided(condition)
        return yes if choice else no

    def scaled(self, k: int) -> int | None:
        """A product or a quotient: one side moves with the tangents, the other is a factor."""
        op = self.program.ops[k]
        left, right = self.program.arguments(k)
        value, factor = (left, right) if op == _DIV or self.depends[left] else (right, left)
        if _is_zero(self.program, factor):
            return None
        inner = self.linear(value)
        return None if inner is None else self.step("mul" if op == _MUL else "div", inner, self.use(factor))

    def step(self, kind: str, i: int, j: int = -1) -> int:
        self.steps.append((kind, i, j))
        return len(self.steps) - 1

    def use(self, factor: int) -> int:
        if factor not in self.factors:
            self.factors.append(factor)
        return self.factors.index(factor)


def _is_zero(program: Program, k: int) -> bool:
    return program.ops[k] == CONST and program.constants[program.a[k]] == 0


def _depends(program: Program, names: Any) -> list[bool]:
    """For each equation, whether it reads one of the inputs `names`."""
    found: list[bool] = []
    for k, op in enumerate(program.ops):
        reads = op == INPUT and program.inputs[program.a[k]] in names
        found.append(reads or any(found[argument] for argument in program.arguments(k)))
    return found


def _reading(program: Program, outputs: list[int], operands: dict[str, int]) -> tuple[Program, tuple[int, ...]]:
    """The part of `program` that makes `outputs`, with only the inputs it reads, and which these are."""
    part = prune(Program(
        program.inputs, program.constants, program.ops, program.a, program.b, program.c, tuple(outputs)
    ))  # fmt: skip
    kept = [part.inputs[part.a[k]] for k, op in enumerate(part.ops) if op == INPUT]
    columns = part.a[:]
    for k, op in enumerate(part.ops):
        if op == INPUT:
            columns[k] = kept.index(part.inputs[part.a[k]])
    narrowed = Program(tuple(kept), part.constants, part.ops, columns, part.b, part.c, part.outputs)
    return narrowed, tuple(operands[name] for name in kept)


def rule_text(code: int, rules: Rules = "textbook") -> str:
    """The rule of a primitive as the table has it; a row without a stable one has the textbook's in both columns."""
    row = PRIMITIVES[code]
    return row.stable or row.rule if rules == "stable" else row.rule


@lru_cache
def literals(rules: Rules = "textbook") -> frozenset[float]:
    """The floats that the rules of a column may write into a program: those of their texts, and units."""
    texts = [rule_text(code, rules) for code in range(len(PRIMITIVES))]
    numbers = [float(value) for text in texts if text for kind, value, *_ in parse(text) if kind == "number"]
    return frozenset([*numbers, *(-number for number in numbers), *(float(unit.value) for unit in Unit)])


@lru_cache(REMEMBERED)
def rule_program(code: int, parameter: Constant | None = None, rules: Rules = "textbook") -> Program:
    """The rule of a primitive as a program; a literal parameter is folded in exactly."""
    row, text = PRIMITIVES[code], rule_text(code, rules)
    constants: dict[str, Constant] = {name: name for name in NAMED_CONSTANTS}
    if row.parametric:
        elaborator = Elaborator(text, {}, constants | {row.params[-1]: _exact(parameter)})
    else:
        elaborator = Elaborator(text, {}, constants)
    outputs = elaborator.run(parse(text))
    elaborator.builder.inputs = tuple(elaborator.names)
    return prune(elaborator.builder.program(outputs))


def _exact(parameter: Constant | None) -> Constant:
    return Fraction(parameter) if isinstance(parameter, float) else parameter or Fraction(0)
