"""``python -m ipse.unlocking``: become an agent. What it is to hold comes by stdin, never as an argument.

One line of JSON, then the 32 bytes of the key. It answers ``ok``, or what went wrong, and goes on in the
background.
"""

import fcntl
import json
import os
import sys
import time
from pathlib import Path
from typing import IO, NoReturn

from ipse.unlocking.agent import Agent, Daily, end_on_signals, listen, now
from ipse.unlocking.memory import Secret, no_core_dumps, undumpable

__all__ = ["main"]

WAIT = 5.0  # seconds for the agent before this one to end


def main() -> None:
    """Read what to hold, hold it, end."""
    no_core_dumps()
    undumpable()
    if os.fork():
        os._exit(0)
    os.setsid()
    os.umask(0o077)
    order = json.loads(_line(0))
    secret = Secret()
    path = Path(order["socket"])
    if not secret.read(0):
        _tell("the key is incomplete")
        return
    held = _alone(path.with_suffix(".lock"))
    if held is None:
        _tell("another agent holds the key of this vault")
        return
    try:
        _hold(secret, path, order)
    finally:
        path.unlink(missing_ok=True)
        held.close()


def _hold(secret: Secret, path: Path, order: dict[str, object]) -> None:
    cwd, every = str(order["cwd"]), float(str(order["every"]))
    command = order["daily"]
    assert isinstance(command, list)
    daily = Daily([str(word) for word in command], every, Path(cwd), due=now() + every)
    with listen(path) as listener:
        end_on_signals(_end)
        os.chdir("/")
        _tell("ok")
        Agent(secret, str(order["vault"]), float(str(order["idle"])), daily=daily).serve(listener)


def _end() -> NoReturn:
    raise SystemExit(0)


def _alone(path: Path) -> IO[bytes] | None:
    """The lock beside the socket; the kernel gives it back when its holder ends, however that is."""
    file = path.open("ab")
    until = time.monotonic() + WAIT
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > until:
                file.close()
                return None
            time.sleep(0.05)
        else:
            return file


def _line(handle: int) -> bytes:
    """One line, byte by byte: what follows it is for another reader."""
    raw = b""
    while not raw.endswith(b"\n"):
        got = os.read(handle, 1)
        if not got:
            sys.exit(1)
        raw += got
    return raw


def _tell(what: str) -> None:
    """Answer who started this, and let go of them and of their terminal."""
    os.write(1, what.encode() + b"\n")
    nothing = os.open(os.devnull, os.O_RDWR)
    for handle in (0, 1, 2):
        os.dup2(nothing, handle)
    os.close(nothing)


if __name__ == "__main__":
    main()
