"""The channels of a vault, with the passwords that are sealed in it: which can be used, and for whom."""

import msgspec
from pydantic import SecretStr

from ipse import plugins
from ipse.config import Settings
from ipse.drafts import Draft
from ipse.errors import NotFoundError, SettingsError
from ipse.interfaces import Delivery
from ipse.pipeline.workspace import Workspace

__all__ = ["Channel", "channels", "keep_secret", "ready"]

SECRETS = {"smtp": "password", "webhook": "secret"}


class Channel(msgspec.Struct, frozen=True, kw_only=True):
    """A channel, and why it cannot be used, if so."""

    name: str
    says: str
    lacks: str = ""


def channels(workspace: Workspace) -> list[Channel]:
    """Every channel that is installed."""
    found, settings = [], _with_secrets(workspace)
    for name, kind in plugins.deliveries().items():
        lacks = ""
        try:
            kind.configure(settings)
        except SettingsError as error:
            lacks = str(error)
        found.append(Channel(name=name, says=kind.says, lacks=lacks))
    return found


def ready(workspace: Workspace, draft: Draft) -> Delivery:
    """The channel of a draft, ready and able to reach its recipient; raises where it is not."""
    channel = plugins.delivery(draft.channel).configure(_with_secrets(workspace))
    channel.check(draft.recipient)
    return channel


def keep_secret(workspace: Workspace, channel: str, secret: str) -> None:
    """Seal a channel's password in the vault; an empty one is forgotten. Raises ``NotFoundError``."""
    if channel not in SECRETS:
        raise NotFoundError(
            f"No channel `{channel}` needs a secret.", hint=f"Those that do: {', '.join(SECRETS)}."
        )
    vault, told = workspace.vault, {"channel": channel}
    if secret:
        vault.put("secret", channel, secret.encode(), action="draft.secret", details=told)
    elif channel in vault.ids("secret"):
        vault.remove("secret", channel, action="secret.remove", details=told)


def _with_secrets(workspace: Workspace) -> Settings:
    """The settings of this run with the secrets that are sealed; what the environment says goes before."""
    changed = {}
    for section in workspace.vault.ids("secret"):
        key, held = SECRETS[section], getattr(workspace.settings, section)
        if not getattr(held, key).get_secret_value():
            secret = SecretStr(workspace.vault.get("secret", section).decode())
            changed[section] = held.model_copy(update={key: secret})
    return workspace.settings.model_copy(update=changed)
