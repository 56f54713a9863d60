"""How far a training is, sealed in the vault until it is over: what was learned so far is made of records.

One document for each method and dataset, or for each adapter that preferences go on from. It is erased with
what it was made of, and says nothing to a training of other examples or settings, which begins anew.
"""

from collections.abc import Sequence

from ipse.datasets import Dataset
from ipse.pipeline.derived import Origin, get_made, keep_made
from ipse.pipeline.workspace import Workspace
from ipse.records import Reviewed

__all__ = ["PreferenceCheckpoint", "SealedCheckpoint"]

KIND = "checkpoint"


class _Sealed:
    """Where a learner leaves how far it is."""

    def __init__(self, workspace: Workspace, name: str, origin: Origin) -> None:
        self._workspace = workspace
        self._name = (KIND, name)
        self._origin = origin

    def load(self) -> bytes | None:
        """What was left last, or None."""
        return get_made(self._workspace, self._name) if self._is_there() else None

    def save(self, data: bytes) -> None:
        """Seal it in place of what was left before."""
        keep_made(self._workspace, self._name, data, self._origin)

    def remove(self) -> None:
        """Destroy it and its key, if it is there."""
        if self._is_there():
            kind, id_ = self._name
            self._workspace.vault.remove(kind, id_, action="checkpoint.remove", details={"checkpoint": id_})

    def _is_there(self) -> bool:
        return self._name[1] in self._workspace.vault.ids(KIND)


class SealedCheckpoint(_Sealed):
    """That of a learner on a dataset."""

    def __init__(self, workspace: Workspace, method: str, dataset: Dataset) -> None:
        origin = Origin(
            sources=frozenset(dataset.card.consents),
            about=frozenset(dataset.card.contacts),
            documents=frozenset({("dataset", dataset.card.id)}),
        )
        super().__init__(workspace, f"{dataset.card.id}-{method}", origin)


class PreferenceCheckpoint(_Sealed):
    """That of an adapter ``model`` which goes on by decisions on drafts."""

    def __init__(self, workspace: Workspace, model: str, reviews: Sequence[Reviewed]) -> None:
        made = {("model", model)}
        for one in reviews:
            kind, _, name = one.id.partition("/")
            made.add((kind, name))
        super().__init__(workspace, f"{model}-preference", Origin(documents=frozenset(made)))
