"""Who the owner knows: merged, renamed, left out, and still so after a further import."""

from collections.abc import Callable
from pathlib import Path

import pytest

from ipse.config import load_settings
from ipse.errors import PrivacyError
from ipse.pipeline.consents import give
from ipse.pipeline.contacts import contacts, conversations, exclude, merge, rename
from ipse.pipeline.importing import ImportReport, import_
from ipse.pipeline.learning import prepare
from ipse.pipeline.workspace import Workspace
from ipse.records import Person
from ipse.vault import Vault

from ..conftest import PASSPHRASE
from .conftest import ME, chat

Imported = tuple[Workspace, ImportReport]


def quiet(_done: float, _total: float | None, _figures: object) -> None:
    pass


def named(workspace: Workspace, name: str) -> str:
    (label,) = (one.pseudonym for one in contacts(workspace) if one.name == name)
    return label


def test_everybody_is_listed_with_what_they_wrote(imported: Imported) -> None:
    workspace, _ = imported
    found = contacts(workspace)
    assert found[0].pseudonym == "me"
    assert found[0].handles == ("Nora Feld", "nora@example.org", "Nora Feld <nora@example.org>")
    assert set(found[0].platforms) == {"gmail", "reflections", "whatsapp"}
    wrote = {one.name: one.messages for one in found}
    assert wrote["Ilka Brandt"] == 120
    assert wrote["Tomas Weil"] == 30


def test_two_that_are_merged_are_one_in_what_is_kept_and_in_later_imports(
    imported: Imported, tmp_path: Path
) -> None:
    workspace, _ = imported
    ilka, jun = named(workspace, "Ilka Brandt"), named(workspace, "Jun Harada")
    joined = merge(workspace, "Ilka Brandt", ["Jun Harada"])
    assert joined.pseudonym == ilka
    assert set(joined.handles) == {"Ilka Brandt", "Jun Harada"}
    senders = {m.sender.name for talk in conversations(workspace, why="a test") for m in talk.messages}
    assert ilka in senders
    assert jun not in senders
    assert all(
        f"<{jun}>" not in m.text for talk in conversations(workspace, why="a test") for m in talk.messages
    )
    more = chat(tmp_path / "WhatsApp Chat with Jun Harada (2).txt", "Jun Harada", 90, 2)
    report = import_(workspace, [more], me=ME, progress=lambda *_: None)
    assert (report.exports[0].kept, report.exports[0].duplicates) == (20, 160)
    kept = {one.name: one.messages for one in contacts(workspace)}
    assert kept["Ilka Brandt"] == 120 + 90
    assert "Jun Harada" not in kept


def test_a_handle_of_ones_own_makes_its_messages_ones_own(imported: Imported) -> None:
    workspace, _ = imported
    jun = named(workspace, "Jun Harada")
    before = len(prepare(workspace).split.train)
    merge(workspace, "me", ["Jun Harada"])
    assert contacts(workspace)[0].messages == 120 + 80 + 80 + 30 + 20
    assert all(m.sender.name != jun for talk in conversations(workspace, why="a test") for m in talk.messages)
    assert len(prepare(workspace).split.train) != before


def test_a_new_name_is_used_and_found_and_survives(imported: Imported, exports: Path) -> None:
    workspace, _ = imported
    renamed = rename(workspace, "Ilka Brandt", "Aunt Ilka")
    assert renamed.name == "Aunt Ilka"
    import_(workspace, [exports], me=ME, progress=lambda *_: None)
    assert named(workspace, "Aunt Ilka") == renamed.pseudonym
    assert workspace.roster().restore(f"ask <{renamed.pseudonym}>") == "ask Aunt Ilka"
    assert rename(workspace, "aunt ilka", "Ilka").pseudonym == renamed.pseudonym


