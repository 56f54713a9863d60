"""Datasets: what was frozen to learn from. Their examples stay in the vault."""

from pydantic import BaseModel, Field

from ipse.datasets import Card
from ipse.errors import NotFoundError
from ipse.pipeline.lineage import dataset_cards
from ipse.server.deps import Aggregates, Identifier
from ipse.server.mirrors import mirrored, reflected
from ipse.server.paging import Cursor, Limit, Page, paged
from ipse.server.routing import component

__all__ = ["DatasetView", "list_datasets", "router", "show_dataset"]

router = component("datasets", prefix="/datasets")

CardView = mirrored(Card)


class DatasetView(CardView):  # type: ignore[valid-type, misc]
    """A dataset's card, and the id that it is asked for by."""

    id: str = Field(examples=["9f3c1ab2d4e58c1f"])


@router.get("")
def list_datasets(asked: Aggregates, limit: Limit = 20, cursor: Cursor = "") -> Page[DatasetView]:
    """The card of every dataset, the newest first."""
    items, total, behind = paged(list(reversed(dataset_cards(asked.workspace).items())), limit, cursor)
    return Page(items=[_view(name, card) for name, card in items], total=total, next=behind)


@router.get("/{dataset}")
def show_dataset(asked: Aggregates, dataset: Identifier) -> DatasetView:
    """One card: what the dataset is made of, by which settings, and how its sets are cut."""
    cards = dataset_cards(asked.workspace)
    if dataset not in cards:
        raise NotFoundError(f"There is no dataset `{dataset[:80]}`.", hint="See /api/datasets.")
    return _view(dataset, cards[dataset])


def _view(name: str, card: Card) -> DatasetView:
    held: BaseModel = reflected(card)
    return DatasetView(id=name, **held.model_dump())
