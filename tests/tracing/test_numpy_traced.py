"""NumPy's functions as they are traced: a table of functions and shapes, each against NumPy's own result."""

import contextlib

import numpy as np
import pytest

from diffcli import compare, jacobian
from diffcli.runtime.errors import DiffError

V = np.array([0.5, 2.0, 1.25])
M = np.array([[2.0, 0.5, 0.25], [0.5, 3.0, 1.0], [0.25, 1.0, 4.0]])
STACK = np.array([[[9.0, 1.0], [1.0, 4.0]], [[1.0, 4.0], [4.0, 25.0]]])
CUBE = np.linspace(0.5, 4.0, 12).reshape(2, 3, 2) ** 1.5
SHAPES = {"number": np.float64(1.5), "vector": V, "matrix": M, "stack": CUBE, "one": np.array([0.75])}

REDUCTIONS = ("sum", "prod", "mean", "std", "var", "max", "min", "median", "cumsum", "cumprod", "ptp", "nansum")
ARGUMENTS = ({}, {"axis": 0}, {"axis": -1}, {"axis": 1}, {"axis": 0, "keepdims": True}, {"axis": (0, 1)})
ENTRYWISE = (
    "sin", "cos", "tan", "exp", "log", "sqrt", "cbrt", "square", "reciprocal", "tanh", "arctan", "sinh", "cosh",
    "arcsinh", "expm1", "log1p", "log2", "log10", "abs", "negative", "positive", "sign", "floor", "ceil", "rint",
    "trunc", "deg2rad", "rad2deg", "degrees", "radians", "exp2", "fabs", "sinc", "ravel", "transpose", "flip", "copy",
    "atleast_1d", "atleast_2d", "squeeze", "diff", "zeros_like", "ones_like", "triu", "tril", "trace", "diagonal",
    "sort", "fliplr", "real", "conj", "nan_to_num", "array", "asarray", "concatenate", "stack", "vstack", "hstack",
)  # fmt: skip
OTHERS = {
    "softmax": lambda x: np.exp(x) / np.sum(np.exp(x), axis=-1, keepdims=True),
    "maximum": lambda x: np.maximum(x, 1.1),
    "where": lambda x: np.where(x > 1.1, x, x * x),
    "clip": lambda x: np.clip(x, 0.6, 1.9),
    "outer": lambda x: np.outer(x, x),
    "einsum": lambda x: np.einsum("...i,...i", x, x),
    "dot": lambda x: np.dot(x, np.transpose(x)),
    "matmul": lambda x: x @ np.swapaxes(x, -1, -2),
    "tensordot": lambda x: np.tensordot(x, x, axes=1),
    "roll": lambda x: np.roll(x, 1, axis=-1),
    "tile": lambda x: np.tile(x, 2),
    "repeat": lambda x: np.repeat(x, 2, axis=0),
    "reshape": lambda x: np.reshape(x, (-1, 1)),
    "moveaxis": lambda x: np.moveaxis(x, 0, -1),
    "expand": lambda x: np.expand_dims(x, -1) * x,
    "norm": np.linalg.norm,
    "norm axis": lambda x: np.linalg.norm(x, axis=-1),
    "norm 1": lambda x: np.linalg.norm(x, 1, axis=0),
    "norm inf": lambda x: np.linalg.norm(x, np.inf, axis=-1, keepdims=True),
    "norm 3": lambda x: np.linalg.norm(x, 3, axis=-1),
    "norm of a matrix": lambda x: np.linalg.norm(x, 1),
    "quantile": lambda x: np.quantile(x, 0.3, axis=-1),
    "percentile": lambda x: np.percentile(x, [25, 60], axis=0),
    "interp": lambda x: np.interp(x, [0.0, 1.0, 5.0], [2.0, 0.5, 9.0]),
    "cross": lambda x: np.cross(x, x[..., ::-1]),
    "kron": lambda x: np.kron(x, x),
    "gradient": lambda x: np.gradient(x, axis=0),
    "convolve": lambda x: np.convolve(x, x),
    "polyval": lambda x: np.polyval([1.0, 2.0, 3.0], x),
    "average": lambda x: np.average(x, axis=0),
    "logaddexp": lambda x: np.logaddexp(x, 0.5),
    "add.reduce": lambda x: np.add.reduce(x, axis=-1),
    "multiply.accumulate": lambda x: np.multiply.accumulate(x, axis=0),
    "any": lambda x: x * np.any(x > 1.1),
    "argmax": lambda x: np.take(x, np.argmax(x)),
    "argsort": lambda x: np.take_along_axis(x, np.argsort(x, axis=-1), axis=-1),
    "divmod": lambda x: np.divmod(x, 0.7)[1],
    "linspace": lambda x: np.linspace(x, 2 * x, 3),
    "linspace axis": lambda x: np.linspace(x, 9.0, 4, axis=-1),
    "unstacked": lambda x: [2 * part for part in x],
    "method": lambda x: x.sum(axis=0).mean() + x.max() * x.T.ravel()[0],
}
LINALG = {
    "cholesky": np.linalg.cholesky,
    "sum of cholesky": lambda a: np.sum(np.linalg.cholesky(a)),
    "inv": np.linalg.inv,
    "det": np.linalg.det,
    "slogdet": lambda a: np.linalg.slogdet(a)[1],
    "solve a vector": lambda a: np.linalg.solve(a, np.arange(1.0, a.shape[-1] + 1)),
    "solve a matrix": lambda a: np.linalg.solve(a, np.ones((a.shape[-1], 2)) * a[..., :1, :1]),
    "trace": lambda a: np.trace(a, axis1=-2, axis2=-1),
    "matrix_power": lambda a: np.linalg.matrix_power(a, 3),
}


