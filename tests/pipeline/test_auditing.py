"""Checkpoints on another medium: written once, held against the vault, and the log's export."""

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ipse.config import load_settings
from ipse.errors import AuditError, SettingsError
from ipse.pipeline.auditing import checkpoint, export_log, keep_anchor, verify
from ipse.pipeline.backups import back_up
from ipse.pipeline.consents import give
from ipse.pipeline.forgetting import forget
from ipse.pipeline.importing import import_
from ipse.pipeline.plans import plan_for
from ipse.pipeline.workspace import Workspace
from ipse.vault import KdfParameters, Vault

from ..conftest import PASSPHRASE
from .conftest import chat


@pytest.fixture
def anchor(tmp_path: Path) -> Path:
    folder = tmp_path / "stick"
    folder.mkdir()
    return folder / "anchor.jsonl"


def test_an_anchor_holds_every_checkpoint_and_only_grows(workspace: Workspace, anchor: Path) -> None:
    assert checkpoint(workspace).written == 0
    assert checkpoint(workspace, anchor).written == 2
    before = anchor.read_bytes()
    checkpoint(workspace)
    made = checkpoint(workspace, anchor)
    assert (made.epoch, made.written) == (4, 2)
    assert anchor.read_bytes().startswith(before)
    report = verify(workspace, anchor)
    assert (report.checkpoints, report.anchored, report.covered) == (4, made.rows, made.rows)
    assert report.public_key == made.public_key == verify(workspace).public_key
    assert verify(workspace).anchored is None


def test_an_empty_file_becomes_an_anchor(workspace: Workspace, anchor: Path) -> None:
    anchor.touch()
    with pytest.raises(AuditError, match="holds no checkpoint"):
        verify(workspace, anchor)
    assert checkpoint(workspace, anchor).written == 1


def test_nothing_is_added_to_an_anchor_that_contradicts_the_vault(
    workspace: Workspace, anchor: Path, tmp_path: Path
) -> None:
    other, _ = Vault.create(
        tmp_path / "other",
        "correct horse",
        kdf=KdfParameters(memory_kib=64, iterations=1, lanes=1),
        allow_weak=True,
    )
    with other:
        checkpoint(Workspace(other, workspace.settings), anchor)
    before = anchor.read_bytes()
    with pytest.raises(AuditError, match="another vault"):
        checkpoint(workspace, anchor)
    assert anchor.read_bytes() == before
    assert verify(workspace).checkpoints == 0


def test_an_older_copy_of_the_vault_is_told(workspace: Workspace, anchor: Path, tmp_path: Path) -> None:
    checkpoint(workspace, anchor)
    shutil.copytree(workspace.vault.folder, tmp_path / "copy")
    checkpoint(workspace, anchor)
    with Vault.open(tmp_path / "copy", "a passphrase for tests") as older:
        copied = Workspace(older, workspace.settings)
        assert verify(copied).checkpoints == 1
        for check in (verify, checkpoint):
            with pytest.raises(AuditError, match="an older copy"):
                check(copied, anchor)
        checkpoint(copied)  # the copy goes its own way, and still is not what the anchor knows
        with pytest.raises(AuditError, match="not the one that the anchor holds"):
            verify(copied, anchor)


def test_an_anchor_that_cannot_serve_is_refused(workspace: Workspace, anchor: Path) -> None:
    with pytest.raises(SettingsError, match="wherever the vault goes"):
        checkpoint(workspace, workspace.vault.folder / "anchor.jsonl")
    with pytest.raises(SettingsError, match="cannot be read"):
        verify(workspace, anchor)
    with pytest.raises(SettingsError, match="cannot be read"):
        checkpoint(workspace, anchor.parent)
    with pytest.raises(SettingsError, match="cannot be written"):
        checkpoint(workspace, anchor / "below" / "a.jsonl")
    checkpoint(workspace, anchor)
    anchor.write_bytes(anchor.read_bytes()[:-9])
    for check in (verify, checkpoint):
        with pytest.raises(AuditError, match="line 2: it was cut short"):
            check(workspace, anchor)


