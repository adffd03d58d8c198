"""A traced number: an equation of a recording together with its float64, under Python's operators.

What Python or NumPy does to it is written down as an equation of our own primitives. A condition is decided
by the numbers, and noted. What needs a plain float is refused, with the way out. This room knows programs and
float64; what NumPy asks of a number it passes on to the `Arrays` that its run was given.
"""

from __future__ import annotations

import numbers
from collections.abc import Callable, Sequence
from contextvars import ContextVar
from fractions import Fraction
from math import isfinite
from typing import Any, NamedTuple, Protocol

import numpy as np

from diffcli.core.primitives import ARITY, BOOLEAN, CODE, INPUT, SELECT
from diffcli.core.program import Recording
from diffcli.numbers.float64 import FLOAT64
from diffcli.runtime.messages import message
from diffcli.tracing.path import Place, here
from diffcli.tracing.refusals import kept, refusal

_PLAIN = (bool, int, float, np.bool_, np.integer, np.floating, Fraction)
_SYMBOLS = {"lt": "<", "le": "<=", "gt": ">", "ge": ">=", "eq": "==", "ne": "!="}


class Decision(NamedTuple):
    """A condition that was asked for its truth, where, and how it came out."""

    place: Place | None
    wire: int
    held: bool


class Comparison(NamedTuple):
    """The two sides of a comparison, as equations."""

    name: str
    left: int
    right: int


class Arrays(Protocol):
    """What NumPy asks of a traced number and this room leaves to whoever knows shapes."""

    def primitive(self, name: str, /, *operands: Any) -> Any:
        """A primitive by its name, of numbers and arrays."""

    def universal(self, ufunc: Any, method: str, inputs: tuple[Any, ...], keywords: dict[str, Any], /) -> Any:
        """NumPy's protocol `__array_ufunc__` (NEP 13)."""

    def called(self, function: Any, arguments: Any, keywords: Any, /) -> Any:
        """NumPy's protocol `__array_function__` (NEP 18)."""

    def entrywise(self, operation: Callable[..., Any], /, *inputs: Any) -> Any:
        """`operation` on entries, broadcast as NumPy does."""


