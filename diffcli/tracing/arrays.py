"""Arrays of traced numbers, by NumPy's own protocols.

An array is an ndarray of objects, so that slicing, reshaping, broadcasting and whatever NumPy writes in
Python work as they stand; universal functions become primitives entry by entry, by a table. What NumPy has
only in compiled code for floats (linear algebra) is written out here. It knows shapes; numbers are next door.
"""

from __future__ import annotations

import sys
from bisect import bisect_right
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from diffcli.core.primitives import CODE
from diffcli.numbers.float64 import FLOAT64
from diffcli.runtime.messages import message
from diffcli.tracing.refusals import ARRAY, refusal, vector_condition
from diffcli.tracing.values import (
    FUNCTIONS,
    Scalar,
    apply,
    both,
    choose,
    compare,
    differ,
    either,
    floor_divide,
    power,
    traced,
)


class TracedArray(np.ndarray[Any, Any]):
    """An ndarray of traced numbers and plain ones; a view of it shares them, as NumPy's views do."""

    __array_priority__ = 2000.0

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **keywords: Any) -> Any:
        return universal(ufunc, method, inputs, keywords)

    def __array_function__(self, function: Any, types: Any, arguments: Any, keywords: Any) -> Any:
        del types
        return called(function, arguments, keywords)

    def _apply(self, name: str, *operands: Any) -> Any:
        return primitive(name, *operands)

    def __getitem__(self, index: Any) -> Any:
        return super().__getitem__(_plain_index(index))

    def __setitem__(self, index: Any, value: Any) -> None:
        super().__setitem__(_plain_index(index), value)

    def __bool__(self) -> bool:
        if self.size == 1:
            return bool(self.item())
        raise vector_condition(_file(self))

    def astype(self, dtype: Any, *arguments: Any, **keywords: Any) -> Any:
        """Entries are float64 already; whole numbers and conditions are plain, and are decided."""
        del arguments, keywords
        kind = np.dtype(dtype).kind
        if kind in "fO":
            return self.copy()
        if kind == "b":
            return np.frompyfunc(bool, 1, 1)(_bare(self)).astype(bool)
        raise refusal(_file(self), "int" if kind in "iu" else "complex")


def array_of(entries: Sequence[Any], shape: tuple[int, ...]) -> TracedArray:
    made = np.empty(len(entries), dtype=object)
    made[:] = entries
    return made.reshape(shape).view(TracedArray)


def entrywise(operation: Callable[..., Any], *inputs: Any) -> Any:
    """`operation` on entries, broadcast as NumPy does."""
    return _wrapped(np.frompyfunc(operation, len(inputs), 1)(*map(_bare, inputs)))


def primitive(name: str, *operands: Any) -> Any:
    """A primitive by its name, of numbers and arrays."""
    traced_one, plain = power if name == "pow" else partial(apply, name), FLOAT64.functions[CODE[name]]
    return entrywise(_entry(traced_one, plain), *operands)


def _bare(value: Any) -> Any:
    """An array of objects that is NumPy's own again; its entries are the same."""
    if isinstance(value, Scalar):
        made = np.empty((), dtype=object)
        made[()] = value
        return made
    return np.asarray(value, dtype=object) if not isinstance(value, TracedArray) else value.view(np.ndarray)


def _wrapped(value: Any) -> Any:
    if not isinstance(value, np.ndarray) or value.dtype != object:
        return value
    if value.shape == ():
        return value[()]
    if value.size and all(isinstance(entry, bool | np.bool_) for entry in value.flat):
        return value.astype(bool)
    return value.view(TracedArray)


def _all_wrapped(result: Any) -> Any:
    return tuple(map(_wrapped, result)) if isinstance(result, tuple) else _wrapped(result)


def _entries(value: Any) -> list[Any]:
    return list(_bare(value).flat)


