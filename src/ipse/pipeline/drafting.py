"""Drafts of the vault: proposed by a clone, shown beside what they answer, and decided on by their owner.

Each verb reads and writes under the vault's lock, so that of two who decide at once one comes second and is
told so. What leaves is handed out in :mod:`ipse.pipeline.delivering`.
"""

import secrets
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import msgspec

from ipse import drafts as room
from ipse import plugins
from ipse.datasets.dialogues import OWNER, dialogues
from ipse.drafts import Asked, Draft, Hidden, State
from ipse.errors import DraftError, IpseError, NotFoundError, PrivacyError
from ipse.pipeline import objections
from ipse.pipeline.answering import HISTORY, Clone, check_usable
from ipse.pipeline.channels import ready
from ipse.pipeline.contacts import UNNAMED, conversations
from ipse.pipeline.derived import Origin, get_made, keep_made, made_at, made_of
from ipse.pipeline.special import Screen
from ipse.pipeline.workspace import Workspace
from ipse.privacy.roster import Roster
from ipse.records import Turn
from ipse.registry import Registry
from ipse.vault.documents import Change

__all__ = [
    "OWNED_BY",
    "Counted",
    "Shown",
    "approve",
    "check_usable_still",
    "counted",
    "draft_named",
    "edit",
    "every",
    "held",
    "keep",
    "propose",
    "propose_by",
    "propose_to",
    "reject",
    "reopen",
    "revoke",
    "shown",
]

KIND = "draft"
OWNED_BY = "owner"
SHORTEST = 4  # characters of an id that name a draft


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """A draft beside what it answers, as its reviewer has to see it; names are written out.

    ``leaves`` is all that would leave, ``marked`` the same with hidden characters written out. ``digest`` is
    what an approval of exactly this names. ``barred`` says why it may not be sent, if so.
    """

    draft: Draft
    message: str
    before: tuple[Turn, ...]
    contact: str
    leaves: str
    marked: str
    hidden: tuple[Hidden, ...]
    digest: str
    barred: str = ""


def propose(
    workspace: Workspace,
    text: str,
    *,
    contact: str | None = None,
    model: str = "champion",
    channel: str = "",
    recipient: str = "",
) -> Draft:
    """Let a clone draft an answer to what somebody wrote."""
    clone = Clone(workspace, contact=contact, model=model)
    return propose_by(workspace, clone, text, channel=channel, recipient=recipient)


def propose_by(
    workspace: Workspace, clone: Clone, text: str, *, channel: str = "", recipient: str = ""
) -> Draft:
    """:func:`propose` by a clone that is there already, with what it remembers of its conversation."""
    answer = clone.answer(text)
    asked = Asked(text=clone.history[-2].text, turns=clone.history[:-1][-HISTORY:], contact=answer.contact)
    return _keep_new(workspace, clone, asked, answer.text, (channel, recipient))


def propose_to(
    workspace: Workspace, message: str, *, model: str = "champion", channel: str = "", recipient: str = ""
) -> Draft:
    """Let a clone draft an answer to a message of the vault, by the conversation before it.

    Raises ``DraftError`` for a message that is not there, or that nobody may use.
    """
    card = Registry(workspace.vault).card(model)
    check_usable(workspace, card)
    asked = _asked(workspace, message, list(card.consents))
    clone = Clone(workspace, contact=asked.contact, model=model)
    text = clone.reply(asked.turns)
    return _keep_new(workspace, clone, asked, text, (channel, recipient))


def held(
    workspace: Workspace, *, states: Sequence[State] = (), contact: str = "", model: str = ""
) -> list[Draft]:
    """The drafts of the vault, newest first, of these states, for this contact, by this model."""
    from ipse.pipeline.delivering import notice_cut_short  # it starts from here

    notice_cut_short(workspace)
    who = workspace.roster().find(contact) if contact else None
    if contact and who is None:
        raise DraftError(f"Nobody called `{contact}` is known.", hint="See `ipse contacts list`.")
    workspace.vault.note("draft.list", {})
    return [
        draft
        for draft in reversed(every(workspace))
        if (not states or draft.state in states)
        and (who is None or draft.asked.contact == who)
        and (not model or draft.model == model)
    ]


class Counted(msgspec.Struct, frozen=True, kw_only=True):
    """How many drafts are in each state, how many of them wait for a decision, and when one changed last."""

    states: dict[State, int]
    waiting: int
    changed_at: datetime | None


