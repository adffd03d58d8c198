"""Python functions: run once, their programs are those of the paths taken, and their derivatives are proved."""

import importlib.util
import inspect
import json
import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from diffcli.cli.main import main
from diffcli.comparison.compare import compare
from diffcli.comparison.result import Settings
from diffcli.core.evaluate import evaluate
from diffcli.numbers.float64 import FLOAT64
from diffcli.problem.asked import Asked
from diffcli.problem.understanding import make_case, traced_case
from diffcli.runtime.errors import DiffError
from diffcli.tracing.loading import load

HERE = Path(__file__).parent.parent
FUNCTIONS = HERE / "python_functions"
LESSON = HERE.parent / "samples" / "lessons" / "control_flow.py"
BIT_FOR_BIT = 0

# A function, a point, and how many ulps its traced value may be from what Python computes. NumPy adds eight and
# more numbers pairwise, has its own elementary functions, powers and linear algebra; where Python's own operators
# are all that is used, the values are equal bit for bit.
M3 = ((2.0, 0.5, 0.25), (0.5, 3.0, 1.0), (0.25, 1.0, 4.0))
CASES = [
    ("optimisation", "rosenbrock", {"x": (1.5, -0.5, 2.0, 0.25)}, BIT_FOR_BIT),
    ("optimisation", "rosenbrock_sliced", {"x": (1.5, -0.5, 2.0, 0.25)}, 2),
    ("optimisation", "ackley", {"x": (1.0, -0.5, 0.75)}, 8),
    ("optimisation", "rastrigin", {"x": (0.5, -1.25, 2.0)}, 4),
    ("optimisation", "griewank", {"x": (3.0, -2.0, 1.0, 5.0)}, 4),
    ("optimisation", "beale", {"x": 1.25, "y": 0.75}, BIT_FOR_BIT),
    ("optimisation", "himmelblau", {"x": -2.0, "y": 3.5}, BIT_FOR_BIT),
    ("optimisation", "booth", {"x": (0.5, 1.5)}, BIT_FOR_BIT),
    ("optimisation", "styblinski_tang", {"x": (-2.5, 1.0, 0.5)}, 2),
    ("optimisation", "zakharov", {"x": (0.5, -1.0, 2.0)}, 2),
    ("optimisation", "levy", {"x": (0.5, 3.0, -1.0)}, 4),
    ("optimisation", "michalewicz", {"x": (2.25, 1.5)}, 64),
    ("optimisation", "powell", {"x": (3.0, -1.0, 0.5, 1.0, 2.0, 1.0, -0.5, 0.25)}, 2),
    ("optimisation", "six_hump_camel", {"x": 0.5, "y": -0.75}, BIT_FOR_BIT),
    ("optimisation", "goldstein_price", {"x": 0.5, "y": -0.25}, BIT_FOR_BIT),
    ("optimisation", "huber", {"residuals": (0.25, -3.0, 1.5)}, 2),
    ("optimisation", "penalised", {"x": (0.5, 2.0, -1.0)}, 2),
    ("optimisation", "quadratic_form", {"x": (1.0, -2.0, 0.5)}, 2),
    ("numerics", "newton_sqrt", {"a": 7.0}, BIT_FOR_BIT),
    ("numerics", "newton_sqrt", {"a": 0.3}, BIT_FOR_BIT),
    ("numerics", "fixed_point", {"a": 0.75}, 2),
    ("numerics", "runge_kutta", {"state": (1.0, 2.0, 3.0), "h": 0.01}, 2),
    ("numerics", "euler_pendulum", {"theta": 1.0, "omega": 0.5}, 64),
    ("numerics", "horner", {"x": 0.7, "coefficients": (1.0, -2.0, 0.5, 3.0)}, BIT_FOR_BIT),
    ("numerics", "kahan_sum", {"values": (1.0, 1e-17, 3.5, -2.0)}, BIT_FOR_BIT),
    ("numerics", "dft_power", {"signal": (1.0, 2.0, -1.0, 0.5, 0.25)}, 16),
    ("numerics", "logistic_map", {"r": 3.7, "x": 0.3}, BIT_FOR_BIT),
    ("numerics", "bessel_j0", {"x": 2.5}, BIT_FOR_BIT),
    ("numerics", "golden", {"x": 1.25}, BIT_FOR_BIT),
    ("numerics", "trapezoid_rule", {"a": 0.25, "b": 1.5}, 8),
    ("numerics", "simpson", {"b": 2.0}, BIT_FOR_BIT),
    ("numerics", "cholesky_determinant", {"a": (4.0, 1.0, 0.5, 3.0, 0.25, 2.0)}, BIT_FOR_BIT),
    ("numerics", "gram_schmidt", {"A": ((2.0, 1.0), (0.5, 3.0), (1.0, -1.0))}, 8),
    ("numerics", "matrix_power_trace", {"A": ((0.5, 1.0), (-0.25, 1.5))}, 2),
    ("numerics", "rotation", {"angle": 0.75, "point": (2.0, -1.0)}, 4),
    ("numerics", "quaternion_rotation", {"q": (1.0, 0.5, -0.25, 2.0), "v": (1.0, 2.0, 3.0)}, 64),
    ("numerics", "power_iteration", {"A": M3}, 8),
    ("numerics", "thomas", {"d": (3.0, 4.0, 5.0, 4.5)}, BIT_FOR_BIT),
    ("numerics", "collatz", {"x": 6.25}, BIT_FOR_BIT),
    ("numerics", "smoothed", {"x": (1.0, 4.0, -2.0, 0.5)}, 2),
    ("numerics", "variance", {"x": (1.0, 4.0, -2.0, 0.5)}, 4),
    ("numerics", "distances", {"points": ((0.0, 1.0), (2.0, 0.5), (-1.0, 3.0))}, 4),
    ("numerics", "solved", {"A": M3, "b": (1.0, 2.0, 3.0)}, 64),
    ("numerics", "gaussian_log_density", {"x": (1.0, 2.0, 0.5), "S": M3}, 64),
    ("numerics", "arc_length", {"t": 0.6}, 4),
    ("numerics", "median_of", {"x": (3.0, 1.0, 7.0, -2.0)}, BIT_FOR_BIT),
    ("numerics", "relu_by_mask", {"x": (3.0, -1.0, 7.0, -2.0)}, BIT_FOR_BIT),
    ("numerics", "midpoint", {"f0": 0.5, "steps": 6.0}, 4),
    ("learning", "network_loss", {"W1": ((0.5, -1.0), (1.5, 0.25)), "b1": (0.1, -0.2), "w2": (1.0, -1.5)}, 8),
    ("learning", "cross_entropy", {"logits": (1.0, 2.0, -0.5)}, 8),
    ("learning", "softplus", {"x": (0.5, 31.0, -2.0)}, 4),
    ("learning", "logistic_regression", {"w": (0.5, -0.25, 1.0)}, 8),
    ("learning", "layer_norm", {"x": (1.0, 2.0, 4.0)}, 8),
    ("learning", "attention", {"q": (1.0, 0.5), "K": ((1.0, 2.0), (0.5, -1.0)), "V": ((1.0, 2.0), (3.0, 4.0))}, 8),
    ("learning", "gradient_descent", {"w": (0.5, -0.25), "rate": 0.5}, 32),
    ("learning", "hinge", {"w": (0.5, -0.25)}, 4),
    ("learning", "leaky", {"x": (-2.0, -0.5, 3.0)}, 4),
    ("learning", "gelu", {"x": 0.75}, 4),
    ("learning", "elu", {"x": -0.5}, 2),
    ("learning", "recurrent", {"w": (0.5, 1.5)}, 8),
    ("learning", "cosine_similarity", {"a": (1.0, 2.0), "b": (3.0, -0.5)}, 4),
]
FLOATS = Settings(("forward", "reverse"))


