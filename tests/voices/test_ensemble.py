"""The voice of two: how candidates are judged and weighed; at the end with a real adapter on a small base."""

import random
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
import numpy as np
import pytest

from ipse.config import Settings, load_settings
from ipse.errors import LearnerError
from ipse.interfaces import (
    ConfigurableVoice,
    LanguageVoice,
    Learner,
    RecallingVoice,
    ResumableLearner,
)
from ipse.plugins import learner, speaking
from ipse.records import Turn
from ipse.voices.ensemble.choosing import (
    FEATURES,
    Candidate,
    Ranking,
    Told,
    Weights,
    fit_ranking,
    fit_weights,
    worth,
)
from ipse.voices.ensemble.judge import StyleJudge, alike, likeness_to, usual_grams
from ipse.voices.ensemble.voice import EnsembleVoice
from ipse.voices.transformer import TransformerVoice

from ..learners.adapting import examples, ignore


def candidate(text: str = "", **figures: float) -> Candidate:
    return Candidate(text, **(dict.fromkeys(FEATURES, 0.0) | figures))


def texts(count: int, words: str, ends: str, seed: int) -> list[str]:
    dice = random.Random(seed)
    return [" ".join(dice.choices(words.split(), k=dice.randint(3, 9))) + ends for _ in range(count)]


OWN = texts(80, "boat tea late again nobody lake wind rope tide sail", "!! :)", 1)
OTHERS = texts(80, "meeting budget report schedule invoice quarter review plan target team", ".", 2)


def test_the_judge_tells_the_owner_from_others() -> None:
    judge = StyleJudge.fit(OWN, OTHERS, seed=1)
    mine, theirs = judge.odds(texts(40, "boat tea sail rope lake", "!! :)", 3)), judge.odds(OTHERS)
    assert min(mine) > max(judge.odds(texts(40, "budget plan team quarter", ".", 4)))
    assert np.mean(mine) > 1 > -1 > np.mean(theirs)


def test_a_reply_of_the_past_is_judged_by_one_that_has_not_read_it() -> None:
    odd = "Quarterly budget report attached."  # the owner's own, in nobody's manner
    judge = StyleJudge.fit([*OWN, odd], OTHERS, seed=1)
    (known,) = judge.odds([odd])
    (unknown,) = StyleJudge(judge.weights).odds([odd])  # both have their say, and one has read it
    assert known < unknown


def test_nothing_sounds_better_than_what_the_owner_usually_says() -> None:
    judge = StyleJudge.fit(OWN, OTHERS, seed=1)
    mine = judge.odds(texts(200, "boat tea late again nobody lake wind rope tide sail", "!! :)", 5))
    assert max(judge.odds(["boat tea!! :) boat sail!! :) tide rope!! :)", *OWN])) == judge.most
    assert 0.5 < np.mean([each == judge.most for each in mine]) < 0.95
    assert max(judge.odds(OTHERS)) < judge.most
    data = judge.dumps()
    assert StyleJudge.loads(data, OWN).most == pytest.approx(judge.most)


def test_with_too_little_it_has_no_opinion() -> None:
    judge = StyleJudge.fit(OWN[:5], OTHERS, seed=1)
    assert judge.odds(["boat!!", "budget."]) == [0.0, 0.0]
    assert judge.odds([]) == []


def test_the_judge_is_kept_without_text() -> None:
    judge = StyleJudge.fit(OWN, OTHERS, seed=1)
    data = judge.dumps()
    again = StyleJudge.loads(data, OWN)
    assert again.odds(OWN[:5]) == pytest.approx(judge.odds(OWN[:5]), abs=0.05)
    assert b"boat" not in data
    assert StyleJudge.fit(OWN, OTHERS, seed=1).dumps() == data
    for broken in (b"", b"no zip at all", data[:100]):
        with pytest.raises(LearnerError, match="judge"):
            StyleJudge.loads(broken, OWN)


def test_likeness_is_that_of_characters() -> None:
    same, near, far, empty = alike(["see you at six", "see you at seven", "no", ""], "see you at six")
    assert same == pytest.approx(1)
    assert 1 > near > far == empty == 0


def test_likeness_to_what_is_usual_is_that_of_all_of_it() -> None:
    usual = usual_grams(["thanks a lot", "no idea", "see you"])
    thanks, quay, nothing = likeness_to(["thanks a lot", "the old quay", ""], usual)
    assert thanks > 0.3 > quay > nothing == 0


