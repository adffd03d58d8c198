"""Numerical methods with loops, branches and recursion, as one writes them in Python and NumPy."""

# ruff: noqa: N803, N806, PERF401, SIM108 - as it is written elsewhere
import numpy as np


def newton_sqrt(a):
    x = a if a > 1 else 1.0
    while abs(x * x - a) > 1e-12 * a:
        x = 0.5 * (x + a / x)
    return x


def fixed_point(a):
    x = 1.0
    for _ in range(100):
        new = np.cos(a * x)
        if np.abs(new - x) < 1e-14:
            break
        x = new
    return new


def lorenz(state, sigma=10.0, rho=28.0, beta=8 / 3):
    x, y, z = state
    return np.array([sigma * (y - x), x * (rho - z) - y, x * y - beta * z])


def runge_kutta(state, h):
    k1 = lorenz(state)
    k2 = lorenz(state + h / 2 * k1)
    k3 = lorenz(state + h / 2 * k2)
    k4 = lorenz(state + h * k3)
    return state + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)


def euler_pendulum(theta, omega, length=1.0, steps=20):
    dt = 0.05
    for _ in range(steps):
        theta, omega = theta + dt * omega, omega - dt * 9.81 / length * np.sin(theta)
    return [theta, omega]


def horner(x, coefficients):
    result = 0
    for c in reversed(coefficients):
        result = result * x + c
    return result


def kahan_sum(values):
    total = compensation = 0.0
    for value in values:
        y = value - compensation
        t = total + y
        compensation = (t - total) - y
        total = t
    return total


def dft_power(signal, k=2):
    n = len(signal)
    angle = 2 * np.pi * k * np.arange(n) / n
    real, imaginary = np.sum(signal * np.cos(angle)), -np.sum(signal * np.sin(angle))
    return (real**2 + imaginary**2) / n


def logistic_map(r, x):
    for _ in range(12):
        x = r * x * (1 - x)
    return x


def bessel_j0(x):
    term = total = 1.0
    k = 1
    while abs(term) > 1e-17 * abs(total):
        term = -term * (x / 2) ** 2 / k**2
        total += term
        k += 1
    return total


def golden(x, depth=12):
    """A continued fraction, by recursion."""
    return x if depth == 0 else 1 + x / golden(x, depth - 1)


def trapezoid_rule(a, b):
    x = np.linspace(a, b, 9)
    y = np.exp(-(x**2))
    h = (b - a) / 8
    return h * (y[0] / 2 + y[1:-1].sum() + y[-1] / 2)


def simpson(b, n=8):
    def integrand(t):
        return np.sqrt(1 + t**3)

    h = b / n
    total = integrand(0.0) + integrand(b)
    for i in range(1, n):
        total += (4 if i % 2 else 2) * integrand(i * h)
    return total * h / 3


def cholesky_determinant(a):
    """The determinant of a symmetric matrix from its six numbers."""
    matrix = [[a[0], a[1], a[2]], [a[1], a[3], a[4]], [a[2], a[4], a[5]]]
    lower = [[0.0] * 3 for _ in range(3)]
    for i in range(3):
        for j in range(i + 1):
            rest = matrix[i][j] - sum(lower[i][k] * lower[j][k] for k in range(j))
            lower[i][j] = np.sqrt(rest) if i == j else rest / lower[j][j]
    return (lower[0][0] * lower[1][1] * lower[2][2]) ** 2


def gram_schmidt(A):
    basis = []
    for column in A.T:
        for q in basis:
            column = column - (q @ column) * q
        basis.append(column / np.linalg.norm(column))
    return np.stack(basis, axis=1)


def matrix_power_trace(A):
    return np.trace(np.linalg.matrix_power(A, 5))


def rotation(angle, point):
    c, s = np.cos(angle), np.sin(angle)
    R = np.array([[c, -s], [s, c]])
    return R @ point


def quaternion_rotation(q, v):
    w, u = q[0], q[1:]
    norm = np.sqrt(np.sum(q**2))
    w, u = w / norm, u / norm
    t = 2 * np.cross(u, v)
    return v + w * t + np.cross(u, t)


def power_iteration(A):
    v = np.ones(A.shape[0])
    for _ in range(8):
        v = A @ v
        v = v / np.linalg.norm(v)
    return v @ A @ v


def thomas(d):
    """A tridiagonal system by elimination, written into a copy."""
    n = len(d)
    diagonal, right = d.copy(), np.ones(n)
    x = np.zeros_like(d)
    right = list(right)
    for i in range(1, n):
        m = -1.0 / diagonal[i - 1]
        diagonal[i] = diagonal[i] + m
        right[i] = right[i] - m * right[i - 1]
    x[-1] = right[-1] / diagonal[-1]
    for i in range(n - 2, -1, -1):
        x[i] = (right[i] + x[i + 1]) / diagonal[i]
    return x


def collatz(x):
    """A path with two branches in a loop."""
    turns = 0
    while x > 1.5 and turns < 50:
        if np.floor(x) % 2 == 0:
            x = x / 2
        else:
            x = 3 * x + 1
        turns += 1
    return x


def smoothed(x):
    kernel = np.array([0.25, 0.5, 0.25])
    return np.convolve(x, kernel, mode="valid")


def variance(x):
    return np.var(x) / np.std(x, ddof=1)


def distances(points):
    difference = points[:, None, :] - points[None, :, :]
    squared = (difference**2).sum(axis=-1)
    upper = squared[np.triu_indices(len(points), 1)]
    return np.sum(1 / np.sqrt(upper))


def solved(A, b):
    return np.linalg.solve(A, b)


def gaussian_log_density(x, S):
    return -0.5 * (x @ np.linalg.inv(S) @ x + np.log(np.linalg.det(2 * np.pi * S)))


def arc_length(t):
    pieces = []
    for i in range(4):
        pieces.append(np.hypot(np.cos(i * t), np.arctan2(t, i + 1)))
    return np.array(pieces).sum()


def median_of(x):
    return np.median(x) * np.max(x) - np.sort(x)[0]


def relu_by_mask(x):
    y = x.copy()
    y[y < 0] = 0
    y *= 2
    return y @ y


def midpoint(f0, steps: int):
    y = f0
    for _ in range(steps):
        y += 0.1 * np.tanh(y)
    return y