def source(module, name):
    return f"{FUNCTIONS / module}.py:{name}"


def plain(function, at):
    """What Python computes, on arrays and floats; a parameter that is annotated int gets an int."""
    annotations = getattr(inspect.unwrap(function), "__annotations__", {})
    given = {
        name: np.array(value) if isinstance(value, tuple) else int(value) if annotations.get(name) is int else value
        for name, value in at.items()
    }
    return np.ravel(np.array(function(**given), dtype=float))


def ulps(found, wanted):
    return max(abs(a - b) / math.ulp(b or 1.0) for a, b in zip(found, wanted, strict=True))


def differences(function, at, wrt):
    """Central differences: a column for every entry."""
    columns = []
    for name in wrt:
        entries = np.ravel(np.array(at[name]))
        for i in range(len(entries)):
            sides = []
            for sign in (1, -1):
                step = 1e-6 * max(1.0, abs(entries[i]))
                moved = entries.copy()
                moved[i] += sign * step
                value = moved.reshape(np.shape(at[name]))
                sides.append(plain(function, {**at, name: value.tolist() if not value.shape else _tuples(value)}))
            columns.append((sides[0] - sides[1]) / (2 * step))
    return np.ravel(np.array(columns).T)


def _tuples(value):
    return tuple(map(_tuples, value)) if isinstance(value, np.ndarray) else float(value)


