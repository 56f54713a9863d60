"""Day One: the JSON in its exports. Knows one format."""

import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from ipse.errors import SourceError
from ipse.exports import ExportPath
from ipse.sources.reading.jsons import elements
from ipse.sources.reading.times import from_iso

__all__ = ["Moment", "is_dayone", "moments"]

_ESCAPED = re.compile(r"\\([\\`*_{}\[\]()#+\-.!>~|])")


class Moment(msgspec.Struct, frozen=True):
    """An entry of a journal: its own id, when, its Markdown."""

    id: str
    at: datetime
    text: str


def is_dayone(path: ExportPath) -> bool:
    """Tell by the head of the file."""
    head = path.head if path.suffix == ".json" else b""
    return b'"entries"' in head and (
        b'"creationDate"' in head or (b'"metadata"' in head and b'"uuid"' in head)
    )


def moments(path: ExportPath, zone: ZoneInfo) -> Iterator[tuple[int, Moment | str]]:
    """Each entry with its place from 0, or why it cannot be used; so ends a file that breaks off, too."""
    place = -1
    try:
        for place, value in elements(path, "entries"):
            try:
                yield place, _moment(value, zone)
            except ValueError as error:
                yield place, str(error)
    except SourceError as error:
        if place < 0:
            raise
        yield place + 1, f"the file is damaged from here on ({error.message.rsplit(': ', 1)[-1].rstrip('.')})"


def _moment(value: Any, zone: ZoneInfo) -> Moment:  # noqa: ANN401 - whatever JSON holds
    if not isinstance(value, dict):
        raise ValueError("it is no object")
    created, identity = value.get("creationDate"), value.get("uuid")
    if not isinstance(created, str):
        raise ValueError("it has no creationDate")
    try:
        at = from_iso(created, zone).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError("its creationDate is none") from None
    own = value.get("timeZone")
    if isinstance(own, str) and own:
        with suppress(ZoneInfoNotFoundError, ValueError, OSError, OverflowError):
            at = at.astimezone(ZoneInfo(own.replace("\\", "")))
    return Moment(identity if isinstance(identity, str) else "", at, _text(value))


def _text(value: dict[str, Any]) -> str:
    text = value.get("text")
    if isinstance(text, str) and text.strip():
        return _ESCAPED.sub(r"\1", text)
    rich = value.get("richText")
    try:
        document = msgspec.json.decode(rich) if isinstance(rich, str) else rich
    except (msgspec.DecodeError, RecursionError):
        raise ValueError("its text is not what Day One writes") from None
    parts = document.get("contents") if isinstance(document, dict) else None
    found = [part.get("text") for part in parts if isinstance(part, dict)] if isinstance(parts, list) else []
    return "".join(part for part in found if isinstance(part, str))
