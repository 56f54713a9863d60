"""Settings of drafts and of the channels that hand them out. Nothing leaves that was not approved."""

from typing import Literal

from pydantic import Field, SecretStr

from ipse.config.section import Section

__all__ = ["NEVER_IN_FILES", "DraftSettings", "SmtpSettings", "WebhookSettings"]

NEVER_IN_FILES = (("smtp", "password"), ("webhook", "secret"))
"""Settings that a file does not take: they are kept sealed in the vault, or come from the environment."""


class DraftSettings(Section):
    """What leaves with every draft."""

    channel: str = Field("copy", description="how an approved draft is handed out where nothing else is said")
    label: str = Field(
        "[Drafted by AI in my style (ipse); I reviewed and approved it.]",
        min_length=8,
        max_length=300,
        description="written under every text that leaves, so that whoever reads it knows",
    )


class SmtpSettings(Section):
    """The mail server that the channel `smtp` hands approved drafts to."""

    host: str = Field("", description="its name; empty: there is none")
    port: int = Field(587, ge=1, le=65535)
    security: Literal["starttls", "tls", "none"] = Field(
        "starttls", description="how the connection is secured; `none` is taken for this machine only"
    )
    user: str = Field("", description="name to sign in with; empty: without signing in")
    password: SecretStr = Field(
        SecretStr(""), description="in IPSE_SMTP__PASSWORD, or sealed in the vault: `ipse draft secret smtp`"
    )
    sender: str = Field("", description="your address, as mails come from")
    timeout: float = Field(30.0, gt=0, description="seconds to wait for an answer")


class WebhookSettings(Section):
    """Where the channel `webhook` posts approved drafts to."""

    url: str = Field("", description="an https address, or any on this machine; empty: there is none")
    secret: SecretStr = Field(
        SecretStr(""),
        description="key that signs each body; IPSE_WEBHOOK__SECRET or `ipse draft secret webhook`",
    )
    timeout: float = Field(30.0, gt=0, description="seconds to wait for an answer")
