"""What every method must get right, or say that it cannot: each that stands in METHODS runs through all of these.

A scenario is an expression at a point, what is asked of it, and the derivative, from theory. `test_scenarios` runs
every method of the table through each whose kind it can find: it is right, or unsupported, which then stands in UNABLE.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

from diffcli.comparison.compare import compare
from diffcli.comparison.result import Settings
from diffcli.methods import METHODS
from diffcli.problem.asked import Asked
from diffcli.problem.understanding import make_case


class Scenario(NamedTuple):
    """`between` are the one-sided derivatives of a kink: what lies between them is right."""

    text: str
    at: dict[str, Any]
    derivative: tuple[float, ...] = ()
    asked: Asked = Asked()
    wrt: tuple[str, ...] | None = None
    between: tuple[float, float] | None = None
    dtype: str = "float64"


XY = {"x": 2.0, "y": 3.0}

SCENARIOS: dict[str, Scenario] = {
    # first derivatives
    "smooth": Scenario("x^2*y", XY, (12.0, 4.0)),
    "chosen variables": Scenario("x^2*y", XY, (4.0,), wrt=("y",)),
    "a vector": Scenario("dot(v, v)", {"v": (1.0, -2.0)}, (2.0, -4.0)),
    "several outputs": Scenario("[x*y, x + y]", XY, (3.0, 2.0, 1.0, 1.0)),
    "no variable": Scenario("2*3", {}, ()),
    "a constant": Scenario("x*0 + 3", {"x": 2.0}, (0.0,)),
    "an unused variable": Scenario("x", XY, (1.0, 0.0), wrt=("x", "y")),
    "a constant output": Scenario("[x, 7]", {"x": 2.0}, (1.0, 0.0)),
    "a branch": Scenario("where(x > 0, x^3, 1/0)", {"x": 2.0}, (12.0,)),
    "a variable twice": Scenario("x*x + x", {"x": 2.0}, (5.0,)),
    # copies that no derivative passes
    "detached factor": Scenario("detach(x)*x", {"x": 2.0}, (2.0,)),
    "detached alone": Scenario("detach(x^2)", {"x": 2.0}, (0.0,)),
    "detached within": Scenario("detach(x*y)*x + y", XY, (6.0, 1.0)),
    "detached in one output": Scenario("[detach(x)*y, x*y]", XY, (0.0, 2.0, 3.0, 2.0)),
    "detached far from the point": Scenario("exp(detach(x) - x)*x", {"x": 1.0}, (0.0,)),
    # kinks
    "abs at 0": Scenario("abs(x)", {"x": 0.0}, between=(-1.0, 1.0)),
    "relu at 0": Scenario("relu(x)", {"x": 0.0}, between=(0.0, 1.0)),
    "a tie": Scenario("max(x, 2)", {"x": 2.0}, between=(0.0, 1.0)),
    # float32
    "float32": Scenario("x^2*y", XY, (12.0, 4.0), dtype="float32"),
    "float32 detached": Scenario("detach(x)*x", {"x": 2.0}, (2.0,), dtype="float32"),
    # what equations define
    "an equation": Scenario("x^2 + y^2 = 25", {"x": 3.0, "y": 4.0}, (-0.75,), Asked(implicit=("y",))),
    "a system": Scenario(
        "x*u - y*v = 0; y*u + x*v = 5",
        {"x": 2.0, "y": 1.0, "u": 1.0, "v": 2.0},
        (-0.8, 0.6, -0.6, -0.8),
        Asked(implicit=("u", "v")),
    ),
    "an equation without another variable": Scenario("y^2 = 4", {"y": 2.0}, (), Asked(implicit=("y",))),
    "a detached copy in an equation": Scenario(
        "detach(x)*y = x^2", {"x": 2.0, "y": 2.0}, (2.0,), Asked(implicit=("y",))
    ),
    "float32 equation": Scenario(
        "x^2 + y^2 = 25", {"x": 3.0, "y": 4.0}, (-0.75,), Asked(implicit=("y",)), dtype="float32"
    ),
    # products with vectors
    "jvp": Scenario("[x*y, x + y]", XY, (3.0 * 1 + 2.0 * 2, 3.0), Asked(jvp="1, 2")),
    "jvp detached": Scenario("[detach(x)*y, x + y]", XY, (4.0, 3.0), Asked(jvp="1, 2")),
    "vjp": Scenario("[x*y, x + y]", XY, (5.0, 4.0), Asked(vjp="1, 2")),
    "vjp detached": Scenario("[detach(x)*y, x + y]", XY, (2.0, 4.0), Asked(vjp="1, 2")),
    # second derivatives
    "hessian": Scenario("x^2*y", XY, (6.0, 4.0, 4.0, 0.0), Asked(order=2)),
    "hessian detached": Scenario("detach(x)*x*y", XY, (0.0, 2.0, 2.0, 0.0), Asked(order=2)),
    "hessian of a constant": Scenario("3 + 0*x", {"x": 2.0}, (0.0,), Asked(order=2)),
    "hvp": Scenario("x^2*y", XY, (6.0 + 8.0, 4.0), Asked(hvp="1, 2")),
    "hvp detached": Scenario("detach(x)*x*y", XY, (4.0, 2.0), Asked(hvp="1, 2")),
    # order n
    "order 1": Scenario("x^5", {"x": 2.0}, (80.0,), Asked(order=1)),
    "order 3": Scenario("x^5", {"x": 2.0}, (240.0,), Asked(order=3)),
    "order beyond the degree": Scenario("x^2", {"x": 2.0}, (0.0,), Asked(order=4)),
    "order 3 detached": Scenario("detach(x)*x^3", {"x": 2.0}, (12.0,), Asked(order=3)),
}

UNABLE: dict[tuple[str, str], str] = {
    (method, name): "other libraries are asked in float64"
    for method, row in METHODS.items()
    if row.needs
    for name, scenario in SCENARIOS.items()
    if scenario.dtype == "float32"
}
"""Method and scenario, and why the method says that it cannot."""


def kind(scenario: Scenario) -> str:
    return make_case(scenario.text, scenario.at, scenario.wrt, asked=scenario.asked).wanted.kind


def outcome(method: str, scenario: Scenario) -> str:
    """Of the method in the table: right, wrong or unsupported."""
    case = make_case(scenario.text, scenario.at, scenario.wrt, asked=scenario.asked)
    found = compare(case, Settings((method,), timeout=300, dtype=scenario.dtype)).measurements[0]
    if found.verdict == "unsupported":
        return "unsupported"
    if found.derivative is None:
        return "wrong"
    entries = [float(entry) for entry in found.derivative]
    if scenario.between is not None:
        low, high = scenario.between
        return "right" if all(low <= entry <= high for entry in entries) else "wrong"
    digits = 1e-5 if METHODS[method].reads == "step" or scenario.dtype == "float32" else 1e-12
    if METHODS[method].reads == "step" and scenario.dtype == "float32":
        digits = 2e-2
    near = [
        math.isclose(entry, expected, rel_tol=digits, abs_tol=digits)
        for entry, expected in zip(entries, scenario.derivative, strict=False)
    ]
    return "right" if len(entries) == len(scenario.derivative) and all(near) else "wrong"