def function_of(text):
    return load(text).function


@pytest.mark.parametrize(("module", "name", "at", "allowed"), CASES, ids=lambda part: part if type(part) is str else "")
def test_a_function_runs_untouched_and_its_derivative_is_right(module, name, at, allowed):
    text = source(module, name)
    function = function_of(text)
    case = traced_case(text, at)
    comparison = compare(case, FLOATS)
    assert ulps(comparison.values, plain(function, at)) <= allowed
    for measurement in comparison.measurements:
        assert measurement.verdict == "ok", measurement
        assert measurement.derivative == pytest.approx(differences(function, at, case.wrt), rel=2e-5, abs=2e-6)


def test_there_are_many_functions():
    assert len({(module, name) for module, name, _, _ in CASES}) >= 40


# --- functions of installed packages
PACKAGES = [
    ("numpy.polynomial.polynomial:polyval", {"x": 0.5, "c": (1.0, 2.0, 3.0)}, 0),
    ("numpy.polynomial.chebyshev:chebval", {"x": 0.5, "c": (1.0, 2.0, 3.0, -1.0)}, 0),
    ("numpy.polynomial.legendre:legval", {"x": 0.5, "c": (1.0, 2.0, 3.0, -1.0)}, 0),
    ("numpy.polynomial.polynomial:polymul", {"c1": (1.0, 2.0), "c2": (3.0, 4.0, 5.0)}, 0),
    ("numpy:polyval", {"p": (1.0, 2.0, 3.0), "x": 0.5}, 0),
    ("numpy:trapezoid", {"y": (1.0, 3.0, 2.0), "x": (0.0, 0.5, 2.0)}, 0),
    ("numpy:var", {"a": (1.0, 3.0, 2.5)}, 2),
    ("numpy:cross", {"a": (1.0, 2.0, 3.0), "b": (0.5, -1.0, 2.0)}, 0),
    ("numpy:kron", {"a": (1.0, 2.0), "b": (3.0, 4.0)}, 0),
    ("numpy:diff", {"a": (1.0, 3.0, 2.5)}, 0),
    ("numpy:cumsum", {"a": (1.0, 3.0, 2.5)}, 0),
    ("numpy:vander", {"x": (0.5, 2.0), "N": 3.0}, 0),
    ("numpy:average", {"a": (1.0, 3.0, 2.5), "weights": (1.0, 2.0, 0.5)}, 2),
    ("numpy:sinc", {"x": 0.3}, 4),
    ("numpy.linalg:norm", {"x": (1.0, 3.0, 2.5)}, 2),
    ("numpy.linalg:det", {"a": M3}, 8),
    ("numpy.linalg:cholesky", {"a": M3}, 8),
    ("statistics:fmean", {"data": (1.0, 3.0)}, None),
]


@pytest.mark.parametrize(("text", "at", "allowed"), PACKAGES, ids=lambda part: part if type(part) is str else "")
def test_functions_of_installed_packages_run_as_they_stand(text, at, allowed):
    wrt = [name for name in at if name != "N"]
    if allowed is None:
        with pytest.raises(DiffError, match="plain float"):
            traced_case(text, at, wrt)
        return
    function = function_of(text)
    case = traced_case(text, at, wrt)
    comparison = compare(case, FLOATS)
    typed = {name: int(value) if name == "N" else value for name, value in at.items()}
    given = {name: np.array(value) if isinstance(value, tuple) else value for name, value in typed.items()}
    assert (
        ulps(comparison.values, np.ravel(function(*given.values()) if text.endswith("cholesky") else function(**given)))
        <= allowed
    )
    assert [m.verdict for m in comparison.measurements] == ["ok", "ok"]


