"""Days: what time went to and when there was focus, corrections, tasks by priority, the machine's health."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal

from fastapi import Query, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from ipse.pipeline.days.collecting import allow
from ipse.pipeline.days.productivity import correcting
from ipse.pipeline.days.productivity.focusing import Told
from ipse.pipeline.days.productivity.overview import Productivity, productivity
from ipse.pipeline.days.sample import SAMPLE, take_sample
from ipse.server.deps import Administering, Approving, Identifier, Reading
from ipse.server.paging import Cursor, Limit, Page, paged
from ipse.server.routing import component

__all__ = [
    "ActivityView",
    "BestHourView",
    "CorrectionView",
    "FocusView",
    "HourView",
    "NewCorrection",
    "ProductivityView",
    "QuestionView",
    "SampleView",
    "SpanView",
    "add_correction",
    "add_sample_days",
    "list_corrections",
    "micros",
    "moment",
    "remove_correction",
    "router",
    "show_productivity",
]

router = component("days", prefix="/days")

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
WEEK = timedelta(days=7)
SPANS = 2000  # of the timeline, the newest
Whose = Annotated[
    Literal["own", "sample"], Field(description="`sample`: made-up days, as nothing was collected yet")
]
Name = Annotated[str, Field(max_length=256)]


class ActivityView(BaseModel):
    """Time in a category, its share of all, and how sure that is (null: rules that nobody checked)."""

    category: str = Field(examples=["code"])
    seconds: float = Field(examples=[34_020.0])
    share: float = Field(examples=[0.42])
    sure: float | None = Field(examples=[0.91])
    focus: bool = Field(description="whether it counts as focus", examples=[True])


class HourView(BaseModel):
    """An hour of the week in the time that is told of; ``weekday`` 0 is Monday."""

    weekday: int = Field(examples=[1])
    hour: int = Field(examples=[10])
    focus_seconds: float = Field(examples=[2520.0])
    active_seconds: float = Field(examples=[3300.0])


class FocusView(BaseModel):
    """A focus period; ``seconds`` of it were in focus categories."""

    start: datetime
    end: datetime
    offset: int = Field(description="minutes east of UTC", examples=[60])
    seconds: float = Field(examples=[4980.0])
    category: str = Field(examples=["code"])
    interruptions: int = Field(examples=[2])


class BestHourView(BaseModel):
    """Seconds of focus in an hour of a mean week, with its 90 % interval; ``best``: beyond chance."""

    weekday: int = Field(examples=[1])
    hour: int = Field(examples=[10])
    focus: float = Field(examples=[2310.0])
    low: float = Field(examples=[1800.0])
    high: float = Field(examples=[2820.0])
    weeks: int = Field(examples=[6])
    best: bool = Field(examples=[True])


class SpanView(BaseModel):
    """What was in front; ``shown`` is what the guard left of the title as a category."""

    start: datetime
    end: datetime
    app: str = Field(examples=["firefox"])
    shown: str = Field(examples=["media"])
    category: str = Field(examples=["media"])
    how: Literal["rule", "learned", "corrected"] = Field(examples=["learned"])
    chance: float | None = Field(examples=[0.83])


class QuestionView(BaseModel):
    """What the owner could say that would help most: what is this app for?"""

    app: str = Field(examples=["zotero"])
    shown: str = Field(examples=["other"])
    seconds: float = Field(examples=[5400.0])
    guess: str = Field(examples=["unknown"])
    chance: float | None = Field(examples=[0.31])


class ProductivityView(BaseModel):
    """What time went to between two moments; ``notes`` say what could not be said, and why."""

    whose: Whose
    since: datetime
    until: datetime
    activities: list[ActivityView]
    by_hour: list[HourView]
    focus: list[FocusView]
    best_hours: list[BestHourView]
    timeline: list[SpanView] = Field(description=f"the newest {SPANS}, oldest first")
    timeline_total: int
    questions: list[QuestionView]
    corrections: int = Field(description="how many there are")
    weeks: int = Field(description="weeks that best hours are told from")
    notes: list[str]


class NewCorrection(BaseModel):
    """What an app is for; where it showed that, and at that hour of the day, if said."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"app": "firefox", "title_category": "browsing", "category": "research"}]
        },
    )

    app: Annotated[str, Field(min_length=1, max_length=256)]
    category: Annotated[str, Field(min_length=1, max_length=40)]
    title_category: Name = ""
    title: Name = Field(default="", description="as the timeline has it, where titles are kept")
    hour: Annotated[int, Field(ge=0, le=23)] | None = None


