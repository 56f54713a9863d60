"""Settings: what is in force and where from, what is chosen in the vault; what is plugged in."""

import inspect
from importlib.metadata import entry_points
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, SecretStr, StringConstraints

from ipse.config import json_schema
from ipse.errors import AccessError
from ipse.pipeline.choosing import PERSONAL, REACHING, Setting, Shape, choose, in_force, personal
from ipse.pipeline.tokens import ROLES
from ipse.server.deps import Administering, Aggregates, Asked
from ipse.server.paging import Page
from ipse.server.routing import component

__all__ = [
    "Changing",
    "PluginView",
    "SettingView",
    "change",
    "change_settings",
    "list_plugins",
    "list_settings",
    "router",
    "settings_schema",
]

router = component("settings")

GROUPS = ("ipse.sources", "ipse.recognizers", "ipse.learners", "ipse.voices", "ipse.sites", "ipse.deliveries")
HIDDEN = "•••"
Name = Annotated[str, StringConstraints(max_length=80)]


class SettingView(BaseModel):
    """One value in force, and what it may be."""

    section: str = Field(examples=["retrieval"])
    key: str = Field(examples=["dimensions"])
    value: Any = Field(examples=[256])
    default: Any = Field(examples=[256])
    origin: str = Field(
        description="`built-in`, `vault`, a file, `environment` or `flags`", examples=["built-in"]
    )
    about: str = Field(examples=["size of the learned embedding"])
    secret: bool = Field(description="whether the value is hidden")
    shape: Shape = Field(examples=["integer"])
    choices: list[Any] = Field(description="what it may be, where that is a list", examples=[[]])
    least: float | None = Field(default=None, examples=[1])
    most: float | None = None
    fixed: str = Field(
        description="why it is not chosen here: `service`, `secret`, or `above`: a file or so says it; "
        "empty: it is",
        examples=[""],
    )


class Changing(BaseModel):
    """Values to choose, and those to take back, by `section.key`."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"changes": {"retrieval.epochs": 8}, "reset": ["voice.fallback"]}]},
    )

    changes: dict[Name, Any] = Field(default={}, max_length=200)
    reset: list[Name] = Field(default=[], max_length=200, description="as built in again")


class PluginView(BaseModel):
    """One part that was found by its entry point."""

    kind: str = Field(examples=["sources"])
    name: str = Field(examples=["whatsapp"])
    module: str = Field(examples=["ipse.sources.whatsapp.source:WhatsApp"])
    package: str = Field(description="which installed package brings it", examples=["ipse 0.1.0"])


@router.get("/settings")
def list_settings(asked: Aggregates) -> Page[SettingView]:
    """Every setting in force, with where its value comes from; names in them only for who may read."""
    reads = "read" in asked.asker.scopes
    held = in_force(asked.workspace)
    if reads and any(one.value for one in held if one.name in PERSONAL):
        personal(asked.workspace)
    found = [_view(one, hide=not reads and one.name in PERSONAL) for one in held]
    return Page(items=found, total=len(found))


@router.patch("/settings")
def change_settings(asked: Administering, body: Changing) -> Page[SettingView]:
    """Choose values in the vault, or take them back; they hold at once, for what begins from now on.

    By what reaches beyond this machine words may leave it, so only the owner may choose that.
    """
    names = {*body.changes, *body.reset}
    change(asked, body.changes, body.reset)
    found = [_view(one) for one in in_force(asked.workspace) if one.name in names]
    return Page(items=found, total=len(found))


@router.get("/settings/schema")
def settings_schema(asked: Aggregates) -> dict[str, Any]:  # noqa: ARG001 - whoever is signed in
    """The JSON Schema of a settings file."""
    return json_schema()


@router.get("/plugins")
def list_plugins(asked: Aggregates) -> Page[PluginView]:  # noqa: ARG001 - whoever is signed in
    """Sources, recognizers, learners, voices and sites, ours and others', by entry point."""
    found = [
        PluginView(
            kind=group.removeprefix("ipse."),
            name=entry.name,
            module=inspect.cleandoc(entry.value),
            package=f"{entry.dist.name} {entry.dist.version}" if entry.dist else "",
        )
        for group in GROUPS
        for entry in sorted(entry_points(group=group), key=lambda entry: entry.name)
    ]
    return Page(items=found, total=len(found))


def change(asked: Asked, changes: dict[str, Any], reset: list[str] | None = None) -> None:
    """Choose for who asks; every workspace of the vault goes by it from the next request on."""
    names = {*changes, *(reset or ())}
    reaching = sorted(name for name in names if name.startswith(REACHING))
    if reaching and not asked.asker.scopes >= ROLES["owner"]:
        raise AccessError(
            f"`{reaching[0]}` reaches beyond the vault.", hint="Only its owner chooses that.", known=True
        )
    choose(asked.workspace, changes, reset or ())
    asked.vault.settled()


def _view(one: Setting, *, hide: bool = False) -> SettingView:
    section, _, key = one.name.partition(".")
    value, default = one.value, one.default
    if isinstance(value, SecretStr):
        value, default = HIDDEN if value.get_secret_value() else "", ""
    elif hide:
        value = [HIDDEN] if value else []
    return SettingView(
        section=section,
        key=key,
        value=_plain(value),
        default=_plain(default),
        origin=one.origin,
        about=one.about,
        secret=one.secret,
        shape=one.shape,
        choices=list(one.choices),
        least=one.least,
        most=one.most,
        fixed=one.fixed,
    )


def _plain(value: object) -> object:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if isinstance(value, dict):
        return {str(key): _plain(held) for key, held in value.items()}
    return list(value) if isinstance(value, tuple) else value