def told(count: int, seed: int, value: Callable[[Candidate], float]) -> list[Told]:
    """Contexts of eight candidates each, in the memory's order, all else noise."""
    dice = random.Random(seed)
    out: list[Told] = []
    for _ in range(count):
        found = [
            candidate(order=-n / 4, mutual=dice.gauss(0, 1), style=dice.gauss(0, 1), fit=dice.gauss(0, 1))
            for n in range(8)
        ]
        out.append((found, [value(each) + dice.gauss(0, 0.05) for each in found]))
    return out


def test_weights_are_learned_from_what_was_worth_saying() -> None:
    weights = fit_weights(told(80, 1, lambda each: 0.1 * each.order + 0.5 * each.style))
    assert weights.contexts == 80
    assert weights.weights["style"] == pytest.approx(0.5, rel=0.1)
    assert weights.weights["order"] == pytest.approx(0.1, rel=0.3)
    assert weights.weights["likelihood"] == 0
    assert weights.of([candidate(style=1.0), candidate(style=2.0), candidate(fit=1.0)]).argmax() == 1


def test_what_fits_is_never_worth_less() -> None:
    weights = fit_weights(told(80, 2, lambda each: each.style - each.mutual)).weights
    assert weights["style"] > 0.5
    assert weights["mutual"] == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("seed", range(5))
def test_what_chooses_no_better_than_the_memory_is_not_learned(seed: int) -> None:
    contexts = told(40, seed, lambda each: 0.3 * each.order)
    dice = random.Random(seed)
    luck = [(found, [value + dice.gauss(0, 1) for value in values]) for found, values in contexts]
    assert fit_weights(luck).weights == Weights.plain().weights
    assert fit_weights(luck).contexts == 40


def test_without_held_out_contexts_the_memory_decides_alone() -> None:
    plain = fit_weights([])
    assert plain == Weights.plain() == fit_weights([([candidate(fit=1.0)], [1.0])])
    scores = plain.of([candidate(fit=1.0), candidate(fit=2.0), candidate(fit=9.0, proposed=1.0)])
    assert scores.argmax() == 1


def test_worth_is_the_words_beyond_the_usual_and_a_little_the_sound() -> None:
    found = worth([candidate(style=style) for style in (0.0, 50.0, -50.0)], [0.4, 0.5, 0.4])
    assert found == pytest.approx([0.45, 0.6, 0.4])


def test_a_sound_that_goes_with_no_likeness_is_no_reason_to_leave_the_memorys_order() -> None:
    contexts = told(200, 3, lambda each: 0.1 * each.order)
    loud = [([each._replace(style=4 * each.style) for each in found], values) for found, values in contexts]
    assert fit_weights(loud).weights == Weights.plain().weights


def test_the_adapter_has_a_say_in_ranking_where_it_finds_the_true_reply() -> None:
    dice = random.Random(1)

    def crowd(gain: float) -> list[tuple[float, float]]:
        return [(dice.gauss(0, 1), dice.gauss(gain * (n == 0), 1)) for n in range(20)]

    told, silent = (fit_ranking([crowd(gain) for _ in range(60)]) for gain in (2.0, 0.0))
    assert told.mutual > 1
    assert silent == Ranking(fit=1.0, mutual=0.0)
    assert told.of(1.0, 2.0) == pytest.approx(told.fit + 2 * told.mutual)
    assert fit_ranking([]) == fit_ranking([crowd(2.0)] * 3) == Ranking(fit=1.0, mutual=0.0)


def by(base: Path, **ensemble: object) -> Settings:
    tree = {
        "lora": {"base": str(base), "max_steps": 20, "learning_rate": 1e-2, "max_tokens": 96},
        "retrieval": {"epochs": 1},
        "ensemble": {"recalled": 4, "proposed": 2, "contexts": 6, **ensemble},
        "voice": {"max_new_tokens": 12},
    }
    return load_settings(tree, environment={})


@pytest.fixture(scope="module")
def files(tiny_base: Path) -> dict[str, bytes]:
    fitted = learner("ensemble").configure(by(tiny_base))
    seams: tuple[type, ...] = (Learner, ResumableLearner)
    assert all(isinstance(fitted, seam) for seam in seams)
    with pytest.raises(LearnerError, match="not trained"):
        learner("ensemble").configure(by(tiny_base)).artefact()
    told: list[tuple[float, float | None]] = []
    fitted.fit(examples(60), examples(12, 60), lambda done, total, _figures: told.append((done, total)))
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert list(told[-1]) == [10, 10]
    report = fitted.report()
    assert {"pairs", "dev_bits", "weight of style"} <= set(report)
    return fitted.artefact()


