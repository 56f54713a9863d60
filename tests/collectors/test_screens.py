"""Windows and idle time beyond X11: a Wayland server on the wire, sway with a real window, GNOME over a real
bus. macOS and Windows cannot be had here: what is asked of them is answered by stand-ins for their libraries.
"""

import ctypes
import os
import pwd
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pytest

from ipse.collectors.activity import Activity
from ipse.collectors.screens import Front, gnome, macos, partly, reason, screen, windows
from ipse.collectors.window import Window

from .compositor import IDLE, SEAT, WINDOWS, Compositor

Serving = Callable[..., Compositor]


@pytest.fixture
def runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder for sockets: their names may not be long."""
    folder = Path(f"/tmp/ipse-{os.getpid()}-{tmp_path.name[-8:]}")
    folder.mkdir(mode=0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(folder))
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("XDG_CURRENT_DESKTOP", raising=False)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def serving(runtime: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Serving]:
    """A Wayland server that offers what is asked for."""
    made: list[Compositor] = []

    def serve(*offered: str) -> Compositor:
        made.append(Compositor(runtime, offered))
        monkeypatch.setenv("WAYLAND_DISPLAY", made[-1].name)
        return made[-1]

    yield serve
    for one in made:
        one.close()


def test_under_wayland_the_active_window_is_seen(serving: Serving) -> None:
    server = serving(SEAT, WINDOWS, IDLE)
    seen = Window(0.1)
    assert (seen.check(), seen.note) == (None, "")
    assert list(seen.poll()) == []
    first = server.open("firefox", "News")
    assert list(seen.poll()) == []
    server.states(first, 0, 2)  # maximized, activated
    assert [one.data for one in seen.poll()] == [{"app": "firefox", "title": "News"}]
    server.title(first, "half told", done=False)
    assert [one.data["title"] for one in seen.poll()] == ["News"]
    server.title(first, "Grüße – letter", done=True)
    assert [one.data["title"] for one in seen.poll()] == ["Grüße – letter"]
    second = server.open("foot", "Shell")
    server.states(first)
    server.states(second, 2)
    assert [one.data["app"] for one in seen.poll()] == ["foot"]
    server.gone(second)
    assert list(seen.poll()) == []
    assert list(seen.poll()) == []  # by now it was told that nobody listens to that window any more
    assert ("window", "7") in server.asked
    seen.close()


def test_under_wayland_idle_time_makes_active_and_away(serving: Serving) -> None:
    server = serving(SEAT, WINDOWS, IDLE)
    seen = Activity(idle_after=0.5)
    assert seen.check() is None
    assert [one.data for one in seen.poll()] == [{"status": "active"}, {"seconds": 0.0}]
    server.idled()  # a second ago was the last input
    state, idle = seen.poll()
    assert state.data == {"status": "away"}
    assert idle.data["seconds"] >= 1.0  # type: ignore[operator]
    server.resumed()
    assert next(iter(seen.poll())).data == {"status": "active"}
    assert set(server.asked) == {("input", "1000", SEAT)}
    seen.close()


def test_a_compositor_that_went_away_is_an_error_and_then_asked_again(serving: Serving) -> None:
    server = serving(SEAT, WINDOWS, IDLE)
    both = [screen(), screen("idle")]
    server.hang_up()
    for one in both:
        with pytest.raises(OSError, match="ended the connection"):
            one.front()
        one.close()
    with closing(screen()) as again:
        server.states(server.open("foot", "Shell"), 2)
        assert again.front() == Front("foot", "Shell")


def test_under_wayland_it_says_what_is_not_offered(
    serving: Serving, runtime: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-9")
    assert "does not answer" in (reason() or "")
    serving(SEAT)
    monkeypatch.setenv("XDG_CURRENT_DESKTOP", "KDE")
    assert "KDE shows no program the windows of others" in (reason() or "")
    assert "ext-idle-notify" in (reason("idle") or "")
    with pytest.raises(OSError, match="wlr-foreign-toplevel"):
        screen()
    monkeypatch.setattr(psutil, "users", list)
    assert "ext-idle-notify" in (Activity().check() or "")
    assert list(Activity().poll()) == []
    monkeypatch.setitem(sys.modules, "pywayland.client", None)
    assert "ipse[wayland]" in (reason() or "")
    assert runtime.is_dir()


@pytest.fixture
def display(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    if shutil.which("Xvfb") is None:
        pytest.skip("Xvfb is not installed")
    reader, writer = os.pipe()
    command = ["Xvfb", "-displayfd", str(writer), "-screen", "0", "64x64x24", "-nolisten", "tcp", "-noreset"]
    with subprocess.Popen(command, pass_fds=[writer], stderr=subprocess.DEVNULL) as server:
        os.close(writer)
        with os.fdopen(reader) as told:
            name = f":{told.readline().strip()}"
        monkeypatch.setenv("DISPLAY", name)
        yield name
        server.terminate()


def test_windows_under_xwayland_alone_are_said_to_be_so(
    serving: Serving, runtime: Path, display: str
) -> None:
    serving(SEAT, IDLE)
    seen = Window()
    assert seen.check() is None
    assert seen.note.startswith("only programs under XWayland are seen: This compositor shows no program")
    assert list(seen.poll()) == []
    assert reason("idle") is None  # by the compositor: XWayland does not know
    seen.close()
    assert (runtime.is_dir(), display[0]) == (True, ":")


CLIENT = """
import os, sys, time
from pywayland.client import Display
from pywayland.protocol.wayland import WlCompositor, WlShm
from pywayland.protocol.xdg_shell import XdgWmBase
display = Display(); display.connect()
held = {}
def offered(registry, name, interface, version):
    for kind in (WlCompositor, WlShm, XdgWmBase):
        if interface == kind.name:
            held[interface] = registry.bind(name, kind, 1)
