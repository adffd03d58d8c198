"""Power series of balls (FLINT): f(x + t) as f(x) + f'(x) t + ..., every coefficient proved.

The derivative knowledge here is FLINT's power-series arithmetic alone; no rule
of ours is read. Functions FLINT lacks are *defined* by identities between
functions (sinh = (e^x - e^-x)/2), never by a derivative: precision is raised
until the ball is tight. Where a ball cannot decide on which side of a kink, an
edge or a switch a value lies, `Unresolved` asks for more precision; where the
value lies exactly on it, `Singular` says so; where there is no value, `Undefined`.
FLINT's precision and series length are process-wide: `working` owns them.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from math import isfinite
from typing import Any

from flint import arb, arb_series, ctx, fmpq

from diffcli.core.primitives import CODE, PRIMITIVES
from diffcli.core.program import Constant
from diffcli.runtime.limits import ForkedLock
from diffcli.runtime.messages import message

Series = Any
"""An `arb_series`; python-flint has no types."""


class Undefined(Exception):
    """The function has no value here; the text says why."""


class Unresolved(Exception):
    """A ball holds the point where the function changes: more precision is needed."""


FORMAL = 640
"""Bits of precision from which on exact arithmetic is asked what a ball around zero is."""


class Singular(Exception):
    """A value lies exactly on a kink, an edge, a tie or a switch; the text names it."""


class working:  # noqa: N801 - it is called as a function
    """FLINT at `bits` of precision, series cut after `length` coefficients.

    Both are one for the whole process: a series that another thread cut short would lack coefficients, and they
    would be read as zeros. So one thread works at a time.
    """

    def __init__(self, bits: int, length: int) -> None:
        self.wanted = bits, length

    def __enter__(self) -> None:
        _WORKING.lock.acquire()
        self.before = ctx.prec, ctx.cap
        ctx.prec, ctx.cap = self.wanted

    def __exit__(self, *exception: object) -> None:
        ctx.prec, ctx.cap = self.before
        _WORKING.lock.release()


_WORKING = ForkedLock()


def real(value: Constant) -> Any:
    """A constant as a ball."""
    if type(value) is float:
        return arb(value)
    if isinstance(value, str):
        return NAMED_BALLS[value]()
    if isinstance(value, Fraction):
        return arb(fmpq(value.numerator, value.denominator))
    return arb(value)


NAMED_BALLS: dict[str, Callable[[], Any]] = {
    "pi": arb.pi,
    "tau": lambda: 2 * arb.pi(),
    "e": arb.const_e,
    "inf": arb.pos_inf,
    "ln2": arb.const_log2,
    "ln10": arb.const_log10,
    "two_by_sqrt_pi": lambda: 2 / arb.const_sqrt_pi(),
}


def shown(ball: Any) -> str:
    """A ball as a short number, for messages."""
    value = float(ball)
    if not isfinite(value):
        text: str = ball.mid().str(6, radius=False)
        return text
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(value)


def outside(name: str, ball: Any, argument: int = 0) -> Undefined:
    """The message for an argument outside a primitive's domain."""
    domain = PRIMITIVES[CODE[name]].domain
    return Undefined(
        message(
            "{name}: argument {value} is outside its domain {domain}",
            name=name,
            value=shown(ball),
            domain=domain[argument],
        )
    )


def side(ball: Any, at_zero: str, **values: Any) -> int:
    """1 or -1 for a ball above or below zero; exactly at zero it is `Singular`, for a reason."""
    if ball > 0:
        return 1
    if ball < 0:
        return -1
    if ball.is_zero():
        raise Singular(message(at_zero, **values))
    raise Unresolved


def _constant(value: Any) -> Series:
    return arb_series([value])


ONE = arb(1)


def _mul(a: Series, b: Series) -> Series:
    product = a * b
    if not product.length() and not (a[0].is_finite() and b[0].is_finite()):
        raise Unresolved  # FLINT's empty series is 0 also where it is 0 times infinity
    return product


def _div(a: Series, b: Series) -> Series:
    divisor = b[0]
    if divisor > 0 or divisor < 0:
        return a / b
    if divisor.is_zero():
        raise Undefined(message("division by zero"))
    raise Unresolved


def _inverse(a: Series) -> Series:
    return _div(_constant(ONE), a)


def _sqrt(a: Series) -> Series:
    base = a[0]
    if base > 0:
        return a.sqrt()
    if base < 0:
        raise outside("sqrt", base)
    side(base, "{name} has an edge at {place}", name="sqrt", place=0)
    raise Unresolved


