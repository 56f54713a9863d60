"""The methods by name, for voices that revive what one of them learned."""

from collections.abc import Mapping
from typing import Final

from ipse.learners.adapters.dora import DoraLearner
from ipse.learners.adapters.full import FullLearner
from ipse.learners.adapters.houlsby import HoulsbyLearner
from ipse.learners.adapters.lora import LoraLearner
from ipse.learners.adapters.method import AdapterLearner
from ipse.learners.adapters.qlora import QloraLearner

__all__ = ["METHODS"]

METHODS: Final[Mapping[str, type[AdapterLearner]]] = {
    one.name: one for one in (LoraLearner, QloraLearner, DoraLearner, HoulsbyLearner, FullLearner)
}
