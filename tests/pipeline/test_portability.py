"""A whole vault out in open formats and into another one: the same rows, and no leave that was not given."""

import csv
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from ipse.config import load_settings
from ipse.consent import Consent, sign
from ipse.errors import ConsentError, DamagedVaultError, VaultExistsError
from ipse.pipeline.archives import import_archive
from ipse.pipeline.consents import give
from ipse.pipeline.contacts import contacts, exclude, merge
from ipse.pipeline.forgetting import carry_out
from ipse.pipeline.importing import ImportReport, import_
from ipse.pipeline.learning import prepare, train
from ipse.pipeline.manifests import RECORD_COLUMNS, ArchiveReader, file_of, write_manifest
from ipse.pipeline.plans import plan_for
from ipse.pipeline.portability import TABLES, export_all, verify_archive
from ipse.pipeline.reviewing import allow, deny
from ipse.pipeline.tabular import ExportFormat, read_rows
from ipse.pipeline.workspace import Workspace
from ipse.privacy import gate
from ipse.records import Event, Message
from ipse.scorecard import Scorecard
from ipse.vault import KdfParameters, Vault

from .conftest import chat, imported_into

CHEAP = KdfParameters(memory_kib=64, iterations=1, lanes=1)
FORMS: tuple[ExportFormat, ...] = ("jsonl", "csv", "parquet")
COUNTS = {
    "models": 1,
    "datasets": 1,
    "scorecards": 1,
    "certificates": 1,
    "events": 1,
    "contacts": 3,
    "words": 2,
}
SOURCES = ("gmail", "reflections", "whatsapp")
Imported = tuple[Workspace, ImportReport]


def quiet(done: float, total: float | None, figures: object) -> None:
    """No progress shown."""


def other(folder: Path) -> Workspace:
    vault, _ = Vault.create(folder, "correct horse", kdf=CHEAP, allow_weak=True)
    return Workspace(vault, load_settings({}, environment={}))


def rows(directory: Path, name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (directory / name).read_bytes().splitlines()]


def filled(vault: Vault, request: pytest.FixtureRequest) -> None:
    """Everything there is to export: a model, a merged and an excluded contact, events."""
    imported_into(vault, request)
    workspace = Workspace(vault, load_settings({}, environment={}))
    prepare(workspace)
    train(workspace, progress=quiet)
    judged = Scorecard(
        model="v1", dataset="d", created_at=datetime.now(UTC), rows=(), gates=(), self_checks=(),
        promotable=True, reasons=("a reason",),
    )  # fmt: skip
    workspace.vault.put("scorecard", "v1", judged.to_json(), action="scorecard.keep", details={})
    allow(workspace, ["Mercury"])
    deny(workspace, ["Halden"])
    one = next(iter(workspace.vault.scan())).messages[0]
    carry_out(
        workspace,
        msgspec.structs.replace(plan_for(workspace, "message", one.id), datasets=(), models=(), documents=()),
    )
    merge(workspace, "Ilka Brandt", ["Tomas Weil"])
    exclude(workspace, "Jun Harada")
    event = Event(source="window", kind="state", ts=1, rx=2, key="e1", data={"app": "editor"})
    workspace.vault.keep([gate.Cleared(event, gate._SEAL)], source="window")


STAGES = {"full": filled}


@pytest.fixture
def full(workspace: Workspace) -> Workspace:
    """Everything there is to export."""
    return workspace


@pytest.fixture
def archive(full: Workspace, tmp_path: Path) -> Path:
    export_all(full, tmp_path / "out")
    return tmp_path / "out"


@pytest.mark.parametrize("names", [False, True])
def test_an_archive_in_another_vault_gives_the_same_rows_again(
    full: Workspace, tmp_path: Path, *, names: bool
) -> None:
    out, again = tmp_path / "out", tmp_path / "again"
    archive = export_all(full, out, names=names)
    workspace = other(tmp_path / "other")
    with workspace:
        for source in (*SOURCES, "window"):
            _allow(workspace, source)
        report = import_archive(workspace, out, progress=quiet)
        assert (report.kept, report.refused, report.duplicates) == (report.read, {}, 0)
        assert report.joined == 0
        assert report.read == sum(count["records"] for count in full.vault.counts().values())
        second = import_archive(workspace, out, progress=quiet)
        assert (second.kept, second.duplicates) == (0, report.read)
        export_all(workspace, again, names=names)
        for name in ("messages.jsonl", "records.jsonl", "events.jsonl"):
            assert rows(again, name) == rows(out, name)
        known = {one.pseudonym: one for one in contacts(workspace)}
        for one in contacts(full):  # of whoever was excluded nothing goes out
            assert known[one.pseudonym].messages == (0 if one.excluded else one.messages)
            assert known[one.pseudonym].excluded == one.excluded
        assert any("Ilka Brandt" in one.name for one in known.values()) is names
        assert {file.name: file.rows for file in archive.files}["models.jsonl"] == 1
        assert workspace.vault.verify_audit() > 5


def test_names_are_in_an_archive_only_where_asked_for(full: Workspace, archive: Path, tmp_path: Path) -> None:
    def holds(folder: Path) -> bool:
        return any(
            b"Ilka" in path.read_bytes() or b"Harada" in path.read_bytes() for path in folder.iterdir()
        )

    export_all(full, tmp_path / "named", names=True)
    assert holds(tmp_path / "named")
    assert not holds(archive)
    assert all(row["details"] == {} for row in rows(archive, "audit.jsonl"))


