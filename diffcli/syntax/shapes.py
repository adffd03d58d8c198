"""Vectors and matrices, as the language's front sees them: shapes over scalar entries.

A tensor is a shape and its entries in row-major order; a scalar is the entry
itself. Everything here moves entries about, by NumPy's rules; what is computed
with them is said by the functions passed in. Programs never hear of shapes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import reduce
from itertools import product
from math import prod
from typing import Any, NamedTuple

from diffcli.runtime.messages import Message, listing, message

Shape = tuple[int, ...]
Entry = Any
Binary = Callable[[Entry, Entry], Entry]


class Tensor(NamedTuple):
    """An array of scalar entries, row by row."""

    shape: Shape
    entries: tuple[Entry, ...]


Value = Any
"""An entry, or a tensor of entries."""


MOST_AXES = 32
"""Brackets within one another that make an array: NumPy long had this limit, and what walks over shapes recurses."""


class Mismatch(Exception):
    """Shapes that do not fit; the text says how."""


def shape_of(value: Value) -> Shape:
    return value.shape if isinstance(value, Tensor) else ()


def entries_of(value: Value) -> tuple[Entry, ...]:
    """All entries in row-major order; a scalar is its only one."""
    return value.entries if isinstance(value, Tensor) else (value,)


def tensor(shape: Shape, entries: Sequence[Entry]) -> Value:
    return Tensor(shape, tuple(entries)) if shape else entries[0]


def shown(shape: Shape) -> str:
    """`(2, 3)`, and `(3,)` for a vector, as NumPy writes them."""
    return str(shape)


def places(shape: Shape) -> Iterator[Shape]:
    """The index of every entry, in row-major order."""
    return product(*map(range, shape))


def subscript(index: Shape) -> str:
    """`[1, 0]` behind a name; nothing for a scalar.

    >>> subscript((1, 0)), subscript(())
    ('[1, 0]', '')
    """
    return f"[{', '.join(map(str, index))}]" if index else ""


def each(operation: Callable[..., Entry], *values: Value) -> Value:
    """`operation` entry by entry, broadcast as NumPy does: trailing axes match, or are 1."""
    if not any(isinstance(value, Tensor) for value in values):
        return operation(*values)
    shape = _broadcast([shape_of(value) for value in values])
    columns = [_spread(value, shape) for value in values]
    return Tensor(shape, tuple(map(operation, *columns)))


def _broadcast(shapes: Sequence[Shape]) -> Shape:
    rank = max(map(len, shapes))
    padded = [(1,) * (rank - len(shape)) + shape for shape in shapes]
    found = []
    for sizes in zip(*padded, strict=True):
        wider = {size for size in sizes if size != 1}
        if len(wider) > 1:
            distinct = list(dict.fromkeys(shape for shape in shapes if shape))
            if all(len(shape) == 1 for shape in distinct):
                raise Mismatch(message("lengths {listed} differ", listed=listing(str(shape[0]) for shape in distinct)))
            raise Mismatch(message("shapes {listed} do not fit", listed=listing(map(shown, distinct))))
        found.append(wider.pop() if wider else 1)
    return tuple(found)


def _spread(value: Value, shape: Shape) -> Sequence[Entry]:
    """The entries of `value`, repeated to fill `shape`."""
    own, entries = shape_of(value), entries_of(value)
    if own == shape:
        return entries
    if len(entries) == 1:
        return entries * prod(shape)
    own = (1,) * (len(shape) - len(own)) + own
    strides = [prod(own[axis + 1 :]) if own[axis] > 1 else 0 for axis in range(len(own))]
    return [entries[sum(map(int.__mul__, strides, index))] for index in places(shape)]


def stack(values: Sequence[Value]) -> Tensor:
    """`[a, b, …]`: values of one shape become the rows of a larger one."""
    shapes = list(dict.fromkeys(map(shape_of, values)))
    if len(shapes) > 1:
        raise Mismatch(message("{listed} do not make one matrix", listed=listing(map(_described, shapes))))
    if len(shapes[0]) >= MOST_AXES:
        raise Mismatch(message("an array has at most {most} brackets within one another", most=MOST_AXES))
    return Tensor((len(values), *shapes[0]), tuple(entry for value in values for entry in entries_of(value)))


def pick(value: Value, index: Sequence[int]) -> Value:
    """`value[i]`, `value[i, j]`; an index below 0 counts from the end."""
    shape, entries = shape_of(value), entries_of(value)
    if len(index) > len(shape):
        raise Mismatch(message("{what} has no entry {index}", what=_described(shape), index=subscript(tuple(index))))
    for i, size in zip(index, shape, strict=False):
        if not -size <= i < size:
            raise Mismatch(
                message("{what} has no entry {index}", what=_described(shape), index=subscript(tuple(index)))
            )
        step = len(entries) // size
        begin = (i + size if i < 0 else i) * step
        entries = entries[begin : begin + step]
    return tensor(shape[len(index) :], entries)


def _described(shape: Shape) -> Message:
    if not shape:
        return message("a number")
    return (
        message("a vector of length {length}", length=shape[0])
        if len(shape) == 1
        else message("a matrix of shape {shape}", shape=shown(shape))
    )


def transpose(value: Value) -> Value:
    shape = shape_of(value)
    if len(shape) < 2:
        return value
    entries, turned = entries_of(value), shape[::-1]
    strides = [prod(shape[axis + 1 :]) for axis in range(len(shape))][::-1]
    return Tensor(turned, tuple(entries[sum(map(int.__mul__, strides, index))] for index in places(turned)))


def outer(times: Binary, left: Value, right: Value) -> Value:
    """The product of every entry with every other."""
    if len(shape_of(left)) > 1 or len(shape_of(right)) > 1:
        raise Mismatch(
            message(
                "two vectors are needed, not shapes {listed}",
                listed=listing([shown(shape_of(left)), shown(shape_of(right))]),
            )
        )
    rows = [[times(a, b) for b in entries_of(right)] for a in entries_of(left)]
    return Tensor((len(rows), len(rows[0])), tuple(entry for row in rows for entry in row))


def matmul(times: Binary, plus: Binary, left: Value, right: Value) -> Value:
    """NumPy's `@` for vectors and matrices: inner products over the last axis and the first."""
    one, other = shape_of(left), shape_of(right)
    if not one or not other or len(one) > 2 or len(other) > 2:
        raise Mismatch(
            message(
                "vectors or matrices are needed, not {listed}", listed=listing([_described(one), _described(other)])
            )
        )
    if one[-1] != other[0]:
        if len(one) == len(other) == 1:
            raise Mismatch(message("lengths {listed} differ", listed=listing([one[0], other[0]])))
        raise Mismatch(
            message(
                "shapes {listed} do not fit: {columns} columns meet {rows} rows",
                listed=listing([shown(one), shown(other)]),
                columns=one[-1],
                rows=other[0],
            )
        )
    inner, columns = one[-1], other[1] if len(other) == 2 else 1
    a, b = entries_of(left), entries_of(right)
    found = [
        reduce(plus, map(times, a[row : row + inner], b[column::columns]))
        for row in range(0, len(a), inner)
        for column in range(columns)
    ]
    return tensor(one[:-1] + other[1:], found)


def fold(operation: Binary, value: Value) -> Entry:
    """All entries joined from the left."""
    return reduce(operation, entries_of(value))


def nested(shape: Shape, entries: Sequence[Any]) -> Any:
    """Entries as lists of lists.

    >>> nested((2, 2), [1, 2, 3, 4]), nested((), [5])
    ([[1, 2], [3, 4]], 5)
    """
    if not shape:
        return entries[0]
    if len(shape) == 1:
        return list(entries)
    step = prod(shape[1:])
    return [nested(shape[1:], entries[row * step : (row + 1) * step]) for row in range(shape[0])]
