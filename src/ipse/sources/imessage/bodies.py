"""The blobs that hold words: typedstreams (`attributedBody`) and the summary of what was edited or unsent.

Both come from a file that anybody may have written, so every length in them is bounded by what is there. It
knows no database.
"""

import plistlib
from collections.abc import Mapping
from typing import Final, NamedTuple
from xml.parsers.expat import ExpatError

from ipse.sources.reading.texts import clean

__all__ = ["NOTHING", "STREAM", "Summary", "shown", "stream_text", "summary_of"]

STREAM: Final = b"\x04\x0bstreamtyped"
LARGEST: Final = 1 << 22  # bytes of a summary; real ones have hundreds

_CLASS: Final = b"NSString"
_NEAR: Final = 32  # bytes between the name of the class and its value; real ones have 4
_UINT16, _UINT32 = 0x81, 0x82
_MARKS: Final = str.maketrans("", "", "\ufffc\ufffd")


class Summary(NamedTuple):
    """What became of a message: its last words where it was edited, and whether all of it was taken back.

    ``final`` is None where the words are to be taken from the message itself.
    """

    edited: bool = False
    unsent: bool = False
    final: str | None = None


NOTHING: Final = Summary()


def stream_text(blob: bytes) -> str | None:
    """The string in a typedstream as it stands; None where there is none.

    A stream may have been cut: then it is what is left, up to the last whole character.
    """
    at = blob.find(_CLASS)
    if at < 0:
        return None
    at = blob.find(b"+", at + len(_CLASS), at + len(_CLASS) + _NEAR)
    if at < 0 or at + 1 >= len(blob):
        return None
    length, start = blob[at + 1], at + 2
    if length in (_UINT16, _UINT32):
        size = 2 if length == _UINT16 else 4
        length, start = int.from_bytes(blob[start : start + size], "little"), start + size
    elif length >= 0x80:
        return None
    return blob[start : start + length].decode("utf-8", "replace")


def shown(text: str) -> str:
    """The words in a string: without the marks where an attachment stood, or a letter was lost."""
    return clean(text.translate(_MARKS))


def summary_of(blob: bytes) -> Summary:
    """Read `message_summary_info`; raises ``ValueError`` where it is none.

    ``ec`` holds for each part of the message its versions, oldest first; ``rp`` the parts taken back; ``otr``
    the parts it had.
    """
    if len(blob) > LARGEST:
        raise ValueError("its summary is larger than any")
    try:
        found = plistlib.loads(blob)
    except (plistlib.InvalidFileException, ExpatError, RecursionError, ValueError, OverflowError) as error:
        raise ValueError("its summary is damaged") from error
    except (LookupError, TypeError, AttributeError) as error:  # plistlib leaves much unchecked
        raise ValueError("its summary is damaged") from error
    if not isinstance(found, dict):
        raise ValueError("its summary is damaged")
    edits = {part: _list(versions) for part, versions in _mapping(found.get("ec")).items()}
    parts = {*_mapping(found.get("otr")), *edits}
    unsent = {str(part) for part in _list(found.get("rp"))}
    unsent |= {part for part, versions in edits.items() if not versions}
    versions = next(iter(edits.values()), []) if len(parts) == 1 else []
    last = _mapping(versions[-1]).get("t") if versions else None
    return Summary(
        edited=any(len(versions) > 1 for versions in edits.values()),
        unsent=bool(unsent) and parts <= unsent,
        final=stream_text(last) if isinstance(last, bytes) else None,
    )


def _mapping(found: object) -> Mapping[str, object]:
    return found if isinstance(found, dict) else {}


def _list(found: object) -> list[object]:
    return found if isinstance(found, list) else []
