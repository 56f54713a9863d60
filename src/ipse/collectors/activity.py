"""Whether anybody is there, as a state, and for how long nobody was: never which key.

The time comes from the screen, or where that does not say from the terminals that somebody is at.
"""

import os
import time
from collections.abc import Iterable
from contextlib import suppress
from typing import Self

import psutil

from ipse.collectors.polled import Polled
from ipse.collectors.screens import Screen, reason, screen
from ipse.config import Settings
from ipse.records import Sample

__all__ = ["Activity"]


class Activity(Polled):
    """``active`` or ``away``, and how often that turned to active (``returns``)."""

    name = "activity"
    says = "whether somebody is there, by idle time; never keys"

    def __init__(self, every: float = 5.0, idle_after: float = 180.0) -> None:
        self.every = every
        self._after = idle_after
        self._screen: Screen | None = None

    @classmethod
    def configure(cls, settings: Settings) -> Self:
        """Look as often as the settings say."""
        return cls(settings.collect.activity_every, settings.collect.idle_after)

    def check(self) -> str | None:
        """Why it cannot be known here."""
        why = reason("idle")
        return None if why is None or self._terminals() is not None else why

    def poll(self) -> Iterable[Sample]:
        """The state, which began when somebody last did anything; nothing where it cannot be known."""
        idle = self._idle()
        if idle is None:
            return
        away = idle >= self._after
        yield Sample(kind="state", data={"status": "away" if away else "active"})
        yield Sample(kind="metric", stream="idle", data={"seconds": round(idle, 1)})

    def _idle(self) -> float | None:
        try:
            self._screen = self._screen or screen("idle")
            told = self._screen.idle()
        except (OSError, ImportError):
            self.close()
            told = None
        return told if told is not None else self._terminals()

    def _terminals(self) -> float | None:
        """Since the last key at any terminal of this user's session."""
        times = []
        for user in psutil.users():
            with suppress(OSError):
                times.append(os.stat(f"/dev/{user.terminal}").st_atime)  # noqa: PTH116 - a device
        return max(time.time() - max(times), 0.0) if times else None

    def close(self) -> None:
        """End the connection to the screen."""
        if self._screen is not None:
            self._screen.close()
            self._screen = None
