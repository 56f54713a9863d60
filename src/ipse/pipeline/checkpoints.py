"""How far a training is, sealed in the vault until it is over: what was learned so far is made of records.

One document for each method and dataset. It is erased with what it was made of, and says nothing to a
training of other examples or settings, which begins anew.
"""

from ipse.datasets import Dataset
from ipse.pipeline.derived import Origin, get_made, keep_made
from ipse.pipeline.workspace import Workspace

__all__ = ["SealedCheckpoint"]

KIND = "checkpoint"


class SealedCheckpoint:
    """Where a learner leaves how far it is."""

    def __init__(self, workspace: Workspace, method: str, dataset: Dataset) -> None:
        self._workspace = workspace
        self._name = (KIND, f"{dataset.card.id}-{method}")
        self._origin = Origin(
            sources=frozenset(dataset.card.consents),
            about=frozenset(dataset.card.contacts),
            documents=frozenset({("dataset", dataset.card.id)}),
        )

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
