"""Mail by the server that the owner set. It connects and signs in first; only then is the approval opened."""

import smtplib
import ssl
from typing import Self

from ipse.config import Settings, SmtpSettings, on_this_machine
from ipse.deliveries.mails import address, composed
from ipse.drafts import Approved, Receipt
from ipse.errors import DeliveryError, SettingsError

__all__ = ["Smtp"]


class Smtp:
    """Hands one mail to one server. What the server certainly did not take is ``refused``."""

    name = "smtp"
    says = "a mail sent by the server you set (smtp.host)"

    def __init__(self, settings: SmtpSettings) -> None:
        self._settings = settings

    @classmethod
    def configure(cls, settings: Settings) -> Self:
        """Raises ``SettingsError`` where no server is set, or one elsewhere without encryption."""
        held = settings.smtp
        if not held.host or not held.sender:
            raise SettingsError("No mail server is set.", hint="Set smtp.host and smtp.sender.")
        if held.security == "none" and not on_this_machine(held.host):
            raise SettingsError(
                f"{held.host} is another machine: your mail would travel in the clear.",
                hint="Set smtp.security to starttls or tls.",
            )
        return cls(held)

    def check(self, recipient: str) -> None:
        """A mail address."""
        address(recipient)

    def deliver(self, approved: Approved) -> Receipt:
        """Send it; raises ``DeliveryError``."""
        settings, taken = self._settings, False
        try:
            with self._connected() as server:
                if settings.user:
                    server.login(settings.user, settings.password.get_secret_value())
                outgoing = approved.take()
                server.send_message(composed(outgoing, settings.sender))
                taken = True  # how it says goodbye changes nothing
        except (smtplib.SMTPException, OSError) as error:
            if not taken:
                raise DeliveryError(
                    f"{settings.host} did not take it ({_told(error)}).",
                    hint="Check the smtp settings.",
                    refused=not approved.taken or _refused(error),
                ) from error
        return Receipt(told=f"taken by {settings.host}")

    def _connected(self) -> smtplib.SMTP:
        settings = self._settings
        where, wait = (settings.host, settings.port), settings.timeout
        if settings.security == "tls":
            return smtplib.SMTP_SSL(*where, timeout=wait, context=ssl.create_default_context())
        server = smtplib.SMTP(*where, timeout=wait)
        try:
            if settings.security == "starttls":
                server.starttls(context=ssl.create_default_context())
        except (smtplib.SMTPException, OSError):
            server.close()
            raise
        return server


def _refused(error: Exception) -> bool:
    """Whether the server's own answer says that it does not have it."""
    answered = (smtplib.SMTPRecipientsRefused, smtplib.SMTPSenderRefused, smtplib.SMTPDataError)
    return isinstance(error, (*answered, smtplib.SMTPNotSupportedError))


def _told(error: Exception) -> str:
    """The kind of fault and the server's code; not its words, which may quote the mail."""
    code = getattr(error, "smtp_code", "")
    return f"{type(error).__name__} {code}".strip()
