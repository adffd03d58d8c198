"""Scalar functions of which one gradient is measured: as text for us, and as Python for everybody else.

`scalar` is written over numbers one by one, with the functions of a module like `math`;
`array` over one array, with those of a module like NumPy, as users of arrays would write it.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

Function = Callable[[Any, Any], Any]


@dataclass(frozen=True)
class Kernel:
    """`arithmetic`: only + - * and powers are needed, which is all that some libraries have."""

    name: str
    text: str
    point: list[float]
    scalar: Function
    array: Function | None = None
    arithmetic: bool = False

    @property
    def names(self) -> list[str]:
        return [f"x{i}" for i in range(1, len(self.point) + 1)]


def trace() -> Kernel:
    """The example of evaluation traces (Baydin et al. 2018; Griewank & Walther 2008)."""

    def scalar(x: Sequence[Any], m: Any) -> Any:
        return m.log(x[0]) + x[0] * x[1] - m.sin(x[1])

    return Kernel("ln(x1)+x1*x2-sin(x2)", "log(x1) + x1*x2 - sin(x2)", [2.0, 5.0], scalar)


def rosenbrock(n: int) -> Kernel:
    def scalar(x: Sequence[Any], m: Any) -> Any:
        del m
        total = 0.0
        for i in range(n - 1):
            total = total + (100.0 * (x[i + 1] - x[i] ** 2) ** 2 + (1.0 - x[i]) ** 2)
        return total

    def array(x: Any, m: Any) -> Any:
        return m.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2)

    text = " + ".join(f"(100*(x{i + 1} - x{i}^2)^2 + (1 - x{i})^2)" for i in range(1, n))
    point = [1.2 + 0.5 * ((7 * i) % 10) / 10 for i in range(n)]
    return Kernel(f"Rosenbrock, n={n}", text, point, scalar, array, arithmetic=True)


def network(inputs: int, hidden: int) -> Kernel:
    """(v·tanh(W u + b) + c - t)^2 by all weights, u and t given."""
    chance = random.Random(20260)
    u = [round(chance.uniform(-1, 1), 3) for _ in range(inputs)]
    point = [round(chance.uniform(-0.5, 0.5), 3) for _ in range(hidden * (inputs + 2) + 1)]
    bias, out = hidden * inputs, hidden * (inputs + 1)

    def scalar(x: Sequence[Any], m: Any) -> Any:
        total = x[-1]
        for j in range(hidden):
            inside = x[bias + j]
            for i in range(inputs):
                inside = inside + x[j * inputs + i] * u[i]
            total = total + x[out + j] * m.tanh(inside)
        return (total - 0.5) ** 2

    def array(x: Any, m: Any) -> Any:
        inside = x[:bias].reshape(hidden, inputs) @ m.asarray(u) + x[bias:out]
        return (m.sum(x[out:-1] * m.tanh(inside)) + x[-1] - 0.5) ** 2

    units = []
    for j in range(hidden):
        products = [f"x{j * inputs + i + 1}*({u[i]!r})" for i in range(inputs)]
        units.append(f"x{out + j + 1}*tanh({' + '.join([f'x{bias + j + 1}', *products])})")
    text = f"({' + '.join([f'x{len(point)}', *units])} - 0.5)^2"
    return Kernel(f"network {inputs}-{hidden}-1", text, point, scalar, array)


def product(n: int) -> Kernel:
    """Speelpenning's product."""

    def scalar(x: Sequence[Any], m: Any) -> Any:
        del m
        total = x[0]
        for i in range(1, n):
            total = total * x[i]
        return total

    text = "*".join(f"x{i}" for i in range(1, n + 1))
    point = [0.8 + 0.4 * ((3 * i) % 7) / 7 for i in range(n)]
    return Kernel(f"product, n={n}", text, point, scalar, lambda x, m: m.prod(x), arithmetic=True)
