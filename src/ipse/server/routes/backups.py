"""Backups: those in the folder that the settings name. They are made by a job, and restored in a terminal."""

from datetime import datetime
from pathlib import Path

from fastapi.responses import FileResponse
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from ipse.errors import VaultError
from ipse.pipeline.backups import check_backups, export_ledger, list_backups
from ipse.pipeline.workspace import Workspace
from ipse.server.deps import Administering
from ipse.server.downloads import LINES, download
from ipse.server.paging import Cursor, Limit, Page, paged
from ipse.server.routing import component

__all__ = [
    "BackupChecked",
    "BackupView",
    "Checking",
    "backup_folder",
    "check_backup_folder",
    "list_backup_folder",
    "router",
    "take_ledger",
]

router = component("backups", prefix="/backups")


class BackupView(BaseModel):
    """A backup; only your recovery key opens it."""

    name: str = Field(examples=["20260401T101500Z-3f6d"])
    at: datetime
    size: int = Field(description="bytes that it needs")
    records: int
    files: int


class Checking(BaseModel):
    """With the recovery key what is sealed is read as well."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"deep": False}]})

    recovery_key: SecretStr | None = None
    deep: bool = Field(default=False, description="read all of it, which takes as long as making it")


class BackupChecked(BaseModel):
    """What was found of one backup; nothing in ``faults`` where it is whole."""

    model_config = ConfigDict(from_attributes=True)

    name: str
    size: int
    faults: list[str]
    opened: bool
    records: int | None


def backup_folder(workspace: Workspace) -> Path:
    """The folder of the settings; raises ``VaultError`` where none is set: no request can name a path."""
    if not workspace.settings.backup.folder:
        raise VaultError("No folder for backups is set.", hint="Set backup.folder; another disk is best.")
    return Path(workspace.settings.backup.folder).expanduser()


@router.get("")
def list_backup_folder(asked: Administering, limit: Limit = 100, cursor: Cursor = "") -> Page[BackupView]:
    """The backups of this vault there, the newest first."""
    folder = backup_folder(asked.workspace)
    found = (
        [one for one in reversed(list_backups(folder)) if one.vault == asked.vault.id]
        if folder.is_dir()
        else []
    )
    items, total, behind = paged(found, limit, cursor)
    views = [
        BackupView(
            name=one.name,
            at=one.created_at,
            size=one.size,
            records=one.counts.get("seen", 0),
            files=one.counts.get("files", 0),
        )
        for one in items
    ]
    return Page(items=views, total=total, next=behind)


@router.post("/check")
def check_backup_folder(asked: Administering, body: Checking) -> Page[BackupChecked]:
    """Whether every byte there is what was written."""
    key = body.recovery_key.get_secret_value() if body.recovery_key else None
    found = check_backups(
        backup_folder(asked.workspace),
        recovery_key=key,
        deep=body.deep,
        progress=lambda _done, _total, _figures: None,
    )
    items = [BackupChecked.model_validate(one) for one in found]
    return Page(items=items, total=len(items))


@router.post("/ledger", response_class=FileResponse, responses=LINES)
def take_ledger(asked: Administering) -> FileResponse:
    """What was erased, as tokens: with it, a restore of an older backup erases it again."""
    return download("ledger.jsonl", lambda file: export_ledger(asked.workspace, file))
