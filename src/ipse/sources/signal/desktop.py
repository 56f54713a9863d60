"""Chats of Signal Desktop as signal-export writes them: a folder each, in it ``data.json``, a message a line.

Times are local and without zone, there are no ids, and "Me" stands for whoever sent from that computer.
``chat.md`` beside it has less and is not read. Does not open Desktop's own database.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec

from ipse.exports import ExportPath
from ipse.records import ContentType, Message, Person, Reaction, Unreadable
from ipse.sources.reading.records import digest
from ipse.sources.reading.texts import clean
from ipse.sources.reading.times import from_iso
from ipse.sources.signal.frames import lines
from ipse.sources.signal.people import LINK, MOST, Ids

__all__ = ["Desktop", "chats_in", "is_chat"]

_KEYS: Final = {"date", "sender", "body", "reactions", "attachments"}
_ME, _NOBODY = "Me", "No-Sender"
_CALLS: Final = ("Incoming call", "Outgoing call", "Missed call")
_LOOKED_AT: Final = 40  # folders that tell what all are


def is_chat(path: ExportPath) -> bool:
    """Whether it is a ``data.json`` of signal-export, by its first line."""
    if path.suffix not in (".json", ".jsonl"):
        return False
    try:
        row = msgspec.json.decode(path.head.split(b"\n", 1)[0])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        # A first message of more than the head still shows how it starts.
        return path.head.startswith(b'{"date": "') and b'"sender": "' in path.head[:400]
    return isinstance(row, dict) and row.keys() >= _KEYS


def chats_in(path: ExportPath) -> list[ExportPath]:
    """The chats of an export: of a file, of the folder of one, or of the folder of them all; else none."""
    if not path.is_dir():
        return [path] if is_chat(path) else []
    if is_chat(own := path / "data.json"):
        return [own]
    folders = [child for child in path.iterdir() if child.is_dir()]
    if not folders or not all(is_chat(folder / "data.json") for folder in folders[:_LOOKED_AT]):
        return []
    return [one for folder in folders if (one := folder / "data.json").is_file()]


class Desktop:
    """Every message of these chats; the owner has no name in them."""

    owner: tuple[Person, ...] = ()
    others: tuple[Person, ...] = ()

    def __init__(self, chats: Sequence[ExportPath], zone: ZoneInfo) -> None:
        self._chats, self._zone = chats, zone
        self.notes = (f"Times have no zone in this export and are read as {zone.key}: --tz names another.",)

    def __iter__(self) -> Iterator[Message | Unreadable]:
        """Yield them in the order of the export."""
        for chat in self._chats:
            yield from _Chat(chat, self._zone)


class _Chat:
    """One conversation."""

    def __init__(self, file: ExportPath, zone: ZoneInfo) -> None:
        self._file, self._zone, self._ids = file, zone, Ids()
        self._title = _title(file)
        self._people = self._senders()
        # With one other person it is a talk of two, whatever they are called.
        self._group = len(self._people) > 1

    def _senders(self) -> tuple[Person, ...]:
        """Who writes in it, but for the owner."""
        found: dict[Person, None] = {}
        for _, row in lines(self._file):
            name = clean(str(row.get("sender") or "")) if isinstance(row, dict) else ""
            if name not in ("", _ME, _NOBODY) and len(found) < MOST:
                found[Person(name)] = None
        return tuple(found)

    def __iter__(self) -> Iterator[Message | Unreadable]:
        for position, row in lines(self._file):
            if isinstance(row, str):
                yield Unreadable(self._file.label, position, row)
                continue
            try:
                yield self._message(row)
            except (ValueError, OverflowError):
                yield Unreadable(
                    self._file.label, position, "it has no moment, or none that a calendar knows"
                )

    def _message(self, row: dict[str, Any]) -> Message:
        written, raw = str(row.get("date") or ""), str(row.get("body") or "")
        name, text = clean(str(row.get("sender") or "")), clean(raw)
        files = tuple(_names(row.get("attachments")))
        kind = _kind(row, text, files)
        if kind != "text" and kind != "link":
            text = ""
        mine = name == _ME
        nobody = mine or name == _NOBODY or kind == "system"
        return Message(
            id=self._ids.numbered(digest("signal desktop", self._title, written, name, text or kind)),
            conversation=self._title,
            platform="signal",
            at=from_iso(written, self._zone),
            sender=Person("") if nobody else Person(name),
            text=text,
            raw=raw if text else "",
            direction="outbound" if mine and kind != "system" else "inbound",
            participants=self._people,
            group=self._group,
            content_type=kind,
            subject=self._title if self._group else None,
            attachments=files,
            reactions=tuple(_reactions(row.get("reactions"))),
        )


def _title(file: ExportPath) -> str:
    """The name of the chat: that of its folder, or of the archive that was made of the folder."""
    if file.parent is not None:
        return file.parent.stem if file.parent.suffix == ".zip" else file.parent.name
    return file.path.resolve().parent.name if file.path is not None else file.stem


def _kind(row: dict[str, Any], text: str, files: Sequence[str]) -> ContentType:
    """What a line is; one without any content is a notice of the app, whose words are not exported."""
    if row.get("deleted"):
        return "deleted"
    if row.get("call") or row.get("missed") or (text in _CALLS and not files):
        return "call"
    if text and clean(str(row.get("sender") or "")) != _NOBODY:
        return "link" if not files and LINK.fullmatch(text) else "text"
    return "media" if files or row.get("sticker") else "system"


def _names(found: object) -> Iterator[str]:
    for one in found if isinstance(found, list) else ():
        name = one.get("name") or one.get("path") if isinstance(one, dict) else one
        if isinstance(name, str) and name:
            yield clean(name)


def _reactions(found: object) -> Iterator[Reaction]:
    """Pairs of name and emoji, or objects of them."""
    for one in found if isinstance(found, list) else ():
        pair = (one.get("name"), one.get("emoji")) if isinstance(one, dict) else one
        if isinstance(pair, list | tuple) and len(pair) == 2 and isinstance(pair[1], str) and pair[1]:
            name = clean(pair[0]) if isinstance(pair[0], str) else ""
            yield Reaction(pair[1], Person("" if name == _ME else name))
