"""Outputs contracted with a vector: w·f, and the rows of J v, as programs.

Linear algebra on programs, nothing of derivatives. Weights 0, 1 and -1 cost
nothing but the additions they take part in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from diffcli.core.passes import prune
from diffcli.core.primitives import CODE
from diffcli.core.program import Builder, Program

_ADD, _SUB, _NEG, _MUL = (CODE[name] for name in ("add", "sub", "neg", "mul"))

Combination = Sequence[tuple[float, int]]
"""Pairs of a weight and the output that it weighs."""


def only(program: Program, outputs: Sequence[int]) -> Program:
    """The part of `program` that makes some of its outputs, numbered in `outputs`."""
    return prune(replace(program, outputs=tuple(program.outputs[output] for output in outputs)))


def combined(program: Program, combinations: Sequence[Combination]) -> Program:
    """`program` with further outputs: for each combination the weighted sum of its outputs."""
    builder = _reopened(program)
    sums = [_sum(builder, program, combination) for combination in combinations]
    return builder.program([*program.outputs, *sums], program.guards)


def _reopened(program: Program) -> Builder:
    """A builder that goes on where `program` ends."""
    builder = Builder(program.inputs)
    builder.adopt(program)
    return builder


def _sum(builder: Builder, program: Program, combination: Combination) -> int:
    total: int | None = None
    for weight, output in combination:
        if not weight:
            continue
        term, minus = program.outputs[output], weight == -1
        if abs(weight) != 1:
            term = builder.emit(_MUL, builder.constant(weight), term)
        if total is None:
            total = builder.emit(_NEG, term) if minus else term
        else:
            total = builder.emit(_SUB if minus else _ADD, total, term)
    return builder.constant(0.0) if total is None else total
