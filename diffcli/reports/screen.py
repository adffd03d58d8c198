"""What Rich draws for every screen: tables with rules and without edges; and the same as plain text."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from io import StringIO
from typing import Any

from rich.box import Box
from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.table import Table

from diffcli.runtime.errors import visible

COLOURS = {
    "ok": "green", "right": "green", "kink": "cyan", "inaccurate": "yellow", "wrong": "red", "nonfinite": "red",
    "domain": "magenta", "disagree": "red", "no-truth": "blue", "undecided": "blue", "missing": "blue",
    "unsupported": "bright_black", "timeout": "red", "failed": "red", "error": "red",
}  # fmt: skip
"""Of verdicts; they only repeat what the words say."""

_RULES = Box("    \n    \n ── \n    \n ── \n ── \n    \n    \n")


class Screen(Console):
    """A console on which no text of a user is a command: Rich's own escapes are styles, and stand apart from text.

    Letters that the stream lacks are replaced where they are written (`streams`), so to Rich every stream is UTF-8.
    """

    def __init__(self, **how: Any) -> None:
        super().__init__(highlight=False, legacy_windows=False, **how)

    @property
    def encoding(self) -> str:
        return "utf-8"

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        for segment in super().render(renderable, options):
            yield segment if segment.control else segment._replace(text=visible(segment.text))


def ruled(apart: int = 2) -> Table:
    """A table without columns yet; the box puts one blank between them, and `apart` more."""
    return Table(box=_RULES, show_edge=False, pad_edge=False, padding=(0, apart, 0, 0), header_style="bold")


def plain(draw: Callable[[Console], None], width: int) -> str:
    """What is drawn on a console of this width, without colour, as a file or a pipe gets it."""
    drawn = StringIO()
    draw(Screen(file=drawn, width=width, color_system=None, force_terminal=False))
    return "\n".join(line.rstrip() for line in drawn.getvalue().split("\n"))
