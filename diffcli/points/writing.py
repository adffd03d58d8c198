"""The results of all points as files, by their ending: the variables that move, f, and its derivative.

.npz   an array for each variable, `f`, and an array for each method by its name, in the shapes they have
.npy   a structured array with a field for every number: variables, f, and the first method's derivative
.csv   the same as .npy, as text that reads back to the same numbers

The first method is the first that answered.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from warnings import catch_warnings, simplefilter

import numpy as np

from diffcli.runtime.errors import DiffError, unwritable
from diffcli.runtime.messages import message, parts
from diffcli.syntax.shapes import places, subscript

if TYPE_CHECKING:
    from diffcli.points.result import Found

ROWS = 1 << 14
"""Rows of text that are made at once."""


def save(file: Path, found: Found, labels: Sequence[str], bom: bool = False) -> None:
    """The results of all points into `file`; `labels` name the entries of the derivative; `bom` is CSV's mark."""
    if not found.answers:
        why = parts(failure.message for failure in found.failures)
        raise DiffError(message("no method has results to be written"), hint=why, kind="option")
    try:
        RESULTS[file.suffix.lower()](file, found, [label.translate(_TYPED) for label in labels], bom)
    except OSError as error:
        raise unwritable(file, error) from None


_TYPED = str.maketrans({"∂": "d", "∇": "grad ", "·": ".", **dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789", strict=True))})
"""Names of columns are to be typed: `df/dx`, `d2f/dxdy`."""


def _npz(file: Path, found: Found, labels: Sequence[str], bom: bool) -> None:
    del labels, bom
    number, case = len(found.points), found.case
    arrays = dict(found.points.moving)
    arrays["f"] = np.stack(found.answers[0].values, 1).reshape(number, *case.expression.shape)
    for answer in found.answers:
        arrays[answer.method] = np.stack(answer.derivative, 1).reshape(number, *found.shape)
    with file.open("wb") as stream:
        np.savez(stream, **arrays)


def _npy(file: Path, found: Found, labels: Sequence[str], bom: bool) -> None:
    del bom
    names, columns = _columns(found, labels)
    table = np.empty(len(found.points), [(name, np.float64) for name in names])
    for name, column in zip(names, columns, strict=True):
        table[name] = column
    with file.open("wb") as stream, catch_warnings():
        simplefilter("ignore")  # a variable of other letters makes a newer version of the format
        np.save(stream, table)


def _csv(file: Path, found: Found, labels: Sequence[str], bom: bool) -> None:
    names, columns = _columns(found, labels)
    with file.open("w", encoding="utf-8-sig" if bom else "utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(names)
        for start in range(0, len(found.points), ROWS):
            writer.writerows(zip(*(column[start : start + ROWS].tolist() for column in columns), strict=True))


def _columns(found: Found, labels: Sequence[str]) -> tuple[list[str], list[Any]]:
    """A name and a column for every number of a point."""
    names, columns = [], []
    for name, column in found.points.moving.items():
        for place in places(found.case.expression.shapes[name]):
            names.append(name + subscript(place))
            columns.append(column[(slice(None), *place)])
    answer = found.answers[0]
    return [*names, *found.case.outputs, *labels], [*columns, *answer.values, *answer.derivative]


RESULTS: dict[str, Callable[[Path, Found, Sequence[str], bool], None]] = {".npy": _npy, ".npz": _npz, ".csv": _csv}
"""By the ending of --output, what writes the results of all points there."""
