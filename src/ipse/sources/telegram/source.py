"""Telegram: ``result.json`` of Telegram Desktop, one chat or the whole account.

Where it comes from: Export chat history, or Settings > Advanced > Export Telegram data, each as
machine-readable JSON. Does not read the other form, HTML, which lacks who is who; it tells what to choose.
"""

import re
from collections.abc import Iterator
from contextlib import closing
from typing import Final

from msgspec.structs import replace

from ipse.errors import SourceError
from ipse.exports import ExportPath
from ipse.interfaces import ReadOptions, Survey
from ipse.records import Message, Person, Unreadable
from ipse.sources.reading.folders import unwrapped
from ipse.sources.reading.guides import guide
from ipse.sources.reading.records import surveyed
from ipse.sources.reading.texts import clean
from ipse.sources.telegram.messages import Chat, Exported, Header, StrangeMessageError, person_id
from ipse.sources.telegram.stream import BrokenElement, Cursor, Elements

__all__ = ["Telegram"]

# What Telegram Desktop writes beside its result: a folder that holds more is not an export as a whole.
BESIDE: Final = frozenset(
    {
        "chats",
        "contacts",
        "css",
        "files",
        "images",
        "js",
        "lists",
        "photos",
        "profile_pictures",
        "result.json",
    }
    | {"round_video_messages", "stickers", "stories", "video_files", "voice_messages"}
)
HTML: Final = "messages.html"
# Every list of an account lies in an object that first says what it is about.
_ACCOUNT: Final = re.compile(
    rb'"personal_information"\s*:\s*\{\s*"user_id"|'
    rb'"(?:contacts|frequent_contacts|sessions|web_sessions|chats|left_chats)"\s*:\s*\{\s*'
    rb'(?:"about"\s*:\s*"(?:[^"\\]|\\.)*"\s*,\s*)?"list"\s*:\s*\['
)
_CHATS: Final = re.compile(
    rb'"type"\s*:\s*"(?:(?:personal|private|bot|group)_chat|saved_messages|replies|verify_codes|'
    rb'(?:private|public)_(?:super)?(?:group|channel))"'
)
_MESSAGES: Final = re.compile(rb'"messages"\s*:\s*\[')
_MESSAGE: Final = re.compile(
    rb'\{\s*(?:"id"\s*:\s*-?\d+\s*,\s*)?"type"\s*:\s*"(?:message|service)"\s*,\s*"date'
)


class Telegram:
    """Messages of Telegram Desktop's export."""

    name = "telegram"
    aliases: tuple[str, ...] = ("telegram_json",)
    reads = "Telegram Desktop's export as JSON: one chat, or the whole account (result.json)"
    general = False

    def guide(self) -> str:
        """How to get the export."""
        return guide(self.name)

    def recognizes(self, path: ExportPath) -> bool:
        """Tell by the keys at its head; a folder by the file that Telegram Desktop puts into it."""
        try:
            return self._recognizes(path)
        except SourceError:
            return False

    def _recognizes(self, path: ExportPath) -> bool:
        if not path.is_dir():
            return path.suffix == ".json" and _is_result(path.head)
        inner = unwrapped(path)
        result = inner / "result.json"
        if not (result.is_file() and _is_result(result.head)) and not _is_html(inner):
            return False
        return all(child.name in BESIDE or child.suffix == ".html" for child in inner.iterdir())

    def survey(self, path: ExportPath, options: ReadOptions) -> Survey:
        """Count who wrote how much; the owner is who the account belongs to, where it is a whole one."""
        reader = _Reader(_file(path), options)
        survey = surveyed(reader.items())
        notes = []
        if reader.zoned:
            notes.append(
                f"{reader.zoned:,} messages have a local time without a zone, read as {options.tz.key}: "
                "set `tz` if it was exported elsewhere."
            )
        return replace(survey, owner=reader.owners, notes=tuple(notes))

    def read(self, path: ExportPath, options: ReadOptions) -> Iterator[Message | Unreadable]:
        """Yield every message, in the order of the file."""
        return _Reader(_file(path), options).items()


