"""The complex step: f'(x) = Im f(x + ih)/h, with nothing subtracted, so that h may be as small as one likes.

(Lyness & Moler 1967; Squire & Trapp, SIAM Review 40, 1998; Martins, Sturdza, Alonso 2003.)
The error is h^2 |f'''|/6: no digit of it is left at h = 1e-20. f must be known at complex
arguments, which `numbers/complexes` says for each primitive.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from diffcli.core.evaluate import Algebra, evaluate
from diffcli.core.primitives import CODE
from diffcli.core.program import Program, Recording
from diffcli.numbers.complexes import Complexes, NoExtension, Pair
from diffcli.problem.derivation import Derivation, Problem, Steps
from diffcli.runtime.errors import Unsupported
from diffcli.runtime.messages import message

STEP = 1e-20
_DIV = CODE["div"]


def differentiate(problem: Problem) -> Derivation:
    """A complex evaluation of f per variable, or one along the direction of a jvp."""
    step = problem.step or STEP
    directions = [{i: 1.0} for i in problem.wrt]
    if problem.wanted.kind == "jvp":
        directions = [dict(zip(problem.wrt, problem.wanted.vector, strict=True))]
    sweeps = []
    for slopes in directions:
        recording = Recording(problem.program.inputs, problem.start, problem.algebra)
        start = [recording.input(i) for i in range(len(problem.program.inputs))]
        values, found = slopes_at(problem.program, start, slopes, step, recording)
        sweeps.append(recording.program([*values, *found]))
    m = len(problem.program.outputs)
    entries = tuple((i, m + j) for j in range(m) for i in range(len(sweeps)))
    return Derivation(tuple(sweeps), entries=entries, steps=Steps((step,) * len(sweeps), len(sweeps), fixed=True))


def slopes_at(
    program: Program, start: Sequence[Any], direction: dict[int, float], step: float, algebra: Algebra[Any]
) -> tuple[list[Any], list[Any]]:
    """In any algebra: the real parts of f at start + i step direction, and the imaginary parts over the step."""
    inputs = [Pair(x, algebra.constant(step * direction[i]) if direction.get(i) else None) for i, x in enumerate(start)]
    try:
        outputs = evaluate(program, inputs, Complexes(algebra))
    except NoExtension as missing:
        raise Unsupported(
            message("{name} of a complex number has no short formula, which the complex step needs", name=missing)
        ) from None
    zero, height = algebra.constant(0.0), algebra.constant(step)
    divide = algebra.functions[_DIV]
    slopes = [zero if output.imaginary is None else divide(output.imaginary, height) for output in outputs]
    return [output.real for output in outputs], slopes
