"""What a worker process does: rows in, finished results out. It is warm: its libraries are imported once.

A worker may be killed at any moment; it holds nothing that anyone else needs.
"""

from __future__ import annotations

import gc
import signal
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from diffcli.batch.rows import Failure, Finish, Result, Row
from diffcli.comparison.compare import compare_all
from diffcli.comparison.result import Settings
from diffcli.methods import METHODS
from diffcli.problem.asked import Asked
from diffcli.problem.case import Case
from diffcli.problem.point import number_at, read_point, sole_variable
from diffcli.problem.understanding import make_case
from diffcli.runtime.errors import DiffError
from diffcli.runtime.limits import Expired, Here, alarms, limit_memory
from diffcli.runtime.messages import message

Wrt = tuple[str, ...] | None

GARBAGE = 50_000
"""Objects made between two collections: rows leave next to nothing that only a collection finds."""


def prepare(methods: Sequence[str], memory: int) -> None:
    """Make a new worker ready: libraries imported, memory limited, Ctrl-C left to the parent."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for name in methods:
        METHODS[name].load()
    gc.freeze()
    gc.set_threshold(GARBAGE)
    limit_memory(memory)


def compare_rows(rows: Sequence[Row], settings: Settings, wrt: Wrt, finish: Finish) -> list[Any]:
    """Compare rows that travel together; a row that cannot be understood is a failure in its place."""
    with alarms():
        return [finish(result) for result in compare_together(rows, settings, wrt)]


def compare_together(rows: Sequence[Row], settings: Settings, wrt: Wrt) -> list[Result]:
    """Compare rows stage by stage; where one of them meets a fault of ours, each by itself."""
    cases = [_case(row, wrt, settings) for row in rows]
    try:
        found = iter(compare_all([case for case in cases if isinstance(case, Case)], settings))
        return [next(found) if isinstance(case, Case) else case for case in cases]
    except Exception as error:  # noqa: BLE001 - our own mistake must not stop the other rows
        if len(rows) > 1:
            return [compare_row(row, settings, wrt) for row in rows]
        (row,) = rows
        if isinstance(error, DiffError):
            return [row.failed(error)]
        return [_fault(row, error)]


def compare_row(row: Row, settings: Settings, wrt: Wrt) -> Result:
    return compare_together([row], settings, wrt)[0]


def _case(row: Row, wrt: Wrt, settings: Settings) -> Case | Failure:
    """The row understood, which takes time and memory as well; whatever happens, it is a failure of this row alone."""
    try:
        return Here(understood, row, wrt, settings.asked, fatal=settings.fatal and _long(row)).result(settings.timeout)
    except DiffError as error:
        return row.failed(error)
    except Expired:
        late = DiffError(
            message("not read within {seconds} s", seconds=f"{settings.timeout:g}"),
            hint=message("--timeout gives it longer"),
            kind="timeout",
        )
        return row.failed(late)
    except MemoryError:
        large = DiffError(
            message("reading it needs more memory than there is"), hint=message("see --memory"), kind="memory"
        )
        return row.failed(large)
    except Exception as error:  # noqa: BLE001 - our own mistake must not stop the other rows
        return _fault(row, error)


def _long(row: Row) -> bool:
    """Whether one step of reading it may take so long that it must be killed."""
    return len(row.expression) + (len(row.at) if isinstance(row.at, str) else 0) > 1_000_000


def _fault(row: Row, error: Exception) -> Failure:
    said = message("this row met a fault of diff-compare: {error}", error=f"{type(error).__name__}: {error}")
    return row.failed(DiffError(said, hint=message("please report it"), kind="internal"))


def understood(row: Row, wrt: Wrt, asked: Asked) -> Case:
    if isinstance(row.at, str):
        at = read_point(row.at, partial(sole_variable, row.expression))
    else:
        at = {name: number_at(name, value) for name, value in row.at.items()}
    asked = replace(asked, claims=row.claims) if row.claims else asked
    case = make_case(row.expression, at, row.wrt or wrt, row.id, row.line, asked)
    return replace(case, carried=row.carried) if row.carried else case
