"""What remembers: who stands behind a pseudonym and what behind a placeholder.

It is the only way back from what is kept to whom it is about, so it leaves the vault only sealed. It does
not know how it is sealed, and it reads no record.
"""

import hashlib
import secrets
from collections.abc import Collection, Mapping

import msgspec

from ipse.errors import PrivacyError
from ipse.privacy.erasures import Erasures
from ipse.privacy.known import KnownPeople
from ipse.privacy.names import address_key, fold, name_key, words
from ipse.privacy.operators import PLACEHOLDER
from ipse.records import Person

__all__ = ["OWNER", "Roster"]

OWNER = "me"
VERSION = 1


class _Entry(msgspec.Struct):
    """One person: their names and addresses, first seen first, and how texts have written them."""

    people: list[Person]
    written: dict[str, int] = {}


class _State(msgspec.Struct, kw_only=True):
    version: int = VERSION
    people: dict[str, _Entry] = {}
    values: dict[str, list[str]] = {}
    conversations: dict[str, str] = {}
    merged: dict[str, str] = {}
    called: dict[str, str] = {}
    excluded: list[str] = []
    forgotten: list[str] = []
    secret: str


class Roster:
    """People by pseudonym (``me``, ``PERSON_1`` …) and values by placeholder (``<EMAIL_1>`` …).

    Numbers are given in the order of arrival, so they tell nothing about the value. ``known`` finds these
    people in texts. Not safe to change from two threads.
    """

    def __init__(self) -> None:
        self.known = KnownPeople()
        self._people: dict[str, _Entry] = {}
        self._values: dict[str, list[str]] = {}
        self._conversations: dict[str, str] = {}
        self._tokens: set[str] = set()
        self._secret = secrets.token_hex(32)
        self._numbers: dict[tuple[str, str], int] = {}
        self._exact: dict[Person, str] = {}
        self._by_name: dict[str, list[str]] = {}
        self._by_address: dict[tuple[str, str], str] = {}
        self._merged: dict[str, str] = {}
        self._called: dict[str, str] = {}
        self._excluded: set[str] = set()
        self._forgotten: list[str] = []
        self.erasures = Erasures(b"")

    @classmethod
    def loads(cls, data: bytes) -> "Roster":
        """Read what :meth:`dumps` wrote; raises ``PrivacyError`` for anything else."""
        try:
            state = msgspec.json.decode(data, type=_State)
        except (msgspec.DecodeError, UnicodeError) as error:
            raise PrivacyError("The list of known people is damaged.", hint="Restore a backup.") from error
        if state.version != VERSION:
            raise PrivacyError("The list of known people has another version.", hint="Update ipse.")
        roster = cls()
        for label, entry in state.people.items():
            for person in entry.people:
                roster._remember(label, person)
            roster._people[label].written = dict(entry.written)
        for kind, values in state.values.items():
            for value in values:
                roster._number(kind, value)
        roster._secret = state.secret
        roster._conversations = state.conversations
        roster._tokens = set(state.conversations.values())
        roster._merged, roster._called = state.merged, state.called
        roster._excluded, roster._forgotten = set(state.excluded), state.forgotten
        return roster

    def dumps(self) -> bytes:
        """Everything, as JSON in UTF-8. To be sealed: it names people."""
        state = _State(
            people=self._people,
            values=self._values,
            conversations=self._conversations,
            merged=self._merged,
            called=self._called,
            excluded=sorted(self._excluded),
            forgotten=self._forgotten,
            secret=self._secret,
        )
        return msgspec.json.encode(state)

    def add(self, person: Person, *, owner: bool = False) -> str:
        """Make a person known and return the pseudonym; known already, the same one.

        The same address, or the same full name, is the same person. Two people who share a single name are
        two where both have an address of one kind and these differ. Raises ``PrivacyError`` for nobody.
        """
        label = self._exact.get(person)
        if label is None or (owner and label != OWNER):
            if not person.name.strip() and not person.address.strip():
                raise PrivacyError("Nobody cannot be known.", hint="Give a name or an address.")
            found = OWNER if owner else self.pseudonym(person)
            if found is None and (erased := self.erasures.label(person)):
                self._recognize(erased, person)
                return erased
            given = len(self._people) + len(self._merged) + len(self._forgotten)  # never one twice
            label = found or f"PERSON_{given + (OWNER not in self._people)}"
            self._remember(label, person)
        return label

    def pseudonym(self, person: Person) -> str | None:
        """The pseudonym of a person if known."""
        label = self._exact.get(person)
        if label is not None:
            return label
        address = address_key(person.address) or _address_in_name(person.name)
        if address in self._by_address:
            return self._by_address[address]
        same = self._by_name.get(name_key(person.name), []) if person.name.strip() else []
        for label in same:
            if len(words(person.name)) > 1 or not self._other_address(label, address):
                return label
        return None

    def person(self, pseudonym: str) -> Person | None:
        """Who it is, by the first name seen; ``PERSON_3``, ``<PERSON_3>`` and ``me`` are understood."""
        entry = self._people.get(self.now(pseudonym))
        if entry is None:
            return None
        return next((p for p in entry.people if _is_name(p)), entry.people[0])

    def gave(self, pseudonym: str) -> bool:
        """Whether it stands for somebody known, or erased since."""
        return self.now(pseudonym) in self._people or self.now(pseudonym) in self._forgotten

    def people(self) -> dict[str, Person]:
        """Everybody known, by pseudonym, in the order met."""
        return {label: person for label in self._people if (person := self.person(label))}

    def find(self, name: str) -> str | None:
        """The pseudonym of whoever goes by ``name``: in full, by address, handle, or a part of the name."""
        bare = _bare(name.strip())
        for label in (bare, bare.lower(), bare.upper()):
            if self.now(label) in self._people:
                return self.now(label)
        for label, called in self._called.items():
            if fold(called) == fold(name.strip()):
                return label
        exact = self.pseudonym(Person(name)) or self.pseudonym(Person("", name))
        if exact or not name.strip():
            return exact
        wanted = set(words(name)) or {fold(name.strip())}
        for label, entry in self._people.items():
            if any(wanted <= {*words(p.name), name_key(p.name)} for p in entry.people):
                return label
        return None

    def handles(self, pseudonym: str) -> tuple[Person, ...]:
        """Every name and address somebody goes by, first seen first."""
        entry = self._people.get(self.now(pseudonym))
        return tuple(entry.people) if entry is not None else ()

    def called(self, pseudonym: str) -> str:
        """What the owner calls somebody: the name they gave, else the first one seen, else an address."""
        label, person = self.now(pseudonym), self.person(pseudonym)
        return self._called.get(label) or (person.name or person.address if person else "")

    def now(self, pseudonym: str) -> str:
        """The pseudonym that stands for ``pseudonym`` since it was merged, or itself."""
        label = _bare(pseudonym)
        while label in self._merged:
            label = self._merged[label]
        return label

    @property
    def merged(self) -> Mapping[str, str]:
        """The pseudonyms given up, each with the one that stands for it now."""
        return {label: self.now(label) for label in self._merged}

    @property
    def excluded(self) -> frozenset[str]:
        """The pseudonyms of those from whom the owner keeps nothing more."""
        return frozenset(self._excluded)

    def merge(self, into: str, other: str) -> None:
        """Make two pseudonyms one person: ``other`` is given up, and whoever it stood for is ``into``.

        What was kept with ``other`` still says so; :meth:`now` tells what it means. Raises ``PrivacyError``
        for a pseudonym that is not known, for one and the same, and for giving up the owner's.
        """
        into, other = self._held(into), self._held(other)
        if into == other:
            raise PrivacyError("They are one person already.")
        if other == OWNER:
            raise PrivacyError("You stay yourself.", hint="Put `me` first to say that somebody is you.")
        gone = self._people.pop(other)
        self._merged[other] = into
        self._called.pop(other, None)
        held = self._people[into]
        for written, count in gone.written.items():
            held.written[written] = held.written.get(written, 0) + count
        people = [*held.people, *(person for person in gone.people if person not in held.people)]
        self._people[into] = _Entry([], held.written)
        if other in self._excluded:
            self._excluded = (self._excluded - {other}) | {into}
        self._rebuild({label: [*entry.people] for label, entry in self._people.items()} | {into: people})

    def forget(self, people: Collection[str]) -> None:
        """Let go of who these are; their numbers are not given again. ``PrivacyError`` for the owner."""
        gone = {self.now(label) for label in people} & self._people.keys()
        if OWNER in gone:
            raise PrivacyError("You cannot be forgotten in your own vault.", hint="Use --all for everything.")
        for label in gone:
            del self._people[label]
            self._called.pop(label, None)
        self._forgotten += sorted(gone)
        self._excluded -= gone
        self._rebuild({label: [*entry.people] for label, entry in self._people.items()})

    def keep_only(self, tokens: Collection[str]) -> int:
        """Let go of all values and conversations but these (``EMAIL_1`` …); returns how many went."""
        gone = 0
        for kind, values in self._values.items():
            for number, value in enumerate(values, start=1):
                if value and f"{kind}_{number}" not in tokens:
                    values[number - 1] = ""
                    del self._numbers[kind, _canonical(kind, value)]
                    gone += 1
        kept = {value: token for value, token in self._conversations.items() if token in tokens}
        gone += len(self._conversations) - len(kept)
        self._conversations, self._tokens = kept, set(kept.values())
        return gone

    def conversations(self) -> Mapping[str, str]:
        """The token of each conversation by ``platform|name``."""
        return dict(self._conversations)

    def rename(self, pseudonym: str, name: str) -> None:
        """Call somebody ``name`` from now on; texts that name them are found as before."""
        if not name.strip():
            raise PrivacyError("A name needs a letter.", hint="Give the name to use.")
        self._called[self._held(pseudonym)] = name.strip()

    def exclude(self, pseudonym: str, *, excluded: bool = True) -> None:
        """Keep nothing more of somebody, or again keep it; raises ``PrivacyError`` for the owner."""
        label = self._held(pseudonym)
        if label == OWNER:
            raise PrivacyError("You cannot exclude yourself.", hint="Withdraw the consent instead.")
        self._excluded = self._excluded | {label} if excluded else self._excluded - {label}

    def _held(self, pseudonym: str) -> str:
        label = self.now(pseudonym)
        if label not in self._people:
            raise PrivacyError(f"{pseudonym}: nobody known.", hint="See `ipse contacts list`.")
        return label

    def placeholder(self, kind: str, value: str) -> str:
        """The placeholder of a value, always the same one: ``<EMAIL_1>``, ``<CONV_000001_9f86d081>``.

        What means the same in several spellings (a number, a word in any case) is one value; it is restored
        as first seen. A conversation's token ends in random digits, so that no export can name one.
        """
        if kind == "CONV":
            return f"<{self._conversation(value)}>"
        return f"<{kind}_{self._number(kind, value)}>"

    def __len__(self) -> int:
        """How many people, values and conversations it has met."""
        values = sum(map(len, self._values.values()))
        return sum(len(entry.people) for entry in self._people.values()) + values + len(self._conversations)

    def issued(self, token: str) -> bool:
        """Whether ``token`` is a conversation's, so that the record it stands in was cleared before."""
        return token in self._tokens

    def opaque(self, value: str) -> str:
        """32 hex digits that tell nothing about an id without this roster, and are the same each time."""
        return hashlib.blake2b(value.encode(), key=bytes.fromhex(self._secret), digest_size=16).hexdigest()

    def saw(self, pseudonym: str, written: str) -> None:
        """Count how texts write somebody's name, to write it the same way when restoring."""
        entry = self._people.get(self.now(pseudonym))
        if entry is not None:  # else an erased person
            entry.written[written] = entry.written.get(written, 0) + 1

    def restore(self, text: str, only: Collection[str] | None = None) -> str:
        """Put back what stands behind the placeholders: all, or those in ``only`` (``PERSON_3``, ``me``).

        What is put back is not read again, so a value that looks like a placeholder restores nothing.
        """
        allowed = None if only is None else {self.now(label) for label in only}

        def written(label: str) -> str | None:
            label = self.now(label)
            return self._written(label) if allowed is None or label in allowed else None

        return PLACEHOLDER.sub(lambda match: written(match[1]) or match[0], text)

    def _written(self, label: str) -> str | None:
        entry, person = self._people.get(label), self.person(label)
        if label in self._called:
            return self._called[label]
        if entry is not None and person is not None:
            if entry.written:
                return max(entry.written, key=entry.written.__getitem__)
            return person.name or person.address
        kind, _, number = label.rpartition("_")
        values = self._values.get(kind, [])
        if number.isdecimal() and 1 <= int(number) <= len(values):
            return values[int(number) - 1] or None
        return next((value for value, token in self._conversations.items() if token == label), None)

    def _number(self, kind: str, value: str) -> int:
        """The number of a value; the empty one stands where one was let go."""
        key = kind, _canonical(kind, value)
        number = self._numbers.get(key)
        if number is None or not value:
            values = self._values.setdefault(kind, [])
            values.append(value)
            number = self._numbers[key] = len(values)
        return number

    def _conversation(self, value: str) -> str:
        token = self._conversations.get(value)
        if token is None:
            token = f"CONV_{len(self._conversations) + 1:06}_{secrets.token_hex(4)}"
            self._conversations[value] = token
            self._tokens.add(token)
        return token

    def _recognize(self, label: str, person: Person) -> None:
        """Know an erased person in texts until this roster is gone; nothing of them is kept."""
        self._exact[person] = label
        self.known.learn(label.upper(), person.name, person.address)

    def _rebuild(self, everyone: Mapping[str, list[Person]]) -> None:
        """Find these people, and only these, by their names and addresses."""
        self.known = KnownPeople()
        self._exact, self._by_name, self._by_address = {}, {}, {}
        for entry in self._people.values():
            entry.people = []
        for label, named in everyone.items():
            for person in named:
                self._remember(label, person)

    def _remember(self, label: str, person: Person) -> None:
        self._people.setdefault(label, _Entry([], {})).people.append(person)
        if label == OWNER or person not in self._exact:
            self._exact[person] = label
        names = self._by_name.setdefault(name_key(person.name), [])
        if label not in names:
            names.insert(0 if label == OWNER else len(names), label)
        for address in filter(None, (address_key(person.address), _address_in_name(person.name))):
            if label == OWNER or address not in self._by_address:
                self._by_address[address] = label
        self.known.learn(label.upper(), person.name, person.address)

    def _other_address(self, label: str, address: tuple[str, str] | None) -> bool:
        """Whether the person has addresses of that kind, and not this one."""
        held = {address_key(person.address) for person in self._people[label].people}
        return address is not None and any(one and one[0] == address[0] for one in held)


def _bare(label: str) -> str:
    bare = label.removeprefix("<").removesuffix(">")
    return OWNER if bare == "ME" else bare


def _is_name(person: Person) -> bool:
    return bool(person.name.strip()) and _address_in_name(person.name) is None


def _address_in_name(name: str) -> tuple[str, str] | None:
    """Exports put the number or address of whoever is not in the address book in place of the name."""
    key = address_key(name)
    return key if key and key[0] != "handle" else None


def _canonical(kind: str, value: str) -> str:
    if kind == "PHONE":
        return (address_key(value) or ("", value))[1]
    if kind in {"ADDRESS", "EMAIL", "NAME", "ORGANISATION", "PLACE", "PRIVATE"}:
        return " ".join(value.casefold().split())
    return "".join(value.upper().split()) if kind == "IBAN" else value
