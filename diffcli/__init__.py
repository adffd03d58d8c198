"""Compare ways of differentiating one function, against a proved truth.

The command is `diff-compare`; for scripts and notebooks there is the same as a library:

    from diffcli import compare, gradient, Dual, Tape
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from diffcli.runtime.version import __version__ as __version__

_HAND = ("Dual", "Tape", "Variable")

__all__ = [
    "Comparison", "Dual", "Tape", "Variable", "compare", "derivative", "gradient", "hessian", "jacobian", "jvp",
    "parse", "trace", "vjp",
]  # fmt: skip

if TYPE_CHECKING:
    from diffcli.ad.objects import Dual, Tape, Variable
    from diffcli.library import (
        Comparison,
        compare,
        derivative,
        gradient,
        hessian,
        jacobian,
        jvp,
        parse,
        trace,
        vjp,
    )


def __getattr__(name: str) -> Any:
    """Nothing is imported before it is asked for: the command starts without it."""
    from importlib import import_module

    if name not in __all__:
        raise AttributeError(f"module 'diffcli' has no attribute '{name}'")
    return getattr(import_module("diffcli.ad.objects" if name in _HAND else "diffcli.library"), name)
