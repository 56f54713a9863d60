"""Channels that hand out approved drafts, and the passwords of those that need one."""

from typing import Annotated

from fastapi import Path
from pydantic import BaseModel, ConfigDict, Field, SecretStr, StringConstraints

from ipse.pipeline.channels import Channel, channels, keep_secret
from ipse.server.deps import Administering, Reading
from ipse.server.paging import Page
from ipse.server.routing import component

__all__ = [
    "ChannelSecret",
    "ChannelView",
    "forget_channel_secret",
    "keep_channel_secret",
    "list_channels",
    "router",
]

router = component("drafts", prefix="/channels")

Name = Annotated[str, Path(max_length=64, examples=["smtp"])]


class ChannelView(BaseModel):
    """A channel. Which server it speaks with stands in the settings, not here."""

    name: str = Field(examples=["mailto"])
    says: str = Field(examples=["a link that opens it in your mail program"])
    lacks: str = Field(description="why it cannot be used; empty: it can", examples=[""])


class ChannelSecret(BaseModel):
    """A password or key; it is sealed in the vault and never shown again."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"secret": "correct horse"}]})

    secret: Annotated[SecretStr, StringConstraints(min_length=8, max_length=1024)]


@router.get("")
def list_channels(asked: Reading) -> Page[ChannelView]:
    """Every channel that is installed, and what those lack that cannot be used."""
    found = [_view(one) for one in channels(asked.workspace)]
    return Page(items=found, total=len(found))


@router.put("/{channel}/secret", status_code=204)
def keep_channel_secret(asked: Administering, channel: Name, body: ChannelSecret) -> None:
    """Seal the password of a mail server, or the key of a webhook, in the vault."""
    keep_secret(asked.workspace, channel, body.secret.get_secret_value())


@router.delete("/{channel}/secret", status_code=204)
def forget_channel_secret(asked: Administering, channel: Name) -> None:
    """Forget it; where there is none, nothing happens."""
    keep_secret(asked.workspace, channel, "")


def _view(channel: Channel) -> ChannelView:
    return ChannelView(name=channel.name, says=channel.says, lacks=channel.lacks)
