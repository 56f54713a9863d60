"""Does what a model of events sees differ from what it learned from? An alarm suggests, it never promotes."""

import msgspec
import numpy as np

from ipse.errors import DatasetError
from ipse.features import compute
from ipse.pipeline.days import predictors
from ipse.pipeline.days.columns import streams_named
from ipse.pipeline.days.predictors import feature_set
from ipse.pipeline.workspace import Workspace
from ipse.tables import Drift, drift

__all__ = ["DriftReport", "drift_of"]

MOST = 20_000  # rows of each side, the newest


class DriftReport(msgspec.Struct, frozen=True, kw_only=True):
    """The features of a project's champion, then and since; ``verdict`` is what to do."""

    project: str
    model: str
    before: int
    since: int
    features: tuple[Drift, ...]

    @property
    def verdict(self) -> str:
        """``retrain`` where a feature drifted, else ``as it was``."""
        return "retrain" if any(one.drifted for one in self.features) else "as it was"


def drift_of(workspace: Workspace, project: str) -> DriftReport:
    """Hold the features since the champion learned against those it learned from; raises ``DatasetError``."""
    made = predictors.card(workspace, project)
    workspace.vault.note("read", {"sources": ", ".join(made.consents), "why": "drift"})
    features = feature_set(made)
    held = streams_named(workspace, dict.fromkeys((*features.sources, made.target.stream)))
    at = np.unique(held[made.target.stream].ts)
    then, since = at[(at >= made.first) & (at <= made.last)][-MOST:], at[at > made.last][-MOST:]
    if not len(then) or not len(since):
        raise DatasetError(f"Nothing came in since {made.id} learned.", hint="Collect or take in more first.")
    before, now = (compute(features, held, one) for one in (then, since))
    found = drift(before.values, now.values, before.columns, times=(then, since))
    return DriftReport(
        project=project, model=made.id, before=len(then), since=len(since), features=tuple(found)
    )
