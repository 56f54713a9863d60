"""How long events are kept: by the settings of retention, of tiers, and of the project's privacy together."""

from ipse.config import Settings
from ipse.pipeline.days.tiers import covered

__all__ = ["event_days", "is_limited", "metric_days"]


def event_days(settings: Settings, source: str, stream: str = "") -> int:
    """Days that events of a stream are kept; 0 for no limit."""
    named = [one.name for one in settings.data_sources]
    own = settings.privacy.data_retention_days if source in named or not named else 0
    return _least(settings.retention.days(source, "events", stream), own)


def metric_days(settings: Settings, source: str, stream: str = "") -> int:
    """Days that its metrics are kept; 0 for no limit."""
    tiers = settings.tiers
    hours = tiers.hours if covered(tiers, source, stream) else 0
    return _least(event_days(settings, source, stream), hours)


def is_limited(settings: Settings) -> bool:
    """Whether anything is ever let go."""
    return bool(settings.retention.anything or settings.privacy.data_retention_days or settings.tiers.hours)


def _least(*days: int) -> int:
    return min((one for one in days if one), default=0)
