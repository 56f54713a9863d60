"""What became of a draft that a service put before its owner. Knows no service and no metric."""

from datetime import datetime
from typing import Literal

import msgspec

__all__ = ["Draft"]


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a draft. ``confidence`` is the voice's own, comparable between its drafts, or None."""

    conversation: str
    at: datetime
    text: str
    outcome: Literal["approved", "edited", "rejected"]
    final: str | None = None
    confidence: float | None = None