def _log_of(name: str, a: Series) -> Series:
    base = a[0]
    if base > 0:
        return a.log()
    if base.is_zero() or base < 0:
        raise outside(name, base - 1 if name == "log1p" else base)
    raise Unresolved


def _log(a: Series) -> Series:
    return _log_of("log", a)


def _with_value(series: Series, value: Any) -> Series:
    """A series with a value that is known better than what was added up to it."""
    return arb_series([value, *series.coeffs()[1:]])


def _log1p(a: Series) -> Series:
    return _with_value(_log_of("log1p", 1 + a), a[0].log1p())


def _expm1(a: Series) -> Series:
    return _with_value(a.exp() - 1, a[0].expm1())


def _cbrt(a: Series) -> Series:
    if side(a[0], "cbrt has a vertical tangent at 0") > 0:
        return a ** fmpq(1, 3)
    return -((-a) ** fmpq(1, 3))


def _integer(ball: Any) -> int | None:
    """The integer that a ball is exactly; None if it holds none."""
    if ball.is_exact() and ball.is_integer():
        return int(ball.unique_fmpz())
    if ball.is_exact() or not ball.contains_integer():
        return None
    raise Unresolved


def _is_constant(series: Series) -> bool:
    return series.length() < 2 or all(coefficient.is_zero() for coefficient in series.coeffs()[1:])


def _whole_power(a: Series, n: int) -> Series:
    if n == 2:
        return a * a
    if n < 0:
        if a[0].is_zero():
            raise Undefined(message("0 to the power {exponent}", exponent=n))
        return _inverse(_whole_power(a, -n))
    if n < 2:
        return a if n else _constant(ONE)
    return a**n


LARGEST_POWER = 1 << 12
"""Integer exponents up to this are powers by multiplication; beyond, by exp and log."""


def _pow(a: Series, b: Series, literal: bool = False) -> Series:
    base, exponent = a[0], b[0]
    if ctx.cap > 1 and not literal and not base > 0:
        # a short series cannot tell a constant exponent from one like 2 + t^2
        raise Singular(message("a negative base has powers at integers only") if base < 0 else message("a power of 0"))
    if _is_constant(b):
        asked = exponent.is_exact() if base > 0 else exponent.is_finite()
        n = _integer(exponent) if asked and exponent.is_finite() else None
        if n is not None and abs(n) <= LARGEST_POWER:
            return _whole_power(a, n)
        if base < 0 and n is not None:
            even = (-a).log() * b
            return even.exp() if n % 2 == 0 else -even.exp()
        if base < 0:
            raise Undefined(
                message(
                    "a negative base {base} to the broken power {exponent}", base=shown(base), exponent=shown(exponent)
                )
            )
    side(base, "a power of 0")
    return (a.log() * b).exp()


def _powc(a: Series, exponent: Constant) -> Series:
    if type(exponent) is float and exponent.is_integer() and abs(exponent) <= LARGEST_POWER:
        return _whole_power(a, int(exponent))
    return _pow(a, _constant(real(exponent)), literal=True)


def _compare(a: Series, b: Series) -> int:
    """The sign of a - b."""
    if a[0] > b[0]:
        return 1
    if a[0] == b[0] and not a[0].is_finite() and not a[0].is_nan():  # no step leaves infinity
        return 0
    return side(a[0] - b[0], "a condition switches here")


def _relation(holds: tuple[int, ...]) -> Callable[[Series, Series], Series]:
    def relation(a: Series, b: Series) -> Series:
        return _constant(arb(int(_compare(a, b) in holds)))

    return relation


def _not(a: Series) -> Series:
    return _constant(arb(int(a[0].is_zero())))


def _abs(a: Series) -> Series:
    return a if side(a[0], "{name} has a kink at 0", name="abs") > 0 else -a


def _sign(a: Series) -> Series:
    return _constant(arb(side(a[0], "{name} jumps at 0", name="sign")))


def _floor_at(ball: Any, name: str) -> Any:
    """The integer below, where no integer is met."""
    if not ball.is_finite():
        raise Unresolved
    if _integer(ball) is not None:
        raise Singular(message("{name} jumps here", name=name))
    return ball.floor()


def _floor(a: Series) -> Series:
    return _constant(_floor_at(a[0], "floor"))


def _ceil(a: Series) -> Series:
    return _constant(_floor_at(a[0], "ceil") + 1)


def _trunc(a: Series) -> Series:
    if a[0] > -1 and a[0] < 1:
        return _constant(arb(0))
    below = _floor_at(a[0], "trunc")
    return _constant(below if a[0] > 0 else below + 1)


