"""An archive into a vault that knows people: nobody becomes somebody else, and nothing is kept twice."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from ipse.config import load_settings
from ipse.errors import DamagedVaultError, UnknownVersionError
from ipse.pipeline.archives import import_archive
from ipse.pipeline.backups import restore_vault
from ipse.pipeline.consents import give
from ipse.pipeline.contacts import contacts, merge
from ipse.pipeline.forgetting import forget
from ipse.pipeline.importing import import_
from ipse.pipeline.joining import Meanings, translator
from ipse.pipeline.manifests import VERSION, ArchiveReader
from ipse.pipeline.plans import plan_for
from ipse.pipeline.portability import export_all, verify_archive
from ipse.pipeline.tabular import ExportFormat
from ipse.pipeline.workspace import Workspace
from ipse.privacy.operators import PLACEHOLDER
from ipse.records import Event, Message, Record
from ipse.vault import KdfParameters, Vault
from ipse.vault.backup.manifest import VERSION as BACKUP_VERSION
from ipse.vault.catalog import REVISION

from .conftest import ME, chat
from .fixture import FIXTURES, allow_window, quiet

CHEAP = KdfParameters(memory_kib=64, iterations=1, lanes=1)
FORMS: tuple[ExportFormat, ...] = ("jsonl", "csv", "parquet")
ARCHIVES = sorted(path.name for path in FIXTURES.glob("archive-*") if path.is_dir())
BACKUPS = sorted(path.name for path in FIXTURES.glob("backup-*") if path.is_dir())
Make = Callable[..., Workspace]


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    """Makes a vault with these chats, given as ``name=messages``, all of them Nora's."""
    made: list[Workspace] = []

    def of(**chats: int) -> Workspace:
        vault, _ = Vault.create(tmp_path / f"v{len(made)}", "correct horse", kdf=CHEAP, allow_weak=True)
        workspace = Workspace(vault, load_settings({}, environment={}))
        made.append(workspace)
        for source in ("whatsapp", "gmail"):
            give(workspace, source, ["archive", "style"])
        allow_window(vault)
        folder = tmp_path / f"exports{len(made)}"
        folder.mkdir()
        for name, pairs in chats.items():
            who = name.replace("_", " ").title()
            file = chat(folder / f"WhatsApp Chat with {who}.txt", who, pairs, len(name))
            with file.open("a", encoding="utf-8") as stream:
                stream.write(f"01/01/2024, 09:00 - {who}: call +49 30 1234567, {who}\n")
        if chats:
            order = [folder / f"WhatsApp Chat with {name.replace('_', ' ').title()}.txt" for name in chats]
            import_(workspace, order, me=ME, progress=quiet)
        return workspace

    yield of
    for workspace in made:
        workspace.vault.close()


def records(directory: Path) -> dict[str, Record]:
    found = ArchiveReader.open(directory).records()
    return {one.id if isinstance(one, Message) else one.key: one for _, one in found}


def tokens(record: Record) -> list[str]:
    """Every pseudonym, placeholder and conversation of a record, in the order they stand."""
    raw = msgspec.json.encode(record).decode()
    return re.findall(r"<?\b(?:me|ME|[A-Z][A-Z_]*_\d+(?:_[0-9a-f]{8})?)\b>?", raw)


def bare(record: Record) -> str:
    return re.sub(r"[A-Z][A-Z_]*_\d+(?:_[0-9a-f]{8})?", "TOKEN", msgspec.json.encode(record).decode())


def became(before: dict[str, Record], after: dict[str, Record]) -> dict[str, set[str]]:
    """What each token of the one became in the other; all but tokens must be the same."""
    found: dict[str, set[str]] = {}
    for name, record in before.items():
        assert bare(after[name]) == bare(record)
        for old, new in zip(tokens(record), tokens(after[name]), strict=True):
            found.setdefault(old.strip("<>"), set()).add(new.strip("<>"))
    return found