def _is_result(head: bytes) -> bool:
    if _ACCOUNT.search(head):
        return True
    return bool(_MESSAGES.search(head) and (_CHATS.search(head) or _MESSAGE.search(head)))


def _is_html(folder: ExportPath) -> bool:
    head = (folder / HTML).head
    return b"Exported Data" in head and b"page_wrap" in head


def _file(path: ExportPath) -> ExportPath:
    if path.is_dir():
        folder = unwrapped(path)
        if not (folder / "result.json").is_file() and (folder / HTML).is_file():
            path = folder / HTML
        else:
            return folder / "result.json"
    if path.suffix == ".html":
        raise SourceError(
            f"{path.label}: exported as HTML, which cannot be read.",
            hint="Export it again in Telegram Desktop and choose machine-readable JSON as the format.",
        )
    return path


class _Reader:
    """One pass over a result; afterwards it knows whose it is."""

    def __init__(self, file: ExportPath, options: ReadOptions) -> None:
        self._file, self._options = file, options
        self.owners: tuple[Person, ...] | None = None
        self.zoned = 0
        self._chats = 0
        self._single = True

    def items(self) -> Iterator[Message | Unreadable]:
        """Every message; where the document breaks off, that is the last item."""
        with closing(Cursor(self._file)) as cursor:
            try:
                yield from self._object(cursor)
            except SourceError:
                if not self._chats:
                    raise
                yield self._unreadable(f"byte {cursor.place}", "it breaks off or is no JSON from here on")
        if not self._chats:
            raise SourceError(
                f"{self._file.label}: no chats of Telegram in it.",
                hint="Tick chats when exporting, and choose machine-readable JSON.",
            )

    def _unreadable(self, position: str, reason: str) -> Unreadable:
        return Unreadable(self._file.label, position, reason)

    def _object(self, cursor: Cursor) -> Iterator[Message | Unreadable]:
        """A chat, or the account: its owner comes before its chats, and a chat's name before its messages."""
        header = Header()
        for key in cursor.fields():
            if key == "messages" and cursor.peek() == "[":
                yield from self._messages(cursor, header)
            elif key in ("chats", "left_chats") and self._single:
                self._single = False
                yield from self._lists(cursor)
                self._single = True
            elif key == "personal_information":
                self._own(cursor.value())
            elif key in ("name", "type", "id"):
                setattr(header, key, cursor.value())
            else:
                cursor.value()

    def _lists(self, cursor: Cursor) -> Iterator[Message | Unreadable]:
        if cursor.peek() != "{":
            cursor.value()
            return
        for key in cursor.fields():
            if key != "list" or cursor.peek() != "[":
                cursor.value()
                continue
            for _ in cursor.members():
                if cursor.peek() == "{":
                    yield from self._object(cursor)
                else:
                    cursor.value()

    def _messages(self, cursor: Cursor, header: Header) -> Iterator[Message | Unreadable]:
        self._chats += 1
        where = "" if self._single else f"chat {self._chats}, "
        chat = Chat(header, self.owners[0] if self.owners else None, self._options.tz)
        before = 1
        for block in Elements(cursor, Exported):
            for n, said in enumerate(block, before):
                if isinstance(said, BrokenElement):
                    yield self._unreadable(f"{where}message {n}", said.reason)
                    continue
                try:
                    yield chat.record(said)
                except StrangeMessageError as reason:
                    yield self._unreadable(f"{where}message {n}", str(reason))
            before += len(block)
        self.zoned += chat.zoned

    def _own(self, account: object) -> None:
        """The account's owner by the id that their messages bear, and their number and handle."""
        if not isinstance(account, dict):
            return
        first, last, phone, handle = (
            clean(value) if isinstance(value := account.get(key), str) else ""
            for key in ("first_name", "last_name", "phone_number", "username")
        )
        name, given = f"{first} {last}".strip(), person_id(account.get("user_id"))
        if given:
            others = (
                Person(name, phone) if phone else None,
                Person(name, handle.removeprefix("@")) if handle else None,
            )
            self.owners = (Person(name, given), *(person for person in others if person is not None))
