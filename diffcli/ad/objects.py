"""Dual numbers and a tape to hold in the hand, over the same rules as the methods.

    >>> from diffcli.functions import sin
    >>> x = Dual(3.0, 1.0)
    >>> x*x + sin(x)
    Dual(9.141120008059866, 5.010007503399555)

    >>> tape = Tape()
    >>> x = tape.variable([0, 1, 2, 3], "x")
    >>> (2*(x @ x)).backward()
    >>> x.grad
    [0.0, 4.0, 8.0, 12.0]

What is computed here is computed by `Duals` and `Taping` over float64: the
classes only give their values operators, names and a memory of gradients. So
what comes out is what the methods find, bit for bit.

NumPy's functions take both: `np.sin(x)` of a Dual or of an array of them, and
`np.exp(v)`, `A @ v` of a Variable.
"""

from __future__ import annotations

import operator
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import cache, partial
from html import escape
from numbers import Real
from types import CodeType, FrameType
from typing import Any

from diffcli.ad.forward import Dual as Pair
from diffcli.ad.forward import Duals
from diffcli.ad.reverse import Taped, Taping
from diffcli.ad.rules import ZERO, Unit, unit
from diffcli.core.primitives import CODE, FUNCTIONS, PRIMITIVES
from diffcli.locale.language import tr
from diffcli.numbers.float64 import FLOAT64
from diffcli.runtime.errors import DiffError, width
from diffcli.runtime.messages import message, message_of
from diffcli.syntax import shapes
from diffcli.syntax.shapes import Shape, Tensor


class _Operators:
    """Python's operators, by the primitives of their names; `_apply` computes one."""

    def _apply(self, name: str, *operands: Any) -> Any:
        raise NotImplementedError

    def __add__(self, other: Any) -> Any:
        return self._apply("add", self, other)

    def __radd__(self, other: Any) -> Any:
        return self._apply("add", other, self)

    def __sub__(self, other: Any) -> Any:
        return self._apply("sub", self, other)

    def __rsub__(self, other: Any) -> Any:
        return self._apply("sub", other, self)

    def __mul__(self, other: Any) -> Any:
        return self._apply("mul", self, other)

    def __rmul__(self, other: Any) -> Any:
        return self._apply("mul", other, self)

    def __truediv__(self, other: Any) -> Any:
        return self._apply("div", self, other)

    def __rtruediv__(self, other: Any) -> Any:
        return self._apply("div", other, self)

    def __pow__(self, other: Any) -> Any:
        return self._apply("pow", self, other)

    def __rpow__(self, other: Any) -> Any:
        return self._apply("pow", other, self)

    def __mod__(self, other: Any) -> Any:
        return self._apply("mod", self, other)

    def __rmod__(self, other: Any) -> Any:
        return self._apply("mod", other, self)

    def __neg__(self) -> Any:
        return self._apply("neg", self)

    def __pos__(self) -> Any:
        return self

    def __abs__(self) -> Any:
        return self._apply("abs", self)

    def __floor__(self) -> Any:
        return self._apply("floor", self)

    def __ceil__(self) -> Any:
        return self._apply("ceil", self)

    def __trunc__(self) -> Any:
        return self._apply("trunc", self)

    def __round__(self, digits: int | None = None) -> Any:
        if digits is not None:
            raise DiffError(message("round to digits has no derivative"), hint=message("write round(x)"), kind="type")
        return self._apply("round", self)

    def __floordiv__(self, other: Any) -> Any:
        return round((self - self % other) / other)

    def __rfloordiv__(self, other: Any) -> Any:
        return round((other - other % self) / self)

    def __divmod__(self, other: Any) -> Any:
        return self // other, self % other

    def __rdivmod__(self, other: Any) -> Any:
        return other // self, other % self

    def __bool__(self) -> bool:
        return _primal(self) != 0

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Real | _Operators) and _primal(self) == _primal(other)

    __hash__ = None  # type: ignore[assignment]

    def __lt__(self, other: Any) -> bool:
        return _primal(self) < _primal(other)

    def __le__(self, other: Any) -> bool:
        return _primal(self) <= _primal(other)

    def __gt__(self, other: Any) -> bool:
        return _primal(self) > _primal(other)

    def __ge__(self, other: Any) -> bool:
        return _primal(self) >= _primal(other)

    def __float__(self) -> float:
        kind = type(self).__name__
        raise DiffError(
            message("a {kind} is more than a number: float() would lose its derivative", kind=kind),
            hint=message("use the functions of diffcli.functions; .primal (.value) is the number alone"),
            kind="type",
        )

    __int__ = __complex__ = __float__


