"""Settings of what collects events on this machine."""

from typing import Annotated

from pydantic import Field

from ipse.config.section import Section

__all__ = ["CollectSettings"]

Seconds = Annotated[float, Field(ge=0.1, le=86_400)]


class CollectSettings(Section):
    """What `ipse collect` watches, how often, and what it may cost."""

    collectors: tuple[str, ...] = Field(
        ("system", "processes", "activity", "window", "context"),
        description="which collectors run; see `ipse collect list`. `files` and `errors` need paths",
    )
    paths: tuple[str, ...] = Field((), description="folders that `files` watches, with what is below them")
    watches: int = Field(4096, ge=1, description="folders that `files` watches at most")
    logs: tuple[str, ...] = Field(
        (), description="log files that `errors` follows; `journal` is the journal of systemd"
    )
    system_every: Seconds = Field(1.0, description="seconds between figures of the machine")
    processes_every: Seconds = Field(20.0, description="seconds between looks at the busiest processes")
    window_every: Seconds = Field(1.0, description="seconds between looks at the focused window")
    activity_every: Seconds = Field(5.0, description="seconds between looks at how long nobody did anything")
    context_every: Seconds = Field(60.0, description="seconds between notes of the time and the power")
    idle_after: Seconds = Field(180.0, description="seconds without a key or a mouse that count as away")
    categories: dict[str, tuple[str, ...]] = Field(
        {},
        description="words in an app's name or a title that make a category, before the built-in ones: "
        "`work: [ide, figma]`",
    )
    flush: Seconds = Field(5.0, description="seconds after which what was collected is durable")
    queue: int = Field(10_000, ge=1, description="events that wait at most; more are dropped, and counted")
    cpu_percent: float = Field(0.5, gt=0, description="share of one core that collecting may take")
    memory_mib: float = Field(60.0, gt=0, description="memory that collecting may take, in MiB")