def _file(*values: Any) -> str:
    """The file that is traced, from any number that knows it."""
    for value in values:
        for entry in _entries(value):
            if isinstance(entry, Scalar):
                return entry.trace.file
    return ""


def _plain_index(index: Any) -> Any:
    """Conditions that choose entries are decided: which entries there are is the shape of the program."""
    if isinstance(index, tuple):
        return tuple(map(_plain_index, index))
    if isinstance(index, np.ndarray) and index.dtype == object and traced(*index.flat):
        return np.frompyfunc(bool, 1, 1)(_bare(index)).astype(bool)
    return index


# --- universal functions
def _entry(operation: Callable[..., Any], ufunc: Any) -> Callable[..., Any]:
    """`operation` where an entry is traced; plain numbers stay outside."""

    def of_entries(*entries: Any) -> Any:
        return operation(*entries) if traced(*entries) else ufunc(*entries)

    return of_entries


def _of_number(ufunc: Any) -> Callable[..., Any]:
    """What says something of a float and has no derivative: a plain answer."""
    return lambda *entries: bool(ufunc(*(entry.number if isinstance(entry, Scalar) else entry for entry in entries)))


def _logaddexp2(a: Any, b: Any) -> Any:
    return apply("logaddexp", a * np.log(2.0), b * np.log(2.0)) / np.log(2.0)


_CLIP: Any = (np._core if hasattr(np, "_core") else np.core).umath.clip
"""What np.clip calls, and NumPy gives no name."""

_OPERATIONS: dict[Any, Callable[..., Any]] = {
    **{getattr(np, name): partial(apply, primitive) for name, primitive in FUNCTIONS.items()},
    **{
        getattr(np, name): partial(apply, primitive)
        for name, primitive in {
            "add": "add", "subtract": "sub", "multiply": "mul", "divide": "div", "remainder": "mod", "fmod": "fmod",
            "maximum": "max", "minimum": "min", "fmax": "max", "fmin": "min", "arctan2": "atan2", "hypot": "hypot",
            "logaddexp": "logaddexp", "heaviside": "heaviside",
        }.items()
    },
    **{
        getattr(np, name): partial(compare, primitive)
        for name, primitive in {
            "less": "lt", "less_equal": "le", "greater": "gt", "greater_equal": "ge", "equal": "eq", "not_equal": "ne",
        }.items()
    },
    np.power: power,
    np.float_power: power,
    np.floor_divide: floor_divide,
    np.logaddexp2: _logaddexp2,
    np.square: lambda a: a * a,
    np.reciprocal: lambda a: 1.0 / a,
    np.positive: lambda a: a,
    np.conjugate: lambda a: a,
    np.deg2rad: lambda a: a * (np.pi / 180),
    np.radians: lambda a: a * (np.pi / 180),
    np.rad2deg: lambda a: a * (180 / np.pi),
    np.degrees: lambda a: a * (180 / np.pi),
    np.copysign: lambda a, b: abs(a) * choose(b >= 0, 1.0, -1.0),
    _CLIP: lambda a, low, high: np.minimum(np.maximum(a, low), high),
    np.signbit: lambda a: a < 0,
    np.logical_not: lambda a: ~a,
    np.invert: lambda a: ~a,
    np.logical_and: both,
    np.bitwise_and: both,
    np.logical_or: either,
    np.bitwise_or: either,
    np.logical_xor: differ,
    np.bitwise_xor: differ,
}  # fmt: skip
"""Universal functions, and what they are on entries of which one at least is traced."""

_PLAIN_ANSWERS = (np.isnan, np.isfinite, np.isinf)
_BY_OPERATORS = (np.matmul, *filter(None, [getattr(np, "vecdot", None)]))
"""NumPy's own loops over objects, which use Python's operators."""
_IDENTITIES = {np.logical_and: True, np.logical_or: False, np.add: 0, np.multiply: 1}


