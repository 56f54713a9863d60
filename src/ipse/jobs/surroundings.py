"""Whether this machine has time for long work: on mains power, and nobody at it."""

import shutil
import subprocess
import time
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import msgspec

__all__ = ["Surroundings", "look"]

BUSY = 0.5  # load of a processor above which somebody or something works
ASK_SECONDS = 2.0


class Surroundings(msgspec.Struct, frozen=True, kw_only=True):
    """``on_ac`` is None where there is no battery to ask; ``idle`` is None where nobody can tell."""

    on_ac: bool | None
    idle: timedelta | None
    load: float

    def powered(self) -> bool:
        """Whether it runs on mains power; a machine without a battery does."""
        return self.on_ac is not False

    def quiet(self, least: timedelta) -> bool:
        """Whether nobody has used it for so long, and it has little to do."""
        return self.load < BUSY and (self.idle is None or self.idle >= least)


def look(used: float | None = None) -> Surroundings:
    """As it is now; ``used`` is when the service was last asked anything (``time.time``)."""
    import psutil

    battery = psutil.sensors_battery() if hasattr(psutil, "sensors_battery") else None
    idle = [seconds for seconds in (_terminals(), _session()) if seconds is not None]
    if used is not None:
        idle.append(time.time() - used)
    load = psutil.getloadavg()[0] / (psutil.cpu_count() or 1)
    return Surroundings(
        on_ac=battery.power_plugged if battery else None,
        idle=timedelta(seconds=max(0.0, min(idle))) if idle else None,
        load=load,
    )


def _terminals() -> float | None:
    """Seconds since somebody typed in a terminal, as ``w`` tells."""
    import psutil

    touched = []
    for user in psutil.users():
        if user.terminal:
            with suppress(OSError):
                touched.append((Path("/dev") / user.terminal).stat().st_atime)
    return time.time() - max(touched) if touched else None


def _session() -> float | None:
    """Seconds since the desktop was used, as the system's login manager is told by it."""
    asked = shutil.which("loginctl")
    if asked is None:
        return None
    words = [asked, "show-user", "--property=IdleHint", "--property=IdleSinceHint"]
    try:
        said = subprocess.run(words, capture_output=True, text=True, timeout=ASK_SECONDS, check=True).stdout  # noqa: S603
    except (OSError, subprocess.SubprocessError):
        return None
    told = dict(line.split("=", 1) for line in said.splitlines() if "=" in line)
    if told.get("IdleHint") == "no":
        return 0.0
    since = told.get("IdleSinceHint", "")
    return time.time() - int(since) / 1e6 if since.isdecimal() and int(since) else None