def held(function, x, at):
    """Traced as NumPy computes it, or refused in our words; never anything else."""
    try:
        with np.errstate(all="ignore"):
            wanted = np.asarray(function(np.array(x) if np.ndim(x) else x), dtype=float)
    except Exception:  # noqa: BLE001 - NumPy does not do it either
        with contextlib.suppress(DiffError):
            assert compare(function, {"x": at}, methods="forward").truth.status == "undecided"
        return
    try:
        found = compare(function, {"x": at}, wrt="x", methods="forward")
    except DiffError as refused:
        assert refused.message  # noqa: PT017 - a refusal is an answer
        return
    assert found.case.expression.shape == wanted.shape
    assert found.values == pytest.approx(wanted.ravel().tolist(), rel=1e-12, abs=1e-14, nan_ok=True)
    assert found.case.doubt is None or "edge" in found.case.doubt.reason


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", [*ENTRYWISE, *OTHERS])
def test_functions_of_arrays_are_numpys(name, shape):
    x = SHAPES[shape]
    held(OTHERS.get(name) or getattr(np, name), x, x.tolist())


@pytest.mark.parametrize("shape", ["vector", "matrix", "stack"])
@pytest.mark.parametrize("name", REDUCTIONS)
def test_reductions_are_numpys_along_every_axis(name, shape):
    x = SHAPES[shape]
    for words in ARGUMENTS:
        held(lambda x, words=words: getattr(np, name)(x, **words), x, x.tolist())


@pytest.mark.parametrize("name", LINALG)
def test_linear_algebra_goes_through_stacks(name):
    for a in (M, STACK, np.stack([[M, 2 * M], [M.T + 1, 3 * M]]), V, CUBE):
        held(LINALG[name], a, a.tolist())


def test_the_cholesky_factors_of_a_stack():
    found = compare(lambda a: np.sum(np.linalg.cholesky(a)), {"a": STACK.tolist()}, methods="forward, reverse")
    assert found.values == (13.305359927699872,)
    assert found.truth.status == "certified"
    assert found.good
    assert np.shape(jacobian(np.linalg.cholesky, {"a": STACK.tolist()}, wrt="a")) == (8, 8)