class CorrectionView(BaseModel):
    """A correction; nothing that is told of a moment before ``known_at`` knows it."""

    id: str = Field(examples=["c5f0c2b9e71a4"])
    app: str = Field(examples=["firefox"])
    category: str = Field(examples=["research"])
    title_category: str = Field(examples=["browsing"])
    title: str
    hour: int | None
    known_at: datetime


@router.get("/productivity")
def show_productivity(
    asked: Reading,
    since: Annotated[AwareDatetime | None, Query(description="a week before `until`")] = None,
    until: Annotated[AwareDatetime | None, Query(description="now")] = None,
) -> ProductivityView:
    """What time went to, focus periods, hours of the week. Told in the audit log as read."""
    end = until or datetime.now(UTC)
    found = productivity(asked.workspace, since=micros(since or end - WEEK), until=micros(end))
    return _productivity(found)


@router.get("/corrections")
def list_corrections(asked: Reading, limit: Limit = 100, cursor: Cursor = "") -> Page[CorrectionView]:
    """What was said of apps, oldest first."""
    items, total, behind = paged(correcting.corrections(asked.workspace), limit, cursor)
    return Page(items=[_correction(one) for one in items], total=total, next=behind)


@router.post("/corrections", status_code=201)
def add_correction(asked: Approving, body: NewCorrection) -> CorrectionView:
    """Say what an app is for; known from the next answer on. A later word on the same takes its place."""
    return _correction(
        correcting.correct(
            asked.workspace,
            body.app,
            body.category,
            shown=body.title_category,
            title=body.title,
            hour=body.hour,
        )
    )


@router.delete("/corrections/{correction}", status_code=204)
def remove_correction(asked: Approving, correction: Identifier) -> Response:
    """Take a correction back."""
    correcting.uncorrect(asked.workspace, correction)
    return Response(status_code=204)


class SampleView(BaseModel):
    """Made-up days that are in the vault now, as events of the source `sample`."""

    source: str = Field(examples=["sample"])
    days: int = Field(examples=[28])
    events: int = Field(examples=[88_000])


@router.post("/sample", status_code=201)
def add_sample_days(asked: Administering) -> SampleView:
    """Keep four made-up weeks, to look at before there are own days; gives the consent for them.

    Own days are shown instead as soon as there are some. Forgetting the source `sample` takes them away.
    """
    if not asked.workspace.allows(SAMPLE):
        allow(asked.workspace, [SAMPLE])
    found = take_sample(asked.workspace, lambda _done, _total, _figures: None)
    return SampleView(source=found.source, days=found.days, events=found.events)


def micros(at: datetime) -> int:
    """µs since the epoch."""
    return (at - EPOCH) // timedelta(microseconds=1)


def moment(at: int) -> datetime:
    """The other way round."""
    return EPOCH + timedelta(microseconds=at)


def _correction(one: correcting.Correction) -> CorrectionView:
    return CorrectionView(
        id=one.id,
        app=one.app,
        category=one.category,
        title_category=one.shown,
        title=one.title,
        hour=one.hour,
        known_at=one.known_at,
    )


def _productivity(found: Productivity) -> ProductivityView:
    return ProductivityView(
        whose=found.whose,
        since=moment(found.since),
        until=moment(found.until),
        activities=[
            ActivityView(
                category=one.category, seconds=one.seconds, share=one.share, sure=one.sure, focus=one.focus
            )
            for one in found.activities
        ],
        by_hour=[
            HourView(
                weekday=one.weekday,
                hour=one.hour,
                focus_seconds=one.focus_seconds,
                active_seconds=one.active_seconds,
            )
            for one in found.by_hour
        ],
        focus=[
            FocusView(
                start=moment(one.start),
                end=moment(one.end),
                offset=one.tz,
                seconds=one.seconds,
                category=one.category,
                interruptions=one.interruptions,
            )
            for one in found.focus
        ],
        best_hours=[
            BestHourView(
                weekday=one.weekday,
                hour=one.hour,
                focus=one.mean,
                low=one.low,
                high=one.high,
                weeks=one.weeks,
                best=one.best,
            )
            for one in found.best_hours
        ],
        timeline=[_span(one) for one in found.timeline[-SPANS:]],
        timeline_total=len(found.timeline),
        questions=[
            QuestionView(
                app=one.app, shown=one.shown, seconds=one.seconds, guess=one.guess, chance=one.chance
            )
            for one in found.questions
        ],
        corrections=found.corrections,
        weeks=found.weeks,
        notes=list(found.notes),
    )


def _span(one: Told) -> SpanView:
    return SpanView(
        start=moment(one.start),
        end=moment(one.end),
        app=one.app,
        shown=one.shown,
        category=one.category,
        how=one.how,
        chance=one.chance,
    )