def _round(a: Series) -> Series:
    return _constant(_floor_at(a[0] + arb(0.5), "round"))


def _max(a: Series, b: Series) -> Series:
    return a if side(a[0] - b[0], "{name} has a tie here", name="max") > 0 else b


def _min(a: Series, b: Series) -> Series:
    return b if side(a[0] - b[0], "{name} has a tie here", name="min") > 0 else a


def _quotient(a: Series, b: Series) -> Series:
    if b[0].is_zero():
        raise Undefined(message("remainder of a division by zero"))
    return _div(a, b)


def _mod(a: Series, b: Series) -> Series:
    return a - b * _floor(_quotient(a, b))


def _fmod(a: Series, b: Series) -> Series:
    return a - b * _trunc(_quotient(a, b))


def _heaviside(a: Series, b: Series) -> Series:
    del b
    return _constant(arb(int(side(a[0], "{name} jumps at 0", name="heaviside") > 0)))


def _relu(a: Series) -> Series:
    return a if side(a[0], "{name} has a kink at 0", name="relu") > 0 else _constant(arb(0))


def _hypot(a: Series, b: Series) -> Series:
    squares = a * a + b * b
    side(squares[0], "hypot is a cone at (0, 0)")
    return squares.sqrt()


def _tan(a: Series) -> Series:
    return _div(a.sin(), a.cos())


def _asin(a: Series) -> Series:
    return _inside("asin", a).asin()


def _acos(a: Series) -> Series:
    return _inside("acos", a).acos()


def _inside(name: str, a: Series) -> Series:
    inner = ONE - a[0] * a[0]
    if inner < 0:
        raise outside(name, a[0])
    side(inner, "{name} has an edge at {place}", name=name, place=shown(a[0]))
    return a


def _atan2(a: Series, b: Series) -> Series:
    if b[0] > 0:
        return (a / b).atan()
    if a[0] > 0:
        return arb.pi() / 2 - (b / a).atan()
    if a[0] < 0:
        return -arb.pi() / 2 - (b / a).atan()
    if a[0].is_zero() and b[0].is_zero():
        raise Undefined(message("atan2 has no value at (0, 0)"))
    if a[0].is_zero() and b[0] < 0:
        raise Singular(message("atan2 jumps across the negative axis"))
    raise Unresolved


def _sinh(a: Series) -> Series:
    e = a.exp()
    return (e - _inverse(e)) / 2


def _cosh(a: Series) -> Series:
    e = a.exp()
    return (e + _inverse(e)) / 2


def _tanh(a: Series) -> Series:
    e = (a * -2 if a[0] > 0 else a * 2).exp()
    t = _div(1 - e, 1 + e)
    return t if a[0] > 0 else -t


def _asinh(a: Series) -> Series:
    if a[0] < 0:
        return -_asinh(-a)
    return (a + (a * a + 1).sqrt()).log()


def _acosh(a: Series) -> Series:
    if a[0] < 1:
        raise outside("acosh", a[0])
    side(a[0] - 1, "{name} has an edge at {place}", name="acosh", place=1)
    return (a + (a * a - 1).sqrt()).log()


def _atanh(a: Series) -> Series:
    edge = ONE - a[0] * a[0]
    if edge.is_zero() or edge < 0:
        raise outside("atanh", a[0])
    side(edge, "")
    return _div(1 + a, 1 - a).log() / 2


def _pole(name: str, ball: Any) -> bool:
    """Whether the argument is left of 0, having made sure that it is no pole."""
    if ball > 0:
        return False
    if _integer(ball) is not None and not ball > 0:
        raise Undefined(message("{name} has a pole at {place}", name=name, place=shown(ball)))
    return True


def _gamma(a: Series) -> Series:
    _pole("gamma", a[0])
    return _inverse(a.rgamma())


def _lgamma(a: Series) -> Series:
    """log |gamma(a)|; left of 0 by reflection, gamma(a) gamma(1 - a) = pi/sin(pi a)."""
    if not _pole("lgamma", a[0]):
        return a.lgamma()
    sine = a.sin_pi()
    return arb.pi().log() - (sine if sine[0] > 0 else -sine).log() - (1 - a).lgamma()


def _polygamma(a: Series, order: Constant, name: str = "polygamma") -> Series:
    """psi^(n) is the (n+1)-th derivative of log gamma: read off the longer series of that."""
    n, length = int(order), ctx.cap
    _pole(name, a[0])
    with working(ctx.prec, length + n + 1):
        taylor = _lgamma(arb_series([a[0], 1]))
        for _ in range(n + 1):
            taylor = taylor.derivative()
        taylor = arb_series([taylor[i] for i in range(length)])
    step = arb_series([0, *a.coeffs()[1:]])
    return taylor(step) if length > 1 and not _is_constant(a) else _constant(taylor[0])


