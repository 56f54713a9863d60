"""Who sees to it that queued jobs begin while a vault is open: a thread that looks every second."""

import threading
import time
from contextlib import suppress
from typing import Final

from ipse.errors import IpseError
from ipse.pipeline.queueing import dispatcher
from ipse.server.vaults import OpenVault

__all__ = ["Labour", "labour"]

LOOK_SECONDS: Final = 1.0
PAUSE_SECONDS: Final = 4.0


class Labour:
    """The one of a vault. When it is closed, what can go on later stops."""

    def __init__(self, vault: OpenVault) -> None:
        self._asked = threading.Event()
        self._ended = threading.Event()
        self._workspace = vault.own()
        self._dispatcher = dispatcher(self._workspace, vault.hand)
        self.used = time.time()
        self._thread = threading.Thread(target=self._run, name="jobs", daemon=True)
        self._thread.start()

    def look(self) -> None:
        """Something was queued: look at once."""
        self.used = time.time()
        self._asked.set()

    def close(self) -> None:
        """Let running jobs stop where they can go on; the next who opens the vault lets them."""
        self._ended.set()
        self._asked.set()
        self._thread.join()
        with suppress(IpseError):  # the vault has gone, and its jobs with it
            self._dispatcher.pause(PAUSE_SECONDS)
        self._workspace.close()

    def _run(self) -> None:
        while not self._ended.is_set():
            with suppress(IpseError):  # the vault is busy, moved or damaged: whoever asks is told
                self._dispatcher.used = self.used
                self._dispatcher.step()
            self._asked.wait(LOOK_SECONDS)
            self._asked.clear()


def labour(vault: OpenVault) -> Labour:
    """The one of this vault, begun when it is first asked for."""
    return vault.part(Labour, Labour)
