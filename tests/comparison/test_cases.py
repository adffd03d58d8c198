"""The acceptance cases: real expressions with known derivatives, through the command-line batch.

One batch answers all questions; then one test a case holds its row against the truth. The oracle is
`acceptance.py`, which knows nothing of the package; the tests at the end hold the oracle itself to account.
"""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from acceptance import ASPECTS, Row, batch_row, judge, load, read

FOLDER = Path(__file__).parent.parent / "cases"
RECORDED = [*load(FOLDER / "dev.jsonl"), *load(FOLDER / "lessons.jsonl")]
CORRECTIONS = {correction["id"]: correction for correction in read(FOLDER / "corrections.jsonl")}
CASES = [case | CORRECTIONS.get(case["id"], {}) for case in RECORDED]


class Batch:
    """What one run of the program gave: its exit status, its messages, its rows by id."""

    def __init__(self, run: subprocess.CompletedProcess[str]) -> None:
        self.status = run.returncode
        self.messages = run.stderr
        self.rows: list[Row] = [json.loads(line) for line in run.stdout.splitlines()]
        self.by_id = {row.get("id"): row for row in self.rows}


@pytest.fixture(scope="module")
def batch(tmp_path_factory: pytest.TempPathFactory) -> Batch:
    file = tmp_path_factory.mktemp("cases") / "cases.jsonl"
    file.write_text("".join(batch_row(case) + "\n" for case in CASES), encoding="utf-8")
    command = [sys.executable, "-m", "diffcli", "batch", str(file), "--format", "jsonl", "--timeout", "300"]
    return Batch(subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False))


def test_ids_are_unique() -> None:
    assert len({case["id"] for case in CASES}) == len(CASES)


def test_corrections_replace_an_exact_zero_by_a_tiny_number() -> None:
    """They may do nothing else: the cases are not ours to bend."""
    recorded = {case["id"]: case for case in RECORDED}
    for correction in CORRECTIONS.values():
        case = recorded[correction["id"]]
        for key in correction.keys() - {"id", "note"}:
            before, after = (
                item[key] if isinstance(item[key], dict) else {"": item[key]} for item in (case, correction)
            )
            assert before == dict.fromkeys(after, "0")
            assert all(0 < abs(Decimal(number)) < Decimal("1e-300") for number in after.values())


def test_batch_ends_with_a_result(batch: Batch) -> None:
    """0 if every row is ok or a kink, 1 otherwise; 2 would mean that it was not understood."""
    assert batch.status in (0, 1), batch.messages[-2000:]


def test_rows_come_in_the_order_of_the_file(batch: Batch) -> None:
    assert [row.get("id") for row in batch.rows] == [case["id"] for case in CASES]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_case(case: dict[str, Any], batch: Batch) -> None:
    complaints = judge(case, batch.by_id.get(case["id"]))
    assert not complaints, "\n".join([f"{case['expr'][:300]}  at {case['at']}", *map(": ".join, complaints)])


# --- the oracle bites
CASE = {
    "id": "oracle/product",
    "expr": "x*y + 0*z",
    "wrt": ["x", "y", "z"],
    "at": {"x": 3, "y": 2, "z": 1},
    "value": "6",
    "gradient": {"x": "2", "y": "3", "z": "0"},
}
ROW = {
    "id": "oracle/product",
    "status": "ok",
    "wrt": ["x", "y", "z"],
    "truth": {"status": "certified", "value": "6.00000000000000000000000000000", "derivative": ["2", "3", "0"]},
    "methods": [
        {
            "method": name,
            "verdict": "ok",
            "derivative": [2.0, 3.0000000000000004, 0.0],
            "errors": [{"ulp": 0.0}, {"ulp": 1.0}, {"ulp": 0.0}],
            "cost": {"add": 1, "neg": 0, "mul": 2, "div": 0, "pow": 0, "func": 0, "total": 3},
        }
        for name in ("symbolic", "forward", "reverse")
    ],
}
KINK = CASE | {
    "id": "oracle/kink",
    "wrt": ["x"],
    "gradient": {"x": None},
    "status": {"x": "kink"},
    "one_sided": {"x": {"left": "-1", "right": "inf"}},
}
KINK_ROW = {
    "id": "oracle/kink",
    "status": "ok",
    "wrt": ["x"],
    "truth": {"status": "not-differentiable", "value": "6", "left": ["-1"], "right": ["Infinity"]},
    "methods": [method | {"verdict": "kink", "derivative": [0.0]} for method in ROW["methods"]],
}


