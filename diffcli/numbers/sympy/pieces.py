"""Functions piece by piece, as SymPy expressions without a switch: what is equal on every piece is equal.

`abs`, `max`, `sign` and conditions are decided by the signs of what they switch at. On a piece these signs are
fixed, and the function is smooth there; all combinations of signs are gone through, one after the other, but those
that contradict what is known of the piece (x > 3 and x < 0). A piece is a set that is open: single points, like the
kink of |x|, are no piece, and are not looked at here.

A derivative that a formula equals on every piece is that formula. Where the formula has no value on a piece although
the function has one, it is not equal. What SymPy cannot show stays open; nothing is ever refuted here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from math import isfinite, prod
from random import Random
from typing import Any

import sympy

from diffcli.core.evaluate import evaluate
from diffcli.core.primitives import CODE, SELECT
from diffcli.core.program import Constant, Program
from diffcli.numbers.sympy.symbols import SYMBOLS, Abs, Chain, cbrt, detach, lift, number
from diffcli.runtime.errors import Unsupported
from diffcli.runtime.messages import message

MOST = 128
"""Pieces that are looked at; a function with more is left alone."""


class NoValue(Exception):
    """The function has no value anywhere on this piece."""


class TooMany(Exception):
    """There are more pieces than are looked at."""


# --- signs
class Signs:
    """The signs of expressions on one piece: known, or chosen as `choices` say, in the order they are asked for."""

    def __init__(self, choices: Sequence[int] = ()) -> None:
        self.choices = list(choices)
        self.asked = 0
        self.facts: dict[Any, int] = {}
        self.bounds: dict[Any, tuple[Any, Any]] = {}
        self.signed: dict[Any, Any] = {}

    def of(self, expression: Any) -> int:
        """-1, 0 or 1; 0 only for what is zero everywhere."""
        known = self.known(expression)
        if known is not None:
            return known
        factors = _factors(expression)
        if len(factors) > 1:
            return prod(self.of(factor) for factor in factors)
        if self.asked == len(self.choices):
            self.choices.append(1)
        sign = self.choices[self.asked]
        self.asked += 1
        self._note(expression, sign)
        return sign

    def assume(self, expression: Any, sign: int = 1) -> None:
        """From here on the expression has this sign; `NoValue` where it has another."""
        known = self.known(expression)
        if known is None:
            unknown = [factor for factor in _factors(expression) if self.known(factor) is None]
            if len(unknown) == 1:
                self._note(expression, sign)
                others = prod(self.known(factor) or 1 for factor in _factors(expression) if factor is not unknown[0])
                self._note(unknown[0], sign * others)
                return
            known = self.of(expression)
        if known == -sign:
            raise NoValue

    def known(self, expression: Any) -> int | None:
        """The sign, as far as it follows from what is known."""
        if expression.is_number:
            return _sign_of_number(expression)
        primitive, turn = _primitive(expression)
        if primitive in self.facts:
            return turn * self.facts[primitive]
        for sign, holds in ((1, _nowhere_negative), (-1, _nowhere_positive)):
            if holds(expression.xreplace(self.signed)):
                return sign
        parts = _factors(expression)
        if len(parts) > 1:
            signs = [self.known(part) for part in parts]
            return None if None in signs else prod(sign for sign in signs if sign is not None)
        reduced = _same_sign(expression)
        if reduced is not None:
            return self.known(reduced)
        return self._by_bounds(primitive, turn)

    def _by_bounds(self, expression: Any, turn: int) -> int | None:
        """Of an affine expression of one variable, whose zero lies outside what the variable may be."""
        found = _affine(expression)
        if found is None or found[0] not in self.bounds:
            return None
        variable, zero, slope = found
        low, high = self.bounds[variable]
        if low is not None and zero <= low:
            return turn * slope
        return -turn * slope if high is not None and zero >= high else None

    def _note(self, expression: Any, sign: int) -> None:
        primitive, turn = _primitive(expression)
        self.facts[primitive] = sign * turn
        reduced = _same_sign(expression)
        if reduced is not None:
            self._note(reduced, sign)
        found = _affine(primitive)
        if found is None:
            return
        variable, zero, slope = found
        low, high = self.bounds.get(variable, (None, None))
        if sign * turn * slope > 0:
            low = zero if low is None else max(low, zero)
        else:
            high = zero if high is None else min(high, zero)
        self.bounds[variable] = low, high
        if low is not None and low >= 0:
            self.signed[variable] = sympy.Symbol(variable.name, positive=True)
        elif high is not None and high <= 0:
            self.signed[variable] = sympy.Symbol(variable.name, negative=True)


def _nowhere_negative(expression: Any) -> bool:
    return bool(expression.is_nonnegative)


def _nowhere_positive(expression: Any) -> bool:
    return bool(expression.is_nonpositive)


def _sign_of_number(value: Any) -> int | None:
    if value.is_zero:
        return 0
    if value.is_positive is not None:
        return 1 if value.is_positive else -1 if value.is_negative else None
    rough = value.evalf(30)
    return None if not rough.is_Float or abs(rough) < sympy.Float("1e-20") else 1 if rough > 0 else -1


def _primitive(expression: Any) -> tuple[Any, int]:
    """The same up to a positive factor, and -1 where it was turned round: x - y and 2*y - 2*x are one."""
    content, rest = expression.primitive()
    turn = 1 if content > 0 else -1
    if rest.could_extract_minus_sign():
        rest, turn = -rest, -turn
    return sympy.expand(rest) if rest.is_Add else rest, turn


def _factors(expression: Any) -> list[Any]:
    """Expressions whose signs multiply to the sign of this one; without those that are nowhere negative."""
    if expression.is_Add and expression.is_polynomial() and expression.count_ops() < 60:
        expression = sympy.factor(expression)
    found = []
    for factor in sympy.Mul.make_args(expression):
        base, exponent = factor.as_base_exp()
        if exponent.is_Integer:
            if exponent % 2:
                found.append(base)
        elif not (factor.is_Pow or isinstance(factor, sympy.exp)):
            found.append(factor)
    return found or [sympy.S.One]


_ODD = (sympy.sinh, sympy.tanh, sympy.asinh, sympy.atan, sympy.erf, sympy.asin, sympy.atanh)


def _same_sign(expression: Any) -> Any:
    """A simpler expression of the same sign; None where there is none."""
    if isinstance(expression, _ODD):
        return expression.args[0]
    if isinstance(expression, sympy.log):
        return expression.args[0] - 1
    if expression.is_Add and len(expression.args) == 2 and expression.args[0].is_Rational:
        constant, other = expression.args
        if isinstance(other, sympy.exp) and constant.is_negative:
            return other.args[0] - sympy.log(-constant)
        if isinstance(-other, sympy.exp) and constant.is_positive:
            return sympy.log(constant) - (-other).args[0]
    return None


def _affine(expression: Any) -> tuple[Any, Any, int] | None:
    """The variable, the zero and the sign of the slope of an affine expression of one variable."""
    symbols = expression.free_symbols
    if len(symbols) != 1:
        return None
    (variable,) = symbols
    slope = expression.coeff(variable)
    constant = expression - slope * variable
    if not slope.is_Rational or slope == 0 or not constant.is_Rational:
        return None
    return variable, -constant / slope, 1 if slope > 0 else -1


# --- the algebra of one piece
class Piece:
    """SymPy expressions on a piece: every switch is decided by `signs`.

    A function that is `given` lies in its domain where it is defined at all: signs are assumed. One that is claimed
    must show that it does.
    """

    def __init__(self, signs: Signs, given: bool) -> None:
        self.signs, self.given = signs, given
        made = list(SYMBOLS.functions)
        made[SELECT] = None
        for name, function in {**_OVERRIDES, **{name: _in_domain(name) for name in _DOMAINS}}.items():
            made[CODE[name]] = self._bound(function)
        self.functions = made

    def _bound(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def apply(*arguments: Any) -> Any:
            return function(self, *[number(a) if isinstance(a, _VALUES) else a for a in arguments])

        return apply

    @staticmethod
    def constant(value: Constant) -> Any:
        if isinstance(value, str) or isinstance(value, float) and not isfinite(value):
            return SYMBOLS.constant(value)
        return sympy.Rational(*Fraction(value).as_integer_ratio())

    def decide(self, condition: Any) -> bool:
        if condition is sympy.true or condition is sympy.false:
            return condition is sympy.true
        return self.signs.of(number(condition)) != 0 if not number(condition).is_number else number(condition) != 0

    def needs(self, expression: Any) -> None:
        """Beyond this point the expression is positive, or there is no value."""
        if self.given:
            self.signs.assume(expression)
        elif self.signs.of(expression) < 0:
            raise NoValue

    def resolved(self, expression: Any) -> Any:
        """Without the switches that SymPy wrote: sqrt(x**2) is |x| to it."""
        return expression.replace(lambda part: isinstance(part, tuple(_WRITTEN)), self._resolve)

    def _resolve(self, part: Any) -> Any:
        return next(function for kind, function in _WRITTEN.items() if isinstance(part, kind))(self, *part.args)


_VALUES = (Chain, sympy.Basic)


def _abs(piece: Piece, a: Any) -> Any:
    return a * piece.signs.of(a)


def _sign(piece: Piece, a: Any) -> Any:
    return sympy.Integer(piece.signs.of(a))


def _max(piece: Piece, *values: Any) -> Any:
    best = values[0]
    for value in values[1:]:
        best = best if piece.signs.of(best - value) >= 0 else value
    return best


def _min(piece: Piece, *values: Any) -> Any:
    return -_max(piece, *(-value for value in values))


def _relu(piece: Piece, a: Any) -> Any:
    return _max(piece, a, sympy.S.Zero)


def _heaviside(piece: Piece, a: Any, b: Any = sympy.S.Half) -> Any:
    sign = piece.signs.of(a)
    return b if sign == 0 else sympy.Integer(sign > 0)


def _cbrt(piece: Piece, a: Any) -> Any:
    sign = piece.signs.of(a)
    return sign * (sign * a) ** sympy.Rational(1, 3)


def _compared(holds: Callable[[int], bool]) -> Callable[..., Any]:
    def compare(piece: Piece, a: Any, b: Any) -> Any:
        return sympy.true if holds(piece.signs.of(a - b)) else sympy.false

    return compare


def _equal(piece: Piece, a: Any, b: Any) -> Any:
    """On a piece two expressions are equal everywhere or, but for points, nowhere."""
    del piece
    return sympy.true if sympy.expand(a - b) == 0 else sympy.false


def _flat(name: str) -> Callable[..., Any]:
    """Constant on a piece: a number without a name, which is the same for the same argument."""

    def flat(piece: Piece, a: Any) -> Any:
        if a.is_number:
            return SYMBOLS.functions[CODE[name]](a)  # type: ignore[misc]
        return sympy.Symbol(f"{name}({sympy.expand(a)})", real=True)

    return flat


def _modulo(name: str) -> Callable[..., Any]:
    return lambda piece, a, b: a - b * _flat(name)(piece, a / b)


def _power(piece: Piece, a: Any, b: Any) -> Any:
    b = Piece.constant(b) if isinstance(b, float | Fraction | int) else b
    if not b.is_integer and not a.is_number:
        piece.needs(a)
    power: Any = sympy.Pow(a, b)
    return power


_OVERRIDES: dict[str, Callable[..., Any]] = {
    "abs": _abs, "sign": _sign, "max": _max, "min": _min, "relu": _relu, "heaviside": _heaviside, "cbrt": _cbrt,
    "lt": _compared(lambda sign: sign < 0), "le": _compared(lambda sign: sign <= 0),
    "gt": _compared(lambda sign: sign > 0), "ge": _compared(lambda sign: sign >= 0),
    "eq": _equal, "ne": lambda piece, a, b: sympy.Not(_equal(piece, a, b)),
    **{name: _flat(name) for name in ("floor", "ceil", "round", "trunc")},
    "mod": _modulo("floor"), "fmod": _modulo("trunc"),
    "pow": _power, "powc": _power,
    "expm1": lambda piece, a: sympy.exp(a) - 1,
    "exp2": lambda piece, a: sympy.exp(a * sympy.log(2)),
    "tan": lambda piece, a: sympy.sin(a) / sympy.cos(a), "cot": lambda piece, a: sympy.cos(a) / sympy.sin(a),
    "sec": lambda piece, a: 1 / sympy.cos(a), "csc": lambda piece, a: 1 / sympy.sin(a),
    "detach": lambda piece, a: detach(a) if piece.given else a,
}  # fmt: skip

_ONE = sympy.S.One
_DOMAINS: dict[str, tuple[Callable[..., Any], Callable[..., Any]]] = {
    "log": (lambda a: a, sympy.log),
    "log2": (lambda a: a, lambda a: sympy.log(a) / sympy.log(2)),
    "log10": (lambda a: a, lambda a: sympy.log(a) / sympy.log(10)),
    "log1p": (lambda a: a + 1, lambda a: sympy.log(a + 1)),
    "xlogy": (lambda a, b: b, lambda a, b: a * sympy.log(b)),
    "sqrt": (lambda a: a, sympy.sqrt),
    "asin": (lambda a: 1 - a**2, sympy.asin),
    "acos": (lambda a: 1 - a**2, sympy.acos),
    "atanh": (lambda a: 1 - a**2, sympy.atanh),
    "acosh": (lambda a: a - 1, sympy.acosh),
}
"""What is positive where the function has a value, and the function."""


def _in_domain(name: str) -> Callable[..., Any]:
    condition, function = _DOMAINS[name]

    def apply(piece: Piece, *arguments: Any) -> Any:
        condition_here = condition(*arguments)
        if not condition_here.is_number or _sign_of_number(condition_here) != 0:
            piece.needs(condition_here)
        return function(*arguments)

    return apply


_WRITTEN: dict[Any, Callable[..., Any]] = {
    sympy.Abs: _abs, sympy.sign: _sign, sympy.Max: _max, sympy.Min: _min, sympy.Heaviside: _heaviside, cbrt: _cbrt,
    sympy.DiracDelta: lambda piece, *_: sympy.S.Zero,
}  # fmt: skip


# --- equal on every piece
Given = tuple[Program, Sequence[int]]
"""Programs whose outputs have known signs wherever the function is what it is: the conditions of a path."""


def equal(
    function: Program,
    wrt: Sequence[int],
    claimed: Sequence[Program],
    entries: Sequence[tuple[int, int]],
    given: Given | None = None,
) -> bool:
    """Whether SymPy shows, piece by piece, that the claimed programs are the derivatives of `function`.

    `entries` has for each derivative, outputs first and then `wrt`, the program that claims it, and the output.
    """  # fmt: skip
    try:
        return all(_equal_on(signs, function, wrt, claimed, entries, given) for signs in pieces())
    except (TooMany, ArithmeticError, TypeError, ValueError, NotImplementedError, AttributeError) as error:
        raise Unsupported(message("SymPy refuses this expression: {error}", error=error)) from error


def pieces() -> Iterator[Signs]:
    """Signs for one piece after the other, as whoever asks for them makes choices."""
    choices: list[int] = []
    for _ in range(MOST):
        signs = Signs(choices)
        yield signs
        choices = signs.choices[: signs.asked]
        while choices and choices[-1] < 0:
            choices.pop()
        if not choices:
            return
        choices[-1] = -1
    raise TooMany


def _symbols(program: Program) -> list[Any]:
    return [sympy.Symbol(name, real=True) for name in program.inputs]


def known_signs(signs: Signs, given: Given) -> None:
    """Take over the signs that a path's conditions have; `NoValue` where they contradict each other."""
    program, wanted = given
    for value, sign in zip(evaluate(program, _symbols(program), Piece(signs, True)), wanted, strict=True):
        signs.assume(number(value), sign)


