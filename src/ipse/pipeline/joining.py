"""An archive's pseudonyms, placeholders and conversations in the words of this vault.

``PERSON_3`` of an archive is somebody else here. Who is known here already, by a name or address that the
archive tells or as the writer of a message that both hold, keeps the pseudonym of here; everybody else, every
value and every conversation gets one that was never given. A vault that knows nobody takes the archive's own.
What was decided is kept, so that the same archive, or a later one of that vault, means the same again.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import msgspec
from msgspec.structs import replace

from ipse.pipeline.contacts import UNNAMED, conversations
from ipse.pipeline.manifests import ArchiveReader, Known
from ipse.pipeline.workspace import Workspace
from ipse.privacy.operators import PLACEHOLDER
from ipse.privacy.roster import OWNER, Roster
from ipse.records import Event, Message, Person, Record

__all__ = ["Meanings", "join", "surveyed", "translator"]

NUMBERED = re.compile(r"([A-Z][A-Z_]*)_([0-9]+)")
CONVERSATION = re.compile(r"CONV_[0-9]+_[0-9a-f]{8}")


class Meanings(msgspec.Struct, kw_only=True):
    """What a label, a placeholder or a conversation of an archive is called here."""

    people: dict[str, str] = {}
    values: dict[str, str] = {}
    conversations: dict[str, str] = {}


class _Seen(msgspec.Struct):
    """What the records of an archive speak of; ``messages``: id → conversation and who wrote it."""

    sources: set[str] = msgspec.field(default_factory=set)
    people: set[str] = msgspec.field(default_factory=set)
    conversations: set[str] = msgspec.field(default_factory=set)
    tokens: set[str] = msgspec.field(default_factory=set)
    messages: dict[str, tuple[str, str]] = msgspec.field(default_factory=dict)


class _Common(msgspec.Struct):
    """What messages that both hold say of each other: votes."""

    people: defaultdict[str, Counter[str]]
    conversations: defaultdict[str, Counter[str]]


def surveyed(reader: ArchiveReader) -> _Seen:
    """Read it once: whom and what it speaks of."""
    seen = _Seen()
    for source, record in reader.records():
        seen.sources.add(source)
        seen.tokens.update(PLACEHOLDER.findall(msgspec.json.encode(record).decode()))
        if isinstance(record, Message):
            seen.conversations.add(record.conversation)
            seen.people.update(one.name for one in _people(record) if one.name)
            author = record.sender.name if record.direction == "inbound" else ""
            seen.messages[record.id] = (record.conversation, author)
    seen.tokens |= {one.token for one in reader.placeholders() if NUMBERED.fullmatch(one.token)}
    return seen


def join(
    workspace: Workspace, reader: ArchiveReader, seen: _Seen, before: Meanings
) -> tuple[Meanings, Roster]:
    """What everything in the archive means here, and a roster that knows it; nothing is kept yet."""
    roster = workspace.roster()
    fresh = not (workspace.vault.counts() or roster.people().keys() - {OWNER} or roster.merged)
    common = _common(workspace, seen)
    joiner = _Joiner(roster, fresh=fresh, before=before)
    joiner.people(reader.contacts(), seen.people | _labels(seen.tokens), common)
    named = {
        one.token: one.value
        for one in reader.placeholders()
        if not roster.erasures.holds("conversation", one.value)
    }
    joiner.conversations(reader.manifest.vault, seen.conversations | _tokens(seen.tokens), named, common)
    joiner.values({one for one in seen.tokens if not one.startswith(("PERSON_", "CONV_"))}, named)
    return joiner.meanings, joiner.roster()


def translator(meanings: Meanings) -> Callable[[Record], Record]:
    """Writes a record of the archive in the words of this vault."""
    told = {f"<{old.upper()}>": f"<{new.upper()}>" for old, new in meanings.people.items()}
    told |= {f"<{old}>": f"<{new}>" for old, new in meanings.values.items()}
    told |= {f"<{old}>": f"<{new}>" for old, new in meanings.conversations.items()}

    def text(written: str) -> str:
        if "<" not in written:
            return written
        return PLACEHOLDER.sub(lambda match: told.get(match[0], match[0]), written)

    def person(one: Person) -> Person:
        return replace(one, name=meanings.people.get(one.name, one.name))

    def event(one: Event) -> Event:
        data = {
            text(key): text(value) if isinstance(value, str) else value for key, value in one.data.items()
        }
        return replace(one, data=data)

    def message(one: Message) -> Message:
        return replace(
            one,
            conversation=meanings.conversations.get(one.conversation, one.conversation),
            sender=person(one.sender),
            participants=tuple(dict.fromkeys(map(person, one.participants))),
            mentions=tuple(map(person, one.mentions)),
            reactions=tuple(replace(by, emoji=text(by.emoji), by=person(by.by)) for by in one.reactions),
            text=text(one.text),
            raw=text(one.raw),
            subject=one.subject and text(one.subject),
            account=one.account and text(one.account),
            sender_domain=one.sender_domain and text(one.sender_domain),
        )

    return lambda record: message(record) if isinstance(record, Message) else event(record)


def _people(message: Message) -> Iterator[Person]:
    yield message.sender
    yield from message.participants
    yield from message.mentions
    yield from (reaction.by for reaction in message.reactions)


def _labels(tokens: Iterable[str]) -> set[str]:
    return {token for token in tokens if token.startswith("PERSON_")}


def _tokens(tokens: Iterable[str]) -> set[str]:
    return {token for token in tokens if CONVERSATION.fullmatch(token)}


def _common(workspace: Workspace, seen: _Seen) -> _Common:
    """Where this vault holds the same messages: in which conversations, by whom. Ids tell, not texts."""
    common = _Common(defaultdict(Counter), defaultdict(Counter))
    shared = seen.sources & workspace.vault.counts().keys()
    for talk in conversations(workspace, shared, why="archive") if shared else ():
        for message in talk.messages:
            if (theirs := seen.messages.get(message.id)) is None:
                continue
            common.conversations[theirs[0]][talk.id] += 1
            if theirs[1] and message.direction == "inbound" and message.sender.name:
                common.people[theirs[1]][message.sender.name] += 1
    return common


class _Joiner:
    """Adds what an archive knows to the state of a roster."""

    def __init__(self, roster: Roster, *, fresh: bool, before: Meanings) -> None:
        self.meanings = before
        self._known = roster
        self._state: dict[str, Any] = msgspec.json.decode(roster.dumps())
        self._fresh = fresh and not self._state["forgotten"]
        self._state["people"].setdefault(OWNER, {"people": [_nobody(OWNER)]})

    def roster(self) -> Roster:
        """A roster of the state so far."""
        return Roster.loads(msgspec.json.encode(self._state))

    def people(self, contacts: Iterable[Known], labels: set[str], common: _Common) -> None:
        known = {one.pseudonym: one for one in contacts}
        into = {old: one.pseudonym for one in known.values() for old in one.also}
        given = self.meanings.people
        for label in sorted(labels | known.keys(), key=_number):
            if label in given:
                self._grow(given[label], known.get(label))  # an archive may tell now who it is
            elif label not in into and label != OWNER:
                given[label] = self._person(label, known.get(label), common.people[label])
        given[OWNER] = OWNER
        self._grow(OWNER, known.get(OWNER))
        for label, now in into.items():
            given.setdefault(label, label if self._fresh else given[now])
            if given[label] == label and label != given[now]:
                self._state["merged"][label] = given[now]
        if self._fresh:
            self._leave_out(given)

    def _person(self, label: str, known: Known | None, votes: Counter[str]) -> str:
        """Who that is here: known by a handle, by what they wrote, or somebody new."""
        for handle in _handles(known):
            found = self._known.pseudonym(handle)
            if found not in (None, OWNER):
                return self._grow(str(found), known)
            erased = self._known.erasures.label(handle)
            if erased:
                return erased  # the gate refuses what they wrote
        if len(votes) == 1:
            return self._grow(next(iter(votes)), known)
        return self._new(label, known)

    def _new(self, label: str, known: Known | None) -> str:
        state = self._state
        if not self._fresh:
            taken = len(state["people"]) + len(state["merged"]) + len(state["forgotten"])
            label = f"PERSON_{taken}"  # the owner is one of them, and numbers begin at 1
        handles = [msgspec.to_builtins(one) for one in _handles(known)]
        state["people"][label] = {"people": handles or [_nobody(label)]}
        if known is not None:
            state["called"][label] = _name(known) or label
            if known.excluded:
                state["excluded"] = sorted({*state["excluded"], label})
        return label

    def _grow(self, label: str, known: Known | None) -> str:
        """Know somebody also by what the archive says of them, unless that is somebody else here."""
        held, called = self._state["people"].get(label), self._state["called"]
        if held is None:
            return label
        new = [msgspec.to_builtins(one) for one in _handles(known) if self._known.pseudonym(one) is None]
        named = [one for one in (*held["people"], *new) if not one["address"].endswith(UNNAMED)]
        held["people"] = named or held["people"]
        if called.get(label) == label and _name(known):
            called[label] = _name(known)
        return label

    def _leave_out(self, given: Mapping[str, str]) -> None:
        """Numbers below the highest that stand for nobody are not given again."""
        state = self._state
        highest = max((_number(label) for label in given.values()), default=0)
        every = {f"PERSON_{number}" for number in range(1, highest + 1)}
        gone = every - state["people"].keys() - state["merged"].keys()
        state["forgotten"] = sorted({*state["forgotten"], *gone}, key=_number)

    def conversations(self, vault: str, tokens: set[str], named: Mapping[str, str], common: _Common) -> None:
        held: dict[str, str] = self._state["conversations"]
        taken = set(held.values())
        for token in sorted(tokens):
            value, unnamed = named.get(token, f"{vault}|{token}"), f"{vault}|{token}"
            if token in self.meanings.conversations:
                if unnamed in held and value not in held:
                    held[value] = held.pop(unnamed)
                continue
            same = held.get(value) or next(
                (talk for talk, _ in common.conversations[token].most_common(1)), None
            )
            if same is None:
                same = token if token not in taken else Roster().placeholder("CONV", value)[1:-1]
                held[value] = same
                taken.add(same)
            self.meanings.conversations[token] = same

    def values(self, tokens: set[str], named: Mapping[str, str]) -> None:
        """Values that the archive tells are known again; of the others only the number is taken."""
        given = self.meanings.values
        numbers = {token: found for token in tokens if (found := NUMBERED.fullmatch(token))}
        if self._fresh:
            self._as_they_are(numbers, named)
        grown = self.roster()
        for token, found in numbers.items():
            if token not in given and named.get(token):
                given[token] = grown.placeholder(found[1], named[token])[1:-1]
        self._state = msgspec.json.decode(grown.dumps())
        for token in sorted(numbers.keys() - given.keys(), key=_number):
            values: list[str] = self._state["values"].setdefault(numbers[token][1], [])
            values.append("")
            given[token] = f"{numbers[token][1]}_{len(values)}"

    def _as_they_are(self, numbers: Mapping[str, re.Match[str]], named: Mapping[str, str]) -> None:
        """A vault that knows nobody takes the archive's numbers; those in between are not given again."""
        for kind in {found[1] for found in numbers.values()}:
            highest = max(int(found[2]) for found in numbers.values() if found[1] == kind)
            every = [f"{kind}_{number}" for number in range(1, highest + 1)]
            self._state["values"][kind] = [named.get(token, "") for token in every]
            self.meanings.values |= {token: token for token in every if token in numbers}


def _number(label: str) -> int:
    found = NUMBERED.fullmatch(label)
    return int(found[2]) if found else 0


def _nobody(label: str) -> dict[str, str]:
    """Somebody of whom only the pseudonym is known."""
    return {"name": "", "address": f"{label.lower()}{UNNAMED}"}


def _handles(known: Known | None) -> tuple[Person, ...]:
    """Names and addresses that say who it is; of somebody whom an archive did not name there are none."""
    return tuple(one for one in known.handles if not one.address.endswith(UNNAMED)) if known else ()


def _name(known: Known | None) -> str:
    return known.name if known and known.name and known.name != known.pseudonym else ""
