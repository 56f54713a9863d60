"""Drafts: proposed, seen, decided on, handed out. Who reads sees them; who approves decides."""

import base64
from datetime import datetime
from typing import Annotated, Literal

from fastapi import Path, Query
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from ipse.drafts import About, Draft, State
from ipse.errors import SettingsError
from ipse.pipeline import delivering, drafting
from ipse.pipeline.drafting import Counted, Shown
from ipse.pipeline.workspace import Workspace
from ipse.server.deps import Aggregates, Approving, Reading
from ipse.server.metering import meter
from ipse.server.mirrors import mirrored, reflected
from ipse.server.paging import Cursor, Limit, Page, paged
from ipse.server.routing import component

__all__ = [
    "Approval",
    "DraftChange",
    "DraftRow",
    "DraftView",
    "HandedOut",
    "HiddenView",
    "NewDraft",
    "Rejecting",
    "SaidView",
    "Settling",
    "StepView",
    "approve_draft",
    "count_drafts",
    "edit_draft",
    "get_draft",
    "list_drafts",
    "propose_draft",
    "reject_draft",
    "reopen_draft",
    "revoke_draft",
    "router",
    "send_draft",
    "settle_draft",
]

router = component("drafts", prefix="/drafts")

CountsView = mirrored(Counted)
DraftId = Annotated[str, Path(max_length=64, examples=["5f0c2b9e71a4d836"])]
Line = Annotated[str, StringConstraints(max_length=998)]
Words = Annotated[str, StringConstraints(min_length=1, max_length=100_000)]


class SaidView(BaseModel):
    """One turn of the conversation before, names written out."""

    role: Literal["owner", "partner"]
    speaker: str = Field(examples=["Ilka Brandt"])
    text: str = Field(examples=["who brings the soup on friday?"])


class HiddenView(BaseModel):
    """Characters that a reader does not see, or takes for others; places are in characters."""

    start: int
    end: int
    name: str = Field(examples=["U+200B ZERO WIDTH SPACE"])
    kind: str = Field(examples=["invisible"])


class StepView(BaseModel):
    """One decision or event; ``by`` is who decided, or the channel."""

    at: datetime
    what: str = Field(examples=["approve"])
    by: str = Field(examples=["browser"])
    note: str = ""


class DraftRow(BaseModel):
    """A draft in a list."""

    id: str = Field(examples=["5f0c2b9e71a4d836"])
    at: datetime
    state: State = Field(description="`perhaps`: it was perhaps sent; look, then settle it")
    waiting: bool = Field(description="somebody has to decide")
    contact: str = Field(
        description="what you call them; empty where nobody is named", examples=["Ilka Brandt"]
    )
    message: str = Field(description="what it answers", examples=["who brings the soup on friday?"])
    text: str = Field(examples=["me!! the soup is in the oven already :)"])
    channel: str = Field(examples=["copy"])
    recipient: str = Field(examples=["ilka@example.org"])
    subject: str = ""
    model: str = Field(examples=["v1"])
    method: str = Field(examples=["retrieval"])


class DraftView(DraftRow):
    """A draft beside what it answers: everything that its reviewer has to see."""

    proposal: str = Field(description="as the voice proposed it")
    before: list[SaidView]
    leaves: str = Field(description="exactly what would leave, with its label")
    marked: str = Field(description="the same with hidden characters written out")
    hidden: list[HiddenView]
    digest: str = Field(description="what an approval of exactly this names", examples=["9f86d081884c7d65…"])
    barred: str = Field(description="why it may not be sent, if so")
    label: str
    confidence: float | None
    fallback: str | None = Field(description="which model could not speak, where another did")
    reason: str = Field(description="why it was rejected")
    about: About
    revision: int
    steps: list[StepView]


