import msgspec
import numpy as np
import pytest

from ipse.scorecard import Judging
from ipse.scorecard.blocks import blocks
from ipse.scorecard.contenders import Rivals, line_up
from ipse.scorecard.measures import Measured, Missing, row
from ipse.scorecard.metrics import authorship
from ipse.scorecard.metrics.authorship import Judge, own_against_own, sounds_like_me, two_sample
from ipse.scorecard.results import CEILING, CLONE, ECHO, FREQUENT, RANDOM, WRONG

from .people import SETTINGS, Says, World, write


def text_of(name: str, seed: int, *, size: int = 100) -> list[str]:
    return [block.text for block in blocks([e.reply for e in write(name, seed, conversations=30)], size)]


def test_the_judge_gives_even_odds_whoever_wrote_more() -> None:
    judge = Judge(seed=1).fit(text_of("me", 1)[:6], text_of("ada", 1) + text_of("bob", 1))
    assert judge.probability(text_of("me", 2)).mean() > 0.9
    assert judge.probability(text_of("ada", 2)).mean() < 0.1
    nobody = judge.probability(["1 2 3 4 5 6 7 8 9 0 " * 10])
    assert 0.1 < nobody[0] < 0.9


def test_the_judge_never_reads_what_trained_the_clone(world: World) -> None:
    lineup, plan = world.lineup(world.clone())
    poisoned = msgspec.structs.replace(world.data, train=write("ada", 9))
    measures = [sounds_like_me(lineup, data, SETTINGS, plan).measure for data in (world.data, poisoned)]
    assert isinstance(measures[0], Measured)
    assert isinstance(measures[1], Measured)
    assert (measures[0].draws[CLONE] == measures[1].draws[CLONE]).all()


def test_only_platforms_with_text_of_others_are_judged(world: World) -> None:
    mail = [
        msgspec.structs.replace(each, platform="gmail", reply=f"Dear Sir, {each.reply.upper()} Yours")
        for each in world.data.test
    ]
    mixed = [
        each if n % 10 < 5 else other
        for n, (each, other) in enumerate(zip(world.data.test, mail, strict=True))
    ]
    lineup, plan = world.lineup(world.clone(), test=mixed)
    measure = sounds_like_me(lineup, world.data, SETTINGS, plan).measure
    assert isinstance(measure, Measured)
    assert measure.draws[CEILING][0] > 0.9  # the letters in capitals are not judged by a judge of chats
    lineup, plan = world.lineup(world.clone(), test=mail)
    assert isinstance(sounds_like_me(lineup, world.data, SETTINGS, plan).measure, Missing)


def test_a_judge_that_cannot_tell_people_apart_fails_its_check(world: World) -> None:
    same = {name: write("me", seed) for seed, name in enumerate(("x", "y", "z"), start=70)}
    lineup, plan = world.lineup(world.clone())
    check = sounds_like_me(lineup, msgspec.structs.replace(world.data, impostors=same), SETTINGS, plan).check
    assert check.passed is False
    assert check.figure is not None
    assert check.figure.value < 0.85


def test_a_judge_without_text_to_check_it_is_not_checked(world: World) -> None:
    few = {"ada": world.data.impostors["ada"][:60]}
    lineup, plan = world.lineup(world.clone())
    sounds = sounds_like_me(lineup, msgspec.structs.replace(world.data, impostors=few), SETTINGS, plan)
    assert isinstance(sounds.measure, Measured)
    assert sounds.check.passed is None


def test_wrong_authors_are_averaged_into_one(world: World) -> None:
    lineup, plan = world.lineup(world.clone())
    measure = two_sample(lineup, SETTINGS, plan, own_against_own(lineup, SETTINGS, plan)[1])
    assert isinstance(measure, Measured)
    assert set(measure.draws) == {CLONE, CEILING, WRONG, RANDOM, FREQUENT, ECHO}
    alone = msgspec.structs.replace(lineup, wrong=lineup.wrong[:1])
    one = two_sample(alone, SETTINGS, plan, measure.draws[CEILING])
    assert isinstance(one, Measured)
    assert one.draws[WRONG][0] != measure.draws[WRONG][0]
    assert one.draws[WRONG][0] > 0.9


def test_the_owner_cannot_be_told_from_the_owner_and_the_check_says_so_nearly_always() -> None:
    values, passed = [], 0
    for seed in range(8):
        settings = SETTINGS.model_copy(update={"seed": seed})
        data = Judging(train=[], judge=[], test=write("me", 100 + seed, conversations=16))
        lineup = line_up(Says(lambda context, seed: ""), data, Rivals(), settings, lambda answers: None)
        plan = World(data, {}, []).lineup(Says(lambda context, seed: ""))[1]
        check, _ = own_against_own(lineup, settings, plan)
        assert check.figure is not None
        values.append(check.figure.value)
        passed += check.passed is True
    assert abs(np.mean(values) - 0.5) < 0.03
    assert passed >= 7


def test_a_machine_that_sees_a_difference_where_there_is_none_fails_the_check(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What would happen if halves were told apart by their order rather than by their text.
    from ipse.scorecard.metrics import authorship

    def cheating(
        self: object, real: list[str], other: list[str], *, seed: int
    ) -> tuple[np.ndarray, np.ndarray]:
        return np.arange(len(real)) + 5.0 + seed % 2, np.arange(len(other)) * 1.0

    monkeypatch.setattr(authorship._Telling, "scores", cheating)
    lineup, plan = world.lineup(world.clone())
    check, _ = own_against_own(lineup, SETTINGS, plan)
    assert check.passed is False


def test_a_bot_that_says_the_same_is_told_though_equal_texts_stay_together(world: World) -> None:
    lineup, plan = world.lineup(Says(lambda context, seed: "haha yes"))
    own = own_against_own(lineup, SETTINGS, plan)[1]
    found = row(two_sample(lineup, SETTINGS, plan, own))
    assert found.value is not None
    assert found.value > 0.95
    assert found.met is False


def test_a_few_lines_in_turn_are_told_as_well(world: World) -> None:
    lines = ["haha yes see you", "mm ok gonna be late :)", "hey kinda busy...", "totally, later then"]
    lineup, plan = world.lineup(Says(lambda context, seed: lines[seed % 4]))
    found = row(two_sample(lineup, SETTINGS, plan, own_against_own(lineup, SETTINGS, plan)[1]))
    assert found.value is not None
    assert found.value > 0.9


def test_short_answers_cannot_be_judged_in_blocks(world: World) -> None:
    lineup, plan = world.lineup(Says(lambda context, seed: "ok"))
    measure = sounds_like_me(lineup, world.data, SETTINGS, plan).measure
    assert isinstance(measure, Missing)
    assert "do not fill" in measure.reason


@pytest.mark.parametrize("again", [0, 3, 60])
def test_folds_divide_no_group_and_hold_as_many_of_both_sides(again: int) -> None:
    """Where few texts or none are said twice, where many are."""
    texts = [f"said twice {n % again}" if n < 2 * again else f"once {n}" for n in range(400)]
    labels = np.array([n % 2 for n in range(400)])
    fold = authorship._folds(labels, texts, 7)
    held = dict[str, set[int]]()
    for text, n in zip(texts, fold, strict=True):
        held.setdefault(text, set()).add(int(n))
    assert all(len(folds) == 1 for folds in held.values())
    sizes = [np.bincount(labels[fold == n], minlength=2) for n in range(authorship.FOLDS)]
    assert np.abs(np.array(sizes) - 40).max() <= 3
