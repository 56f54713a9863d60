"""Settings of projects that learn from events: what they learn from, features, models, and when."""

from typing import Annotated, Literal

from pydantic import Field

from ipse.config.section import Section

__all__ = ["DataSource", "FieldRule", "ModelSettings", "WhenSettings"]


class FieldRule(Section):
    """What a field of events is to be; `ipse events check` reports those that are not."""

    type: Literal["any", "number", "text", "bool"] = Field("any", description="what its values are")
    min: float | None = Field(None, description="smallest number")
    max: float | None = Field(None, description="largest number")
    required: bool = Field(default=False, description="whether each event has it")


class DataSource(Section):
    """A source of events that projects learn from: a collector, a file, or what a program pushes."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,63}$")] = Field(
        description="of the source; one named as a collector is collected"
    )
    streams: tuple[str, ...] = Field((), description="of which alone is learned; empty: all")
    path: str = Field("", description="a table that `ipse collect import` reads, from the current folder")
    time: str = Field("", description="its column of times; empty: found by itself")
    tz: str = Field("UTC", description="IANA zone of its times without one")
    fields: dict[str, FieldRule] = Field({}, description="what its fields are to be")


class WhenSettings(Section):
    """When a model learns or predicts by itself; whichever comes first, and what was missed once."""

    cron: str = Field("", description="five fields in local time, or hourly, daily, weekly, monthly")
    every: str = Field("", description="a span such as `6h`, from the last time on")
    events: int = Field(0, ge=0, description="so many new events of the target's source")
    on_drift: bool = Field(
        default=False, description="learn only where a feature has drifted; looked at as above, else daily"
    )
    only_when: tuple[Literal["idle", "ac_power"], ...] = Field(
        (), description="wait until nobody is at the machine, or it runs on mains power"
    )
    idle_minutes: float = Field(10.0, gt=0, description="nobody for so long is idle")


class ModelSettings(Section):
    """A model of events: what it tells, from which features."""

    name: str = Field(description="of the model and its project")
    type: Literal["auto", "classification", "regression", "forecast", "cluster", "anomaly", "priority"] = (
        Field("auto", description="what it tells")
    )
    algorithm: str = Field("auto", description="one of ours, `sklearn.module.Name`, or a plugin's")
    params: dict[str, object] = Field(
        {},
        description="for the algorithm; also `horizon`, `season`, `step` of forecasts, `alarms_per_week`, "
        "`groups`",
    )
    target: str = Field(description="what is told, as `stream.field`; `stream.*` for all fields")
    when: Literal["next", "same"] = Field("next", description="ahead, or from the row's other fields")
    features: tuple[str, ...] = Field(
        (), description="names under `features:`; empty: designed by themselves"
    )
    schedule: WhenSettings | None = Field(None, description="when it is learned anew by itself")
    predict: WhenSettings | None = Field(None, description="when its champion predicts by itself")
