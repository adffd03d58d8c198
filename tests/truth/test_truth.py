"""The certified truth at corners: kinks, jumps, vertical tangents, oscillation, edges, poles, exact cancellation.

What is expected is worked out by theory, from the definition: the derivative is the limit of (f(x + h) - f(x))/h, and
the one-sided derivatives are its limits from each side, an infinity at a jump or a vertical tangent, none where
the quotient oscillates or the function has no values. Regular points are held against numerical differentiation
with 60 digits.
"""

from __future__ import annotations

import math
import random
import re
from collections.abc import Callable
from dataclasses import replace
from decimal import Context, Decimal
from fractions import Fraction
from functools import partial
from typing import Any

import mpmath
import pytest
from flint import arb, fmpq
from oracle import NoValue, Quotients, cornered, interval

from diffcli.core.derivative_kinds import Wanted
from diffcli.core.primitives import CODE
from diffcli.core.program import Program
from diffcli.problem.asked import Asked
from diffcli.problem.understanding import make_case
from diffcli.syntax import elaborate
from diffcli.truth import iterated
from diffcli.truth.accuracy import (
    RELATIVE_BITS,
    Undecided,
    agree,
    between,
    bits_lost,
    certified_verdict,
    error,
    nearest,
    tight,
)
from diffcli.truth.certify import DIGITS, Truth, certify, digits
from diffcli.truth.exact.reals import exponential, logarithm, real
from diffcli.truth.series import working

CERTIFIED, KINK, UNDEFINED, UNDECIDED = "certified", "not-differentiable", "undefined", "undecided"

PI = "3.14159265358979323846264338327950288419716939937510"
HALF_PI = "1.57079632679489661923132169163975144209858469968755"
SQRT2 = "1.41421356237309504880168872420969807856967187537695"
PI_BY_SQRT2 = "2.2214414690791831235079404950303468493073108446878"
HALF_SQRT2 = "0.70710678118654752440084436210484903928483593768847"
LOG2 = "0.69314718055994530941723212145817656807550013436026"
LOG3 = "1.09861228866810969139524523692252570464749055782275"
E = "2.71828182845904523536028747135266249775724709369996"
HALF_E = "1.35914091422952261768014373567633124887862354684998"

INF, MINUS_INF = "Infinity", "-Infinity"


def truth_of(text: str, point: dict[str, float]) -> Truth:
    problem = make_case(text, point).problem
    return certify(problem.program, problem.wrt, problem.point)


def exact(ball: Any) -> Fraction:
    """The midpoint of a ball."""
    mantissa, exponent = (int(part) for part in ball.mid().man_exp())
    return Fraction(mantissa) * Fraction(2) ** exponent


def rendered(entry: Any) -> str | None:
    """An entry as a report shows it."""
    if entry is None:
        return None
    return {math.inf: INF, -math.inf: MINUS_INF}[entry] if isinstance(entry, float) else digits(entry)


def holds(entry: Any, expected: str | None) -> bool:
    """Whether an entry is what is expected: as decimal text, to 32 digits."""
    text = rendered(entry)
    if text is None or expected is None or "Infinity" in (text + expected):
        return text == expected
    with mpmath.workdps(60):
        right = mpmath.mpf(expected)
        return bool(abs(mpmath.mpf(text) - right) <= abs(right) * mpmath.mpf(10) ** -31)


# Where the derivative exists: expression, x, derivative
EXISTS: tuple[tuple[str, float, str], ...] = (
    # --- kinks that are none
    ("abs(x)", 1e-300, "1"),
    ("abs(x)", -5e-324, "-1"),
    ("abs(x)*x", 0, "0"),
    ("abs(x)**3", 0, "0"),
    ("abs(x**3)", 0, "0"),
    ("abs(x)*sin(x)", 0, "0"),
    ("x*sqrt(abs(x))", 0, "0"),
    ("cos(abs(x))", 0, "0"),
    ("sqrt(x**2)", -2, "-1"),
    ("sqrt(x**4)", 0, "0"),
    ("sqrt(x**6)", 0, "0"),
    ("relu(x)**2", 0, "0"),
    ("relu(x) - relu(-x)", 0, "1"),
    ("max(x, 0) + min(x, 0)", 0, "1"),
    ("max(x, x)", 3, "1"),
    ("max(sin(x), x)", 0, "1"),
    ("max(x, 2) - max(x, 2)", 2, "0"),
    ("clip(x, 0, 1)", 0.5, "1"),
    ("abs(x)**3 + x*log(3)", 0, LOG3),
    ("sqrt(x**4) + x*pi", 0, PI),
    ("abs(detach(x))", 0, "0"),
    ("detach(x)*x", 3, "3"),
    ("detach(sign(x))*abs(x)", 0, "0"),
    ("detach(where(x == 0, 0, 1/x))*abs(x)", 0, "0"),
    ("round(x)*(x - 1)*abs(x - 1)", 1, "0"),
    # --- switches whose two sides meet
    ("where(x == 0, 0, x)", 0, "1"),
    ("where(x > 0, x, x)", 0, "1"),
    ("where(x > 0, x**2, x**3)", 0, "0"),
    ("where(x > 0, x, sin(x))", 0, "1"),
    ("where(x == 1, 5, x)", 2, "1"),
    ("where(x > 0, x*log(3), sinh(x)*log(3))", 0, LOG3),
    # --- removable singularities
    ("where(x == 0, 1, sin(x)/x)", 0, "0"),
    ("sinc(x)", 0, "0"),
    ("where(x == 0, 0, (1 - cos(x))/x)", 0, "0.5"),
    ("where(x == 0, 0.5, (1 - cos(x))/x**2)", 0, "0"),
    ("where(x == 0, 1, (exp(x) - 1)/x)", 0, "0.5"),
    ("where(x == 0, 1, expm1(x)/x)", 0, "0.5"),
    ("where(x == 0, 1, log(1 + x)/x)", 0, "-0.5"),
    ("where(x == 0, 1, tan(x)/x)", 0, "0"),
    ("where(x == 0, 1, x/(exp(x) - 1))", 0, "-0.5"),
    ("where(x == 1, 2, (x**2 - 1)/(x - 1))", 1, "1"),
    ("where(x == 0, e, (1 + x)**(1/x))", 0, "-" + HALF_E),
    ("where(x == 0, 0, x**2*log(abs(x)))", 0, "0"),
    # --- flat beyond all powers
    ("where(x == 0, 0, exp(-1/x**2))", 0, "0"),
    ("where(x == 0, 0, exp(-1/abs(x)))", 0, "0"),
    ("where(x > 0, exp(-1/x), 0)", 0, "0"),
    ("where(x == 0, 0, exp(-1/x**2)/x**5)", 0, "0"),
    # --- oscillation that is squeezed
    ("where(x == 0, 0, x**2*sin(1/x))", 0, "0"),
    ("where(x == 0, 0, x**3*cos(1/x**2))", 0, "0"),
    ("where(x == 0, 0, x + x**2*sin(1/x))", 0, "1"),
    # --- roots that undo powers
    ("cbrt(x)**3", 0, "1"),
    ("cbrt(x**3)", 0, "1"),
    ("cbrt(x)*x", 0, "0"),
    ("asin(sin(x))", 0, "1"),
    ("atan2(x, 1)", 0, "1"),
    ("atan2(1, x)", 0, "-1"),
    ("atan2(-1, x)", 0, "1"),
    # --- steps between their jumps
    ("floor(x)", 0.5, "0"),
    ("trunc(x)", 0, "0"),
    ("round(pi)*x*abs(x)", 0, "0"),
    ("x**round(pi)", -2, "12"),
    ("x**round(-e)", -1, "-3"),
    ("round(x)", 1, "0"),
    ("fmod(x, 2)", 0, "1"),
    ("mod(x, 2)", 3, "1"),
    ("sign(x)", -1e-300, "0"),
    # --- infinity as a bound
    ("min(x, inf)", 3, "1"),
    ("where(x < inf, x**2, 0)", 3, "6"),
    ("top = inf; where(top == inf, x**2, 0)", 3, "6"),
    # --- exact cancellation
    ("sin(x)**2 + cos(x)**2", 0.7, "0"),
    ("x - x", 0.7, "0"),
    ("exp(x)/exp(x)", 0.7, "0"),
    ("log(x) - log(x)", 0.7, "0"),
    ("(x + 1)**2 - x**2 - 2*x - 1", 0.3, "0"),
    ("tan(x) - sin(x)/cos(x)", 1.5, "0"),
    ("sqrt(x)**2 - x", 1.5, "0"),
    ("erf(x) + erfc(x)", 0.7, "0"),
    ("atan2(sin(x), sin(x))", 1.5, "0"),
    ("abs(exp(log(x)/2) - sqrt(x))", 2, "0"),
    ("abs(log(sqrt(x)) - log(x)/2)", 3, "0"),
    ("abs(x**pi - exp(pi*log(x)))", 2, "0"),
    ("x + log(e)", -1, "1"),
    ("floor(log10(x))", 0.001, "0"),  # just above 1/1000
    # --- stationary points
    ("x**2", 0, "0"),
    ("cos(x)", 0, "0"),
    ("(x - 1)**2", 1, "0"),
    ("x**3 - 3*x", 1, "0"),
    ("x*exp(-x)", 1, "0"),
    ("x/(1 + x**2)", 1, "0"),
    ("0**x", 2, "0"),
    # --- constants of analysis
    ("gamma(x)", 1, "-0.57721566490153286060651209008240243104215933593992"),
    ("digamma(x)", 1, "1.64493406684822643647241516664602518921894990120680"),
    ("x**x", 1, "1"),
    ("2**x", 0, LOG2),
    ("erf(x)", 0, "1.12837916709551257389615890312154517168810125865800"),
    ("atanh(x)", 0.5, "1.33333333333333333333333333333333333333333333333333"),
    # --- beyond float64
    ("1/x", 2.0**-600, str(-(2**1200))),
    ("x**3", 2.0**700, str(3 * 2**1400)),
    ("exp(x)", -800, "3.66787458417768721345549565426078075440586115619785e-348"),
)

