"""Other people's automatic differentiation as methods: the program is built in the peer, and differentiated there.

A peer is an algebra whose numbers are the peer's, and a file that asks it for
derivatives. What it executes cannot be counted. Both sides of a choice are
evaluated, as these libraries do: so their habits at guards and kinks show.

A primitive is the library's own function, or is written out by others as its users
do (`COMPOSED`), or is missing, which is said. A function that our language defines by others
(`gelu`) is the library's own, too, where it has one (`defined`); elsewhere the peer differentiates our
formula. Constants are the library's numbers: Python's own arithmetic raises where floats have infinities.
No rule of ours is read here.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any, Literal, NamedTuple, TypeVar

from diffcli.core.derivative_kinds import Kind
from diffcli.core.evaluate import Called, evaluate_calls
from diffcli.core.primitives import BOOLEAN, CODE, OF_VECTORS, PRIMITIVES
from diffcli.core.program import Call, Constant, Functions
from diffcli.numbers.float64 import NAMED
from diffcli.problem.derivation import Answer, Derivation, Problem
from diffcli.runtime.errors import Unsupported
from diffcli.runtime.messages import message

T = TypeVar("T")

OPERATORS: dict[str, Callable[..., Any]] = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "neg": lambda a: -a,
    "mul": lambda a, b: a * b,
    "div": lambda a, b: a / b,
    "fma": lambda a, b, c: a * b + c,
    "pow": lambda a, b: a**b,
    "powc": lambda a, c: a ** (int(c) if c == int(c) and abs(c) < 2**31 else float(c)),
}
"""What every peer's numbers understand."""


RELATIONS = tuple(PRIMITIVES[code].name for code in BOOLEAN)


def as_numbers(functions: dict[str, Callable[..., Any]], number: Callable[[Any], Any]) -> dict[str, Callable[..., Any]]:
    """A library's functions with conditions that are the numbers 0 and 1, by its own conversion."""
    where = functions["select"]

    def relation(holds: Callable[..., Any]) -> Callable[..., Any]:
        return lambda *operands: number(holds(*operands))

    compared = {name: relation(functions[name]) for name in RELATIONS}
    return functions | compared | {"select": lambda condition, a, b: where(condition != 0, a, b)}


def numpy_like(module: Any, **others: Callable[..., Any]) -> dict[str, Callable[..., Any]]:
    """The functions of a library that has NumPy's names, `others` being called differently there."""
    names = {
        "asin": "arcsin", "acos": "arccos", "atan": "arctan", "atan2": "arctan2",
        "asinh": "arcsinh", "acosh": "arccosh", "atanh": "arctanh", "min": "minimum", "max": "maximum",
        "select": "where", "lt": "less", "le": "less_equal", "gt": "greater", "ge": "greater_equal", "eq": "equal",
        "ne": "not_equal", "not": "logical_not",
    }  # fmt: skip
    found = {row.name: getattr(module, names.get(row.name, row.name), None) for row in PRIMITIVES}
    return {name: function for name, function in found.items() if function is not None} | OPERATORS | others


Defined = Mapping[str, Callable[..., Any] | None]
"""For each function that our language defines by others, the library's own; None where it has none."""


class Peer:
    """The algebra of a peer's numbers; `number` makes one of a float, and `vector` a vector of several numbers."""

    def __init__(
        self,
        name: str,
        functions: Mapping[str, Callable[..., Any]],
        defined: Defined,
        number: Callable[[float], Any],
        vector: Callable[[Sequence[Any]], Any],
    ) -> None:
        self.name, self.by_name, self.defined = name, functions, defined
        self.number, self.vector = number, vector
        self.functions = Functions(self._function)

    def constant(self, value: Constant) -> Any:
        return self.number(NAMED[value] if isinstance(value, str) else float(value))

    def called(self, call: Call) -> Called | None:
        """The library's own function for a call."""
        own = self.defined[call.name]
        if own is None:
            return None
        if call.name not in OF_VECTORS:
            return lambda *arguments: [own(*arguments)]
        if len(call.results) == 1 and call.name != "softmax":
            return lambda *arguments: [own(self.vector(arguments))]
        return lambda *arguments: [own(self.vector(arguments))[i] for i in range(len(arguments))]

    def decide(self, condition: Any) -> bool:
        return bool(condition)

    def has(self, primitive: str) -> Literal["native", "composed", "missing"]:
        """Where a primitive comes from."""
        if primitive in self.by_name:
            return "native"
        known = primitive in COMPOSED and all(self.has(name) != "missing" for name in COMPOSED[primitive].by)
        return "composed" if known else "missing"

    def _function(self, code: int) -> Callable[..., Any]:
        primitive = PRIMITIVES[code].name
        if primitive in self.by_name:
            return self.by_name[primitive]
        if self.has(primitive) == "composed":
            parts = [self[name] for name in COMPOSED[primitive].by]
            return partial(COMPOSED[primitive].formula, *parts)

        def missing(*_: Any) -> Any:
            raise Unsupported(message("{name} has no {what}", name=self.name, what=primitive))

        return missing

    def __getitem__(self, name: str) -> Callable[..., Any]:
        return self._function(CODE[name])