def _equal_on(
    signs: Signs, function: Program, wrt: Sequence[int], claimed: Sequence[Program],
    entries: Sequence[tuple[int, int]], given: Given | None,
) -> bool:  # fmt: skip
    exact = Piece(signs, True)
    try:
        if given is not None:
            known_signs(signs, given)
        values = [exact.resolved(number(value)) for value in evaluate(function, _symbols(function), exact)]
    except NoValue:
        return True  # nothing is claimed of where there is no function
    names = _symbols(function)
    slopes = [exact.resolved(value.diff(names[i])).replace(detach, lambda u: u) for value in values for i in wrt]
    piece = Piece(signs, False)
    try:
        found = [
            [piece.resolved(number(value)) for value in evaluate(program, _symbols(program), piece)]
            for program in claimed
        ]
    except NoValue:
        return False
    return all(
        vanishes((slope - found[k][output]).xreplace(signs.signed), signs.bounds)
        for slope, (k, output) in zip(slopes, entries, strict=True)
    )


def covered(paths: Sequence[Given]) -> bool:
    """Whether every piece of the space takes one of these paths, by the conditions they hang on.

    Paths part where a condition has another sign; where one of the two signs was met by none, it must be
    impossible after what was decided before it.
    """
    found = [[(_condition(value), sign) for value, sign in zip(lift(p), signs, strict=True)] for p, signs in paths]
    waiting = [(0, found)]
    while waiting:
        depth, group = waiting.pop()
        if min(map(len, group)) == depth:
            if len(group) > 1 and max(map(len, group)) > depth:
                return False
            continue
        condition = group[0][depth][0]
        if any(path[depth][0] != condition for path in group):
            return False
        for sign in (1, -1):
            same = [path for path in group if path[depth][1] == sign]
            if same:
                waiting.append((depth + 1, same))
            elif not _impossible([*group[0][:depth], (condition, sign)]):
                return False
    return True


