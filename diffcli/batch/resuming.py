"""Going on with an output that an earlier run left: what is whole is kept, the rest is done.

The output is JSON Lines in the order of the rows, so what is there is a
beginning; a last line without its end was being written when the run stopped.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from diffcli.batch.rows import Failure, Row
from diffcli.comparison.result import CLAIM, Settings
from diffcli.runtime.errors import DiffError
from diffcli.runtime.messages import message

BLOCK = 1 << 16


def repair(path: Path) -> None:
    """Cut off a last line that was only half written."""
    with path.open("r+b") as file:
        end = file.seek(0, 2)
        whole = 0
        start = end
        while start > 0 and not whole:
            size = min(BLOCK, start)
            start -= size
            file.seek(start)
            found = file.read(size).rfind(b"\n")
            whole = start + found + 1 if found >= 0 else 0
        file.truncate(whole)


def skip_kept(
    path: Path, rows: Iterator[Row | Failure], kept: Callable[[dict[str, Any]], None], settings: Settings
) -> None:
    """Pass over the rows that `path` has results of, handing each result to `kept`."""
    with path.open(encoding="utf-8") as results:
        for number, text in enumerate(results, 1):
            row = next(rows, None)
            try:
                content = json.loads(text)
                same = row is not None and (content["line"], content["id"], content["expression"]) == (
                    row.line, row.id, row.expression
                )  # fmt: skip
                other = content["status"] == "ok" and not _same_question(content, settings)
            except (ValueError, KeyError, TypeError):
                same = other = False
            if not same:
                hint = message("name another --output, or leave out --resume to begin anew")
                raise DiffError(
                    message(
                        "line {line} of '{file}' is no result of this batch's row {row}",
                        line=number,
                        file=path,
                        row=number,
                    ),
                    hint=hint,
                    kind="resume",
                )
            if other:
                hint = message("give the options it was begun with, name another --output, or leave out --resume")
                raise DiffError(
                    message("line {number} of '{path}' was made with other options", number=number, path=path),
                    hint=hint,
                    kind="resume",
                )
            kept(content)


def _same_question(content: dict[str, Any], settings: Settings) -> bool:
    """Whether a result has what is asked for now: one file with two kinds of rows would look like one of them."""
    asked, kind = settings.asked, content["kind"]
    wanted = next(iter(asked.vectors), asked.kind)
    methods = [method["method"] for method in content["methods"] if method["method"] != CLAIM]
    return (
        kind in (("gradient", "jacobian") if wanted == "gradient" else (wanted,))
        and (kind != "derivative" or content["order"] == asked.order)
        and methods == list(settings.methods_for(kind))
        and content.get("dtype", "float64") == settings.dtype
        and content.get("rules", "textbook") == settings.rules
    )
