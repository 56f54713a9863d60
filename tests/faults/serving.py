"""``ipse serve`` as it is, or broken: one tells an answer before it is durable, one forgets nothing."""

import sys
import threading
import time
from collections.abc import Sequence

from ipse.errors import IpseError
from ipse.pipeline.sessions import Book, Entry
from ipse.pipeline.workspace import Workspace
from ipse.server.scribe import Scribe

__all__: list[str] = []

LATE = 1.0  # seconds
LEAK = 100_000  # bytes of each answer


def _told_too_soon() -> None:
    write = Book.write

    def later(self: Scribe, workspace: Workspace, entries: Sequence[Entry]) -> list[IpseError | None]:
        def keep() -> None:
            time.sleep(LATE)
            with self._vault.lend() as own:
                write(self, own, entries)

        threading.Thread(target=keep, daemon=True).start()
        return [None] * len(entries)

    Scribe.write = later  # type: ignore[method-assign, assignment]


def _leaking() -> None:
    write, held = Book.write, list[bytes]()

    def remembered(self: Book, workspace: Workspace, entries: Sequence[Entry]) -> list[IpseError | None]:
        held.extend(bytes([n % 256]) * LEAK for n, _ in enumerate(entries))
        return write(self, workspace, entries)

    Book.write = remembered  # type: ignore[method-assign]


if __name__ == "__main__":
    if sys.argv[1] == "broken":
        _told_too_soon()
    elif sys.argv[1] == "leaking":
        _leaking()
    sys.argv = ["ipse", *sys.argv[2:]]
    from ipse.cli import main

    main()
