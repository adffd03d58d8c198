"""The derivative rule by rule, as a teacher writes it, and every step proved at a point.

A step takes one derivative that is still pending, `d/dx[…]`, and applies the
rule of its outermost operation; the rule is that of THE table, read by the
algebra of formulas. What has a name is differentiated first, and its derivative
is then used by name. The value of each step's formula is held against the
certified derivative of the subexpression it stands for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal

from diffcli.core.passes import prune
from diffcli.core.primitives import CODE, CONST, INPUT, PARAMETRIC, PRIMITIVES, SELECT
from diffcli.core.program import Constant, Program
from diffcli.problem.case import Case
from diffcli.problem.point import Number, shape_of
from diffcli.problem.understanding import make_case
from diffcli.runtime.errors import DiffError
from diffcli.runtime.limits import Expired, deadline
from diffcli.runtime.messages import Message, message
from diffcli.studies.formulas import Formulas, Rule, rule_of, spread
from diffcli.syntax import elaborate
from diffcli.syntax.rendering import render
from diffcli.truth.accuracy import Ball, nearest
from diffcli.truth.certify import Truth, certify

LONGEST = 30
"""A part of more operations gets a name, and is differentiated by itself."""
TRIED = 60
"""So many points are tried where none is given."""
PATIENCE = 20.0
"""Seconds for the proofs of all steps; those that are left are not checked."""

TIDIED = "Formulas are tidied lightly: 0 and 1 removed, literals folded, equal factors gathered or cancelled."

_ADD, _SUB, _NEG, _POW, _POWC = (CODE[name] for name in ("add", "sub", "neg", "pow", "powc"))

_RULES = {
    ("add", "ab"): "sum rule", ("add", "a"): "sum rule", ("add", "b"): "sum rule",
    ("sub", "ab"): "difference rule", ("sub", "a"): "difference rule", ("sub", "b"): "difference rule",
    ("neg", "a"): "constant factor −1",
    ("mul", "ab"): "product rule", ("mul", "a"): "constant factor", ("mul", "b"): "constant factor",
    ("div", "ab"): "quotient rule", ("div", "a"): "constant divisor", ("div", "b"): "reciprocal rule",
    ("pow", "a"): "power rule", ("powc", "a"): "power rule", ("pow", "b"): "exponential rule",
    ("pow", "ab"): "general power, by logarithmic differentiation",
    ("detach", "a"): "detach: held constant",
}  # fmt: skip
_WORDS = {
    "select": "piece by piece", "fma": "product and sum", "exp": "exponential function", "log": "natural logarithm",
    "log2": "binary logarithm", "log10": "decimal logarithm", "sqrt": "square root", "cbrt": "cube root",
    "hypot": "hypotenuse", "sin": "sine", "cos": "cosine", "tan": "tangent", "sec": "secant", "csc": "cosecant",
    "cot": "cotangent", "asin": "arc sine", "acos": "arc cosine", "atan": "arc tangent",
    "atan2": "arc tangent of two arguments", "sinh": "hyperbolic sine", "cosh": "hyperbolic cosine",
    "tanh": "hyperbolic tangent", "asinh": "inverse hyperbolic sine", "acosh": "inverse hyperbolic cosine",
    "atanh": "inverse hyperbolic tangent", "abs": "absolute value", "sign": "sign", "min": "minimum", "max": "maximum",
    "mod": "remainder", "fmod": "remainder", "erf": "error function", "erfc": "complementary error function",
    "gamma": "gamma function", "lgamma": "logarithm of the gamma function", "heaviside": "step function",
}  # fmt: skip
_CONDITION = message("where the condition switches, both pieces must meet with equal slopes")

Verdict = Literal["agrees", "differs", "no derivative", "no value", "not proved"]


@dataclass(frozen=True)
class Formula:
    """A formula on display: inputs are names, `u'`, or derivatives still to be found (`pending`, by their names)."""

    program: Program
    pending: Mapping[str, Program] = field(default_factory=dict)

    @cached_property
    def text(self) -> str:
        return render(self.program)

    @property
    def names(self) -> set[str]:
        program = self.program
        return {program.inputs[program.a[k]] for k, code in enumerate(program.ops) if code == INPUT}

    def renamed(self, names: Mapping[str, str]) -> str:
        """The text with other names."""
        return render(replace(self.program, inputs=tuple(names.get(name, name) for name in self.program.inputs)))


@dataclass(frozen=True)
class Check:
    """The value of a step's formula at the point, against the truth."""

    verdict: Verdict
    value: float | None = None
    truth: float | None = None
    reason: Message | None = None


