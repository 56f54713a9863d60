"""Handing approved drafts out, at most once: the claim is durable before a channel is asked, its answer then.

A process that dies in between leaves a draft that was perhaps sent: it is sent no second time and not lost,
but shown to its owner, who looks and decides. While a draft is handed out, a lock beside the vault is held;
the system lets go of it with the process, however that ends.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec

from ipse import drafts as room
from ipse.drafts import Approved, Draft, Receipt
from ipse.errors import DeliveryError, DraftError, IpseError
from ipse.pipeline.channels import ready
from ipse.pipeline.drafting import KIND, OWNED_BY, check_usable_still, draft_named, every, keep
from ipse.pipeline.workspace import Workspace
from ipse.vault.documents import Change

if TYPE_CHECKING:
    from filelock import FileLock

__all__ = ["Handed", "hand_out", "notice_cut_short", "settle"]

FOLDER = "sending"
LOST = "whoever sent it ended before the channel answered"


class Handed(msgspec.Struct, frozen=True, kw_only=True):
    """A draft that was handed out, with what the channel made."""

    draft: Draft
    receipt: Receipt


def hand_out(workspace: Workspace, name: str, *, by: str = OWNED_BY) -> Handed:
    """Hand an approved draft to its channel, once, whoever else tries at the same time.

    Raises ``DraftError`` where it is not approved or somebody else has it, ``ConsentError`` or
    ``PrivacyError`` where it may not be used any more, ``DeliveryError`` where the channel did not take it:
    then it waits for its owner, as certainly not sent or as perhaps sent.
    """
    channel = ready(workspace, draft_named(workspace, name))
    with _claimed(workspace, name, by) as (draft, approved):
        try:
            receipt = channel.deliver(approved)
        except IpseError as error:
            _not_taken(workspace, draft, approved, error)
            raise
        return Handed(draft=_sent(workspace, draft, receipt), receipt=receipt)


def settle(workspace: Workspace, name: str, *, sent: bool, by: str = OWNED_BY) -> Draft:
    """Say of a draft that was perhaps sent whether it was; if not, it waits to be approved again."""
    notice_cut_short(workspace)
    with workspace.vault.exclusive():
        draft = draft_named(workspace, name)
        settled = room.settle(draft, sent=sent, at=datetime.now(UTC), by=by)
        keep(workspace, settled, Change("draft.settle", {"draft": draft.id, "sent": sent, "by": by}))
    return settled


def notice_cut_short(workspace: Workspace) -> list[Draft]:
    """The drafts whose sender is gone without a word; from now on they are perhaps sent."""
    found = []
    for name in [draft.id for draft in every(workspace) if draft.state == "sending"]:
        with workspace.vault.exclusive():
            lock = _taken(workspace, name)
            if lock is None:
                continue
            try:
                draft = draft_named(workspace, name)
                if draft.state == "sending":
                    found.append(room.lost(draft, told=LOST, at=datetime.now(UTC)))
                    keep(workspace, found[-1], Change("draft.lost", {"draft": name}))
            finally:
                _let_go(lock)
    return found


@contextmanager
def _claimed(workspace: Workspace, name: str, by: str) -> Iterator[tuple[Draft, Approved]]:
    """The one claim of a draft's approval, durable, and the lock that says that it is being sent."""
    kept: list[Draft] = []

    def intend(draft: Draft) -> None:
        kept.append(draft)
        told = {"draft": draft.id, "model": draft.model, "channel": draft.channel, "by": by}
        keep(workspace, draft, Change("draft.claim", told))

    with workspace.vault.exclusive():
        draft = draft_named(workspace, name)
        lock = _taken(workspace, draft.id)
        if lock is None:
            raise DraftError(f"The draft {draft.id} is being sent.", hint="Wait until that has ended.")
    try:
        with workspace.vault.exclusive():
            approved = room.claim(
                draft_named(workspace, draft.id),
                at=datetime.now(UTC),
                keep=intend,
                check=lambda: check_usable_still(workspace, draft),
            )
        yield kept[0], approved
    finally:
        with workspace.vault.exclusive():
            _let_go(lock)


def _sent(workspace: Workspace, draft: Draft, receipt: Receipt) -> Draft:
    sent = room.done(draft, told=receipt.told, at=datetime.now(UTC))
    return _ended(workspace, sent, Change("draft.sent", {"draft": draft.id, "channel": draft.channel}))


def _not_taken(workspace: Workspace, draft: Draft, approved: Approved, error: IpseError) -> None:
    """What was not opened, or was refused, did not leave; of all else nobody knows."""
    certain = not approved.taken or (isinstance(error, DeliveryError) and error.refused)
    ended = (room.failed if certain else room.lost)(draft, told=error.message, at=datetime.now(UTC))
    told = {"draft": draft.id, "channel": draft.channel, "left": "no" if certain else "perhaps"}
    _ended(workspace, ended, Change("draft.failed", told))


def _ended(workspace: Workspace, draft: Draft, change: Change) -> Draft:
    """Keep how it ended; what was erased meanwhile stays so, and the log is told all the same."""
    with workspace.vault.exclusive():
        if draft.id in workspace.vault.ids(KIND):
            keep(workspace, draft, change)
        else:
            workspace.vault.note(change.action, change.details)
    return draft


def _taken(workspace: Workspace, name: str) -> "FileLock | None":
    """The lock of one draft, or None where somebody has it. Hold the vault's lock meanwhile."""
    from filelock import FileLock, Timeout

    folder = workspace.vault.folder / FOLDER
    folder.mkdir(mode=0o700, exist_ok=True)
    lock = FileLock(folder / f"{name}.lock", mode=0o600, thread_local=False)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return None
    return lock


def _let_go(lock: "FileLock") -> None:
    """Hold the vault's lock meanwhile, or another could take a file that is about to go."""
    from pathlib import Path

    Path(lock.lock_file).unlink(missing_ok=True)
    lock.release()
