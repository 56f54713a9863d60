"""Posts of an X archive by their numbers, without network: the owner's own, and those they liked.

For whatever later fills in what a message only names. It makes no records.
"""

import re
from collections.abc import Collection
from datetime import datetime
from html import unescape
from typing import Any, Final

import msgspec

from ipse.errors import SourceError
from ipse.exports import ExportPath
from ipse.records import Unreadable
from ipse.sources.reading.jsons import elements
from ipse.sources.reading.texts import clean
from ipse.sources.reading.times import from_ms
from ipse.sources.x.files import POSTS, files
from ipse.sources.x.posts import moment, posts_in

__all__ = ["PostInArchive", "tweets_by_id"]

_EPOCH: Final = 1_288_834_974_657  # ms; numbers since November 2010 hold their time, counted from here
_FIRST: Final = 1 << 54  # numbers below are older than that, and only counted up
_LINK = re.compile(r"https?://\S+")


class PostInArchive(msgspec.Struct, frozen=True, kw_only=True):
    """What an archive knows of a post.

    ``created_at`` of a liked post comes from its number, None where that is too old to tell; of one whose
    writing nobody kept, ``text`` is empty. ``own`` is whether the owner of the archive wrote it.
    """

    id: str
    text: str
    created_at: datetime | None
    media: tuple[str, ...] = ()
    urls: tuple[str, ...] = ()
    own: bool = True


def tweets_by_id(path: ExportPath, ids: Collection[str]) -> dict[str, PostInArchive]:
    """Those of the posts ``ids`` that the archive at ``path`` holds, by number; deleted ones are not."""
    wanted = set(map(str, ids))
    found: dict[str, PostInArchive] = {}
    archive = files(path)
    posts = [file for kind in POSTS if not kind.startswith("deleted") for file in archive.get(kind, ())]
    for _, post in posts_in(posts) if wanted else ():
        if isinstance(post, Unreadable) or post.key not in wanted:
            continue
        try:
            at = moment(post.created_at)
        except ValueError:
            at = None
        media = tuple(clean(one.media_url_https or one.url) for one in post.media)
        found[post.key] = PostInArchive(
            id=post.key, text=post.words(), created_at=at, media=media, urls=post.links, own=not post.reposted
        )
    for file in archive.get("like", ()):
        found |= _liked(file, wanted - found.keys())
    return found


def _liked(file: ExportPath, wanted: set[str]) -> dict[str, PostInArchive]:
    """What `like.js` says of posts: a number, mostly the text, no writer and no time."""
    found: dict[str, PostInArchive] = {}
    try:
        for _, entry in elements(file) if wanted else ():
            like: Any = entry.get("like") if isinstance(entry, dict) else None
            number = str(like.get("tweetId", "")) if isinstance(like, dict) else ""
            if number in wanted:
                text = like.get("fullText")
                plain = clean(unescape(text)) if isinstance(text, str) else ""
                urls = tuple(_LINK.findall(plain))
                found[number] = PostInArchive(
                    id=number, text=plain, created_at=_time_of(number), urls=urls, own=False
                )
    except SourceError:
        return found  # cut short: what came before counts
    return found


def _time_of(number: str) -> datetime | None:
    try:
        return from_ms((int(number) >> 22) + _EPOCH) if int(number) >= _FIRST else None
    except ValueError:
        return None
