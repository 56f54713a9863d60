"""The one door: ``Record`` in, ``Cleared[Record]`` out, or an error and nothing is kept.

In order: the owner's permit, their exclusions, known people, then what recognizers find. Every field that can
hold words goes through. An error that nobody expected, such as a bug in a plugin, is not caught here: it
leaves before a ``Cleared`` is made, so nothing of the record is kept. The gate knows no source and no vault.
"""

import re
import unicodedata
from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime
from typing import Generic, NoReturn, TypeVar, final

import msgspec

from ipse.config import PrivacySettings
from ipse.consent import Permit, Special
from ipse.errors import PrivacyError, RefusedError
from ipse.interfaces import Recognizer, Span
from ipse.privacy.domains import is_public
from ipse.privacy.exclusions import Exclusions
from ipse.privacy.finding import Finder, doubts
from ipse.privacy.known import Mention
from ipse.privacy.lists import WordLists
from ipse.privacy.operators import KEEP, PLACEHOLDER, file_name, replace, resolve
from ipse.privacy.review import Review
from ipse.privacy.roster import OWNER, Roster
from ipse.privacy.special import special_in
from ipse.records import Event, Message, Person, Reaction, Record

__all__ = ["Cleared", "Gate"]

_R = TypeVar("_R", bound=Record)
_R_co = TypeVar("_R_co", bound=Record, covariant=True)

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_HEX = "0123456789abcdef"
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8}){0,3}")
_NUMBER = re.compile(r"_[0-9]{1,12}(?:_[0-9a-f]{8})?$")  # of a placeholder: which one of its kind
_NOBODY = Person("")
_Data = dict[str, str | int | float | bool | None]
MANY_WORDS = 20_000


@final
class _Seal:
    """What only this module holds: the right to call a record cleared."""


_SEAL = _Seal()


@final
class Cleared(Generic[_R_co]):
    """A record that went through the gate; the only thing the vault accepts.

    Only the gate can make one: by type, since the seal is private to this module, and at run time, where a
    foreign seal is a ``PrivacyError``. It cannot be changed, subclassed or decoded from bytes.
    """

    __slots__ = ("_record",)
    _record: _R_co

    def __init__(self, record: _R_co, seal: _Seal) -> None:
        if seal is not _SEAL:
            raise PrivacyError("Only the gate clears a record.", hint="Pass it through Gate.clear().")
        object.__setattr__(self, "_record", record)

    @property
    def record(self) -> _R_co:
        """The record as it was cleared."""
        return self._record

    def __init_subclass__(cls) -> NoReturn:
        """Refuse: a subclass could leave the seal out."""
        raise PrivacyError("Only the gate clears a record.", hint="Cleared has no subclasses.")

    def __setattr__(self, name: str, value: object) -> NoReturn:
        """Refuse: what was cleared stays as it was cleared."""
        raise AttributeError(f"a cleared record is frozen; {name} cannot be set")

    def __repr__(self) -> str:
        """Name the family and nothing of the content, for a repr ends up in logs."""
        return f"Cleared[{type(self.record).__name__}]"


