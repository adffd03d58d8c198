"""float64 by the `math` module, with IEEE results where Python raises.

1/0 is an infinity, log(-1) is NaN, exp(1000) is an infinity: a domain error at a
point is a result in the table, never an exception. Nothing here knows a derivative.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from fractions import Fraction
from typing import Any

from diffcli.core.primitives import PRIMITIVES
from diffcli.core.program import Constant

NAN, INF = math.nan, math.inf

NAMED: dict[str, float] = {
    "pi": math.pi,
    "tau": math.tau,
    "e": math.e,
    "inf": INF,
    "ln2": 0.6931471805599453,
    "ln10": 2.302585092994046,
    "two_by_sqrt_pi": 1.1283791670955126,
}


def _div(a: float, b: float) -> float:
    try:
        return a / b
    except ZeroDivisionError:
        if a == 0 or a != a:
            return NAN
        return math.copysign(INF, a) * math.copysign(1.0, b)


def _pow(a: float, b: float) -> float:
    try:
        return math.pow(a, b)
    except OverflowError:
        return -INF if a < 0 and b % 2 == 1 else INF
    except ValueError:  # 0 to a negative power, or a negative base with a broken exponent
        if a == 0:
            return math.copysign(INF, a) if b % 2 == 1 else INF
        return NAN


def _powc(a: float, exponent: Constant) -> float:
    return _pow(a, float(exponent))


def _at(function: Callable[[float], float], overflow: float = INF) -> Callable[[float], float]:
    """`function`, with NaN outside its domain and `overflow` beyond float64."""

    def total(a: float) -> float:
        try:
            return function(a)
        except ValueError:
            return NAN
        except OverflowError:
            return overflow

    return total


def _log(function: Callable[[float], float]) -> Callable[[float], float]:
    def total(a: float) -> float:
        return function(a) if a > 0 else -INF if a == 0 else NAN

    return total


def _log1p(a: float) -> float:
    return math.log1p(a) if a > -1 else -INF if a == -1 else NAN


def _atanh(a: float) -> float:
    if -1 < a < 1:
        return math.atanh(a)
    return math.copysign(INF, a) if abs(a) == 1 else NAN


def _sinh(a: float) -> float:
    try:
        return math.sinh(a)
    except OverflowError:
        return math.copysign(INF, a)


def _exp2(a: float) -> float:
    return _pow(2.0, a)


def _rounding(function: Callable[[float], float]) -> Callable[[float], float]:
    """Rounding to an integer keeps zeros' signs, infinities and NaN."""

    def total(a: float) -> float:
        if not abs(a) < 2.0**53:
            return a
        return float(function(a)) or math.copysign(0.0, a)

    return total


def _sign(a: float) -> float:
    return 1.0 if a > 0 else -1.0 if a < 0 else a


def _min(a: float, b: float) -> float:
    return a if a < b or a != a else b


def _max(a: float, b: float) -> float:
    return a if a > b or a != a else b


def _mod(a: float, b: float) -> float:
    try:
        return a % b
    except ZeroDivisionError:
        return NAN


def _fmod(a: float, b: float) -> float:
    try:
        return math.fmod(a, b)
    except ValueError:
        return NAN


def _fma(a: float, b: float, c: float) -> float:
    """a*b + c rounded once."""
    if not (math.isfinite(a) and math.isfinite(b) and math.isfinite(c)):
        return a * b + c
    exact = Fraction(a) * Fraction(b) + Fraction(c)
    try:
        return float(exact) if exact else a * b + c
    except OverflowError:
        return INF if exact > 0 else -INF


def _lgamma(a: float) -> float:
    if _pole(a):
        return NAN
    try:
        return math.lgamma(a)
    except OverflowError:
        return INF


def _gamma(a: float) -> float:
    """By mpmath, as polygamma is: the math module's is some ulps off, and has the wrong infinity left of 0."""
    if _pole(a):
        return NAN
    if not -200 < a < 200:
        return INF if a > 0 else math.gamma(a) if a == a else a
    import mpmath

    with mpmath.workprec(113):
        return float(mpmath.gamma(a))


def _pole(a: float) -> bool:
    return a == 0 or a < 0 and (a == -INF or a == math.floor(a))


def _polygamma(a: float, order: Constant) -> float:
    """By mpmath, with guard bits, since the math module has none; it is imported where it is used."""
    if not math.isfinite(a) or _pole(a):
        return INF if a == INF and not order else 0.0 if a == INF else NAN
    import mpmath

    n = int(order)
    with mpmath.workprec(113):
        x = mpmath.mpf(a)
        if a > 0:
            return float(mpmath.psi(n, x))
        # psi_n(1 - x) - (-1)^n psi_n(x) = (-1)^n pi d^n/dx^n cot(pi x)  (Abramowitz & Stegun 6.4.7)
        turned = mpmath.pi ** (n + 1) * _cot_derivative(n, mpmath.cospi(x) / mpmath.sinpi(x))
        return float((-1) ** n * mpmath.psi(n, 1 - x) - turned)


