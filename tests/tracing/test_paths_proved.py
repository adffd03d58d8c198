"""What is called proved of a Python function: a neighbourhood takes its path, and the path is the function."""

import itertools
import math
import random

import numpy as np
import pytest

from diffcli import compare

COUNTER = itertools.count()


def parabola_at_one(x):
    return x * x if x - 1 == 0 else x


def kink(x):
    if x > 0:
        return 3 * x
    return x


def even(x):
    return x if x % 2 < 1 else 5 * x


def angle(y):
    return y if np.arctan2(y, -1.0) < 4 else 2 * y


def zeroth_power(x):
    return x if x**x > 2 else 7 * x


def jump_before(x):
    return 2 * x if np.floor(x) * 0.5 < 9 else x


def signed(x):
    return -x if np.signbit(x) else 4 * x


def by_rounding(x):
    if (x + 1e-20) - x <= 0:
        return x
    return -x


def same_root(x):
    return x if np.sqrt(x) * np.sqrt(x) == 2 else 5 * x


def cube_root(a):
    low, high = 0.0, 2.0
    for _ in range(60):
        middle = (low + high) / 2
        if middle**3 < a:
            low = middle
        else:
            high = middle
    return low


def square_root(a):
    low, high = 0.0, 3.0
    while high - low > 1e-9:
        middle = (low + high) / 2
        low, high = (middle, high) if middle * middle < a else (low, middle)
    return np.sin(a) + low


def printed(x):
    return float(f"{x:.17g}") * x


def noisy(x):
    return x * np.random.rand()


def counted(x):
    return x * next(COUNTER)


def of_its_type(x):
    return 2 * x if isinstance(x, float) else 3 * x


def raising(x):
    if isinstance(x, float):
        raise ValueError("no float")
    return 3 * x


EDGE, ROUNDING, EXACT = "lies on the edge of", "is decided by", "could not be proved"
MOVES, AGAIN, PLAIN = "does not explain how", "gives another value", "a plain run of"


@pytest.mark.parametrize(
    ("function", "at", "says", "path"),
    [
        (parabola_at_one, 1.0, EDGE, 2.0),
        (kink, 0.0, EDGE, 1.0),
        (even, 2.0, EDGE, 1.0),
        (angle, 0.0, EDGE, 1.0),
        (zeroth_power, 0.0, EDGE, 7.0),
        (jump_before, 3.0, EDGE, 2.0),
        (signed, 0.0, EDGE, 4.0),
        (by_rounding, 1.0, ROUNDING, 1.0),
        (same_root, 2.0, EXACT, 5.0),
        (cube_root, 1.9, MOVES, 0.0),
        (square_root, 2.0, MOVES, math.cos(2.0)),
        (printed, 1.5, MOVES, 1.5),
        (noisy, 1.0, AGAIN, None),
        (counted, 1.0, AGAIN, None),
        (of_its_type, 1.0, PLAIN, 3.0),
        (raising, 1.0, PLAIN, 3.0),
    ],
    ids=lambda part: getattr(part, "__name__", ""),
)
def test_what_is_not_proved_is_undecided(function, at, says, path):
    found = compare(function, {function.__code__.co_varnames[0]: at}, methods="forward, reverse")
    truth = found.truth
    assert (truth.status, truth.derivative, truth.undecided) == ("undecided", None, (0,))
    assert says in truth.reason
    assert not found.good
    assert {m.verdict for m in found.measurements} == {"no-truth"}
    assert path is None or float(truth.path[0]) == pytest.approx(path)
    written = found.to_dict()["truth"]
    assert written["derivative"] is None or written["derivative"] == [None]
    assert path is None or float(written["path"][0]) == pytest.approx(path)
    assert "No truth is proved" in str(found)
    assert "On the path that was taken it is" in str(found)


@pytest.mark.parametrize(("function", "value"), [(parabola_at_one, "1"), (noisy, None)])
def test_a_value_stands_where_it_is_that_of_the_function(function, value):
    assert compare(function, {"x": 1.0}, methods="forward").to_dict()["truth"]["value"] == value


# --- what is proved
def newton(x):
    y = x
    while True:
        new = 0.5 * (y + x / y)
        if new == y:
            return y
        y = new


def newton_within(x):
    y = x
    while abs(y * y - x) > 1e-12 * x:
        y = 0.5 * (y + x / y)
    return y


def near_a_branch(x):
    return x * x if x > 1 else x


def pieces(x):
    return x if np.floor(x) % 2 == 0 else 2 * x


def unstable(x):
    return (1 - np.cos(x)) / (x * x)


def mean_of_many(x):
    return np.mean(np.sin(x * np.arange(1.0, 1001.0)))


