"""A Wayland server for tests, on the wire: it offers what it is told to, and tells of windows and idleness.

Messages are by their places in the protocols' files, not by what reads them here, so a place that is wrong
there is found.
"""

import socket
import struct
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

WINDOWS = "zwlr_foreign_toplevel_manager_v1"
IDLE = "ext_idle_notifier_v1"
SEAT = "wl_seat"
VERSIONS = {SEAT: 1, WINDOWS: 3, IDLE: 2}
OURS = 0xFF000000  # numbers of objects that a server makes
DISPLAY = 1


def text(said: str) -> bytes:
    raw = said.encode() + b"\0"
    return struct.pack("I", len(raw)) + raw + b"\0" * (-len(raw) % 4)


def numbers(*values: int) -> bytes:
    return struct.pack(f"{len(values)}I", *values)


class Compositor:
    """Serves one client after the other at ``folder/wayland-9``; what was asked is in ``asked``."""

    def __init__(self, folder: Path, offered: Sequence[str]) -> None:
        self.name = "wayland-9"
        self.offered = list(offered)
        self.asked: list[tuple[str, ...]] = []
        self._objects: dict[int, str] = {}
        self._new = OURS - 1
        self._client: socket.socket | None = None
        self._door = socket.socket(socket.AF_UNIX)
        self._door.bind(str(folder / self.name))
        self._door.listen()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self.hang_up()
        self._door.shutdown(socket.SHUT_RDWR)
        self._door.close()
        self._thread.join(5)

    def hang_up(self) -> None:
        if self._client is not None:
            with suppress(OSError):  # it went by itself
                self._client.shutdown(socket.SHUT_RDWR)

    def open(self, app: str, title: str) -> int:
        self._new += 1
        self._send(self._id(WINDOWS), 0, numbers(self._new))
        self._send(self._new, 0, text(title))
        self._send(self._new, 1, text(app))
        self.states(self._new)
        return self._new

    def states(self, window: int, *states: int) -> None:
        self._send(window, 4, numbers(4 * len(states), *states))
        self._send(window, 5)

    def title(self, window: int, title: str, *, done: bool) -> None:
        self._send(window, 0, text(title))
        if done:
            self._send(window, 5)

    def gone(self, window: int) -> None:
        self._send(window, 6)

    def idled(self) -> None:
        self._send(self._id("notification"), 0)

    def resumed(self) -> None:
        self._send(self._id("notification"), 1)

    def _id(self, kind: str) -> int:
        return next(one for one, known in self._objects.items() if known == kind)

    def _send(self, to: int, place: int, told: bytes = b"") -> None:
        assert self._client is not None
        self._client.sendall(numbers(to, (8 + len(told)) << 16 | place) + told)

    def _serve(self) -> None:
        while True:
            try:
                self._client, _ = self._door.accept()
            except OSError:
                return
            with self._client, suppress(OSError):  # it may go while it is answered
                self._objects, self._new = {DISPLAY: "display"}, OURS - 1
                while (head := self._read(8)) is not None:
                    to, told = struct.unpack("II", head)
                    self._hear(to, told & 0xFFFF, self._read((told >> 16) - 8) or b"")

    def _read(self, size: int) -> bytes | None:
        assert self._client is not None
        found = b""
        while len(found) < size:
            piece = self._client.recv(size - len(found))
            if not piece:
                return None
            found += piece
        return found

    def _hear(self, to: int, place: int, told: bytes) -> None:
        kind = self._objects.get(to, "")
        if (kind, place) == ("display", 0):
            (new,) = struct.unpack("I", told)
            self._send(new, 0, numbers(0))
            self._send(DISPLAY, 1, numbers(new))
        elif (kind, place) == ("display", 1):
            (new,) = struct.unpack("I", told)
            self._objects[new] = "registry"
            for number, offered in enumerate(self.offered):
                self._send(new, 0, numbers(number) + text(offered) + numbers(VERSIONS[offered]))
        elif (kind, place) == ("registry", 0):
            self._objects[struct.unpack("I", told[-4:])[0]] = self.offered[struct.unpack("I", told[:4])[0]]
        elif kind == IDLE and place:
            new, timeout, seat = struct.unpack("III", told)
            self._objects[new] = "notification"
            asked = {1: "anything", 2: "input"}[place]
            self.asked.append((asked, str(timeout), self._objects[seat]))
        else:
            self.asked.append((kind or "window", str(place)))
