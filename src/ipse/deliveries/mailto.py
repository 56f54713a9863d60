"""A ``mailto:`` link (RFC 6068) that opens the text in the owner's own mail program."""

from typing import Self
from urllib.parse import quote, urlencode

from ipse.config import Settings
from ipse.deliveries.mails import address
from ipse.drafts import Approved, Receipt

__all__ = ["MailTo"]


class MailTo:
    """Makes the link; the owner sends it. Links carry no headers that programs keep: the label says it."""

    name = "mailto"
    says = "a link that opens it in your mail program"

    @classmethod
    def configure(cls, settings: Settings) -> Self:  # noqa: ARG003 - of the protocol
        """It needs nothing."""
        return cls()

    def check(self, recipient: str) -> None:
        """A mail address."""
        address(recipient)

    def deliver(self, approved: Approved) -> Receipt:
        """The link."""
        outgoing = approved.take()
        fields = {"subject": outgoing.subject, "body": "\r\n".join(outgoing.text.splitlines())}
        if outgoing.reply_to:
            fields["in-reply-to"] = outgoing.reply_to
        query = urlencode({name: held for name, held in fields.items() if held}, quote_via=quote)
        link = f"mailto:{quote(address(outgoing.recipient), safe='@')}?{query}"
        return Receipt(told="made a mailto: link", content=link.encode(), media_type="text/uri-list")
