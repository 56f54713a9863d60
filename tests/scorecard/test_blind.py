import pytest
from scipy.stats import binomtest

from ipse.errors import DatasetError
from ipse.records import Turn
from ipse.scorecard import BlindTest, blind_test, wilson

from .people import Says, World


def made(world: World, *, seed: int = 7) -> BlindTest:
    return blind_test(
        world.clone(), world.data.test, model="v1", judge="me", seed=seed, progress=lambda n: None
    )


def test_forty_pairs_hold_the_real_reply_on_either_side(world: World) -> None:
    test = made(world)
    assert len(test.pairs) == 40
    said = {(example.context, example.reply) for example in world.data.test}
    sides = []
    for pair in test.pairs:
        assert (pair.context, pair.first if pair.real == "first" else pair.second) in said
        assert pair.first != pair.second
        sides.append(pair.real)
    assert 8 < sides.count("first") < 32
    talks = {example.context: example.conversation for example in world.data.test}
    assert len({talks[pair.context] for pair in test.pairs}) >= 35


def test_the_same_seed_gives_the_same_test_and_another_one_another(world: World) -> None:
    assert made(world) == made(world)
    assert made(world).pairs != made(world, seed=8).pairs


def test_answers_stand_once_given_and_the_result_comes_with_the_last(world: World) -> None:
    test = made(world)
    half = test.answered({n: test.pairs[n].real for n in range(20)})
    assert half.left == list(range(20, 40))
    assert half.result() is None
    wrong = {n: "second" if test.pairs[n].real == "first" else "first" for n in range(40)}
    done = half.answered(wrong)  # type: ignore[arg-type]
    result = done.result()
    assert result is not None
    assert (result.right, result.pairs, result.judge) == (20, 40, "me")
    assert result.figure.low is not None
    assert result.figure.high is not None
    assert result.figure.low < 0.5 < result.figure.high
    with pytest.raises(DatasetError, match="no pair 41"):
        test.answered({40: "first"})


def test_a_clone_that_says_the_same_or_nothing_makes_no_pairs(world: World) -> None:
    said = {tuple(example.context): example.reply for example in world.data.test}

    def same(context: object, seed: int) -> str:
        return said[tuple(context)].upper()  # type: ignore[arg-type]

    for rule in (same, lambda context, seed: " "):
        with pytest.raises(DatasetError, match=r"Only \d pairs"):
            blind_test(Says(rule), world.data.test, model="v1", judge="me", seed=7, progress=lambda n: None)
    assert isinstance(world.data.test[0].context[0], Turn)


@pytest.mark.parametrize(("right", "count"), [(0, 40), (11, 40), (20, 40), (40, 40), (3, 10)])
def test_the_interval_is_wilsons(right: int, count: int) -> None:
    figure = wilson(right, count)
    expected = binomtest(right, count).proportion_ci(method="wilson")
    assert (figure.low, figure.high) == pytest.approx((expected.low, expected.high), abs=1e-6)
