"""The screen of this session: which window is in front, and for how long nobody did anything.

One file a system, each asked only where it is: X11, Wayland by the protocols that a compositor offers, GNOME
by what it says over D-Bus, macOS, Windows. Each says why it cannot tell here, and what to install.
"""

import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Literal, NamedTuple, Protocol, cast

__all__ = ["INSTALL", "Front", "Screen", "What", "partly", "reason", "screen"]

INSTALL = "install it: pip install 'ipse[collect]'"

What = Literal["windows", "idle"]


class Front(NamedTuple):
    """The window in front: its program and its title; empty where nobody says."""

    app: str
    title: str


class Screen(Protocol):
    """A connection to what shows windows; raises ``OSError`` once that is gone."""

    def front(self) -> Front | None:
        """The window in front; None where there is none, or nobody says."""

    def idle(self) -> float | None:
        """Seconds since anybody touched a key or the mouse; None where nobody says."""

    def close(self) -> None:
        """End the connection."""


class _Way(Protocol):
    """What each file of this folder offers."""

    def reason(self, what: What) -> str | None:
        """Why it cannot tell that here, in one line; None if it can."""

    def screen(self) -> Screen:
        """A connection; raises ``OSError`` where there is none."""


def reason(what: What = "windows") -> str | None:
    """Why this cannot be known here, in one line; None if it can."""
    whys = [_way(name).reason(what) for name in _names(what)]
    return None if None in whys else whys[0]


def screen(what: What = "windows") -> Screen:
    """A connection by the first way that tells this; raises ``OSError`` with the reason for none."""
    for name in _names(what):
        if _way(name).reason(what) is None:
            return _way(name).screen()
    raise OSError(reason(what))


def partly(what: What = "windows") -> str:
    """What of it is not seen here, in one line; empty where all of it is."""
    names = _names(what)
    able = [name for name in names if _way(name).reason(what) is None]
    if not able or able[0] == names[0]:
        note = getattr(_way(able[0]), "note", None) if able else None
        return str(note()) if note is not None else ""
    return f"only programs under XWayland are seen: {_way(names[0]).reason(what)}"


def _names(what: What) -> Sequence[str]:
    """The ways to try on this system, the best first.

    XWayland counts only what is typed into its own windows, so it is not asked since when there was nothing.
    """
    if sys.platform in ("darwin", "win32"):
        return ("macos",) if sys.platform == "darwin" else ("windows",)
    if not os.environ.get("WAYLAND_DISPLAY"):
        return ("x11",)
    own = ("gnome",) if "gnome" in os.environ.get("XDG_CURRENT_DESKTOP", "").lower() else ("wayland",)
    return (*own, "x11") if what == "windows" and os.environ.get("DISPLAY") else own


def _way(name: str) -> _Way:
    return cast("_Way", import_module(f"ipse.collectors.screens.{name}"))
