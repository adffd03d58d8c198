"""NumPy code for very many points: all operations on one block, then on the next, so that everything stays in cache.

Interpreted over whole arrays, a program reads and writes memory at every operation. Here
the points go through it in blocks; a ufunc writes where it is told to, into one of a few
buffers that are used again as soon as their values are dead, or straight into the result.
Values are the bits of `evaluate(program, columns, Arrays(dtype))`: the same functions,
of the same arguments. What does not depend on a column is computed once a call.

The text that is compiled holds names made here, never a word of the user's.
This room knows NumPy and caches; nothing of derivatives.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from diffcli.core.evaluate import evaluate
from diffcli.core.passes import prune
from diffcli.core.primitives import CODE, CONST, INPUT, PARAMETRIC, PRIMITIVES
from diffcli.core.program import Program
from diffcli.numbers.arrays import POWERS, STEPS, UFUNCS, Arrays, silence

Column = Any
"""An array of the algebra's dtype, contiguous and of one dimension."""

BLOCK_BYTES = 1 << 16
"""Of one buffer: 8192 points in float64. With 5 buffers in use and with 500, half or twice as much is within a tenth
of the best, an eighth takes twice the time (calls), and whole arrays take two to three times (memory)."""

DETACH, POWC = CODE["detach"], CODE["powc"]


class Blocks:
    """A straight-line program as a function of columns, compiled when it is first called.

    An input is an array, or a number that is the same at every point. All arrays have
    one shape, which is that of every output. `block` is a number of points, for those who
    measure.
    """

    def __init__(self, program: Program, algebra: Arrays, block: int | None = None) -> None:
        if program.branches:
            raise ValueError("points take different paths through this program: decide at each, or record a path first")
        self.program = prune(replace(program, guards=()))
        self.algebra = Arrays(algebra.dtype.name, loud=True)
        self.block = block
        self._sweeps: dict[tuple[bool, ...], _Sweep] = {}

    def __call__(self, columns: Sequence[Any], out: Sequence[Column] | None = None) -> list[Column]:
        """The outputs at all points; into the arrays `out`, if they are given."""
        inputs = [np.asarray(self.algebra.array(column)) for column in columns]
        alike = tuple(column.ndim == 0 for column in inputs)
        shape = self._shape(inputs)
        results = self._outputs(shape) if out is None else self._checked(out, shape, inputs)
        sweep = self._sweeps.get(alike)
        if sweep is None:
            sweep = self._sweeps[alike] = _Writer(self.program, self.algebra, alike).sweep()
        values = [
            column[()] if same else np.ascontiguousarray(column).reshape(-1)
            for column, same in zip(inputs, alike, strict=True)
        ]
        with silence():
            sweep.run(values, [result.reshape(-1) for result in results], self.block)
        return results

    def source(self, alike: Sequence[bool] | None = None) -> str:
        """The text that is compiled, where the inputs marked in `alike` are the same at every point."""
        return _Writer(self.program, self.algebra, alike or [False] * len(self.program.inputs)).text()

    def _shape(self, inputs: Sequence[Column]) -> tuple[int, ...]:
        if len(inputs) != len(self.program.inputs):
            raise ValueError(f"{len(self.program.inputs)} inputs are needed, {len(inputs)} given")
        shapes = {column.shape for column in inputs if column.ndim}
        if len(shapes) > 1:
            raise ValueError(f"the inputs have different shapes: {sorted(shapes)}")
        return shapes.pop() if shapes else ()

    def _outputs(self, shape: tuple[int, ...]) -> list[Column]:
        return [np.empty(shape, self.algebra.dtype) for _ in self.program.outputs]

    def _checked(self, out: Sequence[Column], shape: tuple[int, ...], inputs: Sequence[Column]) -> list[Column]:
        """Results are written while inputs are still read: they must not lie in the same memory."""
        if len(out) != len(self.program.outputs):
            raise ValueError(f"the program has {len(self.program.outputs)} outputs, not {len(out)}")
        for i, result in enumerate(out):
            if result.shape != shape or result.dtype != self.algebra.dtype or not result.flags.c_contiguous:
                raise ValueError(f"an output must be a contiguous array of {self.algebra.dtype}, of shape {shape}")
            if any(np.may_share_memory(result, other) for other in (*inputs, *out[:i])):
                raise ValueError("an output lies in the memory of an input, or of another output")
        return list(out)


