"""Program -> Program, never any arithmetic: dead code and sharing.

Both keep every value bit for bit: they drop equations or merge equal ones, and
never change an operation or its arguments.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from itertools import compress

from diffcli.core.primitives import ARITY, CONST, INPUT, PARAMETRIC
from diffcli.core.program import READS, Builder, Program, in_order, moved, ordered


def prune(program: Program) -> Program:
    """The equations that some output or guard needs, in their order."""
    return pruned(program)[0]


def pruned(program: Program) -> tuple[Program, Sequence[int]]:
    """`prune`, and where each equation went: its new number, or -1 where it was dropped."""
    if _all_read(program):
        return program, range(len(program))
    program, went = ordered(program)
    needed = bytearray(len(program))
    for root in (*program.outputs, *program.guards):
        needed[root] = 1
    columns = zip(program.ops[::-1], program.a[::-1], program.b[::-1], program.c[::-1], strict=True)
    for k, (code, a, b, c) in zip(range(len(program) - 1, -1, -1), columns, strict=True):
        if needed[k] and (arity := ARITY[code]):
            needed[a] = 1
            if arity > 1:
                needed[b] = 1
            if arity > 2:
                needed[c] = 1
    kept, place = _rebuild(program, needed, merge=False)
    return kept, place if isinstance(went, range) else [place[k] for k in went]


def _all_read(program: Program) -> bool:
    """Whether every equation is an output or a guard, or is read by another: then nothing is dead."""
    columns = zip((program.a, program.b, program.c), READS, strict=True)
    read = {*program.outputs, *program.guards}
    for column, reads in columns:
        read.update(compress(column, program.ops.translate(reads)))
    return len(read) == len(program)


def held(program: Program, equations: Collection[int]) -> tuple[Program, Sequence[int]]:
    """`pruned`, with a new input in the place of each of `equations`, in their order: no line moves these."""
    ops, columns, names = bytearray(program.ops), program.a[:], list(program.inputs)
    for k in equations:
        ops[k], columns[k] = INPUT, len(names)
        names.append(f"held {k}")
    return pruned(replace(program, inputs=tuple(names), ops=bytes(ops), a=columns, calls=()))


def held_at(program: Program, numbers: Mapping[str, float]) -> Program:
    """The program with constants in the place of these inputs."""
    constants, ops, columns = [*program.constants], bytearray(program.ops), program.a[:]
    for k, code in enumerate(program.ops):
        if code == INPUT and program.inputs[program.a[k]] in numbers:
            ops[k], columns[k] = CONST, len(constants)
            constants.append(numbers[program.inputs[program.a[k]]])
    return replace(program, constants=tuple(constants), ops=bytes(ops), a=columns)


def share(program: Program) -> Program:
    """Equal operations on equal arguments computed once (hash-consing)."""
    return prune(_rebuild(in_order(program), b"\x01" * len(program), merge=True)[0])


def _rebuild(program: Program, needed: bytes | bytearray, merge: bool) -> tuple[Program, list[int]]:
    builder = Builder(program.inputs)
    seen: dict[tuple[int, ...], int] = {}
    place: list[int] = []
    for wanted, code, a, b, c in zip(needed, program.ops, program.a, program.b, program.c, strict=True):
        if not wanted:
            place.append(-1)
        elif code == CONST:
            place.append(builder.constant(program.constants[a]))
        elif code == INPUT:
            place.append(builder.input(a))
        else:
            arity = ARITY[code]
            second = builder.slot(program.constants[b]) if PARAMETRIC[code] else place[b] if arity > 1 else -1
            key = code, place[a], second, place[c] if arity > 2 else -1
            if not merge:
                place.append(builder.emit(*key))
            else:
                if key not in seen:
                    seen[key] = builder.emit(*key)
                place.append(seen[key])
    outputs = [place[output] for output in program.outputs]
    guards = [place[guard] for guard in program.guards]
    return builder.program(outputs, guards, calls=moved(program.calls, place)), place
