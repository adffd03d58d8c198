"""What a user's function prints while it is run here: it must not spoil results, which go to standard output.

`sys.stdout` is one for all threads. While any of them runs a function, a stand-in is in its place that asks who
prints; the last one that ends takes it away. It knows streams, and nothing of functions.
"""

from __future__ import annotations

import sys
from contextvars import ContextVar
from typing import Any

from diffcli.runtime.limits import shared

_away: ContextVar[Any] = ContextVar("_away", default=None)
"""Where this context prints to, while a function is run in it."""


class _StandIn:
    """Standard output as it is, but for those contexts whose printing goes elsewhere."""

    def __init__(self, stream: Any) -> None:
        self.stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(_away.get() or self.stream, name)


class printing_to:  # noqa: N801 - it is read as a word: with printing_to(stream)
    """What this context prints in the block goes to `stream`."""

    blocks = 0
    stand_in = _StandIn(None)

    def __init__(self, stream: Any) -> None:
        self.stream = stream

    def __enter__(self) -> None:
        with shared:
            if sys.stdout is not printing_to.stand_in:
                printing_to.stand_in = _StandIn(sys.stdout)
                sys.stdout = printing_to.stand_in
            printing_to.blocks += 1
        self.token = _away.set(self.stream)

    def __exit__(self, *exception: object) -> None:
        _away.reset(self.token)
        with shared:
            printing_to.blocks -= 1
            if not printing_to.blocks and sys.stdout is printing_to.stand_in:
                sys.stdout = printing_to.stand_in.stream
