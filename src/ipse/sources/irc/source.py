"""IRC: what clients, bouncers and bots log: irssi, WeeChat, HexChat, mIRC, ZNC, Quassel, energymech.

A log is text in the form of its client, mostly in local time and without any id. Two passes are made over
each: the first learns its style and who is in it. Knows nothing of who the owner is, but where they said
their nick, it follows them as they change it.
"""

import re
from collections.abc import Iterator
from typing import Final

from msgspec.structs import replace

from ipse.errors import SourceError
from ipse.exports import ExportPath
from ipse.interfaces import ReadOptions, Survey
from ipse.records import ContentType, Message, Person, Unreadable
from ipse.sources.irc import lines
from ipse.sources.irc.days import Moment
from ipse.sources.irc.lines import Line
from ipse.sources.irc.log import Fault, Log, Plan, is_log, plan_of
from ipse.sources.reading.guides import guide
from ipse.sources.reading.records import Repeats, digest, surveyed
from ipse.sources.reading.texts import clean

__all__ = ["Irc"]

SAMPLED: Final = 8  # files of a folder that are looked at to tell whether it is one of logs
MOST: Final = 200  # participants named in a message
_BOT = re.compile(
    r"(?i:u?bott?u\d*|(?:chan|nick|memo|oper|host|group|auth|global|help|bot|info|sasl|stat)serv|supybot|limnoria|meetingology"
    r"|lambdabot|yahb|fsbot|rudybot|gribble|dpkg|infobot|eggdrop|cia-\d+|irker\w*|travis-?ci|github\w?\d*|jenkins\w*|\*?status"
    r"|(?:.*[^a-z])?bot\d*[^a-z]*|saslserv|floodbot\w*|ubot\w*|.*\[bot\])|.*[a-z0-9]Bot\d*"
)  # fmt: skip
_ADDRESSED = re.compile(r"\s*([^\s:,]{1,40})\s*[:,](?=\s|$)")


class Irc:
    """Reads IRC logs."""

    name = "irc"
    aliases: tuple[str, ...] = ("irc_log",)
    reads = "IRC logs of irssi, WeeChat, HexChat, mIRC, ZNC, Quassel and others: files or folders of them"
    general = False

    def guide(self) -> str:
        """Where the logs lie."""
        return guide(self.name)

    def recognizes(self, path: ExportPath) -> bool:
        """Tell by the lines; a folder is one export where it holds nothing but logs, and several."""
        try:
            return _of_logs(path) if path.is_dir() else path.is_file() and is_log(path) is not None
        except SourceError:
            return False

    def survey(self, path: ExportPath, options: ReadOptions) -> Survey:
        """Count who said how much; notes tell how the days were found where the log leaves them open."""
        notes: list[str] = []
        own: set[str] = set()
        found = surveyed(self._items(path, options, notes, own), notes=notes)
        likely = tuple(person for person in found.senders if person.name in own)
        return replace(found, likely=likely or found.likely)

    def read(self, path: ExportPath, options: ReadOptions) -> Iterator[Message | Unreadable]:
        """Yield what was said and what happened, in the order of each file."""
        return self._items(path, options, [], set())

    def _items(
        self, path: ExportPath, options: ReadOptions, notes: list[str], own: set[str]
    ) -> Iterator[Message | Unreadable]:
        logs = 0
        before: dict[str, _Reading] = {}  # the log before of each channel
        for file in path.walk():
            style = is_log(file)
            if style is None:
                if path.is_dir():
                    yield Unreadable(file.label, "line 1", "no log of IRC")
                continue
            logs += 1
            plan = plan_of(file, style)
            notes += _notes(file, plan)
            own |= plan.self_nicks
            reading = _Reading(file, plan, options)
            reading.goes_on_from(before.get(plan.channel))
            before[plan.channel] = reading
            yield from reading
        if not logs:
            raise SourceError(
                f"{path.label}: there is no log of IRC in it.",
                hint="Each line needs a time and a nick, as `[12:34] <nick> text`.",
            )


