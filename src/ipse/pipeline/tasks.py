"""What a queued job can be: the verbs that take long, by name, with what they are told and what they tell.

Each is resumable in its own way: an import passes over what is kept, a training of an adapter goes on from
its checkpoint, a model that was kept is not trained twice, an erasure finishes by itself.
"""

from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import Any, Generic, Literal, NamedTuple, TypeVar

import msgspec

from ipse.config import load_settings
from ipse.errors import SettingsError
from ipse.interfaces import Progress
from ipse.jobs import Spec
from ipse.pipeline.backups import back_up
from ipse.pipeline.bases import add_base, offered_bases
from ipse.pipeline.comparing import compare
from ipse.pipeline.compliance import compliance, write
from ipse.pipeline.days.alarming import ALARM
from ipse.pipeline.days.foretelling import learn
from ipse.pipeline.days.predicting import catch_up
from ipse.pipeline.days.relearning import needs_relearning, relearn
from ipse.pipeline.days.settling import Learned
from ipse.pipeline.days.tables_taking import take
from ipse.pipeline.days.wanting import Wanted
from ipse.pipeline.enriching import enrich
from ipse.pipeline.forgetting import forget
from ipse.pipeline.importing import import_
from ipse.pipeline.judging import evaluate
from ipse.pipeline.learning import prepare, train
from ipse.pipeline.optimizing import optimize_if_useful
from ipse.pipeline.plans import What, plan_for
from ipse.pipeline.uploads import Uploads
from ipse.pipeline.workspace import Workspace

__all__ = [
    "TASKS",
    "AddBase",
    "Backup",
    "Compare",
    "Enrich",
    "Evaluate",
    "Forget",
    "Import",
    "Learn",
    "Predict",
    "Prepare",
    "Report",
    "Table",
    "Task",
    "Train",
    "make",
    "task",
]

A = TypeVar("A", bound=msgspec.Struct)

Told = dict[str, object]


