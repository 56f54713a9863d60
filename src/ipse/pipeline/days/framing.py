"""What models of every kind start from: rows of features at their origins, and the card that says so."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from ipse.errors import DatasetError
from ipse.features import FeatureSet, FeatureTable, Stream, compute, origins_of
from ipse.pipeline.days.columns import streams_named
from ipse.pipeline.days.designing import design
from ipse.pipeline.days.predictors import Predictor, Target
from ipse.pipeline.days.wanting import Wanted
from ipse.pipeline.workspace import Workspace

__all__ = ["framed", "named_streams", "rows_of"]

MOST = 100_000  # rows, the newest
LEAST = 100


def named_streams(workspace: Workspace, names: Sequence[str]) -> dict[str, Stream]:
    """Streams to learn from, told in the audit log; raises ``ConsentError``, ``DatasetError`` for no row."""
    workspace.vault.note("read", {"sources": ", ".join(sorted(set(names))), "why": "learn"})
    found = streams_named(workspace, names)
    if not any(len(one) for one in found.values()):
        raise DatasetError(
            f"There are no events of {', '.join(names)}.", hint="Collect or import some first."
        )
    return found


def rows_of(workspace: Workspace, wanted: Wanted) -> tuple[FeatureTable, FeatureSet, tuple[str, ...]]:
    """The features of a model at all their origins, and the streams that they read.

    Where none are named: the fields of the stream itself. Raises ``DatasetError`` for fewer than 100 rows.
    """
    chosen = wanted.features
    names = chosen.sources if chosen is not None else (wanted.stream,)
    held = named_streams(workspace, names)
    if chosen is None:
        field = "" if wanted.field == "*" else wanted.field
        chosen = design(
            wanted.project, held[wanted.stream], Target(stream=wanted.stream, field=field), tz=wanted.tz
        )
    spans = [(int(one.ts[0]), int((one.ts + one.dur).max())) for one in held.values() if len(one)]
    origins = origins_of(chosen, held, min(low for low, _ in spans), max(high for _, high in spans))[-MOST:]
    if len(origins) < LEAST:
        raise DatasetError(f"There are {len(origins)} rows.", hint=f"At least {LEAST} are needed.")
    table = compute(chosen, held, np.asarray(origins))
    return table, chosen, tuple(names)


def framed(
    workspace: Workspace,
    wanted: Wanted,
    *,
    features: FeatureSet,
    streams: Sequence[str],
    **found: Any,  # noqa: ANN401
) -> Predictor:
    """The card of a model: ``found`` are its own fields; its features and consents are added."""
    sources = dict.fromkeys(one.split(".")[0] for one in streams)
    return Predictor(
        project=wanted.project,
        set_name=features.name,
        version=features.version,
        features=features.features,
        origins=features.origins,
        tz=features.tz,
        consents={one: workspace.permit(one, "events").consent_id for one in sources},
        wanted=wanted,
        seed=wanted.seed,
        **found,
    )
