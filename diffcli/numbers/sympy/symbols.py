"""SymPy expressions as a number system, both ways; the only file that knows SymPy.

    lift:  Program -> SymPy expressions      (an algebra, led through the program)
    lower: SymPy expressions -> one Program  (each operation as SymPy prints it)

Between the two stands SymPy's own `diff`; no rule of ours is read here. Objects
are built directly: nothing is parsed, simplified or rewritten, so a name such
as `S` or `lambda` is a symbol and nothing else. What SymPy rewrites when an
expression is merely built (x*x is x**2, exp(log(x)) is x) is the symbolic
method's, and is shown where it differs. This room does not know who compares.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import partial
from math import inf, isfinite, nan
from typing import Any

import sympy
from sympy.codegen.cfunctions import exp2, expm1, log1p, log2, log10
from sympy.printing.precedence import PRECEDENCE
from sympy.printing.str import StrPrinter

from diffcli.core.evaluate import evaluate
from diffcli.core.passes import prune
from diffcli.core.primitives import CODE, PARAMETRIC, PRIMITIVES
from diffcli.core.program import Builder, Constant, Program
from diffcli.runtime.errors import Unsupported
from diffcli.runtime.messages import message

DIGITS = 10_000
"""Decimal digits of the largest number that SymPy may be led to compute."""

_BITS = int(DIGITS * 3.3219280948873626)
_EXACT = 2**53  # whole numbers below it are float64 numbers
_ZERO, _ONE, _MINUS_ONE, _HALF, _TRUE, _FALSE = (
    sympy.S.Zero, sympy.S.One, sympy.S.NegativeOne, sympy.S.Half, sympy.true, sympy.false
)  # fmt: skip


# --- functions that SymPy lacks, or has only over the complex numbers


class _Ours(sympy.Function):  # type: ignore[misc, unused-ignore]
    """A real function that SymPy differentiates by `fdiff`, and computes by `at` where it must compare numbers."""

    nargs = 1
    is_extended_real = True

    @staticmethod
    def at(value: Any) -> Any:
        """The function at a SymPy Float or Rational."""
        raise NotImplementedError

    def _eval_evalf(self, prec: Any) -> Any:
        value = self.args[0]._evalf(prec)
        return self.at(value) if _is_literal(value) else None


class _Flat(_Ours):
    """Constant wherever it is continuous, or declared to be constant."""

    def fdiff(self, argindex: int = 1) -> Any:
        return _ZERO


class floor(sympy.floor):  # type: ignore[misc, unused-ignore]
    """SymPy's floor, which leaves its derivative open: Subs(Derivative(floor(_xi), _xi), _xi, u)."""

    fdiff = _Flat.fdiff


class ceiling(sympy.ceiling):  # type: ignore[misc, unused-ignore]
    """SymPy's ceiling, in the same way."""

    fdiff = _Flat.fdiff


class round(_Flat):  # noqa: A001  (the name of the class is what SymPy prints)
    """To the nearest whole number, ties to even."""

    @staticmethod
    def at(value: Any) -> Any:
        return sympy.Integer(_fraction(value).__round__())


class trunc(_Flat):
    """Towards zero."""

    @staticmethod
    def at(value: Any) -> Any:
        return sympy.Integer(_fraction(value).__trunc__())


class detach(_Flat):
    """A copy that no derivative passes."""

    @staticmethod
    def at(value: Any) -> Any:
        return value


class cbrt(_Ours):
    """The real cube root; x**(1/3) is complex for SymPy where x < 0."""

    @staticmethod
    def at(value: Any) -> Any:
        return sympy.sign(value) * sympy.Abs(value) ** sympy.Rational(1, 3)

    def fdiff(self, argindex: int = 1) -> Any:
        return 1 / (3 * self**2)


class Abs(_Ours):
    """|u| where SymPy cannot see that u is real: it would differentiate log(x) as a complex number."""

    at = staticmethod(sympy.Abs)

    def fdiff(self, argindex: int = 1) -> Any:
        return sympy.sign(self.args[0])


def _fraction(value: Any) -> Fraction:
    """A SymPy Float or Rational exactly."""
    if value.is_Rational:
        return Fraction(int(value.p), int(value.q))
    sign, mantissa, exponent, _ = value._mpf_
    size: Fraction = int(mantissa) * Fraction(2) ** int(exponent)
    return -size if sign else size


