"""A page of memory for one key: not swapped, dumped or handed to a child, where the platform has that."""

import ctypes
import mmap
import os
import sys
from typing import Final

__all__ = ["KEY_BYTES", "Secret", "no_core_dumps", "undumpable"]

KEY_BYTES: Final = 32
_PR_SET_DUMPABLE: Final = 4


class Secret:
    """Room for a key in a page of its own. It is read from and written to file handles without a copy."""

    def __init__(self) -> None:
        self._page = mmap.mmap(-1, mmap.PAGESIZE)
        for advice in ("MADV_DONTDUMP", "MADV_DONTFORK"):
            if hasattr(mmap, advice):
                self._page.madvise(getattr(mmap, advice))
        self.view = memoryview(self._page)[:KEY_BYTES]
        self.locked = _mlock(self._page)
        """Whether the page stays out of swap; a limit of the system may forbid it."""

    def read(self, handle: int) -> bool:
        """Fill it from a file handle; False if that ends before."""
        at = 0
        while at < KEY_BYTES:
            got = os.readv(handle, [self.view[at:]])
            if not got:
                return False
            at += got
        return True

    def wipe(self) -> None:
        """Overwrite it with zeros."""
        self.view[:] = bytes(KEY_BYTES)


def no_core_dumps() -> None:
    """Let no crash of this process, or of one that it starts, write its memory to a file."""
    try:
        import resource
    except ImportError:  # pragma: no cover - Windows writes none by itself
        return
    _, most = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (0, most))


def undumpable() -> None:
    """Let no other process of this user read this one's memory, nor any crash write it (Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


def _mlock(page: mmap.mmap) -> bool:
    held = (ctypes.c_char * mmap.PAGESIZE).from_buffer(page)
    try:
        mlock = ctypes.CDLL(None).mlock
    except (AttributeError, TypeError):  # pragma: no cover - a platform without it
        return False
    return not mlock(ctypes.c_void_p(ctypes.addressof(held)), ctypes.c_size_t(mmap.PAGESIZE))