class Composed(NamedTuple):
    """A function written out: `formula` takes the functions that it is written `by`, then its arguments."""

    formula: Callable[..., Any]
    by: tuple[str, ...] = ()


# fmt: off
COMPOSED: dict[str, Composed] = {
    "sec": Composed(lambda cos, a: 1 / cos(a), ("cos",)),
    "csc": Composed(lambda sin, a: 1 / sin(a), ("sin",)),
    "cot": Composed(lambda tan, a: 1 / tan(a), ("tan",)),
    "exp2": Composed(lambda exp, a: exp(a * NAMED["ln2"]), ("exp",)),
    "log2": Composed(lambda log, a: log(a) / NAMED["ln2"], ("log",)),
    "logaddexp": Composed(lambda log, exp, a, b: log(exp(a) + exp(b)), ("log", "exp")),
    "xlogy": Composed(lambda log, a, b: a * log(b), ("log",)),
    "cbrt": Composed(lambda sign, size, a: sign(a) * size(a) ** (1 / 3), ("sign", "abs")),
    "trunc": Composed(lambda sign, floor, size, a: sign(a) * floor(size(a)), ("sign", "floor", "abs")),
    "mod": Composed(lambda floor, a, b: a - b * floor(a / b), ("floor",)),
    "fmod": Composed(
        lambda sign, floor, size, a, b: a - b * sign(a / b) * floor(size(a / b)), ("sign", "floor", "abs")),
    "heaviside": Composed(
        lambda where, lt, eq, a, b: where(lt(a, 0.0), 0.0, where(eq(a, 0.0), b, 1.0)), ("select", "lt", "eq")),
    "relu": Composed(lambda larger, a: larger(a, 0.0), ("max",)),
    "sigmoid": Composed(lambda exp, a: 1 / (1 + exp(-a)), ("exp",)),
    "softplus": Composed(lambda logaddexp, a: logaddexp(0.0, a), ("logaddexp",)),
    "erfc": Composed(lambda erf, a: 1 - erf(a), ("erf",)),
    "gamma": Composed(lambda where, lt, mod, ceil, exp, lgamma, a:
                      where(lt(a, 0.0), 1 - 2 * mod(ceil(-a), 2.0), 1.0) * exp(lgamma(a)),
                      ("select", "lt", "mod", "ceil", "exp", "lgamma")),
}
# fmt: on
"""How functions that a peer lacks are commonly written out in it."""


def function(problem: Problem, peer: Peer) -> Callable[[Sequence[Any]], list[Any]]:
    """f of the entries asked for, the other inputs being numbers."""

    def of(entries: Sequence[Any]) -> list[Any]:
        inputs: list[Any] = [peer.number(float(x)) for x in problem.point]
        for k, i in enumerate(problem.wrt):
            inputs[i] = entries[k]
        return evaluate_calls(problem.program, inputs, peer, peer.called)

    return of


def start(problem: Problem) -> list[float]:
    """The entries asked for, at the point."""
    return [float(problem.point[i]) for i in problem.wrt]


def kind(problem: Problem) -> Kind:
    """What is asked for; by no variables a derivative of any kind has no entries, and a Jacobian can be that."""
    return problem.wanted.kind if problem.wrt else "jacobian"


def ask(compute: Callable[[], T]) -> tuple[T, float]:
    """What a peer computes, and the seconds of its second time: a library prepares at the first."""
    compute()
    begun = time.perf_counter()
    return compute(), time.perf_counter() - begun


@contextmanager
def quietly() -> Iterator[None]:
    """A library's warnings are its own: that log(0) is infinite, or an output constant, is in the table."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def answer(problem: Problem, peer: Peer, values: Any, derivative: Any, seconds: float) -> Derivation:
    """A peer's arrays as floats, row by row; and which of its functions are not its own."""
    ours = dict.fromkeys(call.name for call in problem.program.calls if peer.defined[call.name] is None)
    remark = (
        message("{names}: our formula, in numbers of {name}", names=", ".join(ours), name=peer.name) if ours else None
    )
    return Derivation((), answer=Answer(tuple(_flat(values)), tuple(_flat(derivative)), seconds, remark))


def _flat(value: Any) -> list[float]:
    value = value.tolist() if hasattr(value, "tolist") else value
    if isinstance(value, list | tuple):
        return [x for part in value for x in _flat(part)]
    return [float(value)]


__all__ = [
    "COMPOSED", "OPERATORS", "Defined", "Peer", "answer", "as_numbers", "ask", "function", "kind", "numpy_like",
    "quietly", "start",
]  # fmt: skip
