"""Lists in pages: ``?limit=&cursor=`` in, ``items``, ``total`` and ``next`` out."""

from collections.abc import Sequence
from typing import Annotated, Generic, TypeVar

from fastapi import Query
from pydantic import BaseModel, Field

__all__ = ["Cursor", "Limit", "Page", "paged"]

T = TypeVar("T")
U = TypeVar("U")

Limit = Annotated[int, Query(ge=1, le=500, description="items at most")]
Cursor = Annotated[
    str, Query(pattern=r"^[0-9]{0,9}$", description="`next` of the page before; empty: the first page")
]


class Page(BaseModel, Generic[T]):
    """A part of a list. ``next`` asks for the part behind it, null at the end."""

    items: list[T]
    total: int = Field(description="items in all pages")
    next: str | None = Field(default=None, description="`cursor` of the next page")


def paged(found: Sequence[U], limit: int, cursor: str) -> tuple[Sequence[U], int, str | None]:
    """The part of ``found`` that is asked for, how many there are in all, and the cursor behind it."""
    at = int(cursor or 0)
    behind = at + limit
    return found[at:behind], len(found), str(behind) if behind < len(found) else None
