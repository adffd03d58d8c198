"""Coefficients of Taylor series as exact reals: rational where they are, square roots and named constants else."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import cache
from math import factorial
from typing import Any

from flint import arb, arb_series, ctx, fmpq, fmpq_series

from diffcli.core.primitives import CODE, PRIMITIVES
from diffcli.core.program import Constant
from diffcli.truth.exact.forms import of_key
from diffcli.truth.exact.reals import Real, exponential, logarithm, named, of, real, whole
from diffcli.truth.expansions.expansion import HALF, ONE, TWO, ZERO
from diffcli.truth.series import (
    NAMED_BALLS,
    SERIES,
    Unresolved,
    working,
)

MOST_FACTORIAL = 64


def PI() -> Real:  # noqa: N802 - the constant, at the precision now working
    return named("pi", arb.pi())


def named_constant(value: Constant) -> Real:
    if value == "e":
        return exponential(ONE)
    if value == "tau":
        return TWO * PI()
    return named(value, NAMED_BALLS[value]() if isinstance(value, str) else arb(float(value)))


def _rational_series(function: Callable[[Any], Any], start: int, count: int) -> list[Real]:
    with working(ctx.prec, max(count, 2)):
        series = function(fmpq_series([start, 1]))
        return [real(series[k]) for k in range(count)]


def hypergeometric(c: fmpq, count: int) -> list[Real]:
    """Coefficients of hyp0f1(c, t): 1/((c)_k k!)."""
    coefficients = [fmpq(1)]
    for k in range(count - 1):
        coefficients.append(coefficients[-1] / ((c + k) * (k + 1)))
    return [real(coefficient) for coefficient in coefficients]


def exp_coefficients(count: int) -> list[Real]:
    return _rational_series(fmpq_series.exp, 0, count)


def log1p_coefficients(count: int) -> list[Real]:
    return _rational_series(fmpq_series.log, 1, count)


@cache
def binomials(exponent: Fraction, count: int) -> list[Real]:
    """Coefficients of (1 + h)^exponent."""
    p = fmpq(exponent.numerator, exponent.denominator)
    coefficients = [fmpq(1)]
    for k in range(1, count):
        coefficients.append(coefficients[-1] * (p - (k - 1)) / k)
    return [real(coefficient) for coefficient in coefficients]


_RATIONAL_AT_ZERO: dict[str, Callable[[Any], Any]] = {
    "sin": fmpq_series.sin,
    "cos": fmpq_series.cos,
    "asin": fmpq_series.asin,
    "atan": fmpq_series.atan,
    "sinh": fmpq_series.sinh,
    "cosh": fmpq_series.cosh,
    "tanh": fmpq_series.tanh,
    "asinh": fmpq_series.asinh,
    "atanh": fmpq_series.atanh,
    "sigmoid": lambda t: 1 / (1 + (-t).exp()),
    "softplus": lambda t: ((1 + t.exp()) / 2).log(),
}


_ODD = ("asin", "atan", "erf")
"""What is -f(-x) where x is negative."""


_ARCS = {
    ("atan", fmpq(1)): fmpq(1, 4),
    ("asin", fmpq(1, 2)): fmpq(1, 6),
    ("acos", fmpq(0)): fmpq(1, 2),
    ("acos", fmpq(1, 2)): fmpq(1, 3),
    ("acos", fmpq(-1, 2)): fmpq(2, 3),
}
"""Arcs of rationals that are known multiples of pi."""


def taylor_at(code: int, at: Real, count: int) -> list[Real]:
    """Taylor coefficients of a primitive where it is analytic."""
    name = PRIMITIVES[code].name
    if at.is_zero() and name in _RATIONAL_AT_ZERO:
        first, *rest = _rational_series(_RATIONAL_AT_ZERO[name], 0, count)
        return [first + logarithm(TWO) if name == "softplus" else first, *rest]
    if name in ("sin", "cos"):
        return _circular(name, at, count)
    if name in ("sinh", "cosh"):
        return _hyperbolic(name, at, count)
    if name in _ODD and at.ball < 0:
        return [c if k % 2 else -c for k, c in enumerate(taylor_at(code, -at, count))]
    function = SERIES.functions[code]
    assert function is not None
    first, *rest = taylor_of(name, function, at, count)
    turns = _ARCS.get((name, at.rational)) if at.rational is not None else None
    if turns is not None:
        first = PI() * real(turns)
    elif name in ("asin", "atan"):
        first = _arc_of_angle(name, at) or first
    return [first, *rest]


def _arc_of_angle(name: str, at: Real) -> Real | None:
    """asin(sin(u)) and atan(tan(u)): u, but for half turns."""
    if len(at.terms) != 1:
        return None
    ((monomial, q),) = at.terms.items()
    names = [atom.name if isinstance(atom.name, tuple) else () for atom, _ in monomial]
    if abs(q) != 1 or any(len(made) != 2 or made[0] not in ("sin", "cos") for made in names):
        return None
    angles = {made[1] for made in names}
    if len(angles) != 1:
        return None
    functions = sorted((made[0], power) for made, (_, power) in zip(names, monomial, strict=True))
    angle = Real(of_key(angles.pop()))
    if name == "asin" and functions == [("cos", 1)]:
        angle = PI() * HALF - angle
    elif functions != ([("sin", 1)] if name == "asin" else [("cos", -1), ("sin", 1)]):
        return None
    half_turns = ((angle.ball / arb.pi()) + arb(0.5)).floor().unique_fmpz()
    if half_turns is None:
        raise Unresolved
    angle = (angle - PI() * real(fmpq(half_turns))) * real(q)
    return -angle if name == "asin" and half_turns % 2 else angle


def _circular(name: str, at: Real, count: int) -> list[Real]:
    """sin and cos of a sum by the addition theorems; exact at whole and half multiples of pi."""
    cosine, sine = ONE, ZERO
    for part in _angles(at):
        c, s = _of_angle(part)
        cosine, sine = cosine * c - sine * s, sine * c + cosine * s
    sines, cosines = _rational_series(fmpq_series.sin, 0, count), _rational_series(fmpq_series.cos, 0, count)
    first, second = (sine, cosine) if name == "sin" else (cosine, -sine)
    return [first * c + second * s for c, s in zip(cosines, sines, strict=True)]


def _angles(at: Real) -> list[Real]:
    """An angle as a sum of those whose sine is known to be algebraic, and the rest."""
    parts, rest = [], ZERO
    for monomial, q in at.terms.items():
        part, once = Real({monomial: q}), Real({monomial: fmpq(1)})
        if once.key == PI().key and len(at.terms) > 1 and q.q in _NIVEN:
            parts.append(part)
        elif q.q == 1 and abs(q.p) <= MOST_ARCS and _arc(once):
            parts += [once if q > 0 else -once] * abs(int(q.p))
        else:
            rest = rest + part
    return [*parts, rest] if rest.terms or not parts else parts


def _arc(angle: Real) -> tuple[str, Real] | None:
    """What an angle is the asin or the atan of."""
    if len(angle.terms) != 1:
        return None
    ((monomial, q),) = angle.terms.items()
    if abs(q) != 1 or len(monomial) != 1 or monomial[0][1] != 1:
        return None
    name = monomial[0][0].name
    if not isinstance(name, tuple) or name[0] not in ("asin", "atan") or name[-1] != 0:
        return None
    return name[0], Real(of_key(name[1])) * real(q)


MOST_ARCS = 8
"""Multiples of an arc up to which sines and cosines are written out."""


_NIVEN = (1, 2, 3, 4, 6)
"""Denominators of the multiples of pi whose sine is a square root (Niven: its square is whole/4)."""


def _of_angle(at: Real) -> tuple[Real, Real]:
    """The cosine and the sine of one angle."""
    turns = (at * PI().inverse()).rational
    if turns is not None:
        cosine, sine = arb.cos_pi_fmpq(turns), arb.sin_pi_fmpq(turns)
        return _of_turns("cos", at, turns, cosine), _of_turns("sin", at, turns, sine)
    arc = _arc(at)
    if arc is not None:
        name, leg = arc
        if name == "asin":
            return (ONE - leg * leg).power(Fraction(1, 2)), leg
        cosine = (ONE + leg * leg).power(Fraction(-1, 2))
        return cosine, leg * cosine
    return of("cos", at, arb.cos), of("sin", at, arb.sin)


def _of_turns(name: str, at: Real, turns: fmpq, ball: Any) -> Real:
    """sin or cos of a multiple of pi: where it is a square root, as that."""
    if turns.q not in _NIVEN:
        return named((name, at.key), ball)
    root = real(fmpq((4 * ball * ball).unique_fmpz(), 4)).power(Fraction(1, 2))
    return -root if ball < 0 else root


def _hyperbolic(name: str, at: Real, count: int) -> list[Real]:
    """(e^a e^h + or - e^-a e^-h)/2."""
    grows, falls = exponential(at) * HALF, exponential(-at) * HALF
    turn = 1 if name == "cosh" else -1
    return [c * (grows + whole(turn * (-1) ** k) * falls) for k, c in enumerate(exp_coefficients(count))]


def over_gamma_at(at: Real, count: int) -> list[Real]:
    """1/gamma is entire; at whole numbers gamma is a factorial."""
    first, *rest = taylor_of("rgamma", lambda t: t.rgamma(), at, count)
    exact = at.rational
    if exact is not None and exact.q == 1 and 0 < exact <= MOST_FACTORIAL:
        first = real(fmpq(1, factorial(int(exact.p) - 1)))
    return [first, *rest]


def taylor_of_polygamma(order: Constant, at: Real, count: int) -> list[Real]:
    function = SERIES.functions[CODE["polygamma"]]
    assert function is not None
    return taylor_of(f"polygamma {order}", lambda t: function(t, order), at, count)


def taylor_of(name: str, function: Callable[[Any], Any], at: Real, count: int) -> list[Real]:
    with working(ctx.prec, max(count, 2)):
        series = function(arb_series([at.ball, 1]))
        return [named((name, at.key, k), series[k]) for k in range(count)]
