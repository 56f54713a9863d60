"""Frozen settings: built-in < user file < project file < environment < flags, read once, passed on.

The user file is ``settings.yaml`` in the platform's configuration folder, the project file ``ipse.yaml`` in
the current folder. Environment variables name a setting by section and key: ``IPSE_LORA__RANK=8``.
"""

import os
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Literal, TypeAlias, cast

import platformdirs
import pydantic
import yaml
from pydantic import BaseModel, ConfigDict, Field

from ipse.errors import SettingsError

__all__ = [
    "CatalogSettings",
    "DatasetSettings",
    "EnrichSettings",
    "ImportSettings",
    "KeySettings",
    "LoraSettings",
    "PrivacySettings",
    "ReportSettings",
    "RetentionSettings",
    "RetrievalSettings",
    "ScorecardSettings",
    "Settings",
    "default_vault",
    "json_schema",
    "load_settings",
]

Fraction = Annotated[float, Field(gt=0, lt=1)]
Tree: TypeAlias = dict[str, object]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class CatalogSettings(_Section):
    """Where the catalog of a new vault lies; a vault that is there knows it itself."""

    url: str = Field(
        "", description="PostgreSQL database, such as postgresql+psycopg://you@host/ipse; empty: in the vault"
    )
    password: pydantic.SecretStr = Field(
        pydantic.SecretStr(""), description="its password, where neither PGPASSWORD nor ~/.pgpass has it"
    )


class ImportSettings(_Section):
    """How exports are read."""

    tz: str = Field("UTC", description="IANA zone of exports that hold local times, such as Europe/Berlin")
    date_order: Literal["auto", "dmy", "mdy"] = Field(
        "auto", description="order of day and month where an export leaves it open"
    )
    batch: int = Field(8192, ge=1, description="records made durable at a time")
    languages: tuple[str, ...] = Field(
        ("en", "de", "fr", "es", "it", "pt", "nl", "ru", "ka"),
        description="ISO 639-1 codes that language detection chooses from; fewer is faster and surer",
    )


class PrivacySettings(_Section):
    """What the gate refuses and replaces."""

    exclude_people: tuple[str, ...] = Field((), description="names or addresses whose messages are refused")
    exclude_conversations: tuple[str, ...] = Field((), description="conversations that are refused whole")
    exclude_words: tuple[str, ...] = Field((), description="a message that holds one of these is refused")
    keep_raw: bool = Field(
        default=False, description="keep the body as exported (body_raw) beside the cleaned text"
    )
    phone_regions: tuple[str, ...] = Field(
        ("DE", "US", "GB", "GE", "FR"), description="regions for phone numbers written without country code"
    )
    recognizers: tuple[str, ...] = Field(
        ("default",),
        description="what is looked for; default: all but `entities`, `presidio` and `ner`",
    )
    ner_model: str = Field(
        "", description="folder of a token classifier (Hugging Face) or spaCy pipeline, for `ner`"
    )
    ner_kinds: tuple[Literal["NAME", "PLACE", "ORGANISATION"], ...] = Field(
        ("NAME",), description="what `ner` is asked for"
    )
    entity_kinds: tuple[
        Literal["NAME", "ADDRESS", "PLACE", "ORGANISATION", "NATIONALITY", "DATE", "AGE"], ...
    ] = Field(("NAME", "ADDRESS"), description="what `entities` is asked for")
    replace_from: float = Field(
        0.5,
        ge=0,
        le=1,
        description="score from which a find is replaced; below it, it is left and asked about",
    )
    ask_from: float = Field(0.3, ge=0, le=1, description="score below which a find is ignored")
    review_items: int = Field(
        1000, ge=0, description="doubtful finds kept for `ipse privacy review`; 0: none are kept"
    )


class RetentionSettings(_Section):
    """How long records are kept, in days; 0: until they are erased."""

    messages: int = Field(0, ge=0, description="days that messages are kept; 0: until erased")
    events: int = Field(0, ge=0, description="days that events are kept; 0: until erased")
    sources: dict[str, Annotated[int, Field(ge=0)]] = Field(
        {}, description="days by source, before the two above, such as `whatsapp: 365`"
    )

    @property
    def limits(self) -> bool:
        """Whether anything is limited."""
        return bool(self.messages or self.events or any(self.sources.values()))

    def days(self, source: str, family: Literal["messages", "events"]) -> int:
        """Days that records of a source are kept; 0 for no limit."""
        return self.sources.get(source, self.messages if family == "messages" else self.events)


