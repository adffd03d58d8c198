"""Formulas as a number system: what is computed with them is written tidily, and the rules of the table apply.

An algebra whose values are equations of one growing program. Led through a rule
of THE table it leaves the derivative as a formula; so the derivatives here are
the table's, and only their writing is ours. Tidied lightly: 0 and 1 are removed,
literals folded where that is exact, fractions and equal factors gathered or
cancelled. Nothing is expanded, and what was typed stands as it was typed.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from math import isfinite

from diffcli.ad.rules import rule_program
from diffcli.core.evaluate import evaluate
from diffcli.core.passes import prune
from diffcli.core.primitives import (
    BOOLEAN,
    CODE,
    COMPARISONS,
    CONST,
    INPUT,
    NAMED_CONSTANTS,
    PARAMETRIC,
    PRIMITIVES,
    SELECT,
)
from diffcli.core.program import Builder, Constant, Functions, Program
from diffcli.syntax.elaboration import Elaborator
from diffcli.syntax.parsing import parse

FORMS: dict[tuple[str, str], str] = {
    ("div", "b"): "-(a*db)/b**2",
    ("div", "ab"): "(da*b - a*db)/b**2",
    ("pow", "a"): "b*a**(b - 1)*da",
    ("pow", "b"): "y*log(a)*db",
    ("pow", "ab"): "y*(db*log(a) + b*da/a)",
}
"""The table's rules in the form in which they are taught, by primitive and the arguments that vary.

