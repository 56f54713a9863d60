"""Who of the senders in an export is the owner."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from ipse.errors import OwnerUnknownError, SourceError
from ipse.interfaces import Survey
from ipse.privacy.roster import OWNER, Roster
from ipse.records import Person

__all__ = ["Ask", "Candidate", "matcher", "owner_in", "people_of"]

SHOWN = 12  # senders listed when nobody answers to --me
PHONE = re.compile(r"\+?[\d\s().\-\u00a0\u2010-\u2015]{7,}")


class Candidate(NamedTuple):
    """Somebody who may be the owner: what the export calls them, how much they wrote.

    ``likely`` is who wrote in every one of its conversations.
    """

    name: str
    messages: int
    likely: bool


Ask = Callable[[str, Sequence[Candidate]], Sequence[str]]
"""Asked which of the candidates of an export are the owner; an empty answer is a refusal to say."""


def matcher(me: Iterable[str], roster: Roster | None = None) -> Callable[[Person], bool]:
    """Make the test whether a person is the owner: by name, address or phone number, in any case.

    Whom the roster knows as the owner from earlier imports is the owner still.
    """
    wanted = {key for name in me for key in _keys(name)}
    known: dict[Person, bool] = {}

    def is_owner(person: Person) -> bool:
        answer = known.get(person)
        if answer is None:
            keys = {*_keys(person.name), *_keys(person.address)}
            answer = not wanted.isdisjoint(keys)
            if not answer and roster is not None and keys:
                answer = roster.pseudonym(person) == OWNER
            known[person] = answer
        return answer

    return is_owner


def people_of(me: Iterable[str]) -> list[Person]:
    """The owner's names and addresses as people, for the roster."""
    return [Person("", name) if "@" in name or PHONE.fullmatch(name) else Person(name) for name in me]


def owner_in(survey: Survey, label: str, me: Sequence[str], roster: Roster, ask: Ask | None) -> Sequence[str]:
    """Make sure that the owner is known in an export; returns the names that ``ask`` added to ``me``.

    Raises ``OwnerUnknownError`` with the senders and their counts where nobody can say, and ``SourceError``
    where there are no senders at all.
    """
    is_owner = matcher(me, roster)
    if survey.owner is not None or any(is_owner(person) for person in survey.senders):
        return ()
    candidates = _candidates(survey.senders, frozenset(survey.likely))
    if not candidates:
        raise SourceError(
            f"{label}: no messages were found in it.",
            hint="Look with `ipse sources preview`; check --format.",
        )
    answer = ask(label, candidates) if ask is not None else ()
    if answer:
        return answer
    listing = ", ".join(f"{one.name} ({one.messages})" for one in candidates[:SHOWN])
    more = f" and {len(candidates) - SHOWN} more" if len(candidates) > SHOWN else ""
    likely = " or ".join(one.name for one in candidates if one.likely)
    raise OwnerUnknownError(
        f"{label}: nobody here answers to --me. Senders found: {listing}{more}.",
        hint=f"Name yourself as one of them: --me {likely or 'NAME'}.",
    )


def _candidates(senders: Mapping[Person, int], likely: frozenset[Person]) -> list[Candidate]:
    found = [Candidate(_shown(person), n, person in likely) for person, n in senders.items() if n]
    return sorted(
        (one for one in found if one.name), key=lambda one: (one.likely, one.messages, one.name), reverse=True
    )


def _keys(name: str) -> list[str]:
    plain = " ".join(unicodedata.normalize("NFKC", name).casefold().replace("~", " ").split()).strip("\"'")
    if not plain:
        return []
    if PHONE.fullmatch(name.strip()):
        return [re.sub(r"\D", "", plain).lstrip("0")]
    return [plain]


def _shown(person: Person) -> str:
    if person.name and person.address and person.address != person.name:
        return f"{person.name} <{person.address}>"
    return person.name or person.address
