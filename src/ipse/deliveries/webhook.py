"""A signed request to an address that the owner set: other programs take drafts from here.

Signed as in Standard Webhooks (https://www.standardwebhooks.com): HMAC-SHA256 over id, time and body. The id
is the draft's, so that whoever receives it twice knows it as one.
"""

import base64
import hashlib
import hmac
import time
from typing import Self
from urllib.parse import urlsplit

import msgspec

from ipse.config import Settings, WebhookSettings, on_this_machine
from ipse.drafts import Approved, Outgoing, Receipt
from ipse.errors import DeliveryError, SettingsError

__all__ = ["Webhook"]


class Webhook:
    """Posts JSON; follows no redirect and takes no proxy."""

    name = "webhook"
    says = "a signed request to the address you set (webhook.url)"

    def __init__(self, settings: WebhookSettings) -> None:
        self._settings = settings

    @classmethod
    def configure(cls, settings: Settings) -> Self:
        """Raises ``SettingsError`` where there is no address or no key, or one elsewhere is not https."""
        held, parts = settings.webhook, urlsplit(settings.webhook.url)
        if not parts.hostname or parts.scheme not in ("http", "https"):
            raise SettingsError("No webhook is set.", hint="Set webhook.url to an https address.")
        if parts.scheme == "http" and not on_this_machine(parts.hostname):
            raise SettingsError(
                f"{parts.hostname} is another machine: your text would travel in the clear.",
                hint="Set webhook.url to an https address.",
            )
        if not held.secret.get_secret_value():
            raise SettingsError(
                "A webhook needs a key that signs.", hint="Seal one: `ipse draft secret webhook`."
            )
        return cls(held)

    def check(self, recipient: str) -> None:
        """Anybody: whoever receives it decides what the recipient means."""

    def deliver(self, approved: Approved) -> Receipt:
        """Post it; raises ``DeliveryError``."""
        import httpx2

        host = urlsplit(self._settings.url).netloc
        try:
            with httpx2.Client(
                timeout=self._settings.timeout, trust_env=False, follow_redirects=False
            ) as client:
                outgoing = approved.take()
                body = _body(outgoing)
                headers = _signed(self._settings.secret.get_secret_value(), outgoing.draft, body)
                answer = client.post(self._settings.url, content=body, headers=headers)
        except httpx2.HTTPError as error:
            unreached = isinstance(error, httpx2.ConnectError | httpx2.ConnectTimeout)
            raise DeliveryError(
                f"{host} did not answer ({type(error).__name__}).",
                hint="Check webhook.url.",
                refused=unreached,
            ) from error
        if not answer.is_success:
            raise DeliveryError(
                f"{host} answered {answer.status_code}.",
                hint="Check what receives it.",
                refused=answer.status_code < 500,  # a server at fault may have taken it
            )
        return Receipt(told=f"taken by {host}")


def _body(outgoing: Outgoing) -> bytes:
    return msgspec.json.encode({"type": "ipse.draft", "data": outgoing})


def _signed(secret: str, name: str, body: bytes) -> dict[str, str]:
    """Its headers; a key that begins with ``whsec_`` is base64, as the standard has it."""
    at = str(int(time.time()))
    key = base64.b64decode(secret[6:]) if secret.startswith("whsec_") else secret.encode()
    mac = hmac.new(key, b".".join([name.encode(), at.encode(), body]), hashlib.sha256).digest()
    return {
        "content-type": "application/json",
        "webhook-id": name,
        "webhook-timestamp": at,
        "webhook-signature": f"v1,{base64.b64encode(mac).decode()}",
    }