@dataclass(frozen=True)
class Step:
    """One rule at work: `applied`' = `result`; `so_far` is the whole, where that is more than the result."""

    number: int
    title: str
    statement: tuple[Formula, Formula]
    applied: Formula
    result: Formula
    so_far: Formula | None
    note: str | None
    check: Check


@dataclass(frozen=True)
class Block:
    """What has a name: what it is, and the steps to its derivative (None where it does not vary)."""

    name: str
    expression: Formula
    steps: tuple[Step, ...]
    derivative: Formula | None


@dataclass(frozen=True)
class Lesson:
    """The derivative by one variable; `formula` is it in our own language, `sign` is `d/dx` or `∂/∂x`."""

    variable: str
    sign: str
    blocks: tuple[Block, ...]
    formula: str
    program: Program
    check: Check


@dataclass(frozen=True)
class Steps:
    """Lessons on one expression, checked at one point; `chosen`: the point is ours."""

    case: Case
    at: Mapping[str, Number]
    chosen: bool
    lessons: tuple[Lesson, ...]


def steps(source: str, at: Mapping[str, Number], wrt: Sequence[str] | None = None) -> Steps:
    """Differentiate `source` by each variable asked for; variables without a value get one."""
    expression = elaborate(source, {name: shape_of(value) for name, value in at.items()})
    if expression.shape:
        hint = message("differentiate one entry, as in v = …; v[0]")
        raise DiffError(
            message("the result has the shape {shape}", shape=expression.shape), source, (0, len(source)), hint, "shape"
        )
    missing = [name for name in expression.variables if name not in at]
    case = make_case(source, {**at, **dict.fromkeys(missing, 1.0)}, _whole(wrt, expression.program.inputs))
    chosen = tuple(wrt) if wrt is not None and _whole(wrt, expression.program.inputs) != tuple(wrt) else case.entries
    book = _Book(case, chosen)
    case = replace(case, at=_regular(book, case.at, missing)) if missing else case
    return Steps(case, case.at, bool(missing), tuple(book.lesson(name, case) for name in chosen))


def _whole(wrt: Sequence[str] | None, inputs: Sequence[str]) -> tuple[str, ...] | None:
    """Variables as cases know them: an entry `v[0]` is of the variable v."""
    if wrt is None:
        return None
    return tuple(dict.fromkeys(name.partition("[")[0] if name in inputs else name for name in wrt))


# --- the point
_GRID = (0.75, 1.25, 0.375, 2.5, 1.75, 3.5, 0.25, -0.5, 5.25, -1.5, 0.125, 8.5, -3.25, 0.875, 20.5)


