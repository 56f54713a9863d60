"""The first pass over a WhatsApp chat: its style, the order of its dates, who wrote how much, and its name.

Keeps counts and names, never what was written. Knows nothing of records.
"""

import re
import unicodedata
from collections import Counter
from itertools import groupby

import msgspec

from ipse.interfaces import ReadOptions
from ipse.records import Person
from ipse.sources.whatsapp.bodies import markers
from ipse.sources.whatsapp.files import Block, Chat, blocks, head
from ipse.sources.whatsapp.headers import LEADS, MARKS, SPACES, Calendar, Header, learn

__all__ = ["BOTS", "MOST", "Plan", "plan_of"]

BOTS = frozenset({"meta ai"})
"""Senders that are no persons, in lower case."""

MOST = 200
"""People of a conversation that its messages name: those who wrote most of it."""

_NAME = rb"[^:\n]*+(?::(?! )[^:\n]*+)*+"  # a sender: what stands before the first ": "
_LEAD = b"|".join(LEADS)
_NEVER = re.compile(rb"(?!)()()()")  # stands in for the header of a file that has none
_PHONE = re.compile(r"\+?[\d\s()\u2010-\u2015.-]{7,24}")


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What the first pass found out about one chat.

    ``split`` finds a newline and a header, with the groups date, clock and name. ``people`` are the senders
    by the name as written, in bytes; ``torn`` are beginnings of lines of the app that look like a name.
    ``longer`` is the rest of a name that holds a colon. ``iso``: clocks are as ISO 8601 has them.
    ``apple`` tells how the app marks its own lines, see
    :meth:`~ipse.sources.whatsapp.bodies.Markers.examine`; ``by_app`` are the names that bear such lines
    by their wording alone, as older exports have them.
    """

    chat: Chat
    split: re.Pattern[bytes]
    calendar: Calendar | None
    iso: bool
    apple: bool
    by_app: frozenset[bytes]
    conversation: str
    group: bool
    people: dict[bytes, Person]
    torn: frozenset[bytes]
    longer: dict[bytes, bytes]
    senders: dict[Person, int]
    units: int
    note: str


def plan_of(chat: Chat, options: ReadOptions) -> Plan:
    """Go over the chat once. Raises ``SourceError`` where it cannot be opened."""
    start = head(chat)
    header = learn(start.decode("utf-8", "replace").split("\n"))
    census = _Census(header, old=not any(mark in start for mark in LEADS))
    split = re.compile(b"\n" + header.pattern() + b"(?:(" + _NAME + b"): )?") if header else _NEVER
    census.watch(split.split(b"\n" + start))
    for block in blocks(chat, split):
        census.add(block)
    return census.plan(chat, split, options)


class _Census:
    """Counts who wrote, weighs the dates, and watches for names that are no names.

    ``watched`` maps a name to the beginning that all its first bodies share, up to a colon; ``suspects``
    are names that so far bear nothing but lines of the app.
    """

    def __init__(self, header: Header | None, *, old: bool) -> None:
        self.markers = markers()
        self.apple = header is not None and header.close != "-"
        self.old = old and self.apple
        self.iso = header is not None and header.iso
        self.calendar = Calendar(header) if header else None
        self.header = b"\n" + header.pattern(groups=False) if header else b"(?!)"
        self.dates = re.compile(b"\n" + header.pattern() if header else b"(?!)()()")
        self.lines = _NEVER
        self.units = 0
        self.group = False
        self.title = ""
        self.counts: dict[bytes, int] = {}
        self.unsplit: dict[bytes, int] = {}
        self.by_app: set[bytes] = set()
        self.seen: dict[bytes, int] = {}
        self.watched: dict[bytes, bytes] = {}
        self.suspects: set[bytes] = set()

    def watch(self, pieces: list[bytes]) -> None:
        """Look at the first bodies, split into date, clock, name and body, for names that hold a colon.

        Learns from them, too, what to look for in the rest: a name with its ": ", and behind it the first
        line of the body only where that may be a line of the app.
        """
        seen, known = self.seen, set[bytes]()
        for name, body in zip(pieces[3::4], pieces[4::4], strict=True):
            if not name:
                continue
            first, colon, _ = body.partition(b"\n")[0].partition(b": ")
            seen[name] = seen.get(name, 0) + 1
            if seen[name] == 1 and colon and len(_str(first)) <= 40:
                self.watched[name] = first + b": "
            elif name in self.watched and not body.startswith(self.watched[name]):
                del self.watched[name]
            if self.old and not self.markers.of_the_app(_str(body)):
                known.add(name)
        mark_of_app = b"(?:" + _LEAD + (b"|" + self.markers.notice_bytes if self.old else b"") + b")"
        said = _NAME + (b": [^\n]*" if self.old else b": (?:" + mark_of_app + b"[^\n]*|)")
        if known:
            names = b"|".join(re.escape(name) for name in known)
            said = b"(?:" + names + b"): (?:" + mark_of_app + b"[^\n]*|)|" + said
        self.lines = re.compile(self.header + b"(" + said + b"|[^\n]*)")

    def add(self, block: Block) -> None:
        """Count one block."""
        start = self.lines.search(block.text)
        lead = block.text[: start.start()] if start else block.text
        lines = Counter(self.lines.findall(block.text))
        self.units += bool(lead.strip()) + lines.total() + block.damaged
        if self.calendar and not self.calendar.settled:
            for (day, _), _ in groupby(self.dates.findall(block.text)):
                self.calendar.see(day.decode())
        for line, number in lines.items():
            name, colon, body = line.partition(b": ")
            if not colon:
                self._without_name(line, number)
            elif not (body and self._app_wrote(name, _str(body))):
                self._count(name, body, number)

    def _without_name(self, line: bytes, number: int) -> None:
        name, colon, _ = line.partition(b":")
        if colon:
            self.unsplit[name] = self.unsplit.get(name, 0) + number
        self.group = self.group or bool(self.markers.group.search(_str(line)))

    def _app_wrote(self, name: bytes, body: str) -> bool:
        if body[0] in "\u200e\u200f":
            if self.markers.examine(body, apple=self.apple).kind != "system":
                return False
        elif not self.markers.notice.match(body):
            return False
        line = body.lstrip("\u200e\u200f")
        self.by_app.add(name)
        self.group = self.group or bool(self.markers.group.search(line))
        if not self.title and self.markers.notice.match(line):
            self.title = _clean(_str(name))
        return True

    def _count(self, name: bytes, body: bytes, number: int) -> None:
        if self.old and (name in self.suspects or name not in self.counts):
            if self.markers.of_the_app(_str(body)):
                self.suspects.add(name)
            else:
                self.suspects.discard(name)
        self.counts[name] = self.counts.get(name, 0) + number

    def plan(self, chat: Chat, split: re.Pattern[bytes], options: ReadOptions) -> Plan:
        """Conclude the first pass."""
        known = {*options.me, chat.title}
        longer = {
            name: rest
            for name, rest in self.watched.items()
            if self.seen[name] > 2 or _whole(name, rest) in known
        }
        torn = frozenset(name for name in self.counts if self._is_torn(name))
        titles = {name for name in self.suspects if self._is_title(name, chat)}
        names = [name for name in self.counts if name not in torn | titles]
        people = {name: _person(_whole(name, longer.get(name, b""))) for name in names}
        senders: dict[Person, int] = {}
        for name, person in people.items():
            senders[person] = senders.get(person, 0) + self.counts[name] + self.unsplit.get(name, 0)
        humans = sorted(person.name for person in senders if person.name.lower() not in BOTS)
        return Plan(
            chat=chat,
            split=split,
            calendar=self.calendar,
            iso=self.iso,
            apple=self.apple,
            by_app=frozenset(self.by_app if self.old else ()),
            conversation=self._conversation(chat, humans),
            group=self.group or len(humans) > 2,
            people=people,
            torn=torn,
            longer=longer,
            senders=senders,
            units=self.units,
            note=self.calendar.decide(options.date_order) if self.calendar else "No line starts a message.",
        )

    def _is_torn(self, name: bytes) -> bool:
        """Whether a line of the app was taken for a name: `Ana changed the subject to "Trip: Rome"`."""
        words = _str(name)
        quoted = bool(words.count('"') % 2) or words.count("“") != words.count("”")
        return self.markers.no_name(_clean(words)) or (quoted and self.counts[name] < 3)

    def _is_title(self, name: bytes, chat: Chat) -> bool:
        """Whether a name with nothing but lines of the app is the group's and no person's."""
        return self.counts[name] > 1 or name in self.by_app or _clean(_str(name)) == chat.title

    def _conversation(self, chat: Chat, humans: list[str]) -> str:
        """The name of the chat, the same for each export of it as far as a file can tell."""
        if chat.title:
            return chat.title
        if self.title and (self.group or len(humans) != 2):
            return self.title
        if 0 < len(humans) < 3:
            return ", ".join(humans)
        return unicodedata.normalize("NFC", chat.fallback.encode("utf-8", "replace").decode())


def _str(text: bytes) -> str:
    return text.decode("utf-8", "replace")


def _whole(name: bytes, rest: bytes) -> str:
    """A name, with the rest of it where it holds a colon."""
    return _str(name + b": " + rest.removesuffix(b": ") if rest else name)


def _person(name: str) -> Person:
    clean = _clean(name)
    if not _PHONE.fullmatch(clean):
        return Person(clean)
    return Person(clean, "+" * clean.startswith("+") + "".join(char for char in clean if char.isdigit()))


def _clean(name: str) -> str:
    """A name without marks, and without the tilde of somebody who is not in the address book."""
    bare = re.sub(f"[{MARKS}]", "", name).strip()
    return re.sub(f"[{SPACES}]+", " ", bare.removeprefix("~")).strip() or bare
