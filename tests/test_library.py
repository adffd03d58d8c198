"""The library as scripts and notebooks use it: what goes in, what comes out, and that errors are all of one kind."""

from __future__ import annotations

import doctest
import inspect
import json
import math
import subprocess
import sys
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console

import diffcli
from diffcli import Comparison, compare, derivative, gradient, hessian, jacobian, jvp, library, parse, trace, vjp
from diffcli.runtime.errors import DiffError

FUNCTIONS: list[Callable[..., Any]] = [parse, trace, compare, derivative, gradient, hessian, jacobian, jvp, vjp]
HAND = ("Dual", "Tape", "Variable")


# --- documentation
@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.__name__)
def test_every_function_has_examples_that_run(function: Callable[..., Any]) -> None:
    examples = doctest.DocTestFinder().find(function, globs=dict(vars(library)))
    assert sum(len(example.examples) for example in examples) > 0
    runner = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS)
    for example in examples:
        runner.run(example)
    assert runner.summarize(verbose=False).failed == 0


def test_all_names_are_functions_and_classes_with_a_docstring() -> None:
    assert set(diffcli.__all__) == {function.__name__ for function in FUNCTIONS} | {"Comparison", *HAND}
    for name in diffcli.__all__:
        assert inspect.getdoc(getattr(diffcli, name))
    with pytest.raises(AttributeError, match="no attribute 'minimise'"):
        getattr(diffcli, "minimise")  # noqa: B009 - what a misspelt import asks


def test_nothing_heavy_is_imported_before_it_is_asked_for() -> None:
    code = "import sys, diffcli; print(sorted({'sympy', 'flint', 'numpy', 'rich'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


# --- functions: texts and Python functions; points: dictionaries, texts and arrays
def f(x: Any, y: Any) -> Any:
    return x * x * y if x > 0 else y


def sum_of_squares(v: Any) -> Any:
    return np.sum(v**2)


def curve(t: Any) -> Any:
    return [np.cos(t), np.sin(t), 3 * t]


@pytest.mark.parametrize("point", [{"x": 3.0, "y": 2.0}, {"x": 3, "y": "2"}, "x=3, y=2", {"x": np.float64(3), "y": 2}])
@pytest.mark.parametrize("function", [f, "where(x > 0, x*x*y, y)"], ids=["python", "text"])
def test_a_gradient_of_numbers(function: Any, point: Any) -> None:
    assert gradient(function, point) == [12.0, 9.0]
    assert gradient(function, point, method="forward") == [12.0, 9.0]
    assert gradient(function, point, wrt="y") == gradient(function, point, wrt=["y"]) == [9.0]
    assert gradient(function, point, wrt="y, x") == [9.0, 12.0]
    assert hessian(function, point) == [[4.0, 6.0], [6.0, 0.0]]
    assert jvp(function, point, [1, 10]) == jvp(function, point, "1,10") == [102.0]
    assert jvp(function, point, np.array([1.0, 10.0])) == [102.0]


@pytest.mark.parametrize("point", [{"v": [1, 2, 3]}, {"v": (1.0, 2.0, 3.0)}, "v=[1, 2, 3]", {"v": np.arange(1, 4)}])
@pytest.mark.parametrize("function", [sum_of_squares, "sum(v^2)"], ids=["python", "text"])
def test_a_gradient_of_a_vector(function: Any, point: Any) -> None:
    assert gradient(function, point) == [2.0, 4.0, 6.0]
    assert hessian(function, point) == [[2.0, 0.0, 0.0], [0.0, 2.0, 0.0], [0.0, 0.0, 2.0]]


def test_matrices_are_rows_of_lists_or_arrays() -> None:
    at = {"A": np.array([[1.0, 2.0], [3.0, 4.0]]), "x": np.array([5.0, 6.0])}
    plain = {"A": [[1, 2], [3, 4]], "x": [5, 6]}
    assert jacobian("A @ x", at, wrt="x") == jacobian("A @ x", plain, wrt="x") == [[1.0, 2.0], [3.0, 4.0]]
    assert jacobian("A @ x", at) == [[5.0, 6.0, 0.0, 0.0, 1.0, 2.0], [0.0, 0.0, 5.0, 6.0, 3.0, 4.0]]
    assert vjp("A @ x", at, np.array([1.0, 10.0]), wrt="x") == [31.0, 42.0]


