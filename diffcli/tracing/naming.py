"""How a Python function is named where an expression could stand. It knows texts, and imports nothing."""

from __future__ import annotations

import re

_NAME = r"[^\W\d]\w*(\.[^\W\d]\w*)*"
FILE = rf"\s*(?P<where>\S.*\.py):(?P<name>{_NAME})\s*\Z"
MODULE = rf"\s*(?P<where>{_NAME}):(?P<name>{_NAME})\s*\Z"


def named(text: str) -> re.Match[str] | None:
    """The parts of `lesson.py:f` or `package.module:f`; no expression has a colon.

    >>> named("lessons/one.py:f")["where"], named("numpy.linalg:norm")["name"], named("x*y")
    ('lessons/one.py', 'norm', None)
    """
    if ":" not in text:  # and nothing is compiled
        return None
    return re.match(FILE, text) or re.match(MODULE, text)
