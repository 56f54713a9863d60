"""Frozen settings: built-in < vault < user file < project file < environment < flags, read once, passed on.

A layer stands in for what is below it, but for what events leave out (:data:`ADDED`): what one layer excludes
no other lets in.

The user file is ``settings.yaml`` in the platform's configuration folder, the project file ``ipse.yaml`` in
the current folder. Environment variables name a setting by section and key: ``IPSE_LORA__RANK=8``.
"""

import os
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import TypeAlias, cast

import platformdirs
import pydantic
import yaml
from pydantic import BaseModel

from ipse.config.delivery import NEVER_IN_FILES
from ipse.config.sections import Settings
from ipse.errors import SettingsError

__all__ = ["check", "default_vault", "json_schema", "load_settings", "origins", "underlaid"]

Tree: TypeAlias = dict[str, object]

ADDED = (("privacy", "exclude_apps"), ("privacy", "exclude_paths"))
"""Lists that are those of all layers together."""


def default_vault() -> Path:
    """The user's own vault, used where neither flag, environment nor the current folder names one."""
    return Path(platformdirs.user_data_dir("ipse", appauthor=False)) / "vault"


def json_schema() -> dict[str, object]:
    """The JSON Schema of a settings file, published as docs/reference/settings.schema.json."""
    return cast("dict[str, object]", Settings.model_json_schema())


def load_settings(
    flags: Mapping[str, object] | None = None,
    *,
    environment: Mapping[str, str] | None = None,
    user_file: Path | None = None,
    project_file: Path | None = None,
) -> Settings:
    """Read the layers in order and return the frozen result.

    ``flags`` is a tree like a settings file. Raises ``SettingsError`` with file, line and what to write.
    """
    user = user_file or Path(platformdirs.user_config_dir("ipse", appauthor=False)) / "settings.yaml"
    merged: Tree = {}
    for file in (user, project_file or Path("ipse.yaml")):
        if file.is_file():
            merged = _merge(merged, _read(file))
    from_environment = _environment(os.environ if environment is None else environment)
    for origin, layer in (("environment", from_environment), ("flags", dict(flags or {}))):
        _validate(layer, origin, {})
        merged = _merge(merged, layer)
    return _validate(merged, "settings", {})


def check(tree: Mapping[str, object], origin: str) -> Settings:
    """What a tree like a settings file says; raises ``SettingsError``, which calls it ``origin``."""
    return _validate(tree, origin, {})


def underlaid(settings: Settings, below: Mapping[str, Mapping[str, object]]) -> Settings:
    """``settings`` with the values of ``below`` where none of their layers says anything.

    A value that is unknown here or out of bounds, as one of another version may be, is passed over.
    """
    updates: dict[str, BaseModel] = {}
    for section, held in below.items():
        group = getattr(settings, section, None)
        if not isinstance(group, BaseModel):
            continue
        given = group.model_fields_set if section in settings.model_fields_set else set()
        for key, value in held.items():
            if key in given and (section, key) not in ADDED:
                continue
            try:
                read = type(group).model_validate({key: value})
            except pydantic.ValidationError:
                continue
            new = getattr(read, key)
            if key in given:
                new = tuple(dict.fromkeys((*new, *getattr(group, key))))
            group = group.model_copy(update={key: new})
        updates[section] = group
    return settings.model_copy(update=updates)


def _merge(below: Tree, above: Mapping[str, object], at: tuple[str, ...] = ()) -> Tree:
    out = dict(below)
    for key, value in above.items():
        held = out.get(key)
        if isinstance(value, Mapping) and isinstance(held, dict):
            out[key] = _merge(cast("Tree", held), cast("Mapping[str, object]", value), (*at, key))
        elif (*at, key) in ADDED and isinstance(value, list | tuple) and isinstance(held, list | tuple):
            out[key] = list(dict.fromkeys([*held, *value]))
        else:
            out[key] = value
    return out


