"""Posts of an X archive by their numbers, without network: the owner's own, and those they liked.

For whatever later fills in what a message only names. It makes no records.
"""

import re
from collections.abc import Collection
from datetime import UTC, datetime
from html import unescape
from typing import Any, Final

from ipse.enrichment.results import ImageDescription, TweetContent
from ipse.errors import SourceError
from ipse.exports import ExportPath
from ipse.records import Unreadable
from ipse.sources.reading.jsons import elements
from ipse.sources.reading.texts import clean
from ipse.sources.reading.times import from_ms
from ipse.sources.x.files import POSTS, account, files
from ipse.sources.x.posts import moment, posts_in

__all__ = ["tweets_by_id"]

_EPOCH: Final = 1_288_834_974_657  # ms; numbers since November 2010 hold their time, counted from here
_FIRST: Final = 1 << 54  # numbers below are older than that, and only counted up
_LINK = re.compile(r"https?://\S+")


def tweets_by_id(path: ExportPath, ids: Collection[str]) -> dict[str, TweetContent]:
    """Those of the posts ``ids`` that the archive at ``path`` holds, by number; deleted ones are not.

    The author is known of the owner's own. The time of a liked post comes from its number, and is None where
    that is too old to tell; of one whose writing nobody kept, the text is empty.
    """
    wanted = set(map(str, ids))
    found: dict[str, TweetContent] = {}
    archive = files(path)
    who = account(archive)
    posts = [file for kind in POSTS if not kind.startswith("deleted") for file in archive.get(kind, ())]
    for _, post in posts_in(posts) if wanted else ():
        if isinstance(post, Unreadable) or post.key not in wanted:
            continue
        try:
            at = moment(post.created_at)
        except ValueError:
            at = None
        images = tuple(ImageDescription(url=clean(one.media_url_https or one.url)) for one in post.media)
        author = who.person.address if who is not None and not post.reposted else ""
        found[post.key] = _post(
            post.key, post.words(), at, author=author, links=tuple(post.links), images=images
        )
    for file in archive.get("like", ()):
        found |= _liked(file, wanted - found.keys())
    return found


def _post(
    number: str,
    text: str,
    created_at: datetime | None,
    *,
    author: str = "",
    links: tuple[str, ...] = (),
    images: tuple[ImageDescription, ...] = (),
) -> TweetContent:
    return TweetContent(
        url=f"https://x.com/i/web/status/{number}",
        id=number,
        text=text,
        author=author,
        created_at=created_at,
        links=links,
        images=images,
        source="archive",
        at=datetime.now(UTC),
    )


def _liked(file: ExportPath, wanted: set[str]) -> dict[str, TweetContent]:
    """What `like.js` says of posts: a number, mostly the text, no writer and no time."""
    found: dict[str, TweetContent] = {}
    try:
        for _, entry in elements(file) if wanted else ():
            like: Any = entry.get("like") if isinstance(entry, dict) else None
            number = str(like.get("tweetId", "")) if isinstance(like, dict) else ""
            if number in wanted:
                text = like.get("fullText")
                plain = clean(unescape(text)) if isinstance(text, str) else ""
                urls = tuple(_LINK.findall(plain))
                found[number] = _post(number, plain, _time_of(number), links=urls)
    except SourceError:
        return found  # cut short: what came before counts
    return found


def _time_of(number: str) -> datetime | None:
    try:
        return from_ms((int(number) >> 22) + _EPOCH) if int(number) >= _FIRST else None
    except ValueError:
        return None
