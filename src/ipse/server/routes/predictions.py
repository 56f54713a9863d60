"""Predictions: what models of your events say and why, what happened, and your word on it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal

from fastapi import Query
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from ipse.errors import NotFoundError
from ipse.pipeline.days import predictors, suppressions
from ipse.pipeline.days.judging import Judgement, Says, judge, judgement
from ipse.pipeline.days.outcomes import was
from ipse.pipeline.days.predicting import predict
from ipse.pipeline.days.predictions import Prediction, names, of_ids
from ipse.pipeline.days.suppressions import Suppression
from ipse.server.deps import Approving, Asked, Identifier, Reading
from ipse.server.paging import Cursor, Limit, Page, paged
from ipse.server.routing import component
from ipse.server.times import from_micros, micros

__all__ = [
    "JudgementView",
    "Judging",
    "PredictAsked",
    "PredictionView",
    "ReasonView",
    "StepView",
    "SuppressionView",
    "judge_prediction",
    "list_predictions",
    "list_suppressions",
    "predict_now",
    "remove_suppression",
    "router",
]

router = component("days")


class ReasonView(BaseModel):
    """A feature, and how far it moves what is said from what its usual value would."""

    feature: str = Field(examples=["last_0"])
    value: float | None = Field(description="null where it was not known", examples=[71.2])
    moves: float = Field(examples=[8.4])


class StepView(BaseModel):
    """One moment of a forecast."""

    due: datetime
    value: float = Field(examples=[68.1])
    low: float | None = Field(examples=[61.0])
    high: float | None = Field(examples=[75.4])


class JudgementView(BaseModel):
    """Your word on a prediction."""

    verdict: Says = Field(examples=["wrong"])
    label: str | None = Field(description="what it was", examples=["home"])
    at: datetime
    suppression: str | None = Field(description="the rule made of it", examples=[None])


class PredictionView(BaseModel):
    """What was said at `at` of `due`. An anomaly's `value` is its score: from 1 on it is one."""

    id: str = Field(examples=["desk-v2-4c1f09ab37de"])
    project: str = Field(examples=["desk"])
    model: str = Field(examples=["desk-v2"])
    at: datetime
    due: datetime
    made_at: datetime
    value: float = Field(examples=[68.1])
    label: str | None = Field(description="of a class", examples=[None])
    chance: float | None = Field(description="of that class", examples=[None])
    low: float | None = Field(description="of the 90 % interval", examples=[61.0])
    high: float | None = Field(examples=[75.4])
    reasons: list[ReasonView]
    path: list[StepView] = Field(description="of a forecast: each step up to `due`")
    suppressed: str | None = Field(description="the rule that keeps this alarm silent", examples=[None])
    outcome: float | str | None = Field(description="what happened, once that is known", examples=[66.9])
    feedback: JudgementView | None = Field(default=None, examples=[None])


class PredictAsked(BaseModel):
    """Of which moment; null: after the newest row."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"at": "2026-04-01T10:15:00+02:00"}]}
    )

    at: AwareDatetime | None = None


class Judging(BaseModel):
    """Whether it was right; what it was instead; or that it was no anomaly, until when."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"verdict": "wrong", "label": "home"}]}
    )

    verdict: Literal["right", "wrong", "not_an_anomaly"]
    label: Annotated[str, StringConstraints(min_length=1, max_length=200)] | None = Field(
        default=None, description="what it was instead: a class, or a number"
    )
    until: AwareDatetime | None = Field(
        default=None, description=f"end of the suppression; {suppressions.DAYS} days without"
    )


class SuppressionView(BaseModel):
    """Alarms of a project that stay silent: those of this column at these values, until then."""

    id: str = Field(examples=["4c1f09ab37de"])
    project: str = Field(examples=["laptop"])
    column: str = Field(examples=["cpu_p95_15m"])
    low: float = Field(examples=[0.2])
    high: float = Field(examples=[0.97])
    made_at: datetime
    until: datetime
    active: bool = Field(examples=[True])
    prediction: str | None = Field(examples=["laptop-v1-9ab37de4c1f0"])


