"""Formulas at very many points: ours, and how other libraries compute the value and the whole gradient.

A contender is built from a formula, and then is a function from columns (float64 arrays)
to as many columns: the value first. All run in one thread. `points_script.py` makes
whole processes of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

Columns = Sequence[Any]
Computing = Callable[[Columns], Sequence[Any]]


class Formula(NamedTuple):
    name: str
    text: str
    names: tuple[str, ...]
    ranges: tuple[tuple[float, float], ...]

    def columns(self, points: int) -> list[Any]:
        """Points drawn from the ranges, always the same."""
        import numpy as np

        chance = np.random.default_rng(20260)
        return [chance.uniform(low, high, points) for low, high in self.ranges]

    def python(self, functions: Any) -> Callable[..., Any]:
        """The formula as a function of Python, with the functions of a module."""
        scope = {name: getattr(functions, name) for name in ("sin", "exp", "log", "tanh")}
        return eval(f"lambda {', '.join(self.names)}: {self.text}", scope)  # type: ignore[no-any-return] # noqa: S307


FORMULAS = {
    formula.name: formula
    for formula in (
        Formula(
            "polynomial", "(x**2 + y - 11)**2 + (x + y**2 - 7)**2 + x*y - 3*x", ("x", "y"), ((-4.0, 4.0), (-4.0, 4.0))
        ),
        Formula(
            "transcendental",
            "sin(x*y)*exp(-z**2/2) + log(1 + x**2 + y**2)*tanh(z)",
            ("x", "y", "z"),
            ((-2.0, 2.0), (-2.0, 2.0), (-2.0, 2.0)),
        ),
        Formula(
            "Planck-like",
            "2*h*v**3/c**2/(exp(h*v/(k*t)) - 1) + k*t**4/c",
            ("h", "v", "c", "k", "t"),
            ((0.5, 2.0), (0.5, 3.0), (1.0, 3.0), (0.5, 2.0), (0.5, 2.0)),
        ),
    )
}


# --- ours
def _program(formula: Formula) -> Any:
    """Value and gradient by a tape, inputs in the order of the formula's names."""
    from diffcli.methods.reverse import gradient
    from diffcli.problem.understanding import make_case

    problem = make_case(formula.text, dict(zip(formula.names, _middle(formula), strict=True)), formula.names).problem
    return gradient(problem).program


def _middle(formula: Formula) -> list[float]:
    return [(2 * low + high) / 3 for low, high in formula.ranges]


def _blocks(formula: Formula, fast_trig: bool) -> Any:
    from diffcli.numbers.arrays import Arrays
    from diffcli.points.generation import tangents
    from diffcli.points.generation.blocks import Blocks

    program = _program(formula)
    if fast_trig and tangents.pays():
        program = tangents.by_tangents(program)
    order = [formula.names.index(name) for name in program.inputs]
    return Blocks(program, Arrays("float64")), order


def ours(formula: Formula) -> Computing:
    """As the command computes: sines and cosines by tangents where that pays on this machine."""
    blocks, order = _blocks(formula, True)
    return lambda columns: blocks([columns[i] for i in order])


def ours_by_numpy(formula: Formula) -> Computing:
    """With NumPy's own sines and cosines."""
    blocks, order = _blocks(formula, False)
    return lambda columns: blocks([columns[i] for i in order])


def ours_into(formula: Formula) -> Computing:
    """Into arrays that are used again, as compiled libraries do."""
    import numpy as np

    (blocks, order), kept = _blocks(formula, True), []

    def compute(columns: Columns) -> Sequence[Any]:
        if not kept:
            kept.extend(np.empty_like(columns[0]) for _ in range(len(columns) + 1))
        return blocks([columns[i] for i in order], out=kept)  # type: ignore[no-any-return]

    return compute


def ours_compiled(formula: Formula) -> Computing:
    """`--compiled heyoka`."""
    import numpy as np

    from diffcli.points.compiled import compiled_by

    program = _program(formula)
    compute = compiled_by("heyoka", program)
    order = [formula.names.index(name) for name in program.inputs]
    held: dict[int, tuple[list[Any], list[Any]]] = {}

    def computed(columns: Columns) -> Sequence[Any]:
        if id(columns) not in held:  # rows of tables, as the command has them from files and ranges
            shape = len(program.outputs), len(columns[0])
            held[id(columns)] = [*np.array([columns[i] for i in order])], [*np.empty(shape)]
        inputs, outputs = held[id(columns)]
        compute(inputs, outputs)
        return outputs

    return computed


