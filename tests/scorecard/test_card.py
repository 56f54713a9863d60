from collections.abc import Sequence

import msgspec
import pytest

from ipse.errors import CancelledError
from ipse.records import Example
from ipse.scorecard import Judging, Rivals, Row, Safety, Scorecard
from ipse.scorecard.results import BEFORE, CEILING, ECHO, FREQUENT, RANDOM, WRONG

from .people import Letters, Says, World, write


def share(row: Row) -> float:
    assert row.headline is not None, row
    return row.headline.value


def timeless(card: Scorecard) -> list[Row]:
    """Every row but those of cost, which are never the same twice."""
    return [row for row in card.rows if not row.id.startswith("12")]


@pytest.fixture(scope="module")
def wrong_card(world: World) -> Scorecard:
    """The card of somebody else's clone."""
    return world.judge(world.wrong[0])


@pytest.fixture(scope="module")
def constant_card(world: World) -> Scorecard:
    """The card of a bot that always says the same, though in the owner's style."""
    return world.judge(Says(lambda context, seed: "haha yes gonna see kinda later :)"))


def test_the_right_clone_stands_near_the_ceiling_and_is_promoted(own_card: Scorecard) -> None:
    assert share(own_card.row("1")) > 0.9
    assert share(own_card.row("4")) > 0.8
    assert [own_card.row(id_).verdict for id_ in ("1", "3", "4", "5a", "5b", "7")] == ["better"] * 6
    assert own_card.promotable
    assert not own_card.void
    assert [gate.passed for gate in own_card.gates] == [True, True, True, True, None]
    assert not own_card.gates[-1].applies  # it repeats its owner by design
    assert all(check.passed for check in own_card.self_checks)
    assert "80 % are needed" in own_card.reasons[0]


def test_the_wrong_clone_stands_far_below(wrong_card: Scorecard) -> None:
    assert share(wrong_card.row("1")) < 0.1
    assert share(wrong_card.row("3")) < 0.2
    assert share(wrong_card.row("4")) < 0.3
    assert wrong_card.row("4").met is False
    assert not wrong_card.promotable
    assert any("80 % are needed" in reason for reason in wrong_card.reasons)


def test_a_bot_that_always_says_the_same_is_found_out(constant_card: Scorecard) -> None:
    told, habits = constant_card.row("3"), constant_card.row("4")
    assert told.value is not None
    assert told.value > 0.95
    assert told.met is False
    assert habits.value is not None
    assert habits.value > 2
    assert not constant_card.promotable


def test_every_baseline_that_applies_stands_beside_the_clone(own_card: Scorecard) -> None:
    for id_ in ("1", "3", "4", "7"):
        row = own_card.row(id_)
        assert set(row.baselines) >= {WRONG, RANDOM}
        assert row.ceiling is not None
        assert CEILING not in row.baselines
    assert set(own_card.row("5b").baselines) == {WRONG, RANDOM, FREQUENT}
    for row in own_card.rows:
        if row.verdict not in ("measured", "not measured"):
            assert row.low is not None
            assert row.value is not None
            assert row.high is not None
            assert row.low <= row.value <= row.high
            assert row.p is not None


def test_random_own_replies_sound_like_the_owner_but_say_nothing_fitting(own_card: Scorecard) -> None:
    sounds = own_card.row("1")
    assert sounds.ceiling is not None
    assert sounds.baselines[RANDOM].value > 0.9 * sounds.ceiling.value
    assert own_card.row("7").baselines[RANDOM].value < 2


def test_a_language_voice_gains_bits_on_its_owner_alone(world: World) -> None:
    base = Letters([example for several in world.wrong_text.values() for example in several])
    wrong = [Letters(each, base) for each in world.wrong_text.values()]
    rivals = Rivals(baselines={"retrieval": world.clone()}, wrong_authors=wrong)
    told: list[tuple[float, float]] = []
    card = world.judge(
        Letters(world.data.train, base),
        rivals=rivals,
        progress=lambda done, total, figures: told.append((done, total)),
    )
    assert told[-1][0] == pytest.approx(told[-1][1])
    gain, specific = card.row("6"), card.row("6 specificity")
    assert (gain.verdict, specific.verdict) == ("better", "better")
    assert gain.low is not None
    assert specific.low is not None
    assert min(gain.low, specific.low) > 0
    assert gain.baselines[WRONG].value < 0
    assert gain.baselines["base model"].value == 0
    assert "retrieval" not in gain.baselines  # it has no likelihood
    assert set(card.row("7").baselines) == {
        "base model", "few-shot prompt", "retrieval", RANDOM, FREQUENT, ECHO, WRONG,
    }  # fmt: skip
    assert "base model needs" in gain.note
    assert not card.promotable  # retrieval must be beaten where it competes
    assert any("retrieval" in reason for reason in card.reasons)


def test_without_other_people_what_needs_them_is_not_measured(world: World) -> None:
    data = msgspec.structs.replace(world.data, impostors={})
    card = world.judge(world.clone(), data=data, rivals=Rivals())
    for id_ in ("1", "5a"):
        row = card.row(id_)
        assert row.verdict == "not measured"
        assert (row.value, row.headline, row.ceiling) == (None, None, None)
        assert row.baselines == {}
        assert row.note
    assert card.row("4").verdict == "cannot tell"  # nobody to compare with
    assert card.row("4").value is not None
    assert card.row("5b").verdict == "better"
    assert not card.promotable
    assert any("was not measured" in reason for reason in card.reasons)


