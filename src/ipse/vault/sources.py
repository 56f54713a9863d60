"""The sources in the catalog: each with its own key and a sealed ledger of what it holds."""

from collections.abc import Sequence
from typing import NamedTuple

import sqlalchemy as sa

from ipse.errors import DamagedVaultError
from ipse.vault import catalog as tables
from ipse.vault.keys import Key
from ipse.vault.parts import Parts, last
from ipse.vault.segments import Ledger, Sealer

__all__ = ["Home", "Sources"]


class Home(NamedTuple):
    """A source: its place in the catalog, its key, and what it holds.

    ``former`` is the key it had, as long as some of its streams are still under that (see ``rekeying``).
    """

    position: int
    key: Key
    ledger: Ledger
    former: Key | None = None


class Sources:
    """Finds, adds and updates the sources of one vault."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._sealer = Sealer(parts.vault)

    def find(self, db: sa.Connection, name: str) -> Home | None:
        """The source of that name, if anything of it was ever kept."""
        here = tables.sources.c.token == self._token(name)
        row = db.execute(sa.select(tables.sources).where(here)).one_or_none()
        return self.open(row) if row else None

    def key(self, db: sa.Connection, name: object) -> Key | None:
        """The key of that source; None where ``name`` names none."""
        home = self.find(db, name) if isinstance(name, str) else None
        return home.key if home else None

    def add(self, db: sa.Connection, name: str) -> Home:
        """A new source, its key durable."""
        (key,) = self._parts.keys.make(1)
        home = Home(last(db, tables.sources.c.position) + 1, key, Ledger(name))
        row = {"position": home.position, "token": self._token(name), "key_id": key.id}
        db.execute(sa.insert(tables.sources).values(**row, sealed=self._seal(home)))
        return home

    def save(self, db: sa.Connection, home: Home) -> None:
        """Write the ledger of ``home``, and which key it is under."""
        here = tables.sources.c.position == home.position
        values = {"key_id": home.key.id, "sealed": self._seal(home)}
        db.execute(sa.update(tables.sources).where(here).values(**values))

    def all(self) -> list[Home]:
        """Every source, in order of first appearance."""
        with self._parts.catalog.read() as db:
            rows = db.execute(sa.select(tables.sources).order_by(tables.sources.c.position)).all()
        return self.present(rows)

    def present(self, rows: Sequence[sa.Row[tuple[object, ...]]]) -> list[Home]:
        """Open rows read a moment ago, without those erased since."""
        homes = []
        for row in rows:
            try:
                homes.append(self.open(row))
            except DamagedVaultError:
                now = self._now(row)
                if now == row:
                    raise
                homes += self.present([now] if now is not None else [])
        return homes

    def _now(self, row: sa.Row[tuple[object, ...]]) -> sa.Row[tuple[object, ...]] | None:
        """What stands in place of a row that was read: it may have been erased or got another key since."""
        same = sa.select(tables.sources).where(tables.sources.c.position == row.position)
        with self._parts.catalog.read() as db:
            now = db.execute(same).one_or_none()
        return now if now is not None and now.token == row.token else None

    def gone(self, home: Home) -> bool:
        """Tell whether a source has been erased: a missing key is then no damage."""
        with self._parts.catalog.read() as db:
            return self.at(db, home) is None

    def at(self, db: sa.Connection, home: Home) -> sa.Row[tuple[object, ...]] | None:
        """The row of a source as it is now, found by its place: an index may be damaged."""
        here = tables.sources.c.position == home.position
        row = db.execute(sa.select(tables.sources).where(here)).one_or_none()
        return row if row is not None and row.token == self._token(home.ledger.name) else None

    def open(self, row: sa.Row[tuple[object, ...]]) -> Home:
        """Open a row; raises ``DamagedVaultError``."""
        key = self._parts.keys.one(row.key_id)
        ledger = self._sealer.open_summary(key, (row.token, row.position), row.sealed, Ledger)
        former = self._parts.keys.one(ledger.former) if ledger.former else None
        return Home(row.position, key, ledger, former)

    def _seal(self, home: Home) -> bytes:
        return self._sealer.summary(home.key, (self._token(home.ledger.name), home.position), home.ledger)

    def _token(self, name: str) -> bytes:
        return self._parts.token("source", name)