registry = display.get_registry()
registry.dispatcher["global"] = offered
display.roundtrip()
size = 32 * 32 * 4
file = os.memfd_create("pixels"); os.ftruncate(file, size)
pool = held["wl_shm"].create_pool(file, size)
buffer = pool.create_buffer(0, 32, 32, 128, 0)
surface = held["wl_compositor"].create_surface()
shell = held["xdg_wm_base"].get_xdg_surface(surface)
window = shell.get_toplevel()
window.set_app_id(sys.argv[1]); window.set_title(sys.argv[2])
def configure(shell, serial):
    shell.ack_configure(serial); surface.attach(buffer, 0, 0); surface.commit()
shell.dispatcher["configure"] = configure
surface.commit()
display.roundtrip()
print("shown", flush=True)
while True:
    display.roundtrip(); time.sleep(0.05)
"""


@pytest.fixture
def sway(runtime: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A real compositor without a screen; skipped where there is no sway (tools/screens.sh)."""
    if shutil.which("sway") is None:
        pytest.skip("sway is not installed")
    (runtime / "config").write_text("xwayland disable\n")
    away = {name: value for name, value in os.environ.items() if name != "WAYLAND_DISPLAY"}
    without = {"WLR_BACKENDS": "headless", "WLR_LIBINPUT_NO_DEVICES": "1", "WLR_RENDERER": "pixman"}
    command = ["sway", "--config", str(runtime / "config")]
    who: dict[str, Any] = {}
    if os.getuid() == 0:  # it starts for no root
        nobody = pwd.getpwnam("nobody")
        who = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
        shutil.chown(runtime, nobody.pw_uid)
    who |= {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(command, env=away | without, **who) as server:
        until(lambda: bool(sockets(runtime)) or server.poll() is not None)
        if server.poll() is not None:
            pytest.skip("sway does not start here")
        monkeypatch.setenv("WAYLAND_DISPLAY", sockets(runtime)[0])
        yield runtime
        server.terminate()


def sockets(folder: Path) -> list[str]:
    return [one.name for one in folder.glob("wayland-*") if one.suffix != ".lock"]


def until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 15
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_a_real_window_of_sway_is_seen(sway: Path) -> None:
    seen = Window(0.1)
    assert seen.check() is None
    assert list(seen.poll()) == []
    command = [sys.executable, "-c", CLIENT, "writer", "Grüße – letter"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as client:
        assert client.stdout is not None
        assert client.stdout.readline() == b"shown\n"
        until(lambda: [one.data["app"] for one in seen.poll()] == ["writer"])
        assert [one.data for one in seen.poll()] == [{"app": "writer", "title": "Grüße – letter"}]
        client.kill()
    until(lambda: list(seen.poll()) == [])
    seen.close()
    assert sway.is_dir()


@pytest.fixture
def bus(runtime: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A bus of a GNOME session's own; skipped where there is no dbus-daemon."""
    if shutil.which("dbus-daemon") is None:
        pytest.skip("dbus-daemon is not installed")
    address = f"unix:path={runtime}/bus"
    command = ["dbus-daemon", "--session", "--nofork", "--nopidfile", f"--address={address}"]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as server:
        until((runtime / "bus").exists)
        monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address)
        monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-0")
        monkeypatch.setenv("XDG_CURRENT_DESKTOP", "ubuntu:GNOME")
        yield runtime
        server.terminate()


def answering(answers: dict[str, tuple[str, Any]], name: str, stop: threading.Event) -> threading.Thread:
    """Own a name on the bus, and answer these methods; any other is unknown."""
    from jeepney import MessageType, new_error, new_method_return
    from jeepney.bus_messages import message_bus
    from jeepney.io.blocking import open_dbus_connection

    ready = threading.Event()

    def serve() -> None:
        with open_dbus_connection() as connection:
            connection.send_and_get_reply(message_bus.RequestName(name))
            ready.set()
            while not stop.is_set():
                try:
                    asked = connection.receive(timeout=0.05)
                except TimeoutError:
                    continue
                if asked.header.message_type is not MessageType.method_call:
                    continue
                method = next(v for k, v in asked.header.fields.items() if k.name == "member")
                if method in answers:
                    signature, told = answers[method]
                    connection.send(new_method_return(asked, signature, (told,)))
                else:
                    connection.send(new_error(asked, "org.freedesktop.DBus.Error.UnknownMethod"))

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    assert ready.wait(5)
    return thread


def test_gnome_tells_over_its_bus(bus: Path) -> None:
    assert "extensions.gnome.org" in (reason() or "")
    assert "Mutter" in (reason("idle") or "")
    stop = threading.Event()
    shown = {"Get": ("s", '{"wm_class": "org.gnome.Nautilus", "title": "Bilder"}')}
    serving = [
        answering(shown, "org.gnome.Shell", stop),
        answering({"GetIdletime": ("t", 42_500)}, "org.gnome.Mutter.IdleMonitor", stop),
    ]
    try:
        assert (reason(), reason("idle"), partly()) == (None, None, "")
        with closing(screen()) as told:
            assert told.front() == Front("org.gnome.Nautilus", "Bilder")
            assert told.idle() == 42.5
            shown["Get"] = ("s", "{}")
            assert told.front() is None
            shown["Get"] = ("s", "no JSON")
            assert told.front() is None
    finally:
        stop.set()
        for one in serving:
            one.join(5)
    assert bus.is_dir()


def test_without_a_bus_it_says_so(runtime: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS", raising=False)
    assert "DBUS_SESSION_BUS_ADDRESS" in (gnome.reason("idle") or "")
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", f"unix:path={runtime}/none")
    assert "does not answer" in (gnome.reason("windows") or "")
    monkeypatch.setitem(sys.modules, "jeepney", None)
    assert "ipse[wayland]" in (gnome.reason("windows") or "")


def quartz(**more: Any) -> SimpleNamespace:
    """What of Quartz is asked, with its constants as Apple has them."""
    menu = {"layer": 25, "owner": "Window Server", "name": "Menubar", "alpha": 1.0}
    ghost = {"layer": 0, "owner": "Ghost", "name": "unseen", "alpha": 0.0}
    front = {"layer": 0, "owner": "Safari", "name": "Apple", "alpha": 1.0}
    told = {
        "CGSessionCopyCurrentDictionary": lambda: {"kCGSSessionOnConsoleKey": True},
        "CGPreflightScreenCaptureAccess": lambda: True,
        "kCGWindowListOptionOnScreenOnly": 1,
        "kCGWindowListExcludeDesktopElements": 16,
        "kCGNullWindowID": 0,
        "kCGWindowLayer": "layer",
        "kCGWindowAlpha": "alpha",
        "kCGWindowOwnerName": "owner",
        "kCGWindowName": "name",
        "kCGEventSourceStateHIDSystemState": 1,
        "kCGAnyInputEventType": 0xFFFFFFFF,
        "CGWindowListCopyWindowInfo": lambda which, of: (
            [menu, ghost, front] if (which, of) == (17, 0) else ()
        ),
        "CGEventSourceSecondsSinceLastEventType": lambda *of: 7.5 if of == (1, 0xFFFFFFFF) else 0.0,
    }
    return SimpleNamespace(**(told | more))


def test_macos_is_asked_by_quartz(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setitem(sys.modules, "Quartz", None)
    assert "pip install" in (reason() or "")
    monkeypatch.setitem(sys.modules, "Quartz", quartz())
    assert (reason(), partly()) == (None, "")
    with closing(screen()) as told:
        assert told.front() == Front("Safari", "Apple")
        assert told.idle() == 7.5
    monkeypatch.setitem(
        sys.modules,
        "Quartz",
        quartz(CGPreflightScreenCaptureAccess=lambda: False, CGWindowListCopyWindowInfo=lambda *_: None),
    )
    assert "Screen Recording" in Window().note
    assert macos.screen().front() is None
    monkeypatch.setitem(sys.modules, "Quartz", quartz(CGSessionCopyCurrentDictionary=lambda: None))
    assert "Nobody is logged in" in (reason("idle") or "")


def user32(**more: Any) -> tuple[SimpleNamespace, SimpleNamespace]:
    """What of user32 and kernel32 is asked; handles are numbers."""

    def text(_window: int, into: Any, size: int) -> int:
        into.value = "Grüße.docx - Word"[: size - 1]
        return 17

    def process(window: int, into: Any) -> int:
        into._obj.value = {1: os.getpid(), 2: os.getppid(), 3: 2**22 + 5}[window]
        return 4

    def last(into: Any) -> int:
        assert into._obj.cbSize == 8
        into._obj.dwTime = 2**32 - 1000
        return 1

    asked: dict[str, Callable[..., Any]] = {
        "GetForegroundWindow": lambda: 1,
        "GetWindowTextLengthW": lambda window: 17,
        "GetWindowTextW": text,
        "GetWindowThreadProcessId": process,
        "GetLastInputInfo": last,
        "FindWindowExW": lambda *of: 2 if of == (1, None, "Windows.UI.Core.CoreWindow", None) else None,
    }
    return SimpleNamespace(**(asked | more)), SimpleNamespace(GetTickCount=lambda: 500)


def test_windows_is_asked_by_user32(monkeypatch: pytest.MonkeyPatch) -> None:
    name = psutil.Process().name()
    told = windows.WindowsScreen(user32())
    assert told.front() == Front(name, "Grüße.docx - Word")
    assert told.idle() == 1.5  # the clock of milliseconds began anew in between
    told.close()
    assert windows.WindowsScreen(user32(GetForegroundWindow=lambda: None)).front() is None
    assert windows.WindowsScreen(user32(GetLastInputInfo=lambda _: 0)).idle() is None
    gone = windows.WindowsScreen(user32(GetForegroundWindow=lambda: 3)).front()
    assert gone == Front("", "Grüße.docx - Word")
    monkeypatch.setattr(windows, "FRAME", name)
    within = windows.WindowsScreen(user32()).front()
    assert within is not None
    assert within.app == psutil.Process(os.getppid()).name()


def test_windows_says_so_where_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    assert "no Windows" in (reason() or "")
    assert not hasattr(ctypes, "WinDLL")
    libraries = dict(zip(("user32", "kernel32"), user32(), strict=True))
    monkeypatch.setattr(ctypes, "WinDLL", lambda name: libraries[name], raising=False)
    assert reason() is None
    assert screen().front() == Front(psutil.Process().name(), "Grüße.docx - Word")
