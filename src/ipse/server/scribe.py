"""Who writes down what is said in the chats of a vault: all that waits, in one durable write.

Each answer waits until it is durable, but not for a write of its own: while one is on its way to the disk,
the next gather. So many people at once cost about as many writes as one.

An answer that takes a millisecond is made here too, right before it is written: threads that pass one
interpreter to and fro cost several times what they compute.
"""

import threading
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from typing import Final

from ipse.errors import AccessError, IpseError
from ipse.pipeline.sessions import Book, Entry
from ipse.pipeline.voicing import Warm
from ipse.pipeline.workspace import Workspace
from ipse.server.vaults import OpenVault

__all__ = ["Scribe"]

Make = Callable[[], Entry]
MOST: Final = 64  # entries in one write


class _Moment(threading.local):
    workspace: Workspace | None = None


class Scribe(Book):
    """The book of one open vault, kept by a thread with a workspace of its own."""

    def __init__(self, vault: OpenVault, shared: Warm) -> None:
        super().__init__(self._lent, shared, vault.watch)
        self._warm = shared
        self._moment = _Moment()
        self._vault = vault
        self._ready = threading.Condition()
        self._waiting: deque[tuple[Make, Future[None]]] = deque()
        self._ended = False
        self._thread = threading.Thread(target=self._run, name="scribe", daemon=True)
        self._thread.start()

    @contextmanager
    def moment(self) -> Iterator[Workspace]:
        """One workspace, and one look at what has happened, for several questions of this thread."""
        with self._vault.lend() as workspace, self._warm.moment():
            self._moment.workspace = workspace
            try:
                yield workspace
            finally:
                self._moment.workspace = None

    def _lent(self) -> AbstractContextManager[Workspace]:
        held = self._moment.workspace
        return self._vault.lend() if held is None else nullcontext(held)

    def keep(self, entry: Entry) -> None:
        """Keep it; durable when this returns. Lend nothing meanwhile."""
        self.later(lambda: entry).result()

    def later(self, make: Make) -> "Future[None]":
        """Keep what it returns with whatever else waits; it is to take no longer than a write."""
        future: Future[None] = Future()
        with self._ready:
            if self._ended:
                raise AccessError("The vault is locked.", hint="Unlock it: sign in with its passphrase.")
            self._waiting.append((make, future))
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
        while waiting := self._batch():
            batch = _made(waiting)
            try:
                workspace = workspace or self._vault.own()
                errors = self.write(workspace, [entry for entry, _ in batch]) if batch else []
            except Exception as error:  # noqa: BLE001 - raised where it is waited for
                for _, future in batch:
                    future.set_exception(error)
                _let_go(workspace)  # the catalog may be elsewhere by now
                workspace = None
            else:
                _tell(batch, errors)
        _let_go(workspace)

    def _batch(self) -> "list[tuple[Make, Future[None]]]":
        """What waits, as soon as anything does; nothing at the end."""
        with self._ready:
            self._ready.wait_for(lambda: self._waiting or self._ended)
            return [self._waiting.popleft() for _ in range(min(MOST, len(self._waiting)))]


def _let_go(workspace: Workspace | None) -> None:
    if workspace is not None:
        with suppress(IpseError):
            workspace.close()


def _made(waiting: "list[tuple[Make, Future[None]]]") -> "list[tuple[Entry, Future[None]]]":
    """What is to be written; who cannot be answered is told at once."""
    found = []
    for make, future in waiting:
        if not future.set_running_or_notify_cancel():
            continue  # nobody waits for it any more
        try:
            found.append((make(), future))
        except Exception as error:  # noqa: BLE001 - raised where it is waited for
            future.set_exception(error)
    return found


def _tell(batch: list[tuple[Entry, "Future[None]"]], errors: list[IpseError | None]) -> None:
    for (_, future), error in zip(batch, errors, strict=True):
        if error is None:
            future.set_result(None)
        else:
            future.set_exception(error)