_OF_SCIPY = {
    "erf": "erf", "erfc": "erfc", "gamma": "gamma", "gammaln": "lgamma", "psi": "digamma", "expit": "sigmoid",
    "xlogy": "xlogy", "exp2": "exp2", "expm1": "expm1", "log1p": "log1p", "cbrt": "cbrt",
}  # fmt: skip
"""Universal functions of scipy.special by their names, which need not be installed."""


def _by_entries() -> dict[Any, Any]:
    answers = {ufunc: _of_number(ufunc) for ufunc in _PLAIN_ANSWERS}
    entries = {ufunc: _entry(operation, ufunc) for ufunc, operation in _OPERATIONS.items()} | answers
    return {
        ufunc: np.frompyfunc(operation, ufunc.nin, 1, identity=_IDENTITIES.get(ufunc))
        for ufunc, operation in entries.items()
    } | {ufunc: ufunc for ufunc in _BY_OPERATORS}


_BY_ENTRIES = _by_entries()


def _full_name(ufunc: Any) -> str:
    """As users write it: `np.spacing`, `scipy.special.erfinv`."""
    homes = {"np": np, "scipy.special": sys.modules.get("scipy.special")}
    name = str(ufunc.__name__)
    return next((f"{home}.{name}" for home, module in homes.items() if getattr(module, name, None) is ufunc), name)


def universal(ufunc: Any, method: str, inputs: Sequence[Any], keywords: dict[str, Any]) -> Any:
    """A universal function and its methods (`reduce`, `accumulate`, `outer`, `at`)."""
    out = keywords.pop("out", None)
    if ufunc is np.divmod:
        return universal(np.floor_divide, method, inputs, dict(keywords)), universal(
            np.remainder, method, inputs, keywords
        )
    if ufunc not in _BY_ENTRIES and ufunc.__name__ in _OF_SCIPY and method == "__call__":
        return primitive(_OF_SCIPY[ufunc.__name__], *inputs)
    known = _BY_ENTRIES.get(ufunc) or (ufunc if _of_objects(ufunc) else None)
    if known is None:
        raise refusal(
            _file(*inputs),
            "float",
            message("{name} is not traced: write it by other functions", name=_full_name(ufunc)),
        )
    for word in ("dtype", "casting", "order", "subok"):  # words about floats
        keywords.pop(word, None)
    if keywords.get("where") is True:
        del keywords["where"]
    if "where" in keywords:
        keywords["where"] = _plain_index(keywords["where"])
        if method == "reduce" and ufunc in _IDENTITIES:
            keywords.setdefault("initial", _IDENTITIES[ufunc])
    if method == "at":
        getattr(known, method)(_bare(inputs[0]), *inputs[1:], **keywords)
        return None
    result = _all_wrapped(_reached(known, method)(*map(_bare, inputs), **keywords))
    return result if out is None or out[0] is None else _stored(result, out[0], inputs)


def _of_objects(ufunc: Any) -> bool:
    """Whether it is a Python function under another name, as np.vectorize makes them."""
    return all(set(loop) <= set("O->") for loop in ufunc.types)


def _reached(ufunc: Any, method: str) -> Callable[..., Any]:
    return ufunc if method == "__call__" else getattr(ufunc, method)  # type: ignore[no-any-return]


def _stored(result: Any, out: Any, inputs: Sequence[Any]) -> Any:
    if out.dtype != object and traced(*_entries(result)):
        raise refusal(_file(result, *inputs), "float", ARRAY)
    out[...] = result
    return out


# --- other functions
def called(function: Any, arguments: Sequence[Any], keywords: dict[str, Any]) -> Any:
    """A function of NumPy: by the table, or as NumPy has it, on arrays of objects."""
    own = _FUNCTIONS.get(function)
    if own is not None:
        return own(*arguments, **keywords)
    lifted = tuple(map(_lifted, arguments)), {word: _lifted(value) for word, value in keywords.items()}
    result = np.ndarray.__array_function__(array_of([], (0,)), function, (TracedArray,), *lifted)
    return _all_wrapped(result)


