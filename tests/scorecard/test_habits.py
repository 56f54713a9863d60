import msgspec
import numpy as np
import pytest

from ipse.scorecard.measures import Measured, Missing, row
from ipse.scorecard.metrics.habits import Habits, habits
from ipse.scorecard.results import CEILING, CLONE, RANDOM, WRONG

from .people import Says, World, write

OWN = ["hey you, all good?", "hey! see you", "ok see you"]


def rates(text: str) -> dict[str, float]:
    kept = Habits(OWN)
    top, bottom = kept.count([text])
    return dict(zip(kept.names, top[0] / np.maximum(bottom[0], 1), strict=True))


def test_habits_are_counted_as_they_are_named() -> None:
    found = rates("Sooo, that’s GREAT 😀 (really)! See https://x.org in 5 - haha...\nok?!")
    for name in (
        "starts in upper case", "shouts a word", "holds several lines", "ends with an exclamation mark",
        "holds an emoji", "holds a question mark", "doubles marks", "trails off", "laughs",
        "stretches letters", "holds a link", "holds a number",
    ):  # fmt: skip
        assert found[name] == 1, name
    for name in ("starts in lower case", "ends with a full stop", "says one to three words"):
        assert found[name] == 0, name
    assert found["lines a reply"] == 2
    for name in ("commas a word", "apostrophes a word", "brackets a word", "dashes a word", "emoji a word"):
        assert 0 < found[name] < 0.2, name


@pytest.mark.parametrize(
    "text", [":)", "ok :-)", ";D", "no :(", ":/", ":'(", "=)", "8-)", "xD", "XDD", "<3", "^^", ":3", ":-*"]
)
def test_an_emoticon_is_seen(text: str) -> None:
    assert rates(text)["holds an emoticon"] == 1


@pytest.mark.parametrize(
    "text",
    ["83", "8) and 9)", "(see page 8)", "f(x) is even", "x3", "Windows XP", "a = 3", "at 10:30", "https://x.org",
     "<300", "7:3", "note: (really)", "x/y", "<PERSON_1>: (no)"],
)  # fmt: skip
def test_a_number_a_formula_or_a_word_is_no_emoticon(text: str) -> None:
    assert rates(text)["holds an emoticon"] == 0


def test_every_language_and_script_has_its_marks() -> None:
    assert rates("明天见？")["ends with a question mark"] == 1
    assert rates("Хаха, ок")["laughs"] == 1
    assert rates("хаха ок")["letters beyond a–z a letter"] == 1
    assert rates("jajaja si")["laughs"] == 1
    assert rates("ich hab das")["laughs"] == 0


def test_openers_closers_and_little_words_are_the_owners_own() -> None:
    found = rates("Hey there, see you")
    assert found["opens with “hey”"] == 1
    assert found["closes with “you”"] == 1
    assert found["“see” a word"] == 0.25


def test_there_are_some_forty_rates_and_placeholders_are_no_shouting() -> None:
    assert 35 <= len(rates("ok")) <= 60
    assert rates("hi <PERSON_3>")["shouts a word"] == 0
    assert all(rate in (0, 1) for rate in rates("").values())


def measure(world: World, rule: str | None = None) -> Measured:
    lineup, plan = world.lineup(world.clone() if rule is None else Says(lambda context, seed: rule))
    found = habits(lineup, world.data, plan)
    assert isinstance(found, Measured)
    return found


def test_own_text_lies_near_and_others_far(world: World) -> None:
    draws = measure(world).draws
    assert draws[CEILING][0] < 1
    assert draws[RANDOM][0] < 1.5
    assert draws[CLONE][0] < 2
    assert draws[WRONG][0] > 3


def test_a_constant_answer_is_far_even_if_it_is_typical(world: World) -> None:
    found = row(measure(world, "haha yes kinda gonna soon :)"))
    assert found.value is not None
    assert found.value > 2
    assert found.met is False
    assert "Farthest off: " in found.note


def test_a_habit_the_owner_never_had_is_noticed(world: World) -> None:
    lineup, plan = world.lineup(world.clone())
    spiced = tuple(f"{answer} 🚀" for answer in lineup.clone.answers)
    changed = msgspec.structs.replace(lineup, clone=msgspec.structs.replace(lineup.clone, answers=spiced))
    before, after = habits(lineup, world.data, plan), habits(changed, world.data, plan)
    assert isinstance(before, Measured)
    assert isinstance(after, Measured)
    assert after.draws[CLONE][0] > before.draws[CLONE][0] + 1
    assert "emoji" in after.note


def test_new_text_of_the_owner_is_within_the_own_spread_as_a_rule(world: World) -> None:
    within = 0
    for seed in range(10):
        fresh = write("me", 200 + seed, conversations=24)
        lineup, plan = world.lineup(world.clone(), test=fresh)
        found = habits(lineup, world.data, plan)
        assert isinstance(found, Measured)
        within += found.draws[CEILING][0] <= 1
    assert within >= 9


def test_empty_answers_are_measured_too(world: World) -> None:
    assert measure(world, "").draws[CLONE][0] > 3


def test_too_few_replies_are_not_measured(world: World) -> None:
    lineup, plan = world.lineup(world.clone())
    assert isinstance(
        habits(lineup, msgspec.structs.replace(world.data, judge=world.data.judge[:19]), plan), Missing
    )
