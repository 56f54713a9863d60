import msgspec
import pytest

from ipse import apart
from ipse.config import ScorecardSettings
from ipse.scorecard import Judging, Round, Scorecard, measuring
from ipse.scorecard.contenders import Rivals, drawn_anew
from ipse.scorecard.results import RANDOM
from ipse.scorecard.rolling import line_up_rounds

from .people import SETTINGS, Letters, Replay, Says, World, write


def rounds(world: World, voice: type[Replay] = Replay) -> Judging:
    """Four tests of thirty, each after more."""
    every = write("me", 4, conversations=44)
    under = Letters(world.wrong_text["ada"])
    taught = [(every[: 100 + 30 * n], every[100 + 30 * n : 130 + 30 * n]) for n in range(4)]
    made = [(Letters(train, under) if voice is Letters else Replay(train)) for train, _ in taught]
    return msgspec.structs.replace(
        world.data,
        rounds=[
            Round(voice=one, baselines={"retrieval": Replay(train)}, train=train, test=test)
            for one, (train, test) in zip(made, taught, strict=True)
        ],
        round_judge=world.data.judge,
    )


def test_every_message_is_answered_and_scored_by_the_voice_of_its_round(world: World) -> None:
    data = rounds(world)
    lineup = line_up_rounds(data, Rivals(wrong_authors=world.wrong), SETTINGS, lambda _: None)
    assert len(lineup.examples) == 120
    voice = lineup.clone.voice
    assert voice is not None
    for n in (0, 40, 119):
        at = int(lineup.rounds[n])
        example = lineup.examples[n]
        assert at == n // 30
        assert lineup.taught[at] == data.rounds[at].train
        assert lineup.clone.answers[n] in {each.reply for each in data.rounds[at].train}
        own = data.rounds[at].voice.score(example.context, ["a", example.reply])
        assert voice.score(example.context, ["a", example.reply]) == own
    random = next(each for each in lineup.baselines if each.name == RANDOM)
    known = [{each.reply for each in held} for held in lineup.taught]
    assert all(said in known[at] for said, at in zip(random.answers, map(int, lineup.rounds), strict=True))


def test_a_small_person_is_told_apart_over_rounds_where_one_test_is_too_small(world: World) -> None:
    data = rounds(world)
    alone = msgspec.structs.replace(data, rounds=(), test=data.rounds[-1].test[:15])
    small, whole = world.judge(world.clone(), data=alone), world.judge(world.clone(), data=data)
    assert small.row("7").verdict == "not measured"
    assert whole.row("7").verdict != "not measured"
    assert (small.rounds, whole.rounds) == (1, 4)
    assert whole.sizes["clones taught anew, each on more (rolling origin)"] == 4
    assert whole.sizes["held-out examples answered (E)"] == 120


def test_likelihoods_are_those_of_the_rounds(world: World) -> None:
    data = rounds(world, Letters)
    lineup = line_up_rounds(data, Rivals(), SETTINGS, lambda _: None)
    voice = lineup.clone.voice
    assert isinstance(voice, Letters) or hasattr(voice, "bits")
    example = lineup.examples[0]
    assert voice.bits(example.context, example.reply) == data.rounds[0].voice.bits(  # type: ignore[attr-defined, union-attr]
        example.context, example.reply
    )
    card: Scorecard = world.judge(Letters(data.rounds[-1].train, Letters(world.wrong_text["ada"])), data=data)
    assert card.row("6").value is not None
    assert card.row("6").value > 0  # type: ignore[operator]


def test_chance_is_drawn_anew_but_a_language_models_answers_are_not(world: World) -> None:
    diced = Says(lambda _, seed: f"dice {seed}")
    lineup, _ = world.lineup(diced)
    other = drawn_anew(lineup, seed=99, progress=lambda _: None)
    assert other.clone.answers[0] == "dice 99"
    before, after = (next(each for each in one.baselines if each.name == RANDOM) for one in (lineup, other))
    assert before.answers != after.answers
    letters = Letters(world.data.train, Letters(world.data.judge))
    told, _ = world.lineup(letters)
    assert drawn_anew(told, seed=99, progress=lambda _: None).clone == told.clone


def test_figures_are_means_over_seeds(world: World) -> None:
    """A voice that says its best in one draw of three and nothing like it in the others."""
    single = SETTINGS.model_copy(update={"max_examples": 60})
    settings = single.model_copy(update={"seeds": 3})
    replay = world.clone()

    def lucky(context: object, seed: int) -> str:
        return "".join(replay.stream(context, contact=None, seed=seed)) if seed < 10_000 else "zzz"  # type: ignore[arg-type]

    once, thrice = (world.judge(Says(lucky), settings=each) for each in (single, settings))
    assert once.seeds == 1
    assert thrice.seeds == 3
    assert thrice.row("7").value == pytest.approx(once.row("7").value / 3, rel=0.35)  # type: ignore[operator]
    assert thrice.row("4").value > once.row("4").value  # type: ignore[operator]


def test_seeds_and_folds_have_their_bounds() -> None:
    assert (ScorecardSettings().seeds, ScorecardSettings().folds) == (3, 4)


def test_repetitions_are_the_same_in_another_process(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = SETTINGS.model_copy(update={"seeds": 2, "max_examples": 60, "resamples": 100})
    here = world.judge(world.clone(), settings=settings)
    monkeypatch.setattr(measuring, "WORTH", 1)
    monkeypatch.setattr(apart, "cores", lambda: 2)
    there = world.judge(world.clone(), settings=settings)
    assert {row.id for row in here.rows if row.value is not None} >= {"1", "2", "3", "4", "7"}
    assert [row for row in here.rows if row.id[:2] != "12"] == [
        row for row in there.rows if row.id[:2] != "12"
    ]
