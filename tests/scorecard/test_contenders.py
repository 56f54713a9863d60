from collections import Counter
from collections.abc import Iterator, Sequence

import pytest
from msgspec.structs import replace

from ipse.config import ScorecardSettings
from ipse.errors import CancelledError, DatasetError
from ipse.records import Turn
from ipse.scorecard.contenders import FewShot, Judging, Rivals, answered, divide, line_up
from ipse.scorecard.results import ECHO, FREQUENT, RANDOM

from .people import Letters, Replay, Says, World, write

SETTINGS = ScorecardSettings(max_examples=40)


def ignore(_: int) -> None:
    """Progress nobody follows."""


def test_every_contender_answers_the_same_contexts_once(world: World) -> None:
    told: list[int] = []
    rivals = Rivals(baselines={"retrieval": world.clone()}, wrong_authors=world.wrong)
    lineup = line_up(world.clone(), world.data, rivals, SETTINGS, told.append)
    assert sum(told) == 40 * 5
    names = [contender.name for contender in lineup.everyone()]
    assert names == [
        "clone", "retrieval", RANDOM, FREQUENT, ECHO, "wrong author 1", "wrong author 2", "wrong author 3",
    ]  # fmt: skip
    assert {len(contender.answers) for contender in lineup.everyone()} == {40}
    assert lineup.clone.answers == lineup.baselines[0].answers
    assert lineup.real == tuple(example.reply for example in lineup.examples)


def test_the_sample_takes_stretches_of_many_conversations_and_is_the_same_again(world: World) -> None:
    lineups = [line_up(world.clone(), world.data, Rivals(), SETTINGS, ignore) for _ in range(2)]
    assert lineups[0].examples == lineups[1].examples
    assert lineups[0].conversations == 20  # two examples of each, where eight whole ones would do
    for name in {example.conversation for example in lineups[0].examples}:
        held = [example for example in world.data.test if example.conversation == name]
        taken = [held.index(each) for each in lineups[0].examples if each.conversation == name]
        assert taken == [taken[0], taken[0] + 1]
    other = line_up(world.clone(), world.data, Rivals(), SETTINGS.model_copy(update={"seed": 8}), ignore)
    assert other.examples != lineups[0].examples


def test_where_there_are_few_conversations_their_stretches_are_longer(world: World) -> None:
    few = {f"talk {n}": world.data.test[n * 25 : (n + 1) * 25] for n in range(2)}
    test = [replace(each, conversation=name) for name, held in few.items() for each in held]
    data = replace(world.data, test=test)
    lineup = line_up(world.clone(), data, Rivals(), SETTINGS, ignore)
    assert Counter(each.conversation for each in lineup.examples) == {"talk 0": 20, "talk 1": 20}
    every = line_up(world.clone(), data, Rivals(), ScorecardSettings(max_examples=60), ignore)
    assert list(every.examples) == test


def test_no_more_wrong_authors_answer_than_asked_for_and_they_know_no_contact(world: World) -> None:
    class Asked(Replay):
        def stream(self, context: Sequence[Turn], *, contact: str | None, seed: int) -> Iterator[str]:
            yield str(contact)

    settings = SETTINGS.model_copy(update={"wrong_authors": 2})
    lineup = line_up(Asked([]), world.data, Rivals(wrong_authors=[Asked([])] * 3), settings, ignore)
    assert len(lineup.wrong) == 2
    assert set(lineup.wrong[0].answers) == {"None"}
    assert lineup.clone.answers == tuple(example.contact for example in lineup.examples)


def test_the_baselines_without_a_voice_come_from_the_training_set_and_the_message(world: World) -> None:
    lineup = line_up(world.clone(), world.data, Rivals(), SETTINGS, ignore)
    replies = {example.reply for example in world.data.train}
    assert set(lineup.baselines[0].answers) <= replies
    assert len(set(lineup.baselines[0].answers)) > 10
    assert len(set(lineup.baselines[1].answers)) == 1
    assert set(lineup.baselines[1].answers) <= {"hey", "haha yes", "mm ok"}
    assert lineup.baselines[2].answers == tuple(each.context[-1].text for each in lineup.examples)


def test_without_a_training_set_there_is_nothing_to_draw_from(world: World) -> None:
    lineup = line_up(
        world.clone(), Judging(train=[], judge=[], test=world.data.test), Rivals(), SETTINGS, ignore
    )
    assert lineup.baselines == ()


def test_a_language_voice_brings_its_base_model_and_a_few_shot_prompt(world: World) -> None:
    base = Letters(world.wrong_text["ada"])
    lineup = line_up(Letters(world.data.train, base), world.data, Rivals(), SETTINGS, ignore)
    assert [each.name for each in lineup.baselines[:2]] == ["base model", "few-shot prompt"]
    assert lineup.baselines[0].voice is base


def test_the_few_shot_prompt_shows_exchanges_before_the_question(world: World) -> None:
    class Seen(Letters):
        def stream(self, context: Sequence[Turn], *, contact: str | None, seed: int) -> Iterator[str]:
            yield "|".join(turn.text for turn in context)

        def score(self, context: Sequence[Turn], replies: Sequence[str]) -> Sequence[float]:
            return [float(len(context))] * len(replies)

        def bits(self, context: Sequence[Turn], reply: str) -> float:
            return float(len(context))

    base = Seen(world.data.train)
    shown = FewShot(base, world.data.train[:2])
    asked = world.data.test[0].context
    answer = "".join(shown.stream(asked, contact=None, seed=1)).split("|")
    first = world.data.train[0]
    assert answer[:2] == [first.context[-1].text, first.reply]
    assert answer[-1] == asked[-1].text
    assert len(answer) == 5
    assert shown.bits(asked, "ok") == 5.0
    assert shown.score(asked, ["ok"]) == [5.0]
    assert shown.likelihood(asked, ["ok"]) == [5.0]
    assert shown.base() is base
    with pytest.raises(DatasetError, match="not kept"):
        FewShot.load({})


def test_dividing_impostors_keeps_every_example_on_one_side_of_time() -> None:
    examples = write("ada", 1, conversations=11)
    older, newer = divide({"ada": examples[::-1], "bob": []})
    assert sorted(each.id for each in (*older["ada"], *newer["ada"])) == sorted(each.id for each in examples)
    assert max(each.at for each in older["ada"]) <= min(each.at for each in newer["ada"])
    assert older["bob"] == newer["bob"] == []


def test_nothing_held_out_is_an_error_with_advice() -> None:
    with pytest.raises(DatasetError, match="ipse prepare"):
        line_up(
            Says(lambda context, seed: "ok"), Judging(train=[], judge=[], test=[]), Rivals(), SETTINGS, ignore
        )


def test_progress_can_stop_the_answers(world: World) -> None:
    def stop(_: int) -> None:
        raise CancelledError("Stopped.")

    with pytest.raises(CancelledError):
        line_up(world.clone(), world.data, Rivals(), SETTINGS, stop)


def test_a_language_voice_answers_fewer_contexts_for_each_takes_its_time(world: World) -> None:
    settings = ScorecardSettings(max_examples=400)
    language = Letters(world.data.train, Letters(world.wrong_text["ada"]))
    assert answered(language, world.data, settings) == 100
    assert answered(world.clone(), world.data, settings) == len(world.data.test) == 200
    assert answered(language, world.data, SETTINGS) == 40
