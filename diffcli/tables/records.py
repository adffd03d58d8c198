"""Tables of cells: a header, then records; of text, with commas, semicolons or tabs between the cells.

A cell is text as it was typed. What a workbook holds that is neither text nor a number is an `Odd` cell: it shows
like any other, and says why it has no value.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from typing import NamedTuple

from diffcli.runtime.errors import DiffError
from diffcli.runtime.messages import Message, message


class Record(NamedTuple):
    """`number` is the line it ends on, or its row in a sheet; `fault` says why it has no cells, `hint` what to do."""

    number: int
    cells: Sequence[str]
    fault: Message | None = None
    hint: Message | None = None


class Odd(str):
    """A cell that has no value for mathematics, and why."""

    __slots__ = ("fault", "hint")
    fault: Message
    hint: Message

    @staticmethod
    def of(text: str, fault: Message, hint: Message) -> Odd:
        cell = Odd(text)
        cell.fault, cell.hint = fault, hint
        return cell


class Table(NamedTuple):
    """The first record that is not blank names the columns; blank records are passed over."""

    header: Record
    records: Iterator[Record]
    separator: str = ","


LONGEST_CELL = 10_000_000
"""Characters of a cell, as many as an expression may have; by itself the reader ends at 131,072."""

SEPARATORS = (",", ";", "\t")
_DIRECTIVE = re.compile(r"\ufeff?\"?sep=(.)\"?[\r\n]*")
"""The line by which spreadsheets are told the separator."""


def delimited(lines: Iterable[str], known: Callable[[str], bool]) -> Table:
    """The table in lines of text; what stands between its cells is told by the names in its header that are `known`."""
    csv.field_size_limit(LONGEST_CELL)
    rest, skipped, first, named = iter(lines), 0, "", None
    for first in rest:
        directive = _DIRECTIVE.fullmatch(first)
        if directive is None and first.strip():
            break
        named, skipped, first = directive[1] if directive else named, skipped + 1, ""
    separator = named or _separator(first, known)
    return headed(_read(csv.reader(chain([first], rest), delimiter=separator), skipped), separator)


def headed(records: Iterator[Record], separator: str = ",") -> Table:
    header = next(records, Record(0, ()))
    if header.fault is not None:
        hint = header.hint or message("name the columns in the first line: expr,x,y")
        raise DiffError(header.fault, hint=hint, kind="format")
    return Table(header, records, separator)


def _read(reader: Iterator[list[str]], skipped: int) -> Iterator[Record]:
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            fault = message("the line is not CSV: {reason}", reason=error)
            hint = message("put cells that hold line ends in quotation marks")
            if "field limit" in str(error):
                fault = message("a cell has more than {most} characters", most=f"{LONGEST_CELL:,}")
                hint = message("split it into several rows, or look for a quotation mark that is never closed")
            yield Record(skipped + reader.line_num, (), fault, hint)  # type: ignore[attr-defined]
            continue
        if any(map(str.strip, cells)):
            yield Record(skipped + reader.line_num, cells)  # type: ignore[attr-defined]


def _separator(header: str, known: Callable[[str], bool]) -> str:
    """What stands between the names of the columns: that by which most of them are known.

    >>> _separator("expr;x;y", {"expr"}.__contains__), _separator("x\\texpr", {"expr"}.__contains__)
    (';', '\\t')
    """

    def names(separator: str) -> int:
        return sum(known(cell.strip()) for cell in next(csv.reader([header], delimiter=separator), ()))

    return max(SEPARATORS, key=names)