# --- theirs
def _sympy(formula: Formula) -> tuple[Any, list[Any]]:
    import sympy

    symbols = sympy.symbols(formula.names)
    value = formula.python(sympy)(*symbols)
    return symbols, [value, *(sympy.diff(value, symbol) for symbol in symbols)]


def lambdify(formula: Formula) -> Computing:
    import sympy

    function = sympy.lambdify(*_sympy(formula), modules="numpy", cse=True)
    return lambda columns: function(*columns)


def autograd(formula: Formula) -> Computing:
    import autograd.numpy as np
    from autograd import make_vjp

    pull = make_vjp(formula.python(np), tuple(range(len(formula.names))))

    def compute(columns: Columns) -> Sequence[Any]:
        back, value = pull(*columns)
        return [value, *back(np.ones_like(value))]

    return compute


def jax(formula: Formula) -> Computing:
    import jax as library

    library.config.update("jax_enable_x64", True)
    function = formula.python(library.numpy)
    compiled = library.jit(library.vmap(library.value_and_grad(function, tuple(range(len(formula.names))))))
    held: dict[int, list[Any]] = {}

    def compute(columns: Columns) -> Sequence[Any]:
        if id(columns) not in held:  # its own arrays, made once
            held[id(columns)] = [library.numpy.asarray(column) for column in columns]
        value, gradient = library.block_until_ready(compiled(*held[id(columns)]))
        return [value, *gradient]

    return compute


def torch(formula: Formula) -> Computing:
    import torch as library

    library.set_num_threads(1)
    function = formula.python(library)

    def compute(columns: Columns) -> Sequence[Any]:
        inputs = [library.from_numpy(column).requires_grad_() for column in columns]
        value = function(*inputs)
        return [value.detach().numpy(), *(d.numpy() for d in library.autograd.grad(value.sum(), inputs))]

    return compute


def heyoka(formula: Formula) -> Computing:
    import heyoka as library
    import numpy as np

    variables = library.make_vars(*formula.names)
    value = formula.python(library)(*variables)
    gradient = library.diff_tensors([value], diff_args=list(variables), diff_order=1).gradient
    function, held = library.cfunc([value, *gradient], list(variables)), {}

    def compute(columns: Columns) -> Sequence[Any]:
        if id(columns) not in held:
            held[id(columns)] = np.array(columns), np.empty((len(columns) + 1, len(columns[0])))
        inputs, outputs = held[id(columns)]
        function(inputs, outputs=outputs)
        return outputs  # type: ignore[no-any-return]

    return compute


def numba(formula: Formula) -> Computing:
    """SymPy's function compiled, in a loop over the points."""
    import numba as library
    import numpy as np
    import sympy

    function = library.njit(sympy.lambdify(*_sympy(formula), modules="math", cse=True))
    arguments = ", ".join(f"x[{i}, k]" for i in range(len(formula.names)))
    stores = "".join(f"        y[{i}, k] = found[{i}]\n" for i in range(len(formula.names) + 1))
    text = f"def loop(x, y):\n    for k in range(x.shape[1]):\n        found = function({arguments})\n{stores}"
    scope: dict[str, Any] = {"function": function}
    exec(text, scope)  # noqa: S102 - made of numbers
    loop, held = library.njit(scope["loop"]), {}

    def compute(columns: Columns) -> Sequence[Any]:
        if id(columns) not in held:
            held[id(columns)] = np.array(columns), np.empty((len(columns) + 1, len(columns[0])))
        inputs, outputs = held[id(columns)]
        loop(inputs, outputs)
        return outputs  # type: ignore[no-any-return]

    return compute


CONTENDERS: dict[str, tuple[Callable[[Formula], Computing], str]] = {
    "blocks": (ours, "numpy"),
    "blocks, --no-fast-trig": (ours_by_numpy, "numpy"),
    "blocks, outputs given": (ours_into, "numpy"),
    "--compiled heyoka": (ours_compiled, "heyoka"),
    "sympy lambdify(cse)": (lambdify, "sympy"),
    "autograd": (autograd, "autograd"),
    "jax jit(vmap)": (jax, "jax"),
    "torch": (torch, "torch"),
    "numba of lambdify(cse)": (numba, "numba"),
    "heyoka cfunc": (heyoka, "heyoka"),
}
"""By name, how a contender is built, and the library that it needs."""