A test holds each equal to the rule of the table; all others are the table's own texts.
"""

LARGEST = 10**12
"""Literals are folded while numerator and denominator stay below."""

_ADD, _SUB, _NEG, _MUL, _DIV = (CODE[name] for name in ("add", "sub", "neg", "mul", "div"))
_POW, _POWC, _SQRT = CODE["pow"], CODE["powc"], CODE["sqrt"]
_FOLDS: dict[int, Callable[[Fraction, Fraction], Fraction]] = {
    _ADD: operator.add, _SUB: operator.sub, _MUL: operator.mul, _DIV: operator.truediv,
}  # fmt: skip
_RELATIONS: dict[int, Callable[[Fraction, Fraction], bool]] = {
    CODE[name]: getattr(operator, name) for name in ("lt", "le", "gt", "ge", "eq", "ne")
}

Powers = dict[int, int]
"""Factors: base -> exponent, in order."""


@dataclass(frozen=True, slots=True)
class Rule:
    """How a primitive is differentiated where only some of its arguments vary: a program of `a`, `da`, …, `y`."""

    name: str
    varying: str
    form: Program


@cache
def rule_of(code: int, varying: str, parameter: Constant | None = None) -> Rule:
    """The rule as it is taught, if there is such a form; else that of the table."""
    name = PRIMITIVES[code].name
    text = FORMS.get((name, varying))
    return Rule(name, varying, rule_program(code, parameter) if text is None else read(text))


def read(text: str) -> Program:
    """A rule's text as a program, as the table's are read."""
    elaborator = Elaborator(text, {}, {name: name for name in NAMED_CONSTANTS})
    outputs = elaborator.run(parse(text))
    elaborator.builder.inputs = tuple(elaborator.names)
    return prune(elaborator.builder.program([*map(_scalar, outputs)]))


def _scalar(value: object) -> int:
    assert isinstance(value, int)
    return value


class Formulas:
    """The algebra of formulas; a value is an equation of `builder`, and equal formulas are one value."""

    def __init__(self, decimals: bool = False) -> None:
        """`decimals`: whether halves are written 0.5, as in an expression that has such literals."""
        self.builder = Builder(())
        self.decimals = decimals
        self.names: dict[str, int] = {}
        self.late: set[int] = set()  # names that keep their place in a product
        self.whole: set[int] = set()  # products that are not taken apart, since they have a name
        self.conditions: set[int] = set()  # names of what is true or false
        self.numbers: dict[int, Fraction] = {}
        self.seen: dict[tuple[int, ...], int] = {}
        self.functions = Functions(self._function)

    # --- the algebra
    def input(self, name: str, late: bool = False) -> int:
        """A name; `late` ones are not put before other factors."""
        equation = self.builder.input(self.names.setdefault(name, len(self.names)))
        if late:
            self.late.add(equation)
        return equation

    def constant(self, value: Constant) -> int:
        if isinstance(value, Fraction):
            plain = value.denominator == 1 or self.decimals and _is_short(value)
            value = float(value) if plain and Fraction(float(value)) == value else value
        equation = self.builder.constant(value)
        if not isinstance(value, str) and value == value and abs(value) != float("inf"):
            self._note(equation, Fraction(value))
        return equation

    def decide(self, condition: int) -> bool:
        del condition
        raise TypeError("formulas keep both branches")

    def typed(self, code: int, *arguments: int, parameter: Constant | None = None) -> int:
        """An operation as it stands, written once; exact literals are remembered, and still stand."""
        if code == _NEG and (opposite := self._literal(arguments[0])) is not None:
            return self.constant(-opposite)
        columns = [*arguments, self.builder.slot(parameter)] if parameter is not None else [*arguments]
        key = (code, *columns)
        found = self.seen.get(key)
        if found is None:
            found = self.seen[key] = self.builder.emit(*key)
            known = [self.numbers.get(argument) for argument in arguments]
            if code in _FOLDS and None not in known and not (code == _DIV and known[1] == 0):
                self._note(found, _FOLDS[code](*(number for number in known if number is not None)))
            elif code == _NEG and known[0] is not None:
                self._note(found, -known[0])
        return found

    def program(self, *outputs: int) -> Program:
        self.builder.inputs = tuple(self.names)
        return prune(self.builder.program(outputs))

    def derivative(self, rule: Rule, arguments: Sequence[int], tangents: Sequence[int], y: int) -> int:
        """The rule at work: the tangent of `y`, as a formula."""
        operands = {"y": y}
        for parameter, argument, tangent in zip("abc", arguments, tangents, strict=False):
            operands |= {parameter: argument, f"d{parameter}": tangent}
        (result,) = evaluate(rule.form, [operands[name] for name in rule.form.inputs], self)
        return int(result)

    def _literal(self, equation: int) -> float | Fraction | None:
        """The number that an equation is, if it is a literal."""
        value = self.builder.constants[self.builder.a[equation]] if self.builder.ops[equation] == CONST else ""
        return None if isinstance(value, str) or not isfinite(value) else value

    def _note(self, equation: int, number: Fraction) -> None:
        if max(abs(number.numerator), number.denominator) <= LARGEST:
            self.numbers[equation] = number

    # --- tidying
    def _function(self, code: int) -> Callable[..., int] | None:
        tidy: dict[int, Callable[..., int]] = {
            _ADD: self._plus, _SUB: self._minus, _NEG: self._negative, _MUL: self._times, _DIV: self._over,
            _POW: self._power, _POWC: self._literal_power, SELECT: self._choice, CODE["log"]: self._log,
        }  # fmt: skip
        if code in tidy:
            return tidy[code]
        if code in COMPARISONS:
            return lambda a, b: self._compare(code, a, b)
        if PARAMETRIC[code]:
            return lambda a, parameter: self.typed(code, a, parameter=parameter)
        return lambda *arguments: self.typed(code, *arguments)

    def _plus(self, a: int, b: int) -> int:
        return self._sum(a, b, 1)

    def _minus(self, a: int, b: int) -> int:
        return self._sum(a, b, -1)

    def _sum(self, a: int, b: int, sign: int) -> int:
        first, second = self.numbers.get(a), self.numbers.get(b)
        if first is not None and second is not None:
            return self.constant(first + sign * second)
        if second == 0:
            return a
        if first == 0:
            return b if sign > 0 else self._negative(b)
        if b not in self.whole and self.builder.ops[b] in (_ADD, _SUB):
            return self._terms(a, b, sign)
        (p, over, under), (q, over_b, under_b) = self._factors(a), self._factors(b)
        if (over, under) == (over_b, under_b):
            return self._product(p + sign * q, over, under)
        if sign * q < 0:
            return self.typed(_SUB, a, self._product(-q, over_b, under_b) if q < 0 else b)
        added = self._product(-q, over_b, under_b) if sign < 0 else b
        if p < 0:
            return self.typed(_SUB, added, self._product(-p, over, under))
        return self.typed(_ADD, a, added)

    def _terms(self, total: int, b: int, sign: int) -> int:
        """`total` and every term of the sum `b`, without brackets."""
        ops, left, right = self.builder.ops, self.builder.a, self.builder.b
        stack = [(b, sign)]
        while stack:
            k, sign = stack.pop()
            if ops[k] in (_ADD, _SUB) and k not in self.whole:
                stack += [(right[k], sign if ops[k] == _ADD else -sign), (left[k], sign)]
            else:
                total = self._sum(total, k, sign)
        return total

    def _negative(self, a: int) -> int:
        coefficient, over, under = self._factors(a)
        return self._product(-coefficient, over, under)

    def _times(self, a: int, b: int) -> int:
        (p, over, under), (q, over_b, under_b) = self._factors(a), self._factors(b)
        if p * q and max(abs((p * q).numerator), (p * q).denominator) > LARGEST:
            return self.typed(_MUL, a, b)
        return self._product(p * q, _merged(over, over_b), _merged(under, under_b))

    def _over(self, a: int, b: int) -> int:
        (p, over, under), (q, over_b, under_b) = self._factors(a), self._factors(b)
        if not q or p and max(abs((p / q).numerator), (p / q).denominator) > LARGEST:
            return self.typed(_DIV, a, b)
        return self._product(p / q, _merged(over, under_b), _merged(under, over_b))

    def _factors(self, equation: int) -> tuple[Fraction, Powers, Powers]:
        """A product taken apart: its literal coefficient, what is multiplied, and what it is divided by."""
        coefficient, over, under = Fraction(1), Powers(), Powers()
        stack = [(equation, True)]
        ops, left, right = self.builder.ops, self.builder.a, self.builder.b
        while stack:
            k, above = stack.pop()
            number, code = self.numbers.get(k), ops[k]
            if number is not None and (above or number):
                coefficient = coefficient * number if above else coefficient / number
            elif k in self.whole:
                _raise(over if above else under, k, 1)
            elif code == _MUL:
                stack += [(right[k], above), (left[k], above)]
            elif code == _DIV:
                stack += [(right[k], not above), (left[k], above)]
            elif code == _NEG:
                coefficient = -coefficient
                stack.append((left[k], above))
            else:
                _raise(over if above else under, *self._base(k))
        return coefficient, over, under

    def _base(self, k: int) -> tuple[int, int]:
        """A whole power as base and exponent."""
        times = 1
        while self.builder.ops[k] == _POWC and (k not in self.whole or times == 1):
            exponent = self.builder.constants[self.builder.b[k]]
            if isinstance(exponent, str) or not 1 < exponent <= LARGEST or exponent != int(exponent):
                break
            k, times = self.builder.a[k], times * int(exponent)
        return k, times

    def _product(self, coefficient: Fraction, over: Powers, under: Powers) -> int:
        if not coefficient:
            return self.constant(Fraction(0))
        over, under = _apart(over, under)
        coefficient, over = self._decimal(coefficient, over)
        coefficient *= self._roots(over) / self._roots(under)
        p, q = Fraction(coefficient.numerator), Fraction(coefficient.denominator)
        if self.decimals and _is_short(coefficient):
            p, q = coefficient, Fraction(1)
        top = [self._raised(base, over[base]) for base in sorted(over, key=self._place)]
        bottom = [self._raised(base, under[base]) for base in sorted(under, key=self._place)]
        if p == -1 and top:
            top[0] = self.typed(_NEG, top[0])
        elif p != 1 or not top:
            top.insert(0, self.constant(p))
        if q != 1:
            bottom.insert(0, self.constant(q))
        result = self._chain(top)
        return self.typed(_DIV, result, self._chain(bottom)) if bottom else result

    def _decimal(self, coefficient: Fraction, over: Powers) -> tuple[Fraction, Powers]:
        """A literal such as 0.1 takes the coefficient in, where the product is exact and as short."""
        for base in over:
            value = self._literal(base)
            if value is None or over[base] != 1 or coefficient == 1:
                continue
            product = Fraction(value) * coefficient
            if Fraction(float(product)) == product and len(repr(float(product))) <= len(repr(value)) + 1:
                merged = {self.constant(float(product)): 1}
                return Fraction(1), _merged(merged, {other: e for other, e in over.items() if other != base})
        return coefficient, over

    def _roots(self, powers: Powers) -> Fraction:
        """The squares of square roots of literals, which are taken out."""
        found = Fraction(1)
        for base in [base for base in powers if self.builder.ops[base] == _SQRT and powers[base] > 1]:
            number = self.numbers.get(self.builder.a[base])
            if number is not None and 0 < number <= 1000:
                found *= number ** (powers[base] // 2)
                powers[base] %= 2
                if not powers[base]:
                    del powers[base]
        return found

    def _place(self, base: int) -> int:
        """Literals first, and names before other factors."""
        if self._literal(base) is not None:
            return -1
        return 0 if self.builder.ops[base] in (CONST, INPUT) and base not in self.late else 1

    def _raised(self, base: int, exponent: int) -> int:
        return base if exponent == 1 else self.typed(_POWC, base, parameter=float(exponent))

    def _chain(self, factors: Sequence[int]) -> int:
        result = factors[0]
        for factor in factors[1:]:
            result = self.typed(_MUL, result, factor)
        return result

    def _power(self, a: int, b: int) -> int:
        exponent = self.numbers.get(b)
        return self.typed(_POW, a, b) if exponent is None else self._literal_power(a, exponent)

    def _literal_power(self, a: int, exponent: Constant) -> int:
        if exponent == 1:
            return a
        if exponent == 0:
            return self.constant(Fraction(1))
        if isinstance(exponent, Fraction) and (exponent.denominator == 1 or self.decimals and _is_short(exponent)):
            exponent = float(exponent)
        return self.typed(_POWC, a, parameter=exponent)

    def _choice(self, condition: int, yes: int, no: int) -> int:
        decided = self.numbers.get(condition)
        if decided is not None:
            return yes if decided else no
        return yes if yes == no else self.typed(SELECT, condition, yes, no)

    def _compare(self, code: int, a: int, b: int) -> int:
        first, second = self.numbers.get(a), self.numbers.get(b)
        if code == CODE["ne"] and second == 0 and (a in self.conditions or self.builder.ops[a] in BOOLEAN):
            return a
        if first is None or second is None:
            return self.typed(code, a, b)
        return self.constant(Fraction(_RELATIONS[code](first, second)))

    def _log(self, a: int) -> int:
        named = self.builder.ops[a] == CONST and self.builder.constants[self.builder.a[a]] == "e"
        return self.constant(Fraction(1)) if named else self.typed(CODE["log"], a)


def _is_short(number: Fraction) -> bool:
    """Whether it is a float64 of few digits: 0.5, 1.25."""
    return number.denominator.bit_count() == 1 and number.denominator <= 1024


def _raise(powers: Powers, base: int, exponent: int) -> None:
    powers[base] = powers.get(base, 0) + exponent


def _merged(one: Powers, other: Powers) -> Powers:
    merged = dict(one)
    for base, exponent in other.items():
        _raise(merged, base, exponent)
    return merged


def _apart(over: Powers, under: Powers) -> tuple[Powers, Powers]:
    """Equal factors above and below are cancelled."""
    both = {base: min(over[base], under[base]) for base in over if base in under}
    return _without(over, both), _without(under, both)


def _without(powers: Powers, taken: Powers) -> Powers:
    return {base: e - taken.get(base, 0) for base, e in powers.items() if e > taken.get(base, 0)}


def spread(program: Program, kept: Mapping[str, int]) -> tuple[Program, dict[str, int]]:
    """The first output as it is written: what is read twice stands twice, but for what is `kept` under a name."""
    builder = Builder(program.inputs)
    place: dict[int, int] = {}
    names: dict[str, int] = {}
    by_equation = {k: name for name, k in kept.items()}
    for target in [*sorted(by_equation), program.outputs[0]]:
        place[target] = _copied(program, target, builder, place)
        if target in by_equation:
            names[by_equation[target]] = place[target]
    return builder.program([place[program.outputs[0]]]), names


def _copied(program: Program, target: int, builder: Builder, place: Mapping[int, int]) -> int:
    """One tree, laid down operands first from an explicit stack."""
    if target in place:
        return place[target]
    done: list[int] = []
    stack = [(target, False)]
    while stack:
        k, ready = stack.pop()
        code = program.ops[k]
        if k in place:
            done.append(place[k])
        elif code == INPUT:
            done.append(builder.input(program.a[k]))
        elif code == CONST:
            done.append(builder.constant(program.constants[program.a[k]]))
        elif not ready:
            stack.append((k, True))
            stack += [(argument, False) for argument in reversed(program.arguments(k))]
        else:
            count = len(program.arguments(k))
            columns = done[len(done) - count :]
            del done[len(done) - count :]
            if PARAMETRIC[code]:
                columns.append(builder.slot(program.parameter(k)))
            done.append(builder.emit(code, *columns))
    return done[0]
