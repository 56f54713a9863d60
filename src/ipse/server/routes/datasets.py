"""Datasets: what was frozen to learn from. Their examples stay in the vault."""

from pathlib import Path
from typing import Literal

from fastapi.responses import FileResponse
from pydantic import BaseModel, ConfigDict, Field

from ipse.datasets import Card
from ipse.errors import NotFoundError
from ipse.pipeline.learning import export_dataset
from ipse.pipeline.lineage import dataset_cards
from ipse.server.deps import Aggregates, Identifier, Reading, require
from ipse.server.downloads import LINES, download
from ipse.server.mirrors import mirrored, reflected
from ipse.server.paging import Cursor, Limit, Page, paged
from ipse.server.routing import component

__all__ = ["DatasetView", "ExamplesTaken", "export_examples", "list_datasets", "router", "show_dataset"]

router = component("datasets", prefix="/datasets")

CardView = mirrored(Card)


class DatasetView(CardView):  # type: ignore[valid-type, misc]
    """A dataset's card, and the id that it is asked for by."""

    id: str = Field(examples=["9f3c1ab2d4e58c1f"])


class ExamplesTaken(BaseModel):
    """Which set, and the form of each line."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"part": "train", "form": "chat"}]}
    )

    part: Literal["train", "judge", "test"] = "train"
    form: Literal["chat", "sharegpt", "alpaca"] = "chat"


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


@router.post("/{dataset}/export", response_class=FileResponse, responses=LINES)
def export_examples(asked: Reading, dataset: Identifier, body: ExamplesTaken) -> FileResponse:
    """One set of a dataset as JSON lines, to train with elsewhere. It is not encrypted any more."""
    require(asked.workspace, "dataset", dataset)

    def write(file: Path) -> None:
        lines = export_dataset(asked.workspace, dataset, body.part, body.form)
        with file.open("w", encoding="utf-8") as stream:
            stream.writelines(f"{line}\n" for line in lines)

    return download(f"{dataset}-{body.part}.jsonl", write)


def _view(name: str, card: Card) -> DatasetView:
    held: BaseModel = reflected(card)
    return DatasetView(id=name, **held.model_dump())
