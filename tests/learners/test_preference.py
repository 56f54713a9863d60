"""What the owner made of drafts moves the adapter towards what was sent."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from ipse.errors import CancelledError, LearnerError
from ipse.learners.adapters.houlsby import HoulsbyLearner
from ipse.learners.adapters.lora import LoraLearner
from ipse.learners.adapters.method import ADAPTER, CARD
from ipse.learners.preference import PreferenceLearner
from ipse.records import Reviewed, Turn
from ipse.voices.transformer import TransformerVoice

from .adapting import REPLIES, SAID, examples, ignore, settings

pytestmark = pytest.mark.llm

SENT, DRAFTED = "no no, not today", "Certainly, I would be delighted."


def reviews(count: int, *, edited: bool) -> list[Reviewed]:
    return [
        Reviewed(
            id=str(n),
            context=(Turn("partner", "PERSON_1", SAID[n % 5]),),
            draft=DRAFTED if edited or n % 2 else SENT,
            final=SENT if edited else None,
            verdict="edited" if edited else ("rejected" if n % 2 else "approved"),
            at=datetime(2024, 1, 1, tzinfo=UTC),
        )
        for n in range(count)
    ]


@pytest.fixture(scope="module")
def start(tiny_base: Path) -> dict[str, bytes]:
    return LoraLearner(settings(tiny_base, max_steps=4)).fit(examples(16), [], ignore).artefact()


@pytest.mark.parametrize("edited", [True, False])
def test_what_was_sent_becomes_likelier_than_what_was_drafted(
    tiny_base: Path,
    start: dict[str, bytes],
    *,
    edited: bool,
    capsys: pytest.CaptureFixture[str],
) -> None:
    how = settings(tiny_base, max_steps=8, learning_rate=5e-3)
    learner = PreferenceLearner(how, start, least=8).fit(reviews(16, edited=edited), ignore)
    assert learner.report()["paired"] == float(edited)
    assert learner.report()["steps"] == 8
    assert capsys.readouterr().out == ""  # what is printed would stand in the JSON of `--json`
    files = learner.artefact()
    assert files[CARD] == start[CARD]
    assert files[ADAPTER] != start[ADAPTER]
    context = (Turn("partner", "PERSON_1", SAID[0]),)
    before, after = (
        voice.bits(context, DRAFTED) - voice.bits(context, SENT)
        for voice in (TransformerVoice.load(start), TransformerVoice.load(files))
    )
    assert after > before + 1


def test_too_few_reviews_or_only_one_kind_are_refused(tiny_base: Path, start: dict[str, bytes]) -> None:
    learner = PreferenceLearner(settings(tiny_base), start)
    with pytest.raises(LearnerError, match="There are 10 edited drafts and 0 judged ones; 50"):
        learner.fit(reviews(10, edited=True), ignore)
    approved = [one for one in reviews(40, edited=False) if one.verdict == "approved"]
    with pytest.raises(LearnerError, match="both kinds"):
        PreferenceLearner(settings(tiny_base), start, least=8).fit(approved, ignore)
    with pytest.raises(LearnerError, match="Nothing was learned"):
        learner.artefact()


def test_another_kind_of_adapter_is_named(tiny_base: Path) -> None:
    files = HoulsbyLearner(settings(tiny_base, max_steps=1)).fit(examples(8), [], ignore).artefact()
    with pytest.raises(LearnerError, match="cannot go on from houlsby"):
        PreferenceLearner(settings(tiny_base), files, least=1).fit(reviews(4, edited=True), ignore)


def test_the_owner_may_stop_it(tiny_base: Path, start: dict[str, bytes]) -> None:
    def stop(_done: float, _total: float | None, _figures: object) -> None:
        raise CancelledError("Stop.")

    assert REPLIES
    with pytest.raises(CancelledError):
        PreferenceLearner(settings(tiny_base), start, least=4).fit(reviews(8, edited=True), stop)
