"""Sources: what can be imported, how to get each export, and what of each is kept."""

from datetime import UTC, datetime

from pydantic import BaseModel, Field

from ipse import plugins
from ipse.consent import Purpose, SignedConsent, decide
from ipse.errors import ConsentError, NotFoundError
from ipse.interfaces import Source
from ipse.server.deps import Aggregates, Identifier
from ipse.server.paging import Cursor, Limit, Page, paged
from ipse.server.routing import component

__all__ = ["Guide", "SourceView", "list_sources", "router", "show_source", "source_guide"]

router = component("sources", prefix="/sources")

PURPOSES: tuple[Purpose, ...] = ("archive", "style", "events", "enrich")


class SourceView(BaseModel):
    """A kind of export."""

    name: str = Field(examples=["whatsapp"])
    aliases: list[str] = Field(examples=[["wa"]])
    reads: str = Field(description="which files", examples=["chats exported from the app"])
    allowed: list[Purpose] = Field(
        description="purposes with an active consent", examples=[["archive", "style"]]
    )
    records: int = Field(description="kept in the vault", examples=[1200])
    conversations: int = Field(examples=[14])
    bytes: int = Field(description="before encryption", examples=[310000])


class Guide(BaseModel):
    """How to get an export."""

    name: str = Field(examples=["whatsapp"])
    markdown: str = Field(examples=["# WhatsApp\n\nOpen a chat, then …"])


def _view(consents: list[SignedConsent], source: Source, counts: dict[str, dict[str, int]]) -> SourceView:
    held = counts.get(source.name, {})
    return SourceView(
        name=source.name,
        aliases=list(source.aliases),
        reads=source.reads,
        allowed=[purpose for purpose in PURPOSES if _allows(consents, source.name, purpose)],
        records=held.get("records", 0),
        conversations=held.get("conversations", 0),
        bytes=held.get("bytes", 0),
    )


def _allows(consents: list[SignedConsent], source: str, purpose: Purpose) -> bool:
    mine = [signed for signed in consents if signed.consent.source == source]
    try:
        return bool(decide(mine, source=source, purpose=purpose, now=datetime.now(UTC)))
    except ConsentError:
        return False


@router.get("")
def list_sources(asked: Aggregates, limit: Limit = 100, cursor: Cursor = "") -> Page[SourceView]:
    """Every kind of export that can be read, what of it is allowed, and how much is kept."""
    counts = asked.workspace.vault.counts()
    consents = asked.workspace.consents()
    found = [_view(consents, source, counts) for source in plugins.sources()]
    items, total, behind = paged(found, limit, cursor)
    return Page(items=list(items), total=total, next=behind)


@router.get("/{source}")
def show_source(asked: Aggregates, source: Identifier) -> SourceView:
    """One kind of export, by its name."""
    return _view(asked.workspace.consents(), _named(source), asked.workspace.vault.counts())


@router.get("/{source}/guide")
def source_guide(asked: Aggregates, source: Identifier) -> Guide:  # noqa: ARG001 - whoever is signed in
    """How to get the export of a source, how long that takes, and what it lacks."""
    return Guide(name=source, markdown=_named(source).guide())


def _named(name: str) -> Source:
    known = {one.name: one for one in plugins.sources()}
    if name not in known:
        raise NotFoundError(f"There is no source `{name[:80]}`.", hint="See /api/sources.")
    return known[name]
