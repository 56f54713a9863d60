"""Who of the senders in an export is the owner."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from ipse.errors import OwnerUnknownError, SourceError
from ipse.interfaces import Survey
from ipse.privacy.roster import OWNER, Roster
from ipse.records import Person

__all__ = ["Ask", "Candidate", "Settled", "matcher", "people_of", "settle", "shown", "spelled"]

SHOWN = 12  # senders listed when nobody answers to --me
WHOLE = re.compile(r"(.*\S) <([^<>]+)>")  # a person as :func:`shown`
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
    wanted = {key for name in spelled(me) for key in _keys(name)}
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
    return [_person(name) for name in me]


def _person(name: str) -> Person:
    if whole := WHOLE.fullmatch(name.strip()):
        return Person(whole[1], whole[2])
    return Person("", name) if "@" in name or PHONE.fullmatch(name) else Person(name)


def spelled(me: Iterable[str]) -> tuple[str, ...]:
    """The owner's names, and the addresses in those that are written as senders are :func:`shown`."""
    found: list[str] = []
    for name in me:
        whole = WHOLE.fullmatch(name.strip())
        found += [name, whole[2]] if whole else [name]
    return tuple(dict.fromkeys(one for one in found if one.strip()))


class Settled(NamedTuple):
    """The names that the owner gave, and the exports in which nobody is the owner, each with a note."""

    names: tuple[str, ...]
    without: dict[str, str]


def settle(
    surveys: Sequence[tuple[str, Survey]], me: Sequence[str], roster: Roster, ask: Ask | None
) -> Settled:
    """Make sure that the owner is known in the exports, each with the name to show for it.

    Where the owner is in some of them, others may well be without: a chat read along, a day of silence.
    Raises ``OwnerUnknownError`` with the senders and their counts where nobody in any of them answers to
    ``me``, and ``SourceError`` where the only one has no senders at all.
    """
    names: list[str] = []
    open_: list[tuple[str, list[Candidate]]] = []
    found = False
    for label, survey in surveys:
        is_owner = matcher((*me, *names), roster)
        if survey.owner is not None or any(is_owner(person) for person in survey.senders):
            found = True
            continue
        candidates = _candidates(survey.senders, frozenset(survey.likely))
        answer = ask(label, candidates) if ask is not None and candidates else ()
        names.extend(spelled(answer))
        if not answer:
            open_.append((label, candidates))
    if open_ and not (found or names):
        raise _unknown(*open_[0])
    without = {
        label: "nobody in it is you, so all of it counts as said by others" if candidates else "no messages"
        for label, candidates in open_
    }
    return Settled(tuple(names), without)


def _unknown(label: str, candidates: Sequence[Candidate]) -> SourceError:
    if not candidates:
        return SourceError(
            f"{label}: no messages were found in it.",
            hint="Look with `ipse sources preview`; check --format.",
        )
    listing = ", ".join(f"{one.name} ({one.messages})" for one in candidates[:SHOWN])
    more = f" and {len(candidates) - SHOWN} more" if len(candidates) > SHOWN else ""
    likely = " or ".join(one.name for one in candidates if one.likely)
    return OwnerUnknownError(
        f"{label}: nobody here answers to --me. Senders found: {listing}{more}.",
        hint=f"Name yourself as one of them: --me {likely or 'NAME'}.",
    )


def _candidates(senders: Mapping[Person, int], likely: frozenset[Person]) -> list[Candidate]:
    found = [Candidate(shown(person), n, person in likely) for person, n in senders.items() if n]
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


def shown(person: Person) -> str:
    """What a person is called who may be the owner: name and address, as far as there are any."""
    if person.name and person.address and person.address != person.name:
        return f"{person.name} <{person.address}>"
    return person.name or person.address
