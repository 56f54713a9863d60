"""Importing as a user meets it: what is there, who they are, whom they know, what is behind links."""

import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import typer

from .test_commands import Run, run, vault_folder

__all__ = ["run", "vault_folder"]  # fixtures
CHAT = (
    "03/04/2024, 10:0{n} - Ilka Brandt: shall we [go] {n}?\n03/04/2024, 10:1{n} - Nora Feld: yes!! {n} :)\n"
)


@pytest.fixture
def downloads(tmp_path: Path) -> Path:
    """A folder as people have it: two chats, one of them zipped, a broken zip, and a file of no use."""
    folder = tmp_path / "Downloads"
    folder.mkdir()
    text = "".join(CHAT.format(n=n) for n in range(8))
    (folder / "WhatsApp Chat with Ilka [work].txt").write_text(text, encoding="utf-8")
    with zipfile.ZipFile(folder / "WhatsApp Chat - Jun.zip", "w") as archive:
        archive.writestr("_chat.txt", text.replace("Ilka Brandt", "Jun Harada"))
    (folder / "broken.zip").write_bytes((folder / "WhatsApp Chat - Jun.zip").read_bytes()[:-40])
    (folder / "holiday.jpg").write_bytes(b"\xff\xd8\xff")
    return folder


def test_what_is_there_is_said_before_any_consent(run: Run, downloads: Path) -> None:
    code, out, _ = run("sources", "find", str(downloads))
    assert code == 0
    for said in (
        "Ilka [work].txt",
        "WhatsApp Chat - Jun.zip",
        "broken.zip",
        "not recognized: Downloads/holiday",
    ):
        assert said in out, said
    code, out, _ = run("sources", "find", str(downloads), "--json")
    found = json.loads(out)
    assert {one["source"] for one in found["exports"]} == {"whatsapp"}
    assert (len(found["exports"]), len(found["unreadable"])) == (2, 1)
    assert run("sources", "find", str(downloads / "absent"))[0] == 1


@pytest.mark.parametrize("name", ["whatsapp", "signal_android_backup"])
def test_a_guide_tells_how_to_get_an_export(run: Run, name: str) -> None:
    code, out, _ = run("sources", "guide", name)
    assert code == 0
    assert "What it lacks" in out
    assert json.loads(run("sources", "guide", name, "--json")[1])["guide"].startswith("# ")


def test_a_bad_export_among_good_ones_is_told_and_ends_nothing(
    run: Run, vault_folder: Path, downloads: Path
) -> None:
    run("consent", "give", "--source", "whatsapp", "--purpose", "archive", "--yes")
    code, out, _ = run("import", str(downloads), "--me", "Nora Feld", "--yes")
    assert code == 0
    assert "Ilka [work].txt" in out
    assert "not imported: Downloads/broken.zip: the archive is damaged or cut short." in out
    code, out, _ = run("import", str(downloads), "--yes", "--json")  # who the owner is, is known by now
    report = json.loads(out)
    assert [(one["kept"], one["duplicates"]) for one in report["exports"]] == [(0, 16), (0, 16)]
    assert len(report["failed"]) == 1


Answer = Callable[..., object]


@pytest.fixture
def talking(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A terminal at which the owner agrees to everything and is the second of those listed."""
    asked: list[str] = []

    def confirm(question: str, **_: object) -> bool:
        asked.append(question)
        return True

    def prompt(question: str, **_: object) -> str:
        asked.append(question)
        return "2"

    monkeypatch.setattr("ipse.cli.import_.interactive", lambda: True)
    monkeypatch.setattr(typer, "confirm", confirm)
    monkeypatch.setattr(typer, "prompt", prompt)
    return asked


def test_on_a_terminal_it_asks_what_it_may_and_who_the_owner_is(
    run: Run, vault_folder: Path, downloads: Path, talking: list[str]
) -> None:
    (downloads / "broken.zip").unlink()
    (downloads / "WhatsApp Chat - Jun.zip").unlink()
    code, out, err = run("import", str(downloads))
    assert code == 0, err
    assert talking == [
        "Look for exports of sources that you have not allowed yet?",
        "Allow whatsapp to be kept (archive) and to be learned from (style)?",
        "Number, or several with commas",
    ]
    assert "Who are you in" in out
    assert "2  Ilka Brandt (8 messages)" in out
    code, out, _ = run("contacts", "list", "--json")
    assert next(one["name"] for one in json.loads(out) if one["pseudonym"] == "me") == "Ilka Brandt"


def test_contacts_are_listed_joined_renamed_and_left_out(
    run: Run, vault_folder: Path, downloads: Path
) -> None:
    run("consent", "give", "--source", "whatsapp", "--purpose", "archive", "--yes")
    run("import", str(downloads), "--me", "Nora Feld", "--yes")
    code, out, _ = run("contacts", "list")
    assert code == 0
    assert "Ilka Brandt" in out
    assert run("contacts", "merge", "Ilka Brandt", "Jun Harada")[0] == 0
    assert "Ilka" in run("contacts", "rename", "Jun Harada", "Ilka")[1]
    code, out, _ = run("contacts", "exclude", "Ilka", "--json")
    assert json.loads(out)["excluded"]
    assert "(excluded)" in run("contacts", "list")[1]
    assert "kept again" in run("contacts", "exclude", "Ilka", "--undo")[1]
    found = json.loads(run("contacts", "list", "--json")[1])
    assert [(one["name"], one["messages"]) for one in found] == [("Nora Feld", 16), ("Ilka", 16)]
    code, _, err = run("contacts", "rename", "Nobody", "X")
    assert code == 1
    assert "ipse contacts list" in err


def test_links_are_looked_up_only_with_leave(run: Run, vault_folder: Path, downloads: Path) -> None:
    run("consent", "give", "--source", "whatsapp", "--purpose", "archive", "--yes")
    run("import", str(downloads), "--me", "Nora Feld", "--yes")
    code, _, err = run("enrich")
    assert code == 1
    assert "nothing was asked" in err
    run("consent", "give", "--source", "whatsapp", "--purpose", "enrich", "--yes")
    code, out, _ = run("enrich")
    assert code == 0
    assert "0 links" in out
    assert "0 messages have links" in run("enrich", "--show")[1]
    assert json.loads(run("enrich", "--show", "--json")[1]) == []
    assert json.loads(run("enrich", "--json")[1])["links"] == 0


def test_a_passphrase_comes_from_a_file(run: Run, vault_folder: Path, tmp_path: Path) -> None:
    code, _, err = run(
        "sources",
        "preview",
        str(tmp_path),
        "--passphrase-file",
        str(tmp_path / "absent"),
        "--format",
        "signal",
    )
    assert code == 1
    assert "--passphrase-file" in err
