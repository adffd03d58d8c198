"""Case files -> rows, one reader per ending; a bad row is a failure in its place.

.txt   EXPR | x=1, y=2          `#` comments and blank lines are skipped
.jsonl {"expr": "…", "at": {"x": 1}, "wrt": ["x"], "id": "…", "claim": {"x": "2*x"}}
.csv   columns expr, id, wrt, claim; others of numbers are variables, text is carried along; between them , ; or tabs
.xlsx  the same, as records
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import zip_longest
from pathlib import PurePath
from typing import Any, NamedTuple

from diffcli.batch.rows import Failure, Row
from diffcli.problem.claim_texts import claims_in
from diffcli.problem.point import number_at
from diffcli.runtime.errors import DiffError
from diffcli.runtime.messages import Message, message
from diffcli.syntax.tokens import LONGEST
from diffcli.tables.records import Odd, Record, Table, delimited, headed

Lines = Iterable[str]
Read = Iterator[Row | Failure]


def read_txt(lines: Lines) -> Read:
    """`EXPR | x=1, y=2`; the bar is read "at" and may be left out where nothing is to be given.

    It is the last one with a point behind it: others are of absolute values.
    """
    for number, line in enumerate(lines, 1):
        text = line.split("#", 1)[0].strip()
        if not text:
            continue
        at = _bar(text)
        expression, point = (text, "") if at is None else (text[:at].strip(), text[at + 1 :].strip())
        slip = None if "|" in text else _NO_BAR.search(text)
        if slip is not None:
            hint = message(
                "write the point behind a bar: {expression} | {point}",
                expression=text[: slip.start()].strip(),
                point=text[slip.end() :].strip(),
            )
            yield Failure(
                number, None, text, "format", message("'{word}' begins no point", word=slip[1]), slip.span(1), hint
            )
        elif at is not None and (other := _POINT.search(expression)):
            hint = message(
                "write commas between values: {expression} | {point}",
                expression=expression[: other.start()].strip(),
                point=_BARS.sub(", ", text[other.end("bar") :].strip()),
            )
            yield Failure(number, None, text, "format", message("a row has one bar"), (at, at + 1), hint)
        else:
            yield Row(number, expression, point)


def _bar(text: str) -> int | None:
    """Where the bar stands that a point is behind.

    >>> _bar("|x| | x=1"), _bar("|x|"), _bar("x^2 | 3")
    (4, None, 4)
    """
    if found := _POINT.search(text):
        return found.start("bar")
    return text.rindex("|") if text.count("|") % 2 else None


_POINT = re.compile(r"(?P<bar>[|｜])\s*[^\W\d]\w*\s*(?:[=＝](?!=)|[:：])[^|｜]*\Z")
"""The last bar, with a point behind it."""
_BARS = re.compile(r"\s*\|\s*")
_NO_BAR = re.compile(r"(?<!\w)(@|at\b)(?=\s*[^\W\d]\w*\s*=(?!=))")
"""What some write for the bar; no expression of ours goes on like that."""


def read_jsonl(lines: Lines) -> Read:
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            content = json.loads(line, object_pairs_hook=_object)
            row = _from_object(number, content, line)
        except DiffError as error:
            yield Failure.of(error, number, None, line.strip()[:200])
            continue
        except (ValueError, RecursionError) as error:
            fault = message("it is nested too deeply") if isinstance(error, RecursionError) else str(error)
            yield Failure(
                number, None, line.strip()[:200], "format", message("the line is not JSON: {error}", error=fault)
            )
            continue
        if _SURROGATE.search(line) and not _is_text(content):
            fault, hint = (
                message("an escape stands for half a character"),
                message("write the character itself, or both of its halves"),
            )
            yield Failure(number, None, line.strip()[:200], "format", fault, None, hint)
            continue
        yield row


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object, whose names are its own: JSON lets the last of two count, in silence."""
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise DiffError(
            message("'{name}' is given twice", name=twice), hint=message("give each name one value"), kind="format"
        )
    return found


_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


