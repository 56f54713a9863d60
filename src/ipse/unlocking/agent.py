"""The process that holds a vault's master key in memory, as ssh-agent holds keys: for a while, for this user.

It answers one question a connection on a Unix socket: ``get ID`` (the key, for the vault of that id),
``status``, ``lock``. Who asks must be of the same user, by what the kernel says. Without use it ends, and the
key with it; time in which the machine sleeps counts. Once a day it starts the command it was given (a purge
of what is too old), a process of its own whose asking for the key is no use. It knows nothing of vaults.
"""

import json
import os
import signal
import socket
import struct
import subprocess
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from ipse.unlocking.memory import Secret

__all__ = ["Agent", "Daily", "Peer", "end_on_signals", "listen", "now", "peer_of"]

LONGEST_QUESTION = 256  # bytes
PATIENCE = 2.0  # seconds for one to ask: others wait meanwhile
LOOK = 15.0  # seconds between looks at the clock: `select` does not count the time a machine sleeps
_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)  # counts sleep; macOS's monotonic one does


def now() -> float:
    """Seconds of a clock that nobody sets and that counts while the machine sleeps."""
    return time.clock_gettime(_CLOCK)


@dataclass(frozen=True, slots=True)
class Peer:
    """Who is at the other end of a socket; ``pid`` is 0 where the platform does not tell."""

    uid: int
    pid: int = 0


@dataclass(slots=True)
class Daily:
    """A command to start every so many seconds."""

    command: Sequence[str]
    every: float
    cwd: Path
    due: float = 0.0
    running: "subprocess.Popen[bytes] | None" = None

    def look(self, at: float) -> None:
        """Start it if it is due, and take notice of its end."""
        if self.running is not None and self.running.poll() is not None:
            self.running = None
        if self.command and at >= self.due and self.running is None:
            self.due = at + self.every
            where = self.cwd if self.cwd.is_dir() else Path("/")
            with suppress(OSError):  # tried again the next day; opening the vault purges as well
                self.running = subprocess.Popen(  # noqa: S603 - the command line of who started the agent
                    list(self.command),
                    cwd=where,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                )

    def wait(self, at: float) -> float:
        """Seconds until it is due, or until to look whether it has ended."""
        if self.running is not None:
            return 1.0
        return self.due - at if self.command else float("inf")

    def is_asking(self, peer: Peer) -> bool:
        """Whether it is this command that asks."""
        return self.running is not None and peer.pid == self.running.pid


class Agent:
    """Holds one key until :meth:`serve` returns; ``idle`` is in seconds, 0 for no end."""

    def __init__(
        self, secret: Secret, vault: str, idle: float, *, daily: Daily | None = None, uid: int | None = None
    ) -> None:
        self._secret = secret
        self._vault = vault
        self._idle = idle
        self._daily = daily or Daily((), 0, Path("/"))
        self._uid = os.getuid() if uid is None else uid
        self._used = now()
        self._ended = False

    def serve(self, listener: socket.socket, look: float = LOOK) -> None:
        """Answer until it is idle for too long or told to lock; then the key is gone."""
        try:
            while not self._ended and self._left() > 0:
                self._daily.look(now())
                listener.settimeout(max(0.01, min(look, self._left(), self._daily.wait(now()))))
                try:
                    connection, _ = listener.accept()
                except TimeoutError:
                    continue
                with connection, suppress(OSError):
                    connection.settimeout(PATIENCE)
                    self._answer(connection)
        finally:
            self._secret.wipe()

    def _left(self) -> float:
        return self._idle - (now() - self._used) if self._idle else float("inf")

    def _answer(self, connection: socket.socket) -> None:
        peer = peer_of(connection)
        if peer.uid != self._uid or self._left() <= 0:
            return
        question, _, about = _line(connection).partition(" ")
        if question == "get" and about == self._vault:
            if not self._daily.is_asking(peer):
                self._used = now()
            connection.sendmsg([b"ok\n", self._secret.view])
        elif question == "status":
            left = self._left() if self._idle else None
            told = {"vault": self._vault, "idle": self._idle, "left": left, "pid": os.getpid()}
            connection.sendall(json.dumps(told | {"pinned": self._secret.locked}).encode() + b"\n")
        elif question == "lock":
            self._ended = True
            self._secret.wipe()
            connection.sendall(b"ok\n")
        else:
            connection.sendall(b"no\n")


def listen(path: Path) -> socket.socket:
    """A socket at ``path`` for this user alone; one that a killed agent left is replaced.

    Hold the lock beside it, so that nobody else is listening there.
    """
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o177)
    try:
        listener.bind(str(path))
    except OSError:
        listener.close()
        raise
    finally:
        os.umask(before)
    listener.listen(16)
    return listener


def peer_of(connection: socket.socket) -> Peer:
    """Who is at the other end, as the kernel says; raises ``OSError`` where it does not."""
    if hasattr(socket, "SO_PEERCRED"):
        raw = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
        pid, uid, _ = struct.unpack("3i", raw)
        return Peer(uid, pid)
    return Peer(_getpeereid(connection))  # pragma: no cover - macOS and the BSDs


def _getpeereid(connection: socket.socket) -> int:  # pragma: no cover - macOS and the BSDs
    import ctypes

    uid, gid = ctypes.c_uint32(), ctypes.c_uint32()
    if ctypes.CDLL(None).getpeereid(connection.fileno(), ctypes.byref(uid), ctypes.byref(gid)):
        raise OSError("the peer is not known")
    return uid.value


def _line(connection: socket.socket) -> str:
    raw = b""
    while not raw.endswith(b"\n"):
        got = connection.recv(LONGEST_QUESTION)
        if not got or len(raw) > LONGEST_QUESTION:
            break
        raw += got
    return raw.decode("ascii", "replace").strip()


def end_on_signals(end: Callable[[], None]) -> None:
    """Let the signals that end a process end it in order."""

    def handle(_number: int, _frame: FrameType | None) -> None:
        end()

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, handle)