# Where it does not: expression, x, from the left, from the right, what the reason says
MISSING: tuple[tuple[str, float, str | None, str | None, str], ...] = (
    # --- kinks and ties
    ("abs(x)", 0, "-1", "1", "abs has a kink at 0"),
    ("abs(sin(x))", 0, "-1", "1", "abs has a kink"),
    ("abs(x - 1)", 1, "-1", "1", "abs has a kink"),
    ("abs(abs(x) - 1)", 0, "1", "-1", "kink"),
    ("abs(x)*log(3)", 0, "-" + LOG3, LOG3, "kink"),
    ("sin(abs(x))", 0, "-1", "1", "kink"),
    ("exp(-abs(x))", 0, "1", "-1", "kink"),
    ("sqrt(x**2)", 0, "-1", "1", "sqrt has an edge at 0"),
    ("(x**2)**0.5", 0, "-1", "1", "broken power"),
    ("relu(x)", 0, "0", "1", "relu has a kink at 0"),
    ("relu(-x)", 0, "-1", "0", "relu has a kink"),
    ("max(x, -x)", 0, "-1", "1", "max has a tie here"),
    ("max(x, x**3)", 0, "0", "1", "max has a tie"),
    ("min(x, x**2)", 0, "1", "0", "min has a tie here"),
    ("min(x, x**2)", 1, "2", "1", "min has a tie"),
    ("clip(x, 0, 1)", 0, "0", "1", "clip has a kink here"),
    ("clip(x, 0, 1)", 1, "1", "0", "clip has a kink here"),
    ("leaky_relu(x, 0.25)", 0, "0.25", "1", "leaky_relu has a kink here"),
    ("detach(where(x == 0, 5, x))*abs(x)", 0, "-5", "5", "abs has a kink at 0"),
    ("detach(floor(x))*abs(x - 2)", 2, "-2", "2", "abs has a kink at 0"),
    ("round(pi)*abs(x)", 0, "-3", "3", "abs has a kink at 0"),
    ("max(x, round(x))", 1, "0", "1", "max has a tie here"),
    ("round(x)*abs(x + 3)", -3, "3", "-3", "abs has a kink at 0"),
    ("hypot(x, 0)", 0, "-1", "1", "cone"),
    ("hypot(x, x)", 0, "-" + SQRT2, SQRT2, "cone"),
    ("acos(cos(x))", 0, "-1", "1", "acos has an edge at 1"),
    ("acos(1 - x**2/2)", 0, "-1", "1", "acos has an edge"),
    ("asin(1 - x**2)", 0, SQRT2, "-" + SQRT2, "asin has an edge at 1"),
    ("sqrt(1 - cos(x))", 0, "-" + HALF_SQRT2, HALF_SQRT2, "edge"),
    ("(x > 0)*x", 0, "0", "1", "switches"),
    ("where(x < 0, -x, x)", 0, "-1", "1", "switches"),
    ("where(x > 0 and x < 1, x, 0)", 0, "0", "1", "switches"),
    ("where(x >= 0 or x < -5, x, -x)", 0, "-1", "1", "switches"),
    ("where(x == 0, 0, x/(1 + exp(1/x)))", 0, "1", "0", "switches"),
    ("where(x == 0, 0, x*tanh(1/x))", 0, "-1", "1", "switches"),
    ("where(x == 0, 0, x*atan(1/x))", 0, "-" + HALF_PI, HALF_PI, "switches"),
    ("floor(x)*sin(pi*x)", 1, "0", "-" + PI, "floor jumps here"),
    # --- jumps
    ("sign(x)", 0, INF, INF, "the function jumps here, from -1 to 1, and is 0 at the point"),
    ("heaviside(x)", 0, INF, INF, "the function jumps here, from 0 to 1, and is 0.5 at the point"),
    ("abs(log(x/3) - log(2) + log(6) - 2*log(2))", 4, "-0.25", "0.25", "abs has a kink at 0"),
    ("max(exp(log(x)), 2*x - 2)", 2, "1", "2", "max has a tie here"),
    ("max(sin(pi*x), cos(pi*x))", 0.25, "-" + PI_BY_SQRT2, PI_BY_SQRT2, "max has a tie here"),
    ("abs(atan(x) - pi/4)", 1, "-0.5", "0.5", "abs has a kink at 0"),
    ("abs(atan2(1, x) - 3*pi/4)", -1, "-0.5", "0.5", "abs has a kink at 0"),
    ("abs(acos(x) - pi/2)", 0, "-1", "1", "abs has a kink at 0"),
    ("max(gamma(x), 6)", 4, "0", "7.5367060105908028363609274595055854137470439843605", "max has a tie here"),
    ("floor(log2(x))", 8, INF, "0", "the function jumps here, from 2 to 3"),
    ("floor(log2(x))", 0.125, INF, "0", "the function jumps here, from -4 to -3"),
    ("floor(log10(x))", 1000, INF, "0", "the function jumps here, from 2 to 3"),
    ("floor(log10(x))", 1e22, INF, "0", "the function jumps here, from 21 to 22"),
    ("floor(exp2(x))", 3, INF, "0", "the function jumps here, from 7 to 8"),
    ("floor(x)", 2, INF, "0", "the function jumps here, from 1 to 2"),
    ("floor(x)", 1e300, INF, "0", "the function jumps here, by 1"),
    ("ceil(x)", 2, "0", INF, "the function jumps here, from 2 to 3"),
    ("round(x)", 0.5, "0", INF, "the function jumps here, from 0 to 1"),
    ("round(x)", 1.5, INF, "0", "the function jumps here, from 1 to 2"),
    ("round(x)", 2.5, "0", INF, "the function jumps here, from 2 to 3"),
    ("round(x)", -0.5, INF, "0", "the function jumps here, from -1 to 0"),
    ("trunc(x)", 1, INF, "0", "the function jumps here, from 0 to 1"),
    ("trunc(x)", -1, "0", INF, "the function jumps here, from -1 to 0"),
    ("mod(x, 2)", 4, MINUS_INF, "1", "the function jumps here, from 2 to 0"),
    ("mod(x, 2)", 0, MINUS_INF, "1", "the function jumps here, from 2 to 0"),
    ("fmod(x, 2)", 4, MINUS_INF, "1", "the function jumps here, from 2 to 0"),
    ("fmod(x, 2)", -4, "1", MINUS_INF, "the function jumps here, from 0 to -2"),
    ("where(x > 0, 1, 0)", 0, "0", INF, "the function jumps here, from 0 to 1"),
    ("where(x >= 0, 1, 0)", 0, INF, "0", "the function jumps here, from 0 to 1"),
    ("where(x == 0, 1, x)", 0, INF, MINUS_INF, "the function jumps here, to 1 and back to 0"),
    ("where(x == 0, 2, sin(x)/x)", 0, INF, MINUS_INF, "the function jumps here, to 2 and back to 1"),
    ("where(x == 0, 0, 1/(1 + exp(1/x)))", 0, MINUS_INF, "0", "the function jumps here, from 1 to 0"),
    (
        "where(x == 0, 0, atan(1/x))",
        0,
        INF,
        INF,
        "the function jumps here, from -1.5707963267948966 to 1.57",
    ),
    ("where(x == 0, 0, 1/x)", 0, INF, INF, "the function jumps here, from -∞ to ∞, and is 0 at the point"),
    ("where(x == 0, 0, 1/x**2)", 0, MINUS_INF, INF, "the function jumps here, to 0 and back to ∞"),
    ("where(x == 0, 0, exp(1/x))", 0, "0", INF, "the function jumps here, from 0 to ∞"),
    ("atan2(x, -1)", 0, INF, "-1", "the function jumps here, from -3.141592653589793 to 3.141592653589793"),
    ("0**x", 0, None, MINUS_INF, "the function jumps here, from 1 to 0"),
    # --- vertical tangents
    ("sqrt(x)", 0, None, INF, "sqrt"),
    ("sqrt(x - 1)", 1, None, INF, "sqrt"),
    ("sqrt(-x)", 0, MINUS_INF, None, "sqrt"),
    ("sqrt(sin(x))", 0, None, INF, "sqrt"),
    ("sqrt(1 - x**2)", 1, MINUS_INF, None, "sqrt"),
    ("sqrt(1 - x**2)", -1, None, INF, "sqrt"),
    ("sqrt(abs(x))", 0, MINUS_INF, INF, "abs has a kink at 0"),
    ("x**0.5", 0, None, INF, "power"),
    ("x**(1/3)", 0, None, INF, "power"),
    ("x**(2/3)", 0, None, INF, "power"),
    ("cbrt(x)", 0, INF, INF, "cbrt has a vertical tangent at 0"),
    ("cbrt(x**2)", 0, MINUS_INF, INF, "cbrt has a vertical tangent"),
    ("asin(x)", 1, INF, None, "asin"),
    ("asin(x)", -1, None, INF, "asin"),
    ("acos(x)", 1, MINUS_INF, None, "acos"),
    ("acos(x)", -1, None, MINUS_INF, "acos"),
    ("acosh(x)", 1, None, INF, "acosh"),
    ("xlogy(x, x)", 0, None, MINUS_INF, ""),
    ("x**x", 0, None, MINUS_INF, ""),
    ("where(x == 0, 0, x*log(x))", 0, None, MINUS_INF, ""),
    ("where(x == 0, 0, x*log(abs(x)))", 0, MINUS_INF, MINUS_INF, "switches"),
    ("where(x == 0, 1, abs(x)**x)", 0, MINUS_INF, MINUS_INF, ""),
    # --- oscillation: no limit from either side
    ("where(x == 0, 0, x*sin(1/x))", 0, None, None, "oscillates"),
    ("where(x == 0, 0, sin(1/x))", 0, None, None, "oscillates"),
    ("where(x == 0, 0, x*(2 + sin(1/x)))", 0, None, None, "oscillates"),
    ("where(x == 0, 0, sqrt(abs(x))*sin(1/x))", 0, None, None, "oscillates"),
    ("where(x > 0, x*sin(1/x), 0)", 0, "0", None, "oscillates"),
    # --- a point on its own
    ("sqrt(-abs(x))", 0, None, None, ""),
    ("sqrt(-x**2)", 0, None, None, ""),
    ("(-2)**x", 3, None, None, "a negative base has powers at integers only"),
)

