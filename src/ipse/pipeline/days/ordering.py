"""Models of what comes first among the rows of a stream, learned from the owner's decisions between two.

Each item is known by a field of the stream; of its rows the newest counts. A decision is an event of its own
(stream ``preferences`` of the source), so it goes with it, and is known from the moment it was made.
"""

import hashlib
import time
from collections.abc import Mapping
from datetime import UTC, datetime

import msgspec
import numpy as np
from numpy.typing import NDArray

from ipse.errors import DatasetError
from ipse.features import Stream
from ipse.interfaces import Progress
from ipse.pipeline.days import events
from ipse.pipeline.days.columns import PREFERENCES
from ipse.pipeline.days.contending import held_against
from ipse.pipeline.days.designing import design
from ipse.pipeline.days.framing import framed, named_streams
from ipse.pipeline.days.predictions import Prediction, Reason
from ipse.pipeline.days.predictors import Predictor, Target
from ipse.pipeline.days.settling import Beside
from ipse.pipeline.days.wanting import Wanted
from ipse.pipeline.workspace import Workspace
from ipse.records import Event
from ipse.tables import OrderModel, Pairs, judge_orders
from ipse.tables.orders import JUDGED, misordered

__all__ = ["Items", "columns_of", "fit_order", "items_at", "prefer", "say_order"]

AGE = "hours_old"
DONE = ("done", "true", "yes", "1", "closed")
VALUES = 8  # of a field of text that are told apart
MOST_VALUES = 50  # a field with more is no kind of thing, but names
SHOWN = 20

Floats = NDArray[np.float64]
_objects = msgspec.json.Decoder(dict[str, str | int | float | bool | None])


class Items(msgspec.Struct, frozen=True):
    """What was known of each item at a moment; ``open_`` are those that were not done."""

    names: list[str]
    x: Floats
    open_: NDArray[np.bool_]


def prefer(workspace: Workspace, stream: str, field: str, better: str, worse: str) -> None:
    """Keep a decision of the owner: this item comes before that."""
    now = time.time_ns() // 1000
    data: dict[str, str | int | float | bool | None] = {
        "of": stream,
        "field": field,
        "better": better,
        "worse": worse,
    }
    key = hashlib.sha256(msgspec.msgpack.encode([now, data])).hexdigest()[:32]
    event = Event(
        source=stream.split(".", maxsplit=1)[0],
        stream=PREFERENCES,
        kind="point",
        ts=now,
        rx=now,
        key=key,
        data=data,
    )
    events.keep(workspace, [event], told={"preferences": 1})


def fit_order(
    workspace: Workspace, wanted: Wanted, progress: Progress
) -> tuple[Predictor, dict[str, bytes], Beside | None]:
    """Learn from decisions, judge by the last two fifths of them; raises ``DatasetError`` for too few."""
    main = named_streams(workspace, [wanted.stream])[wanted.stream]
    columns = columns_of(main, wanted.field)
    decided = _decisions(workspace, wanted.stream, wanted.field)
    better, worse, at = [], [], []
    for done, (moment, first, second) in enumerate(decided):
        known = items_at(main, wanted.field, columns, moment)
        places = {name: place for place, name in enumerate(known.names)}
        if first in places and second in places:
            better.append(known.x[places[first]])
            worse.append(known.x[places[second]])
            at.append(moment)
        progress(done, len(decided) + 2, {})
    pairs = Pairs(
        better=np.array(better).reshape(-1, len(columns)), worse=np.array(worse).reshape(-1, len(columns))
    )
    verdict = judge_orders(pairs, columns, age=columns.index(AGE), seed=wanted.seed)
    model = OrderModel().fit(pairs, columns)
    rows = np.concatenate([pairs.better, pairs.worse])
    target = Target(stream=wanted.stream, field=wanted.field)
    made = framed(
        workspace,
        wanted,
        features=design(wanted.project, main, target, tz=wanted.tz),
        streams=(wanted.stream,),
        task="ranking",
        algorithm="pairwise",
        target=target,
        columns=columns,
        usual=tuple(np.nan_to_num(np.nanmedian(rows, axis=0)).tolist()),
        spread=tuple(np.nan_to_num(np.ptp(rows, axis=0)).tolist()),
        rows=len(pairs),
        first=at[0],
        last=at[-1],
        verdict=verdict,
    )
    cut = round(len(pairs) * (1 - JUDGED))

    def wrong(now: Predictor, files: Mapping[str, bytes]) -> tuple[Floats, Floats]:
        late = pairs.take(slice(max(cut, int(np.searchsorted(at, now.last, side="right"))), None))
        early = OrderModel().fit(pairs.take(slice(None, cut)), columns)
        return misordered(OrderModel.load(files), late), misordered(early, late)

    return made, model.files(), held_against(workspace, made, wrong)


