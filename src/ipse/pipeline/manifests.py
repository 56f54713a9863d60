"""Archives as files: the signed manifest, the tables it lists, and how those of older versions are read.

An archive says by itself whether it is whole. Whose it is, only its public key tells.
"""

import hashlib
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, TypeVar

import msgspec
from msgspec.structs import replace

from ipse.consent import SignedConsent
from ipse.errors import DamagedVaultError, UnknownVersionError
from ipse.pipeline.tabular import Column, ExportFormat, columns_of, read_rows
from ipse.records import Event, Message, Person, Record
from ipse.signing import is_signed, public_key, signature
from ipse.vault.files import write_durably

__all__ = [
    "MANIFEST",
    "RECORD_COLUMNS",
    "VERSION",
    "Archive",
    "ArchiveFile",
    "ArchiveReader",
    "EventRow",
    "Known",
    "Placeholder",
    "file_of",
    "is_archive",
    "write_manifest",
]

PURPOSE = "archive"
MANIFEST = "manifest.json"
FORMAT: Literal["ipse-archive"] = "ipse-archive"
VERSION = 2
MAX_BYTES = 1 << 20  # a manifest lists some twenty files

T = TypeVar("T")


class ArchiveFile(msgspec.Struct, frozen=True):
    """A file of an archive: its name, SHA-256 in hex, size in bytes, and how many rows it has."""

    name: str
    sha256: str
    size: int
    rows: int


class Archive(msgspec.Struct, frozen=True, kw_only=True):
    """The manifest: every file, signed with the vault's key. ``names`` tells whether people are named.

    ``sources`` are those of the records in it; version 1 did not list them.
    """

    format: Literal["ipse-archive"] = FORMAT
    version: int = VERSION
    vault: str
    at: datetime
    form: ExportFormat = "jsonl"
    names: bool
    sources: tuple[str, ...] = ()
    files: tuple[ArchiveFile, ...]
    public_key: str
    signature: str = ""