class Condition(sympy.Atom, sympy.logic.boolalg.Boolean):  # type: ignore[misc, unused-ignore]
    """A condition that SymPy does not look into, since it is decided at the point and no derivative passes it.

    Left to itself, SymPy turns 2*x <= 1 into x <= 1/2, which rounds elsewhere; it
    unfolds a condition on a value that was itself chosen into all combinations of
    choices, 2**n for a loop of n rounds; and on some constants it never returns.
    """

    precedence = PRECEDENCE["Relational"]  # read by SymPy's printer
    inner: Any

    def __new__(cls, inner: Any) -> Any:
        made = super().__new__(cls)
        made.inner = inner
        return made

    def _hashable_content(self) -> tuple[Any, ...]:
        return (self.inner,)

    def sort_key(self, order: Any = None) -> Any:
        return self.inner.sort_key(order)

    def _sympystr(self, printer: Any) -> str:
        return str(printer.doprint(self.inner))


# --- tables

# Functions that are one SymPy function and one primitive: read in both directions.
# fmt: off
_SAME: dict[str, Any] = {
    "exp": sympy.exp, "expm1": expm1, "log": sympy.log, "log2": log2, "log10": log10, "log1p": log1p,
    "sin": sympy.sin, "cos": sympy.cos, "tan": sympy.tan, "sec": sympy.sec, "csc": sympy.csc, "cot": sympy.cot,
    "asin": sympy.asin, "acos": sympy.acos, "atan": sympy.atan, "atan2": sympy.atan2,
    "sinh": sympy.sinh, "cosh": sympy.cosh, "tanh": sympy.tanh,
    "asinh": sympy.asinh, "acosh": sympy.acosh, "atanh": sympy.atanh,
    "sign": sympy.sign, "floor": floor, "ceil": ceiling, "round": round, "trunc": trunc,
    "min": sympy.Min, "max": sympy.Max, "erf": sympy.erf, "erfc": sympy.erfc, "gamma": sympy.gamma,
    "cbrt": cbrt, "detach": detach,
}
# Constants that have a name or a literal here.
_NAMED: dict[Any, Constant] = {
    sympy.pi: "pi", sympy.E: "e", sympy.oo: inf, -sympy.oo: -inf, sympy.zoo: inf, sympy.nan: nan,
    _TRUE: 1.0, _FALSE: 0.0,
    sympy.I: nan,  # no real number
    sympy.EulerGamma: 0.5772156649015329, sympy.Catalan: 0.915965594177219, sympy.GoldenRatio: 1.618033988749895,
}
_RELATIONS: dict[str, Any] = {
    "lt": sympy.Lt, "le": sympy.Le, "gt": sympy.Gt, "ge": sympy.Ge, "eq": sympy.Eq, "ne": sympy.Ne,
}
# fmt: on
_CONSTANTS: dict[str, Any] = {
    "pi": sympy.pi,
    "tau": 2 * sympy.pi,
    "e": sympy.E,
    "inf": sympy.oo,
    "ln2": sympy.log(2),
    "ln10": sympy.log(10),
    "two_by_sqrt_pi": 2 / sympy.sqrt(sympy.pi),
}
_STEPS = (sympy.floor, sympy.ceiling, sympy.sign, sympy.Heaviside)
"""Constant between their jumps; SymPy leaves their derivatives as Derivative(floor(x), x), or as DiracDelta."""


# --- lifting: numbers, chains, conditions


class Chain:
    """A sum or product still being collected: `left + right`, or `left - right`; `left * right`, or `left / right`.

    A sum of n terms, added one by one, would be rebuilt n times; as a chain it is
    built once, when something else reads it. Two readers settle it at once, so
    that no chain is walked twice.
    """

    __slots__ = ("inverse", "kind", "left", "right", "taken", "value")

    def __init__(self, kind: Any, left: Any, right: Any, inverse: bool = False) -> None:
        self.kind = kind
        self.left = _link(left, kind)
        self.right = _link(right, kind)
        self.inverse = inverse
        self.taken = False
        self.value: Any = None

    def settle(self) -> Any:
        """The SymPy sum or product of all its links."""
        if self.value is None:
            links: list[Any] = []
            stack: list[tuple[Any, bool]] = [(self, False)]
            while stack:
                link, inverse = stack.pop()
                if type(link) is Chain and link.value is None:
                    stack.append((link.right, inverse != link.inverse))
                    stack.append((link.left, inverse))
                else:
                    link = link.value if type(link) is Chain else link
                    links.append(_INVERSE[self.kind](link) if inverse else link)
            self.value = self.kind(*links)
        return self.value


