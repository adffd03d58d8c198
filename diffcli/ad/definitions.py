"""Functions that the language defines by others, in the second column: the same function, by texts that keep digits.

A program says which of its equations stand for which function (`calls`). `stabilized` writes the program anew with the
stable text in the place of each; what was typed as a formula stays as it was typed, but for one formula that has no
name here: x - logsumexp([x, …]). This room knows no derivative.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache, partial

from diffcli.core.evaluate import Called, evaluate, evaluate_calls
from diffcli.core.passes import prune
from diffcli.core.primitives import ARITY, CODE, OF_VECTORS, PARAMETRIC, STABLE
from diffcli.core.program import Builder, Call, Constant, Functions, Program, loads_first
from diffcli.syntax import elaborate

_SUB = CODE["sub"]


class Writing:
    """The free algebra: its values are the equations that it writes, of both sides of every choice."""

    def __init__(self, inputs: Sequence[str]) -> None:
        self.builder = Builder(tuple(inputs))
        self.functions = Functions(self._function)
        self.constant = self.builder.constant

    def decide(self, condition: int) -> bool:
        raise ValueError(f"both sides are written, and {condition} is not decided")

    def _function(self, code: int) -> Callable[..., int] | None:
        if PARAMETRIC[code]:
            return lambda a, parameter: self._parametric(code, a, parameter)
        return partial(self.builder.emit, code) if ARITY[code] else None

    def _parametric(self, code: int, argument: int, parameter: Constant) -> int:
        return self.builder.emit(code, argument, self.builder.slot(parameter))


def stabilized(program: Program) -> Program:
    """The same function, with every call of one that has a stable text by that."""
    if not any(call.name in STABLE or call.name == "logsumexp" for call in program.calls) or program.guards:
        return program
    program = replace(program, calls=(*program.calls, *_log_softmax(program)))
    writing = Writing(program.inputs)
    inputs = [writing.builder.input(i) for i in range(len(program.inputs))]
    outputs = evaluate_calls(program, inputs, writing, partial(_stable, writing))
    return loads_first(prune(writing.builder.program(outputs)))


def _stable(writing: Writing, call: Call) -> Called | None:
    if call.name not in STABLE:
        return None
    text = stable_program(call.name, len(call.arguments))
    return lambda *arguments: evaluate(text, arguments, writing)


@lru_cache(64)
def stable_program(name: str, entries: int) -> Program:
    """The stable text of a function of so many numbers, as a program of them."""
    text = stable_text(name, entries)
    assert text is not None
    return elaborate(text, {"a": (entries,) if name in (*OF_VECTORS, "log_softmax") else ()}).program


def stable_text(name: str, entries: int) -> str | None:
    """The stable text of a function of so many numbers; None where it has none."""
    text = STABLE.get(name)
    return text if text is None or isinstance(text, str) else text(entries)


def _log_softmax(program: Program) -> list[Call]:
    """The differences x - logsumexp([…, x, …]), as calls that have x first."""
    sums = {call.results[0]: call.arguments for call in program.calls if call.name == "logsumexp"}
    found = []
    for k, (code, a, b) in enumerate(zip(program.ops, program.a, program.b, strict=True)):
        if code == _SUB and a in sums.get(b, ()):
            others = list(sums[b])
            others.remove(a)
            found.append(Call("log_softmax", (a, *others), (k,)))
    return found
