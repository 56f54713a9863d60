"""What kinds of documents there are in a vault, and what each was made from: how far an erasure reaches.

A new kind gets a line in :data:`KINDS`. One that is made of records says of which each of its documents was
made, by :func:`keep_made` or a function of its own; then erasing any of them erases it, and what was made of
it in turn. Tests refuse a document of a kind that is not here.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Literal

import msgspec

from ipse.datasets import Dataset
from ipse.errors import VaultError
from ipse.pipeline.remnants import people_in
from ipse.pipeline.workspace import Workspace
from ipse.privacy.roster import OWNER
from ipse.registry import Registry
from ipse.vault import Cut
from ipse.vault.documents import Change

__all__ = [
    "KINDS",
    "Kind",
    "Name",
    "Origin",
    "enveloped",
    "get_made",
    "keep_made",
    "made_at",
    "made_of",
    "reached",
    "stream_tokens",
    "touched",
]

NAMELESS = "unknown"  # the contact of an example whose conversation names nobody
ARTEFACT = "artefact"  # goes with its model, whose card names it

Name = tuple[str, str]
"""A document: its kind and its id."""

Family = Literal["datasets", "models", "scorecards", "drafts", "predictions", "logs"]


class Origin(msgspec.Struct, frozen=True, kw_only=True):
    """What a document was made from.

    ``about`` narrows ``sources`` down to these pseudonyms, conversations, ids of messages or streams of
    events; empty, it is made of anything of them. ``documents`` are others that it was made of, such as a
    model.
    """

    sources: frozenset[str] = frozenset()
    about: frozenset[str] = frozenset()
    documents: frozenset[Name] = frozenset()


class Kind(msgspec.Struct, frozen=True, kw_only=True):
    """A kind of document. ``origin`` tells what one was made from; without it, ``why`` says why it stays.

    ``family`` is the retention that it falls under. ``told`` is what a certificate calls several.
    """

    origin: Callable[[Workspace, str], Origin] | None = None
    why: str = ""
    family: Family | None = None
    told: str = ""
    enveloped: bool = False


class _Made(msgspec.Struct, frozen=True, kw_only=True):
    """A document with what it was made from in front."""

    version: Literal[1] = 1
    at: datetime
    origin: Origin
    content: bytes


def keep_made(
    workspace: Workspace,
    name: Name,
    content: bytes,
    origin: Origin,
    *,
    at: datetime | None = None,
    change: Change | None = None,
) -> None:
    """Keep something made of records, such as a draft; ``VaultError`` where nobody could tell of which.

    ``change`` is what the audit log says of it, where that is more than that it was kept.
    """
    kind, id_ = name
    payload = enveloped(name, content, origin, at=at)
    if change is not None:
        workspace.vault.put(kind, id_, payload, action=change.action, details=change.details)
    else:
        workspace.vault.put(kind, id_, payload, action=f"{kind}.keep", details={kind: id_})


def enveloped(name: Name, content: bytes, origin: Origin, *, at: datetime | None = None) -> bytes:
    """What :func:`keep_made` keeps, for who keeps several at once; raises ``VaultError`` like it."""
    kind, id_ = name
    known = KINDS.get(kind)
    if known is None or not known.enveloped:
        raise VaultError(f"`{kind}` is no kind of document that is made of records.", hint="Add it to KINDS.")
    if not (origin.sources or origin.documents):
        raise VaultError(f"The {kind} {id_} does not say what it was made from.", hint="Name its sources.")
    return msgspec.msgpack.encode(_Made(at=at or datetime.now(UTC), origin=origin, content=content))


def get_made(workspace: Workspace, name: Name) -> bytes:
    """The content of what :func:`keep_made` kept; raises ``VaultError`` where there is none."""
    return _made(workspace, name).content


def made_at(workspace: Workspace, name: Name) -> datetime:
    """When that was made."""
    return _made(workspace, name).at


def made_of(workspace: Workspace, name: Name) -> Origin:
    """What it was made of."""
    return _made(workspace, name).origin


def stream_tokens(source: str, stream: str) -> tuple[str, ...]:
    """What a stream of events is known by in an origin: its source's, and its own where it has a name."""
    whole = f"stream:{source}"
    return (whole, f"{whole}.{stream}") if stream else (whole,)


