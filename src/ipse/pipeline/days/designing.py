"""Features for a table that nobody wrote any for: what any series is first asked, as definitions.

What they are depends on the step of the table and on how long it is, so that enough is left to learn from:
nothing looks back further than an eighth of the time that there is.
"""

import numpy as np

from ipse.features import FeatureSet, Stream, parse_features, parse_set
from ipse.pipeline.days.predictors import Target

__all__ = ["design", "step_of"]

DAY, WEEK = 86_400.0, 604_800.0
SHARE = 8  # of the span is the furthest look back
VALUES = 10  # of a column of text that are told apart
INPUTS = 30  # columns beside the target, at most


def step_of(stream: Stream) -> float:
    """Seconds between rows, mostly."""
    gaps = np.diff(np.unique(stream.ts))
    return float(np.median(gaps)) / 1e6 if len(gaps) else 1.0


def design(name: str, stream: Stream, target: Target, *, tz: str = "") -> FeatureSet:
    """A set for foretelling a target from the past of its stream, or from its other columns of the moment."""
    step = step_of(stream)
    span = float(stream.ts[-1] - stream.ts[0]) / 1e6 if len(stream) else 0.0
    far = span / SHARE
    tree: dict[str, object] = {}
    if target.ahead:
        tree |= _past(target, step, far, coded=bool(target.labels))
    for field in [one for one in stream.data if one != target.field][:INPUTS]:
        tree |= _beside(stream, field, target.stream, step)
    if step < DAY / 2:
        tree["hour"] = {"time": "hour_local", "encode": "cyclic"}
    if far > DAY:
        tree["weekday"] = {"time": "weekday_local"}
        tree["weekend"] = {"time": "weekend_local"}
    if span > 180 * DAY:
        tree["month"] = {"time": "month_local"}
    features = parse_features(tree)
    return parse_set({"name": _plain(name), "origins": {"every": step}, "tz": tz}, features)


def _past(target: Target, step: float, far: float, *, coded: bool) -> dict[str, object]:
    """What the target was: just now, a day and a week before what is foretold, and on the whole."""
    tree: dict[str, object] = {}

    def at(lag: float, name: str) -> None:
        one: dict[str, object] = {"from": target.stream, "window": step, "lag": lag}
        if not coded:
            tree[f"{name}"] = one | {"agg": "last", "field": target.field}
            return
        for number, label in enumerate(target.labels[:VALUES]):
            tree[f"{name}_is_{number}"] = one | {"agg": "count", "where": {target.field: label}}

    for back in (0, 1, 2, 3):
        if back * step <= far:
            at(back * step, f"last_{back}")
    for name, season in (("day", DAY), ("week", WEEK)):
        if step < season <= far + target.ahead:
            for off in (-1, 0, 1):
                lag = season - target.ahead + off * step
                if lag >= 0:
                    at(lag, f"{name}_before_{off + 1}")
    if not coded:
        for rows in (6, 24, 168):
            if 6 * step < far and rows * step <= max(far, 6 * step):
                over: dict[str, object] = {
                    "from": target.stream,
                    "field": target.field,
                    "window": rows * step,
                }
                tree[f"mean_{rows}"] = over | {"agg": "mean"}
                if rows == 24:
                    tree["std_24"] = over | {"agg": "std"}
    return tree


def _beside(stream: Stream, field: str, source: str, step: float) -> dict[str, object]:
    column = stream.data[field]
    now: dict[str, object] = {"from": source, "window": step}
    if column.dtype != object:
        if len(column) > 2 and (np.diff(column) > 0).all():
            return {}  # the number of the row tells when it was, and nothing of the next
        return {f"now_{_plain(field)}": now | {"agg": "last", "field": field}}
    values, counts = np.unique(
        np.array([one for one in column if one is not None], dtype=np.str_), return_counts=True
    )
    if not 1 < len(values) <= len(stream) // 20 + 2:
        return {}
    often = values[np.argsort(-counts, kind="stable")][:VALUES]
    return {
        f"is_{_plain(field)}_{number}": now | {"agg": "count", "where": {field: str(value)}}
        for number, value in enumerate(often)
    }


def _plain(name: str) -> str:
    plain = "".join(one if one.isalnum() and one.isascii() else "_" for one in name)
    return plain if plain and not plain[0].isdigit() else f"x_{plain}"
