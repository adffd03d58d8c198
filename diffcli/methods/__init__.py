"""The methods under comparison, in the order in which they are shown.

Each is one file with one function, `differentiate(problem) -> Derivation`; its
module is imported when it is first used, so that a run without SymPy never
pays for it.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import NamedTuple, cast

from diffcli.derivation import Derivation, Problem

Differentiate = Callable[[Problem], Derivation]


class Method(NamedTuple):
    """A way to differentiate: `module` holds `differentiate`; `summary` is one line for --help.

    An `apart` method may be slow or hang (SymPy): where a time limit must hold, it runs in a process of its own.
    """

    module: str
    summary: str
    apart: bool = False

    def load(self) -> Differentiate:
        return cast(Differentiate, import_module(self.module).differentiate)


METHODS: dict[str, Method] = {
    "symbolic": Method("diffcli.methods.symbolic", "SymPy's derivative, evaluated with shared subexpressions", True),
    "forward": Method("diffcli.methods.forward", "dual numbers, one sweep per variable"),
    "reverse": Method("diffcli.methods.reverse", "a tape, one forward and one backward sweep"),
}
