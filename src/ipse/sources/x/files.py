"""The files of an X archive by what is in them, and whose archive it is. Knows no post and no message.

Every file of `data/` assigns a list: `window.YTD.direct_messages_group.part0 = [ … ]`; the name of the
variable tells its kind, whatever the file is called (`tweet.js` until 2022, `tweets.js` since,
`tweets-part1.js` for more of the same). `manifest.js` assigns one object to `window.__THAR_CONFIG`.
"""

import re
from collections.abc import Iterator
from typing import Any, Final

import msgspec

from ipse.errors import SourceError
from ipse.exports import ExportPath
from ipse.records import Person, Unreadable
from ipse.sources.reading.jsons import elements
from ipse.sources.reading.texts import clean

__all__ = ["MESSAGES", "NOTES", "POSTS", "Account", "account", "entries", "files", "kind_of"]

POSTS: Final = (
    "tweets",
    "tweet",
    "community_tweet",
    "twitter_circle_tweet",
    "deleted_tweets",
    "deleted_tweet",
)
NOTES: Final = ("note_tweet", "note_tweets")
MESSAGES: Final = ("direct_messages", "direct_messages_group", "direct_message", "direct_message_group")
_GLOBAL = re.compile(rb"^(?:\xef\xbb\xbf)?\s*window\.(?:YTD\.(\w+)\.part\d+|(__THAR_CONFIG))\s*=")
_MANIFEST: Final = "__THAR_CONFIG"


def kind_of(file: ExportPath) -> str:
    """The kind of an archive's file, such as ``tweets``; empty for any other file."""
    match = _GLOBAL.match(file.head[:512]) if file.suffix == ".js" and file.is_file() else None
    return (match[1] or match[2]).decode("ascii", "replace").lower() if match else ""


def files(path: ExportPath) -> dict[str, list[ExportPath]]:
    """The files of the archive at ``path`` by kind: of it, of its folder `data`, or ``path`` itself."""
    found: dict[str, list[ExportPath]] = {}
    if path.is_file():
        found[kind_of(path)] = [path]
        beside = path.parent.joinpath("account.js") if path.parent else None
        if beside is not None and kind_of(beside) == "account":
            found.setdefault("account", [beside])
        return found
    for folder in (path, path / "data"):
        for file in folder.iterdir() if folder.is_dir() else ():
            if kind := kind_of(file):
                found.setdefault(kind, []).append(file)
    return found


def entries(file: ExportPath, what: str) -> Iterator[tuple[int, Any] | Unreadable]:
    """Each entry of a file with its place from 0; where the file breaks off, that is the last."""
    place = -1
    try:
        for place, entry in elements(file):
            yield place, entry
    except SourceError:
        yield Unreadable(file.label, f"{what} {place + 2}", "the file is damaged or cut short from here on")


class Account(msgspec.Struct, frozen=True):
    """Whose archive it is: the number that X knows them by, and their name and handle."""

    id: str
    person: Person


def account(found: dict[str, list[ExportPath]]) -> Account | None:
    """Read `account.js`, or the manifest where that is missing or damaged."""
    for kind, keys in (("account", _ACCOUNT), (_MANIFEST.lower(), _USER)):
        for file in found.get(kind, ()):
            match = re.search(rb'"(?:account|userInfo)"\s*:\s*(\{[^{}]*\})', file.head)
            try:
                entry = msgspec.json.decode(match[1], type=dict[str, Any]) if match else {}
            except (msgspec.DecodeError, UnicodeDecodeError):
                continue
            number, handle, name = (clean(str(entry.get(key) or "")) for key in keys)
            if number and (name or handle):
                return Account(number, Person(name, handle))
    return None


_ACCOUNT = ("accountId", "username", "accountDisplayName")
_USER = ("accountId", "userName", "displayName")
