"""Features: what models see of your events, as the settings define them; and a table to learn from."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from fastapi import Query, Response
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from ipse.errors import AccessError
from ipse.features import FeatureSet
from ipse.pipeline.days.featuring import preview
from ipse.pipeline.days.own_tables import source_name
from ipse.pipeline.days.projects import feature_set_named
from ipse.pipeline.days.tables_taking import own_name
from ipse.pipeline.uploads import Uploads
from ipse.server.deps import Importing, Reading
from ipse.server.paging import Cursor, Limit, Page, paged
from ipse.server.routes.starting import Started, begin
from ipse.server.routing import component

__all__ = [
    "FeatureRow",
    "FeatureView",
    "FeaturesShown",
    "TableAsked",
    "begin_table",
    "list_features",
    "preview_features",
    "router",
]

router = component("days")

Name = Annotated[str, StringConstraints(max_length=128)]


class FeatureView(BaseModel):
    """One feature of the settings."""

    name: str = Field(examples=["cpu_p95_15m"])
    kind: Literal["agg", "time", "sql"]
    sources: list[str] = Field(description="the streams that it reads", examples=[["system.cpu"]])
    definition: dict[str, Any] = Field(
        description="spans in seconds", examples=[{"source": "system.cpu", "agg": "p95", "window": 900.0}]
    )


class FeatureRow(BaseModel):
    """The features at one moment; null where nothing was known."""

    at: datetime
    values: list[float | None] = Field(examples=[[0.42, None]])


class FeaturesShown(BaseModel):
    """The newest rows of the set of the settings; computed, not kept."""

    set: str = Field(examples=["focus_v1"])
    version: str = Field(description="hash of the definition", examples=["9f3c1ab2d4e5"])
    columns: list[str] = Field(examples=[["cpu_p95_15m", "hour_sin"]])
    rows: list[FeatureRow]


class TableAsked(BaseModel):
    """An upload of one CSV or Parquet file with a column of times, and what is to be foretold of it."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"upload": "4c1f09ab37de", "target": "load"}]}
    )

    upload: Name
    target: Annotated[str, StringConstraints(min_length=1, max_length=128)]
    same_row: bool = Field(default=False, description="tell it from the row's other columns, not ahead")
    name: Name = Field(default="", description="of the source and project; empty: the file's name")
    time: Name = Field(default="", description="the column of times; DAY+HOUR for two; empty: found")
    task: Literal["auto", "classification", "regression"] = "auto"
    algorithm: Name = Field(default="auto", examples=["boosting"])


@router.get("/features")
def list_features(asked: Reading, limit: Limit = 100, cursor: Cursor = "") -> Page[FeatureView]:
    """The features that the settings define."""
    settings = asked.workspace.settings
    found: FeatureSet | None = feature_set_named(settings) if settings.features else None
    views = [_view(name, found) for name in found.features] if found else []
    items, total, behind = paged(views, limit, cursor)
    return Page(items=list(items), total=total, next=behind)


@router.get("/features/preview")
def preview_features(
    asked: Reading, rows: Annotated[int, Query(ge=1, le=500, description="the newest origins")] = 10
) -> FeaturesShown:
    """The newest rows of the set that the settings define."""
    found = preview(asked.workspace, feature_set_named(asked.workspace.settings), rows=rows)
    return FeaturesShown(
        set=found.name,
        version=found.version,
        columns=list(found.columns),
        rows=[
            FeatureRow(
                at=datetime.fromtimestamp(at / 1e6, UTC), values=[one if one == one else None for one in row]
            )
            for at, row in zip(found.origins.tolist(), found.values.tolist(), strict=True)
        ],
    )


@router.post("/tables", status_code=202)
def begin_table(asked: Importing, body: TableAsked, response: Response) -> Started:
    """Keep a table that was uploaded and learn from it; its source needs a consent (archive, events)."""
    if "train" not in asked.asker.scopes:
        raise AccessError(
            "This takes the scope `train` too.", hint="Ask the owner for a token with it.", known=True
        )
    workspace = asked.workspace
    held = Uploads(workspace).get(body.upload)
    source = own_name(Path(next(iter(held.files))), source_name(Path(body.name)) if body.name else "")
    for purpose in ("archive", "events"):
        workspace.permit(source, purpose)
    return begin(
        asked,
        response,
        "table",
        upload=held.id,
        target=body.target,
        source=source,
        time=body.time,
        same_row=body.same_row,
        task=body.task,
        algorithm=body.algorithm,
    )


def _view(name: str, found: FeatureSet) -> FeatureView:
    one = found.features[name]
    plain: dict[str, Any] = msgspec.to_builtins(one)
    kind = plain.pop("type", "agg")
    given = plain.get("sources") or ([plain["source"]] if "source" in plain else [])
    return FeatureView(name=name, kind=kind, sources=list(given), definition=plain)
