"""GNOME under Wayland, over D-Bus (by jeepney): idle time from Mutter, windows where an extension tells them.

GNOME shows windows to no program by itself: its shell answers no questions since version 41. The extension
"Focused Window D-Bus" tells of the one in front.
"""

import json
from typing import Any

from ipse.collectors.screens import Front, What

__all__ = ["GnomeScreen", "reason", "screen"]

INSTALL = "install it: pip install 'ipse[wayland]'"
EXTENSION = "https://extensions.gnome.org/extension/5592/focused-window-d-bus/"
PATIENCE = 2.0  # seconds for an answer

IDLE = ("/org/gnome/Mutter/IdleMonitor/Core", "org.gnome.Mutter.IdleMonitor", "org.gnome.Mutter.IdleMonitor")
WINDOWS = (
    "/org/gnome/shell/extensions/FocusedWindow",
    "org.gnome.Shell",
    "org.gnome.shell.extensions.FocusedWindow",
)


def reason(what: What) -> str | None:
    """Why GNOME does not tell."""
    try:
        import jeepney  # noqa: F401 - whether it is there
    except ImportError:
        return f"jeepney is not installed: {INSTALL}."
    try:
        asked = GnomeScreen()
    except OSError as error:
        return f"The session's D-Bus does not answer: {error}."
    try:
        told = asked.idle() if what == "idle" else asked.told()
    except OSError as error:
        return f"The session's D-Bus does not answer: {error}."
    finally:
        asked.close()
    if told is not None:
        return None
    if what == "idle":
        return "Mutter does not tell for how long nobody did anything."
    return (
        f"GNOME shows no program the windows of others; its extension Focused Window D-Bus does: {EXTENSION}"
    )


def screen() -> "GnomeScreen":
    """A connection; raises ``OSError`` where there is none."""
    return GnomeScreen()


class GnomeScreen:
    """A connection to the session's bus."""

    def __init__(self) -> None:
        from jeepney.io.blocking import open_dbus_connection

        try:
            self._bus: Any = open_dbus_connection(bus="SESSION")
        except KeyError as error:
            raise OSError("DBUS_SESSION_BUS_ADDRESS is not set") from error

    def front(self) -> Front | None:
        """The window that has the focus; None for none."""
        told = self.told()
        if not told or not (told.get("wm_class") or told.get("title")):
            return None
        return Front(str(told.get("wm_class") or ""), str(told.get("title") or ""))

    def told(self) -> dict[str, object] | None:
        """What the extension says of the focused window; empty for none, None without the extension."""
        raw = self._asked(WINDOWS, "Get")
        try:
            found = json.loads(raw) if isinstance(raw, str) else None
        except ValueError:
            return None
        return found if isinstance(found, dict) else None

    def idle(self) -> float | None:
        """Seconds since anybody did anything."""
        told = self._asked(IDLE, "GetIdletime")
        return told / 1000 if isinstance(told, int) else None

    def close(self) -> None:
        """End the connection."""
        self._bus.close()

    def _asked(self, of: tuple[str, str, str], method: str) -> object:
        """The first value that is answered; None where nobody knows the question. Raises ``OSError``."""
        from jeepney import DBusAddress, MessageType, new_method_call

        path, name, interface = of
        asked = new_method_call(DBusAddress(path, name, interface), method)
        try:
            told = self._bus.send_and_get_reply(asked, timeout=PATIENCE)
        except EOFError as error:
            raise OSError("the bus ended the connection") from error
        if told.header.message_type is not MessageType.method_return or not told.body:
            return None
        return told.body[0]