class KeySettings(_Section):
    """How long an unlocked vault stays so."""

    auto_lock: float = Field(
        15.0, ge=0, description="minutes without use after which `ipse vault unlock` ends; 0: never"
    )


class EnrichSettings(_Section):
    """How links are looked up, once the owner allows it."""

    seconds_between: float = Field(1.0, ge=0, description="pause between two questions to one site")
    timeout: float = Field(10.0, gt=0, description="seconds to wait for an answer")
    again_days: float = Field(30.0, ge=0, description="days after which a failed link is asked for again")


class DatasetSettings(_Section):
    """How messages become examples (SCORECARD: the recipe)."""

    burst_minutes: float = Field(
        2.0, ge=0, description="messages of one sender closer than this are one turn"
    )
    context_turns: int = Field(6, ge=1, le=32, description="turns of context at most")
    gap_hours: float = Field(12.0, gt=0, description="a longer silence ends a conversation")
    train: Fraction = Field(0.6, description="oldest share of conversations: trains the clone")
    judge: Fraction = Field(0.2, description="next share: trains the judge and tunes")
    split_gap_hours: float = Field(
        24.0, ge=0, description="nothing is used this close to a border between sets"
    )
    near_duplicate: Fraction = Field(0.8, description="Jaccard similarity of near-duplicates")
    min_reply_chars: int = Field(1, ge=1, description="shorter replies are left out")
    max_reply_chars: int = Field(4000, ge=16, description="longer replies are left out")


class RetrievalSettings(_Section):
    """The embedded voice: an encoder trained on the owner's own pairs."""

    dimensions: int = Field(256, ge=8, description="size of the learned embedding")
    epochs: int = Field(8, ge=1)
    seed: int = 7


class LoraSettings(_Section):
    """The adapter, with the defaults of the recipe."""

    base: str = Field("", description="folder of a causal language model, or a Hub id")
    rank: int = Field(16, ge=1)
    alpha: int = Field(32, ge=1)
    dropout: float = Field(0.05, ge=0, lt=1)
    learning_rate: float = Field(1e-4, gt=0)
    batch: int = Field(8, ge=1)
    epochs: float = Field(3.0, gt=0)
    max_tokens: int = Field(1024, ge=32, description="longest example; the oldest context is cut first")
    max_steps: int = Field(0, ge=0, description="stop after so many steps; 0: by epochs")
    system: str = Field(
        "You answer as the owner of this conversation would.", description="the fixed system line"
    )
    allow_network: bool = Field(default=False, description="let a Hub id be fetched, once")
    seed: int = 7


class ScorecardSettings(_Section):
    """How a clone is judged."""

    resamples: int = Field(2000, ge=100, description="bootstrap resamples, by conversation")
    block_words: int = Field(100, ge=20, description="words in a block for authorship metrics")
    max_examples: int = Field(400, ge=20, description="held-out examples answered at most")
    wrong_authors: int = Field(3, ge=1, description="impostor clones averaged for the baseline")
    seed: int = 7


class ReportSettings(_Section):
    """What the compliance report holds the vault to."""

    controller: str = Field("", description="who is responsible, as the record of processing names them")
    backup_days: int = Field(30, ge=1, description="days after which the last backup is too old")
    drill_days: int = Field(365, ge=1, description="days after which the last restore drill is too old")


class Settings(_Section):
    """All settings of one run."""

    vault: str = Field("", description="folder of the vault; empty: the one found here, else the user's own")
    imports: ImportSettings = ImportSettings()
    catalog: CatalogSettings = CatalogSettings()
    privacy: PrivacySettings = PrivacySettings()
    enrich: EnrichSettings = EnrichSettings()
    retention: RetentionSettings = RetentionSettings()
    keys: KeySettings = KeySettings()
    dataset: DatasetSettings = DatasetSettings()
    retrieval: RetrievalSettings = RetrievalSettings()
    lora: LoraSettings = LoraSettings()
    scorecard: ScorecardSettings = ScorecardSettings()
    report: ReportSettings = ReportSettings()


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


def _merge(below: Tree, above: Mapping[str, object]) -> Tree:
    out = dict(below)
    for key, value in above.items():
        held = out.get(key)
        if isinstance(value, Mapping) and isinstance(held, dict):
            out[key] = _merge(cast("Tree", held), cast("Mapping[str, object]", value))
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
