"""NumPy arrays of one dtype as numbers: every operation on all points at once, with IEEE results and no warnings.

`Arrays("float64")` and `Arrays("float32")` interpret a program as any algebra does;
values are arrays of the dtype, or its scalars. In float32 every number is a float32:
constants are rounded once, and no operation is carried out wider, except where the
result is defined by its rounding (`fma`) or NumPy has no function. Those few (erf,
erfc, gamma, lgamma, digamma, polygamma, hyp0f1, and fma in float64) are float64's own, called
point by point and rounded: right, and slow.

NumPy's elementary functions are not libm's: they may differ from `numbers/float64` by
a few ulps, never in special values. Where an operation is a few ufuncs it stands in STEPS,
as data, so that generated code may say where the result goes.

Importing this room imports NumPy. It knows nothing of rules, and nothing of blocks.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np

from diffcli.core.primitives import CODE, PRIMITIVES
from diffcli.core.program import Constant
from diffcli.numbers.float64 import FLOAT64

Values = Any
"""An array of the algebra's dtype, or one of its scalars."""

UFUNCS: dict[str, np.ufunc] = {
    "add": np.add,
    "sub": np.subtract,
    "neg": np.negative,
    "mul": np.multiply,
    "div": np.divide,
    "exp": np.exp,
    "expm1": np.expm1,
    "exp2": np.exp2,
    "log": np.log,
    "log2": np.log2,
    "log10": np.log10,
    "log1p": np.log1p,
    "logaddexp": np.logaddexp,
    "sqrt": np.sqrt,
    "cbrt": np.cbrt,
    "hypot": np.hypot,
    "sin": np.sin,
    "cos": np.cos,
    "tan": np.tan,
    "asin": np.arcsin,
    "acos": np.arccos,
    "atan": np.arctan,
    "atan2": np.arctan2,
    "sinh": np.sinh,
    "cosh": np.cosh,
    "tanh": np.tanh,
    "asinh": np.arcsinh,
    "acosh": np.arccosh,
    "atanh": np.arctanh,
    "abs": np.absolute,
    "floor": np.floor,
    "ceil": np.ceil,
    "round": np.rint,
    "trunc": np.trunc,
    "mod": np.remainder,
    "fmod": np.fmod,
    "heaviside": np.heaviside,
}
"""What NumPy computes in one pass, by the primitive's name."""

RELATIONS: dict[str, np.ufunc] = {
    "lt": np.less,
    "le": np.less_equal,
    "gt": np.greater,
    "ge": np.greater_equal,
    "eq": np.equal,
    "ne": np.not_equal,
}

STEPS: dict[str, tuple[tuple[np.ufunc, str], ...]] = {
    **{name: ((function, "ab"[: function.nin]),) for name, function in (UFUNCS | RELATIONS).items()},
    "not": ((np.equal, "a0"),),
    "sec": ((np.cos, "a"), (np.divide, "1y")),
    "csc": ((np.sin, "a"), (np.divide, "1y")),
    "cot": ((np.tan, "a"), (np.divide, "1y")),
    "sign": ((np.sign, "a"), (np.copysign, "ya")),  # np.sign forgets the sign of zero
    "relu": ((np.maximum, "a0"), (np.add, "y0")),  # -0.0 + 0.0 is 0.0
}
"""Operations in a few passes, arguments as letters: a and b, the numbers 0 and 1, and y, the result so far.

A pass may write where it reads y, and generated code says where that is. Relations give numbers.
"""

POWERS: dict[float, tuple[tuple[np.ufunc, str], ...]] = {
    2.0: ((np.multiply, "aa"),),
    3.0: ((np.multiply, "aa"), (np.multiply, "ya")),
    4.0: ((np.multiply, "aa"), (np.multiply, "yy")),
}
"""Powers by their exponent that are multiplied out: within 2 ulps, in a fifth of the time of NumPy's power."""

POINT_BY_POINT = ("erf", "erfc", "gamma", "lgamma", "digamma", "polygamma", "hyp0f1")
"""What NumPy lacks."""


def _stepped(steps: tuple[tuple[np.ufunc, str], ...], read: dict[str, Values]) -> Values:
    """What the passes of an operation come to, for the letters they read."""
    for function, letters in steps:
        read["y"] = function(*(read[letter] for letter in letters))
    return read["y"]


def silence() -> np.errstate:
    """The only place where NumPy's warnings are turned off: infinities and NaN are results here."""
    return np.errstate(all="ignore")


def _silent(function: Callable[..., Values]) -> Callable[..., Values]:
    def quiet(*arguments: Any) -> Values:
        with silence():
            return function(*arguments)

    return quiet


