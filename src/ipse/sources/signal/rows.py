"""Messages from the tables of Signal for Android: a row of ``message`` (or ``sms``, ``mms``) becomes one.

``type`` holds what a row is: its low five bits a kind, the bits above flags. Knows neither backup nor CSV.
"""

from collections.abc import Iterator
from typing import Any, Final

from ipse.records import ContentType, Message, Person, Reaction, Unreadable
from ipse.sources.reading.texts import clean
from ipse.sources.reading.times import from_ms
from ipse.sources.signal.android import TABLES_OF_MESSAGES, Contacts, either, number
from ipse.sources.signal.database import Database
from ipse.sources.signal.people import LINK, SELF, Chat, Ids, mentioned
from ipse.sources.signal.wire import fields, first

__all__ = ["Rows"]

_SENT: Final = range(21, 27)  # outbox, sending, sent, failed, waiting for plain SMS
_RECEIVED, _DRAFT = 20, 27
_CALLS: Final = {1, 2, 3, 8, 10, 11, 12}
_CALLS_MADE: Final = {2, 11}
# Group changes, leaving, timers, ended sessions, failed decryption, key exchange from 0x200 up to 0x8000.
_BY_APP: Final = 0x10000 | 0x20000 | 0x40000 | 0x400000 | 0x1C000000 | 0xFE00
_SPECIAL: Final = 0xF_0000_0000  # gifts, payments, accepted requests …
_STORY_REACTION: Final = 0x1_0000_0000
_LONG_TEXT: Final = "text/x-signal-plain"


class Rows:
    """Every message of a database; ``notes`` tell what was left out on purpose, once all were read."""

    def __init__(self, database: Database, contacts: Contacts, label: str) -> None:
        self._db, self._contacts, self._label = database, contacts, label
        self._ids = Ids()
        self._drafts = self._older = 0
        self._first_sent = {
            (thread, self._author(sender), sent): original
            for thread, sender, sent, original in database.first_sent()
        }

    @property
    def owner(self) -> tuple[Person, ...]:
        """The owner, if the export names them."""
        return self._contacts.owner

    @property
    def others(self) -> tuple[Person, ...]:
        """Further names of the people in it."""
        return self._contacts.others

    @property
    def notes(self) -> tuple[str, ...]:
        """One line for each kind of row that is no message of its own."""
        notes = []
        if self._older:
            notes.append(f"Older versions of edited messages, left out: {self._older}.")
        if self._drafts:
            notes.append(f"Drafts that were never sent, left out: {self._drafts}.")
        return tuple(notes)

    def __iter__(self) -> Iterator[Message | Unreadable]:
        """Yield them in the order of the export."""
        for table in TABLES_OF_MESSAGES:
            for row in self._db.rows(table):
                if either(row, "latest_revision_id"):
                    self._older += 1
                elif _kind(row) == _DRAFT:
                    self._drafts += 1
                else:
                    yield self._read(table, row)

    def _read(self, table: str, row: dict[str, Any]) -> Message | Unreadable:
        try:
            return self._message(table, row)
        except (ValueError, OverflowError):
            place = f"row {number(row.get('_id'))} of {table}"
            return Unreadable(self._label, place, "it has no moment, or none that a calendar knows")

    def _message(self, table: str, row: dict[str, Any]) -> Message:
        sent = _moment(row)
        at = from_ms(sent)
        chat = self._contacts.thread(row.get("thread_id"))
        outbound, sender, author = self._sender(row)
        files, long_text, sticker = self._attachments(table, row)
        raw = str(either(row, "body") or "")
        kind = _content(row)
        text, mentions = ("", ()) if kind else self._text(table, row, long_text or raw)
        if not kind:
            kind = self._told_by(table, row, text, bool(files) or sticker)
        by_app = kind in ("system", "call")
        original = self._first_sent.get((row.get("thread_id"), author, sent), sent)
        return Message(
            id=self._ids.new(chat.key, author, original, "app" if by_app else "message"),
            conversation=chat.key,
            platform="signal",
            at=at,
            sender=Person("") if kind == "system" else sender,
            text=text,
            raw=raw if text else "",
            direction="outbound" if outbound and kind != "system" else "inbound",
            participants=chat.participants,
            group=chat.group,
            content_type=kind,
            subject=chat.title,
            reply_to=self._reply(row, chat),
            attachments=files,
            automatic=chat.automatic,
            edited=bool(number(row.get("original_message_id")) or number(row.get("revision_number"))),
            reactions=self._reactions(table, row),
            mentions=mentions,
        )

    def _author(self, reference: object) -> str:
        return self._contacts.recipient(reference).key

    def _sender(self, row: dict[str, Any]) -> tuple[bool, Person, str]:
        """Whether the owner sent it, who did, and their key."""
        kind, contacts = _kind(row), self._contacts
        named = row.get("from_recipient_id")
        made = kind in _SENT or kind in _CALLS_MADE
        if made or (named and kind != _RECEIVED and contacts.is_me(named)):
            return True, contacts.me, SELF
        found = contacts.recipient(either(row, "from_recipient_id", "recipient_id", "address"))
        return False, found.person, found.key

    def _text(self, table: str, row: dict[str, Any], body: str) -> tuple[str, tuple[Person, ...]]:
        ranges = []
        if "\ufffc" in body and table != "sms":
            ranges = [
                (
                    number(one.get("range_start")),
                    number(one.get("range_length")),
                    self._contacts.recipient(one.get("recipient_id")).person,
                )
                for one in self._db.rows("mention", "message_id", row.get("_id"))
            ]
        text, people = mentioned(body, ranges)
        return clean(text), people

    def _told_by(self, table: str, row: dict[str, Any], text: str, files: bool) -> ContentType:  # noqa: FBT001
        """What a message of a person is, by what it holds."""
        if table == "message" and any(True for _ in self._db.rows("poll", "message_id", row.get("_id"))):
            return "poll"
        if not text and (either(row, "shared_contacts") or "[]") != "[]":
            return "contact"
        if not text:
            return "media"
        return "link" if not files and LINK.fullmatch(text) else "text"

    def _attachments(self, table: str, row: dict[str, Any]) -> tuple[tuple[str, ...], str, bool]:
        """The names of its files, the text if a file holds all of it, and whether one is a sticker."""
        names, text, sticker = [], "", False
        if table == "sms":
            return (), "", False
        for part, message in (("attachment", "message_id"), ("part", "mid")):
            for one in self._db.rows(part, message, row.get("_id")):
                kind = str(either(one, "content_type", "ct") or "")
                if number(one.get("quote")):
                    continue  # belongs to the message that is quoted
                if kind == _LONG_TEXT:
                    for long in self._db.rows("long_text", "_id", one.get("_id")):
                        text = str(long["body"])
                    continue
                sticker = sticker or bool(either(one, "sticker_pack_id"))
                names.append(clean(str(either(one, "file_name", "name") or kind)))
        return tuple(name for name in names if name), text, sticker

    def _reply(self, row: dict[str, Any], chat: Chat) -> str | None:
        sent = number(row.get("quote_id"))
        if not sent:
            return None
        author = self._author(row.get("quote_author"))
        return Ids.plain(chat.key, author, self._first_sent.get((row.get("thread_id"), author, sent), sent))

    def _reactions(self, table: str, row: dict[str, Any]) -> tuple[Reaction, ...]:
        found = [
            (str(one.get("emoji") or ""), one.get("author_id"))
            for one in self._db.rows("reaction", "message_id", row.get("_id"))
            if table == "message" or bool(number(one.get("is_mms"))) == (table == "mms")
        ]
        blob = row.get("reactions")
        if isinstance(blob, bytes):
            found += _reactions_in(blob)
        return tuple(Reaction(emoji, self._contacts.recipient(who).person) for emoji, who in found if emoji)


