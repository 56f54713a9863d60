"""The vault: one person's records and documents, sealed under keys that only their passphrase reaches.

A folder with ``vault.json`` (the header), ``keys.db``, ``catalog.db`` and ``objects/``; the catalog can be on
a PostgreSQL server instead. It keeps nothing but ``Cleared`` records, and it does not know whether the owner
allowed what is asked of it: the gate and the pipeline do.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from ipse.errors import PrivacyError, VaultExistsError
from ipse.interfaces import Progress
from ipse.privacy.gate import Cleared
from ipse.records import Event, Record
from ipse.vault import crypto, header
from ipse.vault.backup.writing import Backup, write_backup
from ipse.vault.crypto import KdfParameters
from ipse.vault.documents import Change, Documents, Put
from ipse.vault.erasing import Cut, Eraser, Removed
from ipse.vault.files import make_folder, write_durably
from ipse.vault.inspection import Inspection, drop_orphans, inspect
from ipse.vault.journal import AuditEntry, Journal
from ipse.vault.keeping import Keeper, Kept
from ipse.vault.location import LOCATION, Location
from ipse.vault.moving import Moved, move_catalog
from ipse.vault.opening import HEADER, Opener, by_secret, opened, read_header
from ipse.vault.parts import Parts
from ipse.vault.rekeying import Rekeyer
from ipse.vault.reserve import hold, in_need
from ipse.vault.scanning import Blocks, Conversation, Period, Scanner
from ipse.vault.segments import Manifest
from ipse.vault.shredding import finish_shredding
from ipse.vault.sources import Sources
from ipse.vault.streams import Streams
from ipse.vault.tiers import Due, Thinned, Tiers

__all__ = ["Vault", "VaultInfo"]

_SIGNING = ("signing", "ed25519")


class VaultInfo(msgspec.Struct, frozen=True, kw_only=True):
    """What anyone can read of a vault.

    ``generation`` counts the master keys before this one; ``opened_by`` are the kinds of its slots.
    ``catalog`` is the name of its file, or the URL of its server.
    """

    folder: Path
    id: str
    version: int
    kdf: KdfParameters | None
    generation: int
    opened_by: tuple[str, ...]
    catalog: str


class Vault:
    """An open vault. Make one with :meth:`create` or :meth:`open`; use it in a ``with`` block."""

    def __init__(self, parts: Parts) -> None:
        sources, streams = Sources(parts), Streams(parts)
        self._parts = parts
        self._sources = sources
        self._journal = Journal(parts)
        self._keeper = Keeper(parts, sources, streams, self._journal)
        self._eraser = Eraser(parts, sources, streams, self._journal)
        self._scanner = Scanner(parts, sources, streams)
        self._documents = Documents(parts, sources, self._journal)
        self._tiers = Tiers(parts, sources, streams, self._journal)
        self._rekeyer = Rekeyer(parts, sources, streams, self._journal)

    @classmethod
    def create(
        cls,
        folder: Path,
        passphrase: str,
        *,
        catalog: str = "",
        kdf: KdfParameters | None = None,
        allow_weak: bool = False,
    ) -> tuple[Self, str]:
        """Make a vault in ``folder``; returns it and its recovery key, which is stored nowhere.

        ``catalog`` is the URL of a PostgreSQL database for the catalog, which else is a file in the folder.
        ``kdf`` sets the cost of the passphrase; ``allow_weak`` takes a cost below the floor, for tests.
        Raises ``VaultExistsError``, and ``VaultError`` for a server that does not take it.
        """
        cost = kdf or KdfParameters()
        if not allow_weak:
            cost.require_strong()
        if any((folder / name).exists() for name in (HEADER, "keys.db", "catalog.db", LOCATION)):
            raise VaultExistsError(
                f"There is a vault in {folder}, or what is left of one.", hint="Choose another folder."
            )
        vault, master = crypto.random_bytes(crypto.ID_BYTES), crypto.random_bytes(crypto.KEY_BYTES)
        raw, recovery = header.compose(vault, master, passphrase, cost)
        where = Location.new(catalog, vault)
        where.engine(folder).require()  # before anything is written
        make_folder(folder)
        where.write(folder)
        made = cls(Parts.of(folder, header.parse(raw), master, where))
        made._parts.keys.create()
        made._parts.catalog.create()
        made._journal.begin()
        made.put(*_SIGNING, crypto.random_bytes(crypto.KEY_BYTES), action="vault.create", details={})
        write_durably(folder / HEADER, [raw])  # last: a folder with a header is a whole vault
        hold(folder)
        return made, recovery

    @classmethod
    def open(cls, folder: Path, secret: str) -> Self:
        """Open with the passphrase or the recovery key, and finish what a killed process left undone.

        Raises ``VaultMissingError``, ``WrongPassphraseError``, ``DamagedVaultError`` or
        ``UnknownVersionError``.
        """
        return cls.open_by(folder, by_secret(secret))

    @classmethod
    def open_by(cls, folder: Path, opener: Opener) -> Self:
        """:meth:`open` by another way to the master key: a session, or the keyring."""
        made = in_need(folder, lambda: cls.assembled(opened(folder, opener).parts))
        hold(folder)
        return made

    @classmethod
    def assembled(cls, parts: Parts) -> Self:
        """A vault of parts that lie in a folder without a header, as a restore puts them together."""
        made = cls(parts)
        finish_shredding(parts)
        made._documents.tidy()
        made._journal.begin()
        return made

    @staticmethod
    def info(folder: Path) -> VaultInfo:
        """What can be read without the passphrase; raises like :meth:`open`."""
        read = read_header(folder)
        cost = next((slot.kdf for slot in read.slots if slot.kdf), None)
        return VaultInfo(
            folder=folder,
            id=read.vault.hex(),
            version=read.version,
            kdf=cost,
            generation=read.generation,
            opened_by=tuple(slot.kind for slot in read.slots),
            catalog=str(Location.read(folder)),
        )

    def close(self) -> None:
        """Close the files. A closed vault is not used again."""
        self._parts.catalog.close()

    def __enter__(self) -> Self:
        """Use it in a ``with`` block."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
        self.close()

    @property
    def id(self) -> str:
        """The vault's random id, 32 hex digits."""
        return self._parts.vault.hex()

    @property
    def folder(self) -> Path:
        """Where it lies."""
        return self._parts.folder

    def keep(self, batch: Sequence[Cleared[Record]], *, source: str) -> Kept:
        """Keep those records that are not there yet, in one transaction; durable when this returns."""
        if not all(isinstance(cleared, Cleared) for cleared in batch):
            raise PrivacyError(
                "The vault keeps only what the gate cleared.", hint="Pass it through Gate.clear()."
            )
        if not batch:
            return Kept(0, 0)
        return self._keeper.keep([cleared.record for cleared in batch], source)

    def keep_events(
        self,
        batch: Sequence[Cleared[Event]],
        *,
        source: str,
        became: Sequence[Cleared[Event]] = (),
        told: Mapping[str, object] | None = None,
    ) -> Kept:
        """Keep those events that are not there yet, in one transaction; durable when this returns.

        An event is known by its stream, time and key. ``became`` are what others are by now, such as a state
        that went on, and take their place. The audit log is told with ``told``; where that is None, whoever
        keeps one batch after the other tells of several at once.
        """
        if not all(isinstance(cleared, Cleared) for cleared in (*batch, *became)):
            raise PrivacyError(
                "The vault keeps only what the gate cleared.", hint="Pass it through Gate.clear()."
            )
        added, later = [one.record for one in batch], [one.record for one in became]
        return self._keeper.keep_events(added, later, source, told=told)

    def known(self, ids: Sequence[str], *, source: str) -> frozenset[str]:
        """Those of the ids of records that are kept already; tells before the work of clearing them."""
        return self._keeper.known(ids, source) if ids else frozenset()

    def scan(self, *, sources: Collection[str] | None = None) -> Iterator[Conversation]:
        """Each conversation whole, its messages by time; in order of first appearance."""
        return self._scanner.conversations(sources)

    def events(self, *, sources: Collection[str] | None = None) -> Iterator[Event]:
        """Each event: by the order in which streams and days came about, in each by time."""
        return self._scanner.events(sources)

    def event_blocks(self, span: Period) -> Iterator[Blocks]:
        """The events of a span of time as columns, a stream's day at a time; see ``pipeline.days.events``."""
        return self._scanner.blocks(span)

    def event_partitions(self) -> Iterator[tuple[str, Manifest]]:
        """What there is of events, by source, stream and day, without opening any; see ``pipeline.days``."""
        return self._scanner.partitions()

    def counts(self) -> dict[str, dict[str, int]]:
        """By source: ``records``, ``conversations``, and ``bytes`` before sealing."""
        return {
            home.ledger.name: {
                "records": home.ledger.records,
                "conversations": home.ledger.conversations,
                "bytes": home.ledger.size,
            }
            for home in self._sources.all()
        }

    def erase(self, source: str) -> int:
        """Destroy the keys of a source and delete its ciphertext; returns how many records went."""
        return self._keeper.erase(source)

    def thin(self, source: str) -> None:
        """Delete the ciphertext of a source bit by bit, where the disk is too full for :meth:`erase`.

        Until that follows, what is left of the source is damaged: keep word of it before.
        """
        self._keeper.thin(source)

    def measure(self, cut: Cut) -> Removed:
        """What :meth:`remove_records` would take out."""
        return self._eraser.measure(cut)

    def remove_records(self, cut: Cut, *, action: str) -> Removed:
        """Take records out: what stays beside them is sealed under new keys, the old ones are destroyed."""
        return self._eraser.remove(cut, action)

    def downsample(self, source: str, due: Due) -> Thinned | None:
        """Keep some of a source's metrics by fewer and longer intervals; None where nothing is due."""
        return self._tiers.step(source, due)

    def to_downsample(self, source: str, due: Due) -> Thinned:
        """What :meth:`downsample` would look at, called until nothing is due."""
        return self._tiers.waiting(source, due)

    def compact(self) -> bool:
        """Give the room of what was deleted back where it is much; tells whether it did."""
        return self._parts.catalog.compact()

    def exclusive(self) -> AbstractContextManager[None]:
        """Keep other writers out meanwhile, for what is read and then written."""
        return self._parts.catalog.locked()

    def put(
        self,
        kind: str,
        name: str,
        payload: bytes,
        *,
        action: str,
        details: Mapping[str, object],
        state: str = "",
    ) -> None:
        """Keep a sealed document in place of an older one of that name; ``state`` stays readable."""
        self._documents.put(kind, name, payload, Change(action, details), state=state)

    def put_all(self, puts: Sequence[Put], changes: Sequence[Change]) -> int:
        """Keep several documents and what the audit log says of them at once; the newest row's number."""
        return self._documents.put_all(puts, changes)

    def version(self) -> str:
        """Another text as soon as anybody, in whatever process, has written; told in microseconds.

        Over PostgreSQL in a round trip, see :attr:`near`.
        """
        return self._parts.catalog.version()

    @property
    def near(self) -> bool:
        """Whether :meth:`version` waits for nobody."""
        return self._parts.catalog.near

    def get(self, kind: str, name: str) -> bytes:
        """The content of a document; raises ``VaultError`` when there is none."""
        return self._documents.get(kind, name)

    def find(self, kind: str, name: str) -> bytes | None:
        """The content of a document, or None; quicker than :meth:`get` where there is none."""
        return self._documents.find(kind, name)

    def put_aside(self, kind: str, name: str, payload: bytes) -> None:
        """Keep what changes often beside a document, sealed under its key; neither durable nor audited."""
        self._documents.put_aside(kind, name, payload)

    def get_aside(self, kind: str, name: str) -> bytes | None:
        """What is beside a document, or None; raises ``VaultError`` when there is no such document."""
        return self._documents.get_aside(kind, name)

    def remove_aside(self, kind: str, name: str) -> None:
        """Delete what is beside a document, if anything."""
        self._documents.remove_aside(kind, name)

    def ids(self, kind: str) -> list[str]:
        """The ids of a kind, in order of creation."""
        return list(self._documents.states(kind))

    def states(self, kind: str) -> dict[str, str]:
        """The ids of a kind with their readable states, in order of creation."""
        return self._documents.states(kind)

    def remove(self, kind: str, name: str, *, action: str, details: Mapping[str, object]) -> None:
        """Delete a document and destroy its key; raises ``VaultError`` when there is none."""
        self._documents.remove(kind, name, Change(action, details))

    def note(self, action: str, details: Mapping[str, object]) -> None:
        """Write an audit row alone: answers given, exports, reads of content."""
        self._documents.note(Change(action, details))

    def audit_rows(self) -> Iterator[AuditEntry]:
        """The audit log, oldest first; raises ``AuditError`` at a row that is not what was written."""
        return self._journal.entries()

    def verify_audit(self) -> int:
        """Check the chain and the details of every row; returns how many, raises ``AuditError``."""
        return self._journal.verify().rows

    @property
    def journal(self) -> Journal:
        """The audit log itself: its checkpoints, and its export."""
        return self._journal

    def read_all(self) -> int:
        """Read every record, document and audit row; returns how many records.

        Raises ``DamagedVaultError`` or ``AuditError`` at the first that is not what was written.
        """
        for kind, name in self._documents.labels():
            self._documents.get(kind, name)
        self._journal.verify()
        return sum(len(talk.messages) for talk in self.scan()) + sum(1 for _ in self.events())

    def back_up(self, directory: Path, *, keep: int | None = None, progress: Progress) -> Backup:
        """Write what changed since the last backup in ``directory``, and read all of it again.

        ``keep`` so many backups there and delete older ones. What can be opened needs the recovery key.
        """
        return write_backup(self._parts, directory, self.signing_key(), keep=keep, progress=progress)

    def reencrypt(self, progress: Progress) -> int:
        """Seal everything under new random keys, or go on with that; returns how many pieces were sealed."""
        return self._rekeyer.run(progress)

    def move_catalog(self, url: str, progress: Progress) -> Moved:
        """Move the catalog to a PostgreSQL server, or to the folder for ``sqlite``; close the vault then."""
        return move_catalog(self._parts, url, progress)

    @property
    def reencrypting(self) -> bool:
        """Whether :meth:`reencrypt` was begun and not finished."""
        return self._rekeyer.unfinished

    def inspect(self) -> Inspection:
        """Look the files and keys over; raises ``DamagedVaultError`` where one cannot be read at all."""
        return inspect(self._parts)

    def drop_orphans(self) -> int:
        """Destroy keys that nothing names any more; returns how many."""
        return drop_orphans(self._parts)

    def signing_key(self) -> bytes:
        """The vault's Ed25519 seed, 32 bytes, for signing consents."""
        return self._documents.get(*_SIGNING)
