"""Projects by configuration: what `features:`, `set:` and `models:` of the settings say."""

from pathlib import Path
from typing import Literal

import yaml

from ipse.config import Settings
from ipse.errors import SettingsError
from ipse.features import FeatureSet, parse_features, parse_set
from ipse.pipeline.days.declared import require_declared
from ipse.pipeline.days.wanting import Wanted
from ipse.tables import Task

__all__ = ["feature_set_named", "feature_set_of", "wanted_model"]

TASKS: dict[str, Literal["auto"] | Task] = {
    "auto": "auto",
    "classification": "classification",
    "regression": "regression",
    "forecast": "forecasting",
    "cluster": "clustering",
    "anomaly": "anomaly",
    "priority": "ranking",
}


def feature_set_named(settings: Settings, name: str = "") -> FeatureSet:
    """The set of the settings, or one of all features that has this name; raises ``SettingsError``."""
    tree = settings.set
    if not settings.features:
        raise SettingsError(
            "The settings define no features.", hint="Write some under `features:` in ipse.yaml."
        )
    features = parse_features(settings.features)
    if tree and (not name or tree.get("name") == name):
        made = parse_set(tree, features)
    elif name:
        raise SettingsError(f"There is no set `{name}`.", hint="Name it under `set:` in ipse.yaml.")
    else:
        made = parse_set({"name": "features"}, features)
    require_declared(settings, made.sources)
    return made


def wanted_model(settings: Settings, name: str) -> Wanted:
    """What a model of ``models:`` is to learn; raises ``SettingsError`` with those there are."""
    found = next((one for one in settings.models if one.name == name), None)
    if found is None:
        known = ", ".join(one.name for one in settings.models) or "none"
        raise SettingsError(f"There is no model `{name}` in the settings.", hint=f"There are: {known}.")
    stream, dot, field = found.target.rpartition(".")
    if not dot or not stream:
        raise SettingsError(f"models: {name}: target: no stream is named.", hint="Write `stream.field`.")
    features: FeatureSet | None = None
    if found.features:
        parsed = parse_features(settings.features)
        tree = dict(settings.set) if settings.set else {}
        features = parse_set({**tree, "name": name, "features": list(found.features)}, parsed)
    require_declared(settings, [stream, *(features.sources if features else ())])
    return Wanted(
        project=name,
        stream=stream,
        field=field,
        when=found.when,
        task=TASKS[found.type],
        algorithm=found.algorithm,
        params=dict(found.params),
        features=features,
        tz=settings.imports.tz,
    )


def feature_set_of(file: Path) -> FeatureSet:
    """The set of a file with ``features:`` and ``set:``; raises ``SettingsError``."""
    try:
        tree = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise SettingsError(
            f"{file}: cannot be read as YAML.", hint="Check the path and indentation."
        ) from error
    if not isinstance(tree, dict) or not isinstance(tree.get("features"), dict):
        raise SettingsError(
            f"{file}: there is no block `features:`.", hint="See docs/guides/learning-from-events.md."
        )
    features = parse_features(tree["features"])
    return parse_set(tree.get("set") or {"name": "features"}, features)
