"""The methods that can be compared: what they find, what they need, and how what is missing is installed."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

from diffcli.core.derivative_kinds import FIRST_ORDER, KINDS, SECOND_ORDER, Kind
from diffcli.locale.language import tr, translate_message
from diffcli.methods import METHODS, Method, usual
from diffcli.runtime.version import __version__
from diffcli.studies.study import Column, Study, Table

_OURS = "diff-compare"
_ALSO = {"symbolic": "sympy"}
"""Libraries that come with diff-compare."""


def methods() -> Study:
    """All methods, in the order in which they are shown. No library is imported for it."""
    heads = (
        Column(tr("method")),
        Column(tr("what it does")),
        Column(tr("derivatives")),
        Column(tr("by", context="heading")),
    )
    rows = tuple((name, translate_message(one.summary), _kinds(one), _by(name, one)) for name, one in METHODS.items())
    missing = [name for name, method in METHODS.items() if not method.available]
    template = "A gradient is compared by {names}, unless --methods names others."
    said = [tr(template, names=", ".join(usual("gradient")))]
    said += [tr("{name} is not installed: {command}", name=name, command=install(name)) for name in missing]
    facts = {
        "methods": [
            {
                "name": name,
                "summary": method.summary,
                "kinds": list(method.kinds),
                "usual": list(method.usual),
                "library": library(name, method),
                "version": installed(library(name, method)),
                "available": method.available,
                "install": install(name) if method.needs else None,
            }
            for name, method in METHODS.items()
        ]
    }
    heading = (tr("Methods of diff-compare {version}", version=__version__),)
    return Study("methods", heading, (Table(heads, rows),), (), tuple(said), facts)


def library(name: str, method: Method) -> str:
    """Whose code differentiates."""
    return method.needs or _ALSO.get(name, _OURS)


def installed(library: str) -> str | None:
    """The version of a library; None where there is none, or where it does not say."""
    if library == _OURS:
        return __version__
    try:
        return version(library)
    except PackageNotFoundError:
        return None


def install(name: str) -> str:
    return f'pip install "diff-compare[{name}]"'


_SAID: dict[tuple[Kind, ...], str] = {
    KINDS: "all",
    (*FIRST_ORDER, *SECOND_ORDER): "first and second",
    ("derivative",): "of any order, by one variable",
}
"""Several kinds in a few words; others are listed."""


def _kinds(method: Method) -> str:
    if method.kinds in _SAID:
        return tr(_SAID[method.kinds])
    return tr(", ").join(map(tr, method.kinds))


def _by(name: str, method: Method) -> str:
    found = library(name, method)
    if not method.available:
        return tr("not installed")
    return found if found == _OURS else f"{found} {installed(found) or ''}".strip()
