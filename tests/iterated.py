"""Second derivatives by their definition, with very many digits; and random functions with kinks.

    g(t) = (f(x + s u + t v) - f(x + t v))/s,    (g(t) - g(0))/t,    s far smaller than t

Steps are powers of two and the precision holds all of them, so conditions are decided on exact points.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import mpmath
from mpmath import mp, mpf

from diffcli.core.evaluate import evaluate
from diffcli.core.primitives import PRIMITIVES
from diffcli.core.program import Program

BITS = 5400
STEP = mpf(2) ** -2400
STEPS = tuple(mpf(2) ** -k for k in (64, 80))
SMALL, LARGE = mpf(2) ** -20, mpf(2) ** 20
NOWHERE = "nowhere"


def _root(x: Any, exponent: Any) -> Any:
    if x < 0 and exponent != int(exponent):
        raise ValueError("no real power")
    return x ** int(exponent) if exponent == int(exponent) else x**exponent


def _sqrt(x: Any) -> Any:
    if x < 0:
        raise ValueError("no real root")
    return mpmath.sqrt(x)


_FUNCTIONS: dict[str, Any] = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "div": lambda a, b: a / b,
    "neg": lambda a: -a,
    "powc": lambda a, c: _root(a, mpf(c)),
    "lt": lambda a, b: int(a < b),
    "le": lambda a, b: int(a <= b),
    "gt": lambda a, b: int(a > b),
    "ge": lambda a, b: int(a >= b),
    "eq": lambda a, b: int(a == b),
    "ne": lambda a, b: int(a != b),
    "not": lambda a: int(not a),
    "abs": abs,
    "max": max,
    "min": min,
    "relu": lambda a: max(a, mpf(0)),
    "sign": mpmath.sign,
    "floor": mpmath.floor,
    "sqrt": _sqrt,
    "hypot": lambda a, b: mpmath.sqrt(a * a + b * b),
    "exp": mpmath.exp,
    "sin": mpmath.sin,
    "cos": mpmath.cos,
    "tanh": mpmath.tanh,
    "atan": mpmath.atan,
    "log": mpmath.log,
}


class Digits:
    """The algebra of mpmath's numbers, at the precision now working."""

    functions = tuple(_FUNCTIONS.get(row.name) for row in PRIMITIVES)
    constant = staticmethod(mpf)
    decide = staticmethod(bool)


class Quotients:
    """Difference quotients of difference quotients of one program."""

    def __init__(self, program: Program, point: Sequence[float]) -> None:
        self.program, self.point = program, [mpf(x) for x in point]

    def value(self, moved: Sequence[tuple[dict[int, float], Any]]) -> Any:
        point = list(self.point)
        for line, step in moved:
            for i, slope in line.items():
                point[i] += slope * step
        try:
            return evaluate(self.program, point, Digits())[0]
        except (ValueError, ZeroDivisionError):
            return NOWHERE

    def slope(self, one: dict[int, float], base: Sequence[tuple[dict[int, float], Any]]) -> Any:
        """The derivative along `one` at a moved point; None where there is none, NOWHERE where f has no value."""
        here = self.value(base)
        if here is NOWHERE:
            return NOWHERE
        found = []
        for side in (1, -1):
            there = self.value([*base, (one, side * STEP)])
            if there is not NOWHERE:
                found.append((there - here) / (side * STEP))
        if not found or any(abs(slope) > LARGE for slope in found):
            return None
        return found[0] if abs(found[0] - found[-1]) < mpf(2) ** -1000 else None

    def entry(self, one: dict[int, float], other: dict[int, float]) -> Any:
        """The derivative along `other` of the derivative along `one`; None where there is none."""
        with mp.workprec(BITS):
            start = self.slope(one, ())
            if start is None or start is NOWHERE:
                return None
            found = []
            for turn in (1, -1):
                for step in STEPS:
                    there = self.slope(one, [(other, turn * step)])
                    if there is None:
                        return None
                    if there is not NOWHERE:
                        found.append((there - start) / (turn * step))
            if not found or any(abs(one) > LARGE for one in found):
                return None
            return found[0] if max(found) - min(found) < SMALL * (1 + abs(found[0])) else None


