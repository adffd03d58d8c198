"""What rounding alone explains of a number whose exact value is 0: the size of the terms that cancel.

    scale = max |term| |factor|

over the additions that were executed; the factor is that with which the sum reaches the number
(first-order analysis of running errors: Wilkinson 1963; Higham, Accuracy and Stability, 3.3). A function that
crosses 0 away from 0 subtracts inside: sin(u) near pi is pi - u, and a rounded u is such a term.

This room knows programs and sensitivities, and no method.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from diffcli.ad.reverse import Taped, Taping
from diffcli.ad.rules import ZERO
from diffcli.core.evaluate import evaluate
from diffcli.core.primitives import CODE
from diffcli.core.program import Constant, Program
from diffcli.numbers.float64 import FLOAT64

FARTHEST = 1e12
"""A scale is at most this many times the largest number of the case: beyond, factors are themselves noise."""

_SUMS = {CODE[name] for name in ("add", "sub")}
_FUSED = CODE["fma"]
_CROSSING = {
    CODE[name]
    for name in (
        "sin", "cos", "tan", "cot", "acos", "log", "log2", "log10", "xlogy", "logaddexp", "acosh", "lgamma", "digamma",
        "mod", "fmod", "hyp0f1",
    )
}  # fmt: skip
"""What is 0 at an argument that is not."""


class _Everything(Taping):
    """A tape on which constants are as well, and detached values: they are rounded like all others."""

    def __init__(self) -> None:
        super().__init__(FLOAT64)
        self.exact: set[int | None] = set()

    def loaded(self, value: Any, exact: bool = True) -> Taped:
        taped = self.variable(value)
        if exact:
            self.exact.add(taped.place)
        return taped

    def constant(self, value: Constant) -> Taped:
        return self.loaded(self.base.constant(value), isinstance(value, float))

    def _function(self, code: int) -> Callable[..., Taped] | None:
        return (lambda taped: taped) if code == CODE["detach"] else super()._function(code)


class Executed:
    """A program without branches as it was executed at a point."""

    def __init__(self, program: Program, point: Sequence[float]) -> None:
        self.taping = _Everything()
        self.outputs = evaluate(program, [self.taping.loaded(float(x)) for x in point], self.taping)

    def scale(self, output: int) -> float:
        """The largest term that an addition brings to an output, but for what overflows; 0 where nothing is added."""
        taping, linear = self.taping, self.taping.linear
        end = self.outputs[output].place
        assert end is not None
        adjoints: list[Any] = [ZERO] * end + [1.0]
        most = 0.0
        for k in range(end, -1, -1):
            code, arguments, places, mask, result, parameter = taping.tape[k]
            adjoint = adjoints[k]
            if adjoint is ZERO or code is None:
                continue
            adjoint = linear.settle(adjoint)
            if code in _SUMS or code == _FUSED:
                most = _largest(most, [term * adjoint for term in _terms(code, arguments)])
            for i, minus, amount in linear.pull(code, arguments, result, mask, adjoint, parameter):
                share, place = linear.settle(amount), places[i]
                if not math.isfinite(share) or place is None:
                    continue
                if code in _CROSSING and place not in taping.exact:
                    most = _largest(most, [arguments[i] * share])
                adjoints[place] = linear.accumulate(adjoints[place], minus, share)
        return most


def _terms(code: int, arguments: Sequence[float]) -> Sequence[float]:
    return (arguments[0] * arguments[1], arguments[2]) if code == _FUSED else arguments


def _largest(most: float, numbers: Sequence[float]) -> float:
    return max(most, *(abs(number) for number in numbers if math.isfinite(number)), 0.0)