@router.post("/projects/{project}/predictions", status_code=201)
def predict_now(asked: Reading, project: Identifier, body: PredictAsked) -> PredictionView:
    """Say what comes next, how sure that is, and why; kept, to be held against what happens."""
    _there(asked, project)
    said = predict(asked.workspace, project, at=micros(body.at) if body.at else None)
    return _views(asked, [said])[0]


@router.get("/projects/{project}/predictions")
def list_predictions(
    asked: Reading, project: Identifier, limit: Limit = 100, cursor: Cursor = ""
) -> Page[PredictionView]:
    """What was said, the newest first, with what happened."""
    _there(asked, project)
    items, total, behind = paged(names(asked.workspace, project)[::-1], limit, cursor)
    return Page(items=_views(asked, of_ids(asked.workspace, items)), total=total, next=behind)


@router.post("/predictions/{prediction}/feedback", status_code=201)
def judge_prediction(asked: Approving, prediction: Identifier, body: Judging) -> JudgementView:
    """Say whether it was right. A label is learned from next time; "not an anomaly" silences its like."""
    found = judge(asked.workspace, prediction, body.verdict, label=body.label or "", until=body.until)
    view = _judgement(found)
    assert view is not None
    return view


@router.get("/suppressions")
def list_suppressions(
    asked: Reading,
    project: Annotated[str, Query(max_length=128, description="only its")] = "",
    limit: Limit = 100,
    cursor: Cursor = "",
) -> Page[SuppressionView]:
    """Rules that keep alarms silent, those that ended too."""
    now = datetime.now().astimezone()
    found = [_suppression(one, now) for one in suppressions.listed(asked.workspace, project)]
    items, total, behind = paged(found, limit, cursor)
    return Page(items=list(items), total=total, next=behind)


@router.delete("/suppressions/{suppression}", status_code=204)
def remove_suppression(asked: Approving, suppression: Identifier) -> None:
    """Let such alarms be told again."""
    suppressions.remove(asked.workspace, suppression)


def _there(asked: Asked, project: str) -> None:
    if project not in [one.name for one in predictors.projects(asked.workspace)]:
        raise NotFoundError(f"There is no project `{project[:80]}`.", hint="See /api/projects.")


def _views(asked: Asked, said: Sequence[Prediction]) -> list[PredictionView]:
    outcomes = was(asked.workspace, said)
    return [_view(asked, one, outcome) for one, outcome in zip(said, outcomes, strict=True)]


def _view(asked: Asked, said: Prediction, outcome: float | str | None) -> PredictionView:
    return PredictionView(
        id=said.id,
        project=said.project,
        model=said.model,
        at=from_micros(said.origin),
        due=from_micros(said.due),
        made_at=said.made_at,
        value=said.value,
        label=said.label or None,
        chance=said.chance,
        low=_finite(said.low),
        high=_finite(said.high),
        reasons=[
            ReasonView(feature=one.feature, value=_finite(one.value), moves=one.moves) for one in said.reasons
        ],
        path=[
            StepView(due=from_micros(one.due), value=one.value, low=_finite(one.low), high=_finite(one.high))
            for one in said.path
        ],
        suppressed=said.suppressed or None,
        outcome=outcome,
        feedback=_judgement(judgement(asked.workspace, said.id)),
    )


def _finite(value: float | None) -> float | None:
    return value if value is not None and abs(value) < float("inf") else None


def _judgement(found: Judgement | None) -> JudgementView | None:
    if found is None:
        return None
    return JudgementView(
        verdict=found.verdict, label=found.label or None, at=found.at, suppression=found.suppression or None
    )


def _suppression(found: Suppression, now: datetime) -> SuppressionView:
    return SuppressionView(
        id=found.id,
        project=found.project,
        column=found.column,
        low=found.low,
        high=found.high,
        made_at=found.made_at,
        until=found.until,
        active=found.holds(now),
        prediction=found.prediction or None,
    )
