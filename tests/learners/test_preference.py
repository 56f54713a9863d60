"""What the owner made of drafts moves the adapter towards what was sent."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ipse.errors import CancelledError, LearnerError
from ipse.interfaces import Progress
from ipse.learners.adapters import state
from ipse.learners.adapters.houlsby import HoulsbyLearner
from ipse.learners.adapters.lora import LoraLearner
from ipse.learners.adapters.method import ADAPTER, CARD
from ipse.learners.preference import PreferenceLearner
from ipse.records import Reviewed, Turn
from ipse.voices.transformer import TransformerVoice

from .adapting import REPLIES, SAID, Kept, Killed, examples, ignore, settings

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


def resuming(
    base: Path, start: dict[str, bytes], kept: Kept | None, *, edited: bool, seconds: float = 0
) -> PreferenceLearner:
    how = settings(base, max_steps=7, learning_rate=5e-3, batch=4, checkpoint_seconds=seconds)
    learner = PreferenceLearner(how, start, least=8)
    if kept is not None:
        learner.keep_in(kept)
    assert len(reviews(12, edited=edited)) // how.batch == 3  # steps in an epoch
    return learner


def stopping(at: int, how: type[BaseException]) -> Progress:
    def follow(done: float, _total: float | None, _figures: object) -> None:
        if done >= at:
            raise how("Stop.")

    return follow


@pytest.mark.parametrize("edited", [True, False])
@pytest.mark.parametrize("cut", [[4], [2, 6]])  # at the end of an epoch and amid one
def test_killed_it_goes_on_to_the_same_bytes(
    tiny_base: Path, start: dict[str, bytes], cut: list[int], *, edited: bool
) -> None:
    given = reviews(12, edited=edited)
    whole = resuming(tiny_base, start, None, edited=edited).fit(given, ignore)
    kept = Kept()
    for at in cut:
        with pytest.raises(Killed):
            resuming(tiny_base, start, kept, edited=edited).fit(given, stopping(at, Killed))
    seen: list[float] = []
    again = resuming(tiny_base, start, kept, edited=edited)
    again.fit(given, lambda done, _total, _figures: seen.append(done))
    assert seen == list(range(cut[-1], 8))  # the step it was killed after was not yet left
    assert again.artefact() == whole.artefact()
    assert again.report() == whole.report()


def test_stopped_by_the_owner_it_goes_on_from_that_very_step(
    tiny_base: Path, start: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given, kept, seen = reviews(12, edited=True), Kept(), list[float]()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    slow = resuming(tiny_base, start, kept, edited=True, seconds=1e6)
    with pytest.raises(CancelledError):
        slow.fit(given, stopping(4, CancelledError))
    assert kept.saves == 1
    again = resuming(tiny_base, start, kept, edited=True, seconds=1e6)
    lain: set[str] = set()

    def look(done: float, _total: float | None, _figures: object) -> None:
        seen.append(done)
        lain.update(path.name for path in tmp_path.rglob("*") if path.is_file())

    again.fit(given, look)
    assert seen == [5, 6, 7]
    assert lain == {"trainer_state.json"}  # figures; nothing that was learned lies on a disk
    assert again.artefact() == resuming(tiny_base, start, None, edited=True).fit(given, ignore).artefact()


@pytest.mark.parametrize("lacks", ["weight/", "optimizer/"])
def test_the_comparison_notices_what_a_checkpoint_lacks(
    tiny_base: Path, start: dict[str, bytes], monkeypatch: pytest.MonkeyPatch, lacks: str
) -> None:
    """The control: weights or the optimizer's state that is all zeros."""
    given, kept = reviews(12, edited=True), Kept()
    whole = resuming(tiny_base, start, None, edited=True).fit(given, ignore)
    with pytest.raises(Killed):
        resuming(tiny_base, start, kept, edited=True).fit(given, stopping(5, Killed))

    def lacking(data: bytes, run: str) -> Any:
        found = state.unpacked(data, run)
        assert found is not None
        for name in found[1]:
            if name.startswith(lacks):
                found[1][name].zero_()
        return found

    monkeypatch.setattr("ipse.learners.trainers.unpacked", lacking)
    again = resuming(tiny_base, start, kept, edited=True).fit(given, ignore)
    assert again.artefact() != whole.artefact()


def test_a_checkpoint_of_other_reviews_is_left_alone(tiny_base: Path, start: dict[str, bytes]) -> None:
    kept = Kept()
    with pytest.raises(Killed):
        resuming(tiny_base, start, kept, edited=True).fit(reviews(12, edited=True), stopping(5, Killed))
    assert kept.data is not None
    fewer, seen = reviews(11, edited=True), list[float]()
    resuming(tiny_base, start, kept, edited=True).fit(fewer, lambda done, _total, _figures: seen.append(done))
    assert seen[0] == 1
