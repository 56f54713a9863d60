"""What models of events said, as it is kept: sealed, with the model and the version of its features.

A prediction of one model at one moment has one id, so saying it again keeps nothing twice.
"""

import hashlib
from collections.abc import Iterator, Sequence
from datetime import datetime

import msgspec

from ipse.errors import NotFoundError
from ipse.pipeline.days.origins import origin_of
from ipse.pipeline.days.predictors import Predictor, streams_of
from ipse.pipeline.derived import enveloped, get_made
from ipse.pipeline.workspace import Workspace
from ipse.vault.documents import Change, Put

__all__ = ["Prediction", "Reason", "Step", "keep", "kept", "names", "of_ids", "predictions"]

KIND = "prediction"
AT_A_TIME = 500  # predictions in a transaction


class Reason(msgspec.Struct, frozen=True):
    """A feature, its value (None: not known), and how far it moves what is said from what is usual."""

    feature: str
    value: float | None
    moves: float

    @classmethod
    def of(cls, feature: str, value: float, moves: float) -> "Reason":
        """One of a row, where what is not known is NaN."""
        return cls(feature, value if value == value else None, moves)


class Step(msgspec.Struct, frozen=True):
    """One moment (µs) of a forecast, with the ends of its 90 % interval."""

    due: int
    value: float
    low: float
    high: float


class Prediction(msgspec.Struct, frozen=True, kw_only=True):
    """What was said at ``origin`` of ``due``, both µs; by which model and which version of its features.

    ``label`` and ``chance`` are of a class, ``chances`` of each; ``low`` and ``high`` of a number, ``path``
    of a forecast, ``order`` of what comes first. ``suppressed`` is the rule that keeps an alarm silent.
    """

    id: str = ""
    project: str
    model: str
    features: str
    origin: int
    due: int
    made_at: datetime
    value: float
    label: str = ""
    chance: float | None = None
    chances: tuple[float, ...] = ()
    low: float | None = None
    high: float | None = None
    reasons: tuple[Reason, ...] = ()
    path: tuple[Step, ...] = ()
    order: tuple[str, ...] = ()
    suppressed: str = ""


def keep(workspace: Workspace, made: Predictor, said: Sequence[Prediction]) -> list[Prediction]:
    """Keep predictions of one model; durable when this returns."""
    origin = origin_of(streams_of(made), {("predictor", made.id)})
    named = list({one.id: one for one in (_named(each) for each in said)}.values())
    for at in range(0, len(named), AT_A_TIME):
        some = named[at : at + AT_A_TIME]
        puts = [
            Put(KIND, one.id, enveloped((KIND, one.id), msgspec.json.encode(one), origin)) for one in some
        ]
        told = {"predictor": made.id, "predictions": len(some)}
        workspace.vault.put_all(puts, [Change("prediction.keep", told)])
    return named


def kept(workspace: Workspace, name: str) -> Prediction:
    """One of them; raises ``NotFoundError``."""
    if name not in workspace.vault.ids(KIND):
        raise NotFoundError(f"There is no prediction `{name[:80]}`.", hint="See `ipse predict show PROJECT`.")
    return msgspec.json.decode(get_made(workspace, (KIND, name)), type=Prediction)


def names(workspace: Workspace, project: str) -> list[str]:
    """The ids of a project's predictions, in the order they were first kept."""
    return [name for name in workspace.vault.ids(KIND) if name.rpartition("-v")[0] == project]


def of_ids(workspace: Workspace, ids: Sequence[str]) -> list[Prediction]:
    """Those predictions."""
    return [msgspec.json.decode(get_made(workspace, (KIND, name)), type=Prediction) for name in ids]


def predictions(workspace: Workspace, project: str) -> Iterator[Prediction]:
    """Every prediction kept of a project, in the order they were first kept."""
    for name in names(workspace, project):
        yield msgspec.json.decode(get_made(workspace, (KIND, name)), type=Prediction)


def _named(said: Prediction) -> Prediction:
    digest = hashlib.sha256(f"{said.model} {said.origin}".encode()).hexdigest()[:12]
    return msgspec.structs.replace(said, id=f"{said.model}-{digest}")
