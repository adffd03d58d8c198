"""Zeros that no ball can prove: identities are seen, and nothing else is taken for one."""

from __future__ import annotations

from fractions import Fraction
from math import gcd, prod
from pathlib import Path

import pytest
from flint import arb, fmpq
from hypothesis import given
from hypothesis import strategies as st

from diffcli.algebras.identities import _coprime, _factored, vanishes
from diffcli.algebras.reals import Real, exponential, logarithm, named, of, real
from diffcli.algebras.series import FORMAL, working
from diffcli.case import make_case, read_point
from diffcli.truth import Truth, certify

LINES = (Path(__file__).parent / "cases" / "identities.txt").read_text(encoding="utf-8").splitlines()
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


small = st.integers(1, 5)
numbers = st.floats(0.125, 8, width=32)


@given(small, small, numbers, numbers)
def test_sums_of_angles_and_of_exponents_are_written_out(a: int, b: int, x: float, y: float) -> None:
    if x == y:
        return
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
        assert (sine * sine + cosine * cosine - one).vanishes()
        assert not (sine * sine - cosine * cosine - one).vanishes()
        growth = exponential(half)
        quotient = (one + growth).inverse() + (one + growth.inverse()).inverse()
        assert (quotient - one).vanishes()
        assert not (quotient + one).vanishes()
        assert (logarithm(real(fmpq(10**40 + 1, 3))) + logarithm(real(fmpq(3, 10**40 + 1)))).vanishes()
        unknown = named(object(), arb(0, 1e-300))
        assert not unknown.vanishes()
        assert not vanishes(unknown.terms)
    with working(FORMAL // 2, 2):
        assert not (sine * sine + cosine * cosine - one).vanishes()  # not yet asked


def test_a_form_without_end_is_left_alone() -> None:
    """Sums of many angles: written out, they would fill the memory."""
    with working(FORMAL, 2):
        total = real(1)
        for k in range(12):
            total = total * (of("sin", real(Fraction(k + 2, 7**k)), arb.sin) + real(1))
        form: Real = total * named("radius", arb(0, 1))
        assert not form.vanishes()
