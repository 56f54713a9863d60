"""WhatsApp: "Export chat" on a phone: `_chat.txt`, `WhatsApp Chat with X.txt`, a zip or an unpacked folder.

The export is text in the style and language of the phone, without zone and without ids. Two passes are made
over it: the first learns who is in it and the order of day and month, the second yields the records. Each
keeps one block of about a megabyte. Knows nothing of who the owner is.
"""

import unicodedata
from collections.abc import Iterator
from contextlib import suppress
from datetime import date, datetime, time
from hashlib import blake2s
from itertools import chain, count
from pathlib import Path
from zlib import crc32
from zoneinfo import ZoneInfo

from ipse.errors import SourceError
from ipse.exports import ExportPath
from ipse.interfaces import ReadOptions, Survey
from ipse.records import Message, Person, Unreadable
from ipse.sources.reading.guides import guide
from ipse.sources.whatsapp.bodies import Said, markers
from ipse.sources.whatsapp.census import BOTS, Plan, plan_of
from ipse.sources.whatsapp.files import Block, Chat, blocks, find_chats, head, title_of
from ipse.sources.whatsapp.headers import Calendar, learn, to_time

__all__ = ["WhatsApp"]

_LONGEST = 1 << 18  # characters; four times what WhatsApp allows in one message


class WhatsApp:
    """Reads exported WhatsApp chats."""

    name = "whatsapp"
    aliases: tuple[str, ...] = ("whatsapp_txt", "whatsapp_zip")
    reads = "WhatsApp chats as the phone exports them: .txt, .zip or a folder of them, in any language"
    general = False

    def guide(self) -> str:
        """How to get the export."""
        return guide(self.name)

    def recognizes(self, path: "Path | ExportPath") -> bool:
        """Tell by the first lines; a style that a log file could have needs the usual file name as well."""
        path = path if isinstance(path, Path) else path.path or Path(path.label)
        try:
            chats = find_chats(path)[:50]
        except SourceError:
            return bool(title_of(path.stem))
        with suppress(SourceError):
            return any((found := learn(head(chat))) and (found[0].close or chat.title) for chat in chats)
        return False

    def survey(self, path: "Path | ExportPath", options: ReadOptions) -> Survey:
        """Count the senders of every chat in the export and tell how its dates are read."""
        path = path if isinstance(path, Path) else path.path or Path(path.label)
        senders: dict[Person, int] = {}
        units, notes = 0, []
        for chat in _chats(path):
            plan = plan_of(chat, options)
            units += plan.units
            notes.append(f"{chat.label}: {plan.note}")
            for person, number in plan.senders.items():
                senders[person] = senders.get(person, 0) + number
        return Survey(senders=senders, units=units, notes=tuple(notes))

    def read(self, path: "Path | ExportPath", options: ReadOptions) -> Iterator[Message | Unreadable]:
        """Yield the messages in the order of the file, and what could not be read as ``Unreadable``."""
        path = path if isinstance(path, Path) else path.path or Path(path.label)
        return chain.from_iterable(_Reading(plan_of(chat, options), options.tz) for chat in _chats(path))


def _chats(path: Path) -> list[Chat]:
    chats = find_chats(path)
    if path.is_dir():
        chats = [chat for chat in chats if learn(head(chat))]
    if not chats:
        raise SourceError(
            f"{path.name}: there is no WhatsApp chat in it.", hint="Import the file that the phone made."
        )
    return chats


class _Days(dict[str, tuple[date | None, int]]):
    """Each date as written, to the day and the minutes before it; few are ever written."""

    def __init__(self, calendar: Calendar | None) -> None:
        self._calendar = calendar

    def __missing__(self, written: str) -> tuple[date | None, int]:
        day = self._calendar.day(written) if self._calendar else None
        self[written] = found = (day, day.toordinal() * 1440 if day else 0)
        return found


class _Clocks(dict[str, time | None]):
    """Each clock as written, to the time of day."""

    def __missing__(self, written: str) -> time | None:
        self[written] = clock = to_time(written)
        return clock


