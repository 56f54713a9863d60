"""What may become of a draft: every transition there is, as a function; anything else is a ``DraftError``.

::

    proposed ⇄ edited ── approve ──→ approved ── claim ──→ sending ── done ──→ sent
        ↑        │  ↖── edit, revoke ──┘                     │  └── lost ──→ perhaps ── settle ──→ sent
        └─ reopen┴─ reject → rejected                        └─ failed → edited       └──────────→ edited

A draft whose text is the proposal is ``proposed``, else ``edited``. ``claim`` is in ``approved.py``: it alone
makes what a channel takes.
"""

from datetime import datetime

import msgspec

from ipse.drafts.draft import About, Approval, Draft, State, Step, digest
from ipse.drafts.hidden import Hidden, hidden_in
from ipse.errors import DraftError

__all__ = [
    "approve",
    "done",
    "edit",
    "failed",
    "findings",
    "lost",
    "refuse_unless",
    "reject",
    "reopen",
    "revoke",
    "settle",
]

OPEN: tuple[State, ...] = ("proposed", "edited")
LONGEST = 100_000  # characters of a text
HEADER = 998  # of an address or a subject: a line of a mail


def edit(  # noqa: PLR0913 - what can be changed
    draft: Draft,
    *,
    at: datetime,
    by: str,
    text: str | None = None,
    recipient: str | None = None,
    channel: str | None = None,
    subject: str | None = None,
) -> Draft:
    """Change what leaves, to whom or how; an approval is void from then on, even if nothing changed."""
    refuse_unless(draft, "edited", *OPEN, "approved")
    given = {"text": text, "recipient": recipient, "channel": channel, "subject": subject}
    changed = {name: value for name, value in given.items() if value is not None}
    if not changed:
        raise DraftError(
            "Nothing was to be changed.", hint="Give a text, a recipient, a channel or a subject."
        )
    if text is not None and (not text.strip() or len(text) > LONGEST):
        raise DraftError(f"A text has 1 to {LONGEST:,} characters.", hint="Reject the draft instead.")
    for name in ("recipient", "subject"):
        value = changed.get(name, "")
        if len(value) > HEADER or any(ord(letter) < 32 or letter == "\x7f" for letter in value):
            raise DraftError(f"The {name} must be one line.", hint="Leave control characters out.")
    return _open(msgspec.structs.replace(draft, **changed), Step(at=at, what="edit", by=by))


def approve(draft: Draft, *, seen: str, at: datetime, by: str, hidden: bool = False) -> Draft:
    """Allow exactly what was ``seen`` (its digest) to be handed out, once.

    With hidden characters in it, it takes ``hidden``: the word that the reviewer saw them.
    """
    refuse_unless(draft, "approved", *OPEN)
    if seen != digest(draft):
        raise DraftError("The draft is not what you saw any more.", hint="Look at it again.")
    found = findings(draft)
    if found and not hidden:
        names = ", ".join(sorted({one.name for one in found}))
        raise DraftError(
            f"There are hidden or deceptive characters in it: {names}.",
            hint="Remove them by an edit (`--clean`), or approve it with them (`--with-hidden`).",
        )
    approval = Approval(digest=seen, at=at, by=by, hidden=bool(found))
    return _moved(draft, "approved", Step(at=at, what="approve", by=by), approval=approval)


def reject(draft: Draft, *, reason: str, about: About, at: datetime, by: str) -> Draft:
    """Say no, and why: for how it is written (``style``) or for what it says (``content``)."""
    refuse_unless(draft, "rejected", *OPEN, "approved")
    step = Step(at=at, what="reject", by=by, note=reason)
    return _moved(draft, "rejected", step, reason=reason, about=about)


def revoke(draft: Draft, *, at: datetime, by: str) -> Draft:
    """Take an approval back before it was used."""
    refuse_unless(draft, "taken back", "approved")
    return _open(draft, Step(at=at, what="revoke", by=by))


def reopen(draft: Draft, *, at: datetime, by: str) -> Draft:
    """Take a rejection back."""
    refuse_unless(draft, "opened again", "rejected")
    return _open(msgspec.structs.replace(draft, reason="", about="style"), Step(at=at, what="reopen", by=by))


def done(draft: Draft, *, told: str, at: datetime) -> Draft:
    """The channel has it."""
    refuse_unless(draft, "sent", "sending")
    return _moved(draft, "sent", Step(at=at, what="sent", by=draft.channel, note=told), spent=draft.spent)


def failed(draft: Draft, *, told: str, at: datetime) -> Draft:
    """It certainly did not leave; the approval is spent all the same."""
    refuse_unless(draft, "given back", "sending")
    return _open(draft, Step(at=at, what="failed", by=draft.channel, note=told))


def lost(draft: Draft, *, told: str, at: datetime) -> Draft:
    """Nobody knows whether it left: the owner has to look."""
    refuse_unless(draft, "lost", "sending")
    step = Step(at=at, what="perhaps sent", by=draft.channel, note=told)
    return _moved(draft, "perhaps", step, spent=draft.spent)


def settle(draft: Draft, *, sent: bool, at: datetime, by: str) -> Draft:
    """The owner looked: it was sent, or it was not and waits for them again."""
    refuse_unless(draft, "settled", "perhaps")
    if sent:
        step = Step(at=at, what="sent", by=by, note="by the owner's word")
        return _moved(draft, "sent", step, spent=draft.spent)
    return _open(draft, Step(at=at, what="not sent", by=by))


def findings(draft: Draft) -> list[Hidden]:
    """Hidden and deceptive characters in anything that leaves."""
    held = (draft.text, draft.recipient, draft.subject, draft.label)
    return [one for text in held for one in hidden_in(text)]


def refuse_unless(draft: Draft, what: str, *states: State) -> None:
    """Raise ``DraftError`` unless the draft is in one of these states."""
    if draft.state not in states:
        told = {"perhaps": "was perhaps sent", "sending": "is being sent", "sent": "was sent already"}.get(
            draft.state, f"is {draft.state}"
        )
        raise DraftError(f"The draft {draft.id} {told}; it cannot be {what}.", hint=_HINTS[draft.state])


_HINTS = {
    "proposed": "Approve it first.",
    "edited": "Approve it first.",
    "approved": "Send it, or take the approval back with `ipse draft revoke`.",
    "rejected": "Open it again with `ipse draft reopen`.",
    "sending": "Wait until the channel has answered.",
    "perhaps": "Look whether it arrived, then run `ipse draft settle`.",
    "sent": "Make a new one.",
}


def _open(draft: Draft, step: Step) -> Draft:
    return _moved(draft, "proposed" if draft.text == draft.proposal else "edited", step)


def _moved(
    draft: Draft,
    state: State,
    step: Step,
    *,
    approval: Approval | None = None,
    spent: Approval | None = None,
    **more: str,
) -> Draft:
    """The draft in another state: what it was allowed before is gone unless said."""
    return msgspec.structs.replace(
        draft,
        state=state,
        approval=approval,
        spent=spent,
        revision=draft.revision + 1,
        steps=(*draft.steps, step),
        **more,
    )
