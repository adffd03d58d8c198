"""Number systems that interpret programs, one a file; none knows a sibling, a rule or a method."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

Dtype = Literal["float64", "float32"]
DIGITS: dict[Dtype, int] = {"float64": 53, "float32": 24}
"""Binary digits of a number."""


def floats(dtype: Dtype) -> Any:
    """The algebra of single numbers: float64 by the `math` module, float32 by NumPy, which only then is imported."""
    if dtype == "float64":
        from diffcli.numbers.float64 import FLOAT64

        return FLOAT64
    from diffcli.numbers.arrays import Arrays

    return Arrays(dtype)


def numbers(dtype: Dtype, values: Sequence[float]) -> Sequence[Any]:
    """Numbers of a system, rounded to it."""
    return values if dtype == "float64" else [floats(dtype).array(value) for value in values]
