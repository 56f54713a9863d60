"""A conversation's JSON file: ``message_1.json`` of either app, ``Anna_15.json`` of an encrypted chat.

Text is UTF-8 whose bytes were written as characters, except where it is not: every string is looked at alone.
"""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from itertools import islice
from typing import Any, Final, Literal

import msgspec

from ipse.errors import SourceError
from ipse.exports import ExportPath
from ipse.records import Unreadable
from ipse.sources.meta.entries import Entry, Head
from ipse.sources.meta.phrases import phrases
from ipse.sources.reading.jsons import WHOLE, decoded, elements
from ipse.sources.reading.texts import clean, repaired
from ipse.sources.reading.times import from_ms, from_seconds

__all__ = ["Document"]

_MEDIA: Final = ("photos", "videos", "audio_files", "files", "gifs", "media")
_SYSTEM: Final = ("Subscribe", "Unsubscribe", "Plan", "Payment", "placeholder")
_SECONDS: Final = 100_000_000_000  # as milliseconds this is in 1973, as seconds in the year 5138
_LONGEST: Final = 1 << 18  # characters of a text


class _File(msgspec.Struct, rename={"thread_name": "threadName"}):
    participants: Any = None
    title: Any = None
    thread_path: Any = None
    thread_name: Any = None
    thread_type: Any = None
    messages: list[msgspec.Raw] | None = None


class _Item(msgspec.Struct):
    """No type is taken for granted: a reaction gone wrong is no reason to lose a message."""

    sender_name: Any = None
    senderName: Any = None  # noqa: N815 - as exported
    timestamp_ms: Any = None
    timestamp: Any = None
    content: Any = None
    text: Any = None
    type: Any = None
    is_unsent: Any = None
    isUnsent: Any = None  # noqa: N815 - as exported
    call_duration: Any = None
    share: Any = None
    sticker: Any = None
    reactions: Any = None
    photos: Any = None
    videos: Any = None
    audio_files: Any = None
    files: Any = None
    gifs: Any = None
    media: Any = None


class Document:
    """One JSON file; it is decoded as often as it is asked, for many of them are held at once."""

    def __init__(self, file: ExportPath) -> None:
        self._file = file

    def head(self) -> Head:
        """What it says of its conversation."""
        whole = self._whole()
        if isinstance(whole, SourceError):
            return self._streamed_head()
        head = _head(whole)
        return _with_senders(head, _briefs(whole.messages or ()))

    def entries(self) -> Iterator[Entry | Unreadable]:
        """Oldest first; a file that is too large or damaged is streamed as it stands."""
        whole = self._whole()
        if isinstance(whole, SourceError):
            yield from self._streamed()
        elif whole.messages is None:
            if whole.participants is not None or whole.thread_name is None:
                yield self._bad("byte 0", "it holds no messages")
        else:
            found = [self._entry(number, raw) for number, raw in enumerate(whole.messages, 1)]
            yield from _forwards(found)

    def _whole(self) -> "_File | SourceError":
        try:
            if self._file.size > WHOLE:
                return SourceError("too large")
            return decoded(self._file, _File)
        except SourceError as error:
            return error

    def _entry(self, number: int, raw: msgspec.Raw) -> Entry | Unreadable:
        try:
            return _entry(msgspec.json.decode(raw, type=_Item, strict=False))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return self._bad(f"message {number}", "it is not what a message looks like")
        except ValueError as error:
            return self._bad(f"message {number}", str(error))

    def _bad(self, position: str, reason: str) -> Unreadable:
        return Unreadable(self._file.label, position, reason)

    def _streamed(self) -> Iterator[Entry | Unreadable]:
        number = 0
        try:
            for place, value in elements(self._file, "messages"):
                number = place + 1
                try:
                    yield _entry(msgspec.convert(value, _Item, strict=False))
                except msgspec.ValidationError:
                    yield self._bad(f"message {number}", "it is not what a message looks like")
                except ValueError as error:
                    yield self._bad(f"message {number}", str(error))
        except SourceError:
            if number:
                yield self._bad(f"message {number + 1}", "the file is damaged from here on")
            else:
                yield self._bad("byte 0", "it is damaged, or no JSON")

    def _streamed_head(self) -> Head:
        people: list[Any] = []
        with suppress(SourceError):
            people = [value for _, value in islice(elements(self._file, "participants"), 1000)]
        return _with_senders(_head(_File(participants=people)), self._streamed_briefs())

    def _streamed_briefs(self) -> Iterator[tuple[str, Any]]:
        with suppress(SourceError):
            for _, value in elements(self._file, "messages"):
                if isinstance(value, dict):
                    yield _brief(msgspec.convert(value, _Item))


