"""Commands folded as a shell reads them."""

from __future__ import annotations

import re

from diffcli.runtime.errors import width

_WORD = re.compile(r"""(?:[^\s"']|"[^"]*"|'[^']*')+""")


_OPTION = re.compile(r"--?[a-zA-Z][\w-]*\Z")
"""An option that may have a value: behind it there is none yet."""


def folded(command: str, columns: int) -> list[str]:
    r"""A command on lines that a shell takes as one; an option stays with its value.

    >>> folded('diff-compare "x*y" --at "x=1, y=2"', 24)
    ['diff-compare "x*y" \\', '    --at "x=1, y=2"']
    """
    units: list[str] = []
    for word in _WORD.findall(command):
        if units and _OPTION.match(units[-1]) and not _OPTION.match(word):
            units[-1] += f" {word}"
        else:
            units.append(word)
    lines = [units[0]]
    for unit in units[1:]:
        if width(lines[-1]) + width(unit) + 3 > columns:
            lines[-1] += " \\"
            lines.append(f"    {unit}")
        else:
            lines[-1] += f" {unit}"
    return lines