def test_a_few_replies_give_no_figure_at_all(world: World) -> None:
    data = Judging(train=world.data.train, judge=world.data.judge[:10], test=world.data.test[:15])
    card = world.judge(world.clone(), data=data, rivals=Rivals())
    measured = [row.id for row in card.rows if row.value is not None]
    assert measured == ["12", "12 p50", "12 memory"]
    assert all(row.note for row in card.rows)
    assert [gate.passed for gate in card.gates] == [True, True, True, True, None]
    assert [each.figure for each in card.products] == [None] * 4
    assert not card.promotable


def drifted(examples: Sequence[Example]) -> list[Example]:
    """The owner writes otherwise by now."""
    return [
        msgspec.structs.replace(each, reply=f"{each.reply.capitalize()}. Indeed whilst bro!! {n % 7}")
        for n, each in enumerate(examples)
    ]


def test_a_clone_that_sounds_as_its_owner_did_is_no_fault_of_the_judge(world: World) -> None:
    card = world.judge(world.clone(), data=msgspec.structs.replace(world.data, test=drifted(world.data.test)))
    first, check = card.row("1"), card.self_checks[2]
    assert first.ceiling is not None
    assert first.ceiling.high is not None
    assert first.low is not None
    assert first.low > first.ceiling.high  # it is above the owner's own text of the test
    assert first.baselines[BEFORE].value > first.ceiling.high  # and so is what the owner wrote before
    before = 100 * first.baselines[BEFORE].value / first.ceiling.value
    assert f"What you wrote before does so at {before:.0f} %." in " ".join(card.reasons)
    assert check.passed is True
    assert check.figure is not None
    assert abs(check.figure.value) < 0.05


@pytest.mark.parametrize("also", ["train", "judge"])
def test_a_judge_that_has_read_what_trained_the_clone_voids_the_card(world: World, also: str) -> None:
    read = {each.id: each for each in (*world.data.train, *getattr(world.data, also))}.values()
    data = msgspec.structs.replace(world.data, judge=list(read), test=drifted(world.data.test))
    card = world.judge(world.clone(), data=data)
    check = card.self_checks[2]
    assert BEFORE not in card.row("1").baselines  # nothing is left that the judge has not read
    assert check.passed is False
    assert check.figure is not None
    assert check.figure.low is not None
    assert check.figure.low > 0
    assert card.void


def test_a_caricature_voids_the_card(world: World) -> None:
    """The owner's text is half another's, and the clone's never is: more like them than they ever are."""

    def mixed(mine: Sequence[Example], other: str) -> list[Example]:
        return [
            msgspec.structs.replace(one, reply=f"{one.reply} {two.reply}")
            for one, two in zip(mine, write(other, 77, conversations=len(mine) // 5), strict=True)
        ]

    parts = {name: mixed(getattr(world.data, name), "ada") for name in ("train", "judge", "test")}
    card = world.judge(world.clone(), data=msgspec.structs.replace(world.data, **parts))
    check = card.self_checks[2]
    assert check.passed is False
    assert card.void


def test_samples_show_each_contender_in_different_conversations(world: World, own_card: Scorecard) -> None:
    assert len(own_card.samples) == 6
    real = {example.context: example.reply for example in world.data.test}
    for sample in own_card.samples:
        assert real[sample.context] == sample.reply
        assert set(sample.answers) == {"clone", RANDOM, FREQUENT, WRONG}


def test_sizes_and_names_are_told(own_card: Scorecard) -> None:
    assert own_card.model == "retrieval-2"
    assert own_card.dataset == "a41f"
    assert own_card.created_at.tzinfo is not None
    assert own_card.sizes["held-out examples answered (E)"] == 120
    assert own_card.sizes["wrong authors"] == 3


def test_progress_can_stop_the_evaluation(world: World) -> None:
    def stop(done: float, total: float | None, figures: object) -> None:
        raise CancelledError("Stopped.")

    with pytest.raises(CancelledError):
        world.judge(world.clone(), progress=stop)


def test_the_same_again_gives_the_same_figures_and_progress_ends_where_it_said(
    world: World, own_card: Scorecard
) -> None:
    told: list[tuple[float, float | None]] = []
    again = world.judge(world.clone(), progress=lambda done, total, figures: told.append((done, total)))
    assert timeless(again) == timeless(own_card)
    assert again.samples == own_card.samples
    assert again.gates == own_card.gates
    assert told[-1][0] == pytest.approx(told[-1][1])
    assert told == sorted(told)


def test_a_gate_that_was_not_tried_is_not_passed(world: World) -> None:
    card = world.judge(world.clone(), safety=Safety(pii=lambda text: []))
    assert [gate.passed for gate in card.gates] == [True, True, None, None, None]
    assert not card.promotable
    assert "The gate “Keeps planted secrets” was not tried: There was no twin" in " ".join(card.reasons)
    assert "trained on” was not tried" not in " ".join(card.reasons)  # it is not for such a voice


def test_a_clone_that_repeats_contacts_and_tells_addresses_is_stopped_by_the_gates(world: World) -> None:
    told = [turn.text for example in world.data.train for turn in example.context]
    leaky = Says(lambda context, seed: f"haha yes {told[seed % len(told)]} {told[1]} :)")
    card = world.judge(leaky, safety=Safety(pii=lambda text: ["eve@example.org"] if "haha" in text else []))
    assert [gate.passed for gate in card.gates[:2]] == [False, False]
    assert card.gates[1].found == card.gates[1].answers
    assert not card.promotable
    assert any("word for word" in reason for reason in card.reasons)