# Where the function itself is not: expression, x, the reason
NO_VALUE: tuple[tuple[str, float, str], ...] = (
    ("log(x)", 0, "log: argument 0 is outside its domain (0, inf)"),
    ("log(x)", -1, "log: argument -1 is outside its domain (0, inf)"),
    ("log(x - x)", 3, "log: argument 0 is outside its domain (0, inf)"),
    ("log(abs(x))", 0, "log: argument 0 is outside its domain (0, inf)"),
    ("log2(x)", -2.5, "log2: argument -2.5 is outside its domain (0, inf)"),
    ("log10(x)", 0, "log10: argument 0 is outside its domain (0, inf)"),
    ("log1p(x)", -1, "log1p: argument -1 is outside its domain (-1, inf)"),
    ("log1p(x)", -3, "log1p: argument -3 is outside its domain (-1, inf)"),
    ("sqrt(x)", -1, "sqrt: argument -1 is outside its domain [0, inf)"),
    ("sqrt(x)", -5e-324, "sqrt: argument -5e-324 is outside its domain [0, inf)"),
    ("log(sqrt(x))", 0, "log: argument 0 is outside its domain (0, inf)"),
    ("asin(x)", 2, "asin: argument 2 is outside its domain [-1, 1]"),
    ("acos(x)", -1.5, "acos: argument -1.5 is outside its domain [-1, 1]"),
    ("acosh(x)", 0.5, "acosh: argument 0.5 is outside its domain [1, inf)"),
    ("atanh(x)", 1, "atanh: argument 1 is outside its domain (-1, 1)"),
    ("atanh(x)", -2, "atanh: argument -2 is outside its domain (-1, 1)"),
    ("xlogy(1, x)", 0, "xlogy: argument 0 is outside its domain (0, inf)"),
    ("xlogy(x, -1)", 1, "xlogy: argument -1 is outside its domain (0, inf)"),
    ("1/x", 0, "division by zero"),
    ("x/x", 0, "division by zero"),
    ("sin(x)/x", 0, "division by zero"),
    ("exp(-1/x)", 0, "division by zero"),
    ("where(x > 0, log(x), 1/x)", 0, "division by zero"),
    ("csc(x)", 0, "division by zero"),
    ("cot(x)", 0, "division by zero"),
    ("mod(1, x)", 0, "remainder of a division by zero"),
    ("fmod(x, x)", 0, "remainder of a division by zero"),
    ("atan2(x, x)", 0, "atan2 has no value at (0, 0)"),
    ("gamma(x)", 0, "gamma has a pole at 0"),
    ("gamma(x)", -3, "gamma has a pole at -3"),
    ("lgamma(x)", -1, "lgamma has a pole at -1"),
    ("digamma(x)", 0, "digamma has a pole at 0"),
    ("x**-1", 0, "0 to the"),
    ("x**-0.5", 0, "0 to the"),
    ("x**0.5", -1, "a negative base -1 to the broken power 0.5"),
    ("x**x", -0.5, "a negative base -0.5 to"),
    ("x + inf", 1, "the value is not finite"),
    ("max(x, inf)", 1, "the value is not finite"),
)


@pytest.mark.parametrize(("text", "x", "derivative"), EXISTS)
def test_the_derivative_exists_and_is_proved(text: str, x: float, derivative: str) -> None:
    truth = truth_of(text, {"x": x})
    assert truth.status == CERTIFIED, truth.reason
    assert truth.derivative is not None
    assert holds(truth.derivative[0], derivative), rendered(truth.derivative[0])
    assert tight(truth.derivative[0])


