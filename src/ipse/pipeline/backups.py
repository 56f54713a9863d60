"""Backing a vault up, and bringing it back without what was erased since.

What was erased stays erased: the ledger of the newest backup in the folder, and one that a newer vault wrote
to a file, are applied to what is restored before there is a header to open it with.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import msgspec

from ipse.config import AuditSettings, Settings
from ipse.errors import VaultError
from ipse.interfaces import Progress
from ipse.jobs import run
from ipse.pipeline import objections
from ipse.pipeline.auditing import keep_anchor
from ipse.pipeline.catalogs import chosen
from ipse.pipeline.forgetting import replay
from ipse.pipeline.workspace import Workspace
from ipse.privacy.erasures import Erasures
from ipse.signing import is_signed, public_key, signature
from ipse.vault import Vault
from ipse.vault.backup.checking import Checked, check
from ipse.vault.backup.manifest import Manifest, listing
from ipse.vault.backup.restoring import Restored, backed_up_documents, restore
from ipse.vault.backup.writing import Backup
from ipse.vault.crypto import KdfParameters
from ipse.vault.files import write_durably

__all__ = ["back_up", "check_backups", "export_ledger", "list_backups", "restore_vault"]

PURPOSE = "ledger of erasures"
LEDGER = ("erasures", "ledger")


class _Ledger(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The ledger of a vault in a file: tokens that say nothing without the vault's key."""

    format: Literal["ipse-erasures"] = "ipse-erasures"
    version: Literal[1] = 1
    vault: str
    at: datetime
    ledger: bytes
    public_key: str
    signature: str = ""

    def unsigned(self) -> bytes:
        return msgspec.json.encode(msgspec.structs.replace(self, signature=""), order="sorted")


def back_up(workspace: Workspace, directory: Path, *, keep: int | None = None, progress: Progress) -> Backup:
    """Write a backup of what changed since the last one, as a job; ``keep`` so many, delete older ones."""
    vault = workspace.vault
    if directory.resolve().is_relative_to(vault.folder.resolve()):
        raise VaultError(f"{directory}: lies in the vault.", hint="Choose another disk, or another folder.")

    def work(follow: Progress) -> Backup:
        return vault.back_up(directory, keep=keep, progress=follow)

    made = run(vault, "backup", work, progress)
    vault.note("backup.write", {"backup": made.name, "size": made.size, "written": made.written})
    keep_anchor(workspace, always=True)
    return made


def list_backups(directory: Path) -> tuple[Manifest, ...]:
    """The backups in a folder, oldest first; those that are damaged are told by :func:`check_backups`."""
    return listing(directory).whole


def check_backups(
    directory: Path, *, recovery_key: str | None = None, deep: bool = False, progress: Progress
) -> list[Checked]:
    """Whether every byte is what was written; with the recovery key also what is sealed, deep all of it."""
    return check(directory, recovery_key=recovery_key, deep=deep, progress=progress)


def restore_vault(  # noqa: PLR0913 - what an owner may say of a restore
    directory: Path,
    target: Path,
    recovery_key: str,
    passphrase: str,
    *,
    settings: Settings,
    name: str | None = None,
    ledger: Path | None = None,
    catalog: str = "",
    kdf: KdfParameters | None = None,
    progress: Progress,
) -> Restored:
    """Bring a vault back into an empty folder under a new passphrase, without what was erased since.

    ``name`` is a backup's, else the newest; ``ledger`` is a file that :func:`export_ledger` wrote;
    ``catalog`` is the URL of a PostgreSQL server, else as the settings say. Raises ``VaultError`` for a
    ledger that the vault did not sign, before anything can be read.
    """
    newer = [*backed_up_documents(directory, recovery_key, LEDGER[0]).values()]
    # Its log goes back to the day of the backup: that is for the owner to tell the anchor of.
    settings = settings.model_copy(update={"audit": AuditSettings()})
    objected = [*backed_up_documents(directory, recovery_key, objections.KIND).values()]

    def erase(vault: Vault) -> int:
        ledgers = [*newer, *([_read_ledger(ledger, vault)] if ledger else [])]
        workspace = Workspace(vault, settings)
        objections.adopt(workspace, objected)
        return _erase_again(workspace, ledgers)

    return restore(
        directory,
        target,
        recovery_key,
        passphrase,
        name=name,
        replay=erase,
        catalog=chosen(settings, catalog),
        kdf=kdf,
        progress=progress,
    )


def export_ledger(workspace: Workspace, file: Path) -> None:
    """Write what was erased, as tokens that say nothing without the vault's key, signed."""
    vault, seed = workspace.vault, workspace.vault.signing_key()
    held = vault.get(*LEDGER) if LEDGER[1] in vault.ids(LEDGER[0]) else Erasures(seed).dumps()
    bare = _Ledger(vault=vault.id, at=datetime.now(UTC), ledger=held, public_key=public_key(seed))
    vault.note("export.ledger", {"file": file.name})
    signed = msgspec.structs.replace(bare, signature=signature(seed, PURPOSE, bare.unsigned()))
    write_durably(file, [msgspec.json.encode(signed) + b"\n"])


def _erase_again(workspace: Workspace, ledgers: Iterable[bytes]) -> int:
    """Erase what these ledgers and the vault's own say was erased; returns how many records went."""
    gone = 0
    for newer in (b"", *ledgers):
        done = replay(workspace, newer)
        if done is not None:
            counts = done.certificate.counts
            gone += counts.get("messages", 0) + counts.get("events", 0)
    return gone


def _read_ledger(file: Path, vault: Vault) -> bytes:
    refused = VaultError(
        f"{file}: is no ledger that this vault signed.",
        hint="Write it with `ipse backup ledger` in that vault.",
    )
    try:
        raw = file.read_bytes()
        held = msgspec.json.decode(raw, type=_Ledger)
    except (OSError, UnicodeDecodeError, msgspec.MsgspecError) as error:
        raise refused from error
    if msgspec.json.encode(held) != raw.strip():  # each ledger has one way to be written
        raise refused
    mine = held.vault == vault.id and held.public_key == public_key(vault.signing_key())
    if not mine or not is_signed(held.public_key, PURPOSE, held.unsigned(), held.signature):
        raise refused
    return held.ledger