@pytest.mark.parametrize(
    ("form", "names", "empty"),
    [
        ("jsonl", True, True),
        ("csv", False, True),
        ("parquet", True, True),
        *((form, form == "csv", False) for form in FORMS),
    ],
)
def test_out_in_and_out_again_is_the_same_up_to_pseudonyms(
    make: Make, tmp_path: Path, *, form: ExportFormat, names: bool, empty: bool
) -> None:
    mine = make(ilka_brandt=6, jun_harada=4)
    merge(mine, "Ilka Brandt", ["Jun Harada"])
    export_all(mine, tmp_path / "out", form, names=names)
    theirs = make() if empty else make(ada_quist=5, bo_lind=3)
    held = {talk.id: talk.messages for talk in theirs.vault.scan()}
    known = theirs.roster().people()
    report = import_archive(theirs, tmp_path / "out", progress=quiet)
    assert (report.kept, report.duplicates, report.refused, report.joined) == (report.read, 0, {}, 0)
    export_all(theirs, tmp_path / "again", form, names=names)
    verify_archive(tmp_path / "again", theirs)
    before, after = records(tmp_path / "out"), records(tmp_path / "again")
    pairs = became(before, after)
    assert all(len(new) == 1 for new in pairs.values())  # one is always the same one
    if empty:
        assert pairs == {token: {token} for token in pairs}
    else:
        people = {new for old, (new,) in pairs.items() if old.startswith("PERSON_")}
        assert not people & known.keys()
        assert len({new for (new,) in pairs.values()}) >= len(pairs) - 1  # the two who were merged
    now = {talk.id: talk.messages for talk in theirs.vault.scan()}
    assert {talk: now[talk] for talk in held} == held
    assert ("Ilka Brandt" in str(theirs.roster().people())) == names
    assert import_archive(theirs, tmp_path / "out", progress=quiet).kept == 0


def test_what_both_hold_is_kept_once_and_its_people_are_one(make: Make, tmp_path: Path) -> None:
    """Without a name in it: messages with one id say who is who, and which conversation is which."""
    mine = make(ilka_brandt=9, jun_harada=4)
    theirs = make(ada_quist=5, ilka_brandt=3)
    export_all(mine, tmp_path / "out")
    ilka = theirs.roster().find("Ilka Brandt")
    assert ilka not in (None, mine.roster().find("Ilka Brandt"))
    before = {talk.id for talk in theirs.vault.scan()}
    report = import_archive(theirs, tmp_path / "out", progress=quiet)
    both = 3 * 2 + 1
    assert (report.duplicates, report.joined, report.refused) == (both, 1, {})
    talks = {talk.id: talk.messages for talk in theirs.vault.scan()}
    (new,) = talks.keys() - before
    assert len(theirs.roster().people()) == 4  # me, Ada, Ilka, and somebody whose name is not told
    (longest,) = [talk for talk in talks.values() if len(talk) == 9 * 2 + 1]
    assert {one.sender.name for one in longest} == {"me", ilka}
    assert {one.sender.name for one in talks[new]} == {"me", "PERSON_3"}
    assert theirs.roster().called("PERSON_3") == "PERSON_3"


def test_names_in_it_tell_who_is_who(make: Make, tmp_path: Path) -> None:
    mine, theirs = make(jun_harada=4, ilka_brandt=3), make(ada_quist=5, ilka_brandt=4)
    export_all(mine, tmp_path / "out", names=True)
    theirs.vault.erase("whatsapp")
    report = import_archive(theirs, tmp_path / "out", progress=quiet)
    assert (report.joined, report.kept) == (1, report.read)
    roster = theirs.roster()
    jun, ilka = roster.find("Jun Harada"), roster.find("Ilka Brandt")
    assert {jun, ilka} == {"PERSON_2", "PERSON_3"}
    called = {roster.called(one.sender.name) for talk in theirs.vault.scan() for one in talk.messages}
    assert called == {"Nora Feld", "Jun Harada", "Ilka Brandt"}
    shown = {roster.restore(one.text) for talk in theirs.vault.scan() for one in talk.messages}
    assert any(one.startswith("call +49 30 1234567, Ilka") for one in shown)
    held = json.loads(roster.dumps())["values"]
    assert len(held["PHONE"]) == 1  # the number is known here, and is not given a second placeholder


