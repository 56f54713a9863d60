"""What all mail channels share: an address checked, and a mail made, with provenance in its headers."""

import json
from datetime import UTC, datetime
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

import msgspec

from ipse.drafts import Outgoing
from ipse.errors import DraftError

__all__ = ["address", "composed"]


def address(written: str) -> str:
    """One plain mail address, as given; raises ``DraftError`` for anything else."""
    try:
        found = Address(addr_spec=written.strip())
    except (HeaderParseError, ValueError, IndexError) as error:
        raise DraftError(
            f"`{written}` is no mail address.", hint="Give one: `--to ana@example.org`."
        ) from error
    if not found.username or not found.domain:
        raise DraftError(f"`{written}` is no mail address.", hint="Give one: `--to ana@example.org`.")
    return found.addr_spec


def composed(outgoing: Outgoing, sender: str = "") -> EmailMessage:
    """The mail. ``AI-Disclosure`` is as in draft-abaris-aicdh; ``X-Ipse-Provenance`` is all, as JSON."""
    # Lines long enough that a header is not folded before its first word.
    mail, told = EmailMessage(policy=SMTP.clone(max_line_length=240)), outgoing.provenance
    if sender:
        mail["From"] = address(sender)
    mail["To"] = address(outgoing.recipient)
    if outgoing.subject:
        mail["Subject"] = outgoing.subject
    if outgoing.reply_to:
        mail["In-Reply-To"] = outgoing.reply_to
        mail["References"] = outgoing.reply_to
    mail["Date"] = format_datetime(datetime.now(UTC))
    mail["Message-ID"] = f"<{told.draft}@ipse.invalid>"  # the same for the same draft: a copy is known as one
    mode = "ai-modified" if told.edited else "ai-originated"
    at = int(told.approved_at.timestamp())
    mail["AI-Disclosure"] = f'mode={mode}, provider="ipse", reviewed-by="sender", date=@{at}'
    mail["X-Ipse-Provenance"] = json.dumps(msgspec.to_builtins(told))  # ASCII: it is not encoded again
    mail.set_content(outgoing.text)
    return mail
