"""LinkedIn: `messages.csv` of the data archive, as the zip, unpacked, or alone.

Where it comes from: "Get a copy of your data". Facts, from some thirty exports of 2020 to 2026 whose form
others have measured: 9 to 13 columns, found by name; since March 2026 every field is quoted and messages
hold line breaks; some files begin with lines of notes; times are UTC; recipients are joined by ", ", which
names hold too; who left or hides is `LinkedIn Member` without an address; campaigns come as HTML of one
editor (`spinmail`), some with `%FIRSTNAME%` left in. Drafts are rows like any other. Does not know who the
owner is, but for the name in `Profile.csv` beside it.
"""

import re
from collections import Counter
from collections.abc import Iterator
from datetime import UTC
from typing import BinaryIO, Final, Literal, NamedTuple

from ipse.errors import SourceError
from ipse.exports import ExportPath
from ipse.interfaces import ReadOptions, Survey
from ipse.records import Message, Person, Unreadable
from ipse.sources.reading.guides import guide
from ipse.sources.reading.html_text import html_to_text
from ipse.sources.reading.records import digest, surveyed
from ipse.sources.reading.tables import Cells, Columns, rows
from ipse.sources.reading.texts import clean
from ipse.sources.reading.times import from_iso

__all__ = ["LinkedIn"]

_COLUMNS: Final = Columns(
    {
        "conversation": ("conversation_id",),
        "title": ("conversation_title",),
        "sender": ("from",),
        "sender_url": ("sender_profile_url",),
        "recipients": ("to",),
        "recipient_urls": ("recipient_profile_urls",),
        "date": ("date",),
        "subject": ("subject",),
        "content": ("content",),
        "attachments": ("attachments",),
        "draft": ("is_message_draft",),
    },
    needed=("conversation", "sender", "date", "content"),
)
_PROFILE: Final = Columns({"first": ("first_name",), "last": ("last_name",)}, needed=("first", "last"))
_HEADER = re.compile(
    rb'^(?:\xef\xbb\xbf)?"?conversation id"?[,;\t][^\n]*\bfrom\b[^\n]*\bcontent\b',
    re.IGNORECASE | re.MULTILINE,
)
_BESIDE: Final = ("Profile.csv", "Connections.csv", "Invitations.csv", "Registration.csv")
_TAG = re.compile(r"</(?:p|div|span|a|b|i|u|strong|em|ul|ol|li)>|<br\s*/?>", re.IGNORECASE)
_CAMPAIGN = re.compile(r"spinmail-quill-editor|%(?:FIRST|LAST)_?NAME%|%COMPANY_?NAME%", re.IGNORECASE)
_SPONSORED: Final = "sponsored conversation"
MOST: Final = 200  # people named with a message


class _Row(NamedTuple):
    conversation: str
    title: str
    sender: str
    sender_url: str
    recipients: str
    recipient_urls: str
    date: str
    subject: str
    content: str
    attachments: str
    draft: str


class LinkedIn:
    """Reads the messages of a LinkedIn archive."""

    name = "linkedin"
    aliases: tuple[str, ...] = ("linkedin_csv", "linkedin_zip")
    reads = "LinkedIn archives: messages.csv, alone, in the zip or unpacked"
    general = False

    def guide(self) -> str:
        """How to get the archive."""
        return guide(self.name)

    def recognizes(self, path: ExportPath) -> bool:
        """Tell by the columns; a folder holds something else of the archive as well."""
        if path.is_file():
            return path.suffix == ".csv" and _HEADER.search(path.head) is not None
        try:
            inner = path / "messages.csv"
            return (
                path.is_dir()
                and inner.is_file()
                and _HEADER.search(inner.head) is not None
                and any((path / name).is_file() for name in _BESIDE)
            )
        except SourceError:
            return False

    def survey(self, path: ExportPath, options: ReadOptions) -> Survey:
        """Count who wrote how much; `Profile.csv` names the owner."""
        file = _messages(path)
        people = _People(file)
        notes = []
        if people.drafts:
            notes.append(f"Drafts were never sent and are left out: {people.drafts}.")
        if people.hidden:
            notes.append("People who left LinkedIn or hide from you have no name.")
        return surveyed(self.read(path, options), owner=people.owners(_owner(path, file)), notes=notes)

    def read(self, path: ExportPath, options: ReadOptions) -> Iterator[Message | Unreadable]:
        """Yield the messages in the order of the file, which is the newest first."""
        file = _messages(path)
        people = _People(file)
        owners = people.owners(_owner(path, file)) or ()
        given: Counter[str] = Counter()  # how often the same was said in this second of this conversation
        last = ("", "")
        for position, row in _rows(file):
            if isinstance(row, str):
                yield Unreadable(file.label, position, row)
                continue
            if row.draft.casefold() in ("yes", "true"):
                continue
            if (row.conversation, row.date) != last:
                given.clear()
                last = (row.conversation, row.date)
            try:
                yield _message(row, people, owners, given, options)
            except ValueError:
                yield Unreadable(file.label, position, "its date is not as LinkedIn writes it")


class _FromHeader(ExportPath):
    """A table without the lines of notes that stand above its header."""

    # ExportPath says what each method is for.

    def __init__(self, file: ExportPath, start: int) -> None:
        self._file, self._start = file, start
        self.name, self.label, self.parent = file.name, file.label, file.parent

    def is_dir(self) -> bool:
        return False

    def is_file(self) -> bool:
        return True

    def iterdir(self) -> Iterator[ExportPath]:
        return iter(())

    def joinpath(self, *names: str) -> ExportPath:
        return self._file.joinpath(*names)

    size = property(lambda self: self._file.size)
    modified = property(lambda self: self._file.modified)

    def open(self) -> BinaryIO:
        stream = self._file.open()
        stream.read(self._start)
        return stream

    def _open(self) -> BinaryIO:
        return self.open()


