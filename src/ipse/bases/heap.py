"""Memory that one pass of a model frees is kept for the next.

A pass makes tensors of a hundred megabytes and lets go of them. By default the C library gives each back to
the system and asks for it anew, and the system clears every page again: that took a quarter of the time of
scoring replies on two cores.
"""

import ctypes
from functools import cache
from typing import Final

__all__ = ["keep_freed"]

TRIM_THRESHOLD, MMAP_THRESHOLD = -1, -3  # of mallopt(3)
KEPT: Final = 1 << 30  # bytes: what a process keeps at most, and the largest block that it keeps


@cache
def keep_freed() -> bool:
    """Keep up to KEPT bytes of freed memory in this process; False where the C library is not GNU's."""
    try:
        library = ctypes.CDLL("libc.so.6")
        return all(library.mallopt(name, KEPT) for name in (MMAP_THRESHOLD, TRIM_THRESHOLD))
    except (OSError, AttributeError):
        return False