def whole(program: Program, algebra: Arrays) -> Callable[[Sequence[Any]], list[Column]]:
    """Nothing compiled: the interpreter over whole columns, with results as `Blocks` has them."""
    loud = Arrays(algebra.dtype.name, loud=True)

    def table(columns: Sequence[Any]) -> list[Column]:
        values = [loud.array(column) for column in columns]
        shape = np.broadcast_shapes(*(np.shape(value) for value in values))
        with silence():
            results = evaluate(program, values, loud)
        return [np.broadcast_to(result, shape) for result in results]

    return table


@dataclass(frozen=True, slots=True)
class _Sweep:
    """The compiled code: `once` computes what is the same everywhere, `each` goes through blocks of equal size."""

    once: Callable[[Sequence[Any]], tuple[Any, ...]]
    each: Callable[..., None]
    buffers: int
    dtype: np.dtype[Any]

    def run(self, inputs: Sequence[Any], outputs: Sequence[Column], block: int | None) -> None:
        same = self.once(inputs)
        points = max((column.size for column in outputs), default=0)
        size = min(block or BLOCK_BYTES // self.dtype.itemsize, points)
        pool = [np.empty(size, self.dtype) for _ in range(self.buffers)]
        for starts, length in _portions(points, size):
            self.each(inputs, outputs, same, [buffer[:length] for buffer in pool], starts, length)


def _portions(points: int, size: int) -> Iterator[tuple[Sequence[int], int]]:
    """Starts of blocks, and their length. Never a block of one point: of a lone exponent NumPy makes a special case."""
    if not points:
        return
    full, rest = divmod(points, size)
    if rest == 1 and full and size > 2:
        full, rest = full - 1, size + 1
    if full:
        yield range(0, full * size, size), size
    start = full * size
    if rest > size:
        yield [start], size - 1
        start, rest = start + size - 1, 2
    if rest:
        yield [start], rest


@dataclass(slots=True)
class _Lines:
    """Two functions in the making, and the objects that their names mean."""

    once: list[str] = field(default_factory=list)
    each: list[str] = field(default_factory=list)
    scope: dict[str, Any] = field(default_factory=dict)


class _Writer:
    """Writes the two functions of a sweep, with buffers assigned by liveness."""

    def __init__(self, program: Program, algebra: Arrays, alike: Sequence[bool]) -> None:
        self.program, self.algebra = program, algebra
        numbers = {"number0": algebra.constant(0.0), "number1": algebra.constant(1.0)}
        self.lines = _Lines(scope={"__builtins__": {}, **numbers})
        self.origin = list(range(len(program)))
        self.same = bytearray(len(program))
        self._classify(alike)
        self.last = [-1] * len(program)
        self._live()
        self.result: dict[int, int] = {}
        for i, output in enumerate(program.outputs):
            self.result.setdefault(self.origin[output], i)
        self.names: dict[int, str] = {}
        self.free: list[str] = []
        self.made = 0

    def _classify(self, alike: Sequence[bool]) -> None:
        """`origin`: a detached value is the value it is a copy of. `same`: it is the same at every point."""
        for k, code in enumerate(self.program.ops):
            arguments = self.program.arguments(k)
            if code == INPUT:
                self.same[k] = alike[self.program.a[k]]
            else:
                self.same[k] = all(self.same[argument] for argument in arguments)
            if code == DETACH:
                self.origin[k] = self.origin[arguments[0]]

    def _live(self) -> None:
        for k in range(len(self.program)):
            for argument in self.program.arguments(k):
                self.last[self.origin[argument]] = k

    # --- the two functions
    def sweep(self) -> _Sweep:
        scope = self.lines.scope
        exec(compile(self.text(), "<generated>", "exec"), scope)  # noqa: S102 - the text is ours, to the last word
        return _Sweep(scope["once"], scope["each"], self.made, self.algebra.dtype)

    def text(self) -> str:
        for k, code in enumerate(self.program.ops):
            if code == CONST:
                self.lines.scope[f"u{k}"] = self.algebra.constant(self.program.constants[self.program.a[k]])
            elif code == INPUT:
                self._input(k)
            elif code != DETACH:
                self._once(k) if self.same[k] else self._each(k)
        self._copy_results()
        once = ["def once(x):", *self.lines.once, f"    return ({''.join(f'{name}, ' for name in self._handed())})"]
        each = ["def each(x, y, same, pool, starts, size):", *self._prologue(), *self.lines.each]
        return "\n".join([*once, "", *each, ""])

    def _handed(self) -> list[str]:
        """What `each` has from `once`."""
        return [f"u{k}" for k, code in enumerate(self.program.ops) if self.same[k] and code not in (CONST, DETACH)]

    def _prologue(self) -> Iterator[str]:
        handed = self._handed()
        if handed:
            yield f"    {', '.join(handed)}, = same"
        if self.made:
            yield f"    {', '.join(f'b{i}' for i in range(self.made))}, = pool"
        yield "    for start in starts:"
        yield "        stop = start + size"
        for output in sorted(set(self.result.values())):
            yield f"        y{output} = y[{output}][start:stop]"

    def _input(self, k: int) -> None:
        index = self.program.a[k]
        if self.same[k]:
            self.lines.once.append(f"    u{k} = x[{index}]")
        else:
            self.names[k] = f"x{index}"
            self.lines.each.append(f"        x{index} = x[{index}][start:stop]")

    def _read(self, argument: int) -> str:
        origin = self.origin[argument]
        return f"u{origin}" if self.same[origin] else self.names[origin]

    # --- one equation
    def _operands(self, k: int) -> list[str]:
        operands = [self._read(argument) for argument in self.program.arguments(k)]
        if PARAMETRIC[self.program.ops[k]]:
            operands.append(self._bound(f"c{k}", self.program.parameter(k)))
        return operands

    def _function(self, k: int) -> str:
        code = self.program.ops[k]
        return self._bound(f"f_{PRIMITIVES[code].name}", self.algebra.functions[code])

    def _bound(self, name: str, value: Any) -> str:
        self.lines.scope[name] = value
        return name

    def _once(self, k: int) -> None:
        self.lines.once.append(f"    u{k} = {self._function(k)}({', '.join(self._operands(k))})")

    def _each(self, k: int) -> None:
        name, operands = PRIMITIVES[self.program.ops[k]].name, self._operands(k)
        steps = STEPS.get(name)
        if steps is None and self._is_power(k):
            exponent = self.algebra.constant(self.program.parameter(k))
            steps = POWERS.get(float(exponent), ((np.power, "ab"),))
            operands[1] = self._bound(f"c{k}", exponent)
        if steps is not None and len(steps) == 1 and name in (*UFUNCS, "powc"):
            self._release(k)  # one ufunc may write over what it reads
            target = self._target(k)
        else:
            target = self._target(k)
            self._release(k)
        if steps is not None:
            self._stepping(steps, operands, target)
            return
        call = f"{self._function(k)}({', '.join(operands)})"
        self.lines.each.append(f"        {target}[:] = {call}" if k in self.result else f"        {target} = {call}")

    def _is_power(self, k: int) -> bool:
        """NumPy's power, or a square, is that of this project, but where the exponent is a half."""
        return self.program.ops[k] == POWC and self.algebra.constant(self.program.parameter(k)) != 0.5

    def _stepping(self, steps: Sequence[tuple[np.ufunc, str]], operands: Sequence[str], target: str) -> None:
        read = {"0": "number0", "1": "number1", "y": target} | dict(zip("ab", operands, strict=False))
        for function, letters in steps:
            name = self._bound(f"np_{function.__name__}", function)
            self.lines.each.append(f"        {name}({', '.join(read[letter] for letter in letters)}, out={target})")

    def _target(self, k: int) -> str:
        """Where equation `k` writes: its place in the results, or a buffer."""
        if k in self.result:
            self.names[k] = f"y{self.result[k]}"
        elif self.free:
            self.names[k] = self.free.pop()
        else:
            self.names[k] = f"b{self.made}"
            self.made += 1
        return self.names[k]

    def _release(self, k: int) -> None:
        for origin in {self.origin[argument] for argument in self.program.arguments(k)}:
            if self.last[origin] == k and not self.same[origin] and self.names[origin].startswith("b"):
                self.free.append(self.names[origin])

    def _copy_results(self) -> None:
        for i, output in enumerate(self.program.outputs):
            name = self._read(output)
            if name != f"y{i}":
                self.lines.each.append(f"        y[{i}][start:stop] = {name}")
