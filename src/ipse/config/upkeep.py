"""Settings of what looks after a vault: its log, backups, keys, jobs and tiers."""

from typing import Annotated

from pydantic import Field

from ipse.config.section import Section

__all__ = ["AuditSettings", "BackupSettings", "JobSettings", "KeySettings", "TierSettings"]

Age = Annotated[int, Field(ge=0, le=365_000)]


class AuditSettings(Section):
    """A copy of the log's checkpoints where the vault is not."""

    anchor: str = Field(
        "", description="file on another medium to which checkpoints are appended by themselves; empty: none"
    )
    anchor_rows: int = Field(
        200,
        ge=1,
        description="rows after which closing the vault appends one; else once a day, if anything was done",
    )


class BackupSettings(Section):
    """When a new backup is due: `ipse vault doctor` and the compliance report go by it."""

    folder: str = Field("", description="folder of backups for the service; another disk is best")
    max_age: int = Field(30, ge=1, description="days after which the last backup is too old")


class KeySettings(Section):
    """How long an unlocked vault stays so."""

    auto_lock: float = Field(
        15.0, ge=0, description="minutes without use after which `ipse vault unlock` ends; 0: never"
    )


class JobSettings(Section):
    """Long work that is queued: by `ipse serve`, by `ipse jobs start`, by a schedule."""

    at_once: int = Field(1, ge=1, description="heavy jobs at a time: imports, trainings, evaluations")
    hung_minutes: float = Field(10.0, gt=0, description="silence after which a running job is said to hang")


class TierSettings(Section):
    """How finely metrics are kept as they grow old: as they came, then by the minute, then by the hour."""

    streams: tuple[str, ...] = Field(
        ("system", "processes"),
        description="sources, or `source.stream`, whose metrics are downsampled; * stands for anything",
    )
    raw: Age = Field(30, description="days that metrics are kept as they came; 0: always")
    minutes: Age = Field(365, description="age in days up to which they are kept by the minute; 0: any")
    hours: Age = Field(
        0, description="age in days up to which they are kept by the hour, and then let go; 0: until erased"
    )