def _primal(value: Any) -> float:
    while isinstance(value, Dual):
        value = value.primal
    return float(value.primal) if isinstance(value, Variable) else number(value)


def number(value: Any) -> float:
    if isinstance(value, Real):
        return float(value)
    if hasattr(value, "tolist") and isinstance(value.tolist(), Real):
        return float(value.tolist())
    if isinstance(value, _Operators):
        hint = message("use one of them: a Dual carries derivatives forward, a Tape brings them back")
        raise DiffError(message("a Dual and a Variable do not mix"), hint=hint, kind="type")
    raise DiffError(message("{value} is no number", value=repr(value)), kind="type")


# --- forward
class Dual(_Operators):
    """A number and its tangent: `Dual(3.0, 1.0)` is 3 + eps, and f of it is f(3) + f'(3) eps.

    Comparisons look at the primal, as control flow does. A tangent that was given as 0, 1
    or -1 is known by structure: nothing is multiplied by it.

    A derivative that is taken inside another has an eps of its own, so that none is taken for the other
    (perturbation confusion: Siskind & Pearlmutter 2005): `level` counts the functions that have begun a derivative
    around the one that makes this number. Primal and tangent are then numbers of the levels below.
    """

    __slots__ = ("_level", "_maker", "_pair")
    _level: int
    _maker: tuple[int, CodeType] | None
    """The function that began the derivative, where another was begun around it."""

    def __init__(self, primal: Any, tangent: Any = 0.0) -> None:
        given = [x if isinstance(x, Dual) else number(x) for x in (primal, tangent)]
        inside = max((x._level + 1 for x in given if isinstance(x, Dual)), default=0)
        moves = isinstance(given[1], Dual) or given[1] != 0
        depth, maker = _depth() if moves else (0, None)
        self._level = max(inside, depth)
        self._maker = maker if depth > inside else None
        below = self._level - 1
        value = _at(given[0], below)
        self._pair = Pair(value, _at(given[1], below) if isinstance(given[1], Dual) else self._seed(given[1], below))

    @staticmethod
    def _seed(tangent: float, below: int) -> Any:
        found = unit(tangent)
        return found if isinstance(found, Unit) else _at(tangent, below)

    @classmethod
    def _made(cls, pair: Pair, level: int, maker: tuple[int, CodeType] | None = None) -> Dual:
        made = cls.__new__(cls)
        made._pair, made._level, made._maker = pair, level, maker
        return made

    def __getstate__(self) -> Any:
        return None, {"_pair": self._pair, "_level": self._level, "_maker": None}

    @property
    def primal(self) -> Any:
        return _shown(self._pair.primal, self._level - 1)

    @property
    def tangent(self) -> Any:
        found = _shown(_duals(self._level).linear.settle(self._pair.tangent), self._level - 1)
        if isinstance(found, Dual) and self._maker and self._maker not in _frames():
            hint = message("make all duals of one derivative in one function")
            raise DiffError(message("duals made by functions within each other are mixed here"), hint=hint, kind="type")
        return found

    def _apply(self, name: str, *operands: Any) -> Any:
        if any(getattr(operand, "shape", ()) and not isinstance(operand, _Operators) for operand in operands):
            return NotImplemented  # an array of NumPy's asks its entries one by one
        inner = max((operand for operand in operands if isinstance(operand, Dual)), key=_LEVEL)
        level = inner._level
        functions = _duals(level).functions
        if name == "pow" and not isinstance(operands[1], Dual):
            found = functions[CODE["powc"]](_at(operands[0], level), number(operands[1]))
        else:
            found = functions[CODE[name]](*(_at(operand, level) for operand in operands))
        return Dual._made(found, level, inner._maker)

    def detach(self) -> Dual:
        """The same number, which no derivative passes."""
        return Dual(_primal(self))

    def __repr__(self) -> str:
        return f"Dual({self.primal!r}, {self.tangent!r})"


@cache
def _duals(level: int) -> Duals:
    """Dual numbers over those of the level below, and at last over floats."""
    return Duals(_duals(level - 1) if level else FLOAT64)


def _at(value: Any, level: int) -> Any:
    """A number as one of a level: no eps of a level above its own moves it."""
    if level < 0:
        return number(value)
    pair, own = (value._pair, value._level) if isinstance(value, Dual) else (number(value), -1)
    for _ in range(level - own):
        pair = Pair(pair, ZERO)
    return pair