def _lifted(value: Any) -> Any:
    """Traced numbers as arrays, which NumPy's own code accepts wherever they stand."""
    if isinstance(value, Scalar):
        return _bare(value).view(TracedArray)
    return type(value)(map(_lifted, value)) if type(value) in (list, tuple) else value


def _where(condition: Any, yes: Any = None, no: Any = None) -> Any:
    if yes is None and no is None:
        return np.nonzero(_plain_index(np.asarray(condition)))
    return entrywise(choose, condition, yes, no)


def _select(conditions: Sequence[Any], choices: Sequence[Any], default: Any = 0.0) -> Any:
    for condition, choice in reversed(list(zip(conditions, choices, strict=True))):
        default = _where(condition, choice, default)
    return default


def _piecewise(x: Any, condlist: Any, funclist: Sequence[Any], *arguments: Any, **keywords: Any) -> Any:
    """Of conditions that hold together the last counts, as NumPy has it."""
    single = np.isscalar(condlist) or (not isinstance(condlist[0], list | np.ndarray) and np.ndim(x) != 0)
    conditions = [condlist] if single else condlist
    values = [part(x, *arguments, **keywords) if callable(part) else part for part in funclist]
    result = values.pop() if len(values) > len(conditions) else 0.0
    for condition, value in zip(conditions, values, strict=True):
        result = _where(condition, value, result)
    return result


def _interp(x: Any, xp: Any, fp: Any, left: Any = None, right: Any = None, period: Any = None) -> Any:
    """The segment is found by the numbers; on a knot both that meet there are kept, so that its kink stays one."""
    if period is not None:
        raise refusal(
            _file(x, xp, fp), "float", message("leave out period=…: give np.interp the remainder, x % period")
        )
    knots, heights = _entries(xp), _entries(fp)
    numbers, last = list(map(_number, knots)), len(knots) - 1

    def segment(x: Any, k: int) -> Any:
        if k < 0:
            return heights[0] if left is None else left
        if k >= last:
            return heights[-1] if right is None else right
        return (heights[k + 1] - heights[k]) / (knots[k + 1] - knots[k]) * (x - knots[k]) + heights[k]

    def value(x: Any) -> Any:
        k = bisect_right(numbers, _number(x)) - 1
        if k < 0 or _number(x) != numbers[k]:
            return segment(x, k)
        before = x <= knots[k] if k == last else x < knots[k]
        return choose(before, segment(x, k - 1), segment(x, k))

    return entrywise(value, x)


def _quantile(a: Any, q: Any, axis: int | None = None, method: str = "linear") -> Any:
    """Between the two entries next to its place among all in their order."""
    if method != "linear":
        raise refusal(_file(a), "float", message("of quantiles only the linear ones are traced: leave out method=…"))
    entries = _array(a)
    rows = np.sort(entries.ravel() if axis is None else np.moveaxis(entries, axis, 0), axis=0)

    def one(share: float) -> Any:
        place = share * (len(rows) - 1)
        low = min(int(place), len(rows) - 2) if len(rows) > 1 else 0
        return rows[low] if place == low else rows[low] + (rows[low + 1] - rows[low]) * (place - low)

    return np.stack([one(share) for share in q]) if np.ndim(q) else one(float(q))


def _percentile(a: Any, q: Any, axis: int | None = None, method: str = "linear") -> Any:
    return _quantile(a, np.asarray(q) / 100, axis, method)


def _filled(value: float) -> Callable[..., Any]:
    """`zeros_like` and its kin: an array that traced numbers may be written into."""

    def like(a: Any, dtype: Any = None, order: Any = None, subok: bool = True, shape: Any = None) -> Any:
        del order, subok
        wanted = np.shape(_bare(a)) if shape is None else shape
        if dtype is not None and np.dtype(dtype).kind not in "fO":
            return np.full(wanted, value, dtype=dtype)
        made = np.full(wanted, value, dtype=object)
        return made.view(TracedArray) if made.shape else value

    return like


