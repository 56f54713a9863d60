"""Finds sources, collectors, recognizers, learners, voices and deliveries by entry point.

Ours are declared the same way. It knows no part by name: adding one edits nothing but its entry point.
"""

from collections.abc import Mapping
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING, cast

from ipse.config import PrivacySettings, Settings
from ipse.errors import PluginError, UnknownFormatError
from ipse.interfaces import Collector, ConfigurableVoice, Delivery, Learner, Recognizer, Source, Voice

if TYPE_CHECKING:
    from ipse.enrichment import Site

__all__ = [
    "collector",
    "collectors",
    "deliveries",
    "delivery",
    "estimators",
    "learner",
    "learners",
    "recognizers",
    "sites",
    "source_named",
    "sources",
    "speaking",
    "voice",
]


@cache
def _declared(group: str) -> dict[str, EntryPoint]:
    return {entry.name: entry for entry in sorted(entry_points(group=group), key=lambda entry: entry.name)}


def _load(group: str, name: str, protocol: type) -> type:
    known = _declared(group)
    if name not in known:
        raise PluginError(
            f"There is no {protocol.__name__.lower()} `{name}`.", hint=f"Known: {', '.join(known)}."
        )
    try:
        part = known[name].load()
    except (ImportError, AttributeError, SyntaxError) as error:
        raise PluginError(f"The {protocol.__name__.lower()} `{name}` does not load: {error}.") from error
    missing = [
        member for member in vars(protocol) if not member.startswith("_") and not hasattr(part, member)
    ]
    if missing:
        raise PluginError(f"The {protocol.__name__.lower()} `{name}` lacks {', '.join(sorted(missing))}.")
    return cast("type", part)


def sources() -> list[Source]:
    """Every source installed, in order of name."""
    return [cast("Source", _load("ipse.sources", name, Source)()) for name in _declared("ipse.sources")]


def source_named(name: str) -> Source:
    """The source that goes by ``name`` or by one of its aliases; raises ``UnknownFormatError``."""
    known = sources()
    for source in known:
        if name.lower() in (source.name, *source.aliases):
            return source
    raise UnknownFormatError(
        f"No source is called `{name}`.", hint=f"Known: {', '.join(s.name for s in known)}."
    )


def collectors() -> list[str]:
    """The names of what can watch something on this machine."""
    return list(_declared("ipse.collectors"))


def collector(name: str) -> type[Collector]:
    """The collector class of that name; raises ``PluginError``."""
    return _load("ipse.collectors", name, Collector)


def recognizers(settings: PrivacySettings | None = None) -> list[Recognizer]:
    """The recognizers that the settings name, in order of name.

    ``default`` stands for all that are installed and need nothing more. Raises ``PluginError`` for a name
    that is not known, ``SettingsError`` where one lacks what it needs.
    """
    settings = settings or PrivacySettings()
    known = _declared("ipse.recognizers")
    wanted = {name for name in settings.recognizers if name != "default"}
    parts = {name: _load("ipse.recognizers", name, Recognizer) for name in sorted({*known, *wanted})}
    if "default" in settings.recognizers:
        wanted |= {name for name, part in parts.items() if not getattr(part, "optional", False)}
    return [_made(part, settings) for name, part in parts.items() if name in wanted]


def _made(part: type, settings: PrivacySettings) -> Recognizer:
    configure = getattr(part, "configure", None)
    return cast("Recognizer", configure(settings) if configure is not None else part())


def sites() -> "list[Site]":
    """Every adapter for the links of a site, made with its defaults."""
    from ipse.enrichment import Site

    return [_load("ipse.sites", name, Site)() for name in _declared("ipse.sites")]


def learners() -> list[str]:
    """The names that ``ipse train --method`` takes."""
    return list(_declared("ipse.learners"))


def learner(name: str) -> type[Learner]:
    """The learner class of that name."""
    return _load("ipse.learners", name, Learner)


def estimators() -> dict[str, type]:
    """Estimators for tables that plugins brought: classes with scikit-learn's ``fit`` and ``predict``."""
    from ipse.tables import Estimator  # numpy comes with it, which who collects does without

    return {name: _load("ipse.estimators", name, Estimator) for name in _declared("ipse.estimators")}


def voice(name: str) -> type[Voice]:
    """The voice class that speaks with what the learner of the same name made."""
    return _load("ipse.voices", name, Voice)


def speaking(name: str, files: Mapping[str, bytes], settings: Settings) -> Voice:
    """The voice of that name with what its learner made, speaking by these settings."""
    made = voice(name).load(files)
    if isinstance(made, ConfigurableVoice):
        made.configure(settings)
    return made


def deliveries() -> dict[str, type[Delivery]]:
    """The channels that hand out approved drafts, by name."""
    return {name: delivery(name) for name in _declared("ipse.deliveries")}


def delivery(name: str) -> type[Delivery]:
    """The channel of that name; raises ``PluginError``."""
    return _load("ipse.deliveries", name, Delivery)
