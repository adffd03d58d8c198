"""Ten faults of different kinds, each planted by a patch: the fuzzer must find every one within a few cases."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from random import Random
from typing import Any, NamedTuple
from unittest.mock import patch

from oracle import forget_rules

from diffcli.ad import rules
from diffcli.batch import reading
from diffcli.cli.request import Request
from diffcli.core import passes
from diffcli.core.primitives import CODE, PRIMITIVES
from diffcli.core.program import Program
from diffcli.methods import derive
from diffcli.reports.comparison import json as reports_json
from diffcli.runtime import errors
from diffcli.syntax import faults, parsing
from fuzz import AREAS, Found, area, guarded


class Plant(NamedTuple):
    """A fault: the area that must find it, how it is planted, and which cases have to do with it."""

    name: str
    area: str
    planted: Callable[[], Any]
    relevant: Callable[[Any], bool] = lambda _: True


@contextmanager
def _rule(name: str, text: str) -> Iterator[None]:
    rows = tuple(row._replace(rule=text) if row.name == name else row for row in PRIMITIVES)
    with patch.object(rules, "PRIMITIVES", rows), _forgotten():
        yield


@contextmanager
def _forgotten() -> Iterator[None]:
    """Nothing that was derived before is taken, nor what was derived with the fault kept."""
    with patch.object(derive, "_known", derive._Known()):
        forget_rules()
        yield
    forget_rules()


@contextmanager
def _adjoints() -> Iterator[None]:
    """A second contribution to an adjoint is subtracted."""
    usual = rules.Linear.accumulate

    def wrong(self: Any, adjoint: Any, minus: bool, amount: Any) -> Any:
        return usual(self, adjoint, minus if adjoint is rules.ZERO else not minus, amount)

    with patch.object(rules.Linear, "accumulate", wrong), _forgotten():
        yield


def _caret() -> Any:
    usual = errors.place
    return patch.object(
        errors, "place", lambda source, span: [*usual(source, span)[:-1], " " + usual(source, span)[-1]]
    )


def _span() -> Any:
    """Errors of reading blame what stands before the token."""
    usual = faults.Halt.fail

    def wrong(self: Any, message: str, span: Any = None, hint: Any = None) -> Any:
        return usual(self, message, (0, 1) if self.start else span, hint)

    return patch.object(faults.Halt, "fail", wrong)


def _order() -> Any:
    """Sharing takes the arguments of a difference in the wrong order."""
    usual = passes.share

    def wrong(program: Program, *rest: Any) -> Program:
        shared = usual(program, *rest)
        first, second = shared.a[:], shared.b[:]
        for k, code in enumerate(shared.ops):
            if code == CODE["sub"]:
                first[k], second[k] = second[k], first[k]
        return replace(shared, a=first, b=second)

    return patch.object(passes, "share", wrong)


def _lost_row() -> Any:
    """The row behind one that could not be read is passed over."""
    usual = reading.read_jsonl

    def wrong(lines: Any) -> Any:
        bad = False
        for row in usual(lines):
            if not bad:
                yield row
            bad = isinstance(row, reading.Failure)

    readers = tuple(r._replace(read=wrong) if r.ending == ".jsonl" else r for r in reading.READERS)
    return patch.object(reading, "READERS", readers)


@contextmanager
def _unescaped() -> Iterator[None]:
    """Ids are written as they are, into a table."""
    from diffcli.reports import screen

    with patch.object(screen, "visible", lambda text, **_: text):
        yield


def _missing_key() -> Any:
    usual = reports_json._measurement

    def wrong(*arguments: Any) -> Any:
        found = usual(*arguments)
        del found["bits"]
        return found

    return patch.object(reports_json, "_measurement", wrong)


def _empty() -> Any:
    usual = parsing.tokenize

    def wrong(source: str) -> list[str]:
        if not source.strip():
            raise IndexError(source)
        return usual(source)

    return patch.object(parsing, "tokenize", wrong)


def _single_floats(case: Any) -> bool:
    return " --dtype float32 " in " ".join([*case["words"], ""]) and "json" in case["words"]


PLANTS = (
    Plant("a caret beside its place", "texts", _caret),
    Plant("a span before what it blames", "texts", _span, lambda case: case.get("fault") == "function"),
    Plant("an order of equations", "texts", _order),
    Plant("a crash for empty input", "texts", _empty),
    Plant("a wrong rule", "comparisons", lambda: _rule("tanh", "(1 - y)*da"), lambda case: "tanh(" in case["text"]),
    Plant("a wrong sign in accumulating adjoints", "comparisons", _adjoints),
    Plant("a key missing in JSON", "comparisons", _missing_key),
    Plant("a lost row", "batches", _lost_row),
    Plant("an id that is not escaped", "batches", _unescaped),
    Plant("an option ignored", "commands", lambda: patch.object(Request, "numbers", lambda _: "float64"),
          _single_floats),
    Plant("a limit not kept", "commands", lambda: patch.object(Request, "check_limits", lambda _: None),
          lambda case: case["refused"] and any("tolerance" in word for word in case["words"])),
)  # fmt: skip
"""Two of them are of carets: where it stands, and what it blames."""

MOST = 3000
"""Cases drawn for one plant."""


def cases_until_found(plant: Plant, seconds: float = 60.0, most: int = MOST) -> int | None:
    """How many relevant cases are checked until one fails that passes without the fault; None where none does."""
    end, checked = time.monotonic() + seconds, 0
    check = area(plant.area).check
    for number in range(most):
        case = area(plant.area).draw(Random(f"plant/{number}"))
        if case.get("process") or not plant.relevant(case):
            continue
        if time.monotonic() > end:
            return None
        checked += 1
        with plant.planted():
            try:
                guarded(check, case)
                continue
            except Found:
                pass
        with suppress(Found):
            guarded(check, case)  # without the fault it passes: what was found is the fault
            return checked
    return None


assert {plant.area for plant in PLANTS} == set(AREAS)
