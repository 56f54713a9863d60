"""The wait grows with each wrong passphrase, and ends with a right one."""

from pathlib import Path

import pytest

from ipse.unlocking.attempts import Attempts


def test_the_wait_doubles_up_to_a_minute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    attempts = Attempts(tmp_path)
    monkeypatch.setattr("time.time", lambda: 1000.0)
    waits = [attempts.wait()]
    for _ in range(8):
        attempts.failed()
        waits.append(attempts.wait())
    assert waits == [0, 1, 2, 4, 8, 16, 32, 60, 60]
    assert attempts.wait(at=1059.0) == 1.0
    assert attempts.wait(at=1061.0) == 0.0
    assert attempts.wait(at=5.0) == 60.0  # a clock that was set back
    assert (tmp_path / "attempts").stat().st_mode & 0o777 == 0o600
    attempts.passed()
    attempts.passed()
    assert attempts.wait() == 0


def test_a_file_that_says_nothing_is_no_wait(tmp_path: Path) -> None:
    for raw in ("", "[]", "[1]", "nonsense", '["a", 1]', "null"):
        (tmp_path / "attempts").write_text(raw)
        assert Attempts(tmp_path).wait() == 0


def test_where_nothing_can_be_written_nothing_is(tmp_path: Path) -> None:
    attempts = Attempts(tmp_path / "gone")
    attempts.failed()
    assert attempts.wait() == 0