# --- the lecture's function
@pytest.mark.parametrize(("a", "slope", "turns"), [(1.0, 1024, 9), (0.3, 4096, 11), (3.0, 512, 8), (-1.0, 102400, 9)])
def test_the_lectures_function_by_every_method(a, slope, turns):
    case = traced_case(f"{LESSON}:f", {"a": a})
    comparison = compare(case, Settings())
    assert comparison.truth.status == "certified"
    assert [m.derivative for m in comparison.measurements] == [(slope,)] * 3
    assert comparison.good
    loop, branch = case.path
    assert (loop.kind, loop.count) == ("while", turns)
    assert (branch.kind, branch.count, branch.taken) == ("if", 1, int(a > 0))
    assert not case.expression.notes


def test_the_path_is_told(capsys):
    assert main([f"{LESSON}:f", "--at", "a=0.3"]) == 0
    told = capsys.readouterr().out
    assert "4096" in told
    assert "Path: while at line 13 turned 11 times; if at line 15 taken. The derivative holds on this path." in told


def test_a_vector_has_its_jacobian():
    comparison = compare(traced_case(f"{LESSON}:f", {"a": (1.0, 2.0)}), Settings())
    assert comparison.truth.derivative is not None
    assert [float(entry) for entry in comparison.truth.derivative] == [512, 0, 0, 512]
    assert comparison.good


@pytest.mark.parametrize(
    ("asked", "wanted"),
    [
        (Asked(order=2), [802.0, -400.0, -400.0, 200.0]),
        (Asked(jvp="1, 2"), [-400.0 + 400.0]),
        (Asked(hvp="1, 0"), [802.0, -400.0]),
    ],
    ids=["hessian", "jvp", "hvp"],
)
def test_every_kind_of_derivative(asked, wanted):
    comparison = compare(traced_case(source("optimisation", "rosenbrock"), {"x": (1.0, 1.0)}, asked=asked), Settings())
    assert comparison.truth.derivative is not None
    assert [float(entry) for entry in comparison.truth.derivative] == [
        pytest.approx(value) for value in (wanted if asked.jvp is None else [0.0])
    ]
    assert comparison.good


def test_the_order_of_a_vector_says_what_to_do():
    with pytest.raises(DiffError, match="is for a scalar"):
        traced_case(f"{LESSON}:f", {"a": (1.0, 2.0)}, asked=Asked(order=2))


# --- paths, edges, kinks
def written(tmp_path, text):
    file = tmp_path / "lesson.py"
    file.write_text("import math\nimport numpy as np\n" + text)
    return f"{file}:f"


def steps(case):
    return [(step.line, step.kind, step.count, step.taken) for step in case.path]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("def f(x):\n  while x < 100: x = 2*x\n  return x\n", [(4, "while", 6, None)]),
        ("def f(x):\n  for i in range(3):\n    for j in range(2):\n      x = x*2\n  return x\n",
         [(4, "for", 3, None), (5, "for", 6, None)]),
        ("def f(x):\n  while True:\n    x = x*2\n    if x > 100: break\n  return x\n",
         [(4, "while", 6, None), (6, "if", 6, 1)]),
        ("def f(x):\n  for i in range(4):\n    if i % 2:\n      continue\n    x = x*2\n  return x\n",
         [(4, "for", 4, None), (5, "if", 4, 2)]),
        ("def f(x):\n  y = -x if x < 0 else x\n  return y*y\n", [(4, "if-else", 1, 0)]),
        ("def f(x):\n  if x < 0:\n    return x\n  elif x < 1:\n    return 2*x\n  else:\n    return 3*x\n",
         [(4, "if", 1, 0), (6, "if", 1, 0)]),
        ("def f(x):\n  return max(x, 1.0)*x\n", [(4, "comparison", 1, 0)]),
        ("def f(x):\n  while x > 2:\n    x = x - 1\n  return x\n", [(4, "while", 0, None)]),
        ("def g(n, x):\n  if n == 0:\n    return x\n  return g(n - 1, 2*x)\ndef f(x):\n  return g(3, x)\n",
         [(4, "if", 4, 1)]),
        ("def f(x):\n  g = lambda t: t if t > 0 else -t\n  return g(x) + g(-x)\n", [(4, "if-else", 2, 1)]),
    ],
)  # fmt: skip
def test_the_path_counts_what_happened(tmp_path, text, wanted):
    assert steps(traced_case(written(tmp_path, text), {"x": 2.0})) == wanted


