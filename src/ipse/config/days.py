"""Settings of what is told of the owner's days and of the machine's health."""

from typing import Annotated

from pydantic import Field

from ipse.config.section import Section

__all__ = ["ProductivitySettings", "SystemSettings"]

Share = Annotated[float, Field(ge=0, le=1)]


class ProductivitySettings(Section):
    """What counts as focus, and from when on something is said."""

    focus: tuple[str, ...] = Field(
        ("code", "writing", "numbers", "design", "research", "study", "work"),
        description="categories that count as focus",
    )
    focus_minutes: float = Field(25.0, gt=0, description="a focus period holds at least so much of them")
    interruption_seconds: float = Field(
        120.0, ge=0, description="something else for longer ends a focus period"
    )
    interruption_share: Share = Field(0.2, description="share of a focus period that may be something else")
    idle_seconds: float = Field(300.0, ge=0, description="nobody there for longer ends a focus period")
    sure: Share = Field(0.6, description="chance from which a learned category is told; below: unknown")
    weeks: int = Field(4, ge=2, description="weeks that an hour was seen in before it is called a best hour")
    weeks_back: int = Field(12, ge=2, le=104, description="weeks that best hours look back")


class SystemSettings(Section):
    """When figures of the machine count as out of the usual, and how far ahead is looked."""

    history_days: int = Field(28, ge=7, le=366, description="days before, that what is usual is known by")
    alarms_per_week: float = Field(
        1.0, gt=0, le=100, description="false alarms a week that are put up with, of anomalies and of bursts"
    )
    horizon_days: int = Field(180, ge=7, le=3650, description="days ahead in which a disk or memory may end")
    burst_minutes: int = Field(10, ge=1, le=120, description="length of time that errors are counted by")
    burst_errors: int = Field(5, ge=2, description="fewer errors in that time are never a burst")
