"""What the owner made of drafts and answers, as preferences: what learners and the scorecard take.

Decisions stand in the drafts themselves, so that erasing one erases what it taught with it; a rated answer
is a document of its own. Words that the owner wrote pass the gate before anything learns from them.
"""

import secrets
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime

import msgspec

from ipse import drafts as room
from ipse.drafts import About, Draft, verdict
from ipse.errors import (
    ConsentError,
    IpseError,
    NotFoundError,
    PrivacyError,
    RegistryError,
    SettingsError,
)
from ipse.pipeline import chatting
from ipse.pipeline.answering import HISTORY, check_usable
from ipse.pipeline.clearing import clearing_of
from ipse.pipeline.derived import Origin, get_made, keep_made
from ipse.pipeline.drafting import check_usable_still, every
from ipse.pipeline.workspace import Workspace
from ipse.records import Reviewed, Turn
from ipse.registry import Registry
from ipse.scorecard import Draft as Judged
from ipse.vault.documents import Change

__all__ = [
    "Rating",
    "Tally",
    "cleared_turns",
    "listed",
    "rate",
    "rate_said",
    "ratings",
    "reviews",
    "take_back",
    "tally",
    "useful",
]

KIND = "rating"


class Rating(msgspec.Struct, frozen=True, kw_only=True):
    """Thumbs up or down for an answer: ``turns`` are the conversation, pseudonymized, the answer last."""

    id: str
    at: datetime
    turns: tuple[Turn, ...]
    model: str
    contact: str | None = None
    up: bool
    about: About = "style"
    reason: str = ""
    by: str = "owner"


class Tally(msgspec.Struct, frozen=True, kw_only=True):
    """How much there is to learn from; content rejections are kept apart from style rejections."""

    edited: int = 0
    approved: int = 0
    rejected_style: int = 0
    rejected_content: int = 0
    needed: int = 0


def rate(  # noqa: PLR0913 - what is said of an answer
    workspace: Workspace,
    turns: Sequence[Turn],
    *,
    model: str,
    up: bool,
    reason: str = "",
    about: About = "style",
    contact: str | None = None,
    by: str = "owner",
) -> Rating:
    """Say of the last turn, an answer by ``model``, whether it was as the owner would say it."""
    card = Registry(workspace.vault).card(model)
    check_usable(workspace, card)
    if not turns or turns[-1].role != "owner" or len(turns) < 2:
        raise SettingsError("There is no answer to rate.", hint="Ask something first.")
    rating = Rating(
        id=secrets.token_hex(8), at=datetime.now(UTC), turns=tuple(turns[-HISTORY - 1 :]), model=card.id,
        contact=contact, up=up, reason=reason, about=about, by=by,
    )  # fmt: skip
    origin = Origin(
        sources=frozenset(card.consents),
        about=frozenset({contact or ""} - {""}),
        documents=frozenset({("model", card.id)}),
    )
    change = Change("rating.keep", {"rating": rating.id, "model": card.id, "up": up, "by": by})
    keep_made(workspace, (KIND, rating.id), msgspec.json.encode(rating), origin, at=rating.at, change=change)
    return rating


def rate_said(  # noqa: PLR0913 - what is said of an answer
    workspace: Workspace,
    session: str,
    message: str,
    *,
    up: bool,
    reason: str = "",
    about: About = "style",
    by: str = "owner",
) -> Rating:
    """:func:`rate` an answer of a chat, by its id; raises ``NotFoundError`` where no clone said that."""
    turns, answer = chatting.answer_with_before(workspace, session, message)
    contact = chatting.read(workspace, session).contact
    return rate(
        workspace, turns, model=answer.model, up=up, reason=reason, about=about, contact=contact, by=by
    )


def cleared_turns(
    workspace: Workspace, question: str, answer: str, *, model: str, contact: str | None = None
) -> tuple[tuple[Turn, ...], str | None]:
    """A question and an answer as they are written, for :func:`rate`: pseudonymized; and who asked."""
    roster = workspace.roster()
    card = Registry(workspace.vault).card(model)
    who = roster.find(contact) if contact else None
    if contact and who is None:
        raise RegistryError(f"Nobody called `{contact}` is known in this vault.", hint="Check the name.")
    clear = clearing_of(workspace, roster, next(iter(card.consents)))
    return (Turn("partner", who or "partner", clear(question)), Turn("owner", "me", clear(answer))), who


