"""Settings with the origin of each value, and what is plugged in."""

import inspect
from importlib.metadata import entry_points
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, Field, SecretStr

from ipse.config import json_schema, origins
from ipse.server.deps import Aggregates
from ipse.server.paging import Page

__all__ = [
    "PluginView",
    "SettingView",
    "list_plugins",
    "list_settings",
    "router",
    "settings_schema",
]

router = APIRouter(tags=["settings"])

GROUPS = ("ipse.sources", "ipse.recognizers", "ipse.learners", "ipse.voices", "ipse.sites", "ipse.deliveries")
HIDDEN = "•••"


class SettingView(BaseModel):
    """One value in force."""

    section: str = Field(examples=["retrieval"])
    key: str = Field(examples=["dimensions"])
    value: Any = Field(examples=[256])
    default: Any = Field(examples=[256])
    origin: str = Field(description="`built-in`, a file, `environment` or `flags`", examples=["built-in"])
    about: str = Field(examples=["size of the learned embedding"])
    secret: bool = Field(description="whether the value is hidden")


class PluginView(BaseModel):
    """One part that was found by its entry point."""

    kind: str = Field(examples=["sources"])
    name: str = Field(examples=["whatsapp"])
    module: str = Field(examples=["ipse.sources.whatsapp.source:WhatsApp"])
    package: str = Field(description="which installed package brings it", examples=["ipse 0.1.0"])


@router.get("/settings")
def list_settings(asked: Aggregates) -> Page[SettingView]:
    """Every setting in force, with where its value comes from."""
    held, found = asked.workspace.settings, []
    where = origins()
    for section, field in type(held).model_fields.items():
        group = getattr(held, section)
        if not isinstance(group, BaseModel):
            origin = where.get(section, "flags" if group != field.default else "built-in")
            found.append(_view(section, "", group, field.default, origin, field.description or ""))
            continue
        for key, item in type(group).model_fields.items():
            value, default = getattr(group, key), item.get_default(call_default_factory=True)
            changed = "flags" if value != default else "built-in"
            origin = where.get(f"{section}.{key}", changed)
            found.append(_view(section, key, value, default, origin, item.description or ""))
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


def _view(section: str, key: str, value: object, default: object, origin: str, about: str) -> SettingView:
    secret = isinstance(value, SecretStr)
    plain = (HIDDEN if value.get_secret_value() else "") if isinstance(value, SecretStr) else _plain(value)
    return SettingView(
        section=section,
        key=key,
        value=plain,
        default="" if secret else _plain(default),
        origin=origin,
        about=about,
        secret=secret,
    )


def _plain(value: object) -> object:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if isinstance(value, dict):
        return {str(key): _plain(held) for key, held in value.items()}
    return list(value) if isinstance(value, tuple) else value