def test_jacobians_and_products() -> None:
    assert jacobian(curve, {"t": 0.0}) == [[0.0], [1.0], [3.0]]
    assert jvp(curve, "t=0", [2]) == [0.0, 2.0, 6.0]
    assert vjp(curve, "t=0", [1, 1, 1]) == [4.0]


@pytest.mark.parametrize("direction", [[[1, 0], [0, 1]], ((1, 0), (0, 1)), np.eye(2), [1, 0, 0, 1]])
def test_directions_have_the_shape_of_what_they_go_through(direction: Any) -> None:
    point = {"A": [[1, 2], [3, 4]]}
    assert jvp("A @ A", point, direction) == [2, 4, 6, 8]
    assert vjp("A @ A", point, direction) == [2, 6, 4, 8]
    assert jvp("x^2", "x=3", 2) == vjp("x^2", "x=3", np.float64(2)) == [12]


def test_derivatives_of_any_order() -> None:
    assert [derivative("x^4", "x=1", order) for order in range(1, 6)] == [4.0, 12.0, 24.0, 24.0, 0.0]
    assert derivative(lambda x: x**4, {"x": 1.0}, order=3, method="forward") == 24.0
    assert derivative("x*y", "x=2, y=3", wrt="y") == 2.0


def test_a_function_by_its_place(tmp_path: Path) -> None:
    lesson = tmp_path / "lesson.py"
    lesson.write_text("def f(x):\n    return x*x\n")
    assert gradient(f"{lesson}:f", "x=3") == [6.0]
    assert compare(f"{lesson}:f", "x=3", methods=["reverse"]).measurements[0].derivative == (6.0,)


def test_understanding_without_differentiating() -> None:
    assert parse("x*sin(y)").variables == ("x", "y")
    assert parse("A @ x", {"A": (2, 3), "x": (3,)}).shape == (2,)
    case = trace(f, {"x": 3.0, "y": 2.0})
    assert [step.taken for step in case.path] == [1]
    assert case.wrt == ("x", "y")


# --- options
def test_options_are_those_of_the_command() -> None:
    found = compare("(1 - cos(x))/x^2", "x=1e-8", methods=["forward", "reverse"], tolerance=1e300)
    assert [row.method for row in found.measurements] == ["forward", "reverse"]
    assert found.good
    assert not compare("(1 - cos(x))/x^2", "x=1e-8", methods=["forward"]).good
    assert compare("x*y", "x=2, y=3", vjp=[2.0], methods=["reverse"]).measurements[0].derivative == (6.0, 4.0)
    assert compare("x*y", "x=2, y=3", jvp="3,4", unit=True, methods=["forward"]).measurements[0].derivative == (
        pytest.approx(3.4),
    )
    assert compare("x*y", "x=2, y=3", hvp=[1, 0], methods=["forward"]).case.wanted.kind == "hvp"
    assert compare("x^5", "x=1", order=4, methods=["taylor"]).measurements[0].derivative == (120.0,)
    single = compare("x/3", "x=0.1", methods="forward, reverse", dtype="float32", rules="stable", step=1e-3)
    assert (single.digits, single.rules, len(single.measurements)) == (24, "stable", 2)
    for memory in (False, True):
        (row,) = compare("x*y", "x=2, y=3", memory=memory, methods=["reverse"]).measurements
        assert (row.memory is not None) == memory
    assert [compare("exp(x)*exp(x)", "x=1", share=share, methods="forward").cost.total for share in (False, True)] == [
        3,
        2,
    ]
    (row,) = compare("x^2", "x=3", methods="forward-difference", step=0.5).measurements
    assert row.derivative == (6.5,)


def test_all_methods_that_know_the_derivative() -> None:
    first = [row.method for row in compare("x^4", "x=1", methods="all").measurements]
    third = [row.method for row in compare("x^4", "x=1", methods="all", order=3).measurements]
    assert ("taylor" in first, "taylor" in third) == (False, True)
    assert ("complex-step" in first, "complex-step" in third) == (True, False)


@pytest.mark.parametrize("claims", [["x: 2*x"], {"x": "2*x"}, "x: 2*x"])
def test_claims_are_lists_dictionaries_or_text(claims: Any) -> None:
    found = compare("x^2", "x=3", claims=claims, methods=["reverse"])
    assert [row.verdict for row in found.measurements] == ["ok", "ok"]


