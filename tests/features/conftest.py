"""Streams drawn by chance, with what makes point in time hard: late rows, overlaps, long rows, gaps."""

import numpy as np

from ipse.features import Stream

HOUR = 3_600_000_000
DAY = 24 * HOUR


def drawn(seed: int, rows: int = 400, days: int = 4, *, orderly: bool = False) -> Stream:
    rng = np.random.default_rng(seed)
    ts = np.sort(rng.integers(0, days * DAY, rows))
    if orderly:
        dur = np.minimum(np.append(np.diff(ts), 1), rng.integers(0, HOUR, rows))
        rx = np.maximum.accumulate(ts + 1000)
    else:
        dur = np.where(rng.random(rows) < 0.3, 0, rng.integers(0, HOUR, rows))
        dur[rng.random(rows) < 0.02] = 2 * DAY
        rx = ts + np.where(
            rng.random(rows) < 0.2, rng.integers(0, 2 * DAY, rows), rng.integers(0, 1000, rows)
        )
    value = np.where(rng.random(rows) < 0.1, np.nan, rng.normal(size=rows) * 10 ** rng.uniform(-3, 6, rows))
    app = rng.choice(np.array(["editor", "browser", "mail", None], dtype=object), rows)
    return Stream(ts, dur, rx, np.where(ts > days * DAY // 2, 120, 60), {"value": value, "app": app})
