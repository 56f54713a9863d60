"""The machine's health: anomalies with their causes, what will be used up and when, bursts of errors."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal

from fastapi import Query
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from ipse.pipeline.days.system.overview import Forecast, Health, dismiss, health
from ipse.server.deps import Approving, Reading
from ipse.server.routes.days import WEEK, micros, moment
from ipse.server.routing import component

__all__ = [
    "AnomalyView",
    "BurstView",
    "CauseView",
    "DismissalView",
    "EndingView",
    "ForecastView",
    "LevelView",
    "NewDismissal",
    "SystemView",
    "dismiss_anomaly",
    "router",
    "show_system",
]

router = component("days", prefix="/days/system")


class CauseView(BaseModel):
    """A program by its share in what grew then, or a metric by its share in what is unusual."""

    kind: Literal["process", "metric"] = Field(examples=["process"])
    name: str = Field(examples=["tracker-miner-fs"])
    share: float = Field(examples=[0.92])
    grew: float | None = Field(
        description="of a program: seconds of processor, or MiB, in a look", examples=[17.4]
    )


class AnomalyView(BaseModel):
    """Out of the usual from a score of 1 on; ``suppressed``: the owner said that it is none."""

    at: datetime
    end: datetime
    score: float = Field(examples=[4.2])
    metric: str = Field(examples=["cpu"])
    value: float = Field(examples=[93.1])
    usual: float = Field(examples=[16.8])
    causes: list[CauseView]
    suppressed: bool


class LevelView(BaseModel):
    """What was left on a day, in MiB."""

    at: datetime
    left: float = Field(examples=[18_240.0])


class EndingView(BaseModel):
    """When nothing will be left: ``low`` to ``high`` hold 80 % of the ways it may go; null: too far ahead."""

    low: datetime
    median: datetime
    high: datetime | None


class ForecastView(BaseModel):
    """Of a disk or the memory; without ``full_at`` there is no end in sight, and ``why`` says so."""

    what: Literal["disk", "memory"]
    path: str = Field(examples=["~"])
    full_at: EndingView | None
    chance: float = Field(description="that it ends within the horizon", examples=[0.97])
    left: float = Field(description="MiB", examples=[18_240.0])
    a_day: float = Field(description="MiB that go in a day", examples=[610.0])
    steps: int = Field(description="changes that were left out, such as a clean-up", examples=[1])
    why: str = Field(examples=[""])
    points: list[LevelView]


class BurstView(BaseModel):
    """More errors than the hour of the week explains; ``examples`` as the guard let them through."""

    start: datetime
    end: datetime
    errors: int = Field(examples=[46])
    usual: float = Field(examples=[0.1])
    chance: float = Field(description="of so many by chance", examples=[1e-9])
    examples: list[str] = Field(examples=[["46 × kernel · critical · 5f0c2b9e71a4d836"]])


class SystemView(BaseModel):
    """How the machine was between two moments, newest first; ``notes`` say what could not be said."""

    whose: Literal["own", "sample"]
    since: datetime
    until: datetime
    anomalies: list[AnomalyView]
    forecasts: list[ForecastView]
    bursts: list[BurstView]
    notes: list[str]


class NewDismissal(BaseModel):
    """A metric of up to this value is no anomaly, until then (thirty days without)."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"metric": "cpu", "value": 93.1}]}
    )

    metric: Annotated[str, Field(max_length=64)]
    value: Annotated[float, Field(gt=0)]
    until: AwareDatetime | None = None


class DismissalView(BaseModel):
    """What was kept; `/api/suppressions` lists it and takes it back."""

    id: str = Field(examples=["5f0c2b9e71a4"])
    metric: str = Field(examples=["cpu"])
    high: float = Field(examples=[97.8])
    until: datetime


@router.post("/dismissals", status_code=201)
def dismiss_anomaly(asked: Approving, body: NewDismissal) -> DismissalView:
    """Say that something is no anomaly; from then on it is marked as suppressed."""
    made = dismiss(asked.workspace, body.metric, body.value, until=body.until)
    return DismissalView(id=made.id, metric=made.column, high=made.high, until=made.until)


@router.get("")
def show_system(
    asked: Reading,
    since: Annotated[AwareDatetime | None, Query(description="a week before `until`")] = None,
    until: Annotated[AwareDatetime | None, Query(description="now")] = None,
) -> SystemView:
    """Anomalies, forecasts and bursts of errors. Told in the audit log as read."""
    end = until or datetime.now(UTC)
    return _view(health(asked.workspace, since=micros(since or end - WEEK), until=micros(end)))


def _view(found: Health) -> SystemView:
    return SystemView(
        whose=found.whose,
        since=moment(found.since),
        until=moment(found.until),
        anomalies=[
            AnomalyView(
                at=moment(one.at),
                end=moment(one.end),
                score=one.score,
                metric=one.metric,
                value=one.value,
                usual=one.usual,
                causes=[
                    CauseView(kind=each.kind, name=each.name, share=each.share, grew=each.grew)
                    for each in one.causes
                ],
                suppressed=one.suppressed,
            )
            for one in found.anomalies
        ],
        forecasts=[_forecast(one) for one in found.forecasts],
        bursts=[
            BurstView(
                start=moment(one.start),
                end=moment(one.end),
                errors=one.errors,
                usual=one.usual,
                chance=one.chance,
                examples=list(one.examples),
            )
            for one in found.bursts
        ],
        notes=list(found.notes),
    )


def _forecast(one: Forecast) -> ForecastView:
    told = one.ending
    last = moment(one.points[-1].at)

    def when(days: float) -> datetime:
        return last + timedelta(days=min(days, 36_500.0))

    ends = None
    if told.low is not None and told.median is not None:
        high = when(told.high) if told.high is not None else None
        ends = EndingView(low=when(told.low), median=when(told.median), high=high)
    return ForecastView(
        what=one.what,
        path=one.path,
        full_at=ends,
        chance=told.chance,
        left=one.points[-1].left,
        a_day=told.rate,
        steps=told.steps,
        why=told.why,
        points=[LevelView(at=moment(each.at), left=each.left) for each in one.points],
    )
