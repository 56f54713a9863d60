"""Everything of a vault in open formats, signed, for its owner or another program.

What is in it is pseudonymized as the vault holds it; names only where the owner asks for them. It holds no
key. The formats are told in docs/guides/portability.md.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import msgspec
from msgspec.structs import replace

from ipse.datasets import Dataset
from ipse.errors import DamagedVaultError, VaultExistsError
from ipse.pipeline.contacts import contacts
from ipse.pipeline.exporting import ExportFormat, export_messages
from ipse.pipeline.workspace import Workspace
from ipse.privacy.roster import Roster
from ipse.records import Event, Message, Person
from ipse.registry import Registry
from ipse.signing import is_signed, public_key, signature
from ipse.vault.files import write_durably

__all__ = ["Archive", "ArchiveFile", "KeptRecord", "Known", "export_all", "read_archive", "read_lines"]

PURPOSE = "archive"
MANIFEST = "manifest.json"


class ArchiveFile(msgspec.Struct, frozen=True):
    """A file of an archive: its name, SHA-256 in hex, size in bytes, and how many rows it has."""

    name: str
    sha256: str
    size: int
    rows: int


class Archive(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The manifest: every file, signed with the vault's key. ``names`` tells whether people are named."""

    format: Literal["ipse-archive"] = "ipse-archive"
    version: Literal[1] = 1
    vault: str
    at: datetime
    names: bool
    files: tuple[ArchiveFile, ...]
    public_key: str
    signature: str = ""

    def unsigned(self) -> bytes:
        """What is signed: canonical JSON."""
        return msgspec.json.encode(replace(self, signature=""), order="sorted")


class KeptRecord(msgspec.Struct, frozen=True, omit_defaults=True):
    """A line of ``records.jsonl`` or ``events.jsonl``: a record as the vault keeps it, and its source."""

    source: str
    message: Message | None = None
    event: Event | None = None


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """A line of ``contacts.jsonl``; ``also`` are pseudonyms given up. Names and handles only where asked."""

    pseudonym: str
    also: tuple[str, ...] = ()
    platforms: tuple[str, ...] = ()
    messages: int = 0
    excluded: bool = False
    name: str | None = None
    handles: tuple[Person, ...] = ()


def export_all(
    workspace: Workspace, directory: Path, form: ExportFormat = "jsonl", *, names: bool = False
) -> Archive:
    """Write everything into an empty folder; noted in the audit log first. The manifest comes last."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    if any(directory.iterdir()):
        raise VaultExistsError(f"{directory}: is not empty.", hint="Name an empty folder.")
    vault = workspace.vault
    vault.note("export.all", {"format": form, "names": names})
    table = directory / f"messages.{form}"
    counts = {table.name: export_messages(workspace, table, form)}
    roster = workspace.roster()
    lines: dict[str, Callable[[], Iterable[object]]] = {
        "records.jsonl": lambda: _records(workspace, roster),
        "events.jsonl": lambda: _events(workspace),
        "consents.jsonl": workspace.consents,
        "datasets.jsonl": lambda: _datasets(workspace),
        "models.jsonl": Registry(vault).cards,
        "contacts.jsonl": lambda: _contacts(workspace, roster, names=names),
        "audit.jsonl": lambda: _audit(workspace),
    }
    for name, rows in lines.items():
        counts[name] = _write(directory / name, rows())
    files = tuple(_file(directory / name, rows) for name, rows in counts.items())
    seed = vault.signing_key()
    bare = Archive(
        vault=vault.id, at=datetime.now(UTC), names=names, files=files, public_key=public_key(seed)
    )
    signed = replace(bare, signature=signature(seed, PURPOSE, bare.unsigned()))
    write_durably(directory / MANIFEST, [msgspec.json.format(msgspec.json.encode(signed)) + b"\n"])
    return signed


def read_archive(directory: Path) -> Archive:
    """The manifest of an archive whose every file is what was signed; raises ``DamagedVaultError``."""
    changed = DamagedVaultError(f"{directory}: is no archive, or it was changed.", hint="Export it again.")
    try:
        archive = msgspec.json.decode((directory / MANIFEST).read_bytes(), type=Archive)
    except (OSError, msgspec.MsgspecError) as error:
        raise changed from error
    if not is_signed(archive.public_key, PURPOSE, archive.unsigned(), archive.signature):
        raise changed
    for file in archive.files:
        path = directory / Path(file.name).name
        if not path.is_file() or _file(path, file.rows) != file:
            raise DamagedVaultError(f"{path}: is not what was exported.", hint="Export it again.")
    return archive


def read_lines(file: Path) -> Iterator[bytes]:
    """The lines of a file, one after another."""
    with file.open("rb") as stream:
        yield from stream


def _records(workspace: Workspace, roster: Roster) -> Iterator[KeptRecord]:
    for talk in workspace.vault.scan():
        for message in talk.messages:
            out = message.direction == "inbound" and roster.now(message.sender.name) in roster.excluded
            yield KeptRecord(talk.source, _gap(message) if out else message)


def _gap(message: Message) -> Message:
    """What is left of a message of somebody who was excluded, as every export shows it."""
    bare = replace(message, sender=Person(""), text="", raw="", subject=None)
    return replace(bare, content_type="deleted", attachments=())


def _events(workspace: Workspace) -> Iterator[KeptRecord]:
    for source in workspace.vault.counts():
        for event in workspace.vault.events(sources=[source]):
            yield KeptRecord(source, event=event)


def _datasets(workspace: Workspace) -> Iterator[object]:
    vault = workspace.vault
    return (Dataset.loads(vault.get("dataset", name)).card for name in vault.ids("dataset"))


def _contacts(workspace: Workspace, roster: Roster, *, names: bool) -> Iterator[Known]:
    for one in contacts(workspace):
        known = Known(
            pseudonym=one.pseudonym,
            also=tuple(label for label, into in roster.merged.items() if into == one.pseudonym),
            platforms=one.platforms,
            messages=one.messages,
            excluded=one.excluded,
        )
        yield replace(known, name=one.name, handles=roster.handles(one.pseudonym)) if names else known


def _audit(workspace: Workspace) -> Iterator[object]:
    """What was done and when, without its details."""
    return ({"seq": row.seq, "at": row.at, "action": row.action} for row in workspace.vault.audit_rows())


def _write(file: Path, rows: Iterable[object]) -> int:
    with file.open("wb") as stream:
        return sum(1 for row in rows if stream.write(msgspec.json.encode(row) + b"\n"))


def _file(path: Path, rows: int) -> ArchiveFile:
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    return ArchiveFile(path.name, digest, path.stat().st_size, rows)
