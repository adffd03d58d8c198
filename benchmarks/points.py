"""Value and gradient at a million points: in this process, and as whole processes that read them from a file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from formulas import CONTENDERS, FORMULAS, Columns, Computing, Formula
from measuring import HERE, Call, Plan, Row, calls, compared, failure, installed, interleaved, pinned, process

POINTS = 1_000_000
QUICK_POINTS = 20_000
OURS, PLAIN, INTO = "blocks", "blocks, --no-fast-trig", "blocks, outputs given"
LAMBDIFY, JAX, HEYOKA = "sympy lambdify(cse)", "jax jit(vmap)", "heyoka cfunc"

GOALS = {
    ("polynomial", LAMBDIFY): 0.75,
    ("transcendental", LAMBDIFY): 0.45,
    ("Planck-like", LAMBDIFY): 0.45,
    ("transcendental", JAX): 1.0,
    ("Planck-like", JAX): 1.0,
}
COMPILED = (LAMBDIFY, JAX, "numba of lambdify(cse)", HEYOKA)
MACHINE = "--compiled heyoka"
MACHINE_GOAL = 1.3
COMMAND = "diff-compare --points"


def rows(plan: Plan) -> Iterator[Row]:
    number = QUICK_POINTS if plan.quick else POINTS
    with TemporaryDirectory() as folder:  # whole processes first, while this one is small
        for formula in FORMULAS.values():
            yield from _processes(formula, number, Path(folder), plan)
    with pinned():
        for formula in FORMULAS.values():
            yield from _calls(formula, number, plan)


def _processes(formula: Formula, number: int, folder: Path, plan: Plan) -> Iterator[Row]:
    file = folder / f"{formula.name}.npy"
    columns = formula.columns(number)
    np.save(file, np.column_stack(columns))
    del columns
    script = str(HERE / "points_script.py")
    wrt = ("--wrt", ",".join(formula.names))
    measures = {
        COMMAND: process(
            ("-m", "diffcli", formula.text, "--points", str(file), *wrt, "-m", "reverse", "--sample", "0"), 1
        )
    }
    case, lost = f"{formula.name}, {number:,} points, whole process", []
    for name, (_, library) in CONTENDERS.items():
        if name in (PLAIN, INTO, MACHINE) or not installed(library):
            continue
        measures[name] = process((script, name, formula.name, str(file)), 1)
    for name, measure in list(measures.items()):
        try:
            measure()
        except RuntimeError as error:
            lost.append(Row(case, COMMAND, name, None, None, note=failure(error)))
            del measures[name]
    taken = interleaved(measures, plan.turns(3))
    for name in taken:
        if COMMAND in taken and name != COMMAND:
            yield compared(case, COMMAND, name, taken)
    yield from lost


def _calls(formula: Formula, number: int, plan: Plan) -> Iterator[Row]:
    columns = formula.columns(number)
    case = f"{formula.name}, {number:,} points, in process"
    contenders: dict[str, Call] = {}
    expected: list[object] = []
    for name, (build, library) in CONTENDERS.items():
        if not installed(library) or name == PLAIN and "sin(" not in formula.text:
            continue
        try:
            compute = build(formula)
            _agree(compute, columns, expected)
        except (ArithmeticError, TypeError, AttributeError, ValueError, RuntimeError) as error:
            yield Row(case, OURS, name, None, None, note=failure(error))
            continue
        contenders[name] = Call(compute, columns)
    taken = calls(contenders, plan, 11)
    mine = [name for name in (OURS, PLAIN, INTO, MACHINE) if name in taken]
    for ours in mine:
        for name in taken:
            if name not in mine and (ours not in (INTO, MACHINE) or name in COMPILED):
                goal = _goal(ours, formula, name)
                yield compared(case, ours, name, taken, goal)
    if PLAIN in taken:
        yield compared(case, PLAIN, OURS, taken)


def _goal(ours: str, formula: Formula, peer: str) -> float | None:
    if ours == MACHINE:
        return MACHINE_GOAL if peer in (JAX, HEYOKA) else None
    return GOALS.get((formula.name, peer)) if ours == OURS else None


def _agree(compute: Computing, columns: Columns, expected: list[object]) -> None:
    """What is fast must be right: compared with the first contender."""
    found = [np.asarray(column) for column in compute(columns)]
    if not expected:
        expected.extend(column.copy() for column in found)
    for a, b in zip(found, expected, strict=True):
        if not np.allclose(a, b, rtol=1e-8, atol=1e-9):
            raise ArithmeticError("its results are others")
