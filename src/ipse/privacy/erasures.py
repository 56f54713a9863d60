"""What the owner erased, as tokens that say nothing by themselves: so that it is not taken in again.

A token is a keyed hash (BLAKE2b) of a name, an address, a conversation, a message's id or a source; without
the key nobody can test a guess against it. The gate refuses what a token stands for, and the roster knows
an erased person by it again without remembering who that is. It does not know where it is kept.
"""

import hashlib
from collections.abc import Iterable, Iterator
from typing import Literal, NamedTuple

import msgspec

from ipse.errors import PrivacyError
from ipse.privacy.names import address_key, name_key, words
from ipse.records import Person

__all__ = ["Erased", "Erasures", "Kind", "names_of"]

Kind = Literal["source", "conversation", "message", "label", "name", "single", "bare", "address"]
VERSION = 1


class Erased(NamedTuple):
    """One thing that was erased; ``label`` is the pseudonym where it is a name or address of somebody."""

    kind: Kind
    value: str
    label: str = ""


class _State(msgspec.Struct, kw_only=True):
    """``tokens`` → the erasure they belong to and the pseudonym, if any."""

    version: int = VERSION
    revision: int = 0
    tokens: dict[str, tuple[str, str]] = {}


class Erasures:
    """The ledger of one vault. ``secret`` is a key of 32 bytes that never changes over the vault's life."""

    def __init__(self, secret: bytes) -> None:
        self._secret = hashlib.blake2b(b"erasures", key=secret).digest()
        self._state = _State()
        self._labels: frozenset[str] = frozenset()

    def load(self, data: bytes) -> None:
        """Take what :meth:`dumps` wrote; raises ``PrivacyError`` for anything else."""
        try:
            state = msgspec.json.decode(data, type=_State)
        except (msgspec.DecodeError, UnicodeError) as error:
            raise PrivacyError("The list of what was erased is damaged.", hint="Restore a backup.") from error
        if state.version != VERSION:
            raise PrivacyError("The list of what was erased has another version.", hint="Update ipse.")
        self._state = state
        self._take(state.tokens)

    def dumps(self) -> bytes:
        """Everything, as JSON."""
        return msgspec.json.encode(self._state)

    def __len__(self) -> int:
        """How many tokens."""
        return len(self._state.tokens)

    @property
    def revision(self) -> int:
        """Grows with every erasure, so that who read the roster before it can tell."""
        return self._state.revision

    @property
    def labels(self) -> frozenset[str]:
        """The pseudonyms of those who were erased."""
        return self._labels

    def add(self, erasure: str, things: Iterable[Erased]) -> None:
        """Remember what was erased under the id of the erasure; adding it again changes nothing."""
        new = {self._token(kind, value): (erasure, label) for kind, value, label in things}
        if new.items() <= self._state.tokens.items():
            return
        self._take(self._state.tokens | new)
        self.touch()

    def touch(self) -> None:
        """Say that something was erased, without remembering what."""
        self._state.revision += 1

    def allow(self, things: Iterable[Erased]) -> int:
        """Let the erasures that these belong to be taken in again; returns how many tokens went."""
        tokens = self._state.tokens
        wanted = {self._token(kind, value) for kind, value, _ in things}
        chosen = {tokens[token][0] for token in wanted & tokens.keys()}
        kept = {token: entry for token, entry in tokens.items() if entry[0] not in chosen}
        gone = len(tokens) - len(kept)
        if gone:
            self._take(kept)
            self.touch()
        return gone

    def union(self, other: "Erasures") -> bool:
        """Take in what another ledger of the same vault holds; tells whether that was anything new."""
        theirs = msgspec.json.decode(other.dumps(), type=_State)
        new = theirs.tokens.keys() - self._state.tokens.keys()
        self._take(theirs.tokens | self._state.tokens)
        self._state.revision = max(self._state.revision, theirs.revision) + bool(new)
        return bool(new)

    def holds(self, kind: Kind, value: str) -> bool:
        """Whether that was erased."""
        return bool(self._state.tokens) and self._token(kind, value) in self._state.tokens

    def label(self, person: Person) -> str | None:
        """The pseudonym that an erased person had; None for everybody else.

        The same address or the same full name is the same person, as it is in the roster; a single name is
        where one of the two has no address.
        """
        if not self._state.tokens:
            return None
        for kind, value in _asked(person):
            entry = self._state.tokens.get(self._token(kind, value))
            if entry is not None and entry[1]:
                return entry[1]
        return None

    def _take(self, tokens: dict[str, tuple[str, str]]) -> None:
        self._state.tokens = tokens
        self._labels = frozenset(label for _, label in tokens.values() if label)

    def _token(self, kind: Kind, value: str) -> str:
        return hashlib.blake2b(f"{kind}\0{value}".encode(), key=self._secret, digest_size=16).hexdigest()


def names_of(label: str, handles: Iterable[Person]) -> list[Erased]:
    """Everything by which somebody is known again."""
    people = list(handles)
    bare = not any(address_key(person.address) for person in people)
    found: list[Erased] = []
    for person in people:
        for kind, value in _asked(person):
            if kind != "bare":
                found.append(Erased(kind, value, label))
        name = name_key(person.name)
        if person.name.strip() and len(words(person.name)) < 2:
            found.append(Erased("single", name, label))
            if bare:
                found.append(Erased("bare", name, label))
    return list(dict.fromkeys(found))


def _asked(person: Person) -> Iterator[tuple[Kind, str]]:
    """Under what a person may stand in the ledger."""
    for written in (person.address, person.name):
        key = address_key(written)
        if key is not None and (written is person.address or key[0] != "handle"):
            yield "address", " ".join(key)
    if not person.name.strip():
        return
    if len(words(person.name)) > 1:
        yield "name", name_key(person.name)
    else:
        yield ("bare" if person.address.strip() else "single"), name_key(person.name)