# --- errors
def refusing(x: Any) -> Any:
    return str(x)


ERRORS: list[tuple[Callable[[], Any], str]] = [
    (lambda: parse("x +"), "expected|missing|ends"),
    (lambda: gradient("x*y", "x=1"), "y has no value"),
    (lambda: gradient("x", {"x": float("nan")}), "no finite float64"),
    (lambda: gradient("x", {"x": "one"}), "'one' has no value here"),
    (lambda: gradient("x", {"x": None}), "no finite float64"),
    (lambda: gradient("x", {"x": [[1], [2, 3]]}), "rows of different lengths"),
    (lambda: gradient("x", "x=1, x=2"), "given twice"),
    (lambda: gradient("[x, x]", "x=1"), "a vector: ask jacobian"),
    (lambda: jacobian("x", "x=1"), "a scalar: ask gradient"),
    (lambda: hessian("[x, x]", "x=1"), "is for a scalar"),
    (lambda: derivative("x*y", "x=1, y=2"), "of one variable; here are 2"),
    (lambda: derivative("[x, x]", "x=1"), "one number"),
    (lambda: derivative("x*y", "x=1, y=2", 3), "one variable"),
    (lambda: jvp("x*y", "x=1, y=2", [1]), "1 entry instead of 2"),
    (lambda: vjp("x*y", "x=1, y=2", [1, 2]), "2 entries instead of 1"),
    (lambda: gradient("x", "x=1", wrt="y"), "no variable 'y'"),
    (lambda: gradient("x", "x=1", method="revers"), "unknown method 'revers'"),
    (lambda: compare("x", "x=1", methods=["magic"]), "unknown method 'magic'"),
    (lambda: compare("x", "x=1", methods="forward,magic"), "unknown method 'magic'"),
    (lambda: compare("x", "x=1", dtype="float16"), "unknown number system 'float16'"),  # type: ignore[arg-type]
    (lambda: compare("x", "x=1", rules="wild"), "unknown rules 'wild'"),  # type: ignore[arg-type]
    (lambda: compare("x", "x=1", timeout=0), "a time limit"),
    (lambda: compare("x", "x=1", tolerance=-1.0), "a tolerance"),
    (lambda: compare("x", "x=1", step=0.0), "a step"),
    (lambda: gradient("x", "x=1", method="taylor"), "taylor has no gradient"),
    (lambda: compare("x", "x=1", jvp=[1], vjp=[1]), "one derivative at a time"),
    (lambda: compare("x", "x=1", order=0), "an order is 1 or more"),
    (lambda: trace(refusing, {"x": 1.0}), "a text"),
    (lambda: trace(f, {"x": 1.0}), "has no value: y"),
    (lambda: gradient(print, {"x": 1.0}), "any number of arguments"),
    (lambda: gradient("x^2", 3.0), "a point names its variables"),  # type: ignore[arg-type]
    (lambda: gradient(sum_of_squares, np.array([1.0, 2.0])), "a point names its variables"),  # type: ignore[arg-type]
    (lambda: gradient(3, "x=1"), "a text or a Python function"),  # type: ignore[arg-type]
    (lambda: derivative("x^3", "x=2", 1.5), "a whole number, not 1.5"),  # type: ignore[arg-type]
    (lambda: compare("x^3", "x=2", order="2"), "a whole number, not '2'"),  # type: ignore[arg-type]
    (lambda: jvp("x", "x=1", ["one"]), "are numbers"),
]


@pytest.mark.parametrize(("ask", "said"), ERRORS, ids=[said for _, said in ERRORS])
def test_errors_are_all_of_one_kind(ask: Callable[[], Any], said: str) -> None:
    with pytest.raises(DiffError, match=said):
        ask()


# --- a comparison shows itself
@pytest.fixture(scope="module")
def shown() -> Comparison:
    return compare("x*sin(y)", "x=1.5, y=0.5")


def test_as_text(shown: Comparison) -> None:
    assert str(shown) == repr(shown)
    for word in ("x*sin(y)", "symbolic", "forward", "reverse", "ok", "0.479425538604203"):
        assert word in str(shown)


def test_by_rich(shown: Comparison) -> None:
    console = Console(width=120, record=True, file=StringIO())
    console.print(shown)
    text = console.export_text()
    assert "symbolic" in text
    assert "∂f/∂x" in text


