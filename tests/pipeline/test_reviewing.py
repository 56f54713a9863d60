"""Doubtful finds wait in the vault; the owner's answers are sealed lists that later imports obey."""

from pathlib import Path

import pytest

from ipse.errors import PrivacyError
from ipse.pipeline.clearing import review_queue, word_lists
from ipse.pipeline.consents import give
from ipse.pipeline.forgetting import forget
from ipse.pipeline.importing import import_
from ipse.pipeline.plans import plan_for
from ipse.pipeline.reviewing import allow, deny, lists, undo, waiting
from ipse.pipeline.workspace import Workspace
from ipse.vault import Vault

from .conftest import ME


def import_chat(workspace: Workspace, folder: Path, *said: str) -> list[str]:
    """What is kept of a chat in which Nora says this."""
    file = folder / "WhatsApp Chat with Ilka.txt"
    lines = [f"03/04/2024, 10:{n:02} - Nora Feld: {text}" for n, text in enumerate(said)]
    lines += [f"03/04/2024, 11:{n:02} - Ilka Brandt: hm {n}" for n in range(3)]
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    import_(workspace, [file], me=ME, progress=lambda *_: None)
    return [m.text for c in workspace.vault.scan() for m in c.messages if not m.text.startswith("hm")]


@pytest.fixture
def workspace(vault: Vault) -> Workspace:
    from ipse.config import load_settings

    workspace = Workspace(vault, load_settings(user_file=Path("none"), project_file=Path("none")))
    give(workspace, "whatsapp", ["archive", "style"])
    return workspace


def test_what_is_doubtful_waits_and_what_is_decided_holds_from_then_on(
    workspace: Workspace, tmp_path: Path
) -> None:
    kept = import_chat(workspace, tmp_path, "Hallo Sabine, da bin ich", "Hallo Dirk, na")
    assert kept == ["Hallo Sabine, da bin ich", "Hallo Dirk, na"]
    assert [doubt.value for doubt in waiting(workspace)] == ["Sabine", "Dirk"]
    assert deny(workspace, ["Sabine"]).waiting == 1
    assert allow(workspace, ["Dirk"]).waiting == 0
    kept = import_chat(workspace, tmp_path, "Hallo Dirk, du", "Hallo Uwe, wo ist sabines Hut?")
    assert {"Hallo Dirk, du", "Hallo Uwe, wo ist <NAME_1>s Hut?"} <= set(kept)
    assert [doubt.value for doubt in waiting(workspace)] == ["Uwe"]
    assert lists(workspace).denied == {"Sabine": "NAME"}
    assert lists(workspace).allowed == ("Dirk",)


def test_what_is_decided_while_an_import_runs_is_not_asked_again(
    workspace: Workspace, tmp_path: Path
) -> None:
    from ipse.pipeline.clearing import Clearing
    from ipse.records import Message, Person

    clearing = Clearing(workspace, workspace.roster())
    gate = clearing.gate(workspace.permit("whatsapp", "archive"))
    message = Message(
        id="1", conversation="c", platform="whatsapp", at=workspace.consents()[0].consent.given_at,
        sender=Person("Ilka"), text="Hallo Sabine, hallo",
    )  # fmt: skip
    gate.clear(message)
    allow(workspace, ["Sabine"])
    clearing.remember()
    assert waiting(workspace) == []
    clearing.remember()


def test_a_denied_word_of_which_nothing_is_known_is_private(workspace: Workspace, tmp_path: Path) -> None:
    deny(workspace, ["Projekt Falke"])
    assert import_chat(workspace, tmp_path, "im projekt falke") == ["im <PRIVATE_1>"]
    assert undo(workspace, ["projekt falke"]).denied == {}
    with pytest.raises(PrivacyError, match=r"is on no list"):
        undo(workspace, ["projekt falke"])


def test_a_word_that_cannot_be_decided_changes_nothing(workspace: Workspace) -> None:
    with pytest.raises(PrivacyError, match=r"neither letter nor digit"):
        deny(workspace, ["Sabine", "!!"])
    assert lists(workspace).denied == {}


def test_nothing_waits_where_no_queue_is_wanted(workspace: Workspace, tmp_path: Path) -> None:
    settings = workspace.settings
    off = settings.privacy.model_copy(update={"review_items": 0})
    workspace.settings = settings.model_copy(update={"privacy": off})
    import_chat(workspace, tmp_path, "Hallo Sabine, da bin ich")
    assert waiting(workspace) == []


def test_lists_and_queue_lie_sealed_in_the_vault(workspace: Workspace, tmp_path: Path) -> None:
    import_chat(workspace, tmp_path, "Hallo Sabine, da bin ich")
    deny(workspace, ["Geheimwort"])
    assert word_lists(workspace).denied == {"Geheimwort": "PRIVATE"}
    assert len(review_queue(workspace)) == 1
    written = b"".join(f.read_bytes() for f in workspace.vault.folder.rglob("*") if f.is_file())
    assert b"Geheimwort" not in written
    assert b"Sabine" not in written
    assert "privacy.deny" in {row.action for row in workspace.vault.audit_rows()}


def test_erasing_a_conversation_reaches_the_queue(workspace: Workspace, tmp_path: Path) -> None:
    import_chat(workspace, tmp_path, "Hallo Sabine, da bin ich")
    (talk,) = workspace.vault.scan()
    forget(workspace, plan_for(workspace, "conversation", talk.id))
    assert waiting(workspace) == []
