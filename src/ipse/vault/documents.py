"""Sealed documents: consents, the roster, datasets, models, jobs. Each has its own random key.

Up to 64 KiB the content stands in the catalog, above that in a file of its own, which is durable before the
row that names it. Replacing keeps the key; removing destroys it. This module does not know what a document
says; only its state is readable.
"""

from collections.abc import Iterable, Mapping, Sequence

import msgspec
import sqlalchemy as sa

from ipse.errors import DamagedVaultError, VaultError
from ipse.vault import catalog as tables
from ipse.vault import crypto
from ipse.vault.aside import Aside
from ipse.vault.journal import Journal
from ipse.vault.keys import Key
from ipse.vault.objects import Objects
from ipse.vault.parts import Parts, chunks, last
from ipse.vault.shredding import finish_shredding
from ipse.vault.sources import Sources

__all__ = ["Change", "Documents", "Put"]

INLINE_BYTES = 64 * 1024


class Change(msgspec.Struct, frozen=True):
    """What the audit log says of a change."""

    action: str
    details: Mapping[str, object]


class Put(msgspec.Struct, frozen=True):
    """A document to be kept; ``state`` stays readable."""

    kind: str
    name: str
    payload: bytes
    state: str = ""


class _Row(msgspec.Struct, frozen=True):
    """A row of the catalog; ``object`` is the name of a file, else the content is in ``sealed``."""

    token: bytes
    key_id: bytes
    state: str
    label: bytes = b""
    sealed: bytes | None = None
    object: bytes | None = None


_LABELS = sa.select(
    *(tables.documents.c[name] for name in ("token", "key_id", "state", "label")),
    # It lies behind the content; asked for a length alone, SQLite does not read that to get there.
    sa.case((sa.func.length(tables.documents.c.sealed).is_(None), tables.documents.c.object)).label("object"),
)
"""Rows without what the documents say: all chats of a vault, in memory, whenever somebody lists its jobs."""


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
        self._known: dict[_Row, _Label] = {}  # rows as they were listed last: to unseal each anew costs most

    def put(self, kind: str, name: str, payload: bytes, change: Change, *, state: str) -> None:
        """Keep a document in place of an older one of that kind and id; durable when this returns."""
        self.put_all([Put(kind, name, payload, state)], [change])

    def put_all(self, puts: Sequence[Put], changes: Sequence[Change]) -> int:
        """Keep several documents with what the log says of them, in one transaction: one wait for the disk.

        No two of them are the same. Returns the number of the newest audit row; all of it is durable then.
        """
        labels = [_Label(one.kind, one.name) for one in puts]
        with self._parts.catalog.locked():
            old = self._rows_of(map(self._token, labels))
            keys = self._parts.keys.several(row.key_id for row in old.values())
            missing = len(puts) - len(old)
            new = iter(self._parts.keys.make(missing) if missing else ())
            rows = []
            for label, one in zip(labels, puts, strict=True):
                row = old.get(self._token(label))
                rows.append(self._seal(label, keys[row.key_id] if row else next(new), one.payload, one.state))
            with self._parts.catalog.write() as db:
                self._write(db, rows, old)
                seq = self._note_all(db, changes)
            for row in old.values():
                if row.object:
                    self._objects.remove(row.object)
        return seq

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
        with self._parts.catalog.read() as db:
            found = db.execute(_LABELS.order_by(tables.documents.c.position)).mappings()
            rows = [_Row(**row) for row in found]
        known = self._known
        fresh = [row for row in rows if row not in known]
        if fresh:
            keys = self._parts.keys.get(row.key_id for row in fresh)
            known = known | {
                row: self._opened_label(row, keys[row.key_id]) for row in fresh if row.key_id in keys
            }
        known = self._known = {row: known[row] for row in rows if row in known}
        labels = ((known.get(row) or self._label(row), row.state) for row in rows)
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
        self._note_all(db, [change])

    def _note_all(self, db: sa.Connection, changes: Iterable[Change]) -> int:
        return self._journal.append_all(
            db,
            [(one.action, one.details, self._sources.key(db, one.details.get("source"))) for one in changes],
        )

    def _write(self, db: sa.Connection, rows: Sequence[_Row], old: Mapping[bytes, _Row]) -> None:
        """Put the rows in place of those of their tokens, or behind all others."""
        position = last(db, tables.documents.c.position)
        fresh = [row for row in rows if row.token not in old]
        replaced = [{"here": row.token, **msgspec.structs.asdict(row)} for row in rows if row.token in old]
        if replaced:
            here = tables.documents.c.token == sa.bindparam("here")
            db.execute(sa.update(tables.documents).where(here), replaced)
        if fresh:
            added = [
                {"position": position + n, **msgspec.structs.asdict(row)} for n, row in enumerate(fresh, 1)
            ]
            db.execute(sa.insert(tables.documents), added)

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

    def _label(self, row: _Row) -> _Label | None:
        """The label of a row read a moment ago whose key is gone, or None if it was removed since."""
        now = self._at(tables.documents.c.token == row.token)
        if now is None:
            return None
        if now.key_id == row.key_id:
            raise DamagedVaultError("A key of the vault is missing.", hint="Restore keys.db from a backup.")
        keys = self._parts.keys.get([now.key_id])
        return self._opened_label(now, keys[now.key_id]) if now.key_id in keys else self._label(now)

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

    def _rows_of(self, tokens: Iterable[bytes]) -> dict[bytes, _Row]:
        """The rows that there are, by token."""
        found: dict[bytes, _Row] = {}
        with self._parts.catalog.read() as db:
            for some in chunks(list(tokens)):
                here = sa.select(tables.documents).where(tables.documents.c.token.in_(some))
                found.update({row["token"]: _row(row) for row in db.execute(here).mappings()})
        return found

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
