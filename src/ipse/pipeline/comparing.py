"""Judge several models on the same contexts, which none of them has seen. Nothing of it is kept."""

from collections.abc import Sequence

from ipse.datasets import Dataset
from ipse.errors import DatasetError
from ipse.interfaces import Progress, Voice
from ipse.jobs import run
from ipse.pipeline.answering import load_voice
from ipse.pipeline.learning import check_allowed, dataset_named, while_allowed
from ipse.pipeline.rivals import beside
from ipse.pipeline.workspace import Workspace
from ipse.records import Example
from ipse.scorecard import Comparison, Judging
from ipse.scorecard import compare as measure

__all__ = ["compare"]


def compare(workspace: Workspace, models: Sequence[str], *, progress: Progress) -> Comparison:
    """Every metric over these models, with paired differences.

    Models of several datasets are judged on what all of those hold out. Raises ``DatasetError`` where that is
    nothing, and what :func:`ipse.pipeline.answering.load_voice` raises.
    """
    voices: dict[str, Voice] = {}
    names: dict[str, None] = {}
    for name in models:
        card, voice = load_voice(workspace, name)
        voices[card.id] = voice
        names[card.dataset] = None
    workspace.vault.note("evaluate.compare", {"models": ", ".join(voices)})
    datasets = [dataset_named(workspace, name, why="evaluate") for name in names]

    def work(follow: Progress) -> Comparison:
        for dataset in datasets:
            follow = while_allowed(workspace, dataset, follow)
        compared = measure(
            voices, _common(workspace, datasets), settings=workspace.settings.scorecard, progress=follow
        )
        for dataset in datasets:
            check_allowed(workspace, dataset)
        return compared

    return run(workspace.vault, "evaluate", work, progress)


def _common(workspace: Workspace, datasets: Sequence[Dataset]) -> Judging:
    """What all of the datasets hold out, and a judge that has seen none of what trained a model."""
    first = datasets[0].split
    trained = {each.id for dataset in datasets for each in dataset.split.train}
    seen = trained | {each.id for dataset in datasets for each in dataset.split.judge}
    held = set.intersection(*({each.id for each in dataset.split.test} for dataset in datasets)) - seen
    test = [example for example in first.test if example.id in held]
    if not test:
        raise DatasetError(
            "Nothing is held out by the datasets of all these models.",
            hint="Train them on one dataset: `ipse train --dataset ID`.",
        )
    sources = {source for dataset in datasets for source in dataset.card.consents}
    _, newer = beside(workspace, sources, datasets[0])
    return Judging(
        train=first.train, judge=[each for each in first.judge if each.id not in trained], test=test,
        impostors=_untrained(newer, datasets),
    )  # fmt: skip


def _untrained(others: dict[str, list[Example]], datasets: Sequence[Dataset]) -> dict[str, list[Example]]:
    """Other people's replies that lie beside no training set."""
    found = {
        name: [one for one in held if all(each.split.side(one) != "train" for each in datasets)]
        for name, held in others.items()
    }
    return {name: held for name, held in found.items() if held}
