"""Restore drills: a backup is put together as a restore would, every record in it is read, and that is kept.

Without one, a backup only promises that it can be restored (GDPR Art. 32(1)(d)).
"""

import secrets
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from ipse.errors import VaultError
from ipse.interfaces import Progress
from ipse.pipeline.backups import check_backups, list_backups
from ipse.pipeline.workspace import Workspace

__all__ = ["Drill", "drill", "drills"]

KIND = "drill"


class Drill(msgspec.Struct, frozen=True, kw_only=True):
    """A drill: which backup, how many records were read from it, and what was wrong with it."""

    id: str
    at: datetime
    backup: str
    records: int
    faults: tuple[str, ...] = ()


def drill(workspace: Workspace, directory: Path, recovery_key: str, *, progress: Progress) -> Drill:
    """Try the newest backup in ``directory`` with the recovery key and keep what came of it.

    Raises ``WrongPassphraseError`` for another recovery key, and ``VaultError`` where there is no backup of
    this vault.
    """
    mine = [one for one in list_backups(directory) if one.vault == workspace.vault.id]
    if not mine:
        raise VaultError(f"{directory}: there is no backup of this vault.", hint="Make one: ipse backup DIR.")
    found = check_backups(directory, recovery_key=recovery_key, deep=True, progress=progress)
    tried = next(one for one in found if one.name == mine[-1].name)
    made = Drill(
        id=secrets.token_hex(4),
        at=datetime.now(UTC),
        backup=tried.name,
        records=tried.records or 0,
        faults=tried.faults,
    )
    details = {"backup": made.backup, "records": made.records, "faults": len(made.faults)}
    workspace.vault.put(KIND, made.id, msgspec.json.encode(made), action="backup.drill", details=details)
    return made


def drills(workspace: Workspace) -> list[Drill]:
    """Every drill, oldest first."""
    vault = workspace.vault
    return [msgspec.json.decode(vault.get(KIND, name), type=Drill) for name in vault.ids(KIND)]
