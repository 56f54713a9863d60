"""Counting who uses how much, one meter for each vault that is open: in memory, kept now and then.

What was counted since the last time is lost where the process is killed; it is a figure, not a bill.
"""

import re
import threading
import time
from datetime import UTC, date, datetime
from typing import Final

from ipse.pipeline.usage import Used, add
from ipse.server.vaults import OpenVault

__all__ = ["TOKEN", "Meter", "meter", "tokens_in"]

KEEP_SECONDS: Final = 600.0
TOKEN: Final = re.compile(
    r"\w{1,8}|[^\w\s]"
)  # about what tokenizers count; voices without one have no tokens


class Meter:
    """The one of a vault."""

    def __init__(self, vault: OpenVault) -> None:
        self._vault = vault
        self._guard = threading.Lock()
        self._counts: dict[tuple[date, str], Used] = {}
        self._kept = time.monotonic()

    def count(self, token: str, text: str, *, draft: bool = False) -> None:
        """One more answer with this text, or draft."""
        key = (datetime.now(UTC).date(), token)
        with self._guard:
            held = self._counts.get(key, Used(day=key[0], token=token))
            self._counts[key] = Used(
                day=held.day, token=token, answers=held.answers + (not draft),
                tokens=held.tokens + tokens_in(text), drafts=held.drafts + draft,
            )  # fmt: skip

    def keep_if_due(self) -> None:
        """:meth:`keep`, now and then; for who holds no workspace and is not on the event loop."""
        if self.due:
            self.keep()

    @property
    def due(self) -> bool:
        """Whether it is time to keep what was counted."""
        return time.monotonic() - self._kept > KEEP_SECONDS

    def keep(self) -> None:
        """Make what was counted durable."""
        with self._guard:
            counts, self._counts, self._kept = list(self._counts.values()), {}, time.monotonic()
        if counts:
            with self._vault.lend() as workspace:
                add(workspace, counts)

    def close(self) -> None:
        """The vault is about to be locked."""
        self.keep()


def meter(vault: OpenVault) -> Meter:
    """The one of this vault."""
    return vault.part(Meter, Meter)


def tokens_in(text: str) -> int:
    """About how many tokens a tokenizer would count."""
    return len(TOKEN.findall(text))