@pytest.mark.parametrize(("text", "x", "left", "right", "reason"), MISSING)
def test_the_derivative_does_not_exist_and_both_sides_are_proved(
    text: str, x: float, left: str | None, right: str | None, reason: str
) -> None:
    truth = truth_of(text, {"x": x})
    assert truth.status == KINK, truth.reason
    assert truth.derivative == (None,)
    assert truth.left is not None
    assert truth.right is not None
    assert holds(truth.left[0], left), rendered(truth.left[0])
    assert holds(truth.right[0], right), rendered(truth.right[0])
    assert truth.value is not None
    assert truth.reason
    assert reason in truth.reason


# Where the function jumps: expression, x, order, what the derivative tends to from the left and from the right
JUMPS: tuple[tuple[str, float, int, str | None, str | None], ...] = (
    ("floor(x)", 2, 1, "0", "0"),
    ("where(x == 1, 3, x)", 1, 1, "1", "1"),
    ("x if x >= 0 else x - 1", 0, 1, "1", "1"),
    ("where(x < 1, x, exp(x))", 1, 1, "1", E),
    ("where(x < 1, x^3, 5*x^2)", 1, 2, "6", "10"),
    ("mod(x, 2)*x", 2, 2, "2", "2"),
    ("where(x > 0, 1/x, 2)", 0, 1, "0", MINUS_INF),
    ("where(x > 0, 1/x, 2)", 0, 2, "0", INF),
    ("where(x > 0, 1 + sqrt(x), x)", 0, 2, "0", MINUS_INF),
    ("where(x > 0, 1 + sqrt(x), x)", 0, 3, "0", INF),
    ("where(x > 0, 1 + x*log(x), 5)", 0, 1, "0", MINUS_INF),
    ("where(x > 0, 1 + x*log(x), 5)", 0, 2, "0", INF),
    ("where(x > 0, 1 + x*sin(1/x), 0)", 0, 1, "0", None),
    ("where(x == 0, 5, sqrt(x))", 0, 1, None, INF),
    ("where(x == 0, 0, exp(1/x))", 0, 1, "0", MINUS_INF),
)


@pytest.mark.parametrize(("text", "x", "order", "left", "right"), JUMPS)
def test_where_the_function_jumps_its_derivative_has_limits(
    text: str, x: float, order: int, left: str | None, right: str | None
) -> None:
    asked = Asked(order=order) if order > 1 else Asked()
    problem = make_case(text, {"x": x}, asked=asked).problem
    truth = certify(problem.program, problem.wrt, problem.point, problem.wanted)
    assert truth.status == KINK
    assert truth.jumps == (0,)
    assert truth.slopes is not None
    assert truth.reason is not None
    assert "the function jumps here" in truth.reason
    for (slope,), expected in zip(truth.slopes, (left, right), strict=True):
        assert holds(slope, expected), rendered(slope)


@pytest.mark.parametrize(("text", "x"), [row[:2] for row in MISSING])
def test_a_reason_does_not_contradict_itself(text: str, x: float) -> None:
    """What is said to lie outside a domain does."""
    reason = truth_of(text, {"x": x}).reason or ""
    said = re.search(r"argument (\S+) is outside its domain (.+)", reason)
    assert said is None or float(said[1]) not in interval(said[2]), reason
    assert "negative power 0" not in reason


@pytest.mark.parametrize(("text", "x", "reason"), NO_VALUE)
def test_where_the_function_is_undefined_the_reason_says_why(text: str, x: float, reason: str) -> None:
    truth = truth_of(text, {"x": x})
    assert truth.status == UNDEFINED
    assert truth.reason is not None
    assert truth.reason.startswith(reason)
    assert truth.value is truth.derivative is truth.left is truth.right is None


# At an edge of the domain: expression, x, the derivative from inside
EDGES: tuple[tuple[str, float, str], ...] = (
    ("sqrt(x)**2", 0, "1"),
    ("sqrt(x)**3", 0, "0"),
    ("x**1.5", 0, "0"),
    ("x**2.5", 0, "0"),
    ("sqrt(x)*x*pi", 0, "0"),
    ("sqrt(x)**2*pi", 0, PI),
    ("sqrt(-x)**2", 0, "-1"),
    ("acosh(x)**2", 1, "2"),
    ("acos(x)**2", 1, "-2"),
    ("asin(where(x > 0, 1/x, 0))", 0, "0"),
)


@pytest.mark.parametrize(("text", "x", "derivative"), EDGES)
def test_at_an_edge_of_the_domain_the_derivative_is_the_one_sided_one(text: str, x: float, derivative: str) -> None:
    truth = truth_of(text, {"x": x})
    assert truth.status == CERTIFIED
    assert truth.derivative is not None
    assert holds(truth.derivative[0], derivative), rendered(truth.derivative[0])
    assert truth.reason is not None
    assert "an edge of the domain" in truth.reason


# Two variables: expression, point, then for each entry its derivative, or (left, right)
Sides = str | tuple[str | None, str | None]
TWO: tuple[tuple[str, dict[str, float], tuple[Sides, Sides]], ...] = (
    # --- the corner of x**p at 0: d/dx is 0 for p > 1 and p = 0, 1 for p = 1; d/dp is 0 for p > 0
    ("x**p", {"x": 0, "p": 3}, ("0", "0")),
    ("x**p", {"x": 0, "p": 2}, ("0", "0")),
    ("x**p", {"x": 0, "p": 1.5}, ("0", "0")),
    ("x**p", {"x": 0, "p": 1}, ("1", "0")),
    ("x**p", {"x": 0, "p": 0.5}, ((None, INF), "0")),
    ("x**p", {"x": 0, "p": 0}, ("0", (None, MINUS_INF))),
    ("x**p", {"x": 2, "p": 3}, ("12", "5.54517744447956247533785697166541254460400107488203")),
    ("x**p", {"x": 2, "p": 0}, ("0", LOG2)),
    ("x**p", {"x": 1, "p": -7}, ("-7", "0")),
    ("x**p", {"x": -2, "p": 3}, ("12", (None, None))),
    ("x**p", {"x": -2, "p": -1}, ("-0.25", (None, None))),
    ("x**p", {"x": -2, "p": 0}, ("0", (None, None))),
    # --- the rest
    ("max(x, y)", {"x": 2, "y": 2}, (("0", "1"), ("0", "1"))),
    ("min(x, y)", {"x": 2, "y": 2}, (("1", "0"), ("1", "0"))),
    ("where(x > y, x, y)", {"x": 1, "y": 1}, (("0", "1"), ("0", "1"))),
    ("hypot(x, y)", {"x": 0, "y": 0}, (("-1", "1"), ("-1", "1"))),
    ("hypot(x, y)", {"x": 0, "y": 3}, ("0", "1")),
    ("x*abs(y)", {"x": 0, "y": 0}, ("0", "0")),
    ("x*abs(y)", {"x": 2, "y": 0}, ("0", ("-2", "2"))),
    ("x*abs(y)", {"x": 2, "y": -3}, ("3", "-2")),
    ("xlogy(x, y)", {"x": 0, "y": 2}, (LOG2, "0")),
    ("xlogy(x, y)", {"x": 0, "y": 0}, ((None, None), "0")),
    ("atan2(x, y)", {"x": 0, "y": -1}, ((INF, "-1"), "0")),
    ("atan2(x, y)", {"x": 0, "y": 2}, ("0.5", "0")),
    ("heaviside(x, y)", {"x": 0, "y": 0.25}, ((INF, INF), "1")),
    ("heaviside(x, y)", {"x": 3, "y": 0.25}, ("0", "0")),
    ("logaddexp(x, y)", {"x": 0, "y": 0}, ("0.5", "0.5")),
    ("mod(x, y)", {"x": 7, "y": 2}, ("1", "-3")),
    ("mod(x, y)", {"x": -7, "y": 2}, ("1", "4")),
    ("fmod(x, y)", {"x": -7, "y": 2}, ("1", "3")),
    ("mod(x, y)", {"x": 6, "y": 2}, ((MINUS_INF, "1"), ("-3", INF))),
    ("x*y + 0*log(y)", {"x": 2, "y": 3}, ("3", "2")),
    # the bell curve at one standard deviation: d/ds of exp(-(x/s)^2/2)/s is (x^2/s^2 - 1)*..., exactly 0
    ("exp(-(x/s)**2/2)/s", {"x": 1, "s": 1}, ("-0.60653065971263342360379953499118045344191813548719", "0")),
)


