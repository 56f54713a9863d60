"""What conversations hold for a profile: the owner's messages, everybody else's, runs, waits and beginnings.

Knows records and a zone. What does not count as anybody's style (media, system lines, bots, forwards) is
counted and left out, by the rules of datasets.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from sys import intern
from zoneinfo import ZoneInfo

import msgspec

from ipse.config import DatasetSettings
from ipse.datasets import Talk
from ipse.datasets.dialogues import OWNER
from ipse.datasets.rules import left_out
from ipse.datasets.words import words
from ipse.lengths import spaced
from ipse.records import Message

__all__ = ["ANSWERED", "NOBODY", "Gathered", "Said", "Wait", "gather"]

ANSWERED = timedelta(days=3)  # a later answer is a new talk
NOBODY = ""  # whom a reflection or a note is written to
_TIMELESS = 0.2  # share of a platform's messages at midnight sharp, from which its export has days only
_FEWEST_TIMED = 5


class Said(msgspec.Struct, frozen=True, gc=False):
    """A message that counts: by whom, to whom (a pseudonym, a group's token or nobody), when and where.

    ``at`` is in the owner's zone; ``lang`` is what was detected, ``tongue`` that or its conversation's.
    ``words`` are folded, without placeholders, links and numbers.
    """

    text: str
    words: tuple[str, ...]
    who: str
    to: str
    group: bool
    at: datetime
    platform: str
    lang: str | None
    tongue: str | None


class Wait(msgspec.Struct, frozen=True, gc=False):
    """The last message of a run of somebody's, and the answer to it (None: none within three days)."""

    to: str
    arrived: datetime
    answered: datetime | None


class Gathered(msgspec.Struct):
    """``begun`` holds a pair a talk: to whom, and whether the owner began it. ``bursts``: to whom, size."""

    own: list[Said] = []
    others: list[Said] = []
    waits: list[Wait] = []
    begun: list[tuple[str, bool]] = []
    bursts: list[tuple[str, int]] = []
    elsewhere: Counter[str] = msgspec.field(default_factory=Counter)
    timeless: frozenset[str] = frozenset()


def gather(
    talks: Iterable[Talk], settings: DatasetSettings, *, zone: ZoneInfo, without: Collection[str] = ()
) -> Gathered:
    """Go through conversations once; those with nobody but one of ``without`` are left out whole."""
    found = Gathered()
    for talk in talks:
        others = _others(talk.messages)
        group = len(others) > 1 or any(message.group for message in talk.messages)
        to = talk.id if group else next(iter(others), NOBODY)
        if to in without:
            found.elsewhere["objected or excluded"] += sum(
                each.direction == "outbound" for each in talk.messages
            )
            continue
        _Talk(found, settings, zone=zone, to=to, group=group).take(talk.messages)
    found.timeless = _timeless(found.own)
    return found


class _Talk:
    """One conversation on its way into what is gathered."""

    def __init__(
        self, into: Gathered, settings: DatasetSettings, *, zone: ZoneInfo, to: str, group: bool
    ) -> None:
        self.into, self.settings, self.zone, self.to, self.group = into, settings, zone, to, group
        self.gap = timedelta(hours=settings.gap_hours)
        self.close = timedelta(minutes=settings.burst_minutes)

    def take(self, messages: Sequence[Message]) -> None:
        tongues = Counter(message.lang for message in messages if message.lang)
        usual = tongues.most_common(1)[0][0] if tongues else None
        for message in messages:
            reason = left_out(message, self.settings.without)
            own = message.direction == "outbound"
            if reason is None:
                (self.into.own if own else self.into.others).append(self._said(message, usual))
            elif own:
                self.into.elsewhere[reason] += 1
        self._beginnings(messages)
        self._runs(messages)
        if not self.group and self.to != NOBODY:
            self._answers(messages)

    def _said(self, message: Message, usual: str | None) -> Said:
        own = message.direction == "outbound"
        who = OWNER if own else message.sender.name
        local = message.at.astimezone(self.zone)
        tongue = message.lang or usual
        return Said(
            text=message.text,
            words=tuple(map(intern, words(spaced(message.text)))),
            who=who,
            to=self.to,
            group=self.group,
            at=local,
            platform=message.platform,
            lang=message.lang,
            tongue=tongue,
        )

    def _beginnings(self, messages: Sequence[Message]) -> None:
        """Who speaks first after a silence; only where somebody else is there to speak."""
        if self.to == NOBODY:
            return
        last: datetime | None = None
        for message in messages:
            if message.content_type == "system" or message.automatic:
                continue
            silent = last is None or message.at - last > self.gap
            if silent and message.content_type != "deleted":
                self.into.begun.append((self.to, message.direction == "outbound"))
            last = message.at

    def _runs(self, messages: Sequence[Message]) -> None:
        """The owner's messages in a row, nobody else's between them, each soon after the one before."""
        size, last = 0, None
        for message in messages:
            own = message.direction == "outbound" and left_out(message, self.settings.without) is None
            if own and size and last is not None and message.at - last <= self.close:
                size += 1
            else:
                if size:
                    self.into.bursts.append((self.to, size))
                size = int(own)
            last = message.at
        if size:
            self.into.bursts.append((self.to, size))

    def _answers(self, messages: Sequence[Message]) -> None:
        """From the last message of the other's to the owner's next; a gap says that one is not known."""
        waiting: datetime | None = None
        for message in messages:
            if message.content_type == "system" or message.automatic:
                continue
            if waiting is not None and message.at - waiting > ANSWERED:
                self.into.waits.append(Wait(self.to, waiting.astimezone(self.zone), None))
                waiting = None
            if message.content_type == "deleted":
                waiting = None
            elif message.direction == "inbound":
                waiting = message.at
            elif waiting is not None:
                answered = message.at.astimezone(self.zone)
                self.into.waits.append(Wait(self.to, waiting.astimezone(self.zone), answered))
                waiting = None
        if waiting is not None:
            self.into.waits.append(Wait(self.to, waiting.astimezone(self.zone), None))


def _others(messages: Sequence[Message]) -> set[str]:
    """Whoever wrote or took part, but the owner; in a talk of gaps alone only the participants tell."""
    found: set[str] = set()
    for message in messages:
        if message.direction != "outbound" and message.sender.name:
            found.add(message.sender.name)
    if found:
        return found - {OWNER}
    return {one.name for message in messages for one in message.participants} - {OWNER, ""}


def _timeless(own: Sequence[Said]) -> frozenset[str]:
    """Platforms whose exports have a day and no time of it."""
    every = Counter(each.platform for each in own)
    sharp = Counter(
        each.platform for each in own if (each.at.hour, each.at.minute, each.at.second) == (0, 0, 0)
    )
    utc = Counter(each.platform for each in own if each.at.timestamp() % 86_400 == 0)
    return frozenset(
        name
        for name, count in every.items()
        if count >= _FEWEST_TIMED and max(sharp[name], utc[name]) > _TIMELESS * count
    )