@pytest.fixture(scope="module")
def voice(files: dict[str, bytes], tiny_base: Path) -> EnsembleVoice:
    made = speaking("ensemble", files, by(tiny_base))
    assert isinstance(made, EnsembleVoice)
    return made


def asks(text: str = "is the boat late?") -> list[Turn]:
    return [Turn("partner", "PERSON_1", text)]


@pytest.mark.llm
def test_it_is_all_that_its_voices_are(voice: EnsembleVoice) -> None:
    for seam in (ConfigurableVoice, LanguageVoice, RecallingVoice):
        assert isinstance(voice, seam)
    assert voice.bits(asks(), "never") > 0
    assert voice.base().bits(asks(), "never") != voice.bits(asks(), "never")


def heeding(voice: EnsembleVoice, **weights: float) -> EnsembleVoice:
    """The same voices, weighed by hand, with two proposals."""
    by_hand = Weights(weights=dict.fromkeys(FEATURES, 0.0) | weights)
    plan = msgspec.structs.replace(voice.plan, weights=by_hand, proposed=2)
    return EnsembleVoice(voice._memory, voice._adapter, voice._judge, plan)


@pytest.mark.llm
def test_it_says_the_best_of_what_both_offer(voice: EnsembleVoice) -> None:
    for weights in ({"mutual": 1.0}, {"style": 1.0, "order": 0.1}, {"proposed": 1.0}, {"proposed": -1.0}):
        made = heeding(voice, **weights)
        found = made.candidates(asks(), contact=None, seed=3)
        assert 1 <= sum(each.proposed for each in found) <= 2
        assert 1 <= sum(not each.proposed for each in found) <= 4
        best = found[int(made.plan.weights.of(found).argmax())]
        assert "".join(made.stream(asks(), contact=None, seed=3)) == best.text
        if "proposed" in weights:
            assert best.proposed == (weights["proposed"] > 0)


@pytest.mark.llm
def test_the_adapter_is_asked_only_where_it_has_a_say(
    voice: EnsembleVoice, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    real = TransformerVoice.likelihood

    def counted(self: TransformerVoice, context: Sequence[Turn], replies: Sequence[str]) -> Sequence[float]:
        asked.extend(replies)
        return real(self, context, replies)

    monkeypatch.setattr(TransformerVoice, "likelihood", counted)
    silent = msgspec.structs.replace(voice.plan, weights=Weights.plain(), proposed=0, ranking=Ranking())
    made = EnsembleVoice(voice._memory, voice._adapter, voice._judge, silent)
    said = "".join(made.stream(asks(), contact=None, seed=3))
    assert said == voice._memory.best(asks(), contact=None, k=1)[0]
    assert made.score(asks(), ["never"]) == pytest.approx(voice._memory.score(asks(), ["never"]))
    assert not asked
    "".join(heeding(voice, likelihood=1.0).stream(asks(), contact=None, seed=3))
    assert asked


@pytest.mark.llm
def test_what_is_unwanted_is_not_recalled(voice: EnsembleVoice) -> None:
    known = {each.text for each in voice.candidates(asks(), contact=None, seed=3) if not each.proposed}
    voice.leave_out(lambda _platform, reply: reply in known)
    try:
        left = {each.text for each in voice.candidates(asks(), contact=None, seed=3) if not each.proposed}
    finally:
        voice.leave_out(lambda _platform, _reply: False)
    assert left
    assert not left & known


@pytest.mark.llm
def test_replies_are_ranked_by_both(voice: EnsembleVoice) -> None:
    assert voice.score(asks(), []) == []
    scores = voice.score(asks(), ["never", "the budget report"])
    assert scores == [
        voice.plan.ranking.of(*each) for each in voice.ranked(asks(), ["never", "the budget report"])
    ]
    assert voice.nearest(asks(), 2)


@pytest.mark.llm
def test_an_ensemble_that_is_not_whole_is_refused(files: dict[str, bytes]) -> None:
    for broken in (files | {"ensemble.json": b"{"}, {n: f for n, f in files.items() if n != "judge.npz"}):
        with pytest.raises(LearnerError, match="not whole"):
            EnsembleVoice.load(broken)


@pytest.mark.llm
def test_without_proposals_it_chooses_among_what_was_said(tiny_base: Path) -> None:
    fitted = learner("ensemble").configure(by(tiny_base, proposed=0, contexts=0))
    fitted.fit(examples(30), examples(6, 30), ignore)
    voice = EnsembleVoice.load(fitted.artefact())
    assert voice.plan.weights == Weights.plain()
    assert not any(each.proposed for each in voice.candidates(asks(), contact=None, seed=1))