@pytest.mark.parametrize(("text", "point", "entries"), TWO)
def test_each_partial_derivative_is_judged_by_itself(
    text: str, point: dict[str, float], entries: tuple[Sides, Sides]
) -> None:
    truth = truth_of(text, point)
    missing = any(isinstance(entry, tuple) for entry in entries)
    assert truth.status == (KINK if missing else CERTIFIED), truth.reason
    assert truth.derivative is not None
    for i, expected in enumerate(entries):
        if isinstance(expected, str):
            assert holds(truth.derivative[i], expected), rendered(truth.derivative[i])
        else:
            assert truth.derivative[i] is None
            assert truth.left is not None
            assert truth.right is not None
            assert holds(truth.left[i], expected[0]), rendered(truth.left[i])
            assert holds(truth.right[i], expected[1]), rendered(truth.right[i])


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("abs(x)*z + 3*y + floor(z)", Wanted("gradient")),
        ("[abs(x)*z + 3*y + floor(z), x*y]", Wanted("jacobian")),
        ("abs(x)*z + 3*y + floor(z)", Wanted("vjp", (1.0,))),
        ("[abs(x)*y, floor(z), y, x*y]", Wanted("jvp", (1.0, 0.0, 1.0))),
        ("x*abs(x)*z + 3*y*z + z^2*floor(z)", Wanted("hessian", (), 2)),
        ("x*abs(x)*z + 3*y*z + z^2*floor(z)", Wanted("hvp", (0.0, 1.0, 1.0), 2)),
    ],
    ids=lambda value: value.kind if isinstance(value, Wanted) else None,
)
def test_an_entry_that_is_not_proved_takes_no_other_with_it(
    monkeypatch: pytest.MonkeyPatch, text: str, wanted: Wanted
) -> None:
    """Nothing is proved at a kink of abs, by a fault that is planted: all else stands, the value too."""
    problem = replace(make_case(text, {"x": 0.0, "y": 2.0, "z": 3.0}).problem, wanted=wanted)
    whole = certify(problem.program, problem.wrt, problem.point, wanted)

    unharmed = {name: getattr(iterated, name) for name in ("entry_along", "mixed_entry")}

    def halting(name: str, program: Program, point: Any, line: Any, *rest: Any) -> Any:
        if 0 in dict(line) and CODE["abs"] in program.ops:
            raise Undecided("a fault is planted")
        return unharmed[name](program, point, line, *rest)

    for name in unharmed:
        monkeypatch.setattr(iterated, name, partial(halting, name))
    found = certify(problem.program, problem.wrt, problem.point, wanted)
    assert found.status == UNDECIDED
    assert len(found.undecided) > 0
    assert found.values == whole.values
    assert found.derivative is not None
    assert whole.derivative is not None
    for place, (entry, known) in enumerate(zip(found.derivative, whole.derivative, strict=True)):
        assert rendered(entry) == (None if place in found.undecided else rendered(known))
        if found.left is not None and whole.left is not None and place not in found.undecided:
            assert rendered(found.left[place]) == rendered(whole.left[place])
    gone = [place for place, entry in enumerate(whole.derivative) if entry is None and place not in found.undecided]
    assert bool(gone) == (found.left is not None)


@pytest.mark.parametrize("point", [{"x": 0, "p": -1}, {"x": -2, "p": 0.5}, {"x": 0, "p": -0.5}])
def test_a_power_has_no_value_where_it_is_not_real(point: dict[str, float]) -> None:
    assert truth_of("x**p", point).status == UNDEFINED


# Equal by a theorem that no ball can prove: the right answer, or none.
HARD: tuple[tuple[str, float, str], ...] = (
    ("x**(x/x)", -2, "1"),
    ("x*(-2)**(sin(1)**2 + cos(1)**2)", 1, "-2"),
    ("cosh(x)**2 - sinh(x)**2", 1.5, "0"),
    ("asin(x) + acos(x)", 0.5, "0"),
    ("atan(x) + atan(1/x)", 1.5, "0"),
    ("(x + cbrt(x))/(x + cbrt(x))", -3.25, "0"),
    ("log(exp(x)) - x", 1.5, "0"),
    ("gamma(x + 1) - x*gamma(x)", 1.5, "0"),
    ("where(x >= 0, sin((x - 1)*acos(x)), sqrt(x))", 0, "0"),  # cos(acos(0)), at an edge
    ("where(x >= 0, abs(x)*cos(acos(0)), sin(x)*cos(acos(0)))", 0, "0"),
)


@pytest.mark.parametrize(("text", "x", "derivative"), HARD)
def test_what_cannot_be_proved_is_undecided_and_never_wrong(text: str, x: float, derivative: str) -> None:
    truth = truth_of(text, {"x": x})
    if truth.status == CERTIFIED:
        assert truth.derivative is not None
        assert holds(truth.derivative[0], derivative)
    else:
        assert truth.status == UNDECIDED
        assert truth.reason
        assert truth.reason.count("told") == 1, "a sentence, not two"


@pytest.mark.parametrize(
    "text",
    ["inf - inf", "0*inf", "inf/inf", "∞ - ∞", "inf - x - inf", "x*inf - x*inf", "(inf - inf)*x", "floor(inf)"],
)
def test_infinities_do_not_cancel(text: str) -> None:
    truth = truth_of(text, {"x": 1})
    assert truth.status == UNDECIDED
    assert truth.reason
    assert "infinit" in truth.reason


# Sizes beyond all floats: expression, x
GIANTS: tuple[tuple[str, float], ...] = (
    ("exp(x)", 1e300),
    ("exp(exp(x))", 100),
    ("cosh(x)", 1e300),
    ("sinh(x)", -1e300),
    ("tanh(x)", 1e300),
    ("sigmoid(x)", -1e300),
    ("gamma(x)", 1e300),
    ("gamma(-x)", 1e10 + 0.5),
    ("lgamma(x)", 1e300),
    ("x**(x + 0.5)", 1e300),
    ("(x**2)**(x + 0.5)", 1e300),
    ("x**1e300", 2),
    ("sin(sinh(sqrt(x)))", 1e300),
    ("floor(exp(x))", 1e5),
    ("gelu(x)", -1e300),
    ("ceil(silu(1e10)*x)", 1),
    ("sinh(x**x)", 1507.5),
)


@pytest.mark.parametrize(("text", "x"), GIANTS)
def test_no_size_is_too_much_to_be_asked(text: str, x: float) -> None:
    """It may be undecided; it raises nothing."""
    assert truth_of(text, {"x": x}).status in (CERTIFIED, UNDECIDED)


@pytest.mark.parametrize(
    ("text", "x", "reason"),
    [
        ("log(-exp(x))", 1e5, "log: argument "),
        ("sqrt(-exp(exp(x)))", 10, "sqrt: argument "),
        ("asin(sinh(1e10)*x)", 1, "asin: argument "),
        ("acosh(-gamma(1e10)*x)", 1, "acosh: argument "),
        ("atanh(exp(x))", 1e5, "atanh: argument "),
        ("xlogy(x, -exp(x))", 1e5, "xlogy: argument "),
    ],
)
def test_an_argument_beyond_all_floats_can_be_outside_a_domain(text: str, x: float, reason: str) -> None:
    truth = truth_of(text, {"x": x})
    assert truth.status == UNDEFINED
    assert truth.reason is not None
    assert truth.reason.startswith(reason)


# --- rising precision
def taylor(x: float, *coefficients: tuple[int, int, int]) -> Fraction:
    """sum p/q x^k, exactly."""
    return sum((Fraction(p, q) * Fraction(x) ** k for p, q, k in coefficients), Fraction(0))