def test_conditions_on_one_line_are_counted_together(tmp_path):
    body = "(lambda t: t if t > 0 else -t), (lambda t: t if t > 9 else -t), (lambda t: t if t > 1 else -t)"
    text = f"def f(x):\n  a, b, c = {body}\n  return a(x) + b(x) + c(x) + c(x)\n"
    assert steps(traced_case(written(tmp_path, text), {"x": 2.0})) == [(4, "if-else", 4, 3)]


def test_the_edge_of_a_branch_is_said(tmp_path):
    text = "def f(x):\n  if x > 0:\n    return x\n  return -x\n"
    case = traced_case(written(tmp_path, text), {"x": 0.0})
    (note,) = case.expression.notes
    assert note.startswith("the point lies exactly on the edge of the branch at line 4 (if x > 0): the derivative is")
    assert traced_case(written(tmp_path, text), {"x": 1.0}).expression.notes == ()


def test_an_edge_in_code_without_text_is_said_by_its_line():
    function = eval("lambda x: x*x if x > 0 else -x")  # noqa: S307
    (note,) = traced_case(function, {"x": 0.0}).expression.notes
    assert "edge of the branch at line 1: the" in note


def test_what_rounding_decides_is_said(tmp_path):
    text = "def f(x):\n  if x + 0.2 > 0.3:\n    return x\n  return -x\n"
    # the float64 nearest 0.1 and 0.2 add up to more than that nearest 0.3, in exact arithmetic as well
    assert traced_case(written(tmp_path, text), {"x": 0.1}).expression.notes == ()
    text = "def f(x):\n  if (x + 1e-20) - x <= 0:\n    return x\n  return -x\n"
    (note,) = traced_case(written(tmp_path, text), {"x": 1.0}).expression.notes
    assert "decided by rounding" in note


def test_newtons_last_step_is_decided_by_rounding(tmp_path):
    text = "def f(x):\n  y = x\n  while True:\n    new = 0.5*(y + x/y)\n    if new == y:\n      return y\n    y = new\n"
    case = traced_case(written(tmp_path, text), {"x": 2.0})
    (note,) = case.expression.notes
    assert note.startswith("the branch at line 7 (if new == y) is decided by rounding")
    assert compare(case, FLOATS).good


@pytest.mark.parametrize(("x", "edge"), [(2.5, False), (2.0, True), (3.25, False)])
def test_a_test_of_whole_numbers_is_an_edge_only_where_they_jump(tmp_path, x, edge):
    text = "def f(x):\n  return x if np.floor(x) % 2 == 0 else -x\n"
    assert bool(traced_case(written(tmp_path, text), {"x": x}).expression.notes) is edge