def counted(workspace: Workspace) -> Counted:
    """Figures of the drafts, without anybody's words: the audit log is told nothing."""
    from ipse.pipeline.delivering import notice_cut_short  # it starts from here

    notice_cut_short(workspace)
    drafts = every(workspace)
    return Counted(
        states=dict(Counter(draft.state for draft in drafts)),
        waiting=sum(draft.waiting for draft in drafts),
        changed_at=max((draft.steps[-1].at if draft.steps else draft.at for draft in drafts), default=None),
    )


def every(workspace: Workspace) -> list[Draft]:
    """All drafts, oldest first; who shows what they say tells the audit log."""
    return [_read(workspace, name) for name in workspace.vault.ids(KIND)]


def draft_named(workspace: Workspace, name: str) -> Draft:
    """The draft whose id begins so; raises ``DraftError``."""
    known = workspace.vault.ids(KIND)
    found = [one for one in known if one == name or (len(name) >= SHORTEST and one.startswith(name))]
    if len(found) != 1:
        raise NotFoundError(f"There is no draft `{name}`.", hint="See `ipse draft list`.")
    return _read(workspace, found[0])


def shown(workspace: Workspace, name: str) -> Shown:
    """A draft beside what it answers; the audit log is told first."""
    from ipse.pipeline.delivering import notice_cut_short  # it starts from here

    notice_cut_short(workspace)
    draft = draft_named(workspace, name)
    workspace.vault.note("draft.show", {"draft": draft.id})
    roster, barred = workspace.roster(), ""
    try:
        check_usable_still(workspace, draft)
    except IpseError as error:
        barred = str(error)
    leaves, asked = room.leaving(draft), draft.asked
    return Shown(
        draft=draft,
        message=roster.restore(asked.text),
        before=tuple(_restored(roster, turn) for turn in asked.turns[:-1]),
        contact=_called(roster, asked.contact),
        leaves=leaves,
        marked=room.marked(leaves),
        hidden=tuple(room.findings(draft)),
        digest=room.digest(draft),
        barred=barred,
    )


def edit(  # noqa: PLR0913 - what can be changed
    workspace: Workspace,
    name: str,
    *,
    text: str | None = None,
    recipient: str | None = None,
    channel: str | None = None,
    subject: str | None = None,
    clean: bool = False,
    by: str = OWNED_BY,
) -> Draft:
    """Change a draft; an approval of it is void. ``clean`` takes hidden characters out of the text."""

    def change(draft: Draft) -> Draft:
        wanted = room.without(draft.text if text is None else text) if clean else text
        if channel is not None:
            plugins.delivery(channel)  # must be there
        return room.edit(
            draft, text=wanted, recipient=recipient, channel=channel, subject=subject,
            at=datetime.now(UTC), by=by,
        )  # fmt: skip

    return _changed(workspace, name, change, lambda one: Change("draft.edit", _told(one, by)))


def approve(workspace: Workspace, name: str, *, seen: str, hidden: bool = False, by: str = OWNED_BY) -> Draft:
    """Approve exactly what was ``seen`` (the digest of :class:`Shown`), for one time.

    Raises ``DraftError`` where it changed since, where its recipient cannot be reached, or for hidden
    characters without the word that they were seen; ``ConsentError`` where it may not be used any more.
    """

    def change(draft: Draft) -> Draft:
        check_usable_still(workspace, draft)
        ready(workspace, draft)
        return room.approve(draft, seen=seen, at=datetime.now(UTC), by=by, hidden=hidden)

    return _changed(
        workspace, name, change, lambda one: Change("draft.approve", {**_told(one, by), "digest": seen})
    )


def reject(
    workspace: Workspace, name: str, *, reason: str = "", about: room.About = "style", by: str = OWNED_BY
) -> Draft:
    """Say no, and whether to how it is written or to what it says: only the first teaches style."""

    def change(draft: Draft) -> Draft:
        return room.reject(draft, reason=reason, about=about, at=datetime.now(UTC), by=by)

    return _changed(
        workspace, name, change, lambda one: Change("draft.reject", {**_told(one, by), "about": about})
    )


def revoke(workspace: Workspace, name: str, *, by: str = OWNED_BY) -> Draft:
    """Take an approval back that was not used yet."""
    return _changed(
        workspace,
        name,
        lambda draft: room.revoke(draft, at=datetime.now(UTC), by=by),
        lambda one: Change("draft.revoke", _told(one, by)),
    )


def reopen(workspace: Workspace, name: str, *, by: str = OWNED_BY) -> Draft:
    """Take a rejection back."""
    return _changed(
        workspace,
        name,
        lambda draft: room.reopen(draft, at=datetime.now(UTC), by=by),
        lambda one: Change("draft.reopen", _told(one, by)),
    )