class _Reading:
    """The second pass over one chat."""

    def __init__(self, plan: Plan, zone: ZoneInfo) -> None:
        self.plan = plan
        self.zone = zone
        self.markers = markers()
        self.participants = tuple(sorted(plan.senders, key=lambda person: person.name))
        # How often each message was met in this minute and the one before: numbers what was said twice.
        self.given: dict[int, int] = {}
        self.before: dict[int, int] = {}

    def __iter__(self) -> Iterator[Message | Unreadable]:
        """Yield every message; this loop is what an import waits for, so it does only what each one needs."""
        plan, days, clocks, last = self.plan, _Days(self.plan.calendar), _Clocks(), 0
        conversation, group, participants = plan.conversation, plan.group, self.participants
        zone, exact, by_app, notice = self.zone, self.markers.exact, plan.by_app, self.markers.notice.match
        to_clock = time.fromisoformat if plan.iso else clocks.__getitem__
        combine, given, before, plain = datetime.combine, self.given, self.before, self._plain()
        for block in blocks(plan.chat, plan.split):
            pieces = plan.split.split(block.text)
            if block.damaged or pieces[0].strip():
                yield self._orphan(block, pieces[0])
            huge = len(block.text) > _LONGEST
            fields = iter(pieces[1:])
            for place, day, clock, name, body in zip(count(), fields, fields, fields, fields, strict=False):
                on, minute = days[day]
                try:
                    hour = to_clock(clock)
                except ValueError:  # an hour of one digit: from here on they are looked up
                    hour = (to_clock := clocks.__getitem__)(clock)
                if on is None or hour is None or (huge and len(body) > _LONGEST):
                    yield self._unreadable(block, place, body)
                    continue
                minute += hour.hour * 60 + hour.minute
                if minute != last:
                    self.before, self.given = before, given = given, {}
                    last = minute
                text = body.strip()
                if (
                    name not in plain
                    or "<" in text
                    or "\u200e" in text
                    or "\u200f" in text
                    or "://" in text
                    or ":\n" in text
                    or ("(" in text and "." in text)
                    or "admin" in text
                    or text in exact
                    or (name in by_app and notice(text))
                ):
                    yield self._special(combine(on, hour, zone), minute, name, body)
                    continue
                person, tag = plain[name]
                number = tag + (minute << 32) + crc32(text.encode())
                if number in given or number in before:
                    identity = self._again(number)
                else:
                    given[number], identity = 1, f"{number:x}"
                yield Message(
                    id=identity,
                    conversation=conversation,
                    platform="whatsapp",
                    at=combine(on, hour, zone),
                    sender=person,
                    text=text,
                    raw=body,
                    participants=participants,
                    group=group,
                )

    def _plain(self) -> dict[str, tuple[Person, int]]:
        """The senders whose words can be taken as they stand, and what their name makes of an id."""
        return {
            name: (person, self._tag(person, "text"))
            for name, person in self.plan.people.items()
            if name not in self.plan.longer and person.name.lower() not in BOTS
        }

    def _tag(self, sender: Person, kind: str) -> int:
        """The upper 64 of the 128 bits of an id; below are 32 of the minute and 32 of the words' checksum.

        All three come from the content, so a message has one id in any export of its chat, with or without
        files and seconds. Within one minute of one sender a checksum is enough, for equals are numbered.
        """
        content = f"{self.plan.conversation}\0{sender.name}\0{kind}"
        tag = int.from_bytes(blake2s(content.encode(), digest_size=8).digest())
        return (tag | 1 << 63) << 64  # the first digit is never 0, so there are always 32

    def _again(self, number: int) -> str:
        """The id of a message that may have been said before in the same minute."""
        times = self.given.get(number, 0) or self.before.get(number, 0)
        self.given[number] = times + 1
        return blake2s(f"{number:x} {times}".encode(), digest_size=16).hexdigest() if times else f"{number:x}"

    def _special(self, at: datetime, minute: int, name: str | None, body: str) -> Message:
        """A message that is not plain words of a person."""
        person, said = self._said(name, body)
        return Message(
            id=self._again(self._tag(person, said.kind) + (minute << 32) + crc32(said.text.encode())),
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

    def _said(self, name: str | None, body: str) -> tuple[Person, Said]:
        plan = self.plan
        if name is None:
            first, _, rest = body.partition(":")
            if first not in plan.people:
                return Person(""), Said("system", body.strip().lstrip("\u200e\u200f"))
            name, body = first, rest.lstrip()
        if name in plan.torn:
            return Person(""), Said("system", f"{name}: {body.strip()}".lstrip("\u200e\u200f"))
        body = body.removeprefix(plan.longer.get(name, ""))
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
        return self.plan.chat.files.get(file, file)

    def _orphan(self, block: Block, text: str) -> Unreadable:
        if block.damaged:
            return self._fault("the archive is damaged from here on", block.line)
        blank = text[: len(text) - len(text.lstrip())].count("\n")
        return self._fault(
            "text that belongs to no message", block.line + blank - 1, text.strip().count("\n")
        )

    def _unreadable(self, block: Block, place: int, body: str) -> Unreadable:
        starts = [match.start() for match in self.plan.split.finditer(block.text)]
        reason = "longer than any message" if len(body) > _LONGEST else "no such date or time"
        line = block.line + block.text.count("\n", 0, starts[place])
        return self._fault(reason, line, body.count("\n"))

    def _fault(self, reason: str, line: int, more: int = 0) -> Unreadable:
        position = f"lines {line}-{line + more}" if more else f"line {line}"
        return Unreadable(file=self.plan.chat.label, position=position, reason=reason)
