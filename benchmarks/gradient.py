"""One gradient of a scalar function, call by call in this process: compiled Python of ours, and everybody else's."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

from kernels import Kernel, network, product, rosenbrock, trace
from measuring import Call, Plan, Row, TooLongError, calls, compared, failure, installed, pinned, timed, within

OURS = "generated gradient"
OWN = "own generated function"
LARGEST_FOR_SYMPY = 700
"""Operations from which SymPy needs minutes to build its function."""
BUILDING = 25.0
"""Seconds that a peer has for building."""
SLOW = 0.2
"""Seconds a call from which fewer rounds must do."""

GOALS = {OWN: 3.0, "autograd, scalars": 0.02, "micrograd": 0.02}

KERNELS: tuple[Callable[[], Kernel], ...] = (
    trace,
    lambda: rosenbrock(10),
    lambda: rosenbrock(100),
    lambda: rosenbrock(1000),
    lambda: network(2, 10),
    lambda: network(10, 50),
    lambda: product(100),
)
QUICK = (0, 1, 4)

Built = tuple[Call, Callable[[Any], list[float]] | None]
"""What is called, and how the gradient is read from what it returns."""


# --- ours
def ours(kernel: Kernel) -> tuple[dict[str, Built], int]:
    """The value with all derivatives, the value alone, and how many operations the value has."""
    from diffcli.ad.reverse import vjp
    from diffcli.ad.rules import ONE
    from diffcli.core.program import count
    from diffcli.numbers.float64 import FLOAT64
    from diffcli.points.generation.scalars import generate
    from diffcli.syntax import elaborate

    program = elaborate(kernel.text).program
    at = dict(zip(kernel.names, kernel.point, strict=True))
    point = [at[name] for name in program.inputs]
    wrt = [program.inputs.index(name) for name in kernel.names]
    gradient = generate(vjp(program, point, wrt, [ONE], FLOAT64))
    found: dict[str, Built] = {
        OURS: (Call(gradient, point), lambda result: result[1:]),
        OWN: (Call(generate(program), point), None),
    }
    return found, count(program).total


# --- theirs
def plain(kernel: Kernel) -> Built:
    return Call(lambda x: kernel.scalar(x, math), kernel.point), None


def autograd_scalars(kernel: Kernel) -> Built:
    import autograd.numpy as np
    from autograd import grad

    return Call(grad(lambda x: kernel.scalar(x, np)), kernel.point), lambda result: [float(d) for d in result]


def autograd_array(kernel: Kernel) -> Built:
    import autograd.numpy as np
    from autograd import grad

    function = kernel.array or kernel.scalar
    return Call(grad(lambda x: function(x, np)), np.array(kernel.point)), list


def micrograd(kernel: Kernel) -> Built:
    from micrograd.engine import Value

    def gradient(x: list[float]) -> list[float]:
        variables = [Value(entry) for entry in x]
        kernel.scalar(variables, None).backward()
        return [variable.grad for variable in variables]

    return Call(gradient, kernel.point), list


def _casadi(kernel: Kernel) -> Any:
    import casadi

    x = casadi.SX.sym("x", len(kernel.point))
    y = kernel.scalar([x[i] for i in range(len(kernel.point))], casadi)
    return casadi.Function("f", [x], [y, casadi.gradient(y, x)])


def casadi_call(kernel: Kernel) -> Built:
    return Call(_casadi(kernel), kernel.point), lambda result: result[1].full().ravel().tolist()


def casadi_buffers(kernel: Kernel) -> Built:
    """Numbers in, numbers out, in memory that is set beforehand; converting lists is not counted."""
    import numpy as np

    function = _casadi(kernel)
    buffer, trigger = function.buffer()
    point, value, slopes = np.array(kernel.point), np.zeros(1), np.zeros(len(kernel.point))
    buffer.set_arg(0, memoryview(point))
    buffer.set_res(0, memoryview(value))
    buffer.set_res(1, memoryview(slopes))
    keep = function, buffer, point, value
    return Call(trigger), lambda _: slopes.tolist() if keep else []


def jax(kernel: Kernel) -> Built:
    import jax as library
    import jax.numpy as np

    library.config.update("jax_enable_x64", True)
    function = kernel.array or kernel.scalar
    compiled = library.jit(library.value_and_grad(lambda x: function(x, np)))
    return Call(lambda x: compiled(x)[1].block_until_ready(), np.array(kernel.point)), lambda result: result.tolist()


def _torch(kernel: Kernel, arrays: bool) -> Built:
    import torch

    torch.set_num_threads(1)
    torch.set_default_dtype(torch.float64)
    if arrays:
        function = kernel.array or kernel.scalar
        whole = torch.tensor(kernel.point, requires_grad=True)
        return Call(lambda x: torch.autograd.grad(function(x, torch), x)[0], whole), lambda result: result.tolist()
    entries = [torch.tensor(entry, requires_grad=True) for entry in kernel.point]
    return Call(lambda x: torch.autograd.grad(kernel.scalar(x, torch), x), entries), lambda result: [
        *map(float, result)
    ]


def torch_scalars(kernel: Kernel) -> Built:
    return _torch(kernel, False)


def torch_array(kernel: Kernel) -> Built:
    return _torch(kernel, True)


def lambdify(kernel: Kernel) -> Built:
    import sympy

    symbols = sympy.symbols(kernel.names)
    value = kernel.scalar(symbols, sympy)
    function = sympy.lambdify(
        [symbols], [value, *(sympy.diff(value, symbol) for symbol in symbols)], modules="math", cse=True
    )
    return Call(function, kernel.point), lambda result: result[1:]


CONTENDERS: dict[str, tuple[Callable[[Kernel], Built], str]] = {
    "plain Python, value only": (plain, "math"),
    "autograd, scalars": (autograd_scalars, "autograd"),
    "autograd, arrays": (autograd_array, "autograd"),
    "micrograd": (micrograd, "micrograd"),
    "casadi, lists": (casadi_call, "casadi"),
    "casadi, buffers set before": (casadi_buffers, "casadi"),
    "jax, jit": (jax, "jax"),
    "torch, scalars": (torch_scalars, "torch"),
    "torch, arrays": (torch_array, "torch"),
    "sympy lambdify(cse)": (lambdify, "sympy"),
}
"""By name, how a contender is built, and the library that it needs."""


def rows(plan: Plan) -> Iterator[Row]:
    with pinned():
        for number, make in enumerate(KERNELS):
            if not plan.quick or number in QUICK:
                yield from _rows(make(), plan)


def _rows(kernel: Kernel, plan: Plan) -> Iterator[Row]:
    built, operations = ours(kernel)
    case = f"{kernel.name} ({operations:,} operations)"
    (call, read), lost = built[OURS], []
    assert read is not None
    expected = read(call.function(call.argument))
    contenders = {name: call for name, (call, _) in built.items()}
    slow = {}
    alive: list[Built] = []  # memory that is set beforehand must stay where it is
    for name, (build, library) in CONTENDERS.items():
        if not installed(library) or name == "micrograd" and not kernel.arithmetic:
            continue
        if kernel.array is None and name.endswith("arrays"):
            continue
        if name.startswith("sympy") and operations > LARGEST_FOR_SYMPY:
            lost.append(Row(case, OURS, name, None, None, note=f"not tried over {LARGEST_FOR_SYMPY} operations"))
            continue
        try:
            with within(BUILDING):
                alive.append(build(kernel))
                seconds = _seconds(alive[-1], expected)
        except (TooLongError, ArithmeticError, RecursionError, TypeError, AttributeError, ValueError) as error:
            lost.append(Row(case, OURS, name, None, None, note=failure(error)))
            continue
        (slow if seconds > SLOW else contenders)[name] = alive[-1][0]
    taken = calls(contenders, plan, 15)
    yield from (compared(case, OURS, name, taken, GOALS.get(name)) for name in taken if name != OURS)
    if slow:
        taken = calls({OURS: contenders[OURS], **slow}, plan, 3)
        yield from (compared(case, OURS, name, taken, GOALS.get(name)) for name in slow)
    yield from lost


def _seconds(built: Built, expected: list[float]) -> float:
    """What a call takes, once it is known to be right."""
    call, read = built
    arguments = () if call.argument is ... else (call.argument,)
    result = call.function(*arguments)
    if read is not None:
        found = read(result)
        if not all(math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-9) for a, b in zip(found, expected, strict=True)):
            raise ArithmeticError("its gradient is another one")
    return timed(call, 1).wall
