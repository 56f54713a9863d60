"""What the sources of Meta's apps do alike: find the conversations, read them one by one, tell about it."""

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import chain
from typing import TYPE_CHECKING

import msgspec

from ipse.errors import SourceError
from ipse.exports import ExportPath
from ipse.interfaces import ReadOptions, Survey
from ipse.records import Message, Unreadable
from ipse.sources.meta.documents import Document
from ipse.sources.meta.messages import conversation_of
from ipse.sources.meta.owners import owner_among
from ipse.sources.meta.pages import Page
from ipse.sources.meta.platforms import platforms_of
from ipse.sources.meta.threads import Thread, folder_of, threads_in
from ipse.sources.reading.guides import guide
from ipse.sources.reading.records import surveyed

if TYPE_CHECKING:
    from ipse.sources.meta.entries import Head

__all__ = ["MetaExport"]

_LATE = datetime.max.replace(tzinfo=UTC)


class MetaExport:
    """Reads the conversations of an export of one app; a source names the app."""

    name: str
    aliases: tuple[str, ...]
    reads: str
    general = False

    def guide(self) -> str:
        """How to get the export."""
        return guide(self.name)

    def recognizes(self, path: ExportPath) -> bool:
        """Tell by the folders of an export, or by the keys of a single conversation."""
        return self.name in platforms_of(path)

    def survey(self, path: ExportPath, options: ReadOptions) -> Survey:
        """Count the senders; the profile in the export, if any, tells whose it is."""
        reading = _Reading(self.name, path, options)
        survey = surveyed(reading)
        return msgspec.structs.replace(
            survey, owner=owner_among(path, survey.senders), notes=tuple(reading.notes())
        )

    def read(self, path: ExportPath, options: ReadOptions) -> Iterator[Message | Unreadable]:
        """Yield the messages of each conversation, oldest first; a damaged file is one ``Unreadable``."""
        yield from _Reading(self.name, path, options)


class _Reading:
    """One pass over an export."""

    def __init__(self, platform: str, path: ExportPath, options: ReadOptions) -> None:
        self._platform, self._path, self._options = platform, path, options
        self._threads = self._doubled = self._pages = self._guessed = 0

    def __iter__(self) -> Iterator[Message | Unreadable]:
        for thread in threads_in(self._path):
            self._threads += 1
            self._doubled += thread.pages_too
            yield from self._messages(thread)
        if not self._threads:
            raise SourceError(
                f"{self._path.label}: there is no conversation in it.",
                hint=f"See `ipse sources guide {self._platform}` for the export that is meant.",
            )

    def _messages(self, thread: Thread) -> Iterator[Message | Unreadable]:
        heads: list[Head] = []
        copies: list[list[tuple[datetime, Document | Page]]] = []
        for files in thread.copies:
            parts: list[Document | Page] = [
                Document(file) if file.suffix == ".json" else Page(file, self._options, kept=len(files) == 1)
                for file in files
            ]
            found = [part.head() for part in parts]
            heads.extend(found)
            copies.append([(head.first or _LATE, part) for head, part in zip(found, parts, strict=True)])
        conversation = conversation_of(self._platform, heads, folder_of(thread.copies[0][0]))
        for copy in copies:
            parts = [part for _, part in sorted(copy, key=lambda pair: pair[0])]
            yield from conversation.messages(chain.from_iterable(part.entries() for part in parts))
            pages = [part for part in parts if isinstance(part, Page)]
            self._pages += len(pages)
            self._guessed += sum(page.guessed for page in pages)

    def notes(self) -> Iterator[str]:
        """What the owner should know of how it was read, once it was."""
        if self._doubled:
            yield f"Of conversations that are there as JSON and as HTML ({self._doubled}) the JSON is read."
        if self._pages:
            yield (
                "HTML pages tell the local time without its zone: it is read as that of "
                f"{self._options.tz.key} (--tz). An export as JSON tells it to the millisecond."
            )
        if self._guessed:
            yield (
                "Nothing on some pages settles whether the day or the month comes first "
                f"({self._guessed}): with a clock of twelve hours the month is taken for first, else the "
                "day. The setting imports.date_order says it for all."
            )
