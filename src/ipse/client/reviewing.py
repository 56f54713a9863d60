"""The operations of review: drafts proposed, changed, approved, handed out; with what comes back of each."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote

import msgspec

from ipse.client.calls import Call
from ipse.client.results import Page

__all__ = [
    "Draft",
    "HandedOut",
    "Hidden",
    "Row",
    "approve",
    "draft",
    "drafts",
    "edit",
    "propose",
    "reject",
    "reopen",
    "revoke",
    "send",
    "settle",
]


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """A draft in a list; ``waiting`` tells that somebody has to decide."""

    id: str
    at: datetime
    state: str
    waiting: bool
    contact: str
    message: str
    text: str
    channel: str
    recipient: str
    subject: str
    model: str
    method: str


class Hidden(msgspec.Struct, frozen=True, kw_only=True):
    """Characters that a reader does not see, or takes for others."""

    start: int
    end: int
    name: str
    kind: str


class Draft(Row, frozen=True, kw_only=True):
    """Everything that its reviewer has to see; ``digest`` is what an approval of exactly this names."""

    proposal: str
    leaves: str
    marked: str
    hidden: tuple[Hidden, ...]
    digest: str
    barred: str
    label: str
    reason: str
    revision: int


class HandedOut(msgspec.Struct, frozen=True, kw_only=True):
    """The draft, and what its channel made of it: ``content`` in base64, ``text`` where it is one."""

    draft: Row
    told: str
    text: str
    content: str
    media_type: str
    file_name: str


def drafts(
    *, state: Sequence[str] = (), contact: str = "", limit: int = 100, cursor: str = ""
) -> Call[Page[Row]]:
    """Drafts, the newest first; of these states, for this contact."""
    query = {"state": list(state), "contact": contact, "limit": limit, "cursor": cursor}
    given = {name: value for name, value in query.items() if value not in ("", [])}
    return Call(method="GET", path="/api/drafts", returns=Page[Row], query=given)


def draft(name: str) -> Call[Draft]:
    """One draft beside what it answers."""
    return Call(method="GET", path=_path(name), returns=Draft)


def propose(
    text: str = "",
    *,
    message: str = "",
    contact: str | None = None,
    model: str = "champion",
    channel: str = "",
    recipient: str = "",
) -> Call[Draft]:
    """Let a clone draft an answer to a text, or to a message of the vault by its id. Nothing is sent."""
    body = {"text": text, "message": message, "contact": contact, "model": model}
    body |= {"channel": channel, "recipient": recipient}
    return Call(method="POST", path="/api/drafts", returns=Draft, body=body)


def edit(
    name: str,
    *,
    text: str | None = None,
    recipient: str | None = None,
    channel: str | None = None,
    clean: bool = False,
) -> Call[Draft]:
    """Change a draft, which voids an approval; ``clean`` takes hidden characters out of its text."""
    body = {"text": text, "recipient": recipient, "channel": channel, "clean": clean}
    return Call(method="PATCH", path=_path(name), returns=Draft, body=body)


def approve(seen: Draft, *, hidden: bool = False) -> Call[Draft]:
    """Approve exactly this, for one time; ``hidden``: its hidden characters were seen and are wanted."""
    return _done(seen.id, "approve", {"digest": seen.digest, "hidden": hidden})


def reject(name: str, *, reason: str = "", about: str = "style") -> Call[Draft]:
    """Say no, and why; only what is about ``style`` teaches style."""
    return _done(name, "reject", {"reason": reason, "about": about})


def revoke(name: str) -> Call[Draft]:
    """Take an approval back that was not used yet."""
    return _done(name, "revoke")


def reopen(name: str) -> Call[Draft]:
    """Take a rejection back."""
    return _done(name, "reopen")


def send(name: str) -> Call[HandedOut]:
    """Hand an approved draft to its channel, once."""
    return Call(method="POST", path=_path(name, "send"), returns=HandedOut)


def settle(name: str, *, sent: bool) -> Call[Draft]:
    """Say of a draft that was perhaps sent whether it was."""
    return _done(name, "settle", {"sent": sent})


def _done(name: str, what: str, body: dict[str, Any] | None = None) -> Call[Draft]:
    return Call(method="POST", path=_path(name, what), returns=Draft, body=body)


def _path(name: str, what: str = "") -> str:
    return "/".join(("/api/drafts", quote(name, safe=""), *([what] if what else [])))
