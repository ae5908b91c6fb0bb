"""Keeps a long-running server small: glibc's allocator seldom gives back what was freed.

Elsewhere, where the C library is another one, both functions do nothing.
"""

from __future__ import annotations

import ctypes
import platform
from functools import cache

_ARENA_MAX = -8  # M_ARENA_MAX of mallopt(3)
_ARENAS = 2  # separate heaps of the threads; the default is eight a processor core


def share_heaps() -> None:
    """Let all threads share few heaps; call it before they are started."""
    if library := _glibc():
        library.mallopt(_ARENA_MAX, _ARENAS)


def give_back() -> None:
    """Return freed memory to the system; worth it after much was freed."""
    if library := _glibc():
        library.malloc_trim(0)


@cache
def _glibc() -> ctypes.CDLL | None:
    return ctypes.CDLL(None) if platform.libc_ver()[0] == "glibc" else None
