"""The audit log as its owner uses it: checkpoints on another medium, verifying with them, and its export."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from ipse.audit import Checkpoint, verify_anchor
from ipse.errors import AuditError, IpseError, SettingsError
from ipse.pipeline.workspace import Workspace
from ipse.vault import AuditReport

__all__ = ["Made", "checkpoint", "export_log", "keep_anchor", "verify"]

DAY = timedelta(days=1)


class Made(msgspec.Struct, frozen=True, kw_only=True):
    """A checkpoint, and how many lines were added to the anchor."""

    epoch: int
    rows: int
    public_key: str
    written: int


def checkpoint(workspace: Workspace, to: Path | None = None) -> Made:
    """Sign the log so far; ``to`` is the anchor, to which every checkpoint that it lacks is appended.

    The anchor is held against the vault first, so that no line is added behind one that contradicts it.
    Raises ``AuditError`` and ``SettingsError``.
    """
    journal = workspace.vault.journal
    known = 0
    if to is not None:
        _outside(workspace, to)
        lines = _lines(to) if to.exists() else []
        if lines:
            known = verify_anchor(lines, journal.checkpoints(), workspace.vault.id).epoch
    made = journal.checkpoint()
    checkpoints = journal.checkpoints()
    if to is not None:
        _append(to, checkpoints[known:])
    return Made(
        epoch=made.epoch,
        rows=made.seq,
        public_key=checkpoints[0].public,
        written=len(checkpoints) - known if to is not None else 0,
    )


def verify(workspace: Workspace, anchor: Path | None = None) -> AuditReport:
    """Check every row and checkpoint, and the anchor: the one given, else that of the settings if there.

    That it was verified is a row of its own, behind those that were. Raises ``AuditError``.
    """
    if anchor is None and workspace.settings.audit.anchor:
        own = Path(workspace.settings.audit.anchor).expanduser()
        if own.is_file():
            anchor = own
        else:
            workspace.warnings.append(f"{own}: the anchor of the settings is not there; verified without it.")
    report = workspace.vault.journal.verify(_lines(anchor) if anchor is not None else None)
    workspace.vault.note("audit.verify", {"rows": report.rows, "anchor": anchor is not None})
    return report


def keep_anchor(workspace: Workspace, *, always: bool = False, now: datetime | None = None) -> bool:
    """Append a checkpoint to the anchor of the settings if one is due, or ``always``; whether it did.

    It is due after so many rows, or a day after the last if anything was done since. What hinders it becomes
    a warning of the workspace, and stops nothing: the medium may lie in a drawer.
    """
    if not workspace.settings.audit.anchor:
        return False
    file = Path(workspace.settings.audit.anchor).expanduser()
    try:
        if not file.parent.is_dir():
            raise SettingsError(f"{file.parent}: is not there.", hint="Put the medium in.")
        if not (always or _due(workspace, file, now or datetime.now(UTC))):
            return False
        checkpoint(workspace, file)
    except IpseError as error:
        told = f"No checkpoint left for the anchor: {error.message} {error.hint}".strip()
        workspace.warnings += [told] if told not in workspace.warnings else []
        return False
    return True


def _due(workspace: Workspace, file: Path, now: datetime) -> bool:
    if not file.exists() or not file.stat().st_size:
        return True
    journal = workspace.vault.journal
    last = verify_anchor(_lines(file), journal.checkpoints(), workspace.vault.id)
    rows = journal.head()[0] - last.seq - 1  # the first after a checkpoint speaks of the checkpoint
    return rows >= workspace.settings.audit.anchor_rows or (rows > 0 and now >= last.at + DAY)


def export_log(workspace: Workspace, out: Path) -> int:
    """Write rows without what they say, and checkpoints, for ``tools/verify_audit.py``; returns the lines."""
    workspace.vault.note("audit.export", {})
    try:
        with out.open("wb") as stream:
            return sum(1 for line in workspace.vault.journal.export() if stream.write(line))
    except OSError as error:
        raise SettingsError(
            f"{out}: cannot be written ({error.strerror}).", hint="Name another file."
        ) from error


def _outside(workspace: Workspace, file: Path) -> None:
    if file.resolve().is_relative_to(workspace.vault.folder.resolve()):
        raise SettingsError(
            f"{file}: an anchor inside the vault goes wherever the vault goes.",
            hint="Name a file on another medium.",
        )


def _lines(anchor: Path) -> list[bytes]:
    try:
        lines = anchor.read_bytes().splitlines(keepends=True)
    except OSError as error:
        raise SettingsError(f"{anchor}: cannot be read.", hint="Check the path of the anchor.") from error
    if lines and not lines[-1].endswith(b"\n"):
        raise AuditError(
            f"{anchor}, line {len(lines)}: it was cut short.", hint="Remove that line and run it again."
        )
    return lines


def _append(anchor: Path, checkpoints: list[Checkpoint]) -> None:
    """Add lines at the end, on the disk when this returns; nothing that is there can change."""
    try:
        handle = os.open(anchor, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(handle, "ab") as out:
            out.write(b"".join(one.line() + b"\n" for one in checkpoints))
            out.flush()
            os.fsync(handle)
    except OSError as error:
        raise SettingsError(
            f"{anchor}: cannot be written ({error.strerror}). The checkpoint stands in the vault.",
            hint="Run it again with another file.",
        ) from error