def _full_like(a: Any, fill_value: Any, **keywords: Any) -> Any:
    made = _filled(0.0)(a, **keywords)
    if not isinstance(made, np.ndarray):
        return fill_value
    made[...] = fill_value
    return made


def _linspace(start: Any, stop: Any, num: int = 50, endpoint: bool = True, axis: int = 0) -> Any:
    first, last = (_array(end) for end in np.broadcast_arrays(_bare(start), _bare(stop)))
    steps = num - 1 if endpoint else num
    step = (last - first) / steps if steps else 0.0
    points = [first + k * step for k in range(num)]
    if endpoint and steps:
        points[-1] = last
    shape = (num, *first.shape)
    return np.moveaxis(array_of([entry for point in points for entry in _entries(point)], shape), 0, axis)


def _isclose(a: Any, b: Any, rtol: float = 1e-05, atol: float = 1e-08, equal_nan: bool = False) -> Any:
    del equal_nan
    return np.less_equal(np.abs(np.subtract(a, b)), atol + rtol * np.abs(b))


def _copy(a: Any, **keywords: Any) -> Any:
    del keywords
    return _wrapped(_bare(a).copy())


# --- linear algebra, as the textbook has it
def _norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    a = _array(x)
    if ord is None and axis is None and not keepdims:
        flat = a.ravel()
        return np.sqrt(flat.dot(flat))
    if ord == "fro" or ord in (None, 2) and (axis is not None or a.ndim == 1):
        return np.sqrt(np.sum(a * a, axis=axis, keepdims=keepdims))
    if ord in (1, np.inf, -np.inf) and (a.ndim == 1 or isinstance(axis, int)):
        reduction: Any = {1: np.sum, np.inf: np.max, -np.inf: np.min}[ord]
        return reduction(np.abs(a), axis=axis, keepdims=keepdims)
    if a.ndim == 1 or isinstance(axis, int):
        return np.sum(np.abs(a) ** ord, axis=axis, keepdims=keepdims) ** (1.0 / ord)
    raise refusal(
        _file(a), "float", message("of a matrix only the norm of its entries can be traced: np.linalg.norm(A)")
    )


def _array(value: Any) -> TracedArray:
    return _bare(value).view(TracedArray)  # type: ignore[no-any-return]


def _eliminated(matrix: Any, right: Any) -> tuple[TracedArray, TracedArray, float]:
    """Gaussian elimination: the upper triangle, the right sides with it, and the sign of the exchanges.

    Which row is the pivot is no branch of the function: any choice gives the same numbers but for rounding.
    """
    a, b = _array(matrix).copy(), _array(right).copy()
    n, sign = len(a), 1.0
    for k in range(n):
        best = max(range(k, n), key=lambda row: abs(_number(a[row, k])))
        if best != k:
            sign = -sign
            for rows in (a, b):
                rows[[k, best]] = rows[[best, k]]
        for row in range(k + 1, n):
            if not traced(a[row, k]) and not a[row, k]:
                continue
            factor = a[row, k] / a[k, k]
            a[row, k] = 0.0
            a[row, k + 1 :] = a[row, k + 1 :] - factor * a[k, k + 1 :]
            b[row] = b[row] - factor * b[k]
    return a, b, sign


def _number(entry: Any) -> float:
    return entry.number if isinstance(entry, Scalar) else float(entry)


def _solve(a: Any, b: Any) -> Any:
    upper, right, _ = _eliminated(a, b)
    for k in reversed(range(len(upper))):
        for column in range(k + 1, len(upper)):
            right[k] = right[k] - upper[k, column] * right[column]
        right[k] = right[k] / upper[k, k]
    return right


