"""What can be set: one class a section, a comment a field. Nothing here reads a file."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from ipse.config.collecting import CollectSettings
from ipse.config.days import ProductivitySettings, SystemSettings
from ipse.config.delivery import DraftSettings, SmtpSettings, WebhookSettings
from ipse.config.projects import DataSource, ModelSettings
from ipse.config.retaining import Days, RetentionSettings
from ipse.config.section import Section
from ipse.config.servers import CatalogSettings, ServerSettings, ServiceSettings
from ipse.config.upkeep import AuditSettings, BackupSettings, JobSettings, KeySettings, TierSettings

__all__ = [
    "AuditSettings",
    "BackupSettings",
    "CollectSettings",
    "DatasetSettings",
    "EnrichSettings",
    "EnsembleSettings",
    "ImportSettings",
    "JobSettings",
    "KeySettings",
    "LoraSettings",
    "PrivacySettings",
    "ProductivitySettings",
    "ReportSettings",
    "RetrievalSettings",
    "ScorecardSettings",
    "Settings",
    "SystemSettings",
    "VoiceSettings",
]

# YAML reads a bare on or off as true or false.
Switch = Annotated[
    Literal["auto", "on", "off"],
    BeforeValidator(lambda given: ("off", "on")[given] if isinstance(given, bool) else given),
]
Fraction = Annotated[float, Field(gt=0, lt=1)]


class ImportSettings(Section):
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


class PrivacySettings(Section):
    """What the gate refuses and replaces."""

    exclude_people: tuple[str, ...] = Field((), description="names or addresses whose messages are refused")
    exclude_conversations: tuple[str, ...] = Field((), description="conversations that are refused whole")
    exclude_words: tuple[str, ...] = Field((), description="a message that holds one of these is refused")
    exclude_apps: tuple[str, ...] = Field(
        (), description="apps of which no event is collected; * stands for anything"
    )
    exclude_paths: tuple[str, ...] = Field(
        (), description="folders and files of which no event is collected, by whatever link; ~ is your home"
    )
    data_retention_days: Days = Field(
        0,
        description="days that events of the data sources, else all, are kept at most; 0: no limit",
    )
    anonymize_sensitive_data: bool = Field(
        default=False,
        description="of what is personal in texts of events keep only what kind it is, which tells no two "
        "apart, and of titles at most their category",
    )
    titles: Annotated[
        Literal["off", "category", "hmac", "full"],
        BeforeValidator(lambda given: "off" if given is False else given),  # YAML's bare off
    ] = Field(
        "category",
        description="what is collected of a window's title: nothing, the category it falls in, a keyed "
        "digest that tells equal ones, or the title itself",
    )
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
    special_categories: Literal["keep", "refuse"] = Field(
        "keep",
        description="messages of special categories (health, religion …) without a consent of their own: "
        "kept and not used, or not even kept",
    )
    review_items: int = Field(
        1000, ge=0, description="doubtful finds kept for `ipse privacy review`; 0: none are kept"
    )


class EnrichSettings(Section):
    """How links are looked up, once the owner allows it."""

    seconds_between: float = Field(1.0, ge=0, description="pause between two questions to one site")
    timeout: float = Field(10.0, gt=0, description="seconds to wait for an answer")
    again_days: float = Field(30.0, ge=0, description="days after which a failed link is asked for again")


class DatasetSettings(Section):
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
    split: Literal["time", "ratio"] = Field(
        "time", description="sets by time, the latest is the test; or by lot, whole conversations"
    )
    holdout: float = Field(
        0.0,
        ge=0,
        lt=1,
        description="share of the test set; train and judge share the rest; 0: what they leave",
    )
    strategy: Literal["conversation", "burst", "style-only", "qa", "few-shot"] = Field(
        "conversation", description="what stands before a reply that trains"
    )
    few_shot: int = Field(2, ge=1, le=8, description="earlier exchanges before each, for few-shot")
    augment: int = Field(
        0,
        ge=0,
        le=8,
        description="copies of a training example with another input and the same reply, at most",
    )
    half_life_days: float = Field(
        0.0, ge=0, description="age at which a training example counts half as much; 0: age does not matter"
    )
    without: tuple[str, ...] = Field((), description="rules of cleaning that are not applied, by name")
    languages: tuple[str, ...] = Field(
        (), description="languages of replies that are kept (ISO 639-1); empty: all; undetermined ones stay"
    )
    low_value_words: int = Field(
        2, ge=0, description="replies up to so many words, such as `ok`, train at their true rate only"
    )
    max_per_contact: int = Field(0, ge=0, description="replies to one contact or group that train; 0: all")
    reflection_words: int = Field(50, ge=0, description="shorter answers of reflections are left out")
    reflection_coherence: float | None = Field(
        None,
        ge=0,
        le=1,
        description="reflections whose sentences hang together less are left out; not set: 0.03 by words, "
        "0.08 by embeddings",
    )
    coherence_by: Literal["auto", "words", "embeddings"] = Field(
        "auto", description="what tells that; auto: sentence embeddings where they are installed, else words"
    )
    reflection_mood: float = Field(
        0.2, ge=0, le=1, description="reflections whose mood turns more often are left out; 1: never turns"
    )


class RetrievalSettings(Section):
    """The embedded voice: an encoder trained on the owner's own pairs."""

    dimensions: int = Field(256, ge=8, description="size of the learned embedding")
    epochs: int = Field(8, ge=1)
    embeddings: Switch = Field(
        "off",
        description="look at the meaning of sentences too, with the extra `embeddings`; auto: where it is "
        "installed and there are at most 5,000 replies",
    )
    seed: int = 7


