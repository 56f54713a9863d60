"""Sealed documents: consents, the roster, datasets, models, jobs. Each has its own random key.

Up to 64 KiB the content stands in the catalog, above that in a file of its own, which is durable before the
row that names it. Replacing keeps the key; removing destroys it. This module does not know what a document
says; only its state is readable.
"""

from collections.abc import Mapping

import msgspec
import sqlalchemy as sa

from ipse.errors import DamagedVaultError, VaultError
from ipse.vault import catalog as tables
from ipse.vault import crypto
from ipse.vault.aside import Aside
from ipse.vault.journal import Journal
from ipse.vault.keys import Key
from ipse.vault.objects import Objects
from ipse.vault.parts import Parts, last
from ipse.vault.shredding import finish_shredding
from ipse.vault.sources import Sources

__all__ = ["Change", "Documents"]

INLINE_BYTES = 64 * 1024


class Change(msgspec.Struct, frozen=True):
    """What the audit log says of a change."""

    action: str
    details: Mapping[str, object]


class _Row(msgspec.Struct, frozen=True):
    """A row of the catalog; ``object`` is the name of a file, else the content is in ``sealed``."""

    token: bytes
    key_id: bytes
    state: str
    label: bytes = b""
    sealed: bytes | None = None
    object: bytes | None = None


class _Label(msgspec.Struct, array_like=True, frozen=True):
    kind: str
    id: str