def _messages(path: ExportPath) -> ExportPath:
    """The table of messages in the archive; raises ``SourceError`` where there is none."""
    file = path if path.is_file() else path / "messages.csv"
    header = _HEADER.search(file.head)
    if header is None:
        raise SourceError(
            f"{path.label}: there is no messages.csv as LinkedIn writes it.",
            hint="Ask LinkedIn for a copy of your data with Messages ticked.",
        )
    return _FromHeader(file, header.start()) if header.start() else file


def _rows(file: ExportPath) -> Iterator[tuple[str, _Row | str]]:
    """Each row of the table with its place, or why it cannot be used."""
    for position, cells in rows(file, _COLUMNS):
        yield position, cells if isinstance(cells, str) else _Row(*map(_plain, cells))


def _plain(cell: object) -> str:
    return "" if cell is None else clean(str(cell))


def _owner(path: ExportPath, file: ExportPath) -> str:
    """The owner's name, from `Profile.csv` beside the messages; empty where that is missing."""
    folder = path if path.is_dir() else file.parent
    profile = folder / "Profile.csv" if folder is not None else None
    if profile is None or not profile.is_file():
        return ""
    try:
        first: Cells | str = next((cells for _, cells in rows(profile, _PROFILE)), "")
    except SourceError:
        return ""
    return "" if isinstance(first, str) else " ".join(" ".join(map(_plain, first)).split())


class _People:
    """What a first pass learns: who is behind which address, and which names there are."""

    def __init__(self, file: ExportPath) -> None:
        self.by_url: dict[str, Person] = {}
        self.names: dict[str, Person] = {}
        self.drafts = self.hidden = 0
        for _, row in _rows(file):
            if isinstance(row, str):
                continue
            self.drafts += row.draft.casefold() in ("yes", "true")
            person = self.sender(row)
            self.hidden += person == Person("")
            if person.address:
                self.by_url.setdefault(person.address, person)
            if person.name:
                self.names.setdefault(person.name, person)
                if person.address and not self.names[person.name].address:
                    self.names[person.name] = person

    def sender(self, row: _Row) -> Person:
        """Who wrote a row; nobody where LinkedIn only says that it was a member."""
        return _person(row.sender, row.sender_url)

    def recipients(self, row: _Row) -> list[Person]:
        """To whom a row went: by addresses where there are any, else by the names known."""
        urls = [_address(url) for url in re.split(r",(?=\s*(?:https?:|www\.))", row.recipient_urls)]
        urls = [url for url in urls if url]
        names = self._split(row.recipients)
        if len(urls) == len(names):
            return [self.by_url.get(url) or _person(name, url) for name, url in zip(names, urls, strict=True)]
        if urls:
            return [self.by_url.get(url) or Person("", url) for url in urls]
        return [self.names.get(name) or _person(name, "") for name in names]

    def _split(self, joined: str) -> list[str]:
        """Names joined by commas; one that is known may hold a comma itself (`Jane Doe, Ph.D.`)."""
        parts = [part.strip() for part in joined.split(",")][: MOST * 2]
        names: list[str] = []
        while parts:
            taken = next(
                (n for n in range(min(len(parts), 4), 1, -1) if ", ".join(parts[:n]) in self.names), 1
            )
            names.append(", ".join(parts[:taken]))
            del parts[:taken]
        return [name for name in names if name]

    def owners(self, name: str) -> tuple[Person, ...] | None:
        """The owner as the messages name them; None where nobody said who that is."""
        if not name:
            return None
        wanted = name.casefold()
        found = tuple(one for one in self.names.values() if " ".join(one.name.split()).casefold() == wanted)
        return found or (Person(name),)


def _person(name: str, url: str) -> Person:
    address = _address(url)
    hidden = not address and "linkedin" in name.casefold()
    return Person("" if hidden else name, address)


def _address(url: str) -> str:
    """A profile's address without what varies: scheme, `www.`, query and last slash."""
    bare = re.sub(r"^\s*(?:https?:)?(?://)?(?:www\.)?", "", url.strip(), flags=re.IGNORECASE)
    return bare.partition("?")[0].rstrip("/").casefold()


def _message(
    row: _Row, people: _People, owners: tuple[Person, ...], given: Counter[str], options: ReadOptions
) -> Message:
    """Raises ``ValueError`` where the date cannot be read."""
    at = from_iso(row.date, options.tz).astimezone(UTC)
    marked = _TAG.search(row.content) is not None
    text = clean(html_to_text(row.content)) if marked else row.content
    sender, recipients = people.sender(row), people.recipients(row)
    participants = tuple(dict.fromkeys(one for one in (sender, *recipients) if one != Person("")))[:MOST]
    files = tuple(part.strip() for part in re.split(r",(?=\s*https?:)", row.attachments) if part.strip())
    conversation = row.conversation or " ".join(sorted(one.address or one.name for one in participants))
    parts = (conversation, at.isoformat(), " ".join(text.split()), *files[:1] * (not text))
    same = digest("linkedin", *parts)
    given[same] += 1
    sponsored = _CAMPAIGN.search(row.content) is not None or row.title.casefold() == _SPONSORED
    kind: Literal["text", "media"] = "media" if files and not text else "text"
    return Message(
        id=same if given[same] == 1 else digest("linkedin", *parts, str(given[same])),
        conversation=conversation,
        platform="linkedin",
        at=at,
        sender=sender,
        direction="outbound" if sender in owners else "inbound",
        text=text,
        raw=row.content,
        participants=participants,
        group=len(recipients) > 1,
        content_type=kind,
        subject=row.subject or row.title or None,
        attachments=files,
        automatic=sponsored and sender not in owners,
    )