def test_names_may_come_later_and_an_unnamed_person_is_nobody_elsewhere(make: Make, tmp_path: Path) -> None:
    mine, theirs = make(jun_harada=4, ilka_brandt=3), make(ada_quist=5)
    export_all(mine, tmp_path / "bare")
    export_all(mine, tmp_path / "named", names=True)
    import_archive(theirs, tmp_path / "bare", progress=quiet)
    assert {one.name for one in contacts(theirs)} == {"Nora Feld", "Ada Quist", "PERSON_2", "PERSON_3"}
    assert not any("invalid" in handle for one in contacts(theirs) for handle in one.handles)
    export_all(theirs, tmp_path / "again", names=True)
    third = make(bo_lind=2, zoe_ray=2)
    before = {talk.id for talk in third.vault.scan()}
    import_archive(third, tmp_path / "again", progress=quiet)  # whose unnamed PERSON_2 is not Zoë here
    assert third.roster().called("PERSON_2") == "Zoe Ray"
    spoke = {one.sender.name for talk in third.vault.scan() if talk.id not in before for one in talk.messages}
    assert spoke == {"me", "PERSON_3", "PERSON_4", "PERSON_5"}
    report = import_archive(theirs, tmp_path / "named", progress=quiet)
    assert (report.kept, report.joined) == (0, 2)
    assert {one.name for one in contacts(theirs)} == {"Nora Feld", "Ada Quist", "Jun Harada", "Ilka Brandt"}
    assert not any("invalid" in str(one.people) for one in theirs.roster()._people.values())
    more = chat(tmp_path / "WhatsApp Chat with Jun Harada.txt", "Jun Harada", 6, len("jun_harada"))
    talks = len(list(theirs.vault.scan()))
    import_(theirs, [more], me=ME, progress=quiet)
    assert len(list(theirs.vault.scan())) == talks  # the conversation is known by its name now, too


def test_what_was_erased_here_does_not_come_back_with_an_archive(make: Make, tmp_path: Path) -> None:
    mine, theirs = make(jun_harada=4, ilka_brandt=3), make(ilka_brandt=3, jun_harada=4)
    export_all(mine, tmp_path / "named", names=True)
    export_all(mine, tmp_path / "bare")
    forget(theirs, plan_for(theirs, "contact", "Ilka Brandt"))
    name = next(value for value in theirs.roster().conversations() if "Jun" in value)
    forget(theirs, plan_for(theirs, "conversation", name.partition("|")[2]))
    for folder in ("named", "bare"):
        report = import_archive(theirs, tmp_path / folder, progress=quiet)
        if folder == "named":
            assert (report.kept, set(report.refused)) == (0, {"you erased this conversation"})
        assert b"Ilka" not in theirs.vault.get("roster", "roster")


def test_no_token_of_an_archive_restores_what_is_known_here() -> None:
    text = translator(Meanings(people={"PERSON_1": "PERSON_7"}, values={"EMAIL_1": "EMAIL_9"}))
    event = Event(source="s", kind="state", ts=1, rx=1, key="k", data={"a": "<PERSON_1> <EMAIL_1>", "n": 1})
    told = text(event)
    assert isinstance(told, Event)
    assert told.data == {"a": "<PERSON_7> <EMAIL_9>", "n": 1}