def test_whoever_is_excluded_leaves_a_gap_and_is_refused_from_then_on(
    imported: Imported, tmp_path: Path
) -> None:
    workspace, _ = imported
    ilka = exclude(workspace, "Ilka Brandt").pseudonym
    gaps = [
        m
        for talk in conversations(workspace, why="a test")
        for m in talk.messages
        if m.content_type == "deleted"
    ]
    assert len(gaps) == 120
    assert {(m.text, m.sender.name) for m in gaps} == {("", "")}
    assert all(turn.speaker != ilka for example in prepare(workspace).split.train for turn in example.context)
    more = chat(tmp_path / "WhatsApp Chat with Ilka Brandt.txt", "Ilka Brandt", 125, 1)
    report = import_(workspace, [more], me=ME, progress=lambda *_: None)
    assert report.exports[0].refused == {"a contact you exclude wrote it": 5}
    exclude(workspace, "Ilka Brandt", excluded=False)
    again = import_(workspace, [more], me=ME, progress=lambda *_: None)
    assert again.exports[0].kept == 5


@pytest.mark.parametrize(("into", "other"), [("Ilka Brandt", "Ilka Brandt"), ("Ilka Brandt", "me")])
def test_what_cannot_be_joined_is_said(imported: Imported, into: str, other: str) -> None:
    with pytest.raises(PrivacyError):
        merge(imported[0], into, [other])


def test_somebody_unknown_is_said_with_what_to_do(imported: Imported) -> None:
    with pytest.raises(PrivacyError) as caught:
        rename(imported[0], "Nobody Such", "X")
    assert "ipse contacts list" in caught.value.hint


def test_the_owner_need_not_be_named_twice(imported: Imported, tmp_path: Path) -> None:
    workspace, _ = imported
    give(workspace, "whatsapp", ["archive"])
    more = chat(tmp_path / "WhatsApp Chat with Kim.txt", "Kim", 5, 9)
    assert import_(workspace, [more], progress=lambda *_: None).exports[0].kept == 10


def meanwhile(workspace: Workspace, act: Callable[[Workspace], object]) -> Callable[..., None]:
    """A progress that lets another process act on the vault, once, when something is kept."""
    done: list[object] = []

    def progress(_done: float, _total: float | None, _figures: object) -> None:
        if not done and workspace.vault.counts():
            done.append(1)
            with Vault.open(workspace.vault.folder, PASSPHRASE) as vault:
                act(Workspace(vault, workspace.settings))

    return progress


def test_nobody_excluded_while_an_import_runs_comes_back_by_it(workspace: Workspace, exports: Path) -> None:
    """It read who is known before; what it writes must not undo what was decided since."""
    small = Workspace(workspace.vault, load_settings({"imports": {"batch": 20}}, environment={}))
    for source in ("whatsapp", "gmail", "reflections"):
        give(small, source, ["archive"])
    follow = meanwhile(small, lambda other: exclude(other, "Ilka Brandt"))
    with pytest.raises(PrivacyError, match=r"changed meanwhile.*Run this again"):
        import_(small, [exports], me=ME, progress=follow)
    import_(small, [exports], me=ME, progress=quiet)
    held = {one.name: one.excluded for one in contacts(small)}
    assert held["Ilka Brandt"] is True
    assert {name for name, excluded in held.items() if not excluded} >= {"Jun Harada"}


def test_two_that_read_who_is_known_never_give_two_people_one_name(workspace: Workspace) -> None:
    """As two imports at once would: the second to write begins again from what the first wrote."""
    with Vault.open(workspace.vault.folder, PASSPHRASE) as vault:
        other = Workspace(vault, workspace.settings)
        first, second = workspace.roster(), other.roster()
        assert first.add(Person("Ilka Brandt")) == second.add(Person("Jun Harada"))
        workspace.keep_roster(first)
        with pytest.raises(PrivacyError, match="changed meanwhile"):
            other.keep_roster(second)
        again = other.roster()
        assert again.add(Person("Jun Harada")) != again.add(Person("Ilka Brandt"))
        other.keep_roster(again)
    first.add(Person("Tomas Weil"))
    with pytest.raises(PrivacyError, match="changed meanwhile"):
        workspace.keep_roster(first)