def _link(value: Any, kind: Any) -> Any:
    """`value` as a link of a chain: a chain of the same kind that nothing else reads stays one."""
    if type(value) is Chain and value.kind is kind and not value.taken:
        value.taken = True
        return value
    return number(value)


_INVERSE: dict[Any, Callable[[Any], Any]] = {
    sympy.Add: lambda a: sympy.Mul(_MINUS_ONE, a),
    sympy.Mul: lambda a: sympy.Pow(a, _MINUS_ONE),
}


def number(value: Any) -> Any:
    """A value of this algebra as a SymPy expression; a condition is the number 0 or 1."""
    if type(value) is Chain:
        return value.settle()
    return value if isinstance(value, sympy.Expr) else _choice(value, _ONE, _ZERO)


def _condition(value: Any) -> Any:
    """A value as a condition: whether it is not zero."""
    value = number(value) if type(value) is Chain else value
    if not isinstance(value, sympy.Expr):
        return value
    return _TRUE if value is _ONE else _FALSE if value is _ZERO else _compare(sympy.Ne, value, _ZERO)


def _is_condition(value: Any) -> bool:
    return value is _ZERO or value is _ONE or type(value) is not Chain and not isinstance(value, sympy.Expr)


def _compare(relation: Any, a: Any, b: Any) -> Any:
    """The relation as typed; SymPy decides only between literals."""
    if _is_literal(a) and _is_literal(b):
        return relation(a, b)
    return Condition(relation(a, b, evaluate=False))


def _select(condition: Any, yes: Any, no: Any) -> Any:
    """A choice between numbers, or between conditions: then it is an `and`, an `or`, or both."""
    condition = _condition(condition)
    if not (_is_condition(yes) and _is_condition(no)):
        return _choice(condition, number(yes), number(no))
    yes, no = _condition(yes), _condition(no)
    if yes is not _TRUE and no is not _FALSE:
        return sympy.Or(sympy.And(condition, yes), sympy.And(sympy.Not(condition), no))
    return sympy.And(condition, yes) if no is _FALSE else sympy.Or(condition, no)


def _choice(condition: Any, yes: Any, no: Any) -> Any:
    """Piecewise; a choice in the last branch continues the list."""
    if condition is _TRUE or condition is _FALSE:
        return yes if condition is _TRUE else no
    rest = no.args if isinstance(no, sympy.Piecewise) else ((no, _TRUE),)
    return sympy.Piecewise((yes, condition if type(condition) is Condition else Condition(condition)), *rest)


# --- lifting: functions


def _bits(base: Any) -> float:
    """Bits of the rational numbers that SymPy raises to a power when it raises `base`."""
    if base.is_Rational:
        return 0 if base in (_ONE, _MINUS_ONE) else max(int(base.p).bit_length(), int(base.q).bit_length())
    if base.is_Mul:
        return sum(map(_bits, base.args))
    if base.is_Pow and base.exp.is_Rational:
        return _bits(base.base) * abs(Fraction(base.exp.p, base.exp.q)) if base.base.is_Rational else 0
    return max(_bits(piece) for piece, _ in base.args) if base.is_Piecewise else 0


def _monster() -> Unsupported:
    return Unsupported(message("SymPy would compute a number of more than {digits} digits", digits=DIGITS))


def _pow(a: Any, b: Any) -> Any:
    times = b.args[0] if b.is_Add else b  # 3**(x + 9)*3**(-x) becomes 3**9
    if times.is_Rational and _bits(a) * abs(Fraction(times.p, times.q)) > _BITS:
        raise _monster()
    return sympy.Pow(a, b)


def _exp2(a: Any) -> Any:
    return _pow(sympy.Integer(2), a) if a.is_number else exp2(a)


def _abs(a: Any) -> Any:
    return Abs(a) if a.is_extended_real is None else sympy.Abs(a)


def _extreme(kind: Any, a: Any, b: Any) -> Any:
    """Of two at a time, as typed: SymPy would compare all pairs of max(a, b, c, …), again in every derivative."""
    return kind(a, b, evaluate=_is_literal(a) or _is_literal(b))


def _held(function: Any) -> Callable[..., Any]:
    """`function`, which SymPy does not compute where the last argument is a constant."""

    def apply(*arguments: Any) -> Any:
        return function(*arguments, evaluate=not arguments[-1].is_number)

    return apply


_psi = _held(sympy.polygamma)  # digamma(10**9) would be summed up


