"""Models of events in the vault: each with its lineage, by project; which of them speaks, and which did.

A project has a champion, a challenger and whoever was champion before. Versions are immutable; an alias moves
and remembers. Only what was better than its baseline by its interval is made champion.
"""

from collections.abc import Mapping
from datetime import UTC, datetime

import msgspec

from ipse.errors import RegistryError
from ipse.features import Feature, FeatureSet, Origins
from ipse.pipeline.days.origins import origin_of
from ipse.pipeline.days.wanting import Wanted
from ipse.pipeline.derived import get_made, keep_made
from ipse.pipeline.workspace import Workspace
from ipse.tables import Task, Verdict

__all__ = [
    "KIND",
    "Predictor",
    "Project",
    "Target",
    "add",
    "card",
    "feature_set",
    "files",
    "project",
    "projects",
    "promote",
    "rollback",
    "streams_of",
    "versions",
]

KIND, PROJECT = "predictor", "project"


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """What is foretold: a field of a stream, ``ahead`` seconds after what is known (0: of that moment).

    ``step`` is of a series, seconds; a field ``*`` is all of them.
    """

    stream: str
    field: str
    ahead: float = 0.0
    step: float = 0.0
    labels: tuple[str, ...] = ()


class Predictor(msgspec.Struct, frozen=True, kw_only=True):
    """A model and where it comes from: its features whole, their version, consents, rows and verdict.

    ``usual`` are the medians of its columns: what an explanation compares with; ``spread`` is how far apart
    their 5th and 95th percentiles lie. ``wanted`` is what was asked for, to learn it again.
    """

    id: str = ""
    project: str
    task: Task
    algorithm: str
    target: Target
    set_name: str
    version: str
    features: dict[str, Feature]
    origins: Origins
    tz: str = ""
    columns: tuple[str, ...]
    usual: tuple[float, ...]
    spread: tuple[float, ...] = ()
    consents: dict[str, str]
    rows: int
    first: int
    last: int
    verdict: Verdict
    tried: dict[str, float] = {}
    wanted: Wanted | None = None
    seed: int = 7
    created_at: datetime = datetime(1970, 1, 1, tzinfo=UTC)


class Project(msgspec.Struct, frozen=True, kw_only=True):
    """The aliases of a project; ``history`` are its champions, the last one speaks."""

    name: str
    history: tuple[str, ...] = ()
    challenger: str = ""
    last: int = 0

    @property
    def champion(self) -> str:
        """Who speaks; empty where nobody earned it."""
        return self.history[-1] if self.history else ""

    @property
    def previous(self) -> str:
        """Who spoke before."""
        return self.history[-2] if len(self.history) > 1 else ""


class _Held(msgspec.Struct, frozen=True):
    card: Predictor
    files: dict[str, bytes]


def add(workspace: Workspace, made: Predictor, files: Mapping[str, bytes]) -> Predictor:
    """Keep a model under the next version of its project, as its challenger."""
    with workspace.vault.exclusive():
        held = project(workspace, made.project, new=True)
        number = held.last + 1
        named = msgspec.structs.replace(made, id=f"{made.project}-v{number}", created_at=datetime.now(UTC))
        origin = origin_of(streams_of(made))
        keep_made(workspace, (KIND, named.id), msgspec.msgpack.encode(_Held(named, dict(files))), origin)
        _keep(
            workspace, msgspec.structs.replace(held, challenger=named.id, last=number), "project.challenger"
        )
    return named


def projects(workspace: Workspace) -> list[Project]:
    """Every project, oldest first."""
    return [project(workspace, name) for name in workspace.vault.ids(PROJECT)]


def project(workspace: Workspace, name: str, *, new: bool = False) -> Project:
    """The aliases of a project, of models that are still there; raises ``RegistryError`` for none."""
    if name not in workspace.vault.ids(PROJECT):
        if new:
            return Project(name=name)
        known = ", ".join(workspace.vault.ids(PROJECT)) or "none yet"
        raise RegistryError(
            f"There is no project `{name}`.", hint=f"There are: {known}. Make one with `ipse learn`."
        )
    held = msgspec.json.decode(workspace.vault.get(PROJECT, name), type=Project)
    there = set(workspace.vault.ids(KIND))
    return msgspec.structs.replace(
        held,
        history=tuple(one for one in held.history if one in there),
        challenger=held.challenger if held.challenger in there else "",
    )


def card(workspace: Workspace, name: str) -> Predictor:
    """The card of a version, or of a project's champion (by the project's name); raises ``RegistryError``."""
    return _held(workspace, name).card


def feature_set(made: Predictor) -> FeatureSet:
    """The features of a model, as they were defined when it learned."""
    return FeatureSet(name=made.set_name, features=made.features, origins=made.origins, tz=made.tz)


def streams_of(made: Predictor) -> tuple[str, ...]:
    """The streams that a model learned from, as features name them."""
    return tuple(dict.fromkeys([made.target.stream, *feature_set(made).sources]))


def versions(workspace: Workspace, name: str) -> list[Predictor]:
    """The cards of every version of a project that is still there, oldest first."""
    ids = [one for one in workspace.vault.ids(KIND) if one.rpartition("-v")[0] == name]
    return sorted(
        (_held(workspace, one).card for one in ids), key=lambda one: int(one.id.rpartition("-v")[2])
    )


def files(workspace: Workspace, name: str) -> dict[str, bytes]:
    """The files of a model."""
    return _held(workspace, name).files


def promote(workspace: Workspace, name: str, *, reason: str) -> Project:
    """Let a version speak for its project; raises ``RegistryError`` where it has not earned it."""
    made = card(workspace, name)
    verdict = made.verdict
    if not verdict.earned:
        against = verdict.but or (
            f"it is not better than {verdict.baseline} by its interval "
            f"({verdict.low:.3g} to {verdict.high:.3g})"
        )
        raise RegistryError(
            f"{name} may not speak: {against}.", hint="Collect more, or train with other features."
        )
    held = project(workspace, made.project)
    history = (*(one for one in held.history if one != made.id), made.id)
    challenger = "" if held.challenger == made.id else held.challenger
    moved = msgspec.structs.replace(held, history=history, challenger=challenger)
    return _keep(workspace, moved, "project.promote", model=made.id, reason=reason)


def rollback(workspace: Workspace, name: str) -> Project:
    """Let whoever spoke before speak again; raises ``RegistryError`` if nobody did."""
    held = project(workspace, name)
    if not held.previous:
        raise RegistryError(f"{name} has no earlier champion to go back to.", hint="See `ipse predict list`.")
    moved = msgspec.structs.replace(held, history=held.history[:-1])
    return _keep(workspace, moved, "project.rollback", model=moved.champion, instead_of=held.champion)


def _held(workspace: Workspace, name: str) -> _Held:
    known = workspace.vault.ids(KIND)
    wanted = name if name in known else project(workspace, name).champion
    if not wanted:
        raise RegistryError(
            f"No model of {name} has earned its place yet.",
            hint=f"See how they fare: ipse predict list. Versions: {', '.join(known)}.",
        )
    return msgspec.msgpack.decode(get_made(workspace, (KIND, wanted)), type=_Held)


def _keep(workspace: Workspace, held: Project, action: str, **details: str) -> Project:
    told = {"project": held.name, **(details or {"model": held.challenger})}
    workspace.vault.put(PROJECT, held.name, msgspec.json.encode(held), action=action, details=told)
    return held
