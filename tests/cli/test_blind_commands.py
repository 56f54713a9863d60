"""The blind test as a reader at a terminal meets it."""

import io
import json
from pathlib import Path

import pytest

from .test_commands import Run, chat, run, vault_folder

__all__ = ["chat", "run", "vault_folder"]  # fixtures


def test_a_reader_is_asked_pair_by_pair_can_leave_and_is_told_nothing(
    run: Run, vault_folder: Path, chat: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("consent", "give", "--source", "whatsapp", "--purpose", "archive", "style", "--yes")
    run("import", str(chat), "--me", "Nora Feld", "--yes")
    run("prepare")
    run("train", "--yes")
    pairs = len(json.loads(run("evaluate", "blind", "--json")[1])["pairs"])
    assert pairs >= 10
    monkeypatch.setattr("ipse.cli.evaluate_.interactive", lambda: True)
    for typed, left in (("1\nx\n\n 2 \nq\n", pairs - 2), ("", pairs - 2)):  # nothing more is like Ctrl-C
        monkeypatch.setattr("sys.stdin", io.StringIO(typed))
        code, out, err = run("evaluate", "blind")
        assert (code, err.strip()) == (0, "")
        assert f"{left} of {pairs} pairs are left" in out
        assert "right" not in out
    monkeypatch.setattr("sys.stdin", io.StringIO("1\n" * pairs))
    code, out, _ = run("evaluate", "blind")
    assert code == 0
    assert f"of {pairs} pairs" in out