class EnsembleSettings(Section):
    """The voice of two: an adapter proposes, the embedded voice recalls, the best is said."""

    adapter: Literal["lora", "qlora", "dora", "houlsby", "full"] = Field(
        "lora", description="how the language model is adapted; its settings are those of `lora`"
    )
    recalled: int = Field(8, ge=1, le=64, description="own past replies that are considered")
    proposed: int = Field(3, ge=0, le=16, description="replies that the adapter writes")
    contexts: int = Field(
        60, ge=0, description="held-out situations that the adapter answers to learn the choice, at most"
    )
    seed: int = 7


class VoiceSettings(Section):
    """How the next word is drawn, by every voice that draws words."""

    temperature: float = Field(0.7, gt=0, le=2)
    top_p: float = Field(0.9, gt=0, le=1)
    top_k: int = Field(50, ge=1)
    max_new_tokens: int = Field(256, ge=1, description="longest answer")
    repetition_penalty: float = Field(1.1, ge=1, le=2, description="what a word is worth less said again")
    engine: Literal["auto", "transformers", "onnx", "llama"] = Field(
        "auto",
        description="what computes the words of an adapter; auto: its optimized copy where there is one and "
        "no GPU, else transformers",
    )
    examples: int = Field(6, ge=0, le=32, description="past exchanges that a prompted model is shown")
    fallback: bool = Field(
        default=True, description="let the embedded voice answer, and say so, where another cannot"
    )