def _gamma(a: Any) -> Any:
    if a.is_Rational and abs(a.p) > _LARGEST_FACTORIAL * a.q:
        raise _monster()
    return sympy.gamma(a)


_LARGEST_FACTORIAL = 3248  # it has not quite DIGITS digits


def _remainder(rounded: Any, a: Any, b: Any) -> Any:
    return a - b * rounded(sympy.Mul(a, sympy.Pow(b, _MINUS_ONE)))


def _heaviside(a: Any, b: Any) -> Any:
    if b.is_number:
        return sympy.Heaviside(a, b)
    return _choice(_compare(sympy.Lt, a, _ZERO), _ZERO, _choice(_compare(sympy.Eq, a, _ZERO), b, _ONE))


_MADE: dict[str, Callable[..., Any]] = {
    "fma": lambda a, b, c: a * b + c,
    "pow": _pow,
    "powc": lambda a, c: _pow(a, constant(c)),
    "exp2": _exp2,
    "log1p": _held(log1p),  # log1p(1e-20) would become log(1 + 1e-20)
    "atan2": lambda a, b: sympy.atan2(a, b, evaluate=not (a.is_number and b.is_number)),  # or a complex logarithm
    "logaddexp": lambda a, b: sympy.log(sympy.exp(a) + sympy.exp(b)),
    "xlogy": lambda a, b: a * sympy.log(b),
    "sqrt": lambda a: sympy.Pow(a, _HALF),
    "hypot": lambda a, b: sympy.sqrt(a**2 + b**2),
    "abs": _abs,
    "min": partial(_extreme, sympy.Min),
    "max": partial(_extreme, sympy.Max),
    "mod": partial(_remainder, floor),
    "fmod": partial(_remainder, trunc),
    "heaviside": _heaviside,
    "relu": lambda a: sympy.Max(a, _ZERO),
    "gamma": _gamma,
    "lgamma": _held(sympy.loggamma),  # complex below 0
    "digamma": lambda a: _psi(_ZERO, a),
    "polygamma": lambda a, c: _psi(constant(c), a),
    "hyp0f1": lambda a, c: sympy.hyper((), (constant(c),), a),
    "sigmoid": lambda a: 1 / (1 + sympy.exp(-a)),
    "softplus": lambda a: sympy.log(1 + sympy.exp(a)),
}
# Functions of values as they come: chains, conditions.
_LINKED: dict[str, Callable[..., Any]] = {
    "add": lambda a, b: Chain(sympy.Add, a, b),
    "sub": lambda a, b: Chain(sympy.Add, a, b, True),
    "neg": lambda a: Chain(sympy.Add, _ZERO, a, True),
    "mul": lambda a, b: Chain(sympy.Mul, a, b),
    "div": lambda a, b: Chain(sympy.Mul, a, b, True),
    "select": _select,
    "not": lambda a: sympy.Not(_condition(a)),
}


def _of_numbers(function: Callable[..., Any]) -> Callable[..., Any]:
    def apply(*arguments: Any) -> Any:
        return function(*[number(argument) for argument in arguments])

    return apply


def _of_number(function: Callable[..., Any]) -> Callable[..., Any]:
    def apply(argument: Any, parameter: Constant) -> Any:
        return function(number(argument), parameter)

    return apply


def _function(name: str) -> Callable[..., Any] | None:
    if name in _LINKED:
        return _LINKED[name]
    if name in _RELATIONS:
        return _of_numbers(partial(_compare, _RELATIONS[name]))
    made = _MADE.get(name) or _SAME.get(name)
    if made is None:
        return None
    return (_of_number if PARAMETRIC[CODE[name]] else _of_numbers)(made)


def constant(value: Constant) -> Any:
    """A literal as it was typed: whole and simple binary fractions exactly, others as the float64 number."""
    if isinstance(value, str):
        return _CONSTANTS[value]
    if isinstance(value, Fraction):
        return sympy.Rational(value.numerator, value.denominator)
    if not isfinite(value):
        return sympy.oo if value > 0 else -sympy.oo if value < 0 else sympy.nan
    numerator, denominator = value.as_integer_ratio()
    if denominator <= 1024 and abs(value) < _EXACT:
        return sympy.Rational(numerator, denominator)
    return sympy.Float(value)


