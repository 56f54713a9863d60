"""The audit log: its rows, and whether it is whole."""

from datetime import datetime
from itertools import islice
from typing import Annotated, Any

from fastapi import Query
from fastapi.responses import FileResponse
from pydantic import AwareDatetime, BaseModel, Field

from ipse.pipeline.auditing import checkpoint, export_log, verify
from ipse.server.deps import Administering
from ipse.server.downloads import LINES, download
from ipse.server.paging import Limit, Page
from ipse.server.routing import component

__all__ = [
    "AuditVerified",
    "CheckpointMade",
    "RowView",
    "checkpoint_audit",
    "export_audit",
    "list_audit",
    "router",
    "verify_audit",
]

router = component("audit", prefix="/audit")


class RowView(BaseModel):
    """A row. Of an erased one only its number is left."""

    seq: int = Field(examples=[42])
    at: datetime | None
    action: str = Field(examples=["consent.give"])
    details: dict[str, Any] = Field(examples=[{"source": "whatsapp"}])


class AuditVerified(BaseModel):
    """How much was verified, and against what."""

    rows: int = Field(examples=[42])
    checkpoints: int = Field(examples=[1])
    covered: int = Field(description="rows that a checkpoint covers", examples=[40])
    anchored: int | None = Field(description="rows that one outside the vault covers")
    public_key: str = Field(description="Ed25519, base64; note it down")


class CheckpointMade(BaseModel):
    """A checkpoint: rows before it cannot be rewritten with any key."""

    epoch: int
    rows: int
    public_key: str


@router.get("")
def list_audit(
    asked: Administering,
    action: Annotated[
        str, Query(max_length=64, description="how the action begins", examples=["consent"])
    ] = "",
    since: AwareDatetime | None = None,
    until: AwareDatetime | None = None,
    limit: Limit = 100,
    cursor: Annotated[str, Query(pattern=r"^[0-9]{0,9}$")] = "",
) -> Page[RowView]:
    """Rows, the newest first; raises where one is not what was written."""
    before = int(cursor) if cursor else None
    rows = [
        row
        for row in asked.workspace.vault.audit_rows()
        if row.action.startswith(action)
        and (since is None or (row.at is not None and row.at >= since))
        and (until is None or (row.at is not None and row.at < until))
    ]
    left = [row for row in reversed(rows) if before is None or row.seq < before]
    items = [
        RowView(seq=row.seq, at=row.at, action=row.action, details=row.details) for row in islice(left, limit)
    ]
    return Page(items=items, total=len(rows), next=str(items[-1].seq) if len(left) > limit else None)


@router.post("/verify")
def verify_audit(asked: Administering) -> AuditVerified:
    """Check every row, every checkpoint and the anchor of the settings; 409 where one is not whole."""
    report = verify(asked.workspace)
    return AuditVerified(
        rows=report.rows,
        checkpoints=report.checkpoints,
        covered=report.covered,
        anchored=report.anchored,
        public_key=report.public_key,
    )


@router.post("/checkpoint", status_code=201)
def checkpoint_audit(asked: Administering) -> CheckpointMade:
    """Sign the rows so far and destroy the key that wrote them."""
    made = checkpoint(asked.workspace)
    return CheckpointMade(epoch=made.epoch, rows=made.rows, public_key=made.public_key)


@router.post("/export", response_class=FileResponse, responses=LINES)
def export_audit(asked: Administering) -> FileResponse:
    """The log without what it says, for `tools/verify_audit.py`, as JSON lines; it is signed first."""
    return download("audit.jsonl", lambda file: export_log(asked.workspace, file))