def check_usable_still(workspace: Workspace, draft: Draft) -> None:
    """Raise ``ConsentError`` or ``PrivacyError`` where a draft may not be sent any more.

    That is so where a consent its model or its message rests on was withdrawn, or its contact objected.
    """
    check_usable(workspace, Registry(workspace.vault).card(draft.model))
    for source in sorted(made_of(workspace, (KIND, draft.id)).sources):
        workspace.permit(source, "style")
    roster = workspace.roster()
    contact = draft.asked.contact
    if contact and roster.now(contact) in objections.frozen(workspace, roster):
        raise PrivacyError(f"{contact} objected to being used.", hint="See `ipse contacts release`.")


def keep(workspace: Workspace, draft: Draft, change: Change) -> None:
    """Make a change of a draft that is kept durable, with its audit row."""
    name = (KIND, draft.id)
    origin, at = made_of(workspace, name), made_at(workspace, name)
    keep_made(workspace, name, msgspec.json.encode(draft), origin, at=at, change=change)


def _changed(
    workspace: Workspace, name: str, work: Callable[[Draft], Draft], told: Callable[[Draft], Change]
) -> Draft:
    with workspace.vault.exclusive():
        changed = work(draft_named(workspace, name))
        keep(workspace, changed, told(changed))
    return changed


def _read(workspace: Workspace, name: str) -> Draft:
    return msgspec.json.decode(get_made(workspace, (KIND, name)), type=Draft)


def _told(draft: Draft, by: str) -> dict[str, object]:
    """What the audit log says of a decision: no text, no address."""
    return {"draft": draft.id, "model": draft.model, "channel": draft.channel, "by": by}


def _asked(workspace: Workspace, message: str, sources: list[str]) -> Asked:
    """The message with the turns before it, as the clone may see them."""
    screen = Screen(workspace, sources)
    for talk in screen.talks(conversations(workspace, set(sources), why="draft")):
        places = [place for place, one in enumerate(talk.messages) if one.id == message]
        if not places:
            continue
        one = talk.messages[places[0]]
        if one.direction == "outbound":
            raise DraftError("You wrote that message yourself.", hint="Name one that you received.")
        dialogue = dialogues(talk.messages[: places[0] + 1], workspace.settings.dataset)
        if not dialogue or message not in dialogue[-1].turns[-1].messages:
            raise DraftError(
                "Nobody may answer that message for you.",
                hint="It has no text, or a text of a special category.",
            )
        turns = tuple(
            Turn("owner" if turn.speaker == OWNER else "partner", turn.speaker, turn.text)
            for turn in dialogue[-1].turns[-HISTORY:]
        )
        contact = None if dialogue[-1].group else dialogue[-1].contact
        return Asked(text=turns[-1].text, turns=turns, message=message, conversation=talk.id, contact=contact)
    raise NotFoundError(
        f"There is no message `{message}` that a clone may see.",
        hint="Its id is `message_id` in `ipse export messages`.",
    )


def _keep_new(workspace: Workspace, clone: Clone, asked: Asked, text: str, where: tuple[str, str]) -> Draft:
    settings = workspace.settings.drafts
    channel = where[0] or settings.channel
    plugins.delivery(channel)  # must be there
    recipient = where[1] or _address(workspace.roster(), asked.contact)
    now = datetime.now(UTC)
    draft = Draft(
        id=secrets.token_hex(8),
        at=now,
        asked=asked,
        proposal=text,
        said=clone.history[-1].text,
        text=text,
        label=settings.label,
        model=clone.card.id,
        method=clone.card.method,
        fallback=clone.fallback,
        confidence=clone.confidence(),
        channel=channel,
        recipient=recipient,
        steps=(room.Step(at=now, what="propose", by=clone.card.id),),
    )
    about = {asked.contact or "", asked.conversation, asked.message} - {""}
    origin = Origin(
        sources=frozenset(clone.card.consents),
        about=frozenset(about),
        documents=frozenset({("model", clone.card.id)}),
    )
    payload = msgspec.json.encode(draft)
    change = Change("draft.propose", _told(draft, draft.model))
    keep_made(workspace, (KIND, draft.id), payload, origin, at=now, change=change)
    return draft


def _address(roster: Roster, contact: str | None) -> str:
    """A mail address of somebody, if one is known."""
    known = roster.handles(contact) if contact else ()
    return next(
        (one.address for one in known if "@" in one.address and not one.address.endswith(UNNAMED)), ""
    )


def _called(roster: Roster, contact: str | None) -> str:
    if not contact:
        return ""
    return roster.called(contact) or contact


def _restored(roster: Roster, turn: Turn) -> Turn:
    speaker = turn.speaker if turn.role == "owner" else roster.called(turn.speaker) or turn.speaker
    return Turn(turn.role, speaker, roster.restore(turn.text))
