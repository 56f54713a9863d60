"""Who of the senders in an export is the owner."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from ipse.errors import OwnerUnknownError, SourceError
from ipse.records import Person

__all__ = ["matcher", "must_be_in", "people_of"]

SHOWN = 12  # senders listed when nobody answers to --me
PHONE = re.compile(r"\+?[\d\s().\-\u00a0\u2010-\u2015]{7,}")


def matcher(me: Iterable[str]) -> Callable[[Person], bool]:
    """Make the test whether a person is the owner: by name, address or phone number, in any case."""
    wanted = {key for name in me for key in _keys(name)}
    known: dict[Person, bool] = {}

    def is_owner(person: Person) -> bool:
        answer = known.get(person)
        if answer is None:
            keys = {*_keys(person.name), *_keys(person.address)}
            answer = known[person] = not wanted.isdisjoint(keys)
        return answer

    return is_owner


def people_of(me: Iterable[str]) -> list[Person]:
    """The owner's names and addresses as people, for the roster."""
    return [Person("", name) if "@" in name or PHONE.fullmatch(name) else Person(name) for name in me]


def must_be_in(senders: Mapping[Person, int], is_owner: Callable[[Person], bool], file: Path) -> None:
    """Raise ``OwnerUnknownError`` with the senders and their counts if the owner is nobody of them.

    Raises ``SourceError`` where there are no senders at all.
    """
    if any(is_owner(person) for person in senders):
        return
    written = sorted(
        ((n, _shown(person)) for person, n in senders.items() if n and _shown(person)), reverse=True
    )
    if not written:
        raise SourceError(
            f"{file.name}: no messages were found in it.",
            hint="Look with `ipse sources preview`; check --format.",
        )
    listing = ", ".join(f"{name} ({n})" for n, name in written[:SHOWN])
    more = f" and {len(written) - SHOWN} more" if len(written) > SHOWN else ""
    raise OwnerUnknownError(
        f"{file.name}: nobody here answers to --me. Senders found: {listing}{more}.",
        hint="Name yourself as one of them: --me NAME.",
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
