"""Asking the agent of a vault, starting one, and ending it."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec

from ipse.errors import VaultError
from ipse.unlocking import places
from ipse.unlocking.agent import peer_of
from ipse.unlocking.memory import KEY_BYTES

__all__ = ["DAY", "Session", "fetch", "lock", "require", "session", "start", "supported"]

DAY = 24 * 60 * 60.0
PATIENCE = 3.0  # seconds for an answer
SECRETS = ("IPSE_PASSPHRASE", "IPSE_NEW_PASSPHRASE", "IPSE_RECOVERY_KEY", "IPSE_EXPORT_PASSPHRASE")


class Session(msgspec.Struct, frozen=True, kw_only=True):
    """A running agent: ``idle`` seconds without use end it (0: nothing does), ``left`` are those to go.

    ``pinned`` tells whether its memory is kept out of swap.
    """

    vault: str
    idle: float
    left: float | None
    pid: int
    pinned: bool


def supported() -> bool:
    """Whether this platform has what an agent needs."""
    return hasattr(socket, "AF_UNIX") and hasattr(os, "fork")


def require() -> None:
    """Raise ``VaultError`` where nothing can hold a key."""
    if not supported():
        raise VaultError(
            "This platform has no Unix sockets, so nothing can hold the key.",
            hint="Set IPSE_PASSPHRASE, or use the keyring: `ipse vault keyring add`.",
        )


def fetch(folder: Path, vault: str) -> bytes | None:
    """The key of the vault with that id, where an agent holds it."""
    for raw in _ask(folder, f"get {vault}"):
        if raw.startswith(b"ok\n") and len(raw) == len(b"ok\n") + KEY_BYTES:
            return raw[-KEY_BYTES:]
    return None


def session(folder: Path) -> Session | None:
    """The agent of the vault in ``folder``, if one runs."""
    for raw in _ask(folder, "status"):
        try:
            return msgspec.json.decode(raw, type=Session)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            continue
    return None


def lock(folder: Path) -> bool:
    """End the agent, and its key with it; tells whether there was one."""
    answers = list(_ask(folder, "lock"))  # all of them, not only the first
    return b"ok\n" in answers


def start(
    folder: Path,
    vault: str,
    key: bytes,
    *,
    idle: float,
    daily: list[str] | None = None,
    every: float = DAY,
) -> Session:
    """Start an agent that holds ``key``, in place of one that runs; raises ``VaultError``."""
    require()
    path = places.writable(folder)
    if path is None:
        raise VaultError(
            "There is no folder for the agent's socket that is yours alone.", hint="Set XDG_RUNTIME_DIR."
        )
    lock(folder)
    order = {"socket": str(path), "vault": vault, "idle": idle, "daily": daily or [], "every": every}
    told = _started(msgspec.json.encode(order | {"cwd": str(Path.cwd())}) + b"\n", key)
    running = session(folder)
    if told != "ok" or running is None:
        raise VaultError(f"The agent did not start: {told or 'it gave no answer'}.", hint="Try again.")
    return running


def _started(order: bytes, key: bytes) -> str:
    """Start it and wait for its word; its own child goes on."""
    environment = {name: value for name, value in os.environ.items() if name not in SECRETS}
    with subprocess.Popen(
        [sys.executable, "-P", "-m", "ipse.unlocking"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(order + key)
            process.stdin.close()
        except BrokenPipeError:
            return ""
        return process.stdout.readline().decode().strip()


def _ask(folder: Path, question: str, environment: Mapping[str, str] | None = None) -> Iterator[bytes]:
    """What each agent found says; where nobody listens any more there is no answer."""
    if not supported():
        return
    for path in places.sockets(folder, environment):
        if not places.alone(path.parent):
            continue
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as asking:
                asking.settimeout(PATIENCE)
                asking.connect(str(path))
                if peer_of(asking).uid == os.getuid():
                    asking.sendall(question.encode() + b"\n")
                    yield _all(asking)
        except OSError:
            continue


def _all(asking: socket.socket) -> bytes:
    raw = b""
    while got := asking.recv(4096):
        raw += got
    return raw
