"""Programs as machine code, by heyoka (LLVM, vector functions); only when asked for, since loading it takes time.

heyoka keeps the order of operations. It may fuse a product with a sum, and its functions
are not NumPy's: an operation may differ by 4 ulps, and a result by as much more as the
expression magnifies it.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from diffcli.core.evaluate import evaluate
from diffcli.core.passes import prune
from diffcli.core.primitives import PRIMITIVES
from diffcli.core.program import Constant, Functions, Program
from diffcli.numbers.float64 import FLOAT64, NAMED
from diffcli.runtime.errors import DiffError, Unsupported
from diffcli.runtime.messages import message

AT_ONCE = 1 << 14
"""Points that are copied at once: few enough for the cache, enough to hide the 5 µs that a call costs."""

LARGE = 2_000
"""Equations from which heyoka writes compact code: straight code takes it ever longer."""

SAME_NAME = (
    "exp", "expm1", "log", "log1p", "sqrt", "sin", "cos", "tan", "asin", "acos", "atan", "atan2", "sinh", "cosh",
    "tanh", "asinh", "acosh", "atanh", "erf", "erfc", "sigmoid", "lt", "le", "gt", "ge", "eq", "ne",
)  # fmt: skip
OTHER_NAME = {"le": "lte", "ge": "gte", "ne": "neq"}


def compiled_by(name: str, program: Program) -> Callable[[Sequence[Any], Sequence[Any]], object]:
    """A program without branches, as a function from columns into arrays."""
    check(name)
    return _Compiled(program)


def check(name: str) -> None:
    """That the compiler exists, and is installed."""
    if name != "heyoka":
        raise DiffError(
            message("unknown compiler '{name}'", name=name), hint=message("write --compiled heyoka"), kind="option"
        )
    try:
        import heyoka  # noqa: F401
    except ImportError:
        hint = message("pip install 'diff-compare[compiled]'")
        raise DiffError(
            message("--compiled heyoka needs heyoka, which is not installed"), hint=hint, kind="option"
        ) from None


class _Expressions:
    """The algebra of heyoka's expressions."""

    def __init__(self) -> None:
        import heyoka

        self.library: Any = heyoka
        self.functions = Functions(self._function)

    def constant(self, value: Constant) -> Any:
        return self.library.expression(FLOAT64.constant(value))

    def decide(self, condition: Any) -> bool:
        raise TypeError(f"no choice is left in a path: {condition}")

    def _function(self, code: int) -> Callable[..., Any]:
        name = PRIMITIVES[code].name
        if name in _OPERATORS:
            return _OPERATORS[name]
        if name in _DEFINED:
            defined = _DEFINED[name]
            return lambda *arguments: defined(self.library, *arguments)
        if name in SAME_NAME:
            found: Callable[..., Any] = getattr(self.library, OTHER_NAME.get(name, name))
            return found
        raise Unsupported(message("heyoka has no {name}: leave out --compiled", name=name))


_OPERATORS: dict[str, Callable[..., Any]] = {
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "div": operator.truediv,
    "neg": operator.neg,
    "pow": operator.pow,
    "powc": lambda a, exponent: a ** float(exponent),
    "detach": lambda a: a,
}

_DEFINED: dict[str, Callable[..., Any]] = {
    "exp2": lambda hy, a: hy.expression(2.0) ** a,
    "sec": lambda hy, a: 1.0 / hy.cos(a),
    "csc": lambda hy, a: 1.0 / hy.sin(a),
    "cot": lambda hy, a: 1.0 / hy.tan(a),
    "abs": lambda hy, a: hy.select(hy.lt(a, 0.0), -a, a),
    "sign": lambda hy, a: hy.select(hy.gt(a, 0.0), 1.0, hy.select(hy.lt(a, 0.0), -1.0, a)),
    "relu": lambda hy, a: hy.select(hy.lte(a, 0.0), 0.0, a),
    "min": lambda hy, a, b: hy.select(hy.lt(a, b), a, hy.select(hy.neq(a, a), a, b)),
    "max": lambda hy, a, b: hy.select(hy.gt(a, b), a, hy.select(hy.neq(a, a), a, b)),
    "heaviside": lambda hy, a, b: hy.select(hy.eq(a, 0.0), b, hy.select(hy.eq(a, a), hy.gt(a, 0.0), a)),
    "not": lambda hy, a: hy.eq(a, 0.0),
    "log2": lambda hy, a: hy.log(a) / NAMED["ln2"],
    "log10": lambda hy, a: hy.log(a) / NAMED["ln10"],
    "xlogy": lambda hy, a, b: hy.select(hy.eq(a, 0.0), hy.select(hy.eq(b, b), 0.0, b), a * hy.log(b)),
}
"""What heyoka has under no name of ours; the library comes first."""


class _Compiled:
    """heyoka wants all inputs in one table, and fills one with all outputs.

    Columns that are rows of a table go as they are; others are copied, a few points at a time.
    """

    def __init__(self, program: Program) -> None:
        algebra = _Expressions()
        names = [f"x{i}" for i in range(len(program.inputs))]
        variables = algebra.library.make_vars(*names)
        variables = list(variables) if len(names) > 1 else [variables]
        outputs = evaluate(prune(program), variables, algebra)
        self.function = algebra.library.cfunc(outputs, variables, compact_mode=len(program) > LARGE)

    def __call__(self, columns: Sequence[Any], out: Sequence[Any]) -> None:
        inputs, outputs = table_of(columns), table_of(out)
        if inputs is not None and outputs is not None:
            self.function(inputs, outputs=outputs)
        else:
            self._copying(columns, out, len(out[0]))

    def _copying(self, columns: Sequence[Any], out: Sequence[Any], number: int) -> None:
        inputs, outputs = (np.empty((len(rows), min(AT_ONCE, number))) for rows in (columns, out))
        for start in range(0, number, AT_ONCE):
            stop = min(start + AT_ONCE, number)
            if stop - start != inputs.shape[1]:
                inputs, outputs = (np.empty((len(rows), stop - start)) for rows in (columns, out))
            for row, column in zip(inputs, columns, strict=True):
                row[:] = column[start:stop] if isinstance(column, np.ndarray) else column
            self.function(inputs, outputs=outputs)
            for target, row in zip(out, outputs, strict=True):
                target[start:stop] = row


def table_of(columns: Sequence[Any]) -> Any:
    """The table of which these are rows, one after the other; None where they are of none."""
    table = getattr(columns[0], "base", None) if columns else None
    if (
        not isinstance(table, np.ndarray)
        or table.ndim != 2
        or table.dtype != np.float64
        or not table.flags.c_contiguous
    ):
        return None
    if any(getattr(column, "base", None) is not table for column in columns):
        return None
    places = [_row(table, column) for column in columns]
    first = places[0]
    return table[first : first + len(places)] if places == [*range(first, first + len(places))] and first >= 0 else None


def _row(table: Any, part: Any) -> int:
    """Which row of the table a part of it is, if it is a whole one; else -1."""
    if part.shape != table.shape[1:] or part.dtype != table.dtype or not part.flags.c_contiguous:
        return -1
    row, within = divmod(_address(part) - _address(table), table.strides[0])
    return -1 if within else row


def _address(array: Any) -> int:
    address: int = array.__array_interface__["data"][0]
    return address
