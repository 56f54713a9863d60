"""Frames as a person writes them: JSON with comments, trailing commas, bare keys and single quotes.

Signal's own test cases are such files. They are small, so a whole one is turned into JSON and decoded.
"""

import json
import re
from collections.abc import Iterator
from typing import Any, Final

import msgspec

from ipse.errors import SourceError
from ipse.exports import ExportPath

__all__ = ["is_frames", "listed"]

_MOST: Final = 1 << 24  # bytes
# What is not closed runs to the end, so that no text makes this look at it twice.
_TOKEN: Final = re.compile(
    r"""(?P<text>"(?:[^"\\]|\\.)*(?:"|\\?\Z))|(?P<single>'(?:[^'\\]|\\.)*(?:'|\\?\Z))"""
    r"""|(?P<comment>//[^\n]*|/\*.*?(?:\*/|\Z))|(?P<comma>,)|(?P<close>[}\]])"""
    r"""|(?P<key>[A-Za-z_$][\w$]*(?=\s*:))|(?P<rest>[^\s"'/,}\]A-Za-z_$]+|[A-Za-z_$][\w$]*|\s+|.)""",
    re.DOTALL,
)
_BLANK: Final = re.compile(r"(?:\s+|//[^\n]*(?:\n|$)|/\*.*?\*/)*", re.DOTALL)


def is_frames(head: bytes) -> bool:
    """Whether a file with this head is a list of frames that starts with the export's own facts."""
    if b"backupTimeMs" not in head[:4096]:
        return False
    text = head[:4096].decode("utf-8", "replace").lstrip("\ufeff")
    blank = _BLANK.match(text)
    return text[blank.end() if blank else 0 :].startswith("[")


def listed(path: ExportPath) -> Iterator[tuple[str, dict[str, Any] | str]]:
    """Each frame of the list with its place; raises ``SourceError`` where the file is no such list."""
    text = path.read_bytes(_MOST).decode("utf-8", "replace").lstrip("\ufeff")
    try:
        frames = msgspec.json.decode(_plain(text).encode("utf-8", "replace"))
    except (msgspec.DecodeError, RecursionError) as error:
        raise SourceError(
            f"{path.label}: not the list of frames expected.", hint="Check it, or export again."
        ) from error
    if not isinstance(frames, list):
        raise SourceError(f"{path.label}: not a list of frames.", hint="Check it, or export again.")
    for number, frame in enumerate(frames, 1):
        yield f"frame {number}", frame if isinstance(frame, dict) else "it is not a JSON object"


def _plain(text: str) -> str:
    """The same as strict JSON."""
    out: list[str] = []
    pending = False  # a comma that counts only if something follows it
    for match in _TOKEN.finditer(text):
        kind, token = match.lastgroup, match[0]
        if kind == "comment" or token.isspace():
            out.append(" ")
            continue
        if pending and kind != "close":
            out.append(",")
        pending = kind == "comma"
        if kind == "single":
            inside = re.sub(r"\\'", "'", token[1:-1])
            token = '"' + re.sub(r'(?<!\\)"', r"\\\"", inside) + '"'
        elif kind == "key":
            token = json.dumps(token)
        if not pending:
            out.append(token)
    return "".join(out)
