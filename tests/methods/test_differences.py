"""Difference quotients and the complex step: against textbook formulas, mpmath, and their own promises."""

import json
import math
import random
import subprocess
import sys
from fractions import Fraction
from typing import Any

import mpmath
import pytest

from diffcli.ad import rules
from diffcli.cli.main import main
from diffcli.comparison.compare import compare
from diffcli.comparison.result import Comparison, Measurement, Settings
from diffcli.core.primitives import BOOLEAN, CODE, PRIMITIVES
from diffcli.methods import METHODS, usual
from diffcli.methods.differences import STENCILS, weights
from diffcli.numbers.complexes import JOINED, POWERS, SPLIT, STEPS, Complexes, NoExtension, Pair
from diffcli.numbers.float64 import FLOAT64
from diffcli.problem.asked import Asked
from diffcli.problem.point import read_point
from diffcli.problem.understanding import make_case

COMPLEX = "complex-step"
BY_VALUES = (*STENCILS, COMPLEX)
FIRST = Asked()
BAYDIN = "64*x*(1 - x)*(1 - 2*x)^2*(1 - 8*x + 8*x^2)^2"


def compared(source: str, at: str, *methods: str, step: float | None = None, asked: Asked = FIRST) -> Comparison:
    case = make_case(source, read_point(at), asked=asked)
    return compare(case, Settings(methods=methods or BY_VALUES, step=step))


def row(source: str, at: str, method: str, step: float | None = None, asked: Asked = FIRST) -> Measurement:
    (found,) = compared(source, at, method, step=step, asked=asked).measurements
    return found


def only(source: str, at: str, method: str, step: float | None = None) -> float:
    derivative = row(source, at, method, step).derivative
    assert derivative is not None
    (number,) = derivative
    return number


# --- the table of stencils
def test_weights_are_those_of_the_textbooks() -> None:
    assert weights(STENCILS["central-difference"]) == (1,)
    assert weights(STENCILS["five-point"]) == (Fraction(4, 3), Fraction(-1, 3))  # Abramowitz & Stegun 25.3.6
    assert weights(STENCILS["richardson"]) == (Fraction(64, 45), Fraction(-20, 45), Fraction(1, 45))


@pytest.mark.parametrize("name", STENCILS)
def test_a_stencil_of_order_p_is_exact_for_polynomials_of_degree_p_and_not_beyond(name: str) -> None:
    stencil = STENCILS[name]

    def slope(degree: int) -> Fraction:
        """Of x^degree at 0, with h = 1."""
        total = Fraction(0)
        for level, weight in enumerate(weights(stencil)):
            high, low = (Fraction(side * 2**level) for side in (stencil.right, stencil.left))
            total += weight * (high**degree - low**degree) / (high - low)
        return total

    degrees = range(1, stencil.order + 1)
    assert [slope(degree) for degree in degrees] == [Fraction(degree == 1) for degree in degrees]
    assert slope(stencil.order + 1)


def test_they_are_compared_only_where_they_are_named() -> None:
    for kind in ("gradient", "jacobian", "jvp"):
        assert not set(BY_VALUES) & set(usual(kind))  # type: ignore[arg-type]
    assert set(BY_VALUES) <= set(METHODS)
    assert row("x**2", "x=3", "five-point", asked=Asked(order=2)).verdict == "unsupported"


# --- the quotients
def test_the_forward_difference_is_the_textbooks_bit_for_bit() -> None:
    generator = random.Random(7)
    for _ in range(50):
        x, h = generator.uniform(-9, 9), 10 ** generator.uniform(-9, -1)
        moved = x + h
        assert only("sin(x)", f"x={x!r}", "forward-difference", h) == (math.sin(moved) - math.sin(x)) / (moved - x)
        below = x - h
        assert only("sin(x)", f"x={x!r}", "backward-difference", h) == (math.sin(x) - math.sin(below)) / (x - below)
        quotient = (math.sin(moved) - math.sin(below)) / (moved - below)
        assert only("sin(x)", f"x={x!r}", "central-difference", h) == quotient


@pytest.mark.parametrize(
    ("method", "step", "error"),
    [("forward-difference", 1e-3, 3.3e-2), ("forward-difference", 1e-8, 3.4e-7), ("central-difference", 1e-4, 6.6e-6)],
)
def test_the_errors_of_baydin_and_others_2018(method: str, step: float, error: float) -> None:
    assert abs(only(BAYDIN, "x=0.2", method, step) - 9.0660864) == pytest.approx(error, rel=0.02)


