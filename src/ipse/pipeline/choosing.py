"""Settings that the owner chooses in the vault itself: sealed, for names may stand in them, and its alone.

They lie below every file, so whoever writes a value into one has the last word. What the service needs before
a vault is open cannot lie in it, nor can passwords, which have a place of their own.
"""

from collections.abc import Collection, Mapping
from typing import Any, Final, Literal

import msgspec
from pydantic import BaseModel, SecretStr

from ipse.config import check, origins
from ipse.config.delivery import NEVER_IN_FILES
from ipse.errors import SettingsError
from ipse.pipeline.profiling import zone_named
from ipse.pipeline.workspace import CHOSEN, Workspace

__all__ = ["PERSONAL", "REACHING", "Setting", "Shape", "choose", "in_force", "personal"]

VAULT: Final = "vault"
ELSEWHERE: Final = ("vault", "service", "catalog", "keys")
"""Sections that are read before a vault is open."""

REACHING: Final = (
    "server.", "smtp.", "webhook.", "audit.anchor", "backup.folder", "lora.allow_network", "lora.monitor",
    "privacy.ner_model",
)  # fmt: skip
"""How settings begin by which words may leave, or files of this machine are read or written."""

PERSONAL: Final = ("privacy.exclude_people", "privacy.exclude_conversations", "privacy.exclude_words")
"""Settings that hold names and words; whoever may see figures alone does not see them."""

Tree = dict[str, dict[str, Any]]
Shape = Literal["switch", "integer", "number", "choice", "text", "list", "other"]


class Setting(msgspec.Struct, frozen=True, kw_only=True):
    """One value in force, where it is from, and what it may be; ``fixed`` says why it is not chosen here."""

    name: str
    value: Any
    default: Any
    origin: str
    about: str
    shape: Shape
    secret: bool = False
    choices: tuple[Any, ...] = ()
    least: float | None = None
    most: float | None = None
    fixed: str = ""


def in_force(workspace: Workspace) -> list[Setting]:
    """Every setting as it is now, in the order of the reference; the workspace goes by them from here on."""
    workspace.settle()  # a value and where it comes from are of one moment
    held, where, own = workspace.settings, origins(), _own(workspace)
    found = []
    for section, field in type(held).model_fields.items():
        group, given = getattr(held, section), getattr(workspace.given, section)
        if not isinstance(group, BaseModel):
            origin = where.get(section, "flags" if group != field.default else "built-in")
            found.append(
                Setting(
                    name=section, value=group, default=field.default, origin=origin, shape="other",
                    about=field.description or "", fixed=_fixed(section, origin),
                )
            )  # fmt: skip
            continue
        over = given.model_fields_set if section in workspace.given.model_fields_set else set()
        schema = type(group).model_json_schema()["properties"]
        for key, item in type(group).model_fields.items():
            name, default = f"{section}.{key}", item.get_default(call_default_factory=True)
            value = getattr(group, key)
            if key in over:
                origin = where.get(name, "flags")
            else:
                origin = VAULT if key in own.get(section, {}) else "built-in"
            secret = isinstance(value, SecretStr)
            found.append(
                Setting(
                    name=name, value=value, default=default, origin=origin, secret=secret,
                    about=item.description or "", fixed="secret" if secret else _fixed(section, origin),
                    **_shaped(schema[key]),
                )
            )  # fmt: skip
    return found


def personal(workspace: Workspace) -> None:
    """Tell the audit log that names which settings hold are shown."""
    workspace.vault.note("settings.read", {})


def choose(
    workspace: Workspace, changes: Mapping[str, object], reset: Collection[str] = ()
) -> list[tuple[str, object]]:
    """Keep these values (by ``section.key``) in the vault and take back those to ``reset``; in force at once.

    Returns what was chosen there before of each, None where nothing was. Raises ``SettingsError`` for what is
    no setting, no value of it, or stands in a layer above; then nothing is changed.
    """
    known = {one.name: one for one in in_force(workspace)}
    for name in (*changes, *reset):
        _may(known, name)
    with workspace.vault.exclusive():
        own = _own(workspace)
        before = [(name, own.get(section, {}).get(key)) for name, section, key in _parts((*changes, *reset))]
        for name, section, key in _parts(changes):
            own.setdefault(section, {})[key] = changes[name]
        for _, section, key in _parts(reset):
            own.get(section, {}).pop(key, None)
        kept = _checked(own)
        told = {"set": ", ".join(sorted(changes)), "reset": ", ".join(sorted(reset))}
        change = {name: names for name, names in told.items() if names}
        workspace.vault.put(*CHOSEN, msgspec.json.encode(kept), action="settings.change", details=change)
    workspace.settle()
    return before


def _own(workspace: Workspace) -> Tree:
    held = workspace.vault.find(*CHOSEN)
    return msgspec.json.decode(held, type=Tree) if held else {}


def _parts(names: Collection[str]) -> list[tuple[str, str, str]]:
    return [(name, *name.split(".", 1)) for name in names]  # type: ignore[misc]


def _checked(tree: Tree) -> Tree:
    """The tree as the settings write it, without empty sections."""
    read = check(tree, "settings")
    zone_named(read.imports.tz)
    return {
        section: getattr(read, section).model_dump(mode="json", include=set(held))
        for section, held in tree.items()
        if held
    }


def _may(known: Mapping[str, Setting], name: str) -> None:
    if "." not in name or name not in known:
        raise SettingsError(f"There is no setting `{name[:80]}`.", hint="See `ipse settings list`.")
    why = known[name].fixed
    if why == "secret":
        section, _, key = name.partition(".")
        sealed = (section, key) in NEVER_IN_FILES
        way = f"Seal it by `ipse draft secret {section}`." if sealed else "Give it by environment."
        raise SettingsError(f"{name} is a password.", hint=way)
    if why == "service":
        raise SettingsError(
            f"{name} is read before a vault is open.", hint="Write it into a settings file or a flag."
        )
    if why:
        raise SettingsError(f"{name} is set in {known[name].origin}.", hint="Change it there.")


def _fixed(section: str, origin: str) -> str:
    if section in ELSEWHERE:
        return "service"
    return "" if origin in ("built-in", VAULT) else "above"


def _shaped(schema: Mapping[str, Any]) -> dict[str, Any]:
    """What a value may be, from its JSON schema."""
    kind, choices = schema.get("type"), tuple(schema.get("enum", ()))
    least, most = schema.get("minimum", schema.get("exclusiveMinimum")), schema.get("maximum")
    shape: Shape = "other"
    if choices:
        shape = "choice"
    elif kind == "boolean":
        shape = "switch"
    elif kind in ("integer", "number"):
        shape = kind
    elif kind == "string":
        shape = "text"
    elif kind == "array" and schema["items"].get("type") == "string":
        shape, choices = "list", tuple(schema["items"].get("enum", ()))
    return {"shape": shape, "choices": choices, "least": least, "most": most}
