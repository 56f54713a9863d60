"""Temporary files of a process lie in the vault, and are gone after it, also if it was killed."""

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from ipse.vault.scratch import VARIABLES, scratch


def test_temporary_files_go_to_the_vault_and_are_gone_afterwards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", "/somewhere")
    for name in VARIABLES[1:]:
        monkeypatch.delenv(name, raising=False)
    before, umask = tempfile.tempdir, os.umask(0)
    try:
        with scratch(tmp_path) as own:
            with tempfile.NamedTemporaryFile() as file:
                assert Path(file.name).parent == own
            assert {os.environ[name] for name in VARIABLES} == {str(own)}
            assert own.stat().st_mode & 0o777 == own.parent.stat().st_mode & 0o777 == 0o700
            (own / "left").write_text("something")
    finally:
        os.umask(umask)
    assert list((tmp_path / "tmp").iterdir()) == []
    assert tempfile.tempdir == before
    assert [os.environ.get(name) for name in VARIABLES] == ["/somewhere", None, None, None]


def test_one_inside_another_gives_the_place_back(tmp_path: Path) -> None:
    with scratch(tmp_path) as outer:
        with scratch(tmp_path) as inner:
            assert (tempfile.gettempdir(), outer.is_dir()) == (str(inner), True)
        assert tempfile.gettempdir() == str(outer)


def test_what_a_killed_process_left_goes_and_what_a_running_one_uses_stays(tmp_path: Path) -> None:
    code = f"""
import sys, time
from pathlib import Path
from ipse.vault.scratch import scratch
with scratch(Path({str(tmp_path)!r})) as own:
    (own / "content").write_text("in the clear")
    print(own, flush=True)
    time.sleep(600)
"""
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        theirs = Path(process.stdout.readline().strip())
        (tmp_path / "tmp" / "stray").write_text("no folder")
        with scratch(tmp_path) as own:
            assert {path.name for path in (tmp_path / "tmp").iterdir()} == {own.name, theirs.name}
            assert (theirs / "content").is_file()
        process.send_signal(signal.SIGKILL)
        process.wait()
    with scratch(tmp_path):
        assert not theirs.exists()
