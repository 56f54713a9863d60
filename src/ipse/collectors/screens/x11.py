"""Windows and idle time on X11, by python-xlib.

The window is ``_NET_ACTIVE_WINDOW`` where a window manager says so, else the input focus; idle time comes by
the extension MIT-SCREEN-SAVER.
"""

import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from ipse.collectors.screens import INSTALL, Front, What

__all__ = ["X11Screen", "reason", "screen"]


def reason(_what: What) -> str | None:
    """Why the X server cannot be asked."""
    try:
        import Xlib.display  # noqa: F401 - whether it is there
    except ImportError:
        return f"python-xlib is not installed: {INSTALL}."
    if not os.environ.get("DISPLAY"):
        return "There is no screen: DISPLAY is not set."
    try:
        X11Screen().close()
    except OSError as error:
        return f"The display {os.environ['DISPLAY']} does not answer: {error}."
    return None


def screen() -> "X11Screen":
    """A connection; raises ``OSError`` where there is none."""
    return X11Screen()


class X11Screen:
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
        """End the connection, where that is not over yet."""
        with suppress(self._error.ConnectionClosedError, OSError):
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
