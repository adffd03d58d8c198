"""What is called proved of whole intervals: random functions, kinks and detached copies included, try to refute it.

Each theorem is stated where it is used, in `proofs`. Here every claim is held against the function itself, by mpmath
with 60 digits at many points of the interval: one point at which it fails would refute it.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import mpmath
import pytest
from flint import arb
from oracle import HighPrecision, NoValue, cornered

from diffcli.core.evaluate import evaluate
from diffcli.core.program import Program
from diffcli.problem.understanding import make_case
from diffcli.reports.tell.newton import tell as tell_newton
from diffcli.reports.tell.taylor import tell as tell_taylor
from diffcli.runtime.errors import DiffError
from diffcli.studies.newton import newton
from diffcli.studies.taylor import taylor
from diffcli.truth import proofs
from diffcli.truth.proofs import above, below, coefficients, lagrange, largest, root, rootless
from diffcli.truth.series import SERIES

ORACLE = HighPrecision()
SAMPLES = 96
DIGITS = 60
LESS = 1 - mpmath.mpf(10) ** -20
"""A claim is refuted where it fails by more than the oracle's own rounding."""


def exact(ball: Any) -> Any:
    """The middle of a ball."""
    mantissa, exponent = ball.mid().man_exp()
    return mpmath.mpf(int(mantissa)) * mpmath.mpf(2) ** int(exponent)


def value(program: Program, x: Any) -> Any:
    """f itself, where a detached copy is what it copies; `NoValue` outside its domain."""
    (found,) = evaluate(program, [x], ORACLE)
    if isinstance(found, mpmath.mpc) or not mpmath.isfinite(found):
        raise NoValue
    return found


def between(low: Any, high: Any) -> Iterator[Any]:
    """Points of an interval, its ends included, even and close to either end and to the middle."""
    low, high = mpmath.mpf(low), mpmath.mpf(high)
    parts = {Fraction(i, SAMPLES) for i in range(SAMPLES + 1)}
    for depth in range(7, 40, 4):
        near = Fraction(1, 2**depth)
        parts |= {near, 1 - near, Fraction(1, 2) - near, Fraction(1, 2) + near}
    for part in sorted(parts):
        yield low + (high - low) * part.numerator / part.denominator


def refuted_bound(program: Program, x0: float, x: float, order: int) -> str | None:
    """f less its polynomial, anywhere between, is within Lagrange's bound for all of the interval."""
    known = coefficients(program, 0, [x0], order)
    bound = lagrange(program, 0, [x0], x, order)
    if bound is None or len(known) <= order:
        return None
    for s in between(x0, x):
        rest = value(program, s) - sum(exact(c) * (s - x0) ** k for k, c in enumerate(known))
        if abs(rest) * LESS > bound + mpmath.mpf(10) ** -40:
            return f"the remainder at {float(s)!r} is {float(rest)!r}, above {bound!r}"
    return None


def refuted_largest(program: Program, x0: float, x: float) -> str | None:
    """No value and no slope of a chord is above what is proved of the value and of f'."""
    most, steepest = (largest(program, 0, [x0], (x0, x), k) for k in (0, 1))
    points = list(between(x0, x))
    values = [value(program, s) for s in points] if most is not None or steepest is not None else []
    if most is not None and max(map(abs, values)) * LESS > exact(most.upper()):
        return f"|f| is above {most}"
    if steepest is not None:
        chords = zip(points, points[1:], values, values[1:], strict=False)
        noise = mpmath.mpf(10) ** (10 - DIGITS) * max(1, *map(abs, values))
        if any(abs(q - p) * LESS > exact(steepest.upper()) * abs(b - a) + noise for a, b, p, q in chords):
            return f"|f'| is above {steepest}"
    return None


def refuted_root(program: Program, near: float) -> str | None:
    """A proved root is one, and f keeps one sign on either side of it as far as it is the only one."""
    found = root(program, 0, [near], near)
    if found is None:
        return None
    middle, wide = exact(found.value), exact(found.value.rad()) + mpmath.mpf(10) ** -30 * abs(exact(found.value))
    if wide and value(program, middle - wide) * value(program, middle + wide) > 0:
        return f"no change of sign at {found.value}"
    for side in (-1, 1):
        ends = sorted((middle + side * 2 * wide, middle + side * mpmath.mpf(found.alone)))
        signs = {mpmath.sign(value(program, s)) for s in between(*ends) if abs(s - middle) > wide}
        if len(signs) > 1 or 0 in signs:
            return f"another root within {found.alone} of {found.value}"
    return None


def refuted_rootless(program: Program, near: float) -> str | None:
    within = rootless(program, 0, [near], near)
    if within is None:
        return None
    signs = {mpmath.sign(value(program, s)) for s in between(near - mpmath.mpf(within), near + mpmath.mpf(within))}
    return f"a root within {within} of {near}" if len(signs) > 1 or 0 in signs else None


def functions(seed: int, count: int) -> Iterator[tuple[str, Program]]:
    """Random functions of x, full of kinks and switches; in half of them some copies of x are detached."""
    rng = random.Random(seed)
    while count:
        source = cornered(rng, rng.choice((2, 3, 4)))
        if rng.random() < 0.5:
            source = re.sub(r"\bx\b", lambda _: "detach(x)" if rng.random() < 0.4 else "x", source)
        try:
            program = make_case(source, {"x": 1.0}).problem.program
        except (DiffError, ArithmeticError):
            continue
        if len(program.inputs) == 1:
            count -= 1
            yield source, program


