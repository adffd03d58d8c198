"""Derivatives inside functions: numbers belong to their run, and perturbations are never confused."""

import random

import numpy as np
import pytest
import sympy

from diffcli import compare, derivative, gradient, hessian, jacobian, jvp, trace, vjp
from diffcli.functions import erf, exp, sin
from diffcli.runtime.errors import DiffError


def inner(x):
    return x * derivative(lambda y: y * y * y + x, {"y": 1.0})


def captured(x):
    return derivative(lambda s: s * s * x, {"s": 2.0})


def moved(x):
    return derivative(lambda s: s**3, {"s": x})


def three_deep(x):
    return derivative(lambda s: s * derivative(lambda t: t * t * s * x, {"t": s}), {"s": x})


def of_vectors(x):
    return np.sum(np.array(gradient(lambda s: np.sum(s**3) * x[0], {"s": x})))


def of_a_text(x):
    return derivative("exp(2*s)*a", {"s": x, "a": x}, wrt="s")


def erf_of(s):
    return erf(s)


def of_named_constants(x):
    return derivative(erf_of, {"s": x})


def second(x):
    return hessian(lambda s, t: s**3 * t**2 * x, {"s": x, "t": 2.0})[0][1]


def along(x):
    return jvp(lambda s: np.stack([s * x, s * s]), {"s": x}, [3.0])[1] + vjp("[s*a, s^2]", {"s": x, "a": x}, [1, 1])[0]


def held(x):
    return derivative(lambda s, p: s**p, {"s": 3.0, "p": x}, wrt="s")


@pytest.mark.parametrize(
    ("function", "at", "slopes"),
    [
        (inner, 1.0, [3.0]),
        (captured, 1.0, [4.0]),
        (moved, 2.0, [12.0]),
        (three_deep, 1.0, [18.0]),
        (of_vectors, [1.0, 2.0], [21.0, 12.0]),
        (of_a_text, 1.0, [6 * np.exp(2.0)]),
        (of_named_constants, 1.0, [-4 / np.sqrt(np.pi) * np.exp(-1.0)]),
        (second, 2.0, [3 * 2 * 2 * 3 * 4.0]),
        (along, 2.0, [6.0 + 1 + 2]),
        (held, 2.0, [3.0 + 2 * 3 * np.log(3.0)]),
    ],
    ids=lambda part: getattr(part, "__name__", ""),
)
def test_a_derivative_inside_a_function_is_differentiated(function, at, slopes):
    found = compare(function, {"x": at}, timeout=60)
    assert found.truth.status == "certified"
    assert found.good
    assert [float(entry) for entry in found.truth.derivative] == pytest.approx(slopes)


@pytest.mark.parametrize(
    ("method", "order"),
    [
        ("symbolic", 1),
        ("forward", 1),
        ("reverse", 1),
        ("forward-over-reverse", 2),
        ("taylor", 3),
        ("central-difference", 1),
    ],
)
def test_every_method_of_ours_can_be_the_inner_one(method, order):
    def f(x):
        return derivative(lambda y: y**3 * x, {"y": 2.0}, method=method, order=order)

    assert derivative(f, {"x": 3.0}) == pytest.approx((12.0, 12.0, 6.0)[order - 1], rel=1e-6)


def test_a_peer_gives_floats_and_is_refused():
    pytest.importorskip("autograd")
    with pytest.raises(DiffError, match="plain floats"):
        derivative(lambda x: derivative("s^2*a", {"s": 1.0, "a": x}, wrt="s", method="autograd"), {"x": 1.0})


@pytest.mark.parametrize("call", [compare, trace])
def test_what_shows_numbers_refuses_traced_ones(call):
    with pytest.raises(DiffError, match="cannot be made while") as caught:
        derivative(lambda x: call(lambda s: s * x, {"s": 1.0}) and x, {"x": 1.0})
    assert "gradient" in caught.value.hint


