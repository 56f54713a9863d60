"""Features of the vault's events: looked at, kept as a versioned table, checked for leaks."""

import io

import msgspec
import numpy as np

from ipse.errors import DatasetError
from ipse.features import (
    FeatureSet,
    FeatureTable,
    LeakCheck,
    Stream,
    check_point_in_time,
    compute,
    origins_of,
)
from ipse.pipeline.days.columns import streams_named
from ipse.pipeline.days.origins import origin_of
from ipse.pipeline.derived import get_made, keep_made
from ipse.pipeline.workspace import Workspace

__all__ = ["Built", "Checked", "build", "check", "preview", "stored"]

KIND = "features"


class Built(msgspec.Struct, frozen=True, kw_only=True):
    """A feature table that was kept: the set and its version, and what it was computed from."""

    id: str
    set: str
    version: str
    columns: tuple[str, ...]
    rows: int
    first: int
    last: int
    consents: dict[str, str]
    events: dict[str, int]


class Checked(msgspec.Struct, frozen=True, kw_only=True):
    """A check for leaks beside its control: the same features computed as if all had been known at once."""

    set: str
    version: str
    check: LeakCheck
    control: int


class _Held(msgspec.Struct, frozen=True):
    card: Built
    arrays: bytes


def preview(workspace: Workspace, features: FeatureSet, *, rows: int = 10) -> FeatureTable:
    """The newest origins of a set, computed and not kept."""
    streams = _read(workspace, features, "features preview")
    origins = _origins(features, streams)[-rows:]
    return compute(features, streams, origins)


def build(workspace: Workspace, features: FeatureSet) -> Built:
    """Compute a set at all its origins and keep the table; one of the same version takes its place."""
    streams = _read(workspace, features, "features build")
    table = compute(features, streams, _origins(features, streams))
    card = Built(
        id=f"{features.name}-{features.version}",
        set=features.name,
        version=features.version,
        columns=table.columns,
        rows=len(table),
        first=int(table.origins[0]),
        last=int(table.origins[-1]),
        consents={
            one.split(".")[0]: workspace.permit(one.split(".")[0], "events").consent_id for one in streams
        },
        events={name: len(one) for name, one in streams.items()},
    )
    packed = io.BytesIO()
    np.savez_compressed(packed, origins=table.origins, values=table.values)
    origin = origin_of(streams)
    keep_made(workspace, (KIND, card.id), msgspec.msgpack.encode(_Held(card, packed.getvalue())), origin)
    return card


def stored(workspace: Workspace, name: str) -> tuple[Built, FeatureTable]:
    """A table that was kept, by the id of its set and version, or the newest of a set."""
    found = [one for one in workspace.vault.ids(KIND) if one == name or one.rpartition("-")[0] == name]
    if not found:
        raise DatasetError(
            f"There is no feature table `{name}`.", hint="Make one with `ipse features build`."
        )
    held = msgspec.msgpack.decode(get_made(workspace, (KIND, found[-1])), type=_Held)
    with np.load(io.BytesIO(held.arrays), allow_pickle=False) as arrays:
        table = FeatureTable(
            name=held.card.set,
            version=held.card.version,
            columns=held.card.columns,
            origins=arrays["origins"],
            values=arrays["values"],
        )
    return held.card, table


def check(workspace: Workspace, features: FeatureSet, *, origins: int = 100, seed: int = 7) -> Checked:
    """Tamper with all that was known later at so many origins, and see that nothing moves.

    The control computes as if everything had been known when it happened; that it is caught shows that the
    check could find a leak, where any row of these streams came late.
    """
    streams = _read(workspace, features, "features check")
    every = _origins(features, streams)
    picked = np.sort(np.random.default_rng(seed).choice(every, min(origins, len(every)), replace=False))
    found = check_point_in_time(features, streams, picked, seed=seed)

    def leaky(known: FeatureSet, held: dict[str, Stream], at: np.ndarray) -> FeatureTable:
        early = {name: Stream(one.ts, one.dur, one.ts, one.tz, one.data) for name, one in held.items()}
        return compute(known, early, at)

    control = check_point_in_time(features, streams, picked[:5], seed=seed, by=leaky)  # type: ignore[arg-type]
    return Checked(set=features.name, version=features.version, check=found, control=len(control.breaches))


def _read(workspace: Workspace, features: FeatureSet, why: str) -> dict[str, Stream]:
    sources = sorted({one.split(".")[0] for one in features.sources})
    workspace.vault.note("read", {"sources": ", ".join(sources), "why": why})
    return streams_named(workspace, features.sources)


def _origins(features: FeatureSet, streams: dict[str, Stream]) -> np.ndarray:
    ends = [(int(one.ts[0]), int((one.ts + one.dur).max())) for one in streams.values() if len(one)]
    if not ends:
        raise DatasetError(
            f"There are no events of {', '.join(streams) or 'any stream'}.",
            hint="Collect or import some first.",
        )
    found = origins_of(features, streams, min(start for start, _ in ends), max(end for _, end in ends))
    if not len(found):
        raise DatasetError(
            f"{features.name} has no origin yet.", hint="Collect for longer, or set a shorter step."
        )
    return found