def test_an_event_keeps_its_placeholders(make: Make, tmp_path: Path) -> None:
    from ipse.privacy import gate

    mine, theirs = make(ilka_brandt=2), make(ada_quist=2)
    event = Event(source="window", kind="state", ts=1, rx=2, key="e1", data={"title": "<PHONE_1>", "n": 2})
    mine.vault.keep([gate.Cleared(event, gate._SEAL)], source="window")
    export_all(mine, tmp_path / "out")
    import_archive(theirs, tmp_path / "out", progress=quiet)
    (kept,) = theirs.vault.events()
    assert kept == msgspec.structs.replace(event, data={"title": "<PHONE_2>", "n": 2})


@pytest.mark.parametrize("name", ARCHIVES)
@pytest.mark.parametrize("empty", [True, False])
def test_an_archive_of_every_version_comes_in(make: Make, name: str, *, empty: bool) -> None:
    told = json.loads((FIXTURES / f"{name}.json").read_text(encoding="utf-8"))
    checked = verify_archive(FIXTURES / name)
    assert (checked.vault, checked.version) == (told["vault"], int(name.partition("-")[2]))
    workspace = make() if empty else make(bo_lind=4, ilka_brandt=2)
    mine = sum(one["records"] for one in workspace.vault.counts().values())
    report = import_archive(workspace, FIXTURES / name, progress=quiet)
    assert (report.kept, report.read) == (sum(told["records"].values()), sum(told["records"].values()))
    now = workspace.vault.counts()
    assert sum(one["records"] for one in now.values()) == mine + report.kept
    assert now["gmail"]["records"] == told["records"]["gmail"]
    assert workspace.roster().called(workspace.roster().find("Tomas Weil") or "") == "Ilka Brandt"
    assert "PERSON" in str(workspace.roster().excluded)


@pytest.mark.parametrize("name", BACKUPS)
def test_a_backup_of_every_version_is_restored(tmp_path: Path, name: str) -> None:
    told = json.loads((FIXTURES / f"{name}.json").read_text(encoding="utf-8"))
    restored = restore_vault(
        FIXTURES / name, tmp_path / "new", told["recovery_key"], "a new one", progress=quiet,
        settings=load_settings({}, environment={}), kdf=CHEAP,
    )  # fmt: skip
    assert restored.vault == told["vault"]
    with Vault.open(tmp_path / "new", "a new one") as vault:
        assert {name: one["records"] for name, one in vault.counts().items()} == told["records"]
        assert vault.read_all() == sum(told["records"].values())


def test_there_is_a_fixture_of_each_format() -> None:
    hint = "the format changed: run `python -m tests.pipeline.fixture`"
    assert {"archive-1", f"archive-{VERSION}"} <= set(ARCHIVES), hint
    assert f"backup-{BACKUP_VERSION}" in BACKUPS, hint
    assert REVISION >= "0002"


def test_an_archive_of_a_newer_version_is_told_from_a_changed_one(tmp_path: Path) -> None:
    def written(**more: Any) -> Path:
        tree = json.loads((FIXTURES / "archive-1" / "manifest.json").read_bytes()) | more
        (tmp_path / "manifest.json").write_text(json.dumps(tree), encoding="utf-8")
        return tmp_path

    with pytest.raises(UnknownVersionError, match="newer ipse"):
        verify_archive(written(version=VERSION + 1))
    for wrong in ({"version": 0}, {"names": False}, {"more": 1}, {"format": "other"}, {"form": "csv"}):
        with pytest.raises(DamagedVaultError, match="is no archive"):
            verify_archive(written(**wrong))
    (tmp_path / "manifest.json").write_bytes(b'{"format": "\xe1"}')
    with pytest.raises(DamagedVaultError, match="is no archive"):
        verify_archive(tmp_path)


def test_placeholders_are_what_this_test_takes_for_tokens() -> None:
    """The control of :func:`tokens`."""
    message = "<PERSON_1> <ME> <EMAIL_12> <CONV_000001_0123abcd>"
    event = Event(source="s", kind="state", ts=1, rx=1, key="k", data={"a": message})
    assert [one.strip("<>") for one in tokens(event)] == PLACEHOLDER.findall(message)
