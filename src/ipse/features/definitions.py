"""What a feature is: read from YAML, checked, and known by the hash of its definition.

::

    features:
      focus_min_1h: {from: window, where: {category: work}, agg: duration, window: 1h}
      hour:         {time: hour_local, encode: cyclic}
      longest_run:  {sql: "select max(dur) / 1e6 from window", from: window, window: 1h}
    set: {name: focus_v1, origins: {every: 15m, when: active}, features: [focus_min_1h, hour], ttl: 2d}

Nothing here reads an event.
"""

import hashlib
import re
from collections.abc import Mapping
from difflib import get_close_matches
from typing import Literal, TypeAlias, cast, get_args

import msgspec

from ipse.errors import SettingsError

__all__ = [
    "Aggregation",
    "Clause",
    "Feature",
    "FeatureSet",
    "Limits",
    "Origins",
    "SqlFeature",
    "TimeFeature",
    "parse_features",
    "parse_set",
    "seconds",
]

Aggregate = Literal[
    "count",
    "duration",
    "sum",
    "mean",
    "min",
    "max",
    "std",
    "last",
    "seconds_since",
    "nunique",
    "entropy",
    "slope",
]
Clock = Literal[
    "hour", "weekday", "hour_of_week", "day_of_month", "month", "weekend",
    "hour_local", "weekday_local", "hour_of_week_local", "day_of_month_local", "month_local", "weekend_local",
]  # fmt: skip
Encoding = Literal["plain", "cyclic"]
Scalar: TypeAlias = str | int | float | bool | None

