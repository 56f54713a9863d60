"""iMessage: the database of Messages on a Mac (`chat.db`) or in the backup of an iPhone (`sms.db`).

It holds iMessage, SMS and RCS alike, and no names: people are numbers and addresses. What was sent is marked.
A single body or summary out of such a database is read too. Knows nothing of contacts.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from itertools import islice
from typing import Final

from msgspec.structs import replace

from ipse.errors import SourceError
from ipse.exports import ExportPath
from ipse.interfaces import ReadOptions, Survey
from ipse.records import Message, Person, Unreadable
from ipse.sources.imessage.bodies import LARGEST, STREAM, shown, stream_text, summary_of
from ipse.sources.imessage.messages import PLATFORM, Reader
from ipse.sources.imessage.store import DAMAGED, SQLITE, Store, opened
from ipse.sources.reading.guides import guide
from ipse.sources.reading.records import digest, surveyed

__all__ = ["IMessage"]

HASH: Final = "3d0d7e5fb2ce288813306e4d4636395e047a3d28"  # SHA-1 of `HomeDomain-Library/SMS/sms.db`
_NAMES: Final = ("chat.db", "sms.db", HASH)
_BESIDE: Final = (
    "attachments",
    "stickercache",
    "nicknamecache",
    "archive",
    "drafts",
    "caches",
    "cloudkitmetadata",
)
_PLISTS: Final = (b"bplist00", b"<?xml", b"<plist")
_HINT: Final = "Import a copy of ~/Library/Messages/chat.db, or an unencrypted backup of the iPhone."
_LOCKED: Final = (
    "In Finder or the Apple Devices app turn `Encrypt local backup` off and back up again; "
    "or import chat.db from a Mac that has the messages."
)


class IMessage:
    """Databases of Messages."""

    name = PLATFORM
    aliases: tuple[str, ...] = ("imessage_db", "imessage_typedstream", "imessage_summary_plist")
    reads = "iMessage, SMS and RCS: chat.db of a Mac, sms.db or an unencrypted backup of an iPhone"
    general = False

    def guide(self) -> str:
        """How to get the export."""
        return guide(self.name)

    def recognizes(self, path: ExportPath) -> bool:
        """Tell by the tables; a folder is one if it is Messages' own, or the backup of an iPhone."""
        try:
            if path.is_file():
                return _is_database(path) or path.head.startswith(STREAM) or _is_summary(path)
            return path.is_dir() and (_is_backup(path) or _is_messages(path))
        except SourceError:
            return False

    def survey(self, path: ExportPath, options: ReadOptions) -> Survey:
        """Count who wrote; the owner's addresses are those that messages were sent from."""
        file = _file(path)
        if not file.head.startswith(SQLITE):
            note = "Nothing in it says who wrote it, or when: it is as old as the file."
            return surveyed(self.read(path, options), owner=(), notes=[note])
        with opened(file) as store:
            reader = Reader(store)
            survey = surveyed(_messages(store, reader, file.label), owner=reader.owner())
            lost = store.reactions_counted() - reader.answered
        found = ["Nobody has a name in it: people are told apart by number and address."]
        if reader.answered:
            found.append(f"Reactions, kept with what they answer: {reader.answered:,}.")
        if lost > 0:
            found.append(f"Reactions to messages that are not in it, left out: {lost:,}.")
        return replace(survey, notes=tuple(found))

    def read(self, path: ExportPath, options: ReadOptions) -> Iterator[Message | Unreadable]:  # noqa: ARG002
        """Yield the messages in the order in which they came to the device."""
        file = _file(path)
        if file.head.startswith(STREAM):
            return _stream(file)
        if file.head.startswith(_PLISTS):
            return _summary(file)
        return _database(file)


# --- recognizing ---


def _is_database(file: ExportPath) -> bool:
    if not file.head.startswith(SQLITE):
        return False
    if b"chat_message_join" in file.head:
        return True
    if file.path is None or file.path.with_name(f"{file.name}-wal").exists():
        return file.name in _NAMES
    try:
        with closing(
            sqlite3.connect(f"{file.path.resolve().as_uri()}?mode=ro&immutable=1", uri=True)
        ) as database:
            query = (
                "SELECT COUNT(*) FROM sqlite_master WHERE name IN ('message', 'handle', 'chat_message_join')"
            )
            return bool(database.execute(query).fetchone()[0] == 3)
    except DAMAGED:
        return False