def say_order(
    _workspace: Workspace,
    made: Predictor,
    files: Mapping[str, bytes],
    held: Mapping[str, Stream],
    origins: NDArray[np.int64],
) -> list[Prediction]:
    """What comes first at each moment among what was not done, and how surely before the next."""
    model, found = OrderModel.load(files), []
    for origin in origins.tolist():
        known = items_at(held[made.target.stream], made.target.field, made.columns, origin)
        rows = np.flatnonzero(known.open_)
        if not len(rows):
            raise DatasetError(f"{made.project}: nothing is open.", hint="Collect or import items first.")
        score = model.score(known.x[rows])
        order = rows[np.argsort(-score, kind="stable")]
        ranked = np.sort(score)[::-1]
        gap = float(ranked[0] - ranked[1]) if len(ranked) > 1 else np.inf
        found.append(
            Prediction(
                project=made.project,
                model=made.id,
                features=made.version,
                origin=origin,
                due=origin,
                made_at=datetime.now(UTC),
                value=float(ranked[0]),
                label=known.names[order[0]],
                chance=float(model.chance(np.array([gap]))[0]),
                reasons=tuple(Reason.of(*one) for one in model.why(known.x[order[0]])),
                order=tuple(known.names[one] for one in order[:SHOWN]),
            )
        )
    return found


def columns_of(stream: Stream, field: str) -> tuple[str, ...]:
    """How old an item is, its numbers, and its most frequent values of text (``field=value``)."""
    names = [AGE]
    for name, column in stream.data.items():
        if name == field:
            continue
        if column.dtype != object:
            names.append(name)
            continue
        values, counts = np.unique(
            np.array([one for one in column if one is not None], dtype=np.str_), return_counts=True
        )
        if len(values) <= MOST_VALUES:
            often = values[np.argsort(-counts, kind="stable")][:VALUES]
            names += [f"{name}={value}" for value in often]
    return tuple(names)


def items_at(stream: Stream, field: str, columns: tuple[str, ...], at: int) -> Items:
    """Every item known at a moment (µs), by its newest row."""
    known = stream.take((stream.ts <= at) & (stream.rx <= at))
    if field not in known.data:
        raise DatasetError(f"There is no field `{field}`.", hint=f"There are: {', '.join(stream.data)}.")
    newest: dict[str, int] = {}
    first: dict[str, int] = {}
    for row, name in enumerate(known.data[field].tolist()):
        if name is not None:
            newest[str(name)] = row
            first.setdefault(str(name), row)
    rows = np.array(list(newest.values()), dtype=np.intp)
    x = np.full((len(rows), len(columns)), np.nan)
    for place, column in enumerate(columns):
        if column == AGE:
            x[:, place] = (at - known.ts[list(first.values())]) / 3.6e9 if len(rows) else 0.0
        elif column in known.data:
            x[:, place] = known.data[column][rows]
        else:
            name, _, value = column.partition("=")
            told = known.data.get(name, np.empty(0, dtype=object))
            x[:, place] = [float(told[row] == value) for row in rows] if len(told) else 0.0
    closed = [_done(known, row) for row in rows.tolist()]
    return Items(list(newest), x, ~np.array(closed, dtype=bool))


def _done(stream: Stream, row: int) -> bool:
    for name in ("done", "state", "status"):
        if name in stream.data:
            value = stream.data[name][row]
            return (value == 1) if isinstance(value, float) else str(value).lower() in DONE
    return False


def _decisions(workspace: Workspace, stream: str, field: str) -> list[tuple[int, str, str]]:
    table = events.read(workspace, stream.split(".", maxsplit=1)[0], stream=PREFERENCES, why="preferences")
    found = []
    for moment, data in zip(table["rx"].to_pylist(), table["data"].to_pylist(), strict=True):
        told = _objects.decode(data)
        if (told.get("of"), told.get("field")) == (stream, field):
            found.append((moment, str(told["better"]), str(told["worse"])))
    return sorted(found)
