"""Streams that say where they break off, and stop what was made to burst. They know no archive."""

import io
import lzma
import zipfile
import zlib
from collections.abc import Callable
from typing import TYPE_CHECKING, BinaryIO, Final

from ipse.errors import SourceError

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

__all__ = ["BROKEN", "RATIO", "SUSPECT", "guarded"]

SUSPECT: Final = 1 << 24  # bytes; what is larger and was packed more than RATIO to 1 was made to burst
RATIO: Final = 200  # text packs 3 to 30 to 1
BROKEN = (
    OSError,
    EOFError,
    zlib.error,
    zipfile.BadZipFile,
    NotImplementedError,
    RuntimeError,
    lzma.LZMAError,
)


def guarded(stream: BinaryIO, label: str, packed: int = 0, under: BinaryIO | None = None) -> BinaryIO:
    """Wrap a stream that unpacks ``packed`` bytes (0: checked already); ``under`` is closed with it."""
    close = under.close if under is not None else (lambda: None)
    return io.BufferedReader(_Guarded(stream, label, packed, close), 1 << 16)


class _Guarded(io.RawIOBase):
    """A packed stream: what goes wrong in it is a ``SourceError``; one that bursts is stopped."""

    def __init__(self, stream: BinaryIO, label: str, packed: int, close: Callable[[], None]) -> None:
        self._stream, self._label, self._packed, self._close = stream, label, packed, close
        self._given = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        view = memoryview(buffer).cast("B")
        try:
            data = self._stream.read(len(view))
        except BROKEN as error:
            raise SourceError(
                f"{self._label}: breaks off after {self._given:,} bytes.", hint="Download it again."
            ) from error
        self._given += len(data)
        if self._packed and self._given > max(SUSPECT, RATIO * self._packed):
            raise SourceError(
                f"{self._label}: {self._packed:,} bytes unpack to more than {self._given:,}.",
                hint="If you trust it, unpack it yourself and import the file.",
            )
        view[: len(data)] = data
        return len(data)

    def close(self) -> None:
        if not self.closed:
            self._stream.close()
            self._close()
        super().close()
