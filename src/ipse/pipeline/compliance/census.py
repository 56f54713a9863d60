"""One pass over everything that is kept: how much of what, how old, and what of it should not be there.

It keeps counts and ids, and no content. The report's audit row is written before it begins.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import msgspec

from ipse import plugins
from ipse.datasets import Dataset
from ipse.errors import DamagedVaultError
from ipse.interfaces import Span
from ipse.pipeline.clearing import word_lists
from ipse.pipeline.days.keeping import event_days, metric_days
from ipse.pipeline.special import of_message
from ipse.pipeline.workspace import Workspace
from ipse.privacy.finding import Finder
from ipse.privacy.known import Mention
from ipse.privacy.operators import PLACEHOLDER
from ipse.privacy.roster import Roster
from ipse.records import Event, Message

__all__ = ["Census", "Searcher", "Tally", "census"]

_Found = TypeVar("_Found", Span, Mention)

AGES = (1, 3, 5)  # years that part the columns of the inventory
YEAR = 365.25
FIRST = datetime(1970, 1, 2, tzinfo=UTC)  # what is dated before it got its date from a nought


class Tally(msgspec.Struct, kw_only=True):
    """Of one source and category."""

    count: int = 0
    ages: list[int] = msgspec.field(default_factory=lambda: [0, 0, 0, 0])
    oldest: datetime | None = None
    newest: datetime | None = None


class Census(msgspec.Struct, kw_only=True):
    """What the pass found. ``overdue`` is older than its limit, ``misdated`` lies in no possible time.

    ``named`` are ids of messages in which a known person stands by name, ``identified`` of those with an
    identifier that the gate would replace today; ``damaged`` are sources that could not be read to their end.
    ``special`` counts messages by special category.
    """

    tallies: dict[tuple[str, str], Tally] = {}
    months: dict[str, Counter[str]] = {}
    read: Counter[str] = msgspec.field(default_factory=Counter)
    raw: int = 0
    attachments: int = 0
    named_files: list[str] = []
    overdue: Counter[str] = msgspec.field(default_factory=Counter)
    misdated: list[str] = []
    named: list[str] = []
    special: Counter[str] = msgspec.field(default_factory=Counter)
    identified: list[str] = []
    damaged: list[str] = []


class Searcher:
    """Looks in cleared texts for what the gate would replace today."""

    def __init__(self, workspace: Workspace, roster: Roster) -> None:
        settings = workspace.settings.privacy
        self._roster = roster
        self._finder = Finder(plugins.recognizers(settings), settings, word_lists(workspace))

    def names(self, text: str) -> bool:
        """Whether somebody known is named."""
        found = self._roster.known.find(text)
        return any(not self._finder.keeps(text[one.start : one.end]) for one in _bare(text, found))

    def identifiers(self, text: str) -> bool:
        """Whether a recognizer is sure of an identifier."""
        return any(_bare(text, self._finder.replaced(self._finder.find(text))))

    def texts(self, dataset: Dataset) -> Iterator[str]:
        """Each text of a dataset once: turns repeat over examples."""
        held = dataset.split.sets().values()
        yield from {one.reply for some in held for one in some} | {
            turn.text for some in held for one in some for turn in one.context
        }


def census(
    workspace: Workspace, roster: Roster, now: datetime, step: Callable[[int], None] = lambda _n: None
) -> Census:
    """Read everything once; ``step`` is told how many records were read so far."""
    counter = _Counter(workspace, roster, now)
    done = 0
    for source in workspace.vault.counts():
        try:
            for talk in workspace.vault.scan(sources=[source]):
                for message in talk.messages:
                    counter.message(source, message)
                done += len(talk.messages)
                step(done)
            for event in workspace.vault.events(sources=[source]):
                counter.event(source, event)
                done += 1
        except DamagedVaultError:
            counter.found.damaged.append(source)
    return counter.found


class _Counter:
    def __init__(self, workspace: Workspace, roster: Roster, now: datetime) -> None:
        self.found = Census()
        self._now = now
        self._search = Searcher(workspace, roster)
        self._settings = workspace.settings
        self._retention = workspace.settings.retention

    def message(self, source: str, message: Message) -> None:
        category = _category(message)
        self._count(source, category, message.at, message.id, limit=self._retention.days(source, "messages"))
        found = self.found
        found.raw += bool(message.raw)
        found.attachments += len(message.attachments)
        if not all(name.startswith("<FILE") for name in message.attachments):
            found.named_files.append(message.id)
        texts = [text for text in (message.text, message.subject, message.raw) if text]
        found.special.update(of_message(message))
        if any(self._search.names(text) for text in texts):
            found.named.append(message.id)
        if any(self._search.identifiers(text) for text in texts):
            found.identified.append(message.id)

    def event(self, source: str, event: Event) -> None:
        days = metric_days if event.kind == "metric" else event_days
        at = datetime.fromtimestamp(event.ts / 1e6, tz=UTC)
        self._count(source, "events", at, event.key, limit=days(self._settings, source, event.stream))

    def _count(self, source: str, category: str, at: datetime, name: str, *, limit: int) -> None:
        found = self.found
        found.read[source] += 1
        tally = found.tallies.setdefault((source, category), Tally())
        age = (self._now - at).days / YEAR
        tally.count += 1
        tally.ages[sum(age >= years for years in AGES)] += 1
        tally.oldest = min(at, tally.oldest or at)
        tally.newest = max(at, tally.newest or at)
        found.months.setdefault(f"{at:%Y-%m}", Counter())[category] += 1
        if limit and at < self._now - timedelta(days=limit):
            found.overdue[source] += 1
        if not FIRST <= at <= self._now + timedelta(days=1):
            found.misdated.append(name)


def _category(message: Message) -> str:
    """Of personal data, as the inventory counts it: whose words, or what else."""
    if message.content_type == "deleted":
        return "marks of what was refused or erased"
    if message.content_type in ("call", "system"):
        return "calls and notices"
    return "your messages" if message.direction == "outbound" else "messages of others"


def _bare(text: str, found: Sequence[_Found]) -> Iterator[_Found]:
    """Those that touch no placeholder: nothing in one is a name or a key."""
    held = [match.span() for match in PLACEHOLDER.finditer(text)] if found and "<" in text else []
    for one in found:
        if not any(start < one.end and one.start < end for start, end in held):
            yield one