STYLES = [
    (
        "@functools.cache\ndef g(n, x): return x if n < 2 else g(n-1, x) + g(n-2, x)\ndef f(x): return g(9, x)",
        55.0,
    ),
    (
        "@dataclasses.dataclass\nclass P:\n  k: float\n  def e(self, x): return self.k*x\ndef f(x): return P(x).e(x)",
        4.0,
    ),
    ("class M:\n  w = 3.0\n  def __call__(self, x): return self.w*x\nf = M()", 3.0),
    ("def f(x): return sum({'a': x, 'b': 2*x}.values())", 3.0),
    ("def f(x): return max(np.sin(x), x*x, key=lambda v: -v)", math.cos(2.0)),
    ("def f(x):\n  assert x > 0\n  return divmod(x, 0.75)[1]", 1.0),
    ("def f(x): return math.floor(x)*x", 2.0),
    ("def f(x): return np.linalg.norm(np.array([3*x, 4*x]))", 5.0),
    ("def f(x): return np.array([[x, 1.0], [0.0, x]])[0] @ np.array([x, 1.0])", 4.0),
    ("def f(x):\n  try:\n    return {}['k']\n  except KeyError:\n    return 7*x", 7.0),
    ("def f(x): return np.float64(3)*x + np.int64(2)*x + np.bool_(True)*x", 6.0),
    ("def f(x): return sorted([x, 3*x, 2*x])[-1]", 3.0),
    ("def f(x):\n  acc = np.zeros(2)\n  acc = acc + np.array([x, 2*x])\n  return acc[1]", 2.0),
    ("def f(x):\n  y = np.full(3, x)\n  y[0] = 4*x\n  return y.sum()", 6.0),
    ("def f(x): return np.vectorize(lambda t: t*t)(np.linspace(0, x, 3))[-1]", 4.0),
    ("def f(x): return np.interp(np.stack([x, 9*x]), [0, 1, 3], [5, 5, 9])[0]", 2.0),
    ("def f(x): return np.interp(1, np.stack([0, x]), [3, 7])", -1.0),
    ("def f(x): return np.piecewise(x*np.ones(2), [x > np.array([1, 3])], [lambda t: t*t, 3])[0]", 4.0),
    ("def f(x): return np.percentile(np.stack([x, 3*x, 2*x, 9.0]), 50, axis=0)", 2.5),
    ("def f(x): return np.quantile(np.stack([x, 3*x]), [0.25, 1]).sum()", 4.5),
    ("def f(x): return np.sum(np.stack([x, 3*x]), where=np.stack([x, 3*x]) > 3)", 3.0),
    (
        "from diffcli.functions import sigmoid\ndef f(x): return sigmoid(x - 2) + sigmoid(np.stack([x, 2.0]) - 2)[1]",
        0.25,
    ),
    ("import diffcli.functions as F\ndef f(x): return F.hypot(np.stack([3*x, 0]), 4*x)[0] + F.max(1, 2)", 5.0),
    ("import contextlib\ndef f(x):\n  with contextlib.suppress(ValueError):\n    x = x*2\n  return x", 2.0),
]


@pytest.mark.parametrize(("text", "slope"), STYLES)
def test_ordinary_python_runs(tmp_path, text, slope):
    comparison = compare(traced_case(written(tmp_path, f"import functools, dataclasses\n{text}\n"), {"x": 2.0}), FLOATS)
    assert comparison.good
    assert comparison.measurements[0].derivative == (pytest.approx(slope),)


@pytest.mark.parametrize(
    "body",
    [
        "np.interp(x, [-1, 0, 2], [3, 2, 7])",
        "np.interp(x, [-1, 0], [3, 2])",
        "np.maximum(x, 0)",
        "np.abs(x)",
        "abs(x)",
        "np.where(x > 0, x, 0)",
        "np.clip(x, 0, 1)",
        "np.max(x)",
    ],
)
def test_kinks_stay_kinks(tmp_path, body):
    text = written(tmp_path, f"def f(x):\n  return np.sum({body})\n")
    comparison = compare(traced_case(text, {"x": (0.0, 0.0)}), FLOATS)
    assert comparison.truth.status == "not-differentiable"
    assert not comparison.case.path


def test_conditions_join(tmp_path):
    text = written(tmp_path, "def f(x, y):\n  return np.where((x > 0) & ~(y > 0) | (x > 5), x*y, x + y)\n")
    for x, y in ((1.0, -1.0), (1.0, 1.0), (6.0, 1.0), (-1.0, -1.0)):
        value = compare(traced_case(text, {"x": x, "y": y}), FLOATS).values
        assert value == ((x * y) if x > 0 and not y > 0 or x > 5 else x + y,)


# --- parameters and results
def test_defaults_are_kept_and_may_be_given(tmp_path):
    text = written(tmp_path, "def f(x, n=2, *, scale=3.0):\n  return scale*x**n\n")
    assert compare(traced_case(text, {"x": 2.0}), FLOATS).values == (12.0,)
    case = traced_case(text, {"x": 2.0, "scale": 1.0})
    assert case.wrt == ("x", "scale")
    assert compare(case, FLOATS).values == (4.0,)


