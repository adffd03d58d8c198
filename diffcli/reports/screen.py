"""What Rich draws for every screen: tables with rules and without edges; and the same as plain text."""

from __future__ import annotations

from collections.abc import Callable

from rich.box import Box
from rich.console import Console
from rich.table import Table

_RULES = Box("    \n    \n ── \n    \n ── \n ── \n    \n    \n")


def ruled(apart: int = 2) -> Table:
    """A table without columns yet; the box puts one blank between them, and `apart` more."""
    return Table(box=_RULES, show_edge=False, pad_edge=False, padding=(0, apart, 0, 0), header_style="bold")


def plain(draw: Callable[[Console], None], width: int) -> str:
    """What is drawn on a console of this width, without colour, as a file or a pipe gets it."""
    console = Console(width=width, color_system=None, force_terminal=False, legacy_windows=False)
    with console.capture() as capture:
        draw(console)
    return "\n".join(line.rstrip() for line in capture.get().split("\n"))
