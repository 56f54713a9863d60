"""What a channel takes: an approval that was claimed. Only :func:`claim` makes one, and it opens once.

By type, since the seal is private to this module, and at run time, where a foreign seal is a ``DraftError``.
"""

from collections.abc import Callable
from datetime import datetime
from threading import Lock
from typing import NoReturn, final

import msgspec

from ipse import __version__
from ipse.drafts.draft import Draft, Step, digest, leaving
from ipse.drafts.machine import findings, refuse_unless
from ipse.errors import DraftError

__all__ = ["Approved", "Outgoing", "Provenance", "Receipt", "claim"]

_IPTC = "http://cv.iptc.org/newscodes/digitalsourcetype/"


class Provenance(msgspec.Struct, frozen=True, kw_only=True):
    """How a text came about, for machines: it goes with everything that leaves.

    ``digital_source_type`` is a term of IPTC's vocabulary; ``text_sha256`` is of the text with its label.
    """

    ai_generated: bool = True
    digital_source_type: str
    generator: str = f"ipse {__version__}"
    model: str
    method: str
    draft: str
    reviewed: bool = True
    edited: bool
    approved_at: datetime
    text_sha256: str
    label: str


class Outgoing(msgspec.Struct, frozen=True, kw_only=True):
    """What leaves: ``text`` has its label."""

    draft: str
    text: str
    recipient: str
    subject: str
    reply_to: str
    provenance: Provenance


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """What a channel did: ``told`` in a line; ``content`` where it made something to pass on."""

    told: str
    content: bytes = b""
    media_type: str = "text/plain; charset=utf-8"
    file_name: str = ""


@final
class _Seal:
    """What only this module holds: the right to call a draft approved."""


_SEAL = _Seal()


@final
class Approved:
    """One approval, claimed: it is opened once, at the moment of sending, and never again.

    It cannot be made, copied, pickled, subclassed or changed by anybody else.
    """

    __slots__ = ("_check", "_lock", "_outgoing", "_taken")
    _check: Callable[[], None]
    _lock: Lock
    _outgoing: Outgoing
    _taken: bool

    def __init__(self, outgoing: Outgoing, check: Callable[[], None], seal: _Seal) -> None:
        if seal is not _SEAL:
            raise DraftError("Only the drafts' room approves.", hint="Claim an approved draft.")
        for name, value in (("_outgoing", outgoing), ("_check", check), ("_lock", Lock()), ("_taken", False)):
            object.__setattr__(self, name, value)

    def take(self) -> Outgoing:
        """What to send, now. Looks once more whether it still may; raises ``DraftError`` the second time."""
        with self._lock:
            if self._taken:
                raise DraftError("An approval holds once.", hint="Approve the draft again.")
            self._check()
            object.__setattr__(self, "_taken", True)
        return self._outgoing

    @property
    def taken(self) -> bool:
        """Whether it was opened: if not, nothing of it can have left."""
        return self._taken

    def __init_subclass__(cls) -> NoReturn:
        """Refuse: a subclass could leave the seal out."""
        raise DraftError("Only the drafts' room approves.", hint="Approved has no subclasses.")

    def __setattr__(self, name: str, value: object) -> NoReturn:
        """Refuse: what was approved stays as it was."""
        raise AttributeError(f"an approval is frozen; {name} cannot be set")

    def __reduce__(self) -> NoReturn:
        """Refuse to be copied or pickled: a copy would be a second approval."""
        raise DraftError("An approval holds once.", hint="Approve the draft again.")

    def __repr__(self) -> str:
        """Name the draft and nothing of the content, for a repr ends up in logs."""
        return f"Approved[{self._outgoing.draft}]"


def claim(
    draft: Draft, *, at: datetime, keep: Callable[[Draft], None], check: Callable[[], None]
) -> Approved:
    """Spend the approval of a draft: ``keep`` makes that durable before anything can be sent.

    ``check`` raises where it may not be sent any more; it is called now and again when it is taken. Raises
    ``DraftError`` for a draft that is not approved, or is not what was approved.
    """
    refuse_unless(draft, "sent", "approved")
    approval = draft.approval
    if approval is None or approval.digest != digest(draft):
        raise DraftError("The draft is not what was approved.", hint="Approve it again.")
    if findings(draft) and not approval.hidden:
        raise DraftError("There are hidden characters in it that nobody saw.", hint="Approve it again.")
    check()
    keep(
        msgspec.structs.replace(
            draft,
            state="sending",
            approval=None,
            spent=approval,
            revision=draft.revision + 1,
            steps=(*draft.steps, Step(at=at, what="claim", by=approval.by)),
        )
    )
    return Approved(_outgoing(draft, approval.at), check, _SEAL)


def _outgoing(draft: Draft, approved_at: datetime) -> Outgoing:
    from hashlib import sha256

    text, edited = leaving(draft), draft.text != draft.proposal
    source = "compositeWithTrainedAlgorithmicMedia" if edited else "trainedAlgorithmicMedia"
    return Outgoing(
        draft=draft.id,
        text=text,
        recipient=draft.recipient,
        subject=draft.subject,
        reply_to=draft.reply_to,
        provenance=Provenance(
            digital_source_type=_IPTC + source,
            model=draft.model,
            method=draft.method,
            draft=draft.id,
            edited=edited,
            approved_at=approved_at,
            text_sha256=sha256(text.encode()).hexdigest(),
            label=draft.label,
        ),
    )
