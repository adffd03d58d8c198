"""One case in a process of its own, with what its stages took: scaling_case.py CONTENDER FAMILY OPERATIONS.

Written is a line of JSON: seconds by stage, `total` for all of them, and `bytes`, by which
the process grew from its imports to its peak.
"""

from __future__ import annotations

import gc
import json
import math
import resource
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

MOST_VARIABLES = 1_000
CHAIN_AT = 0.7
SHORT = 0.3
"""Seconds over which small cases are repeated."""

Stages = Iterator[tuple[str, Any]]


def variables(family: str, operations: int) -> int:
    return 1 if family == "chain" else min(operations // 10, MOST_VARIABLES)


def point(family: str, operations: int) -> list[float]:
    number = variables(family, operations)
    return [CHAIN_AT] if family == "chain" else [0.5 + i / number for i in range(number)]


def pairs(operations: int) -> Iterator[tuple[int, int]]:
    """Which two variables are in each product; hardly ever the same two. Every term is a product and a sum."""
    number = variables("sum of products", operations)
    return ((i % number, (7 * i + 3 + i // number) % number) for i in range(operations // 2))


def text(family: str, operations: int) -> str:
    if family == "chain":
        return "sin(" * operations + "x1" + ")" * operations
    return "+".join(f"x{i + 1}*x{j + 1}" for i, j in pairs(operations))


def built(family: str, operations: int, x: Any, sin: Callable[[Any], Any]) -> Any:
    """The same by operators of Python."""
    if family == "chain":
        y = x[0]
        for _ in range(operations):
            y = sin(y)
        return y
    terms = pairs(operations)
    i, j = next(terms)
    total = x[i] * x[j]
    for i, j in terms:
        total = total + x[i] * x[j]
    return total


# --- contenders: each yields its stages as they are done, with the gradient at the end
def ours(family: str, operations: int) -> Callable[[], Stages]:
    """The text understood, one forward direction, the tape's program, its operations counted, the gradient computed."""
    from diffcli.ad.forward import jvp
    from diffcli.ad.reverse import vjp
    from diffcli.ad.rules import ONE, ZERO
    from diffcli.core.evaluate import evaluate
    from diffcli.core.program import count
    from diffcli.numbers.float64 import FLOAT64
    from diffcli.syntax import elaborate

    source, at = text(family, operations), point(family, operations)

    def stages() -> Stages:
        program = elaborate(source).program
        yield "parse", None
        numbers = [at[int(name[1:]) - 1] for name in program.inputs]
        one = [ONE] + [ZERO] * (len(numbers) - 1)
        jvp(program, numbers, one, FLOAT64)
        yield "forward", None
        order = sorted(range(len(numbers)), key=lambda i: int(program.inputs[i][1:]))
        gradient = vjp(program, numbers, order, [ONE], FLOAT64)
        yield "reverse", None
        count(gradient)
        yield "count", None
        found = evaluate(gradient, numbers, FLOAT64)
        yield "evaluate", found[1:]

    return stages


def ours_gradient(family: str, operations: int) -> Callable[[], Stages]:
    """From the text to the numbers of the gradient."""
    from diffcli.ad.reverse import vjp
    from diffcli.ad.rules import ONE
    from diffcli.core.evaluate import evaluate
    from diffcli.numbers.float64 import FLOAT64
    from diffcli.syntax import elaborate

    source, at = text(family, operations), point(family, operations)

    def stages() -> Stages:
        program = elaborate(source).program
        numbers = [at[int(name[1:]) - 1] for name in program.inputs]
        order = sorted(range(len(numbers)), key=lambda i: int(program.inputs[i][1:]))
        yield "gradient", evaluate(vjp(program, numbers, order, [ONE], FLOAT64), numbers, FLOAT64)[1:]

    return stages


def casadi(family: str, operations: int) -> Callable[[], Stages]:
    import casadi as library

    def stages() -> Stages:
        at = point(family, operations)
        x = library.SX.sym("x", len(at))
        y = built(family, operations, [x[i] for i in range(len(at))], library.sin)
        yield "build", None
        function = library.Function("f", [x], [y, library.gradient(y, x)])
        yield "gradient", function(at)[1].full().ravel().tolist()

    return stages


def sympy(family: str, operations: int) -> Callable[[], Stages]:
    import sympy as library

    def compiled(symbols: Any, slopes: Any, at: list[float]) -> list[float]:
        return library.lambdify([symbols], slopes, modules="math")(at)

    return from_text(library, family, operations, compiled)


def symengine(family: str, operations: int) -> Callable[[], Stages]:
    import symengine as library

    def compiled(symbols: Any, slopes: Any, at: list[float]) -> list[float]:
        return list(library.Lambdify(symbols, slopes, cse=True)(at))

    return from_text(library, family, operations, compiled)


def from_text(
    library: Any, family: str, operations: int, compiled: Callable[[Any, Any, list[float]], list[float]]
) -> Callable[[], Stages]:
    """The text understood and differentiated by a library of formulas; `compiled` makes numbers of them."""
    source, at = text(family, operations), point(family, operations)

    def stages() -> Stages:
        symbols = library.symbols([f"x{i + 1}" for i in range(len(at))])
        y = library.sympify(source)
        yield "parse", None
        slopes = [library.diff(y, symbol) for symbol in symbols]
        yield "diff", None
        yield "gradient", compiled(symbols, slopes, at)

    return stages


def autograd(family: str, operations: int) -> Callable[[], Stages]:
    import autograd.numpy as np
    from autograd import grad

    def stages() -> Stages:
        x = np.array(point(family, operations))
        yield "gradient", grad(lambda x: built(family, operations, list(x), np.sin))(x).tolist()

    return stages


def jax(family: str, operations: int) -> Callable[[], Stages]:
    import jax as library

    library.config.update("jax_enable_x64", True)

    def stages() -> Stages:
        x = [library.numpy.array(entry) for entry in point(family, operations)]
        found = library.grad(lambda x: built(family, operations, x, library.numpy.sin))(x)
        yield "gradient", [float(entry) for entry in found]

    return stages


def torch(family: str, operations: int) -> Callable[[], Stages]:
    import torch as library

    library.set_num_threads(1)
    library.set_default_dtype(library.float64)

    def stages() -> Stages:
        x = [library.tensor(entry, requires_grad=True) for entry in point(family, operations)]
        found = library.autograd.grad(built(family, operations, x, library.sin), x)
        yield "gradient", [float(entry) for entry in found]

    return stages


CONTENDERS = {
    one.__name__: one for one in (ours, ours_gradient, casadi, sympy, symengine, autograd, jax, torch)
}  # fmt: skip


# --- measuring
def memory(field: str) -> int:
    """Bytes of this process alone: what the system says of a child (ru_maxrss) may be its parent's."""
    with suppress(OSError):
        for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
            if line.startswith(f"{field}:"):
                return int(line.split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def forget_peak() -> None:
    """What was needed to write the text does not count."""
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def right(family: str, operations: int, gradient: list[float]) -> bool:
    if family == "chain":
        y, slope = CHAIN_AT, 1.0
        for _ in range(operations):
            y, slope = math.sin(y), slope * math.cos(y)
        expected = [slope]
    else:
        x = point(family, operations)
        expected = [0.0] * len(x)
        for i, j in pairs(operations):
            expected[i] += x[j]
            expected[j] += x[i]
    return all(math.isclose(a, b, rel_tol=1e-6, abs_tol=1e-300) for a, b in zip(gradient, expected, strict=True))


def main() -> None:
    name, family, operations = sys.argv[1], sys.argv[2], int(float(sys.argv[3]))
    stages = CONTENDERS[name](family, operations)
    gc.collect()
    forget_peak()
    before = memory("VmRSS")
    found: dict[str, list[float]] = {}
    begun, cpu, turns = time.perf_counter(), time.process_time(), 0
    gradient: Any = None
    while not turns or time.perf_counter() - begun < SHORT:
        last = time.perf_counter()
        for stage, result in stages():
            found.setdefault(stage, []).append(time.perf_counter() - last)
            last, gradient = time.perf_counter(), result
        turns += 1
        if turns == 1:
            grown = memory("VmHWM") - before
    cpu = (time.process_time() - cpu) / turns
    if not right(family, operations, gradient):
        raise ArithmeticError("its gradient is another one")
    seconds = {stage: sorted(taken)[len(taken) // 2] for stage, taken in found.items()}
    print(json.dumps(seconds | {"total": sum(seconds.values()), "cpu": cpu, "bytes": grown}))


if __name__ == "__main__":
    main()