class Symbols:
    """The algebra of SymPy expressions. Sums and products are `Chain`s until `number` settles them."""

    functions: tuple[Callable[..., Any] | None, ...] = tuple(_function(row.name) for row in PRIMITIVES)

    @staticmethod
    def constant(value: Constant) -> Any:
        return constant(value)

    @staticmethod
    def decide(condition: Any) -> bool:
        return bool(_condition(condition))


SYMBOLS = Symbols()


class _Shadows:
    """The constants of a program in floating point with an unbounded exponent; None for all else.

    SymPy computes what is constant as soon as it is built, and 9**9**9**9 has
    more digits than the world has atoms. So each constant is first computed
    roughly, from the rough values before it, and refused where it is too large.
    """

    def __init__(self) -> None:
        self.functions = [function and partial(self.apply, function) for function in SYMBOLS.functions]

    @staticmethod
    def constant(value: Constant) -> Any:
        return _rough(constant(value))

    @staticmethod
    def decide(condition: Any) -> bool:
        raise NotImplementedError

    @staticmethod
    def apply(function: Callable[..., Any], *operands: Any) -> Any:
        try:
            return None if None in operands else _rough(function(*operands))
        except (ArithmeticError, ValueError):  # a pole
            return None


_SHADOWS = _Shadows()


def _rough(value: Any) -> Any:
    """The size of a constant as a SymPy Float; a condition as it is; None where it is not known."""
    if type(value) is not Chain and not isinstance(value, sympy.Expr):
        return value
    value = number(value)
    if not value.is_Float:
        value = sympy.Float(value) if value.is_Rational or value.is_NumberSymbol else sympy.Abs(value)
    if not value.is_Float:
        return None
    _, mantissa, exponent, bits = value._mpf_
    if mantissa and exponent + bits > _BITS:
        raise _monster()
    return value


def lift(program: Program) -> list[Any]:
    """The outputs of `program` as SymPy expressions in real symbols named like its inputs.

    Raises `Unsupported` where SymPy refuses, or would compute a monstrous number.
    """
    symbols = [sympy.Symbol(name, real=True) for name in program.inputs]
    try:
        evaluate(program, [None] * len(symbols), _SHADOWS)
        return [number(value) for value in evaluate(program, symbols, SYMBOLS)]
    except (ArithmeticError, TypeError, ValueError) as error:  # "not comparable": a constant that is no real number
        raise Unsupported(message("SymPy refuses this expression: {error}", error=error)) from error


def derivative(expression: Any, name: str) -> Any:
    """SymPy's derivative of `expression` with respect to the symbol `name`, as it comes."""
    try:
        return expression.diff(sympy.Symbol(name, real=True))
    except (ArithmeticError, TypeError, ValueError) as error:
        raise Unsupported(message("SymPy refuses to differentiate this expression: {error}", error=error)) from error


def contract(expressions: Sequence[Any], weights: Sequence[float]) -> Any:
    """The sum of `expressions`, each times its weight; weights 0, 1 and -1 are exact."""
    exact = [sympy.Integer(int(w)) if w in (0, 1, -1) else SYMBOLS.constant(w) for w in weights]
    return sympy.Add(*[sympy.Mul(weight, expression) for weight, expression in zip(exact, expressions, strict=True)])


def texts(expressions: Sequence[Any]) -> tuple[str, ...]:
    """`expressions` as SymPy writes them; a float literal as it was typed, without zeros at its end."""
    writing = _Writing({"full_prec": False})
    return tuple([writing.doprint(expression) for expression in expressions])


class _Writing(StrPrinter):  # type: ignore[misc]
    """SymPy's printer, but that what occurs again is not written again: derivatives have much in common."""

    def __init__(self, settings: dict[str, Any]) -> None:
        super().__init__(settings)
        self.written: dict[Any, str] = {}

    def _print(self, expr: Any, **settings: Any) -> str:
        if settings or not isinstance(expr, sympy.Basic):
            return str(super()._print(expr, **settings))
        found = self.written.get(expr)
        if found is None:
            found = self.written[expr] = str(super()._print(expr))
        return found


# --- lowering

PLAIN, MINUS, UNDER = 0, 1, 2
"""What is wanted of an expression: its value, its opposite, or, of a power, its reciprocal."""

Need = tuple[Any, int]


def lower(expressions: Sequence[Any], inputs: Sequence[str]) -> Program:
    """One program that computes `expressions`, equal subexpressions once.

    The operations are those of the formula as SymPy prints it: x - y is one
    subtraction though SymPy holds x + (-1)*y, and 3*x/(2*y**2) has one division.
    Time is linear in the subexpressions; nothing recurses. Raises `Unsupported`.
    """
    lowering = _Lowering(tuple(inputs))
    outputs = lowering.run(expressions)
    program = lowering.builder.program(outputs)
    return program if lowering.zero is None else prune(program)


