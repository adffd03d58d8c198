"""Functions whose gradients are claimed, by hand, in tests/cases/claims.jsonl."""

import numpy as np


def product(x, y):
    return np.sin(x) * y + x**2


def power(x, n):
    return x**n


def repeated(x, n: int):
    result = 1.0
    for _ in range(n):
        result = result * x
    return result


def modulus(x):
    return x if x > 0 else -x


def hinge(x, y):
    if x > y:
        return x * x
    return y * x


def window(x):
    if abs(x - 3.3) < 1e-3:
        return 5 * x
    return x * x


def tiers(income):
    """A tax with three rates."""
    if income < 10:
        return 0.0 * income
    if income < 50:
        return 0.25 * (income - 10)
    return 10 + 0.5 * (income - 50)


def loss(w, b, x, y):
    return (w * x + b - y) ** 2


def logistic(z):
    return 1 / (1 + np.exp(-z))


def gaussian(x, m, s):
    return np.exp(-((x - m) ** 2) / (2 * s**2))


def largest(x, y, z):
    return max(x, y, z)


def clipped(x):
    return np.clip(x, -1, 1) * x


def norm(v):
    return np.sqrt(np.sum(v**2))


def rosenbrock(x, y):
    return (1 - x) ** 2 + 100 * (y - x**2) ** 2


def chosen(x):
    return np.where(x < 0, np.exp(x), 1 + x)
