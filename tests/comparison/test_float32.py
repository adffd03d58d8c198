"""Single precision: the same methods and the same truth, in ulps of float32."""

import json
import math
import re
from pathlib import Path

import numpy
import pytest
from flint import arb
from hypothesis import given
from hypothesis import strategies as st

from diffcli.cli.main import main
from diffcli.comparison.compare import compare
from diffcli.comparison.result import Comparison, Settings
from diffcli.numbers import DIGITS
from diffcli.problem.understanding import make_case
from diffcli.reports.comparison import REPORTS
from diffcli.reports.comparison.table import Report
from diffcli.truth.accuracy import error, rounded, spacing

SINGLE = Settings(("symbolic", "forward", "reverse"), dtype="float32")


def compared(expression: str, settings: Settings = SINGLE, **at: float) -> Comparison:
    return compare(make_case(expression, at), settings)


@given(st.floats(width=64, allow_nan=False, allow_infinity=False))
def test_rounding_is_that_of_numpy(x: float) -> None:
    with numpy.errstate(over="ignore"):
        assert rounded(x, 24) == float(numpy.float32(x))


@given(st.floats(width=32, allow_nan=False, allow_infinity=False))
def test_spacing_is_that_of_numpy(x: float) -> None:
    with numpy.errstate(over="ignore"):
        expected = float(numpy.spacing(numpy.float32(abs(x))))
    if math.isfinite(expected):
        assert spacing(x, 24) == expected


def test_errors_are_in_ulps_of_float32() -> None:
    ulp = 2.0**-23
    assert error(1 + 3 * ulp, arb(1), 24).ulp == 3
    assert error(1 + 3 * ulp, arb(1)).ulp == 3 * 2.0**29
    assert error(math.inf, arb(1e39), 24).ulp == 0
    assert error(3e38, arb(1e39), 24).ulp == math.inf
    assert error(2.0**-149, arb(0), 24).ulp == 1


EXPRESSIONS = {
    "x*sin(x) + exp(x)/x": 1.7,
    "log(x)*sqrt(x) + x**2.5": 1.3,
    "tanh(x) + atan(x)*cosh(x)": 0.4,
    "where(x > 0.1, x*x, 1/x)": 0.3,
    "erf(x) + sigmoid(x) + softplus(x)": 0.9,
    "gamma(x) + lgamma(x)": 2.6,
}


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_methods_are_right_to_a_few_ulps_and_every_number_is_a_float32(expression: str) -> None:
    comparison = compared(expression, x=EXPRESSIONS[expression])
    assert comparison.digits == DIGITS["float32"]
    for row in comparison.measurements:
        assert row.verdict == "ok", row.method
        assert row.derivative is not None
        assert row.values is not None
        assert row.max_ulp is not None
        assert row.max_ulp < 32, row.method
        assert all(x == float(numpy.float32(x)) for x in (*row.derivative, *row.values))


def test_the_point_is_rounded_for_methods_and_truth_alike_and_said() -> None:
    comparison = compared("x", x=0.1)
    assert comparison.case.at == {"x": float(numpy.float32(0.1))}
    assert "the point is rounded to float32" in comparison.case.expression.notes
    assert comparison.truth.values is not None
    assert comparison.truth.values[0].overlaps(arb(float(numpy.float32(0.1))))
    assert compared("x", x=0.5).case.expression.notes == ()


def test_operations_are_those_of_float64() -> None:
    single = compared("sin(x)*exp(x) + x**3", x=0.5)
    double = compared("sin(x)*exp(x) + x**3", Settings(SINGLE.methods), x=0.5)
    assert [row.cost for row in single.measurements] == [row.cost for row in double.measurements]
    assert single.truth.derivative is not None
    assert double.truth.derivative is not None
    assert single.truth.derivative[0].overlaps(double.truth.derivative[0])


def test_cancellation_takes_more_of_fewer_bits() -> None:
    comparison = compared("(1 - cos(x))/x^2", x=0.0625)
    assert {row.verdict for row in comparison.measurements} == {"inaccurate"}
    assert "of 24" in Report(single=True).add(comparison)


@pytest.mark.parametrize("single", [True, False])
@pytest.mark.parametrize("name", REPORTS)
def test_every_format_counts_bits_of_24(name: str, single: bool) -> None:
    report = REPORTS[name].report(single)
    worst, most = compared("(1 - cos(x))/x^2", x=1e-6), compared("sin(x) - x", x=1e-4)
    for comparison, lost in ((worst, "all bits"), (most, "23 bits")):
        text = report.begin() + report.add(comparison) + report.end()
        assert "of 53" not in text
        assert not re.search(r"\b(2[5-9]|[3-6]\d)(\.\d)?( of 24)? bits", text)
        if name in ("json", "jsonl", "csv"):
            assert "float32" in text
        else:
            assert (f">{lost.removesuffix(' bits')}<" if name == "html" else lost) in text


def test_a_branch_is_decided_in_single_precision() -> None:
    # x + 1e-9 is x in float32, so the condition holds there and not in float64
    expression = "where(x + 0.000000001 == x, 2*x, 3*x)"
    single = compared(expression, x=1.0).measurements[1].derivative
    double = compared(expression, Settings(("forward", "forward")), x=1.0).measurements[0].derivative
    assert (single, double) == ((2.0,), (3.0,))


def test_steps_of_differences_are_those_of_single_precision() -> None:
    (row,) = compared("exp(x)", Settings(("forward-difference",), dtype="float32"), x=1.0).measurements
    assert row.steps is not None
    assert 1e-4 < row.steps.taken[0] < 1e-3
    assert row.bits is not None
    assert 4 < row.bits < 16  # about half of 24


def test_the_command_and_its_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sin(x)", "--at", "x=0.5", "--dtype", "float32", "-m", "reverse", "-f", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["dtype"] == "float32"
    assert main(["sin(x)", "--at", "x=0.5", "-m", "reverse", "-f", "json"]) == 0
    assert "dtype" not in json.loads(capsys.readouterr().out)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("cosh(atan(x))", "--at", "x=1e308"), "the value of 'x' has 1e+308, beyond float32"),
        (("sum(v)", "--at", "v=[1, -3.5e38]"), "the value of 'v' has -3.5e+38, beyond float32"),
        (("x*1e300", "--at", "x=1"), "the expression has 1e+300, beyond float32"),
        (("x**1e300", "--at", "x=1"), "the expression has 1e+300, beyond float32"),
        (("x*y", "--at", "x=1, y=2", "--jvp", "1e300, 1"), "the vector has 1e+300, beyond float32"),
        (("x", "--at", "x=1", "--claim", "x: 1e300"), "the expression has 1e+300, beyond float32"),
    ],
)
def test_a_number_beyond_float32_is_refused_as_infinity_is(
    arguments: tuple[str, ...], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*arguments, "--dtype", "float32"]) == 2
    assert message in capsys.readouterr().err


def test_in_a_batch_only_the_row_beyond_float32_is_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "rows.txt"
    file.write_text("x^2 | x=1\ncosh(atan(x)) | x=1e308\nx^2 | x=3.4028234e38\n")
    assert main(["batch", str(file), "--dtype", "float32", "-f", "jsonl"]) == 1
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [row["status"] for row in rows] == ["ok", "error", "ok"]
    assert rows[1]["error"]["kind"] == "point"
