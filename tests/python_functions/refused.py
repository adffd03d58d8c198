"""Functions that cannot be traced as they stand; each is refused with the way out."""

# ruff: noqa: ARG001, N803 - as it is written elsewhere
import math
from math import exp

import numpy as np


def by_math(x):
    return math.sin(x) + 1


def by_name(x):
    return exp(x)


def by_float(x):
    return float(x) * 2


def by_int(x):
    return int(x) * 2


def in_place(x):
    z = np.zeros(3)
    z[0] = x
    return z


def added_in_place(x):
    z = np.zeros(2)
    z += x
    return z


def as_floats(x):
    return np.asarray(x, dtype=float).sum()


def cast(x):
    return np.array([x, 1.0]).astype(float)


def counted(n):
    return sum(i for i in range(n))


def complex_number(x):
    return x * 1j


def ambiguous(x):
    if x > 0:
        return x
    return -x


def ambiguous_mixed(x, y):
    if np.array([x, y]) > 0:
        return x
    return y


def spectrum(x):
    return np.fft.fft(x)


def eigenvalues(A):
    return np.linalg.eigvals(A)


def interpolated(x):
    return np.interp(x, [0, 1], [2, 3], period=1)


def interpolated_list(x):
    return np.interp([x, 2 * x], [0, 1], [2, 3])


def nearest(x):
    return np.quantile(x, 0.3, method="nearest")


def by_erf(x):
    return math.erf(x)


def by_factorial(x):
    return math.factorial(x)


def raising(x):
    return {}[x > 0]


def dividing(x):
    return x + 1 / 0


def any_number(*args):
    return sum(args)


def nothing(x):
    x + 1


def text(x):
    return "x"


def table(x):
    return {"x": x}


def exits(x):
    raise SystemExit(3)


def endless(x):
    return endless(x + 1)