def test_a_whole_number_that_is_not_differentiated_counts(tmp_path):
    text = written(tmp_path, "def f(x, n):\n  for i in range(n):\n    x = x*x\n  return x\n")
    with pytest.raises(DiffError) as caught:
        traced_case(text, {"x": 2.0, "n": 3.0})
    assert "--wrt" in caught.value.hint
    comparison = compare(traced_case(text, {"x": 2.0, "n": 3.0}, ["x"]), FLOATS)
    assert comparison.values == (256.0,)
    assert comparison.measurements[0].derivative == (1024.0,)


def test_what_does_not_depend_on_the_point_is_said(tmp_path):
    case = traced_case(written(tmp_path, "def f(x):\n  return 3.0\n"), {"x": 2.0})
    assert "does not depend on x" in case.expression.notes[0]
    assert compare(case, Settings()).good


def test_parts_of_different_shapes_are_put_together(tmp_path):
    case = traced_case(written(tmp_path, "def f(x):\n  return x[0], x*2\n"), {"x": (2.0, 3.0)})
    assert case.expression.shape == (3,)
    assert "different shapes" in case.expression.notes[0]


def test_values_are_those_of_the_program():
    case = traced_case(source("optimisation", "beale"), {"x": 1.25, "y": 0.75})
    assert evaluate(case.expression.program, [1.25, 0.75], FLOAT64) == [
        function_of(source("optimisation", "beale"))(1.25, 0.75)
    ]


# --- refusals
REFUSED = [
    ("by_math", {"x": 1.0}, "math.sin(x)", "np.sin"),
    ("by_name", {"x": 1.0}, "exp(x)", "np.exp"),
    ("by_float", {"x": 1.0}, "float(x)", "leave the conversion out"),
    ("by_int", {"x": 1.0}, "int(x)", "np.floor"),
    ("in_place", {"x": 1.0}, "z[0]", "np.zeros_like"),
    ("added_in_place", {"x": (1.0, 2.0)}, "z += x", "np.zeros_like"),
    ("as_floats", {"x": (1.0, 2.0)}, "dtype=float", "leave out dtype"),
    ("cast", {"x": 1.0}, "astype", "leave out dtype"),
    ("counted", {"n": 3.0}, "range(n)", "--wrt"),
    ("complex_number", {"x": 1.0}, "1j", "real numbers"),
    ("ambiguous", {"x": (1.0, 2.0)}, "x > 0", "the condition is a vector"),
    ("ambiguous_mixed", {"x": 1.0, "y": 2.0}, "truth value", "the condition is a vector"),
    ("spectrum", {"x": (1.0, 2.0)}, "refused.py", "plain floats"),
    ("eigenvalues", {"A": ((1.0, 2.0), (3.0, 4.0))}, "refused.py", "plain floats"),
    ("interpolated", {"x": 0.5}, "refused.py", "x % period"),
    ("interpolated_list", {"x": 0.5}, "np.interp([x, 2 * x]", "np.stack"),
    ("nearest", {"x": (1.0, 2.0)}, "refused.py", "linear"),
    ("by_erf", {"x": 1.0}, "math.erf(x)", "diffcli.functions.erf"),
    ("by_factorial", {"x": 3.0}, "math.factorial(x)", "--wrt"),
    ("raising", {"x": 1.0}, "KeyError", ""),
    ("dividing", {"x": 1.0}, "ZeroDivisionError", ""),
    ("any_number", {}, "*args", "name them"),
    ("nothing", {"x": 1.0}, "returns None", "return a number"),
    ("text", {"x": 1.0}, "a text", "return a number"),
    ("table", {"x": 1.0}, "a dict", "return a number"),
    ("exits", {"x": 1.0}, "SystemExit", ""),
    ("endless", {"x": 1.0}, "RecursionError", "recursion"),
    ("by_math", {}, "no value: x", "--at"),
    ("missing", {"x": 1.0}, "no function 'missing'", "it has:"),
    ("math", {"x": 1.0}, "is no function", ""),
]


@pytest.mark.parametrize(("name", "at", "says", "hints"), REFUSED, ids=[row[0] for row in REFUSED])
def test_what_cannot_be_traced_is_refused_with_the_way_out(name, at, says, hints):
    with pytest.raises(DiffError) as caught:
        traced_case(source("refused", name), at)
    assert says in caught.value.report()
    assert hints in (caught.value.hint or "")


