"""Which app is in front, as a state: it lasts as long as nothing about it changes."""

from collections.abc import Iterable
from typing import Self

from ipse.collectors.polled import Polled
from ipse.collectors.screens import Screen, partly, reason, screen
from ipse.config import Settings
from ipse.records import Sample

__all__ = ["Window"]


class Window(Polled):
    """The focused window's app and title; what stays of the title, the guard decides."""

    name = "window"
    says = "the app in front, and of its title what privacy.titles allows"

    def __init__(self, every: float = 1.0) -> None:
        self.every = every
        self._screen: Screen | None = None

    @classmethod
    def configure(cls, settings: Settings) -> Self:
        """Look as often as the settings say."""
        return cls(settings.collect.window_every)

    def check(self) -> str | None:
        """Why windows cannot be seen here."""
        return reason()

    def poll(self) -> Iterable[Sample]:
        """The window in front, if any; raises ``OSError`` where the screen went away."""
        try:
            self._screen = self._screen or screen()
            front = self._screen.front()
        except OSError:
            self.close()
            raise
        if front is not None:
            yield Sample(kind="state", data={"app": front.app, "title": front.title})

    @property
    def note(self) -> str:
        """What of the windows is not seen here."""
        return partly()

    def close(self) -> None:
        """End the connection to the screen."""
        if self._screen is not None:
            self._screen.close()
            self._screen = None
