"""WhatsApp: "Export chat" on a phone: `_chat.txt`, `WhatsApp Chat with X.txt`, a zip or an unpacked folder.

The export is text in the style and language of the phone, without zone and without ids. Two passes are made
over it: the first learns who is in it and the order of day and month, the second yields the records. Each
keeps one block of about a megabyte. Knows nothing of who the owner is.
"""

import re
import unicodedata
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from hashlib import blake2s
from heapq import nlargest
from itertools import chain
from operator import length_hint
from struct import Struct
from zlib import crc32
from zoneinfo import ZoneInfo

from ipse.errors import SourceError
from ipse.exports import ExportPath
from ipse.interfaces import ReadOptions, Survey
from ipse.records import Message, Person, Unreadable
from ipse.sources.reading.guides import guide
from ipse.sources.whatsapp.bodies import Said, markers
from ipse.sources.whatsapp.census import BOTS, MOST, Plan, plan_of
from ipse.sources.whatsapp.files import Block, Chat, blocks, find_chats, head
from ipse.sources.whatsapp.headers import Calendar, learn, to_time

__all__ = ["WhatsApp"]

_LONGEST = 1 << 18  # characters; four times what WhatsApp allows in one message
_SEEN = 1 << 10  # messages remembered at least, should the times of a file run backwards
_KEPT = 1 << 12  # clocks remembered: every minute of a day in two forms
_LINES = 50  # of a file's first ones that recognition looks at
_key = Struct(">8sII").pack
"""Of a tag for chat, sender and kind, the minute and a checksum of the words: 16 bytes, an id in hex.

All of it comes from the content, so a message has one id in any export of its chat, with or without files and
seconds. Within one minute of one sender a checksum is enough, for equals are numbered.
"""
_Fields = tuple[bytes, bytes, bytes, tuple[Person, bytes] | None, str, str, int]
_Given = tuple[dict[bytes, int], dict[bytes, int]]
_LEVELS = frozenset({"trace", "debug", "info", "notice", "warn", "warning", "error", "critical", "fatal"})


class WhatsApp:
    """Reads exported WhatsApp chats."""

    name = "whatsapp"
    aliases: tuple[str, ...] = ("whatsapp_txt", "whatsapp_zip")
    reads = "WhatsApp chats as the phone exports them: .txt, .zip or a folder of them, in any language"
    general = False

    def guide(self) -> str:
        """How to get the export."""
        return guide(self.name)

    def recognizes(self, path: ExportPath) -> bool:
        """Tell by the first lines; a style that a log file could have needs the usual file name as well."""
        if path.is_file() and path.suffix not in ("", ".txt"):
            return False
        try:
            return any(_is_chat(chat) for chat in find_chats(path))
        except SourceError:
            return False

    def survey(self, path: ExportPath, options: ReadOptions) -> Survey:
        """Count the senders of every chat in the export and tell how its dates are read."""
        senders: dict[Person, int] = {}
        everywhere: set[Person] | None = None
        units, notes = 0, []
        for chat in _chats(path):
            plan = plan_of(chat, options)
            units += plan.units
            notes.append(f"{chat.label}: {plan.note}")
            for person, number in plan.senders.items():
                senders[person] = senders.get(person, 0) + number
            everywhere = {*plan.senders} if everywhere is None else everywhere & {*plan.senders}
        likely = tuple(person for person in senders if person in (everywhere or ()) and len(notes) > 1)
        return Survey(senders=senders, units=units, notes=tuple(notes), likely=likely)

    def read(self, path: ExportPath, options: ReadOptions) -> Iterator[Message | Unreadable]:
        """Yield the messages in the order of the file, and what could not be read as ``Unreadable``."""
        return chain.from_iterable(_Reading(plan_of(chat, options), options.tz) for chat in _chats(path))


def _chats(path: ExportPath) -> list[Chat]:
    chats = find_chats(path)
    if not chats:
        raise SourceError(
            f"{path.label}: there is no WhatsApp chat in it.", hint="Import the file that the phone made."
        )
    return chats


def _is_chat(chat: Chat) -> bool:
    start = chat.file.head
    if not start:  # what the name promises and is locked or damaged shall be told, not passed over
        return bool(chat.title) and chat.file.size > 0
    if b"\0" in start[:512] and start[:2] not in (b"\xff\xfe", b"\xfe\xff"):
        return False
    lines = head(chat).decode("utf-8", "replace").split("\n", _LINES)[:_LINES]
    header = learn(lines)
    if header is None or not (header.close or chat.title):
        return False
    if chat.title:
        return True
    starts = [match for line in lines if (match := re.match(header.pattern(), line.encode()))]
    said = [match.string[match.end() :].decode() for match in starts]
    names = {line.partition(": ")[0].strip().lower() for line in said if ": " in line}
    return bool(names - _LEVELS) or any(map(markers().of_the_app, said))


