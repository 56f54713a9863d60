"""A project learned anew: as its settings say, or else as its last model was asked for."""

from ipse.errors import DatasetError, RegistryError, SettingsError
from ipse.interfaces import Progress
from ipse.pipeline.days import predictors
from ipse.pipeline.days.drifting import drift_of
from ipse.pipeline.days.foretelling import learn
from ipse.pipeline.days.projects import wanted_model
from ipse.pipeline.days.settling import Learned
from ipse.pipeline.days.wanting import Wanted
from ipse.pipeline.workspace import Workspace

__all__ = ["needs_relearning", "relearn", "wanted_of"]


def relearn(workspace: Workspace, project: str, progress: Progress) -> Learned:
    """Learn a project's next version; raises ``RegistryError`` where nobody knows what it is to learn."""
    return learn(workspace, wanted_of(workspace, project), progress)


def needs_relearning(workspace: Workspace, project: str) -> bool:
    """Whether a feature of the champion has drifted, or nobody speaks yet; not where nothing came in."""
    names = [one.name for one in predictors.projects(workspace)]
    if project not in names or not predictors.project(workspace, project).champion:
        return True
    try:
        return drift_of(workspace, project).verdict == "retrain"
    except DatasetError:
        return False


def wanted_of(workspace: Workspace, project: str) -> Wanted:
    """What a project is to learn: what ``models:`` says now, else what its newest version was asked for."""
    if any(one.name == project for one in workspace.settings.models):
        return wanted_model(workspace.settings, project)
    held = predictors.project(workspace, project)
    newest = predictors.versions(workspace, held.name)
    if not newest:
        raise RegistryError(f"{project} has no model left to learn again.", hint="Use `ipse learn TABLE`.")
    made = newest[-1]
    if made.wanted is None:
        raise SettingsError(
            f"{made.id} does not say what it was asked for.", hint="Learn once more with `ipse learn`."
        )
    return made.wanted
