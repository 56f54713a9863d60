"""What time it is for its owner: weekday, hour, power and zone, as a state that changes with them."""

import time
from collections.abc import Iterable
from datetime import datetime
from typing import Self

import psutil

from ipse.collectors.polled import Polled
from ipse.config import Settings
from ipse.records import Sample

__all__ = ["Context"]


class Context(Polled):
    """One state an hour."""

    name = "context"
    says = "weekday, hour, time zone and power"

    def __init__(self, every: float = 60.0) -> None:
        self.every = every

    @classmethod
    def configure(cls, settings: Settings) -> Self:
        """Look as often as the settings say."""
        return cls(settings.collect.context_every)

    def poll(self) -> Iterable[Sample]:
        """The state now."""
        now = datetime.now().astimezone()
        battery = psutil.sensors_battery() if hasattr(psutil, "sensors_battery") else None
        data: dict[str, str | int | float | bool | None] = {
            "weekday": now.isoweekday(),
            "hour": now.hour,
            "zone": time.tzname[bool(time.localtime().tm_isdst)],
            "power": "mains" if battery is None or battery.power_plugged else "battery",
        }
        yield Sample(kind="state", data=data)