def _stacked(function: Callable[..., Any], *cores: int) -> Callable[..., Any]:
    """A function of matrices for stacks of them, too: what is in front of the last axes is gone through.

    `cores` are the numbers of axes that it takes of each argument; stacks are broadcast, as NumPy does.
    """

    def of_stacks(*arguments: Any, **keywords: Any) -> Any:
        given = [_array(argument) for argument in arguments]
        if any(a.ndim < core for a, core in zip(given, cores, strict=True)):
            hint = message("it is of matrices: give it two axes at least")
            raise refusal(_file(*arguments), "float", hint)
        if all(a.ndim == core for a, core in zip(given, cores, strict=True)):
            return function(*given, **keywords)
        fronts = [a.shape[: a.ndim - core] for a, core in zip(given, cores, strict=True)]
        front = np.broadcast_shapes(*fronts)
        full = [
            np.broadcast_to(_bare(a), front + a.shape[a.ndim - core :]) for a, core in zip(given, cores, strict=True)
        ]
        parts = [function(*[_array(a[place]) for a in full], **keywords) for place in np.ndindex(*front)]
        if isinstance(parts[0], tuple):
            return tuple(_joined(front, column) for column in zip(*parts, strict=True))
        return _joined(front, parts)

    return of_stacks


def _joined(front: tuple[int, ...], parts: Sequence[Any]) -> TracedArray:
    shape = np.shape(_bare(parts[0]))
    return array_of([entry for part in parts for entry in _entries(part)], front + shape)


def _right_side(a: Any, b: Any) -> Any:
    """Of `solve`: from NumPy 2 on only a single axis is a vector, else a stack of matrices."""
    return _stacked(_solve, 2, 1 if np.ndim(_bare(b)) == 1 else 2)(a, b)


def _square(function: Callable[..., Any]) -> Callable[..., Any]:
    def of_square(a: Any, **keywords: Any) -> Any:
        if len(set(a.shape)) > 1:
            raise refusal(
                _file(a),
                "float",
                message("it is of square matrices, and this one has the shape {shape}", shape=a.shape),
            )
        return function(a, **keywords)

    stacked = _stacked(of_square, 2)
    return lambda a, **keywords: stacked(a, **keywords)  # noqa: PLW0108 - it may be given by its name


def _det(a: Any) -> Any:
    upper, _, sign = _eliminated(a, np.zeros((len(a), 0)))
    product = np.prod(upper.diagonal())
    return -product if sign < 0 else product


def _cholesky(a: Any, *, upper: bool = False) -> Any:
    given = _array(a)
    n = len(given)
    lower = _array(np.zeros((n, n)))
    for i in range(n):
        for j in range(i + 1):
            rest = given[i, j]
            for k in range(j):
                rest = rest - lower[i, k] * lower[j, k]
            lower[i, j] = np.sqrt(rest) if i == j else rest / lower[j, j]
    return lower.T if upper else lower


_FUNCTIONS: dict[Any, Callable[..., Any]] = {
    np.where: _where,
    np.select: _select,
    np.piecewise: _piecewise,
    np.interp: _interp,
    np.quantile: _quantile,
    np.percentile: _percentile,
    np.zeros_like: _filled(0.0),
    np.empty_like: _filled(0.0),
    np.ones_like: _filled(1.0),
    np.full_like: _full_like,
    np.copy: _copy,
    np.isclose: _isclose,
    np.linspace: _linspace,
    np.linalg.norm: _norm,
    np.linalg.solve: _right_side,
    np.linalg.inv: _square(lambda a: _solve(a, np.eye(len(a)))),
    np.linalg.det: _square(_det),
    np.linalg.slogdet: _square(lambda a: (np.sign(_det(a)), np.log(np.abs(_det(a))))),
    np.linalg.cholesky: _square(_cholesky),
}
"""Functions of NumPy that are not left to its own code."""
