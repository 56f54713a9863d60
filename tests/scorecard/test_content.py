from collections.abc import Callable, Sequence

import msgspec
import pytest

from ipse.records import Turn
from ipse.scorecard.measures import Measured, Missing, row
from ipse.scorecard.metrics.content import chrf, content_lift, rouge_l
from ipse.scorecard.results import CEILING, CLONE, FREQUENT, RANDOM

from .people import SETTINGS, Says, World

# What sacreBLEU 2.5 (sentence_chrf, word_order=2) and rouge-score 0.1.2 (rougeL) give for these.
KNOWN = [
    ("see you at eight then", "see you at 8 then!", 56.649022, 80.0),
    ("Yes, I'll bring the cake.", "No, you bring the cake", 57.449348, 54.5455),
    ("ok", "ok", 100.0, 100.0),
    ("ok", "no", 16.666667, 0.0),
    ("Na klar, bis später!", "na klar bis morgen", 25.909253, None),  # rouge-score splits at ä
    (
        "the quick brown fox jumps over the lazy dog",
        "the lazy dog jumps over the quick brown fox",
        91.207606,
        44.4444,
    ),
    ("hello", "hello there, how are you doing today?", 12.544834, 25.0),
]


@pytest.mark.parametrize(("answer", "reply", "expected", "_"), KNOWN)
def test_chrf_is_that_of_sacrebleu(answer: str, reply: str, expected: float, _: float | None) -> None:
    assert chrf(answer, reply) == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize(
    ("answer", "reply", "_", "expected"), [each for each in KNOWN if each[3] is not None]
)
def test_rouge_l_is_that_of_rouge_score(answer: str, reply: str, _: float, expected: float) -> None:
    assert rouge_l(answer, reply) == pytest.approx(expected, abs=1e-3)


def test_rouge_l_reads_every_script() -> None:
    assert rouge_l("Na klar, bis später!", "na klar bis morgen") == pytest.approx(75.0)
    assert rouge_l("увидимся завтра", "Увидимся!") == pytest.approx(200 / 3)


def test_nothing_is_like_nothing() -> None:
    assert chrf("", "ok") == chrf("ok", "") == chrf("", "") == 0.0
    assert rouge_l("!!", "ok") == 0.0


def test_long_common_sequences_are_found_across_machine_words() -> None:
    left = [f"w{n}" for n in range(200)]
    right = [word for n, word in enumerate(left) if n % 3]
    assert rouge_l(" ".join(left), " ".join(right)) == pytest.approx(200 * len(right) / (200 + len(right)))


def measured(world: World, rule: Callable[[Sequence[Turn], int], str] | None = None) -> list[Measured]:
    lineup, plan = world.lineup(world.clone() if rule is None else Says(rule))
    found = content_lift(lineup, SETTINGS, plan)
    return [each for each in found if isinstance(each, Measured)]


def test_taking_up_what_was_asked_lifts_above_a_random_own_reply(world: World) -> None:
    words, sequence = (row(each) for each in measured(world))
    assert (words.verdict, words.primary, sequence.primary) == ("better", True, False)
    assert words.value is not None
    assert words.value > 3
    random = words.baselines[RANDOM]
    assert random.low is not None
    assert random.high is not None
    assert random.low <= 0 <= random.high
    assert words.baselines[FREQUENT].value == 0.0
    assert words.ceiling is not None
    assert words.ceiling.value > 70


def test_saying_the_same_always_lifts_nothing(world: World) -> None:
    words = measured(world, lambda context, seed: "we meet at the garden station")[0]
    assert not words.draws[CLONE].any()


def test_answering_with_the_real_reply_is_the_ceiling(world: World) -> None:
    known = {example.context: example.reply for example in world.data.test}
    for each in measured(world, lambda context, seed: known[tuple(context)]):
        assert (each.draws[CLONE] == each.draws[CEILING]).all()
        headline = row(each).headline
        assert headline is not None
        assert headline.value == pytest.approx(1.0)


def test_too_few_replies_are_not_measured(world: World) -> None:
    lineup, plan = world.lineup(world.clone(), test=world.data.test[:19])
    found = content_lift(lineup, SETTINGS, plan)
    assert [type(each) for each in found] == [Missing]


def test_few_conversations_give_a_figure_without_an_interval(world: World) -> None:
    one = [msgspec.structs.replace(each, conversation="c") for each in world.data.test]
    lineup, plan = world.lineup(world.clone(), test=one)
    found = content_lift(lineup, SETTINGS, plan)[0]
    assert isinstance(found, Measured)
    told = row(found)
    assert told.value is not None
    assert (told.low, told.high, told.headline, told.verdict) == (None, None, None, "cannot tell")
