"""The frames of an encrypted Android backup, one after the other; a payload streams through and is gone.

The file is a plain header and then frames until one that says it is the end, each encrypted and with a MAC.
What is wrong is told by where it is: at the first frame it is the passphrase, later it is damage. One frame
that is damaged is passed over, because the next still proves itself; two in a row end the reading, and what
came before them is kept. Knows nothing of messages.
"""

from collections.abc import Callable, Iterator
from typing import BinaryIO, Final, NamedTuple

from ipse.errors import SourceError
from ipse.exports import ExportPath
from ipse.records import Unreadable
from ipse.sources.signal.cipher import MAC, Keys, digits
from ipse.sources.signal.wire import first

__all__ = ["ATTACHMENT", "KEY_VALUE", "PREFERENCE", "STATEMENT", "Header", "Piece", "header_of", "pieces"]

STATEMENT, PREFERENCE, ATTACHMENT, _END, _AVATAR, _STICKER, KEY_VALUE = 2, 3, 4, 6, 7, 8, 9
# Where the length of the payload stands in the frames that one follows.
_LENGTHS: Final = {ATTACHMENT: 3, _AVATAR: 2, _STICKER: 2}
_VERSIONS: Final = (0, 1)
_SHORTEST, _LONGEST = MAC + 1, 110 << 20  # bytes of a frame with its MAC
_BLOCK: Final = 1 << 20  # bytes of a payload held at a time
_KEPT: Final = 1 << 18  # bytes of a payload that is text; the app cuts at a quarter of that


class Header(NamedTuple):
    """What stands in the clear: the first counter block, the salt, the version, and the bytes it takes."""

    iv: bytes
    salt: bytes
    version: int
    size: int


class Piece(NamedTuple):
    """A frame: its number (1 is the first after the header), kind and content, and its payload if kept."""

    number: int
    kind: int
    body: bytes
    payload: bytes = b""


def header_of(head: bytes) -> Header | None:
    """The header, if these bytes are the start of a backup."""
    size = int.from_bytes(head[:4], "big")
    if not 20 <= size <= 1024 or len(head) < 4 + size:
        return None
    try:
        inner = first(head[4 : 4 + size]).get(1)
        found = first(inner) if isinstance(inner, bytes) else {}
    except ValueError:
        return None
    iv, salt, version = found.get(1), found.get(2), found.get(3, 0)
    if not isinstance(iv, bytes) or not isinstance(salt, bytes) or not isinstance(version, int):
        return None
    return Header(iv, salt, version, 4 + size) if len(iv) == 16 and len(salt) == 32 else None


def pieces(path: ExportPath, passphrase: str, kept: Callable[[bytes], bool]) -> Iterator[Piece | Unreadable]:
    """Yield every frame; ``kept`` tells by an attachment's frame whether its payload is to come along.

    Raises ``SourceError`` where the file is no backup, of an unknown version, or the passphrase is wrong.
    """
    header = header_of(path.head)
    if header is None:
        raise SourceError(f"{path.label}: not a backup of Signal for Android.", hint="Check --format.")
    if header.version not in _VERSIONS:
        raise SourceError(
            f"{path.label}: a backup of version {header.version}, which is not known here.",
            hint="Use Signal's own export instead: `ipse sources guide signal`.",
        )
    secret = digits(passphrase, path.label)
    with path.open() as file:
        file.read(header.size)
        yield from _Frames(file, path.label, header, Keys(secret, header.salt, header.iv), kept)


class _CutShortError(Exception):
    """The file ends where it should go on; ``begun``: after the length of a frame."""

    def __init__(self, *, begun: bool) -> None:
        super().__init__()
        self.begun = begun


class _LostError(Exception):
    """A length that cannot be: nothing tells where the next frame starts."""


