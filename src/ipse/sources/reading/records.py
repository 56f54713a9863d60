"""What every source makes of what it reads: ids from content, and a survey from the records themselves."""

from collections import Counter, OrderedDict
from collections.abc import Iterable, Sequence
from hashlib import blake2b

from ipse.interfaces import Survey
from ipse.records import Message, Person, Record, Unreadable

__all__ = ["Repeats", "digest", "surveyed"]


def digest(*parts: str) -> str:
    """32 hex digits that stand for these parts: the same in every export that holds them."""
    return blake2b("\x1f".join(parts).encode("utf-8", "replace"), digest_size=16).hexdigest()


class Repeats:
    """Tells equal messages apart where an export has neither ids nor a clock fine enough.

    The n-th of those with one digest gets an id of its own, the same in every export that holds the n-1
    before it. Only what lies near each other is compared, so memory is bounded; use one for each file.
    """

    def __init__(self, window: int = 4096) -> None:
        self._window = window
        self._met: OrderedDict[str, int] = OrderedDict()

    def numbered(self, identity: str) -> str:
        """``identity`` as it is the first time, afterwards a digest of it and its number."""
        times = self._met.pop(identity, 0)
        self._met[identity] = times + 1
        if len(self._met) > self._window:
            self._met.popitem(last=False)
        return digest(identity, str(times)) if times else identity


def surveyed(
    items: Iterable[Record | Unreadable],
    *,
    owner: Sequence[Person] | None = None,
    notes: Sequence[str] = (),
) -> Survey:
    """The survey that reading ``items`` gives: for sources whose reading costs little beside the import.

    ``owner`` is as in :class:`~ipse.interfaces.Survey`; people who only took part are met with a count of 0.
    """
    units, wrote, where = 0, Counter[Person](), dict[Person, set[str]]()
    met: dict[Person, None] = {}
    conversations: set[str] = set()
    for item in items:
        units += 1
        if not isinstance(item, Message):
            continue
        met.update(dict.fromkeys((*item.participants, *item.mentions, *(one.by for one in item.reactions))))
        if item.content_type == "system":
            continue
        conversations.add(item.conversation)
        wrote[item.sender] += 1
        where.setdefault(item.sender, set()).add(item.conversation)
    everywhere = tuple(
        person for person, places in where.items() if person.name and len(places) == len(conversations) > 1
    )
    met.pop(Person(""), None)
    senders = {**dict.fromkeys(met, 0), **wrote}
    return Survey(
        senders=senders,
        units=units,
        notes=tuple(notes),
        owner=None if owner is None else tuple(owner),
        likely=everywhere,
    )
