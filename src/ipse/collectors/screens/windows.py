"""The window in front and idle time on Windows, by user32 (ctypes) and psutil: nothing to install."""

import ctypes
from ctypes import wintypes
from typing import Any

import psutil

from ipse.collectors.screens import Front, What

__all__ = ["WindowsScreen", "reason", "screen"]

FRAME = "ApplicationFrameHost.exe"  # shows the windows of apps from the store, which lie within its own
WITHIN = "Windows.UI.Core.CoreWindow"
DWORD = ctypes.c_uint32
TICKS = 2**32  # after so many milliseconds the system's clock of them begins anew


class _LastInput(ctypes.Structure):
    _fields_ = (("cbSize", DWORD), ("dwTime", DWORD))


def reason(_what: What) -> str | None:
    """Why the desktop cannot be asked."""
    try:
        WindowsScreen()
    except OSError as error:
        return f"The desktop of this session cannot be asked: {error}."
    return None


def screen() -> "WindowsScreen":
    """The desktop of this session; raises ``OSError`` where this is no Windows."""
    return WindowsScreen()


class WindowsScreen:
    """What user32 says; ``libraries`` are user32 and kernel32."""

    def __init__(self, libraries: tuple[Any, Any] | None = None) -> None:
        self._user, self._kernel = libraries or _libraries()
        self._user.GetForegroundWindow.restype = wintypes.HWND
        self._user.GetWindowTextLengthW.argtypes = (wintypes.HWND,)
        self._user.GetWindowTextW.argtypes = (wintypes.HWND, wintypes.LPWSTR, ctypes.c_int)
        self._user.GetWindowThreadProcessId.argtypes = (wintypes.HWND, ctypes.POINTER(DWORD))
        self._user.FindWindowExW.argtypes = (wintypes.HWND, wintypes.HWND, wintypes.LPCWSTR, wintypes.LPCWSTR)
        self._user.FindWindowExW.restype = wintypes.HWND
        self._kernel.GetTickCount.restype = DWORD

    def front(self) -> Front | None:
        """The foreground window; None while there is none, as when the screen is locked."""
        window = self._user.GetForegroundWindow()
        if not window:
            return None
        length = self._user.GetWindowTextLengthW(window)
        title = ctypes.create_unicode_buffer(length + 1)
        self._user.GetWindowTextW(window, title, length + 1)
        app = self._program(window)
        if app == FRAME:
            within = self._user.FindWindowExW(window, None, WITHIN, None)
            app = (self._program(within) if within else "") or app
        return Front(app, title.value)

    def idle(self) -> float | None:
        """Seconds since anybody did anything in this session; None where it does not say."""
        last = _LastInput(cbSize=ctypes.sizeof(_LastInput))
        if not self._user.GetLastInputInfo(ctypes.byref(last)):
            return None
        return float((self._kernel.GetTickCount() - last.dwTime) % TICKS) / 1000

    def close(self) -> None:
        """There is no connection of our own to end."""

    def _program(self, window: int) -> str:
        number = DWORD()
        self._user.GetWindowThreadProcessId(window, ctypes.byref(number))
        try:
            return str(psutil.Process(number.value).name())
        except psutil.Error:
            return ""


def _libraries() -> tuple[Any, Any]:
    load = getattr(ctypes, "WinDLL", None)
    if load is None:
        raise OSError("this is no Windows")
    return load("user32"), load("kernel32")