def test_the_lesson_of_the_square() -> None:
    """(f(x+h) - f(x))/h for x^2 at 3 is 6 + h."""
    for power in range(1, 7):
        assert only("x^2", "x=3", "forward-difference", 10.0**-power) == pytest.approx(6 + 10.0**-power, abs=1e-9)


@pytest.mark.parametrize("method", BY_VALUES)
@pytest.mark.parametrize(
    ("source", "at", "asked"),
    [
        ("exp(x)*sin(y) + x/y", "x=0.7, y=1.9", Asked()),
        ("[x*y, sin(x), y**3]", "x=0.7, y=1.9", Asked()),
        ("[x*y, sin(x), y**3]", "x=0.7, y=1.9", Asked(jvp="3,-0.25")),
        ("norm(v)*logsumexp(v)", "v=[0.3, -2, 1.5]", Asked()),
    ],
)
def test_every_kind_is_near_the_truth(method: str, source: str, at: str, asked: Asked) -> None:
    comparison = compared(source, at, method, asked=asked)
    (found,) = comparison.measurements
    assert found.derivative is not None
    assert comparison.truth.derivative is not None
    for number, exact in zip(found.derivative, comparison.truth.derivative, strict=True):
        assert number == pytest.approx(float(exact), rel=1e-6)
    if method == COMPLEX:
        assert found.verdict == "ok"
    else:
        assert found.values == comparison.values


@pytest.mark.parametrize(
    ("method", "evaluations"),
    [("forward-difference", 3), ("backward-difference", 3), ("central-difference", 5), ("five-point", 9),
     ("richardson", 13), (COMPLEX, 2)],
)  # fmt: skip
def test_evaluations_are_counted_and_executed(method: str, evaluations: int) -> None:
    """n + 1, 2n + 1, 4n + 1, 6n + 1 for two variables, the value included; the complex step needs n."""
    found = row("erf(x)*erf(y)" if method != COMPLEX else "x*y", "x=1, y=2", method)
    assert found.steps is not None
    assert found.steps.total == evaluations
    if method != COMPLEX:
        assert found.cost is not None
        assert found.cost.func == 2 * evaluations


def test_steps_are_told_and_are_those_really_taken() -> None:
    found = row("x*y", "x=0.1, y=1e6", "forward-difference")
    assert found.steps is not None
    for x, step in zip((0.1, 1e6), found.steps.taken, strict=True):
        assert x + step - x == step
        assert step == pytest.approx(2.0**-26 * max(1, x), rel=1e-6)
    assert found.message is not None
    assert "h = 1.49e-08, 0.0149; f evaluated 3 times" in found.message
    central = row("x*y", "x=0.1, y=1e6", "central-difference").message
    assert central is not None
    assert "f evaluated 4 times, and once for its value" in central


@pytest.mark.parametrize("method", STENCILS)
def test_the_step_that_is_told_is_the_distance_to_the_nearest_point(method: str) -> None:
    """Also of stencils with more points, and of those on both sides."""
    found = row("x*y", "x=1, y=2", method, 0.25)
    assert found.steps is not None
    assert found.steps.taken == (0.25, 0.25)
    assert found.derivative == (2.0, 1.0)


@pytest.mark.parametrize(("name", "order"), [(name, STENCILS[name].order) for name in STENCILS])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_the_step_that_is_chosen_is_a_root_of_the_spacing(name: str, order: int, dtype: Any) -> None:
    """eps^(1/(p + 1)) max(1, |x|), with the eps of the numbers that are computed with."""
    case = make_case("x*y", {"x": 0.25, "y": 512.0})
    (found,) = compare(case, Settings(methods=(name,), dtype=dtype)).measurements
    assert found.steps is not None
    eps = {"float64": 2.0**-52, "float32": 2.0**-23}[dtype]
    near = eps ** (1 / (order + 1))
    assert found.steps.taken == pytest.approx((near, 512 * near), rel=0.01)


@pytest.mark.parametrize("size", [1e-6, 1.0, 3e8])
def test_along_a_direction_the_furthest_goes_a_step(size: float) -> None:
    """A power of 2, so that it is the step within a factor of the root of 2."""
    found = row("x*y", "x=1, y=2", "central-difference", asked=Asked(jvp=f"{size},{-size / 2}"))
    assert found.steps is not None
    (taken,) = found.steps.taken
    assert math.frexp(taken)[0] == 0.5
    assert 2**-0.5 <= taken * size / (2 * 2.0 ** (-52 / 3)) <= 2**0.5


def test_a_step_may_be_lost() -> None:
    found = row("x**2", "x=3", "central-difference", 1e-17)
    assert found.verdict == "nonfinite"
    assert found.message is not None
    assert "a step is lost: x + h is x" in found.message


