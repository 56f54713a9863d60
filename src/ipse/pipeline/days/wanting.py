"""What a project is to learn: said by the settings, by a command, or kept with its last model."""

from typing import Literal

import msgspec

from ipse.features import FeatureSet
from ipse.tables import Task

__all__ = ["Wanted"]


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be learned: the target, and by which features and algorithm, or those that fit.

    ``when`` is ``next`` for the row after what is known, ``same`` for a field of the row itself.
    """

    project: str
    stream: str
    field: str
    when: Literal["next", "same"] = "next"
    task: Literal["auto"] | Task = "auto"
    algorithm: str = "auto"
    features: FeatureSet | None = None
    params: dict[str, object] = {}
    tz: str = ""
    seed: int = 7
