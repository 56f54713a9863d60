"""One adapter a site: how to ask it what is behind a link. The last one takes any page at its word.

Ours and those of other packages come in by the entry point group ``ipse.sites``.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final, Protocol, runtime_checkable
from urllib.parse import quote, urljoin, urlsplit

import msgspec

from ipse.enrichment.results import ImageDescription, LinkContent, LookedUp, NotFound, TweetContent
from ipse.enrichment.web import Page, Web
from ipse.exports import ExportPath

__all__ = ["AnyPage", "OEmbed", "PostArchive", "Site", "Vimeo", "XPosts", "YouTube", "post_id", "site_for"]

LONGEST: Final = 2000  # characters kept of a title, a description, a post
_POST = re.compile(
    r"https?://(?:www\.|mobile\.)?(?:x|twitter)\.com/(?:i/web|(\w{1,15}))/status(?:es)?/(\d{1,20})",
    re.IGNORECASE,
)


@runtime_checkable
class Site(Protocol):
    """How to ask one site what is behind its links; a plugin of the group ``ipse.sites``."""

    name: str
    general: bool  # takes any link, so it is asked last

    def takes(self, url: str) -> bool:
        """Tell by the address alone."""

    def look_up(self, url: str, web: Web, now: datetime) -> LookedUp:
        """Ask; raises ``EnrichmentError`` where there is no answer."""


@runtime_checkable
class PostArchive(Protocol):
    """A source whose export holds posts, and can be asked for some of them by their ids."""

    def posts(self, path: ExportPath, ids: Collection[str]) -> Mapping[str, TweetContent]:
        """Those of the posts that are in the export, by id."""


def post_id(url: str) -> tuple[str, str] | None:
    """The handle (may be empty) and the id of the post on X that ``url`` leads to."""
    match = _POST.match(url)
    return (match[1] or "", match[2]) if match else None


class _OEmbedAnswer(msgspec.Struct):
    """oembed.com: what a provider says of a link."""

    title: str = ""
    author_name: str = ""
    author_url: str = ""
    provider_name: str = ""
    html: str = ""
    thumbnail_url: str = ""
    thumbnail_width: int | None = None
    thumbnail_height: int | None = None


class XPosts:
    """Posts on X by its oEmbed endpoint, which needs no account; it gives text and links, and no images."""

    name = "x"
    general = False

    def __init__(self, endpoint: str = "https://publish.x.com/oembed") -> None:
        self._endpoint = endpoint

    def takes(self, url: str) -> bool:
        """Whether it is a post."""
        return post_id(url) is not None

    def look_up(self, url: str, web: Web, now: datetime) -> LookedUp:
        """The post's text, its links and what images it names."""
        found = post_id(url)
        asked = f"{self._endpoint}?omit_script=1&dnt=true&url={quote(url, safe='')}"
        page = web.get(asked, accept="application/json")
        if page.status != 200 or found is None:
            return _failed(url, page, now)
        try:
            answer = msgspec.json.decode(page.text, type=_OEmbedAnswer)
        except msgspec.DecodeError:
            return NotFound(url=url, reason="an answer that is not understood", at=now)
        text, links, images, day = _quote(answer.html)
        handle = urlsplit(answer.author_url).path.strip("/") or found[0]
        return TweetContent(
            url=url,
            id=found[1],
            text=text[:LONGEST],
            author=handle,
            created_at=day,
            links=links,
            images=images,
            at=now,
        )


def _quote(html: str) -> tuple[str, tuple[str, ...], tuple[ImageDescription, ...], datetime | None]:
    """The text of the block quote, its links, the images among them, and the day at its end."""
    from selectolax.lexbor import LexborHTMLParser

    tree = LexborHTMLParser(html)
    links: list[str] = []
    images: list[ImageDescription] = []
    day: datetime | None = None
    for node in tree.css("a"):
        href, said = node.attributes.get("href") or "", node.text(strip=True)
        if said.startswith("pic."):
            images.append(ImageDescription(url=href))
        elif (written := _day(said)) is not None:
            day = written
        elif href and "hashtag" not in href and not said.startswith("@"):
            links.append(href)
    images += (
        ImageDescription(url=image.attributes.get("src") or "", alt=image.attributes.get("alt") or "")
        for image in tree.css("img")
    )
    paragraph = tree.css_first("p")
    text = paragraph.text(separator="") if paragraph is not None else ""
    return text.strip(), tuple(links), tuple(images), day