# expression, the first terms of its derivative's Taylor series at 0 as (p, q, k) for p/q x^k
NEAR_ZERO: tuple[tuple[str, tuple[tuple[int, int, int], ...]], ...] = (
    ("(1 - cos(x))/x**2", ((-1, 12, 1), (1, 180, 3), (-1, 6720, 5))),
    ("(exp(x) - 1 - x)/x**2", ((1, 6, 0), (1, 12, 1), (1, 40, 2), (1, 180, 3), (1, 1008, 4))),
    ("(x - sin(x))/x**3", ((-1, 60, 1), (1, 1260, 3), (-1, 60480, 5))),
    ("log(1 + x)/x", ((-1, 2, 0), (2, 3, 1), (-3, 4, 2), (4, 5, 3), (-5, 6, 4))),
    ("(tan(x) - x)/x**2", ((1, 3, 0), (2, 5, 2), (17, 63, 4))),
)


@pytest.mark.parametrize("x", [1e-8, -1e-8, 1e-20, 1e-100, 1e-300])
@pytest.mark.parametrize(("text", "series"), NEAR_ZERO)
def test_precision_rises_until_what_cancels_is_known(text: str, series: Any, x: float) -> None:
    truth = truth_of(text, {"x": x})
    assert truth.status == CERTIFIED
    assert truth.derivative is not None
    expected = taylor(x, *series)
    found = exact(truth.derivative[0])
    # of what is left out, the first term is below x**4 of the first: 1e-32 at 1e-8
    assert abs(found - expected) <= abs(expected) * Fraction(1, 10**31)
    assert truth.derivative[0].rel_accuracy_bits() >= RELATIVE_BITS


def test_the_precision_that_sufficed_is_reported() -> None:
    bits = [truth_of("(1 - cos(x))/x**2", {"x": x}).bits for x in (0.5, 1e-8, 1e-100, 1e-300)]
    assert bits == sorted(bits)
    assert bits[0] < 500
    assert 1500 < bits[-1] < 10_000
    # f is 1 and easily known; of f' = x - sin(x) = x^3/6 the first log2(6/x^2) bits cancel
    assert truth_of("x*x/2 + cos(x)", {"x": 1e-60}).bits >= RELATIVE_BITS + math.log2(6e120)


# --- an independent route: numerical differentiation with 60 digits
M = mpmath
REGULAR: tuple[tuple[str, tuple[float, ...], Callable[..., Any]], ...] = (
    ("x*sin(x)", (1.5,), lambda x: x * M.sin(x)),
    ("exp(-x**2/2)/sqrt(2*pi)", (0.7,), lambda x: M.exp(-(x**2) / 2) / M.sqrt(2 * M.pi)),
    ("log(1 + exp(x))", (-2.5,), lambda x: M.log(1 + M.exp(x))),
    ("softplus(x)", (3.25,), lambda x: M.log(1 + M.exp(x))),
    ("sigmoid(x)", (-0.3,), lambda x: 1 / (1 + M.exp(-x))),
    ("silu(x)", (1.2,), lambda x: x / (1 + M.exp(-x))),
    ("gelu(x)", (0.8,), lambda x: x / 2 * (1 + M.erf(x / M.sqrt(2)))),
    ("x**x", (2.5,), lambda x: x**x),
    ("tan(x)", (1.5707963267948966,), M.tan),
    ("tan(x)", (100.5,), M.tan),
    ("sec(x) + csc(x) + cot(x)", (0.9,), lambda x: M.sec(x) + M.csc(x) + M.cot(x)),
    ("asin(x)*acos(x)", (0.999,), lambda x: M.asin(x) * M.acos(x)),
    ("atan(x)", (1e10,), M.atan),
    ("sinh(x)*cosh(x)", (3.5,), lambda x: M.sinh(x) * M.cosh(x)),
    ("tanh(x)", (30.0,), M.tanh),
    ("asinh(x)", (-1000.5,), M.asinh),
    ("acosh(x)", (1.001,), M.acosh),
    ("atanh(x)", (0.875,), M.atanh),
    ("gamma(x)", (4.5,), M.gamma),
    ("gamma(x)", (-1.5,), M.gamma),
    ("lgamma(x)", (7.25,), M.loggamma),
    ("digamma(x)", (0.3,), M.digamma),
    ("polygamma(2, x)", (1.7,), lambda x: M.psi(2, x)),
    ("digamma(pi*x)", (1.5,), lambda x: M.digamma(M.pi * x)),
    ("polygamma(1, exp(x))", (0.5,), lambda x: M.psi(1, M.exp(x))),
    ("gamma(exp(x)) + lgamma(x**2)", (0.4,), lambda x: M.gamma(M.exp(x)) + M.loggamma(x**2)),
    ("erf(x)*erfc(x)", (1.1,), lambda x: M.erf(x) * M.erfc(x)),
    ("log2(x) + log10(x) + log1p(x)", (7.5,), lambda x: M.log(x) / M.log(2) + M.log(x) / M.log(10) + M.log(1 + x)),
    ("exp2(x) + expm1(x)", (-3.5,), lambda x: M.mpf(2) ** x + M.exp(x) - 1),
    ("cbrt(x)", (-9.5,), lambda x: -((-x) ** (M.mpf(1) / 3))),
    ("x**(1/3)", (9.5,), lambda x: x ** (M.mpf(1) / 3)),
    ("x*y*exp(-x*y)", (1.5, 0.25), lambda x, y: x * y * M.exp(-x * y)),
    ("atan2(x, y)", (0.5, -2.0), M.atan2),
    ("atan2(x, y)", (-0.5, -2.0), M.atan2),
    ("hypot(x, y)", (-3.5, 1.25), lambda x, y: M.sqrt(x**2 + y**2)),
    ("logaddexp(x, y)", (-3.5, 1.25), lambda x, y: M.log(M.exp(x) + M.exp(y))),
    ("xlogy(x, y)", (-3.5, 1.25), lambda x, y: x * M.log(y)),
    ("x**y", (3.5, -1.25), lambda x, y: x**y),
    ("fma(x, y, sin(x))", (3.5, -1.25), lambda x, y: x * y + M.sin(x)),
    ("mod(x, y) + fmod(-x, y)", (7.5, 2.0), lambda x, y: (x - 3 * y) + (-x + 3 * y)),
    ("where(x > y, x**3, y)", (2.5, 1.0), lambda x, y: x**3 + 0 * y),
    ("sin(sin(sin(x)))/x", (1e-3,), lambda x: M.sin(M.sin(M.sin(x))) / x),
)  # fmt: skip


@pytest.mark.parametrize(("text", "point", "function"), REGULAR)
def test_regular_points_agree_with_numerical_differentiation(
    text: str, point: tuple[float, ...], function: Callable[..., Any]
) -> None:
    truth = truth_of(text, dict(zip("xy", point, strict=False)))
    assert truth.status == CERTIFIED
    assert truth.derivative is not None
    with mpmath.workdps(60):
        numbers = tuple(map(mpmath.mpf, point))
        value = function(*numbers)
        assert abs(mpmath.mpf(digits(truth.value)) - value) <= abs(value) * mpmath.mpf(10) ** -31
        for i, ball in enumerate(truth.derivative):
            orders = tuple(int(i == k) for k in range(len(point)))
            slope = mpmath.diff(function, numbers if len(point) > 1 else numbers[0], orders if len(point) > 1 else 1)
            assert abs(mpmath.mpf(digits(ball)) - slope) <= abs(slope) * mpmath.mpf(10) ** -28


