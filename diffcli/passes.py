"""Program -> Program, never any arithmetic: dead code and sharing.

Both keep every value bit for bit: they drop equations or merge equal ones, and
never change an operation or its arguments.
"""

from __future__ import annotations

from collections.abc import Sequence

from diffcli.primitives import CONST, INPUT, PARAMETRIC
from diffcli.program import Builder, Program


def prune(program: Program) -> Program:
    """The equations that some output or guard needs, in their order."""
    return pruned(program)[0]


def pruned(program: Program) -> tuple[Program, Sequence[int]]:
    """`prune`, and where each equation went: its new number, or -1 where it was dropped."""
    needed = bytearray(len(program))
    for root in (*program.outputs, *program.guards):
        needed[root] = 1
    for k in range(len(program) - 1, -1, -1):
        if needed[k]:
            for argument in program.arguments(k):
                needed[argument] = 1
    if all(needed):
        return program, range(len(program))
    return _rebuild(program, needed, merge=False)


def share(program: Program) -> Program:
    """Equal operations on equal arguments computed once (hash-consing)."""
    return prune(_rebuild(program, b"\x01" * len(program), merge=True)[0])


def _rebuild(program: Program, needed: bytes | bytearray, merge: bool) -> tuple[Program, list[int]]:
    builder = Builder(program.inputs)
    seen: dict[tuple[int, ...], int] = {}
    place: list[int] = []
    for k, code in enumerate(program.ops):
        if not needed[k]:
            place.append(-1)
        elif code == CONST:
            place.append(builder.constant(program.constants[program.a[k]]))
        elif code == INPUT:
            place.append(builder.input(program.a[k]))
        else:
            columns = [place[argument] for argument in program.arguments(k)]
            if PARAMETRIC[code]:
                columns.append(builder.slot(program.parameter(k)))
            key = (code, *columns)
            if not merge:
                place.append(builder.emit(*key))
            else:
                if key not in seen:
                    seen[key] = builder.emit(*key)
                place.append(seen[key])
    outputs = [place[output] for output in program.outputs]
    return builder.program(outputs, [place[guard] for guard in program.guards]), place
