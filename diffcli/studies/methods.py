"""The methods that can be compared: what they find, what they need, and how what is missing is installed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

from diffcli.methods import METHODS, Method, usual
from diffcli.runtime.version import __version__

OURS = "diff-compare"
_ALSO = {"symbolic": "sympy"}
"""Libraries that come with diff-compare."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A method, whose code differentiates, in which version, and what installs it; None where nothing has to."""

    method: Method
    library: str
    version: str | None
    install: str | None


@dataclass(frozen=True, slots=True)
class MethodList:
    """All methods by name, in the order in which they are shown, and those that compare a gradient unasked."""

    version: str
    methods: Mapping[str, Listed]
    usual: tuple[str, ...]

    @property
    def missing(self) -> list[str]:
        return [name for name, one in self.methods.items() if not one.method.available]


def methods() -> MethodList:
    """No library is imported for it."""
    return MethodList(
        __version__, {name: _listed(name, one) for name, one in METHODS.items()}, tuple(usual("gradient"))
    )


def _listed(name: str, method: Method) -> Listed:
    whose = method.needs or _ALSO.get(name, OURS)
    return Listed(method, whose, installed(whose), f'pip install "diff-compare[{name}]"' if method.needs else None)


def installed(library: str) -> str | None:
    """The version of a library; None where there is none, or where it does not say."""
    if library == OURS:
        return __version__
    try:
        return version(library)
    except PackageNotFoundError:
        return None
