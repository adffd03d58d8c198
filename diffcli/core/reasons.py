"""Reasons in the words of the text: a kink is that of the function which was written, not of one that defines it.

The truth interprets `clip(x, 0, 1)` as `min(max(x, 0), 1)`, and what it meets there is a tie of `min`. A program says
which equations stand for which call, so that the reason can name `clip`.
"""

from __future__ import annotations

from collections.abc import Mapping

from diffcli.core.primitives import FUNCTIONS, SELECT
from diffcli.core.program import READS, Call, Program
from diffcli.runtime.messages import Message, message

_KINKS = ("{name} has a tie here", "{name} has a kink at 0", "{name} has an edge at {place}")
_SWITCH = "a condition switches here"


def as_written(reason: Message, program: Program) -> Message:
    """The reason, by the one function that all equations of its kind belong to; as it is where some belong to none."""
    if not isinstance(reason, Message):
        return reason
    values, code = reason.values, SELECT if reason.template == _SWITCH else None
    if not isinstance(values, Mapping) and values:
        return Message(reason.template, [as_written(part, program) for part in values])
    if reason.template in _KINKS and isinstance(values, Mapping):
        code = FUNCTIONS.get(str(values["name"]))
    owner = None if code is None else _owner(program, code)
    return reason if owner is None else message("{name} has a kink here", name=owner)


def _owner(program: Program, code: int) -> str | None:
    """The name of the calls that hold every equation with this code."""
    left = {k for k, op in enumerate(program.ops) if op == code}
    names = set[str]()
    for call in program.calls:
        inside = left & _body(program, call)
        if inside:
            names.add(call.name)
            left -= inside
    return names.pop() if len(names) == 1 and not left else None


def _body(program: Program, call: Call) -> set[int]:
    """The equations between the arguments of a call and its results."""
    found, stack = set[int](), [k for k in call.results if k >= 0]
    while stack:
        k = stack.pop()
        if k not in found and k not in call.arguments:
            found.add(k)
            columns = zip((program.a, program.b, program.c), READS, strict=True)
            stack.extend(column[k] for column, reads in columns if reads[program.ops[k]])
    return found