def _shown(value: Any, level: int) -> Any:
    """A number of a level, in the hand; a float where nothing moves it."""
    while level >= 0 and value.tangent is ZERO:
        value, level = value.primal, level - 1
    return Dual._made(value, level) if level >= 0 else float(value)


_begun: set[tuple[int, CodeType]] = set()
"""Frames that have begun a derivative, by a number that is given again after their end: their code tells most apart."""
_MANY = 1000


_LEVEL = operator.attrgetter("_level")


def _depth() -> tuple[int, tuple[int, CodeType]]:
    """How many functions around the one that makes a Dual have begun a derivative of their own; and that one."""
    own, *around = _frames()
    if len(_begun) > _MANY:
        _begun.intersection_update(around)
    _begun.add(own)
    return sum(key in _begun for key in around), own


def _frames() -> list[tuple[int, CodeType]]:
    """The functions that are running, the innermost first, without those of this file."""
    found = []
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if frame.f_code.co_filename != __file__ and frame.f_code.co_name not in _PARTS:
            found.append((id(frame), frame.f_code))
        frame = frame.f_back
    return found


_PARTS = ("<listcomp>", "<genexpr>", "<setcomp>", "<dictcomp>")
"""Frames that are parts of the function around them."""


def _method(primitive: str) -> Callable[..., Any]:
    def apply(self: _Operators, *others: Any) -> Any:
        return self._apply(primitive, self, *others)

    return apply


_UFUNCS = {name: PRIMITIVES[code].name for name, code in FUNCTIONS.items()} | {
    "add": "add", "subtract": "sub", "multiply": "mul", "divide": "div", "negative": "neg", "power": "pow",
    "absolute": "abs", "rint": "round",
}  # fmt: skip
"""NumPy's functions by their names; of each entry of an array of objects it calls the method of that name."""

for _name, _primitive in _UFUNCS.items():
    if PRIMITIVES[CODE[_primitive]].cost == "func" and _primitive not in ("min", "max"):
        setattr(_Operators, _name, _method(_primitive))

_COMPARED = {
    "less": operator.lt, "less_equal": operator.le, "greater": operator.gt, "greater_equal": operator.ge,
    "equal": operator.eq, "not_equal": operator.ne,
}  # fmt: skip


# --- reverse
class Tape:
    """Records what is computed from its variables; `backward` of a result fills their `grad`."""

    def __init__(self) -> None:
        self._taping = Taping(FLOAT64)
        self._variables: list[Variable] = []
        self._names: dict[int, str] = {}
        self._adjoints: list[Any] = []
        self._spent: set[int] = set()

    def variable(self, value: float | Sequence[Any], name: str = "") -> Variable:
        """A number, or a vector or matrix of them, whose derivative will be asked for."""
        found = _tensor(value)
        name = name or f"x{len(self._variables)}"
        entries = shapes.each(lambda entry: self._taping.variable(number(entry)), found)
        made = Variable(self, entries, leaf=True)
        for place, entry in zip(shapes.places(shapes.shape_of(entries)), shapes.entries_of(entries), strict=True):
            self._names[entry.place] = name + shapes.subscript(place)
        self._variables.append(made)
        return made

    def __getstate__(self) -> dict[str, Any]:
        """What is recorded; the functions that record are made anew."""
        return {**vars(self), "_taping": self._taping.tape}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._taping = Taping(FLOAT64)
        self._taping.tape += state["_taping"]

    def zero_grad(self) -> None:
        """Forget the gradients of all variables."""
        for variable in self._variables:
            variable.grad = None

    def __len__(self) -> int:
        """Operations that are remembered."""
        return sum(entry.code is not None for entry in self._taping.tape)

    def __repr__(self) -> str:
        return f"Tape(variables: {len(self._variables)}, operations: {len(self)})"

    def __str__(self) -> str:
        """A line for every entry: its number, what it is, its value, and its adjoint after the last backward."""
        rows = [("", tr("operation"), tr("value"), tr("adjoint"))]
        for k, entry in enumerate(self._taping.tape):
            adjoint = repr(self._taping.linear.settle(self._adjoints[k])) if k < len(self._adjoints) else ""
            rows.append((str(k), self._described(k), repr(entry.result), adjoint))
        number, said, value, _ = (max(map(width, column)) for column in zip(*rows, strict=True))
        lines = [
            f"{k:>{number}}  {_filled(what, said)}  {_filled(is_, value)}  {adjoint}" for k, what, is_, adjoint in rows
        ]
        return "\n".join(map(str.rstrip, lines))

    def _repr_html_(self) -> str:
        return f"<pre>{escape(str(self))}</pre>"

    def _passed(self, places: Sequence[int | None]) -> set[int]:
        """The operations that a backward sweep from these places goes through."""
        found: set[int] = set()
        left = list(places)
        while left:
            place = left.pop()
            if place is None or place in found or self._taping.tape[place].code is None:
                continue
            found.add(place)
            left += self._taping.tape[place].places
        return found

    def _described(self, k: int) -> str:
        entry = self._taping.tape[k]
        if entry.code is None:
            return self._names.get(k, "")
        row = PRIMITIVES[entry.code]
        operands = [
            repr(value) if place is None else self._names.get(place, f"#{place}")
            for value, place in zip(entry.arguments, entry.places, strict=True)
        ]
        if row.name == "powc":
            return f"{operands[0]}**{float(entry.parameter or 0):g}"
        return (
            f" {row.symbol} ".join(operands)
            if row.symbol and len(operands) == 2
            else f"{row.name}({', '.join(operands)})"
        )


