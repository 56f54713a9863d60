"""Settings of projects that learn from events: features, sets, models."""

from typing import Literal

from pydantic import Field

from ipse.config.section import Section

__all__ = ["ModelSettings"]


class ModelSettings(Section):
    """A model of events: what it foretells, from which features."""

    name: str = Field(description="of the model and its project")
    type: Literal["auto", "classification", "regression"] = Field("auto", description="what it tells")
    algorithm: str = Field("auto", description="one of ours, `sklearn.module.Name`, or a plugin's")
    params: dict[str, object] = Field({}, description="for the algorithm's constructor")
    target: str = Field(description="what is foretold, as `stream.field`")
    when: Literal["next", "same"] = Field("next", description="ahead, or from the row's other fields")
    features: tuple[str, ...] = Field(
        (), description="names under `features:`; empty: designed by themselves"
    )
