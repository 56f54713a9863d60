"""Each collector sees what happens: real files, real logs, real figures, real windows under Xvfb."""

import os
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psutil
import pytest

from ipse.collectors.activity import Activity
from ipse.collectors.context import Context
from ipse.collectors.errors import Errors
from ipse.collectors.files import Files
from ipse.collectors.processes import Processes
from ipse.collectors.screens import Front, partly, reason
from ipse.collectors.screens.x11 import X11Screen
from ipse.collectors.system import System
from ipse.collectors.window import Window
from ipse.records import Sample


def until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_the_machine_tells_its_figures() -> None:
    system = System()
    first = list(system.poll())
    assert [sample.stream for sample in first] == ["", "self"]
    time.sleep(0.05)
    (second,) = system.poll()
    assert {"cpu", "memory", "swap", "disk", "disk_free_mib", "available_mib"} <= second.data.keys()
    assert {"received_bytes", "sent_bytes"} <= second.data.keys()
    assert all(isinstance(value, int | float) and value >= 0 for value in second.data.values())
    assert first[1].data["memory_mib"] > 1  # type: ignore[operator]


def test_processes_are_told_by_name_alone() -> None:
    seen = Processes()
    list(seen.poll())
    sum(n * n for n in range(300_000))
    found = list(seen.poll())
    assert 0 < len(found) <= 8
    assert all(set(one.data) == {"name", "cpu_seconds", "memory_mib"} for one in found)
    assert psutil.Process().name() in {one.data["name"] for one in found}


def test_the_context_is_a_state() -> None:
    (found,) = Context().poll()
    assert found.kind == "state"
    assert set(found.data) == {"weekday", "hour", "zone", "power"}


def test_changes_of_files_are_seen_and_never_their_content(tmp_path: Path) -> None:
    (tmp_path / "deep" / "deeper").mkdir(parents=True)
    (tmp_path / ".git").mkdir()
    files, seen, stop = Files([str(tmp_path)]), list[Sample](), threading.Event()
    thread = threading.Thread(target=files.run, args=(seen.append, stop))
    thread.start()
    try:
        until(lambda: bool((tmp_path / "deep" / "a.TXT").write_text("canary") and seen))
        (tmp_path / "deep" / "new.txt").write_text("canary")
        (tmp_path / ".git" / "index").write_text("x")
        (tmp_path / "deep" / "a.TXT").rename(tmp_path / "deep" / "b.txt")
        (tmp_path / "deep" / "b.txt").unlink()
        until(lambda: any(one.data["change"] == "deleted" for one in seen))
    finally:
        stop.set()
        thread.join()
    assert {str(one.data["change"]) for one in seen} >= {"created", "modified", "moved", "deleted"}
    assert {one.data["ext"] for one in seen} == {".txt"}
    assert not any("canary" in str(one.data) or ".git" in str(one.data) for one in seen)


def test_a_budget_says_what_it_does_not_reach(tmp_path: Path) -> None:
    for name in "abcdef":
        (tmp_path / name).mkdir()
    files = Files([str(tmp_path)], budget=3)
    assert list(files.poll()) == []
    assert files.unwatched == tuple(str(tmp_path / name) for name in "cdef")
    (tmp_path / "a" / "new").write_text("x")
    until(lambda: bool(list(files.poll())))
    assert files.check() is None
    assert "Not a folder" in (Files([str(tmp_path / "no")]).check() or "")
    assert "collect.paths" in (Files().check() or "")


def test_errors_of_logs_are_told_from_the_end_on(tmp_path: Path) -> None:
    log = tmp_path / "app.log"
    log.write_text("error: old\n")
    errors = Errors([str(log)])
    assert errors.check() is None
    assert list(errors.poll()) == []
    with log.open("a") as stream:
        stream.write("all is well\nERROR: no disk\nkernel PANIC now\nan err")
        stream.flush()
        found = [one.data for one in errors.poll()]
        assert found == [
            {"unit": "app.log", "level": "error", "message": "ERROR: no disk"},
            {"unit": "app.log", "level": "critical", "message": "kernel PANIC now"},
        ]
        stream.write("or\n")
    assert [one.data["message"] for one in errors.poll()] == ["an error"]
    log.unlink()
    assert list(errors.poll()) == []
    log.write_text("fatal: anew\n")
    assert [one.data["message"] for one in errors.poll()] == ["fatal: anew"]
    assert "Not a file" in (Errors([str(tmp_path / "no")]).check() or "")
    assert "collect.logs" in (Errors().check() or "")