# --- a second independent route, for corners: difference quotients with 600 digits
@pytest.mark.parametrize("seed", range(60))
def test_corners_agree_with_difference_quotients(seed: int) -> None:
    """Twenty random expressions a seed; what three quotients do not show is left out."""
    quotients, rng, compared = Quotients(), random.Random(seed), 0
    for _ in range(20):
        text, x = cornered(rng, rng.randint(2, 4)), rng.choice((0.0, 1.0))
        program = elaborate(text, {"x": ()}).program
        if not program.inputs:
            continue
        truth = certify(program, [0], [x])
        try:
            limits = [quotients.limit(program, x, direction) for direction in (-1, 1)]
        except (NoValue, OverflowError):
            assert truth.status in (UNDEFINED, UNDECIDED), (text, x)
            continue
        if truth.status == UNDECIDED:
            continue
        assert truth.derivative is not None, (text, x, truth.reason)
        sides = [truth.left, truth.right] if truth.left and truth.right else [truth.derivative] * 2
        for limit, (side, *_) in zip(limits, sides, strict=True):
            edge = truth.status == CERTIFIED and truth.reason is not None
            if limit is not None and not (edge and limit == "none"):
                assert matches(side, limit), (text, x, rendered(side), limit, truth.reason)
                compared += 1
    assert compared >= 12


def matches(side: Any, limit: Any) -> bool:
    """Whether a one-sided derivative is the limit that quotients show: some digits of it, or its kind."""
    if side is None or limit == "none":
        return side is None and limit == "none"
    if isinstance(side, float) or mpmath.isinf(limit):
        return bool(side == limit)
    with mpmath.workdps(60):
        return bool(abs(mpmath.mpf(digits(side)) - limit) <= mpmath.mpf(10) ** -6 * max(1, abs(limit)))


# --- exact reals
def test_roots_are_one_form_whichever_way_they_are_written() -> None:
    """1/sqrt(2) is sqrt(2)/2, and 1/cbrt(2) is cbrt(4)/2: formally, as a difference of 0 has to be."""
    with working(100, 1):
        root, third = real(2).power(Fraction(1, 2)), real(2).power(Fraction(1, 3))
        assert (root.inverse() - root * real(Fraction(1, 2))).is_zero()
        assert (third.inverse() - third * third * real(Fraction(1, 2))).is_zero()
        assert (root.power(Fraction(-3)) - root * real(Fraction(1, 4))).is_zero()
        assert not (root - third).is_zero()


@pytest.mark.parametrize(("base", "degree"), [(2**53 + 1, 2), (3**40, 3), (2**60 + 1, 5), (10**30 + 7, 7)])
def test_roots_of_whole_powers_are_whole_beyond_all_floats(base: int, degree: int) -> None:
    with working(100, 1):
        assert real(base**degree).power(Fraction(1, degree)).rational == base
        assert real(base**degree + 1).power(Fraction(1, degree)).rational is None


def test_logarithms_and_exponentials_are_one_form_whichever_way_they_are_written() -> None:
    with working(100, 1):
        two, three = logarithm(real(2)), logarithm(real(3))
        assert (logarithm(real(Fraction(8, 9))) + three * real(2) - two * real(3)).is_zero()
        assert exponential(two * real(3)).rational == 8
        assert (exponential(two * real(Fraction(1, 2))) - real(2).power(Fraction(1, 2))).is_zero()
        assert (logarithm(exponential(real(5))) - real(5)).is_zero()
        assert logarithm(real(1000)).over(logarithm(real(10))).rational == 3
        assert not logarithm(real(1001)).over(logarithm(real(10))).rational


# --- digits
def exactly(value: Fraction) -> Any:
    """A ball that is the fraction, to 4000 bits."""
    with working(4000, 1):
        return arb(fmpq(value.numerator, value.denominator))


RENDERED: tuple[tuple[Fraction, str], ...] = (
    (Fraction(0), "0"),
    (Fraction(1), "1"),
    (Fraction(-1), "-1"),
    (Fraction("5.5"), "5.5"),
    (Fraction("-0.25"), "-0.25"),
    (Fraction(100), "100"),
    (Fraction(1, 3), "0.333333333333333333333333333333333"),
    (Fraction(-2, 3), "-0.666666666666666666666666666666667"),
    (Fraction(200, 3), "66.6666666666666666666666666666667"),
    (Fraction(10**300, 3), "3.33333333333333333333333333333333e299"),
    (Fraction(2, 3 * 10**300), "6.66666666666666666666666666666667e-301"),
    (Fraction(1, 2**10), "0.0009765625"),
    (Fraction(1, 2**14), "0.00006103515625"),
    (Fraction(1, 2**17), "7.62939453125e-6"),
    (Fraction(1, 2**20), "9.5367431640625e-7"),
    (Fraction(10**20), "100000000000000000000"),
    (Fraction(10**21), "1.0e21"),
    (Fraction(-(10**22)), "-1.0e22"),
    (Fraction(2**69), "590295810358705651712"),
    (Fraction(2**70), "1.180591620717411303424e21"),
    (1 - Fraction(1, 10**36), "1"),
    (-10 + Fraction(1, 10**35), "-10"),
)


@pytest.mark.parametrize(("value", "text"), RENDERED)
def test_a_ball_is_shown_with_33_digits_or_fewer(value: Fraction, text: str) -> None:
    assert digits(exactly(value)) == text


def test_the_smallest_and_the_largest_floats_are_shown() -> None:
    assert digits(arb(5e-324)) == "4.94065645841246544176568792868221e-324"
    assert digits(arb(-1.7976931348623157e308)) == "-1.79769313486231570814527423731704e308"


def test_sizes_beyond_floats_are_shown() -> None:
    context = Context(prec=DIGITS)
    for exponent in (100_000, -100_000, 3_000_000):
        with working(200, 1):
            number = arb(2) ** exponent
        assert Decimal(digits(number)) == context.power(Decimal(2), exponent)


@pytest.mark.parametrize("sign", ["", "-"])
def test_exponents_longer_than_python_reads_are_shown(sign: str) -> None:
    exponent = f"{sign}1{'0' * 5000}"
    with working(200, 1):
        number = arb(f"1.5e{exponent}")
    assert digits(number) == f"1.5e{exponent}"


def test_infinities_and_nan_are_shown() -> None:
    assert [digits(value) for value in (arb.pos_inf(), arb.neg_inf(), arb.nan())] == [INF, MINUS_INF, "NaN"]


def test_digits_are_those_of_decimal_division() -> None:
    rng, context = random.Random(33), Context(prec=DIGITS)
    for _ in range(500):
        p, q = rng.randint(-(10**9), 10**9), rng.randint(1, 10**9)
        scale = rng.randint(-40, 40)
        with working(400, 1):
            value = arb(fmpq(p, q)) * arb(10) ** scale
        expected = context.divide(Decimal(p), Decimal(q)).scaleb(scale, context)
        assert Decimal(digits(value)) == expected


@pytest.mark.parametrize("bits", [2, 53, 4000])
def test_digits_do_not_depend_on_the_precision_at_work(bits: int) -> None:
    value = exactly(Fraction(1, 3))
    with working(bits, 1):
        assert digits(value) == "0.333333333333333333333333333333333"


@pytest.mark.parametrize("text", ["x*pi", "abs(x)**3 + x*pi", "sqrt(x)**2*pi", "where(x == 0, 0, x*pi)"])
def test_every_digit_of_a_certified_number_is_right(text: str) -> None:
    """Also of those that come from one-sided expansions."""
    (found,) = truth_of(text, {"x": 0.0}).derivative or (None,)
    assert rendered(found) == "3.1415926535897932384626433832795"
    assert tight(found)


# --- accuracy
TINY = 5e-324
LARGEST = 1.7976931348623157e308


