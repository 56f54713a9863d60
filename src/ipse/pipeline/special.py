"""What of the special categories may be used: the owner's switch, as it is now, before every use.

Messages of a category that no consent allows stand as gaps: in datasets, in what judges, in answers said
before. They stay in the archive, unless the settings refuse them or the owner erases them.
"""

from collections import Counter
from collections.abc import Collection, Iterator
from datetime import UTC, datetime
from functools import lru_cache

import msgspec

from ipse.consent import Special, special_allowed
from ipse.pipeline.contacts import conversations, gap
from ipse.pipeline.workspace import Workspace
from ipse.privacy.special import CATEGORIES, special_in
from ipse.records import Message
from ipse.vault import Conversation

__all__ = ["Found", "Screen", "allowed", "found_in", "of_message", "refused"]

Grants = dict[Special, str]
REMEMBERED = 4096  # texts of answers whose categories a screen remembers: the same few are said again


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """How many messages of a source seem to be of a category, and the consent that allows style to learn."""

    source: str
    category: Special
    messages: int
    consent: str | None


def allowed(workspace: Workspace, source: str) -> Grants:
    """The categories of a source that may be used now, each with its consent."""
    return special_allowed(workspace.consents(), source=source, now=datetime.now(UTC))


def refused(workspace: Workspace, source: str) -> frozenset[Special]:
    """The categories that are not even kept, where the settings say so."""
    if workspace.settings.privacy.special_categories == "keep":
        return frozenset()
    return frozenset(CATEGORIES) - allowed(workspace, source).keys()


def of_message(message: Message) -> frozenset[Special]:
    """What a message, with its subject, seems to be about."""
    return special_in(f"{message.subject}\n{message.text}" if message.subject else message.text)


class Screen:
    """Lets through what may be used. ``kept_out`` counts messages by category, ``special`` in all.

    ``used`` is what was let through by a consent of its own: source, category, consent.
    """

    def __init__(self, workspace: Workspace, sources: Collection[str]) -> None:
        self._grants = {source: allowed(workspace, source) for source in sources}
        self.kept_out: Counter[str] = Counter()
        self.used: dict[str, dict[str, str]] = {}
        self._about = lru_cache(maxsize=REMEMBERED)(special_in)

    @property
    def grants(self) -> dict[str, Grants]:
        """The switch as it was when this was made."""
        return self._grants

    def talks(self, talks: Iterator[Conversation]) -> Iterator[Conversation]:
        """Conversations with gaps for what may not be used."""
        for talk in talks:
            messages = [self._passed(message, talk.source) for message in talk.messages]
            yield Conversation(talk.id, talk.source, messages)

    def bars(self, source: str, text: str) -> bool:
        """Whether a text that was said in ``source`` may not be said again."""
        return not self._about(text) <= self._grants.get(source, {}).keys()

    def _passed(self, message: Message, source: str) -> Message:
        found = of_message(message)
        if not found:
            return message
        grants = self._grants.get(source, {})
        if barred := found - grants.keys():
            self.kept_out.update(f"special {category}" for category in barred)
            self.kept_out["special"] += 1
            return gap(message)
        self.used.setdefault(source, {}).update({category: grants[category] for category in found})
        return message


def found_in(workspace: Workspace) -> list[Found]:
    """What of each category the vault holds, by source; the audit log says that it was looked through."""
    counts: dict[str, Counter[Special]] = {}
    for talk in conversations(workspace, why="special"):
        of = counts.setdefault(talk.source, Counter())
        for message in talk.messages:
            of.update(of_message(message))
    return [
        Found(source=source, category=category, messages=of[category], consent=grants.get(category))
        for source, of in sorted(counts.items())
        for grants in [allowed(workspace, source)]
        for category in CATEGORIES
        if of[category]
    ]
