"""Journals: dated notes in Markdown or text, vaults of Obsidian and Logseq, exports of Day One and others.

Where it comes from: a folder that an app keeps or exports, or one long file. Each entry is one message of the
owner, who is not named. Knows nothing of whom a journal is about.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC
from itertools import islice
from typing import Final, NamedTuple

from ipse.errors import SourceError
from ipse.exports import ExportPath
from ipse.interfaces import ReadOptions, Survey
from ipse.records import Message, Person, Unreadable
from ipse.sources.journals import dates, dayone, markdown
from ipse.sources.journals.markdown import Entry, Note
from ipse.sources.reading.guides import guide
from ipse.sources.reading.records import Repeats, digest, surveyed
from ipse.sources.reading.texts import clean

__all__ = ["Journals"]

ENDINGS: Final = frozenset({".md", ".markdown", ".mdown", ".txt", ".text"})
LARGEST: Final = 1 << 25  # bytes of one file of notes
_MEDIA: Final = frozenset(
    {
        ".png",
        ".jpg",
        ".jpeg",
        ".gif",
        ".webp",
        ".heic",
        ".svg",
        ".bmp",
        ".mp3",
        ".m4a",
        ".wav",
        ".mp4",
        ".mov",
    }
    | {".webm", ".pdf", ".canvas", ".css"}
)
SAMPLED: Final = 40  # notes of a folder that are looked at to tell what it is
LOOKED_AT: Final = 400  # files of it at most, for pictures are no sign of anything
PROMPTS: Final = 5000  # different lines counted to find those of a template
_SHARE = 0.4  # of the entries a line must stand in to be a template's
_FEWEST = 5  # entries below which nothing is a template's


class _Found(NamedTuple):
    """An entry, where it lies, and the note it is from."""

    entry: Entry
    note: Note
    file: ExportPath


class Journals:
    """Reads entries of journals and notes."""

    name = "journals"
    aliases: tuple[str, ...] = ("journal", "notes", "markdown", "dayone", "obsidian", "logseq")
    reads = "journals and notes: Markdown and text, Obsidian, Logseq, Joplin, Bear, Notion, Day One JSON"
    general = True

    def guide(self) -> str:
        """How to get the export."""
        return guide(self.name)

    def recognizes(self, path: ExportPath) -> bool:
        """Tell by dates: in names, in front matter, or in headings."""
        try:
            if path.is_dir():
                return _of_notes(path)
            return path.is_file() and (dayone.is_dayone(path) or _is_dated(path, alone=True))
        except SourceError:
            return False

    def survey(self, path: ExportPath, options: ReadOptions) -> Survey:
        """Count the entries; the note says how those without a date are placed."""
        undated: list[str] = []
        found = surveyed(self._items(path, options, undated), owner=())
        if undated:
            note = f"{len(undated)} entries have no date: they are put at the time their file was changed."
            return Survey(senders=found.senders, units=found.units, owner=(), notes=(note,))
        return found

    def read(self, path: ExportPath, options: ReadOptions) -> Iterator[Message | Unreadable]:
        """Yield every entry, file by file."""
        return self._items(path, options, [])

    def _items(
        self, path: ExportPath, options: ReadOptions, undated: list[str]
    ) -> Iterator[Message | Unreadable]:
        repeats, files = Repeats(), 0
        prompts = _prompts(path, options)
        for file in _files(path):
            files += 1
            if file.suffix == ".json":
                yield from _dayone(file, options)
                continue
            for found in _found(file, options):
                if isinstance(found, Unreadable):
                    yield found
                    continue
                message = _message(found, options, prompts, repeats)
                if found.entry.when is None and found.note.when is None:
                    undated.append("")
                yield message
        if not files:
            raise SourceError(
                f"{path.label}: there are no notes in it.",
                hint="Import a folder or file of Markdown or text, or Day One's JSON.",
            )


def _files(path: ExportPath) -> Iterator[ExportPath]:
    """The notes below; what an app keeps for itself is hidden and so left out already."""
    single = not path.is_dir()
    for file in path.walk():
        below = file.label.removeprefix(path.label).lower().split("/")[:-1]
        if "logseq" in below or "bak" in below:
            continue  # what Logseq keeps for itself
        if file.suffix in ENDINGS or single or dayone.is_dayone(file):
            yield file


def _of_notes(folder: ExportPath) -> bool:
    """Whether most notes in a folder are dated, or an app has marked it as its own."""
    if folder.joinpath(".obsidian").is_dir() or folder.joinpath("logseq", "config.edn").is_file():
        return True
    dated = notes = others = 0
    for file in islice(folder.walk(), LOOKED_AT):
        if file.suffix == ".json" and dayone.is_dayone(file):
            return file.parent is not None and file.label.count("/") - folder.label.count("/") == 1
        if file.suffix in ENDINGS:
            notes += 1
            dated += _is_dated(file, alone=False)
        elif file.suffix not in _MEDIA:
            others += 1
        if notes + others == SAMPLED:
            break
    return dated > 1 and dated * 2 >= notes and others <= notes // 4


def _is_dated(file: ExportPath, *, alone: bool) -> bool:
    if file.suffix not in ENDINGS or b"\0" in file.head[:512] or not file.head.strip():
        return False
    if dates.in_name(file.stem):
        return file.suffix != ".txt" or not alone or dates.in_name(file.stem[:10]) is not None
    text = file.head.decode("utf-8", "replace")
    note = markdown.parse(text)
    if note.when is not None:
        return True
    return sum(one.when is not None for one in markdown.entries(note.body)) > (1 if alone else 0)


def _found(file: ExportPath, options: ReadOptions) -> Iterator[_Found | Unreadable]:
    try:
        text = _decoded(file.read_bytes(LARGEST))
    except SourceError as error:
        if file.parent is None:
            raise
        yield Unreadable(file.label, "byte 0", error.message.rsplit(": ", 1)[-1].rstrip("."))
        return
    note = markdown.parse(text, options.date_order)
    named = dates.in_name(file.stem)
    if note.when is None and named is None and markdown.is_template(text):
        return
    if note.when is None and named is not None:
        note = Note(note.body, named, note.title or named.rest, note.lang, note.front)
    for entry in markdown.entries(note.body, options.date_order, dated=note.when is not None):
        if entry.body.strip():
            yield _Found(entry, note, file)


def _decoded(data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def _prompts(path: ExportPath, options: ReadOptions) -> frozenset[str]:
    """Lines that stand in so many entries that a template must have put them there."""
    count: Counter[str] = Counter()
    total = 0
    for file in _files(path):
        if file.suffix == ".json":
            continue
        for found in _found(file, options):
            if isinstance(found, Unreadable):
                continue
            total += 1
            for line in set(markdown.prompts(found.entry.body)):
                if line in count or len(count) < PROMPTS:
                    count[line] += 1
    return frozenset(line for line, n in count.items() if n >= _FEWEST and n >= total * _SHARE)


def _message(found: _Found, options: ReadOptions, prompts: frozenset[str], repeats: Repeats) -> Message:
    entry, note, file = found
    when = entry.when or note.when
    at = when.at(options.tz) if when else file.modified
    text, shown = markdown.words(entry.body, prompts)
    quoted = not text and not shown and bool(entry.body.strip())
    title = entry.title or note.title
    mark = when.at(UTC).isoformat() if when else ""
    return Message(
        id=repeats.numbered(digest("journals", mark, title, clean(entry.body))),
        conversation=file.stem,
        platform=Journals.name,
        at=at,
        sender=Person(""),
        direction="outbound",
        text=clean(entry.body if quoted else text),
        raw=entry.body,
        content_type="text" if text or not shown else "media",
        subject=clean(title) or None,
        attachments=shown,
        lang=note.lang or None,
        forwarded=quoted,  # nothing of it is the writer's own words
    )


def _dayone(file: ExportPath, options: ReadOptions) -> Iterator[Message | Unreadable]:
    repeats = Repeats()
    for place, moment in dayone.moments(file, options.tz):
        if isinstance(moment, str):
            yield Unreadable(file.label, f"entry {place + 1}", moment)
            continue
        note = markdown.parse(moment.text)
        text, shown = markdown.words(note.body)
        at = moment.at.astimezone(UTC).isoformat()
        yield Message(
            id=repeats.numbered(digest("dayone", moment.id or digest(at, moment.text))),
            conversation=file.stem,
            platform=Journals.name,
            at=moment.at,
            sender=Person(""),
            direction="outbound",
            text=clean(text),
            raw=moment.text,
            content_type="text" if text or not shown else "media",
            subject=note.title or None,
            attachments=shown,
        )