class NewDraft(BaseModel):
    """What to answer: a text, or a message of the vault."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"text": "who brings the soup on friday?", "contact": "Ilka Brandt"}]
        },
    )

    text: Annotated[str, StringConstraints(max_length=100_000)] = ""
    message: Annotated[str, StringConstraints(max_length=200)] = Field("", description="id of a message")
    contact: Line | None = Field(None, description="who wrote the text: a name or pseudonym")
    model: Annotated[str, StringConstraints(max_length=64)] = "champion"
    channel: Annotated[str, StringConstraints(max_length=64)] = ""
    recipient: Line = ""


class DraftChange(BaseModel):
    """What to change; any change voids an approval. ``clean`` takes hidden characters out of the text."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"text": "I'll bring it :)", "channel": "mailto"}]}
    )

    text: Words | None = None
    recipient: Line | None = None
    channel: Annotated[str, StringConstraints(max_length=64)] | None = None
    subject: Line | None = None
    clean: bool = False


class Approval(BaseModel):
    """The digest of what was seen; ``hidden``: its hidden characters were seen and are wanted."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"digest": "9f86d081884c7d659a2feaa0c55ad015…"}]}
    )

    digest: Annotated[str, StringConstraints(min_length=1, max_length=128)]
    hidden: bool = False


class Rejecting(BaseModel):
    """Why not: only what is about style teaches style."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"reason": "I would never say that", "about": "content"}]},
    )

    reason: Annotated[str, StringConstraints(max_length=2000)] = ""
    about: About = "style"


