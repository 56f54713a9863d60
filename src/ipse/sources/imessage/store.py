"""The database of Messages as rows: a copy, opened read-only, with what the app had not yet written into it.

Columns came and went with every system, so each is looked for and may be missing. It knows tables and joins,
and nothing of what a row means.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from typing import Any, Final, NamedTuple, TypeAlias

from ipse.errors import SourceError
from ipse.exports import ExportPath

__all__ = [
    "BIN",
    "COLUMNS",
    "DAMAGED",
    "SQLITE",
    "Chat",
    "Store",
    "Tapback",
    "Values",
    "number",
    "opened",
    "words",
]

SQLITE: Final = b"SQLite format 3\0"
COLUMNS: Final = (
    *("guid", "text", "attributedBody", "message_summary_info", "subject", "handle_id", "is_from_me"),
    *("date", "date_delivered", "date_read", "date_edited", "date_retracted", "item_type"),
    *("balloon_bundle_id", "thread_originator_guid"),
    *("is_forward", "is_auto_reply", "is_system_message", "is_service_message"),
)
"""The columns of a message that are read, in this order, where they exist."""
Values: TypeAlias = dict[str, Any]
"""A message: its columns and its ``row``."""

DAMAGED: Final = (sqlite3.DatabaseError, UnicodeDecodeError)
"""What a damaged database raises; the second where the text of the error quotes damaged bytes."""

LONGEST: Final = 1 << 26  # bytes of a value
LISTED: Final = 200  # people of a chat, attachments of a message, reactions to it
_REACTION: Final = "associated_message_type BETWEEN 2000 AND 3999"
_HINT: Final = "Quit Messages, copy chat.db, chat.db-wal and chat.db-shm together, and import the copy."


BIN: Final = -1
"""In place of a chat: where Messages keeps for 30 days what was deleted."""

_BESIDE: Final = """
CREATE TABLE placed (message INTEGER PRIMARY KEY, chat INTEGER);
CREATE TABLE attached (message INTEGER, name TEXT);
CREATE INDEX by_message ON attached (message);
CREATE TABLE reaction (target TEXT, kind INTEGER, emoji TEXT, mine INTEGER, handle INTEGER, given INTEGER);
CREATE INDEX by_target ON reaction (target);
"""


class Chat(NamedTuple):
    """A chat and the handles of those in it, by row."""

    identifier: str
    style: int
    handles: tuple[int, ...]


class Tapback(NamedTuple):
    """A reaction: which (3000 and above: taken back), by whom."""

    kind: int
    emoji: str
    mine: bool
    handle: int


def number(value: object) -> int:
    """A value as a whole number; 0 where it is none."""
    try:
        found = int(value) if isinstance(value, int | float | str) else 0
    except (ValueError, OverflowError):
        return 0
    return found if abs(found) < 1 << 63 else 0


def words(value: object) -> str:
    """A value as text; empty where there is none."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return "" if value is None else str(value)


def _target(guid: str) -> str:
    """What a reaction answers: `p:0/GUID` is a part of a message, `bp:GUID` a balloon."""
    start, _, rest = guid.partition("/")
    return rest if rest and start.startswith("p:") else guid.removeprefix("bp:")


@contextmanager
def opened(file: ExportPath) -> Iterator["Store"]:
    """The database in ``file``; raises ``SourceError`` where it is damaged, encrypted or another's."""
    with file.local(beside=("-wal",), copy=True) as copy:
        try:
            with (
                closing(sqlite3.connect(f"{copy.as_uri()}?mode=ro", uri=True)) as database,
                closing(sqlite3.connect("")) as beside,
            ):
                database.execute("PRAGMA trusted_schema = OFF")
                database.execute("PRAGMA writable_schema = ON")  # or SQLite refuses what was cut short
                database.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LONGEST)
                database.text_factory = lambda data: data.decode("utf-8", "replace")
                yield Store(database, beside, file.label)
        except DAMAGED as error:
            raise SourceError(f"{file.label}: the database is damaged or encrypted.", hint=_HINT) from error


