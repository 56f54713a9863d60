"""Destroying keys once what they sealed is gone from the catalog."""

import sqlalchemy as sa

from ipse.vault import catalog as tables
from ipse.vault.parts import Parts, chunks

__all__ = ["finish_shredding"]


def finish_shredding(parts: Parts) -> None:
    """Destroy the keys that the catalog says are to go, and empty its log of what they sealed.

    While somebody reads, the log cannot be emptied: then word of it stays, and the next opening tries again.
    """
    with parts.catalog.locked():
        with parts.catalog.read() as db:
            doomed = list(db.execute(sa.select(tables.shreds.c.key_id)).scalars())
        if not doomed:
            return
        parts.keys.shred(doomed)
        if not parts.catalog.scrub():
            return
        with parts.catalog.write() as db:
            for some in chunks(doomed):
                db.execute(sa.delete(tables.shreds).where(tables.shreds.c.key_id.in_(some)))
