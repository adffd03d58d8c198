"""How much memory this process has, by what this system tells of it; None where it tells nothing.

Where the system keeps a limit by itself (`resource`), nobody asks.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

MEMORY = 2 << 30
"""Bytes that a process may use beyond what it was born with."""


def taken() -> int | None:
    """Bytes of memory that this process has now."""
    with suppress(OSError, AttributeError, KeyError):
        return READINGS[sys.platform]()
    return None


def _by_proc() -> int:
    """The second number of Linux's `statm`: resident pages."""
    from mmap import PAGESIZE

    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGESIZE


def _by_windows() -> int:
    """The commit charge (PROCESS_MEMORY_COUNTERS of psapi.h)."""
    return charge(_library("kernel32", "WinDLL"))


def charge(kernel: Any) -> int:
    """PagefileUsage, as `kernel` fills it in for this process."""
    from ctypes import Structure, byref, c_size_t, c_uint32, c_void_p, sizeof

    class Counters(Structure):
        _fields_ = (("size", c_uint32), ("faults", c_uint32), ("sizes", c_size_t * 8))

    counters = Counters(sizeof(Counters))
    kernel.GetCurrentProcess.restype = c_void_p
    process = c_void_p(kernel.GetCurrentProcess())
    if not kernel.K32GetProcessMemoryInfo(process, byref(counters), c_uint32(sizeof(Counters))):
        raise OSError
    return int(counters.sizes[6])  # behind two of the working set and four of pools


def _by_mach() -> int:
    """The resident size (MACH_TASK_BASIC_INFO of mach/task_info.h)."""
    return resident(_library(None, "CDLL"))


def resident(system: Any) -> int:
    """resident_size, as `system` fills it in for this task."""
    from ctypes import Structure, byref, c_int32, c_uint, c_uint64, sizeof

    class Info(Structure):
        _fields_ = (("sizes", c_uint64 * 3), ("times", c_int32 * 4), ("policy", c_int32), ("suspended", c_int32))

    info, words = Info(), c_uint(sizeof(Info) // 4)
    if system.task_info(system.mach_task_self(), c_uint(20), byref(info), byref(words)):
        raise OSError
    return int(info.sizes[1])


@cache
def _library(name: str | None, kind: str) -> Any:
    import ctypes

    return getattr(ctypes, kind)(name)


READINGS: dict[str, Callable[[], int]] = {"linux": _by_proc, "win32": _by_windows, "darwin": _by_mach}
"""By the name that Python has for a system."""
