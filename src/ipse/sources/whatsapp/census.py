"""The first pass over a WhatsApp chat: its style, the order of its dates, who wrote how much, and its name.

Keeps counts and names, never what was written. Knows nothing of records.
"""

import re
import unicodedata
from collections import Counter

import msgspec

from ipse.interfaces import ReadOptions
from ipse.records import Person
from ipse.sources.whatsapp.bodies import markers
from ipse.sources.whatsapp.files import Block, Chat, blocks, head
from ipse.sources.whatsapp.headers import MARKS, SPACES, Calendar, Style, learn

__all__ = ["BOTS", "Plan", "plan_of"]

BOTS = frozenset({"meta ai"})
"""Senders that are no persons, in lower case."""

_NAME = r"[^:\n]*+(?:(?=: )|(?::(?! )[^:\n]*+)++)"  # a sender: what stands before the first ": "
_NEVER = re.compile(r"(?!)()()()")  # stands in for the header of a file that has none
_PHONE = re.compile(r"\+?[\d\s()\u2010-\u2015.-]{7,24}")
_LEADS = frozenset("\u200e\u200f")


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What the first pass found out about one chat.

    ``split`` finds a newline and a header, with the groups date, clock and name. ``people`` are the senders
    by the name as written; ``torn`` are beginnings of lines of the app that look like a name. ``longer`` is
    the rest of a name that holds a colon. ``iso``: clocks are as ISO 8601 has them.
    ``apple`` tells how the app marks its own lines, see
    :meth:`~ipse.sources.whatsapp.bodies.Markers.examine`; ``by_app`` are the names that bear such lines
    by their wording alone, as older exports have them.
    """

    chat: Chat
    split: re.Pattern[str]
    calendar: Calendar | None
    iso: bool
    apple: bool
    by_app: frozenset[str]
    conversation: str
    group: bool
    people: dict[str, Person]
    torn: frozenset[str]
    longer: dict[str, str]
    senders: dict[Person, int]
    units: int
    note: str


def plan_of(chat: Chat, options: ReadOptions) -> Plan:
    """Go over the chat once. Raises ``SourceError`` where it cannot be opened."""
    lines = head(chat)
    style, marks = learn(lines) or (None, False)
    old = not any("\u200e" in line or "\u200f" in line for line in lines)
    census = _Census(style, marks=marks, old=old)
    split = re.compile(rf"\n{style.header(marks=marks)}(?:({_NAME}): )?") if style else _NEVER
    census.watch(split.split("\n" + "\n".join(lines)))
    for block in blocks(chat, split):
        census.add(block)
    return census.plan(chat, split, options)


class _Census:
    """Counts who wrote, weighs the dates, and watches for names that are no names.

    ``watched`` maps a name to the beginning that all its first bodies share, up to a colon; ``suspects``
    are names that so far bear nothing but lines of the app.
    """

    def __init__(self, style: Style | None, *, marks: bool, old: bool) -> None:
        self.markers = markers()
        self.apple = style is not None and style.close != "-"
        self.old = old and self.apple
        self.iso = style is not None and style.iso
        self.calendar = Calendar(style) if style else None
        self.header = style.header(marks=marks, groups=False) if style else "(?!)"
        self.dates = re.compile(rf"\n{style.header(marks=marks)}" if style else "(?!)()()")
        self.lines = _NEVER
        self.units = 0
        self.group = False
        self.title = ""
        self.counts: dict[str, int] = {}
        self.unsplit: dict[str, int] = {}
        self.by_app: set[str] = set()
        self.seen: dict[str, int] = {}
        self.watched: dict[str, str] = {}
        self.suspects: set[str] = set()

    def watch(self, pieces: list[str]) -> None:
        """Look at the first bodies, split into date, clock, name and body, for names that hold a colon.

        Learns from them, too, what to look for in the rest: a name with its ": ", and behind it the first
        line of the body only where that may be a line of the app.
        """
        seen, known = self.seen, set[str]()
        for name, body in zip(pieces[3::4], pieces[4::4], strict=True):
            if not name:
                continue
            first, colon, _ = body.partition("\n")[0].partition(": ")
            seen[name] = seen.get(name, 0) + 1
            if seen[name] == 1 and colon and len(first) <= 40:
                self.watched[name] = first + ": "
            elif name in self.watched and not body.startswith(self.watched[name]):
                del self.watched[name]
            if self.old and not self.markers.of_the_app(body):
                known.add(name)
        if known:
            names = "|".join(re.escape(name) for name in known)
            notice = self.markers.notice.pattern
            said = rf"(?:{names}): (?:(?:[\u200e\u200f]|{notice})[^\n]*)?|{_NAME}: [^\n]*"
        else:
            said = rf"{_NAME}: (?:[\u200e\u200f][^\n]*)?" if not self.old else rf"{_NAME}: [^\n]*"
        self.lines = re.compile(rf"\n{self.header}({said}|[^\n]*)")

    def add(self, block: Block) -> None:
        """Count one block."""
        start = self.lines.search(block.text)
        lead = block.text[: start.start()] if start else block.text
        lines = Counter(self.lines.findall(block.text))
        self.units += bool(lead.strip()) + lines.total() + block.damaged
        if self.calendar and not self.calendar.settled:
            for day, _ in self.dates.findall(block.text):
                self.calendar.see(day)
        for line, number in lines.items():
            name, colon, body = line.partition(": ")
            if not colon:
                self._without_name(line, number)
            elif not (body and self._app_wrote(name, body)):
                self._count(name, body, number)

    def _without_name(self, line: str, number: int) -> None:
        name, colon, _ = line.partition(":")
        if colon:
            self.unsplit[name] = self.unsplit.get(name, 0) + number
        self.group = self.group or bool(self.markers.group.search(line))

    def _app_wrote(self, name: str, body: str) -> bool:
        if body[0] in _LEADS:
            if self.markers.examine(body, apple=self.apple).kind != "system":
                return False
        elif not self.markers.notice.match(body):
            return False
        line = body.lstrip("\u200e\u200f")
        self.by_app.add(name)
        self.group = self.group or bool(self.markers.group.search(line))
        if not self.title and self.markers.notice.match(line):
            self.title = _clean(name)
        return True

    def _count(self, name: str, body: str, number: int) -> None:
        if self.old and (name in self.suspects or name not in self.counts):
            if self.markers.of_the_app(body):
                self.suspects.add(name)
            else:
                self.suspects.discard(name)
        self.counts[name] = self.counts.get(name, 0) + number

    def plan(self, chat: Chat, split: re.Pattern[str], options: ReadOptions) -> Plan:
        """Conclude the first pass."""
        known = {*options.me, chat.title}
        longer = {
            name: rest
            for name, rest in self.watched.items()
            if self.seen[name] > 2 or f"{name}: {rest[:-2]}" in known
        }
        torn = frozenset(name for name in self.counts if self._is_torn(name))
        titles = {name for name in self.suspects if self._is_title(name, chat)}
        names = [name for name in self.counts if name not in torn | titles]
        people = {name: _person(f"{name}: {longer[name][:-2]}" if name in longer else name) for name in names}
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

    def _is_torn(self, name: str) -> bool:
        """Whether a line of the app was taken for a name: `Ana changed the subject to "Trip: Rome"`."""
        quoted = bool(name.count('"') % 2) or name.count("“") != name.count("”")
        return self.markers.no_name(_clean(name)) or (quoted and self.counts[name] < 3)

    def _is_title(self, name: str, chat: Chat) -> bool:
        """Whether a name with nothing but lines of the app is the group's and no person's."""
        return self.counts[name] > 1 or name in self.by_app or _clean(name) == chat.title

    def _conversation(self, chat: Chat, humans: list[str]) -> str:
        """The name of the chat, the same for each export of it as far as a file can tell."""
        if chat.title:
            return chat.title
        if self.title and (self.group or len(humans) != 2):
            return self.title
        if 0 < len(humans) < 3:
            return ", ".join(humans)
        return unicodedata.normalize("NFC", chat.path.stem.encode("utf-8", "replace").decode())


def _person(name: str) -> Person:
    clean = _clean(name)
    if not _PHONE.fullmatch(clean):
        return Person(clean)
    return Person(clean, "+" * clean.startswith("+") + "".join(char for char in clean if char.isdigit()))


def _clean(name: str) -> str:
    """A name without marks, and without the tilde of somebody who is not in the address book."""
    bare = re.sub(f"[{MARKS}]", "", name).strip()
    return re.sub(f"[{SPACES}]+", " ", bare.removeprefix("~")).strip() or bare
