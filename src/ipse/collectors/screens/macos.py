"""Windows and idle time on macOS, by Quartz (pyobjc).

The window server lists what is on the screen from front to back; titles are in it only for who may record the
screen. It says for how long there was no input, and never which.
"""

from typing import Any

from ipse.collectors.screens import INSTALL, Front, What

__all__ = ["MacScreen", "note", "reason", "screen"]

USUAL = 0  # the layer of windows; menus, the dock and what floats above have others


def reason(_what: What) -> str | None:
    """Why the window server cannot be asked."""
    try:
        import Quartz
    except ImportError:
        return f"pyobjc is not installed: {INSTALL}."
    if Quartz.CGSessionCopyCurrentDictionary() is None:
        return "Nobody is logged in at the screen of this Mac: collect from a session there."
    return None


def note() -> str:
    """What is left out without leave; empty where nothing is."""
    import Quartz

    if Quartz.CGPreflightScreenCaptureAccess():
        return ""
    return "titles stay empty until System Settings, Privacy & Security, Screen Recording allows them"


def screen() -> "MacScreen":
    """The window server."""
    return MacScreen()


class MacScreen:
    """What the window server says."""

    def __init__(self) -> None:
        import Quartz

        self._quartz: Any = Quartz

    def front(self) -> Front | None:
        """The frontmost window; None for none."""
        ask = self._quartz
        which = ask.kCGWindowListOptionOnScreenOnly | ask.kCGWindowListExcludeDesktopElements
        for one in ask.CGWindowListCopyWindowInfo(which, ask.kCGNullWindowID) or ():
            seen = one.get(ask.kCGWindowAlpha, 1.0) > 0
            if seen and one.get(ask.kCGWindowLayer, USUAL) == USUAL:
                return Front(
                    str(one.get(ask.kCGWindowOwnerName) or ""), str(one.get(ask.kCGWindowName) or "")
                )
        return None

    def idle(self) -> float | None:
        """Seconds since anybody did anything."""
        ask = self._quartz
        told = ask.CGEventSourceSecondsSinceLastEventType(
            ask.kCGEventSourceStateHIDSystemState, ask.kCGAnyInputEventType
        )
        return float(told)

    def close(self) -> None:
        """There is no connection of our own to end."""
