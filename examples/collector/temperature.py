"""A collector of your own: the temperature of the processor, each 30 seconds. Declare it in your package::

[project.entry-points."ipse.collectors"]
temperature = "temperature:Temperature"
"""

from collections.abc import Iterator

import psutil

from ipse.collectors import Polled
from ipse.records import Sample


class Temperature(Polled):
    """The hottest sensor, in degrees Celsius."""

    name = "temperature"
    says = "the temperature of the processor"
    every = 30.0

    def check(self) -> str | None:
        """Why it cannot run here."""
        return None if self._sensors() else "This machine tells no temperatures."

    def poll(self) -> Iterator[Sample]:
        """Look once."""
        yield Sample(kind="metric", data={"celsius": max(self._sensors())})

    def _sensors(self) -> list[float]:
        found = psutil.sensors_temperatures() if hasattr(psutil, "sensors_temperatures") else {}
        return [one.current for sensors in found.values() for one in sensors]