def _moment(row: dict[str, Any]) -> int:
    """When it was sent, in ms; where that is not known, when it came."""
    for name in ("date_sent", "date", "date_received"):
        if (found := number(row.get(name))) > 0:
            return found
    raise ValueError("no moment")


def _kind(row: dict[str, Any]) -> int:
    return number(either(row, "type", "msg_box")) & 0x1F


def _content(row: dict[str, Any]) -> ContentType | None:
    """What a row is where its text is not a person's words; None where it is."""
    flags, kind = number(either(row, "type", "msg_box")), _kind(row)
    if number(row.get("remote_deleted")) or number(row.get("deleted_by")):
        return "deleted"
    if kind in _CALLS:
        return "call"
    if flags & _SPECIAL == _STORY_REACTION:
        return "media"
    if flags & (_BY_APP | _SPECIAL) or (kind != _RECEIVED and kind not in _SENT):
        return "system"
    if number(either(row, "view_once", "reveal_duration")) or number(either(row, "story_type", "is_story")):
        return "media"  # the text of a story is no text either
    return None


def _reactions_in(blob: bytes) -> list[tuple[str, object]]:
    """Older apps keep them in the message's row, as a message of protocol buffers."""
    found: list[tuple[str, object]] = []
    try:
        for _, one in fields(blob):
            parts = first(one) if isinstance(one, bytes) else {}
            emoji = parts.get(1)
            if isinstance(emoji, bytes):
                found.append((emoji.decode("utf-8", "replace"), parts.get(2)))
    except ValueError:
        return []
    return found
