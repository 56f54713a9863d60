"""A draft to begin with, and a claim of it."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from ipse import drafts as room
from ipse.drafts import Approved, Asked, Draft
from ipse.records import Turn

__all__ = ["NOW", "approved", "claimed", "draft", "ignore"]

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def draft(**changes: Any) -> Draft:
    given = {
        "id": "0123456789abcdef",
        "at": NOW,
        "asked": Asked(text="soup?", turns=(Turn("partner", "PERSON_1", "soup?"),), contact="PERSON_1"),
        "proposal": "ooh yes!!",
        "said": "ooh yes!!",
        "text": "ooh yes!!",
        "label": "[Drafted by AI; I approved it.]",
        "model": "v1",
        "method": "retrieval",
        "channel": "copy",
        "recipient": "ilka@example.org",
    }
    return Draft(**{**given, **changes})


def approved(one: Draft, *, hidden: bool = False) -> Draft:
    return room.approve(one, seen=room.digest(one), at=NOW, by="owner", hidden=hidden)


def ignore(_draft: Draft) -> None:
    pass


def claimed(one: Draft, check: Callable[[], None] = lambda: None) -> Approved:
    """What a channel takes of it."""
    return room.claim(approved(one), at=NOW, keep=ignore, check=check)
