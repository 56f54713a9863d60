"""Signal, by every way its messages come out: the app's own export, Android backups, tables, Desktop.

One source for all of them, because they are one platform: who wrote when and where is the same in each, so
what comes twice is kept once. It only tells the forms apart; each is read by a module of its own.
"""

from collections.abc import Iterator
from contextlib import closing
from typing import Literal, Protocol

from msgspec.structs import replace

from ipse.errors import SourceError
from ipse.exports import ExportPath
from ipse.interfaces import ReadOptions, Survey
from ipse.records import Message, Person, Unreadable
from ipse.sources.reading.guides import guide
from ipse.sources.reading.records import surveyed
from ipse.sources.signal.android import Contacts
from ipse.sources.signal.backup import header_of
from ipse.sources.signal.database import Database
from ipse.sources.signal.desktop import Desktop, chats_in
from ipse.sources.signal.frames import Frames, lines
from ipse.sources.signal.json5 import is_frames, listed
from ipse.sources.signal.loading import Account, load_backup, load_tables, tables_in
from ipse.sources.signal.rows import Rows

__all__ = ["Signal"]

_Form = Literal["backup", "export", "list", "tables", "desktop", "recovery", "database"]


class Signal:
    """Reads what Signal's apps and the tools around them write."""

    name = "signal"
    aliases: tuple[str, ...] = (
        "signal_android_backup",
        "signal_takeout_jsonl",
        "signal_csv",
        "signal_desktop",
        "signal_frames_json5",
    )
    reads = "Signal: the app's own export (main.jsonl), Android .backup with its passphrase, CSV, Desktop"
    general = False

    def guide(self) -> str:
        """How to get the export."""
        return guide(self.name)

    def recognizes(self, path: ExportPath) -> bool:
        """Tell by content; also what cannot be read here, so that the owner is told what to do instead."""
        try:
            return _form(path) is not None
        except SourceError:
            return False

    def survey(self, path: ExportPath, options: ReadOptions) -> Survey:
        """Read it through once, keeping who is in it under all their names."""
        with closing(_Reading(path, options)) as reading:
            found = surveyed(reading)
            # A nickname here may be a full name in the texts: every name of a person is to be known.
            senders = {**dict.fromkeys(reading.others, 0), **found.senders}
            return replace(found, senders=senders, owner=reading.owner, notes=reading.notes)

    def read(self, path: ExportPath, options: ReadOptions) -> Iterator[Message | Unreadable]:
        """Yield the messages, and what could not be read as ``Unreadable``.

        Raises ``SourceError`` for a passphrase missing or wrong, and for what only Signal opens.
        """
        with closing(_Reading(path, options)) as reading:
            yield from reading


def _form(path: ExportPath) -> _Form | None:
    if path.is_dir():
        return _form_of_folder(path)
    head = path.head
    if header_of(head) is not None:
        return "backup"
    if path.name == "db.sqlite" and head and not head.startswith(b"SQLite format 3\0"):
        return "database"
    if is_frames(head):
        return "list"
    if head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
        first = head.split(b"\n", 1)[0]
        if b'"backupTimeMs"' in first and b'"version"' in first:
            return "export"
        return "desktop" if chats_in(path) else None
    return "tables" if tables_in(path) else None


def _form_of_folder(path: ExportPath) -> _Form | None:
    main = path / "main.jsonl"
    if main.is_file():
        return "export" if _form(main) == "export" else None
    if (path / "main").is_file() and (path / "metadata").is_file() and path.name.startswith("signal-backup"):
        return "recovery"
    config = path / "config.json"
    if config.is_file() and b'ey"' in config.head and path.joinpath("sql", "db.sqlite").is_file():
        return "database"
    if tables_in(path):
        return "tables"
    return "desktop" if chats_in(path) else None


class _Messages(Protocol):
    """What every form is read as; the properties are complete once all messages were read."""

    @property
    def owner(self) -> tuple[Person, ...]: ...

    @property
    def others(self) -> tuple[Person, ...]: ...

    @property
    def notes(self) -> tuple[str, ...]: ...

    def __iter__(self) -> Iterator[Message | Unreadable]: ...


class _Reading:
    """An export being read: what could not be loaded first, then its messages."""

    def __init__(self, path: ExportPath, options: ReadOptions) -> None:
        self._faults: tuple[Unreadable, ...] = ()
        self._database: Database | None = None
        self._messages = self._opened(path, options)

    @property
    def owner(self) -> tuple[Person, ...]:
        """The owner, if the export names them."""
        return self._messages.owner

    @property
    def others(self) -> tuple[Person, ...]:
        """Further names of the people in it."""
        return self._messages.others

    @property
    def notes(self) -> tuple[str, ...]:
        """What the owner should know."""
        return self._messages.notes

    def __iter__(self) -> Iterator[Message | Unreadable]:
        yield from self._faults
        yield from self._messages

    def close(self) -> None:
        """Forget what was decrypted."""
        if self._database is not None:
            self._database.close()

    def _opened(self, path: ExportPath, options: ReadOptions) -> _Messages:
        form = _form(path)
        if form == "export":
            main, folder = (path / "main.jsonl", path) if path.is_dir() else (path, path.parent)
            return Frames(main.label, lines(main), folder)
        if form == "list":
            return Frames(path.label, listed(path))
        if form == "desktop":
            return Desktop(chats_in(path), options.tz)
        if form in ("backup", "tables"):
            return self._loaded(path, options, encrypted=form == "backup")
        raise _refused(path, form)

    def _loaded(self, path: ExportPath, options: ReadOptions, *, encrypted: bool) -> Rows:
        self._database = database = Database()
        try:
            if encrypted:
                account = load_backup(path, options.passphrase, database)
            else:
                account = Account(faults=tuple(load_tables(tables_in(path), database)))
        except SourceError:
            database.close()
            raise
        self._faults = account.faults
        contacts = Contacts(database, account=account.account, phone=account.phone, news=account.news)
        return Rows(database, contacts, path.label)


def _refused(path: ExportPath, form: _Form | None) -> SourceError:
    """Why it is not read, and what to do instead."""
    instead = "Let the app export its chats instead: `ipse sources guide signal`."
    if form == "recovery":
        return SourceError(
            f"{path.label}: a backup of Signal's newer kind, which only the app opens, with a recovery key "
            "of 64 characters.",
            hint=instead,
        )
    if form == "database":
        return SourceError(
            f"{path.label}: the database of Signal Desktop itself, which is locked.",
            hint="Run signal-export (github.com/carderne/signal-export) and import the folder it writes.",
        )
    return SourceError(f"{path.label}: not an export of Signal that is known.", hint=instead)
