"""A table of made-up hours: a load with a daily course, and what stands beside it."""

import csv
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from ipse.pipeline.days import events
from ipse.pipeline.days.sample import sample_events
from ipse.pipeline.workspace import Workspace

FIRST = np.datetime64("2025-03-03T00:00", "s")


def events_table(file: Path, *, hours: int = 700, seed: int = 0) -> Path:
    rng = np.random.default_rng(seed)
    at = np.arange(hours)
    load = 50 + 30 * np.sin(2 * np.pi * at / 24) + rng.normal(size=hours) * 3
    with file.open("w", encoding="utf-8", newline="") as stream:
        rows = csv.writer(stream)
        rows.writerow(["number", "time", "load", "place", "heat", "busy"])
        for hour in range(hours):
            place = "home" if (hour // 24) % 7 >= 5 or hour % 24 < 8 else "office"
            busy = "yes" if load[hour] > 60 else "no"
            heat = load[hour] / 2 + rng.normal()
            rows.writerow(
                [
                    hour,
                    str(FIRST + hour * 3600).replace("T", " "),
                    f"{load[hour]:.3f}",
                    place,
                    f"{heat:.3f}",
                    busy,
                ]
            )
    return file


def small_sample(workspace: Workspace) -> None:
    """A tenth of the figures of sample days, which is enough where only that they are read matters."""
    made = list(sample_events(datetime.now(UTC), days=14))
    events.keep(
        workspace, [one for at, one in enumerate(made) if one.stream != "system" or at % 10 == 0][::4]
    )
