"""CSV: one row per expression, method and variable, for spreadsheets and data frames.

The cells are those of the JSON, in the words of RFC 4180. A method without an
answer, an expression without variables and a row that could not be read have
one row, its other cells empty. Columns of a user's table come back as they
were: what is carried with the row, and the variables.

Numbers stand bare in shortest round-trip form, the truth with all its digits.
Text a spreadsheet would take for a formula (`-x**2`, `=1+1`) gets a leading
tab, which makes it text there. Nothing is lost: the tab is a blank that
our language skips, and since text with a tab of its own gets another,
`cell.removeprefix("\\t")` is the text that was typed. An apostrophe would
be read back as part of the expression, and be an error in it.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from io import StringIO
from types import MappingProxyType
from typing import Any

from diffcli.batch.rows import Failure, Result
from diffcli.comparison.result import Comparison
from diffcli.problem.point import written
from diffcli.reports.comparison.json import as_object

COLUMNS = (
    "line", "id", "expression", "at", "status", "truth_status", "f", "f_operations",
    "kind", "dtype", "rules", "method", "verdict", "claim", "value",
    "output", "variable", "derivative", "truth", "left", "right",
    "abs_error", "rel_error", "ulp", "scale", "max_ulp", "bits",
    "add", "neg", "mul", "div", "pow", "func", "operations", "tape", "peak", "seconds", "setup_seconds", "message",
)  # fmt: skip

_FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r", "\n")
"""What a formula begins with, full width included; and the blanks a spreadsheet may drop before it."""


def text_cell(text: str | None) -> str | None:
    """Text that stays text in a spreadsheet; a number is no formula.

    >>> text_cell("-x**2"), text_cell("x - 1"), text_cell("-5")
    ('\\t-x**2', 'x - 1', '-5')
    """
    if text is None or not text.startswith(_FORMULA) or _is_number(text):
        return text
    return f"\t{text}"


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return not text[0].isspace()


def labels(columns: Iterable[str]) -> dict[str, str]:
    """What columns of the user's table are called beside ours: as they were, where that is free.

    >>> labels(["name", "status"])
    {'name': 'name', 'status': 'given status'}
    """
    found: dict[str, str] = {}
    taken = {*COLUMNS, *(columns := tuple(columns))}
    for name in columns:
        label = name
        while label in COLUMNS or label != name and label in taken:
            label = f"given {label}"
        taken.add(label)
        found[name] = label
    return found


def rows(result: Result, columns: Mapping[str, str] = MappingProxyType({})) -> Iterator[dict[str, Any]]:
    """The rows of one result, cells by column; absent ones are empty. `columns` are the user's, and their labels."""
    found = as_object(result)
    row = {
        "line": found["line"],
        "id": text_cell(found["id"]),
        "expression": text_cell(found["expression"]),
        "status": found["status"],
    }
    case = None if isinstance(result, Failure) else result.case
    at = {} if case is None else {name: written(value) for name, value in case.at.items()}
    carried = {**at, **(result.carried if isinstance(result, Failure) else result.case.carried)}
    row |= {label: text_cell(carried.get(name)) for name, label in columns.items()}
    if isinstance(result, Failure):
        yield row | {"message": text_cell(result.message)}
        return
    row |= {
        "at": "; ".join(f"{name}={value}" for name, value in at.items()),
        "truth_status": found["truth"]["status"],
        "kind": found["kind"],
        "dtype": found.get("dtype", "float64"),
        "rules": found.get("rules", "textbook"),
        "f": _cell(found["value"]),
        "f_operations": found["cost"]["total"],
    }
    truth = {side: list(_leaves(found["truth"][side])) for side in ("derivative", "left", "right")}
    for measurement in found["methods"]:
        for entry in _entries(result, truth, measurement):
            yield row | _method_cells(measurement) | entry


def _cell(value: Any) -> Any:
    """A number; the numbers of a vector as JSON."""
    return json.dumps(value) if isinstance(value, list) else value


def _leaves(value: Any) -> Iterator[Any]:
    """The entries of a vector or matrix, row by row; none of what is absent."""
    for part in value or ():
        if isinstance(part, list):
            yield from _leaves(part)
        else:
            yield part


def _method_cells(measurement: dict[str, Any]) -> dict[str, Any]:
    """What is said of a method as a whole."""
    same = ("method", "verdict", "max_ulp", "bits", "seconds", "setup_seconds")
    cells = {column: measurement[column] for column in same}
    cells |= dict(measurement["cost"] or {}) | measurement.get("memory", {})
    cells |= {"operations": cells.pop("total", None), "value": _cell(measurement["value"])}
    return {**cells, "claim": measurement.get("claim"), "message": text_cell(measurement["message"])}


def _entries(result: Comparison, truth: dict[str, list[Any]], measurement: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """What is said of each entry of the derivative; one empty row where there is nothing to say."""
    found, errors = list(_leaves(measurement["derivative"])), list(_leaves(measurement["errors"]))
    if not found:
        yield {}
        return
    for i, (name, derivative) in enumerate(zip(result.entries, found, strict=True)):
        entry = {"output": name.output, "variable": ",".join(name.variables), "derivative": derivative}
        if truth["derivative"]:
            entry["truth"] = truth["derivative"][i]
            if i in result.truth.undecided:
                entry["truth"] = "undecided"
            elif entry["truth"] is None:
                entry |= {"left": truth["left"][i], "right": truth["right"][i]}
        if errors and errors[i] is not None:
            entry |= {f"{kind}_error": errors[i][kind] for kind in ("abs", "rel")} | {"ulp": errors[i]["ulp"]}
            entry["scale"] = errors[i].get("scale")
        yield entry


class Report:
    """A header, and the rows of each result as it comes; a batch and one comparison look the same."""

    def __init__(self, single: bool, columns: Sequence[str] = ()) -> None:
        del single
        self.labels = labels(columns)
        self.columns = (*COLUMNS[:2], *self.labels.values(), *COLUMNS[2:])

    def begin(self) -> str:
        return self._write([{column: text_cell(column) for column in self.columns}])

    def add(self, result: Result) -> str:
        return self._write(rows(result, self.labels))

    def end(self) -> str:
        return ""

    def _write(self, lines: Any) -> str:
        text = StringIO(newline="")
        csv.DictWriter(text, self.columns).writerows(lines)
        return text.getvalue()
