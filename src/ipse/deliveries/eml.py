"""An ``.eml`` file, which any mail program opens as a mail to be sent."""

from typing import Self

from ipse.config import Settings
from ipse.deliveries.mails import address, composed
from ipse.drafts import Approved, Receipt

__all__ = ["Eml"]


class Eml:
    """Makes the file's content; provenance is in its headers."""

    name = "eml"
    says = "a mail file (.eml) to open and send"

    def __init__(self, sender: str) -> None:
        self._sender = sender

    @classmethod
    def configure(cls, settings: Settings) -> Self:
        """The owner's address is ``smtp.sender``, if it is set."""
        return cls(settings.smtp.sender)

    def check(self, recipient: str) -> None:
        """A mail address."""
        address(recipient)

    def deliver(self, approved: Approved) -> Receipt:
        """The file."""
        outgoing = approved.take()
        mail = composed(outgoing, self._sender)
        mail["X-Unsent"] = "1"  # opened to be sent, not as one that came
        return Receipt(
            told="made a mail file",
            content=mail.as_bytes(),
            media_type="message/rfc822",
            file_name=f"draft-{outgoing.draft}.eml",
        )