class _Days(dict[bytes, tuple[datetime, int]]):
    """Each date as written, to its midnight and the minutes before it; few are ever written."""

    def __init__(self, calendar: Calendar | None, zone: ZoneInfo) -> None:
        self._calendar, self._zone = calendar, zone

    def __missing__(self, written: bytes) -> tuple[datetime, int]:
        day = self._calendar.day(written.decode()) if self._calendar else None
        if day is None:
            raise ValueError("no such date")
        self[written] = found = (datetime.combine(day, time(), self._zone), day.toordinal() * 1440)
        return found


class _Clocks(dict[bytes, tuple[timedelta, int]]):
    """Each clock as written, to the time since midnight and the minutes in it.

    ``iso``: hours, minutes and seconds by colons. Of those with seconds too many differ to be kept.
    """

    def __init__(self, *, iso: bool) -> None:
        self._iso = iso
        self._seconds = {b":%02d" % second: timedelta(seconds=second) for second in range(60)}

    def __missing__(self, written: bytes) -> tuple[timedelta, int]:
        if self._iso and len(written) > 5 and (seconds := self._seconds.get(written[-3:])) is not None:
            since, minute = self[written[:-3]]
            return since + seconds, minute
        clock = to_time(written.decode())
        if clock is None:
            raise ValueError("no such time")
        since = timedelta(hours=clock.hour, minutes=clock.minute, seconds=clock.second)
        found = (since, clock.hour * 60 + clock.minute)
        if len(self) < _KEPT:
            self[written] = found
        return found