class Gate:
    """Clears the records of one source under one permit.

    ``roster`` remembers whom and what it replaces, and grows. ``lists`` are the words that the owner allowed
    and denied; ``review`` takes in what recognizers were not sure of in a message's text. ``refuse`` are the
    special categories that are not kept.
    """

    def __init__(  # noqa: PLR0913 - what a gate is made of
        self,
        roster: Roster,
        settings: PrivacySettings,
        *,
        recognizers: Sequence[Recognizer],
        permit: Permit,
        lists: WordLists | None = None,
        review: Review | None = None,
        refuse: Collection[Special] = (),
    ) -> None:
        self._roster = roster
        self._permit = permit
        self._keep_raw = settings.keep_raw
        self._anonymous = settings.anonymize_sensitive_data  # of events: kinds alone, nothing is remembered
        self._kinds_only = False
        self._finder = Finder(recognizers, settings, lists)
        self._review = review
        self._refuse = frozenset(refuse)
        self._exclusions = Exclusions(settings)
        # What a conversation repeats with every message.
        self._senders: dict[tuple[Person, str], Person] = {}
        self._casts: dict[tuple[Person, ...], tuple[Person, ...]] = {}
        self._tokens: dict[tuple[str, str], str] = {}
        self._words: dict[str, str] = {}  # of events, as cleared since somebody new was met

    def clear(self, record: _R, *, again: bool = False) -> Cleared[_R]:
        """Return the record pseudonymized; ``again`` says of an event that it was cleared before.

        Raises ``RefusedError`` if the owner excluded it, ``PrivacyError`` if it is not permitted or cannot
        be cleared. Cleared again, a message comes out as it went in; people met since are replaced in it.
        """
        if isinstance(record, Message):
            self._permitted(record.platform, purposes=("archive", "style"))
            changes = self._message(record)
        else:
            self._permitted(record.source, purposes=("archive", "events"))
            changes = self._event(record, again=again)
        return Cleared(msgspec.structs.replace(record, **changes), _SEAL)

    def clear_events(self, events: Sequence[Event]) -> list[Cleared[Event]]:
        """:meth:`clear` for many; what several of them share (one object) is cleared once.

        Raises like it, and then clears none of them.
        """
        for source in {event.source for event in events}:
            self._permitted(source, purposes=("archive", "events"))
            self._not_erased(source)
        shared: dict[tuple[int, str], tuple[_Data, str]] = {}
        cleared: list[Cleared[Event]] = []
        for event in events:
            at = (id(event.data), event.stream)
            said = shared.get(at)
            if said is None:
                said = shared[at] = self._said(event, again=False)
            data, stream = said
            key = self._id(event.key)
            if data is event.data and stream == event.stream and key == event.key:
                cleared.append(Cleared(event, _SEAL))
            else:
                changed = msgspec.structs.replace(event, key=key, data=data, stream=stream)
                cleared.append(Cleared(changed, _SEAL))
        return cleared

    def lengthened(self, state: Cleared[Event], dur: int) -> Cleared[Event]:
        """A state that was cleared and went on, as told by a heartbeat cleared just now that says the same.

        Nothing of it is new but how long it lasts, in µs. Raises ``PrivacyError`` if it is not permitted.
        """
        self._permitted(state.record.source, purposes=("archive", "events"))
        return Cleared(msgspec.structs.replace(state.record, dur=dur), _SEAL)

    def stand_in(self, message: Message) -> Cleared[Message]:
        """What may stand where a refused message stood, so that the conversation shows the gap.

        It says that something was there and when, and neither who wrote it nor what. Without it the reply to
        a refused message would seem to answer the one before. Raises ``RefusedError`` for a conversation that
        is excluded whole.
        """
        self._permitted(message.platform, purposes=("archive", "style"))
        self._exclusions.check_conversation(message.conversation)
        self._not_erased(message.platform, message.conversation)
        gap = Message(
            id=self._roster.opaque(message.id),
            conversation=self._conversation(message),
            platform=message.platform,
            at=message.at,
            sender=_NOBODY,
            text="",
            group=message.group,
            content_type="deleted",
        )
        return Cleared(gap, _SEAL)

    def _permitted(self, source: str, *, purposes: tuple[str, str]) -> None:
        permit = self._permit
        if source != permit.source or permit.purpose not in purposes:
            raise PrivacyError(
                f"The permit for {permit.source} ({permit.purpose}) does not cover this record.",
                hint=f"Give it: ipse consent give --source {permit.source} --purpose {purposes[0]}",
            )
        if permit.expires_at is not None and datetime.now(UTC) >= permit.expires_at:
            raise PrivacyError(
                f"The permit for {permit.source} has expired.",
                hint=f"Renew it: ipse consent give --source {permit.source} --purpose {permit.purpose}",
            )

    def _not_erased(self, platform: str, conversation: str = "") -> None:
        """Refuse what the owner erased whole; before anything of it is remembered."""
        erased = self._roster.erasures
        if not erased:
            return
        if erased.holds("source", platform):
            raise RefusedError("you erased this source")
        if erased.holds("conversation", conversation) or erased.holds(
            "conversation", f"{platform}|{conversation}"
        ):
            raise RefusedError("you erased this conversation")

    def _message(self, message: Message) -> dict[str, object]:
        self._not_erased(message.platform, message.conversation)
        self._words = {}
        again = self._roster.issued(message.conversation)
        self._exclusions.check(message, self._author(message, again=again))
        if self._refuse and self._refuse & special_in(f"{message.subject or ''}\n{message.text}"):
            raise RefusedError("it is of a special category you did not allow")
        # Senders first: whoever is new must be known before the text is searched.
        sender = self._sender(message, again=again)
        if sender.name in self._roster.excluded:
            raise RefusedError("a contact you exclude wrote it")
        name, erased = self._id(message.id), self._roster.erasures
        if erased and sender.name in erased.labels:
            raise RefusedError("a contact you erased wrote it")
        if erased and erased.holds("message", name):
            raise RefusedError("you erased this message")
        conversation = message.conversation if again else self._conversation(message)
        return {
            "id": name,
            "conversation": conversation,
            "sender": sender,
            "participants": self._cast(message.participants, again=again),
            "text": self._text(message.text, again=again, asked_in=name),
            "raw": self._text(message.raw, again=again) if self._keep_raw else "",
            "subject": message.subject and self._text(message.subject, again=again),
            "account": message.account and self._text(message.account, again=again),
            "sender_domain": self._domain(message.sender_domain, again=again),
            "reply_to": message.reply_to and self._id(message.reply_to),
            "reactions": message.reactions and self._reactions(message.reactions, again=again),
            "mentions": self._cast(message.mentions, again=again),
            "attachments": message.attachments and tuple(map(self._file, message.attachments)),
            "lang": message.lang if message.lang and _LANGUAGE.fullmatch(message.lang) else None,
        }

    def _event(self, event: Event, *, again: bool) -> dict[str, object]:
        self._not_erased(event.source)
        data, stream = self._said(event, again=again)
        return {"key": self._id(event.key), "data": data, "stream": stream}

    def _said(self, event: Event, *, again: bool) -> tuple[_Data, str]:
        """What an event carries, and its stream; the very object where there is nothing in it to clear."""
        if again or len(self._words) > MANY_WORDS:
            self._words = {}
        self._kinds_only = self._anonymous
        try:
            data = {
                self._word(key, again=again): self._word(value, again=again)
                if isinstance(value, str)
                else value
                for key, value in event.data.items()
            }
            stream = self._word(event.stream, again=again)
        finally:
            self._kinds_only = False
        if len(data) != len(event.data):
            raise PrivacyError(
                "Two fields of an event have one name once cleared.", hint="Rename them in its collector."
            )
        return event.data if data == event.data else data, stream

    def _word(self, text: str, *, again: bool) -> str:
        """:meth:`_text`, each once: events say the same few things all day."""
        cleared = self._words.get(text)
        if cleared is None:
            cleared = self._words[text] = self._text(text, again=again)
        return cleared

    def _author(self, message: Message, *, again: bool) -> Person:
        known = self._roster.person(message.sender.name) if again else None
        return known or message.sender

    def _sender(self, message: Message, *, again: bool) -> Person:
        key = message.sender, message.direction
        shown = self._senders.get(key)
        if shown is None or again:
            shown = self._person(message.sender, owner=message.direction == "outbound", again=again)
            self._senders[key] = shown
        return shown

    def _person(self, person: Person, *, owner: bool, again: bool) -> Person:
        if person == _NOBODY or not (person.name.strip() or person.address.strip()):
            return Person(OWNER) if owner else _NOBODY
        if again and not person.address and self._roster.gave(person.name):
            return person
        return Person(self._roster.add(person, owner=owner))

    def _cast(self, people: tuple[Person, ...], *, again: bool) -> tuple[Person, ...]:
        cleared = self._casts.get(people)
        if cleared is None:
            cleared = tuple(self._person(person, owner=False, again=again) for person in people)
            self._casts[people] = cleared
        return cleared

    def _reactions(self, reactions: tuple[Reaction, ...], *, again: bool) -> tuple[Reaction, ...]:
        return tuple(
            Reaction(self._text(one.emoji, again=again), self._person(one.by, owner=False, again=again))
            for one in reactions
        )

    def _conversation(self, message: Message) -> str:
        key = message.platform, message.conversation
        token = self._tokens.get(key)
        if token is None:
            token = self._roster.placeholder("CONV", "|".join(key))[1:-1]
            self._tokens[key] = token
        return token

    def _id(self, written: str) -> str:
        """Ids are content-based digests; one that tells something, such as a Message-ID, becomes a digest."""
        if _opaque(written) or self._text(written) == written:
            return written
        return self._roster.opaque(written)

    def _domain(self, domain: str | None, *, again: bool) -> str | None:
        if not domain or again:
            return domain or None
        plain = domain.strip().lower()
        return plain if is_public(plain) else self._roster.placeholder("DOMAIN", plain)

    def _file(self, name: str) -> str:
        kept = file_name(name)
        extension = kept.removeprefix("<FILE").strip(".>")
        return kept if not self._roster.known.find(extension) else "<FILE>"

    def _text(self, text: str, *, again: bool = False, asked_in: str = "") -> str:
        """The text with placeholders, in Unicode's composed form: names would hide behind their accents.

        What is doubtful in it goes to the owner's review if it is the text of the message ``asked_in``.
        """
        if not text.isascii():
            text = _composed(text)
        written = PLACEHOLDER.finditer(text) if "<" in text else ()
        first = [Span(match.start(), match.end(), KEEP if again else "TEXT") for match in written]
        known = self._roster.known.find(text)
        found = self._finder.find(text)
        if not (first or known or found):
            return text
        people = [one.span() for one in known if not self._finder.keeps(text[one.start : one.end])]
        spans = resolve(text, first=first, known=people, found=self._finder.replaced(found))
        if not again:
            self._count(text, known, spans)

        def written_for(span: Span) -> str:
            return self._placeholder(span, text[span.start : span.end])

        if asked_in and self._review is not None and not again:
            for doubt in doubts(text, found, spans, written_for, asked_in):
                self._review.add(doubt)
        return replace(text, spans, written_for)

    def _placeholder(self, span: Span, value: str) -> str:
        if span.kind == KEEP:
            return value
        if self._kinds_only:
            return f"<{_NUMBER.sub('', span.kind)}>"
        if span.kind == "ME" or span.kind[-1].isdigit():
            return f"<{span.kind}>"
        owner = self._roster.known.belongs_to(span.kind, value)
        if owner is None and span.kind == "PERSON":
            owner = self._roster.add(Person(value)).upper()
            self._words = {}
        return f"<{owner}>" if owner else self._roster.placeholder(span.kind, value)

    def _count(self, text: str, known: Iterable[Mention], spans: Iterable[Span]) -> None:
        taken = {(span.start, span.end) for span in spans}
        for mention in known:
            if mention.plain and (mention.start, mention.end) in taken:
                self._roster.saw(mention.label, text[mention.start : mention.end])


def _opaque(written: str) -> bool:
    """Whether it is a digest, in hex, or a UUID; ``strip`` is many times quicker than a pattern."""
    return (16 <= len(written) <= 64 and not written.strip(_HEX)) or _UUID.fullmatch(written) is not None


def _composed(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise PrivacyError("A text is not valid Unicode.", hint="Export it again.") from None
    return unicodedata.normalize("NFC", text)
