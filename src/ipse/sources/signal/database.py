"""The tables of Signal for Android that messages are made of, in a database of our own.

Only the columns that are read are kept, under whatever name an app of that year gave them: columns are
looked for, versions are not. It lies in memory; past a bound the rest goes to a file without a name that is
gone with the process. Knows no person.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from typing import Any, Final

from ipse.sources.signal.statements import Value

__all__ = ["TABLES", "Database"]

_MEMORY_KIB: Final = 128 << 10
_MESSAGE: Final = (
    "_id date_sent date date_received thread_id type msg_box from_recipient_id recipient_id address body "
    "latest_revision_id original_message_id revision_number remote_deleted deleted_by view_once "
    "reveal_duration quote_id quote_author story_type is_story shared_contacts reactions"
)
TABLES: Final = {
    name: tuple(columns.split())
    for name, columns in {
        "message": _MESSAGE,
        "sms": _MESSAGE,
        "mms": _MESSAGE,
        "recipient": "_id aci uuid e164 phone email username group_id system_joined_name "
        "system_display_name system_given_name system_family_name profile_joined_name signal_profile_name "
        "profile_given_name profile_family_name nickname_joined_name nickname_given_name "
        "nickname_family_name",
        "thread": "_id recipient_id thread_recipient_id recipient_ids",
        "groups": "group_id recipient_id title master_key members",
        "group_membership": "group_id recipient_id",
        "mention": "message_id recipient_id range_start range_length",
        "reaction": "message_id is_mms author_id emoji",
        "part": "_id mid ct name file_name quote sticker_pack_id",
        "attachment": "_id message_id content_type file_name quote sticker_pack_id",
        "poll": "message_id question",
        "long_text": "_id body",  # ours: what Signal keeps as an attachment of type text/x-signal-plain
    }.items()
}
"""The tables and columns that are kept, with the names they had in older apps."""
# These hold text, so a number written in one is no number; all other columns give numbers where they can.
_TEXTS: Final = frozenset(
    (  # noqa: SIM905 - one word a line would say no more
        "body address aci uuid e164 phone email username group_id title members emoji ct name file_name "
        "content_type recipient_ids shared_contacts question system_joined_name system_display_name "
        "system_given_name system_family_name profile_joined_name signal_profile_name profile_given_name "
        "profile_family_name nickname_joined_name nickname_given_name nickname_family_name "
        "sticker_pack_id"
    ).split()
)
_INDEXED: Final = {
    "message": "_id",
    "mention": "message_id",
    "reaction": "message_id",
    "part": "mid",
    "attachment": "message_id",
    "poll": "message_id",
    "long_text": "_id",
}


class Database:
    """A few tables to fill and then to ask."""

    def __init__(self) -> None:
        self._db = sqlite3.connect("")  # private to this connection, and in memory while it is small
        self._db.execute(f"PRAGMA cache_size = -{_MEMORY_KIB}")
        for setting in ("journal_mode", "synchronous"):
            self._db.execute(f"PRAGMA {setting} = OFF")
        self._declared: dict[str, tuple[str, ...]] = {}  # every column as the export has it
        self._kept: dict[str, tuple[str, ...]] = {}
        self.create("long_text", TABLES["long_text"])

    def close(self) -> None:
        """Forget everything."""
        self._db.close()

    def create(self, table: str, columns: Sequence[str]) -> None:
        """Make a table that has ``columns``, if it is one that is read; one that is there stays."""
        kept = tuple(name for name in TABLES.get(table, ()) if name in columns)
        if not kept or table in self._kept:
            return
        types = ", ".join(f"{name} {'TEXT' if name in _TEXTS else 'INTEGER'}" for name in kept)
        self._db.execute(f"CREATE TABLE {table} ({types})")
        self._declared[table], self._kept[table] = tuple(columns), kept

    def insert(self, table: str, values: Sequence[Value], columns: Sequence[str] = ()) -> dict[str, Value]:
        """Keep what is read of a row; returns that. Raises ``ValueError`` where it does not fit its table."""
        if table not in self._kept:
            return {}
        columns = columns or self._declared[table]
        if len(columns) != len(values):
            raise ValueError("a row with more or fewer values than its table has columns")
        wanted = self._kept[table]
        row = {name: value for name, value in zip(columns, values, strict=True) if name in wanted}
        if not row:
            return {}
        # The names are our own: only those in TABLES come this far.
        sql = f"INSERT INTO {table} ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})"  # noqa: S608
        self._db.execute(sql, [_storable(value) for value in row.values()])
        return row

    def filled(self) -> None:
        """Make asking fast, once everything is in."""
        for table, column in _INDEXED.items():
            if column in self._kept.get(table, ()):
                self._db.execute(f"CREATE INDEX {table}_by_{column} ON {table} ({column})")

    def has(self, table: str) -> bool:
        """Whether the export has such a table."""
        return table in self._kept

    def column(self, table: str, *names: str) -> str:
        """The first of ``names`` that the table has; empty where it has none of them."""
        return next((name for name in names if name in self._kept.get(table, ())), "")

    def rows(self, table: str, column: str = "", value: object = None) -> Iterator[dict[str, Any]]:
        """The rows of a table, or those with ``value`` in a column; none where either is not there."""
        if table not in self._kept or (column and column not in self._kept[table]):
            return
        where, values = (f" WHERE {column} = ?", (value,)) if column else ("", ())
        cursor = self._db.execute(f"SELECT * FROM {table}{where}", values)  # noqa: S608 names are our own
        names = [name for name, *_ in cursor.description]
        for row in cursor:
            yield dict(zip(names, row, strict=True))

    def distinct(self, table: str, column: str, thread: int, most: int) -> list[Any]:
        """The first values that a column has in a thread."""
        query = f"SELECT DISTINCT {column} FROM {table} WHERE thread_id = ? LIMIT ?"  # noqa: S608
        return [value for (value,) in self._db.execute(query, (thread, most))]

    def senders(self) -> dict[int, int]:
        """How many sent messages (base types 21 to 26) each number stands at as the sender."""
        if not self.column("message", "from_recipient_id") or not self.column("message", "type"):
            return {}
        query = "SELECT from_recipient_id, count(*) FROM message WHERE type & 31 BETWEEN 21 AND 26 GROUP BY 1"
        return {who: times for who, times in self._db.execute(query) if isinstance(who, int)}

    def first_sent(self) -> Iterator[tuple[Any, Any, Any, Any]]:
        """Of each version of an edited message: thread, sender, its moment, and that of the first version."""
        if not self.column("message", "original_message_id") or not self.column(
            "message", "from_recipient_id"
        ):
            return iter(())
        return iter(
            self._db.execute(
                "SELECT m.thread_id, m.from_recipient_id, m.date_sent, o.date_sent FROM message m "
                "JOIN message o ON o._id = m.original_message_id"
            )
        )


def _storable(value: Value) -> Value:
    """Text that cannot be stored as UTF-8 is stored as what it can be."""
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else value
