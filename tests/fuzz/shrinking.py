"""A failing case made smaller: parts of its texts and lists are left out as long as the same oracle says no."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from fuzz import Case, Found, guarded


def shrunk(case: Case, check: Callable[[Case], Counter[str]], oracle: str, seconds: float = 8.0) -> Case:
    """The smallest case found within the time (delta debugging; Zeller and Hildebrandt, 2002)."""
    end = time.monotonic() + seconds

    def fails(smaller: Case) -> bool:
        try:
            guarded(check, smaller)
        except Found as found:
            return found.oracle == oracle
        return False

    progress = True
    while progress and time.monotonic() < end:
        progress = False
        for smaller in variants(case):
            if time.monotonic() > end:
                break
            if fails(smaller):
                case, progress = smaller, True
                break
    return case


def variants(case: Case) -> Iterator[Case]:
    """Smaller cases: a chunk left out of a text or a list, and the same within every part."""
    if isinstance(case, str | list):
        yield from _shorter(case)
    if isinstance(case, list):
        for place, part in enumerate(case):
            yield from ([*case[:place], smaller, *case[place + 1 :]] for smaller in variants(part))
    if isinstance(case, dict):
        for key, part in case.items():
            yield from ({**case, key: smaller} for smaller in variants(part))


def _shorter(whole: Sequence[Any]) -> Iterator[Any]:
    size = (len(whole) + 1) // 2
    while size:
        for start in range(0, len(whole), size):
            yield whole[:start] + whole[start + size :]
        size //= 2