def _filled(text: str, columns: int) -> str:
    return text + " " * (columns - width(text))


class Variable(_Operators):
    """A value on a tape: a number, or a vector or matrix; `grad` is what backward sweeps added up."""

    __slots__ = ("_entries", "_tape", "grad", "leaf")

    def __init__(self, tape: Tape, entries: Any, leaf: bool = False) -> None:
        self._tape, self._entries, self.leaf = tape, entries, leaf
        self.grad: Any = None

    @property
    def shape(self) -> Shape:
        return shapes.shape_of(self._entries)

    @property
    def value(self) -> Any:
        """The number, or lists of them."""
        return shapes.nested(self.shape, [entry.primal for entry in shapes.entries_of(self._entries)])

    @property
    def primal(self) -> float:
        if self.shape:
            raise DiffError(
                message("the truth of a vector is not one"),
                hint=message("compare its sum, its mean or an entry"),
                kind="shape",
            )
        return float(self._entries.primal)

    def backward(self, weights: Any = None, retain: bool = False) -> None:
        """Add the derivative of this result to the `grad` of every variable of its tape.

        `weights` are needed for a result that is no scalar: its entries times them are
        differentiated. The tape is used up, unless it is retained.
        """
        tape = self._tape
        entries = shapes.entries_of(self._entries)
        if weights is None and self.shape:
            hint = message("take its sum first")
            if len(self.shape) == 1 and len(entries) < 9:
                hint = message("write backward({ones}), or take its sum first", ones=[1] * len(entries))
            raise DiffError(
                message("the output is no scalar: its shape is {shape}", shape=self.shape), hint=hint, kind="shape"
            )
        given = 1.0 if weights is None else _tensor(weights)
        if shapes.shape_of(given) != self.shape:
            said = message(
                "the weights have the shape {value}, the output {shape}", value=shapes.shape_of(given), shape=self.shape
            )
            raise DiffError(said, hint=message("give a weight for each entry of the output"), kind="shape")
        seeds = [unit(number(weight)) for weight in shapes.entries_of(given)]
        passed = tape._passed([entry.place for entry in entries])
        if passed & tape._spent:
            hint = message("write backward(retain=True) the first time to keep the tape")
            raise DiffError(
                message("backward was run through this result before: its tape is used up"), hint=hint, kind="tape"
            )
        tape._adjoints = tape._taping.backward(list(entries), seeds)
        if not retain:
            tape._spent |= passed
        for variable in tape._variables:
            variable._add(tape._adjoints)

    def _add(self, adjoints: Sequence[Any]) -> None:
        settle = self._tape._taping.linear.settle
        found = [settle(adjoints[entry.place]) for entry in shapes.entries_of(self._entries)]
        if self.grad is not None:
            before = shapes.entries_of(_tensor(self.grad))
            found = [a + b for a, b in zip(before, found, strict=True)]
        self.grad = shapes.nested(self.shape, found)

    def zero_grad(self) -> None:
        self.grad = None

    def detach(self) -> Variable:
        """The same value, which no derivative passes."""
        return Variable(self._tape, shapes.each(lambda entry: Taped(entry.primal, None), self._entries))

    def sum(self, **words: Any) -> Variable:
        _of_all("sum", words)
        return Variable(self._tape, shapes.fold(self._operation("add"), self._entries))

    def mean(self, **words: Any) -> Variable:
        _of_all("mean", words)
        return self.sum() / len(shapes.entries_of(self._entries))  # type: ignore[no-any-return]

    def norm(self) -> Variable:
        total = (self * self).sum()
        return total._apply("sqrt", total)  # type: ignore[no-any-return]

    def __matmul__(self, other: Any) -> Variable:
        return self._shaped(shapes.matmul, self, other)

    def __rmatmul__(self, other: Any) -> Variable:
        return self._shaped(shapes.matmul, other, self)

    def __array_ufunc__(self, function: Any, method: str, *operands: Any, **options: Any) -> Any:
        """What NumPy is asked for; it need not be installed."""
        name = function.__name__
        if method != "__call__" or options:
            return NotImplemented
        if name == "matmul":
            return self._shaped(shapes.matmul, *operands)
        if name == "square":
            return self * self
        if name in _COMPARED:
            return _COMPARED[name](*map(_primal, operands))
        return self._apply(_UFUNCS[name], *operands) if name in _UFUNCS else NotImplemented

    @property
    def T(self) -> Variable:  # noqa: N802 - NumPy's name
        return Variable(self._tape, shapes.transpose(self._entries))

    def __getitem__(self, index: int | slice | tuple[int | slice, ...]) -> Variable:
        picked = index if isinstance(index, tuple) else (index,)
        return Variable(self._tape, self._fitting(partial(_picked, self._entries, picked)))

    def __iter__(self) -> Iterator[Variable]:
        return (self[i] for i in range(len(self)))

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("a number has no length")
        return self.shape[0]

    def _operation(self, name: str) -> Callable[..., Any]:
        function: Callable[..., Any] = self._tape._taping.functions[CODE[name]]
        return function

    def _shaped(self, function: Callable[..., Any], *operands: Any) -> Variable:
        found = self._fitting(
            partial(function, self._operation("mul"), self._operation("add"), *self._on_tape(operands))
        )
        return Variable(self._tape, found)

    def _apply(self, name: str, *operands: Any) -> Variable:
        if name == "pow" and isinstance(operands[1], Real):
            exponent = float(operands[1])
            raised = self._operation("powc")
            found = shapes.each(lambda entry: raised(entry, exponent), _taped(operands[0]))
        else:
            found = self._fitting(partial(shapes.each, self._operation(name), *self._on_tape(operands)))
        return Variable(self._tape, found)

    def _on_tape(self, operands: Sequence[Any]) -> list[Any]:
        for operand in operands:
            if isinstance(operand, Variable) and operand._tape is not self._tape:
                raise DiffError(
                    message("these values are on two tapes"),
                    hint=message("make all variables by one Tape()"),
                    kind="tape",
                )
        return [_taped(operand) for operand in operands]

    @staticmethod
    def _fitting(compute: Callable[[], Any]) -> Any:
        try:
            return compute()
        except shapes.Mismatch as mismatch:
            raise DiffError(message_of(mismatch), kind="shape") from None

    def __repr__(self) -> str:
        return f"Variable({self.value!r})"


