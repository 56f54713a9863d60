"""What looking up a link gives, as typed results. They know neither how it was found nor where it is kept."""

from datetime import datetime
from typing import TypeAlias

import msgspec

__all__ = ["EnrichedMessage", "ImageDescription", "LinkContent", "LookedUp", "NotFound", "TweetContent"]


class ImageDescription(msgspec.Struct, frozen=True, kw_only=True):
    """An image by its address; ``alt`` is what its author wrote for those who cannot see it."""

    url: str
    alt: str = ""
    width: int | None = None
    height: int | None = None


class LinkContent(msgspec.Struct, frozen=True, kw_only=True, tag="page"):
    """A page by what it says of itself (Open Graph, else its title and description)."""

    url: str
    title: str = ""
    description: str = ""
    site: str = ""
    images: tuple[ImageDescription, ...] = ()
    at: datetime


class TweetContent(msgspec.Struct, frozen=True, kw_only=True, tag="post"):
    """A post on X (Twitter): its text, the addresses it links to, its images.

    ``author`` is the handle without @; ``source`` is ``archive`` (the owner's own download) or ``network``.
    """

    url: str
    id: str
    text: str
    author: str = ""
    created_at: datetime | None = None
    links: tuple[str, ...] = ()
    images: tuple[ImageDescription, ...] = ()
    source: str = "network"
    at: datetime


class NotFound(msgspec.Struct, frozen=True, kw_only=True, tag="nothing"):
    """A link behind which nothing was found, and why; ``again`` is whether asking later may help."""

    url: str
    reason: str
    again: bool = False
    at: datetime


LookedUp: TypeAlias = LinkContent | TweetContent | NotFound


class EnrichedMessage(msgspec.Struct, frozen=True, kw_only=True):
    """A message of the vault with what is behind its links, in the order they stand in it."""

    message_id: str
    conversation: str
    links: tuple[LinkContent, ...] = ()
    posts: tuple[TweetContent, ...] = ()
