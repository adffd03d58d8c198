"""JSON: one object per comparison, as programs read it. Nothing is rounded away.

Numbers are in shortest round-trip form; those JSON has no number for are the
strings "NaN", "Infinity" and "-Infinity"; the truth is decimal text.
"""

from __future__ import annotations

import json
import math
from typing import Any

from diffcli.accuracy import Error
from diffcli.batch.rows import Failure, Result
from diffcli.compare import Measurement
from diffcli.truth import Truth, digits

SCHEMA = 1


def number(value: float | None) -> float | str | None:
    """A float for JSON.

    >>> number(0.5), number(float("-inf"))
    (0.5, '-Infinity')
    """
    if value is None or math.isfinite(value):
        return value
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"


def as_object(result: Result) -> dict[str, Any]:
    """One row of output: a comparison, or the error that stands in its place."""
    if isinstance(result, Failure):
        return {
            "schema": SCHEMA,
            "id": result.id,
            "line": result.line,
            "expression": result.expression,
            "status": "error",
            "error": {"kind": result.kind, "message": result.message, "span": result.span, "hint": result.hint},
        }
    case = result.case
    return {
        "schema": SCHEMA,
        "id": case.id,
        "line": case.line,
        "expression": case.expression.source,
        "status": "ok",
        "error": None,
        "wrt": list(case.wrt),
        "at": {name: number(value) for name, value in case.at.items()},
        "kind": "gradient",
        "notes": list(case.expression.notes),
        "value": number(result.value),
        "cost": result.cost.as_dict(),
        "truth": _truth(result.truth),
        "methods": [_measurement(measurement) for measurement in result.measurements],
    }


def _truth(truth: Truth) -> dict[str, Any]:
    return {
        "status": truth.status,
        "bits": truth.bits,
        "value": _decimal(truth.value),
        "derivative": _decimals(truth.derivative),
        "left": _decimals(truth.left),
        "right": _decimals(truth.right),
        "reason": truth.reason,
    }


def _decimals(entries: tuple[Any, ...] | None) -> list[Any] | None:
    return None if entries is None else [_decimal(entry) for entry in entries]


def _decimal(entry: Any) -> Any:
    return number(entry) if entry is None or isinstance(entry, float) else digits(entry)


def _measurement(measurement: Measurement) -> dict[str, Any]:
    found: dict[str, Any] = {
        "method": measurement.method,
        "verdict": measurement.verdict,
        "message": measurement.message,
        "value": number(measurement.value),
        "derivative": None if measurement.derivative is None else [number(x) for x in measurement.derivative],
        "errors": None if measurement.errors is None else [_error(error) for error in measurement.errors],
        "max_ulp": number(measurement.max_ulp),
        "bits": number(measurement.bits),
        "cost": measurement.cost and measurement.cost.as_dict(),
        "seconds": measurement.seconds,
        "setup_seconds": measurement.setup_seconds,
    }
    if measurement.formulas is not None:
        formulas = measurement.formulas
        found["formula"] = formulas[0] if len(formulas) == 1 else list(formulas)
        found["written"] = measurement.written and measurement.written.as_dict()
    return found


def _error(error: Error | None) -> dict[str, float | str | None] | None:
    if error is None:
        return None
    return {"abs": number(error.absolute), "rel": number(error.relative), "ulp": number(error.ulp)}


_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False, check_circular=False)


def line(result: Result) -> str:
    """One comparison on one line, as `jsonl` has it."""
    return _ENCODER.encode(as_object(result))


class Report:
    """One object, indented; a batch as an array of objects."""

    def __init__(self, single: bool) -> None:
        self.single = single

    def begin(self) -> str:
        return "" if self.single else "[\n"

    def add(self, result: Result) -> str:
        text = json.dumps(as_object(result), ensure_ascii=False, allow_nan=False, indent=2)
        return text + "\n" if self.single else text

    def end(self) -> str:
        return "" if self.single else "\n]\n"
