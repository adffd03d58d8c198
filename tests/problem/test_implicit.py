"""Equations: what they define near a point, its derivative by every method, and the truth of it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from random import Random
from typing import Any

import pytest

from diffcli.comparison.compare import compare as compare_case
from diffcli.comparison.result import Comparison, Settings
from diffcli.core.evaluate import evaluate
from diffcli.core.linear_systems import solve, term
from diffcli.core.program import Builder, count
from diffcli.numbers.float64 import FLOAT64
from diffcli.problem.asked import Asked
from diffcli.problem.point import read_point
from diffcli.problem.understanding import make_case
from diffcli.runtime.errors import DiffError
from diffcli.syntax.equations import zero_form
from diffcli.truth import implicit
from diffcli.truth.certify import digits

CASES = [
    json.loads(line) for line in (Path(__file__).parent.parent / "cases" / "equations.jsonl").read_text().splitlines()
]


def compare(
    text: str, at: str | Mapping[str, float], methods: Sequence[str] = (), *, implicit: Sequence[str]
) -> Comparison:
    """In this process: no test here hangs."""
    point = read_point(at) if isinstance(at, str) else dict(at)
    case = make_case(text, point, asked=Asked(implicit=tuple(implicit)))
    return compare_case(case, Settings(tuple(methods)))


def close(found: str, wanted: str) -> bool:
    return abs(Decimal(found) - Decimal(wanted)) <= Decimal("1e-25") * abs(Decimal(wanted)) + Decimal("1e-60")


@pytest.mark.parametrize("case", CASES, ids=[f"{case['text']} at {case['at']}" for case in CASES])
def test_equations_of_textbooks_have_the_derivatives_that_their_solutions_show(case: dict[str, Any]) -> None:
    found = compare(case["text"], case["at"], implicit=case["unknowns"])
    truth = found.truth
    assert truth.status == "certified"
    assert truth.values is not None
    assert truth.derivative is not None
    found_digits = [*map(digits, truth.values), *map(digits, truth.derivative)]
    for one, wanted in zip(found_digits, case["value"] + case["derivative"], strict=True):
        assert close(one, wanted), (one, wanted)
    assert {row.method: row.verdict for row in found.measurements} == dict.fromkeys(
        ("symbolic", "forward", "reverse"), "ok"
    )
    assert found.case.at == {**case["at"], **dict(zip(case["unknowns"], map(float, case["value"]), strict=True))}


def test_operations_are_those_of_both_partial_derivatives_and_the_quotient() -> None:
    forward, reverse = compare("x^2 + y^2 = 25", "x=3, y=4", ["forward", "reverse"], implicit=["y"]).measurements
    assert forward.cost is not None
    assert reverse.cost is not None
    assert forward.cost.as_dict() == reverse.cost.as_dict()
    assert (forward.cost.mul, forward.cost.neg, forward.cost.div, forward.cost.total) == (2, 1, 1, 4)


@pytest.mark.parametrize("size", [1, 2, 3, 5, 8])
def test_systems_are_solved_as_exact_arithmetic_solves_them(size: int) -> None:
    """A X = -B: against fractions, and at the cost that elimination has for dense systems."""
    rng = Random(size)
    for _ in range(20):
        numbers = [[rng.randint(-9, 9) or 1 for _ in range(size + 2)] for _ in range(size)]
        exact = _exact([[Fraction(x) for x in row] for row in numbers])
        if exact is None:
            continue
        builder = Builder(tuple(f"a{k}" for k in range(size * (size + 2))))
        flat = [float(x) for row in numbers for x in row]
        terms = [term(builder, builder.input(k), value) for k, value in enumerate(flat)]
        rows = [terms[k : k + size + 2] for k in range(0, len(terms), size + 2)]
        found = solve(builder, FLOAT64, [row[:size] for row in rows], [row[size:] for row in rows])
        program = builder.program([k for row in found for k in row])
        assert evaluate(program, flat, FLOAT64) == pytest.approx([float(x) for row in exact for x in row], rel=1e-9)
        cost, m = count(program), size
        below = m * (m - 1) // 2
        products = sum((m - 1 - k) * (m - 1 - k + 2) for k in range(m)) + 2 * below
        assert (cost.div, cost.neg, cost.mul, cost.add) == (below + 2 * m, 2 * m, products, products)


def _exact(rows: list[list[Fraction]]) -> list[list[Fraction]] | None:
    """-A^-1 B by Gauss and Jordan; None where A is singular."""
    size = len(rows)
    for k in range(size):
        pivot = next((i for i in range(k, size) if rows[i][k]), None)
        if pivot is None:
            return None
        rows[k], rows[pivot] = rows[pivot], rows[k]
        rows[k] = [x / rows[k][k] for x in rows[k]]
        for i in range(size):
            if i != k:
                rows[i] = [x - rows[i][k] * y for x, y in zip(rows[i], rows[k], strict=True)]
    return [[-x for x in row[size:]] for row in rows]


def test_structural_zeros_cost_nothing() -> None:
    reverse = compare("u = x; v = 2 + x", "x=1, u=1, v=3", ["reverse"], implicit=["u", "v"]).measurements[0]
    assert reverse.derivative == (1.0, 1.0)
    assert reverse.cost is not None
    assert reverse.cost.mul == 0


# --- where F_y is 0
def test_a_vertical_tangent_is_told() -> None:
    found = compare("x^2 + y^2 = 25", "x=5, y=0", implicit=["y"])
    assert (found.truth.status, found.truth.derivative) == ("not-differentiable", (None,))
    assert found.truth.reason is not None
    assert "vertical" in found.truth.reason
    assert {row.verdict for row in found.measurements} == {"nonfinite"}


def test_where_a_curve_crosses_itself_nothing_is_proved() -> None:
    found = compare("x^3 + y^3 = 6*x*y", "x=0, y=0", implicit=["y"])
    assert found.truth.status == "undecided"
    assert "cross" in str(found.truth.reason)


def test_a_horizontal_tangent_is_exactly_zero() -> None:
    found = compare("x^2 + y^2 = 24", "x=0, y=5", implicit=["y"])
    assert found.truth.derivative is not None
    assert found.truth.derivative[0].is_zero()
    assert found.good


def test_a_root_is_called_proved_only_where_the_box_is_mapped_into_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the theorem's condition a point beside the root would pass for it."""
    program = compare("y^2 = x", "x=2, y=1.4", implicit=["y"]).case.problem
    unknowns = program.wanted.unknowns
    beside = [2.0, 1.25]
    with monkeypatch.context() as patch:
        patch.setattr(implicit, "_polished", lambda _, point: ([implicit.arb(point[i]) for i in unknowns], True))
        patch.setattr(implicit, "_step", lambda *_: [implicit.arb(2) ** -140])
        names = program.program.inputs
        at = [beside[0] if name == "x" else beside[1] for name in names]
        assert implicit.certify_implicit(program.program, program.wrt, at, program.wanted).status == "undecided"


