"""What a source reads in a file, without keeping anything: for checking a format before consenting to it.

It opens no vault and writes nothing; what it shows is the export's own text, not pseudonymized.
"""

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec

from ipse import plugins
from ipse.errors import SourceError, UnknownFormatError
from ipse.exports import ExportPath
from ipse.interfaces import ReadOptions, Source
from ipse.pipeline.owner import matcher, shown
from ipse.records import Message, Record, Unreadable

__all__ = ["Preview", "plain", "preview", "says_its_zone"]

APART = ZoneInfo("Etc/GMT+12"), ZoneInfo("Pacific/Kiritimati")  # no moment is one local time in both

SPECIAL = re.compile(r"[()<>\[\]:;@,.]")


class Preview(msgspec.Struct, frozen=True, kw_only=True):
    """The source chosen, what its survey noted, and its records; ``items`` is read as it is consumed."""

    source: str
    units: int | None
    notes: tuple[str, ...]
    senders: dict[str, int]
    items: Iterator[Record | Unreadable]


def preview(path: Path | ExportPath, options: ReadOptions, *, format_name: str | None = None) -> Preview:
    """Read ``path`` with the source named, or with the first that recognizes it."""
    if not path.exists():
        raise SourceError(f"{path}: no such file or folder.", hint="Check the path.")
    export = _export(path)
    source = plugins.source_named(format_name) if format_name else _recognize(export, plugins.sources())
    survey = source.survey(export, options)
    senders = {shown(who): n for who, n in survey.senders.items() if shown(who)}
    is_owner = matcher(options.me)
    owners = frozenset(survey.owner or ())

    def items() -> Iterator[Record | Unreadable]:
        for item in source.read(export, options):
            own = isinstance(item, Message) and (item.sender in owners or is_owner(item.sender))
            yield msgspec.structs.replace(item, direction="outbound") if own else item

    return Preview(source=source.name, units=survey.units, notes=survey.notes, senders=senders, items=items())


def says_its_zone(path: Path | ExportPath, options: ReadOptions, format_name: str) -> bool:
    """Whether the moments of an export stand in it: its first record is read in two zones."""
    source, export = plugins.source_named(format_name), _export(path)
    moments: set[datetime | int | None] = set()
    for zone in APART:
        told = msgspec.structs.replace(options, tz=zone)
        found = (item for item in source.read(export, told) if not isinstance(item, Unreadable))
        first = next(found, None)
        moments.add(first.at if isinstance(first, Message) else first.ts if first else None)
    return len(moments) == 1


def _export(path: Path | ExportPath) -> ExportPath:
    return path if isinstance(path, ExportPath) else ExportPath.at(path)


def _recognize(path: ExportPath, sources: Sequence[Source]) -> Source:
    for source in sorted(sources, key=lambda source: source.general):
        if source.recognizes(path):
            return source
    names = ", ".join(source.name for source in sources)
    raise UnknownFormatError(
        f"{path.label}: recognized by none of {names}.", hint="Name its source with --format."
    )


def plain(item: Record) -> dict[str, object]:
    """A record as a row for programs.

    ``ts`` is the local time without its offset, ``date_iso`` with it, ``date_utc`` the same moment in UTC.
    """
    if not isinstance(item, Message):
        return {**msgspec.structs.asdict(item), "kind": item.kind}
    name, address = item.sender.name, item.sender.address
    return {
        "message_id": item.id,
        "conversation": item.conversation,
        "platform": item.platform,
        "ts": item.at.replace(tzinfo=None).isoformat(),
        "date_iso": item.at.isoformat(),
        "date_utc": item.at.astimezone(UTC).isoformat(),
        "timestamp_ms": round(item.at.timestamp() * 1000),
        "sender": name or address or None,
        "sender_address": address,
        "from": f"{_phrase(name)} <{address}>" if name and address else name or address or None,
        "direction": item.direction,
        "participants": [person.name or person.address for person in item.participants],
        "group": item.group,
        "kind": item.content_type,
        "content_type": item.content_type,
        "subject": item.subject,
        "text": item.text,
        "body_text": item.text,
        "body_raw": item.raw,
        "reply_to_message_id": item.reply_to,
        "account": item.account,
        "attachments": list(item.attachments),
        "automatic": item.automatic,
        "forwarded": item.forwarded,
        "edited": item.edited,
        "from_me": item.direction == "outbound",
        "reactions": [[one.emoji, one.by.name or one.by.address or None] for one in item.reactions],
        "mentions": [person.name or person.address for person in item.mentions],
    }


def _phrase(name: str) -> str:
    """A display name as mail headers write it: quoted where it holds a special character (RFC 5322)."""
    return f'"{name}"' if SPECIAL.search(name) else name