# --- functions with kinks
def _vanishing(rng: random.Random, names: Sequence[str], at: dict[str, float]) -> str:
    """What is 0 at the point, or at some near to it."""
    off = rng.choice([0.0, 0.0, 0.0, 0.25])
    x, y = (f"({name} - {at[name] + off!r})" if at[name] + off else name for name in rng.sample(names, 2))
    return rng.choice(
        [x, x, y, f"({x} + {y})", f"({x} - 2*{y})", f"{x}*{y}", f"({x}^2 + {y}^2)", f"sin({x})", f"{x}^2"]
    )


def _smooth(rng: random.Random, names: Sequence[str]) -> str:
    x, y = rng.sample(names, 2)
    return rng.choice(
        [x, y, f"{x}*{y}", f"({x} + 2)", f"{x}^2", f"exp({x})", f"sin({y})", f"cos({x}*{y})", "3", f"atan({x})",
         f"tanh({x} + {y})", f"({x}^2 + 1)", f"exp(-{x}^2)", f"log({y}^2 + 2)"]
    )  # fmt: skip


def _bent(rng: random.Random, names: Sequence[str], at: dict[str, float]) -> str:
    a, b = (_vanishing(rng, names, at) for _ in range(2))
    u, v = (_smooth(rng, names) for _ in range(2))
    return rng.choice(
        [f"abs({a})", f"max({a}, {b})", f"min({a}, {b})", f"max({u}, {v})", f"relu({a})", f"sign({a})", f"floor({a})",
         f"sqrt({a}*{a})", f"norm([{a}, {b}])", f"hypot({a}, {b})", f"where({a} > 0, {u}, {v})",
         f"where({a} == 0, {u}, {v})", f"where({a} == 0, 0, {u}*sin({a})/({a}))", f"abs({a})^1.5", f"(({a})^2)^1.5",
         f"relu({a})^2", f"abs({a})^3", f"norm([{a}, {b}])^2", f"hypot({a}, {b})^3", f"({a})^2*sign({b})",
         f"where({a} >= 0, ({a})^2*{u}, ({a})^3*{v})", f"where(abs({a}) <= 1, ({a})^2/2, abs({a}) - 0.5)",
         f"where(norm([{a}, {b}]) < 1, {u}, {v})", f"max({a}, 0)*{u}", f"abs({a})*abs({b})", f"abs({a})*({b})^2",
         f"where({a} < {b}, {u}*{a}, {u}*{b})", f"({a})^2*abs({b})",
         f"where({a} == 0 and {b} == 0, 0, {a}*{b}/(1 + ({a})^2))"]
    )  # fmt: skip


def random_function(rng: random.Random) -> tuple[str, dict[str, float]]:
    """A small expression of two or three variables, and a point where it has a kink more often than not."""
    names = ["x", "y", "z"][: rng.choice([2, 2, 3])]
    at = {name: rng.choice([0.0, 0.0, 1.0, -1.0, 0.5, 2.0]) for name in names}
    bent, u, v = _bent(rng, names, at), _smooth(rng, names), _smooth(rng, names)
    text = rng.choice(
        [bent, f"{bent} + {u}*{v}", f"{bent}*{u}", f"{u}*{bent} + {v}", f"exp({bent})", f"sin({bent})*{u}",
         f"({bent} + {u})^2", f"{bent}*{_bent(rng, names, at)}", f"{bent} + {_bent(rng, names, at)}",
         f"{u}/(2 + ({bent})^2)", f"abs({bent} + {u})"]
    )  # fmt: skip
    return " + 0*".join([text, *[name for name in names if name not in text]]), at
