"""Which pairs of inputs meet in an operation that is not linear: elsewhere a mixed derivative is exactly 0.

    d²f/dx dy != 0  only where x and y meet      (Griewank & Walther 2008, ch. 7)

Structure only: what is linear is known, no derivative is.
"""

from __future__ import annotations

from diffcli.core.primitives import CODE, INPUT, SELECT
from diffcli.core.program import Program

_LINEAR = frozenset(CODE[name] for name in ("add", "sub", "neg", "detach"))
_MUL, _DIV, _FMA, _DETACH = (CODE[name] for name in ("mul", "div", "fma", "detach"))


def meetings(program: Program) -> list[int]:
    """For each input, the set of inputs it meets, as the bits of an integer."""
    met = [0] * len(program.inputs)
    reads: list[int] = []
    for k, code in enumerate(program.ops):
        if code == INPUT:
            reads.append(1 << program.a[k])
            continue
        operands = [reads[argument] for argument in program.arguments(k)]
        together = 0
        for operand in operands[1:] if code == SELECT else operands:
            together |= operand
        if code in (_MUL, _FMA):
            _meet(met, operands[0], operands[1])
            _meet(met, operands[1], operands[0])
        elif code == SELECT:
            together |= operands[0]
            _meet(met, operands[0], together)
            _meet(met, together, operands[0])
        elif code not in _LINEAR and not (code == _DIV and not operands[1]):
            _meet(met, together, together)
        reads.append(0 if code == _DETACH else together)
    return met


def _meet(met: list[int], these: int, others: int) -> None:
    i = 0
    while others and these >> i:
        if these >> i & 1:
            met[i] |= others
        i += 1
