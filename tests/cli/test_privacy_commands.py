"""The review as a user meets it: a list, a question for each word, and the lists of words."""

import json
from pathlib import Path

import pytest
import typer

from .test_commands import Run, run, vault_folder

__all__ = ["run", "vault_folder"]  # fixtures


@pytest.fixture
def imported(run: Run, vault_folder: Path, tmp_path: Path) -> None:
    said = ["Hallo Sabine, da bin ich", "Hallo Dirk, [na]", "Hallo Uwe, ja", "Hallo Sabine, gut"]
    lines = [f"03/04/2024, 10:{n:02} - Nora Feld: {text}" for n, text in enumerate(said)]
    lines += [f"03/04/2024, 11:{n:02} - Ilka Brandt: hm {n}" for n in range(3)]
    file = tmp_path / "WhatsApp Chat with Ilka.txt"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    run("consent", "give", "--source", "whatsapp", "--purpose", "archive", "--yes")
    assert run("import", str(file), "--me", "Nora Feld")[0] == 0


def words(run: Run) -> list[str]:
    return [doubt["value"] for doubt in json.loads(run("privacy", "review", "--json")[1])]


def test_doubtful_words_are_shown_in_context(run: Run, imported: None) -> None:
    assert words(run) == ["Sabine", "Dirk", "Uwe"]
    code, out, _ = run("privacy", "review")
    assert code == 0
    assert "… Hallo Dirk, [na] …" in out
    assert "3 words wait" in out


def test_words_are_allowed_denied_and_taken_off_again(run: Run, imported: None) -> None:
    assert "replaced from the next import on" in run("privacy", "deny", "Sabine")[1]
    assert json.loads(run("privacy", "allow", "Dirk", "--json")[1])["waiting"] == 1
    assert words(run) == ["Uwe"]
    assert json.loads(run("privacy", "list", "--json")[1]) == {
        "allowed": ["Dirk"],
        "denied": {"Sabine": "NAME"},
    }
    out = run("privacy", "list")[1]
    assert "kept: Dirk" in out
    assert "replaced: Sabine" in out
    assert "off the list" in run("privacy", "deny", "Sabine", "--undo")[1]
    assert json.loads(run("privacy", "allow", "Dirk", "--undo", "--json")[1]) == {"allowed": [], "denied": {}}
    code, _, error = run("privacy", "allow", "Dirk", "--undo")
    assert code == 1
    assert "on no list" in error


def test_on_a_terminal_each_word_is_asked_about(
    run: Run, imported: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = iter(["r", "x", "keep", "q"])
    monkeypatch.setattr("ipse.cli.privacy_.interactive", lambda: True)
    monkeypatch.setattr(typer, "prompt", lambda *_args, **_named: next(answers))
    assert run("privacy", "review")[0] == 0
    assert json.loads(run("privacy", "list", "--json")[1]) == {
        "allowed": ["Dirk"],
        "denied": {"Sabine": "NAME"},
    }
    answers = iter(["s"])
    assert run("privacy", "review")[0] == 0
    assert words(run) == ["Uwe"]
    run("privacy", "deny", "Uwe")
    assert "Nothing waits" in run("privacy", "review")[1]