@pytest.mark.parametrize(
    ("text", "at", "unknowns", "said"),
    [
        ("x^2 + y^2 = 25", "x=10, y=1", "y", "no solution was found near y = 1"),
        ("x^2 + y^2 = 25", "x=3", "y", "the unknown y has no value to start from"),
        ("x^2 = 4", "x=2, y=1", "y", "the equation has no unknown 'y'"),
        ("x + y = 2; x - y = 0", "x=1, y=1, z=1", "y", "not 2 for 1"),
        ("x + y + z = 2", "x=1, y=1, z=0", "y,z", "not 1 for 2"),
        ("x = y = 2", "x=1, y=1", "y", "one sign of equality"),
        ("x + = y", "x=1, y=1", "y", "an operand is missing after '+'"),
        ("sum(v) + y = 3", "v=[1,2], y=0", "v", "the unknown v is a vector"),
    ],
)
def test_refusals(text: str, at: str, unknowns: str, said: str) -> None:
    with pytest.raises(DiffError) as error:
        compare(text, at, implicit=unknowns.split(","))
    assert said in str(error.value)
    assert error.value.hint or error.value.span
    if error.value.span is not None:
        assert error.value.source == text


def test_faults_stand_where_they_were_typed() -> None:
    with pytest.raises(DiffError) as error:
        compare("x^2 + y^2 = sni(x)", "x=1, y=1", implicit=["y"])
    assert error.value.source == "x^2 + y^2 = sni(x)"
    assert error.value.span is not None
    start, end = error.value.span
    assert error.value.source[start:end] == "sni"


@pytest.mark.parametrize(
    ("source", "unknowns", "valued", "form"),
    [
        ("x^2 + y^2 = 25", ["y"], ["x", "y"], "(x^2 + y^2) - (25)"),
        ("x*y - 1 = 0", ["y"], ["x", "y"], "x*y - 1"),
        ("x*y - 1", ["y"], ["x", "y"], "x*y - 1"),
        ("a = x*y; a + y = 2", ["y"], ["x", "y"], "a = x*y; (a + y) - (2)"),
        ("y = x", ["y"], ["x", "y"], "(y) - (x)"),
        ("x = 2*y", ["y"], ["x", "y"], "(x) - (2*y)"),
        ("x == 2*y", ["y"], ["x", "y"], "(x) - (2*y)"),
        ("where(x <= 1, y, x) = 2  # a remark", ["y"], ["x", "y"], "(where(x <= 1, y, x)) - (2)"),
        ("u + v = x\nu*v = 1", ["u", "v"], ["x", "u", "v"], "[(u + v) - (x), (u*v) - (1)]"),
    ],
)
def test_two_sides_are_one_expression(source: str, unknowns: list[str], valued: list[str], form: str) -> None:
    found = zero_form(source, unknowns, valued)
    assert found.text == form
    assert len(found.starts) == len(form) + 1
    for character, start in zip(form, found.starts, strict=False):
        assert character in "()[],;- " or source[start] == character


def test_ten_thousand_equations_are_parted_in_one_pass() -> None:
    names = [f"y{k}" for k in range(10_000)]
    text = "; ".join(f"{name}^2 = x" for name in names)
    assert zero_form(text, names, ["x", *names]).text.count(" - ") == len(names)
