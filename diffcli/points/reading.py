"""Tables of points: from files by their ending, and from ranges, of which several make a product.

.csv   a header that names the variables (`x`, `v[0]`), then a point a line; other columns are passed over
.xlsx  the same, of the first sheet
.npy   a structured array, by its fields; or a table with a column for each variable, in the expression's order
.npz   an array for each variable, by name: a row a point, then the variable's own shape

Values are float64, and finite. Importing this room imports NumPy.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from math import isfinite, prod
from pathlib import Path, PurePath
from typing import Any
from warnings import catch_warnings, simplefilter

import numpy as np

from diffcli.problem.case import Case
from diffcli.problem.point import Number, scalar, tuples, written
from diffcli.runtime.errors import DiffError, brief, unreadable
from diffcli.runtime.messages import Message, message, parts
from diffcli.syntax import parse
from diffcli.syntax.shapes import places, subscript
from diffcli.tables.encodings import decode, known, open_bytes
from diffcli.tables.records import Odd, Record, Table, delimited, headed
from diffcli.tables.workbook import Sheet

MOST = 100_000_000
"""Points that ranges may make."""

Column = Any
"""An array of float64: a row a point, then the shape of the variable."""
Read = tuple[dict[str, Column], Message | None]
"""Columns by name, and what is to be said of how they were read."""

_SEPARATORS = ",;\n"
_INDEXED = r"\s*([^\[\]]+?)\s*((?:\[[\d,\s]+\]\s*)*)\Z"


@dataclass(frozen=True)
class Points:
    """`moving` holds a column for every variable that differs from point to point, `fixed` what is the same everywhere.

    `source` says in words where the points are from, `note` what is to be said of how they were read.
    """

    moving: Mapping[str, Column]
    fixed: Mapping[str, Number]
    source: str
    note: Message | None = None

    def __len__(self) -> int:
        return len(next(iter(self.moving.values())))

    def at(self, k: int) -> dict[str, Number]:
        """Point `k`, as a single point is given."""
        moving = {name: tuples(column[k].tolist()) for name, column in self.moving.items()}
        return {**moving, **self.fixed}

    def written(self, k: int, names: Sequence[str]) -> str:
        """`x=0.5, y=2`, ready to be pasted behind --at."""
        point = self.at(k)
        return ", ".join(f"{name}={written(point[name])}" for name in names if name in point)

    def columns(self, case: Case) -> list[Any]:
        """A column or a number for every input of the program; one at least is a column."""
        found: list[Any] = []
        for name, shape in case.expression.shapes.items():
            for place in places(shape):
                if name in self.moving:
                    found.append(np.ascontiguousarray(self.moving[name][(slice(None), *place)]))
                else:
                    found.append(_entry(self.fixed[name], place))
        if not any(map(_is_column, found)):
            known = ", ".join(case.expression.variables) or "none"
            raise DiffError(
                message("no variable of the expression differs from point to point ({source})", source=self.source),
                hint=message("its variables are: {names}", names=known),
                kind="point",
            )
        return found


def _is_column(value: Any) -> bool:
    return isinstance(value, np.ndarray)


def _entry(value: Number, place: Sequence[int]) -> float:
    for index in place:
        value = value[index]  # type: ignore[index]
    return value  # type: ignore[return-value]


# --- ranges
def split(text: str) -> list[str]:
    """The entries of a point that stand between separators outside of brackets.

    >>> split("x=0:1:5, v=[1, 2]")
    ['x=0:1:5', ' v=[1, 2]']
    """
    parts, depth, begun = [], 0, 0
    for k, character in enumerate(text):
        depth += (character in "([") - (character in ")]")
        if not depth and character in _SEPARATORS:
            parts.append(text[begun:k])
            begun = k + 1
    return [part for part in [*parts, text[begun:]] if part.strip()]


def of_ranges(ranges: Sequence[str], fixed: Mapping[str, Number]) -> Points:
    """The product of ranges such as `x=0:1:5`, the last of them running fastest."""
    axes: dict[str, Column] = {}
    sizes: list[int] = []
    for text in ranges:
        name, axis = _axis(text, prod(sizes))
        if name in axes or name in fixed:
            raise DiffError(
                message("'{name}' is given twice", name=name),
                text,
                (0, len(text)),
                message("give each variable one value"),
                "point",
            )
        axes[name] = axis
        sizes.append(len(axis))
    moving = dict(zip(axes, np.empty((len(axes), prod(sizes))), strict=True))
    for k, (name, axis) in enumerate(axes.items()):
        moving[name].reshape(sizes)[...] = axis.reshape([-1 if j == k else 1 for j in range(len(sizes))])
    ends = {name: (written(axis[0].item()), written(axis[-1].item())) for name, axis in axes.items()}
    ranges = [
        message("{name} from {low} to {high}", name=name, low=low, high=high) for name, (low, high) in ends.items()
    ]
    count = " × ".join(f"{size:,}" for size in sizes)
    return Points(moving, fixed, message("{ranges} ({count})", ranges=parts(ranges, ", "), count=count))


def _not_a_range(text: str) -> DiffError:
    """`x:1` is a point, most likely."""
    name, _, value = (part.strip() for part in text.replace("：", ":").partition(":"))
    hint, mended = message("write first:last:count, like {example}", example="x=0:1:1e6"), tuple[str, ...]()
    if name.isidentifier() and value and not set(value) & set("=:"):
        template = "write {point} for a point, {range} for a range"
        hint, mended = message(template, point=f"{name}={value}", range=f"{name}=0:1:1e6"), (f"{name}={value}",)
    return DiffError(message("this is not a range"), text, (0, len(text)), hint, "point", mended)


def _axis(text: str, others: int) -> tuple[str, Column]:
    """The values first:last:count of one variable, both ends included, as `batch` has them."""
    name, _, value = (part.strip() for part in text.partition("="))
    parts = [part.strip() for part in value.split(":")]
    count = scalar(parts[2]) if len(parts) == 3 and all(parts) else 0.0
    if len(parts) != 3 or count != int(count) or count < 1 or not name.isidentifier():
        raise _not_a_range(text)
    if count * others > MOST:
        made = message("the ranges make {total} points", total=f"{count * others:,.0f}")
        raise DiffError(made, text, (0, len(text)), message("at most {count} are done", count=f"{MOST:,}"), "point")
    first, last, steps = scalar(parts[0]), scalar(parts[1]), int(count) - 1
    if not steps:
        return name, np.array([first])
    axis = first + (last - first) * np.arange(steps + 1.0) / steps
    axis[-1] = last
    if not np.isfinite(axis).all():
        raise DiffError(
            message("the range is too long for float64"),
            text,
            (0, len(text)),
            message("bring its ends nearer"),
            "point",
        )
    return name, axis


# --- files
def of_file(
    file: str, text: str, fixed: Mapping[str, Number], wrt: Sequence[str] = (), encoding: str | None = None
) -> Points:
    """The points in `file` for the expression `text`, whose other variables are fixed."""
    reader = READERS.get(PurePath(file).suffix.lower())
    if reader is None:
        raise DiffError(
            message("no reader for '{file}'", file=file),
            hint=message("files of points end in {names}", names=", ".join(READERS)),
            kind="format",
        )
    names = _names(text, wrt)
    try:
        found, note = reader(file, names, fixed, encoding)
    except OSError as error:
        raise unreadable(file, error) from None
    _complete(file, text, names, found, fixed)
    lengths = {name: len(column) for name, column in found.items() if name in names}
    if len(set(lengths.values())) != 1:
        told = [message("{name} has {count:,}", name=name, count=length) for name, length in lengths.items()]
        raise DiffError(
            message(
                "the columns of '{file}' are of different lengths: {lengths}", file=file, lengths=parts(told, ", ")
            ),
            hint=message("give every variable a value at every point"),
            kind="point",
        )
    if not all(lengths.values()):
        raise DiffError(
            message("'{file}' holds no points", file=file), hint=message("a point is a line, or a row"), kind="point"
        )
    moving = _rows({name: found[name] for name in lengths})
    for name, column in moving.items():
        _finite(file, name, column)
    return Points(moving, fixed, file, note)


def _rows(columns: Mapping[str, Column]) -> dict[str, Column]:
    """Columns in float64, those of numbers as rows of one table: compiled code takes it as it is."""
    numbers = [column for column in columns.values() if column.ndim == 1]
    table = iter(np.empty((len(numbers), len(numbers[0]))) if numbers else ())
    found = {}
    for name, column in columns.items():
        if column.ndim == 1:
            found[name] = next(table)
            found[name][:] = column
        else:
            found[name] = np.ascontiguousarray(column, np.float64)
    return found


def _names(text: str, wrt: Sequence[str]) -> list[str]:
    """The variables of the expression in their order, and those asked for besides."""
    bound, found = set(), []
    for kind, name, *_ in parse(text):
        if kind == "bind":
            bound.add(name)
        elif kind == "name" and name not in bound:
            found.append(name)
    return list(dict.fromkeys([*found, *wrt]))


def _complete(
    file: str, text: str, names: Sequence[str], found: Mapping[str, Column], fixed: Mapping[str, Number]
) -> None:
    """Every variable has a column or a value, and none has both."""
    from diffcli.core.primitives import NAMED_CONSTANTS

    constants = {spelling for spellings in NAMED_CONSTANTS.values() for spelling in spellings}
    for name in names:
        if name in found and name in fixed:
            raise DiffError(
                message("'{name}' is given twice: in '{file}' and by --at", name=name, file=file),
                hint=message("leave it out of --at"),
                kind="point",
            )
        if name not in found and name not in fixed and name not in constants:
            place = re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text)
            known = message("its columns are: {names}", names=brief(", ".join(found), 80))
            added = message("for one value at all points add --at {name}=1", name=name)
            hint = parts([known if found else message("it has none of the variables"), added])
            raise DiffError(
                message("'{file}' has no column '{name}'", file=file, name=name),
                text,
                place and place.span(),
                hint,
                "missing",
            )
    if not set(names) & set(found):
        raise DiffError(
            message("'{file}' has no column that the expression reads", file=file),
            hint=message("name a column like a variable of the expression"),
            kind="missing",
        )


def _finite(file: str, name: str, column: Column) -> None:
    finite = np.isfinite(column)
    if not finite.all():
        place = tuple(int(index[0]) for index in np.nonzero(~finite))
        shown = f"{name}{subscript(place)} = {column[place]}"
        hint = message("leave the point out")
        raise DiffError(
            message("'{file}': a point has finite numbers", file=file), shown, (0, len(shown)), hint, "point"
        )


# --- CSV
def _csv(file: str, names: Sequence[str], fixed: Mapping[str, Number], encoding: str | None) -> Read:
    del fixed
    raw = open_bytes(file)
    text, note = decode(raw, file, known(encoding))
    with text:
        table = delimited(text, lambda cell: _variable(cell)[0] in names)
        _check_text(file, text.encoding, table.header)
        wanted = _wanted(file, table, names)
        found = None
        if stat.S_ISREG(os.fstat(raw.fileno()).st_mode):
            found = _numbers(file, text.encoding, table, list(wanted))
        return _gathered(file, wanted, _by_cells(file, table, list(wanted)) if found is None else found), note


def _check_text(file: str, encoding: str, header: Record) -> None:
    """A header with bytes that are no text names no columns."""
    found = re.search("[\udc00-\udcff]", "".join(header.cells))
    if found is not None:
        name, byte = "UTF-8" if encoding.startswith("utf-8") else encoding, f"{ord(found[0]) - 0xDC00:#04x}"
        raise DiffError(
            message("'{file}' is not {encoding} (byte {byte})", file=file, encoding=name, byte=byte),
            hint=message("save the file as UTF-8, or name its encoding: --encoding latin-1"),
            kind="file",
        )


def _xlsx(file: str, names: Sequence[str], fixed: Mapping[str, Number], encoding: str | None) -> Read:
    del fixed
    with Sheet(file, encoding) as sheet:
        table = headed(iter(sheet))
        wanted = _wanted(file, table, names)
        return _gathered(file, wanted, _by_cells(file, table, list(wanted))), sheet.note


def _wanted(file: str, table: Table, names: Sequence[str]) -> dict[int, str]:
    """The columns that the expression reads, by place."""
    header = table.header.cells
    if not header:
        raise DiffError(
            message("'{file}' is empty", file=file),
            hint=message("the first line names the columns: x,y"),
            kind="format",
        )
    wanted = {k: cell for k, cell in enumerate(header) if _variable(cell)[0] in names}
    if not wanted:
        line = ",".join(header)
        hint = message("the first line names the columns: {names}", names=",".join(names))
        raise DiffError(
            message("'{file}' names no variable of the expression", file=file), line, (0, len(line)), hint, "missing"
        )
    return wanted


def _variable(cell: str) -> tuple[str, tuple[int, ...]]:
    """`v[1, 0]` -> ("v", (1, 0))."""
    found = re.match(_INDEXED, cell)
    if not found:
        return cell.strip(), ()
    return found[1], tuple(map(int, re.findall(r"\d+", found[2])))


def _gathered(file: str, wanted: Mapping[int, str], columns: Column) -> dict[str, Column]:
    """Columns of vectors put together, entry by entry."""
    entries: dict[str, dict[tuple[int, ...], Column]] = {}
    for cell, column in zip(wanted.values(), columns, strict=True):
        name, place = _variable(cell)
        if place in entries.setdefault(name, {}):
            raise DiffError(
                message("'{file}' has two columns '{name}'", file=file, name=cell.strip()),
                hint=message("give every column a name of its own"),
                kind="format",
            )
        entries[name][place] = column
    gathered = {}
    for name, pieces in entries.items():
        shape = tuple(max(index) + 1 for index in zip(*pieces, strict=True)) if len({*map(len, pieces)}) == 1 else ()
        missing = [place for place in places(shape) if place not in pieces]
        if missing or len(pieces) != prod(shape):
            gap = f"{name}{subscript(missing[0])}" if missing else name
            hint = message("there is no column {gap}", gap=gap)
            raise DiffError(
                message("'{file}' has not all entries of '{name}'", file=file, name=name), hint=hint, kind="missing"
            )
        parts = [pieces[place] for place in places(shape)]
        gathered[name] = np.stack(parts, 1).reshape(-1, *shape) if shape else parts[0]
    return gathered


def _numbers(file: str, encoding: str, table: Table, wanted: Sequence[int]) -> Column | None:
    """The columns at these places, by NumPy; None where it cannot read them as finite numbers."""
    with catch_warnings(), suppress(ValueError, IndexError, UserWarning):
        simplefilter("error")
        numbers = np.loadtxt(
            file, np.float64, None, table.separator, None, table.header.number, wanted, ndmin=2, encoding=encoding,
            quotechar='"',
        )  # fmt: skip
        if np.isfinite(numbers).all():
            return np.ascontiguousarray(numbers.T)
    return None


def _by_cells(file: str, table: Table, wanted: Sequence[int]) -> Column:
    """Cell by cell, with constants such as pi/4; the first cell that is no number is shown."""
    rows = [[_cell(file, record, k) for k in wanted] for record in table.records]
    return np.array(rows, np.float64).reshape(-1, len(wanted)).T.copy()


def _cell(file: str, record: Record, k: int) -> float:
    line, row, fault, hint = record
    if fault is not None:
        said = message("'{file}', line {line}: {message}", file=file, line=line, message=fault)
        raise DiffError(said, hint=hint, kind="format")
    text = ",".join(row)
    begin = sum(len(cell) + 1 for cell in row[:k])
    if k >= len(row) or not row[k].strip():
        span = (min(begin, len(text)), min(begin, len(text)) + 1)
        raise DiffError(
            message("'{file}', line {line}: a cell is empty", file=file, line=line),
            text,
            span,
            message("every point has all variables"),
            "point",
        )
    span, cell = (begin, begin + len(row[k])), row[k]
    if isinstance(cell, Odd):
        odd = message("'{file}', line {line}: {message}", file=file, line=line, message=cell.fault)
        raise DiffError(odd, text, span, cell.hint, "point")
    try:
        number = float(cell)
    except ValueError:
        try:
            number = scalar(cell.strip())
        except DiffError as error:
            raise DiffError(
                message("'{file}', line {line}: {message}", file=file, line=line, message=error.message),
                text,
                span,
                error.hint,
                "point",
            ) from None
    if not isfinite(number):
        hint = message("leave the point out")
        raise DiffError(
            message("'{file}', line {line}: a point has finite numbers", file=file, line=line),
            text,
            span,
            hint,
            "point",
        )
    return number


# --- NumPy's files
def _npz(file: str, names: Sequence[str], fixed: Mapping[str, Number], encoding: str | None) -> Read:
    del fixed
    _check_binary(file, encoding)
    with _loaded(file) as arrays:
        return {name: _real(file, name, _array(file, arrays, name)) for name in arrays.files if name in names}, None


def _check_binary(file: str, encoding: str | None) -> None:
    if encoding is not None:
        said = message("--encoding is for text, and '{file}' holds numbers of NumPy's", file=file)
        raise DiffError(said, hint=message("leave it out"), kind="option")


def _npy(file: str, names: Sequence[str], fixed: Mapping[str, Number], encoding: str | None) -> Read:
    _check_binary(file, encoding)
    array = _loaded(file)
    if array.dtype.names is not None:
        return {name: _real(file, name, array[name]) for name in array.dtype.names if name in names}, None
    wanted = [name for name in names if name not in fixed]
    table = array.reshape(-1, 1) if array.ndim == 1 and len(wanted) == 1 else array
    if table.ndim != 2 or table.shape[1] != len(wanted):
        hint = (
            message("a column for each of {names}, in this order; or a structured array", names=", ".join(wanted))
            if len(wanted) != 1
            else message("where {name} is a vector, name it: np.savez('points.npz', {name}=…)", name=wanted[0])
        )
        template = "'{file}' has the shape {shape}, and (points, {count}) is needed"
        needed = message(template, file=file, shape=array.shape, count=len(wanted))
        raise DiffError(needed, hint=hint, kind="point")
    return {name: _real(file, name, table[:, k]) for k, name in enumerate(wanted)}, None


def _loaded(file: str) -> Any:
    """A reading that fails says so in one line, whatever NumPy makes of the bytes."""
    Path(file).open("rb").close()
    try:
        # mapped, so that columns are copied once
        loaded = np.load(file, "r" if file.lower().endswith(".npy") else None, allow_pickle=False)
    except Exception as error:  # noqa: BLE001 - of a file that is none of NumPy's anything may be said
        raise DiffError(
            message("'{file}' is no file of NumPy's: {reason}", file=file, reason=brief(str(error), 80)),
            hint=message("write it by numpy.save or numpy.savez"),
            kind="format",
        ) from None
    if isinstance(loaded, np.ndarray) != file.lower().endswith(".npy"):
        raise DiffError(
            message("'{file}' is of the other kind", file=file),
            hint=message("one array is .npy, several are .npz"),
            kind="format",
        )
    return loaded


def _array(file: str, arrays: Any, name: str) -> Column:
    try:
        return arrays[name]
    except Exception as error:  # noqa: BLE001 - as above
        raise DiffError(
            message("'{file}': {name} cannot be read: {reason}", file=file, name=name, reason=brief(str(error), 80)),
            hint=message("write arrays of numbers by numpy.savez"),
            kind="format",
        ) from None


def _real(file: str, name: str, array: Column) -> Column:
    if array.ndim < 1 or array.dtype.kind not in "fiub":
        kind = message("'{file}': {name} is of {kind}", file=file, name=name, kind=array.dtype)
        raise DiffError(
            kind if array.ndim else message("'{file}': {name} is one number", file=file, name=name),
            hint=message("a row of real numbers for each point"),
            kind="point",
        )
    return array


READERS: dict[str, Callable[[str, Sequence[str], Mapping[str, Number], str | None], Read]] = {
    ".csv": _csv,
    ".xlsx": _xlsx,
    ".npy": _npy,
    ".npz": _npz,
}