def test_every_point_takes_its_own_branch() -> None:
    assert only("where(x > 1, 10, x)", "x=0.75", "forward-difference", 0.5) == (10 - 0.75) / 0.5
    assert only("where(x > 1, 10, x)", "x=0.75", "backward-difference", 0.5) == 1
    assert only("abs(x)", "x=0", "forward-difference") == 1
    assert only("abs(x)", "x=0", "backward-difference") == -1
    assert row("abs(x)", "x=0", "central-difference").verdict == "kink"


def test_what_is_detached_stays() -> None:
    for method in BY_VALUES:
        assert only("detach(x)*x", "x=3", method) == pytest.approx(3, rel=1e-9)
        assert only("where(x > 3, detach(x + 1)*x, x)", "x=3", method, 0.5) == pytest.approx(
            {"forward-difference": 4 * 3.5 * 2 - 6, "central-difference": 14 - 2.5}.get(
                method, only("where(x > 3, 4*x, x)", "x=3", method, 0.5)
            )
        )


def test_richardson_estimates_its_error() -> None:
    found = row("exp(x)", "x=1", "richardson", 0.05)
    assert found.steps is not None
    assert found.derivative is not None
    (estimate,) = found.steps.estimates
    assert abs(found.derivative[0] - math.e) < estimate < 1e-4
    assert found.message is not None
    assert "own estimate of the error" in found.message


def test_every_entry_has_an_estimate_of_its_own() -> None:
    """Of [exp(x), exp(2*x)] at 0 the first by 2^6 less, and none of x^2, whose quotient is exact."""
    found = row("[exp(x), exp(2*x), x*x]", "x=0", "richardson", 2.0**-4)
    assert found.steps is not None
    one, two, none = found.steps.estimates
    assert 1e-9 < one < 1e-5
    assert 32 < two / one < 128
    assert none == 0


def test_out_of_the_domain_is_a_number_like_any_other() -> None:
    assert row("log(x)", "x=1e-9", "central-difference").verdict == "nonfinite"
    assert row("sqrt(x)", "x=1e-30", "backward-difference").verdict == "nonfinite"


def test_no_variable_is_no_step() -> None:
    found = row("2*3", "", "richardson")
    assert found.derivative == ()
    assert found.values == (6.0,)
    assert found.message is None


# --- the complex step
WITHOUT = {"erf", "erfc", "gamma", "lgamma", "digamma", "polygamma"}
COMPLEXES = Complexes(FLOAT64)


def test_every_primitive_is_extended_or_refused() -> None:
    structure = {"const", "input", "select"} | {PRIMITIVES[code].name for code in BOOLEAN}
    assert {*SPLIT} | {*JOINED} | STEPS | structure | WITHOUT == {*CODE}
    assert not {*SPLIT} & {*JOINED}
    for name in WITHOUT:
        parameter = (Fraction(1),) if name == "polygamma" else ()
        function = COMPLEXES.functions[CODE[name]]
        with pytest.raises(NoExtension):
            function(Pair(0.5, 1e-20), *parameter)
        assert function(Pair(0.5, None), *parameter).imaginary is None


def test_a_function_that_is_not_extended_says_so() -> None:
    found = row("gamma(x)", "x=3", COMPLEX)
    assert found.verdict == "unsupported"
    assert found.message is not None
    assert found.message.startswith("gamma of a complex number")


def _rotated(z: mpmath.mpc, w: mpmath.mpc) -> mpmath.mpc:
    """atan2: the angle of w + iz, continued from the real numbers."""
    return -1j * mpmath.log((w + 1j * z) / mpmath.sqrt(w * w + z * z))


def _ties(choose: object, z: mpmath.mpc, w: mpmath.mpc) -> mpmath.mpc:
    return z if choose(z.real, w.real) == z.real else w  # type: ignore[operator]


