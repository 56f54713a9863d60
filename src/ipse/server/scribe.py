"""Who writes down what is said in the chats of a vault: all that waits, in one durable write.

Each answer waits until it is durable, but not for a write of its own: while one is on its way to the disk,
the next gather. So many people at once cost about as many writes as one.
"""

import threading
from collections import deque
from concurrent.futures import Future
from typing import Final

from ipse.errors import AccessError, IpseError
from ipse.pipeline.sessions import Book, Entry
from ipse.pipeline.voicing import Warm
from ipse.pipeline.workspace import Workspace
from ipse.server.vaults import OpenVault

__all__ = ["Scribe"]

MOST: Final = 64  # entries in one write


class Scribe(Book):
    """The book of one open vault, kept by a thread with a workspace of its own."""

    def __init__(self, vault: OpenVault, shared: Warm) -> None:
        super().__init__(vault.lend, shared, vault.watch)
        self._vault = vault
        self._ready = threading.Condition()
        self._waiting: deque[tuple[Entry, Future[None]]] = deque()
        self._ended = False
        self._thread = threading.Thread(target=self._run, name="scribe", daemon=True)
        self._thread.start()

    def keep(self, entry: Entry) -> None:
        """Keep it; durable when this returns. Lend nothing meanwhile."""
        self.later(entry).result()

    def later(self, entry: Entry) -> "Future[None]":
        """Keep it with whatever else waits."""
        future: Future[None] = Future()
        with self._ready:
            if self._ended:
                raise AccessError("The vault is locked.", hint="Unlock it: sign in with its passphrase.")
            self._waiting.append((entry, future))
            self._ready.notify()
        return future

    def close(self) -> None:
        """Write what waits, and stop."""
        with self._ready:
            self._ended = True
            self._ready.notify()
        self._thread.join()

    def _run(self) -> None:
        workspace: Workspace | None = None
        while batch := self._batch():
            try:
                workspace = workspace or self._vault.own()
                errors = self.write(workspace, [entry for entry, _ in batch])
            except Exception as error:  # noqa: BLE001 - raised where it is waited for
                for _, future in batch:
                    future.set_exception(error)
                if workspace is not None:  # the catalog may be elsewhere by now
                    workspace.close()
                workspace = None
            else:
                _tell(batch, errors)
        if workspace is not None:
            workspace.close()

    def _batch(self) -> list[tuple[Entry, "Future[None]"]]:
        """What waits, as soon as anything does; nothing at the end."""
        with self._ready:
            self._ready.wait_for(lambda: self._waiting or self._ended)
            return [self._waiting.popleft() for _ in range(min(MOST, len(self._waiting)))]


def _tell(batch: list[tuple[Entry, "Future[None]"]], errors: list[IpseError | None]) -> None:
    for (_, future), error in zip(batch, errors, strict=True):
        if error is None:
            future.set_result(None)
        else:
            future.set_exception(error)