@pytest.mark.parametrize("text", ["lambda x: math.sin(x)", "math.sin"])
def test_what_has_no_text_is_refused_without_one(text):
    """As Python's prompt, which keeps no lines."""
    with pytest.raises(DiffError, match="a traced number is no") as caught:
        traced_case(eval(text), {"x": 1.0})  # noqa: S307
    assert caught.value.source is None
    assert "NumPy's function" in caught.value.hint
    with pytest.raises(DiffError, match="<string>:1: ZeroDivisionError") as caught:
        traced_case(eval("lambda x: 1/0"), {"x": 1.0})  # noqa: S307
    assert caught.value.source is None


def test_scipys_special_functions_are_ours():
    special = pytest.importorskip("scipy.special")
    for name in ("erf", "erfc", "gamma", "gammaln", "psi", "expit"):
        function = getattr(special, name)
        comparison = compare(traced_case(lambda x, f=function: f(x * np.ones(2))[0], {"x": 1.25}, ["x"]), FLOATS)
        assert comparison.good
        assert comparison.measurements[0].values[0] == pytest.approx(function(1.25), rel=1e-14)


@pytest.mark.parametrize("text", ["no_such_file.py:f", "no_such_package:f", "numpy:no_such_function", "numpy:pi"])
def test_what_is_not_there_is_an_error_of_three_parts(text, capsys):
    assert main([text, "--at", "x=1"]) == 2
    assert capsys.readouterr().err.startswith("error: ")


def test_a_broken_file_is_shown_with_its_line(tmp_path, capsys):
    text = written(tmp_path, "def f(x)\n  return x\n")
    assert main([text, "--at", "x=1"]) == 2
    assert "lesson.py:3" in capsys.readouterr().err


def test_a_file_that_fails_is_shown_with_its_line(tmp_path, capsys):
    text = written(tmp_path, "undefined_name\ndef f(x):\n  return x\n")
    assert main([text, "--at", "x=1"]) == 2
    said = capsys.readouterr().err
    assert "lesson.py:3" in said
    assert "NameError" in said


def test_a_loop_without_an_end_is_stopped(tmp_path, capsys):
    text = written(tmp_path, "def f(x):\n  while np.abs(x) < 1:\n    x = 2*x\n  return x\n")
    assert main([text, "--at", "x=0", "--timeout", "0.5"]) == 2
    said = capsys.readouterr().err
    assert "does not come to an end" in said
    assert "the while at line 4 had turned" in said


def test_an_import_without_an_end_is_stopped(tmp_path, capsys):
    text = written(tmp_path, "while True: pass\ndef f(x):\n  return x\n")
    assert main([text, "--at", "x=0", "--timeout", "0.5"]) == 2
    assert "was not imported and run within 0.5 s" in capsys.readouterr().err


def test_what_a_function_prints_does_not_spoil_the_output(tmp_path, capsys):
    text = written(tmp_path, "def f(x):\n  print(f'x is {x:.1f}')\n  return x*x\n")
    assert main([text, "--at", "x=1.5", "--format", "json"]) == 0
    captured = capsys.readouterr()
    assert json.loads(captured.out)["value"] == 2.25
    assert "x is 1.5" in captured.err


def test_a_row_never_names_a_function(tmp_path, capsys):
    with pytest.raises(DiffError, match="a Python function cannot stand here"):
        make_case(f"{LESSON}:f", {"a": 1.0})
    rows = tmp_path / "rows.txt"
    rows.write_text(f"{LESSON}:f | a=1\n")
    assert main(["batch", str(rows), "--jobs", "1", "--format", "json"]) == 1
    assert "a Python function cannot stand here" in capsys.readouterr().out


def test_naming_a_function_imports_nothing():
    code = (
        "import sys; from diffcli.cli.main import main; main(['x*x', '--at', 'x=1', '-m', 'forward'])\n"
        "print(*[m for m in ('numpy', 'diffcli.tracing.values', 'diffcli.tracing.loading') if m in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.splitlines()[-1] == ""


def test_the_functions_know_nothing_of_this_tool():
    for file in FUNCTIONS.glob("*.py"):
        assert "diffcli" not in file.read_text(encoding="utf-8")
        assert importlib.util.spec_from_file_location(file.stem, file) is not None
