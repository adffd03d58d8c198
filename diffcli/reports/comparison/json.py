"""JSON: one object per comparison, as programs read it. Nothing is rounded away.

Numbers are in shortest round-trip form; those JSON has no number for are the
strings "NaN", "Infinity" and "-Infinity"; the truth is decimal text.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from functools import cache
from typing import Any

from diffcli.batch.rows import Failure, Result
from diffcli.comparison.result import Comparison, Measurement
from diffcli.core.derivative_kinds import Wanted
from diffcli.numbers import DIGITS
from diffcli.problem.claims import Examination
from diffcli.problem.point import Number
from diffcli.syntax.shapes import nested
from diffcli.truth.accuracy import Error
from diffcli.truth.certify import digits

SCHEMA = 2


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
            **({"carried": dict(result.carried)} if result.carried else {}),
            "status": "error",
            "error": {"kind": result.kind, "message": result.message, "span": result.span, "hint": result.hint},
        }
    case = result.case
    return {
        "schema": SCHEMA,
        "id": case.id,
        "line": case.line,
        "expression": case.expression.source,
        **({"understood": case.expression.plain} if case.expression.reading else {}),
        **({"carried": dict(case.carried)} if case.carried else {}),
        "status": "ok",
        "error": None,
        "wrt": list(case.wrt),
        "at": {name: _point(value) for name, value in case.at.items()},
        "kind": case.wanted.kind,
        **({"unknowns": list(case.outputs)} if case.wanted.kind == "implicit" else {}),
        **_asked(case.wanted),
        **({"dtype": "float32"} if result.digits == DIGITS["float32"] else {}),
        **({} if result.rules == "textbook" else {"rules": result.rules}),
        **({"path": [step.as_dict() for step in case.path]} if case.path else {}),
        "notes": list(case.expression.notes),
        "value": nested(case.expression.shape, list(map(number, result.values))),
        "cost": result.cost.as_dict(),
        "truth": _truth(result),
        "methods": [_measurement(measurement, result) for measurement in result.measurements],
    }


def _point(value: Number) -> Any:
    return [_point(part) for part in value] if isinstance(value, tuple) else number(value)


def _asked(wanted: Wanted) -> dict[str, Any]:
    """The vector of a product, or the order of a higher derivative."""
    if wanted.vector:
        return {"vector": list(wanted.vector), **({"unit": True} if wanted.unit else {})}
    return {"order": wanted.order} if wanted.order > 1 else {}


def _truth(result: Comparison) -> dict[str, Any]:
    truth, shape = result.truth, result.shape
    found = {
        "status": truth.status,
        "bits": truth.bits,
        "value": _decimals(truth.values, result.case.expression.shape),
        "derivative": _decimals(truth.derivative, shape),
        "left": _decimals(truth.left, shape),
        "right": _decimals(truth.right, shape),
        "reason": truth.reason,
    }
    if truth.undecided:
        found["undecided"] = [_indices(place, shape) for place in truth.undecided]
    if truth.slopes is not None:
        found["slopes"] = {
            side: _decimals(ends, shape) for side, ends in zip(("left", "right"), truth.slopes, strict=True)
        }
    if truth.path is not None:
        found["path"] = _decimals(truth.path, shape)
    return found


def _indices(place: int, shape: tuple[int, ...]) -> list[int]:
    """Where an entry stands in the nested lists of this shape.

    >>> _indices(5, (2, 3))
    [1, 2]
    """
    indices: list[int] = []
    for size in reversed(shape):
        place, index = divmod(place, size)
        indices.insert(0, index)
    return indices


def _decimals(entries: tuple[Any, ...] | None, shape: tuple[int, ...]) -> Any:
    return None if entries is None else nested(shape, [_decimal(entry) for entry in entries])


def _decimal(entry: Any) -> Any:
    return number(entry) if entry is None or isinstance(entry, float) else digits(entry)


def _measurement(measurement: Measurement, result: Comparison) -> dict[str, Any]:
    shape = result.shape
    found: dict[str, Any] = {
        "method": measurement.method,
        "verdict": measurement.verdict,
        "message": measurement.message,
        "value": _numbers(measurement.values, result.case.expression.shape),
        "derivative": _numbers(measurement.derivative, shape),
        "errors": None if measurement.errors is None else nested(shape, list(map(_error, measurement.errors))),
        "max_ulp": number(measurement.max_ulp),
        "bits": number(measurement.bits),
        "cost": measurement.cost and measurement.cost.as_dict(),
        "seconds": measurement.seconds,
        "setup_seconds": measurement.setup_seconds,
    }
    if measurement.formulas is not None:
        formulas = measurement.formulas
        found["formula"] = formulas[0] if len(formulas) == 1 else nested(shape, formulas)
        found["written"] = measurement.written and measurement.written.as_dict()
    if measurement.steps is not None:
        found |= {"steps": list(map(number, measurement.steps.taken)), "evaluations": measurement.steps.total}
    if measurement.claim is not None:
        found |= _claim(measurement.claim, result)
    if measurement.memory is not None:
        found["memory"] = {"tape": measurement.memory.tape, "peak": measurement.memory.peak}
    return found


def _claim(claim: Examination, result: Comparison) -> dict[str, Any]:
    wrong = claim.counterexample
    found: dict[str, Any] = {
        "claim": claim.standing, "formula": _one(claim.formulas), "equal": claim.equal, "counterexample": None,
    }  # fmt: skip
    if wrong is not None:
        output, variables = result.entries[wrong.entry]
        found["counterexample"] = {
            "at": {name: _point(value) for name, value in wrong.at.items()},
            "output": output,
            "variable": variables[0],
            "claimed": None if wrong.claimed is None else digits(wrong.claimed),
            "truth": digits(wrong.truth),
        }
    return found


def _one(formulas: Sequence[str]) -> str | list[str] | None:
    return (formulas[0] if len(formulas) == 1 else list(formulas)) if formulas else None


def _numbers(values: tuple[float, ...] | None, shape: tuple[int, ...]) -> Any:
    return None if values is None else nested(shape, list(map(number, values)))


def _error(error: Error | None) -> dict[str, float | str | None] | None:
    if error is None:
        return None
    found = {"abs": number(error.absolute), "rel": number(error.relative), "ulp": number(error.ulp)}
    return found if error.scale is None else {**found, "scale": error.scale}


@cache
def _encoder() -> Any:
    from msgspec.json import Encoder

    return Encoder(enc_hook=str.__str__)  # messages are texts


def line(result: Result) -> str:
    """One comparison on one line, as `jsonl` has it."""
    text: bytes = _encoder().encode(as_object(result))
    return text.decode()


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