def raises_at_zero(x):
    return math.inf if x > 5 else 1 / x


def with_a_default(x, n=3, scale=0.5):
    return scale * x**n


def shaped(x):
    return x.reshape(1)[0] * 2 if hasattr(x, "reshape") else x * 2


@pytest.mark.parametrize(
    ("function", "at", "slope"),
    [
        (newton, 2.0, 1 / math.sqrt(8)),
        (newton, 7.3, 0.5 / math.sqrt(7.3)),
        (newton_within, 2.0, 1 / math.sqrt(8)),
        (near_a_branch, 1.001, 2.002),
        (pieces, 2.5, 1.0),
        (unstable, 1e-8, None),
        (mean_of_many, 0.7, None),
        (with_a_default, 2.0, 6.0),
        (shaped, 2.0, 2.0),
    ],
    ids=lambda part: getattr(part, "__name__", ""),
)
def test_what_is_proved_stays_proved(function, at, slope):
    truth = compare(function, {"x": at}, methods="forward").truth
    assert truth.status == "certified", truth.reason
    assert slope is None or float(truth.derivative[0]) == pytest.approx(slope)


def test_a_domain_stays_one():
    assert compare(raises_at_zero, {"x": 0.0}).truth.status == "undefined"


def test_every_entry_of_a_vector_is_moved():
    def f(v):
        return v[0] * v[1] + float(f"{v[2]}")

    found = compare(f, {"v": [1.0, 2.0, 3.0]}, methods="forward")
    assert "moves with v[2]" in found.truth.reason
    assert compare(lambda v: np.sum(v * v), {"v": list(range(1, 40))}, methods="forward").truth.status == "certified"


# --- random functions: what a plain run gives, and what is smooth is proved
def drawn(random, depth):
    if not depth:
        return random.choice(["x", "y", "1.5", "0.25"])
    one, other = drawn(random, depth - 1), drawn(random, depth - 1)
    return random.choice([
        f"({one} + {other})", f"({one} * {other})", f"np.sin({one})", f"np.exp(-({one})**2)", f"np.hypot(1.5, {one})",
        f"({one} if {other} > 0.3 else {one} * 2)", f"sum(({one})*k for k in range(3))", f"np.maximum({one}, {other})",
    ])  # fmt: skip


@pytest.mark.parametrize("seed", range(40))
def test_random_functions_are_what_they_are_plainly(seed):
    draws = random.Random(seed)
    function = eval(f"lambda x, y: {drawn(draws, 4)} + 0*x*y", {"np": np})  # noqa: S307
    at = {"x": draws.uniform(-2, 2), "y": draws.uniform(-2, 2)}
    found = compare(function, at, methods="forward")
    assert found.values[0] == pytest.approx(function(**at), rel=1e-13)
    assert found.truth.status in ("certified", "not-differentiable") or found.truth.path is not None
    if found.truth.status == "certified":
        step = 1e-6
        quotient = (function(at["x"] + step, at["y"]) - function(at["x"] - step, at["y"])) / (2 * step)
        assert float(found.truth.derivative[0]) == pytest.approx(quotient, rel=1e-4, abs=1e-4)


# --- constants
SUM, ROWS = 0.1 + 0.2, np.array([0.1, 1 / 3])
PLAIN = -0.1


@pytest.mark.parametrize(
    ("function", "numbers"),
    [
        (lambda x: (x - SUM) ** 2, "0.30000000000000004"),
        (lambda x: x / 3 + x * (1 / 3), "0.3333333333333333"),
        (lambda x: x ** (1 / 3), "0.3333333333333333"),
        (lambda x: x * np.log(5), "1.6094379124341003"),
        (lambda x: np.sum(x * ROWS), "0.3333333333333333"),
        (lambda x: x * 0.1 * 3 + PLAIN * x - x * -0.7, None),
        (lambda x: sum(x * k / 8 for k in range(9)) * 0.75 + 1e-3 * x, None),
        (lambda x: x * (1 / 4) + 10**15 * x + x * 12345678901234567, None),
        (lambda x: 0.3 * x + np.exp(-0.5 * x), None),
        (
            lambda x: x * math.sqrt(2) + x * math.sqrt(3) + x * math.sqrt(5),
            "1.4142135623730951, 1.7320508075688772 and 1",
        ),
        (eval("lambda x: 0.7*x"), None),  # noqa: S307
    ],
)
def test_constants_that_python_computed_are_noted(function, numbers):
    notes = [note for note in compare(function, {"x": 1.5}, methods="forward").notes if "computed by Python" in note]
    assert bool(notes) is bool(numbers)
    assert not numbers or f"enter as the floats they are: {numbers}" in notes[0]