def test_an_export_is_told_of_in_what_it_holds(workspace: Workspace, tmp_path: Path) -> None:
    file = tmp_path / "log.jsonl"
    written = export_log(workspace, file)
    assert written == len(file.read_bytes().splitlines()) == 1 + 2 + 1
    actions = [row.action for row in workspace.vault.audit_rows()]
    assert actions == ["vault.create", "audit.export", "audit.checkpoint"]
    with pytest.raises(SettingsError, match="cannot be written"):
        export_log(workspace, tmp_path)


def quiet(_done: float, _total: float | None, _figures: object) -> None:
    pass


def anchored(workspace: Workspace, anchor: Path, **more: int) -> Workspace:
    audit = {"anchor": str(anchor), **more}
    return Workspace(workspace.vault, load_settings({"audit": audit}, environment={}))


def lines(anchor: Path) -> int:
    return anchor.read_bytes().count(b"\n")


def test_a_checkpoint_leaves_by_itself_after_so_many_rows_or_a_day(
    workspace: Workspace, anchor: Path
) -> None:
    assert not keep_anchor(workspace, always=True)  # no anchor is set
    own = anchored(workspace, anchor, anchor_rows=3)
    anchor.touch()  # the owner may have made the file
    assert keep_anchor(own)
    assert (lines(anchor), own.warnings) == (1, [])
    for _ in range(2):
        assert not keep_anchor(own)
        own.vault.note("answer", {})
    own.vault.note("answer", {})
    assert keep_anchor(own)
    tomorrow = datetime.now(UTC) + timedelta(days=1, minutes=1)
    assert not keep_anchor(own, now=tomorrow)  # nothing was done since
    own.vault.note("answer", {})
    assert not keep_anchor(own, now=tomorrow - timedelta(hours=2))
    assert keep_anchor(own, now=tomorrow)
    assert lines(anchor) == 3
    assert verify(own).anchored == own.vault.journal.checkpoints()[-1].seq
    assert own.warnings == []


def test_closing_a_vault_an_erasure_and_a_backup_leave_one(
    workspace: Workspace, anchor: Path, tmp_path: Path
) -> None:
    flags = {"vault": str(workspace.vault.folder), "audit": {"anchor": str(anchor)}}
    settings = load_settings(flags, environment={})
    with Workspace.open(settings, PASSPHRASE) as own:
        give(own, "whatsapp", ["archive"])
        import_(
            own,
            [chat(tmp_path / "WhatsApp Chat with Bo Lind.txt", "Bo Lind", 5, 1)],
            me=["Nora Feld"],
            progress=quiet,
        )
        assert not anchor.exists()
    assert lines(anchor) == 1
    with Workspace.open(settings, PASSPHRASE) as own:
        forget(own, plan_for(own, "contact", "Bo Lind"))
        assert lines(anchor) == 2
        back_up(own, tmp_path / "copies", progress=quiet)
        assert lines(anchor) == 3
    assert lines(anchor) == 3  # nothing was done since
    anchor.unlink()
    own = Workspace.open(settings, PASSPHRASE)
    own.__exit__(KeyError, KeyError(), None)  # whatever broke, closing does nothing more than close
    assert not anchor.exists()


def test_a_medium_that_is_not_there_is_a_warning_and_stops_nothing(
    workspace: Workspace, anchor: Path, tmp_path: Path
) -> None:
    away = anchored(workspace, tmp_path / "away" / "anchor.jsonl")
    assert not keep_anchor(away, always=True)
    assert len(away.warnings) == 1
    assert "is not there" in away.warnings[0]
    assert not (tmp_path / "away").exists()
    assert verify(away).anchored is None
    assert "verified without it" in away.warnings[1]
    inside = anchored(workspace, workspace.vault.folder / "anchor.jsonl")
    assert not keep_anchor(inside, always=True)
    assert "goes wherever the vault goes" in inside.warnings[0]


def test_an_older_copy_of_the_vault_is_told_without_being_asked(
    workspace: Workspace, anchor: Path, tmp_path: Path
) -> None:
    own, old = anchored(workspace, anchor), tmp_path / "old"
    keep_anchor(own)
    shutil.copytree(workspace.vault.folder, old)
    keep_anchor(own, always=True)
    verify(own)  # the control
    with Vault.open(old, PASSPHRASE) as vault:
        back = anchored(Workspace(vault, own.settings), anchor)
        with pytest.raises(AuditError, match="older copy"):
            verify(back)
        assert not keep_anchor(back)
        assert "older copy" in back.warnings[0]
    assert lines(anchor) == 2
