"""Zeros that no ball can prove: identities are seen, and nothing else is taken for one."""

from __future__ import annotations

from fractions import Fraction
from math import gcd, inf, prod
from pathlib import Path

import pytest
from flint import arb, fmpq
from hypothesis import given
from hypothesis import strategies as st

from diffcli.problem.point import read_point
from diffcli.problem.understanding import make_case
from diffcli.truth.certify import Truth, certify
from diffcli.truth.exact.forms import times
from diffcli.truth.exact.identities import _coprime, _factored, vanishes
from diffcli.truth.exact.reals import exponential, logarithm, named, of, real
from diffcli.truth.series import FORMAL, working

LINES = (Path(__file__).parent.parent / "cases" / "identities.txt").read_text(encoding="utf-8").splitlines()
IDENTITIES = [tuple(line.split(" | ")) for line in LINES if not line.startswith("#")]


def truth_of(text: str, point: str) -> Truth:
    problem = make_case(text, read_point(point)).problem
    return certify(problem.program, problem.wrt, problem.point)


@pytest.mark.parametrize(("text", "point"), IDENTITIES)
def test_the_gradient_of_an_identity_is_proved_to_be_zero(text: str, point: str) -> None:
    truth = truth_of(text, point)
    assert truth.status == "certified"
    assert truth.derivative
    assert all(entry is not None and entry.is_zero() for entry in truth.derivative)


@pytest.mark.parametrize(
    ("text", "point"),
    [
        ("sin(x)^2 + cos(x)^2 + exp(-900*x)", "x=1"),
        ("tanh(x) - 1", "x=600"),
        ("sigmoid(x) - 1", "x=900"),
        ("softplus(x) - x", "x=900"),
        ("cosh(x) - sinh(x)", "x=700"),
        ("exp(x + y) - exp(x)*exp(y) + exp(-999*x)", "x=1, y=2"),
        ("log(x*y) - log(x) - log(y) + x*1e-300", "x=2, y=3"),
        ("sqrt(x)*sqrt(y) - sqrt(x*y) + 1e-300*x^2", "x=2, y=3"),
        ("sin(2*x) - 2*sin(x)*cos(x) + 1e-300*x", "x=0.5"),
        ("atan(tan(x)) - x + x*1e-300", "x=2.5"),
    ],
)
def test_what_is_nearly_an_identity_is_told_from_one(text: str, point: str) -> None:
    """All are smaller than 2^-640: a wrong identity would call them zero."""
    truth = truth_of(text, point)
    assert truth.status == "certified"
    assert truth.derivative
    assert truth.derivative[0] is not None
    assert not truth.derivative[0].contains(0)


@pytest.mark.parametrize(
    ("text", "value", "left", "right", "reason"),
    [
        ("sign({zero})", 0, inf, inf, "the function jumps here, from -1 to 1, and is 0 at the point"),
        ("heaviside({zero}, 0.5)", 0.5, inf, inf, "the function jumps here, from 0 to 1, and is 0.5 at the point"),
        ("where({zero} > 0, x, 2*x)", 1, 2, -inf, "the function jumps here, from 1 to 0.5"),
        ("abs({zero})", 0, -1, 1, "abs has a kink at 0"),
        ("max({zero}, 0)", 0, 0, 1, "max has a tie here"),
        ("sqrt({zero}^2)", 0, -1, 1, "sqrt has an edge at 0"),
        ("2*acos(cos(3)^2 + sin(3)^2 - {zero}^2/2)", 0, -2, 2, "acos has an edge at 1"),
    ],
)
@pytest.mark.parametrize("zero", ["(sin(x)^2 + cos(x)^2 - 1 + x - 0.5)", "(sigmoid(x) + sigmoid(-x) + x - 1.5)"])
def test_a_kink_lies_where_an_identity_says(
    text: str, zero: str, value: float, left: float, right: float, reason: str
) -> None:
    truth = truth_of(text.format(zero=zero), "x=0.5")
    assert truth.status == "not-differentiable"
    assert truth.reason == reason
    assert truth.left
    assert truth.right
    assert truth.value == value
    assert [float(side) for side in (*truth.left, *truth.right)] == [left, right]  # type: ignore[arg-type]


small = st.integers(1, 5)
numbers = st.floats(0.125, 8, width=32)


@given(small, small, numbers, numbers)
def test_sums_of_angles_and_of_exponents_are_written_out(a: int, b: int, x: float, y: float) -> None:
    u, v = f"{a}*x", f"{b}*y"
    point = f"x={x!r}, y={y!r}"
    for text in (
        f"cos({u} - {v}) - cos({u})*cos({v}) - sin({u})*sin({v})",
        f"exp({u} + {v}) - exp(x)**{a}*exp(y)**{b}",
        f"log(x**{a}*y**{b}) - {a}*log(x) - {b}*log(y)",
        f"sqrt(x**{a}*y**{b})**2 - x**{a}*y**{b}",
    ):
        truth = truth_of(text, point)
        assert truth.derivative, text
        assert all(entry is not None and entry.is_zero() for entry in truth.derivative), text


@given(st.lists(st.integers(1, 10**6), max_size=8))
def test_all_numbers_are_products_of_coprime_ones(wanted: list[int]) -> None:
    base = _coprime(wanted)
    for k, number in enumerate(base):
        assert number > 1
        assert all(gcd(number, other) == 1 for other in base[:k])
    for number in wanted:
        powers = _factored(Fraction(number), base)
        assert prod(other**power for other, power in powers.items()) == number


def test_forms_vanish_only_as_they_should() -> None:
    with working(FORMAL, 2):
        half, three = real(Fraction(1, 2)), real(3)
        sine, cosine = (of(name, three, getattr(arb, name)) for name in ("sin", "cos"))
        one = real(1)
        assert (sine * sine + cosine * cosine - one).is_zero()
        assert not (sine * sine - cosine * cosine - one).is_zero()
        growth = exponential(half)
        quotient = (one + growth).inverse() + (one + growth.inverse()).inverse()
        assert (quotient - one).is_zero()
        assert not (quotient + one).is_zero()
        assert (logarithm(real(fmpq(10**40 + 1, 3))) + logarithm(real(fmpq(3, 10**40 + 1)))).is_zero()
        unknown = named(object(), arb(0, 1e-300))
        assert not unknown.is_zero()
        assert not vanishes(unknown.terms)
    with working(FORMAL // 2, 2):
        assert not (sine * sine + cosine * cosine - one).is_zero()  # not yet asked


def test_a_form_that_grows_is_left_alone() -> None:
    """(s1 + 1) (s2 + 1) ... has 2^14 terms: it would be written out at every step."""
    with working(FORMAL, 2):
        terms = real(1).terms
        for k in range(14):
            terms = times(terms, (of("sin", real(Fraction(k + 2, 7**k)), arb.sin) + real(1)).terms)
        assert len(terms) == 1 << 14
        assert not vanishes(terms)
        sine, cosine = (of(name, real(Fraction(40)), getattr(arb, name)) for name in ("sin", "cos"))
        multiple = of("sin", real(Fraction(80)), arb.sin)
        assert (multiple - real(2) * sine * cosine).is_zero()
