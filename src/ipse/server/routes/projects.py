"""Projects of models of your events: who speaks, how right it was, whether it drifts, learning it anew."""

from datetime import datetime
from typing import Annotated

import msgspec
from fastapi import Response
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from ipse.errors import NotFoundError
from ipse.pipeline.days import predictors
from ipse.pipeline.days.drifting import drift_of
from ipse.pipeline.days.outcomes import outcomes
from ipse.pipeline.days.predictors import Predictor
from ipse.pipeline.days.relearning import wanted_of
from ipse.pipeline.days.standing import Standing, standing, standings
from ipse.server.deps import Asked, Identifier, Reading, Training
from ipse.server.paging import Cursor, Limit, Page, paged
from ipse.server.routes.starting import Started, begin
from ipse.server.routing import component
from ipse.server.times import from_micros

__all__ = [
    "BesideView",
    "BinView",
    "DriftOf",
    "DriftView",
    "OutcomesView",
    "ProjectView",
    "PromotingVersion",
    "VerdictView",
    "VersionView",
    "WeekView",
    "learn_project",
    "list_projects",
    "project_drift",
    "project_outcomes",
    "promote_version",
    "roll_back_project",
    "router",
    "show_project",
]

router = component("days", prefix="/projects")


class VerdictView(BaseModel):
    """A model beside the plainest method, on time that neither had seen."""

    metric: str = Field(examples=["mae"])
    value: float = Field(examples=[2.41])
    baseline: str = Field(examples=["a day before"])
    baseline_value: float = Field(examples=[3.37])
    better: float = Field(description="by how much, in the metric", examples=[0.96])
    low: float = Field(description="of its 95 % interval", examples=[0.71])
    high: float = Field(examples=[1.2])
    earned: bool = Field(description="whether it may speak", examples=[True])
    rows: int = Field(examples=[140])
    figures: dict[str, float] = Field(examples=[{"coverage_90": 0.91, "rmse": 3.1}])


class VersionView(BaseModel):
    """A version: immutable, with what it was made of."""

    id: str = Field(examples=["desk-v2"])
    algorithm: str = Field(examples=["boosting"])
    made_at: datetime
    rows: int = Field(description="learned from", examples=[699])
    features: list[str] = Field(description="its columns", examples=[["last_0", "hour_sin", "hour_cos"]])
    features_version: str = Field(examples=["9f3c1ab2d4e5"])
    target: str = Field(examples=["desk.load"])
    ahead: float = Field(description="seconds; 0: of the same moment", examples=[3600.0])
    labels: list[str] = Field(description="of classes", examples=[["no", "yes"]])
    since: datetime = Field(description="the first row learned from")
    until: datetime = Field(description="the last")
    consents: dict[str, str] = Field(examples=[{"desk": "5f0c9d2e7b1a4c38"}])
    verdict: VerdictView


class ProjectView(BaseModel):
    """A project; `champion` speaks, where one earned it."""

    name: str = Field(examples=["desk"])
    task: str = Field(examples=["regression"])
    champion: str | None = Field(examples=["desk-v2"])
    challenger: str | None = Field(examples=[None])
    previous: str | None = Field(examples=["desk-v1"])
    versions: list[VersionView] = Field(description="the newest first")
    schedule: str | None = Field(description="when it learns anew", examples=["30 3 * * *"])
    next_run: datetime | None


class BinView(BaseModel):
    """Predictions that were so sure, and the share of them that was right."""

    low: float = Field(examples=[0.8])
    high: float = Field(examples=[0.9])
    rows: int = Field(examples=[41])
    sure: float = Field(description="on average", examples=[0.86])
    right: float = Field(examples=[0.83])


class WeekView(BaseModel):
    """A week of outcomes."""

    start: datetime
    rows: int = Field(examples=[160])
    value: float = Field(description="accuracy, or mean absolute error", examples=[2.6])
    brier: float | None = Field(examples=[None])
    covered: float | None = Field(description="share within the 90 % interval", examples=[0.89])


class BesideView(BaseModel):
    """The challenger on the champion's outcomes, after what either learned from."""

    champion: str = Field(examples=["desk-v1"])
    challenger: str = Field(examples=["desk-v2"])
    rows: int = Field(examples=[120])
    champion_wrong: float = Field(description="share of classes, or mean absolute error", examples=[2.9])
    challenger_wrong: float = Field(examples=[2.5])
    better: float = Field(description="by how much the challenger is", examples=[0.4])
    low: float = Field(description="of its 95 % interval", examples=[0.1])
    high: float = Field(examples=[0.7])


class OutcomesView(BaseModel):
    """What the champion said, held against what happened."""

    project: str = Field(examples=["desk"])
    model: str = Field(examples=["desk-v2"])
    rows: int = Field(description="with an outcome", examples=[320])
    waiting: int = Field(description="without one yet", examples=[1])
    metric: str = Field(examples=["mae"])
    value: float | None = Field(examples=[2.5])
    expected: float = Field(description="when it was judged", examples=[2.41])
    covered: float | None = Field(examples=[0.9])
    sure: float | None = Field(description="how sure it was, on average", examples=[None])
    brier: float | None = Field(examples=[None])
    bins: list[BinView]
    weeks: list[WeekView]
    right: int = Field(description="by the owner's word", examples=[3])
    wrong: int = Field(examples=[1])
    not_an_anomaly: int = Field(examples=[0])
    beside: BesideView | None = Field(default=None, examples=[None])


