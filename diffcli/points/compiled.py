"""Programs as machine code, by heyoka (LLVM, vector functions); only when asked for, since loading it takes time.

heyoka keeps the order of operations. It may fuse a product with a sum, and its functions
are not NumPy's: an operation may differ by OPERATION_ULPS, and a result by as much more
as the expression magnifies it.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from diffcli.algebras.float64 import FLOAT64, NAMED
from diffcli.errors import DiffError, Unsupported
from diffcli.evaluate import evaluate
from diffcli.passes import prune
from diffcli.primitives import PRIMITIVES
from diffcli.program import Constant, Functions, Program

OPERATION_ULPS = 4.0
"""By which one operation may differ from NumPy's, in ulps of its result."""

AT_ONCE = 1 << 14
"""Points in a table that stays in cache."""

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
        raise DiffError(f"unknown compiler '{name}'", hint="write --compiled heyoka", kind="option")
    try:
        import heyoka  # noqa: F401
    except ImportError:
        hint = "pip install 'diff-compare[compiled]'"
        raise DiffError("--compiled heyoka needs heyoka, which is not installed", hint=hint, kind="option") from None


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
        raise Unsupported(f"heyoka has no {name}: leave out --compiled")


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
    """Tables of a few points at a time: heyoka wants all inputs in one, and fills one with all outputs."""

    def __init__(self, program: Program) -> None:
        algebra = _Expressions()
        names = [f"x{i}" for i in range(len(program.inputs))]
        variables = algebra.library.make_vars(*names)
        variables = list(variables) if len(names) > 1 else [variables]
        outputs = evaluate(prune(program), variables, algebra)
        self.function = algebra.library.cfunc(outputs, variables, compact_mode=len(program) > LARGE)
        self.outputs = len(outputs)

    def __call__(self, columns: Sequence[Any], out: Sequence[Any]) -> None:
        number = len(out[0])
        inputs = np.empty((len(columns), min(AT_ONCE, number)))
        results = np.empty((self.outputs, min(AT_ONCE, number)))
        for start in range(0, number, AT_ONCE):
            stop = min(start + AT_ONCE, number)
            if stop - start != inputs.shape[1]:
                inputs, results = np.empty((len(columns), stop - start)), np.empty((self.outputs, stop - start))
            for row, column in zip(inputs, columns, strict=True):
                row[:] = column[start:stop] if isinstance(column, np.ndarray) else column
            self.function(inputs, outputs=results)
            for target, row in zip(out, results, strict=True):
                target[start:stop] = row
