"""SMS Backup & Restore: the XML in which Android phones save their text messages (SMS, MMS, some RCS).

Silence, old Signal and others write the same format. It marks what was sent, but tells neither the owner's
name nor their number. Each message is read from its own row alone.
"""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Final

from msgspec.structs import replace

from ipse.errors import SourceError
from ipse.exports import ExportPath
from ipse.interfaces import ReadOptions, Survey
from ipse.records import Message, Unreadable
from ipse.sources.reading.guides import guide
from ipse.sources.reading.records import surveyed
from ipse.sources.sms.messages import PLATFORM, message_of
from ipse.sources.sms.rows import Bad, encoding_of, rows

__all__ = ["Sms"]

FILES: Final = 100  # in an archive that is one export

_ROOT: Final = re.compile(r"\s*(?:(?><\?[^>]*>|<!--.*?-->)\s*)*+<smses[\s/>]", re.DOTALL)


class Sms:
    """Backups of text messages as XML."""

    name = PLATFORM
    aliases: tuple[str, ...] = ("sms_xml", "sms_backup_restore")
    reads = "text messages of an Android phone: the XML of SMS Backup & Restore (SMS, MMS)"
    general = False

    def guide(self) -> str:
        """How to get the export."""
        return guide(self.name)

    def recognizes(self, path: ExportPath) -> bool:
        """Tell by the root element; a zip is one if it holds nothing else."""
        if path.is_file():
            return _is_backup(path)
        try:
            return path.suffix == ".zip" and path.is_dir() and _holds_backups_alone(path)
        except SourceError:
            return False

    def survey(self, path: ExportPath, options: ReadOptions) -> Survey:  # noqa: ARG002 - it says all itself
        """Count who wrote; notes tell of drafts, and of rows that the file declares and lacks."""
        tally = Counter[str]()
        survey = surveyed(_items(path, tally), owner=())
        notes = []
        if tally["drafts"]:
            notes.append(f"Drafts, never sent, kept as nobody's message: {tally['drafts']:,}.")
        if tally["declared"] > tally["messages"]:
            held = f"{tally['messages']:,} could be read"
            notes.append(f"It says that it holds {tally['declared']:,} messages; {held}.")
        return replace(survey, notes=tuple(notes))

    def read(self, path: ExportPath, options: ReadOptions) -> Iterator[Message | Unreadable]:  # noqa: ARG002
        """Yield the messages in the order of the file."""
        return _items(path, Counter())


def _is_backup(file: ExportPath) -> bool:
    head = file.head
    if b"smses" not in head.replace(b"\0", b""):
        return False
    return bool(_ROOT.match(head.decode(encoding_of(head), "replace").removeprefix("\ufeff")))


def _holds_backups_alone(archive: ExportPath) -> bool:
    number = 0
    for number, file in enumerate(archive.iterdir(), 1):
        if number > FILES or not file.is_file() or not _is_backup(file):
            return False
    return number > 0


def _items(path: ExportPath, tally: Counter[str]) -> Iterator[Message | Unreadable]:
    if path.is_file():
        yield from _file(path, tally)
        return
    files = [file for file in path.walk() if _is_backup(file)]
    if not files:
        raise SourceError(
            f"{path.label}: there is no backup of text messages in it.",
            hint="Import the XML file that SMS Backup & Restore made.",
        )
    for file in files:
        yield from _file(file, tally)


def _file(file: ExportPath, tally: Counter[str]) -> Iterator[Message | Unreadable]:
    for row in rows(file):
        if isinstance(row, Bad):
            yield Unreadable(file=file.label, position=f"line {row.line}", reason=row.reason)
            continue
        name, attributes = row.elements[0]
        if name == "smses":
            count = attributes.get("count", "")
            tally["declared"] += int(count) if re.fullmatch(r"[0-9]{1,9}", count) else 0
            continue
        try:
            message = message_of(row.elements)
        except ValueError as error:
            yield Unreadable(file=file.label, position=f"line {row.line}", reason=str(error))
            continue
        tally["drafts"] += message.automatic and message.content_type == "system"
        tally["messages"] += 1
        yield message
