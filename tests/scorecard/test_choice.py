from collections.abc import Sequence

import pytest

from ipse.records import Turn
from ipse.scorecard.measures import Measured, Missing
from ipse.scorecard.metrics import choice
from ipse.scorecard.metrics.choice import _credit, reply_choice
from ipse.scorecard.results import CEILING, CLONE, FREQUENT, RANDOM, WRONG

from .people import SETTINGS, Letters, Replay, World


def chosen(world: World, voice: Replay, **changes: object) -> dict[str, Measured | Missing]:
    import msgspec

    lineup, plan = world.lineup(voice)
    data = msgspec.structs.replace(world.data, **changes)
    return {each.spec.id: each for each in reply_choice(lineup, data, SETTINGS, plan)}


class Scores(Replay):
    """Scores replies by a list of those it likes."""

    def __init__(self, liked: set[str]) -> None:
        super().__init__([])
        self.liked, self.asked = liked, [0]

    def score(self, context: Sequence[Turn], replies: Sequence[str]) -> Sequence[float]:
        self.asked.append(len(replies))
        return [float(reply in self.liked) for reply in replies]

    def stream(self, context: Sequence[Turn], *, contact: str | None, seed: int) -> list[str]:  # type: ignore[override]
        return ["ok"]


def test_a_voice_that_knows_the_owner_finds_every_reply_among_others(world: World) -> None:
    found = chosen(world, Scores({example.reply for example in world.data.test}))
    first = found["5a"]
    assert isinstance(first, Measured)
    assert first.draws[CLONE][0] == 1.0
    assert (first.draws[CEILING] == 1).all()
    own = found["5b"]
    assert isinstance(own, Measured)
    assert own.draws[CLONE][0] < 0.1  # among the owner's own replies it tells nothing


def test_a_voice_without_opinion_is_right_by_chance(world: World) -> None:
    found = chosen(world, Scores(set()))
    for id_, chance in (("5a", 0.01), ("5b R@10", 0.1), ("5b", 0.01)):
        each = found[id_]
        assert isinstance(each, Measured)
        assert each.draws[CLONE][0] == pytest.approx(chance)
        assert each.draws[RANDOM][0] == pytest.approx(chance)


def test_both_sets_of_candidates_are_scored_in_one_call(world: World) -> None:
    voice = Scores(set())
    chosen(world, voice)
    assert set(voice.asked[1:]) == {199}
    assert len(voice.asked) - 1 == SETTINGS.max_examples


def test_a_language_voice_reads_the_beginning_of_a_reply_and_others_all_of_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert choice._beginning("word " * 40) == ("word " * 20)[:-1]
    assert choice._beginning("x" * 200) == "x" * 100
    assert choice._beginning("short, as it is") == "short, as it is"
    monkeypatch.setattr(choice, "READ", 12)
    asked: dict[str, list[str]] = {"letters": [], "other": []}

    class Heard(Letters):
        def score(self, context: Sequence[Turn], replies: Sequence[str]) -> Sequence[float]:
            asked["letters"] += replies
            return super().score(context, replies)

    class Other(Scores):
        def score(self, context: Sequence[Turn], replies: Sequence[str]) -> Sequence[float]:
            asked["other"] += replies
            return super().score(context, replies)

    told = chosen(world, Heard(world.data.train, Letters(world.data.train)))["5b"]
    assert isinstance(told, Measured)
    assert "first 12 characters" in told.note
    assert max(map(len, asked["letters"])) <= 12
    chosen(world, Other(set()))
    assert max(map(len, asked["other"])) > 12


def test_the_baselines_are_frequency_chance_and_the_wrong_authors(world: World) -> None:
    each = chosen(world, world.clone())["5b"]
    assert isinstance(each, Measured)
    assert set(each.draws) == {CLONE, CEILING, FREQUENT, RANDOM, WRONG}
    assert each.draws[FREQUENT][0] > 0.01  # short replies come back
    assert each.draws[CLONE][0] > each.draws[FREQUENT][0]


def test_too_few_different_replies_are_not_measured(world: World) -> None:
    found = chosen(world, Scores(set()), impostors={"ada": list(world.data.impostors["ada"][:50])})
    assert isinstance(found["5a"], Missing)
    assert "100 are needed" in found["5a"].reason
    assert isinstance(found["5b"], Measured)


@pytest.mark.parametrize(
    ("above", "ties", "first", "ten", "reciprocal"),
    [
        (0, 0, 1.0, 1.0, 1.0),
        (0, 1, 0.5, 1.0, 0.75),
        (9, 0, 0.0, 1.0, 0.1),
        (9, 1, 0.0, 0.5, (1 / 10 + 1 / 11) / 2),
        (10, 0, 0.0, 0.0, 1 / 11),
        (0, 99, 0.01, 0.1, sum(1 / n for n in range(1, 101)) / 100),
    ],
)
def test_ties_count_as_if_broken_at_random(
    above: int, ties: int, first: float, ten: float, reciprocal: float
) -> None:
    assert _credit("first", above, ties) == pytest.approx(first)
    assert _credit("among the first ten", above, ties) == pytest.approx(ten)
    assert _credit("mean reciprocal rank", above, ties) == pytest.approx(reciprocal)