class _Frames:
    """The frames of one open backup."""

    def __init__(
        self, file: BinaryIO, label: str, header: Header, keys: Keys, kept: Callable[[bytes], bool]
    ) -> None:
        self._file, self._label, self._version, self._keys = file, label, header.version, keys
        self._kept = kept
        self._number = 0

    def __iter__(self) -> Iterator[Piece | Unreadable]:
        damaged = False
        while True:
            self._number += 1
            try:
                body = self._frame()
                if body is None:
                    if self._number == 1:
                        raise self._refused()
                    if damaged:
                        yield self._fault("bad MAC again: nothing can be read from here on")
                        return
                    yield self._fault("bad MAC: the frame is damaged and was left out")
                    damaged = True
                    continue
                damaged = False
                kind, content = _opened(body)
                if kind == _END:
                    return
                yield from self._whole(kind, content)
            except _CutShortError as cut:
                if self._number == 1 and cut.begun:  # a wrong key makes a wrong length
                    raise self._refused() from None
                yield self._fault("the backup is cut short: there is no end frame")
                return
            except _LostError:
                if self._number == 1:
                    raise self._refused() from None
                yield self._fault("a length that cannot be: damaged, nothing can be read from here on")
                return
            except ValueError:
                yield self._fault("not a frame as Signal writes it")
            except SourceError as error:  # the archive around it breaks off
                if self._number == 1:
                    raise
                yield self._fault(error.message.removeprefix(f"{self._label}: "))
                return

    def _whole(self, kind: int, content: bytes) -> Iterator[Piece | Unreadable]:
        """The frame and, if one follows it, its payload."""
        if kind not in _LENGTHS:
            yield Piece(self._number, kind, content)
            return
        length = first(content).get(_LENGTHS[kind], 0)
        if not isinstance(length, int):
            raise _LostError
        payload = self._payload(length, keep=kind == ATTACHMENT and length <= _KEPT and self._kept(content))
        if payload is None:
            yield self._fault("bad MAC: a file that belongs to a message is damaged")
        yield Piece(self._number, kind, content, payload or b"")

    def _frame(self) -> bytes | None:
        """The content of the next frame; None where its MAC says that it is not what was written."""
        decryptor, _ = self._keys.next()
        start = self._take(4, begun=False)
        mac = self._keys.mac()
        if self._version:
            mac.update(start)
            length = int.from_bytes(decryptor.update(start), "big")
        else:
            length = int.from_bytes(start, "big")
        if not _SHORTEST <= length <= _LONGEST:
            raise _LostError
        text = self._take(length - MAC)
        mac.update(text)
        return decryptor.update(text) if Keys.agrees(mac, self._take(MAC)) else None

    def _payload(self, length: int, *, keep: bool) -> bytes | None:
        """Read over the payload; its bytes if ``keep``, None where it is damaged."""
        decryptor, block = self._keys.next()
        mac = self._keys.mac()
        mac.update(block)
        plain = []
        while length:
            text = self._take(min(length, _BLOCK))
            length -= len(text)
            mac.update(text)
            if keep:
                plain.append(decryptor.update(text))
        return b"".join(plain) if Keys.agrees(mac, self._take(MAC)) else None

    def _take(self, size: int, *, begun: bool = True) -> bytes:
        data = self._file.read(size)
        if len(data) < size:
            raise _CutShortError(begun=begun)
        return data

    def _refused(self) -> SourceError:
        return SourceError(
            f"{self._label}: the passphrase does not open it (or its first bytes are damaged).",
            hint="Give the 30 digits that belong to this very backup: --passphrase-file FILE.",
        )

    def _fault(self, reason: str) -> Unreadable:
        return Unreadable(self._label, f"frame {self._number}", reason)


def _opened(frame: bytes) -> tuple[int, bytes]:
    """The kind of a frame and its content; kinds that say nothing here, and empty frames, are kind 0."""
    for kind, content in first(frame).items():
        if kind == _END:
            return _END, b""
        if isinstance(content, bytes):
            return kind, content
    return 0, b""