class Settling(BaseModel):
    """Whether it arrived."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"sent": True}]})

    sent: bool


class HandedOut(BaseModel):
    """The draft, and what its channel made: ``content`` is for you to pass on, base64 where not ``text``."""

    draft: DraftRow
    told: str = Field(examples=["handed back as text"])
    text: str = Field(description="the text or link, where it is one")
    content: str = Field(description="base64 of the same")
    media_type: str = Field(examples=["text/plain; charset=utf-8"])
    file_name: str = Field(examples=["draft-5f0c2b9e71a4d836.eml"])


@router.get("")
def list_drafts(
    asked: Reading,
    state: Annotated[list[State] | None, Query(description="only these; else all")] = None,
    contact: Annotated[Line, Query(description="a name or pseudonym")] = "",
    model: Annotated[str, Query(max_length=64)] = "",
    limit: Limit = 100,
    cursor: Cursor = "",
) -> Page[DraftRow]:
    """Drafts, newest first."""
    found = drafting.held(asked.workspace, states=state or (), contact=contact, model=model)
    items, total, behind = paged(found, limit, cursor)
    return Page(items=_rows(asked.workspace, list(items)), total=total, next=behind)


@router.get("/counts", response_model=CountsView)
def count_drafts(asked: Aggregates) -> BaseModel:
    """How many drafts wait, and are in each state: figures, which leave no row in the audit log."""
    return reflected(drafting.counted(asked.workspace))


@router.post("", status_code=201)
def propose_draft(asked: Approving, body: NewDraft) -> DraftView:
    """Let a clone draft an answer. Nothing is sent."""
    if bool(body.text) == bool(body.message):
        raise SettingsError("A draft answers one thing.", hint="Send a text, or the id of a message.")
    where = {"model": body.model, "channel": body.channel, "recipient": body.recipient}
    if body.message:
        draft = drafting.propose_to(asked.workspace, body.message, **where)
    else:
        draft = drafting.propose(asked.workspace, body.text, contact=body.contact, **where)
    meter(asked.vault).count(asked.asker.id, draft.proposal, draft=True)
    return _view(asked.workspace, draft)


@router.get("/{draft}")
def get_draft(asked: Reading, draft: DraftId) -> DraftView:
    """One draft beside what it answers."""
    return _of(drafting.shown(asked.workspace, draft))


@router.patch("/{draft}")
def edit_draft(asked: Approving, draft: DraftId, body: DraftChange) -> DraftView:
    """Change a draft; an approval of it is void then."""
    changed = drafting.edit(asked.workspace, draft, **body.model_dump(), by=asked.asker.name)
    return _view(asked.workspace, changed)


@router.post("/{draft}/approve")
def approve_draft(asked: Approving, draft: DraftId, body: Approval) -> DraftView:
    """Approve exactly what was seen, for one time; 409 where it is not that any more."""
    done = drafting.approve(asked.workspace, draft, seen=body.digest, hidden=body.hidden, by=asked.asker.name)
    return _view(asked.workspace, done)


@router.post("/{draft}/reject")
def reject_draft(asked: Approving, draft: DraftId, body: Rejecting) -> DraftView:
    """Say no, and why."""
    done = drafting.reject(asked.workspace, draft, reason=body.reason, about=body.about, by=asked.asker.name)
    return _view(asked.workspace, done)


@router.post("/{draft}/revoke")
def revoke_draft(asked: Approving, draft: DraftId) -> DraftView:
    """Take an approval back that was not used yet."""
    return _view(asked.workspace, drafting.revoke(asked.workspace, draft, by=asked.asker.name))


@router.post("/{draft}/reopen")
def reopen_draft(asked: Approving, draft: DraftId) -> DraftView:
    """Take a rejection back."""
    return _view(asked.workspace, drafting.reopen(asked.workspace, draft, by=asked.asker.name))


@router.post("/{draft}/send")
def send_draft(asked: Approving, draft: DraftId) -> HandedOut:
    """Hand an approved draft to its channel, once; 502 where that did not take it."""
    done = delivering.hand_out(asked.workspace, draft, by=asked.asker.name)
    receipt = done.receipt
    return HandedOut(
        draft=_rows(asked.workspace, [done.draft])[0],
        told=receipt.told,
        text=receipt.content.decode() if receipt.media_type.startswith("text/") else "",
        content=base64.b64encode(receipt.content).decode(),
        media_type=receipt.media_type,
        file_name=receipt.file_name,
    )


@router.post("/{draft}/settle")
def settle_draft(asked: Approving, draft: DraftId, body: Settling) -> DraftView:
    """Say of a draft that was perhaps sent whether it was."""
    done = delivering.settle(asked.workspace, draft, sent=body.sent, by=asked.asker.name)
    return _view(asked.workspace, done)


def _rows(workspace: Workspace, drafts: list[Draft]) -> list[DraftRow]:
    roster = workspace.roster()
    return [
        _row(
            one,
            roster.called(one.asked.contact or "") or one.asked.contact or "",
            roster.restore(one.asked.text),
        )
        for one in drafts
    ]


def _row(draft: Draft, contact: str, message: str) -> DraftRow:
    return DraftRow(
        id=draft.id,
        at=draft.at,
        state=draft.state,
        waiting=draft.waiting,
        contact=contact,
        message=message,
        text=draft.text,
        channel=draft.channel,
        recipient=draft.recipient,
        subject=draft.subject,
        model=draft.model,
        method=draft.method,
    )


def _view(workspace: Workspace, draft: Draft) -> DraftView:
    return _of(drafting.shown(workspace, draft.id))


def _of(shown: Shown) -> DraftView:
    draft = shown.draft
    return DraftView(
        **_row(draft, shown.contact, shown.message).model_dump(),
        proposal=draft.proposal,
        before=[SaidView(role=turn.role, speaker=turn.speaker, text=turn.text) for turn in shown.before],
        leaves=shown.leaves,
        marked=shown.marked,
        hidden=[
            HiddenView(start=one.start, end=one.end, name=one.name, kind=one.kind) for one in shown.hidden
        ],
        digest=shown.digest,
        barred=shown.barred,
        label=draft.label,
        confidence=draft.confidence,
        fallback=draft.fallback,
        reason=draft.reason,
        about=draft.about,
        revision=draft.revision,
        steps=[StepView(at=one.at, what=one.what, by=one.by, note=one.note) for one in draft.steps],
    )