def touched(workspace: Workspace, cuts: Sequence[Cut]) -> dict[str, frozenset[str]]:
    """What these cuts reach into, by source: conversations, who took part, ids of messages, and streams."""
    roster = workspace.roster()
    found: dict[str, frozenset[str]] = {}
    for cut in cuts:
        removed = workspace.vault.measure(cut)
        if not removed:
            continue
        tokens = set(cut.people)
        tokens.update(*(stream_tokens(cut.source, stream) for stream in removed.streams))
        for talk in workspace.vault.scan(sources=[cut.source]) if removed.names else ():
            if talk.id in removed.names:
                people = {one for message in talk.messages for one in people_in(message)} - {OWNER, ""}
                tokens |= {talk.id, *(message.id for message in talk.messages)}
                tokens |= {roster.now(one) for one in people} | people or {NAMELESS}
        found[cut.source] = frozenset(tokens) | found.get(cut.source, frozenset())
    return found


def reached(
    workspace: Workspace,
    *,
    sources: Collection[str] = (),
    touched: Mapping[str, frozenset[str]] | None = None,
    people: Collection[str] = (),
    documents: Collection[Name] = (),
) -> list[Name]:
    """The documents made of any of this, and of those in turn; one too many rather than one too few."""
    roster = workspace.roster()
    gone, found = set(documents), dict.fromkeys(documents)
    left = {name: origin for name, origin in _origins(workspace) if name not in gone}
    while True:
        more = [
            name
            for name, origin in left.items()
            if origin.documents & gone
            or origin.sources & set(sources)
            or {roster.now(one) for one in origin.about} & set(people)
            or _cut_into(origin, {*origin.about, *map(roster.now, origin.about)}, touched or {})
        ]
        if not more:
            return list(found)
        for name in more:
            del left[name]
        gone.update(more)
        found.update(dict.fromkeys(more))


def _cut_into(origin: Origin, about: set[str], touched: Mapping[str, frozenset[str]]) -> bool:
    """Whether what is taken out of a source may be what it was made of."""
    mine = [tokens for source, tokens in touched.items() if source in origin.sources]
    if not about:
        return bool(mine)
    return any(about & tokens for tokens in (mine if origin.sources else touched.values()))


def _origins(workspace: Workspace) -> Iterator[tuple[Name, Origin]]:
    for kind, known in KINDS.items():
        for name in workspace.vault.ids(kind) if known.origin else ():
            yield (kind, name), _origin(workspace, kind, name)


def _origin(workspace: Workspace, kind: str, name: str) -> Origin:
    make = KINDS[kind].origin
    return make(workspace, name) if make else Origin()


def _made(workspace: Workspace, name: Name) -> _Made:
    return msgspec.msgpack.decode(workspace.vault.get(*name), type=_Made)


def _of_dataset(workspace: Workspace, name: str) -> Origin:
    """Its card names its sources and whom its examples answer: contacts, groups, or nobody."""
    card = Dataset.loads(workspace.vault.get("dataset", name)).card
    return Origin(sources=frozenset(card.consents), about=frozenset(card.contacts))


def _of_model(workspace: Workspace, name: str) -> Origin:
    """The dataset it was trained on; without that nobody knows whom of its sources it learned from.

    So it is with the model that it went on from, and with each decision that it learned from.
    """
    card = Registry(workspace.vault).card(name)
    made = {("dataset", card.dataset), *(_review(one) for one in card.reviews)}
    known = {(kind, one) for kind in {kind for kind, _ in made} for one in workspace.vault.ids(kind)}
    if card.grown_from:
        made.add(("model", card.grown_from))
        known.add(("model", card.grown_from))
    return Origin(
        sources=frozenset() if made <= known else frozenset(card.consents), documents=frozenset(made & known)
    )


