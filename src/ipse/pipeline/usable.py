"""Whether a model may be used at all: what it learned from is still allowed, and nobody in it objected."""

from ipse.pipeline import objections
from ipse.pipeline.learning import still_allowed
from ipse.pipeline.workspace import Workspace
from ipse.registry import ModelCard

__all__ = ["check_usable"]


def check_usable(workspace: Workspace, card: ModelCard) -> None:
    """Raise ``ConsentError`` or ``PrivacyError`` if what a model learned from may not be used any more."""
    still_allowed(workspace, card.consents, f"The model {card.id}", special=card.special)
    objections.check_usable(workspace, card.dataset, card.id)