def _cot_derivative(n: int, cot: Any) -> Any:
    """The n-th derivative of cot, from its value: a polynomial in it, since cot' = -(1 + cot^2)."""
    polynomial = [0, 1]
    for _ in range(n):
        slope = [k * c for k, c in enumerate(polynomial)][1:]
        polynomial = [-(low + high) for low, high in zip([*slope, 0, 0], [0, 0, *slope], strict=True)]
    return sum(c * cot**k for k, c in enumerate(polynomial))


def _hyp0f1(a: float, parameter: Constant) -> float:
    """By mpmath, with guard bits, as polygamma is; to the left it oscillates without a limit."""
    if not math.isfinite(a):
        return INF if a == INF else NAN
    import mpmath

    c = Fraction(parameter)
    with mpmath.workprec(113):
        return float(mpmath.hyp0f1(mpmath.mpf(c.numerator) / c.denominator, a))


def _digamma(a: float) -> float:
    return _polygamma(a, 0.0)


def _sigmoid(a: float) -> float:
    if a >= 0:
        return 1.0 / (1.0 + _EXP(-a))
    small = _EXP(a)
    return small / (1.0 + small)


def _softplus(a: float) -> float:
    return max(a, 0.0) + math.log1p(_EXP(-abs(a))) if a == a else a


def _logaddexp(a: float, b: float) -> float:
    if a == b:
        return a + NAMED["ln2"]
    return max(a, b) + math.log1p(_EXP(-abs(a - b))) if a == a and b == b else NAN


def _xlogy(a: float, b: float) -> float:
    return 0.0 if a == 0 and b == b else a * _LOG(b)


def _heaviside(a: float, b: float) -> float:
    return 1.0 if a > 0 else 0.0 if a < 0 else b if a == 0 else a


def _relu(a: float) -> float:
    return a if a > 0 or a != a else 0.0


def _over(function: Callable[[float], float]) -> Callable[[float], float]:
    def reciprocal(a: float) -> float:
        return _div(1.0, function(a))

    return reciprocal


def _compare(relation: Callable[[float, float], bool]) -> Callable[[float, float], float]:
    def number(a: float, b: float) -> float:
        return 1.0 if relation(a, b) else 0.0

    return number


_EXP, _LOG = _at(math.exp), _log(math.log)
_SIN, _COS, _TAN = _at(math.sin), _at(math.cos), _at(math.tan)

_BY_NAME: dict[str, Callable[..., float]] = {
    "add": operator.add,
    "sub": operator.sub,
    "neg": operator.neg,
    "mul": operator.mul,
    "div": _div,
    "fma": _fma,
    "pow": _pow,
    "powc": _powc,
    "lt": _compare(operator.lt),
    "le": _compare(operator.le),
    "gt": _compare(operator.gt),
    "ge": _compare(operator.ge),
    "eq": _compare(operator.eq),
    "ne": _compare(operator.ne),
    "not": lambda a: 0.0 if a else 1.0,
    "exp": _EXP,
    "expm1": _at(math.expm1),
    "exp2": _exp2,
    "log": _LOG,
    "log2": _log(math.log2),
    "log10": _log(math.log10),
    "log1p": _log1p,
    "logaddexp": _logaddexp,
    "xlogy": _xlogy,
    "sqrt": _at(math.sqrt),
    "cbrt": math.cbrt,
    "hypot": math.hypot,
    "sin": _SIN,
    "cos": _COS,
    "tan": _TAN,
    "sec": _over(_COS),
    "csc": _over(_SIN),
    "cot": _over(_TAN),
    "asin": _at(math.asin),
    "acos": _at(math.acos),
    "atan": math.atan,
    "atan2": math.atan2,
    "sinh": _sinh,
    "cosh": _at(math.cosh),
    "tanh": math.tanh,
    "asinh": math.asinh,
    "acosh": _at(math.acosh),
    "atanh": _atanh,
    "abs": abs,
    "sign": _sign,
    "floor": _rounding(math.floor),
    "ceil": _rounding(math.ceil),
    "round": _rounding(round),
    "trunc": _rounding(math.trunc),
    "min": _min,
    "max": _max,
    "mod": _mod,
    "fmod": _fmod,
    "heaviside": _heaviside,
    "relu": _relu,
    "erf": math.erf,
    "erfc": math.erfc,
    "gamma": _gamma,
    "lgamma": _lgamma,
    "digamma": _digamma,
    "polygamma": _polygamma,
    "hyp0f1": _hyp0f1,
    "sigmoid": _sigmoid,
    "softplus": _softplus,
    "detach": lambda a: a,
}


class Float64:
    """The algebra of float64 numbers."""

    functions: tuple[Callable[..., float] | None, ...] = tuple(_BY_NAME.get(row.name) for row in PRIMITIVES)

    @staticmethod
    def constant(value: Constant) -> float:
        return NAMED[value] if isinstance(value, str) else float(value)

    @staticmethod
    def decide(condition: float) -> bool:
        return condition != 0


FLOAT64 = Float64()
