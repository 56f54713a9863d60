"""What a file of a conversation holds, be it JSON or HTML, before anything is decided about it."""

from collections.abc import Iterator
from datetime import datetime
from typing import Literal, Protocol

import msgspec

from ipse.records import Unreadable

__all__ = ["Entry", "Head", "Part"]


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One thing in a conversation. Names and texts are whole; a name is empty where the account is gone.

    ``stamp`` stands for its time in any export of the same form, whatever zone that is read in.
    """

    at: datetime
    stamp: str
    sender: str
    content: str = ""
    hint: Literal["", "unsent", "call", "system"] = ""  # what the export itself says that it is
    files: tuple[str, ...] = ()  # as exported
    lost: bool = False  # a file was sent that the export does not have
    link: str = ""
    about: str = ""  # the words that came with the link, which are not the sender's
    reactions: tuple[tuple[str, str], ...] = ()  # emoji, name


class Head(msgspec.Struct, kw_only=True):
    """What a file says of its conversation; what it leaves out is empty."""

    participants: tuple[str, ...] = ()
    senders: tuple[str, ...] = ()
    title: str = ""
    path: str = ""  # the last part of the path by which the platform knows the conversation
    group: bool = False
    encrypted: bool = False
    first: datetime | None = None


class Part(Protocol):
    """A file of a conversation."""

    def head(self) -> Head:
        """What it says of its conversation. Never raises: what is damaged is told by ``entries``."""

    def entries(self) -> Iterator[Entry | Unreadable]:
        """Oldest first, where the file is small enough to be turned around."""