class _Lowering:
    """Subexpressions by identity to equations, and equations by content to equations."""

    def __init__(self, inputs: tuple[str, ...]) -> None:
        self.builder = Builder(inputs)
        self.index = {name: i for i, name in enumerate(inputs)}
        self.place: dict[tuple[int, int], int] = {}
        self.seen: dict[tuple[int, ...], int] = {}
        self.zero: int | None = None  # the equation of a structural zero, once one was met

    def run(self, expressions: Sequence[Any]) -> list[int]:
        """Depth first, with its own stack: what an expression needs comes before it."""
        place = self.place
        stack: list[tuple[Any, int, list[Need] | None]] = [(e, PLAIN, None) for e in reversed(expressions)]
        while stack:
            expression, want, needs = stack.pop()
            key = (id(expression), want)
            if key in place:
                continue
            reader = _READERS.get(type(expression)) or _reader(expression)
            if needs is None:
                needs = reader.needs(expression, want)
                if needs:
                    stack.append((expression, want, needs))
                    for need, wanted in reversed(needs):
                        if (id(need), wanted) not in place:
                            stack.append((need, wanted, None))
                    continue
            operands = [place[id(need), wanted] for need, wanted in needs]
            place[key] = reader.emit(self, expression, want, needs, operands)
        return [place[id(expression), PLAIN] for expression in expressions]

    def apply(self, name: str, *columns: int) -> int:
        """The equation of an operation; the same operation on the same operands is written once."""
        key = (CODE[name], *columns)
        found = self.seen.get(key)
        if found is None:
            found = self.seen[key] = self.builder.emit(*key)
        return found

    def chain(self, name: str, operands: Sequence[int]) -> int:
        result = operands[0]
        for operand in operands[1:]:
            result = self.apply(name, result, operand)
        return result

    def power(self, base: int, exponent: Constant) -> int:
        return self.apply("powc", base, self.builder.slot(exponent))

    def literal(self, value: Constant) -> int:
        return self.builder.constant(value)

    def vanish(self) -> int:
        """A structural zero: no factor beside it is evaluated."""
        self.zero = self.literal(0.0)
        return self.zero


def _ratio(p: int, q: int) -> Constant:
    """p/q as a constant: whole numbers as float64, if they are float64 numbers."""
    if p.bit_length() - q.bit_length() > 1024:
        return inf if p > 0 else -inf
    return float(p) if q == 1 and abs(p) < _EXACT else Fraction(p, q)


def _literal(value: Any, sign: int = 1) -> Constant:
    """A SymPy Rational or Float as a constant."""
    return _ratio(sign * int(value.p), int(value.q)) if value.is_Rational else sign * float(value)


def _is_literal(expression: Any) -> bool:
    return bool(expression.is_Rational or expression.is_Float)


def _is_negative(expression: Any) -> bool:
    """Whether it is printed with a minus sign: a negative literal, or a product that begins with one."""
    first = expression.args[0] if expression.is_Mul else expression
    return first.p < 0 if first.is_Rational else bool(first.is_Float and first._mpf_[0])


Needs = Callable[[Any, int], list[Need]]
Emit = Callable[[_Lowering, Any, int, list[Need], list[int]], int]


class _Reader:
    """How one class of SymPy expressions is read: what it needs, and the equations it becomes."""

    __slots__ = ("emit", "needs")

    def __init__(self, needs: Needs, emit: Emit) -> None:
        self.needs = needs
        self.emit = emit


def _nothing(expression: Any, want: int) -> list[Need]:
    return []


def _arguments(expression: Any, want: int) -> list[Need]:
    return [(argument, PLAIN) for argument in expression.args]


def _emit_literal(lowering: _Lowering, expression: Any, want: int, needs: list[Need], operands: list[int]) -> int:
    return lowering.literal(_literal(expression, -1 if want == MINUS else 1))


def _emit_named(lowering: _Lowering, expression: Any, want: int, needs: list[Need], operands: list[int]) -> int:
    return lowering.literal(_NAMED[expression])


def _emit_symbol(lowering: _Lowering, expression: Any, want: int, needs: list[Need], operands: list[int]) -> int:
    return lowering.builder.input(lowering.index[expression.name])