@pytest.mark.parametrize("form", FORMS)
def test_every_table_is_in_the_format_asked_for_and_read_again(
    full: Workspace, tmp_path: Path, form: ExportFormat
) -> None:
    archive = export_all(full, tmp_path / "out", form, names=True)
    assert {file.name for file in archive.files} == {f"{table.name}.{form}" for table in TABLES}
    checked = verify_archive(tmp_path / "out", full)
    assert (checked.form, checked.mine, checked.names) == (form, True, True)
    assert checked.rows == {table.name: COUNTS.get(table.name, checked.rows[table.name]) for table in TABLES}
    assert all(checked.rows[table.name] for table in TABLES if table.name not in {"links", "evidence"})
    limit = csv.field_size_limit()
    plain = [*read_rows(tmp_path / "out" / f"records.{form}", RECORD_COLUMNS)]
    assert csv.field_size_limit() == limit  # the whole process's; sources rely on it
    held = {message.id: message for talk in full.vault.scan() for message in talk.messages}
    kept = {row["id"]: row for row in plain}
    assert kept.keys() == held.keys()
    told = {name: msgspec.convert({**row}, type=Message) for name, row in kept.items() if row["text"]}
    assert told == {name: held[name] for name in told}
    with pytest.raises(VaultExistsError):
        export_all(full, tmp_path / "out")


def test_its_consents_are_evidence_and_allow_nothing(archive: Path, full: Workspace, tmp_path: Path) -> None:
    with other(tmp_path / "other") as workspace:
        with pytest.raises(ConsentError):
            import_archive(workspace, archive, progress=quiet)
        assert workspace.vault.counts() == {}
        for source in (*SOURCES, "window"):
            _allow(workspace, source)
        assert import_archive(workspace, archive, progress=quiet).evidence == 3
        assert len(workspace.vault.ids("evidence")) == 3
        with pytest.raises(ConsentError):
            workspace.permit("whatsapp", "style")


def test_its_own_vault_has_it_all_already(archive: Path, full: Workspace) -> None:
    _allow(full, "window")
    report = import_archive(full, archive, progress=quiet)
    assert report.kept == 0
    assert report.read == report.duplicates + sum(report.refused.values())


def test_whoever_comes_later_gets_a_number_of_their_own(
    archive: Path, full: Workspace, tmp_path: Path
) -> None:
    with other(tmp_path / "other") as workspace:
        for source in (*SOURCES, "window"):
            _allow(workspace, source)
        import_archive(workspace, archive, progress=quiet)
        before = workspace.roster().people().keys()
        file = chat(tmp_path / "WhatsApp Chat with Ada Quist.txt", "Ada Quist", 5, 9)
        import_(workspace, [file], me=["Nora Feld"], progress=quiet)
        new = workspace.roster().people().keys() - before
        assert len(new) == 1
        assert not new & full.roster().people().keys()


@pytest.mark.parametrize("name", ["manifest.json", "records.jsonl", "consents.jsonl", "audit.jsonl"])
@pytest.mark.parametrize("how", ["flip", "cut", "remove"])
def test_a_changed_archive_is_refused(archive: Path, full: Workspace, name: str, how: str) -> None:
    verify_archive(archive)  # the control
    path = archive / name
    raw = bytearray(path.read_bytes())
    if how == "flip":
        raw[len(raw) // 2] ^= 1
        path.write_bytes(raw)
    elif how == "cut":
        path.write_bytes(raw[:-20])
    else:
        path.unlink()
    with pytest.raises(DamagedVaultError):
        import_archive(full, archive, progress=quiet)


def test_what_is_signed_and_still_no_archive_is_refused(
    archive: Path, full: Workspace, tmp_path: Path
) -> None:
    """Made by who holds a key of their own: hashes right, lines wrong."""
    held = ArchiveReader.open(archive).manifest

    def again(name: str, content: bytes) -> None:
        (archive / name).write_bytes(content)
        files = tuple(file_of(archive / one.name, one.rows) for one in held.files)
        write_manifest(archive, msgspec.structs.replace(held, files=files), bytes(32))

    again("records.jsonl", b"no record\n")
    with pytest.raises(DamagedVaultError, match="of another vault"):
        import_archive(full, archive, progress=quiet)
    again("consents.jsonl", b"")
    with pytest.raises(DamagedVaultError, match="not one of this table"):
        import_archive(full, archive, progress=quiet)
    again("records.jsonl", b'{"source":"whatsapp"}\n')
    with pytest.raises(DamagedVaultError, match="a line is no record"):
        import_archive(full, archive, progress=quiet)


def _allow(workspace: Workspace, source: str) -> None:
    if source != "window":
        give(workspace, source, ["archive"])
        return
    consent = Consent(
        id="w1",
        vault=workspace.vault.id,
        source="window",
        purposes=("archive",),
        data_categories=("times",),
        given_at=datetime.now(UTC),
    )
    signed = msgspec.json.encode(sign(consent, workspace.vault.signing_key()))
    workspace.vault.put("consent", "w1", signed, action="consent.give", details={}, state="given")