class Trace:
    """One run of a function: what is recorded, and what was decided on the way.

    A run begins within another where a function asks for a derivative. `outer` is that other run: its numbers are
    inputs here, which hold still; `captured` has them, by the names of these inputs. So a number belongs to one run,
    and perturbations of two runs are never confused.
    """

    def __init__(
        self, names: Sequence[str], point: Sequence[float], arrays: Arrays, file: str, source: str = ""
    ) -> None:
        """A run of `source`, a function in `file`, at a point: as many floats as names."""
        self.recording = Recording(names, list(point), FLOAT64)
        self.arrays = arrays
        self.file, self.source = file, source
        self.outer = running.get()
        self.depth: int = self.outer.depth + 1 if self.outer else 0
        self.ended = False
        self.flipped: int | None = None
        """The decision, by its number, that is to come out the other way."""
        self.captured: dict[str, Scalar] = {}
        self._captures: dict[tuple[int, int], int] = {}
        self.decisions: list[Decision] = []
        self.comparisons: dict[int, Comparison] = {}
        self.edges: dict[int, frozenset[int]] = {}
        """Conditions that a small step would turn, and the comparisons in them whose sides are equal."""
        self.boolean: set[int] = set()

    def number(self, wire: int) -> float:
        return self.recording.values[wire]  # type: ignore[no-any-return]

    def wire(self, entry: Any) -> int:
        """The equation of a traced number, or of a literal."""
        if isinstance(entry, Scalar):
            return entry.wire if entry.trace is self else self._capture(entry)
        return self.recording.constant(float(entry))

    def _capture(self, entry: Scalar) -> int:
        """A number of a run that this one stands in, as an input."""
        found = self._captures.get((entry.trace.depth, entry.wire))
        if found is None:
            run = self.outer
            while run is not None and run is not entry.trace:
                run = run.outer
            if run is None or run.ended:
                raise kept(entry.trace.names(entry.wire), entry.trace.source, self.file)
            builder = self.recording.builder
            name = f"outer.{len(self.captured)}"
            builder.inputs = (*builder.inputs, name)
            self.recording.point.append(entry.number)  # type: ignore[attr-defined]
            found = self.recording.input(len(builder.inputs) - 1)
            self.captured[name] = entry
            self._captures[entry.trace.depth, entry.wire] = found
        return found

    def names(self, wire: int) -> list[str]:
        """The inputs that an equation depends on."""
        builder, found, left = self.recording.builder, set(), [wire]
        while left:
            k = left.pop()
            if k not in found:
                found.add(k)
                left += (builder.a[k], builder.b[k], builder.c.get(k, -1))[: ARITY[builder.ops[k]]]
        return [builder.inputs[builder.a[k]] for k in sorted(found) if builder.ops[k] == INPUT]

    def emit(self, name: str, *wires: int) -> Scalar:
        code = CODE[name]
        result = self.recording.functions[code](*wires)
        if code in BOOLEAN:
            self.boolean.add(result)
        return Scalar(self, result)

    def condition(self, entry: Any) -> int:
        """A number as a condition: whether it is not zero."""
        wire = self.wire(entry)
        if wire in self.boolean or not isinstance(entry, Scalar):
            return wire
        return self.compare("ne", entry, 0.0).wire

    def compare(self, name: str, left: Any, right: Any) -> Scalar:
        sides = self.wire(left), self.wire(right)
        result = self.emit(name, *sides)
        self.comparisons[result.wire] = Comparison(name, *sides)
        if self.number(sides[0]) == self.number(sides[1]):
            self.edges[result.wire] = frozenset([result.wire])
        return result

    def negation(self, entry: Any) -> Scalar:
        condition = self.condition(entry)
        result = self.emit("not", condition)
        if condition in self.edges:
            self.edges[result.wire] = self.edges[condition]
        return result

    def choice(self, condition: Any, yes: Any, no: Any) -> Scalar:
        """A choice that stays in the program, so that its ties are judged and its kinks stay kinks."""
        wires = self.condition(condition), self.wire(yes), self.wire(no)
        recording = self.recording
        recording.values.append(recording.values[wires[1] if recording.values[wires[0]] else wires[2]])
        return Scalar(self, recording.builder.emit(SELECT, *wires))

    def joined(self, left: Any, right: Any, either: bool) -> Scalar:
        """`left and right`, or `left or right`: a choice of one of them."""
        one, other = self.condition(left), self.condition(right)
        sides = Scalar(self, one), Scalar(self, other)
        result = self.choice(sides[0], 1.0, sides[1]) if either else self.choice(*sides, 0.0)
        self.boolean.add(result.wire)
        held = [bool(self.number(wire)) for wire in (one, other)]
        settled = any(
            truth == either and wire not in self.edges for truth, wire in zip(held, (one, other), strict=True)
        )
        touched = self.edges.get(one, frozenset()) | self.edges.get(other, frozenset())
        if touched and not settled:
            self.edges[result.wire] = touched
        return result

    def decide(self, entry: Scalar) -> bool:
        wire = self.condition(entry)
        held = self.recording.decide(wire) != (len(self.decisions) == self.flipped)
        self.decisions.append(Decision(here(self.file), wire, held))
        return held


running: ContextVar[Trace | None] = ContextVar("running", default=None)
"""The innermost run of this thread."""


