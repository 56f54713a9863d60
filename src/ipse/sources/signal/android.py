"""What the database of Signal for Android knows of people and threads, whatever its version.

Apps of ten years named their columns differently; each is looked for under all its names. Knows nothing of
messages' texts, nor of where the database came from.
"""

from itertools import islice
from typing import Any, Final

from ipse.records import Person
from ipse.sources.reading.texts import clean
from ipse.sources.signal.database import Database
from ipse.sources.signal.people import MOST, SELF, Chat, Recipient, called, chosen, group_key

__all__ = ["TABLES_OF_MESSAGES", "Contacts", "either", "number"]

TABLES_OF_MESSAGES: Final = ("message", "sms", "mms")
_SENDERS: Final = ("from_recipient_id", "recipient_id", "address")
_PARTNERS: Final = ("recipient_id", "thread_recipient_id", "recipient_ids")


def number(value: object) -> int:
    """A whole number from a database or a table; 0 for none and for what is no number."""
    if isinstance(value, int):
        return value
    try:
        return int(str(value)) if value else 0
    except ValueError:
        return 0


def either(row: dict[str, Any], *names: str) -> Any:  # noqa: ANN401 - whatever the column held
    """The first of these columns that holds anything; a column by a newer name comes first."""
    return next((row[name] for name in names if row.get(name) not in (None, "")), None)


class Contacts:
    """Recipients by their number in the database, threads by theirs."""

    def __init__(self, database: Database, *, account: str = "", phone: str = "", news: str = "") -> None:
        self._db, self._news = database, number(news)
        self._groups: dict[str, tuple[str, bytes, list[str]]] = {}  # title, master key, members
        self._read_groups()
        self._own = self._find_own(account, phone)
        self._recipients = {
            number(row.get("_id")): self._recipient(row) for row in database.rows("recipient")
        }
        self._threads: dict[int, Chat] = {}

    @property
    def owner(self) -> tuple[Person, ...]:
        """The owner by every name the export has; empty where it does not tell."""
        found = self._recipients.get(self._own)
        return (found.person, *found.others) if found and self._own else ()

    @property
    def me(self) -> Person:
        """The owner, or nobody where the export does not name them."""
        return self.owner[0] if self.owner else Person("")

    @property
    def others(self) -> tuple[Person, ...]:
        """Further names of the people in it."""
        return tuple(other for one in self._recipients.values() for other in one.others)

    def is_me(self, reference: object) -> bool:
        """Whether a number in the database stands for the owner."""
        return bool(self._own) and number(reference) == self._own

    def recipient(self, reference: object) -> Recipient:
        """Whoever a number stands for; in the oldest databases a phone number stands there itself."""
        found = self._recipients.get(number(reference))
        if found is not None:
            return found
        if self.is_me(reference):
            return Recipient(SELF)
        text = clean(str(reference or ""))
        if text in self._groups or text.startswith(("__textsecure_group__", "__signal_")):
            return self._group(text)
        if text.startswith("+") or len(text) > 6:
            return Recipient(text, Person("", text))
        return Recipient(f"recipient {text}", Person("", f"recipient-{text}" if text else ""))

    def thread(self, reference: object) -> Chat:
        """The conversation with this number."""
        key = number(reference)
        if key not in self._threads:
            self._threads[key] = self._thread(key)
        return self._threads[key]

    def _read_groups(self) -> None:
        for row in self._db.rows("groups"):
            master = row.get("master_key")
            members = str(row.get("members") or "").split(",")
            self._groups[str(row.get("group_id"))] = (
                clean(str(row.get("title") or "")),
                master if isinstance(master, bytes) else b"",
                [one for one in members if one],
            )
        for row in self._db.rows("group_membership"):
            if str(row.get("group_id")) in self._groups:
                self._groups[str(row.get("group_id"))][2].append(str(row.get("recipient_id")))

    def _find_own(self, account: str, phone: str) -> int:
        """The owner's number: who has their account, else who is named as sender of what was sent."""
        for column, value in (("aci", account), ("uuid", account), ("e164", phone), ("phone", phone)):
            for row in self._db.rows("recipient", column, value) if value else ():
                return number(row.get("_id"))
        wrote = self._db.senders()
        return max(wrote, key=wrote.__getitem__) if wrote else 0

    def _group(self, group: str) -> Recipient:
        title, master, _ = self._groups.get(group, ("", b"", []))
        return Recipient(group_key(master, group), group=True, title=title, inner=group)

    def _recipient(self, row: dict[str, Any]) -> Recipient:
        cells = {name: clean(str(value)) for name, value in row.items() if value is not None}
        if group := cells.get("group_id"):
            return self._group(group)

        def pair(kind: str) -> str:
            return chosen(cells.get(f"{kind}_given_name", ""), cells.get(f"{kind}_family_name", ""))

        names = (  # nickname, then address book, then profile: as the app shows them
            cells.get("nickname_joined_name") or pair("nickname"),
            cells.get("system_joined_name") or cells.get("system_display_name") or pair("system"),
            cells.get("profile_joined_name") or cells.get("signal_profile_name") or pair("profile"),
        )
        if self._news and number(cells.get("_id")) == self._news:
            return Recipient("releaseNotes", automatic=True)  # its name is a word that texts are full of
        own = f"recipient {cells.get('_id')}"
        aci = (either(cells, "aci", "uuid") or "").lower()
        phone = either(cells, "e164", "phone", "email") or ""
        username = cells.get("username", "")
        person, others = called(names, phone, username, aci or own.replace(" ", "-"))
        key = SELF if number(cells.get("_id")) == self._own else aci or phone or username or own
        return Recipient(key, person, others)

    def _thread(self, key: int) -> Chat:
        partner = next((either(row, *_PARTNERS) for row in self._db.rows("thread", "_id", key)), None)
        if partner is None:
            return Chat(f"thread {key}", participants=_known(self._writers(key)))
        other = self.recipient(partner)
        if other.group:
            members = self._groups.get(other.inner, ("", b"", []))[2]
            people = [self.recipient(member).person for member in islice(members, MOST)]
            people = list(dict.fromkeys([*people, *self._writers(key)]))[:MOST]
            return Chat(other.key, True, other.title or None, _known(people))  # noqa: FBT003
        return Chat(other.key, participants=_known([other.person, self.me]), automatic=other.automatic)

    def _writers(self, key: int) -> list[Person]:
        """The owner and who wrote in a thread."""
        people = [self.me]
        for table in TABLES_OF_MESSAGES:
            if column := self._db.column(table, *_SENDERS):
                found = map(self.recipient, self._db.distinct(table, column, key, MOST))
                people += [one.person for one in found if not one.group]
        return list(dict.fromkeys(people))


def _known(people: list[Person]) -> tuple[Person, ...]:
    return tuple(dict.fromkeys(person for person in people if person != Person("")))
