"""Labels that the owner corrected: events of their own, known from the moment they were said.

They lie in the stream ``corrections`` of the source they are about, so they go with it. Learning and judging
join them as outcomes. No feature reads them unless it names the stream, and then sees them only from the time
they were said (``rx``): what was corrected today tells nothing of yesterday's predictions.
"""

import hashlib
import time

import msgspec
import numpy as np
from numpy.typing import NDArray

from ipse.pipeline.days import events
from ipse.pipeline.days.columns import CORRECTIONS
from ipse.pipeline.days.predictors import Target
from ipse.pipeline.workspace import Workspace
from ipse.records import Event

__all__ = ["correct", "corrected", "labels_of"]

_objects = msgspec.json.Decoder(dict[str, str | int | float | bool | None])


def correct(workspace: Workspace, target: Target, due: int, label: str, *, about: str) -> None:
    """Say what a target was at a moment (µs); ``about`` is the prediction that made the owner say it."""
    now = time.time_ns() // 1000
    source = target.stream.split(".")[0]
    data: dict[str, str | int | float | bool | None] = {
        "of": target.stream,
        "field": target.field,
        "label": label,
        "about": about,
    }
    key = hashlib.sha256(msgspec.msgpack.encode([due, now, data])).hexdigest()[:32]
    event = Event(source=source, stream=CORRECTIONS, kind="point", ts=due, rx=now, key=key, data=data)
    events.keep(workspace, [event], told={"corrections": 1})


def labels_of(workspace: Workspace, target: Target) -> dict[int, str]:
    """What the owner said the target was, by moment (µs); of several the last that was said."""
    table = events.read(workspace, target.stream.split(".")[0], stream=CORRECTIONS, why="corrections")
    columns = (table["ts"].to_pylist(), table["rx"].to_pylist(), table["data"].to_pylist())
    rows = [(ts, rx, _objects.decode(data)) for ts, rx, data in zip(*columns, strict=True)]
    ours = [one for one in rows if (one[2].get("of"), one[2].get("field")) == (target.stream, target.field)]
    return {ts: str(data["label"]) for ts, _, data in sorted(ours, key=lambda one: one[1])}


def corrected(
    y: NDArray[np.float64], due: NDArray[np.int64], target: Target, said: dict[int, str]
) -> NDArray[np.float64]:
    """Outcomes with the owner's own in place of what was recorded; a label the model does not know is out."""
    if not said:
        return y
    place = {label: float(number) for number, label in enumerate(target.labels)}
    out = y.copy()
    for row in np.flatnonzero(np.isin(due, list(said))):
        label = said[int(due[row])]
        out[row] = place.get(label, np.nan) if target.labels else float(label)
    return out