def test_the_journal_is_followed_where_there_is_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tool = tmp_path / "journalctl"
    tool.write_text(
        '#!/bin/sh\ncase "$*" in *after-cursor*)\n'
        'echo \'{"_SYSTEMD_UNIT":"a.service","PRIORITY":"2","MESSAGE":"down"}\'\n'
        'echo \'{"SYSLOG_IDENTIFIER":"b","PRIORITY":"3","MESSAGE":"bad"}\'\necho broken;;\nesac\n'
        "echo '-- cursor: s=1'\n"
    )
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    errors = Errors(["journal"])
    assert errors.check() is None
    assert list(errors.poll()) == []
    assert [tuple(one.data.values()) for one in errors.poll()] == [
        ("a.service", "critical", "down"),
        ("b", "error", "bad"),
    ]
    monkeypatch.setenv("PATH", "")
    assert "no journal" in (Errors(["journal"]).check() or "")


@pytest.fixture
def display(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """An X server of its own; skipped where Xvfb is not installed (tools/screens.sh installs it)."""
    if shutil.which("Xvfb") is None:
        pytest.skip("Xvfb is not installed")
    reader, writer = os.pipe()
    command = [
        "Xvfb",
        "-displayfd",
        str(writer),
        "-screen",
        "0",
        "320x240x24",
        "-nolisten",
        "tcp",
        "-noreset",
    ]
    with subprocess.Popen(command, pass_fds=[writer], stderr=subprocess.DEVNULL) as server:
        os.close(writer)
        with os.fdopen(reader) as told:
            name = f":{told.readline().strip()}"
        monkeypatch.setenv("DISPLAY", name)
        monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
        yield name
        server.terminate()


def window(title: str, app: str) -> tuple[Any, Any]:
    """A real window with the input focus."""
    from Xlib import X, display

    shown = display.Display()
    root = shown.screen().root
    made = root.create_window(0, 0, 99, 99, 0, shown.screen().root_depth, event_mask=X.StructureNotifyMask)
    made.set_wm_class(app.lower(), app)
    made.set_wm_name("old")
    utf8 = shown.intern_atom("UTF8_STRING")
    made.change_property(shown.intern_atom("_NET_WM_NAME"), utf8, 8, title.encode())
    made.map()
    shown.sync()
    while shown.next_event().type != X.MapNotify:
        pass
    made.set_input_focus(X.RevertToPointerRoot, X.CurrentTime)
    shown.sync()
    return shown, made


@pytest.mark.usefixtures("display")
def test_the_window_in_front_is_seen() -> None:
    seen = Window(0.1)
    assert seen.check() is None
    assert list(seen.poll()) == []
    shown, made = window("Grüße – letter", "Writer")
    assert [one.data for one in seen.poll()] == [{"app": "Writer", "title": "Grüße – letter"}]
    atom = shown.intern_atom("_NET_ACTIVE_WINDOW")
    shown.screen().root.change_property(atom, shown.intern_atom("WINDOW"), 32, [made.id])
    shown.sync()
    with closing(X11Screen()) as screen:
        assert screen.front() == Front("Writer", "Grüße – letter")
        made.destroy()
        shown.sync()
        assert screen.front() is None
    shown.close()
    seen.close()
    seen.close()


@pytest.mark.usefixtures("display")
def test_idle_time_makes_active_and_away() -> None:
    seen = Activity(idle_after=0.2)
    assert seen.check() is None
    time.sleep(0.3)
    state, idle = seen.poll()
    assert state.data == {"status": "away"}
    assert (idle.stream, idle.data["seconds"] > 0.2) == ("idle", True)  # type: ignore[operator]
    from Xlib import X, display
    from Xlib.ext import xtest

    shown = display.Display()
    xtest.fake_input(shown, X.MotionNotify, x=9, y=9)
    shown.sync()
    assert next(iter(seen.poll())).data == {"status": "active"}
    shown.close()
    seen.close()


def test_a_screen_that_went_away_is_an_error_and_then_asked_again(display: str) -> None:
    del display
    seen = Window()
    assert list(seen.poll()) == []
    assert seen._screen is not None
    seen._screen.close()
    with pytest.raises(OSError, match="X server"):
        list(seen.poll())
    assert list(seen.poll()) == []
    seen.close()


def test_it_says_why_there_is_no_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    assert partly() == ""
    assert "DISPLAY is not set" in (reason() or "")
    monkeypatch.setenv("DISPLAY", ":4711")
    assert "does not answer" in (reason() or "")
    monkeypatch.setitem(__import__("sys").modules, "Xlib.display", None)
    assert "pip install" in (reason() or "")


def test_without_a_screen_terminals_tell_who_is_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    user = type("User", (), {"terminal": "null"})
    monkeypatch.setattr(psutil, "users", lambda: [user, type("Gone", (), {"terminal": "no"})])
    seen = Activity()
    assert seen.check() is None
    assert next(iter(seen.poll())).data["status"] in ("active", "away")
    monkeypatch.setattr(psutil, "users", list)
    assert list(seen.poll()) == []
    assert "DISPLAY" in (seen.check() or "")