def _read(file: Path) -> Tree:
    """One YAML file, checked on its own so that a fault names its file and line."""
    try:
        text = file.read_text(encoding="utf-8")
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        tree = yaml.safe_load(text)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        line = f":{mark.line + 1}" if mark else ""
        raise SettingsError(
            f"{file}{line}: not valid YAML.", hint="Check the indentation and quotes there."
        ) from error
    if tree is None:
        return {}
    if not isinstance(tree, dict):
        raise SettingsError(
            f"{file}:1: settings are `section:` blocks.", hint="Write for example `imports: {tz: UTC}`."
        )
    lines: dict[tuple[str, ...], int] = {}
    _lines(node, (), lines)
    _validate(tree, str(file), lines)
    for section, key in NEVER_IN_FILES:
        if (section, key) in lines:
            raise SettingsError(
                f"{file}:{lines[section, key]}: {section}.{key}: no password stands in a file in the clear.",
                hint=f"Seal it in the vault: `ipse draft secret {section}`. Or set "
                f"IPSE_{section.upper()}__{key.upper()}.",
            )
    return cast("Tree", tree)


def _lines(node: yaml.Node | None, path: tuple[str, ...], out: dict[tuple[str, ...], int]) -> None:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            here = (*path, str(key.value))
            out[here] = key.start_mark.line + 1
            _lines(value, here, out)


def _environment(environment: Mapping[str, str]) -> Tree:
    tree: Tree = {}
    for name, value in environment.items():
        section, found, key = name.removeprefix("IPSE_").partition("__")
        if name.startswith("IPSE_") and found:
            layer = cast("Tree", tree.setdefault(section.lower(), {}))
            layer[key.lower()] = yaml.safe_load(value)
    if environment.get("IPSE_VAULT"):
        tree["vault"] = environment["IPSE_VAULT"]
    return tree


def _validate(tree: Mapping[str, object], origin: str, lines: Mapping[tuple[str, ...], int]) -> Settings:
    try:
        return Settings.model_validate(tree)
    except pydantic.ValidationError as error:
        first = error.errors()[0]
        path = tuple(str(part) for part in first["loc"])
        known = [path[:n] for n in range(len(path), 0, -1) if path[:n] in lines]
        where = f"{origin}:{lines[known[0]]}" if known else origin
        raise SettingsError(
            f"{where}: {'.'.join(path)}: {first['msg'][:1].lower()}{first['msg'][1:]}.",
            hint=_advice(path, first),
        ) from None


def _advice(path: tuple[str, ...], fault: pydantic.ValidationError | Mapping[str, object]) -> str:
    section: type[BaseModel] = Settings
    for part in path[:-1]:
        field = section.model_fields.get(part)
        if field is None or not (
            isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel)
        ):
            break
        section = field.annotation
    known = list(section.model_fields)
    if isinstance(fault, Mapping) and fault.get("type") == "extra_forbidden":
        close = get_close_matches(path[-1], known, n=1)
        return f"Write `{close[0]}` instead." if close else f"Write one of: {', '.join(known)}."
    field = section.model_fields.get(path[-1])
    if field is None:
        return "See `ipse settings schema`."
    return f"Write for example `{path[-1]}: {_yaml(field.get_default(call_default_factory=True))}`."


def _yaml(value: object) -> str:
    if isinstance(value, BaseModel):
        return "{}"
    value = list(value) if isinstance(value, tuple) else value
    return yaml.safe_dump(value, default_flow_style=True).removesuffix("\n...\n").strip()


def origins(
    flags: Mapping[str, object] | None = None,
    *,
    environment: Mapping[str, str] | None = None,
    user_file: Path | None = None,
    project_file: Path | None = None,
) -> dict[str, str]:
    """Where each setting that is not built in is from, by ``section.key``: a file, environment or flags."""
    found: dict[str, str] = {}
    user = user_file or Path(platformdirs.user_config_dir("ipse", appauthor=False)) / "settings.yaml"
    layers = [
        (str(file), _read(file)) for file in (user, project_file or Path("ipse.yaml")) if file.is_file()
    ]
    layers.append(("environment", _environment(os.environ if environment is None else environment)))
    layers.append(("flags", dict(flags or {})))
    for origin, layer in layers:
        for section, held in layer.items():
            keys = held if isinstance(held, Mapping) else {"": held}
            found |= {f"{section}.{key}".rstrip("."): origin for key in keys}
    return found
