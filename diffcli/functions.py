"""The functions of the language for numbers, dual numbers and variables on a tape.

A Python function that is traced may call them too: `erf` is not among NumPy's.

>>> from diffcli import Dual
>>> exp(Dual(0.0, 2.0))
Dual(1.0, 2.0)
>>> log(1.0)
0.0
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from diffcli.ad.objects import number
from diffcli.core.primitives import CODE, FUNCTIONS, PRIMITIVES
from diffcli.numbers.float64 import FLOAT64
from diffcli.runtime.errors import DiffError
from diffcli.runtime.messages import message


def _function(name: str) -> Callable[..., Any]:
    row = PRIMITIVES[FUNCTIONS[name]]
    primitive, arity = row.name, row.arity

    def apply(*operands: Any) -> Any:
        if len(operands) != arity:
            raise DiffError(
                message(
                    "{name} takes {count} argument, not {given}",
                    "{name} takes {count} arguments, not {given}",
                    name=name,
                    count=arity,
                    given=len(operands),
                ),
                kind="type",
            )
        for operand in operands:
            if hasattr(operand, "_apply"):
                return operand._apply(primitive, *operands)
        function: Callable[..., Any] = FLOAT64.functions[CODE[primitive]]  # type: ignore[assignment]
        if any(getattr(operand, "shape", ()) for operand in operands):
            return _each(function, operands)
        return function(*map(number, operands))

    apply.__name__ = apply.__qualname__ = name
    apply.__doc__ = f"{name} of a number, a Dual or a Variable."
    return apply


def _each(function: Callable[..., Any], operands: Sequence[Any]) -> Any:
    """Of arrays of floats, entry by entry, broadcast by their own operators: NumPy is not imported here."""
    found = sum((operand == 0) * 0.0 for operand in operands)
    entries = zip(*[(operand - found).flat for operand in operands], strict=True)
    found.flat[:] = [function(*map(number, parts)) for parts in entries]
    return found


globals().update({name: _function(name) for name in FUNCTIONS})

__all__ = [*FUNCTIONS]  # noqa: PLE0604 - names of the table
