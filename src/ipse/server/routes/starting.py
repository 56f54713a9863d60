"""Long work is begun here and followed at ``/api/jobs``: imports, datasets, models, scorecards, backups."""

from typing import Annotated, Any

from fastapi import Response
from pydantic import BaseModel, ConfigDict, Field, SecretStr, StringConstraints

from ipse import plugins
from ipse.errors import NotFoundError, SettingsError
from ipse.jobs.queue import enqueue
from ipse.pipeline.bases import known_bases
from ipse.pipeline.profiling import zone_named
from ipse.pipeline.tasks import make
from ipse.pipeline.uploads import Uploads
from ipse.registry import Registry
from ipse.server.bounds import allowed
from ipse.server.deps import Administering, Aggregates, Asked, Importing, Training, require
from ipse.server.paging import Page
from ipse.server.routes.backups import backup_folder
from ipse.server.routing import component

__all__ = [
    "BackupAsked",
    "BaseView",
    "EnrichAsked",
    "EvaluateAsked",
    "ImportAsked",
    "Methods",
    "PrepareAsked",
    "Started",
    "TrainAsked",
    "begin",
    "begin_backup",
    "begin_enrichment",
    "begin_evaluation",
    "begin_import",
    "begin_preparing",
    "begin_training",
    "list_bases",
    "list_methods",
    "router",
]

router = component("work")

Name = Annotated[str, StringConstraints(max_length=128)]
Tree = dict[str, dict[str, Any]]
Chosen = Annotated[Tree, Field(description="settings of this work alone", examples=[{"lora": {"epochs": 1}}])]


class Started(BaseModel):
    """A job was queued; follow it at ``/api/jobs/{job}``."""

    job: str = Field(examples=["4c1f09ab37de"])


class ImportAsked(BaseModel):
    """An upload to import, and who you are in it."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"upload": "4c1f09ab37de", "me": ["Nora Feld"], "zone": "Europe/Berlin"}]
        },
    )

    upload: Name
    me: list[Name] = Field(default=[], max_length=20, description="your names in it, where it does not say")
    source: Name = Field(default="", description="read it as this source")
    passphrase: SecretStr = Field(default=SecretStr(""), description="of an encrypted export")
    zone: Name = Field(default="", description="IANA zone of times without one; empty: as the settings say")


class PrepareAsked(BaseModel):
    """Freeze a dataset of what is kept and allowed."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{}]})

    settings: Chosen = {}


class TrainAsked(BaseModel):
    """Train a model."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"method": "retrieval", "prepare": True}]},
    )

    method: Name = "retrieval"
    dataset: Name | None = Field(default=None, description="null: the newest")
    prepare: bool = Field(default=False, description="freeze a dataset before")
    anew: bool = Field(default=False, description="do not go on from a checkpoint")
    settings: Chosen = {}


class EvaluateAsked(BaseModel):
    """Measure a model."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"model": "champion"}]})

    model: Name = Field(default="champion", description="a version; `champion` answers by default")
    settings: Chosen = {}


class BackupAsked(BaseModel):
    """Write a backup into the folder of the settings."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"keep": 7}]})

    keep: int | None = Field(default=None, ge=1, le=1000, description="keep so many, delete older ones")


class EnrichAsked(BaseModel):
    """Look links up, where a consent allows that."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"limit": 50}]})

    limit: int | None = Field(default=None, ge=1, description="links at most")


class Methods(BaseModel):
    """What a model can be trained by."""

    methods: list[str] = Field(examples=[["retrieval", "lora"]])
    default: str = Field(examples=["retrieval"])


class BaseView(BaseModel):
    """A base model on this machine."""

    name: str = Field(examples=["seedling"])
    origin: str
    parameters: int
    chosen: bool = Field(description="whether the settings name it")


@router.post("/imports", status_code=202)
def begin_import(asked: Importing, body: ImportAsked, response: Response) -> Started:
    """Import an upload: cleared, pseudonymized, encrypted. The upload is deleted when it is done."""
    held = Uploads(asked.workspace).get(body.upload)
    zone = zone_named(body.zone).key if body.zone else ""
    if not any(signed.consent.state == "given" for signed in asked.workspace.consents()):
        asked.workspace.permit("any source", "archive")  # raises what an import would, before it waits
    return begin(
        asked,
        response,
        "import",
        settings={"imports": {"tz": zone}} if zone else {},
        upload=held.id,
        me=body.me,
        format=plugins.source_named(body.source).name if body.source else None,
        passphrase=body.passphrase.get_secret_value(),
    )


@router.post("/datasets", status_code=202)
def begin_preparing(asked: Training, body: PrepareAsked, response: Response) -> Started:
    """Freeze a dataset of what is kept of sources with a consent for style."""
    return begin(asked, response, "prepare", settings=body.settings)


@router.post("/models", status_code=202)
def begin_training(asked: Training, body: TrainAsked, response: Response) -> Started:
    """Train a model on a dataset; it stands in the registry when it is done."""
    if body.method not in plugins.learners():
        raise SettingsError(f"There is no method `{body.method}`.", hint="See /api/methods.")
    if body.dataset is not None:
        require(asked.workspace, "dataset", body.dataset)
    told = {"method": body.method, "dataset": body.dataset, "prepare": body.prepare, "anew": body.anew}
    return begin(asked, response, "train", settings=body.settings, **told)


@router.post("/scorecards", status_code=202)
def begin_evaluation(asked: Training, body: EvaluateAsked, response: Response) -> Started:
    """Measure a model on what it never saw; its scorecard stands at ``/api/scorecards`` when it is done."""
    champion = Registry(asked.workspace.vault).champion()
    name = champion if body.model == "champion" else body.model
    if name is None or name not in asked.workspace.vault.ids("model"):
        raise NotFoundError(f"There is no model `{body.model}`.", hint="Train one first.")
    return begin(asked, response, "evaluate", settings=body.settings, model=name)


@router.post("/backups", status_code=202)
def begin_backup(asked: Administering, body: BackupAsked, response: Response) -> Started:
    """Write what changed since the last backup, and read all of it again."""
    folder = backup_folder(asked.workspace)
    return begin(asked, response, "backup", directory=str(folder), keep=body.keep)


@router.post("/enrichments", status_code=202)
def begin_enrichment(asked: Importing, body: EnrichAsked, response: Response) -> Started:
    """Look up titles and descriptions behind links; only for sources with a consent for it."""
    return begin(asked, response, "enrich", limit=body.limit)


@router.get("/methods")
def list_methods(asked: Aggregates) -> Methods:  # noqa: ARG001 - whoever is signed in
    """What a model can be trained by."""
    return Methods(methods=plugins.learners(), default="retrieval")


@router.get("/bases")
def list_bases(asked: Aggregates) -> Page[BaseView]:
    """The base models on this machine."""
    found = [
        BaseView(
            name=base.name,
            origin=base.origin,
            parameters=base.parameters,
            chosen=base.name == asked.workspace.settings.lora.base,
        )
        for base, _ in known_bases(verify=False)
    ]
    return Page(items=found, total=len(found))


def begin(
    asked: Asked, response: Response, kind: str, *, settings: Tree | None = None, **arguments: object
) -> Started:
    """Queue work; ``settings`` are its own alone, within :func:`ipse.server.bounds.allowed`."""
    kept = {name: value for name, value in arguments.items() if value not in (None, "", [])}
    spec = make(kind, kept, allowed(settings or {}))
    job = enqueue(asked.workspace.vault, spec, by=asked.asker.id)
    response.headers["Location"] = f"/api/jobs/{job.id}"
    return Started(job=job.id)