def ratings(workspace: Workspace) -> list[Rating]:
    """Every rating, oldest first."""
    names = workspace.vault.ids(KIND)
    return [msgspec.json.decode(get_made(workspace, (KIND, name)), type=Rating) for name in names]


def listed(workspace: Workspace) -> list[Rating]:
    """Every rating, newest first, for who looks through them; the audit log is told first."""
    workspace.vault.note("feedback.read", {"why": "list"})
    return ratings(workspace)[::-1]


def take_back(workspace: Workspace, name: str) -> None:
    """Delete a rating and destroy its key, so that nothing learns from it.

    Raises ``NotFoundError``, and ``RegistryError`` where a model has: that goes first.
    """
    if name not in workspace.vault.ids(KIND):
        raise NotFoundError(f"There is no rating `{name[:80]}`.", hint="See the list of ratings.")
    for card in Registry(workspace.vault).cards():
        if f"{KIND}/{name}" in card.reviews:
            raise RegistryError(f"{card.id} has learned from it.", hint=f"Forget {card.id} first.")
    workspace.vault.remove(KIND, name, action="rating.remove", details={"rating": name})


def reviews(workspace: Workspace, *, why: str = "train") -> list[Reviewed]:
    """Every decision that may be learned from now, oldest first; the audit log is told first."""
    workspace.vault.note("feedback.read", {"why": why})
    clear: dict[str, Callable[[str], str]] = {}
    found = [*_of_drafts(workspace, clear), *_of_ratings(workspace)]
    return sorted(found, key=lambda one: (one.at, one.id))


def tally(workspace: Workspace) -> Tally:
    """How many decisions of each kind may be learned from, and how many are needed."""
    from ipse.learners.preference import LEAST

    found = reviews(workspace, why="count")

    def count(verdict: str, about: str = "style") -> int:
        return sum(one.verdict == verdict and one.about == about for one in found)

    return Tally(
        edited=count("edited"),
        approved=count("approved"),
        rejected_style=count("rejected"),
        rejected_content=count("rejected", "content"),
        needed=LEAST,
    )


def useful(workspace: Workspace, model: str) -> list[Judged]:
    """What became of the drafts of a model, for its scorecard."""
    return [
        Judged(
            conversation=draft.asked.conversation or draft.asked.contact or draft.id,
            at=draft.at,
            text=draft.proposal,
            outcome=outcome,
            final=draft.text if outcome == "edited" else None,
            confidence=draft.confidence,
        )
        for draft in every(workspace)
        if draft.model == model and (outcome := verdict(draft)) is not None
    ]


def _of_drafts(workspace: Workspace, clear: dict[str, Callable[[str], str]]) -> Iterator[Reviewed]:
    for draft in every(workspace):
        outcome = verdict(draft)
        if outcome is None or not _usable(workspace, draft):
            continue
        yield Reviewed(
            id=f"draft/{draft.id}",
            context=draft.asked.turns,
            draft=draft.said,
            verdict=outcome,
            at=draft.steps[-1].at,
            final=_cleared(workspace, draft, clear) if outcome == "edited" else None,
            about=draft.about if outcome == "rejected" else "style",
        )


def _of_ratings(workspace: Workspace) -> Iterator[Reviewed]:
    for rating in ratings(workspace):
        try:
            check_usable(workspace, Registry(workspace.vault).card(rating.model))
        except (ConsentError, PrivacyError):
            continue
        yield Reviewed(
            id=f"rating/{rating.id}",
            context=rating.turns[:-1],
            draft=rating.turns[-1].text,
            verdict="approved" if rating.up else "rejected",
            at=rating.at,
            about="style" if rating.up else rating.about,
        )


def _usable(workspace: Workspace, draft: Draft) -> bool:
    try:
        check_usable_still(workspace, draft)
    except IpseError:
        return False
    return True


def _cleared(workspace: Workspace, draft: Draft, clear: dict[str, Callable[[str], str]]) -> str:
    """What the owner made of it, through the gate; hidden characters teach nothing."""
    source = min(Registry(workspace.vault).card(draft.model).consents)
    if source not in clear:
        clear[source] = clearing_of(workspace, workspace.roster(), source)
    return clear[source](room.without(draft.text))