_PERCENTILE = re.compile(r"p(\d{1,2})")
_SPAN = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h|d|w)")
_UNITS = {"ms": 1e-3, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class Limits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A range that a number must lie in, both ends included."""

    min: float | None = None
    max: float | None = None


Clause: TypeAlias = Scalar | tuple[Scalar, ...] | Limits
"""What a field must be: a value, one of several, or within limits."""


class Aggregation(msgspec.Struct, frozen=True, kw_only=True, tag="agg"):
    """One number from the rows of a stream in a window before the origin, ``lag`` earlier; spans in seconds.

    ``field`` is what is aggregated, empty where the stream has only one that fits.
    """

    source: str
    agg: str
    window: float
    lag: float = 0.0
    field: str = ""
    where: dict[str, Clause] = {}


class TimeFeature(msgspec.Struct, frozen=True, kw_only=True, tag="time"):
    """What the clock says at the origin; ``cyclic`` makes a sine and a cosine of it."""

    time: Clock
    encode: Encoding = "plain"


class SqlFeature(msgspec.Struct, frozen=True, kw_only=True, tag="sql"):
    """One number by SQL over the rows of some streams that an aggregation would see."""

    sql: str
    sources: tuple[str, ...]
    window: float
    lag: float = 0.0


Feature: TypeAlias = Aggregation | TimeFeature | SqlFeature


class Origins(msgspec.Struct, frozen=True, kw_only=True):
    """The moments that features are computed at: a grid, all of it or where something happened.

    ``active`` takes those with a row in the step before; ``source`` and ``where`` say of which stream.
    """

    every: float
    when: Literal["always", "active"] = "always"
    source: str = ""
    where: dict[str, Clause] = {}


class FeatureSet(msgspec.Struct, frozen=True, kw_only=True):
    """Features that belong together, and when they are computed. ``ttl``: seconds that a row may be used.

    ``tz`` is the IANA zone of local times; without it, the offset of the latest row known.
    """

    name: str
    features: dict[str, Feature]
    origins: Origins
    ttl: float = 0.0
    tz: str = ""

    @property
    def version(self) -> str:
        """The hash of the definition: the same definition is the same version, on any machine."""
        plain = msgspec.json.encode(self, order="sorted")
        return hashlib.sha256(plain).hexdigest()[:12]

    @property
    def sources(self) -> tuple[str, ...]:
        """The streams that it reads."""
        found: dict[str, None] = {}
        for one in self.features.values():
            if isinstance(one, Aggregation):
                found[one.source] = None
            elif isinstance(one, SqlFeature):
                found.update(dict.fromkeys(one.sources))
        if self.origins.source:
            found[self.origins.source] = None
        return tuple(found)

    @property
    def reach(self) -> float:
        """Seconds before an origin that its features look back at most."""
        spans = [one.window + one.lag for one in self.features.values() if not isinstance(one, TimeFeature)]
        return max([*spans, self.origins.every])


def seconds(span: object, where: str = "a span") -> float:
    """``15m`` as 900.0; raises ``SettingsError``."""
    if isinstance(span, int | float) and not isinstance(span, bool) and span >= 0:
        return float(span)
    found = _SPAN.fullmatch(str(span).strip())
    if not found:
        raise SettingsError(
            f"{where}: `{span}` is no length of time.", hint="Write for example `15m` or `1h`."
        )
    return float(found[1]) * _UNITS[found[2]]


def parse_features(tree: Mapping[str, object]) -> dict[str, Feature]:
    """Every feature under ``features:``; raises ``SettingsError`` with its name and what to write."""
    return {name: _feature(name, _mapping(value, f"features.{name}")) for name, value in tree.items()}


def parse_set(tree: Mapping[str, object], features: Mapping[str, Feature]) -> FeatureSet:
    """What stands under ``set:``, with the features that it names; raises ``SettingsError``."""
    _only(tree, {"name", "origins", "features", "ttl", "tz"}, "set")
    name = tree.get("name")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise SettingsError("set.name: a set needs a name.", hint="Write for example `name: focus_v1`.")
    named = tree.get("features", list(features))
    wanted = [str(one) for one in named] if isinstance(named, list | tuple) else []
    for one in wanted:
        if one not in features:
            close = get_close_matches(one, features, n=1)
            hint = f"Write `{close[0]}` instead." if close else f"There are: {', '.join(features)}."
            raise SettingsError(f"set.features: there is no feature `{one}`.", hint=hint)
    if not wanted:
        raise SettingsError("set.features: a set needs features.", hint="List some of `features:`.")
    return FeatureSet(
        name=name,
        features={one: features[one] for one in wanted},
        origins=_origins(_mapping(tree.get("origins", {}), "set.origins")),
        ttl=seconds(tree.get("ttl", 0), "set.ttl"),
        tz=str(tree.get("tz", "")),
    )


def _feature(name: str, tree: Mapping[str, object]) -> Feature:
    at = f"features.{name}"
    if not _NAME.fullmatch(name):
        raise SettingsError(f"{at}: a name is letters, digits and _.", hint="Write for example `cpu_p95`.")
    if "time" in tree:
        return _time(tree, at)
    if "sql" in tree:
        _only(tree, {"sql", "from", "window", "lag"}, at)
        return SqlFeature(sql=str(tree["sql"]), sources=_sources(tree, at), **_spans(tree, at))
    _only(tree, {"from", "where", "agg", "window", "lag", "field"}, at)
    agg = str(tree.get("agg", ""))
    if agg not in get_args(Aggregate) and not _PERCENTILE.fullmatch(agg):
        known = ", ".join(get_args(Aggregate))
        raise SettingsError(f"{at}.agg: `{agg}` is no aggregation.", hint=f"There are: {known}, p00 to p99.")
    sources = _sources(tree, at)
    if len(sources) != 1:
        raise SettingsError(f"{at}.from: an aggregation reads one stream.", hint="Use `sql:` for several.")
    return Aggregation(
        source=sources[0],
        agg=agg,
        field=str(tree.get("field", "")),
        where=_where(tree.get("where", {}), f"{at}.where"),
        **_spans(tree, at),
    )


def _time(tree: Mapping[str, object], at: str) -> TimeFeature:
    _only(tree, {"time", "encode"}, at)
    try:
        return msgspec.convert(dict(tree), TimeFeature)
    except msgspec.ValidationError:
        known = f"{', '.join(get_args(Clock))}; encode: {', '.join(get_args(Encoding))}"
        raise SettingsError(f"{at}: `{tree['time']}` is no time.", hint=f"There are: {known}.") from None


def _spans(tree: Mapping[str, object], at: str) -> dict[str, float]:
    if "window" not in tree:
        raise SettingsError(f"{at}.window: how far back it looks is missing.", hint="Write `window: 1h`.")
    window = seconds(tree["window"], f"{at}.window")
    if window <= 0:
        raise SettingsError(f"{at}.window: it has no length.", hint="Write for example `window: 1h`.")
    return {"window": window, "lag": seconds(tree.get("lag", 0), f"{at}.lag")}


def _sources(tree: Mapping[str, object], at: str) -> tuple[str, ...]:
    given = tree.get("from")
    names = given if isinstance(given, list | tuple) else [given]
    if not all(isinstance(one, str) and one for one in names):
        raise SettingsError(f"{at}.from: the stream is missing.", hint="Write for example `from: window`.")
    return tuple(str(one) for one in names)


def _origins(tree: Mapping[str, object]) -> Origins:
    _only(tree, {"every", "when", "from", "where"}, "set.origins")
    every = seconds(tree.get("every", "15m"), "set.origins.every")
    if every <= 0:
        raise SettingsError("set.origins.every: it has no length.", hint="Write for example `every: 15m`.")
    when = tree.get("when", "always")
    if when not in ("always", "active"):
        raise SettingsError(f"set.origins.when: `{when}` is not known.", hint="Write `always` or `active`.")
    return Origins(
        every=every,
        when="active" if when == "active" else "always",
        source=str(tree.get("from", "")),
        where=_where(tree.get("where", {}), "set.origins.where"),
    )


def _where(tree: object, at: str) -> dict[str, Clause]:
    try:
        return {str(key): _clause(value) for key, value in _mapping(tree, at).items()}
    except msgspec.ValidationError as error:
        raise SettingsError(f"{at}: {error}.", hint="Write a value, a list, or {min: …, max: …}.") from None


def _clause(value: object) -> Clause:
    if isinstance(value, Mapping):
        return msgspec.convert(dict(value), Limits)
    if isinstance(value, list | tuple):
        return tuple(msgspec.convert(one, Scalar) for one in value)
    return cast("Scalar", msgspec.convert(value, Scalar))


def _mapping(value: object, at: str) -> Mapping[str, object]:
    if not isinstance(value, Mapping):
        raise SettingsError(
            f"{at}: this is a block of `key: value`.", hint="See docs/guides/learning-from-events.md."
        )
    return value


def _only(tree: Mapping[str, object], known: set[str], at: str) -> None:
    for key in tree:
        if key not in known:
            close = get_close_matches(key, known, n=1)
            hint = f"Write `{close[0]}` instead." if close else f"There are: {', '.join(sorted(known))}."
            raise SettingsError(f"{at}.{key}: this is not known.", hint=hint)
