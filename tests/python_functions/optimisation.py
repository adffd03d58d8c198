"""Test functions of optimisation, as one writes them in NumPy."""

# ruff: noqa: N806 - as it is written elsewhere
import numpy as np


def rosenbrock(x):
    total = 0.0
    for i in range(len(x) - 1):
        total += 100 * (x[i + 1] - x[i] ** 2) ** 2 + (1 - x[i]) ** 2
    return total


def rosenbrock_sliced(x):
    return np.sum(100.0 * (x[1:] - x[:-1] ** 2.0) ** 2.0 + (1 - x[:-1]) ** 2.0)


def ackley(x, a=20.0, b=0.2, c=2 * np.pi):
    d = x.size
    s1 = np.sum(x**2)
    s2 = np.sum(np.cos(c * x))
    return -a * np.exp(-b * np.sqrt(s1 / d)) - np.exp(s2 / d) + a + np.e


def rastrigin(x):
    return 10 * len(x) + sum(xi**2 - 10 * np.cos(2 * np.pi * xi) for xi in x)


def griewank(x):
    i = np.arange(1, len(x) + 1)
    return 1 + np.sum(x**2) / 4000 - np.prod(np.cos(x / np.sqrt(i)))


def beale(x, y):
    return (1.5 - x + x * y) ** 2 + (2.25 - x + x * y**2) ** 2 + (2.625 - x + x * y**3) ** 2


def himmelblau(x, y):
    return (x**2 + y - 11) ** 2 + (x + y**2 - 7) ** 2


def booth(x):
    a, b = x
    return (a + 2 * b - 7) ** 2 + (2 * a + b - 5) ** 2


def styblinski_tang(x):
    return 0.5 * (x**4 - 16 * x**2 + 5 * x).sum()


def zakharov(x):
    weighted = np.dot(0.5 * np.arange(1, x.shape[0] + 1), x)
    return np.dot(x, x) + weighted**2 + weighted**4


def levy(x):
    w = 1 + (x - 1) / 4
    value = np.sin(np.pi * w[0]) ** 2
    for wi in w[:-1]:
        value += (wi - 1) ** 2 * (1 + 10 * np.sin(np.pi * wi + 1) ** 2)
    return value + (w[-1] - 1) ** 2 * (1 + np.sin(2 * np.pi * w[-1]) ** 2)


def michalewicz(x, m=10):
    i = np.arange(len(x)) + 1
    return -np.sum(np.sin(x) * np.sin(i * x**2 / np.pi) ** (2 * m))


def powell(x):
    a, b, c, d = x[0::4], x[1::4], x[2::4], x[3::4]
    return ((a + 10 * b) ** 2 + 5 * (c - d) ** 2 + (b - 2 * c) ** 4 + 10 * (a - d) ** 4).sum()


def six_hump_camel(x, y):
    return (4 - 2.1 * x**2 + x**4 / 3) * x**2 + x * y + (-4 + 4 * y**2) * y**2


def goldstein_price(x, y):
    one = 1 + (x + y + 1) ** 2 * (19 - 14 * x + 3 * x**2 - 14 * y + 6 * x * y + 3 * y**2)
    two = 30 + (2 * x - 3 * y) ** 2 * (18 - 32 * x + 12 * x**2 + 48 * y - 36 * x * y + 27 * y**2)
    return one * two


def huber(residuals, delta=1.0):
    small = np.abs(residuals) <= delta
    return np.where(small, 0.5 * residuals**2, delta * (np.abs(residuals) - 0.5 * delta)).mean()


def penalised(x, mu=10.0):
    violation = np.maximum(0, 1 - x)
    return np.linalg.norm(x) + mu * np.sum(violation**2)


def quadratic_form(x):
    A = np.array([[2.0, 1.0, 0.0], [1.0, 3.0, 1.0], [0.0, 1.0, 4.0]])
    return 0.5 * x @ A @ x - np.ones(3) @ x
