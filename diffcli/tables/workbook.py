"""Workbooks (.xlsx): the first sheet that shows, row by row; cells as a spreadsheet would write them to CSV."""

from __future__ import annotations

import datetime
import io
from collections.abc import Iterator
from itertools import islice
from types import TracebackType
from typing import Any
from warnings import catch_warnings, simplefilter

from diffcli.runtime.errors import DiffError, brief
from diffcli.runtime.messages import Message, message
from diffcli.tables.encodings import open_bytes
from diffcli.tables.records import Odd, Record

MOST = 512 << 20
"""Bytes that a workbook may hold, unpacked: its texts are in memory, whatever the length of its sheet."""
ROWS = 1 << 20
"""Rows of a sheet, as spreadsheets have them."""


class Sheet:
    """The records of a workbook's first sheet, read as they are asked for; `note` says what is not read."""

    encoding = "utf-8"

    def __init__(self, file: str, encoding: str | None = None) -> None:
        if encoding is not None:
            hint = message("leave it out: a workbook says itself how its text is written")
            raise DiffError(
                message("--encoding is for text, and '{file}' is a workbook", file=file), hint=hint, kind="option"
            )
        self.file = file
        self.data = self._bytes()
        self.sheet = self._opened(formulas=False)

    def __enter__(self) -> Sheet:
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: object, trace: TracebackType | None) -> None:
        self.data.close()

    def seekable(self) -> bool:
        return True

    @property
    def note(self) -> Message | None:
        names = self.sheet.parent.sheetnames
        if len(names) == 1:
            return None
        template = "'{file}' has {count} sheets; '{name}' is read."
        return message(template, file=self.file, count=len(names), name=self.sheet.title)

    def __iter__(self) -> Iterator[Record]:
        """Rows that are not blank."""
        formulas: Iterator[tuple[Any, ...]] | None = None
        read = 0
        for number, row in enumerate(self._rows(self.sheet), 1):
            if number > ROWS:
                raise self._broken(message("it has more than {count} rows", count=f"{ROWS:,}"))
            saved: tuple[Any, ...] = ()
            if any(cell.value is None and hasattr(cell, "row") for cell in row):  # blank, or never computed
                formulas = formulas or self._rows(self._opened(formulas=True))
                saved = next(islice(formulas, number - read - 1, None))
                read = number
            cells = [_text(cell, saved[k] if saved else None) for k, cell in enumerate(row)]
            if any(map(str.strip, cells)):
                yield Record(number, cells)

    def _bytes(self) -> io.BytesIO:
        with open_bytes(self.file) as raw:
            data = raw.read(MOST + 1)
        if len(data) > MOST or self._unpacked(data) > MOST:
            large = message("'{file}' holds more than {most} MiB", file=self.file, most=MOST >> 20)
            raise DiffError(large, hint=message("save it as CSV, which may be of any size"), kind="file")
        return io.BytesIO(data)

    def _unpacked(self, data: bytes) -> int:
        """Bytes that its parts say they have; no more of them is read."""
        from zipfile import ZipFile

        try:
            with ZipFile(io.BytesIO(data)) as parts:
                return sum(part.file_size for part in parts.infolist())
        except Exception as error:  # noqa: BLE001 - of a file that is none, anything may be said
            raise self._broken(str(error)) from None

    def _opened(self, formulas: bool) -> Any:
        try:
            from openpyxl import load_workbook
        except ImportError:
            missing = message("reading '{file}' needs openpyxl, which is not installed", file=self.file)
            hint = message("pip install 'diff-compare[xlsx]', or save it as CSV")
            raise DiffError(missing, hint=hint, kind="file") from None
        try:
            with catch_warnings():
                simplefilter("ignore")  # of pictures and styles that it does not read
                book = load_workbook(io.BytesIO(self.data.getbuffer()), True, data_only=not formulas, keep_links=False)
                shown = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
                sheet = (shown or book.worksheets)[0]
                sheet.reset_dimensions()  # what a file says of its own size need not be so
        except Exception as error:  # noqa: BLE001 - as above
            raise self._broken(str(error)) from None
        return sheet

    def _rows(self, sheet: Any) -> Iterator[tuple[Any, ...]]:
        try:
            with catch_warnings():
                simplefilter("ignore")
                rows = sheet.iter_rows()
            yield from rows
        except Exception as error:  # noqa: BLE001 - as above
            raise self._broken(str(error)) from None

    def _broken(self, reason: object) -> DiffError:
        broken = message("'{file}' is no workbook: {reason}", file=self.file, reason=brief(str(reason), 80))
        return DiffError(broken, hint=message("open it in a spreadsheet, and save it as .xlsx or CSV"), kind="format")


def _text(cell: Any, formula: Any) -> str:
    """A cell as CSV has it; `formula` is the same cell with what is computed in place of its value."""
    value = cell.value
    if value is None:
        if formula is None or formula.data_type != "f":
            return ""
        return Odd.of(
            str(getattr(formula.value, "text", formula.value)),
            message("cell {cell} has a formula whose value was not saved", cell=cell.coordinate),
            message("open the file in a spreadsheet and save it, or write the value"),
        )
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, int | float):
        return _number(value, cell)
    if isinstance(value, datetime.date | datetime.time | datetime.timedelta):
        return _time(value, cell)
    if cell.data_type == "e":
        hint = message("mend the formula, or leave the cell empty")
        return Odd.of(
            str(value), message("cell {cell} holds the error {value}", cell=cell.coordinate, value=value), hint
        )
    return str(value)


_EXACT = 1e16
"""Whole numbers up to here are written without an exponent."""


def _number(value: float, cell: Any) -> str:
    """The shortest text with the same value; leading zeros where the cell's format is nothing but zeros (ids)."""
    if not float(value).is_integer() or abs(value) >= _EXACT:
        return repr(value)
    text, zeros = str(int(value)), cell.number_format
    return text if zeros.strip("0") else text.zfill(len(zeros))


def _time(value: Any, cell: Any) -> Odd:
    text = str(value).removesuffix(" 00:00:00")
    fault = message("cell {cell} holds the date or time {value}", cell=cell.coordinate, value=text)
    return Odd.of(text, fault, message("give the cell a number, and its format 'General'"))