class LoraSettings(Section):
    """The adapters (lora, qlora, dora, houlsby, full), with the defaults of the recipe.

    What is set here counts before the preset of the base's family.
    """

    base: str = Field(
        "seedling", description="a base of `ipse base list`, a folder of a causal language model, or a Hub id"
    )
    preset: Literal["auto", "none", "mistral", "llama", "qwen", "phi", "smollm", "tiny"] = Field(
        "auto", description="published values for a family of bases; auto: that of the base"
    )
    rank: int = Field(16, ge=1)
    alpha: int = Field(32, ge=1)
    dropout: float = Field(0.05, ge=0, lt=1)
    target_modules: tuple[str, ...] = Field(
        (), description="linear layers that are adapted, such as q_proj; empty: all"
    )
    bottleneck: int = Field(64, ge=1, description="width of a Houlsby adapter")
    learning_rate: float = Field(1e-4, gt=0)
    warmup: int = Field(100, ge=0, description="steps at the beginning, at most a tenth of all")
    batch: int = Field(8, ge=1, description="examples in a pass; fewer where memory does not hold them")
    accumulation: int = Field(1, ge=1, description="passes in a step")
    epochs: float = Field(3.0, gt=0)
    max_tokens: int = Field(1024, ge=32, description="longest example; the oldest context is cut first")
    max_steps: int = Field(0, ge=0, description="stop after so many steps; 0: by epochs")
    total_tokens: int = Field(0, ge=0, description="stop after about so many tokens; 0: by epochs")
    stages: Literal[1, 2] = Field(
        1, description="2: the last fifth of the steps on what is specialised alone, the rest on all else"
    )
    specialised: tuple[str, ...] = Field(
        ("reflections",), description="platforms and contacts that the second stage learns from"
    )
    replay: float = Field(
        0.05, ge=0, le=0.5, description="share of the base's own answers, where it is made for chat"
    )
    looking: Fraction = Field(0.1, description="share of the work that goes to looking at held-out replies")
    membership: float = Field(
        0.65, ge=0.5, le=1, description="stop where training replies can be told from held-out ones so well"
    )
    epsilon: float = Field(
        0.0, ge=0, description="differential privacy of each example, by Opacus; small is strict; 0: none"
    )
    gradient_checkpointing: Switch = Field(
        "auto", description="compute activations again rather than keep them; auto: from 1e9 parameters"
    )
    compile: bool = Field(default=False, description="torch.compile; pays off in long runs on a GPU")
    hot: float = Field(85.0, gt=30, description="°C of the GPU from which training pauses")
    monitors: tuple[Literal["tensorboard", "mlflow"], ...] = Field(
        (), description="where figures of a run are written, if it is installed; never text"
    )
    monitor_folder: str = Field("ipse-runs", description="folder that they are written to")
    checkpoint_seconds: float = Field(
        60.0, ge=0, description="between checkpoints, at least; 0: one each step"
    )
    system: str = Field(
        "You answer as the owner of this conversation would.", description="the fixed system line"
    )
    persona: bool = Field(
        default=False, description="say the persona card behind the system line, in training and at use"
    )
    allow_network: bool = Field(default=False, description="let a Hub id be fetched, once")
    seed: int = 7


class ScorecardSettings(Section):
    """How a clone is judged."""

    resamples: int = Field(2000, ge=100, description="bootstrap resamples, by conversation")
    block_words: int = Field(100, ge=20, description="words in a block for authorship metrics")
    max_examples: int = Field(400, ge=20, description="held-out examples answered at most")
    wrong_authors: int = Field(3, ge=1, description="impostor clones averaged for the baseline")
    seeds: int = Field(
        3, ge=1, le=5, description="times that what is drawn by chance is drawn; figures are their means"
    )
    folds: int = Field(
        4, ge=0, le=5, description="tests of a person of fewer than 500 pairs, each after more; 0: one"
    )
    seed: int = 7


class ReportSettings(Section):
    """What the compliance report holds the vault to."""

    controller: str = Field("", description="who is responsible, as the record of processing names them")
    drill_days: int = Field(365, ge=1, description="days after which the last restore drill is too old")


class Settings(Section):
    """All settings of one run."""

    vault: str = Field("", description="folder of the vault; empty: the one found here, else the user's own")
    imports: ImportSettings = ImportSettings()
    catalog: CatalogSettings = CatalogSettings()
    privacy: PrivacySettings = PrivacySettings()
    collect: CollectSettings = CollectSettings()
    enrich: EnrichSettings = EnrichSettings()
    retention: RetentionSettings = RetentionSettings()
    tiers: TierSettings = TierSettings()
    audit: AuditSettings = AuditSettings()
    backup: BackupSettings = BackupSettings()
    keys: KeySettings = KeySettings()
    jobs: JobSettings = JobSettings()
    dataset: DatasetSettings = DatasetSettings()
    retrieval: RetrievalSettings = RetrievalSettings()
    lora: LoraSettings = LoraSettings()
    ensemble: EnsembleSettings = EnsembleSettings()
    voice: VoiceSettings = VoiceSettings()
    server: ServerSettings = ServerSettings()
    service: ServiceSettings = ServiceSettings()
    drafts: DraftSettings = DraftSettings()
    smtp: SmtpSettings = SmtpSettings()
    webhook: WebhookSettings = WebhookSettings()
    scorecard: ScorecardSettings = ScorecardSettings()
    report: ReportSettings = ReportSettings()
    productivity: ProductivitySettings = ProductivitySettings()
    system: SystemSettings = SystemSettings()
    features: dict[str, dict[str, object]] = Field({}, description="features of events, by name")
    set: dict[str, object] = Field({}, description="features that belong together, and their origins")
    data_sources: tuple[DataSource, ...] = Field(
        (), description="what projects learn from, and nothing else; empty: any source"
    )
    models: tuple[ModelSettings, ...] = Field((), description="models of events, each a project")
