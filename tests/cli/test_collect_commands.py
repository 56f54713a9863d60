"""`ipse collect`, as its owner uses it: a process of its own, seen, paused and ended."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from ipse.pipeline.days.units import enabling, here, unit, write_unit

from .test_commands import run, vault_folder

__all__ = ["run", "vault_folder"]  # fixtures

Words = Callable[..., str]


@pytest.fixture
def chosen(
    run: Callable[..., tuple[int, str, str]], vault_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> Words:
    """``chosen(words)`` runs `ipse` on a vault whose owner chose collectors that run anywhere."""
    assert vault_folder.is_dir()
    monkeypatch.setenv("IPSE_COLLECT__COLLECTORS", '["context", "system", "errors"]')
    monkeypatch.setenv("IPSE_COLLECT__FLUSH", "0.2")

    def call(*words: str, fails: bool = False) -> str:
        code, out, err = run("collect", *words)
        assert (code != 0) == fails, err
        return err if fails else out

    return call


def test_it_is_asked_started_seen_paused_and_ended(chosen: Words) -> None:
    refused = chosen("start", fails=True)
    assert "Add --yes" in refused
    told = chosen("start", "--yes")
    assert "context: weekday" in told
    assert "Collecting: context, system." in told
    assert "No log is named" in told
    try:
        found = json.loads(chosen("status", "--json"))
        assert found["running"]
        assert "Another process" in chosen("start", "--yes", fails=True)
        until = time.monotonic() + 20
        while found["report"]["kept"] < 3 and time.monotonic() < until:
            time.sleep(0.3)
            found = json.loads(chosen("status", "--json"))
        assert found["report"]["kept"] >= 3
        assert "Private" in chosen("pause", "--minutes", "5")
        assert "private until" in chosen("status")
        assert "goes on" in chosen("resume")
    finally:
        assert "has ended" in chosen("stop")
    assert "Nothing was" in chosen("stop")
    assert "not collecting" in chosen("status")
    assert json.loads(chosen("list", "--json"))[0]["name"] == "activity"
    assert "processor" in chosen("list")


def test_nothing_was_collected_yet(chosen: Words) -> None:
    assert chosen("status") == "Now: not collecting.\n"
    assert "no pause" in chosen("resume")
    assert json.loads(chosen("pause", "--json")) == {"until": None}
    assert "private" in chosen("status")


def test_a_unit_is_written_and_holds_no_secret(chosen: Words, tmp_path: Path) -> None:
    shown = chosen("unit")
    assert "ExecStart=" in shown
    assert "--foreground" in shown
    odd = tmp_path / 'a "b" 50%'
    assert "50%%" in unit("systemd", odd)
    assert '\\"b\\"' in unit("systemd", odd)
    assert "<string>collect</string>" in unit("launchd", tmp_path / "<x>")
    assert "&lt;x&gt;" in unit("launchd", tmp_path / "<x>")
    path = write_unit("systemd", odd, tmp_path)
    assert path.read_text() == unit("systemd", odd)
    told = json.loads(chosen("unit", "--write", "--json"))
    assert Path(told["path"]).is_file()
    assert "systemctl" in told["then"]


def test_a_task_of_windows_begins_at_ones_own_logon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("USERDOMAIN", "HOME")
    monkeypatch.setenv("USERNAME", "Ana & Co")
    monkeypatch.setattr(sys, "executable", r"C:\Python\python.exe")
    path = write_unit("windows", Path("C:/my vault"), tmp_path)
    space = {"t": "http://schemas.microsoft.com/windows/2004/02/mit/task"}
    task = ET.fromstring(path.read_bytes())
    assert [one.text for one in task.iterfind(".//t:UserId", space)] == [r"HOME\Ana & Co"] * 2
    assert task.findtext(".//t:Command", namespaces=space) == r"C:\Python\pythonw.exe"
    arguments = task.findtext(".//t:Arguments", namespaces=space) or ""
    assert arguments == '-m ipse collect start --foreground --vault "C:/my vault"'
    assert enabling("windows", path) == f'schtasks /Create /TN ipse-collect /XML "{path}"'
    monkeypatch.setattr(sys, "platform", "win32")
    assert here() == "windows"
    monkeypatch.setattr(sys, "platform", "darwin")
    assert here() == "launchd"
    assert "launchctl bootstrap" in enabling("launchd", path)


def test_without_a_vault_it_says_so(chosen: Words, tmp_path: Path) -> None:
    assert "There is no vault" in chosen("stop", "--vault", str(tmp_path), fails=True)


def test_in_the_foreground_it_ends_by_a_signal_and_keeps_what_waited(chosen: Words) -> None:
    command = [sys.executable, "-m", "ipse", "collect", "start", "--foreground", "--yes", "--json"]
    environment = {**os.environ, "IPSE_COLLECT__FLUSH": "60"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment) as running:
        until = time.monotonic() + 30
        while not json.loads(chosen("status", "--json"))["running"] and time.monotonic() < until:
            time.sleep(0.1)
        time.sleep(0.5)
        running.send_signal(signal.SIGTERM)
        out, _ = running.communicate(timeout=30)
    assert running.returncode == 0
    assert json.loads(out)["kept"] > 0
