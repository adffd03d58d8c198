"""Where rows come from and where results go: files, pipes, the standard streams.

A file is opened once, is locked against a second run while it is written, and must be
there when its writing ends. Text for programs is UTF-8 on any stream; on a terminal
nothing of a user's text commands it (`errors.visible`).
"""

from __future__ import annotations

import errno
import io
import os
import stat
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import IO, TYPE_CHECKING, Any, TextIO, TypeVar

from diffcli.locale.language import language, speaking, tr, translate_message
from diffcli.runtime.errors import DiffError, unwritable, visible
from diffcli.runtime.messages import Message, message
from diffcli.runtime.streams import take_utf8, writes_chinese
from diffcli.tables.encodings import decode, known, open_bytes

if TYPE_CHECKING:
    from diffcli.tables.workbook import Sheet

T = TypeVar("T")


def source(file: str, encoding: str | None = None) -> TextIO | Sheet:
    """The text of a file, or of standard input (`-`), in the encoding named, or the one it is seen to have; or a sheet.

    `DiffError` where it cannot be read.
    """
    if file.lower().endswith(".xlsx"):
        from diffcli.tables.workbook import Sheet

        sheet = Sheet(file, encoding)
        return _noted(sheet, sheet.note)
    encoding = known(encoding)
    return _noted(*decode(_standard_input() if file == "-" else open_bytes(file), file, encoding))


def _noted(found: T, note: Message | None) -> T:
    if note is not None:
        remark(note)
    return found


def _standard_input() -> io.BufferedReader:
    if sys.stdin is None:
        hint = message("leave out <&-, or name a file of rows")
        raise DiffError(message("standard input is closed"), hint=hint, kind="file")
    if sys.stdin.isatty():
        with aside() as stream:
            print(tr("reading rows from the terminal: EXPR | x=1, y=2   (end with Ctrl-D)"), file=stream)
    # a stream of our own: the interpreter's has a lock that a reading thread would hold
    return open(sys.stdin.fileno(), "rb", closefd=False)


def language_of(stream: Any) -> str:
    """The language to write to a stream in: the one that is spoken, or English where its encoding has no Chinese."""
    return language() if language() != "zh" or writes_chinese(stream) else "en"


@contextmanager
def aside() -> Iterator[Any]:
    """The stream of errors and notes, and its language: results may go to a file, which has every letter."""
    with speaking(language_of(sys.stderr)):
        yield sys.stderr


def remark(note: Message) -> None:
    """Write a note beside the results."""
    with aside() as stream:
        print(visible(tr("note: {note}", note=translate_message(note))), file=stream)


def check_writable(file: Path | None) -> None:
    """`DiffError` where a file could not be written, or would not be what its name says; it is not touched."""
    if file is None or str(file) == "-":
        return
    if file.suffix.lower() in (".xlsx", ".xls", ".ods"):
        hint = message("name a .csv file, and add --bom where Excel is to open it")
        raise DiffError(message("'{file}': results are not written as workbooks", file=file), hint=hint, kind="option")
    try:
        if file.is_dir():
            fault = errno.EISDIR
        elif not file.parent.is_dir():
            fault = errno.ENOENT
        elif not os.access(file if file.exists() else file.parent, os.W_OK):
            fault = errno.EACCES
        else:
            return
    except OSError as error:  # a name that is too long for one
        raise unwritable(file, error) from None
    raise unwritable(file, OSError(fault, os.strerror(fault)))


def check_apart(file: str, outputs: Iterable[Path | None]) -> None:
    """`DiffError` where the rows would be written over before they are read: `batch - -o in.txt < in.txt`."""
    try:
        read = os.fstat(0) if file == "-" else Path(file).stat()
    except OSError:
        return
    for output in outputs:
        if output is None or str(output) == "-" or not output.exists() or not stat.S_ISREG(read.st_mode):
            continue
        if os.path.samestat(read, output.stat()):
            name = output if file == "-" else file
            raise DiffError(
                message("'{file}' is read, and cannot be the output", file=name),
                hint=message("name another file"),
                kind="option",
            )


