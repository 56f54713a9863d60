"""The screen of this session: which window is in front, and for how long nobody did anything.

X11 by python-xlib: ``_NET_ACTIVE_WINDOW`` where a window manager says so, else the input focus; idle time by
the extension MIT-SCREEN-SAVER. Wayland shows neither to other programs, but for what runs under XWayland; on
macOS and Windows the system is asked through the libraries of the extra ``collect``.
"""

import os
import sys
from pathlib import Path
from typing import Any, NamedTuple

__all__ = ["Front", "Screen", "reason"]

INSTALL = "install it: pip install 'ipse[collect]'"


class Front(NamedTuple):
    """The window in front: its program and its title; empty where nobody says."""

    app: str
    title: str


def reason() -> str | None:
    """Why the screen cannot be looked at here, in one line; None if it can."""
    if sys.platform in ("darwin", "win32"):  # pragma: no cover - not on this machine
        return f"Windows of {sys.platform} are not read yet: send them from a program of yours by REST."
    try:
        import Xlib.display  # noqa: F401 - whether it is there
    except ImportError:
        return f"python-xlib is not installed: {INSTALL}."
    if not os.environ.get("DISPLAY"):
        if os.environ.get("WAYLAND_DISPLAY"):
            return "Wayland shows no program the windows of others, and XWayland is not running (no DISPLAY)."
        return "There is no screen: DISPLAY is not set."
    try:
        Screen().close()
    except OSError as error:
        return f"The display {os.environ['DISPLAY']} does not answer: {error}."
    return None


class Screen:
    """A connection to the X server; raises ``OSError`` where there is none."""

    def __init__(self) -> None:
        from Xlib import display, error

        name = os.environ.get("DISPLAY", "")
        local = Path("/tmp/.X11-unix") / f"X{name[1:].partition('.')[0]}"  # noqa: S108 - where X11 has it
        if name.startswith(":") and not local.exists():  # the library would leave its socket open
            raise OSError("there is no such display")
        try:
            self._display: Any = display.Display()
        except (error.DisplayError, error.ConnectionClosedError, error.XError) as failed:
            raise OSError(str(failed)) from failed
        self._error = error
        self._root = self._display.screen().root
        self._idle = bool(self._display.has_extension("MIT-SCREEN-SAVER"))

    def close(self) -> None:
        """End the connection."""
        self._display.close()

    def front(self) -> Front | None:
        """The window in front; None where there is none, or it went while we looked."""
        try:
            window = self._active()
            return self._told(window) if window is not None else None
        except (self._error.BadWindow, self._error.BadAtom, self._error.BadMatch, self._error.BadDrawable):
            return None
        except (self._error.ConnectionClosedError, BrokenPipeError) as failed:
            raise OSError("The X server ended the connection.") from failed

    def idle(self) -> float | None:
        """Seconds since anybody touched a key or the mouse; None where the server does not say."""
        if not self._idle:
            return None
        try:
            told = self._root.screensaver_query_info()
        except (self._error.ConnectionClosedError, BrokenPipeError) as failed:
            raise OSError("The X server ended the connection.") from failed
        return float(told.idle) / 1000

    def _active(self) -> Any:  # noqa: ANN401 - a window of a library without types
        atom = self._display.intern_atom("_NET_ACTIVE_WINDOW")
        told = self._root.get_full_property(atom, 0)
        if told is not None and len(told.value) and told.value[0]:
            return self._display.create_resource_object("window", told.value[0])
        focus = self._display.get_input_focus().focus
        return None if isinstance(focus, int) or focus.id == self._root.id else focus

    def _told(self, window: Any) -> Front | None:  # noqa: ANN401
        """Class and title of a window, or of the one around it that has them: focus lies within."""
        while window is not None and window.id != self._root.id:
            klass = window.get_wm_class()
            title = self._title(window)
            if klass or title:
                return Front((klass or ("", ""))[1] or (klass or ("", ""))[0], title)
            window = window.query_tree().parent
        return None

    def _title(self, window: Any) -> str:  # noqa: ANN401
        atom = self._display.intern_atom("_NET_WM_NAME")
        told = window.get_full_property(atom, self._display.intern_atom("UTF8_STRING"))
        if told is not None:
            raw = told.value
            return raw.decode("utf-8", "replace") if isinstance(raw, bytes) else str(raw)
        name = window.get_wm_name()
        return name.decode("latin-1") if isinstance(name, bytes) else str(name or "")