def refuted(program: Program, rng: random.Random) -> Iterator[str]:
    """Every claim made of one function around one point, as far as it is refuted."""
    x0 = rng.choice((0.0, 1.0, -1.0, 0.5, rng.uniform(-3, 3), rng.uniform(-1e3, 1e3)))
    x = x0 + rng.choice((-1, 1)) * 10 ** rng.uniform(-6, 0.5)
    order = rng.choice((0, 1, 2, 3))
    for claim in (
        lambda: refuted_bound(program, x0, x, order),
        lambda: refuted_largest(program, x0, x),
        lambda: refuted_root(program, x0),
        lambda: refuted_rootless(program, x0),
    ):
        try:
            with mpmath.workdps(DIGITS):
                found = claim()
        except NoValue:
            found = "no value within the interval"
        if found:
            yield f"{found} (x0 = {x0!r}, x = {x!r}, order {order})"


def search(seed: int, count: int) -> Iterator[str]:
    rng = random.Random(seed)
    return (f"{source}: {found}" for source, program in functions(seed, count) for found in refuted(program, rng))


def test_no_claim_about_an_interval_is_refuted() -> None:
    assert list(search(5, 300)) == []


def test_the_search_refutes_claims_of_a_derivative_that_is_not_the_functions(monkeypatch: pytest.MonkeyPatch) -> None:
    """A planted fault: series that take a detached copy for a constant."""
    monkeypatch.setattr(proofs, "_ITSELF", SERIES)
    assert any(search(5, 300))


def test_the_search_refutes_a_polynomial_that_is_not_the_functions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proofs, "detached", lambda *_: False)
    assert any(search(5, 300))


# --- detached copies
def test_a_constant_has_no_root_whatever_its_derivative_is_held_to_be() -> None:
    study = tell_newton(newton("x - detach(x) + 1e-10", {"x": 1.0}, {}))
    assert study.facts["root"] is None
    assert study.facts["no_root_within"] > 1000
    assert any("f has no root within" in sentence for sentence in study.sentences)


def test_a_root_is_that_of_the_function_itself() -> None:
    """The slopes of methods are half of f', and their iteration goes in circles; the secants arrive."""
    study = tell_newton(newton("detach(x)*x - 2", {"x": 1.0}, {}))
    assert study.facts["iterations"]["forward"]["end"] == "cycle"
    assert study.facts["root"]["value"].startswith("1.414213562373095048801688724209")
    assert any("where detach(u) is u" in sentence for sentence in study.sentences)


@pytest.mark.parametrize(
    "source", ["detach(x)*x + exp(x)", "x - detach(x)", "detach(x)^2", "where(detach(x) > 0, x, 1)"]
)
def test_no_bound_is_claimed_of_a_polynomial_that_is_not_the_functions(source: str) -> None:
    study = tell_taylor(taylor(source, {"x": 1.0}, order=2, distances=(0.5, 1.0)))
    assert all(row["bound_proved"] is None for row in study.facts["remainders"])
    assert any("not of f itself" in sentence for sentence in study.sentences)
    assert not any("cannot exceed" in s or "Radius" in s for s in study.sentences)


def test_what_is_detached_from_another_variable_is_a_constant_and_claims_are_made() -> None:
    study = tell_taylor(taylor("detach(y)*exp(x)", {"x": 0.0, "y": 2.0}, "x", order=1, distances=(0.5,)))
    (row,) = study.facts["remainders"]
    assert row["remainder"] <= row["bound_proved"] < 1.01 * row["bound_sampled"]


# --- what else a bound must hold
def test_a_bound_is_for_the_distance_that_floats_really_have() -> None:
    """1e15 + 0.1 is 1e15 + 0.125."""
    (row,) = taylor("x^2", {"x": 1e15}, order=1, distances=(0.1,)).remainders
    assert row.bound is not None
    assert row.rest == 0.125**2 <= row.bound


@pytest.mark.parametrize("ball", ["0.12341", "1e-320", "3e300", "0", "123456789", "-0.12341", "1e-400", "-1e-400"])
def test_bounds_are_rounded_to_the_side_on_which_they_hold(ball: str) -> None:
    number = arb(ball)
    assert arb(above(number)) >= number
    assert arb(below(number)) <= number
    assert above(number) == float(f"{above(number):.4g}")
    assert below(number) == float(f"{below(number):.3g}")


def test_nothing_is_proved_of_an_interval_by_a_program_that_holds_on_one_path() -> None:
    """A recorded path keeps the conditions that it decided as guards."""
    from diffcli.core.evaluate import follow
    from diffcli.numbers.float64 import FLOAT64

    program = make_case("where(x > 1, x - 3, x + 5)", {"x": 2.0}).problem.program
    assert root(program, 0, [2.0], 2.5) is not None
    path = follow(program, [2.0], FLOAT64)[1]
    assert path.guards
    assert root(path, 0, [2.0], 2.5) is rootless(path, 0, [2.0], 2.5) is largest(path, 0, [2.0], (0, 2), 1) is None


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("x + x^50", "terms of higher order follow."),
        ("where(x == 0, 0, exp(-1/x^2))", "smooth here, but not analytic"),
        ("x^5 - x", "the coefficients of the orders 6 to 40 are 0"),
    ],
)
def test_a_series_that_ends_early_is_not_called_a_polynomial_and_no_more(source: str, words: str) -> None:
    """x + x^50 is analytic, and no coefficient that is looked at says what follows."""
    assert any(words in sentence for sentence in tell_taylor(taylor(source, {"x": 0.0}, order=4)).sentences)


def test_a_root_at_zero_is_exactly_zero() -> None:
    problem = make_case("sin(x)*exp(x)", {"x": 0.1}).problem
    found = root(problem.program, 0, problem.point, 1e-9)
    assert found is not None
    assert found.value.is_zero()
