"""What every section of the settings is: frozen, and strict about names."""

from pydantic import BaseModel, ConfigDict

__all__ = ["Section"]


class Section(BaseModel):
    """One section of a settings file."""

    model_config = ConfigDict(frozen=True, extra="forbid")