class DriftOf(BaseModel):
    """A feature now, beside what was learned from."""

    feature: str = Field(examples=["last_0"])
    psi: float = Field(examples=[0.03])
    ks: float = Field(examples=[0.06])
    p: float = Field(description="adjusted for how many were looked at", examples=[0.4])
    rows: float = Field(description="that count", examples=[212.0])
    drifted: bool = Field(examples=[False])


class DriftView(BaseModel):
    """Whether a model sees another world than it learned from; it suggests, it promotes nothing."""

    project: str = Field(examples=["desk"])
    model: str = Field(examples=["desk-v2"])
    before: int = Field(examples=[699])
    since: int = Field(examples=[160])
    verdict: str = Field(description="`retrain` or `as it was`", examples=["as it was"])
    features: list[DriftOf]


class PromotingVersion(BaseModel):
    """Which."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"version": "desk-v2"}]})

    version: Annotated[str, StringConstraints(min_length=1, max_length=128)]


@router.get("")
def list_projects(asked: Reading, limit: Limit = 100, cursor: Cursor = "") -> Page[ProjectView]:
    """Every project, with its versions."""
    items, total, behind = paged([_view(one) for one in standings(asked.workspace)], limit, cursor)
    return Page(items=list(items), total=total, next=behind)


@router.get("/{project}")
def show_project(asked: Reading, project: Identifier) -> ProjectView:
    """One project."""
    return _view(standing(asked.workspace, _there(asked, project)))


@router.get("/{project}/outcomes")
def project_outcomes(asked: Reading, project: Identifier) -> OutcomesView:
    """How right the champion was, how sure, and how that goes over time."""
    found = outcomes(asked.workspace, _there(asked, project))
    return OutcomesView(
        project=found.project,
        model=found.model,
        rows=found.rows,
        waiting=found.waiting,
        metric=found.metric,
        value=found.value,
        expected=found.expected,
        covered=found.covered,
        sure=found.sure,
        brier=found.brier,
        bins=[
            BinView(low=one.low, high=one.high, rows=one.rows, sure=one.sure, right=one.right)
            for one in found.bins
        ],
        weeks=[
            WeekView(
                start=from_micros(one.start),
                rows=one.rows,
                value=one.value,
                brier=one.brier,
                covered=one.covered,
            )
            for one in found.weeks
        ],
        right=found.right,
        wrong=found.wrong,
        not_an_anomaly=found.not_an_anomaly,
        beside=BesideView(**msgspec.structs.asdict(found.beside)) if found.beside else None,
    )


@router.get("/{project}/drift")
def project_drift(asked: Reading, project: Identifier) -> DriftView:
    """What the champion sees now beside what it learned from, feature by feature."""
    found = drift_of(asked.workspace, _there(asked, project))
    return DriftView(
        project=found.project,
        model=found.model,
        before=found.before,
        since=found.since,
        verdict=found.verdict,
        features=[
            DriftOf(feature=one.feature, psi=one.psi, ks=one.ks, p=one.p, rows=one.rows, drifted=one.drifted)
            for one in found.features
        ],
    )


@router.post("/{project}/learn", status_code=202)
def learn_project(asked: Training, project: Identifier, response: Response) -> Started:
    """Learn the project's next version; it speaks where it earned it."""
    named = any(one.name == project for one in asked.workspace.settings.models)
    wanted_of(asked.workspace, project if named else _there(asked, project))
    return begin(asked, response, "learn", project=project)


@router.post("/{project}/promote")
def promote_version(asked: Training, project: Identifier, body: PromotingVersion) -> ProjectView:
    """Let a version speak, if it earned it by its verdict."""
    held = standing(asked.workspace, _there(asked, project))
    if body.version not in [one.id for one in held.versions]:
        raise NotFoundError(f"{project} has no version `{body.version}`.", hint="See /api/projects.")
    predictors.promote(asked.workspace, body.version, reason=f"by {asked.asker.name}")
    return show_project(asked, project)


@router.post("/{project}/rollback")
def roll_back_project(asked: Training, project: Identifier) -> ProjectView:
    """Let whoever spoke before speak again."""
    predictors.rollback(asked.workspace, _there(asked, project))
    return show_project(asked, project)


def _there(asked: Asked, project: str) -> str:
    if project not in [one.name for one in predictors.projects(asked.workspace)]:
        raise NotFoundError(f"There is no project `{project[:80]}`.", hint="See /api/projects.")
    return project


def _view(found: Standing) -> ProjectView:
    held = found.project
    return ProjectView(
        name=held.name,
        task=found.versions[-1].task if found.versions else "",
        champion=held.champion or None,
        challenger=held.challenger or None,
        previous=held.previous or None,
        versions=[_version(one) for one in reversed(found.versions)],
        schedule=found.schedule or None,
        next_run=found.next_run,
    )


def _version(made: Predictor) -> VersionView:
    verdict = made.verdict
    return VersionView(
        id=made.id,
        algorithm=made.algorithm,
        made_at=made.created_at,
        rows=made.rows,
        features=list(made.columns),
        features_version=made.version,
        target=f"{made.target.stream}.{made.target.field}",
        ahead=made.target.ahead,
        labels=list(made.target.labels),
        since=from_micros(made.first),
        until=from_micros(made.last),
        consents=made.consents,
        verdict=VerdictView(
            metric=verdict.metric,
            value=verdict.value,
            baseline=verdict.baseline,
            baseline_value=verdict.baseline_value,
            better=verdict.better,
            low=verdict.low,
            high=verdict.high,
            earned=verdict.earned,
            rows=verdict.rows,
            figures=verdict.figures,
        ),
    )