class _Reading:
    """The second pass over one chat."""

    def __init__(self, plan: Plan, zone: ZoneInfo) -> None:
        self.plan = plan
        self.days, self.clocks = _Days(plan.calendar, zone), _Clocks(iso=plan.iso)
        self.markers = markers()
        self.files = plan.chat.beside()
        most = nlargest(MOST, plan.senders, key=plan.senders.__getitem__)
        self.participants = tuple(sorted(most, key=lambda person: person.name))
        self.plain = self._plain()

    def __iter__(self) -> Iterator[Message | Unreadable]:
        """Yield every message; this loop is what an import waits for, so it does only what each one needs."""
        plan, participants, days, clocks = self.plan, self.participants, self.days, self.clocks
        conversation, group, sums, latest = plan.conversation, plan.group, self.markers.sums, 0
        # How often each message was met in the latest minute and before: numbers what was said twice in one.
        given, before = dict[bytes, int](), dict[bytes, int]()
        today, midnight, minutes = b"", datetime.min.replace(tzinfo=UTC), 0
        for block in blocks(plan.chat, plan.split):
            pieces = plan.split.split(block.text)
            if block.damaged or pieces[0].strip():
                yield self._orphan(block, pieces[0])
            huge, admin = len(block.text) > _LONGEST, b"dmin" in block.text
            latest = latest if len(given) < _SEEN else 0  # so many only if an hour came too early
            left = iter(pieces[1::4])
            for day, clock, name, sender, raw, text, checksum in self._fields(left, pieces):
                try:
                    if day != today:
                        (midnight, minutes), today = days[day], day
                    since, minute = clocks[clock]
                    if huge and len(raw) > _LONGEST:
                        raise ValueError("longer than any message")
                except ValueError as error:
                    yield self._unreadable(block, length_hint(left), raw, str(error))
                    continue
                minute += minutes
                if (
                    sender is None
                    or checksum in sums
                    or "<" in text
                    or (":" in text and ("://" in text or ":\n" in text))
                    or ("(" in text and "." in text)
                    or "\u200e" in text
                    or "\u200f" in text
                    or (admin and "dmin" in text)
                ):
                    if minute > latest:
                        latest, before, given = minute, given, {}
                    yield self._special(midnight + since, minute, name, raw, (given, before))
                    continue
                key = _key(sender[1], minute, checksum if text is raw else crc32(text.encode()))
                if minute > latest:  # the first of its minute, as most are
                    latest, before, given, identity = minute, given, {key: 1}, key.hex()
                elif key in given or key in before:
                    identity = _again(key, given, before)
                else:
                    given[key], identity = 1, key.hex()
                yield Message(
                    id=identity,
                    conversation=conversation,
                    platform="whatsapp",
                    at=midnight + since,
                    sender=sender[0],
                    text=text,
                    raw=raw,
                    participants=participants,
                    group=group,
                )

    def _fields(self, days: Iterator[bytes], pieces: list[bytes]) -> Iterator[_Fields]:
        """Of each message its day, clock, name, sender if plain, body, that stripped, and its checksum."""
        names, bodies = pieces[3::4], pieces[4::4]
        try:
            raw = list(map(bytes.decode, bodies))
        except UnicodeDecodeError:
            raw = list(map(_decoded, bodies))
        senders, sums = map(self.plain.get, names), map(crc32, bodies)
        return zip(days, pieces[2::4], names, senders, raw, map(str.strip, raw), sums, strict=True)

    def _plain(self) -> dict[bytes, tuple[Person, bytes]]:
        """The senders whose words can be taken as they stand, and what their name makes of an id."""
        return {
            name: (person, self._tag(person, "text"))
            for name, person in self.plan.people.items()
            if name not in self.plan.longer
            and name not in self.plan.by_app
            and person.name.lower() not in BOTS
        }

    def _tag(self, sender: Person, kind: str) -> bytes:
        """The first half of an id; see :data:`_key`."""
        content = f"{self.plan.conversation}\0{sender.name}\0{kind}".encode()
        tag = blake2s(content, digest_size=8).digest()
        return bytes([tag[0] | 0x80]) + tag[1:]

    def _special(
        self, at: datetime, minute: int, name: bytes | None, body: str, said_before: _Given
    ) -> Message:
        """A message that is not plain words of a person."""
        person, said = self._said(name, body)
        key = _key(self._tag(person, said.kind), minute, crc32(said.text.encode()))
        return Message(
            id=_again(key, *said_before),
            conversation=self.plan.conversation,
            platform="whatsapp",
            at=at,
            sender=person,
            text=said.text,
            raw=body,
            participants=self.participants,
            group=self.plan.group,
            content_type=said.kind,
            attachments=tuple(self._resolved(file) for file in said.files),
            automatic=person.name.lower() in BOTS,
            edited=said.edited,
        )

    def _said(self, name: bytes | None, body: str) -> tuple[Person, Said]:
        plan = self.plan
        if name is None:
            first, _, rest = body.partition(":")
            name = first.encode()
            if name not in plan.people:
                return Person(""), Said("system", body.strip().lstrip("\u200e\u200f"))
            body = rest.lstrip()
        if name in plan.torn:
            return Person(""), Said("system", f"{_decoded(name)}: {body.strip()}".lstrip("\u200e\u200f"))
        body = body.removeprefix(_decoded(plan.longer.get(name, b"")))
        person = plan.people.get(name)
        said = self.markers.examine(body, apple=plan.apple)
        if (
            person is None
            or said.kind == "system"
            or (name in plan.by_app and self.markers.notice.match(body))
        ):
            return Person(""), Said("system", said.text or body.strip())
        return person, said

    def _resolved(self, file: str) -> str:
        """The name that a file mentioned in the chat has in the export itself."""
        file = unicodedata.normalize("NFC", file)
        return self.files.get(file, file)

    def _orphan(self, block: Block, text: bytes) -> Unreadable:
        if block.damaged:
            return self._fault("the archive is damaged from here on", block.line)
        blank = text[: len(text) - len(text.lstrip())].count(b"\n")
        return self._fault(
            "text that belongs to no message", block.line + blank - 1, text.strip().count(b"\n")
        )

    def _unreadable(self, block: Block, left: int, body: str, reason: str) -> Unreadable:
        """``left`` is how many messages of the block are still to come."""
        starts = [match.start() for match in self.plan.split.finditer(block.text)]
        line = block.line + block.text.count(b"\n", 0, starts[-1 - left])
        return self._fault(reason, line, body.count("\n"))

    def _fault(self, reason: str, line: int, more: int = 0) -> Unreadable:
        position = f"lines {line}-{line + more}" if more else f"line {line}"
        return Unreadable(file=self.plan.chat.label, position=position, reason=reason)


def _again(key: bytes, given: dict[bytes, int], before: dict[bytes, int]) -> str:
    """The id of a message that may have been said before in the same minute."""
    times = given.get(key, 0) or before.get(key, 0)
    given[key] = times + 1
    return blake2s(f"{key.hex()} {times}".encode(), digest_size=16).hexdigest() if times else key.hex()


def _decoded(text: bytes) -> str:
    return text.decode("utf-8", "replace")