def _review(written: str) -> Name:
    kind, _, name = written.partition("/")
    return kind, name


def _of_its_model(_workspace: Workspace, name: str) -> Origin:
    return Origin(documents=frozenset({("model", name)}))


def _enveloped(kind: str) -> Callable[[Workspace, str], Origin]:
    return lambda workspace, name: _made(workspace, (kind, name)).origin


def _made_kind(kind: str, told: str, family: Family) -> Kind:
    return Kind(origin=_enveloped(kind), family=family, told=told, enveloped=True)


KINDS: dict[str, Kind] = {
    "dataset": Kind(origin=_of_dataset, family="datasets", told="datasets"),
    "model": Kind(origin=_of_model, family="models", told="models"),
    "scorecard": Kind(origin=_of_its_model, family="scorecards", told="scorecards"),
    "optimized": Kind(origin=_of_its_model, family="models", told="optimized copies"),
    "blind": _made_kind("blind", "blind tests", "scorecards"),
    "features": _made_kind("features", "feature tables", "predictions"),
    "predictor": _made_kind("predictor", "models of events", "models"),
    "checkpoint": _made_kind("checkpoint", "checkpoints", "models"),
    "session": _made_kind("session", "sessions", "drafts"),
    "draft": _made_kind("draft", "drafts", "drafts"),
    "rating": _made_kind("rating", "ratings", "drafts"),
    "correction": _made_kind("correction", "corrections of activities", "predictions"),
    "task": Kind(why="the owner's own words"),
    "priority": Kind(why="which of two tasks came first: numbers"),
    "secret": Kind(why="the owner's passwords of channels"),
    "settings": Kind(why="the owner's own choices"),
    "prediction": _made_kind("prediction", "predictions", "predictions"),
    "judgement": _made_kind("judgement", "words on predictions", "predictions"),
    "suppression": _made_kind("suppression", "suppressions", "predictions"),
    ARTEFACT: Kind(why="goes with its model"),
    "alias": Kind(why="names of models; a model that goes leaves it"),
    "job": Kind(why="counts and times; names of files are swept by erasing", family="logs"),
    "collecting": Kind(why="counts of what was collected"),
    "schedule": Kind(why="the owner's plan"),
    "project": Kind(why="names of models of events; one that goes leaves it"),
    "roster": Kind(why="swept by what is kept"),
    "links": Kind(why="swept by what is kept"),
    "privacy": Kind(why="the owner's words; doubts are swept by what is kept"),
    "archive": Kind(why="which pseudonym of another vault is which here"),
    "signing": Kind(why="the vault's key"),
    "rekeying": Kind(why="how far sealing anew got"),
    "forgetting": Kind(why="the erasure itself"),
    "purge": Kind(why="when it was last done"),
    "tiers": Kind(why="when metrics were last downsampled"),
    "erasures": Kind(why="tokens that say nothing, so that what was erased stays so"),
    "certificate": Kind(why="proof of an erasure"),
    "objection": Kind(why="who is to be left alone; a pseudonym"),
    "consent": Kind(why="proof of leave"),
    "evidence": Kind(why="proof of leave given to another vault"),
    "request": Kind(why="proof that a request was answered"),
    "exception": Kind(why="the owner's statement"),
    "assessment": Kind(why="the owner's statement"),
    "upload": Kind(why="an export that waits to be imported, for a day at most; the key of its files"),
    "usage": Kind(why="counts by day and token", family="logs"),
    "token": Kind(why="who may ask the service: a hash, scopes and dates"),
    "drill": Kind(why="proof that a backup can be restored"),
}
"""Every kind of document, those made of records first."""