M = mpmath
EXACT = {
    **{name: getattr(mpmath, name) for name in (
        "exp", "expm1", "log", "log10", "log1p", "sqrt", "sin", "cos", "tan", "sec", "csc", "cot", "asin", "acos",
        "atan", "sinh", "cosh", "tanh", "asinh", "acosh", "atanh",
    )},
    "exp2": lambda z: M.power(2, z),
    "log2": lambda z: M.log(z) / M.log(2),
    "cbrt": lambda z: M.cbrt(z) if z.real > 0 else -M.cbrt(-z),
    "sigmoid": lambda z: 1 / (1 + M.exp(-z)),
    "softplus": lambda z: M.log(1 + M.exp(z)),
    "abs": lambda z: z if z.real > 0 else -z,
    "neg": lambda z: -z,
    "relu": lambda z: z if z.real > 0 else z * 0,
    "add": lambda z, w: z + w,
    "sub": lambda z, w: z - w,
    "mul": lambda z, w: z * w,
    "div": lambda z, w: z / w,
    "pow": lambda z, w: M.exp(w * M.log(z)),
    "hypot": lambda z, w: M.sqrt(z * z + w * w),
    "logaddexp": lambda z, w: M.log(M.exp(z) + M.exp(w)),
    "xlogy": lambda z, w: z * M.log(w),
    "min": lambda z, w: _ties(min, z, w),
    "max": lambda z, w: _ties(max, z, w),
    "mod": lambda z, w: z - M.floor(z.real / w.real) * w,
    "fmod": lambda z, w: z - (M.floor if z.real * w.real > 0 else M.ceil)(z.real / w.real) * w,
    "atan2": _rotated,
    "heaviside": lambda z, w: w * 0 + (z.real > 0),
    "fma": lambda z, w, v: z * w + v,
}  # fmt: skip
"""Every extension by mpmath."""

RANGES = {
    "asin": [(-1, 1)], "acos": [(-1, 1)], "atanh": [(-1, 1)], "acosh": [(1, 50)], "log": [(1e-6, 100)],
    "log2": [(1e-6, 100)], "log10": [(1e-6, 100)], "sqrt": [(1e-6, 100)], "log1p": [(-0.9999, 50)],
    "pow": [(1e-3, 8), (-4, 4)], "xlogy": [(-8, 8), (1e-3, 8)],
}  # fmt: skip


def test_every_extension_is_checked() -> None:
    assert {*EXACT} == {*SPLIT, *JOINED} - {"powc", "hyp0f1"}


@pytest.mark.parametrize("x", [-3.9, -2.5, -0.1, 0.0, 0.7, 3.9])
@pytest.mark.parametrize("c", [0.5, 1.5, 4.0])
def test_the_hypergeometric_function_is_extended_where_its_terms_fall(x: float, c: float) -> None:
    function = COMPLEXES.functions[CODE["hyp0f1"]]
    found, exact = function(Pair(x, 1e-20), c), mpmath.hyp0f1(c, mpmath.mpc(x, 1e-20))
    assert found.real == pytest.approx(float(exact.real), rel=1e-14)
    assert found.imaginary == pytest.approx(float(exact.imag), rel=1e-14)
    assert math.isnan(function(Pair(4.5, 1e-20), c).real)


def _relative(found: float | None, exact: mpmath.mpf) -> float:
    if exact == 0:
        return 0.0 if not found else math.inf
    return float(abs(mpmath.mpf(found or 0.0) - exact) / abs(exact))


@pytest.mark.parametrize("name", EXACT)
@pytest.mark.parametrize("height", [1e-20, 1e-8, 1e-3])
def test_extensions_agree_with_mpmath_in_both_parts(name: str, height: float) -> None:
    """To a few roundings where one argument is complex; in sums of parts some cancellation is the sum's own."""
    generator, arity = random.Random(name), PRIMITIVES[CODE[name]].arity
    ranges = RANGES.get(name, [(-8, 8)] * arity)
    if arity == 3:
        ranges = [(1, 8)] * 3
    function = COMPLEXES.functions[CODE[name]]
    with mpmath.workprec(400):
        for trial in range(150):
            mask = trial % (2**arity - 1) + 1
            reals = [generator.uniform(*interval) for interval in ranges]
            heights = [height * generator.uniform(0.5, 1) if mask >> k & 1 else None for k in range(arity)]
            found = function(*map(Pair, reals, heights))
            exact = EXACT[name](*(mpmath.mpc(x, y or 0) for x, y in zip(reals, heights, strict=True)))
            if name == "atan2":  # the angle itself is real and known
                exact += mpmath.atan2(*reals) - exact.real if height < 1e-15 else 0
            scale = 1.0 if mask & (mask - 1) == 0 else 1e4
            if name != "atan2" or height < 1e-15:
                assert _relative(found.real, exact.real) < (4e-15 if height < 1e-15 else 4e-13), (reals, heights)
            assert _relative(found.imaginary, exact.imag) < 4e-15 * scale, (reals, heights)


