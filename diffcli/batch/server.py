"""Loaded by the server that forks workers, and nowhere else: what it forks for a batch that has ended says nothing.

A worker that begins while its batch is interrupted finds what it shares with it gone, and would end
with a traceback on the terminal.
"""

from __future__ import annotations

import sys
from types import TracebackType


def _told(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if not isinstance(error, OSError | EOFError):
        sys.__excepthook__(kind, error, trace)


sys.excepthook = _told