def test_as_html(shown: Comparison) -> None:
    page = shown._repr_html_()
    assert page.startswith("<div")
    assert page.endswith("</div>")
    for word in ("symbolic", "forward", "reverse", "ok", "<table"):
        assert word in page
    assert "<script" not in page
    assert "http" not in page.replace("http://www.w3.org", "")


def test_html_keeps_what_was_typed_apart_from_markup() -> None:
    page = compare("where(x<2, x, 1) + 0*y1", {"x": 1.0, "y1": 1.0}, methods=["forward"])._repr_html_()
    assert "x<2" not in page
    assert "&lt;" in page


def test_as_data(shown: Comparison) -> None:
    found = shown.to_dict()
    assert json.loads(shown.to_json()) == json.loads(json.dumps(found))
    assert "\n" not in shown.to_json().rstrip("\n")
    assert found["schema"]
    assert [row["method"] for row in found["methods"]] == ["symbolic", "forward", "reverse"]


def test_a_limit_of_time_may_be_left_open() -> None:
    found = compare("x*sin(x)", "x=1", timeout=math.inf)
    assert [row.verdict for row in found.measurements] == ["ok", "ok", "ok"]


@pytest.mark.parametrize("name", ["pandas", "polars"])
def test_as_a_data_frame(shown: Comparison, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip(name)
    monkeypatch.setattr(library, "find_spec", lambda wanted: wanted == name or None)
    frame = shown.to_dataframe()
    assert type(frame).__module__.partition(".")[0] == name
    assert len(frame) == 6
    assert {"method", "verdict", "ulp"} <= set(frame.columns)


def test_a_data_frame_by_whatever_is_there(shown: Comparison, monkeypatch: pytest.MonkeyPatch) -> None:
    made: dict[str, Any] = {}

    class Module:
        @staticmethod
        def DataFrame(columns: dict[str, list[Any]], **options: Any) -> str:
            made.update(columns=columns, options=options)
            return "a frame"

    monkeypatch.setattr(library, "find_spec", lambda name: name == "polars" or None)
    monkeypatch.setattr(library, "import_module", lambda _: Module)
    assert shown.to_dataframe() == "a frame"
    assert made["options"] == {"strict": False}
    assert {len(column) for column in made["columns"].values()} == {6}


def test_a_data_frame_needs_a_library(shown: Comparison, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(library, "find_spec", lambda _: None)
    with pytest.raises(DiffError, match="needs pandas or polars"):
        shown.to_dataframe()


# --- types
USAGE = """
from collections.abc import Sequence

import numpy as np

from diffcli import (
    Comparison, Dual, Tape, Variable, compare, derivative, gradient, hessian, jacobian, jvp, parse, trace, vjp,
)


def f(x: float, y: float) -> float:
    return x * y if x > y else y


found: Comparison = compare(f, {"x": 2.0, "y": 1.0}, methods=["forward"], claims={"x": "y", "y": "x"})
slopes: list[float] = gradient("x*sin(y)", "x=1.5, y=0.5", wrt=["x"])
rows: list[list[float]] = jacobian("A @ x", {"A": np.eye(2), "x": [1.0, 2.0]})
square: list[list[float]] = hessian(f, {"x": 2.0, "y": 1.0}, method="reverse")
along: Sequence[float] = jvp("[x, x*y]", "x=1, y=2", [1.0, 0.5])
back: list[float] = vjp("[x, x*y]", "x=1, y=2", "1, 10")
third: float = derivative("exp(2*x)", {"x": 0.0}, order=3)
names: tuple[str, ...] = parse("x*y").variables
lines: list[int] = [step.line for step in trace(f, {"x": 2.0, "y": 1.0}).path]
text: str = found.to_json() + str(found) + found._repr_html_()
number: float = Dual(3.0, 1.0).tangent
tape: Tape = Tape()
variable: Variable = tape.variable([1.0, 2.0], "x")
variable.sum().backward()
for row in found.measurements:
    worst: float | None = row.max_ulp
"""


def test_types_are_those_of_a_strict_checker(tmp_path: Path) -> None:
    pytest.importorskip("mypy")
    usage = tmp_path / "usage.py"
    usage.write_text(USAGE)
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--config-file", "", str(usage)],
        capture_output=True, text=True, check=False, cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