# result, truth as a fraction, absolute, relative, ulp
ERRORS: tuple[tuple[float, Fraction, float, float, float], ...] = (
    (0.0, Fraction(0), 0.0, 0.0, 0.0),
    (-0.0, Fraction(0), 0.0, 0.0, 0.0),
    (TINY, Fraction(0), TINY, math.inf, 1.0),
    (-1e-300, Fraction(0), 1e-300, math.inf, 1e-300 / TINY),
    (1.0, Fraction(1), 0.0, 0.0, 0.0),
    (1.0 + 2.0**-52, Fraction(1), 2.0**-52, 2.0**-52, 1.0),
    (1.0 - 2.0**-53, Fraction(1), 2.0**-53, 2.0**-53, 0.5),
    (0.0, Fraction(1), 1.0, 1.0, 2.0**52),
    (-1.0, Fraction(1), 2.0, 2.0, 2.0**53),
    (1e300, Fraction(1), 1e300, 1e300, math.inf),
    (3.0, Fraction(2), 1.0, 0.5, 2.0**51),
    # among the subnormal numbers the spacing is the smallest of them
    (2 * TINY, Fraction(3) * Fraction(TINY), TINY, 1 / 3, 1.0),
    (0.0, Fraction(TINY) / 2, 0.0, 1.0, 0.5),
    (TINY, Fraction(TINY) / 4, TINY, 3.0, 0.75),
    (0.0, Fraction(1, 10**400), 0.0, 1.0, float(Fraction(1, 10**400) / Fraction(TINY))),
    (2.0**-1022, Fraction(2.0**-1022) * 2, 2.0**-1022, 0.5, 2.0**51),
    # beyond the range, the infinity of its sign is right and nothing else
    (math.inf, Fraction(2) ** 1024, 0.0, 0.0, 0.0),
    (-math.inf, -(Fraction(2) ** 2000), 0.0, 0.0, 0.0),
    (math.inf, -(Fraction(2) ** 2000), math.inf, math.inf, math.inf),
    (LARGEST, Fraction(2) ** 1024, math.inf, math.inf, math.inf),
    (math.inf, Fraction(LARGEST), math.inf, math.inf, math.inf),
    (math.inf, Fraction(2) ** 1024 - Fraction(2) ** 970, 0.0, 0.0, 0.0),  # halfway to 2^1024: rounds away
    (LARGEST, Fraction(2) ** 1024 - Fraction(2) ** 970 - 1, 2.0**970, 2.0**-54, 0.5),
    (math.inf, Fraction(1), math.inf, math.inf, math.inf),
    (math.nan, Fraction(1), math.inf, math.inf, math.inf),
    (math.nan, Fraction(0), math.inf, math.inf, math.inf),
)


@pytest.mark.parametrize(("result", "truth", "absolute", "relative", "ulp"), ERRORS)
def test_an_error_is_a_distance_in_three_units(
    result: float, truth: Fraction, absolute: float, relative: float, ulp: float
) -> None:
    found = error(result, exactly(truth))
    for measured, expected in ((found.absolute, absolute), (found.relative, relative), (found.ulp, ulp)):
        assert measured == expected or math.isclose(measured, expected, rel_tol=1e-12)


def test_the_nearest_float_is_the_nearest_with_ties_to_even() -> None:
    rng = random.Random(64)
    for _ in range(500):
        mantissa, exponent = rng.getrandbits(rng.randint(1, 60)), rng.randint(-1140, 1020)
        value = Fraction(mantissa) * Fraction(2) ** exponent
        try:
            expected = float(value)
        except OverflowError:
            expected = math.inf
        assert nearest(exactly(value)) == expected
        assert nearest(exactly(-value)) == -expected
    assert nearest(exactly(1 + Fraction(1, 2**53))) == 1.0
    assert nearest(exactly(1 + Fraction(3, 2**53))) == 1 + 2.0**-51
    assert nearest(exactly(Fraction(TINY) / 2)) == 0.0
    assert nearest(exactly(Fraction(TINY) * 3 / 2)) == 2 * TINY


@pytest.mark.parametrize(
    ("ulp", "bits"),
    [
        (0.0, 0.0), (1.0, 1.0), (3.0, 2.0), (1023.0, 10.0), (2.0**53 - 1, 53.0), (2.0**64, 64.0), (1e300, 64.0),
        (math.inf, 64.0), (math.nan, 64.0),
    ],
)  # fmt: skip
def test_bits_lost_are_at_most_64(ulp: float, bits: float) -> None:
    assert bits_lost(ulp) == bits


# result, left, right, tolerance, whether it lies between
BETWEEN: tuple[tuple[float, Any, Any, float, bool], ...] = (
    (0.0, -1, 1, 0, True),
    (-1.0, -1, 1, 0, True),
    (1.0, 1, -1, 0, True),  # in whichever order
    (1.5, -1, 1, 1024, False),
    (1.0 + 2.0**-52, -1, 1, 1, True),
    (1.0 + 2.0**-51, -1, 1, 1, False),
    (math.inf, -1, 1, 1024, False),
    (math.nan, -1, 1, 1024, False),
    (math.nan, -math.inf, math.inf, 1024, False),
    (1e308, -math.inf, math.inf, 0, True),
    (math.inf, -math.inf, math.inf, 0, True),
    (math.inf, math.inf, math.inf, 0, True),
    (1e308, math.inf, math.inf, 1024, False),
    (math.inf, None, math.inf, 0, True),
    (0.0, None, math.inf, 1024, False),
    (2.0, 2, None, 0, True),
    (2.5, 2, None, 0, False),
    (5e-324, 0, 0, 1, True),
    (1e-300, 0, 0, 1024, False),
    (0.0, None, None, 1024, False),
)


@pytest.mark.parametrize(("result", "left", "right", "tolerance", "inside"), BETWEEN)
def test_a_result_at_a_kink_lies_between_the_one_sided_derivatives(
    result: float, left: Any, right: Any, tolerance: float, inside: bool
) -> None:
    ends = [arb(end) if isinstance(end, int) else end for end in (left, right)]
    assert between(result, *ends, tolerance) is inside


# what several methods found, tolerance, whether they agree
AGREEMENT: tuple[tuple[list[list[float]], float, bool], ...] = (
    ([], 0, True),
    ([[1.0, 2.0]], 0, True),
    ([[1.0], [1.0]], 0, True),
    ([[1.0], [1.0 + 2.0**-52]], 1, True),
    ([[1.0], [1.0 + 2.0**-51]], 1, False),
    ([[1.0], [1.0 - 2.0**-53]], 0.5, True),  # in ulps of the larger
    ([[1.0 - 2.0**-53], [1.0]], 0.5, True),
    ([[1.0], [1.0 - 2.0**-53]], 0.49, False),
    ([[1.0, 2.0], [1.0, 3.0]], 1024, False),
    ([[math.nan], [math.nan]], 1024, True),
    ([[math.nan], [1.0]], 1024, False),
    ([[1.0], [math.nan]], 1024, False),
    ([[math.inf], [math.inf]], 1024, True),
    ([[math.inf], [-math.inf]], 1024, False),
    ([[math.inf], [1.0]], 1024, False),
    ([[1.0], [math.inf]], 1024, False),
    ([[0.0], [-0.0]], 0, True),
)


@pytest.mark.parametrize(("rows", "tolerance", "same"), AGREEMENT)
def test_methods_agree_up_to_the_tolerance(rows: list[list[float]], tolerance: float, same: bool) -> None:
    assert agree(rows, tolerance) is same


VERDICTS: tuple[tuple[float, Fraction, float, str], ...] = (
    (1.0, Fraction(1), 0, "ok"),
    (1.0 + 2.0**-42, Fraction(1), 1024, "ok"),
    (1.0 + 2.0**-41, Fraction(1), 1024, "inaccurate"),
    (math.nan, Fraction(1), 1024, "nonfinite"),
    (math.inf, Fraction(1), 1024, "nonfinite"),
    (math.inf, Fraction(2) ** 1024, 0, "ok"),
    (-math.inf, Fraction(2) ** 1024, 1024, "nonfinite"),
    (LARGEST, Fraction(2) ** 1024, 1024, "inaccurate"),
    (math.nan, Fraction(2) ** 1024, 1024, "nonfinite"),
    (0.0, Fraction(0), 0, "ok"),
    (1024 * TINY, Fraction(0), 1024, "ok"),
    (1e-300, Fraction(0), 1024, "inaccurate"),
)


@pytest.mark.parametrize(("result", "truth", "tolerance", "verdict"), VERDICTS)
def test_a_verdict_on_a_certified_truth(result: float, truth: Fraction, tolerance: float, verdict: str) -> None:
    number = exactly(truth)
    assert certified_verdict([(result, error(result, number), number)], tolerance) == verdict
