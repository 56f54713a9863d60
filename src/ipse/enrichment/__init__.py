"""What is behind the links in messages: title, description, posts and their images.

Off until the owner allows it: it is the one part that opens a connection to somebody else's machine. It knows
links, and neither the messages they stand in nor the vault.
"""

from ipse.enrichment.results import (
    EnrichedMessage,
    ImageDescription,
    LinkContent,
    LookedUp,
    NotFound,
    TweetContent,
)
from ipse.enrichment.sites import PostArchive, Site, post_id
from ipse.enrichment.visits import Visits
from ipse.enrichment.web import Page, Web

__all__ = [
    "EnrichedMessage",
    "ImageDescription",
    "LinkContent",
    "LookedUp",
    "NotFound",
    "Page",
    "PostArchive",
    "Site",
    "TweetContent",
    "Visits",
    "Web",
    "post_id",
]
