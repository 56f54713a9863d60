"""Checkpoints on another medium: written once, held against the vault, and the log's export."""

import shutil
from pathlib import Path

import pytest

from ipse.errors import AuditError, SettingsError
from ipse.pipeline.auditing import checkpoint, export_log, verify
from ipse.pipeline.workspace import Workspace
from ipse.vault import KdfParameters, Vault


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