def _is_text(content: Any) -> bool:
    """Whether all that was read can be written again: JSON allows one half of a pair of surrogates alone."""
    try:
        json.dumps(content, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True


def _from_object(number: int, content: Any, line: str) -> Row | Failure:
    if not isinstance(content, dict) or not isinstance(content.get("expr"), str):
        whole = message("write {what}", what='{"expr": "x*y", "at": {"x": 1, "y": 2}}')
        return Failure(
            number, None, line.strip()[:200], "format", message("the row has no text field 'expr'"), None, whole
        )
    id_ = None if content.get("id") is None else str(content["id"])
    expression, at, wrt = content["expr"], content.get("at") or {}, content.get("wrt")
    if isinstance(wrt, str):
        wrt = [name.strip() for name in wrt.split(",") if name.strip()]
    claims = _claims(content.get("claim"))
    fault: Message | None = None
    hint: Message | None = None
    if claims is None:
        fault, hint = (
            message("'claim' is neither text nor an object of texts"),
            message('write {"x": "2*x"}, or "x: 2*x"'),
        )
    elif not isinstance(at, dict | str):
        fault, hint = (
            message("'at' is no object of numbers"),
            message("write {one}, or {other}", one='{"x": 1, "y": 2}', other='"x=1, y=2"'),
        )
    elif isinstance(at, dict) and not all(isinstance(value, int | float | str | list) for value in at.values()):
        fault, hint = (
            message("a value in 'at' is neither a number, nor text, nor a list of them"),
            message("write {what}", what='{"x": 1, "v": [1, 2]}'),
        )
    elif wrt is not None and not (isinstance(wrt, list) and all(isinstance(name, str) for name in wrt)):
        fault, hint = (
            message("'wrt' is no list of names"),
            message("write {one}, or {other}", one='["x", "y"]', other='"x, y"'),
        )
    if fault or claims is None:
        return Failure(number, id_, expression, "format", fault or message(""), None, hint)
    return Row(number, expression, at, None if wrt is None else tuple(wrt), id_, claims)


def _claims(content: Any) -> tuple[str, ...] | None:
    """`x: 2*x; y: 1`, or {"x": "2*x", "y": 1}: a text per variable; None for anything else.

    Empty text is a claim that was not handed in; what is absent is none.
    """
    if isinstance(content, str):
        return claims_in(content) or ("",)
    if isinstance(content, dict) and all(isinstance(formula, str | int | float) for formula in content.values()):
        return tuple(f"{name}: {formula}" for name, formula in content.items())
    return None if content is not None else ()


_COLUMNS = ("expr", "id", "wrt", "claim")
"""Columns of a CSV that are no variables."""


@dataclass(frozen=True)
class TableRows:
    """Rows of a table, and the names of its columns that are not ours: of variables, or of what is carried."""

    rows: Read
    columns: tuple[str, ...]

    def __iter__(self) -> Read:
        return self.rows


def read_csv(lines: Lines) -> TableRows:
    return _read_table(delimited(lines, _NEEDED.__eq__))


def read_xlsx(records: Iterable[Record]) -> TableRows:
    return _read_table(headed(iter(records)))


_NEEDED = "expr"


def _read_table(table: Table) -> TableRows:
    names = [name.strip() for name in table.header.cells]
    if _NEEDED not in names:
        raise DiffError(
            message("the file has no column 'expr'"),
            hint=message("name the columns in the first line: expr,x,y"),
            kind="format",
        )
    twice = next((name for name in names if name and names.count(name) > 1), None)
    if twice is not None:
        told = message("the file has two columns '{name}'", name=twice)
        raise DiffError(told, hint=message("give every column a name of its own"), kind="format")
    rows = (_from_record(record, names) for record in table.records)
    return TableRows(rows, tuple(name for name in names if name and name not in _COLUMNS))


def _from_record(record: Record, names: Sequence[str]) -> Row | Failure:
    typed = dict(zip_longest(names, record.cells[: len(names)], fillvalue=""))
    cells = {name: cell.strip() for name, cell in typed.items()}
    id_ = str(typed["id"]) if cells.get("id") else None
    nameless = [cell for name, cell in zip_longest(names, record.cells, fillvalue="") if not name and cell.strip()]
    fault, hint = record.fault, record.hint
    if nameless:
        fault = message("the row has more cells than the first line has columns")
        hint = message("quote cells that hold commas")
    named = _names_in(cells["expr"])
    other = {name: cell for name, cell in cells.items() if name and name not in _COLUMNS and cell}
    carried = {name: str(typed[name]) for name in other if name not in named}
    for name, cell in typed.items():
        if isinstance(cell, Odd) and (name in named or name in _COLUMNS):
            fault, hint = cell.fault, cell.hint
    if fault is not None:
        return Failure(record.number, id_, cells["expr"], "format", fault, None, hint, carried)
    at = {
        name: cell
        for name, cell in other.items()
        if name in named or name.isidentifier() and not isinstance(typed[name], Odd) and _is_value(cell)
    }
    wrt = tuple(name.strip() for name in cells.get("wrt", "").replace(";", ",").split(",") if name.strip())
    claims = _claims(cells.get("claim")) or ()
    return Row(record.number, cells["expr"], at, wrt or None, id_, claims, carried)


@lru_cache(1024)
def _names_in(expression: str) -> frozenset[str]:
    """All names that an expression can mean: what has one of these has a value, and no text."""
    return frozenset(re.findall(r"[^\W\d]\w*", expression + " " + unicodedata.normalize("NFKC", expression)))


@lru_cache(4096)
def _is_value(cell: str) -> bool:
    """Whether a cell is a number, or a constant expression."""
    try:
        number_at("", cell)
    except DiffError:
        return False
    return True


def legible(rows: Iterable[Row | Failure], encoding: str) -> Read:
    """The rows; one too long to be read, or with bytes that are no text in this encoding, is a failure in its place.

    A stream keeps such bytes as halves of characters (`tables/encodings`).
    """
    for row in rows:
        if len(row.expression) > LONGEST:
            told = message(
                "the text has {count} characters; at most {most} are read",
                count=f"{len(row.expression):,}",
                most=f"{LONGEST:,}",
            )
            hint = message("split it into several, or write it as a Python function")
            yield Failure(row.line, row.id, row.expression[:200], "syntax", told, None, hint, row.carried)
            continue
        found = next(filter(None, map(_RAW.search, filter(_beyond_ascii, _texts(row)))), None)
        if found is None:
            yield row
            continue
        name = "UTF-8" if encoding.startswith("utf-8") else encoding
        fault = message("the row is not {encoding} (byte {byte})", encoding=name, byte=f"{ord(found[0]) - _BYTE:#04x}")
        hint = message("save the file as UTF-8, or name its encoding: --encoding latin-1")
        text, id_ = _shown(row.expression), row.id and _shown(row.id)
        carried = {_shown(name): _shown(cell) for name, cell in row.carried.items()}
        yield Failure(row.line, id_, text, "format", fault, None, hint, carried)


def _shown(text: str) -> str:
    return _RAW.sub("\N{REPLACEMENT CHARACTER}", text)


_RAW = re.compile("[\udc00-\udcff]")
_BYTE = 0xDC00
"""What stands for a byte that could not be decoded: this and the byte."""


def _beyond_ascii(text: str) -> bool:
    return not text.isascii()


def _texts(row: Row | Failure) -> Iterator[str]:
    """All text of a row."""
    yield row.expression
    if row.id:
        yield row.id
    yield from (*row.carried, *row.carried.values())
    if isinstance(row, Failure):
        return
    yield from [row.at] if isinstance(row.at, str) else row.at
    if not isinstance(row.at, str):
        yield from (value for value in row.at.values() if isinstance(value, str))
    yield from (*(row.wrt or ()), *row.claims)


class Reader(NamedTuple):
    ending: str
    read: Callable[[Any], Iterable[Row | Failure]]


READERS = (Reader(".txt", read_txt), Reader(".jsonl", read_jsonl), Reader(".csv", read_csv), Reader(".xlsx", read_xlsx))


def reader_for(name: str) -> Callable[[Any], Iterable[Row | Failure]]:
    """By the file's ending; standard input (`-`) is read as `.txt`."""
    if name == "-":
        return read_txt
    ending = PurePath(name).suffix.lower()
    for reader in READERS:
        if reader.ending == ending:
            return reader.read
    endings = ", ".join(reader.ending for reader in READERS)
    raise DiffError(
        message("no reader for '{file}'", file=name),
        hint=message("case files end in {endings}; - reads text from standard input", endings=endings),
        kind="format",
    )
