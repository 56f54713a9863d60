"""Models: the registry, who speaks, and where each comes from."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import Query
from pydantic import BaseModel, ConfigDict, Field

from ipse.errors import NotFoundError
from ipse.pipeline.judging import promote
from ipse.pipeline.lineage import Lineage, lineage
from ipse.registry import ModelCard, Registry
from ipse.server.deps import Administering, Aggregates, Asked, Identifier, Training
from ipse.server.mirrors import mirrored, reflected
from ipse.server.paging import Cursor, Limit, Page, paged
from ipse.server.routing import component

__all__ = [
    "ModelView",
    "Promoting",
    "list_models",
    "model_lineage",
    "promote_model",
    "roll_back_model",
    "router",
    "show_lineage",
    "show_model",
]

router = component("models")

LineageView = mirrored(Lineage)
Name = Annotated[str, Query(max_length=128)]


class ModelView(BaseModel):
    """A model, as its card says."""

    id: str = Field(examples=["v2"])
    champion: bool = Field(description="whether it answers by default")
    scored: bool = Field(description="whether it has a scorecard")
    method: str = Field(examples=["retrieval"])
    dataset: str = Field(examples=["8c1f09ab37de"])
    dataset_hash: str
    consents: dict[str, str] = Field(
        description="source to the consent it was learned under", examples=[{"whatsapp": "5f0c9d2e7b1a4c38"}]
    )
    config: dict[str, Any] = Field(examples=[{"dimensions": 256}])
    seed: int
    metrics: dict[str, float] = Field(examples=[{"pairs": 812.0}])
    base: str | None
    base_hash: str | None
    artefact: str = Field(description="SHA-256 over its files")
    code_version: str = Field(examples=["0.1.0"])
    created_at: datetime


class Promoting(BaseModel):
    """By its scorecard, or by your word."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"force": False}]})

    force: bool = Field(default=False, description="against its scorecard; stands in the audit log")


def _view(card: ModelCard, champion: str | None, scored: frozenset[str]) -> ModelView:
    return ModelView(
        id=card.id,
        champion=card.id == champion,
        scored=card.id in scored,
        method=card.method,
        dataset=card.dataset,
        dataset_hash=card.dataset_hash,
        consents=card.consents,
        config=card.config,
        seed=card.seed,
        metrics=card.metrics,
        base=card.base,
        base_hash=card.base_hash,
        artefact=card.artefact,
        code_version=card.code_version,
        created_at=card.created_at,
    )


def _one(asked: Asked, name: str) -> ModelView:
    vault = asked.workspace.vault
    registry = Registry(vault)
    if name not in vault.ids("model") and not (name == "champion" and registry.champion()):
        raise NotFoundError(f"There is no model `{name[:80]}`.", hint="See /api/models.")
    return _view(registry.card(name), registry.champion(), frozenset(vault.ids("scorecard")))


@router.get("/models")
def list_models(
    asked: Aggregates, method: Name = "", dataset: Name = "", limit: Limit = 100, cursor: Cursor = ""
) -> Page[ModelView]:
    """Every model, the newest first."""
    vault = asked.workspace.vault
    registry, scored = Registry(vault), frozenset(vault.ids("scorecard"))
    champion = registry.champion()
    found = [
        card
        for card in reversed(registry.cards())
        if method in ("", card.method) and dataset in ("", card.dataset)
    ]
    items, total, behind = paged(found, limit, cursor)
    return Page(items=[_view(card, champion, scored) for card in items], total=total, next=behind)


@router.get("/models/{model}")
def show_model(asked: Aggregates, model: Identifier) -> ModelView:
    """One model, by its version; `champion` is the one that answers by default."""
    return _one(asked, model)


@router.get("/models/{model}/lineage", response_model=LineageView)
def model_lineage(asked: Aggregates, model: Identifier) -> BaseModel:
    """The graph from consents to this model."""
    return reflected(lineage(asked.workspace, _one(asked, model).id))


@router.get("/lineage", response_model=LineageView)
def show_lineage(asked: Aggregates) -> BaseModel:
    """The graph of everything: consents, sources, datasets, bases, models, scorecards."""
    return reflected(lineage(asked.workspace))


@router.post("/models/{model}/promote")
def promote_model(asked: Training, model: Identifier, body: Promoting) -> ModelView:
    """Let a model speak, if its scorecard says that it earned it."""
    card = promote(asked.workspace, _one(asked, model).id, force=body.force)
    return _one(asked, card.id)


@router.post("/models/rollback")
def roll_back_model(asked: Administering) -> ModelView:
    """Let the model speak again that spoke before."""
    return _one(asked, Registry(asked.workspace.vault).rollback().id)
