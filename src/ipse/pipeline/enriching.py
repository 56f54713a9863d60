"""What is behind the links in messages: looked up once, kept sealed, read with the messages.

Links are placeholders in the vault; the roster knows them. Only links of sources whose consent has the
purpose `enrich` are asked for on the network; an archive of posts on disk may be asked for any.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import msgspec

from ipse import plugins
from ipse.enrichment import (
    EnrichedMessage,
    LinkContent,
    LookedUp,
    NotFound,
    PostArchive,
    Site,
    TweetContent,
    Visits,
    Web,
    post_id,
)
from ipse.errors import ConsentError, UnknownFormatError
from ipse.exports import ExportPath
from ipse.interfaces import Progress
from ipse.pipeline.contacts import conversations
from ipse.pipeline.workspace import Workspace
from ipse.privacy.operators import PLACEHOLDER
from ipse.privacy.roster import Roster

__all__ = ["EnrichReport", "enrich", "enriched", "from_archive"]

BATCH = 50  # links looked up between two times that they are kept
KIND = "links"


class EnrichReport(msgspec.Struct, kw_only=True):
    """What became of the links: ``links == known + found + nothing + left``."""

    links: int = 0
    known: int = 0
    found: int = 0
    nothing: int = 0
    left: int = 0
    reasons: dict[str, int] = {}


def enrich(
    workspace: Workspace,
    *,
    limit: int | None = None,
    web: Web | None = None,
    sites: Sequence[Site] | None = None,
    progress: Progress,
) -> EnrichReport:
    """Ask the network what is behind the links, those not asked for yet; ``limit`` at most.

    Raises ``ConsentError`` unless some source's consent has the purpose `enrich`. What was found by the time
    it is cancelled stays kept; running it again goes on.
    """
    settings = workspace.settings.enrich
    roster, store = workspace.roster(), _Store(workspace)
    allowed = _allowed(workspace)
    urls = _links(workspace, roster, allowed)
    stale = datetime.now(UTC) - timedelta(days=settings.again_days)
    asked = [url for url in urls if store.needs(url, stale)]
    report = EnrichReport(links=len(urls), known=len(urls) - len(asked))
    chosen = asked[:limit] if limit is not None else asked
    report.left = len(asked) - len(chosen)
    workspace.vault.note("enrich", {"links": len(chosen), "sources": ", ".join(sorted(allowed))})
    own = web or Web(seconds=settings.timeout)
    try:
        visits = Visits(own, seconds=settings.seconds_between, known=sites or plugins.sites())
        for done, found in enumerate(visits.look_up(chosen), 1):
            for source in allowed if done % BATCH == 1 else ():
                workspace.permit(source, "enrich")  # a withdrawal in another terminal stops it here
            store.add(found)
            _count(report, found)
            if done % BATCH == 0:
                store.save()
            progress(float(done), float(len(chosen)), {"found": report.found, "nothing": report.nothing})
    finally:
        store.save()
        if web is None:
            own.close()
    return report


def from_archive(workspace: Workspace, archive: Path, *, format_name: str = "x") -> EnrichReport:
    """Find the posts that links lead to in an archive on disk, without network.

    Raises ``UnknownFormatError`` for a source that holds no posts.
    """
    source = plugins.source_named(format_name)
    if not isinstance(source, PostArchive):
        raise UnknownFormatError(
            f"{source.name} is no archive of posts.", hint="Name one, such as --format x."
        )
    workspace.permit(source.name, "archive")
    roster, store = workspace.roster(), _Store(workspace)
    urls = {url: found[1] for url in _links(workspace, roster, None) if (found := post_id(url)) is not None}
    posts = source.posts(ExportPath.at(archive), frozenset(urls.values()))
    report = EnrichReport(links=len(urls))
    workspace.vault.note("enrich.archive", {"links": len(urls), "posts": len(posts)})
    for url, number in urls.items():
        post = posts.get(number)
        if post is None:
            report.left += 1
            continue
        store.add(msgspec.structs.replace(post, url=url))
        report.found += 1
    store.save()
    return report


def enriched(workspace: Workspace) -> Iterator[EnrichedMessage]:
    """Every message with a link behind which something was found."""
    roster, store = workspace.roster(), _Store(workspace)
    for talk in conversations(workspace, why="enrich.show"):
        for message in talk.messages:
            found = [store.get(url) for url in _in(message.text, roster)]
            links = tuple(one for one in found if isinstance(one, LinkContent))
            posts = tuple(one for one in found if isinstance(one, TweetContent))
            if links or posts:
                yield EnrichedMessage(
                    message_id=message.id, conversation=message.conversation, links=links, posts=posts
                )


def _allowed(workspace: Workspace) -> frozenset[str]:
    names = frozenset(name for name in workspace.vault.counts() if workspace.allows(name, "enrich"))
    if not names:
        raise ConsentError(
            "No source may be looked up on the network, so nothing was asked.",
            hint="Allow it: ipse consent give --source NAME --purpose archive --purpose enrich",
        )
    return names


def _links(workspace: Workspace, roster: Roster, sources: Iterable[str] | None) -> list[str]:
    """Every link, in the order met."""
    found: dict[str, None] = {}
    for talk in conversations(workspace, None if sources is None else set(sources), why="enrich"):
        for message in talk.messages:
            found.update(dict.fromkeys(_in(message.text, roster)))
    return list(found)


def _in(text: str, roster: Roster) -> list[str]:
    if "<URL_" not in text:
        return []
    links = (roster.restore(match[0]) for match in PLACEHOLDER.finditer(text) if match[1].startswith("URL_"))
    return [link if "://" in link else f"https://{link}" for link in links]


def _count(report: EnrichReport, found: LookedUp) -> None:
    if isinstance(found, NotFound):
        report.nothing += 1
        report.reasons[found.reason] = report.reasons.get(found.reason, 0) + 1
    else:
        report.found += 1


class _Store:
    """What was found, in sixteen sealed documents, so that one link does not rewrite all."""

    def __init__(self, workspace: Workspace) -> None:
        self._vault = workspace.vault
        self._there = set(self._vault.ids(KIND))
        self._shards: dict[str, dict[str, LookedUp]] = {}
        self._changed: dict[str, int] = {}

    def get(self, url: str) -> LookedUp | None:
        return self._shard(url).get(url)

    def needs(self, url: str, stale: datetime) -> bool:
        known = self.get(url)
        return known is None or (isinstance(known, NotFound) and known.again and known.at <= stale)

    def add(self, found: LookedUp) -> None:
        self._shard(found.url)[found.url] = found
        name = self._name(found.url)
        self._changed[name] = self._changed.get(name, 0) + 1

    def save(self) -> None:
        for name, count in self._changed.items():
            payload = msgspec.json.encode(self._shards[name])
            self._vault.put(KIND, name, payload, action="enrich.keep", details={"links": count})
        self._changed.clear()

    def _shard(self, url: str) -> dict[str, LookedUp]:
        name = self._name(url)
        if name not in self._shards:
            held: Mapping[str, LookedUp] = {}
            if name in self._there:
                held = msgspec.json.decode(self._vault.get(KIND, name), type=dict[str, LookedUp])
            self._shards[name] = dict(held)
        return self._shards[name]

    def _name(self, url: str) -> str:
        return sha256(url.encode("utf-8", "replace")).hexdigest()[0]