def _picked(entries: Any, index: tuple[int | slice, ...]) -> Any:
    if not any(isinstance(part, slice) for part in index):
        return shapes.pick(entries, index)  # type: ignore[arg-type]
    first, rest = index[0], index[1:]
    if isinstance(first, slice):
        length = (*shapes.shape_of(entries), 0)[0]
        return _stacked([_picked(shapes.pick(entries, (k,)), rest) for k in range(*first.indices(length))])
    return _picked(shapes.pick(entries, (first,)), rest)


def _of_all(name: str, words: dict[str, Any]) -> None:
    """`np.sum` and `np.mean` give words like `axis=None`, which change nothing."""
    asked = ", ".join(f"{word}={value!r}" for word, value in words.items() if value is not None)
    if asked:
        hint = message("take the {name} of each row: [row.{other}() for row in A]", name=name, other=name)
        raise DiffError(
            message("{name} of a Variable is that of all entries, without {asked}", name=name, asked=asked),
            hint=hint,
            kind="shape",
        )


def _taped(value: Any) -> Any:
    if isinstance(value, Variable):
        return value._entries
    return shapes.each(lambda entry: Taped(number(entry), None), _tensor(value))


def _tensor(value: Any) -> Any:
    """Numbers, lists of them and NumPy arrays as entries with a shape."""
    value = value.tolist() if hasattr(value, "tolist") else value
    if not isinstance(value, list | tuple):
        return value
    return Variable._fitting(partial(_stacked, [_tensor(part) for part in value]))


def _stacked(rows: Sequence[Any]) -> Tensor:
    if not rows:
        raise shapes.Mismatch(message("an empty vector"))
    return shapes.stack(rows)


__all__ = ["Dual", "Tape", "Tensor", "Variable"]