class Arrays:
    """The algebra of arrays of one dtype, float64 or float32.

    A loud one leaves the warnings to whoever evaluates, who enters `silence()` once
    and not at every operation, where it costs as much as the operation on some 500 points.
    """

    def __init__(self, dtype: str, loud: bool = False) -> None:
        self.dtype = np.dtype(dtype)
        if self.dtype not in (np.float64, np.float32):
            raise ValueError(f"no algebra of {self.dtype}: float64 or float32")
        self._real: Any = self.dtype.type
        by_name = {name: self._stepping(name) for name in STEPS} | self._joined() | self._point_by_point()
        found = [by_name.get(row.name) for row in PRIMITIVES]
        self.functions: tuple[Callable[..., Values] | None, ...] = tuple(
            function if function is None or loud else _silent(function) for function in found
        )

    def array(self, values: Any) -> Values:
        """Numbers of any kind as values of this algebra, rounded once."""
        with silence():
            return np.asarray(values, self.dtype)[()]

    def constant(self, value: Constant) -> Values:
        with silence():
            nearest = self._real(FLOAT64.constant(value))
            return self._nearest(nearest, value) if isinstance(value, Fraction) else nearest

    @staticmethod
    def decide(condition: Values) -> bool:
        holds = np.asarray(condition) != 0
        if holds.all():
            return True
        if holds.any():
            raise ValueError("the points take different paths: decide at each, and evaluate a straight-line program")
        return False

    def _nearest(self, rounded: Values, exact: Fraction) -> Values:
        """By way of float64 a rational is rounded twice; a neighbour may then be nearer."""
        around = [rounded, np.nextafter(rounded, self._real(-np.inf)), np.nextafter(rounded, self._real(np.inf))]
        finite = [number for number in around if np.isfinite(number)]
        return min(finite, key=lambda number: abs(Fraction(float(number)) - exact)) if len(finite) == 3 else rounded

    def _stepping(self, name: str) -> Callable[..., Values]:
        dtype, numbers = self.dtype, {"0": self._real(0), "1": self._real(1)}
        if len(STEPS[name]) == 1 and name in UFUNCS:
            return UFUNCS[name]

        def stepping(*arguments: Values) -> Values:
            found = _stepped(STEPS[name], numbers | dict(zip("ab", arguments, strict=False)))
            return found.astype(dtype, copy=False)

        return stepping

    def _joined(self) -> dict[str, Callable[..., Values]]:
        """What chooses point by point; constants have the dtype, since Python's would widen a scalar."""
        zero, one = self._real(0), self._real(1)

        def choose(condition: Values, yes: Values, no: Values) -> Values:
            chosen: Values = np.where(condition, yes, no)
            return chosen[()]

        def power(a: Values, b: Values) -> Values:
            """NumPy takes a root where the exponent is a lone 0.5, which forgets pow(-0.0, 0.5) and pow(-inf, 0.5)."""
            if np.size(b) == 1 and np.all(b == 0.5):
                return choose(a == -np.inf, -a, np.sqrt(a) + zero)
            return np.power(a, b)

        def literal_power(a: Values, exponent: Constant) -> Values:
            exponent = self.constant(exponent)
            steps = POWERS.get(float(exponent))
            return power(a, exponent) if steps is None else _stepped(steps, {"a": a})

        def xlogy(a: Values, b: Values) -> Values:
            return choose((a == 0) & (b == b), zero, a * np.log(b))

        def sigmoid(a: Values) -> Values:
            small = np.exp(-np.abs(a))
            return choose(a >= 0, one, small) / (one + small)

        def softplus(a: Values) -> Values:
            return np.maximum(a, zero) + np.log1p(np.exp(-np.abs(a)))

        return {
            "pow": power,
            "powc": literal_power,
            "xlogy": xlogy,
            "min": lambda a, b: choose(a == b, b, np.minimum(a, b)),  # at a tie of zeros NumPy may take either
            "max": lambda a, b: choose(a == b, b, np.maximum(a, b)),
            "sigmoid": sigmoid,
            "softplus": softplus,
            "detach": lambda a: a,
        }

    def _point_by_point(self) -> dict[str, Callable[..., Values]]:
        lifted = {name: self._lifted(name) for name in POINT_BY_POINT}
        return lifted | {"fma": self._lifted("fma") if self.dtype == np.float64 else _fma32}

    def _lifted(self, name: str) -> Callable[..., Values]:
        """float64's own function at every point; a literal parameter is the same everywhere."""
        function = FLOAT64.functions[CODE[name]]
        assert function is not None
        arity, real = PRIMITIVES[CODE[name]].arity, self.dtype

        def lifted(*arguments: Any) -> Values:
            columns = np.broadcast_arrays(*arguments[:arity])
            rows = zip(*(column.ravel().tolist() for column in columns), strict=True)
            results = [function(*row, *arguments[arity:]) for row in rows]
            return np.array(results).astype(real).reshape(columns[0].shape)[()]

        return lifted


def _fma32(a: Values, b: Values, c: Values) -> Values:
    """a*b + c rounded once: in float64 products are exact, and sums are rounded to odd, so that only float32 rounds.

    (Boldo and Melquiond, "Emulation of FMA and correctly rounded sums: proved algorithms using rounding to odd", 2008)
    """
    product, c = np.multiply(a, b, dtype=np.float64), np.asarray(c, np.float64)[()]
    total = product + c
    of_c = total - product
    error = (product - (total - of_c)) + (c - of_c)  # Knuth's two-sum
    inexact = np.isfinite(total) & (error != 0)
    bits: Any = np.asarray(total).view(np.int64)
    odd = np.where(inexact & (bits % 2 == 0), np.nextafter(total, np.copysign(np.inf, error)), total)
    return odd.astype(np.float32)[()]