def _digamma(a: Series) -> Series:
    return _polygamma(a, 0.0, "digamma")


def _hyp0f1(a: Series, parameter: Constant) -> Series:
    """sum of a^k/((c)_k k!): expanded around a[0] by FLINT's values at c, c + 1, c + 2, … (DLMF 16.3.1)."""
    c, length = real(parameter), 1 if _is_constant(a) else ctx.cap
    terms, below = [], arb(1)
    for k in range(length):
        terms.append(a[0].hypgeom_0f1(c + k) / below)
        below *= (c + k) * (k + 1)
    return arb_series(terms)(arb_series([0, *a.coeffs()[1:]])) if length > 1 else _constant(terms[0])


def _sigmoid(a: Series) -> Series:
    if a[0] < 0:
        e = a.exp()
        return _div(e, 1 + e)
    return _inverse(1 + (-a).exp())


def _softplus(a: Series) -> Series:
    return a + _log1p((-a).exp()) if a[0] > 0 else _log1p(a.exp())


def _logaddexp(a: Series, b: Series) -> Series:
    return a + _softplus(b - a) if a[0] > b[0] else b + _softplus(a - b)


def _xlogy(a: Series, b: Series) -> Series:
    if b[0] < 0 or b[0].is_zero() and side(a[0], "xlogy has an edge at b = 0"):
        raise outside("xlogy", b[0], 1)
    side(b[0], "")
    return a * b.log()


_BY_NAME: dict[str, Callable[..., Series]] = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "neg": lambda a: -a,
    "mul": _mul,
    "div": _div,
    "fma": lambda a, b, c: _mul(a, b) + c,
    "pow": _pow,
    "powc": _powc,
    "lt": _relation((-1,)),
    "le": _relation((-1, 0)),
    "gt": _relation((1,)),
    "ge": _relation((1, 0)),
    "eq": _relation((0,)),
    "ne": _relation((-1, 1)),
    "not": _not,
    "exp": lambda a: a.exp(),
    "expm1": _expm1,
    "exp2": lambda a: (a * arb.const_log2()).exp(),
    "log": _log,
    "log2": lambda a: _log_of("log2", a) / arb.const_log2(),
    "log10": lambda a: _log_of("log10", a) / arb.const_log10(),
    "log1p": _log1p,
    "logaddexp": _logaddexp,
    "xlogy": _xlogy,
    "sqrt": _sqrt,
    "cbrt": _cbrt,
    "hypot": _hypot,
    "sin": lambda a: a.sin(),
    "cos": lambda a: a.cos(),
    "tan": _tan,
    "sec": lambda a: _inverse(a.cos()),
    "csc": lambda a: _inverse(a.sin()),
    "cot": lambda a: _div(a.cos(), a.sin()),
    "asin": _asin,
    "acos": _acos,
    "atan": lambda a: a.atan(),
    "atan2": _atan2,
    "sinh": _sinh,
    "cosh": _cosh,
    "tanh": _tanh,
    "asinh": _asinh,
    "acosh": _acosh,
    "atanh": _atanh,
    "abs": _abs,
    "sign": _sign,
    "floor": _floor,
    "ceil": _ceil,
    "round": _round,
    "trunc": _trunc,
    "min": _min,
    "max": _max,
    "mod": _mod,
    "fmod": _fmod,
    "heaviside": _heaviside,
    "relu": _relu,
    "erf": lambda a: a.erf(),
    "erfc": lambda a: a.erfc(),
    "gamma": _gamma,
    "lgamma": _lgamma,
    "digamma": _digamma,
    "polygamma": _polygamma,
    "hyp0f1": _hyp0f1,
    "sigmoid": _sigmoid,
    "softplus": _softplus,
    "detach": lambda a: _constant(a[0]),
}


class PowerSeries:
    """The algebra of power series of balls, at the precision and length now `working`."""

    functions: tuple[Callable[..., Series] | None, ...] = tuple(_BY_NAME.get(row.name) for row in PRIMITIVES)

    @staticmethod
    def constant(value: Constant) -> Series:
        return _constant(real(value))

    @staticmethod
    def decide(condition: Series) -> bool:
        value = condition[0]
        if value.is_zero():
            return False
        if value > 0 or value < 0:
            return True
        raise Unresolved


SERIES = PowerSeries()


def variable(at: Any, slope: Any = 1) -> Series:
    """The series of a variable on a line: at + slope t."""
    return arb_series([at, slope])
