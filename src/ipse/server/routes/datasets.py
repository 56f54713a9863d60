"""Datasets: what was frozen to learn from. Their examples stay in the vault."""

from pydantic import BaseModel

from ipse.datasets import Card
from ipse.errors import NotFoundError
from ipse.pipeline.lineage import dataset_cards
from ipse.server.deps import Aggregates, Identifier
from ipse.server.mirrors import mirrored, reflected
from ipse.server.paging import Cursor, Limit, Page, paged
from ipse.server.routing import component

__all__ = ["list_datasets", "router", "show_dataset"]

router = component("datasets", prefix="/datasets")

CardView = mirrored(Card)


@router.get("", response_model=Page[CardView])  # type: ignore[valid-type]
def list_datasets(asked: Aggregates, limit: Limit = 20, cursor: Cursor = "") -> Page[BaseModel]:
    """The card of every dataset, the newest first."""
    items, total, behind = paged(list(reversed(dataset_cards(asked.workspace).values())), limit, cursor)
    return Page(items=[reflected(card) for card in items], total=total, next=behind)


@router.get("/{dataset}", response_model=CardView)
def show_dataset(asked: Aggregates, dataset: Identifier) -> BaseModel:
    """One card: what the dataset is made of, by which settings, and how its sets are cut."""
    cards = dataset_cards(asked.workspace)
    if dataset not in cards:
        raise NotFoundError(f"There is no dataset `{dataset[:80]}`.", hint="See /api/datasets.")
    return reflected(cards[dataset])