def _terms(expression: Any, want: int) -> list[Need]:
    """What is added, then what is subtracted; the literal, which SymPy holds first, is written last."""
    terms = expression.args
    if _is_literal(terms[0]):
        terms = (*terms[1:], terms[0])
    added: list[Need] = [(term, PLAIN) for term in terms if not _is_negative(term)]
    taken: list[Need] = [(term, MINUS) for term in terms if _is_negative(term)]
    if not added:  # -x - 1 is -1 - x: the minus sign of a literal costs nothing
        added = [(taken.pop(-1 if _is_literal(terms[-1]) else 0)[0], PLAIN)]
    return added + taken


def _emit_sum(lowering: _Lowering, expression: Any, want: int, needs: list[Need], operands: list[int]) -> int:
    result: int | None = None
    for (_, wanted), operand in zip(needs, operands, strict=True):
        if operand == lowering.zero:
            continue
        if result is None:
            result = lowering.apply("neg", operand) if wanted == MINUS else operand
        else:
            result = lowering.apply("sub" if wanted == MINUS else "add", result, operand)
    return lowering.vanish() if result is None else result


def _factors(expression: Any, want: int) -> list[Need]:
    factors = expression.args[1:] if _is_literal(expression.args[0]) else expression.args
    return [(factor, UNDER if factor.is_Pow and _is_negative(factor.exp) else PLAIN) for factor in factors]


def _emit_product(lowering: _Lowering, expression: Any, want: int, needs: list[Need], operands: list[int]) -> int:
    """(p*a*b)/(q*c*d): a rational coefficient is part of the fraction, as in 3*x/2."""
    if lowering.zero in operands:
        return lowering.vanish()
    over = [operand for (_, wanted), operand in zip(needs, operands, strict=True) if wanted == PLAIN]
    under = [operand for (_, wanted), operand in zip(needs, operands, strict=True) if wanted == UNDER]
    coefficient, sign = expression.args[0], -1 if want == MINUS else 1
    minus = sign < 0
    if _is_literal(coefficient):
        minus = coefficient.is_Rational and sign * coefficient.p == -1 and bool(over)
        if coefficient.is_Float:
            over.insert(0, lowering.literal(_literal(coefficient, sign)))
        elif not minus and (sign * coefficient.p != 1 or not over):
            over.insert(0, lowering.literal(_ratio(sign * int(coefficient.p), 1)))
        if coefficient.is_Rational and coefficient.q != 1:
            under.insert(0, lowering.literal(_ratio(int(coefficient.q), 1)))
    result = lowering.chain("mul", over or [lowering.literal(1.0)])
    if under:
        result = lowering.apply("div", result, lowering.chain("mul", under))
    return lowering.apply("neg", result) if minus else result


def _base_and_exponent(expression: Any, want: int) -> list[Need]:
    base, exponent = expression.args
    needs: list[Need] = [(base, PLAIN)]
    return needs if _is_literal(exponent) else [*needs, (exponent, MINUS if want == UNDER else PLAIN)]


def _emit_power(lowering: _Lowering, expression: Any, want: int, needs: list[Need], operands: list[int]) -> int:
    if len(operands) == 2:
        return lowering.apply("pow", *operands)
    (base,) = operands
    exponent, sign = expression.args[1], -1 if want == UNDER else 1
    if exponent.is_Float or abs(exponent.p) != 1 or exponent.q > 2:
        return lowering.power(base, _literal(exponent, sign))
    root = base if exponent.q == 1 else lowering.apply("sqrt", base)
    return root if sign * exponent.p > 0 else lowering.apply("div", lowering.literal(1.0), root)


def _function_reader(name: str) -> _Reader:
    def emit(lowering: _Lowering, expression: Any, want: int, needs: list[Need], operands: list[int]) -> int:
        return lowering.apply(name, *operands)

    def emit_chain(lowering: _Lowering, expression: Any, want: int, needs: list[Need], operands: list[int]) -> int:
        return lowering.chain(name, operands)

    return _Reader(_arguments, emit_chain if name in ("min", "max") else emit)


def _emit_polygamma(lowering: _Lowering, expression: Any, want: int, needs: list[Need], operands: list[int]) -> int:
    order = expression.args[0]
    if not order.is_Integer or order.is_negative:
        raise _foreign(f"polygamma of the order {order}")
    if order is _ZERO:
        return lowering.apply("digamma", operands[0])
    return lowering.apply("polygamma", operands[0], lowering.builder.slot(Fraction(int(order))))


