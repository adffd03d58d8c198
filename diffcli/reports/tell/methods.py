"""The methods in a table: what each does, the derivatives it finds, and whose code it is."""

from __future__ import annotations

from diffcli.core.derivative_kinds import FIRST_ORDER, KINDS, SECOND_ORDER, Kind
from diffcli.locale.language import tr, translate_message
from diffcli.methods import Method
from diffcli.studies.methods import OURS, Listed, MethodList
from diffcli.studies.study import Column, Study, Table


def tell(found: MethodList) -> Study:
    heads = (
        Column(tr("method")),
        Column(tr("what it does")),
        Column(tr("derivatives")),
        Column(tr("by", context="heading")),
    )
    rows = tuple(
        (name, translate_message(one.method.summary), _kinds(one.method), _by(one))
        for name, one in found.methods.items()
    )
    template = "A gradient is compared by {names}, unless --methods names others."
    said = [tr(template, names=", ".join(found.usual))]
    said += [
        tr("{name} is not installed: {command}", name=name, command=found.methods[name].install)
        for name in found.missing
    ]
    heading = (tr("Methods of diff-compare {version}", version=found.version),)
    return Study("methods", heading, (Table(heads, rows),), (), tuple(said), _facts(found))


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


def _by(one: Listed) -> str:
    if not one.method.available:
        return tr("not installed")
    return one.library if one.library == OURS else f"{one.library} {one.version or ''}".strip()


def _facts(found: MethodList) -> dict[str, object]:
    return {
        "methods": [
            {
                "name": name,
                "summary": one.method.summary,
                "kinds": list(one.method.kinds),
                "usual": list(one.method.usual),
                "library": one.library,
                "version": one.version,
                "available": one.method.available,
                "install": one.install,
            }
            for name, one in found.methods.items()
        ]
    }