class Scalar:
    """A traced number. It does what a float does, but is never one."""

    __slots__ = ("trace", "wire")
    __array_priority__ = 1000.0

    def __init__(self, trace: Trace, wire: int) -> None:
        self.trace, self.wire = trace, wire

    @property
    def number(self) -> float:
        return self.trace.number(self.wire)

    def is_(self, other: Scalar) -> bool:
        """Whether both are one number by their making."""
        return self.trace is other.trace and self.wire == other.wire

    # --- what a number is asked
    shape: tuple[int, ...] = ()
    ndim, size, imag = 0, 1, 0.0
    dtype = np.dtype(object)

    @property
    def real(self) -> Scalar:
        return self

    T = real

    def conjugate(self) -> Scalar:
        return self

    conj = copy = item = __pos__ = conjugate

    def __repr__(self) -> str:
        return repr(self.number)

    def __format__(self, spec: str) -> str:
        return format(self.number, spec)

    def __hash__(self) -> int:
        return hash((id(self.trace), self.wire))

    # --- arithmetic that is no single primitive; the rest stands in the tables below
    def __add__(self, other: Any) -> Any:
        # the builtin sum begins with the integer 0, which no one typed
        return self if type(other) is int and not other else _binary("add", self, other)

    def __radd__(self, other: Any) -> Any:
        return self if type(other) is int and not other else _binary("add", other, self)

    def __pow__(self, exponent: Any) -> Any:
        return _defer(power, self, exponent)

    def __rpow__(self, base: Any) -> Any:
        return _defer(power, base, self)

    def __floordiv__(self, other: Any) -> Any:
        return _defer(floor_divide, self, other)

    def __rfloordiv__(self, other: Any) -> Any:
        return _defer(floor_divide, other, self)

    def __divmod__(self, other: Any) -> tuple[Any, Any]:
        return self // other, self % other

    def __rdivmod__(self, other: Any) -> tuple[Any, Any]:
        return other // self, other % self

    def __neg__(self) -> Scalar:
        return apply("neg", self)

    def __abs__(self) -> Scalar:
        return apply("abs", self)

    def __floor__(self) -> Scalar:
        return apply("floor", self)

    def __ceil__(self) -> Scalar:
        return apply("ceil", self)

    def __trunc__(self) -> Scalar:
        return apply("trunc", self)

    def __round__(self, digits: int | None = None) -> Scalar:
        if digits is None:
            return apply("round", self)
        raise refusal(
            self.trace.file, "round", message("round(x) to a whole number can be traced; to digits it cannot")
        )

    # --- conditions
    def __bool__(self) -> bool:
        return innermost(self).decide(self)

    def __and__(self, other: Any) -> Any:
        return _defer(both, self, other)

    def __or__(self, other: Any) -> Any:
        return _defer(either, self, other)

    def __xor__(self, other: Any) -> Any:
        return _defer(differ, self, other)

    __rand__, __ror__, __rxor__ = __and__, __or__, __xor__

    def __invert__(self) -> Scalar:
        return innermost(self).negation(self)

    # --- what would lose the trace
    def __float__(self) -> float:
        raise refusal(self.trace.file, "float")

    def __int__(self) -> int:
        raise refusal(self.trace.file, "int")

    def __index__(self) -> int:
        raise refusal(self.trace.file, "index")

    def __complex__(self) -> complex:
        raise refusal(self.trace.file, "complex")

    # --- what diffcli.functions ask
    def _apply(self, name: str, *operands: Any) -> Any:
        return self.trace.arrays.primitive(name, *operands)

    # --- NumPy's protocols
    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **keywords: Any) -> Any:
        return self.trace.arrays.universal(ufunc, method, inputs, keywords)

    def __array_function__(self, function: Any, types: Any, arguments: Any, keywords: Any) -> Any:
        del types
        return self.trace.arrays.called(function, arguments, keywords)


numbers.Real.register(Scalar)


def apply(name: str, *entries: Any) -> Scalar:
    """A primitive of traced numbers and literals; one of them at least is traced."""
    trace = innermost(*entries)
    return trace.emit(name, *map(trace.wire, entries))


def traced(*entries: Any) -> bool:
    return any(isinstance(entry, Scalar) for entry in entries)


def innermost(*entries: Any) -> Trace:
    """The innermost run that an entry belongs to: to it, the numbers of others hold still."""
    found: Scalar | None = None
    for entry in entries:
        if isinstance(entry, Scalar) and (found is None or entry.trace.depth > found.trace.depth):
            found = entry
    assert found is not None
    if found.trace.ended:
        now = running.get()
        raise kept(found.trace.names(found.wire), found.trace.source, now.file if now else found.trace.file)
    return found.trace


def compare(name: str, left: Any, right: Any) -> Any:
    if isinstance(left, Scalar) and isinstance(right, Scalar) and left.is_(right):
        return FLOAT64.functions[CODE[name]](left.number, right.number) == 1  # type: ignore[misc]
    return innermost(left, right).compare(name, left, right)


def power(base: Any, exponent: Any) -> Scalar:
    """A literal exponent makes it the parametric primitive, as in the language."""
    trace = innermost(base, exponent)
    if isinstance(exponent, Scalar) or not isfinite(exponent):
        return apply("pow", base, exponent)
    return Scalar(trace, trace.recording.functions[CODE["powc"]](trace.wire(base), float(exponent)))