def _is_summary(file: ExportPath) -> bool:
    """Whether it is the summary of a message: a small list of properties with the keys of one."""
    head = file.head
    return (
        head.startswith(_PLISTS[0])
        and file.size <= LARGEST
        and b"Sotr" in head
        and (b"Rrp" in head or b"Rec" in head)
    )


def _is_backup(folder: ExportPath) -> bool:
    return (folder / "Manifest.plist").is_file() and any(
        (folder / name).is_file() for name in ("Manifest.db", "Manifest.mbdb")
    )


def _is_messages(folder: ExportPath) -> bool:
    """Whether there is a database in it, something that belongs to one, and nothing else."""
    if not any((folder / name).is_file() for name in _NAMES):
        return False
    children = list(islice(folder.iterdir(), 20))
    known = all(child.name.startswith(_NAMES) or child.name.casefold() in _BESIDE for child in children)
    found = any(child.name in _NAMES and _is_database(child) for child in children)
    return known and found and len(children) > 1


def _file(path: ExportPath) -> ExportPath:
    """The file to read; raises ``SourceError`` that says what to do where there is none."""
    if path.is_file():
        return path
    places = (("3d", HASH), (HASH,), ("chat.db",), ("sms.db",), ("Library", "SMS", "sms.db"))
    found = next((file for place in places if (file := path.joinpath(*place)).is_file()), None)
    if found is None:
        what = (
            "this backup of an iPhone holds no messages"
            if _is_backup(path)
            else "there are no messages in it"
        )
        raise SourceError(f"{path.label}: {what}.", hint=_HINT)
    if not found.head.startswith(SQLITE):
        locked = _is_backup(path)
        what = "this backup of an iPhone is encrypted" if locked else "chat.db is no database"
        raise SourceError(f"{path.label}: {what}.", hint=_LOCKED if locked else _HINT)
    return found


# --- reading ---


def _database(file: ExportPath) -> Iterator[Message | Unreadable]:
    if not file.head.startswith(SQLITE):
        raise SourceError(f"{file.label}: no database of Messages.", hint=_HINT)
    with opened(file) as store:
        yield from _messages(store, Reader(store), file.label)


def _messages(store: Store, reader: Reader, label: str) -> Iterator[Message | Unreadable]:
    rows, row = store.messages(), 0
    while True:
        try:
            values = next(rows, None)
            if values is None:
                break
            row = values["row"]
            item: Message | Unreadable = reader.message(values)
        except DAMAGED:
            yield Unreadable(label, f"row {row + 1}", "the database is damaged from here on")
            return
        except ValueError as error:
            item = Unreadable(file=label, position=f"row {row}", reason=str(error))
        yield item
    if store.damaged:
        yield Unreadable(
            label, f"row {row}", "the database is damaged: chats, reactions or files are missing"
        )


def _stream(file: ExportPath) -> Iterator[Message | Unreadable]:
    """A body alone: what it says, by whom nobody knows."""
    said = stream_text(file.read_bytes(LARGEST))
    if said is None:
        yield Unreadable(file=file.label, position="byte 0", reason="it holds no text that can be read")
    elif shown(said):
        yield _alone(file, said)


def _summary(file: ExportPath) -> Iterator[Message | Unreadable]:
    """A summary alone: the last words, or that there are none any more."""
    try:
        summary = summary_of(file.read_bytes(LARGEST))
    except ValueError as error:
        yield Unreadable(file=file.label, position="byte 0", reason=str(error))
        return
    if summary.unsent:
        yield replace(_alone(file, ""), content_type="deleted")
    elif summary.final is not None:
        yield replace(_alone(file, summary.final), edited=summary.edited)


def _alone(file: ExportPath, said: str) -> Message:
    return Message(
        id=digest(PLATFORM, "alone", said),
        conversation="alone",
        platform=PLATFORM,
        at=file.modified,
        sender=Person(""),
        text=shown(said),
        raw=said,
    )