def test_without_capture_a_comparison_is_made_inside():
    assert derivative(lambda x: x * float(compare("s^2", {"s": 2.0}).truth.derivative[0]), {"x": 1.0}) == 4.0


# --- random expressions, three derivatives deep, against SymPy
def drawn(random, names, depth):
    """A smooth expression of these names, as a text that both Python and SymPy read."""
    if depth == 0:
        return random.choice([*names, str(random.randint(1, 3))])
    kind = random.randrange(5)
    one, other = (drawn(random, names, depth - 1) for _ in range(2))
    return [f"({one} + {other})", f"{one}*{other}", f"sin({one})", f"({one})**2", f"exp({one}/4)"][kind]


def nested(random, names, level):
    """An expression in which derivatives by further names stand, and its twin for SymPy."""
    text = drawn(random, names, 2)
    if level == 0:
        return text, text
    name = f"v{level}"
    body, twin = nested(random, [*names, name], level - 1)
    body, twin = (f"{part}*{drawn_again}" for part, drawn_again in zip((body, twin), [f"sin({name})"] * 2, strict=True))
    place = random.choice([*names, "1.5"])
    ours = f"derivative(lambda {name}: {body}, {{'{name}': {place}}})"
    theirs = f"diff({twin}, {name}).subs({name}, {place})"
    return f"({text})*{ours} + {names[0]}", f"({text})*{theirs} + {names[0]}"


@pytest.mark.parametrize("seed", range(25))
def test_nested_derivatives_are_sympys(seed):
    ours, theirs = nested(random.Random(seed), ["x"], 3)
    f = eval(f"lambda x: {ours}", {"derivative": derivative, "sin": sin, "exp": exp})  # noqa: S307
    names = {name: sympy.Symbol(name) for name in ("x", "v1", "v2", "v3")}
    exact = eval(theirs, {"diff": sympy.diff, "sin": sympy.sin, "exp": sympy.exp, **names})  # noqa: S307
    value, slope = (float(part.subs(names["x"], 0.75)) for part in (exact, sympy.diff(exact, names["x"])))
    assert f(0.75) == pytest.approx(value, rel=1e-9, abs=1e-9)
    assert derivative(f, {"x": 0.75}) == pytest.approx(slope, rel=1e-9, abs=1e-9)


# --- numbers of runs that have ended
def test_a_number_kept_from_another_run_is_refused_by_its_name():
    kept = []
    assert derivative(lambda a: (kept.append(2 * a), 3 * a)[1], {"a": 1.0}) == 3.0
    for use in (lambda x: x * x * x + kept[0], lambda x: kept[0] * x, lambda x: np.sin(kept[0]) + x):
        with pytest.raises(DiffError, match=r"computed from a was kept from another run of .*lambda"):
            derivative(use, {"x": 2.0})
    for outside in (lambda: kept[0] + 1, lambda: kept[0] > 1 and 1, lambda: np.exp(kept[0])):
        with pytest.raises(DiffError, match="was kept from another run"):
            outside()


def test_a_cache_between_calls_is_refused_by_its_name():
    cache = {}

    def f(x):
        if "k" not in cache:
            cache["k"] = 2 * x
        return cache["k"] * x

    assert derivative(f, {"x": 1.0}) == 4.0
    with pytest.raises(DiffError, match=r"computed from x was kept from another run of .*f") as caught:
        derivative(f, {"x": 1.0})
    assert "cache" in caught.value.hint


def test_a_number_of_the_inner_run_is_refused_outside_of_it():
    def f(x):
        kept = []
        derivative(lambda s: (kept.append(s), s * x)[1], {"s": 1.0})
        return kept[0] * x

    with pytest.raises(DiffError, match="computed from s was kept"):
        derivative(f, {"x": 1.0})


def test_a_jacobian_of_a_jacobian():
    found = jacobian(lambda x: np.array(jacobian(lambda s: np.stack([s * x, s**2]), {"s": x})).ravel(), {"x": 3.0})
    assert found == [[1.0], [2.0]]
