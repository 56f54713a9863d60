"""Who the owner knows: one person's handles joined over platforms, renamed, or left out.

What is kept holds the pseudonyms of the day it was kept; :func:`conversations` reads it as people are known
now, so that joining two of them needs nothing rewritten, and a later import finds the one that stayed.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterator
from functools import partial

import msgspec
from msgspec.structs import replace

from ipse.errors import PrivacyError
from ipse.pipeline import objections
from ipse.pipeline.workspace import Workspace
from ipse.privacy.operators import PLACEHOLDER
from ipse.privacy.roster import OWNER, Roster
from ipse.records import Message, Person
from ipse.vault import Conversation

__all__ = [
    "UNNAMED",
    "Contact",
    "contacts",
    "conversations",
    "exclude",
    "gap",
    "labelled",
    "merge",
    "rename",
]

NOBODY = Person("")
UNNAMED = "@archive.invalid"
"""How the address of somebody ends of whom only the pseudonym is known; it stands in no text."""


class Contact(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody in the vault, by what the owner calls them; ``messages`` are those they wrote."""

    pseudonym: str
    name: str
    handles: tuple[str, ...]
    platforms: tuple[str, ...] = ()
    messages: int = 0
    excluded: bool = False
    objected: bool = False


def contacts(workspace: Workspace) -> list[Contact]:
    """Everybody who wrote or took part, the owner first, then by how much they wrote."""
    roster = workspace.roster()
    frozen = objections.frozen(workspace, roster)
    wrote: Counter[str] = Counter()
    platforms: dict[str, set[str]] = {}
    for talk in _read(workspace, None, "contacts"):
        for message in talk.messages:
            who = OWNER if message.direction == "outbound" else roster.now(message.sender.name)
            wrote[who] += 1
            platforms.setdefault(who, set()).add(talk.source)
    found = [
        Contact(
            pseudonym=label,
            name=label if roster.called(label).endswith(UNNAMED) else roster.called(label),
            handles=tuple(
                dict.fromkeys(
                    f"{one.name} <{one.address}>" if one.name and one.address else one.name or one.address
                    for one in roster.handles(label)
                    if not one.address.endswith(UNNAMED)
                )
            ),
            platforms=tuple(sorted(platforms.get(label, ()))),
            messages=wrote[label],
            excluded=label in roster.excluded,
            objected=label in frozen,
        )
        for label in roster.people()
    ]
    return sorted(found, key=lambda one: (one.pseudonym != OWNER, -one.messages, one.name.casefold()))


def merge(workspace: Workspace, into: str, others: Collection[str]) -> Contact:
    """Join ``others`` to ``into``: one person, from now on and in what is kept."""

    def change(roster: Roster) -> str:
        kept = labelled(roster, into)
        for other in others:
            roster.merge(kept, labelled(roster, other))
        return kept

    joined = _changed(workspace, "contacts.merge", change)
    if joined.objected:
        objections.widen(workspace)
    return joined


def rename(workspace: Workspace, who: str, name: str) -> Contact:
    """Call somebody ``name``, also where an answer names them."""

    def change(roster: Roster) -> str:
        roster.rename(label := labelled(roster, who), name)
        return label

    return _changed(workspace, "contacts.rename", change)


def exclude(workspace: Workspace, who: str, *, excluded: bool = True) -> Contact:
    """Keep nothing more that somebody writes, and learn from nothing of it; or allow it again."""

    def change(roster: Roster) -> str:
        roster.exclude(label := labelled(roster, who), excluded=excluded)
        return label

    return _changed(workspace, "contacts.exclude" if excluded else "contacts.include", change)


def conversations(
    workspace: Workspace, sources: Collection[str] | None = None, *, why: str
) -> Iterator[Conversation]:
    """What the vault holds, with people as they are known now; the audit log says that it was read and why.

    A message of somebody who was excluded, or who objected, is a gap: it says that there was one, and
    nothing else.
    """
    roster = workspace.roster()
    frozen = objections.frozen(workspace, roster)
    talks = _read(workspace, sources, why)
    if not roster.merged and not roster.excluded and not frozen:
        return talks
    return _known(roster, talks, frozen)


def gap(message: Message) -> Message:
    """What is left of a message that is not to be used."""
    bare = replace(message, sender=NOBODY, text="", raw="", subject=None)
    return replace(bare, content_type="deleted", attachments=(), reactions=())


def labelled(roster: Roster, who: str) -> str:
    """The pseudonym of whoever that is; raises ``PrivacyError`` for nobody known."""
    found = roster.find(who)
    if found is None:
        raise PrivacyError(f"Nobody called `{who}` is known.", hint="See `ipse contacts list`.")
    return found


def _read(workspace: Workspace, sources: Collection[str] | None, why: str) -> Iterator[Conversation]:
    """The one door to what was kept: its row is written before the first byte is opened.

    Where one source is read, its row is sealed under that source's key.
    """
    names = sorted(workspace.vault.counts() if sources is None else sources)
    told = {"source": names[0]} if len(names) == 1 else {"sources": ", ".join(names)}
    workspace.vault.note("read", {"why": why, **told})
    return workspace.vault.scan(sources=sources)


def _known(roster: Roster, talks: Iterator[Conversation], frozen: frozenset[str]) -> Iterator[Conversation]:
    known = _Known(roster, frozen)
    for talk in talks:
        yield Conversation(talk.id, talk.source, [known.message(message) for message in talk.messages])


class _Known:
    """Reads messages as people are known now, without those whose words are not used."""

    def __init__(self, roster: Roster, frozen: frozenset[str]) -> None:
        self._person = partial(_person, roster)
        self._text = _texts(roster)
        self._silent = roster.excluded | frozen
        self._frozen = frozen

    def message(self, message: Message) -> Message:
        person, text = self._person, self._text
        sender = person(message.sender)
        own = message.direction == "outbound" or sender.name == OWNER
        if not own and sender.name in self._silent:
            return gap(message)
        participants = tuple(dict.fromkeys(map(person, message.participants)))
        reactions = tuple(replace(one, by=person(one.by)) for one in message.reactions)
        # The body as exported quotes whom it answers.
        quoting = any(one.name in self._frozen for one in participants)
        return replace(
            message,
            sender=sender,
            direction="outbound" if own else "inbound",
            participants=participants,
            mentions=tuple(map(person, message.mentions)),
            reactions=tuple(one for one in reactions if one.by.name not in self._frozen),
            text=text(message.text),
            raw="" if quoting else text(message.raw),
            subject=message.subject and text(message.subject),
        )


def _person(roster: Roster, person: Person) -> Person:
    now = roster.now(person.name) if person.name else ""
    return person if now == person.name else Person(now)


def _texts(roster: Roster) -> Callable[[str], str]:
    """Puts the pseudonym of today for one that was given up."""
    now = {label: f"<{into.upper()}>" for label, into in roster.merged.items()}

    def text(written: str) -> str:
        if "<" not in written:
            return written
        return PLACEHOLDER.sub(lambda match: now.get(match[1], match[0]), written)

    return text


def _changed(workspace: Workspace, action: str, change: Callable[[Roster], str]) -> Contact:
    with workspace.vault.exclusive():
        roster = workspace.roster()
        label = change(roster)
        workspace.vault.put("roster", "roster", roster.dumps(), action=action, details={"contact": label})
    handles = tuple(one.name or one.address for one in roster.handles(label))
    return Contact(
        pseudonym=label,
        name=roster.called(label),
        handles=handles,
        excluded=label in roster.excluded,
        objected=label in objections.frozen(workspace, roster),
    )