class Documents:
    """Writes and reads the documents of one vault."""

    def __init__(self, parts: Parts, sources: Sources, journal: Journal) -> None:
        self._parts = parts
        self._sources = sources
        self._journal = journal
        self._objects = Objects(parts.folder, parts.vault)
        self._aside = Aside(parts.folder, parts.vault)

    def put(self, kind: str, name: str, payload: bytes, change: Change, *, state: str) -> None:
        """Keep a document in place of an older one of that kind and id; durable when this returns."""
        label = _Label(kind, name)
        with self._parts.catalog.locked():
            old = self._find(label)
            key = self._parts.keys.one(old.key_id) if old else self._parts.keys.make(1)[0]
            row = self._seal(label, key, payload, state)
            with self._parts.catalog.write() as db:
                if old:
                    here = tables.documents.c.token == row.token
                    db.execute(sa.update(tables.documents).where(here).values(msgspec.structs.asdict(row)))
                else:
                    position = last(db, tables.documents.c.position) + 1
                    db.execute(
                        sa.insert(tables.documents).values(position=position, **msgspec.structs.asdict(row))
                    )
                self._note(db, change)
            if old and old.object:
                self._objects.remove(old.object)

    def get(self, kind: str, name: str) -> bytes:
        """The content of a document; raises ``VaultError`` when there is none."""
        label = _Label(kind, name)
        return self._content(label, self._existing(label))

    def find(self, kind: str, name: str) -> bytes | None:
        """The content of a document, None where there is none: one look-up, for ids that strangers name."""
        label = _Label(kind, name)
        row = self._find(label)
        return self._content(label, row) if row else None

    def put_aside(self, kind: str, name: str, payload: bytes) -> None:
        """Keep what changes often beside a document; raises ``VaultError`` when there is none."""
        row = self._existing(_Label(kind, name))
        self._aside.write(self._parts.keys.one(row.key_id), row.token, payload)

    def get_aside(self, kind: str, name: str) -> bytes | None:
        """What is beside a document, if anything; raises ``VaultError`` when there is none."""
        row = self._existing(_Label(kind, name))
        return self._aside.read(self._parts.keys.one(row.key_id), row.token)

    def remove_aside(self, kind: str, name: str) -> None:
        """Delete what is beside a document, if anything."""
        self._aside.remove(self._token(_Label(kind, name)))

    def states(self, kind: str) -> dict[str, str]:
        """The ids of a kind with their states, in order of creation.

        It opens the label of every document: a readable kind could be changed without being noticed.
        """
        return {label.id: state for label, state in self._labelled() if label.kind == kind}

    def _labelled(self) -> list[tuple[_Label, str]]:
        everything = sa.select(tables.documents).order_by(tables.documents.c.position)
        with self._parts.catalog.read() as db:
            rows = [_row(row) for row in db.execute(everything).mappings()]
        keys = self._parts.keys.get(row.key_id for row in rows)
        labels = ((self._label(row, keys), row.state) for row in rows)
        return [(label, state) for label, state in labels if label]

    def labels(self) -> list[tuple[str, str]]:
        """Kind and id of every document, in order of creation."""
        return [(label.kind, label.id) for label, _ in self._labelled()]

    def remove(self, kind: str, name: str, change: Change) -> None:
        """Delete a document and destroy its key; raises ``VaultError`` when there is none."""
        with self._parts.catalog.locked():
            row = self._existing(_Label(kind, name))
            with self._parts.catalog.write() as db:
                db.execute(sa.delete(tables.documents).where(tables.documents.c.token == row.token))
                db.execute(sa.insert(tables.shreds).values(key_id=row.key_id))
                self._note(db, change)
            finish_shredding(self._parts)
            self._aside.remove(row.token)
            if row.object:
                self._objects.remove(row.object)

    def rekey(self, key_id: bytes) -> None:
        """Seal the document under that key anew, under a new one; if it is gone, nothing happens."""
        with self._parts.catalog.locked():
            row = self._at(tables.documents.c.key_id == key_id)
            if row is None:
                return
            label = self._opened_label(row, self._parts.keys.one(key_id))
            sealed = self._seal(label, self._parts.keys.make(1)[0], self._content(label, row), row.state)
            with self._parts.catalog.write() as db:
                here = tables.documents.c.token == row.token
                db.execute(sa.update(tables.documents).where(here).values(msgspec.structs.asdict(sealed)))
                db.execute(sa.insert(tables.shreds).values(key_id=key_id))
            if row.object:
                self._objects.remove(row.object)

    def note(self, change: Change) -> None:
        """An audit row alone."""
        with self._parts.catalog.write() as db:
            self._note(db, change)

    def tidy(self) -> None:
        """Delete files that no row names; looks again under the lock, for one may be about to be named."""
        if any(self._objects.strays(self._named())):
            with self._parts.catalog.locked():
                for stray in list(self._objects.strays(self._named())):
                    stray.unlink()

    def _named(self) -> list[bytes]:
        with self._parts.catalog.read() as db:
            return [name for name in db.execute(sa.select(tables.documents.c.object)).scalars() if name]

    def _note(self, db: sa.Connection, change: Change) -> None:
        source = self._sources.key(db, change.details.get("source"))
        self._journal.append(db, change.action, change.details, source=source)

    def _seal(self, label: _Label, key: Key, payload: bytes, state: str) -> _Row:
        row = _Row(self._token(label), key.id, state)
        if len(payload) > INLINE_BYTES:
            row = msgspec.structs.replace(row, object=self._objects.write(key, payload))
        else:
            row = msgspec.structs.replace(
                row, sealed=crypto.seal(key.secret, payload, self._place("document", row))
            )
        sealed = crypto.seal(key.secret, msgspec.json.encode(label), self._place("label", row))
        return msgspec.structs.replace(row, label=sealed)

    def _content(self, label: _Label, row: _Row) -> bytes:
        """Open a row read a moment ago; if it was replaced since, the one that stands now."""
        try:
            key = self._parts.keys.one(row.key_id)
            self._opened_label(row, key)
            if row.object:
                return self._objects.read(key, row.object)
            return crypto.unseal(key.secret, row.sealed or b"", self._place("document", row))
        except DamagedVaultError:
            now = self._existing(label)
            if now == row:
                raise
            return self._content(label, now)

    def _label(self, row: _Row, keys: Mapping[bytes, Key]) -> _Label | None:
        """The label of a row read a moment ago, or None if it was replaced or removed since."""
        key = keys.get(row.key_id)
        if key is not None:
            return self._opened_label(row, key)
        now = self._at(tables.documents.c.token == row.token)
        if now is None:
            return None
        if now.key_id == row.key_id:
            raise DamagedVaultError("A key of the vault is missing.", hint="Restore keys.db from a backup.")
        return self._label(now, self._parts.keys.get([now.key_id]))

    def _opened_label(self, row: _Row, key: Key) -> _Label:
        return msgspec.json.decode(
            crypto.unseal(key.secret, row.label, self._place("label", row)), type=_Label
        )

    def _existing(self, label: _Label) -> _Row:
        row = self._find(label)
        if row is None and label in (found for found, _ in self._labelled()):  # its index leads nowhere
            raise DamagedVaultError("A database of the vault is damaged.", hint="Restore a backup.")
        if row is None:
            raise VaultError(f"The vault has no {label.kind} `{label.id}`.", hint="Check the name.")
        return row

    def _find(self, label: _Label) -> _Row | None:
        return self._at(tables.documents.c.token == self._token(label))

    def _at(self, here: sa.ColumnElement[bool]) -> _Row | None:
        with self._parts.catalog.read() as db:
            row = db.execute(sa.select(tables.documents).where(here)).mappings().one_or_none()
        return _row(row) if row else None

    def _token(self, label: _Label) -> bytes:
        return self._parts.token("document", label.kind, label.id)

    def _place(self, what: str, row: _Row) -> bytes:
        return crypto.place(self._parts.vault, what, row.token, row.key_id, row.state, row.object or b"")


def _row(row: sa.RowMapping) -> _Row:
    return _Row(**{name: row[name] for name in _Row.__struct_fields__})