@pytest.mark.parametrize("exponent", [*POWERS, Fraction(4), Fraction(-1), Fraction(-3), Fraction(7, 2), Fraction(1, 3)])
def test_literal_powers_agree_with_mpmath(exponent: Fraction) -> None:
    generator, function = random.Random(3), COMPLEXES.functions[CODE["powc"]]
    with mpmath.workprec(400):
        for height in (1e-20, 1e-3):
            for _ in range(50):
                x = generator.uniform(0.1, 8) * (generator.choice((-1, 1)) if exponent.denominator == 1 else 1)
                nearest = Fraction(float(exponent))
                exact = mpmath.mpc(x, height) ** (mpmath.mpf(nearest.numerator) / nearest.denominator)
                found = function(Pair(x, height), exponent)
                assert _relative(found.real, exact.real) < 4e-15
                assert _relative(found.imaginary, exact.imag) < 4e-15


def test_real_numbers_cost_nothing_more() -> None:
    found = row("sin(y)*exp(y)*x", "x=1, y=2", COMPLEX)
    alone = compared("sin(y)*exp(y)*x", "x=1, y=2", COMPLEX).cost
    case = make_case("sin(y)*exp(y)*x", read_point("x=1, y=2"), ["x"])
    (by_x,) = compare(case, Settings(methods=(COMPLEX,))).measurements
    assert by_x.cost is not None
    assert found.cost is not None
    assert by_x.cost.total == alone.total + 2  # one product more, and the quotient by h


@pytest.mark.parametrize(
    ("source", "at"),
    [
        ("x**3 - 2*x", "x=-1.3"), ("x**-2", "x=-1.3"), ("abs(x)**1.5", "x=-1.3"), ("log(abs(x))", "x=-1.3"),
        ("log(x**2)", "x=-1.3"), ("asin(x)", "x=0.999999999"), ("acos(x)", "x=-0.999999999"),
        ("acosh(x)", "x=1.00000001"),
        ("atanh(x)", "x=-0.9999999"), ("atan(x)", "x=1e9"), ("atan2(x, y)", "x=1e-9, y=-3"), ("tanh(x)", "x=15"),
        ("mod(x, y)", "x=7.5, y=2"), ("clip(x, 0, 1)*x", "x=0.5"), ("x**y", "x=3, y=20"), ("2**x", "x=9.5"),
        ("cbrt(x)", "x=-8"), ("expm1(x)", "x=1e-7"), ("softplus(x)", "x=-40"),
        ("sigmoid(x)", "x=36"), ("hypot(x, y)", "x=3e-9, y=4"), ("logaddexp(x, y)", "x=-700, y=-701"),
        ("log1p(x)", "x=1e-15"), ("sqrt(x)", "x=1e-12"), ("1/(1 + x**2)", "x=1e3"),
    ],
)  # fmt: skip
def test_the_complex_step_is_right_to_the_last_digits(source: str, at: str) -> None:
    comparison = compared(source, at, COMPLEX, "forward")
    found, forward = comparison.measurements
    assert found.verdict == "ok"
    assert found.max_ulp is not None
    assert forward.max_ulp is not None
    assert found.max_ulp <= 64 + 4 * forward.max_ulp


@pytest.mark.parametrize("method", BY_VALUES)
def test_no_rule_of_ours_is_used(method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def poisoned(*_: object) -> None:
        raise AssertionError("a derivative rule was read")

    expected = only("x*tanh(x)**2 + asin(x/9)", "x=2", method)
    monkeypatch.setattr(rules, "compiled", poisoned)
    monkeypatch.setattr(rules, "rule_program", poisoned)
    assert only("x*tanh(x)**2 + asin(x/9)", "x=2", method) == expected


# --- on the command line
def test_the_step_is_an_option(capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["x^2", "--at", "x=3", "-m", "forward-difference", "--step", "0.5", "-f", "json", "--exit-zero"]
    assert main(arguments) == 0
    (method,) = json.loads(capsys.readouterr().out)["methods"]
    assert method["derivative"] == [6.5]
    assert "h = 0.5; f evaluated 2 times" in method["message"]
    for wrong in ("0", "-1", "inf", "nan"):
        assert main(["x^2", "--at", "x=3", "-m", "richardson", "--step", wrong]) == 2
        assert "a step is a number above 0" in capsys.readouterr().err


def test_all_methods_are_those_of_the_kind(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["x^2", "--at", "x=3", "-m", "all", "-f", "json", "--exit-zero"]) == 0
    names = [method["method"] for method in json.loads(capsys.readouterr().out)["methods"]]
    assert [name for name in names if name in BY_VALUES] == list(BY_VALUES)


def test_a_single_point_needs_no_numpy() -> None:
    code = (
        "import sys; from diffcli.cli.main import main\n"
        f"main(['x*sin(x)', '--at', 'x=1', '-m', '{','.join(BY_VALUES)}'])\n"
        "assert not {'numpy', 'sympy', 'mpmath'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, timeout=60)
