"""How much of the tables a campaign met: primitives, kinds, methods, commands, options."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator

from diffcli.core.derivative_kinds import KINDS
from diffcli.core.primitives import PRIMITIVES
from diffcli.methods import METHODS


def _commands() -> Collection[str]:
    from fuzz.commands import COMMANDS

    return COMMANDS


def _options() -> Collection[str]:
    from fuzz.commands import COMMANDS, options

    return [f"{command} {option}" for command in COMMANDS for option in options(command)]


TABLES: dict[str, Callable[[], Collection[str]]] = {
    "primitive": lambda: [row.name for row in PRIMITIVES],
    "kind": lambda: KINDS,
    "method": lambda: [name for name, method in METHODS.items() if method.available],
    "command": _commands,
    "option": _options,
}


def reached(met: Counter[str]) -> Iterator[str]:
    """A line for every table that was met, and the other counts."""
    for table, names in TABLES.items():
        hit = {key.partition(": ")[2] for key in met if key.startswith(f"{table}: ")}
        if hit:
            whole = set(names())
            missing = ", ".join(sorted(whole - hit))
            yield f"{table}s {len(hit & whole)} of {len(whole)}" + (f", not: {missing}" if missing else "")
    rest = {key: count for key, count in met.items() if key.partition(": ")[0] not in TABLES}
    yield ", ".join(f"{key} {count:,}" for key, count in sorted(rest.items()))