def floor_divide(left: Any, right: Any) -> Scalar:
    """By the remainder, as Python does: the floor of a rounded quotient can be one too many."""
    return apply("round", apply("div", apply("sub", left, apply("mod", left, right)), right))


def both(left: Any, right: Any) -> Any:
    return _joined(left, right, either=False)


def either(left: Any, right: Any) -> Any:
    return _joined(left, right, either=True)


def _joined(left: Any, right: Any, either: bool) -> Any:
    for known, other in ((left, right), (right, left)):
        if not isinstance(known, Scalar):
            return either if bool(known) == either else other
    return innermost(left, right).joined(left, right, either)


def differ(left: Any, right: Any) -> Any:
    """Exactly one of them: the conditions as the numbers 0 and 1 are unequal."""
    trace = innermost(left, right)
    result = trace.emit("ne", *map(trace.condition, (left, right)))
    touched = [trace.edges.get(trace.condition(side), frozenset()) for side in (left, right)]
    if any(touched):
        trace.edges[result.wire] = touched[0] | touched[1]
    return result


def choose(condition: Any, yes: Any, no: Any) -> Any:
    """Like `where`, of three entries."""
    if not isinstance(condition, Scalar):
        return yes if condition else no
    return innermost(condition, yes, no).choice(condition, yes, no)


def _binary(name: str, left: Any, right: Any) -> Any:
    return _defer(lambda *sides: apply(name, *sides), left, right)


def _defer(operation: Callable[..., Any], left: Any, right: Any) -> Any:
    """`operation` on numbers; arrays are NumPy's affair, and what is no number is Python's."""
    own, other = (left, right) if isinstance(left, Scalar) else (right, left)
    if isinstance(other, (Scalar, *_PLAIN)):
        return operation(left, right)
    if isinstance(other, np.ndarray):
        return own.trace.arrays.entrywise(operation, left, right)
    if isinstance(other, complex):
        raise refusal(innermost(left, right).file, "complex")
    return NotImplemented


_ARITHMETIC = {"sub": "sub", "mul": "mul", "truediv": "div", "mod": "mod"}
"""Python's operators that are primitives."""

FUNCTIONS = {
    "sin": "sin", "cos": "cos", "tan": "tan", "arcsin": "asin", "arccos": "acos", "arctan": "atan",
    "sinh": "sinh", "cosh": "cosh", "tanh": "tanh", "arcsinh": "asinh", "arccosh": "acosh", "arctanh": "atanh",
    "exp": "exp", "exp2": "exp2", "expm1": "expm1", "log": "log", "log2": "log2", "log10": "log10", "log1p": "log1p",
    "sqrt": "sqrt", "cbrt": "cbrt", "absolute": "abs", "fabs": "abs", "sign": "sign",
    "floor": "floor", "ceil": "ceil", "trunc": "trunc", "rint": "round", "negative": "neg",
}  # fmt: skip
"""NumPy's functions of one number, and the primitives they are. Arrays of objects call them as methods."""


def _operator(name: str, turned: bool) -> Callable[[Scalar, Any], Any]:
    if turned:
        return lambda self, other: _binary(name, other, self)
    return lambda self, other: _binary(name, self, other)


def _relation(name: str) -> Callable[[Scalar, Any], Any]:
    return lambda self, other: _defer(lambda left, right: compare(name, left, right), self, other)


def _method(name: str) -> Callable[[Scalar], Scalar]:
    return lambda self: apply(name, self)


for _python, _primitive in _ARITHMETIC.items():
    setattr(Scalar, f"__{_python}__", _operator(_primitive, turned=False))
    setattr(Scalar, f"__r{_python}__", _operator(_primitive, turned=True))
for _primitive in _SYMBOLS:
    setattr(Scalar, f"__{_primitive}__", _relation(_primitive))
for _numpy, _primitive in FUNCTIONS.items():
    setattr(Scalar, _numpy, _method(_primitive))
for _numpy, _primitive in {"arctan2": "atan2", "hypot": "hypot", "fmod": "fmod"}.items():
    setattr(Scalar, _numpy, _operator(_primitive, turned=False))
Scalar.deg2rad = Scalar.radians = lambda self: self * (np.pi / 180)  # type: ignore[attr-defined]
Scalar.rad2deg = Scalar.degrees = lambda self: self * (180 / np.pi)  # type: ignore[attr-defined]
