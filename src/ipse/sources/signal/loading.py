"""Fills the database from a backup, frame by frame, or from tables that signalbackup-tools wrote as CSV.

Keeps what a message is made of and lets everything else go by. Knows no message.
"""

import sqlite3
from collections.abc import Iterator
from typing import Final, NamedTuple

from ipse.errors import SourceError
from ipse.exports import ExportPath
from ipse.records import Unreadable
from ipse.sources.reading.tables import Columns, headers, rows
from ipse.sources.signal.backup import ATTACHMENT, KEY_VALUE, PREFERENCE, STATEMENT, Piece, pieces
from ipse.sources.signal.database import TABLES, Database
from ipse.sources.signal.statements import Created, Statements
from ipse.sources.signal.wire import first

__all__ = ["Account", "load_backup", "load_tables", "table_of", "tables_in"]

_LONG_TEXT: Final = "text/x-signal-plain"
_SETTINGS: Final = {
    b"account.aci": "aci",
    b"pref_local_uuid": "aci",
    b"account.e164": "e164",
    b"pref_local_number": "e164",
    b"releasechannel.recipient_id": "news",
}
# Columns that the tables of a phone's own messages do not have: those look alike otherwise.
_SIGNALS: Final = frozenset(
    (  # noqa: SIM905
        "from_recipient_id recipient_id expires_in remote_deleted unidentified delivery_receipt_count "
        "receipt_timestamp quote_id latest_revision_id server_guid mismatched_identities"
    ).split()
)


class Account(NamedTuple):
    """Whose backup it is, as far as it says, and what of it could not be read.

    ``news`` is the number of the recipient that stands for Signal itself.
    """

    account: str = ""
    phone: str = ""
    news: str = ""
    faults: tuple[Unreadable, ...] = ()


def load_backup(path: ExportPath, passphrase: str, database: Database) -> Account:
    """Decrypt a backup into ``database``; raises ``SourceError`` where it cannot be opened."""
    loading = _Loading(path.label, database)
    for piece in pieces(path, passphrase, loading.is_text):
        if isinstance(piece, Unreadable):
            loading.faults.append(piece)
        else:
            loading.take(piece)
    database.filled()
    found = loading.found
    return Account(found.get("aci", ""), found.get("e164", ""), found.get("news", ""), tuple(loading.faults))


class _Loading:
    """What is remembered from frame to frame."""

    def __init__(self, label: str, database: Database) -> None:
        self._label, self._db = label, database
        self._statements = Statements(TABLES)
        self._texts: set[object] = set()  # attachments that are the whole of a long text
        self.faults: list[Unreadable] = []
        self.found: dict[str, str] = {}

    def is_text(self, frame: bytes) -> bool:
        """Whether an attachment's payload is a text."""
        return first(frame).get(1) in self._texts

    def take(self, piece: Piece) -> None:
        """Put a frame where it belongs."""
        try:
            if piece.kind == STATEMENT:
                self._statement(piece.body)
            elif piece.kind == ATTACHMENT and piece.payload:
                row = first(piece.body).get(1)
                self._texts.discard(row)
                text = piece.payload.decode("utf-8", "replace")
                self._db.insert("long_text", [row if isinstance(row, int) else 0, text])
            elif piece.kind in (PREFERENCE, KEY_VALUE):
                self._setting(piece)
        except (ValueError, OverflowError, sqlite3.Error) as error:
            reason = str(error) if type(error) is ValueError else "a row that does not fit its table"
            self.faults.append(Unreadable(self._label, f"frame {piece.number}", reason))

    def _statement(self, body: bytes) -> None:
        found = self._statements.read(body)
        if isinstance(found, Created):
            self._db.create(found.table, found.columns)
        elif found is not None:
            row = self._db.insert(found.table, found.values, found.columns)
            if _LONG_TEXT in (row.get("content_type"), row.get("ct")):
                self._texts.add(row.get("_id"))

    def _setting(self, piece: Piece) -> None:
        """The account is among the app's settings: ``account.aci`` now, ``pref_local_uuid`` once."""
        cells = first(piece.body)
        key, value = (1, 7) if piece.kind == KEY_VALUE else (2, 3)
        name, content = cells.get(key), cells.get(value)
        if isinstance(name, bytes) and isinstance(content, bytes):
            kind = _SETTINGS.get(name)
            if kind and content:
                self.found.setdefault(kind, content.decode("utf-8", "replace"))


def table_of(path: ExportPath) -> str:
    """Which table of messages a CSV file is, by its columns; empty for any other file."""
    if path.suffix not in (".csv", ".txt", "") or b"_id" not in path.head[:65536]:
        return ""
    try:
        found = headers(path, _columns("message"))
    except SourceError:
        return ""
    names = set(found[0]) if found else set()
    if not {"_id", "thread_id", "body"} <= names or len(names & _SIGNALS) < 2:
        return ""
    if "msg_box" in names:
        return "mms"
    if "type" not in names or "date_sent" not in names:
        return ""
    return "sms" if "address" in names or "date_received" not in names else "message"


def tables_in(path: ExportPath) -> dict[str, ExportPath]:
    """The CSV files of an export by their table; empty where ``path`` is no such export.

    Beside a file of messages alone, those of people and threads are looked for under their usual names.
    """
    if path.is_dir():
        folder: ExportPath | None = path
        found = {name: one for name in ("message", "sms", "mms") if table_of(one := path / f"{name}.csv")}
    else:
        name = table_of(path)
        found = {name: path} if name else {}
        folder = path.parent or (ExportPath.at(path.path.parent) if path.path else None)
    for name in TABLES if found and folder is not None else ():
        beside = folder / f"{name}.csv" if folder is not None else path
        if name not in found and name not in ("message", "sms", "mms") and beside.is_file():
            found[name] = beside
    return found


def load_tables(files: dict[str, ExportPath], database: Database) -> Iterator[Unreadable]:
    """Fill ``database`` from CSV files; yields the rows that cannot be read."""
    for table, file in files.items():
        columns = _columns(table)
        try:
            names = headers(file, columns)
            present = [name for name in TABLES[table] if names and name in names[0]]
            database.create(table, present)
            places = [TABLES[table].index(name) for name in present]
            for position, cells in rows(file, columns):
                if isinstance(cells, str):
                    yield Unreadable(file.label, position, cells)
                    continue
                try:
                    database.insert(table, [_cell(cells[place]) for place in places], present)
                except (ValueError, OverflowError, sqlite3.Error):
                    yield Unreadable(file.label, position, "a row that does not fit its table")
        except SourceError as error:
            yield Unreadable(file.label, "the whole file", error.message.removeprefix(f"{file.label}: "))
    database.filled()


def _cell(cell: object) -> str | int | None:
    """Tables write nothing for both no value and an empty one."""
    return cell if isinstance(cell, int) else str(cell) if cell not in (None, "") else None


def _columns(table: str) -> Columns:
    return Columns({name: (name,) for name in TABLES[table]}, needed=())
