"""Whole runs of the command line against their floor: an app that imports what is needed, and does nothing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from measuring import HERE, Plan, Row, compared, interleaved, process

EXPRESSION = ("log(x1) + x1*x2 - sin(x2)", "--at", "x1=2, x2=5")
FLOOR = str(HERE / "floor.py")


class Run(NamedTuple):
    name: str
    arguments: tuple[str, ...]
    floor: tuple[str, ...]
    goal: float


RUNS = (
    Run("--help", ("--help",), (str(HERE / "empty.py"), "--help"), 1.2),
    Run("-m forward,reverse", (*EXPRESSION, "-m", "forward,reverse"), (FLOOR, "rich.table", "flint"), 1.25),
    Run("three methods", EXPRESSION, (FLOOR, "rich.table", "flint", "sympy"), 1.15),
)
USER = "user script of SymPy"


def rows(plan: Plan) -> Iterator[Row]:
    with TemporaryDirectory() as folder:
        case = Path(folder, "case.jsonl")
        case.write_text(json.dumps({"id": "1", "expr": EXPRESSION[0], "at": {"x1": 2, "x2": 5}}), encoding="utf-8")
        user = process((str(HERE / "user_script.py"), str(case)))
        for run in RUNS:
            measures = {"diff-compare": process(("-m", "diffcli", *run.arguments)), "floor": process(run.floor)}
            if "sympy" in run.floor:
                measures[USER] = user
            for measure in measures.values():
                measure()  # bytecode and pages are cached from here on
            taken = interleaved(measures, plan.turns(15))
            yield compared(run.name, "diff-compare", "floor", taken, run.goal)
            if USER in taken:
                yield compared(run.name, "diff-compare", USER, taken)
