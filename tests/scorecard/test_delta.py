import msgspec
import numpy as np

from ipse.scorecard.contenders import Contender
from ipse.scorecard.measures import Measured, Missing, row
from ipse.scorecard.metrics.delta import delta, tokens

from .people import World


def test_tokens_are_words_and_marks_without_what_they_are_about() -> None:
    assert tokens("Don’t call <PERSON_3> at 0171, OK?!") == [
        "don't", "call", "<>", "at", "0", ",", "ok", "?", "!",
    ]  # fmt: skip


def test_the_right_clone_is_near_and_the_wrong_one_far(world: World) -> None:
    lineup, plan = world.lineup(world.clone())
    measured = delta(lineup, world.data, 40, plan)
    assert isinstance(measured, Measured)
    told = row(measured)
    assert told.met
    assert told.value is not None
    assert abs(told.value) < 0.1
    assert told.baselines["wrong author"].value > 0.3
    assert told.verdict == "better"
    assert told.ceiling is not None
    assert told.ceiling.value == 0.0


def test_the_owners_own_words_are_no_farther_than_the_owner(world: World) -> None:
    lineup, plan = world.lineup(world.clone())
    same = Contender(name="clone", answers=lineup.real)
    measured = delta(msgspec.structs.replace(lineup, clone=same), world.data, 40, plan)
    assert isinstance(measured, Measured)
    assert np.allclose(measured.draws["clone"], 0.0)


def test_equal_numbers_of_words_are_compared(world: World) -> None:
    lineup, plan = world.lineup(world.clone())
    short = Contender(name="clone", answers=tuple(answer[:9] for answer in lineup.real))
    measured = delta(msgspec.structs.replace(lineup, clone=short), world.data, 40, plan)
    assert isinstance(measured, Measured)
    words = sum(len(tokens(answer)) for answer in short.answers)
    assert measured.note.startswith(f"{words:,} words")


def test_without_other_people_nothing_says_how_much_rates_vary(world: World) -> None:
    lineup, plan = world.lineup(world.clone())
    alone = delta(lineup, msgspec.structs.replace(world.data, impostors={}), 40, plan)
    assert isinstance(alone, Missing)
    silent = Contender(name="clone", answers=("",) * len(lineup.examples))
    nothing = delta(msgspec.structs.replace(lineup, clone=silent), world.data, 40, plan)
    assert isinstance(nothing, Missing)
    assert "says nothing" in nothing.reason
    few = delta(lineup, msgspec.structs.replace(world.data, judge=[]), 40, plan)
    assert isinstance(few, Missing)
