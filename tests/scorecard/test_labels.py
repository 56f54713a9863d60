import msgspec
import pytest

from ipse.scorecard.measures import Measured, Missing, row
from ipse.scorecard.metrics.labels import decision_match, emotion, emotional_agreement

from .people import Says, World

REPLIES = ("yes, fine", "no, I can't", "when is it?", "The red one is upstairs.", "not sure yet", "thanks!")
MOODS = ("so happy about it :)", "this is awful and sad", "the train is at nine")


def told(world: World, replies: tuple[str, ...]) -> dict[str, object]:
    test = [
        msgspec.structs.replace(each, reply=replies[n % len(replies)], lang="en")
        for n, each in enumerate(world.data.test)
    ]
    return {"test": test}


def test_whoever_decides_as_the_owner_does_has_all_of_it(world: World) -> None:
    changed = told(world, REPLIES)
    said = {each.context: each.reply for each in changed["test"]}  # type: ignore[attr-defined]
    lineup, plan = world.lineup(Says(lambda context, seed: said[tuple(context)]), **changed)
    measured = decision_match(lineup, plan)
    assert isinstance(measured, Measured)
    assert measured.draws["clone"][0] == 1.0
    assert row(measured).verdict == "better"


def test_whoever_always_accepts_has_a_sixth_of_it_at_best(world: World) -> None:
    lineup, plan = world.lineup(Says(lambda context, seed: "yes, fine"), **told(world, REPLIES))
    measured = decision_match(lineup, plan)
    assert isinstance(measured, Measured)
    assert 0 < measured.draws["clone"][0] < 1 / 12  # an F1 of .29 for one of six
    assert "accept" in measured.note


def test_replies_of_one_kind_cannot_be_matched(world: World) -> None:
    lineup, plan = world.lineup(world.clone(), **told(world, ("The red one is upstairs.",)))
    missing = decision_match(lineup, plan)
    assert isinstance(missing, Missing)
    assert "one kind (answer)" in missing.reason
    few, plan = world.lineup(world.clone(), test=world.data.test[:15])
    assert isinstance(decision_match(few, plan), Missing)


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("what a wonderful day", 0), ("haha", 0), ("nice :)", 0), ("😂😂", 0), ("das freut mich", 0),
        ("I am so sad", 1), ("oh no :(", 1), ("😢", 1), ("ugh", 1), ("ich bin traurig", 1),
        ("the bus is at nine", 2), ("http://example.org/a", 2), ("", 2),
    ],
)  # fmt: skip
def test_moods_by_words_and_signs(text: str, label: int) -> None:
    assert emotion(text) == label


def test_moods_are_held_against_the_real_ones(world: World) -> None:
    lineup, plan = world.lineup(Says(lambda context, seed: MOODS[0]), **told(world, MOODS))
    measured = emotional_agreement(lineup, plan)
    assert isinstance(measured, Measured)
    assert measured.draws["clone"][0] == pytest.approx(1 / 6, abs=0.02)  # an F1 of .5 for one of three
    assert measured.draws["yourself"][0] == 1.0