def _regular(book: _Book, at: Mapping[str, Number], missing: Sequence[str]) -> dict[str, Number]:
    """A point where the derivative exists, and so does the value of its formula."""
    tried = [
        {
            **at,
            **{
                name: _GRID[(turn + (turn // len(_GRID) + 1) * place) % len(_GRID)]
                for place, name in enumerate(missing)
            },
        }
        for turn in range(TRIED)
    ]
    for point in tried:
        problem = book.case.problem_at(point)
        try:
            with deadline(PATIENCE / 4):
                if certify(problem.program, problem.wrt, problem.point).status == "certified" and all(
                    certify(book.formula(name), (), problem.point).status == "certified" for name in book.variables
                ):
                    return point
        except Expired:
            break
    return tried[0]


# --- what has a name
class _Book:
    """An expression, its parts that have names, and its derivatives as whole formulas."""

    def __init__(self, case: Case, variables: Sequence[str]) -> None:
        self.case, self.variables = case, variables
        self.program = program = case.expression.program
        self.root = program.outputs[0]
        literals = [value for value in program.constants if isinstance(value, float)]
        self.decimals = any(value != int(value) for value in literals if abs(value) < 1e15)
        self.names = _named(program, case.expression.bindings)
        self.members = _members(program, self.names)
        self.wholes = {name: _Whole(self, name) for name in variables}

    def formula(self, variable: str) -> Program:
        """The derivative as one program over the inputs of the expression."""
        return self.wholes[variable].program((self.root,))

    def lesson(self, variable: str, case: Case) -> Lesson:
        sign = f"d/d{variable}" if len(self.program.inputs) == 1 else f"∂/∂{variable}"
        whole, written = self.wholes[variable], []
        drafts: list[tuple[str, Formula, list[_Draft], Formula | None]] = []
        for k, name in self.names.items():
            block = _Display(self, whole, k, sign)
            drafts.append((name, block.expression, list(block.drafts()), block.derivative))
            written += [draft.equation for draft in drafts[-1][2]]
        checks = iter(_checks(self, whole, [*written, self.root], case.problem_at(case.at).point))
        number = 0
        blocks = []
        for name, expression, found, derivative in drafts:
            taken = []
            for draft in found:
                number += 1
                taken.append(Step(number, *draft.parts, next(checks)))
            blocks.append(Block(name, expression, tuple(taken), derivative))
        return Lesson(
            variable, sign, tuple(blocks), _in_full(blocks, self.program.inputs), self.formula(variable), next(checks)
        )


def _in_full(blocks: Sequence[Block], inputs: Sequence[str]) -> str:
    """The derivative in our own language: names it uses are bound before, and the derivative of u is du."""
    taken = {*inputs, *(block.name for block in blocks)}
    slopes: dict[str, str] = {}
    for block in blocks[:-1]:
        slope = f"d{block.name}"
        while slope in taken:
            slope += "_"
        slopes[f"{block.name}'"] = slope
        taken.add(slope)
    known = {block.name: block.expression for block in blocks[:-1]}
    known |= {f"{block.name}'": block.derivative for block in blocks[:-1] if block.derivative is not None}
    last = blocks[-1].derivative
    needed, waiting = set[str](), [] if last is None else list(last.names)
    while waiting:
        name = waiting.pop()
        if name in known and name not in needed:
            needed.add(name)
            waiting += known[name].names
    statements = [
        f"{slopes.get(name, name)} = {known[name].renamed(slopes)}"
        for block in blocks[:-1]
        for name in (block.name, f"{block.name}'")
        if name in needed
    ]
    return "; ".join([*statements, "0" if last is None else last.renamed(slopes)])


def _named(program: Program, bindings: Mapping[str, int]) -> dict[int, str]:
    """Equations that are differentiated by themselves: bound by the user, read twice, or long; the last is f."""
    reads, sizes = [0] * len(program), [0] * len(program)
    for k in range(len(program)):
        for argument in program.arguments(k):
            reads[argument] += 1
    given = {k: name for name, k in bindings.items()}
    taken = {*program.inputs, *bindings, "f"}
    root, names, number = program.outputs[0], dict[int, str](), 0
    for k, code in enumerate(program.ops):
        if code in (CONST, INPUT) or k == root:
            continue
        sizes[k] = 1 + sum(sizes[argument] for argument in program.arguments(k))
        if k in given:
            names[k] = given[k]
        elif reads[k] > 1 or sizes[k] > LONGEST:
            number += 1
            while f"t{number}" in taken:
                number += 1
            names[k] = f"t{number}"
        if k in names:
            sizes[k] = 0
    names[root] = "f" if "f" not in program.inputs and "f" not in bindings else "f(…)"
    return names


def _members(program: Program, names: Mapping[int, str]) -> dict[int, list[int]]:
    """For each name, the operations written under it, in order."""
    owner = dict[int, int]()
    members: dict[int, list[int]] = {k: [] for k in names}
    for k in range(len(program) - 1, -1, -1):
        if program.ops[k] in (CONST, INPUT):
            continue
        if k in names:
            owner[k] = k
        if k in owner:
            members[owner[k]].append(k)
            for argument in program.arguments(k):
                owner.setdefault(argument, owner[k])
    return {k: sorted(found) for k, found in members.items()}


def _varying(program: Program, k: int, varies: Sequence[bool]) -> str:
    """The arguments of an equation that vary, by their names in rules; a condition does not count."""
    arguments = program.arguments(k)
    skipped = 0 if program.ops[k] == SELECT else -1
    return "".join(p for i, (p, a) in enumerate(zip("abc", arguments, strict=False)) if varies[a] and i != skipped)


def _rule(program: Program, k: int, varies: Sequence[bool]) -> Rule:
    code = program.ops[k]
    return rule_of(code, _varying(program, k, varies), program.parameter(k) if PARAMETRIC[code] else None)


class _Whole:
    """All values and derivatives by one variable as formulas over the inputs."""

    def __init__(self, book: _Book, variable: str) -> None:
        self.book = book
        program = book.program
        self.formulas = formulas = Formulas(book.decimals)
        for name in program.inputs:
            formulas.input(name)
        self.varies: list[bool] = []
        self.values: list[int] = []
        self.derivatives: list[int] = []
        zero, one = formulas.constant(0.0), formulas.constant(1.0)
        for k, code in enumerate(program.ops):
            arguments = program.arguments(k)
            value, slope, varies = _leaf(program, k, formulas), zero, False
            if code == INPUT and program.inputs[program.a[k]] == variable:
                slope, varies = one, True
            if value is None:
                value = formulas.typed(code, *[self.values[a] for a in arguments], parameter=_parameter(program, k))
                varies = bool(_varying(program, k, self.varies))
            if varies and code != INPUT:
                rule = _rule(program, k, self.varies)
                tangents = [self.derivatives[a] for a in arguments]
                slope = formulas.derivative(rule, [self.values[a] for a in arguments], tangents, value)
            self.varies.append(varies)
            self.values.append(value)
            self.derivatives.append(slope)
            if k in book.names:
                formulas.whole |= {value, slope} - formulas.numbers.keys()

    def program(self, equations: Sequence[int]) -> Program:
        return self.formulas.program(*[self.derivatives[k] for k in equations])


def _leaf(program: Program, k: int, formulas: Formulas) -> int | None:
    code = program.ops[k]
    if code == CONST:
        return formulas.constant(program.constants[program.a[k]])
    return formulas.input(program.inputs[program.a[k]]) if code == INPUT else None


def _parameter(program: Program, k: int) -> Constant | None:
    return program.parameter(k) if PARAMETRIC[program.ops[k]] else None


# --- the steps under one name
@dataclass(frozen=True)
class _Draft:
    """A step before it is numbered and checked."""

    equation: int
    parts: tuple[str, tuple[Formula, Formula], Formula, Formula, Formula | None, str | None]


class _Display:
    """The formulas written under one name, where other names stand for themselves."""

    def __init__(self, book: _Book, whole: _Whole, root: int, sign: str) -> None:
        self.book, self.whole, self.root, self.sign = book, whole, root, sign
        self.program, self.varies = book.program, whole.varies
        self.formulas = Formulas(book.decimals)
        self.zero, self.one = self.formulas.constant(0.0), self.formulas.constant(1.0)
        self.members = book.members[root] or [root]
        self.pending: dict[str, Program] = {}
        self.values: dict[int, int] = {}
        for k in self.members:
            arguments = [self._value(argument) for argument in self.program.arguments(k)]
            leaf = _leaf(self.program, k, self.formulas)
            parameter = _parameter(self.program, k)
            self.values[k] = (
                self.formulas.typed(self.program.ops[k], *arguments, parameter=parameter) if leaf is None else leaf
            )
        self.expression = self._formula(self.values[root])
        self.derivative: Formula | None = None

    def drafts(self) -> Iterator[_Draft]:
        """Outermost first, the left before the right."""
        applied: set[int] = set()
        waiting = [self.root] if self.varies[self.root] and self.program.ops[self.root] != INPUT else []
        while waiting:
            k = waiting.pop()
            together = self._together(k)
            applied |= together
            waiting += reversed([a for one in sorted(together) for a in self._open(one) if a not in together])
            result, so_far = self._line(k, together), self._line(self.root, applied)
            title, note = self._title(k, together)
            statement = self._statement(k, together)
            parts = (title, statement, self._formula(self.values[k]), result, None if k == self.root else so_far, note)
            yield _Draft(k, parts)
        if self.varies[self.root]:
            self.derivative = self._line(self.root, applied)

    def _value(self, k: int) -> int:
        if k in self.values:
            return self.values[k]
        leaf = _leaf(self.program, k, self.formulas)
        return self.formulas.input(self.book.names[k]) if leaf is None else leaf

    def _formula(self, equation: int) -> Formula:
        program, _ = spread(self.formulas.program(equation), {})
        used = Formula(program).names
        return Formula(program, {name: inner for name, inner in self.pending.items() if name in used})

    def _together(self, k: int) -> set[int]:
        """A sum of many terms is differentiated term by term, in one step."""
        if self.program.ops[k] not in (_ADD, _SUB):
            return {k}
        found, stack = set[int](), [k]
        while stack:
            one = stack.pop()
            found.add(one)
            stack += [a for a in self._open(one) if self.program.ops[a] in (_ADD, _SUB, _NEG)]
        return found

    def _open(self, k: int) -> list[int]:
        """The arguments whose derivatives must still be found here."""
        arguments = list(dict.fromkeys(self.program.arguments(k)))
        first = 1 if self.program.ops[k] == SELECT else 0
        return [a for a in arguments[first:] if a in self.values and a != self.root and self.varies[a]
                and self.program.ops[a] not in (CONST, INPUT)]  # fmt: skip

    def _line(self, target: int, applied: set[int]) -> Formula:
        """The derivative of `target` where the rules of `applied` have been used, and the others are pending."""
        if self.program.ops[target] == INPUT:
            return self._formula(self.one)
        slopes: dict[int, int] = {}
        for k in self.members:
            if k > target or not self.varies[k]:
                continue
            if k not in applied:
                slopes[k] = self._awaited(k)
                continue
            arguments = self.program.arguments(k)
            tangents = [self._slope(argument, slopes) for argument in arguments]
            values = [self._value(argument) for argument in arguments]
            rule = _rule(self.program, k, self.varies)
            slopes[k] = self.formulas.derivative(rule, values, tangents, self.values[k])
        return self._formula(slopes[target])

    def _slope(self, k: int, slopes: Mapping[int, int]) -> int:
        if not self.varies[k]:
            return self.zero
        if self.program.ops[k] == INPUT:
            return self.one
        if k in slopes:
            return slopes[k]
        literal = self.whole.formulas.numbers.get(self.whole.derivatives[k])
        if literal is not None:
            return self.formulas.constant(literal)
        return self.formulas.input(f"{self.book.names[k]}'", late=True)

    def _awaited(self, k: int) -> int:
        inner, _ = spread(self.formulas.program(self.values[k]), {})
        name = f"{self.sign}[{render(inner)}]"
        self.pending[name] = inner
        return self.formulas.input(name, late=True)

    # --- what is said of a rule
    def _title(self, k: int, together: set[int]) -> tuple[str, str | None]:
        program = self.program
        row, varying = PRIMITIVES[program.ops[k]], _varying(program, k, self.varies)
        codes = {program.ops[one] for one in together}
        if {_ADD, _SUB} <= codes:
            return message("sum and difference rule"), None
        if (row.name, varying) in _RULES:
            title = message(_RULES[row.name, varying])
            outer = row.name in ("pow", "powc")
        else:
            title = message(_WORDS.get(row.name, row.name))
            outer = row.name != "select"
        inner = any(
            self.varies[a] and program.ops[a] != INPUT for p, a in zip("abc", program.arguments(k), strict=False)
            if p in varying
        )  # fmt: skip
        kink = row.kink if row.name not in ("pow", "powc") else None
        note = _CONDITION if row.name == "select" else kink and message(kink)
        return (message("chain rule, {what}", what=title) if inner and outer else title), note

    def _statement(self, k: int, together: set[int]) -> tuple[Formula, Formula]:
        """The rule in general, for u, v, …: both sides, from the same text that is applied."""
        program, code = self.program, self.program.ops[k]
        if _ADD in (codes := {program.ops[one] for one in together}) and _SUB in codes:
            code = _ADD
        formulas, varying = Formulas(self.book.decimals), _varying(program, k, self.varies)
        parameter = _parameter(program, k)
        if code == _POWC:
            code, parameter = _POW, None
        if code in (_ADD, _SUB):
            varying = "ab"
        operands, tangents, letters, free = [], [], iter("uvw"), iter("cdh")
        for p in "abc"[: 2 if code == _POW else len(program.arguments(k))]:
            if p in varying:
                letter = next(letters)
                operands.append(formulas.input(letter, late=True))
                tangents.append(formulas.input(f"{letter}'", late=True))
            else:
                base = program.arguments(k)[0]
                named = p == "a" and program.ops[base] == CONST and code == _POW
                operands.append(
                    formulas.constant(program.constants[program.a[base]]) if named else formulas.input(next(free))
                )
                tangents.append(formulas.constant(0.0))
        if code == SELECT:
            formulas.conditions.add(operands[0])
        left = formulas.typed(code, *operands, parameter=parameter)
        right = formulas.derivative(rule_of(code, varying, parameter), operands, tangents, left)
        return tuple(Formula(spread(formulas.program(side), {})[0]) for side in (left, right))  # type: ignore[return-value]


# --- proofs
def _checks(book: _Book, whole: _Whole, equations: Sequence[int], point: Sequence[float]) -> list[Check]:
    """For each equation, the value of its derivative's formula against its certified derivative."""
    variable = next(i for i, name in enumerate(book.program.inputs) if name == _variable(book, whole))
    order = list(dict.fromkeys(equations))
    found: dict[int, Check] = {
        k: Check("not proved", reason=message("not proved within {seconds} s", seconds=f"{PATIENCE:g}")) for k in order
    }
    try:
        with deadline(PATIENCE):
            together = whole.program(order)
            values = certify(together, (), point)
            truths = certify(replace(book.program, outputs=tuple(order)), (variable,), point)
            for i, k in enumerate(order):
                value = values.values[i] if values.values else _first(certify(whole.program((k,)), (), point))
                truth = truths.derivative[i] if truths.derivative else None
                alone = None if truth is not None else certify(_part(book.program, k), (variable,), point)
                found[k] = _check(value, truth, alone)
    except Expired:
        pass
    return [found[k] for k in equations]


def _variable(book: _Book, whole: _Whole) -> str:
    return next(name for name, other in book.wholes.items() if other is whole)


def _part(program: Program, k: int) -> Program:
    return prune(replace(program, outputs=(k,), guards=()))


def _first(truth: Truth) -> Ball | None:
    return truth.values[0] if truth.values else None


def _check(value: Ball | None, truth: Ball | None, alone: Truth | None) -> Check:
    number = None if value is None else nearest(value)
    if truth is None and alone is not None:
        truth = alone.derivative[0] if alone.derivative else None
        if truth is None:
            verdict: Verdict = "no derivative" if alone.status in ("not-differentiable", "undefined") else "not proved"
            return Check(verdict, number, None, alone.reason)
    assert truth is not None
    if value is None:
        return Check("no value", None, nearest(truth), message("the formula has no value here"))
    return Check("agrees" if value.overlaps(truth) else "differs", number, nearest(truth))