def _emit_hyper(lowering: _Lowering, expression: Any, want: int, needs: list[Need], operands: list[int]) -> int:
    above, below = expression.args[:2]
    if len(above) or len(below) != 1 or not _is_literal(below[0]):
        raise _foreign(f"hyper({above}, {below}, …)")
    return lowering.apply("hyp0f1", operands[0], lowering.builder.slot(Fraction(_literal(below[0]))))


def _pieces(expression: Any, want: int) -> list[Need]:
    return [(part, PLAIN) for pair in expression.args for part in pair.args]


def _emit_piecewise(lowering: _Lowering, expression: Any, want: int, needs: list[Need], operands: list[int]) -> int:
    """Nested choices, the last piece innermost; where no condition holds, the value is NaN."""
    pairs = list(zip(operands[::2], operands[1::2], strict=True))
    result = pairs.pop()[0] if expression.args[-1].args[1] is _TRUE else lowering.literal(nan)
    for value, condition in reversed(pairs):
        result = lowering.apply("select", condition, value, result)
    return result


def _emit_and(lowering: _Lowering, expression: Any, want: int, needs: list[Need], operands: list[int]) -> int:
    result = operands[-1]
    for operand in reversed(operands[:-1]):
        result = lowering.apply("select", operand, result, lowering.literal(0.0))
    return result


def _emit_or(lowering: _Lowering, expression: Any, want: int, needs: list[Need], operands: list[int]) -> int:
    result = operands[-1]
    for operand in reversed(operands[:-1]):
        result = lowering.apply("select", operand, lowering.literal(1.0), result)
    return result


def _emit_flat(lowering: _Lowering, expression: Any, want: int, needs: list[Need], operands: list[int]) -> int:
    """The derivative of a step is zero: Derivative(floor(x), x), the same in Subs(…), or DiracDelta.

    Between its jumps the function is constant; at a jump it has no derivative, and
    every method gives that of the pieces, which is 0 too.
    """
    inner = expression.expr if isinstance(expression, sympy.Subs) else expression
    if isinstance(inner, sympy.Derivative) and not isinstance(inner.expr, _STEPS):
        raise _foreign(message("the derivative of {name}", name=type(inner.expr).__name__))
    return lowering.vanish()


def _foreign(what: str) -> Unsupported:
    return Unsupported(message("SymPy's derivative holds {what}, which has no primitive here", what=what))


_LITERAL = _Reader(_nothing, _emit_literal)
_FLAT = _Reader(_nothing, _emit_flat)

_READERS: dict[type, _Reader] = {
    sympy.Symbol: _Reader(_nothing, _emit_symbol),
    **dict.fromkeys((sympy.Integer, sympy.Rational, sympy.Float), _LITERAL),
    **dict.fromkeys(map(type, (_ZERO, _ONE, _MINUS_ONE, _HALF)), _LITERAL),
    **dict.fromkeys(map(type, _NAMED), _Reader(_nothing, _emit_named)),
    sympy.Add: _Reader(_terms, _emit_sum),
    sympy.Mul: _Reader(_factors, _emit_product),
    sympy.Pow: _Reader(_base_and_exponent, _emit_power),
    **{function: _function_reader(name) for name, function in _SAME.items()},
    **{relation: _function_reader(name) for name, relation in _RELATIONS.items()},
    exp2: _function_reader("exp2"),
    sympy.Abs: _function_reader("abs"),
    Abs: _function_reader("abs"),
    sympy.Heaviside: _function_reader("heaviside"),
    sympy.loggamma: _function_reader("lgamma"),
    sympy.polygamma: _Reader(lambda expression, want: [(expression.args[1], PLAIN)], _emit_polygamma),
    sympy.hyper: _Reader(lambda expression, want: [(expression.args[2], PLAIN)], _emit_hyper),
    sympy.Piecewise: _Reader(_pieces, _emit_piecewise),
    sympy.And: _Reader(_arguments, _emit_and),
    sympy.Or: _Reader(_arguments, _emit_or),
    sympy.Not: _function_reader("not"),
    Condition: _Reader(lambda expression, want: [(expression.inner, PLAIN)], lambda *read: read[-1][0]),
    sympy.ITE: _function_reader("select"),
    **dict.fromkeys((sympy.Derivative, sympy.Subs, sympy.DiracDelta), _FLAT),
}


def _reader(expression: Any) -> _Reader:
    raise _foreign(type(expression).__name__)
