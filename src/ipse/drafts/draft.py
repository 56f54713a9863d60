"""A draft and what is told of it. Frozen; every change makes a new one. Knows no vault and no channel."""

import hashlib
from datetime import datetime
from typing import Literal

import msgspec

from ipse.records import Turn

__all__ = ["About", "Approval", "Asked", "Draft", "State", "Step", "Verdict", "digest", "leaving", "verdict"]

State = Literal["proposed", "edited", "approved", "rejected", "sending", "perhaps", "sent"]
"""``sending``: handed to a channel, which has not answered yet. ``perhaps``: it never did."""

Verdict = Literal["approved", "edited", "rejected"]
About = Literal["style", "content"]


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What a draft answers. ``turns``: the conversation so far as the voice saw it, pseudonymized.

    ``message`` and ``conversation`` are ids of the vault where it answers a message that is kept there.
    """

    text: str
    turns: tuple[Turn, ...] = ()
    message: str = ""
    conversation: str = ""
    contact: str | None = None


class Approval(msgspec.Struct, frozen=True, kw_only=True):
    """The owner's leave to hand out exactly this, once. ``hidden``: they saw its hidden characters."""

    digest: str
    at: datetime
    by: str
    hidden: bool = False


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One decision or event in a draft's life; ``note`` is why, or what a channel said."""

    at: datetime
    what: str
    by: str
    note: str = ""


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """What a voice proposed and what became of it.

    ``proposal`` and ``text`` have names as they are written; ``said`` is the proposal as the voice said it,
    with placeholders. ``recipient`` is what the channel needs of whom it is for, such as an address.
    ``confidence`` is the voice's own, comparable between its drafts, or None. ``approval`` stands in
    ``approved`` only; ``spent`` is the one under which it was handed out.
    """

    id: str
    at: datetime
    asked: Asked
    proposal: str
    said: str
    text: str
    label: str
    model: str
    method: str
    channel: str
    recipient: str = ""
    subject: str = ""
    reply_to: str = ""
    fallback: str | None = None
    confidence: float | None = None
    state: State = "proposed"
    approval: Approval | None = None
    spent: Approval | None = None
    reason: str = ""
    about: About = "style"
    revision: int = 1
    steps: tuple[Step, ...] = ()

    @property
    def waiting(self) -> bool:
        """Whether somebody has to decide on it."""
        return self.state in ("proposed", "edited", "perhaps")


def leaving(draft: Draft) -> str:
    """The text as it leaves: with the label that says that an AI wrote it."""
    return f"{draft.text.rstrip()}\n\n{draft.label}"


def digest(draft: Draft) -> str:
    """SHA-256 of everything that an approval covers: which draft, what leaves, to whom, by which channel."""
    covered = [draft.id, leaving(draft), draft.recipient, draft.channel, draft.subject, draft.reply_to]
    return hashlib.sha256(msgspec.json.encode(covered)).hexdigest()


def verdict(draft: Draft) -> Verdict | None:
    """What its owner made of it, or None while they have not decided."""
    if draft.state in ("proposed", "edited"):
        return None
    if draft.state == "rejected":
        return "rejected"
    return "approved" if draft.text == draft.proposal else "edited"
