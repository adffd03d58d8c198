"""The encoding of a text file: named by its reader, or told by its bytes."""

from __future__ import annotations

import codecs
import io
from typing import TextIO

from diffcli.runtime.errors import DiffError, unreadable
from diffcli.runtime.messages import Message, message

LOOKED_AT = 1 << 20
"""Bytes of the beginning by which the encoding of a file is told."""


def open_bytes(file: str) -> io.BufferedReader:
    """`DiffError` where it cannot be read. It is opened once: a FIFO has one reader."""
    try:
        return io.BufferedReader(io.FileIO(file), LOOKED_AT)
    except OSError as error:
        raise unreadable(file, error) from None


def decode(raw: io.BufferedReader, file: str, encoding: str | None) -> tuple[TextIO, Message | None]:
    """The text, in the encoding named or the one it is seen to have, and what is to be said of that.

    Bytes that are no text are kept as halves of characters, so that they spoil their own rows alone.
    """
    note = None
    if encoding is None:
        encoding = encoding_of(raw.peek(LOOKED_AT))
        if encoding == "gb18030":
            template = "'{file}' is not UTF-8; it is read as GB 18030 (GBK). --encoding NAME reads it otherwise."
            note = message(template, file=file)
    newline = "" if file.lower().endswith(".csv") else None
    codecs.register_error(_BYTES, _kept)
    return io.TextIOWrapper(raw, encoding=encoding, errors=_BYTES, newline=newline), note


_BYTES = "diffcli-bytes"


def _kept(error: UnicodeError) -> tuple[str, int]:
    """Every byte that is no text as half a character; Python's own handler keeps none below 0x80 (UTF-16 has those)."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return "".join(chr(0xDC00 + byte) for byte in error.object[error.start : error.end]), error.end


def known(encoding: str | None) -> str | None:
    """The name of an encoding, if it is one."""
    try:
        "".encode("utf-8" if encoding is None else encoding)  # codecs from bytes to bytes, too, are in Python's list
    except (LookupError, ValueError):
        hint = message("write a name that Python knows, like utf-8, gbk, utf-16 or latin-1")
        raise DiffError(
            message("--encoding {name}: there is no such encoding", name=encoding), hint=hint, kind="option"
        ) from None
    return encoding


_MARKS = (
    (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"), (b"\xef\xbb\xbf", "utf-8-sig"),
)  # fmt: skip
"""What a file begins with that says its encoding."""


def encoding_of(data: bytes) -> str:
    """The encoding of a text that begins like this: what a mark says; UTF-16; UTF-8; or GB 18030.

    Without a mark it is UTF-16 where every other byte is zero as often as separators, digits and line ends
    make it. It is GB 18030 where more lines are no UTF-8 than are, and most of what it then holds are common
    ideographs, those of GB 2312: of Latin-1, whose letters stand between ASCII, that is not so.

    >>> encoding_of("姓名".encode("gbk")), encoding_of("姓名".encode()), encoding_of("été".encode("latin-1"))
    ('gb18030', 'utf-8-sig', 'utf-8-sig')
    >>> encoding_of("expr;姓名;x".encode("utf-16-le")), encoding_of("expr;姓名;x".encode("utf-16-be"))
    ('utf-16-le', 'utf-16-be')
    """
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return encoding
    if 0 in data:
        high, low = data[::2].count(0), data[1::2].count(0)
        if max(high, low) * _ZEROS > len(data) // 2 and min(high, low) * _ZEROS < max(high, low):
            return "utf-16-le" if low > high else "utf-16-be"
    if not data.isascii():
        lines = [line for line in data[: data.rfind(b"\n") + 1 or len(data)].split(b"\n") if not line.isascii()]
        if 2 * sum(_decodes(line, "utf-8") for line in lines) < len(lines):
            found = [char for line in lines for char in line.decode("gb18030", "replace") if not char.isascii()]
            if 2 * sum(map(_common, found)) >= len(found):
                return "gb18030"
    return "utf-8-sig"


_ZEROS = 5
"""Of so many characters one at least is ASCII in a table, and no more than one of so many of those is 0 itself."""


def _common(char: str) -> bool:
    """Whether it is an ideograph of GB 2312, or ASCII of full width."""
    return char >= "一" and _decodes(char.encode("gb18030", "replace"), "gb2312")


def _decodes(data: bytes, encoding: str) -> bool:
    try:
        data.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True