def _day(text: str) -> datetime | None:
    try:
        return datetime.strptime(text, "%B %d, %Y").replace(tzinfo=UTC)
    except ValueError:
        return None


class OEmbed:
    """A site that answers by oEmbed (oembed.com)."""

    name = "oembed"
    general = False
    hosts: frozenset[str] = frozenset()
    endpoint = ""

    def takes(self, url: str) -> bool:
        """Whether it is of the site."""
        return (urlsplit(url).hostname or "").removeprefix("www.") in self.hosts

    def look_up(self, url: str, web: Web, now: datetime) -> LookedUp:
        """Title, author and preview image."""
        page = web.get(f"{self.endpoint}?format=json&url={quote(url, safe='')}", accept="application/json")
        if page.status != 200:
            return _failed(url, page, now)
        try:
            answer = msgspec.json.decode(page.text, type=_OEmbedAnswer)
        except msgspec.DecodeError:
            return NotFound(url=url, reason="an answer that is not understood", at=now)
        image = ImageDescription(
            url=answer.thumbnail_url, width=answer.thumbnail_width, height=answer.thumbnail_height
        )
        return LinkContent(
            url=url,
            title=answer.title[:LONGEST],
            description=answer.author_name[:LONGEST],
            site=answer.provider_name,
            images=(image,) if answer.thumbnail_url else (),
            at=now,
        )


class YouTube(OEmbed):
    """Videos on YouTube."""

    name = "youtube"
    hosts = frozenset({"youtube.com", "m.youtube.com", "youtu.be"})
    endpoint = "https://www.youtube.com/oembed"


class Vimeo(OEmbed):
    """Videos on Vimeo."""

    name = "vimeo"
    hosts = frozenset({"vimeo.com"})
    endpoint = "https://vimeo.com/api/oembed.json"


class AnyPage:
    """Any page, by Open Graph (ogp.me), else by its title and description."""

    name = "page"
    general = True

    def takes(self, url: str) -> bool:
        """Every address of the web."""
        return urlsplit(url).scheme in ("http", "https")

    def look_up(self, url: str, web: Web, now: datetime) -> LookedUp:
        """What the page says of itself."""
        page = web.get(url)
        if page.status != 200:
            return _failed(url, page, now)
        if page.media not in ("text/html", "application/xhtml+xml"):
            if page.media.startswith("image/"):
                return LinkContent(url=url, images=(ImageDescription(url=page.url),), at=now)
            return NotFound(url=url, reason=f"no page ({page.media[:60] or 'of no type'})", at=now)
        return _of_page(url, page, now)


def _of_page(url: str, page: Page, now: datetime) -> LinkContent:
    from selectolax.lexbor import LexborHTMLParser

    tree = LexborHTMLParser(page.text)
    said: dict[str, str] = {}
    for node in tree.css("meta"):
        key = (node.attributes.get("property") or node.attributes.get("name") or "").strip().lower()
        value = " ".join((node.attributes.get("content") or "").split())
        if key and value:
            said.setdefault(key, value[:LONGEST])
    title = tree.css_first("title")
    plain = " ".join(title.text().split()) if title is not None else ""
    image = said.get("og:image") or said.get("twitter:image") or ""
    images = (
        ImageDescription(
            url=urljoin(page.url, image),
            alt=said.get("og:image:alt") or said.get("twitter:image:alt") or "",
            width=_number(said.get("og:image:width")),
            height=_number(said.get("og:image:height")),
        ),
    )
    return LinkContent(
        url=url,
        title=said.get("og:title") or plain[:LONGEST],
        description=said.get("og:description") or said.get("description") or "",
        site=said.get("og:site_name") or urlsplit(page.url).hostname or "",
        images=images if image else (),
        at=now,
    )


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isdecimal() and len(text) < 6 else None


def _failed(url: str, page: Page, now: datetime) -> NotFound:
    again = page.status == 429 or page.status >= 500
    return NotFound(url=url, reason=f"it answers {page.status}", again=again, at=now)


def site_for(url: str, known: Sequence[Site]) -> Site | None:
    """The first adapter that takes the link; those for any link come last."""
    return next((site for site in sorted(known, key=lambda site: site.general) if site.takes(url)), None)