def destination(output: Path | None, append: bool = False, data: bool = False) -> Any:
    """A context of a stream to write to; `data` is for programs, and UTF-8 wherever it goes."""
    if output is not None and str(output) != "-":
        return _File(output, append)
    if data:
        take_utf8(sys.stdout)
    return _Borrowed(_Visible(sys.stdout) if data and sys.stdout.isatty() else sys.stdout)


def put(text: str, output: Path | None, data: bool = False) -> None:
    """One text to a file, or to standard output."""
    with destination(output, data=data) as stream:
        stream.write(text if data or output is not None else visible(text))


class _Borrowed:
    """A stream that is not ours to close."""

    def __init__(self, stream: Any) -> None:
        self.stream = stream

    def __enter__(self) -> Any:
        return self.stream

    def __exit__(self, *exception: object) -> None:
        self.stream.flush()


class _Visible:
    """A terminal that data is written to: it holds no escape sequence that was meant."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream

    def write(self, text: str) -> int:
        return self.stream.write(visible(text))

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)


class _File:
    """A file while it is written: no other run writes to it, and at the end it is still there."""

    def __init__(self, path: Path, append: bool) -> None:
        self.path = path
        try:
            self.stream = path.open("a", encoding="utf-8", newline="")  # nothing is cut off before it is ours
        except OSError as error:
            raise unwritable(path, error) from None
        self.regular = stat.S_ISREG(os.fstat(self.stream.fileno()).st_mode)
        if self.regular and not _locked(self.stream):
            self.stream.close()
            hint = message("name another file, or wait for the other run")
            raise DiffError(message("'{file}' is being written by another run", file=path), hint=hint, kind="file")
        if self.regular and not append:
            self.stream.truncate(0)

    def __enter__(self) -> TextIO:
        return self.stream

    def __exit__(self, kind: type[BaseException] | None, fault: object, trace: TracebackType | None) -> None:
        there = os.fstat(self.stream.fileno())
        self.stream.close()
        if kind is None and self.regular and not self._is_there(there):
            hint = message("run it again, and leave the file alone until it ends")
            said = message(
                "'{file}' was removed or replaced while it was written: the results are gone", file=self.path
            )
            raise DiffError(said, hint=hint, kind="file")

    def _is_there(self, written: os.stat_result) -> bool:
        try:
            return os.path.samestat(written, self.path.stat())
        except OSError:
            return False


def _locked(stream: IO[str]) -> bool:
    """Whether the file is ours alone until it is closed; a system or a disk without locks has none to refuse."""
    try:
        if sys.platform == "win32":
            import msvcrt

            stream.seek(_FAR)
            msvcrt.locking(stream.fileno(), msvcrt.LK_NBLCK, 1)
            stream.seek(0, os.SEEK_END)
        else:
            import fcntl

            fcntl.lockf(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)  # of this process: workers inherit none
    except OSError as error:
        return error.errno not in (errno.EACCES, errno.EAGAIN, errno.EDEADLK)
    return True


_FAR = 1 << 62
"""Windows locks bytes, and what is locked cannot be read: this one is behind every file."""


def format_for(asked: str | None, output: Path | None, endings: Mapping[str, str], usual: str) -> str:
    """The format asked for; else that of the file's ending; else the usual one.

    An ending that is another command's format is refused: the file would not hold what its name says.
    """
    if asked is not None:
        return asked
    ending = output.suffix.lower() if output is not None else ""
    if ending in endings:
        return endings[ending]
    from diffcli.reports.comparison import format_of

    if output is not None and format_of(output.name):
        hint = message("here a file ends in {endings}; or write --format", endings=", ".join(endings))
        raise DiffError(message("'{file}' names no format of this command", file=output), hint=hint, kind="option")
    return usual
