"""Whether anything has happened in a vault since one looked, as its audit log tells.

Who keeps something in memory that was read of a vault remembers what was :class:`Seen` then, and holds on to
it as long as that is what is seen. To see that nobody has written takes microseconds; what one's own writer
writes (:meth:`Watch.writing`) is known and not read again.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, NamedTuple

from ipse.errors import VaultError
from ipse.vault import Vault

__all__ = ["HARMLESS", "Seen", "Watch"]

HARMLESS: Final = (
    "answer", "chat.", "job.", "read", "model.read", "dataset.read", "schedule.", "session.", "upload.",
    "usage.",
)  # fmt: skip
"""Beginnings of actions after which everything that was allowed still is."""

READING: Final = (
    "chat.",
    "job.",
    "read",
    "model.read",
    "dataset.read",
    "schedule.",
    "session.read",
    "session.list",
    "upload.",
    "usage.",
)
"""Of those, the ones after which every chat is as it was."""


class Seen(NamedTuple):
    """Others as soon as a row came that could change what may be done, or what a chat holds."""

    rights: object
    chats: object


class Watch:
    """Looks at one vault, which is its own to look with; for many threads."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault
        self._guard = threading.Lock()
        self._seen = Seen(object(), object())
        self._version = ""
        self._seq = -1
        self._mine = 0

    @property
    def near(self) -> bool:
        """Whether :meth:`glance` waits for nobody."""
        return self._vault.near

    def glance(self) -> Seen | None:
        """What was seen, if nobody has written since."""
        version = self._version  # first, for it is set last
        try:
            return self._seen if version and self._vault.version() == version else None
        except VaultError:
            return None  # who looks is told why

    def look(self) -> Seen:
        """What is to be seen now."""
        with self._guard:
            version = self._vault.version()  # before the rows: what comes between is looked at next time
            if version != self._version:
                self._read()
                self._version = version
            return self._seen

    @contextmanager
    def writing(self, rows: int) -> Iterator[None]:
        """The next so many rows are one's own and no news, unless writing them fails; hold the vault's lock.

        Whoever looks before it is held has seen all others.
        """
        self.look()
        self._mine = self._seq + rows
        try:
            yield
        except BaseException:
            self._mine = 0
            raise
        self.look()

    def _read(self) -> None:
        head = self._vault.journal.head()[0]
        known = max(self._seq, min(self._mine, head))
        if head == known >= 0 and self._seq >= 0:
            self._seq = head
            return
        rights, chats = self._seen
        rows = [row.action for row in self._vault.journal.entries(known)] if self._seq >= 0 else [""]
        if not all(row.startswith(HARMLESS) for row in rows):
            rights = chats = object()
        elif not all(row.startswith(READING) for row in rows):
            chats = object()
        self._seen, self._seq = Seen(rights, chats), max(head, known + len(rows))