class Store:
    """An open database, and beside it, by message, what other tables say of messages.

    That is copied row by row, for an index may be damaged or missing where the rows themselves are sound.
    """

    def __init__(self, database: sqlite3.Connection, beside: sqlite3.Connection, label: str) -> None:
        self._database, self._beside = database, beside
        # A view or a virtual table would run what the author of the file wrote.
        query = "SELECT name FROM sqlite_master WHERE type = 'table' AND sql LIKE 'CREATE TABLE%'"
        names = [str(name) for (name,) in database.execute(query)]
        columns = "SELECT name FROM pragma_table_info(?)"
        self._tables = {name: {str(one) for (one,) in database.execute(columns, (name,))} for name in names}
        if not self._tables.get("message", set()) >= {"date", "is_from_me"}:
            raise SourceError(f"{label}: it holds no messages of Messages.", hint=_HINT)
        self.damaged = False  # some page could not be read; what came after it is missing
        beside.executescript(_BESIDE)
        self._copy_chats()
        self._copy_attachments()
        self._copy_reactions()

    def _has(self, table: str, *columns: str) -> bool:
        return table in self._tables and self._tables[table].issuperset(columns)

    def _fields(self, table: str, columns: Sequence[str]) -> str:
        there = self._tables.get(table, set())
        return ", ".join(f"{table}.{name}" if name in there else f"NULL AS {name}" for name in columns)

    def _rows(self, query: str, *values: object) -> Iterator[tuple[Any, ...]]:
        """What the query finds, up to the damage if there is any."""
        try:
            yield from self._database.execute(query, values)
        except DAMAGED:
            self.damaged = True

    def _copy_chats(self) -> None:
        insert = "INSERT INTO placed VALUES (?, ?) ON CONFLICT DO UPDATE SET chat = min(chat, excluded.chat)"
        if self._has("chat_message_join", "chat_id", "message_id"):
            rows = self._rows("SELECT message_id, chat_id FROM chat_message_join")
            self._beside.executemany(insert, ((number(message), number(chat)) for message, chat in rows))
        if self._has("chat_recoverable_message_join", "message_id"):
            rows = self._rows("SELECT message_id FROM chat_recoverable_message_join")
            insert = "INSERT OR IGNORE INTO placed VALUES (?, ?)"
            self._beside.executemany(insert, ((number(message), BIN) for (message,) in rows))

    def _copy_attachments(self) -> None:
        if self._has("attachment") and self._has("message_attachment_join", "message_id", "attachment_id"):
            fields = self._fields("attachment", ("transfer_name", "filename"))
            query = (
                f"SELECT message_id, {fields} FROM message_attachment_join "  # noqa: S608 - our own names
                "CROSS JOIN attachment ON attachment.ROWID = attachment_id"
            )
            rows = ((number(row), words(name or file)) for row, name, file in self._rows(query))
            self._beside.executemany("INSERT INTO attached VALUES (?, ?)", rows)

    def _copy_reactions(self) -> None:
        if self._has("message", "associated_message_type", "associated_message_guid"):
            columns = ("associated_message_guid", "associated_message_type", "associated_message_emoji")
            fields = self._fields("message", (*columns, "is_from_me", "handle_id", "date"))
            rows = (
                (_target(words(guid)), number(kind), words(emoji), number(mine), number(handle), number(date))
                for guid, kind, emoji, mine, handle, date in self._rows(
                    f"SELECT {fields} FROM message WHERE {_REACTION}"  # noqa: S608 - our own names
                )
            )
            self._beside.executemany("INSERT INTO reaction VALUES (?, ?, ?, ?, ?, ?)", rows)

    def messages(self) -> Iterator[Values]:
        """Every message that is no reaction, once, in the order in which they came to this device.

        Raises one of :data:`DAMAGED` where the database is.
        """
        only = f"WHERE {_REACTION} IS NOT 1" if "associated_message_type" in self._tables["message"] else ""
        fields = self._fields("message", COLUMNS)
        query = f"SELECT message.ROWID, {fields} FROM message {only} ORDER BY message.ROWID"  # noqa: S608
        for values in self._database.execute(query):
            yield dict(zip(("row", *COLUMNS), values, strict=True))

    def chat(self, row: int) -> int | None:
        """The chat that a message is in, the oldest of several; :data:`BIN` if it was deleted lately."""
        found = self._beside.execute("SELECT chat FROM placed WHERE message = ?", (row,)).fetchone()
        return found[0] if found else None

    def attachments(self, row: int) -> tuple[str, ...]:
        """The names of the files of a message."""
        query = "SELECT name FROM attached WHERE message = ? LIMIT ?"
        return tuple(name for (name,) in self._beside.execute(query, (row, LISTED)))

    def reactions(self, guid: str) -> list[Tapback]:
        """The reactions to a message, in the order in which they were given."""
        query = "SELECT kind, emoji, mine, handle FROM reaction WHERE target = ? ORDER BY given LIMIT ?"
        rows = self._beside.execute(query, (guid, LISTED)) if guid else ()
        return [Tapback(kind, emoji, bool(mine), handle) for kind, emoji, mine, handle in rows]

    def reactions_counted(self) -> int:
        """How many reactions there are, those taken back and the taking back included."""
        found: int = self._beside.execute("SELECT COUNT(*) FROM reaction").fetchone()[0]
        return found

    def handles(self) -> list[tuple[int, str, str]]:
        """Row, address and, where the system knew it, the person behind several addresses."""
        if not self._has("handle", "id"):
            return []
        query = f"SELECT handle.ROWID, {self._fields('handle', ('id', 'person_centric_id'))} FROM handle"  # noqa: S608
        return [(row, words(address), words(person)) for row, address, person in self._rows(query)]

    def chats(self) -> dict[int, Chat]:
        """The chats by row."""
        if not self._has("chat", "chat_identifier"):
            return {}
        members: dict[int, list[int]] = {}
        if self._has("chat_handle_join", "chat_id", "handle_id"):
            for chat, handle in self._rows("SELECT chat_id, handle_id FROM chat_handle_join"):
                members.setdefault(number(chat), []).append(number(handle))
        query = f"SELECT chat.ROWID, {self._fields('chat', ('chat_identifier', 'style'))} FROM chat"  # noqa: S608
        return {
            row: Chat(words(identifier), number(style), tuple(members.get(row, ())))
            for row, identifier, style in self._rows(query)
        }

    def own_addresses(self) -> list[str]:
        """From which accounts and numbers of the owner messages were sent."""
        found: dict[str, None] = {}
        for column in ("account", "destination_caller_id"):
            if self._has("message", column):
                query = f"SELECT DISTINCT {column} FROM message WHERE is_from_me = 1 LIMIT ?"  # noqa: S608
                found |= {words(value): None for (value,) in self._rows(query, LISTED)}
        return list(found)