def _of_logs(folder: ExportPath) -> bool:
    files = 0
    for file in folder.walk():
        if is_log(file) is None:
            return False
        files += 1
        if files == SAMPLED:
            break
    return files > 1 or (files == 1 and folder.name.startswith("#"))


def _notes(file: ExportPath, plan: Plan) -> Iterator[str]:
    if not plan.dated:
        yield f"{file.label}: nothing says its day; the last line is put on the day the file was changed."
    if plan.twelve:
        yield f"{file.label}: a clock of 12 hours without am or pm; it is taken to start before noon."


class _Reading:
    """The second pass over one log."""

    def __init__(self, file: ExportPath, plan: Plan, options: ReadOptions) -> None:
        self._file, self._plan, self._zone, self._repeats = file, plan, options.tz, Repeats()
        self._me = {name.casefold(): name for name in options.me}
        self._mine: dict[str, str] = {}  # what the owner is called now: by their name
        self._known = {nick.casefold(): nick for nick in (*plan.met, *plan.spoke)}
        most = [nick for nick, _ in plan.spoke.most_common(MOST) if nick]
        self._participants = tuple(Person(nick) for nick in sorted(most))
        self._group = plan.channel.startswith(("#", "&")) or len(plan.spoke) > 2
        self._bots = {nick for nick in plan.spoke if _BOT.fullmatch(nick) and nick.casefold() not in self._me}

    def goes_on_from(self, before: "_Reading | None") -> None:
        """Keep to the owner's nick over midnight, where the log of the day before was read just now."""
        if before is not None and self._plan.first and before._plan.first:  # noqa: SLF001 - of the same class
            days = (self._plan.first - before._plan.first).days  # noqa: SLF001
            self._mine = dict(before._mine) if days == 1 else {}  # noqa: SLF001

    def __iter__(self) -> Iterator[Message | Unreadable]:
        for number, now, line in Log(self._file, self._plan):
            if isinstance(line, Fault):
                yield Unreadable(self._file.label, f"line {number}", line.reason)
            else:
                yield self._message(now, line)

    def _message(self, now: Moment, line: Line) -> Message:
        kind: ContentType = "system" if line.kind in ("system", "notice") else "text"
        text = clean(line.text)
        if line.kind == "system":
            self._follow(text)
        identity = digest("irc", self._plan.channel, now.mark, line.nick, line.kind, text)
        name = self._mine.get(line.nick.casefold(), line.nick)
        return Message(
            id=self._repeats.numbered(identity),
            conversation=self._plan.channel,
            platform=Irc.name,
            at=now.at if now.at.tzinfo else now.at.replace(tzinfo=self._zone),
            sender=Person(name),
            direction="outbound" if name != line.nick else "inbound",
            text=f"/me {text}".strip() if line.kind == "action" else text,
            raw=line.text,
            participants=self._participants,
            group=self._group,
            content_type=kind,
            automatic=line.kind == "notice" or line.nick in self._bots,
            mentions=self._addressed(text) if kind == "text" else (),
        )

    def _addressed(self, text: str) -> tuple[Person, ...]:
        """Whom the words are for: `nick: …`, `nick, …`, or several of them, if they are in the channel."""
        found: list[Person] = []
        place = 0
        while (match := _ADDRESSED.match(text, place)) and len(found) < 10:
            nick = self._known.get(match[1].casefold())
            if nick is None:
                break
            found.append(Person(self._mine.get(nick.casefold(), nick)))
            place = match.end()
        return tuple(dict.fromkeys(found))

    def _follow(self, text: str) -> None:
        """Keep to the owner as they change their nick, until they leave."""
        if not self._me:
            return
        if change := lines.change_in(text):
            old, new = (nick.casefold() for nick in change)
            name = self._me.get(old) or self._mine.pop(old, None)
            if name is not None and new not in self._me:
                self._mine[new] = name
        elif left := lines.left_in(text):
            self._mine.pop(left.casefold(), None)
