"""The human test of a model: begun, resumed and answered; kept sealed, and its result put on the card."""

from collections.abc import Mapping

import msgspec

from ipse.interfaces import Progress
from ipse.jobs import run
from ipse.pipeline.answering import load_voice
from ipse.pipeline.derived import Origin, get_made, keep_made
from ipse.pipeline.learning import dataset_named, while_allowed
from ipse.pipeline.workspace import Workspace
from ipse.scorecard import BlindTest, Human, Scorecard, Side, blind_test
from ipse.scorecard.blind import PAIRS

__all__ = ["answer_blind", "begin_blind", "humans_of"]

KIND = "blind"


class _Tests(msgspec.Struct, frozen=True):
    """The tests of one model, by reader."""

    tests: dict[str, BlindTest] = {}


def begin_blind(workspace: Workspace, *, model: str, judge: str, progress: Progress) -> BlindTest:
    """The test of this model by this reader, as far as it has come; a new one where there is none.

    Raises ``DatasetError`` where too little is held out.
    """
    card, voice = load_voice(workspace, model)
    workspace.vault.note("evaluate.blind", {"model": card.id})
    held = _tests(workspace, card.id)
    if judge in held.tests:
        return held.tests[judge]
    dataset = dataset_named(workspace, card.dataset, why="evaluate")

    def work(follow: Progress) -> BlindTest:
        follow = while_allowed(workspace, dataset, follow)

        def told(pairs: int) -> None:
            follow(pairs, PAIRS, {})

        seed = workspace.settings.scorecard.seed
        return blind_test(voice, dataset.split.test, model=card.id, judge=judge, seed=seed, progress=told)

    test = run(workspace.vault, "evaluate", work, progress)
    return _keep(workspace, test)


def answer_blind(workspace: Workspace, *, model: str, judge: str, answers: Mapping[int, Side]) -> BlindTest:
    """Keep answers, by the pair's place from 0; with the last of them the result stands on the card.

    Raises ``DatasetError`` for a pair that is not there; what was answered before stays as it was.
    """
    held = _tests(workspace, model).tests[judge].answered(answers)
    _keep(workspace, held)
    if held.ended_at is not None and model in workspace.vault.ids("scorecard"):
        card = Scorecard.from_json(workspace.vault.get("scorecard", model))
        marked = msgspec.structs.replace(card, humans=humans_of(workspace, model))
        details = {"model": model, "promotable": str(card.promotable)}
        workspace.vault.put("scorecard", model, marked.to_json(), action="scorecard.keep", details=details)
    return held


def humans_of(workspace: Workspace, model: str) -> tuple[Human, ...]:
    """The results of the tests of a model that were done to the end."""
    found = [test.result() for test in _tests(workspace, model).tests.values()]
    return tuple(result for result in found if result is not None)


def _tests(workspace: Workspace, model: str) -> _Tests:
    if model not in workspace.vault.ids(KIND):
        return _Tests()
    return msgspec.json.decode(get_made(workspace, (KIND, model)), type=_Tests)


def _keep(workspace: Workspace, test: BlindTest) -> BlindTest:
    held = _Tests({**_tests(workspace, test.model).tests, test.judge: test})
    origin = Origin(documents=frozenset({("model", test.model)}))
    keep_made(workspace, (KIND, test.model), msgspec.json.encode(held), origin)
    return test
