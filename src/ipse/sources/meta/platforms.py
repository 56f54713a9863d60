"""Which of Meta's apps an export is of, told by its folders and the heads of its files.

The two write one format. What tells them apart is, surest first: the name of the export's root folder, which
also stands in the paths of files sent; the names of the folders and archives around; the other folders of the
export; and the keys of a conversation. What none of them settles is Messenger's.
"""

import re
from collections.abc import Iterator
from itertools import islice
from typing import Final, Literal, TypeAlias

from ipse.errors import SourceError
from ipse.exports import ExportPath
from ipse.sources.meta.threads import is_page, is_thread_file, rooms, thread_files

__all__ = ["Platform", "platforms_of"]

Platform: TypeAlias = Literal["messenger", "instagram"]
_LOOKED_AT: Final = (
    200  # folders that may lack a conversation, as where one part of an export holds its photos
)

_ROOTS: Final[dict[str, Platform]] = {
    "your_instagram_activity": "instagram",
    "your_activity_across_facebook": "messenger",
    "your_facebook_activity": "messenger",
}
_IN_TEXT: Final = re.compile(rb"your_(?:(instagram)_activity|facebook_activity|activity_across_facebook)\b")
_INSTAGRAMS: Final = (
    "followers_and_following",
    "login_and_account_creation",
    "logged_information",
    "ads_and_topics",
    "past_instagram_insights",
    "story_sticker_interactions",
    "connections",
    "account_information",
)
_FACEBOOKS: Final = (
    "about_you",
    "friends",
    "friends_and_followers",
    "profile_information",
    "posts",
    "likes_and_reactions",
    "marketplace",
    "apps_and_websites_off_of_facebook",
)


def platforms_of(path: ExportPath) -> frozenset[Platform]:
    """Whose export lies at ``path``: nobody's, one app's, or both's where two lie in one folder."""
    try:
        if path.is_file():
            return frozenset({_of_file(path)} if is_thread_file(path) else ())
        return frozenset(_of_folder(path)) if path.is_dir() else frozenset()
    except SourceError:
        return frozenset()


def _of_folder(path: ExportPath) -> Iterator[Platform]:
    for root, room in rooms(path):
        found = list(islice(_some_files(room), 5))
        if root in _ROOTS:
            if found:
                yield _ROOTS[root]
        elif any(is_thread_file(file) for file in found):
            yield _by_surroundings(path, found)


def _some_files(room: ExportPath) -> Iterator[ExportPath]:
    for thread in islice(thread_files(room), _LOOKED_AT):
        yield from thread[:1]


def _by_surroundings(path: ExportPath, files: list[ExportPath]) -> Platform:
    for file in files:
        if settled := _by_root_in(file.head) or _by_name(file):
            return settled
    if named := _by_name(path):
        return named
    if any(path.joinpath(name).exists() for name in _FACEBOOKS):
        return "messenger"
    if any(path.joinpath(name).exists() for name in _INSTAGRAMS):
        return "instagram"
    return _by_keys(files[0].head) if files else "messenger"


def _of_file(file: ExportPath) -> Platform:
    return _by_root_in(file.head) or _by_name(file) or _by_keys(file.head)


def _by_root_in(head: bytes) -> Platform | None:
    found = _IN_TEXT.search(head)
    return None if found is None else "instagram" if found[1] else "messenger"


def _by_name(path: ExportPath) -> Platform | None:
    """The nearest folder or archive around that is named for an app."""
    shown = [part for part in re.split(r"[/\\]", path.label) if part]
    top = path
    while top.parent is not None:
        top = top.parent
    above = list(top.path.parts[:-1]) if top.path is not None else []
    for part in reversed([*above, *shown]):
        name = part.lower()
        if name in _ROOTS:
            return _ROOTS[name]
        instagram, facebook = "instagram" in name, "facebook" in name or "messenger" in name
        if instagram != facebook:
            return "instagram" if instagram else "messenger"
    return None


def _by_keys(head: bytes) -> Platform:
    """Messenger names the kind of thread; only Instagram leaves out who takes part."""
    if is_page(head):
        return "messenger"
    if b'"thread_type"' in head or b'"threadName"' in head:
        return "messenger"
    if re.search(rb'"Instagram[- ][Uu]ser"|"link"\s*:\s*"https://(?:www\.)?instagram\.com', head):
        return "instagram"
    return "messenger" if b'"participants"' in head else "instagram"
