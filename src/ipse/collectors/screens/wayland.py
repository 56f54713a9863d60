"""Windows and idle time by protocols of Wayland, where the compositor offers them (by pywayland).

Which window is active: wlr-foreign-toplevel-management (sway, Hyprland, river, labwc, Wayfire). For how long
nobody did anything: ext-idle-notify (these, and KDE). One connection serves all that ask in this process.
"""

import atexit
import os
import sys
import threading
import time
from typing import Any

from ipse.collectors.screens import Front, What

__all__ = ["WaylandScreen", "reason", "screen"]

INSTALL = "install it: pip install 'ipse[wayland]'"
IDLE_MS = 1000  # of nothing done, from which on the compositor tells that there is nothing
ACTIVATED = 2  # in a window's list of states


def reason(what: What) -> str | None:
    """Why the compositor cannot be asked that."""
    try:
        import pywayland.client  # noqa: F401 - whether it is there
    except ImportError:
        return f"pywayland is not installed: {INSTALL}."
    try:
        connection = _Connection.borrowed()
    except OSError as error:
        return f"The compositor at {os.environ.get('WAYLAND_DISPLAY', '')} does not answer: {error}."
    try:
        return None if connection.tells(what) else _without(what)
    finally:
        connection.give_back()


def screen() -> "WaylandScreen":
    """A connection; raises ``OSError`` where there is none."""
    return WaylandScreen()


def _without(what: What) -> str:
    desktop = os.environ.get("XDG_CURRENT_DESKTOP") or "This compositor"
    told, protocol = {
        "windows": ("shows no program the windows of others", "wlr-foreign-toplevel-management"),
        "idle": ("tells no program for how long nobody did anything", "ext-idle-notify"),
    }[what]
    return f"{desktop} {told} (it does not offer {protocol})."


class WaylandScreen:
    """A share in the connection to the compositor."""

    def __init__(self) -> None:
        self._connection = _Connection.borrowed()

    def front(self) -> Front | None:
        """The window that is active; None for none."""
        return self._connection.front()

    def idle(self) -> float | None:
        """Seconds since anybody did anything, seen when it is asked; None where nobody says."""
        return self._connection.idle()

    def close(self) -> None:
        """Give the share back."""
        self._connection.give_back()


class _Window:
    """A window as the compositor told of it; what it says holds from its ``done`` on."""

    def __init__(self) -> None:
        self.app, self.title, self.active = "", "", False
        self.told: Front | None = None  # while it is active


class _Connection:
    """The one connection of this process; its objects belong to no thread, so one may use it at a time."""

    _guard = threading.RLock()
    _held: "_Connection | None" = None

    def __init__(self) -> None:
        from pywayland.client.display import Display

        self._display: Any = Display(os.environ.get("WAYLAND_DISPLAY"))
        try:
            self._display.connect()
        except ValueError as error:
            raise OSError("there is no such display") from error
        self._users, self._ended = 0, False
        atexit.register(self.end)
        self._windows: dict[Any, _Window] = {}
        self._seat: Any = None
        self._manager: Any = None
        self._notifier: Any = None
        self._inputs = False  # whether it tells of input alone
        self._since: float | None = None  # when somebody did something last, while nobody does
        self._notification: Any = None
        try:
            self._registry = self._display.get_registry()
            self._registry.dispatcher["global"] = self._offered
            self._told()
            self._notification = self._watching()
            self._told()
        except OSError:
            self.end()
            raise

    @classmethod
    def borrowed(cls) -> "_Connection":
        """The connection, made where there is none; raises ``OSError``."""
        with cls._guard:
            if cls._held is None:
                cls._held = cls()
            return cls._held.lent()

    def lent(self) -> "_Connection":
        """This one, which another uses too."""
        self._users += 1
        return self

    def give_back(self) -> None:
        """End it where nobody else uses it."""
        with self._guard:
            self._users -= 1
            if self._users <= 0:
                self.end()

    def end(self) -> None:
        """Give up its objects before itself: the library does not survive it the other way round."""
        with self._guard:
            if _Connection._held is self:
                _Connection._held = None
            self._ended = True
            for handle in self._windows:  # which the library may count among those of a connection before
                handle.destroy()
            self._windows.clear()
            self._display.disconnect()
            atexit.unregister(self.end)

    def tells(self, what: What) -> bool:
        """Whether the compositor offers that."""
        return (self._manager if what == "windows" else self._notification) is not None

    def front(self) -> Front | None:
        """The active window, after all that the compositor had to say."""
        with self._guard:
            self._told()
            return next((one.told for one in self._windows.values() if one.told is not None), None)

    def idle(self) -> float | None:
        """Seconds since anybody did anything."""
        with self._guard:
            self._told()
            if self._notification is None:
                return None
            return 0.0 if self._since is None else time.monotonic() - self._since

    def _told(self) -> None:
        """Hear what there is to hear; raises ``OSError`` where the compositor is gone."""
        if self._ended or self._display.roundtrip() < 0:
            self.end()
            raise OSError("the compositor ended the connection")

    def _offered(self, registry: Any, name: int, interface: str, version: int) -> None:  # noqa: ANN401
        from pywayland.protocol.ext_idle_notify_v1 import ExtIdleNotifierV1
        from pywayland.protocol.wayland import WlSeat

        from ipse.collectors.screens.toplevels import ZwlrForeignToplevelManagerV1

        if interface == "wl_seat" and self._seat is None:
            self._seat = registry.bind(name, WlSeat, 1)
        elif interface == ExtIdleNotifierV1.name:
            self._notifier = registry.bind(name, ExtIdleNotifierV1, min(version, 2))
            self._inputs = version > 1
        elif interface == ZwlrForeignToplevelManagerV1.name:
            self._manager = registry.bind(name, ZwlrForeignToplevelManagerV1, min(version, 3))
            self._manager.dispatcher["toplevel"] = self._appeared

    def _watching(self) -> Any:  # noqa: ANN401
        """Ask to be told when nobody does anything; what plays does not count as somebody."""
        if self._seat is None or self._notifier is None:
            return None
        notifier = self._notifier
        ask = notifier.get_input_idle_notification if self._inputs else notifier.get_idle_notification
        made = ask(IDLE_MS, self._seat)
        made.dispatcher["idled"] = self._idled
        made.dispatcher["resumed"] = self._resumed
        return made

    def _idled(self, _notification: Any) -> None:  # noqa: ANN401
        self._since = time.monotonic() - IDLE_MS / 1000

    def _resumed(self, _notification: Any) -> None:  # noqa: ANN401
        self._since = None

    def _appeared(self, _manager: Any, handle: Any) -> None:  # noqa: ANN401
        window = self._windows[handle] = _Window()

        def title(_handle: Any, told: str) -> None:  # noqa: ANN401
            window.title = told

        def app(_handle: Any, told: str) -> None:  # noqa: ANN401
            window.app = told

        def state(_handle: Any, told: bytes) -> None:  # noqa: ANN401
            size = 4  # each a number of 32 bits in the order of this machine
            states = [int.from_bytes(told[at : at + size], sys.byteorder) for at in range(0, len(told), size)]
            window.active = ACTIVATED in states

        def done(_handle: Any) -> None:  # noqa: ANN401
            window.told = Front(window.app, window.title) if window.active else None

        def closed(handle: Any) -> None:  # noqa: ANN401
            self._windows.pop(handle, None)
            handle.destroy()

        heard = {"title": title, "app_id": app, "state": state, "done": done, "closed": closed}
        for name, hear in heard.items():
            handle.dispatcher[name] = hear