class EventRow(msgspec.Struct, frozen=True, kw_only=True):
    """An event with its source in the vault."""

    source: str
    event: Event


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody you know. ``also`` are pseudonyms given up; ``name`` and ``handles`` only where asked for.

    ``messages`` are those they wrote.
    """

    pseudonym: str
    also: tuple[str, ...] = ()
    platforms: tuple[str, ...] = ()
    messages: int = 0
    excluded: bool = False
    objected: bool = False
    name: str | None = None
    handles: tuple[Person, ...] = ()


class Placeholder(msgspec.Struct, frozen=True, kw_only=True):
    """What stands behind a placeholder of the texts, or behind the token of a conversation."""

    token: str
    value: str


RECORD_COLUMNS = (Column("source", "text"), *columns_of(Message))


def write_manifest(directory: Path, bare: Archive, seed: bytes) -> Archive:
    """Sign the manifest, write it, and return it."""
    unsigned = replace(bare, public_key=public_key(seed), signature="")
    signed = replace(unsigned, signature=signature(seed, PURPOSE, _canonical(msgspec.to_builtins(unsigned))))
    write_durably(directory / MANIFEST, [msgspec.json.format(msgspec.json.encode(signed)) + b"\n"])
    return signed


def file_of(path: Path, rows: int) -> ArchiveFile:
    """What a manifest says of a file."""
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    return ArchiveFile(path.name, digest, path.stat().st_size, rows)


def is_archive(head: bytes) -> bool:
    """Whether a file that begins so is the manifest of an archive."""
    return head.lstrip().startswith(b"{") and f'"{FORMAT}"'.encode() in head[:200]


class ArchiveReader:
    """An archive whose every file is what was signed: made by :meth:`open`, which checks that."""

    def __init__(self, directory: Path, manifest: Archive) -> None:
        self.directory = directory
        self.manifest = manifest

    @classmethod
    def open(cls, directory: Path) -> "ArchiveReader":
        """Check signature and files; raises ``DamagedVaultError`` or ``UnknownVersionError``."""
        manifest = _manifest(directory)
        for file in manifest.files:
            path = directory / Path(file.name).name
            if not path.is_file() or file_of(path, file.rows) != file:
                raise DamagedVaultError(f"{path}: is not what was exported.", hint="Export it again.")
        return cls(directory, manifest)

    def records(self) -> Iterator[tuple[str, Record]]:
        """Each record with its source, messages first."""
        yield from _RECORDS[self.manifest.version](self)
        for row in self._rows("events", EventRow):
            yield row.source, row.event

    def contacts(self) -> list[Known]:
        """Everybody in it."""
        return list(self._rows("contacts", Known))

    def consents(self) -> list[SignedConsent]:
        """The consents in it, each as it was signed; that they are is for the caller to verify."""
        return list(self._rows("consents", SignedConsent))

    def placeholders(self) -> list[Placeholder]:
        """What stands behind placeholders, where names were asked for."""
        return list(self._rows("placeholders", Placeholder))

    def sources(self) -> set[str]:
        """The sources of its records."""
        return set(self.manifest.sources) or {source for source, _ in self.records()}

    def table(self, name: str) -> Path | None:
        """The file of a table, if there is one."""
        for file in self.manifest.files:
            if Path(file.name).stem == name:
                return self.directory / Path(file.name).name
        return None

    def _rows(self, table: str, row: type[T]) -> Iterator[T]:
        file = self.table(table)
        if file is None:
            return
        for found in read_rows(file, columns_of(row)):  # type: ignore[arg-type]  # each is a Struct
            yield _converted(found, row, file)


def _messages(reader: ArchiveReader) -> Iterator[tuple[str, Record]]:
    file = reader.table("records")
    for row in read_rows(file, RECORD_COLUMNS) if file else ():
        yield str(row.pop("source", "")), _converted(row, Message, reader.directory / "records")


def _messages_1(reader: ArchiveReader) -> Iterator[tuple[str, Record]]:
    """Version 1 kept a message under a name of its own in the line."""
    file = reader.directory / "records.jsonl"
    for row in read_rows(file, ()):
        yield str(row.get("source", "")), _converted(row.get("message"), Message, file)


_RECORDS: dict[int, Callable[[ArchiveReader], Iterator[tuple[str, Record]]]] = {
    1: _messages_1,
    2: _messages,
}
"""How each version is read. A new one gets a line here, and the old ones stay."""


def _manifest(directory: Path) -> Archive:
    changed = DamagedVaultError(f"{directory}: is no archive, or it was changed.", hint="Export it again.")
    try:
        with (directory / MANIFEST).open("rb") as stream:
            tree = msgspec.json.decode(stream.read(MAX_BYTES), type=dict[str, Any])
        version = tree.get("version")
        if tree.get("format") == FORMAT and isinstance(version, int) and version > VERSION:
            raise UnknownVersionError(f"{directory}: was written by a newer ipse.", hint="Update ipse.")
        manifest = msgspec.convert(tree, type=Archive)
    except (OSError, UnicodeDecodeError, msgspec.MsgspecError) as error:
        raise changed from error
    told = tree.keys() <= _FIELDS.get(manifest.version, frozenset())
    if not told or not is_signed(manifest.public_key, PURPOSE, _canonical(tree), manifest.signature):
        raise changed
    return manifest


_FIELDS = {
    1: frozenset({"format", "version", "vault", "at", "names", "files", "public_key", "signature"}),
    2: frozenset(Archive.__struct_fields__),
}


def _canonical(tree: dict[str, Any]) -> bytes:
    """What is signed: the manifest with an empty signature, keys sorted, no spaces."""
    return msgspec.json.encode({**tree, "signature": ""}, order="sorted")


def _converted(row: object, type_: type[T], file: Path) -> T:
    try:
        return msgspec.convert(row, type=type_)
    except msgspec.ValidationError as error:
        raise DamagedVaultError(f"{file}: a line is no record.", hint="Export it again.") from error
