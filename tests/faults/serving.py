"""``ipse serve`` as it is, or one that tells an answer before it is durable; for a test that kills it."""

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


if __name__ == "__main__":
    if sys.argv[1] == "broken":
        _told_too_soon()
    sys.argv = ["ipse", *sys.argv[2:]]
    from ipse.cli import main

    main()