def _head(file: _File) -> Head:
    people = file.participants if isinstance(file.participants, list) else []
    names = [one.get("name") if isinstance(one, dict) else one for one in people]
    path = file.thread_path if isinstance(file.thread_path, str) else ""
    encrypted = isinstance(file.thread_name, str)
    title = file.thread_name if encrypted else file.title
    return Head(
        participants=tuple(phrases().person(name) for name in names),
        title=_text(title)[:200],
        path=path.rstrip("/").rpartition("/")[2][:200],
        group=file.thread_type == "RegularGroup" or len(names) > 2,
        encrypted=encrypted,
    )


def _with_senders(head: Head, briefs: Iterable[tuple[str, Any]]) -> Head:
    senders: dict[str, None] = {}
    for sender, stamp in briefs:
        try:
            at, _ = _moment(stamp)
        except ValueError:
            continue
        senders[sender] = None
        head.first = min(head.first or at, at)
    head.senders = tuple(senders)
    return head


def _briefs(messages: Iterable[msgspec.Raw]) -> Iterator[tuple[str, Any]]:
    for raw in messages:
        with suppress(msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            yield _brief(msgspec.json.decode(raw, type=_Item))


def _brief(item: _Item) -> tuple[str, Any]:
    return _sender(item), _stamp(item)


def _sender(item: _Item) -> str:
    return phrases().person(item.senderName if item.sender_name is None else item.sender_name)


def _stamp(item: _Item) -> Any:  # noqa: ANN401 - whatever JSON holds
    return item.timestamp if item.timestamp_ms is None else item.timestamp_ms


def _moment(stamp: Any) -> tuple[datetime, str]:  # noqa: ANN401 - whatever JSON holds
    """The moment and its milliseconds; the oldest exports wrote seconds."""
    if isinstance(stamp, str) and stamp.isascii() and stamp.isdigit() and len(stamp) < 20:
        stamp = int(stamp)
    if isinstance(stamp, bool) or not isinstance(stamp, int | float):
        raise ValueError("it has no time")
    if abs(stamp) < _SECONDS:
        return from_seconds(stamp), f"{stamp * 1000:.0f}"
    return from_ms(stamp), f"{stamp:.0f}"


def _entry(item: _Item) -> Entry:
    at, stamp = _moment(_stamp(item))
    content = _text(item.text if item.content is None else item.content)
    if len(content) > _LONGEST:
        raise ValueError("it is too long to be a message")
    files = [_uri(one) for name in _MEDIA for one in _list(getattr(item, name))]
    if isinstance(item.sticker, dict):
        files.append(_uri(item.sticker))
    share = item.share if isinstance(item.share, dict) else {}
    return Entry(
        at=at,
        stamp=stamp,
        sender=_sender(item),
        content=content,
        hint=_hint(item),
        files=tuple(uri for uri in files if uri),
        lost=not all(files),
        link=_text(share.get("link")),
        about=_text(share.get("share_text")),
        reactions=tuple(filter(None, map(_reaction, _list(item.reactions)))),
    )


def _hint(item: _Item) -> Literal["", "unsent", "call", "system"]:
    if item.is_unsent is True or item.isUnsent is True:
        return "unsent"
    if item.type == "Call" or item.call_duration is not None:
        return "call"
    return "system" if item.type in _SYSTEM else ""


def _reaction(value: Any) -> tuple[str, str] | None:  # noqa: ANN401 - whatever JSON holds
    if not isinstance(value, dict):
        return None
    emoji = _text(value.get("reaction"))[:32]
    return (emoji, phrases().person(value.get("actor"))) if emoji else None


def _uri(value: Any) -> str:  # noqa: ANN401 - whatever JSON holds
    """Where the file lies; empty where the export says in words that it has none."""
    uri = _text(value.get("uri")) if isinstance(value, dict) else ""
    return uri if "/" in uri or "." in uri else ""


def _list(value: Any) -> list[Any]:  # noqa: ANN401 - whatever JSON holds
    return value if isinstance(value, list) else []


def _text(value: Any) -> str:  # noqa: ANN401 - whatever JSON holds
    return clean(repaired(value)) if isinstance(value, str) else ""


def _forwards(found: list[Entry | Unreadable]) -> list[Entry | Unreadable]:
    """Oldest first; what has one time keeps the order in which it was written."""
    times = [one.at for one in found if isinstance(one, Entry)]
    if times and times[0] > times[-1]:
        found.reverse()
    last = datetime.min.replace(tzinfo=UTC)
    keyed: list[tuple[datetime, Entry | Unreadable]] = []
    for one in found:
        last = one.at if isinstance(one, Entry) else last
        keyed.append((last, one))
    return [one for _, one in sorted(keyed, key=lambda pair: pair[0])]