def _condition(value: Any) -> Any:
    return value.replace(Abs, sympy.Abs)


def _impossible(facts: Sequence[tuple[Any, int]]) -> bool:
    signs = Signs()
    try:
        for expression, sign in facts:
            known = signs.known(expression)
            if known == -sign:
                return True
            if known is None:
                signs._note(expression, sign)
    except NoValue:
        return True
    return False


# --- whether an expression is zero
def vanishes(expression: Any, bounds: Mapping[Any, tuple[Any, Any]] | None = None) -> bool:
    """Whether SymPy shows that an expression without switches is zero wherever it has a value."""
    if expression == 0:
        return True
    if _differs(expression, bounds or {}):
        return False
    return any(simpler(expression) == 0 for simpler in _SIMPLER)


def _differs(expression: Any, bounds: Mapping[Any, tuple[Any, Any]]) -> bool:
    """Whether numbers show that it is not zero: then nothing slow is tried."""
    random, limits = Random(1), {variable.name: ends for variable, ends in bounds.items()}
    for _ in range(3):
        point = {}
        for symbol in sorted(expression.free_symbols, key=str):
            low, high = limits.get(symbol.name, (None, None))
            step = sympy.Rational(random.randint(1, 255), 128)
            if low is not None and high is not None:
                point[symbol] = low + (high - low) * step / 2
            elif low is None and high is None:
                point[symbol] = step
            else:
                point[symbol] = high - step if low is None else low + step
        value = expression.xreplace(point).evalf(30, maxn=200)
        if value.is_Float and abs(value) > sympy.Float("1e-12"):
            return True
    return False