def planted(row: Row, path: tuple[Any, ...], value: object) -> Row:
    """A copy of `row` with `value` at `path`."""
    changed = copy.deepcopy(row)
    place = changed
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return changed


def test_oracle_accepts_what_is_right() -> None:
    assert judge(CASE, ROW) == []
    assert judge(KINK, KINK_ROW) == []


@pytest.mark.parametrize(
    ("aspect", "path", "value"),
    [
        ("parsed", ("status",), "error"),
        ("parsed", ("id",), "another"),
        ("parsed", ("wrt",), ["y", "x", "z"]),
        ("truth", ("truth", "status"), "undecided"),
        ("truth", ("truth", "value"), "6.000000000000000000000001"),
        ("truth", ("truth", "derivative", 0), "2.00000000000000000000001"),
        ("truth", ("truth", "derivative", 2), "1e-300"),
        ("truth", ("truth", "derivative", 1), None),
        ("truth", ("truth", "derivative", 1), "NaN"),
        ("answered", ("methods",), ROW["methods"][:2]),
        ("answered", ("methods", 1, "verdict"), "timeout"),
        ("answered", ("methods", 1, "verdict"), None),
        ("counted", ("methods", 2, "cost", "total"), 4),
        ("counted", ("methods", 2, "cost"), {"total": 0}),
        ("honest", ("methods", 0, "verdict"), "inaccurate"),
        ("honest", ("methods", 0, "derivative", 0), 2.5),
        ("honest", ("methods", 0, "derivative", 0), "NaN"),
        ("honest", ("methods", 0, "derivative"), None),
        ("honest", ("methods", 0, "errors", 1, "ulp"), 0.9),
        ("honest", ("methods", 0, "errors", 1, "ulp"), None),
        ("honest", ("methods", 0, "errors", 1, "ulp"), "Infinity"),
        ("honest", ("methods", 0, "errors"), []),
    ],
)
def test_oracle_rejects_what_is_wrong(aspect: str, path: tuple[Any, ...], value: object) -> None:
    found = {found for found, _ in judge(CASE, planted(ROW, path, value))}
    assert found == {aspect}
    assert aspect in ASPECTS


@pytest.mark.parametrize(
    ("aspect", "path", "value"),
    [
        ("truth", ("truth", "status"), "certified"),
        ("truth", ("truth", "left"), ["1"]),
        ("truth", ("truth", "right"), ["1e300"]),
        ("truth", ("truth", "right"), None),
        ("honest", ("methods", 1, "verdict"), "ok"),
    ],
)
def test_oracle_rejects_what_is_wrong_at_a_kink(aspect: str, path: tuple[Any, ...], value: object) -> None:
    assert {found for found, _ in judge(KINK, planted(KINK_ROW, path, value))} == {aspect}


def test_oracle_wants_infinity_beyond_the_range_of_float64() -> None:
    case = CASE | {"wrt": ["x"], "gradient": {"x": "-1e400"}}
    row = planted(planted(ROW, ("wrt",), ["x"]), ("truth", "derivative"), ["-1e400"])
    for method in row["methods"]:
        method |= {"derivative": ["-Infinity"], "errors": [{"ulp": 0.0}]}
    assert judge(case, row) == []
    row["methods"][0]["derivative"] = ["Infinity"]
    assert [aspect for aspect, _ in judge(case, row)] == ["honest"]


def test_oracle_wants_a_row() -> None:
    assert judge(CASE, None) == [("parsed", "no row came back")]
