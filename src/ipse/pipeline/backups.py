"""Backing a vault up, and bringing it back without what was erased since.

What was erased stays erased: the ledger of the newest backup in the folder, and one that a newer vault wrote
to a file, are applied to what is restored before there is a header to open it with.
"""

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import msgspec

from ipse.datasets import Dataset
from ipse.errors import VaultError
from ipse.interfaces import Progress
from ipse.jobs import run
from ipse.pipeline.workspace import Workspace
from ipse.privacy.erasures import Erasures
from ipse.privacy.roster import Roster
from ipse.registry import Registry
from ipse.signing import is_signed, public_key, signature
from ipse.vault import Vault
from ipse.vault.backup.checking import Checked, check
from ipse.vault.backup.manifest import Manifest, listing
from ipse.vault.backup.restoring import Restored, backed_up_documents, restore
from ipse.vault.backup.writing import Backup
from ipse.vault.crypto import KdfParameters
from ipse.vault.erasing import Cut
from ipse.vault.files import write_durably

__all__ = ["back_up", "check_backups", "export_ledger", "list_backups", "replay", "restore_vault"]

PURPOSE = "ledger of erasures"
LEDGER = ("erasures", "ledger")
TOKEN = re.compile(r"[A-Z]+(?:_[A-Z]+)*_\d+")  # EMAIL_1, as a text or a field of a record has it


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
    name: str | None = None,
    ledger: Path | None = None,
    kdf: KdfParameters | None = None,
    progress: Progress,
) -> Restored:
    """Bring a vault back into an empty folder under a new passphrase, without what was erased since.

    ``name`` is a backup's, else the newest; ``ledger`` is a file that :func:`export_ledger` wrote. Raises
    ``VaultError`` for a ledger that the vault did not sign, before anything can be read.
    """
    newer = [*backed_up_documents(directory, recovery_key, LEDGER[0]).values()]

    def erase(vault: Vault) -> int:
        ledgers = [*newer, *([_read_ledger(ledger, vault)] if ledger else [])]
        return replay(vault, ledgers)

    return restore(
        directory, target, recovery_key, passphrase, name=name, replay=erase, kdf=kdf, progress=progress
    )


def export_ledger(workspace: Workspace, file: Path) -> None:
    """Write what was erased, as tokens that say nothing without the vault's key, signed."""
    vault, seed = workspace.vault, workspace.vault.signing_key()
    held = vault.get(*LEDGER) if LEDGER[1] in vault.ids(LEDGER[0]) else Erasures(seed).dumps()
    bare = _Ledger(vault=vault.id, at=datetime.now(UTC), ledger=held, public_key=public_key(seed))
    vault.note("export.ledger", {"file": file.name})
    signed = msgspec.structs.replace(bare, signature=signature(seed, PURPOSE, bare.unsigned()))
    write_durably(file, [msgspec.json.encode(signed) + b"\n"])


def replay(vault: Vault, ledgers: Iterable[bytes]) -> int:
    """Erase in ``vault`` what these ledgers and its own say was erased; returns how many records went.

    Doing it again changes nothing. What was learned from a source that lost anything goes with it.
    """
    seed = vault.signing_key()
    erasures = Erasures(seed)
    if LEDGER[1] in vault.ids(LEDGER[0]):
        erasures.load(vault.get(*LEDGER))
    for data in ledgers:
        other = Erasures(seed)
        other.load(data)
        erasures.union(other)
    if not len(erasures):
        return 0
    vault.put(*LEDGER, erasures.dumps(), action="forget.ledger", details={"tokens": len(erasures)})
    gone = {source: _erase(vault, source, erasures) for source in vault.counts()}
    _forget_people(vault, erasures)
    touched = {source for source, records in gone.items() if records}
    if touched:
        _forget_learned(vault, touched)
    return sum(gone.values())


def _erase(vault: Vault, source: str, erasures: Erasures) -> int:
    if erasures.holds("source", source):
        return vault.erase(source)
    conversations: set[str] = set()
    messages: set[str] = set()
    for talk in vault.scan(sources=[source]):
        if erasures.holds("conversation", talk.id):
            conversations.add(talk.id)
        messages.update(one.id for one in talk.messages if erasures.holds("message", one.id))
    cut = Cut(
        source=source,
        conversations=frozenset(conversations),
        messages=frozenset(messages),
        people=erasures.labels,
    )
    removed = vault.remove_records(cut, action="forget.replay")
    return removed.messages + removed.events


def _forget_people(vault: Vault, erasures: Erasures) -> None:
    if "roster" in vault.ids("roster"):
        roster = Roster.loads(vault.get("roster", "roster"))
        roster.forget(erasures.labels & roster.people().keys())
        roster.keep_only(_spoken_of(vault))
        vault.put("roster", "roster", roster.dumps(), action="forget.names", details={})


def _spoken_of(vault: Vault) -> set[str]:
    """Every pseudonym, placeholder and conversation in what is kept."""
    used: set[str] = set()
    for talk in vault.scan():
        used.add(talk.id)
        for message in talk.messages:
            used.update(TOKEN.findall(msgspec.json.encode(message).decode()))
    for event in vault.events():
        used.update(TOKEN.findall(msgspec.json.encode(event).decode()))
    return used


def _forget_learned(vault: Vault, sources: set[str]) -> None:
    """Delete the datasets and models that were made of any of these sources."""
    details = {"sources": " ".join(sorted(sources))}
    for name in vault.ids("dataset"):
        if sources & Dataset.loads(vault.get("dataset", name)).card.consents.keys():
            vault.remove("dataset", name, action="forget.dataset", details=details)
    doomed = {card.id for card in Registry(vault).cards() if sources & card.consents.keys()}
    if doomed and "champion" in vault.ids("alias"):  # another has to earn it again
        vault.remove("alias", "champion", action="forget.model", details=details)
    for name in doomed:
        for kind in ("model", "artefact"):
            vault.remove(kind, name, action="forget.model", details=details)


def _read_ledger(file: Path, vault: Vault) -> bytes:
    refused = VaultError(
        f"{file}: is no ledger that this vault signed.",
        hint="Write it with `ipse backup ledger` in that vault.",
    )
    try:
        held = msgspec.json.decode(file.read_bytes(), type=_Ledger)
    except (OSError, msgspec.MsgspecError) as error:
        raise refused from error
    mine = held.vault == vault.id and held.public_key == public_key(vault.signing_key())
    if not mine or not is_signed(held.public_key, PURPOSE, held.unsigned(), held.signature):
        raise refused
    return held.ledger
