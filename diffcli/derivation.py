"""What a method is given and what it gives: programs in, programs out.

A method turns the problem into programs that compute value and derivative. How
they are evaluated, counted and judged is the same for every method.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from diffcli.program import Cost, Program


@dataclass(frozen=True, slots=True)
class Problem:
    """Differentiate `program` with respect to the inputs numbered in `wrt`, at `point` (one number per input)."""

    program: Program
    wrt: tuple[int, ...]
    point: Sequence[float]


@dataclass(frozen=True, slots=True)
class Derivation:
    """The programs that compute a derivative, and what is known of them.

    The outputs of each sweep are the value and then derivative entries; the
    entries of all sweeps, in order, are the gradient. `formulas` are the
    derivatives as text, one per entry, and `written` what these formulas cost
    as they stand, without sharing; both only where a method has formulas.
    """

    sweeps: tuple[Program, ...]
    formulas: tuple[str, ...] | None = None
    written: Cost | None = None


class Unsupported(Exception):
    """A method cannot treat this problem; the text says why, in the user's words."""