class Import(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """As of ``ipse import``; an ``upload`` is let go once it was imported."""

    paths: tuple[str, ...] = ()
    upload: str = ""
    me: tuple[str, ...] = ()
    format: str | None = None
    mapping: str | None = None
    passphrase: str = ""

    def __post_init__(self) -> None:
        """Raise ``ValueError`` for nothing to import."""
        if not self.paths and not self.upload:
            raise ValueError("nothing to import: `paths` and `upload` are empty")


class Prepare(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """As of ``ipse prepare``."""


class Train(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """As of ``ipse train``; ``prepare`` freezes a dataset before."""

    method: str = "retrieval"
    dataset: str | None = None
    anew: bool = False
    model: str = ""
    prepare: bool = False


class Evaluate(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """As of ``ipse evaluate``."""

    model: str = "champion"


class Compare(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """As of ``ipse evaluate compare``; what it finds is kept as the job's result."""

    models: tuple[str, ...]


class Backup(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """As of ``ipse backup create``."""

    directory: str
    keep: int | None = None


class Report(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """As of ``ipse report compliance``; without a directory it is only measured."""

    directory: str | None = None
    anchor: str | None = None
    backups: tuple[str, ...] = ()


class Forget(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """As of ``ipse forget``."""

    what: What
    name: str = ""
    retrain: bool = False


class AddBase(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """As of ``ipse base add NAME --allow-network``, for the packages that ipse knows by name and hash."""

    name: str


class Enrich(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """As of ``ipse enrich``."""

    limit: int | None = None


class Learn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The next model of a project, as of ``ipse learn --model``; or only ``if_drifted``."""

    project: str
    if_drifted: bool = False


class Predict(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """As of ``ipse predict now``; of alarms all since the last time."""

    project: str


class Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """As of ``ipse learn TABLE``, of an ``upload`` that is let go once its rows are kept and learned from."""

    upload: str
    target: str
    source: str
    time: str = ""
    same_row: bool = False
    task: Literal["auto", "classification", "regression"] = "auto"
    algorithm: str = "auto"


class Task(NamedTuple, Generic[A]):
    """A verb: what it is told, how it is done, whether it waits for others and goes on after a crash.

    Arguments that are ``secret`` are not kept once it is done.
    """

    told: type[A]
    done: Callable[[Workspace, A, Progress], Told]
    heavy: bool = True
    resumable: bool = True
    secret: tuple[str, ...] = ()

    def run(self, workspace: Workspace, spec: Spec, progress: Progress) -> Told:
        """Do it; returns what to keep of its result."""
        return self.done(workspace, _read(self.told, spec.arguments), progress)


def task(kind: str) -> Task[Any]:
    """The task of that name; raises ``SettingsError``."""
    if kind not in TASKS:
        raise SettingsError(f"There is no task `{kind}`.", hint=f"Known: {', '.join(TASKS)}.")
    return TASKS[kind]


def make(kind: str, arguments: dict[str, object], settings: dict[str, object] | None = None) -> Spec:
    """What to queue; raises ``SettingsError`` where a task, an argument or a setting is not known."""
    known = task(kind)
    read = _read(known.told, arguments)
    load_settings({**(settings or {})})
    kept = {name: value for name, value in msgspec.to_builtins(read).items() if value not in (None, "", [])}
    return Spec(
        kind=kind, arguments=kept, settings=settings or {}, heavy=known.heavy, resumable=known.resumable
    )


def _read(told: type[A], arguments: dict[str, object]) -> A:
    try:
        return msgspec.convert(arguments, told, strict=False)
    except msgspec.ValidationError as error:
        raise SettingsError(f"{error}.", hint="Check what the job is told.") from error


def _import(workspace: Workspace, told: Import, progress: Progress) -> Told:
    uploads = Uploads(workspace)
    with uploads.opened(told.upload) if told.upload else nullcontext() as held:
        report = import_(
            workspace,
            [*map(Path, told.paths), *([held] if held else [])],
            me=told.me,
            format_name=told.format,
            passphrase=told.passphrase,
            mapping=Path(told.mapping) if told.mapping else None,
            progress=progress,
        )
    if told.upload:
        uploads.remove(told.upload)
    return _built(report)


def _prepare(workspace: Workspace, _told: Prepare, progress: Progress) -> Told:
    progress(0, None, {})
    card = prepare(workspace).card
    return {"dataset": card.id, "hash": card.hash, "counts": dict(card.counts), "filters": dict(card.filters)}


def _train(workspace: Workspace, told: Train, progress: Progress) -> Told:
    dataset = told.dataset
    if told.prepare:
        progress(0, None, {})
        dataset = prepare(workspace).card.id
    card = train(
        workspace,
        method=told.method,
        dataset_name=dataset,
        anew=told.anew,
        model=told.model,
        progress=progress,
    )
    optimize_if_useful(workspace, card, progress)
    return {"model": card.id, "method": card.method, "dataset": card.dataset, "metrics": dict(card.metrics)}


def _evaluate(workspace: Workspace, told: Evaluate, progress: Progress) -> Told:
    card = evaluate(workspace, model=told.model, progress=progress)
    return {"model": card.model, "promotable": card.promotable, "reasons": list(card.reasons)}


def _compare(workspace: Workspace, told: Compare, progress: Progress) -> Told:
    return _built(compare(workspace, told.models, progress=progress))


def _back_up(workspace: Workspace, told: Backup, progress: Progress) -> Told:
    made = back_up(workspace, Path(told.directory).expanduser(), keep=told.keep, progress=progress)
    return _built(made)


def _report(workspace: Workspace, told: Report, progress: Progress) -> Told:
    signed = compliance(
        workspace,
        anchor=Path(told.anchor).expanduser() if told.anchor else None,
        backups=[Path(one).expanduser() for one in told.backups],
        progress=progress,
    )
    files = write(signed, Path(told.directory).expanduser()) if told.directory else ()
    return {"tally": dict(signed.report.tally()), "files": [str(file) for file in files]}


def _forget(workspace: Workspace, told: Forget, progress: Progress) -> Told:
    progress(0, None, {})
    plan = plan_for(workspace, told.what, told.name)
    done = forget(workspace, plan, retrain=told.retrain, progress=progress)
    return {
        "certificate": done.certificate.certificate.id,
        "counts": dict(done.certificate.certificate.counts),
        "retrained": [card.id for card in done.retrained],
        "not_retrained": done.not_retrained,
    }


def _enrich(workspace: Workspace, told: Enrich, progress: Progress) -> Told:
    return _built(enrich(workspace, limit=told.limit, progress=progress))


def _add_base(_workspace: Workspace, told: AddBase, progress: Progress) -> Told:
    if told.name not in (known := offered_bases()):
        raise SettingsError(f"No package is known as `{told.name}`.", hint=f"Known: {', '.join(known)}.")
    base = add_base(told.name, name="", sha256="", link=False, allow_network=True, progress=progress)
    return {"base": base.name, "sha256": base.sha256, "parameters": base.parameters}


def _learn(workspace: Workspace, told: Learn, progress: Progress) -> Told:
    if told.if_drifted and not needs_relearning(workspace, told.project):
        return {"project": told.project, "learned": False, "reason": "as it was: no feature has drifted"}
    return _learned(relearn(workspace, told.project, progress))


def _predict(workspace: Workspace, told: Predict, progress: Progress) -> Told:
    found = catch_up(workspace, told.project, progress)
    loud = [one for one in found if one.label == ALARM and not one.suppressed]
    return {"project": told.project, "predictions": len(found), "alarms": len(loud)}


def _table(workspace: Workspace, told: Table, progress: Progress) -> Told:
    uploads = Uploads(workspace)
    with uploads.opened(told.upload) as held:
        files = [file for file in sorted(held.rglob("*")) if file.is_file()]
        if len(files) != 1:
            raise SettingsError(
                f"{len(files)} files are no one table.", hint="Hand over one CSV or Parquet file."
            )
        taken = take(workspace, files[0], progress, source=told.source, time=told.time)
    wanted = Wanted(
        project=taken.source,
        stream=taken.source,
        field=told.target,
        when="same" if told.same_row else "next",
        task=told.task,
        algorithm=told.algorithm,
        tz="" if taken.zoned else workspace.settings.imports.tz,
    )
    made = learn(workspace, wanted, progress)
    uploads.remove(told.upload)
    return {"rows": taken.rows, "kept": taken.kept, "time": taken.time} | _learned(made)


def _learned(found: Learned) -> Told:
    verdict = found.card.verdict
    return {
        "project": found.card.project,
        "model": found.card.id,
        "champion": found.champion,
        "promoted": found.promoted,
        "reason": found.reason,
        "metric": verdict.metric,
        "value": verdict.value,
        "baseline": verdict.baseline,
        "baseline_value": verdict.baseline_value,
    }


def _built(report: msgspec.Struct) -> Told:
    built: Told = msgspec.to_builtins(report)
    return built


TASKS: dict[str, Task[Any]] = {
    "import": Task(Import, _import, secret=("passphrase",)),
    "prepare": Task(Prepare, _prepare),
    "train": Task(Train, _train),
    "evaluate": Task(Evaluate, _evaluate),
    "compare": Task(Compare, _compare),
    "backup": Task(Backup, _back_up, heavy=False),
    "report": Task(Report, _report, heavy=False),
    "forget": Task(Forget, _forget, resumable=False, secret=("name",)),
    "enrich": Task(Enrich, _enrich),
    "base": Task(AddBase, _add_base, heavy=False),
    "learn": Task(Learn, _learn),
    "predict": Task(Predict, _predict, heavy=False),
    "table": Task(Table, _table),
}
"""Every task by its name, which is the kind of its jobs."""
