"""The text itself, for its owner to paste wherever they like."""

from typing import Self

from ipse.config import Settings
from ipse.drafts import Approved, Receipt

__all__ = ["Copy"]


class Copy:
    """Hands the text back."""

    name = "copy"
    says = "the text with its label, to paste"

    @classmethod
    def configure(cls, settings: Settings) -> Self:  # noqa: ARG003 - of the protocol
        """It needs nothing."""
        return cls()

    def check(self, recipient: str) -> None:
        """Anybody will do: the owner passes it on."""

    def deliver(self, approved: Approved) -> Receipt:
        """The text."""
        return Receipt(told="handed back as text", content=approved.take().text.encode())