def _numerator(expression: Any) -> Any:
    return sympy.fraction(sympy.together(expression))[0]


def _over_one_denominator(expression: Any) -> Any:
    return sympy.expand(_numerator(expression))


def _by_exponentials(expression: Any) -> Any:
    circular = (sympy.sin, sympy.cos, sympy.tan, sympy.sinh, sympy.cosh, sympy.tanh, sympy.coth)
    if not expression.has(*circular, sympy.exp):
        return expression
    written = expression.rewrite(list(circular), sympy.exp)
    return sympy.powsimp(sympy.expand(_numerator(sympy.powsimp(sympy.expand(written)))))


def _by_roots(expression: Any) -> Any:
    """Roots of products as products of roots, then each root by a name of its own, whose power is known."""
    expression = sympy.expand_power_base(sympy.powdenest(expression, force=True), force=True)
    numerator = sympy.expand(_numerator(expression))
    for _ in range(6):
        roots = {p for p in numerator.atoms(sympy.Pow) if p.exp.is_Rational and not p.exp.is_Integer}
        if not roots:
            break
        base = max((p.base for p in roots), key=sympy.count_ops)
        degree = sympy.ilcm(*(p.exp.q for p in roots if p.base == base), 1)
        name = sympy.Dummy(positive=True)
        numerator = numerator.replace(
            lambda p, base=base: p.is_Pow and p.base == base and p.exp.is_Rational,
            lambda p, name=name, degree=degree: name ** int(p.exp * degree),
        )
        numerator = sympy.expand(_numerator(sympy.expand(numerator)))
        if not numerator.is_polynomial(name):
            break
        numerator = sympy.expand(sympy.rem(numerator, name**degree - base, name))
    return numerator


def _logarithms(expression: Any) -> Any:
    return sympy.simplify(sympy.expand_log(expression, force=True))


_SIMPLER: tuple[Callable[[Any], Any], ...] = (
    sympy.expand,
    _over_one_denominator,
    _by_exponentials,
    _by_roots,
    sympy.simplify,
    _logarithms,
    lambda expression: sympy.simplify(sympy.expand_trig(expression)),
    lambda expression: sympy.simplify(sympy.expand_func(expression)),
)
